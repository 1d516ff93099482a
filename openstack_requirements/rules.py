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

A rule is one function, which yields findings, and one row in :data:`RULES`,
which gives it its id and severity. What depends on the policy is asked of
:mod:`~openstack_requirements.policy`. Nothing here opens a file.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import BadLine
from openstack_requirements.findings import Finding
from openstack_requirements.policy import EXEMPT
from openstack_requirements.requirement import Entry, canonical_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from openstack_requirements.findings import Severity
    from openstack_requirements.policy import Policy
    from openstack_requirements.requirement import CanonicalName, Requirement

    Index = dict[CanonicalName, list["Line"]]


class Line(NamedTuple):
    """A requirement and where it stands.

    ``column`` is known where it is not the whole of a line.
    """

    requirement: Requirement
    file: str
    number: int
    text: str
    column: int | None = None

    def finding(
        self, message: str, fix: str | None = None, column: int | None = None
    ) -> Finding:
        """What is wrong with it; a row of a table names the rule."""
        return Finding(
            "",
            "error",
            message,
            self.file,
            self.number,
            column or self.column,
            self.requirement.package or None,
            fix,
        )


class Listed(NamedTuple):
    """One list: its name, its entries, and its requirements by name."""

    file: str
    entries: Sequence[Entry]
    by_name: Index


class Lists(NamedTuple):
    """What ``validate-constraints`` judges; make it with :func:`lists`."""

    policy: Policy
    required: Listed
    pinned: Listed
    never_file: str
    never: Collection[CanonicalName]


class Rule(NamedTuple):
    """One row of the table."""

    id: str
    severity: Severity
    find: Callable[[Lists], Iterator[Finding]]


def listed(file: str, entries: Sequence[Entry]) -> Listed:
    """A list and its requirements by canonical name."""
    by_name: Index = {}
    for number, text, found in entries:
        if found is not None and found.package:
            by_name.setdefault(canonical_name(found.package), []).append(
                Line(found, file, number, text)
            )
    return Listed(file, entries, by_name)


def judge(subject: Lists) -> list[Finding]:
    """What all the rules find.

    :raises BadLine: at a line whose marker cannot be judged.
    """
    return [
        finding._replace(rule=rule.id, severity=rule.severity)
        for rule in RULES
        for finding in rule.find(subject)
    ]


def unreviewed(subject: Lists) -> Iterator[Finding]:
    """Lines that could bring in what nobody has reviewed."""
    for each in (subject.required, subject.pinned):
        for number, text, found in each.entries:
            if found is None or found.location:
                yield Finding(
                    "",
                    "error",
                    f"nobody has reviewed what this brings in: {text.strip()}",
                    each.file,
                    number,
                    package=None if found is None else found.package,
                    fix="name a released version instead",
                )


def inexact(subject: Lists) -> Iterator[Finding]:
    """Constraints that are not one ``===``."""
    for pins in subject.pinned.by_name.values():
        for pin in pins:
            found = pin.requirement
            version = exact_version(found)
            if found.location or (
                version and found.specifiers.startswith("===")
            ):
                continue
            right = found._replace(specifiers=f"==={version or 'VERSION'}")
            yield pin.finding(
                f"{found.package}{found.specifiers} is not exact",
                f"write {shown(right)}",
            )


def incompatible(subject: Lists) -> Iterator[Finding]:
    """Pins that the global list does not admit."""
    for name, pins in subject.pinned.by_name.items():
        entries = subject.required.by_name.get(name, [])
        for pin in pins if entries else ():
            version = exact_version(pin.requirement)
            if version is None:
                continue
            good = [
                entry
                for entry in entries
                if subject.policy.admits(entry.requirement.specifiers, version)
            ]
            if any(meet(pin, entry) for entry in good):
                continue
            # Where no entry applies, the list asks for nothing.
            wanted = [entry for entry in entries if meet(pin, entry)]
            if wanted:
                yield pin.finding(
                    f"{pin.requirement.package} is pinned to {version}, but "
                    f"{wanted[0].file} admits {ranges(wanted)}",
                    f"pin a version that is admitted, or change "
                    f"{wanted[0].file}:{wanted[0].number}",
                )


