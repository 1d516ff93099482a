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
"""What specifiers admit: the quick way and packaging's are one."""

from __future__ import annotations

import unittest

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from openstack_requirements.pep508 import specifiers
from openstack_requirements.pep508.specifiers import admits
from openstack_requirements.pep508.versions import is_prerelease, release
from openstack_requirements.tests import base

# specifiers, version, admitted with any pre-release, and where one is asked
# for
ADMITS = [
    ("", "1.0", True, True),
    ("", "1.0rc1", True, False),
    ("", "2018-abc", True, True),
    (">=1.0", "1", True, True),
    (">=1.10", "1.9", False, False),
    (">=1.0,<2", "1.5", True, True),
    (">=1.0,<2", "2.0", False, False),
    ("!=1.*", "1.5", False, False),
    ("!=1.*", "2018-abc", False, False),
    ("===2018-abc", "2018-abc", True, True),
    ("==1.0.*", "1", True, True),
    ("~=1.4", "1.5.2", True, True),
    ("~=1.4.2", "1.5", False, False),
    # What is no specifier admits nothing.
    ("~=1", "1.5", False, False),
    (">=1.*", "1.5", False, False),
    (">=1.0,", "1.5", True, True),
    (">=1.0,x", "1.5", False, False),
    ("===1.0", "1.0", True, True),
    ("===1.0", "1", False, False),
    (">=1.0", "1.0.post1", True, True),
    (">1.0", "1.0.post1", False, False),
    ("<=1.5", "1.5+local", True, True),
    ("<2", "2.0rc1", False, False),
    (">=1.0", "2.0rc1", True, False),
    (">=1.0", "2.0.dev1", True, False),
    (">=2.0b1", "2.0rc1", True, True),
    ("!=2.0b1", "2.0rc1", True, False),
    (">=" + "1" * 5000, "1", False, False),
]
PRERELEASES = [
    ("1.0", False),
    ("1.0.post1", False),
    ("1.0rc1", True),
    ("1.0-alpha", True),
    ("1.0.post1.dev2", True),
    ("2018-abc", False),
]

numbers = st.integers(0, 3).map(str)
releases = st.lists(numbers, min_size=1, max_size=3).map(".".join)
versions = st.builds(
    "{}{}{}{}".format,
    releases,
    st.sampled_from(["", "", "a1", "rc2"]),
    st.sampled_from(["", "", ".post1"]),
    st.sampled_from(["", "", ".dev1", "+x"]),
)
clauses = st.one_of(
    st.builds(
        "{}{}".format,
        st.sampled_from([">=", "<=", "==", "!=", "<", ">"]),
        st.one_of(releases, releases, versions),
    ),
    st.builds("{}{}.*".format, st.sampled_from(["==", "!="]), releases),
    st.builds("~={}.{}".format, releases, numbers),
)


class TestAdmits(base.TestCase):
    def test_table(self) -> None:
        for text, version, any_prerelease, asked_for in ADMITS:
            for prereleases, expected in (
                (True, any_prerelease),
                (False, asked_for),
            ):
                self.assertIs(
                    expected,
                    admits(text, version, prereleases=prereleases),
                    f"{text[:20]} {version} {prereleases}",
                )

    @unittest.skipUnless(
        base.JUDGING_PACKAGING, "this packaging has other answers"
    )
    @given(st.lists(clauses, max_size=3), versions, st.booleans())
    def test_the_quick_way_agrees_with_packaging(
        self, found: list[str], version: str, prereleases: bool
    ) -> None:
        text = ",".join(found)
        try:
            wanted = SpecifierSet(text)
        except ValueError:
            return  # ">=1.0+x" is none
        expected = wanted.contains(
            version, prereleases=prereleases or bool(wanted.prereleases)
        )
        self.assertIs(expected, admits(text, version, prereleases=prereleases))

    @given(releases, releases)
    def test_plain_releases_need_no_help(self, one: str, two: str) -> None:
        for operator in (">=", "<=", "==", "!=", "<", ">"):
            self.assertIsNotNone(
                specifiers._by_release(
                    f"{operator}{one}", two, prereleases=False
                )
            )

    def test_prereleases(self) -> None:
        for version, expected in PRERELEASES:
            self.assertIs(expected, is_prerelease(version), version)

    @given(versions, versions)
    def test_releases_compare_as_versions(self, one: str, two: str) -> None:
        first, second = release(one), release(two)
        if first is not None and second is not None:
            self.assertIs(Version(one) < Version(two), first < second)
            self.assertIs(Version(one) == Version(two), first == second)
