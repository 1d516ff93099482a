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
"""git merges lists by what their lines mean, once it is told to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import fixtures

from openstack_requirements.cmds import merge_constraints
from openstack_requirements.errors import OutsideError
from openstack_requirements.system import git_driver
from openstack_requirements.tests import base
from openstack_requirements.tests.test_git import GitTestCase

OLD, NEW = ";python_version<'3.11'", ";python_version>='3.11'"


class Case(NamedTuple):
    """A list in four versions: what a merge of the sides has to give."""

    base: str
    ours: str
    theirs: str
    merged: str


#: What git merges with the driver alone, by the name of the list.
CASES = {
    "neighbours.txt": Case(
        "a===1\nb===1\n",
        "a===2\nb===1\n",
        "a===1\nb===2\n",
        "a===2\nb===2\n",
    ),
    "removed.txt": Case(
        "a===1\nb===1\nc===1\n",
        "a===1\nc===1\n",
        "a===2\nb===1\nc===2\n",
        "a===2\nc===2\n",
    ),
    "split.txt": Case(
        f"a===1{OLD}\na===2{NEW}\n",
        f"a===1{OLD}\na===2{NEW} and python_version<'3.13'\n"
        "a===3;python_version>='3.13'\n",
        f"a===1.5{OLD}\na===2{NEW}\n",
        f"a===1.5{OLD}\na===2{NEW} and python_version<'3.13'\n"
        "a===3;python_version>='3.13'\n",
    ),
    "sorted.txt": Case(
        "z===1\nb===1\na===1\n",
        "a===1\nb===1\nz===1\n",
        "z===1\nb===2\na===1\n",
        "a===1\nb===2\nz===1\n",
    ),
    "crlf.txt": Case(
        "a===1\r\nb===1\r\n",
        "a===2\r\nb===1\r\n",
        "a===1\r\nb===2\r\n",
        "a===2\r\nb===2\r\n",
    ),
    "header.txt": Case(
        "# by hand\na===1\n",
        "# by a job\na===1\n",
        "# by hand\na===2\n",
        "# by a job\na===2\n",
    ),
    "a list's name.txt": Case(
        "# The lists\na>=1\nb\n",
        "# The lists\na>=1\n# why\naa\nb\n",
        "# The lists\na>=2\nb\n",
        "# The lists\na>=2\n# why\naa\nb\n",
    ),
}
CONFLICT = Case(
    "a===1\nb===1\nc===1\n",
    "b===2\nc===1\n",
    "a===2\nb===3\nc===2\n",
    "<<<<<<< ours (a: removed on one side, changed on the other)\n"
    "=======\n"
    "a===2\n"
    ">>>>>>> theirs\n"
    "<<<<<<< ours (b: two versions)\n"
    "b===2\n"
    "=======\n"
    "b===3\n"
    ">>>>>>> theirs\n"
    "c===2\n",
)


class MergeTestCase(GitTestCase):
    """A repository with lists, and the changes of two branches."""

    def setUp(self) -> None:
        super().setUp()
        self.git("config", "core.autocrlf", "false")

    def branches(self, cases: dict[str, Case]) -> None:
        """Two branches with a change of each list; ours is checked out."""
        self.write_lists({name: case.base for name, case in cases.items()})
        self.git("branch", "topic")
        self.write_lists({name: case.ours for name, case in cases.items()})
        self.git("checkout", "--quiet", "topic")
        self.write_lists({name: case.theirs for name, case in cases.items()})
        self.git("checkout", "--quiet", "main")

    def write_lists(self, texts: dict[str, str]) -> None:
        """Commit lists."""
        for name, text in texts.items():
            (self.root / name).write_bytes(text.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "lists")

    def run_here(self, *argv: str) -> base.Outcome:
        """Run the command for the repository."""
        return self.run_main(
            merge_constraints.main, "--repository", str(self.root), *argv
        )

    def install(self, *argv: str) -> None:
        """Install the driver."""
        done = self.run_here("--install", *argv)
        self.assertEqual(0, done.status, done.err)

    def try_git(self, *words: str) -> base.Outcome:
        """Run git, which may fail."""
        done = subprocess.run(
            ["git", *words],
            cwd=self.root,
            capture_output=True,
            encoding="utf-8",
            check=False,
            env={**os.environ, "GIT_EDITOR": "true"},
        )
        return base.Outcome(done.returncode, done.stdout, done.stderr)

    def texts(self, *names: str) -> dict[str, str]:
        """What lists in the work tree hold."""
        return {
            name: (self.root / name).read_bytes().decode() for name in names
        }

    def assert_merged(self) -> None:
        """All lists have the changes of both sides, and nothing is open."""
        self.assertEqual(
            {name: case.merged for name, case in CASES.items()},
            self.texts(*CASES),
        )
        self.assertEqual("", self.git("status", "--porcelain"))


class TestThroughGit(MergeTestCase):
    """Whatever git merges for, it merges lists in this way."""

    def test_merge(self) -> None:
        """git merge, which fails without the driver, and again behind it."""
        self.branches(CASES)
        before = self.texts(".git/config")
        self.assertEqual(1, self.try_git("merge", "topic").status)
        self.git("merge", "--abort")
        self.install("*.txt")
        done = self.try_git("merge", "topic", "--message", "merged")
        self.assertEqual(0, done.status, done.out + done.err)
        self.assert_merged()
        self.git("reset", "--quiet", "--hard", "HEAD~1")
        self.assertEqual((0, "", ""), self.run_here("--uninstall"))
        self.assertEqual(before, self.texts(".git/config"))
        self.assertFalse((self.root / ".git/info/attributes").exists())
        self.assertEqual(1, self.try_git("merge", "topic").status)
        self.assertIn(
            "<<<<<<< HEAD", self.texts("neighbours.txt").popitem()[1]
        )

    def test_rebase(self) -> None:
        """git rebase."""
        self.branches(CASES)
        self.install("*.txt")
        done = self.try_git("rebase", "main", "topic")
        self.assertEqual(0, done.status, done.out + done.err)
        self.assert_merged()

    def test_cherry_pick(self) -> None:
        """git cherry-pick."""
        self.branches(CASES)
        self.install("*.txt")
        done = self.try_git("cherry-pick", "topic")
        self.assertEqual(0, done.status, done.out + done.err)
        self.assert_merged()

    def test_bare_repository(self) -> None:
        """git merge-tree, in a bare clone and in this one."""
        self.branches(CASES)
        bare = self.folder / "bare clone.git"
        self.git("clone", "--quiet", "--bare", str(self.root), str(bare))
        for root in (self.root, bare):
            done = self.run_main(
                merge_constraints.main,
                *("--repository", str(root), "--install", "*.txt"),
            )
            self.assertEqual(0, done.status, done.err)
            tree = self.git(
                "merge-tree", "--write-tree", "main", "topic", folder=root
            )
            for name, case in CASES.items():
                actual = subprocess.run(
                    ["git", "cat-file", "blob", f"{tree}:{name}"],
                    cwd=root,
                    check=True,
                    capture_output=True,
                ).stdout.decode()
                self.assertEqual(case.merged, actual, name)
        self.assertEqual([], sorted(bare.glob(".merge_file*")))

    def test_conflict(self) -> None:
        """What conflicts is marked, and git leaves it to a person."""
        self.branches({"list.txt": CONFLICT})
        self.install("list.txt")
        done = self.try_git("merge", "topic")
        self.assertEqual(1, done.status)
        self.assertIn("list.txt:5: b: two versions\n", done.err)
        self.assertEqual({"list.txt": CONFLICT.merged}, self.texts("list.txt"))
        self.assertEqual("UU list.txt", self.git("status", "--porcelain"))

    def test_policy(self) -> None:
        """A policy is a part of what is installed."""
        self.branches({"list.txt": CASES["neighbours.txt"]._replace(
            ours="a===9\nb===1\n", theirs="a===10\nb===2\n"
        )})  # fmt: skip
        self.install("--policy", "newest", "list.txt")
        self.assertEqual(0, self.try_git("merge", "topic").status)
        self.assertEqual(
            {"list.txt": "a===10\nb===2\n"}, self.texts("list.txt")
        )

    def test_list(self) -> None:
        """A pin outside of the global list is a conflict, or no driver is."""
        self.branches({"uc.txt": CASES["neighbours.txt"]})
        reqs = self.folder / "a repository"
        self.write(f"{reqs}/global-requirements.txt", "a<2\nb\n")
        self.install("--reqs", str(reqs), "uc.txt")
        done = self.try_git("merge", "topic")
        self.assertEqual(1, done.status)
        self.assertIn(
            "uc.txt:1: a: global-requirements.txt admits <2\n", done.err
        )

    def test_unreadable_line(self) -> None:
        """What is no list is merged as text, and left to a person."""
        case = Case(
            "a===1\nb===1\nc===1\nd===1\ne===1\n",
            "a===2\nb===1\nc===1\nd===1\ne===1\n",
            "a===1\nb===1\nc===1\nd===1\nno list\n",
            "a===2\nb===1\nc===1\nd===1\nno list\n",
        )
        self.branches({"list.txt": case})
        self.install("list.txt")
        done = self.try_git("merge", "topic")
        self.assertEqual(1, done.status)
        self.assertIn("list.txt (theirs):5:", done.err)
        self.assertIn("list.txt: merged as text", done.err)
        self.assertEqual({"list.txt": case.merged}, self.texts("list.txt"))
        self.assertEqual("UU list.txt", self.git("status", "--porcelain"))

    def test_no_text(self) -> None:
        """Where git cannot merge either, ours stays, as for any binary."""
        self.branches({"list.txt": CASES["neighbours.txt"]})
        self.git("checkout", "--quiet", "topic")
        (self.root / "list.txt").write_bytes(b"\0\xff")
        self.git("commit", "--quiet", "--all", "--message", "no text")
        self.git("checkout", "--quiet", "main")
        self.install("list.txt")
        done = self.try_git("merge", "topic")
        self.assertEqual(1, done.status)
        self.assertIn("list.txt: not merged", done.err)
        self.assertEqual(
            {"list.txt": "a===2\nb===1\n"}, self.texts("list.txt")
        )
        self.assertEqual("UU list.txt", self.git("status", "--porcelain"))

    def test_driver_that_is_gone(self) -> None:
        """A command that is not there any more loses nothing."""
        self.branches({"list.txt": CASES["neighbours.txt"]})
        self.install("list.txt")
        self.git("config", "merge.constraints.driver", "/nowhere %O %A %B")
        done = self.try_git("merge", "topic")
        self.assertNotEqual(0, done.status)
        self.git("reset", "--quiet", "--merge")
        self.assertEqual(
            {"list.txt": "a===2\nb===1\n"}, self.texts("list.txt")
        )
        self.assertEqual("", self.git("status", "--porcelain"))

    def test_driver_that_fails(self) -> None:
        """git gives up the merge, or leaves the file to a person."""
        self.branches({"list.txt": CASES["neighbours.txt"]})
        self.install("list.txt")
        self.git("config", "merge.constraints.driver", "exit 131")
        done = self.try_git("merge", "topic")
        self.assertNotEqual(0, done.status)
        self.assertIn(self.git("status", "--porcelain"), {"", "UU list.txt"})
        self.assertEqual(
            {"list.txt": "a===2\nb===1\n"}, self.texts("list.txt")
        )

    def test_environment_with_blanks(self) -> None:
        """The driver is found wherever its environment is."""
        self.branches({"list.txt": CASES["neighbours.txt"]})
        environment = self.folder / "it's 100% $HOME"
        environment.symlink_to(sys.prefix)
        python = environment / os.path.relpath(sys.executable, sys.prefix)
        subprocess.run(
            [
                *(str(python), "-m", "openstack_requirements"),
                *("merge-constraints", "--repository", str(self.root)),
                *("--install", "list.txt"),
            ],
            check=True,
            capture_output=True,
        )
        self.assertIn("100%%", self.git("config", "merge.constraints.driver"))
        done = self.try_git("merge", "topic")
        self.assertEqual(0, done.status, done.err)
        self.assertEqual(
            {"list.txt": "a===2\nb===2\n"}, self.texts("list.txt")
        )


class TestInstall(MergeTestCase):
    """What is written, and what is removed again."""

    def test_what_stood_there_stays(self) -> None:
        """Other attributes and settings are not touched, nor doubled."""
        path = Path(self.write(f"{self.root}/.git/info/attributes", "* text"))
        self.git("config", "merge.other.driver", "x %A")
        before = (self.root / ".git/config").read_text()
        self.install()
        once = path.read_text()
        self.install()
        self.assertEqual(once, path.read_text())
        self.assertEqual(
            "* text\n"
            "# constraints: written by --install\n"
            "global-requirements.txt merge=constraints\n"
            "upper-constraints.txt merge=constraints\n"
            "# constraints: the end\n",
            once,
        )
        self.assertEqual(0, self.run_here("--uninstall").status)
        self.assertEqual("* text\n", path.read_text())
        self.assertEqual(before, (self.root / ".git/config").read_text())
        done = self.run_here("--uninstall")
        self.assertEqual(
            (0, f"{self.root}: nothing was installed\n"),
            (done.status, done.err),
        )

    def test_settings_name_the_lists(self) -> None:
        """The lists are those of the repository's settings."""
        self.write(
            f"{self.root}/pyproject.toml",
            '[tool.openstack_requirements]\nupper-constraints = "pins.txt"\n',
        )
        self.install()
        for name, driver in (
            ("pins.txt", "constraints"),
            ("upper-constraints.txt", "unspecified"),
        ):
            self.assertEqual(
                f"{name}: merge: {driver}",
                self.git("check-attr", "merge", "--", name),
            )

    def test_patterns(self) -> None:
        """Whatever the name of a list, git finds it."""
        names = ['a "b" c.txt', "#x.txt", "tab\there.txt", "lists/a.txt"]
        self.install(*names)
        for name in names:
            self.assertIn(
                ": merge: constraints",
                self.git("check-attr", "merge", "--", name),
            )
        self.assertEqual('"a b"', git_driver.quoted("a b"))
        self.assertEqual("a*.txt", git_driver.quoted("a*.txt"))

    def test_hooks_do_not_run(self) -> None:
        """Nothing that the repository configures runs."""
        mark = self.folder / "ran"
        hostile = self.write("hostile", f"#!/bin/sh\ntouch '{mark}'\n")
        Path(hostile).chmod(0o755)
        for key in ("core.fsmonitor", "core.pager", "core.editor"):
            self.git("config", key, hostile)
        self.install()
        self.assertEqual(0, self.run_here("--uninstall").status)
        self.assertFalse(mark.exists())

    def test_not_a_repository(self) -> None:
        """Without a repository there is nothing to configure."""
        for option in ("--install", "--uninstall"):
            done = self.run_main(
                merge_constraints.main,
                *("--repository", str(self.folder), option),
            )
            self.assertEqual(3, done.status)
            self.assertIn("is not in a git repository", done.err)

    def test_wrong_usage(self) -> None:
        """Options that exclude each other, and files that are missing."""
        for argv, said in (
            ((), "name the base, ours and theirs"),
            (("a", "b"), "name the base, ours and theirs"),
            (("a", "b", "c", "x"), "x: is not the length"),
            (("--uninstall", "x"), "--uninstall takes no more files"),
            (("--resolve", "x", "y"), "--resolve takes no more files"),
            (("--install", "--reqs", "/nowhere"), "there is no such file"),
        ):
            with self.subTest(argv):
                done = self.run_here(*argv)
                self.assertEqual(2, done.status)
                self.assertIn(said, done.err)


