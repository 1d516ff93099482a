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
"""generate-constraints under the holds of a ledger."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from openstack_requirements.cmds import _generate_request, validate_constraints
from openstack_requirements.repository import (
    generation,
    hold_edits,
    hold_effects,
)
from openstack_requirements.repository.holds import HoldEntry, HoldLedger
from openstack_requirements.tests import base
from openstack_requirements.tests.test_explain import make
from openstack_requirements.tests.test_generate import VERSION
from openstack_requirements.tests.test_nightly import (
    INSTALLERS,
    NightlyTestCase,
)

TODAY = date(2026, 11, 21)
FOO = HoldEntry(
    name="foo",
    range="<2",
    owner="nova",
    bug="12",
    reason="2.0 breaks it",
    since=date(2026, 11, 1),
    until=date(9998, 12, 31),
    file="holds.yaml",
    line=1,
)
LIST = ("foo", "bar", "baz")
HELD = "bar 1.0, baz 1.0, foo 1.9, qux 1.0"
FREE = "bar 2.0, baz 2.0, foo 2.0, qux 3.0"
SAID = (
    f"holds.yaml:1: foo<2 (nova, bug 12) keeps back 2.0 on Python {VERSION}, "
    "and with it 3 other distributions: bar 2.0, baz 2.0, qux 3.0\n"
)


class HoldTestCase(NightlyTestCase):
    """A list of which one release moves all others."""

    def setUp(self) -> None:
        super().setUp()
        for name, version, requires in (
            ("foo", "1.0", []),
            ("foo", "1.9", ["qux<2"]),
            ("foo", "2.0", ["qux"]),
            ("qux", "1.0", []),
            ("qux", "3.0", []),
            # They require what is held, or what is behind.
            ("bar", "1.0", ["foo"]),
            ("bar", "2.0", ["foo>=2"]),
            ("baz", "1.0", ["bar"]),
            ("baz", "2.0", ["bar>=2"]),
        ):
            self.index.wheel(name, version, requires=requires)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)

    def hold(self, *some: HoldEntry) -> str:
        """A ledger beside the list."""
        return self.write("holds.yaml", hold_edits.added("", some))

    def run_held(
        self, installer: str, *argv: str, lines: tuple[str, ...] = LIST
    ) -> tuple[str, str]:
        """The pins, and what is said."""
        done = self.run_with(
            installer, "--holds", "holds.yaml", *argv, lines=lines
        )
        self.assertEqual(0, done.status, done.err)
        return done.out.replace("===", " ").replace("\n", ", ")[:-2], done.err


class TestHolds(HoldTestCase):
    def test_the_range_limits_what_is_installed(self) -> None:
        self.hold(FOO)
        for installer in INSTALLERS:
            for more in ((), ("--no-install",), ("--verify",)):
                self.assertEqual((HELD, SAID), self.run_held(installer, *more))
            self.assertEqual(
                FREE, self.pins(installer, "--no-holds", lines=LIST)
            )

    def test_only_on_its_pythons(self) -> None:
        self.hold(FOO._replace(python=f"python_version!='{VERSION}'"))
        self.assertEqual(
            (
                FREE,
                "holds.yaml:1: foo<2 (nova, bug 12) is for none of these "
                "Pythons\n",
            ),
            self.run_held("uv"),
        )
        self.hold(FOO._replace(python=f"python_version=='{VERSION}'"))
        self.assertEqual((HELD, SAID), self.run_held("uv"))

    def test_a_hold_that_keeps_nothing_back(self) -> None:
        self.hold(FOO._replace(range="<3"))
        self.assertEqual(
            (
                FREE,
                "holds.yaml:1: foo<3 (nova, bug 12) keeps nothing back on "
                f"Python {VERSION}: 2.0 is the newest version\n",
            ),
            self.run_held("uv"),
        )
        self.hold(FOO._replace(name="zoo"))
        self.assertEqual(
            (
                FREE,
                "holds.yaml:1: zoo<2 (nova, bug 12) keeps nothing back on "
                f"Python {VERSION}: it is not installed\n",
            ),
            self.run_held("uv"),
        )

    def test_what_something_else_keeps_back_too(self) -> None:
        # qux stays behind for the list, and baz for its own hold.
        self.hold(FOO, FOO._replace(name="baz"))
        _, said = self.run_held("uv", lines=(*LIST, "qux<2"))
        self.assertEqual(
            [
                f"holds.yaml:1: foo<2 (nova, bug 12) keeps back 2.0 on Python "
                f"{VERSION}, and with it 1 other distribution: bar 2.0",
                f"holds.yaml:9: baz<2 (nova, bug 12) keeps back 2.0 on Python "
                f"{VERSION}",
            ],
            said.splitlines(),
        )

    def test_earlier_pins_that_a_hold_excludes(self) -> None:
        self.hold(FOO)
        old = self.previous("foo===2.0", "bar===2.0", "baz===2.0", "qux===3.0")
        for installer in INSTALLERS:
            pins, _ = self.run_held(installer, "--previous", old)
            self.assertEqual(HELD, pins)
        old = self.previous("foo===1.0", "bar===1.0", "qux===1.0")
        pins, _ = self.run_held("uv", "--previous", old)
        self.assertEqual("bar 1.0, baz 1.0, foo 1.0", pins)

    def test_a_fallback_pin_that_a_hold_excludes(self) -> None:
        self.hold(FOO)
        self.index.sdist("foo", "1.95", fail="no luck")
        old = self.previous("foo===2.0")
        done = self.run_with(
            *("uv", "--holds", "holds.yaml", "--previous", old),
            *("--upgrade", "--keep-going", "--allow-missing"),
            lines=("foo",),
        )
        self.assertEqual(0, done.status)
        self.assertNotIn("2.0", done.out)

    def test_a_bisection_is_within_the_holds(self) -> None:
        self.hold(FOO)
        self.index.wheel("qux", "1.5")
        old = self.previous("foo===2.0", "bar===1.0", "baz===1.0", "qux===1.0")
        command = "! grep -q qux===1.5 {}"
        done = self.run_with(
            *("uv", "--holds", "holds.yaml", "--previous", old, "--bisect"),
            command,
            lines=LIST,
        )
        self.assertEqual(0, done.status, done.err)
        self.assertEqual(
            HELD, done.out.replace("===", " ").replace("\n", ", ")[:-2]
        )
        self.assertIn("qux: held at qux===1.0", done.err)

    def test_a_hold_and_the_list_leave_nothing(self) -> None:
        self.hold(FOO)
        for installer in INSTALLERS:
            done = self.run_with(
                installer, "--holds", "holds.yaml", lines=("foo>=2",)
            )
            self.assertEqual((2, ""), (done.status, done.out))
            self.assertIn(
                "list.txt:1: foo>=2, held by holds.yaml:1: foo<2", done.err
            )

    def test_the_index_as_it_was(self) -> None:
        wheel = self.index.wheel("foo", "2.5")
        self.index.uploaded(wheel, "2026-03-01T00:00:00Z")
        self.hold(FOO)
        for before, version in (("2026-02-01", "2.0"), ("2026-04-01", "2.5")):
            _, said = self.run_held("uv", "--before", before)
            self.assertIn(f"keeps back {version} on", said)

    def test_an_expired_hold_is_honoured(self) -> None:
        self.hold(FOO._replace(until=date(2026, 11, 2)))
        pins, said = self.run_held("uv")
        self.assertEqual(HELD, pins)
        self.assertIn(
            "warning: holds.yaml:1: the hold of foo ended on 2026-11-02 "
            "(nova, bug 12); it is honoured until it is removed\n",
            said,
        )

    def test_the_changes_say_why(self) -> None:
        self.hold(FOO)
        old = self.previous("foo===1.9", "bar===1.0", "baz===1.0", "qux===1.0")
        arguments = ("--previous", old, "--upgrade", "--diff")
        _, said = self.run_held("uv", *arguments)
        self.assertIn(
            "foo 1.9: 2.0 is newer: held at foo<2 by holds.yaml:1\n", said
        )
        self.assertIn(
            "bar 1.0: 2.0 is newer: it requires foo>=2 (1.9 is pinned)\n",
            said,
        )
        _, said = self.run_held("uv", *arguments, "json", "-o", "new.txt")
        done = self.run_with(
            *("uv", "--holds", "holds.yaml", *arguments, "json"),
            *("-o", "new.txt"),
            lines=LIST,
        )
        (foo,) = (
            hold
            for hold in json.loads(done.out)["held"]
            if hold["name"] == "foo"
        )
        self.assertEqual(
            [
                {
                    "text": "foo<2",
                    "owner": "nova",
                    "bug": "12",
                    "reason": "2.0 breaks it",
                    "until": "9998-12-31",
                    "file": "holds.yaml",
                    "line": 1,
                }
            ],
            foo["recorded"],
        )

    def test_freezes_that_do_not_keep_to_it(self) -> None:
        os.mkdir("freezes")
        self.hold(FOO)
        done = self.run_with(
            "uv", "--no-holds", "--freeze-dir", "freezes", lines=LIST
        )
        self.assertEqual(0, done.status, done.err)
        done = self.generate(
            *("--from-freezes", "freezes", "--holds", "holds.yaml")
        )
        self.assertEqual(0, done.status)
        self.assertIn(
            f"warning: Python {VERSION}: foo 2.0 is there, which holds.yaml:1 "
            "excludes (foo<2)\n",
            done.err,
        )
        self.write("3.txt", "foo==2.0\n")
        done = self.generate(
            *("--from-freezes", f"{VERSION}:3.txt", "--holds", "holds.yaml")
        )
        self.assertIn("foo 2.0 is there, which holds.yaml:1", done.err)

    def test_an_index_that_says_nothing(self) -> None:
        noted: list[str] = []
        effects = hold_effects.look_up(
            HoldLedger("holds.yaml", (FOO,)),
            [make("foo 1.9", python=VERSION)],
            hold_effects.IndexQuestions(noted.append, before="1999-01-01"),
        )
        (effect,) = effects.effects
        self.assertEqual(
            "holds.yaml:1: foo<2 (nova, bug 12) holds it at 1.9 on Python "
            f"{VERSION}",
            effect.sentence(),
        )
        self.assertEqual(1, len(noted), str(noted))


class TestRepository(HoldTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("reqs/global-requirements.txt", "foo\nbar\nbaz\n")
        self.write("reqs/holds.yaml", hold_edits.added("", [FOO]))

    def request(self, *argv: str) -> str | None:
        arguments = ("-p", sys.executable, "--reqs", "reqs", *argv)
        return _generate_request.parse(arguments).request.holds

    def test_the_ledger_counts_by_default(self) -> None:
        path = os.path.join("reqs", "holds.yaml")
        self.assertEqual(path, self.request())
        self.assertIsNone(self.request("--no-holds"))
        self.assertEqual("x.yaml", self.request("--holds", "x.yaml"))
        done = self.generate("-p", sys.executable, "--reqs", "reqs")
        self.assertIn("foo===1.9\n", done.out)
        self.assertIn(f"{path}:1: foo<2", done.err)

    def test_options_that_do_not_go_together(self) -> None:
        for argv in (
            ("-p", sys.executable, "--reqs", "reqs"),
            ("--from-freezes", "x"),
        ):
            done = self.generate(*argv, "--holds", "x", "--no-holds")
            self.assertEqual(
                (2, "", "--holds does not go with --no-holds\n"), done
            )

    def test_a_ledger_that_cannot_be_read(self) -> None:
        self.write("reqs/holds.yaml", "- name: foo\n")
        done = self.generate("-p", sys.executable, "--reqs", "reqs")
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertIn("holds.yaml:1:3: without range, reason", done.err)

    def test_what_is_generated_validates(self) -> None:
        output = os.path.join("reqs", "upper-constraints.txt")
        done = self.generate(
            *("-p", sys.executable, "--reqs", "reqs", "-o", output)
        )
        self.assertEqual(0, done.status, done.err)
        self.assertEqual(
            0, self.run_main(validate_constraints.main, "--reqs", "reqs")[0]
        )


class TestPropose(HoldTestCase):
    def test_a_new_hold_is_a_change_of_the_list(self) -> None:
        self.write("list.txt", "foo\n")
        pins = self.write("pins.txt", "foo===2.0\nqux===1.0\nzoo===1\n")
        for command in (
            ("init", "-q"),
            ("add", "list.txt", "pins.txt"),
            (
                *("-c", "user.name=x", "-c", "user.email=x@example.org"),
                *("commit", "-qm", "x"),
            ),
        ):
            subprocess.run(["git", *command], check=True)
        self.hold(FOO)
        done = self.run_with(
            "uv", "-o", pins, "--propose", "HEAD", lines=("foo",)
        )
        self.assertEqual(0, done.status, done.err)
        self.assertIn("foo 2.0 -> 1.9 (major)\n", done.out)
        self.assertIn("held at foo<2 by ", done.out)
        self.assertEqual(
            "foo===1.9\nqux===1.0\nzoo===1\n", Path(pins).read_text()
        )


class TestLibrary(HoldTestCase):
    def test_the_result_has_what_is_held(self) -> None:
        path = self.hold(FOO._replace(until=TODAY))
        request = generation.Request(
            pythons=[sys.executable],
            requirements=self.requirements(*LIST),
            holds=path,
            today=TODAY,
        )
        result = generation.generate(request)
        (effect,) = result.holds
        self.assertTrue(effect.hold.same(FOO._replace(until=TODAY)))
        self.assertEqual(
            ("1.9", "2.0", (VERSION,)),
            (effect.version, effect.newest, effect.pythons),
        )
        self.assertEqual(
            [
                ("bar", "1.0", "2.0"),
                ("baz", "1.0", "2.0"),
                ("qux", "1.0", "3.0"),
            ],
            [late[:3] for late in effect.behind],
        )
        self.assertEqual((), result.warnings)


class TestKnown(base.TestCase):
    def test_a_hold_is_about_what_freezes_have(self) -> None:
        ledger = HoldLedger("holds.yaml", (FOO,))
        freeze = make("foo 1.9", python="3.12")
        (effect,) = hold_effects.known(ledger, [freeze]).effects
        self.assertEqual(("1.9", "", ()), effect[2:])
        self.assertFalse(effect.keeps_back)
