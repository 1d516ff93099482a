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
"""The rules over lists, each with its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.checks import list_lines, list_rules
from openstack_requirements.errors import BadLine
from openstack_requirements.pep508.entries import names_in, read_entries
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.repository import policy
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openstack_requirements.checks.findings import Finding

# For each rule: the global list, the constraints, the never-constrain list
# and the lines that are found under the classic and the current policy; the
# lines of the global list are g1, g2, those of the constraints c1, c2.
UNREVIEWED = [
    ("-e .\n-f x\nhttp://tarballs.openstack.org/x\n", "", "", "g1 g2 g3"),
    ("", "-e git+https://x/y#egg=a\na @ https://x/y\n", "", "c1 c2"),
    ("", "-f x\n\n# c\na===1\n", "", "c1"),
]
INEXACT = [
    ("", "a===1\nb==1\nc\nd>=1\ne==1.*\n", "", "c2 c3 c4 c5"),
    ("", "# c\n\n-e git+https://x/y#egg=a\n", "", ""),
    ("", "a===2018-abc\nb===1,===2\n", "", "c2"),
]
INCOMPATIBLE = [
    ("a>=2", "a===1.5", "", "c1"),
    ("a>=1", "a===1.5", "", ""),
    ("a>=1,!=1.5", "a===1.5", "", "c1"),
    ("a!=1.*", "a===1.5", "", "c1"),
    ("a>=1", "a===abc", "", "c1"),
    ("a", "a===2018-abc", "", ""),
    # Names are canonical, and every line of a package is judged.
    ("Foo_bar>=2", "foo.BAR===1", "", "c1"),
    (
        "a>=2",
        "a===2;python_version=='3.9'\na===1;python_version=='3.8'",
        "",
        "c2",
    ),
    # "==" is a version as well; whether it is exact is another rule's.
    ("a>=2", "a==1.5\na==2\na==1.*\na\na>=1", "", "c1"),
    # Transitive ones are nobody's business here, nor are URLs.
    ("", "a===1", "", ""),
    ("a>=2", "-e git+https://x/y#egg=a", "", ""),
    # One entry that can apply where the pin does is enough ...
    (
        "a<2;python_version=='2.7'\na>=2;python_version>='3.0'",
        "a===1",
        "",
        "",
    ),
    # ... but it must be one that can.
    (
        "a<2;python_version=='2.7'\na>=2;python_version>='3.0'",
        "a===1;python_version=='3.9'\na===1;python_version<'3'",
        "",
        "c1",
    ),
    ("a>=2;python_version<'3'", "a===1;'3.9'==python_version", "", ""),
    ("a>=2;os_name=='nt'", "a===1;sys_platform=='win32'", "", "c1"),
]
# with classic's lines and current's
PRERELEASES = [
    ("a>=1", "a===2.0rc1", "c1", ""),
    ("a>=2.0b1", "a===2.0rc1", "", ""),
    ("a>=1", "a===2.0rc1;python_version=='3.9'", "c1", ""),
]
BOUNDS = [
    ("a>=1", "", "g1"),
    ("a", "g1", ""),
    ("a>=1;os_name=='nt'\na;os_name!='nt'", "g2", "g1"),
    ("a>=2,!=1.0\nb>=1,!=1.2.*", "g1", "g1 g2"),
]
# The global list, and the fixes of its findings; None where none is known.
LIST_FIXES = (
    (policy.CURRENT, "a>=1,!=2  # MIT", {"write a!=2  # MIT"}),
    (policy.CURRENT, "a!=2,>=1 # MIT", {"write a!=2  # MIT"}),
    (policy.CURRENT, "a>=1,>2,<3;os_name=='x'", {"write a<3;os_name=='x'"}),
    (policy.CURRENT, "a>1", {"write a"}),
    (policy.CLASSIC, "a!=1.5", {None}),
    (policy.CLASSIC, "a>1", {None}),
    (policy.CLASSIC, "a>=1,>1", {None, "write a>1,>=1"}),
    (policy.CLASSIC, "a>=1,>=2,!=3", {"write a>=2,!=3"}),
    (policy.CLASSIC, "a!=1.0,>=2", {"write a>=2"}),
    (policy.CLASSIC, "a>=2,!=1.0,!=2.*", {"write a>=2,!=2.*"}),
    (
        policy.CLASSIC,
        "a;os_name=='x' # b",
        {None, "write a;os_name=='x'  # b"},
    ),
)
NOT_NORMAL = [
    ("a>=1.0  # MIT\n\n# c\n-f x\n", "", "", ""),
    ("a>=1.0 # MIT\n", "", "", "g1"),
    ("-f x\na # MIT\n", "", "", "g2"),
    ("a>=1.0  # MIT\nb # MIT\n", "", "", "g2"),
    ("a!=1.1,>=1.0\n", "", "", "g1"),
    ("a; os_name=='x'\n", "", "", "g1"),
    ("a:os_name=='x'\n", "", "", "g1"),
    ("  a\n\ta\n", "", "", "g1 g2"),
    # What stands behind a line cannot be seen; a line of blanks is none.
    ("a  \nb\r\nc\t\r\n\r\nd", "", "", ""),
    ("  \n", "", "", "g1"),
    ("\ufeffa\n", "", "", ""),
]
UNCONSTRAINED = [
    ("a\nB\na;os_name=='x'\n", "", "", "g1 g2"),
    ("A_b\nc\n", "a.B===1\n", "C\n", ""),
    ("wheel\nPyMI\nWMI\npip\nargparse\nsetuptools\npywin32\n", "", "", ""),
    ("a", "-e git+https://x/y#egg=A\n", "", ""),
]
NEVER = [
    ("", "a===1\nB===1\nb===2;os_name=='x'\n", "b  # why\n", "c2"),
    ("a", "", "a", ""),
]
OVERLAPPING = [
    ("", "a===1\nA===2\nb===1\n", "", "c2"),
    ("", "a===1\na===1\na===1\n", "", "c2 c3"),
    ("", "a===1;python_version<'3.9'\na===2;python_version>='3.9'\n", "", ""),
    (
        "",
        "a===1;python_version<='3.9'\na===2;python_version>='3.9'\n",
        "",
        "c2",
    ),
    ("", "a===1\na===2;python_version>='3.9'\n", "", "c2"),
    ("", "a===1;os_name=='nt'\na===2;python_version=='3.9'\n", "", "c2"),
    ("", "a===1;os_name=='nt'\na===2;os_name!='nt'\n", "", ""),
    ("a\na\n", "", "", ""),
]
DOUBLED = [
    ("a\nb\nA\n", "", "", "g3"),
    ("a>=1\na>=2\na>=3\n", "", "", "g2 g3"),
    ("a\na[x]\na[y]\na[X]\n", "", "", "g4"),
    ("a[x,y]\na[Y,x]\n", "", "", "g2"),
    ("a;os_name=='x'\na;os_name == \"x\"\n", "", "", "g2"),
    ("a;os_name=='x'\na;os_name!='x'\n", "", "", ""),
    ("a\na;os_name=='x'\n", "", "", ""),
    ("", "a===1\na===1\n", "", ""),
]
TABLES = {
    "overlapping-constraints": OVERLAPPING,
    "doubled-global-entry": DOUBLED,
    "unreviewed-url": UNREVIEWED,
    "inexact-constraint": INEXACT,
    "incompatible-constraint": INCOMPATIBLE,
    "not-normal-form": NOT_NORMAL,
    "unconstrained-requirement": UNCONSTRAINED,
    "never-constrained": NEVER,
}
# global list, constraints, and what the text must hold
WORDS = [
    (
        "a>=2;os_name=='nt'\na<1\n",
        "a===1.5\n",
        "a is pinned to 1.5, but g admits >=2 (where os_name=='nt') or <1",
    ),
    ("a", "a==1.5", "write a===1.5"),
    ("a!=1.1,!=1.0\n", "a===1\n", "write a!=1.0,!=1.1"),
    ("a", "", "a is neither in c nor in n"),
]


def lists(
    required: str, pinned: str, never: str, rules_of: policy.Policy
) -> list_rules.JudgedLists:
    return list_rules.JudgedLists(
        rules_of,
        list_lines.listed("g", read_entries(required, "g")),
        list_lines.listed(
            "c",
            read_entries(pinned, "c", permit_urls=True, keep_editable=False),
        ),
        "n",
        names_in(never),
    )


class TestRules(base.TestCase):
    def found(self, rule: str, subject: list_rules.JudgedLists) -> str:
        found = [
            each for each in list_rules.judge(subject) if each.rule == rule
        ]
        return " ".join(sorted(f"{each.file}{each.line}" for each in found))

    def test_tables(self) -> None:
        for rule, table in TABLES.items():
            for required, pinned, never, expected in table:
                for each in (policy.CLASSIC, policy.CURRENT):
                    subject = lists(required, pinned, never, each)
                    self.assertEqual(
                        expected,
                        self.found(rule, subject),
                        f"{rule} {required!r} {pinned!r} {each.name}",
                    )

    def test_bounds_by_policy(self) -> None:
        for required, classic, current in BOUNDS:
            for each, expected in (
                (policy.CLASSIC, classic),
                (policy.CURRENT, current),
            ):
                subject = lists(required, "", "", each)
                self.assertEqual(
                    expected, self.found("global-bounds", subject), required
                )

    def test_prereleases_by_policy(self) -> None:
        for required, pinned, classic, current in PRERELEASES:
            for each, expected in (
                (policy.CLASSIC, classic),
                (policy.CURRENT, current),
            ):
                subject = lists(required, pinned, "", each)
                self.assertEqual(
                    expected,
                    self.found("incompatible-constraint", subject),
                    pinned,
                )

    def test_every_rule_has_a_table(self) -> None:
        self.assertEqual(
            {*TABLES, "global-bounds"}, {rule.id for rule in list_rules.RULES}
        )

    def test_a_line_is_shown_in_order_and_without_its_comment(self) -> None:
        requirement = parse_line("a!=1,>=2;os_name=='nt' # c")
        self.assertEqual(
            "a>=2,!=1;os_name=='nt'", list_lines.shown(requirement)
        )

    def test_words(self) -> None:
        for required, pinned, words in WORDS:
            found = list_rules.judge(
                lists(required, pinned, "", policy.CURRENT)
            )
            text = "\n".join(f"{each.message}\n{each.fix}" for each in found)
            self.assertIn(words, text)

    def test_fixes_of_a_list(self) -> None:
        for rules_of, required, fixes in LIST_FIXES:
            subject = lists(required, "", "a", rules_of)
            found = list_rules.judge(subject)
            self.assertEqual(fixes, {each.fix for each in found}, required)

    def test_what_is_promised_passes(self) -> None:
        """The fix of a finding, made alone, leaves it behind."""
        rows = [row[:3] for table in TABLES.values() for row in table]
        rows += [(row[0], "", "") for row in BOUNDS]
        rows += [(required, "", "a") for _, required, _ in LIST_FIXES]
        made = 0
        for required, pinned, never in rows:
            for rules_of in (policy.CLASSIC, policy.CURRENT):
                texts = {"g": required, "c": pinned}
                before = self.judged(texts, never, rules_of)
                for each in before:
                    self.assertEqual(1, (each.fix, each.hint).count(None))
                    if each.fix is None:
                        continue
                    made += 1
                    file, line = str(each.file), (each.line or 0) - 1
                    rows_of = texts[file].split("\n")
                    rows_of[line] = each.fix.removeprefix("write ")
                    if each.fix == "leave the line empty":
                        rows_of[line] = ""
                    after = self.judged(
                        {**texts, file: "\n".join(rows_of)}, never, rules_of
                    )
                    left = {(other.rule, other.line) for other in after}
                    self.assertNotIn((each.rule, each.line), left, each.fix)
                    known = {(other.rule, other.line) for other in before}
                    self.assertLessEqual(left, known, each.fix)
        self.assertGreater(made, 40)

    def judged(
        self, texts: Mapping[str, str], never: str, rules_of: policy.Policy
    ) -> list[Finding]:
        return list_rules.judge(lists(texts["g"], texts["c"], never, rules_of))

    def test_columns_point_to_the_difference(self) -> None:
        subject = lists("abc>=1.0 # MIT\n", "", "abc", policy.CURRENT)
        found = [
            each
            for each in list_rules.judge(subject)
            if each.rule == "not-normal-form"
        ]
        self.assertEqual([10], [each.column for each in found])

    def test_a_marker_that_cannot_be_judged_has_its_place(self) -> None:
        strange = "a;'x'=='x'"
        for required, pinned, place in (
            (f"b\n{strange}\n", "a===1\n", "g:2: "),
            (
                "a;os_name=='x'\n",
                f"b===1\n\n{strange[:1]}===1{strange[1:]}",
                "c:3: ",
            ),
        ):
            error = self.assertRaises(
                BadLine,
                list_rules.judge,
                lists(required, pinned, "", policy.CURRENT),
            )
            self.assertTrue(str(error).startswith(place), str(error))
