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
"""edit-constraints --pin, and the Pythons that a release is for."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from openstack_requirements.cmds import edit_constraints
from openstack_requirements.constraints.pinning import pin
from openstack_requirements.errors import (
    BadLine,
    RequirementsError,
    UnusableInput,
)
from openstack_requirements.pep508 import limits, markers
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.tests import base

#: What makes a file one for Python 3.10 and newer ones.
SINCE_310 = "old===1;python_version=='3.10'\nold===2;python_version>='3.11'\n"
SINCE_39 = "old===1;python_version<='3.9'\n"


class Case(NamedTuple):
    """The lines of ``a``, the Pythons of ``a==2``, and the lines then."""

    before: str
    pythons: str
    after: str
    rest: str = ""
    oldest: str = ""


CASES = [
    # One line; it stays one where nothing is known, or nobody is left out.
    Case("a===1", "", "a===2"),
    Case("a===1", "", "a===2", SINCE_39),
    Case("a===1", ">=3.10", "a===2", SINCE_310),
    Case("a===1", ">=3.8,<4", "a===2", SINCE_310),
    Case("a===1", ">=3.10", "a===2", oldest="3.10"),
    Case("a===1", ">=3.10", "a===2", SINCE_39, oldest="3.10"),
    Case(
        "a===1;sys_platform=='win32'",
        ">=3.9",
        "a===2;sys_platform=='win32'",
        SINCE_39,
    ),
    Case(
        "a===1;python_version>='3.10'",
        ">=3.10",
        "a===2;python_version>='3.10'",
    ),
    # The stated Python counts, though markers name a newer one first.
    Case(
        "a===1",
        "~=3.10.2",
        "a===1;python_full_version<'3.10.2' or python_version!='3.10'\n"
        "a===2;python_full_version>='3.10.2' and python_version=='3.10'",
        "b===1;python_version=='3.11'\n",
        oldest="3.10",
    ),
    # A release that drops a Python, which the file may have.
    Case(
        "a===1",
        ">=3.10",
        "a===1;python_version<'3.10'\na===2;python_version>='3.10'",
    ),
    Case(
        "a===1",
        ">=3.10",
        "a===1;python_version<'3.10'\na===2;python_version>='3.10'",
        SINCE_39,
    ),
    Case(
        "a===1",
        ">=3.11",
        "a===1;python_version<'3.11'\na===2;python_version>='3.11'",
        SINCE_310,
    ),
    Case(
        "a===1",
        ">=3.8",
        "a===1;python_version<'3.8'\na===2;python_version>='3.8'",
        "old===1;python_version=='2.7'\n",
    ),
    Case(
        "a===1",
        ">=2.7,!=3.0.*,!=3.1.*,!=3.2.*,!=3.3.*",
        "a===2",
        "old===1;python_version=='2.7'\nold===2;python_version=='3.4'\n",
    ),
    Case(
        "a===1",
        ">=3.10,!=3.12.*",
        "a===1;python_version=='3.12'\na===2;python_version!='3.12'",
        SINCE_310,
    ),
    # A release that is not for a Python that is newer than all.
    Case(
        "a===1",
        ">=3.10,<3.14",
        "a===1;python_version>='3.14'\na===2;python_version<'3.14'",
        SINCE_310,
    ),
    # Two lines by Python.
    Case(
        "a===1;python_version=='3.10'\na===1.5;python_version>='3.11'",
        ">=3.10",
        "a===2;python_version=='3.10'\na===2;python_version>='3.11'",
    ),
    Case(
        "a===1;python_version=='3.10'\na===1.5;python_version>='3.11'",
        ">=3.11",
        "a===1;python_version=='3.10'\na===2;python_version>='3.11'",
    ),
    Case(
        "a===1;python_version<'3.11'\na===1.5;python_version>='3.11'",
        ">=3.10",
        "a===1;python_version<'3.10'\na===2;python_version=='3.10'\n"
        "a===2;python_version>='3.11'",
        SINCE_39,
    ),
    # A release that supports only a new one.
    Case(
        "a===1;python_version=='3.10'\na===1.5;python_version>='3.11'",
        ">=3.13",
        "a===1;python_version=='3.10'\n"
        "a===1.5;python_version>='3.11' and python_version<'3.13'\n"
        "a===2;python_version>='3.13'",
    ),
    Case(
        "a===1;python_version in '3.10 3.11'",
        "==3.11.*",
        "a===1;python_version in '3.10 3.11' and python_version!='3.11'\n"
        "a===2;python_version=='3.11'",
    ),
    Case(
        "a===1;python_version=='3.9' or python_version=='3.10'",
        ">=3.10",
        "a===1;python_version=='3.9'\na===2;python_version=='3.10'",
    ),
    # Patch releases of one Python.
    Case(
        "a===1",
        ">=3.9.2",
        "a===1;python_full_version<'3.9.2'\n"
        "a===2;python_full_version>='3.9.2'",
        SINCE_39,
    ),
    Case("a===1", ">=3.9.2", "a===2", SINCE_310),
    Case(
        "a===1",
        "~=3.11.2",
        "a===1;python_full_version<'3.11.2' or python_version!='3.11'\n"
        "a===2;python_full_version>='3.11.2' and python_version=='3.11'",
        SINCE_310,
    ),
    Case("a===1", ">=3.8,!=3.9.0", "a===2", SINCE_310),
    Case(
        "a===1",
        "<=3.11",
        "a===1;python_full_version>'3.11.0'\n"
        "a===2;python_full_version<='3.11.0'",
        SINCE_310,
    ),
    # Markers on something else.
    Case(
        "a===1;sys_platform=='win32'\na===1.5;sys_platform!='win32'",
        ">=3.11",
        "a===1;sys_platform=='win32' and python_version<'3.11'\n"
        "a===2;sys_platform=='win32' and python_version>='3.11'\n"
        "a===1.5;sys_platform!='win32' and python_version<'3.11'\n"
        "a===2;sys_platform!='win32' and python_version>='3.11'",
        SINCE_310,
    ),
    Case(
        "a===1;sys_platform=='win32' and python_version=='3.9' or "
        "os_name=='nt'",
        ">=3.10",
        "a===1;((sys_platform=='win32' and python_version=='3.9') or "
        "os_name=='nt') and python_version<'3.10'\n"
        "a===2;os_name=='nt' and python_version>='3.10'",
    ),
    Case(
        "a===1;sys_platform=='win32' or python_version=='3.9'",
        ">=3.10",
        "a===1;(sys_platform=='win32' or python_version=='3.9') and "
        "python_version<'3.10'\n"
        "a===2;sys_platform=='win32' and python_version>='3.10'",
    ),
    Case(
        "a===1;sys_platform=='win32' and python_version>='3.9'",
        ">=3.11",
        "a===1;sys_platform=='win32' and python_version>='3.9' and "
        "python_version<'3.11'\n"
        "a===2;sys_platform=='win32' and python_version>='3.11'",
    ),
    # The rest of a line stays; the lower version comes first.
    Case(
        "  A[x] == 1 ; python_version >= '3.9'\t # c;d",
        ">=3.10",
        "  A[x] == 1 ; python_version=='3.9'\t # c;d\n"
        "  A[x] == 2 ; python_version>='3.10'\t # c;d",
    ),
    Case(
        "a (===10 )  # c",
        ">=3.10",
        "a (===2 );python_version>='3.10'  # c\n"
        "a (===10 );python_version<'3.10'  # c",
    ),
    # It is pinned already, where it is for the Python.
    Case("a===2", ">=3.11", "a===2", SINCE_310),
    # Lines that are no pins stay where their Pythons are not admitted.
    Case(
        "a @ https://h/a.whl ; python_version<'3.10'\n"
        "a===1;python_version>='3.10'",
        ">=3.10",
        "a @ https://h/a.whl ; python_version<'3.10'\n"
        "a===2;python_version>='3.10'",
    ),
]
CONDITIONS = [
    # Requires-Python, and as a marker what holds and what fails.
    (">=3", "python_version>='3.0'", "python_version<'3.0'"),
    ("<4", "python_version<'4.0'", "python_version>='4.0'"),
    (">=3.9.0", "python_version>='3.9'", "python_version<'3.9'"),
    ("<3.9.0.0", "python_version<'3.9'", "python_version>='3.9'"),
    ("==3.9.*", "python_version=='3.9'", "python_version!='3.9'"),
    ("!=3.9.*", "python_version!='3.9'", "python_version=='3.9'"),
    (
        "!=3.*",
        "python_version<'3.0' or python_version>='4.0'",
        "python_version>='3.0' and python_version<'4.0'",
    ),
    ("==3", "python_full_version=='3.0.0'", "python_full_version!='3.0.0'"),
    (">3.9", "python_full_version>'3.9.0'", "python_full_version<='3.9.0'"),
    ("<=3.9", "python_full_version<='3.9.0'", "python_full_version>'3.9.0'"),
    (
        "==3.9.2.*",
        "python_full_version=='3.9.2.*'",
        "python_full_version!='3.9.2.*'",
    ),
    (
        ">=3.9rc1",
        "python_full_version>='3.9rc1'",
        "python_full_version<'3.9rc1'",
    ),
    (
        "<3.9.0.1",
        "python_full_version<'3.9.0.1'",
        "python_full_version>='3.9.0.1'",
    ),
]
REFUSED = [
    # The lines of a, the Pythons of a==2, what is said.
    ("a===1\na===1;python_version<'3'", "", "x:2: one of several lines"),
    ("a===1;python_version<'3.10'", ">=3.10", "x: has no line for a that "),
    ("b===1", ">=3.10", "x: has no line for a\n"),
    ("a @ https://h/a.whl", ">=3.10", "x:1: not a pin"),
    ("-e git+https://h/a#egg=a", ">=3.10", "x:1: not a pin"),
    ("a @ https://h/a.whl", "", "x:1: not a pin"),
    ("a>=1;python_version>='3.10'", ">=3.10", "x:1: not a pin"),
]


class TestTable(base.TestCase):
    def test_each_is_right(self) -> None:
        for case in CASES:
            for end in ("\n", "\r\n"):
                before = f"{case.before}\n{case.rest}b===1\n"
                after = f"{case.after}\n{case.rest}b===1\n"
                self.assertEqual(
                    after.replace("\n", end),
                    pin(
                        before.replace("\n", end),
                        "a",
                        "2",
                        requires_python=case.pythons,
                        oldest_python=case.oldest,
                    ),
                    str(case),
                )

    def test_or_refused(self) -> None:
        for content, pythons, words in REFUSED:
            error = self.assertRaises(
                RequirementsError,
                pin,
                f"{content}\n",
                "a",
                "2",
                requires_python=pythons,
                source="x",
            )
            self.assertIn(words, f"{error}\n", content)

    def test_a_last_line_without_an_end(self) -> None:
        for before, end in (("b===1\r\n", "\r\n"), ("", "\n")):
            self.assertEqual(
                f"{before}a===1;python_version<'3.9'{end}"
                "a===2;python_version>='3.9'",
                pin(f"{before}a===1", "a", "2", requires_python=">=3.9"),
            )

    def test_what_other_lines_hold_does_not_matter(self) -> None:
        odd = "what python is this?\nb;python_version>='abc'\n"
        content = f"a===1\n{odd}{SINCE_310}"
        self.assertEqual(
            content.replace("a===1\n", "a===2\n"),
            pin(content, "a", "2", requires_python=">=3.10"),
        )

    def test_what_is_too_much_to_judge(self) -> None:
        many = "".join(
            f"b===1;python_version=='3.{minor}'\n"
            for minor in range(limits.MOST_PYTHONS + 1)
        )
        self.assertRaises(
            markers.BadMarker,
            pin,
            f"a===1\n{many}",
            "a",
            "2",
            requires_python=">=3.10",
        )
        lots = ",".join(
            f"!=3.9.{patch}" for patch in range(limits.MOST_SPECIFIERS)
        )
        self.assertEqual(100, len(markers.conditions(lots)))
        error = self.assertRaises(
            BadLine, pin, "a===1\n", "a", "2", requires_python=lots
        )
        self.assertIn("it is too complex", str(error))
        self.assertRaises(
            ValueError, pin, "a===1\n", "a", "2", requires_python=f"{lots},<4"
        )

    def test_conditions(self) -> None:
        for pythons, *expected in CONDITIONS:
            (condition,) = markers.conditions(pythons)
            self.assertEqual(expected, [*condition], pythons)
        self.assertEqual([], markers.conditions(""))

    def test_what_no_marker_can_express(self) -> None:
        for pythons in ("===3.10", ">=", "3.10", ">=3.10;", ">=3.x"):
            self.assertRaises(ValueError, markers.conditions, pythons)


MARKERS = st.sampled_from(
    [
        "",
        *(
            f"python_version{op}'3.{n}'"
            for op in ("<", ">=", "==")
            for n in (9, 11)
        ),
        "python_version!='3.10'",
        "python_version<='3.10' and sys_platform=='linux'",
        "python_version=='3.9' or python_version=='3.12'",
        "python_full_version>='3.10.2'",
        "sys_platform=='win32'",
        "sys_platform!='win32' or python_version<'3.10'",
        "python_version>='3.9' and python_version<'3.12'",
        "python_version in '3.9, 3.11'",
        "'3.10'<=python_version",
    ]
)
LINES = st.lists(
    st.tuples(st.sampled_from(["1", "1.5", "3"]), MARKERS),
    min_size=1,
    max_size=3,
)
SPECIFIERS = st.lists(
    st.sampled_from(
        [
            *(
                f"{op}3.{n}"
                for op in ("<", ">=", ">", "<=")
                for n in (9, 10, 12)
            ),
            "!=3.10.*",
            "==3.11.*",
            "!=3.*",
            "==3.*",
            "~=3.10",
            "~=3.10.2",
            ">=3.10.2",
            "<3.12.1",
            "!=3.9.0",
            "==3.10",
            "<4",
            "<4.0.0",
            ">=3",
            "<=3.11.4",
        ]
    ),
    min_size=1,
    max_size=3,
).map(",".join)
PYTHONS = [
    f"{series}.{patch}"
    for series in ("2.7", "3.0", *(f"3.{minor}" for minor in range(7, 16)))
    for patch in (0, 1, 2, 3, 10)
]


class TestLaw(base.TestCase):
    """Who had a line has one, and the right version is in it."""

    @given(LINES, MARKERS, SPECIFIERS, st.sampled_from(["", "3.10"]))
    def test_no_python_that_is_not_admitted_is_touched(
        self,
        lines: list[tuple[str, str]],
        marker: str,
        specifiers: str,
        oldest: str,
    ) -> None:
        named = f"b===1;{marker}\n" if marker else ""
        before = named + "".join(
            f"a==={version};{marker}\n" if marker else f"a==={version}\n"
            for version, marker in lines
        )
        try:
            after = pin(
                before,
                "a",
                "2",
                requires_python=specifiers,
                oldest_python=oldest,
            )
        except UnusableInput:
            after = before
        first = [
            *([oldest] if oldest else []),
            *(
                python
                for python in markers.oldest_pythons(
                    [marker, *(marker for _, marker in lines)]
                )
                if not oldest or int(python[2:]) > int(oldest[2:])
            ),
        ]
        admitted = SpecifierSet(specifiers)
        for full, platform in itertools.product(PYTHONS, ("linux", "win32")):
            old = applying(before, full, platform)
            new = applying(after, full, platform)
            where = f"{after} {full} {platform}"
            self.assertEqual(len(old), len(new), where)
            if is_for(first, full):
                is_in = admitted.contains(full)
                expected = ["2" if is_in else version for version in old]
                self.assertEqual(expected, new, where)


def applying(content: str, full: str, platform: str) -> list[str]:
    """The pins of ``a`` in an environment, as an installer sees them."""
    environment = {
        "python_version": full.rpartition(".")[0],
        "python_full_version": full,
        "sys_platform": platform,
    }
    return [
        requirement.specifiers.removeprefix("===")
        for requirement in map(parse_line, content.splitlines())
        if requirement.package == "a"
        and (
            not requirement.markers
            or Marker(requirement.markers).evaluate(environment)
        )
    ]


def is_for(first: list[str], full: str) -> bool:
    """Whether a file is for a Python, by the oldest ones that it names."""
    major, minor, _ = map(int, full.split("."))
    of_major = [python for python in first if python.startswith(str(major))]
    if of_major:
        return minor >= int(min(of_major, key=lambda text: int(text[2:]))[2:])
    return not first or major == 3


class TestFromSource(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = self.write("uc.txt", f"a===1\nb===1\n{SINCE_310}")

    def pin(self, *words: str) -> base.Outcome:
        return self.run_main(
            edit_constraints.main,
            self.path,
            "--pin",
            "A==2",
            "--from-source",
            str(self.folder / "project"),
            *words,
        )

    def lines(self) -> list[str]:
        with open(self.path, encoding="utf-8") as file:
            return file.read().splitlines()

    def test_where_the_pythons_stand(self) -> None:
        for name, content in (
            (
                "pyproject.toml",
                "[project]\nname = 'a'\nrequires-python = '>=3.11'\n",
            ),
            ("setup.cfg", "[metadata]\nname = A\npython-requires = >=3.11\n"),
            (
                "setup.cfg",
                "[metadata]\nname = a\n[options]\npython_requires = >=3.11\n",
            ),
            ("setup.py", "setup(name='a', python_requires='>=3.11')\n"),
            (
                "PKG-INFO",
                "Metadata-Version: 2.1\nName: a\nVersion: 2\n"
                "Requires-Python: >=3.11\n",
            ),
        ):
            self.write_list()
            file = self.write(f"project/{name}", content)
            self.assertEqual((0, "", ""), self.pin(), name)
            self.assertEqual(
                [
                    "a===1;python_version<'3.11'",
                    "a===2;python_version>='3.11'",
                ],
                self.lines()[:2],
                name,
            )
            (self.folder / file).unlink()

    def write_list(self) -> None:
        self.write("uc.txt", f"a===1\nb===1\n{SINCE_310}")

    def test_a_project_that_says_nothing_of_pythons(self) -> None:
        self.write("project/setup.cfg", "[metadata]\nname = a\n")
        self.assertEqual((0, "", ""), self.pin())
        self.assertEqual("a===2", self.lines()[0])
        self.write("uc.txt", "a===1;python_version<'3'\na===1\n")
        done = self.pin()
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertIn("nothing says which Pythons A 2 is for", done.err)

    def test_what_is_refused(self) -> None:
        for content, words in (
            ("[metadata]\nname = b\n", "is b, and not A"),
            (
                "[metadata]\nname = a\npython-requires = 3.11 or so\n",
                "has a Requires-Python that cannot be used",
            ),
            (
                "[metadata]\nname = a\npython-requires = ===3.11\n",
                "no marker can express ===3.11",
            ),
        ):
            self.write("project/setup.cfg", content)
            done = self.pin()
            self.assertEqual((2, ""), (done.status, done.out), content)
            self.assertIn(words, done.err)
            self.assertEqual(1, done.err.count("\n"), done.err)
            self.assertEqual("a===1", self.lines()[0])
        self.write("project/pyproject.toml", "[project\n")
        self.assertIn("pyproject.toml:1", self.pin().err)
