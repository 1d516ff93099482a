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
"""Findings that may stay: which, why, and until when.

A waiver is a comment on the line of an entry::

    foo>=1  # MIT  # requirements: ignore[marker-mismatch] REASON until DATE

or a row of the file :data:`FILE` of a requirements repository. One that gives
no reason, or whose date has passed, waives nothing and is a finding itself.
Such findings cannot be waived. Nothing here opens a file or asks what day it
is.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements import toml, yaml_rows
from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.findings import Finding, Waived
from openstack_requirements.manifests import PYPROJECT
from openstack_requirements.requirement import (
    LONGEST_LINE,
    canonical_name,
    parse_line,
    split_comment,
)
from openstack_requirements.text import split_lines, without_bom

if TYPE_CHECKING:
    from collections.abc import (
        Collection,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )
    from datetime import date

    from openstack_requirements.findings import Severity
    from openstack_requirements.yaml_rows import Document, Row

    #: A rule; and a file and a line, or a package (or ALL) and _ANYWHERE.
    _Subject = tuple[str, str | None, int | None]

#: The file of a requirements repository that lists waivers.
FILE = "waivers.yaml"
#: What stands for every project, or for every package.
ALL = "*"

#: A project, a package or a rule of a row that is longer, or a project with
#: more asterisks, is an error: a pattern of thousands takes long to match.
LONGEST_NAME = 200
MOST_ASTERISKS = 10

_KEYS = ("project", "package", "rule", "reason", "until")
# Every match starts at a "#": nothing is looked at twice.
_COMMENT = re.compile(r"#[ \t]*requirements:[ \t]*ignore[ \t]*\[")
_ANYWHERE = 0
_WILDCARDS = frozenset("*?[")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Rule(NamedTuple):
    """One row of the table of rules about waivers themselves.

    ``why`` says what the rule is for, ``how`` what satisfies it.
    """

    id: str
    severity: Severity
    why: str
    how: str


class Waiver(NamedTuple):
    """Who says that findings may stay; ``until`` is the last day of it.

    ``project`` and ``package`` are empty for a comment, which is about all
    that stands on its line. Those of a row may be :data:`ALL`, and
    ``project`` may be a pattern. ``problem`` is what is wrong with a comment
    that cannot be read.
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


RULES = (
    Rule(
        "waiver-unreadable",
        "error",
        "Who writes a waiver means it to work. One that cannot be read waives "
        "nothing.",
        "Write # requirements: ignore[RULE] REASON until YYYY-MM-DD at the "
        "end of the entry's line; several rules are joined with commas.",
    ),
    Rule(
        "waiver-without-reason",
        "error",
        "Who meets a waiver in a year has to know whether it still holds, and "
        "nobody remembers. Without a reason it waives nothing.",
        "Say why the finding may stay: name the bug, the release or the "
        "decision that it waits for.",
    ),
    Rule(
        "waiver-expired",
        "error",
        "A waiver is for a time. When that is over, somebody has to look "
        "again; until then it waives nothing.",
        "Mend what it waived and remove it. If the reason still holds, give "
        "it a new date.",
    ),
    Rule(
        "waiver-without-date",
        "warning",
        "A waiver that never ends is never looked at again.",
        "Add until YYYY-MM-DD, the last day on which it shall hold.",
    ),
    Rule(
        "waiver-unknown-rule",
        "warning",
        "A rule that is misspelled, or that is about waivers themselves, "
        "cannot be waived: what was meant to stay is a finding still.",
        "Copy the rule's id from the finding.",
    ),
    Rule(
        "unused-waiver",
        "warning",
        "A waiver that waives nothing hides the next fault of that kind. Not "
        "said of those for several projects, nor where only a change is "
        "judged.",
        "Remove it; or, if it was meant for another entry, put it on that "
        "entry's line.",
    ),
)
_SEVERITIES = {rule.id: rule.severity for rule in RULES}