class TestFiles(base.TestCase):
    """Three files are merged without git."""

    def merge(self, case: Case, *argv: str) -> base.Outcome:
        """Merge the files of a case."""
        self.paths = [
            self.write(name, text)
            for name, text in zip(case._fields[:3], case[:3], strict=True)
        ]
        return self.run_main(merge_constraints.main, *argv, *self.paths)

    def test_into_ours(self) -> None:
        """The result replaces ours, in one step, or is written elsewhere."""
        case = CASES["neighbours.txt"]
        self.assertEqual((0, case.merged, ""), self.merge(case, "-o", "-"))
        self.assertEqual(case.ours, Path(self.paths[1]).read_text())
        self.assertEqual((0, "", ""), self.merge(case))
        self.assertEqual(case.merged, Path(self.paths[1]).read_text())

    def test_conflicts(self) -> None:
        """Conflicts are marked, and listed with their lines."""
        done = self.merge(CONFLICT)
        ours = self.paths[1]
        self.assertEqual(
            (
                1,
                "",
                f"{ours}:1: a: removed on one side, changed on the other\n"
                f"{ours}:5: b: two versions\n",
            ),
            done,
        )
        self.assertEqual(CONFLICT.merged, Path(ours).read_text())

    def test_notes(self) -> None:
        """What was wrong before is told."""
        done = self.merge(
            Case("a>1\nb===1\nc===1\n", "a>1\nb===2\nc===1\n",
                 "a>1\nb===1\nc===2\n", "")
        )  # fmt: skip
        self.assertEqual(0, done.status)
        self.assertIn("warning: ", done.err)
        self.assertIn("a>1: not an exact version", done.err)

    def test_unreadable(self) -> None:
        """A bad line is an error with its place, and nothing is written."""
        done = self.merge(Case("", "a===1\n", "a b\n", ""))
        self.assertEqual(2, done.status)
        self.assertIn(f"{self.paths[2]}:1:", done.err)
        self.assertEqual("a===1\n", Path(self.paths[1]).read_text())

    def test_disk(self) -> None:
        """As a driver it gives the merge up where the disk fails."""

        def fail(_path: object, _text: str) -> bool:
            raise OutsideError("the disk is full")

        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_requirements.system.files.replace", fail
            )
        )
        case = CASES["neighbours.txt"]
        self.assertEqual(3, self.merge(case).status)
        done = self.run_main(
            merge_constraints.main, *self.paths, "7", "list.txt"
        )
        self.assertEqual((131, "", "the disk is full\n"), done)
        self.assertEqual(case.ours, Path(self.paths[1]).read_text())


