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
"""check-requirements on projects in folders and in git."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any
from unittest import mock

import fixtures

from openstack_requirements.cmds import check_requirements, progress
from openstack_requirements.manifests import loader
from openstack_requirements.system import files
from openstack_requirements.tests import base, forks

GLOBAL = "foo>=1.0  # MIT\nbar>=2.0  # BSD\npbr>=2.0.0  # Apache-2.0\n"
CURRENT = "foo\nbar\npbr\n"
GOOD = "foo>=1.0 # MIT\n"
BUILD = '[build-system]\nrequires = ["pbr>=6"]\nbuild-backend = "pbr.build"\n'


class CheckTestCase(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.reqs = self.folder / "reqs"
        self.lists(GLOBAL)
        self.project = self.folder / "project"
        self.files(requirements=GOOD)

    def lists(self, text: str, folder: str = "reqs", **more: str) -> None:
        self.write(f"{folder}/global-requirements.txt", text)
        for name, content in more.items():
            self.write(f"{folder}/{name}.txt", content)

    def files(self, **texts: str) -> None:
        for name, text in texts.items():
            self.write(f"project/{name}.txt", text)

    def check(self, *argv: str) -> base.Outcome:
        done = self.run_main(
            check_requirements.main, "--reqs", str(self.reqs), *argv
        )
        self.assertNotIn("Traceback", done.err)
        return done

    def found(self, *argv: str) -> list[str]:
        """The findings, as rule and package."""
        done = self.check(*argv, "--format", "json", str(self.project))
        data = json.loads(done.out)
        found = [
            f"{each['rule']} {each['package']}" for each in data["findings"]
        ]
        errors = any(e["severity"] == "error" for e in data["findings"])
        self.assertEqual((int(errors), ""), (done.status, done.err))
        return sorted(found)

    def git(self, *words: str, folder: Path | None = None) -> str:
        return subprocess.run(
            [
                *("git", "--no-optional-locks"),
                *("-C", str(folder or self.project)),
                *("-c", "user.email=nobody@example.org"),
                *(
                    "-c",
                    "user.name=Nobody",
                    "-c",
                    "protocol.file.allow=always",
                ),
                *words,
            ],
            check=True,
            capture_output=True,
            encoding="utf-8",
        ).stdout

    def commit(self, **texts: str) -> None:
        if not (self.project / ".git").exists():
            self.git("init", "-q", "-b", "master")
        self.files(**texts)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")


class TestWhoseChange(CheckTestCase):
    """The acceptance of real changes in real repositories."""

    def setUp(self) -> None:
        super().setUp()
        self.commit(requirements="old>=1\nfoo>=1.0 # MIT\n")
        self.git("branch", "base")

    def untouched(self, *argv: str) -> list[str]:
        """The findings; git sees no trace of the command."""
        before = self.state()
        found = self.found(*argv)
        self.assertEqual(before, self.state())
        return found

    def state(self) -> tuple[str, ...]:
        index = self.project / ".git/index"
        return (
            self.git("status", "--porcelain=v2", "--branch"),
            self.git("rev-parse", "HEAD"),
            self.git("for-each-ref"),
            str(index.read_bytes()),
            str(index.stat().st_mtime_ns),
        )

    def test_what_stood_there_is_not_judged(self) -> None:
        self.commit(requirements="old>=1\nfoo>=1.0 # MIT\nnew>=1\n")
        self.assertEqual(["unknown-requirement new"], self.untouched())
        self.assertEqual(
            ["unknown-requirement new", "unknown-requirement old"],
            self.untouched("--local"),
        )
        self.assertEqual(
            ["unknown-requirement new"], self.untouched("--against", "base")
        )

    def test_a_merge(self) -> None:
        self.git("checkout", "-q", "-b", "topic")
        self.commit(requirements="old>=1\nfoo>=1.0 # MIT\nnew>=1\n")
        self.git("checkout", "-q", "master")
        self.commit(other="another>=1\n")
        self.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
        self.assertEqual(["unknown-requirement new"], self.untouched())
        self.git("checkout", "-q", "--detach")
        self.assertEqual(["unknown-requirement new"], self.untouched())

    def test_a_dirty_tree(self) -> None:
        self.commit(requirements="old>=1\nfoo>=1.0 # MIT\n", note="x")
        self.files(requirements="old>=1\nfoo>=1.0 # MIT\ndirty>=1\n")
        self.assertEqual(["unknown-requirement dirty"], self.untouched())

    def test_the_first_commit(self) -> None:
        self.git("checkout", "-q", "--orphan", "fresh")
        self.commit()
        self.assertEqual(["unknown-requirement old"], self.untouched())

    def test_a_shallow_clone(self) -> None:
        self.commit(requirements="old>=1\nnew>=1\n")
        for depth, status in (("1", 2), ("2", 1)):
            clone = self.folder / f"clone{depth}"
            url = f"file://{self.project}"
            self.git(
                *("clone", "-q", "--depth", depth, url, str(clone)),
                folder=self.folder,
            )
            done = self.check(str(clone))
            self.assertEqual(status, done.status, done.err)
            if status == 2:
                self.assertIn("shallow clone", done.err)
                self.assertIn("--local", done.err)
            else:
                self.assertIn("new is not in", done.out)
                self.assertNotIn("old is not in", done.out)

    def test_stable(self) -> None:
        self.commit(requirements="foo>=1.0 # MIT\nfoo>=1.0 # MIT\n")
        self.assertEqual(["duplicate-entry foo"], self.untouched())
        done = self.check(str(self.project), "stable/2026.1")
        self.assertEqual(0, done.status)

    def test_against_counts_what_was_there(self) -> None:
        self.commit(requirements="old>=1\nnew>=1\n")
        done = self.check("--against", "base", str(self.project))
        self.assertIn("1 error, 1 there before", done.out)
        for revision, reason in (
            ("nosuch", "git finds no such commit"),
            ("^HEAD", "is not a git revision"),
        ):
            done = self.check("--against", revision, str(self.project))
            self.assertEqual((2, ""), (done.status, done.out))
            self.assertIn(f"{revision}: {reason}", done.err)
            self.assertEqual(1, len(done.err.splitlines()))

    def test_a_fix_leaves_what_was_there(self) -> None:
        self.commit(requirements="foo>=1.0,!=1.5 # MIT\n")
        self.git("branch", "-f", "base")
        known = "foo>=1.0,!=1.5 # MIT\n"
        self.files(requirements=f"{known}foo[x]>=1.0,!=1.5 # MIT\n")
        done = self.check("--against", "base", "--fix", str(self.project))
        self.assertEqual(0, done.status, done.out)
        path = self.project / "requirements.txt"
        self.assertEqual(f"{known}foo[x]>=1.0 # MIT\n", path.read_text())

    def test_as_many_as_there_were_are_not_new(self) -> None:
        """Findings that look the same are counted, and not just seen."""
        self.commit(requirements="old>=1\nold>=1\nold>=1\n")
        done = self.check("--against", "base", str(self.project))
        self.assertEqual(2, done.out.count("old is not in"), done.out)
        self.assertIn(", 1 there before", done.out)
        done = self.check("--against", "HEAD", str(self.project))
        self.assertEqual(0, done.out.count("old is not in"), done.out)

    def test_what_is_new_is_told_by_what_it_is(self) -> None:
        """Not by its place, and not by how many there are."""
        good = "foo>=1.0 # MIT\n"
        for text, found in (
            (f"new>=1\nold>=1\n{good}", ["unknown-requirement new"]),
            (f"new>=1\n{good}", ["unknown-requirement new"]),
            (f"old>=2\n{good}", ["unknown-requirement old"]),
            (f"\n\nold>=1\n{good}", []),
            (good, []),
        ):
            self.commit(requirements=text)
            self.assertEqual(found, self.untouched("--against", "base"))

    def test_waivers_that_stood_there_are_not_judged(self) -> None:
        waived = (
            "foo>=1.0 # MIT # requirements: "
            "ignore[unknown-requirement] why until 2999-01-01\n"
        )
        self.commit(requirements=waived)
        self.assertNotEqual([], self.found())
        self.commit(requirements=f"{waived}new>=1\n")
        self.assertEqual(["unknown-requirement new"], self.found())
        self.assertEqual(2, len(self.found("--local")))

    def test_a_file_that_could_not_be_read(self) -> None:
        """The others of its revision count."""
        more = {"test-requirements": "older>=1\n"}
        self.write("project/setup.cfg", "[")
        self.write("project/pyproject.toml", "[")
        self.commit(**more)
        # The first of all: the others are behind it.
        self.write("project/requirements.txt", b"\xff")
        self.commit()
        self.git("branch", "-f", "base")
        os.unlink(self.project / "setup.cfg")
        os.unlink(self.project / "pyproject.toml")
        self.commit(requirements="newer>=1\nfoo>=1.0 # MIT\n")
        self.assertEqual(
            ["unknown-requirement newer"], self.found("--against", "base")
        )

    def test_what_a_link_was_called_is_no_requirement(self) -> None:
        """Git keeps the target of a link where a file's content would be."""
        path = self.project / "requirements.txt"
        path.unlink()
        path.symlink_to("new>=1")
        self.commit()
        path.unlink()
        self.commit(requirements="new>=1\n")
        for argv in ((), ("--against", "HEAD~1")):
            self.assertEqual(["unknown-requirement new"], self.found(*argv))

    def test_against_under_the_current_policy(self) -> None:
        self.lists(CURRENT, denylist="")
        self.write("project/pyproject.toml", BUILD)
        self.commit(requirements="foo\n")
        self.commit(requirements="foo\nbar\n")
        self.assertEqual(
            ["no-lower-bound bar"], self.untouched("--against", "HEAD~1")
        )
        self.assertEqual(
            ["no-lower-bound bar", "no-lower-bound foo"], self.untouched()
        )

    def test_a_target_that_cannot_be_read(self) -> None:
        (self.project / "requirements.txt").write_bytes(b"\xff\xfe")
        (self.project / "pyproject.toml").write_text("[broken")
        self.commit()
        (self.project / "pyproject.toml").unlink()
        self.commit(requirements="new>=1\n")
        self.assertEqual(["unknown-requirement new"], self.untouched())

    def test_a_project_in_a_subfolder(self) -> None:
        self.write("project/sub/requirements.txt", "old>=1\n")
        self.commit()
        self.write("project/sub/requirements.txt", "old>=1\nnew>=1\n")
        self.commit()
        done = self.check(str(self.project / "sub"))
        self.assertIn("new is not in", done.out)
        self.assertNotIn("old is not in", done.out)


