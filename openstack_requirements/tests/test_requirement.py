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
"""Lines and requirements."""

from __future__ import annotations

import sys
import unittest
from typing import TYPE_CHECKING
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed

from openstack_requirements.cmds import normalize_requirements
from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.pep508 import (
    limits,
    marker_syntax,
    parser,
)
from openstack_requirements.pep508.entries import (
    HEADING,
    Requirements,
    names_in,
    normalize,
    parse,
    read_entries,
    to_content,
    to_reqs,
)
from openstack_requirements.pep508.markers import ALWAYS, BadMarker, Comparison
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import (
    Requirement,
    canonical_name,
)
from openstack_requirements.pep508.version_sets import EVERYTHING
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Callable

# line, package, specifiers, markers, comment
GOOD = [
    ("foo", "foo", "", "", ""),
    ("  foo >= 1.0 , < 2 ", "foo", "<2,>=1.0", "", ""),
    ("foo>=1.0#c", "foo", ">=1.0", "", "#c"),
    ("foo # a # b", "foo", "", "", "# a # b"),
    ("foo;python_version<'3' # c", "foo", "", "python_version<'3'", "# c"),
    ("foo:python_version<'3'", "foo", "", "python_version<'3'", ""),
    # The ":" belongs to the marker, which a ";" starts.
    ("foo;platform_version=='a:b'", "foo", "", "platform_version=='a:b'", ""),
    ("foo:platform_version=='a;b'", "foo", "", "platform_version=='a;b'", ""),
    # A "#" in a marker's string starts no comment.
    (
        "foo;platform_version=='#1' # c",
        "foo",
        "",
        "platform_version=='#1'",
        "# c",
    ),
    ("foo>=1.0;", "foo", ">=1.0", "", ""),
    ("foo(>=1.0)", "foo", ">=1.0", "", ""),
    ("foo(>=1.0):os_name=='x'", "foo", ">=1.0", "os_name=='x'", ""),
    (
        "foo(>=1.0):platform_version=='a:b'",
        "foo",
        ">=1.0",
        "platform_version=='a:b'",
        "",
    ),
    ("foo!=1.0,!=1.0.0", "foo", "!=1.0", "", ""),
    ("foo===2018-abc", "foo", "===2018-abc", "", ""),
    ("foo>=10.0,>=9.0", "foo", ">=10.0,>=9.0", "", ""),
    ("foo>=v1.0", "foo", ">=v1.0", "", ""),
    ("", "", "", "", ""),
    ("   ", "", "", "", ""),
    ("  # c", "", "", "", "# c"),
]
# line, column, a word of the reason
BAD = [
    ("foo bar", 5, "not a requirement"),
    ("foo>=", 4, "not a requirement"),
    ("foo===", 1, "without a version"),
    ("foo>=latest", 4, "not a requirement"),
    ("foo;bogus", 5, "marker"),
    ("foo>=1.0 ; python_version", 26, "marker"),
    ("foo;python_version=='3' nd os_name=='x'", 25, "marker"),
    ("  -r other.txt", 3, "options"),
    ("--hash=sha256:abc", 1, "options"),
    ("foo @ https://example.org/x", 5, "URL"),
    ("https://example.org/x", 6, "URL"),
    ("./foo", 1, "path"),
    (";python_version=='3'", 1, "without a package"),
    ("foo>=1.0 \\", 4, "continuations"),
    ("foo==1.0 --hash=sha256:abc", 4, "hashes"),
    (" foo_ ", 5, "a name ends"),
    ("foo>=1,===1/2", 11, "a character that no version has"),
    ("foo;\\x", 5, "a backslash"),
    ("foo; \\x=='a'", 6, "a backslash"),
    ("foo;os_name=='\\'", 15, "a backslash"),
]
# line, package, location, extras
URLS = [
    ("git+https://x/y@z#egg=foo", "foo", "git+https://x/y@z", []),
    ("-e file:///x#egg=foo", "foo", "-e file:///x", []),
    ("https://x/y#egg=foo[b,a]", "foo", "https://x/y", ["a", "b"]),
    (
        "https://x/y#egg=foo&subdirectory=d",
        "foo",
        "https://x/y#subdirectory=d",
        [],
    ),
    (
        "https://x/y#subdirectory=d&egg=foo",
        "foo",
        "https://x/y#subdirectory=d",
        [],
    ),
    ("foo @ https://x/y#sha256=ab", "foo", "@ https://x/y#sha256=ab", []),
    ("foo[a] @ file:///x ;os_name=='nt'", "foo", "@ file:///x", ["a"]),
]
# line, column, a word of the reason
BAD_URLS = [
    ("https://x/y", 12, "name its package"),
    ("https://x/y#egg=a&egg=b", 12, "name its package once"),
    ("https://x/y#egg=foo==1.0", 13, "must be a name"),
    ("https://x/y#a=b&egg=foo==1.0", 17, "must be a name"),
    ("https://x/y#egg=foo bar", 21, "may follow"),
    ("https://x/y#egg=foo  bar baz # c", 22, "may follow"),
    ("https://x/y#egg=foo;bogus", 21, "marker"),
    ("https://x/y#egg=foo ; bogus # c", 23, "marker"),
    ("-e .", 1, "options"),
    ("foo @ #x", 7, "URL"),
]
# Order in a file says nothing about versions: that is what is put right.
NORMAL = [
    ("foo <2, >=1\n", "foo>=1,<2\n"),
    ("foo[b, a]\n", "foo[a,b]\n"),
    ("foo>=9,>=10\n", "foo>=9,>=10\n"),
    ("foo!=10.0,!=9.0,>=1\n", "foo>=1,!=9.0,!=10.0\n"),
    ("foo>=2,>1\n", "foo>1,>=2\n"),
    ("foo>2,>=1\n", "foo>=1,>2\n"),
    ("foo<=2,<1\n", "foo<1,<=2\n"),
    ("foo<2,<=1\n", "foo<=1,<2\n"),
    ("foo===4,~=3.0,==2,!=1\n", "foo!=1,==2,~=3.0,===4\n"),
    ("foo!=4,==3,~=2.0,===1\n", "foo===1,~=2.0,==3,!=4\n"),
    ("foo<0,===1,>=2\n", "foo>=2,===1,<0\n"),
    ("foo<0,!=1,>2\n", "foo>2,!=1,<0\n"),
    ("foo<=0,==1,>2\n", "foo>2,==1,<=0\n"),
    ("foo!=4.0.5,!=4.0.5rc1\n", "foo!=4.0.5rc1,!=4.0.5\n"),
    ("foo!=1.*,<2,!=1.2.*\n", "foo!=1.*,!=1.2.*,<2\n"),
    ("foo!=1.0.0,!=1.0rc1,!=1.0rc1\n", "foo!=1.0rc1,!=1.0.0\n"),
    ("foo!=1.0,!=1.00\n", "foo!=1.0\n"),
    ("foo===zz,===1.0\n", "foo===1.0,===zz\n"),
    ("foo   ;  os_name == 'nt'# c\n", "foo;os_name == 'nt'  # c\n"),
    ("   \n\t\n", "\n\n"),
    ("  # c\n", "# c\n"),
    ("-e .\n-f x\n", "-e .\n-f x\n"),
    ("\ufefffoo\n", "foo\n"),
    ("foo", "foo\n"),
    ("foo >=1\r\nbar", "foo>=1\r\nbar\r\n"),
    ("foo >=1\r\nbar\n", "foo>=1\r\nbar\n"),
]

