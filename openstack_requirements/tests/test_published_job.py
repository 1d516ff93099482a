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

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from openstack_requirements import check, project, requirement
from openstack_requirements.cmds import check_requirements
from openstack_requirements.errors import BadLine
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A script as people wrote it for the older toolkit.
SCRIPT = """\
import os
import sys

from openstack_requirements import check, project, requirement


def read(folder, *names):
    for name in names:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                return file.read()
    return ""


reqs, root, branch = sys.argv[1:]
content = read(reqs, "global-requirements.txt")
global_reqs = check.get_global_reqs(content)
denylist = requirement.parse(read(reqs, "denylist.txt", "blacklist.txt"))
backports = requirement.parse(read(reqs, "backports.txt"))
head = check.RequirementsList("HEAD", project.read(root))
head.process(strict=not branch.startswith("stable/"))
failed = check.validate(head, denylist, global_reqs, backports)
if os.path.exists(os.path.join(reqs, "denylist.txt")) and branch == "master":
    failed = not project.verify_pyproject_toml(root) or failed
sys.exit(1 if failed or head.failed else 0)
"""
PBR = '[build-system]\nrequires = ["pbr>=6"]\nbuild-backend = "pbr.build"\n'
CLASSIC = {
    "global-requirements.txt": "foo>=1.0,!=1.5 # MIT\nbar>=2 # MIT\n",
    "blacklist.txt": "flake8\n",
}
CURRENT = {
    "global-requirements.txt": "foo!=1.5\nbar\nenum34\npbr\n",
    "denylist.txt": "flake8\n",
    "backports.txt": "enum34\n",
}
#: Projects by what is to be seen: lists, files, branch, whether they fail.
PROJECTS: tuple[tuple[str, Mapping[str, str], str, bool], ...] = (
    (
        "classic",
        {"requirements.txt": "foo>=1.0,!=1.5 # MIT\n"},
        "master",
        False,
    ),
    ("classic", {"requirements.txt": "foo>=1.0 # GPL\n"}, "master", True),
    (
        "classic",
        {"requirements.txt": "foo>=1.0,!=1.7 # MIT\n"},
        "master",
        True,
    ),
    ("classic", {"requirements.txt": "nosuch>=1\n"}, "master", True),
    ("classic", {"requirements.txt": "flake8\n"}, "master", False),
    # What is never constrained may be there twice.
    ("classic", {"requirements.txt": "flake8\nflake8\n"}, "master", False),
    (
        "classic",
        {
            "requirements.txt": "bar>=2 # MIT\n",
            "lower-constraints.txt": "bar==3\n",
        },
        "master",
        True,
    ),
    ("current", {"requirements.txt": "foo>=1\n"}, "master", True),
    (
        "current",
        {"requirements.txt": "foo>=1\n", "pyproject.toml": PBR},
        "master",
        False,
    ),
    ("current", {"requirements.txt": "foo>=1\n"}, "stable/2025.1", False),
    ("current", {"requirements.txt": "foo\n"}, "stable/2025.1", True),
    (
        "current",
        {"requirements.txt": "foo>=1\nfoo>=1\n", "pyproject.toml": PBR},
        "master",
        True,
    ),
    (
        "current",
        {"requirements.txt": "foo>=1\nfoo>=1\n"},
        "stable/2025.1",
        False,
    ),
    (
        "current",
        {
            "requirements.txt": "enum34>=1;python_version<'3.9'\n",
            "pyproject.toml": PBR,
        },
        "master",
        False,
    ),
    (
        "current",
        {
            "setup.cfg": "[extras]\na =\n  foo>=1,!=1.9\n",
            "pyproject.toml": PBR,
        },
        "master",
        True,
    ),
    (
        "current",
        {"requirements.txt": "-e git+https://example.org/x#egg=x\n"},
        "stable/2025.1",
        True,
    ),
)


class TestScript(base.TestCase):
    def test_its_verdicts_are_those_of_the_command(self) -> None:
        script = self.write("script.py", SCRIPT)
        for vintage, texts in (("classic", CLASSIC), ("current", CURRENT)):
            for file, content in texts.items():
                self.write(f"{vintage}/{file}", content)
        for number, (lists, files, branch, fails) in enumerate(PROJECTS):
            for file, content in files.items():
                self.write(f"{number}/{file}", content)
            reqs = str(self.folder / lists)
            root = str(self.folder / str(number))
            done = subprocess.run(
                [sys.executable, "-I", script, reqs, root, branch],
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            self.assertEqual("", done.stderr)
            argv = (
                *("--local", "--build-backend", "pbr.build"),
                *("--reqs", reqs, root, branch),
            )
            command = self.run_main(check_requirements.main, *argv)
            statuses = (int(fails), int(fails))
            self.assertEqual(
                statuses,
                (done.returncode, command.status),
                f"{number} {done.stdout} {command.out}",
            )
            self.assertEqual(bool(done.stdout), fails)


class TestNames(base.TestCase):
    def test_requirements_by_file(self) -> None:
        self.write("requirements.txt", "Foo>=1\nbar>=2\n")
        self.write("setup.cfg", "[extras]\na =\n  foo>=1\n")
        head = check.RequirementsList("HEAD", project.read(str(self.folder)))
        self.assertEqual({}, head.reqs)
        head.process()
        self.assertFalse(head.failed)
        self.assertEqual(
            {"requirements.txt": {"foo", "bar"}, "setup.cfg [a]": {"foo"}},
            {place: set(names) for place, names in head.reqs_by_file.items()},
        )
        self.assertEqual(
            {"Foo>=1", "foo>=1"},
            {
                entry.to_line().strip()
                for entry in head.reqs[requirement.canonical_name("foo")]
            },
        )

    def test_lines(self) -> None:
        text = "# comment\n\nfoo>=1;python_version>'3' # MIT\nfoo\n"
        for lines in (text.splitlines(), text.splitlines(keepends=True)):
            parsed = requirement.parse_lines(lines)
            self.assertEqual(
                {
                    name: [entry for entry, _ in entries]
                    for name, entries in requirement.parse(text).items()
                },
                {
                    name: [entry for entry, _ in entries]
                    for name, entries in parsed.items()
                },
            )
        self.assertRaises(BadLine, requirement.to_req, "foo>")
        self.assertEqual((None, "-e x"), requirement.to_req("-e x"))

    def test_clauses_in_order(self) -> None:
        clauses = ["<3", "!=2.10", ">=1", "!=2.9", "==2.*"]
        wanted = [">=1", "==2.*", "!=2.9", "!=2.10", "<3"]
        self.assertEqual(
            wanted, sorted(clauses, key=requirement.key_specifier)
        )
        specifiers = SpecifierSet(",".join(clauses))
        ordered = sorted(specifiers, key=requirement.key_specifier)
        self.assertEqual(wanted, list(map(str, ordered)))

    def test_bounds(self) -> None:
        for content, count in (
            ("foo>=1\nbar>=1,!=0.5\nbaz\n", 2),
            ("foo\nbar\nbaz>=1\n", 1),
            ("foo\nbar!=2\n", 0),
        ):
            for global_reqs in (
                check.get_global_reqs(content),
                requirement.parse(f"# a comment\n{content}"),
            ):
                problems = list(
                    requirement.check_reqs_bounds_policy(global_reqs)
                )
                self.assertEqual(count, len(problems), str(problems))
