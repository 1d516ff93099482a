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
"""Three versions of a list become one, by what their lines mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.constraints.conflict_markers import marked_sides
from openstack_requirements.constraints.merge_proof import admitted_by
from openstack_requirements.constraints.merging import (
    ORDERS,
    applies,
    arranged,
    pins_for,
)
from openstack_requirements.constraints.threeway import (
    MergedList,
    merge_lists,
)
from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from openstack_requirements.constraints.merge_pins import MergePolicy
    from openstack_requirements.constraints.merging import Order
    from openstack_requirements.pep508.requirement import CanonicalName

OLD, NEW = ";python_version<'3.11'", ";python_version>='3.11'"
NEWEST = ";python_version>='3.12'"


class Case(NamedTuple):
    """What a merge gives; a line stands for each blank."""

    about: str
    base: str
    ours: str
    theirs: str
    merged: str

    def texts(self) -> list[str]:
        """The four texts."""
        return [lines(text) for text in self[1:]]


def lines(text: str) -> str:
    """A text with a line for each word; ``~`` stands for a blank."""
    return "".join(
        f"{word.replace('~', ' ')}\n".replace("(empty)\n", "\n")
        for word in text.split()
    )


MERGED = [
    Case("neighbours", "a===1 b===1", "a===2 b===1", "a===1 b===2",
         "a===2 b===2"),
    Case("the same change", "a===1 b===1", "a===2 b===1", "a===2 b===2",
         "a===2 b===2"),
    Case("removed by both", "a===1 b===1", "b===1", "b===2", "b===2"),
    Case("added by both", "b===1", "a===1 b===1", "a===1 b===2",
         "a===1 b===2"),
    Case("added at one place", "b===1", "d===1 b===1", "c===1 e===1 b===1",
         "c===1 d===1 e===1 b===1"),
    Case("spelled anew", "A_b===1 c===1", "a-b===1 c===1", "A_b===1 c===2",
         "a-b===1 c===2"),
    Case("both bump, one spells anew", "A_b===1", "a-b===2", "A_b===2",
         "a-b===2"),
    Case("a marker in other words", f"a===1{OLD} b===1",
         "a===1;'3.11'>python_version b===1", f"a===1{OLD} b===2",
         "a===1;'3.11'>python_version b===2"),
    Case("bumps for two Pythons", f"a===1{OLD} a===2{NEW}",
         f"a===1.5{OLD} a===2{NEW}", f"a===1{OLD} a===3{NEW}",
         f"a===1.5{OLD} a===3{NEW}"),
    Case("split, and bumped to the same", "a===1", f"a===1{OLD} a===2{NEW}",
         "a===2", "a===2"),
    Case("joined, and bumped for one Python", f"a===1{OLD} a===2{NEW}",
         "a===2", f"a===1{OLD} a===2{NEW} b===1", "a===2 b===1"),
    Case("split for two Pythons", f"a===1{OLD} a===2{NEW}",
         f"a===1.5{OLD} a===2{NEW}",
         f"a===1{OLD} a===2{NEW}~and~python_version<'3.12' a===3{NEWEST}",
         f"a===1.5{OLD} a===2{NEW}~and~python_version<'3.12' a===3{NEWEST}"),
    Case("divided otherwise", f"a===1{OLD} a===2{NEW}", "a===1",
         f"a===1.5{OLD} a===2{NEW}", f"a===1{NEW} a===1.5{OLD}"),
    Case("added, once with a marker", "b===1", "b===1 a===1",
         f"b===1 a===1{NEW}", "b===1 a===1"),
    Case("sorted by one", "z===1 b===1 a===1", "a===1 b===1 z===1",
         "z===1 b===2 a===1", "a===1 b===2 z===1"),
    Case("sorted, and added to", "a===1 c===1 d===1 e===1 f===1",
         "a===1 c===1 d===1 e===1 ee===1 f===1",
         "a===1 b===1 c===1 d===1 e===1 f===1",
         "a===1 b===1 c===1 d===1 e===1 ee===1 f===1"),
    Case("sorted by one, added to by the other", "z===1 c===1 b===1 a===1",
         "a===1 b===1 c===1 z===1", "z===1 c===1 b===1 bb===1 a===1",
         "a===1 b===1 bb===1 c===1 z===1"),
    Case("header", "#~old a===1", "#~new a===1", "#~old a===2",
         "#~new a===2"),
    Case("a new first line below the header", "#~old (empty) b===1",
         "#~old (empty) a===1 b===1", "#~new (empty) b===1",
         "#~new (empty) a===1 b===1"),
    Case("other lines of a comment", "#~a #~b #~c a===1",
         "#~A #~b #~c a===1", "#~a #~B #~c a===2", "#~A #~B #~c a===2"),
    Case("lines of a comment removed and added", "#~a #~b #~c a",
         "#~b #~c a", "#~a #~b #~c #~d a", "#~b #~c #~d a"),
    Case("sections", "#~S a #~T c", "#~S a aa #~T c", "#~S2 a ab #~T c",
         "#~S2 a aa ab #~T c"),
    Case("an entry with its comment goes", "a #~why b c", "a c",
         "a #~why b c>1", "a c>1"),
    Case("an entry with its comment moves", "a #~why b c", "#~why b a c",
         "a #~why b>1 c", "#~why b>1 a c"),
    Case("one entry of several", "a>=1 a[x]>=1", "a>=2 a[x]>=1",
         "a>=1 a[x]>=2", "a>=2 a[x]>=2"),
    Case("blank lines", "a (empty) b", "a (empty) (empty) b", "a b", "a "
         "(empty) (empty) b"),
    Case("paths and URLs", "./a b===1", "./c b===1", "./a b@~https://h/b",
         "./c b@~https://h/b"),
    Case("from nothing", "", "a===1", "b===1", "a===1 b===1"),
    Case("to nothing", "a===1", "", "", ""),
]  # fmt: skip

CONFLICTS = [
    Case("two versions", "a===1 b===1", "a===2 b===1", "a===3 b===2",
         "<<<<<<<~ours~(a:~two~versions) a===2 ======= a===3 "
         ">>>>>>>~theirs b===2"),
    Case("a bump against a removal", "a===1 b===1", "b===1", "a===2 b===1",
         "<<<<<<<~ours~(a:~removed~on~one~side,~changed~on~the~other) "
         "======= a===2 >>>>>>>~theirs b===1"),
    Case("a split against a bump", "a===1", f"a===1{OLD} a===2{NEW}",
         "a===1.5", f"<<<<<<<~ours~(a:~two~versions) a===1{OLD} a===2{NEW} "
         "======= a===1.5 >>>>>>>~theirs"),
    Case("a comment", "#~a b", "#~b b", "#~c b", "<<<<<<<~ours~(a~comment~"
         "changed~on~both~sides) #~b ======= #~c >>>>>>>~theirs b"),
    Case("a range", "b>1", "b>2", "b>1,<9", "<<<<<<<~ours~(b:~changed~on~"
         "both~sides) b>2 ======= b>1,<9 >>>>>>>~theirs"),
    Case("a new line that is no pin", "a===1", "a===1 b>1", "a===2",
         "a===2 <<<<<<<~ours~(b:~not~an~exact~version) b>1 ======= "
         ">>>>>>>~theirs"),
    Case("two pins", "b===1", "b===1 a===1",
         f"b===1 a===2{NEW}", "b===1 <<<<<<<~ours~(a:~two~versions) "
         f"a===1 ======= a===2{NEW} >>>>>>>~theirs"),
    Case("two orders", "a b c", "a c b", "b a c", "<<<<<<<~ours~(both~sides~"
         "order~these~lines) a c b ======= b a c >>>>>>>~theirs"),
]  # fmt: skip


class TestExamples(base.TestCase):
    """What is merged, and what is left to a person."""

    def test_merged(self) -> None:
        """Changes of different entries are combined, whoever made them."""
        for case in MERGED:
            before, ours, theirs, merged = case.texts()
            for sides in ((ours, theirs), (theirs, ours)):
                with self.subTest(case.about, swapped=sides[0] == theirs):
                    self.assertEqual(
                        MergedList(merged), merge_lists(before, *sides)
                    )

    def test_conflicts(self) -> None:
        """What both changed is marked, with the reason, and nothing else."""
        for case in CONFLICTS:
            with self.subTest(case.about):
                *texts, marked = case.texts()
                merged = merge_lists(*texts)
                self.assertEqual(marked, merged.text)
                self.assertEqual(1, len(merged.conflicts))

    def test_policies(self) -> None:
        """A policy chooses; only versions can be newer than others."""
        cases: list[tuple[str, str, str, MergePolicy, str]] = [
            ("a===1", "a===9", "a===10", "newest", "a===10"),
            ("a===1", "a===9", "a===10", "ours", "a===9"),
            ("a===1", "a===9", "a===10", "theirs", "a===10"),
            ("a===1", "", "a===10", "ours", ""),
            ("a===1", "", "a===10", "theirs", "a===10"),
            (
                "a===1",
                f"a===1{OLD} a===2{NEW}",
                "a===1.5",
                "newest",
                f"a===1.5{OLD} a===2{NEW}",
            ),
            ("#~a b", "#~b b", "#~c b", "ours", "#~b b"),
            ("a b c", "a c b", "b a c", "theirs", "b a c"),
        ]
        for before, ours, theirs, policy, merged in cases:
            with self.subTest(policy, ours=ours):
                self.assertEqual(
                    MergedList(lines(merged)),
                    merge_lists(
                        lines(before),
                        lines(ours),
                        lines(theirs),
                        policy=policy,
                    ),
                )
        removed = merge_lists("a===1\n", "", "a===2\n", policy="newest")
        self.assertEqual(1, len(removed.conflicts))

    def test_hash_order(self) -> None:
        """A file in the order of generated files stays in that order."""
        names = "abcdefghij"
        before = arranged(f"{name}===1\n" for name in names)
        ours = arranged(f"{name}===1\n" for name in f"{names}xy")
        theirs = arranged(f"{name}===2\n" for name in f"{names}z")
        merged = merge_lists(before, ours, theirs)
        self.assertEqual((), merged.conflicts)
        self.assertEqual(arranged(merged.text.splitlines(True)), merged.text)
        self.assertEqual(13, merged.text.count("\n"))

    def test_line_ends(self) -> None:
        """Line ends, the last one and a byte order mark merge as the rest."""
        cases = [
            ("a===1\nb===1\n", "a===1\r\nb===1\r\n", "a===1\nb===2\n",
             "a===1\r\nb===2\r\n"),
            ("a===1\r\nb===1\r\n", "a===2\r\nb===1\r\n", "a===1\r\nb===2",
             "a===2\r\nb===2"),
            ("a===1", "a===1\nb===1\n", "a===2", "a===2\nb===1\n"),
            ("a===1\n", "\ufeffa===1\n", "a===2\n", "\ufeffa===2\n"),
            ("a===1\r\nb===1\n", "a===2\r\nb===1\n", "a===1\r\nb===2\n",
             "a===2\r\nb===2\n"),
        ]  # fmt: skip
        for before, ours, theirs, merged in cases:
            for sides in ((ours, theirs), (theirs, ours)):
                with self.subTest(merged=merged):
                    self.assertEqual(
                        MergedList(merged), merge_lists(before, *sides)
                    )

    def test_conflict_in_a_file_with_other_line_ends(self) -> None:
        """Markers have the line ends of the file, and always one."""
        merged = merge_lists("a===1", "a===2", "a===3\r\n")
        self.assertTrue(merged.text.endswith(">>>>>>> theirs\r\n"))
        self.assertEqual(5, merged.text.count("\r\n"))

    def test_styles(self) -> None:
        """The base is shown in git's diff3 style; markers can be longer."""
        merged = merge_lists(
            "a===1\n", "a===2\n", "a===3\n", style="diff3", marker_size=9
        )
        self.assertEqual(
            lines(
                "<<<<<<<<<~ours~(a:~two~versions) a===2 |||||||||~base a===1 "
                "========= a===3 >>>>>>>>>~theirs"
            ),
            merged.text,
        )
        self.assertEqual(1, merged.conflicts[0].number)

    def test_unknown_base(self) -> None:
        """Without a base all that differs conflicts, or a policy decides."""
        sides = "a===1\nb===2\n", "a===2\nb===2\nc===1\n"
        names = [
            conflict.name for conflict in merge_lists(None, *sides).conflicts
        ]
        self.assertEqual(["a", "c"], sorted(names))
        self.assertEqual(
            "a===2\nb===2\nc===1\n",
            merge_lists(None, *sides, policy="theirs").text,
        )

    def test_very_long_comments(self) -> None:
        """They are merged in little time, if not line by line."""
        comment = "# x\n" * 5_000
        merged = merge_lists(
            f"# a\n{comment}# b\nz\n",
            f"# A\n{comment}# b\nz\n",
            f"# a\n{comment}# B\nz>1\n",
        )
        self.assertEqual(MergedList(f"# A\n{comment}# B\nz>1\n"), merged)
        self.assertEqual(
            1,
            len(
                merge_lists(
                    f"{comment}z\n",
                    "# y\n# x\n" * 3_000 + "z\n",
                    "# x\n# w\n" * 3_000 + "z\n",
                ).conflicts
            ),
        )

    def test_form(self) -> None:
        """A file is judged as constraints where it looks like them."""
        range_added = "b>=1\n"
        for text, conflicts in (
            ("a===1\n", 1),
            ("a==1\n", 1),
            ("a>=1\n", 0),
            ("a==1\nc>1\n", 0),
            ("a===1\nc==1\nd>1\n", 1),
        ):
            with self.subTest(text):
                merged = merge_lists(
                    f"{text}z==1\n",
                    f"{text}z==1\n{range_added}",
                    f"{text}z==2\n",
                )
                self.assertEqual(conflicts, len(merged.conflicts))
        merged = merge_lists(
            "a==1\n", "a==1\nb>1\n", "a==2\n", form="requirements"
        )
        self.assertEqual(MergedList("a==2\nb>1\n"), merged)

    def test_what_cannot_be_read(self) -> None:
        """A line that cannot be read is an error with the name of its text."""
        error = self.assertRaises(
            BadContent, merge_lists, "a===1\n", "a===2\n", "a b c\n"
        )
        self.assertIn("theirs:1", str(error))