#: A limit of 2; a list that is as long as it may be, and one that is too long.
TALLY = [
    ("MOST_LINES", "a\n\n", "a\n\nb\n"),
    ("MOST_REQUIREMENTS", "a\n# c\nb\n", "a\nb\nc\n"),
    ("MOST_REQUIREMENTS", "a\n-e .\n", "a\n-e .\n-e x\n"),
    ("MOST_SPECIFIERS_IN_FILE", "a>1,<2\nb\n", "a>1,<2\nb\nc<3\n"),
    ("MOST_EXTRAS_IN_FILE", "a[x,y]\nb\n", "a[x,y]\nb\nc[x]\n"),
    (
        "MOST_MARKERS",
        "a;os_name=='x'\nb;os_name=='y'\nc;os_name=='x'\n",
        "a;os_name=='x'\nb;os_name=='y'\nc;os_name=='z'\n",
    ),
    ("MOST_OF_ONE_PACKAGE", "F.o\nf_o\nb\n", "a\nF.o\nf_o\nb\nf--O\n"),
]

names = st.from_regex(
    r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True
)
versions = st.from_regex(
    r"[0-9]{1,3}(\.[0-9]{1,2}){0,3}((a|b|rc)[0-9]|\.dev[0-9]|\.post1)?",
    fullmatch=True,
)
clauses = st.one_of(
    st.tuples(
        st.sampled_from([">=", "<=", "==", "!=", "<", ">"]), versions
    ).map("".join),
    st.builds("~={}.{}".format, st.integers(0, 9), st.integers(0, 9)),
    st.builds("!={}.*".format, st.integers(0, 9)),
    st.builds("==={}".format, versions),
)
blanks = st.sampled_from(["", " ", "  ", "\t"])
markers = st.sampled_from(
    ["python_version<'3.9'", 'sys_platform == "win32" and os_name!="x"']
)
# Most are markers, and some nearly.
joined = st.lists(
    st.sampled_from(
        [
            "python_version<'3.9'",
            "sys_platform == 'win32'",
            'os_name!="x"',
            "extra === 'x'",
            "platform_machine=='a'b'",
            "(os_name=='x')",
            "and",
            "or",
            " and ",
            " or ",
        ]
    ),
    max_size=6,
).map("".join)
comments = st.from_regex(r"#[ -~é]{0,10}", fullmatch=True).map(str.rstrip)


