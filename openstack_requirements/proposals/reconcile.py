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
"""What is done about a proposal: from what is wanted and what stands there.

Nothing here asks a forge. The rows of the table in the manual of
``propose-updates`` are the branches of :func:`decide`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openstack_requirements.proposals.proposal import Key

#: What is done, or what a person has to do.
Action = Literal[
    "nothing",  # in line, or declined by a person
    "propose",  # there is none
    "update",  # ours is another patch, or no longer applies
    "leave",  # ours is the same patch
    "close",  # in line, so that ours has no purpose
    "wait",  # a person has to act
]


class Wanted(NamedTuple):
    """What a project needs.

    :param patch: the identity of the patch; empty where it is in line.
    :param problems: why no patch can be made, each with file and line.
    """

    patch: str = ""
    problems: tuple[str, ...] = ()


class Open(NamedTuple):
    """A proposal of ours that is open.

    :param patch: the identity of its patch.
    :param amended: who changed it, where that was not us; or empty.
    :param applies: whether it can still be applied.
    """

    patch: str
    amended: str = ""
    applies: bool = True


class Step(NamedTuple):
    """What is done, and why, in a few words."""

    action: Action
    reason: str


def decide(wanted: Wanted, ours: Open | None, declined: str = "") -> Step:
    """What is done about a project.

    :param ours: the proposal that is open, if there is one.
    :param declined: the identity of the patch that a person closed unmerged
        last, or empty.
    """
    if wanted.problems:
        return Step("wait", "the update has an error")
    if ours is not None:
        if ours.amended:
            return Step("wait", f"{ours.amended} amended it")
        if not wanted.patch:
            return Step("close", "the project is in line")
        if ours.patch != wanted.patch:
            return Step("update", "the update is another one now")
        if not ours.applies:
            return Step("update", "it no longer applies")
        return Step("leave", "it is the same update")
    if not wanted.patch:
        return Step("nothing", "in line")
    if wanted.patch == declined:
        return Step("nothing", "a person closed the same update unmerged")
    return Step("propose", "it differs from the list")


def first_of(
    wanted: Mapping[Key, str], having: Iterable[str], most: int | None
) -> frozenset[Key]:
    """Which changes are proposed first, where not all may be.

    Projects take turns. Those come first that have nothing open; among them
    a digest of the change decides, so that with another change others are
    first. Nobody is left out for good: what is proposed is not proposed
    again.

    :param wanted: the changes, with what makes each one another.
    :param having: the project of each proposal that is open.
    :param most: how many; None for all.
    """
    if most is None:
        return frozenset(wanted)
    turns: dict[str, int] = {}
    for project in having:
        turns[project] = turns.get(project, 0) + 1
    rows = []
    for lot, key in sorted((_lot(*item), item[0]) for item in wanted.items()):
        turn = turns.get(key.project, 0)
        turns[key.project] = turn + 1
        rows.append((turn, lot, key))
    return frozenset(key for _, _, key in sorted(rows)[:most])


def _lot(key: Key, change: str) -> str:
    text = "\0".join((*key, change))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
