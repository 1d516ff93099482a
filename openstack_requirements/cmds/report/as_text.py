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
"""Verdicts for people: a line for each finding, its fix, and a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.checks import findings
from openstack_requirements.errors import printable
from openstack_requirements.output import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from openstack_requirements.checks.findings import Finding, Verdict

    Paint = Callable[[str, str], str]

#: The codes of a terminal's colours (ECMA-48).
_CODES = {
    "place": "1",
    "label": "2",
    "error": "1;31",
    "warning": "1;33",
    "waived": "36",
    "before": "2",
}
_HEADINGS = ("project", "errors", "warnings", "waived", "before")


def render(
    command: str,  # noqa: ARG001 - the reader has just typed it
    verdicts: Sequence[Verdict],
    *,
    colours: bool = False,
) -> str:
    """Render ``FILE:LINE: message [rule]`` for each finding, and the sums.

    The lines below a finding show the entry as it is and the change that
    would pass. Several verdicts get a table at the end.
    """
    paint = _coloured if colours else _plain
    lines = [line for verdict in verdicts for line in _lines(verdict, paint)]
    if len(verdicts) > 1:
        lines += [""] if lines else []
        lines += [*_table(verdicts, paint), ""]
    return "".join(f"{line}\n" for line in [*lines, summary(verdicts)])


def summary(verdicts: Sequence[Verdict]) -> str:
    """A line with what was judged, how much of it, and the numbers found."""
    number = findings.counts(verdicts)
    parts = [
        counted(count, word, plural)
        for count, word, plural in (
            (number.errors, "error", ""),
            (number.warnings, "warning", ""),
            (number.waived, "waived", "waived"),
            (number.before, "there before", "there before"),
        )
        if count
    ]
    what = [counted(len(verdicts), "project")]
    if len(verdicts) == 1:
        what = [verdicts[0].subject]
    judged = ", ".join(
        counted(*amount) for amount in findings.amounts(verdicts)
    )
    what += [judged] if judged else []
    return printable(f"{': '.join(what)}: {', '.join(parts) or 'no findings'}")


def headline(finding: Finding, *, waived: bool = False) -> str:
    """The place, the message and the rule of a finding, in one line."""
    return _headline(finding, "waived" if waived else finding.severity, _plain)


def details(finding: Finding, reason: str | None) -> list[str]:
    """The lines to show below a finding's message.

    :param reason: why the finding is waived; None where it is not.
    """
    return [f"{label}: {text}" for label, text in _details(finding, reason)]


def _lines(verdict: Verdict, paint: Paint) -> Iterator[str]:
    for finding, reason in findings.everything(verdict):
        kind = finding.severity if reason is None else "waived"
        yield _headline(finding, kind, paint)
        for label, text in _details(finding, reason):
            yield f"    {paint('label', f'{label}:')} {text}"


def _headline(finding: Finding, kind: str, paint: Paint) -> str:
    place = word = ""
    if finding.file is not None:
        line = "" if finding.line is None else f":{finding.line}"
        place = f"{paint('place', printable(f'{finding.file}{line}:'))} "
    if kind != "error":
        word = f"{paint(kind, f'{kind}:')} "
    rule = paint(kind, printable(f"[{finding.rule}]"))
    return f"{place}{word}{printable(finding.message)} {rule}"


def _details(
    finding: Finding, reason: str | None
) -> Iterator[tuple[str, str]]:
    text = (finding.text or "").strip()
    if text and not finding.message.endswith(f": {text}"):
        yield "now", printable(text)
    if reason is not None:
        yield "why", printable(reason)
    elif finding.fix is not None:
        yield "fix", printable(finding.fix)
    elif finding.hint is not None:
        yield "fix", printable(f"none known; {finding.hint}")


def _table(verdicts: Sequence[Verdict], paint: Paint) -> Iterator[str]:
    """A row for each verdict; numbers stand below each other."""
    # Only a change that is judged has findings from before it.
    shown = 5 if any(verdict.before for verdict in verdicts) else 4
    rows: list[tuple[str, ...]] = [_HEADINGS[:shown]]
    for verdict in verdicts:
        counts = map(str, findings.counts([verdict]))
        rows.append((printable(verdict.subject), *counts)[:shown])
    width = max(len(row[0]) for row in rows)
    for row in rows:
        name, *numbers = row
        line = f"{name:<{width}}"
        for heading, number in zip(rows[0][1:], numbers, strict=True):
            cell = f"{number:>{len(heading)}}"
            kind = "label" if number in {"0", heading} else heading.rstrip("s")
            line += f"  {paint(kind, cell)}"
        yield line


def _plain(_kind: str, text: str) -> str:
    return text


def _coloured(kind: str, text: str) -> str:
    return f"\x1b[{_CODES[kind]}m{text}\x1b[0m"
