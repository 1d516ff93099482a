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

TYPE_CHECKING = False  # typing itself costs more to import than this module
if TYPE_CHECKING:
    from collections.abc import Callable

#: A version's release numbers, without zeros at the end: 1.0 is 1.
Release = tuple[int, ...]

_NUMBERS = r"[0-9]{1,20}(?:\.[0-9]{1,20})*"
_SUFFIX = (
    r"(?P<pre>(?:a|b|rc)[0-9]+)?(?P<post>\.post[0-9]+)?(?P<dev>\.dev[0-9]+)?"
)
_RELEASE = re.compile(rf"{_NUMBERS}\Z")
_VERSION = re.compile(rf"(?P<release>{_NUMBERS})(?P<suffix>{_SUFFIX})\Z")
_CLAUSE = re.compile(
    r"(?P<operator>~=|==|!=|<=|>=|<|>)"
    rf"(?P<release>{_NUMBERS})(?:(?P<any>\.\*)|(?P<suffix>{_SUFFIX}))\Z"
)
_COMPARE: dict[str, Callable[[Release, Release], bool]] = {
    "==": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


def release(version: str) -> Release | None:
    """The numbers of a plain release; None for any other version."""
    return _numbers(version) if _RELEASE.match(version) else None


def is_prerelease(version: str) -> bool:
    """Whether a version is a pre-release; what is no version is none."""
    match = _VERSION.match(version)
    if match is not None:
        return bool(match["pre"] or match["dev"])
    from packaging.version import Version

    try:
        return Version(version).is_prerelease
    except ValueError:
        return False


def admits(specifiers: str, version: str, *, prereleases: bool) -> bool:
    """Whether a version satisfies every specifier.

    :param specifiers: the text of the set; the empty one asks for nothing.
    :param version: what is no version by PEP 440 satisfies ``===`` alone.
    :param prereleases: whether a pre-release will do where no specifier names
        one.
    """
    if not specifiers:
        return prereleases or not is_prerelease(version)
    answer = _by_release(specifiers, version, prereleases)
    return (
        _slowly(specifiers, version, prereleases)
        if (answer is None)
        else answer
    )


def _by_release(
    specifiers: str, version: str, prereleases: bool
) -> bool | None:
    """What release numbers say, or None where they do not decide."""
    match = _VERSION.match(version)
    if match is None or (not prereleases and (match["pre"] or match["dev"])):
        return None
    found = _numbers(match["release"])
    answer = True
    for text in specifiers.split(","):
        clause = _CLAUSE.match(text)
        if clause is None or not _is_allowed(clause):
            return None
        wanted = _numbers(clause["release"])
        if found == wanted and (
            clause["suffix"] or (match["suffix"] and not clause["any"])
        ):
            return None  # 1.0.post1 against 1.0: the suffix decides
        answer = answer and _satisfies(found, clause, wanted)
    return answer


def _is_allowed(clause: re.Match[str]) -> bool:
    """Whether the operator goes with this form of a version."""
    operator = clause["operator"]
    if clause["any"]:
        return operator in {"==", "!="}
    return operator != "~=" or "." in clause["release"]


def _satisfies(found: Release, clause: re.Match[str], wanted: Release) -> bool:
    operator = clause["operator"]
    if clause["any"]:
        return (operator == "==") == _starts(found, clause["release"])
    if operator == "~=":
        series = clause["release"].rpartition(".")[0]
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


def _slowly(specifiers: str, version: str, prereleases: bool) -> bool:
    from packaging.specifiers import SpecifierSet

    try:
        wanted = SpecifierSet(specifiers)
        return wanted.contains(
            version, prereleases=prereleases or bool(wanted.prereleases)
        )
    except ValueError:
        return False  # numbers of thousands of digits
