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
"""Rules for a project as a whole: its build system, its groups, its files.

Each function yields what it finds; the table in
:mod:`~openstack_requirements.checks.judgement` gives it its id and severity.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from openstack_requirements.checks.findings import Problem
from openstack_requirements.checks.list_lines import listed, shown
from openstack_requirements.checks.subjects import (
    ProjectProblem,
    can_meet,
    named,
    problem_at,
    propose,
)
from openstack_requirements.errors import BadContent
from openstack_requirements.manifests import declarations, groups
from openstack_requirements.pep508 import limits, ranges
from openstack_requirements.pep508.markers import compared_text
from openstack_requirements.pep508.requirement import (
    canonical_name,
    read_entries,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from openstack_requirements.checks.list_lines import Line
    from openstack_requirements.checks.subjects import Subject
    from openstack_requirements.errors import BadLine
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Entry,
        Requirement,
    )

#: Files that no project should have any more, and what replaced them.
OBSOLETE = {
    "tools/pip-requires": "requirements.txt",
    "tools/test-requires": "test-requirements.txt",
    "requirements-py2.txt": "requirements.txt, with markers",
    "requirements-py3.txt": "requirements.txt, with markers",
    "test-requirements-py2.txt": "test-requirements.txt, with markers",
    "test-requirements-py3.txt": "test-requirements.txt, with markers",
}
#: A package with more pins in lower-constraints.txt is a finding, and its
#: entries are compared with the first of them only.
MOST_PINS = 10
#: A message does not name more groups.
MOST_NAMES = 20
#: What builds a project under the current policy.
BUILD_BACKEND = "pbr.build"
_LOWER = declarations.LOWER_CONSTRAINTS
_NOT_LOWER = frozenset({"build", "setup_requires"})


def obsolete(project: Subject) -> Iterator[ProjectProblem]:
    """File names of old."""
    for file, newer in OBSOLETE.items():
        if file in project.texts:
            yield _in_file(
                file,
                f"{file} is a name that tools no longer look for",
                f"move its entries to {newer}, and delete it",
            )


def build_system(project: Subject) -> Iterator[ProjectProblem]:
    """Another build backend than pbr's (current, master)."""
    if not project.master or not project.against.policy.pbr_builds:
        return
    file = declarations.PYPROJECT
    fix = (
        'in [build-system], write requires = ["pbr>=6.1.1"] and '
        f'build-backend = "{BUILD_BACKEND}"'
    )
    text = project.texts.get(file)
    if text is None:
        yield _in_file(
            file, f"there is no {file} (PEP 517)", f"add the file; {fix}"
        )
        return
    backend = declarations.build_backend(text)
    if backend != BUILD_BACKEND:
        found = f"the build backend is {backend}"
        yield _in_file(
            file,
            f"{found if backend else 'no build backend is named'}, and it "
            f"should be {BUILD_BACKEND}",
            fix,
        )


def unknown_groups(project: Subject) -> Iterator[ProjectProblem]:
    """Dependency groups that include what is not there (PEP 735)."""
    text = project.texts.get(declarations.PYPROJECT, "")
    names = sorted(declarations.group_names(text))
    known = set(map(canonical_name, names))
    for each in project.declared:
        if each.include and canonical_name(each.include) not in known:
            yield problem_at(
                each,
                f"the group {each.section} includes {each.include}, and there "
                "is no such group",
                f"include one of {_first(names)}, or remove the item",
            )


def group_cycles(project: Subject) -> Iterator[ProjectProblem]:
    """Dependency groups that include themselves (PEP 735)."""
    entries = groups.groups_of(project.everything)
    circles = groups.circles(entries)
    ways: dict[tuple[CanonicalName, CanonicalName], list[CanonicalName]] = {}
    for each in project.declared:
        if not each.include:
            continue
        group, name = (
            canonical_name(each.section),
            canonical_name(each.include),
        )
        circle = circles.get(group, frozenset())
        if name not in circle:
            continue
        if len(circle) > groups.MOST_IN_CIRCLE:
            others = f" and others of a circle of {len(circle)} groups"
        else:
            if (name, group) not in ways:
                ways[name, group] = groups.way(entries, circle, name, group)
            others = "".join(f", {word}" for word in ways[name, group][1:-1])
        found = f", by way of {each.include}{others}" if name != group else ""
        yield problem_at(
            each,
            f"the group {each.section} includes itself{found}",
            "remove it, and move what both groups need to one that "
            "includes neither",
        )