class TestProof(base.TestCase):
    """A merge that text accepts can be wrong."""

    def test_outside_of_the_list(self) -> None:
        """A pin that the global list does not admit is a conflict."""
        admitted = admitted_by(read_entries("a<2\nb\n"), "list.txt")
        merged = merge_lists(
            "a===1\nb===1\n", "a===2\nb===1\n", "a===1\nb===2\n",
            admitted=admitted,
        )  # fmt: skip
        (conflict,) = merged.conflicts
        self.assertEqual("list.txt admits <2", conflict.reason)
        self.assertEqual(("a===2",), conflict.ours)
        self.assertEqual(("a===1",), conflict.theirs)
        self.assertTrue(merged.text.endswith("b===2\n"))

    def test_choice_outside_of_the_list(self) -> None:
        """The newest version is not taken where the list excludes it."""
        admitted = admitted_by(read_entries("a<3\n"), "list.txt")
        merged = merge_lists(
            "a===1\n", "a===2\n", "a===3\n", admitted=admitted,
            policy="newest",
        )  # fmt: skip
        self.assertEqual(
            ["list.txt admits <3"], [x.reason for x in merged.conflicts]
        )

    def test_markers_of_the_list(self) -> None:
        """An entry counts where it can apply together with the pin."""
        admitted = admitted_by(
            read_entries(f"a<2{OLD}\na>=2{NEW}\n"), "list.txt"
        )
        merged = merge_lists(
            f"a===1{OLD}\na===2{NEW}\nb===1\n",
            f"a===1.1{OLD}\na===2{NEW}\nb===1\n",
            f"a===1{OLD}\na===2.1{NEW}\nb===1\n",
            admitted=admitted,
        )
        self.assertEqual((), merged.conflicts)

    def test_what_stood_in_the_base(self) -> None:
        """What was wrong before is noted, and no conflict."""
        merged = merge_lists(
            "a===1\na===2\nb>1\nc===1\nd===1\n",
            "a===1\na===2\nb>1\nc===2\nd===1\n",
            "a===1\na===2\nb>1\nc===1\nd===2\n",
        )
        self.assertEqual((), merged.conflicts)
        self.assertEqual(
            ("a===2: two pins", "b>1: not an exact version"), merged.notes
        )

    def test_more_markers_than_are_compared_in_a_file(self) -> None:
        """The limit is for the whole file; equal markers count once."""

        def text(version: int, last: str, *, same: bool) -> str:
            return (
                "".join(
                    f"p{number}==={version};python_full_version=='3.11."
                    f"{index if same else number * 30 + index}'\n"
                    for number in range(15)
                    for index in range(30)
                )
                + last
            )

        for same, notes in ((True, 0), (False, 14)):
            with self.subTest(same=same):
                merged = merge_lists(
                    text(1, "x===1\ny===1\n", same=same),
                    text(1, "x===2\ny===1\n", same=same),
                    text(1, "x===1\ny===2\n", same=same),
                )
                self.assertEqual((), merged.conflicts)
                self.assertEqual(notes, len(merged.notes))

    def test_too_many_markers(self) -> None:
        """Beyond the limit for comparisons there is a conflict."""
        many = "".join(
            f"a==={number};python_full_version=='3.11.{number}'\n"
            for number in range(90)
        )
        merged = merge_lists(many, many + "b===1\n", f"{many}a===99\n")
        self.assertEqual(
            ["too many markers to be compared"],
            [conflict.reason for conflict in merged.conflicts],
        )


