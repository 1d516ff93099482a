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
"""Repositories of lists, and their policies."""

from __future__ import annotations

from openstack_requirements.errors import BadContent, UnusableInput
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.repository import lists, policy
from openstack_requirements.tests import base

# specifiers, version, classic's answer, current's
ADMITS = [
    (">=1.0", "1.5", True, True),
    (">=1.0", "0.5", False, False),
    (">=1.0", "2.0rc1", False, True),
    (">=2.0b1", "2.0rc1", True, True),
    ("", "2.0rc1", False, True),
    ("", "2018-abc", True, True),
]
BOUNDS = [
    # entry, classic's word, current's word
    ("a>=1", None, "belongs to the projects"),
    ("a>=1,!=1.0,!=2.*", None, "belongs"),
    ("a", "has none", None),
    ("a!=1", "has none", None),
    ("a>1", "has >1", "belongs"),
    ("a>=1,>=2", ">=1,>=2", "belongs"),
    ("a>=2,!=1.5", "!=1.5 lies below", "belongs"),
    ("a>=10.0,!=9.0", "!=9.0 lies below", "belongs"),
    ("a>=1,!=1.0rc1", "!=1.0rc1 lies below", "belongs"),
    ("a>=2,!=1.*", "!=1.* lies below", "belongs"),
    # Not all of a series need lie below.
    ("a>=1.5,!=1.*", None, "belongs"),
    ("a>=1.5,!=1.4.*", "!=1.4.* lies below", "belongs"),
    ("a~=1.0", "has none", None),
]


class TestPolicy(base.TestCase):
    def test_bounds(self) -> None:
        for line, classic, current in BOUNDS:
            for rules, word in (
                (policy.CLASSIC, classic),
                (policy.CURRENT, current),
            ):
                problem = rules.bound_problem(parse_line(line))
                if word is None:
                    self.assertIsNone(problem, line)
                else:
                    self.assertIn(word, str(problem), line)

    def test_admits(self) -> None:
        for text, version, classic, current in ADMITS:
            self.assertIs(classic, policy.CLASSIC.admits(text, version))
            self.assertIs(current, policy.CURRENT.admits(text, version))

    def test_found_by_the_bounds_or_the_denylist(self) -> None:
        half = [parse_line(line) for line in ("a>=1", "b", "# c>=1", "")]
        less = [*half, parse_line("c<1")]
        self.assertIs(policy.CLASSIC, policy.find(half, denylist=False))
        self.assertIs(policy.CURRENT, policy.find(less, denylist=False))
        self.assertIs(policy.CURRENT, policy.find(half, denylist=True))
        self.assertIs(policy.CURRENT, policy.find([], denylist=False))

    def test_named(self) -> None:
        for name in policy.NAMES:
            self.assertEqual(
                name, policy.find([], denylist=True, name=name).name
            )
        self.assertRaises(
            UnusableInput, policy.find, [], denylist=True, name="x"
        )


class TestLists(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("r/global-requirements.txt", "a>=1\nB>=2\n")
        self.path = str(self.folder / "r")

    def test_load(self) -> None:
        self.write("r/upper-constraints.txt", "a===1\n-e file:///x#egg=B\n")
        self.write("r/blacklist.txt", "Py_Lint # x\n")
        found = lists.load(self.path)
        self.assertEqual("classic", found.policy.name)
        self.assertEqual({"py-lint"}, found.never)
        self.assertEqual(2, len(found.upper_constraints))
        assert found.upper_constraints[1].requirement is not None
        self.assertEqual("B", found.upper_constraints[1].requirement.package)
        self.assertEqual((), found.warnings)

    def test_the_newer_name_counts(self) -> None:
        self.write("r/blacklist.txt", "old\n")
        self.write("r/denylist.txt", "new\n")
        found = lists.load(self.path)
        self.assertEqual({"new"}, found.never)
        self.assertEqual("current", found.policy.name)
        self.assertIn("blacklist.txt is not read", found.warnings[0])
        self.assertEqual(
            "classic", lists.load(self.path, "classic").policy.name
        )

    def test_missing(self) -> None:
        error = self.assertRaises(UnusableInput, lists.load, str(self.folder))
        self.assertIn("global-requirements.txt: cannot be read", str(error))

    def test_installable_keeps_line_numbers(self) -> None:
        path = self.write("x.txt", "# c\n\nb >=1:python_version<'3' # c\n")
        self.assertEqual(
            ["\n", "\n", "b>=1;python_version<'3'\n"], lists.installable(path)
        )

    def test_nothing_unreviewed_is_installed(self) -> None:
        path = self.write("x.txt", "a\n-e .\n-f http://x\n")
        error = self.assertRaises(BadContent, lists.installable, path)
        self.assertEqual([2, 3], [each.number for each in error.errors])
        self.assertTrue(str(error).startswith(f"{path}:2:1: "))
