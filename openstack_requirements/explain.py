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

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements import markers, ranges
from openstack_requirements.requirement import (
    LONGEST_LINE,
    CanonicalName,
    canonical_name,
)

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Sequence,
    )

    from packaging.version import Version

    from openstack_requirements.freeze import Distribution, Freeze

#: What the list is called where a distribution could stand.
THE_LIST = "the list"

# What PEP 508 allows, and the parentheses of older metadata. Blanks are never
# matched twice in a row, which would take forever to fail.
_LINE = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
    r"\s*(?:\[(?P<extras>[^\]]*)\])?(?P<rest>.*)",
    re.DOTALL,
)
_ONE_EXTRA = re.compile(r"extra\s*==\s*(?:'([^']+)'|\"([^\"]+)\")")
_CAPPING = re.compile(r"<|~=|==")


class Demand(NamedTuple):
    """One requirement of one owner.

    ``owner`` and ``owner_version`` are empty where the list demands it;
    ``text`` is the requirement as written, ``name`` what it requires.
    ``applies``: the marker selects the freeze's environment, with the extras
    of the owner that are asked for there. ``problem`` says why a requirement
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


class _Line(NamedTuple):
    """A requirement, taken apart but not yet judged."""

    text: str
    name: CanonicalName
    extras: tuple[CanonicalName, ...]
    specifiers: str
    marker: str


class Graph:
    """Who requires whom in one freeze.

    :raises FreezeError: where a name is there in two versions.
    """

    def __init__(self, freeze: Freeze) -> None:
        self.freeze = freeze
        self.installed: dict[CanonicalName, Distribution] = freeze.by_name()
        self._requested = _lines(freeze.requested)
        self._requires = {
            name: _lines(each.requires)
            for name, each in self.installed.items()
        }
        # Who names a distribution at all; "" is the list.
        self._named_by: dict[CanonicalName, set[str]] = {}
        for owner, lines in [("", self._requested), *self._requires.items()]:
            for line in lines:
                self._named_by.setdefault(line.name, set()).add(owner)
        self._extras: dict[CanonicalName, frozenset[str]] = {}
        self._find_extras()
        self._first: dict[CanonicalName, Demand] | None = None
        self._depth: dict[CanonicalName, int] = {}

    def demands(self, name: CanonicalName) -> tuple[Demand, ...]:
        """All that requires a distribution, also where it does not apply.

        The list comes first, then the owners by name. What a distribution
        says of its own extras is left out.
        """
        return tuple(
            self._demand(owner, line)
            for owner in sorted(self._named_by.get(name, ()))
            if owner != name
            for line in self._of(owner)
            if line.name == name
        )

    def capping(self, name: CanonicalName) -> tuple[Demand, ...]:
        """The demands that apply and set an upper bound."""
        return tuple(
            demand
            for owner in sorted(self._named_by.get(name, ()))
            if owner != name
            for line in self._of(owner)
            if line.name == name and _CAPPING.search(line.specifiers)
            for demand in [self._demand(owner, line)]
            if demand.applies
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

    def explain(self, name: CanonicalName) -> Explanation:
        """Why this freeze has a distribution, or has it not."""
        found = self.installed.get(name)
        demands = self.demands(name)
        version = found.version if found is not None else ""
        return Explanation(
            self.freeze.python_version,
            found.name if found is not None else name,
            version,
            demands,
            bounds([each for each in demands if each.applies], version),
            self.chain(name),
        )

    def _of(self, owner: str) -> Sequence[_Line]:
        return (
            self._requires[CanonicalName(owner)]
            if owner
            else (self._requested)
        )

    def _demand(self, owner: str, line: _Line) -> Demand:
        found = self.installed[CanonicalName(owner)] if owner else None
        problem = _problem(line)
        return Demand(
            found.name if found is not None else "",
            found.version if found is not None else "",
            line.text,
            line.name,
            line.extras,
            line.specifiers,
            line.marker,
            not problem and self._applies(owner, line),
            problem,
        )

    def _applies(self, owner: str, line: _Line) -> bool:
        if not line.marker:
            return True
        extras = self._extras.get(CanonicalName(owner), frozenset())
        one = _ONE_EXTRA.fullmatch(line.marker)
        if one is not None:  # most markers there are
            return canonical_name(one[1] or one[2] or "") in extras
        try:
            return markers.applies(
                line.marker, self.freeze.environment, sorted(extras)
            )
        except markers.BadMarker:
            return False

    def _find_extras(self) -> None:
        """Find the extras that are asked for, of each distribution.

        One extra may ask for the next, so this goes on until nothing new
        comes.
        """
        active = self._extras
        with_extras = {
            owner: [line for line in lines if line.extras]
            for owner, lines in [
                ("", self._requested),
                *self._requires.items(),
            ]
        }
        waiting = [owner for owner, lines in with_extras.items() if lines]
        while waiting:
            owner = waiting.pop()
            for line in with_extras[owner]:
                before = active.get(line.name, frozenset())
                if before.issuperset(line.extras):
                    continue
                if self._applies(owner, line):
                    active[line.name] = before | frozenset(line.extras)
                    if with_extras.get(line.name):
                        waiting.append(line.name)

    def _walk(self) -> None:
        """Find the first demand on each distribution, from the list on."""
        if self._first is not None:
            return
        self._first = {}
        level = [""]
        depth = 0
        while level:
            following = set()
            for owner in level:
                for line in sorted(self._of(owner)):
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


def bounds(demands: Sequence[Demand], version: str = "") -> Bounds:
    """What demands leave of the versions, and which of them decide.

    :param demands: those that apply.
    :param version: the one that is installed, if any.
    """
    clauses = _clauses(demands)
    lower, lower_by = _strongest(clauses, ranges.lower_bound, max)
    upper, upper_by = _strongest(clauses, ranges.upper_bound, min)
    return Bounds(
        ranges.together([clause for clause, _ in clauses]),
        lower,
        lower_by,
        upper,
        upper_by,
        tuple(each for each in demands if not admits(each, version))
        if version
        else (),
    )


def capped_by(demands: Sequence[Demand]) -> tuple[Demand, ...]:
    """The demands with the deciding upper bound, as :func:`bounds` has it."""
    return _strongest(_clauses(demands), ranges.upper_bound, min)[1]


def admits(demand: Demand, version: str) -> bool:
    """Whether a demand is met by a version; pre-releases are as good."""
    return ranges.admits(demand.specifiers, version)


def _strongest(
    clauses: Iterable[tuple[str, Demand]],
    key: Callable[[str], tuple[Version, bool] | None],
    choose: Callable[[Iterable[Any]], Any],
) -> tuple[str, tuple[Demand, ...]]:
    """The clause with the highest or lowest bound, and who demands it."""
    keyed = [(key(clause), clause, each) for clause, each in clauses]
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


def _lines(texts: Iterable[str]) -> list[_Line]:
    # What is not even a name is nothing that anyone could ask about.
    return [line for line in map(_line, texts) if line is not None]


@lru_cache(maxsize=65536)  # freezes of several Pythons say much the same
def _line(text: str) -> _Line | None:
    match = _LINE.match(text) if len(text) <= LONGEST_LINE else None
    if match is None:
        return None
    rest, marker = match["rest"].strip(), ""
    if rest.startswith("@"):
        # Nothing but a blank ends a URL (PEP 508).
        found = re.search(r"\s;", rest)
        if found is not None:
            marker = rest[found.end() :]
        rest = ""
    else:
        rest, _, marker = rest.partition(";")
        rest = rest.strip()
        if rest.startswith("(") and rest.endswith(")"):
            rest = rest[1:-1].strip()
    extras = match["extras"]
    return _Line(
        text,
        canonical_name(match["name"]),
        tuple(
            canonical_name(each.strip())
            for each in extras.split(",")
            if each.strip()
        )
        if extras
        else (),
        rest,
        marker.strip(),
    )


def _problem(line: _Line) -> str:
    """Why a requirement cannot be read, if so."""
    if not ranges.readable(line.specifiers):
        return "its specifiers are not valid"
    try:
        if line.marker and not _ONE_EXTRA.fullmatch(line.marker):
            markers.parse(line.marker)
    except markers.BadMarker as error:
        return f"its marker is not valid ({error.reason})"
    return ""


def _clauses(demands: Iterable[Demand]) -> list[tuple[str, Demand]]:
    """The clauses of demands, without blanks, each with its demand."""
    return [
        ("".join(clause.split()), each)
        for each in demands
        for clause in each.specifiers.split(",")
        if clause.strip()
    ]
