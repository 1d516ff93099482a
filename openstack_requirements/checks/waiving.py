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
"""Which findings waivers keep from counting, and what is wrong with waivers.

A waiver that gives no reason, or whose date has passed, waives nothing and is
a finding itself; such findings cannot be waived. Nothing here opens a file or
looks at the clock.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks.findings import Finding, Waived
from openstack_requirements.pep508.requirement import (
    canonical_name,
)
from openstack_requirements.repository.waivers import ALL, ANYWHERE, WILDCARDS

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Iterator,
        Sequence,
    )
    from datetime import date

    from openstack_requirements.checks.findings import Severity
    from openstack_requirements.repository.waivers import Waiver

    #: A rule; and a file and a line, or a package (or ALL) and ANYWHERE.
    _Subject = tuple[str, str | None, int | None]


class Rule(NamedTuple):
    """One row of the table of rules about waivers themselves.

    ``why`` says what the rule is for, ``how`` what satisfies it.
    """

    id: str
    severity: Severity
    why: str
    how: str


RULES = (
    Rule(
        "waiver-unreadable",
        "error",
        "A waiver is written to work, and one that cannot be read waives "
        "nothing.",
        "Write # requirements: ignore[RULE] REASON until YYYY-MM-DD at the "
        "end of the entry's line; several rules are joined with commas.",
    ),
    Rule(
        "waiver-without-reason",
        "error",
        "A year later, somebody has to know whether a waiver still holds. "
        "Without a reason they cannot, so it waives nothing.",
        "Say why the finding may stay: name the bug, the release or the "
        "decision that it waits for.",
    ),
    Rule(
        "waiver-expired",
        "error",
        "A waiver is for a time. When that is over, somebody has to look "
        "again; until then it waives nothing.",
        "Fix what it waived and remove it. If the reason still holds, give "
        "it a new date.",
    ),
    Rule(
        "waiver-without-date",
        "warning",
        "A waiver that never ends is never looked at again.",
        "Add until YYYY-MM-DD, the last day on which it shall hold.",
    ),
    Rule(
        "waiver-unknown-rule",
        "warning",
        "A rule that is misspelled, or that is about waivers themselves, "
        "cannot be waived: what was meant to stay is a finding still.",
        "Copy the rule's id from the finding.",
    ),
    Rule(
        "unused-waiver",
        "warning",
        "A waiver that waives nothing hides the next fault of that kind. Not "
        "said of those for several projects, nor where only a change is "
        "judged.",
        "Remove it; or, if it was meant for another entry, put it on that "
        "entry's line.",
    ),
)


_SEVERITIES = {rule.id: rule.severity for rule in RULES}


def apply(
    findings: Iterable[Finding],
    waivers: Iterable[Waiver],
    project: str,
    today: date,
    *,
    rules: Collection[str],
    judged: Collection[tuple[str, int]] | None = None,
) -> tuple[list[Finding], tuple[Waived, ...]]:
    """The findings that count, and those that a waiver keeps from counting.

    Those that count include findings about the waivers themselves. A row for
    several projects is judged only where it is about one of the findings.

    :param findings: those of one project, files as the waivers name them.
    :param project: its name, with or without an ``org/`` before it.
    :param rules: the ids that can be waived.
    :param judged: where only a change is judged, the files and lines of
        the entries that are; the waivers of other lines are left alone.
    """
    waivers = [
        waiver
        for waiver in dict.fromkeys(waivers)
        if _is_for(waiver.project, project)
    ]
    index = _WaiverIndex(waivers, today)
    counting, waived = [], []
    for finding in findings:
        reason = None
        if finding.rule in rules:
            reason = index.reason(finding)
        if reason is not None:
            waived.append(Waived(finding, reason))
        else:
            counting.append(finding)
    for waiver in waivers:
        used = index.used(waiver)
        if used or _is_judged(waiver, judged):
            counting += _judge(waiver, used, today, rules)
        elif waiver.project and judged is None:
            counting += _unknown(waiver, rules)  # no project can use it
    return counting, tuple(waived)


def is_waived(
    waivers: Iterable[Waiver], project: str, today: date
) -> Callable[[Finding], bool]:
    """What tells whether a finding would be waived, if it were there.

    :param project: its name, with or without an ``org/`` before it.
    """
    index = _WaiverIndex(
        [waiver for waiver in waivers if _is_for(waiver.project, project)],
        today,
    )
    return lambda finding: index.reason(finding) is not None


class _WaiverIndex:
    """Waivers by what they are about, so that each finding looks at few.

    :param waivers: all that are for the project; the first that is about a
        finding gives the reason.
    """

    def __init__(self, waivers: Sequence[Waiver], today: date) -> None:
        self._reasons: dict[_Subject, tuple[int, str]] = {}
        self._used: set[_Subject] = set()
        for number, waiver in enumerate(waivers):
            if not _fault(waiver, today):
                for rule in waiver.rules:
                    self._reasons.setdefault(
                        _subject(waiver, rule), (number, _shown(waiver))
                    )

    def reason(self, finding: Finding) -> str | None:
        """Why a finding may stay; None where no working waiver is for it."""
        subjects: list[_Subject] = [
            (finding.rule, finding.file, finding.line),
            (finding.rule, ALL, ANYWHERE),
        ]
        if finding.package is not None:
            name = canonical_name(finding.package)
            subjects.append((finding.rule, name, ANYWHERE))
        self._used.update(subjects)
        reasons = [
            self._reasons[subject]
            for subject in subjects
            if subject in self._reasons
        ]
        return min(reasons)[1] if reasons else None

    def used(self, waiver: Waiver) -> list[str]:
        """The rules of a waiver that have a finding which it is about."""
        return [
            rule
            for rule in waiver.rules
            if _subject(waiver, rule) in self._used
        ]


def _subject(waiver: Waiver, rule: str) -> _Subject:
    """What a waiver is about, for one of its rules."""
    if not waiver.project:
        return rule, waiver.file, waiver.line
    if waiver.package == ALL:
        return rule, ALL, ANYWHERE
    return rule, canonical_name(waiver.package), ANYWHERE


def _is_for(pattern: str, project: str) -> bool:
    """Whether a row is for a project; a comment always is."""
    if not pattern:
        return True
    name: str = canonical_name(project)
    glob: str = canonical_name(pattern)
    if "/" not in name or "/" not in glob:
        name, glob = name.rpartition("/")[2], glob.rpartition("/")[2]
    if not set(glob) & WILDCARDS:
        return name == glob
    return fnmatchcase(name, glob)


def _fault(waiver: Waiver, today: date) -> str:
    """The rule that keeps a waiver from working; empty where it works."""
    if waiver.problem:
        return "waiver-unreadable"
    if not waiver.reason:
        return "waiver-without-reason"
    if waiver.until is not None and waiver.until < today:
        return "waiver-expired"
    return ""


def _is_judged(
    waiver: Waiver, judged: Collection[tuple[str, int]] | None
) -> bool:
    """Whether a waiver that is about none of the findings is judged."""
    if not waiver.project:
        return judged is None or (waiver.file, waiver.line) in judged
    return judged is None and not set(waiver.project) & WILDCARDS


def _judge(
    waiver: Waiver,
    used: Sequence[str],
    today: date,
    rules: Collection[str],
) -> Iterator[Finding]:
    """What is wrong with a waiver.

    :param used: those of its rules that have a finding which it is about.
    """
    fault = _fault(waiver, today)
    names = ", ".join(waiver.rules)
    if fault == "waiver-unreadable":
        yield _finding(
            waiver,
            fault,
            f"this waiver cannot be read: {waiver.problem}",
            "write # requirements: ignore[RULE] REASON until YYYY-MM-DD",
        )
        return
    if fault == "waiver-without-reason":
        yield _finding(
            waiver,
            fault,
            f"this waiver of {names} gives no reason, so it waives nothing",
            "say why the finding may stay",
        )
    elif fault == "waiver-expired":
        hint = "fix what it waived, or give it a new date if the reason holds"
        yield _finding(
            waiver,
            fault,
            f"this waiver of {names} ended on {waiver.until}: {waiver.reason}",
            hint if used else "remove it: there is nothing left to waive",
        )
    if waiver.until is None:
        yield _finding(
            waiver,
            "waiver-without-date",
            f"this waiver of {names} has no date, so it never ends",
            "add until YYYY-MM-DD",
        )
    yield from _unknown(waiver, rules)
    unused = [
        rule for rule in waiver.rules if rule in rules and rule not in used
    ]
    if unused and not fault:
        yield _finding(
            waiver,
            "unused-waiver",
            f"there is no {' and no '.join(unused)} here to waive",
            "remove it, or put it where the finding is",
        )


def _unknown(waiver: Waiver, rules: Collection[str]) -> Iterator[Finding]:
    """Findings about rules of a waiver that cannot be waived."""
    for rule in waiver.rules:
        if rule not in rules:
            yield _finding(
                waiver,
                "waiver-unknown-rule",
                f"{rule} is about waivers, and cannot be waived"
                if rule in _SEVERITIES
                else f"there is no rule {rule}",
                "copy the id from the finding, where it stands in brackets",
            )


def _finding(waiver: Waiver, rule: str, message: str, hint: str) -> Finding:
    return Finding(
        rule,
        _SEVERITIES[rule],
        message,
        waiver.file,
        waiver.line,
        waiver.column,
        None if waiver.package in {"", ALL} else waiver.package,
        hint=hint,
    )


def _shown(waiver: Waiver) -> str:
    """The reason, with the waiver's date and, for a row, its place."""
    details = [f"until {waiver.until}"] if waiver.until else []
    if waiver.project:
        details.append(f"{waiver.file}:{waiver.line}")
    if not details:
        return waiver.reason
    return f"{waiver.reason} ({', '.join(details)})"
