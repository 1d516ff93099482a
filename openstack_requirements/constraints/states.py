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
"""What is pinned on which Python: a constraints file, or freezes, as a value.

Lines are kept with their markers. What they mean on one Python is asked of
:meth:`State.on`, so that files with other sets of Pythons can be compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import freeze
from openstack_requirements.pep508 import markers, python_versions
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.pep508.requirement import Entry, Requirement


class Line(NamedTuple):
    """One line of a state: what is pinned, and where.

    ``pin`` is a version, or else the specifiers or the URL as they stand;
    ``exact`` tells which.
    """

    pin: str
    marker: str
    exact: bool = True


class State(NamedTuple):
    """What is pinned on which Python.

    ``pythons`` are those that it is for. ``certain``: it is for these and
    for no others; otherwise they are what the lines' markers name, and lines
    without a marker are for every Python. ``freezes`` are what it was made
    from, where that is known: they can say why.
    """

    lines: Mapping[CanonicalName, tuple[Line, ...]]
    spelling: Mapping[CanonicalName, str]
    pythons: tuple[str, ...]
    certain: bool
    freezes: tuple[Freeze, ...] = ()

    @classmethod
    def from_constraints(
        cls,
        entries: Iterable[Entry],
        pythons: Iterable[str] | None = None,
        never: Collection[CanonicalName] = (),
    ) -> State:
        """The state that a constraints file describes.

        :param entries: its lines, read with ``permit_urls``.
        :param pythons: the versions that it is for, where that is known.
        :param never: names to leave out.
        """
        lines: dict[CanonicalName, list[Line]] = {}
        spelling: dict[CanonicalName, str] = {}
        for entry in entries:
            found = entry.requirement
            if found is None or not found.package:
                continue
            name = canonical_name(found.package)
            if name not in never:
                spelling.setdefault(name, found.package)
                lines.setdefault(name, []).append(_line(found))
        return cls(
            {name: tuple(each) for name, each in lines.items()},
            spelling,
            in_order(
                named_pythons(lines.values()) if pythons is None else pythons
            ),
            certain=pythons is not None,
        )

    @classmethod
    def from_freezes(
        cls,
        freezes: Iterable[Freeze],
        never: Collection[CanonicalName] = (),
    ) -> State:
        """The state that freezes are.

        :param never: names to leave out.
        :raises FreezeError: where two freezes are of one Python, or one has a
            name in two versions.
        """
        found = sorted(freezes, key=lambda each: each.python_key)
        lines: dict[CanonicalName, list[Line]] = {}
        for pin in freeze.merge(found, never):
            lines.setdefault(canonical_name(pin.name), []).append(
                Line(pin.version, pin.marker)
            )
        return cls(
            {name: tuple(each) for name, each in lines.items()},
            {
                canonical_name(each.name): each.name
                for one in found
                for each in one.distributions
                if each.described
            },
            tuple(each.python_version for each in found),
            certain=True,
            freezes=tuple(found),
        )

    def made_from(self, freezes: Iterable[Freeze]) -> State:
        """The same state, with the freezes that it was made from."""
        return self._replace(
            freezes=tuple(sorted(freezes, key=lambda each: each.python_key))
        )

    def on(self, name: CanonicalName, python: str) -> list[tuple[Line, str]]:
        """The lines of a name that can apply on a Python.

        :returns: each with what is left of its marker there; empty where
            nothing but the Python decides.
        """
        found = []
        for line in self.lines.get(name, ()):
            left = _left(line.marker, python)
            if left is not None:
                found.append((line, left))
        return found

    def pins(self, name: CanonicalName, version: str, python: str) -> bool:
        """Whether a distribution is pinned to a version on a Python."""
        wanted = freeze.version_key(version)
        return any(
            line.exact and freeze.version_key(line.pin) == wanted
            for line, _ in self.on(name, python)
        )

    def not_in_freezes(self) -> list[str]:
        """What is pinned otherwise than in its freezes, a phrase for each.

        Where there is much of it, the freezes are not what it was made from.
        """
        found = []
        for one in self.freezes:
            installed = one.by_name()
            for name in sorted(self.lines):
                lines = self.on(name, one.python_version)
                if any(left for _, left in lines):
                    continue  # it may be for another platform
                there = installed.get(name)
                if lines and (
                    there is None
                    or not self.pins(name, there.version, one.python_version)
                ):
                    spelled = self.spelling.get(name, name)
                    found.append(f"{spelled} on Python {one.python_version}")
        return found


def _line(requirement: Requirement) -> Line:
    """A line of a constraints file."""
    marker = requirement.markers
    extras = ",".join(sorted(requirement.extras))
    extras = f"[{extras}]" if extras else ""
    if requirement.location:
        location = requirement.location.strip()
        return Line(f"{extras}{location}", marker, exact=False)
    if extras or requirement.pin is None:
        pin = f"{extras}{requirement.specifiers}" or "any"
        return Line(pin, marker, exact=False)
    return Line(requirement.pin, marker)


def named_pythons(lines: Iterable[Sequence[Line]]) -> list[str]:
    """The Pythons that stand for all that the markers tell apart."""
    found = {line.marker for each in lines for line in each if line.marker}
    readable = []
    for marker in sorted(found):
        try:
            markers.pythons_in([marker])
        except markers.BadMarker:
            continue
        readable.append(marker)
    return markers.pythons_in(readable)


def in_order(pythons: Iterable[str]) -> tuple[str, ...]:
    """Python versions, each once: 3.9 before 3.10."""
    return tuple(sorted(set(pythons), key=python_versions.python_key))


def _left(marker: str, python: str) -> str | None:
    """What beyond the Python decides; None where the line is for others."""
    if not marker:
        return ""
    try:
        return markers.on_python(marker, python)
    except markers.BadMarker:
        return marker  # no meaning that we know of: it stands for itself
