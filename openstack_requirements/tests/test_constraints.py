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
"""The edit of one distribution's lines: text in, text out."""

from __future__ import annotations

import string

from hypothesis import assume, given
from hypothesis import strategies as st

from openstack_requirements.constraints import editing
from openstack_requirements.constraints.editing import (
    edit,
    name_of,
    require_constraint,
)
from openstack_requirements.constraints.pinning import pin
from openstack_requirements.errors import (
    BadContent,
    BadLine,
    RequirementsError,
    UnusableInput,
)
from openstack_requirements.pep508.entries import parse, read_entries
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.text import split_lines, without_bom
from openstack_requirements.tests import base

NAMES_OF = [
    # line, the name that it is about
    ("oslo.db===1.0", "oslo-db"),
    ("  Oslo_DB ===1.0;python_version<'3'  # c", "oslo-db"),
    ("oslo.db", "oslo-db"),
    ("oslo.db# c", "oslo-db"),
    ("oslo.db[a,b]===1.0", "oslo-db"),
    ("oslo.db (>=1.0)", "oslo-db"),
    ("oslo.db:python_version<'3'", "oslo-db"),
    ("oslo.db @ file:///opt/stack/other", "oslo-db"),
    ("oslo.db@https://x/other.tar.gz#egg=other", "oslo-db"),
    ("-e file:///opt/stack/x#egg=oslo.db", "oslo-db"),
    ("-e  git+https://x/y@z#egg=oslo_db[ssl]&subdirectory=s # c", "oslo-db"),
    ("git+ssh://git@x/y#subdirectory=s&egg=oslo.db", "oslo-db"),
    ("file:///opt/stack/x#egg=oslo.db;python_version=='2.7'", "oslo-db"),
    ("http://tarballs.openstack.org/x/x.tar.gz#egg=oslo.db", "oslo-db"),
    # What pip reads, or once did, and we do not.
    ("-egit+https://x/y#egg=oslo.db", "oslo-db"),
    ("--editable git+https://x/y#egg=oslo.db", "oslo-db"),
    ("--editable=git+https://x/y#egg=oslo.db", "oslo-db"),
    ("GIT+https://x/y#egg=oslo.db==1.0", "oslo-db"),
    ("https://x/oslo_db-1.0-py3-none-any.whl", "oslo-db"),
    ("oslo.db==", "oslo-db"),
    ("oslo.db===1.0;bogus", "oslo-db"),
    ("oslo.db===1.0 --hash=sha256:0", "oslo-db"),
    ("oslo.db --hash=sha256:0", "oslo-db"),
    ("/opt/stack/oslo.db", "oslo-db"),
    ("-e /opt/stack/oslo.db/", "oslo-db"),
    ("./oslo.db[ssl] # c", "oslo-db"),
    ("../oslo.db;python_version<'3'", "oslo-db"),
    ("stack/oslo.db", "oslo-db"),
    ("-e oslo.db", "oslo-db"),
    ("-e /opt/stack/x#egg=oslo.db", "oslo-db"),
    ("./oslo_db-1.0-py3-none-any.whl", "oslo-db"),
    ("/x/oslo.db-1.0.tar.gz", "oslo-db"),
    ("/x/oslo.db-1.0.zip", "oslo-db"),
    # What is about nothing, or is not known to be about anything.
    ("", ""),
    ("# oslo.db===1.0", ""),
    ("  # oslo.db", ""),
    ("-f https://x/oslo.db", ""),
    ("-r oslo.db", ""),
    ("-i https://x/#egg=oslo.db", ""),
    ("-c /opt/oslo.db", ""),
    ("https://x/oslo.db", ""),
    ("https://x/y;#egg=oslo.db", ""),
    ("git+https://x/y # egg=oslo.db", ""),
    ("oslo.db is great", ""),
    ("-oslo.db", ""),
    ("-e .", ""),
    ("-e", ""),
    ("/", ""),
    ("://", ""),
    (";python_version<'3'", ""),
]
FILE = """\
# oslo.db is a library

Zope.Interface===5.4.0
-e file:///opt/stack/oslo.db#egg=oslo.db
numpy===1.11.1;python_version=='2.7'
what is this?
numpy===1.12.0;python_version=='3.4'  # three
-f https://example.org/links
  ruamel.yaml===0.15"""
