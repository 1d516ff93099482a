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
from functools import partial

from openstack_requirements.bootstrap import checkouts
from openstack_requirements.checks import lower_rules, project_rules, subjects
from openstack_requirements.errors import (
    RequirementsError,
    UnusableInput,
    UnusableProject,
)
from openstack_requirements.manifests import dynamic, loader
from openstack_requirements.pep508 import limits
from openstack_requirements.repository import policy
from openstack_requirements.tests import base, bounded

#: A list that projects are judged by.
LISTS = subjects.against(policy.CURRENT, "global-requirements.txt", [])


def groups(*texts: str) -> str:
    return "[dependency-groups]\n" + "".join(texts)


def include(*names: object) -> str:
    return ", ".join(f'{{include-group = "g{name}"}}' for name in names)


def full(unit: str, head: str = "", tail: str = "") -> str:
    """The largest text of these units that may be read."""
    return head + unit * ((loader.LARGEST - 300) // len(unit)) + tail


POETRY = "[tool.poetry.dependencies]\n"
MANY_FILES = "'a', " * (dynamic.MOST_FILES + 1)
#: A file of a project that costs much, and what is said of it; nothing where
#: all of it is read.
COSTLY: dict[str, tuple[str, str, str]] = {
    "groups that all include each other, twice": (
        "pyproject.toml",
        groups(
            *(
                f"g{n} = [{include(*range(22), *range(22))}]\n"
                for n in range(22)
            )
        ),
        "",
    ),
    "groups that include two, and so on": (
        "pyproject.toml",
        groups(
            *(f"g{n} = [{include(n + 1, n + 1)}]\n" for n in range(60)),
            "g60 = ['foo']\n",
        ),
        "",
    ),
    "a chain of groups": (
        "pyproject.toml",
        groups(*(f"g{n} = [{include(n + 1)}]\n" for n in range(4000))),
        "pyproject.toml:7:7: the dependency groups include more than",
    ),
    "a circle of groups": (
        "pyproject.toml",
        groups(
            *(f"g{n} = [{include((n + 1) % 140)}]\n" for n in range(140)),
        ),
        "",
    ),
    "an array of numbers": (
        "pyproject.toml",
        full("1,", groups("a = ["), "]"),
        "pyproject.toml:2: the file holds more than 5000 requirements: 1",
    ),
    "an array of strings": (
        "pyproject.toml",
        full("'a',", "project.dependencies = [", "]"),
        "pyproject.toml:1: the file holds more than 5000 requirements: a",
    ),
    "small arrays": (
        "pyproject.toml",
        "[project.optional-dependencies]\n"
        + "".join(f"a{n} = ['b']\n" for n in range(11_000)),
        "pyproject.toml:5002: the file holds more than 5000 requirements: b",
    ),
    "dotted tables": (
        "pyproject.toml",
        "".join(f"[a{n}{'.b' * 30}]\n" for n in range(3500)),
        "",
    ),
    "nested arrays": (
        "pyproject.toml",
        full(f"{'[' * 31}{']' * 31},", "a = [", "]"),
        "",
    ),
    "lines of a requirements file": (
        "requirements.txt",
        full("a\n"),
        "requirements.txt:100001: the file holds more than 100000 lines: a",
    ),
    "lines that are none": (
        "requirements.txt",
        full("?\n"),
        "requirements.txt:100001: the file holds more than 100000 lines: ?",
    ),
    "lower constraints": (
        "lower-constraints.txt",
        full("a==1\n"),
        "",
    ),
    "lines with colons": (
        "requirements.txt",
        full("a" + ":" * 8000 + "\n"),
        "",
    ),
    "blanks in a line": (
        "requirements.txt",
        "a" + " " * 200_000 + "b\n",
        "",
    ),
    "blanks in an option's name": (
        "setup.cfg",
        "[options]\na" + " " * 200_000 + "b=1\n",
        "",
    ),
    "extras": (
        "setup.cfg",
        "[options.extras_require]\n"
        + "".join(f"e{n}=a\n" for n in range(11_000)),
        "setup.cfg:5002: the file holds more than 5000 requirements: a",
    ),
    "a value with semicolons": (
        "setup.cfg",
        full("a;", "[options]\ninstall_requires="),
        "setup.cfg:2: the file holds more than 5000 requirements: a",
    ),
    "blanks in a version": (
        "pyproject.toml",
        f"{POETRY}foo = '1{' ' * 200_000}2'\n",
        "",
    ),
    "blanks in many versions": (
        "pyproject.toml",
        POETRY + "".join(f"f{n} = '1{' ' * 8000}2'\n" for n in range(32)),
        "",
    ),
    "digits in a version": (
        "pyproject.toml",
        f"{POETRY}foo = '^{'1' * 5000}'\n",
        "",
    ),
    "a number for a version": (
        "pyproject.toml",
        f"{POETRY}foo = 0x{'f' * 5000}\n",
        "pyproject.toml:2:7: a number or a bare key of more than 1000",
    ),
    "a number of a group": (
        "pyproject.toml",
        groups(f"a = [0x{'f' * 5000}]\n"),
        "pyproject.toml:2:6: a number or a bare key of more than 1000",
    ),
    "poetry's dependencies": (
        "pyproject.toml",
        POETRY + "".join(f"f{n} = '^1'\n" for n in range(11_000)),
        "pyproject.toml: has more than 5000 requirements",
    ),
    "files to read": (
        "pyproject.toml",
        f"[tool.setuptools.dynamic]\ndependencies.file = [{MANY_FILES}]\n",
        "pyproject.toml: names more than 100 requirements files",
    ),
    "files to read, of setup.cfg": (
        "setup.cfg",
        f"[options]\ninstall_requires = file: {'a, ' * 101}\n",
        "setup.cfg: names more than 100 requirements files",
    ),
    "headers": ("PKG-INFO", full("Requires-Dist: a\n"), "PKG-INFO: has more"),
    "blanks in a header": (
        "PKG-INFO",
        "Requires-Dist:" + " " * 200_000 + "a\n",
        "",
    ),
}
#: Names of files that no system has.
NO_NAMES = {
    "pyproject.toml": "[tool.setuptools.dynamic]\n"
    'dependencies = {file = "a\\u0000b"}\n',
    "setup.cfg": "[options]\ninstall_requires = file: a\0b\n",
}


class TestRead(base.TestCase):
    def test_all_manifests_in_order(self) -> None:
        for name in ("tools/pip-requires", "requirements.txt"):
            self.write(f"p/{name}", "foo>=1\n")
        self.write("p/lower-constraints.txt", "foo==1\n")
        self.write("p/setup.cfg", "[metadata]\nname = x\n[extras]\na = b\n")
        self.write("p/pyproject.toml", "[build-system]\nrequires = ['pbr']\n")
        self.write("p/other.txt", "-r x\n")
        found = loader.read(str(self.folder / "p"))
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
        found = loader.read(str(self.folder / "p"))
        self.assertEqual(({}, (), ""), found[1:])

    def test_no_project(self) -> None:
        path = self.write("file", "")
        for root, reason in (
            (path, "is a file, not"),
            (path + "2", "not exist"),
        ):
            error = self.assertRaises(UnusableInput, loader.read, root)
            self.assertIn(reason, str(error))


class TestHostile(base.TestCase):
    def complaint(self) -> str:
        error = self.assertRaises(
            UnusableProject, loader.read, str(self.folder / "p")
        )
        return str(error).replace(f"{self.folder}/", "")

    def test_every_bad_file_is_named(self) -> None:
        self.write("p/requirements.txt", b"foo\n\xff\n")
        self.write("p/test-requirements.txt", "x" * (loader.LARGEST + 1))
        self.write("p/setup.cfg", "[a]\n[a]\n")
        self.write("p/pyproject.toml", "project = 1\n")
        os.mkfifo(self.folder / "p/lower-constraints.txt")
        os.makedirs(self.folder / "p/doc/requirements.txt")
        self.assertEqual(
            [
                "p/requirements.txt:2: is not UTF-8 text (byte 0xff)",
                "p/test-requirements.txt: is larger than 262144 bytes",
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
        found = loader.read(str(self.folder / "link"))
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


class TestCostly(base.TestCase):
    """Whatever a file of a project holds, reading it has an end."""

    def project(self, files: dict[str, str]) -> str:
        root = self.folder / f"p{len(os.listdir(self.folder))}"
        for file, text in files.items():
            self.write(str(root / file), text)
        return str(root)

    def look(self, root: str) -> str:
        """All that is read of a project; what is wrong with it."""
        try:
            found = loader.read(root)
            subject = subjects.subject(LISTS, found.texts, found.declared)
            for rule in (
                project_rules.unknown_groups,
                project_rules.group_cycles,
                lower_rules.unreadable,
            ):
                list(rule(subject))
            list(map(subjects.brings_in, (e.text for e in found.declared)))
            checkouts.read(root)
        except RequirementsError as error:
            return str(error).replace(f"{root}/", "")
        return ""

    def test_costly(self) -> None:
        roots = {
            name: self.project({file: text, "setup.py": "setup(**x)"})
            for name, (file, text, _) in COSTLY.items()
        }
        self.assertEqual(
            [],
            bounded.failures(
                {
                    name: partial(self.look, each)
                    for name, each in roots.items()
                }
            ),
        )
        for name, (_, _, expected) in COSTLY.items():
            found = self.look(roots[name])
            self.assertEqual(expected, found[: len(expected)], name)
            self.assertEqual(not expected, not found, f"{name}: {found}")

    def test_names_of_no_files(self) -> None:
        for file, text in NO_NAMES.items():
            root = self.project({file: text})
            error = self.assertRaises(UnusableProject, checkouts.read, root)
            self.assertEqual(
                f"{root}/a\\x00b: no file can have such a name", str(error)
            )

    def test_all_together(self) -> None:
        files = [f"f{n}.txt" for n in range(3)]
        root = self.project(
            {
                "pyproject.toml": "[tool.setuptools.dynamic]\n"
                f"dependencies.file = {files}\n",
                **dict.fromkeys(files, "a\n" * 4000),
            }
        )
        error = self.assertRaises(UnusableProject, checkouts.read, root)
        self.assertEqual(
            f"{root}: requires more than 10000 distributions", str(error)
        )

    def test_one_of_them(self) -> None:
        root = self.project(
            {
                "setup.cfg": "[options]\ninstall_requires = file: a.txt\n",
                "a.txt": "a\n" * (limits.MOST_REQUIREMENTS + 1),
            }
        )
        error = self.assertRaises(UnusableProject, checkouts.read, root)
        self.assertIn(f"{root}/a.txt:5001: ", str(error))

    def test_a_name_that_is_none(self) -> None:
        root = self.project({"pyproject.toml": "[project]\nname = 1\n"})
        error = self.assertRaises(UnusableProject, loader.read, root)
        self.assertEqual(
            f"{root}/pyproject.toml: project.name is not a string", str(error)
        )


class TestDoor(base.TestCase):
    def test_any_door_will_do(self) -> None:
        texts = {"requirements.txt": "foo\n", "setup.cfg": "[a]\nb\n"}
        error = self.assertRaises(
            UnusableProject, loader.load, "p@HEAD", texts.get
        )
        self.assertTrue(str(error).startswith("p@HEAD/setup.cfg:2: "))
        del texts["setup.cfg"]
        found = loader.load("p@HEAD", texts.get)
        self.assertEqual(["foo"], [each.text for each in found.declared])
