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
"""Edits of one file by several processes, and what stops them half way."""

from __future__ import annotations

import ast
import contextlib
import errno
import fcntl
import os
import signal
import stat
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from openstack_requirements.errors import (
    OutsideError,
    RequirementsError,
    UnusableInput,
)
from openstack_requirements.system import files
from openstack_requirements.tests import base, forks

if TYPE_CHECKING:
    from collections.abc import Callable

OLD, NEW = "old\n", "new content\n"
#: Each call in files.py that changes something: it fails, is interrupted,
#: and is the last of a process that is killed.
CHANGING: list[tuple[object, str]] = [
    (os, "open"),
    (os, "write"),
    (os, "fchown"),
    (os, "fchmod"),
    (os, "link"),
    (os, "fsync"),
    (os, "replace"),
    (os, "unlink"),
    (os, "close"),
    (fcntl, "flock"),
]
#: The others, which only look; makedirs is for folders, not for files.
LOOKING = {
    "access",
    "dup",
    "fsencode",
    "fspath",
    "fstat",
    "listdir",
    "lstat",
    "makedirs",
    "stat",
    "urandom",
}


def become_new(_: str) -> str:
    return NEW


class TestCase(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        # The user that a child becomes has to get there.
        self.folder.chmod(0o755)
        self.place = self.folder / "place"
        self.place.mkdir()
        self.path = self.place / "x.txt"
        self.lock = self.place / ".x.txt.lock"
        self.path.write_text(OLD)

    def names(self) -> list[str]:
        return sorted(os.listdir(self.place))

    def become_root(self) -> None:
        if os.geteuid():
            self.skipTest("only root can become somebody else")

    def soon(self, happens: Callable[[], bool]) -> None:
        """Wait until something is so."""
        end = time.monotonic() + 20
        while not happens():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.005)

    def waiting(self, name: str = ".x.txt.lock") -> bool:
        """Whether a process waits for a lock on a lock's file."""
        inode = f":{(self.place / name).stat().st_ino} "
        try:
            locks = Path("/proc/locks").read_text(encoding="ascii")
        except FileNotFoundError:
            time.sleep(0.3)
            return True
        return any(
            "->" in line and inode in line for line in locks.split("\n")
        )


class TestEdit(TestCase):
    def test_changes(self) -> None:
        self.assertTrue(files.edit(self.path, become_new))
        self.assertEqual(NEW, self.path.read_text())
        self.assertFalse(files.edit(self.path, become_new))
        self.assertEqual(["x.txt"], self.names())

    def test_the_change_is_of_what_is_there_under_the_lock(self) -> None:
        seen = []

        def change(text: str) -> str:
            seen.append(text)
            self.path.write_text(f"{text}+")
            return f"{text}!"

        files.edit(self.path, change)
        self.assertEqual([OLD, f"{OLD}+"], seen)
        self.assertEqual(f"{OLD}+!", self.path.read_text())

    def test_nothing_to_do_needs_no_lock(self) -> None:
        self.lock.mkdir()  # which cannot be locked
        self.assertFalse(files.edit(self.path, lambda text: text))
        self.assertRaises(UnusableInput, files.edit, self.path, become_new)

    def test_what_cannot_be_edited(self) -> None:
        os.mkfifo(self.place / "pipe")
        for path, reason in (
            (self.place / "missing", "cannot be read"),
            (self.place / "no" / "x", "cannot be read"),
            (self.place, "is not a regular file"),
            (self.place / "pipe", "is not a regular file"),
            (Path(os.devnull), "is not a regular file"),
        ):
            error = self.assertRaises(
                UnusableInput, files.edit, path, become_new
            )
            self.assertTrue(str(error).startswith(f"{path}: {reason}"))
        self.assertEqual(["pipe", "x.txt"], self.names())

    def test_links_stay_and_share_the_lock(self) -> None:
        link = self.folder / "elsewhere.txt"
        link.symlink_to(self.path)
        with files.Lock(self.path):
            thread = threading.Thread(
                target=files.edit, args=(link, become_new)
            )
            thread.start()
            self.soon(self.waiting)
            self.assertEqual(OLD, self.path.read_text())
        thread.join()
        self.assertTrue(link.is_symlink())
        self.assertEqual(NEW, self.path.read_text())
        self.assertEqual(["x.txt"], self.names())

    def test_group_and_mode_stay(self) -> None:
        self.become_root()
        self.path.chmod(0o640)
        os.chown(self.path, *forks.USERS)
        files.edit(self.path, become_new)
        after = self.path.stat()
        self.assertEqual(forks.USERS, (after.st_uid, after.st_gid))
        self.assertEqual(0o640, stat.S_IMODE(after.st_mode))

    def test_an_owner_that_cannot_be_kept(self) -> None:
        """An owner unknown to the container; one's own group is kept."""
        for number in (errno.EPERM, errno.EINVAL):
            self.path.write_text(OLD)
            self.path.chmod(0o600)
            old = os.stat_result((0o100600, 0, 0, 1, 77, 88, 4, 0, 0, 0))
            tried: list[tuple[int, int]] = []

            def refuse(_: int, owner: int, group: int) -> None:
                tried.append((owner, group))  # noqa: B023
                if owner >= 0:
                    raise OSError(number, "no")  # noqa: B023

            with mock.patch.object(os, "fchown", refuse):
                files._replace(str(self.path), NEW.encode(), old)
            self.assertEqual([(77, 88), (-1, 88)], tried)
            self.assertEqual(NEW, self.path.read_text())


