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
"""Values that comparisons may tell apart, found from what they mention.

On an open axis any value is possible. Comparisons with ``3.8`` cannot tell
more apart than what lies just below, at and just above it, so a few
candidates stand for all values.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: A value, or a part of one, that no marker mentions.
UNMENTIONED = "other"
_VERSIONS = frozenset(
    {"implementation_version", "platform_release", "platform_version"}
)


def near(variable: str, literal: str) -> Iterator[str]:
    """Values of a variable that a comparison with a literal tells apart."""
    yield literal
    yield from re.split(r"[\s,;|]+", literal)  # sys_platform in 'linux darwin'
    yield f"{literal}-{UNMENTIONED}"
    if variable in _VERSIONS:
        numbers = re.findall(r"\d+", literal)[:4]
        yield from _around([int(number[:9]) for number in numbers])


def _around(numbers: Sequence[int]) -> Iterator[str]:
    """Release numbers just below, at and just above the given ones."""
    yield "0"
    for length in range(1, len(numbers) + 1):
        head = list(numbers[:length])
        for step in (-1, 0, 1):
            if head[-1] + step >= 0:
                text = ".".join(map(str, [*head[:-1], head[-1] + step]))
                yield text
                yield f"{text}.1"


def pythons_near(literals: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pythons around those in literals, with and without the patch release."""
    pythons: dict[tuple[int, int, int], None] = {}
    for literal in literals:
        for text in re.findall(r"\d+(?:\.\d+)*", literal):
            parts = [int(part[:6]) for part in text.split(".")[:3]]
            major, minor, micro = [*parts, 0, 0][:3]
            for minor_step in (-1, 0, 1):
                for micro_step in (-1, 0, 1):
                    pythons[
                        major,
                        max(minor + minor_step, 0),
                        max(micro + micro_step, 0),
                    ] = None
            pythons[major + 1, 0, 0] = None
    for major, minor, micro in pythons:
        if major == 2 and minor > 7:
            continue  # Python 2 ended with 2.7
        yield f"{major}.{minor}", f"{major}.{minor}.{micro}"
