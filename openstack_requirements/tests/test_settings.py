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

import io
import os
import sys
from unittest import mock

from openstack_requirements.cmds import (
    _generate_request,
    bootstrap_requirements,
    check_constraints,
    check_requirements,
    edit_constraints,
    generate_constraints,
    update_requirements,
    validate_constraints,
    validate_projects,
)
from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.repository import generation, lists, pins, settings
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
holds = "our-holds.yaml"
hold-grace = 7
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
    ('holds = ""', "2:9: holds is a text that is not empty"),
    ("hold-grace = -1", "2:14: hold-grace is a number of days from 0 to 366"),
    ("hold-grace = true", "2:14: hold-grace is a number of days"),
    ('hold-grace = "7"', "2:14: hold-grace is a number of days"),
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
                holds="lists/our-holds.yaml",
                hold_grace=7,
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


#: A list that shows the current policy, and would pass under no other.
LISTS = {
    "our-list.txt": "alpha!=1.5\n",
    "pins.txt": "alpha===1.6\n",
    "never.txt": "linter\n",
    "pyproject.toml": """\
[tool.openstack_requirements]
policy = "classic"
pythons = ["python3.9", "3.11"]
global-requirements = "our-list.txt"
upper-constraints = "pins.txt"
never-constrain = "never.txt"
""",
}