class TestMarkedSides(base.TestCase):
    """A file with conflict markers is taken apart."""

    def test_styles(self) -> None:
        """The base is known where every conflict shows it."""
        merged = marked_sides(
            "a\n<<<<<<< HEAD (why)\nb\n=======\nc\n>>>>>>> topic (1)\nd\n"
        )
        self.assertEqual(
            (None, "a\nb\nd\n", "a\nc\nd\n", 1),
            (merged.base, merged.ours, merged.theirs, merged.conflicts),
        )
        self.assertEqual(("HEAD", "base", "topic"), merged.labels)
        diff3 = marked_sides(
            "a\n<<<<<<< HEAD\nb\n||||||| 123\nx\n=======\nc\n>>>>>>> topic\n"
        )
        self.assertEqual("a\nx\n", diff3.base)
        self.assertEqual("123", diff3.labels.base)

    def test_misplaced(self) -> None:
        """A marker out of place is an error with its line."""
        for text, where in (
            ("a\n=======\n", "f:2"),
            ("<<<<<<< a\n<<<<<<< b\n", "f:2"),
            ("a\n<<<<<<< a\nb\n", "f:2"),
            ("<<<<<<< a\n||||||| b\n>>>>>>> c\n", "f:3"),
        ):
            with self.subTest(text):
                error = self.assertRaises(BadLine, marked_sides, text, "f")
                self.assertTrue(str(error).startswith(where), str(error))

    def test_again(self) -> None:
        """The sides of a marked merge are those that were merged."""
        before, ours, theirs, _ = CONFLICTS[0].texts()
        sides = marked_sides(merge_lists(before, ours, theirs).text)
        self.assertEqual(ours.replace("b===1", "b===2"), sides.ours)
        self.assertEqual(theirs, sides.theirs)