class TestNothingToJudge(CheckTestCase):
    def test_a_folder_without_manifests(self) -> None:
        tree = str(self.folder / "tree")
        os.mkdir(tree)
        self.write("tree/nova/setup.cfg", "")
        done = self.check("--local", tree)
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertEqual(
            f"{tree}: has no file that declares requirements "
            "(pyproject.toml, setup.cfg, requirements.txt, ...): name the "
            f"folder of a project, such as {tree}/nova\n",
            done.err,
        )

    def test_a_change_that_removes_the_last_manifest(self) -> None:
        self.commit(requirements=GOOD)
        self.git("rm", "-q", "requirements.txt")
        self.git("commit", "-q", "-m", "x")
        self.project.mkdir(exist_ok=True)
        done = self.check("--policy", "classic", str(self.project))
        self.assertEqual((0, ""), (done.status, done.err))
        self.assertIn("0 files, 0 changed entries: no findings", done.out)

    def test_an_empty_list_of_projects(self) -> None:
        path = self.write("projects.txt", "# nothing yet\n")
        self.assertEqual(
            (2, "", f"{path}: names no project: there is nothing to judge\n"),
            self.check("--projects", path, "--root", str(self.folder)),
        )


class TestUsage(CheckTestCase):
    def test_not_in_git(self) -> None:
        done = self.check(str(self.project))
        self.assertEqual((3, ""), (done.status, done.out))
        self.assertIn("is not in a git repository", done.err)
        self.assertIn("--local", done.err)
        self.assertEqual([], self.found("--local"))

    def test_a_broken_repository(self) -> None:
        self.commit()
        (self.project / ".git" / "config").write_text("[core\n")
        for more in ((), ("--against", "HEAD"), ("--fix", "--diff")):
            done = self.check(*more, str(self.project))
            self.assertEqual((3, ""), (done.status, done.out))
            self.assertIn("git cannot read it: bad config line 1", done.err)
            self.assertEqual(1, len(done.err.splitlines()))
        self.assertEqual([], self.found("--local"))

    def test_what_is_missing(self) -> None:
        for argv, words in (
            ((str(self.folder / "nosuch"), "--local"), "does not exist"),
            (("--reqs", str(self.folder), "--local"), "name the requirements"),
            (("--local", "--against", "x"), "does not go with"),
            (("--projects", "x"), "--projects needs --root"),
            (("--rehearse",), "--rehearse needs --baseline"),
            (("x", "--project", "y"), "SRC_DIR does not go"),
            (("--policy", "other"), "invalid choice"),
        ):
            done = self.check(*argv)
            self.assertEqual((2, ""), (done.status, done.out), words)
            self.assertIn(words, done.err)

    def test_policy(self) -> None:
        self.files(requirements="foo\n")
        self.assertEqual(["comment-mismatch foo"], self.found("--local"))
        self.assertEqual(
            ["no-lower-bound foo"],
            self.found("--local", "--policy", "current"),
        )
        self.assertEqual(
            ["build-system None", "no-lower-bound foo"],
            self.found(
                *("--local", "--policy", "current"),
                *("--build-backend", "pbr.build"),
            ),
        )

    def test_backports_and_never(self) -> None:
        self.lists(CURRENT, denylist="Never.x\n", backports="Foo\n")
        self.write("project/pyproject.toml", BUILD)
        self.files(requirements="foo>=1;python_version<'3.8'\nnever_x==1\n")
        self.assertEqual([], self.found())


