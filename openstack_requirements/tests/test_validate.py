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
"""validate-constraints, as it is run."""

from __future__ import annotations

import json
import os

import fixtures

from openstack_requirements.cmds import validate_constraints
from openstack_requirements.cmds.report import FORMATS
from openstack_requirements.tests import base


class TestValidate(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("global-requirements.txt", "foo>=1  # MIT\nlint>=2\n")
        self.write("upper-constraints.txt", "Foo===1.5\n")
        self.write("blacklist.txt", "Lint  # why\n")
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)

    def run_it(self, *argv: str) -> base.Outcome:
        return self.run_main(validate_constraints.main, *argv)

    def test_all_well(self) -> None:
        done = self.run_it()
        self.assertEqual((0, ""), (done.status, done.err))
        self.assertEqual(
            "global-requirements.txt and upper-constraints.txt: 2 entries, 1 "
            "pin: no findings\n",
            done.out,
        )

    def test_findings_fail(self) -> None:
        self.write("u.txt", "# c\nfoo==0.5\n")
        done = self.run_it("global-requirements.txt", "u.txt")
        self.assertEqual((1, ""), (done.status, done.err))
        lines = done.out.splitlines()
        self.assertEqual(7, len(lines))
        self.assertTrue(lines[0].startswith("u.txt:2: foo is pinned to 0.5"))
        self.assertTrue(lines[0].endswith(" [incompatible-constraint]"))
        self.assertEqual(
            [
                "u.txt:2: foo==0.5 is not exact [inexact-constraint]",
                "    now: foo==0.5",
                "    fix: write foo===0.5",
            ],
            lines[3:6],
        )

    def test_every_format(self) -> None:
        self.write("u.txt", "foo==0.5\n")
        for name in FORMATS:
            done = self.run_it(
                "global-requirements.txt", "u.txt", "--format", name
            )
            self.assertEqual((1, ""), (done.status, done.err), name)
            self.assertIn("foo==0.5 is not exact", done.out, name)
            arguments = ("u.txt", "--format", name, "--output", "r")
            again = self.run_it("global-requirements.txt", *arguments)
            self.assertEqual((1, ""), (again.status, again.out), name)
            written = (self.folder / "r").read_bytes().decode()
            self.assertEqual(done.out, written, name)

    def test_nothing_to_judge(self) -> None:
        self.write("g.txt", "# nothing yet\n")
        self.write("u.txt", "")
        self.assertEqual(
            (
                2,
                "",
                "g.txt: has no entry, and u.txt no pin: there is nothing to "
                "judge\n",
            ),
            self.run_it("g.txt", "u.txt"),
        )

    def test_json_into_a_file(self) -> None:
        self.write("u.txt", "")
        arguments = ("--format", "json", "--output", "r.json")
        done = self.run_it("global-requirements.txt", "u.txt", *arguments)
        self.assertEqual((1, ""), (done.status, done.out))
        self.assertEqual(
            "r.json: written, global-requirements.txt and u.txt: 2 entries, "
            "0 pins: 1 error\n",
            done.err,
        )
        report = json.loads((self.folder / "r.json").read_text())
        self.assertEqual(
            [("unconstrained-requirement", "foo", 1)],
            [
                (each["rule"], each["package"], each["line"])
                for each in report["findings"]
            ],
        )

    def test_the_never_constrain_list_by_any_name(self) -> None:
        files = ("global-requirements.txt", "upper-constraints.txt")
        self.write("none.txt", "")
        for more in (
            ("none.txt",),
            ("-b", "none.txt"),
            ("--denylist", "none.txt"),
        ):
            done = self.run_it(*files, *more)
            self.assertIn("lint is neither in", done.out)
            self.assertEqual(1, done.status)
        done = self.run_it(*files, "none.txt", "-b", "none.txt")
        self.assertEqual(2, done.status)

    def test_policy_found_and_asked_for(self) -> None:
        self.write("denylist.txt", "lint\n")
        done = self.run_it()
        self.assertEqual(1, done.status)
        self.assertIn("(current policy) [global-bounds]", done.out)
        self.assertIn("blacklist.txt is not read", done.err)
        self.assertEqual(0, self.run_it("--policy", "classic").status)

    def test_what_cannot_be_used(self) -> None:
        self.write("bad.txt", "a b\nc\n;x\n")
        self.write("binary.txt", b"\x00\xff")
        for name, word in (
            ("bad.txt", "bad.txt:1:3: "),
            ("missing.txt", "missing.txt: cannot be read"),
            ("binary.txt", "binary.txt:1: is not UTF-8"),
            (str(self.folder), "cannot be read"),
        ):
            for arguments in ((name,), ("global-requirements.txt", name)):
                done = self.run_it(*arguments)
                self.assertEqual((2, ""), (done.status, done.out), name)
                self.assertIn(word, done.err)
        done = self.run_it("--output", "no/such/folder")
        self.assertEqual((2, ""), (done.status, done.out))

    def test_hostile_markers_do_not_stop_it(self) -> None:
        names = [f"platform_release!='{n}.{n}'" for n in range(40)]
        names += [f"platform_machine!='{n}'" for n in range(40)]
        names += [f"python_full_version!='3.{n}.1'" for n in range(20)]
        self.write("g.txt", f"foo>=1;{' or '.join(names)}\n")
        self.write("u.txt", "foo===1.0;implementation_version>='3'\n")
        done = self.run_it("g.txt", "u.txt", "--policy", "classic")
        self.assertIn(done.status, {0, 2})
        if done.status:
            self.assertTrue(done.err.startswith("g.txt:1: "), done.err)

    def test_an_empty_never_constrain_list(self) -> None:
        self.write("g.txt", "foo>=1  # MIT\n")
        self.write("e.txt", "")
        done = self.run_it("g.txt", "upper-constraints.txt", "e.txt")
        self.assertEqual((0, ""), (done.status, done.err))

    def test_names_of_files_do_not_drive_the_terminal(self) -> None:
        self.write("u\x1b[31m.txt", "foo\n")
        done = self.run_it("global-requirements.txt", "u\x1b[31m.txt")
        self.assertEqual(1, done.status)
        self.assertNotIn("\x1b", done.out)

    def test_started_as_a_process(self) -> None:
        self.useFixture(fixtures.EnvironmentVariable("LC_ALL", "C"))
        self.write("global-requirements.txt", "foo>=1  # \u00e9\n \u00e9\n")
        done = self.run_process("validate-constraints")
        self.assertEqual(2, done.status)
        self.write("global-requirements.txt", "foo>=1 # \u00e9\n")
        done = self.run_process("validate-constraints")
        self.assertEqual(1, done.status)
        self.assertIn("\u00e9", done.out)
