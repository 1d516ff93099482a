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
"""The repository itself: its lists, its words, its promises."""

from __future__ import annotations

import configparser
import importlib
import os
import re
import subprocess
import sys

from openstack_requirements.checks import (
    conflicts,
    install_rules,
    list_rules,
    support,
    upkeep_rules,
    zuul,
)
from openstack_requirements.cmds import validate_constraints
from openstack_requirements.constraints import freeze, freeze_json, merging
from openstack_requirements.pep508.entries import normalize
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository import lists, policy
from openstack_requirements.tests import base

LICENSE = '# Licensed under the Apache License, Version 2.0 (the "License")'
#: Importing these makes every command slower to start.
SLOW = {
    "asyncio",
    "concurrent.futures",
    "dataclasses",
    "email",
    "importlib.metadata",
    "packaging.markers",
    "packaging.requirements",
    "packaging.specifiers",
    "rich",
    "subprocess",
    "tempfile",
    "uv",
}


#: An edit takes less time than importing any of these.
SLOW_FOR_AN_EDIT = {
    "argparse",
    "collections",
    "contextlib",
    "enum",
    "functools",
    "packaging",
    "pathlib",
    "re",
    "signal",
    "typing",
}


def scripts() -> dict[str, str]:
    """The console scripts and the functions that do their work."""
    return {
        name: f"openstack_requirements.cmds.{name.replace('-', '_')}:main"
        for name in entries()
    }


def entries() -> dict[str, str]:
    """The console scripts and where they start."""
    config = configparser.ConfigParser()
    config.read(base.ROOT / "setup.cfg")
    lines = config["entry_points"]["console_scripts"].strip().splitlines()
    pairs = (line.split(" = ") for line in lines)
    return {name.strip(): target.strip() for name, target in pairs}


def tracked(*patterns: str) -> list[str]:
    done = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns],
        cwd=base.ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return [name for name in done.stdout.split("\0") if name]


class TestLists(base.TestCase):
    """The lists of this repository are an example to follow."""

    def setUp(self) -> None:
        super().setUp()
        self.lists = lists.load(str(base.ROOT))
        self.entries = [
            each.requirement
            for each in self.lists.global_requirements
            if each.requirement is not None and each.requirement.package
        ]

    def test_global_list_is_classic(self) -> None:
        self.assertIs(policy.CLASSIC, self.lists.policy)
        self.assertGreaterEqual(len(self.entries), 300)
        for entry in self.entries:
            self.assertRegex(entry.comment, r"^# \S", entry.package)

    def test_validate_constraints_finds_nothing(self) -> None:
        names = [
            str(base.ROOT / name)
            for name in (
                "global-requirements.txt",
                "upper-constraints.txt",
                "blacklist.txt",
            )
        ]
        done = self.run_main(validate_constraints.main, *names)
        self.assertEqual((0, ""), (done.status, done.err), done.out)

    def test_what_is_exempt_is_not_constrained(self) -> None:
        pins = {
            canonical_name(each.requirement.package)
            for each in self.lists.upper_constraints
            if each.requirement is not None
        }
        self.assertEqual(set(), pins & policy.EXEMPT)

    def test_global_list_is_in_normal_form(self) -> None:
        # To the last byte, which is more than validate-constraints asks.
        path = base.ROOT / "global-requirements.txt"
        content = path.read_text(encoding="utf-8")
        self.assertEqual(content, normalize(content))

    def test_constraints_are_in_order(self) -> None:
        content = (base.ROOT / "upper-constraints.txt").read_text()
        lines = content.splitlines()
        self.assertEqual(sorted(lines, key=merging.order_key), lines)

    def test_never_constrained_have_reasons(self) -> None:
        path = base.ROOT / "blacklist.txt"
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                self.assertRegex(line, r"^\S+  # \S")

    def test_projects(self) -> None:
        path = base.ROOT / "projects.txt"
        names = [
            line
            for line in path.read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("#")
        ]
        self.assertEqual(sorted(set(names)), names)
        for name in names:
            self.assertRegex(name, r"^[\w.-]+/[\w.-]+$")

    def test_own_requirements_have_licenses(self) -> None:
        for name in ("requirements.txt", "test-requirements.txt"):
            for line in (base.ROOT / name).read_text().splitlines():
                if line and not line.startswith("#"):
                    self.assertRegex(parse_line(line).comment, r"^# \S", line)


