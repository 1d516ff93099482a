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
"""Python versions in order, and the markers that select some of them.

Constraints are made for a few Pythons, ``3.10`` and ``3.12`` for example. A
line for some of them needs a marker that selects exactly these. People read
it, so it is the smallest such marker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def python_key(version: str) -> tuple[int, ...]:
    """The order of Python versions: 3.9 before 3.10."""
    return tuple(int(part) for part in version.split("."))


def in_order(versions: Iterable[str]) -> list[str]:
    """Python versions without repetitions: 3.9 before 3.10."""
    return sorted(set(versions), key=python_key)


def runs(wanted: Iterable[str], among: Iterable[str]) -> list[list[str]]:
    """The wanted Python versions as runs of neighbours among all given."""
    chosen = set(wanted)
    result: list[list[str]] = []
    previous = False
    for version in sorted(set(among), key=python_key):
        if version in chosen:
            if not previous:
                result.append([])
            result[-1].append(version)
        previous = version in chosen
    return result


def selecting(wanted: Iterable[str], among: Iterable[str]) -> str:
    """The smallest marker that selects these Python versions among those.

    The smallest marker has the fewest comparisons, then the fewest ``or``. It
    is empty where all versions are wanted. At both ends it is open
    (``python_version<='3.9'``), so that it covers the next version as well.

    :raises ValueError: where no version is wanted, or one that is not given.
    """
    versions = sorted(set(among), key=python_key)
    chosen = set(wanted)
    if not chosen or not chosen <= set(versions):
        raise ValueError(f"cannot select {sorted(chosen)} among {versions}")
    # best[i] selects the wanted versions among the first i at the least cost.
    best = [_Selection(0, 0, ())]
    for end, version in enumerate(versions):
        if version not in chosen:
            best.append(best[end])
            continue
        best.append(
            min(
                _with_block(best[start], versions, start, end, chosen)
                for start in range(end + 1)
                if versions[start] in chosen
            )
        )
    return " or ".join(
        _block(versions, start, end, chosen) for start, end in best[-1].blocks
    )


class _Selection(NamedTuple):
    """Blocks of versions, and the size of their marker.

    Blocks are joined by ``or``; each is from a first to a last version. The
    smaller of two selections has the smaller marker.
    """

    comparisons: int
    terms: int
    blocks: tuple[tuple[int, int], ...]


def _with_block(
    selection: _Selection,
    versions: Sequence[str],
    start: int,
    end: int,
    chosen: set[str],
) -> _Selection:
    """A selection with one block more."""
    bounds = (start > 0) + (end < len(versions) - 1)
    if start == end and bounds:
        bounds = 1  # python_version=='3.9'
    holes = sum(version not in chosen for version in versions[start:end])
    return _Selection(
        selection.comparisons + bounds + holes,
        selection.terms + 1,
        (*selection.blocks, (start, end)),
    )


def _block(
    versions: Sequence[str], start: int, end: int, chosen: set[str]
) -> str:
    """The marker of one block, from its first to its last version."""
    low, high = versions[start], versions[end]
    parts = []
    if start == end and 0 < start < len(versions) - 1:
        return f"python_version=='{low}'"
    if start > 0:
        parts.append(f"python_version>='{low}'")
    if end < len(versions) - 1:
        parts.append(f"python_version<='{high}'")
    parts += [
        f"python_version!='{version}'"
        for version in versions[start : end + 1]
        if version not in chosen
    ]
    return " and ".join(parts)
