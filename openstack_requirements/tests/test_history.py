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
"""The commits behind the changes of pins, in a history made here."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any, ClassVar

import fixtures

from openstack_requirements.cmds import diff_constraints
from openstack_requirements.constraints import history, revisions
from openstack_requirements.constraints.changes import Changes, between
from openstack_requirements.constraints.history import CommittedTexts
from openstack_requirements.constraints.states import ConstraintsState
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.system import git_command, git_history
from openstack_requirements.tests import base
from openstack_requirements.tests.test_git import GitTestCase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BOT = "A Bot"
LIST = {f"p{number}": "1" for number in range(20)}
BOTH = "python_version"


def text(pins: dict[str, str]) -> str:
    return "".join(f"{name}==={pins[name]}\n" for name in sorted(pins))


def raised(count: int) -> dict[str, str]:
    """So many pins of the list, raised."""
    return {f"p{number}": "2" for number in range(count)}


def state(content: str) -> ConstraintsState:
    return ConstraintsState.from_constraints(
        read_entries(content, "x", permit_urls=True)
    )


class TestKinds(base.TestCase):
    def kinds(self, *steps: tuple[str, str]) -> Sequence[str]:
        """The kinds of commits, each with its message and its content."""
        before = text(LIST)
        commits = []
        for number, (message, after) in enumerate(steps):
            commits.append(
                CommittedTexts(str(number), "", "", message, before, after)
            )
            before = after
        changed = history.with_commits(Changes(), commits[::-1])
        return [commit.kind for commit in changed.commits][::-1]

    CASES: ClassVar = [
        ("release bump", "x", text({**LIST, "p1": "2"})),
        ("release bump", "x", text({**LIST, "new": "2"})),
        # Only the Pythons that the release supports.
        (
            "release bump",
            "x",
            text(LIST).replace(
                "p1===1\n",
                "p1===1;python_version=='3.10'\n"
                "p1===2;python_version>='3.11'\n",
            ),
        ),
        # Spelled in another way, it means the same.
        (
            "release bump",
            "x",
            text(LIST).replace("p1===1\n", "P1===2\n"),
        ),
        ("hand edit", "x", text({**LIST, "p1": "0.9"})),
        ("hand edit", "x", text({**LIST, "p1": "2", "p2": "0.9"})),
        ("hand edit", "x", text({**LIST, "p1": "2", "p2": "3"})),
        ("hand edit", "x", text({**LIST, "p1": "2"}) + "# held\n"),
        ("hand edit", "x", text(LIST) + "# held\n"),
        ("hand edit", "x", text(LIST).replace("p1===1\n", "")),
        ("hand edit", "x", text(LIST).replace("p1===1\n", "p1<3\n")),
        ("hand edit", "x", ""),
        ("hand edit", "x", text(dict.fromkeys(LIST, "0"))),
        ("regeneration", "x", text(dict.fromkeys(LIST, "2"))),
        # A quarter of the list.
        ("regeneration", "x", text({**LIST, **raised(5)})),
        ("hand edit", "x", text({**LIST, **raised(4)})),
        ("regeneration", "x", text({"a": "1", "b": "1", "c": "1"})),
        (
            "regeneration",
            "Updated from generate-constraints\n\nChange-Id: x\n",
            text({**LIST, "p1": "2"}),
        ),
        (
            "regeneration",
            "regenerate upper-constraints",
            text({**LIST, "p1": "2"}),
        ),
        (
            "release bump",
            "Do not trust: regenerate",
            text({**LIST, "p1": "2"}),
        ),
        (
            "revert",
            'Revert "x"\n\nThis reverts commit 0123456789abcdef.\n',
            text({**LIST, "p1": "0.9"}),
        ),
    ]

    def test_cases(self) -> None:
        for kind, message, after in self.CASES:
            self.assertEqual([kind], self.kinds((message, after)), after)

    def test_raised_and_added_at_once(self) -> None:
        narrow = text(LIST).replace("p1===1", "p1===1;python_version=='3.10'")
        self.assertEqual(
            ["hand edit", "release bump"],
            self.kinds(("x", narrow), ("x", text({**LIST, "p1": "2"}))),
        )

    def test_ten_of_a_long_list(self) -> None:
        many = {f"q{number}": "1" for number in range(400)}
        for size, kind in ((9, "hand edit"), (10, "regeneration")):
            raised = {f"q{number}": "2" for number in range(size)}
            self.assertEqual(
                ["regeneration", kind],
                self.kinds(("x", text(many)), ("x", text({**many, **raised}))),
            )

    def test_a_revert_is_what_undoes(self) -> None:
        raised = text({**LIST, "p1": "2"})
        both = text({**LIST, "p1": "2", "p2": "2"})
        self.assertEqual(
            # What reverts a revert is what it was before.
            ["release bump", "revert", "release bump"],
            self.kinds(("x", raised), ("x", text(LIST)), ("x", raised)),
        )
        # In between there may be something else.
        self.assertEqual(
            ["release bump", "release bump", "revert"],
            self.kinds(
                ("x", raised), ("x", both), ("x", text({**LIST, "p2": "2"}))
            ),
        )
        # A part of a commit is not the commit.
        self.assertEqual(
            ["hand edit", "hand edit"], self.kinds(("x", both), ("x", raised))
        )
        # And nothing does not undo nothing.
        commented = text(LIST) + "# x\n"
        self.assertEqual(
            ["hand edit", "hand edit"],
            self.kinds(("x", commented), ("x", text(LIST))),
        )

    def test_lines_that_cannot_be_read(self) -> None:
        odd = text(LIST) + "\n;;\n-r x\n\udc80\n\ufeffx===1\n"
        self.assertEqual(["hand edit"], self.kinds(("x", odd)))
        self.assertEqual(
            ["release bump"],
            self.kinds(("x", odd), ("x", odd + "y===1\n"))[1:],
        )

    def test_subjects(self) -> None:
        for message, subject in (
            ("a\nb\n\nc\n", "a b"),
            ("\n\n a \n", "a"),
            ("", ""),
        ):
            self.assertEqual(subject, history.subject_of(message))


class TestBehind(base.TestCase):
    def behind(self, *texts: str, **more: Any) -> dict[str, list[str]]:
        """The commits behind each change, from the first text to the last."""
        commits = [
            CommittedTexts(str(number), "", "", "x", before, after)
            for number, (before, after) in enumerate(
                itertools.pairwise(texts), 1
            )
        ]
        return self.named(texts[0], texts[-1], commits[::-1])

    def named(
        self, old: str, new: str, commits: list[CommittedTexts]
    ) -> dict[str, list[str]]:
        changed = history.with_commits(
            between(state(old), state(new)), commits
        )
        return {
            f"{change.name} {','.join(change.pythons)}".strip(): [
                commit.id for commit in change.commits
            ]
            for change in changed.changes
        }

    def test_the_last_is_the_first(self) -> None:
        found = self.behind(
            "x===1\n", "x===2\n", "x===2\ny===1\n", "x===3\ny===1\n"
        )
        self.assertEqual({"y others": ["2"], "x others": ["3", "1"]}, found)

    def test_each_python_has_its_own(self) -> None:
        old = "x===1;python_version=='3.9'\nx===1;python_version=='3.10'\n"
        half = old.replace(
            "1;python_version=='3.9'", "2;python_version=='3.9'"
        )
        new = half.replace(
            "1;python_version=='3.10'", "3;python_version=='3.10'"
        )
        self.assertEqual(
            {"x 3.9": ["1"], "x 3.10": ["2"]}, self.behind(old, half, new)
        )

    def test_merges(self) -> None:
        def commit(name: str, after: str, merge: str = "") -> CommittedTexts:
            return CommittedTexts(name, "", "", "x", "x===1\n", after, merge)

        both = "x===2\ny===1\n"
        # The merge added y, and what it brought had raised x.
        self.assertEqual(
            {"y others": ["m"], "x others": ["a"]},
            self.named(
                "x===1\n",
                both,
                [commit("a", "x===2\n", "m"), commit("m", both)],
            ),
        )
        # The branch had raised x before, so the merge did not.
        self.assertEqual(
            {"y others": ["m"]},
            self.named(
                "x===1\n",
                "x===1\ny===1\n",
                [commit("a", "x===2\n", "m"), commit("m", "x===1\ny===1\n")],
            ),
        )

    def test_what_only_the_old_side_has(self) -> None:
        raised = CommittedTexts(
            "a", "", "", "x", "x===1\n", "x===2\n", in_new=False
        )
        self.assertEqual(
            {"x others": ["a"]}, self.named("x===2\n", "x===1\n", [raised])
        )
        lowered = raised._replace(id="b", after="x===0\n", in_new=True)
        self.assertEqual(
            {"x others": ["b"]},
            self.named("x===2\n", "x===0\n", [lowered, raised]),
        )


class HistoryTestCase(GitTestCase):
    """A repository whose commits have dates, and whose list has a history."""

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.root)

    def on(
        self,
        date: str,
        message: str,
        pins: dict[str, str],
        by: str = "A. Person",
    ) -> str:
        """A commit of the list on a date; its id."""
        (self.root / "uc.txt").write_text(text(pins))
        return self.commit_on(date, message, by)

    def commit_on(
        self, date: str, message: str, by: str = "A. Person", *words: str
    ) -> str:
        if len(date) == 10:
            date += "T12:00:00Z"
        self.git("add", "--all")
        subprocess.run(
            [
                "git",
                *(words or ("commit", "--quiet", "--allow-empty")),
                "-m",
                message,
            ],
            cwd=self.root,
            env={
                **os.environ,
                "GIT_AUTHOR_NAME": by,
                # An author may write long before.
                "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z",
                "GIT_COMMITTER_DATE": date,
            },
            capture_output=True,
            check=True,
        )
        return self.git("rev-parse", "HEAD")

    def diff(self, *argv: str) -> base.Outcome:
        return self.run_main(diff_constraints.main, *argv)

    def good(self, *argv: str) -> list[str]:
        done = self.diff(*argv)
        self.assertEqual((0, ""), (done.status, done.err))
        return done.out.splitlines()

    def bad(self, *argv: str, status: int = 2) -> str:
        done = self.diff(*argv)
        self.assertEqual((status, ""), (done.status, done.out))
        self.assertEqual(1, len(done.err.splitlines()), done.err)
        return done.err.rstrip("\n")


class TestCommand(HistoryTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.ids = [
            self.on("2026-05-01", "A list", LIST),
            self.on(
                "2026-05-10",
                "Updated from generate-constraints",
                {**LIST, **dict.fromkeys(("p1", "p2", "p3"), "2")},
                BOT,
            ),
            self.on(
                "2026-05-20",
                "update constraint for p4 to new release 2",
                {**LIST, **dict.fromkeys(("p1", "p2", "p3", "p4"), "2")},
                BOT,
            ),
            self.on(
                "2026-05-25T23:59:59Z",
                "Hold p2: it breaks nova",
                {**LIST, **dict.fromkeys(("p1", "p3", "p4"), "2")},
            ),
            self.on(
                "2026-05-26T00:00:00Z",
                'Revert "update constraint for p4 to new release 2"',
                {**LIST, **dict.fromkeys(("p1", "p3"), "2")},
            ),
        ]

    def test_text(self) -> None:
        generated, bumped, held, _ = (name[:10] for name in self.ids[1:])
        self.assertEqual(
            [
                "2026-05-01:uc.txt -> 2026-05-20:uc.txt: 4 raised",
                "commits: 1 regeneration, 1 release bump",
                "",
                "raised:",
                "  p1 1 -> 2 (major)",
                f"      {generated} of 2026-05-10, regeneration: Updated from "
                f"generate-constraints ({BOT})",
                "  p2 1 -> 2 (major)",
                f"      {generated} of 2026-05-10, regeneration: Updated from "
                f"generate-constraints ({BOT})",
                "  p3 1 -> 2 (major)",
                f"      {generated} of 2026-05-10, regeneration: Updated from "
                f"generate-constraints ({BOT})",
                "  p4 1 -> 2 (major)",
                f"      {bumped} of 2026-05-20, release bump: update "
                f"constraint for p4 to new release 2 ({BOT})",
            ],
            self.good("2026-05-01:uc.txt", "2026-05-20:uc.txt"),
        )
        self.assertIn(
            f"      {held} of 2026-05-25, hand edit: Hold p2: it breaks nova "
            "(A. Person)",
            self.good("2026-05-20:uc.txt", "2026-05-25:uc.txt"),
        )

    def test_json(self) -> None:
        done = self.diff(
            "2026-05-20:uc.txt", "HEAD:uc.txt", "--format", "json"
        )
        data = json.loads(done.out)
        self.assertEqual(
            ["revert", "hand edit"],
            [commit["kind"] for commit in data["commits"]],
        )
        (commit,) = data["changes"][1]["commits"]
        self.assertEqual("p4", data["changes"][1]["name"])
        self.assertEqual(
            {
                "commit": self.ids[4],
                "kind": "revert",
                "date": "2026-05-26T00:00:00Z",
                "author": "A. Person",
                "subject": 'Revert "update constraint for p4 to new release '
                '2"',
                "merge": None,
                "side": "new",
            },
            {**commit},
        )

    def test_markdown(self) -> None:
        lines = self.good(
            *("HEAD~1:uc.txt", "HEAD:uc.txt", "--format", "markdown")
        )
        self.assertIn("| Distribution | Version | Commit |", lines)
        self.assertIn("commits: 1 revert", lines)

    def test_a_revert_of_what_is_in_the_range(self) -> None:
        lines = self.good("2026-05-10:uc.txt", "2026-06-01:uc.txt")
        self.assertIn("commits: 1 release bump, 1 hand edit, 1 revert", lines)
        self.assertFalse([line for line in lines if "  p4 " in line])

    def test_the_other_way_round(self) -> None:
        lines = self.good("HEAD~1:uc.txt", "HEAD~2:uc.txt")
        self.assertIn(
            f"      only on the old side: {self.ids[3][:10]} of 2026-05-25, "
            "hand edit: Hold p2: it breaks nova (A. Person)",
            lines,
        )

    def test_not_committed(self) -> None:
        (self.root / "uc.txt").write_text(text({**LIST, "p1": "2"}))
        lines = self.good("HEAD:uc.txt", "uc.txt")
        self.assertIn("      not committed (hand edit)", lines)
        lines = self.good("uc.txt", "HEAD:uc.txt")
        self.assertIn(
            "      only on the old side: not committed (hand edit)", lines
        )
        full = str(self.root / "uc.txt")
        self.assertIn(
            "      not committed (hand edit)", self.good("HEAD:uc.txt", full)
        )

    def test_what_is_no_one_file_has_no_history(self) -> None:
        elsewhere = self.write("uc.txt", text({**LIST, "p1": "7"}))
        for old, new in (
            ("HEAD~2:uc.txt", elsewhere),
            (elsewhere, "HEAD~2:uc.txt"),
            (elsewhere, "uc.txt"),
        ):
            lines = self.good(old, new)
            self.assertFalse([line for line in lines if "2026-" in line], old)

    def test_no_commits(self) -> None:
        lines = self.good("2026-05-01:uc.txt", "uc.txt", "--no-commits")
        self.assertEqual(
            ["2026-05-01:uc.txt -> uc.txt: 2 raised", "", "raised:"], lines[:3]
        )
        self.assertEqual(
            ["  p1 1 -> 2 (major)", "  p3 1 -> 2 (major)"], lines[3:]
        )

    def test_many_commits_behind_one_change(self) -> None:
        for number in range(3, 8):
            self.on("2026-06-01", f"p0 {number}", {**LIST, "p0": str(number)})
        lines = self.good("2026-05-26:uc.txt", "uc.txt")
        start = lines.index("  p0 1 -> 7 (major)")
        self.assertEqual(
            ["p0 7 (A. Person)", "p0 6 (A. Person)", "p0 5 (A. Person)"],
            [line.split(": ")[1] for line in lines[start + 1 : start + 4]],
        )
        self.assertEqual("      and 2 more before", lines[start + 4])

    def test_merges(self) -> None:
        """A change is what somebody wrote, not that it was merged."""
        self.git("checkout", "--quiet", "-b", "change", "HEAD~1")
        wrote = self.on(
            "2026-05-27",
            "Raise p9",
            {**LIST, **dict.fromkeys(("p1", "p3", "p4", "p9"), "2")},
            "A Person",
        )
        self.git("checkout", "--quiet", "main")
        merged = self.commit_on(
            *("2026-06-02", 'Merge "Raise p9"', "Zuul"),
            *("merge", "--quiet", "--no-ff", "change"),
        )
        lines = self.good("2026-06-01:uc.txt", "2026-06-02:uc.txt")
        self.assertEqual(
            [
                "commits: 1 release bump",
                "",
                "raised:",
                "  p9 1 -> 2 (major)",
                f"      {wrote[:10]} of 2026-06-02, release bump: Raise p9 "
                "(A Person)",
            ],
            lines[1:],
        )
        done = self.diff("HEAD~1:uc.txt", "HEAD:uc.txt", "--format", "json")
        (commit,) = json.loads(done.out)["commits"]
        self.assertEqual((wrote, merged), (commit["commit"], commit["merge"]))

    def test_names_of_files(self) -> None:
        for name in ("a b.txt", "a:b", "ünï", "sub/uc.txt"):
            path = self.root / name
            path.parent.mkdir(exist_ok=True)
            for version in ("1", "2"):
                path.write_text(f"x==={version}\n")
                self.commit_on("2026-06-01", f"{name} {version}")
            lines = self.good(f"HEAD~1:{name}", f"HEAD:./{name}")
            self.assertIn("release bump", lines[-1], name)
        os.chdir("sub")
        lines = self.good("HEAD~1:uc.txt", "uc.txt")
        self.assertIn("sub/uc.txt 2", lines[-1])

    def test_few_processes(self) -> None:
        """However long the history is, git is started as often."""
        for number in range(30):
            self.on("2026-06-01", "x", {**LIST, "p0": str(number)})
        started = []
        read = git_command.Git.run

        def count(*words: Any, **more: Any) -> bytes:
            started.append(words[1])
            return read(*words, **more)

        self.patch(git_command.Git, "run", count)
        self.good("2026-05-01:uc.txt", "HEAD:uc.txt")
        few = len(started)
        started.clear()
        self.good("HEAD~1:uc.txt", "HEAD:uc.txt")
        self.assertLessEqual(few, len(started) + 1)  # one for the date
        self.patch(git_history, "BATCH", 1000)
        self.assertIn(
            "  p0 1 -> 29 (major)", self.good("2026-05-01:uc.txt", "uc.txt")
        )


class TestDates(HistoryTestCase):
    def setUp(self) -> None:
        super().setUp()
        for day in (10, 20):
            self.on(f"2026-05-{day}", f"The {day}th", {"x": str(day)})

    def versions(self, old: str, new: str) -> str:
        lines = self.good(f"{old}:uc.txt", f"{new}:uc.txt", "--no-commits")
        return lines[3].strip() if len(lines) > 1 else ""

    def test_days_and_times(self) -> None:
        for old in (
            "2026-05-10",
            "2026-05-19",
            "2026-05-10T12:00",
            "2026-05-10 12:00:00",
            "2026-05-10T12:00Z",
            "2026-05-10T14:00+02:00",
            "2026-05-10T14:00:30+0200",
            "2026-05-20T11:59:59",
            "main@{2026-05-10}",
            "@{2026-05-19}",
            "HEAD@{2026-05-20 11:00}",
        ):
            for new in ("2026-05-20", "2026-05-20T12:00", "2030-01-01"):
                self.assertEqual(
                    "x 10 -> 20 (major)", self.versions(old, new), old
                )
        self.assertEqual("", self.versions("2026-05-10", "2026-05-19"))

    def test_a_date_alone(self) -> None:
        """It is about the file that the other side names, or the usual one."""
        (self.root / "upper-constraints.txt").write_text("y===1\n")
        self.commit_on("2026-05-21", "x")
        (self.root / "upper-constraints.txt").write_text("y===2\n")
        self.commit_on("2026-05-22", "x")
        for old, new, shown in (
            ("2026-05-10", "uc.txt", "2026-05-10:uc.txt -> uc.txt"),
            ("2026-05-10", "HEAD:uc.txt", "2026-05-10:uc.txt -> HEAD:uc.txt"),
            ("uc.txt", "2026-05-10", "uc.txt -> 2026-05-10:uc.txt"),
            (
                "2026-05-21T13:00",
                "@{2026-05-22}",
                "2026-05-21T13:00:upper-constraints.txt -> "
                "@{2026-05-22}:upper-constraints.txt",
            ),
        ):
            lines = self.good(old, new)
            self.assertTrue(lines[0].startswith(f"{shown}: 1 "), lines[0])
        full = str(self.root / "uc.txt")
        self.assertIn("  x 10 -> 20 (major)", self.good("2026-05-10", full))
        (self.root / "2026-05-10").write_text("y===7\n")
        lines = self.good("2026-05-10", "upper-constraints.txt")
        self.assertIn("  y 7 -> 2 (major)", lines)

    def test_where_it_runs_does_not_matter(self) -> None:
        self.addCleanup(time.tzset)
        self.useFixture(fixtures.EnvironmentVariable("TZ", "Asia/Tokyo"))
        time.tzset()
        for revision, shown in (
            ("2026-05-10", "2026-05-10T23:59:59Z"),
            ("2026-05-10T12:00", "2026-05-10T12:00:00Z"),
            ("2026-05-10T12:00+09:00", "2026-05-10T03:00:00Z"),
        ):
            dated = revisions.dated(revision)
            assert dated is not None
            self.assertEqual(shown, revisions.shown_date(dated.latest))
        # What a commit has for a date need not be one.
        self.assertEqual("", revisions.shown_date(10**17))

    def test_before_the_first(self) -> None:
        first = self.git("rev-parse", "HEAD~1")[:10]
        for date in (
            "2026-05-09",
            "2026-05-10T11:59:59",
            "1969-12-31",
            "main@{2026-05-09}",
        ):
            error = self.bad(f"{date}:uc.txt", "uc.txt")
            self.assertEqual(
                f"{date}: the first commit of "
                f"{'main' if 'main' in date else 'HEAD'} is {first} of "
                "2026-05-10T12:00:00Z",
                error,
            )

    def test_no_such_date(self) -> None:
        for date in ("2026-13-01", "2026-05-25T25:00", "2026-02-30"):
            self.assertIn(
                f"{date}: is no date", self.bad(f"{date}:uc.txt", "uc.txt")
            )
        error = self.bad("none@{2026-05-25}:uc.txt", "uc.txt")
        self.assertIn("none: git finds no such commit", error)

    def test_no_such_file_then(self) -> None:
        (self.root / "late.txt").write_text("x===1\n")
        self.commit_on("2026-05-25", "Late")
        then = self.git("rev-parse", "HEAD~1")[:10]
        for old, new in (
            ("2026-05-24:late.txt", "2026-05-25:late.txt"),
            ("2026-05-25:late.txt", "2026-05-24:late.txt"),
        ):
            self.assertEqual(
                "2026-05-24:late.txt: there is no such file at 2026-05-24, "
                f"which is the commit {then} of 2026-05-20T12:00:00Z",
                self.bad(old, new),
            )
        os.unlink("late.txt")
        self.assertIn(
            "late.txt: cannot be read",
            self.bad("2026-05-25:late.txt", "late.txt"),
        )

    def test_first_parents_count(self) -> None:
        """A change counts from its merge on, whenever it was written."""
        self.git("checkout", "--quiet", "-b", "change")
        self.on("2026-05-21", "Written", {"x": "21"})
        self.git("checkout", "--quiet", "main")
        self.commit_on(
            *("2026-05-30", "Merged", "Zuul"),
            *("merge", "--quiet", "--no-ff", "change"),
        )
        self.assertEqual(
            "x 20 -> 21 (major)", self.versions("2026-05-29", "HEAD")
        )
        self.assertEqual(
            "x 20 -> 21 (major)", self.versions("2026-05-29", "2026-05-30")
        )
        self.assertEqual(
            "x 20 -> 21 (major)",
            self.versions("main@{2026-05-22}", "change@{2026-05-22}"),
        )

    def clone(self, *words: str) -> Path:
        clone = self.folder / "clone"
        self.git("clone", "--quiet", *words, f"file://{self.root}", str(clone))
        os.chdir(clone)
        return clone

    def test_a_reflog_says_nothing_of_a_date(self) -> None:
        self.clone()
        self.assertEqual(
            "x 10 -> 20 (major)", self.versions("main@{2026-05-15}", "HEAD")
        )
        self.assertEqual(
            "x 10 -> 20 (major)", self.versions("2026-05-15", "HEAD")
        )

    def test_what_git_warns_of_is_shown(self) -> None:
        self.clone()
        done = self.diff("main@{10.years.ago}:uc.txt", "HEAD:uc.txt")
        self.assertEqual(0, done.status)
        self.assertRegex(
            done.err,
            r"\Awarning: git: log for 'main' only goes back to .*\n\Z",
        )

    def test_a_shallow_clone(self) -> None:
        self.on("2026-05-22", "The 22nd", {"x": "22", "y": "1"})
        clone = self.clone("--depth", "2")
        last = self.git("rev-parse", "HEAD~1", folder=clone)[:10]
        lines = self.good("2026-05-21:uc.txt", "uc.txt")
        self.assertIn("The 22nd", lines[-1])
        self.assertEqual(
            "2026-05-15: the history of HEAD ends at its commit "
            f"{last} of 2026-05-20T12:00:00Z in this shallow clone: fetch "
            "more of it (git fetch --deepen=100, or --unshallow)",
            self.bad("2026-05-15:uc.txt", "uc.txt"),
        )

    def test_a_partial_clone(self) -> None:
        """What changed is shown, though nobody knows in which commit."""
        old = self.git("rev-parse", "HEAD")
        for day in (22, 23, 24):
            self.on(f"2026-05-{day}", "x", {"x": str(day)})
        self.git("config", "uploadpack.allowFilter", "true")
        clone = self.clone("--filter=blob:none")
        self.git("cat-file", "-p", f"{old}:uc.txt", folder=clone)
        done = self.diff("2026-05-21:uc.txt", "HEAD:uc.txt")
        self.assertEqual(0, done.status)
        self.assertEqual("  x 20 -> 24 (major)", done.out.splitlines()[-1])
        self.assertRegex(
            done.err,
            r"\Awarning: the commits behind the changes are not known: .*"
            r"is a partial clone without",
        )

    def test_a_shallow_clone_that_lacks_what_is_between(self) -> None:
        old = self.git("rev-parse", "HEAD")
        for day in (22, 23, 24):
            self.on(f"2026-05-{day}", "x", {"x": str(day)})
        clone = self.clone("--depth", "1")
        self.git("fetch", "--quiet", "--depth=1", "origin", old, folder=clone)
        done = self.diff(f"{old}:uc.txt", "HEAD:uc.txt")
        self.assertEqual(0, done.status)
        self.assertIn("  x 20 -> 24 (major)", done.out)
        self.assertIn(
            "warning: the commits behind 1 change (x, for example) are not "
            "in this shallow clone",
            done.err,
        )
