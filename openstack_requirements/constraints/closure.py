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
"""What a project pulls in: the transitive closure of its requirements.

A freeze says what each distribution requires, and states its environment in
full, so that markers can be evaluated. Only extras that the walk meets are
active: what other projects activate is not pulled in by this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import graph
from openstack_requirements.constraints.changes import OTHER_PYTHONS
from openstack_requirements.pep508 import markers
from openstack_requirements.pep508.parser import split_comment
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from openstack_requirements.constraints.changes import Changes, PinChange
    from openstack_requirements.constraints.freeze import Freeze

    Closures = Mapping[str, Collection[CanonicalName]]


class PulledIn(NamedTuple):
    """What a project pulls in, by Python, and requirements without meaning.

    A Python is left out where its freeze does not have the project.
    """

    names: Mapping[str, frozenset[CanonicalName]]
    unreadable: tuple[str, ...]


def of_distribution(
    freezes: Iterable[Freeze], project: CanonicalName
) -> PulledIn:
    """What a distribution of the freezes pulls in, itself not included.

    It is included where something that it pulls in requires it again.
    """
    names = {}
    unreadable: dict[str, None] = {}
    for freeze in freezes:
        distribution = freeze.by_name().get(project)
        if distribution is not None:
            names[freeze.python_version] = _walk(
                freeze, distribution.requires, unreadable
            )
    return PulledIn(names, tuple(unreadable))


def of_requirements(
    freezes: Iterable[Freeze], requirements: Iterable[str]
) -> PulledIn:
    """What requirements pull in, with those of all the extras among them.

    :param requirements: requirements as lines (PEP 508), perhaps with a
        comment.
    """
    texts = [split_comment(line)[0] for line in requirements]
    unreadable: dict[str, None] = {}
    names = {
        freeze.python_version: _walk(
            freeze, texts, unreadable, all_extras=True
        )
        for freeze in freezes
    }
    return PulledIn(names, tuple(unreadable))


def _walk(
    freeze: Freeze,
    requirements: Iterable[str],
    unreadable: dict[str, None],
    *,
    all_extras: bool = False,
) -> frozenset[CanonicalName]:
    """The distributions that requirements lead to.

    :param unreadable: is given the requirements that cannot be read.
    """
    installed = freeze.by_name()
    extras: dict[CanonicalName, frozenset[str]] = {}
    waiting: list[tuple[CanonicalName, frozenset[str]]] = []

    def require(texts: Iterable[str], active: Iterable[str] | None) -> None:
        for text in texts:
            line = graph.read(text)
            try:
                applies = _applies(line, freeze.environment, active)
            except markers.BadMarker as error:
                unreadable[f"{text.strip()}: {error.reason}"] = None
                continue
            if line.problem:
                unreadable[f"{text.strip()}: {line.problem}"] = None
            elif applies and line.name in installed:
                before = extras.get(line.name)
                after = (before or frozenset()) | frozenset(line.extras)
                if after != before:
                    extras[line.name] = after
                    waiting.append((line.name, after))

    require(requirements, None if all_extras else ())
    while waiting:
        name, active = waiting.pop()
        require(installed[name].requires, sorted(active))
    return frozenset(extras)


def _applies(
    line: graph.RequiresDist,
    environment: Mapping[str, str],
    extras: Iterable[str] | None,
) -> bool:
    """Whether a requirement applies with some extras; None is for all."""
    if line.requirement is None:
        return False
    marker = line.requirement.markers
    if not marker:
        return True
    if extras is None:
        extras = sorted(
            comparison.literal
            for comparison in markers.comparisons(markers.parse(marker))
            if comparison.variable == "extra"
        )
    return bool(markers.evaluate(marker, environment, [*extras]))


def restrict(changed: Changes, old: Closures, new: Closures) -> Changes:
    """The changes of what a project pulls in.

    :param old: what it pulls in on the old side, by Python; that decides of
        what was removed. ``new`` decides of all else.
    """

    def concerns(change: PinChange) -> bool:
        closures = old if change.kind == "removed" else new
        pythons = {*change.pythons}
        everywhere = change.everywhere or OTHER_PYTHONS in pythons
        return any(
            canonical_name(change.name) in names
            for python, names in closures.items()
            if everywhere or python in pythons
        )

    return changed._replace(
        changes=tuple(filter(concerns, changed.changes)),
        respelled=tuple(
            spelling
            for spelling in changed.respelled
            if _named_by(spelling.new, new)
        ),
        held=tuple(
            hold
            for hold in changed.held
            if any(
                canonical_name(hold.name) in new.get(python, ())
                for python in hold.pythons
            )
        ),
    )


def _named_by(spelling: str, closures: Closures) -> bool:
    """Whether a spelling, with or without a version, is of what is there."""
    name = canonical_name(spelling.split(" ", maxsplit=1)[0])
    return any(name in names for names in closures.values())
