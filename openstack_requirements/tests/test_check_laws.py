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
"""Laws of the rules for what a project declares."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository import policy
from openstack_requirements.tests import base
from openstack_requirements.tests.test_check import judge

CLASSIC, CURRENT = policy.CLASSIC, policy.CURRENT
NAMES = st.sampled_from(["foo", "Foo", "bar", "back", "never_x"])
SPECIFIERS = st.sampled_from(
    ["", ">=1", ">=1,!=1.5", ">=1,<2", "~=1.4", "==1.4", "!=1.*", ">=999"]
)
MARKERS = st.sampled_from(
    ["", ";os_name=='nt'", ";python_version<'3.8'", ";python_version>='3.8'"]
)
LINES = st.lists(
    st.builds("{}{}{}\n".format, NAMES, SPECIFIERS, MARKERS), max_size=6
)
POLICIES = st.sampled_from([CLASSIC, CURRENT])


class TestLaws(base.TestCase):
    @given(POLICIES, LINES, LINES)
    def test_the_order_of_lines_does_not_matter(
        self, rules: policy.Policy, theirs: list[str], mine: list[str]
    ) -> None:
        def verdict(lines: list[str], others: list[str]) -> list[str]:
            found = judge(
                rules, "".join(others), {"requirements.txt": "".join(lines)}
            )
            return sorted(
                {
                    f"{each.finding.rule} "
                    f"{canonical_name(each.finding.package or '')}"
                    for each in found
                }
            )

        self.assertEqual(
            verdict(mine, theirs), verdict(mine[::-1], theirs[::-1])
        )

    @given(POLICIES, LINES, LINES)
    def test_what_stood_there_is_not_judged(
        self, rules: policy.Policy, theirs: list[str], mine: list[str]
    ) -> None:
        texts = {"requirements.txt": "".join(mine)}
        found = judge(rules, "".join(theirs), texts, "stable/x", texts)
        self.assertEqual([], found)