class TestHostile(CheckTestCase):
    """Projects that mean harm: findings or a clear error, quickly."""

    def judged(self) -> base.Outcome:
        done = self.check("--local", str(self.project))
        self.assertIn(done.status, (1, 2))
        text = done.out + done.err
        self.assertTrue(
            all(char.isprintable() or char == "\n" for char in text), text
        )
        self.assertLess(len(text), 20_000)
        return done

    def test_a_link_out_of_the_tree(self) -> None:
        secret = self.write("secret.txt", "password\n")
        (self.project / "requirements.txt").unlink()
        os.symlink(secret, self.project / "requirements.txt")
        done = self.judged()
        self.assertIn("outside of the project", done.err)
        self.assertNotIn("password", done.out + done.err)

    def test_a_huge_file(self) -> None:
        with open(self.project / "requirements.txt", "wb") as file:
            file.truncate(100 * 1024 * 1024)
        self.assertIn("is larger than", self.judged().err)

    def test_not_text(self) -> None:
        (self.project / "requirements.txt").write_bytes(b"foo>=1\n\xff\n")
        self.assertIn("requirements.txt:2: is not UTF-8", self.judged().err)

    def test_deep_toml(self) -> None:
        self.write("project/pyproject.toml", "a = " + "[" * 1000)
        self.assertIn("pyproject.toml:1", self.judged().err)

    def test_code_is_not_run(self) -> None:
        mark = self.folder / "ran"
        code = f"open({str(mark)!r}, 'w').write('x')\n"
        for name in ("setup.py", "conftest.py", "sitecustomize.py"):
            self.write(f"project/{name}", code)
        self.files(requirements="evil>=1\n")
        done = self.check("--local", "--fix", str(self.project))
        self.assertEqual(1, done.status)
        self.assertFalse(mark.exists())

    def test_names_that_drive_a_terminal(self) -> None:
        self.project.rename(self.folder / "a\n\x1b[31mb")
        self.project = self.folder / "a\n\x1b[31mb"
        (self.project / "requirements.txt").write_text(
            "evil\x1b[2J>=1\n-e \x1b]0;x\x07\n"
        )
        self.judged()

    def test_pipes_and_folders(self) -> None:
        (self.project / "requirements.txt").unlink()
        os.mkfifo(self.project / "requirements.txt")
        os.mkdir(self.project / "setup.cfg")
        self.assertIn("is not a regular file", self.judged().err)

    def test_groups_that_include_each_other(self) -> None:
        self.lists(CURRENT)
        names = [f"g{number}" for number in range(22)]
        items = ", ".join(f'{{include-group = "{name}"}}' for name in names)
        groups = "".join(f"{name} = [{items}, {items}]\n" for name in names)
        path = "project/pyproject.toml"
        self.write(path, f"{BUILD}[dependency-groups]\n{groups}")
        done = self.run_process(
            *("check-requirements", "--local", "--reqs", str(self.reqs)),
            str(self.project),
        )
        self.assertEqual((1, ""), (done.status, done.err))
        self.assertIn("[group-cycle]", done.out)

    def test_what_is_too_much_is_told(self) -> None:
        self.write("project/pyproject.toml", f"a = {'9' * 5000}\n")
        self.files(**{"test-requirements": "foo\n" * 5_001})
        done = self.check("--local", str(self.project))
        self.assertEqual((2, ""), (done.status, done.out))
        for place in ("test-requirements.txt:5001: ", "pyproject.toml:1:5: "):
            self.assertIn(f"{self.project}/{place}", done.err)


