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
"""Evaluation: whether a marker selects an environment (PEP 508).

A comparison means what the newest ``packaging`` says; what older ones say is
different. Plain comparisons, which nearly all markers consist of, need only
numbers and texts; for all others the rules are written out here. A test holds
both equal to ``packaging``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from openstack_requirements.pep508.markers.tree import (
    BadMarker,
    Comparison,
    Tree,
    comparisons,
    parse,
)
from openstack_requirements.pep508.specifiers import admits, parse_set
from openstack_requirements.pep508.text import canonical
from openstack_requirements.pep508.versions import release

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The variables that every environment has (PEP 508).
VARIABLES = (
    "implementation_name",
    "implementation_version",
    "os_name",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_full_version",
    "python_version",
    "sys_platform",
)
#: The variables that say which Python it is.
PYTHON_VARIABLES = ("python_version", "python_full_version")
# Their values are compared as versions, where both sides can be that.
_VERSIONS = frozenset(
    {
        "implementation_version",
        "platform_release",
        "python_full_version",
        "python_version",
    }
)
# Their values are sets of names, with blanks between them (PEP 751).
_SETS = frozenset({"extras", "dependency_groups"})
# Their values are compared as text, whatever they look like.
_TEXTS = frozenset(
    {
        "os_name",
        "platform_machine",
        "platform_python_implementation",
        "platform_system",
        "sys_platform",
    }
)


def evaluate(
    marker: str, environment: Mapping[str, str], extras: Iterable[str] = ()
) -> bool:
    """Whether a marker selects an environment.

    The environment is stated in full, so that the answer does not depend on
    the Python that runs this. Extras are not part of an environment: as for
    installers, the marker may hold without an extra or with one of those
    that are active.

    :param environment: a value for each of :data:`VARIABLES` that the marker
        compares.
    :param extras: the extras that are active.
    :raises BadMarker: where the marker has no meaning, or compares a variable
        that the environment does not state.
    """
    tree = parse(marker)
    compared = list(comparisons(tree))
    values = {}
    for comparison in compared:
        variable = comparison.variable
        if variable != "extra" and variable not in environment:
            raise BadMarker(
                comparison.text, f"the environment does not state {variable}"
            )
        values[variable] = environment.get(variable, "")
    for extra in ("", *extras) if "extra" in values else ("",):
        values["extra"] = extra
        truth = {
            comparison: compare(comparison, values[comparison.variable])
            for comparison in compared
        }
        if _holds(tree, truth):
            return True
    return False


def require_known(marker: str) -> None:
    """Fail for a marker that no environment of PEP 508 can be tested with.

    :raises BadMarker: where it has no meaning, or compares a variable that
        is not of PEP 508.
    """
    for comparison in comparisons(parse(marker)):
        variable = comparison.variable
        if variable != "extra" and variable not in VARIABLES:
            raise BadMarker(
                comparison.text, f"metadata cannot compare {variable}"
            )


def _holds(tree: Tree, truth: Mapping[Comparison, bool]) -> bool:
    """Whether a tree holds, given whether each of its comparisons does."""
    if isinstance(tree, Comparison):
        return truth[tree]
    results = (_holds(part, truth) for part in tree.parts)
    return all(results) if tree.operator == "and" else any(results)


@lru_cache(maxsize=65536)
def compare(comparison: Comparison, value: str) -> bool:
    """Whether a comparison holds for a value of its variable.

    :raises BadMarker: where the comparison has no meaning for the value.
    """
    answer = compare_plain(comparison, value)
    if answer is None:
        return compare_fully(comparison, value)
    return answer


def compare_plain(comparison: Comparison, value: str) -> bool | None:
    """The fast path of :func:`compare`; None for what is not plain."""
    variable, text, literal = comparison
    if not text.startswith(f"{variable} "):
        return None  # the variable stands on the right
    operator = text.split(" ", 2)[1]
    if variable in _TEXTS and operator in {"==", "!="}:
        return (operator == "==") == (value == literal)
    if variable == "extra" and operator in {"==", "!="}:
        same = canonical(value) == canonical(literal)
        return (operator == "==") == same
    if (
        variable in PYTHON_VARIABLES
        and operator in {"==", "!=", "<", "<=", ">", ">="}
        and release(literal)
        and release(value)
    ):
        return admits(f"{operator}{literal}", value, prereleases=True)
    return None


def compare_fully(comparison: Comparison, value: str) -> bool:
    """The fallback of :func:`compare`, for any comparison."""
    variable, text, literal = comparison
    on_left = text.startswith(f"{variable} ")
    quoted = len(literal) + 2
    operator = (
        text[len(variable) + 1 : -quoted - 1]
        if on_left
        else text[quoted + 1 : -len(variable) - 1]
    )
    if variable == "extra" or variable in _SETS:
        value, literal = canonical(value), canonical(literal)
    elif variable == "python_full_version" and value.endswith("+"):
        value += "local"  # a Python that was built from no tag
    if variable in _SETS:
        if on_left:
            raise BadMarker(text, f"{variable} is a set of names")
        return _compare_names(text, literal, operator, value.split())
    left, right = (value, literal) if on_left else (literal, value)
    if variable in _VERSIONS and _is_clause(f"{operator}{right}"):
        return admits(f"{operator}{right}", left, prereleases=True)
    return _compare_texts(text, left, operator, right)


def _is_clause(text: str) -> bool:
    """Whether a text is one clause of a specifier set."""
    if "," in text:
        return False
    try:
        return bool(parse_set(text))
    except ValueError:
        return False


def _compare_names(
    text: str, name: str, operator: str, names: Iterable[str]
) -> bool:
    """Whether a comparison of a name with a set of names holds."""
    if operator in {"in", "not in"}:
        return (operator == "in") == (name in names)
    return _compare_texts(text, "a name", operator, "a set")


def _compare_texts(text: str, left: str, operator: str, right: str) -> bool:
    """Whether a comparison of two texts holds.

    Texts have no order: only equal ones are ``<=`` and ``>=``.
    """
    if operator in {"in", "not in"}:
        return (operator == "in") == (left in right)
    if operator in {"~=", "==="}:
        raise BadMarker(text, f"{operator} compares versions only")
    if operator == "!=":
        return left != right
    return operator in {"==", "<=", ">="} and left == right
