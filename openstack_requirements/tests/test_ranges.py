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
"""Sets of versions, compared."""

from __future__ import annotations

from itertools import product
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from openstack_requirements.pep508 import limits, ranges
from openstack_requirements.tests import base

# specifiers, allowed: is something excluded that is allowed?
EXCLUDED = (
    ("", "", False),
    (">=1.0", "", False),
    ("!=1.1", "!=1.1.0", False),
    ("!=1.1.0", "", True),
    ("!=1.2.0", ">=1.4", False),
    (">=1.3,!=1.2.0", "", False),
    ("<2.0", "<1.9", False),
    ("<1.9", "<2.0", True),
    ("<2", "<2.0.0", False),
    ("<2", "<=1.9", False),
    ("<=1.9", "<2", True),
    ("!=1.1.5", "<1.1.0", False),
    ("~=1.4", ">=1.0", True),
    ("~=1.4", ">=1.0,<2", False),
    ("~=1.4.2", "<2", True),
    ("==1.4", ">=1", True),
    ("==1.4", "==1.4", False),
    ("==1.4", "<=1.4", False),
    ("==1.*", "<2", False),
    ("==1.*", ">=1", True),
    ("!=1.*", "!=1.1", True),
    ("!=1.1", "!=1.*", False),
    (">1.0", ">=1.0", False),
    ("<2.0", "<2.0rc1", True),
    ("===abc", ">=1", True),
    ("===1.0", "===1.0", False),
    (">=1!1.0,<1!2", "<1!2", False),
    ("<1!2", "", True),
)
# two specifier sets: is there a version that both admit?
COMMON = (
    ("", "", True),
    (">=999", "<2", False),
    (">=1.6.2", "<1.3", False),
    (">=2", "<2", False),
    (">=2", "<=2", True),
    (">2", "<=2", False),
    ("==1.0", "!=1.0.0", False),
    ("==1.*", "~=1.9", True),
    ("==1.*", ">=2.0.dev1", False),
    (">1.0,<1.1", ">=1.0.5", True),
    (">1.0,<1.0.0.1", "", True),
    ("===abc", "", True),
    ("===abc", ">=1", False),
    (">=1!0", "<5", False),
)


class TestTables(base.TestCase):
    def test_excluded(self) -> None:
        for specifiers, allowed, expected in EXCLUDED:
            found = ranges.excludes(specifiers, allowed)
            self.assertEqual(expected, found, f"{specifiers} / {allowed}")

    def test_common(self) -> None:
        for first, second, expected in COMMON:
            for pair in ((first, second), (second, first)):
                found = ranges.share_versions(*pair)
                self.assertEqual(expected, found, str(pair))

    def test_lower_bound(self) -> None:
        for text, expected in (
            ("", False),
            ("<2,!=1", False),
            ("<=2", False),
            (">1", True),
            ("!=1,~=1.4", True),
            ("==1.*", True),
            ("===abc", True),
        ):
            self.assertEqual(expected, ranges.has_lower_bound(text), text)


NUMBERS = st.integers(0, 2)
RELEASES = st.lists(NUMBERS, min_size=1, max_size=3).map(
    lambda numbers: ".".join(map(str, numbers))
)
VERSIONS = st.builds(
    "{}{}".format,
    RELEASES,
    st.sampled_from(["", "", "", "a1", "rc1", ".dev1", ".post1"]),
)
CLAUSES = st.one_of(
    st.builds(
        "{}{}".format,
        st.sampled_from([">=", ">", "<", "<=", "==", "!="]),
        VERSIONS,
    ),
    st.builds("{}{}.*".format, st.sampled_from(["==", "!="]), RELEASES),
    st.builds("~={}.{}".format, RELEASES, NUMBERS),
)
SETS = st.lists(CLAUSES, max_size=4).map(",".join)
SUFFIXES = ("", ".dev0", ".dev1", "a0", "a1", "a2", "rc1", "rc2", ".post0")
GRID = [
    Version(f"{'.'.join(map(str, release))}{suffix}")
    for release in product(range(4), range(4), range(4), range(2))
    for suffix in (*SUFFIXES, ".post1", ".post2")
]


