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

An environment is given as a
:class:`~openstack_requirements.constraints.freeze.Freeze`. Each
distribution's own requirements (``Requires-Dist``) are compared with what
else is installed there; the freeze's graph says which of them apply. Nothing
here opens a file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks.findings import Finding, Waived
from openstack_requirements.constraints.graph import Graph
from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.pep508 import markers, ranges
from openstack_requirements.pep508.requirement import NAME, canonical_name
from openstack_requirements.pep508.text import split_lines
from openstack_requirements.pep508.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from openstack_requirements.checks.findings import Severity
    from openstack_requirements.checks.list_lines import Listed, ListLine
    from openstack_requirements.constraints.freeze import Distribution, Freeze
    from openstack_requirements.constraints.graph import Demand
    from openstack_requirements.pep508.requirement import CanonicalName

#: The rules and the severity of their findings.
RULES: dict[str, Severity] = {
    "conflicting-requirement": "error",
    "differing-version": "warning",
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

    ``name`` in this ``version`` conflicts with the ``affected``.
    """

    name: CanonicalName
    version: str
    affected: frozenset[CanonicalName]
    file: str
    number: int


class JudgedFreeze(NamedTuple):
    """A freeze, and what follows from it and the constraints.

    ``constrained`` has the distributions that are judged, each with the line
    of the constraints that applies to it.
    """

    graph: Graph
    constrained: Mapping[CanonicalName, ListLine]

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
    line: ListLine
    message: str
    name: CanonicalName
    by: tuple[CanonicalName, str] | None = None


def read_expected(content: str, source: str = "") -> list[Expected]:
    """The expected failures that a file lists.

    A line is ``dependency==version;affected,packages``; blank lines and
    comments do not count.

    :raises BadContent: with all the lines that are something else.
    """
    result, errors = [], []
    for number, line in enumerate(split_lines(content), 1):
        text = line.partition("#")[0].strip()
        match = _EXPECTED.match(text)
        if match is not None:
            affected = match["affected"].split(",")
            result.append(
                Expected(
                    canonical_name(match["name"]),
                    match["version"],
                    frozenset(
                        canonical_name(name.strip()) for name in affected
                    ),
                    source,
                    number,
                )
            )
        elif text:
            error = BadLine("not DEPENDENCY==VERSION;AFFECTED,...", line)
            errors.append(error.at(source, number))
    if errors:
        raise BadContent(errors)
    return result


def judged_freeze(freeze: Freeze, pinned: Listed) -> JudgedFreeze:
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
    return JudgedFreeze(graph, constrained)


def _applies(line: ListLine, freeze: Freeze) -> bool:
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
    freezes: Sequence[JudgedFreeze], expected: Sequence[Expected]
) -> tuple[list[Finding], list[Waived]]:
    """What is wrong in these freezes, and what of it is expected.

    A conflict that several of them have is one finding.
    """
    pythons: dict[Conflict, list[str]] = {}
    for judged in freezes:
        version = judged.freeze.python_version
        for conflict in _conflicts(judged):
            pythons.setdefault(conflict, []).append(version)
    findings: list[Finding] = []
    waived: list[Waived] = []
    used: set[tuple[Expected, CanonicalName]] = set()
    for conflict, versions in pythons.items():
        where = ", ".join(dict.fromkeys(versions))
        problem = conflict.line.problem(
            f"{conflict.message} (Python {where})", hint=_hint(conflict)
        )
        finding = problem.by(conflict.rule, RULES[conflict.rule])
        known = [line for line in expected if _is(line, conflict)]
        used |= {(line, conflict.name) for line in known}
        if known:
            place = f"{known[0].file}:{known[0].number}"
            waived.append(Waived(finding, f"expected: {place} lists it"))
        else:
            findings.append(finding)
    findings += [
        _unused(line, name)
        for line in expected
        for name in sorted(line.affected)
        if (line, name) not in used
        and any(_has_both(judged, line, name) for judged in freezes)
    ]
    return findings, waived


def _conflicts(judged: JudgedFreeze) -> Iterator[Conflict]:
    for name, line in judged.constrained.items():
        distribution = judged.installed[name]
        shown = f"{distribution.name} {distribution.version}"
        version = line.requirement.pin
        if version is not None and not _same(version, distribution.version):
            text = f"{shown} is installed, and not {version}"
            yield Conflict("differing-version", line, text, name)
        if not distribution.described:
            text = f"what {shown} requires is not known"
            yield Conflict("unknown-metadata", line, text, name)
        for demand in judged.graph.requirements(name):
            yield from _unmet(judged, name, demand)


def _unmet(
    judged: JudgedFreeze, name: CanonicalName, demand: Demand
) -> Iterator[Conflict]:
    """The conflict of a requirement that applies and is not met, if any."""
    line = judged.constrained[name]
    what = f"{demand.who} requires {demand.text}"
    if demand.problem:
        message = f"{what}, which cannot be read ({demand.problem})"
        yield Conflict("unreadable-requirement", line, message, name)
        return
    if not demand.applies:
        return
    distribution = judged.installed.get(demand.name)
    if distribution is None:
        message = f"{what}, but {demand.name} is not installed"
        yield Conflict("missing-requirement", line, message, name)
    elif not ranges.admits(demand.specifiers, distribution.version):
        shown = f"{distribution.name} {distribution.version}"
        yield Conflict(
            "conflicting-requirement",
            line,
            f"{what}, but {shown} is installed",
            name,
            (demand.name, distribution.version),
        )


def _hint(conflict: Conflict) -> str | None:
    if conflict.by is not None:
        name, version = conflict.by
        return (
            f"pin compatible versions, or list it as expected: "
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


def _unused(expected: Expected, name: CanonicalName) -> Finding:
    """A finding about an expected conflict that no longer exists."""
    return Finding(
        "unused-expectation",
        RULES["unused-expectation"],
        f"{name} does not conflict with {expected.name} {expected.version}",
        expected.file,
        expected.number,
        package=expected.name,
        fix="remove it" if len(expected.affected) == 1 else None,
        hint=f"remove {name} from it",
    )


def _has_both(
    judged: JudgedFreeze, expected: Expected, name: CanonicalName
) -> bool:
    """Whether both sides of an expected conflict are installed."""
    distribution = judged.installed.get(expected.name)
    return (
        name in judged.constrained
        and distribution is not None
        and _same(distribution.version, expected.version)
    )


def _same(left: str, right: str) -> bool:
    return version_key(left) == version_key(right)
