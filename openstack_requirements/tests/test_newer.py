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
"""Which requirement of a newer version keeps that version away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from openstack_requirements.cmds import diff_constraints, explain_constraint
from openstack_requirements.constraints import freeze_json, newer
from openstack_requirements.constraints.changes import between
from openstack_requirements.constraints.freeze import Distribution
from openstack_requirements.constraints.graph import Graph
from openstack_requirements.constraints.newer import Release
from openstack_requirements.constraints.states import ConstraintsState
from openstack_requirements.install import newer_versions
from openstack_requirements.install.installers import uv_index
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.tests import base
from openstack_requirements.tests.loopback import Index
from openstack_requirements.tests.test_explain import make
from openstack_requirements.tests.test_nightly import NightlyTestCase

if TYPE_CHECKING:
    from openstack_requirements.constraints.changes import Changes
    from openstack_requirements.constraints.freeze import Freeze

SALT = canonical_name("salt")
PKG_INFO = """\
Metadata-Version: {}
Name: salt
Version: 3008.0
Requires-Dist: crypto<42

"""
WORDS = "3008.0 is newer: it requires crypto<42 (43.0 is pinned)"


def release(
    *requires: str, source: str = "METADATA", binding: bool = True
) -> Release:
    return Release(
        Distribution("salt", "3008.0", requires), source, binding=binding
    )


class TestHolds(base.TestCase):
    """What is said of the requirements of a newer version."""

    def unmet(self, *requires: str, pins: tuple[str, ...] = ()) -> list[str]:
        frozen = make("salt 3007.14", "crypto 43.0", "a 1 | salt[x]", *pins)
        (hold,) = newer.holds(
            [Graph(frozen)],
            SALT,
            {"3.12": "3008.0"},
            {("3.12", SALT, "3008.0"): release(*requires)},
        ).values()
        return [f"{x.demand.text} {x.pinned}" for x in hold.requires]

    def test_table(self) -> None:
        for requires, unmet in (
            (["crypto<42"], ["crypto<42 43.0"]),
            (["Crypto (<42)", "crypto"], ["Crypto (<42) 43.0"]),
            (["crypto>=42", "crypto!=42.0"], []),
            (["crypto<42; python_version<'3'"], []),
            (["crypto<42; extra=='x'"], ["crypto<42; extra=='x' 43.0"]),
            (["crypto<42; extra=='y'"], []),
            (["nowhere>=1"], []),
            (["salt==1"], []),
            (["no requirement at all"], []),
            ([], []),
        ):
            self.assertEqual(unmet, self.unmet(*requires), str(requires))

    def test_versions_of_freezes(self) -> None:
        old = make("salt 3007.14", "crypto 43.0", python="3.11")
        new = make("salt 3008.0 | crypto<42", "crypto 41.0", python="3.13")
        graphs = list(map(Graph, (old, new)))
        (hold,) = newer.holds(graphs, SALT, {}, {}).values()
        self.assertEqual(("3007.14", "3008.0"), (hold.version, hold.newest))
        self.assertEqual(["crypto<42"], [x.demand.text for x in hold.requires])
        self.assertEqual({}, newer.holds(graphs[1:], SALT, {}, {}))
        self.assertEqual({}, newer.holds(graphs, canonical_name("x"), {}, {}))

    def test_what_the_freezes_say_comes_first(self) -> None:
        frozen = make("salt 3007.14", "crypto 43.0", "a 1 | salt<3008")
        known = {("3.12", SALT, "3008.0"): release("crypto<42")}
        (hold,) = newer.holds(
            [Graph(frozen)], SALT, {"3.12": "3008.0"}, known
        ).values()
        self.assertEqual(["salt<3008"], [demand.text for demand in hold.by])
        self.assertEqual((), hold.requires)

    def test_a_python_that_is_excluded(self) -> None:
        frozen = make("salt 3007.14", "crypto 43.0")
        known = release("crypto<42")
        known = known._replace(
            distribution=known.distribution._replace(requires_python=">=3.99")
        )
        (hold,) = newer.holds(
            [Graph(frozen)],
            SALT,
            {"3.12": "3008.0"},
            {("3.12", SALT, "3008.0"): known},
        ).values()
        self.assertEqual((">=3.99", ()), (hold.requires_python, hold.requires))


class TestChanges(base.TestCase):
    def changes(self, *new: Freeze) -> Changes:
        entries = read_entries("salt===3008.0\ncrypto===43.0\n", "old")
        old = ConstraintsState.from_constraints(entries)
        return between(old, ConstraintsState.from_freezes(new))

    def test_each_python_has_its_own_reason(self) -> None:
        freezes = [
            make("salt 3007.14", f"crypto {version}", python=python)
            for python, version in (
                *(("3.10", "43.0"), ("3.11", "43.0")),
                *(("3.12", "44.0"), ("3.13", "41.0")),
            )
        ]
        changes = self.changes(*freezes)
        wanted = newer.unexplained(changes)
        self.assertEqual(4, sum(name == SALT for _, name, _ in wanted))
        explained = newer.explained(
            changes, freezes, (), dict.fromkeys(wanted, release("crypto<42"))
        )
        (salt,) = [x for x in explained.changes if x.name == "salt"]
        self.assertEqual(
            [
                (("3.10", "3.11"), ["43.0"]),
                (("3.12",), ["44.0"]),
                (("3.13",), []),
            ],
            [
                (hold.pythons, [unmet.pinned for unmet in hold.requires])
                for hold in salt.holds
            ],
        )
        self.assertEqual(changes, newer.explained(changes, freezes, (), {}))

    def test_what_a_build_requires(self) -> None:
        frozen = make("salt 3007.14", "crypto 43.0")
        changes = self.changes(frozen)
        for installed, built in (
            ("salt 3008.0", ""),
            ("salt 3008.0 | crypto>=2 | crypto<99", "crypto>=2, crypto<99"),
        ):
            explained = newer.explained(
                changes,
                [frozen],
                [make(installed)],
                dict.fromkeys(
                    newer.unexplained(changes),
                    release("crypto<42", source="PKG-INFO"),
                ),
            )
            (unmet,) = explained.changes[0].holds[0].requires
            self.assertEqual(built, unmet.built)


class TestLog(base.TestCase):
    """What uv says while it resolves."""

    def test_release(self) -> None:
        lines = [
            "DEBUG Found static `PKG-INFO` for: salt==3008.0",
            "DEBUG Adding transitive dependency for a==3008.0: b<1",
            "DEBUG Adding transitive dependency for salt==3008.0: crypto<42",
            "DEBUG Adding transitive dependency for salt==3008.0: "
            "b>=43.0, <43.0+",
            "DEBUG Adding transitive dependency for salt==3008.0: c>=1, <2",
            "error: No solution found when resolving dependencies",
        ]
        for start, source in ((0, "PKG-INFO"), (1, "METADATA")):
            self.assertEqual(
                release("crypto<42", "b==43.0", "c>=1, <2", source=source),
                uv_index._release(
                    "\n".join(lines[start:]), SALT, "3008.0", ()
                ),
            )
        self.assertIsNone(uv_index._release("\n".join(lines), "salt", "2", ()))

    def test_the_pins_are_no_requirements(self) -> None:
        for listed, requires in (
            (["a*", "a>=1.0, <1.0+"], ("a*",)),
            (["a>=1.0, <1.0+", "a>=1.0, <1.0+", "b"], ("a==1.0", "b")),
            (["a>=1.0, <1.0+"], ("a==1.0",)),  # the newer one's own
            (["a>=2.0, <2.0+", "a>=1.0, <1.0+"], ("a==2.0",)),
        ):
            log = "\n".join(
                f"DEBUG Adding transitive dependency for salt==2: {text}"
                for text in listed
            )
            release = uv_index._release(log, "salt", "2", ["a==1.0"])
            assert release is not None
            self.assertEqual(requires, release.distribution.requires)


class TestGenerated(NightlyTestCase):
    """The diff at the end of a run names the requirement."""

    def lowered(self, installer: str, *argv: str) -> str:
        old = self.write("old.txt", "salt===3008.0\ncrypto===43.0\n")
        done = self.run_with(
            *(installer, "--diff", "--previous", old, *argv),
            lines=("salt", "crypto>=43"),
        )
        self.assertEqual(0, done.status, done.err)
        return done.err

    def serve(self, version: str, *built: str) -> None:
        for number in ("41.0", "43.0"):
            self.index.wheel("crypto", number)
        self.index.wheel("salt", "3007.14")
        self.index.sdist(
            "salt",
            "3008.0",
            requires=built,
            pkg_info=PKG_INFO.format(version),
        )

    def test_pkg_info_that_requires_more(self) -> None:
        self.serve("2.2", "crypto")
        for more in ((), ("--no-install",)):
            text = self.lowered("uv", *more)
            self.assertIn("salt 3008.0 -> 3007.14", text)
            self.assertIn(f"{WORDS} by its PKG-INFO\n", text)
        # pip builds it, and does not lower it.
        self.assertIn("no changes", self.lowered("pip"))

    def test_a_build_that_requires_it(self) -> None:
        self.serve("2.1", "crypto<42")
        self.assertIn(f"{WORDS}\n", self.lowered("uv"))
        text = self.lowered("pip")
        self.assertIn("salt 3008.0 -> 3007.14", text)
        self.assertIn(
            f"{WORDS} by its PKG-INFO, which a build may change\n", text
        )

    def test_nothing_to_look_up(self) -> None:
        self.patch(newer_versions, "look_up", None)
        self.index.wheel("salt", "3008.0")
        self.index.wheel("crypto", "43.0")
        self.assertIn("no changes", self.lowered("uv"))

    def test_an_index_that_fails(self) -> None:
        self.serve("2.1", "crypto<42")
        warnings: list[str] = []
        frozen = make("salt 3007.14", "crypto 43.0")
        self.index.error("salt", 500)
        for installer in ("uv 0.1", "pip 1"):
            self.assertEqual(
                {},
                newer_versions.look_up(
                    [("3.12", SALT, "3008.0"), ("3.9", SALT, "3008.0")],
                    [frozen._replace(installer=installer)],
                    warnings.append,
                    build=True,
                ),
            )
        (warning,) = warnings
        self.assertIn("what newer versions require is not known: ", warning)
        self.assertIn("HTTP 500", warning)


class TestCommands(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.index = self.useFixture(Index())
        self.index.use()
        for number in ("41.0", "43.0"):
            self.index.wheel("crypto", number)
        self.index.wheel("salt", "3007.14")
        self.index.sdist(
            "salt",
            "3008.0",
            fail="it must not be built",
            pkg_info=PKG_INFO.format("2.2"),
        )
        self.new = self.freeze("new", "salt 3007.14", "crypto 43.0")

    def freeze(self, folder: str, *distributions: str) -> str:
        frozen = make(*distributions, requested=("salt", "crypto"))
        self.write(f"{folder}/python3.12.json", freeze_json.to_json(frozen))
        return str(self.folder / folder)

    def test_diff_of_freezes(self) -> None:
        old = self.freeze("old", "salt 3008.0 | crypto<42", "crypto 41.0")
        done = self.run_main(diff_constraints.main, old, self.new)
        self.assertEqual((0, ""), (done.status, done.err))
        self.assertIn(f"      {WORDS}\n", done.out)
        self.assertEqual([], self.index.requests)

    def test_diff_with_the_newest(self) -> None:
        old = self.freeze("old", "salt 3008.0 | crypto>=2", "crypto 43.0")
        arguments = (old, self.new, "--newest")
        done = self.run_main(diff_constraints.main, *arguments)
        self.assertEqual((0, ""), (done.status, done.err))
        words = f"{WORDS} by its PKG-INFO; a wheel built from it requires "
        self.assertIn(f"{words}crypto>=2\n", done.out)
        done = self.run_main(
            diff_constraints.main, *arguments, "--format", "json"
        )
        (change,) = json.loads(done.out)["changes"]
        (hold,) = change["holds"]
        self.assertEqual(("PKG-INFO", True), (hold["source"], hold["binding"]))
        (unmet,) = hold["requires"]
        self.assertEqual(
            ("salt", "3008.0", "crypto<42", "43.0", "crypto>=2"),
            tuple(
                unmet[key]
                for key in (
                    *("owner", "owner_version", "requirement"),
                    *("pinned", "built"),
                )
            ),
        )
        old = self.freeze("old", "salt 3008.0", "crypto 43.0")
        done = self.run_main(diff_constraints.main, *arguments)
        self.assertIn(f"{words}no crypto\n", done.out)

    def test_explain(self) -> None:
        arguments = ("salt", "--freezes", self.new)
        done = self.run_main(explain_constraint.main, *arguments)
        self.assertEqual((0, ""), (done.status, done.err))
        self.assertNotIn("newer", done.out)
        self.assertEqual([], self.index.requests)
        done = self.run_main(explain_constraint.main, *arguments, "--newest")
        self.assertEqual((0, ""), (done.status, done.err))
        self.assertIn(f"  {WORDS} by its PKG-INFO\n", done.out)
        done = self.run_main(
            explain_constraint.main, *arguments, "--newest", "--format", "json"
        )
        (data,) = json.loads(done.out)["pythons"]
        self.assertEqual("3008.0", data["newer"]["newest"])
        done = self.run_main(
            *(explain_constraint.main, "crypto", "--freezes", self.new),
            "--newest",
        )
        self.assertEqual((0, ""), (done.status, done.err))
        self.assertNotIn("newer", done.out)
