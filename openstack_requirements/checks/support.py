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
"""Which Pythons a distribution says that it supports.

Two pieces of metadata say so: classifiers, which name versions, and
Requires-Python, which admits some (PEP 345, 566). The first is a claim, the
second a limit. Nothing here opens a file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks.findings import Finding, Problem, found_by
from openstack_requirements.checks.list_lines import ListLine
from openstack_requirements.errors import BadLine
from openstack_requirements.pep508 import markers
from openstack_requirements.pep508.specifiers import admits, parse_set

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from openstack_requirements.checks.findings import Severity
    from openstack_requirements.constraints.freeze import Distribution
    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import CanonicalName

    #: A name and a version, in canonical form.
    Key = tuple[CanonicalName, str]

_CLASSIFIER = re.compile(
    r"Programming Language :: Python :: (\d{1,4}(?:\.\d{1,4})?)"
    r"(?: :: Only)?\Z"
)
_MINORS = {2: range(8)}
_MICROS = (0, 5, 18, 99)


class Python(NamedTuple):
    """A Python to judge pins for: 3.13, or any 2."""

    major: int
    minor: int | None

    def __str__(self) -> str:
        return str(self.major) + (
            "" if self.minor is None else f".{self.minor}"
        )

    def versions(self) -> list[str]:
        """Its minor versions."""
        if self.minor is not None:
            return [str(self)]
        minors = _MINORS.get(self.major, range(100))
        return [f"{self.major}.{minor}" for minor in minors]


class Pins(NamedTuple):
    """What ``check-python2-support`` judges.

    ``described`` has the metadata by pin, ``missing`` the reason where there
    is none; ``unpinned`` are lines without an exact version.
    """

    python: Python
    wanted: Sequence[tuple[Key, ListLine]]
    described: Mapping[Key, Distribution]
    missing: Mapping[Key, str]
    unpinned: Sequence[ListLine]


class Rule(NamedTuple):
    """One row of the table."""

    id: str
    severity: Severity
    find: Callable[[Pins], Iterator[Problem]]


def parse_python(text: str) -> Python:
    """The Python that ``3.13`` or ``2`` stands for.

    :raises ValueError: where it is neither.
    """
    match = re.fullmatch(r"(\d{1,4})(?:\.(\d{1,4}))?", text)
    if match is None:
        raise ValueError(f"{text!r} is not a version such as 2 or 3.13")
    return Python(int(match[1]), int(match[2]) if match[2] else None)


def claiming(pins: Pins) -> list[Distribution]:
    """The metadata of the pins that do claim the Python."""
    return [
        pins.described[key]
        for key, _ in pins.wanted
        if key in pins.described
        and why_not(pins.described[key], pins.python) is None
    ]


def pins(
    entries: Sequence[Entry],
    file: str,
    python: Python,
    key: Callable[[str, str], Key],
) -> tuple[list[tuple[Key, ListLine]], list[ListLine]]:
    """The pins of a list that can apply to a Python, and lines without one.

    :param key: makes of a name and a version what metadata is stored by.
    :raises BadLine: at a line whose marker cannot be judged.
    """
    wanted: list[tuple[Key, ListLine]] = []
    unpinned = []
    where = markers.Environments.on_pythons(python.versions())
    for number, text, requirement in entries:
        if requirement is None or not requirement.package:
            continue
        try:
            applies = markers.overlap([requirement.markers], where)
        except markers.BadMarker as error:
            raise BadLine(
                f"the marker cannot be judged ({error.reason})",
                text,
                source=file,
                number=number,
            ) from error
        if applies is None:
            continue
        line = ListLine(requirement, file, number, text)
        if requirement.pin is None:
            unpinned.append(line)
        else:
            wanted.append((key(requirement.package, requirement.pin), line))
    return wanted, unpinned


def judge(subject: Pins, *, strict: bool = True) -> list[Finding]:
    """What the rules find.

    :param strict: whether there may be errors; otherwise all are warnings.
    """
    rules = (
        RULES
        if strict
        else [Rule(rule.id, "warning", rule.find) for rule in RULES]
    )
    return found_by(rules, subject)


def not_claimed(subject: Pins) -> Iterator[Problem]:
    """Pins whose metadata does not claim the Python."""
    for key, line in subject.wanted:
        distribution = subject.described.get(key)
        if distribution is None:
            continue
        reason = why_not(distribution, subject.python)
        if reason is not None:
            yield line.problem(
                f"{distribution.name} {distribution.version} does not claim "
                f"Python {subject.python}: {reason}"
            )


def unknown(subject: Pins) -> Iterator[Problem]:
    """Pins whose metadata is unavailable."""
    for key, line in subject.wanted:
        if key in subject.missing:
            yield line.problem(
                f"the metadata of {line.requirement.package} "
                f"{line.requirement.pin} is unavailable: "
                f"{subject.missing[key]}"
            )


def unpinned(subject: Pins) -> Iterator[Problem]:
    """Lines without an exact version, which no metadata is known for."""
    for line in subject.unpinned:
        yield line.problem(
            f"{line.requirement.package} is not pinned to a version",
            hint="judge a file of constraints",
        )


RULES = (
    Rule("python-not-claimed", "error", not_claimed),
    Rule("unknown-metadata", "error", unknown),
    Rule("inexact-constraint", "warning", unpinned),
)


def why_not(distribution: Distribution, python: Python) -> str | None:
    """Why metadata does not claim a Python; None where it does.

    A Python that Requires-Python keeps out is not claimed, whatever the
    classifiers say. Otherwise they decide, if there are any: for a minor
    version they name it, or its major version alone. Without classifiers it
    is enough that Requires-Python lets it in.
    """
    admitted = distribution.requires_python.strip()
    if admitted and _is_valid(admitted):
        if not _lets_in(admitted, python):
            return f"Requires-Python is {admitted}"
    else:
        admitted = ""
    named = {
        parse_python(match[1])
        for match in map(_CLASSIFIER.match, distribution.classifiers)
        if match
    }
    if not named:
        return None if admitted else "it has no classifiers for any Python"
    same_major = {name for name in named if name.major == python.major}
    minors = _with_minor(same_major)
    if python in same_major or (
        same_major and (python.minor is None or not minors)
    ):
        return None
    nearest = minors or same_major or named
    shown = sorted(_with_minor(nearest) or nearest, key=_key)
    return f"its classifiers name {', '.join(map(str, shown))}"


def _with_minor(pythons: Iterable[Python]) -> set[Python]:
    return {python for python in pythons if python.minor is not None}


def _key(python: Python) -> tuple[int, int]:
    return python.major, -1 if python.minor is None else python.minor


def _lets_in(specifiers: str, python: Python) -> bool:
    return any(
        admits(specifiers, f"{version}.{micro}", prereleases=True)
        for version in python.versions()
        for micro in _MICROS
    )


def _is_valid(specifiers: str) -> bool:
    try:
        parse_set(specifiers)
    except ValueError:
        return False
    return True
