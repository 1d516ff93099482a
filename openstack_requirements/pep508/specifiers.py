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
"""What specifiers admit (PEP 440).

``packaging`` knows; importing it takes longer than reading a whole list does.
Where both sides are plain releases (``1.2.3``), or where their release numbers
alone decide, comparing these is enough. All else is left to ``packaging``; a
test holds the two ways equal.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.pep508 import limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

#: A version's release numbers, without zeros at the end: 1.0 is 1.
Release = tuple[int, ...]

_NUMBERS = r"[0-9]{1,20}(?:\.[0-9]{1,20})*"
_SUFFIX = (
    r"(?P<pre>(?:a|b|rc)[0-9]+)?(?P<post>\.post[0-9]+)?(?P<dev>\.dev[0-9]+)?"
)
_RELEASE = re.compile(rf"{_NUMBERS}\Z")
_VERSION = re.compile(rf"(?P<release>{_NUMBERS})(?P<suffix>{_SUFFIX})\Z")
_BOUND = re.compile(
    rf"(?P<release>{_NUMBERS})(?:(?P<any>\.\*)|(?P<suffix>{_SUFFIX}))\Z"
)
_LONG_NUMBER = re.compile(rf"[0-9]{{{limits.MOST_DIGITS + 1}}}")
#: What is wrong with a text that has a long number in it.
LONG_NUMBER = f"a number of more than {limits.MOST_DIGITS} digits"
_COMPARE: dict[str, Callable[[Release, Release], bool]] = {
    "==": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


#: The operators of PEP 440, as a regular expression that others embed.
OPERATOR = r"(?:===|~=|==|!=|<=|>=|<|>)"
_CLAUSE = re.compile(rf"\s*({OPERATOR})\s*(.*)", re.DOTALL)


class Clause(NamedTuple):
    """One clause of a specifier set: ``>=`` and ``1.0`` of ``>=1.0``."""

    operator: str
    version: str

    def __str__(self) -> str:
        return f"{self.operator}{self.version}"


@lru_cache(maxsize=16384)
def clauses(specifiers: str) -> tuple[Clause, ...]:
    """The clauses of a specifier set, in its order.

    What has no operator is left out.
    """
    matches = map(_CLAUSE.match, specifiers.split(","))
    return tuple(
        [Clause(match[1], match[2].rstrip()) for match in matches if match]
    )


def exact_version(specifiers: str) -> str | None:
    """The version of one ``===`` or ``==``; None for any other set.

    ``==1.4.*`` stands for many versions. ``===1.4.*`` is no range but a text
    (PEP 440).
    """
    found = clauses(specifiers)
    if len(found) != 1 or "," in specifiers:
        return None
    ((operator, version),) = found
    if operator == "===" or (operator == "==" and version[-2:] != ".*"):
        return version
    return None


def release(version: str) -> Release | None:
    """The numbers of a plain release; None for any other version."""
    return _numbers(version) if _RELEASE.match(version) else None


def is_prerelease(version: str) -> bool:
    """Whether a version is a pre-release; what is no version is none."""
    match = _VERSION.match(version)
    if match is not None:
        return bool(match["pre"] or match["dev"])
    parsed = parse_version(version)
    return parsed is not None and parsed.is_prerelease


def long_number(text: str) -> int | None:
    """Where a number with more digits than are read starts, if anywhere."""
    if len(text) <= limits.MOST_DIGITS:
        return None
    match = _LONG_NUMBER.search(text)
    return None if match is None else match.start()


@lru_cache(maxsize=8192)
def parse_version(text: str) -> Version | None:
    """The version (PEP 440) that a text is; None for any other text.

    One that is too long, or has a number of too many digits, is none.
    """
    from packaging.version import InvalidVersion
    from packaging.version import Version as Parsed  # slow to import

    if len(text) > limits.LONGEST_VERSION or long_number(text) is not None:
        return None
    try:
        return Parsed(text)
    except InvalidVersion:
        return None


@lru_cache(maxsize=4096)
def parse_set(specifiers: str) -> SpecifierSet:
    """The specifier set (PEP 440) that a text is.

    :raises ValueError: where it is none, or has a number of too many digits.
    """
    from packaging.specifiers import InvalidSpecifier
    from packaging.specifiers import SpecifierSet as Parsed  # slow to import

    if long_number(specifiers) is not None:
        raise InvalidSpecifier(LONG_NUMBER)
    return Parsed(specifiers)


def admits(specifiers: str, version: str, *, prereleases: bool) -> bool:
    """Whether a version satisfies every specifier.

    :param specifiers: the text of the set; the empty one asks for nothing.
    :param version: what is no version by PEP 440 satisfies ``===`` alone.
    :param prereleases: whether a pre-release will do where no specifier names
        one.
    """
    if not specifiers:
        return prereleases or not is_prerelease(version)
    answer = _by_release(specifiers, version, prereleases=prereleases)
    return (
        _slowly(specifiers, version, prereleases=prereleases)
        if (answer is None)
        else answer
    )


def _by_release(
    specifiers: str, version: str, *, prereleases: bool
) -> bool | None:
    """What release numbers say, or None where they do not decide."""
    match = _VERSION.match(version)
    if match is None or (not prereleases and (match["pre"] or match["dev"])):
        return None
    found = _numbers(match["release"])
    answer = True
    wanted = clauses(specifiers)
    if len(wanted) <= specifiers.count(","):
        return None  # something is no clause
    for operator, text in wanted:
        bound = _BOUND.match(text)
        if bound is None or not _is_allowed(operator, bound):
            return None
        numbers = _numbers(bound["release"])
        if found == numbers and (
            bound["suffix"] or (match["suffix"] and not bound["any"])
        ):
            return None  # 1.0.post1 against 1.0: the suffix decides
        answer = answer and _satisfies(found, operator, bound, numbers)
    return answer


def _is_allowed(operator: str, bound: re.Match[str]) -> bool:
    """Whether the operator goes with this form of a version."""
    if bound["any"]:
        return operator in {"==", "!="}
    if operator == "~=":
        return "." in bound["release"]
    return operator in _COMPARE


def _satisfies(
    found: Release, operator: str, bound: re.Match[str], wanted: Release
) -> bool:
    if bound["any"]:
        return (operator == "==") == _starts(found, bound["release"])
    if operator == "~=":
        series = bound["release"].rpartition(".")[0]
        return found >= wanted and _starts(found, series)
    return _COMPARE[operator](found, wanted)


def _starts(found: Release, series: str) -> bool:
    """Whether a release is of a series: 1.4.2 is of 1.4, and 1 of 1.0."""
    numbers = tuple(map(int, series.split(".")))
    length = len(numbers)
    return (found + (0,) * length)[:length] == numbers


@lru_cache(maxsize=8192)
def _numbers(text: str) -> Release:
    numbers = [int(part) for part in text.split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _slowly(specifiers: str, version: str, *, prereleases: bool) -> bool:
    try:
        wanted = parse_set(specifiers)
    except ValueError:
        return False
    # What is no version satisfies "===" alone, and a long number nothing.
    return long_number(version) is None and wanted.contains(
        version, prereleases=prereleases or bool(wanted.prereleases)
    )
