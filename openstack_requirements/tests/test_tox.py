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
"""The environments of tox: their names, and that their commands parse.

Where OPENSTACK_REQUIREMENTS_LIVE is set, two of them really run.
"""

from __future__ import annotations

import configparser
import importlib
import os
import re
import shlex
import subprocess
import sys
import venv

from openstack_requirements.tests import base
from openstack_requirements.tests.test_live import LIST, VARIABLE
from openstack_requirements.tests.test_repository import scripts

#: Those that bots and people call by name, and arguments that they give.
CALLED = {
    "venv": ("generate-constraints", "--version"),
    "generate": ("-p", "python3.11", "-p", "python3.12", "-o", "uc.txt"),
    "validate": ("global-requirements.txt", "upper-constraints.txt"),
    "validate-projects": ("--zuul-projects", "zuul.yaml"),
    "requirements-check": ("--local", "/src/nova", "stable/2025.1"),
    "pip-install": ("-r", "some.txt", "-c", "upper-constraints.txt"),
}
#: What stands for the arguments: ``{posargs}`` or ``{posargs:DEFAULT}``.
POSARGS = re.compile(r"\{posargs(?::((?:[^{}]|\{[^{}]*\})*))?\}")


def commands(name: str, arguments: tuple[str, ...] | None) -> list[list[str]]:
    """The commands of an environment, as tox runs them."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(base.ROOT / "tox.ini")
    given = None if arguments is None else shlex.join(arguments)
    result = []
    for line in config[f"testenv:{name}"]["commands"].strip().splitlines():
        text = POSARGS.sub(
            lambda match: (match[1] or "") if given is None else given, line
        )
        result.append(shlex.split(text.replace("{toxinidir}", str(base.ROOT))))
    return result


class TestEnvironments(base.TestCase):
    def test_they_are_documented(self) -> None:
        page = (base.ROOT / "CONTRIBUTING.rst").read_text(encoding="utf-8")
        for name in CALLED:
            self.assertIn(f"``{name}``", page)

    def test_commands_take_what_they_get(self) -> None:
        known = scripts()
        for name, arguments in CALLED.items():
            for given in (None, arguments):
                (command,) = commands(name, given)
                if command[0] == "python":
                    continue
                module = importlib.import_module(
                    known[command[0]].partition(":")[0]
                )
                options = command[1:]
                if "--version" not in options:
                    module.parser().parse_args(options)

    def test_lists_are_those_of_the_repository(self) -> None:
        for name, given, lists in (
            (
                "generate",
                CALLED["generate"],
                ("blacklist.txt", "global-requirements.txt"),
            ),
            (
                "validate-projects",
                CALLED["validate-projects"],
                ("projects.txt",),
            ),
            (
                "pip-install",
                None,
                ("global-requirements.txt", "upper-constraints.txt"),
            ),
        ):
            (command,) = commands(name, given)
            for file in lists:
                self.assertIn(str(base.ROOT / file), command)
                self.assertTrue((base.ROOT / file).is_file())

    def test_requirements_check(self) -> None:
        (own,) = commands("requirements-check", None)
        (of_nova,) = commands("requirements-check", ("--local", "/src/nova"))
        root = str(base.ROOT)
        start = ["check-requirements", "--reqs", root]
        self.assertEqual([*start, root], own)
        self.assertEqual([*start, "--local", "/src/nova"], of_nova)


class TestLive(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if not os.environ.get(VARIABLE):
            self.skipTest(f"{VARIABLE} is not set")

    def test_two_of_them(self) -> None:
        venv.create(self.folder / "venv", with_pip=True)
        python = str(self.folder / "venv/bin/python")
        pip = [python, "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "tox>=4"], check=True)
        work = ["--workdir", str(self.folder / "tox")]
        output = str(self.folder / "uc.txt")
        subprocess.run(
            [
                *(python, "-m", "tox", "--quiet", *work, "-e", "generate"),
                *("--", "-p", sys.executable, "-o", output, "--no-install"),
                *("-r", self.write("list.txt", LIST)),
            ],
            cwd=base.ROOT,
            check=True,
        )
        with open(output, encoding="utf-8") as file:
            self.assertIn("PyYAML===", file.read())
        subprocess.run(
            [
                *(python, "-m", "tox", "--quiet", *work),
                *("-e", "requirements-check"),
            ],
            cwd=base.ROOT,
            check=True,
        )
