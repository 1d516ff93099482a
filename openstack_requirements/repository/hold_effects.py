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
"""What the holds of a ledger keep back, by freezes and the package index.

For each hold: the newest version that the index has, and which other
distributions stay behind because of it. :func:`look_up` asks the index, and
:mod:`openstack_requirements.constraints.held_back` decides.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import held_back
from openstack_requirements.constraints.graph import Graph
from openstack_requirements.constraints.reasons import Hold, RecordedHold
from openstack_requirements.errors import OutsideError
from openstack_requirements.install import newer_versions, newest
from openstack_requirements.install.failures import InstallFailed
from openstack_requirements.output import counted
from openstack_requirements.repository.holds import excluding

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from openstack_requirements.constraints.changes import Changes
    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.constraints.newer import Release, Wanted
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.repository.holds import HoldEntry, HoldLedger

    #: The newest versions on the index, by Python and name.
    Newest = dict[str, dict[CanonicalName, str]]

#: How many of the distributions that stay behind a sentence names.
SHOWN = 10


class HoldEffect(NamedTuple):
    """What a hold keeps back, on the Pythons where that is the same.

    :param version: the version that is installed; empty where it is not.
    :param newest: the newest version on the index; empty where that is not
        known.
    :param behind: what else stays behind because of it; its ``pythons`` are
        those of the effect.
    """

    hold: HoldEntry
    pythons: tuple[str, ...]
    version: str
    newest: str = ""
    behind: tuple[Hold, ...] = ()

    @property
    def keeps_back(self) -> bool:
        """Whether the index has a newest version that the hold excludes."""
        return self.newest != "" and not self.hold.admits(self.newest)

    def sentence(self) -> str:
        """What it keeps back, for a person."""
        hold = self.hold
        head = f"{hold.place}: {hold.name}{hold.range} ({hold.whose})"
        if not self.pythons:
            return f"{head} is for none of these Pythons"
        where = f" on Python {', '.join(self.pythons)}"
        if not self.version:
            return f"{head} keeps nothing back{where}: it is not installed"
        if not self.newest:
            return f"{head} holds it at {self.version}{where}"
        if not self.keeps_back:
            return (
                f"{head} keeps nothing back{where}: {self.newest} is the "
                "newest version"
            )
        text = f"{head} keeps back {self.newest}{where}"
        names = [f"{late.name} {late.newest}" for late in self.behind[:SHOWN]]
        if len(self.behind) > SHOWN:
            names.append(f"{len(self.behind) - SHOWN} more")
        if names:
            count = counted(len(self.behind), "other distribution")
            text += f", and with it {count}: {', '.join(names)}"
        return text


class HoldEffects(NamedTuple):
    """What all holds of a ledger keep back.

    :param newest: the newest versions of what is held and of what may stay
        behind, by Python and name.
    :param releases: what these versions require, as far as that is known.
    """

    effects: tuple[HoldEffect, ...] = ()
    newest: Mapping[str, Mapping[CanonicalName, str]] = MappingProxyType({})
    releases: Mapping[Wanted, Release] = MappingProxyType({})


class IndexQuestions(NamedTuple):
    """How the package index is asked.

    :param warn: is told for what there is no answer.
    :param timeout: how long a request may take, in seconds.
    :param project: a folder whose configuration of uv counts too, or empty.
    :param before: only what was uploaded before this moment, or empty.
    """

    warn: Callable[[str], object]
    timeout: int | None = None
    project: str = ""
    before: str = ""


def known(ledger: HoldLedger, freezes: Sequence[Freeze]) -> HoldEffects:
    """What holds are about, as far as freezes say it: nothing is asked."""
    return HoldEffects(_Graphs(ledger, freezes).effects({}, {}))


def look_up(
    ledger: HoldLedger, freezes: Sequence[Freeze], index: IndexQuestions
) -> HoldEffects:
    """What holds keep back, with the newest versions of the index.

    Where the index cannot be asked, that is a warning.

    :param freezes: what was installed under the holds.
    """
    graphs = _Graphs(ledger, freezes)
    try:
        versions = _newest(graphs.held(), freezes, index)
        for python, more in _newest(
            graphs.candidates(versions), freezes, index
        ).items():
            versions[python] |= more
        wanted = graphs.to_look_up(versions)
        releases: Mapping[Wanted, Release] = {}
        if wanted:
            releases = newer_versions.look_up(
                wanted,
                freezes,
                index.warn,
                build=True,
                timeout=index.timeout,
                project=index.project,
            )
    except (InstallFailed, OutsideError) as error:
        index.warn(f"what the holds keep back is not known: {error}")
        return HoldEffects(graphs.effects({}, {}))
    return HoldEffects(graphs.effects(versions, releases), versions, releases)


def excluded(
    ledger: HoldLedger,
    freezes: Iterable[Freeze],
    never: Collection[CanonicalName],
) -> Iterator[str]:
    """What is installed though a hold excludes it, a sentence for each.

    That happens with freezes that were made elsewhere, or copied.

    :param never: the names that are never constrained.
    """
    for frozen in freezes:
        for name, distribution in sorted(frozen.by_name().items()):
            version = distribution.version
            hold = excluding(ledger, name, version, frozen.environment)
            if hold is not None and name not in never:
                yield (
                    f"Python {frozen.python_version}: {name} {version} is "
                    f"there, which {hold.place} excludes "
                    f"({hold.name}{hold.range})"
                )


def recorded(ledger: HoldLedger, changes: Changes) -> Changes:
    """Changes, with the holds that keep newer versions away."""

    def annotated(holds: Iterable[Hold]) -> tuple[Hold, ...]:
        return tuple(
            hold._replace(recorded=tuple(_excluding(ledger, hold)))
            for hold in holds
        )

    return changes._replace(
        changes=tuple(
            change._replace(holds=annotated(change.holds))
            for change in changes.changes
        ),
        held=annotated(changes.held),
    )


def _excluding(ledger: HoldLedger, hold: Hold) -> Iterator[RecordedHold]:
    """The rows of the ledger that exclude the newest version, on a Python."""
    for row in ledger.of(hold.name) if hold.newest else ():
        if not row.admits(hold.newest) and any(
            map(row.on_python, hold.pythons)
        ):
            yield RecordedHold(
                f"{row.name}{row.range}",
                row.owner,
                row.bug,
                row.reason,
                str(row.until),
                row.file,
                row.line,
            )


class _Graphs:
    """The graphs of freezes, and what is held in each."""

    def __init__(self, ledger: HoldLedger, freezes: Sequence[Freeze]) -> None:
        self._ledger = ledger
        self._graphs = {
            freeze.python_version: Graph(freeze) for freeze in freezes
        }
        #: The hold of each distribution; there is one at most.
        self._holds = {
            python: {
                hold.canonical_name: hold
                for hold in ledger.selecting(graph.freeze.environment)
            }
            for python, graph in self._graphs.items()
        }

    def held(self) -> dict[str, set[CanonicalName]]:
        """What is installed and held, by Python."""
        return {
            python: graph.installed.keys() & self._holds[python].keys()
            for python, graph in self._graphs.items()
        }

    def candidates(self, newest: Newest) -> dict[str, set[CanonicalName]]:
        """What may stay behind, by Python."""
        return {
            python: set().union(
                *(
                    held_back.candidates(self._graphs[python], name)
                    for name in self._kept(python, versions)
                )
            )
            for python, versions in newest.items()
        }

    def to_look_up(self, newest: Newest) -> list[Wanted]:
        """The versions whose requirements decide what stays behind."""
        return list(
            dict.fromkeys(
                wanted
                for python, versions in newest.items()
                for name in self._kept(python, versions)
                for wanted in held_back.to_look_up(
                    self._graphs[python], name, versions
                )
            )
        )

    def effects(
        self, newest: Newest, releases: Mapping[Wanted, Release]
    ) -> tuple[HoldEffect, ...]:
        """What each hold keeps back, in the order of the ledger."""
        result = []
        for hold in self._ledger.holds:
            pythons: dict[HoldEffect, list[str]] = {}
            for python, holds in self._holds.items():
                if holds.get(hold.canonical_name) is hold:
                    effect = self._effect(
                        hold, python, newest.get(python, {}), releases
                    )
                    pythons.setdefault(effect, []).append(python)
            if not pythons:
                result.append(HoldEffect(hold, (), ""))
            for effect, where in pythons.items():
                behind = [
                    late._replace(pythons=tuple(where))
                    for late in effect.behind
                ]
                result.append(
                    effect._replace(pythons=tuple(where), behind=tuple(behind))
                )
        return tuple(result)

    def _kept(
        self, python: str, newest: Mapping[CanonicalName, str]
    ) -> list[CanonicalName]:
        """What is held below its newest version, by name."""
        return sorted(
            name
            for name, hold in self._holds[python].items()
            if name in newest and not hold.admits(newest[name])
        )

    def _effect(
        self,
        hold: HoldEntry,
        python: str,
        newest: Mapping[CanonicalName, str],
        releases: Mapping[Wanted, Release],
    ) -> HoldEffect:
        """What a hold keeps back on one Python, which it does not name."""
        name = hold.canonical_name
        graph = self._graphs[python]
        if name not in graph.installed:
            return HoldEffect(hold, (), "")
        version = graph.installed[name].version
        effect = HoldEffect(hold, (), version, newest.get(name, ""))
        if not effect.keeps_back:
            return effect
        held = self._holds[python].keys() - {name}
        behind = held_back.behind(graph, name, newest, releases, held)
        return effect._replace(
            behind=tuple(late._replace(pythons=()) for late in behind)
        )


def _newest(
    names: Mapping[str, Collection[CanonicalName]],
    freezes: Sequence[Freeze],
    index: IndexQuestions,
) -> Newest:
    """The newest versions of some names; nothing is asked for no name."""
    asked = [freeze for freeze in freezes if names.get(freeze.python_version)]
    if not asked:
        return {}
    return newest.versions_of(
        names,
        asked,
        index.timeout,
        index.warn,
        project=index.project,
        before=index.before,
    )
