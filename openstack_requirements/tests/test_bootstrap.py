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
"""Dependencies become entries, and what no program can know, decisions."""

from __future__ import annotations

import json
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from openstack_requirements.bootstrap import decisions, dependencies, draft
from openstack_requirements.bootstrap.decisions import Decision
from openstack_requirements.constraints.freeze import Distribution
from openstack_requirements.install.availability import Availability
from openstack_requirements.pep508.entries import normalize
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository import policy
from openstack_requirements.tests import base

PYTHONS = ("3.10", "3.13")
ENVIRONMENTS = {
    version: {
        "implementation_name": "cpython",
        "implementation_version": f"{version}.0",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{version}.0",
        "python_version": version,
        "sys_platform": "linux",
    }
    for version in PYTHONS
}
MIT = Distribution("Foo", "9.0", license_expression="MIT")


class Case(NamedTuple):
    """What projects (a, b, ...) ask for, and the entry and decisions."""

    asked: tuple[str, ...]
    entry: str
    kinds: tuple[str, ...] = ()


CASES = [
    # lower bounds: the highest
    Case(("foo>=1", "foo>=1.10", "foo>=1.9"), "Foo>=1.10  # MIT"),
    Case(("foo>=1", "foo"), "Foo>=1  # MIT"),
    Case(("foo>=1.0", "foo>=1"), "Foo>=1  # MIT"),
    Case(("foo>=1", "foo>=1.0"), "Foo>=1  # MIT"),
    Case(("foo>=1!1", "foo>=2"), "Foo>=1!1  # MIT"),
    Case(("foo>1", "foo>=0.5"), "Foo>=1,!=1  # MIT"),
    Case(("foo>=1.0rc1",), "Foo>=1.0rc1  # MIT"),
    Case(("foo==1.0+local",), "Foo>=1.0  # MIT", ("cap",)),
    Case(("foo",), "Foo>=9.0  # MIT", ("no-lower-bound",)),
    # exclusions: all, as far as they lie above the bound
    Case(("foo>=1,!=1.2", "foo>=1,!=1.1"), "Foo>=1,!=1.1,!=1.2  # MIT"),
    Case(("foo>=1,!=1.2", "foo>=1.3"), "Foo>=1.3  # MIT"),
    Case(("foo>=1,!=1.2", "foo!=1.2.0"), "Foo>=1,!=1.2  # MIT"),
    Case(("foo>=1,!=1.2.*",), "Foo>=1,!=1.2.*  # MIT"),
    Case(("foo>=1,!=1.2.0.*,!=1.2",), "Foo>=1,!=1.2,!=1.2.0.*  # MIT"),
    Case(("foo>=1.2.3", "foo!=1.2.*"), "Foo>=1.2.3  # MIT", ("exclusion",)),
    # caps: one that all have
    Case(("foo>=1,<2",), "Foo>=1  # MIT", ("cap",)),
    Case(("foo>=1,<2", "foo"), "Foo>=1  # MIT", ("cap",)),
    Case(("foo>=1,<2", "foo<2.0"), "Foo>=1,<2  # MIT"),
    Case(("foo>=1,<2", "foo<=3"), "Foo>=1,<=3  # MIT", ("cap",)),
    Case(("foo~=1.4", "foo<2"), "Foo>=1.4,<2  # MIT"),
    Case(("foo~=1.4.2", "foo==1.4.*"), "Foo>=1.4.2,<1.5  # MIT"),
    Case(("foo==1.2", "foo==1.4"), "Foo>=1.4,<=1.4  # MIT", ("cap",)),
    Case(("foo<2", "foo>=3,<4"), "Foo>=3,<4  # MIT", ("cap",)),
    Case(("foo>=3", "foo<2"), "Foo>=3  # MIT", ("cap",)),
    Case(("foo===any",), "Foo>=9.0  # MIT", ("no-lower-bound",)),
    # markers: one that all have, in meaning
    Case(
        (
            "foo>=1;python_version < '3.11'",
            "foo>=1;'3.11' > python_version",
        ),
        "Foo>=1;python_version<'3.11'  # MIT",
    ),
    Case(
        ("foo>=1;sys_platform=='win32'", "foo>=2;os_name=='nt'"),
        "Foo>=2;os_name=='nt'  # MIT",
    ),
    Case(
        ("foo>=1;os_name=='nt'", "foo>=1"),
        "Foo>=1  # MIT",
        ("marker-conflict",),
    ),
    Case(
        ("foo>=1;python_version>='3.12'", "foo>=1;python_version>='3.13'"),
        "Foo>=1  # MIT",
        ("marker-conflict",),
    ),
    # what applies on none of the Pythons has no say while others do
    Case(("foo>=2;python_version<'3'", "foo>=1"), "Foo>=1  # MIT"),
    Case(
        ("foo>=2;python_version<'3'", "foo>=1;python_version<'3.0'"),
        "Foo>=2;python_version<'3'  # MIT",
    ),
    # extras and URLs are the projects' business
    Case(("foo[bar]>=1", "foo[zoo]"), "Foo>=1  # MIT"),
    Case(
        ("foo @ https://example.org/foo", "foo>=1"),
        "Foo>=1  # MIT",
        ("url",),
    ),
]


