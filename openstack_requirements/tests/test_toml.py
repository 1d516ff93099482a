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
"""Tables that are written as TOML."""

from __future__ import annotations

import sys
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.manifests import toml
from openstack_requirements.tests import base

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# TOML has no surrogates.
TEXTS = st.text(st.characters(codec="utf-8"), max_size=9)
VALUES = st.recursive(
    TEXTS
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.datetimes()
    | st.dates()
    | st.times(),
    lambda values: (
        st.lists(values, max_size=3)
        | st.dictionaries(TEXTS, values, max_size=3)
    ),
    max_leaves=9,
)


class TestDumps(base.TestCase):
    @given(st.dictionaries(TEXTS, VALUES, max_size=4))
    def test_what_is_read_back_is_the_same(
        self, table: dict[str, Any]
    ) -> None:
        self.assertEqual(table, tomllib.loads(toml.dumps(table)))

    def test_its_form(self) -> None:
        self.assertEqual(
            '"a" = "\\u007f\\n"\n\n[["p"]]\n"b" = [{ "c" = true }]\n',
            toml.dumps({"a": "\x7f\n", "p": [{"b": [{"c": True}]}]}),
        )
