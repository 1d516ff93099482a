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
which a freeze states in full, and on the active extras, which installed
metadata does not record. The graph computes these: an extra is active where a
requirement that applies names it, and the requirements of an active extra may
name further extras. Explanations and conflict checks both use this graph.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import BadLine
from openstack_requirements.pep508 import markers
from openstack_requirements.pep508.parser import (
    name_in,
    parse_line,
    split_comment,
)
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    Requirement,
    canonical_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openstack_requirements.constraints.freeze import Distribution, Freeze

#: The list, in texts that otherwise name a distribution.
THE_LIST = "the list"
#: The owner of the lines of the list.
LIST = CanonicalName("")


class Demand(NamedTuple):
    """One requirement of one owner, a distribution or the list.

    ``owner`` and ``owner_version`` are empty for the list; ``text`` is the
    requirement as written, ``name`` the distribution that it requires.
    ``applies`` says that its marker selects the environment of the freeze,
    with the active extras of the owner. ``problem`` says why the requirement
    cannot be read; it then never applies.
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
        """The owner as text: ``nova 31.0.0``, or ``the list``."""
        return f"{self.owner} {self.owner_version}" if self.owner else THE_LIST


class RequiresDist(NamedTuple):
    """A requirement in metadata, parsed.

    ``requirement`` is None where it cannot be read, and ``problem`` says
    why; ``name`` is then the name that the text starts with, or empty.
    """

    text: str
    name: CanonicalName
    requirement: Requirement | None
    problem: str = ""

    @property
    def extras(self) -> tuple[CanonicalName, ...]:
        """The extras that it requires."""
        if self.requirement is None:
            return ()
        return tuple(sorted(map(canonical_name, self.requirement.extras)))


class Graph:
    """The requirements of one freeze, in both directions.

    :raises FreezeError: where it has two versions of a distribution.
    """

    def __init__(self, freeze: Freeze) -> None:
        self.freeze = freeze
        self.installed: dict[CanonicalName, Distribution] = freeze.by_name()
        self._lines = {LIST: _requirements_in(freeze.requested)}
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
        """The requirements of an owner, those that do not apply included.

        :param owner: an installed distribution, or :data:`LIST`.
        """
        return [self._demand(owner, line) for line in self._lines[owner]]

    def would_require(self, distribution: Distribution) -> list[Demand]:
        """What another version of an installed distribution requires.

        Its active extras are those of the version that is installed.
        """
        owner = canonical_name(distribution.name)
        return [
            self._demand(owner, read(text), distribution)
            for text in distribution.requires
        ]

    def demands(self, name: CanonicalName) -> tuple[Demand, ...]:
        """The requirements on a distribution, whether they apply or not.

        Those of the list come first, then those of other owners by name. A
        distribution that requires extras of itself is left out.
        """
        return tuple(
            self._demand(owner, line)
            for owner in sorted(self._owners.get(name, ()))
            if owner != name
            for line in self._lines[owner]
            if line.name == name
        )

    def chain(self, name: CanonicalName) -> tuple[Demand, ...]:
        """The shortest chain from the list to a distribution; or empty."""
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
        """The distance of a distribution from the list; -1 without a chain."""
        self._walk()
        return self._depth.get(name, -1)

    def _demand(
        self,
        owner: CanonicalName,
        line: RequiresDist,
        distribution: Distribution | None = None,
    ) -> Demand:
        if distribution is None and owner:
            distribution = self.installed[owner]
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

    def _judge(
        self, owner: CanonicalName, line: RequiresDist
    ) -> tuple[bool, str]:
        """Whether a requirement applies, and why that is unknown."""
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
        """Find the active extras of each distribution.

        The requirements of an extra may activate further ones, so this goes
        on until there is nothing new.
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
        """Find the first demand on each distribution, starting at the list."""
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


@lru_cache(maxsize=65536)  # the freezes of several Pythons are much alike
def read(text: str) -> RequiresDist:
    """One requirement in metadata (PEP 508), parsed."""
    name = canonical_name(name_in(text))
    try:
        requirement = parse_line(text.strip(), permit_urls=True)
    except BadLine as error:
        return RequiresDist(text, name, None, error.reason)
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
        return RequiresDist(text, name, None, problem)
    return RequiresDist(text, canonical_name(requirement.package), requirement)


def _requirements_in(requested: Iterable[str]) -> list[RequiresDist]:
    """The requirements among the lines of a list, parsed.

    All other lines are options of the installer.
    """
    lines = []
    for text in requested:
        line = read(split_comment(text)[0])
        if line.requirement is not None:
            lines.append(line._replace(text=text))
    return lines
