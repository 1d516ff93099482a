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
"""What tells entries apart, and what counts as unchanged."""

from __future__ import annotations

from unittest import mock

from openstack_requirements.checks import subjects
from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.repository import policy
from openstack_requirements.tests import base
from openstack_requirements.tests.test_check import judge, rules_of

CLASSIC, CURRENT = policy.CLASSIC, policy.CURRENT
#: Entries that are one and the same, and such as are not.
SAME = [
    ("a>=1", "A>=1.0  # c"),
    ("a[x,Y_z]", "a[y-z,X]"),
    ("a;os_name=='x'", 'a; os_name == "x"'),
    ("a;os_name=='x' and extra=='y'", "a;extra=='y' and os_name=='x'"),
    ("a;'a'=='b'", "a;'a'=='b'"),
]
DIFFERENT = [
    ("a>=1", "a>1"),
    ("a", "a[x]"),
    ("a", "a;os_name=='x'"),
    ("a;os_name=='x'", "a;os_name=='y'"),
    ("a;os_name=='x'", "a;sys_platform=='x'"),
    ("a;os_name=='x' and extra=='y'", "a;os_name=='x' or extra=='y'"),
    ("a;'a'=='b'", "a;'c'=='d'"),
    ("a @ https://host/1", "a @ https://host/2"),
]


class TestMeaning(base.TestCase):
    def test_table(self) -> None:
        for table, expected in ((SAME, True), (DIFFERENT, False)):
            for pair in table:
                one, two = (
                    subjects.meaning(parse_line(text, permit_urls=True))
                    for text in pair
                )
                self.assertIs(expected, one == two, str(pair))


# What stood in the target revision, and the same in other words.
UNCHANGED = [
    ("Old_Pkg>=1 # MIT", "old.pkg>=1   # MIT"),
    ("old>=1.0,!=1.5", "old!=1.5.0, >=1"),
    ("old>=1,>=0.5", "old>=1"),
    ("old~=1.4", "old>=1.4,==1.*"),
    ("old[a,B_c]>=1", "old[b-c,A]>=1"),
    ("old;python_version>='3.8'", 'old ; "3.8" <= python_version'),
    ("old;python_version>='3'", "old;python_version>='3.0'"),
    (
        "old;python_version>='3.8' and (os_name=='a' or os_name=='b')",
        "old;os_name=='b' and python_version>='3.8' or "
        "(python_version>='3.8' and os_name=='a')",
    ),
]
# What does not mean the same, and is judged.
CHANGED = [
    ("old>=1", "older>=1"),
    ("old>=1", "old>1"),
    ("old", "old[a]"),
    ("old", "old;python_version>='3'"),
    ("old;python_version>='3'", "old;python_version>'3'"),
    ("old # MIT", "old # BSD"),
    ("old # MIT", "old"),
    ("-e x", "-e y"),
    # What cannot be read has no meaning but its text.
    ("old  x", "old x"),
]


class TestUnchanged(base.TestCase):
    """What stands in the target revision, however written."""

    def found(
        self,
        before: str,
        after: str,
        rules: policy.Policy = CLASSIC,
        file: str = "requirements.txt",
    ) -> list[str]:
        texts = {file: f"{after}\n"}
        target = {file: f"{before}\n"}
        return rules_of(judge(rules, "foo>=1", texts, "stable/x", target))

    def test_the_same_in_other_words(self) -> None:
        for pair in UNCHANGED:
            for before, after in (pair, pair[::-1]):
                self.assertEqual([], self.found(before, after), after)
                self.assertNotEqual([], self.found("", after), after)

    def test_what_has_changed(self) -> None:
        for pair in CHANGED:
            for before, after in (pair, pair[::-1]):
                self.assertNotEqual([], self.found(before, after), after)

    def test_comments_count_where_they_have_to_match(self) -> None:
        waived = "old # requirements: ignore[x] y until 2030-01-01"
        for before, after in (("old # MIT", "old"), (waived, "old")):
            self.assertNotEqual([], self.found(before, after, CLASSIC))
        self.assertEqual([], self.found("old # MIT", "old", CURRENT))
        self.assertNotEqual([], self.found(waived, "old", CURRENT))

    def test_included_groups(self) -> None:
        text = "[dependency-groups]\na = [{include-group = '%s'}]"
        for before, found in (("X_y", []), ("x", ["unknown-group"])):
            self.assertEqual(
                found,
                self.found(
                    text % before, text % "x.Y", CLASSIC, "pyproject.toml"
                ),
            )

    def test_markers_too_long_to_be_compared_are_judged(self) -> None:
        before, after = UNCHANGED[-1]
        name = f"{limits.__name__}.MOST_COMPARED_TEXT"
        enough = len(before + after) - 2 * len("old;")
        for most, found in (
            (enough, []),
            (enough - 1, ["unknown-requirement"]),
        ):
            with mock.patch(name, most):
                self.assertEqual(found, self.found(before, after))
