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
"""What a bisection of upgrades does next: state in, step out.

A :class:`BisectionState` is a value. :func:`step` says what to do next, and
each kind of step has a function that takes its outcome:
:func:`newest_resolved`, :func:`tested` and :func:`earlier_resolved`.
``bisection`` does the steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints.merging import merge, pins_for
from openstack_requirements.install import batches, culprits
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import (
        Collection,
        Iterable,
        Mapping,
        Sequence,
    )

    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.install.culprits import (
        Culprit,
        Search,
        SearchResult,
        Selection,
    )
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )


class Upgrades(NamedTuple):
    """The upgrades that are searched.

    :param old: the lines of the constraints that work, by name.
    :param new: the lines of those that fail.
    :param changed: the names whose version changes, sorted; whatever else is
        new goes into all constraints.
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


class ResolveNewest(NamedTuple):
    """The step: resolve with all upgrades."""


class ResolveEarlier(NamedTuple):
    """The step: resolve with the earlier pins.

    :param constraints: the lines of these.
    """

    constraints: list[str]


class TestSelections(NamedTuple):
    """The step: test constraints.

    :param constraints: for each selection of upgrades, the lines to test.
    """

    constraints: Mapping[Selection, list[str]]


class InstallAccepted(NamedTuple):
    """The last step: install what is accepted.

    :param constraints: the lines of that.
    :param held: the earlier pins of the culprits, by name.
    """

    result: SearchResult
    constraints: list[str]
    held: Mapping[CanonicalName, Sequence[str]]

    def sentences(self) -> list[str]:
        """The result, for a person."""
        accepted = len(self.result.accepted)
        result = [
            f"bisect: {accepted} of {accepted + len(self.held)} upgrades "
            f"pass, after {self.result.tests} tests"
        ]
        for culprit in self.result.culprits:
            names = ", ".join(culprit.batch)
            pins = " ".join(
                pin for name in culprit.batch for pin in self.held[name]
            )
            result.append(
                f"{names}: held at {pins}, because the upgrade fails"
            )
            result += [f"  {line}" for line in culprit.reason.splitlines()]
        return result


class BisectionState(NamedTuple):
    """How far a bisection has got.

    :param previous: the constraints that are known to work.
    :param never: names that are never constrained.
    :param side_by_side: how many selections may be tested at once.
    :param newest: what all upgrades together install; None before that is
        resolved.
    :param search: the search among the upgrades, each a batch of its own
        until the bisection is ``ordered``.
    :param ordered: whether the batches are known.
    """

    previous: Sequence[Requirement]
    never: Collection[CanonicalName] = frozenset()
    side_by_side: int = 1
    newest: Sequence[Freeze] | None = None
    upgrades: Upgrades = Upgrades({}, {}, ())
    search: Search = culprits.start(())
    ordered: bool = False


def step(
    state: BisectionState,
) -> ResolveNewest | ResolveEarlier | TestSelections | InstallAccepted:
    """What to do next.

    :raises NothingPasses: where the earlier pins do not work either.
    """
    if state.newest is None:
        return ResolveNewest()
    constraints = state.upgrades.constraints
    if state.search.failing is not None and not state.ordered:
        return ResolveEarlier(constraints(()))
    questions = culprits.questions(state.search)
    if questions:
        return TestSelections(
            {selection: constraints(selection) for selection in questions}
        )
    result = culprits.result(state.search)
    unavailable = _unavailable(state.newest)
    return InstallAccepted(
        result._replace(culprits=(*unavailable, *result.culprits)),
        constraints(result.accepted),
        {
            name: state.upgrades.old[name]
            for culprit in (*unavailable, *result.culprits)
            for name in culprit.batch
        },
    )


def newest_resolved(
    state: BisectionState, newest: Sequence[Freeze]
) -> BisectionState:
    """The bisection once it is known what all upgrades install."""
    changed = sorted(
        {
            name
            for freeze in newest
            for name, version in _pins(state, freeze).items()
            if freeze.by_name()[name].version != version
        }
    )
    old = _lines(
        (pin.package, pin._replace(comment="").to_line().rstrip())
        for pin in state.previous
        if pin.package
    )
    new = _lines(
        (pin.name, pin.to_line().rstrip())
        for pin in merge(newest, state.never)
    )
    return state._replace(
        newest=newest,
        upgrades=Upgrades(old, new, changed),
        search=culprits.start(
            [(name,) for name in changed], state.side_by_side
        ),
    )


def tested(
    state: BisectionState, outcomes: Mapping[Selection, str]
) -> BisectionState:
    """The bisection with the outcomes of tests.

    :param outcomes: for each selection why it fails; empty where it passes.
    """
    return state._replace(search=culprits.after(state.search, outcomes))


def earlier_resolved(
    state: BisectionState, earlier: Sequence[Freeze]
) -> BisectionState:
    """The bisection once it is known what the earlier pins install.

    :param earlier: for the same interpreters as the newest; empty where they
        cannot be resolved, and what they require stays unknown.
    """
    needs: dict[CanonicalName, set[CanonicalName]] = {}
    newest = state.newest or ()
    changed = state.upgrades.changed
    for freeze in newest:
        pins = _pins(state, freeze)
        for name, required in batches.demands(freeze, changed, pins):
            needs.setdefault(name, set()).add(required)
    for before, freeze in zip(earlier, newest, strict=False):
        versions = {
            name: distribution.version
            for name, distribution in freeze.by_name().items()
        }
        for name, required in batches.demands(before, changed, versions):
            needs.setdefault(required, set()).add(name)
    search = culprits.start(
        batches.ordered(changed, needs), state.side_by_side
    )
    return state._replace(
        search=culprits.after(search, state.search.outcomes), ordered=True
    )


def _unavailable(newest: Iterable[Freeze]) -> tuple[Culprit, ...]:
    """What cannot even be resolved, and so is held without a test."""
    reasons = {
        canonical_name(kept.name): f"{kept.failed} {kept.reason}".strip()
        for freeze in newest
        for kept in freeze.kept
        if kept.installed
    }
    return tuple(
        culprits.Culprit((name,), reasons[name]) for name in sorted(reasons)
    )


def _pins(state: BisectionState, freeze: Freeze) -> dict[CanonicalName, str]:
    """The earlier pins of what a freeze holds."""
    pins = pins_for(state.previous, freeze.environment)
    return {
        name: version
        for name, version in pins.items()
        if name in freeze.by_name() and name not in state.never
    }


def _lines(
    pairs: Iterable[tuple[str, str]],
) -> dict[CanonicalName, list[str]]:
    result: dict[CanonicalName, list[str]] = {}
    for name, line in pairs:
        result.setdefault(canonical_name(name), []).append(line)
    return result
