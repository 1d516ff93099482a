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
"""Questions about the ranges of versions that specifiers (PEP 440) admit.

Whether the ranges of a project and of the global list are compatible, the
smallest specifier set that admits the same versions, and the bounds of a
clause. The sets of versions themselves are in
:mod:`~openstack_requirements.pep508.version_sets`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.specifiers import (
    clauses,
    parse_set,
    sorted_specifiers,
)
from openstack_requirements.pep508.version_sets import EVERYTHING, version_set
from openstack_requirements.pep508.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

    from openstack_requirements.pep508.specifiers import Clause
    from openstack_requirements.pep508.version_sets import Place

#: Operators that set a lower bound.
LOWER = frozenset({">=", ">", "~=", "==", "==="})


def has_lower_bound(specifiers: str) -> bool:
    """Whether one of the specifiers sets a lower bound."""
    return any(operator in LOWER for operator, _ in clauses(specifiers))


def share_versions(first: str, second: str) -> bool:
    """Whether there is a version that both specifier sets admit."""
    joined = ",".join(filter(None, (first, second)))
    operators = {operator for operator, _ in clauses(joined)}
    if operators <= {">=", ">", "!="}:
        return True  # any version that is new enough
    return not version_set(joined).is_empty


@lru_cache(maxsize=16384)
def excludes(specifiers: str, allowed: str) -> bool:
    """Whether specifiers exclude a version that the allowed range has.

    Versions below the lower bounds of the specifiers do not count: ``~=1.4``
    and ``==1.4`` are judged by what they exclude above 1.4.
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
    """The lower bounds of specifiers, without their upper side.

    Of ``~=1.4`` that is ``>=1.4``; of ``==1.4.*``, ``>=1.4.dev0``.
    """
    bounds = []
    for operator, text in clauses(specifiers):
        if operator in {">=", ">"}:
            bounds.append(f"{operator}{text}")
        elif operator in LOWER:
            bounds.append(f">={_lowest(text)}")
    return ",".join(bounds)


def _lowest(version: str) -> str:
    """The lowest version that a version with ``.*`` or a local part admits.

    The version of a bound may have neither (PEP 440).
    """
    if version.endswith(".*"):
        return f"{version[:-2]}.dev0"
    return version.partition("+")[0]


def lower_bounds(specifiers: str) -> list[str]:
    """The lower bounds that are themselves admitted, the highest last.

    These are the versions of ``>=``, ``~=`` and ``==``.
    """
    bounds = []
    for operator, text in clauses(specifiers):
        bound = lower_bound(f"{operator}{text}")
        if bound is not None and not bound[1]:
            bounds.append((bound[0], text.removesuffix(".*")))
    return [text for _, text in sorted(bounds)]


def admits(specifiers: str, version: str) -> bool:
    """Whether specifiers admit a version, pre-releases included.

    :raises ValueError: where the specifiers cannot be read.
    """
    return not specifiers or version_set(specifiers).admits(version)


def readable(specifiers: str) -> bool:
    """Whether a text is a specifier set, and not one of too many clauses."""
    if specifiers.count(",") >= limits.MOST_SPECIFIERS:
        return False
    try:
        return not specifiers or bool(parse_set(specifiers))
    except ValueError:
        return False


def together(texts: Iterable[str]) -> str:
    """The smallest specifier set that admits the same as all these clauses.

    Clauses that others imply are left out; those that stay are not changed.
    """
    unique = ",".join(sorted(set(texts)))
    kept = list(map(str, clauses(sorted_specifiers(unique))))
    if any(clause.startswith("===") for clause in kept):
        return ",".join(kept)  # "===" is text, and implies no range
    # Exclusions are left out first, as people look for the bounds.
    order = sorted(kept, key=lambda clause: not clause.startswith("!="))
    sets = [version_set(clause) for clause in order]
    # What all clauses from each index on admit.
    following = [EVERYTHING]
    for versions in reversed(sets):
        following.append(following[-1].intersection(versions))
    following.reverse()
    preceding = EVERYTHING  # what the kept clauses before an index admit
    for index, clause in enumerate(order):
        rest = preceding.intersection(following[index + 1])
        if len(kept) > 1 and rest.issubset(sets[index]):
            kept.remove(clause)
        else:
            preceding = preceding.intersection(sets[index])
    return ",".join(kept)


@lru_cache(maxsize=4096)
def lower_bound(clause: str) -> tuple[Version, bool] | None:
    """The lower bound of a clause, and whether it is excluded itself."""
    operator, version = _split(clause)
    if operator in {"<", "<=", "!="} or version is None:
        return None
    if clause.endswith(".*"):
        version = _first_of(version, version.release)
    return version, operator == ">"


@lru_cache(maxsize=4096)
def upper_bound(clause: str) -> tuple[Version, bool] | None:
    """The upper bound of a clause, and whether it is admitted itself."""
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


class End(NamedTuple):
    """An end of the range of a specifier set, and the clause that sets it.

    ``place`` is the place between versions where the range starts, or stops.
    """

    clause: Clause
    place: Place
    is_lower: bool


def ends(specifiers: str) -> list[End]:
    """The ends of a range: its highest lower bound and its lowest cap.

    It may lack either. Exclusions are no ends, and neither are exact
    versions; ``==1.4.*`` starts at 1.4 and stops before 1.5.

    :raises ValueError: where a clause cannot be read.
    """
    lower: list[End] = []
    upper: list[End] = []
    for clause in clauses(specifiers):
        operator, version = clause
        is_series = operator == "==" and version.endswith(".*")
        if operator in {">=", ">", "~="} or is_series:
            text = f">={version[:-2]}" if is_series else str(clause)
            low = version_set(text).ranges[0].low
            lower.append(End(clause, low, is_lower=True))
        if operator in {"<=", "<", "~="} or is_series:
            below = version_set(str(clause)).ranges
            # There is nothing below "<0".
            high = below[0].high if below else EVERYTHING.ranges[0].low
            upper.append(End(clause, high, is_lower=False))
    return [
        *([max(lower, key=lambda end: end.place)] if lower else []),
        *([min(upper, key=lambda end: end.place)] if upper else []),
    ]


def pins(specifiers: str) -> list[Clause]:
    """The clauses of a specifier set that name one exact version."""
    return [
        clause
        for clause in clauses(specifiers)
        if clause.operator == "==="
        or (clause.operator == "==" and not clause.version.endswith(".*"))
    ]


def is_within(end: End, allowed: str) -> bool:
    """Whether an end lies within the range of a specifier set.

    A lower bound is not below that of the range, and a cap is not above its
    cap; on the inner side of either, the range goes on. Exclusions do not
    matter.

    :raises ValueError: where a clause cannot be read.
    """
    bounds = [
        str(clause).replace("===", "==")
        for clause in clauses(allowed)
        if clause.operator != "!="
    ]
    if not readable(",".join(bounds)):
        return False  # "===" may have any text
    for low, high in version_set(",".join(bounds)).ranges:
        if end.is_lower:
            return low <= end.place < high
        return low < end.place <= high
    return False


def _first_of(version: Version, release: Iterable[int]) -> Version:
    """The first version of a release, in the epoch of a version."""
    text = ".".join(map(str, release))
    return type(version)(f"{version.epoch}!{text}.dev0")


def _split(clause: str) -> tuple[str, Version | None]:
    """The operator and the version; None for text that is not a version."""
    ((operator, text),) = clauses(clause)
    return operator, parse_version(text.removesuffix(".*"))