EDITS: list[tuple[str, str, str, dict[int, str | None]]] = [
    # what, name, replacement, the lines then by number
    ("remove", "zope_interface", "", {3: None}),
    ("remove editable", "oslo-db", "", {4: None}),
    ("remove several", "NumPy", "", {5: None, 7: None}),
    ("remove the last", "ruamel.yaml", "", {9: None}),
    ("remove by blanks", "ruamel.yaml", " \t", {9: None}),
    ("remove absent", "oslo", "", {}),
    ("replace", "zope.interface", "Zope===1", {3: "Zope===1\n"}),
    ("as given", "oslo.db", " oslo.db===1  ", {4: " oslo.db===1  \n"}),
    ("by a comment", "oslo.db", "# gone", {4: "# gone\n"}),
    ("several", "numpy", "numpy===2", {5: "numpy===2\n", 7: None}),
    ("the last", "ruamel-yaml", "r===1", {9: "r===1"}),
    ("new", "new", "new===1", {9: "  ruamel.yaml===0.15\nnew===1\n"}),
    # A word in the middle of a line is no name.
    ("odd", "what", "what===1", {9: "  ruamel.yaml===0.15\nwhat===1\n"}),
    ("there already", "x", "numpy===1.11.1;python_version=='2.7'", {}),
]
GOOD_LINES = [
    "foo===1.0",
    "foo==1.0",
    "foo>=1,<2",
    "foo",
    "foo[a]===1.0;python_version<'3'  # c",
    "foo @ file:///opt/stack/foo",
    "foo[a] @ git+https://x/y@z ; python_version<'3'",
    "-e file:///opt/stack/foo#egg=foo",
    "-e git+https://x/y#egg=foo[a]&subdirectory=s",
    "git+https://x/y#egg=foo",
    "/opt/stack/foo",
    "-e ./foo",
    "../foo-1.0-py3-none-any.whl",
    "# foo is gone",
    "# a comment may end so \\",
    "\tfoo===1.0\t",
]
BAD_LINES = [
    ("foo===1.0\nbar", "line ends"),
    ("foo===1.0\n", "line ends"),
    ("foo===1.0\r", "line ends"),
    ("foo===1.0 # \u2028bar", "line ends"),
    ("foo===1.0\x00", "control"),
    ("foo===1.0 # \x1b[31m", "control"),
    ("foo===1.0 # \udcff", "control"),
    ("foo===1.0\\", "continuations"),
    ("foo===1.0 # c \\", "continuations"),
    ("/opt/stack/foo \\", "continuations"),
    ("foo bar", "not a requirement"),
    ("foo===", "without a version"),
    ("foo===1.0;bogus", "invalid marker"),
    ("foo===1.0:python_version<'3'", "starts with a ;"),
    (";python_version<'3'", "without a package"),
    ("-r other.txt", "options"),
    ("-f https://x", "options"),
    ("-e", "options"),
    ("-e .", "options"),
    ("--editable file:///x#egg=foo", "write -e"),
    ("git+https://x/y", "#egg=NAME"),
    ("file:///opt/stack/foo", "#egg=NAME"),
    ("foo===1.0 --hash=sha256:0", "hash"),
    ("foo" * 5000, "characters"),
]
PINNED = """\
foo===1.0
Foo [b,a] == 1.0 ; python_version=='2.7'\t# two
bar===1.0;python_version=='3.12'
bar===1.1;python_version>='3.13' and sys_platform=='win32' # w
bar===0.9;python_version<'3.12'
baz===1.0
-e file:///opt/stack/url#egg=url
url===1.0;python_version<'3'
open>=1.0
wild==1.*
some==1.0,!=1.1
paren ( == 1.0 )
name @ https://x/?a==1
odd===1.0 x
goes===1.0 \\
 on
"""
PINS: list[tuple[str, str, str, dict[int, str] | str]] = [
    # name, version, python, {number: line}
    (
        "FOO",
        "2.0",
        "2.7",
        {1: "foo===2.0", 2: "Foo [b,a] == 2.0 ; python_version=='2.7'\t# two"},
    ),
    ("FOO", "2.0", "", "one of several lines"),
    ("bar", "2", "", "one of several lines"),
    (
        "foo",
        "2.0",
        "3.12",
        {1: "foo===2.0"},
    ),
    ("bar", "2", "3.12", {3: "bar===2;python_version=='3.12'"}),
    (
        "bar",
        "2",
        "3.14",
        {4: "bar===2;python_version>='3.13' and sys_platform=='win32' # w"},
    ),
    ("bar", "2", "2.7", {5: "bar===2;python_version<'3.12'"}),
    ("url", "2", "2.7", "not a pin"),
    ("url", "2", "", "one of several lines"),
    ("foo", "1.0", "2.7", {}),
    ("absent", "1", "", "has no line for absent"),
    ("baz", "2", "3.12", {6: "baz===2"}),
    ("open", "2", "", "not a pin"),
    ("wild", "2", "", "not a pin"),
    ("some", "2", "", "not a pin"),
    ("name", "2", "", "not a pin"),
    ("paren", "2", "", {12: "paren ( == 2 )"}),
    ("odd", "2", "", "not a requirement"),
    ("goes", "2", "", "continuations"),
]
LISTED = """\
# foo is a library
foo>=1,<3;python_version<'3'
foo>=2,!=2.5;python_version>='3'
other<1
"""
ADMITTED = [
    # pin, version, whether pre-releases are, the entries that refuse it
    ("foo===1", "2.0", False, []),
    ("foo===1", "2.5", False, []),  # by the one for Python 2
    ("foo===1", "4", False, []),
    ("foo===1", "0.5", False, [2, 3]),
    ("foo===1;python_version>='3'", "2.5", False, [3]),
    ("foo===1;python_version<'3'", "3", False, [2]),
    ("foo===1;python_version<'3'", "2.5", False, []),
    ("foo===1", "3.0rc1", False, [2, 3]),
    ("foo===1", "3.0rc1", True, []),
    ("bar===1", "0.1", False, []),
]
NAMES = ["a", "B.c", "b-C", "d_e.f", "git"]
BODIES = [
    "{}===1.0",
    "{}==2;python_version<'3'",
    " {}  # c",
    "-e file:///x#egg={}",
    "git+https://x/y#egg={}[z]&subdirectory=s",
    "{} @ https://x/y#egg=other",
]
OTHERS = ["", "# a===1", "-f https://a/", "a b", "!", "\x0c", "-r a", "{a}"]
LINES = st.one_of(
    st.builds(
        lambda body, name: body.format(name),
        st.sampled_from(BODIES),
        st.sampled_from(NAMES),
    ),
    st.sampled_from(OTHERS),
)


