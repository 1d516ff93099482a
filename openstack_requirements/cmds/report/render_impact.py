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
"""The impact of a list change on projects, as text and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.errors import UnusableInput, printable
from openstack_requirements.output import counted, json_text
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from openstack_requirements.checks.findings import Finding
    from openstack_requirements.checks.impact import ProjectImpact
    from openstack_requirements.pep508.requirement import CanonicalName

    #: What a change says of each package, as lines of a diff.
    Lines = Mapping[CanonicalName, Sequence[str]]


def render(impacts: Sequence[ProjectImpact], lines: Lines, form: str) -> str:
    """Render the impact on projects in a format.

    :param lines: the lines of the list change, by package.
    :raises UnusableInput: for a format other than text and json.
    """
    if form == "text":
        return to_text(impacts, lines)
    if form == "json":
        return to_json(impacts, lines)
    raise UnusableInput(
        f"--format {form}", "--rehearse has no such format, only text and json"
    )


def to_text(impacts: Sequence[ProjectImpact], lines: Lines) -> str:
    """Render the impact for a reviewer: what breaks, what is fixed, why."""
    judged = [impact for impact in impacts if impact.error is None]
    passing = [impact for impact in judged if impact.passed]
    failing = [impact for impact in judged if not impact.passed]
    groups = (
        (
            "would fail, and pass now",
            [impact for impact in passing if not impact.passes],
        ),
        (
            "fail now, and would fail for more",
            [
                impact
                for impact in failing
                if impact.broken and not impact.passes
            ],
        ),
        (
            "would pass, and fail now",
            [impact for impact in failing if impact.passes],
        ),
    )
    result = []
    for title, members in groups:
        if members:
            result += [f"{title}:", *_members(members, lines), ""]
    counts = [(len(members), title) for title, members in groups]
    counts += [
        (
            len(judged) - sum(count for count, _ in counts),
            "as they are now",
        ),
        (len(impacts) - len(judged), "could not be judged"),
    ]
    numbers = "; ".join(f"{count} {title}" for count, title in counts if count)
    result.append(f"{counted(len(impacts), 'project')}: {numbers}")
    return "".join(f"{printable(line)}\n" for line in result)


def _members(members: Sequence[ProjectImpact], lines: Lines) -> Iterator[str]:
    for impact in members:
        yield f"  {impact.root}"
        for finding in impact.broken:
            yield f"    {_headline(finding)}"
            for line in _lines(finding, lines):
                yield f"      {line}"
        for finding in impact.fixed:
            yield f"    fixed: {_headline(finding)}"


def _headline(finding: Finding) -> str:
    place = f"{finding.file}:{finding.line or 1}"
    return f"{place}: {finding.message} [{finding.rule}]"


def _lines(finding: Finding, lines: Lines) -> Sequence[str]:
    """The lines of the change that are about a finding's package."""
    return lines.get(canonical_name(finding.package or ""), ())


def to_json(impacts: Sequence[ProjectImpact], lines: Lines) -> str:
    """Render the impact for programs; equal input gives equal bytes."""
    return json_text(
        {
            "command": "check-requirements --rehearse",
            "projects": [
                {
                    "project": impact.root,
                    "passed": impact.passed,
                    "passes": impact.passes,
                    "error": impact.error and str(impact.error),
                    "broken": [
                        {
                            **finding._asdict(),
                            "through": list(_lines(finding, lines)),
                        }
                        for finding in impact.broken
                    ],
                    # The key that programs know.
                    "mended": [finding._asdict() for finding in impact.fixed],
                }
                for impact in impacts
            ],
        }
    )
