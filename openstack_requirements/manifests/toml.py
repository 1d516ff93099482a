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
"""What a TOML document says, and where in it; and changes of its arrays.

The values are read by Python's own ``tomllib``. It does not tell where a
value stands, and it takes very long for a document made to take long: the one
walk over the text that finds the places also refuses what is nested or dotted
deeper than any honest document, before ``tomllib`` sees it.

Changing is the work of ``tomlkit``, whose result is read back before anybody
gets it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from openstack_requirements.errors import BadLine, UnusableInput
from openstack_requirements.pep508.requirement import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Where a value is: keys, and indexes in arrays.
Path: TypeAlias = "tuple[str | int, ...]"
#: A line and a column, from 1.
Place: TypeAlias = "tuple[int, int]"

#: Why a change is refused.
UNEDITABLE = (
    "is written in a way that cannot be changed without harm; change it by "
    "hand"
)
#: No honest document is nested deeper, or has a key of more parts.
DEEPEST = 32
#: A number, a date or a bare key of more characters is an error: Python does
#: not turn more than 4,300 digits into a number, nor such a number into text.
LONGEST_WORD = 1000

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

    ``places`` has the line and the column (both from 1) of each item of an
    array.
    """

    table: dict[str, Any]
    places: Mapping[Path, Place]


def load(content: str, source: str = "") -> Document:
    """Read a document.

    :param content: its text, without a byte order mark.
    :param source: the file's name, for errors.
    :raises BadLine: where it is not TOML 1.0, is nested too deep, or has a
        number with too many digits.
    """
    places = _places(content, source)
    try:
        table = _loads(content)
    except ValueError as error:
        # TOMLDecodeError is one; a date that there is not raises its base.
        raise _bad(error, content, source) from error
    except RecursionError as error:
        raise BadLine(
            "it is nested too deep", "", source=source, number=1
        ) from error
    return Document(table, places)


def dumps(table: Mapping[str, Any]) -> str:
    """A table as text, its arrays of tables in sections of their own.

    :param table: what ``tomllib`` reads: text, numbers, dates, arrays and
        tables. What is read back is equal to it.
    """
    values, sections = [], []
    for key, value in table.items():
        if isinstance(value, list) and value and _are_tables(value):
            for item in value:
                sections.append(f"\n[[{_dumps(key)}]]\n")
                sections += [
                    f"{_dumps(name)} = {_dumps(part)}\n"
                    for name, part in item.items()
                ]
        else:
            values.append(f"{_dumps(key)} = {_dumps(value)}\n")
    return "".join(values + sections)


