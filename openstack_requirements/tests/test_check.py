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
"""The rules for what a project declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from unittest import mock

from openstack_requirements.checks import (
    judgement,
    lower_rules,
)
from openstack_requirements.checks.judgement import ProjectFinding
from openstack_requirements.manifests import declarations
from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.entries import names_in, read_entries
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.repository import policy
from openstack_requirements.tests import base

CLASSIC, CURRENT = policy.CLASSIC, policy.CURRENT
#: What every project has that shall pass under the current policy.
BUILD = '[build-system]\nrequires = ["pbr>=6"]\nbuild-backend = "pbr.build"\n'


class Case(NamedTuple):
    """A project's text, the global list, and what is found.

    ``found`` has rule and package, or rule alone; ``fix`` is what is to be
    written instead.
    """

    mine: str
    theirs: str
    found: str = ""
    fix: str | None = None


#: Both policies; the entries of the global list have a bound for classic.
BOTH = {
    "the same": Case("foo>=1.0", "foo>=1.0"),
    "unknown": Case("bar>=1.0", "foo>=1.0", "unknown-requirement"),
    "spelled otherwise": Case("Foo_Bar>=1.0", "foo.bar>=1.0"),
    "marker of the list": Case(
        "foo>=1.0;sys_platform=='win32'", "foo>=1.0;sys_platform=='win32'"
    ),
    "marker, other quotes": Case(
        'foo>=1.0;sys_platform == "win32"', "foo>=1.0;sys_platform=='win32'"
    ),
    "marker, other order": Case(
        "foo>=1;os_name=='nt' and python_version>='3.8'",
        "foo>=1;python_version>='3.8' and os_name=='nt'",
    ),
    "marker missing": Case(
        "foo>=1.0",
        "foo>=1.0;sys_platform=='win32'",
        "marker-mismatch",
        "foo>=1.0;sys_platform=='win32'",
    ),
    "marker too many": Case(
        "foo>=1.0;sys_platform=='win32'",
        "foo>=1.0",
        "marker-mismatch",
        "foo>=1.0",
    ),
    "marker, half of it": Case(
        "foo>=1;python_version>='3.8' and sys_platform=='nosuch'",
        "foo>=1",
        "marker-mismatch",
        "foo>=1",
    ),
    "exclusion": Case(
        "foo>=1.0,!=1.5", "foo>=1.0", "exclusion-not-global", "foo>=1.0"
    ),
    "exclusion, written otherwise": Case("foo>=1,!=1.1.0", "foo>=1,!=1.1"),
    "exclusion below the own bound": Case("foo>=1.4,!=1.2", "foo>=1.0"),
    "exclusion below the global bound": Case("foo>=1.0,!=1.2", "foo>=1.4"),
    "exclusion above the global cap": Case("foo>=1,!=2.5", "foo>=1,<2"),
    "cap": Case("foo>=1,<2", "foo>=1", "exclusion-not-global", "foo>=1"),
    "cap, tighter": Case(
        "foo>=1,<2", "foo>=1,<3", "exclusion-not-global", "foo>=1"
    ),
    "cap, looser": Case("foo>=1,<3", "foo>=1,<2"),
    "compatible release": Case("foo~=1.4", "foo>=1", "exclusion-not-global"),
    "compatible release, capped": Case("foo~=1.4", "foo>=1,<2"),
    "pin": Case("foo==1.4", "foo>=1", "exclusion-not-global"),
    "nothing in common": Case("foo>=999", "foo>=1,<2", "no-common-version"),
    "twice": Case("foo>=1\nfoo>=1", "foo>=1", "duplicate-entry"),
    "twice, by meaning": Case("foo>=1.0\nfoo>=1", "foo>=1", "duplicate-entry"),
    "twice, with the marker in other words": Case(
        "foo>=1;os_name=='nt' or os_name=='x'\n"
        'foo>=1;os_name == "x" or os_name == "nt"',
        "foo>=1;os_name=='nt' or os_name=='x'",
        "duplicate-entry",
    ),
    "twice, in other words": Case("foo>=1\nFoo>=1 # x", "foo>=1 # x", "*"),
    "too many": Case("foo>=1\nfoo>=2", "foo>=1", "entry-count"),
    "too few": Case(
        "foo>=1;os_name=='nt'",
        "foo>=1;os_name=='nt'\nfoo>=2;os_name!='nt'",
        "entry-count",
    ),
    "all of several": Case(
        "foo>=2;os_name!='nt'\nfoo>=1;os_name=='nt'",
        "foo>=1;os_name=='nt'\nfoo>=2;os_name!='nt'",
    ),
    "an extra each": Case("foo[a]>=1\nfoo[b]>=1\nfoo>=1", "foo>=1"),
    "an extra twice": Case("foo[a]>=1\nfoo[a,b]>=2", "foo>=1", "entry-count"),
    "editable": Case(
        "-e git+https://h/x#egg=foo", "foo>=1", "unreviewed-line"
    ),
    "find links": Case("-f http://h/x", "foo>=1", "unreviewed-line"),
    "include": Case("-r other.txt", "foo>=1", "unreviewed-line"),
    "include of itself": Case(
        "-r requirements.txt", "foo>=1", "unreviewed-line"
    ),
    "url": Case("https://h/x.tar.gz#egg=foo", "foo>=1", "unreviewed-line"),
    "direct": Case("foo @ https://h/x.tar.gz", "foo>=1", "unreviewed-line"),
    "path": Case("./foo", "foo>=1", "unreviewed-line"),
    "bad marker": Case("foo>=1;bogus", "foo>=1", "unreadable-entry"),
    "bad specifier": Case("foo>=latest", "foo>=1", "unreadable-entry"),
    "two words": Case("foo bar", "foo>=1", "unreadable-entry"),
    "continued": Case("foo>=1 \\", "foo>=1", "unreadable-entry"),
    "never constrained": Case("NEVER_x==7", "foo>=1"),
    "comment": Case("# nothing\n\nfoo>=1", "foo>=1"),
}
ONLY_CLASSIC = {
    "no bound": Case("foo", "foo>=1"),
    "comment": Case(
        "foo>=1 # MIT", "foo>=1  # BSD", "comment-mismatch", "foo>=1 # BSD"
    ),
    "no comment": Case(
        "foo>=1", "foo>=1  # BSD", "comment-mismatch", "foo>=1 # BSD"
    ),
    "waiver behind the comment": Case(
        "foo>=1 # BSD # requirements: ignore[x] y until 2030-01-01",
        "foo>=1  # BSD",
    ),
    "python marker": Case(
        "foo>=1;python_version>='3.8'", "foo>=1", "marker-mismatch", "foo>=1"
    ),
}
ONLY_CURRENT = {
    "no bound": Case("foo", "foo", "no-lower-bound", "foo>=1.5"),
    "no bound but an exclusion": Case(
        "foo!=2", "foo!=2", "no-lower-bound", "foo>=1.5,!=2"
    ),
    "compatible release is a bound": Case("foo~=1.4", "foo<2"),
    "a bound that one of two entries does not admit": Case(
        "reno<3;python_version<'3.6'\nreno>=3.1;python_version>='3.6'",
        "reno<3;python_version<'3.6'\nreno;python_version>='3.6'",
    ),
    "a bound that both entries admit": Case(
        "reno<3;python_version<'3.6'\nreno>=2.1;python_version>='3.6'",
        "reno<3;python_version<'3.6'\nreno;python_version>='3.6'",
        "no-lower-bound",
    ),
    "pin is a bound": Case("foo==1.4", "foo==1.4"),
    "comment": Case("foo>=1 # MIT", "foo  # BSD"),
    "python marker of the project": Case("foo>=1;python_version<'3.8'", "foo"),
    "python marker of the project, !=": Case(
        "foo>=1;python_version!='3.8'", "foo", "marker-mismatch", "foo>=1"
    ),
    "python marker of the list": Case("foo>=1", "foo;python_version>='3.8'"),
    "python marker of the list, <": Case(
        "foo>=1",
        "foo;python_version<'3.8'",
        "marker-mismatch",
        "foo>=1;python_version<'3.8'",
    ),
    "python marker of the list, turned": Case(
        "foo>=1", "foo;'3.8'<=python_version"
    ),
    "python 2": Case(
        "foo>=1;python_version<'2.7'", "foo", "marker-mismatch", "foo>=1"
    ),
    "backport": Case(
        "back>=1;python_version<'3.8'", "back;python_version<'3.10'"
    ),
    "backport, >=": Case(
        "back>=1;python_version>='3.8'",
        "back;python_version<'3.10'",
        "marker-mismatch",
    ),
}


def judge(
    rules: policy.Policy,
    theirs: str,
    texts: Mapping[str, str],
    branch: str = "master",
    target: Mapping[str, str] | None = None,
    pin: str = "1.5",
) -> list[ProjectFinding]:
    lists = judgement.against(
        rules,
        "global-requirements.txt",
        read_entries(theirs),
        names_in("never.x"),
        names_in("back"),
        [parse_line(f"foo==={pin}")],
        "pbr.build",
    )
    before = None if target is None else declarations.read(target)
    return judgement.judge(
        judgement.subject(
            lists, texts, declarations.read(texts), branch, before
        )
    )


def rules_of(found: list[ProjectFinding]) -> list[str]:
    return sorted({each.finding.rule for each in found})


class TestTables(base.TestCase):
    def judge_all(
        self, rules: policy.Policy, cases: Mapping[str, Case]
    ) -> None:
        more = {} if rules is CLASSIC else {"pyproject.toml": BUILD}
        for name, case in cases.items():
            theirs = f"{case.theirs}\npbr>=1\n"
            found = judge(
                rules, theirs, {"requirements.txt": case.mine, **more}
            )
            if case.found != "*":
                expected = [case.found] if case.found else []
                self.assertEqual(expected, rules_of(found), name)
            if case.fix is not None:
                self.assertEqual((case.fix,), found[0].replacement, name)
                self.assertEqual(f"write {case.fix}", found[0].finding.fix)
            for each in found:
                self.assertEqual("requirements.txt", each.finding.file)
                self.assertIsNotNone(each.finding.line)

    def test_classic(self) -> None:
        self.judge_all(CLASSIC, {**BOTH, **ONLY_CLASSIC})

    def test_current(self) -> None:
        self.judge_all(CURRENT, {**BOTH, **ONLY_CURRENT})

    def test_what_a_fix_says_passes(self) -> None:
        for rules, cases in (
            (CLASSIC, {**BOTH, **ONLY_CLASSIC}),
            (CURRENT, {**BOTH, **ONLY_CURRENT}),
        ):
            for name, case in cases.items():
                if case.fix is not None:
                    found = judge(
                        rules, case.theirs, {"requirements.txt": case.fix}
                    )
                    left = [r for r in rules_of(found) if r != "build-system"]
                    self.assertEqual([], left, name)


class TestFixes(base.TestCase):
    """No fix asks for what no version satisfies."""

    def test_no_marker_for_a_range_that_the_list_refuses(self) -> None:
        found = judge(
            CURRENT, "foo<2;os_name=='nt'", {"requirements.txt": "foo>=2\n"}
        )
        self.assertEqual(
            [None],
            [
                each.replacement
                for each in found
                if each.finding.rule == "marker-mismatch"
            ],
        )

    def test_a_bound_goes_where_it_is_admitted(self) -> None:
        theirs = (
            "reno<3;python_version<'3.6'\nreno;python_version>='3.6'\n"
            "reno<4;python_version=='3.6'\n"
        )
        found = judge(
            CURRENT,
            theirs,
            {"requirements.txt": "reno>=3.1;python_version>='3.6'\n"},
        )
        self.assertEqual(
            [
                "add reno<3;python_version<'3.6' and "
                "reno>=3.1,<4;python_version=='3.6'"
            ],
            [
                each.finding.fix
                for each in found
                if each.finding.rule == "entry-count"
            ],
        )


class Told(NamedTuple):
    """What a person is told of a project, and where.

    ``told`` has the rule, the place and the fix of each finding.
    """

    policy: policy.Policy
    theirs: str
    mine: str
    told: list[tuple[str, str, str]]
    lower: str | None = None


REQ, LOW = "requirements.txt", "lower-constraints.txt"
TOLD = {
    "an exclusion, of two entries": Told(
        CURRENT,
        "foo;python_version>='3.8'\nfoo!=2;python_version>='3.9'",
        "foo>=1,!=1.5,!=3\n",
        [
            (
                rule,
                f"{REQ}:1",
                "write foo>=1;python_version>='3.8' and "
                "foo>=1,!=2;python_version>='3.9'",
            )
            for rule in ("exclusion-not-global", "entry-count")
        ],
    ),
    "behind those that are bounded, here or elsewhere": Told(
        CURRENT,
        "bar\nfoo\nreno<3;python_version<'3.6'\nreno;python_version>='3.6'",
        "reno<3;python_version<'3.6'\nreno>=3.1;python_version>='3.6'\n"
        "bar>=1\nfoo\n",
        [("no-lower-bound", f"{REQ}:4", "write foo>=1.5")],
    ),
    "three times": Told(
        CLASSIC,
        "foo>=1\nbar>=1",
        "foo>=1\nfoo>=1\nfoo>=1.0\nbar>=1\nbar>=1\n",
        [
            ("duplicate-entry", f"{REQ}:2", "remove it, and remove line 3"),
            ("duplicate-entry", f"{REQ}:5", "remove it"),
        ],
    ),
    "one of two": Told(
        CLASSIC,
        "foo>=1;os_name=='nt'\nfoo>=2;os_name!='nt'  # c",
        "foo>=1;os_name=='nt'\n",
        [("entry-count", f"{REQ}:1", "add foo>=2;os_name!='nt' # c")],
    ),
    "none of two": Told(
        CLASSIC,
        "foo>=1\nfoo>=2;os_name=='nt'",
        "foo>=1;os_name=='x'\n",
        [
            (rule, f"{REQ}:1", "write foo>=1 and foo>=2;os_name=='nt'")
            for rule in ("marker-mismatch", "entry-count")
        ],
    ),
    "two of one, and one of one": Told(
        CLASSIC,
        "foo>=1",
        "foo>=1\nfoo>=2\nfoo[x]>=1\n",
        [("entry-count", f"{REQ}:2", "remove it")],
    ),
    "another one for an extra": Told(
        CURRENT,
        "foo;os_name=='nt'\nfoo;os_name!='nt'",
        "foo[a]>=1.2;os_name=='nt'\n",
        [("entry-count", f"{REQ}:1", "add foo[a]>=1.2;os_name!='nt'")],
    ),
    "a comment": Told(
        CLASSIC,
        "foo>=1  # A",
        "foo>=3 # B\n",
        [("comment-mismatch", f"{REQ}:1", "write foo>=3 # A")],
    ),
    "nothing in common": Told(
        CURRENT,
        "foo<2",
        "foo>=2\n",
        [
            (
                "no-common-version",
                f"{REQ}:1",
                "none known; ask for versions that the list allows, such as "
                "foo>=1.5,<2, or first propose to change "
                "global-requirements.txt:1",
            )
        ],
    ),
    "pins that are not the lower bound": Told(
        CLASSIC,
        "foo>=1.0",
        "foo>=1.0\n",
        [
            (
                "lower-constraint-incompatible",
                f"{LOW}:2",
                "write foo==1.0, and write foo==1.0 in line 3",
            ),
            (
                "lower-constraint-mismatch",
                f"{LOW}:3",
                "write foo==1.0, and write foo==1.0 in line 2",
            ),
        ],
        "\nfoo==0.9\nfoo==1.1\n",
    ),
    "no pin": Told(
        CLASSIC,
        "foo>=1;os_name=='nt'\nbar!=3",
        "foo>=1;os_name=='nt'\nbar!=3\n",
        [
            ("lower-constraint-missing", f"{REQ}:1", f"add foo==1 to {LOW}"),
            (
                "lower-constraint-missing",
                f"{REQ}:2",
                f"none known; add bar==VERSION to {LOW}",
            ),
        ],
        "",
    ),
    "no bound for a local version": Told(
        CLASSIC,
        "foo",
        "foo\n",
        [("lower-constraint-no-bound", f"{REQ}:1", "write foo>=1.0")],
        "foo==1.0+local\n",
    ),
    "no bound for what is no version": Told(
        CLASSIC,
        "foo",
        "foo\n",
        [
            (
                "lower-constraint-no-bound",
                f"{REQ}:1",
                "none known; add a lower bound, such as >=1.0, and pin it "
                "there",
            )
        ],
        "foo===2018-x\n",
    ),
    "what is no pin": Told(
        CLASSIC,
        "foo>=1\nbar>=1",
        "foo>=1\nbar>=1\n",
        [
            ("lower-constraint-unreadable", f"{LOW}:1", "write foo==1"),
            (
                "lower-constraint-unreadable",
                f"{LOW}:2",
                "none known; write bar==VERSION",
            ),
            (
                "lower-constraint-unreadable",
                f"{LOW}:3",
                "none known; write baz==VERSION",
            ),
        ],
        "foo>=2\nbar\nhttps://host/baz.zip#egg=baz\n",
    ),
    "what is no requirement": Told(
        CLASSIC,
        "foo>=1",
        "foo>=1\n",
        [
            (
                "lower-constraint-unreadable",
                f"{LOW}:{place}",
                "none known; write a package and its lowest version, such as "
                "name==1.0",
            )
            for place in ("2:8", "3:5")
        ],
        "bar==1\nfoo==1;x\nfoo 1\n",
    ),
}


class TestTold(base.TestCase):
    def test_table(self) -> None:
        for name, case in TOLD.items():
            texts = {REQ: case.mine}
            if case.policy is CURRENT:
                texts["pyproject.toml"] = BUILD
            if case.lower is not None:
                texts[LOW] = case.lower
            found = judge(case.policy, f"{case.theirs}\npbr>=1\n", texts)
            told = []
            for finding in (each.finding for each in found):
                place = f"{finding.file}:{finding.line}"
                if finding.file == LOW and finding.column:
                    place += f":{finding.column}"
                fix = finding.fix or f"none known; {finding.hint}"
                told.append((finding.rule, place, fix))
            self.assertEqual(case.told, told, name)

    def test_it_names_the_entry_that_it_is_about(self) -> None:
        case = TOLD["an exclusion, of two entries"]
        finding = judge(case.policy, case.theirs, {REQ: case.mine})[0].finding
        self.assertEqual(
            "foo>=1,!=1.5,!=3 excludes by !=1.5, !=3 what "
            "global-requirements.txt:1 allows: foo;python_version>='3.8'",
            finding.message,
        )
        self.assertEqual(
            ("foo", "foo>=1,!=1.5,!=3", 1),
            (finding.package, finding.text, finding.column),
        )


class TestPlaces(base.TestCase):
    def test_extras_of_the_project_itself_are_no_requirement(self) -> None:
        found = judge(
            CLASSIC,
            "foo>=1",
            {
                "requirements.txt": "proj[a]\n",
                "setup.cfg": "[metadata]\nname = Proj\n[extras]\n"
                "a =\n  foo>=1\nall =\n  proj[a]\n",
            },
        )
        self.assertEqual(
            [("unknown-requirement", "requirements.txt")],
            [(each.finding.rule, each.finding.file) for each in found],
        )

    def test_every_place_is_judged(self) -> None:
        texts = {
            "requirements.txt": "a1>=1\n",
            "test-requirements.txt": "a2>=1\n",
            "doc/requirements.txt": "a3>=1\n",
            "tools/pip-requires": "a4>=1\n",
            "setup.cfg": "[extras]\nx =\n  a5>=1\n"
            "[options.extras_require]\ny =\n  a6>=1\n"
            "[options]\ninstall_requires =\n  a7>=1\nsetup_requires = a8>=1\n",
            "pyproject.toml": '[build-system]\nrequires = ["a9>=1", "wheel"]\n'
            'build-backend = "pbr.build"\n'
            '[project]\ndependencies = ["b1>=1"]\n'
            '[project.optional-dependencies]\nx = ["b2>=1"]\n'
            '[dependency-groups]\nx = ["b3>=1"]\n',
        }
        for rules in (CLASSIC, CURRENT):
            found = judge(rules, "foo", texts)
            unknown = [
                str(each.finding.package)
                for each in found
                if each.finding.rule == "unknown-requirement"
            ]
            # What builds the project ("a9") is no business of the list.
            self.assertEqual(
                [f"a{n}" for n in range(1, 9)] + ["b1", "b2", "b3"],
                sorted(unknown),
            )

    def test_a_package_in_two_files_is_judged_in_both(self) -> None:
        found = judge(
            CLASSIC,
            "foo>=1",
            {
                "requirements.txt": "foo>=1\n",
                "test-requirements.txt": "foo>=1,!=2\n",
                "doc/requirements.txt": "foo>=1,!=3\n",
            },
        )
        self.assertEqual(
            ["test-requirements.txt", "doc/requirements.txt"],
            [each.finding.file for each in found],
        )

    def test_a_bound_that_the_entry_excludes_is_no_fix(self) -> None:
        for mine in ("foo<1", "foo!=1.5"):
            found = judge(CURRENT, mine, {"requirements.txt": f"{mine}\n"})
            self.assertEqual(
                [("no-lower-bound", None)],
                [
                    (each.finding.rule, each.replacement)
                    for each in found
                    if each.finding.rule != "build-system"
                ],
            )

    def test_what_can_be_no_bound_is_no_fix(self) -> None:
        for pin in ("2018-abc", "1.0+local"):
            found = judge(
                CURRENT, "foo", {"requirements.txt": "foo\n"}, pin=pin
            )
            self.assertIn(
                ("no-lower-bound", None),
                [(each.finding.rule, each.replacement) for each in found],
            )

    def test_a_colon_in_setup_cfg_stays_one(self) -> None:
        text = "[extras]\nx =\n  foo>=1,!=2:os_name=='nt'\n"
        found = judge(CLASSIC, "foo>=1;os_name=='nt'", {"setup.cfg": text})
        self.assertEqual(
            [("foo>=1:os_name=='nt'",)], [each.replacement for each in found]
        )

    def test_no_comment_goes_into_toml(self) -> None:
        text = '[project]\ndependencies = ["foo>=1,!=2"]\n'
        found = judge(CLASSIC, "foo>=1  # MIT", {"pyproject.toml": text})
        self.assertEqual([("foo>=1",)], [each.replacement for each in found])

    def test_no_comment_is_asked_for_where_none_is_written(self) -> None:
        for option in ("install_requires", "setup_requires"):
            text = f"[options]\n{option} =\n  foo>=1\n  bar>=1;os_name=='x'\n"
            found = judge(
                CLASSIC, "foo>=1  # MIT\nbar>=1  # BSD", {"setup.cfg": text}
            )
            self.assertEqual(
                [("marker-mismatch", ("bar>=1",))],
                [(each.finding.rule, each.replacement) for each in found],
            )


class TestGroups(base.TestCase):
    def test_a_circle_is_told(self) -> None:
        found = self.groups(
            'a = [{include-group = "B"}]\n'
            'b = ["foo>=1", {include-group = "c"}, {include-group = "z"}]\n'
            'c = [{include-group = "a"}]\n'
            'z = [{include-group = "z"}]\n'
        )
        self.assertEqual(
            [
                "the group a includes itself, by way of B, c",
                "the group b includes itself, by way of c, a",
                "the group c includes itself, by way of a, b",
                "the group z includes itself",
            ],
            [
                each.finding.message
                for each in found
                if each.finding.rule == "group-cycle"
            ],
        )

    def test_a_large_circle_is_not_told_group_by_group(self) -> None:
        found = self.groups(
            "".join(
                f'g{n} = [{{include-group = "g{(n + 1) % 12}"}}]\n'
                for n in range(12)
            )
        )
        self.assertEqual(12, len(found))
        self.assertEqual(
            "the group g0 includes itself, by way of g1 and others of a "
            "circle of 12 groups",
            found[0].finding.message,
        )

    def test_not_all_groups_are_proposed(self) -> None:
        names = "".join(f"g{n:02} = []\n" for n in range(30))
        (found,) = self.groups(f'a = [{{include-group = "x"}}]\n{names}')
        hint = str(found.finding.hint)
        self.assertIn("g18 (and 11 more), or remove", hint)

        names = "".join(f"g{n:02} = []\n" for n in range(19))
        (found,) = self.groups(f'a = [{{include-group = "x"}}]\n{names}')
        self.assertIn("g18, or remove", str(found.finding.hint))

    def groups(self, text: str) -> list[ProjectFinding]:
        text = f"{BUILD}[dependency-groups]\n{text}"
        return judge(CURRENT, "foo\npbr", {"pyproject.toml": text})

    def test_table(self) -> None:
        for text, expected in (
            ('a = ["foo>=1"]\nb = [{include-group = "a"}]', []),
            ('A_b = ["foo>=1"]\nc = [{include-group = "a-B"}]', []),
            ('a = []\nb = [{include-group = "a"}]', []),
            ('a = [{include-group = "z"}]', ["unknown-group"]),
            ('a = [{include-group = "a"}]', ["group-cycle"]),
            (
                'a = [{include-group = "b"}]\nb = [{include-group = "a"}]',
                ["group-cycle"],
            ),
            (
                'a = ["foo>=1"]\n'
                'b = [{include-group = "a"}, {include-group = "a"}]',
                ["duplicate-entry"],
            ),
            (
                'a = ["foo>=1"]\nb = ["foo>=1", {include-group = "a"}]',
                ["duplicate-entry"],
            ),
            (
                'a = ["foo>=1"]\nb = ["foo>=2", {include-group = "a"}]',
                ["entry-count"],
            ),
            ("a = [1]", ["unreadable-entry"]),
            ('a = ["bar>=1"]\nb = [{include-group = "a"}]', ["*1"]),
        ):
            found = self.groups(text)
            if expected == ["*1"]:
                # What is included is judged where it stands, once.
                self.assertEqual(1, len(found))
            else:
                self.assertEqual(expected, rules_of(found), text)


class TestBuildSystem(base.TestCase):
    def test_table(self) -> None:
        other = BUILD.replace("pbr.build", "setuptools.build_meta")
        for text, expected in (
            (BUILD, []),
            (None, ["build-system"]),
            ("", ["build-system"]),
            (other, ["build-system"]),
            ("[build-system]\nrequires = []\n", ["build-system"]),
        ):
            texts = {} if text is None else {"pyproject.toml": text}
            found = judge(CURRENT, "pbr", texts)
            self.assertEqual(expected, rules_of(found), str(text))
            found = judge(CURRENT, "pbr", texts, "main")
            self.assertEqual(expected, rules_of(found), str(text))
            for branch in ("stable/2026.1", "feature/x"):
                self.assertEqual([], judge(CURRENT, "pbr", texts, branch))
            self.assertEqual([], judge(CLASSIC, "pbr>=1", texts))

    def test_the_backend_has_to_be_required(self) -> None:
        for requires, expected in (
            ('"PBR>=6"', []),
            ('"pbr", "not-in-the-list"', []),
            ("\"pbr>=6; os_name == 'nt'\"", []),
            ('"setuptools"', ["build-system"]),
            ("", ["build-system"]),
        ):
            text = BUILD.replace('"pbr>=6"', requires)
            found = judge(CURRENT, "foo", {"pyproject.toml": text})
            self.assertEqual(expected, rules_of(found), requires)
            for each in found:
                self.assertIn("pbr is not in requires", each.finding.message)

    def test_requires_is_not_judged_by_the_list(self) -> None:
        requires = (
            "'pbr!=7', 'pbr!=7', 'unknown', \"foo<1;os_name=='x'\", "
            "'foo @ https://host/foo', 'foo bar'"
        )
        text = BUILD.replace('"pbr>=6"', requires)
        for rules in (CLASSIC, CURRENT):
            found = judge(rules, "foo>=2\npbr>=2", {"pyproject.toml": text})
            self.assertEqual(
                # What an installer would fetch from elsewhere stays one.
                ["unreadable-entry", "unreviewed-line"],
                rules_of(found),
            )


class TestIncludes(base.TestCase):
    """A file that is judged itself brings in nothing unreviewed."""

    def includes(self, file: str, line: str) -> list[str]:
        texts = dict.fromkeys(
            ("requirements.txt", "doc/requirements.txt", "setup.cfg"), ""
        )
        texts["lower-constraints.txt"] = ""
        return rules_of(judge(CLASSIC, "foo>=1", {**texts, file: f"{line}\n"}))

    def test_of_a_file_that_is_judged(self) -> None:
        for file, line in (
            ("test-requirements.txt", "-r requirements.txt"),
            ("test-requirements.txt", "-rrequirements.txt  # c"),
            ("test-requirements.txt", "--requirement requirements.txt"),
            ("test-requirements.txt", "--requirement=./requirements.txt"),
            ("test-requirements.txt", "-r 'doc/requirements.txt'"),
            ("doc/requirements.txt", "-r ../requirements.txt"),
            ("requirements.txt", "-r doc/../doc/requirements.txt"),
        ):
            self.assertEqual([], self.includes(file, line), line)

    def test_of_another_file(self) -> None:
        for file, line in (
            ("test-requirements.txt", "-r other.txt"),
            ("test-requirements.txt", "-r test-requirements-py3.txt"),
            ("test-requirements.txt", "-r lower-constraints.txt"),
            ("test-requirements.txt", "-r setup.cfg"),
            ("test-requirements.txt", "-r ../p/requirements.txt"),
            ("test-requirements.txt", "-r /p/requirements.txt"),
            ("test-requirements.txt", "-r https://h/requirements.txt"),
            ("test-requirements.txt", "-r ${HOME}/requirements.txt"),
            ("test-requirements.txt", "-r requirements.txt other.txt"),
            ("test-requirements.txt", "-r requirements.txt -f x"),
            ("test-requirements.txt", "-r=requirements.txt"),
            ("test-requirements.txt", "-r"),
            ("test-requirements.txt", "-c requirements.txt"),
            ("test-requirements.txt", "-r test-requirements.txt"),
            ("test-requirements.txt", "-r requirements.txt\x0b-f x"),
            # Relative to the file that includes.
            ("doc/requirements.txt", "-r doc/requirements.txt"),
            ("doc/requirements.txt", "-r requirements.txt"),
            ("setup.cfg", "[extras]\na =\n  -r requirements.txt"),
        ):
            self.assertEqual(
                ["unreviewed-line"], self.includes(file, line), line
            )


class TestObsolete(base.TestCase):
    def test_it_warns(self) -> None:
        found = judge(CLASSIC, "foo>=1", {"tools/pip-requires": "foo>=1\n"})
        self.assertEqual(["warning"], [e.finding.severity for e in found])


class TestStable(base.TestCase):
    def test_duplicates_are_left_alone(self) -> None:
        texts = {"requirements.txt": "foo>=1\nfoo>=1\n"}
        self.assertEqual([], judge(CLASSIC, "foo>=1", texts, "stable/x"))
        texts = {"requirements.txt": "foo>=1\nfoo>=2\n"}
        found = judge(CLASSIC, "foo>=1", texts, "stable/x")
        self.assertEqual(["entry-count"], rules_of(found))


LOWER = (
    ("foo>=1.0", "foo==1.0", ""),
    ("foo>=1.0", "foo===1.0.0", ""),
    ("foo>=1.0", "FOO==1.0", ""),
    ("foo>=1.0", "", "missing"),
    ("foo>=1.0", "bar==1.0", "missing"),
    ("foo>=1.0", "foo==1.1", "mismatch"),
    ("foo>=1.0", "foo==0.9", "incompatible"),
    ("foo>=1.0,!=1.0", "foo==1.0", "incompatible"),
    ("foo>=1.0", "foo==1.1.0rc1", "incompatible"),
    ("foo>=1.0rc1", "foo==1.0rc1", ""),
    ("foo!=1.5", "foo==1.0", "no-bound"),
    ("foo>1.0", "foo==1.1", "no-bound"),
    ("foo~=1.0", "foo==1.0", ""),
    ("foo>=1.0,>=0.9", "foo==1.0", ""),
    ("foo>=1.0;os_name=='nt'", "foo==1.0", ""),
    ("foo>=1.0;os_name=='nt'", "foo==1.0;os_name!='nt'", "missing"),
    ("foo>=1.0", "foo", "unreadable"),
    ("foo>=1.0", "foo>=1.0", "unreadable"),
    ("foo>=1.0", "foo bar", "unreadable"),
    ("foo>=1.0", "-e git+https://h/x#egg=foo", "unreadable"),
    ("never.x", "", ""),
)


class TestLower(base.TestCase):
    def lower(
        self, mine: str, pins: str, file: str = "requirements.txt"
    ) -> list[str]:
        texts = {file: mine, "lower-constraints.txt": pins}
        theirs = mine if "never" not in mine else "foo>=1"
        found = judge(CLASSIC, theirs, texts)
        return [
            rule.removeprefix("lower-constraint-")
            for rule in rules_of(found)
            if rule.startswith("lower-")
        ]

    def test_table(self) -> None:
        for mine, pins, expected in LOWER:
            wanted = [expected] if expected else []
            self.assertEqual(wanted, self.lower(mine, pins), f"{mine} {pins}")

    def test_many_pins_of_one_package(self) -> None:
        pins = "".join(f"foo==0.{number}\n" for number in range(50))
        texts = {"requirements.txt": "foo>=1\n", "lower-constraints.txt": pins}
        found = [each.finding for each in judge(CLASSIC, "foo>=1", texts)]
        self.assertEqual(
            ["lower-constraint-unreadable"]
            + ["lower-constraint-incompatible"] * lower_rules.MOST_PINS,
            [each.rule for each in found],
        )
        self.assertEqual(
            "foo==0.10 is one of 50 pins, and no more than 10 of a package "
            "are judged",
            found[0].message,
        )

    def test_as_many_pins_as_are_judged(self) -> None:
        pins = "".join(
            f"foo==0.{number}\n" for number in range(lower_rules.MOST_PINS)
        )
        self.assertEqual(["incompatible"], self.lower("foo>=1", pins))

    def test_as_many_markers_as_are_compared(self) -> None:
        mine, pins = "foo>=1;os_name=='x'", "foo==1;os_name=='x'"
        cost = 2 * len("os_name=='x'")
        for limit, expected in ((cost, []), (cost - 1, ["unreadable"])):
            with mock.patch.object(limits, "MOST_COMPARED_TEXT", limit):
                self.assertEqual(expected, self.lower(mine, pins))

    def test_the_markers_of_all_packages_are_counted(self) -> None:
        text = "foo>=1;os_name=='x'\nbar>=1;os_name=='x'\n"
        pins = text.replace(">=", "==")
        cost = 4 * len("os_name=='x'")
        for limit, expected in ((cost, []), (cost - 1, ["unreadable"])):
            with mock.patch.object(limits, "MOST_COMPARED_TEXT", limit):
                self.assertEqual(expected, self.lower(text, pins))

    def test_the_file_is_read_once_for_all_rules(self) -> None:
        with mock.patch.object(
            lower_rules, "read_entries", wraps=read_entries
        ) as reader:
            self.lower("foo>=1", "foo==1  # of this test alone")
        self.assertEqual(1, reader.call_count)

    def test_documentation_is_not_asked(self) -> None:
        self.assertEqual([], self.lower("foo>=1", "", "doc/requirements.txt"))

    def test_current_does_not_ask(self) -> None:
        texts = {
            "requirements.txt": "foo>=1\n",
            "lower-constraints.txt": "",
            "pyproject.toml": BUILD,
        }
        self.assertEqual([], judge(CURRENT, "foo\npbr", texts))


class TestTarget(base.TestCase):
    def changed(self, before: str, after: str) -> list[str]:
        found = judge(
            CLASSIC,
            "foo>=1",
            {"requirements.txt": after},
            target={"requirements.txt": before},
        )
        return [
            f"{each.finding.rule} {each.finding.package}" for each in found
        ]

    def test_table(self) -> None:
        for before, after, expected in (
            ("bar>=1\n", "bar>=1\n", []),
            ("bar>=1\n", "bar>=1\nfoo>=1\n", []),
            ("bar>=1\n", "\n\nBar>=1\n", []),
            ("bar>=1\n", "bar>=2\n", ["unknown-requirement bar"]),
            ("", "bar>=1\n", ["unknown-requirement bar"]),
            ("-e x\n", "-e x\n", []),
            ("-e x\n", "-e y\n", ["unreviewed-line None"]),
            ("foo>=1\nfoo>=1\n", "foo>=1\nfoo>=1\n", []),
            ("foo>=1\n", "foo>=1\nfoo>=1\n", ["duplicate-entry foo"]),
            ("foo>=1\nfoo>=2\n", "foo>=1\nfoo>=2\n", []),
            ("foo>=1\n", "foo>=1\nfoo>=2\n", ["entry-count foo"]),
        ):
            self.assertEqual(expected, self.changed(before, after), after)


class TestRules(base.TestCase):
    def test_ids(self) -> None:
        ids = [rule.id for rule in judgement.RULES]
        self.assertEqual(len(ids), len(set(ids)))
        for rule in judgement.RULES:
            self.assertRegex(rule.id, r"\A[a-z]+(-[a-z]+)+\Z")
            self.assertTrue(rule.why.endswith(".") and rule.how.endswith("."))

    def test_a_marker_that_nobody_can_judge_does_not_pass(self) -> None:
        found = judge(
            CLASSIC,
            "foo>=1;os_name=='nt'",
            {"requirements.txt": "foo>=1;'a'=='b'"},
        )
        self.assertEqual(["marker-mismatch"], rules_of(found))
