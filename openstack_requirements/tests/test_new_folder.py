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
"""A folder of files is written whole, or not at all."""

from __future__ import annotations

import os

import fixtures

from openstack_requirements.errors import OutsideError, UnusableInput
from openstack_requirements.system import new_folder
from openstack_requirements.tests import base


class TestNewFolder(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.parent = self.folder / "parent"
        self.parent.mkdir()
        self.path = str(self.parent / "new")

    def refused(self, path: str, words: str) -> None:
        """Both the check and the writing refuse a path, with one sentence."""
        for call in (
            lambda: new_folder.require_writable(path),
            lambda: new_folder.write(path, {"a": "1"}),
        ):
            error = self.assertRaises(UnusableInput, call)
            self.assertIn(words, str(error))
            self.assertEqual(path, error.what)

    def test_files_in_folders(self) -> None:
        new_folder.write(self.path, {"a": "1\n", "b/c/d": "\u20ac\r\n"})
        self.assertEqual(["new"], os.listdir(self.parent))
        self.assertEqual(["a", "b"], sorted(os.listdir(self.path)))
        with open(f"{self.path}/b/c/d", "rb") as file:
            self.assertEqual("\u20ac\r\n".encode(), file.read())

    def test_an_empty_folder_is_taken(self) -> None:
        os.mkdir(self.path)
        new_folder.write(f"{self.path}/", {"a": "1"})
        self.assertEqual(["a"], os.listdir(self.path))

    def test_the_mode_is_what_the_umask_leaves(self) -> None:
        plain = self.parent / "plain"
        plain.mkdir()
        new_folder.write(self.path, {"a": "1"})
        self.assertEqual(plain.stat().st_mode, os.stat(self.path).st_mode)

    def test_what_is_refused(self) -> None:
        self.write("parent/full/file", "kept")
        file = self.write("parent/file", "kept")
        self.refused(str(self.parent / "full"), "is not empty")
        self.refused(file, "is not a folder")
        self.refused(str(self.parent / "no/new"), "there is no folder")
        self.refused("a\0b", "such a name")
        os.symlink("nowhere", self.parent / "link")
        new_folder.write(str(self.parent / "link"), {"a": "1"})
        self.assertEqual(["a"], os.listdir(self.parent / "nowhere"))

    def test_the_current_folder_is_refused(self) -> None:
        os.mkdir(self.path)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.path)
        self.refused(".", "is the current folder")
        self.refused(self.path, "is the current folder")

    def test_nothing_is_left_of_a_failure(self) -> None:
        def fail(*_: object) -> None:
            raise OSError(28, "No space left on device")

        for name in ("os.fsync", "os.rename"):
            with fixtures.MonkeyPatch(name, fail):
                error = self.assertRaises(
                    OutsideError, new_folder.write, self.path, {"a/b": "1"}
                )
            self.assertIn("No space left on device", str(error))
            self.assertEqual([], os.listdir(self.parent))

    def test_nothing_is_left_of_an_interrupt(self) -> None:
        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        with fixtures.MonkeyPatch("os.rename", stop):
            self.assertRaises(
                KeyboardInterrupt, new_folder.write, self.path, {"a": "1"}
            )
        self.assertEqual([], os.listdir(self.parent))

    def test_what_was_filled_meanwhile_stays(self) -> None:
        os.mkdir(self.path)
        really = os.rename

        def rename(source: str, target: str) -> None:
            self.write("parent/new/file", "theirs")
            really(source, target)

        with fixtures.MonkeyPatch("os.rename", rename):
            self.assertRaises(
                UnusableInput, new_folder.write, self.path, {"a": "1"}
            )
        self.assertEqual(["new"], os.listdir(self.parent))
        self.assertEqual(["file"], os.listdir(self.path))
