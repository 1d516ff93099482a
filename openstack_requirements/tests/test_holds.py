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
"""The hold ledger: read, edited in place, and asked what it refuses."""

from __future__ import annotations

import os
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.errors import (
    BadContent,
    RequirementsError,
    UnusableInput,
)
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.repository import (
    hold_edits,
    holds,
    lists,
    yaml_rows,
)
from openstack_requirements.repository.holds import HoldEntry, HoldLedger
from openstack_requirements.system import files
from openstack_requirements.tests import base, bounded

BOM = "\ufeff"
TODAY = date(2026, 11, 21)
SINCE = date(2026, 11, 1)
UNTIL = date(2026, 12, 31)
LEDGER = """\
# What is held, and why.

- name: Foo
  range: <2
  owner: nova
  bug: 12
  reason: >
    2.0 breaks
    the scheduler
  since: 2026-11-01
  until: 2026-12-31

# Needs a newer kernel.
- name: bar  # of the storage team
  range: ">= 1, < 3"
  python: python_version<'3.12'
  owner: cinder
  bug: https://bugs.example.org/34
  reason: a flaky release
  since: 2026-11-01
  until: "2026-12-31"
  evidence: logs/bar.log
  retry: weekly
  # Ask the authors again in January.
- {name: bar, range: <4, python: "python_version>='3.12'", reason: same,
   since: 2026-11-01, until: 2026-12-31}
"""
FOO = HoldEntry(
    name="Foo",
    range="<2",
    owner="nova",
    bug="12",
    reason="2.0 breaks the scheduler",
    since=SINCE,
    until=UNTIL,
    file="h.yaml",
    line=3,
    column=3,
)
BAR = HoldEntry(
    name="bar",
    range=">=1,<3",
    owner="cinder",
    bug="https://bugs.example.org/34",
    reason="a flaky release",
    since=SINCE,
    until=UNTIL,
    python="python_version<'3.12'",
    evidence="logs/bar.log",
    retry="weekly",
    file="h.yaml",
    line=14,
    column=3,
)
NEWER_BAR = HoldEntry(
    name="bar",
    range="<4",
    owner="",
    bug="",
    reason="same",
    since=SINCE,
    until=UNTIL,
    python="python_version>='3.12'",
    file="h.yaml",
    line=25,
    column=3,
)
FINE = "name: a, range: <2, reason: b, since: 2026-11-01, until: 2026-12-31"


def row(old: str = "", new: str = "") -> str:
    """A row in which one text is another one."""
    assert old in FINE
    return f"- {{{FINE.replace(old, new, 1)}}}\n"