def wrong_bounds(subject: Lists) -> Iterator[Finding]:
    """Entries of the global list whose bounds the policy does not allow."""
    fix = (
        "write one >=, the lowest version that is known to work, and no "
        "exclusion below it"
        if subject.policy.bounds_in_list
        else "leave the lower bound out"
    )
    for entries in subject.required.by_name.values():
        for entry in entries:
            problem = subject.policy.bound_problem(entry.requirement)
            if problem is not None:
                yield entry.finding(
                    f"{entry.requirement.package}: {problem} "
                    f"({subject.policy.name} policy)",
                    fix,
                )


def not_normal(subject: Lists) -> Iterator[Finding]:
    """Lines of the global list that are not in normal form.

    Blanks and line ends behind a line are not judged: nobody sees them.
    """
    file = subject.required.file
    for number, text, found in subject.required.entries:
        if found is None:
            continue
        normal = found.to_line(comment_prefix="  ", sort_specifiers=True)
        normal = normal.rstrip()
        if text.rstrip() == normal and (normal or not text.strip("\r\n")):
            continue
        found_text = text.rstrip("\r\n")
        yield Line(found, file, number, text).finding(
            f"not in normal form: {found_text}",
            f"write {normal}" if normal else "leave the line empty",
            _first_difference(found_text, normal),
        )


def unconstrained(subject: Lists) -> Iterator[Finding]:
    """Names of the global list that no constraint and no list holds."""
    constrained = subject.pinned.by_name
    for name, entries in subject.required.by_name.items():
        if name in constrained or name in subject.never or name in EXEMPT:
            continue
        yield entries[0].finding(
            f"{entries[0].requirement.package} is neither in "
            f"{subject.pinned.file} nor in {subject.never_file}",
            f"pin it in {subject.pinned.file} (generate-constraints does), or "
            f"name it in {subject.never_file} with the reason",
        )


def never_constrained(subject: Lists) -> Iterator[Finding]:
    """Pins of what is never to be constrained."""
    for name, pins in subject.pinned.by_name.items():
        if name in subject.never:
            yield pins[0].finding(
                f"{pins[0].requirement.package} is constrained, but "
                f"{subject.never_file} says that it never is",
                f"remove it from {subject.pinned.file} or from "
                f"{subject.never_file}",
            )


RULES = (
    Rule("unreviewed-url", "error", unreviewed),
    Rule("inexact-constraint", "error", inexact),
    Rule("incompatible-constraint", "error", incompatible),
    Rule("global-bounds", "error", wrong_bounds),
    Rule("not-normal-form", "error", not_normal),
    Rule("unconstrained-requirement", "error", unconstrained),
    Rule("never-constrained", "error", never_constrained),
)


def exact_version(pin: Requirement) -> str | None:
    """The version of ``===`` or ``==``; None where there is not just one."""
    specifiers = pin.specifiers
    version = specifiers.lstrip("=")
    if (
        len(specifiers) - len(version) not in {2, 3}
        or "," in version
        or (version.endswith(".*") and not specifiers.startswith("==="))
    ):
        return None
    return version


def meet(one: Line, other: Line) -> bool:
    """Whether there are environments in which both lines apply.

    :raises BadLine: where a marker cannot be judged.
    """
    pair = (one.requirement.markers, other.requirement.markers)
    if pair == ("", ""):
        return True
    answer = _overlap(*pair)
    if isinstance(answer, bool):
        return answer
    bad, reason = (one, other)[answer[0]], answer[1]
    raise BadLine(
        f"the marker cannot be judged ({reason})",
        bad.text,
        source=bad.file,
        number=bad.number,
    )


@lru_cache(maxsize=4096)
def _overlap(one: str, other: str) -> bool | tuple[int, str]:
    """Whether two markers overlap; or which is to blame, and why."""
    from openstack_requirements import markers

    for number, pair in enumerate(([one], [one, other])):
        try:
            answer = markers.overlap(pair) is not None
        except markers.BadMarker as error:
            return number, error.reason
    return answer


def shown(found: Requirement) -> str:
    """A requirement as a line, without its comment and line end."""
    return found._replace(comment="").to_line().rstrip("\n")


def ranges(entries: Sequence[Line]) -> str:
    """What entries of one package admit, for a sentence."""
    return " or ".join(
        (each.requirement.specifiers or "any release")
        + (
            f" (where {each.requirement.markers})"
            if each.requirement.markers
            else ""
        )
        for each in entries
    )


def _first_difference(one: str, two: str) -> int:
    """The column, from 1, where two texts part."""
    for column, (left, right) in enumerate(zip(one, two, strict=False), 1):
        if left != right:
            return column
    return min(len(one), len(two)) + 1