class TestLock(TestCase):
    def test_a_killed_holder_stops_nobody(self) -> None:
        def hold_and_die() -> None:
            with files.Lock(self.path):
                forks.die()

        child = forks.start(hold_and_die)
        self.assertEqual(-signal.SIGKILL, forks.wait(child))
        self.assertEqual([".x.txt.lock", "x.txt"], self.names())
        files.edit(self.path, become_new)
        self.assertEqual(["x.txt"], self.names())

    def test_a_holder_that_is_killed_lets_the_next_in(self) -> None:
        def hold() -> None:
            with files.Lock(self.path):
                time.sleep(60)

        holder = forks.start(hold)
        self.soon(self.lock.exists)
        waiter = forks.start(lambda: files.edit(self.path, become_new))
        self.soon(self.waiting)
        os.kill(holder, signal.SIGKILL)
        self.assertEqual(-signal.SIGKILL, forks.wait(holder))
        self.assertEqual(1, forks.wait(waiter))  # it is True: changed
        self.assertEqual(NEW, self.path.read_text())
        self.assertEqual(["x.txt"], self.names())

    def test_who_waited_for_a_removed_lock_tries_again(self) -> None:
        """Two never hold it, though the file is removed under a third."""
        holders: list[int] = []
        most: list[int] = []

        def work() -> None:
            for _ in range(60):
                with files.Lock(self.path):
                    holders.append(1)
                    most.append(len(holders))
                    time.sleep(0)
                    holders.pop()

        threads = [threading.Thread(target=work) for _ in range(6)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertEqual(360, len(most))
        self.assertEqual({1}, set(most))
        self.assertEqual(["x.txt"], self.names())

    def test_only_ones_own_lock_is_removed(self) -> None:
        with files.Lock(self.path):
            self.lock.unlink()  # by hand
            self.lock.write_text("")  # by the next
        self.assertTrue(self.lock.exists())

    def test_the_umask_does_not_lock_others_out(self) -> None:
        """At no moment, as a process may be killed at any."""
        self.addCleanup(os.umask, os.umask(0o077))
        modes = []

        def look() -> None:
            if self.lock.exists():
                modes.append(stat.S_IMODE(self.lock.stat().st_mode))

        for after in (False, True):
            for number in range(100):
                self.path.write_text(OLD)
                with forks.at_call(
                    number, CHANGING, look, after=after
                ) as called:
                    files.edit(self.path, become_new)
                if len(called) <= number:
                    break
        self.assertEqual({0o666}, set(modes))
        self.assertEqual(0o077, os.umask(0o077))

    def test_the_umask_is_never_touched(self) -> None:
        """It is of the whole process: threads would share what is set."""
        calls = [
            f"{path}:{node.lineno}"
            for path in (base.ROOT / "openstack_requirements").rglob("*.py")
            if path.parent.name != "tests"
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if (isinstance(node, ast.Attribute) and node.attr == "umask")
            or (isinstance(node, ast.alias) and node.name == "umask")
        ]
        self.assertEqual([], calls)
        with mock.patch.object(os, "umask", side_effect=AssertionError):
            self.assertTrue(files.edit(self.path, become_new))

    def test_where_there_are_no_hard_links(self) -> None:
        """A file system of a USB stick, for example."""
        self.addCleanup(os.umask, os.umask(0o077))
        for problem in (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK):
            refuse = mock.Mock(side_effect=OSError(problem, "no"))
            self.path.write_text(OLD)
            with mock.patch.object(os, "link", refuse):
                with files.Lock(self.path):
                    self.assertEqual([".x.txt.lock", "x.txt"], self.names())
                    mode = stat.S_IMODE(self.lock.stat().st_mode)
                    self.assertEqual(0o666, mode)
                self.assertTrue(files.edit(self.path, become_new))
            self.assertEqual(NEW, self.path.read_text())
            self.assertEqual(["x.txt"], self.names())
            self.assertEqual(2, refuse.call_count)

    def test_where_there_are_no_modes(self) -> None:
        """Nor hard links: the mode is that of the mount."""
        refuse = mock.Mock(side_effect=PermissionError(errno.EPERM, "no"))
        with (
            mock.patch.object(os, "link", refuse),
            mock.patch.object(os, "fchmod", refuse),
            files.Lock(self.path),
        ):
            self.assertEqual([".x.txt.lock", "x.txt"], self.names())
        self.assertEqual(["x.txt"], self.names())

    def test_who_is_slower_to_make_it_takes_the_other_one(self) -> None:
        real = os.link
        waiters: list[threading.Thread] = []

        def late(temporary: str, lock: str) -> None:
            if not waiters:
                with mock.patch.object(os, "link", real):
                    first = files.Lock(self.path)
                    first.__enter__()
                end = threading.Timer(0.1, first.__exit__)
                waiters.append(end)
                end.start()
            real(temporary, lock)

        with mock.patch.object(os, "link", late):
            self.assertTrue(files.edit(self.path, become_new))
        waiters[0].join()
        self.assertEqual(["x.txt"], self.names())

    def test_a_file_that_is_there_is_opened_without_creating_it(self) -> None:
        """Linux refuses to create what is there, in folders like /tmp."""
        self.lock.write_text("")
        real = os.open

        def protected(path: str, flags: int, mode: int = 0o777) -> int:
            if flags & os.O_CREAT and os.path.exists(path):
                raise PermissionError(errno.EACCES, "Permission denied")
            return real(path, flags, mode)

        with mock.patch.object(os, "open", protected):
            files.edit(self.path, become_new)
        self.assertEqual(NEW, self.path.read_text())

    def test_what_is_no_file_is_not_followed(self) -> None:
        victim = self.folder / "victim"
        victim.write_text("v")
        for target in (victim, self.folder / "no", None):
            if target:
                self.lock.symlink_to(target)
            else:
                self.lock.mkdir()
            error = self.assertRaises(
                UnusableInput, files.edit, self.path, become_new
            )
            self.assertIn("cannot be locked", str(error))
            self.assertIn(str(self.lock), str(error))
            self.assertEqual(OLD, self.path.read_text())
            if self.lock.is_symlink():
                self.lock.unlink()
        self.assertEqual("v", victim.read_text())
        self.assertFalse((self.folder / "no").exists())

    def test_where_nothing_can_be_locked(self) -> None:
        problem = OSError(errno.ENOLCK, "No locks available")
        with mock.patch.object(fcntl, "flock", side_effect=problem):
            error = self.assertRaises(
                OutsideError, files.edit, self.path, become_new
            )
            self.assertIn("No locks available", str(error))
            # Who alone writes a file does not need a lock.
            files.replace(self.path, NEW)
        self.assertEqual(NEW, self.path.read_text())

    def test_waiting_is_told_and_has_a_limit(self) -> None:
        told: list[str] = []
        with (
            forks.locked(self.path),
            mock.patch.object(files, "SILENT_WAIT", 0.05),
        ):
            for limit in (0, 1):
                error = self.assertRaises(
                    OutsideError,
                    files.edit,
                    self.path,
                    become_new,
                    longest_wait=limit,
                    waiting=told.append,
                )
                self.assertEqual(
                    f"{self.path}: another process has the lock {self.lock}, "
                    f"and had it for {limit} seconds; nothing was changed",
                    str(error),
                )
            self.assertEqual([str(self.lock)], told)
            self.assertEqual(OLD, self.path.read_text())
        # What still waited for the lock has let go of it by then.
        self.assertTrue(files.edit(self.path, become_new))
        self.assertEqual(["x.txt"], self.names())

    def test_who_waited_in_time_goes_on(self) -> None:
        told: list[str] = []
        with mock.patch.object(files, "SILENT_WAIT", 0.01):
            with forks.locked(self.path):
                thread = threading.Thread(
                    target=files.edit,
                    args=(self.path, become_new),
                    kwargs={"waiting": told.append},
                )
                thread.start()
                self.soon(lambda: bool(told))
            thread.join()
        self.assertEqual([str(self.lock)], told)
        self.assertEqual(NEW, self.path.read_text())
        self.assertEqual(["x.txt"], self.names())

    def test_an_interrupt_ends_the_waiting(self) -> None:
        def wait_for_it() -> int:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                files.edit(self.path, become_new)
            except KeyboardInterrupt:
                return 33
            return 0

        with forks.locked(self.path):
            child = forks.start(wait_for_it)
            self.soon(self.waiting)
            os.kill(child, signal.SIGINT)
            self.assertEqual(33, forks.wait(child))
            self.assertTrue(self.lock.exists())
        self.assertEqual(OLD, self.path.read_text())

    def test_the_time_counts_from_the_start(self) -> None:
        """A lock that is gone each time does not begin it anew."""
        clock = mock.Mock(side_effect=range(0, 5000, 10))
        told: list[str] = []
        self.lock.write_text("")

        def held(_: int, operation: int) -> None:
            if operation & fcntl.LOCK_NB:
                raise BlockingIOError(errno.EAGAIN, "is held")

        with (
            mock.patch.object(fcntl, "flock", held),
            mock.patch.object(files, "_is", return_value=False),
            mock.patch.object(time, "monotonic", clock),
            mock.patch.object(files, "SILENT_WAIT", 0),
        ):
            lock = files.Lock(
                self.path, longest_wait=1000, waiting=told.append
            )
            self.assertRaises(OutsideError, lock.__enter__)
        self.assertGreater(clock.call_count, 50)
        self.assertLessEqual(len(told), 1)


class TestSeveral(TestCase):
    """One lock on several files."""

    def setUp(self) -> None:
        super().setUp()
        self.second = self.place / "y.txt"
        self.second.write_text(OLD)

    def test_all_are_held_and_all_are_removed(self) -> None:
        with files.Lock(self.path, self.second, self.place / "none"):
            self.assertEqual(
                [".none.lock", ".x.txt.lock", ".y.txt.lock"], self.names()[:3]
            )
            for path in (self.path, self.second):
                self.assertTrue(self.is_locked(path))
        self.assertEqual(["x.txt", "y.txt"], self.names())

    def is_locked(self, path: Path) -> bool:
        descriptor = os.open(path.parent / f".{path.name}.lock", os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def test_names_of_one_file_are_one_lock(self) -> None:
        link = self.place / "link"
        link.symlink_to("x.txt")
        with files.Lock(self.path, link, str(self.path), longest_wait=0):
            self.assertEqual(
                [".x.txt.lock", "link", "x.txt", "y.txt"], self.names()
            )

    def test_the_order_of_the_paths_does_not_matter(self) -> None:
        """Or two processes would wait for each other."""
        done: list[int] = []

        def work(*paths: Path) -> None:
            for _ in range(50):
                with files.Lock(*paths):
                    done.append(1)

        pairs = [(self.path, self.second), (self.second, self.path)] * 2
        threads = [
            threading.Thread(target=work, args=pair, daemon=True)
            for pair in pairs
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(200, len(done))
        self.assertEqual(["x.txt", "y.txt"], self.names())

    def test_where_one_of_them_cannot_be_had(self) -> None:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        (self.place / ".y.txt.lock").mkdir()
        lock = files.Lock(self.path, self.second)
        error = self.assertRaises(UnusableInput, lock.__enter__)
        self.assertTrue(
            str(error).startswith(f"{self.second}: cannot be locked"),
            str(error),
        )
        self.assertEqual([".y.txt.lock", "x.txt", "y.txt"], self.names())
        (self.place / ".y.txt.lock").rmdir()
        with forks.locked(self.second):
            lock = files.Lock(self.path, self.second, longest_wait=0)
            self.assertRaises(OutsideError, lock.__enter__)
            self.assertEqual([".y.txt.lock", "x.txt", "y.txt"], self.names())
        self.assertEqual(before, signal.pthread_sigmask(signal.SIG_BLOCK, ()))

    def test_a_signal_while_it_waits_for_the_second(self) -> None:
        """It arrives at once, and the first lock goes."""
        for number, status in (
            (signal.SIGINT, 33),
            (signal.SIGTERM, 33),
            (signal.SIGHUP, 33),
        ):

            def wait_for_it(number: int = number) -> int:
                signal.signal(number, signal.default_int_handler)
                try:
                    with files.Lock(self.path, self.second):
                        return 0
                except KeyboardInterrupt:
                    return 33

            with forks.locked(self.second):
                child = forks.start(wait_for_it)
                self.soon(self.lock.exists)
                self.soon(lambda: self.waiting(".y.txt.lock"))
                os.kill(child, number)
                self.assertEqual(status, forks.wait(child))
                self.assertFalse(self.lock.exists())
        self.assertEqual(["x.txt", "y.txt"], self.names())


class TestReplacedFiles(TestCase):
    """Other tools know nothing of the lock, and move files over ours."""

    def replace(self, text: str) -> None:
        """As sed -i and editors do."""
        new = self.place / "sedAbCdEf"
        new.write_text(text)
        new.rename(self.path)

    def test_while_an_edit_waits(self) -> None:
        with forks.locked(self.path):
            thread = threading.Thread(
                target=files.edit, args=(self.path, lambda text: f"{text}+")
            )
            thread.start()
            self.soon(self.waiting)
            self.replace("of another tool\n")
        thread.join()
        self.assertEqual("of another tool\n+", self.path.read_text())
        self.assertEqual(["x.txt"], self.names())

    def test_the_lock_is_not_one_of_the_replaced_file(self) -> None:
        """The next edit waits still, or one of the two would be lost."""
        statuses: list[int] = []
        gate, opener = os.pipe()

        def late() -> int:
            os.read(gate, 1)
            try:
                files.edit(self.path, lambda text: f"{text}2", longest_wait=0)
            except OutsideError as error:
                return 40 + error.status
            return 0

        child = forks.start(late)

        def change(text: str) -> str:
            if self.lock.exists():
                self.replace(f"{text}sed")
                os.write(opener, b".")
                statuses.append(forks.wait(child))
            return f"{text}1"

        files.edit(self.path, change)
        os.close(gate)
        os.close(opener)
        self.assertEqual([43], statuses)


class TestReadOnly(TestCase):
    def test_a_file_that_is_read_only(self) -> None:
        """Its folder decides who may replace it; the mode stays."""
        self.path.chmod(0o444)
        self.assertTrue(files.edit(self.path, become_new))
        self.assertEqual(NEW, self.path.read_text())
        self.assertEqual(0o444, stat.S_IMODE(self.path.stat().st_mode))
        self.assertEqual(["x.txt"], self.names())

    def test_as_somebody_who_may_only_read_it(self) -> None:
        self.become_root()
        self.place.chmod(0o777)
        self.path.chmod(0o444)
        child = forks.start(
            lambda: files.edit(self.path, become_new), forks.USERS[0]
        )
        self.assertEqual(1, forks.wait(child))
        self.assertEqual(NEW, self.path.read_text())
        self.assertEqual(["x.txt"], self.names())

    def test_a_folder_that_may_be_written_but_not_listed(self) -> None:
        self.become_root()
        self.place.chmod(0o733)
        self.path.chmod(0o644)
        child = forks.start(
            lambda: files.edit(self.path, become_new), forks.USERS[0]
        )
        self.assertEqual(1, forks.wait(child))
        self.assertEqual(NEW, self.path.read_text())
        self.assertEqual(["x.txt"], self.names())

    def test_a_file_system_that_is_read_only(self) -> None:
        problem = OSError(errno.EROFS, "Read-only file system")
        real = os.open

        def read_only(path: str, flags: int, mode: int = 0o777) -> int:
            if flags & os.O_CREAT:
                raise problem
            return real(path, flags, mode)

        with mock.patch.object(os, "open", read_only):
            self.assertFalse(files.edit(self.path, lambda text: text))
            error = self.assertRaises(
                OutsideError, files.edit, self.path, become_new
            )
        self.assertIn("Read-only file system", str(error))
        self.assertEqual(OLD, self.path.read_text())


class TestUsers(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.become_root()
        self.path.chmod(0o666)

    def edit(self) -> int:
        try:
            files.edit(self.path, lambda text: f"{text}+")
        except RequirementsError as error:
            return 40 + error.status
        return 0

    def test_many_at_once(self) -> None:
        self.place.chmod(0o777)
        children = [
            forks.start(self.edit, user) for user in (*forks.USERS, 0) * 10
        ]
        self.assertEqual({0}, set(map(forks.wait, children)))
        self.assertEqual(OLD + "+" * 30, self.path.read_text())
        self.assertEqual(0o666, stat.S_IMODE(self.path.stat().st_mode))
        self.assertEqual(["x.txt"], self.names())

    def test_a_lock_that_another_left_behind(self) -> None:
        """It may be one that cannot be written, or not be removed."""
        for folder_mode, mode in (
            (0o777, 0o666),
            (0o777, 0o444),
            (0o1777, 0o644),
        ):
            self.place.chmod(folder_mode)
            os.chown(self.path, forks.USERS[0], -1)
            self.lock.write_text("")
            self.lock.chmod(mode)
            child = forks.start(self.edit, forks.USERS[0])
            self.assertEqual(0, forks.wait(child))
            sticky = folder_mode == 0o1777
            self.assertEqual(sticky, self.lock.exists())
        child = forks.start(self.edit, forks.USERS[0])
        self.assertEqual(0, forks.wait(child))
        self.assertEqual(OLD + "++++", self.path.read_text())

    def test_where_one_may_not_write(self) -> None:
        read_only = (self.place, 0o755)  # no lock can be made
        others = (self.place, 0o1777)  # the file cannot be moved over
        for folder, mode in (read_only, others):
            folder.chmod(mode)
            child = forks.start(self.edit, forks.USERS[0])
            self.assertEqual(42, forks.wait(child))
            self.assertEqual(OLD, self.path.read_text())
            self.assertEqual(["x.txt"], self.names())

    def test_the_group_stays_where_it_is_ones_own(self) -> None:
        self.place.chmod(0o777)
        os.chown(self.path, 0, forks.USERS[0])
        child = forks.start(self.edit, forks.USERS[0])
        self.assertEqual(0, forks.wait(child))
        after = self.path.stat()
        self.assertEqual(
            (forks.USERS[0], forks.USERS[0]), (after.st_uid, after.st_gid)
        )


class TestAbandoned(TestCase):
    def test_what_a_killed_process_left_goes_with_the_next(self) -> None:
        left = self.place / ".x.txt.0123456789ab.new"
        left.write_text("ne")
        kept = [
            ".x.txt.0123456789ab.new.txt",
            ".x.txt.0123456789xy.new",
            ".x.txt.mine.new",
            ".y.txt.0123456789ab.new",
            "x.txt.0123456789ab.new",
        ]
        for name in kept:
            (self.place / name).write_text("")
        files.replace(self.path, NEW)
        self.assertEqual(sorted([*kept, "x.txt"]), self.names())

    def test_what_is_being_written_stays(self) -> None:
        real = os.replace
        seen: list[list[str]] = []

        def look(source: str, target: str) -> None:
            if not seen:
                seen.append(self.names())
                files.replace(self.path, "another\n")
                seen.append(self.names())
            real(source, target)

        with mock.patch.object(os, "replace", look):
            files.replace(self.path, NEW)
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(2, len(seen[0]))
        self.assertEqual(NEW, self.path.read_text())

    def test_one_that_is_taken_for_abandoned_is_made_again(self) -> None:
        """Somebody looks before the new file is locked."""
        real = fcntl.flock
        taken: list[Path] = []

        def late(descriptor: int, operation: int) -> None:
            if not taken:
                taken.extend(self.place.glob(".*.new"))
                with mock.patch.object(fcntl, "flock", real):
                    files._remove_abandoned(str(self.path))
            real(descriptor, operation)

        with mock.patch.object(fcntl, "flock", late):
            files.replace(self.path, NEW)
        self.assertEqual(1, len(taken))
        self.assertEqual(NEW, self.path.read_text())
        self.assertEqual(["x.txt"], self.names())

    def test_a_token_that_is_taken(self) -> None:
        """Its file may be locked by somebody else at this moment."""
        self.assertEqual(
            files._TOKEN, len(os.urandom(files._TOKEN // 2).hex())
        )
        holder: list[int] = []

        def hold() -> None:
            if not holder:
                path = next(self.place.glob(".*.new"))
                holder.append(os.open(path, os.O_RDONLY))
                fcntl.flock(holder[0], fcntl.LOCK_EX)

        real = os.open

        def then_hold(path: str, flags: int, mode: int = 0o777) -> int:
            descriptor = real(path, flags, mode)
            if flags & os.O_EXCL:
                with mock.patch.object(os, "open", real):
                    hold()
            return descriptor

        with mock.patch.object(os, "open", then_hold):
            files.replace(self.path, NEW)
        self.assertEqual(NEW, self.path.read_text())
        self.assertEqual(2, len(self.names()))
        os.close(holder[0])
        files.replace(self.path, OLD)
        self.assertEqual(["x.txt"], self.names())


class TestFaults(TestCase):
    """A run that ends at any call leaves the old file or the new one."""

    def setUp(self) -> None:
        super().setUp()
        self.start_over()

    def start_over(self) -> None:
        self.path.write_text(OLD)
        self.path.chmod(0o644)
        if not os.geteuid():
            os.chown(self.path, *forks.USERS)

    def read_and_edit(self, called: str) -> str:
        """The content, which the next edit can change as ever."""
        text = self.path.read_text()
        self.assertIn(text, {OLD, NEW}, called)
        self.assertEqual(0o644, stat.S_IMODE(self.path.stat().st_mode))
        files.edit(self.path, lambda _: "next\n")
        self.assertEqual("next\n", self.path.read_text())
        self.assertEqual(["x.txt"], self.names(), called)
        self.start_over()
        return text

    def test_every_call_that_changes_something_is_here(self) -> None:
        with open(str(files.__file__), encoding="utf-8") as file:
            tree = ast.parse(file.read())
        used = {
            node.func.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in {"os", "fcntl"}
        }
        self.assertEqual(used - LOOKING, {name for _, name in CHANGING})

    def test_each_fails(self) -> None:
        seen = set()
        for number in range(100):
            problem = OSError(errno.EIO, "Input/output error")
            raising = mock.Mock(side_effect=problem)
            said = ""
            with forks.at_call(number, CHANGING, raising) as called:
                try:
                    files.edit(self.path, become_new)
                except OutsideError as error:
                    said = str(error)
            if len(called) <= number:
                break
            seen.add(called[number])
            text = self.read_and_edit(f"{called[number]} {number}")
            if "is written" in said:
                self.assertEqual(NEW, text)
            elif "nothing was changed" in said or "be locked" in said:
                self.assertEqual(OLD, text)
        else:
            self.fail("it never ended")
        self.assertLessEqual({name for _, name in CHANGING}, seen | {"fchown"})

    def test_each_is_interrupted(self) -> None:
        for after in (False, True):
            self.start_over()
            for number in range(100):
                raising = mock.Mock(side_effect=KeyboardInterrupt)
                with (
                    forks.at_call(
                        number, CHANGING, raising, after=after
                    ) as called,
                    contextlib.suppress(KeyboardInterrupt),
                ):
                    files.edit(self.path, become_new)
                if len(called) <= number:
                    break
                self.read_and_edit(f"{called[number]} {number} {after}")
            self.assertGreater(number, 12)

    def test_each_is_the_last_of_a_killed_process(self) -> None:
        for after in (False, True):
            self.start_over()
            texts = []
            for number in range(100):

                def edit() -> int:
                    with forks.at_call(
                        number,  # noqa: B023
                        CHANGING,
                        forks.die,
                        after=after,  # noqa: B023
                    ):
                        files.edit(self.path, become_new)
                    return 55

                status = forks.wait(forks.start(edit))
                if status == 55:
                    break
                self.assertEqual(-signal.SIGKILL, status)
                texts.append(self.read_and_edit(f"{number} {after}"))
            # Old up to one call, and new from there on.
            self.assertEqual(sorted(texts, reverse=True), texts)
            self.assertEqual({OLD, NEW}, set(texts))