class TestMany(CheckTestCase):
    def many(self, number: int) -> list[str]:
        names = []
        for each in range(number):
            names.append(f"org/p{each:02}")
            bad = "nosuch>=1\n" if each % 5 == 0 else GOOD
            folder = names[-1] if each % 2 else f"p{each:02}"
            self.write(f"tree/{folder}/requirements.txt", bad)
        return names

    def test_one_bad_project_does_not_stop_the_others(self) -> None:
        self.write("broken/pyproject.toml", "[x")
        self.write("worse/requirements.txt", "nosuch>=1\n")
        done = self.check(
            *("--local", "--project", str(self.folder / "broken")),
            *("--project", str(self.project)),
            *("--project", str(self.folder / "worse")),
        )
        self.assertEqual(2, done.status)
        self.assertIn("pyproject.toml:1", done.err)
        self.assertIn("worse/requirements.txt:1: nosuch", done.out)

    def test_side_by_side_is_the_same(self) -> None:
        names = self.many(30)
        listed = self.write("projects.txt", "\n".join(names))
        argv = ("--local", "--projects", listed, "--root")
        root = str(self.folder / "tree")
        alone = self.check(*argv, root, "--jobs", "1")
        shared = self.check(*argv, root, "--jobs", "3")
        self.assertEqual(alone, shared)
        self.assertEqual(1, alone.status)
        self.assertEqual(6, alone.out.count("nosuch is not in"))

    def test_nothing_forks_beside_a_thread(self) -> None:
        """A fork has the locks of other threads, but not those threads."""
        before = set(threading.enumerate())
        beside: list[set[threading.Thread]] = []
        shown: list[tuple[int, int]] = []
        fork = os.fork
        share = progress.Bar.share

        def forks() -> int:
            beside.append(set(threading.enumerate()) - before)
            return fork()

        def shares(
            bar: progress.Bar, what: str, done: int, total: int
        ) -> None:
            shown.append((done, total))
            share(bar, what, done, total)

        self.useFixture(fixtures.MonkeyPatch("os.fork", forks))
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_requirements.cmds.progress.Bar.share", shares
            )
        )
        # As if stderr were a terminal, where a bar is shown.
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_requirements.cmds.progress.bar_for_stderr",
                lambda quiet: progress.Progress() if quiet else progress.Bar(),
            )
        )
        listed = self.write("projects.txt", "\n".join(self.many(30)))
        done = self.check(
            *("--local", "--projects", listed, "--jobs", "3"),
            *("--root", str(self.folder / "tree")),
        )
        self.assertEqual(1, done.status, done.err)
        self.assertEqual([set()] * 3, beside)
        self.assertEqual([(n, 30) for n in range(1, 31)], shown)

    def test_a_broken_repository_among_many(self) -> None:
        """All the other verdicts are there, whoever judges."""
        names = self.many(30)
        tree = self.folder / "tree"
        self.git("init", "-q", folder=tree)
        self.git("add", "-A", folder=tree)
        for _ in range(2):
            self.git("commit", "-qm", "x", "--allow-empty", folder=tree)
        self.write("tree/org/p07/requirements.txt", "nosuch>=1\n")
        broken = tree / "org" / "p09"
        self.git("init", "-q", folder=broken)
        (broken / ".git" / "config").write_text("[core\n")
        listed = self.write("projects.txt", "\n".join(names))
        argv = ("--projects", listed, "--root", str(tree))
        for more in ((), ("--against", "HEAD")):
            alone = self.check(*argv, *more, "--jobs", "1")
            shared = self.check(*argv, *more, "--jobs", "3")
            self.assertEqual(alone, shared)
            self.assertEqual(3, alone.status)
            self.assertEqual(1, alone.out.count("nosuch is not in"))
            self.assertIn("\n29 projects: 29 files, ", alone.out)
            line, *others = alone.err.splitlines()
            self.assertEqual([], others)
            self.assertIn(f"{broken}: git cannot read it: bad config", line)

    def test_a_missing_checkout(self) -> None:
        listed = self.write(
            "projects.txt", "org/gone\norg/p00\norg/p01\norg/away\n"
        )
        self.many(2)
        argv = ["--local", "--projects", listed]
        argv += ["--root", str(self.folder / "tree")]
        done = self.check(*argv)
        self.assertEqual(2, done.status)
        missing = [
            f"{listed}:{number}: there is no checkout of org/{name} in "
            f"{self.folder / 'tree'}"
            for number, name in ((1, "gone"), (4, "away"))
        ]
        self.assertEqual(missing, done.err.splitlines())
        # The rest is judged all the same.
        for name in ("p00", "p01"):
            self.assertIn(f"/{name} ", done.out)
        self.assertEqual(missing, self.check("--fix", *argv).err.splitlines())

    def test_no_checkout_at_all(self) -> None:
        listed = self.write("projects.txt", "org/gone\n")
        done = self.check(
            *("--local", "--projects", listed, "--root", str(self.folder))
        )
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertIn("projects.txt:1: there is no checkout", done.err)


