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
"""The Pythons that markers are about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.markers.evaluation import (
    PYTHON_VARIABLES,
    compare,
)
from openstack_requirements.pep508.markers.partial import values_on_python
from openstack_requirements.pep508.markers.tree import (
    TOO_COMPLEX,
    BadMarker,
    Comparison,
    comparisons,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
#: Major and minor version.
Python: TypeAlias = tuple[int, int]


def python_comparison(marker: str) -> tuple[str, str] | None:
    """The operator and the version of a marker that only compares a Python.

    ``python_version>='3.8'`` → ``>=`` and ``3.8``, whichever side the
    variable is on; None for any other marker.

    :raises BadMarker: where the marker has no meaning.
    """
    tree = parse(marker)
    if not isinstance(tree, Comparison) or tree.variable != "python_version":
        return None
    left, _, rest = tree.text.partition(" ")
    if left == tree.variable:
        return rest.partition(" ")[0], tree.literal
    operator = rest.rpartition(" ")[0]
    return _MIRRORED.get(operator, operator), tree.literal


#: Comes after every minor version that a marker names.
_LAST_MINOR = 99
#: Stands for all of Python 3 where a marker only tells it from Python 4.
_NEWEST_3 = (3, 14)


def pythons_in(markers: Iterable[str]) -> list[str]:
    """Python versions that stand for all that the markers tell apart.

    These are the Pythons that ``==`` and ``!=`` name, and one for each range
    between the bounds of other comparisons that has none of them.

    :raises BadMarker: where a marker has no meaning, or they name too many
        Pythons.
    """
    named: set[Python] = set()
    bounds: set[tuple[Python, Python]] = set()
    for marker in dict.fromkeys(markers):
        for comparison in comparisons(parse(marker)):
            if comparison.variable not in PYTHON_VARIABLES:
                continue
            for text in re.findall(r"\d+(?:\.\d+)*", comparison.literal)[:8]:
                parts = [int(part[:6]) for part in text.split(".")[:2]]
                major, minor = [*parts, 0][:2]
                _classify(comparison, (major, minor), named, bounds)
            if len(named) + len(bounds) > limits.MOST_PYTHONS:
                raise BadMarker(marker, TOO_COMPLEX)
    # A range is from the Python behind one bound to the one before the next.
    ordered = sorted(bounds)
    starts = [(0, 0), *(behind for _, behind in ordered)]
    stops = [*(before for before, _ in ordered), (9999, 0)]
    for start, stop in zip(starts, stops, strict=True):
        is_named = any(start <= python <= stop for python in named)
        if ordered and not is_named:
            first = stop if start == (0, 0) else start
            named.add(_NEWEST_3 if first == (3, _LAST_MINOR) else first)
    return [f"{major}.{minor}" for major, minor in sorted(named)]


def _classify(
    comparison: Comparison,
    python: Python,
    named: set[Python],
    bounds: set[tuple[Python, Python]],
) -> None:
    """Add a Python that a comparison mentions.

    :param named: gets it where the comparison singles it out.
    :param bounds: gets it and its neighbour where a bound is between them.
    """
    major, minor = python
    if python == (3, 0):
        before = (2, 7)
    elif python == (0, 0):
        before = python
    else:
        before = (major, minor - 1) if minor else (major - 1, _LAST_MINOR)
    after = (3, 0) if python == (2, 7) else (major, minor + 1)
    below, at, above = (
        [
            compare(comparison, value)
            for value in values_on_python(comparison, f"{major}.{minor}")
        ]
        for major, minor in (before, python, after)
    )
    if below != at and at == above:
        bounds.add((before, python))
    elif below == at and at != above:
        bounds.add((python, after))
    else:
        named.add(python)
        if below[-1] != above[0]:  # the bound is within this Python
            bounds.update([(before, python), (python, after)])
