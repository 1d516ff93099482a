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
"""What markers mean, held against packaging's own evaluation."""

from __future__ import annotations

import functools
import itertools
import unittest
from collections.abc import Mapping
from typing import ClassVar
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker

from openstack_requirements.pep508 import limits, markers
from openstack_requirements.pep508.markers import (
    ANY,
    BadMarker,
    Environments,
    combinations,
    counterexample,
    disjoint,
    equivalent,
    evaluate,
    implies,
    on_python,
    overlap,
    parse,
    pythons_in,
    require_known,
    uncovered,
)
from openstack_requirements.pep508.python_versions import runs, selecting
from openstack_requirements.tests import base

EQUAL = [
    ("", ""),
    ("os_name=='nt'", "'nt' == os_name"),
    ('os_name == "nt"', "(os_name=='nt')"),
    ("os_name=='a' and extra=='b'", "extra=='b' and os_name=='a'"),
    ("python_version>='3.0'", "python_version>'2.7'"),
    ("python_version<'3.9'", "python_version<='3.8'"),
    (
        "python_version=='3.8' or python_version=='3.9'",
        "python_version in '3.8 3.9'",
    ),
    ("python_version>='3'", "python_version>='3.0'"),
    ("sys_platform=='win32'", "os_name=='nt'"),
    ("sys_platform=='win32' or sys_platform!='win32'", ""),
    ("os.name=='nt'", "os_name=='nt'"),
    (
        "python_implementation=='CPython'",
        "platform_python_implementation=='CPython'",
    ),
    ("platform_python_implementation=='PyPy'", "implementation_name=='pypy'"),
    ("python_full_version>='3.8.0'", "python_version>='3.8'"),
    ("extra=='a_b'", "extra=='A.B'"),
]
DIFFERENT = [
    # The same comparisons in the same order, joined in another way.
    ("os_name=='a' and extra=='b'", "os_name=='a' or extra=='b'"),
    ("os_name=='nt'", ""),
    ("python_version>='3.8'", "python_version>='3.9'"),
    (
        "python_version>='3.8'",
        "python_version>='3.8' and sys_platform=='nosuch'",
    ),
    ("python_version<'3'", "python_version<='3'"),
    ("python_full_version>='3.8.2'", "python_version>='3.8'"),
    ("sys_platform!='plan9'", ""),
    ("python_version<'9'", ""),
    (
        "os_name=='a' and extra=='b' or os_name=='c'",
        "os_name=='a' and (extra=='b' or os_name=='c')",
    ),
    ("platform_release>='5'", "platform_release>='6'"),
    # Only a value that nobody lists tells these apart.
    ("'vax' in platform_machine", "platform_machine=='vax'"),
    (
        "'y' in platform_python_implementation "
        "or 'a' in platform_python_implementation",
        "",
    ),
]
DISJOINT = [
    ("python_version<'3'", "python_version>='3.0'"),
    ("os_name=='nt'", "sys_platform=='linux'"),
    ("sys_platform=='nosuch'", "sys_platform=='other'"),
    ("python_version=='3.8'", "python_full_version>='3.9.1'"),
    ("extra=='a'", "extra=='b'"),
]
OVERLAPPING = [
    ("python_version<='3'", "python_version>='3.0'"),
    ("sys_platform=='nosuch'", "os_name=='posix'"),
    ("'win' in sys_platform", "os_name=='posix'"),  # darwin, cygwin
    ("platform_machine=='mips'", "python_version>'3.8'"),
]
#: What nobody can tell counts as a yes.
CAN_MEET = [
    ("", "", True),
    ("", "os_name=='nt'", True),
    ("os_name=='nt'", "", True),
    ("os_name=='nt'", "bogus", True),
    ("'a'=='b'", "os_name=='nt'", True),
    ("", "bogus", True),
]
NONSENSE = [
    ("bogus", "expected"),
    ("'a'=='b'", "compares two strings"),
    ("os_name ~= 'x'", "~= compares versions only"),
    ("(" * 5000 + "os_name=='x'" + ")" * 5000, "too deep"),
    ("(" * 150 + "os_name=='x'" + ")" * 151, "expected"),
    (
        " and ".join(
            f"{variable} == '{n}'"
            for n in range(40)
            for variable in (
                "os_name",
                "platform_machine",
                "platform_release",
                "extra",
                "implementation_version",
            )
        ),
        "complex",
    ),
]

