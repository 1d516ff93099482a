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
"""The rules over a project, each with its table; check-constraints."""

from __future__ import annotations

import os

from openstack_requirements.checks import install_rules, list_lines
from openstack_requirements.cmds import check_constraints
from openstack_requirements.manifests import loader
from openstack_requirements.pep508.entries import names_in, read_entries
from openstack_requirements.repository import policy
from openstack_requirements.tests import base

# For each rule: requirements.txt, the global list, the constraints, and the
# lines of requirements.txt that are found.
UNREVIEWED = [
    (
        "-e git+https://x/y#egg=a\n-f x\n-r x\nfoo @ https://x\n",
        "",
        "",
        "1 2 3 4",
    ),
    ("-r requirements-py2.txt\n-r ../requirements-py2.txt\n", "", "", "2"),
    ("foo bar\n\n# c\n", "", "", "1"),
]
UNKNOWN = [
    ("a\nB_c\nlint>=1\nd\n", "A\nb.C\n", "", "4"),
    ("a;os_name=='x'\na;os_name!='x'\n", "", "", "1 2"),
]
UNCONSTRAINED = [
    ("a\nB\nc\n", "a\nb\n", "b===1\n", "1"),
    ("lint\n", "lint\n", "", ""),
    # Nobody constrains what installs.
    (
        "Setuptools>=6\nwheel\npip\nwmi\n",
        "wheel\nsetuptools\npip\nwmi\n",
        "",
        "4",
    ),
    # A URL does constrain.
    ("a\n", "a\n", "-e git+https://x/y#egg=A\n", ""),
]
INCOMPATIBLE = [
    ("a>=2\n", "a\n", "a===1.5\n", "1"),
    ("a<1\na>=1\n", "a\n", "A===1.5\n", "1"),
    ("a>=2\n", "", "a===1.5\n", ""),
    ("b>=2\na>=2\n", "a\n", "a===1.5\n", "2"),
    ("lint>=2\n", "lint\n", "lint===1.5\n", ""),
    # Every pin that can apply where the requirement does.
    (
        "a>=2\na>=2;python_version>='3.0'\na>=2;python_version<'3'\n",
        "a\n",
        "a===1.5;python_version=='2.7'\na===2.5;python_version=='3.4'\n",
        "1 3",
    ),
    ("a>=2\n", "a\n", "a==1.5\na\na>=1\n-e git+https://x/y#egg=a\n", "1"),
    ("a!=1.*\n", "a\n", "a===1.5\n", "1"),
    ("a>=1\n", "a\n", "a===2018-abc\n", "1"),
    ("a\n", "a\n", "a===2018-abc\n", ""),
]
BOUNDS = [
    ("a>=1,<4\n", "a>=2,<3\n", "a===2.5\n", "1"),
    ("a>=2,!=0.5\n", "a>=2\n", "", ""),
    ("a==1.2.*\na==1.2\na~=1.2\n", "a>=1\n", "", ""),
    ("a>=1.2\n", "a!=1.2\n", "", "1"),
    ("a!=9,>=5\n", "a<3\n", "", "1"),
    # An entry that can apply is enough, and there must be one.
    (
        "a>=2\n",
        "a<2;python_version<'3'\na>=2;python_version>='3.0'\n",
        "",
        "",
    ),
    (
        "a>=2;python_version<'3'\n",
        "a<2;python_version<'3'\na>=2;python_version>='3.0'\n",
        "",
        "1",
    ),
    ("a>=2;os_name=='nt'\n", "a<2;sys_platform=='linux'\n", "", ""),
]
TABLES = {
    "unreviewed-url": UNREVIEWED,
    "unknown-requirement": UNKNOWN,
    "unconstrained-requirement": UNCONSTRAINED,
    "incompatible-constraint": INCOMPATIBLE,
    "bound-not-global": BOUNDS,
}
# requirements.txt, constraints, classic's findings, current's
PRERELEASES = [
    ("a>=1\n", "a===2.0rc1\n", 1, 0),
    ("a>=2.0b1\n", "a===2.0rc1\n", 0, 0),
]


def subject(
    text: str,
    required: str,
    pinned: str,
    rules_of: policy.Policy = policy.CURRENT,
) -> install_rules.ProjectAndLists:
    files = {"requirements.txt": text, "requirements-py2.txt": ""}
    wanted, unread = install_rules.judged_requirements(
        loader.load("p", files.get).declared, names_in("Lint"), str, files
    )
    entries = read_entries(pinned, permit_urls=True, keep_editable=False)
    return install_rules.ProjectAndLists(
        rules_of,
        list_lines.listed("g", read_entries(required)),
        list_lines.listed("c", entries),
        wanted,
        unread,
    )


