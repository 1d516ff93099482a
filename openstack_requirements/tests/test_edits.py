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
"""Only what must change does, whatever the file looks like."""

from __future__ import annotations

import functools
import re

import fixtures
from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.errors import UnusableInput
from openstack_requirements.manifests import declarations, edits
from openstack_requirements.tests import base, bounded

# File, before, what comes instead of which text, after.
CASES: tuple[tuple[str, str, dict[str, list[str]], str | None], ...] = (
    (
        "requirements.txt",
        "# a\n\n  foo>=1  # c  \nbar",
        {"foo>=1  # c": ["foo>=2"], "bar": ["bar", "baz"]},
        "# a\n\n  foo>=2  \nbar\nbaz",
    ),
    (
        "requirements.txt",
        "\ufefffoo\r\nbar\r\nbaz",
        {"foo": ["foo>=1"], "bar": [], "baz": ["x", "y"]},
        "\ufefffoo>=1\r\nx\r\ny",
    ),
    (
        "setup.cfg",
        "[extras]\na =\n\tfoo # c\n  # in\n\tbar\n\nb=baz\n[x]\ny = foo\n",
        {"foo # c": ["foo>=1 # c"], "bar": [], "baz": ["baz<2", "qux"]},
        "[extras]\na =\n\tfoo>=1 # c\n  # in\n\nb=\n    baz<2\n    qux\n"
        "[x]\ny = foo\n",
    ),
    (
        "setup.cfg",
        "[extras]\r\na : foo\r\n  bar",
        {"foo": ["foo>=1", "baz"], "bar": ["bar", "qux"]},
        "[extras]\r\na :\r\n  foo>=1\r\n  baz\r\n  bar\r\n  qux",
    ),
    (
        "setup.cfg",
        "[extras]\na = foo\n",
        {"foo": []},
        "[extras]\na =\n",
    ),
    (
        "setup.cfg",
        "[extras]\na = foo ; python_version<'3'\n",
        {"foo ; python_version<'3'": ["foo>1 ; python_version<'3'"]},
        "[extras]\na = foo>1 ; python_version<'3'\n",
    ),
    (
        "setup.cfg",
        "[options.extras_require]\na = foo ; bar;baz # c\nb = one; two\n",
        {"foo": ["foo>=1"], "baz # c": ["baz"], "two": []},
        "[options.extras_require]\na = foo>=1 ; bar;baz\nb =\n    one\n",
    ),
    (
        "setup.cfg",
        "[options.extras_require]\na = foo ; bar\n",
        {"bar": ["bar;python_version<'3'"]},
        "[options.extras_require]\na =\n    foo\n    bar;python_version<'3'\n",
    ),
    (
        "pyproject.toml",
        'project.dependencies = ["foo", "bar"] # c\n',
        {"foo": ["one", "two"], "bar": []},
        'project.dependencies = ["one", "two"] # c\n',
    ),
    (
        "pyproject.toml",
        "[project]\r\ndependencies = [\r\n  # about foo\r\n  'foo', # mine\r\n"
        '  """bar"""\r\n]\r\n',
        {"foo": ["one;python_version<'3'", "foo>1"], "bar": ["bar\\"]},
        None,
    ),
    (
        "pyproject.toml",
        "[project]\r\ndependencies = [\r\n  # about foo\r\n  'foo', # mine\r\n"
        '  """bar"""\r\n]\r\n',
        {"foo": ["one;python_version<'3'", "foo>1"], "bar": ["bar>1"]},
        "[project]\r\ndependencies = [\r\n  # about foo\r\n"
        "  'one;python_version<\"3\"',\r\n  'foo>1', # mine\r\n"
        '  """bar>1"""\r\n]\r\n',
    ),
    (
        "pyproject.toml",
        "project.dependencies = ['foo']\n",
        {"foo": ["foo;python_version<'3' and os_name=='\"'"]},
        "project.dependencies = "
        "[\"foo;python_version<'3' and os_name=='\\\"'\"]\n",
    ),
    (
        "pyproject.toml",
        "[dependency-groups]\n\"\\u0061\" = ['foo', 'foo', 'bar']\n",
        {"foo": ["foo<2"]},
        "[dependency-groups]\n\"\\u0061\" = ['foo<2', 'foo<2', 'bar']\n",
    ),
    (
        "pyproject.toml",
        "[dependency-groups]\na = [\n    {include-group = 'b'}, 'foo',\n]\n"
        "b = [ 'foo' ]\n",
        {"foo": ["foo<2"]},
        "[dependency-groups]\na = [\n    {include-group = 'b'}, 'foo<2',\n]\n"
        "b = [ 'foo<2' ]\n",
    ),
)

