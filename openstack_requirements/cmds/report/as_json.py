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
"""Verdicts for programs: one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.checks import findings
from openstack_requirements.output import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.checks.findings import Finding, Verdict


def render(
    command: str,
    verdicts: Sequence[Verdict],
    *,
    colours: bool = False,  # noqa: ARG001 - a program reads this
) -> str:
    """Render a JSON object; equal verdicts give equal bytes.

    A finding is an object with the fields of a
    :class:`~openstack_requirements.checks.findings.Finding` except ``text``.
    Waived findings are listed apart, with their reasons.
    """
    return json_text(
        {
            "command": command,
            "counts": findings.counts(verdicts)._asdict(),
            "findings": [
                _fields(finding)
                for verdict in verdicts
                for finding in verdict.findings
            ],
            "waived": [
                {**_fields(waived.finding), "reason": waived.reason}
                for verdict in verdicts
                for waived in verdict.waived
            ],
        }
    )


def _fields(finding: Finding) -> dict[str, str | int | None]:
    """The fields that programs rely on."""
    fields = finding._asdict()
    del fields["text"]
    return fields
