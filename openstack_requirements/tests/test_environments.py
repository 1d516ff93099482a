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
"""What is installed is read from metadata, and broken metadata is noticed."""

from __future__ import annotations

import os

from openstack_requirements.constraints.freeze import Distribution
from openstack_requirements.errors import OutsideError
from openstack_requirements.install import environments, installed
from openstack_requirements.system import files
from openstack_requirements.tests import base

FULL = """\
Metadata-Version: 2.4
Name: Full.Name
Version: 1.0-rc.1
Requires-Python: >=3.8
License-Expression: MIT
License: UNKNOWN
Classifier: A :: B
Classifier: C :: D
Requires-Dist: x>=1
Requires-Dist: y; extra == "z"

Name: not.this
"""


class TestInstalled(base.TestCase):
    def metadata(self, path: str, text: str) -> None:
        self.write(f"env/lib/python3.9/site-packages/{path}", text)

    def named(self, path: str, name: str, version: str) -> None:
        self.metadata(
            path, f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )

    def installed(self) -> tuple[Distribution, ...]:
        return installed.in_virtualenv(str(self.folder / "env"))

    def failure(self) -> str:
        error = self.assertRaises(OutsideError, self.installed)
        self.assertEqual(3, error.status)
        return str(error)

    def test_every_field(self) -> None:
        self.metadata("full_name-1.dist-info/METADATA", FULL)
        self.assertEqual(
            (
                Distribution(
                    "Full.Name",
                    "1.0rc1",
                    ("x>=1", 'y; extra == "z"'),
                    ">=3.8",
                    "MIT",
                    "",
                    ("A :: B", "C :: D"),
                ),
            ),
            self.installed(),
        )

    def test_of_a_field_that_is_there_twice_the_first_counts(self) -> None:
        self.metadata(
            "a-1.dist-info/METADATA",
            "Name: a\nName: b\nVersion: 1\nVersion: 2\n"
            "License: x\n  y\nRequires-Python: >=3\nRequires-Python: >=4\n"
            "License: z\n",
        )
        self.assertEqual(
            Distribution("a", "1", (), ">=3", "", "x\n  y"),
            self.installed()[0],
        )

    def test_egg_info_folder_and_file(self) -> None:
        self.named("a-1.egg-info/PKG-INFO", "a", "1")
        self.metadata("a-1.egg-info/requires.txt", "x>=1\n\n[z]\ny\n")
        self.named("b-2.egg-info", "b", "2")
        found = self.installed()
        self.assertEqual(["a", "b"], [each.name for each in found])
        self.assertEqual(("x>=1", 'y; extra == "z"'), found[0].requires)

    def test_names_sort_in_canonical_form(self) -> None:
        for name in ("b_c", "A", "b.a", "B"):
            self.named(f"{name}-1.dist-info/METADATA", name, "1")
        names = [each.name for each in self.installed()]
        self.assertEqual(["A", "B", "b.a", "b_c"], names)

    def test_lib64_may_be_a_link(self) -> None:
        self.named("a-1.dist-info/METADATA", "a", "1")
        os.symlink("lib", self.folder / "env/lib64")
        self.assertEqual(1, len(self.installed()))
        self.assertEqual(1, environments.count(str(self.folder / "env")))

    def latin(self, path: str, *lines: str) -> None:
        self.metadata(path, "")
        target = self.folder / "env/lib/python3.9/site-packages" / path
        target.write_bytes("".join(f"{x}\n" for x in lines).encode("latin-1"))

    def test_metadata_that_is_not_utf_8(self) -> None:
        """What another encoding spells is read in that (as packaging does)."""
        self.latin(
            "a-1.dist-info/METADATA",
            *("Name: a", "Version: 1", "Author: Jos\xe9", "License: \xa9"),
            *("Requires-Dist: b>=1", "", "Caf\xe9"),
        )
        self.assertEqual(
            (Distribution("a", "1", ("b>=1",), "", "", "\xa9"),),
            self.installed(),
        )

    def test_an_egg_info_that_is_not_utf_8(self) -> None:
        self.latin(
            "a-1.egg-info/PKG-INFO",
            *("Name: a", "Version: 1", "Author: Jos\xe9"),
        )
        self.latin("a-1.egg-info/requires.txt", "b>=1", "caf\xe9", "[x]", "c")
        self.assertEqual(
            ("b>=1", "caf\ufffd", 'c; extra == "x"'),
            self.installed()[0].requires,
        )

    def test_a_name_that_is_not_utf_8(self) -> None:
        self.latin("a-1.dist-info/METADATA", "Name: caf\xe9", "Version: 1", "")
        self.assertIn("a-1.dist-info: its metadata has no", self.failure())

    def test_line_ends_of_another_system(self) -> None:
        self.latin(
            "a-1.dist-info/METADATA",
            *("Name: a\r", "Version: 1\r", "\r", "Name: b\r"),
        )
        self.assertEqual((Distribution("a", "1"),), self.installed())

    def test_metadata_that_is_too_large(self) -> None:
        self.metadata(
            "a-1.dist-info/METADATA",
            f"Name: a\nVersion: 1\n\n{'x' * files.LARGEST_DATA}",
        )
        self.assertIn(
            "a-1.dist-info/METADATA: is larger than 8 MiB", self.failure()
        )

    def test_no_metadata(self) -> None:
        self.write("env/lib/python3.9/site-packages/a-1.dist-info/RECORD", "")
        self.assertIn("a-1.dist-info: there is no metadata", self.failure())

    def test_no_name_or_version(self) -> None:
        self.metadata("a-1.dist-info/METADATA", "Name: a\n")
        self.assertIn("no proper Version", self.failure())
        self.metadata("a-1.dist-info/METADATA", "Version: 1\n")
        self.assertIn("no proper Name", self.failure())
        self.metadata("a-1.dist-info/METADATA", "Name: a\nVersion: 1;x\n")
        self.assertIn("no proper Version", self.failure())
        self.metadata("a-1.dist-info/METADATA", "Name: a;x\nVersion: 1\n")
        self.assertIn("no proper Name", self.failure())

    def test_one_version_twice_is_one(self) -> None:
        self.named("a-1.dist-info/METADATA", "a", "1")
        self.named("a-1.egg-info/PKG-INFO", "A", "1")
        self.assertEqual(1, len(self.installed()))

    def test_two_versions(self) -> None:
        self.named("a-1.dist-info/METADATA", "a.b", "1")
        self.named("a-2.dist-info/METADATA", "A_B", "2")
        text = self.failure()
        self.assertIn("installed twice", text)
        self.assertIn("a-1.dist-info", text)
        self.assertIn("a-2.dist-info", text)

    def test_text_that_is_no_version_is_kept(self) -> None:
        self.named("a-1.dist-info/METADATA", "a", "2004d")
        self.assertEqual("2004d", self.installed()[0].version)

    def test_remove(self) -> None:
        self.named("a-1.dist-info/METADATA", "a", "1")
        self.write("env/lib/python3.9/site-packages/a/b/c.py", "")
        outside = self.write("outside/kept", "")
        site = self.folder / "env/lib/python3.9/site-packages"
        os.symlink(os.path.dirname(outside), site / "linked")
        for name in ("-rf", "a b", "new\nline", "$HOME"):
            self.write(f"env/lib/python3.9/site-packages/{name}/x", "")
        environments.remove(str(self.folder / "env"), self.children())
        self.assertFalse((self.folder / "env").exists())
        self.assertTrue(os.path.exists(outside))
        environments.remove(str(self.folder / "env"), self.children())

    def test_remove_once_processes_are_stopped(self) -> None:
        self.write("env/lib/python3.9/site-packages/a/b/c.py", "")
        children = self.children()
        children.stop()
        environments.remove(str(self.folder / "env"), children)
        self.assertFalse((self.folder / "env").exists())

    def test_clear_keeps_what_is_read(self) -> None:
        self.named("a-1.dist-info/METADATA", "a", "1")
        self.named("b-2.egg-info/PKG-INFO", "b", "2")
        site = self.folder / "env/lib/python3.9/site-packages"
        for number in range(2000):
            (site / f"module{number}.py").touch()
        before = installed.in_virtualenv(str(self.folder / "env"))
        self.assertEqual(2, len(before))
        environments.clear(str(self.folder / "env"), self.children())
        after = installed.in_virtualenv(str(self.folder / "env"))
        self.assertEqual(before, after)
        self.assertEqual(2, len(list(site.iterdir())))