def demands(*asked: str) -> list[dependencies.Dependency]:
    """What projects a, b, ... ask for."""
    found = []
    for number, text in enumerate(asked):
        owner = chr(ord("a") + number)
        more, problems = dependencies.read([(owner, text)], owner, PYTHONS)
        assert not problems, problems
        found += more
    return found


def propose(
    *asked: str,
    rules: policy.Policy = policy.CLASSIC,
    answers: dict[str, Availability] | None = None,
    resolved: str | None = None,
) -> tuple[str, list[Decision]]:
    """The text of the entry for foo, and the decisions."""
    (wanted,) = dependencies.combine(demands(*asked)).values()
    needed = dependencies.pythons_needed(wanted, ENVIRONMENTS)
    if answers is None:
        answers = dict.fromkeys(needed or PYTHONS[-1:], Availability(0, MIT))
    entry, decisions = draft.propose(
        wanted, answers, needed, PYTHONS, rules, resolved
    )
    return entry.to_text() if entry else "", decisions


class TestRead(base.TestCase):
    def test_extras_are_taken_out_of_markers(self) -> None:
        for text, extras, expected in (
            ("foo ; extra == 'x'", None, ["p[x] 1.0: foo"]),
            ("foo ; extra == 'x'", ("X",), ["p[x] 1.0: foo"]),
            ("foo ; extra == 'x'", (), []),
            ("foo ; extra=='x' or extra=='y'", None, ["p[x] 1.0: foo"] * 2),
            (
                "foo ; os_name=='a' and extra=='x'",
                None,
                ["p[x] 1.0: foo;os_name=='a'"],
            ),
            (
                "foo ; os_name=='a' or extra=='x'",
                None,
                ["p 1.0: foo;os_name=='a'", "p[x] 1.0: foo"],
            ),
            ("foo (>=1)", None, ["p 1.0: foo>=1"]),
            ("foo>=1  # comment", None, ["p 1.0: foo>=1"]),
            ("P[x] ; extra=='all'", None, []),
            ("", None, []),
        ):
            found, problems = dependencies.read(
                [("p 1.0", text)], "p", PYTHONS, extras
            )
            shown = [
                f"{each.by.replace('[y]', '[x]')}: {each.text}"
                for each in found
            ]
            self.assertEqual((expected, []), (shown, problems), text)

    def test_what_cannot_be_read_is_a_decision(self) -> None:
        for text in (
            "-r other.txt",
            "foo>=latest",
            "foo;bogus",
            "foo;'a'<'b'",
        ):
            found, (problem,) = dependencies.read([("p", text)], "p", PYTHONS)
            self.assertEqual([], found)
            self.assertEqual("not-read", problem.kind)
            self.assertEqual((("p", text),), problem.requirements)


