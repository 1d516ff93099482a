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
"""Freezes as constraints: merging them, and proving the result.

:func:`merge` computes the lines, :func:`to_content` the file, and
:func:`prove` shows from the text of the file that it selects, in each
environment, exactly what was installed there.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from openstack_requirements.constraints.freeze import FreezeError
from openstack_requirements.errors import ProofFailed
from openstack_requirements.pep508 import markers, python_versions
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    Requirement,
    canonical_name,
)
from openstack_requirements.pep508.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from openstack_requirements.constraints.freeze import Freeze

#: How lines tell Pythons apart: a line for each, or one for neighbours.
MarkerStyle = Literal["exact", "range"]
MARKER_STYLES: tuple[MarkerStyle, ...] = get_args(MarkerStyle)
#: The orders of a constraints file.
Order = Literal["hash", "name"]
ORDERS: tuple[Order, ...] = get_args(Order)


class Pin(NamedTuple):
    """A line of a constraints file: one version, and where it applies."""

    name: str
    version: str
    marker: str

    def to_line(self) -> str:
        """The line, its newline included."""
        marker = f";{self.marker}" if self.marker else ""
        return f"{self.name}==={self.version}{marker}\n"


def merge(
    freezes: Sequence[Freeze],
    never: Collection[CanonicalName] = (),
    style: MarkerStyle = "exact",
) -> list[Pin]:
    """The pins that give each interpreter what was installed for it.

    :param never: names to leave out.
    :returns: the pins by name, version and Python version. A name is spelled
        as in the metadata on the newest Python that has it.
    :raises FreezeError: where two freezes are of the same Python version, or
        a freeze has two versions of a distribution.
    """
    spelling, pythons_by_version = versions_of(freezes, never)
    pythons = python_versions.in_order(
        freeze.python_version for freeze in freezes
    )
    return [
        Pin(spelling[name], version, marker)
        for name, versions in sorted(pythons_by_version.items())
        for version in sorted(versions, key=version_key)
        for marker in markers_for(versions[version], pythons, style)
    ]


def versions_of(
    freezes: Sequence[Freeze], never: Collection[CanonicalName] = ()
) -> tuple[
    dict[CanonicalName, str], dict[CanonicalName, dict[str, list[str]]]
]:
    """What freezes have of each distribution.

    :param never: names to leave out.
    :returns: how each name is spelled, and for each name the Pythons of its
        versions, the oldest first.
    :raises FreezeError: see :func:`merge`.
    """
    ordered = sorted(freezes, key=lambda freeze: freeze.python_key)
    pythons = [freeze.python_version for freeze in ordered]
    for python in pythons:
        if pythons.count(python) > 1:
            raise FreezeError(f"there are two freezes of Python {python}")
    spelling: dict[CanonicalName, str] = {}
    pythons_by_version: dict[CanonicalName, dict[str, list[str]]] = {}
    for freeze in ordered:
        for name, distribution in freeze.by_name().items():
            if name in never:
                continue
            if distribution.described or name not in spelling:
                spelling[name] = distribution.name
            versions = pythons_by_version.setdefault(name, {})
            versions.setdefault(distribution.version, []).append(
                freeze.python_version
            )
    return spelling, pythons_by_version


def markers_for(
    selected: Sequence[str], pythons: Sequence[str], style: MarkerStyle
) -> list[str]:
    """The markers of the lines that select some of the Pythons.

    :param selected: in order, as all :func:`python_versions.in_order`.
    """
    if len(selected) == len(pythons):
        return [""]
    if style == "exact":
        return [f"python_version=='{version}'" for version in selected]
    return [
        python_versions.selecting(run, pythons)
        for run in python_versions.runs(selected, pythons)
    ]


def to_content(pins: Iterable[Pin], order: Order = "hash") -> str:
    """The text of a constraints file."""
    return arranged((pin.to_line() for pin in pins), order)


def arranged(constraints: Iterable[str], order: Order = "hash") -> str:
    """The text of a constraints file with these lines.

    :param constraints: with their line ends. Those of a name keep their
        order.
    """
    lines = list(constraints)
    if order == "hash":
        lines.sort(key=order_key)
    else:
        lines.sort(key=lambda line: canonical_name(line.partition("=")[0]))
    return "".join(lines)


def order_key(line: str) -> str:
    """The order of constraint files: the SHA-1 of the name as written.

    Related packages end up far apart, so that simultaneous changes of one
    line each seldom conflict. Lines of the same name keep their order.
    """
    name = line.partition("=")[0]
    return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()


def pins_for(
    requirements: Iterable[Requirement], environment: Mapping[str, str]
) -> dict[CanonicalName, str]:
    """The versions that a constraints file pins in one environment.

    Lines without an exact pin (``===``, ``==``) are ignored. Where two lines
    apply, the first one counts.
    """
    result: dict[CanonicalName, str] = {}
    for requirement in requirements:
        pin = requirement.pin
        if pin is not None and applies(requirement, environment):
            result.setdefault(canonical_name(requirement.package), pin)
    return result


def applies(requirement: Requirement, environment: Mapping[str, str]) -> bool:
    """Whether a requirement's marker selects an environment.

    :raises BadMarker: where the marker has no meaning, or compares a variable
        that the environment does not state.
    """
    return not requirement.markers or markers.evaluate(
        requirement.markers, environment
    )


def prove(
    content: str,
    freezes: Iterable[Freeze],
    never: Collection[CanonicalName] = (),
) -> None:
    """Show that the constraints select what was installed, and nothing else.

    The text is parsed again, and its markers are evaluated for the
    environment of each freeze, which states all that they compare: the proof
    is the same on every machine. Every distribution that was installed there
    and is not in ``never`` has exactly one line that applies, with its
    version; no other name has one.

    :raises ProofFailed: with the counter-examples.
    """
    lines: dict[CanonicalName, list[Requirement]] = {}
    for entry in read_entries(content, permit_urls=True, keep_editable=False):
        requirement = entry.requirement
        if requirement is not None and requirement.package:
            name = canonical_name(requirement.package)
            lines.setdefault(name, []).append(requirement)
    examples = []
    for freeze in freezes:
        installed = {
            name: distribution.version
            for name, distribution in freeze.by_name().items()
            if name not in never
        }
        for name in sorted({*installed, *lines}):
            expected = [f"==={installed[name]}"] if name in installed else []
            actual = [
                requirement.specifiers or requirement.location
                for requirement in lines.get(name, ())
                if _selects(requirement, freeze)
            ]
            if actual != expected:
                examples.append(
                    f"for Python {freeze.python_version}, {name} is pinned "
                    f"to {' and '.join(actual) or 'nothing'}, but "
                    f"{' and '.join(expected) or 'nothing'} was installed"
                )
    if examples:
        raise ProofFailed(examples)


def _selects(requirement: Requirement, freeze: Freeze) -> bool:
    """Whether a line applies to what a freeze is of.

    The Python alone decides about lines for other Pythons: the text of
    ``pip freeze`` states nothing else.
    """
    if not requirement.markers:
        return True
    rest = markers.on_python(requirement.markers, freeze.python_version)
    return rest is not None and applies(requirement, freeze.environment)
