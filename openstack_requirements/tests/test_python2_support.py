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
"""check-python2-support: claims, and where metadata is had from."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import fixtures

from openstack_requirements.checks import support
from openstack_requirements.cmds import check_python2_support
from openstack_requirements.constraints import freeze_json
from openstack_requirements.constraints.freeze import Distribution, Freeze
from openstack_requirements.install import environments, installed, metadata
from openstack_requirements.tests import base
from openstack_requirements.tests.loopback import Index

# classifiers (behind "Programming Language :: Python"), Requires-Python, the
# Python that is asked for, and a word of why it is not claimed.
CLAIMS = [
    ("2, 2.7", "", "2", None),
    ("2.7", "", "2", None),
    ("2 :: Only", "", "2.7", None),
    ("2", "", "2.7", None),
    ("3, 3.6, 3.7", "", "2", "name 3.6, 3.7"),
    ("3", "", "2", "name 3"),
    ("", "", "2", "no classifiers"),
    ("", ">=2.7", "2", None),
    ("99999, 3.99999, 2.7", "", "2", None),
    ("99999", "", "2", "no classifiers"),
    ("", ">=2.7.9", "2.7", None),
    ("", ">=2.7, !=3.0.*", "2.7", None),
    ("", ">=3.6", "2", "Requires-Python is >=3.6"),
    ("2, 2.7", ">=3.6", "2", "Requires-Python is >=3.6"),
    # A minor version is named, or the major version alone.
    ("3, 3.11, 3.13", ">=3.9", "3.13", None),
    ("3.9, 3.10, 3.12", ">=3.9", "3.13", "name 3.9, 3.10, 3.12"),
    ("3", ">=3.9", "3.13", None),
    ("3 :: Only", ">=3.9", "3.13", None),
    ("3, 3.13", "<3.13", "3.13", "Requires-Python is <3.13"),
    ("", ">=3.13.1", "3.13", None),
    ("", "<3.13.1", "3.13", None),
    ("", "==3.*", "3", None),
    # What is no Requires-Python limits nothing and claims nothing.
    ("3", "three", "3.13", None),
    ("", "three", "3.13", "no classifiers"),
    ("Implementation :: CPython", ">=3", "3.13", None),
]
NOT_PYTHONS = ["", "x", "3.", "3.13.1", "-1", "3.x"]


def one(
    name: str, version: str, classifiers: str, wanted: str = ""
) -> Distribution:
    return Distribution(
        name,
        version,
        requires_python=wanted,
        classifiers=tuple(
            f"Programming Language :: Python :: {each}"
            for each in classifiers.split(", ")
            if each
        ),
    )


class TestClaims(base.TestCase):
    def test_table(self) -> None:
        for classifiers, wanted, asked, word in CLAIMS:
            found = support.why_not(
                one("a", "1", classifiers, wanted), support.parse_python(asked)
            )
            case = f"{classifiers} {wanted} {asked}"
            if word is None:
                self.assertIsNone(found, case)
            else:
                self.assertIn(word, str(found), case)

    def test_not_pythons(self) -> None:
        for text in NOT_PYTHONS:
            self.assertRaises(ValueError, support.parse_python, text)


class CommandTestCase(base.TestCase):
    def run_it(self, *argv: str) -> base.Outcome:
        return self.run_main(check_python2_support.main, "--strict", *argv)

    def rules(self, done: base.Outcome) -> dict[str, str]:
        found = json.loads(done.out)["findings"]
        return {each["package"]: each["rule"] for each in found}

    def pins(self, *lines: str) -> str:
        return self.write("u.txt", "".join(f"{line}\n" for line in lines))

    def freeze(self, *distributions: Distribution) -> str:
        made = Freeze("3.12", base.environment("3.12"), distributions)
        return self.write("f.json", freeze_json.to_json(made))


class TestAtHand(CommandTestCase):
    """Nothing is asked of an index."""

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(
            fixtures.MonkeyPatch(f"{metadata.__name__}.from_index", None)
        )

    def test_freezes(self) -> None:
        path = self.freeze(
            one("Old", "1", "2, 2.7"), one("new.one", "2.0", "3", ">=3.9")
        )
        pins = self.pins("# c", "old===1", "", "New_One===2")
        done = self.run_it("--requirements", pins, "--freeze", path)
        self.assertEqual((1, ""), (done.status, done.err))
        self.assertEqual(
            [
                f"{pins}:4: new.one 2.0 does not claim Python 2: "
                "Requires-Python is >=3.9 [python-not-claimed]",
                "    now: New_One===2",
                f"2 pins in {pins}, Python 2: 1 error",
            ],
            done.out.splitlines(),
        )
        arguments = ("--requirements", pins, "--freeze", path)
        done = self.run_it(*arguments, "--python", "3.13", "-v")
        self.assertEqual(1, done.status)
        self.assertEqual("new.one 2.0 claims Python 3.13\n", done.err)

    def test_only_strict_makes_it_fail(self) -> None:
        path = self.freeze(one("a", "1", "3"))
        arguments = ("--requirements", self.pins("a===1"), "--freeze", path)
        done = self.run_main(check_python2_support.main, *arguments)
        self.assertEqual((0, ""), (done.status, done.err))
        self.assertIn("warning: a 1 does not claim Python 2", done.out)
        self.assertIn(": 1 warning\n", done.out)
        strict = self.run_it(*arguments)
        self.assertEqual((1, ""), (strict.status, strict.err))
        self.assertIn(": a 1 does not claim Python 2", strict.out)
        self.assertIn(": 1 error\n", strict.out)

    def test_nothing_to_judge(self) -> None:
        path = self.write("none.txt", "# nothing yet\n")
        self.assertEqual(
            (2, "", f"{path}: has no pin: there is nothing to judge\n"),
            self.run_main(
                check_python2_support.main,
                "--requirements",
                path,
                "--no-cache",
            ),
        )

    def test_only_pins_that_can_apply_are_judged(self) -> None:
        path = self.freeze(one("a", "1", "2"), one("a", "2", "3"))
        pins = self.pins(
            "a===1;python_version=='2.7'", "a===2;python_version>='3.0'"
        )
        for python in ("2", "2.7", "3", "3.13"):
            done = self.run_it(
                *("--requirements", pins, "--freeze", path),
                *("--python", python),
            )
            self.assertEqual(0, done.status, python)
            self.assertIn("1 pin in ", done.out)

    def test_what_is_no_pin_is_a_warning(self) -> None:
        pins = self.pins("a>=1", "-e git+https://x/y#egg=b")
        done = self.run_it("--requirements", pins, "--format", "json")
        self.assertEqual(0, done.status)
        self.assertEqual(
            dict.fromkeys("ab", "inexact-constraint"), self.rules(done)
        )

    def test_environments(self) -> None:
        folder = str(self.folder / "venv")
        subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", folder], check=True
        )
        self.write(
            f"{environments.site_folders(folder)[0]}/a-1.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: a\nVersion: 1\n"
            "Requires-Python: >=3\n\n",
        )
        pins = self.pins("a===1")
        done = self.run_it("--requirements", pins, "--environment", folder)
        self.assertEqual((1, ""), (done.status, done.err))
        self.assertIn("Requires-Python is >=3", done.out)

    def test_where_it_runs(self) -> None:
        running = {
            each.name: each.version
            for each in installed.running().distributions
        }
        pins = self.pins(f"packaging==={running['packaging']}")
        done = self.run_it("--requirements", pins)
        self.assertEqual(1, done.status)
        self.assertIn("Requires-Python is", done.out)

    def test_what_cannot_be_used(self) -> None:
        pins = self.pins("a===1")
        bad = self.write("bad.txt", "a===1;'x'=='y'\n")
        for argv, word in (
            (("--requirements", "nowhere"), "nowhere: cannot be read"),
            (("--requirements", bad), f"{bad}:1: the marker"),
            (("--requirements", pins, "--freeze", pins), "not JSON"),
            (("--requirements", pins, "--environment", "x"), "neither"),
            (("--requirements", pins, "--python", "3.x"), "such as 2"),
            (("--requirements", pins, "--output", "no/x"), "no/x: "),
        ):
            done = self.run_it(*argv)
            self.assertEqual((2, ""), (done.status, done.out), word)
            self.assertIn(word, done.err)


class TestIndex(CommandTestCase):
    """On an index that has pages of HTML and nothing else."""

    def setUp(self) -> None:
        super().setUp()
        self.index = self.useFixture(Index(json=False, metadata=False))
        self.index.use()
        self.useFixture(fixtures.EnvironmentVariable("PIP_RETRIES", "0"))
        self.index.wheel(
            "old",
            "1.0",
            classifiers=["Programming Language :: Python :: 2.7"],
        )
        self.index.wheel("new", "2.0", requires_python=">=3.9")
        self.index.wheel("other", "1.0", requires_python="<3")
        self.before = set(os.listdir(self.temporary))

    def asked(self) -> set[str]:
        parts = (path.split("/") for path in self.index.requests)
        return {each[2] for each in parts if each[1] == "simple"}

    def test_only_for_what_nothing_else_has(self) -> None:
        path = self.freeze(one("new", "2.0", "2"), one("old", "0.9", "3"))
        pins = self.pins("old===1.0", "new===2.0", "other===1.0")
        done = self.run_it(
            *("--requirements", pins, "--freeze", path, "--format", "json")
        )
        self.assertEqual((0, ""), (done.status, done.err))
        self.assertEqual({"old", "other"}, self.asked())
        done = self.run_it("--requirements", pins, "--format", "json", "-v")
        self.assertEqual(1, done.status)
        self.assertEqual({"new": "python-not-claimed"}, self.rules(done))
        self.assertIn("the metadata of 3 versions", done.err)
        self.assertIn("old 1.0 claims Python 2", done.err)
        self.assert_nothing_left()

    def test_what_is_missing_is_found_among_many(self) -> None:
        names = [f"pkg{number}" for number in range(25)]
        for name in names:
            self.index.wheel(name, "1.0", requires_python=">=2.7")
        self.index.sdist("source", "1.0", fail="it must not be built")
        self.index.offer("broken", "broken-1.0.tar.gz", b"not an archive")
        self.index.offer("egg", "egg-1.0-py2.7.egg", b"not looked at")
        pins = self.pins(
            *(f"{name}===1.0" for name in names),
            *("gone===1.0", "old===7", "broken===1.0", "source===1.0"),
            "egg===1.0",
        )
        done = self.run_it("--requirements", pins, "--format", "json")
        self.assertEqual((1, ""), (done.status, done.err))
        self.assertEqual(
            {
                "gone": "unknown-metadata",
                "old": "unknown-metadata",
                "broken": "unknown-metadata",
                "egg": "unknown-metadata",
                "source": "python-not-claimed",
            },
            self.rules(done),
        )
        self.assertIn("broken-1.0.tar.gz: it is damaged", done.out)
        self.assertIn("no such version", done.out)
        self.assert_nothing_left()

    def test_an_index_that_fails(self) -> None:
        pins = self.pins("old===1.0", "new===2.0")
        self.index.error("old-1.0-py2.py3-none-any.whl", 503)
        done = self.run_it("--requirements", pins)
        self.assertEqual((3, ""), (done.status, done.out))
        self.assertIn("cannot be fetched (HTTP 503 Service", done.err)
        self.assert_nothing_left()
        self.useFixture(fixtures.EnvironmentVariable("UV_DEFAULT_INDEX", None))
        self.useFixture(
            fixtures.EnvironmentVariable(
                "PIP_INDEX_URL", "http://name:secret@127.0.0.1:1/simple/"
            )
        )
        done = self.run_it("--requirements", pins)
        self.assertEqual((3, ""), (done.status, done.out))
        self.assertIn("cannot be fetched (Connection refused)", done.err)
        self.assertNotIn("secret", done.err)

    def test_the_cache(self) -> None:
        pins = self.pins("old===1.0", "new===2.0")
        asked = []
        folder = self.folder / "cache"
        for argv in (
            ("--cache-dir", str(folder)),
            ("--cache-dir", str(folder)),
            ("--no-cache",),
        ):
            self.index.requests.clear()
            done = self.run_it("--requirements", pins, *argv)
            self.assertEqual((1, ""), (done.status, done.err))
            asked.append(
                sum(path.startswith("/files/") for path in self.index.requests)
            )
        self.assertEqual([2, 0, 2], asked)
        done = self.run_it(
            *("--requirements", pins, "--cache-dir", "x", "--no-cache")
        )
        self.assertEqual(2, done.status)
        done = self.run_it("--requirements", pins, "--cache-dir", pins)
        self.assertEqual((2, ""), (done.status, done.out))

    def test_an_interrupt(self) -> None:
        pins = self.pins("old===1.0", "silent===1.0")
        self.index.hang("silent")
        code = (
            "import sys; from openstack_requirements.cmds import _entry; "
            "sys.exit(_entry.check_python2_support())"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code, "--requirements", pins],
            cwd=base.ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as child:
            while "/simple/silent/" not in self.index.requests:
                self.assertIsNone(child.poll())
                time.sleep(0.02)
            child.send_signal(signal.SIGINT)
            out, err = child.communicate()
        self.assertEqual(
            (130, b"", b"interrupted; nothing was written\n"),
            (child.returncode, out, err),
        )
        self.assert_nothing_left()
