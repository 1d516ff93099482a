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
"""The three-way merge of list files by meaning.

:func:`merge_lists` takes the texts of a base and of two sides, as git's merge
drivers do, and gives the merged text. Changes of different entries never
conflict, wherever they stand. What the sides disagree about, and what would
make a wrong list, is left as a conflict.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints.conflict_markers import (
    MARKER_SIZE,
    ConflictLabels,
    conflict_lines,
)
from openstack_requirements.constraints.merge_items import (
    FileForm,
    file_form,
    form_of,
    identified,
    read_items,
)
from openstack_requirements.constraints.merge_order import merged_order
from openstack_requirements.constraints.merge_pins import (
    TOO_MANY,
    MergedEntries,
    SideLines,
    merged_entries,
    texts_of,
    three_way,
)
from openstack_requirements.constraints.merge_proof import wrong_pins
from openstack_requirements.constraints.merging import order_key
from openstack_requirements.pep508 import limits, markers
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from openstack_requirements.constraints.conflict_markers import (
        ConflictStyle,
    )
    from openstack_requirements.constraints.merge_items import (
        Identity,
        LineEnd,
        ListForm,
        ListItem,
    )
    from openstack_requirements.constraints.merge_order import Orders
    from openstack_requirements.constraints.merge_pins import MergePolicy
    from openstack_requirements.constraints.merge_proof import (
        AdmittedVersions,
    )
    from openstack_requirements.pep508.requirement import CanonicalName


class MergeConflict(NamedTuple):
    """What a merge could not decide.

    :param name: the distribution, as written; empty for a comment and for
        the order.
    :param reason: why, in a few words.
    :param base: the lines of the base, without line ends.
    :param number: the line of the merged text at which it starts.
    """

    name: str
    reason: str
    base: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    number: int = 0


class MergedList(NamedTuple):
    """A merged list.

    :param text: the whole file; it has conflict markers where there are
        conflicts.
    :param notes: what is wrong with lines that no side changed: the merge
        leaves them as they are.
    """

    text: str
    conflicts: tuple[MergeConflict, ...] = ()
    notes: tuple[str, ...] = ()


class MergeSources(NamedTuple):
    """The names of the three texts, for errors."""

    base: str = "base"
    ours: str = "ours"
    theirs: str = "theirs"


#: The lines of a comment that are matched with others one by one; more are
#: one change.
_MOST_MATCHED = 300
#: The lines of an item of a base that is not known. No text has such a line.
_UNKNOWN = ("\0",)


def merge_lists(
    base: str | None,
    ours: str,
    theirs: str,
    *,
    policy: MergePolicy = "conflict",
    form: ListForm | None = None,
    admitted: AdmittedVersions | None = None,
    labels: ConflictLabels | None = None,
    style: ConflictStyle = "merge",
    marker_size: int = MARKER_SIZE,
    sources: MergeSources | None = None,
) -> MergedList:
    """The texts of two sides with the changes that both made to a base.

    The change of one side wins over none, and the same change on both sides
    is one. No line comes out that none of the texts has, but for pins that
    are combined environment by environment.

    The result is proved: of a list of constraints no two lines apply in one
    environment, every line is exact and within the global list, and where
    the texts are in the order of generated files, it is in that order. What
    would break this is a conflict; where all of it stood in the base, a note.
    Where only one side changed the file, the result is that side as it is,
    and all that is wrong with it are notes.

    :param base: None where it is not known: then all that differs conflicts,
        unless the policy decides.
    :param policy: what is taken where both sides changed the same entry:
        nothing, the newest version, or one side. ``newest`` decides about
        versions of pins alone.
    :param form: constraints or requirements; None for what the texts look
        like.
    :param labels: the names of the sides in conflict markers.
    :param sources: the names of the texts, for errors.
    :raises BadContent: with the lines of a text that cannot be read.
    """
    texts = (ours if base is None else base, ours, theirs)
    forms = [file_form(text) for text in texts]
    mixed = any(written.line_end == "mixed" for written in forms)
    versions = [
        read_items(text, source, keep_ends=mixed)
        for text, source in zip(texts, sources or MergeSources(), strict=True)
    ]
    if form is None:
        form = form_of(versions)
    items = identified(versions, form)
    if base is None:
        items[0] = _unknown_base(*items[1:])
    merge = _Merge(items, policy, admitted, is_pins=form == "constraints")
    unchanged = None if base is None else three_way(*texts)
    if unchanged is not None:
        # Nothing is merged, so nothing can be wrong because of it.
        side = items[1] if unchanged == ours else items[2]
        return MergedList(unchanged, (), tuple(merge.problems(side)))
    return merge.result(
        FileForm(
            _line_end(*(written.line_end for written in forms)),
            _ends_last_line(*(written.ends_last_line for written in forms)),
            bool(three_way(*(written.byte_order_mark for written in forms))),
        ),
        labels or ConflictLabels(),
        style,
        marker_size,
    )


def _unknown_base(
    ours: Sequence[ListItem], theirs: Sequence[ListItem]
) -> list[ListItem]:
    """A base from which both sides differ wherever they are not the same."""
    first, second = (
        {item.identity: item for item in items} for items in (ours, theirs)
    )
    return [
        item
        if first.get(identity) == second.get(identity)
        else item._replace(lines=_UNKNOWN, requirement=None)
        for identity, item in {**first, **second}.items()
    ]


def _line_end(base: LineEnd, ours: LineEnd, theirs: LineEnd) -> LineEnd:
    """The line ends of the merged file.

    A file that does not say does not count.
    """
    if "mixed" in (base, ours, theirs):
        return "mixed"
    if not ours or not theirs:
        return ours or theirs or base or "\n"
    return three_way(base, ours, theirs) or "\n"


def _ends_last_line(
    base: bool | None,  # noqa: FBT001 - that is what all three are about
    ours: bool | None,  # noqa: FBT001
    theirs: bool | None,  # noqa: FBT001
) -> bool:
    if ours is None or theirs is None:
        return theirs is not False and ours is not False
    return three_way(base, ours, theirs) is not False


class _Outcome(NamedTuple):
    """What becomes of an item: its lines, or a conflict."""

    lines: tuple[str, ...] = ()
    conflict: MergeConflict | None = None

    def of(self, *, is_ours: bool) -> tuple[str, ...]:
        """The lines as one side has them."""
        if self.conflict is None:
            return self.lines
        return self.conflict.ours if is_ours else self.conflict.theirs


class _Merge:
    """The merge of three versions of a list.

    ``outcomes`` has what becomes of each item, by its identity.
    """

    def __init__(
        self,
        versions: Sequence[Sequence[ListItem]],
        policy: MergePolicy,
        admitted: AdmittedVersions | None,
        *,
        is_pins: bool,
    ) -> None:
        self._versions = versions
        self._policy = policy
        self._admitted = admitted
        self._is_pins = is_pins
        base, ours, theirs = (
            {item.identity: item for item in items} for items in versions
        )
        self._sides = SideLines(base, ours, theirs)
        #: The item of any version: all have the same kind and name.
        self._items = {**base, **theirs, **ours}
        self._generated_order = self._order() if is_pins else None
        self._outcomes: dict[Identity, _Outcome] = {}
        self._notes: list[str] = []
        self._compared: dict[frozenset[str], bool] = {}
        self._left = limits.MOST_COMPARED_TEXT

    def result(
        self,
        written: FileForm,
        labels: ConflictLabels,
        style: ConflictStyle,
        marker_size: int,
    ) -> MergedList:
        """The merged text."""
        orders = merged_order(
            [item.identity for item in self._versions[0]],
            [item.identity for item in self._versions[1]],
            [item.identity for item in self._versions[2]],
            self._key,
        )
        by_name: dict[object, list[Identity]] = {}
        # What both sides removed is in no order, and comes last.
        for identity in dict.fromkeys((*orders.ours, *self._items)):
            item = self._items[identity]
            if item.is_entry:
                by_name.setdefault(item.name or identity, []).append(identity)
            else:
                self._outcomes[identity] = self._text(identity)
        for identities in by_name.values():
            self._merge_entries(identities)
        blocks = [self._sorted(order) for order in self._decided(orders)]
        conflicts: list[MergeConflict] = []
        lines: list[str] = []
        for outcome in self._in_one_order(*blocks):
            conflict = outcome.conflict
            if conflict is None:
                lines += outcome.lines
                continue
            conflicts.append(conflict._replace(number=len(lines) + 1))
            about = ": ".join(filter(None, (conflict.name, conflict.reason)))
            lines += conflict_lines(
                conflict.base,
                conflict.ours,
                conflict.theirs,
                about,
                labels,
                style,
                marker_size,
            )
        return MergedList(
            _content(lines, written), tuple(conflicts), tuple(self._notes)
        )

    def _decided(self, orders: Orders) -> Sequence[list[Identity]]:
        """Both orders; any of them where entries have the same in both."""
        ours, theirs = (
            [identity for identity in order if self._items[identity].is_entry]
            for order in orders
        )
        return [min(orders, key=repr)] * 2 if ours == theirs else orders

    def _text(self, identity: Identity) -> _Outcome:
        """What becomes of comment lines, or of blank lines."""
        base, ours, theirs = (
            side[identity].lines if identity in side else None
            for side in self._sides
        )
        if ours in (theirs, base):
            return _Outcome(theirs or ())
        if theirs == base:
            return _Outcome(ours or ())
        if self._policy in {"ours", "theirs"}:
            return _Outcome((ours if self._policy == "ours" else theirs) or ())
        first, second = ours or (), theirs or ()
        if not "".join((*first, *second)).strip():
            return _Outcome(max(first, second))
        merged = None
        if ours is not None and theirs is not None and base is not None:
            merged = merged_lines(base, ours, theirs)
        if merged is not None:
            return _Outcome(merged)
        reason = (
            "a comment changed on both sides"
            if ours and theirs
            else "a comment removed on one side, changed on the other"
        )
        conflict = MergeConflict("", reason, base or (), first, second)
        return _Outcome(conflict=conflict)

    def _merge_entries(self, identities: Sequence[Identity]) -> None:
        """Merge the entries of one distribution."""
        lines = SideLines(
            *(
                {key: side[key] for key in identities if key in side}
                for side in self._sides
            )
        )
        if self._is_pins and self._are_too_many(lines):
            merged = self._unproved(lines)
        else:
            merged = merged_entries(
                lines, self._policy, are_pins=self._is_pins
            )
            if self._is_pins:
                merged = self._proved(lines, merged)
        first = identities[0]
        spelled = {_spelled(item) for side in lines for item in side.values()}
        name = min(spelled - {""}, default="")  # as a path has none
        if merged.undecided:
            self._outcomes[first] = _conflict(name, merged.undecided, lines)
            return
        if merged.rewritten is not None:
            self._outcomes[first] = _Outcome(merged.rewritten)
            return
        for identity in identities:
            reason = merged.conflicts.get(identity)
            if reason is not None:
                only = SideLines(
                    *(
                        {identity: side[identity]} if identity in side else {}
                        for side in lines
                    )
                )
                self._outcomes[identity] = _conflict(name, reason, only)
            elif identity in merged.kept:
                self._outcomes[identity] = _Outcome((merged.kept[identity],))

    def _are_too_many(self, lines: SideLines) -> bool:
        """Whether there are more markers than are compared in one file.

        Those that many distributions have are compared once.
        """
        items = [item for side in lines for item in side.values()]
        admitting = (
            entry.requirement.markers
            for item in items[:1]
            if self._admitted is not None
            for entry in self._admitted.entries.get(item.name, ())
            if entry.requirement is not None
        )
        texts = frozenset((*(item.marker for item in items), *admitting))
        if texts not in self._compared:
            cost = markers.compared_text(texts, texts)
            self._compared[texts] = cost > self._left
            self._left -= 0 if self._compared[texts] else cost
        return self._compared[texts]

    def _unproved(self, lines: SideLines) -> MergedEntries:
        """The entries where there are too many markers to be compared."""
        if not lines.base == lines.ours == lines.theirs:
            return MergedEntries({}, {}, undecided=TOO_MANY)
        kept = texts_of(lines.base)
        self._notes.append(f"{next(iter(kept.values()))}: {TOO_MANY}")
        return MergedEntries(kept, {})

    def _proved(
        self, lines: SideLines, merged: MergedEntries
    ) -> MergedEntries:
        """The same, with conflicts where pins would be wrong.

        What already stood in the base is noted and stays.
        """
        if merged.undecided:
            return merged
        kept = dict(merged.kept)
        if merged.rewritten is not None:
            kept = {("rewritten", line): line for line in merged.rewritten}
        before = set(texts_of(lines.base).values())
        items = [
            item._replace(identity=identity)
            for identity, line in kept.items()
            for item in read_items(line)
        ]
        conflicts = dict(merged.conflicts)
        for problem in wrong_pins(items, self._admitted):
            about = [item.lines[0] for item in problem.items]
            if before.issuperset(about):
                self._notes.append(f"{about[0]}: {problem.reason}")
            elif merged.rewritten is not None or len(about) > 1:
                return MergedEntries({}, {}, undecided=problem.reason)
            else:
                identity = problem.items[0].identity
                conflicts[identity] = problem.reason
                kept.pop(identity, None)
        return merged._replace(
            kept=merged.kept if merged.rewritten is not None else kept,
            conflicts=conflicts,
        )

    def problems(self, side: Iterable[ListItem]) -> list[str]:
        """What is wrong with the pins of one side."""
        by_name: dict[CanonicalName, list[ListItem]] = {}
        for item in side if self._is_pins else ():
            if item.is_entry:
                by_name.setdefault(item.name, []).append(item)
        for items in by_name.values():
            entries = {item.identity: item for item in items}
            lines = SideLines(entries, entries, entries)
            if self._are_too_many(lines):
                self._unproved(lines)
            else:
                self._proved(lines, MergedEntries(texts_of(entries), {}))
        return self._notes

    def _key(self, identity: Identity) -> tuple[object, ...] | None:
        """What orders new entries at the same place."""
        item = self._items[identity]
        if not item.is_entry:
            return None
        line = min(
            side[identity].lines[0] for side in self._sides if identity in side
        )
        key = self._generated_order
        return ("" if key is None else key(line), item.name, line)

    def _sorted(self, order: Iterable[Identity]) -> list[_Outcome]:
        """The outcomes in the order of generated files, if that is theirs.

        What stands above the first entry stays there, and other comments stay
        above the entry that follows.
        """
        outcomes = [
            (self._items[identity].is_entry, self._outcomes[identity])
            for identity in order
            if identity in self._outcomes
        ]
        key = self._generated_order
        if key is None:
            return [outcome for _, outcome in outcomes]
        header: list[_Outcome] = []
        units: list[tuple[str, list[_Outcome]]] = []
        unit: list[_Outcome] = []
        for is_entry, outcome in outcomes:
            if not is_entry and not units:
                header.append(outcome)
                continue
            unit.append(outcome)
            if is_entry:
                lines = outcome.of(is_ours=True) or outcome.of(is_ours=False)
                units.append((key(lines[0]) if lines else "", unit))
                unit = []
        units.sort(key=lambda pair: pair[0])
        return [*header, *(x for _, parts in units for x in parts), *unit]

    def _order(self) -> Callable[[str], str] | None:
        """The order of generated files that the merged file is in.

        They have nothing but pins.
        """
        entries = [
            [x for x in items if x.is_entry and x.lines != _UNKNOWN]
            for items in self._versions
        ]
        if any(entry.pin is None for items in entries for entry in items):
            return None
        lines = [[entry.lines[0] for entry in items] for items in entries]
        for key in (order_key, _by_name):
            ordered = (
                keys == sorted(keys)
                for keys in ([key(line) for line in side] for side in lines)
            )
            if three_way(*ordered):
                return key
        return None

    def _in_one_order(
        self, ours: list[_Outcome], theirs: list[_Outcome]
    ) -> list[_Outcome]:
        """The outcomes, with a conflict where the sides order them otherwise.

        It is around the least that differs.
        """
        if ours == theirs or self._policy == "ours":
            return ours
        if self._policy == "theirs":
            return theirs
        start = 0
        while ours[start] == theirs[start]:
            start += 1
        end = 0
        while ours[-1 - end] == theirs[-1 - end]:
            end += 1
        stop = len(ours) - end
        first, second = (
            tuple(
                line
                for outcome in order[start:stop]
                for line in outcome.of(is_ours=is_ours)
            )
            for order, is_ours in ((ours, True), (theirs, False))
        )
        conflict = MergeConflict(
            "", "both sides order these lines", (), first, second
        )
        return [*ours[:start], _Outcome(conflict=conflict), *ours[stop:]]


def _spelled(item: ListItem) -> str:
    """The name of a distribution, as written."""
    return item.requirement.package if item.requirement else ""


def _conflict(name: str, reason: str, lines: SideLines) -> _Outcome:
    """The conflict of some entries of a distribution."""
    base, ours, theirs = (
        tuple(entry.lines[0] for entry in side.values()) for side in lines
    )
    return _Outcome(conflict=MergeConflict(name, reason, base, ours, theirs))


def _by_name(line: str) -> str:
    return canonical_name(line.partition("=")[0])


def _content(lines: Sequence[str], written: FileForm) -> str:
    """The text of a file with these lines."""
    end = "\r\n" if written.line_end == "\r\n" else "\n"
    text = "".join(f"{line}{end}" for line in lines)
    if not written.ends_last_line:
        text = text.removesuffix("\n").removesuffix("\r")
    return ("\ufeff" if written.byte_order_mark else "") + text


def merged_lines(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> tuple[str, ...] | None:
    """The lines of a comment with the changes of both sides.

    Changes of lines that follow each other do not conflict.

    :returns: None where both changed the same lines.
    """
    changes = sorted(
        {*_line_changes(base, ours), *_line_changes(base, theirs)}
    )
    result: list[str] = []
    reached = 0
    previous = (-1, -1)
    for start, stop, lines in changes:
        if start < reached or (start, stop) == previous:
            return None
        result += (*base[reached:start], *lines)
        reached = stop
        previous = (start, stop)
    return (*result, *base[reached:])


def _line_changes(
    base: Sequence[str], side: Sequence[str]
) -> list[tuple[int, int, tuple[str, ...]]]:
    """The lines of a side in the place of a range of those of the base."""
    start = 0
    most = min(len(base), len(side))
    while start < most and base[start] == side[start]:
        start += 1
    end = 0
    while end < most - start and base[-1 - end] == side[-1 - end]:
        end += 1
    old, new = base[start : len(base) - end], side[start : len(side) - end]
    if max(len(old), len(new)) > _MOST_MATCHED:
        return [(start, len(base) - end, tuple(new))]
    changes: list[tuple[int, int, tuple[str, ...]]] = []
    for tag, first, stop, begin, last in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            continue
        if stop - first == last - begin:
            # As many lines as before: each is a change of its own.
            changes += [
                (start + first + i, start + first + i + 1, (new[begin + i],))
                for i in range(stop - first)
            ]
        else:
            changes.append(
                (start + first, start + stop, tuple(new[begin:last]))
            )
    return changes
