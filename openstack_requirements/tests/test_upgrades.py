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
"""What a bisection does next; nothing is resolved or installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.constraints.freeze import (
    Distribution,
    Freeze,
    Kept,
)
from openstack_requirements.install import batches, culprits, upgrades
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)
from openstack_requirements.tests import base

ENVIRONMENT = base.environment("3.12")
NAMES = [CanonicalName(f"n{number:02}") for number in range(12)]
A, B, C, D = map(canonical_name, "abcd")


def frozen(
    versions: Mapping[str, str],
    requires: Mapping[str, str] | None = None,
    *kept: Kept,
) -> Freeze:
    requires = requires or {}
    return Freeze(
        "3.12",
        ENVIRONMENT,
        tuple(
            Distribution(
                name, version, (requires[name],) if name in requires else ()
            )
            for name, version in versions.items()
        ),
        kept=kept,
    )


OLD = {"a": "1", "b": "1", "c": "1", "d": "1"}
NEW = {"a": "2", "b": "2", "c": "2", "d": "1", "e": "1"}


class TestSteps(base.TestCase):
    """A bisection, from its first step to its last."""

    def setUp(self) -> None:
        super().setUp()
        self.start = upgrades.BisectionState(
            [parse_line(f"{name}==={pin}") for name, pin in OLD.items()]
        )
        self.steps: list[str] = []

    def last(
        self,
        newest: Freeze,
        earlier: list[Freeze],
        test: Callable[[list[str]], str],
    ) -> upgrades.InstallAccepted:
        state = self.start
        while True:
            step = upgrades.step(state)
            self.steps.append(type(step).__name__)
            match step:
                case upgrades.InstallAccepted():
                    return step
                case upgrades.ResolveNewest():
                    state = upgrades.newest_resolved(state, [newest])
                case upgrades.ResolveEarlier():
                    self.assertEqual(
                        ["a===1", "b===1", "c===1", "d===1", "e===1"],
                        step.constraints,
                    )
                    state = upgrades.earlier_resolved(state, earlier)
                case upgrades.TestSelections():
                    outcomes = {
                        selection: test(lines)
                        for selection, lines in step.constraints.items()
                    }
                    state = upgrades.tested(state, outcomes)

    def test_all_pass(self) -> None:
        last = self.last(frozen(NEW), [], lambda _: "")
        self.assertEqual(
            ["ResolveNewest", "TestSelections", "InstallAccepted"], self.steps
        )
        self.assertEqual(((A, B, C), (), 1), last.result)
        self.assertEqual(
            ["a===2", "b===2", "c===2", "d===1", "e===1"], last.constraints
        )
        self.assertEqual(
            ["bisect: 3 of 3 upgrades pass, after 1 tests"], last.sentences()
        )

    def test_nothing_changes(self) -> None:
        last = self.last(frozen(OLD), [], lambda _: "not called")
        self.assertEqual(["ResolveNewest", "InstallAccepted"], self.steps)
        self.assertEqual(((), (), 0), last.result)

    def test_a_culprit(self) -> None:
        last = self.last(
            frozen(NEW),
            [frozen(OLD)],
            lambda lines: "b\nis broken" if "b===2" in lines else "",
        )
        self.assertEqual(
            ["ResolveNewest", "TestSelections", "ResolveEarlier"],
            self.steps[:3],
        )
        self.assertEqual((A, C), last.result.accepted)
        self.assertEqual({B: ["b===1"]}, last.held)
        self.assertEqual(
            ["a===2", "b===1", "c===2", "d===1", "e===1"], last.constraints
        )
        self.assertEqual(
            [
                "bisect: 2 of 3 upgrades pass, after 4 tests",
                "b: held at b===1, because the upgrade fails",
                "  b",
                "  is broken",
            ],
            last.sentences(),
        )

    def test_several_selections_at_once(self) -> None:
        self.start = self.start._replace(side_by_side=2)
        last = self.last(
            frozen(NEW),
            [frozen(OLD)],
            lambda lines: "c is broken" if "c===2" in lines else "",
        )
        self.assertEqual((A, B), last.result.accepted)
        self.assertEqual(
            [
                *("ResolveNewest", "TestSelections", "ResolveEarlier"),
                *("TestSelections", "InstallAccepted"),
            ],
            self.steps,
        )

    def test_what_only_works_together_is_tested_together(self) -> None:
        """The upgrade of b needs a's, and that of a excludes the old b."""

        def test(lines: list[str]) -> str:
            if ("a===2" in lines) != ("b===2" in lines):
                return "a and b are incompatible"
            return "c is broken" if "c===2" in lines else ""

        last = self.last(
            frozen(NEW, {"b": "a>=2"}), [frozen(OLD, {"b": "a<2"})], test
        )
        self.assertEqual((A, B), last.result.accepted)
        self.assertEqual(((C,),), tuple(c.batch for c in last.result.culprits))

    def test_earlier_pins_that_cannot_be_resolved(self) -> None:
        last = self.last(
            frozen(NEW, {"b": "a>=2"}),
            [],
            lambda lines: "c is broken" if "c===2" in lines else "",
        )
        self.assertEqual((A, B), last.result.accepted)

    def test_the_earlier_pins_fail_as_well(self) -> None:
        error = self.assertRaises(
            culprits.NothingPasses,
            self.last,
            frozen(NEW),
            [frozen(OLD)],
            lambda _: "the disk is full",
        )
        self.assertIn("the disk is full", str(error))

    def test_what_is_unavailable_is_held_without_a_test(self) -> None:
        kept = Kept("B", "2", "1", True, "cannot be fetched")
        last = self.last(frozen({**NEW, "b": "1"}, {}, kept), [], lambda _: "")
        self.assertEqual(
            ((A, C), (((B,), "2 cannot be fetched"),), 1), last.result
        )
        self.assertEqual({B: ["b===1"]}, last.held)
        self.assertEqual(1, self.steps.count("TestSelections"))

    def test_names_that_are_never_constrained_are_no_upgrades(self) -> None:
        self.start = self.start._replace(never={A, B})
        last = self.last(frozen(NEW), [], lambda _: "")
        self.assertEqual((C,), last.result.accepted)
        self.assertNotIn("a===2", last.constraints)


