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
"""Findings, and each format that shows them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements import findings
from openstack_requirements.findings import Finding, Waived, verdict
from openstack_requirements.report import FORMATS
from openstack_requirements.tests import base

ERROR = Finding("one-rule", "error", "is wrong", "b.txt", 2, 5, "Foo", "do x")
WARNING = Finding("two-rule", "warning", "is odd", "b.txt", 1)
NOWHERE = Finding("one-rule", "error", "is wrong everywhere")
HOSTILE = Finding(
    "r", "error", "a\x1b[31m\nb\u202e", "\udcffx\n.txt", 1, 1, "\x07", "\r\x9b"
)
WAIVED = Waived(NOWHERE, "expected: x.txt:3 lists it")

texts = st.text(max_size=5)
found = st.builds(
    Finding,
    texts,
    st.sampled_from(["error", "warning"]),
    texts,
    st.none() | texts,
    st.none() | st.integers(1, 3),
    st.none() | st.integers(1, 3),
    st.none() | texts,
    st.none() | texts,
)


class TestVerdict(base.TestCase):
    def test_order(self) -> None:
        later = ERROR._replace(line=10)
        made = verdict("x", [later, ERROR, WARNING, NOWHERE, ERROR])
        self.assertEqual((NOWHERE, WARNING, ERROR, later), made.findings)

    @given(st.lists(found, max_size=6))
    def test_order_is_that_of_the_findings(self, some: list[Finding]) -> None:
        self.assertEqual(verdict("x", some), verdict("x", reversed(some)))

    def test_counts(self) -> None:
        two = [verdict("x", [ERROR, WARNING]), verdict("y", [], [WAIVED])]
        self.assertEqual((1, 1, 1, 0), findings.counts(two))


class TestText(base.TestCase):
    def text(self, *some: findings.Verdict) -> list[str]:
        return FORMATS["text"]("command", some).splitlines()

    def test_whole(self) -> None:
        self.assertEqual(
            [
                "b.txt:1: warning: is odd [two-rule]",
                "b.txt:2: is wrong [one-rule]",
                "    do x",
                "waived: is wrong everywhere [one-rule]",
                "    expected: x.txt:3 lists it",
                "lists: 1 error, 1 warning, 1 waived",
            ],
            self.text(verdict("lists", [ERROR, WARNING], [WAIVED])),
        )

    def test_nothing_and_several(self) -> None:
        self.assertEqual(["x: nothing found"], self.text(verdict("x")))
        other = ERROR._replace(line=3)
        self.assertEqual(
            "x, y: 2 errors",
            self.text(verdict("x", [ERROR]), verdict("y", [other]))[-1],
        )

    def test_nothing_drives_the_terminal(self) -> None:
        lines = self.text(verdict("s\x1b", [HOSTILE], [WAIVED]))
        self.assertEqual(5, len(lines))
        for line in lines:
            self.assertTrue(line.isprintable(), line)
        self.assertIn(r"\x1b[31m\nb\u202e [r]", lines[0])


class TestJson(base.TestCase):
    def test_whole(self) -> None:
        made = json.loads(
            FORMATS["json"](
                "command", [verdict("x", [ERROR], [WAIVED]), verdict("y")]
            )
        )
        self.assertEqual(
            {
                "command": "command",
                "counts": {
                    "before": 0,
                    "errors": 1,
                    "warnings": 0,
                    "waived": 1,
                },
                "findings": [
                    {
                        "rule": "one-rule",
                        "severity": "error",
                        "message": "is wrong",
                        "file": "b.txt",
                        "line": 2,
                        "column": 5,
                        "package": "Foo",
                        "fix": "do x",
                    }
                ],
                "waived": [
                    {
                        **NOWHERE._asdict(),
                        "reason": "expected: x.txt:3 lists it",
                    }
                ],
            },
            made,
        )

    def test_plain_ascii(self) -> None:
        text = FORMATS["json"]("command", [verdict("x", [HOSTILE])])
        self.assertTrue(text.isascii())
        self.assertTrue(text.replace("\n", "").isprintable())
        self.assertEqual(HOSTILE.file, json.loads(text)["findings"][0]["file"])
