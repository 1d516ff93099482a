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
"""Rules for what a project declares, entry by entry.

Each function yields what it finds; the table in
:mod:`~openstack_requirements.checks.judgement` gives it its id and severity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.checks.list_lines import shown
from openstack_requirements.checks.project_findings import (
    ProjectProblem,
    bounded,
    named,
    place_of,
    problem_at,
    propose,
    texts_of,
)
from openstack_requirements.checks.subjects import (
    brings_in,
    comment_of,
    fitting,
    judged,
    single_entries,
)
from openstack_requirements.manifests.declarations import COMMENTED
from openstack_requirements.manifests.includes import includes_what_is_read
from openstack_requirements.pep508 import ranges
from openstack_requirements.pep508.specifiers import clauses
from openstack_requirements.repository.entry_texts import comment_with_waiver
from openstack_requirements.repository.kept_bounds import (
    admitted_bounds,
    lower_bounds,
    with_bounds,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openstack_requirements.checks.subjects import Package, Subject
    from openstack_requirements.pep508.requirement import (
        Requirement,
    )
    from openstack_requirements.pep508.specifiers import Clause


def unreviewed(project: Subject) -> Iterator[ProjectProblem]:
    """Options and URLs.

    A requirements file may include another one that is judged itself.
    """
    for entry in project.declared:
        if includes_what_is_read(entry, project.texts):
            continue
        if entry.problem is not None and brings_in(entry.text):
            yield problem_at(
                entry,
                f"nobody has reviewed what this brings in: {entry.text}",
                f"name a package of {project.against.file} with versions "
                "that are released, such as name>=1.0, or remove the line",
            )


def unreadable(project: Subject) -> Iterator[ProjectProblem]:
    """Entries that are no requirements."""
    for entry in project.declared:
        if entry.problem is not None and not brings_in(entry.text):
            yield problem_at(
                entry,
                f"{entry.problem}: {entry.text}",
                "write one requirement, such as name>=1.0 or "
                "name>=1.0;python_version<'3.12' (PEP 508)",
            )


def unknown(project: Subject) -> Iterator[ProjectProblem]:
    """Packages that the global list does not have."""
    file = project.against.file
    for package, entry, requirement in single_entries(project):
        if package.name not in project.against.listed:
            name = requirement.package
            yield problem_at(
                entry,
                f"{name} is not in {file}",
                f"remove it, or first propose {name} for {file}",
            )


def wrong_markers(project: Subject) -> Iterator[ProjectProblem]:
    """Markers that are not those of the global list."""
    for package, entry, requirement in single_entries(project):
        listed = project.against.listed.get(package.name, ())
        if not listed or fitting(project, package, requirement):
            continue
        expected = " or ".join(
            _quoted(line.requirement.markers, "marker") for line in listed
        )
        first = listed[0].requirement
        right = None
        if len(listed) == 1 and ranges.share_versions(
            requirement.specifiers, first.specifiers
        ):
            right = requirement._replace(markers=first.markers)
        yield propose(
            entry,
            f"{requirement.package} has "
            f"{_quoted(requirement.markers, 'marker')}, but "
            f"{place_of(listed)} has {expected}",
            right,
            f"give it {expected}",
        )


def wrong_comments(project: Subject) -> Iterator[ProjectProblem]:
    """Comments that are not those of the global list (classic)."""
    if not project.against.policy.comments_match:
        return
    for package, entry, requirement in single_entries(project):
        listed = fitting(project, package, requirement)
        comments = dict.fromkeys(line.requirement.comment for line in listed)
        comment = comment_of(requirement)
        if not listed or comment in comments or entry.kind not in COMMENTED:
            continue
        expected = " or ".join(_quoted(text, "comment") for text in comments)
        yield propose(
            entry,
            f"{requirement.package} has {_quoted(comment, 'comment')}, but "
            f"{place_of(listed)} has {expected}",
            requirement._replace(
                comment=comment_with_waiver(
                    next(iter(comments)), requirement.comment
                )
            ),
            f"give it {expected}",
        )


def excluded(project: Subject) -> Iterator[ProjectProblem]:
    """Versions that the project excludes and the list does not."""
    for package, entry, requirement in single_entries(project):
        listed = fitting(project, package, requirement)
        if not listed or not all(
            ranges.excludes(
                requirement.specifiers, line.requirement.specifiers
            )
            for line in listed
        ):
            continue
        wrong = _excluding(requirement, listed[0].requirement.specifiers)
        kept = [
            _lower_side(clause) if clause in wrong else str(clause)
            for clause in requirement.clauses
        ]
        yield propose(
            entry,
            f"{named(requirement)} excludes by "
            f"{', '.join(map(str, wrong)) or 'its range'} "
            f"what {place_of(listed[:1])} allows: {texts_of(listed[:1])}",
            requirement._replace(specifiers=",".join(filter(None, kept))),
            "leave the exclusion out, or first propose it for "
            f"{place_of(listed[:1])}",
        )


def _excluding(requirement: Requirement, allowed: str) -> list[Clause]:
    """The clauses that exclude, above the lower bound, what is allowed."""
    bounds = [
        str(clause)
        for clause in requirement.clauses
        if clause.operator in {">", ">="}
    ]
    return [
        clause
        for clause in requirement.clauses
        if ranges.excludes(",".join([*bounds, str(clause)]), allowed)
    ]


def nothing_in_common(project: Subject) -> Iterator[ProjectProblem]:
    """Ranges that share no version with the global list."""
    for package, entry, requirement in single_entries(project):
        listed = fitting(project, package, requirement)
        if not listed or any(
            ranges.share_versions(
                requirement.specifiers, line.requirement.specifiers
            )
            for line in listed
        ):
            continue
        place = place_of(listed[:1])
        allowed = listed[0].requirement.specifiers
        specifiers = _within(project, requirement.specifiers, allowed)
        right = requirement._replace(
            specifiers=bounded(project, package, allowed) or allowed
        )
        yield propose(
            entry,
            f"no version satisfies both {named(requirement)} and {place}: "
            f"{texts_of(listed[:1])}",
            None
            if specifiers is None
            else requirement._replace(specifiers=specifiers),
            "ask for versions that the list allows, such as "
            f"{shown(right)}, or first propose to change {place}",
        )


def _within(project: Subject, declared: str, allowed: str) -> str | None:
    """The specifiers of the list, with the project's lower bound.

    They are what update-requirements writes. None where the list does not
    admit the bound (current): which of the two is wrong, nobody can tell.
    """
    if project.against.policy.bounds_in_list:
        return allowed
    bounds = lower_bounds(declared, allowed)
    if bounds and not admitted_bounds(declared, allowed):
        return None
    return ranges.together(map(str, clauses(with_bounds(allowed, bounds))))


def unbounded(project: Subject) -> Iterator[ProjectProblem]:
    """Entries without a lower bound (current)."""
    if not project.against.policy.bounds_in_projects:
        return
    for package in judged(project):
        bounds = _lower_bounds(package)
        for entry in package.judged:
            requirement = entry.requirement
            if requirement is None or ranges.has_lower_bound(
                requirement.specifiers
            ):
                continue
            # A bound that this entry does not admit stands with the entry
            # for other environments, and there is none that could stand here.
            if not all(
                ranges.share_versions(bound, requirement.specifiers)
                for bound in bounds.get(requirement.extras, ())
            ):
                continue
            right = bounded(project, package, requirement.specifiers)
            pin = project.against.pins.get(package.name)
            known = f", and its constraint is {pin}" if pin else ""
            yield propose(
                entry,
                f"{named(requirement)} has no lower bound{known}",
                requirement._replace(specifiers=right) if right else None,
                "add the lowest version that is known to work, such as >=1.0",
            )


def _lower_bounds(package: Package) -> dict[frozenset[str], set[str]]:
    """The lower bounds of a package's entries, by the extras."""
    bounds: dict[frozenset[str], set[str]] = {}
    for _, requirement in package.everything():
        if ranges.has_lower_bound(requirement.specifiers):
            bounds.setdefault(requirement.extras, set()).add(
                ranges.lower_side(requirement.specifiers)
            )
    return bounds


def _lower_side(clause: Clause) -> str:
    """What a clause says of lower versions: ``>=1.4`` of ``~=1.4``."""
    if clause.operator in {"~=", "=="}:
        # A bound has no local part (PEP 440).
        version = clause.version.removesuffix(".*").partition("+")[0]
        return f">={version}"
    return ""


def _quoted(text: str, word: str) -> str:
    """A marker or a comment in a sentence: ``the marker "..."``."""
    return f'the {word} "{text}"' if text else f"no {word}"