PYTHONS = ["2.7", "3.6", "3.8", "3.9", "3.10", "3.11"]
VALUES = {
    "sys_platform": ["linux", "linux2", "win32", "darwin", "plan9"],
    "platform_machine": ["x86_64", "vax"],
    "extra": ["", "a", "b"],
}


@st.composite
def atoms(draw: st.DrawFn) -> str:
    variable = draw(
        st.sampled_from(["python_version", "python_full_version", *VALUES])
    )
    if variable == "python_version":
        operator = draw(
            st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "not in"])
        )
        value = draw(st.sampled_from([*PYTHONS, "3", "4.0"]))
        if operator.endswith("in"):
            value += draw(st.sampled_from(["", " 3.8", ",2.7"]))
    elif variable == "python_full_version":
        operator = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
        value = draw(st.sampled_from(["3.8.1", "3.9.0", "3.10", "2.7.18"]))
    else:
        operator = draw(st.sampled_from(["==", "!="]))
        value = draw(st.sampled_from(VALUES[variable]))
    if operator.endswith("in") or draw(st.booleans()):
        return f"{variable} {operator} '{value}'"
    mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(
        operator, operator
    )
    return f"'{value}' {mirrored} {variable}"


texts = st.recursive(
    atoms(),
    lambda parts: st.builds(
        "({} {} {})".format, parts, st.sampled_from(["and", "or"]), parts
    ),
    max_leaves=4,
)


def worlds() -> list[dict[str, str]]:
    """Many environments of the stated set, made here and not by the code."""
    result = []
    for python, micro, platform, machine, extra in itertools.product(
        [*PYTHONS, "3.7", "3.12", "3.30"],
        ("0", "1", "10"),
        VALUES["sys_platform"],
        VALUES["platform_machine"],
        VALUES["extra"],
    ):
        names = {"linux2": "Linux", "win32": "Windows"}
        result.append(
            {
                "python_version": python,
                "python_full_version": f"{python}.{micro}",
                "sys_platform": platform,
                "os_name": "nt" if platform == "win32" else "posix",
                "platform_system": names.get(platform, platform.title()),
                "platform_machine": machine,
                "extra": extra,
            }
        )
    return result


WORLDS = worlds()


parsed = functools.cache(Marker)


def holds(marker: str, world: Mapping[str, str]) -> bool:
    return not marker or parsed(marker).evaluate(dict(world))


