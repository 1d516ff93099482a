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
"""One line and a requirement; a whole file and a sequence of entries.

The language is a subset of pip's requirements files: PEP 508 names, extras,
specifiers (PEP 440) and markers, one requirement a line, with a comment
behind it. Constraint files may also refer to URLs. Nothing here opens a file.

Most lines are simple, and a list has hundreds of them: they are read by the
regular expressions below. Whatever those do not recognise is left to
``packaging``, which is imported only then; a test holds the two ways equal.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, NewType, TypeAlias

from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.specifiers import (
    LONG_NUMBER,
    OPERATOR,
    Clause,
    clauses,
    exact_version,
    long_number,
    parse_version,
    release,
)
from openstack_requirements.pep508.text import (
    canonical,
    is_name,
    is_path,
    split_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.version import Version

    from openstack_requirements.pep508.markers import Tree
    from openstack_requirements.pep508.specifiers import Release
    from openstack_requirements.pep508.version_sets import VersionSet

#: What a line with a requirement is, and one without.
LineKind: TypeAlias = Literal["requirement", "url", "editable", "blank"]
EntryKind: TypeAlias = Literal[LineKind, "path", "option"]

#: A name in canonical form (PEP 503). A mapping keyed by this type cannot be
#: searched with a raw name by accident.
CanonicalName = NewType("CanonicalName", str)

#: Heads every requirements file that is written under the classic policy.
HEADING = (
    "# The order of packages is significant, because pip processes them in "
    "the order",
    "# of appearance. Changing the order has an impact on the overall "
    "integration",
    "# process, which may cause wedges in the gate later.",
)

#: The name of a distribution (PEP 508), as a regular expression that others
#: embed. Whether a whole text is a name, ``text.is_name`` says without one.
NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_OPERATOR = re.compile(OPERATOR)
_SIMPLE_CLAUSE = (
    r"(?:(?:>=|<=|==|!=|>|<)[ \t]*[0-9]+(?:\.[0-9]+)*"
    r"|~=[ \t]*[0-9]+(?:\.[0-9]+)+)"
    r"(?:(?:a|b|rc)[0-9]+)?(?:\.post[0-9]+)?(?:\.dev[0-9]+)?"
)
# Blanks are never matched twice in a row, which would take forever to fail.
_SIMPLE = re.compile(
    rf"[ \t]*(?P<name>{NAME})"
    rf"(?:[ \t]*\[[ \t]*(?P<extras>{NAME}(?:[ \t]*,[ \t]*{NAME})*)[ \t]*\])?"
    rf"(?:[ \t]*(?P<specifiers>{_SIMPLE_CLAUSE}"
    rf"(?:[ \t]*,[ \t]*{_SIMPLE_CLAUSE})*"
    r"|===[ \t]*[A-Za-z0-9.+!_-]+))?"
    r"[ \t]*\Z"
)
# Without what packaging, which has Python read the strings, would refuse.
_SIMPLE_TEXT = r"[^'\"\\\x00-\x1f]*"
_SIMPLE_COMPARISON = (
    r"(?:python_version|sys_platform|platform_system|os_name|extra"
    r"|platform_python_implementation|platform_machine|python_full_version)"
    r"[ \t]*(?:===|==|!=|<=|>=|<|>)[ \t]*"
    rf"(?:'{_SIMPLE_TEXT}'|\"{_SIMPLE_TEXT}\")"
)
_SIMPLE_MARKER = re.compile(
    rf"{_SIMPLE_COMPARISON}"
    rf"(?:[ \t]+(?:and|or)[ \t]+{_SIMPLE_COMPARISON})*"
)
_URL = re.compile(
    r"(?P<location>\s*(?:-e\s+)?[a-z]+(?:\+[a-z]+)?://[^\s#;]*)"
    r"(?:#(?P<fragment>[^\s;]*))?"
    r"(?P<rest>.*)",
    re.DOTALL,
)
_DIRECT = re.compile(rf"\s*{NAME}(?:\s*\[[^\]]*\])?\s*@")
_START = re.compile(rf"\s*(?P<name>{NAME})(?=[^A-Za-z0-9._-]|\Z)")
_EGG = re.compile(
    rf"(?P<name>{NAME})(?:\[(?P<extras>{NAME}(?:,{NAME})*)?\])?\Z"
)
_GROUPS = {
    ">=": 0,
    ">": 0,
    "==": 1,
    "===": 1,
    "~=": 1,
    "!=": 1,
    "<": 2,
    "<=": 2,
}
_BEFORE_SPECIFIERS = re.compile(rf"\s*{NAME}(?:\s*\[(?P<extras>[^\]]*)\])?")
# What "===" compares is any text, but not what ends it elsewhere.
_ARBITRARY = re.compile(r"[\w.+!*=-]+")
LONGEST_LINE = limits.LONGEST_LINE
# What PEP 508 takes for a blank. Python takes many more characters for one,
# U+00A0 or a form feed, and str.strip() takes them away.
_BLANKS = " \t"
_PASSED_THROUGH = ("-f", "http://tarballs.openstack.org/")


@lru_cache(maxsize=8192)
def canonical_name(name: str) -> CanonicalName:
    """The canonical form of a distribution's name (PEP 503).

    ``Oslo_Config`` → ``oslo-config``. Never fails.
    """
    return CanonicalName(canonical(name))


class _Fields(NamedTuple):
    package: str
    location: str
    specifiers: str
    markers: str
    comment: str
    extras: frozenset[str]


class Requirement(_Fields):
    """What one line says.

    ``package`` is the name as written, empty for a blank or comment line;
    ``location`` is empty, a URL without its egg item, or ``@ URL``;
    ``specifiers`` is the text that ``packaging`` gives for the set;
    ``markers`` and ``comment`` are as written, the comment from its ``#``.

    What the texts mean is worked out when it is first asked for, and once
    for all requirements with the same text.
    """

    __slots__ = ()

    def __new__(
        cls,
        package: str,
        location: str,
        specifiers: str,
        markers: str,
        comment: str,
        extras: Iterable[str] | None = None,
    ) -> Requirement:
        """The same six fields; no extras is an empty set."""
        return super().__new__(
            cls,
            package,
            location,
            specifiers,
            markers,
            comment,
            frozenset(extras or ()),
        )

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses of its specifiers, in their order."""
        return clauses(self.specifiers)

    @property
    def pin(self) -> str | None:
        """The version of a single ``===`` or ``==``.

        None where there is not just one version: other operators, several
        clauses, ``==1.4.*``, a URL.
        """
        return exact_version(self.specifiers)

    @property
    def versions(self) -> VersionSet:
        """The versions that its specifiers admit.

        :raises ValueError: where a clause cannot be read, which no
            requirement has that was read from a line.
        """
        from openstack_requirements.pep508.version_sets import version_set

        return version_set(self.specifiers)

    @property
    def marker(self) -> Tree:
        """The structure of its marker; ``markers.ALWAYS`` without one.

        :raises BadMarker: where it has no meaning.
        """
        from openstack_requirements.pep508 import markers

        return markers.parse(self.markers)

    @property
    def kind(self) -> LineKind:
        """What kind of line it is from."""
        if not self.package:
            return "blank"
        if not self.location:
            return "requirement"
        is_editable = self.location.lstrip().startswith("-e")
        return "editable" if is_editable else "url"

    def to_line(
        self,
        marker_sep: str = ";",
        line_prefix: str = "",
        comment_prefix: str = " ",
        sort_specifiers: bool = False,
    ) -> str:
        r"""The requirement as a line, its newline included.

        :param marker_sep: what stands before the marker; ``:`` is for the
            extras of ``setup.cfg``. After a URL it is always ``;``.
        :param line_prefix: what stands before the package.
        :param comment_prefix: what stands between package and comment.
        :param sort_specifiers: order specifiers as the normal form does,
            rather than as text.
        """
        if not self.package:
            return f"{self.comment}\n"
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        specifiers = self.specifiers
        if sort_specifiers:
            specifiers = sorted_specifiers(specifiers)
        if self.location:
            # Nothing but ";" ends a URL, and PEP 508 asks for a blank first.
            marker_sep = " ;" if self.location.startswith("@ ") else ";"
        if self.location.startswith("@ "):
            text = f"{self.package}{extras} {self.location}"
        elif self.location:
            address, _, fragment = self.location.partition("#")
            text = f"{address}#egg={self.package}{extras}"
            text += f"&{fragment}" if fragment else ""
        else:
            text = f"{self.package}{extras}{specifiers}"
        marker = f"{marker_sep}{self.markers}" if self.markers else ""
        comment = f"{comment_prefix}{self.comment}" if self.comment else ""
        return f"{line_prefix}{text}{marker}{comment}\n"


