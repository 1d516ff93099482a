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
"""What changed, where, and why."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, ClassVar

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.cmds.report import render_changes
from openstack_requirements.constraints import freeze, merging
from openstack_requirements.constraints.changes import (
    ELSEWHERE,
    KINDS,
    OTHER_PYTHONS,
    Changes,
    Kind,
    PinChange,
    Respelled,
    between,
)
from openstack_requirements.constraints.history import PinCommit
from openstack_requirements.constraints.states import (
    ConstraintsState,
    PinnedLine,
    named_pythons,
)
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)
from openstack_requirements.tests import base
from openstack_requirements.tests.test_explain import make, way

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

MIRRORED: dict[Kind, Kind] = {
    "added": "removed",
    "removed": "added",
    "raised": "lowered",
    "lowered": "raised",
    "changed": "changed",
}


def state(
    *lines: str, pythons: Iterable[str] | None = None
) -> ConstraintsState:
    content = "".join(f"{line}\n" for line in lines)
    entries = read_entries(content, permit_urls=True, keep_editable=False)
    return ConstraintsState.from_constraints(entries, pythons)


def short(found: Changes) -> list[str]:
    """Changes in short: ``raised x 1 2 [3.9] condition``."""
    return [
        " ".join(
            [
                each.kind,
                each.name,
                *filter(None, [each.old, each.new]),
                *([] if each.everywhere else [f"[{','.join(each.pythons)}]"]),
                *filter(None, [each.condition]),
            ]
        )
        for each in found.changes
    ]


#: old lines, new lines, what changed
CASES: list[tuple[list[str], list[str], list[str]]] = [
    ([], [], []),
    ([], ["x===1"], ["added x 1"]),
    (["x===1"], [], ["removed x 1"]),
    (["x===9.0"], ["x===10.0"], ["raised x 9.0 10.0"]),
    (["x===10.0"], ["x===9.0"], ["lowered x 10.0 9.0"]),
    (["x===1.0"], ["x===1.0rc1"], ["lowered x 1.0 1.0rc1"]),
    (["x===1.0"], ["x===1.0.post1"], ["raised x 1.0 1.0.post1"]),
    (["x===2"], ["x===1!1"], ["raised x 2 1!1"]),
    # Spelling is no change.
    (["X_y===1"], ["x.Y===1"], []),
    (["x===1.0"], ["x===1"], []),
    (["x==1.0"], ["x===1.0"], []),
    (["x===1;python_version=='3.9'"], ['x === 1 ; "3.9"==python_version'], []),
    (["# a", "", "x===1"], ["x===1 # b"], []),
    # What is no version is neither up nor down.
    (["x===1"], ["x>=1,<2"], ["changed x 1 <2,>=1"]),
    (["x===1"], ["x===2004d"], ["changed x 1 2004d"]),
    (["x===1"], ["x==1.*"], ["changed x 1 ==1.*"]),
    (["x===1"], ["x"], ["changed x 1 any"]),
    (["x===1"], ["x @ file:///x"], ["changed x 1 @ file:///x"]),
    (
        ["-e file:///a#egg=x"],
        ["-e file:///b#egg=x"],
        ["changed x -e file:///a -e file:///b"],
    ),
    (["x===1"], ["x===1", "x===2"], ["changed x 1 1, 2"]),
    # Interpreters.
    (
        ["x===1;python_version=='3.9'", "x===1;python_version=='3.10'"],
        ["x===1;python_version=='3.9'", "x===2;python_version=='3.10'"],
        ["raised x 1 2 [3.10]"],
    ),
    (
        ["x===1;python_version=='3.9'", "x===2;python_version=='3.10'"],
        ["x===2"],
        ["raised x 1 2 [3.9]"],
    ),
    (
        ["x===1;python_version<='3.9'", "x===2;python_version>='3.10'"],
        ["x===1;python_version<='3.10'", "x===3;python_version>='3.11'"],
        ["raised x 2 3 [3.11]", "lowered x 2 1 [3.10]"],
    ),
    (
        ["x===1;python_version<='3.9'", "x===2;python_version>='3.10'"],
        ["x===1;python_version=='3.9'", "x===2;python_version=='3.10'"],
        [],
    ),
    # A Python that only one side knows: nothing is said of what the other
    # side has for its own Pythons.
    (
        ["x===1;python_version=='3.9'", "x===2;python_version=='3.10'"],
        [
            "x===1;python_version=='3.9'",
            "x===2;python_version=='3.10'",
            "x===3;python_version=='3.11'",
            "y===1;python_version=='3.11'",
        ],
        ["added y 1 [3.11]"],
    ),
    # Lines without a marker are for every Python.
    (
        ["x===1"],
        ["x===1;python_version=='3.9'", "x===2;python_version=='3.10'"],
        ["raised x 1 2 [3.10]"],
    ),
    # Only of Pythons that no line names.
    (
        ["x===1;python_version=='3.9'"],
        ["x===1"],
        [f"added x 1 [{OTHER_PYTHONS}]"],
    ),
    (["x===1;python_version!='3.9'"], ["x===1"], ["added x 1 [3.9]"]),
    # What shows on a Python that is named need not be said of others.
    (["x===1;python_version=='3.9'"], ["x===2"], ["raised x 1 2 [3.9]"]),
    # One that is named on one Python only is not everywhere.
    (
        ["x===1;python_version=='3.9'"],
        ["x===2;python_version=='3.9'"],
        ["raised x 1 2 [3.9]"],
    ),
    (
        ["x===1", "y===1;python_version=='3.9'"],
        ["x===2"],
        ["removed y 1 [3.9]", "raised x 1 2"],
    ),
    # Patch releases.
    (
        ["x===1"],
        [
            "x===1;python_full_version<'3.9.2'",
            "x===2;python_full_version>='3.9.2'",
        ],
        [
            "raised x 1 2 [3.9] python_full_version >= '3.9.2'",
            "raised x 1 2 [3.10]",
        ],
    ),
    # Platforms.
    (
        ["x===1;sys_platform=='win32'"],
        ["x===2;sys_platform=='win32'"],
        ["raised x 1 2 sys_platform == 'win32'"],
    ),
    (
        ["x===1;sys_platform=='win32'"],
        ["x===2;platform_system=='Windows'"],
        ["raised x 1 2 sys_platform == 'win32'"],
    ),
    (["x===1;sys_platform=='win32'"], ["x===1;os_name=='nt'"], []),
    (
        ["x===1"],
        ["x===1;sys_platform=='linux'", "x===2;sys_platform=='win32'"],
        [
            f"removed x 1 {ELSEWHERE}",
            "raised x 1 2 sys_platform == 'win32'",
        ],
    ),
    (
        ["x===1;sys_platform=='linux'", "x===1;sys_platform!='linux'"],
        ["x===2"],
        ["raised x 1 2"],
    ),
    (
        ["x===1;sys_platform=='linux' and python_version=='3.9'"],
        ["x===2;sys_platform=='linux' and python_version=='3.9'"],
        ["raised x 1 2 [3.9] sys_platform == 'linux'"],
    ),
    # Without a meaning that we know of, still not lost.
    (["x===1;'a'=='b'"], ["x===2;'a'=='b'"], ["raised x 1 2 'a'=='b'"]),
]


class TestStates(base.TestCase):
    LINES: ClassVar = [
        ("a==1", PinnedLine("1", "", True)),
        ("a===1;os_name=='nt'", PinnedLine("1", "os_name=='nt'", True)),
        ("a", PinnedLine("any", "", False)),
        ("a>=1", PinnedLine(">=1", "", False)),
        ("a==1.*", PinnedLine("==1.*", "", False)),
        ("a[y,x]==1", PinnedLine("[x,y]==1", "", False)),
        ("a[x]", PinnedLine("[x]", "", False)),
        ("a @ https://x/y", PinnedLine("@ https://x/y", "", False)),
        ("https://x/y#egg=a[b]", PinnedLine("[b]https://x/y", "", False)),
    ]

    def test_lines(self) -> None:
        for text, line in self.LINES:
            lines = state(text).lines[canonical_name("a")]
            self.assertEqual((line,), lines, text)

    def test_a_marker_without_a_meaning_names_no_python(self) -> None:
        lines = [
            PinnedLine("1", marker)
            for marker in ("'a'=='b'", "python_version=='3.8'", "bogus", "")
        ]
        self.assertEqual(["3.8"], named_pythons([lines[:1], lines[1:]]))


class TestBetween(base.TestCase):
    def test_cases(self) -> None:
        for old, new, expected in CASES:
            found = between(state(*old), state(*new))
            self.assertEqual(expected, short(found), f"{old} {new}")
            self.assertEqual(bool(expected), bool(found))

    def test_spelling_is_noted_apart(self) -> None:
        found = between(
            state("X_y===1.0", "z==1"), state("x.y===1", "z===1.0", "W===1")
        )
        self.assertEqual(
            (
                Respelled("X_y 1.0", "x.y 1"),
                Respelled("X_y", "x.y"),
                Respelled("z 1", "z 1.0"),
            ),
            found.respelled,
        )

    def test_pythons_of_one_side(self) -> None:
        old = state("x===1;python_version=='3.9'", "y===1")
        new = state("x===2;python_version=='3.13'", "y===1")
        found = between(old, new)
        self.assertEqual(
            (("3.9",), ("3.13",)), (found.only_old, found.only_new)
        )
        self.assertEqual([], short(found))
        self.assertEqual((), between(old, state("y===1")).only_old)

    def test_pythons_that_are_stated(self) -> None:
        found = between(
            state("x===1", pythons=["3.9", "3.10"]),
            state("x===2;python_version=='3.10'", pythons=["3.10", "3.11"]),
        )
        self.assertEqual(["raised x 1 2"], short(found))
        self.assertEqual(("3.10",), found.changes[0].pythons)

    def test_a_file_and_freezes(self) -> None:
        new = ConstraintsState.from_freezes(
            [make("x 1", "y 2", python="3.9"), make("y 3", python="3.10")]
        )
        file = state(
            "x===1;python_version=='3.9'",
            "y===2;python_version=='3.9'",
            "y===3;python_version=='3.10'",
            "y===4;python_version=='3.11'",
        )
        self.assertEqual([], short(between(file, new)))
        self.assertEqual(("3.11",), between(file, new).only_old)
        self.assertEqual(
            ["raised y 2 3 [3.10]"],
            short(between(state("x===1;python_version<'3.10'", "y===2"), new)),
        )

    def test_never(self) -> None:
        names = {CanonicalName("x")}
        entries = read_entries("X===1\ny===1\n", permit_urls=True)
        one = ConstraintsState.from_constraints(entries, never=names)
        two = ConstraintsState.from_freezes([make("x 1", "y 1")], names)
        self.assertEqual(["y"], list(one.lines))
        self.assertEqual(["y"], list(two.lines))

    def test_spelling_of_freezes_is_that_of_metadata(self) -> None:
        bare = freeze.Distribution("x-y", "1", described=False)
        new = ConstraintsState.from_freezes(
            [make()._replace(distributions=(bare,))]
        )
        self.assertEqual((), between(state("X_Y===1"), new).respelled)


LINES = st.builds(
    "{}==={}{}".format,
    st.sampled_from(["a", "B", "b_c", "B.C"]),
    st.sampled_from(["1", "1.0", "2", "10", "odd"]),
    st.sampled_from(
        [
            "",
            "",
            ";python_version=='3.9'",
            ";python_version=='3.10'",
            ";python_version<'3.10'",
            ";python_version>='3.10'",
            ";python_version!='3.11'",
            ";sys_platform=='win32'",
            ";sys_platform!='win32' and python_version>'3.9'",
            ";python_full_version>='3.9.2'",
            ";python_version>'abc'",
            ";'in' in sys_platform or extra=='x'",
        ]
    ),
)
FILES = st.lists(LINES, max_size=5).map(lambda lines: state(*lines))
FREEZES = st.lists(
    st.builds(
        lambda python, pins: make(
            *(f"{name} {version}" for name, version in pins.items()),
            python=python,
        ),
        st.sampled_from(["3.9", "3.10", "3.11"]),
        st.dictionaries(
            st.sampled_from(["a", "B", "b_c"]),
            st.sampled_from(["1", "2", "10"]),
        ),
    ),
    max_size=3,
    unique_by=lambda each: each.python_version,
)
STATES = FILES | FREEZES.map(ConstraintsState.from_freezes)


def comparable(
    changes: Iterable[PinChange], mirrored: bool = False
) -> list[tuple[str, ...]]:
    found = []
    for change in changes:
        each = change
        if mirrored:
            each = change._replace(
                kind=MIRRORED[change.kind], old=change.new, new=change.old
            )
        found.append(
            (
                each.kind,
                canonical_name(each.name),
                each.old,
                each.new,
                ",".join(each.pythons),
                str(each.everywhere),
                each.condition,
            )
        )
    return sorted(found)


class TestLaws(base.TestCase):
    @given(STATES)
    def test_nothing_changes_from_itself(self, one: ConstraintsState) -> None:
        found = between(one, one)
        self.assertFalse(found)
        self.assertEqual((), found.respelled)
        self.assertEqual(((), ()), (found.only_old, found.only_new))

    @given(STATES, STATES)
    def test_back_is_the_mirror_of_forth(
        self, one: ConstraintsState, two: ConstraintsState
    ) -> None:
        forth, back = between(one, two), between(two, one)
        self.assertEqual(
            comparable(forth.changes), comparable(back.changes, mirrored=True)
        )
        self.assertEqual(
            (forth.only_old, forth.only_new), (back.only_new, back.only_old)
        )
        self.assertEqual(
            sorted(forth.respelled),
            sorted(Respelled(x.new, x.old) for x in back.respelled),
        )

    @given(st.lists(LINES, max_size=6), STATES, st.randoms())
    def test_the_order_of_lines_does_not_matter(
        self,
        lines: list[str],
        new: ConstraintsState,
        random: Random,
    ) -> None:
        shuffled = list(lines)
        random.shuffle(shuffled)
        self.assertEqual(
            comparable(between(state(*lines), new).changes),
            comparable(between(state(*shuffled), new).changes),
        )

    @given(FREEZES, FREEZES)
    def test_the_order_of_freezes_does_not_matter(
        self, one: list[freeze.Freeze], two: list[freeze.Freeze]
    ) -> None:
        self.assertEqual(
            between(
                ConstraintsState.from_freezes(one),
                ConstraintsState.from_freezes(two),
            ),
            between(
                ConstraintsState.from_freezes(one[::-1]),
                ConstraintsState.from_freezes(two[::-1]),
            ),
        )

    @given(FREEZES, FREEZES, st.sampled_from(merging.MARKER_STYLES))
    def test_freezes_and_what_is_written_of_them_say_the_same(
        self,
        one: list[freeze.Freeze],
        two: list[freeze.Freeze],
        style: merging.MarkerStyle,
    ) -> None:
        """A file that states its Pythons is as good as the freezes."""

        def written(freezes: list[freeze.Freeze]) -> ConstraintsState:
            content = merging.to_content(merging.merge(freezes, (), style))
            return state(
                *content.splitlines(),
                pythons=[each.python_version for each in freezes],
            )

        self.assertEqual(
            comparable(
                between(
                    ConstraintsState.from_freezes(one),
                    ConstraintsState.from_freezes(two),
                ).changes
            ),
            comparable(between(written(one), written(two)).changes),
        )

    @given(FREEZES, FREEZES)
    def test_every_difference_on_a_common_python_is_there(
        self, one: list[freeze.Freeze], two: list[freeze.Freeze]
    ) -> None:
        found = {
            (python, canonical_name(each.name)): (each.old, each.new)
            for each in between(
                ConstraintsState.from_freezes(one),
                ConstraintsState.from_freezes(two),
            ).changes
            for python in each.pythons
        }
        expected = {}
        for old in one:
            for new in two:
                if old.python_version == new.python_version:
                    before, after = old.by_name(), new.by_name()
                    for name in {*before, *after}:
                        pins = tuple(
                            side[name].version if name in side else ""
                            for side in (before, after)
                        )
                        if pins[0] != pins[1]:
                            expected[old.python_version, name] = pins
        common = {x.python_version for x in one} & {
            x.python_version for x in two
        }
        self.assertEqual(
            expected,
            {key: pins for key, pins in found.items() if key[0] in common},
        )


class TestReasons(base.TestCase):
    OLD = make("top 1", "gone 1", "x 3", "y 1", requested=("top", "gone"))
    NEW = make(
        "top 2 | fresh>=1 | x<3",
        "fresh 1.5 | deep",
        "deep 1",
        "x 2",
        "y 1",
        "z 1",
        requested=("top", "y<2"),
    )

    def found(self, *pythons: str) -> Changes:
        return between(
            ConstraintsState.from_freezes([self.OLD]),
            ConstraintsState.from_freezes([self.NEW]),
        )

    def change(self, name: str) -> PinChange:
        (change,) = [x for x in self.found().changes if x.name == name]
        return change

    def test_what_asked_for_additions(self) -> None:
        self.assertEqual("top fresh>=1", way(self.change("fresh").needed_by))
        self.assertEqual("top fresh deep", way(self.change("deep").needed_by))
        self.assertEqual((), self.change("z").needed_by)

    def test_what_asked_for_pins_without_markers(self) -> None:
        """Such pins are for every Python, and name none."""
        old = state("top===1", "gone===1", "x===3", "y===1")
        new = state(
            "top===2", "fresh===1.5", "deep===1", "x===2", "y===1", "z===1"
        )
        found = between(old.made_from([self.OLD]), new.made_from([self.NEW]))
        ways = {
            change.name: way(change.needed_by)
            for change in found.changes
            if change.kind in {"added", "removed"}
        }
        self.assertEqual(
            {
                "fresh": "top fresh>=1",
                "deep": "top fresh deep",
                "z": "",
                "gone": "- gone",
            },
            ways,
        )

    def test_what_asked_for_removals(self) -> None:
        self.assertEqual("- gone", way(self.change("gone").needed_by))

    def test_what_holds_the_lowered(self) -> None:
        (hold,) = self.change("x").holds
        self.assertEqual(("2", "3"), (hold.version, hold.newest))
        self.assertEqual(["x<3"], [each.text for each in hold.by])

    def test_what_may_hold_the_unchanged(self) -> None:
        (hold,) = self.found().held
        self.assertEqual(
            ("y", "1", "", ("3.12",)),
            (hold.name, hold.version, hold.newest, hold.pythons),
        )
        self.assertEqual(["y<2"], [each.text for each in hold.by])

    def test_another_python_shows_that_there_is_a_newer_one(self) -> None:
        modern = make("x 2", "y 2", requested=("x", "y"), python="3.12")
        x, y = modern.distributions
        modern = modern._replace(
            distributions=(x._replace(requires_python=">=3.11"), y)
        )
        dated = make("x 1", "y 1 | x", requested=("x", "y!=2"), python="3.10")
        one = ConstraintsState.from_freezes([dated, modern])
        first, second = between(one, one).held
        self.assertEqual(("x", "1", "2", (), ">=3.11", ("3.10",)), first[:6])
        self.assertEqual(("y", "1", "2"), second[:3])
        self.assertEqual(["y!=2"], [each.text for each in second.by])
        self.assertEqual("", second.requires_python)

    def test_only_a_python_that_is_unfit_is_a_reason(self) -> None:
        for needs, reason in (
            (">=3.6", ""),
            (">=3.10.0", ""),
            ("three", ""),
            ("", ""),
            (">=3.10.1", ">=3.10.1"),
            ("<3.10", "<3.10"),
        ):
            modern = make("x 2", requested=("x",), python="3.12")
            modern = modern._replace(
                distributions=(
                    modern.distributions[0]._replace(requires_python=needs),
                )
            )
            dated = make("x 1", requested=("x",), python="3.10")
            one = ConstraintsState.from_freezes([dated, modern])
            (hold,) = between(one, one).held
            self.assertEqual(reason, hold.requires_python, needs)

    def test_a_change_is_held_where_it_is(self) -> None:
        """What holds a version elsewhere is no reason for the change."""
        old = [
            make("x 3", requested=("x<4",), python=python)
            for python in ("3.9", "3.12")
        ]
        new = [old[0], make("x 2", requested=("x<3",), python="3.12")]
        (change,) = between(
            ConstraintsState.from_freezes(old),
            ConstraintsState.from_freezes(new),
        ).changes
        self.assertEqual(
            [("2", "3", ("3.12",), ["x<3"])],
            [
                (h.version, h.newest, h.pythons, [d.text for d in h.by])
                for h in change.holds
            ],
        )

    def test_what_the_index_knows(self) -> None:
        idle = freeze.Distribution("idle", "1", ("x<3; extra=='e'",))
        new = self.NEW._replace(distributions=(*self.NEW.distributions, idle))
        one = ConstraintsState.from_freezes([new])
        newest = {
            "3.12": {
                canonical_name(name): version
                for name, version in (("x", "4"), ("y", "1"), ("top", "3"))
            }
        }
        found = between(one, one, newest).held
        self.assertEqual(
            [("top", "3", []), ("x", "4", ["x<3"])],
            [(h.name, h.newest, [d.text for d in h.by]) for h in found],
        )

    def test_freezes_of_something_else(self) -> None:
        new = state("y===7", "q===1", "w===1;os_name=='nt'")
        new = new.made_from([self.NEW])
        found = between(state(), new)
        self.assertEqual(
            ["q on Python 3.12", "y on Python 3.12"], new.not_in_freezes()
        )
        self.assertEqual([(), (), ()], [x.holds for x in found.changes])
        self.assertEqual(
            [], ConstraintsState.from_freezes([self.NEW]).not_in_freezes()
        )


def example() -> Changes:
    old = make("top 1", "x 3", "y 1", "up 1", requested=("top", "x"))
    new = make(
        "top 2 | fresh>=1,<2 | x<3",
        "fresh 1.5",
        "x 2",
        "y 1",
        "Up 2",
        requested=("top", "y<2|>1"),
    )
    new = new._replace(requested=("top", "y<2"))
    return between(
        ConstraintsState.from_freezes([old, make("up 1", python="3.9")]),
        ConstraintsState.from_freezes([new]),
    )


class TestReport(base.TestCase):
    def test_text(self) -> None:
        self.assertEqual(
            """\
