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
"""What stays of an earlier constraints file when its pins are made anew."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import merging
from openstack_requirements.errors import BadLine, ProofFailed
from openstack_requirements.pep508 import markers, python_versions
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.text import split_lines
from openstack_requirements.pep508.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.constraints.merging import MarkerStyle, Pin
    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )


def head(content: str, source: str = "") -> str:
    """The comment lines at the head of a constraints file.

    They are all lines before the first requirement, the blank ones among
    them included; each ends with a line feed. Empty where no line of these is
    a comment.

    :param source: the name of the file, for errors.
    :raises BadLine: where an installer would read a line as several.
    """
    lines = []
    has_comment = False
    for number, line in enumerate(split_lines(content), 1):
        text = line.strip()
        if text and not text.startswith("#"):
            break
        has_comment = has_comment or bool(text)
        lines.append(_one_line(line, source, number))
    return "".join(f"{line}\n" for line in lines) if has_comment else ""


def _one_line(line: str, source: str, number: int) -> str:
    """A line that stays, without its line end.

    An installer may end a comment at a form feed, and read what follows as a
    pin that no proof has seen.
    """
    text = line.rstrip("\r\n")
    if len(text.splitlines()) > 1:
        raise BadLine("a line break that not every program sees", text).at(
            source, number
        )
    return text


class KeptLines(NamedTuple):
    """Lines of earlier constraints that are only for Pythons not asked for.

    :param lines: they, as they stand, by name.
    :param replaced: the other lines, which are made anew, by name.
    :param pythons: the Pythons that the kept lines are for, as far as their
        markers name them, the oldest first.
    :param asked: the Pythons that the new lines are made for.
    """

    lines: Mapping[CanonicalName, Sequence[Entry]]
    replaced: Mapping[CanonicalName, Sequence[Requirement]]
    pythons: Sequence[str]
    asked: Sequence[str]


def kept_lines(
    entries: Iterable[Entry],
    asked: Iterable[str],
    never: Collection[CanonicalName] = (),
    source: str = "",
) -> KeptLines:
    """The lines of earlier constraints that stay, and those that do not.

    A line stays whose marker selects a Python, and none of those asked for on
    any platform.

    :param entries: the lines, read with ``permit_urls``.
    :param asked: the Pythons that constraints are made for.
    :param never: names to leave out.
    :param source: the name of the file, for errors.
    :raises BadLine: where a marker has no meaning, or an installer would read
        a line as several.
    """
    asked = python_versions.in_order(asked)
    lines: dict[CanonicalName, list[Entry]] = {}
    replaced: dict[CanonicalName, list[Requirement]] = {}
    pythons: set[str] = set()
    for entry in entries:
        requirement = entry.requirement
        if requirement is None or not requirement.package:
            continue
        name = canonical_name(requirement.package)
        if name in never:
            continue
        marker = requirement.markers
        try:
            selected = {
                python
                for python in markers.pythons_in([marker] if marker else [])
                if markers.on_python(marker, python) is not None
            }
            stays = marker and not any(
                markers.on_python(marker, python) is not None
                for python in asked
            )
        except markers.BadMarker as error:
            raise BadLine(str(error), entry.line).at(
                source, entry.number
            ) from error
        if not stays:
            replaced.setdefault(name, []).append(requirement)
        elif selected:
            text = _one_line(entry.line, source, entry.number)
            lines.setdefault(name, []).append(entry._replace(line=text))
            pythons |= selected
    return KeptLines(lines, replaced, python_versions.in_order(pythons), asked)


def merge(
    freezes: Sequence[Freeze],
    kept: KeptLines,
    never: Collection[CanonicalName] = (),
    style: MarkerStyle = "exact",
) -> list[str]:
    """The lines that give each interpreter what was installed for it.

    Beside them are the kept lines, as they stand. A new line applies on no
    Python where a kept line of its name does, nor on a kept Python that had
    no line of that name although others had. Where the asked Pythons come to
    differ, a kept Python that shared a line with them keeps its earlier pin.

    :param freezes: those of the asked Pythons.
    :param never: names to leave out.
    :returns: the lines with their ends, by name, version and Python version.
    :raises FreezeError: see :func:`.merging.merge`.
    """
    spelling, pythons_by_version = merging.versions_of(freezes, never)
    result = []
    for name in sorted({*pythons_by_version, *kept.lines}):
        lines = [_line(entry, kept) for entry in kept.lines.get(name, ())]
        if name in pythons_by_version:
            lines += _new_lines(
                name, spelling[name], pythons_by_version[name], kept, style
            )
        lines.sort()
        result += [f"{line.text}\n" for line in lines]
    return result


def prove(content: str, kept: KeptLines) -> None:
    """Show that constraints give kept Pythons what the kept lines say.

    The text is parsed again. Each kept line is in it, and no new line of its
    name applies in any environment where it does. On each kept Python, no two
    new lines of a name apply together.

    :raises ProofFailed: with the counter-examples.
    """
    expected = Counter(
        entry.line for entries in kept.lines.values() for entry in entries
    )
    new: dict[CanonicalName, list[str]] = {}
    for entry in read_entries(content, permit_urls=True, keep_editable=False):
        requirement = entry.requirement
        text = entry.line.rstrip("\n")
        if requirement is None or not requirement.package:
            continue
        if expected[text]:
            expected[text] -= 1
        else:
            name = canonical_name(requirement.package)
            new.setdefault(name, []).append(requirement.markers)
    examples = [f"the line {text} is lost" for text in (+expected)]
    for name, of_name in sorted(new.items()):
        for entry in kept.lines.get(name, ()):
            examples += [
                f"beside {entry.line}, {name} has a line for "
                f"{marker or 'all environments'}"
                for marker in of_name
                if not _apart(marker, _marker(entry))
            ]
        for first, second in combinations(of_name, 2):
            examples += [
                f"for Python {python}, {name} has two new lines"
                for python in kept.pythons
                if _applies(first, python)
                and _applies(second, python)
                and not _apart(first, second)
            ]
    if examples:
        raise ProofFailed(examples)


class _Line(NamedTuple):
    """A line of one name, in the order of constraint files."""

    version: tuple[object, ...]
    python: tuple[int, ...]
    text: str


def _line(entry: Entry, kept: KeptLines) -> _Line:
    """A kept line."""
    assert entry.requirement is not None  # it has a marker
    pythons = [
        python
        for python in kept.pythons
        if _applies(entry.requirement.markers, python)
    ]
    return _Line(
        version_key(entry.requirement.pin or ""),
        python_versions.python_key(pythons[0]),
        entry.line,
    )


def _new_lines(
    name: CanonicalName,
    spelled: str,
    pythons_by_version: Mapping[str, Sequence[str]],
    kept: KeptLines,
    style: MarkerStyle,
) -> list[_Line]:
    """The new lines of one name."""
    asked = list(kept.asked)
    agree = [list(selected) for selected in pythons_by_version.values()] == [
        asked
    ]
    own = [_marker(entry) for entry in kept.lines.get(name, ())]
    replaced = kept.replaced.get(name, ())
    # The kept Pythons that shared a line with an asked one.
    shared = [
        python
        for python in kept.pythons
        if not any(_applies(marker, python) for marker in own)
        and any(_applies(line.markers, python) for line in replaced)
    ]
    known = bool(own or replaced)
    if agree:
        (version,) = pythons_by_version
        if not own and (not known or len(shared) == len(kept.pythons)):
            return _pins(spelled, {version: asked}, asked, "exact")
        if len(replaced) == 1 and _still_right(replaced[0], own, asked):
            pin = merging.Pin(spelled, version, replaced[0].markers)
            return [_of_pin(pin, asked[0])]
    selected = {
        version: list(pythons)
        for version, pythons in pythons_by_version.items()
    }
    for python in shared:
        for line in replaced:
            # What a platform decides as well is not known here.
            if line.pin is not None and _rest(line.markers, python) == "":
                selected.setdefault(line.pin, []).append(python)
                break
    universe = python_versions.in_order(
        [*asked, *(kept.pythons if known else ())]
    )
    lines = _pins(spelled, selected, universe, style)
    if style == "range" and not all(
        _apart(parse_line(line.text).markers, marker)
        for line in lines
        for marker in own
    ):
        # A marker is too complex to be compared with a range.
        lines = _pins(spelled, selected, universe, "exact")
    return lines


def _pins(
    spelled: str,
    pythons_by_version: Mapping[str, Sequence[str]],
    universe: Sequence[str],
    style: MarkerStyle,
) -> list[_Line]:
    """The lines that select some Pythons of all that are given."""
    lines = []
    for version, pythons in pythons_by_version.items():
        ordered = python_versions.in_order(pythons)
        for marker in merging.markers_for(ordered, universe, style):
            first = next(p for p in ordered if _applies(marker, p))
            pin = merging.Pin(spelled, version, marker)
            lines.append(_of_pin(pin, first))
    return lines


def _of_pin(pin: Pin, python: str) -> _Line:
    """A new line.

    :param python: the oldest that it is for.
    """
    return _Line(
        version_key(pin.version),
        python_versions.python_key(python),
        pin.to_line().rstrip("\n"),
    )


def _still_right(
    line: Requirement, own: Sequence[str], asked: Sequence[str]
) -> bool:
    """Whether a replaced line's marker suits the new version of all asked."""
    return (
        bool(line.markers)
        and line.pin is not None
        and all(_rest(line.markers, python) == "" for python in asked)
        and all(_apart(line.markers, marker) for marker in own)
    )


def _marker(entry: Entry) -> str:
    """The marker of a kept line."""
    return entry.requirement.markers if entry.requirement else ""


def _rest(marker: str, python: str) -> str | None:
    """The rest of a marker on a Python; None where it never applies there."""
    return markers.on_python(marker, python) if marker else ""


def _applies(marker: str, python: str) -> bool:
    """Whether a marker can apply on a Python."""
    return _rest(marker, python) is not None


def _is_one_python(operator: str, version: str) -> bool:
    """Whether a comparison selects one Python: ``==`` and ``3.9``."""
    major, _, minor = version.partition(".")
    return operator == "==" and major.isdigit() and minor.isdigit()


def _apart(first: str, second: str) -> bool:
    """Whether no environment is selected by both markers."""
    if not first or not second:
        return False
    try:
        for marker, opposite in ((first, second), (second, first)):
            comparison = markers.python_comparison(marker)
            if comparison is not None and _is_one_python(*comparison):
                return not _applies(opposite, comparison[1])
        return markers.disjoint(first, second)
    except markers.BadMarker:
        return False
