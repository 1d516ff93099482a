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
"""What requirements files, setup.cfg and pyproject.toml declare."""

from __future__ import annotations

import configparser
import contextlib
import time

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.errors import BadLine, UnusableInput
from openstack_requirements.manifests import declarations, toml
from openstack_requirements.tests import base

# Lines of a requirements file: whether each is an entry, and its problem.
LINES = (
    ("foo>=1.0 # MIT", "foo", None),
    ("  foo", "foo", None),
    ("foo ; python_version<'3'", "foo", None),
    ("# comment", None, None),
    ("   ", None, None),
    ("-r other.txt", "", "options are not allowed"),
    ("-c other.txt", "", "options are not allowed"),
    ("-e git+https://x/y#egg=foo", "", "options are not allowed"),
    ("--hash=sha256:00", "", "options are not allowed"),
    ("foo==1 --hash=sha256:00", "", "hashes are not supported"),
    ("foo @ https://x/y.zip", "", "URLs are not allowed"),
    ("https://x/y.zip", "", "a URL or a path?"),
    ("./foo", "", "a URL or a path?"),
    ("foo \\", "", "continuations are not supported"),
    ("foo # comment \\", "", "continuations are not supported"),
    ("foo; bogus", "", "invalid marker"),
    ("foo>=latest", "", "not a requirement"),
    ("\x00", "", "not a requirement"),
    ("# comment\x0cbar", "", "other tools end a line"),
    ("foo # comment\u2028bar", "", "other tools end a line"),
    ("# comment\rbar", "", "other tools end a line"),
)

SETUP_CFG = """\
# comment
[metadata]
name = x
[extras]
a =
\tfoo>=1 # 100%
  # inside
  ; inside, too

  bar:python_version<'3'
B-c: baz
[options]
Install-Requires = one; two
setup_requires =
    three; python_version<'3'
tests_require = no
[options.extras_require]
d = four ; five
"""
DECLARED_IN_SETUP_CFG = [
    (6, 2, "extra", "a", "foo>=1 # 100%"),
    (10, 3, "extra", "a", "bar:python_version<'3'"),
    (11, 6, "extra", "B-c", "baz"),
    (13, 20, "install_requires", "", "one"),
    (13, 25, "install_requires", "", "two"),
    (15, 5, "setup_requires", "", "three; python_version<'3'"),
    (18, 5, "extra", "d", "four"),
    (18, 12, "extra", "d", "five"),
]
BAD_SETUP_CFG = (
    ("name = x\n", 1, "belongs to no section"),
    ("[a]\n[b]\n[a]\n", 3, "section is there twice"),
    ("[a]\nb = 1\nB = 1\n", 3, "option is there twice"),
    ("[a]\nb\n", 2, "neither a section nor an option"),
    ("[a]\n= b\n", 2, "neither a section nor an option"),
    ("[a]\nb" + " " * 300_000 + "b", 2, "neither a section nor an option"),
    ("[a]\n# x\r[extras]\n", 2, "carriage return"),
)
SOME_LINES = (
    *("[extras]", "[DEFAULT]", "[x]", "[extras] x", " [x]"),
    *("a =", "A: foo", "b=foo ; bar", "c", "= x", " d = e", "%(a)s"),
    *(" foo", "\tfoo", "  bar # x", "\x0cfoo", "\xa0foo"),
    *("# c", " ; c", "", "   "),
)