class TestQuestions(base.TestCase):
    def test_equal(self) -> None:
        for one, two in EQUAL:
            self.assertIsNone(counterexample(one, two), f"{one} {two}")

    def test_different(self) -> None:
        for one, two in DIFFERENT:
            world = counterexample(one, two)
            assert world is not None, (one, two)
            self.assertNotEqual(
                holds(one, world), holds(two, world), (one, two)
            )

    def test_disjoint(self) -> None:
        for one, two in DISJOINT:
            self.assertTrue(disjoint(one, two), (one, two))

    def test_overlapping(self) -> None:
        for one, two in OVERLAPPING:
            self.assertFalse(disjoint(one, two), (one, two))

    def test_python_comparison(self) -> None:
        for marker, expected in (
            ("python_version<'3'", ("<", "3")),
            ("'3' > python_version", ("<", "3")),
            ("'3'>=python_version", ("<=", "3")),
            ("'3' == python_version", ("==", "3")),
            ("python_version in '3 4'", ("in", "3 4")),
            ("python_full_version<'3'", None),
            ("os_name=='x'", None),
            ("python_version<'3' and os_name=='x'", None),
        ):
            found = markers.python_comparison(marker)
            self.assertEqual(expected, found, marker)

    def test_sets_of_extras(self) -> None:
        """What a lock may compare (PEP 751)."""
        chosen = overlap(["'a' in extras"]) or {}
        self.assertEqual("a", chosen.get("extras"))
        self.assertTrue(disjoint("'a' in extras", "'a' not in extras"))
        self.assertFalse(equivalent("'a' in extras", ""))

    def test_no_environment_at_all(self) -> None:
        nowhere = Environments.of([])
        self.assertIsNone(overlap([""], nowhere))
        self.assertTrue(implies("", "os_name=='x'", nowhere))

    def test_implies(self) -> None:
        for first, second, expected in (
            ("", "", True),
            ("os_name=='nt'", "", True),
            ("", "os_name=='nt'", False),
            ("sys_platform=='win32'", "os_name=='nt'", True),
            ("os_name=='x' and extra=='y'", "extra=='y'", True),
            ("extra=='y'", "os_name=='x' and extra=='y'", False),
            ("python_version<'3.8'", "python_version<'3.9'", True),
            ("python_version<'3.9'", "python_version<'3.8'", False),
        ):
            self.assertIs(expected, implies(first, second), first)

    def test_can_meet(self) -> None:
        table = [(one, two, False) for one, two in DISJOINT]
        table += [(one, two, True) for one, two in OVERLAPPING]
        for one, two, expected in (*CAN_MEET, *table):
            self.assertIs(expected, markers.can_meet(one, two), f"{one} {two}")

    def test_nonsense(self) -> None:
        for marker, word in NONSENSE:
            error = self.assertRaises(
                BadMarker, equivalent, marker, "os_name=='x'"
            )
            self.assertIn(word, str(error))
            self.assertIsInstance(error, ValueError)

    def test_coverage(self) -> None:
        self.assertIsNone(
            uncovered(["python_version<'3'", "python_version>='3.0'"])
        )
        world = uncovered(["python_version<'3'", "python_version>'3.0'"])
        assert world is not None
        self.assertEqual("3.0", world["python_version"])

    def test_every_variable_may_have_a_value_that_nobody_lists(self) -> None:
        for variable in markers.VARIABLES:
            if variable.startswith("python"):
                continue
            for marker in (
                f"{variable}=='0.nosuch'",
                f"'0.nosuch' in {variable}",
            ):
                world = overlap([marker])
                assert world is not None, marker
                self.assertIn("0.nosuch", world[variable])
            known = [
                f"{variable}=='{row[axis.variables.index(variable)]}'"
                for axis in ANY.axes
                if variable in axis.variables
                for row in axis.rows
            ]
            self.assertIsNotNone(uncovered(known), variable)

    def test_over_pythons(self) -> None:
        some = Environments.on_pythons(["3.10", "3.11"])
        self.assertTrue(equivalent("python_version>='3.10'", "", some))
        self.assertIsNone(
            uncovered(
                ["python_version<='3.10'", "python_version=='3.11'"], some
            )
        )
        self.assertFalse(equivalent("os_name=='nt'", "", some))

    def test_over_exactly_these(self) -> None:
        two = [
            {"python_version": "3.8", "os_name": "nt"},
            {"python_version": "3.9", "os_name": "posix"},
        ]
        these = Environments.of(two)
        self.assertTrue(
            equivalent("python_version=='3.8'", "os_name=='nt'", these)
        )
        self.assertEqual(two[1], overlap(["python_version>='3.9'"], these))
        self.assertRaises(BadMarker, equivalent, "extra=='x'", "", these)
        self.assertRaises(ValueError, Environments.of, [two[0], {}])
        self.assertTrue(equivalent("os_name=='x'", "", Environments.of([])))


