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
"""diff-constraints: files, revisions, freezes, and the index."""

from __future__ import annotations

import json
import os
from typing import ClassVar

import fixtures

from openstack_requirements.cmds import diff_constraints
from openstack_requirements.constraints import freeze_json, loader, revisions
from openstack_requirements.constraints.freeze import Freeze
from openstack_requirements.errors import UnusableInput
from openstack_requirements.tests import base
from openstack_requirements.tests.loopback import Index
from openstack_requirements.tests.test_explain import make
from openstack_requirements.tests.test_git import GitTestCase


class DiffMixin(base.TestCase):
    def diff(self, *argv: str) -> base.Outcome:
        return self.run_main(diff_constraints.main, *argv)

    def good(self, *argv: str) -> list[str]:
        done = self.diff(*argv)
        self.assertEqual((0, ""), (done.status, done.err))
        return done.out.splitlines()

    def bad(self, reason: str, *argv: str, status: int = 2) -> None:
        done = self.diff(*argv)
        self.assertEqual((status, ""), (done.status, done.out))
        self.assertIn(reason, done.err)
        self.assertEqual(1, len(done.err.splitlines()), done.err)

    def freezes(self, folder: str, *freezes: Freeze) -> str:
        for each in freezes:
            self.write(
                f"{folder}/python{each.python_version}.json",
                freeze_json.to_json(each),
            )
        return str(self.folder / folder)


class TestFiles(DiffMixin):
    def setUp(self) -> None:
        super().setUp()
        self.old = self.write("old.txt", "x===1\ny===1\n")
        self.new = self.write("new.txt", "x===2\nz===1\n")

    def test_two_files(self) -> None:
        self.assertEqual(
            [
                f"{self.old} -> {self.new}: 1 added, 1 removed, 1 raised",
                "",
                "added:",
                "  z 1",
                "",
                "removed:",
                "  y 1",
                "",
                "raised:",
                "  x 1 -> 2 (major)",
            ],
            self.good(self.old, self.new),
        )

    def test_status(self) -> None:
        self.assertEqual(0, self.diff(self.old, self.new).status)
        self.assertEqual(1, self.diff("--check", self.old, self.new).status)
        self.assertEqual(0, self.diff("--check", self.old, self.old).status)
        other = self.write("other.txt", "X===1.0\nY===1\n")
        done = self.diff("--check", self.old, other)
        self.assertEqual(0, done.status)
        self.assertIn("spelled in another way", done.out)

    def test_output(self) -> None:
        out = self.folder / "out.md"
        done = self.diff(
            *(self.old, self.new, "--format", "markdown", "-o", str(out))
        )
        self.assertEqual(
            (
                0,
                "",
                f"{out}: written, {self.old} -> {self.new}: 1 added, 1 "
                "removed, 1 raised\n",
            ),
            done,
        )
        self.assertIn("| `x` | 1 → 2 (major) |", out.read_text())

    def test_line_ends_and_marks_are_no_change(self) -> None:
        odd = self.write("odd.txt", b"\xef\xbb\xbfy===1\r\n\r\nx===1")
        self.assertEqual(
            [f"{self.old} -> {odd}: no changes"], self.good(self.old, odd)
        )

    def test_an_empty_file(self) -> None:
        empty = self.write("empty.txt", "")
        self.assertIn("  x 1", self.good(empty, self.old))
        self.assertEqual(1, len(self.good(empty, empty)))

    def test_never_constrained(self) -> None:
        never = self.write("never.txt", "X  # reason\ny\nz\n")
        for option in ("-b", "-d", "--blacklist", "--denylist"):
            self.assertEqual(
                1, len(self.good(self.old, self.new, option, never))
            )
        self.bad("once", self.old, self.new, "-b", never, "-d", never)

    BAD: ClassVar = [
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"x===1\nfoo;bogus\n", "bad.txt:2:"),
        (b"-r other.txt\n", "bad.txt:1:1: options are not allowed"),
        (b"{", "bad.txt:1: not JSON"),
        (b"{}", "not a freeze"),
        (b"\x1b[31m\n", r"\x1b[31m"),
    ]

    def test_bad_files(self) -> None:
        for content, reason in self.BAD:
            bad = self.write("bad.txt", content)
            self.bad(reason, self.old, bad)
            self.bad(reason, bad, self.old)
        self.bad("cannot be read", self.old, str(self.folder / "none"))
        self.bad("cannot be read", self.old, "")
        self.bad("a folder without freezes", self.old, str(self.temporary))


