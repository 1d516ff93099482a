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
"""Who requires what, and who decides."""

from __future__ import annotations

import json
import os
import random
import unittest
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from openstack_requirements.cmds import explain_constraint
from openstack_requirements.cmds.report import render_explanation
from openstack_requirements.constraints import explain, freeze_json
from openstack_requirements.constraints.explain import bounds, cause
from openstack_requirements.constraints.freeze import Distribution, Freeze
from openstack_requirements.constraints.graph import Demand, Graph
from openstack_requirements.pep508 import ranges
from openstack_requirements.pep508.ranges import together
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)
from openstack_requirements.tests import base


def make(
    *distributions: str, requested: tuple[str, ...] = (), python: str = "3.12"
) -> Freeze:
    """A freeze; a distribution is ``name version | requirement | ...``."""
    found = []
    for text in distributions:
        head, *requires = (each.strip() for each in text.split("|"))
        name, version = head.split()
        found.append(Distribution(name, version, tuple(requires)))
    return Freeze(
        python,
        base.environment(python),
        tuple(found),
        requested,
    )


def name(text: str) -> CanonicalName:
    return canonical_name(text)


def who(demands: tuple[Demand, ...]) -> list[str]:
    return [each.who for each in demands]


def way(chain: tuple[Demand, ...]) -> str:
    """A chain, in short."""
    return " ".join(
        [each.owner or "-" for each in chain]
        + ([chain[-1].text] if chain else [])
    )


