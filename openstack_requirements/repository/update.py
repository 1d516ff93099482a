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
"""What a project's files must become to match the global list: a plan.

A plan is computed whole before the first byte is written, and one with an
error in it writes nothing. Planning again what a plan has made changes
nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from openstack_requirements.errors import BadLine, UnusableInput
from openstack_requirements.manifests import declarations, edits, setup_py
from openstack_requirements.pep508 import markers, ranges
from openstack_requirements.pep508.requirement import (
    HEADING,
    CanonicalName,
    Requirement,
    canonical_name,
    is_passed_through,
)
from openstack_requirements.pep508.specifiers import clauses, parse_version
from openstack_requirements.pep508.text import split_lines, without_bom
from openstack_requirements.pep508.version_sets import version_set
from openstack_requirements.repository import waivers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from openstack_requirements.errors import RequirementsError
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.repository.policy import Policy

#: What to do with a package that the global list lacks.
Unknown = Literal["refuse", "keep", "drop"]

#: The entries that follow the global list. What builds a project does not.
FOLLOWING = frozenset({"file", "extra", "dependencies", "optional", "group"})


class Standard(NamedTuple):
    """What projects are brought in line with.

    ``wanted`` has the entries of the global list by name, ``never`` the names
    that are left alone.
    """

    policy: Policy
    wanted: Mapping[CanonicalName, Sequence[Requirement]]
    never: frozenset[CanonicalName]


class Change(NamedTuple):
    """One entry that changes.

    ``old`` is empty for an entry that comes, ``new`` for one that goes.
    ``section`` is the extra's or the group's name.
    """

    line: int
    section: str
    old: str
    new: str


class FilePlan(NamedTuple):
    """What becomes of one file of the project."""

    path: str
    old: str
    new: str
    changes: tuple[Change, ...]


class Plan(NamedTuple):
    """What becomes of a project.

    ``files`` has every file that follows the list, changed or not; where
    there are ``errors``, none.
    """

    root: str
    files: tuple[FilePlan, ...]
    warnings: tuple[str, ...]
    errors: tuple[RequirementsError, ...]

    @property
    def due(self) -> tuple[FilePlan, ...]:
        """The files that change."""
        return tuple(each for each in self.files if each.old != each.new)


def standard(
    policy: Policy,
    entries: Iterable[Requirement],
    never: frozenset[CanonicalName],
    *,
    hacking: bool = False,
) -> Standard:
    """The standard that a repository's lists set.

    :param entries: the requirements of its global list.
    :param never: the names of its never-constrain list.
    :param hacking: whether projects follow the list for ``hacking`` too,
        whose versions they choose themselves as a rule.
    """
    wanted: dict[CanonicalName, list[Requirement]] = {}
    for each in entries:
        if each.package:
            same = wanted.setdefault(canonical_name(each.package), [])
            if not any(_is_same(each, other) for other in same):
                same.append(each)
    if not hacking:
        never |= {canonical_name("hacking")}
    return Standard(policy, wanted, never)


def plan(
    follow: Standard,
    root: str,
    name: str,
    texts: Mapping[str, str],
    declared: Iterable[Declared],
    unknown: Unknown = "refuse",
) -> Plan:
    """What a project's files must become.

    :param root: the project as the user named it, for messages.
    :param name: the project's distribution.
    :param texts: the project's files by their path inside of it; of
        ``setup.py``, too, where it is to become the short form.
    :param declared: what was read from them.
    :param unknown: what to do with a package that the global list lacks.
    """
    entries: dict[str, list[Declared]] = {}
    for each in declared:
        entries.setdefault(each.file, []).append(each)
    work = _Work(follow, root, canonical_name(name), unknown)
    files = [
        work.file(path, text, entries.get(path, []))
        for path, text in texts.items()
        if path
        in {
            *declarations.REQUIREMENTS_FILES,
            declarations.SETUP_CFG,
            declarations.PYPROJECT,
        }
    ]
    if setup_py.FILE in texts and follow.policy.bounds_in_list:
        files.append(work.setup_py(texts[setup_py.FILE]))
    if work.errors:
        files = []
    return Plan(root, tuple(files), tuple(work.warnings), tuple(work.errors))


class _Work:
    """Plans the files of one project, and gathers what is wrong."""

    def __init__(
        self,
        follow: Standard,
        root: str,
        name: CanonicalName,
        unknown: Unknown,
    ) -> None:
        self.follow = follow
        self.classic = follow.policy.bounds_in_list
        self.root = root.rstrip("/") or root
        self.name = name
        self.unknown = unknown
        self.errors: list[RequirementsError] = []
        self.warnings: list[str] = []

    def file(
        self, path: str, text: str, entries: Sequence[Declared]
    ) -> FilePlan:
        """The plan for a requirements file, setup.cfg or pyproject.toml."""
        whole = self.classic and path in declarations.REQUIREMENTS_FILES
        found = self._replacements(entries, whole=whole)
        if self.errors:
            return FilePlan(path, text, text, ())
        changes = [
            change
            for entry, new in found.items()
            for change in _changes(entry, new)
        ]
        try:
            content = (
                _standard_form(text, entries, found)
                if whole
                else edits.apply(text, entries, found)
            )
        except UnusableInput as error:
            place = f"{self.root}/{error.what}"
            self.errors.append(UnusableInput(place, error.reason))
            content = text
        return FilePlan(path, text, content, tuple(changes))

    def setup_py(self, text: str) -> FilePlan:
        """The plan for setup.py."""
        try:
            short = self.name != "pbr" and setup_py.uses_pbr(text)
        except ValueError as error:
            self.warnings.append(
                f"{self.root}/{setup_py.FILE}: is left alone, because it "
                f"cannot be read as Python ({error})"
            )
            short = False
        new = setup_py.SHORT.replace("\n", _newline(text)) if short else text
        return FilePlan(setup_py.FILE, text, new, ())

    def _replacements(
        self, entries: Sequence[Declared], *, whole: bool
    ) -> dict[Declared, list[str]]:
        """What comes instead of the entries that change.

        :param whole: the file is written anew, so that what is in step takes
            the wording of the list, too.
        """
        groups: dict[object, list[tuple[Declared, Requirement]]] = {}
        for entry in entries:
            requirement = self._following(entry)
            if requirement is not None:
                name = canonical_name(requirement.package)
                extras = _extras(requirement)
                key = (entry.kind, entry.section, name, extras)
                groups.setdefault(key, []).append((entry, requirement))
        result: dict[Declared, list[str]] = {}
        for pairs in groups.values():
            name = canonical_name(pairs[0][1].package)
            if name not in self.follow.wanted:
                for entry, requirement in pairs:
                    self._lacking(entry, requirement, result)
                continue
            news = self._wanted(name, pairs[0][1])
            texts = [
                [
                    self._text(
                        entry, old, new, self._bounds(old, new), whole=whole
                    )
                    for entry, old in pairs
                ]
                for new in news
            ]
            pairing = _pair(pairs, news, texts)
            bounds = self._bounds_of(pairs, news, pairing)
            for (entry, old), indexes in zip(pairs, pairing, strict=True):
                wanted = [
                    self._text(
                        entry, old, news[index], bounds[index], whole=whole
                    )
                    for index in indexes
                ]
                if wanted != [entry.text]:
                    result[entry] = wanted
        return result

    def _bounds(self, old: Requirement, new: Requirement) -> tuple[str, ...]:
        """The lower bounds of an entry that a global one admits.

        Under the classic policy the list has the bounds.
        """
        if self.classic:
            return ()
        bounds = _lower_bounds(old.specifiers, new.specifiers)
        if bounds and ranges.share_versions(",".join(bounds), new.specifiers):
            return bounds
        return ()

    def _bounds_of(
        self,
        pairs: Sequence[tuple[Declared, Requirement]],
        news: Sequence[Requirement],
        pairing: Sequence[Sequence[int]],
    ) -> list[tuple[str, ...]]:
        """The lower bounds for each new entry, from the old ones.

        Those of the entry that it replaces, and of entries that go whose
        markers can hold where its marker does: the strongest counts. A bound
        that no new entry admits is an error.
        """
        bounds: list[tuple[str, ...]] = [()] * len(news)
        for (entry, old), paired in zip(pairs, pairing, strict=True):
            indexes = list(paired) or [
                index
                for index, new in enumerate(news)
                if markers.can_meet(old.markers, new.markers)
            ]
            indexes = indexes or list(range(len(news)))
            admitting = [
                index for index in indexes if self._bounds(old, news[index])
            ]
            for index in admitting:
                own = self._bounds(old, news[index])
                bounds[index] = max(bounds[index], own, key=_strength)
            asked = [
                _lower_bounds(old.specifiers, news[index].specifiers)
                for index in indexes
            ]
            if not admitting and not self.classic and all(asked):
                listed = " or ".join(
                    dict.fromkeys(news[index].specifiers for index in indexes)
                )
                self._error(
                    entry,
                    f"no version is in both {','.join(asked[0])} and "
                    f"{listed}, which the global list has",
                )
        return bounds

    def _following(self, entry: Declared) -> Requirement | None:
        """The requirement of an entry that follows the global list."""
        if entry.kind not in FOLLOWING or entry.include:
            return None
        if entry.problem is not None:
            if entry.kind != "file" or not is_passed_through(entry.text):
                self._error(entry, entry.problem)
            return None
        requirement = entry.requirement
        assert requirement is not None
        name = canonical_name(requirement.package)
        # Extras that are made of a project's other extras: foo[a,b].
        own = name == self.name and requirement.extras and entry.kind != "file"
        return None if own or name in self.follow.never else requirement

    def _lacking(
        self,
        entry: Declared,
        requirement: Requirement,
        result: dict[Declared, list[str]],
    ) -> None:
        """A package that the global list lacks."""
        reason = f"{requirement.package} is not in the global list"
        if self.unknown == "refuse":
            self._error(entry, f"{reason} (-s keeps it)")
        elif self.unknown == "drop":
            self._warning(entry, f"{reason}, and is dropped")
            result[entry] = []

    def _error(self, entry: Declared, reason: str) -> None:
        self.errors.append(self._bad(entry, reason))

    def _warning(self, entry: Declared, reason: str) -> None:
        self.warnings.append(str(self._bad(entry, reason)))

    def _bad(self, entry: Declared, reason: str) -> BadLine:
        return BadLine(
            reason,
            entry.text,
            source=f"{self.root}/{entry.file}",
            number=entry.line,
            column=entry.column,
        )

    def _wanted(
        self, name: CanonicalName, old: Requirement
    ) -> list[Requirement]:
        """The global entries for a package with these extras."""
        found = self.follow.wanted[name]
        same = [each for each in found if _extras(each) == _extras(old)]
        plain = [each for each in found if not each.extras]
        return list(same or plain or found)

    def _text(
        self,
        entry: Declared,
        old: Requirement,
        new: Requirement,
        bounds: tuple[str, ...],
        *,
        whole: bool,
    ) -> str:
        """An entry as it is to stand, for one of the global list.

        :param bounds: the lower bounds that it keeps.
        """
        wanted = new._replace(
            extras=old.extras, comment=_comment(new.comment, old.comment)
        )
        if whole:
            return wanted.to_line().rstrip("\n")
        comment = old.comment
        if (
            self.follow.policy.comments_match
            and entry.file != declarations.PYPROJECT
        ):
            comment = wanted.comment
        specifiers = _with_bounds(new.specifiers, bounds)
        same_marker = _same_marker(old.markers, new.markers)
        if (
            same_marker
            and comment == old.comment
            and _same_specifiers(old.specifiers, specifiers)
        ):
            return entry.text
        wanted = wanted._replace(
            specifiers=specifiers,
            markers=old.markers if same_marker else new.markers,
            comment=comment,
        )
        return _written(entry, old, wanted, sort=not self.classic)


def _comment(new: str, old: str) -> str:
    """A comment of the global list, with the waiver that an entry has."""
    waiver = old.removeprefix(waivers.without(old)).strip()
    if not waiver:
        return new
    return f"{new}  {waiver}" if new else waiver


def _pair(
    pairs: Sequence[tuple[Declared, Requirement]],
    news: Sequence[Requirement],
    texts: Sequence[Sequence[str]],
) -> list[list[int]]:
    """For each old entry of a package, the new ones that come instead.

    First pair those that are in step, then those whose markers mean the same,
    and what is left by position. A new entry without a partner goes beside
    its neighbour in the new order; an old one without a partner goes.

    :param texts: for each new entry, how it would stand for each old one.
    :returns: indexes of the new entries.
    """
    partner = _in_step(pairs, texts)
    free = [each for each in range(len(pairs)) if each not in partner.values()]
    for any_marker in (False, True):
        for index, new in enumerate(news):
            if index in partner:
                continue
            for place in free:
                old = pairs[place][1]
                if any_marker or _same_marker(old.markers, new.markers):
                    partner[index] = place
                    free.remove(place)
                    break
    result: list[list[int]] = [[] for _ in pairs]
    waiting: list[int] = []
    beside = -1
    for index in range(len(news)):
        if index in partner:
            beside = partner[index]
            result[beside] += waiting
            waiting = []
        if beside < 0:
            waiting.append(index)
        else:
            result[beside].append(index)
    return result


def _in_step(
    pairs: Sequence[tuple[Declared, Requirement]],
    texts: Sequence[Sequence[str]],
) -> dict[int, int]:
    """Partners that need no change, for as many new entries as can be.

    An old entry may be in step with several new ones: who comes later makes
    the earlier look for another. So what was planned once stays as it is.
    """
    taken: dict[int, int] = {}  # place → index

    def seat(index: int, tried: set[int]) -> bool:
        for place, (entry, _) in enumerate(pairs):
            if place in tried or texts[index][place] != entry.text:
                continue
            tried.add(place)
            if place not in taken or seat(taken[place], tried):
                taken[place] = index
                return True
        return False

    for index in range(len(texts)):
        seat(index, set())
    return {index: place for place, index in taken.items()}


def _changes(entry: Declared, news: Sequence[str]) -> list[Change]:
    """What to tell of an entry that changes."""
    if entry.text in news:
        others = [text for text in news if text != entry.text]
        return [Change(entry.line, entry.section, "", text) for text in others]
    if not news:
        return [Change(entry.line, entry.section, entry.text, "")]
    return [
        Change(entry.line, entry.section, "" if number else entry.text, text)
        for number, text in enumerate(news)
    ]


def _standard_form(
    text: str,
    entries: Iterable[Declared],
    found: Mapping[Declared, Sequence[str]],
) -> str:
    """A requirements file as the classic policy has it.

    The heading comes first, wherever it was; there is one way of spacing.
    """
    body = without_bom(text)
    by_line = {each.line: each for each in entries}
    newline = _newline(body)
    lines = [f"{line}{newline}" for line in HEADING]
    for number, line in enumerate(split_lines(body), 1):
        end = newline if not line.endswith("\n") else "\n"
        end = "\r\n" if line.endswith("\r\n") else end
        entry = by_line.get(number)
        if entry is None:
            comment = line.strip()
            news = [] if comment in HEADING else [comment]
        elif entry in found:
            news = list(found[entry])
        elif entry.requirement is None:  # a legacy line, handed through
            news = [line.rstrip()]
        else:
            news = [entry.requirement.to_line().rstrip("\n")]
        lines += [f"{each}{end}" for each in news]
    return text[: len(text) - len(body)] + "".join(lines)


def _newline(text: str) -> str:
    return "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"


def _written(
    entry: Declared, old: Requirement, new: Requirement, *, sort: bool
) -> str:
    """An entry's new text, with the spacing that the old one has."""
    separator = declarations.separator(entry.text, old)
    if not separator:
        # pbr documents a colon; setuptools and PEP 508 know the semicolon.
        separator = ":" if entry.table == "extras" else ";"
    comment_prefix = " "
    if old.comment:
        before = entry.text.removesuffix(old.comment)
        comment_prefix = before[len(before.rstrip()) :]
    line = new.to_line(
        marker_sep=separator,
        comment_prefix=comment_prefix,
        sort_specifiers=sort,
    )
    return line.rstrip("\n")


