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

import importlib
import os
import subprocess
import sys
import venv
import zipfile
from types import FunctionType
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.core import publish_doctree

import openstack_requirements
from openstack_requirements.tests import base
from openstack_requirements.tests.test_live import VARIABLE

if TYPE_CHECKING:
    from types import ModuleType

PAGE = base.ROOT / "doc" / "source" / "reference" / "library.rst"
NAMES = (
    *("requirement", "project", "constraints", "check", "generation"),
    "errors",
)
PUBLIC = [f"openstack_requirements.{name}" for name in NAMES]


def examples() -> list[str]:
    """The programs on the page of the library."""
    page = publish_doctree(
        # What Sphinx adds is of no interest.
        PAGE.read_text(encoding="utf-8").replace(
            ".. code-block::", ".. code::"
        ),
        settings_overrides={"report_level": 5, "halt_level": 6},
    )
    return [
        block.astext()
        for block in page.findall(nodes.literal_block)
        if "code" in block["classes"]
    ]


def public() -> list[ModuleType]:
    return [importlib.import_module(name) for name in PUBLIC]


class TestLibrary(base.TestCase):
    def test_the_page_promises_these_modules_and_no_others(self) -> None:
        text = PAGE.read_text(encoding="utf-8")
        promised = [
            line.partition("automodule:: ")[2]
            for line in text.splitlines()
            if "automodule::" in line
        ]
        self.assertEqual(PUBLIC, promised)

    def test_what_is_public_is_named_once_and_says_what_it_is(self) -> None:
        for module in public():
            names = module.__all__
            self.assertEqual(sorted(set(names)), sorted(names))
            self.assertEqual(set(), set(names) - set(dir(module)))
            for name in names:
                value = getattr(module, name)
                if isinstance(value, (type, FunctionType)):
                    self.assertTrue(value.__doc__, f"{module} {name}")

    def test_no_other_name_is_there(self) -> None:
        for module in (*public()[:5], openstack_requirements):
            self.assertRaises(AttributeError, getattr, module, "nosuch")

    def test_the_version_is_that_of_the_distribution(self) -> None:
        code = (
            "import sys, openstack_requirements\n"
            "assert 'importlib.metadata' not in sys.modules\n"
            "print(openstack_requirements.__version__)"
        )
        # Without site, which imports what it likes at every start.
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _with_path(code)],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        self.assertEqual(
            openstack_requirements.__version__, done.stdout.strip()
        )

    def test_types_are_shipped(self) -> None:
        path = base.ROOT / "openstack_requirements" / "py.typed"
        self.assertTrue(path.is_file())

    def test_the_examples_run(self) -> None:
        """In a checkout that has the lists beside its own files."""
        self.write("requirements.txt", "oslo.config>=9.0,!=9.2.0\n")
        self.write("global-requirements.txt", "oslo.config!=9.1.0\n")
        self.write("denylist.txt", "flake8\n")
        self.write("upper-constraints.txt", "a===1\noslo.config===9.0.0\n")
        outputs = []
        for code in examples():
            if "generate(" in code:
                continue  # test_generation runs it, with an index
            done = subprocess.run(
                [sys.executable, "-I", "-c", code],
                capture_output=True,
                encoding="utf-8",
                cwd=self.folder,
                check=False,
            )
            self.assertEqual("", done.stderr)
            outputs.append(done.stdout)
        parsed, judged, edited, merged, older = outputs
        self.assertEqual("!=9.2.0,>=9.0  oslo.config>=9.0,!=9.2.0\n", parsed)
        self.assertIn("exclusion-not-global oslo.config", judged)
        self.assertEqual("a===1\noslo.config===9.1.0\n\n", edited)
        self.assertEqual("a===2\nb===2\n ()\n", merged)
        self.assertIn("excludes", older)
        self.assertIn("see above", older)


def _with_path(code: str) -> str:
    """Code that imports what this Python does, without site's start."""
    return f"import sys\nsys.path[:] = {sys.path!r}\n{code}"


class TestInstalled(base.TestCase):
    """The wheel, as another program meets it."""

    def test_a_strict_type_checker_is_content(self) -> None:
        if not os.environ.get(VARIABLE):
            self.skipTest(f"{VARIABLE} is not set")
        run = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps"]
        wheels = str(self.folder / "wheels")
        # A build leaves files where its source is, and asks git for it.
        source = str(self.folder / "source")
        clone = ["git", "clone", "-q", str(base.ROOT), source]
        subprocess.run(clone, check=True)
        subprocess.run([*run, "-w", wheels, source], check=True)
        (wheel,) = os.listdir(wheels)
        path = os.path.join(wheels, wheel)
        with zipfile.ZipFile(path) as archive:
            self.assertIn(
                "openstack_requirements/py.typed", archive.namelist()
            )
        folder = self.folder / "environment"
        venv.create(folder, with_pip=True)
        python = str(folder / "bin" / "python")
        install = ["-m", "pip", "install", "-q", path]
        subprocess.run([python, *install], check=True)
        programs = [
            self.write(f"program{number}.py", code)
            for number, code in enumerate(examples())
        ]
        program = self.write(
            "program.py",
            "from openstack_requirements import (\n"
            "    __version__, check, constraints, errors, generation, project,"
            " requirement\n)\n"
            "\n\ndef pin(content: str, freezes: list[constraints.Freeze])"
            " -> str:\n"
            "    line: requirement.Requirement\n"
            "    line = requirement.parse_line('a')\n"
            "    checkout: project.Project = project.read('.')\n"
            "    findings: list[check.ProjectFinding] = []\n"
            "    try:\n"
            "        return constraints.edit(content, line.package)\n"
            "    except errors.BadLine as error:\n"
            "        return error.reason + checkout.name + __version__\n",
        )
        self.write("mypy.ini", "[mypy]\nstrict = true\n")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "mypy", "--python-executable", python),
                *("--config-file", str(self.folder / "mypy.ini")),
                *("--cache-dir", str(self.folder / "cache")),
                *(*programs, program),
            ],
            capture_output=True,
            encoding="utf-8",
            cwd=self.folder,
            check=False,
        )
        self.assertEqual((0, ""), (done.returncode, done.stderr), done.stdout)