def inline(texts: Mapping[str, str]) -> list[Waiver]:
    """The waivers in the comments of a project's files.

    A comment that sets out to be one and is not has a ``problem``.

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
    found = _COMMENT.search(comment)
    return comment[: found.start() if found else None].strip()


def to_comment(waiver: Waiver) -> str:
    """A waiver as the comment that says it."""
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
        :data:`~openstack_requirements.yaml_rows.LARGEST`.
    :raises BadLine: where it is not YAML, or another kind of document.
    :raises BadContent: with all that is wrong with single waivers.
    """
    found: dict[tuple[str, ...], Waiver] = {}
    errors: list[BadLine] = []
    document = yaml_rows.Document(content, source)
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
        first = found.setdefault(key, waiver)
        if first is not waiver:
            errors.append(
                document.bad(
                    f"line {first.line} waives the same already", row.at
                )
            )
    if errors:
        raise BadContent(errors)
    return list(found.values())


def apply(
    findings: Iterable[Finding],
    waivers: Iterable[Waiver],
    project: str,
    today: date,
    *,
    rules: Collection[str],
    judged: Collection[tuple[str, int]] | None = None,
) -> tuple[list[Finding], tuple[Waived, ...]]:
    """What is left of findings when waivers are honoured, and what is not.

    What is left includes what is wrong with the waivers themselves. A row for
    a single project is for that project alone; one for several is only heard
    of where it would waive something.

    :param findings: those of one project, files as the waivers name them.
    :param project: its name, with or without an ``org/`` before it.
    :param rules: the ids that can be waived.
    :param judged: where only a change is judged, the files and lines of
        the entries that are; the waivers of other lines are left alone.
    """
    mine = [
        waiver
        for waiver in dict.fromkeys(waivers)
        if _is_for(waiver.project, project)
    ]
    index = _Index(mine, today)
    left, waived = [], []
    for finding in findings:
        reason = None
        if finding.rule in rules:
            reason = index.reason(finding)
        if reason is not None:
            waived.append(Waived(finding, reason))
        else:
            left.append(finding)
    for waiver in mine:
        of_it = index.used(waiver)
        if of_it or _is_heard(waiver, judged):
            left += _judge(waiver, of_it, today, rules)
        elif waiver.project and judged is None:
            left += _unknown(waiver, rules)  # it could not be of any use
    return left, tuple(waived)


class _Index:
    """Waivers by what they are about, so that each finding looks at few.

    :param waivers: all that are for the project, those that count first
        first.
    """

    def __init__(self, waivers: Sequence[Waiver], today: date) -> None:
        self._reasons: dict[_Subject, tuple[int, str]] = {}
        self._used: set[_Subject] = set()
        for number, waiver in enumerate(waivers):
            if not _fault(waiver, today):
                for rule in waiver.rules:
                    self._reasons.setdefault(
                        _subject(waiver, rule), (number, _shown(waiver))
                    )

    def reason(self, finding: Finding) -> str | None:
        """Why a finding may stay; None where no waiver that works says so."""
        subjects: list[_Subject] = [
            (finding.rule, finding.file, finding.line),
            (finding.rule, ALL, _ANYWHERE),
        ]
        if finding.package is not None:
            name = canonical_name(finding.package)
            subjects.append((finding.rule, name, _ANYWHERE))
        self._used.update(subjects)
        found = [
            self._reasons[subject]
            for subject in subjects
            if subject in self._reasons
        ]
        return min(found)[1] if found else None

    def used(self, waiver: Waiver) -> list[str]:
        """The rules of a waiver that it was about a finding of."""
        return [
            rule
            for rule in waiver.rules
            if _subject(waiver, rule) in self._used
        ]


def _subject(waiver: Waiver, rule: str) -> _Subject:
    """What a waiver is about, for one of its rules."""
    if not waiver.project:
        return rule, waiver.file, waiver.line
    if waiver.package == ALL:
        return rule, ALL, _ANYWHERE
    return rule, canonical_name(waiver.package), _ANYWHERE


def _comments(file: str, text: str) -> Iterator[tuple[int, int, str]]:
    """The comments that may hold a waiver, with line and column."""
    if file == PYPROJECT:
        for place, comment in toml.comments(text):
            yield *place, comment
        return
    for number, line in enumerate(split_lines(text), 1):
        if "requirements:" in line and len(line) <= LONGEST_LINE:
            before, comment = split_comment(line.rstrip("\r\n"))
            yield number, len(before) + 1, comment


