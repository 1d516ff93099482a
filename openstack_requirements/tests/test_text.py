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
"""Names and lines, before anything is parsed."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from openstack_requirements.pep508.entries import to_reqs
from openstack_requirements.pep508.text import (
    canonical,
    is_name,
    is_path,
    split_lines,
    without_bom,
)
from openstack_requirements.tests import base

TEXTS = st.text(st.sampled_from("aBz09._- \t[=]#é\u0130\n\r\ufeff\u2028\x0c"))
PATHS = [
    # line, whether it is a path
    ("/opt/stack/nova", True),
    ("./nova", True),
    ("../nova-1.0-py3-none-any.whl", True),
    ("-e /opt/stack/nova", True),
    ("-e  ./nova  # a comment", True),
    ("  /opt/stack/nova ;python_version<'3'", True),
    ("-e /opt/stack/nova#egg=nova", True),
    ("", False),
    ("-e", False),
    ("-e .", False),
    ("nova/x", False),
    ("nova", False),
    ("-e git+https://x/y#egg=nova", False),
    ("file:///opt/stack/nova", False),
    # What pip would join to the next line, or read options in.
    ("/opt/stack/nova \\", False),
    ("/opt/stack/nova --hash=sha256:0", False),
    ("/opt/my stack/nova", False),
]


class TestText(base.TestCase):
    @given(TEXTS)
    def test_canonical_is_that_of_packaging(self, text: str) -> None:
        self.assertEqual(canonicalize_name(text), canonical(text))
        self.assertEqual(canonical(text), canonical(canonical(text)))

    @given(TEXTS)
    def test_a_text_and_its_lines_have_one_canonical_form(
        self, text: str
    ) -> None:
        lines = [canonical(line) for line in text.split("\n")]
        self.assertEqual(lines, canonical(text).split("\n"))

    @given(TEXTS)
    def test_names(self, text: str) -> None:
        match = re.fullmatch("[A-Za-z0-9]([\\w.-]*[A-Za-z0-9])?", text)
        self.assertEqual(
            match is not None and text.isascii(), is_name(text), text
        )

    @given(TEXTS)
    def test_lines_are_all_of_the_text(self, text: str) -> None:
        lines = split_lines(text)
        self.assertEqual(without_bom(text), "".join(lines))
        for line in lines:
            self.assertIn(line.find("\n"), {-1, len(line) - 1})
            self.assertTrue(line)

    def test_paths(self) -> None:
        for line, expected in PATHS:
            self.assertEqual(expected, is_path(line), line)

    def test_paths_are_handed_on_unread(self) -> None:
        for line, expected in PATHS:
            if expected:
                pairs = list(to_reqs(f"{line}\n", permit_urls=True))
                self.assertEqual([(None, f"{line}\n")], pairs)
