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
"""What is proposed for the constraints, and that bumps are not taken back."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.constraints import merging
from openstack_requirements.constraints.history import CommittedTexts
from openstack_requirements.errors import BadContent, UnusableInput
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.versions import version_key
from openstack_requirements.proposals import constraints_change
from openstack_requirements.proposals.constraints_change import (
    AdmittedPins,
    MergedConstraints,
    RegeneratedTexts,
    pins_in,
)
from openstack_requirements.repository import holds, pins
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Mapping

UC = "uc.txt"
NAMES = ("a", "b", "c", "d")
PINS = st.fixed_dictionaries(
    {}, optional={name: st.integers(1, 5) for name in NAMES}
)
DAY = datetime.date(2026, 1, 1)


def text(pinned: Mapping[str, int]) -> str:
    return merging.to_content(
        [
            merging.Pin(name, str(version), "")
            for name, version in pinned.items()
        ]
    )


def admitted(required: str = "", ledger: str = "") -> AdmittedPins:
    return AdmittedPins(
        "gr.txt",
        read_entries(required, "gr.txt"),
        holds=holds.parse(ledger, "holds.yaml") if ledger else None,
    )


def merged(
    start: str,
    generated: str,
    tip: str = "",
    before: Mapping[str, tuple[str, ...]] | None = None,
    required: str = "",
) -> MergedConstraints:
    return constraints_change.merged(
        RegeneratedTexts(
            start,
            generated,
            tip or start,
            {canonical_name(n): x for n, x in (before or {}).items()},
        ),
        admitted(required),
        UC,
    )


class TestMerged(base.TestCase):
    def assert_merged(
        self, expected: str, result: MergedConstraints
    ) -> MergedConstraints:
        self.assertEqual((expected, ()), (result.text, result.problems))
        return result

    def test_nothing_happened_meanwhile(self) -> None:
        self.assert_merged(
            "a===2\nb===1\n", merged("a===1\n", "a===2\nb===1\n")
        )

    def test_a_bump_merged_meanwhile_stays(self) -> None:
        self.assert_merged(
            "a===3\nb===2\n",
            merged("a===1\nb===1\n", "a===1\nb===2\n", "a===3\nb===1\n"),
        )

    def test_the_newest_where_both_moved(self) -> None:
        for generated, tip in ((2, 3), (3, 2)):
            self.assert_merged(
                "a===3\n",
                merged("a===1\n", f"a==={generated}\n", f"a==={tip}\n"),
            )

    def test_an_earlier_bump_stays(self) -> None:
        result = self.assert_merged(
            "a===3\n", merged("a===3\n", "a===2\n", before={"a": ("a===1",)})
        )
        self.assertEqual(["a"], [pin.name for pin in result.kept])
        # It is the bump that does it.
        self.assert_merged("a===2\n", merged("a===3\n", "a===2\n"))

    def test_an_earlier_bump_of_what_was_not_there(self) -> None:
        self.assert_merged(
            "a===3\n", merged("a===3\n", "a===2\n", before={"a": ()})
        )

    def test_a_newer_version_than_a_bump(self) -> None:
        result = self.assert_merged(
            "a===4\n", merged("a===3\n", "a===4\n", before={"a": ("a===1",)})
        )
        self.assertEqual((), result.kept)

    def test_a_bump_that_the_list_refuses_goes_down(self) -> None:
        self.assert_merged(
            "a===2\n",
            merged(
                "a===3\n",
                "a===2\n",
                before={"a": ("a===1",)},
                required="a<3\n",
            ),
        )
        # Merged meanwhile, and refused by the list that is there now.
        self.assert_merged(
            "a===2\n",
            merged("a===1\n", "a===2\n", "a===3\n", required="a<3\n"),
        )

    def test_a_bump_of_what_nothing_requires(self) -> None:
        self.assert_merged(
            "b===1\n",
            merged("a===3\nb===1\n", "b===1\n", before={"a": ("a===1",)}),
        )
        # Meanwhile: the regeneration knew nothing of it.
        self.assert_merged(
            "a===3\nb===1\n",
            merged("a===1\nb===1\n", "b===1\n", "a===3\nb===1\n"),
        )

    def test_environment_by_environment(self) -> None:
        old, new = "python_version<'3.12'", "python_version>='3.12'"
        result = merged(
            f"a===1;{old}\na===3;{new}\n",
            "a===2\n",
            before={"a": ("a===1",)},
        )
        self.assertEqual((), result.problems)
        self.assertEqual(
            {"2": old, "3": new},
            {
                pin.version: pin.marker
                for pin in pins_in(result.text)[canonical_name("a")]
            },
        )

    def test_what_a_person_changed_meanwhile(self) -> None:
        self.assert_merged(
            "a===1\nb===2\n",
            merged("a===2\nb===1\n", "a===2\nb===2\n", "a===1\nb===1\n"),
        )
        self.assert_merged(
            "# why\na===2\nb===1\n",
            merged("a===1\n", "a===2\n", "# why\na===1\nb===1\n"),
        )

    def test_what_cannot_be_merged(self) -> None:
        result = merged("a===1\nb===1\n", "a===2\nb===1\n", "b===1\n")
        (problem,) = result.problems
        self.assertIn("uc.txt: a: ", problem)

    @given(PINS, PINS, PINS, st.sets(st.sampled_from(NAMES)))
    def test_law(
        self,
        start: dict[str, int],
        generated: dict[str, int],
        bumps: dict[str, int],
        early: set[str],
    ) -> None:
        """No pin that a bump has raised goes down."""
        tip = dict(start)
        before: dict[str, tuple[str, ...]] = {}
        for name, version in bumps.items():
            if version > start.get(name, 0):
                old = start.get(name)
                before[name] = (f"{name}==={old}",) if old else ()
                tip[name] = version
        # Some of them had been merged when the regeneration began.
        known = {**start, **{n: tip[n] for n in before if n in early}}
        result = merged(text(known), text(generated), text(tip), before)
        self.assertEqual((), result.problems)
        proposed = {
            name: version_key(of_name[0].version)
            for name, of_name in pins_in(result.text).items()
        }
        for name in before:
            if name in generated or name not in early:
                self.assertGreaterEqual(
                    proposed[canonical_name(name)],
                    version_key(str(tip[name])),
                )
        # And it is not for its own sake that anything stays.
        for name in set(generated) - set(bumps):
            self.assertEqual(
                version_key(str(generated[name])),
                proposed[canonical_name(name)],
            )


class TestBeforeBumps(base.TestCase):
    def bumps(self, *rows: tuple[str, str]) -> dict[str, tuple[str, ...]]:
        """What was bumped in a history of subjects and texts, the oldest
        first."""
        commits = []
        before = ""
        for number, (subject, after) in enumerate(rows):
            commits.append(
                CommittedTexts(
                    str(number), "", "Somebody", subject, before, after
                )
            )
            before = after
        bumps = constraints_change.before_bumps(commits[::-1])
        return {str(name): lines for name, lines in bumps.items()}

    def test_since_the_last_regeneration(self) -> None:
        self.assertEqual(
            {"a": ("a===2",), "b": ()},
            self.bumps(
                ("Start", "a===1\nc===1\n"),
                ("Raise a", "a===2\nc===1\n"),
                ("Regenerate uc.txt", "a===2\nc===2\n"),
                ("Raise a", "a===3\nc===2\n"),
                ("Raise a", "a===4\nc===2\n"),
                ("Add b", "a===4\nb===1\nc===2\n"),
            ),
        )

    def test_who_comes_later_decides(self) -> None:
        self.assertEqual(
            {},
            self.bumps(
                ("Regenerate uc.txt", "a===1\n"),
                ("Raise a", "a===3\n"),
                ("It is broken", "a===2\n"),
            ),
        )


class TestBumped(base.TestCase):
    def bumped(
        self,
        content: str,
        release: str,
        required: str = "",
        ledger: str = "",
        requires_python: str = "",
    ) -> str:
        return constraints_change.bumped(
            content,
            pins.parse(release, requires_python),
            admitted(required, ledger),
            UC,
        )

    def refused(self, *argv: str, error: type[Exception] = BadContent) -> str:
        return str(self.assertRaises(error, self.bumped, *argv))

    def test_one_line(self) -> None:
        self.assertEqual(
            "a===1\nB===2.0  # why\nc===1\n",
            self.bumped("a===1\nB===1.0  # why\nc===1\n", "b==2.0", "b>=1\n"),
        )
        self.assertEqual("a===2\n", self.bumped("a===2\n", "a==2"))

    def test_only_the_pythons_that_it_is_for(self) -> None:
        self.assertEqual(
            "a===1;python_version<'3.11'\na===2;python_version>='3.11'\n"
            "b===1;python_version=='3.10'\n",
            self.bumped(
                "a===1\nb===1;python_version=='3.10'\n",
                "a==2",
                "",
                "",
                ">=3.11",
            ),
        )

    def test_the_list(self) -> None:
        said = self.refused("a===1\n", "a==2", "# x\na<2\n")
        self.assertIn("gr.txt:2: does not admit a 2", said)
        self.assertNotIn("--force", said)

    def test_a_hold(self) -> None:
        ledger = (
            "- name: a\n  range: '<2'\n  owner: org/p\n  bug: '7'\n"
            "  reason: breaks\n  since: 2026-01-01\n  until: 2026-02-01\n"
            "  python: python_version<'3.12'\n"
        )
        said = self.refused("a===1\n", "a==2", "", ledger)
        self.assertIn("holds.yaml:1: holds a at <2", said)
        self.assertIn("org/p, bug 7", said)
        # Not where the hold is for none of its Pythons.
        self.bumped("a===1\n", "a==2", "", ledger, ">=3.12")

    def test_lower_than_the_pin(self) -> None:
        said = self.refused("b===1\na===3\n", "a==2")
        self.assertIn("uc.txt:2: pins 3, which is newer than 2", said)
        said = self.refused("a===2.0.post1\n", "a==2.0")
        self.assertIn("newer", said)

    def test_lower_for_other_pythons(self) -> None:
        content = "a===1;python_version<'3.12'\na===3;python_version>='3.12'\n"
        self.assertIn(
            "a===2",
            self.bumped(content, "a==2", "", "", "<3.12"),
        )
        self.assertIn(
            "uc.txt:2: ", self.refused(content, "a==2", "", "", ">=3.8")
        )

    def test_not_there(self) -> None:
        said = self.refused("b===1\n", "a==2", error=UnusableInput)
        self.assertEqual("uc.txt: has no line for a", said)
