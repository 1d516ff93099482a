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
"""The order of a list after a three-way merge.

Nothing here knows what the items are. The order does not depend on which side
is called ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from openstack_requirements.constraints.merge_items import Identity

_START: Identity = ("start",)


class Orders(NamedTuple):
    """The order of the merged items as either side has it.

    They differ only where both sides moved the same items, to other places.
    """

    ours: list[Identity]
    theirs: list[Identity]


def merged_order(
    base: Sequence[Identity],
    ours: Sequence[Identity],
    theirs: Sequence[Identity],
    key: Callable[[Identity], tuple[object, ...] | None],
) -> Orders:
    """The order of all items that a version of the list has.

    The order of a side that moved items wins over that of one that did not.
    New items stay behind those that they were put behind.

    :param key: what orders new items at the same place; None for an item
        that stays with the next one that has a key.
    """
    our_move, their_move = _moves(base, ours), _moves(base, theirs)
    if not our_move and not their_move:
        runs = _runs(base, ours), _runs(base, theirs)
        order = _distinct(
            identity
            for anchor in (_START, *base)
            for identity in (
                *([] if anchor == _START else [anchor]),
                *_joined(
                    runs[0].get(anchor, []), runs[1].get(anchor, []), key
                ),
            )
        )
        return Orders(order, order)
    from_ours = _inserted(ours, theirs, key)
    from_theirs = _inserted(theirs, ours, key)
    if not their_move:
        return Orders(from_ours, from_ours)
    if not our_move:
        return Orders(from_theirs, from_theirs)
    return Orders(from_ours, from_theirs)


def _moves(base: Sequence[Identity], side: Sequence[Identity]) -> bool:
    """Whether a side has items of the base in another order."""
    in_side, in_base = set(side), set(base)
    return [x for x in base if x in in_side] != [
        x for x in side if x in in_base
    ]


def _distinct(identities: Iterable[Identity]) -> list[Identity]:
    return list(dict.fromkeys(identities))


def _runs(
    anchors: Iterable[Identity], side: Iterable[Identity]
) -> dict[Identity, list[Identity]]:
    """The items of a side that are no anchors, by the anchor before them."""
    known = set(anchors)
    anchor = _START
    result: dict[Identity, list[Identity]] = {}
    for identity in side:
        if identity in known:
            anchor = identity
        else:
            result.setdefault(anchor, []).append(identity)
    return result


def _inserted(
    skeleton: Sequence[Identity],
    side: Sequence[Identity],
    key: Callable[[Identity], tuple[object, ...] | None],
) -> list[Identity]:
    """A side's order, with what only the second side has put into it."""
    common = set(skeleton) & set(side)
    own, added = _runs(common, skeleton), _runs(common, side)
    result = _joined(own.get(_START, []), added.get(_START, []), key)
    for identity in skeleton:
        if identity in common:
            result.append(identity)
            result += _joined(
                own.get(identity, []), added.get(identity, []), key
            )
    return result


def _joined(
    first: list[Identity],
    second: list[Identity],
    key: Callable[[Identity], tuple[object, ...] | None],
) -> list[Identity]:
    """Two runs of new items at the same place as one.

    Either keeps its order, and between them the keys decide. Items of both
    are there once.
    """
    if not first or not second or first == second:
        return first or second
    in_second = set(second)
    common = [identity for identity in first if identity in in_second]
    in_common = set(common)
    if common != [identity for identity in second if identity in in_common]:
        # Both have them, in another order: only the keys are left.
        units = [*_units(first, key), *_units(second, key)]
        return _distinct(
            identity
            for _, unit in sorted(units, key=_rank)
            for identity in unit
        )
    result: list[Identity] = []
    for last in (*common, None):
        parts = []
        for run in (first, second):
            end = len(run) if last is None else run.index(last)
            parts.append(_units(run[:end], key))
            del run[: end + 1]
        result += _by_key(*parts)
        if last is not None:
            result.append(last)
    return result


def _units(
    run: Sequence[Identity],
    key: Callable[[Identity], tuple[object, ...] | None],
) -> list[tuple[tuple[object, ...], list[Identity]]]:
    """A run in parts that stay together, with their keys."""
    result: list[tuple[tuple[object, ...], list[Identity]]] = []
    unit: list[Identity] = []
    for identity in run:
        unit.append(identity)
        place = key(identity)
        if place is not None:
            result.append(((0, *place), unit))
            unit = []
    if unit:
        result.append(((1, repr(unit)), unit))
    return result


def _rank(
    part: tuple[tuple[object, ...], list[Identity]],
) -> tuple[tuple[object, ...], str]:
    """What orders parts, without comparing identities of several kinds."""
    return part[0], repr(part[1])


def _by_key(
    first: list[tuple[tuple[object, ...], list[Identity]]],
    second: list[tuple[tuple[object, ...], list[Identity]]],
) -> list[Identity]:
    """Two lists of parts as one, the lower key of their heads first."""
    result: list[Identity] = []
    while first and second:
        lower = first if _rank(first[0]) <= _rank(second[0]) else second
        result += lower.pop(0)[1]
    for _, unit in (*first, *second):
        result += unit
    return result
