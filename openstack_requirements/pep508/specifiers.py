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
"""Specifiers (PEP 440): their clauses, and which versions they admit.

``packaging`` knows, but importing it takes longer than reading a whole list.
Where both sides are plain releases (``1.2.3``), or where their release numbers
alone decide, the fast path here compares them. For everything else,
``packaging`` reads the versions and
:mod:`~openstack_requirements.pep508.version_sets` decides: what ``packaging``
itself answers depends on its version. Tests hold all three equal.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.pep508.versions import (
    LONG_NUMBER,
    NUMBERS,
    SIMPLE_VERSION,
    SUFFIX,
    Release,
    is_prerelease,
    long_number,
    numbers,
    parse_version,
    release,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

#: The operators of PEP 440, as a regular expression that others embed.
OPERATOR = r"(?:===|~=|==|!=|<=|>=|<|>)"
_CLAUSE = re.compile(rf"\s*({OPERATOR})\s*(.*)", re.DOTALL)
_BOUND = re.compile(
    rf"(?P<release>{NUMBERS})(?:(?P<any>\.\*)|(?P<suffix>{SUFFIX}))\Z"
)
_COMPARE: dict[str, Callable[[Release, Release], bool]] = {
    "==": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}
#: The order of clauses in the normal form.
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


class Clause(NamedTuple):
    """One clause of a specifier set: ``>=`` and ``1.0`` of ``>=1.0``."""

    operator: str
    version: str

    def __str__(self) -> str:
        return f"{self.operator}{self.version}"


@lru_cache(maxsize=16384)
def clauses(specifiers: str) -> tuple[Clause, ...]:
    """The clauses of a specifier set, in its order.

    Parts without an operator are ignored.
    """
    matches = map(_CLAUSE.match, specifiers.split(","))
    return tuple(
        [Clause(match[1], match[2].rstrip()) for match in matches if match]
    )


def exact_version(specifiers: str) -> str | None:
    """The version of a single ``===`` or ``==``; None for any other set.

    ``==1.4.*`` stands for many versions, and ``===1.4.*`` for that very text
    (PEP 440).
    """
    parsed = clauses(specifiers)
    if len(parsed) != 1 or "," in specifiers:
        return None
    ((operator, version),) = parsed
    if operator == "===" or (operator == "==" and version[-2:] != ".*"):
        return version
    return None


@lru_cache(maxsize=4096)
def parse_set(specifiers: str) -> SpecifierSet:
    """The specifier set (PEP 440) that a text is.

    :raises ValueError: for any other text, and for a number with too many
        digits.
    """
    from packaging.specifiers import InvalidSpecifier
    from packaging.specifiers import SpecifierSet as Parsed  # slow to import

    if long_number(specifiers) is not None:
        raise InvalidSpecifier(LONG_NUMBER)
    if not specifiers.isascii() and any(
        operator != "===" and not version.isascii()
        for operator, version in clauses(specifiers)
    ):
        # Before 26.0, packaging took "\u017f" for an "s".
        raise InvalidSpecifier(f"Invalid specifier: {specifiers!r}")
    return Parsed(specifiers)


def admits(specifiers: str, version: str, *, prereleases: bool) -> bool:
    """Whether a version satisfies every specifier.

    :param specifiers: the text of the set; the empty one admits everything.
    :param version: text that is not a version (PEP 440) can only satisfy
        ``===``.
    :param prereleases: whether a pre-release is admitted where no specifier
        names one.
    """
    if not specifiers:
        return prereleases or not is_prerelease(version)
    answer = _by_release(specifiers, version, prereleases=prereleases)
    if answer is None:
        return _by_set(specifiers, version, prereleases=prereleases)
    return answer


def _by_release(
    specifiers: str, version: str, *, prereleases: bool
) -> bool | None:
    """The fast path of :func:`admits`; None where releases do not decide."""
    match = SIMPLE_VERSION.match(version)
    if match is None or (not prereleases and (match["pre"] or match["dev"])):
        return None
    installed = numbers(match["release"])
    answer = True
    parsed = clauses(specifiers)
    if len(parsed) <= specifiers.count(","):
        return None  # a part of it is not a clause
    for operator, text in parsed:
        bound = _BOUND.match(text)
        if bound is None or not _is_allowed(operator, bound):
            return None
        limit = numbers(bound["release"])
        if installed == limit and (
            bound["suffix"] or (match["suffix"] and not bound["any"])
        ):
            return None  # 1.0.post1 against 1.0: the suffix decides
        answer = answer and _satisfies(installed, operator, bound, limit)
    return answer


def _is_allowed(operator: str, bound: re.Match[str]) -> bool:
    """Whether PEP 440 allows the operator before this form of a version."""
    if bound["any"]:
        return operator in {"==", "!="}
    if operator == "~=":
        return "." in bound["release"]
    return operator in _COMPARE


def _satisfies(
    version: Release, operator: str, bound: re.Match[str], limit: Release
) -> bool:
    """Whether a release satisfies a clause.

    :param limit: the numbers of the clause's ``bound``.
    """
    if bound["any"]:
        return (operator == "==") == _is_of(version, bound["release"])
    if operator == "~=":
        series = bound["release"].rpartition(".")[0]
        return version >= limit and _is_of(version, series)
    return _COMPARE[operator](version, limit)


def _is_of(version: Release, series: str) -> bool:
    """Whether a release is of a series: 1.4.2 is of 1.4, and 1 of 1.0."""
    start = tuple(map(int, series.split(".")))
    length = len(start)
    return (version + (0,) * length)[:length] == start


def _by_set(specifiers: str, version: str, *, prereleases: bool) -> bool:
    """The fallback of :func:`admits`, for all specifiers and versions.

    It asks no ``SpecifierSet``: before 26.0 those of ``packaging`` fail for
    text that is not a version, and judge some local versions and
    post-releases in another way.
    """
    from openstack_requirements.pep508.version_sets import version_set

    if long_number(version) is not None:
        return False
    try:
        parse_set(specifiers)
        admitted = version_set(specifiers).admits(version)
    except ValueError:
        return False
    if not admitted or prereleases or not is_prerelease(version):
        return admitted
    return names_prerelease(specifiers)


def names_prerelease(specifiers: str) -> bool:
    """Whether a clause names a pre-release, so that all are admitted.

    Exclusions do not count (PEP 440).
    """
    return any(
        operator != "!=" and is_prerelease(version)
        for operator, version in clauses(specifiers)
    )


def sorted_specifiers(specifiers: str) -> str:
    """The text of a specifier set in the order of the normal form.

    Lower bounds come first, then clauses that name single versions, then
    upper bounds; each of these by version, and by text for equal versions.
    """
    if "," not in specifiers:
        return specifiers
    parsed = clauses(specifiers)
    keys = {clause: _release_key(clause) for clause in parsed}
    if None in {numbers for _, numbers, _ in keys.values()}:
        return ",".join(map("".join, sorted(parsed, key=clause_key)))
    return ",".join(map("".join, sorted(parsed, key=keys.__getitem__)))


def clause_key(clause: Clause) -> tuple[int, bool, Version | str, str]:
    """The place of a clause among others, for versions of any form."""
    operator, version = clause
    parsed = parse_version(version.removesuffix(".*"))
    group = _GROUPS[operator]
    # Text that is not a version, which "===" may have, comes last.
    return (group, parsed is None, parsed or version, "".join(clause))


def _release_key(clause: Clause) -> tuple[int, Release | None, str]:
    """The same key for a plain release; without numbers for the rest."""
    operator, version = clause
    numbers = release(version.removesuffix(".*"))
    return (_GROUPS[operator], numbers, "".join(clause))