@st.composite
def contents(draw: st.DrawFn, lines: st.SearchStrategy[str] = LINES) -> str:
    """The text of a file, with any kind of line ends, and with none."""
    ends = st.sampled_from(["\n", "\r\n"])
    text = "".join(
        line + draw(ends) for line in draw(st.lists(lines, max_size=8))
    )
    last = draw(lines)
    return draw(st.sampled_from(["", "\ufeff"])) + text + last


@st.composite
def replacements(draw: st.DrawFn) -> tuple[str, str]:
    """A name, and nothing or a line for it in another spelling."""
    name = draw(st.sampled_from(NAMES))
    line = draw(st.sampled_from(["", *BODIES])).format(name.upper())
    return name, line


PIECES = st.lists(
    st.sampled_from(
        [
            *("foo", "Ba.r", "-", "_", ".", "[", "a,b", "]", "===", ">=", "1"),
            *(" ", "\t", ";", ":", "python_version<'3'", "#", "# c", "@", "!"),
            *("git+https://x/y", "file:///x", "egg=", "&", "-e ", "(", ")"),
            *("sub=s", "/", ",", "*", "\\", "http://tarballs.openstack.org/x"),
        ]
    ),
    max_size=9,
).map("".join)
#: Lines that look plain, and lines that nearly do.
PLAIN = st.builds(
    str.format,
    st.sampled_from(
        ["{0}==={1}", "{0} @ {2}", "-e {2}#egg={0}", "{2}#egg={0}", "-e {0}"]
    ),
    st.text(st.sampled_from("aB1._-[]é"), min_size=1, max_size=4),
    st.text(st.sampled_from("aB1.+!_-=;* é"), max_size=4),
    st.builds(
        "{}://{}".format,
        st.text(st.sampled_from("aB+1é"), max_size=4),
        st.text(st.sampled_from("/aB1:@&;#= é"), max_size=6),
    ),
)


