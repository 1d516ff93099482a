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
"""The requirement graph of one freeze: who requires what, and what applies.

A freeze has the requirements of every distribution in it (``Requires-Dist``)
and the lines of the list. Which of them apply depends on the environment,
which a freeze states in full, and on extras, of which nothing on a disk says
that they were asked for. So that is found out here: an extra is active where
a requirement that applies asks for it, and the requirements of an active
extra may ask for further ones. Whoever explains versions or looks for
conflicts asks this graph.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import BadLine
from openstack_requirements.pep508 import markers
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    Requirement,
    canonical_name,
    name_in,
    parse_line,
    split_comment,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openstack_requirements.constraints.freeze import Distribution, Freeze

#: What the list is called where a distribution could stand.
THE_LIST = "the list"
#: The owner of the lines of the list.
LIST = CanonicalName("")


class Demand(NamedTuple):
    """One requirement of one owner.

    ``owner`` and ``owner_version`` are empty where the list demands it;
    ``text`` is the requirement as written, ``name`` what it requires.
    ``applies``: the marker selects the freeze's environment, with the extras
    of the owner that are active there. ``problem`` says why a requirement
    cannot be read; it then applies nowhere.
    """

    owner: str
    owner_version: str
    text: str
    name: CanonicalName
    extras: tuple[CanonicalName, ...]
    specifiers: str
    marker: str
    applies: bool
    problem: str = ""

    @property
    def who(self) -> str:
        """The owner for people: ``nova 31.0.0``, or ``the list``."""
        return f"{self.owner} {self.owner_version}" if self.owner else THE_LIST


class Line(NamedTuple):
    """A requirement as metadata has it, read.

    ``requirement`` is None where it cannot be read, and ``problem`` says
    why; ``name`` is then as much of a name as it starts with, or empty.
    """

    text: str
    name: CanonicalName
    requirement: Requirement | None
    problem: str = ""

    @property
    def extras(self) -> tuple[CanonicalName, ...]:
        """The extras that it asks for."""
        if self.requirement is None:
            return ()
        return tuple(sorted(map(canonical_name, self.requirement.extras)))


class Graph:
    """Who requires whom in one freeze.

    :raises FreezeError: where a name is there in two versions.
    """

    def __init__(self, freeze: Freeze) -> None:
        self.freeze = freeze
        self.installed: dict[CanonicalName, Distribution] = freeze.by_name()
        self._lines = {LIST: _readable(freeze.requested)}
        for name, distribution in self.installed.items():
            self._lines[name] = [read(text) for text in distribution.requires]
        self._owners: dict[CanonicalName, set[CanonicalName]] = {}
        for owner, lines in self._lines.items():
            for line in lines:
                self._owners.setdefault(line.name, set()).add(owner)
        self._extras: dict[CanonicalName, frozenset[CanonicalName]] = {}
        self._find_extras()
        self._first: dict[CanonicalName, Demand] | None = None
        self._depth: dict[CanonicalName, int] = {}

    @property
    def gaps(self) -> int:
        """How many distributions do not say what they require."""
        return sum(
            not distribution.described
            for distribution in self.installed.values()
        )

    def extras(self, name: CanonicalName) -> frozenset[CanonicalName]:
        """The extras of a distribution that are active."""
        return self._extras.get(name, frozenset())

    def requirements(self, owner: CanonicalName) -> list[Demand]:
        """All that an owner requires, also what does not apply.

        :param owner: a distribution that is installed, or :data:`LIST`.
        """
        return [self._demand(owner, line) for line in self._lines[owner]]

    def demands(self, name: CanonicalName) -> tuple[Demand, ...]:
        """All that requires a distribution, also where it does not apply.

        The list comes first, then the owners by name. What a distribution
        says of its own extras is left out.
        """
        return tuple(
            self._demand(owner, line)
            for owner in sorted(self._owners.get(name, ()))
            if owner != name
            for line in self._lines[owner]
            if line.name == name
        )

    def chain(self, name: CanonicalName) -> tuple[Demand, ...]:
        """The shortest way from the list to a distribution."""
        self._walk()
        assert self._first is not None
        chain: list[Demand] = []
        while name in self._first:
            chain.append(self._first[name])
            if not chain[-1].owner:
                return tuple(reversed(chain))
            name = canonical_name(chain[-1].owner)
        return ()

    def depth(self, name: CanonicalName) -> int:
        """How far a distribution is from the list; -1 where not reached."""
        self._walk()
        return self._depth.get(name, -1)

    def _demand(self, owner: CanonicalName, line: Line) -> Demand:
        distribution = self.installed[owner] if owner else None
        requirement = line.requirement
        applies, problem = self._judge(owner, line)
        return Demand(
            distribution.name if distribution is not None else "",
            distribution.version if distribution is not None else "",
            line.text,
            line.name,
            line.extras,
            requirement.specifiers if requirement is not None else "",
            requirement.markers if requirement is not None else "",
            applies=applies,
            problem=problem,
        )

    def _judge(self, owner: CanonicalName, line: Line) -> tuple[bool, str]:
        """Whether a requirement applies, or why nobody can tell."""
        if line.requirement is None:
            return False, line.problem
        if not line.requirement.markers:
            return True, ""
        try:
            applies = markers.evaluate(
                line.requirement.markers,
                self.freeze.environment,
                sorted(self.extras(owner)),
            )
        except markers.BadMarker as error:
            return False, f"invalid marker ({error.reason})"
        return applies, ""

    def _find_extras(self) -> None:
        """Find the extras that are active, of each distribution.

        One extra may ask for the next, so this goes on until nothing new
        comes.
        """
        with_extras = {
            owner: [line for line in lines if line.extras]
            for owner, lines in self._lines.items()
        }
        waiting = [owner for owner, lines in with_extras.items() if lines]
        while waiting:
            owner = waiting.pop()
            for line in with_extras[owner]:
                before = self.extras(line.name)
                if before.issuperset(line.extras):
                    continue
                if self._judge(owner, line)[0]:
                    self._extras[line.name] = before | frozenset(line.extras)
                    if with_extras.get(line.name):
                        waiting.append(line.name)

    def _walk(self) -> None:
        """Find the first demand on each distribution, from the list on."""
        if self._first is not None:
            return
        self._first = {}
        level = [LIST]
        depth = 0
        while level:
            following = set()
            for owner in level:
                lines = self._lines[owner]
                for line in sorted(lines, key=lambda line: line.text):
                    name = line.name
                    if name not in self.installed or name in self._first:
                        continue
                    demand = self._demand(owner, line)
                    if demand.applies:
                        self._first[name] = demand
                        self._depth[name] = depth
                        following.add(name)
            level = sorted(following)
            depth += 1


@lru_cache(maxsize=65536)  # freezes of several Pythons say much the same
def read(text: str) -> Line:
    """One requirement of a distribution's metadata (PEP 508), read."""
    name = canonical_name(name_in(text))
    try:
        requirement = parse_line(text.strip(), permit_urls=True)
    except BadLine as error:
        return Line(text, name, None, error.reason)
    problem = ""
    if not requirement.package:
        problem = "it names no distribution"
    elif requirement.comment:
        problem = "a comment is not part of a requirement (PEP 508)"
    elif requirement.location and not requirement.location.startswith("@"):
        problem = "not a requirement (a URL?)"
    elif requirement.markers:
        try:
            markers.require_known(requirement.markers)
        except markers.BadMarker as error:
            problem = f"invalid marker ({error.reason})"
    if problem:
        return Line(text, name, None, problem)
    return Line(text, canonical_name(requirement.package), requirement)


def _readable(requested: Iterable[str]) -> list[Line]:
    """The lines of a list that are requirements, without their comments.

    The others are options of the installer.
    """
    lines = []
    for text in requested:
        line = read(split_comment(text)[0])
        if line.requirement is not None:
            lines.append(line._replace(text=text))
    return lines
