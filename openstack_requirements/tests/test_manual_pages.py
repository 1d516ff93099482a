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
"""The manual pages: one for each script, and what Sphinx makes of them."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from openstack_requirements.tests import base
from openstack_requirements.tests.test_repository import scripts

if TYPE_CHECKING:
    from pathlib import Path

EXTENSION = base.ROOT / "doc" / "manual_pages.py"
SOURCE = base.ROOT / "doc" / "source"


def manual_pages() -> list[Any]:
    """The pages that the extension of Sphinx sets."""
    spec = importlib.util.spec_from_file_location("manual_pages", EXTENSION)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pages: list[Any] = module.manual_pages()
    return pages


def options(command: str) -> set[str]:
    """The long options of a command that its help shows."""
    module = importlib.import_module(scripts()[command].partition(":")[0])
    return {
        option
        for action in module.parser()._actions
        for option in action.option_strings
        if option.startswith("--") and action.help != "==SUPPRESS=="
    }


class TestPages(base.TestCase):
    def test_one_for_each_script(self) -> None:
        in_first = {page.name for page in manual_pages() if page.section == 1}
        self.assertEqual(set(scripts()), in_first)
        for page in manual_pages():
            self.assertTrue((SOURCE / f"{page.source}.rst").is_file())

    def test_descriptions(self) -> None:
        # apropos shows one line of each.
        for page in manual_pages():
            self.assertRegex(page.description, r"^[a-z][^\n]+[^.\n]$")


class TestBuilt(base.TestCase):
    """What Sphinx writes, and what man makes of it."""

    def test_build(self) -> None:
        if importlib.util.find_spec("sphinx") is None:
            self.skipTest("sphinx is not installed: tools/run.py --docs")
        output = self.folder / "man"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "sphinx", "-q", "-W", "-b", "man"),
                *("-d", str(self.folder / "doctrees")),
                *(str(SOURCE), str(output)),
            ],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        files = sorted(output.iterdir())
        self.assertEqual(
            sorted(f"{page.name}.{page.section}" for page in manual_pages()),
            [path.name for path in files],
        )
        for path in files:
            with self.subTest(page=path.name):
                self.check(path)
        man = shutil.which("man")
        if man is None:
            self.skipTest("there is no man: apt install man-db")
        self.check_shown(man, output / "check-requirements.1")

    def check(self, path: Path) -> None:
        """The sections and options of a page, and its links."""
        text = path.read_text(encoding="utf-8")
        command, section = path.stem, path.suffix[1:]
        self.assertIn(f'.TH "{command.upper()}" "{section}"', text)
        plain = re.sub(r"\\f[A-Z]", "", text).replace("\\-", "-")
        self.assertRegex(plain, rf"\n\.SH NAME\n{command} +- [a-z]")
        self.assertRegex(plain, r"(?i)\n\.SH See also\n")
        self.assertNotRegex(plain, "<#|<>")  # links that lead nowhere
        if section == "1":
            self.assertRegex(plain, r"(?i)\n\.SH Synopsis\n")
            for option in options(command) - {"--help", "--version"}:
                self.assertIn(option, plain)

    def check_shown(self, man: str, path: Path) -> None:
        """What a person sees."""
        done = subprocess.run(
            [man, "-l", str(path)],
            env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        lines = done.stdout.splitlines()
        self.assertRegex(lines[0], r"^CHECK-REQUIREMENTS\(1\) .*\(1\)$")
        for line in ("NAME", "SYNOPSIS", "OPTIONS", "SEE ALSO"):
            self.assertIn(line, lines)
        self.assertIn("update-requirements(1)", done.stdout)
