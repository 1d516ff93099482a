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
"""What stays of an earlier constraints file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.constraints import earlier, merging
from openstack_requirements.constraints.freeze import Distribution, Freeze
from openstack_requirements.errors import BadLine, ProofFailed
from openstack_requirements.pep508.entries import names_in, read_entries
from openstack_requirements.pep508.python_versions import python_key
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openstack_requirements.constraints.merging import MarkerStyle
    from openstack_requirements.pep508.requirement import CanonicalName

PYTHONS = ("2.7", "3.8", "3.9", "3.10", "3.11", "3.13")


def freeze(python: str, pins: Mapping[str, str]) -> Freeze:
    return Freeze(
        python,
        base.environment(python),
        tuple(Distribution(name, version) for name, version in pins.items()),
    )


def kept_in(
    content: str, asked: Iterable[str], never: str = ""
) -> earlier.KeptLines:
    entries = read_entries(content, permit_urls=True, keep_editable=False)
    return earlier.kept_lines(entries, asked, names_in(never), "uc.txt")


def regenerated(
    content: str,
    freezes: Mapping[str, Mapping[str, str]],
    style: MarkerStyle = "exact",
    never: str = "",
) -> str:
    """The proven constraints of freezes, with what stays of a file."""
    made = [freeze(python, pins) for python, pins in freezes.items()]
    kept = kept_in(content, freezes, never)
    result = merging.arranged(
        earlier.merge(made, kept, names_in(never), style), "name"
    )
    merging.prove(result, made, names_in(never))
    earlier.prove(result, kept)
    return result


def pins_on(content: str, python: str) -> dict[CanonicalName, list[str]]:
    """The versions of all lines that apply on a Python, by name."""
    result: dict[CanonicalName, list[str]] = {}
    for entry in read_entries(content):
        assert entry.requirement is not None
        for name, version in merging.pins_for(
            [entry.requirement], base.environment(python)
        ).items():
            result.setdefault(name, []).append(version)
    return result


class TestHead(base.TestCase):
    def test_table(self) -> None:
        for content, expected in (
            ("", ""),
            ("a===1\n# later\n", ""),
            ("\n\na===1\n", ""),
            ("# one\na===1\n# later\nb===1\n", "# one\n"),
            (
                "# one\n\n#two \n\n  # three\na===1\n",
                "# one\n\n#two \n\n  # three\n",
            ),
            ("\n# one\n\na===1\n", "\n# one\n\n"),
            ("\ufeff# one\r\n\r\na===1\r\n", "# one\n\n"),
            ("# only comments", "# only comments\n"),
            ("-e git://x#egg=a\n# one\n", ""),
            ("<<<<<<< ours\n# one\n", ""),
        ):
            self.assertEqual(expected, earlier.head(content), repr(content))
            self.assertEqual(expected, earlier.head(f"{expected}a===1\n"))

    def test_what_an_installer_would_read_as_several_lines(self) -> None:
        for char in "\r\x0b\x0c\x1c\x85\u2028":
            content = f"# one\n# two{char}evil===1\na===1\n"
            error = self.assertRaises(
                BadLine, lambda text: earlier.head(text, "uc.txt"), content
            )
            self.assertIn("uc.txt:2: a line break", str(error))


class TestKeptLines(base.TestCase):
    def kept(self, content: str, *asked: str) -> tuple[list[str], list[str]]:
        kept = kept_in(content, asked)
        texts = [
            entry.line for entries in kept.lines.values() for entry in entries
        ]
        return texts, list(kept.pythons)

    def test_lines_for_other_pythons_only(self) -> None:
        for line, pythons in (
            ("a===1;python_version=='3.9'", ["3.9"]),
            ("a===1 ; python_version < '3.10'  # why", ["3.9"]),
            ("a===1;python_version=='3.9' and os_name=='nt'", ["3.9"]),
            ("a<2;python_version>='3.13'", ["3.13"]),
            ("a @ https://x.invalid/a.whl ; python_version=='3.9'", ["3.9"]),
            ("a===1;python_full_version<'3.9.5'", ["3.8", "3.9"]),
            ("a===1;python_version<'3'", ["2.7"]),
            ("a===1", []),
            ("a===1;python_version<='3.12'", []),
            ("a===1;python_version>='3.10'", []),
            ("a===1;os_name=='nt'", []),
            ("a===1;python_version=='3.9' or os_name=='nt'", []),
            ("a===1;python_full_version<'3.12.1'", []),
            ("a===1;python_version=='3.8' and python_version=='3.9'", []),
            ("-e git+https://x.invalid/a#egg=a", []),
            ("# a comment", []),
        ):
            expected = ([line], pythons) if pythons else ([], [])
            self.assertEqual(expected, self.kept(f"{line}\r\n", "3.12"), line)

    def test_names_that_are_never_constrained(self) -> None:
        content = "A.b===1;python_version=='3.9'\n"
        self.assertEqual("", regenerated(content, {"3.12": {}}, never="a-b"))

    def test_bad_lines(self) -> None:
        for line, words in (
            ("a===1;python_version~='3'", "uc.txt:1: "),
            ("a===1;python_version=='3.9' # x\x0cb===1", "uc.txt:1: a line"),
        ):
            error = self.assertRaises(BadLine, kept_in, line, ["3.12"])
            self.assertIn(words, str(error))


class TestMerge(base.TestCase):
    def test_table(self) -> None:
        """What a new line looks like beside what stays.

        All are runs on Python 3.12, where foo 3 is installed.
        """
        line = "foo===3;python_version=='3.12'\n"
        for previous, expected in (
            # Nothing stays, and so no line needs a marker.
            ("", "foo===3\n"),
            ("foo===2\n", "foo===3\n"),
            ("foo===2;python_version<='3.12'\n", "foo===3\n"),
            # What stays is of another name.
            (
                "bar===1;python_version=='3.9'\nfoo===2\n",
                "bar===1;python_version=='3.9'\nfoo===3\n",
            ),
            (
                "bar===1;python_version=='3.9'\n",
                "bar===1;python_version=='3.9'\nfoo===3\n",
            ),
            (
                "foo===1;python_version=='3.9'\n"
                "foo===2;python_version=='3.12'\n",
                f"foo===1;python_version=='3.9'\n{line}",
            ),
            (
                "foo===1;python_version=='3.9'\n",
                f"foo===1;python_version=='3.9'\n{line}",
            ),
            # A marker that still says the right thing stays.
            (
                "foo===1;python_version=='3.9'  # held\n"
                "foo===2;python_version>='3.10'\n",
                "foo===1;python_version=='3.9'  # held\n"
                "foo===3;python_version>='3.10'\n",
            ),
            # One that selects too much does not.
            (
                "foo===1;python_version=='3.9'\nfoo===2\n",
                f"foo===1;python_version=='3.9'\n{line}",
            ),
            # Python 3.9 had no foo.
            (
                "bar===1;python_version=='3.9'\n"
                "foo===2;python_version=='3.12'\n",
                f"bar===1;python_version=='3.9'\n{line}",
            ),
            # A kept line sorts by its version, and keeps its spelling.
            (
                "Foo===4;python_version=='3.9'\n",
                f"{line}Foo===4;python_version=='3.9'\n",
            ),
        ):
            freezes = {"3.12": {"foo": "3"}}
            self.assertEqual(expected, regenerated(previous, freezes))

    def test_ranges(self) -> None:
        freezes = {
            "3.11": {"foo": "2"},
            "3.12": {"foo": "2"},
            "3.13": {"foo": "3"},
        }
        self.assertEqual(
            "foo===1;python_version<='3.9'\n"
            "foo===2;python_version>='3.11' and python_version<='3.12'\n"
            "foo===3;python_version=='3.13'\n"
            "foo===9;python_version=='3.14'\n",
            regenerated(
                "foo===1;python_version<='3.9'\n"
                "foo===9;python_version=='3.14'\n",
                freezes,
                "range",
            ),
        )

    def test_a_marker_that_is_too_complex_to_compare(self) -> None:
        """A line for one Python is apart from it without comparing."""
        platforms = " or ".join(
            f"{variable}!='{number}.1'"
            for number in range(8)
            for variable in (
                "platform_release",
                "platform_machine",
                "platform_version",
                "sys_platform",
                "platform_system",
                "implementation_version",
            )
        )
        kept = f"foo===1;python_version=='3.9' and ({platforms})\n"
        freezes = {"3.10": {"foo": "2"}, "3.12": {"foo": "2"}}
        self.assertEqual(
            f"{kept}foo===2;python_version=='3.10'\n"
            "foo===2;python_version=='3.12'\n",
            regenerated(kept, freezes, "range"),
        )

    def test_a_kept_python_keeps_the_pin_that_it_shared(self) -> None:
        previous = "bar===1;python_version=='3.9'\nfoo===1\ngone===1\n"
        freezes = {"3.11": {"foo": "2"}, "3.12": {"foo": "3"}}
        self.assertEqual(
            "bar===1;python_version=='3.9'\n"
            "foo===1;python_version=='3.9'\n"
            "foo===2;python_version=='3.11'\n"
            "foo===3;python_version=='3.12'\n",
            regenerated(previous, freezes),
        )
        self.assertEqual(
            "bar===1;python_version=='3.9'\n"
            "foo===1;python_version<='3.9'\n"
            "foo===2;python_version=='3.11'\n"
            "foo===3;python_version>='3.12'\n",
            regenerated(previous, freezes, "range"),
        )

    def test_lines_around_what_stays(self) -> None:
        kept = (
            "foo===1;python_version=='3.9'\n"
            "foo===1;python_version=='3.9'\n"
            "foo @ https://x.invalid/foo.whl ;python_version=='3.8'\n"
        )
        first, *others = kept.splitlines(keepends=True)
        previous = (
            f"# comment\n\n-e git+https://x.invalid/a#egg=bar\n{first}"
            f"# another\nbar===1\n{''.join(others)}"
        )
        self.assertEqual(
            f"bar===2\n{kept}", regenerated(previous, {"3.12": {"bar": "2"}})
        )

    def test_lines_that_are_no_pins_or_too_many(self) -> None:
        freezes = {"3.11": {"foo": "2"}, "3.12": {"foo": "3"}}
        own = "bar===1;python_version=='3.9'\n"
        new = (
            "foo===2;python_version=='3.11'\nfoo===3;python_version=='3.12'\n"
        )
        for previous, held in (
            ("foo<1\n", ""),
            ("foo===1;os_name=='nt'\n", ""),
            (
                "foo===1;python_version<'4'\nfoo===0\n",
                "foo===1;python_version=='3.9'\n",
            ),
        ):
            self.assertEqual(
                f"{own}{held}{new}", regenerated(f"{own}{previous}", freezes)
            )

    def test_the_proof_finds(self) -> None:
        kept = kept_in("foo===1;python_version=='3.9'\n", ["3.12"])
        line = "foo===1;python_version=='3.9'\n"
        for content, words in (
            ("foo===2\n", "is lost"),
            (f"# x\n{line}foo===2\n", "has a line for all environments"),
            (f"{line}Foo===2;python_version<'3.10'\n", "beside foo===1;"),
            (
                f"{line}foo===2;python_version<='3.9' and os_name=='nt'\n",
                "beside foo===1;",
            ),
            (f"{line}bar===2\nbar===3\n", "Python 3.9, bar has two new"),
        ):
            error = self.assertRaises(
                ProofFailed, earlier.prove, content, kept
            )
            self.assertIn(words, str(error))
        earlier.prove(f"{line}foo===2;python_version>='3.10'\n", kept)
        earlier.prove(
            f"{line}bar===2;os_name=='nt'\nbar===3;os_name!='nt'\n", kept
        )


_PINS = st.dictionaries(
    st.sampled_from("abc"), st.sampled_from("123"), max_size=3
)
_FREEZES = st.dictionaries(
    st.sampled_from(PYTHONS), _PINS, min_size=1, max_size=5
)
_STYLES = st.sampled_from(merging.MARKER_STYLES)
_MARKERS = st.sampled_from(
    [
        "",
        *(
            f";python_version{operator}'{python}'"
            for operator in ("==", "!=", "<", "<=", ">", ">=")
            for python in PYTHONS
        ),
        ";python_version>='3.8' and python_version<='3.10'",
        ";python_version=='3.8' or python_version=='3.11'",
        ";python_version=='3.9' and sys_platform=='win32'",
        ";sys_platform!='linux'",
        ";python_full_version<'3.9.5'",
    ]
)


class TestLaws(base.TestCase):
    """What holds for each earlier file, each run and both styles."""

    def check_laws(
        self,
        previous: str,
        freezes: Mapping[str, Mapping[str, str]],
        style: MarkerStyle,
    ) -> None:
        # That the asked Pythons get what was installed is proved there.
        result = regenerated(previous, freezes, style)
        kept = kept_in(previous, freezes)
        for entries in kept.lines.values():
            for entry in entries:
                self.assertIn(entry.line, result.splitlines())
        own = "".join(
            f"{entry.line}\n"
            for entries in kept.lines.values()
            for entry in entries
        )
        for python in {*PYTHONS, *kept.pythons} - {*freezes}:
            after = pins_on(result, python)
            for name, pins in pins_on(own, python).items():
                self.assertEqual(sorted(pins), sorted(after[name]))
        self.assertEqual(result, regenerated(result, freezes, style))

    @given(
        st.lists(
            st.tuples(
                st.sampled_from("abcd"), st.sampled_from("123"), _MARKERS
            )
        ),
        _FREEZES,
        _STYLES,
    )
    def test_lines_of_any_kind(
        self,
        lines: list[tuple[str, str, str]],
        freezes: dict[str, dict[str, str]],
        style: MarkerStyle,
    ) -> None:
        previous = "".join(
            f"{name}==={version}{marker}\n" for name, version, marker in lines
        )
        self.check_laws(previous, freezes, style)

    @given(_FREEZES, _FREEZES, _STYLES, _STYLES)
    def test_constraints_that_a_run_has_made(
        self,
        before: dict[str, dict[str, str]],
        freezes: dict[str, dict[str, str]],
        style: MarkerStyle,
        new_style: MarkerStyle,
    ) -> None:
        previous = merging.to_content(
            merging.merge(
                [freeze(*item) for item in before.items()], (), style
            ),
            "name",
        )
        self.check_laws(previous, freezes, new_style)
        result = regenerated(previous, freezes, new_style)
        installed = {name for pins in freezes.values() for name in pins}
        for python in {*kept_in(previous, freezes).pythons} & {*before}:
            after = pins_on(result, python)
            for name in {*before[python]} & installed:
                self.assertEqual(
                    1, len(after[canonical_name(name)]), f"{name} on {python}"
                )
            # What had lines, but none there, has none.
            named = {line.partition("=")[0] for line in previous.splitlines()}
            for name in named - {*before[python]}:
                self.assertNotIn(name, after)

    @given(_FREEZES, st.data(), _STYLES)
    def test_a_run_of_some_pythons_is_a_part_of_the_run_of_all(
        self,
        freezes: dict[str, dict[str, str]],
        data: st.DataObject,
        style: MarkerStyle,
    ) -> None:
        """Where each of the others has a line of its own, all bytes stay."""
        for number, python in enumerate(sorted(freezes, key=python_key)):
            freezes[python] = {**freezes[python], "own": f"{number}"}
        everything = merging.to_content(
            merging.merge(
                [freeze(*item) for item in freezes.items()], (), style
            ),
            "name",
        )
        asked = data.draw(st.sets(st.sampled_from([*freezes]), min_size=1))
        self.assertEqual(
            everything,
            regenerated(
                everything,
                {python: freezes[python] for python in asked},
                style,
            ),
        )
