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
"""Conflicts in a text, as git marks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from openstack_requirements.errors import BadLine
from openstack_requirements.pep508.text import split_lines, without_bom

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The length of git's markers, unless the attribute conflict-marker-size says
#: otherwise.
MARKER_SIZE = 7
#: Whether the lines of the base are shown, see ``merge.conflictStyle``.
ConflictStyle = Literal["merge", "diff3"]
CONFLICT_STYLES: tuple[ConflictStyle, ...] = get_args(ConflictStyle)


#: The signs of the markers at which the lines of the base, ours and theirs
#: stand.
_SIDES = ("|", "<", ">")
#: The signs of the markers that may follow, by the sign of the last one.
_NEXT = {"": ("<",), "<": ("|", "="), "|": ("=",), "=": (">",)}


class ConflictLabels(NamedTuple):
    """The names of the three versions in conflict markers."""

    ours: str = "ours"
    base: str = "base"
    theirs: str = "theirs"


class MarkedSides(NamedTuple):
    """The texts of the sides of a file with conflict markers.

    :param base: None where a conflict does not show its base.
    :param labels: those of the first conflict.
    :param conflicts: how many conflicts there are.
    """

    base: str | None
    ours: str
    theirs: str
    labels: ConflictLabels
    conflicts: int


def conflict_lines(
    base: Sequence[str],
    ours: Sequence[str],
    theirs: Sequence[str],
    reason: str,
    labels: ConflictLabels,
    style: ConflictStyle = "merge",
    size: int = MARKER_SIZE,
) -> list[str]:
    """The lines of a conflict, without line ends.

    :param reason: stands behind the name of the first side.
    """
    shown = [f"{'|' * size} {labels.base}", *base] if style == "diff3" else []
    return [
        f"{'<' * size} {labels.ours} ({reason})",
        *ours,
        *shown,
        "=" * size,
        *theirs,
        f"{'>' * size} {labels.theirs}",
    ]


def marked_sides(
    text: str, source: str = "", size: int = MARKER_SIZE
) -> MarkedSides:
    """The sides of a text with conflict markers, in any of git's styles.

    :param source: the name of the file, for errors.
    :raises BadLine: at a marker that has no place there.
    """
    sides: dict[str, list[str]] = {sign: [] for sign in _SIDES}
    labels: dict[str, str] = {}
    place = ""  # the sign of the section that a line is in
    start = 0
    count = 0
    knows_base = True
    lines = split_lines(text)
    for number, line in enumerate(lines, 1):
        sign = _sign(line, size)
        expected = _NEXT[place]
        if not sign:
            for section in _sections(place):
                sides[section].append(line)
            continue
        if sign not in expected:
            raise BadLine(
                f"a conflict marker that has no place here (expected "
                f"{' or '.join(x * size for x in expected)})",
                line,
                source=source,
                number=number,
            )
        labels.setdefault(sign, _label(line, size))
        if sign == "<":
            start, count = number, count + 1
        elif sign == "=" and place == "<":
            knows_base = False
        place = "" if sign == ">" else sign
    if place:
        raise BadLine(
            "a conflict that does not end",
            lines[start - 1],
            source=source,
            number=start,
        )
    mark = text[: len(text) - len(without_bom(text))]
    base, ours, theirs = (mark + "".join(sides[sign]) for sign in _SIDES)
    return MarkedSides(
        base if knows_base else None,
        ours,
        theirs,
        ConflictLabels(
            labels.get("<") or "ours",
            labels.get("|") or "base",
            labels.get(">") or "theirs",
        ),
        count,
    )


def _sections(place: str) -> tuple[str, ...]:
    """The signs of the sides that have the lines of a section."""
    return (place.replace("=", ">"),) if place else _SIDES


def _sign(line: str, size: int) -> str:
    """The sign of a conflict marker; empty for another line."""
    sign = line[:1]
    body = line.rstrip("\r\n")
    if sign in {"=", *_SIDES} and body.startswith(sign * size):
        rest = body[size:]
        if not rest or rest.startswith(" "):
            return sign
    return ""


def _label(line: str, size: int) -> str:
    """The name of a side in its marker, without a reason behind it."""
    label = line[size:].strip()
    if label.endswith(")"):
        label = label.partition(" (")[0]
    return label
