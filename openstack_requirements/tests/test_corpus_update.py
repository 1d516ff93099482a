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
"""What the corpus runner compares of update-requirements."""

from __future__ import annotations

from typing import Any

from openstack_requirements.pep508.entries import HEADING
from openstack_requirements.tests import base, corpus_update

HEAD = "".join(f"{line}\n" for line in HEADING)
RIGHT = {
    "requirements.txt": f"{HEAD}foo>=2 # c\n",
    "setup.cfg": "[extras]\na = \n    foo>=2   # c\n\n",
}


def run(
    files: dict[str, str] | None = None, status: int = 0, line: str = "foo"
) -> corpus_update.Run:
    record: dict[str, Any] = {"exit": status, "files": files or RIGHT}
    return corpus_update.Run(
        "name",
        {"global-requirements.txt": "foo>=2 # c\n"},
        {
            "requirements.txt": f"{line}\n",
            "setup.cfg": "[extras]\na =\n  foo>=2 # c\n",
        },
        ["--source", "lists", "proj"],
        {},
        record,
    )


class TestCompared(base.TestCase):
    def test_the_same(self) -> None:
        self.assertEqual(({}, {}), corpus_update.compared(run()))

    def test_another_outcome(self) -> None:
        text = f"{HEAD}Foo>=3 # c\n"
        expected, actual = corpus_update.compared(
            run({**RIGHT, "requirements.txt": text})
        )
        self.assertEqual({"requirements.txt": ["foo>=3 # c"]}, expected)
        self.assertEqual({"requirements.txt": ["foo>=2 # c"]}, actual)

    def test_a_file_too_many(self) -> None:
        expected, actual = corpus_update.compared(run({**RIGHT, "x": "y\n"}))
        self.assertEqual(({"x": ["y"]}, {"x": None}), (expected, actual))

    def test_failures(self) -> None:
        for status, line, same in (
            (1, "bar", True),
            (1, "foo", False),
            (0, "bar", False),
        ):
            expected, actual = corpus_update.compared(run(None, status, line))
            self.assertEqual(same, expected == actual, line)