PYPROJECT = """\
dependency-groups.dev = [ "one", # "no"
  { include-group = "Docs" }, {include-group = 1, x = 2}, 3 ]
x = [["no"], {y = ["no", {z = "no"}]}]
[build-system]
requires = ['two']
[project]
name = "X.y"
dependencies = [
  \"""three\""", '''four;python_version<'3'''',
  "fi\\u0076e",
]
[project.optional-dependencies]
"a.b" = ["six", "seven # no", "eight:python_version<'3'", ""]
"""
# Line, column, kind, section, text, a word of the problem, include.
DECLARED_IN_PYPROJECT = [
    (1, 27, "group", "dev", "one", None, ""),
    (2, 3, "group", "dev", "{'include-group': 'Docs'}", None, "Docs"),
    (2, 31, "group", "dev", "{'include-group': 1, 'x': 2}", "string", ""),
    (2, 59, "group", "dev", "3", "string", ""),
    (5, 13, "build", "", "two", None, ""),
    (9, 3, "dependencies", "", "three", None, ""),
    (9, 16, "dependencies", "", "four;python_version<'3'", None, ""),
    (10, 3, "dependencies", "", "five", None, ""),
    (13, 10, "optional", "a.b", "six", None, ""),
    (13, 17, "optional", "a.b", "seven # no", "comment", ""),
    (13, 31, "optional", "a.b", "eight:python_version<'3'", "semicolon", ""),
    (13, 59, "optional", "a.b", "", "no package", ""),
]
BAD_PYPROJECT = (
    ("a = 1\nb = \n", "x:2:5: not TOML"),
    ("a = '", "x:1: not TOML"),
    ("a = '''\nb\n", "x:2: not TOML"),
    ("a = " + "9" * 200_000, "x:1:5: a number or a bare key of more than"),
    ("\na = -0x" + "9" * 5000, "x:2:5: a number or a bare key of more than"),
    ("\n" + "a" * 5000 + "= 1", "x:2:1: a number or a bare key of more"),
    ("a = 1979-02-30", "x:1:5: not TOML"),
    ("[project]\n[project]\n", "x:2:"),
    ("a = " + "[" * 100_000, "x:1:37: it is nested deeper than 32"),
    ("a = " + "{a=" * 100_000, "x:1:101: it is nested deeper than 32"),
    ("a" + ".a" * 100_000 + "= 1", "x:1:65: it is nested deeper than 32"),
    ("[a" + ".a" * 100_000 + "]", "x:1:66: it is nested deeper than 32"),
    ("project = 1", "x: project is not a table"),
    ("project.dependencies = 'x'", "project.dependencies is not an array"),
    ("[[project]]\nname = 'x'", "x: project is not a table"),
    ("[dependency-groups]\na = 1", "dependency-groups.a is not an array"),
)


#: Items of a group that are none, and how they are shown.
NO_ITEMS = (
    ("{include-group = 1}", "{'include-group': 1}"),
    ("{include-group = ['x']}", "{'include-group': ['x']}"),
    ("1979-01-01", "1979-01-01"),
    ("[inf, nan]", "[inf, nan]"),
    ("0x" + "f" * 900, str(int("f" * 900, 16))[:80] + "..."),
)


class TestRequirements(base.TestCase):
    def test_lines(self) -> None:
        for line, package, problem in LINES:
            found = declarations.read_requirements(f"\n{line}\n", "f.txt")
            if package is None:
                self.assertEqual([], found, line)
                continue
            (entry,) = found
            self.assertEqual(("f.txt", 2, "file"), (*entry[:2], entry.kind))
            self.assertEqual(line.strip(), entry.text)
            self.assertEqual(line.index(entry.text) + 1, entry.column)
            if problem is None:
                assert entry.requirement is not None
                self.assertEqual(package, entry.requirement.package)
                self.assertIsNone(entry.problem)
            else:
                self.assertIsNone(entry.requirement)
                self.assertIn(problem, str(entry.problem), line)

    def test_byte_order_mark_and_crlf(self) -> None:
        found = declarations.read_requirements("\ufefffoo\r\nbar", "f.txt")
        self.assertEqual(
            [(1, 1, "foo"), (2, 1, "bar")],
            [(each.line, each.column, each.text) for each in found],
        )


