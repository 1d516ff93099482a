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
"""Sets of versions (PEP 440) as ranges on the line of all versions.

A specifier set admits a union of ranges. Whether two specifier sets share a
version, and whether one is a subset of the other, is then arithmetic.
Pre-releases, post-releases, development releases and local versions are
versions like all others here: whether a pre-release is wanted is a separate
question.

The newest releases of ``packaging`` can do this as well, but the oldest that
this toolkit supports cannot. A test holds the two equal.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from openstack_requirements.pep508.specifiers import clauses
from openstack_requirements.pep508.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.version import Version

#: A place between versions. Tuples of the same shape, compared as tuples:
#: epoch, release, then pre-release, post-release, development release and
#: local version, each as a tuple that sorts as PEP 440 says.
Place: TypeAlias = tuple[Any, ...]

# An absent part sorts before all that are present, or behind them.
_FIRST = (-1,)
_LAST = (float("inf"),)
_LAST_LOCAL = (2,)
_PRE = {"a": 0, "b": 1, "rc": 2}
#: Below every version, and above every version.
_START: Place = (-1,)
_END: Place = (float("inf"),)


class Range(NamedTuple):
    """The versions from one place to another."""

    low: Place
    high: Place


class VersionSet(NamedTuple):
    """A set of versions; make it with :func:`version_set`.

    ``ranges`` are in order, and neither touch nor overlap. ``text`` is that of
    ``===``, which need not be a version; it is then all that is in the set,
    and the ranges are empty.
    """

    ranges: tuple[Range, ...]
    text: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no version is in the set."""
        return self.text is None and not self.ranges

    def intersection(self, versions: VersionSet) -> VersionSet:
        """The versions that are in both sets."""
        if self.text is not None:
            return self if versions.admits(self.text) else NOTHING
        if versions.text is not None:
            return versions if self.admits(versions.text) else NOTHING
        overlaps = _overlaps(self.ranges, versions.ranges)
        return VersionSet(tuple(_ranges(overlaps)))

    def complement(self) -> VersionSet:
        """The versions that are not in the set.

        The complement of ``===`` has all versions: a version that is equal
        to its text may be written in another way.
        """
        if self.text is not None:
            return EVERYTHING
        lows = [_START, *(versions.high for versions in self.ranges)]
        highs = [*(versions.low for versions in self.ranges), _END]
        return VersionSet(tuple(_ranges(zip(lows, highs, strict=True))))

    def issubset(self, versions: VersionSet) -> bool:
        """Whether all versions of this set are in another one."""
        if self.text is not None:
            return versions.admits(self.text)
        if versions.text is not None:
            return not self.ranges
        return self.intersection(versions.complement()).is_empty

    def isdisjoint(self, versions: VersionSet) -> bool:
        """Whether no version is in both sets."""
        return self.intersection(versions).is_empty

    def admits(self, version: str) -> bool:
        """Whether a version is in the set.

        Text that is not a version (PEP 440) is only in the set of everything,
        and in that of ``===``, which compares text.
        """
        if self.text is not None:
            return self.text.lower() == version.lower()
        parsed = parse_version(version)
        if parsed is None:
            return self == EVERYTHING
        place = _place(parsed)
        return any(low <= place < high for low, high in self.ranges)


@lru_cache(maxsize=16384)
def version_set(specifiers: str) -> VersionSet:
    """The versions that a specifier set admits.

    :param specifiers: the text of the set; the empty one admits everything.
    :raises ValueError: where a clause cannot be read.
    """
    result = EVERYTHING
    for operator, version in clauses(specifiers):
        result = result.intersection(_clause(operator, version))
    return result


@lru_cache(maxsize=16384)
def _clause(operator: str, text: str) -> VersionSet:
    """The versions that one clause admits."""
    if operator == "===":
        return VersionSet((), text)
    if operator == "!=":
        return _clause("==", text).complement()
    version = parse_version(text.removesuffix(".*"))
    if version is None:
        raise ValueError(f"{operator}{text} is not a specifier (PEP 440)")
    if operator == "==":
        if text.endswith(".*"):
            return _series(version, version.release)
        return _between(_place(version), _behind(version))
    if operator == "~=":
        series = _series(version, version.release[:-1])
        return _between(_place(version), series.ranges[0].high)
    if operator == ">=":
        return _between(_place(version), _END)
    if operator == "<=":
        return _between(_START, _behind(version))
    if operator == ">":
        return _between(_above(version), _END)
    return _between(_START, _below(version))