class TestFix(CheckTestCase):
    def test_fix_and_diff(self) -> None:
        text = "# head\nfoo>=1.0,!=1.5\nnosuch>=1\nbar>=2.0;os_name=='nt'\n"
        self.files(requirements=text)
        path = self.project / "requirements.txt"
        argv = ("--local", str(self.project))
        done = self.check("--diff", *argv)
        self.assertEqual(text, path.read_text())
        self.assertIn("+foo>=1.0 # MIT\n", done.err)
        self.assertEqual(1, done.status)
        done = self.check("--fix", "--diff", *argv)
        self.assertIn("-foo>=1.0,!=1.5\n", done.err)
        self.assertEqual(f"{path}: written", done.err.splitlines()[-1])
        self.assertEqual(
            "# head\nfoo>=1.0 # MIT\nnosuch>=1\nbar>=2.0 # BSD\n",
            path.read_text(),
        )
        self.assertEqual(["unknown-requirement nosuch"], self.found("--local"))
        done = self.check("--fix", *argv)
        self.assertNotIn("written", done.err)

    def test_toml_and_cfg_keep_the_rest(self) -> None:
        self.lists(CURRENT, denylist="", **{"upper-constraints": "foo===3\n"})
        self.write(
            "project/pyproject.toml",
            f"{BUILD}[project]\ndependencies = [\n  'foo',  # why\n]\n",
        )
        self.write("project/setup.cfg", "[extras]\nx =\n\tfoo>=1,<2  # cap\n")
        done = self.check("--fix", "--local", str(self.project))
        self.assertEqual(0, done.status, done.out + done.err)
        self.assertIn(
            "  'foo>=3',  # why\n",
            (self.project / "pyproject.toml").read_text(),
        )
        self.assertEqual(
            ["[extras]", "x", "=", "foo>=1", "#", "cap"],
            (self.project / "setup.cfg").read_text().split(),
        )

    def test_what_cannot_be_written_is_said(self) -> None:
        text = "foo>=1.0,!=1.5\n"
        self.files(requirements=text)
        path = self.project / "requirements.txt"
        with (
            forks.locked(path),
            mock.patch.object(files, "LONGEST_WAIT", 0),
        ):
            done = self.check("--fix", "--local", str(self.project))
        self.assertEqual(3, done.status)
        self.assertIn(f"{path}: another process has the lock", done.err)
        self.assertNotIn(": written", done.err)
        self.assertEqual(text, path.read_text())

    def test_a_project_that_changes_meanwhile(self) -> None:
        """Another edit comes between computing the fix and writing it."""
        self.files(requirements="foo>=1.0,!=1.5\n")
        path = self.project / "requirements.txt"
        real = loader.write
        edits = ["# late\n"]

        def late(root: str, *contents: Any, **more: Any) -> bool:
            if edits:
                text = edits.pop()
                files.edit(path, lambda old: text + old)
            return real(root, *contents, **more)

        with mock.patch.object(loader, "write", late):
            self.check("--fix", "--local", str(self.project))
        self.assertEqual("# late\nfoo>=1.0 # MIT\n", path.read_text())

    def test_what_is_shown_is_what_is_made(self) -> None:
        self.lists("foo>=1.2  # MIT\nbar>=2.0;os_name=='nt'  # BSD\n")
        self.write(
            "project/setup.cfg",
            "[extras]\nx =\n  foo==1.0 # MIT\n  bar>=2.0 # BSD\n",
        )
        self.write(
            "project/pyproject.toml",
            '[dependency-groups]\nx = ["foo==1.0", "bar>=2.0"]\n',
        )
        self.files(requirements="foo==1.0 # MIT\nbar>=2.0 # BSD\n")
        shown = self.check(
            "--local", "--format", "json", str(self.project)
        ).out
        fixes = {
            (each["file"], each["package"]): each["fix"]
            for each in json.loads(shown)["findings"]
        }
        done = self.check("--local", "--fix", str(self.project))
        self.assertEqual(0, done.status, done.out)
        for (file, _), fix in fixes.items():
            written = Path(file).read_text(encoding="utf-8")
            self.assertIn(fix.removeprefix("write "), written)
        self.assertEqual(6, len(fixes))

    def test_duplicates_go(self) -> None:
        self.files(requirements="foo>=1.0 # MIT\nfoo>=1.0 # MIT\n")
        self.check("--fix", "--local", str(self.project))
        self.assertEqual(GOOD, (self.project / "requirements.txt").read_text())


