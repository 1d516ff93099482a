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
"""What nothing requires, licenses of pins, and pins that caps hold."""

from __future__ import annotations

import json
import os
from typing import ClassVar

from openstack_requirements.bootstrap import licenses
from openstack_requirements.checks import list_lines, upkeep_rules
from openstack_requirements.checks.upkeep_rules import (
    PinLicense,
    RequiredNames,
    Upkeep,
)
from openstack_requirements.cmds import validate_constraints
from openstack_requirements.constraints import freeze_json
from openstack_requirements.constraints.freeze import Distribution, Freeze
from openstack_requirements.constraints.graph import Demand
from openstack_requirements.constraints.reasons import Hold
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.tests import base
from openstack_requirements.tests.loopback import Index
from openstack_requirements.tests.test_explain import make
from openstack_requirements.tests.test_git import GitTestCase

GLOBAL = "global-requirements.txt"
PINS = "upper-constraints.txt"


def listed(file: str, text: str) -> list_lines.Listed:
    return list_lines.listed(file, read_entries(text, file, permit_urls=True))


def upkeep(required: str, pinned: str = "") -> Upkeep:
    return Upkeep(listed("g.txt", required), listed("u.txt", pinned))


def shown(subject: Upkeep) -> list[str]:
    return [
        f"{finding.line} {finding.rule} {finding.message}"
        for finding in upkeep_rules.judge(subject)
    ]


class TestRules(base.TestCase):
    def test_what_is_not_known_is_not_judged(self) -> None:
        self.assertEqual([], shown(upkeep("a\n", "a===1\n")))

    def test_unused(self) -> None:
        subject = upkeep("A.b\nc;python_version<'3'\nc\nd\n")
        used = {canonical_name("d")}
        self.assertEqual(
            [
                "1 unused-requirement A.b: no project requires it",
                "2 unused-requirement c: no project requires it",
            ],
            shown(subject._replace(used=RequiredNames(used, None))),
        )
        needed = {canonical_name("a_B")}
        self.assertEqual(
            [
                "2 unused-requirement c: no project requires it, and nothing "
                "installed needs it"
            ],
            shown(subject._replace(used=RequiredNames(used, needed))),
        )

    def test_licenses(self) -> None:
        subject = upkeep(
            "",
            "a===1;python_version<'3.12'\na===1;python_version>='3.12'\n"
            "d>=1\nb===2\nc===3\n",
        )._replace(since="HEAD~1")
        self.assertEqual(
            [
                "1 missing-license the metadata of a 1 names no license",
                "4 changed-license b 2 has the license GPL; 1, the pin of "
                "HEAD~1, had MIT",
                "4 changed-license b 2 has the license GPL; 1.5, the pin of "
                "HEAD~1, named none",
            ],
            shown(
                subject._replace(
                    licenses={
                        (canonical_name("a"), "1"): PinLicense(
                            "", {"0": "MIT"}
                        ),
                        (canonical_name("b"), "2"): PinLicense(
                            "GPL", {"1": "MIT", "1.5": ""}
                        ),
                        (canonical_name("c"), "4"): PinLicense("", {}),
                    }
                )
            ),
        )

    def test_same_licenses(self) -> None:
        for first, second, expected in (
            ("MIT", "MIT", True),
            ("", "", True),
            ("", "MIT", False),
            ("BSD", "BSD-3-Clause", True),
            ("GPL-2.0", "GPL-2.0-or-later", False),
            ("MIT", "MIT-0", False),
            ("Apache", "MIT", False),
        ):
            self.assertEqual(expected, licenses.same(first, second), first)
            self.assertEqual(expected, licenses.same(second, first), first)

    def demand(self, owner: str, text: str) -> Demand:
        name = canonical_name("a")
        version = "1" if owner else ""
        return Demand(owner, version, text, name, (), "", "", applies=True)

    def test_caps(self) -> None:
        of_list = self.demand("", "a<2  # why")
        of_top = self.demand("top", "a<3")
        for required, by, expected in (
            ("a<2", [of_list, of_top], "a<2 of g.txt:1, a<3 of top 1"),
            ("a", [of_list], "a<2 of the list"),
            ("a!=4", [], "a!=4 of g.txt:1"),
            ("a>=1;python_version<'3'\na<=3", [], "a<=3 of g.txt:2"),
            ("a<2;python_version<'3'", [of_top], "a<3 of top 1"),
        ):
            hold = Hold("A", "1", "4", tuple(by), "", ("3.12",))
            subject = upkeep(required, "A===1;python_version>='3'\n")
            self.assertEqual(
                [
                    "1 capped-pin A is pinned to 1, and 4 is released (Python "
                    f"3.12): kept away by {expected}"
                ],
                shown(subject._replace(holds=[hold])),
            )

    def test_no_caps(self) -> None:
        of_top = self.demand("top", "a<3")
        for hold in (
            # Nothing newer is known; nothing keeps it away; another pin.
            Hold("a", "1", "", (of_top,), "", ("3.12",)),
            Hold("a", "1", "4", (), ">=3.13", ("3.12",)),
            Hold("a", "2", "4", (of_top,), "", ("3.12",)),
            Hold("b", "1", "4", (of_top,), "", ("3.12",)),
        ):
            subject = upkeep("a\n", "a===1\n")
            self.assertEqual([], shown(subject._replace(holds=[hold])))
            # And they do not keep those behind them away.
            last = Hold("a", "1", "4", (of_top,), "", ("3.12",))
            found = shown(subject._replace(holds=[hold, last]))
            self.assertEqual(1, len(found), str(found))