NAMES = st.sampled_from(["a", "b.c", "D-e", "f_g"])
COMMENTS = st.sampled_from(["", " # c", "  # 'x', \"y\" [z]", "\t#"])
BLANKS = st.sampled_from(["", " ", "  ", "\t"])
ENDS = st.sampled_from(["\n", "\r\n"])
TEXTS = st.sampled_from(
    [
        "a",
        "b>=1,<2",
        "c[d]!=3;python_version<'3'",
        'e ; os_name == "nt"',
        "f # g",
        "h",
        "i==1.*",
    ]
)
REPLACEMENTS = st.sampled_from(
    [["n"], ["n>=1"], [], ["n;python_version<'3'", "n>1;os_name=='nt'"]]
)


@st.composite
def requirements_files(draw: st.DrawFn) -> str:
    end = draw(ENDS)
    lines = draw(
        st.lists(
            st.one_of(
                st.sampled_from(["", "  ", "# c", "   # d", "-e x", "-f y"]),
                st.tuples(BLANKS, TEXTS, BLANKS).map("".join),
            ),
            max_size=8,
        )
    )
    return end.join(lines) + draw(st.sampled_from(["", end]))


@st.composite
def setup_cfgs(draw: st.DrawFn) -> str:
    end = draw(ENDS)
    lines = ["[metadata]", "name = x", "", draw(st.sampled_from(SECTIONS))]
    for number in range(draw(st.integers(0, 3))):
        blanks = draw(st.sampled_from(["  ", "\t", "      "]))
        value = draw(st.sampled_from(["", " a", "  b>=1,<2 # c"]))
        lines.append(f"x{number}{draw(BLANKS)}={value}")
        entry = st.tuples(st.just(blanks), TEXTS, BLANKS).map("".join)
        other = st.sampled_from(["", "# c", "  # d", "    ; e"])
        lines += draw(st.lists(entry | other, max_size=4))
    lines += draw(st.sampled_from([[], ["[files]", "packages = a"]]))
    return end.join(lines) + draw(st.sampled_from(["", end]))


SECTIONS = ["[extras]", "[options.extras_require]"]


@st.composite
def pyprojects(draw: st.DrawFn) -> str:
    end = draw(ENDS)

    def array() -> str:
        quote = draw(st.sampled_from(['"', "'"]))
        items = [
            "{include-group = 'z'}"
            if text == "f # g"
            else _quoted(text, quote)
            for text in draw(st.lists(TEXTS, max_size=4))
        ]
        style = draw(st.sampled_from(["line", "lines", "comments", "two"]))
        last = draw(st.sampled_from(["", ","])) if items else ""
        if style == "line":
            return f"[{', '.join(items)}{last}]"
        if style == "two":
            return f"[{end}  {f',{end}  '.join(items)}{last} ]"
        comment = draw(COMMENTS) if style == "comments" else ""
        above = f"    # above{end}" if style == "comments" else ""
        rows = [f"{above}    {item},{comment}{end}" for item in items]
        return f"[{end}{''.join(rows)}]"

    parts = [
        f"# top{end}[dependency-groups]{end}z = []{end}",
        f"dev = {array()} # c{end}test={array()}{end}",
    ]
    if draw(st.booleans()):
        parts.append(f"{end}[tool.x]{end}y = ['a', 'n'] # a{end}")
    return "".join(parts)


def _quoted(text: str, quote: str) -> str:
    if quote in text or "\\" in text:
        text = text.replace(quote, "'" if quote == '"' else '"')
    return f"{quote}{text}{quote}"


