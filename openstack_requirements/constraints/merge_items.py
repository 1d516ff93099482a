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
"""The text of a list as the items that a three-way merge compares.

An item is an entry, the comment lines between two entries, or the blank lines
there. Each has an identity, so that the item of another version of the file is
known to be the same, wherever it stands and whatever it says now.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

from openstack_requirements.pep508 import limits, markers
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.text import split_lines, without_bom

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )

#: The files that are merged: a list of constraints, or a list of what may be
#: required (global requirements, or those of a project).
ListForm = Literal["constraints", "requirements"]
LIST_FORMS: tuple[ListForm, ...] = get_args(ListForm)

#: The line ends of a file; ``mixed`` ones are in the lines themselves, and a
#: file with at most one line, without an end, says nothing.
LineEnd: TypeAlias = Literal["", "\n", "\r\n", "mixed"]
#: What makes an item the same in all versions of a file.
Identity: TypeAlias = tuple[object, ...]


class ListItem(NamedTuple):
    """An item of a list.

    ``lines`` have no line ends. ``requirement`` is None for comments, blank
    lines, and lines that are passed through unread.
    """

    identity: Identity
    lines: tuple[str, ...]
    is_entry: bool = False
    requirement: Requirement | None = None

    @property
    def name(self) -> CanonicalName:
        """The canonical name of its distribution; empty where it has none."""
        requirement = self.requirement
        return canonical_name(requirement.package if requirement else "")

    @property
    def marker(self) -> str:
        """The text of its marker; empty without one."""
        return self.requirement.markers if self.requirement else ""

    @property
    def has_location(self) -> bool:
        """Whether it is a URL or a path."""
        return self.requirement is None or self.requirement.location != ""

    @property
    def pin(self) -> str | None:
        """Its exact version, see :attr:`Requirement.pin`."""
        if self.requirement is None or self.has_location:
            return None
        return self.requirement.pin


class FileForm(NamedTuple):
    """What a whole file has beside its lines.

    ``ends_last_line`` is None for an empty file, which does not say.
    """

    line_end: LineEnd
    ends_last_line: bool | None
    byte_order_mark: bool


def file_form(text: str) -> FileForm:
    """What a text has beside its lines."""
    ends = {
        "\r\n" if line.endswith("\r\n") else "\n"
        for line in split_lines(text)
        if line.endswith("\n")
    }
    line_end: LineEnd = "mixed"
    if len(ends) < 2:
        line_end = "\r\n" if "\r\n" in ends else "\n" if ends else ""
    return FileForm(
        line_end,
        text.endswith("\n") if without_bom(text) else None,
        text != without_bom(text),
    )


def read_items(
    text: str, source: str = "", *, keep_ends: bool = False
) -> list[ListItem]:
    r"""The items of a text, in its order; only entries are identified.

    :param keep_ends: leave the ``\r`` of a line end in the line, as files
        with mixed line ends need.
    :raises BadContent: with the lines that cannot be read.
    """
    items: list[ListItem] = []
    rest: list[str] = []
    for entry in read_entries(
        text, source, permit_urls=True, keep_editable=False
    ):
        requirement = entry.requirement
        line = entry.line.rstrip("\n" if keep_ends else "\r\n")
        if requirement is None or requirement.package:
            _complete(items, rest)
            items.append(
                ListItem((), (line,), is_entry=True, requirement=requirement)
            )
            continue
        kind = "comment" if requirement.comment else "blank"
        if items and items[-1].identity == (kind,):
            rest.append(line)
        else:
            _complete(items, rest)
            items.append(ListItem((kind,), (line,)))
    _complete(items, rest)
    return items


def _complete(items: list[ListItem], rest: list[str]) -> None:
    """Add the rest of its lines to the last item."""
    if rest:
        items[-1] = items[-1]._replace(lines=(*items[-1].lines, *rest))
        rest.clear()


def form_of(versions: Sequence[Sequence[ListItem]]) -> ListForm:
    """The form of a file.

    Those are constraints in which most entries are exact, if ``===`` is there
    or the base has nothing else.
    """
    texts = [
        [
            "==="
            if "===" in item.lines[0]
            else "=="
            if item.pin is not None or item.has_location
            else ""
            for item in items
            if item.is_entry
        ]
        for items in versions
    ]
    operators = [operator for items in texts for operator in items]
    exact = sum(operator != "" for operator in operators)
    if exact * 2 <= len(operators):
        return "requirements"
    return (
        "constraints"
        if "===" in operators or all(texts[0] or operators)
        else "requirements"
    )


class MarkerClasses:
    """What stands for all markers that hold in the same environments.

    A marker that has no meaning stands for itself. So does any that is not
    compared, beyond the limit for text that is.
    """

    def __init__(self) -> None:
        self._known: dict[CanonicalName, dict[str, str]] = {}
        self._compared: dict[tuple[str, str], bool] = {}
        self._left = limits.MOST_COMPARED_TEXT

    def of(self, name: CanonicalName, marker: str) -> str:
        """What stands for a marker among those of its distribution."""
        known = self._known.setdefault(name, {})
        if marker not in known:
            known[marker] = next(
                (
                    representative
                    for representative in dict.fromkeys(known.values())
                    if self._equivalent(representative, marker)
                ),
                marker,
            )
        return known[marker]

    def _equivalent(self, first: str, second: str) -> bool:
        """Whether two markers mean the same, as far as the limit goes."""
        pair = (first, second)
        if pair not in self._compared:
            self._left -= len(first) + len(second)
            self._compared[pair] = self._left >= 0 and _equivalent(*pair)
        return self._compared[pair]


def _equivalent(first: str, second: str) -> bool:
    try:
        return markers.equivalent(first, second)
    except markers.BadMarker:
        return False


def identified(
    versions: Sequence[Sequence[ListItem]], form: ListForm
) -> list[list[ListItem]]:
    """The versions of a file with the same identity for the same item.

    The key of a constraint is its distribution and what its marker means;
    that of another entry its distribution, extras and marker, or the
    distribution alone where no version has more than one entry of it.
    Comments and blank lines are identified by their text and by the entries
    around them.

    :param versions: the first one is the base of the others.
    """
    classes = MarkerClasses()
    several = _several_entries(versions) if form == "requirements" else None
    base, *sides = (_with_keys(items, classes, several) for items in versions)
    known = _named(base, {})
    return [known, *(_named(side, _matched(known, side)) for side in sides)]


def _several_entries(
    versions: Iterable[Iterable[ListItem]],
) -> set[CanonicalName]:
    """The names with more than one entry in a version."""
    names: set[CanonicalName] = set()
    for items in versions:
        seen: set[CanonicalName] = set()
        for item in items:
            (names if item.name in seen else seen).add(item.name)
    return names


def _with_keys(
    items: Iterable[ListItem],
    classes: MarkerClasses,
    several: set[CanonicalName] | None,
) -> list[ListItem]:
    """The items with the identities of entries.

    :param several: the names whose entries their name does not tell apart;
        None for all.
    """
    counts: dict[Identity, int] = {}
    result = []
    for item in items:
        if item.is_entry:
            key: Identity = ("line", item.lines)
            requirement = item.requirement
            if requirement is not None:
                key = ("entry", item.name)
                if several is None:
                    key = (*key, classes.of(item.name, item.marker))
                elif item.name in several:
                    extras = ",".join(
                        sorted(map(canonical_name, requirement.extras))
                    )
                    marker = classes.of(item.name, item.marker)
                    key = (*key, extras, marker)
            counts[key] = counts.get(key, -1) + 1
            item = item._replace(identity=(*key, counts[key]))  # noqa: PLW2901
        result.append(item)
    return result


class _Place(NamedTuple):
    """Where a comment or blank lines stand: behind and before which entry."""

    behind: Identity
    before: Identity


def _places(items: Sequence[ListItem]) -> dict[int, _Place]:
    """The places of what is no entry, by index."""
    before: dict[int, Identity] = {}
    following: Identity = ("end",)
    for index in range(len(items) - 1, -1, -1):
        before[index] = following
        if items[index].is_entry:
            following = items[index].identity
    result = {}
    preceding: Identity = ("start",)
    for index, item in enumerate(items):
        if item.is_entry:
            preceding = item.identity
        else:
            result[index] = _Place(preceding, before[index])
    return result


def _matched(
    base: Sequence[ListItem], side: Sequence[ListItem]
) -> dict[int, Identity]:
    """The identities of the comments and blank lines that the base has.

    The same text between the same entries comes first, and another text at
    the same place last: that one was changed.
    """
    old, new = _places(base), _places(side)
    matched: dict[int, Identity] = {}
    used: set[int] = set()

    def match(key: Callable[[ListItem, _Place], object]) -> None:
        unmatched: dict[object, deque[int]] = {}
        for index, place in old.items():
            if index not in used:
                unmatched.setdefault(key(base[index], place), deque()).append(
                    index
                )
        for index, place in new.items():
            if index in matched:
                continue
            candidates = unmatched.get(key(side[index], place))
            if candidates:
                first = candidates.popleft()
                used.add(first)
                matched[index] = base[first].identity

    match(lambda item, place: (item.lines, place))
    match(lambda item, place: (item.lines, place.before))
    match(lambda item, place: (item.lines, place.behind))
    match(
        lambda item, place: (
            item.lines if "".join(item.lines).strip() else place
        )
    )
    match(lambda item, place: (_kind(item), place.before))
    match(lambda item, place: (_kind(item), place.behind))
    return matched


def _kind(item: ListItem) -> str:
    return "comment" if "".join(item.lines).strip() else "blank"


def _named(
    items: Sequence[ListItem], matched: dict[int, Identity]
) -> list[ListItem]:
    """The items with an identity for all.

    What the base does not have is identified by the entry that follows, so
    that comments above the same new entry are the same comment.
    """
    places = _places(items)
    taken = set(matched.values())
    counts: dict[Identity, int] = {}
    result = []
    for index, item in enumerate(items):
        identity = item.identity
        if not item.is_entry:
            identity = matched.get(index, ())
            place = places[index]
            where: Identity = (
                (_kind(item), "behind", place.behind)
                if place.before == ("end",)
                else (_kind(item), "before", place.before)
            )
            while not identity or (index not in matched and identity in taken):
                counts[where] = counts.get(where, -1) + 1
                identity = (*where, counts[where])
            taken.add(identity)
        result.append(item._replace(identity=identity))
    return result