class TestNameOf(base.TestCase):
    def test_table(self) -> None:
        for line, expected in NAMES_OF:
            self.assertEqual(expected, name_of(line), line)
            self.assertEqual(expected, name_of(f"{line}\r\n"), line)

    @given(st.one_of(PIECES, LINES, st.text(string.printable + "é\xa0")))
    def test_what_the_parser_reads_is_read_alike(self, line: str) -> None:
        try:
            found = parse_line(line.rstrip(), permit_urls=True)
        except BadLine:
            name_of(line)
        else:
            self.assertEqual(canonical_name(found.package), name_of(line))


class TestEdit(base.TestCase):
    def test_table(self) -> None:
        for what, name, replacement, changes in EDITS:
            for end in ("\n", "\r\n"):
                for bom in ("", "\ufeff"):
                    lines: dict[int, str | None] = dict(
                        enumerate(split_lines(FILE), 1)
                    )
                    lines.update(changes)
                    expected = "".join(each or "" for each in lines.values())
                    self.assertEqual(
                        bom + expected.replace("\n", end),
                        edit(bom + FILE.replace("\n", end), name, replacement),
                        what,
                    )

    def test_an_empty_file(self) -> None:
        self.assertEqual("a===1\n", edit("", "a", "a===1"))
        self.assertEqual("\ufeffa===1\n", edit("\ufeff", "a", "a===1"))
        self.assertEqual("", edit("", "a"))

    def test_the_last_line_goes_and_the_one_before_keeps_its_end(self) -> None:
        self.assertEqual("a===1\n", edit("a===1\nb===1", "b"))

    def test_continued_lines(self) -> None:
        content = "a===1 \\\n  --hash=x\nb===1\n# c \\\nc===1\n"
        self.assertEqual(content.replace("b===1\n", ""), edit(content, "b"))
        self.assertEqual(content.replace("c===1\n", ""), edit(content, "c"))
        error = self.assertRaises(BadLine, edit, content, "a", "", "x.txt")
        self.assertTrue(str(error).startswith("x.txt:1: "), error)
        # "b===1" belongs to the first line here, and to nobody.
        content = "a===1 \\\nb===1\n"
        self.assertEqual(content, edit(content, "b"))
        # What is added must not become a part of what was there.
        error = self.assertRaises(
            BadLine, edit, "b===1\na===1 \\", "c", "c===1", "x.txt"
        )
        self.assertTrue(str(error).startswith("x.txt:2: "), error)

    def test_names_that_are_none(self) -> None:
        for name in ("", "a===1", "a[b]", "-e", "é", " a", "a.", "a\n"):
            self.assertRaises(UnusableInput, edit, "a===1\n", name)

    @given(contents(), replacements())
    def test_twice_is_once(self, content: str, one: tuple[str, str]) -> None:
        once = edit(content, *one)
        self.assertEqual(once, edit(once, *one))

    @given(contents(), st.sampled_from(NAMES), LINES)
    def test_twice_is_once_whatever_the_replacement_says(
        self, content: str, name: str, replacement: str
    ) -> None:
        try:
            once = edit(content, name, replacement)
        except UnusableInput:
            assume(False)
        self.assertEqual(once, edit(once, name, replacement))

    @given(contents(), replacements(), replacements())
    def test_edits_of_other_names_commute(
        self, content: str, one: tuple[str, str], two: tuple[str, str]
    ) -> None:
        names = {canonical_name(one[0]), canonical_name(two[0])}
        assume(len(names) == 2)
        first = edit(edit(content, *one), *two)
        second = edit(edit(content, *two), *one)
        there = set(map(name_of, split_lines(content)))
        if names <= there:
            self.assertEqual(first, second)
        # New names stand at the end in the order of the edits.
        lines, others = (
            sorted(line.strip() for line in split_lines(text))
            for text in (first, second)
        )
        self.assertEqual(lines, others)

    @given(contents(), replacements())
    def test_other_lines_stay_byte_for_byte(
        self, content: str, one: tuple[str, str]
    ) -> None:
        name = canonical_name(one[0])
        after = edit(content, *one)
        before, left = (
            [line for line in split_lines(text) if name_of(line) != name]
            for text in (content, after)
        )
        self.assertEqual(content[:1] == "\ufeff", after[:1] == "\ufeff")
        if before and not before[-1].endswith("\n") and left != before:
            # What was added had to start a line of its own.
            before[-1] += "\r\n" if left[-1].endswith("\r\n") else "\n"
        self.assertEqual(before, left)

    @given(
        contents(
            st.builds(
                lambda body, name: body.format(name),
                st.sampled_from(BODIES),
                st.sampled_from(NAMES),
            )
        ),
        replacements(),
    )
    def test_what_is_written_is_read_again(
        self, content: str, one: tuple[str, str]
    ) -> None:
        name, replacement = one
        found = parse(edit(content, name, replacement), permit_urls=True)
        expected = parse(content, permit_urls=True)
        expected.pop(canonical_name(name), None)
        written = found.pop(canonical_name(name), [])
        self.assertEqual(
            [parse_line(replacement, permit_urls=True)] if replacement else [],
            [each for each, _ in written],
        )
        self.assertEqual(
            {key: [each for each, _ in pairs] for key, pairs in found.items()},
            {
                key: [each for each, _ in pairs]
                for key, pairs in expected.items()
            },
        )


