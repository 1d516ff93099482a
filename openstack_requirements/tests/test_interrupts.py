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
"""A request to stop gets through, at whatever moment it comes."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import fixtures

from openstack_requirements.errors import Interrupted
from openstack_requirements.system import files, signals
from openstack_requirements.system.process import Processes
from openstack_requirements.tests import base, forks
from openstack_requirements.tests.test_locks import CHANGING, NEW, OLD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: What a child imports first. The interrupt comes with the import of one
#: module, in turn; the names of all are written down where it comes nowhere.
#: With "drop" it comes within a callback, whose exception Python drops.
PLANT = """\
import atexit, os, signal, sys, time

class Callback:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)

class Plant:
    names = []

    def find_spec(self, name, path=None, target=None):
        if "openstack_requirements.cmds._entry" not in sys.modules:
            return
        Plant.names.append(name)
        if len(Plant.names) == int(os.environ["PLANT_AT"]):
            if os.environ["PLANT_HOW"] == "drop":
                Callback()
                for _ in range(200):
                    time.sleep(0.1)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Plant())
if os.environ["PLANT_AT"] == "0":
    atexit.register(lambda: sys.stderr.write(" ".join(Plant.names)))
"""


def send(number: int) -> None:
    """Get a signal, here and now."""
    os.kill(os.getpid(), number)


def send_twice(process: int) -> None:
    """Ask a process to stop, at once and when it has lost patience."""
    for seconds in (0.1, 0.8):
        time.sleep(seconds)
        os.kill(process, signal.SIGTERM)


class TestImports(base.TestCase):
    """A command that is interrupted while it imports something."""

    def setUp(self) -> None:
        super().setUp()
        self.write("plant/sitecustomize.py", PLANT)
        self.pins = self.write("pins.txt", "a===1\n")
        self.write("lists/global-requirements.txt", "a>=1\n")
        self.write("p/requirements.txt", "a>=1\n")

    def start(
        self, command: list[str], at: int, how: str = "raise"
    ) -> base.Outcome:
        return self.run_process(
            *command,
            environment={
                "PYTHONPATH": os.pathsep.join(
                    [str(self.folder / "plant"), *filter(None, sys.path)]
                ),
                "PLANT_AT": str(at),
                "PLANT_HOW": how,
            },
        )

    def imported(self, command: list[str]) -> list[str]:
        """The modules that a command imports."""
        done = self.start(command, 0)
        self.assertEqual(0, done.status, done.err)
        return done.err.split()

    def assert_interrupted(self, runs: list[tuple[list[str], int]]) -> None:
        with ThreadPoolExecutor(2) as pool:
            outcomes = pool.map(lambda run: self.start(*run), runs)
            for run, done in zip(runs, outcomes, strict=True):
                self.assertEqual((130, ""), (done.status, done.out), str(run))
                self.assertIn(
                    done.err,
                    {"interrupted\n", "interrupted; nothing was written\n"},
                    str(run),
                )

    def test_every_import(self) -> None:
        for command, least in (
            (["edit-constraints", self.pins, "b"], 5),
            (["edit-constraints", self.pins, "--pin", "a==1", "--force"], 12),
            (
                [
                    *("check-requirements", "--local", "--reqs"),
                    *(str(self.folder / "lists"), str(self.folder / "p")),
                ],
                30,
            ),
        ):
            count = len(self.imported(command))
            self.assertGreater(count, least)
            self.assert_interrupted(
                [(command, number) for number in range(1, count + 1)]
            )

    def test_some_imports_of_every_command(self) -> None:
        from openstack_requirements.tests.test_repository import scripts

        runs = []
        for name in scripts():
            command = [name, "--help"]
            count = len(self.imported(command))
            runs += [(command, each) for each in {1, 4, count // 2, count}]
        self.assert_interrupted(runs)

    def test_one_that_python_drops(self) -> None:
        for command in (
            ["edit-constraints", self.pins, "b"],
            ["check-requirements", "--help"],
        ):
            module = f"openstack_requirements.cmds.{command[0]}"
            own = self.imported(command).index(module.replace("-", "_"))
            for at in (own + 1, own + 2):
                done = self.start(command, at, "drop")
                self.assertEqual((130, "interrupted\n"), done[::2])


class TestWatched(base.TestCase):
    """In children, which get the signals."""

    def in_child(self, do: Callable[[], object]) -> None:
        """Do something; it fails where that fails."""

        def run() -> int:
            for number in STOPPING:
                signal.signal(number, signal.SIG_DFL)
            do()
            return 55

        self.assertEqual(55, forks.wait(forks.start(run)))

    def test_each_signal_and_its_status(self) -> None:
        def do() -> None:
            for number in STOPPING:
                before = signal.getsignal(number)
                with self.expected(number), signals.Watched():
                    send(number)
                self.assertEqual(before, signal.getsignal(number))
            self.assertEqual(signal.SIG_DFL, signal.getsignal(signal.SIGALRM))
            self.assertEqual((0.0, 0.0), signal.getitimer(signal.ITIMER_REAL))

        self.in_child(do)

    @contextlib.contextmanager
    def expected(self, number: int) -> Iterator[None]:
        try:
            yield
        except Interrupted as error:
            self.assertEqual(number, error.signal_number)
        else:
            self.fail("it was not interrupted")

    def test_one_that_is_swallowed_comes_again(self) -> None:
        def do() -> None:
            swallowed = 0
            with self.expected(signal.SIGTERM), signals.Watched():
                with contextlib.suppress(BaseException):
                    send(signal.SIGTERM)
                for _ in range(3):
                    try:
                        time.sleep(20)
                    except BaseException:  # noqa: BLE001 - as libraries do
                        swallowed += 1
                time.sleep(20)
            self.assertEqual(3, swallowed)

        self.in_child(do)

    def test_one_that_python_drops_comes_again_and_is_not_shown(self) -> None:
        class Callback:
            def __del__(self) -> None:
                send(signal.SIGINT)
                time.sleep(0)

        def do() -> None:
            err = io.StringIO()
            with (
                contextlib.redirect_stderr(err),
                self.expected(signal.SIGINT),
                signals.Watched(),
            ):
                Callback()
                time.sleep(20)
            self.assertEqual("", err.getvalue())

        self.in_child(do)

    def test_other_exceptions_that_python_drops_are_shown(self) -> None:
        class Callback:
            def __del__(self) -> None:
                raise ValueError("unlucky")

        def do() -> None:
            err = io.StringIO()
            with (
                contextlib.redirect_stderr(err),
                contextlib.suppress(Interrupted),
                signals.Watched(),
            ):
                try:
                    send(signal.SIGINT)
                finally:
                    Callback()
            self.assertIn("unlucky", err.getvalue())

        self.in_child(do)

    def test_one_that_is_lost_to_the_end(self) -> None:
        def do() -> None:
            with (
                self.expected(signal.SIGHUP),
                signals.Watched(),
                contextlib.suppress(BaseException),
            ):
                send(signal.SIGHUP)

        self.in_child(do)

    def test_nothing_disturbs_the_cleaning_up(self) -> None:
        def clean_up(done: list[str]) -> None:
            for number in STOPPING:
                send(number)
            time.sleep(0.3)  # in which it would be raised again
            with contextlib.suppress(FileNotFoundError):
                os.unlink("/nonexistent")
            try:
                os.unlink("/nonexistent")
            except FileNotFoundError:
                send(signal.SIGINT)
                time.sleep(0.3)
            done.append("clean")

        @contextlib.contextmanager
        def job(done: list[str]) -> Iterator[None]:
            try:
                yield
            finally:
                clean_up(done)

        def do() -> None:
            done: list[str] = []
            with self.expected(signal.SIGINT), signals.Watched(), job(done):
                try:
                    send(signal.SIGINT)
                finally:
                    clean_up(done)
            self.assertEqual(["clean"] * 2, done)

        self.in_child(do)

    def test_cleaning_up_that_does_not_end(self) -> None:
        """After some time, whoever insists ends that as well."""

        def do() -> None:
            passed: list[float] = []
            with (
                mock.patch.object(signals, "PATIENCE", 0.3),
                self.expected(signal.SIGINT),
                signals.Watched(),
            ):
                try:
                    send(signal.SIGINT)
                finally:
                    start = time.monotonic()
                    sender = forks.start(partial(send_twice, os.getpid()))
                    try:
                        time.sleep(20)
                    finally:
                        passed.append(time.monotonic() - start)
                        os.waitpid(sender, 0)
            self.assertGreater(passed[0], 0.8)
            self.assertLess(passed[0], 19)

        self.in_child(do)

    def test_what_was_ignored_stays_so(self) -> None:
        def do() -> None:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            with signals.Watched():
                send(signal.SIGHUP)
            self.assertEqual(signal.SIG_IGN, signal.getsignal(signal.SIGHUP))

        self.in_child(do)

    def test_one_within_another(self) -> None:
        def do() -> None:
            with self.expected(signal.SIGINT), signals.Watched():
                with signals.Watched():
                    pass
                with (
                    self.expected(signal.SIGINT),
                    signals.Watched(),
                    contextlib.suppress(BaseException),
                ):
                    send(signal.SIGINT)
                send(signal.SIGTERM)

        self.in_child(do)

    def test_another_thread_watches_nothing(self) -> None:
        def watch() -> None:
            with signals.Watched():
                seen.append(signal.getsignal(signal.SIGTERM))

        seen: list[object] = []
        thread = threading.Thread(target=watch)
        thread.start()
        thread.join()
        self.assertEqual([signal.getsignal(signal.SIGTERM)], seen)


class TestChildren(base.TestCase):
    def test_a_child_that_has_just_been_started(self) -> None:
        """It is ended, though the signal comes before it is known."""
        real = subprocess.Popen
        started: list[int] = []

        def start(*words: Any, **more: Any) -> subprocess.Popen[bytes]:
            child = real(*words, **more)
            started.append(child.pid)
            send(signal.SIGTERM)
            return child

        def do() -> int:
            with (
                mock.patch.object(subprocess, "Popen", start),
                contextlib.suppress(Interrupted),
                signals.Watched(),
            ):
                Processes().read(["sleep", "300"], folder=os.curdir)
            try:
                os.kill(started[0], 0)
            except ProcessLookupError:
                return 55
            return 1

        self.assertEqual(55, forks.wait(forks.start(do)))
        self.assertEqual([], self.processes())

    def test_the_threads_that_read_get_no_signal(self) -> None:
        """One that gets it would not wake up the thread that waits."""
        masks: list[set[int]] = []

        def look(_: str) -> None:
            masks.append({*signal.pthread_sigmask(signal.SIG_BLOCK, ())})

        Processes().run(["echo", "line"], folder=os.curdir, on_line=look)
        self.assertLess({*STOPPING}, masks[0])
        now = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        self.assertEqual(set(), now & {*STOPPING})


class TestDeferred(base.TestCase):
    def test_signals_wait(self) -> None:
        def do() -> int:
            with signals.Deferred():
                for number in STOPPING:
                    send(number)
                self.write("done", "")
            return 55

        for number in STOPPING:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        status = forks.wait(forks.start(do))
        self.assertIn(-status, STOPPING)
        self.assertTrue((self.folder / "done").exists())

    def test_the_mask_is_as_before(self) -> None:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        deferred = signals.Deferred()
        with deferred:
            with signals.Deferred():
                pass
            self.assertLess(before, signal.pthread_sigmask(0, ()))
            deferred.lift()
            self.assertEqual(before, signal.pthread_sigmask(0, ()))
            deferred.defer()
        self.assertEqual(before, signal.pthread_sigmask(0, ()))


class TestEdits(base.TestCase):
    """Whoever is asked to stop leaves no file behind."""

    def setUp(self) -> None:
        super().setUp()
        self.path = Path(self.write("place/x.txt", OLD))

    def at_each_call(self, number: int, do: Callable[[], object]) -> list[str]:
        """Send a signal at each of the calls in turn; the texts after it."""
        texts: list[str] = []
        for call in range(100):
            self.path.write_text(OLD)

            def run(call: int = call) -> int:
                signal.signal(number, signal.SIG_DFL)
                with forks.at_call(call, CHANGING, partial(send, number)):
                    do()
                return 55

            status = forks.wait(forks.start(run))
            self.assertEqual(["x.txt"], os.listdir(self.path.parent))
            if status == 55:
                return texts
            self.assertEqual(-number, status)
            texts.append(self.path.read_text())
        raise AssertionError("it never ended")

    def test_an_edit_at_each_call(self) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            texts = self.at_each_call(
                number, lambda: files.edit(self.path, lambda _: NEW)
            )
            # From the first call on it is made, and then the signal arrives.
            self.assertGreater(len(texts), 12)
            self.assertEqual({NEW}, set(texts))

    def test_a_replacement_at_each_call(self) -> None:
        texts = self.at_each_call(
            signal.SIGTERM, lambda: files.replace(self.path, NEW)
        )
        self.assertGreater(len(texts), 6)
        self.assertEqual({NEW}, set(texts))

    def test_the_mask_is_as_before_whatever_fails(self) -> None:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        for problem in (OSError(5, "no"), KeyboardInterrupt):
            for number in range(100):
                raising = mock.Mock(side_effect=problem)
                self.path.write_text(OLD)
                with (
                    forks.at_call(number, CHANGING, raising) as called,
                    contextlib.suppress(Exception, KeyboardInterrupt),
                ):
                    files.edit(self.path, lambda _: NEW)
                now = signal.pthread_sigmask(signal.SIG_BLOCK, ())
                self.assertEqual(before, now, str(called))
                if len(called) <= number:
                    break

    def test_commands_at_any_moment(self) -> None:
        """The time is that of a whole run, divided."""
        content = "".join(f"p{n}  ===1\n" for n in range(3000))
        self.write("lists/global-requirements.txt", "p1>=2\n")
        folder = self.path.parent
        for command in (
            ["edit-constraints", str(self.path), "p1"],
            ["normalize-requirements", "-s", str(self.path)],
            [
                *("update-requirements", "-s", "--source"),
                *(str(self.folder / "lists"), str(folder)),
            ],
        ):
            name = "requirements.txt" if "lists" in str(command) else "x.txt"
            start = time.monotonic()
            usual = 0.0
            for part in range(25):
                for each in folder.iterdir():
                    each.unlink()
                (folder / name).write_text(content)
                child = subprocess.Popen(
                    base.script(*command),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                )
                if part:
                    time.sleep(usual * part / 24)
                    child.send_signal(signal.SIGTERM)
                error = child.communicate()[1].decode()
                if not part:
                    usual = time.monotonic() - start
                self.assertEqual([name], os.listdir(folder))
                self.assertIn(child.returncode, {0, 143, -signal.SIGTERM})
                # What an edit that is complete has done.
                error = error.removeprefix("removed: p1  ===1\n")
                error = re.sub(r"^\S+: written, .*\n", "", error)
                self.assertIn(error, {"", "interrupted\n"})


class TestPool(base.TestCase):
    """Many projects, which several processes judge."""

    def setUp(self) -> None:
        super().setUp()
        self.write("lists/global-requirements.txt", "a>=1\n")
        self.roots = []
        for number in range(40):
            path = self.write(f"p{number}/requirements.txt", "a>=1\n")
            # As much of a repository as is looked at before git is.
            self.write(f"p{number}/.git/HEAD", "ref: refs/heads/main\n")
            for name in ("objects", "refs"):
                (self.folder / f"p{number}" / ".git" / name).mkdir()
            self.roots += ["--project", os.path.dirname(path)]
        self.started = self.folder / "started"
        # A git that never ends, with a child of its own.
        self.write(
            "bin/git",
            f"#!/bin/sh\necho $$ >> {self.started}\nsleep 300\n",
        )
        (self.folder / "bin" / "git").chmod(0o755)
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        self.useFixture(fixtures.EnvironmentVariable("PATH", path))

    def start(self) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            base.script(
                *("check-requirements", "--jobs", "3", "--against", "HEAD"),
                *("--reqs", str(self.folder / "lists"), *self.roots),
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )
        end = time.monotonic() + 60
        while (
            not self.started.exists()
            or len(self.started.read_text().split()) < 3
        ):
            self.assertLess(time.monotonic(), end)
            self.assertIsNone(child.poll())
            time.sleep(0.01)
        return child

    def test_an_interrupt(self) -> None:
        """From the terminal all get it, from elsewhere the first alone."""
        for number, tell in (
            (signal.SIGINT, os.killpg),
            (signal.SIGHUP, os.killpg),
            (signal.SIGTERM, os.killpg),
            (signal.SIGTERM, os.kill),
            (signal.SIGINT, os.kill),
        ):
            with self.start() as child:
                tell(child.pid, number)
                out, err = child.communicate(timeout=60)
            self.assertEqual(("", "interrupted\n"), (out, err))
            self.assertEqual(128 + number, child.returncode)
            self.assertEqual([], self.processes())
            self.started.unlink()

    def test_a_process_that_is_killed(self) -> None:
        with self.start() as child:
            tasks = Path(f"/proc/{child.pid}/task/{child.pid}/children")
            if not tasks.exists():
                child.terminate()
                self.skipTest("nobody tells whose children there are")
            os.kill(int(tasks.read_text().split()[0]), signal.SIGKILL)
            out, err = child.communicate(timeout=60)
        # Who is killed cannot see to its own git any more.
        for group in self.started.read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(int(group), signal.SIGKILL)
        self.assertEqual("", out)
        self.assertIn("a process that judges projects was killed", err)
        self.assertEqual((3, 1), (child.returncode, err.count("\n")))


class TestEntry(base.TestCase):
    def test_every_script_starts_there(self) -> None:
        from openstack_requirements.tests.test_repository import entries

        for name, target in entries().items():
            self.assertEqual(
                f"openstack_requirements.cmds._entry:{name.replace('-', '_')}",
                target,
            )

    def test_before_and_after(self) -> None:
        """Where no command handles it: in the script itself."""
        for raised in ("KeyboardInterrupt", "Interrupted(15)"):
            done = subprocess.run(
                [
                    *(sys.executable, "-c"),
                    "from openstack_requirements.cmds import _entry\n"
                    "from openstack_requirements.errors import Interrupted\n"
                    f"raise {raised}",
                ],
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            self.assertEqual("interrupted\n", done.stderr)
            status = 130 if raised == "KeyboardInterrupt" else 143
            self.assertEqual(status, done.returncode)

    def test_other_errors_are_shown(self) -> None:
        code = "from openstack_requirements.cmds import _entry; 1 / 0"
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        self.assertIn("ZeroDivisionError", done.stderr)
        self.assertEqual(1, done.returncode)

    def test_a_command_that_does_not_exist(self) -> None:
        from openstack_requirements.cmds import _entry

        self.assertFalse(hasattr(_entry, "__nonsense__"))
        self.assertTrue(callable(_entry.edit_constraints))