class TestWaivers(CheckTestCase):
    def test_inline_and_listed(self) -> None:
        self.files(
            requirements="nosuch>=1  # requirements: "
            "ignore[unknown-requirement] it moves until 2999-01-01\n"
            "other>=1\n"
        )
        self.write(
            "reqs/waivers.yaml",
            "- project: project\n  package: other\n"
            "  rule: unknown-requirement\n  reason: agreed\n"
            "  until: 2999-01-01\n",
        )
        done = self.check("--local", str(self.project))
        self.assertEqual(0, done.status, done.out)
        self.assertIn("2 waived", done.out)
        self.assertIn("agreed", done.out)

    def test_past_its_date(self) -> None:
        self.files(
            requirements="nosuch>=1  # requirements: "
            "ignore[unknown-requirement] it moves until 2001-01-01\n"
        )
        self.assertEqual(
            ["unknown-requirement nosuch", "waiver-expired None"],
            self.found("--local"),
        )

    def test_the_place_of_the_list(self) -> None:
        """It is the repository's, wherever the project is."""
        self.files(requirements="nosuch>=1\n")
        self.write(
            "reqs/waivers.yaml",
            "- project: project\n  package: nosuch\n"
            "  rule: unknown-requirement\n  reason: agreed\n"
            "  until: 2001-01-01\n",
        )
        # A path from here: to another one nothing could be added.
        reqs = os.path.relpath(self.reqs)
        done = self.check(
            "--reqs", reqs, "--local", "--format", "json", str(self.project)
        )
        places = {
            each["rule"]: each["file"]
            for each in json.loads(done.out)["findings"]
        }
        self.assertEqual(
            {
                "unknown-requirement": f"{self.project}/requirements.txt",
                "waiver-expired": os.path.join(reqs, "waivers.yaml"),
            },
            places,
        )

    def test_what_is_waived_is_not_fixed(self) -> None:
        text = (
            "foo>=1.0,!=1.5 # MIT  # requirements: "
            "ignore[exclusion-not-global] broken until 2999-01-01\n"
        )
        self.files(requirements=text)
        self.check("--fix", "--local", str(self.project))
        self.assertEqual(text, (self.project / "requirements.txt").read_text())

    def test_what_is_waived_stays_beside_what_is_fixed(self) -> None:
        waiver = (
            "# requirements: ignore[exclusion-not-global] broken "
            "until 2999-01-01"
        )
        wrong = f"foo>=1.0,!=1.5;os_name=='nt' # BSD  {waiver}\n"
        right = f"foo>=1.0,!=1.5 # MIT  {waiver}\n"
        self.files(requirements=wrong)
        done = self.check("--local", str(self.project))
        self.assertIn(f"fix: write {right}", done.out)
        done = self.check("--fix", "--local", str(self.project))
        self.assertEqual(0, done.status, done.out)
        path = self.project / "requirements.txt"
        self.assertEqual(right, path.read_text())

    def test_what_is_waived_stays_where_another_one_is_missing(self) -> None:
        self.lists("foo>=1;os_name=='nt'\nfoo>=2;os_name!='nt'\n")
        waived = (
            "foo>=1,!=1.5;os_name=='nt' # requirements: "
            "ignore[exclusion-not-global] broken until 2999-01-01\n"
        )
        self.files(requirements=waived)
        done = self.check("--fix", "--local", str(self.project))
        self.assertEqual(0, done.status, done.out)
        path = self.project / "requirements.txt"
        self.assertEqual(f"{waived}foo>=2;os_name!='nt'\n", path.read_text())