@st.composite
def lines(draw: st.DrawFn) -> str:
    def blank() -> str:
        return draw(blanks)

    text = blank() + draw(names) + blank()
    extras = draw(st.lists(names, max_size=2))
    if extras:
        text += f"[{(blank() + ',' + blank()).join(extras)}]{blank()}"
    text += (blank() + "," + blank()).join(draw(st.lists(clauses, max_size=4)))
    text += blank()
    if draw(st.booleans()):
        text += f";{blank()}{draw(markers)}{blank()}"
    if draw(st.booleans()):
        text += draw(comments)
    return text


class TestMistypedOperators(base.TestCase):
    def test_what_is_meant(self) -> None:
        for text, operator, column, meant in (
            ("requests=>1", "=>", 9, ">="),
            ("requests =< 1", "=<", 10, "<="),
            ("requests[a]>=1,=!2  # c", "=!", 16, "!="),
            ("requests=1", "=", 9, "=="),
            ("requests~>1.0; python_version=='3.12'", "~>", 9, "~="),
            ("requests<>1", "<>", 9, "!="),
            ("requests^1", "^", 9, "~="),
            ("requests (=>1)", "=>", 11, ">="),
        ):
            error = self.assertRaises(BadLine, parse_line, text)
            self.assertEqual(
                f"not a requirement ({operator} is no operator; did you mean "
                f"{meant}?)",
                error.reason,
            )
            self.assertEqual(column, error.column, text)

    def test_what_nobody_knows(self) -> None:
        error = self.assertRaises(BadLine, parse_line, "requests>=>1")
        self.assertEqual(
            "not a requirement (>=> is no operator)", error.reason
        )

    def test_an_operator_that_is_right(self) -> None:
        error = self.assertRaises(BadLine, parse_line, "requests>=one")
        self.assertNotIn("operator;", error.reason)


