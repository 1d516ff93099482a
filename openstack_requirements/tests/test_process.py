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
"""Children, and their children, are ended."""

from __future__ import annotations

import inspect
import os
import signal
import sys
import threading
import time
from functools import partial

import fixtures
import testtools

from openstack_requirements.errors import (
    CommandFailed,
    CommandTimedOut,
    OutsideError,
)
from openstack_requirements.system import pipes, process, temporary
from openstack_requirements.system.process import Processes
from openstack_requirements.tests import base

#: Starts a child that outlives it, both of which ignore SIGTERM.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if not os.fork():
    time.sleep(60)
with open(sys.argv[1], "w") as file:
    file.write("%d\\n" % os.getpid())
if sys.argv[2] == "wait":
    time.sleep(60)
"""


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


class TestProcesses(base.TestCase):
    def python(self, code: str, *argv: str) -> list[str]:
        return [sys.executable, "-c", code, *argv]

    def wait_for(self, path: str) -> int:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if os.path.exists(path):
                with open(path) as file:
                    text = file.read()
                if text.endswith("\n"):
                    return int(text)
            time.sleep(0.01)
        raise AssertionError("the child did not start")

    def assert_ends(self, group: int) -> None:
        end = time.monotonic() + 10
        while alive(group) and time.monotonic() < end:
            time.sleep(0.01)
        self.assertFalse(alive(group))

    def test_output_of_both_streams_in_order(self) -> None:
        code = (
            "import sys\nfor n in range(3):\n print(n, flush=True)\n"
            " print(-n, file=sys.stderr, flush=True)"
        )
        seen: list[str] = []
        text = Processes().run(
            self.python(code), folder=os.curdir, on_line=seen.append
        )
        self.assertEqual("0\n0\n1\n-1\n2\n-2\n", text)
        self.assertEqual(text, "".join(seen))

    def test_failure(self) -> None:
        error = self.assertRaises(
            CommandFailed,
            partial(Processes().run, folder=os.curdir),
            self.python("import sys; sys.exit('bad \\x1b[31mluck')"),
        )
        self.assertEqual(
            (1, "bad \x1b[31mluck\n"), (error.exit_status, error.output)
        )
        self.assertEqual(3, error.status)
        self.assertIn(r"bad \x1b[31mluck", str(error))

    def test_cannot_be_started(self) -> None:
        run = partial(Processes().run, folder=os.curdir)
        self.assertRaises(OutsideError, run, ["/nonexistent"])

    def test_output_that_is_no_text(self) -> None:
        code = "import os; os.write(1, b'\\xff\\n')"
        self.assertEqual(
            "\ufffd\n", Processes().run(self.python(code), folder=os.curdir)
        )

    def test_misleading_variables_are_left_out(self) -> None:
        code = "import os; print('PYTHONHOME' in os.environ, os.environ['X'])"
        os.environ["PYTHONHOME"] = "/nonexistent"
        self.addCleanup(os.environ.pop, "PYTHONHOME")
        text = Processes().run(
            self.python(code), folder=os.curdir, environment={"X": "y"}
        )
        self.assertEqual("False y\n", text)

    def test_bytes_in_and_out(self) -> None:
        code = (
            "import sys\nsys.stderr.write('noise')\n"
            "sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])"
        )
        given = bytes(range(256)) * 4096  # more than any pipe holds
        self.assertEqual(
            given[::-1],
            Processes().read(self.python(code), folder=os.curdir, given=given),
        )

    def test_what_is_given_need_not_be_read(self) -> None:
        given = b"x" * 1_000_000
        self.assertEqual(
            b"",
            Processes().read(self.python(""), folder=os.curdir, given=given),
        )

    def test_failure_of_reading_has_what_went_to_stderr(self) -> None:
        error = self.assertRaises(
            CommandFailed,
            partial(Processes().read, folder=os.curdir),
            self.python("import sys; print('out'); sys.exit('bad luck')"),
        )
        self.assertEqual("bad luck\n", error.output)

    def test_variables_that_are_taken_away(self) -> None:
        code = "import os; print('X' in os.environ, os.environ['Y'])"
        os.environ["X"] = "x"
        self.addCleanup(os.environ.pop, "X")
        self.assertEqual(
            b"False y\n",
            Processes().read(
                self.python(code),
                folder=os.curdir,
                environment={"X": None, "Y": "y"},
            ),
        )

    def test_no_variables_of_ours(self) -> None:
        code = "import os; print('X' in os.environ, os.environ['Y'])"
        os.environ["X"] = "x"
        self.addCleanup(os.environ.pop, "X")
        self.assertEqual(
            b"False y\n",
            Processes().read(
                self.python(code),
                folder=os.curdir,
                environment={"Y": "y"},
                inherit=False,
            ),
        )

    def test_a_deadline(self) -> None:
        """What does not end is ended, with all that it started."""
        pidfile = str(self.folder / "pid")
        for run, command, seconds in (
            (Processes().run, self.python(STUBBORN, pidfile, "wait"), 5),
            (Processes().read, self.python("import time; time.sleep(60)"), 1),
        ):
            error = self.assertRaises(
                CommandTimedOut,
                partial(run, folder=os.curdir, deadline=seconds),
                command,
            )
            self.assertIn(sys.executable, str(error))
            self.assertIn(f"did not end within {seconds} seconds", str(error))
            self.assertEqual(1, len(str(error).splitlines()))
            self.assertEqual(3, error.status)
        self.assert_ends(self.wait_for(pidfile))

    def test_a_deadline_that_is_met(self) -> None:
        before = threading.active_count()
        for run in (Processes().run, Processes().read):
            run(self.python(""), folder=os.curdir, deadline=1000)
        self.assertEqual(before, threading.active_count())

    def test_every_child_has_a_deadline(self) -> None:
        for run in (Processes.run, Processes.read):
            default = inspect.signature(run).parameters["deadline"].default
            self.assertGreater(default, 0)
            self.assertLessEqual(default, process.WORK_DEADLINE)
        # Nothing else starts one.
        path = base.ROOT / "openstack_requirements/system/process.py"
        text = path.read_text(encoding="utf-8")
        self.assertEqual(1, text.count("subprocess.Popen("))

    def test_an_answer_without_end_is_stopped(self) -> None:
        code = "import os\nwhile True: os.write(1, b'x' * 65536)"
        error = self.assertRaises(
            OutsideError,
            partial(Processes().read, folder=os.curdir, most=1_000_000),
            self.python(code),
        )
        self.assertIn("prints more than 1000000 bytes", str(error))

    def test_an_answer_that_just_fits(self) -> None:
        code = "print('x' * 999_999)"
        for most, fits in ((1_000_000, True), (999_999, False)):
            try:
                Processes().read(
                    self.python(code), folder=os.curdir, most=most
                )
            except OutsideError:
                self.assertFalse(fits)
            else:
                self.assertTrue(fits)

    def test_of_complaints_the_start_is_kept(self) -> None:
        code = (
            "import sys\nsys.stderr.write('y' + 'x' * 10_000_000)\nsys.exit(1)"
        )
        error = self.assertRaises(
            CommandFailed,
            partial(Processes().read, folder=os.curdir),
            self.python(code),
        )
        self.assertEqual(
            ("y", process.KEPT_COMPLAINTS),
            (error.output[0], len(error.output)),
        )

    def test_of_output_the_end_is_kept(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(f"{pipes.__name__}.KEPT_CHARACTERS", 1000)
        )
        self.useFixture(
            fixtures.MonkeyPatch(f"{pipes.__name__}.LONGEST_LINE", 100)
        )
        lines = "for n in range(1000): print(n)"
        text = Processes().run(self.python(lines), folder=os.curdir)
        self.assertLessEqual(len(text), 1000)
        self.assertEqual("999", text.split()[-1])
        # Also where nobody ends a line.
        text = Processes().run(
            self.python("print('x' * 10_000_000, 'end')"), folder=os.curdir
        )
        self.assertLessEqual(len(text), 1000)
        self.assertEqual("end", text.split()[-1])

    def test_what_a_child_leaves_behind_is_ended(self) -> None:
        pidfile = str(self.folder / "pid")
        start = time.monotonic()
        Processes().run(self.python(STUBBORN, pidfile, "go"), folder=os.curdir)
        self.assertLess(time.monotonic() - start, 30)
        self.assert_ends(self.wait_for(pidfile))

    def test_stop_ends_all_that_run_and_starts_nothing_more(self) -> None:
        processes = Processes()
        pidfile = str(self.folder / "pid")
        failures: list[BaseException] = []

        def run() -> None:
            try:
                processes.run(
                    self.python(STUBBORN, pidfile, "wait"), folder=os.curdir
                )
            except CommandFailed as error:
                failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        group = self.wait_for(pidfile)
        self.assertTrue(alive(group))
        processes.stop()
        thread.join(20)
        self.assertFalse(thread.is_alive())
        self.assert_ends(group)
        (error,) = failures
        assert isinstance(error, CommandFailed)
        self.assertEqual(-signal.SIGKILL, error.exit_status)
        again = partial(processes.run, folder=os.curdir)
        self.assertRaises(CommandFailed, again, self.python(""))


class TestWorkFolder(base.TestCase):
    def test_it_goes_whatever_happens(self) -> None:
        before = os.listdir(self.temporary)
        with (
            testtools.ExpectedException(KeyError),
            temporary.work_folder("job") as folder,
        ):
            self.assertEqual(str(self.temporary), os.path.dirname(folder))
            with open(os.path.join(folder, "file"), "w"):
                raise KeyError
        self.assertEqual(before, os.listdir(self.temporary))

    def test_not_in_the_current_folder(self) -> None:
        # That is where it would be if no other place could be written to.
        here = os.path.realpath(self.folder)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(here)
        self.useFixture(fixtures.MonkeyPatch("tempfile.tempdir", here))
        for name in ("TMPDIR", "TEMP", "TMP"):
            self.useFixture(fixtures.EnvironmentVariable(name))
        with (
            testtools.ExpectedException(OutsideError, ".* with TMPDIR"),
            temporary.work_folder("job"),
        ):
            self.fail("it is here")
        # Who names it means it.
        self.useFixture(fixtures.EnvironmentVariable("TMPDIR", here))
        with temporary.work_folder("job") as folder:
            self.assertEqual(here, os.path.dirname(folder))

    def test_no_place(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch("tempfile.tempdir", "/no/such/folder")
        )
        with (
            testtools.ExpectedException(OutsideError, "no temporary folder"),
            temporary.work_folder("job"),
        ):
            self.fail("there is none")
