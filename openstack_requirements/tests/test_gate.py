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
"""Judging many projects: in order, and each is told of."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING
from unittest import mock

from openstack_requirements.checks import gate, loader, verdicts
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from openstack_requirements.checks.impact import Outcome


class TestJudgeAll(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("lists/global-requirements.txt", "a>=1\n")
        self.roots = []
        for number in range(5):
            text = "a>=1\n" if number % 2 else "b>=1\n"
            self.write(f"p{number}/requirements.txt", text)
            self.roots.append(str(self.folder / f"p{number}"))
        self.roots.insert(3, str(self.folder / "nowhere"))

    def judge(self, jobs: int) -> tuple[list[Outcome], list[str]]:
        """The outcomes, and the projects that were told of."""
        request = verdicts.CheckRequest(
            criteria=loader.criteria(str(self.folder / "lists")),
            branch="master",
            local=True,
            revision="",
            today=datetime.date(2026, 1, 1),
            names={},
        )
        told: list[str] = []
        outcomes = list(gate.judge_all(request, self.roots, jobs, told.append))
        return outcomes, told

    def test_in_order_by_one_process_or_several(self) -> None:
        for jobs in (1, 3):
            with mock.patch.object(gate, "WORTH_SHARING", 2):
                outcomes, told = self.judge(jobs)
            self.assertEqual(self.roots, [each.root for each in outcomes])
            self.assertEqual(self.roots, told)
            self.assertEqual(
                [1, 0, 1, None, 0, 1],
                [
                    each.verdict and len(each.verdict.findings)
                    for each in outcomes
                ],
            )
            self.assertIn("nowhere", str(outcomes[3].error))
            # All there is is judged, so nothing was there before.
            counts = {each.verdict.before for each in outcomes if each.verdict}
            self.assertEqual({0}, counts)

    def test_few_projects_or_one_job_need_no_process(self) -> None:
        for jobs, worth in ((1, 2), (3, len(self.roots) + 1)):
            with (
                mock.patch.object(gate, "WORTH_SHARING", worth),
                mock.patch("os.fork", side_effect=AssertionError),
            ):
                self.assertEqual(self.roots, self.judge(jobs)[1])
