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
"""The reasons for changes of constraints, from the freezes of both states.

What requires a distribution that was added, what required a removed one, and
what holds a version back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import explain
from openstack_requirements.constraints.graph import Graph
from openstack_requirements.pep508 import ranges
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)
from openstack_requirements.pep508.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from openstack_requirements.constraints.changes import Changes, PinChange
    from openstack_requirements.constraints.graph import Demand
    from openstack_requirements.constraints.states import ConstraintsState


class Unmet(NamedTuple):
    """A requirement of a newer version that the pins do not meet.

    ``pinned`` is the version that is pinned of what it requires. ``built`` is
    what a wheel that was built of the newer version requires of that instead,
    as text; empty where that is nothing, and None where no freeze knows it.
    """

    demand: Demand
    pinned: str
    built: str | None = None


class RecordedHold(NamedTuple):
    """A row of the hold ledger that excludes a version.

    :param text: what it limits: ``foo<2``.
    :param owner: who has recorded it, and ``bug`` what it waits for.
    :param until: the last day of it, ``YYYY-MM-DD``.
    :param file: the ledger, and ``line`` where the row starts there.
    """

    text: str
    owner: str
    bug: str
    reason: str
    until: str
    file: str
    line: int


class Hold(NamedTuple):
    """What holds a distribution back at its version, or may do so.

    ``newest`` is the newest version that is known, and ``by`` has the demands
    that do not admit it. Where no version above ``version`` is known,
    ``newest`` is empty and ``by`` has the demands with the deciding upper
    bound. ``requires_python`` is that of the newest version where it excludes
    the Python. ``pythons`` are those on which this holds. ``requires`` are
    the requirements of the newest version itself that keep it away, where they
    were looked up: its ``source`` is ``METADATA`` or ``PKG-INFO``, see
    :class:`openstack_requirements.constraints.newer.Release`. ``recorded`` are
    the rows of the hold ledger that exclude the newest version.
    """

    name: str
    version: str
    newest: str
    by: tuple[Demand, ...]
    requires_python: str
    pythons: tuple[str, ...]
    requires: tuple[Unmet, ...] = ()
    source: str = ""
    binding: bool = True
    recorded: tuple[RecordedHold, ...] = ()


def with_reasons(
    changes: Changes,
    old: ConstraintsState,
    new: ConstraintsState,
    newest: Mapping[str, Mapping[CanonicalName, str]] | None,
) -> Changes:
    """The changes, with what the freezes of both states say of them.

    :param newest: see :func:`.changes.between`.
    """
    if not (old.freezes or new.freezes):
        return changes
    old_graphs, new_graphs = _graphs(old), _graphs(new)
    moved = {
        canonical_name(change.name)
        for change in changes.changes
        if change.old and change.new
    }
    holds = _Holds(old, new, old_graphs, new_graphs, newest)
    explained = []
    for change in changes.changes:
        name = canonical_name(change.name)
        needed_by: tuple[Demand, ...] = ()
        if change.kind in {"added", "removed"}:
            graphs = (new_graphs, old_graphs)
            with_it, without_it = (
                graphs if change.kind == "added" else graphs[::-1]
            )
            of_kind = {
                canonical_name(alike.name) for alike in changes.of(change.kind)
            }
            needed_by = _cause(change, with_it, without_it, of_kind, moved)
        explained.append(
            change._replace(
                needed_by=needed_by,
                holds=holds.of(name, change)
                if change.kind != "removed"
                else (),
            )
        )
    changed = {canonical_name(change.name) for change in changes.changes}
    held = [
        hold
        for name in sorted(new.lines)
        if name not in changed
        for hold in holds.of(name)
    ]
    return changes._replace(
        changes=tuple(explained),
        held=tuple(held),
        explained=tuple(new_graphs),
    )


def _graphs(state: ConstraintsState) -> dict[str, Graph]:
    """The requirement graphs of a state's freezes, by Python."""
    return {freeze.python_version: Graph(freeze) for freeze in state.freezes}


