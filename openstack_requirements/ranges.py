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
"""Sets of versions that specifiers admit, compared.

Whether a version satisfies a specifier is for ``packaging`` to say (PEP 440);
what is ours is the choice of versions to ask about. Between two versions that
specifiers name, all versions are admitted or none is. So it is enough to ask
about those that are named, about those right beside them, and about one in
each gap. Local versions (``1.0+x``) are not looked at.
"""What specifiers (PEP 440) leave of the versions.
Which versions a set admits is ``packaging``'s to say. Here is what an
explanation needs beside that: the smallest set that means the same, and which
of several bounds is the strongest.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
from openstack_requirements.requirement import sorted_specifiers

    from collections.abc import Iterable

    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

_CLAUSE = re.compile(r"(===|~=|==|!=|<=|>=|<|>)\s*(.*)", re.DOTALL)
#: Operators that leave out what lies below a version.
LOWER = frozenset({">=", ">", "~=", "==", "==="})


def clauses(specifiers: str) -> list[tuple[str, str]]:
    """The operators and versions of a specifier set."""
    found = [_CLAUSE.match(each.strip()) for each in specifiers.split(",")]
    return [(each[1], each[2].strip()) for each in found if each]


def has_lower_bound(specifiers: str) -> bool:
    """Whether there is a version below which nothing is admitted."""
    return any(operator in LOWER for operator, _ in clauses(specifiers))


@lru_cache(maxsize=16384)
def common(first: str, second: str) -> str | None:
    """A version that both specifier sets admit, or None."""
    if _only_from_below(first) and _only_from_below(second):
        return "any that is new enough"
    one, other = _parsed(first), _parsed(second)
    for version in _versions(first, second):
        if _admits(one, version) and _admits(other, version):
            return str(version)
    return None


@lru_cache(maxsize=16384)
def excluded(specifiers: str, allowed: str) -> str | None:
    """A version that is excluded although it is allowed, or None.

    What lies below the specifiers' own lower bounds does not count: of
    ``~=1.4`` and ``==1.4``, what counts is what they exclude above 1.4.
    """
    if _only_from_below(specifiers, holes=False):
        return None
    mine, all_allowed = _parsed(specifiers), _parsed(allowed)
    low = _parsed(_from_below(specifiers))
    for version in _versions(specifiers, allowed):
        if (
            _admits(all_allowed, version)
            and _admits(low, version)
            and not _admits(mine, version)
        ):
            return str(version)
    return None


def _only_from_below(specifiers: str, *, holes: bool = True) -> bool:
    """Whether all versions from some point on are admitted."""
    harmless = {">=", ">", "!="} if holes else {">=", ">"}
    return all(operator in harmless for operator, _ in clauses(specifiers))


def _from_below(specifiers: str) -> str:
    """The specifiers with nothing but their lower side."""
    found = []
    for operator, text in clauses(specifiers):
        if operator in {">=", ">"}:
            found.append(f"{operator}{text}")
        elif operator in LOWER and version(text) is not None:
            wildcard = text.endswith(".*")
            found.append(f">={text[:-2]}.dev0" if wildcard else f">={text}")
    return ",".join(found)


@lru_cache(maxsize=4096)
def _parsed(specifiers: str) -> SpecifierSet:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(specifiers)


def _admits(specifiers: SpecifierSet, version: Version) -> bool:
    return specifiers.contains(version, prereleases=True)


def version(text: str) -> Version | None:
    """A clause's version, without its ``.*``; None where it is none."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text.removesuffix(".*"))
    except InvalidVersion:
        return None  # only "===" admits other text


def _versions(*sets: str) -> Iterator[Version]:
    """The versions that tell specifier sets apart, in order."""
    from packaging.version import Version

    named = [
        each
        for specifiers in sets
        for _, text in clauses(specifiers)
        if (each := version(text)) is not None
    ]
    longest = max((len(each.release) for each in named), default=1)
    found = [Version("0"), Version("1")]
    for each in named:
        found.extend(_near(each, longest))
    # 2 and 2.0 are equal: the shorter text stands for both.
    found.sort(key=lambda each: (each, len(str(each))))
    yield from dict.fromkeys(found)


def _near(version: Version, longest: int) -> Iterator[Version]:
    """A version, and those right beside it and in the gaps around it."""
    from packaging.version import Version

    epoch, release = version.epoch, list(version.release)
    yield version
    if version.pre is not None:
        kind, number = version.pre
        text = f"{epoch}!{version.base_version.rpartition('!')[2]}"
        for near in (number - 1, number, number + 1):
            if near >= 0:
                yield from map(
                    Version,
                    (f"{text}{kind}{near}.dev0", f"{text}{kind}{near}"),
                )
                yield Version(f"{text}{kind}{near}.post0")
    if version.post is not None:
        text = f"{epoch}!{version.base_version.rpartition('!')[2]}"
        for near in range(max(version.post - 1, 0), version.post + 2):
            yield Version(f"{text}.post{near}")
    yield Version(f"{epoch + 1}!0")
    for length in range(1, len(release) + 1):
        for step in (-1, 0, 1):
            last = release[length - 1] + step
            if last < 0:
                continue
            head = [*release[: length - 1], last]
            text = f"{epoch}!{'.'.join(map(str, head))}"
            # After all post-releases, and before whatever is named next.
            gap = [*head, *[0] * (longest - length + 1), 1]
            yield from map(
                Version,
                (
                    *(f"{text}.dev0", f"{text}.dev1", f"{text}a0"),
                    *(f"{text}rc99", text, f"{text}.post0", f"{text}.post99"),
                    f"{epoch}!{'.'.join(map(str, gap))}",
                ),
            )
def admits(specifiers: str, version: str) -> bool:
    """Whether a set has a version; pre-releases are as good as others.
    :raises ValueError: where the set cannot be read.
    return not specifiers or _set(specifiers).contains(
        version, prereleases=True
    )
def readable(specifiers: str) -> bool:
    """Whether a text is a set of specifiers."""
        return not specifiers or bool(_set(specifiers))
    except ValueError:
        return False
def together(clauses: Iterable[str]) -> str:
    """The smallest specifier set that means all of the clauses.
    Clauses that others imply are left out; each that stays is one of those
    given.
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
def lower_bound(clause: str) -> tuple[Version, bool] | None:
    """The lowest version that a clause admits; true: only above it."""
    operator, version = _split(clause)
    if operator in {"<", "<=", "!="} or version is None:
    if clause.endswith(".*"):
        version = _first_of(version, version.release)
    return version, operator == ">"
def upper_bound(clause: str) -> tuple[Version, bool] | None:
    """The highest version that a clause admits; false: only below it."""
    operator, version = _split(clause)
    if operator in {">", ">=", "!="} or version is None:
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
        return match[1], Parsed(match[2].removesuffix(".*"))
        return match[1], None  # only "===" admits it
def _set(specifiers: str) -> SpecifierSet:
    from packaging.specifiers import SpecifierSet as Parsed  # slow to import
    return Parsed(specifiers)
