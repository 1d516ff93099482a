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
"""Findings: their order, and how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks import findings
from openstack_requirements.checks.findings import (
    Amount,
    Counts,
    Finding,
    Problem,
    Severity,
    Waived,
)
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: In the order of a report: each differs from the one before in a field that
#: counts less than those that the two share.
IN_ORDER = [
    Finding("r", "error", "m", "", 0, 0, "", "", ""),
    Finding("r", "error", "m", None, None, None, None, None, None),
    Finding("s", "error", "m"),
    Finding("r", "error", "m", None, 1),
    Finding("z", "error", "m", "a"),
    Finding("a", "error", "m", "a", 1),
    Finding("r", "error", "m", "a", 9, 9, "z"),
    Finding("a", "error", "m", "b", 2, 9),
    Finding("a", "error", "m", "b", 10),
    Finding("b", "warning", "z", "b", 10, 1, "z"),
    Finding("b", "warning", "z", "b", 10, 2),
    Finding("b", "warning", "z", "b", 10, 2, "p"),
    Finding("b", "error", "a", "b", 10, 2, "q", "z"),
    Finding("b", "error", "b", "b", 10, 2, "q"),
    Finding("b", "error", "b", "b", 10, 2, "q", "e"),
    Finding("b", "error", "b", "b", 10, 2, "q", "f"),
    Finding("b", "warning", "b", "b", 10, 2, "q", "f"),
    Finding("b", "warning", "b", "b", 10, 2, "q", "f", "x"),
]


class Rule(NamedTuple):
    id: str
    severity: Severity
    find: Callable[[str], Iterator[Problem]]


class TestVerdict(base.TestCase):
    def test_order(self) -> None:
        for number in range(len(IN_ORDER)):
            turned = IN_ORDER[number:] + IN_ORDER[:number]
            found = findings.verdict("s", turned[::-1])
            self.assertEqual(IN_ORDER, list(found.findings))

    def test_none_is_there_twice(self) -> None:
        waived = [Waived(each, "w") for each in IN_ORDER]
        waived.insert(1, Waived(IN_ORDER[0], "x"))
        found = findings.verdict("s", IN_ORDER * 2, waived[::-1] * 2, 3)
        self.assertEqual(
            ("s", tuple(IN_ORDER), tuple(waived), 3, ()), tuple(found)
        )

    def test_everything(self) -> None:
        first, last = IN_ORDER[0], IN_ORDER[-1]
        found = findings.verdict("s", [last], [Waived(first, "w")])
        self.assertEqual(
            [(last, None), (first, "w")], list(findings.everything(found))
        )
        nothing = findings.Verdict("s")
        self.assertEqual(nothing, findings.verdict("s"))
        self.assertEqual(("s", (), (), 0, ()), tuple(nothing))
        self.assertEqual([], list(findings.everything(nothing)))


class TestCounts(base.TestCase):
    def test_of_several(self) -> None:
        errors = [each for each in IN_ORDER if each.severity == "error"]
        first = findings.verdict("s", IN_ORDER, before=5)
        second = findings.verdict("t", errors[:2], before=2)
        waived = [Waived(each, "w") for each in IN_ORDER[:3]]
        third = findings.verdict("u", (), waived)
        count = len(errors)
        self.assertEqual(
            Counts(count + 2, len(IN_ORDER) - count, 3, 7),
            findings.counts([first, second, third]),
        )
        self.assertEqual(Counts(0, 0, 0), findings.counts([]))
        self.assertEqual((0, 0, 0, 0), tuple(findings.counts([])))


class TestAmounts(base.TestCase):
    def test_of_several(self) -> None:
        entries = [Amount(2, "entry", "entries"), Amount(1, "file")]
        first = findings.verdict("s", judged=entries)
        second = findings.verdict("t", judged=entries[1:])
        self.assertEqual(
            [Amount(2, "entry", "entries"), Amount(2, "file")],
            findings.amounts([first, second]),
        )
        self.assertEqual([], findings.amounts([]))


class TestFoundBy(base.TestCase):
    def test_in_the_order_of_the_table(self) -> None:
        def find(subject: str) -> Iterator[Problem]:
            yield Problem(f"2 {subject}", "f", 2)
            yield Problem(f"1 {subject}", "f", 1)

        rules = [Rule("b", "warning", find), Rule("a", "error", find)]
        self.assertEqual(
            [
                Finding("b", "warning", "2 x", "f", 2),
                Finding("b", "warning", "1 x", "f", 1),
                Finding("a", "error", "2 x", "f", 2),
                Finding("a", "error", "1 x", "f", 1),
            ],
            findings.found_by(rules, "x"),
        )