class TestBatches(base.TestCase):
    def batches(self, names: str, *needs: str) -> list[str]:
        wanted: dict[CanonicalName, set[CanonicalName]] = {}
        for pair in needs:
            wanted.setdefault(CanonicalName(pair[0]), set()).add(
                CanonicalName(pair[1])
            )
        found = batches.ordered([CanonicalName(n) for n in names], wanted)
        return ["".join(batch) for batch in found]

    def test_table(self) -> None:
        for names, needs, expected in (
            ("", (), []),
            ("cab", (), ["a", "b", "c"]),
            ("abc", ("ab", "bc"), ["c", "b", "a"]),
            ("abc", ("ab", "ba"), ["c", "ab"]),
            ("abcd", ("ab", "bc", "ca", "da"), ["abc", "d"]),
            ("abcd", ("ad", "db", "bd"), ["c", "bd", "a"]),
            ("ab", ("ax", "xb"), ["a", "b"]),
        ):
            self.assertEqual(expected, self.batches(names, *needs))

    @given(
        st.dictionaries(
            st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES))
        )
    )
    def test_what_is_needed_comes_first(
        self, needs: dict[CanonicalName, set[CanonicalName]]
    ) -> None:
        done: set[CanonicalName] = set()
        for batch in batches.ordered(NAMES, needs):
            for name in batch:
                self.assertEqual(
                    set(), needs.get(name, set()) - done - set(batch)
                )
            self.assertEqual(set(), done & set(batch))
            done |= set(batch)
        self.assertEqual(set(NAMES), done)


class TestUpgrades(base.TestCase):
    def test_constraints(self) -> None:
        a, b, c, d = map(canonical_name, "abcd")
        changes = upgrades.Upgrades(
            {b: ["b===1"], a: ["a===1"], d: ["d===1"]},
            {a: ["a===2;x", "a===3;y"], b: ["b===2"], c: ["c===9"]},
            [a, b],
        )
        for accepted, expected in (
            # What is in one only, and does not change, is always there.
            ((), ["a===1", "b===1", "c===9", "d===1"]),
            ([a], ["a===2;x", "a===3;y", "b===1", "c===9", "d===1"]),
            ([b, a], ["a===2;x", "a===3;y", "b===2", "c===9", "d===1"]),
        ):
            self.assertEqual(expected, changes.constraints(accepted))
        self.assertEqual(["a===1"], changes.old[a])