#: The content, and the start of each line of the error.
WRONG: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("a: b", ("1:1: a list is wanted",)),
    ("- a", ("1:3: a mapping of keys",)),
    (f"- &x {{{FINE}}}", ("1:3: anchors and aliases",)),
    ("- name: a\n  range: >=1\n", ("2:11: YAML takes this range for",)),
    ("- name: a\n  range: !=1\n", ("2:10: YAML takes this range for",)),
    (row("<2", '""'), ("1:20: range is empty",)),
    (row("<2", "2"), ("1:20: 2 is no range: write one such as <2",)),
    (row("<2", "[x]"), ("1:20: a text is wanted",)),
    (row("<2", "'<2; python_version<\"3\"'"), ("1:20: <2; python_version<",)),
    (row("<2", "<two"), ("1:20: <two is no range (",)),
    (row("<2", "<2 # x\n  "), ()),
    (row("<2", "'<2 # x'"), ("1:20: <2 # x is no range",)),
    (row("<2", "'<2,>3'"), ("1:20: no version is in the range <2,>3",)),
    (row("<2", "'==1,!=1.0'"), ("1:20: no version is in the range",)),
    (row("name: a", "name: a b"), ("1:10: a b is not the name",)),
    (row("name: a", "name: 'a[x]'"), ("1:10: a[x] is not",)),
    (row("name: a", "name: '-'"), ("1:10: - is not the name",)),
    (row("name: a", "name: 123"), ("1:10: name is no text: put it",)),
    (row("name: a, ", ""), ("1:3: without name: add",)),
    ("- {}", ("1:3: without name, range, reason, since, until: add",)),
    (row("reason: b", "reason:"), ("1:31: reason is empty",)),
    (row("2026-12-31", "2026-02-30"), ("1:61: 2026-02-30 is no date",)),
    (row("2026-12-31", "20261231"), ("1:61: 20261231 is no date",)),
    (row("2026-12-31", "2026-10-31"), ("1:61: until 2026-10-31 is before",)),
    (row("name", "nmae"), ("1:4: there is no key nmae; did you mean name?",)),
    (row("name: a", "zzz: a, name: a"), ("1:4: there is no key zzz; there",)),
    (row("name: a", "name: a, name: b"), ("1:13: name is there twice",)),
    (row("name: a", "name: a, retry: daily"), ("1:20: retry is one of",)),
    (row("name: a", "name: a, python: '3'"), ("1:21: 3 is no marker",)),
    (
        row("name: a", "name: a, python: \"extra=='x'\""),
        ("1:21: a hold is for no extra",),
    ),
    (
        row("name: a", "name: a, python: \"py_version<'3'\""),
        ("1:21: py_version<'3' is no marker",),
    ),
    (
        row(
            "name: a",
            "name: a, python: \"os_name=='a' and os_name=='b'\"",
        ),
        ("1:21: no environment has os_name=='a'",),
    ),
    (row() + row("name: a", "name: A"), ("2:3: line 1 holds a as well",)),
    (
        row("name: a", "name: a, python: \"python_version<'3.12'\"")
        + row("name: a", "name: a, python: \"python_version=='3.11'\""),
        ("2:3: line 1 holds a in the same environments",),
    ),
    (
        row("name: a", "name: a, python: \"os_name=='x'\"") + row(),
        ("2:3: line 1 holds a as well",),
    ),
    (
        row("<2", "2") + row("2026-12-31", "soon"),
        ("1:20: 2 is no range", "2:61: soon is no date"),
    ),
)


class TestParse(base.TestCase):
    def test_all_of_it(self) -> None:
        ledger = holds.parse(LEDGER, "h.yaml")
        self.assertEqual(("h.yaml", (FOO, BAR, NEWER_BAR)), ledger)

    def test_nothing(self) -> None:
        for content in ("", "# nothing yet\n", "[]", "---\n"):
            self.assertEqual((), holds.parse(content).holds, content)

    def test_wrong(self) -> None:
        for content, starts in WRONG:
            with self.subTest(content=content):
                lines = self.errors(content)
                self.assertEqual(len(starts), len(lines), f"{content}{lines}")
                for start, line in zip(starts, lines, strict=True):
                    self.assertTrue(line.startswith(f"h:{start}"), line)

    def test_markers_that_exclude_each_other(self) -> None:
        first, second = holds.parse(LEDGER).of("BAR")
        self.assertFalse(first.on_python("3.12"))
        self.assertTrue(first.on_python("3.11"))
        self.assertTrue(second.on_python("3.12"))

    def test_it_ends_soon(self) -> None:
        many = "".join(
            row("name: a", f"name: a, python: \"python_version=='3.{minor}'\"")
            for minor in range(900)
        )
        deep = row("name: a", f'name: a, python: "{"(" * 4000}"')
        wide = " or ".join(f"os_name=='{number}'" for number in range(400))
        cases = {
            "many": lambda: self.errors(many),
            "deep": lambda: self.errors(deep),
            "wide": lambda: self.errors(
                row("name: a", f'name: a, python: "{wide}"') * 20
            ),
        }
        self.assertEqual([], bounded.failures(cases))

    def errors(self, content: str) -> list[str]:
        """The lines of the error of a ledger that may be wrong."""
        try:
            holds.parse(content, "h")
        except RequirementsError as error:
            return str(error).splitlines()
        return []


