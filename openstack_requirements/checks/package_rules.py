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
"""Rules for what a project declares, package by package in each place.

Each function yields what it finds; the table in
:mod:`~openstack_requirements.checks.judgement` gives it its id and severity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.checks.project_findings import (
    ProjectProblem,
    place_of,
    problem_at,
    texts_of,
)
from openstack_requirements.checks.subjects import judged, meaning
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openstack_requirements.checks.list_lines import ListLine
    from openstack_requirements.checks.subjects import Package, Subject
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )


def duplicates(project: Subject) -> Iterator[ProjectProblem]:
    """Entries that are there twice. On stable branches they may be."""
    if project.stable:
        return
    for package in judged(project):
        finding = _duplicate(package)
        if finding is not None:
            yield finding


def _duplicate(package: Package) -> ProjectProblem | None:
    """The first entry of a package that is there twice.

    A group may well hold what a group that it includes holds; only a group
    that is included twice counts.
    """
    seen: dict[tuple[object, ...], Declared] = {}
    for item, requirement in package.everything():
        first = seen.setdefault(meaning(requirement), item)
        if first is item or (item.include and item.include != first.include):
            continue
        message = (
            f"{item.include} is included twice"
            if item.include
            else f"{requirement.package} is there twice"
        )
        return problem_at(
            item,
            f"{message} in {package.place}, first in line {first.line}",
            f"remove it here or in line {first.line}",
            (),
        )
    return None


def wrong_count(project: Subject) -> Iterator[ProjectProblem]:
    """More or fewer entries than the global list has, extra by extra."""
    for package in judged(project):
        listed = project.against.listed.get(package.name)
        items = {item for item, _ in package.everything()}
        if not listed or not (package.entries or len(items) > 1):
            continue  # an included group is judged where it stands
        for extra, entries in sorted(_by_extra(package).items()):
            if len(entries) != len(listed):
                yield _miscounted(package, extra, entries, listed)


def _by_extra(
    package: Package,
) -> dict[CanonicalName, list[tuple[Declared, Requirement]]]:
    """The distinct entries of a package by extra; without extras by ``""``."""
    distinct = {
        meaning(requirement): (item, requirement)
        for item, requirement in package.everything()
    }
    result: dict[CanonicalName, list[tuple[Declared, Requirement]]] = {}
    for item, requirement in distinct.values():
        for extra in requirement.extras or ("",):
            entries = result.setdefault(canonical_name(extra), [])
            entries.append((item, requirement))
    return result


def _miscounted(
    package: Package,
    extra: CanonicalName,
    entries: Sequence[tuple[Declared, Requirement]],
    listed: Sequence[ListLine],
) -> ProjectProblem:
    """A finding about the last of the entries."""
    name = f"{package.name}[{extra}]" if extra else package.name
    return problem_at(
        entries[-1][0],
        f"{name} has {_number(len(entries))} in {package.place}, but "
        f"{place_of(listed)} has {_number(len(listed))}: {texts_of(listed)}",
        "leave one entry for each of the list's",
    )


def _number(count: int) -> str:
    return "one entry" if count == 1 else f"{count} entries"
