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
from openstack_requirements.checks.list_lines import ListLine, meet, ranges
from openstack_requirements.manifests.includes import includes_what_is_read
from openstack_requirements.pep508.ranges import ends, is_within, pins
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository.equality import same_specifiers
from openstack_requirements.repository.policy import INSTALLERS

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

#: The kinds of entries that only building needs: no constraints apply then.
BUILD = frozenset({"build", "setup_requires"})


class JudgedRequirement(NamedTuple):
    """A requirement of the project that is to be judged.

    ``shown`` is its name, with the extra or group that it belongs to.
    """

    name: CanonicalName
    shown: str
    line: ListLine


class ProjectAndLists(NamedTuple):
    """What ``check-constraints`` judges.

    ``unread`` has a finding for each entry that is no requirement.
    """

    policy: Policy
    required: Listed
    pinned: Listed
    requirements: Sequence[JudgedRequirement]
    unread: Sequence[Problem]


class Rule(NamedTuple):
    """One row of the table; ``bounds`` is for the rules of ``-G``."""

    id: str
    severity: Severity
    find: Callable[[ProjectAndLists], Iterator[Problem]]
    bounds: bool = False


def judged_requirements(
    declared: Iterable[Declared],
    never: Collection[CanonicalName],
    place: Callable[[str], str],
    files: Collection[str] = (),
) -> tuple[list[JudgedRequirement], list[Problem]]:
    """What of a project is to be judged, and its entries that cannot be.

    :param never: the never-constrain list.
    :param place: makes the name of a file out of its path in the project.
    :param files: the project's files by path; one of them may include another
        (``-r``) that is judged itself.
    """
    requirements, unread = [], []
    for entry in declared:
        file = place(entry.file)
        if entry.kind in BUILD or entry.include:
            continue
        if includes_what_is_read(entry, files):
            continue
        if entry.requirement is None:
            unread.append(
                Problem(
                    f"{entry.problem}: {entry.text}",
                    file,
                    entry.line or None,
                    entry.column or None,
                    hint="name a requirement that can be reviewed",
                )
            )
            continue
        name = canonical_name(entry.requirement.package)
        if name not in never:
            where = f" ({entry.kind} {entry.section})" if entry.section else ""
            line = ListLine(
                entry.requirement,
                file,
                entry.line,
                entry.text,
                entry.column or None,
            )
            shown = f"{entry.requirement.package}{where}"
            requirements.append(JudgedRequirement(name, shown, line))
    return requirements, unread


def judge(subject: ProjectAndLists, *, bounds: bool) -> list[Finding]:
    """What the rules find.

    :param bounds: also judge the bounds by the global list.
    :raises BadLine: at a line whose marker cannot be judged.
    """
    rules = [rule for rule in RULES if bounds or not rule.bounds]
    return found_by(rules, subject)


def unreviewed(subject: ProjectAndLists) -> Iterator[Problem]:
    """Entries that are no requirements: URLs, options, what makes no sense."""
    yield from subject.unread


def unknown(subject: ProjectAndLists) -> Iterator[Problem]:
    """Requirements that the global list does not have."""
    for judged in subject.requirements:
        if judged.name not in subject.required.by_name:
            yield judged.line.problem(
                f"{judged.shown} is not in {subject.required.file}",
                hint=f"propose it for {subject.required.file}, or do without "
                "it",
            )


def unconstrained(subject: ProjectAndLists) -> Iterator[Problem]:
    """Requirements of the global list without a pin in the constraints.

    What installs has none anywhere: generate-constraints leaves it out.
    """
    for judged in subject.requirements:
        if judged.name in INSTALLERS:
            continue
        if (
            judged.name in subject.required.by_name
            and judged.name not in subject.pinned.by_name
        ):
            yield judged.line.problem(
                f"{judged.shown} is not in {subject.pinned.file}",
                hint=f"pin it in {subject.pinned.file} "
                "(generate-constraints does)",
            )


def incompatible(subject: ProjectAndLists) -> Iterator[Problem]:
    """Requirements that the pin which applies does not satisfy.

    A requirement that is not in the global list has a finding already.
    """
    for judged in subject.requirements:
        if judged.name not in subject.required.by_name:
            continue
        specifiers = judged.line.requirement.specifiers
        for pin in subject.pinned.by_name.get(judged.name, ()):
            version = pin.requirement.pin
            if (
                version is not None
                and not subject.policy.admits(specifiers, version)
                and meet(judged.line, pin)
            ):
                yield judged.line.problem(
                    f"{judged.shown}: {specifiers or 'a release'} is wanted, "
                    f"but {pin.file}:{pin.number} pins {version}",
                    hint=f"admit {version}",
                )


def outside(subject: ProjectAndLists) -> Iterator[Problem]:
    """Ends of ranges that lie outside of those of the global list.

    Exclusions do not matter, but a pin has to be admitted. Of several entries
    that can apply, one is enough for each end.
    """
    for judged in subject.requirements:
        entries = subject.required.by_name.get(judged.name, [])
        entries = [entry for entry in entries if meet(judged.line, entry)]
        requirement = judged.line.requirement
        allowed = [entry.requirement.specifiers for entry in entries]
        if not entries or any(
            same_specifiers(requirement.specifiers, text) for text in allowed
        ):
            continue
        wrong = [
            end.clause
            for end in ends(requirement.specifiers)
            if not any(is_within(end, text) for text in allowed)
        ]
        wrong += [
            pin
            for pin in pins(requirement.specifiers)
            if not any(
                subject.policy.admits(text, pin.version) for text in allowed
            )
        ]
        for clause in dict.fromkeys(wrong):
            yield judged.line.problem(
                f"{judged.shown}: {clause} lies outside of what "
                f"{entries[0].file}:{entries[0].number} admits, "
                f"{ranges(entries)}",
                hint="stay within the range of the list, or propose to "
                "change it",
            )


RULES = (
    Rule("unreviewed-url", "error", unreviewed),
    Rule("unknown-requirement", "error", unknown),
    Rule("unconstrained-requirement", "error", unconstrained),
    Rule("incompatible-constraint", "error", incompatible),
    Rule("bound-not-global", "error", outside, bounds=True),
)
