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
"""Why a newer version is not installed, by its own requirements.

What holds a version back is, as a rule, a requirement of another distribution,
which the freezes have. A newer version may also require what the pins do not
meet. No freeze says that, as none has it; so its metadata is looked up, and
this module says what it means. An installer may believe the ``PKG-INFO`` of an
sdist (PEP 643) where the wheel that is built from it requires less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import explain
from openstack_requirements.constraints.freeze import Distribution
from openstack_requirements.constraints.graph import Graph, read
from openstack_requirements.constraints.reasons import Hold, Unmet
from openstack_requirements.pep508 import ranges
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)
from openstack_requirements.pep508.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from openstack_requirements.constraints.changes import Changes
    from openstack_requirements.constraints.freeze import Freeze

    #: A Python, a distribution and its version.
    Wanted = tuple[str, CanonicalName, str]


class Release(NamedTuple):
    """What a file of an index says of a released version.

    ``source`` is ``METADATA``, of a wheel, or ``PKG-INFO``, of an sdist;
    ``binding`` says that a wheel which is built from that sdist is to require
    the same (PEP 643), and is true of a wheel.
    """

    distribution: Distribution
    source: str
    binding: bool


def unexplained(changes: Changes) -> list[Wanted]:
    """The newer versions that nothing in the freezes keeps away.

    Those of what changed come first.
    """
    holds = [hold for change in changes.changes for hold in change.holds]
    return list(
        dict.fromkeys(
            (python, canonical_name(hold.name), hold.newest)
            for hold in (*holds, *changes.held)
            if is_unexplained(hold)
            for python in hold.pythons
        )
    )


def explained(
    changes: Changes,
    freezes: Sequence[Freeze],
    old: Iterable[Freeze],
    releases: Mapping[Wanted, Release],
) -> Changes:
    """The changes, with what newer versions themselves require.

    :param freezes: those that the changes are explained by, and ``old`` those
        of the state before.
    :param releases: what was looked up of :func:`unexplained`.
    """
    judge = _Judge(freezes, [*freezes, *old], releases)
    return changes._replace(
        changes=tuple(
            change._replace(holds=tuple(judge.holds(change.holds)))
            for change in changes.changes
        ),
        held=tuple(judge.holds(changes.held)),
    )


def holds(
    graphs: Sequence[Graph],
    name: CanonicalName,
    newest: Mapping[str, str],
    releases: Mapping[Wanted, Release],
) -> dict[str, Hold]:
    """What holds a distribution below a newer version, by Python.

    :param graphs: of freezes; some of them may have the newer version.
    :param newest: the newest version on the index, by Python. Without it a
        version is known to be old where another freeze has a newer one.
    :param releases: what was looked up of newer versions.
    """
    freezes = [graph.freeze for graph in graphs]
    judge = _Judge(freezes, freezes, releases)
    versions = [
        graph.installed[name].version
        for graph in graphs
        if name in graph.installed
    ]
    result = {}
    for graph in graphs:
        python = graph.freeze.python_version
        installed = graph.installed.get(name)
        if installed is None:
            continue
        newer = newest.get(python) or max(versions, key=version_key)
        if version_key(newer) <= version_key(installed.version):
            continue
        hold = Hold(
            installed.name,
            installed.version,
            newer,
            tuple(
                demand
                for demand in graph.demands(name)
                if demand.applies and not explain.admits(demand, newer)
            ),
            _excluded(releases.get((python, name, newer)), graph)
            or _excluded(judge.built(name, newer), graph),
            (python,),
        )
        result[python] = (
            judge.hold(hold, python) if is_unexplained(hold) else hold
        )
    return result


class _Judge:
    """Compares the requirements of newer versions with pins."""

    def __init__(
        self,
        freezes: Iterable[Freeze],
        known: Iterable[Freeze],
        releases: Mapping[Wanted, Release],
    ) -> None:
        self._freezes = {freeze.python_version: freeze for freeze in freezes}
        self._graphs: dict[str, Graph] = {}
        self._releases = releases
        #: What wheels of these versions said when they were installed.
        self._built = {
            (canonical_name(distribution.name), distribution.version): (
                distribution
            )
            for freeze in known
            for distribution in freeze.distributions
            if distribution.described
        }

    def built(self, name: CanonicalName, version: str) -> Release | None:
        """What a version says of itself where a freeze has it."""
        distribution = self._built.get((name, version))
        if distribution is None:
            return None
        return Release(distribution, "METADATA", binding=True)

    def holds(self, holds: Iterable[Hold]) -> Iterator[Hold]:
        """The holds, with what the newer versions require.

        What is not the same on all Pythons of a hold becomes several.
        """
        for hold in holds:
            if not is_unexplained(hold):
                yield hold
                continue
            pythons_by_hold: dict[Hold, list[str]] = {}
            for python in hold.pythons:
                judged = self.hold(hold, python)._replace(pythons=())
                pythons_by_hold.setdefault(judged, []).append(python)
            for judged, pythons in pythons_by_hold.items():
                yield judged._replace(pythons=tuple(pythons))

    def hold(self, hold: Hold, python: str) -> Hold:
        """A hold on one Python, with what the newer version requires."""
        name = canonical_name(hold.name)
        built = self.built(name, hold.newest)
        release = self._releases.get((python, name, hold.newest), built)
        if release is None or python not in self._freezes:
            return hold
        if python not in self._graphs:
            self._graphs[python] = Graph(self._freezes[python])
        graph = self._graphs[python]
        unmet = tuple(
            Unmet(
                demand,
                graph.installed[demand.name].version,
                None
                if built is None or release.source != "PKG-INFO"
                else _requires(built.distribution, demand.name),
            )
            for demand in graph.would_require(release.distribution)
            if demand.applies
            and demand.name in graph.installed
            and demand.name != name
            and not explain.admits(
                demand, graph.installed[demand.name].version
            )
        )
        if not unmet:
            return hold
        return hold._replace(
            requires=unmet, source=release.source, binding=release.binding
        )


def is_unexplained(hold: Hold) -> bool:
    """Whether the freezes have no reason why a newer version is not used."""
    return bool(hold.newest) and not (
        hold.by or hold.requires_python or hold.recorded
    )


def _excluded(release: Release | None, graph: Graph) -> str:
    """The Requires-Python of a version, where it excludes a Python."""
    if release is None:
        return ""
    python = graph.freeze.environment.get(
        "python_full_version", graph.freeze.python_version
    )
    specifiers = release.distribution.requires_python
    if ranges.readable(specifiers) and not ranges.admits(specifiers, python):
        return specifiers
    return ""


def _requires(distribution: Distribution, name: CanonicalName) -> str:
    """What a distribution requires of another; empty where it is nothing."""
    lines = map(read, distribution.requires)
    return ", ".join(line.text for line in lines if line.name == name)
