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
"""Projects are read from folders, whatever is in these."""

from __future__ import annotations

import os

from openstack_requirements import project
from openstack_requirements.errors import UnusableInput, UnusableProject
from openstack_requirements.tests import base


class TestRead(base.TestCase):
    def test_all_manifests_in_order(self) -> None:
        for name in ("tools/pip-requires", "requirements.txt"):
            self.write(f"p/{name}", "foo>=1\n")
        self.write("p/lower-constraints.txt", "foo==1\n")
        self.write("p/setup.cfg", "[metadata]\nname = x\n[extras]\na = b\n")
        self.write("p/pyproject.toml", "[build-system]\nrequires = ['pbr']\n")
        self.write("p/other.txt", "-r x\n")
        found = project.read(str(self.folder / "p"))
        self.assertEqual("x", found.name)
        self.assertEqual(
            [
                ("requirements.txt", "foo>=1"),
                ("tools/pip-requires", "foo>=1"),
                ("setup.cfg", "b"),
                ("pyproject.toml", "pbr"),
            ],
            [(each.file, each.text) for each in found.declared],
        )
        self.assertEqual(
            [
                "requirements.txt",
                "tools/pip-requires",
                "lower-constraints.txt",
                "setup.cfg",
                "pyproject.toml",
            ],
            list(found.texts),
        )

    def test_no_manifest(self) -> None:
        self.write("p/doc", "a file, where there could be a folder")
        found = project.read(str(self.folder / "p"))
        self.assertEqual(({}, (), ""), found[1:])

    def test_no_project(self) -> None:
        path = self.write("file", "")
        for root, reason in ((path, "no folder"), (path + "2", "not exist")):
            error = self.assertRaises(UnusableInput, project.read, root)
            self.assertIn(reason, str(error))


class TestHostile(base.TestCase):
    def complaint(self) -> str:
        error = self.assertRaises(
            UnusableProject, project.read, str(self.folder / "p")
        )
        return str(error).replace(f"{self.folder}/", "")

    def test_every_bad_file_is_named(self) -> None:
        self.write("p/requirements.txt", b"foo\n\xff\n")
        self.write("p/test-requirements.txt", "x" * (project.LARGEST + 1))
        self.write("p/setup.cfg", "[a]\n[a]\n")
        self.write("p/pyproject.toml", "project = 1\n")
        os.mkfifo(self.folder / "p/lower-constraints.txt")
        os.makedirs(self.folder / "p/doc/requirements.txt")
        self.assertEqual(
            [
                "p/requirements.txt:2: is not UTF-8 text (byte 0xff)",
                "p/test-requirements.txt: is larger than 1048576 bytes",
                "p/doc/requirements.txt: is not a regular file",
                "p/lower-constraints.txt: is not a regular file",
                "p/setup.cfg:2: the section is there twice: [a]",
                "p/pyproject.toml: project is not a table",
            ],
            self.complaint().splitlines(),
        )

    def test_links(self) -> None:
        self.write("p/real.txt", "foo\n")
        (self.folder / "p/requirements.txt").symlink_to("real.txt")
        (self.folder / "link").symlink_to("p")
        found = project.read(str(self.folder / "link"))
        self.assertEqual(["foo"], [each.text for each in found.declared])

    def test_links_to_outside(self) -> None:
        self.write("outside/requirements.txt", "foo\n")
        self.write("p-not/x", "foo\n")
        self.write("p/x", "")
        (self.folder / "p/doc").symlink_to("../outside")
        (self.folder / "p/requirements.txt").symlink_to("../p-not/x")
        (self.folder / "p/setup.cfg").symlink_to("/dev/zero")
        (self.folder / "p/pyproject.toml").symlink_to("nowhere")
        self.assertEqual(
            [
                "p/requirements.txt: is a link to outside of the project",
                "p/doc/requirements.txt: is a link to outside of the project",
                "p/setup.cfg: is a link to outside of the project",
                "p/pyproject.toml: cannot be read (No such file or directory)",
            ],
            self.complaint().splitlines(),
        )


class TestDoor(base.TestCase):
    def test_any_door_will_do(self) -> None:
        texts = {"requirements.txt": "foo\n", "setup.cfg": "[a]\nb\n"}
        error = self.assertRaises(
            UnusableProject, project.load, "p@HEAD", texts.get
        )
        self.assertTrue(str(error).startswith("p@HEAD/setup.cfg:2: "))
        del texts["setup.cfg"]
        found = project.load("p@HEAD", texts.get)
        self.assertEqual(["foo"], [each.text for each in found.declared])