class TestFreezes(DiffMixin):
    def setUp(self) -> None:
        super().setUp()
        self.list = ("a", "x>=1,<3")
        self.old = self.freezes(
            "old",
            make("a 1", "x 2", "pip 1", requested=self.list, python="3.9"),
            make("a 1", "x 2", requested=self.list, python="3.10"),
        )
        self.new = self.freezes(
            "new",
            make("a 1", "x 2", "pip 2", requested=self.list, python="3.9"),
            make(
                *("a 2 | b>=1", "b 1", "x 2"),
                requested=self.list,
                python="3.10",
            ),
        )

    def test_two_folders(self) -> None:
        self.assertEqual(
            [
                f"{self.old} -> {self.new}: 1 added, 1 raised",
                "",
                "added:",
                "  b 1 (Python 3.10)",
                "      needed by: a 2 (raised from 1) -> b>=1",
                "",
                "raised:",
                "  a 1 -> 2 (major; Python 3.10)",
                "",
                "under an upper bound, which may keep newer versions away:",
                "  x 2: x>=1,<3 of the list",
            ],
            self.good(self.old, self.new),
        )

    def test_one_freeze_of_each(self) -> None:
        lines = self.good(
            f"{self.old}/python3.10.json", f"{self.new}/python3.10.json"
        )
        self.assertIn("  a 1 -> 2 (major)", lines)
        with open(f"{self.new}/python3.10.json", "rb") as file:
            marked = self.write("one", b"\xef\xbb\xbf" + file.read())
        lines = self.good(f"{self.old}/python3.10.json", marked)
        self.assertIn("  a 1 -> 2 (major)", lines)

    def test_distributions_are_counted_once(self) -> None:
        old = self.freezes("one", make(python="3.9"), make(python="3.10"))
        new = self.freezes(
            "two", make("x 1", python="3.9"), make("x 2", python="3.10")
        )
        lines = self.good(old, new)
        self.assertEqual(f"{old} -> {new}: 1 added", lines[0])
        self.assertEqual(
            ["  x 1 (Python 3.9)", "  x 2 (Python 3.10)"],
            [line for line in lines if line.startswith("  x")],
        )

    def test_a_file_with_the_freezes_that_it_was_made_from(self) -> None:
        old = self.write("old.txt", "a===1\nx===2\n")
        new = self.write(
            "new.txt",
            "a===1;python_version=='3.9'\na===2;python_version=='3.10'\n"
            "b===1;python_version=='3.10'\nx===2\n",
        )
        lines = self.good(old, new, "--freezes", self.new)
        self.assertIn("      needed by: a 2 (raised from 1) -> b>=1", lines)
        files = [f"{self.new}/python3.{minor}.json" for minor in (9, 10)]
        self.assertEqual(lines, self.good(old, new, "--freezes", *files))
        done = self.diff(new, old, "--freezes", self.new)
        self.assertIn(
            "freezes, which cannot give their reasons: 1 pin (", done.err
        )
        self.assertIn("(a on Python 3.10, for example)", done.err)

    def test_what_does_not_go_together(self) -> None:
        self.bad(
            "--freezes does not go", self.old, self.new, "--freezes", self.new
        )
        file = self.write("x.txt", "x===1\n")
        self.bad("--newest needs freezes", self.old, file, "--newest")


class TestRevisions(DiffMixin, GitTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.root)
        self.commit(uc_txt="x===1\n")
        self.commit(uc_txt="x===2\n")
        (self.root / "uc.txt").write_text("x===3\n")

    def test_revisions(self) -> None:
        for old, new, expected in (
            ("HEAD:uc.txt", "uc.txt", "  x 2 -> 3 (major)"),
            ("HEAD~1:uc.txt", "main:uc.txt", "  x 1 -> 2 (major)"),
            ("main@{1}:./uc.txt", "HEAD:/uc.txt", "  x 1 -> 2 (major)"),
            ("HEAD^{/x}:uc.txt", "uc.txt", "  x 2 -> 3 (major)"),
        ):
            self.assertIn(expected, self.good(old, new), old)

    def test_from_another_folder(self) -> None:
        (self.root / "sub").mkdir()
        os.chdir("sub")
        self.assertIn(
            "  x 2 -> 3 (major)", self.good("HEAD:../uc.txt", "../uc.txt")
        )
        self.bad(
            "HEAD:uc.txt: there is no such file at HEAD; there is one at the "
            "top of the repository: HEAD:/uc.txt",
            *("HEAD:uc.txt", "../uc.txt"),
        )

    def test_a_colon_in_a_name(self) -> None:
        (self.root / "HEAD:uc.txt").write_text("x===7\n")
        self.assertIn("  x 7 -> 3 (major)", self.good("HEAD:uc.txt", "uc.txt"))

    def test_a_freeze_in_a_revision(self) -> None:
        for version in ("1", "2"):
            text = freeze_json.to_json(make(f"x {version}"))
            self.commit(one_json=text)
        self.assertIn(
            "  x 1 -> 2 (major)", self.good("HEAD~1:one.json", "HEAD:one.json")
        )

    def test_bad_lines_name_the_revision(self) -> None:
        self.commit(bad_txt="x===1\n;;\n")
        self.bad("HEAD:bad.txt:2:", "HEAD:bad.txt", "uc.txt")

    def test_none_such(self) -> None:
        for what, reason in (
            ("nope:uc.txt", "nope: git finds no such commit"),
            ("HEAD:none.txt", "HEAD:none.txt: there is no such file at HEAD"),
            ("HEAD:.", "HEAD:.: is a folder"),
            ("HEAD:", "HEAD:: cannot be read"),
            (":uc.txt", ":uc.txt: cannot be read"),
            ("-x:uc.txt", "-x: is not a git revision"),
        ):
            self.bad(reason, "--", what, "uc.txt")

    def test_outside_of_a_repository(self) -> None:
        plain = self.folder / "plain"
        plain.mkdir()
        os.chdir(plain)
        self.bad(
            "HEAD:uc.txt: there is no such file, and git cannot be asked for "
            f"a revision: {plain}: is not in a git repository",
            *("HEAD:uc.txt", "HEAD:uc.txt"),
            status=3,
        )


