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
"""Lower constraints: the lowest versions that work for several projects.

Each project lists the lowest versions that it works with. For all of them
together, these are the highest version of each package.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints.merging import Pin, to_content
from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.pep508 import limits, markers
from openstack_requirements.pep508.markers import compared_text
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )


class LowerPin(NamedTuple):
    """An exact requirement of ``lower-constraints.txt``, and its place."""

    requirement: Requirement
    file: str
    number: int
    text: str


def read(entries: Iterable[Entry], source: str) -> list[LowerPin]:
    """The pins of a file, each of them exact.

    :raises BadContent: with all the lines that are not exact pins, or whose
        marker cannot be judged.
    """
    pins, errors = [], []
    for number, text, requirement in entries:
        if requirement is not None and not requirement.package:
            continue
        if requirement is None or requirement.pin is None:
            reason = "not an exact version (NAME==VERSION)"
        else:
            reason = _marker_problem(requirement.markers)
            pins.append(LowerPin(requirement, source, number, text))
        if reason:
            errors.append(BadLine(reason, text, source=source, number=number))
    if errors:
        raise BadContent(errors)
    return pins


def merge(pins: Iterable[LowerPin]) -> str:
    """The highest version for each package, as a constraints file.

    Lines are sorted by name, and spelled like the pin that has the highest
    version. Where the markers of a package are disjoint, each has a line;
    where they overlap, the package has a single line for all of them.

    :raises BadLine: at a package with too many markers to compare.
    """
    packages: dict[CanonicalName, list[LowerPin]] = {}
    for pin in pins:
        name = canonical_name(pin.requirement.package)
        packages.setdefault(name, []).append(pin)
    compared = 0
    for group in packages.values():
        texts = [pin.requirement.markers for pin in group]
        compared += compared_text(texts, texts)
        if compared > limits.MOST_COMPARED_TEXT:
            raise BadLine(
                "it has too many markers to be compared with each other",
                group[-1].text,
                source=group[-1].file,
                number=group[-1].number,
            )
    return to_content(
        (
            _highest(group, marker)
            for name in sorted(packages)
            for marker, group in _groups(packages[name])
        ),
        "name",
    )


def _groups(pins: Sequence[LowerPin]) -> list[tuple[str, list[LowerPin]]]:
    """The pins of a package by marker; all without one where these overlap."""
    groups: dict[str, list[LowerPin]] = {}
    for pin in sorted(pins, key=lambda pin: pin.requirement.markers):
        marker = pin.requirement.markers
        equal = (
            known for known in groups if markers.equivalent(known, marker)
        )
        groups.setdefault(next(equal, marker), []).append(pin)
    if all(markers.disjoint(*pair) for pair in combinations(groups, 2)):
        return list(groups.items())
    return [("", list(pins))]


def _highest(pins: Sequence[LowerPin], marker: str) -> Pin:
    """The pin with the highest version, under a marker for all of them."""
    spellings = [
        (pin.requirement.pin or "", pin.requirement.package) for pin in pins
    ]
    # The spelling itself breaks ties, whatever the order of the projects.
    version, name = max(
        spellings, key=lambda spelling: (version_key(spelling[0]), spelling)
    )
    return Pin(name, version, marker)


def _marker_problem(marker: str) -> str:
    """Why a marker cannot be judged; empty where it can."""
    try:
        markers.overlap([marker])
    except markers.BadMarker as error:
        return f"the marker cannot be judged ({error.reason})"
    return ""
