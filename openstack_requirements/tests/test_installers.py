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
"""What installers are told by their surroundings."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import fixtures

from openstack_requirements.errors import OutsideError
from openstack_requirements.install import installers
from openstack_requirements.install.installers import answers, pip_metadata
from openstack_requirements.install.installers.pip import Pip
from openstack_requirements.install.installers.uv import Uv
from openstack_requirements.install.interpreters import Interpreter
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.tests import base
from openstack_requirements.tests.loopback import Index

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Makes any Python one that its system manages: the standard library is
# looked for where the mark is, and no virtual environment is active.
MANAGED = """\
import sys
import sysconfig
real = sysconfig.get_path
def get_path(name, *more, **rest):
    if name == "stdlib":
        return {folder!r}
    return real(name, *more, **rest)
sysconfig.get_path = get_path
sys.prefix = sys.base_prefix
"""


class Recorder:
    """Stands in for processes, and keeps the variables of the last one."""

    def __init__(self) -> None:
        self.environment: dict[str, str] = {}

    def run(
        self,
        command: list[str],
        *,
        environment: Mapping[str, str] | None = None,
        **more: Any,
    ) -> str:
        self.environment = dict(environment or {})
        return "uv 1.0\n"


def public(kind: type) -> set[str]:
    """The public methods of a class or a protocol."""
    return {
        name
        for each in kind.__mro__
        for name, value in vars(each).items()
        if callable(value) and not name.startswith("_")
    }


class TestProtocols(base.TestCase):
    def test_an_installer_has_what_its_protocol_says(self) -> None:
        uv = Uv(self.children(), None)
        pip = Pip(self.children(), None)
        self.assertIs(uv, installers.locking(uv))
        self.assertIsNone(installers.locking(pip))
        for protocol, installer in (
            (installers.LockingInstaller, uv),
            (installers.Installer, pip),
        ):
            self.assertEqual(public(protocol), public(type(installer)))

    def test_a_lock_without_some_of_its_packages(self) -> None:
        path = self.write(
            "pylock.toml",
            'lock-version = "1.0"\n'
            '[[packages]]\nname = "a"\nversion = "1"\n'
            '[[packages]]\nname = "B.c"\nversion = "2"\n'
            "wheels = [{ upload-time = 2024-01-02T03:04:05.678Z, "
            'hashes = { sha256 = "00" } }]\n',
        )
        with open(path, "rb") as file:
            document = tomllib.load(file)
        Uv(Recorder(), None).sync(  # type: ignore[arg-type]
            str(self.folder),
            installers.Lockfile(path, (), document),
            {canonical_name("a")},
            (),
            print,
        )
        with open(self.folder / "pylock.install.toml", "rb") as file:
            left = tomllib.load(file)
        self.assertEqual(
            {**document, "packages": document["packages"][1:]}, left
        )


class TestUv(base.TestCase):
    def test_it_waits_for_the_builds_of_others(self) -> None:
        for given, expected in ((None, 7200), ("9", 9)):
            self.useFixture(
                fixtures.EnvironmentVariable("UV_LOCK_TIMEOUT", given)
            )
            recorder = Recorder()
            Uv(recorder, None, 4).version()  # type: ignore[arg-type]
            seconds = int(recorder.environment["UV_LOCK_TIMEOUT"])
            self.assertEqual(expected, seconds)


class TestPip(base.TestCase):
    def test_why_nothing_came_for_a_python_of_the_system(self) -> None:
        # pip will not touch such a Python (PEP 668), nor say why it cannot
        # fetch what for.
        mark = self.write("EXTERNALLY-MANAGED", "[externally-managed]\n")
        customized = self.write(
            "custom/sitecustomize.py",
            MANAGED.format(folder=os.path.dirname(mark)),
        )
        python = self.write(
            "python",
            f"#!/bin/sh\nPYTHONPATH={os.path.dirname(customized)} "
            f'exec {sys.executable} "$@"\n',
        )
        os.chmod(python, 0o755)
        index = self.useFixture(Index())
        index.use()
        index.wheel("bad", "1.0")
        index.error("bad", 500)
        self.useFixture(fixtures.EnvironmentVariable("PIP_RETRIES", "0"))
        found = pip_metadata.could_not_fetch(
            self.children(), Interpreter(python, {}), "bad"
        )
        assert found is not None
        self.assertIn("the package index answered 500", found.what)


class TestAnswers(base.TestCase):
    """Files that installers write are read up to a limit."""

    def problem(
        self, read: Callable[[str], object], content: bytes = b""
    ) -> str:
        path = self.folder / "answer"
        path.write_bytes(content)
        error = self.assertRaises(OutsideError, read, str(path))
        self.assertEqual(3, error.status)
        self.assertIn("/answer", str(error))
        return str(error)

    def test_what_can_be_read(self) -> None:
        self.assertEqual(
            {"a": 1}, answers.toml_table(self.write("lock", "a = 1"))
        )
        self.assertEqual(
            {"a": 1}, answers.json_table(self.write("report", '{"a": 1}'))
        )

    def test_more_than_an_installer_may_answer(self) -> None:
        self.useFixture(fixtures.MonkeyPatch(f"{answers.__name__}.LARGEST", 9))
        for read in (
            answers.text,
            answers.toml_table,
            answers.json_table,
            pip_metadata.read_report,
        ):
            self.assertIn("is larger", self.problem(read, b"#" * 10))

    def test_what_is_no_answer(self) -> None:
        for read, content, expected in (
            (answers.text, b"\xff", "is not UTF-8"),
            (answers.toml_table, b"a", "is no TOML"),
            (answers.json_table, b"{", "is no JSON"),
            (answers.json_table, b"[" * 100_000, "is no JSON"),
            (answers.json_table, b"[]", "is no JSON object"),
            (pip_metadata.read_report, b"{}", "is no report"),
        ):
            self.assertIn(expected, self.problem(read, content))

    def test_an_answer_that_is_missing(self) -> None:
        path = str(self.folder / "missing")
        error = self.assertRaises(OutsideError, answers.text, path)
        self.assertIn("cannot be read", str(error))
