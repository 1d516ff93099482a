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

from hypothesis import assume, event, given
from hypothesis import strategies as st
from packaging.version import Version

from openstack_requirements.checks import install_rules, list_lines
from openstack_requirements.cmds import check_constraints
from openstack_requirements.manifests import loader
from openstack_requirements.pep508.entries import names_in, read_entries
from openstack_requirements.pep508.version_sets import version_set
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
    # Each end may lie within another entry.
    (
        "a>=1,<5\n",
        "a>=1,<2;python_version<'3'\na>=4,<5;python_version>='3.0'\n",
        "",
        "",
    ),
    ("b>=1\n", "a>=2\n", "", ""),
    ("lint>=1\n", "lint>=2\n", "", ""),
]
# For the specifiers of an entry and of the global list: the clauses that lie
# outside of the global range.
ENDS = [
    # Equal, however written.
    *(
        (text, text, "")
        for text in (
            *("", ">=1", ">1", "<2", "<=2", "~=1.4", "==1.4", "==1.*", "===x"),
            *("!=1.5", ">=1.2,!=1.2", "==1.4rc1", ">=1.0.dev1,<2.0rc1", "<0"),
        )
    ),
    (">=1.0,!=3", "!=3.0,>=1", ""),
    # A lower bound: not below, and not above the cap.
    (">=1", ">=2", ">=1"),
    (">=2", ">=2", ""),
    (">=3", ">=2", ""),
    (">=2", ">2", ">=2"),
    (">2", ">=2", ""),
    (">2", ">=2.0.post1", ""),
    (">2", ">2", ""),
    (">=5", "<3", ">=5"),
    (">=3", "<3", ">=3"),
    (">=3", "<=3", ""),
    (">=2.9", "<3", ""),
    (">=3.0rc1", "<3", ">=3.0rc1"),
    (">=3.0rc1", ">=3", ">=3.0rc1"),
    (">=3.0rc1", ">=2", ""),
    (">=1,>=2", ">=2", ""),
    (">=1,>=1.5", ">=2", ">=1.5"),
    # A cap: not above, and not below the lower bound.
    ("<3", "<2", "<3"),
    ("<2", "<3", ""),
    ("<=2", "<2", "<=2"),
    ("<2", "<=2", ""),
    ("<2", "<2.0rc1", ""),
    ("<2.0rc1", "<2", "<2.0rc1"),
    ("<2", ">=2", "<2"),
    ("<=2", ">=2", ""),
    ("<=2", ">2", "<=2"),
    ("<0", "<2", "<0"),
    ("<4,<3", "<3", ""),
    # What an entry does not have cannot be outside.
    ("", ">=2,<3", ""),
    (">=2", ">=2,<3", ""),
    ("<3", ">=2,<3", ""),
    (">=1,<4", ">=2,<3", ">=1 <4"),
    (">=1", "", ""),
    # Exclusions do not matter.
    (">=1.2", "!=1.2", ""),
    (">=2,!=0.5", ">=2", ""),
    (">=1,!=1.5,<2", ">=1,<2", ""),
    (">=4.5.0", "!=1.28.1,!=4.5.0", ""),
    # Both ends of one clause.
    ("~=1.4", ">=1.4,<2", ""),
    ("~=1.4", ">=1.5", "~=1.4"),
    ("~=1.4", "<2", ""),
    ("~=1.4", "<1.9", "~=1.4"),
    ("~=1.4.2", ">=1,<1.5", ""),
    ("~=1.4", "~=1.4.0", "~=1.4"),
    ("~=1.4.2", "~=1.4", ""),
    ("==1.2.*", ">=1.2", ""),
    ("==1.2.*", ">=1.2.1", "==1.2.*"),
    ("==1.2.*", ">=1,<1.3", ""),
    ("==1.2.*", ">=1,<=1.2.9", "==1.2.*"),
    (">=1.2,<1.3", "==1.2.*", ""),
    (">=1.2,<1.3", "==1.*", ""),
    # A pin has to be admitted.
    ("==1.2", ">=1", ""),
    ("==1.2", ">=1,!=1.2", "==1.2"),
    ("===1.2", ">=2", "===1.2"),
    ("===x", ">=2", "===x"),
    (">=1.2", "==1.2", ""),
    (">=1.3", "==1.2", ">=1.3"),
    (">=1", "===x", ">=1"),
    ("==1!1.0", ">=2", ""),
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

    def test_ends(self) -> None:
        for text, required, expected in ENDS:
            found = [
                each
                for each in install_rules.judge(
                    subject(f"a{text}\n", f"a{required}\n", ""), bounds=True
                )
                if each.rule == "bound-not-global"
            ]
            clauses = [
                each.message.removeprefix("a: ").partition(" lies ")[0]
                for each in found
            ]
            self.assertEqual(
                expected, " ".join(clauses), f"{text} against {required}"
            )

    def test_a_pin_that_is_a_prerelease_by_policy(self) -> None:
        for rules_of, expected in ((policy.CLASSIC, 1), (policy.CURRENT, 0)):
            found = install_rules.judge(
                subject("a==2.0rc1\n", "a>=1\n", "", rules_of), bounds=True
            )
            found = [row for row in found if row.rule == "bound-not-global"]
            self.assertEqual(expected, len(found), rules_of.name)

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


VERSIONS = st.sampled_from(
    [*("0.9", "1", "1.4", "1.4.2", "1.5rc1", "2.dev1", "2", "3", "1!0")]
)
LOWER = st.builds("{}{}".format, st.sampled_from([">=", ">"]), VERSIONS)
UPPER = st.builds("{}{}".format, st.sampled_from(["<=", "<"]), VERSIONS)
OTHER = st.sampled_from(
    ["~=1.4", "~=1.4.2", "==1.4", "==1.*", "==1.4.*", "!=1.4", "!=2", "===x"]
)
SETS = st.lists(LOWER | UPPER | OTHER, max_size=3).map(",".join)


def is_within(text: str, required: str, rules_of: policy.Policy) -> bool:
    found = install_rules.judge(
        subject(f"a{text}\n", f"a{required}\n", "", rules_of), bounds=True
    )
    return "bound-not-global" not in {row.rule for row in found}


class TestLaws(base.TestCase):
    POLICIES = st.sampled_from([policy.CLASSIC, policy.CURRENT])

    @given(SETS, POLICIES)
    def test_an_equal_entry_passes(
        self, text: str, rules_of: policy.Policy
    ) -> None:
        self.assertTrue(is_within(text, text, rules_of))
        turned = ",".join(reversed(text.split(",")))
        self.assertTrue(is_within(turned, text, rules_of))

    @given(
        st.lists(VERSIONS, min_size=6, max_size=6),
        st.lists(st.booleans(), min_size=6, max_size=6),
    )
    def test_narrower_ends_pass_as_well(
        self, versions: list[str], exclusive: list[bool]
    ) -> None:
        ordered = sorted(versions, key=Version)
        bounds = [
            f"{operator}{'' if without else '='}{version}"
            for operator, version, without in zip(
                ">>><<<", ordered, exclusive, strict=True
            )
        ]
        required = f"{bounds[0]},{bounds[5]}"
        wide = f"{bounds[1]},{bounds[4]}"
        narrow = f"{wide},{bounds[2]},{bounds[3]}"
        if not version_set(narrow).is_empty and is_within(
            wide, required, policy.CURRENT
        ):
            self.assertTrue(is_within(narrow, required, policy.CURRENT))
            event("both pass")

    @given(SETS, SETS, st.sampled_from(["!=1.4", "!=1.*", "!=2.dev1"]))
    def test_exclusions_do_not_matter(
        self, text: str, required: str, exclusion: str
    ) -> None:
        assume("==" not in text.replace("===", "==") or "*" in text)
        before = is_within(text, required, policy.CURRENT)
        # An entry that is equal passes in any case.
        assume(version_set(text) != version_set(required))
        more = ",".join(filter(None, (text, exclusion)))
        assume(version_set(more) != version_set(required))
        self.assertIs(before, is_within(more, required, policy.CURRENT))


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
        self.assertEqual(
            (0, "p: 2 files, 1 requirement: no findings\n", ""), done
        )

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
            (("file",), "file: is a file, not the folder of a project"),
            (("broken",), "broken/pyproject.toml:1"),
            (("p", "-u", "nowhere"), "nowhere: cannot be read"),
            (("p", "-g", "nowhere"), "nowhere: cannot be read"),
            (("p", "-b", "nowhere"), "nowhere: cannot be read"),
        ):
            done = self.run_it(*argv)
            self.assertEqual((2, ""), (done.status, done.out), word)
            self.assertIn(word, done.err)

    def test_nothing_to_judge(self) -> None:
        os.mkdir("empty")
        done = self.run_it("empty")
        self.assertEqual(
            (
                2,
                "",
                "empty: has no file that declares requirements "
                "(pyproject.toml, setup.cfg, requirements.txt, ...): name the "
                "folder of a project\n",
            ),
            done,
        )
        for name in ("cinder", "nova", "tempest"):
            self.write(f"empty/{name}/requirements.txt", "")
        done = self.run_it("empty")
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertIn(
            ": name the folder of a project, such as empty/cinder or "
            "empty/nova\n",
            done.err,
        )
        # A project that requires nothing is judged all the same.
        done = self.run_it("empty/nova")
        self.assertEqual(
            (0, "empty/nova: 1 file, 0 requirements: no findings\n", ""), done
        )

    def test_a_project_cannot_drive_the_terminal(self) -> None:
        self.write("p\x1b[31m/requirements.txt", "-e \x1b[32m\n")
        done = self.run_it("p\x1b[31m")
        self.assertEqual(1, done.status)
        self.assertNotIn("\x1b", done.out)
