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
"""edit-constraints: what changes, what stays, and many at once."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.cmds import edit_constraints
from openstack_requirements.constraints import editing
from openstack_requirements.errors import RequirementsError
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.tests import base, forks

CONTENT = (
    "# about this file\n"
    "\n"
    "oslo.config===9.5.0\n"
    "  Foo_Bar===1.0;python_version<'3.8'   # old\n"
    "foo-bar===2.0;python_version>='3.8'\n"
    "-f https://h/links\n"
    "what is this?\n"
    "-e git+https://h/x@stable#egg=Nova[x]&subdirectory=a\n"
    "direct @ https://h/d.tar.gz#sha256=1\n"
    "last===1\n"
)


class Case(NamedTuple):
    """An edit: name, replacement, and the lines that go and come."""

    name: str
    replacement: str
    gone: tuple[str, ...] = ()
    come: tuple[str, ...] = ()


FOO = (
    "  Foo_Bar===1.0;python_version<'3.8'   # old\n",
    "foo-bar===2.0;python_version>='3.8'\n",
)
NOVA = "-e git+https://h/x@stable#egg=Nova[x]&subdirectory=a\n"
CASES = {
    "in place": Case(
        "oslo_config",
        "oslo.config===9.6.0",
        ("oslo.config===9.5.0\n",),
        ("oslo.config===9.6.0\n",),
    ),
    "several lines": Case("FOO.bar", "foo-bar===3", FOO, ("foo-bar===3\n",)),
    "removed": Case("foo-bar", "", FOO),
    "removed, blanks": Case("foo-bar", "  ", FOO),
    "editable": Case(
        "last",
        "-e file:///opt/last#egg=last",
        ("last===1\n",),
        ("-e file:///opt/last#egg=last\n",),
    ),
    "an egg": Case("nova", "", (NOVA,)),
    "direct": Case(
        "direct",
        "./direct",
        ("direct @ https://h/d.tar.gz#sha256=1\n",),
        ("./direct\n",),
    ),
    "new": Case("brand-new", "brand-new===1", (), ("brand-new===1\n",)),
    "not there": Case("nosuch", ""),
}


class EditTestCase(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = Path(self.write("uc.txt", CONTENT))

    def edit(self, *argv: str) -> base.Outcome:
        done = self.run_main(edit_constraints.main, *argv)
        self.assertEqual(
            [],
            [n for n in os.listdir(self.folder) if n.startswith(".")],
            "something is left",
        )
        return done

    def good(self, *argv: str) -> str:
        done = self.edit(str(self.path), *argv)
        self.assertEqual((0, ""), done[:2])
        for line in done.err.splitlines():
            self.assertTrue(line.startswith("removed: "), line)
        return self.path.read_bytes().decode()


class TestEdit(EditTestCase):
    def test_table(self) -> None:
        for title, case in CASES.items():
            self.path.write_text(CONTENT)
            found = self.good(case.name, case.replacement)
            before = CONTENT.splitlines(True)
            after = found.splitlines(True)
            gone = [line for line in before if line not in after]
            come = [line for line in after if line not in before]
            self.assertEqual((list(case.gone), list(case.come)), (gone, come))
            kept = [line for line in before if line in after]
            self.assertEqual(
                kept, [line for line in after if line in before], title
            )
            if case.gone and case.come:
                self.assertEqual(
                    before.index(case.gone[0]), after.index(case.come[0])
                )

    def test_forms_of_the_call(self) -> None:
        expected = CONTENT.replace("last===1", "-e ./last")
        for argv in (
            ("last", "-e ./last"),
            ("--", "last", "-e ./last"),
            ("last", "--", "-e ./last"),
        ):
            self.path.write_text(CONTENT)
            self.assertEqual(expected, self.good(*argv))

    def test_several_names(self) -> None:
        found = self.good("--remove", "last", "--remove=Nova")
        self.assertEqual(
            CONTENT.replace("last===1\n", "").replace(NOVA, ""), found
        )

    def test_the_projects_own_name(self) -> None:
        self.write("x/setup.cfg", "[metadata]\nname = Oslo.Config\n")
        self.write("x/setup.py", "raise SystemExit('it ran')\n")
        found = self.good("--from-source", str(self.folder / "x"))
        self.assertNotIn("oslo.config", found)
        self.write("y/pyproject.toml", "[project]\nname = 'last'\n")
        found = self.good("--from-source", str(self.folder / "y"), "-e ./last")
        self.assertIn("-e ./last\n", found)
        done = self.edit(
            str(self.path), "--from-source", str(self.folder / "nosuch")
        )
        self.assertEqual(2, done.status)

    def test_line_ends_mark_and_last_newline(self) -> None:
        for before, argv, after in (
            ("a===1\r\nb===1\r\n", ("a", "a===2"), "a===2\r\nb===1\r\n"),
            ("a===1\r\nb===1", ("c", "c===1"), "a===1\r\nb===1\r\nc===1\r\n"),
            ("a===1\nb===1", ("b", "b===2"), "a===1\nb===2"),
            ("\ufeffa===1\nb===1\n", ("a",), "\ufeffb===1\n"),
            ("", ("a", "a===1"), "a===1\n"),
            ("a===1\n", ("a",), ""),
        ):
            self.path.write_bytes(before.encode())
            self.assertEqual(after, self.good(*argv))

    def test_mode_and_link_stay(self) -> None:
        self.path.chmod(0o640)
        link = self.folder / "link.txt"
        link.symlink_to(self.path.name)
        self.assertEqual(0, self.edit(str(link), "last").status)
        self.assertTrue(link.is_symlink())
        self.assertEqual(0o640, stat.S_IMODE(self.path.stat().st_mode))
        self.assertNotIn("last", self.path.read_text())

    def test_nothing_to_do_touches_nothing(self) -> None:
        before = self.path.stat()
        self.good("nosuch")
        after = self.path.stat()
        self.assertEqual(
            (before.st_ino, before.st_mtime_ns),
            (after.st_ino, after.st_mtime_ns),
        )

    def test_what_is_refused(self) -> None:
        path = str(self.path)
        for argv, words in (
            ((), "name the file"),
            ((path,), "name a distribution"),
            ((path, ""), "not the name"),
            ((path, "", "x===1"), "not the name"),
            ((path, "a===1", "a===2"), "not the name"),
            ((path, "a", "a===2", "b"), "one argument too many"),
            ((path, "a", "a===1\nb===2"), "line ends"),
            ((path, "a", "-r other.txt"), "no such option"),
            ((path, "--", "a", "-r other.txt"), "no line for constraints"),
            ((path, "a", "a b c"), "no line for constraints"),
            ((path, "--nosuch"), "no such option"),
            ((path, "a", "--remove"), "takes a value"),
            ((str(self.folder / "nosuch.txt"), "a"), "cannot be read"),
            ((str(self.folder), "a"), "is not a regular file"),
        ):
            done = self.edit(*argv)
            self.assertEqual((2, ""), (done.status, done.out), words)
            self.assertIn(words, done.err)
            self.assertNotIn("Traceback", done.err)
            self.assertEqual(CONTENT, self.path.read_text())
        self.path.write_bytes(b"\xff\xfe")
        self.assertEqual(2, self.edit(path, "a").status)

    def test_a_continued_line(self) -> None:
        self.path.write_text("a===1 \\\n  --hash=x\n")
        done = self.edit(str(self.path), "a")
        self.assertEqual(2, done.status)
        self.assertIn("uc.txt:1:", done.err)

    def test_another_name_is_warned_of(self) -> None:
        done = self.edit(str(self.path), "last", "zzz===1")
        self.assertEqual(0, done.status)
        self.assertIn("another edit of last will not find it", done.err)


class TestPin(EditTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path.write_text(
            "a===1.0;python_version<'3.10'  # old\r\n"
            "A===2.0 ;  python_version>='3.10'\r\n"
            "b===1\r\n"
        )

    def test_every_line(self) -> None:
        self.assertEqual(
            "a===3.0;python_version<'3.10'  # old\r\n"
            "A===3.0 ;  python_version>='3.10'\r\n"
            "b===1\r\n",
            self.good("--pin", "a==3.0", "--python", ">=3.8"),
        )

    def test_the_pythons_of_the_release(self) -> None:
        self.assertEqual(
            "a===1.0;python_version<'3.10'  # old\r\n"
            "A===2.0 ;  python_version=='3.10'\r\n"
            "A===3.0 ;  python_version>='3.11'\r\n"
            "b===1\r\n",
            self.good("--pin", "a==3.0", "--python", ">=3.11"),
        )

    def test_nothing_says_which_line(self) -> None:
        before = self.path.read_bytes()
        done = self.edit(str(self.path), "--pin", "a==3.0", "--force")
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertEqual(
            [
                f"{self.path}:{number}: one of several lines, and nothing "
                "says which Pythons a 3.0 is for (say so with --python): "
                f"{line}"
                for number, line in (
                    (1, "a===1.0;python_version<'3.10'  # old"),
                    (2, "A===2.0 ;  python_version>='3.10'"),
                )
            ],
            done.err.splitlines(),
        )
        self.assertEqual(before, self.path.read_bytes())

    def test_one_python(self) -> None:
        self.assertEqual(
            "a===1.0;python_version<'3.10'  # old\r\n"
            "A===3.0 ;  python_version>='3.10'\r\n"
            "b===1\r\n",
            self.good("--pin", "A===3.0", "--python", "3.12"),
        )

    def test_the_global_list_has_its_say(self) -> None:
        before = self.path.read_bytes()
        self.write(
            "global-requirements.txt",
            "a>=1,<3;python_version<'3.10'\na>=2;python_version>='3.10'\n",
        )
        every = ("--pin", "a==3.0", "--python", ">=3")
        done = self.edit(str(self.path), *every)
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertIn("global-requirements.txt:1: does not admit", done.err)
        self.assertEqual(before, self.path.read_bytes())
        self.good("--pin", "a==3.0", "--python", "3.12")
        self.good("--pin", "a==9.0", "--force", "--python", ">=3")

    def test_what_is_refused(self) -> None:
        for argv, words in (
            (("--pin", "nosuch==1"), "has no line for nosuch"),
            (("--pin", "a==latest"), "not a version"),
            (("--pin", "a"), "not NAME==VERSION"),
            (("--pin", "a==1", "--python", "new"), "not a Python version"),
            (("--pin", "a==1", "b"), "goes with nothing"),
            (("--python", "3.12", "a"), "go with --pin"),
        ):
            done = self.edit(str(self.path), *argv)
            self.assertEqual(2, done.status, words)
            self.assertIn(words, done.err)


NAMES = ["a", "B.c", "d-e", "f_g"]
LINES = st.sampled_from(
    [
        *(f"{name}==={n}\n" for name in NAMES for n in (1, 2)),
        "a===3;python_version<'3.8'\n",
        "-e git+https://h/x#egg=B_c\n",
        "d-e @ https://h/d.whl\n",
        "# a comment\n",
        "\n",
        "what is this?\n",
    ]
)
TEXTS = st.lists(LINES, max_size=8).map("".join)
EDITS = st.sampled_from(
    [
        (name, text)
        for name in NAMES
        for text in ("", f"{name}===9", f"-e git+https://h/n#egg={name}")
    ]
)


class TestLaws(base.TestCase):
    @given(TEXTS, EDITS)
    def test_twice_is_once(self, text: str, edit: tuple[str, str]) -> None:
        once = editing.edit(text, *edit)
        self.assertEqual(once, editing.edit(once, *edit))

    @given(TEXTS, EDITS, EDITS)
    def test_edits_of_two_names_commute(
        self, text: str, one: tuple[str, str], two: tuple[str, str]
    ) -> None:
        if one[0] == two[0]:
            return
        first = editing.edit(editing.edit(text, *one), *two)
        second = editing.edit(editing.edit(text, *two), *one)
        self.assertEqual(
            sorted(first.splitlines()), sorted(second.splitlines())
        )

    @given(TEXTS, EDITS)
    def test_other_lines_stay(self, text: str, edit: tuple[str, str]) -> None:
        def others(content: str) -> list[str]:
            return [
                line
                for line in content.splitlines(True)
                if editing.name_of(line) != canonical_name(edit[0])
            ]

        self.assertEqual(others(text), others(editing.edit(text, *edit)))

    @given(TEXTS, EDITS)
    def test_what_is_written_can_be_read(
        self, text: str, edit: tuple[str, str]
    ) -> None:
        after = editing.edit(text, *edit)
        after = after.replace("what is this?\n", "")
        found = [
            each
            for each in read_entries(
                after, permit_urls=True, keep_editable=False
            )
            if each.requirement is not None
            and canonical_name(each.requirement.package)
            == canonical_name(edit[0])
        ]
        self.assertEqual(bool(edit[1]), len(found) == 1)
        for each in found:
            self.assertEqual(edit[1], each.line.rstrip())


class TestAtOnce(EditTestCase):
    """Many processes on one file; none of what they finish is lost."""

    def start(self, *argv: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            base.script("edit-constraints", str(self.path), *argv),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def test_two_hundred(self) -> None:
        chance = random.Random(5)
        names = [f"package{number}" for number in range(200)]
        before = [f"{name}===1\n" for name in names]
        self.path.write_text("# head\n" + "".join(before) + "kept===1\n")
        running: dict[str, subprocess.Popen[bytes]] = {}
        finished, killed = set(), set()
        waiting = list(names)
        while waiting or running:
            while waiting and len(running) < 16:
                name = waiting.pop()
                new = [f"{name}===2"] if int(name[7:]) % 2 else []
                running[name] = self.start(name, *new)
                if chance.random() < 0.15:
                    time.sleep(chance.random() * 0.1)
                    running[name].send_signal(signal.SIGKILL)
                    killed.add(name)
            for name, child in list(running.items()):
                status = child.poll()
                if status is not None:
                    if status == 0:
                        finished.add(name)
                    else:
                        self.assertIn(name, killed)
                    del running[name]
            time.sleep(0.005)
        self.assertGreater(len(finished), 150)
        lines = self.path.read_text().splitlines()
        self.assertEqual("# head", lines[0])
        self.assertIn("kept===1", lines)
        found = dict(line.split("===") for line in lines[1:])
        self.assertEqual(len(lines) - 1, len(found))
        for name in names:
            new_one = "2" if int(name[7:]) % 2 else None
            expected = {new_one} if name in finished else {new_one, "1"}
            self.assertIn(found.get(name), expected, name)
        # Whatever the killed have left behind goes with the next edit.
        self.good("kept")

    def test_a_lock_that_was_left_behind(self) -> None:
        (self.folder / ".uc.txt.lock").touch(mode=0o600)
        self.good("last")

    def test_different_users(self) -> None:
        if os.getuid():
            self.skipTest("only root can be somebody else")
        folder = self.folder / "shared"
        folder.mkdir()
        self.folder.chmod(0o755)
        for each in self.folder.parents:
            if not each.stat().st_mode & 0o001:
                self.skipTest(f"others cannot reach {each}")
        path = folder / "uc.txt"
        path.write_text("".join(f"p{n}===1\n" for n in range(12)))
        path.chmod(0o666)
        code = (
            "import os, sys\n"
            "from openstack_requirements.cmds.edit_constraints import main\n"
            "os.setgid({0}); os.setuid({0})\n"
            "sys.exit(main(sys.argv[1:]))"
        )
        folder.chmod(0o777)
        children = [
            subprocess.Popen(
                [
                    *(sys.executable, "-c", code.format(1000 + number % 3)),
                    *(str(path), f"p{number}"),
                ],
                stderr=subprocess.PIPE,
            )
            for number in range(12)
        ]
        for child in children:
            _, error = child.communicate()
            self.assertEqual(0, child.returncode, error.decode())
        self.assertEqual("", path.read_text())

    def test_waiting_can_be_interrupted(self) -> None:
        with forks.locked(self.path):
            child = self.start("last")
            time.sleep(0.5)
            self.assertIsNone(child.poll())
            child.send_signal(signal.SIGINT)
            self.assertEqual(130, child.wait(10))
        self.assertEqual(CONTENT, self.path.read_text())
        self.good("last")


class TestDying(EditTestCase):
    def test_at_random_moments(self) -> None:
        chance = random.Random(7)
        old, new = CONTENT, CONTENT.replace("last===1", "last===2")
        for _ in range(40):
            self.path.write_text(old)
            child = subprocess.Popen(
                base.script(
                    "edit-constraints", str(self.path), "last", "last===2"
                ),
                stderr=subprocess.DEVNULL,
            )
            time.sleep(chance.random() * 0.12)
            child.kill()
            child.wait()
            self.assertIn(self.path.read_text(), {old, new})
        self.path.write_text(old)
        self.good("last", "last===2")

    def test_a_full_disk_is_the_worlds_fault(self) -> None:
        def full(*_: object) -> int:
            raise OSError(28, "No space left on device")

        self.patch(os, "write", full)
        done = self.edit(str(self.path), "last")
        self.assertEqual(3, done.status)
        self.assertEqual(CONTENT, self.path.read_text())

    def test_errors_are_ours(self) -> None:
        self.assertRaises(
            RequirementsError, editing.edit, "a===1\n", "a b", ""
        )