class TestGraph(base.TestCase):
    def demands(self, graph: Graph, of: str) -> list[tuple[str, str, bool]]:
        return [
            (each.owner, each.text, each.applies)
            for each in graph.demands(name(of))
        ]

    def test_the_list_first_then_by_name(self) -> None:
        graph = Graph(
            make(
                "Zope 1 | X_y>=1",
                "alpha 2 | x.y (>=2,<3)",
                "x-y 2.5",
                requested=("X-Y>=0.5", "zope"),
            )
        )
        self.assertEqual(
            [
                ("", "X-Y>=0.5", True),
                ("alpha", "x.y (>=2,<3)", True),
                ("Zope", "X_y>=1", True),
            ],
            self.demands(graph, "x_Y"),
        )

    def test_markers(self) -> None:
        graph = Graph(
            make(
                "a 1 | x; python_version<'3.10' | x>=1; python_version<'4'"
                " | x<9;sys_platform=='win32'",
                "x 1",
            )
        )
        self.assertEqual(
            [False, True, False],
            [applies for _, _, applies in self.demands(graph, "x")],
        )

    EXTRAS: ClassVar = [
        # what the list asks for, what a requires, whether x applies
        ("a", "x; extra == 'e'", False),
        ("a[e]", "x; extra == 'e'", True),
        ("a[E_f]", 'x; extra == "e-f"', True),
        ("a[e-f]", "x; extra=='E_f'", True),
        ("a[other]", "x; extra == 'e'", False),
        ("a[e,other]", "x; extra == 'e'", True),
        ("a[e]", "x; extra == 'e' and python_version < '3'", False),
        ("a[e]", "x; 'e' == extra and python_version > '3'", True),
        ("a[e]; python_version < '3'", "x; extra == 'e'", False),
        ("a[e]", "x; (extra == 'e')", True),
        ("a", "x; extra != 'e'", True),
    ]

    def test_extras(self) -> None:
        for asked, requires, expected in self.EXTRAS:
            graph = Graph(make(f"a 1 | {requires}", "x 1", requested=(asked,)))
            found = [applies for _, _, applies in self.demands(graph, "x")]
            self.assertEqual([expected], found, f"{asked} {requires}")

    def test_one_extra_leads_to_the_next(self) -> None:
        freeze_ = make(
            "a 1 | b[two]; extra == 'one'",
            "b 1 | b[three]; extra == 'two' | c[four]; extra == 'three'",
            "c 1 | x; extra == 'four' | a[five]; extra == 'four'",
            "x 1",
            requested=("a[one]",),
        )
        graph = Graph(freeze_)
        self.assertEqual(
            "- a b c x; extra == 'four'", way(graph.chain(name("x")))
        )
        without = Graph(freeze_._replace(requested=("a",)))
        self.assertEqual("", way(without.chain(name("x"))))
        self.assertEqual(
            [False], [each.applies for each in without.demands(name("x"))]
        )

    def test_an_extra_of_ones_own_is_no_demand(self) -> None:
        graph = Graph(make("a 1 | a[x]>=1; extra == 'all'", requested=("a",)))
        self.assertEqual([("", "a", True)], self.demands(graph, "a"))

    def test_the_shortest_chain(self) -> None:
        graph = Graph(
            make(
                "b 1 | c",
                "c 1 | x>=3",
                "a 1 | d",
                "d 1 | e",
                "e 1 | x",
                "x 3",
                "pip 1",
                requested=("a", "b"),
            )
        )
        self.assertEqual("- b c x>=3", way(graph.chain(name("x"))))
        self.assertEqual("- b", way(graph.chain(name("b"))))
        self.assertEqual("", way(graph.chain(name("pip"))))
        self.assertEqual("", way(graph.chain(name("none"))))
        self.assertEqual(
            [0, 2, -1], [graph.depth(name(x)) for x in ("a", "x", "pip")]
        )

    def test_circles_end(self) -> None:
        graph = Graph(
            make("a 1 | b", "b 1 | a | c", "c 1 | b", requested=("a",))
        )
        self.assertEqual("- a b c", way(graph.chain(name("c"))))

    UNREADABLE: ClassVar = [
        ("x>=dev", "not a requirement"),
        ("x (>=1", "not a requirement"),
        ("x; bogus", "invalid marker"),
        ("x; 'a' == 'b'", "invalid marker (it compares two strings)"),
        ("x; os_name ~= 'x'", "invalid marker"),
        ("x; 'a' in extras", "invalid marker"),
        ("x>=1 junk", "not a requirement"),
        ("x # really", "a comment is not part of a requirement"),
    ]

    def test_what_cannot_be_read_applies_nowhere(self) -> None:
        for text, problem in self.UNREADABLE:
            graph = Graph(make(f"a 1 | {text}", "x 1", requested=("a",)))
            (demand,) = graph.demands(name("x"))
            self.assertFalse(demand.applies, text)
            self.assertIn(problem, demand.problem)
            self.assertEqual((), graph.chain(name("x")), text)
            self.assertEqual(
                "", explain.explain(graph, name("x")).bounds.together
            )

    def test_what_is_not_even_a_name_is_passed_over(self) -> None:
        graph = Graph(make("a 1 | >=1 | # | " + "x" * 9000, "x 1"))
        self.assertEqual([], self.demands(graph, "x"))

    def test_urls(self) -> None:
        graph = Graph(
            make(
                "a 1 | x @ https://example.org/x;y#egg=z ; extra == 'e'"
                " | x[f] @ https://example.org/x",
                "x 1 | y; extra == 'f'",
                "y 1",
                requested=("a",),
            )
        )
        self.assertEqual(
            [False, True], [each.applies for each in graph.demands(name("x"))]
        )
        self.assertEqual("- a x y; extra == 'f'", way(graph.chain(name("y"))))

    @given(
        st.lists(
            st.text()
            | st.builds(
                "x{}{}".format,
                st.sampled_from(["", " (", "[", "[a,]", "@", ">", ">=1", ";"]),
                st.text(
                    alphabet="x>=<!~1.*,;()[]'\" \tandorextpyhn_", max_size=20
                ),
            ),
            max_size=5,
        )
    )
    def test_no_metadata_ends_the_program(self, requires: list[str]) -> None:
        one = make("a 1", "x 1", requested=("a[x]", *requires))
        first, x = one.distributions
        first = first._replace(requires=tuple(requires))
        graph = Graph(one._replace(distributions=(first, x)))
        for text in ("x", "a", "none"):
            found = explain.explain(graph, name(text))
            for form in render_explanation.FORMATS:
                render_explanation.render([found], form, everything=True)
        explain.capping(graph, name("x"))

    def test_the_order_of_things_does_not_matter(self) -> None:
        distributions = [
            "a 1 | x>=1 | b[q]",
            "b 2 | x>=1; extra=='q' | a",
            "c 3 | x<9 | y",
            "x 1 | y",
            "y 1",
        ]
        requested = ["a", "c", "x[z]"]
        first = Graph(make(*distributions, requested=tuple(requested)))
        for seed in range(20):
            shuffled = random.Random(seed)
            shuffled.shuffle(distributions)
            shuffled.shuffle(requested)
            again = Graph(make(*distributions, requested=tuple(requested)))
            for each in first.installed:
                self.assertEqual(
                    explain.explain(first, each), explain.explain(again, each)
                )


