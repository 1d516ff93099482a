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
"""What a TOML document says, and where in it.

The values are read by Python's own ``tomllib``. It does not tell where a
value stands, and it takes very long for a document made to take long: the one
walk over the text that finds the places also refuses what is nested or dotted
deeper than any honest document, before ``tomllib`` sees it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from openstack_requirements.errors import BadLine
from openstack_requirements.requirement import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Where a value is: keys, and indexes in arrays.
Path: TypeAlias = "tuple[str | int, ...]"
#: A line and a column, from 1.
Place: TypeAlias = "tuple[int, int]"

#: No honest document is nested deeper, or has a key of more parts.
DEEPEST = 32

# Strings are matched without a choice between two ways, so that one that
# never ends costs one look at the rest of the text.
_TOKEN = re.compile(
    r"""
    (?P<blank>[ \t\r]+|\#[^\n]*)
    |(?P<newline>\n)
    |(?P<string>
        \"{3}[^"\\]*(?:(?:\\.|"{1,2}(?!"))[^"\\]*)*\"{3,5}
        |'{3}[^']*(?:'{1,2}(?!')[^']*)*'{3,5}
        |"(?!"")[^"\\\n]*(?:\\.[^"\\\n]*)*"
        |'(?!'')[^'\n]*'
    )
    |(?P<bare>[A-Za-z0-9_:+-]+)
    |(?P<mark>[][{}=,.])
    |(?P<other>.)
    """,
    re.DOTALL | re.VERBOSE,
)


class Document(NamedTuple):
    """A document's table, and where the items of its arrays start.

    ``places`` has the line and the column (both from 1) of each string and
    each inline table that is an item of an array; keys that are written with
    an escape are not in it.
    """

    table: dict[str, Any]
    places: Mapping[Path, Place]


def load(content: str, source: str = "") -> Document:
    """Read a document.

    :param content: its text, without a byte order mark.
    :param source: the file's name, for errors.
    :raises BadLine: where it is not TOML 1.0, or is nested too deep.
    """
    places = _places(content, source)
    try:
        table = _loads(content)
    except ValueError as error:
        # TOMLDecodeError is one; a number of 5000 digits raises its base.
        raise _bad(error, content, source) from error
    except RecursionError as error:
        raise BadLine(
            "it is nested too deep", "", source=source, number=1
        ) from error
    return Document(table, places)


def _loads(content: str) -> dict[str, Any]:
    # Both cost too much for commands that meet no TOML.
    try:
        import tomllib
    except ImportError:  # before Python 3.11
        import tomli as tomllib
    table: dict[str, Any] = tomllib.loads(content)
    return table


def _bad(error: ValueError, content: str, source: str) -> BadLine:
    reason = str(error)
    found = re.search(r" \(at line (\d+), column (\d+)\)\Z", reason)
    lines = content.split("\n")
    if found:
        reason = reason[: found.start()]
        number, column = int(found[1]), int(found[2])
    else:
        reason = reason.removesuffix(" (at end of document)")
        number, column = max(len(lines) - content.endswith("\n"), 1), 0
    return BadLine(
        f"not TOML ({reason[:1].lower()}{reason[1:]})",
        lines[number - 1][:LONGEST_LINE],
        source=source,
        number=number,
        column=column,
    )


class _Open:
    """An array or an inline table whose end has not come yet."""

    __slots__ = ("array", "index", "key", "path")

    def __init__(self, path: Path, *, array: bool) -> None:
        self.path = path
        self.array = array
        self.index = 0
        self.key: list[str] = []

    def item(self) -> Path:
        """The path of the value that comes next."""
        return (*self.path, *([self.index] if self.array else self.key))

    def go_on(self) -> bool:
        """Past a comma; whether a value comes next."""
        self.index += 1
        self.key = []
        return self.array


def _places(content: str, source: str) -> dict[Path, Place]:
    """Where strings and inline tables start that are items of arrays.

    Of a text that is no TOML, those before the fault.

    :raises BadLine: for what is nested too deep.
    """
    walk = _Walk()
    line, start = 1, 0
    for token in _TOKEN.finditer(content):
        kind, text = token.lastgroup, token[0]
        at = line, token.start() - start + 1
        if kind == "other":
            break
        if kind == "newline":
            walk.end_line()
        elif kind == "mark":
            walk.mark(text, at)
        elif kind in {"string", "bare"}:
            walk.word(text, at, string=kind == "string")
        if walk.depth > DEEPEST:
            raise BadLine(
                f"it is nested deeper than {DEEPEST}",
                content.split("\n", line)[line - 1][:40],
                source=source,
                number=at[0],
                column=at[1],
            )
        if "\n" in text:
            line += text.count("\n")
            start = token.start() + text.rindex("\n") + 1
    return walk.found


class _Walk:
    """From token to token, where we are in the document."""

    def __init__(self) -> None:
        self.found: dict[Path, Place] = {}
        self.depth = 0  # of what was met last
        self._table: Path = ()
        self._key: list[str] = []  # of the statement at hand
        self._value = False  # whether a value comes next, and no key
        self._heading = False
        self._open: list[_Open] = []

    def end_line(self) -> None:
        """Outside of all brackets, a statement ends with its line."""
        if self._open:
            return
        if self._heading:
            self._table = tuple(self._key)
        self._key, self._heading, self._value = [], False, False

    def mark(self, text: str, at: Place) -> None:
        """One of the characters that structure is made of."""
        inner = self._open[-1] if self._open else None
        if text in "[{" and self._value:
            path = inner.item() if inner else (*self._table, *self._key)
            if text == "{":
                self.found[path] = at
            self._open.append(_Open(path, array=text == "["))
            self._value = text == "["
            self.depth = len(self._open)
        elif text == "[":
            self._heading = True
        elif text == "=":
            self._value = True
        elif text in "]}" and inner:
            self._open.pop()
            self._value = True
        elif text == "," and inner:
            self._value = inner.go_on()

    def word(self, text: str, at: Place, *, string: bool) -> None:
        """A part of a key, or a value."""
        inner = self._open[-1] if self._open else None
        if not self._value:
            key = inner.key if inner else self._key
            key.append(text[1:-1] if string else text)
            self.depth = len(key)
        elif string and inner:
            self.found[inner.item()] = at