class TestPromises(base.TestCase):
    def test_every_module_has_the_license(self) -> None:
        names = tracked("*.py")
        self.assertGreater(len(names), 30)
        for name in names:
            with open(base.ROOT / name, encoding="utf-8") as file:
                self.assertIn(LICENSE, file.read(200), name)

    def test_no_module_is_too_long(self) -> None:
        for name in tracked("openstack_requirements/*.py"):
            with open(base.ROOT / name, encoding="utf-8") as file:
                self.assertLess(len(file.readlines()), 1000, name)

    def test_every_command_is_in_the_readme_and_has_a_page(self) -> None:
        readme = (base.ROOT / "README.rst").read_text(encoding="utf-8")
        for name in scripts():
            self.assertIn(f"``{name}``", readme)
            page = base.ROOT / "doc/source/cli" / f"{name}.rst"
            text = page.read_text(encoding="utf-8")
            for option in self.options(name):
                self.assertIn(option, text, f"{name} {option}")

    def test_every_rule_is_documented(self) -> None:
        for page, ids in (
            ("validate-constraints", [rule.id for rule in list_rules.RULES]),
            ("validate-constraints", [rule.id for rule in upkeep_rules.RULES]),
            ("check-conflicts", list(conflicts.RULES)),
            (
                "check-python2-support",
                [rule.id for rule in support.RULES],
            ),
            ("validate-projects", [rule.id for rule in zuul.RULES]),
            (
                "check-constraints",
                [rule.id for rule in install_rules.RULES],
            ),
        ):
            path = base.ROOT / "doc/source/cli" / f"{page}.rst"
            text = path.read_text(encoding="utf-8")
            for each in ids:
                self.assertIn(f"\n{each}\n   ", text, page)

    def options(self, name: str) -> list[str]:
        module = importlib.import_module(scripts()[name].partition(":")[0])
        shown = module.parser().format_help()
        found = re.findall(r"(?<![\w-])--[a-z][a-z-]*", shown)
        return sorted(set(found) - {"--help", "--version"})

    def test_help_version_and_usage(self) -> None:
        for name, target in scripts().items():
            module, _, function = target.partition(":")
            main = getattr(importlib.import_module(module), function)
            done = self.run_main(main, "-h")
            self.assertEqual((0, ""), (done.status, done.err))
            self.assertTrue(done.out.startswith(f"usage: {name} "))
            done = self.run_main(main, "--version")
            self.assertEqual(0, done.status)
            self.assertRegex(done.out, rf"^{name} \d\S*\n$")
            done = self.run_main(main, "--no-such-option")
            self.assertEqual((2, ""), (done.status, done.out))

    def test_a_reader_that_went_away(self) -> None:
        path = self.write("big.txt", "# a comment\n" * 50_000)
        for unbuffered in ("", "1"):
            with subprocess.Popen(
                base.script("normalize-requirements", path),
                env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            ) as child:
                assert child.stdout is not None
                assert child.stderr is not None
                child.stdout.read(10)
                child.stdout.close()
                self.assertEqual(b"stdout: Broken pipe\n", child.stderr.read())
                self.assertEqual(3, child.wait())

    def test_reading_a_list_imports_nothing_slow(self) -> None:
        required = "foo>=1 ;python_version<'3' # c\nbar>=1,!=1.5rc1\n"
        path = self.write("x.txt", required)
        pinned = "foo===1.0;python_version=='2.7'\nbar===1.1.post1\n"
        never = self.write("never.txt", "")
        constraints = self.write("u.txt", pinned)
        for name, argv in (
            ("normalize_requirements", [path]),
            ("validate_constraints", [path, constraints, never]),
        ):
            loaded = self.loaded(name, argv)
            self.assertIn("argparse", loaded)
            self.assertEqual(set(), loaded & SLOW)

    def test_an_edit_imports_next_to_nothing(self) -> None:
        """Not even what most programs start with; and no site's doing."""
        path = self.write("x.txt", "foo===1\nbar===1\n")
        code = (
            "import sys\n"
            f"sys.path.insert(0, {str(base.ROOT)!r})\n"
            "from openstack_requirements.cmds import edit_constraints\n"
            f"main, path = edit_constraints.main, {path!r}\n"
            "assert main([path, '--', 'foo', '-e file:///x#egg=foo']) == 0\n"
            "assert main([path, '--', 'bar', 'bar @ file:///x']) == 0\n"
            "assert main([path, '--', 'foo']) == 0\n"
            "print(*sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", code],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        loaded = set(done.stdout.split())
        self.assertIn("fcntl", loaded)
        self.assertEqual(set(), loaded & (SLOW | SLOW_FOR_AN_EDIT))

    def test_questions_about_constraints_import_nothing_slow(self) -> None:
        old = self.write("old.txt", "x===1;python_version=='3.9'\ny===1\n")
        new = self.write("new.txt", "x===2;python_version=='3.9'\ny===1\n")
        one = freeze.Freeze(
            "3.9",
            base.environment("3.9"),
            (freeze.Distribution("x", "1", ("x<2; python_version>'3'",)),),
            ("x>=1",),
        )
        path = self.write("freeze.json", freeze_json.to_json(one))
        for command, *argv in (
            ("diff_constraints", old, new),
            ("diff_constraints", old, path, "--format", "markdown"),
            ("explain_constraint", "x", "--freezes", path),
        ):
            # Versions and markers are packaging's, which imports the others.
            slow = {
                each
                for each in SLOW - {"dataclasses", "subprocess"}
                if not each.startswith("packaging.")
            }
            self.assertEqual(set(), self.loaded(command, argv) & slow, command)

    def loaded(self, command: str, argv: list[str]) -> set[str]:
        """What a command imports."""
        code = (
            "import sys\n"
            f"from openstack_requirements.cmds import {command}\n"
            f"{command}.main({argv!r})\n"
            "print(*sys.modules, file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-I", "-c", code],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        # What site imports at every start (for the editable install of this
        # package) is not the command's doing.
        start = subprocess.run(
            [sys.executable, "-I", "-c", "import sys; print(*sys.modules)"],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return set(done.stderr.split()) - set(start.stdout.split())
