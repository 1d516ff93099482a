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
"""What ``packaging`` answers must not depend on its version.

The tables have what its versions answer in different ways, with the answer of
the newest one. They hold at the lowest version that is supported, too. The
laws compare with the newest version, so that they hold the tables.
"""

from __future__ import annotations

import unittest

from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import InvalidMarker, Marker, UndefinedComparison
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed
from packaging.specifiers import SpecifierSet

from openstack_requirements.errors import BadLine
from openstack_requirements.pep508 import marker_syntax
from openstack_requirements.pep508.markers import (
    BadMarker,
    Comparison,
    evaluation,
    parse,
)
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.specifiers import admits, parse_set
from openstack_requirements.pep508.versions import parse_version
from openstack_requirements.tests import base

#: Specifiers and versions, and whether they admit them: with pre-releases,
#: and without.
ADMITTED = [
    # Before 26.0 text that is no version was an error.
    (">=1", "2018-abc", False, False),
    ("!=1", "abc", False, False),
    ("===abc", "ABC", True, True),
    ("===abc,>=1", "abc", False, False),
    ("===1.0", "1.0.0", False, False),
    ("===01.0", "1.0", False, False),
    ("===1.0a1", "1.0a1", True, True),
    # A pre-release in one clause admits those of all.
    (">=1.0a1,<3", "2.0b1", True, True),
    ("!=1.0a1,<3", "2.0b1", True, False),
    ("==1.*", "1.5rc1", True, False),
    # Local versions, and post-releases, are not always above.
    (">1.0", "1.0+x", False, False),
    (">1.0.post1", "1.0.post1+x", False, False),
    (">1.0a1", "1.0+x", True, True),
    (">1.0", "1.0.post1", False, False),
    (">1.0a1", "1.0a1.post1", False, False),
    (">1.0.dev1", "1.0.dev1.post1", False, False),
    ("<1.0.post1", "1.0.post1.dev1", False, False),
    ("<1.0", "1.0.dev1", False, False),
    ("<=1.0", "1.0+x", True, True),
]
#: Comparisons of markers, and whether they hold; None where that has no
#: meaning.
COMPARED: list[tuple[str, str, bool | None]] = [
    ("python_version >= '3'", "3.12.1-other", False),
    ("python_version == '3.*'", "3.12", True),
    ("python_version >= '3.12.0+local'", "3.12", False),
    ("python_full_version > '3.12'", "3.12.1+", True),
    ("python_full_version == '3.12.1'", "3.12.1+", True),
    ("platform_release >= '5'", "5-other", False),
    ("platform_release >= '5'", "6.1", True),
    ("platform_release >= 'a'", "b", False),
    ("platform_version >= '5'", "6.1", False),
    ("platform_version == '5'", "5.0", False),
    ("os_name >= 'a'", "a", True),
    ("os_name >= 'a'", "b", False),
    ("os_name < 'b'", "a", False),
    ("os_name ~= 'a'", "a", None),
    ("os_name === 'a'", "a", None),
    ("os_name == '1'", "1.0", False),
    ("'a' in os_name", "bar", True),
    ("'3.1' not in python_version", "3.12", False),
    ("python_version in '3.1, 3.12'", "3.12", True),
    ("'3.9' < python_version", "3.12", True),
    ("'a' <= os_name", "a", True),
    ("extra == 'A_b'", "a.B", True),
    ("'A_b' == extra", "a.B", True),
    ("extra == 'a' ", "b", False),
    ("'A_b' in extras", "x a.B", True),
    ("'a' not in extras", "b", True),
    ("'a' == extras", "a", False),
    ("'a' != dependency_groups", "a", True),
    ("extras == 'a'", "a", None),
    ("'a' ~= extras", "a", None),
]
#: Markers that are none, from which character on, and why.
REFUSED = [
    ("os_name == 'a\0'", 11, "invalid quoted string"),
    ("'a' in extras or os_name == 'a\nb'", 28, "invalid quoted string"),
    ("os_name == '\ud800'", 11, "invalid quoted string"),
    ("'a' in extras or", 16, "expected a marker variable"),
    ("'a' in dependency_groups or x", 28, "expected a marker variable"),
    ("os_name == 'a' or 'b' in os_name\n", 32, "a line end"),
]
#: Lines, and their specifiers; None where there are none that can be read.
SPECIFIERS: list[tuple[str, str | None]] = [
    ("foo!=1.0.0,!=1.0", "!=1.0"),
    ("foo!=1.0,!=1.0.0", "!=1.0"),
    ("foo~=1.0.0,~=1.0", "~=1.0,~=1.0.0"),
    ("foo==1.*,==1.0.*", "==1.*,==1.0.*"),
    ("foo===1.0,===1.0.0", "===1.0,===1.0.0"),
    ("foo[a] ( >= 1 , < 2 )", "<2,>=1"),
    ("foo[a]>=v1,>=1", ">=1"),
    ("foo>=1,", ">=1"),
    ("foo===1,2", None),
    ("foo==1.0po\u017ft1", None),
    ("foo==1.0+\u212a", None),
    ("foo>=1\n", None),
    ("foo>=1,===\u212a", "===\u212a,>=1"),
    ("foo @ https://host/x\n", None),
]
#: Lines that are none, from which character on, and why.
REFUSED_LINES = [
    (
        "requests 2.14.2",
        9,
        "expected semicolon (after name with no version specifier) or end",
    ),
    ("foo==1.0a1.*", 3, ".* suffix cannot be used with pre-release"),
    ("foo!=1+x.*", 3, ".* suffix cannot be used with pre-release"),
    ("foo>=1.*", 3, ".* suffix can only be used with `==` or `!=`"),
    (
        "foo>=1 <2",
        3,
        "expected comma (within version specifier), semicolon (after version "
        "specifier) or end",
    ),
    (
        "foo @ x y",
        6,
        "expected semicolon (after URL and whitespace) or end",
    ),
]


