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
"""Why a version was installed: which demands decide, from freezes alone.

The graph of a freeze (see :mod:`~openstack_requirements.constraints.graph`)
has the demands on each distribution. This module says which of them decide
its version, and how the list leads to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements.pep508 import ranges
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)
from openstack_requirements.pep508.specifiers import clauses

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from packaging.version import Version

    from openstack_requirements.constraints.graph import Demand, Graph


class Bounds(NamedTuple):
    """The versions that demands admit together, and which of them decide.

    ``together`` is the smallest specifier set that is equal to all of theirs;
    ``lower`` and ``upper`` are its deciding clauses, empty without a bound,
    and ``lower_by`` and ``upper_by`` the demands that have them. ``unmet``
    are the demands that the installed version does not satisfy.
    """

    together: str
    lower: str
    lower_by: tuple[Demand, ...]
    upper: str
    upper_by: tuple[Demand, ...]
    unmet: tuple[Demand, ...]


class Explanation(NamedTuple):
    """Why a distribution is installed for one interpreter, or is not.

    ``name`` is spelled as in its metadata; ``version`` is empty where it is
    not installed. ``chain`` leads from the list to it: the owner of each
    demand is what the demand before it requires. It is empty where nothing
    requires the distribution.
    """

    python: str
    name: str
    version: str
    demands: tuple[Demand, ...]
    bounds: Bounds
    chain: tuple[Demand, ...]


def explain(graph: Graph, name: CanonicalName) -> Explanation:
    """Why a freeze has a distribution, or does not have it."""
    distribution = graph.installed.get(name)
    demands = graph.demands(name)
    version = distribution.version if distribution is not None else ""
    return Explanation(
        graph.freeze.python_version,
        distribution.name if distribution is not None else name,
        version,
        demands,
        bounds([demand for demand in demands if demand.applies], version),
        graph.chain(name),
    )


def why_not_installed(name: CanonicalName, graphs: Sequence[Graph]) -> str:
    """What to say of a name that none of the freezes has."""
    pythons = ", ".join(graph.freeze.python_version for graph in graphs)
    reason = f"is not in the freezes (of Python {pythons})"
    owners = {demand.who for graph in graphs for demand in graph.demands(name)}
    if owners:
        shown = sorted(owners)[:5]
        more = len(owners) - len(shown)
        return (
            f"{reason}; it is named, where that does not apply, by "
            f"{', '.join(shown)}" + (f" and {more} more" if more else "")
        )
    near = _like(name, graphs)
    return f"{reason}; did you mean {' or '.join(near)}?" if near else reason


def _like(name: CanonicalName, graphs: Sequence[Graph]) -> list[str]:
    """Some distributions whose names are like this one."""
    if not name:
        return []
    from difflib import get_close_matches

    spelled: dict[str, str] = {
        key: distribution.name
        for graph in graphs
        for key, distribution in graph.installed.items()
    }
    near = get_close_matches(name, sorted(spelled), n=3)
    near += [key for key in sorted(spelled) if name in key][:3]
    return [spelled[key] for key in dict.fromkeys(near)][:5]


def bounds(demands: Sequence[Demand], version: str = "") -> Bounds:
    """The versions that demands admit together, and which of them decide.

    :param demands: those that apply.
    :param version: the one that is installed, if any.
    """
    by_clause = _clauses(demands)
    lower, lower_by = _strongest(by_clause, ranges.lower_bound, max)
    upper, upper_by = _strongest(by_clause, ranges.upper_bound, min)
    unmet: tuple[Demand, ...] = ()
    if version:
        unmet = tuple(
            demand for demand in demands if not admits(demand, version)
        )
    return Bounds(
        ranges.together([clause for clause, _ in by_clause]),
        lower,
        lower_by,
        upper,
        upper_by,
        unmet,
    )


def capping(graph: Graph, name: CanonicalName) -> tuple[Demand, ...]:
    """The demands with the deciding upper bound, as in :func:`bounds`."""
    demands = [demand for demand in graph.demands(name) if demand.applies]
    return _strongest(_clauses(demands), ranges.upper_bound, min)[1]


def admits(demand: Demand, version: str) -> bool:
    """Whether a version satisfies a demand, pre-releases included."""
    return ranges.admits(demand.specifiers, version)


def _strongest(
    by_clause: Iterable[tuple[str, Demand]],
    bound: Callable[[str], tuple[Version, bool] | None],
    choose: Callable[[Iterable[Any]], Any],
) -> tuple[str, tuple[Demand, ...]]:
    """The clause with the highest or lowest bound, and the demands with it.

    :param bound: the lower or the upper bound of a clause.
    """
    bounded = [
        (value, clause, demand)
        for clause, demand in by_clause
        if (value := bound(clause)) is not None
    ]
    if not bounded:
        return "", ()
    strongest = choose(value for value, _, _ in bounded)
    deciding = [item for item in bounded if item[0] == strongest]
    return deciding[0][1], tuple(
        dict.fromkeys(demand for _, _, demand in deciding)
    )


def cause(
    graph: Graph,
    name: CanonicalName,
    added: Collection[CanonicalName],
    moved: Collection[CanonicalName],
    before: Graph | None,
) -> tuple[Demand, ...]:
    """The chain of demands that brought a new distribution.

    :param added: the distributions that are new, and ``moved`` those whose
        version changed.
    :param before: the graph of the freeze before, if there is one.
    :returns: a chain from a distribution that moved, or from the list where
        none did; empty where nothing requires the new one.
    """
    start = name
    chain: list[Demand] = []
    seen: set[CanonicalName] = set()
    while name not in seen:
        seen.add(name)
        demand = _newest_demand(graph, name, added, moved, before)
        if demand is None:
            return ()
        chain.append(demand)
        name = canonical_name(demand.owner)
        if not demand.owner or name in moved:
            return tuple(reversed(chain))
        if name not in added:
            return (*graph.chain(name), *reversed(chain))
    return graph.chain(start)  # the new distributions require each other


def _newest_demand(
    graph: Graph,
    name: CanonicalName,
    added: Collection[CanonicalName],
    moved: Collection[CanonicalName],
    before: Graph | None,
) -> Demand | None:
    """The demand that most likely is new."""
    owners_before = set()
    if before is not None:
        owners_before = {
            demand.owner and canonical_name(demand.owner)
            for demand in before.demands(name)
            if demand.applies
        }

    def key(demand: Demand) -> tuple[bool, bool, int, str]:
        owner = canonical_name(demand.owner)
        depth = graph.depth(owner) if owner else -1
        return (
            # An owner that required it before is not the reason.
            before is not None and owner in owners_before,
            # Nor is an owner that did not change, except for the list.
            bool(owner) and owner not in moved and owner not in added,
            depth,
            owner,
        )

    reached = [
        demand
        for demand in graph.demands(name)
        if demand.applies
        and (
            not demand.owner or graph.depth(canonical_name(demand.owner)) >= 0
        )
    ]
    return min(reached, key=key) if reached else None


def _clauses(demands: Iterable[Demand]) -> list[tuple[str, Demand]]:
    """The clauses of demands, each with its demand."""
    return [
        (str(clause), demand)
        for demand in demands
        for clause in clauses(demand.specifiers)
    ]
