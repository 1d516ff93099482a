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
"""Waivers: read from comments and from a file, and honoured."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.checks import judgement, waiving
from openstack_requirements.checks.findings import Finding
from openstack_requirements.checks.subjects import comment_of
from openstack_requirements.errors import RequirementsError, UnusableInput
from openstack_requirements.manifests import declarations
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.repository import lists, policy, waivers, yaml_rows
from openstack_requirements.repository.waivers import Waiver
from openstack_requirements.tests import base, bounded

TODAY = date(2026, 11, 21)
LATER = date(2027, 1, 31)
RULES = {"marker-mismatch", "entry-count", "obsolete-file"}

# A comment; rules, reason, date, and a word of the problem.
COMMENTS: tuple[tuple[str, Any], ...] = (
    (
        "# requirements: ignore[a] bug 12 until 2027-01-31",
        (["a"], "bug 12", LATER, ""),
    ),
    ("#requirements:ignore[a,b]x", (["a", "b"], "x", None, "")),
    ("# requirements: ignore [ a , b ] x y", (["a", "b"], "x y", None, "")),
    ("# requirements: ignore[a]", (["a"], "", None, "")),
    ("# requirements: ignore[a] until 2027-01-31", (["a"], "", LATER, "")),
    (
        "# requirements: ignore[a] until it works",
        (["a"], "until it works", None, ""),
    ),
    ("# requirements: ignore[a,a] x", (["a"], "x", None, "")),
    ("# requirements: ignore[] x", ([], "x", None, "no rule")),
    ("# requirements: ignore[a,] x", (["a"], "x", None, "comma")),
    ("# requirements: ignore[a x", ([], "", None, "not closed")),
    (
        "# requirements: ignore[a] x until 2027-02-30",
        (["a"], "x", None, "2027-02-30 is no date"),
    ),
    (
        "# requirements: ignore[a] x until 31.1.2027",
        (["a"], "x", None, "31.1.2027 is no date"),
    ),
    (
        "# requirements: ignore[a] x until 20270131",
        (["a"], "x", None, "20270131 is no date"),
    ),
    (
        "# requirements: ignore[a] x until 2027-01-31  # MIT",
        (["a"], "", None, "last word"),
    ),
)
NO_WAIVERS = (
    "# requirements: ignored[a]",
    "# requirements: ignore a",
    "requirements: ignore[a] x",
    "# the requirements: ignore[a]",
    "",
)
TWO = (
    "# MIT  # requirements: ignore[a] x until 2027-01-31 "
    "# requirements: ignore[b] y"
)

PYPROJECT = '''\
# requirements: ignore[one] of nothing
[project]
dependencies = [
  "a # requirements: ignore[no] in a string",
  'b', "c" , # requirements: ignore[two] of two
  """
# requirements: ignore[no] in a string
""", "d"] # requirements: ignore[three] at the end
"#" = "# requirements: ignore[no]"#requirements:ignore[four]
'''
IN_PYPROJECT = [(1, 1, "one"), (5, 14, "two"), (8, 11, "three")]
IN_PYPROJECT.append((9, 35, "four"))
OTHER_FILES = (
    # The file, a line, the column of its waiver (0 for none).
    ("requirements.txt", "foo>=1{}", 7),
    ("requirements.txt", "foo>=1  # MIT {}", 15),
    ("requirements.txt", "-e git+https://x.org/y#egg=z {}", 30),
    ("requirements.txt", "x @ https://x.org/#y {}", 22),
    ("requirements.txt", "foo;os_name=='{}'", 0),
    ("lower-constraints.txt", "foo==1 {}", 8),
    ("setup.cfg", "  foo:python_version<'3' {}", 26),
    ("setup.cfg", "a = foo {}", 9),
    ("setup.cfg", "{}", 1),
    ("requirements.txt", "foo" + " " * 9000 + "{}", 0),
)

GOOD_YAML = """\
# What is known, and for how long.
- project: openstack/nova
  package: Oslo_Config
  rule: marker-mismatch
  reason: >
    waits for
    bug 12
  until: 2027-01-31
- {project: '*', package: "*", rule: entry-count, until: '2027-01-31'}

