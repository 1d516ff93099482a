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
"""The cases that markers tell apart, as sets of integers.

On each axis only the rows that the comparisons tell apart count, so that the
product of the axes stays small. It is a truth table, which answers for all
cases at once. Beyond the limits in
:mod:`~openstack_requirements.pep508.limits` a marker is too complex to be
judged.
"""

from __future__ import annotations

from collections import Counter
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.markers.candidates import (
    UNMENTIONED,
    near,
    pythons_near,
)
from openstack_requirements.pep508.markers.evaluation import (
    PYTHON_VARIABLES,
    compare,
    compare_plain,
)
from openstack_requirements.pep508.markers.tree import (
    TOO_COMPLEX,
    BadMarker,
    Comparison,
    Tree,
    comparisons,
    parse,
)
from openstack_requirements.pep508.truth_tables import TruthTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from openstack_requirements.pep508.markers.axes import Axis


class Cases:
    """The kinds of environments that markers tell apart, and sets of them.

    ``all`` is the set of all cases; ``selected`` has, for each marker, the
    set of the cases that it selects. Sets are integers: ``&``, ``|`` and
    ``&~`` are intersection, union and difference.

    :raises BadMarker: where a marker has no meaning, compares a variable that
        no axis has, or is too complex.
    """

    def __init__(self, axes: Sequence[Axis], markers: Sequence[str]) -> None:
        trees = [parse(marker) for marker in markers]
        self._longest = max(markers, key=len, default="")
        self._columns: dict[Comparison, tuple[int, int]] = {}
        self._examples: list[list[dict[str, str]]] = []
        self.all = 0
        self.selected = [0 for _ in trees]
        if any(not axis.rows for axis in axes):
            return  # there is no environment in this set
        compared = [leaf for tree in trees for leaf in comparisons(tree)]
        self._tabulate(axes, list(dict.fromkeys(compared)))
        sizes = [len(examples) for examples in self._examples]
        if prod(sizes) > limits.MOST_CASES:
            raise BadMarker(self._longest, TOO_COMPLEX)
        self._table = TruthTable(sizes)
        self._require_affordable(len(compared))
        self.all = self._table.everything
        self.selected = [self._select(tree) for tree in trees]

    def _tabulate(
        self, axes: Sequence[Axis], compared: Sequence[Comparison]
    ) -> None:
        """Find the rows of each column, and where each comparison holds.

        A column is an axis, without the rows that no comparison tells apart.
        """
        known = {name for axis in axes for name in axis.variables}
        for comparison in compared:
            if comparison.variable not in known:
                raise BadMarker(
                    comparison.text,
                    f"the environments do not state {comparison.variable}",
                )
        for column, axis in enumerate(axes):
            of_axis = [
                comparison
                for variable in axis.variables
                for comparison in compared
                if comparison.variable == variable
            ]
            try:
                rows = _distinct_rows(axis, of_axis)
            except _TooComplex as error:
                raise BadMarker(self._longest, TOO_COMPLEX) from error
            self._examples.append(list(rows.values()))
            for place, comparison in enumerate(of_axis):
                holds = sum(
                    truth[place] << row for row, truth in enumerate(rows)
                )
                self._columns[comparison] = (column, holds)

    def _select(self, tree: Tree) -> int:
        """The cases that a tree selects."""
        if isinstance(tree, Comparison):
            return self._table.where(*self._columns[tree])
        every = tree.operator == "and"
        selected = self.all if every else 0
        for part in tree.parts:
            if every:
                selected &= self._select(part)
            else:
                selected |= self._select(part)
        return selected

    def _require_affordable(self, sets: int) -> None:
        """Fail where computing so many sets takes too long."""
        if sets * self._table.bits > limits.MOST_MARKER_WORK:
            raise BadMarker(self._longest, TOO_COMPLEX)

    def example(self, cases: int) -> dict[str, str] | None:
        """An environment of the first of these cases; None without any."""
        if not cases:
            return None
        result: dict[str, str] = {}
        rows = self._table.first(cases)
        for examples, row in zip(self._examples, rows, strict=True):
            result.update(examples[row])
        return result

    def combinations(self) -> list[tuple[bool, ...]]:
        """The combinations of markers that hold together, ordered by case.

        :raises BadMarker: where there are too many combinations.
        """
        parts: dict[tuple[bool, ...], int] = {}
        if self.all:
            parts[()] = self.all
        for selected in self.selected:
            halves: dict[tuple[bool, ...], int] = {}
            for combination, cases in parts.items():
                with_it, without_it = cases & selected, cases & ~selected
                if with_it:
                    halves.setdefault((*combination, True), with_it)
                if without_it:
                    halves.setdefault((*combination, False), without_it)
            parts = halves
            self._require_affordable(len(parts) * len(self.selected))
        return sorted(parts, key=lambda key: parts[key] & -parts[key])


