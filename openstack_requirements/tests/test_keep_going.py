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
"""--keep-going: in how many rounds, and which logs it leaves."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from openstack_requirements.install.installation import Installation
from openstack_requirements.tests import base
from openstack_requirements.tests.test_generate import (
    VERSION,
    GenerateTestCase,
    pythons,
)

if TYPE_CHECKING:
    from openstack_requirements.install.installers import (
        Lockfile,
        LockingInstaller,
    )

BROKEN = [f"bad{number}" for number in range(5)]


class TestRounds(GenerateTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.index.wheel("good", "1.0")
        self.index.sdist("built", "1.0")
        for name in BROKEN:
            self.index.wheel(name, "1.0")
        self.old = self.write(
            "old.txt", "".join(f"{name}===1.0\n" for name in BROKEN)
        )
        self.list = self.requirements("good", "built", *BROKEN)

    def rounds(self, *argv: str) -> tuple[int, base.Outcome]:
        """How often a run resolves, and what comes of it."""
        resolved = []
        lock = Installation._lock

        def counted(self: Installation, locker: LockingInstaller) -> Lockfile:
            resolved.append(locker)
            return lock(self, locker)

        with mock.patch.object(Installation, "_lock", counted):
            done = self.generate(
                *("-p", sys.executable, "-r", self.list, "--sort", "name"),
                *("--previous", self.old, "--upgrade", "--keep-going", *argv),
            )
        self.assert_nothing_left()
        return len(resolved), done

    def assert_logs(self, err: str, count: int) -> None:
        """The logs that are left are those that are named."""
        logs = [name for name in self.leftovers() if name.endswith(".log")]
        named = re.findall(r"the whole output: (\S+\.log)", err)
        self.assertEqual(logs, sorted(map(os.path.basename, named)))
        self.assertEqual(count, len(logs), err)

    def test_builds_that_fail_late(self) -> None:
        for name in BROKEN:
            self.index.sdist(name, "2.0", fail=f"no {name}", late=True)
        rounds, done = self.rounds()
        self.assertEqual(2, rounds, done.err)
        self.assertEqual(0, done.err.count("traceback"))
        pins = [f"{name}===1.0" for name in BROKEN]
        self.assertEqual(
            [*pins, "built===1.0", "good===1.0"], done.out.splitlines()
        )
        self.assert_logs(done.err, len(BROKEN))

    def test_builds_that_fail_for_the_metadata(self) -> None:
        for name in BROKEN:
            self.index.sdist(name, "2.0", fail=f"no {name}")
        rounds, done = self.rounds()
        self.assertEqual(2, rounds, done.err)
        self.assert_logs(done.err, len(BROKEN))

    def test_builds_whose_earlier_pins_fail_too(self) -> None:
        for name in BROKEN:
            self.index.remove(f"{name}-1.0-py2.py3-none-any.whl")
            for version in ("1.0", "2.0"):
                self.index.sdist(name, version, fail="no", late=True)
        rounds, done = self.rounds()
        self.assertEqual(3, rounds, done.err)
        self.assertEqual(7, len(done.out.splitlines()))
        self.assert_logs(done.err, len(BROKEN))

    def test_what_can_be_built_is_built_once(self) -> None:
        self.index.lasting = True
        self.index.sdist(BROKEN[0], "2.0", fail="no", late=True)
        self.rounds()
        self.assertEqual(
            1, self.index.requests.count("/files/built-1.0.tar.gz")
        )

    def test_one_log_for_the_same_failure_of_several_pythons(self) -> None:
        versions = pythons()[:2]
        if len(versions) < 2:
            self.skipTest("one Python is at hand")
        self.index.sdist(BROKEN[0], "2.0", fail="no", late=True)
        _, done = self.rounds("-p", *[v for v in versions if v != VERSION][:1])
        self.assertEqual(1, done.err.count(BROKEN[0]), done.err)
        self.assert_logs(done.err, 1)

    def test_the_log_of_a_run_that_fails(self) -> None:
        self.index.sdist("built", "2.0", fail="no")
        done = self.generate("-p", sys.executable, "-r", self.list)
        self.assertEqual(3, done.status)
        self.assert_logs(done.err, 1)
        (log,) = (name for name in self.leftovers())
        self.assertIn("no", Path(self.temporary, log).read_text())