def comparison(text: str) -> Comparison:
    tree = parse(text)
    assert isinstance(tree, Comparison)
    return tree


def held(text: str, value: str) -> bool | None:
    try:
        return evaluation.compare_fully(comparison(text), value)
    except BadMarker:
        return None


def held_by_packaging(text: str, value: str) -> bool | None:
    variable = comparison(text).variable
    environment: dict[str, str | frozenset[str]] = {variable: value}
    if variable in {"extras", "dependency_groups"}:
        environment = {variable: frozenset(value.split())}
    try:
        return Marker(text).evaluate(environment)
    except UndefinedComparison:
        return None


class TestTables(base.TestCase):
    def test_admitted(self) -> None:
        for text, version, *expected in ADMITTED:
            answers = [
                admits(text, version, prereleases=prereleases)
                for prereleases in (True, False)
            ]
            self.assertEqual(expected, answers, f"{text} {version}")

    def test_markers(self) -> None:
        for text, value, expected in COMPARED:
            self.assertIs(expected, held(text, value), f"{text} {value}")

    def test_refused_markers(self) -> None:
        for text, place, word in REFUSED:
            problem = marker_syntax.marker_problem(text)
            assert problem is not None
            self.assertIn(word, problem[0], text)
            self.assertEqual(place, problem[1], text)

    def test_lines(self) -> None:
        for line, expected in SPECIFIERS:
            if expected is None:
                self.assertRaises(BadLine, parse_line, line, True)
            else:
                self.assertEqual(expected, parse_line(line).specifiers)

    def test_refused_lines(self) -> None:
        for line, place, words in REFUSED_LINES:
            error = self.assertRaises(BadLine, parse_line, line)
            self.assertIn(words, error.reason)
            self.assertEqual(place + 1, error.column, line)

    def test_versions(self) -> None:
        for text in ("1.0po\u017ft1", "1+\u212a", "1\u0663"):
            self.assertIsNone(parse_version(text))
            self.assertRaises(ValueError, parse_set, f"=={text}")
        self.assertIsNotNone(parse_version("\u20031.0\n"))
        self.assertEqual(1, len(parse_set("===\u212a")))


releases = st.sampled_from(
    ["0", "1", "1.0", "1.0.0", "1.1", "2", "v1", "3.9", "3.12.1", "1!1"]
)
suffixes = st.sampled_from(
    ["", "", "a1", ".post1", ".dev1", "rc1.dev2", "+x", ".post1+x", "-1", ".*"]
)
versions = st.one_of(
    st.builds("".join, st.tuples(releases, suffixes)),
    st.sampled_from(["", "abc", "2018-abc", "5-other", "A_b", "a.B", "=1"]),
)
operators = st.sampled_from(
    [">=", "<=", ">", "<", "==", "!=", "~=", "===", "in", "not in"]
)
clauses = st.builds(
    "".join,
    st.tuples(operators.filter(lambda text: "i" not in text), versions),
)
variables = st.sampled_from(
    [
        *(*evaluation.VARIABLES, "extra", "extras", "dependency_groups"),
        *("platform_release", "python_version", "python_full_version"),
    ]
)


@unittest.skipUnless(
    base.JUDGING_PACKAGING, "this packaging has other answers"
)
class TestNewest(base.TestCase):
    """The newest packaging says the same."""

    def test_tables(self) -> None:
        for text, version, *expected in ADMITTED:
            specifiers = SpecifierSet(text)
            self.assertEqual(
                expected,
                [
                    specifiers.contains(
                        version,
                        prereleases=each or bool(specifiers.prereleases),
                    )
                    for each in (True, False)
                ],
                f"{text} {version}",
            )
        for text, value, answer in COMPARED:
            self.assertIs(answer, held_by_packaging(text, value), text)
        for text, place, word in REFUSED:
            error = self.assertRaises(InvalidMarker, Marker, text)
            if word != "a line end":
                problem = marker_syntax.refusal(error)
                self.assertIn(word, problem[0])
                self.assertEqual(place, problem[1])

    @given(st.lists(clauses, max_size=3), versions, st.booleans())
    def test_specifiers(
        self, chosen: list[str], version: str, prereleases: bool
    ) -> None:
        text = ",".join(chosen)
        try:
            specifiers = SpecifierSet(text)
        except ValueError:
            self.assertRaises(ValueError, parse_set, text)
            return
        self.assertEqual(
            specifiers.contains(
                version,
                prereleases=prereleases or bool(specifiers.prereleases),
            ),
            admits(text, version, prereleases=prereleases),
            f"{text} {version}",
        )

    @given(variables, operators, versions, versions, st.booleans())
    def test_comparisons(
        self,
        variable: str,
        operator: str,
        literal: str,
        value: str,
        on_left: bool,
    ) -> None:
        text = f"{variable} {operator} '{literal}'"
        if not on_left:
            text = f"'{literal}' {operator} {variable}"
        self.assertIs(held_by_packaging(text, value), held(text, value), text)

    @given(st.lists(clauses, max_size=4), st.booleans())
    def test_lines(self, chosen: list[str], parentheses: bool) -> None:
        text = " , ".join(chosen)
        line = f"foo ({text})" if parentheses else f"foo[a,b] {text}"
        try:
            expected = Parsed(line)
        except InvalidRequirement:
            self.assertRaises(BadLine, parse_line, line)
            return
        if any(clause.version == "" for clause in expected.specifier):
            return  # refused here alone
        self.assertEqual(str(expected.specifier), parse_line(line).specifiers)