#: Ways to divide the Pythons among lines.
STRUCTURES = (
    ("",),
    (OLD, NEW),
    (OLD, ";python_version=='3.11'", NEWEST),
    (OLD,),
    (NEWEST,),
)
NAMES = tuple("abcdefgh")
PYTHONS = [f"3.{minor}" for minor in range(9, 15)]
names = st.sampled_from(NAMES)
versions = st.integers(1, 4)
structures = st.sampled_from(STRUCTURES)


@st.composite
def pinned(draw: st.DrawFn, name: str) -> tuple[str, ...]:
    """The lines of a distribution."""
    return tuple(
        f"{name}==={draw(versions)}{marker}" for marker in draw(structures)
    )


@st.composite
def files(draw: st.DrawFn) -> tuple[tuple[str, ...], ...]:
    """The parts of a constraints file: pins, comments and blank lines."""
    chosen = draw(st.lists(names, unique=True, max_size=6))
    parts: list[tuple[str, ...]] = []
    for name in sorted(chosen) if draw(st.booleans()) else chosen:
        if draw(st.integers(0, 5)) == 0:
            parts.append((draw(st.sampled_from(["# x", "# y", ""])),))
        parts.append(draw(pinned(name)))
    return tuple(parts)


@st.composite
def edited(
    draw: st.DrawFn,
    parts: tuple[tuple[str, ...], ...],
    among: tuple[str, ...] = NAMES,
    *,
    reorders: bool = True,
) -> tuple[tuple[str, ...], ...]:
    """The parts with changes of the pins of some names."""
    result = list(parts)
    for name in draw(
        st.lists(st.sampled_from(among), unique=True, max_size=3)
    ):
        index = next(
            (
                number
                for number, part in enumerate(result)
                if part and part[0].startswith(f"{name}===")
            ),
            None,
        )
        lines_now = draw(pinned(name))
        if index is None:
            result.insert(draw(st.integers(0, len(result))), lines_now)
        elif draw(st.booleans()):
            result[index] = lines_now
        else:
            del result[index]
    if reorders and draw(st.integers(0, 4)) == 0:
        result = draw(st.permutations(result))
    if reorders and draw(st.integers(0, 4)) == 0:
        position = draw(st.integers(0, len(result)))
        result.insert(position, (draw(st.sampled_from(["# z", ""])),))
    return tuple(result)


