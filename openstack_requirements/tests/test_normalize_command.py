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
"""normalize-requirements on several files."""

from __future__ import annotations

from pathlib import Path

from openstack_requirements.cmds import normalize_requirements
from openstack_requirements.tests import base


class TestNormalize(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.good = self.write("good.txt", "alpha>=1\n")
        self.odd = self.write("odd.txt", "beta  <2,>=1\n")

    def normalize(self, *argv: str) -> base.Outcome:
        return self.run_main(normalize_requirements.main, *argv)

    def test_several_files(self) -> None:
        self.assertEqual(
            (0, "alpha>=1\nbeta>=1,<2\n", ""),
            self.normalize(self.good, self.odd),
        )
        self.assertEqual(
            (0, "", f"{self.odd}: written, in normal form\n"),
            self.normalize("-s", self.good, self.odd),
        )
        self.assertEqual("beta>=1,<2\n", Path(self.odd).read_text())

    def test_check(self) -> None:
        self.assertEqual(
            (1, f"{self.odd}: not in normal form\n", ""),
            self.normalize("--check", self.good, self.odd),
        )
        self.assertEqual((0, "", ""), self.normalize("--check", self.good))
        self.assertEqual("beta  <2,>=1\n", Path(self.odd).read_text())
        self.assertEqual(2, self.normalize("--check", "-s", self.odd).status)

    def test_diff(self) -> None:
        done = self.normalize("--diff", self.good, self.odd)
        self.assertEqual(0, done.status, done.err)
        self.assertIn("\n-beta  <2,>=1\n+beta>=1,<2\n", done.out)
        self.assertNotIn("alpha", done.out)
        self.assertEqual("beta  <2,>=1\n", Path(self.odd).read_text())
        self.assertEqual(
            1, self.normalize("--diff", "--check", self.odd).status
        )

    def test_all_errors_are_told_and_nothing_is_written(self) -> None:
        bad = [self.write(f"bad{x}.txt", "alpha>\n") for x in (1, 2)]
        done = self.normalize("-s", self.odd, *bad)
        self.assertEqual((2, ""), done[:2])
        for path in bad:
            self.assertIn(f"{path}:1:", done.err)
        self.assertEqual("beta  <2,>=1\n", Path(self.odd).read_text())
