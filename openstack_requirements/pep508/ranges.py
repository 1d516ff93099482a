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
"""What commands ask of the versions that specifiers (PEP 440) admit.

Whether a project's range goes with the global one, the smallest set that
means the same, and which of several bounds is the strongest. The sets of
versions themselves are in :mod:`~openstack_requirements.pep508.version_sets`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.requirement import sorted_specifiers
from openstack_requirements.pep508.specifiers import (
    clauses,
    parse_set,
    parse_version,
)
from openstack_requirements.pep508.version_sets import EVERYTHING, version_set

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version


#: Operators that leave out what lies below a version.
LOWER = frozenset({">=", ">", "~=", "==", "==="})


def has_lower_bound(specifiers: str) -> bool:
    """Whether there is a version below which nothing is admitted."""
    return any(operator in LOWER for operator, _ in clauses(specifiers))


def share_versions(first: str, second: str) -> bool:
    """Whether there is a version that both specifier sets admit."""
    together = ",".join(filter(None, (first, second)))
    operators = {operator for operator, _ in clauses(together)}
    if operators <= {">=", ">", "!="}:
        return True  # whatever is new enough
    return not version_set(together).is_empty


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
    above = version_set(
        ",".join(filter(None, (lower_side(specifiers), allowed)))
    )
    return not above.issubset(version_set(specifiers))


def lower_side(specifiers: str) -> str:
    """The specifiers with nothing but their lower side.

    Of ``~=1.4`` that is ``>=1.4``; of ``==1.4.*``, ``>=1.4.dev0``.
    """
    found = []
    for operator, text in clauses(specifiers):
        if operator in {">=", ">"}:
            found.append(f"{operator}{text}")
        elif operator in LOWER:
            found.append(f">={_lowest(text)}")
    return ",".join(found)


def _lowest(version: str) -> str:
    """The lowest version that one with ``.*`` or a local part stands for.

    What a bound names has neither (PEP 440).
    """
    if version.endswith(".*"):
        return f"{version[:-2]}.dev0"
    return version.partition("+")[0]


def lower_bounds(specifiers: str) -> list[str]:
    """The versions of the bounds that a pin can equal, the highest last.

    Those are of ``>=``, ``~=`` and ``==``.
    """
    bounds = []
    for operator, text in clauses(specifiers):
        bound = lower_bound(f"{operator}{text}")
        if bound is not None and not bound[1]:
            bounds.append((bound[0], text.removesuffix(".*")))
    return [text for _, text in sorted(bounds)]


def admits(specifiers: str, version: str) -> bool:
    """Whether a set has a version; pre-releases are as good as others.

    :raises ValueError: where the set cannot be read.
    """
    return not specifiers or version_set(specifiers).admits(version)


def readable(specifiers: str) -> bool:
    """Whether a text is a set of specifiers, and not of too many."""
    if specifiers.count(",") >= limits.MOST_SPECIFIERS:
        return False
    try:
        return not specifiers or bool(parse_set(specifiers))
    except ValueError:
        return False


def together(texts: Iterable[str]) -> str:
    """The smallest specifier set that means all of these clauses.

    Clauses that others imply are left out; each that stays is one of those
    given.
    """
    unique = ",".join(sorted(set(texts)))
    kept = ["".join(c) for c in clauses(sorted_specifiers(unique))]
    if any(each.startswith("===") for each in kept):
        return ",".join(kept)  # text, which no set of versions implies
    # Exclusions first: the bounds are what people look for.
    order = sorted(kept, key=lambda each: not each.startswith("!="))
    sets = [version_set(clause) for clause in order]
    # What all the clauses from each one on admit.
    rest = [EVERYTHING]
    for each in reversed(sets):
        rest.append(rest[-1].intersection(each))
    rest.reverse()
    before = EVERYTHING
    for number, clause in enumerate(order):
        others = before.intersection(rest[number + 1])
        if len(kept) > 1 and others.issubset(sets[number]):
            kept.remove(clause)
        else:
            before = before.intersection(sets[number])
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
    # What is no version, only "===" admits.
    ((operator, text),) = clauses(clause)
    return operator, parse_version(text.removesuffix(".*"))