class Requirements(NamedTuple):
    """The requirements of one file, in its order."""

    reqs: Sequence[Requirement]


class Entry(NamedTuple):
    """A line of a file and what it says.

    ``requirement`` is None for a line that is handed on unread; ``line`` is
    the line as it stands, its line end included.
    """

    number: int
    line: str
    requirement: Requirement | None

    @property
    def kind(self) -> EntryKind:
        """What kind of line it is, one that is handed on unread included."""
        if self.requirement is not None:
            return self.requirement.kind
        text = self.line.strip()
        if text.startswith("-e"):
            return "editable"
        if is_path(text):
            return "path"
        return "option" if text.startswith("-") else "url"


class TooMuch(BadLine):
    """The first line of a file that holds more than is read."""


class Tally:
    """Counts what one file holds, and fails where that is too much.

    What is beyond the limits is nobody's requirements file, and to judge it
    would take long.

    :param source: the name of the file, for errors.
    """

    def __init__(self, source: str = "") -> None:
        self.source = source
        self._requirements = 0
        self._specifiers = 0
        self._extras = 0
        self._markers: set[str] = set()
        self._marker_text = 0

    def lines(self, lines: Sequence[str]) -> None:
        """Look at how many lines there are, before any of them is read.

        :raises TooMuch: where these are too many.
        """
        most = limits.MOST_LINES
        if len(lines) > most:
            raise self._too_much(f"{most} lines", lines[most], most + 1)

    def unread(self, text: str, number: int) -> None:
        """Count an entry that is no requirement, or that cannot be read.

        :raises TooMuch: where it is one too many.
        """
        self._requirements += 1
        most = limits.MOST_REQUIREMENTS
        if self._requirements > most:
            raise self._too_much(f"{most} requirements", text, number)

    def read(self, requirement: Requirement, text: str, number: int) -> None:
        """Count a requirement and what it holds; a comment is none.

        :raises TooMuch: where it is too much.
        """
        package, _, specifiers, marker, _, extras = requirement
        if not package:
            return
        self.unread(text, number)
        if specifiers:
            self._specifiers += specifiers.count(",") + 1
            most = limits.MOST_SPECIFIERS_IN_FILE
            if self._specifiers > most:
                raise self._too_much(f"{most} specifiers", text, number)
        if extras:
            self._extras += len(extras)
            most = limits.MOST_EXTRAS_IN_FILE
            if self._extras > most:
                raise self._too_much(f"{most} extras", text, number)
        if marker and marker not in self._markers:
            self._markers.add(marker)
            self._marker_text += len(marker)
            most = limits.MOST_MARKERS
            if len(self._markers) > most:
                raise self._too_much(f"{most} markers", text, number)
            most = limits.MOST_MARKER_TEXT
            if self._marker_text > most:
                raise self._too_much(
                    f"{most} characters of markers", text, number
                )

    def packages(self, entries: Sequence[Entry]) -> None:
        """Look at how often a list has each package.

        That is once for each environment, while a manifest may well have one
        in each of many extras.

        :raises TooMuch: where it is too often.
        """
        most = limits.MOST_OF_ONE_PACKAGE
        if len(entries) <= most:
            return
        found = [each for each in entries if each[2] and each[2][0]]
        names = [canonical_name(each[2][0]) for each in found if each[2]]
        for name, count in Counter(names).most_common(1):
            if count > most:
                places = [n for n, each in enumerate(names) if each == name]
                number, line, _ = found[places[most]]
                raise self._too_much(
                    f"{most} requirements of {name}", line, number
                )

    def _too_much(self, what: str, text: str, number: int) -> TooMuch:
        return TooMuch(
            f"the file holds more than {what}",
            text[:LONGEST_LINE],
            source=self.source,
            number=max(number, 1),
        )