def _are_tables(values: Sequence[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)


def _dumps(value: object) -> str:
    """A value within a line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's strings are TOML's, but for one character.
        text = json.dumps(value, ensure_ascii=False)
        return text.replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(map(_dumps, value))}]"
    if isinstance(value, dict):
        pairs = (f"{_dumps(key)} = {_dumps(value[key])}" for key in value)
        return f"{{ {', '.join(pairs)} }}"
    # A date and a time are told from each other, a number is a number.
    return value.isoformat() if hasattr(value, "isoformat") else repr(value)


def comments(content: str) -> Iterator[tuple[Place, str]]:
    """Each comment from its ``#`` on, and where it starts.

    A ``#`` within a string starts none. Of a text that is no TOML, those
    before the fault.
    """
    line, start = 1, 0
    for token in _TOKEN.finditer(content):
        text = token[0]
        if token.lastgroup == "other":
            return
        if text.startswith("#"):
            yield (line, token.start() - start + 1), text.rstrip("\r")
        if "\n" in text:
            line += text.count("\n")
            start = token.start() + text.rindex("\n") + 1


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


def _key(text: str) -> str:
    """A part of a key that is written as a string."""
    if "\\" in text:
        try:
            return str(_loads(f"key={text}")["key"])
        except ValueError:
            pass  # what is no TOML is refused later
    return text[1:-1]


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
    """Where the items of arrays start.

    Of a text that is no TOML, those before the fault.

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
    return walk.found


def _spans(content: str) -> dict[Path, tuple[int, int]]:
    """From where to where each array stands, brackets included."""
    walk = _Walk()
    starts: dict[Path, int] = {}
    spans: dict[Path, tuple[int, int]] = {}
    for token, _ in walk.through(content):
        if walk.opened is not None:
            starts.setdefault(walk.opened, token.start())
        elif walk.closed is not None:
            path = walk.closed
            spans.setdefault(path, (starts[path], token.end()))
    return spans


class _Walk:
    """From token to token, where we are in the document."""

    def __init__(self) -> None:
        self.found: dict[Path, Place] = {}
        self.depth = 0  # of what was met last
        #: What the last token was the start or the end of.
        self.opened: Path | None = None
        self.closed: Path | None = None
        self._table: Path = ()
        self._key: list[str] = []  # of the statement at hand
        self._value = False  # whether a value comes next, and no key
        self._heading = False
        self._open: list[_Open] = []

    def through(self, content: str) -> Iterator[tuple[re.Match[str], Place]]:
        """Each token, when it has been looked at, as far as it is TOML."""
        line, start = 1, 0
        for token in _TOKEN.finditer(content):
            kind, text = token.lastgroup, token[0]
            at = line, token.start() - start + 1
            self.opened = self.closed = None
            if kind == "other":
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
            self.found.setdefault(path, at)
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
            self._value = inner.go_on()

    def word(self, text: str, at: Place, *, string: bool) -> None:
        """A part of a key, or a value."""
        inner = self._open[-1] if self._open else None
        if not self._value:
            key = inner.key if inner else self._key
            key.append(_key(text) if string else text)
            self.depth = len(key)
        elif inner:
            # Of 1.5 the first of the words counts.
            self.found.setdefault(inner.item(), at)


def edit(
    content: str,
    edits: Mapping[Path, Mapping[int, Sequence[str]]],
    source: str = "",
) -> str:
    """The text of a document in which strings of arrays are replaced.

    Everything else stays byte for byte: comments (those behind a string that
    goes, go with it), order, quoting, spacing, line ends.

    :param edits: for the path of an array, what comes instead of the string
        at an index: any number of strings. Where its quotes cannot hold one,
        the quotes inside of that may be changed.
    :raises UnusableInput: where that cannot be done without harm.
    """
    expected = load(content, source).table
    spans = _spans(content)
    changed = content
    try:
        # From the last one on, so that the places of the others stay.
        for path in sorted(edits, key=spans.__getitem__, reverse=True):
            plain: Any = expected
            for key in path:
                plain = plain[key]
            start, end = spans[path]
            array = _edit_array(content[start:end], plain, edits[path])
            changed = f"{changed[:start]}{array}{changed[end:]}"
        right = load(changed, source).table == expected
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # tomlkit's own errors, and what it stumbles over elsewhere.
        raise UnusableInput(source, UNEDITABLE) from error
    if not right:
        raise UnusableInput(source, UNEDITABLE)
    return changed


def _edit_array(
    text: str, plain: list[Any], items: Mapping[int, Sequence[str]]
) -> str:
    """The text of an array in which items are replaced.

    tomlkit gets nothing but the array: for other parts of a document it may
    take very long.

    :param plain: its items, which are replaced as well.
    :raises ValueError: where it holds more than strings and groups that are
        included, or tomlkit cannot read it.
    """
    import tomlkit

    for item in plain:
        if isinstance(item, list) or (
            isinstance(item, dict) and len(item) != 1
        ):
            raise ValueError("an item is neither a string nor a small table")
    head = "array = "
    document = tomlkit.parse(head + text)
    if tomlkit.dumps(document) != head + text:
        raise ValueError("tomlkit does not keep it as it is")
    array: Any = document["array"]
    for index in sorted(items, reverse=True):
        plain[index : index + 1] = _replace_item(array, index, items[index])
    return tomlkit.dumps(document).removeprefix(head)


def _replace_item(
    array: Any, index: int, texts: Sequence[str]
) -> Sequence[str]:
    """Put strings instead of an item; the strings as they were written."""
    if not texts:
        del array[index]
        return texts
    written = array[index].as_string()
    strings = [_string(text, written) for text in texts]
    # A comment above an item is about all that comes instead of it, so that
    # what is new goes before the item; but there is nothing to go by before
    # the first one on the line of the bracket.
    beside = index == 0 and "\n" not in array.as_string().partition(written)[0]
    array[index] = strings[0] if beside else strings[-1]
    more = strings[1:] if beside else strings[:-1]
    for offset, string in enumerate(more, index + beside):
        array.insert(offset, string)
    return [str(string) for string in strings]


def _string(text: str, like: str) -> Any:
    """A string in the quotes of another, where these can hold it.

    Where they cannot, the quotes of a marker may be others: it means the
    same with them.
    """
    import tomlkit

    multiline = like[:3] in {'"""', "'''"}
    literal = like[0] == "'"
    if literal and "'" in text and '"' not in text:
        text = text.replace("'", '"')
    if literal and ("'" in text or not text.isprintable()):
        literal = multiline = False
    return tomlkit.string(text, literal=literal, multiline=multiline)
