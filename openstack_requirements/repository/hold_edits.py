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
"""Edits a hold ledger in place: text goes in, text comes out.

A row is added at the end of the list, and rows are removed with the comments
that belong to them: those within a row, and those directly above it, but for
the comment at the head of the file. Blank lines separate rows. All else stays
byte for byte. What comes out is read again, so that an edit either does what
it says or is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import UnusableInput
from openstack_requirements.pep508.text import split_lines, without_bom
from openstack_requirements.repository import holds, yaml_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openstack_requirements.repository.holds import HoldEntry
    from openstack_requirements.repository.yaml_rows import YamlDocument

#: Texts that YAML takes for themselves without quotes, unless they are one
#: of its words.
_PLAIN = re.compile(
    r"(?:https?://)?[A-Za-z](?:[\w./@+ -]*[\w./@+-])?", re.ASCII
)
_WORDS = frozenset(
    ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
)
# Line ends of YAML 1.1 that editors do not show as such.
_ODD_ENDS = re.compile("\r(?!\n)|[\x85\u2028\u2029]")


class _RowLines(NamedTuple):
    """The lines of a row, from 0; ``end`` is that behind the last one.

    ``indent`` is what stands before its dash.
    """

    start: int
    end: int
    indent: str


def added(
    content: str, new: Iterable[HoldEntry], source: str = holds.FILE
) -> str:
    """The ledger with more holds at its end.

    :param content: the text of the file; empty for a new one.
    :param new: the holds; where they stand is not looked at.
    :param source: the file's name, for errors.
    :raises BadLine: for a file, or a form of it, that cannot be edited.
    :raises BadContent: with all that is wrong with single holds; a
        distribution that is held already is one such error.
    :raises UnusableInput: where the result would be too large, or would not
        say what it should.
    """
    before = holds.parse(content, source).holds
    mark, lines = _lines(content)
    rows = _rows(content, source)
    indent = rows[-1].indent if rows else ""
    eol = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    unended = bool(lines) and not lines[-1].endswith("\n")
    wanted = list(before)
    for hold in new:
        if lines:
            if unended:
                lines[-1] += eol
            lines.append(eol)
        lines += [f"{indent}{line}{eol}" for line in to_lines(hold)]
        if unended:
            lines[-1] = lines[-1].removesuffix(eol)
        wanted.append(hold)
    return _checked(f"{mark}{''.join(lines)}", wanted, source)


def removed(
    content: str, gone: Iterable[HoldEntry], source: str = holds.FILE
) -> str:
    """The ledger without some of its holds.

    A hold is removed where a row says the same, whatever its line; a row that
    somebody has changed meanwhile stays.

    :param content: the text of the file.
    :param source: the file's name, for errors.
    :raises BadLine: for a file, or a form of it, that cannot be edited.
    :raises BadContent: with all that is wrong with single holds.
    :raises UnusableInput: where the result would not say what it should.
    """
    before = holds.parse(content, source).holds
    gone = list(gone)
    going = [any(hold.same(row) for row in gone) for hold in before]
    if not any(going):
        return content
    rows = _rows(content, source)
    mark, lines = _lines(content)
    for index in reversed(range(len(rows))):
        if going[index]:
            above = rows[index - 1].end if index else 0
            _remove(lines, rows[index], above)
    kept = [hold for hold, goes in zip(before, going, strict=True) if not goes]
    return _checked(f"{mark}{''.join(lines)}", kept, source)


def to_lines(hold: HoldEntry) -> list[str]:
    """The row of a hold, without line ends."""
    values = {
        "name": hold.name,
        "range": hold.range,
        "python": hold.python,
        "owner": hold.owner,
        "bug": hold.bug,
        "reason": hold.reason,
        "since": str(hold.since),
        "until": str(hold.until),
        "evidence": hold.evidence,
        "retry": "" if hold.retry == holds.RETRIES[0] else hold.retry,
    }
    dates = {"since", "until"}
    lines = [
        f"{key}: {text if key in dates else _scalar(text)}"
        for key, text in values.items()
        if text
    ]
    return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]


def _scalar(text: str) -> str:
    """A text as YAML, in quotes where it would be taken for another thing."""
    text = " ".join(text.split())
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{"".join(map(_character, escaped))}"'


def _character(character: str) -> str:
    """A character within double quotes; escaped where YAML wants that."""
    if character.isprintable() and character < "\ufffe":
        return character
    return f"\\U{ord(character):08x}"


def _remove(lines: list[str], row: _RowLines, above: int) -> None:
    """Remove a row and what belongs to it.

    :param above: where the row before it ends.
    """
    start, end = row.start, row.end
    while start > above and _is_comment(lines[start - 1]):
        start -= 1
    if not above and not start:
        # The comment at the head is the file's.
        start = row.start
    # The blank line that separates it goes as well.
    if start > above and not lines[start - 1].strip():
        start -= 1
    elif not start and end < len(lines) and not lines[end].strip():
        end += 1
    unended = end == len(lines) and not lines[-1].endswith("\n")
    del lines[start:end]
    if unended and lines:
        lines[-1] = lines[-1].rstrip("\r\n")


def _is_comment(line: str) -> bool:
    return line.lstrip(" ").startswith("#")


def _lines(content: str) -> tuple[str, list[str]]:
    """The byte order mark, if there is one, and the lines with their ends."""
    text = without_bom(content)
    return content.removesuffix(text) if text else content, split_lines(text)


def _rows(content: str, source: str) -> list[_RowLines]:
    """The lines of the rows, of a file that can be edited.

    :raises BadLine: where it has a form that cannot be edited.
    """
    import yaml

    document = yaml_rows.YamlDocument(content, source)
    odd = _ODD_ENDS.search(without_bom(content))
    if odd is not None:
        raise document.bad(
            "a line end that cannot be edited: end each line with a line feed",
            odd.start(),
        )
    text = without_bom(content)
    brackets = (yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken)
    opening = (yaml.BlockSequenceStartToken, yaml.BlockMappingStartToken)
    #: Where the dash of each row is, and where its last token ends.
    spans: list[tuple[int, int]] = []
    depth = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        start, end = token.start_mark.index, token.end_mark.index
        if isinstance(token, brackets):
            raise document.bad(
                "brackets and braces cannot be edited: write a dash before "
                "each hold, and each key in a line of its own",
                start,
            )
        if isinstance(token, opening):
            depth += 1
        elif isinstance(token, yaml.BlockEndToken):
            depth -= 1
        elif isinstance(token, yaml.BlockEntryToken) and depth == 1:
            spans.append((start, end))
        elif depth > 1:
            spans[-1] = spans[-1][0], end
    lines = split_lines(text)
    return [
        _row_lines(document, lines, text, dash, end) for dash, end in spans
    ]


def _row_lines(
    document: YamlDocument,
    lines: Sequence[str],
    text: str,
    dash: int,
    end: int,
) -> _RowLines:
    """The lines of a row.

    :param dash: the index of its dash.
    :param end: the index behind its last token.
    :raises BadLine: where something else stands before its dash.
    """
    number, column = document.place(dash)
    indent = lines[number - 1][: column - 1]
    if indent.strip(" "):
        raise document.bad(
            "a row that cannot be edited: start it in a line of its own", dash
        )
    # A block text ends where the next line of something else starts.
    after, _ = document.place(len(text[:end].rstrip()) - 1)
    while after < len(lines) and _is_within(lines[after], indent):
        after += 1
    return _RowLines(number - 1, after, indent)


def _is_within(line: str, indent: str) -> bool:
    """Whether a line is a comment below a row, and belongs to it."""
    return line.startswith(f"{indent} ") and _is_comment(line)


def _checked(content: str, wanted: Sequence[HoldEntry], source: str) -> str:
    """An edited ledger, once it is proved that it says what it should.

    :raises BadLine: where it cannot be read.
    :raises BadContent: where single holds cannot be.
    :raises UnusableInput: where it says something else.
    """
    result = holds.parse(content, source).holds
    if len(result) != len(wanted) or not all(
        hold.same(_normal(expected))
        for hold, expected in zip(result, wanted, strict=True)
    ):
        raise UnusableInput(
            source,
            "it cannot be edited without changing something else: write a "
            "dash before each hold, and each key in a line of its own",
        )
    return content


def _normal(hold: HoldEntry) -> HoldEntry:
    """A hold as it is read: with no blanks that mean nothing."""

    def collapsed(text: str) -> str:
        return " ".join(text.split())

    return hold._replace(
        name=collapsed(hold.name),
        range=hold.range.replace(" ", ""),
        owner=collapsed(hold.owner),
        bug=collapsed(hold.bug),
        reason=collapsed(hold.reason),
        python=collapsed(hold.python),
        evidence=collapsed(hold.evidence),
    )
