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
"""Requires-Python, in the terms of markers.

A release states the Pythons that it is for as a specifier set
(``>=3.10,!=3.11.0``), a line of a constraints file as a marker: here the one
becomes the other. A constraints file does not state its Pythons: they are
found in its markers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.markers.axes import PYTHON
from openstack_requirements.pep508.markers.candidates import pythons_near
from openstack_requirements.pep508.markers.environments import Environments
from openstack_requirements.pep508.markers.evaluation import PYTHON_VARIABLES
from openstack_requirements.pep508.markers.pythons import pythons_in
from openstack_requirements.pep508.markers.tree import comparisons, parse
from openstack_requirements.pep508.specifiers import clauses, parse_set
from openstack_requirements.pep508.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_OPPOSITE = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "==": "!=",
    "!=": "==",
}


class PythonCondition(NamedTuple):
    """A condition on the Python as a marker, and its opposite as another."""

    holds: str
    fails: str


def conditions(specifiers: str) -> list[PythonCondition]:
    """The conditions of a Requires-Python; all of them have to hold.

    ``>=3.10`` compares ``python_version``. What tells patch releases of one
    Python apart compares ``python_full_version``: ``>=3.9.2``, and ``<=3.11``
    too, which admits 3.11.0 and no later 3.11 (PEP 440).

    :raises ValueError: where the text is no specifier set (PEP 440), has too
        many specifiers, or has one that no marker can express (``===``).
    """
    parse_set(specifiers)
    parsed = clauses(specifiers)
    if len(parsed) > limits.MOST_SPECIFIERS:
        raise ValueError(f"more than {limits.MOST_SPECIFIERS} specifiers")
    return [
        condition
        for operator, version in parsed
        for condition in _conditions(operator, version)
    ]


def _conditions(operator: str, text: str) -> Iterator[PythonCondition]:
    """The conditions of one specifier."""
    series = text.endswith(".*")
    version = parse_version(text.removesuffix(".*"))
    if version is None or operator == "===":
        raise ValueError(f"no marker can express {operator}{text}")
    release = version.release
    if operator == "~=":
        yield from _conditions(">=", text)
        same = ".".join(map(str, release[:-1]))
        yield from _conditions("==", f"{same}.*")
        return
    if series and len(release) == 1:
        first, behind = f"'{release[0]}.0'", f"'{release[0] + 1}.0'"
        since = f"python_version>={first}", f"python_version<{first}"
        until = f"python_version<{behind}", f"python_version>={behind}"
        if operator == "==":
            yield PythonCondition(*since)
            yield PythonCondition(*until)
        else:
            yield PythonCondition(
                f"{since[1]} or {until[1]}", f"{since[0]} and {until[0]}"
            )
        return
    major, minor, *patch = (*release, 0) if len(release) < 2 else release
    plain = str(version) == ".".join(map(str, release))
    variable, literal = "python_full_version", text
    if series:
        minor_decides = not patch
    else:
        minor_decides = plain and operator in {"<", ">="} and not any(patch)
        if plain:
            literal = ".".join(map(str, (major, minor, *(patch or [0]))))
    if minor_decides:
        variable, literal = "python_version", f"{major}.{minor}"
    yield PythonCondition(
        f"{variable}{operator}'{literal}'",
        f"{variable}{_OPPOSITE[operator]}'{literal}'",
    )


def oldest_pythons(markers: Iterable[str]) -> list[str]:
    """The oldest Python of each series (2, 3) that markers name.

    :raises BadMarker: where a marker has no meaning, or they name too many
        Pythons.
    """
    oldest: dict[str, str] = {}
    for python in pythons_in(markers):  # in ascending order
        oldest.setdefault(python.partition(".")[0], python)
    return list(oldest.values())


def pythons_from(
    oldest: Iterable[str], markers: Iterable[str]
) -> Environments:
    """All environments on the Pythons from the oldest ones on.

    :param oldest: for each series of Pythons the oldest that counts
        (``3.10``). A series without one counts only if it is Python 3, or if
        there is none at all.
    :param markers: the markers that the environments are for; all patch
        releases that they tell apart are in.
    :raises BadMarker: where a marker has no meaning.
    """
    first = dict(_parts(python) for python in oldest)
    # There is no Python 4, which many releases exclude ahead of time.
    for major in (3,) if first else (2, 3):
        first.setdefault(major, 0)
    literals = [
        comparison.literal
        for marker in markers
        for comparison in comparisons(parse(marker))
        if comparison.variable in PYTHON_VARIABLES
    ]
    rows = [*PYTHON.rows, *pythons_near(literals)]
    return Environments.on_rows(
        row
        for row in dict.fromkeys(rows)
        for major, minor in [_parts(row[0])]
        if major in first and minor >= first[major]
    )


def _parts(python: str) -> tuple[int, int]:
    """The numbers of a Python version (``3.10``)."""
    major, _, minor = python.partition(".")
    return int(major), int(minor)