CLAUSES = st.builds(
    "{}{}".format,
    st.sampled_from([">=", ">", "<", "<=", "!=", "=="]),
    st.sampled_from(
        ["1", "1.0", "1.1", "2.0rc1", "2", "2.0.post1", "3.dev1", "1!1", "3"]
    ),
) | st.sampled_from(
    ["~=1.1", "~=2.0.0", "==1.*", "!=1.1.*", "!=2.*", "~=2.0rc1"]
)
VERSIONS = [
    *("0.9", "1.0", "1.0.1", "1.1.dev1", "1.1", "1.1+x", "1.2", "1.9"),
    *("2.0.dev1", "2.0rc1", "2.0rc2", "2.0", "2.0+x", "2.0.post1", "2.0.1"),
    *("2.1", "2.9", "3.dev1", "3.dev2", "3", "3.0.post1", "4", "1!1", "1!2"),
]


def demand(owner: str, specifiers: str) -> Demand:
    return Demand(
        owner, "1", f"x{specifiers}", name("x"), (), specifiers, "", True
    )


class TestBounds(base.TestCase):
    TABLE: ClassVar = [
        # specifiers of a, b, ...; together; lower, whose; upper, whose
        ([""], "", "", [], "", []),
        ([">=1", ">=2"], ">=2", ">=2", ["b"], "", []),
        ([">=9.0", ">=10.0"], ">=10.0", ">=10.0", ["b"], "", []),
        (["<10", "<9"], "<9", "", [], "<9", ["b"]),
        (["<2.0rc1", "<2.0"], "<2.0", "", [], "<2.0", ["b"]),
        (["<2.0.post1", "<=2.0"], "<=2.0", "", [], "<=2.0", ["b"]),
        (["<3", "<=3"], "<3", "", [], "<3", ["a"]),
        (["<3.0", "<3"], None, "", [], "<3.0", ["a", "b"]),
        ([">=2", ">2"], ">2", ">2", ["b"], "", []),
        (["~=1.4", "<1.9"], None, "~=1.4", ["a"], "<1.9", ["b"]),
        (["~=1.4", "<3"], "~=1.4", "~=1.4", ["a"], "~=1.4", ["a"]),
        (["~=1.4.2", "<2"], "~=1.4.2", "~=1.4.2", ["a"], "~=1.4.2", ["a"]),
        (["==5.1.0", ">=5,<6"], "==5.1.0", "==5.1.0", ["a"], "==5.1.0", ["a"]),
        (["==1.*", ">=1.2"], None, ">=1.2", ["b"], "==1.*", ["a"]),
        ([">=1,!=1.5", "<1.4"], ">=1,<1.4", ">=1", ["a"], "<1.4", ["b"]),
        ([">=1,!=1.3", "<1.4"], ">=1,!=1.3,<1.4", ">=1", ["a"], "<1.4", ["b"]),
        (
            ["===1.0", ">=1"],
            "===1.0,>=1",
            "===1.0",
            ["a", "b"],
            "===1.0",
            ["a"],
        ),
        (["===odd"], "===odd", "", [], "", []),
        ([" >= 1 , < 2 "], ">=1,<2", ">=1", ["a"], "<2", ["a"]),
    ]

    def test_table(self) -> None:
        for sets, joined, lower, lower_by, upper, upper_by in self.TABLE:
            found = bounds(
                [demand("abc"[n], each) for n, each in enumerate(sets)]
            )
            if joined is not None:
                self.assertEqual(
                    set(joined.split(",")), set(found.together.split(","))
                )
            self.assertEqual(lower, found.lower, str(sets))
            self.assertEqual(lower_by, [x.owner for x in found.lower_by])
            self.assertEqual(upper, found.upper, str(sets))
            self.assertEqual(upper_by, [x.owner for x in found.upper_by])

    def test_unmet(self) -> None:
        found = bounds([demand("a", "<2"), demand("b", ">=1")], "2.1")
        self.assertEqual(["a 1"], who(found.unmet))
        self.assertEqual((), bounds([demand("a", ">=1")], "2.0rc1").unmet)

    @unittest.skipUnless(
        base.JUDGING_PACKAGING, "this packaging has other answers"
    )
    @given(st.lists(CLAUSES, max_size=6))
    def test_together_means_all_of_them(self, clauses: list[str]) -> None:
        joined = SpecifierSet(together(clauses))
        for version in VERSIONS:
            self.assertEqual(
                all(
                    SpecifierSet(each).contains(version, prereleases=True)
                    for each in clauses
                ),
                joined.contains(version, prereleases=True),
                version,
            )

    @unittest.skipUnless(
        base.JUDGING_PACKAGING, "this packaging has other answers"
    )
    @given(st.lists(CLAUSES, max_size=6))
    def test_together_has_nothing_to_spare(self, clauses: list[str]) -> None:
        kept = [each for each in together(clauses).split(",") if each]
        self.assertLessEqual(set(kept), set(clauses))
        self.assertEqual(kept, together(kept).split(",") if kept else [])
        for each in kept if len(kept) > 1 else ():
            others = SpecifierSet(",".join(x for x in kept if x != each))
            self.assertFalse(others.is_subset(SpecifierSet(each)))

    @given(st.lists(CLAUSES, min_size=1, max_size=6))
    def test_no_version_is_beyond_the_deciding_bounds(
        self, clauses: list[str]
    ) -> None:
        """Who does not meet the deciding upper bound meets no other way."""
        found = bounds([demand("a", each) for each in clauses])
        admitted = [
            version
            for version in VERSIONS
            if all(
                SpecifierSet(each).contains(version, prereleases=True)
                for each in clauses
            )
        ]
        for clause, key, sign in (
            (found.upper, ranges.upper_bound, 1),
            (found.lower, ranges.lower_bound, -1),
        ):
            if clause:
                best = key(clause)
                assert best is not None
                for version in admitted:
                    mine = key(f"=={version.partition('+')[0]}")
                    assert mine is not None
                    if sign > 0:
                        self.assertLessEqual(mine[0], best[0])
                    else:
                        self.assertGreaterEqual(mine[0], best[0])


