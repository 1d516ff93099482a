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
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from openstack_requirements.constraints.editing import (
    byte_order_mark,
    find_lines,
)
from openstack_requirements.errors import BadContent, BadLine, UnusableInput
from openstack_requirements.pep508 import markers
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.text import canonical, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import Requirement


def pin(
    content: str,
    name: str,
    version: str,
    *,
    python: str = "",
    source: str = "",
    entries: Iterable[Entry] = (),
    listed_in: str = "",
    prereleases: bool = True,
) -> str:
    """The text with a distribution pinned to another version.

    Only the version changes, in each line of the distribution: operator,
    marker, spaces and comment stay.

    :param version: a version (PEP 440); it is written in normal form.
    :param python: change only the lines that can apply to this Python
        (``3.12``).
    :param source: the name of the file, for errors.
    :param entries: the entries of the global list. Of those that can apply in
        the same environment as a line, at least one has to admit the version.
        Without entries every version is admitted.
    :param listed_in: the name of the global list, for errors.
    :param prereleases: whether an entry admits a pre-release that it does
        not mention.
    :raises UnusableInput: where there is no line to change.
    :raises BadLine: at a line that is not a pin.
    :raises BadContent: with the entries that do not admit the version.
    :raises BadMarker: for a marker that has no meaning.
    """
    lines = split_lines(content)
    listed = [
        entry
        for entry in entries
        if entry.requirement is not None
        and canonical(entry.requirement.package) == canonical(name)
    ]
    changed = 0
    for index in find_lines(lines, name, source):
        line = lines[index]
        marker = _read(line, index + 1, source).markers
        if not _can_apply(python, marker):
            continue
        start, end = _version_in(line, index + 1, source)
        refusing = _refusing(version, marker, listed, prereleases=prereleases)
        if refusing:
            raise BadContent(
                [
                    BadLine(
                        f"does not admit {name} {version} (--force pins it "
                        "all the same)",
                        entry.line,
                        source=listed_in,
                        number=entry.number,
                    )
                    for entry in refusing
                ]
            )
        lines[index] = line[:start] + version + line[end:]
        changed += 1
    if not changed:
        applying = f" that applies to Python {python}" if python else ""
        raise UnusableInput(source, f"has no line for {name}{applying}")
    return byte_order_mark(content) + "".join(lines)


def _read(line: str, number: int, source: str) -> Requirement:
    try:
        return parse_line(line.rstrip(" \t\r\n"), permit_urls=True)
    except BadLine as error:
        raise error.at(source, number) from error.__cause__


def _version_in(line: str, number: int, source: str) -> tuple[int, int]:
    """The start and the end of the version in the line of a pin."""
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
    return match.span(1)


def _can_apply(python: str, *texts: str) -> bool:
    """Whether all markers can hold together on a Python; empty for any."""
    on_python = [f"python_version=='{python}'"] if python else []
    return markers.overlap([*on_python, *texts]) is not None


def _refusing(
    version: str, marker: str, entries: Iterable[Entry], *, prereleases: bool
) -> list[Entry]:
    """The entries that refuse a pin; empty where one admits it."""
    refusing = []
    for entry in entries:
        requirement = entry.requirement
        assert requirement is not None
        if not _can_apply("", marker, requirement.markers):
            continue
        specifiers = SpecifierSet(requirement.specifiers)
        if specifiers.contains(
            version, prereleases=prereleases or bool(specifiers.prereleases)
        ):
            return []
        refusing.append(entry)
    return refusing
