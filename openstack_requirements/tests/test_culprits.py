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
"""The search for the upgrades that are culprits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.install import culprits
from openstack_requirements.pep508.requirement import (
    CanonicalName,
)
from openstack_requirements.tests import base

NAMES = [CanonicalName(f"n{number:02}") for number in range(12)]


def alone(names: Collection[CanonicalName]) -> list[culprits.Batch]:
    return [(name,) for name in names]


class Asked(NamedTuple):
    """What a search came to, and what it asked, step by step."""

    result: culprits.SearchResult
    steps: list[tuple[culprits.Selection, ...]]


def ask(
    upgrades: Sequence[culprits.Batch],
    test: Callable[[Collection[CanonicalName]], str],
    side_by_side: int = 1,
) -> Asked:
    """A search whose questions a function answers."""
    search = culprits.start(upgrades, side_by_side)
    steps = []
    while selections := culprits.questions(search):
        steps.append(selections)
        outcomes = {selection: test(selection) for selection in selections}
        search = culprits.after(search, outcomes)
    return Asked(culprits.result(search), steps)


class TestSearch(base.TestCase):
    def search(
        self, names: list[CanonicalName], *bad: CanonicalName
    ) -> culprits.SearchResult:
        def test(chosen: Collection[CanonicalName]) -> str:
            found = sorted(set(bad) & set(chosen))
            return f"{found[0]} fails" if found else ""

        return ask(alone(names), test).result

    def test_nothing_is_bad(self) -> None:
        found = self.search(NAMES)
        self.assertEqual((tuple(NAMES), (), 1), found)

    def test_no_upgrades(self) -> None:
        self.assertEqual(((), (), 0), self.search([]))

    def test_two_of_twelve_take_twelve_tests_at_most(self) -> None:
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
                self.assertLessEqual(found.tests, 12)

    def test_all_are_bad(self) -> None:
        found = self.search(NAMES, *NAMES)
        self.assertEqual((), found.accepted)
        self.assertEqual(12, len(found.culprits))

    def test_nothing_passes(self) -> None:
        error = self.assertRaises(
            culprits.NothingPasses,
            ask,
            alone(NAMES),
            lambda _: "the disk is full",
        )
        self.assertIn("the disk is full", str(error))

    def test_two_that_do_not_go_together(self) -> None:
        pair = {NAMES[2], NAMES[9]}

        def test(chosen: Collection[CanonicalName]) -> str:
            return "they clash" if pair <= set(chosen) else ""

        found = ask(alone(NAMES), test).result
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

    def test_a_search_step_by_step(self) -> None:
        a, b, c, d = names = NAMES[:4]
        search = culprits.start(alone(names))
        for selection, outcome in (
            ((a, b, c, d), "all"),
            ((a, b), ""),
            ((a, b, c), "c"),
            ((a, b, d), ""),
        ):
            self.assertEqual((selection,), culprits.questions(search))
            before = search
            search = culprits.after(search, {selection: outcome})
            self.assertEqual((selection,), culprits.questions(before))
        self.assertEqual((), culprits.questions(search))
        self.assertEqual(
            ((a, b, d), (culprits.Culprit((c,), "c"),), 4),
            culprits.result(search),
        )

    def test_several_questions_at_once(self) -> None:
        bad = NAMES[7]
        asked = ask(
            alone(NAMES), lambda chosen: "no" if bad in chosen else "", 3
        )
        self.assertEqual([1, 3, 2, 1], [len(step) for step in asked.steps])
        self.assertEqual([((bad,), "no")], [*asked.result.culprits])

    def test_an_answer_that_is_missing_is_asked_for_again(self) -> None:
        search = culprits.start(alone(NAMES), side_by_side=3)
        search = culprits.after(search, {tuple(NAMES): "no"})
        first, *rest = culprits.questions(search)
        search = culprits.after(search, {first: ""})
        self.assertEqual(tuple(rest), culprits.questions(search))

    @given(
        st.sets(st.sampled_from(NAMES)),
        st.sets(st.sampled_from(NAMES)),
        st.integers(2, 5),
    )
    def test_questions_at_once_lead_to_the_same(
        self,
        names: set[CanonicalName],
        bad: set[CanonicalName],
        side_by_side: int,
    ) -> None:
        def test(chosen: Collection[CanonicalName]) -> str:
            return " ".join(sorted(bad & set(chosen)))

        single = ask(alone(sorted(names)), test)
        several = ask(alone(sorted(names)), test, side_by_side)
        self.assertEqual(
            single.result._replace(tests=0), several.result._replace(tests=0)
        )
        self.assertLessEqual(len(several.steps), len(single.steps))
        for step in several.steps:
            self.assertLessEqual(len(step), side_by_side)