class TestCommands(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        for name, content in LISTS.items():
            self.write(f"lists/{name}", content)
        self.lists = str(self.folder / "lists")
        self.project = str(self.folder / "project")
        self.write("project/requirements.txt", "alpha!=1.5\nlinter>=5\nbeta\n")
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)

    def path(self, name: str) -> str:
        return os.path.join(self.lists, name)

    def test_validate_constraints(self) -> None:
        for argv in (
            ("--reqs", self.lists),
            (self.path("our-list.txt"), self.path("pins.txt")),
        ):
            done = self.run_main(validate_constraints.main, *argv)
            self.assertEqual(1, done.status, done.err)
            self.assertIn("it needs exactly one >= lower bound", done.out)
            option = self.run_main(
                validate_constraints.main, *argv, "--policy", "current"
            )
            self.assertEqual((0, ""), (option.status, option.err), option.out)

    def test_check_constraints(self) -> None:
        done = self.run_main(
            check_constraints.main, "--reqs", self.lists, self.project
        )
        self.assertEqual((1, ""), (done.status, done.err))
        self.assertIn("beta", done.out)
        self.assertNotIn("linter", done.out)

    def test_check_and_update_requirements(self) -> None:
        done = self.run_main(
            check_requirements.main,
            "--local",
            "--reqs",
            self.lists,
            self.project,
        )
        self.assertEqual((1, ""), (done.status, done.err))
        self.assertIn(f"beta is not in {self.path('our-list.txt')}", done.out)
        for option in ("--reqs", "--source"):
            done = self.run_main(
                update_requirements.main,
                option,
                self.lists,
                "--diff",
                "-s",
                self.project,
            )
            self.assertEqual((0, ""), (done.status, done.err))
            # What the classic policy writes at the head of a file.
            self.assertIn("+# The order of packages", done.out)

    def test_a_project_configures_nothing(self) -> None:
        self.write(
            "project/pyproject.toml",
            "[tool.openstack_requirements]\npolicy = 5\n",
        )
        for main in (check_constraints.main, check_requirements.main):
            done = self.run_main(main, "--reqs", self.lists, self.project)
            self.assertNotIn("policy is one of", done.err)

    def test_the_build_backend(self) -> None:
        pyproject = (
            '[build-system]\nrequires = ["flit_core"]\n'
            'build-backend = "flit_core.buildapi"\n'
        )
        self.write("project/pyproject.toml", pyproject)
        self.write("project/requirements.txt", "alpha>=1,!=1.5\n")
        settings = LISTS["pyproject.toml"].replace("classic", "current")
        for more, argv, wanted in (
            ("", (), None),
            ('build-backend = "flit_core.buildapi"\n', (), None),
            ('build-backend = "hatchling.build"\n', (), "hatchling.build"),
            ("", ("--build-backend", "pbr.build"), "pbr.build"),
            (
                'build-backend = "hatchling.build"\n',
                ("--build-backend", "pbr.build"),
                "pbr.build",
            ),
        ):
            self.write("lists/pyproject.toml", f"{settings}{more}")
            done = self.run_main(
                check_requirements.main,
                *("--local", "--reqs", self.lists, *argv, self.project),
            )
            self.assertEqual("", done.err)
            self.assertEqual(int(bool(wanted)), done.status, done.out)
            if wanted:
                self.assertIn(f"it should be {wanted}", done.out)
            if wanted == "hatchling.build":
                self.assertIn('requires = ["hatchling"]', done.out)

    def test_settings_that_are_wrong(self) -> None:
        path = self.path("pyproject.toml")
        self.write(
            "lists/pyproject.toml",
            "[tool.openstack_requirements]\npolicy = 5\n",
        )
        for main, argv in (
            (validate_constraints.main, ()),
            (check_constraints.main, (self.project,)),
            (check_requirements.main, (self.project,)),
            (update_requirements.main, (self.project,)),
            (bootstrap_requirements.main, ("alpha",)),
            (generate_constraints.main, ("-p", "3.11")),
        ):
            done = self.run_main(main, "--reqs", self.lists, *argv)
            self.assertEqual((2, ""), (done.status, done.out))
            self.assertIn(f"{path}:2:10: policy is one of classic", done.err)

    def test_generate_constraints(self) -> None:
        request = _generate_request.parse(["--reqs", self.lists]).request
        self.assertEqual(
            (
                ["python3.9", "3.11"],
                self.path("our-list.txt"),
                self.path("never.txt"),
                "auto",
            ),
            (
                request.pythons,
                request.requirements,
                request.never,
                request.installer,
            ),
        )
        request = _generate_request.parse(
            [
                *("--reqs", self.lists, "-p", "3.12", "-r", "x.txt"),
                *("-b", "y.txt", "--installer", "pip"),
            ]
        ).request
        self.assertEqual(
            (["3.12"], "x.txt", "y.txt", "pip"),
            (
                request.pythons,
                request.requirements,
                request.never,
                request.installer,
            ),
        )

    def test_a_dash_is_stdout_and_stdin(self) -> None:
        request = _generate_request.parse(
            ["-p", "3.11", "-r", "-", "-o", "-"]
        ).request
        self.assertIsNone(request.output)
        with mock.patch.object(
            sys, "stdin", io.TextIOWrapper(io.BytesIO(b"alpha\n"))
        ):
            run = generation._Job(request, mock.Mock())
            self.assertEqual(["alpha\n"], run.order([]).lines)
            self.assertEqual(
                ["alpha"], [entry.package for entry in run.listed()]
            )

    def test_a_list_without_settings_has_a_never_list_beside_it(self) -> None:
        for name in ("a/list.txt", "a/blacklist.txt", "a/pyproject.toml"):
            self.write(name, "")
        path = str(self.folder / "a/list.txt")
        for argv, never in (
            (("-p", "3.11", "-r", path), str(self.folder / "a/blacklist.txt")),
            (
                ("-p", "3.11", "-r", self.path("our-list.txt")),
                self.path("never.txt"),
            ),
            (("--from-freezes", "x"), None),
        ):
            request = _generate_request.parse(argv).request
            self.assertEqual(never, request.never)

    def test_projects_and_their_checkouts(self) -> None:
        self.write(
            "lists/pyproject.toml",
            LISTS["pyproject.toml"]
            + 'projects = "projects.txt"\ncheckouts = "../checkouts"\n',
        )
        self.write("lists/projects.txt", "acme/one\nacme/two\n")
        for name in ("one", "two"):
            self.write(f"checkouts/{name}/requirements.txt", "alpha!=1.5\n")
        check = ("--local", "--reqs", self.lists)
        for argv in (
            ("--projects",),
            ("--root",),
            ("--projects", "--root"),
            ("--projects", self.path("projects.txt"), "--root"),
            ("--root", str(self.folder / "checkouts")),
        ):
            done = self.run_main(check_requirements.main, *check, *argv)
            self.assertEqual((0, ""), (done.status, done.err), str(argv))
            self.assertIn("one", done.out)
            self.assertIn("two", done.out)
        # A plain run is never one of all projects.
        done = self.run_main(check_requirements.main, *check, self.project)
        self.assertNotIn("two", done.out)
        done = self.run_main(
            validate_projects.main, "--reqs", self.lists, "--root"
        )
        self.assertIn("2 repositories", done.out)
        done = self.run_main(
            validate_constraints.main, "--reqs", self.lists, "--unused"
        )
        self.assertIn("read: 2 of 2 checkouts", done.err)

    def test_settings_that_do_not_say_it(self) -> None:
        check = ("--local", "--reqs", self.lists)
        for main, argv, words in (
            (
                check_requirements.main,
                (*check, "--projects"),
                "--root needs --projects",
            ),
            (
                check_requirements.main,
                (*check, "--projects", "x"),
                "--projects needs --root",
            ),
            (validate_projects.main, (), "name the list of projects"),
            (validate_projects.main, ("x", "--root"), "name the checkouts"),
        ):
            done = self.run_main(main, *argv)
            self.assertEqual((2, ""), (done.status, done.out))
            self.assertIn(words, done.err)

    def test_the_oldest_python_of_a_pin(self) -> None:
        constraints = self.write("lists/pins.txt", "alpha===1.6\n")
        done = self.run_main(
            edit_constraints.main,
            *(constraints, "--pin", "alpha==1.7", "--python", ">=3.9"),
        )
        self.assertEqual((0, ""), (done.status, done.err))
        with open(constraints, encoding="utf-8") as file:
            # There is no older Python, which would keep the old version.
            self.assertEqual("alpha===1.7\n", file.read())

    def test_the_oldest_of_interpreters(self) -> None:
        for pythons, oldest in (
            (["3.11", "python3.9", "/opt/bin/python3.10"], "3.9"),
            (["3.10.2", "3.9.1"], "3.9"),
            (["pypy3.9", "3.10"], "3.9"),
            (["3", "3.11"], ""),
            (["python3"], ""),
            (["/opt/new/python"], ""),
            ([], ""),
        ):
            self.assertEqual(oldest, pins.oldest(pythons), str(pythons))
