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
"""Interpreters are found, identified and told apart."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import fixtures
from packaging.markers import default_environment

from openstack_requirements.errors import UnusableInput
from openstack_requirements.install import interpreters
from openstack_requirements.tests import base

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
BASE = os.path.realpath(getattr(sys, "_base_executable", sys.executable))


class TestFind(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = self.folder / "bin"
        self.path.mkdir()
        self.useFixture(fixtures.EnvironmentVariable("PATH", str(self.path)))
        self.pyenv = self.folder / "pyenv"
        self.useFixture(
            fixtures.EnvironmentVariable("PYENV_ROOT", str(self.pyenv))
        )

    def fake(self, path: Path, full: str) -> None:
        """An interpreter that says it is another version."""
        major_minor = ".".join(full.split(".")[:2])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            "#!/bin/sh\n"
            f"echo executable={path}\n"
            f"echo python_version={major_minor}\n"
            f"echo python_full_version={full}\n"
        )
        path.chmod(0o755)

    def shim(self, name: str) -> None:
        path = self.path / name
        path.write_text(
            "#!/bin/sh\necho 'shim: not switched on' >&2\nexit 127\n"
        )
        path.chmod(0o755)

    def find(self, wanted: str) -> interpreters.Interpreter:
        return interpreters.find(wanted, self.children())

    def failure(self, *wanted: str) -> str:
        error = self.assertRaises(
            UnusableInput,
            lambda: interpreters.find_all(
                wanted, self.children(), interpreters.generation_advice
            ),
        )
        self.assertEqual(2, error.status)
        return str(error)

    def test_a_path(self) -> None:
        found = self.find(sys.executable)
        self.assertEqual(VERSION, found.version)

    def test_the_interpreter_behind_a_virtualenv(self) -> None:
        found = self.find(sys.executable)
        self.assertEqual(
            os.path.realpath(sys.base_prefix),
            os.path.realpath(
                os.path.dirname(os.path.dirname(found.executable))
            ),
        )

    def test_environment_is_that_of_packaging(self) -> None:
        found = self.find(sys.executable)
        self.assertEqual(dict(default_environment()), dict(found.environment))

    def test_a_name_on_path(self) -> None:
        self.fake(self.path / "snake", "3.8.1")
        self.assertEqual("3.8", self.find("snake").version)

    def test_a_version(self) -> None:
        self.fake(self.path / "python3.8", "3.8.1")
        self.assertEqual("3.8.1", self.find("3.8").full_version)
        self.assertEqual("3.8.1", self.find("3.8.1").full_version)
        self.assertIn("it is Python 3.8.1", self.failure("3.8.2"))

    def test_a_failing_shim_is_skipped(self) -> None:
        self.shim("python3.8")
        self.assertIn("shim: not switched on", self.failure("3.8"))
        behind = self.folder / "bin2"
        self.fake(behind / "python3.8", "3.8.9")
        self.useFixture(
            fixtures.EnvironmentVariable("PATH", f"{self.path}:{behind}")
        )
        self.assertEqual("3.8.9", self.find("3.8").full_version)
        self.assertEqual("3.8.9", self.find("python3.8").full_version)

    def test_the_newest_in_pyenv(self) -> None:
        self.shim("python3.8")
        for full in ("3.8.9", "3.8.10", "3.8.2"):
            path = self.pyenv / "versions" / full / "bin" / "python3.8"
            self.fake(path, full)
        self.assertEqual("3.8.10", self.find("3.8").full_version)
        self.assertEqual("3.8.10", self.find("python3.8").full_version)
        self.assertEqual("3.8.2", self.find("3.8.2").full_version)

    def test_missing(self) -> None:
        self.assertIn(
            f"-p 3.99: is neither in PATH nor in {self.pyenv}/versions; ",
            self.failure("3.99"),
        )
        self.assertIn(
            "-p /no/python: is no Python that works; tried /no/python (",
            self.failure("/no/python"),
        )
        self.shim("python3.99")
        self.assertIn(
            "-p 3.99: no Python of this name or version works; tried "
            f"{self.path}/python3.99 (shim: not switched on); ",
            self.failure("3.99"),
        )
        self.assertIn("cannot be started", self.failure("/no/python"))

    def test_missing_names_those_that_are_here(self) -> None:
        self.fake(self.path / "python3.9", "3.9.1")
        self.fake(self.path / "python3.10", "3.10.4")
        self.fake(self.path / "python3", "3.8.1")
        self.fake(self.path / "python3-config", "3.7.1")
        self.shim("python3.7")
        self.fake(
            self.pyenv / "versions" / "3.11.2" / "bin" / "python3.11",
            "3.11.2",
        )
        advice = (
            "; --version-map 3.11:3.14 copies what Python 3.11 installs, and "
            "--keep-pythons keeps the lines of --previous for Python 3.14"
        )
        for wanted in ("python3.14", "3.14", "/no/bin/python3.14", "3.14.2"):
            text = self.failure(wanted)
            self.assertIn("; found are Python 3.8, 3.9, 3.10 and 3.11", text)
            self.assertIn(advice, text)
        text = self.failure("3.9.7")
        self.assertIn("found are Python 3.8, 3.9, 3.10 and 3.11", text)
        self.assertNotIn("--version-map", text)
        text = self.failure("snake")
        self.assertIn("; --version-map FROM:TO copies what", text)

    def test_missing_where_there_is_none(self) -> None:
        self.assertEqual(
            f"-p 3.14: is neither in PATH nor in {self.pyenv}/versions; no "
            "other one is found either; install it, with the system's "
            "packages or with pyenv install 3.14; --keep-pythons keeps the "
            "lines of --previous for Python 3.14",
            self.failure("3.14"),
        )

    def test_what_is_no_python(self) -> None:
        path = self.path / "liar"
        path.write_text("#!/bin/sh\necho hello\n")
        path.chmod(0o755)
        self.assertIn("is not a Python", self.failure("liar"))

    def test_a_repeated_version(self) -> None:
        self.fake(self.path / "python3.8", "3.8.1")
        self.fake(self.path / "snake", "3.8.2")
        text = self.failure("snake", "3.8")
        self.assertIn("-p 3.8: is Python 3.8, and so is -p snake", text)
        self.assertIn("so is", self.failure("3.8", "3.8"))

    def test_the_oldest_comes_first(self) -> None:
        for full in ("3.9.1", "3.10.0", "2.7.18"):
            self.fake(self.path / f"python{full.rpartition('.')[0]}", full)
        found = interpreters.find_all(["3.10", "2.7", "3.9"], self.children())
        self.assertEqual(
            ["2.7", "3.9", "3.10"], [each.version for each in found]
        )