class TestParseLine(base.TestCase):
    def test_good(self) -> None:
        for line, *fields in GOOD:
            found = parse_line(line)
            self.assertEqual(
                fields,
                [
                    found.package,
                    found.specifiers,
                    found.markers,
                    found.comment,
                ],
                line,
            )

    def test_bad(self) -> None:
        for line, column, word in BAD:
            error = self.assertRaises(BadLine, parse_line, line)
            self.assertEqual(column, error.column, line)
            self.assertIn(word, error.reason, line)
            self.assertIsInstance(error, ValueError)

    def test_urls(self) -> None:
        for line, package, location, extras in URLS:
            found = parse_line(line, permit_urls=True)
            self.assertEqual(
                (package, location, extras),
                (found.package, found.location, sorted(found.extras)),
                line,
            )
            again = parse_line(found.to_line().rstrip(), permit_urls=True)
            self.assertEqual(found, again, line)
            self.assertRaises(BadLine, parse_line, line)

    def test_a_blank_ends_a_url(self) -> None:
        """Without it a marker would be the rest of the URL (PEP 508)."""
        for separator in (";", ":"):
            line = parse_line(
                "foo @ https://example.org/x ; os_name == 'nt'",
                permit_urls=True,
            ).to_line(marker_sep=separator)
            self.assertEqual(
                "foo @ https://example.org/x ;os_name == 'nt'\n", line
            )
            text = "-e git+https://example.org/x#egg=foo;os_name=='nt'"
            line = parse_line(text, permit_urls=True).to_line(separator)
            self.assertEqual(f"{text}\n", line)

    def test_bad_urls(self) -> None:
        for line, column, word in BAD_URLS:
            error = self.assertRaises(BadLine, parse_line, line, True)
            self.assertEqual(column, error.column, line)
            self.assertIn(word, error.reason, line)

    def test_direct_references(self) -> None:
        for text, expected in (
            ("foo @ https://host/x", True),
            ("foo[a] @ file:///x", True),
            ("foo@x", True),
            ("foo>=1", False),
            ("https://host/x@y", False),
            ("", False),
        ):
            self.assertIs(expected, parser.is_direct(text), text)

    def test_no_extras_is_an_empty_set(self) -> None:
        self.assertEqual(frozenset(), Requirement("a", "", "", "", "").extras)
        self.assertIsInstance(
            Requirement("a", "", "", "", "", ["x"]).extras, frozenset
        )

    @unittest.skipUnless(
        base.JUDGING_PACKAGING, "this packaging has other answers"
    )
    @given(lines())
    def test_the_quick_way_agrees_with_packaging(self, line: str) -> None:
        text = line.split("#", maxsplit=1)[0].split(";", maxsplit=1)[0]
        try:
            expected = Parsed(text.strip())
        except InvalidRequirement:
            self.assertRaises(BadLine, parse_line, line)
            return
        found = parse_line(line)
        self.assertEqual(expected.name, found.package)
        self.assertEqual(expected.extras, set(found.extras))
        self.assertEqual(str(expected.specifier), found.specifiers)

    @given(joined)
    def test_the_quick_way_agrees_on_markers(self, marker: str) -> None:
        try:
            Marker(marker)
        except InvalidMarker:
            valid = not marker
        else:
            valid = True
        self.assertIs(valid, marker_syntax.marker_problem(marker) is None)

    @given(lines())
    def test_what_is_written_is_read_again(self, line: str) -> None:
        try:
            found = parse_line(line)
        except BadLine:
            return
        for form in (
            found.to_line(),
            found.to_line(comment_prefix="  ", sort_specifiers=True),
            found.to_line(marker_sep=":", line_prefix="    "),
        ):
            self.assertEqual(found, parse_line(form.removesuffix("\n")), form)


#: All that Python takes for a blank (str.isspace), but for what ends a line.
BLANKS = [
    character
    for character in map(chr, range(sys.maxunicode + 1))
    if character.isspace() and character not in "\r\n"
]
#: The places of a line where a blank may stand, or may not.
BLANK_PLACES = [
    "{}foo",
    "foo{}",
    "foo{}>=1",
    "foo>={}1",
    "foo>=1{}",
    "foo>=1{},<2",
    "foo>=1,{}<2",
    "foo=={}1.*",
    "foo==={}1",
    "foo===1{}",
    "foo({}>=1{})",
    "foo{}[a]",
    "foo[{}]",
    "foo[{}a]",
    "foo[a{}]",
    "foo[a{},b]",
    "foo[a,{}b]",
    "foo[a]{}>=1",
    "foo{};os_name=='a'",
    "foo;{}os_name=='a'",
    "foo;os_name=='a'{}",
    "foo>=1{};os_name=='a'",
    "foo>=1;{}os_name=='a'",
    "foo>=1;os_name{}=='a'",
    "foo>=1;os_name=={}'a'",
    "foo>=1;os_name=='a{}'",
    "foo>=1;os_name=='a'{}",
    "foo>=1;os_name{}in 'a'",
    "foo>=1;os_name=='a'{}or os_name=='b'",
    "foo>=1;os_name=='a' or{}os_name=='b'",
    "foo>=1;({}os_name=='a'{})",
    "foo{}@ https://x",
    "foo @{}https://x",
    "foo @ https://x{}",
    "foo @ https://x ;{}os_name=='a'",
    "foo @ https://x ; os_name=='a'{}",
]


