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
"""Every rule says what it is for: to --explain, and in the documentation."""

from __future__ import annotations

import re

from openstack_requirements.checks import (
    conflicts,
    hold_rules,
    install_rules,
    judgement,
    list_rules,
    registry,
    support,
    upkeep_rules,
    waiving,
    zuul,
)
from openstack_requirements.cmds import validate_constraints
from openstack_requirements.cmds.report import FORMATS
from openstack_requirements.tests import base, rule_cases

PAGE = "doc/source/reference/rules.rst"


def sections() -> dict[str, str]:
    """The sections about rules of the page, by their titles."""
    text = (base.ROOT / PAGE).read_text(encoding="utf-8")
    parts = re.split(r"^(\S+)\n(-+)\n", text, flags=re.MULTILINE)
    found = zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    return {
        title: body for title, line, body in found if len(title) == len(line)
    }


def words(text: str) -> str:
    """The text without its markup and line breaks."""
    return " ".join(text.replace("`", "").split())


class TestTexts(base.TestCase):
    def test_every_rule_has_some(self) -> None:
        known = registry.texts()
        self.assertEqual(sorted(known), list(known))
        for rule, texts in known.items():
            self.assertRegex(rule, r"^[a-z]+(-[a-z]+)+$")
            for text in (texts.why, texts.how):
                self.assertRegex(text, r"^[A-Za-z].*\.$", rule)
                self.assertNotIn("  ", text, rule)

    def test_no_table_is_left_out_and_ids_mean_one_thing(self) -> None:
        for table in (list_rules.RULES, judgement.RULES):
            for row in table:
                texts = registry.texts()[row.id]
                self.assertEqual((row.why, row.how), texts[1:], row.id)
                self.assertIn(row.severity, texts.severities, row.id)

    def test_every_table_has_texts(self) -> None:
        ids = {
            row.id
            for table in (
                *(list_rules.RULES, judgement.RULES, waiving.RULES),
                *(install_rules.RULES, support.RULES, zuul.RULES),
                *(upkeep_rules.RULES, hold_rules.RULES),
            )
            for row in table
        }
        self.assertEqual(ids | {*conflicts.RULES}, set(registry.texts()))

    def test_links_lead_to_what_is_there(self) -> None:
        for rule in registry.texts():
            address, _, anchor = registry.link(rule).partition("#")
            if "/cli/" not in address:
                self.assertEqual(rule, anchor)
            page = address.removeprefix(registry.DOCS).removesuffix(".html")
            path = base.ROOT / "doc/source" / f"{page}.rst"
            self.assertIn(f"\n{rule}\n", path.read_text(encoding="utf-8"))


class TestDocumentation(base.TestCase):
    def test_every_rule_has_a_section(self) -> None:
        ids = {row.id for row in (*list_rules.RULES, *judgement.RULES)}
        self.assertEqual(ids, set(sections()))

    def test_a_section_says_what_explain_says(self) -> None:
        for rule, section in sections().items():
            texts = registry.texts()[rule]
            for text in (texts.why, texts.how):
                self.assertIn(words(text), words(section), rule)

    def test_a_section_shows_what_is_printed(self) -> None:
        for rule, section in sections().items():
            report = self.text(rule).splitlines()[:-1]
            block = "".join(f"   {line}\n" for line in report)
            start = ".. code-block:: text\n\n"
            self.assertIn(f"{start}{block}\n", section, rule)

    def test_the_page_is_found(self) -> None:
        index = base.ROOT / "doc/source/index.rst"
        self.assertIn("\n   reference/*\n", index.read_text(encoding="utf-8"))

    def text(self, rule: str) -> str:
        verdict = rule_cases.judge(rule_cases.CASES[rule])
        return FORMATS["text"]("command", [verdict])


class TestCases(base.TestCase):
    """A finding can be mended by somebody who sees nothing but its text."""

    def test_every_rule_has_a_case(self) -> None:
        ids = {row.id for row in (*list_rules.RULES, *judgement.RULES)}
        self.assertEqual(ids, set(rule_cases.CASES))

    def test_it_is_the_only_finding(self) -> None:
        for rule, case in rule_cases.CASES.items():
            (finding,) = rule_cases.judge(case).findings
            self.assertEqual(rule, finding.rule)
            severities = registry.texts()[rule].severities
            self.assertIn(finding.severity, severities, rule)

    def test_it_has_a_place_and_a_change(self) -> None:
        for rule, case in rule_cases.CASES.items():
            (finding,) = rule_cases.judge(case).findings
            self.assertIsNotNone(finding.file, rule)
            # A change that is known to pass, or what to do without one.
            self.assertEqual(1, (finding.fix, finding.hint).count(None), rule)
            # Of two rules, the finding is about the file as a whole.
            whole = rule in {"obsolete-file", "build-system"}
            self.assertEqual(whole, finding.line is None, rule)
            self.assertEqual(whole, finding.text is None, rule)

    def test_what_is_proposed_passes(self) -> None:
        written = set()
        for rule, case in rule_cases.CASES.items():
            (finding,) = rule_cases.judge(case).findings
            word, _, right = (finding.fix or "").partition(" ")
            if word != "write" or finding.text is None or rule in UNSAID:
                continue
            mended = rule_cases.replaced(case, finding.text, right)
            self.assertEqual((), rule_cases.judge(mended).findings, rule)
            written.add(rule)
        self.assertGreaterEqual(len(written), 9, written)


