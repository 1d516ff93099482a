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
"""What a change of the lists does to a project."""

from __future__ import annotations

from openstack_requirements.checks import impact
from openstack_requirements.checks.findings import Finding, Verdict
from openstack_requirements.checks.impact import Outcome, ProjectImpact
from openstack_requirements.checks.list_lines import ListLine
from openstack_requirements.checks.subjects import Against
from openstack_requirements.errors import OutsideError
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)
from openstack_requirements.repository.policy import CURRENT
from openstack_requirements.tests import base

ERROR = Finding("r", "error", "m", "f", 1, 2, "p", "fix", "t")
WARNING = ERROR._replace(severity="warning")
#: What is found in the same place by the same rule, and what is not.
SAME = [
    ERROR._replace(message="x"),
    ERROR._replace(fix=None),
    ERROR._replace(text="x"),
]
DIFFERENT = [
    ERROR._replace(rule="x"),
    ERROR._replace(severity="warning"),
    ERROR._replace(file=None),
    ERROR._replace(line=2),
    ERROR._replace(column=3),
    ERROR._replace(package="x"),
]


def outcome(*findings: Finding) -> Outcome:
    return Outcome("p", Verdict("s", findings))


class TestCompare(base.TestCase):
    def compare(
        self, old: list[Finding], new: list[Finding]
    ) -> tuple[list[Finding], list[Finding]]:
        found = impact.compare(outcome(*old), outcome(*new))
        return list(found.broken), list(found.fixed)

    def test_nothing_changes(self) -> None:
        self.assertEqual(([], []), self.compare([], []))
        self.assertEqual(([], []), self.compare([ERROR], [ERROR]))

    def test_words_do_not_count(self) -> None:
        for finding in SAME:
            self.assertEqual(([], []), self.compare([ERROR], [finding]))
        for finding in DIFFERENT:
            self.assertEqual(
                ([finding], [ERROR]), self.compare([ERROR], [finding])
            )

    def test_repeated_findings_are_counted(self) -> None:
        self.assertEqual(([ERROR] * 2, []), self.compare([ERROR], [ERROR] * 3))
        self.assertEqual(([], [ERROR] * 2), self.compare([ERROR] * 3, [ERROR]))
        self.assertEqual(
            ([WARNING], [ERROR]), self.compare([ERROR], [WARNING])
        )

    def test_whether_it_passes(self) -> None:
        for old in ((), (ERROR,), (WARNING,), (WARNING, ERROR)):
            for new in ((), (ERROR,), (WARNING,)):
                found = impact.compare(outcome(*old), outcome(*new))
                self.assertEqual(
                    (ERROR not in old, ERROR not in new),
                    (found.passed, found.passes),
                )

    def test_without_a_verdict(self) -> None:
        error, second = OutsideError("x"), OutsideError("y")
        failed = Outcome("p", None, error)
        for old, new in (
            (failed, outcome(ERROR)),
            (outcome(ERROR), failed),
            (failed, Outcome("p", None, second)),
        ):
            found = impact.compare(old, new)
            self.assertEqual(ProjectImpact("p", error=error), found)
            # Nothing broke, as far as anybody knows.
            self.assertEqual((True, True), (found.passed, found.passes))


class TestChangedLines(base.TestCase):
    def lists(
        self,
        file: str,
        content: str,
        never: str = "",
        backports: str = "",
    ) -> Against:
        listed: dict[CanonicalName, list[ListLine]] = {}
        for number, text, requirement in read_entries(content):
            if requirement is not None and requirement.package:
                name = canonical_name(requirement.package)
                line = ListLine(requirement, file, number, text)
                listed.setdefault(name, []).append(line)
        return Against(
            CURRENT,
            file,
            listed,
            never=set(map(canonical_name, never.split())),
            backports=set(map(canonical_name, backports.split())),
            pins={},
        )

    def test_lines(self) -> None:
        old = self.lists(
            "old.txt", "a>=1\nb>=1;os_name=='x'\nb\nC\nsame # c\n"
        )
        new = self.lists("new.txt", "same # c\nb>=2;os_name=='x'\nb\nd\nc\n")
        self.assertEqual(
            {
                "a": ["- old.txt:1: a>=1"],
                "b": [
                    "- old.txt:2: b>=1;os_name=='x'",
                    "+ new.txt:2: b>=2;os_name=='x'",
                ],
                "c": ["- old.txt:4: C", "+ new.txt:5: c"],
                "d": ["+ new.txt:4: d"],
            },
            impact.changed_lines(old, new),
        )
        self.assertEqual({}, impact.changed_lines(old, old))

    def test_other_lists(self) -> None:
        old = self.lists("o.txt", "a\n", "a b c", "e")
        new = self.lists("n.txt", "", "c d", "a")
        self.assertEqual(
            {
                "a": [
                    "- o.txt:1: a",
                    "- the never-constrain list: a",
                    "+ backports.txt: a",
                ],
                "b": ["- the never-constrain list: b"],
                "d": ["+ the never-constrain list: d"],
                "e": ["- backports.txt: e"],
            },
            impact.changed_lines(old, new),
        )