class _Holds:
    """What holds distributions of the new state back."""

    def __init__(
        self,
        old: ConstraintsState,
        new: ConstraintsState,
        old_graphs: Mapping[str, Graph],
        new_graphs: Mapping[str, Graph],
        newest: Mapping[str, Mapping[CanonicalName, str]] | None,
    ) -> None:
        self._old = old
        self._new = new
        self._old_graphs = old_graphs
        self._new_graphs = new_graphs
        self._newest = newest or {}

    def of(
        self, name: CanonicalName, change: PinChange | None = None
    ) -> tuple[Hold, ...]:
        """What holds a distribution back, on the Pythons of a change.

        The same hold on several Pythons is one hold.
        """
        pythons_by_hold: dict[Hold, list[str]] = {}
        for python, graph in self._new_graphs.items():
            if change is None or change.everywhere or python in change.pythons:
                hold = self._hold(name, python, graph)
                if hold is not None:
                    pythons_by_hold.setdefault(hold, []).append(python)
        return tuple(
            hold._replace(pythons=tuple(pythons))
            for hold, pythons in pythons_by_hold.items()
        )

    def _hold(
        self, name: CanonicalName, python: str, graph: Graph
    ) -> Hold | None:
        """What holds a distribution back on one Python."""
        installed = graph.installed.get(name)
        if installed is None or not self._new.pins(
            name, installed.version, python
        ):
            return None  # the freeze is not of this state
        version = installed.version
        newest = self._newest_of(name, python)
        if newest and version_key(newest) > version_key(version):
            refusing = tuple(
                demand
                for demand in graph.demands(name)
                if demand.applies and not explain.admits(demand, newest)
            )
            requires_python = self._excluding_python(name, newest, graph)
            return Hold(
                installed.name, version, newest, refusing, requires_python, ()
            )
        if newest and name in self._newest.get(python, {}):
            return None  # the index has nothing newer
        deciding = explain.capping(graph, name)
        if not deciding:
            return None
        return Hold(installed.name, version, "", deciding, "", ())

    def _newest_of(self, name: CanonicalName, python: str) -> str:
        """The newest version that is known; empty where none is."""
        on_index = self._newest.get(python, {}).get(name)
        if on_index:
            return on_index
        pins = [
            line.pin
            for state in (self._old, self._new)
            for line in state.lines.get(name, ())
            if line.exact and not version_key(line.pin)[0]
        ]
        return max(pins, key=version_key, default="")

    def _excluding_python(
        self, name: CanonicalName, version: str, graph: Graph
    ) -> str:
        """The ``Requires-Python`` of a version, where it excludes this one.

        Empty where it does not, or where no freeze has that version.
        """
        python = graph.freeze.environment.get(
            "python_full_version", graph.freeze.python_version
        )
        for known in (*self._old_graphs.values(), *self._new_graphs.values()):
            distribution = known.installed.get(name)
            if distribution is None or distribution.version != version:
                continue
            specifiers = distribution.requires_python
            if ranges.readable(specifiers) and not ranges.admits(
                specifiers, python
            ):
                return specifiers
        return ""


def _cause(
    change: PinChange,
    with_it: Mapping[str, Graph],
    without_it: Mapping[str, Graph],
    of_kind: Collection[CanonicalName],
    moved: Collection[CanonicalName],
) -> tuple[Demand, ...]:
    """The chain to what was added, on the newest Python that has a chain.

    For what was removed, old and new change places.

    :param with_it: the graphs of the state that has it, the oldest Python
        first.
    :param of_kind: all distributions that were added, or removed.
    :param moved: those whose version changed.
    """
    # The graphs of freezes come in the order of their Pythons, too.
    for python in reversed([*with_it]):
        if change.everywhere or python in change.pythons:
            chain = explain.cause(
                with_it[python],
                canonical_name(change.name),
                of_kind,
                moved,
                without_it.get(python),
            )
            if chain:
                return chain
    return ()
