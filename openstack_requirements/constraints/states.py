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

Lines keep their markers, and :meth:`ConstraintsState.on` says what they mean
on one Python. So files with different sets of Pythons can be compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import merging
from openstack_requirements.pep508 import markers, python_versions, versions
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import Requirement


class PinnedLine(NamedTuple):
    """A line of a constraints file: a pin, and the marker of where it is for.

    ``pin`` is a version if ``exact``, otherwise the specifiers or the URL as
    they stand.
    """

    pin: str
    marker: str
    exact: bool = True


class ConstraintsState(NamedTuple):
    """What is pinned on which Python.

    ``pythons`` are those that it is for. If ``certain``, it is for no others;
    otherwise they are what the markers of the lines name, and lines without a
    marker are for every Python. ``freezes`` are those that it was made from,
    where that is known: they give the reasons.
    """

    lines: Mapping[CanonicalName, tuple[PinnedLine, ...]]
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
    ) -> ConstraintsState:
        """The state that a constraints file describes.

        :param entries: its lines, read with ``permit_urls``.
        :param pythons: the versions that it is for, where that is known.
        :param never: names to leave out.
        """
        lines: dict[CanonicalName, list[PinnedLine]] = {}
        spelling: dict[CanonicalName, str] = {}
        for entry in entries:
            requirement = entry.requirement
            if requirement is None or not requirement.package:
                continue
            name = canonical_name(requirement.package)
            if name not in never:
                spelling.setdefault(name, requirement.package)
                lines.setdefault(name, []).append(pinned_line(requirement))
        return cls(
            {name: tuple(of_name) for name, of_name in lines.items()},
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
    ) -> ConstraintsState:
        """The state that freezes are.

        :param never: names to leave out.
        :raises FreezeError: where two freezes are of the same Python, or a
            freeze has two versions of a distribution.
        """
        ordered = sorted(freezes, key=lambda freeze: freeze.python_key)
        lines: dict[CanonicalName, list[PinnedLine]] = {}
        for pin in merging.merge(ordered, never):
            lines.setdefault(canonical_name(pin.name), []).append(
                PinnedLine(pin.version, pin.marker)
            )
        return cls(
            {name: tuple(of_name) for name, of_name in lines.items()},
            {
                canonical_name(distribution.name): distribution.name
                for freeze in ordered
                for distribution in freeze.distributions
                if distribution.described
            },
            tuple(freeze.python_version for freeze in ordered),
            certain=True,
            freezes=tuple(ordered),
        )

    def made_from(self, freezes: Iterable[Freeze]) -> ConstraintsState:
        """The same state, with the freezes that it was made from."""
        return self._replace(
            freezes=tuple(
                sorted(freezes, key=lambda freeze: freeze.python_key)
            )
        )

    def on(
        self, name: CanonicalName, python: str
    ) -> list[tuple[PinnedLine, str]]:
        """The lines of a name that can apply on a Python.

        :returns: the lines, each with the rest of its marker on that Python;
            the rest is empty where the Python alone decides.
        """
        applying = []
        for line in self.lines.get(name, ()):
            rest = _rest(line.marker, python)
            if rest is not None:
                applying.append((line, rest))
        return applying

    def pins(self, name: CanonicalName, version: str, python: str) -> bool:
        """Whether a distribution is pinned to a version on a Python."""
        wanted = versions.version_key(version)
        return any(
            line.exact and versions.version_key(line.pin) == wanted
            for line, _ in self.on(name, python)
        )

    def not_in_freezes(self) -> list[str]:
        """The pins that differ from the freezes, a phrase for each.

        Where there are many, the state was not made from these freezes.
        """
        differing = []
        for freeze in self.freezes:
            installed = freeze.by_name()
            for name in sorted(self.lines):
                lines = self.on(name, freeze.python_version)
                if not lines or any(rest for _, rest in lines):
                    continue  # the pin may be for another platform
                distribution = installed.get(name)
                if distribution is None or not self.pins(
                    name, distribution.version, freeze.python_version
                ):
                    spelled = self.spelling.get(name, name)
                    differing.append(
                        f"{spelled} on Python {freeze.python_version}"
                    )
        return differing


def pinned_line(requirement: Requirement) -> PinnedLine:
    """The line of a state that a requirement is."""
    marker = requirement.markers
    extras = ",".join(sorted(requirement.extras))
    extras = f"[{extras}]" if extras else ""
    if requirement.location:
        location = requirement.location.strip()
        return PinnedLine(f"{extras}{location}", marker, exact=False)
    if extras or requirement.pin is None:
        pin = f"{extras}{requirement.specifiers}" or "any"
        return PinnedLine(pin, marker, exact=False)
    return PinnedLine(requirement.pin, marker)


def named_pythons(lines: Iterable[Sequence[PinnedLine]]) -> list[str]:
    """The Pythons that stand for all that the markers tell apart.

    :param lines: the lines of each distribution.
    """
    unique = {line.marker for of_name in lines for line in of_name}
    readable = []
    for marker in sorted(unique - {""}):
        try:
            markers.pythons_in([marker])
        except markers.BadMarker:
            continue
        readable.append(marker)
    return markers.pythons_in(readable)


def in_order(pythons: Iterable[str]) -> tuple[str, ...]:
    """Python versions without repetitions: 3.9 before 3.10."""
    return tuple(python_versions.in_order(pythons))


def _rest(marker: str, python: str) -> str | None:
    """The rest of a marker on a Python; None where it never applies there."""
    if not marker:
        return ""
    try:
        return markers.on_python(marker, python)
    except markers.BadMarker:
        return (
            marker  # it has no meaning: as it stands, it is compared as text
        )