class TestExcluding(base.TestCase):
    def test_which_hold_refuses_a_version(self) -> None:
        ledger = holds.parse(LEDGER, "h.yaml")
        old = {"python_version": "3.11"}
        new = {"python_version": "3.13"}
        for name, version, environment, hold in (
            ("foo", "1.9", None, None),
            ("foo", "2.0", None, FOO),
            ("FOO", "2.0rc1", None, FOO),
            ("bar", "3.5", None, BAR),
            ("bar", "3.5", old, BAR),
            ("bar", "3.5", new, None),
            ("bar", "4", new, NEWER_BAR),
            ("baz", "1", None, None),
        ):
            with self.subTest(name=name, version=version):
                self.assertEqual(
                    hold, holds.excluding(ledger, name, version, environment)
                )
        self.assertIsNone(holds.excluding(HoldLedger(), "foo", "2"))

    def test_an_environment_that_is_not_stated_in_full(self) -> None:
        for python, marker, selected in (
            ("3.11", "sys_platform=='linux'", True),
            ("3.11", "os_name=='nt' and python_version<'3.11'", False),
            ("3.11", "os_name=='nt' or python_version<'3.12'", True),
        ):
            hold = FOO._replace(python=marker)
            environment = {"python_version": python}
            self.assertEqual(selected, hold.selects(environment), marker)

    def test_what_it_says(self) -> None:
        self.assertEqual("h.yaml:3", FOO.place)
        self.assertEqual(
            "h.yaml:3: Foo is held at <2 until 2026-12-31 (nova, bug 12): "
            "2.0 breaks the scheduler",
            FOO.sentence(),
        )
        self.assertIn(
            "at >=1,<3 where python_version<'3.12' until", BAR.sentence()
        )
        self.assertEqual("no owner", NEWER_BAR.whose)
        self.assertEqual(
            "bar<3,>=1;python_version<'3.12'\n", BAR.requirement.to_line()
        )

    def test_what_it_limits(self) -> None:
        ledger = holds.parse(LEDGER, "h.yaml")
        self.assertEqual(
            ["Foo<2", "bar<3,>=1", "bar<4"],
            [
                f"{limit.package}{limit.specifiers}"
                for limit in ledger.limits()
            ],
        )
        self.assertEqual(
            [FOO, NEWER_BAR], ledger.selecting(base.environment("3.13"))
        )
        pins = [
            *("foo===1.9", "foo===2.0", "foo>=3", "baz===9"),
            *("bar===3.5", "bar===3.5;python_version=='3.13'"),
        ]
        admitted = ledger.admitted(map(parse_line, pins))
        self.assertEqual(
            [pins[0], pins[2], pins[3], pins[5]],
            [pin.to_line().rstrip() for pin in admitted],
        )

    def test_its_last_day(self) -> None:
        ledger = HoldLedger("h", (FOO, BAR._replace(until=TODAY)))
        self.assertEqual([], ledger.expired(TODAY))
        (expired,) = ledger.expired(date(2026, 11, 22))
        self.assertEqual("bar", expired.name)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(
    lambda text: " ".join(text.split())
)
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@st.composite
def some_holds(draw: st.DrawFn, name: str | None = None) -> HoldEntry:
    """A hold as a program makes it."""
    first, second = sorted([draw(days), draw(days)])
    return HoldEntry(
        name or draw(st.sampled_from(["new", "On", "a-b", "x.y"])),
        draw(st.sampled_from(["<2", ">=1,!=1.5", "==1.*", "===1", "~=1.2"])),
        draw(texts),
        draw(texts),
        draw(texts.filter(bool)),
        first,
        second,
        draw(st.sampled_from(["", "python_version < '3.12'"])),
        draw(texts),
        draw(st.sampled_from(holds.RETRIES)),
    )


ROWS = (
    "- name: {}\n  range: <2\n  reason: b\n  since: 2026-11-01\n"
    "  until: 2026-12-31\n",
    "-\n  name: {}\n  # inside\n  range: '<2'\n  reason: |+\n    b\n\n"
    "  since: 2026-11-01  # behind\n  until: 2026-12-31\n  # below\n",
    '- "until": 2026-12-31\n  ? name\n  : {}\n  since: 2026-11-01\n'
    "  range: >\n    <2\n  reason: >-\n    b\n      c\n",
)
GAPS = ("", "\n", "# about the next\n", "\n# on its own\n\n", "  # within\n")


@st.composite
def ledgers(draw: st.DrawFn) -> str:
    """A ledger as people write it."""
    indent = draw(st.sampled_from(["", "  "]))
    parts = [draw(st.sampled_from(["", "# head\n", "# head\n\n", "---\n"]))]
    for number in range(draw(st.integers(0, 4))):
        text = draw(st.sampled_from(ROWS)).format(f"a{number}")
        lines = text.splitlines(keepends=True)
        parts += [
            f"{indent}{line}" if line.strip() else line for line in lines
        ]
        parts.append(draw(st.sampled_from(GAPS)))
    content = "".join(parts)
    if draw(st.booleans()):
        content = content.replace("\n", "\r\n")
    if draw(st.booleans()):
        content = content.removesuffix("\n").removesuffix("\r")
    return draw(st.sampled_from(["", BOM])) + content


