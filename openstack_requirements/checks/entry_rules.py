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
"""Rules for what a project declares, entry by entry and package by package.

Each function yields what it finds; the table in
:mod:`~openstack_requirements.checks.judgement` gives it its id and severity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.checks.list_lines import shown
from openstack_requirements.checks.subjects import (
    ProjectProblem,
    brings_in,
    comment_of,
    fitting,
    judged,
    meaning,
    named,
    place_of,
    problem_at,
    propose,
    single_entries,
    texts_of,
)
from openstack_requirements.manifests.declarations import COMMENTED
from openstack_requirements.pep508 import ranges
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openstack_requirements.checks.list_lines import Line
    from openstack_requirements.checks.subjects import Package, Subject
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )
    from openstack_requirements.pep508.specifiers import Clause


def unreviewed(project: Subject) -> Iterator[ProjectProblem]:
    """Options and URLs."""
    for each in project.declared:
        if each.problem is not None and brings_in(each.text):
            yield problem_at(
                each,
                f"nobody has reviewed what this brings in: {each.text}",
                f"name a package of {project.against.file} with versions "
                "that are released, such as name>=1.0, or remove the line",
            )


def unreadable(project: Subject) -> Iterator[ProjectProblem]:
    """What is no requirement."""
    for each in project.declared:
        if each.problem is not None and not brings_in(each.text):
            yield problem_at(
                each,
                f"{each.problem}: {each.text}",
                "write one requirement, such as name>=1.0 or "
                "name>=1.0;python_version<'3.12' (PEP 508)",
            )


def unknown(project: Subject) -> Iterator[ProjectProblem]:
    """Packages that the global list does not have."""
    file = project.against.file
    for package, each, mine in single_entries(project):
        if package.name not in project.against.listed:
            yield problem_at(
                each,
                f"{mine.package} is not in {file}",
                f"remove it, or first propose {mine.package} for {file}",
            )


def wrong_markers(project: Subject) -> Iterator[ProjectProblem]:
    """Markers that are not the global ones."""
    for package, each, mine in single_entries(project):
        entries = project.against.listed.get(package.name, ())
        if not entries or fitting(project, package, mine):
            continue
        found = [_quoted(one.requirement.markers, "marker") for one in entries]
        right = mine._replace(markers=entries[0].requirement.markers)
        known = len(entries) == 1 and ranges.share_versions(
            mine.specifiers, entries[0].requirement.specifiers
        )
        yield propose(
            each,
            f"{mine.package} has {_quoted(mine.markers, 'marker')}, but "
            f"{place_of(project, entries)} has {' or '.join(found)}",
            right if known else None,
            f"give it {' or '.join(found)}",
        )


def wrong_comments(project: Subject) -> Iterator[ProjectProblem]:
    """Comments that are not the global ones (classic)."""
    if not project.against.policy.comments_match:
        return
    for package, each, mine in single_entries(project):
        entries = fitting(project, package, mine)
        comments = dict.fromkeys(one.requirement.comment for one in entries)
        if not entries or comment_of(mine) in comments:
            continue
        if each.kind not in COMMENTED:
            continue
        found = [_quoted(one, "comment") for one in comments]
        yield propose(
            each,
            f"{mine.package} has {_quoted(comment_of(mine), 'comment')}, but "
            f"{place_of(project, entries)} has {' or '.join(found)}",
            mine._replace(comment=next(iter(comments))),
        )


def excluded(project: Subject) -> Iterator[ProjectProblem]:
    """Versions that only the project excludes."""
    for package, each, mine in single_entries(project):
        entries = fitting(project, package, mine)
        allowed = [one.requirement.specifiers for one in entries]
        if not entries or not all(
            ranges.excludes(mine.specifiers, one) for one in allowed
        ):
            continue
        low = [
            str(clause)
            for clause in mine.clauses
            if clause.operator in {">", ">="}
        ]
        wrong = [
            clause
            for clause in mine.clauses
            if ranges.excludes(",".join([*low, str(clause)]), allowed[0])
        ]
        kept = [
            _lower_side(clause) if clause in wrong else str(clause)
            for clause in mine.clauses
        ]
        yield propose(
            each,
            f"{named(mine)} excludes by "
            f"{', '.join(map(str, wrong)) or 'its range'} "
            f"what {place_of(project, entries[:1])} allows: "
            f"{texts_of(entries[:1])}",
            mine._replace(specifiers=",".join(filter(None, kept))),
        )


def nothing_in_common(project: Subject) -> Iterator[ProjectProblem]:
    """Ranges that share no version with the global list."""
    for package, each, mine in single_entries(project):
        entries = fitting(project, package, mine)
        if entries and not any(
            ranges.share_versions(mine.specifiers, one.requirement.specifiers)
            for one in entries
        ):
            place = place_of(project, entries[:1])
            specifiers = entries[0].requirement.specifiers
            right = mine._replace(
                specifiers=_bounded(project, package, specifiers) or specifiers
            )
            yield problem_at(
                each,
                f"no version satisfies both {named(mine)} and {place}: "
                f"{texts_of(entries[:1])}",
                "ask for versions that the list allows, such as "
                f"{shown(right)}, or first propose to change {place}",
            )


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
            right = _bounded(project, package, requirement.specifiers)
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


def duplicates(project: Subject) -> Iterator[ProjectProblem]:
    """Entries that are there twice. On stable branches they may."""
    if project.stable:
        return
    for package in judged(project):
        seen: dict[tuple[object, ...], Declared] = {}
        for item, mine in package.everything():
            key = meaning(mine)
            first = seen.setdefault(key, item)
            if first is item:
                continue
            if item.include:
                # What a group includes may well hold what another one does,
                # unless it is included twice.
                again = item.include == first.include
                message = f"{item.include} is included twice"
            else:
                again = True
                message = f"{mine.package} is there twice"
            if again:
                yield problem_at(
                    item,
                    f"{message} in {package.place}, first in line "
                    f"{first.line}",
                    f"remove it here or in line {first.line}",
                    (),
                )
                break


def wrong_count(project: Subject) -> Iterator[ProjectProblem]:
    """More or fewer entries than the global list has."""
    for package in judged(project):
        entries = project.against.listed.get(package.name)
        items = {item for item, _ in package.everything()}
        if not entries or not (package.entries or len(items) > 1):
            continue  # what one included group holds is judged there
        distinct = {
            meaning(mine): (item, mine) for item, mine in package.everything()
        }
        counts: dict[CanonicalName, list[tuple[Declared, Requirement]]] = {}
        for item, mine in distinct.values():
            for extra in mine.extras or ("",):
                found = counts.setdefault(canonical_name(extra), [])
                found.append((item, mine))
        for extra, found in sorted(counts.items()):
            if len(found) != len(entries):
                name = f"[{extra}]" if extra else ""
                there = [
                    line
                    for _, mine in found
                    for line in fitting(project, package, mine)
                ]
                missing = [
                    _taken(project, package, *found[-1], line)
                    for line in entries
                    if line not in there
                ]
                yield problem_at(
                    found[-1][0],
                    f"{package.name}{name} has {_number(len(found))} in "
                    f"{package.place}, but {place_of(project, entries)} has "
                    f"{_number(len(entries))}: {texts_of(entries)}",
                    f"{'add' if there else 'write'} {' and '.join(missing)}"
                    if missing
                    else "leave one entry for each of the list's",
                )


def _lower_side(clause: Clause) -> str:
    """What a clause says of lower versions: ``>=1.4`` of ``~=1.4``."""
    if clause.operator in {"~=", "=="}:
        # A bound has no local part (PEP 440).
        version = clause.version.removesuffix(".*").partition("+")[0]
        return f">={version}"
    return ""


def _taken(
    project: Subject,
    package: Package,
    item: Declared,
    mine: Requirement,
    line: Line,
) -> str:
    """A global entry as it should stand beside an entry of the project."""
    found = line.requirement
    specifiers = found.specifiers
    bounds = ranges.lower_side(mine.specifiers)
    if project.against.policy.bounds_in_projects:
        if bounds and ranges.share_versions(bounds, specifiers):
            specifiers = ",".join(filter(None, [specifiers, bounds]))
        else:
            specifiers = _bounded(project, package, specifiers) or specifiers
    comment = found.comment if project.against.policy.comments_match else ""
    if item.kind not in COMMENTED:
        comment = ""
    right = found._replace(
        specifiers=specifiers, comment=comment, extras=mine.extras
    )
    return right.to_line(sort_specifiers=True).rstrip("\n")


def _bounded(
    project: Subject, package: Package, specifiers: str
) -> str | None:
    """The specifiers with a lower bound where the policy wants one.

    It is the constraint; None where there is none, where the specifiers do not
    admit it, or where it cannot be one (a local version, PEP 440).
    """
    if not project.against.policy.bounds_in_projects or (
        ranges.has_lower_bound(specifiers)
    ):
        return specifiers
    pin = project.against.pins.get(package.name)
    if (
        not pin
        or not ranges.readable(f">={pin}")
        or not ranges.admits(specifiers, pin)
    ):
        return None
    return ",".join([f">={pin}", *filter(None, [specifiers])])


def _quoted(text: str, word: str) -> str:
    """A marker or a comment in a sentence: ``the marker "..."``."""
    return f'the {word} "{text}"' if text else f"no {word}"


def _number(count: int) -> str:
    return "one entry" if count == 1 else f"{count} entries"
