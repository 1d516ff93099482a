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
"""``tools/run.py``: what it makes, and what it leaves alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Mapping

SAYS = "tools/run.py: "
#: A pip that installs nothing, in place of the virtualenv's own: it adds a
#: script that shows its arguments.
PIP = """\
import os, sys
bin = os.path.dirname(sys.executable)
path = os.path.join(bin, "show-arguments")
with open(path, "w") as file:
    file.write("#!/bin/sh\\necho shown \\"$@\\" in $VIRTUAL_ENV\\n")
os.chmod(path, 0o755)
print("installed", *sys.argv[1:], os.environ.get("PBR_VERSION"))
"""


class Done(NamedTuple):
    """How a run ended."""

    status: int
    out: str
    err: list[str]


class TestRun(base.TestCase):
    """In a checkout that has nothing but the program."""

    def setUp(self) -> None:
        super().setUp()
        self.checkout = self.folder / "checkout"
        self.make_checkout(self.checkout)

    def make_checkout(self, folder: Path) -> None:
        (folder / "tools").mkdir(parents=True)
        (folder / ".git").mkdir()
        program = (base.ROOT / "tools" / "run.py").read_text(encoding="utf-8")
        # Every run of continuous integration shows that this works; it takes
        # seconds, and the pip of these tests is another.
        self.assertEqual(1, program.count("with_pip=True"))
        (folder / "tools" / "run.py").write_text(
            program.replace("with_pip=True", "with_pip=False")
        )
        for name in (
            "setup.cfg",
            "pyproject.toml",
            "requirements.txt",
            "test-requirements.txt",
        ):
            (folder / name).write_text("")
        # Python takes the module of the work folder before that of the
        # virtualenv, and tools/run.py runs pip in the checkout.
        (folder / "pip.py").write_text(PIP)

    def command(self, *argv: str) -> list[str]:
        return [sys.executable, str(self.checkout / "tools" / "run.py"), *argv]

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        environment = {**os.environ, **settings}
        environment.setdefault("OPENSTACK_REQUIREMENTS_VENV", "")
        environment.pop("PBR_VERSION", None)
        return environment

    def run_it(self, *argv: str, **settings: str) -> Done:
        done = subprocess.run(
            self.command(*argv),
            env=self.environment(settings),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr.splitlines())

    def test_the_first_run_and_the_next(self) -> None:
        folder = self.checkout / ".venv"
        done = self.run_it("show-arguments", "-x", "y z")
        self.assertEqual(
            Done(
                0,
                f"shown -x y z in {folder}\n",
                [
                    f"{SAYS}making a virtualenv in {folder}",
                    f"{SAYS}installing the requirements; this takes about a "
                    "minute",
                    "installed install --quiet --disable-pip-version-check "
                    "--editable .[legacy] None",
                ],
            ),
            done,
        )
        self.assertEqual(
            Done(0, f"shown in {folder}\n", []), self.run_it("show-arguments")
        )
        done = self.run_it("--tests", "show-arguments")
        self.assertIn("-r test-requirements.txt", done.err[-1])

    def test_changed_requirements_are_installed(self) -> None:
        self.run_it("true")
        (self.checkout / "requirements.txt").write_text("alpha\n")
        done = self.run_it("true")
        self.assertEqual(0, done.status)
        self.assertIn("installing", done.err[0])

    def test_a_moved_checkout(self) -> None:
        self.run_it("true")
        moved = self.folder / "moved"
        self.checkout.rename(moved)
        self.checkout = moved
        done = self.run_it("show-arguments")
        self.assertEqual(f"shown in {moved}/.venv\n", done.out)
        self.assertIn(f"making a virtualenv in {moved}/.venv", done.err[0])

    def test_somebody_s_files_stay(self) -> None:
        path = Path(self.write("theirs/notes.txt", "mine\n"))
        folder = path.parent
        for name in (str(folder), "../theirs"):
            done = self.run_it("true", OPENSTACK_REQUIREMENTS_VENV=name)
            self.assertEqual((2, ""), done[:2])
            self.assertEqual(1, len(done.err))
            self.assertIn(
                "is not empty, and was not made by tools/run.py", done.err[0]
            )
        self.assertEqual("mine\n", path.read_text())
        self.assertEqual(["notes.txt"], os.listdir(folder))

    def test_an_empty_folder_is_taken(self) -> None:
        folder = self.folder / "empty"
        folder.mkdir()
        done = self.run_it(
            "show-arguments", OPENSTACK_REQUIREMENTS_VENV=str(folder)
        )
        self.assertEqual(f"shown in {folder}\n", done.out)

    def test_a_file_in_its_place(self) -> None:
        path = self.write("file", "text")
        done = self.run_it("true", OPENSTACK_REQUIREMENTS_VENV=path)
        self.assertEqual(
            Done(
                2,
                "",
                [
                    f"{SAYS}{path}: is a file, not a folder; see "
                    "OPENSTACK_REQUIREMENTS_VENV"
                ],
            ),
            done,
        )

    def test_a_folder_that_cannot_be_made(self) -> None:
        path = self.write("file", "text")
        done = self.run_it("true", OPENSTACK_REQUIREMENTS_VENV=f"{path}/x")
        self.assertEqual((3, ""), done[:2])
        self.assertEqual([f"{SAYS}{path}/x: Not a directory"], done.err)

    def test_an_interrupt(self) -> None:
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        (self.checkout / "pip.py").write_text(
            f"open({str(fifo)!r}, 'w').close()\nimport time\ntime.sleep(60)\n"
        )
        with subprocess.Popen(
            self.command("true"),
            env=self.environment({}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        ) as process:
            fifo.read_text()  # pip runs
            os.killpg(process.pid, signal.SIGINT)
            _, err = process.communicate(timeout=60)
        self.assertEqual(130, process.returncode)
        self.assertEqual(
            f"{SAYS}interrupted; the next run completes what this one began",
            err.splitlines()[-1],
        )
        (self.checkout / "pip.py").write_text(PIP)
        done = self.run_it("show-arguments")
        self.assertEqual(0, done.status)

    def test_what_was_interrupted_is_made_again(self) -> None:
        folder = self.checkout / ".venv"
        folder.mkdir()
        (folder / ".interpreter").write_text("")
        (folder / "half").mkdir()
        done = self.run_it("show-arguments")
        self.assertEqual(0, done.status)
        self.assertFalse((folder / "half").exists())

    def test_two_runs_at_once(self) -> None:
        log = self.folder / "log"
        (self.checkout / "pip.py").write_text(
            f"{PIP}\nopen({str(log)!r}, 'a').write('installed ')\n"
        )
        processes = [
            subprocess.Popen(
                self.command("true"),
                env=self.environment({}),
                stderr=subprocess.DEVNULL,
            )
            for _ in range(3)
        ]
        self.assertEqual(
            [0, 0, 0], [process.wait(timeout=120) for process in processes]
        )
        self.assertEqual("installed ", log.read_text())

    def test_a_download_without_git(self) -> None:
        (self.checkout / ".git").rmdir()
        done = self.run_it("true")
        self.assertEqual(0, done.status)
        self.assertIn(
            f"{SAYS}there is no .git here, so the version is 0.0.0", done.err
        )
        self.assertTrue(done.err[-1].endswith(" 0.0.0"), done.err)

    def test_a_failing_installation(self) -> None:
        (self.checkout / "pip.py").write_text("raise SystemExit('no disk')\n")
        done = self.run_it("true")
        self.assertEqual(3, done.status)
        self.assertEqual(
            [
                "no disk",
                f"{SAYS}the requirements cannot be installed (above)",
            ],
            done.err[-2:],
        )

    def test_a_mistyped_command(self) -> None:
        self.run_it("true")
        done = self.run_it("show-argument")
        self.assertEqual(
            Done(
                127,
                "",
                [
                    f"{SAYS}show-argument: No such file or directory; did you "
                    "mean show-arguments?"
                ],
            ),
            done,
        )

    def test_wrong_usage(self) -> None:
        for argv, message in (
            ((), "name a command, or -h for help"),
            (
                ("--test", "x"),
                "--test: no such option; there are --lowest, --tests, --docs",
            ),
        ):
            done = self.run_it(*argv)
            self.assertEqual(Done(2, "", [f"{SAYS}{message}"]), done)
        self.assertFalse((self.checkout / ".venv").exists())

    def test_help(self) -> None:
        done = self.run_it("-h")
        self.assertEqual((0, []), (done.status, done.err))
        self.assertIn("[--lowest] [--tests|--docs] COMMAND", done.out)