class TestPropose(base.TestCase):
    def test_cases(self) -> None:
        for case in CASES:
            text, decisions = propose(*case.asked)
            line = text.splitlines()[-1]
            kinds = tuple(each.kind for each in decisions)
            self.assertEqual(case, Case(case.asked, line, kinds))

    def test_current_lists_have_no_lower_bounds(self) -> None:
        for asked, line in (
            (("foo>=1,!=1.2", "foo>=1.5"), "Foo!=1.2  # MIT\n"),
            (("foo>=1,<2", "foo<2"), "Foo<2  # MIT\n"),
            (("foo",), "Foo  # MIT\n"),
        ):
            text, decisions = propose(*asked, rules=policy.CURRENT)
            self.assertEqual([], decisions)
            self.assertTrue(text.endswith(line), text)

    def test_who_excludes_is_a_comment(self) -> None:
        text, _ = propose("foo>=1,!=1.2.0", "foo!=1.2,!=1.3.*", "foo>1")
        self.assertEqual(
            "# 1: excluded by c.\n"
            "# 1.2: excluded by a, b.\n"
            "# 1.3.*: excluded by b.\n"
            "Foo>=1,!=1,!=1.2,!=1.3.*  # MIT\n",
            text,
        )

    def test_a_decision_says_who_requires_what(self) -> None:
        _, (found, *_) = propose("foo>=1,<2", "foo[x] ; os_name!='a'")
        self.assertEqual("marker-conflict", found.kind)
        self.assertEqual(
            (("a", "foo>=1,<2"), ("b", "foo[x];os_name!='a'")),
            found.requirements,
        )

    def test_a_bound_that_no_release_meets_everywhere(self) -> None:
        old = MIT._replace(version="1.9")
        text, (found,) = propose(
            "foo>=2",
            "foo>=1",
            answers={
                "3.10": Availability(1, old),
                "3.13": Availability(0, MIT),
            },
        )
        self.assertEqual("Foo>=1  # MIT\n", text)
        self.assertEqual("no-release", found.kind)
        self.assertIn("for Python 3.10 meets", found.message)
        text, decisions = propose(
            "foo>=2",
            answers={
                "3.10": Availability(1, old),
                "3.13": Availability(0, MIT),
            },
        )
        self.assertEqual("Foo>=1.9  # MIT\n", text)
        self.assertEqual(
            ["no-release", "no-lower-bound"], [each.kind for each in decisions]
        )

    def test_no_release_for_one_python(self) -> None:
        answers = {
            "3.10": Availability(1, None, "gone"),
            "3.13": Availability(0, MIT),
        }
        for asked, marker in (
            ("foo>=1", "python_version>='3.13'"),
            (
                "foo>=1;os_name!='a' or os_name=='b'",
                "(os_name!='a' or os_name=='b') and python_version>='3.13'",
            ),
        ):
            text, (found,) = propose(asked, answers=answers)
            self.assertEqual(f"Foo>=1;{marker}  # MIT\n", text)
            self.assertEqual("no-release", found.kind)

    def test_nothing_that_could_be_listed(self) -> None:
        gone = Availability(1, None, "the index has nothing of it")
        text, (found,) = propose(
            "foo>=1", answers={"3.10": gone, "3.13": gone}
        )
        self.assertEqual(("", "left-out"), (text, found.kind))
        self.assertIn("the index has nothing of it", found.message)
        # Elsewhere it may be there.
        text, (found,) = propose(
            "Bar>=1;os_name=='nt'", answers={"3.13": gone}
        )
        self.assertEqual("Bar>=1;os_name=='nt'\n", text)
        self.assertEqual("no-license", found.kind)
        text, _ = propose("Bar;os_name=='nt'", answers={"3.13": gone})
        self.assertEqual("Bar>=0;os_name=='nt'\n", text)

    def test_what_the_list_resolves_to(self) -> None:
        text, (found,) = propose("foo!=1.2,!=2.5", resolved="2.4")
        self.assertTrue(text.endswith("Foo>=2.4,!=2.5  # MIT\n"), text)
        self.assertIn("resolves to", found.message)

    def test_the_newest_spells_and_has_the_license(self) -> None:
        old = Distribution("foo", "1", license="MIT")
        for new, line in (
            (Distribution("FOO", "2", license="BSD"), "FOO>=1  # BSD\n"),
            (Distribution("FOO", "2"), "FOO>=1  # MIT\n"),
        ):
            text, _ = propose(
                "foo>=1",
                answers={
                    "3.10": Availability(0, old),
                    "3.13": Availability(0, new),
                },
            )
            self.assertEqual(line, text)
        bare = dict.fromkeys(
            PYTHONS, Availability(0, Distribution("foo", "2"))
        )
        text, (found,) = propose("foo>=1", answers=bare)
        self.assertEqual(("foo>=1\n", "no-license"), (text, found.kind))