class TestResolve(MergeTestCase):
    """A file with conflict markers is merged after all."""

    def resolve(self, *argv: str) -> base.Outcome:
        """Resolve the list of the repository."""
        return self.run_here("--resolve", str(self.root / "list.txt"), *argv)

    def test_all_styles(self) -> None:
        """Neighbours are merged in each of git's styles."""
        case = Case(
            "a===1\nb===1\nc===1\nd===1\n",
            "a===2\nb===1\nc===2\nd===1\n",
            "a===1\nb===2\nc===2\nd===2\n",
            "a===2\nb===2\nc===2\nd===2\n",
        )
        self.branches({"list.txt": case})
        for style in ("merge", "diff3", "zdiff3"):
            self.git("config", "merge.conflictStyle", style)
            self.assertEqual(1, self.try_git("merge", "topic").status)
            self.assertIn("<<<<<<<", self.texts("list.txt")["list.txt"])
            self.assertEqual((0, "", ""), self.resolve())
            self.assertEqual({"list.txt": case.merged}, self.texts("list.txt"))
            self.git("merge", "--abort")

    def test_what_remains(self) -> None:
        """What conflicts stays marked, with the names of the sides."""
        self.branches({"list.txt": CONFLICT})
        self.assertEqual(1, self.try_git("merge", "topic").status)
        self.assertEqual(1, self.resolve().status)
        marked = CONFLICT.merged.replace("< ours", "< HEAD")
        marked = marked.replace("> theirs", "> topic")
        self.assertEqual({"list.txt": marked}, self.texts("list.txt"))
        # What is marked by this command can be resolved as well.
        done = self.resolve("--policy", "theirs", "-o", "-")
        self.assertEqual((0, "a===2\nb===3\nc===2\n", ""), done)
        self.assertEqual({"list.txt": marked}, self.texts("list.txt"))

    def test_without_a_base(self) -> None:
        """Where nobody knows the base, all that differs conflicts."""
        path = self.write(
            "list.txt",
            "<<<<<<< a\na===1\nb===1\n=======\na===2\nb===1\n>>>>>>> b\n",
        )
        done = self.run_here("--resolve", path)
        self.assertEqual((1, "", f"{path}:1: a: two versions\n"), done)
        done = self.run_here("--resolve", path, "--policy", "ours")
        self.assertEqual((0, "", ""), done)
        self.assertEqual("a===1\nb===1\n", Path(path).read_text())

    def test_no_markers(self) -> None:
        """A file without conflicts, or with half of one, is an error."""
        for text, said in (
            ("a===1\n", "has no conflict markers"),
            ("a===1\n<<<<<<< x\n", "list.txt:2: a conflict that does not end"),
            ("=======\n", "list.txt:1: a conflict marker that has no place"),
        ):
            path = self.write("list.txt", text)
            done = self.run_here("--resolve", path)
            self.assertEqual(2, done.status)
            self.assertIn(said, done.err)
            self.assertEqual(text, Path(path).read_text())
