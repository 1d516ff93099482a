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
"""The rules over a project, the constraints and the global list.

They say whether the project can be installed under the constraints. A rule is
one function, which yields problems, and one row in :data:`RULES`, which gives
it its id and severity. Nothing here opens a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks.findings import Finding, Problem, found_by
from openstack_requirements.checks.list_lines import Line, meet, ranges
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Iterator,
        Sequence,
    )

    from openstack_requirements.checks.findings import Severity
    from openstack_requirements.checks.list_lines import Listed
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.repository.policy import Policy

#: What is there to build the project only: no constraints apply then.
BUILD = frozenset({"build", "setup_requires"})


class Wanted(NamedTuple):
    """A requirement of the project that is to be judged.

    ``shown`` is its name, with the extra or group that it belongs to.
    """

    name: CanonicalName
    shown: str
    line: Line


class Project(NamedTuple):
    """What ``check-constraints`` judges.

    ``unread`` are entries that are no requirements.
    """

    policy: Policy
    required: Listed
    pinned: Listed
    wanted: Sequence[Wanted]
    unread: Sequence[Problem]


class Rule(NamedTuple):
    """One row of the table; ``bounds`` is for the rules of ``-G``."""

    id: str
    severity: Severity
    find: Callable[[Project], Iterator[Problem]]
    bounds: bool = False


def wanted(
    declared: Iterable[Declared],
    never: Collection[CanonicalName],
    place: Callable[[str], str],
) -> tuple[list[Wanted], list[Problem]]:
    """What of a project is to be judged, and its entries that cannot be.

    :param never: the never-constrain list.
    :param place: makes the name of a file out of its path in the project.
    """
    found, unread = [], []
    for each in declared:
        file, number = place(each.file), each.line
        if each.kind in BUILD or each.include:
            continue
        if each.requirement is None:
            unread.append(
                Problem(
                    f"{each.problem}: {each.text}",
                    file,
                    number or None,
                    each.column or None,
                    fix="name a requirement that can be reviewed",
                )
            )
            continue
        name = canonical_name(each.requirement.package)
        if name not in never:
            where = f" ({each.kind} {each.section})" if each.section else ""
            line = Line(
                each.requirement, file, number, each.text, each.column or None
            )
            shown = f"{each.requirement.package}{where}"
            found.append(Wanted(name, shown, line))
    return found, unread


def judge(subject: Project, *, bounds: bool) -> list[Finding]:
    """What the rules find.

    :param bounds: also judge the bounds by the global list.
    :raises BadLine: at a line whose marker cannot be judged.
    """
    asked = [rule for rule in RULES if bounds or not rule.bounds]
    return found_by(asked, subject)


def unreviewed(subject: Project) -> Iterator[Problem]:
    """Entries that are no requirements: URLs, options, what makes no sense."""
    yield from subject.unread


def unknown(subject: Project) -> Iterator[Problem]:
    """Requirements that the global list does not have."""
    for each in subject.wanted:
        if each.name not in subject.required.by_name:
            yield each.line.problem(
                f"{each.shown} is not in {subject.required.file}",
                f"propose it for {subject.required.file}, or do without it",
            )


def unconstrained(subject: Project) -> Iterator[Problem]:
    """Requirements of the global list that no constraint holds."""
    for each in subject.wanted:
        if (
            each.name in subject.required.by_name
            and each.name not in subject.pinned.by_name
        ):
            yield each.line.problem(
                f"{each.shown} is not in {subject.pinned.file}",
                f"pin it in {subject.pinned.file} (generate-constraints does)",
            )


def incompatible(subject: Project) -> Iterator[Problem]:
    """Requirements that the pin which applies does not satisfy.

    Of what is not in the global list there is nothing more to say.
    """
    for each in subject.wanted:
        if each.name not in subject.required.by_name:
            continue
        specifiers = each.line.requirement.specifiers
        for pin in subject.pinned.by_name.get(each.name, ()):
            version = pin.requirement.pin
            if (
                version is not None
                and not subject.policy.admits(specifiers, version)
                and meet(each.line, pin)
            ):
                yield each.line.problem(
                    f"{each.shown}: {specifiers or 'a release'} is wanted, "
                    f"but {pin.file}:{pin.number} pins {version}",
                    f"admit {version}",
                )


def outside(subject: Project) -> Iterator[Problem]:
    """Bounds whose own version the global list does not admit."""
    for each in subject.wanted:
        entries = subject.required.by_name.get(each.name, [])
        entries = [entry for entry in entries if meet(each.line, entry)]
        for clause in each.line.requirement.clauses if entries else ():
            if clause.operator == "!=":
                continue
            version = clause.version.removesuffix(".*")
            if not any(
                subject.policy.admits(entry.requirement.specifiers, version)
                for entry in entries
            ):
                yield each.line.problem(
                    f"{each.shown}: {clause} names a version outside of what "
                    f"{entries[0].file}:{entries[0].number} admits, "
                    f"{ranges(entries)}",
                    "name a version that is admitted",
                )


RULES = (
    Rule("unreviewed-url", "error", unreviewed),
    Rule("unknown-requirement", "error", unknown),
    Rule("unconstrained-requirement", "error", unconstrained),
    Rule("incompatible-constraint", "error", incompatible),
    Rule("bound-not-global", "error", outside, bounds=True),
)
