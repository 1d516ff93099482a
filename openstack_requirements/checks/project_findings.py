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
"""A finding about a project, the change that would pass, and its words.

The rules for a project make problems with these functions, so that they name
packages, places and entries of the list in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks.findings import Finding, Problem
from openstack_requirements.checks.list_lines import shown
from openstack_requirements.manifests import declarations
from openstack_requirements.pep508 import ranges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.checks.findings import Severity
    from openstack_requirements.checks.list_lines import ListLine
    from openstack_requirements.checks.subjects import Package, Subject
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.pep508.requirement import Requirement


class Pinning(NamedTuple):
    """A line that should stand in lower-constraints.txt.

    ``number`` is that of the line in whose place it should stand; 0 where
    it is a line more.
    """

    number: int
    text: str


class ProjectChange(NamedTuple):
    """A change of a project: what stands in place of entries and pins.

    ``entries`` has entries, each with the texts that replace it, which may be
    none; ``pins`` has lines of lower-constraints.txt.
    """

    entries: tuple[tuple[Declared, tuple[str, ...]], ...]
    pins: tuple[Pinning, ...] = ()


class ProjectFinding(NamedTuple):
    """A finding, and the smallest change that would pass.

    ``entry`` is the entry that it is about, and ``replacement`` the entries
    that should stand there instead, which may be none. Both are None where
    not known. A change may concern more than that entry: ``change`` is the
    whole, once it is known to pass. Until then ``replacement`` and
    ``pinning`` are what the rule proposes.
    """

    finding: Finding
    entry: Declared | None = None
    replacement: tuple[str, ...] | None = None
    pinning: Pinning | None = None
    change: ProjectChange | None = None


class ProjectProblem(NamedTuple):
    """What a rule's function finds in a project: the same but for the rule."""

    problem: Problem
    entry: Declared | None = None
    replacement: tuple[str, ...] | None = None
    pinning: Pinning | None = None

    def by(self, rule: str, severity: Severity) -> ProjectFinding:
        """The finding of a rule."""
        finding = self.problem.by(rule, severity)
        return ProjectFinding(
            finding, self.entry, self.replacement, self.pinning
        )


def problem_at(
    entry: Declared,
    message: str,
    hint: str,
    replacement: tuple[str, ...] | None = None,
) -> ProjectProblem:
    """A problem of an entry.

    :param hint: what to advise where the replacement does not pass.
    :param replacement: the texts that may stand in place of the entry.
    """
    text = entry.text.strip()
    if entry.include:
        text = f'{{include-group = "{entry.include}"}}'
    return ProjectProblem(
        Problem(
            message,
            entry.file,
            entry.line or None,
            entry.column or None,
            entry.requirement.package if entry.requirement else None,
            text=text or None,
            hint=hint,
        ),
        entry,
        replacement,
    )


def problem_in(
    file: str,
    message: str,
    hint: str,
    *,
    line: int | None = None,
    column: int | None = None,
    package: str | None = None,
    text: str | None = None,
) -> ProjectProblem:
    """A problem of a file, or a line of it, that is no entry."""
    return ProjectProblem(
        Problem(*(message, file, line, column, package), text=text, hint=hint)
    )


def propose(
    entry: Declared,
    message: str,
    right: Requirement | None,
    hint: str,
) -> ProjectProblem:
    """A problem with the requirement that should stand in place of an entry.

    :param right: that requirement; None where it is not known.
    :param hint: what to advise then, and where it does not pass.
    """
    if right is None:
        return problem_at(entry, message, hint)
    separator = ";"
    if right.markers and entry.requirement and entry.requirement.markers:
        separator = declarations.separator(entry.text, entry.requirement)
    comment = right.comment if entry.kind in declarations.COMMENTED else ""
    text = right._replace(comment=comment).to_line(
        marker_sep=separator, sort_specifiers=True
    )
    text = text.rstrip("\n")
    return problem_at(entry, message, hint, (text,))


def bounded(project: Subject, package: Package, specifiers: str) -> str | None:
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


def place_of(lines: Sequence[ListLine]) -> str:
    """The place of lines of one list, for a sentence: ``file:3,4``."""
    numbers = ",".join(str(line.number) for line in lines)
    return f"{lines[0].file}:{numbers}"


def named(requirement: Requirement) -> str:
    """A package and its versions, for a sentence."""
    return shown(requirement._replace(markers="", extras=frozenset()))


def texts_of(lines: Sequence[ListLine]) -> str:
    """What lines of the list say, for a sentence."""
    return " and ".join(line.text.strip() for line in lines)
