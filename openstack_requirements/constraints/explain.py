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
"""Why a version was installed: who requires what, from freezes alone.

A freeze has the requirements of every distribution in it (``Requires-Dist``)
and the lines of the list. :class:`Graph` reads them backwards: who requires a
distribution, whether that applies there, and how the list leads to it.
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
    """What demands leave of the versions, and which of them decide.

    ``together`` is the smallest specifier set that means all of theirs;
    ``lower`` and ``upper`` are its deciding clauses, empty where there is
    none, each with the demands that have it. ``unmet`` are the demands that
    the installed version does not meet.
    """

    together: str
    lower: str
    lower_by: tuple[Demand, ...]
    upper: str
    upper_by: tuple[Demand, ...]
    unmet: tuple[Demand, ...]


class Explanation(NamedTuple):
    """Why one interpreter has a distribution, or has it not.

    ``name`` is as its metadata spells it; ``version`` is empty where it is
    not installed. ``chain`` leads from the list to it, each demand being of
    what the one before it requires; it is empty where nothing does.
    """

    python: str
    name: str
    version: str
    demands: tuple[Demand, ...]
    bounds: Bounds
    chain: tuple[Demand, ...]


def explain(graph: Graph, name: CanonicalName) -> Explanation:
    """Why a freeze has a distribution, or has it not."""
    distribution = graph.installed.get(name)
    demands = graph.demands(name)
    version = distribution.version if distribution is not None else ""
    return Explanation(
        graph.freeze.python_version,
        distribution.name if distribution is not None else name,
        version,
        demands,
        bounds([each for each in demands if each.applies], version),
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
    """What demands leave of the versions, and which of them decide.

    :param demands: those that apply.
    :param version: the one that is installed, if any.
    """
    asked = _clauses(demands)
    lower, lower_by = _strongest(asked, ranges.lower_bound, max)
    upper, upper_by = _strongest(asked, ranges.upper_bound, min)
    return Bounds(
        ranges.together([clause for clause, _ in asked]),
        lower,
        lower_by,
        upper,
        upper_by,
        tuple(each for each in demands if not admits(each, version))
        if version
        else (),
    )


def capping(graph: Graph, name: CanonicalName) -> tuple[Demand, ...]:
    """The demands with the upper bound that decides, as in :func:`bounds`."""
    demands = [each for each in graph.demands(name) if each.applies]
    return _strongest(_clauses(demands), ranges.upper_bound, min)[1]


def admits(demand: Demand, version: str) -> bool:
    """Whether a demand is met by a version; pre-releases are as good."""
    return ranges.admits(demand.specifiers, version)


def _strongest(
    asked: Iterable[tuple[str, Demand]],
    key: Callable[[str], tuple[Version, bool] | None],
    choose: Callable[[Iterable[Any]], Any],
) -> tuple[str, tuple[Demand, ...]]:
    """The clause with the highest or lowest bound, and who demands it."""
    keyed = [(key(clause), clause, each) for clause, each in asked]
    found = [each for each in keyed if each[0] is not None]
    if not found:
        return "", ()
    best = choose(bound for bound, _, _ in found)
    deciding = [each for each in found if each[0] == best]
    return deciding[0][1], tuple(dict.fromkeys(d for _, _, d in deciding))


def cause(
    graph: Graph,
    name: CanonicalName,
    added: Collection[CanonicalName],
    moved: Collection[CanonicalName],
    before: Graph | None,
) -> tuple[Demand, ...]:
    """What brought a distribution that was not there before.

    :param added: the distributions that are new beside it, and ``moved``
        those whose version is another one.
    :param before: the freeze before it, if there is one.
    :returns: a chain to it, from a distribution that moved, or from the list
        where none did; empty where nothing requires it.
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
    return graph.chain(start)  # the new ones ask for each other


def _newest_demand(
    graph: Graph,
    name: CanonicalName,
    added: Collection[CanonicalName],
    moved: Collection[CanonicalName],
    before: Graph | None,
) -> Demand | None:
    """The demand that most likely is the new one."""
    owners_before = set()
    if before is not None:
        owners_before = {
            each.owner and canonical_name(each.owner)
            for each in before.demands(name)
            if each.applies
        }

    def key(demand: Demand) -> tuple[bool, bool, int, str]:
        owner = canonical_name(demand.owner)
        depth = graph.depth(owner) if owner else -1
        return (
            # Who asked before as well is not to blame.
            before is not None and owner in owners_before,
            # Neither is who did not change, unless it is the list.
            bool(owner) and owner not in moved and owner not in added,
            depth,
            owner,
        )

    found = [
        each
        for each in graph.demands(name)
        if each.applies
        and (not each.owner or graph.depth(canonical_name(each.owner)) >= 0)
    ]
    return min(found, key=key) if found else None


def _clauses(demands: Iterable[Demand]) -> list[tuple[str, Demand]]:
    """The clauses of demands, each with its demand."""
    return [
        (f"{operator}{version}", each)
        for each in demands
        for operator, version in clauses(each.specifiers)
    ]
