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
"""What one change of the list does to the constraints."""

from __future__ import annotations

import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.constraints import merging, patch
from openstack_requirements.tests import base
from openstack_requirements.tests.test_nightly import NightlyTestCase

# constraints, before, after, result
CASES = {
    "nothing moves": ("a===9\n", "a===1\n", "a===1\n", "a===9\n"),
    "one moves": ("a===9\nb===9\n", "a===1\n", "a===2\n", "a===2\nb===9\n"),
    "one comes": ("a===1\nc===1\n", "", "b===2\n", "a===1\nb===2\nc===1\n"),
    "one goes": ("a===1\nb===1\n", "a===1\n", "", "b===1\n"),
    "more lines": (
        "a===1\nb===1\n",
        "a===1\n",
        "a===1;x\na===2;y\n".replace("x", "os_name=='nt'").replace(
            "y", "os_name!='nt'"
        ),
        "a===1;os_name=='nt'\na===2;os_name!='nt'\nb===1\n",
    ),
    "comments stay": (
        "# head\n\na===1  # why\nb===1 # kept\n",
        "a===1\n",
        "a===2\n",
        "# head\n\na===2\nb===1 # kept\n",
    ),
    "another spelling": ("A.b===1\n", "a-b===1\n", "a-b===2\n", "a-b===2\n"),
    "line ends": (
        "a===1\r\nb===1",
        "",
        "c===1\n",
        "c===1\r\na===1\r\nb===1\r\n",
    ),
    "urls": (
        "-e git+https://h/x#egg=u\na===1\n",
        "a===1\n",
        "a===2\n",
        "-e git+https://h/x#egg=u\na===2\n",
    ),
    "a url goes": (
        "-e git+https://h/x#egg=u\na===1\n",
        "u===1\n",
        "u===2\n",
        "u===2\na===1\n",
    ),
    "a url comes": (
        "a===1\n",
        "a===1\n",
        "https://h/x#egg=a\n",
        "https://h/x#egg=a\n",
    ),
    "comments do not move": (
        "a===1\n",
        "# b\na===1\n",
        "# c\na===2\n",
        "a===2\n",
    ),
    "a heading is in no order": (
        "# z\n\na===1\nc===1\n",
        "",
        "b===1\n",
        "# z\n\na===1\nb===1\nc===1\n",
    ),
    "two lines of one name": (
        "a===1\nc===1\nd===1\ne===1\n",
        "",
        "b===1;os_name=='z'\nb===0;os_name=='a'\n",
        "a===1\nb===1;os_name=='z'\nb===0;os_name=='a'\nc===1\nd===1\ne===1\n",
    ),
    "no order": ("c===1\na===1\n", "", "b===1\n", "c===1\na===1\nb===1\n"),
}
PINS = st.dictionaries(
    st.sampled_from(["a", "b.c", "d", "E", "f"]), st.integers(1, 3)
)


def lines(pins: dict[str, int]) -> str:
    return merging.to_content(
        [merging.Pin(name, str(pins[name]), "") for name in pins]
    )


class TestApply(base.TestCase):
    def test_table(self) -> None:
        for name, (content, before, after, expected) in CASES.items():
            self.assertEqual(
                expected, patch.apply(content, before, after), name
            )

    @given(PINS, PINS)
    def test_on_the_baseline_itself(
        self, before: dict[str, int], after: dict[str, int]
    ) -> None:
        self.assertEqual(
            lines(after),
            patch.apply(lines(before), lines(before), lines(after)),
        )

    @given(PINS, PINS, PINS)
    def test_twice_is_once(
        self, content: dict[str, int], a: dict[str, int], b: dict[str, int]
    ) -> None:
        once = patch.apply(lines(content), lines(a), lines(b))
        self.assertEqual(once, patch.apply(once, lines(a), lines(b)))


class ProposalTestCase(NightlyTestCase):
    def setUp(self) -> None:
        super().setUp()
        for version in ("1.0", "2.0"):
            self.index.wheel("a", version, requires=["b"])
            self.index.wheel("b", version)
        self.index.wheel("c", "1.0", requires=["b<2"])
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.email", "nobody@example.org")
        self.git("config", "user.name", "Nobody")

    def git(self, *words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(self.folder), *words],
            check=True,
            capture_output=True,
            encoding="utf-8",
        ).stdout


class TestPropose(ProposalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.requirements("a")
        self.output = self.write("uc.txt", "a===1.0\nb===2.0\nz===7\n")
        self.git("add", "list.txt", "uc.txt")
        self.git("commit", "-qm", "lists")

    def propose(self, *argv: str, lines: tuple[str, ...]) -> base.Outcome:
        done = self.run_with(
            "uv", "--propose", *argv, "-o", self.output, lines=lines
        )
        self.assertEqual("", done.err)
        self.assertEqual(0, done.status)
        return done

    def test_only_what_the_change_moves(self) -> None:
        # a has a newer version, which is not this change's business.
        done = self.propose(lines=("a", "c"))
        self.assertEqual(
            "a===1.0\nb===1.0\nc===1.0\nz===7\n",
            Path(self.output).read_text(),
        )
        self.assertIn("HEAD:", done.out)
        for word in ("added:", "c", "lowered:", "b"):
            self.assertIn(word, done.out)
        self.assertNotIn("z", done.out.replace("unz", "")[-60:])

    def test_another_revision_and_format(self) -> None:
        self.requirements("a", "c")
        self.git("commit", "-qam", "more")
        done = self.propose("HEAD~1", "--diff", "json", lines=("a", "c"))
        self.assertIn('"added"', done.out)
        self.assertEqual(
            "a===1.0\nb===1.0\nc===1.0\nz===7\n",
            Path(self.output).read_text(),
        )

    def test_no_change(self) -> None:
        before = Path(self.output).read_text()
        self.propose(lines=("a",))
        self.assertEqual(before, Path(self.output).read_text())

    def test_it_fails(self) -> None:
        for argv, lines, words in (
            (("--propose", "nosuch"), ("a",), "no such commit"),
            (("--propose",), ("a>=9",), "no such version"),
            (
                ("--propose", "--version-map", "3.1:3.2"),
                ("a",),
                "does not go with",
            ),
        ):
            before = Path(self.output).read_text()
            done = self.run_with("uv", *argv, "-o", self.output, lines=lines)
            self.assertEqual((2, ""), (done.status, done.out))
            self.assertIn(words, done.err)
            self.assertEqual(before, Path(self.output).read_text())
        done = self.run_with("uv", "--propose")
        self.assertIn("--propose needs -o", done.err)


class TestDiff(ProposalTestCase):
    def test_against_what_is_there(self) -> None:
        output = self.write("uc.txt", "a===1.0\nold===1\n")
        done = self.run_with("uv", "--diff", "-o", output, lines=("a",))
        self.assertEqual((0, ""), (done.status, done.err))
        for word in ("added:", "removed:", "raised:", "old"):
            self.assertIn(word, done.out)
        again = self.run_with("uv", "--diff", "-o", output, lines=("a",))
        self.assertNotIn("raised:", again.out)

    def test_against_previous_without_an_output(self) -> None:
        old = self.previous("a===1.0")
        done = self.run_with(
            *("uv", "--diff", "markdown", "--previous", old, "--upgrade"),
            lines=("a",),
        )
        self.assertEqual("a===2.0\nb===2.0\n", done.out)
        self.assertIn("|", done.err)

    def test_nothing_to_compare_with(self) -> None:
        done = self.run_with("uv", "--diff", lines=("a",))
        self.assertEqual(2, done.status)
        self.assertIn("--diff needs -o", done.err)