class TestCause(base.TestCase):
    NEW = make(
        "list-lib 1 | x>=0",
        "raised 2 | fresh",
        "fresh 1 | x>=1",
        "x 1",
        requested=("list-lib", "raised"),
    )

    def cause(
        self, added: str, moved: str, before: Freeze | None = None
    ) -> str:
        return way(
            cause(
                Graph(self.NEW),
                name("x"),
                {*map(name, added.split())},
                {*map(name, moved.split())},
                None if before is None else Graph(before),
            )
        )

    def test_from_what_was_raised(self) -> None:
        self.assertEqual("raised fresh x>=1", self.cause("x fresh", "raised"))

    def test_from_the_list_where_nothing_moved(self) -> None:
        self.assertEqual("- list-lib x>=0", self.cause("x", ""))

    def test_from_the_list_itself(self) -> None:
        graph = Graph(make("a 2 | x", "x 1", requested=("a", "x>=1")))
        found = cause(graph, name("x"), {name("x")}, {name("a")}, None)
        self.assertEqual("- x>=1", way(found))

    def test_who_asked_before_is_not_to_blame(self) -> None:
        before = make(
            "list-lib 1 | x", "raised 1", requested=("list-lib", "raised")
        )
        self.assertEqual(
            "raised fresh x>=1", self.cause("x fresh", "raised", before)
        )
        # Without knowing that, list-lib is as good if it was raised, too.
        self.assertEqual(
            "list-lib x>=0", self.cause("x fresh", "raised list-lib")
        )
        self.assertEqual(
            "raised fresh x>=1",
            self.cause("x fresh", "raised list-lib", before),
        )

    def test_new_ones_that_ask_for_each_other(self) -> None:
        graph = Graph(make("a 1 | b", "b 1 | a", "c 1 | a", requested=("c",)))
        added = {name("a"), name("b")}
        self.assertEqual(
            "- c a b", way(cause(graph, name("b"), added, set(), None))
        )

    def test_nobody(self) -> None:
        graph = Graph(make("a 1"))
        self.assertEqual((), cause(graph, name("a"), set(), set(), None))


