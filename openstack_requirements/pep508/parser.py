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
"""The parser of one line, which makes a ``Requirement`` of it.

The language is a subset of pip's requirements files: PEP 508 names, extras,
specifiers (PEP 440) and markers, with a comment behind them. Constraints
files may also refer to URLs.

Most lines are simple, and a list has hundreds of them: the regular
expressions below read them, which is the fast path. All other lines are left
to ``packaging``, which is imported only then. A test holds the two equal.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from openstack_requirements.errors import BadLine
from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.marker_syntax import marker_problem, refusal
from openstack_requirements.pep508.requirement import NAME, Requirement
from openstack_requirements.pep508.specifiers import (
    OPERATOR,
    clauses,
    parse_set,
)
from openstack_requirements.pep508.text import is_name
from openstack_requirements.pep508.versions import (
    LONG_NUMBER,
    long_number,
    release,
)

if TYPE_CHECKING:
    import packaging.requirements

#: The blanks of PEP 508. Python has many more, U+00A0 and form feed for
#: example, and ``str.strip()`` removes all of them.
BLANKS = " \t"
_OPERATOR = re.compile(OPERATOR)
_SIMPLE_CLAUSE = (
    r"(?:(?:>=|<=|==|!=|>|<)[ \t]*[0-9]+(?:\.[0-9]+)*"
    r"|~=[ \t]*[0-9]+(?:\.[0-9]+)+)"
    r"(?:(?:a|b|rc)[0-9]+)?(?:\.post[0-9]+)?(?:\.dev[0-9]+)?"
)
# No two parts that match blanks follow each other: a line of many blanks
# would take forever to fail.
_SIMPLE = re.compile(
    rf"[ \t]*(?P<name>{NAME})"
    rf"(?:[ \t]*\[[ \t]*(?P<extras>{NAME}(?:[ \t]*,[ \t]*{NAME})*)[ \t]*\])?"
    rf"(?:[ \t]*(?P<specifiers>{_SIMPLE_CLAUSE}"
    rf"(?:[ \t]*,[ \t]*{_SIMPLE_CLAUSE})*"
    r"|===[ \t]*[A-Za-z0-9.+!_-]+))?"
    r"[ \t]*\Z"
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
_BEFORE_SPECIFIERS = re.compile(rf"\s*{NAME}(?:\s*\[(?P<extras>[^\]]*)\])?")
#: Operators that people type, and those of PEP 440 that they mean.
_MEANT = {
    "=": "==",
    "=>": ">=",
    "=<": "<=",
    "=!": "!=",
    "=~": "~=",
    "~": "~=",
    "~>": "~=",
    "^": "~=",
    "<>": "!=",
    "><": "!=",
    "!": "!=",
    "====": "===",
}
# "===" compares any text, but some characters end it in other tools.
_ARBITRARY = re.compile(r"[\w.+!*=-]+")


def parse_line(line: str, permit_urls: bool = False) -> Requirement:
    """The requirement in one line (without its line end).

    A ``:`` starts a marker as well, where no ``;`` comes before it and a
    valid marker follows (the extras of ``setup.cfg``).

    :param permit_urls: accept ``[-e ]URL#egg=NAME`` and ``NAME @ URL`` too.
    :raises BadLine: (a ValueError) with the column where the line goes wrong.
    """
    blank = line.lstrip()
    if not blank or blank.startswith("#"):
        return Requirement("", "", "", "", blank)
    if len(line) > limits.LONGEST_LINE:
        raise BadLine(
            f"a line of more than {limits.LONGEST_LINE} characters", line[:40]
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
        return _parse_with_packaging(
            line, text, marker, comment, permit_urls=permit_urls
        )
    specifiers = match["specifiers"] or ""
    # In a simple line blanks are around clauses and operators alone.
    specifiers = specifiers.replace(" ", "").replace("\t", "")
    if "," in specifiers:
        if _repeats(specifiers):
            return _parse_with_packaging(
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


def name_in(text: str) -> str:
    """The name that a text starts with, as written; empty without one.

    The rest need not be readable.
    """
    match = _START.match(text)
    return match["name"] if match else ""


def is_direct(text: str) -> bool:
    """Whether a text starts like a direct reference, ``NAME @ URL``."""
    return _DIRECT.match(text) is not None


def split_comment(line: str) -> tuple[str, str]:
    """The text of a line, and its comment from the ``#`` on. Never fails."""
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
        # A marker follows a ";", or a ":" in the extras of setup.cfg.
        marker = line.find(";", 0, start)
        colon = line.find(":", 0, start if marker < 0 else marker)
        marker = marker if colon < 0 else colon
        if marker >= 0:
            # A "#" within a string of the marker starts no comment.
            match = re.match(r"(?:[^'\"#]|'[^']*'|\"[^\"]*\")*", line[marker:])
            assert match is not None
            rest = marker + match.end()
            start = rest if line[rest : rest + 1] == "#" else start
            if rest == len(line):
                return line, ""
    return line[:start], line[start:]