class TestCases(base.TestCase):
    def test_cases(self) -> None:
        for file, before, texts, after in CASES:
            entries = declarations.read({file: before})
            changes = {
                entry: texts[entry.text]
                for entry in entries
                if entry.text in texts
            }
            self.assertGreaterEqual(len(changes), len(texts))
            if after is None:
                self.assertRaises(
                    UnusableInput, edits.apply, before, entries, changes
                )
            else:
                self.assertEqual(after, edits.apply(before, entries, changes))

    def test_nothing_to_change(self) -> None:
        self.assertEqual("x\n\r", edits.apply("x\n\r", [], {}))

    def test_what_cannot_be_changed_is_refused(self) -> None:
        # A comment there is in the way of what would come behind it, at
        # least for the newest tomlkit.
        before = "project.dependencies = [ 'a' # c\n , 'b' # d\n ]"
        entries = declarations.read({"pyproject.toml": before})
        try:
            after = edits.apply(before, entries, {entries[1]: ["b", "c"]})
        except UnusableInput as error:
            self.assertIn("by hand", str(error))
        else:
            self.assertEqual(before.replace("'b'", "'b', 'c'"), after)

    def test_what_tomlkit_cannot_change_is_refused(self) -> None:
        before = "project.dependencies = ['a']"
        entries = declarations.read({"pyproject.toml": before})
        for wrong in (lambda _document: before, lambda _document: "= 1"):
            self.useFixture(fixtures.MonkeyPatch("tomlkit.dumps", wrong))
            error = self.assertRaises(
                UnusableInput,
                edits.apply,
                before,
                entries,
                {entries[0]: ["b"]},
            )
            self.assertIn("by hand", str(error))

    def test_whatever_else_is_there(self) -> None:
        array = "project.dependencies = ['a', 'b']\n"
        for more in (
            "".join(f"x.b{n}.c = 1\n" for n in range(12_000)),
            "".join(f"[x{n}]\n" for n in range(25_000)),
            f"x = [{'{a=1},' * 30_000}]\n",
        ):
            before = array + more
            entries = declarations.read({"pyproject.toml": before})
            change = functools.partial(
                edits.apply, before, entries, {entries[1]: ["b>=2", "c"]}
            )
            self.assertEqual(0, bounded.run(change), more[:20])
            self.assertEqual(
                "project.dependencies = ['a', 'b>=2', 'c']\n",
                change()[: -len(more)],
            )

    def test_all_of_many(self) -> None:
        items = ", ".join(f"'a{n}'" for n in range(5000))
        before = f"project.dependencies = [{items}]\n"
        entries = declarations.read({"pyproject.toml": before})
        changes = {entry: [f"{entry.text}>=1"] for entry in entries}
        self.assertEqual(
            0, bounded.run(lambda: edits.apply(before, entries, changes))
        )

    def test_what_an_array_should_not_hold(self) -> None:
        for item in ("['x']", "{a = 1, b = 2}", "{}"):
            before = f"project.dependencies = ['a', {item}]\n"
            entries = declarations.read({"pyproject.toml": before})
            self.assertRaises(
                UnusableInput,
                edits.apply,
                before,
                entries,
                {entries[0]: ["b"]},
            )


class TestLaws(base.TestCase):
    """For any file and any edits of its entries."""

    def changed(
        self, data: st.DataObject, file: str, content: str
    ) -> tuple[str, bool]:
        """The text after some edits; whether all of them were one to one."""
        entries = declarations.read({file: content})
        candidates = [each for each in entries if each.requirement]
        changes = {
            each: data.draw(REPLACEMENTS)
            for each in candidates
            if data.draw(st.booleans())
        }
        after = edits.apply(content, entries, changes)
        # What is read back is what was meant.
        expected = [
            text for each in entries for text in changes.get(each, [each.text])
        ]
        found = [each.text for each in declarations.read({file: after})]
        self.assertEqual(
            [_meant(each) for each in expected], list(map(_meant, found))
        )
        if not changes:
            self.assertEqual(content, after)
        single = all(len(each) == 1 for each in changes.values())
        return after, single

    @given(st.data(), requirements_files())
    def test_requirements(self, data: st.DataObject, content: str) -> None:
        after, single = self.changed(data, "requirements.txt", content)
        self.assertEqual(_comments(content), _comments(after))
        if single:
            self.assertEqual(content.count("\n"), after.count("\n"))

    @given(st.data(), setup_cfgs())
    def test_setup_cfg(self, data: st.DataObject, content: str) -> None:
        after, _ = self.changed(data, "setup.cfg", content)
        self.assertEqual(_comments(content), _comments(after))
        self.assertEqual("\r" in content, "\r" in after)
        for kept in re.findall(r"(?m)^\S.*?(?==)", content):
            self.assertIn(kept, after)

    @given(st.data(), pyprojects())
    def test_pyproject(self, data: st.DataObject, content: str) -> None:
        after, single = self.changed(data, "pyproject.toml", content)
        if single:
            self.assertEqual(_skeleton(content), _skeleton(after))
        self.assertEqual(content.count("above"), after.count("above"))
        lone = re.findall(r"(?<!\r)\n", after)
        self.assertTrue("\r" not in content or not lone, after)


def _meant(text: str) -> str:
    """A text up to the quotes of its marker."""
    return text.replace('"', "'")


def _comments(content: str) -> list[str]:
    """The lines that are comments or empty."""
    return [
        line
        for line in content.splitlines()
        if not line.strip() or line.strip()[0] in "#;"
    ]


def _skeleton(content: str) -> str:
    """A document without the strings of the arrays that may change."""
    arrays, rest = content.partition("[tool.x]")[::2]
    parts = re.split(r"(#[^\n]*)", arrays)
    strings = re.compile(r"\"[^\"]*\"|'[^']*'")
    return (
        "".join(
            part if part.startswith("#") else strings.sub("S", part)
            for part in parts
        )
        + rest
    )
