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
"""Warnings are errors, wherever they come up."""

from __future__ import annotations

import subprocess
import sys
import unittest
import warnings

from openstack_requirements.tests import base


class TestWarnings(base.TestCase):
    def outcome(self, body: str) -> unittest.TestResult:
        """What becomes of a test that does this."""

        class Probe(base.TestCase):
            def test_probe(self) -> None:
                exec(body, {"warnings": warnings})

        result = unittest.TestResult()
        with warnings.catch_warnings():
            # As runners have it, whatever ours says.
            warnings.simplefilter("ignore")
            unittest.TestSuite([Probe("test_probe")]).run(result)
        return result

    def test_a_warning_fails_the_test(self) -> None:
        for body in (
            "warnings.warn('x', DeprecationWarning)",
            "warnings.warn('x', PendingDeprecationWarning)",
        ):
            result = self.outcome(body)
            found = [*result.errors, *result.failures]
            self.assertEqual(1, len(found), body)
            self.assertIn("Warning", found[0][1])

    def test_a_file_that_nobody_closes(self) -> None:
        result = self.outcome("open('/dev/null')")
        found = [*result.errors, *result.failures]
        self.assertEqual(1, len(found))
        self.assertIn("unclosed file", found[0][1])

    def test_nothing_else_fails(self) -> None:
        result = self.outcome("open('/dev/null').close()")
        self.assertEqual((1, True), (result.testsRun, result.wasSuccessful()))

    def test_filters_are_as_they_were(self) -> None:
        before = list(warnings.filters)
        self.outcome("pass")
        self.assertEqual(before, list(warnings.filters))

    def test_commands_as_processes(self) -> None:
        """Those that tests start as users do."""
        command = base.script("check-requirements", "-h")
        self.assertEqual([sys.executable, "-W", "error"], command[:3])
        done = subprocess.run(
            [*command[:3], "-c", "import warnings; warnings.warn('x')"],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        self.assertEqual(1, done.returncode)
        self.assertIn("UserWarning", done.stderr)
