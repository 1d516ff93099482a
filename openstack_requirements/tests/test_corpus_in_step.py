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
"""The law that what passes the gate is in step: that it can be broken."""

from __future__ import annotations

import fixtures

from openstack_requirements.checks.due_changes import DueChanges
from openstack_requirements.repository import replacements
from openstack_requirements.repository.update import EntryChange
from openstack_requirements.tests import base, corpus_in_step
from openstack_requirements.tests.corpus_laws import Pair

LISTS = {"global-requirements.txt": "foo!=1.5\n", "denylist.txt": ""}
PASSES = Pair("p", LISTS, {"requirements.txt": "foo>=2\n"})
FAILS = Pair("p", LISTS, {"requirements.txt": "foo>=1,<2\n"})

#: An entry before and after, and the kinds of what has changed.
KINDS = (
    ("foo>=1", "foo>=1,!=1.5", "exclusion"),
    ("foo>=1", "foo>=1,<2", "cap"),
    ("foo~=1.4", "foo>=1.4,<2", "bound cap dropped"),
    ("foo>=1;os_name=='x'", "foo>=1", "marker"),
    ("foo>=1,!=0.5", "foo>=1", "dropped"),
    ("foo", "", "entry"),
    ("", "foo", "entry"),
    ("foo # x", "foo", ""),
)
#: An entry before and after, and whether it excludes below its bound.
POINTLESS = (
    ("foo>=2", "foo>=2,!=1.5", True),
    ("foo>=2", "foo>=2,!=1.*,!=2.5", True),
    ("foo>=2,!=1.5", "foo>=2,!=1.5,<3", False),
    ("foo>=1", "foo>=1,!=1.5", False),
    ("", "foo~=2.0,!=1.5", True),
    ("foo", "foo!=1.5", False),
    ("foo", "", False),
)


class TestChanges(base.TestCase):
    def test_kinds(self) -> None:
        for old, new, expected in KINDS:
            kinds = corpus_in_step.kinds(EntryChange(1, "", old, new))
            self.assertEqual(expected, " ".join(sorted(kinds)), new)

    def test_pointless(self) -> None:
        for old, new, expected in POINTLESS:
            change = EntryChange(1, "", old, new)
            self.assertIs(expected, corpus_in_step.adds_pointless(change))


class TestLaw(base.TestCase):
    """On a corpus of one project."""

    def setUp(self) -> None:
        super().setUp()
        for file, text in LISTS.items():
            self.write(f"c/lists/d/{file}", text)
        self.write("c/lists/old/global-requirements.txt", "foo>=1\n")
        for name, pair in (("p", PASSES), ("q", FAILS)):
            for file, text in pair.project.items():
                self.write(f"c/projects/{name}/{file}", text)

    def outcome(self) -> corpus_in_step.InStep:
        return corpus_in_step.check_in_step(self.folder / "c")

    def test_holds(self) -> None:
        self.assertEqual((1, 1, 1, 0, {}, ()), self.outcome())

    def test_a_project_that_passes_and_is_due(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                f"{corpus_in_step.__name__}.due_changes",
                lambda _request, _name, plan: DueChanges(plan.due, 0),
            )
        )
        self.write("c/projects/p/requirements.txt", "foo>=1\n")
        found = self.outcome()
        self.assertEqual((1, 0), (found.passing, found.kept))
        self.assertEqual(
            ("p with d: passes, but is due: foo>=1,!=1.5",), found.broken
        )

    def test_a_project_that_fails_and_is_not_due(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                f"{corpus_in_step.__name__}.due_changes",
                lambda *_: DueChanges((), 0),
            )
        )
        self.assertEqual(
            (
                "q with d: is in step, but: requirements.txt:1: "
                "exclusion-not-global",
            ),
            self.outcome().broken,
        )

    def test_an_exclusion_below_the_bound(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                f"{replacements.__name__}.with_bounds",
                lambda specifiers, bounds: ",".join([specifiers, *bounds]),
            )
        )
        self.write("c/projects/q/requirements.txt", "foo>=2,<3\n")
        found = self.outcome()
        self.assertEqual(1, found.pointless)
        (problem,) = found.broken
        self.assertIn("excludes what lies below the bound: foo", problem)
