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
"""Which of many upgrades are the culprits, by bisection.

All upgrades together fail. Of a batch after the other, the search finds the
first with which the test fails: that is a culprit. It is left out, and the
search goes on with the rest. One culprit takes about as many tests as the
number of upgrades has binary digits.

Nothing is tested here. A :class:`Search` is a value: :func:`questions` says
which selections of upgrades to test next, :func:`after` is the search with
their outcomes, and :func:`result` is the result once nothing is asked any
more.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from openstack_requirements.errors import RequirementsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from openstack_requirements.pep508.requirement import CanonicalName

#: Upgrades that are made together or not at all.
Batch: TypeAlias = "tuple[CanonicalName, ...]"
#: The upgrades of one test, sorted; all others stay at their earlier pins.
Selection: TypeAlias = "tuple[CanonicalName, ...]"


class Culprit(NamedTuple):
    """Upgrades that do not pass, and why not."""

    batch: Batch
    reason: str


class SearchResult(NamedTuple):
    """The result of a search.

    :param accepted: the upgrades that pass together, sorted.
    :param culprits: those that do not pass with them.
    :param tests: how many selections were tested.
    """

    accepted: Selection
    culprits: tuple[Culprit, ...]
    tests: int


class NothingPasses(RequirementsError):
    """The earlier pins fail without any upgrade, so none is a culprit."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def sentence(self) -> str:
        """That no upgrade is a culprit, and the failure in its own lines."""
        return (
            "no upgrade is the culprit: with all pins of --previous it fails "
            f"as well\n{self.reason}"
        )


class Search(NamedTuple):
    """How far a search has got.

    :param rest: the batches that are not decided yet.
    :param accepted: the batches that pass together.
    :param culprits: the batches that do not pass with those before them.
    :param passing: with so many batches of the rest, the test passes.
    :param failing: with so many batches of the rest, it fails; None while it
        is not known whether it fails with all of them.
    :param outcomes: for each selection that was tested, why it fails; empty
        where it passes.
    :param side_by_side: how many selections may be tested at once.
    """

    rest: tuple[Batch, ...]
    accepted: tuple[Batch, ...] = ()
    culprits: tuple[Culprit, ...] = ()
    passing: int = 0
    failing: int | None = None
    outcomes: Mapping[Selection, str] = MappingProxyType({})
    side_by_side: int = 1

    def selection(self, count: int) -> Selection:
        """What is accepted, with the first batches of the rest."""
        return _names([*self.accepted, *self.rest[:count]])

    def counts(self) -> list[int]:
        """With how many batches of the rest to test next."""
        if not self.rest:
            return []
        if self.failing is None:
            return [len(self.rest)]
        span = self.failing - self.passing
        if span > 1:
            parts = self.side_by_side + 1
            cuts = {self.passing + span * n // parts for n in range(1, parts)}
            return sorted(cuts - {self.passing})
        # The first upgrade fails. It is a culprit unless nothing passes.
        return [] if self.passing or self.accepted else [0]


def start(upgrades: Sequence[Batch], side_by_side: int = 1) -> Search:
    """A search that has not begun.

    :param upgrades: in an order in which each batch passes if those before
        it do and it works itself; :func:`.batches.ordered` makes one.
    """
    return Search(tuple(upgrades), side_by_side=side_by_side)


def questions(search: Search) -> tuple[Selection, ...]:
    """The selections to test next; none once the search is over."""
    return tuple(
        selection
        for selection in map(search.selection, search.counts())
        if selection not in search.outcomes
    )


def after(search: Search, outcomes: Mapping[Selection, str]) -> Search:
    """The search with the outcomes of tests, as far as they lead.

    :param outcomes: for each selection why it fails; empty where it passes.
    """
    search = search._replace(
        outcomes=MappingProxyType({**search.outcomes, **outcomes})
    )
    while search.rest and not questions(search):
        search = _next(search)
    return search


def result(search: Search) -> SearchResult:
    """The result of a search that is over.

    :raises NothingPasses: where it fails without any upgrade as well.
    """
    nothing = search.outcomes.get(())
    if nothing:
        raise NothingPasses(nothing)
    return SearchResult(
        _names(search.accepted), search.culprits, len(search.outcomes)
    )


def _next(search: Search) -> Search:
    """A step further; the outcomes of what the search asks are known."""
    counts = search.counts()
    failing = [
        count for count in counts if search.outcomes[search.selection(count)]
    ]
    if search.failing is None:
        if failing:
            return search._replace(failing=failing[0])
        return search._replace(
            rest=(), accepted=(*search.accepted, *search.rest)
        )
    if search.failing - search.passing > 1:
        least = min(failing, default=search.failing)
        return search._replace(
            failing=least,
            passing=max(
                (count for count in counts if count < least),
                default=search.passing,
            ),
        )
    if failing:  # without any upgrade
        return search._replace(rest=())
    reason = search.outcomes[search.selection(search.failing)]
    culprit = Culprit(search.rest[search.passing], reason)
    return search._replace(
        rest=search.rest[search.failing :],
        accepted=(*search.accepted, *search.rest[: search.passing]),
        culprits=(*search.culprits, culprit),
        passing=0,
        failing=None,
    )


def _names(batches: Iterable[Batch]) -> Selection:
    return tuple(sorted(name for batch in batches for name in batch))