class TestBounded(base.TestCase):
    """What is too complex says so, at each of the limits."""

    def needed(self, name: str, these: list[str]) -> int:
        """The lowest limit under which the markers can be judged."""
        low, high = 0, 1 << 40
        while high - low > 1:
            limit = (low + high) // 2
            with mock.patch.object(limits, name, limit):
                try:
                    overlap(these)
                    high = limit
                except BadMarker as error:
                    self.assertIn("too complex", error.reason)
                    low = limit
        return high

    def test_each_limit(self) -> None:
        these = ["platform_machine=='a'", "platform_release=='b'"]
        for name in ("MOST_CASES", "MOST_MARKER_WORK", "MOST_EVALUATIONS"):
            high = self.needed(name, these)
            self.assertLess(3, high, name)
            self.assertLess(high, getattr(limits, name), name)

    def test_evaluations_are_counted(self) -> None:
        """Each comparison for each value that is known or near to theirs."""

        def count(number: int) -> int:
            these = [f"platform_machine=='{n}'" for n in range(number)]
            return self.needed("MOST_EVALUATIONS", these)

        known = count(1) - 3
        for number in (2, 5, 10):
            values = known + 2 * number + 1
            self.assertEqual(number * values, count(number))

    def test_cases_are_counted(self) -> None:
        """The values of independent variables, each with each."""
        environments = Environments.of(
            [{"os_name": name} for name in ("nt", "posix", "java")]
        )
        marker = "os_name=='nt' or os_name=='posix'"
        with mock.patch.object(limits, "MOST_CASES", 3):
            overlap([marker], environments)
        with mock.patch.object(limits, "MOST_CASES", 2):
            self.assertRaises(BadMarker, overlap, [marker], environments)


class TestAgainstBruteForce(base.TestCase):
    @given(texts, texts)
    def test_equivalence(self, one: str, two: str) -> None:
        world = counterexample(one, two)
        if world is not None:
            self.assertNotEqual(holds(one, world), holds(two, world))
        else:
            for each in WORLDS:
                self.assertEqual(holds(one, each), holds(two, each))

    @given(texts, texts)
    def test_overlap_and_implication(self, one: str, two: str) -> None:
        world = overlap([one, two])
        if world is not None:
            self.assertTrue(holds(one, world) and holds(two, world))
        inside = implies(one, two)
        for each in WORLDS:
            both = holds(one, each) and holds(two, each)
            self.assertFalse(both and world is None, each)
            if inside:
                self.assertFalse(
                    holds(one, each) and not holds(two, each), each
                )

    @given(st.lists(texts, min_size=1, max_size=3))
    def test_coverage(self, chosen: list[str]) -> None:
        world = uncovered(chosen)
        if world is not None:
            self.assertFalse(any(holds(each, world) for each in chosen))
        else:
            for each in WORLDS:
                self.assertTrue(
                    any(holds(marker, each) for marker in chosen), each
                )

    @given(
        texts, texts, st.lists(st.sampled_from(WORLDS), min_size=1, max_size=6)
    )
    def test_over_a_closed_set(
        self, one: str, two: str, some: list[dict[str, str]]
    ) -> None:
        these = Environments.of(some)
        same = all(holds(one, each) == holds(two, each) for each in some)
        self.assertEqual(same, equivalent(one, two, these))
        meet = any(holds(one, each) and holds(two, each) for each in some)
        self.assertEqual(meet, not disjoint(one, two, these))

    @given(texts)
    def test_structure_keeps_the_meaning(self, text: str) -> None:
        # Written back from the parsed structure, every bracket explicit.
        def write(tree: markers.Tree) -> str:
            if isinstance(tree, markers.Comparison):
                return tree.text
            word = f" {tree.operator} "
            return "(" + word.join(write(part) for part in tree.parts) + ")"

        again = write(parse(text))
        for each in WORLDS[::7]:
            self.assertEqual(holds(text, each), holds(again, each))


def smallest(wanted: frozenset[int], count: int) -> int:
    """The fewest comparisons that select these of so many versions.

    Found by building every set that so many comparisons can select.
    """
    every = range(count)
    atoms = set()
    for k in every:
        for test in (
            lambda v, k=k: v == k,
            lambda v, k=k: v != k,
            lambda v, k=k: v <= k,
            lambda v, k=k: v >= k,
        ):
            atoms.add(frozenset(filter(test, every)))
    found = {1: atoms}
    size = 1
    while not any(wanted in sets for sets in found.values()):
        size += 1
        found[size] = {
            joined
            for left in range(1, size)
            for a in found[left]
            for b in found[size - left]
            for joined in (a & b, a | b)
        }
    return min(cost for cost, sets in found.items() if wanted in sets)