def meaning_by_packaging(line: str) -> object:
    """What packaging reads in a line; None where it refuses the line."""
    try:
        parsed = Parsed(line)
    except InvalidRequirement:
        return None
    url = f"@ {parsed.url}" if parsed.url else ""
    marker = str(parsed.marker or "")
    return parsed.name, url, str(parsed.specifier), marker, parsed.extras


class TestBlanks(base.TestCase):
    """Each blank that Python knows is one to us where packaging says so."""

    def assert_read_as_packaging_does(self, line: str) -> None:
        expected = meaning_by_packaging(line)
        readings: list[Callable[[], Requirement | None]] = [
            lambda: parse_line(line, permit_urls=True),
            lambda: next(to_reqs(f"{line}\n", permit_urls=True))[0],
            lambda: next(to_reqs(f"{line}\r\n", permit_urls=True))[0],
        ]
        for read in readings:
            try:
                requirement = read()
            except BadLine:
                self.assertIsNone(expected, repr(line))
                continue
            assert requirement is not None
            package, location, specifiers, marker, _, extras = requirement
            marker = str(Marker(marker)) if marker else ""
            self.assertEqual(
                expected,
                (package, location, specifiers, marker, set(extras)),
                repr(line),
            )

    def test_each_blank_in_each_place(self) -> None:
        for place in BLANK_PLACES:
            for blank in BLANKS:
                self.assert_read_as_packaging_does(place.replace("{}", blank))

    @given(
        st.sampled_from(BLANK_PLACES),
        st.lists(st.sampled_from(BLANKS), max_size=3).map("".join),
    )
    def test_several_blanks(self, place: str, blanks: str) -> None:
        self.assert_read_as_packaging_does(place.replace("{}", blanks))

    def test_blank_lines_and_comments_end_in_any_blank(self) -> None:
        for blank in BLANKS:
            content = f"{blank}\nfoo # why{blank}\n"
            nothing, requirement = (entry for entry, _ in to_reqs(content))
            self.assertEqual(("", "", "", "", "", set()), nothing)
            assert requirement is not None
            self.assertEqual("# why", requirement.comment)


# line, its pin
PINS = [
    ("foo===1.0", "1.0"),
    ("foo == 1.0", "1.0"),
    ("foo[a]===2018-abc;os_name=='a'", "2018-abc"),
    ("foo===1.*", "1.*"),
    ("foo==1.*", None),
    ("foo==1.0,!=1.0.post1", None),
    ("foo>=1.0", None),
    ("foo~=1.0", None),
    ("foo", None),
    ("foo @ https://x/foo-1.0.tar.gz", None),
    ("# foo===1.0", None),
]
# line, its kind
KINDS = [
    ("foo>=1", "requirement"),
    ("foo", "requirement"),
    ("foo @ https://x", "url"),
    ("git+https://x#egg=foo", "url"),
    ("-e git+https://x#egg=foo", "editable"),
    ("  -e git+https://x#egg=foo", "editable"),
    ("-e ./foo", "editable"),
    ("./foo ; os_name=='a'", "path"),
    ("../foo # why", "path"),
    ("-f https://x", "option"),
    ("http://tarballs.openstack.org/foo", "url"),
    ("# foo", "blank"),
    (" ", "blank"),
]