class TestLaws(base.TestCase):
    @given(SETS, SETS)
    def test_like_asking_about_every_version(
        self, first: str, second: str
    ) -> None:
        one, other = SpecifierSet(first), SpecifierSet(second)
        both = any(
            one.contains(v, prereleases=True)
            and other.contains(v, prereleases=True)
            for v in GRID
        )
        found = ranges.share_versions(first, second)
        if both:
            self.assertTrue(found)
        self.assertEqual(found, ranges.share_versions(second, first))
        low = SpecifierSet(ranges.lower_side(first))
        lost = [
            v
            for v in GRID
            if other.contains(v, prereleases=True)
            and low.contains(v, prereleases=True)
            and not one.contains(v, prereleases=True)
        ]
        if lost:
            self.assertTrue(ranges.excludes(first, second))

    @given(SETS)
    def test_what_is_the_same_excludes_the_same(self, text: str) -> None:
        self.assertFalse(ranges.excludes(text, text))


#: A clause, the version of its bound, and whether it is admitted itself.
UPPER = (
    ("<2", "2.dev0", False),
    ("<2.0rc1", "2.0rc1", False),
    ("<2.post1", "2.post1", False),
    ("<1!2", "1!2.dev0", False),
    ("<=2", "2", True),
    ("==1.5", "1.5", True),
    ("==1.5.*", "1.6.dev0", False),
    ("~=1.4", "2.dev0", False),
    ("~=1.4.2", "1.5.dev0", False),
    ("===1.0", "1.0", True),
)
LOWER = (
    (">=1", "1", True),
    (">1", "1", False),
    ("==1.5", "1.5", True),
    ("==1.5.*", "1.5.dev0", True),
    ("~=1.4.2", "1.4.2", True),
    ("===1.0", "1.0", True),
)
TOGETHER: tuple[tuple[list[str], str], ...] = (
    ([], ""),
    ([">=1"], ">=1"),
    ([">=1", ">=2"], ">=2"),
    ([">=2", "!=1.5", "<3", "<4"], ">=2,<3"),
    ([">=1", "!=1.5", "!=1.5.0"], ">=1,!=1.5.0"),
    (["===abc", ">=1", ">=0"], ">=0,>=1,===abc"),
)


class TestBounds(base.TestCase):
    def test_upper(self) -> None:
        for clause, version, admitted in UPPER:
            self.assertEqual(
                (Version(version), admitted),
                ranges.upper_bound(clause),
                clause,
            )
        for clause in (">1", ">=1", "!=1", "!=1.*", "===abc"):
            self.assertIsNone(ranges.upper_bound(clause), clause)

    def test_lower(self) -> None:
        for clause, version, admitted in LOWER:
            self.assertEqual(
                (Version(version), not admitted),
                ranges.lower_bound(clause),
                clause,
            )
        for clause in ("<1", "<=1", "!=1", "!=1.*", "===abc"):
            self.assertIsNone(ranges.lower_bound(clause), clause)

    def test_lower_bounds_that_a_pin_can_equal(self) -> None:
        for text, expected in (
            ("", []),
            (">1,<2,!=1.5", []),
            ("==1.5.*", ["1.5"]),
            (">=2,~=1.4,>=1.10", ["1.4", "1.10", "2"]),
        ):
            self.assertEqual(expected, ranges.lower_bounds(text), text)

    def test_together(self) -> None:
        for clauses, expected in TOGETHER:
            self.assertEqual(expected, ranges.together(clauses), expected)

    def test_readable(self) -> None:
        for text, expected in (
            ("", True),
            (">=1,<2", True),
            ("x", False),
            (">=1,x", False),
        ):
            self.assertIs(expected, ranges.readable(text), text)
        with mock.patch.object(limits, "MOST_SPECIFIERS", 2):
            self.assertTrue(ranges.readable(">=1,<2"))
            self.assertFalse(ranges.readable(">=1,<2,!=1"))