class TestSetupCfg(base.TestCase):
    def test_declared(self) -> None:
        for content in (SETUP_CFG, SETUP_CFG.replace("\n", "\r\n")):
            found = declarations.read_setup_cfg(f"\ufeff{content}")
            self.assertEqual(
                DECLARED_IN_SETUP_CFG, [each[1:6] for each in found]
            )
            self.assertEqual({None}, {each.problem for each in found})

    def test_default_options_are_options_of_every_section(self) -> None:
        found = declarations.read_setup_cfg(
            "[DEFAULT]\nz = foo\n[extras]\na = bar\n[options]\n"
            "[options.extras_require]\n[DEFAULT]\nz2 = baz\n"
        )
        self.assertEqual(
            [("z", "foo"), ("a", "bar"), ("z2", "baz")],
            [(each.section, each.text) for each in found],
        )

    def test_bad(self) -> None:
        for content, number, reason in BAD_SETUP_CFG:
            error = self.assertRaises(
                BadLine, declarations.read_setup_cfg, content, "s"
            )
            self.assertEqual(("s", number), (error.source, error.number))
            self.assertIn(reason, error.reason)

    @given(st.lists(st.sampled_from(SOME_LINES), max_size=12).map("\n".join))
    def test_reads_what_configparser_reads(self, content: str) -> None:
        parser = configparser.RawConfigParser()
        expected = None
        with contextlib.suppress(configparser.Error):
            parser.read_string(content)
            expected = {
                (name.lower(), line.strip())
                for name, value in (
                    parser.items("extras") if "extras" in parser else ()
                )
                for line in value.split("\n")
                if line.strip()
            }
        found = None
        with contextlib.suppress(BadLine):
            found = {
                (each.section.lower(), each.text)
                for each in declarations.read_setup_cfg(content)
            }
        self.assertEqual(expected, found)


class TestPyproject(base.TestCase):
    def test_declared(self) -> None:
        for content in (PYPROJECT, PYPROJECT.replace("\n", "\r\n")):
            found = declarations.read_pyproject(f"\ufeff{content}")
            self.assertEqual(
                [(*each[:5], each[6]) for each in DECLARED_IN_PYPROJECT],
                [(*each[1:6], each.include) for each in found],
            )
            for each, row in zip(found, DECLARED_IN_PYPROJECT, strict=True):
                self.assertIn(row[5] or "None", str(each.problem))

    def test_items_that_are_none(self) -> None:
        for text, shown in NO_ITEMS:
            (entry,) = declarations.read_pyproject(
                f"dependency-groups.a = [{text}]"
            )
            self.assertEqual(
                (shown, None, "it is not a string", ""), entry[5:9], text
            )

    def test_bad(self) -> None:
        for content, message in BAD_PYPROJECT:
            before = time.monotonic()
            error = self.assertRaises(
                (BadLine, UnusableInput),
                declarations.read_pyproject,
                content,
                "x",
            )
            self.assertIn(message, str(error))
            self.assertLess(len(str(error)), 9000)
            self.assertLess(time.monotonic() - before, 5)

    def test_places_of_what_is_hard_to_tell(self) -> None:
        # What looks like a place, in strings, comments, keys and arrays.
        content = (
            'a = """\n[x]\n"""""  # [y]\n'
            "'b.c' = { d = [ '[', \"]\" ] }\n"
            '[ e . "f" ] # \'\n'
            "g = [\n  # 'no'\n  'yes' # '\n , [ 'in' ], '''\n''', 'end' ]\n"
            '"h\\u000a" = [ 1.5, true ]\n'
        )
        document = toml.load(content)
        self.assertEqual(
            {
                ("b.c", "d", 0): (4, 17),
                ("b.c", "d", 1): (4, 22),
                ("e", "f", "g", 0): (8, 3),
                ("e", "f", "g", 1): (9, 4),
                ("e", "f", "g", 1, 0): (9, 6),
                ("e", "f", "g", 2): (9, 14),
                ("e", "f", "g", 3): (10, 6),
                ("e", "f", "h\n", 0): (11, 15),
                ("e", "f", "h\n", 1): (11, 20),
            },
            {
                path: place
                for path, place in document.positions.items()
                if isinstance(path[-1], int)
            },
        )


class TestName(base.TestCase):
    def test_name(self) -> None:
        cfg = {"setup.cfg": "[metadata]\nname = foo\n"}
        for expected, texts in (
            ("", {}),
            ("", {"setup.cfg": "[metadata]\n", "pyproject.toml": ""}),
            ("foo", cfg),
            ("foo", {**cfg, "pyproject.toml": "[project]\n"}),
            ("Bar.x", {**cfg, "pyproject.toml": "project.name = 'Bar.x'"}),
        ):
            self.assertEqual(expected, declarations.project_name(texts))
        self.assertRaises(
            UnusableInput,
            declarations.project_name,
            {"pyproject.toml": "project.name = 1"},
        )