old -> new: 1 added, 2 raised, 1 lowered
Python 3.9: on the old side only

added:
  fresh 1.5
      needed by: top 2 (raised from 1) -> fresh>=1,<2
      under the upper bound fresh>=1,<2 of top 2

raised:
  top 1 -> 2 (major)
  Up 1 -> 2 (major)

lowered:
  x 3 -> 2 (major)
      3 is newer: kept away by x<3 of top 2

spelled in another way:
  up -> Up

under an upper bound, which may keep newer versions away:
  y 1: y<2 of the list
""",
            render_changes.to_text(example(), "old", "new"),
        )

    def test_major_versions_are_marked(self) -> None:
        for old, new, major in (
            ("1.9", "2.0", True),
            ("2.0", "1.9", True),
            ("1!1.0", "2!1.0", True),
            ("2.0rc1", "2.0", False),
            ("0.1", "0.2", False),
            ("2004d-x", "1.0", False),
        ):
            change = PinChange("raised", "x", old, new, ("3.12",), False)
            text = render_changes.to_text(Changes((change,)), "a", "b")
            where = "major; Python 3.12" if major else "Python 3.12"
            self.assertIn(f"  x {old} -> {new} ({where})\n", text)
            data = render_changes.to_json(Changes((change,)), "a", "b")
            self.assertIs(major, json.loads(data)["changes"][0]["major"])

    def test_colours(self) -> None:
        plain = render_changes.render(example(), "old", "new", "text")
        text = render_changes.render(
            example(), "old", "new", "text", colours=True
        )
        self.assertIn("\n\x1b[36m  top 1 -> 2 \x1b[0m(\x1b[1;33mmajor", text)
        self.assertIn("\x1b[1;32madded:\x1b[0m\n", text)
        self.assertEqual(plain, re.sub(r"\x1b\[[0-9;]*m", "", text))
        for form in ("json", "markdown"):
            self.assertEqual(
                render_changes.render(example(), "old", "new", form),
                render_changes.render(
                    example(), "old", "new", form, colours=True
                ),
            )

    def test_what_follows_is_announced(self) -> None:
        held = example()._replace(changes=())
        self.assertTrue(
            render_changes.to_text(held, "a", "b").startswith(
                "a -> b: no version changed (1 spelled in another way; 1 held "
                "or under an upper bound)\n"
            )
        )

    def test_nothing(self) -> None:
        self.assertEqual(
            "a -> b: no changes\n",
            render_changes.to_text(Changes(), "a", "b"),
        )
        self.assertEqual(
            "**no changes**: `a` → `b`\n",
            render_changes.to_markdown(Changes(), "a", "b"),
        )
        data = json.loads(render_changes.to_json(Changes(), "a", "b"))
        self.assertEqual([], data["changes"])

    def test_json(self) -> None:
        data = json.loads(render_changes.to_json(example(), "a", "b"))
        self.assertEqual(
            ["added", "raised", "raised", "lowered"],
            [each["kind"] for each in data["changes"]],
        )
        added = data["changes"][0]
        self.assertEqual(None, added["old"])
        self.assertEqual("top", added["needed_by"][0]["owner"])
        self.assertEqual(["3.12"], added["pythons"])
        self.assertEqual("3", data["changes"][3]["holds"][0]["newest"])
        self.assertEqual("y", data["held"][0]["name"])
        self.assertEqual(["3.9"], data["only_old"])

    def test_markdown(self) -> None:
        text = render_changes.to_markdown(example(), "old", "new")
        self.assertIn("**1 added, 2 raised, 1 lowered**: `old` → `new`", text)
        self.assertIn(
            "| `fresh` | 1.5 | needed by: `top 2` (raised from `1`) -> "
            "`fresh>=1,<2`<br>under the upper bound `fresh>=1,<2` of `top 2` "
            "|\n",
            text,
        )
        self.assertIn("| `top` | 1 → 2 (major) |\n", text)
        self.assertIn("<details>", text)

    HOSTILE: ClassVar = [
        "a|b",
        "`",
        "a``b",
        "<script>",
        "</details>",
        "a\nb",
        "[x](y)",
        "@all",
        "\x1b[31m",
        "*x*",
        "a\\|b",
    ]

    def test_cells_are_escaped(self) -> None:
        for odd in self.HOSTILE:
            commit = PinCommit("a1", "2026-05-25", odd, odd, "hand edit")
            change = PinChange("changed", "x", odd, "1", (), True, odd)
            change = change._replace(commits=(commit,))
            text = render_changes.to_markdown(Changes((change,)), odd, "b")
            rows = [x for x in text.splitlines() if x.startswith("| ")]
            self.assertEqual(3, len(rows), odd)
            for row in rows:
                # Only a "|" without a "\" before it ends a cell.
                ends = row.replace("\\|", "").count("|")
                self.assertEqual(rows[0].count("|"), ends, row)
            self.assertNotIn("\x1b", text)
            # Nothing but code holds what came in.
            outside = "".join(code_removed(line) for line in rows[2:])
            for char in "<[@*\\":
                self.assertNotIn(char, outside, odd)

    def test_many_changes_are_folded(self) -> None:
        many = tuple(
            PinChange("raised", f"x{number}", "1", "2", (), True)
            for number in range(300)
        )
        few = many[:3]
        text = render_changes.to_markdown(Changes(many), "a", "b")
        self.assertIn("<details><summary>300 raised</summary>\n\n|", text)
        self.assertIn("| `x299` | 1 → 2 (major) |\n\n</details>", text)
        self.assertEqual("**300 raised**: `a` → `b`", text.splitlines()[0])
        text = render_changes.to_markdown(Changes(few), "a", "b")
        self.assertNotIn("<details>", text)

    def test_every_kind_has_its_place(self) -> None:
        for kind in KINDS:
            change = PinChange(
                kind, "x", "1", "2", ("3.9", OTHER_PYTHONS), False, "c"
            )
            for form in render_changes.FORMATS:
                text = render_changes.render(
                    Changes((change,)), "a", "b", form
                )
                self.assertIn(kind, text)
            text = render_changes.to_text(Changes((change,)), "a", "b")
            self.assertIn("(major; Python 3.9; other Pythons; c)", text)


def code_removed(line: str) -> str:
    """A line of Markdown without its code spans (CommonMark 6.1)."""
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", line)