def parse_line(line: str, permit_urls: bool = False) -> Requirement:
    """The requirement that one line (without its line end) says.

    A ``:`` is taken for the start of a marker as well, where no ``;`` comes
    before it and a valid marker follows (``setup.cfg`` extras).

    :param permit_urls: accept ``[-e ]URL#egg=NAME`` and ``NAME @ URL`` too.
    :raises BadLine: (a ValueError) with the column where the line goes wrong.
    """
    blank = line.lstrip()
    if not blank or blank.startswith("#"):
        return Requirement("", "", "", "", blank)
    if len(line) > LONGEST_LINE:
        raise BadLine(
            f"a line of more than {LONGEST_LINE} characters", line[:40]
        )
    if permit_urls:
        match = _URL.match(line)
        if match:
            return _parse_url(line, match)
    text, comment = split_comment(line)
    text, marker = _split_marker(line, text)
    if len(text) > limits.MOST_DIGITS:  # then it may hold too much
        _require_bounded(line, text)
    match = _SIMPLE.match(text)
    if match is None:
        return _parse_slowly(
            line, text, marker, comment, permit_urls=permit_urls
        )
    specifiers = match["specifiers"] or ""
    # Blanks are around clauses and operators alone: it is a simple line.
    specifiers = specifiers.replace(" ", "").replace("\t", "")
    if "," in specifiers:
        if _repeats(specifiers):
            return _parse_slowly(
                line, text, marker, comment, permit_urls=permit_urls
            )
        specifiers = ",".join(sorted(specifiers.split(",")))
    extras = match["extras"]
    return Requirement(
        match["name"],
        "",
        specifiers,
        marker,
        comment,
        [extra.strip() for extra in extras.split(",")] if extras else None,
    )


