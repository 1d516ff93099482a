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
"""What is done about a proposal, and when two patches are the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.proposals.proposal import (
    Edit,
    Key,
    Proposal,
    patch_id,
    still_applies,
)
from openstack_requirements.proposals.reconcile import Open, Wanted, decide
from openstack_requirements.tests import base

IN_LINE, SAME, OTHER = Wanted(), Wanted("p"), Wanted("q")
BROKEN = Wanted("p", ("a:1: x",))
OURS = Open("p")
#: What is wanted, what is open, what was declined; and what is done.
ROWS = (
    (IN_LINE, None, "", "nothing"),
    (IN_LINE, None, "p", "nothing"),
    (IN_LINE, OURS, "", "close"),
    (IN_LINE, OURS._replace(amended="A"), "", "wait"),
    (SAME, None, "", "propose"),
    (SAME, None, "q", "propose"),
    (SAME, None, "p", "nothing"),
    (SAME, OURS, "", "leave"),
    (SAME, OURS, "p", "leave"),
    (SAME, OURS._replace(applies=False), "", "update"),
    (SAME, OURS._replace(amended="A", applies=False), "", "wait"),
    (OTHER, OURS, "", "update"),
    (OTHER, OURS._replace(amended="A"), "", "wait"),
    (BROKEN, None, "", "wait"),
    (BROKEN, OURS, "", "wait"),
)
TEXTS = st.text("ab\n", max_size=12)


def edit(old: str, new: str) -> Edit:
    return Edit("r.txt", old, new)


class TestDecide(base.TestCase):
    def test_rows(self) -> None:
        for wanted, ours, declined, action in ROWS:
            step = decide(wanted, ours, declined)
            self.assertEqual(action, step.action, f"{wanted} {ours}")
            self.assertTrue(step.reason)

    def test_who_amended_it_is_named(self) -> None:
        step = decide(SAME, OURS._replace(amended="A <a@b>"))
        self.assertEqual("A <a@b> amended it", step.reason)


class TestPatch(base.TestCase):
    def test_context_does_not_count(self) -> None:
        first = edit("a\nb\n", "a\nc\n")
        moved = edit("x\na\nb\ny\n", "x\na\nc\ny\n")
        self.assertEqual(patch_id([first]), patch_id([moved]))

    def test_what_counts(self) -> None:
        first = edit("a\nb\n", "a\nc\n")
        for other in (
            edit("a\nb\n", "a\nd\n"),
            edit("a\nd\n", "a\nc\n"),
            edit("a\nc\n", "a\nb\n"),
            first._replace(path="s.txt"),
        ):
            self.assertNotEqual(patch_id([first]), patch_id([other]))

    @given(TEXTS, TEXTS)
    def test_order_and_what_is_unchanged_do_not_count(
        self, old: str, new: str
    ) -> None:
        edits = [edit(old, new), Edit("s.txt", new, old)]
        more = [Edit("t.txt", old, old), *reversed(edits)]
        self.assertEqual(patch_id(edits), patch_id(more))

    @given(TEXTS, TEXTS)
    def test_applies_where_it_was_made(self, old: str, new: str) -> None:
        for now in (old, new):
            self.assertTrue(still_applies([edit(old, new)], {"r.txt": now}))

    def test_applies(self) -> None:
        change = edit("a\nb\nc\nd\ne\n", "a\nB\nc\nd\ne\n")
        for now, applies in (
            ("a\nb\nc\nd\nE\n", True),
            ("x\na\nb\nc\nd\ne\n", True),
            ("a\nx\nc\nd\ne\n", False),
            ("a\nb\nx\nc\nd\ne\n", False),
            ("", False),
        ):
            self.assertIs(
                applies, still_applies([change], {"r.txt": now}), now
            )
        self.assertFalse(still_applies([change], {}))


class TestValues(base.TestCase):
    def test_text(self) -> None:
        key = Key("o/n", "main", "t")
        proposal = Proposal(key, "", "", "", "Title\n\nBody\n\nMore\n", "")
        self.assertEqual("o/n (main)", f"{key}")
        self.assertEqual("Title", proposal.title)
        self.assertEqual("Body\n\nMore", proposal.body)
