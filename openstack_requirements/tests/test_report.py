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
"""Findings, and each format that shows them."""

from __future__ import annotations

import io
import json
import os
import re
from unittest import mock

import fixtures
from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements import findings
from openstack_requirements.cmds import _console, validate_constraints
from openstack_requirements.findings import Finding, Verdict, Waived, verdict
from openstack_requirements.report import FORMATS, as_text
from openstack_requirements.tests import base

ERROR = Finding(
    "one-rule", "error", "is wrong", "b.txt", 2, 5, "Foo", "do x", "foo>=1"
)
WARNING = Finding("two-rule", "warning", "is odd", "b.txt", 1)
NOWHERE = Finding("one-rule", "error", "is wrong everywhere")
HOSTILE = Finding(
    "r", "error", "a\x1b[31m\nb\u202e", "\udcffx\n.txt", 1, 1, "\x07", "\r\x9b"
)
WAIVED = Waived(NOWHERE, "expected: x.txt:3 lists it")

#: Anything, and what means something in one of the formats.
texts = st.text(
    st.characters(exclude_categories=()) | st.sampled_from(":,%=#[]/.<&\r\n"),
    max_size=5,
) | st.sampled_from(["::error::x", "##[error]y", "]]>", "%0A", "a/./b", "/"])
found = st.builds(
    Finding,
    texts,
    st.sampled_from(["error", "warning"]),
    texts,
    st.none() | texts,
    st.none() | st.integers(1, 3),
    st.none() | st.integers(1, 3),
    st.none() | texts,
    st.none() | texts,
    st.none() | texts,
)
judged = st.lists(
    st.builds(
        verdict,
        texts,
        st.lists(found, max_size=4),
        st.lists(st.builds(Waived, found, texts), max_size=2),
    ),
    max_size=3,
)


class TestVerdict(base.TestCase):
    def test_order(self) -> None:
        later = ERROR._replace(line=10)
        made = verdict("x", [later, ERROR, WARNING, NOWHERE, ERROR])
        self.assertEqual((NOWHERE, WARNING, ERROR, later), made.findings)

    @given(st.lists(found, max_size=6))
    def test_order_is_that_of_the_findings(self, some: list[Finding]) -> None:
        self.assertEqual(verdict("x", some), verdict("x", reversed(some)))

    def test_counts(self) -> None:
        two = [verdict("x", [ERROR, WARNING]), verdict("y", [], [WAIVED])]
        self.assertEqual((1, 1, 1, 0), findings.counts(two))


class TestEveryFormat(base.TestCase):
    @given(judged)
    def test_no_control_character_and_no_broken_text(
        self, verdicts: list[Verdict]
    ) -> None:
        for name, render in FORMATS.items():
            text = render("command", verdicts)
            text.encode()
            for line in text.split("\n"):
                self.assertTrue(line.replace("\t", "").isprintable(), name)
            self.assertEqual(text, render("command", verdicts), name)


class TestText(base.TestCase):
    def text(
        self, *some: findings.Verdict, colours: bool = False
    ) -> list[str]:
        text = FORMATS["text"]("command", some, colours=colours)
        return text.splitlines()

    def test_whole(self) -> None:
        self.assertEqual(
            [
                "b.txt:1: warning: is odd [two-rule]",
                "b.txt:2: is wrong [one-rule]",
                "    now: foo>=1",
                "    fix: do x",
                "waived: is wrong everywhere [one-rule]",
                "    why: expected: x.txt:3 lists it",
                "lists: 1 error, 1 warning, 1 waived",
            ],
            self.text(verdict("lists", [ERROR, WARNING], [WAIVED])),
        )

    def test_what_the_message_ends_with_is_not_said_again(self) -> None:
        said = ERROR._replace(message="is wrong: foo>=1", text=" foo>=1\n")
        lines = self.text(verdict("x", [said]))
        self.assertEqual("    fix: do x", lines[1])
        lines = self.text(verdict("x", [said._replace(text="foo")]))
        self.assertEqual("    now: foo", lines[1])

    def test_nothing_and_several(self) -> None:
        self.assertEqual(["x: nothing found"], self.text(verdict("x")))
        other = ERROR._replace(line=3)
        self.assertEqual(
            [
                "",
                "project   errors  warnings  waived",
                "x              1         0       0",
                "some/one       0         0       0",
                "z              1         1       1",
                "",
                "3 projects: 2 errors, 1 warning, 1 waived",
            ],
            self.text(
                verdict("x", [ERROR]),
                verdict("some/one"),
                verdict("z", [other, WARNING], [WAIVED]),
            )[-7:],
        )
        self.assertEqual(
            [
                "project  errors  warnings  waived",
                "x             0         0       0",
                "y             0         0       0",
                "",
                "2 projects: nothing found",
            ],
            self.text(verdict("x"), verdict("y")),
        )

    def test_nothing_drives_the_terminal(self) -> None:
        lines = self.text(verdict("s\x1b", [HOSTILE], [WAIVED]))
        self.assertEqual(5, len(lines))
        for line in lines:
            self.assertTrue(line.isprintable(), line)
        self.assertIn(r"\x1b[31m\nb\u202e [r]", lines[0])

    @given(judged)
    def test_colours_are_all_that_they_add(
        self, verdicts: list[Verdict]
    ) -> None:
        text = FORMATS["text"]("command", verdicts, colours=True)
        plain = re.sub(r"\x1b\[[\d;]*m", "", text)
        self.assertEqual(FORMATS["text"]("command", verdicts), plain)
        self.assertNotIn("\x1b", plain)

    def test_colours(self) -> None:
        lines = self.text(
            verdict("x", [ERROR, WARNING], [WAIVED]), colours=True
        )
        self.assertEqual(
            "\x1b[1mb.txt:2:\x1b[0m is wrong \x1b[1;31m[one-rule]\x1b[0m",
            lines[1],
        )
        self.assertIn("\x1b[1;33mwarning:\x1b[0m is odd", lines[0])
        self.assertTrue(lines[4].startswith("\x1b[36mwaived:\x1b[0m "))


