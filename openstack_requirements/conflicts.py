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
"""Whether what is installed together goes together.

An environment is a :class:`~openstack_requirements.freeze.Freeze`, wherever it
was had from. Each distribution's own requirements (``Requires-Dist``) are held
against what else is installed there.

Which of them apply depends on extras, and nothing on a disk says which extras
were asked for. So that is found out: an extra is active when the freeze's own
list asks for it, or when a requirement that applies does. Requirements of an
active extra may activate further ones. Nothing here opens a file.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements import limits, markers
from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.findings import Finding, Waived
from openstack_requirements.freeze import version_key
from openstack_requirements.requirement import (
    canonical_name,
    parse_line,
)
from openstack_requirements.specifiers import long_number
from openstack_requirements.text import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packaging.markers import Marker
    from packaging.requirements import Requirement

    from openstack_requirements.findings import Severity
    from openstack_requirements.freeze import Distribution, Freeze
    from openstack_requirements.requirement import CanonicalName
    from openstack_requirements.rules import Line, Listed

#: What can be found, and how bad it is.
RULES: dict[str, Severity] = {
    "conflicting-requirement": "error",
    "missing-requirement": "error",
    "unreadable-requirement": "warning",
    "unknown-metadata": "warning",
    "unused-expectation": "warning",
}

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_EXPECTED = re.compile(
    rf"(?P<name>{_NAME})[ \t]*==[ \t]*(?P<version>[^\s;=,]+)[ \t]*;"
    rf"(?P<affected>[ \t]*{_NAME}[ \t]*(?:,[ \t]*{_NAME}[ \t]*)*)\Z"
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
    is judged; ``extras`` the active ones of each distribution.
    """

    freeze: Freeze
    installed: Mapping[CanonicalName, Distribution]
    constrained: Mapping[CanonicalName, Line]
    extras: Mapping[CanonicalName, frozenset[str]]


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
    """
    installed = freeze.by_name()
    constrained = {
        name: line
        for name, lines in pinned.by_name.items()
        if name in installed
        for line in lines
        if _holds(line.requirement.markers, freeze, "")
    }
    return World(freeze, installed, constrained, _extras(freeze, installed))


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
        finding = conflict.line.finding(
            f"{conflict.message} (Python {where})", _fix(conflict)
        )._replace(rule=conflict.rule, severity=RULES[conflict.rule])
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
        for text in one.requires:
            yield from _unmet(here, name, text)


def _unmet(here: World, name: CanonicalName, text: str) -> Iterator[Conflict]:
    """Whether a requirement is not met; nothing where it does not apply."""
    one, line = here.installed[name], here.constrained[name]
    who = f"{one.name} {one.version} requires {text}"
    wanted = _parsed(text)
    if wanted is None:
        message = f"{who}, which cannot be read"
        yield Conflict("unreadable-requirement", line, message, name)
        return
    if not _applies(wanted, here.freeze, here.extras[name]):
        return
    target = canonical_name(wanted.name)
    found = here.installed.get(target)
    if found is None:
        message = f"{who}, but {wanted.name} is not installed"
        yield Conflict("missing-requirement", line, message, name)
    elif wanted.specifier and not wanted.specifier.contains(
        found.version, prereleases=True
    ):
        yield Conflict(
            "conflicting-requirement",
            line,
            f"{who}, but {found.name} {found.version} is installed",
            name,
            (target, found.version),
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


def _extras(
    freeze: Freeze, installed: Mapping[CanonicalName, Distribution]
) -> dict[CanonicalName, frozenset[str]]:
    """The extras of each distribution that something asks for."""
    active: dict[CanonicalName, frozenset[str]] = {
        name: frozenset() for name in installed
    }
    asked: list[tuple[CanonicalName, frozenset[str]]] = []
    for text in freeze.requested:
        try:
            wanted = parse_line(text.strip())
        except BadLine:
            continue  # an option of the installer's
        if wanted.extras and _holds(wanted.markers, freeze, ""):
            asked.append((canonical_name(wanted.package), wanted.extras))
    asked += [
        each for name in installed for each in _asks(freeze, installed[name])
    ]
    while asked:
        name, extras = asked.pop()
        new = frozenset(map(canonical_name, extras)) - active.get(name, extras)
        if name in active and new:
            active[name] |= new
            asked += _asks(freeze, installed[name], active[name])
    return active


def _asks(
    freeze: Freeze,
    one: Distribution,
    extras: frozenset[str] = frozenset(),
) -> Iterator[tuple[CanonicalName, frozenset[str]]]:
    """The extras that a distribution's requirements ask for."""
    for text in one.requires:
        if "[" in text:
            wanted = _parsed(text)
            if (
                wanted is not None
                and wanted.extras
                and _applies(wanted, freeze, extras)
            ):
                yield canonical_name(wanted.name), frozenset(wanted.extras)


def _applies(
    wanted: Requirement, freeze: Freeze, extras: frozenset[str]
) -> bool:
    if wanted.marker is None:
        return True
    marker = str(wanted.marker)
    return any(_holds(marker, freeze, extra) for extra in ("", *extras))


def _holds(marker: str, freeze: Freeze, extra: str) -> bool:
    """Whether a marker selects the environment of a freeze."""
    if not marker:
        return True
    full = f"{freeze.python_version}.0"
    environment = {
        "python_full_version": full,
        "implementation_version": full,
        **freeze.environment,
        "extra": extra,
    }
    try:
        return _marker(marker).evaluate(environment)
    except (KeyError, ValueError):
        return True  # it has no meaning: then it excludes nothing


@lru_cache(maxsize=4096)
def _marker(text: str) -> Marker:
    from packaging.markers import Marker as Parsed

    return Parsed(text)


@lru_cache(maxsize=16384)
def _parsed(text: str) -> Requirement | None:
    """A requirement of metadata; None where it is none."""
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Parsed

    if (
        len(text) > limits.LONGEST_LINE
        or long_number(text) is not None
        or "\\" in text.partition(";")[2]
    ):
        return None
    try:
        parsed = Parsed(text)
        markers.parse("" if parsed.marker is None else str(parsed.marker))
    except (InvalidRequirement, markers.BadMarker, RecursionError):
        return None
    return parsed
