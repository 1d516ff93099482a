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
"""How children are started: isolated, and away from the user's folder."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import fixtures

from openstack_requirements.cmds import (
    bootstrap_requirements,
    check_conflicts,
    check_python2_support,
    generate_constraints,
)
from openstack_requirements.system import children, process
from openstack_requirements.tests import base
from openstack_requirements.tests.test_architecture import modules
from openstack_requirements.tests.test_generate import GenerateTestCase

# A variable, what it says, and what it says to children.
MADE_ABSOLUTE = (
    ("PIP_CONFIG_FILE", "pip.conf", "/co/pip.conf"),
    ("PIP_CONFIG_FILE", "/dev/null", None),
    ("PIP_FIND_LINKS", "wheels ../more", "/co/wheels /co/../more"),
    ("PIP_FIND_LINKS", "https://h/a ./b", "https://h/a /co/./b"),
    ("PIP_FIND_LINKS", "~/wheels", None),
    ("PIP_INDEX_URL", "https://h/simple", None),
    ("PIP_CONSTRAINT", "c.txt", "/co/c.txt"),
    ("UV_CACHE_DIR", "cache", "/co/cache"),
    ("UV_CACHE_DIR", "my cache", "/co/my cache"),
    ("UV_FIND_LINKS", "a,file:///b", "/co/a,file:///b"),
    ("UV_INDEX", "own=idx https://h/s", "own=/co/idx https://h/s"),
    ("UV_DEFAULT_INDEX", "own=https://h/s", None),
    ("UV_CONSTRAINT", "a.txt b.txt", "/co/a.txt /co/b.txt"),
    ("SSL_CERT_FILE", "ca.pem", "/co/ca.pem"),
    ("PATH", "/usr/bin:.::bin:/bin", "/usr/bin:/bin"),
    ("SOMETHING", "else", None),
)


class TestVariables(base.TestCase):
    def test_relative_paths_are_meant_for_the_users_folder(self) -> None:
        for name, value, expected in MADE_ABSOLUTE:
            found = children.absolute({name: value}, "/co")
            self.assertEqual(
                value if expected is None else expected,
                found.get(name, value),
                f"{name}={value}",
            )

    def test_a_project_is_named_by_no_variable(self) -> None:
        for name in ("UV_PROJECT", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY"):
            self.useFixture(fixtures.EnvironmentVariable(name, "/co"))
        code = "import os; print(sorted(v for v in os.environ if 'UV_' in v))"
        found = self.children().run(
            children.python_command(
                sys.executable, sys.version_info[:2], "-c", code
            )
        )
        self.assertEqual("[]\n", found)


class TestCommands(base.TestCase):
    def test_isolated(self) -> None:
        for version, expected in (
            ((), ["p", "-E", "-s", "x"]),
            ((2, 7), ["p", "-E", "-s", "x"]),
            ((3, 6), ["p", "-I", "x"]),
            ((3, 13), ["p", "-I", "x"]),
        ):
            found = children.python_command("p", version, "x")
            self.assertEqual(expected, found)

    def test_a_module_that_only_the_user_has(self) -> None:
        # An isolated Python does not see what pip install --user brings.
        self.write("own/brought.py", "print('brought')\n")
        own = str(self.folder / "own")
        self.useFixture(fixtures.MonkeyPatch("site.ENABLE_USER_SITE", True))
        self.useFixture(
            fixtures.MonkeyPatch("site.getusersitepackages", lambda: own)
        )
        self.useFixture(fixtures.MonkeyPatch("sys.path", [own, *sys.path]))
        found = children.own_module("brought")
        self.assertNotIn("-I", found)
        self.assertNotIn("-s", found)
        self.assertIn("-E", found)
        self.assertEqual(sys.version_info >= (3, 11), "-P" in found)
        self.assertIn("-I", children.own_module("pip"))

    def test_the_folder_holds_nothing_to_import(self) -> None:
        code = "import os; print(os.getcwd(), sorted(os.listdir(os.curdir)))"
        started = self.children()
        found = started.run([sys.executable, "-I", "-c", code])
        self.assertEqual(
            f"{started.work}/here ['pyproject.toml', 'uv.toml']\n", found
        )

    def test_a_folder_that_is_gone(self) -> None:
        gone = self.folder / "gone"
        gone.mkdir()
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        os.chdir(gone)
        gone.rmdir()
        self.assertEqual("x\n", self.children().run(["/bin/echo", "x"]))


class TestOnePlace(base.TestCase):
    """Nothing but ``children`` says how a Python is started."""

    def test_in_the_text(self) -> None:
        for name, tree in modules().items():
            if name == "system.children":
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.List | ast.Tuple) and node.elts:
                    first = ast.unparse(node.elts[0])
                    started = first.endswith("executable") or "python" in first
                    words = {ast.unparse(each) for each in node.elts[1:]}
                    self.assertFalse(
                        started and words & {"'-m'", "'-c'", "'-I'", "'-E'"},
                        f"{name}:{node.lineno}: {ast.unparse(node)}",
                    )

    def test_who_may_start_anything_elsewhere(self) -> None:
        # git runs where the repository is, or in an empty folder; a command
        # of the user where the user is.
        users = {
            name
            for name, tree in modules().items()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and ast.unparse(node.func).endswith("Processes")
        }
        self.assertEqual(
            {
                "install.bisection",
                "proposals.requirements_desk",
                "proposals.updates",
                "system.git_command",
                "system.git_credentials",
                "system.git_scratch",
            },
            users,
        )


class TestRecorded(GenerateTestCase):
    """What the commands really start."""

    def setUp(self) -> None:
        super().setUp()
        self.index.wheel("lib", "1.0")
        self.index.sdist("built", "1.0")
        self.started: list[tuple[list[str], str]] = []
        real = subprocess.Popen

        def recorded(command: list[str], **more: object) -> object:
            self.started.append((command, str(more["cwd"])))
            return real(command, **more)  # type: ignore[call-overload]

        self.useFixture(
            fixtures.MonkeyPatch(
                f"{process.__name__}.subprocess.Popen", recorded
            )
        )

    def assert_isolated(self, *words: str) -> None:
        """All that was started was, and something with these words."""
        # Only the folders' names are left: they went with their jobs.
        here = os.path.realpath(os.getcwd())
        for command, folder in self.started:
            self.assertEqual("here", os.path.basename(folder), str(command))
            self.assertNotEqual(here, os.path.realpath(folder))
            name = os.path.basename(command[0])
            self.assertTrue(os.path.isabs(command[0]) or name == "rm")
            if name.startswith(("python", "pypy")):
                isolated = command[1] == "-I" or command[1:3] == ["-E", "-s"]
                self.assertTrue(isolated, command)
        for word in words:
            self.assertTrue(
                any(word in command for command, _ in self.started), word
            )
        self.started.clear()

    def test_generate_constraints(self) -> None:
        path = self.requirements("lib", "built")
        for installer, word in (("uv", "install"), ("pip", "venv")):
            for more in ([], ["--no-install"], ["--verify"]):
                done = self.run_main(
                    generate_constraints.main,
                    *("-q", "-p", sys.executable, "-r", path, *more),
                    *("--installer", installer),
                )
                self.assertEqual(0, done.status, done.err)
            self.assert_isolated("-c", word)

    def test_the_others(self) -> None:
        pins = self.write("uc.txt", "lib===1.0\n")
        # Without any of what is pinned, an environment is not judged.
        pins_here = self.write("here.txt", "pip===1.0\n")
        # Where pip has files of its own, it is asked which.
        path = self.write("pip.conf", "")
        self.useFixture(fixtures.EnvironmentVariable("PIP_CONFIG_FILE", path))
        for main, argv in (
            (
                bootstrap_requirements.main,
                ["-q", "-p", sys.executable, "lib"],
            ),
            (
                check_python2_support.main,
                ["--requirements", pins, "--python", "3"],
            ),
        ):
            done = self.run_main(main, *argv)
            self.assertIn(done.status, (0, 1), done.err)
            self.assert_isolated("pip")
        for main, argv in (
            (check_conflicts.main, [pins_here, "--python", sys.executable]),
            (
                check_python2_support.main,
                ["--requirements", pins, "--environment", sys.prefix],
            ),
        ):
            done = self.run_main(main, *argv)
            self.assertIn(done.status, (0, 1), done.err)
            self.assert_isolated("-c")


class TestNothingElseStarts(base.TestCase):
    def test_no_other_way_to_start_a_program(self) -> None:
        ways = {"system", "popen", "execv", "execve", "execvp", "spawnv"}
        for name, tree in modules().items():
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute):
                    text = ast.unparse(node)
                    self.assertFalse(
                        text.startswith("os.") and node.attr in ways,
                        f"{name}:{node.lineno}: {text}",
                    )
