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
"""Verdicts as SARIF 2.1.0, the OASIS standard for results of analyses.

A single run has all verdicts, and the rules that have findings.
"""

from __future__ import annotations

import os.path
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from openstack_requirements.checks import findings, registry
from openstack_requirements.cmds.report import as_text
from openstack_requirements.errors import printable
from openstack_requirements.output import json_text, masked
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from openstack_requirements.checks.findings import (
        Finding,
        Severity,
        Verdict,
    )

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
    "sarif-schema-2.1.0.json"
)


def render(
    command: str,
    verdicts: Sequence[Verdict],
    *,
    colours: bool = False,  # noqa: ARG001 - a program reads this
) -> str:
    """Render a SARIF log file (section 3.13 of the standard)."""
    import importlib.metadata

    everything = [
        (verdict.subject, finding, reason)
        for verdict in verdicts
        for finding, reason in findings.everything(verdict)
    ]
    rules = {
        finding.rule: finding.severity
        for finding in sorted(
            (finding for _, finding, _ in everything),
            key=lambda finding: finding.rule,
        )
    }
    index = {rule: number for number, rule in enumerate(rules)}
    waives = any(verdict.waived for verdict in verdicts)
    prints: Counter[str] = Counter()
    results = [
        {
            **_result(finding, prints),
            "ruleIndex": index[finding.rule],
            "properties": _properties(finding, subject),
            # All results have this, or none (section 3.27.23).
            **({"suppressions": _suppressions(reason)} if waives else {}),
        }
        for subject, finding, reason in everything
    ]
    driver = {
        "name": command,
        "version": importlib.metadata.version("openstack_requirements"),
        "informationUri": f"{registry.DOCS}cli/{command}.html",
        "rules": [_rule(rule, severity) for rule, severity in rules.items()],
    }
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return json_text(log)


def _rule(rule: str, severity: Severity) -> dict[str, Any]:
    """A rule, with its texts where they are known (section 3.49)."""
    link = registry.link(rule)
    descriptor: dict[str, Any] = {
        "id": printable(rule),
        "helpUri": link,
        "defaultConfiguration": {"level": severity},
    }
    texts = registry.texts().get(rule)
    if texts is not None:
        descriptor |= {
            "shortDescription": {"text": rule.replace("-", " ").capitalize()},
            "fullDescription": {"text": texts.why},
            "help": {"text": f"{texts.how}\n{link}"},
        }
    return descriptor


def _result(finding: Finding, prints: Counter[str]) -> dict[str, Any]:
    """A finding: what is wrong, and where (section 3.27)."""
    text = [printable(finding.message), *as_text.details(finding, None)]
    result: dict[str, Any] = {
        "ruleId": printable(finding.rule),
        "level": finding.severity,
        # "[...](...)" would be a link.
        "message": {"text": "\n".join(text).replace("](", "] (")},
        "partialFingerprints": {"entry/v1": _fingerprint(finding, prints)},
    }
    if finding.file is not None:
        place: dict[str, Any] = {
            "artifactLocation": {"uri": _uri(finding.file)}
        }
        if finding.line is not None:
            place["region"] = {"startLine": finding.line}
            if finding.column is not None:
                place["region"]["startColumn"] = finding.column
        result["locations"] = [{"physicalLocation": place}]
    return result


def _properties(finding: Finding, subject: str) -> Mapping[str, str]:
    properties = {"subject": subject, "package": finding.package}
    return {
        key: printable(value) for key, value in properties.items() if value
    }


def _suppressions(reason: str | None) -> list[dict[str, str]]:
    """The reason why a finding is waived, if it is (section 3.35)."""
    if reason is None:
        return []
    return [{"kind": "external", "justification": printable(reason)}]


def _fingerprint(finding: Finding, prints: Counter[str]) -> str:
    """Identify a finding, also after its line has moved.

    Messages name lines, so they do not count. Findings that are otherwise
    equal are numbered. A secret does not count either: the digest would let
    somebody guess it.
    """
    import hashlib

    parts = (
        finding.rule,
        _uri(finding.file or ""),
        canonical_name(finding.package or ""),
        masked((finding.text or "").strip()),
    )
    data = "\0".join(parts).encode("utf-8", "backslashreplace")
    value = hashlib.sha256(data).hexdigest()[:32]
    prints[value] += 1
    return f"{value}:{prints[value]}"


@lru_cache(maxsize=1024)
def _uri(path: str) -> str:
    """A path as a URI reference (RFC 3986), byte for byte."""
    from urllib.parse import quote

    path = masked(os.path.normpath(path))
    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # no name that a file can have
        data = path.encode("utf-8", "replace")
    return f"file://{quote(data)}" if path.startswith("/") else quote(data)
