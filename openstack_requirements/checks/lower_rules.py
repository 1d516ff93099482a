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
"""Rules for a project's lower-constraints.txt (classic).

It pins what the tests of the lowest versions install, so each requirement
has a pin there, which is its lower bound. Each function yields what it finds;
the table in :mod:`~openstack_requirements.checks.judgement` gives it its id
and severity.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from openstack_requirements.checks.list_lines import listed, shown
from openstack_requirements.checks.project_findings import (
    Pinning,
    ProjectProblem,
    named,
    problem_at,
    problem_in,
    propose,
)
from openstack_requirements.checks.subjects import can_meet
from openstack_requirements.errors import BadContent
from openstack_requirements.manifests import declarations
from openstack_requirements.pep508 import limits, ranges
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.markers import compared_text
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.text import split_lines, without_bom

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from openstack_requirements.checks.list_lines import ListLine
    from openstack_requirements.checks.subjects import Subject
    from openstack_requirements.errors import BadLine
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )

FILE = declarations.LOWER_CONSTRAINTS
#: A package with more pins is a finding, and its entries are compared with
#: the first of them only.
MOST_PINS = 10
#: The kinds of entries that need no pin.
_WITHOUT_PIN = frozenset({"build", "setup_requires"})


def unreadable(project: Subject) -> Iterator[ProjectProblem]:
    """Lower constraints that are no exact pins (classic)."""
    entries, errors = _entries(_text(project))
    for error in errors:
        yield problem_in(
            FILE,
            f"{error.reason}: {error.line.strip()}",
            "write a package and its lowest version, such as name==1.0",
            line=error.number,
            column=error.column or None,
        )
    by_name = listed(FILE, entries).by_name
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
                    f"write {pin.requirement.package}==VERSION",
                    pinning=_pinning(pin, pin.requirement),
                )


def missing(project: Subject) -> Iterator[ProjectProblem]:
    """Requirements without a lower constraint (classic)."""
    wanted: dict[CanonicalName, set[str]] = {}
    for _, requirement in _to_pin(project):
        name = canonical_name(requirement.package)
        wanted.setdefault(name, set()).add(requirement.markers)
    entries, _ = _entries(_text(project))
    pinned_names = listed(FILE, entries).by_name
    for entry, requirement, pins in _with_pins(project):
        if not pins:
            name = canonical_name(requirement.package)
            marker = requirement.markers
            where = f" where {marker}" if marker else ""
            yield problem_at(
                entry,
                f"{requirement.package} has no pin in {FILE}{where}",
                f"add {requirement.package}==VERSION to {FILE}",
            )._replace(
                pinning=_added(
                    requirement,
                    marked=len(wanted[name]) > 1 or name in pinned_names,
                )
            )


def incompatible(project: Subject) -> Iterator[ProjectProblem]:
    """Lower constraints that the requirement does not admit (classic)."""
    for entry, requirement, pins in _with_pins(project):
        for pin in pins:
            version = pin.requirement.pin
            if version and not _admits(project, requirement, version):
                yield _at(
                    pin,
                    f"does not satisfy {named(requirement)} of "
                    f"{entry.file}:{entry.line}",
                    "pin a version that every requirement admits",
                    entry,
                    _pinning(pin, requirement),
                )


def mismatch(project: Subject) -> Iterator[ProjectProblem]:
    """Lower constraints that are not the lower bound (classic)."""
    for entry, requirement, pins in _with_pins(project):
        bounds = ranges.lower_bounds(requirement.specifiers)
        for pin in pins if bounds else ():
            version = pin.requirement.pin
            if not version or not _admits(project, requirement, version):
                continue
            if not ranges.share_versions(f"=={version}", f"=={bounds[-1]}"):
                yield _at(
                    pin,
                    f"is not the lower bound of {named(requirement)} of "
                    f"{entry.file}:{entry.line}",
                    "let all requirements have one lower bound, and pin it",
                    entry,
                    _pinning(pin, requirement),
                )


def unbounded(project: Subject) -> Iterator[ProjectProblem]:
    """Requirements without a bound that a pin could equal (classic)."""
    for entry, requirement, pins in _with_pins(project):
        if not pins or ranges.lower_bounds(requirement.specifiers):
            continue
        pin = pins[0]
        version = pin.requirement.pin
        # A bound has no local part (PEP 440).
        bound = f">={(version or '').partition('+')[0]}"
        right = None
        if version and ranges.readable(bound):
            clauses = [*filter(None, [requirement.specifiers]), bound]
            right = requirement._replace(specifiers=",".join(clauses))
        yield propose(
            entry,
            f"{named(requirement)} has no lower bound that "
            f"{shown(pin.requirement)} of {FILE}:{pin.number} could equal",
            right,
            "add a lower bound, such as >=1.0, and pin it there",
        )


def _text(project: Subject) -> str:
    if not project.against.policy.lower_constraints:
        return ""
    return project.texts.get(FILE, "")


@lru_cache(maxsize=2)  # all rules here read the same text
def _entries(
    text: str,
) -> tuple[Sequence[Entry], tuple[BadLine, ...]]:
    """The lines of lower-constraints.txt, or what is wrong with them."""
    try:
        entries = read_entries(
            text, FILE, permit_urls=True, keep_editable=False
        )
    except BadContent as error:
        return (), error.errors
    return entries, ()


def _with_pins(
    project: Subject,
) -> Iterator[tuple[Declared, Requirement, list[ListLine]]]:
    """The requirements, and the lower constraints that can apply to each."""
    if FILE not in project.texts:
        return
    if not project.against.policy.lower_constraints:
        return
    entries, errors = _entries(_text(project))
    if errors:
        return  # a finding of the rule for unreadable ones
    by_name = listed(FILE, entries).by_name
    too_many = _too_many(project, by_name)
    for entry, requirement in _to_pin(project):
        name = canonical_name(requirement.package)
        if name in too_many:
            continue  # a finding of the rule for unreadable ones, too
        pins = [
            pin
            for pin in by_name.get(name, ())[:MOST_PINS]
            if can_meet(requirement.markers, pin.requirement.markers)
        ]
        yield entry, requirement, pins


def _to_pin(project: Subject) -> Iterator[tuple[Declared, Requirement]]:
    """The requirements that have to have a lower constraint."""
    # A change of the pins concerns entries that have not changed as well.
    for entry in project.everything:
        requirement = entry.requirement
        if (
            requirement is not None
            and entry.file != "doc/requirements.txt"
            and entry.kind not in _WITHOUT_PIN
            and canonical_name(requirement.package)
            not in project.against.never
        ):
            yield entry, requirement


def _too_many(
    project: Subject, by_name: Mapping[CanonicalName, Sequence[ListLine]]
) -> dict[CanonicalName, int]:
    """The packages whose markers are too many to compare with their pins'."""
    markers: dict[CanonicalName, set[str]] = {}
    for _, requirement in _to_pin(project):
        name = canonical_name(requirement.package)
        if name in by_name:
            markers.setdefault(name, set()).add(requirement.markers)
    compared = 0
    result = {}
    for name, texts in markers.items():
        cost = compared_text(
            texts, (pin.requirement.markers for pin in by_name[name])
        )
        if cost and compared + cost > limits.MOST_COMPARED_TEXT:
            result[name] = cost
        else:
            compared += cost
    return result