class TestParsedValues(base.TestCase):
    """What the texts of a requirement mean."""

    def test_clauses(self) -> None:
        found = parse_line("foo >= 1.0 , != 1.5.*,<2").clauses
        self.assertEqual(
            (("!=", "1.5.*"), ("<", "2"), (">=", "1.0")), tuple(found)
        )
        self.assertEqual(["!=1.5.*", "<2", ">=1.0"], list(map(str, found)))
        self.assertEqual("!=", found[0].operator)
        self.assertEqual("1.5.*", found[0].version)
        self.assertEqual((), parse_line("foo").clauses)

    def test_pin(self) -> None:
        for line, version in PINS:
            found = parse_line(line, permit_urls=True)
            self.assertEqual(version, found.pin, line)

    def test_versions(self) -> None:
        found = parse_line("foo>=1.0,<2").versions
        self.assertTrue(found.admits("1.5"))
        self.assertFalse(found.admits("2"))
        self.assertEqual(EVERYTHING, parse_line("foo").versions)

    def test_marker(self) -> None:
        found = parse_line("foo;os_name=='a'").marker
        self.assertEqual(Comparison("os_name", "os_name == 'a'", "a"), found)
        self.assertEqual(ALWAYS, parse_line("foo").marker)
        meaningless = parse_line("foo;'a'=='b'")
        self.assertRaises(BadMarker, getattr, meaningless, "marker")

    def test_kinds(self) -> None:
        for line, kind in KINDS:
            for keep_editable in (True, False):
                (entry,) = read_entries(
                    line, permit_urls=True, keep_editable=keep_editable
                )
                self.assertEqual(kind, entry.kind, line)

    def test_equal_texts_share_what_they_mean(self) -> None:
        one = parse_line("foo>=1.0,<2;os_name=='a'")
        two = parse_line("bar>=1.0,<2;os_name=='a' # why")
        self.assertIs(one.clauses, two.clauses)
        self.assertIs(one.versions, two.versions)
        self.assertIs(one.marker, two.marker)

    def test_it_is_still_six_texts(self) -> None:
        found = parse_line("foo>=1.0")
        self.assertEqual(6, len(found))
        self.assertFalse(hasattr(found, "__dict__"))
        self.assertEqual(found, Requirement(*found))


class TestHostileLines(base.TestCase):
    """What is made to take forever or to run too deep is refused at once."""

    def test_table(self) -> None:
        for line in (
            "foo" + " " * 8000 + "!",
            "foo[a" + " " * 8000 + "!",
            "foo" + " " * 8000 + "@",
            "a" * 8000 + "!",
            "foo" + ":" * 8000,
            "foo>=1" + " ," * 4000,
            "foo;" + "(" * 4000 + "os_name=='x'" + ")" * 4000,
            "foo;" + "'" * 8001,
            "x" * 1_000_000,
        ):
            self.assertRaises(BadLine, parse_line, line)
            self.assertRaises(BadLine, parse_line, line, True)


class TestNames(base.TestCase):
    def test_canonical(self) -> None:
        for name in (
            "oslo.config",
            "oslo_config",
            "Oslo-Config",
            "oslo-._config",
        ):
            self.assertEqual("oslo-config", canonical_name(name))

    def test_only_the_name_of_a_line_counts(self) -> None:
        found = names_in(
            "# a\n\nPy_Lint  # why\nb>=1.0\n  c[x]\nd;os_name=='x'\n"
        )
        self.assertEqual({"pylint".replace("yl", "y-l"), "b", "c", "d"}, found)

    def test_a_line_without_a_name_is_an_error(self) -> None:
        error = self.assertRaises(
            BadContent, names_in, "a\n-e x\n!b\n", "deny"
        )
        self.assertEqual([2, 3], [each.number for each in error.errors])
        self.assertTrue(str(error).startswith("deny:2:1: "))


class TestFiles(base.TestCase):
    def test_parse_groups_by_canonical_name(self) -> None:
        found = parse("A_b>=1\n# c\na.b<2;os_name=='x'\n")
        self.assertEqual(["a-b", ""], list(found))
        self.assertEqual(
            ["A_b>=1\n", "a.b<2;os_name=='x'\n"],
            [line for _, line in found[canonical_name("a-b")]],
        )

    def test_lines_passed_through(self) -> None:
        content = "-e .\n-f x\nhttp://tarballs.openstack.org/x\na\n"
        self.assertEqual(
            [None, None, None], [found for found, _ in to_reqs(content)][:3]
        )
        self.assertRaises(BadLine, list, to_reqs(content, permit_urls=True))

    def test_all_bad_lines_are_reported_with_their_places(self) -> None:
        error = self.assertRaises(
            BadContent, read_entries, "a\nb c\nd\n e;f\n", "x.txt"
        )
        self.assertEqual(
            ["x.txt:2:3", "x.txt:4:4"],
            [str(each).split(": ")[0] for each in error.errors],
        )

    def test_a_form_feed_ends_no_line(self) -> None:
        error = self.assertRaises(
            BadContent, read_entries, "foo\x0cbar\n\x1b[31mx\n"
        )
        self.assertEqual([1, 2], [each.number for each in error.errors])
        # and what is printed does not drive the terminal
        self.assertTrue(str(error).replace("\n", "").isprintable())

    def test_heading_is_never_doubled(self) -> None:
        heading = [Requirement("", "", "", "", line) for line in HEADING]
        foo = Requirement("foo", "", "", "", "")
        expected = "".join(f"{line}\n" for line in HEADING) + "foo\n"
        self.assertEqual(expected, to_content([foo]))
        self.assertEqual(expected, to_content(Requirements([foo, *heading])))
        self.assertEqual(
            "  foo\n", to_content([foo], line_prefix="  ", prefix=False)
        )


