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

A comparison means what ``packaging`` says. Plain comparisons, which nearly
all markers consist of, are evaluated here; all others fall back to
``packaging``, which is imported only then. A test holds the two equal.
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
from openstack_requirements.pep508.specifiers import admits
from openstack_requirements.pep508.text import canonical
from openstack_requirements.pep508.versions import release

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.markers import Marker

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
        return compare_with_packaging(comparison, value)
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


def compare_with_packaging(comparison: Comparison, value: str) -> bool:
    """The fallback of :func:`compare`, for any comparison."""
    from packaging.markers import InvalidMarker, UndefinedComparison
    from packaging.version import InvalidVersion

    environment: dict[str, str | frozenset[str]]
    environment = {comparison.variable: value}
    if comparison.variable in {"extras", "dependency_groups"}:  # PEP 751
        environment = {comparison.variable: frozenset(value.split())}
    try:
        return _marker(comparison.text).evaluate(environment)
    except (InvalidMarker, UndefinedComparison, InvalidVersion) as error:
        raise BadMarker(comparison.text, str(error)) from error


@lru_cache(maxsize=4096)
def _marker(text: str) -> Marker:
    from packaging.markers import Marker as Parsed  # slow to import

    return Parsed(text)
