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
"""The entries of one distribution after a three-way merge.

What both sides say is compared entry by entry. Where the entries themselves
changed, as where one side divides a pin by Python, the pins of one
distribution are compared environment by environment.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar, get_args

from openstack_requirements.pep508 import markers
from openstack_requirements.pep508.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from openstack_requirements.constraints.merge_items import (
        Identity,
        ListItem,
    )

#: What is taken where both sides changed the same entry, in different ways.
MergePolicy = Literal["conflict", "newest", "ours", "theirs"]
MERGE_POLICIES: tuple[MergePolicy, ...] = get_args(MergePolicy)

#: Why nothing is known of the pins of a distribution.
TOO_MANY = "too many markers to be compared"
_DIVIDED = "divided by markers on both sides, in different ways"
#: The operator of a pin, and its version.
_VERSION = re.compile(r"(={2,3}[ \t]*)([^\s;#)=]+)")

Value = TypeVar("Value")


class SideLines(NamedTuple):
    """The entries of one distribution in the three versions of a file."""

    base: Mapping[Identity, ListItem]
    ours: Mapping[Identity, ListItem]
    theirs: Mapping[Identity, ListItem]

    @property
    def identities(self) -> list[Identity]:
        """The identities of all, those of the base first."""
        return list({**self.base, **self.ours, **self.theirs})


class MergedEntries(NamedTuple):
    """What became of the entries of one distribution.

    ``kept`` has the lines of those that stay; ``conflicts`` the reasons for
    the others. Where ``rewritten`` is not None, these lines stand for all
    entries. Where ``undecided`` is not empty, it is why all of them
    conflict.
    """

    kept: Mapping[Identity, str]
    conflicts: Mapping[Identity, str]
    rewritten: tuple[str, ...] | None = None
    undecided: str = ""


class _Undecided(Exception):
    """The sides differ, and no policy chooses; with the reason."""


def merged_entries(
    lines: SideLines,
    policy: MergePolicy,
    *,
    are_pins: bool,
) -> MergedEntries:
    """What becomes of the entries of one distribution.

    :param are_pins: whether no two of them may apply in one environment.
    """
    kept: dict[Identity, str] = {}
    conflicts: dict[Identity, str] = {}
    for identity in lines.identities:
        try:
            line = _entry(
                lines.base.get(identity),
                lines.ours.get(identity),
                lines.theirs.get(identity),
                policy,
            )
        except _Undecided as undecided:
            conflicts[identity] = str(undecided)
        else:
            if line is not None:
                kept[identity] = line
    result = MergedEntries(kept, conflicts)
    if not are_pins or _is_entry_by_entry(lines):
        return result
    try:
        rewritten = _by_environment(lines, policy)
    except _Undecided as undecided:
        if policy in {"ours", "theirs"}:
            side = lines.ours if policy == "ours" else lines.theirs
            return MergedEntries(texts_of(side), {})
        return MergedEntries({}, {}, undecided=str(undecided))
    # Where nothing but the order differs, all keep their places.
    if not conflicts and sorted(kept.values()) == sorted(rewritten):
        return result
    return MergedEntries({}, {}, rewritten)


def _is_entry_by_entry(lines: SideLines) -> bool:
    """Whether entries of the base went or changed, and no new ones came.

    The same is true where only one side changed anything.
    """
    base, ours, theirs = map(texts_of, lines)
    return (
        lines.base.keys() >= {*lines.ours, *lines.theirs}
        or ours in (base, theirs)
        or base == theirs
    )


def texts_of(entries: Mapping[Identity, ListItem]) -> dict[Identity, str]:
    """The lines of entries."""
    return {identity: entry.lines[0] for identity, entry in entries.items()}


def three_way(base: Value, ours: Value, theirs: Value) -> Value | None:
    """The side that changed, or what both say; None where they disagree."""
    if ours in (theirs, base):
        return theirs
    return ours if theirs == base else None


def _entry(
    base: ListItem | None,
    ours: ListItem | None,
    theirs: ListItem | None,
    policy: MergePolicy,
) -> str | None:
    """The line of an entry; None where it goes.

    :raises _Undecided: where both sides changed it, in different ways.
    """
    before, first, second = (
        entry and entry.lines[0] for entry in (base, ours, theirs)
    )
    if first in (second, before):
        return second
    if second == before:
        return first
    if policy in {"ours", "theirs"}:
        return first if policy == "ours" else second
    if ours is None or theirs is None:
        raise _Undecided("removed on one side, changed on the other")
    assert first is not None
    assert second is not None
    if _meaning(ours) == _meaning(theirs):
        # Both say the same; the side with another form changed the form.
        forms = [_form(entry) for entry in (base, ours, theirs) if entry]
        if base is not None and forms[1] != forms[2] and forms[0] in forms[1:]:
            return second if forms[1] == forms[0] else first
        return min(first, second)
    versions = ours.pin, theirs.pin
    if versions[0] is None or versions[1] is None:
        raise _Undecided("changed on both sides")
    if versions[0] == versions[1] or _rest(ours) != _rest(theirs):
        raise _Undecided("changed on both sides")
    if policy == "newest":
        newest = max(versions[0], versions[1], key=_newest_key)
        return first if newest == versions[0] else second
    raise _Undecided("two versions")


def _newest_key(version: str) -> tuple[object, str]:
    """What orders versions; of equal ones the text decides."""
    return version_key(version), version


def _meaning(entry: ListItem) -> tuple[object, ...]:
    requirement = entry.requirement
    if requirement is None:
        return entry.lines
    return (
        entry.name,
        requirement.location,
        entry.pin or frozenset(requirement.clauses),
        *_rest(entry),
    )


def _rest(entry: ListItem) -> tuple[object, ...]:
    """What an entry says beside its name and versions."""
    requirement = entry.requirement
    assert requirement is not None
    marker: object = requirement.markers
    with suppress(markers.BadMarker):  # else the text will do
        marker = requirement.marker
    return requirement.extras, marker, requirement.comment


def _form(entry: ListItem) -> str:
    """The text of an entry without its version."""
    return _VERSION.sub(r"\1", entry.lines[0], count=1)


def overlapping(texts: Sequence[str]) -> str:
    """Why markers do not exclude each other; empty where they do."""
    if len(texts) < 2:
        return ""
    for index, text in enumerate(texts):
        for first in texts[:index]:
            if markers.can_meet(first, text):
                where = text or first
                return f"two pins where {where}" if where else "two pins"
    return ""


class _Cells:
    """The kinds of environments that the pins of a distribution tell apart."""

    def __init__(self, lines: SideLines) -> None:
        entries = [entry for side in lines for entry in side.values()]
        self._texts = sorted({entry.marker for entry in entries} - {""})
        try:
            self.rows = (
                markers.combinations(self._texts) if self._texts else [()]
            )
        except markers.BadMarker as error:
            raise _Undecided(error.reason) from error

    def selected(self, marker: str) -> frozenset[int]:
        """The cells that a marker selects, which must be one of theirs."""
        if not marker:
            return frozenset(range(len(self.rows)))
        column = self._texts.index(marker)
        return frozenset(
            number for number, row in enumerate(self.rows) if row[column]
        )

    def versions(self, entries: Iterable[ListItem]) -> list[str | None]:
        """The version that entries pin in each cell.

        :raises _Undecided: where they pin two.
        """
        result: list[str | None] = [None] * len(self.rows)
        for entry in entries:
            for cell in self.selected(entry.marker):
                if result[cell] is not None:
                    raise _Undecided("two pins")
                result[cell] = entry.pin
        return result


def _by_environment(lines: SideLines, policy: MergePolicy) -> tuple[str, ...]:
    """The lines that pin in each environment what the sides made of it.

    :raises _Undecided: where both sides changed the pin of an environment, in
        different ways; where lines cannot be compared like this, as they have
        more than a version and a marker; and where no markers of the sides
        divide the environments as the result needs it.
    """
    entries = [entry for side in lines for entry in side.values()]
    if any(
        entry.pin is None
        or entry.requirement is None
        or entry.requirement.comment
        or entry.requirement.extras
        for entry in entries
    ):
        raise _Undecided(_DIVIDED)
    cells = _Cells(lines)
    base, ours, theirs = (cells.versions(side.values()) for side in lines)
    merged = [
        _version(*versions, policy)
        for versions in zip(base, ours, theirs, strict=True)
    ]
    present = {entry.lines[0] for entry in entries}
    candidates = [
        candidate
        for structure in _structures(lines, cells)
        if (candidate := _filled(structure, merged)) is not None
    ]
    if not candidates:
        raise _Undecided(_DIVIDED)
    return min(
        candidates,
        key=lambda candidate: (
            len(set(candidate) - present),
            len(candidate),
            candidate,
        ),
    )


def _version(
    base: str | None,
    ours: str | None,
    theirs: str | None,
    policy: MergePolicy,
) -> str | None:
    """The version of one kind of environment; None where it has no pin.

    :raises _Undecided: where both sides changed it, in different ways.
    """
    if ours in (theirs, base):
        return theirs
    if theirs == base:
        return ours
    if policy in {"ours", "theirs"}:
        return ours if policy == "ours" else theirs
    if ours is None or theirs is None:
        raise _Undecided("removed on one side, changed on the other")
    if policy == "newest":
        return max(ours, theirs, key=_newest_key)
    raise _Undecided("two versions")


class _Part(NamedTuple):
    """A line as it could be, and the cells that it is for."""

    line: Callable[[str], str]
    cells: frozenset[int]


def _structures(lines: SideLines, cells: _Cells) -> list[list[_Part]]:
    """The ways to divide the environments among lines.

    Each version of the file has one, and the last divides them by the lines
    of both sides.
    """
    result = [
        [
            _Part(_with_version(entry), cells.selected(entry.marker))
            for entry in side.values()
        ]
        for side in (lines.ours, lines.theirs, lines.base)
    ]
    combined = []
    for first in lines.ours.values():
        for second in lines.theirs.values():
            selected = [
                cells.selected(entry.marker) for entry in (first, second)
            ]
            common = selected[0] & selected[1]
            if not common:
                continue
            lower, higher = sorted((first, second), key=_line)
            if common == cells.selected(lower.marker):
                combined.append(_Part(_with_version(lower), common))
            elif common == cells.selected(higher.marker):
                combined.append(_Part(_with_version(higher), common))
            else:
                marker = " and ".join(
                    f"({text})" if " or " in text else text
                    for text in (lower.marker, higher.marker)
                )
                combined.append(_Part(_with_version(lower, marker), common))
    # Where only one side has a line, its own lines are for the rest.
    for side, opposite in (
        (lines.ours, lines.theirs),
        (lines.theirs, lines.ours),
    ):
        covered = frozenset[int]().union(
            *(cells.selected(entry.marker) for entry in opposite.values())
        )
        combined += [
            _Part(_with_version(entry), cells.selected(entry.marker))
            for entry in side.values()
            if not cells.selected(entry.marker) & covered
        ]
    return [*result, combined]


def _line(entry: ListItem) -> str:
    return entry.lines[0]


def _with_version(
    entry: ListItem, marker: str | None = None
) -> Callable[[str], str]:
    """What writes the line of an entry for another version."""

    def written(version: str) -> str:
        line = _VERSION.sub(
            lambda match: f"{match[1]}{version}", entry.lines[0], count=1
        )
        if marker is None:
            return line
        return f"{line.partition(';')[0].rstrip()};{marker}"

    return written


def _filled(
    structure: Sequence[_Part], merged: Sequence[str | None]
) -> tuple[str, ...] | None:
    """The lines of a structure with the merged versions.

    None where a line would need two versions, or an environment has no line.
    """
    pinned: list[tuple[str, str]] = []
    covered: set[int] = set()
    for part in structure:
        versions = {merged[cell] for cell in part.cells}
        if len(versions) > 1:
            return None
        covered |= part.cells
        pinned += [
            (version, part.line(version))
            for version in versions
            if version is not None
        ]
    if any(
        version is not None and cell not in covered
        for cell, version in enumerate(merged)
    ):
        return None
    pinned.sort(key=lambda pair: (version_key(pair[0]), pair[1]))
    return tuple(line for _, line in pinned)