def _between(low: Place, high: Place) -> VersionSet:
    return VersionSet(tuple(_ranges([(low, high)])))


def _ranges(pairs: Iterable[tuple[Place, Place]]) -> Iterator[Range]:
    """The ranges between places, without the empty ones.

    A range starts and ends at a version where it can, so that equal sets have
    equal ranges.
    """
    for low, high in pairs:
        least = _least(low)
        if least < high:
            yield Range(least, _least(high))


def _series(version: Version, release: tuple[int, ...]) -> VersionSet:
    """All versions of a series, ``1.4.*`` for the release 1.4."""
    after = (*release[:-1], release[-1] + 1)
    return _between(
        _first_of(version.epoch, release), _first_of(version.epoch, after)
    )


def _first_of(epoch: int, release: tuple[int, ...]) -> Place:
    """The place of the first version of a release, its ``.dev0``."""
    return (epoch, _trimmed(release), _FIRST, _FIRST, (0,), ())


def _place(version: Version) -> Place:
    """The place of a version."""
    pre: Place = _LAST
    if version.pre is not None:
        pre = (_PRE[version.pre[0]], version.pre[1])
    elif version.post is None and version.dev is not None:
        pre = _FIRST  # 1.0.dev1 comes before 1.0a1
    return (
        version.epoch,
        _trimmed(version.release),
        pre,
        _FIRST if version.post is None else (version.post,),
        _LAST if version.dev is None else (version.dev,),
        tuple(
            (1, int(part), "") if part.isdigit() else (0, 0, part)
            for part in (version.local or "").split(".")
            if part
        ),
    )


def _trimmed(release: tuple[int, ...]) -> tuple[int, ...]:
    """A release without zeros at its end: 1.0 is 1."""
    length = len(release)
    while length and not release[length - 1]:
        length -= 1
    return release[:length]


def _behind(version: Version) -> Place:
    """The place behind a version and all its local versions.

    For a local version, it is the place behind that one version.
    """
    *parts, local = _place(version)
    return (*parts, (*local, _FIRST) if local else (_LAST_LOCAL,))


def _above(version: Version) -> Place:
    """The place from which on versions are greater by ``>`` (PEP 440).

    Local versions of it are not, and post-releases only of a post-release.
    """
    if version.post is not None or version.dev is not None:
        return _behind(version)
    return (*_place(version)[:3], _LAST)


def _below(version: Version) -> Place:
    """The place up to which versions are less by ``<`` (PEP 440).

    Pre-releases of it are not, unless it is a pre-release itself.
    """
    if version.is_prerelease:
        return _place(version)
    if version.post is None:
        return _first_of(version.epoch, version.release)
    return (*_place(version)[:4], (0,), ())


def _overlaps(
    first: Sequence[Range], second: Sequence[Range]
) -> Iterator[tuple[Place, Place]]:
    """The overlaps of two sequences of ranges; some may have no version."""
    left, right = 0, 0
    while left < len(first) and right < len(second):
        low = max(first[left].low, second[right].low)
        high = min(first[left].high, second[right].high)
        if low < high:
            yield low, high
        if first[left].high < second[right].high:
            left += 1
        else:
            right += 1


def _least(low: Place) -> Place:
    """The least version from a place on.

    The place itself where there is none, as a lower version always exists.
    """
    if low == _START:
        return _first_of(0, ())
    if low == _END:
        return low
    epoch, release, pre, post, *rest = low
    if not rest:  # behind all post-releases
        if pre == _LAST:
            return low  # 1.0.0.1 follows, or 1.0.0.0.1
        return (epoch, release, (pre[0], pre[1] + 1), _FIRST, (0,), ())
    dev, local = rest
    if local[-1:] != (_LAST_LOCAL,):
        return low
    if dev != _LAST:
        return (epoch, release, pre, post, (dev[0] + 1,), ())
    return (epoch, release, pre, (post[0] + 1,), (0,), ())


EVERYTHING = _between(_START, _END)
NOTHING = VersionSet(())