def _first(names: Sequence[str]) -> str:
    """Some names for a sentence, which are not too many."""
    more = len(names) - MOST_NAMES
    text = ", ".join(names[:MOST_NAMES])
    return text if more <= 0 else f"{text} (and {more} more)"


def lower_unreadable(project: Subject) -> Iterator[ProjectProblem]:
    """Lower constraints that are no exact pins (classic)."""
    entries, errors = _lower_entries(_lower_text(project))
    for error in errors:
        yield _in_file(
            _LOWER,
            f"{error.reason}: {error.line.strip()}",
            "write a package and its lowest version, such as name==1.0",
            line=error.number,
            column=error.column or None,
        )
    by_name = listed(_LOWER, entries).by_name
    for name in _too_many(project, by_name):
        yield _at(
            by_name[name][0],
            "has too many markers to be compared with those of the "
            "requirements",
            "have fewer lines for it, or simpler markers",
        )
    for pins in by_name.values():
        if len(pins) > MOST_PINS:
            yield _at(
                pins[MOST_PINS],
                f"is one of {len(pins)} pins, and no more than {MOST_PINS} "
                "of a package are judged",
                "leave one pin for each environment",
            )
        for pin in pins:
            if pin.requirement.pin is None:
                yield _at(
                    pin,
                    "is no exact pin",
                    _pin_fix(pin.requirement)
                    or f"write {pin.requirement.package}==VERSION",
                )


def lower_missing(project: Subject) -> Iterator[ProjectProblem]:
    """Requirements without a lower constraint (classic)."""
    for each, mine, pins in _with_pins(project):
        if not pins:
            bounds = ranges.lower_bounds(mine.specifiers)
            version = bounds[-1] if bounds else "VERSION"
            where = f" where {mine.markers}" if mine.markers else ""
            yield problem_at(
                each,
                f"{mine.package} has no pin in {_LOWER}{where}",
                f"add {mine.package}=={version} to {_LOWER}",
            )


def lower_incompatible(project: Subject) -> Iterator[ProjectProblem]:
    """Lower constraints that the requirement does not admit (classic)."""
    for each, mine, pins in _with_pins(project):
        for pin in pins:
            version = pin.requirement.pin
            if version and not _admits(project, mine, version):
                yield _at(
                    pin,
                    f"does not satisfy {named(mine)} of "
                    f"{each.file}:{each.line}",
                    _pin_fix(mine),
                    each,
                )


def lower_mismatch(project: Subject) -> Iterator[ProjectProblem]:
    """Lower constraints that are not the lower bound (classic)."""
    for each, mine, pins in _with_pins(project):
        bounds = ranges.lower_bounds(mine.specifiers)
        for pin in pins:
            version = pin.requirement.pin
            if (
                not version
                or not bounds
                or not _admits(project, mine, version)
            ):
                continue
            if not ranges.share_versions(f"=={version}", f"=={bounds[-1]}"):
                yield _at(
                    pin,
                    f"is not the lower bound of {named(mine)} of "
                    f"{each.file}:{each.line}",
                    _pin_fix(mine),
                    each,
                )


def lower_unbounded(project: Subject) -> Iterator[ProjectProblem]:
    """Requirements without a bound that a pin could equal (classic)."""
    for each, mine, pins in _with_pins(project):
        if pins and not ranges.lower_bounds(mine.specifiers):
            pin = pins[0]
            version = pin.requirement.pin
            # A bound has no local part (PEP 440).
            bound = f">={(version or '').partition('+')[0]}"
            clauses = [*filter(None, [mine.specifiers]), bound]
            yield propose(
                each,
                f"{named(mine)} has no lower bound that "
                f"{shown(pin.requirement)} of {_LOWER}:{pin.number} could "
                "equal",
                mine._replace(specifiers=",".join(clauses))
                if version and ranges.readable(bound)
                else None,
                "add a lower bound, such as >=1.0, and pin it there",
            )