- {rule: no-such, package: a, project: oslo.*, reason: ~, until:}
"""
FROM_YAML = [
    Waiver(
        *("w.yaml", 2, 3, ("marker-mismatch",), "waits for bug 12", LATER),
        *("openstack/nova", "Oslo_Config"),
    ),
    Waiver("w.yaml", 9, 3, ("entry-count",), "", LATER, "*", "*"),
    Waiver("w.yaml", 11, 3, ("no-such",), "", None, "oslo.*", "a"),
]
FINE = "project: a, package: b, rule: c"
BAD_YAML = (
    # The content, and the start of each line of the error.
    ("a: b", ["1:1: a list is wanted"]),
    ("\na", ["2:1: a list is wanted"]),
    ("- a", ["1:3: a mapping of keys"]),
    ("- [a]", ["1:3: a mapping of keys"]),
    ("-", ["1:2: a mapping of keys"]),
    ("- {a: [b]}", ["1:7: a text is wanted"]),
    ("- {? {a: b} : c}", ["1:6: a text is wanted"]),
    ("- {project: *, package: b}", ["1:14: not YAML (an asterisk must"]),
    (f"- &x {{{FINE}}}\n- *x", ["1:3: anchors and aliases are"]),
    (f"- {{{FINE}}}\n- *x", ["2:3: anchors and aliases are"]),
    ("- {project: *b }", ["1:13: anchors and aliases are"]),
    ("- {project: !!python/name:os.x y}", ["1:13: tags are not"]),
    ("!!set {a}", ["1:1: tags are not"]),
    ("- {}\n---\n- {}", ["2:1: a second document"]),
    ("- 'x", ["1:5: not YAML (found unexpected end"]),
    ("- a: b\n\tc: d", ["2:1: not YAML (found character"]),
    ("- a: \x1b[31m", ["1:6: not YAML (a character that"]),
    ("\u2028\n- x", ["2:3: a mapping of keys"]),
    ('- {a: "\\UFFFFFFFF"}', ["1:1: not YAML (a number too"]),
    ("%YAML 1." + "9" * 5000 + "\n---", ["1:1: not YAML (a number too"]),
    ("[" * 100_000, ["1:2: a mapping of keys"]),
    ("- " * 100_000, ["1:3: a mapping of keys"]),
    ("{" * 100_000, ["1:1: a list is wanted"]),
    ('- {a: b, c: "\\ud800"}', ["1:13: half a character"]),
    (f"- {{{FINE.replace('a,', 'x' * 201 + ',')}}}", ["1:13: project has"]),
    (f"- {{{FINE.replace('a,', 'a*' * 11 + ',')}}}", ["1:13: project has"]),
    ("- {a: " + "x" * 100_000, ["1:100007: not YAML ("]),
    (f"- {{{FINE}, who: me}}", ["1:37: the keys are project, package"]),
    (f"- {{{FINE}, 1: me}}", ["1:37: the keys are project, package"]),
    (f"- {{{FINE}, <<: me}}", ["1:37: the keys are project, package"]),
    (f"- {{{FINE}, rule: c}}", ["1:37: rule is there twice"]),
    (f"- {{{FINE}, reason: 1.5}}", ["1:45: reason is no text"]),
    (f"- {{{FINE}, reason: yes}}", ["1:45: reason is no text"]),
    (f"- {{{FINE}, until: 2027}}", ["1:44: 2027 is no date"]),
    (f"- {{{FINE}, until: soon}}", ["1:44: soon is no date"]),
    (f"- {{{FINE}, until: 2027-01-31 10:00:00}}", ["1:44: 2027-01-31 10:"]),
    (f"- {{{FINE}, until: 2027-02-29}}", ["1:44: 2027-02-29 is no date"]),
    ("- {}", ["1:3: without project, package, rule"]),
    ("- {project: a, package: b, rule: 'c, d'}", ["1:34: the rule is a s"]),
    ("- {project: a, package: b, rule: 'c].'}", ["1:34: the rule is a s"]),
    ("- {project: a, rule: b}", ["1:3: without package"]),
    (
        "- {project: , package: oslo.*, rule: ''}\n- {package: '', x: y}",
        [
            "1:12: project is empty",
            "1:24: the package is a name, or '*' for all",
            "1:38: rule is empty",
            "2:13: package is empty",
            "2:17: the keys are",
        ],
    ),
    (
        f"- {{{FINE}}}\n- {{{FINE.replace('a,', 'A,')}}}",
        ["2:3: line 1 waives the same already"],
    ),
)
TOKENS = (
    *("- ", "{", "}", "[", "]", ": ", ",", "\n", "  ", "'", '"', "*", "&a"),
    *("!x", "!!", "%YAML 1.1\n", "%", "---\n", "...", "|", "> ", "? ", "#"),
    *("project", "package", "rule", "reason", "until", "2027-01-31", "~"),
    *("\\UFFFFFFFF", "\\ud800", "\t", "\r", "\u2028", "\x85", "\ufeff"),
    *("yes", "1e3", "<<", "@", "`", "\\", "\x00", "a" * 3000),
)

# A pattern, a project, and whether the one is for the other.
PROJECTS = (
    ("nova", "nova", True),
    ("openstack/nova", "openstack/nova", True),
    ("openstack/nova", "nova", True),
    ("nova", "openstack/nova", True),
    ("openstack/nova", "x/nova", False),
    ("nov", "nova", False),
    ("Oslo.Config", "openstack/oslo_config", True),
    ("oslo.*", "oslo.config", True),
    ("oslo.*", "x/oslo-config", True),
    ("openstack/*", "openstack/nova", True),
    ("openstack/*", "x/nova", False),
    ("*", "x/nova", True),
    ("*", "", True),
    ("nova", "", False),
)

FOUND = Finding(
    *("marker-mismatch", "error", "is wrong", "requirements.txt", 3, 1),
    *("Oslo.Config", "write x"),
)
NOWHERE = Finding("obsolete-file", "warning", "is old", "tools/pip-requires")
COMMENT = Waiver("requirements.txt", 3, 9, ("marker-mismatch",), "why", LATER)
ROW = Waiver(
    *("lists/waivers.yaml", 7, 3, ("marker-mismatch",), "why", LATER),
    *("openstack/nova", "oslo_config"),
)
# A waiver, and the rules of what is left when it meets FOUND.
HONOURED: tuple[tuple[Waiver, list[str]], ...] = (
    (COMMENT, []),
    (COMMENT._replace(until=TODAY), []),
    (COMMENT._replace(until=None), ["waiver-without-date"]),
    (COMMENT._replace(rules=("entry-count", "marker-mismatch")), ["unused"]),
    (
        COMMENT._replace(rules=("typo", "marker-mismatch")),
        ["waiver-unknown-rule"],
    ),
    (ROW, []),
    (ROW._replace(project="*", package="*"), []),
    (ROW._replace(project="n*"), []),
)
REFUSED: tuple[tuple[Waiver, list[str]], ...] = (
    (COMMENT._replace(reason=""), ["waiver-without-reason"]),
    (
        COMMENT._replace(reason="", until=None),
        ["waiver-without-reason", "waiver-without-date"],
    ),
    (COMMENT._replace(until=date(2026, 11, 20)), ["waiver-expired"]),
    (COMMENT._replace(problem="is odd"), ["waiver-unreadable"]),
    (COMMENT._replace(line=4), ["unused"]),
    (COMMENT._replace(line=2, until=None), ["waiver-without-date", "unused"]),
    (COMMENT._replace(line=4, until=date(2020, 1, 1)), ["waiver-expired"]),
    (COMMENT._replace(file="x.txt"), ["unused"]),
    (COMMENT._replace(rules=("entry-count",)), ["unused"]),
    (COMMENT._replace(rules=("typo",)), ["waiver-unknown-rule"]),
    (COMMENT._replace(rules=("unused-waiver",)), ["waiver-unknown-rule"]),
    (ROW._replace(reason=""), ["waiver-without-reason"]),
    (ROW._replace(until=date(2026, 11, 20)), ["waiver-expired"]),
    (ROW._replace(project="n*", until=date(2026, 1, 1)), ["waiver-expired"]),
    (ROW._replace(package="oslo-configs"), ["unused"]),
    (ROW._replace(rules=("entry-count",)), ["unused"]),
    # It is for other projects as well, and they may need it.
    (ROW._replace(project="n*", package="foo"), []),
    (ROW._replace(project="*", package="foo", until=date(2026, 1, 1)), []),
    (ROW._replace(project="*", rules=("typo",)), ["waiver-unknown-rule"]),
    (ROW._replace(project="openstack/cinder"), []),
    (ROW._replace(project="cinder", until=date(2020, 1, 1)), []),
)

words = st.from_regex(r"[A-Za-z0-9,.:;()'\"+*-]{1,8}", fullmatch=True)
reasons = st.lists(words.filter(lambda word: word != "until"), max_size=4).map(
    " ".join
)
ids = st.sampled_from(sorted(RULES | {"typo", "waiver-expired"}))
dates = st.none() | st.dates(date(2026, 11, 1), date(2026, 12, 12))
comments = st.builds(
    Waiver,
    st.sampled_from(["a.txt", "b.txt"]),
    st.integers(1, 2),
    st.just(1),
    st.lists(ids, min_size=1, max_size=2, unique=True).map(tuple),
    reasons,
    dates,
)
rows = st.builds(
    Waiver,
    st.just("w.yaml"),
    st.integers(1, 9),
    st.just(3),
    st.tuples(ids),
    reasons,
    dates,
    st.sampled_from(["*", "p", "p*", "q", "org/p", "other/p"]),
    st.sampled_from(["*", "foo", "Bar"]),
)
some_findings = st.lists(
    st.builds(
        Finding,
        st.sampled_from(sorted(RULES)),
        st.sampled_from(["error", "warning"]),
        st.sampled_from(["one", "two"]),
        st.sampled_from([None, "a.txt", "b.txt"]),
        st.none() | st.integers(1, 2),
        st.none(),
        st.sampled_from([None, "foo", "bar", "Baz"]),
    ),
    max_size=5,
)
some_waivers = st.lists(comments | rows, max_size=4)


def apply(
    found: list[Finding], some: list[Waiver], project: str = "org/p"
) -> tuple[list[Finding], list[Finding]]:
    """What is left and what is waived, today."""
    left, waived = waiving.apply(found, some, project, TODAY, rules=RULES)
    return left, [each.finding for each in waived]


def about_waivers(finding: Finding) -> bool:
    return finding.rule in {rule.id for rule in waiving.RULES}


class TestInline(base.TestCase):
    def test_comments(self) -> None:
        for comment, (rules, reason, until, problem) in COMMENTS:
            for blanks in ("\n", "\r\n", ""):
                text = f"\nfoo  {comment}{blanks}"
                (found,) = waivers.inline({"x.txt": text})
                self.assertEqual(
                    ("x.txt", 2, 6, tuple(rules), reason, until, "", ""),
                    found[:8],
                )
                self.assertIn(problem or "", found.problem, comment)
                self.assertEqual(bool(problem), bool(found.problem), comment)

    def test_what_is_none(self) -> None:
        for text in NO_WAIVERS:
            self.assertEqual([], waivers.inline({"x.txt": text}), text)
            self.assertEqual(text, waivers.without(text))

    def test_two_in_a_comment(self) -> None:
        one, two = waivers.inline({"x.txt": f"foo {TWO}"})
        self.assertEqual((("a",), "x", LATER, 12), (*one[3:6], one.column))
        self.assertEqual((("b",), "y", None, 57), (*two[3:6], two.column))
        self.assertEqual("# MIT", waivers.without(TWO))

    def test_strings_of_toml_hold_none(self) -> None:
        for content in (PYPROJECT, PYPROJECT.replace("\n", "\r\n")):
            found = waivers.inline({"pyproject.toml": f"\ufeff{content}"})
            self.assertEqual(
                IN_PYPROJECT,
                [(each.line, each.column, *each.rules) for each in found],
            )
            self.assertEqual({""}, {each.problem for each in found})

    def test_toml_that_is_none(self) -> None:
        for content in ("a = '\n#", "''' #", "\\ #"):
            text = f"{content} requirements: ignore[a] x"
            self.assertEqual([], waivers.inline({"pyproject.toml": text}))

    def test_other_files(self) -> None:
        for file, line, column in OTHER_FILES:
            text = line.format("# requirements: ignore[a] x")
            found = waivers.inline({file: f"\ufeff\n{text}\n"})
            expected = [(file, 2, column)] if column else []
            self.assertEqual(expected, [each[:3] for each in found], line)

    @given(comments, st.sampled_from(["", "# MIT ", "#MIT"]))
    def test_what_is_written_is_read(self, one: Waiver, before: str) -> None:
        comment = f"{before}{waivers.to_comment(one)}"
        for file, line in (
            ("requirements.txt", f"foo>=1 {comment}"),
            ("setup.cfg", f"  foo>=1:python_version<'3' {comment}"),
            ("pyproject.toml", f"a = [ 'x' ] {comment}"),
        ):
            (found,) = waivers.inline({file: line})
            self.assertEqual(one[3:], found[3:])
        self.assertEqual(before.strip(), waivers.without(comment))

    def test_no_comment_takes_long(self) -> None:
        before = time.monotonic()
        for text in ("# " * 400_000, "#" + " " * 800_000, "#" * 800_000):
            waivers.inline(
                {"pyproject.toml": f"{text}\n# requirements:\n{text}"}
            )
            waivers.without(text)
        self.assertLess(time.monotonic() - before, 10)


class TestListed(base.TestCase):
    def test_good(self) -> None:
        for content in (GOOD_YAML, GOOD_YAML.replace("\n", "\r\n")):
            found = waivers.listed(f"\ufeff{content}", "w.yaml")
            self.assertEqual(FROM_YAML, found)

    def test_nothing(self) -> None:
        for content in ("", "\n", "\ufeff", "# c\n", "---\n", "[]", "null\n"):
            self.assertEqual([], waivers.listed(content))

    def test_bad(self) -> None:
        for content, messages in BAD_YAML:
            before = time.monotonic()
            error = self.assertRaises(
                RequirementsError, waivers.listed, content, "w.yaml"
            )
            found = str(error).splitlines()
            self.assertEqual(len(messages), len(found), str(error))
            for message, line in zip(messages, found, strict=True):
                self.assertEqual(f"w.yaml:{message}", line[: len(message) + 7])
                self.assertTrue(line.isprintable())
                self.assertLess(len(line), 300)
            self.assertLess(time.monotonic() - before, 5)

    @given(st.lists(st.sampled_from(TOKENS), max_size=14).map("".join))
    def test_nothing_breaks_it(self, text: str) -> None:
        for content in (text, f'- {{{FINE}, reason: "{text}"}}'):
            try:
                waivers.listed(content, "w.yaml")
            except RequirementsError as error:
                self.assertRegex(str(error), r"\Aw\.yaml:\d+:\d+: ")

    @given(st.lists(rows, max_size=4, unique_by=lambda each: each[6:8]))
    def test_what_is_written_is_read(self, some: list[Waiver]) -> None:
        content = yaml.safe_dump(
            [
                {
                    "project": each.project,
                    "package": each.package,
                    "rule": each.rules[0],
                    "reason": each.reason,
                    "until": each.until,
                }
                for each in some
            ]
        )
        found = waivers.listed(content)
        self.assertEqual(
            [each[3:] for each in some], [each[3:] for each in found]
        )

    def test_folder(self) -> None:
        folder = str(self.folder)
        self.assertEqual([], lists.read_waivers(folder))
        path = self.write("waivers.yaml", GOOD_YAML)
        found = lists.read_waivers(folder)
        self.assertEqual([path] * 3, [each.file for each in found])
        self.write("waivers.yaml", b"- {a: \xff}")
        error = self.assertRaises(UnusableInput, lists.read_waivers, folder)
        self.assertIn(f"{path}:1: is not UTF-8", str(error))
        (self.folder / "waivers.yaml").unlink()
        (self.folder / "waivers.yaml").mkdir()
        self.assertRaises(UnusableInput, lists.read_waivers, folder)


class TestCostly(base.TestCase):
    def test_many_inline(self) -> None:
        text = "a  # requirements: ignore[marker-mismatch] x\n"
        texts = {"requirements.txt": text * 5000, "setup.cfg": text * 5000}
        long = "# requirements: ignore[marker-mismatch] x " * 6000
        texts["pyproject.toml"] = long

        def judge() -> None:
            inline = waivers.inline(texts)
            findings = [
                FOUND._replace(file=each.file, line=each.line)
                for each in inline
            ]
            left, waived = apply(findings, inline)
            if (len(left), len(waived)) != (16_000, 16_000):
                raise AssertionError

        self.assertEqual(0, bounded.run(judge))

    def test_many_rows(self) -> None:
        row = "- {{project: 'o*{:x}*', package: '*', rule: entry-count}}\n"
        rows = "".join(map(row.format, range(yaml_rows.LARGEST // 60)))
        findings = [
            NOWHERE._replace(rule="entry-count", line=line)
            for line in range(5000)
        ]
        self.assertEqual(
            0,
            bounded.run(
                lambda: apply(findings, waivers.listed(rows), "openstack/nova")
            ),
        )

    def test_a_file_too_large(self) -> None:
        text = "#" * (yaml_rows.LARGEST + 1)
        error = self.assertRaises(
            UnusableInput, waivers.listed, text, "w.yaml"
        )
        self.assertEqual(
            "w.yaml: is longer than 262144 characters", str(error)
        )


class TestApply(base.TestCase):
    def test_honoured(self) -> None:
        for waiver, rules in HONOURED:
            left, waived = apply([FOUND], [waiver], "openstack/nova")
            self.assertEqual([FOUND], waived, str(waiver))
            self.check(rules, left)

    def test_refused(self) -> None:
        for waiver, rules in REFUSED:
            left, waived = apply([FOUND], [waiver], "openstack/nova")
            self.assertEqual([], waived, str(waiver))
            self.assertEqual(FOUND, left[0])
            self.check(rules, left[1:])

    def check(self, rules: list[str], found: list[Finding]) -> None:
        rules = [each.replace("unused", "unused-waiver") for each in rules]
        self.assertEqual(rules, [each.rule for each in found])
        severities = {rule.id: rule.severity for rule in waiving.RULES}
        for each in found:
            self.assertEqual(severities[each.rule], each.severity)
            self.assertTrue(each.file and each.line and each.column)
            self.assertTrue(each.hint)

    def test_every_rule_is_met(self) -> None:
        met = {each for _, rules in HONOURED + REFUSED for each in rules}
        met = {each.replace("unused", "unused-waiver") for each in met}
        self.assertEqual({rule.id for rule in waiving.RULES}, met)

    def test_words(self) -> None:
        _, (one, two, three) = waiving.apply(
            [FOUND, FOUND._replace(line=4), FOUND._replace(line=5)],
            [COMMENT, ROW, COMMENT._replace(line=4, until=None)],
            "nova",
            TODAY,
            rules=RULES,
        )
        self.assertEqual("why (until 2027-01-31)", one.reason)
        where = "lists/waivers.yaml:7"
        self.assertEqual(f"why (until 2027-01-31, {where})", two.reason)
        self.assertEqual(two.reason, three.reason)
        self.assertEqual("why", self.reason(COMMENT._replace(until=None)))
        left, _ = apply([], [COMMENT._replace(until=date(2026, 1, 2))])
        self.assertEqual(
            "this waiver of marker-mismatch ended on 2026-01-02: why",
            left[0].message,
        )
        self.assertIn("nothing left", str(left[0].hint))

    def reason(self, waiver: Waiver) -> str:
        _, (waived,) = waiving.apply(
            [FOUND], [waiver], "nova", TODAY, rules=RULES
        )
        return waived.reason

    def test_projects(self) -> None:
        for pattern, project, right in PROJECTS:
            row = ROW._replace(project=pattern)
            _, waived = apply([FOUND], [row], project)
            self.assertEqual([FOUND] * right, waived, f"{pattern} {project}")

    def test_findings_without_a_package(self) -> None:
        for package, right in (("*", True), ("tools", False)):
            row = ROW._replace(package=package, rules=("obsolete-file",))
            _, waived = apply([NOWHERE], [row], "nova")
            self.assertEqual([NOWHERE] * right, waived)

    def test_findings_about_waivers_stay(self) -> None:
        late = COMMENT._replace(until=date(2020, 1, 1))
        row = ROW._replace(package="*", project="*", rules=("waiver-expired",))
        (about,), _ = apply([], [late])
        left, waived = apply([about], [row], "nova")
        self.assertEqual([], waived)
        self.assertEqual(
            ["waiver-expired", "waiver-unknown-rule"],
            [each.rule for each in left],
        )

    def test_a_change_alone_is_judged(self) -> None:
        late = COMMENT._replace(line=9, until=date(2020, 1, 1))
        some = [late, COMMENT._replace(line=8), ROW._replace(package="foo")]
        some += [COMMENT._replace(line=3, until=None)]
        for judged, rules in (
            ([], ["waiver-without-date"]),
            ([("requirements.txt", 9)], ["waiver-expired"]),
            ([("requirements.txt", 8)], ["unused-waiver"]),
            (None, ["waiver-expired", "unused-waiver", "unused-waiver"]),
        ):
            left, (waived,) = waiving.apply(
                *([FOUND], some, "nova", TODAY), rules=RULES, judged=judged
            )
            self.assertEqual(FOUND, waived.finding)
            self.assertEqual(
                sorted({*rules, "waiver-without-date"}),
                sorted({each.rule for each in left}),
            )

    @given(some_findings, some_waivers)
    def test_nothing_is_lost(
        self, found: list[Finding], some: list[Waiver]
    ) -> None:
        left, waived = apply(found, some)
        of_them = [each for each in left if not about_waivers(each)]
        self.assertEqual(
            sorted(map(repr, found)), sorted(map(repr, of_them + waived))
        )
        for each in waived:
            self.assertTrue(
                any(
                    each.rule in one.rules
                    and one.reason
                    and (one.until is None or one.until >= TODAY)
                    and (
                        (each.file, each.line) == one[:2]
                        if not one.project
                        else one.project in {"*", "p", "p*", "org/p"}
                        and one.package.lower() in {"*", each.package}
                    )
                    for one in some
                ),
                each,
            )

    @given(some_findings, some_waivers)
    def test_once_is_enough(
        self, found: list[Finding], some: list[Waiver]
    ) -> None:
        left, waived = apply(found, some)
        self.assertEqual((left, waived), apply(found, some * 2))
        again, more = apply(left, some)
        self.assertEqual([], more)
        self.assertEqual(left, again[: len(left)])

    @given(some_findings, some_waivers, comments | rows)
    def test_one_more_hides_only_its_own(
        self, found: list[Finding], some: list[Waiver], one: Waiver
    ) -> None:
        before = apply(found, some)[1]
        after = apply(found, [*some, one])[1]
        for each in found:
            if each in after and each not in before:
                self.assertIn(each.rule, one.rules)
                if one.project:
                    self.assertIn(
                        one.package.lower(), {"*", str(each.package).lower()}
                    )
                else:
                    self.assertEqual(one[:2], (each.file, each.line))
        self.assertEqual([], [each for each in before if each not in after])


class TestTogether(base.TestCase):
    """From a project's texts to what is left."""

    def test_classic(self) -> None:
        waiver = "# requirements: ignore[marker-mismatch] x until 2027-01-31"
        texts = {
            "requirements.txt": f"foo;os_name=='x' # MIT  {waiver}\nbar\n",
            "setup.cfg": f"[extras]\na =\n  foo:os_name=='y' # MIT {waiver}\n",
        }
        entries = read_entries("foo>=1  # MIT\nbar>=1 # BSD\n", "g.txt")
        against = judgement.against(policy.CLASSIC, "g.txt", entries)
        declared = declarations.read(texts)
        self.assertEqual(
            ["# MIT", "", "# MIT"],
            [
                comment_of(each.requirement)
                for each in declared
                if each.requirement
            ],
        )
        found = [
            each.finding
            for each in judgement.judge(
                judgement.subject(against, texts, declared)
            )
        ]
        left, waived = waiving.apply(
            found,
            waivers.inline(texts),
            "p",
            TODAY,
            rules={rule.id for rule in judgement.RULES},
        )
        self.assertEqual(
            [("comment-mismatch", "bar")],
            [(each.rule, each.package) for each in left],
        )
        self.assertEqual(
            [("requirements.txt", 1), ("setup.cfg", 3)],
            [each.finding[3:5] for each in waived],
        )

    def test_every_rule_has_its_section(self) -> None:
        path = base.ROOT / "doc/source/reference/waivers.rst"
        page = path.read_text(encoding="utf-8")
        for rule in waiving.RULES:
            section = f"\n{rule.id}\n{'-' * len(rule.id)}\n\n"
            section += f"{rule.severity.capitalize()}. "
            self.assertIn(section, page)

    def test_ids_do_not_clash(self) -> None:
        ids = [rule.id for rule in (*judgement.RULES, *waiving.RULES)]
        self.assertEqual(len(ids), len(set(ids)))
        for rule in waiving.RULES:
            self.assertRegex(rule.id, r"\A[a-z]+(-[a-z]+)+\Z")
            self.assertTrue(rule.why.endswith(".") and rule.how.endswith("."))
