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
"""The pages show what the commands print, and commands that can be typed."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shlex
import sys
from typing import TYPE_CHECKING, Any

import yaml

from openstack_requirements.cmds import _edit_options
from openstack_requirements.tests import base, samples
from openstack_requirements.tests.test_repository import scripts

if TYPE_CHECKING:
    from collections.abc import Sequence

TOOL = base.ROOT / "tools" / "samples.py"
PAGE = """\
A page
======

.. sample: lower

.. code-block:: console

   $ cat nova/lower-constraints.txt
   stale
   $ build-lower-constraints nova/lower-constraints.txt \\
       glance/lower-constraints.txt
   $ false
   $ echo $?

As a list has it
  .. sample: lower/nova $ cat lower-constraints.txt

  .. code-block:: text

     stale

.. code-block:: console

   $ cat nova/lower-constraints.txt
   stale, but not marked

The end.
"""
UPDATED = (
    PAGE.replace(
        "   stale\n   $ build",
        "   oslo.config==5.2.0\n   SQLAlchemy==1.0.10\n   $ build",
    )
    .replace(
        "       glance/lower-constraints.txt\n",
        "       glance/lower-constraints.txt\n"
        "   oslo.config===5.2.0\n   sqlalchemy===1.2.0\n",
    )
    .replace("   $ echo $?\n", "   $ echo $?\n   1\n")
    .replace(
        "     stale\n",
        "     oslo.config==5.2.0\n     SQLAlchemy==1.0.10\n",
    )
)


class TestAnywhere(base.TestCase):
    def test_what_depends_on_the_machine(self) -> None:
        version = ".".join(map(str, sys.version_info[:2]))
        long = "b" * samples.WIDTH
        self.assertEqual(
            "Python 3.12: a\n"
            "  | ...\n"
            f"  whole: {samples.LOG}\n"
            f"  {long[2:]}\n  c\n",
            samples.anywhere(
                f"Python {version}: a\n"
                "  | x\n  | y\n"
                f"  whole: /x/generate-constraints-python{version}-x_1.log\n"
                f"  {long[2:]} c\n"
            ),
        )


class TestPages(base.TestCase):
    """The pages of the documentation."""

    def setUp(self) -> None:
        super().setUp()
        self.pages = {
            str(path.relative_to(samples.SOURCE)): path.read_text("utf-8")
            for path in sorted(samples.SOURCE.glob("**/*.rst"))
        }

    def test_the_commands_print_what_the_pages_show(self) -> None:
        stale = [
            name
            for name, text in self.pages.items()
            if samples.updated(text) != text
        ]
        self.assertEqual(
            [], stale, "see the differences: tools/samples.py; --update them"
        )

    def test_what_shows_output_is_a_sample(self) -> None:
        for name, text in self.pages.items():
            for block in samples.blocks(text):
                if block.has_output:
                    self.assertNotEqual("", block.sample, (name, block.line))

    def test_every_block_and_every_mark_is_seen(self) -> None:
        for name, text in self.pages.items():
            blocks = list(samples.blocks(text))
            self.assertEqual(text.count(".. code-block:: "), len(blocks), name)
            marked = [block for block in blocks if block.sample]
            self.assertEqual(text.count(".. sample: "), len(marked), name)

    def test_every_scenario_is_shown(self) -> None:
        shown = {
            re.split("[/ ]", block.sample)[0]
            for text in self.pages.values()
            for block in samples.blocks(text)
        }
        scenarios = yaml.safe_load(samples.SCENARIOS.read_text("utf-8"))
        self.assertEqual(set(), set(scenarios) - shown)

    def test_every_manual_with_output_has_a_sample(self) -> None:
        for command in scripts():
            text = self.pages[f"cli/{command}.rst"]
            typed = [
                line.split()[:2]
                for block in samples.blocks(text)
                if block.sample
                for line in block.lines
            ]
            self.assertIn(["$", command], typed)

    def test_commands_can_be_typed(self) -> None:
        parsed = 0
        for name, text in self.pages.items():
            for block in samples.blocks(text):
                if block.language == "console":
                    for command in samples.commands(block.lines):
                        parsed += self.parse(command, f"{name}: {command}")
        self.assertGreater(parsed, 50)

    def parse(self, command: str, where: str) -> int:
        """How many commands of the toolkit a line has, all of them right."""
        parsed = 0
        for part in re.split(r"\s(?:&&|\||>) ?", command):
            words = shlex.split(part.replace("\\\n", " "), comments=True)
            name, argv = words[0].rpartition("/")[2], words[1:]
            if name not in scripts() or (
                # What follows is a name that this one looks up.
                name == "openstack-requirements"
                and not argv[0].startswith("-")
            ):
                continue
            parsed += 1

            def main(argv: Sequence[str], name: str = name) -> int:
                self.parser(name)(argv)
                return 0

            done = self.run_main(main, *argv)
            self.assertEqual((0, ""), (done.status, done.err), where)
        return parsed

    def parser(self, name: str) -> Any:
        if name == "edit-constraints":
            return _edit_options.parse
        module = importlib.import_module(scripts()[name].partition(":")[0])
        return module.parser().parse_args


class TestSamples(base.TestCase):
    def test_update(self) -> None:
        self.assertEqual(UPDATED, samples.updated(PAGE))
        self.assertEqual(UPDATED, samples.updated(UPDATED))

    def test_blocks(self) -> None:
        first, second, third = samples.blocks(PAGE)
        self.assertEqual(
            ["lower", "lower/nova $ cat lower-constraints.txt", ""],
            [first.sample, second.sample, third.sample],
        )
        self.assertEqual([8, 20, 24], [b.line for b in (first, second, third)])
        self.assertEqual(["stale"], second.lines)
        self.assertEqual(
            "build-lower-constraints nova/lower-constraints.txt \\\n"
            "    glance/lower-constraints.txt",
            samples.commands(first.lines)[1],
        )
        self.assertEqual(
            [True, False, True], [b.has_output for b in (first, second, third)]
        )

    def test_none(self) -> None:
        page = PAGE.replace("sample: lower", "sample: none, it is random,")
        self.assertEqual(page, samples.updated(page))

    def test_errors(self) -> None:
        for old, new, problem in (
            ("lower\n", "loewer\n", "line 8: samples.yaml has no scenario"),
            (
                "lower/nova",
                "lower/cinder",
                "line 20: .*no folder 'cinder'",
            ),
            ("   $ cat", "   % cat", "there is no command before '% cat"),
            ("$ false", "$ exit 3", "line 8: the shell ended early"),
        ):
            page = PAGE.replace(old, new, 1)
            self.assertNotEqual(PAGE, page)
            error = self.assertRaises(
                samples.SampleError, samples.updated, page
            )
            self.assertRegex(str(error), problem)

    def test_tool(self) -> None:
        spec = importlib.util.spec_from_file_location("samples_tool", TOOL)
        assert spec is not None
        assert spec.loader is not None
        tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
        path = self.write("page.rst", PAGE)
        done = self.run_main(tool.main, path)
        self.assertEqual((1, ""), (done.status, done.err))
        self.assertIn("\n-   stale\n+   oslo.config==5.2.0\n", done.out)
        done = self.run_main(tool.main, "--update", path)
        self.assertEqual((0, f"{path}: updated\n"), (done.status, done.out))
        with open(path, encoding="utf-8") as file:
            self.assertEqual(UPDATED, file.read())
        done = self.run_main(tool.main, path)
        self.assertEqual((0, "", ""), done)
        path = self.write("wrong.rst", PAGE.replace("lower\n", "loewer\n"))
        done = self.run_main(tool.main, path)
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertIn("wrong.rst: line 8: ", done.err)
