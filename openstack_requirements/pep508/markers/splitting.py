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
"""Dividing what a marker selects between two markers, by the Python.

A line of a constraints file becomes two lines where a release is for some of
the line's Pythons only. No environment may then have both lines or none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from openstack_requirements.pep508.markers.algebra import equivalent
from openstack_requirements.pep508.markers.environments import (
    ANY,
    Environments,
)
from openstack_requirements.pep508.markers.evaluation import PYTHON_VARIABLES
from openstack_requirements.pep508.markers.partial import compact
from openstack_requirements.pep508.markers.pythons import pythons_in
from openstack_requirements.pep508.markers.tree import (
    Comparison,
    Joined,
    Tree,
    comparisons,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.pep508.markers.requires_python import (
        PythonCondition,
    )

#: Alternatives, of which one has to hold.
_Choice: TypeAlias = list[Tree]


class Parts(NamedTuple):
    """A marker in two parts: where conditions hold, and where they fail.

    A part is None where nothing is in it. Together the parts select what the
    marker selects, in any environment, and no environment is in both.
    """

    holds: str | None
    fails: str | None


def split(
    marker: str,
    conditions: Sequence[PythonCondition],
    environments: Environments = ANY,
) -> Parts:
    """Split a marker by conditions on the Python, which all have to hold.

    :param environments: those that count. Where the conditions hold in all
        of them that the marker selects, or fail in all, it stays whole.
    :raises BadMarker: where the marker has no meaning, or is too complex.
    """
    cases = environments.cases(
        [marker, *(condition.holds for condition in conditions)]
    )
    selected, *holding = cases.selected
    admitted = selected
    for condition_holds in holding:
        admitted &= condition_holds
    if not admitted:
        return Parts(None, marker)
    # A condition that says nothing here would only make the parts longer.
    telling = [
        condition
        for condition, holds in zip(conditions, holding, strict=True)
        if selected & ~holds
    ]
    if not telling:
        return Parts(marker, None)
    choices = _choices(parse(marker))
    return Parts(
        _shortest(
            [
                *choices,
                *(
                    choice
                    for condition in telling
                    for choice in _choices(parse(condition.holds))
                ),
            ]
        ),
        _shortest(
            [
                *choices,
                [
                    alternative
                    for condition in telling
                    for alternative in _alternatives(parse(condition.fails))
                ],
            ]
        ),
    )


def _choices(tree: Tree) -> list[_Choice]:
    """What has to hold for a tree to hold, each as its alternatives."""
    if isinstance(tree, Joined) and tree.operator == "and":
        return [_alternatives(part) for part in tree.parts]
    return [_alternatives(tree)]


def _alternatives(tree: Tree) -> _Choice:
    if isinstance(tree, Joined) and tree.operator == "or":
        return list(tree.parts)
    return [tree]


def _shortest(choices: list[_Choice]) -> str:
    """A short marker that selects what all the choices together select."""
    trees = list(dict.fromkeys(tree for choice in choices for tree in choice))
    cases = ANY.cases([compact(tree) for tree in trees])
    selected = dict(zip(trees, cases.selected, strict=True))

    def select(choices: list[_Choice]) -> int:
        result = cases.all
        for choice in choices:
            chosen = 0
            for tree in choice:
                chosen |= selected[tree]
            result &= chosen
        return result

    wanted = select(choices)
    for place, choice in enumerate(choices):
        for tree in choice:
            if not _only_python(tree) and selected[tree] & wanted:
                continue
            fewer = [kept for kept in choices[place] if kept != tree]
            shorter = [*choices[:place], fewer, *choices[place + 1 :]]
            if select(shorter) == wanted:
                choices = shorter
    for choice in list(choices):
        shorter = [kept for kept in choices if kept is not choice]
        if all(map(_only_python, choice)) and select(shorter) == wanted:
            choices = shorter
    return _text(_single_python(choices))


def _only_python(tree: Tree) -> bool:
    """Whether a tree compares nothing but Pythons.

    What says more than the Python stays as its author wrote it, even where
    no known platform needs it.
    """
    return all(
        comparison.variable in PYTHON_VARIABLES
        for comparison in comparisons(tree)
    )


def _single_python(choices: list[_Choice]) -> list[_Choice]:
    """The same choices, with ``==`` where bounds leave a single Python."""
    bounds = [
        choice
        for choice in choices
        if len(choice) == 1
        and isinstance(choice[0], Comparison)
        and choice[0].variable == "python_version"
    ]
    if len(bounds) < 2:
        return choices
    between = _text(bounds)
    for python in pythons_in([between]):
        exactly = f"python_version=='{python}'"
        if equivalent(between, exactly):
            kept = [choice for choice in choices if choice not in bounds]
            return [[parse(exactly)], *kept]
    return choices


def _text(choices: list[_Choice]) -> str:
    """The marker for choices that all have to hold."""
    trees = [
        choice[0] if len(choice) == 1 else Joined("or", tuple(choice))
        for choice in choices
    ]
    return compact(
        trees[0] if len(trees) == 1 else Joined("and", tuple(trees))
    )