def _split_marker(line: str, text: str) -> tuple[str, str]:
    """The text of a requirement without its marker, and the marker."""
    semicolon = text.find(";")
    colon = text.find(":") if text.count(":") <= limits.MOST_COLONS else -1
    direct = _DIRECT.match(text) if colon >= 0 else None
    while direct is None and colon >= 0 and not 0 <= semicolon < colon:
        marker = text[colon + 1 :].strip(BLANKS)
        if marker_problem(marker) is None:
            return text[:colon], marker
        colon = text.find(":", colon + 1)
    if semicolon < 0:
        return text, ""
    marker = text[semicolon + 1 :].strip(BLANKS)
    _require_marker(line, marker, semicolon + 1)
    return text[:semicolon], marker


def _require_marker(line: str, marker: str, start: int) -> None:
    problem = marker_problem(marker)
    if problem is not None:
        reason, offset = problem
        column = line.find(marker, start) + offset + 1
        raise BadLine(f"invalid marker ({reason})", line, column=column)


def _require_bounded(line: str, text: str) -> None:
    """Fail where a requirement, its marker aside, exceeds a limit."""
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


def _repeats(specifiers: str) -> bool:
    """Whether ``packaging`` might merge two of the clauses.

    It takes ``!=1.0,!=1.0.0`` for one clause. Of versions that are not plain
    releases nothing is known here, so that it may merge them as well.
    """
    operators = _OPERATOR.findall(specifiers)
    if len(set(operators)) == len(operators):
        return False
    distinct = {
        (operator, release(version))
        for operator, version in clauses(specifiers)
    }
    return len(distinct) < len(operators)


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
    fragment = "&".join(item for item in items if item != eggs[0])
    rest, comment = match["rest"], ""
    comment_start = re.search(r"(?:^|\s)#", rest)
    if comment_start:
        start = comment_start.end() - 1
        rest, comment = rest[:start], rest[start:]
    rest = rest.strip(BLANKS)
    marker = ""
    if rest.startswith(";"):
        marker = rest[1:].strip(BLANKS)
        _require_marker(line, marker, match.start("rest"))
    elif rest:
        raise BadLine(
            "only a marker or a comment may follow a URL",
            line,
            column=line.find(rest, match.start("rest")) + 1,
        )
    return Requirement(
        egg["name"],
        match["location"] + (f"#{fragment}" if fragment else ""),
        "",
        marker,
        comment,
        egg["extras"].split(",") if egg["extras"] else None,
    )