class TestEdits(base.TestCase):
    @given(ledgers(), some_holds())
    def test_what_is_added_can_be_removed(
        self, content: str, hold: HoldEntry
    ) -> None:
        new = hold_edits.added(content, [hold])
        self.assertTrue(new.startswith(content.rstrip("\r\n")))
        *before, last = holds.parse(new).holds
        self.assertTrue(last.same(hold), (last, hold))
        self.assertEqual(before, list(holds.parse(content).holds))
        self.assertEqual(content, hold_edits.removed(new, [hold]))

    @given(ledgers(), st.lists(st.integers(0, 3)))
    def test_all_else_stays(self, content: str, numbers: list[int]) -> None:
        before = holds.parse(content).holds
        gone = [hold for index, hold in enumerate(before) if index in numbers]
        new = hold_edits.removed(content, gone)
        kept = [hold for hold in before if hold not in gone]
        after = holds.parse(new).holds
        self.assertEqual(len(kept), len(after))
        self.assertTrue(all(map(HoldEntry.same, kept, after)))
        # Each line that is left was there before, in the same order.
        rest = iter(content.removeprefix(BOM).splitlines())
        for line in new.removeprefix(BOM).splitlines():
            self.assertIn(line, rest)
        for hold in gone:
            self.assertNotIn(f"{hold.name}\n", new)
        if not gone:
            self.assertIs(content, new)

    def test_what_is_written(self) -> None:
        hold = FOO._replace(
            owner="yes",
            reason='it says "no": #1',
            python="python_version < '3.12'",
            evidence="https://logs.example.org/1",
            retry="never",
        )
        row = (
            "- name: Foo\n"
            '  range: "<2"\n'
            "  python: \"python_version < '3.12'\"\n"
            '  owner: "yes"\n'
            '  bug: "12"\n'
            '  reason: "it says \\"no\\": #1"\n'
            "  since: 2026-11-01\n"
            "  until: 2026-12-31\n"
            "  evidence: https://logs.example.org/1\n"
            "  retry: never\n"
        )
        self.assertEqual(row, hold_edits.added("", [hold]))
        content = "# Ours.\n\n  - name: a\n    range: <2\n    reason: b\n"
        content += "    since: 2026-11-01\n    until: 2026-12-31\n"
        indented = "".join(f"  {line}\n" for line in row.splitlines())
        self.assertEqual(
            f"{content}\n{indented}", hold_edits.added(content, [hold])
        )

    def test_comments_go_with_their_row(self) -> None:
        content = LEDGER[: LEDGER.index("- {")]
        foo, bar = holds.parse(content).holds
        head, of_foo, of_bar = content.partition("\n\n")[0], "Foo", "kernel"
        without_foo = hold_edits.removed(content, [foo])
        self.assertTrue(without_foo.startswith(f"{head}\n\n# Needs a newer"))
        self.assertNotIn(of_foo, without_foo)
        without_bar = hold_edits.removed(content, [bar])
        self.assertNotIn(of_bar, without_bar)
        self.assertNotIn("January", without_bar)
        self.assertTrue(without_bar.endswith("until: 2026-12-31\n"))
        self.assertEqual(f"{head}\n", hold_edits.removed(content, [bar, foo]))

    def test_what_is_removed(self) -> None:
        a, b, c = (ROWS[0].format(name) for name in ("a", "b", "c"))
        for before, name, after in (
            (f"{a}{b}{c}", "b", f"{a}{c}"),
            (f"{a}\n{b}\n{c}", "a", f"{b}\n{c}"),
            (f"{a}\n{b}\n{c}", "b", f"{a}\n{c}"),
            (f"{a}\n{b}\n{c}", "c", f"{a}\n{b}"),
            (f"{a}\n{b}\n{c}"[:-1], "c", f"{a}\n{b}"[:-1]),
            (f"{a}{b}"[:-1], "a", b[:-1]),
            (f"\n{a}{b}", "a", b),
            (f"{a}\n\n{b}", "b", f"{a}\n"),
            (f"# head\n{a}\n{b}", "a", f"# head\n\n{b}"),
            (f"# head\n\n{a}\n{b}", "a", f"# head\n\n{b}"),
            (f"# head\n\n# of a\n{a}{b}", "a", f"# head\n{b}"),
            (f"---\n# of a\n{a}{b}", "a", f"---\n{b}"),
            (f"{a}# of b\n{b}{c}", "b", f"{a}{c}"),
            (f"{a}# of b\n# too\n{b}{c}", "b", f"{a}{c}"),
            (f"{a}# of b\n{b}{c}", "a", f"# of b\n{b}{c}"),
            (f"{a}\n# alone\n\n{b}", "b", f"{a}\n# alone\n"),
            (f"{a}\n# alone\n\n{b}", "a", f"# alone\n\n{b}"),
            (f"{a}  # of a\n  # too\n{b}", "a", b),
            (f"{a}  # of a\n{b}", "b", f"{a}  # of a\n"),
            (f"{a}\n# at the end\n", "a", "# at the end\n"),
        ):
            with self.subTest(before=before, name=name):
                gone = holds.parse(before).of(name)
                self.assertEqual(after, hold_edits.removed(before, gone))

    def test_a_row_that_was_changed_stays(self) -> None:
        content = LEDGER[: LEDGER.index("- {")]
        changed = FOO._replace(range="<3")
        self.assertIs(content, hold_edits.removed(content, [changed]))

    def test_what_cannot_be_edited(self) -> None:
        for content, start in (
            (LEDGER, "h:25:3: brackets and braces cannot be edited"),
            ("[]\n", "h:1:1: brackets and braces cannot be edited"),
            ("# a\u2028# b\n", "h:1:4: a line end that cannot be edited"),
            ("~\n", "h:"),
            ("# a\n...\n", "h:"),
        ):
            with self.subTest(content=content):
                error = self.assertRaises(
                    RequirementsError,
                    hold_edits.added,
                    content,
                    [FOO._replace(name="new")],
                    "h",
                )
                self.assertTrue(str(error).startswith(start), str(error))

    def test_a_hold_that_is_there_already(self) -> None:
        content = hold_edits.added("", [FOO])
        error = self.assertRaises(
            BadContent, hold_edits.added, content, [FOO], "h"
        )
        self.assertIn("h:9:3: line 1 holds Foo as well", str(error))

    def test_too_large(self) -> None:
        hold = FOO._replace(reason="x" * yaml_rows.LARGEST)
        error = self.assertRaises(
            UnusableInput, hold_edits.added, "", [hold], "h"
        )
        self.assertIn("is longer than", str(error))


