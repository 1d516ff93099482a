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
"""The change of a distribution's version in the text of a constraints file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints.editing import (
    byte_order_mark,
    find_lines,
)
from openstack_requirements.errors import BadContent, BadLine, UnusableInput
from openstack_requirements.pep508 import markers
from openstack_requirements.pep508.parser import parse_line, split_comment
from openstack_requirements.pep508.specifiers import admits
from openstack_requirements.pep508.text import canonical, split_lines
from openstack_requirements.pep508.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import Requirement

#: What may close a version, and what sets a marker off from it.
_SEPARATOR = re.compile(r"((?:[ \t]*\))?)((?:[ \t]*[;:][ \t]*)?)")


def pin(
    content: str,
    name: str,
    version: str,
    *,
    python: str = "",
    requires_python: str = "",
    oldest_python: str = "",
    source: str = "",
    entries: Iterable[Entry] = (),
    listed_in: str = "",
    prereleases: bool = True,
) -> str:
    """The text with a distribution pinned to another version.

    Operator, spaces and comment of a line stay. Its marker stays as well,
    unless ``requires_python`` admits only some of the Pythons that the line
    is for: then two lines take its place, which divide its environments, and
    the one for the other Pythons keeps its version. No Python gets or loses a
    line, and none that is not admitted gets another version.

    A file is for the Pythons that its markers name, and for newer ones. So a
    line stays whole where Pythons are refused that are older than all that
    the file names. A file that names none may be for any.

    :param version: a version (PEP 440); it is written in normal form.
    :param python: change only the lines that can apply to this Python
        (``3.12``).
    :param requires_python: the Pythons that the version is for, a specifier
        set (``>=3.10``). Empty where nothing is known of them: then a
        distribution with several lines is an error.
    :param oldest_python: the oldest Python that the file is for (``3.10``),
        whatever its markers name; empty for what they say.
    :param source: the name of the file, for errors.
    :param entries: the entries of the global list. Of those that can apply in
        the same environment as a line, at least one has to admit the version.
        Without entries every version is admitted.
    :param listed_in: the name of the global list, for errors.
    :param prereleases: whether an entry admits a pre-release that it does
        not mention.
    :raises UnusableInput: where there is no line to change.
    :raises BadLine: at a line that is not a pin.
    :raises BadContent: with the entries that do not admit the version, or
        with the lines where nothing says which of them the version is for.
    :raises BadMarker: for a marker that has no meaning.
    :raises ValueError: where ``requires_python`` cannot be read.
    """
    lines = split_lines(content)
    listed = [
        entry
        for entry in entries
        if entry.requirement is not None
        and canonical(entry.requirement.package) == canonical(name)
    ]
    indexes = find_lines(lines, name, source)
    if len(indexes) > 1 and not python and not requires_python:
        raise _undecided(f"{name} {version}", lines, indexes, source)
    conditions = markers.conditions(requires_python)
    oldest = _oldest_pythons(lines, oldest_python) if conditions else []
    changed = 0
    for index in indexes:
        line = lines[index]
        marker = _read(line, index + 1, source).markers
        if not _can_apply(python, marker):
            continue
        parts = markers.Parts(marker, None)
        if conditions:
            compared = [marker, *(condition.holds for condition in conditions)]
            environments = markers.pythons_from(oldest, compared)
            try:
                parts = markers.split(marker, conditions, environments)
            except markers.BadMarker as error:
                reason = f"cannot be split by {requires_python}"
                raise BadLine(
                    f"{reason} ({error.reason})",
                    line,
                    source=source,
                    number=index + 1,
                ) from error
        if parts.holds is None:
            continue
        parsed = _pin_in(line, index + 1, source)
        refused_by = refusing(
            version, parts.holds, listed, prereleases=prereleases
        )
        if refused_by:
            raise BadContent(
                [
                    BadLine(
                        f"does not admit {name} {version} (--force pins it "
                        "all the same)",
                        entry.line,
                        source=listed_in,
                        number=entry.number,
                    )
                    for entry in refused_by
                ]
            )
        if parts.fails is None:
            lines[index] = parsed.with_version(version)
        elif parsed.version != version:
            lines[index] = _two_lines(parsed, version, parts, lines[0])
        changed += 1
    if not changed:
        applying = ""
        if indexes and (python or requires_python):
            applying = f" that applies to Python {python or requires_python}"
        raise UnusableInput(source, f"has no line for {name}{applying}")
    return byte_order_mark(content) + "".join(lines)


def _undecided(
    pinned: str, lines: Sequence[str], indexes: Iterable[int], source: str
) -> BadContent:
    """The error that shows the lines that a version may be for."""
    return BadContent(
        [
            BadLine(
                f"one of several lines, and nothing says which Pythons "
                f"{pinned} is for (say so with --python)",
                lines[index],
                source=source,
                number=index + 1,
            )
            for index in indexes
        ]
    )


def _oldest_pythons(lines: Iterable[str], stated: str) -> list[str]:
    """The oldest Pythons that a file is for; none where it may be for any.

    :param stated: an older one does not count; empty where all do.
    :raises BadMarker: where the file names too many Pythons.
    """
    named = []
    # Lines without that word, which are nearly all, are not parsed.
    for line in {line for line in lines if "python" in line}:
        try:
            marker = parse_line(
                line.rstrip(" \t\r\n"), permit_urls=True
            ).markers
            markers.oldest_pythons([marker])
        except (BadLine, markers.BadMarker):
            continue  # another line may hold anything
        named.append(marker)
    oldest = markers.oldest_pythons(named)
    if not stated:
        return oldest
    # What the markers name of the same series (2, 3) is not older.
    series = version_key(stated.partition(".")[0])
    newer = [
        python
        for python in oldest
        if version_key(python.partition(".")[0]) > series
    ]
    return [stated, *newer]


class _Pin(NamedTuple):
    """The line of a pin, in parts that make up its text in this order."""

    before: str
    version: str
    behind: str
    separator: str
    marker: str
    comment: str
    end: str

    def with_version(self, version: str, marker: str | None = None) -> str:
        """The line with another version, and another marker if given."""
        parts = self._replace(version=version)
        if marker is not None:
            separator = self.separator.replace(":", ";") or ";"
            parts = parts._replace(separator=separator, marker=marker)
        return "".join(parts)


def _two_lines(
    parsed: _Pin, version: str, parts: markers.Parts, first_line: str
) -> str:
    """The lines that divide a line's Pythons, the lower version first."""
    assert parts.holds is not None
    assert parts.fails is not None
    new = (version, parts.holds)
    old = (parsed.version, parts.fails)
    ordered = sorted([old, new], key=lambda pinned: version_key(pinned[0]))
    between = parsed._replace(
        end=parsed.end or first_line[len(first_line.rstrip("\r\n")) :] or "\n"
    )
    return between.with_version(*ordered[0]) + parsed.with_version(*ordered[1])


