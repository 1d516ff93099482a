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
"""Laws of what is proposed to projects, and what is opened first."""

from __future__ import annotations

from hypothesis import assume, event, given
from hypothesis import strategies as st

from openstack_requirements.proposals import messages, reconcile
from openstack_requirements.proposals.proposal import Key
from openstack_requirements.repository import policy
from openstack_requirements.repository.update import EntryChange, FilePlan
from openstack_requirements.tests import base, corpus_laws, corpus_proposals

NAMES = ("a", "b", "c")
VERSIONS = ("1", "1.5", "2", "2.5", "3")
MARKERS = ("", ";python_version<'3.9'", ";python_version>='3.9'")


def clauses(*operators: str) -> st.SearchStrategy[str]:
    clause = st.builds(
        "{}{}".format, st.sampled_from(operators), st.sampled_from(VERSIONS)
    )
    return st.lists(clause, max_size=3, unique=True).map(",".join)


def lines(*operators: str, **extras: str) -> st.SearchStrategy[str]:
    """A file with entries for some packages."""
    line = st.builds(
        "{}{}{}\n".format,
        st.sampled_from((*NAMES, *extras.values())),
        clauses(*operators),
        st.sampled_from(MARKERS),
    )
    return st.lists(line, max_size=5).map("".join)


class TestLaw(base.TestCase):
    """check-requirements passes what is proposed: see corpus_proposals."""

    @given(
        # A list that admits no version cannot be followed.
        st.lists(clauses("!="), min_size=3, max_size=3),
        st.sampled_from(("", "<2.7", "<9")),
        lines("!=", ">=", "<", "==", "~="),
        lines("!=", ">=", "<", extra="c[x]"),
        st.sampled_from(("refuse", "keep")),
        st.sampled_from(corpus_laws.POLICIES),
    )
    def test_nothing_is_left(
        self,
        listed: list[str],
        cap: str,
        required: str,
        tested: str,
        unknown: str,
        rules: policy.Policy,
    ) -> None:
        bound = ">=1" if rules.bounds_in_list else ""
        text = "".join(
            f"{name}{','.join(filter(None, (bound, cap, specifier)))}\n"
            for name, specifier in zip(NAMES, listed, strict=True)
        )
        request = corpus_proposals.request_of(
            {"global-requirements.txt": text, "denylist.txt": ""},
            rules,
            "keep" if unknown == "keep" else "refuse",
        )
        texts = {"requirements.txt": required, "test-requirements.txt": tested}
        broken = corpus_proposals.broken(request, texts)
        assume(broken is not None)
        event("proposed")
        self.assertEqual([], broken)

    def test_it_can_be_broken(self) -> None:
        request = corpus_proposals.request_of(
            {"global-requirements.txt": "a!=1.5\n", "denylist.txt": ""},
            policy.CURRENT,
        )
        texts = {"requirements.txt": "a>=1,!=2\n"}
        self.assertEqual([], corpus_proposals.broken(request, texts))
        self.assertIsNone(
            corpus_proposals.broken(request, {"requirements.txt": "a>=1\n"})
        )
        errors = corpus_proposals.errors_of(request, texts)
        self.assertEqual(
            ["exclusion-not-global"], [row.finding.rule for row in errors]
        )
        # An update that only sorts.
        listed = "a!=2\na!=1.5;python_version<'3'\n"
        other = corpus_proposals.request_of(
            {"global-requirements.txt": listed, "denylist.txt": ""},
            policy.CURRENT,
        )
        mixed = request._replace(follow=other.follow)
        self.assertNotEqual([], corpus_proposals.broken(mixed, texts))


class TestFirst(base.TestCase):
    """Which changes are proposed where not all may be."""

    def keys(self, *names: str) -> dict[Key, str]:
        return {
            Key(f"o/{name[0]}", name[1:] or "main", "t"): "x" for name in names
        }

    def test_projects_take_turns(self) -> None:
        wanted = self.keys("a1", "a2", "a3", "b1", "c1")
        first = reconcile.first_of(wanted, [], 3)
        self.assertEqual({"o/a", "o/b", "o/c"}, {key.project for key in first})

    def test_who_has_nothing_comes_first(self) -> None:
        wanted = self.keys("a", "b", "c", "d")
        having = ["o/a", "o/b", "o/c"]
        for number in range(20):
            changed = dict.fromkeys(wanted, f"{number}")
            (first,) = reconcile.first_of(changed, having, 1)
            self.assertEqual("o/d", first.project)

    def test_not_always_the_same(self) -> None:
        names = "abcdefgh"
        seen = set()
        for number in range(60):
            wanted = dict.fromkeys(self.keys(*names), f"{number}")
            first = reconcile.first_of(wanted, [], 1)
            self.assertEqual(first, reconcile.first_of(wanted, [], 1))
            seen |= {key.project for key in first}
        self.assertEqual({f"o/{name}" for name in names}, seen)

    @given(
        st.dictionaries(
            st.builds(
                Key,
                st.sampled_from(("o/a", "o/b", "o/c")),
                st.sampled_from("123"),
                st.just("t"),
            ),
            st.text(max_size=2),
        ),
        st.lists(st.sampled_from(("o/a", "o/b"))),
        st.none() | st.integers(min_value=1, max_value=9),
    )
    def test_as_many_as_may_be(
        self, wanted: dict[Key, str], having: list[str], most: int | None
    ) -> None:
        first = reconcile.first_of(wanted, having, most)
        self.assertLessEqual(first, wanted.keys())
        expected = len(wanted) if most is None else min(most, len(wanted))
        self.assertEqual(expected, len(first))


class TestMessage(base.TestCase):
    def test_changes(self) -> None:
        changes = (
            EntryChange(1, "", "a>=1", "a>=2"),
            EntryChange(2, "x", "b", ""),
            EntryChange(0, "", "", "c\nBug: 1"),
        )
        message = messages.of_update(
            [
                FilePlan("setup.cfg", "", "x", changes),
                FilePlan("setup.py", "", "x", ()),
            ]
        )
        self.assertEqual(
            [
                *("", "setup.cfg:", "- a>=1 -> a>=2", "- [x] b is removed"),
                *("- c\\nBug: 1 is added", ""),
                "setup.py: in standard form",
            ],
            message.splitlines()[4:],
        )
