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
"""Waivers: which findings are accepted, why, and until when.

A waiver is a comment on the line of an entry::

    foo>=1  # MIT  # requirements: ignore[marker-mismatch] REASON until DATE

or a row of the file :data:`FILE` of a requirements repository. A waiver
without a reason, or past its date, waives nothing and is a finding itself,
which cannot be waived. Nothing here opens a file or reads the clock.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.manifests import toml_positions
from openstack_requirements.manifests.declarations import PYPROJECT
from openstack_requirements.pep508.limits import LONGEST_LINE
from openstack_requirements.pep508.parser import parse_line, split_comment
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.text import split_lines, without_bom
from openstack_requirements.repository import yaml_rows

if TYPE_CHECKING:
    from collections.abc import (
        Iterator,
        Mapping,
    )
    from datetime import date

    from openstack_requirements.repository.yaml_rows import Row, YamlDocument


#: The file of a requirements repository that lists waivers.
FILE = "waivers.yaml"
#: Stands for every project, or for every package.
ALL = "*"

#: A project, a package or a rule of a row that is longer, or a project with
#: more asterisks, is an error: a pattern of thousands takes long to match.
LONGEST_NAME = 200
MOST_ASTERISKS = 10

_KEYS = ("project", "package", "rule", "reason", "until")
# Every match starts at a "#", so that searching takes linear time.
_COMMENT = re.compile(r"#[ \t]*requirements:[ \t]*ignore[ \t]*\[")
#: The line number of findings about no line.
ANYWHERE = 0
WILDCARDS = frozenset("*?[")
# What a comment can hold between its brackets, as one id.
_RULE = re.compile(r"[^\s\[\],#]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Waiver(NamedTuple):
    """An accepted finding; ``until`` is the last day of the waiver.

    ``project`` and ``package`` are empty for a comment, which waives findings
    of its own line. Those of a row may be :data:`ALL`, and ``project`` may be
    a pattern. ``problem`` says why a comment is not a valid waiver.
    """

    file: str
    line: int
    column: int
    rules: tuple[str, ...]
    reason: str
    until: date | None
    project: str = ""
    package: str = ""
    problem: str = ""


def inline(texts: Mapping[str, str]) -> list[Waiver]:
    """The waivers in the comments of a project's files.

    A comment that is meant as a waiver and is not valid has a ``problem``.

    :param texts: the files by their path inside the project.
    """
    return [
        waiver
        for file, text in texts.items()
        if "requirements:" in text
        for line, column, comment in _comments(file, without_bom(text))
        for waiver in _in_comment(comment, file, line, column)
    ]


def without(comment: str) -> str:
    """A comment without the waivers at its end."""
    match = _COMMENT.search(comment)
    return comment[: match.start() if match else None].strip()


def to_comment(waiver: Waiver) -> str:
    """The comment that states a waiver."""
    until = "" if waiver.until is None else f"until {waiver.until}"
    head = f"# requirements: ignore[{','.join(waiver.rules)}]"
    return " ".join(filter(None, (head, waiver.reason, until)))


def listed(content: str, source: str = FILE) -> list[Waiver]:
    """The waivers of a requirements repository's file.

    It is YAML 1.1: a list of mappings with the keys ``project``, ``package``,
    ``rule``, ``reason`` and ``until``, of which the last two may be missing.
    Anchors, aliases, tags and deeper nesting are refused.

    :param source: the file's name, for errors and findings.
    :raises UnusableInput: where it is larger than
        :data:`~openstack_requirements.repository.yaml_rows.LARGEST`.
    :raises BadLine: where it is not YAML, or another kind of document.
    :raises BadContent: with all that is wrong with single waivers.
    """
    waivers: dict[tuple[str, ...], Waiver] = {}
    errors: list[BadLine] = []
    document = yaml_rows.YamlDocument(content, source)
    for row in document.rows():
        try:
            waiver = _from_row(document, row, source)
        except BadContent as error:
            errors += error.errors
            continue
        key = (
            canonical_name(waiver.project),
            canonical_name(waiver.package),
            *waiver.rules,
        )
        first = waivers.setdefault(key, waiver)
        if first is not waiver:
            errors.append(
                document.bad(
                    f"line {first.line} waives the same already", row.at
                )
            )
    if errors:
        raise BadContent(errors)
    return list(waivers.values())


def _comments(file: str, text: str) -> Iterator[tuple[int, int, str]]:
    """The comments that may hold a waiver, with line and column."""
    if file == PYPROJECT:
        for place, comment in toml_positions.comments(text):
            yield *place, comment
        return
    for number, line in enumerate(split_lines(text), 1):
        if "requirements:" in line and len(line) <= LONGEST_LINE:
            before, comment = split_comment(line.rstrip("\r\n"))
            yield number, len(before) + 1, comment


def _in_comment(
    comment: str, file: str, line: int, column: int
) -> Iterator[Waiver]:
    """The waivers of a comment; a waiver ends where the next one starts."""
    starts = list(_COMMENT.finditer(comment))
    ends = [*(start.start() for start in starts), len(comment)][1:]
    for start, end in zip(starts, ends, strict=False):
        inside, bracket, rest = comment[start.end() : end].partition("]")
        rules = tuple(map(str.strip, inside.split(","))) if bracket else ()
        reason, until, problem = _reason(rest)
        if not bracket:
            problem = "the bracket behind ignore is not closed"
        elif not all(rules):
            problem = "there is no rule between the brackets, or a comma"
        yield Waiver(
            file,
            line,
            column + start.start(),
            tuple(dict.fromkeys(filter(None, rules))),
            reason,
            until,
            problem=problem,
        )


def _reason(text: str) -> tuple[str, date | None, str]:
    """The reason and the date of a waiver, and what is wrong with them."""
    words = text.split()
    marks = [
        index
        for index, word in enumerate(words[:-1])
        if word == "until" and _DATE.match(words[index + 1])
    ]
    last = len(words) - 2
    if marks and marks[0] != last:
        return "", None, "the date must be the last word"
    if last < 0 or words[last] != "until" or not words[-1][0].isdigit():
        return " ".join(words), None, ""
    until = _date(words[-1])
    problem = "" if until else f"{words[-1]} is no date (YYYY-MM-DD)"
    return " ".join(words[:last]), until, problem


def _date(text: str) -> date | None:
    """The day that a text names (RFC 3339, full-date)."""
    # Python 3.11 and later accept other forms of ISO 8601 as well.
    if _DATE.fullmatch(text):
        from datetime import date

        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    return None


def _from_row(document: YamlDocument, row: Row, source: str) -> Waiver:
    """The waiver that a row states.

    :raises BadContent: with all that is wrong with it.
    """
    texts: dict[str, str] = {}
    errors = []
    for key, value in row.pairs:
        name = key.text
        if name not in _KEYS:
            problem = f"the keys are {', '.join(_KEYS)}"
            errors.append(document.bad(problem, key.at))
        elif name in texts:
            errors.append(document.bad(f"{name} is there twice", key.at))
        else:
            texts[name] = " ".join((value.text or "").split())
            problem = _wrong(name, texts[name])
            if not problem and value.text and not value.is_text:
                problem = f"{name} is no text: put it in quotes"
            if problem:
                errors.append(document.bad(problem, value.at))
    missing = [name for name in _KEYS[:3] if name not in texts]
    if missing and not errors:
        errors.append(document.bad(f"without {', '.join(missing)}", row.at))
    if errors:
        raise BadContent(errors)
    return Waiver(
        source,
        *document.place(row.at),
        (texts["rule"],),
        texts.get("reason", ""),
        _date(texts.get("until", "")),
        texts["project"],
        texts["package"],
    )


def _wrong(key: str, text: str) -> str:
    """What is wrong with the text of a key, if anything."""
    if key == "until":
        bad = text and not _date(text)
        return f"{text} is no date (YYYY-MM-DD)" if bad else ""
    if key == "reason":
        return ""
    if not text:
        return f"{key} is empty"
    if len(text) > LONGEST_NAME or text.count(ALL) > MOST_ASTERISKS:
        return (
            f"{key} has more than {LONGEST_NAME} characters or "
            f"{MOST_ASTERISKS} asterisks"
        )
    if key == "package" and text != ALL and not _is_name(text):
        return f"the package is a name, or '{ALL}' for all"
    if key == "rule" and not _RULE.fullmatch(text):
        return "the rule is a single id, as findings show it in brackets"
    return ""


def _is_name(text: str) -> bool:
    try:
        return parse_line(text).package == text
    except BadLine:
        return False
