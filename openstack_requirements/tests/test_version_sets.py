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
"""Sets of versions, held equal to what packaging says of them."""

from __future__ import annotations

import unittest

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from openstack_requirements.pep508.version_sets import (
    EVERYTHING,
    NOTHING,
    version_set,
)
from openstack_requirements.tests import base

#: Specifier sets that admit nothing.
EMPTY = (
    ">=2,<1",
    ">=2,<2",
    ">2,<=2",
    "==1.0,!=1.0.0",
    "~=1.4,>=2",
    ">1.0,<1.0.post2",
    ">=1.0,!=1.0,<1.0.post0.dev0",
    "<0.dev0",
    "<0",
    ">=1!0,<5",
    ">1.0a1,<1.0a2.dev0",
    "==1.*,==2.*",
    ">=1.0.dev3,!=1.0.dev3,<1.0.dev4",
    "===abc,>=1",
    "===abc,===abd",
)
#: Specifier sets that admit something, if not much.
NOT_EMPTY = (
    "",
    ">=2,<=2",
    ">=2.0.dev0,<2.0a1",
    ">1.0,<1.0.0.1",
    ">1.0a1,<=1.0a2.dev0",
    "!=1.0,>=1.0,<=1.0.post0.dev0",
    "==1.0+x,!=1.0+y",
    "===abc",
    "===1.0,>=1",
)

EPOCHS = st.sampled_from(["", "", "", "1!"])
RELEASES = st.lists(st.integers(0, 2), min_size=1, max_size=3).map(
    lambda numbers: ".".join(map(str, numbers))
)
SUFFIXES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "", "a0", "a1", "b1", "rc1"]),
    st.sampled_from(["", "", "", ".post0", ".post1"]),
    st.sampled_from(["", "", "", ".dev0", ".dev1"]),
)
LOCALS = st.sampled_from(["", "", "", "+x", "+1", "+x.1", "+0a"])
PUBLIC = st.builds("{}{}{}".format, EPOCHS, RELEASES, SUFFIXES)
VERSIONS = st.builds("{}{}".format, PUBLIC, LOCALS)
CLAUSES = st.one_of(
    st.builds("{}{}".format, st.sampled_from([">=", ">", "<", "<="]), PUBLIC),
    st.builds("{}{}".format, st.sampled_from(["==", "!="]), VERSIONS),
    st.builds(
        "{}{}{}.*".format, st.sampled_from(["==", "!="]), EPOCHS, RELEASES
    ),
    st.builds("~={}{}.{}{}".format, EPOCHS, RELEASES, RELEASES, SUFFIXES),
)
SETS = st.lists(CLAUSES, max_size=4).map(",".join)


class TestTables(base.TestCase):
    def test_empty(self) -> None:
        for specifiers in EMPTY:
            self.assertTrue(version_set(specifiers).is_empty, specifiers)
        for specifiers in NOT_EMPTY:
            self.assertFalse(version_set(specifiers).is_empty, specifiers)

    def test_what_is_no_version(self) -> None:
        self.assertTrue(version_set("===2004d-x").admits("2004D-X"))
        self.assertTrue(EVERYTHING.admits("2004d-x"))
        self.assertFalse(version_set(">=0").admits("2004d-x"))
        self.assertTrue(version_set("===1.0").issubset(version_set(">=1")))
        self.assertFalse(version_set(">=1").issubset(version_set("===1.0")))
        self.assertTrue(NOTHING.issubset(version_set("===1.0")))

    def test_what_is_no_specifier(self) -> None:
        self.assertRaises(ValueError, version_set, ">=latest")


class TestLaws(base.TestCase):
    @given(SETS, VERSIONS)
    def test_a_version_is_in_it_or_in_the_complement(
        self, text: str, version: str
    ) -> None:
        versions = version_set(text)
        self.assertNotEqual(
            versions.admits(version), versions.complement().admits(version)
        )
        self.assertEqual(versions, versions.complement().complement())

    @given(SETS, SETS, VERSIONS)
    def test_intersection(self, one: str, two: str, version: str) -> None:
        both = version_set(one).intersection(version_set(two))
        self.assertEqual(
            version_set(one).admits(version)
            and version_set(two).admits(version),
            both.admits(version),
        )
        self.assertEqual(both, version_set(",".join(filter(None, (two, one)))))
        self.assertTrue(both.issubset(version_set(one)))


@unittest.skipUnless(
    base.JUDGING_PACKAGING, "this packaging does not compare specifier sets"
)
class TestPackaging(base.TestCase):
    """packaging 26.3 and newer answer the same questions."""

    @given(SETS, VERSIONS)
    def test_admits(self, text: str, version: str) -> None:
        self.assertEqual(
            SpecifierSet(text).contains(version, prereleases=True),
            version_set(text).admits(version),
        )

    @given(SETS.filter(bool), SETS.filter(bool))
    def test_compared(self, first: str, second: str) -> None:
        # The empty set admits what is no version to packaging, too.
        one, two = SpecifierSet(first), SpecifierSet(second)
        ours = version_set(first), version_set(second)
        self.assertEqual(one.is_unsatisfiable(), ours[0].is_empty)
        self.assertEqual(one.is_subset(two), ours[0].issubset(ours[1]))
        self.assertEqual(one.is_disjoint(two), ours[0].isdisjoint(ours[1]))
