# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.
"""The changes that findings about a project promise.

A rule proposes a change of one entry, and does not know what other rules say
of the result. Here the proposals for a package in one place are tried
together, in memory: they are made, the result is judged, and what the rules
propose then is made as well. Where they come to no end, the entries of the
global list are tried in place of the project's, as update-requirements puts
them there. A change is promised only where the result has been judged: all
findings of the package in that place have one change, after which none of
them is left and no other is new. Where no such change is known, a finding has
none. Nothing here opens a file.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks import lower_rules
from openstack_requirements.checks.project_findings import (
    Pinning,
    ProjectChange,
    ProjectFinding,
)
from openstack_requirements.checks.subjects import comment_of, meaning, subject
from openstack_requirements.errors import RequirementsError
from openstack_requirements.manifests import declarations, edits, groups
from openstack_requirements.manifests.declared import Declared, declare
from openstack_requirements.pep508 import ranges
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.tally import Tally
from openstack_requirements.repository.equality import extras_of, same_marker
from openstack_requirements.repository.replacements import replace_package

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from openstack_requirements.checks.findings import Finding
    from openstack_requirements.checks.list_lines import ListLine
    from openstack_requirements.checks.subjects import Subject
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )
    from openstack_requirements.repository.policy import Policy

    Find = Callable[[Subject], list[ProjectFinding]]
    #: A file, the kind of its entries, and their extra or group.
    _Place = tuple[str, str, str]
    #: What findings that count together have in common: their place or their
    #: entry, the rule and the package.
    _Key = tuple[_Place | Declared | None, str, CanonicalName | None]
    _Counts = Counter[_Key]

#: A change may need another one, but not for ever.
MOST_STEPS = 6
#: No change is tried where a project has more entries for a package.
MOST_TRIED = 100
#: What this rule proposes goes first: it has the range that passes.
_FIRST = "no-common-version"
#: The rule that is about several entries at once.
_COUNT = "entry-count"


class _Entry(NamedTuple):
    """An entry as it would stand: the one it comes from, and its text."""

    origin: Declared
    entry: Declared


class _State(NamedTuple):
    """The entries of a package and their pins, after some steps.

    ``pins`` are lines of lower-constraints.txt; their numbers are those of
    the file, or 0 for lines that are added.
    """

    entries: tuple[_Entry, ...]
    pins: tuple[Pinning, ...]


class _Judged(NamedTuple):
    """A state and what is found there.

    ``left`` are the findings that a change is wanted for; ``counts`` counts
    all of them.
    """

    state: _State
    left: tuple[ProjectFinding, ...]
    counts: _Counts


def _never(_finding: Finding) -> bool:
    return False


def promised(
    project: Subject,
    findings: Sequence[ProjectFinding],
    find: Find,
    is_waived: Callable[[Finding], bool] = _never,
) -> list[ProjectFinding]:
    """The findings, each with a change that has been judged, or with none.

    :param findings: those that changes are wanted for; others of the project
        may stay.
    :param find: gives all findings about a project, and what rules propose.
    :param is_waived: whether a finding may stay that a change would bring up.
    """
    together: dict[object, list[int]] = {}
    for number, finding in enumerate(findings):
        key = _cause(finding)
        if key is not None:
            together.setdefault(key, []).append(number)
    changes: dict[int, ProjectChange] = {}
    if together:  # most projects have nothing to change
        known = _Project(project, findings, find, is_waived)
        for numbers in together.values():
            passing = known.changes([findings[number] for number in numbers])
            changes |= {
                number: change
                for number, change in zip(numbers, passing, strict=True)
                if change is not None
            }
        changes = _that_can_be_made(project, changes)
    return [
        _with_change(finding, changes.get(number))
        for number, finding in enumerate(findings)
    ]


def make(
    texts: Mapping[str, str], changes: Iterable[ProjectChange]
) -> dict[str, str]:
    """The files of a project after changes that do not contradict.

    One that contradicts an earlier one is left out.

    :raises RequirementsError: where a file cannot be changed.
    """
    by_file: dict[str, dict[Declared, tuple[str, ...]]] = {}
    pins: dict[int, str] = {}
    added: dict[str, None] = {}
    for change in changes:
        if any(
            by_file.get(entry.file, {}).get(entry, new) != new
            for entry, new in change.entries
        ) or any(
            pins.get(pin.number, pin.text) != pin.text
            for pin in change.pins
            if pin.number
        ):
            continue
        for entry, new in change.entries:
            by_file.setdefault(entry.file, {})[entry] = new
        for number, text in change.pins:
            if number:
                pins[number] = text
            else:
                added[text] = None
    result = dict(texts)
    for file, replacements in by_file.items():
        entries = declarations.read({file: texts[file]})
        result[file] = edits.apply(texts[file], entries, replacements)
    if pins or added:
        lines = [Pinning(*pair) for pair in pins.items()]
        lines += [Pinning(0, text) for text in added]
        result[lower_rules.FILE] = lower_rules.pinned(
            texts[lower_rules.FILE], lines
        )
    return result


class _Project:
    """A project whose packages are tried one by one.

    :param findings: all that changes are wanted for.
    """

    def __init__(
        self,
        project: Subject,
        findings: Iterable[ProjectFinding],
        find: Find,
        is_waived: Callable[[Finding], bool],
    ) -> None:
        self.project = project
        self.find = find
        self.is_waived = is_waived
        self.wanted = {(row.entry, row.finding.rule) for row in findings}
        self.pins: Mapping[CanonicalName, Sequence[ListLine]] = {}
        self.has_pins = False
        pins = lower_rules.compared_pins(project)
        if pins is not None:
            self.pins, self.has_pins = pins, True
        self.includes = _includes(project.everything)
        #: How often packages are there by way of an included group.
        self.included = Counter(
            canonical_name(entry.requirement.package)
            for _, entry in groups.included(
                groups.groups_of(project.everything)
            )
            if entry.requirement is not None
        )
        self.before = list(project.target or ())
        self.by_name = _by_name(project.everything)
        self.before_by_name = _by_name(self.before)

    def changes(
        self, wanted: Sequence[ProjectFinding]
    ) -> list[ProjectChange | None]:
        """A change for each of the findings of a package in one place."""
        attempt = _Attempt(self, wanted)
        if not attempt.is_small:
            return [None] * len(wanted)
        try:
            return self._passing(attempt, wanted)
        except RequirementsError:  # a marker that cannot be judged
            return [None] * len(wanted)

    def _passing(
        self, attempt: _Attempt, wanted: Sequence[ProjectFinding]
    ) -> list[ProjectChange | None]:
        partly: list[ProjectChange | None] = [None] * len(wanted)
        for everywhere in (False, True) if attempt.is_spread else (False,):
            states = attempt.states(everywhere=everywhere)
            last = states[-1]
            if len(states) > 1 and not last.left and attempt.keeps(last):
                return [attempt.change(last)] * len(wanted)
            for number, finding in enumerate(wanted):
                if partly[number] is None:
                    better = [
                        attempt.change(state)
                        for state in states
                        if attempt.helps(state, finding)
                    ]
                    partly[number] = better[-1] if better else None
        return partly


class _Attempt:
    """The entries of a package, on which changes are tried.

    :param wanted: the findings of the package in one place.
    """

    def __init__(
        self, known: _Project, wanted: Sequence[ProjectFinding]
    ) -> None:
        self.known = known
        entries = known.project.everything
        target: Sequence[Declared] = known.before
        name = _name(wanted[0])
        pins: Sequence[ListLine] = ()
        if name is not None:
            entries = known.by_name.get(name, [])
            target = known.before_by_name.get(name, [])
            if any(entry.kind == "group" for entry in entries):
                entries = [*entries, *known.includes]
                target = [*target, *_includes(known.before)]
            pins = known.pins.get(name, ())
        self.target = target if known.project.target is not None else None
        included = sum(known.included.values())
        if name is not None:
            included = known.included[name]
        self.is_small = (
            len(entries) + len(pins) + included <= MOST_TRIED
            # Where positions are not known, entries may be equal.
            and len(set(entries)) == len(entries)
        )
        self.entries = entries
        self.start = _State(
            tuple(_Entry(entry, entry) for entry in entries),
            tuple(
                Pinning(pin.number, pin.text.rstrip("\r\n")) for pin in pins
            ),
        )
        self.place = _place(wanted[0].entry)
        #: Whether there are other places, which may have to change as well.
        self.is_spread = {self.place} != set(map(_place, entries))
        self.before: _Counts = Counter()
        self.tolerated: frozenset[tuple[Declared | None, str]] = frozenset()
        self.columns = 0

    def states(self, *, everywhere: bool) -> list[_Judged]:
        """What comes of the proposals, step by step.

        :param everywhere: follow what is proposed for other places, too.
        """
        self.tolerated = frozenset()
        first = self._judged(self.start, everywhere=True)
        self.tolerated = frozenset(
            (row.entry, row.finding.rule)
            for row in first.left
            if (row.entry, row.finding.rule) not in self.known.wanted
        )
        self.before = first.counts
        result = [self._judged(self.start, everywhere=everywhere)]
        follows_list = False
        for _ in range(MOST_STEPS):
            last = result[-1]
            if not last.left:
                break
            state = self._proposed(last)
            if state == last.state and not follows_list:
                follows_list = True
                state = self._as_listed(last)
            if state is None or state == last.state:
                break
            result.append(self._judged(state, everywhere=everywhere))
        return result

    def keeps(self, judged: _Judged) -> bool:
        """Whether a state has no more findings of a kind than the start."""
        return all(
            count <= self.before[key]
            for key, count in judged.counts.items()
            if not isinstance(key[0], Declared)
        )

    def helps(self, judged: _Judged, finding: ProjectFinding) -> bool:
        """Whether a state has fewer findings of a kind, and no other more."""
        keys = _keys(finding.entry, finding)
        return self.keeps(judged) and all(
            judged.counts[key] < self.before[key] for key in keys
        )

    def change(self, judged: _Judged) -> ProjectChange:
        """What differs in a state."""
        state = judged.state
        texts: dict[Declared, list[str]] = {
            entry: [] for entry in self.entries
        }
        for origin, entry in state.entries:
            texts[origin].append(entry.text)
        return ProjectChange(
            tuple(
                (origin, tuple(news))
                for origin, news in texts.items()
                if news != [origin.text]
            ),
            tuple(pin for pin in state.pins if pin not in self.start.pins),
        )

    def _judged(self, state: _State, *, everywhere: bool) -> _Judged:
        project = self.known.project
        texts = {}
        if self.known.has_pins:
            texts[lower_rules.FILE] = "".join(
                f"{pin.text}\n" for pin in state.pins
            )
        findings = self.known.find(
            subject(
                project.against,
                texts,
                [entry for _, entry in state.entries],
                project.branch,
                self.target,
            )
        )
        origins = {entry: origin for origin, entry in state.entries}
        counts: _Counts = Counter()
        left = []
        for row in findings:
            finding = row.finding
            if finding.file == lower_rules.FILE:
                pin = state.pins[(finding.line or 1) - 1]
                finding = finding._replace(line=pin.number or None)
            elif row.entry is None:
                continue  # of the project as a whole
            if self.known.is_waived(finding):
                continue
            origin = None if row.entry is None else origins[row.entry]
            place = _place(row.entry)
            counts.update(_keys(origin, row))
            if (everywhere or place == self.place) and (
                origin,
                row.finding.rule,
            ) not in self.tolerated:
                left.append(row)
        return _Judged(state, tuple(left), counts)

    def _proposed(self, judged: _Judged) -> _State:
        """The state after what the rules propose; for an entry, the first."""
        replaced: dict[Declared, tuple[str, ...]] = {}
        pins: dict[int, str] = {}
        added: dict[str, None] = {}
        for row in sorted(
            judged.left, key=lambda row: row.finding.rule != _FIRST
        ):
            if row.entry is not None and row.replacement is not None:
                replaced.setdefault(row.entry, row.replacement)
            if row.pinning is not None:
                number, text = row.pinning
                if number:
                    pins.setdefault(number, text)
                else:
                    added[text] = None
        state = self._replaced(judged.state, replaced)
        return state._replace(
            pins=(
                *(
                    pin._replace(text=pins.get(number, pin.text))
                    for number, pin in enumerate(state.pins, 1)
                ),
                *(Pinning(0, text) for text in added),
            )
        )

    def _as_listed(self, judged: _Judged) -> _State:
        """The state with the entries of the list in place of the project's.

        An entry that nothing else is wrong with stays where it is for the
        same environments, but for the bound of one that is removed.
        """
        against = self.known.project.against
        wrong = {
            row.entry for row in judged.left if row.finding.rule != _COUNT
        }
        alike: dict[object, list[tuple[Declared, Requirement]]] = {}
        places = {_place(row.entry) for row in judged.left}
        for _, entry in judged.state.entries:
            requirement = entry.requirement
            if requirement is not None and _place(entry) in places:
                name = canonical_name(requirement.package)
                key = (_place(entry), name, extras_of(requirement))
                alike.setdefault(key, []).append((entry, requirement))
        replaced: dict[Declared, tuple[str, ...]] = {}
        for pairs in alike.values():
            name = canonical_name(pairs[0][1].package)
            listed = [
                line.requirement for line in against.listed.get(name, ())
            ]
            if not listed:
                continue
            new = replace_package(against.policy, listed, pairs, whole=False)
            if new.refused:
                continue
            may_stay = all(new.texts.values())
            for entry, texts in new.texts.items():
                stays = [
                    text == entry.text
                    or (
                        may_stay
                        and entry not in wrong
                        and _has_marker_of(entry, text)
                    )
                    for text in texts
                ]
                replaced[entry] = tuple(
                    entry.text
                    if is_kept
                    else _written(
                        against.policy, entry, text, waived=not any(stays)
                    )
                    for text, is_kept in zip(texts, stays, strict=True)
                )
        return self._replaced(judged.state, replaced)

    def _replaced(
        self, state: _State, replaced: Mapping[Declared, tuple[str, ...]]
    ) -> _State:
        """A state with other texts, none of which is there already."""
        kept = {
            _said(entry)
            for _, entry in state.entries
            if entry not in replaced and not entry.include
        }
        entries = []
        for origin, entry in state.entries:
            if entry not in replaced:
                entries.append(_Entry(origin, entry))
                continue
            for text in replaced[entry]:
                new = entry
                if text != entry.text:
                    new = self._declared(entry, text)
                if _said(new) not in kept:
                    kept.add(_said(new))
                    entries.append(_Entry(origin, new))
        return state._replace(entries=tuple(entries))

    def _declared(self, entry: Declared, text: str) -> Declared:
        """An entry of its own with another text."""
        self.columns -= 1  # no two are equal
        new = declare(
            Tally(entry.file),
            entry.line,
            self.columns,
            entry.kind,
            entry.section,
            text,
        )
        return new._replace(table=entry.table)


def _by_name(
    entries: Iterable[Declared],
) -> dict[CanonicalName, list[Declared]]:
    result: dict[CanonicalName, list[Declared]] = {}
    for entry in entries:
        if entry.requirement is not None:
            name = canonical_name(entry.requirement.package)
            result.setdefault(name, []).append(entry)
    return result


def _includes(entries: Iterable[Declared]) -> list[Declared]:
    """The items of groups that include other groups."""
    return [entry for entry in entries if entry.include]


def _name(finding: ProjectFinding) -> CanonicalName | None:
    """The package of a finding; None where it is about an included group."""
    package = finding.finding.package
    return None if package is None else canonical_name(package)


def _cause(finding: ProjectFinding) -> object | None:
    """What findings that share a change have in common.

    None where no change can be known, as it is not about a requirement.
    """
    entry = finding.entry
    if entry is None and finding.pinning is None:
        return None
    if entry is not None and entry.problem is not None:
        return None
    if entry is not None and entry.include:
        return entry if finding.replacement is not None else None
    return (_place(entry), _name(finding))


def _place(entry: Declared | None) -> _Place | None:
    """Where an entry stands; None for a line of lower-constraints.txt."""
    return None if entry is None else (entry.file, entry.kind, entry.section)


def _keys(entry: Declared | None, finding: ProjectFinding) -> set[_Key]:
    """What a finding of an entry is counted by: its place, and the entry."""
    rule, name = finding.finding.rule, _name(finding)
    return {(_place(entry), rule, name), (entry, rule, name)}


def _said(entry: Declared) -> tuple[object, ...]:
    """What an entry says, and where."""
    requirement = entry.requirement
    if requirement is None:
        return (_place(entry), entry.text, entry.include)
    return (
        _place(entry),
        canonical_name(requirement.package),
        *meaning(requirement),
    )


def _has_marker_of(entry: Declared, text: str) -> bool:
    """Whether a text is for the environments of an entry."""
    assert entry.requirement is not None
    return same_marker(entry.requirement.markers, parse_line(text).markers)


def _written(
    policy: Policy, entry: Declared, text: str, *, waived: bool
) -> str:
    """A text in normal form, with a comment only where there may be one.

    Where projects have bounds of their own (current), a clause that another
    one implies is left out.

    :param waived: keep a waiver in the comment.
    """
    requirement = parse_line(text)
    if policy.bounds_in_projects:
        requirement = requirement._replace(
            specifiers=ranges.together(map(str, requirement.clauses))
        )
    separator = declarations.separator(text, requirement) or ";"
    if entry.kind not in declarations.COMMENTED:
        requirement = requirement._replace(comment="")
    if not waived:
        requirement = requirement._replace(comment=comment_of(requirement))
    line = requirement.to_line(marker_sep=separator, sort_specifiers=True)
    return line.rstrip("\n")


def _that_can_be_made(
    project: Subject, changes: Mapping[int, ProjectChange]
) -> dict[int, ProjectChange]:
    """The changes that the files allow, so that none is promised in vain."""
    if _can_be_made(project, changes.values()):
        return dict(changes)
    return {
        number: change
        for number, change in changes.items()
        if _can_be_made(project, [change])
    }


def _can_be_made(project: Subject, changes: Iterable[ProjectChange]) -> bool:
    try:
        make(project.texts, changes)
    except RequirementsError:
        return False
    return True


def _with_change(
    finding: ProjectFinding, change: ProjectChange | None
) -> ProjectFinding:
    """A finding with its change, and the words for that."""
    replacement = None
    fix = None
    if change is not None and finding.entry is not None:
        replacement = dict(change.entries).get(finding.entry)
    if change is not None:
        fix = ", and ".join(_words(finding, change))
    hint = finding.finding.hint if fix is None else None
    return finding._replace(
        finding=finding.finding._replace(fix=fix, hint=hint),
        replacement=replacement,
        pinning=None,
        change=change,
    )


def _words(finding: ProjectFinding, change: ProjectChange) -> Iterator[str]:
    """What to do, first with the line that the finding names."""
    file, line = finding.finding.file, finding.finding.line
    for number, text in change.pins:
        if file == lower_rules.FILE and number == line:
            yield f"write {text}"
    rows = sorted(
        change.entries, key=lambda row: (row[0] != finding.entry, row[0][:3])
    )
    for entry, news in rows:
        where = f" line {entry.line}"
        if entry.file != file:
            where = f" {entry.file}:{entry.line}"
        elif entry == finding.entry:
            where = ""
        added = [text for text in news if text != entry.text]
        texts = " and ".join(added)
        if not news:
            yield f"remove{where or ' it'}"
        elif len(added) < len(news):
            yield f"add {texts}{where and f' beside{where}'}"
        else:
            yield f"write {texts}{where and f' in{where}'}"
    for number, text in change.pins:
        if not number:
            yield f"add {text} to {lower_rules.FILE}"
        elif file != lower_rules.FILE:
            yield f"write {text} in {lower_rules.FILE}:{number}"
        elif number != line:
            yield f"write {text} in line {number}"
