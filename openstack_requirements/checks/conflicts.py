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
"""Whether the distributions of an environment are compatible.

An environment is a
:class:`~openstack_requirements.constraints.freeze.Freeze`, wherever it comes
from. Each distribution's own requirements (``Requires-Dist``) are compared
with what else is installed there.

Which of them apply is what the freeze's graph says. Nothing here opens a file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks.findings import Finding, Waived
from openstack_requirements.constraints.freeze import version_key
from openstack_requirements.constraints.graph import Graph
from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.pep508 import markers, ranges
from openstack_requirements.pep508.requirement import NAME, canonical_name
from openstack_requirements.pep508.text import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from openstack_requirements.checks.findings import Severity
    from openstack_requirements.checks.list_lines import Line, Listed
    from openstack_requirements.constraints.freeze import Distribution, Freeze
    from openstack_requirements.constraints.graph import Demand
    from openstack_requirements.pep508.requirement import CanonicalName

#: What can be found, and how bad it is.
RULES: dict[str, Severity] = {
    "conflicting-requirement": "error",
    "missing-requirement": "error",
    "unreadable-requirement": "warning",
    "unknown-metadata": "warning",
    "unused-expectation": "warning",
}

_EXPECTED = re.compile(
    rf"(?P<name>{NAME})[ \t]*==[ \t]*(?P<version>[^\s;=,]+)[ \t]*;"
    rf"(?P<affected>[ \t]*{NAME}[ \t]*(?:,[ \t]*{NAME}[ \t]*)*)\Z"
)


class Expected(NamedTuple):
    """A line of the expected failures: a conflict that is known.

    ``name`` in this ``version`` does not suit the ``affected``.
    """

    name: CanonicalName
    version: str
    affected: frozenset[CanonicalName]
    file: str
    number: int


class World(NamedTuple):
    """A freeze, and what follows from it and the constraints.

    ``constrained`` has the line that applies here for each distribution that
    is judged.
    """

    graph: Graph
    constrained: Mapping[CanonicalName, Line]

    @property
    def freeze(self) -> Freeze:
        """The freeze that is judged."""
        return self.graph.freeze

    @property
    def installed(self) -> Mapping[CanonicalName, Distribution]:
        """Its distributions by name."""
        return self.graph.installed


class Conflict(NamedTuple):
    """What is wrong with a constrained distribution.

    ``by`` is what it conflicts with, as the expected failures name it.
    """

    rule: str
    line: Line
    message: str
    name: CanonicalName
    by: tuple[CanonicalName, str] | None = None


def read_expected(content: str, source: str = "") -> list[Expected]:
    """The expected failures that a file lists.

    A line is ``dependency==version;affected,packages``; blank lines and
    comments are none.

    :raises BadContent: with all the lines that are something else.
    """
    found, errors = [], []
    for number, line in enumerate(split_lines(content), 1):
        text = line.partition("#")[0].strip()
        match = _EXPECTED.match(text)
        if match is not None:
            affected = (each.strip() for each in match["affected"].split(","))
            found.append(
                Expected(
                    canonical_name(match["name"]),
                    match["version"],
                    frozenset(map(canonical_name, affected)),
                    source,
                    number,
                )
            )
        elif text:
            error = BadLine("not DEPENDENCY==VERSION;AFFECTED,...", line)
            errors.append(error.at(source, number))
    if errors:
        raise BadContent(errors)
    return found


def world(freeze: Freeze, pinned: Listed) -> World:
    """What is to be judged in a freeze.

    :raises FreezeError: where it has a name in two versions.
    :raises BadLine: at a constraint whose marker cannot be judged.
    """
    graph = Graph(freeze)
    constrained = {
        name: line
        for name, lines in pinned.by_name.items()
        if name in graph.installed
        for line in lines
        if _applies(line, freeze)
    }
    return World(graph, constrained)


def _applies(line: Line, freeze: Freeze) -> bool:
    """Whether a constraint is for the environment of a freeze."""
    marker = line.requirement.markers
    try:
        return not marker or markers.evaluate(marker, freeze.environment)
    except markers.BadMarker as error:
        raise BadLine(
            f"the marker cannot be judged ({error.reason})",
            line.text,
            source=line.file,
            number=line.number,
        ) from error


def judge(
    worlds: Sequence[World], expected: Sequence[Expected]
) -> tuple[list[Finding], list[Waived]]:
    """What is wrong in these environments, and what of it is expected.

    The same in several environments is found once.
    """
    pythons: dict[Conflict, list[str]] = {}
    for each in worlds:
        for conflict in _conflicts(each):
            pythons.setdefault(conflict, []).append(each.freeze.python_version)
    findings: list[Finding] = []
    waived: list[Waived] = []
    used: set[tuple[Expected, CanonicalName]] = set()
    for conflict, versions in pythons.items():
        where = ", ".join(dict.fromkeys(versions))
        problem = conflict.line.problem(
            f"{conflict.message} (Python {where})", _fix(conflict)
        )
        finding = problem.by(conflict.rule, RULES[conflict.rule])
        known = [each for each in expected if _is(each, conflict)]
        used |= {(each, conflict.name) for each in known}
        if known:
            place = f"{known[0].file}:{known[0].number}"
            waived.append(Waived(finding, f"expected: {place} lists it"))
        else:
            findings.append(finding)
    findings += [
        Finding(
            "unused-expectation",
            RULES["unused-expectation"],
            f"{name} does not conflict with {each.name} {each.version}",
            each.file,
            each.number,
            package=each.name,
            fix="remove it",
        )
        for each in expected
        for name in sorted(each.affected)
        if (each, name) not in used
        and any(_is_there(each, name, one) for one in worlds)
    ]
    return findings, waived


def _conflicts(here: World) -> Iterator[Conflict]:
    for name, line in here.constrained.items():
        one = here.installed[name]
        if not one.described:
            text = f"what {one.name} {one.version} requires is not known"
            yield Conflict("unknown-metadata", line, text, name)
        for demand in here.graph.requirements(name):
            yield from _unmet(here, name, demand)


def _unmet(
    here: World, name: CanonicalName, demand: Demand
) -> Iterator[Conflict]:
    """Whether a requirement is not met; nothing where it does not apply."""
    line = here.constrained[name]
    who = f"{demand.who} requires {demand.text}"
    if demand.problem:
        message = f"{who}, which cannot be read ({demand.problem})"
        yield Conflict("unreadable-requirement", line, message, name)
        return
    if not demand.applies:
        return
    found = here.installed.get(demand.name)
    if found is None:
        message = f"{who}, but {demand.name} is not installed"
        yield Conflict("missing-requirement", line, message, name)
    elif not ranges.admits(demand.specifiers, found.version):
        yield Conflict(
            "conflicting-requirement",
            line,
            f"{who}, but {found.name} {found.version} is installed",
            name,
            (demand.name, found.version),
        )


def _fix(conflict: Conflict) -> str | None:
    if conflict.by is not None:
        name, version = conflict.by
        return (
            f"pin versions that go together, or list it as expected: "
            f"{name}=={version};{conflict.name}"
        )
    if conflict.rule == "missing-requirement":
        return "install it, or find out why it was left out"
    return None


def _is(expected: Expected, conflict: Conflict) -> bool:
    """Whether it is this conflict that is expected."""
    if conflict.by is None or conflict.name not in expected.affected:
        return False
    name, version = conflict.by
    return name == expected.name and _same(version, expected.version)


def _is_there(expected: Expected, name: CanonicalName, here: World) -> bool:
    """Whether both sides of an expected conflict are installed."""
    found = here.installed.get(expected.name)
    return (
        name in here.constrained
        and found is not None
        and _same(found.version, expected.version)
    )


def _same(one: str, other: str) -> bool:
    return version_key(one) == version_key(other)
