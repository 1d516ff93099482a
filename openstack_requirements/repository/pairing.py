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
"""Which entries of the global list replace which entries of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.repository.equality import same_marker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.pep508.requirement import Requirement


def pair(
    pairs: Sequence[tuple[Declared, Requirement]],
    news: Sequence[Requirement],
    texts: Sequence[Sequence[str]],
) -> list[list[int]]:
    """For each old entry of a package, the new entries that replace it.

    Entries that are in step pair first, then those whose markers mean the
    same, and the rest by position. A new entry without a partner goes beside
    its neighbour in the new order; an old entry without a partner is removed.

    :param texts: for each new entry, its text in place of each old one.
    :returns: indexes of the new entries.
    """
    partner = _in_step(pairs, texts)
    free = [
        position
        for position in range(len(pairs))
        if position not in partner.values()
    ]
    for any_marker in (False, True):
        for index, new in enumerate(news):
            if index in partner:
                continue
            for position in free:
                old = pairs[position][1]
                if any_marker or same_marker(old.markers, new.markers):
                    partner[index] = position
                    free.remove(position)
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
    """Partners that need no change, for as many new entries as possible.

    An old entry may be in step with several new ones, so this is a maximum
    matching (by augmenting paths): an updated file stays as it is.

    :returns: positions of old entries by index of the new ones.
    """
    taken: dict[int, int] = {}  # position → index

    def assign(index: int, tried: set[int]) -> bool:
        for position, (entry, _) in enumerate(pairs):
            if position in tried or texts[index][position] != entry.text:
                continue
            tried.add(position)
            if position not in taken or assign(taken[position], tried):
                taken[position] = index
                return True
        return False

    for index in range(len(texts)):
        assign(index, set())
    return {index: position for position, index in taken.items()}