#: A fix of these says what to write, but not the very text.
UNSAID = {"unreadable-entry", "global-bounds"}


#: Policy, an entry, a rule that finds it, and what message and fix say.
WORDS = {
    "a compatible release keeps its lower side": (
        "classic",
        "requests~=2.18.0 # Apache-2.0",
        "exclusion-not-global",
        "requests~=2.18.0 excludes by ~=2.18.0 what",
        "write requests>=2.18.0 # Apache-2.0",
    ),
    "so does an exact version": (
        "current",
        "requests==2.18.*",
        "exclusion-not-global",
        "requests==2.18.* excludes by ==2.18.* what",
        "write requests>=2.18",
    ),
    "what is below the lower bound stays": (
        "classic",
        "oslo.config>=6.0,!=5.5,!=6.1 # Apache-2.0",
        "exclusion-not-global",
        "what global-requirements.txt:3 allows: oslo.config",
        "write oslo.config>=6.0,!=5.5 # Apache-2.0",
    ),
    "a version is named as it is written": (
        "classic",
        "oslo.config>=5.1.0,!=6.0.0 # Apache-2.0",
        "exclusion-not-global",
        " what global-requirements.txt",
        "write oslo.config>=5.1.0 # Apache-2.0",
    ),
    "the entry that is missing": (
        "classic",
        "sphinx>=1.6.2,<1.7;python_version<'3' # BSD",
        "entry-count",
        "sphinx has one entry in requirements.txt, but",
        "add sphinx>=1.6.2;python_version>='3' # BSD",
    ),
    "all entries where none fits": (
        "classic",
        "sphinx[x]>=1.6.2 # BSD",
        "entry-count",
        "sphinx[x] has one entry in requirements.txt, but",
        "write sphinx[x]>=1.6.2,<1.7;python_version<'3' # BSD and "
        "sphinx[x]>=1.6.2;python_version>='3' # BSD",
    ),
    "the marker where there are several": (
        "classic",
        "sphinx>=1.6.2 # BSD",
        "marker-mismatch",
        "sphinx has no marker, but global-requirements.txt:5,6 has the",
        "write sphinx>=1.6.2,<1.7;python_version<'3' # BSD and "
        "sphinx>=1.6.2;python_version>='3' # BSD",
    ),
    "the project's own lower bound": (
        "current",
        "pillow>=9;python_version>='3.12'",
        "entry-count",
        "pillow has one entry in requirements.txt, but",
        "add pillow>=9,<11;python_version<'3.12'",
    ),
    "versions that the list allows, and a lower bound": (
        "current",
        "requests===2.31.0",
        "no-common-version",
        "no version satisfies both requests===2.31.0 and "
        "global-requirements.txt:3: requests!=2.31.0  # Apache-2.0",
        "write requests>=2.31.0,!=2.31.0",
    ),
    "a lower bound without a constraint to go by": (
        "current",
        "pillow;python_version>='3.12'",
        "no-lower-bound",
        "pillow has no lower bound",
        "add the lowest version that is known to work, such as >=1.0",
    ),
}


class TestWords(base.TestCase):
    def test_words(self) -> None:
        for name, (policy, line, rule, message, fix) in WORDS.items():
            project = rule_cases.Project(
                policy,
                {
                    "requirements.txt": f"{line}\n",
                    "pyproject.toml": rule_cases.PBR,
                },
            )
            found = {
                each.rule: each
                for each in rule_cases.judge(project).findings
                if each.file == "requirements.txt"
            }
            self.assertIn(rule, found, name)
            self.assertIn(message, found[rule].message, name)
            self.assertEqual(fix, found[rule].fix or found[rule].hint, name)
            self.assertEqual(line, found[rule].text, name)


class TestExplain(base.TestCase):
    def explain(self, rule: str) -> base.Outcome:
        return self.run_main(validate_constraints.main, "--explain", rule)

    def test_every_rule(self) -> None:
        for rule, texts in registry.texts().items():
            done = self.explain(rule)
            self.assertEqual((0, ""), (done.status, done.err), rule)
            first, _, rest = done.out.partition("\n")
            severities = " or ".join(texts.severities)
            self.assertEqual(f"{rule} ({severities})", first)
            for text in (texts.why, texts.how, registry.link(rule)):
                self.assertIn(words(text), words(rest), rule)
            address = registry.link(rule)
            self.assertTrue(done.out.endswith(f"{address}\n"), rule)
            for line in rest.splitlines():
                if registry.DOCS not in line:
                    self.assertLess(len(line), 80, line)

    def test_no_such_rule(self) -> None:
        for rule, word in (
            ("unknown-requirment", "did you mean unknown-requirement"),
            ("?", "there are bound-not-global, build-system, "),
            ("", "there are bound-not-global, "),
            ("\x1b[31m" + "x" * 10_000, r"--explain \x1b[31mxxx"),
        ):
            done = self.explain(rule)
            self.assertEqual((2, ""), (done.status, done.out), rule)
            self.assertIn(word, done.err)
            self.assertNotIn("\x1b", done.err)