def to_reqs(
    content: str, permit_urls: bool = False
) -> Iterator[tuple[Requirement | None, str]]:
    """The requirement and the line (with its line end) for each line.

    Legacy lines that are not requirements (``-f``, the former tarball host
    and, without ``permit_urls``, ``-e``) have None for a requirement. So have
    paths, with ``permit_urls``: they do not say what is there.

    :raises BadLine: at the first line that cannot be read, with its number.
    """
    tally = Tally()
    lines = split_lines(content)
    tally.lines(lines)
    for number, line in enumerate(lines, 1):
        requirement = _read(
            line,
            number,
            tally,
            permit_urls=permit_urls,
            keep_editable=not permit_urls,
        )
        yield requirement, line


def parse(
    content: str, permit_urls: bool = False
) -> dict[CanonicalName, list[tuple[Requirement, str]]]:
    """The requirements of a file by canonical name, in the file's order.

    Blank and comment lines are under the empty name.

    :raises BadLine: at the first line that cannot be read.
    """
    return to_dict(to_reqs(content, permit_urls))


def to_dict(
    sequence: Iterable[tuple[Requirement | None, str]],
) -> dict[CanonicalName, list[tuple[Requirement, str]]]:
    """What :func:`to_reqs` gives, by canonical name."""
    result: dict[CanonicalName, list[tuple[Requirement, str]]] = {}
    for requirement, line in sequence:
        if requirement is not None:
            name = canonical_name(requirement.package)
            result.setdefault(name, []).append((requirement, line))
    return result


def to_content(
    requirements: Requirements | Iterable[Requirement],
    marker_sep: str = ";",
    line_prefix: str = "",
    prefix: bool = True,
) -> str:
    """The text of a file that holds these requirements.

    :param prefix: put the :data:`HEADING` first. Where the requirements hold
        it already, it is not doubled.
    """
    if isinstance(requirements, Requirements):
        requirements = requirements.reqs
    lines = []
    if prefix:
        lines = [f"{line}\n" for line in HEADING]
        requirements = [
            requirement
            for requirement in requirements
            if requirement.package or requirement.comment not in HEADING
        ]
    lines += [
        requirement.to_line(marker_sep, line_prefix)
        for requirement in requirements
    ]
    return "".join(lines)


def read_entries(
    content: str,
    source: str = "",
    *,
    permit_urls: bool = False,
    keep_editable: bool = True,
) -> list[Entry]:
    """Every line of a file, read.

    :param source: the name of the file, for errors.
    :param keep_editable: hand ``-e`` lines on unread, as the tools that
        rewrite files do.
    :raises BadContent: with all the lines that cannot be read.
    """
    entries: list[Entry] = []
    errors: list[BadLine] = []
    tally = Tally(source)
    lines = split_lines(content)
    try:
        tally.lines(lines)
        for number, line in enumerate(lines, 1):
            try:
                requirement = _read(
                    line,
                    number,
                    tally,
                    permit_urls=permit_urls,
                    keep_editable=keep_editable,
                )
            except TooMuch:
                raise
            except BadLine as error:
                errors.append(error)
            else:
                entries.append(Entry(number, line, requirement))
        tally.packages(entries)
    except TooMuch as error:
        raise BadContent([*errors, error]) from error
    if errors:
        raise BadContent(errors)
    return entries


