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
"""edit-constraints, as its users run it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time

from testtools.matchers import StartsWith

from openstack_requirements.cmds import (
    edit_constraints,
    normalize_requirements,
)
from openstack_requirements.system import files
from openstack_requirements.tests import base, forks

PINS = """\
# the pins
oslo.db===4.13.0
Zope.Interface===5.4.0
last===1
"""
EGG = "-e file:///opt/stack/oslo.db#egg=oslo.db"
FORMS = [
    # arguments, the second line then
    (["FILE", "oslo.db"], None),
    (["FILE", "oslo.db", ""], None),
    (["FILE", "oslo_db", "oslo.db===5"], "oslo.db===5"),
    (["FILE", "--", "oslo.db"], None),
    (["FILE", "--", "oslo.db", EGG], EGG),
    (["--", "FILE", "oslo.db", EGG], EGG),
    (["FILE", "oslo.db", "--", EGG], EGG),
    (["FILE", "oslo.db", EGG], EGG),
    (["FILE", "--remove", "OSLO-DB"], None),
    (["--remove=oslo.db", "FILE"], None),
    (["FILE", "--remove", "absent", "--remove", "oslo.db"], None),
    (["FILE", "--remove", "absent", "oslo.db", "oslo.db===5"], "oslo.db===5"),
    (["FILE", "--from-source", "PROJECT"], None),
    (["FILE", "--from-source", "PROJECT", EGG], EGG),
    (["FILE", EGG, "--from-source=PROJECT"], EGG),
    (["FILE", "--pin", "oslo.db==5.0"], "oslo.db===5.0"),
    (["FILE", "--pin", "oslo_db===v5.0RC1"], "oslo.db===5.0rc1"),
    (["--pin=oslo.db == 5.0", "FILE", "--python=3.12"], "oslo.db===5.0"),
    (["--pin=oslo.db==5.0", "FILE", "--force"], "oslo.db===5.0"),
    (["FILE", "--pin", "oslo.db==5", "--python=3.12"], "oslo.db===5"),
    (
        ["FILE", "--pin=oslo.db==5", "--python=>=3.9", "--oldest-python=3.9"],
        "oslo.db===5",
    ),
    # Abbreviated.
    (["FILE", "--rem", "OSLO-DB"], None),
    (["--r=oslo.db", "FILE"], None),
    (["FILE", "--from", "PROJECT", EGG], EGG),
    (
        ["FILE", "--pi=oslo.db==5", "--py=3.12", "--fo", "--lo=1"],
        "oslo.db===5",
    ),
    # Nothing to do.
    (["FILE", "absent"], "oslo.db===4.13.0"),
    (["FILE", "oslo.db", "oslo.db===4.13.0"], "oslo.db===4.13.0"),
    (["FILE", "--pin", "oslo.db==4.13.0"], "oslo.db===4.13.0"),
]
MISUSES = [
    # arguments, what the message says
    ([], "name the file"),
    (["FILE"], "name a distribution"),
    (["FILE", ""], "not the name of a distribution: ''"),
    (["FILE", "", "x===1.0"], "not the name"),
    (["FILE", "oslo.db===1.0"], "not the name"),
    (["FILE", "oslo.db>=1", "oslo.db===1.0"], "not the name"),
    (["FILE", "oslo.db[a]"], "not the name"),
    (["FILE", "--remove", "a b"], "not the name"),
    (["FILE", "\x1b[31m"], r"'\x1b[31m'"),
    (["FILE", "a", "a===1", "b"], "one argument too many: b"),
    (["FILE", "a", "-e", "file:///x#egg=a"], "too many: file:///x#egg=a"),
    (["FILE", "a", "--", "a===1", "--"], "too many: --"),
    (["FILE", "--from-source", "PROJECT", "a", "a===1"], "too many: a===1"),
    (["FILE", "--from-source", "PROJECT", "--from-source=x"], "once"),
    (["FILE", "a", "--force"], "go with --pin"),
    (["FILE", "a", "--python", "3.12"], "go with --pin"),
    (["FILE", "a", "-f x"], "no such option: -f x"),
    (["FILE", "a", "-1"], "no such option: -1"),
    (["FILE", "a", "--rename", "b"], "no such option: --rename"),
    (["FILE", "--p", "a==1"], "--p could be --pin or --python"),
    (["FILE", "a", "--=1"], "-- could be --remove or"),
    (["FILE", "a", "--e", "b"], "no such option: --e"),
    (["FILE", "a", "--hel=1"], "no such option: --hel=1"),
    (["FILE", "--fo=1", "a"], "--force takes no value"),
    (["FILE", "--remove"], "--remove takes a value"),
    (["FILE", "--remove="], "--remove takes a value"),
    (["FILE", "--pin", "a==1", "--force=yes"], "--force takes no value"),
    (["FILE", "--pin", "a==1", "--force="], "--force takes no value"),
    (["FILE", "--pin", "a==1", "b"], "goes with nothing"),
    (["FILE", "--pin", "a==1", "--remove", "b"], "goes with nothing"),
    (["FILE", "--pin", "a==1", "--pin", "b==1"], "give --pin once"),
    (["FILE", "--pin", "oslo.db"], "not NAME==VERSION"),
    (["FILE", "--pin", "oslo.db=1"], "not NAME==VERSION"),
    (["FILE", "--pin", "==1"], "not NAME==VERSION"),
    (["FILE", "--pin", "oslo.db>=1==1"], "not NAME==VERSION"),
    (["FILE", "--pin", "oslo.db=="], "not a version: ''"),
    (["FILE", "--pin", "oslo.db==1.*"], "not a version"),
    (["FILE", "--pin", "oslo.db==1 ;os_name=='x'"], "not a version"),
    (["FILE", "--pin", "oslo.db==latest"], "not a version"),
    (["FILE", "a", "--lock-timeout"], "--lock-timeout takes a value"),
    (["FILE", "a", "--lock-timeout", "-1"], "not a number of seconds: '-1'"),
    (["FILE", "a", "--lock-timeout", "9" * 5000], "not a number of seconds"),
    (["FILE", "a", "--lock-timeout=1", "--lock-timeout=1"], "once"),
    (["FILE", "--pin", "a==1", "--python", "3"], "not a Python version"),
    (["FILE", "--pin", "a==1", "--python", "==="], "not a Python version"),
    (["FILE", "--pin", "a==1", "--python", "===3.10"], "nor a specifier"),
    (["FILE", "--pin", "a==1", "--python= "], "nor a specifier"),
    (["FILE", "--pin", "a==1", "--python", ">=3", "--python=x"], "once"),
    (["FILE", "--pin", "a==1", "--oldest-python", ">=3"], "not a Python vers"),
    (["FILE", "a", "--oldest-python", "3.10"], "go with --pin"),
    (
        ["FILE", "--pin", "a==1", "--python=3.10", "--from-source=PROJECT"],
        "--for-python does not go with --from-source",
    ),
    (["FILE", "--pin", "a==1", "--python", "3.x"], "not a Python version"),
    (["FILE", "--pin", "a==1", "--python", "py3.12"], "not a Python version"),
]
UNUSABLE = [
    # arguments, how the message starts
    (["MISSING", "a"], "MISSING: cannot be read"),
    (["FOLDER", "a"], "FOLDER: is not a regular file"),
    (["BINARY", "a"], "BINARY:2: is not UTF-8"),
    (["FILE", "a", "b c"], "b c: is no line for constraints"),
    (["FILE", "a", "a\nb"], r"a\nb: is no line for constraints"),
    (["FILE", "a", "a===1 \\"], r"a===1 \: is no line for constraints"),
    (["FILE", "--pin", "absent==1"], "FILE: has no line for absent"),
    (["FILE", "--from-source", "FOLDER"], "FOLDER: says no name"),
    (["FILE", "--from-source", "MISSING"], "MISSING: does not exist"),
]


class TestCase(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.file = self.write("f/upper-constraints.txt", PINS)
        self.write("p/pyproject.toml", '[project]\nname = "Oslo_DB"\n')
        (self.folder / "empty").mkdir()
        self.places = {
            "FILE": self.file,
            "PROJECT": str(self.folder / "p"),
            "FOLDER": str(self.folder / "empty"),
            "MISSING": str(self.folder / "missing"),
            "BINARY": self.write("f/binary", b"a\n\xff\x00\n"),
        }

    def placed(self, word: str) -> str:
        for name, place in self.places.items():
            word = word.replace(name, place)
        return word

    def edit(self, *words: str) -> base.Outcome:
        return self.run_main(edit_constraints.main, *map(self.placed, words))

    def content(self) -> str:
        return files.read_text(self.file)

    def names(self) -> list[str]:
        return sorted(os.listdir(self.folder / "f"))


class TestCommand(TestCase):
    def test_forms(self) -> None:
        for words, line in FORMS:
            self.write("f/upper-constraints.txt", PINS)
            done = self.edit(*words)
            self.assertEqual((0, ""), done[:2], str(words))
            removed = "oslo.db" not in self.content()
            self.assertEqual(
                "removed: oslo.db===4.13.0\n" if removed else "",
                done.err,
                str(words),
            )
            lines = PINS.splitlines()
            lines[1:2] = [] if line is None else [line]
            self.assertEqual(lines, self.content().splitlines(), str(words))
        self.assertEqual(["binary", "upper-constraints.txt"], self.names())

    def test_it_says_what_it_removed(self) -> None:
        constraints = self.write(
            "f/upper-constraints.txt",
            "\ufeffalpha===1\nbeta @ https://me:secret@example.org/b\n"
            "alpha===2;python_version<'3.9'\n",
        )
        done = self.edit("FILE", "alpha")
        self.assertEqual((0, ""), done[:2])
        self.assertEqual(
            "removed: alpha===1\nremoved: alpha===2;python_version<'3.9'\n",
            done.err,
        )
        done = self.edit("FILE", "--remove", "beta", "--remove", "nosuch")
        self.assertEqual((0, ""), done[:2], constraints)
        self.assertEqual(1, len(done.err.splitlines()), done.err)
        self.assertIn("removed: beta @ https://****@example", done.err)
        self.assertNotIn("secret", done.err)

    def test_misuses(self) -> None:
        before = os.stat(self.file)
        for words, message in MISUSES:
            done = self.edit(*words)
            self.assertEqual((2, ""), (done.status, done.out), str(words))
            self.assertThat(done.err, StartsWith("usage: edit-constraints "))
            self.assertIn(message, done.err)
            self.assertEqual(PINS, self.content(), str(words))
        self.assertEqual(before.st_ino, os.stat(self.file).st_ino)

    def test_unusable_input(self) -> None:
        for words, message in UNUSABLE:
            done = self.edit(*words)
            self.assertEqual((2, ""), (done.status, done.out), str(words))
            self.assertTrue(
                done.err.startswith(self.placed(message)), done.err
            )
            self.assertEqual(1, done.err.count("\n"), str(words))
            self.assertEqual(PINS, self.content(), str(words))
        self.assertEqual(["binary", "upper-constraints.txt"], self.names())

    def test_a_file_that_needs_no_change_is_not_touched(self) -> None:
        before = os.stat(self.file)
        for words in (["absent"], ["last", "last===1"], ["last", " last===1"]):
            self.assertEqual(0, self.edit("FILE", *words).status)
        self.assertNotEqual(before.st_ino, os.stat(self.file).st_ino)
        before = os.stat(self.file)
        self.assertEqual(0, self.edit("FILE", "absent").status)
        self.assertEqual(before, os.stat(self.file))

    def test_mode_and_link_stay(self) -> None:
        os.chmod(self.file, 0o600)
        link = self.folder / "link.txt"
        link.symlink_to(self.file)
        self.assertEqual(0, self.edit(str(link), "oslo.db").status)
        self.assertTrue(link.is_symlink())
        self.assertNotIn("oslo.db", self.content())
        self.assertEqual(0o600, stat.S_IMODE(os.stat(self.file).st_mode))

    def test_what_an_edit_has_written_stops_no_tool(self) -> None:
        for name, line in (
            ("a", "a @ file:///opt/stack/a"),
            ("b", "/opt/stack/b"),
            ("c", "-e ./c"),
            ("d", "-e git+https://x/y#egg=d[ssl]&subdirectory=s"),
            ("e", "# e is gone"),
        ):
            self.assertEqual(0, self.edit("FILE", name, line).status)
        self.assertEqual(0, self.edit("FILE", "f", "f===1").status)
        done = self.run_main(normalize_requirements.main, self.file)
        self.assertEqual((0, self.content()), (done.status, done.out))
        for name in ("a", "b", "c", "d"):
            self.assertEqual(0, self.edit("FILE", name).status)
        self.assertEqual(PINS + "# e is gone\nf===1\n", self.content())

    def test_a_line_that_says_another_name(self) -> None:
        done = self.edit("FILE", "oslo.db", "\toslo===1")
        self.assertEqual(0, done.status)
        self.assertEqual(
            "warning: oslo===1 does not name oslo.db: "
            "another edit of oslo.db will not find it\n",
            done.err,
        )
        for words in (["OSLO.db", "oslo_db===1"], ["oslo.db", "# gone"]):
            self.assertEqual("", self.edit("FILE", *words).err)

    def test_a_bad_line_is_shown_with_its_place(self) -> None:
        self.write("f/upper-constraints.txt", "a===1 \\\n b\n")
        done = self.edit("FILE", "a")
        self.assertEqual(2, done.status)
        self.assertTrue(done.err.startswith(f"{self.file}:1: "), done.err)

    def test_where_nothing_can_be_written(self) -> None:
        if os.geteuid():
            os.chmod(self.folder / "f", 0o500)
            self.assertEqual(2, self.edit("FILE", "oslo.db").status)
            return
        self.folder.chmod(0o755)
        child = forks.start(
            lambda: self.edit("FILE", "oslo.db").status, forks.USERS[0]
        )
        self.assertEqual(2, forks.wait(child))

    def test_a_full_disk(self) -> None:
        done = on_a_full_disk(self)
        self.assertEqual(3, done.returncode, done.stderr)
        self.assertIn("No space left on device", done.stderr)
        self.assertEqual(1, done.stderr.count("\n"), done.stderr)

    def test_an_interrupt_while_it_waits(self) -> None:
        command = base.script("edit-constraints", self.file, "oslo.db")
        with (
            forks.locked(self.file),
            subprocess.Popen(
                command, stderr=subprocess.PIPE, encoding="utf-8"
            ) as child,
        ):
            while child.poll() is None and not self.waits(child.pid):
                time.sleep(0.005)
            child.send_signal(signal.SIGINT)
            assert child.stderr is not None
            self.assertEqual("interrupted\n", child.stderr.read())
            self.assertEqual(130, child.wait())
        self.assertEqual(PINS, self.content())
        self.assertEqual(["binary", "upper-constraints.txt"], self.names())

    def test_a_lock_that_another_process_has(self) -> None:
        lock = self.folder / "f" / ".upper-constraints.txt.lock"
        for command in (
            ["edit-constraints", self.file, "oslo.db"],
            ["edit-constraints", self.file, "--pin", "oslo.db==5"],
            ["normalize-requirements", "-s", self.file],
        ):
            self.write("f/upper-constraints.txt", f"{PINS}a  >=1\n")
            with forks.locked(self.file):
                done = self.run_process(*command, "--lock-timeout", "2")
                self.assertEqual((3, ""), (done.status, done.out))
                self.assertEqual(
                    f"{lock}: another process has this lock; waiting for up "
                    f"to 2 seconds\n{self.file}: another process has the "
                    f"lock {lock}, and had it for 2 seconds; nothing was "
                    "changed\n",
                    done.err,
                )
                self.assertEqual(f"{PINS}a  >=1\n", self.content())
            done = self.run_process(*command, "--lock-timeout", "2")
            self.assertEqual(0, done.status, done.err)
            self.assertNotEqual(f"{PINS}a  >=1\n", self.content())

    def waits(self, process: int) -> bool:
        try:
            with open("/proc/locks", encoding="ascii") as file:
                return any(f" {process} " in line for line in file)
        except FileNotFoundError:
            self.skipTest("nobody tells who waits for a lock here")


def on_a_full_disk(test: base.TestCase) -> subprocess.CompletedProcess[str]:
    """The command on a file that fits onto a disk once."""
    from openstack_requirements.tests.test_files import on_a_tiny_disk

    code = (
        "import sys; from openstack_requirements.cmds import edit_constraints"
        "\nfile = sys.argv[1] + '/x.txt'"
        "\nstatus = edit_constraints.main([file, 'a', 'a===22'])"
        "\nassert open(file).read().endswith('\\na===1\\n')"
        "\nsys.exit(status)"
    )
    return on_a_tiny_disk(
        test,
        [sys.executable, "-c", code],
        "{{ yes '# filling'; }} | head -c 80000 > {0}/x.txt; "
        "printf '\\na===1\\n' >> {0}/x.txt",
    )


class TestFromSource(TestCase):
    def test_where_the_name_is(self) -> None:
        for name, content in (
            ("pyproject.toml", "[project]\nname = 'oslo.db'\n"),
            ("setup.cfg", "[metadata]\nname = oslo.db\n"),
            ("setup.cfg", "[metadata]\nname: oslo.db\n[files]\n\tx = %(y)s\n"),
        ):
            self.write("f/upper-constraints.txt", PINS)
            path = self.write(f"s/{name}", content)
            done = self.edit("FILE", "--from-source", os.path.dirname(path))
            self.assertEqual((0, "", "removed: oslo.db===4.13.0\n"), done)
            self.assertNotIn("oslo.db", self.content())
            os.unlink(path)

    def test_what_says_none(self) -> None:
        for name, content, message in (
            ("pyproject.toml", "[project]\nname = 3\n", "is not a string"),
            ("pyproject.toml", "[project\n", "/pyproject.toml:1"),
            ("pyproject.toml", "[project]\nname = ''\n", "says no name"),
            ("pyproject.toml", "[project]\nname = 'a b'\n", "says no name"),
            ("setup.cfg", "[metadata]\nversion = 1\n", "says no name"),
            ("setup.cfg", b"\xff", "is not UTF-8"),
            # Code is not run, whatever it would say.
            ("setup.py", "raise SystemExit(77)", "says no name"),
        ):
            path = self.write(f"s/{name}", content)
            done = self.edit("FILE", "--from-source", os.path.dirname(path))
            self.assertEqual((2, ""), (done.status, done.out), name)
            self.assertTrue(done.err.startswith(os.path.dirname(path)))
            self.assertIn(message, done.err)
            self.assertEqual(PINS, self.content())
            os.unlink(path)


class TestPin(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.listed = self.write(
            "f/global-requirements.txt", "# c\noslo.db>=4,<6  # Apache-2.0\n"
        )

    def test_a_version_that_the_global_list_does_not_admit(self) -> None:
        done = self.edit("FILE", "--pin", "oslo.db==6.0")
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertEqual(
            f"{self.listed}:2: does not admit oslo.db 6.0 (--force pins it "
            "all the same): oslo.db>=4,<6  # Apache-2.0\n",
            done.err,
        )
        self.assertEqual(PINS, self.content())
        done = self.edit("FILE", "--force", "--pin", "oslo.db==6.0")
        self.assertEqual((0, "", ""), done)
        self.assertIn("oslo.db===6.0\n", self.content())

    def test_one_that_it_admits(self) -> None:
        for pin in ("oslo.db==5.1", "last==99"):
            self.assertEqual((0, "", ""), self.edit("FILE", "--pin", pin))
        self.assertIn("oslo.db===5.1\n", self.content())
        self.assertIn("last===99\n", self.content())

    def test_pre_releases_are_up_to_the_policy(self) -> None:
        pin = ("FILE", "--pin", "oslo.db==5.0rc1")
        self.assertEqual(2, self.edit(*pin).status)
        self.write("f/denylist.txt", "")
        self.assertEqual((0, "", ""), self.edit(*pin))

    def test_beside_the_link_or_what_it_leads_to(self) -> None:
        link = self.folder / "link.txt"
        link.symlink_to(self.file)
        done = self.edit(str(link), "--pin", "oslo.db==6.0")
        self.assertEqual(2, done.status)
        self.write("global-requirements.txt", "oslo.db\n")
        done = self.edit(str(link), "--pin", "oslo.db==6.0")
        self.assertEqual((0, "", ""), done)

    def test_a_list_that_cannot_be_read(self) -> None:
        self.write("f/global-requirements.txt", "a b\n")
        done = self.edit("FILE", "--pin", "oslo.db==5.0")
        self.assertEqual(2, done.status)
        self.assertTrue(done.err.startswith(f"{self.listed}:1:"), done.err)
        done = self.edit("FILE", "--pin", "oslo.db==5.0", "--force")
        self.assertEqual((0, "", ""), done)

    def test_odd_lines_about_something_else(self) -> None:
        self.write("f/upper-constraints.txt", f"what is this?\n{PINS}")
        done = self.edit("FILE", "--pin", "oslo.db==5.0")
        self.assertEqual((0, "", ""), done)
        self.assertTrue(self.content().startswith("what is this?\n# the"))