def _admits(project: Subject, requirement: Requirement, version: str) -> bool:
    return project.against.policy.admits(requirement.specifiers, version)


def _pinning(pin: ListLine, requirement: Requirement) -> Pinning | None:
    """The pin with the lower bound of a requirement for its version."""
    bounds = ranges.lower_bounds(requirement.specifiers)
    if not bounds or pin.requirement.location:
        return None
    operator = "===" if pin.requirement.specifiers[:3] == "===" else "=="
    right = pin.requirement._replace(specifiers=f"{operator}{bounds[-1]}")
    return Pinning(pin.number, right.to_line().rstrip("\n"))


def _added(requirement: Requirement, *, marked: bool) -> Pinning | None:
    """A pin for a requirement that has none.

    :param marked: the package has other pins, or other entries, which are
        for other environments.
    """
    bounds = ranges.lower_bounds(requirement.specifiers)
    if not bounds:
        return None
    right = requirement._replace(
        extras=frozenset(),
        specifiers=f"=={bounds[-1]}",
        markers=requirement.markers if marked else "",
        comment="",
    )
    return Pinning(0, right.to_line().rstrip("\n"))


def compared_pins(
    project: Subject,
) -> Mapping[CanonicalName, Sequence[ListLine]] | None:
    """The lines of lower-constraints.txt that the rules compare, by package.

    None where the file is not judged, or cannot be read.
    """
    entries, errors = _entries(_text(project))
    if FILE not in project.texts or errors:
        return None
    if not project.against.policy.lower_constraints:
        return None
    return listed(FILE, entries).by_name


def pinned(text: str, pins: Sequence[Pinning]) -> str:
    """The text of lower-constraints.txt after a change of its lines."""
    body = without_bom(text)
    lines = split_lines(body)
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    by_number = {pin.number: pin.text for pin in pins if pin.number}
    result = text[: len(text) - len(body)]
    for number, line in enumerate(lines, 1):
        end = line[len(line.rstrip("\r\n")) :]
        result += by_number[number] + end if number in by_number else line
    for pin in pins:
        if not pin.number:
            if lines and not result.endswith("\n"):
                result += newline
            result += f"{pin.text}{newline}"
    return result


def _at(
    pin: ListLine,
    what: str,
    hint: str,
    entry: Declared | None = None,
    pinning: Pinning | None = None,
) -> ProjectProblem:
    """A finding about a lower constraint, and the entry that it is for."""
    return problem_in(
        pin.file,
        f"{shown(pin.requirement)} {what}",
        hint,
        line=pin.number,
        package=pin.requirement.package,
        text=pin.text.strip(),
    )._replace(entry=entry, pinning=pinning)