def is_passed_through(line: str, *, keep_editable: bool = True) -> bool:
    """Whether a line is a legacy one that is handed on unread.

    Those are ``-f``, the former tarball host and, with ``keep_editable``,
    ``-e``.
    """
    text = line.strip()
    if keep_editable and text.startswith("-e"):
        return True
    return text.startswith(_PASSED_THROUGH)


def name_in(text: str) -> str:
    """The name that a text starts with, as written; empty for none.

    That of a requirement is found even where the rest cannot be read.
    """
    match = _START.match(text)
    return match["name"] if match else ""


def is_direct(text: str) -> bool:
    """Whether a text starts as a direct reference does, ``NAME @ URL``."""
    return _DIRECT.match(text) is not None


def names_in(content: str, source: str = "") -> frozenset[CanonicalName]:
    """The names of a never-constrain list; only the name of a line counts.

    :raises BadContent: with the lines that have none.
    """
    names, errors = set(), []
    for number, line in enumerate(split_lines(content), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name = name_in(text)
        if name:
            names.add(canonical_name(name))
        else:
            error = BadLine("not the name of a package", line, column=1)
            errors.append(error.at(source, number))
    if errors:
        raise BadContent(errors)
    return frozenset(names)


def normalize(content: str, source: str = "") -> str:
    """The normal form of a file's text.

    Legacy lines that are not requirements are kept as they are, and every
    line keeps its kind of line end. A byte order mark is left out.
    Normalising twice changes nothing.

    :raises BadContent: with all the lines that cannot be read.
    """
    lines = []
    for entry in read_entries(content, source, permit_urls=True):
        line = entry.line
        if entry.requirement is not None:
            line = entry.requirement.to_line(
                comment_prefix="  ", sort_specifiers=True
            )
            if entry.line.endswith("\r\n"):
                line = f"{line[:-1]}\r\n"
        elif not line.endswith("\n"):
            line = f"{line}\n"
        lines.append(line)
    if not content.endswith("\n") and lines and lines[0].endswith("\r\n"):
        # The last line had no line end to keep: it gets that of the first.
        lines[-1] = f"{lines[-1].rstrip()}\r\n"
    return "".join(lines)


def split_comment(line: str) -> tuple[str, str]:
    """A line's text, and its comment from the ``#`` on. Never fails."""
    start = line.find("#")
    if start < 0:
        return line, ""
    if _DIRECT.match(line):
        # A URL may have a fragment: only a "#" after a blank is a comment.
        match = re.search(r"\s#", line)
        if match is None:
            return line, ""
        start = match.start() + 1
    else:
        # The marker is behind a ";", or behind a ":" in setup.cfg's extras.
        marker = line.find(";", 0, start)
        colon = line.find(":", 0, start if marker < 0 else marker)
        marker = marker if colon < 0 else colon
        if marker >= 0:
            # A "#" within a marker's string is a character of the string.
            match = re.match(r"(?:[^'\"#]|'[^']*'|\"[^\"]*\")*", line[marker:])
            assert match is not None
            rest = marker + match.end()
            start = rest if line[rest : rest + 1] == "#" else start
            if rest == len(line):
                return line, ""
    return line[:start], line[start:]


def sorted_specifiers(specifiers: str) -> str:
    """A specifier set's text in the order of the normal form.

    Lower bounds first, then what names single versions, then caps; by
    version within each, and by text where versions tie.
    """
    if "," not in specifiers:
        return specifiers
    parsed = clauses(specifiers)
    quick = {clause: _quick_key(clause) for clause in parsed}
    if None in {number for _, number, _ in quick.values()}:
        return ",".join(map("".join, sorted(parsed, key=_clause_key)))
    return ",".join(map("".join, sorted(parsed, key=quick.__getitem__)))


def _clause_key(clause: Clause) -> tuple[int, bool, Version | str, str]:
    operator, version = clause
    parsed = parse_version(version.removesuffix(".*"))
    group = _GROUPS[operator]
    # What is no version (only "===" admits it) comes after all that are.
    return (group, parsed is None, parsed or version, "".join(clause))


def _quick_key(clause: Clause) -> tuple[int, Release | None, str]:
    """The same key, for clauses of plain releases."""
    operator, version = clause
    number = release(version.removesuffix(".*"))
    return (_GROUPS[operator], number, "".join(clause))


def _repeats(specifiers: str) -> bool:
    """Whether packaging would take two of the clauses for one.

    ``!=1.0,!=1.0.0`` is one clause to it. Two of one operator that are no
    plain releases are left to it as well.
    """
    operators = _OPERATOR.findall(specifiers)
    if len(set(operators)) == len(operators):
        return False
    found = {(o, release(v)) for o, v in clauses(specifiers)}
    return len(found) < len(operators)


def _read(
    line: str,
    number: int,
    tally: Tally,
    *,
    permit_urls: bool,
    keep_editable: bool,
) -> Requirement | None:
    if is_passed_through(line, keep_editable=keep_editable) or (
        permit_urls and is_path(line.strip())
    ):
        tally.unread(line, number)
        return None
    try:
        # Only the end is cut: columns count from the line's own start.
        requirement = parse_line(line.rstrip(f"{_BLANKS}\r\n"), permit_urls)
    except BadLine as error:
        tally.unread(line, number)
        raise error.at(tally.source, number) from error.__cause__
    if requirement.comment[-1:].isspace():
        # A comment is no part of PEP 508: no blank ends it, of any kind.
        comment = requirement.comment.rstrip()
        requirement = requirement._replace(comment=comment)
    tally.read(requirement, line, number)
    return requirement


def _split_marker(line: str, text: str) -> tuple[str, str]:
    """A requirement's text without its marker, and the marker."""
    semicolon = text.find(";")
    colon = text.find(":") if text.count(":") <= limits.MOST_COLONS else -1
    direct = _DIRECT.match(text) if colon >= 0 else None
    while direct is None and colon >= 0 and not 0 <= semicolon < colon:
        marker = text[colon + 1 :].strip(_BLANKS)
        if marker_problem(marker) is None:
            return text[:colon], marker
        colon = text.find(":", colon + 1)
    if semicolon < 0:
        return text, ""
    marker = text[semicolon + 1 :].strip(_BLANKS)
    _require_marker(line, marker, semicolon + 1)
    return text[:semicolon], marker


def _require_marker(line: str, marker: str, start: int) -> None:
    problem = marker_problem(marker)
    if problem is not None:
        reason, offset = problem
        column = line.find(marker, start) + offset + 1
        raise BadLine(f"invalid marker ({reason})", line, column=column)


def _require_bounded(line: str, text: str) -> None:
    """Fail where a requirement without its marker holds too much."""
    match = _BEFORE_SPECIFIERS.match(text)
    end, extras = (match.end(), match["extras"]) if match else (0, None)
    _require_few_extras(line, extras)
    if _DIRECT.match(text):
        return
    start = long_number(text[end:])
    if start is not None:
        raise BadLine(LONG_NUMBER, line, column=end + start + 1)
    longest = max(map(len, text[end:].split(",")))
    if longest > limits.LONGEST_VERSION:
        raise BadLine(
            f"a version of more than {limits.LONGEST_VERSION} characters",
            line,
            column=end + 1,
        )
    if text.count(",", end) >= limits.MOST_SPECIFIERS:
        raise BadLine(
            f"more than {limits.MOST_SPECIFIERS} specifiers",
            line,
            column=end + 1,
        )


def _require_few_extras(line: str, extras: str | None) -> None:
    if extras and extras.count(",") >= limits.MOST_EXTRAS:
        raise BadLine(
            f"more than {limits.MOST_EXTRAS} extras",
            line,
            column=line.find(extras) + 1,
        )


@lru_cache(maxsize=1024)
def marker_problem(marker: str) -> tuple[str, int] | None:
    """What is wrong with a marker (PEP 508), and from which character on.

    None for a valid marker, and for an empty one: it always applies. A
    backslash is refused: within a string, ``packaging`` takes it for an
    escape as Python does, other tools take it as it is, and PEP 508 does not
    have it.
    """
    start = long_number(marker)
    if start is not None:
        return LONG_NUMBER, start
    if not marker or _SIMPLE_MARKER.fullmatch(marker):
        return None
    backslash = marker.find("\\")
    if 0 <= backslash < len(marker) - 1:
        return "a backslash", backslash
    from packaging.markers import InvalidMarker, Marker

    try:
        Marker(marker)
    except InvalidMarker as error:
        return _first_line(error), _offset(error)
    except RecursionError:
        return "it is nested too deep", 0
    return None


def _first_line(error: Exception) -> str:
    text = str(error).strip().partition("\n")[0]
    return text[:1].lower() + text[1:]


def _offset(error: Exception) -> int:
    """Where packaging's syntax error points to, from 0."""
    span = getattr(error.__cause__, "span", None)
    return span[0] if span else 0


def _parse_url(line: str, match: re.Match[str]) -> Requirement:
    items = (match["fragment"] or "").split("&")
    eggs = [item for item in items if item.startswith("egg=")]
    if len(eggs) != 1:
        raise BadLine(
            "a URL must name its package once (#egg=NAME)",
            line,
            column=match.end("location") + 1,
        )
    egg = _EGG.match(eggs[0].removeprefix("egg="))
    if egg is None:
        raise BadLine(
            "the egg of a URL must be a name, with or without extras",
            line,
            column=line.find(eggs[0]) + 1,
        )
    _require_few_extras(line, egg["extras"])
    others = "&".join(item for item in items if item != eggs[0])
    rest, comment = match["rest"], ""
    found = re.search(r"(?:^|\s)#", rest)
    if found:
        start = found.end() - 1
        rest, comment = rest[:start], rest[start:]
    rest = rest.strip(_BLANKS)
    marker = ""
    if rest.startswith(";"):
        marker = rest[1:].strip(_BLANKS)
        _require_marker(line, marker, match.start("rest"))
    elif rest:
        raise BadLine(
            "only a marker or a comment may follow a URL",
            line,
            column=line.find(rest, match.start("rest")) + 1,
        )
    return Requirement(
        egg["name"],
        match["location"] + (f"#{others}" if others else ""),
        "",
        marker,
        comment,
        egg["extras"].split(",") if egg["extras"] else None,
    )


def _parse_slowly(
    line: str, text: str, marker: str, comment: str, *, permit_urls: bool
) -> Requirement:
    stripped = text.strip()
    if not stripped:
        raise BadLine("a marker without a package", line, column=1)
    if stripped.startswith("-"):
        raise BadLine(
            "options are not allowed here, only requirements",
            line,
            column=text.find("-") + 1,
        )
    from packaging.requirements import (
        InvalidRequirement,
    )
    from packaging.requirements import (
        Requirement as Parsed,
    )

    try:
        parsed = Parsed(text)
    except InvalidRequirement as error:
        raise BadLine(
            _reason(error, stripped), line, column=_offset(error) + 1
        ) from error
    for each in parsed.specifier:
        if each.version == "":
            raise BadLine("an operator without a version", line, column=1)
        if each.operator == "===" and not _ARBITRARY.fullmatch(each.version):
            raise BadLine(
                "a version with a character that no version has",
                line,
                column=line.find(each.version) + 1,
            )
    if not is_name(parsed.name):
        # packaging takes a name that ends with "_", PEP 508 does not.
        raise BadLine(
            "a name ends with a letter or a digit",
            line,
            column=text.find(parsed.name) + len(parsed.name),
        )
    if parsed.url and not permit_urls:
        raise BadLine(
            "URLs are not allowed here", line, column=text.find("@") + 1
        )
    if parsed.url and parsed.url.startswith("#"):
        # Behind a blank, that starts a comment.
        raise BadLine(
            "a fragment alone is no URL", line, column=text.find("@") + 1
        )
    return Requirement(
        parsed.name,
        f"@ {parsed.url}" if parsed.url else "",
        str(parsed.specifier),
        marker,
        comment,
        parsed.extras,
    )


def _reason(error: Exception, text: str) -> str:
    if "://" in text or text.startswith((".", "/")):
        return "not a requirement (a URL or a path?)"
    if text.endswith("\\"):
        return "line continuations are not supported"
    if "--hash" in text:
        return "hashes are not supported"
    return f"not a requirement ({_first_line(error)})"