def text_of(parts: tuple[tuple[str, ...], ...]) -> str:
    """The text of a file."""
    return "".join(f"{line}\n" for part in parts for line in part)


def pins_on(text: str, python: str) -> dict[CanonicalName, str]:
    """What a text pins on a Python."""
    requirements = [
        entry.requirement
        for entry in read_entries(text)
        if entry.requirement is not None and entry.requirement.package
    ]
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
    }
    return pins_for(requirements, environment)


def pinned_on(text: str, python: str) -> list[str]:
    """The names of all lines that apply to a Python."""
    return [
        entry.requirement.package
        for entry in read_entries(text)
        if entry.requirement is not None
        and entry.requirement.package
        and applies(
            entry.requirement,
            {"python_version": python, "python_full_version": f"{python}.0"},
        )
    ]


def pin_of(
    old: str | None, ours: str | None, theirs: str | None
) -> str | None:
    """What has to be pinned in an environment that does not conflict."""
    if ours in (theirs, old):
        return theirs
    if theirs == old:
        return ours
    assert ours is not None
    assert theirs is not None
    return max(ours, theirs)


#: Lines that a list may hold, entries and others.
LISTED = (
    *("a", "A>=1", "a>=2", "a[x]>=1", f"a>=1{OLD}", f"a>=3{NEW}", "b", "b<3"),
    *("b!=2", "c_d", "c-d>1", "c.d~=1.0", "e @ https://h/e", "./f", "# g"),
    *("# g", "# h", "", "", "-e git+https://h/g#egg=g", "i==1", "i===2"),
)


