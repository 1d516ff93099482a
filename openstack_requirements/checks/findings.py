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
"""What the rules find, as values.

The function of a rule yields problems, and its row in a table makes findings
of them; all findings about one subject are a :class:`Verdict`; the modules of
``report`` show verdicts. A run fails only for errors that are not waived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Protocol, TypeVar

    Judged_contra = TypeVar("Judged_contra", contravariant=True)

    class Rule(Protocol[Judged_contra]):
        """A row of a table of rules."""

        @property
        def id(self) -> str:
            """Its name in findings."""

        @property
        def severity(self) -> Severity:
            """How much a finding of it weighs."""

        @property
        def find(self) -> Callable[[Judged_contra], Iterator[Problem]]:
            """What finds it."""


Severity = Literal["error", "warning"]


class Finding(NamedTuple):
    """Something in the input that a rule does not allow.

    ``rule`` is the stable id; ``message`` says what stands there and what is
    wrong with it; ``fix`` is the smallest change that would pass; ``text`` is
    the line or the entry that it is about, as it stands. ``file`` is a path
    as seen from where the command was started; ``line`` and ``column`` count
    from 1. None stands for what is not known. ``hint`` says what a person can
    do where no change is known to pass.
    """

    rule: str
    severity: Severity
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    package: str | None = None
    fix: str | None = None
    text: str | None = None
    hint: str | None = None


class Problem(NamedTuple):
    """What a rule's function finds: a finding, but for the rule.

    The function does not know which row of which table has asked it. That
    row makes a finding of it. The fields are those of :class:`Finding`.
    """

    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    package: str | None = None
    fix: str | None = None
    text: str | None = None
    hint: str | None = None

    def by(self, rule: str, severity: Severity) -> Finding:
        """The finding of a rule."""
        return Finding(rule, severity, *self)


class Waived(NamedTuple):
    """A finding that may stay, and the reason that the waiver gives."""

    finding: Finding
    reason: str


class Amount(NamedTuple):
    """How much of one kind was judged: ``580`` and ``pins``.

    ``plural`` is empty where it is the singular with an ``s``.
    """

    number: int
    singular: str
    plural: str = ""


class Verdict(NamedTuple):
    """All findings about a subject.

    ``subject`` says in words what was judged: files, or a project. ``before``
    counts the findings that were there before the change, which are left out.
    ``judged`` says how much there was to judge, so that no findings in
    nothing do not look like success. :func:`verdict` makes it, and puts
    findings in order.
    """

    subject: str
    findings: tuple[Finding, ...] = ()
    waived: tuple[Waived, ...] = ()
    before: int = 0
    judged: tuple[Amount, ...] = ()


class Counts(NamedTuple):
    """How many findings there are, by what they mean for the run."""

    errors: int
    warnings: int
    waived: int
    before: int = 0


def found_by(
    rules: Iterable[Rule[Judged_contra]], subject: Judged_contra
) -> list[Finding]:
    """What the rules of a table find, in the order of the table."""
    return [
        problem.by(rule.id, rule.severity)
        for rule in rules
        for problem in rule.find(subject)
    ]


def verdict(
    subject: str,
    findings: Iterable[Finding] = (),
    waived: Iterable[Waived] = (),
    before: int = 0,
    judged: Iterable[Amount] = (),
) -> Verdict:
    """A verdict, its findings in order and none of them twice."""
    return Verdict(
        subject,
        tuple(sorted(set(findings), key=_order)),
        tuple(
            sorted(
                set(waived), key=lambda row: (_order(row.finding), row.reason)
            )
        ),
        before,
        tuple(judged),
    )


def everything(verdict: Verdict) -> Iterator[tuple[Finding, str | None]]:
    """All findings, and then those that were waived, with the reason."""
    for finding in verdict.findings:
        yield finding, None
    yield from verdict.waived


def _order(finding: Finding) -> tuple[str | int, ...]:
    """By file, line and rule; then by all the rest."""
    rule, severity, message, file, line, column, package, *rest = finding
    return (
        *(file or "", line or 0, rule, column or 0),
        *(package or "", message, severity),
        *(text or "" for text in rest),
        *(field is None for field in finding),
    )


def counts(verdicts: Iterable[Verdict]) -> Counts:
    """How many findings all of these verdicts have together."""
    errors = warnings = waived = before = 0
    for verdict in verdicts:
        severe = sum(row.severity == "error" for row in verdict.findings)
        errors += severe
        warnings += len(verdict.findings) - severe
        waived += len(verdict.waived)
        before += verdict.before
    return Counts(errors, warnings, waived, before)


def amounts(verdicts: Iterable[Verdict]) -> list[Amount]:
    """How much all of these verdicts have judged together, by kind."""
    totals: dict[tuple[str, str], int] = {}
    for verdict in verdicts:
        for number, *words in verdict.judged:
            kind = words[0], words[1]
            totals[kind] = totals.get(kind, 0) + number
    return [Amount(number, *kind) for kind, number in totals.items()]
