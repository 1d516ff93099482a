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
"""The two sets of rules that a requirements repository can follow.

*classic* (2013 to 2018): the global list holds the lower bounds, which are
synced into projects. *current* (since then): lower bounds belong to the
projects. All commands that judge use :class:`Policy`, so that they agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from openstack_requirements.errors import UnusableInput
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.specifiers import admits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openstack_requirements.pep508.requirement import Requirement
    from openstack_requirements.pep508.specifiers import Clause

#: Tools that install, which no environment gets by a constraint.
INSTALLERS = frozenset(map(canonical_name, ("pip", "setuptools", "wheel")))
#: Packages that need no constraint: parts of Python, tools that install, and
#: packages for platforms without constraints.
EXEMPT = frozenset(
    (
        *INSTALLERS,
        *map(canonical_name, ("argparse", "pymi", "pywin32", "wmi")),
    )
)

Name = Literal["classic", "current"]
NAMES: tuple[Name, ...] = get_args(Name)


class Policy(NamedTuple):
    """A set of rules.

    ``bounds_in_list``: every entry of the global list has exactly one ``>=``,
    and every ``!=`` lies at or above it; otherwise it has no lower bound.
    ``bounds_in_projects``: every entry of a project has a lower bound.
    ``comments_match``: a project's comment equals the global one.
    ``markers_free``: a project's marker may differ from the global one in the
    ways that the documentation lists.
    ``lower_constraints``: a project's lower-constraints.txt is judged.
    ``judges_changes``: what stands unchanged in a project's target revision
    is not judged.
    ``pbr_builds``: projects are built as PEP 517 says, by the build backend
    that the repository asks for, if any (pbr, as the name says, at first).
    ``prereleases_pinned``: a pin may be a pre-release that no specifier names.
    """

    name: Name
    bounds_in_list: bool
    bounds_in_projects: bool
    comments_match: bool
    markers_free: bool
    lower_constraints: bool
    judges_changes: bool
    pbr_builds: bool
    prereleases_pinned: bool

    def bound_problem(self, entry: Requirement) -> str | None:
        """What is wrong with the bounds of an entry of the global list."""
        lower = {">", ">="}
        bounds = [
            clause for clause in entry.clauses if clause.operator in lower
        ]
        if not self.bounds_in_list:
            if bounds:
                return (
                    f"a lower bound ({bounds[0]}) belongs to the projects, "
                    "not to the global list"
                )
            return None
        if [bound.operator for bound in bounds] != [">="]:
            actual = ",".join(map(str, bounds)) or "none"
            return f"it needs exactly one >= lower bound, and has {actual}"
        for clause in entry.clauses:
            if clause.operator == "!=" and _lies_below(clause, bounds[0]):
                return f"{clause} lies below its lower bound {bounds[0]}"
        return None

    def marker_fits(
        self, declared: str, listed: str, *, backport: bool
    ) -> bool:
        """Whether a project may declare a marker for a global entry.

        :param declared: the project's marker.
        :param listed: that of the global entry.
        :param backport: whether the package is a backport of the standard
            library; projects choose the old Pythons that need it.
        :raises BadMarker: where one of the markers is invalid.
        """
        if declared == listed:
            return True
        from openstack_requirements.pep508 import markers

        if markers.equivalent(declared, listed):
            return True
        if not self.markers_free:
            return False
        if not declared:
            return _python_3(listed) in {"==", ">", ">="}
        operator = _python_3(declared)
        return (not listed and operator in {"==", "<", "<=", ">", ">="}) or (
            backport and operator in {"<", "<=", "=="}
        )

    def admits(self, specifiers: str, version: str) -> bool:
        """Whether a version satisfies the specifiers of an entry."""
        return admits(specifiers, version, prereleases=self.prereleases_pinned)


def _python_3(marker: str) -> str:
    """The operator of a marker that compares with a Python 3, or nothing."""
    from openstack_requirements.pep508 import markers

    comparison = markers.python_comparison(marker)
    if comparison is None:
        return ""
    operator, version = comparison
    return operator if version.startswith("3.") else ""


def _lies_below(exclusion: Clause, bound: Clause) -> bool:
    """Whether a ``>=`` excludes all versions of a ``!=`` already."""
    version = exclusion.version
    if admits(str(bound), version.removesuffix(".*"), prereleases=True):
        return False
    # The bound may lie within the series.
    return version[-2:] != ".*" or not admits(
        f"=={version}", bound.version, prereleases=True
    )


CLASSIC = Policy(
    name="classic",
    bounds_in_list=True,
    bounds_in_projects=False,
    comments_match=True,
    markers_free=False,
    lower_constraints=True,
    judges_changes=True,
    pbr_builds=False,
    prereleases_pinned=False,
)
CURRENT = Policy(
    name="current",
    bounds_in_list=False,
    bounds_in_projects=True,
    comments_match=False,
    markers_free=True,
    lower_constraints=False,
    judges_changes=False,
    pbr_builds=True,
    prereleases_pinned=True,
)


def find(
    entries: Iterable[Requirement],
    *,
    denylist: bool,
    name: str | None = None,
) -> Policy:
    """The policy of a repository.

    :param entries: the requirements of its global list.
    :param denylist: whether it has a denylist.txt, which only current
        repositories have.
    :param name: the policy that the user asks for, if any.
    :raises UnusableInput: where there is no policy of that name.
    """
    if name is not None:
        for policy in (CLASSIC, CURRENT):
            if policy.name == name:
                return policy
        raise UnusableInput(
            f"--policy {name}", f"is not one of {', '.join(NAMES)}"
        )
    if denylist:
        return CURRENT
    packages = [entry for entry in entries if entry.package]
    bounded = sum(">=" in entry.specifiers for entry in packages)
    return CLASSIC if packages and bounded * 2 >= len(packages) else CURRENT
