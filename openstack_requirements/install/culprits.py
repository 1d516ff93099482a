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
"""Which of many upgrades are to blame.

A set of upgrades fails. :func:`search` finds the largest part of it that
passes by trying ever smaller ones: one culprit costs about as many trials as
the number of upgrades has binary digits. Nothing is tried here; the caller
says how.

Some upgrades only work together, and must not be blamed for being tried
alone. :func:`batches` finds those from what they require of each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from openstack_requirements.errors import RequirementsError
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterator,
        Mapping,
        Sequence,
    )

    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.pep508.requirement import CanonicalName

#: Upgrades that are made together or not at all.
Batch: TypeAlias = "tuple[CanonicalName, ...]"


class Culprit(NamedTuple):
    """Upgrades that do not pass, and why not."""

    batch: Batch
    reason: str


class Upgrades(NamedTuple):
    """The upgrades that are searched.

    :param old: the lines of the constraints that work, by name.
    :param new: the lines of those that fail.
    :param changed: the names whose version changes; what else is new goes
        into all constraints.
    """

    old: Mapping[CanonicalName, Sequence[str]]
    new: Mapping[CanonicalName, Sequence[str]]
    changed: Sequence[CanonicalName]

    def constraints(self, accepted: Collection[CanonicalName]) -> list[str]:
        """The constraints with these upgrades and no others."""
        lines = {**self.old}
        for name, new in self.new.items():
            if name in accepted or name not in self.changed:
                lines[name] = new  # noqa: PERF403 - it updates
        return [line for name in sorted(lines) for line in lines[name]]


class Verdict(NamedTuple):
    """What a search found.

    :param accepted: the upgrades that pass together.
    :param culprits: those that do not pass with them.
    :param trials: how many trials it took.
    """

    accepted: tuple[CanonicalName, ...]
    culprits: tuple[Culprit, ...]
    trials: int


class NothingPasses(RequirementsError):
    """Even without any upgrade it fails, so none is to blame."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def sentence(self) -> str:
        """That none is to blame, and the failure in its own lines."""
        return (
            "no upgrade is to blame: with all pins of --previous it fails "
            f"as well\n{self.reason}"
        )


def search(
    upgrades: Sequence[Batch],
    trial: Callable[[Collection[CanonicalName]], str],
) -> Verdict:
    """The upgrades that pass together, and those that do not.

    :param upgrades: in an order in which each passes if those before it do
        and it is sound itself.
    :param trial: tries these upgrades, with all others left undone: why they
        fail, or the empty text where they pass.
    :raises NothingPasses: where the culprit would be the first upgrade, and
        without any it fails too.
    """
    known: dict[tuple[CanonicalName, ...], str] = {}

    def fails(batches: Sequence[Batch]) -> str:
        names = tuple(sorted(name for batch in batches for name in batch))
        if names not in known:
            known[names] = trial(names)
        return known[names]

    accepted: list[Batch] = []
    culprits: list[Culprit] = []
    rest = list(upgrades)
    while rest and fails([*accepted, *rest]):
        # With the first ``low`` of the rest it passes, with ``high`` not.
        low, high = 0, len(rest)
        while high - low > 1:
            middle = (low + high) // 2
            if fails([*accepted, *rest[:middle]]):
                high = middle
            else:
                low = middle
        if not low and not accepted and fails([]):
            raise NothingPasses(fails([]))
        reason = fails([*accepted, *rest[:high]])
        culprits.append(Culprit(rest[low], reason))
        accepted += rest[:low]
        rest = rest[high:]
    accepted += rest
    return Verdict(
        tuple(sorted(name for batch in accepted for name in batch)),
        tuple(culprits),
        len(known),
    )


def batches(
    names: Collection[CanonicalName],
    needs: Mapping[CanonicalName, Collection[CanonicalName]],
) -> list[Batch]:
    """Upgrades in an order in which they can be tried one after the other.

    :param needs: for each upgrade, which others it cannot do without. Those
        that need each other become one batch.
    """
    reached = {name: _reached(name, names, needs) for name in names}
    found = {
        tuple(
            sorted({name, *(o for o in reached[name] if name in reached[o])})
        )
        for name in names
    }
    # What an upgrade needs reaches less than it does itself.
    return sorted(
        found, key=lambda batch: (len(reached[batch[0]] | {*batch}), batch)
    )


def _reached(
    name: CanonicalName,
    names: Collection[CanonicalName],
    needs: Mapping[CanonicalName, Collection[CanonicalName]],
) -> set[CanonicalName]:
    found: set[CanonicalName] = set()
    waiting = [name]
    while waiting:
        for each in needs.get(waiting.pop(), ()):
            if each in names and each not in found:
                found.add(each)
                waiting.append(each)
    return found


def demands(
    freeze: Freeze,
    names: Collection[CanonicalName],
    versions: Mapping[CanonicalName, str],
) -> Iterator[tuple[CanonicalName, CanonicalName]]:
    """Who of the names requires which other in another version.

    :param versions: the version that each would have.
    :returns: pairs of the one that requires and the one whose version does
        not satisfy it. Markers are not looked at: a pair too many only makes
        a batch larger.
    """
    from openstack_requirements.constraints import graph
    from openstack_requirements.pep508 import ranges  # not all who search

    for name, distribution in freeze.by_name().items():
        if name not in names:
            continue
        for text in distribution.requires:
            requirement = graph.read(text).requirement
            if requirement is None:
                continue
            other = canonical_name(requirement.package)
            if other == name or other not in names or other not in versions:
                continue
            if not ranges.admits(requirement.specifiers, versions[other]):
                yield name, other