SPECIFIERS = st.lists(
    st.builds(
        str.__add__,
        st.sampled_from((">=", ">", "==", "!=", "<", "<=", "~=")),
        st.sampled_from(("0.9", "1.0", "1.2.3", "1.2.0", "2.0", "10.1")),
    ),
    max_size=4,
).map(",".join)
MARKERS = st.sampled_from(
    ("", ";os_name=='nt'", ";python_version<'3.12'", ";python_version<'3'")
)
ASKED = st.lists(
    st.builds(lambda a, b: f"foo{a}{b}", SPECIFIERS, MARKERS),
    min_size=1,
    max_size=5,
)


class TestLaws(base.TestCase):
    @given(ASKED, st.sampled_from((policy.CLASSIC, policy.CURRENT)))
    def test_an_entry_is_what_a_global_list_may_hold(
        self, asked: list[str], rules: policy.Policy
    ) -> None:
        text, _ = propose(*asked, rules=rules)
        self.assertEqual(text, normalize(text))
        entry = parse_line(text.splitlines()[-1])
        self.assertIsNone(rules.bound_problem(entry))

    @given(ASKED, st.randoms())
    def test_the_order_of_projects_does_not_matter(
        self, asked: list[str], random: object
    ) -> None:
        found = demands(*asked)
        shuffled = found[:]
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        self.assertEqual(
            dependencies.combine(found), dependencies.combine(shuffled)
        )

    @given(ASKED)
    def test_nothing_is_excluded_that_nobody_excludes(
        self, asked: list[str]
    ) -> None:
        entry = parse_line(
            propose(*asked, rules=policy.CURRENT)[0].splitlines()[-1]
        )
        listed = SpecifierSet(entry.specifiers)
        sets = [SpecifierSet(parse_line(each).specifiers) for each in asked]
        for version in ("0.1", "0.9", "1.0", "1.2.3", "1.3", "2.0", "10.1"):
            if not listed.contains(version):
                self.assertFalse(all(each.contains(version) for each in sets))


class TestContent(base.TestCase):
    def test_sorted_by_canonical_name(self) -> None:
        entries = [
            draft.ListEntry(parse_line(line))
            for line in ("b>=1", "A.b>=1", "a-a>=1", "C>=1")
        ]
        text = "a-a>=1\nA.b>=1\nb>=1\nC>=1\n"
        self.assertEqual(text, draft.to_content(entries))
        self.assertEqual("", draft.to_content([]))
        self.assertEqual("z\n", draft.to_content([], "z\n"))
        self.assertEqual(
            f"# x\nz\n\n{text}", draft.to_content(entries, "# x\nz")
        )

    def test_decisions(self) -> None:
        found = Decision("foo", "cap", "see\x1b[1m", (("a", "foo<2"),))
        self.assertEqual(
            "foo: see\\x1b[1m [cap]\n  a requires foo<2", str(found)
        )
        self.assertEqual(
            {
                "decisions": [
                    {
                        "package": "foo",
                        "kind": "cap",
                        "message": "see\x1b[1m",
                        "asked": [{"by": "a", "requirement": "foo<2"}],
                    }
                ]
            },
            json.loads(decisions.to_json([found])),
        )

    def test_decisions_are_reported_kind_by_kind(self) -> None:
        report = decisions.report(
            [
                Decision("a", "cap", "x"),
                Decision("b", "url", "y", (("a", "b @ https://h/b"),)),
                Decision("c", "cap", "z"),
            ]
        )
        self.assertEqual(
            [
                f"url (1): {decisions.KINDS['url']}",
                "b: y [url]\n  a requires b @ https://h/b",
                f"cap (2): {decisions.KINDS['cap']}",
                "a: x [cap]",
                "c: z [cap]",
                "3 to decide: 1 url without an answer; 2 cap with an answer "
                "that works",
            ],
            list(report),
        )
        self.assertEqual([], list(decisions.report([])))

    def test_what_needs_a_person_comes_first(self) -> None:
        order = [kind in decisions.ANSWERED for kind in decisions.KINDS]
        self.assertEqual(sorted(order), order)
        self.assertEqual(set(), decisions.ANSWERED - set(decisions.KINDS))

    def test_every_kind_is_explained(self) -> None:
        kinds = {kind for case in CASES for kind in case.kinds}
        self.assertEqual(set(), kinds - set(decisions.KINDS))

    def test_names(self) -> None:
        found = dependencies.combine(demands("Foo.Bar>=1", "foo_bar", "baz"))
        self.assertEqual(["baz", "foo-bar"], [*found])
        self.assertEqual(
            ["a", "b"],
            [
                each.owner
                for each in found[canonical_name("foo-bar")].dependencies
            ],
        )
