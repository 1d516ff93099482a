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
"""Reads setup.cfg as ``configparser`` reads it, with the place of each value.

pbr and setuptools both use ``configparser``, which tells no lines and drops
comments. Interpolation is off.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import BadLine
from openstack_requirements.pep508.limits import LONGEST_LINE
from openstack_requirements.pep508.text import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "setup.cfg"

_SECTION = re.compile(r"\[(?P<name>.+)\]", re.DOTALL)


class Value(NamedTuple):
    """A line of an option's value, and where it starts."""

    line: int
    column: int
    text: str


class Option(NamedTuple):
    """An option of setup.cfg, and the line that names it."""

    name: str
    line: int
    values: list[Value]


def options(content: str, section: str) -> dict[str, str]:
    """The options of one section of setup.cfg, their names in lower case.

    The lines of a value are joined with line feeds. Every section has the
    options of ``[DEFAULT]`` as well.

    :raises BadLine: where ``configparser`` could not read it either.
    """
    sections = sections_of(content)
    if section not in sections:
        return {}
    merged = {**sections.get("DEFAULT", {}), **sections[section]}
    return {
        name: "\n".join(value.text for value in option.values)
        for name, option in merged.items()
    }


@lru_cache(maxsize=2)  # the name and the entries of a project are read in turn
def sections_of(
    content: str, file: str = FILE
) -> dict[str, dict[str, Option]]:
    """The options of setup.cfg by section and lower-case name.

    :raises BadLine: where ``configparser`` could not read it either.
    """
    sections: dict[str, dict[str, Option]] = {}
    options: dict[str, Option] | None = None
    option: Option | None = None
    indent = 0
    for number, line in enumerate(split_lines(content), 1):
        text = line.strip()
        if "\r" in line.rstrip("\r\n"):
            # The line would end there for configparser.
            raise _bad("a carriage return within a line", line, number, file)
        if not text or text[0] in "#;":
            continue
        column = len(line) - len(line.lstrip())
        if option is not None and column > indent:
            option.values.append(Value(number, column + 1, text))
            continue
        indent = column
        heading = _SECTION.match(text)
        if heading:
            name = heading["name"]
            if name in sections and name != "DEFAULT":
                raise _bad("the section is there twice", line, number, file)
            options, option = sections.setdefault(name, {}), None
        elif options is None:
            raise _bad("it belongs to no section", line, number, file)
        else:
            option = _option(line, number, file)
            if options.setdefault(option.name.lower(), option) is not option:
                raise _bad("the option is there twice", line, number, file)
    return sections


def _option(line: str, number: int, file: str) -> Option:
    """The option that a line names, with the value on the same line."""
    delimiter = re.search("[=:]", line)
    name = line[: delimiter.start()].strip() if delimiter else ""
    if delimiter is None or not name:
        raise _bad(
            "neither a section nor an option nor the next line of a value",
            line,
            number,
            file,
        )
    option = Option(name, number, [])
    rest = line[delimiter.end() :]
    value = rest.strip()
    if value:
        column = delimiter.end() + rest.index(value) + 1
        option.values.append(Value(number, column, value))
    return option


def _bad(reason: str, line: str, number: int, file: str) -> BadLine:
    return BadLine(reason, line[:LONGEST_LINE], source=file, number=number)


def entries_of(option: Option, *, setuptools: bool) -> Iterator[Value]:
    """The entries of an option's value.

    setuptools splits a value that stands on the option's own line at its
    semicolons.
    """
    values = option.values
    if not setuptools or len(values) != 1 or values[0].line != option.line:
        yield from values
        return
    line, column, text = values[0]
    for part in text.split(";"):
        stripped = part.strip()
        if stripped:
            yield Value(line, column + part.index(stripped), stripped)
        column += len(part) + 1
