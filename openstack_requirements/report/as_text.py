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
"""Verdicts for people: a line a finding, what to do, and a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements import findings
from openstack_requirements.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openstack_requirements.findings import Finding, Verdict


_PLURAL = frozenset({"error", "warning"})


def render(
    command: str,  # noqa: ARG001 - who reads this has just typed it
    verdicts: Sequence[Verdict],
) -> str:
    """``FILE:LINE: message [rule]`` for each finding, then what it adds to."""
    lines = [line for each in verdicts for line in _lines(each)]
    return "".join(f"{line}\n" for line in [*lines, summary(verdicts)])


def summary(verdicts: Sequence[Verdict]) -> str:
    """One line that says how much was found, and in what."""
    number = findings.counts(verdicts)
    parts = [
        f"{count} {word}{'s' if count > 1 and word in _PLURAL else ''}"
        for count, word in (
            (number.errors, "error"),
            (number.warnings, "warning"),
            (number.waived, "waived"),
            (number.before, "there before"),
        )
        if count
    ]
    what = ", ".join(each.subject for each in verdicts)
    return printable(f"{what}: {', '.join(parts) or 'nothing found'}")


def _lines(verdict: Verdict) -> Iterator[str]:
    for finding in verdict.findings:
        word = "" if finding.severity == "error" else "warning: "
        yield _line(finding, word)
        if finding.fix is not None:
            yield f"    {printable(finding.fix)}"
    for finding, reason in verdict.waived:
        yield _line(finding, "waived: ")
        yield f"    {printable(reason)}"


def _line(finding: Finding, word: str) -> str:
    place = "" if finding.file is None else f"{finding.file}:"
    if place and finding.line is not None:
        place += f"{finding.line}:"
    place += " " if place else ""
    return printable(f"{place}{word}{finding.message} [{finding.rule}]")