class TestRules(base.TestCase):
    def test_tables(self) -> None:
        for rule, table in TABLES.items():
            for text, required, pinned, expected in table:
                found = install_rules.judge(
                    subject(text, required, pinned), bounds=True
                )
                lines = {str(each.line) for each in found if each.rule == rule}
                self.assertEqual(
                    expected, " ".join(sorted(lines)), f"{rule} {text!r}"
                )

    def test_columns(self) -> None:
        for text, column in (("a\n  foo bar\n", 3), ("a\n-e x\n", 1)):
            (found,) = install_rules.judge(
                subject(text, "a", "a===1"), bounds=True
            )
            self.assertEqual((2, column), (found.line, found.column))

    def test_every_rule_has_a_table(self) -> None:
        self.assertEqual(
            set(TABLES), {rule.id for rule in install_rules.RULES}
        )

    def test_bounds_are_judged_where_asked_for(self) -> None:
        one = subject("a>=1\n", "a>=2\n", "a===2.5\n")
        self.assertEqual([], install_rules.judge(one, bounds=False))
        self.assertEqual(1, len(install_rules.judge(one, bounds=True)))

    def test_prereleases_by_policy(self) -> None:
        for text, pinned, classic, current in PRERELEASES:
            for rules_of, expected in (
                (policy.CLASSIC, classic),
                (policy.CURRENT, current),
            ):
                one = subject(text, "a\n", pinned, rules_of)
                found = install_rules.judge(one, bounds=False)
                self.assertEqual(expected, len(found), text)


class TestCommand(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("global-requirements.txt", "foo\nbar\n")
        self.write("upper-constraints.txt", "foo===1.5\nbar===1\n")
        self.write("blacklist.txt", "lint\n")
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)

    def run_it(self, *argv: str) -> base.Outcome:
        return self.run_main(check_constraints.main, *argv)

    def test_all_well(self) -> None:
        self.write("p/requirements.txt", "Foo>=1\n")
        self.write("p/test-requirements.txt", "lint>=2\n")
        done = self.run_it("p")
        self.assertEqual((0, "p: nothing found\n", ""), done)

    def test_every_place_is_judged(self) -> None:
        self.write("p/doc/requirements.txt", "foo>=2\n")
        self.write("p/setup.cfg", "[extras]\nx =\n  one # c\n")
        self.write(
            "p/pyproject.toml",
            '[build-system]\nrequires = ["nobody"]\n'
            '[project]\nname = "p"\ndependencies = [\n "two"\n]\n'
            '[project.optional-dependencies]\ny = ["three"]\n'
            '[dependency-groups]\nz = ["four", {include-group = "z"}]\n',
        )
        done = self.run_it("p")
        self.assertEqual((1, ""), (done.status, done.err))
        lines = done.out.splitlines()
        self.assertEqual(
            [
                "p/doc/requirements.txt:1: foo: >=2 is wanted, but "
                "upper-constraints.txt:1 pins 1.5 [incompatible-constraint]",
                "p/pyproject.toml:6: two is not in global-requirements.txt "
                "[unknown-requirement]",
                "p/pyproject.toml:9: three (optional y) is not in "
                "global-requirements.txt [unknown-requirement]",
                "p/pyproject.toml:11: four (group z) is not in "
                "global-requirements.txt [unknown-requirement]",
                "p/setup.cfg:3: one (extra x) is not in "
                "global-requirements.txt [unknown-requirement]",
            ],
            [line for line in lines[:-1] if line[0] != " "],
        )

    def test_lists_from_elsewhere(self) -> None:
        self.write("p/requirements.txt", "foo>=1\n")
        self.write("g.txt", "foo>=2\n")
        self.write("u.txt", "foo===2.5\n")
        self.write("d.txt", "foo\n")
        lists: tuple[str, ...] = ("-g", "g.txt", "-u", "u.txt")
        self.assertEqual(0, self.run_it(*lists, "p").status)
        self.assertEqual(1, self.run_it(*lists, "-G", "p").status)
        lists = ("--global-requirements", "g.txt", "--upper-constraints=u.txt")
        self.assertEqual(1, self.run_it(*lists, "p", "--gr-check").status)
        for option in ("-b", "-d", "--blacklist", "--denylist"):
            done = self.run_it(*lists, "-G", "p", option, "d.txt")
            self.assertEqual(0, done.status, option)

    def test_what_cannot_be_used(self) -> None:
        self.write("p/requirements.txt", "foo\n")
        self.write("broken/pyproject.toml", "[project\n")
        self.write("file", "")
        for argv, word in (
            (("nowhere",), "nowhere: does not exist"),
            (("",), "does not exist"),
            (("file",), "file: is no folder"),
            (("broken",), "broken/pyproject.toml:1"),
            (("p", "-u", "nowhere"), "nowhere: cannot be read"),
            (("p", "-g", "nowhere"), "nowhere: cannot be read"),
            (("p", "-b", "nowhere"), "nowhere: cannot be read"),
        ):
            done = self.run_it(*argv)
            self.assertEqual((2, ""), (done.status, done.out), word)
            self.assertIn(word, done.err)

    def test_a_project_without_files_declares_nothing(self) -> None:
        os.mkdir("empty")
        self.assertEqual(0, self.run_it("empty").status)

    def test_a_project_cannot_drive_the_terminal(self) -> None:
        self.write("p\x1b[31m/requirements.txt", "-e \x1b[32m\n")
        done = self.run_it("p\x1b[31m")
        self.assertEqual(1, done.status)
        self.assertNotIn("\x1b", done.out)
