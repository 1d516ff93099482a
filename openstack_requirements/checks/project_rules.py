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
"""Rules for a project as a whole: its files, its build system, its groups.

Each function yields what it finds; the table in
:mod:`~openstack_requirements.checks.judgement` gives it its id and severity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.checks.project_findings import (
    ProjectProblem,
    problem_at,
    problem_in,
)
from openstack_requirements.manifests import declarations, groups
from openstack_requirements.pep508.parser import name_in
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openstack_requirements.checks.subjects import Subject
    from openstack_requirements.pep508.requirement import CanonicalName

#: Files that no project should have any more, and what replaced them.
OBSOLETE = {
    "tools/pip-requires": "requirements.txt",
    "tools/test-requires": "test-requirements.txt",
    "requirements-py2.txt": "requirements.txt, with markers",
    "requirements-py3.txt": "requirements.txt, with markers",
    "test-requirements-py2.txt": "test-requirements.txt, with markers",
    "test-requirements-py3.txt": "test-requirements.txt, with markers",
}
#: A message does not name more groups.
MOST_NAMES = 20
#: The build backend of OpenStack's projects.
PBR = "pbr.build"
#: The distributions that have build backends, as they are required.
_BUILDERS = {
    PBR: "pbr>=6.1.1",
    "flit_core.buildapi": "flit_core",
    "hatchling.build": "hatchling",
    "maturin": "maturin",
    "mesonpy": "meson-python",
    "pdm.backend": "pdm-backend",
    "poetry.core.masonry.api": "poetry-core",
    "scikit_build_core.build": "scikit-build-core",
    "setuptools.build_meta": "setuptools",
    "uv_build": "uv_build",
}


def obsolete(project: Subject) -> Iterator[ProjectProblem]:
    """Files with a name that tools no longer look for."""
    for file, newer in OBSOLETE.items():
        if file in project.texts:
            yield problem_in(
                file,
                f"{file} is a name that tools no longer look for",
                f"move its entries to {newer}, and delete it",
            )


def build_system(project: Subject) -> Iterator[ProjectProblem]:
    """Another build backend than the one asked for, or one that is not there.

    Judged under the current policy, for master, where one is asked for.
    """
    wanted = project.against.build_backend
    judged = project.master and project.against.policy.pbr_builds
    if not judged or not wanted:
        return
    file = declarations.PYPROJECT
    builder = _BUILDERS.get(wanted, "")
    requires = f'requires = ["{builder}"] and ' if builder else ""
    fix = f'in [build-system], write {requires}build-backend = "{wanted}"'
    text = project.texts.get(file)
    if text is None:
        yield problem_in(
            file, f"there is no {file} (PEP 517)", f"add the file; {fix}"
        )
        return
    backend = declarations.build_backend(text)
    name = name_in(builder)
    if backend != wanted:
        actual = "no build backend is named"
        if backend:
            actual = f"the build backend is {backend}"
        yield problem_in(file, f"{actual}, and it should be {wanted}", fix)
    elif name and not _requires_builder(project, name):
        yield problem_in(
            file,
            f"the build backend is {wanted}, and {name} is not in requires",
            fix,
        )


def _requires_builder(project: Subject, builder: str) -> bool:
    """Whether the build requires what has the backend, or is that itself."""
    names = {
        canonical_name(entry.requirement.package)
        for entry in project.everything
        if entry.kind == "build" and entry.requirement is not None
    }
    names.add(canonical_name(declarations.project_name(project.texts)))
    return canonical_name(builder) in names


def unknown_groups(project: Subject) -> Iterator[ProjectProblem]:
    """Dependency groups that include what is not there (PEP 735)."""
    text = project.texts.get(declarations.PYPROJECT, "")
    names = sorted(declarations.group_names(text))
    known = set(map(canonical_name, names))
    for item in project.declared:
        if item.include and canonical_name(item.include) not in known:
            yield problem_at(
                item,
                f"the group {item.section} includes {item.include}, and there "
                "is no such group",
                f"include one of {_first(names)}, or remove the item",
            )


def group_cycles(project: Subject) -> Iterator[ProjectProblem]:
    """Dependency groups that include themselves (PEP 735)."""
    entries = groups.groups_of(project.everything)
    circles = groups.cycles(entries)
    ways: dict[tuple[CanonicalName, CanonicalName], list[CanonicalName]] = {}
    for item in project.declared:
        if not item.include:
            continue
        group, name = map(canonical_name, (item.section, item.include))
        circle = circles.get(group, frozenset())
        if name not in circle:
            continue
        if len(circle) > groups.MOST_IN_CYCLE:
            rest = f" and others of a circle of {len(circle)} groups"
        else:
            if (name, group) not in ways:
                ways[name, group] = groups.shortest_path(
                    entries, circle, name, group
                )
            rest = "".join(f", {step}" for step in ways[name, group][1:-1])
        way = f", by way of {item.include}{rest}" if name != group else ""
        yield problem_at(
            item,
            f"the group {item.section} includes itself{way}",
            "remove it, and move what both groups need to one that "
            "includes neither",
        )


def _first(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - MOST_NAMES
    text = ", ".join(names[:MOST_NAMES])
    return text if more <= 0 else f"{text} (and {more} more)"