class TestReplacements(base.TestCase):
    def test_good(self) -> None:
        for line in GOOD_LINES:
            require_constraint(line)
            self.assertEqual(f"{line}\n", edit("", "foo", line))

    def test_bad(self) -> None:
        for line, reason in BAD_LINES:
            error = self.assertRaises(
                UnusableInput, edit, "a===1\n", "foo", line
            )
            self.assertIn(reason, str(error))
            self.assertTrue(str(error).isprintable(), line)

    @given(st.one_of(PIECES, LINES, st.text()))
    def test_what_passes_every_tool_can_read(self, line: str) -> None:
        try:
            require_constraint(line)
        except RequirementsError:
            assume(False)
        content = edit("a===1\n", "foo", line)
        self.assertLessEqual(len(read_entries(content, permit_urls=True)), 2)

    @given(PLAIN)
    def test_what_looks_plain_is_what_the_parser_reads(
        self, line: str
    ) -> None:
        if editing._is_plain(line):
            found = parse_line(line, permit_urls=True)
            self.assertEqual(name_of(line), canonical_name(found.package))

    def test_the_most_common_forms_look_plain(self) -> None:
        for line in (
            "foo===1.0",
            "foo @ file:///opt/stack/foo",
            "-e file:///opt/stack/foo#egg=foo",
            "git+https://x/y@z#egg=foo",
        ):
            self.assertTrue(editing._is_plain(line), line)