class TestTally(base.TestCase):
    """What a file may hold, to the last one."""

    def test_table(self) -> None:
        for name, full, too_much in TALLY:
            with mock.patch.object(limits, name, 2):
                read_entries(full, "f.txt")
                errors = self.assertRaises(
                    BadContent, read_entries, too_much, "f.txt"
                ).errors
            error = errors[0]
            lines = too_much.splitlines()
            self.assertEqual(
                ("f.txt", len(lines), lines[-1]),
                (error.source, error.number, error.line),
                name,
            )
            self.assertIn("the file holds more than 2 ", error.reason)

    def test_the_text_of_markers(self) -> None:
        full = "a;os_name=='x'\nb;os_name=='y'\nc;os_name=='x'\n"
        with mock.patch.object(limits, "MOST_MARKER_TEXT", 24):
            read_entries(full)
        with mock.patch.object(limits, "MOST_MARKER_TEXT", 23):
            errors = self.assertRaises(BadContent, read_entries, full).errors
        error = errors[0]
        self.assertEqual(2, error.number)
        self.assertIn("more than 23 characters of markers", error.reason)


class TestNormalize(base.TestCase):
    def test_table(self) -> None:
        for content, expected in NORMAL:
            self.assertEqual(expected, normalize(content), content)

    @given(
        st.lists(
            st.one_of(lines(), st.sampled_from(["", "# c", "-e ."])),
            max_size=5,
        ),
        st.sampled_from(["\n", "\r\n"]),
        st.booleans(),
    )
    def test_twice_is_once(
        self, content: list[str], end: str, last: bool
    ) -> None:
        text = end.join(content) + (end if last else "")
        try:
            normal = normalize(text)
        except BadContent:
            return
        self.assertEqual(normal, normalize(normal))

    def test_command_prints(self) -> None:
        path = self.write("x.txt", "b >=1\r\na\r\n")
        done = self.run_main(normalize_requirements.main, path)
        self.assertEqual((0, "b>=1\r\na\r\n", ""), done)

    def test_command_saves(self) -> None:
        path = self.write("x.txt", "b >=1\n")
        done = self.run_main(normalize_requirements.main, "-s", path)
        written = f"{path}: written, in normal form\n"
        self.assertEqual((0, "", written), done)
        self.assertEqual(b"b>=1\n", (self.folder / "x.txt").read_bytes())

    def test_command_changes_nothing_when_something_is_wrong(self) -> None:
        path = self.write("x.txt", "b >=1\nc d\n")
        done = self.run_main(normalize_requirements.main, "-s", path)
        self.assertEqual((2, ""), done[:2])
        self.assertTrue(done.err.startswith(f"{path}:2:3: "), done.err)
        self.assertEqual(b"b >=1\nc d\n", (self.folder / "x.txt").read_bytes())

    def test_command_on_what_is_no_text(self) -> None:
        path = self.write("x.txt", b"a\n\xff\xfe\n")
        done = self.run_main(normalize_requirements.main, path)
        self.assertEqual(2, done.status)
        self.assertIn(f"{path}:2: is not UTF-8", done.err)
        done = self.run_main(normalize_requirements.main, str(self.folder))
        self.assertEqual(2, done.status)
        self.assertIn("cannot be read", done.err)