class _TooComplex(Exception):
    """The comparisons of one axis would take too long to evaluate."""


class _Variable:
    """The comparisons of one variable, and what they say of its values.

    :raises _TooComplex: where that would take too long.
    """

    def __init__(self, name: str, compared: Sequence[Comparison]) -> None:
        self.name = name
        self.comparisons = [
            comparison
            for comparison in compared
            if comparison.variable == name
        ]
        self._known: dict[str, tuple[bool, ...]] = {}
        # The fallback to packaging takes longer, and so does long text.
        self._cost = sum(
            (8 if compare_plain(comparison, "0") is None else 1)
            * (1 + len(comparison.text) // 64)
            for comparison in self.comparisons
        )
        self._spent = 0

    def _require_affordable(self, values: int) -> None:
        """Fail where evaluating so many more values takes too long."""
        if self._spent + values * self._cost > limits.MOST_EVALUATIONS:
            raise _TooComplex

    def truth(self, value: str) -> tuple[bool, ...]:
        """For each of the comparisons whether it holds for a value."""
        if value not in self._known:
            self._require_affordable(1)
            self._spent += self._cost
            self._known[value] = tuple(
                compare(comparison, value) for comparison in self.comparisons
            )
        return self._known[value]

    def distinct(self, values: Iterable[str]) -> list[str]:
        """The first of these values for each result of the comparisons."""
        values = dict.fromkeys(values)
        self._require_affordable(len(values.keys() - self._known.keys()))
        seen: dict[tuple[bool, ...], str] = {}
        for value in values:
            seen.setdefault(self.truth(value), value)
        return list(seen.values())


def _distinct_rows(
    axis: Axis, compared: Sequence[Comparison]
) -> dict[tuple[bool, ...], dict[str, str]]:
    """The rows of an axis that comparisons tell apart.

    :param compared: the comparisons, in the order of the axis' variables.
    :returns: the first row for each result of the comparisons, as the values
        of the variables.
    """
    variables = [_Variable(name, compared) for name in axis.variables]
    seen: dict[tuple[bool, ...], dict[str, str]] = {}
    for row in _rows(axis, variables):
        truth: tuple[bool, ...] = ()
        for variable, value in zip(variables, row, strict=True):
            truth += variable.truth(value)
        if truth not in seen:
            seen[truth] = dict(zip(axis.variables, row, strict=True))
        if not compared:
            break  # the example still needs a row
    return seen


def _rows(
    axis: Axis, variables: Sequence[_Variable]
) -> Iterator[tuple[str, ...]]:
    """The rows of an axis, and on an open one those that markers mention."""
    yield from axis.rows
    compared = [
        comparison
        for variable in variables
        for comparison in variable.comparisons
    ]
    if not axis.open or not compared:
        return
    if axis.variables == PYTHON_VARIABLES:
        yield from pythons_near(comparison.literal for comparison in compared)
        return
    choices = []
    for column, variable in enumerate(variables):
        rows_with = Counter(row[column] for row in axis.rows)
        mentioned = dict.fromkeys(
            value
            for comparison in variable.comparisons
            for value in near(variable.name, comparison.literal)
        )
        # A value of a single row belongs to that row: "win32" comes with
        # "nt". A value of several rows may come with something new, too.
        new = [value for value in mentioned if rows_with[value] != 1]
        choices.append(variable.distinct([*new, UNMENTIONED]))
    if prod(map(len, choices)) > limits.MOST_EVALUATIONS:
        raise _TooComplex
    yield from product(*choices)
