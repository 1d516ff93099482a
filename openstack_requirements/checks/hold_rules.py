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
"""The rules over the hold ledger of a repository.

A hold keeps releases away from everybody, so that somebody has to look at it
now and then: each rule is a reason to do so. Nothing here opens a file, looks
at the clock or asks an index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks.findings import Finding, Problem, found_by
from openstack_requirements.output import counted
from openstack_requirements.pep508 import limits, markers
from openstack_requirements.pep508.version_sets import version_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from openstack_requirements.checks.findings import Severity
    from openstack_requirements.checks.list_lines import Listed, ListLine
    from openstack_requirements.repository.holds import HoldEntry, HoldLedger

#: For how many days after its last day a hold is only a warning.
GRACE = 14


class JudgedHolds(NamedTuple):
    """What the rules judge.

    :param required: the global list.
    :param pinned: the constraints.
    :param today: the day on which it is judged.
    :param grace: for how many days after its last day a hold is a warning.
    """

    ledger: HoldLedger
    required: Listed
    pinned: Listed
    today: date
    grace: int = GRACE

    def entries(self, hold: HoldEntry) -> Sequence[ListLine]:
        """The entries of the global list for what is held."""
        return self.required.by_name.get(hold.canonical_name, ())

    def pins(self, hold: HoldEntry) -> Sequence[ListLine]:
        """The pins of what is held."""
        return self.pinned.by_name.get(hold.canonical_name, ())


class HoldRule(NamedTuple):
    """One row of the table.

    ``why`` says what the rule is for, ``how`` what satisfies it.
    """

    id: str
    severity: Severity
    find: Callable[[JudgedHolds], Iterator[Problem]]
    why: str
    how: str


def judge(subject: JudgedHolds) -> list[Finding]:
    """What all the rules find."""
    return found_by(RULES, subject)


def unknown(subject: JudgedHolds) -> Iterator[Problem]:
    """Holds of what is neither in the global list nor in the constraints."""
    for hold in subject.ledger.holds:
        if not subject.entries(hold) and not subject.pins(hold):
            yield _problem(
                hold,
                f"{hold.name} is neither in {subject.required.file} nor in "
                f"{subject.pinned.file}",
                "correct the name, or remove the hold",
            )


def excluding_pins(subject: JudgedHolds) -> Iterator[Problem]:
    """Holds whose range does not have the version that is pinned."""
    for hold, affordable in _compared(subject):
        if not affordable:
            yield _problem(
                hold,
                f"{hold.name} has too many markers to be compared with those "
                f"of {subject.pinned.file} and {subject.required.file}",
                "have fewer holds of it, or simpler markers",
            )
            continue
        for pin in subject.pins(hold):
            version = pin.requirement.pin
            if (
                version is not None
                and not hold.admits(version)
                and markers.can_meet(hold.python, pin.requirement.markers)
            ):
                yield _problem(
                    hold,
                    f"{hold.name} is held at {hold.range}, and "
                    f"{pin.file}:{pin.number} pins {version}",
                    "generate the constraints again, or change the range",
                )
                break


def unused(subject: JudgedHolds) -> Iterator[Problem]:
    """Holds that keep nothing away, as far as the lists alone show that."""
    for hold, affordable in _compared(subject):
        pins, entries = subject.pins(hold), subject.entries(hold)
        if not affordable:
            continue
        if pins and not any(
            markers.can_meet(hold.python, pin.requirement.markers)
            for pin in pins
        ):
            yield _problem(
                hold,
                f"no pin of {hold.name} is for {hold.python}: the hold keeps "
                "nothing away",
                "remove the hold, or correct its marker",
            )
        elif _is_implied(hold, entries):
            first = entries[0]
            yield _problem(
                hold,
                f"{first.file}:{first.number} admits only versions within "
                f"{hold.range}: the hold keeps nothing away",
                "remove the hold",
            )


def without_owner(subject: JudgedHolds) -> Iterator[Problem]:
    """Holds without an owner."""
    for hold in subject.ledger.holds:
        if not hold.owner:
            yield _problem(
                hold,
                f"the hold of {hold.name} has no owner",
                "add owner: the project or the team that removes it",
            )


def without_bug(subject: JudgedHolds) -> Iterator[Problem]:
    """Holds without a bug."""
    for hold in subject.ledger.holds:
        if not hold.bug:
            yield _problem(
                hold,
                f"the hold of {hold.name} names no bug",
                "add bug: the number or the address of what it waits for",
            )


def expired(subject: JudgedHolds) -> Iterator[Problem]:
    """Holds whose last day has passed, within the grace."""
    for hold, days in _expired(subject):
        if days <= subject.grace:
            left = subject.grace - days + 1
            yield _problem(
                hold,
                f"the hold of {hold.name} ended on {hold.until} "
                f"({hold.whose}); it is an error in {counted(left, 'day')}",
                _EXPIRED,
            )


def overdue(subject: JudgedHolds) -> Iterator[Problem]:
    """Holds whose last day has passed, and the grace with it."""
    for hold, days in _expired(subject):
        if days > subject.grace:
            yield _problem(
                hold,
                f"the hold of {hold.name} ended on {hold.until}, "
                f"{counted(days, 'day')} ago ({hold.whose})",
                _EXPIRED,
            )


_EXPIRED = "remove the hold, or give it a new date if the reason still holds"

RULES = (
    HoldRule(
        "hold-unknown-name",
        "error",
        unknown,
        "A hold of a name that nothing has keeps nothing away, and what was "
        "meant moves on.",
        "Correct the name. If the distribution is gone, remove the hold.",
    ),
    HoldRule(
        "hold-excludes-pin",
        "error",
        excluding_pins,
        "The range says which versions the constraints may have, and they "
        "have another one: everybody gets what was to be kept away.",
        "Generate the constraints again, which honours the hold. If the pin "
        "is right, change or remove the hold.",
    ),
    HoldRule(
        "hold-without-effect",
        "warning",
        unused,
        "A hold that keeps nothing away is forgotten, and one day holds "
        "something that nobody meant. Judged by the lists alone: the global "
        "list admits no version outside of the range, or no pin is for the "
        "environments of the hold.",
        "Remove the hold.",
    ),
    HoldRule(
        "hold-without-owner",
        "error",
        without_owner,
        "Everybody pays for a hold. Without an owner nobody removes it.",
        "Add owner: the project or the team that is affected.",
    ),
    HoldRule(
        "hold-without-bug",
        "warning",
        without_bug,
        "A hold waits for something to be fixed. Without a bug nobody knows "
        "for what, and whether it has happened. A hold that a bisection has "
        "recorded has no bug yet.",
        "Report the fault, and add bug: its number or its address.",
    ),
    HoldRule(
        "hold-expired",
        "warning",
        expired,
        "A hold is for a time. When that is over somebody has to look again. "
        "It is honoured still, and for a grace of 14 days (hold-grace in the "
        "settings) it is a warning; then it is hold-overdue.",
        "Remove the hold where the fault is fixed. If the reason still holds, "
        "give it a new date.",
    ),
    HoldRule(
        "hold-overdue",
        "error",
        overdue,
        "The last day of a hold has passed, and the grace with it, so nobody "
        "looks after it. It is honoured still: dropping it would let in what "
        "it keeps away.",
        "Remove the hold where the fault is fixed. If the reason still holds, "
        "give it a new date.",
    ),
)


def _compared(subject: JudgedHolds) -> Iterator[tuple[HoldEntry, bool]]:
    """The holds, and whether their markers are few enough to be compared."""
    compared = 0
    for hold in subject.ledger.holds:
        lines = (*subject.pins(hold), *subject.entries(hold))
        cost = markers.compared_text(
            [hold.python], (line.requirement.markers for line in lines)
        )
        affordable = not cost or compared + cost <= limits.MOST_COMPARED_TEXT
        compared += cost if affordable else 0
        yield hold, affordable


def _expired(subject: JudgedHolds) -> Iterator[tuple[HoldEntry, int]]:
    """The holds whose last day has passed, and how many days ago that was."""
    for hold in subject.ledger.expired(subject.today):
        yield hold, (subject.today - hold.until).days


def _is_implied(hold: HoldEntry, entries: Sequence[ListLine]) -> bool:
    """Whether the global list keeps away all that a hold does.

    It does where an entry applies wherever the hold does, and no entry that
    can apply there admits a version outside of the range.
    """
    wanted = version_set(hold.range)
    applying = [
        entry.requirement
        for entry in entries
        if markers.can_meet(hold.python, entry.requirement.markers)
    ]
    try:
        return any(
            not requirement.markers
            or (
                hold.python != ""
                and markers.implies(hold.python, requirement.markers)
            )
            for requirement in applying
        ) and all(
            requirement.versions.issubset(wanted) for requirement in applying
        )
    except (markers.BadMarker, ValueError):
        return False  # other rules say what is wrong with the entry


def _problem(hold: HoldEntry, message: str, hint: str) -> Problem:
    return Problem(
        message,
        hold.file,
        hold.line,
        hold.column,
        hold.name,
        text=f"name: {hold.name}",
        hint=hint,
    )
