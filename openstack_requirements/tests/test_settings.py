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
"""The settings of a requirements repository."""

from __future__ import annotations

import os

from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.repository import lists, settings
from openstack_requirements.repository.settings import Settings
from openstack_requirements.tests import base

ALL = """\
[project]
name = "lists"

[tool.openstack_requirements]
policy = "classic"
pythons = [ "3.11", "python3.13" ]
global-requirements = "our-list.txt"  # in the same folder
upper-constraints = "pins/upper.txt"
never-constrain = "/srv/never.txt"
projects = "projects.txt"
checkouts = "~/checkouts"
build-backend = "hatchling.build"
installer = "uv"
"""
#: A table, with the place and the message of its error.
WRONG = (
    ('policy = "strict"', "2:10: policy is one of classic, current"),
    ("policy = 1", "2:10: policy is one of classic, current"),
    ('installer = "conda"', "2:13: installer is one of auto, uv, pip"),
    ('pythons = "3.11"', "2:11: pythons is an array of texts"),
    ("pythons = []", "2:11: pythons is an array of texts"),
    ("pythons = [3.11]", "2:11: pythons is an array of texts"),
    ('projects = ""', "2:12: projects is a text that is not empty"),
    ("build-backend = true", "2:17: build-backend is a text"),
    (
        'polcy = "classic"',
        "2:9: there is no setting polcy; did you mean policy?",
    ),
    (
        'global_requirements = "x"',
        "2:23: there is no setting global_requirements; did you mean "
        "global-requirements?",
    ),
    ("xyz = 1", "2:7: there is no setting xyz; there are policy, pythons,"),
)


class TestParse(base.TestCase):
    def test_all(self) -> None:
        home = os.path.expanduser("~")
        self.assertEqual(
            Settings(
                policy="classic",
                pythons=("3.11", "python3.13"),
                global_requirements="lists/our-list.txt",
                upper_constraints="lists/pins/upper.txt",
                never_constrain="/srv/never.txt",
                projects="lists/projects.txt",
                checkouts=f"{home}/checkouts",
                build_backend="hatchling.build",
                installer="uv",
            ),
            settings.parse(ALL, "lists/pyproject.toml"),
        )

    def test_nothing(self) -> None:
        for content in (
            "",
            "[project]\nname = 'x'\n",
            "[tool.other]\npolicy = 'strict'\n",
            "[tool.openstack_requirements]\n",
            "tool = 1\nopenstack_requirements = 2\n",
            "this is not TOML",  # and none of our settings
        ):
            with self.subTest(content=content):
                self.assertEqual(Settings(), settings.parse(content, "x"))

    def test_a_byte_order_mark(self) -> None:
        self.assertEqual(
            settings.parse(ALL, "x"),
            settings.parse(f"\ufeff{ALL}", "x"),
        )

    def test_wrong(self) -> None:
        for line, message in WRONG:
            with self.subTest(line=line):
                content = f"[tool.openstack_requirements]\n{line}\n"
                error = self.assertRaises(
                    BadContent, settings.parse, content, "a/b.toml"
                )
                self.assertIn(
                    f"a/b.toml:{message}", str(error).splitlines()[0]
                )

    def test_all_that_is_wrong_is_told(self) -> None:
        content = (
            "[tool.openstack_requirements]\npolicy = 1\n"
            "projects = 2\ninstaller = 3\n"
        )
        error = self.assertRaises(BadContent, settings.parse, content, "x")
        self.assertEqual(
            [2, 3, 4], [problem.number for problem in error.errors]
        )

    def test_not_toml(self) -> None:
        error = self.assertRaises(
            BadLine, settings.parse, "[tool.openstack_requirements\n", "x"
        )
        self.assertEqual(1, error.number)


class TestConfigured(base.TestCase):
    def test_a_folder(self) -> None:
        self.assertEqual(Settings(), lists.configured(str(self.folder)))
        self.write("pyproject.toml", ALL)
        result = lists.configured(str(self.folder))
        self.assertEqual(
            str(self.folder / "our-list.txt"), result.global_requirements
        )

    def test_the_current_folder(self) -> None:
        self.write("pyproject.toml", ALL)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        self.assertEqual(
            "our-list.txt", lists.configured("").global_requirements
        )