class TestSelecting(base.TestCase):
    TABLE: ClassVar = [
        (["3.8"], ["3.8"], ""),
        (["3.8"], ["3.8", "3.9"], "python_version<='3.8'"),
        (["3.10"], ["3.9", "3.10"], "python_version>='3.10'"),
        (["3.9"], ["3.8", "3.9", "3.10"], "python_version=='3.9'"),
        (
            ["3.9", "3.10"],
            ["3.8", "3.9", "3.10", "3.11"],
            "python_version>='3.9' and python_version<='3.10'",
        ),
        (["2.7", "3.10"], ["2.7", "3.9", "3.10"], "python_version!='3.9'"),
        (
            ["3.9", "3.8", "3.11"],
            ["3.7", "3.8", "3.9", "3.10", "3.11"],
            "python_version>='3.8' and python_version!='3.10'",
        ),
        (
            ["3.7", "3.10"],
            ["3.7", "3.8", "3.9", "3.10"],
            "python_version!='3.8' and python_version!='3.9'",
        ),
        (
            ["3.6", "3.10"],
            ["3.6", "3.7", "3.8", "3.9", "3.10"],
            "python_version<='3.6' or python_version>='3.10'",
        ),
    ]

    def test_table(self) -> None:
        for wanted, among, expected in self.TABLE:
            self.assertEqual(expected, selecting(wanted, among))
            self.assertEqual(
                expected, selecting(reversed(wanted), reversed(among))
            )

    def test_nothing_can_be_wrong_for_up_to_five(self) -> None:
        versions = ["2.7", "3.8", "3.9", "3.10", "3.11"]
        for count in range(1, 6):
            for size in range(1, count + 1):
                for chosen in itertools.combinations(range(count), size):
                    among = versions[:count]
                    wanted = [among[number] for number in chosen]
                    marker = selecting(wanted, among)
                    selected = [
                        each
                        for each in among
                        if holds(
                            marker,
                            {
                                "python_version": each,
                                "python_full_version": f"{each}.0",
                            },
                        )
                    ]
                    self.assertEqual(wanted, selected, marker)
                    cost = marker.count("python_version")
                    if size < count:
                        self.assertEqual(
                            smallest(frozenset(chosen), count), cost, marker
                        )

    def test_what_cannot_be_selected(self) -> None:
        self.assertRaises(ValueError, selecting, [], ["3.8"])
        self.assertRaises(ValueError, selecting, ["3.9"], ["3.8"])

    def test_runs_of_neighbours(self) -> None:
        self.assertEqual(
            [["3.8"], ["3.10", "3.11"]],
            runs(["3.11", "3.8", "3.10"], ["3.10", "3.9", "3.8", "3.11"]),
        )
        self.assertEqual([], runs([], ["3.8"]))

    def test_any_knows_every_variable_of_pep_508(self) -> None:
        known = {name for axis in ANY.axes for name in axis.variables}
        self.assertTrue(set(WORLDS[0]) <= known)


class TestEvaluate(base.TestCase):
    TABLE: ClassVar = [
        ("", (), True),
        ("extra == 'a'", (), False),
        ("extra == 'a'", ("a",), True),
        ("extra == 'A_b'", ("x", "a-b"), True),
        # What applies where no extra is asked for applies with one, too.
        ("extra != 'a'", (), True),
        ("extra != 'a'", ("a",), True),
        ("os_name == 'posix' and extra == 'a'", ("a",), True),
        ("os_name == 'nt' and extra == 'a'", ("a",), False),
        ("os_name == 'posix'", ("a",), True),
    ]

    def test_extras(self) -> None:
        world = {"os_name": "posix"}
        for marker, extras, expected in self.TABLE:
            self.assertIs(expected, evaluate(marker, world, extras), marker)

    @unittest.skipUnless(
        base.JUDGING_PACKAGING, "this packaging has other answers"
    )
    @given(texts, st.lists(st.sampled_from(["a", "b", "x"]), max_size=2))
    def test_as_packaging_has_it(self, text: str, extras: list[str]) -> None:
        marker = f"({text}) and extra != 'b'"
        for world in WORLDS[::7]:
            self.assertEqual(
                any(
                    Marker(marker).evaluate({**world, "extra": each})
                    for each in ["", *extras]
                ),
                evaluate(marker, world, extras),
            )

    def test_no_answer_depends_on_this_machine(self) -> None:
        import os
        import sys

        for variable, value in (
            ("os_name", os.name),
            ("sys_platform", sys.platform),
        ):
            error = self.assertRaises(
                BadMarker,
                evaluate,
                f"{variable} == {value!r}",
                {"python_version": "3.12"},
            )
            self.assertIn(f"not state {variable}", str(error))

    def test_no_meaning(self) -> None:
        self.assertRaises(BadMarker, evaluate, "'a' == 'b'", {})
        self.assertRaises(BadMarker, require_known, "'x' in extras")


