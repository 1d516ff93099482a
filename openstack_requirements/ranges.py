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
"""Sets of versions that specifiers (PEP 440) admit, compared.

Which versions a set admits, and whether one set holds another, is
``packaging``'s to say. Here is what commands ask of it: whether a project's
range goes with the global one, the smallest set that means the same, and
which of several bounds is the strongest.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from openstack_requirements.requirement import sorted_specifiers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.specifiers import SpecifierSet
    from packaging.version import Version


#: Operators that leave out what lies below a version.
LOWER = frozenset({">=", ">", "~=", "==", "==="})
_CLAUSE = re.compile(r"(===|~=|==|!=|<=|>=|<|>)\s*(.*)", re.DOTALL)


def clauses(specifiers: str) -> list[tuple[str, str]]:
    """The operators and versions of a specifier set."""
    found = [_CLAUSE.match(each.strip()) for each in specifiers.split(",")]
    return [(each[1], each[2].strip()) for each in found if each]


def has_lower_bound(specifiers: str) -> bool:
    """Whether there is a version below which nothing is admitted."""
    return any(operator in LOWER for operator, _ in clauses(specifiers))


@lru_cache(maxsize=16384)
def share_versions(first: str, second: str) -> bool:
    """Whether there is a version that both specifier sets admit."""
    together = ",".join(filter(None, (first, second)))
    operators = {operator for operator, _ in clauses(together)}
    if operators <= {">=", ">", "!="}:
        return True  # whatever is new enough
    for specifiers, other in ((first, second), (second, first)):
        for operator, text in clauses(specifiers):
            if operator == "===":
                # Text, which is in a set or is not.
                return _set(specifiers).contains(
                    text, prereleases=True
                ) and admits(other, text)
    return not _set(together).is_unsatisfiable()


@lru_cache(maxsize=16384)
def excludes(specifiers: str, allowed: str) -> bool:
    """Whether something is excluded that is allowed.

    What lies below the specifiers' own lower bounds does not count: of
    ``~=1.4`` and ``==1.4``, what counts is what they exclude above 1.4.
    """
    operators = {operator for operator, _ in clauses(specifiers)}
    if operators <= {">=", ">"}:
        return False
    if "===" in operators or "===" in allowed:
        pins = (specifiers.lstrip("="), allowed.lstrip("="))
        return pins[0] != pins[1]
    above = ",".join(filter(None, (_from_below(specifiers), allowed)))
    return not _set(above).is_subset(_set(specifiers))


def _from_below(specifiers: str) -> str:
    """The specifiers with nothing but their lower side."""
    found = []
    for operator, text in clauses(specifiers):
        if operator in {">=", ">"}:
            found.append(f"{operator}{text}")
        elif operator in LOWER:
            wildcard = text.endswith(".*")
            found.append(f">={text[:-2]}.dev0" if wildcard else f">={text}")
    return ",".join(found)


def lower_bounds(specifiers: str) -> list[str]:
    """The versions of the bounds that a pin can equal, the highest last.

    Those are of ``>=``, ``~=`` and ``==``.
    """
    found = []
    for clause in specifiers.split(",") if specifiers else ():
        bound = lower_bound(clause)
        if bound is not None and not bound[1]:
            text = clause.lstrip("><=~").removesuffix(".*")
            found.append((bound[0], text))
    return [text for _, text in sorted(found)]


def admits(specifiers: str, version: str) -> bool:
    """Whether a set has a version; pre-releases are as good as others.

    :raises ValueError: where the set cannot be read.
    """
    return not specifiers or _set(specifiers).contains(
        version, prereleases=True
    )


def readable(specifiers: str) -> bool:
    """Whether a text is a set of specifiers."""
    try:
        return not specifiers or bool(_set(specifiers))
    except ValueError:
        return False


def together(clauses: Iterable[str]) -> str:
    """The smallest specifier set that means all of the clauses.

    Clauses that others imply are left out; each that stays is one of those
    given.
    """
    unique = ",".join(sorted(set(clauses)))
    kept = sorted_specifiers(unique).split(",") if unique else []
    if any(each.startswith("===") for each in kept):
        return ",".join(kept)  # text, which no set of versions implies
    # Exclusions first: the bounds are what people look for.
    for each in sorted(kept, key=lambda each: not each.startswith("!=")):
        others = ",".join(other for other in kept if other != each)
        if others and _set(others).is_subset(_set(each)):
            kept.remove(each)
    return ",".join(kept)


@lru_cache(maxsize=4096)
def lower_bound(clause: str) -> tuple[Version, bool] | None:
    """The lowest version that a clause admits; true: only above it."""
    operator, version = _split(clause)
    if operator in {"<", "<=", "!="} or version is None:
        return None
    if clause.endswith(".*"):
        version = _first_of(version, version.release)
    return version, operator == ">"


@lru_cache(maxsize=4096)
def upper_bound(clause: str) -> tuple[Version, bool] | None:
    """The highest version that a clause admits; false: only below it."""
    operator, version = _split(clause)
    if operator in {">", ">=", "!="} or version is None:
        return None
    release = version.release
    if operator == "~=":
        release = release[:-1]
    if operator == "~=" or clause.endswith(".*"):
        return _first_of(version, (*release[:-1], release[-1] + 1)), False
    if operator != "<":
        return version, True
    if not version.is_prerelease and not version.is_postrelease:
        # "<2.0" does not admit the pre-releases of 2.0 (PEP 440).
        version = _first_of(version, release)
    return version, False


def _first_of(version: Version, release: Iterable[int]) -> Version:
    """The very first version of a release, in the epoch of a version."""
    text = ".".join(map(str, release))
    return type(version)(f"{version.epoch}!{text}.dev0")


def _split(clause: str) -> tuple[str, Version | None]:
    from packaging.version import InvalidVersion
    from packaging.version import Version as Parsed

    match = re.match(r"(===|~=|==|!=|<=|>=|<|>)(.*)", clause)
    assert match is not None, clause
    try:
        return match[1], Parsed(match[2].removesuffix(".*"))
    except InvalidVersion:
        return match[1], None  # only "===" admits it


@lru_cache(maxsize=4096)
def _set(specifiers: str) -> SpecifierSet:
    from packaging.specifiers import SpecifierSet as Parsed  # slow to import

    return Parsed(specifiers)