def _extras(requirement: Requirement) -> frozenset[CanonicalName]:
    return frozenset(map(canonical_name, requirement.extras))


def _lower_bounds(old: str, new: str) -> tuple[str, ...]:
    """The lower bounds of an entry that a global one does not have itself.

    A compatible or an exact version is a lower bound as well; its upper side
    is for the list to say.
    """
    bounds = []
    known = clauses(new)
    for operator, version in clauses(old):
        if (operator, version) in known or operator in {"!=", "<", "<="}:
            continue
        if operator in {">", ">="}:
            bounds.append(f"{operator}{version}")
            continue
        lowest = version.removesuffix(".*").partition("+")[0]
        if parse_version(lowest) is not None:  # "===" takes any text
            bounds.append(f">={lowest}")
    return tuple(bounds)


def _strength(bounds: Sequence[str]) -> tuple[object, ...]:
    """The order of lower bounds: the strongest is the greatest."""
    known = [each for each in map(ranges.lower_bound, bounds) if each]
    return tuple(max(known)) if known else ()


def _with_bounds(specifiers: str, bounds: Sequence[str]) -> str:
    """The global list's specifiers with a project's lower bounds.

    Exclusions that say nothing beside the bounds are left out.
    """
    if not bounds:
        return specifiers
    above = version_set(",".join(bounds))
    kept = {
        f"{operator}{version}"
        for operator, version in clauses(specifiers)
        if operator != "!=" or not above.issubset(version_set(f"!={version}"))
    }
    return ",".join(sorted({*kept, *bounds}))


def _is_same(first: Requirement, second: Requirement) -> bool:
    """Whether two entries of a package say the same."""
    return (
        _extras(first) == _extras(second)
        and first.location == second.location
        and _same_marker(first.markers, second.markers)
        and _same_specifiers(first.specifiers, second.specifiers)
    )


def _same_specifiers(first: str, second: str) -> bool:
    return first == second or version_set(first) == version_set(second)


@lru_cache(maxsize=4096)
def _same_marker(first: str, second: str) -> bool:
    if first == second:
        return True
    if not first or not second:
        # Only an odd marker always holds; it is not worth a slow import.
        return False
    try:
        return markers.equivalent(first, second)
    except markers.BadMarker:
        return False