class TestPin(base.TestCase):
    def test_table(self) -> None:
        for name, version, python, changes in PINS:
            if isinstance(changes, str):
                error = self.assertRaises(
                    RequirementsError,
                    pin,
                    PINNED,
                    name,
                    version,
                    python=python,
                    source="x.txt",
                )
                self.assertIn(changes, str(error), name)
                self.assertTrue(str(error).startswith("x.txt:"))
                continue
            for end in ("\n", "\r\n"):
                lines = dict(enumerate(PINNED.split("\n"), 1))
                lines.update(changes)
                self.assertEqual(
                    end.join(lines.values()),
                    pin(
                        PINNED.replace("\n", end), name, version, python=python
                    ),
                    name,
                )

    def test_no_line_for_a_python(self) -> None:
        error = self.assertRaises(
            UnusableInput,
            pin,
            "a===1;python_version<'3'\n",
            "a",
            "2",
            python="3.12",
            source="x.txt",
        )
        self.assertEqual(
            "x.txt: has no line for a that applies to Python 3.12", str(error)
        )

    def test_some_micro_version_will_do(self) -> None:
        line = "a===1;python_full_version>='3.12.4'"
        self.assertEqual(
            line.replace("1;", "2;"), pin(line, "a", "2", python="3.12")
        )

    def test_a_line_that_is_made_to_take_forever(self) -> None:
        for middle in (" " * 8000, "[" * 8000, "=" * 8000):
            self.assertRaises(BadLine, pin, f"a{middle}>1", "a", "2")

    def test_the_start_and_the_end_of_a_file(self) -> None:
        self.assertEqual("\ufeffa==2", pin("\ufeffa==1", "a", "2"))

    def test_what_the_global_list_admits(self) -> None:
        entries = read_entries(LISTED)
        for line, version, prereleases, refusing in ADMITTED:
            name = name_of(line)

            def bump() -> str:
                return pin(
                    f"{line}\n",  # noqa: B023
                    name,  # noqa: B023
                    version,  # noqa: B023
                    entries=entries,
                    listed_in="g.txt",
                    prereleases=prereleases,  # noqa: B023
                )

            if not refusing:
                self.assertIn(f"==={version}", bump())
                continue
            error = self.assertRaises(BadContent, bump)
            self.assertEqual(
                [("g.txt", number) for number in refusing],
                [(each.source, each.number) for each in error.errors],
                f"{line} {version}",
            )

    def test_one_line_that_is_refused_changes_none(self) -> None:
        content = "foo===1;python_version<'3'\nfoo===2;python_version>='3'\n"
        self.assertRaises(
            BadContent,
            pin,
            content,
            "foo",
            "3",
            requires_python=">=2.7",
            entries=read_entries(LISTED),
        )

    @given(
        st.lists(
            st.sampled_from(
                [
                    "{}===1.0",
                    "{} == 1.0 # ==1.0",
                    " {}[x]===1.0;python_version<'3'",
                ]
            ),
            min_size=1,
        ),
        st.sampled_from(["2", "1.0.post1", "1!2.0rc1+local.3"]),
    )
    def test_only_the_version_changes(
        self, bodies: list[str], version: str
    ) -> None:
        content = "b===1.0\n".join(f"{each}\n".format("a") for each in bodies)
        after = pin(content, "A", version, requires_python=">=2")
        self.assertEqual(
            content,
            after.replace(f"={version}", "=1.0").replace(
                f"= {version}", "= 1.0"
            ),
        )
        for found, _ in parse(after)[canonical_name("a")]:
            self.assertEqual(version, found.specifiers.lstrip("="))
        self.assertEqual(without_bom(after), after)
