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
"""What stays of an earlier constraints file."""

from __future__ import annotations

from openstack_requirements.constraints import earlier
from openstack_requirements.errors import BadLine
from openstack_requirements.tests import base


class TestHead(base.TestCase):
    def test_table(self) -> None:
        for content, expected in (
            ("", ""),
            ("a===1\n# later\n", ""),
            ("\n\na===1\n", ""),
            ("# one\na===1\n# later\nb===1\n", "# one\n"),
            (
                "# one\n\n#two \n\n  # three\na===1\n",
                "# one\n\n#two \n\n  # three\n",
            ),
            ("\n# one\n\na===1\n", "\n# one\n\n"),
            ("\ufeff# one\r\n\r\na===1\r\n", "# one\n\n"),
            ("# only comments", "# only comments\n"),
            ("-e git://x#egg=a\n# one\n", ""),
            ("<<<<<<< ours\n# one\n", ""),
        ):
            self.assertEqual(expected, earlier.head(content), repr(content))
            self.assertEqual(expected, earlier.head(f"{expected}a===1\n"))

    def test_what_an_installer_would_read_as_several_lines(self) -> None:
        for char in "\r\x0b\x0c\x1c\x85\u2028":
            content = f"# one\n# two{char}evil===1\na===1\n"
            error = self.assertRaises(
                BadLine, lambda text: earlier.head(text, "uc.txt"), content
            )
            self.assertIn("uc.txt:2: a line break", str(error))