@st.composite
def lists(draw: st.DrawFn) -> tuple[str, str, str]:
    """A base and two sides of a list of any kind."""
    listed = st.sampled_from(LISTED)
    before = draw(st.lists(listed, max_size=8))
    sides = []
    for _ in range(2):
        side = list(before)
        for _ in range(draw(st.integers(0, 3))):
            index = draw(st.integers(0, len(side)))
            side[index : index + draw(st.integers(0, 2))] = draw(
                st.lists(listed, max_size=2)
            )
        sides.append(side)
    end = st.sampled_from(["\n", "\n", "\n", "\r\n"])
    first, second, third = (
        "".join(f"{line}{draw(end)}" for line in side)
        for side in (before, *sides)
    )
    return first, second, third


@st.composite
def triples(draw: st.DrawFn) -> tuple[str, str, str]:
    """A base and two sides."""
    before = draw(files())
    return (
        text_of(before),
        text_of(draw(edited(before))),
        text_of(draw(edited(before))),
    )


class TestLaws(base.TestCase):
    """What is true of every merge."""

    @given(files(), st.data())
    def test_one_side(
        self, before: tuple[tuple[str, ...], ...], data: st.DataObject
    ) -> None:
        """The change of one side wins, and the same change is one."""
        old, new = text_of(before), text_of(data.draw(edited(before)))
        # A last line that is never the same keeps git's short ways out.
        ours, theirs = f"{old}x===1\n", f"{old}x===2\n"
        self.assertEqual(new, merge_lists(old, new, old).text)
        self.assertEqual(new, merge_lists(old, old, new).text)
        self.assertEqual(new, merge_lists(old, new, new).text)
        self.assertEqual(ours, merge_lists(old, ours, old).text)
        both = merge_lists(old, f"{new}x===1\n", theirs)
        self.assertEqual(f"{new}x===1\n", marked_sides(both.text).ours)
        self.assertEqual(f"{new}x===2\n", marked_sides(both.text).theirs)

    @given(lists())
    def test_any_list(self, texts: tuple[str, str, str]) -> None:
        """One side wins over none, whatever a list holds; sides swap."""
        before, ours, theirs = texts
        for new in (ours, theirs):
            for sides in ((new, before), (before, new), (new, new)):
                # A changed last line, so that the shortest way is not taken.
                added = [f"{side}z>{side == new:d}\n" for side in sides]
                merged = merge_lists(f"{before}z>0\n", *added)
                self.assertEqual(f"{new}z>1\n", merged.text)
        merged = merge_lists(before, ours, theirs)
        swapped = merge_lists(before, theirs, ours)
        sides_of = marked_sides(merged.text), marked_sides(swapped.text)
        self.assertEqual(sides_of[0].ours, sides_of[1].theirs)
        self.assertEqual(sides_of[0].theirs, sides_of[1].ours)
        known = {line for text in texts for line in text.splitlines()}
        for line in (sides_of[0].ours + sides_of[0].theirs).splitlines():
            self.assertIn(line, known)

    @given(triples())
    def test_symmetry(self, texts: tuple[str, str, str]) -> None:
        """The sides can change places."""
        before, ours, theirs = texts
        merged = merge_lists(before, ours, theirs)
        swapped = merge_lists(before, theirs, ours)
        self.assertEqual(
            [
                (x.name, x.reason, x.base, x.theirs, x.ours)
                for x in merged.conflicts
            ],
            [
                (x.name, x.reason, x.base, x.ours, x.theirs)
                for x in swapped.conflicts
            ],
        )
        sides = marked_sides(merged.text), marked_sides(swapped.text)
        self.assertEqual(sides[0].ours, sides[1].theirs)
        self.assertEqual(sides[0].theirs, sides[1].ours)

    @given(files(), st.data())
    def test_different_distributions(
        self, before: tuple[tuple[str, ...], ...], data: st.DataObject
    ) -> None:
        """Edits of different distributions commute, and never conflict."""
        ours = data.draw(edited(before, NAMES[:4], reorders=False))
        theirs = data.draw(edited(before, NAMES[4:], reorders=False))
        texts = text_of(before), text_of(ours), text_of(theirs)
        merged = merge_lists(*texts)
        self.assertEqual((), merged.conflicts)
        self.assertEqual(merged, merge_lists(texts[0], texts[2], texts[1]))
        expected = {
            line
            for line in text_of(ours).splitlines()
            if line[:1] in NAMES[:4]
        } | {
            line
            for line in text_of(theirs).splitlines()
            if line[:1] in NAMES[4:]
        }
        actual = merged.text.splitlines()
        self.assertEqual(
            sorted(expected), sorted(x for x in actual if x[:1] in NAMES)
        )

    @given(triples(), st.sampled_from(["conflict", "newest"]))
    def test_every_environment(
        self, texts: tuple[str, str, str], policy: MergePolicy
    ) -> None:
        """On each Python every pin is what the sides made of it."""
        merged = merge_lists(*texts, policy=policy)
        conflicting = {conflict.name for conflict in merged.conflicts} | {
            line[:1]
            for conflict in merged.conflicts
            if not conflict.name  # of the order
            for line in (*conflict.ours, *conflict.theirs)
        }
        result = marked_sides(merged.text).ours
        for python in PYTHONS:
            old, ours, theirs, new = (
                pins_on(text, python) for text in (*texts, result)
            )
            for name in map(canonical_name, NAMES):
                if name in conflicting:
                    continue
                expected = pin_of(
                    old.get(name), ours.get(name), theirs.get(name)
                )
                self.assertEqual(
                    expected, new.get(name), f"{name} on {python}"
                )
            self.assertEqual(
                sorted(
                    name
                    for name in pinned_on(result, python)
                    if name not in conflicting
                ),
                sorted(name for name in new if name not in conflicting),
                f"pinned twice on {python}",
            )

    @given(triples(), st.sampled_from(ORDERS))
    def test_generated_order(
        self, texts: tuple[str, str, str], order: Order
    ) -> None:
        """What is in the order of generated files stays in that order."""
        # Some more, as a short file can be in both orders.
        rest = [f"{name}===1\n" for name in "klmnop"]
        before, ours, theirs = (
            arranged(
                [
                    *rest,
                    *(
                        line
                        for line in text.splitlines(keepends=True)
                        if line[:1] in NAMES
                    ),
                ],
                order,
            )
            for text in texts
        )
        merged = merge_lists(before, ours, theirs, policy="ours")
        self.assertEqual(
            arranged(merged.text.splitlines(keepends=True), order),
            merged.text,
        )

    @given(triples())
    def test_no_new_lines(self, texts: tuple[str, str, str]) -> None:
        """Each line is one of the three texts, unless markers changed."""
        known = {line for text in texts for line in text.splitlines()}
        pins = {line.partition(";")[0] for line in known}
        merged = merge_lists(*texts)
        sides = marked_sides(merged.text)
        divided = {line[0] for line in known if ";" in line}
        for line in f"{sides.ours}{sides.theirs}".splitlines():
            self.assertIn(line.partition(";")[0], pins)
            if line[:1] not in divided:
                self.assertIn(line, known)
