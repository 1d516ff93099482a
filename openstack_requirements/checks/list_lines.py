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
from openstack_requirements.pep508.requirement import Entry, canonical_name

if TYPE_CHECKING:
    from collections.abc import (
        Sequence,
    )

    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )

    Index = dict[CanonicalName, list["Line"]]


class Line(NamedTuple):
    """A requirement and where it stands.

    ``column`` is known where it is not the whole of a line.
    """

    requirement: Requirement
    file: str
    number: int
    text: str
    column: int | None = None

    def problem(
        self, message: str, fix: str | None = None, column: int | None = None
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
        )


class Listed(NamedTuple):
    """One list: its name, its entries, and its requirements by name."""

    file: str
    entries: Sequence[Entry]
    by_name: Index


def listed(file: str, entries: Sequence[Entry]) -> Listed:
    """A list and its requirements by canonical name."""
    by_name: Index = {}
    for number, text, found in entries:
        if found is not None and found.package:
            by_name.setdefault(canonical_name(found.package), []).append(
                Line(found, file, number, text)
            )
    return Listed(file, entries, by_name)


def meet(one: Line, other: Line) -> bool:
    """Whether there are environments in which both lines apply.

    :raises BadLine: where a marker cannot be judged.
    """
    pair = (one.requirement.markers, other.requirement.markers)
    if pair == ("", ""):
        return True
    answer = _overlap(*pair)
    if isinstance(answer, bool):
        return answer
    bad, reason = (one, other)[answer[0]], answer[1]
    raise BadLine(
        f"the marker cannot be judged ({reason})",
        bad.text,
        source=bad.file,
        number=bad.number,
    )


@lru_cache(maxsize=4096)
def _overlap(one: str, other: str) -> bool | tuple[int, str]:
    """Whether two markers overlap; or which is to blame, and why."""
    from openstack_requirements.pep508 import markers

    for number, pair in enumerate(([one], [one, other])):
        try:
            answer = markers.overlap(pair) is not None
        except markers.BadMarker as error:
            return number, error.reason
    return answer


def shown(found: Requirement) -> str:
    """A requirement as a line, without its comment and line end."""
    line = found._replace(comment="").to_line(sort_specifiers=True)
    return line.rstrip("\n")


def ranges(entries: Sequence[Line]) -> str:
    """What entries of one package admit, for a sentence."""
    return " or ".join(
        (each.requirement.specifiers or "any release")
        + (
            f" (where {each.requirement.markers})"
            if each.requirement.markers
            else ""
        )
        for each in entries
    )