class TestOnePython(base.TestCase):
    TABLE: ClassVar = [
        # marker, Python, what is left
        ("", "3.10", ""),
        ("python_version=='3.10'", "3.10", ""),
        ("python_version=='3.10'", "3.1", None),
        ("'3.9' < python_version", "3.10", ""),
        ("python_version in '3.8 3.9'", "3.9", ""),
        ("python_full_version<'3.11.4'", "3.10", ""),
        ("python_full_version<'3.11.4'", "3.12", None),
        (
            "python_full_version<'3.11.4'",
            "3.11",
            "python_full_version < '3.11.4'",
        ),
        ("python_full_version>'3.11'", "3.11", "python_full_version > '3.11'"),
        ("python_full_version>='3.11'", "3.11", ""),
        ("os_name=='nt'", "3.9", "os_name == 'nt'"),
        ("os_name=='nt' or python_version<'3'", "3.9", "os_name == 'nt'"),
        ("os_name=='nt' or python_version>'3'", "3.9", ""),
        ("os_name=='nt' and python_version<'3'", "3.9", None),
        (
            "python_version>'3' and (os_name=='a' or os_name=='b') "
            "and extra=='c'",
            "3.9",
            "(os_name == 'a' or os_name == 'b') and extra == 'c'",
        ),
    ]

    def test_what_is_left(self) -> None:
        for marker, version, expected in self.TABLE:
            self.assertEqual(expected, on_python(marker, version), marker)

    @given(texts, st.sampled_from(PYTHONS))
    def test_it_means_the_same_there(self, text: str, version: str) -> None:
        left = on_python(text, version)
        for patch in ("0", "1", "18"):
            for each in WORLDS[::5]:
                world = {
                    **each,
                    "python_version": version,
                    "python_full_version": f"{version}.{patch}",
                }
                self.assertEqual(
                    holds(text, world),
                    left is not None and (not left or holds(left, world)),
                )
        self.assertNotIn("python_version", left or "")


class TestPythonsIn(base.TestCase):
    TABLE: ClassVar[list[tuple[list[str], list[str]]]] = [
        ([], []),
        (["", "os_name=='nt'"], []),
        (["python_version=='3.10'", "python_version!='3.9'"], ["3.9", "3.10"]),
        (["python_version<='3.10'"], ["3.10", "3.11"]),
        (["python_version<='4.0'"], ["4.0", "4.1"]),
        (["python_version<='3.9'", "python_version=='3.9'"], ["3.9", "3.10"]),
        (["python_version<='3.9'", "python_version=='3.10'"], ["3.9", "3.10"]),
        (["python_version>='3.9'", "python_version=='3.8'"], ["3.8", "3.9"]),
        (["python_version>='3.9'", "python_version=='3.9'"], ["3.8", "3.9"]),
        (
            ["python_version<='3.10'", "python_version>='3.11'"],
            ["3.10", "3.11"],
        ),
        (["python_version<'3.0'"], ["2.7", "3.0"]),
        (["python_version<'4'"], ["3.14", "4.0"]),
        (
            ["python_version>='3.9'", "python_version<'4'"],
            ["3.8", "3.9", "4.0"],
        ),
        # Those that are named stand for the rest.
        (
            [
                "python_version<'3'",
                "python_version=='2.7'",
                "python_version=='3.6'",
            ],
            ["2.7", "3.6"],
        ),
        (
            ["python_version>='3.9' and python_version<='3.11'"],
            ["3.8", "3.9", "3.12"],
        ),
        (["python_full_version<'3.11.4'"], ["3.10", "3.11", "3.12"]),
        (["python_full_version=='3.11.4'"], ["3.11"]),
    ]

    def test_table(self) -> None:
        for these, expected in self.TABLE:
            self.assertEqual(expected, pythons_in(these), str(these))

    @given(
        st.lists(
            st.builds(
                "python_version {} '{}'".format,
                st.sampled_from(["<", "<=", ">", ">="]),
                st.sampled_from(["3.7", "3.8", "3.9", "3.10", "3.11"]),
            ),
            min_size=1,
        )
    )
    def test_every_range_has_one(self, these: list[str]) -> None:
        def row(version: str) -> tuple[bool, ...]:
            return tuple(on_python(each, version) == "" for each in these)

        found = {row(each) for each in pythons_in(these)}
        self.assertEqual({row(f"3.{minor}") for minor in range(6, 13)}, found)


