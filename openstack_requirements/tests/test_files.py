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
"""Files are old or new, and never anything else."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING
from unittest import mock

from openstack_requirements.errors import OutsideError, UnusableInput
from openstack_requirements.manifests import loader
from openstack_requirements.system import files, git
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Callable

OLD, NEW = "old\n", "new content\n"
CONTENT = "a >= 1\n"
#: Commands that read a list, here LIST, or the lists in FOLDER.
READERS = [
    ["edit-constraints", "LIST", "a"],
    ["edit-constraints", "LIST", "--pin", "a==1"],
    ["normalize-requirements", "LIST"],
    ["normalize-requirements", "-s", "LIST"],
    ["validate-constraints", "LIST", "LIST"],
    ["build-lower-constraints", "LIST"],
    ["check-conflicts", "LIST", "--freeze", "LIST"],
    ["diff-constraints", "LIST", "LIST"],
    ["generate-constraints", "--from-freezes", "LIST"],
    ["check-requirements", "--reqs", "FOLDER", "--local", "FOLDER"],
    ["update-requirements", "--source", "FOLDER", "FOLDER"],
]


class TestRead(base.TestCase):
    """Whatever is named, no more than the limit and a byte is read."""

    def test_the_limit(self) -> None:
        path = self.write("x.txt", "x" * files.LARGEST_TEXT)
        self.assertEqual(files.LARGEST_TEXT, len(files.read_text(path)))
        path = self.write("x.txt", "x" * (files.LARGEST_TEXT + 1))
        error = self.assertRaises(UnusableInput, files.read_text, path)
        self.assertEqual(f"{path}: is larger than 1 MiB", str(error))
        text = files.read_text(path, files.LARGEST_DATA)
        self.assertEqual(files.LARGEST_TEXT + 1, len(text))

    def test_one_limit_for_data_wherever_it_is(self) -> None:
        self.assertEqual(git.LARGEST_FILE, files.LARGEST_DATA)
        self.assertLessEqual(loader.LARGEST, files.LARGEST_TEXT)

    def test_what_never_ends(self) -> None:
        error = self.assertRaises(UnusableInput, files.read_text, "/dev/zero")
        self.assertIn("larger than", str(error))

    def test_a_pipe(self) -> None:
        """As a shell gives one for a process substitution."""
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        thread = threading.Thread(target=write_slowly, args=(writing, NEW))
        thread.start()
        self.addCleanup(thread.join)
        self.assertEqual(NEW, files.read_text(f"/dev/fd/{reading}"))

    def test_a_pipe_that_never_ends(self) -> None:
        reading, writing = os.pipe()
        with subprocess.Popen(["cat", "/dev/zero"], stdout=writing) as child:
            os.close(writing)
            path = f"/dev/fd/{reading}"
            self.assertRaises(UnusableInput, files.read_text, path)
            os.close(reading)  # which ends the child
            self.assertEqual(-signal.SIGPIPE, child.wait(20))

    def test_what_cannot_be_a_name(self) -> None:
        for name in ("a\0b", "\ud800"):
            for do in (
                files.read_text,
                files.names_in,
                files.require_replaceable,
                files.require_folder,
                files.Lock,
                lambda path: files.replace(path, NEW),
                lambda path: files.edit(path, str.upper),
                loader.folder(str(self.folder)),
            ):
                error = self.assertRaises(UnusableInput, do, name)
                self.assertIn("no file can have such a name", str(error))

    def test_every_command_on_a_sparse_list(self) -> None:
        """3 GB, within little memory and time."""
        path = self.write("lists/global-requirements.txt", "")
        os.truncate(path, 3 << 30)
        places = {"LIST": path, "FOLDER": os.path.dirname(path)}
        for command in READERS:
            words = [places.get(word, word) for word in command]
            done = subprocess.run(
                [
                    *(sys.executable, "-c"),
                    "import os, resource, sys\n"
                    "resource.setrlimit(resource.RLIMIT_DATA, (3 << 27,) * 2)"
                    "\nresource.setrlimit(resource.RLIMIT_CPU, (20, 20))\n"
                    "os.execv(sys.argv[1], sys.argv[1:])",
                    *base.script(*words),
                ],
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            said = f"{path}: is larger than"
            self.assertTrue(done.stderr.startswith(said), done.stderr)
            self.assertEqual(2, done.returncode, str(command))
            self.assertEqual(3 << 30, os.path.getsize(path))


def write_slowly(pipe: int, text: str) -> None:
    with open(pipe, "w", encoding="utf-8") as file:
        for char in text:
            file.write(char)
            file.flush()


class TestReplace(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = self.folder / "x.txt"

    def names(self) -> list[str]:
        return sorted(
            each for each in os.listdir(self.folder) if each != "tmp"
        )

    def test_new_file_obeys_the_umask(self) -> None:
        self.addCleanup(os.umask, os.umask(0o027))
        self.assertTrue(files.replace(self.path, NEW))
        self.assertEqual(NEW, files.read_text(self.path))
        self.assertEqual(0o640, stat.S_IMODE(self.path.stat().st_mode))

    def test_mode_stays(self) -> None:
        self.path.write_text(OLD)
        self.path.chmod(0o604)
        files.replace(self.path, NEW)
        self.assertEqual(0o604, stat.S_IMODE(self.path.stat().st_mode))

    def test_symbolic_link_stays(self) -> None:
        self.write("there/real.txt", OLD)
        self.path.symlink_to("there/real.txt")
        files.replace(self.path, NEW)
        self.assertTrue(self.path.is_symlink())
        self.assertEqual(NEW, files.read_text(self.folder / "there/real.txt"))
        self.assertEqual(["there", "x.txt"], self.names())

    def test_same_content_is_not_touched(self) -> None:
        self.path.write_text(NEW)
        before = self.path.stat()
        self.assertFalse(files.replace(self.path, NEW))
        self.assertEqual(before.st_ino, self.path.stat().st_ino)

    def test_line_ends_are_not_translated(self) -> None:
        files.replace(self.path, "a\r\nb\n")
        self.assertEqual(b"a\r\nb\n", self.path.read_bytes())
        self.assertEqual("a\r\nb\n", files.read_text(self.path))

    def test_a_device_is_written_to(self) -> None:
        before = os.stat(os.devnull)
        files.replace(os.devnull, NEW)
        self.assertEqual(before.st_rdev, os.stat(os.devnull).st_rdev)

    def test_a_full_device(self) -> None:
        if not os.path.exists("/dev/full"):
            self.skipTest("there is no /dev/full here")
        error = self.assertRaises(
            OutsideError, files.replace, "/dev/full", NEW
        )
        self.assertEqual(3, error.status)

    def test_missing_folder(self) -> None:
        path = str(self.folder / "no" / "x.txt")
        error = self.assertRaises(UnusableInput, files.replace, path, NEW)
        self.assertTrue(str(error).startswith(f"{path}: "))
        self.assertRaises(UnusableInput, files.require_replaceable, path)
        self.assertRaises(
            UnusableInput, files.require_replaceable, self.folder
        )
        files.require_replaceable(self.path)
        files.require_replaceable(os.devnull)
        self.assertFalse(self.path.exists())

    def test_a_failure_at_any_call_leaves_the_old_file(self) -> None:
        """Every call that changes something fails once, in turn."""
        calls = ["open", "write", "fchmod", "fsync", "replace"]
        for name in calls:
            self.path.write_text(OLD)
            problem = OSError(errno.ENOSPC, "No space left on device")
            with mock.patch.object(os, name, side_effect=problem):
                error = self.assertRaises(
                    OutsideError, files.replace, str(self.path), NEW
                )
            self.assertIn("nothing was changed", str(error), name)
            self.assertEqual(OLD, self.path.read_text(), name)
            self.assertEqual(["x.txt"], self.names(), name)

    def test_an_interrupt_at_any_call_leaves_the_old_file(self) -> None:
        for name in ["write", "fchmod", "fsync", "replace"]:
            self.path.write_text(OLD)
            with mock.patch.object(os, name, side_effect=KeyboardInterrupt):
                self.assertRaises(
                    KeyboardInterrupt, files.replace, self.path, NEW
                )
            self.assertEqual(OLD, self.path.read_text(), name)
            self.assertEqual(["x.txt"], self.names(), name)

    def test_short_writes_are_completed(self) -> None:
        real: Callable[[int, bytes], int] = os.write
        with mock.patch.object(
            os, "write", side_effect=lambda fd, data: real(fd, data[:2])
        ):
            files.replace(self.path, NEW)
        self.assertEqual(NEW, self.path.read_text())

    def test_a_reader_sees_old_or_new(self) -> None:
        texts = {"a" * 50_000 + "\n", "b" * 70_000 + "\n"}
        files.replace(self.path, max(texts))
        done = threading.Event()

        def write() -> None:
            for _ in range(30):
                for text in sorted(texts):
                    files.replace(self.path, text)
            done.set()

        thread = threading.Thread(target=write)
        thread.start()
        seen = set()
        while not done.is_set():
            seen.add(files.read_text(self.path))
        thread.join()
        self.assertLessEqual(seen, texts)
        self.assertEqual(["x.txt"], self.names())

    def test_a_full_disk(self) -> None:
        code = (
            "import sys; from openstack_requirements.system import files\n"
            "try: files.replace(sys.argv[1] + '/x.txt', 'y' * 500000)\n"
            "except files.OutsideError as error: print(error)\n"
            "import os; print(sorted(os.listdir(sys.argv[1])))\n"
            "print(open(sys.argv[1] + '/x.txt').read())"
        )
        done = on_a_tiny_disk(
            self, [sys.executable, "-c", code], "echo old > {}/x.txt"
        )
        self.assertIn("No space left on device", done.stdout)
        self.assertIn("['x.txt']\nold\n", done.stdout)


class TestNames(base.TestCase):
    """What lies beside a file has a name that the file system takes."""

    def names(self) -> list[str]:
        return sorted(os.listdir(self.folder / "place"))

    def test_names_of_every_length(self) -> None:
        (self.folder / "place").mkdir()
        for unit in ("n", "\u00e9", "\u4e9c", "\U0001f40d", "\udcff"):
            size = len(os.fsencode(unit))
            for length in (100, 119, 120, 121, 140, 143, 240, 255):
                name = unit * (length // size)
                path = self.folder / "place" / name
                path.write_text(OLD)
                with files.Lock(path):
                    lock = (set(self.names()) - {name}).pop()
                    self.assertLessEqual(len(os.fsencode(lock)), 143)
                self.assertTrue(files.edit(path, lambda _: NEW), name)
                self.assertEqual(NEW, path.read_text())
                self.assertEqual([name], self.names())
                path.unlink()

    def test_what_a_killed_process_left_goes(self) -> None:
        path = self.folder / "place" / ("n" * 240)
        path.parent.mkdir()
        descriptor = files._new_file(str(path), 0o600)[1]
        os.close(descriptor)
        self.assertLessEqual(len(self.names()[0]), 143)
        files.replace(path, NEW)
        self.assertEqual([path.name], self.names())


class TestMounted(base.TestCase):
    """A file that is mounted alone cannot be moved over."""

    def on_mounted(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command where FILE is mounted from the same file system."""
        place = self.folder / "a place"
        path = self.write("a place/x.txt", CONTENT)
        source = self.write("source.txt", CONTENT)
        return in_a_namespace(
            self,
            [path if word == "FILE" else word for word in command],
            f"mount --bind '{source}' '{place}/x.txt'",
        )

    def test_edits(self) -> None:
        path = self.folder / "a place" / "x.txt"
        for command in (
            ["edit-constraints", "FILE", "a"],
            ["normalize-requirements", "-s", "FILE"],
        ):
            done = self.on_mounted(*base.script(*command))
            self.assertEqual(
                f"{path}: is mounted as a single file, which cannot be "
                "replaced in one step; name the file that is mounted there, "
                "or mount its folder instead; nothing was changed\n",
                done.stderr,
            )
            self.assertEqual(2, done.returncode)
            self.assertEqual(["x.txt"], os.listdir(path.parent))
            self.assertEqual(CONTENT, path.read_text())
            source = self.folder / "source.txt"
            self.assertEqual(CONTENT, source.read_text())

    def test_a_long_job_fails_before_it_starts(self) -> None:
        code = (
            "import sys; from openstack_requirements.system import files\n"
            "try: files.require_replaceable(sys.argv[1])\n"
            "except files.UnusableInput as error: print(error)"
        )
        done = self.on_mounted(sys.executable, "-c", code, "FILE")
        self.assertIn("is mounted as a single file", done.stdout)
        path = str(self.folder / "a place" / "x.txt")
        done = subprocess.run(
            [sys.executable, "-c", code, path],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        self.assertEqual(("", ""), (done.stdout, done.stderr))


def on_a_tiny_disk(
    test: base.TestCase,
    command: list[str],
    prepare: str = ":",
    size: str = "128k",
) -> subprocess.CompletedProcess[str]:
    """Run a command with the folder of a tiny tmpfs as its last argument."""
    mount = test.folder / "disk"
    mount.mkdir()
    return in_a_namespace(
        test,
        [*command, str(mount)],
        f"mount -t tmpfs -o size={size} none '{mount}'",
        prepare.format(mount),
    )


def in_a_namespace(
    test: base.TestCase, command: list[str], mounting: str, prepare: str = ":"
) -> subprocess.CompletedProcess[str]:
    """Run a command where something is mounted.

    In namespaces of its own, so that nobody else sees the mount and it is
    gone with the command; as a user where that is allowed.
    """
    unshare = shutil.which("unshare")
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    start = [str(unshare), *user, "--mount", "sh", "-c"]
    probe = [*start, f"{mounting} && echo ready"]
    if (
        unshare is None
        or subprocess.run(probe, capture_output=True, check=False).returncode
    ):
        test.skipTest("nothing can be mounted here")
    return subprocess.run(
        [*start, f'{mounting} && {prepare} && exec "$@"', "-", *command],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
