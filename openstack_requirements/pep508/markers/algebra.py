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
"""How markers relate: whether they are equal, overlap, or imply each other.

Each function answers over a stated set of environments, and gives one of
them as an example where it can.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from openstack_requirements.pep508.markers.environments import (
    ANY,
    Environments,
)
from openstack_requirements.pep508.markers.tree import BadMarker, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def counterexample(
    first: str, second: str, environments: Environments = ANY
) -> dict[str, str] | None:
    """An environment that only one of two markers selects, or None.

    :raises BadMarker: where a marker has no meaning.
    """
    if parse(first) == parse(second):
        return None
    cases = environments.cases([first, second])
    by_first, by_second = cases.selected
    return cases.example(by_first ^ by_second)


def equivalent(
    first: str, second: str, environments: Environments = ANY
) -> bool:
    """Whether two markers select the same environments.

    :raises BadMarker: where a marker has no meaning.
    """
    return counterexample(first, second, environments) is None


def overlap(
    markers: Sequence[str], environments: Environments = ANY
) -> dict[str, str] | None:
    """An environment that all of the markers select, or None.

    :raises BadMarker: where a marker has no meaning.
    """
    cases = environments.cases(markers)
    common = cases.all
    for selected in cases.selected:
        common &= selected
    return cases.example(common)


@lru_cache(maxsize=4096)
def can_meet(first: str, second: str) -> bool:
    """Whether two markers can hold together; true where a marker is bad."""
    if not first or not second:
        return True
    try:
        return overlap([first, second]) is not None
    except BadMarker:
        return True


def disjoint(
    first: str, second: str, environments: Environments = ANY
) -> bool:
    """Whether no environment is selected by both markers.

    :raises BadMarker: where a marker has no meaning.
    """
    return overlap([first, second], environments) is None


def uncovered(
    markers: Sequence[str], environments: Environments = ANY
) -> dict[str, str] | None:
    """An environment that none of the markers selects, or None.

    :raises BadMarker: where a marker has no meaning.
    """
    cases = environments.cases(markers)
    rest = cases.all
    for selected in cases.selected:
        rest &= ~selected
    return cases.example(rest)


def implies(first: str, second: str, environments: Environments = ANY) -> bool:
    """Whether the second marker selects all that the first one selects.

    :raises BadMarker: where a marker has no meaning.
    """
    by_first, by_second = environments.cases([first, second]).selected
    return not by_first & ~by_second


def combinations(
    markers: Sequence[str], environments: Environments = ANY
) -> list[tuple[bool, ...]]:
    """The combinations of markers that hold together in an environment.

    :returns: for each combination whether each of the markers holds.
    :raises BadMarker: where a marker has no meaning.
    """
    return environments.cases(markers).combinations()


def compared_text(first: Iterable[str], second: Iterable[str]) -> int:
    """How much text it is to compare all markers of one file with another's.

    The time that this takes is about proportional to it, and
    :data:`~openstack_requirements.pep508.limits.MOST_COMPARED_TEXT` limits it.
    """
    left, right = set(first) - {""}, set(second) - {""}
    return len(right) * sum(map(len, left)) + len(left) * sum(map(len, right))