class TestCombinations(base.TestCase):
    def test_only_those_that_some_environment_has(self) -> None:
        found = combinations(
            ["sys_platform=='win32'", "os_name=='nt'", "os_name=='posix'"]
        )
        self.assertIn((True, True, False), found)
        self.assertIn((False, False, True), found)
        self.assertIn((False, False, False), found)
        self.assertEqual([], [row for row in found if row[0] != row[1]])
        self.assertEqual([], [row for row in found if row[1] and row[2]])
        self.assertEqual(len(set(found)), len(found))

    def test_of_none(self) -> None:
        self.assertEqual([()], combinations([]))


#: A marker, an extra, and what is left of the marker with that extra.
GIVEN = [
    ("", "x", ""),
    ("extra == 'x'", "x", ""),
    ("extra == 'x'", "y", None),
    ('python_version < "3"', "x", "python_version<'3'"),
    ("extra=='x' and os_name=='nt'", "x", "os_name=='nt'"),
    ("extra=='x' and os_name=='nt'", "", None),
    ("os_name=='nt' or extra=='x'", "x", ""),
    ("os_name=='nt' or extra=='x'", "", "os_name=='nt'"),
    ("extra=='x' or extra=='y'", "y", ""),
    ("extra=='x' or extra=='y'", "z", None),
    ("extra=='A_b'", "a-b", ""),
    (
        "extra=='x' and (os_name=='a' or 'b' in sys_platform)",
        "x",
        "os_name=='a' or 'b' in sys_platform",
    ),
    (
        "os_name=='a' and (os_name not in \"it's\" or os_name=='c')",
        "x",
        "os_name=='a' and (os_name not in \"it's\" or os_name=='c')",
    ),
    ("extra=='x' and extra!='y' and os_name=='a'", "x", "os_name=='a'"),
    ("extra=='x' and os_name==\"its'\"", "x", 'os_name=="its\'"'),
    ("extra=='x' and os_name == \"'s\"", "x", 'os_name=="\'s"'),
]


class TestGiven(base.TestCase):
    def test_what_is_left(self) -> None:
        for marker, extra, left in GIVEN:
            found = markers.given(marker, "extra", extra)
            self.assertEqual(left, found, f"{marker} {extra}")

    def test_no_marker(self) -> None:
        self.assertRaises(BadMarker, markers.given, "foo", "extra", "x")

    def test_it_means_the_same(self) -> None:
        for marker, _ in EQUAL:
            left = markers.given(marker, "extra", "b")
            for environment in SOME:
                full = {**environment, "extra": "b"}
                if marker:
                    expected = Marker(marker).evaluate(full)
                    held = left is not None and (
                        not left or Marker(left).evaluate(full)
                    )
                    self.assertEqual(expected, held, marker)


SOME = [
    {"os_name": os_name, "sys_platform": platform, "python_version": version}
    for os_name, platform in (("posix", "linux"), ("nt", "win32"))
    for version in ("2.7", "3.8", "3.9", "3.12")
]