def _lower_text(project: Subject) -> str:
    if not project.against.policy.lower_constraints:
        return ""
    return project.texts.get(_LOWER, "")


@lru_cache(maxsize=2)  # each of the rules asks for the same
def _lower_entries(
    text: str,
) -> tuple[Sequence[Entry], tuple[BadLine, ...]]:
    """The lines of lower-constraints.txt, or what is wrong with them."""
    try:
        entries = read_entries(
            text, _LOWER, permit_urls=True, keep_editable=False
        )
    except BadContent as error:
        return (), error.errors
    return entries, ()


def _with_pins(
    project: Subject,
) -> Iterator[tuple[Declared, Requirement, list[Line]]]:
    """The requirements, and the lower constraints that can apply to each."""
    if _LOWER not in project.texts:
        return
    if not project.against.policy.lower_constraints:
        return
    entries, errors = _lower_entries(_lower_text(project))
    if errors:
        return  # that is another rule's finding
    by_name = listed(_LOWER, entries).by_name
    too_many = _too_many(project, by_name)
    for each, mine in _for_lower(project):
        name = canonical_name(mine.package)
        if name in too_many:
            continue  # that is another rule's finding, too
        pins = by_name.get(name, ())[:MOST_PINS]
        yield (
            each,
            mine,
            [
                pin
                for pin in pins
                if can_meet(mine.markers, pin.requirement.markers)
            ],
        )


def _for_lower(project: Subject) -> Iterator[tuple[Declared, Requirement]]:
    """The requirements that have to have a lower constraint."""
    # A change of the pins concerns entries that have not changed as well.
    for each in project.everything:
        mine = each.requirement
        if (
            mine is not None
            and each.file != "doc/requirements.txt"
            and each.kind not in _NOT_LOWER
            and canonical_name(mine.package) not in project.against.never
        ):
            yield each, mine


def _too_many(
    project: Subject, by_name: Mapping[CanonicalName, Sequence[Line]]
) -> dict[CanonicalName, int]:
    """The packages whose markers are too many to compare with their pins'."""
    wanted: dict[CanonicalName, set[str]] = {}
    for _, mine in _for_lower(project):
        name = canonical_name(mine.package)
        if name in by_name:
            wanted.setdefault(name, set()).add(mine.markers)
    compared = 0
    result = {}
    for name, texts in wanted.items():
        cost = compared_text(
            texts, (pin.requirement.markers for pin in by_name[name])
        )
        if cost and compared + cost > limits.MOST_COMPARED_TEXT:
            result[name] = cost
        else:
            compared += cost
    return result


def _admits(project: Subject, mine: Requirement, version: str) -> bool:
    return project.against.policy.admits(mine.specifiers, version)


def _pin_fix(mine: Requirement) -> str | None:
    bounds = ranges.lower_bounds(mine.specifiers)
    return f"write {mine.package}=={bounds[-1]}" if bounds else None


def _at(
    pin: Line, what: str, fix: str | None = None, entry: Declared | None = None
) -> ProjectProblem:
    """A problem of a lower constraint, and the entry that it is for."""
    return _in_file(
        pin.file,
        f"{shown(pin.requirement)} {what}",
        fix,
        line=pin.number,
        package=pin.requirement.package,
        text=pin.text.strip(),
    )._replace(entry=entry)


def _in_file(
    file: str,
    message: str,
    fix: str | None = None,
    *,
    line: int | None = None,
    column: int | None = None,
    package: str | None = None,
    text: str | None = None,
) -> ProjectProblem:
    return ProjectProblem(
        Problem(message, file, line, column, package, fix, text)
    )
