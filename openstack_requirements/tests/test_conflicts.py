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
"""What is installed together goes together, or does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import fixtures

from openstack_requirements.checks import conflicts, list_lines
from openstack_requirements.cmds import check_conflicts
from openstack_requirements.constraints import freeze_json
from openstack_requirements.constraints.freeze import Distribution, Freeze
from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.install import environments, installed
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.tests import base

# For each: what is installed (with its requirements), and what is found of
# the constrained, which are a, b and c.
WORLDS: list[tuple[dict[str, list[str]], str]] = [
    ({"a 1": [], "b 2": []}, ""),
    ({"a 1": ["b>=2"], "b 2": []}, ""),
    ({"a 1": ["b<2"], "b 2": []}, "a:conflicting"),
    ({"a 1": ["B_x.y"], "b-X-y 2": []}, ""),
    ({"a 1": ["z"]}, "a:missing"),
    ({"a 1": ["z; python_version < '3'"]}, ""),
    (
        {"a 1": ["z; python_version >= '3' and sys_platform == 'linux'"]},
        "a:missing",
    ),
    # A pre-release that is there is there.
    ({"a 1": ["b>=2"], "b 3.0rc1": []}, ""),
    ({"a 1": ["b>=2"], "b 2.0rc1": []}, "a:conflicting"),
    ({"a 1": ["b==2018"], "b 2018-abc": []}, "a:conflicting"),
    ({"a 1": ["b @ https://example.org/b.zip"], "b 2": []}, ""),
    # What is not constrained is not judged, but may be what is lacking.
    ({"other 1": ["z"]}, ""),
    # Extras count where something asks for them, ...
    ({"a 1": ["z; extra == 'x'"]}, ""),
    ({"a 1": ["z; extra == 'x'"], "b 1": ["a[X]"]}, "a:missing"),
    ({"a 1": ["z; extra == 'x_y'"], "b 1": ["a[X-Y]"]}, "a:missing"),
    ({"a 1": ["z; extra == 'x'"], "other 1": ["a[x]"]}, "a:missing"),
    # ... but not where what asks for them does not apply,
    ({"a 1": ["z; extra == 'x'"], "b 1": ["a[x]; os_name == 'nt'"]}, ""),
    ({"a 1": ["z; extra == 'x'"], "b 1": ["a[x]; extra == 'y'"]}, ""),
    # one extra may ask for another, of itself as well,
    (
        {
            "a 1": ["z; extra == 'x'", "a[x]; extra == 'all'"],
            "b 1": ["a[all]; extra == 'y'"],
            "c 1": ["b[y]"],
        },
        "a:missing",
    ),
    # and two that ask for each other come to an end.
    (
        {
            "a 1": ["b[y]; extra == 'x'"],
            "b 1": ["a[x]; extra == 'y'"],
            "c 1": ["a[x]"],
        },
        "",
    ),
    ({"a 1": ["b[x]"]}, "a:missing"),
    ({"a 1": ["!!!"]}, "a:unreadable"),
    # A marker without a meaning neither applies nor does not.
    ({"a 1": ["z; os_name ~= 'x'"]}, "a:unreadable"),
    ({"a 1": ["z; 'a' == 'b'"]}, "a:unreadable"),
    ({"a 1": ["z; extra != 'x'"], "b 1": ["a[x]"]}, "a:missing"),
]
EXPECTED = [
    ("b==2;a", "", "a"),
    ("B==2.0.0 ; q , A", "", "a"),
    ("b==2;c", "a", ""),
    ("b==1;a", "a", ""),
    ("c==2;a", "a", ""),
    ("# b==2;a\n\n", "a", ""),
]
BAD = ["b", "b==2", "b==2;", "b=2;a", "b==2;a b", "b===2;a", "b>=2;a", ";a"]
PINS = "a===1\nb===2;python_version>='3'\nb===9;python_version<'3'\nc===1\n"


def make(
    installed: dict[str, list[str]],
    requested: tuple[str, ...] = (),
    version: str = "3.12",
) -> Freeze:
    found = (
        Distribution(name, version, tuple(requires))
        for (name, version), requires in (
            (text.split(), requires) for text, requires in installed.items()
        )
    )
    environment = base.environment(version)
    return Freeze(version, environment, tuple(found), requested)


def judge(
    *freezes: Freeze, expected: str = "", pins: str = PINS
) -> tuple[list[str], list[str]]:
    pinned = list_lines.listed("c", read_entries(pins))
    found, waived = conflicts.judge(
        [conflicts.judged_freeze(each, pinned) for each in freezes],
        conflicts.read_expected(expected, "x"),
    )
    return (
        [
            f"{finding.package}:{finding.rule.split('-')[0]}"
            for finding in found
            # The versions of these tables are not those of the constraints.
            if finding.rule != "differing-version"
        ],
        [str(each.finding.package) for each in waived],
    )


class TestWorlds(base.TestCase):
    def test_table(self) -> None:
        for pins, expected in WORLDS:
            found, _ = judge(make(pins))
            self.assertEqual(expected, " ".join(found), str(pins))

    def test_extras_that_the_list_asks_for(self) -> None:
        installed = {"a 1": ["z; extra == 'x'"]}
        for requested, expected in (
            ("a[x]>=1 # c", ["a:missing"]),
            ("A[y,X]", ["a:missing"]),
            ("a[x]; os_name == 'nt'", []),
            ("-r [x]", []),
            ("a", []),
        ):
            found, _ = judge(make(installed, (requested,)))
            self.assertEqual(expected, found, requested)

    def test_only_a_line_that_applies_constrains(self) -> None:
        one = make({"b 1": ["z"]})
        self.assertEqual(
            ([], []), judge(one, pins="b===1;python_version<'3'\n")
        )
        found = conflicts.judged_freeze(
            one, list_lines.listed("c", read_entries(PINS))
        )
        self.assertEqual(
            [2], [line.number for line in found.constrained.values()]
        )

    def test_what_is_told(self) -> None:
        pinned = list_lines.listed("c", read_entries(PINS))
        for requirements, fix in (
            ({"a 1": ["b<2"], "b 2": []}, ": b==2;a"),
            ({"a 1": ["z"]}, "install it"),
            ({"a 1": ["!!!"]}, ""),
        ):
            world = conflicts.judged_freeze(make(requirements), pinned)
            found, _ = conflicts.judge([world], [])
            found = [x for x in found if x.rule != "differing-version"]
            self.assertEqual(
                [("c", 1, "a")], [(x.file, x.line, x.package) for x in found]
            )
            self.assertIsNone(found[0].fix)
            self.assertIn(fix, found[0].hint or "")
            self.assertEqual(fix == "", found[0].hint is None)

    def test_a_constraint_that_cannot_be_judged(self) -> None:
        pinned = list_lines.listed(
            "c", read_entries("b===1\na===1;'x'=='y'\n")
        )
        error = self.assertRaises(
            BadLine, conflicts.judged_freeze, make({"a 1": []}), pinned
        )
        self.assertEqual(("c", 2), (error.source, error.number))
        self.assertIn("the marker cannot be judged", error.reason)

    def test_expected(self) -> None:
        conflict = make({"a 1": ["b<2"], "b 2": [], "c 1": []})
        for text, found, waived in EXPECTED:
            outcome = judge(conflict, expected=text)
            mine = [each for each in outcome[0] if "conflicting" in each]
            self.assertEqual(
                [f"{name}:conflicting" for name in found.split()], mine, text
            )
            self.assertEqual(waived.split(), outcome[1], text)

    def test_an_expectation_that_is_not_met_is_a_warning(self) -> None:
        here = make({"a 1": ["b>=2"], "b 2": []})
        self.assertEqual(
            ["b:unused"], judge(here, expected="b==2;a,gone\n")[0]
        )
        # Somewhere else it may still be.
        for text in ("b==3;a", "gone==1;a", "b==2;gone"):
            self.assertEqual([], judge(here, expected=text)[0], text)
        there = make({"a 1": ["b<2"], "b 2": []}, version="3.11")
        self.assertEqual(([], ["a"]), judge(here, there, expected="b==2;a"))

    def test_bad_expectations(self) -> None:
        for text in BAD:
            error = self.assertRaises(
                BadContent, conflicts.read_expected, f"\n{text}\n", "x"
            )
            self.assertTrue(str(error).startswith("x:2: "), text)

    def test_the_same_conflict_is_found_once(self) -> None:
        installed = {"a 1": ["z"]}
        pinned = list_lines.listed("c", read_entries(PINS))
        worlds = [
            conflicts.judged_freeze(make(installed, version=each), pinned)
            for each in ("3.11", "3.12", "3.12")
        ]
        found, _ = conflicts.judge(worlds, [])
        self.assertEqual(1, len(found))
        self.assertIn("(Python 3.11, 3.12)", found[0].message)

    def test_what_is_not_described_is_a_warning(self) -> None:
        one = make({"a 1": []})
        plain = one.distributions[0]._replace(described=False)
        found, _ = judge(one._replace(distributions=(plain,)))
        self.assertEqual(["a:unknown"], found)


class TestCommand(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.pins = self.write("c.txt", "a===1\nb===2\n")
        self.known = self.write("x.txt", "# known\nb==2;a\n")

    def run_it(self, *argv: str) -> base.Outcome:
        return self.run_main(check_conflicts.main, *argv)

    def freeze(self, **installed: str) -> str:
        found = {f"{k} {v[0]}": v.split()[1:] for k, v in installed.items()}
        return self.write("f.json", freeze_json.to_json(make(found)))

    def virtualenv(self, *options: str) -> str:
        """One with a in it, which wants less than b 2, and b 2."""
        folder = str(self.folder / "venv")
        subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", *options, folder],
            check=True,
        )
        site = environments.site_folders(folder)[0]
        for name, version, more in (
            ("a", "1", "Requires-Dist: b<2\n"),
            ("b", "2", ""),
        ):
            self.write(
                f"{site}/{name}-{version}.dist-info/METADATA",
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
                f"{more}\n",
            )
        ran = self.folder / "ran"
        self.write(f"{site}/x.pth", f"import os; os.mkdir({str(ran)!r})\n")
        self.ran = ran
        return folder

    def test_freezes(self) -> None:
        path = self.freeze(a="1 b<2", b="2")
        done = self.run_it(self.pins, "--freeze", path, path)
        self.assertEqual((1, ""), (done.status, done.err))
        lines = done.out.splitlines()
        self.assertEqual(
            f"{self.pins}:1: a 1 requires b<2, but b 2 is installed "
            "(Python 3.12) [conflicting-requirement]",
            lines[0],
        )
        self.assertIn("list it as expected: b==2;a", lines[2])

    def test_expected_passes(self) -> None:
        path = self.freeze(a="1 b<2", b="2")
        done = self.run_it(self.pins, self.known, "--freeze", path)
        self.assertEqual((0, ""), (done.status, done.err))
        self.assertIn(f"expected: {self.known}:2 lists it", done.out)
        done = self.run_it(
            self.pins, self.known, "--freeze", path, "--format", "json"
        )
        report = json.loads(done.out)
        self.assertEqual([], report["findings"])
        self.assertEqual("a", report["waived"][0]["package"])

    def test_a_virtualenv_is_read_and_nothing_of_it_is_run(self) -> None:
        folder = self.virtualenv()
        os.symlink(folder, self.folder / "link")
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        for path in (folder, f"{folder}/bin/python", "venv", "link"):
            done = self.run_it(self.pins, "--python", path)
            self.assertEqual((1, ""), (done.status, done.err), path)
            self.assertIn("2 of 2 constrained", done.out)
            self.assertIn("b 2 is installed", done.out)
        self.assertFalse(self.ran.exists())
        self.assert_nothing_left()

    def test_a_virtualenv_that_sees_the_system(self) -> None:
        folder = self.virtualenv("--system-site-packages")
        found = installed.site_folders_of(
            f"{folder}/bin/python", self.children()
        )
        self.assertGreater(len(found), 1)
        self.assertTrue(found[0].startswith(os.path.realpath(folder)))

    def test_the_system_may_have_several_pythons(self) -> None:
        """The one counts that the virtualenv was made by."""
        for version in ("3", "3.13", "3.14"):
            seen = self.folder / f"of-{version}"
            seen.mkdir()
            path = self.write(
                f"bin/python{version}", f"#!/bin/sh\necho {seen}"
            )
            os.chmod(path, 0o755)
        for line in ("version = 3.14.0", "version_info = 3.14.0.final.0", ""):
            self.write(
                "system/pyvenv.cfg",
                f"home = {self.folder}/bin\n"
                f"include-system-site-packages = true\n{line}\n",
            )
            found = installed.site_folders_of(
                str(self.folder / "system/bin/python"), self.children()
            )
            expected = "of-3.14" if line else "of-3"
            self.assertEqual([str(self.folder / expected)], found, line)

    def test_the_first_that_is_found_counts(self) -> None:
        for number, version in enumerate(("1", "2")):
            self.write(
                f"s{number}/a-{version}.dist-info/METADATA",
                f"Metadata-Version: 2.1\nName: a\nVersion: {version}\n\n",
            )
        folders = [str(self.folder / "s0"), str(self.folder / "s1")]
        self.assertEqual(
            ["1"],
            [each.version for each in installed.imported_from(folders)],
        )

    def test_the_active_virtualenv(self) -> None:
        self.useFixture(
            fixtures.EnvironmentVariable("VIRTUAL_ENV", self.virtualenv())
        )
        done = self.run_it(self.pins)
        self.assertEqual((1, ""), (done.status, done.err), done.out)
        self.assertIn("2 of 2 constrained", done.out)

    def test_an_environment_is_named(self) -> None:
        for value in (None, ""):
            self.useFixture(fixtures.EnvironmentVariable("VIRTUAL_ENV", value))
            done = self.run_it(self.pins)
            self.assertEqual(
                (
                    2,
                    "",
                    "name an environment with --environment, or activate it, "
                    "or name freezes with --freezes\n",
                ),
                done,
            )

    def test_nothing_to_judge(self) -> None:
        pins = self.write("other.txt", "z===1\na===1;python_version<'3'\n")
        path = self.freeze(a="1 b<2", b="2")
        folder = self.virtualenv()
        for argv in (("--freeze", path), ("--python", folder)):
            done = self.run_it(pins, *argv)
            self.assertEqual(
                (
                    2,
                    "",
                    f"{argv[1]}: has none of the 2 distributions in {pins}: "
                    "name the environment that was installed under these "
                    "constraints\n",
                ),
                done,
            )

    def test_another_version_than_the_pin_is_a_warning(self) -> None:
        path = self.freeze(a="1.0", b="3")
        done = self.run_it(self.pins, "--freeze", path)
        self.assertEqual((0, ""), (done.status, done.err))
        lines = done.out.splitlines()
        self.assertEqual(
            f"{self.pins}:2: warning: b 3 is installed, and not 2 "
            "(Python 3.12) [differing-version]",
            lines[0],
        )
        self.assertNotIn("a 1.0", done.out)

    def test_what_cannot_be_used(self) -> None:
        path = self.freeze(a="1")
        bad = self.write("bad.txt", "a\nb==1;c\n")
        empty = self.write("empty", "")
        for argv, word in (
            (("nowhere",), "nowhere: cannot be read"),
            ((self.pins, "nowhere"), "nowhere: cannot be read"),
            ((self.pins, bad), f"{bad}:1: not DEPENDENCY"),
            ((self.pins, "--python", "nowhere"), "neither a virtualenv"),
            ((self.pins, "--python", "/bin/true"), "no Python that works"),
            ((self.pins, "--python", empty), "no Python that works"),
            ((self.pins, "--freeze", self.pins), "not JSON"),
            (
                (self.pins, "--freeze", path, "--python", "x"),
                "does not go with",
            ),
        ):
            done = self.run_it(*argv)
            self.assertEqual((2, ""), (done.status, done.out), word)
            self.assertIn(word, done.err)
