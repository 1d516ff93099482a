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
"""What a change of the lists does to projects, as text and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.errors import UnusableInput, printable
from openstack_requirements.output import json_text
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from openstack_requirements.checks.findings import Finding
    from openstack_requirements.checks.impact import ProjectImpact
    from openstack_requirements.pep508.requirement import CanonicalName

    #: What a change says of each package, as lines of a diff.
    Lines = Mapping[CanonicalName, Sequence[str]]


def render(found: Sequence[ProjectImpact], lines: Lines, form: str) -> str:
    """The rehearsal in a format.

    :raises UnusableInput: for a format that makes no sense of it.
    """
    if form == "text":
        return to_text(found, lines)
    if form == "json":
        return to_json(found, lines)
    raise UnusableInput(
        f"--format {form}", "a rehearsal is shown as text or json"
    )


def to_text(found: Sequence[ProjectImpact], lines: Lines) -> str:
    """The rehearsal for a reviewer: who breaks, who is mended, and why."""
    judged = [each for each in found if each.error is None]
    groups = (
        ("would fail", [e for e in judged if e.passed and not e.passes]),
        (
            "fail, and would fail for more",
            [e for e in judged if not e.passed and e.broken],
        ),
        ("would pass", [e for e in judged if not e.passed and e.passes]),
    )
    result = []
    for title, members in groups:
        if members:
            result += [f"{title}:", *_members(members, lines), ""]
    numbers = ", ".join(f"{len(members)} {title}" for title, members in groups)
    failed = len(found) - len(judged)
    more = f", {failed} could not be judged" if failed else ""
    result.append(f"of {len(found)} projects, {numbers}{more}")
    return "".join(f"{printable(line)}\n" for line in result)


def _members(members: Sequence[ProjectImpact], lines: Lines) -> Iterator[str]:
    for each in members:
        yield f"  {each.root}"
        for word, findings in (("", each.broken), ("mended: ", each.fixed)):
            for finding in findings:
                place = f"{finding.file}:{finding.line or 1}"
                yield f"    {word}{place}: {finding.message} [{finding.rule}]"
                if not word:
                    for line in _lines(finding, lines):
                        yield f"      {line}"


def _lines(finding: Finding, lines: Lines) -> Sequence[str]:
    """The lines of the change that are about a finding's package."""
    return lines.get(canonical_name(finding.package or ""), ())


def to_json(found: Sequence[ProjectImpact], lines: Lines) -> str:
    """The rehearsal for programs; the same gives the same bytes."""
    return json_text(
        {
            "command": "check-requirements --rehearse",
            "projects": [
                {
                    "project": each.root,
                    "passed": each.passed,
                    "passes": each.passes,
                    "error": None if each.error is None else str(each.error),
                    "broken": [
                        {
                            **one._asdict(),
                            "through": list(_lines(one, lines)),
                        }
                        for one in each.broken
                    ],
                    "mended": [one._asdict() for one in each.fixed],
                }
                for each in found
            ],
        }
    )
