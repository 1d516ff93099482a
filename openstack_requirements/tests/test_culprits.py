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
"""The search for the upgrades that are to blame."""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.install import culprits
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)
from openstack_requirements.tests import base

NAMES = [CanonicalName(f"n{number:02}") for number in range(12)]


def alone(names: Collection[CanonicalName]) -> list[culprits.Batch]:
    return [(name,) for name in names]


class TestSearch(base.TestCase):
    def search(
        self, names: list[CanonicalName], *bad: CanonicalName
    ) -> culprits.Verdict:
        def trial(chosen: Collection[CanonicalName]) -> str:
            found = sorted(set(bad) & set(chosen))
            return f"{found[0]} fails" if found else ""

        return culprits.search(alone(names), trial)

    def test_nothing_is_bad(self) -> None:
        found = self.search(NAMES)
        self.assertEqual((tuple(NAMES), (), 1), found)

    def test_no_upgrades(self) -> None:
        self.assertEqual(((), (), 0), self.search([]))

    def test_two_of_twelve_take_twelve_trials_at_most(self) -> None:
        for one in NAMES:
            for other in NAMES:
                bad = sorted({one, other})
                found = self.search(NAMES, *bad)
                self.assertEqual(
                    bad, [each.batch[0] for each in found.culprits]
                )
                self.assertEqual(
                    [f"{name} fails" for name in bad],
                    [each.reason for each in found.culprits],
                )
                self.assertEqual(
                    sorted(set(NAMES) - set(bad)), list(found.accepted)
                )
                self.assertLessEqual(found.trials, 12)

    def test_all_are_bad(self) -> None:
        found = self.search(NAMES, *NAMES)
        self.assertEqual((), found.accepted)
        self.assertEqual(12, len(found.culprits))

    def test_nothing_passes(self) -> None:
        error = self.assertRaises(
            culprits.NothingPasses,
            culprits.search,
            alone(NAMES),
            lambda _: "the disk is full",
        )
        self.assertIn("the disk is full", str(error))

    def test_two_that_do_not_go_together(self) -> None:
        pair = {NAMES[2], NAMES[9]}

        def trial(chosen: Collection[CanonicalName]) -> str:
            return "they clash" if pair <= set(chosen) else ""

        found = culprits.search(alone(NAMES), trial)
        self.assertEqual([(NAMES[9],)], [c.batch for c in found.culprits])
        self.assertEqual(11, len(found.accepted))

    @given(st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)))
    def test_exactly_the_bad_are_held(
        self, names: set[CanonicalName], bad: set[CanonicalName]
    ) -> None:
        found = self.search(sorted(names), *sorted(bad))
        self.assertEqual(names - bad, set(found.accepted))
        self.assertEqual(
            names & bad, {each.batch[0] for each in found.culprits}
        )


class TestBatches(base.TestCase):
    def batches(self, names: str, *needs: str) -> list[str]:
        wanted: dict[CanonicalName, set[CanonicalName]] = {}
        for pair in needs:
            wanted.setdefault(CanonicalName(pair[0]), set()).add(
                CanonicalName(pair[1])
            )
        found = culprits.batches([CanonicalName(n) for n in names], wanted)
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
        for batch in culprits.batches(NAMES, needs):
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
        upgrades = culprits.Upgrades(
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
            self.assertEqual(expected, upgrades.constraints(accepted))
        self.assertEqual(["a===1"], upgrades.old[a])
