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
"""build-lower-constraints: the highest of the lowest."""

from __future__ import annotations

import itertools
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.cmds import (
    build_lower_constraints,
    validate_constraints,
)
from openstack_requirements.constraints import lower_constraints
from openstack_requirements.errors import BadLine
from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.tests import base

# Files, and what they merge to; in any order of the files.
MERGED = [
    (["a==1.0\n", "a==1.2\n"], "a===1.2\n"),
    (["a==9.0\n", "a===10.0\n"], "a===10.0\n"),
    (["a==1.0rc1\n", "a==1.0\n", "a==1.0.dev1\n"], "a===1.0\n"),
    (["b==1\nC==1\na==1\n"], "a===1\nb===1\nC===1\n"),
    (["Foo_bar==1\n", "foo.bar==2\n"], "foo.bar===2\n"),
    (["# c\n\na==1  # why\n", ""], "a===1\n"),
    (["a==1.0\n", "a==1.0.0\n"], "a===1.0.0\n"),
    (["a===2018-abc\n", "a==3\n"], "a===2018-abc\n"),
    (["\ufeffa==1\r\nb==2"], "a===1\nb===2\n"),
    # A marker that all agree on stays; so do those that keep lines apart.
    (
        ["a==1;python_version=='2.7'\n", "a==2;'2.7' == python_version\n"],
        "a===2;'2.7' == python_version\n",
    ),
    (
        ["a==1;os_name=='nt'\na==2;os_name!='nt'\n", "a==3;os_name=='nt'\n"],
        "a===2;os_name!='nt'\na===3;os_name=='nt'\n",
    ),
    # Where lines overlap, one version has to do for all.
    (["a==1\n", "a==2;os_name=='nt'\n"], "a===2\n"),
    (["a==3\n", "a==2;os_name=='nt'\n"], "a===3\n"),
]
BAD = [
    "a\n",
    "a>=1\n",
    "a==1.*\n",
    "a==1,==2\n",
    "-e .\n",
    "-r x\n",
    "a @ https://x/y\n",
    "a b\n",
    "a==1;'x'=='y'\n",
]

pins = st.builds(
    "{}=={}{}\n".format,
    st.sampled_from(["a", "A", "b_c", "b-c"]),
    st.sampled_from(["1", "1.0", "2.0rc1", "2", "10"]),
    st.sampled_from(["", "", ";os_name=='nt'", ";os_name!='nt'"]),
)


def merge(texts: list[str]) -> str:
    found = []
    for number, text in enumerate(texts):
        name = f"f{number}"
        found += lower_constraints.read(read_entries(text), name)
    return lower_constraints.merge(found)


class TestMerge(base.TestCase):
    def test_table(self) -> None:
        for texts, expected in MERGED:
            for order in itertools.permutations(texts):
                self.assertEqual(expected, merge(list(order)), str(texts))

    @given(st.lists(pins, max_size=6))
    def test_laws(self, lines: list[str]) -> None:
        merged = merge(lines)
        self.assertEqual(merged, merge(lines[::-1]))
        self.assertEqual(merged, merge([merged]))
        self.assertEqual(merged, merge([merged, *lines]))

    def test_most_compared_text(self) -> None:
        """The limit itself is allowed; beyond it the last line is named."""
        first, second = "os_name=='nt'", "os_name=='posix'"
        content = f"# c\na==1;{first}\na==2;{second}\nb==1;{first}\n"
        a = 2 * 2 * len(first + second)
        b = 2 * len(first)
        with mock.patch.object(limits, "MOST_COMPARED_TEXT", a + b):
            self.assertEqual(3, merge([content]).count("==="))
        for limit, number in ((a + b - 1, 4), (a, 4), (a - 1, 3)):
            with mock.patch.object(limits, "MOST_COMPARED_TEXT", limit):
                error = self.assertRaises(BadLine, merge, [content])
            self.assertEqual(("f0", number), (error.source, error.number))
            self.assertEqual(content.splitlines()[number - 1], error.line)


class TestCommand(base.TestCase):
    def run_it(self, *argv: str) -> base.Outcome:
        return self.run_main(build_lower_constraints.main, *argv)

    def test_prints_or_writes(self) -> None:
        one = self.write("one.txt", "b==1\n")
        two = self.write("two.txt", "a==2\nb==2\n")
        done = self.run_it(one, two)
        self.assertEqual((0, "a===2\nb===2\n", ""), done)
        done = self.run_it(one, two, "-o", one)
        self.assertEqual(
            (0, "", f"{one}: written, 2 lower constraints\n"), done
        )
        self.assertEqual(
            b"a===2\nb===2\n", (self.folder / "one.txt").read_bytes()
        )

    def test_nothing_is_said_of_stdout(self) -> None:
        one = self.write("one.txt", "b==1\n")
        self.assertEqual((0, "b===1\n", ""), self.run_it(one, "-o", "-"))

    def test_what_it_writes_is_valid(self) -> None:
        path = self.write("l.txt", "b==1.5\na==2\n")
        self.run_it(path, "-o", path)
        required = self.write("g.txt", "a>=1\nb>=1\n")
        done = self.run_main(validate_constraints.main, required, path)
        self.assertEqual(0, done.status, done.out)

    def test_bad_lines_of_all_files_at_once(self) -> None:
        for line in BAD:
            one = self.write("one.txt", f"a==1\n{line}")
            two = self.write("two.txt", line)
            done = self.run_it(one, two)
            self.assertEqual((2, ""), (done.status, done.out), line)
            for place in (f"{one}:2:", f"{two}:1:"):
                self.assertIn(place, done.err, line)

    def test_what_cannot_be_used(self) -> None:
        path = self.write("x.txt", b"\xff")
        for name in ("nowhere", str(self.folder), path):
            self.assertEqual(2, self.run_it(name).status)
        self.assertEqual(2, self.run_it().status)
