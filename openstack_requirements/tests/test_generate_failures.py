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
"""Every way to fail: one clear message, the right status, nothing left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import NamedTuple

from openstack_requirements.tests import base
from openstack_requirements.tests.loopback import Index
from openstack_requirements.tests.test_files import on_a_tiny_disk
from openstack_requirements.tests.test_generate import (
    VERSION,
    GenerateTestCase,
)

HEADER = "libvirt/libvirt.h"
OLD = "kept===1\n"


class Failure(NamedTuple):
    """What a failing run said."""

    status: int
    first: str
    err: str


class FailureTestCase(GenerateTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.output = self.write("uc.txt", OLD)

    def fails(
        self, requirements: str, *more: str, installer: str = "uv"
    ) -> Failure:
        """Run on a list; nothing may be written or left."""
        done = self.generate(
            *("-p", sys.executable, "-r", requirements, "-o", self.output),
            *("--installer", installer, *more),
        )
        self.assertEqual("", done.out)
        self.assertNotIn(
            "Traceback (most recent call last):\n  File", done.err[:80]
        )
        self.assert_untouched()
        return Failure(done.status, done.err.splitlines()[0], done.err)

    def assert_untouched(self) -> None:
        with open(self.output) as file:
            self.assertEqual(OLD, file.read())
        beside = [
            name
            for name in os.listdir(self.folder)
            if name.startswith(".") or name.endswith(".new")
        ]
        self.assertEqual([], beside)
        self.assert_nothing_left()


class TestTheList(FailureTestCase):
    """What is wrong with the list is status 2."""

    def test_a_distribution_that_does_not_exist(self) -> None:
        self.index.wheel("top", "1.0", requires=["middle"])
        self.index.wheel("middle", "1.0", requires=["nosuch"])
        for installer in ("uv", "pip"):
            found = self.fails(
                self.requirements("nosuch"), installer=installer
            )
            self.assertEqual(2, found.status)
            self.assertTrue(
                found.first.startswith(f"Python {VERSION}: nosuch: ")
            )
            self.assertRegex(
                found.err, r"needed by: /\S+/list.txt:1: nosuch\n"
            )
        found = self.fails(self.requirements("# why", "", "Top >= 1.0  # MIT"))
        self.assertEqual(2, found.status)
        # The entry is as it stands in the list.
        self.assertIn("/list.txt:3: Top >= 1.0  # MIT -> ", found.err)
        self.assertIn("-> middle", found.err)

    def test_a_specifier_that_nothing_satisfies(self) -> None:
        self.index.wheel("left", "1.0")
        for installer in ("uv", "pip"):
            found = self.fails(
                self.requirements("left>=999"), installer=installer
            )
            self.assertEqual(2, found.status)
            self.assertEqual(
                f"Python {VERSION}: left>=999: the package index has no such "
                "version",
                found.first,
            )

    def test_requirements_that_do_not_go_together(self) -> None:
        self.index.wheel("a", "1.0", requires=["shared<2"])
        self.index.wheel("b", "1.0", requires=["shared>=2"])
        self.index.wheel("shared", "1.0")
        self.index.wheel("shared", "2.0")
        found = self.fails(self.requirements("a", "b"))
        self.assertEqual(2, found.status)
        self.assertIn("shared: no version satisfies", found.first)
        self.assertIn("shared<2 by a", found.err)
        self.assertIn("shared>=2 by b", found.err)
        path = self.requirements("a", "Shared>=2  # MIT")
        found = self.fails(path)
        self.assertIn(f"shared>=2 by {path}:2: Shared>=2  # MIT", found.err)

    def test_a_specifier_that_is_none(self) -> None:
        path = self.requirements("good", "left>=latest", "right<>1")
        found = self.fails(path)
        self.assertEqual(2, found.status)
        self.assertTrue(found.first.startswith(f"{path}:2:5: "))
        self.assertIn(f"{path}:3:6: ", found.err)
        self.assertEqual([], self.index.requests)

    def test_a_file_that_cannot_be_read(self) -> None:
        for path in (
            str(self.folder / "missing"),
            str(self.folder),
            self.write("bytes", b"a\n\xff\n"),
        ):
            found = self.fails(path)
            self.assertEqual(2, found.status)
            self.assertTrue(found.first.startswith(path))
            self.assertEqual(1, len(found.err.splitlines()))
        good = self.requirements("a")
        for option in ("-b", "--previous"):
            found = self.fails(good, option, "/no/such")
            self.assertEqual(2, found.status)
            self.assertTrue(found.first.startswith("/no/such: "))
        self.assertEqual([], self.index.requests)

    def test_a_file_that_may_not_be_read(self) -> None:
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        path = self.requirements("a")
        os.chmod(path, 0)
        found = self.fails(path)
        self.assertEqual(2, found.status)
        self.assertIn("Permission denied", found.first)

    def test_where_nothing_can_be_written(self) -> None:
        self.index.wheel("a", "1.0")
        for option in ("-o", "--freeze-dir"):
            path = f"{self.output}/x"
            found = self.fails(self.requirements("a"), option, path)
            self.assertEqual(2, found.status)
            self.assertTrue(found.first.startswith(path), found.first)
        self.assertEqual([], self.index.requests)


class TestTheWorld(FailureTestCase):
    """What is wrong with the world is status 3."""

    def failing(
        self, culprit: str, *more: str, installer: str = "uv"
    ) -> Failure:
        found = self.fails(
            self.requirements("top"), *more, installer=installer
        )
        self.assertEqual(3, found.status, found.err)
        self.assertTrue(
            found.first.startswith(f"Python {VERSION}: {culprit}: "),
            found.err,
        )
        return found

    def test_a_build_that_fails(self) -> None:
        self.index.wheel("top", "1.0", requires=["middle"])
        self.index.wheel("middle", "1.0", requires=["native"])
        self.index.sdist("native", "1.0", native_missing=HEADER)
        found = self.failing("native==1.0")
        self.assertIn(f"({HEADER} is missing)", found.first)
        self.assertIn(
            "/list.txt:1: top -> top==1.0 -> middle==1.0 -> native==1.0",
            found.err,
        )
        # The build's own words, and what to do.
        self.assertIn(f"fatal error: {HEADER}: No such file", found.err)
        self.assertIn("bindep.txt lists what to install", found.err)
        (log,) = self.leftovers()
        self.assertIn(f"the whole output: {self.temporary / log}", found.err)
        with open(self.temporary / log) as file:
            self.assertIn(HEADER, file.read())

    def test_a_build_that_fails_with_pip(self) -> None:
        self.index.wheel("top", "1.0", requires=["native"])
        self.index.sdist("native", "1.0", native_missing=HEADER)
        found = self.failing("native==1.0", installer="pip")
        self.assertIn(f"({HEADER} is missing)", found.first)
        self.assertIn("/list.txt:1: top -> native", found.err)
        self.assertIn(f"fatal error: {HEADER}: No such file", found.err)

    def test_an_index_that_hangs(self) -> None:
        self.index.hang("top")
        found = self.failing("top", "--timeout", "1")
        self.assertIn("did not answer in time", found.first)

    def test_a_file_that_hangs(self) -> None:
        self.index.hang(self.index.wheel("top", "1.0"))
        found = self.failing("top==1.0", "--timeout", "1")
        self.assertIn("did not answer in time", found.first)

    def test_an_index_that_answers_500(self) -> None:
        self.index.error("top")
        self.assertIn("answered 500", self.failing("top").first)

    def test_an_index_that_refuses(self) -> None:
        self.index.error("top", 403)
        self.assertIn("refuses access (403", self.failing("top").first)

    def test_an_index_that_is_not_there(self) -> None:
        gone = Index()
        gone.setUp()
        url = gone.url
        gone.cleanUp()
        for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
            os.environ[name] = url
        found = self.failing("top")
        self.assertIn("cannot be reached", found.first)

    def test_a_truncated_wheel(self) -> None:
        self.index.truncate(
            self.index.wheel("top", "1.0", files={"top.txt": "x" * 4000})
        )
        self.assertIn("truncated", self.failing("top==1.0").first)

    def test_metadata_that_is_broken(self) -> None:
        self.index.wheel(
            "top",
            "1.0",
            files={"top-1.0.dist-info/METADATA": "Name: top\n"},
        )
        self.assertIn("metadata is invalid", self.failing("top==1.0").first)

    def test_an_environment_whose_metadata_is_doubled(self) -> None:
        self.index.wheel("other", "2.0")
        self.index.wheel(
            "top",
            "1.0",
            requires=["other"],
            files={
                "Other-1.0.egg-info/PKG-INFO": "Metadata-Version: 2.1\n"
                "Name: Other\nVersion: 1.0\n"
            },
        )
        found = self.fails(self.requirements("top"))
        self.assertEqual(3, found.status)
        self.assertIn("is installed twice", found.first)
        self.assertIn("other-2.0.dist-info", found.first)
        self.assertIn("Other-1.0.egg-info", found.first)


class TestFullDisk(FailureTestCase):
    def run_there(
        self, prepare: str, code: str
    ) -> subprocess.CompletedProcess[str]:
        path = self.requirements("large")
        self.index.wheel(
            "large", "1.0", files={"large.txt": os.urandom(400_000).hex()}
        )
        script = (
            "import os, sys\n"
            "disk = sys.argv[-1]\n"
            f"{code}\n"
            "from openstack_requirements.cmds import generate_constraints\n"
            "status = generate_constraints.main(argv)\n"
            "print(status, sorted(os.listdir(disk)))\n"
        )
        argv = ["-q", "-p", sys.executable, "-r", path]
        return on_a_tiny_disk(
            self,
            [sys.executable, "-c", f"argv = {argv!r}\n{script}"],
            prepare,
            size="400k",
        )

    def test_where_the_environments_are(self) -> None:
        done = self.run_there(
            ":", "os.environ['TMPDIR'] = disk\nargv += ['-o', '/dev/null']"
        )
        # Once the environment is gone there is room for the log.
        log = done.stderr.rpartition("/")[2].strip()
        self.assertEqual(f"3 ['{log}']\n", done.stdout, done.stderr)
        self.assertIn("large==1.0: the disk is full", done.stderr)

    def test_where_the_result_goes(self) -> None:
        fill = "echo old > {0}/uc.txt; dd if=/dev/zero of={0}/fill bs=4k"
        done = self.run_there(
            f"({fill} 2>/dev/null || true)", "argv += ['-o', disk + '/uc.txt']"
        )
        self.assertEqual("3 ['fill', 'uc.txt']\n", done.stdout, done.stderr)
        self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)
        self.assertIn("/uc.txt: cannot be written (No space", done.stderr)


class TestInterrupt(FailureTestCase):
    def interrupt(self, number: int, *more: str) -> tuple[int, str]:
        """Send a signal while a distribution is being built."""
        self.index.wheel("top", "1.0", requires=["slow"])
        self.index.sdist("slow", "1.0", sleep=120)
        pidfile = str(self.folder / "pid")
        child = subprocess.Popen(
            base.script(
                "generate-constraints",
                *("-p", sys.executable, "-r", self.requirements("top")),
                *("-o", self.output, *more),
            ),
            env={**os.environ, "LOOPBACK_PIDFILE": pidfile},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        end = time.monotonic() + 60
        while not os.path.exists(pidfile) and time.monotonic() < end:
            time.sleep(0.02)
        self.assertGreaterEqual(len(self.processes()), 3)
        child.send_signal(number)
        out, err = child.communicate(timeout=30)
        self.assertEqual("", out)
        self.assert_untouched()
        return child.returncode, err

    def test_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            status, err = self.interrupt(number)
            self.assertEqual(128 + number, status, err)
            self.assertEqual(
                "interrupted; nothing was written", err.splitlines()[-1]
            )
            os.unlink(self.folder / "pid")
            self.assertEqual([], self.leftovers())

    def test_while_resolving(self) -> None:
        status, _ = self.interrupt(signal.SIGINT, "--no-install")
        self.assertEqual(128 + signal.SIGINT, status)

    def test_with_pip(self) -> None:
        status, _ = self.interrupt(signal.SIGINT, "--installer", "pip")
        self.assertEqual(128 + signal.SIGINT, status)

    def test_at_the_terminal(self) -> None:
        """Ctrl-C reaches the whole group that runs in the foreground."""
        script = shutil.which("script")
        if script is None:
            self.skipTest("there is no terminal to be had here")
        self.index.sdist("slow", "1.0", sleep=120)
        pidfile = str(self.folder / "pid")
        words = base.script(
            "generate-constraints",
            *("-p", sys.executable, "-r", self.requirements("slow")),
            *("-o", self.output),
        )
        runner = self.write(
            "run.py", f"import os; os.execv({words[0]!r}, {words!r})"
        )
        status = self.folder / "status"
        child = subprocess.Popen(
            [
                *(script, "-q", "-c"),
                f"{sys.executable} {runner}; echo $? > {status}",
                os.devnull,
            ],
            env={**os.environ, "LOOPBACK_PIDFILE": pidfile},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        end = time.monotonic() + 60
        while not os.path.exists(pidfile) and time.monotonic() < end:
            time.sleep(0.02)
        assert child.stdin is not None
        child.stdin.write(b"\x03")
        child.stdin.flush()
        out, _ = child.communicate(timeout=30)
        self.assertIn(b"interrupted", out)
        # The table of a terminal names the interpreter.
        self.assertIn(f"Python {VERSION}".encode(), out)
        self.assert_untouched()