class CommandTestCase(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(os.chdir, os.getcwd())
        self.repository = self.folder / "repository"
        self.repository.mkdir(exist_ok=True)
        os.chdir(self.repository)

    def lists(self, required: str, pinned: str) -> None:
        self.write(f"repository/{GLOBAL}", required)
        self.write(f"repository/{PINS}", pinned)
        self.write("repository/denylist.txt", "")

    def freeze(self, freeze: Freeze, folder: str = "freezes") -> str:
        path = f"{folder}/python{freeze.python_version}.json"
        self.write(path, freeze_json.to_json(freeze))
        return str(self.folder / folder)

    def run_it(self, *argv: str) -> base.Outcome:
        return self.run_main(validate_constraints.main, *argv)

    def rules(self, done: base.Outcome) -> list[tuple[str, str]]:
        """The rule and the package of each finding, of a report as JSON."""
        return [
            (finding["rule"], finding["package"])
            for finding in json.loads(done.out)["findings"]
        ]

    def bad(self, reason: str, *argv: str) -> None:
        done = self.run_it(*argv)
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertIn(reason, done.err)
        self.assertEqual(1, len(done.err.splitlines()), done.err)


class TestOptions(CommandTestCase):
    NEEDED: ClassVar = [
        ("--unused needs --root", ["--unused"]),
        ("--root needs --unused", ["--root", "x"]),
        ("--licenses needs --freezes or --index", ["--licenses"]),
        ("--since needs --licenses", ["--since", "HEAD"]),
        ("--caps needs --freezes", ["--caps", "--index"]),
        ("--freezes needs --unused or", ["--freezes", "x"]),
        ("--index needs --licenses or --caps", ["--index"]),
        ("--timeout needs --index", ["--timeout", "3"]),
    ]

    def test_what_lacks_another(self) -> None:
        self.lists("", "")
        for reason, argv in self.NEEDED:
            self.bad(reason, *argv)


class TestUnused(CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        names = ["a", "b", "c", "d", "e", "f", "g", "h"]
        self.lists(
            "".join(f"{name}\n" for name in names),
            "".join(f"{name}===1\n" for name in names),
        )
        self.root = str(self.folder / "src")
        self.write("src/openstack/nova/requirements.txt", "A>=1 # MIT\n")
        self.write(
            "src/nova-spec/setup.cfg",
            "[metadata]\nname = f\n[extras]\ntest =\n  b>=1\n  f[x]\n",
        )
        self.write(
            "src/own/pyproject.toml",
            "[build-system]\nrequires = ['c']\n"
            "[dependency-groups]\ntest = ['d; python_version<\"3\"']\n",
        )
        self.write("src/.hidden/requirements.txt", "h\n")
        self.write("src/notes/readme.txt", "h\n")

    def test_checkouts(self) -> None:
        done = self.run_it("--unused", "--root", self.root, "--format", "json")
        self.assertEqual(1, done.status)
        self.assertEqual(
            [("unused-requirement", name) for name in "efgh"], self.rules(done)
        )
        self.assertEqual(f"read: 3 of 3 checkouts in {self.root}\n", done.err)

    def test_freezes(self) -> None:
        freezes = self.freeze(
            make(
                *("x 1 | e | g; python_version<'3' | h; extra=='y'", "e 1"),
                # The list itself needs nothing, and nothing needs itself.
                "g 1 | g[z]",
                requested=("g", "f", "e"),
            )
        )
        done = self.run_it(
            *("--unused", "--root", self.root, "--freezes", freezes)
        )
        self.assertEqual(1, done.status)
        self.assertEqual(
            [
                f"{GLOBAL}:{line}: {name}: no project requires it, and "
                "nothing installed needs it [unused-requirement]"
                for line, name in ((6, "f"), (7, "g"), (8, "h"))
            ],
            [line for line in done.out.splitlines() if "[unused" in line],
        )
        self.assertEqual(
            f"read: 3 of 3 checkouts in {self.root}; freezes of Python 3.12\n",
            done.err,
        )

    def test_what_cannot_be_read(self) -> None:
        self.write("src/broken/pyproject.toml", "[[[\n")
        self.write("src/code/setup.py", "setup(install_requires=f())\n")
        done = self.run_it("--unused", "--root", self.root)
        self.assertEqual(1, done.status)
        first, second, last = done.err.splitlines()
        self.assertIn("broken is not read: ", first)
        self.assertIn("code: what it requires is computed by setup.py", second)
        self.assertEqual(f"read: 4 of 5 checkouts in {self.root}", last)

    def test_nothing_to_read(self) -> None:
        self.bad(
            "holds no checkout", "--unused", "--root", str(self.temporary)
        )
        self.bad("none: ", "--unused", "--root", str(self.folder / "none"))

    def test_all_is_used(self) -> None:
        self.lists("a\n", "a===1\n")
        done = self.run_it("--unused", "--root", self.root)
        self.assertEqual(0, done.status)


def of_license(text: str, *pins: str) -> list[Distribution]:
    split = [pin.partition(" ") for pin in pins]
    return [
        Distribution(name, version, license_expression=text)
        for name, _, version in split
    ]


class TestLicenses(CommandTestCase, GitTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.lists("a\nb\nc\nd\n", "a===1\nb===1\nc===1\nd===1\n")
        self.commit()
        self.lists("a\nb\nc\nd\n", "a===2.0\nb===2\nc===1.0\nd===2\n")
        self.new = self.frozen(
            "new",
            *of_license("GPL-3.0-only", "a 2"),
            *of_license("", "b 2"),
            *of_license("MIT", "c 1", "d 2"),
        )
        self.old = self.frozen(
            "old",
            *of_license("MIT", "a 1", "b 1", "d 1"),
            *of_license("Apache-2.0", "c 1"),
        )

    def frozen(self, folder: str, *distributions: Distribution) -> str:
        freeze = make()._replace(distributions=distributions)
        return self.freeze(freeze, folder)

    def run_json(self, *argv: str) -> base.Outcome:
        return self.run_it("--licenses", "--format", "json", *argv)

    def test_missing(self) -> None:
        done = self.run_json("--freezes", self.new)
        self.assertEqual((1, ""), (done.status, done.err))
        self.assertEqual([("missing-license", "b")], self.rules(done))

    def test_changed_since_freezes(self) -> None:
        done = self.run_json("--freezes", self.new, "--since", self.old)
        self.assertEqual((1, ""), (done.status, done.err))
        self.assertEqual(
            [("changed-license", "a"), ("missing-license", "b")],
            sorted(self.rules(done)),
        )
        self.assertIn(
            "a 2.0 has the license GPL-3.0-only; 1, the pin of "
            f"{self.old}, had MIT",
            done.out,
        )

    def test_changed_since_a_revision(self) -> None:
        done = self.run_json("--freezes", self.new, "--since", "HEAD")
        # The old versions are in no freeze.
        self.assertEqual([("missing-license", "b")], self.rules(done))
        self.assertEqual(
            "warning: 3 pins without known metadata, and so not judged by "
            "license (--index asks the package index): a 1, b 1, d 1\n",
            done.err,
        )
        self.bad(
            "nope: ", "--licenses", "--freezes", self.new, "--since", "nope"
        )
        error = self.run_json("--freezes", self.new, "--since", "2001-01-01")
        self.assertEqual(2, error.status)
        self.assertIn("the first commit of HEAD is", error.err)

    def test_from_elsewhere(self) -> None:
        os.chdir(self.folder)
        files = [f"repository/{name}" for name in (GLOBAL, PINS)]
        done = self.run_json(
            *files,
            "-b",
            "repository/denylist.txt",
            "--since",
            "HEAD",
            "--freezes",
            self.new,
        )
        self.assertEqual([("missing-license", "b")], self.rules(done))

    def test_the_index(self) -> None:
        index = self.useFixture(Index())
        index.use()
        index.wheel("a", "1", license_expression="MIT")
        index.wheel("b", "1", license_expression="MIT")
        done = self.run_json(
            *("--freezes", self.new, "--since", "HEAD", "--index")
        )
        self.assertEqual(
            [("changed-license", "a"), ("missing-license", "b")],
            sorted(self.rules(done)),
        )
        self.assertIn(
            "1 pin without known metadata, and so not judged by license: "
            "d 1\n",
            done.err,
        )


class TestCaps(CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.lists("a<2\nb\nc\n", "a===1\nb===1\nc===1\ntop===1\n")
        self.new = self.freeze(
            make("a 1", "b 1", "c 1", "top 1 | b<2", requested=("a<2", "c"))
        )

    def test_the_index(self) -> None:
        index = self.useFixture(Index())
        index.use()
        for name in ("a", "b", "c", "top"):
            index.wheel(name, "1")
        for name in ("a", "b"):
            index.wheel(name, "3")
        done = self.run_it("--caps", "--freezes", self.new, "--index")
        self.assertEqual((0, ""), (done.status, done.err))
        self.assertEqual(
            [
                f"{PINS}:1: warning: a is pinned to 1, and 3 is released "
                f"(Python 3.12): kept away by a<2 of {GLOBAL}:1 [capped-pin]",
                f"{PINS}:2: warning: b is pinned to 1, and 3 is released "
                "(Python 3.12): kept away by b<2 of top 1 [capped-pin]",
            ],
            [line for line in done.out.splitlines() if "[capped" in line],
        )

    def test_what_another_python_has(self) -> None:
        self.freeze(make("a 1", "b 2", "c 1", "top 1", python="3.13"))
        self.lists(
            "a\nb\nc\n",
            "a===1\nb===1;python_version<='3.12'\n"
            "b===2;python_version>='3.13'\nc===1\ntop===1\n",
        )
        done = self.run_it(
            *("--caps", "--freezes", self.new, "--format", "json")
        )
        self.assertEqual((0, ""), (done.status, done.err))
        self.assertEqual([("capped-pin", "b")], self.rules(done))

    def test_freezes_of_something_else(self) -> None:
        self.lists("a<2\nb\nc\n", "a===1\nb===1\nc===2\ntop===1\n")
        done = self.run_it("--caps", "--freezes", self.new)
        self.assertEqual(0, done.status)
        self.assertEqual(
            "warning: 1 pin not as in the freezes, which do not say what "
            "holds them: c on Python 3.12\n",
            done.err,
        )
