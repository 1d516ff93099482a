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
"""The lines of a list by distribution, and how sentences show them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks.findings import Problem
from openstack_requirements.errors import BadLine
from openstack_requirements.pep508.entries import Entry
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import (
        Sequence,
    )

    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )

    ByName = dict[CanonicalName, list["ListLine"]]


class ListLine(NamedTuple):
    """A requirement of a list, or of a project, and where it stands.

    ``column`` is known where it is not the whole of a line.
    """

    requirement: Requirement
    file: str
    number: int
    text: str
    column: int | None = None

    def problem(
        self,
        message: str,
        fix: str | None = None,
        column: int | None = None,
        hint: str | None = None,
    ) -> Problem:
        """What is wrong with it."""
        return Problem(
            message,
            self.file,
            self.number,
            column or self.column,
            self.requirement.package or None,
            fix,
            self.text.strip() or None,
            hint,
        )


class Listed(NamedTuple):
    """One list: its name, its entries, and its requirements by name."""

    file: str
    entries: Sequence[Entry]
    by_name: ByName


def listed(file: str, entries: Sequence[Entry]) -> Listed:
    """A list and its requirements by canonical name."""
    by_name: ByName = {}
    for number, text, requirement in entries:
        if requirement is not None and requirement.package:
            name = canonical_name(requirement.package)
            line = ListLine(requirement, file, number, text)
            by_name.setdefault(name, []).append(line)
    return Listed(file, entries, by_name)


def meet(first: ListLine, second: ListLine) -> bool:
    """Whether there are environments in which both lines apply.

    :raises BadLine: where a marker cannot be judged.
    """
    texts = (first.requirement.markers, second.requirement.markers)
    if texts == ("", ""):
        return True
    answer = _overlap(*texts)
    if isinstance(answer, bool):
        return answer
    bad, reason = (first, second)[answer[0]], answer[1]
    raise BadLine(
        f"the marker cannot be judged ({reason})",
        bad.text,
        source=bad.file,
        number=bad.number,
    )


@lru_cache(maxsize=4096)
def _overlap(first: str, second: str) -> bool | tuple[int, str]:
    """Whether two markers overlap; else the position of a bad one, and why."""
    from openstack_requirements.pep508 import markers

    for position, texts in enumerate(([first], [first, second])):
        try:
            answer = markers.overlap(texts) is not None
        except markers.BadMarker as error:
            return position, error.reason
    return answer


def shown(requirement: Requirement) -> str:
    """A requirement as a line, without its comment and line end."""
    line = requirement._replace(comment="").to_line(sort_specifiers=True)
    return line.rstrip("\n")


def ranges(lines: Sequence[ListLine]) -> str:
    """What lines of one package admit, for a sentence."""
    words = []
    for line in lines:
        marker = line.requirement.markers
        where = f" (where {marker})" if marker else ""
        words.append(f"{line.requirement.specifiers or 'any release'}{where}")
    return " or ".join(words)