def _read(line: str, number: int, source: str) -> Requirement:
    try:
        return parse_line(line.rstrip(" \t\r\n"), permit_urls=True)
    except BadLine as error:
        raise error.at(source, number) from error.__cause__


def _pin_in(line: str, number: int, source: str) -> _Pin:
    """The parts of the line of a pin."""
    # No two parts that match blanks follow each other, which would be slow.
    match = re.match(
        r"\s*[A-Za-z0-9._-]+[ \t]*(?:\[[^\]]*\][ \t]*)?(?:\([ \t]*)?"
        r"={2,3}[ \t]*([A-Za-z0-9.+!_-]+)[ \t)]*(?:[;:#\r\n]|\Z)",
        line,
    )
    if match is None:
        raise BadLine(
            "not a pin (NAME===VERSION)", line, source=source, number=number
        )
    start, behind = match.span(1)
    body = line.rstrip("\r\n")
    text = split_comment(body)[0].rstrip()
    separator = _SEPARATOR.match(text, behind)
    assert separator is not None  # it may be empty
    return _Pin(
        before=line[:start],
        version=line[start:behind],
        behind=separator[1],
        separator=separator[2],
        marker=text[separator.end() :],
        comment=body[len(text) :],
        end=line[len(body) :],
    )


def _can_apply(python: str, *texts: str) -> bool:
    """Whether all markers can hold together on a Python; empty for any."""
    on_python = [f"python_version=='{python}'"] if python else []
    return markers.overlap([*on_python, *texts]) is not None


def refusing(
    version: str, marker: str, entries: Iterable[Entry], *, prereleases: bool
) -> list[Entry]:
    """The entries that refuse a pin; empty where one admits it.

    :param marker: the environments of the pin; empty for all.
    :param entries: those of the global list for the distribution.
    :param prereleases: whether an entry admits a pre-release that it does
        not mention.
    """
    result = []
    for entry in entries:
        requirement = entry.requirement
        assert requirement is not None
        if not _can_apply("", marker, requirement.markers):
            continue
        if admits(requirement.specifiers, version, prereleases=prereleases):
            return []
        result.append(entry)
    return result