class TestReport(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        freezes = [
            make(
                "a 1 | x>=1,<3 | x<2; python_version<'3.0'",
                "b 1 | x!=1.5 | x<9; extra=='e' | x==8; extra=='f'",
                "x 2.0",
                requested=("a", "b"),
                python=python,
            )
            for python in ("3.10", "3.12")
        ]
        freezes.append(make("a 1", requested=("a",), python="3.13"))
        self.found = [
            explain.explain(Graph(each), name("X")) for each in freezes
        ]

    def test_text(self) -> None:
        self.assertEqual(
            """\
x 2.0 (Python 3.10, 3.12)
  because of: the list -> a 1 -> x>=1,<3
  required by
    a 1  x>=1,<3
    b 1  x!=1.5
  not required here by
    a 1  x<2; python_version<'3.0'
  only for extras that nothing requires: b
  together: >=1,!=1.5,<3
  lower bound: >=1 of a 1
  upper bound: <3 of a 1

x is not installed (Python 3.13)
""",
            render_explanation.to_text(self.found),
        )
        text = render_explanation.to_text(self.found, everything=True)
        self.assertIn("    b 1  x<9; extra=='e'\n", text)
        self.assertNotIn("extras that nobody", text)

    def test_json(self) -> None:
        data = json.loads(render_explanation.to_json(self.found))
        self.assertEqual("x", data["name"])
        first, _, last = data["pythons"]
        self.assertEqual("3.10", first["python_version"])
        self.assertEqual("<3", first["upper"]["clause"])
        self.assertEqual(["a"], [x["owner"] for x in first["upper"]["by"]])
        self.assertEqual(
            [True, False, True, False, False],
            [each["applies"] for each in first["demands"]],
        )
        self.assertEqual(None, first["chain"][0]["owner"])
        self.assertEqual(None, last["version"])
        self.assertEqual(None, last["upper"])

    def test_nothing_drives_the_terminal(self) -> None:
        odd = make("a 1 | x\x1b[31m>=1", "x 1", requested=("a",))
        found = [explain.explain(Graph(odd), name("x"))]
        for form in render_explanation.FORMATS:
            text = render_explanation.render(found, form)
            self.assertNotIn("\x1b", text)
        self.assertIn(r"\x1b", render_explanation.to_text(found))


class TestCommand(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        for python in ("3.12", "3.9"):
            each = make(
                "Oslo.Config 1 | x>=1",
                "oslo.log 1",
                "x 1",
                requested=("oslo.config",),
                python=python,
            )
            self.write(f"fr/python{python}.json", freeze_json.to_json(each))
        self.freezes = str(self.folder / "fr")

    def run_it(self, *argv: str) -> base.Outcome:
        return self.run_main(explain_constraint.main, *argv)

    def test_folder_files_and_spelling(self) -> None:
        done = self.run_it("oslo_CONFIG", "--freezes", self.freezes)
        self.assertEqual((0, ""), (done.status, done.err))
        self.assertTrue(
            done.out.startswith("Oslo.Config 1 (Python 3.9, 3.12)\n")
        )
        file = f"{self.freezes}/python3.9.json"
        done = self.run_it("x", "--freezes", file, "--format", "json")
        (data,) = json.loads(done.out)["pythons"]
        self.assertEqual("3.9", data["python_version"])

    def test_output(self) -> None:
        out = self.folder / "out.txt"
        done = self.run_it("x", "--freezes", self.freezes, "-o", str(out))
        self.assertEqual((0, "", f"{out}: written\n"), done)
        self.assertIn("x 1 (Python 3.9, 3.12)", out.read_text())

    def test_the_folder_of_the_current_one(self) -> None:
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        done = self.run_it("x")
        self.assertEqual(2, done.status)
        self.assertIn("name freezes with --freezes", done.err)
        os.rename("fr", "freezes")
        self.assertEqual(0, self.run_it("x").status)

    def test_unknown_names(self) -> None:
        for wrong, expected in (
            ("oslo.confg", "did you mean Oslo.Config or oslo.log?"),
            ("log", "did you mean oslo.log?"),
            ("Q", "Q: is not in the freezes (of Python 3.9, 3.12)\n"),
            ("\x1b[31m", r"\x1b[31m: is not in the freezes"),
            ("", ": is not in the freezes"),
        ):
            done = self.run_it(wrong, "--freezes", self.freezes)
            self.assertEqual((2, ""), (done.status, done.out))
            self.assertIn(expected, done.err)

    def test_named_but_not_installed(self) -> None:
        each = make("a 1 | gone; python_version<'3'", requested=("a",))
        path = self.write("one.json", freeze_json.to_json(each))
        done = self.run_it("Gone", "--freezes", path)
        self.assertEqual(2, done.status)
        self.assertIn("named, where that does not apply, by a 1", done.err)

    def test_metadata_that_is_missing(self) -> None:
        one = make("a 1", "x 1", requested=("a",))
        first, second = one.distributions
        first = first._replace(described=False)
        path = self.write(
            "one.json",
            freeze_json.to_json(one._replace(distributions=(first, second))),
        )
        done = self.run_it("x", "--freezes", path)
        self.assertEqual(0, done.status)
        self.assertIn("because of: nothing that the list leads to", done.out)
        self.assertIn("does not know what 1 of its distributions", done.err)

    def test_bad_freezes(self) -> None:
        self.write("empty/readme.txt", "")
        for path, reason in (
            (str(self.folder / "none"), "cannot be read"),
            (str(self.folder / "empty"), "is a folder without freezes"),
            (self.write("x.json", ""), "not JSON"),
            (self.write("y.json", b"\xff\xfe"), "is not UTF-8 text"),
            (self.write("z.json", "[]"), "not a freeze"),
            (self.write("python3.9.json", "{"), "not JSON"),
        ):
            done = self.run_it("x", "--freezes", path)
            self.assertEqual((2, ""), (done.status, done.out))
            self.assertIn(reason, done.err)
            self.assertEqual(1, len(done.err.splitlines()))
        twice = self.run_it(
            *("x", "--freezes", self.freezes),
            f"{self.freezes}/python3.9.json",
        )
        self.assertEqual(2, twice.status)
        self.assertIn("and so is", twice.err)
