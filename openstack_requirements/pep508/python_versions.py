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
line that is for some of them needs a marker that tells them from the others,
and people read it: the smallest one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def python_key(version: str) -> tuple[int, ...]:
    """The order of Python versions: 3.9 before 3.10."""
    return tuple(int(part) for part in version.split("."))


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

    Smallest: the fewest comparisons; then the fewest ``or``. Empty where all
    are wanted. At either end of what is given the marker is open
    (``python_version<='3.9'``), so that it fits the next version too.

    :raises ValueError: where none is wanted, or one that is not given.
    """
    versions = sorted(set(among), key=python_key)
    chosen = set(wanted)
    if not chosen or not chosen <= set(versions):
        raise ValueError(f"cannot select {sorted(chosen)} among {versions}")
    last = len(versions) - 1
    # best[i]: the cheapest blocks that select the wanted among the first i.
    best: list[tuple[int, int, tuple[tuple[int, int], ...]]] = [(0, 0, ())]
    for end, version in enumerate(versions):
        options = []
        if version not in chosen:
            options.append(best[end])
        else:
            for start in range(end + 1):
                if versions[start] not in chosen:
                    continue
                cost, blocks, chain = best[start]
                inside = versions[start : end + 1]
                holes = sum(each not in chosen for each in inside)
                bounds = (start > 0) + (end < last)
                if start == end and bounds:
                    bounds = 1
                options.append(
                    (
                        cost + bounds + holes,
                        blocks + 1,
                        (*chain, (start, end)),
                    )
                )
        best.append(min(options))
    chain = best[-1][2]
    return " or ".join(
        _block(versions, start, end, chosen) for start, end in chain
    )


def _block(
    versions: Sequence[str], start: int, end: int, chosen: set[str]
) -> str:
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
