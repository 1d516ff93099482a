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
"""What is proposed for the constraints, as text; nothing here opens a file.

:func:`merged` puts generated constraints on top of what has been merged
meanwhile, and holds this law:

    In every environment in which a release bump since the last regeneration
    pins a version, the proposal pins that version or a newer one, as long as
    anything that was installed requires the distribution, and as the global
    list and the holds at the tip admit its pins.

:func:`bumped` makes the change of one line, and never a lower pin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import editing, history, pinning
from openstack_requirements.constraints.changes import Changes
from openstack_requirements.constraints.threeway import (
    MergeSources,
    merge_lists,
)
from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.pep508 import markers
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.text import split_lines
from openstack_requirements.pep508.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from openstack_requirements.constraints.history import CommittedTexts
    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.repository.holds import HoldLedger
    from openstack_requirements.repository.pins import PinRequest


class AdmittedPins(NamedTuple):
    """What the lists of a repository say about pins.

    :param file: the path of the global list, for errors.
    :param entries: its entries.
    :param prereleases: whether an entry admits a pre-release that it does not
        mention.
    :param holds: the hold ledger; None without one.
    """

    file: str = ""
    entries: Sequence[Entry] = ()
    prereleases: bool = True
    holds: HoldLedger | None = None

    def refusing(self, name: str, version: str, marker: str) -> list[BadLine]:
        """The lines that refuse a pin, each with its file and number.

        :param marker: the environments that the pin is for; empty for all.
        """
        wanted = canonical_name(name)
        listed = [
            entry
            for entry in self.entries
            if entry.requirement is not None
            and canonical_name(entry.requirement.package) == wanted
        ]
        lines = [
            BadLine(
                f"does not admit {name} {version}",
                entry.line,
                source=self.file,
                number=entry.number,
            )
            for entry in pinning.refusing(
                version, marker, listed, prereleases=self.prereleases
            )
        ]
        for hold in self.holds.of(name) if self.holds is not None else ():
            if not hold.admits(version) and markers.can_meet(
                hold.python, marker
            ):
                where = f" where {hold.python}" if hold.python else ""
                lines.append(
                    BadLine(
                        f"holds {hold.name} at {hold.range}{where} until "
                        f"{hold.until} ({hold.whose}: {hold.reason}), which "
                        f"{version} is not",
                        f"{hold.name}: {hold.range}",
                        source=hold.file,
                        number=hold.line,
                    )
                )
        return lines


class Pinned(NamedTuple):
    """A line that pins a version."""

    name: CanonicalName
    version: str
    marker: str
    line: str
    number: int


class LoweredPin(NamedTuple):
    """A pin that goes down in an environment, before and after."""

    before: Pinned
    after: Pinned


class RegeneratedTexts(NamedTuple):
    """The texts from which a proposal of generated constraints is made.

    :param start: the constraints that the regeneration has started from.
    :param generated: what it gave.
    :param tip: the constraints at the tip of the branch now.
    :param before_bumps: for each distribution that was bumped since the last
        regeneration, its lines before the first of these bumps.
    """

    start: str
    generated: str
    tip: str
    before_bumps: Mapping[CanonicalName, tuple[str, ...]]


class MergedConstraints(NamedTuple):
    """What is proposed, or why that is not known.

    :param text: the constraints; they mean nothing where there are problems.
    :param kept: the distributions whose pin is not what was generated,
        because a bump has raised it.
    :param problems: what the merge cannot decide.
    """

    text: str
    kept: tuple[Pinned, ...] = ()
    problems: tuple[str, ...] = ()


def pins_in(
    content: str, source: str = ""
) -> dict[CanonicalName, list[Pinned]]:
    """The exact pins of constraints, by name.

    :raises BadContent: with the lines that cannot be read.
    """
    result: dict[CanonicalName, list[Pinned]] = {}
    for entry in read_entries(
        content, source, permit_urls=True, keep_editable=False
    ):
        requirement = entry.requirement
        if requirement is None or requirement.pin is None:
            continue
        name = canonical_name(requirement.package)
        result.setdefault(name, []).append(
            Pinned(
                name,
                requirement.pin,
                requirement.markers,
                entry.line,
                entry.number,
            )
        )
    return result


def lowered(
    before: Sequence[Pinned], after: Sequence[Pinned]
) -> list[LoweredPin]:
    """The pins of a distribution that are lower in some environment."""
    return [
        LoweredPin(old, new)
        for old in before
        for new in after
        if version_key(new.version) < version_key(old.version)
        and markers.can_meet(old.marker, new.marker)
    ]


def before_bumps(
    commits: Sequence[CommittedTexts],
) -> dict[CanonicalName, tuple[str, ...]]:
    """The distributions that were bumped since the last regeneration.

    What another commit has changed after its bump (a person lowered it, a
    revert) is not among them: that commit decides.

    :param commits: those that change the constraints, the newest first.
    :returns: the lines of each before the first bump.
    """
    kinds = {
        commit.id: commit.kind
        for commit in history.with_commits(Changes(), commits).commits
    }
    result: dict[CanonicalName, tuple[str, ...]] = {}
    decided: set[CanonicalName] = set()
    for commit in commits:
        kind = kinds.get(commit.id)
        if kind is None:
            continue  # a merge, which is not what changed them
        if kind == "regeneration":
            break
        for name, lines in _differing(commit.before, commit.after).items():
            if kind == "release bump" and name not in decided:
                result[name] = lines
            else:
                decided.add(name)
    return result


def _differing(
    before: str, after: str
) -> dict[CanonicalName, tuple[str, ...]]:
    """The distributions whose lines differ, with those before."""
    old, new = _lines_by_name(before), _lines_by_name(after)
    return {
        name: old.get(name, ())
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    }


def _lines_by_name(content: str) -> dict[CanonicalName, tuple[str, ...]]:
    """The lines of each distribution, without line ends."""
    result: dict[CanonicalName, tuple[str, ...]] = {}
    for line in split_lines(content):
        name = canonical_name(editing.name_of(line))
        if name:
            result[name] = (*result.get(name, ()), line.rstrip("\r\n"))
    return result


def _with_lines(
    content: str, changes: Mapping[CanonicalName, Sequence[str]], like: str
) -> str:
    """The text with other lines for some distributions.

    They come where the first line of the distribution is; what is new comes
    before what follows it elsewhere.

    :param like: a text that has the distributions in their order.
    """
    left = dict(changes)
    rows: list[tuple[str, str]] = []
    for line in split_lines(content):
        name = canonical_name(editing.name_of(line))
        if name not in changes:
            rows.append((name, line))
        else:
            rows += [(name, f"{text}\n") for text in left.pop(name, ())]
    if rows and not rows[-1][1].endswith("\n"):
        rows[-1] = (rows[-1][0], f"{rows[-1][1]}\n")
    order = list(_lines_by_name(like))
    for name, texts in left.items():
        behind = set(order[order.index(name) :] if name in order else ())
        index = next(
            (index for index, row in enumerate(rows) if row[0] in behind),
            len(rows),
        )
        rows[index:index] = [(name, f"{text}\n") for text in texts]
    return "".join(line for _, line in rows)


def merged(
    texts: RegeneratedTexts, admitted: AdmittedPins, source: str = ""
) -> MergedConstraints:
    """Generated constraints, on top of what is at the tip of the branch.

    It is a merge of three texts by what their lines mean. Their base is what
    the regeneration started from, with the pins from before the bumps; so a
    bump counts as a change of the branch. Where both sides have moved a pin,
    the newest version is taken, environment by environment.

    :param admitted: the lists at the tip of the branch. A pin that they
        refuse is not held.
    :param source: the name of the constraints, for errors.
    :raises BadContent: with the lines of a text that cannot be read.
    """
    start, generated, tip = (
        _lines_by_name(text)
        for text in (texts.start, texts.generated, texts.tip)
    )
    pinned = pins_in(texts.tip, source)
    base: dict[CanonicalName, tuple[str, ...]] = {}
    ours: dict[CanonicalName, tuple[str, ...]] = {}
    moved = {
        name for name in {*start, *tip} if start.get(name) != tip.get(name)
    }
    held: list[CanonicalName] = []
    for name in sorted({*texts.before_bumps, *moved}):
        if name not in tip:
            continue
        refused = any(
            admitted.refusing(name, pin.version, pin.marker)
            for pin in pinned.get(name, ())
        )
        if refused:
            # What was generated takes its place, by the list.
            base[name] = tip[name]
        elif name not in generated:
            # Nothing that was installed requires it; but where it came to
            # the branch meanwhile, that was not known then.
            if name in moved:
                ours[name] = tip[name]
        else:
            held.append(name)
            base[name] = texts.before_bumps.get(name, start.get(name, ()))
    result = merge_lists(
        _with_lines(texts.start, base, texts.tip),
        _with_lines(texts.generated, ours, texts.tip)
        if ours
        else texts.generated,
        texts.tip,
        policy="newest",
        form="constraints",
        sources=MergeSources(
            source, f"what was generated for {source}", source
        ),
    )
    problems = tuple(
        f"{source}: {conflict.name or 'the file'}: {conflict.reason}"
        for conflict in result.conflicts
    )
    if problems:
        return MergedConstraints(texts.tip, (), problems)
    after = pins_in(result.text, source)
    broken = [
        change
        for name in held
        if name in texts.before_bumps
        for change in lowered(pinned.get(name, ()), after.get(name, ()))
    ]
    if broken:
        return MergedConstraints(
            texts.tip,
            (),
            tuple(
                f"{source}:{change.before.number}: {change.before.name} "
                f"{change.before.version} would go down to "
                f"{change.after.version}"
                for change in broken
            ),
        )
    was = pins_in(texts.generated, source)
    return MergedConstraints(result.text, tuple(_kept(held, was, after)), ())


def _kept(
    names: Sequence[CanonicalName],
    generated: Mapping[CanonicalName, Sequence[Pinned]],
    proposed: Mapping[CanonicalName, Sequence[Pinned]],
) -> Iterator[Pinned]:
    """The pins that a bump decides, and not the regeneration."""
    for name in names:
        known = {(pin.version, pin.marker) for pin in generated.get(name, ())}
        for pin in proposed.get(name, ()):
            if (pin.version, pin.marker) not in known:
                yield pin


def bumped(
    content: str, request: PinRequest, admitted: AdmittedPins, source: str
) -> str:
    """Constraints with one distribution pinned to a newer release.

    It is the edit that ``edit-constraints --pin`` makes. There is no way to
    lower a pin: that is the business of a person, who adds a hold.

    :param source: the path of the constraints, for errors.
    :raises UnusableInput: where the constraints do not have the distribution.
    :raises BadContent: with the lines of the lists and the holds that refuse
        the version, or with the pins that are higher.
    """
    changed = pinning.pin(
        content,
        request.name,
        request.version,
        python=request.python,
        requires_python=request.requires_python,
        oldest_python=request.oldest_python,
        source=source,
    )
    name = canonical_name(request.name)
    before = pins_in(content, source).get(name, [])
    after = pins_in(changed, source).get(name, [])
    refusing = [
        line
        for pin in after
        if (pin.version, pin.marker)
        not in {(old.version, old.marker) for old in before}
        for line in admitted.refusing(name, pin.version, pin.marker)
    ]
    # One line may refuse several pins.
    refusing = list({(x.source, x.number): x for x in refusing}.values())
    too_new = higher(
        [change.before for change in lowered(before, after)], request, source
    )
    if refusing or too_new:
        raise BadContent([*refusing, *too_new])
    return changed


def higher(
    pins: Iterable[Pinned], request: PinRequest, source: str
) -> list[BadLine]:
    """The pins that are newer than a release, each as an error.

    :param source: the path of the constraints.
    """
    lines = {
        pin.number: BadLine(
            f"pins {pin.version}, which is newer than {request.version}; a "
            "bump never lowers a pin (hold the distribution, or edit the "
            "constraints)",
            pin.line,
            source=source,
            number=pin.number,
        )
        for pin in pins
        if version_key(request.version) < version_key(pin.version)
    }
    return list(lines.values())
