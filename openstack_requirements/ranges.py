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
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
