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
"""Where the values of a TOML document stand, which ``tomllib`` does not tell.

One pass over the tokens finds the positions. It also refuses what is nested or
dotted too deep, and words that are too long: ``tomllib`` takes very long for
documents that are made to take long, and reads only what passed here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from openstack_requirements.errors import BadLine

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The path of a value: keys, and indexes in arrays.
KeyPath: TypeAlias = "tuple[str | int, ...]"
#: A line and a column, from 1.
Position: TypeAlias = "tuple[int, int]"

#: Documents that are nested deeper, or have a key of more parts, are refused.
DEEPEST = 32
#: A number, a date or a bare key of more characters is an error: Python does
#: not turn more than 4,300 digits into a number, nor such a number into text.
LONGEST_WORD = 1000

# A string matches in one way only, so that an unclosed one takes linear
# time.
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
    |(?P<unknown>.)
    """,
    re.DOTALL | re.VERBOSE,
)


def loads(content: str) -> dict[str, Any]:
    """The table of a document; ``tomllib.loads`` on every Python.

    :raises ValueError: where it is not TOML.
    """
    # Importing either is slow, and few commands read TOML.
    try:
        import tomllib
    except ImportError:  # before Python 3.11
        import tomli as tomllib
    table: dict[str, Any] = tomllib.loads(content)
    return table


def positions(content: str, source: str) -> dict[KeyPath, Position]:
    """Where values start: those of keys, and the items of arrays.

    Of invalid TOML, those before the error.

    :raises BadLine: for what is nested too deep, and for words and numbers
        that are too long.
    """
    walk = _Walk()
    for token, (line, column) in walk.through(content):
        problem = ""
        if walk.depth > DEEPEST:
            problem = f"it is nested deeper than {DEEPEST}"
        elif token.lastgroup == "bare" and len(token[0]) > LONGEST_WORD:
            problem = (
                f"a number or a bare key of more than {LONGEST_WORD} "
                "characters"
            )
        if problem:
            raise BadLine(
                problem,
                content.split("\n", line)[line - 1][:40],
                source=source,
                number=line,
                column=column,
            )
    return walk.positions


def spans(content: str) -> dict[KeyPath, tuple[int, int]]:
    """Where each array starts and ends in the text, brackets included."""
    walk = _Walk()
    starts: dict[KeyPath, int] = {}
    result: dict[KeyPath, tuple[int, int]] = {}
    for token, _ in walk.through(content):
        if walk.opened is not None:
            starts.setdefault(walk.opened, token.start())
        elif walk.closed is not None:
            path = walk.closed
            result.setdefault(path, (starts[path], token.end()))
    return result


def comments(content: str) -> Iterator[tuple[Position, str]]:
    """The comments, ``#`` included, each with its position.

    A ``#`` within a string starts none. Of invalid TOML, those before the
    error.
    """
    line, start = 1, 0
    for token in _TOKEN.finditer(content):
        text = token[0]
        if token.lastgroup == "unknown":
            return
        if text.startswith("#"):
            yield (line, token.start() - start + 1), text.rstrip("\r")
        if "\n" in text:
            line += text.count("\n")
            start = token.start() + text.rindex("\n") + 1


def _key_part(text: str) -> str:
    """The value of a part of a key that is written as a string."""
    if "\\" in text:
        try:
            return str(loads(f"key={text}")["key"])
        except ValueError:
            pass  # reading the document reports it
    return text[1:-1]


class _Open:
    """An array or an inline table whose closing bracket is still to come."""

    __slots__ = ("array", "index", "key", "path")

    def __init__(self, path: KeyPath, *, array: bool) -> None:
        self.path = path
        self.array = array
        self.index = 0
        self.key: list[str] = []

    def value_path(self) -> KeyPath:
        """The path of the next value."""
        return (*self.path, *([self.index] if self.array else self.key))

    def next_item(self) -> bool:
        """Go past a comma; whether a value follows, and no key."""
        self.index += 1
        self.key = []
        return self.array


class _Walk:
    """Follows the tokens of a document, and knows the path of each value."""

    def __init__(self) -> None:
        self.positions: dict[KeyPath, Position] = {}
        self.depth = 0  # of the last bracket or key
        #: The array or inline table that the last token opened or closed.
        self.opened: KeyPath | None = None
        self.closed: KeyPath | None = None
        self._table: KeyPath = ()
        self._key: list[str] = []  # of the current statement
        self._value = False  # whether a value follows, and no key
        self._heading = False
        self._open: list[_Open] = []

    def through(
        self, content: str
    ) -> Iterator[tuple[re.Match[str], Position]]:
        """Each token with its position, up to the first that is no TOML."""
        line, start = 1, 0
        for token in _TOKEN.finditer(content):
            kind, text = token.lastgroup, token[0]
            at = line, token.start() - start + 1
            self.opened = self.closed = None
            if kind == "unknown":
                return
            if kind == "newline":
                self.end_line()
            elif kind == "mark":
                self.mark(text, at)
            elif kind in {"string", "bare"}:
                self.word(text, at, string=kind == "string")
            yield token, at
            if "\n" in text:
                line += text.count("\n")
                start = token.start() + text.rindex("\n") + 1

    def end_line(self) -> None:
        """End the statement, unless a bracket is open."""
        if self._open:
            return
        if self._heading:
            self._table = tuple(self._key)
        self._key, self._heading, self._value = [], False, False

    def mark(self, text: str, at: Position) -> None:
        """Handle a bracket, a brace, an equals sign, a comma or a dot."""
        inner = self._open[-1] if self._open else None
        if text in "[{" and self._value:
            path = inner.value_path() if inner else (*self._table, *self._key)
            self.positions.setdefault(path, at)
            self._open.append(_Open(path, array=text == "["))
            self._value = text == "["
            self.depth = len(self._open)
            self.opened = path
        elif text == "[":
            self._heading = True
        elif text == "=":
            self._value = True
        elif text in "]}" and inner:
            self.closed = self._open.pop().path
            self._value = True
        elif text == "," and inner:
            self._value = inner.next_item()

    def word(self, text: str, at: Position, *, string: bool) -> None:
        """Handle a part of a key, or a value."""
        inner = self._open[-1] if self._open else None
        if not self._value:
            key = inner.key if inner else self._key
            key.append(_key_part(text) if string else text)
            self.depth = len(key)
        else:
            path = inner.value_path() if inner else (*self._table, *self._key)
            # 1.5 is two words, and starts with the first.
            self.positions.setdefault(path, at)