class TestFiles(base.TestCase):
    def test_none(self) -> None:
        self.assertEqual(HoldLedger(), lists.read_holds(None))

    def test_beside_the_lists(self) -> None:
        folder = str(self.folder / "lists")
        os.mkdir(folder)
        self.assertIsNone(lists.locate(folder).holds)
        path = os.path.join(folder, "holds.yaml")
        lists.edit_holds(
            path, lambda text: hold_edits.added(text, [FOO], path)
        )
        self.assertEqual(path, lists.locate(folder).holds)
        ledger = lists.read_holds(path)
        self.assertEqual(path, ledger.file)
        self.assertTrue(ledger.holds[0].same(FOO))
        self.assertEqual([path], [hold.file for hold in ledger.holds])
        self.assertTrue(
            lists.edit_holds(
                path, lambda text: hold_edits.removed(text, [FOO], path)
            )
        )
        self.assertEqual("", files.read_text(path))
        self.assertFalse(lists.edit_holds(path, str))
        self.assertEqual(["holds.yaml"], os.listdir(folder))

    def test_settings_and_options_name_others(self) -> None:
        folder = str(self.folder / "lists")
        os.mkdir(folder)
        for name in ("holds.yaml", "other.yaml"):
            self.write(os.path.join(folder, name), "")
        settings = '[tool.openstack_requirements]\nholds = "other.yaml"\n'
        self.write(os.path.join(folder, "pyproject.toml"), settings)
        other = os.path.join(folder, "other.yaml")
        self.assertEqual(other, lists.locate(folder).holds)
        self.assertEqual("x", lists.locate(folder, holds="x").holds)
        self.assertIsNone(lists.locate(folder, holds="").holds)