def _in_comment(
    comment: str, file: str, line: int, column: int
) -> Iterator[Waiver]:
    """The waivers of one comment; each reaches to the next, or to the end."""
    starts = list(_COMMENT.finditer(comment))
    ends = [*(each.start() for each in starts), len(comment)][1:]
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
    """The reason, the date, and what is wrong with the two."""
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
    # Python 3.11 and later would take other forms of ISO 8601 as well.
    if _DATE.fullmatch(text):
        from datetime import date

        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    return None


def _is_for(pattern: str, project: str) -> bool:
    """Whether a row is for a project; a comment always is."""
    if not pattern:
        return True
    name: str = canonical_name(project)
    wanted: str = canonical_name(pattern)
    if "/" not in name or "/" not in wanted:
        name, wanted = name.rpartition("/")[2], wanted.rpartition("/")[2]
    if not set(wanted) & _WILDCARDS:
        return name == wanted
    return fnmatchcase(name, wanted)


def _fault(waiver: Waiver, today: date) -> str:
    """The rule that keeps a waiver from working; empty where it works."""
    if waiver.problem:
        return "waiver-unreadable"
    if not waiver.reason:
        return "waiver-without-reason"
    if waiver.until is not None and waiver.until < today:
        return "waiver-expired"
    return ""


def _is_heard(
    waiver: Waiver, judged: Collection[tuple[str, int]] | None
) -> bool:
    """Whether a waiver is judged that is about none of the findings."""
    if not waiver.project:
        return judged is None or (waiver.file, waiver.line) in judged
    return judged is None and not set(waiver.project) & _WILDCARDS


def _judge(
    waiver: Waiver,
    used: Sequence[str],
    today: date,
    rules: Collection[str],
) -> Iterator[Finding]:
    """What is wrong with a waiver.

    :param used: those of its rules that it is of use for.
    """
    fault = _fault(waiver, today)
    which = ", ".join(waiver.rules)
    if fault == "waiver-unreadable":
        yield _finding(
            waiver,
            fault,
            f"this waiver cannot be read: {waiver.problem}",
            "write # requirements: ignore[RULE] REASON until YYYY-MM-DD",
        )
        return
    if fault == "waiver-without-reason":
        yield _finding(
            waiver,
            fault,
            f"this waiver of {which} gives no reason, so it waives nothing",
            "say why the finding may stay",
        )
    elif fault == "waiver-expired":
        fix = "mend what it waived, or give it a new date if the reason holds"
        yield _finding(
            waiver,
            fault,
            f"this waiver of {which} ended on {waiver.until}: {waiver.reason}",
            fix if used else "remove it: there is nothing left to waive",
        )
    if waiver.until is None:
        yield _finding(
            waiver,
            "waiver-without-date",
            f"this waiver of {which} has no date, so it never ends",
            "add until YYYY-MM-DD",
        )
    yield from _unknown(waiver, rules)
    unused = [
        rule for rule in waiver.rules if rule in rules and rule not in used
    ]
    if unused and not fault:
        yield _finding(
            waiver,
            "unused-waiver",
            f"there is no {' and no '.join(unused)} here to waive",
            "remove it, or put it where the finding is",
        )


def _unknown(waiver: Waiver, rules: Collection[str]) -> Iterator[Finding]:
    """Rules that nobody can waive."""
    for rule in waiver.rules:
        if rule not in rules:
            yield _finding(
                waiver,
                "waiver-unknown-rule",
                f"{rule} is about waivers, and cannot be waived"
                if rule in _SEVERITIES
                else f"there is no rule {rule}",
                "copy the id from the finding, where it stands in brackets",
            )


def _finding(waiver: Waiver, rule: str, message: str, fix: str) -> Finding:
    return Finding(
        rule,
        _SEVERITIES[rule],
        message,
        waiver.file,
        waiver.line,
        waiver.column,
        None if waiver.package in {"", ALL} else waiver.package,
        fix,
    )


def _shown(waiver: Waiver) -> str:
    """The reason, with its date and, of a row, its place."""
    more = [f"until {waiver.until}"] if waiver.until else []
    if waiver.project:
        more.append(f"{waiver.file}:{waiver.line}")
    return f"{waiver.reason} ({', '.join(more)})" if more else waiver.reason


def _from_row(document: Document, row: Row, source: str) -> Waiver:
    """The waiver that a row says.

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
    return ""


def _is_name(text: str) -> bool:
    try:
        return parse_line(text).package == text
    except BadLine:
        return False
