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
"""update-requirements, from its arguments to the files."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import fixtures

from openstack_requirements.cmds import update_requirements
from openstack_requirements.errors import OutsideError
from openstack_requirements.manifests import loader, setup_py
from openstack_requirements.pep508.entries import HEADING
from openstack_requirements.system import files
from openstack_requirements.tests import base, forks
from openstack_requirements.tests.test_locks import CHANGING

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = "".join(f"{line}\n" for line in HEADING)
CFG = "[metadata]\nname = x\n[extras]\na =\n  foo>=1 # MIT\n"


# Runs the command, and dies when it has replaced so many files.
KILLED_AFTER = """\
import os, signal, sys
from openstack_requirements.system import files
from openstack_requirements.cmds import update_requirements

def replace(*args, real=files.replace, left=[int(sys.argv[1])]):
    real(*args)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)

files.replace = replace
update_requirements.main(["--source", "lists", "proj"])
"""


class Update(base.TestCase):
    """A repository of lists, and a project."""

    def setUp(self) -> None:
        super().setUp()
        self.write("lists/global-requirements.txt", "foo>=2 # MIT\nbar>=1\n")
        self.write("lists/blacklist.txt", "never\n")
        self.write("proj/requirements.txt", "foo>=1 # BSD\n# c\nnever\n")
        self.write("proj/setup.cfg", CFG)
        self.useFixture(fixtures.EnvironmentVariable("NON_STANDARD_REQS"))
        before = Path.cwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, before)

    def update(self, *argv: str) -> base.Outcome:
        return self.run_main(
            update_requirements.main, "--source", "lists", *argv
        )

    def assert_in_step(self) -> None:
        """Nothing is due, which is said of the files that were read."""
        files = len(self.files())
        word = "file" if files == 1 else "files"
        self.assertEqual(
            (0, "", f"proj: {files} {word}: no change is due\n"),
            self.update("--check", "proj"),
        )

    def apply(self, diff: str) -> None:
        """What a person does with a diff."""
        subprocess.run(
            ["git", "apply", "-p0", "--whitespace=nowarn"],
            input=diff.encode(),
            env={**os.environ, "GIT_CEILING_DIRECTORIES": "/"},
            check=True,
        )

    def files(self, folder: str = "proj") -> dict[str, str]:
        root = self.folder / folder
        return {
            path.relative_to(root).as_posix(): path.read_bytes().decode()
            for path in root.rglob("*")
            if path.is_file()
        }


class TestUpdate(Update):
    def test_writes_and_tells(self) -> None:
        done = self.update("proj")
        self.assertEqual(
            (
                0,
                "proj/requirements.txt:1: foo>=1 # BSD -> foo>=2 # MIT\n"
                "proj/setup.cfg:5: [a] foo>=1 # MIT -> foo>=2 # MIT\n",
                "proj/requirements.txt: written, 1 change\n"
                "proj/setup.cfg: written, 1 change\n",
            ),
            done,
        )
        self.assertEqual(
            {
                "requirements.txt": f"{HEAD}foo>=2 # MIT\n# c\nnever\n",
                "setup.cfg": CFG.replace(">=1", ">=2"),
            },
            self.files(),
        )
        self.assert_in_step()

    def test_check_and_diff_write_nothing(self) -> None:
        before = self.files()
        done = self.update("--check", "proj")
        self.assertEqual((1, ""), (done.status, done.err))
        self.assertIn("requirements.txt:1: foo>=1 # BSD -> ", done.out)
        diff = self.update("--diff", "proj")
        self.assertEqual((0, ""), (diff.status, diff.err))
        both = self.update("--diff", "--check", "proj")
        self.assertEqual((1, diff.out), (both.status, both.out))
        self.assertEqual(before, self.files())
        self.apply(diff.out)
        self.assert_in_step()

    def test_diff_of_a_file_without_last_line_end(self) -> None:
        self.write("proj/setup.cfg", CFG.replace("\n", "\r\n")[:-2])
        diff = self.update("--diff", "proj").out
        self.assertIn("\\ No newline at end of file\n", diff)
        self.apply(diff)
        self.assert_in_step()

    def test_suffix_touches_no_original(self) -> None:
        self.write("proj/doc/requirements.txt", "bar>=1\n")
        self.write("proj/setup.py", "import x\nx.setup(pbr=True)\n")
        before = self.files()
        done = self.update("-o", "new", "proj")
        self.assertEqual(0, done.status)
        self.assertIn(
            "proj/requirements.txt.new: written, 1 change\n", done.err
        )
        after = self.files()
        for name in ("requirements.txt", "doc/requirements.txt", "setup.cfg"):
            self.assertIn(f"{name}.new", after)
        self.assertEqual(len(before) + 3, len(after))
        self.assertEqual(before, {name: after[name] for name in before})
        for bad in ("", "../x", "a/b"):
            done = self.update("-o", bad, "proj")
            self.assertEqual((2, ""), (done.status, done.out))

    def test_setup_py(self) -> None:
        self.write("proj/setup.py", "import x\nx.setup(pbr=True)\n")
        done = self.update("--policy", "current", "proj")
        self.assertEqual(0, done.status)
        self.assertNotIn("setup.py", done.out)
        done = self.update("proj")
        self.assertIn("proj/setup.py: in standard form\n", done.out)
        self.assertEqual(setup_py.SHORT, self.files()["setup.py"])
        self.assertIn(
            "setuptools.setup(setup_requires=['pbr>=2.0.0'], pbr=True)\n",
            setup_py.SHORT,
        )

    def test_setup_py_that_cannot_be_read(self) -> None:
        for content, word in (
            (b"print 'x'\n", "cannot be read as Python"),
            (b"x = '\xe9'\n", "not UTF-8"),
            (b"x = a" + b"+a" * 9000, "line 1: a statement of more than 5000"),
            (b"x = 1\n" * 100_000, "is larger than 262144 bytes"),
        ):
            self.write("proj/setup.py", content)
            done = self.update("proj")
            self.assertEqual(0, done.status)
            self.assertIn("warning: proj/setup.py:", done.err)
            self.assertIn(word, done.err)
            path = self.folder / "proj/setup.py"
            self.assertEqual(content, path.read_bytes())

    def test_unknown(self) -> None:
        self.write("proj/test-requirements.txt", "new>=1\nbar>=1\n")
        before = self.files()
        done = self.update("proj")
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertEqual(
            "proj/test-requirements.txt:1:1: new is not in the global list "
            "(-s keeps it): new>=1\n",
            done.err,
        )
        self.assertEqual(before, self.files())
        self.assertEqual(0, self.update("-s", "proj").status)
        name = "test-requirements.txt"
        self.assertEqual(f"{HEAD}new>=1\nbar>=1\n", self.files()[name])
        os.environ["NON_STANDARD_REQS"] = "0"
        self.assertEqual(2, self.update("proj").status)
        os.environ["NON_STANDARD_REQS"] = "1"
        done = self.update("proj")
        self.assertEqual(0, done.status)
        self.assertIn("warning: proj/test-requirements.txt:4:1: new", done.err)
        self.assertEqual(f"{HEAD}bar>=1\n", self.files()[name])

    def test_never_constrain_list(self) -> None:
        self.write("mine.txt", "FOO\n")
        done = self.update("-b", "mine.txt", "proj")
        self.assertIn("never is not in the global list", done.err)
        self.write("lists/denylist.txt", "foo # x\nnever\n")
        done = self.update("--policy", "classic", "proj")
        self.assertIn("warning: ", done.err)
        self.assertEqual(
            f"{HEAD}foo>=1 # BSD\n# c\nnever\n",
            self.files()["requirements.txt"],
        )
        self.assertEqual(CFG, self.files()["setup.cfg"])

    def test_current_policy_is_found_by_the_denylist(self) -> None:
        self.write("lists/denylist.txt", "never\n")
        os.remove("lists/blacklist.txt")
        self.write("lists/global-requirements.txt", "foo!=1.5\n")
        self.assertEqual(0, self.update("proj").status)
        self.assertEqual(
            "foo>=1,!=1.5 # BSD\n# c\nnever\n",
            self.files()["requirements.txt"],
        )

    def test_nothing_to_update(self) -> None:
        os.mkdir("tree")
        self.write("tree/nova/requirements.txt", "")
        for more in ([], ["--check"], ["--diff"], ["-o", "new"]):
            done = self.update("tree", *more)
            self.assertEqual((2, ""), (done.status, done.out))
            self.assertEqual(
                "tree: has no file that declares requirements "
                "(pyproject.toml, setup.cfg, requirements.txt, ...): name "
                "the folder of a project, such as tree/nova\n",
                done.err,
            )
        # setup.py alone follows the list too, under the classic policy.
        self.write("tree/setup.py", "import setuptools\n")
        self.assertEqual(0, self.update("tree").status)

    def test_a_folder_that_is_no_requirements_repository(self) -> None:
        done = self.update("--source", "proj", "proj")
        self.assertEqual(
            (
                2,
                "",
                "proj/global-requirements.txt: there is no such file; name "
                "the requirements repository with --reqs\n",
            ),
            done,
        )

    def test_verbose(self) -> None:
        quiet = self.update("--check", "proj")
        done = self.update("-v", "--check", "proj")
        self.assertEqual(quiet.out, done.out)
        self.assertEqual(
            "looking at proj/requirements.txt\nlooking at proj/setup.cfg\n",
            done.err,
        )


class TestInStep(Update):
    """Under the current policy, what the gate passes is in step."""

    def setUp(self) -> None:
        super().setUp()
        os.remove("lists/blacklist.txt")
        os.remove("proj/setup.cfg")
        self.write("lists/denylist.txt", "never\n")
        self.write(
            "lists/global-requirements.txt",
            "foo!=1.5,!=0.5\nbar<3\nbaz\nback;python_version<'3.9'\n",
        )
        self.write("lists/backports.txt", "back\n")

    def check(self, text: str, *argv: str) -> base.Outcome:
        self.write("proj/requirements.txt", text)
        done = self.update("--check", *argv, "proj")
        self.assertEqual(text, self.files()["requirements.txt"])
        return done

    def test_what_the_gate_passes(self) -> None:
        text = (
            "foo>=1\nbar>=2 # c\nbaz>=1;python_version<'3.9'\n"
            "back>=1;python_version<'3.8'\n"
        )
        self.assertEqual(
            (
                0,
                "",
                "proj: 4 more changes are not due: check-requirements passes "
                "these entries, and without --check they become those of the "
                "list\n",
            ),
            self.check(text),
        )
        # A run takes over what the list has, but what is below the bound.
        self.assertEqual(0, self.update("proj").status)
        self.assertEqual(
            "foo>=1,!=1.5\nbar>=2,<3 # c\nbaz>=1\n"
            "back>=1;python_version<'3.9'\n",
            self.files()["requirements.txt"],
        )
        self.assert_in_step()

    def test_what_the_gate_refuses(self) -> None:
        done = self.check("foo>=1,!=1.7\nbar>=2\n")
        self.assertEqual(
            (
                1,
                "proj/requirements.txt:1: foo>=1,!=1.7 -> foo>=1,!=1.5\n",
                "proj: 1 more change is not due: check-requirements passes "
                "these entries, and without --check they become those of the "
                "list\n",
            ),
            done,
        )

    def test_a_diff_has_all_that_a_run_would_write(self) -> None:
        done = self.check("foo>=1\n", "--diff")
        self.assertEqual((0, ""), (done.status, done.err))
        self.assertIn("+foo>=1,!=1.5\n", done.out)

    def test_waived(self) -> None:
        text = "foo>=1,!=1.7  # requirements: ignore[%s] a reason until %s\n"
        for rule, day, status in (
            ("exclusion-not-global", "2999-01-01", 0),
            ("exclusion-not-global", "2000-01-01", 1),
            ("marker-mismatch", "2999-01-01", 1),
        ):
            done = self.check(text % (rule, day))
            self.assertEqual(status, done.status, done.out)
        self.write(
            "lists/waivers.yaml",
            "- project: proj\n  package: foo\n  rule: exclusion-not-global\n"
            "  reason: it is broken\n  until: 2999-01-01\n",
        )
        self.assertEqual(0, self.check("foo>=1,!=1.7\n").status)

    def test_the_list_of_the_option_counts(self) -> None:
        never = self.write("never.txt", "bar\n")
        self.assertEqual(0, self.check("bar>=5\n", "-b", never).status)

    def test_classic(self) -> None:
        done = self.check("foo>=1\n", "--policy", "classic")
        self.assertEqual(1, done.status)


class TestSeveral(Update):
    def test_one_bad_project_does_not_stop_the_others(self) -> None:
        self.write("bad/requirements.txt", "foo bar\n")
        self.write("worse/setup.cfg", b"\xff")
        self.write("last/requirements.txt", "foo\n")
        bad = self.files("bad")
        done = self.update("bad", "nowhere", "proj", "worse", "last", "proj")
        self.assertEqual(2, done.status)
        errors = [
            line for line in done.err.splitlines() if ": written" not in line
        ]
        self.assertEqual(3, len(errors), done.err)
        for start in (
            "bad/requirements.txt:1:",
            "nowhere:",
            "worse/setup.cfg",
        ):
            self.assertIn(start, done.err)
        self.assertEqual(bad, self.files("bad"))
        self.assertIn("foo>=2", self.files()["requirements.txt"])
        self.assertIn("foo>=2", self.files("last")["requirements.txt"])
        done = self.update("--check", "bad", "proj")
        self.assertEqual((2, ""), (done.status, done.out))

    def test_a_bad_list_stops_all(self) -> None:
        before = self.files()
        self.write("lists/global-requirements.txt", "foo bar\n-r x\n")
        done = self.update("proj")
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertEqual(2, len(done.err.splitlines()))
        done = self.run_main(
            update_requirements.main, "--source", "nowhere", "proj"
        )
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertEqual(before, self.files())


class TestHostile(Update):
    def test_control_characters(self) -> None:
        self.write("proj/requirements.txt", "foo>=1 # \x1b[31m\nnew\x1b\n")
        done = self.update("-s", "proj")
        self.assertEqual(2, done.status)
        self.assertNotIn("\x1b", done.err)
        self.write("proj/requirements.txt", "foo>=1 # \x1b[31m\n")
        done = self.update("proj")
        self.assertIn("\\x1b[31m -> foo>=2", done.out)

    def test_links_do_not_lead_out(self) -> None:
        path = self.write("secret", "x\n")
        os.symlink(path, "proj/requirements.txt.new")
        done = self.update("-o", "new", "proj")
        self.assertEqual(2, done.status)
        self.assertIn("outside of the project", done.err)
        self.assertEqual("x\n", Path(path).read_text())
        self.assertNotIn("setup.cfg.new", self.files())

    def test_links_inside_stay(self) -> None:
        os.rename("proj/requirements.txt", "proj/real.txt")
        os.symlink("real.txt", "proj/requirements.txt")
        self.assertEqual(0, self.update("proj").status)
        self.assertTrue(os.path.islink("proj/requirements.txt"))
        self.assertIn("foo>=2", self.files()["real.txt"])

    def test_modes_stay(self) -> None:
        os.chmod("proj/requirements.txt", 0o600)
        self.update("proj")
        mode = os.stat("proj/requirements.txt").st_mode & 0o777
        self.assertEqual(0o600, mode)

    def test_a_write_that_fails(self) -> None:
        def fail(path: str, content: str) -> bool:
            if path.endswith("setup.cfg"):
                raise OutsideError(f"{path}: no space")
            return replace(path, content)

        replace = files.replace
        self.useFixture(
            fixtures.MonkeyPatch(f"{files.__name__}.replace", fail)
        )
        done = self.update("proj")
        self.assertEqual((3, "proj/setup.cfg: no space\n"), done[::2])
        # Running it again completes the rest.
        self.useFixture(
            fixtures.MonkeyPatch(f"{files.__name__}.replace", replace)
        )
        done = self.update("proj")
        self.assertEqual(0, done.status)
        self.assertNotIn("requirements.txt", done.out)
        self.assert_in_step()

    def test_killed_between_two_files(self) -> None:
        names = [
            f"{kind}requirements{version}.txt"
            for kind in ("", "test-")
            for version in ("", "-py2", "-py3")
        ]
        old, new = "foo>=1\n", f"{HEAD}foo>=2 # MIT\n"
        for count in range(1, len(names)):
            for name in names:
                self.write(f"proj/{name}", old)
            done = subprocess.run(
                [sys.executable, "-c", KILLED_AFTER, str(count)], check=False
            )
            self.assertEqual(-signal.SIGKILL, done.returncode)
            found = self.files()
            self.assertEqual(
                [new] * count + [old] * (len(names) - count),
                [found[name] for name in names],
            )
        self.assertEqual(0, self.update("proj").status)
        self.assertEqual({new}, {self.files()[name] for name in names})


class TestConcurrentRuns(Update):
    """Two runs on one checkout, which follow different lists."""

    NAMES = ("requirements.txt", "setup.cfg", "test-requirements.txt")

    def setUp(self) -> None:
        super().setUp()
        self.write("newer/global-requirements.txt", "foo>=3 # MIT\nbar>=1\n")
        self.write("newer/blacklist.txt", "never\n")
        self.root = self.folder / "proj"
        self.write("proj/test-requirements.txt", "foo>=1\n")

    def follow(self, source: str) -> int:
        """The status of a run in this process."""
        return self.run_main(
            update_requirements.main, "--source", source, "proj"
        ).status

    def assert_follows(self, *bounds: str) -> None:
        """All files of the project have one bound, and nothing else is there.

        :param bounds: the one, or those that it may be.
        """
        texts = self.files()
        self.assertEqual([*self.NAMES], sorted(texts))
        found = {
            word
            for text in texts.values()
            for word in text.split()
            if word.startswith("foo>=")
        }
        self.assertEqual(1, len(found), str(texts))
        self.assertIn(found.pop(), bounds)

    def waits(self, child: int) -> bool:
        """Whether a process waits for a lock."""
        with open("/proc/locks", encoding="ascii") as file:
            return any("->" in line and f" {child} " in line for line in file)

    def wait_until_it_waits(self, child: int) -> None:
        """Or until it has ended, as one does that needs no lock."""
        if not os.path.exists("/proc/locks"):
            time.sleep(1)
            return
        end = time.monotonic() + 20
        while not self.waits(child):
            state = Path(f"/proc/{child}/stat").read_text(encoding="utf-8")
            if state.rpartition(")")[2].split()[0] == "Z":
                return
            self.assertLess(time.monotonic(), end)
            time.sleep(0.005)

    def prepare(self, source: str) -> tuple[int, Callable[[], None]]:
        """A child that waits to start a run, and what starts it.

        Whoever has a lock starts no process, which would have it as well.
        """
        gate, opener = os.pipe()

        def work() -> int:
            os.read(gate, 1)
            return self.follow(source)

        child = forks.start(work)
        os.close(gate)

        def go() -> None:
            os.write(opener, b".")
            os.close(opener)
            self.wait_until_it_waits(child)

        return child, go

    def test_files_of_two_runs_are_not_mixed(self) -> None:
        """The second starts when the first has written one file of three."""
        child, go = self.prepare("newer")
        starts = [go]
        real = files.replace

        def replace(path: str, content: str) -> bool:
            changed = real(path, content)
            if starts:
                starts.pop()()
            return changed

        with mock.patch.object(files, "replace", replace):
            self.assertEqual(0, self.follow("lists"))
        self.assertEqual([], starts)
        self.assertEqual(0, forks.wait(child))
        self.assert_follows("foo>=3")

    def test_what_changes_after_it_was_read_is_read_again(self) -> None:
        real = loader.write
        edits = [f"{HEAD}foo>=1\nbar>=0\n"]

        def write(root: str, *contents: Any, **more: Any) -> bool:
            if edits:
                self.write("proj/requirements.txt", edits.pop())
            return real(root, *contents, **more)

        with mock.patch.object(loader, "write", write):
            done = self.update("proj")
        self.assertEqual(
            (0, ["written, 2 changes", *["written, 1 change"] * 2]),
            (
                done.status,
                [line.partition(": ")[2] for line in done.err.splitlines()],
            ),
        )
        self.assertIn("requirements.txt:5: bar>=0 -> bar>=1\n", done.out)
        self.assertEqual(
            f"{HEAD}foo>=2 # MIT\nbar>=1\n", self.files()["requirements.txt"]
        )
        self.assert_follows("foo>=2")

    def test_one_that_changes_into_what_cannot_be_read(self) -> None:
        real = loader.write

        def write(root: str, *contents: Any, **more: Any) -> bool:
            self.write("proj/setup.cfg", b"\xff")
            return real(root, *contents, **more)

        with mock.patch.object(loader, "write", write):
            done = self.update("proj")
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertIn("proj/setup.cfg:1: is not UTF-8", done.err)
        path = self.root / "requirements.txt"
        self.assertIn("foo>=1", path.read_text(encoding="utf-8"))

    def test_many_at_once(self) -> None:
        for _ in range(3):
            children = [
                forks.start(partial(self.follow, source))
                for source in ("lists", "newer") * 6
            ]
            self.assertEqual({0}, set(map(forks.wait, children)))
            self.assert_follows("foo>=2", "foo>=3")

    def start_over(self) -> None:
        self.write("proj/test-requirements.txt", "foo>=1\n")
        self.write("proj/requirements.txt", "foo>=1\n")
        self.write("proj/setup.cfg", CFG)

    def test_killed_at_each_call(self) -> None:
        """The next run completes the rest, and nothing is left behind."""
        for number in range(200):
            self.start_over()

            def run() -> int:
                with forks.at_call(number, CHANGING, forks.die):  # noqa: B023
                    self.follow("lists")
                return 55

            status = forks.wait(forks.start(run))
            self.assertEqual(0, self.follow("newer"))
            self.assert_follows("foo>=3")
            if status == 55:
                break
            self.assertEqual(-signal.SIGKILL, status)
        self.assertGreater(number, 40)

    def test_asked_to_stop_at_each_call(self) -> None:
        """All files are written or none, and nothing is left behind."""
        seen = []
        for call in range(200):
            self.start_over()

            def run(call: int = call) -> int:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                stop = partial(os.kill, os.getpid(), signal.SIGTERM)
                with forks.at_call(call, CHANGING, stop):
                    self.follow("lists")
                return 55

            status = forks.wait(forks.start(run))
            if status == 55:
                break
            self.assertEqual(-signal.SIGTERM, status)
            self.assert_follows("foo>=1", "foo>=2")
            seen.append("foo>=2" in self.files()["setup.cfg"])
        # Nothing up to one call, and everything from there on.
        self.assertEqual(sorted(seen), seen)
        self.assertEqual({False, True}, set(seen))

    def test_killed_at_any_moment(self) -> None:
        """Whoever is left brings the project in line."""
        moments = random.Random(11)
        for _ in range(6):
            children = [
                forks.start(partial(self.follow, source))
                for source in ("lists", "newer") * 4
            ]
            for child in moments.sample(children, 4):
                time.sleep(moments.uniform(0, 0.01))
                os.kill(child, signal.SIGKILL)
            statuses = set(map(forks.wait, children))
            self.assertLessEqual(statuses, {0, -signal.SIGKILL})
            self.start_over()
            self.assertEqual(0, self.follow("newer"))
            self.assert_follows("foo>=3")

    def test_an_edit_of_one_file_keeps_it_out(self) -> None:
        """As normalize-requirements -s makes one."""
        child, go = self.prepare("lists")
        with files.Lock(self.root / "setup.cfg"):
            go()
            self.assertIn("foo>=1", self.files()["requirements.txt"])
        self.assertEqual(0, forks.wait(child))
        self.assert_follows("foo>=2")

    def test_a_lock_that_another_process_has(self) -> None:
        before = self.files()
        lock = self.root / ".setup.cfg.lock"
        with (
            forks.locked(self.root / "setup.cfg"),
            mock.patch.object(files, "LONGEST_WAIT", 1),
            mock.patch.object(files, "SILENT_WAIT", 0),
        ):
            done = self.update("proj")
            lock_of = {name: before[name] for name in self.NAMES}
        self.assertEqual((3, ""), (done.status, done.out))
        self.assertEqual(
            f"{lock}: another process has this lock; waiting for up to 1 "
            f"seconds\nproj/setup.cfg: another process has the lock {lock}, "
            "and had it for 1 seconds; nothing was changed\n",
            done.err,
        )
        self.assertEqual(lock_of, self.files())

    def test_who_writes_nothing_needs_no_lock(self) -> None:
        with forks.locked(self.root / "setup.cfg"):
            self.assertEqual(1, self.update("--check", "proj").status)
            self.assertEqual(0, self.update("--diff", "proj").status)
        self.assertEqual(0, self.update("proj").status)
        with forks.locked(self.root / "setup.cfg"):
            self.assertEqual((0, "", ""), self.update("proj"))

    def test_an_interrupt_while_it_waits(self) -> None:
        before = self.files()
        lock = self.root / "setup.cfg"
        for number in (signal.SIGINT, signal.SIGTERM):
            with (
                forks.locked(lock),
                subprocess.Popen(
                    base.script(
                        *("update-requirements", "--source", "lists", "proj")
                    ),
                    stderr=subprocess.PIPE,
                    encoding="utf-8",
                ) as child,
            ):
                self.wait_until_it_waits(child.pid)
                child.send_signal(number)
                assert child.stderr is not None
                self.assertEqual("interrupted\n", child.stderr.read())
                self.assertEqual(128 + number, child.wait())
            self.assertEqual(before, self.files())


class TestStart(Update):
    def test_what_is_in_step_needs_nothing_slow(self) -> None:
        self.write("proj/requirements.txt", f"{HEAD}foo>=2 # MIT\n")
        self.write("proj/setup.cfg", CFG.replace(">=1", ">=2"))
        code = (
            "import sys\n"
            "from openstack_requirements.cmds import update_requirements\n"
            "argv = ['--source', 'lists', 'proj', '--check']\n"
            "assert update_requirements.main(argv) == 0\n"
            "print(*sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        slow = {"packaging.requirements", "packaging.markers", "tomllib"}
        slow |= {"tomlkit", "tomli", "ast", "difflib", "dataclasses"}
        self.assertEqual(set(), slow & set(done.stdout.split()))
