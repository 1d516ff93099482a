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
"""The rules over a repository's own lists.

A rule is one function, which yields problems, and one row in :data:`RULES`,
which gives it its id and severity. What depends on the policy is in
:mod:`~openstack_requirements.repository.policy`. Nothing here opens a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks.findings import Finding, Problem, found_by
from openstack_requirements.checks.list_lines import (
    ListLine,
    meet,
    ranges,
    shown,
)
from openstack_requirements.checks.subjects import marker_meaning
from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.markers import compared_text
from openstack_requirements.pep508.version_sets import version_set
from openstack_requirements.repository.equality import (
    extras_of,
    same_specifiers,
)
from openstack_requirements.repository.policy import EXEMPT

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterator,
    )

    from openstack_requirements.checks.findings import Severity
    from openstack_requirements.checks.list_lines import Listed
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )
    from openstack_requirements.repository.policy import Policy


class JudgedLists(NamedTuple):
    """What ``validate-constraints`` judges."""

    policy: Policy
    required: Listed
    pinned: Listed
    never_file: str
    never: Collection[CanonicalName]


class Rule(NamedTuple):
    """One row of the table.

    ``why`` says what the rule is for, ``how`` what satisfies it.
    """

    id: str
    severity: Severity
    find: Callable[[JudgedLists], Iterator[Problem]]
    why: str
    how: str


def judge(subject: JudgedLists) -> list[Finding]:
    """What all the rules find.

    :raises BadLine: at a line whose marker cannot be judged.
    """
    return found_by(RULES, subject)


def unreviewed(subject: JudgedLists) -> Iterator[Problem]:
    """Lines that could bring in what nobody has reviewed."""
    for listed in (subject.required, subject.pinned):
        for number, text, requirement in listed.entries:
            if requirement is None or requirement.location:
                yield Problem(
                    f"nobody has reviewed what this brings in: {text.strip()}",
                    listed.file,
                    number,
                    package=requirement.package if requirement else None,
                    text=text.strip(),
                    hint="name a released version instead",
                )


def inexact(subject: JudgedLists) -> Iterator[Problem]:
    """Constraints that are not one ``===``."""
    for pins in subject.pinned.by_name.values():
        for pin in pins:
            requirement = pin.requirement
            version = requirement.pin
            if requirement.location or (
                version and requirement.clauses[0].operator == "==="
            ):
                continue
            right = requirement._replace(
                specifiers=f"==={version or 'VERSION'}"
            )
            words = f"write {shown(right)}"
            yield pin.problem(
                f"{requirement.package}{requirement.specifiers} is not exact",
                words if version else None,
                hint=None if version else words,
            )


def incompatible(subject: JudgedLists) -> Iterator[Problem]:
    """Pins that the global list does not admit."""
    compared = 0
    for name, pins in subject.pinned.by_name.items():
        entries = subject.required.by_name.get(name, [])
        cost = compared_text(
            (pin.requirement.markers for pin in pins),
            (entry.requirement.markers for entry in entries),
        )
        if cost and compared + cost > limits.MOST_COMPARED_TEXT:
            yield pins[0].problem(
                f"{pins[0].requirement.package} has too many markers to be "
                f"compared with those of {subject.required.file}",
                hint="have fewer lines for it, or simpler markers",
            )
            continue
        compared += cost
        for pin in pins if entries else ():
            version = pin.requirement.pin
            if version is None:
                continue
            admitting = [
                entry
                for entry in entries
                if subject.policy.admits(entry.requirement.specifiers, version)
            ]
            if any(meet(pin, entry) for entry in admitting):
                continue
            # Where no entry applies, the list requires nothing.
            applying = [entry for entry in entries if meet(pin, entry)]
            if applying:
                yield pin.problem(
                    f"{pin.requirement.package} is pinned to {version}, but "
                    f"{applying[0].file} admits {ranges(applying)}",
                    hint=f"pin a version that is admitted, or change "
                    f"{applying[0].file}:{applying[0].number}",
                )


def overlapping(subject: JudgedLists) -> Iterator[Problem]:
    """Pins of one distribution that apply in the same environment."""
    compared = 0
    for pins in subject.pinned.by_name.values():
        texts = [pin.requirement.markers for pin in pins]
        cost = compared_text(texts, texts) if len(pins) > 1 else 0
        if cost and compared + cost > limits.MOST_COMPARED_TEXT:
            yield pins[0].problem(
                f"{pins[0].requirement.package} has too many markers to be "
                "compared with each other",
                hint="have fewer lines for it, or simpler markers",
            )
            continue
        compared += cost
        for index, pin in enumerate(pins):
            first = next(
                (line for line in pins[:index] if meet(line, pin)), None
            )
            if first is not None:
                yield pin.problem(
                    f"{pin.requirement.package} is pinned here and in line "
                    f"{first.number}, and both lines can apply",
                    hint="keep one of the lines, or give them markers that "
                    "exclude each other",
                )


def doubled(subject: JudgedLists) -> Iterator[Problem]:
    """Entries of the global list that are there twice.

    What differs in its extras or in the meaning of its marker is another
    entry.
    """
    for entries in subject.required.by_name.values():
        first_of: dict[tuple[object, ...], ListLine] = {}
        for entry in entries if len(entries) > 1 else ():
            requirement = entry.requirement
            key = (extras_of(requirement), marker_meaning(requirement.markers))
            first = first_of.setdefault(key, entry)
            if first is not entry:
                yield entry.problem(
                    f"{requirement.package} has an entry here and in line "
                    f"{first.number}, for the same environments",
                    hint="keep one of the entries",
                )


def wrong_bounds(subject: JudgedLists) -> Iterator[Problem]:
    """Entries of the global list whose bounds the policy does not allow."""
    hint = (
        "write one >=, the lowest version that is known to work, and no "
        "exclusion below it"
        if subject.policy.bounds_in_list
        else "leave the lower bound out"
    )
    for entries in subject.required.by_name.values():
        for entry in entries:
            problem = subject.policy.bound_problem(entry.requirement)
            if problem is not None:
                right = _bounded(subject.policy, entry.requirement)
                yield entry.problem(
                    f"{entry.requirement.package}: {problem} "
                    f"({subject.policy.name} policy)",
                    None if right is None else f"write {_normal(right)}",
                    hint=hint if right is None else None,
                )


def not_normal(subject: JudgedLists) -> Iterator[Problem]:
    """Lines of the global list that are not in normal form.

    Blanks and line ends behind a line are not judged: they cannot be seen.
    """
    file = subject.required.file
    for number, text, requirement in subject.required.entries:
        if requirement is None:
            continue
        normal = _normal(requirement)
        if text.rstrip() == normal and (normal or not text.strip("\r\n")):
            continue
        written = text.rstrip("\r\n")
        # Where its bounds are wrong as well, one change is for both.
        right = _normal(_bounded(subject.policy, requirement) or requirement)
        yield ListLine(requirement, file, number, text).problem(
            f"not in normal form: {written}",
            f"write {right}" if normal else "leave the line empty",
            _first_difference(written, normal),
        )


def unconstrained(subject: JudgedLists) -> Iterator[Problem]:
    """Names of the global list that should have a pin, and have none."""
    constrained = subject.pinned.by_name
    for name, entries in subject.required.by_name.items():
        if name in constrained or name in subject.never or name in EXEMPT:
            continue
        yield entries[0].problem(
            f"{entries[0].requirement.package} is neither in "
            f"{subject.pinned.file} nor in {subject.never_file}",
            hint=f"pin it in {subject.pinned.file} (generate-constraints "
            f"does), or name it in {subject.never_file} with the reason",
        )


def never_constrained(subject: JudgedLists) -> Iterator[Problem]:
    """Pins of what is never to be constrained."""
    for name, pins in subject.pinned.by_name.items():
        if name in subject.never:
            yield pins[0].problem(
                f"{pins[0].requirement.package} is constrained, but "
                f"{subject.never_file} says that it never is",
                hint=f"remove it from {subject.pinned.file} or from "
                f"{subject.never_file}",
            )


RULES = (
    Rule(
        "unreviewed-url",
        "error",
        unreviewed,
        "A URL or an option brings in what nobody has reviewed, from a place "
        "that may be gone tomorrow or hold something else.",
        "Name a distribution and versions of it that are released.",
    ),
    Rule(
        "inexact-constraint",
        "error",
        inexact,
        "Constraints say which version of each distribution is installed, "
        "everywhere and tomorrow as well. A range does not. And === compares "
        "versions as text, so that nothing but this one is meant.",
        "Write name===version; generate-constraints does.",
    ),
    Rule(
        "incompatible-constraint",
        "error",
        incompatible,
        "What is installed together is what the constraints pin. A pin "
        "outside of what a requirement admits cannot be installed with it, "
        "so one of the two is wrong. Where there are several entries for "
        "different environments, the one that can apply where the pin does "
        "counts. Where none can, nothing is required.",
        "Pin a version that is admitted, or change what admits none. Under "
        "the classic policy a pre-release will do only where a specifier "
        "names one.",
    ),
    Rule(
        "overlapping-constraints",
        "error",
        overlapping,
        "For each environment a distribution has one version. Where two "
        "lines of it apply, an installer fails, or takes one of them.",
        "Keep one of the lines, or give them markers of which only one "
        "applies in each environment; generate-constraints does.",
    ),
    Rule(
        "doubled-global-entry",
        "error",
        doubled,
        "The entries of a package say what projects may require, each for "
        "environments of its own. Of two for the same environments nobody "
        "can tell which is meant, and every project has to have both.",
        "Keep one of the entries, or give them different markers.",
    ),
    Rule(
        "global-bounds",
        "error",
        wrong_bounds,
        "Lower bounds have one home. Under the classic policy it is the "
        "global list, from where they are synced into projects; under the "
        "current policy it is the projects.",
        "Under the classic policy have exactly one >= in each entry, and no "
        "!= below it. Under the current policy have no >= and no >.",
    ),
    Rule(
        "not-normal-form",
        "error",
        not_normal,
        "In one form, a difference between two versions of the list is a "
        "difference in what it says. What cannot be seen (blanks and line "
        "ends behind a line, a byte order mark) is not judged.",
        "Write the line as the finding has it; normalize-requirements -s "
        "does that for the whole list.",
    ),
    Rule(
        "unconstrained-requirement",
        "error",
        unconstrained,
        "What is allowed and has no constraint is installed in whatever "
        "version is the newest, and its next release can break every project "
        "at once. Exempt are argparse, pip, pymi, pywin32, setuptools, wheel "
        "and wmi: parts of Python, of installing itself, or of a platform "
        "that no constraints are made on.",
        "Pin it (generate-constraints does), or put its name on the "
        "never-constrain list, with the reason.",
    ),
    Rule(
        "never-constrained",
        "error",
        never_constrained,
        "The never-constrain list is for what each project chooses its own "
        "version of. A pin of it takes that choice away.",
        "Remove the pin, or the name from the never-constrain list.",
    ),
)


def _normal(requirement: Requirement) -> str:
    """A line of the global list in normal form."""
    line = requirement.to_line(comment_prefix="  ", sort_specifiers=True)
    return line.rstrip()


def _bounded(policy: Policy, requirement: Requirement) -> Requirement | None:
    """An entry of the global list with the bounds that the policy allows.

    None where it has them, or where they are not known.
    """
    if not requirement.package or policy.bound_problem(requirement) is None:
        return None
    rest = [
        clause
        for clause in requirement.clauses
        if clause.operator not in {">", ">="}
    ]
    if not policy.bounds_in_list:
        return requirement._replace(specifiers=",".join(map(str, rest)))
    for bound in requirement.clauses:
        above = version_set(str(bound))
        kept = [
            str(clause)
            for clause in rest
            if clause.operator != "!="
            or not above.issubset(version_set(str(clause)))
        ]
        right = requirement._replace(specifiers=",".join([str(bound), *kept]))
        if (
            bound.operator == ">="
            and policy.bound_problem(right) is None
            and same_specifiers(right.specifiers, requirement.specifiers)
        ):
            return right
    return None


def _first_difference(left: str, right: str) -> int:
    """The column, from 1, where two texts differ first."""
    for column, (a, b) in enumerate(zip(left, right, strict=False), 1):
        if a != b:
            return column
    return min(len(left), len(right)) + 1
