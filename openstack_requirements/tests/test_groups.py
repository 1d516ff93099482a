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
"""Dependency groups mean what ``packaging`` says that they mean."""

from __future__ import annotations

import importlib.util

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.manifests import groups
from openstack_requirements.manifests.declarations import Declared
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)
from openstack_requirements.tests import base

# One of a few names, each in several spellings.
NAMES = st.sampled_from(["a", "B.c", "b_C", "d", "E"])
#: A requirement, or the group that is included.
ITEMS = st.sampled_from(["x>=1", "y", "z<2"]) | st.tuples(NAMES)
TABLES = st.fixed_dictionaries(
    {name: st.lists(ITEMS, max_size=4) for name in ("A", "b-c", "D", "e")}
)


def entries(
    table: dict[str, list[str | tuple[str]]],
) -> dict[CanonicalName, list[Declared]]:
    """The table as what was read of pyproject.toml."""
    declared: list[Declared] = []
    for name, items in table.items():
        for item in items:
            include = "" if isinstance(item, str) else item[0]
            requirement = None
            if isinstance(item, str):
                requirement = parse_line(item)
            declared.append(
                Declared(
                    "pyproject.toml",
                    len(declared) + 1,
                    1,
                    "group",
                    name,
                    str(item),
                    requirement,
                    None,
                    include,
                )
            )
    return groups.groups_of(declared)


class TestGroups(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        # What packaging 24.2 has not; the two are compared where it is there.
        if importlib.util.find_spec("packaging.dependency_groups") is None:
            self.skipTest("this packaging resolves no groups")

    @given(TABLES)
    def test_they_bring_in_the_same(
        self, table: dict[str, list[str | tuple[str]]]
    ) -> None:
        from packaging.dependency_groups import (
            CyclicDependencyGroup,
            resolve_dependency_groups,
        )

        raw = {
            name: [
                item if isinstance(item, str) else {"include-group": item[0]}
                for item in items
            ]
            for name, items in table.items()
        }
        read = entries(table)
        circles = groups.cycles(read)
        included = groups.included(read)
        for name in table:
            key = canonical_name(name)
            if key in circles:
                error = self.assertRaises(  # noqa: B017 - or a group of errors
                    Exception, resolve_dependency_groups, raw, name
                )
                errors = getattr(error, "exceptions", [error])
                self.assertIsInstance(errors[0], CyclicDependencyGroup)
            elif not circles:
                own = read.get(key, [])
                ours = {entry.text for entry in own if not entry.include}
                ours |= {e.text for item, e in included if item in own}
                theirs = set(resolve_dependency_groups(raw, name))
                self.assertEqual(theirs, ours, name)