class TestRehearsal(CheckTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.lists(GLOBAL, "old")
        self.lists(GLOBAL.replace("foo>=1.0", "foo>=1.0,<2") + "baz>=1\n")
        for name, text in (
            ("fine", "bar>=2.0 # BSD\n"),
            ("breaks", "foo>=2.5 # MIT\n"),
            ("mended", "baz>=1\n"),
            ("bad", "nosuch>=1\n"),
        ):
            self.write(f"tree/{name}/requirements.txt", text)

    def rehearse(self, *argv: str) -> base.Outcome:
        names = ("fine", "breaks", "mended", "bad")
        projects = [f"--project={self.folder / 'tree' / n}" for n in names]
        return self.check(
            *("--rehearse", "--baseline", str(self.folder / "old")),
            *projects,
            *argv,
        )

    def test_text(self) -> None:
        done = self.rehearse()
        self.assertEqual((1, ""), (done.status, done.err))
        first, second = done.out.split("would pass, and fail now:")
        self.assertIn("breaks", first)
        self.assertIn("[no-common-version]", first)
        self.assertIn("+ ", first)
        self.assertIn("foo>=1.0,<2", first)
        self.assertIn("mended", second)
        self.assertIn("    fixed: ", second)
        self.assertNotIn("fine", done.out)
        self.assertIn(
            "\n4 projects: 1 would fail, and pass now; 1 would pass, and fail "
            "now; 2 as they are now\n",
            second,
        )

    def test_json(self) -> None:
        data = json.loads(self.rehearse("--format", "json").out)
        found = {
            os.path.basename(each["project"]): (
                each["passed"],
                each["passes"],
                len(each["broken"]),
                len(each["mended"]),
            )
            for each in data["projects"]
        }
        self.assertEqual(
            {
                "fine": (True, True, 0, 0),
                "breaks": (True, False, 1, 0),
                "mended": (False, True, 0, 1),
                "bad": (False, False, 0, 0),
            },
            found,
        )

    def test_nothing_breaks(self) -> None:
        self.lists(GLOBAL)
        self.assertEqual(0, self.rehearse().status)

    def test_another_format(self) -> None:
        done = self.rehearse("--format", "json", "--output", "/nonexistent/x")
        self.assertEqual(2, done.status)