class TestNewest(DiffMixin):
    def setUp(self) -> None:
        super().setUp()
        self.index = self.useFixture(Index())
        self.index.use()
        self.before = set(os.listdir(self.temporary))
        self.useFixture(fixtures.EnvironmentVariable("UV_HTTP_RETRIES", "0"))
        for version in ("1.0", "2.0", "9.0", "10.0"):
            self.index.wheel("x", version)
        self.index.wheel("free", "1.0")
        self.index.wheel("y", "1.0")
        self.index.wheel("y", "2.0", requires_python=">=3.99")
        self.new = self.freezes(
            "new",
            make(
                *("free 1.0 | x<2,>=1", "x 1.0", "y 1.0", "private 1"),
                requested=("free", "y", "private<3"),
            ),
        )

    def test_what_is_held(self) -> None:
        done = self.diff(self.new, self.new, "--newest")
        self.assertEqual(0, done.status)
        self.assertEqual(
            [
                f"{self.new} -> {self.new}: no version changed (2 held or "
                "under an upper bound)",
                "",
                "held below a newer version:",
                "  x 1.0: 10.0 is newer: kept away by x<2,>=1 of free 1.0",
                "",
                "under an upper bound, which may keep newer versions away:",
                "  private 1: private<3 of the list",
            ],
            done.out.splitlines(),
        )
        self.assertIn(
            "warning: Python 3.12: private: the package index does not have "
            "it",
            done.err,
        )

    def test_json(self) -> None:
        done = self.diff(self.new, self.new, "--newest", "--format", "json")
        first = json.loads(done.out)["held"][1]
        self.assertEqual(("x", "10.0"), (first["name"], first["newest"]))

    def test_an_index_that_fails(self) -> None:
        self.index.error("x", 500)
        done = self.diff(self.new, self.new, "--newest")
        self.assertEqual((3, ""), (done.status, done.out))
        self.assertIn("Python 3.12: ", done.err)
        self.assert_nothing_left()

    def test_a_python_that_uv_does_not_know(self) -> None:
        old = self.freezes("old", make("x 1.0 | x", python="2.7"))
        done = self.diff(old, old, "--newest")
        self.assertEqual(0, done.status)
        self.assertIn("uv does not know what suits Python 2.7", done.err)


class TestSources(base.TestCase):
    def test_where_a_revision_ends(self) -> None:
        for what, expected in (
            ("a:b", ("a", "b")),
            ("a:b:c", ("a", "b:c")),
            ("main@{10:00}:a", ("main@{10:00}", "a")),
            ("HEAD^{/a:b}:c", ("HEAD^{/a:b}", "c")),
            (":a", ("", "")),
            ("a", ("", "")),
            ("a:", ("a", "")),
        ):
            self.assertEqual(expected, revisions.split(what))

    def test_freezes_come_by_python(self) -> None:
        for python in ("3.10", "3.9"):
            self.write(
                f"f/python{python}.json",
                freeze_json.to_json(make(python=python)),
            )
        found = loader.freezes([str(self.folder / "f")])
        self.assertEqual(
            ["3.9", "3.10"], [each.python_version for each in found]
        )
        self.assertRaises(UnusableInput, loader.freezes, ["", ""])
