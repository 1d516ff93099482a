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
"""Verdicts as JUnit XML, which dashboards of test results read.

A verdict is a suite. The findings of a rule about a package in a file are a
test case. It has the same name in the next run, so that a dashboard can tell
what is new. A verdict without findings is a single case that passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.checks import findings, registry
from openstack_requirements.cmds.report import as_text
from openstack_requirements.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree.ElementTree import Element

    from openstack_requirements.checks.findings import Finding, Verdict

    Group = list[tuple[Finding, str | None]]


def render(
    command: str,
    verdicts: Sequence[Verdict],
    *,
    colours: bool = False,  # noqa: ARG001 - a program reads this
) -> str:
    """Render a JUnit document with what nearly all readers understand."""
    from xml.etree import ElementTree as ET

    suites = [_suite(command, verdict) for verdict in verdicts]
    root = ET.Element("testsuites", {"name": command, **_counts(suites)})
    root.extend(suites)
    ET.indent(root, " ")
    # "unicode" would declare the encoding of this machine.
    data: bytes = ET.tostring(root, "utf-8", xml_declaration=True)
    return data.decode() + "\n"


def _suite(command: str, verdict: Verdict) -> Element:
    from xml.etree import ElementTree as ET

    groups: dict[tuple[str, str], Group] = {}
    for finding, reason in findings.everything(verdict):
        file = verdict.subject if finding.file is None else finding.file
        package = f" ({finding.package})" if finding.package else ""
        key = (printable(file), printable(f"{finding.rule}{package}"))
        groups.setdefault(key, []).append((finding, reason))
    groups = groups or {(printable(verdict.subject), command): []}
    cases = [_case(*key, group) for key, group in groups.items()]
    name = {"name": printable(verdict.subject)}
    suite = ET.Element("testsuite", {**name, **_counts(cases)})
    suite.extend(cases)
    return suite


def _case(file: str, name: str, group: Group) -> Element:
    """A test case: it fails for an error, and is skipped if all is waived."""
    from xml.etree import ElementTree as ET

    case = ET.Element("testcase", {"classname": file, "name": name})
    failed = [
        finding
        for finding, reason in group
        if reason is None and finding.severity == "error"
    ]
    reasons = [reason for _, reason in group if reason is not None]
    shown = [
        (finding, reason)
        for finding, reason in group
        if reason is not None or finding.severity != "error"
    ]
    if failed:
        failure = ET.SubElement(case, "failure")
        failure.set("type", printable(failed[0].rule))
        failure.set("message", printable(failed[0].message))
        failure.text = "\n".join(
            _text([(finding, None) for finding in failed])
        )
    elif group and len(reasons) == len(group):
        skipped = ET.SubElement(case, "skipped")
        skipped.set("message", f"waived: {printable(reasons[0])}")
    if shown:
        ET.SubElement(case, "system-out").text = "\n".join(_text(shown))
    return case


def _text(group: Group) -> Iterator[str]:
    for finding, reason in group:
        yield as_text.headline(finding, waived=reason is not None)
        for line in as_text.details(finding, reason):
            yield f"    {line}"
    yield f"see: {registry.link(group[0][0].rule)}"


def _counts(elements: Sequence[Element]) -> dict[str, str]:
    """The sums that a suite, or all suites, start with."""
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for element in elements:
        if element.tag == "testsuite":
            for key in counts:
                counts[key] += int(element.get(key, 0))
        else:
            counts["tests"] += 1
            counts["failures"] += element.find("failure") is not None
            counts["skipped"] += element.find("skipped") is not None
    return {key: str(value) for key, value in counts.items()}