def _parse_with_packaging(
    line: str, text: str, marker: str, comment: str, *, permit_urls: bool
) -> Requirement:
    """The fallback for a line that is not simple.

    :param text: the line without its marker and its comment.
    """
    stripped = text.strip()
    if not stripped:
        raise BadLine("a marker without a package", line, column=1)
    if text.endswith("\n"):  # packaging before 26.0 takes it
        raise BadLine("a line end", line, column=len(text))
    if stripped.startswith("-"):
        raise BadLine(
            "options are not allowed here, only requirements",
            line,
            column=text.find("-") + 1,
        )
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Parsed
    from packaging.specifiers import InvalidSpecifier

    try:
        parsed = Parsed(text)
        specifiers = "" if parsed.url else _merged(text, parsed.name)
    except (InvalidRequirement, InvalidSpecifier) as error:
        reason, offset = refusal(error)
        unsupported = _unsupported(stripped)
        if not unsupported:
            reason, offset = _wrong_operator(text) or (reason, offset)
        raise BadLine(
            unsupported or f"not a requirement ({reason})",
            line,
            column=offset + 1,
        ) from error
    _require_valid(line, text, parsed, specifiers, permit_urls=permit_urls)
    return Requirement(
        parsed.name,
        f"@ {parsed.url}" if parsed.url else "",
        specifiers,
        marker,
        comment,
        parsed.extras,
    )


def _merged(text: str, name: str) -> str:
    """The specifiers of a valid requirement, in the order of their texts.

    Of clauses that are equal, like ``!=1.0`` and ``!=1.0.0``, the first
    stays. ``str()`` of a ``SpecifierSet`` says the same from ``packaging``
    26.0 on; before, which of them stays depends on their order in the line.

    :raises InvalidSpecifier: where a clause is none.
    """
    from packaging.utils import canonicalize_version

    rest = text.strip().removeprefix(name).lstrip()
    if rest.startswith("["):
        rest = rest.partition("]")[2].lstrip()
    if rest.startswith("("):
        rest = rest[1:-1]
    parse_set(rest)
    kept: dict[tuple[str, str], str] = {}
    for operator, version in sorted(clauses(rest), key="".join):
        normal = version
        if operator != "===" and not version.endswith(".*"):
            normal = canonicalize_version(
                version, strip_trailing_zero=operator != "~="
            )
        kept.setdefault((operator, normal), f"{operator}{version}")
    return ",".join(kept.values())


def _require_valid(
    line: str,
    text: str,
    parsed: packaging.requirements.Requirement,
    specifiers: str,
    *,
    permit_urls: bool,
) -> None:
    """Fail for what ``packaging`` accepts but this toolkit does not.

    :param text: the line without its marker and its comment.
    """
    for operator, version in clauses(specifiers):
        if version == "":
            raise BadLine("an operator without a version", line, column=1)
        if operator == "===" and not _ARBITRARY.fullmatch(version):
            raise BadLine(
                "a version with a character that no version has",
                line,
                column=line.find(version) + 1,
            )
    if not is_name(parsed.name):
        # packaging accepts a name that ends with "_", PEP 508 does not.
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
        # "#" after a blank starts a comment.
        raise BadLine(
            "a fragment alone is no URL", line, column=text.find("@") + 1
        )


def _wrong_operator(text: str) -> tuple[str, int] | None:
    """What is wrong with the first operator that is none, and where it is.

    :param text: a line without its marker and its comment.
    :returns: nothing where all the operators are those of PEP 440.
    """
    before = _BEFORE_SPECIFIERS.match(text)
    start = before.end() if before else 0
    for match in re.compile(r"[=<>!~^]+").finditer(text, start):
        operator = match[0]
        if not _OPERATOR.fullmatch(operator):
            meant = _MEANT.get(operator)
            advice = f"; did you mean {meant}?" if meant else ""
            return f"{operator} is no operator{advice}", match.start()
    return None


def _unsupported(text: str) -> str:
    """What a text has that is not supported; empty where nothing is known."""
    if "://" in text or text.startswith((".", "/")):
        return "not a requirement (a URL or a path?)"
    if text.endswith("\\"):
        return "line continuations are not supported"
    if "--hash" in text:
        return "hashes are not supported"
    return ""
