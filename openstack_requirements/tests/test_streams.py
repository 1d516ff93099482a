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
"""Closed, full and broken standard streams, and ``-`` for stdin."""

from __future__ import annotations

import os
import subprocess

from openstack_requirements.tests import base

COMMANDS = [
    line.split(" = ")[0].strip()
    for line in (base.ROOT / "setup.cfg").read_text().splitlines()
    if "cmds._entry:" in line
]
#: The streams that cannot be written, with what the system says of them.
BROKEN = {
    "full": "No space left on device",
    "closed": "Bad file descriptor",
    "without a reader": "Broken pipe",
}
GLOBAL = "alpha>=1.0  # MIT\nbeta>=2.0  # MIT\n"
PINS = "alpha===1.5\nbeta===2.5\n"


class TestCase(base.TestCase):
    """A test that runs console scripts with streams that it prepares."""

    def run_with(
        self, *argv: str, out: str = "", err: str = "", stdin: str = ""
    ) -> base.Outcome:
        """Run a command.

        :param out: which of BROKEN its stdout is; none of them for a pipe.
        :param err: the same for its stderr.
        :param stdin: what stdin holds, or ``closed``.
        """
        given = self.write("stdin", "" if stdin == "closed" else stdin)
        streams = {"out": (1, out), "err": (2, err)}
        opened: dict[str, int] = {}
        captured = {name: self.folder / f"std{name}" for name in streams}
        for name, (_, kind) in streams.items():
            if kind == "full":
                opened[name] = os.open("/dev/full", os.O_WRONLY)
            elif kind == "without a reader":
                reader, opened[name] = os.pipe()
                os.close(reader)
            else:
                opened[name] = os.open(
                    captured[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC
                )
        closed = [
            number for number, kind in streams.values() if kind == "closed"
        ]
        closed += [0] * (stdin == "closed")

        def close() -> None:
            for number in closed:
                os.close(number)

        try:
            with open(given, "rb") as source:
                done = subprocess.run(
                    base.script(*argv),
                    stdin=source,
                    stdout=opened["out"],
                    stderr=opened["err"],
                    preexec_fn=close if closed else None,
                    timeout=120,
                    check=False,
                    cwd=self.folder,
                )
        finally:
            for descriptor in opened.values():
                os.close(descriptor)
        texts = [
            path.read_text() if path.exists() else ""
            for path in captured.values()
        ]
        return base.Outcome(done.returncode, *texts)


class TestStdout(TestCase):
    def test_help(self) -> None:
        for name in COMMANDS:
            for kind, reason in BROKEN.items():
                with self.subTest(name=name, stdout=kind):
                    outcome = self.run_with(name, "-h", out=kind)
                    self.assertEqual(
                        base.Outcome(3, "", f"stdout: {reason}\n"), outcome
                    )

    def test_version(self) -> None:
        for kind, reason in BROKEN.items():
            with self.subTest(stdout=kind):
                outcome = self.run_with(
                    "edit-constraints", "--version", out=kind
                )
                self.assertEqual(
                    base.Outcome(3, "", f"stdout: {reason}\n"), outcome
                )

    def test_results(self) -> None:
        self.write("global-requirements.txt", GLOBAL)
        self.write("upper-constraints.txt", "alpha===1.5\n")
        self.write("old.txt", "alpha===1.4\n")
        self.write("blacklist.txt", "")
        self.write("checkout/requirements.txt", "alpha>=0.5\n")
        for argv in (
            ("normalize-requirements", "global-requirements.txt"),
            ("validate-constraints",),
            ("check-requirements", "--local", "checkout"),
            ("diff-constraints", "old.txt", "upper-constraints.txt"),
            ("update-requirements", "--diff", "--check", "checkout"),
            ("build-lower-constraints", "old.txt"),
        ):
            for kind, reason in BROKEN.items():
                with self.subTest(argv=argv, stdout=kind):
                    outcome = self.run_with(*argv, out=kind)
                    self.assertEqual(3, outcome.status)
                    self.assertIn(f"stdout: {reason}\n", outcome.err)
                    self.assertNotIn("Traceback", outcome.err)

    def test_a_command_without_results_needs_no_stdout(self) -> None:
        for kind in BROKEN:
            with self.subTest(stdout=kind):
                path = self.write("pins.txt", PINS)
                outcome = self.run_with(
                    "edit-constraints", path, "alpha", out=kind
                )
                self.assertEqual(
                    base.Outcome(0, "", "removed: alpha===1.5\n"), outcome
                )
                with open(path, encoding="utf-8") as file:
                    self.assertEqual("beta===2.5\n", file.read())

    def test_no_file_is_taken_for_a_closed_stream(self) -> None:
        # The file that a command opens first gets the lowest number that is
        # free, and what it prints would end up in that file.
        path = self.write("pins.txt", PINS)
        outcome = self.run_with(
            "edit-constraints",
            path,
            "alpha",
            out="closed",
            err="closed",
            stdin="closed",
        )
        self.assertEqual(0, outcome.status)
        with open(path, encoding="utf-8") as file:
            self.assertEqual("beta===2.5\n", file.read())


class TestStderr(TestCase):
    def test_the_status_says_what_no_message_can(self) -> None:
        for kind in BROKEN:
            with self.subTest(stderr=kind):
                outcome = self.run_with(
                    "normalize-requirements", "missing.txt", err=kind
                )
                self.assertEqual(base.Outcome(2, "", ""), outcome)

    def test_a_message_does_not_go_to_stdout(self) -> None:
        self.write("list.txt", GLOBAL)
        outcome = self.run_with(
            "normalize-requirements", "list.txt", err="closed"
        )
        self.assertEqual(base.Outcome(0, GLOBAL, ""), outcome)
        outcome = self.run_with("normalize-requirements", err="closed")
        self.assertEqual(base.Outcome(2, "", ""), outcome)


class TestStdin(TestCase):
    """A dash in place of a file."""

    def test_a_list(self) -> None:
        outcome = self.run_with("normalize-requirements", "-", stdin="a >= 1")
        self.assertEqual(base.Outcome(0, "a>=1\n", ""), outcome)

    def test_errors_have_a_place(self) -> None:
        outcome = self.run_with(
            "normalize-requirements", "-", stdin="alpha\nbeta>=>\n"
        )
        self.assertEqual(2, outcome.status)
        self.assertIn("-:2:", outcome.err)

    def test_constraints(self) -> None:
        self.write("old.txt", "alpha===1.4\n")
        outcome = self.run_with(
            "diff-constraints", "old.txt", "-", stdin="alpha===1.5\n"
        )
        self.assertIn("1.4", outcome.out)
        self.assertIn("1.5", outcome.out)

    def test_the_global_list(self) -> None:
        self.write("pins.txt", PINS)
        self.write("never.txt", "")
        outcome = self.run_with(
            "validate-constraints",
            "-",
            "pins.txt",
            "never.txt",
            "--policy",
            "classic",
            stdin=GLOBAL,
        )
        self.assertEqual(0, outcome.status, outcome.err)

    def test_stdin_is_read_once(self) -> None:
        outcome = self.run_with("diff-constraints", "-", "-", stdin=PINS)
        self.assertEqual(
            base.Outcome(2, "", "-: stdin is named twice: name it once\n"),
            outcome,
        )

    def test_closed(self) -> None:
        outcome = self.run_with("normalize-requirements", "-", stdin="closed")
        self.assertEqual(
            base.Outcome(2, "", "-: cannot be read (stdin is closed)\n"),
            outcome,
        )

    def test_what_is_changed_in_place_is_a_file(self) -> None:
        outcome = self.run_with("normalize-requirements", "-s", "-", stdin="a")
        self.assertEqual(
            base.Outcome(2, "", "-: stdin cannot be changed in place\n"),
            outcome,
        )
        outcome = self.run_with("edit-constraints", "-", "alpha", stdin=PINS)
        self.assertEqual((2, ""), outcome[:2])
        self.assertEqual(["stdin"], self._files())

    def test_output_to_a_dash_is_stdout(self) -> None:
        outcome = self.run_with(
            "build-lower-constraints", "-", "-o", "-", stdin="alpha==1.5\n"
        )
        self.assertEqual(base.Outcome(0, "alpha===1.5\n", ""), outcome)

    def test_a_file_of_that_name_can_be_named(self) -> None:
        self.write("-", "alpha\n")
        outcome = self.run_with("normalize-requirements", "./-")
        self.assertEqual(base.Outcome(0, "alpha\n", ""), outcome)

    def _files(self) -> list[str]:
        return sorted(
            name
            for name in os.listdir(self.folder)
            if name not in {"tmp", "stdout", "stderr"}
        )