class Terminal(io.TextIOWrapper):
    buffer: io.BytesIO

    def isatty(self) -> bool:
        return True


class TestTerminal(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("g.txt", "foo\n")
        self.write("u.txt", "")
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        for name, value in (("TERM", "xterm"), ("NO_COLOR", None)):
            self.useFixture(fixtures.EnvironmentVariable(name, value))

    def shown(self, *more: str) -> str:
        """What a terminal gets."""
        stream = Terminal(io.BytesIO(), "utf-8")
        with (
            mock.patch("sys.stdout", stream),
            mock.patch("sys.stderr", io.StringIO()),
        ):
            validate_constraints.main(["g.txt", "u.txt", *more])
        return bytes(stream.buffer.getvalue()).decode()

    def test_colours_are_for_terminals_that_want_them(self) -> None:
        self.assertIn("\x1b[1mg.txt:1:\x1b[0m", self.shown())
        for name, value in (
            ("NO_COLOR", "1"),
            ("TERM", "dumb"),
            ("TERM", None),
        ):
            with fixtures.EnvironmentVariable(name, value):
                self.assertNotIn("\x1b", self.shown(), name)
        with fixtures.EnvironmentVariable("NO_COLOR", ""):
            self.assertIn("\x1b", self.shown())
        for name in FORMATS:
            if name != "text":
                self.assertNotIn("\x1b", self.shown("--format", name), name)

    def test_files_and_pipes_get_none(self) -> None:
        self.assertEqual("", self.shown("--output", "r.txt"))
        with open("r.txt", encoding="utf-8") as file:
            self.assertNotIn("\x1b", file.read())
            self.assertFalse(_console.shows_colours(file))
        done = self.run_main(validate_constraints.main, "g.txt", "u.txt")
        self.assertNotIn("\x1b", done.out)


class TestJson(base.TestCase):
    def test_whole(self) -> None:
        made = json.loads(
            FORMATS["json"](
                "command", [verdict("x", [ERROR], [WAIVED]), verdict("y")]
            )
        )
        self.assertEqual(
            {
                "command": "command",
                "counts": {
                    "before": 0,
                    "errors": 1,
                    "warnings": 0,
                    "waived": 1,
                },
                "findings": [
                    {
                        "rule": "one-rule",
                        "severity": "error",
                        "message": "is wrong",
                        "file": "b.txt",
                        "line": 2,
                        "column": 5,
                        "package": "Foo",
                        "fix": "do x",
                    }
                ],
                "waived": [
                    {
                        "rule": "one-rule",
                        "severity": "error",
                        "message": "is wrong everywhere",
                        "file": None,
                        "line": None,
                        "column": None,
                        "package": None,
                        "fix": None,
                        "reason": "expected: x.txt:3 lists it",
                    }
                ],
            },
            made,
        )

    def test_plain_ascii(self) -> None:
        text = FORMATS["json"]("command", [verdict("x", [HOSTILE])])
        self.assertTrue(text.isascii())
        self.assertTrue(text.replace("\n", "").isprintable())
        self.assertEqual(HOSTILE.file, json.loads(text)["findings"][0]["file"])


class TestSummary(base.TestCase):
    def test_one_line_whatever_there_is(self) -> None:
        self.assertEqual("0 projects: nothing found", as_text.summary([]))
        self.assertEqual(
            r"a\nb: 1 error", as_text.summary([verdict("a\nb", [ERROR])])
        )
