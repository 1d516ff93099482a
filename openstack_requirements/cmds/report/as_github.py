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
"""Verdicts as annotations in a GitHub workflow.

Each finding is a workflow command on a line of its own. GitHub shows it in
the log, and beside the line of the change that it is about. The text of a
finding is escaped, so that it cannot be a workflow command itself.
"""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING

from openstack_requirements.checks import findings, registry
from openstack_requirements.cmds.report import as_text
from openstack_requirements.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openstack_requirements.checks.findings import Finding, Verdict

# In the older language of runners, this starts a command anywhere in a line.
_OLD = "##["


def render(
    command: str,
    verdicts: Sequence[Verdict],
    *,
    colours: bool = False,  # noqa: ARG001 - the log shows them its own way
) -> str:
    """Render an annotation for each finding, and a summary for the log."""
    lines = [
        _annotation(finding, reason)
        for verdict in verdicts
        for finding, reason in findings.everything(verdict)
    ]
    lines.append(f"{command}: {as_text.summary(verdicts)}")
    return "".join(f"{line.replace(_OLD, '## [')}\n" for line in lines)


def _annotation(finding: Finding, reason: str | None) -> str:
    level = finding.severity if reason is None else "notice"
    lines = [
        # The log does not show the place otherwise.
        as_text.headline(finding, waived=reason is not None),
        *as_text.details(finding, reason),
        f"see: {registry.link(finding.rule)}",
    ]
    text = _escaped("\n".join(lines))
    values = ",".join(
        f"{key}={_value(value)}" for key, value in _properties(finding)
    )
    return f"::{level} {values}::{text}"


def _properties(finding: Finding) -> Iterator[tuple[str, str]]:
    if finding.file is not None:
        yield "file", os.path.normpath(finding.file)
        if finding.line is not None:
            yield "line", str(finding.line)
            if finding.column is not None:
                yield "col", str(finding.column)
    yield "title", finding.rule


def _value(text: str) -> str:
    """The value of a property, with commas and colons escaped."""
    return _escaped(printable(text)).replace(":", "%3A").replace(",", "%2C")


def _escaped(text: str) -> str:
    """Text without line ends, which would end the command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
