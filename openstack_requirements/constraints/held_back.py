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
"""What stays behind because a distribution is held, by the graph.

A distribution stays behind where its newest version requires a newer version
of what is held, or where the version that is held requires an older one of
it. What is behind keeps others behind in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.constraints import explain, newer
from openstack_requirements.constraints.graph import LIST
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from openstack_requirements.constraints.graph import Graph
    from openstack_requirements.constraints.newer import Release, Wanted
    from openstack_requirements.constraints.reasons import Hold
    from openstack_requirements.pep508.requirement import CanonicalName


def candidates(graph: Graph, name: CanonicalName) -> set[CanonicalName]:
    """What can stay behind because a distribution is held.

    It is what requires the distribution, directly or not, and what one of
    these requires.
    """
    owners = {name}
    waiting = [name]
    while waiting:
        for demand in graph.demands(waiting.pop()):
            owner = canonical_name(demand.owner)
            if demand.applies and owner != LIST and owner not in owners:
                owners.add(owner)
                waiting.append(owner)
    required = {
        demand.name
        for owner in owners
        for demand in graph.requirements(owner)
        if demand.applies and demand.name in graph.installed
    }
    return (owners | required) - {name}


def to_look_up(
    graph: Graph, name: CanonicalName, newest: Mapping[CanonicalName, str]
) -> list[Wanted]:
    """The newer versions whose requirements decide what stays behind.

    :param newest: the newest versions on the index, of the distribution that
        is held and of its candidates.
    """
    python = graph.freeze.python_version
    wanted: list[Wanted] = [(python, name, newest[name])]
    for candidate in sorted(candidates(graph, name)):
        hold = _below(graph, candidate, newest, {})
        if hold is not None and newer.is_unexplained(hold):
            wanted.append((python, candidate, hold.newest))
    return wanted


def behind(
    graph: Graph,
    name: CanonicalName,
    newest: Mapping[CanonicalName, str],
    releases: Mapping[Wanted, Release],
    held: Collection[CanonicalName] = (),
) -> tuple[Hold, ...]:
    """What stays behind because a distribution is held, by name.

    Only what nothing else keeps back is there.

    :param newest: the newest versions on the index, of the distribution that
        is held and of its candidates.
    :param releases: what was looked up of :func:`to_look_up`.
    :param held: what else is held.
    """
    result: dict[CanonicalName, Hold] = {}
    left = sorted(candidates(graph, name) - {*held})
    changed = True
    while changed:
        changed = False
        for candidate in left:
            if candidate in result:
                continue
            hold = _below(graph, candidate, newest, releases)
            if hold is not None and _is_because(
                hold, {name, *result}, graph, newest, releases
            ):
                result[candidate] = hold
                changed = True
    return tuple(result[candidate] for candidate in sorted(result))


def _below(
    graph: Graph,
    name: CanonicalName,
    newest: Mapping[CanonicalName, str],
    releases: Mapping[Wanted, Release],
) -> Hold | None:
    """What keeps a distribution below its newest version, if it is below."""
    python = graph.freeze.python_version
    if name not in newest:
        return None
    return newer.holds([graph], name, {python: newest[name]}, releases).get(
        python
    )


def _is_because(
    hold: Hold,
    held: Collection[CanonicalName],
    graph: Graph,
    newest: Mapping[CanonicalName, str],
    releases: Mapping[Wanted, Release],
) -> bool:
    """Whether nothing but what is held keeps a distribution back.

    :param held: what is held, and what stays behind because of it.
    """
    if hold.requires_python or not (hold.by or hold.requires):
        return False
    python = graph.freeze.python_version
    for demand in hold.by:
        owner = canonical_name(demand.owner)
        release = releases.get((python, owner, newest.get(owner, "")))
        if owner not in held or release is None:
            return False
        # It is let go only where the newest version of the owner admits it.
        if any(
            again.applies
            and again.name == canonical_name(hold.name)
            and not explain.admits(again, hold.newest)
            for again in graph.would_require(release.distribution)
        ):
            return False
    return all(
        unmet.demand.name in held
        and version_key(newest.get(unmet.demand.name, "0"))
        > version_key(unmet.pinned)
        and explain.admits(unmet.demand, newest[unmet.demand.name])
        for unmet in hold.requires
    )
