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
"""The tally of what one file holds, held against the limits."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from openstack_requirements.errors import BadLine
from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import Requirement


class TooMuch(BadLine):
    """The first line of a file that holds more than is read."""


class Tally:
    """Counts what one file holds, and fails where that is too much.

    No real requirements file comes near the limits, and judging one beyond
    them would take long.

    :param source: the name of the file, for errors.
    """

    def __init__(self, source: str = "") -> None:
        self.source = source
        self._requirements = 0
        self._specifiers = 0
        self._extras = 0
        self._markers: set[str] = set()
        self._marker_text = 0

    def lines(self, lines: Sequence[str]) -> None:
        """Check how many lines there are, before any of them is read.

        :raises TooMuch: where there are too many.
        """
        most = limits.MOST_LINES
        if len(lines) > most:
            raise self._too_much(f"{most} lines", lines[most], most + 1)

    def unread(self, text: str, number: int) -> None:
        """Count an entry that is not a requirement, or cannot be read.

        :raises TooMuch: where there are too many requirements.
        """
        self._requirements += 1
        most = limits.MOST_REQUIREMENTS
        if self._requirements > most:
            raise self._too_much(f"{most} requirements", text, number)

    def read(self, requirement: Requirement, text: str, number: int) -> None:
        """Count a requirement and what it holds; comments do not count.

        :raises TooMuch: where the file then holds too much.
        """
        package, _, specifiers, marker, _, extras = requirement
        if not package:
            return
        self.unread(text, number)
        if specifiers:
            self._specifiers += specifiers.count(",") + 1
            most = limits.MOST_SPECIFIERS_IN_FILE
            if self._specifiers > most:
                raise self._too_much(f"{most} specifiers", text, number)
        if extras:
            self._extras += len(extras)
            most = limits.MOST_EXTRAS_IN_FILE
            if self._extras > most:
                raise self._too_much(f"{most} extras", text, number)
        if marker and marker not in self._markers:
            self._markers.add(marker)
            self._marker_text += len(marker)
            most = limits.MOST_MARKERS
            if len(self._markers) > most:
                raise self._too_much(f"{most} markers", text, number)
            most = limits.MOST_MARKER_TEXT
            if self._marker_text > most:
                raise self._too_much(
                    f"{most} characters of markers", text, number
                )

    def packages(self, entries: Sequence[Entry]) -> None:
        """Check how often a list has each package.

        A list has a package once for each environment. Manifests are not
        checked: they may have it in each of many extras.

        :raises TooMuch: where a package is there too often.
        """
        most = limits.MOST_OF_ONE_PACKAGE
        if len(entries) <= most:
            return
        named = [
            (canonical_name(requirement.package), number, line)
            for number, line, requirement in entries
            if requirement is not None and requirement.package
        ]
        counts = Counter(name for name, _, _ in named)
        for package, count in counts.most_common(1):
            if count > most:
                of_package = [entry for entry in named if entry[0] == package]
                _, number, line = of_package[most]
                raise self._too_much(
                    f"{most} requirements of {package}", line, number
                )

    def _too_much(self, what: str, text: str, number: int) -> TooMuch:
        return TooMuch(
            f"the file holds more than {what}",
            text[: limits.LONGEST_LINE],
            source=self.source,
            number=max(number, 1),
        )
