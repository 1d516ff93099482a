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
"""Errors, warnings and diffs have colours on a terminal that wants them."""

from __future__ import annotations

import io
import os
import re
from typing import TYPE_CHECKING

import fixtures

from openstack_requirements.cmds import (
    _console,
    _run,
    diff_constraints,
    validate_constraints,
)
from openstack_requirements.errors import UnusableInput
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Callable

#: A diff of one line, as patch reads it.
DIFF = "--- x\n+++ x\n@@ -1 +1 @@\n-a\n+b\n"


class Terminal(io.TextIOWrapper):
    """A stream that says that it is a terminal."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), "utf-8", newline="")

    def isatty(self) -> bool:
        return True

    def text(self) -> str:
        """What was written."""
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode()


class TestColours(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        for name, value in (("TERM", "xterm"), ("NO_COLOR", None)):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        before = os.getcwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, before)

    def shown(self, act: Callable[[], object], stream: str = "stderr") -> str:
        """What a terminal gets on a stream."""
        terminal = Terminal()
        with fixtures.MonkeyPatch(f"sys.{stream}", terminal):
            act()
        return terminal.text()

    def plain(self, act: Callable[[], object]) -> None:
        """It has no colours on a terminal that wants none, nor in a pipe."""
        for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
            with fixtures.EnvironmentVariable(name, value):
                self.assertNotIn("\x1b", self.shown(act), name)
        with (
            io.StringIO() as pipe,
            fixtures.MonkeyPatch("sys.stderr", pipe),
        ):
            act()
            self.assertNotIn("\x1b", pipe.getvalue())

    def test_an_error(self) -> None:
        def act() -> None:
            _run.fail(UnusableInput("x\x1b[2J.txt", "is wrong"))

        self.assertEqual(
            "\x1b[1;31mx\\x1b[2J.txt: is wrong\x1b[0m\n", self.shown(act)
        )
        self.plain(act)

    def test_details_have_none(self) -> None:
        def act() -> None:
            _run.say("it failed\n  | why", "31")

        self.assertEqual(
            "\x1b[31mit failed\x1b[0m\n  | why\n", self.shown(act)
        )

    def test_a_warning(self) -> None:
        def act() -> None:
            _run.warn("look")

        self.assertEqual("\x1b[33mwarning: look\x1b[0m\n", self.shown(act))
        self.plain(act)

    def test_a_diff(self) -> None:
        def act() -> None:
            _console.show_diff("x", "a\n", "b\n")

        text = self.shown(act)
        self.assertEqual(
            "\x1b[1m--- x\x1b[0m\n\x1b[1m+++ x\x1b[0m\n"
            "\x1b[36m@@ -1 +1 @@\x1b[0m\n\x1b[31m-a\x1b[0m\n"
            "\x1b[32m+b\x1b[0m\n",
            text,
        )
        self.assertEqual(DIFF, re.sub(r"\x1b\[[0-9;]*m", "", text))
        self.plain(act)
        self.assertEqual(
            DIFF, _console.unified("x", "a\n", "b\n", io.StringIO())
        )

    def test_changes_of_constraints(self) -> None:
        self.write("old.txt", "x===1\n")
        self.write("new.txt", "x===2\n")

        def act(*more: str) -> None:
            diff_constraints.main(["old.txt", "new.txt", *more])

        text = self.shown(act, "stdout")
        self.assertIn("\x1b[1;36mraised:\x1b[0m\n", text)
        self.assertNotIn(
            "\x1b", self.shown(lambda: act("--format", "json"), "stdout")
        )
        with fixtures.MonkeyPatch("sys.stderr", io.StringIO()):
            self.assertEqual(
                "", self.shown(lambda: act("-o", "out.txt"), "stdout")
            )
        self.assertNotIn("\x1b", (self.folder / "out.txt").read_text())

    def test_errors_of_a_command(self) -> None:
        def act() -> None:
            validate_constraints.main([])

        self.assertEqual(
            "\x1b[1;31mglobal-requirements.txt: there is no such file here; "
            "start in the requirements repository, or name the lists"
            "\x1b[0m\n",
            self.shown(act),
        )
