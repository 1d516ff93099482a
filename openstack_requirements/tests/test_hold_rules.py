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
"""What validate-constraints says of the hold ledger."""

from __future__ import annotations

import datetime
import os
from datetime import date, timedelta

from openstack_requirements.checks import hold_rules, registry
from openstack_requirements.checks.list_lines import listed
from openstack_requirements.cmds import validate_constraints
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.repository import hold_edits
from openstack_requirements.repository.holds import HoldEntry, HoldLedger
from openstack_requirements.tests import base, bounded
from openstack_requirements.tests.test_rulebook import words

TODAY = date(2026, 11, 21)
HOLD = HoldEntry(
    name="Foo",
    range="<2",
    owner="nova",
    bug="12",
    reason="2.0 breaks it",
    since=date(2026, 11, 1),
    until=TODAY,
    file="h.yaml",
    line=3,
    column=3,
)
OLD = "python_version<'3.12'"
NEW = "python_version>='3.12'"
#: A hold, the global list, the constraints, and the rules of the findings.
CASES: tuple[tuple[HoldEntry, str, str, tuple[str, ...]], ...] = (
    (HOLD, "foo\n", "foo===1.9\n", ()),
    (HOLD, "foo\n", "", ()),  # on the never-constrain list, most likely
    (HOLD, "", "foo===1.9\n", ()),
    (HOLD, "bar\n", "bar===1\n", ("hold-unknown-name",)),
    (HOLD, "foo\n", "foo===2.0\n", ("hold-excludes-pin",)),
    (HOLD, "foo\n", f"foo===2.0;{OLD}\n", ("hold-excludes-pin",)),
    (HOLD._replace(python=OLD), "foo\n", f"foo===2.0;{NEW}\n", ("effect",)),
    (
        HOLD._replace(python=OLD),
        "foo\n",
        f"foo===2.0;{NEW}\nfoo===1.9;{OLD}\n",
        (),
    ),
    (HOLD, "foo<2\n", "foo===1.9\n", ("hold-without-effect",)),
    (HOLD, "foo>=1,<1.5\n", "foo===1.4\n", ("hold-without-effect",)),
    (HOLD, "foo<3\n", "foo===1.9\n", ()),
    (HOLD, f"foo<2;{OLD}\n", "foo===1.9\n", ()),
    (HOLD, f"foo<2;{OLD}\nfoo<3;{NEW}\n", "foo===1.9\n", ()),
    (
        HOLD._replace(python="python_version=='3.11'"),
        f"foo<2;{OLD}\nfoo;{NEW}\n",
        "foo===1.9\n",
        ("hold-without-effect",),
    ),
    (
        HOLD._replace(python=OLD),
        "foo<2;python_version<'3.11'\n",
        "foo===1.9\n",
        (),
    ),
    (
        HOLD,
        "foo\n",
        f"foo===2.0;{OLD}\nfoo===2.1;{NEW}\n",
        ("hold-excludes-pin",),
    ),
    (HOLD._replace(range="===1.9"), "foo<2\n", "foo===1.9\n", ()),
    (HOLD._replace(owner=""), "foo\n", "", ("hold-without-owner",)),
    (HOLD._replace(bug=""), "foo\n", "", ("hold-without-bug",)),
    (
        HOLD._replace(until=TODAY - timedelta(1)),
        "foo\n",
        "",
        ("hold-expired",),
    ),
    (
        HOLD._replace(until=TODAY - timedelta(14)),
        "foo\n",
        "",
        ("hold-expired",),
    ),
    (
        HOLD._replace(until=TODAY - timedelta(15)),
        "foo\n",
        "",
        ("hold-overdue",),
    ),
)


def judged(
    hold: HoldEntry, required: str, pinned: str, grace: int = hold_rules.GRACE
) -> hold_rules.JudgedHolds:
    """A ledger with one hold, beside two lists."""
    return hold_rules.JudgedHolds(
        HoldLedger("h.yaml", (hold,)),
        listed("g.txt", read_entries(required, "g.txt")),
        listed("u.txt", read_entries(pinned, "u.txt", permit_urls=True)),
        TODAY,
        grace,
    )


class TestRules(base.TestCase):
    def test_table(self) -> None:
        for hold, required, pinned, rules in CASES:
            with self.subTest(hold=hold, required=required, pinned=pinned):
                findings = hold_rules.judge(judged(hold, required, pinned))
                self.assertEqual(len(rules), len(findings), str(findings))
                for rule, finding in zip(rules, findings, strict=True):
                    self.assertTrue(finding.rule.endswith(rule), finding.rule)
                    self.assertEqual(
                        ("h.yaml", 3, 3, "Foo"),
                        (*finding[3:6], finding.package),
                    )
                    self.assertIsNotNone(finding.hint)

    def test_every_rule_has_a_case(self) -> None:
        for row in hold_rules.RULES:
            self.assertTrue(
                any(
                    row.id.endswith(rule)
                    for *_, rules in CASES
                    for rule in rules
                ),
                row.id,
            )

    def test_the_grace(self) -> None:
        hold = HOLD._replace(until=TODAY - timedelta(3))
        for grace, rule, end in (
            (0, "hold-overdue", "ended on 2026-11-18, 3 days ago (nova, "),
            (2, "hold-overdue", "ended on 2026-11-18, 3 days ago (nova, "),
            (3, "hold-expired", "(nova, bug 12); it is an error in 1 day"),
            (5, "hold-expired", "(nova, bug 12); it is an error in 3 days"),
        ):
            subject = judged(hold, "foo\n", "", grace)
            (finding,) = hold_rules.judge(subject)
            self.assertEqual(rule, finding.rule)
            self.assertIn(end, finding.message)

    def test_many_markers_end_soon(self) -> None:
        pins = "".join(
            f"foo===1;python_version=='3.{number}' and os_name=='a'\n"
            for number in range(90)
        )
        subject = judged(HOLD, "foo\n", pins)
        holds = [
            HOLD._replace(python=f"python_version=='3.{number}'", line=number)
            for number in range(300)
        ]
        subject = subject._replace(ledger=HoldLedger("h.yaml", holds))
        cases = {"many": lambda: hold_rules.judge(subject)}
        self.assertEqual([], bounded.failures(cases))
        findings = hold_rules.judge(subject)
        self.assertEqual(
            {"hold-excludes-pin"}, {finding.rule for finding in findings}
        )
        self.assertIn("too many markers to be compared", findings[0].message)
        # What costs nothing is judged all the same, wherever it stands.
        wrong = HOLD._replace(name="bar", line=999)
        subject = subject._replace(
            ledger=HoldLedger("h.yaml", [*holds, wrong]),
            pinned=listed(
                "u.txt", read_entries(f"{pins}bar===2\n", permit_urls=True)
            ),
        )
        (finding,) = (
            finding
            for finding in hold_rules.judge(subject)
            if finding.line == 999
        )
        self.assertEqual("hold-excludes-pin", finding.rule)
        useless = HOLD._replace(python=f"{NEW} and {OLD}", line=0)
        rules = [
            finding.rule
            for finding in hold_rules.judge(
                subject._replace(ledger=HoldLedger("h", [*holds, useless]))
            )
            if finding.line == 0
        ]
        self.assertEqual(["hold-excludes-pin"], rules)


class TestPage(base.TestCase):
    def test_a_section_says_what_explain_says(self) -> None:
        page = base.ROOT / "doc/source/reference/holds.rst"
        text = page.read_text(encoding="utf-8")
        for row in hold_rules.RULES:
            line = "-" * len(row.id)
            self.assertIn(f"\n.. _{row.id}:\n\n{row.id}\n{line}\n", text)
            section = text.partition(f"\n{row.id}\n{line}\n")[2]
            section = words(section.partition("\n.. _")[0])
            for sentence in (row.why, row.how):
                self.assertIn(words(sentence), section, row.id)
            self.assertTrue(
                section.startswith(f"{row.severity.title()}. "), row.id
            )
            self.assertIn("holds.html#", registry.link(row.id))
        self.assertIn(f"{hold_rules.GRACE} days", words(text))


class TestCommand(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("global-requirements.txt", "foo  # MIT\n")
        self.write("upper-constraints.txt", "foo===1.9\n")
        self.today = datetime.datetime.now(datetime.timezone.utc).date()
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)

    def hold(self, name: str = "holds.yaml", **values: str) -> None:
        hold = HOLD._replace(until=self.today + timedelta(9), since=TODAY)
        if hold.since > hold.until:
            hold = hold._replace(since=hold.until)
        hold = hold._replace(**values)  # type: ignore[arg-type] # texts
        self.write(name, hold_edits.added("# Ours.\n", [hold]))

    def run_it(self, *argv: str) -> base.Outcome:
        return self.run_main(validate_constraints.main, *argv)

    def test_the_holds_are_counted(self) -> None:
        self.hold()
        self.assertEqual(
            (
                0,
                "global-requirements.txt and upper-constraints.txt: 1 entry, "
                "1 pin, 1 hold: no findings\n",
                "",
            ),
            self.run_it(),
        )

    def test_findings(self) -> None:
        self.hold(range="<1.5", owner="")
        done = self.run_it()
        self.assertEqual((1, ""), (done.status, done.err))
        self.assertIn(
            "holds.yaml:3: Foo is held at <1.5, and upper-constraints.txt:1 "
            "pins 1.9 [hold-excludes-pin]\n",
            done.out,
        )
        self.assertIn("[hold-without-owner]\n", done.out)
        self.assertEqual(0, self.run_it("--no-holds").status)

    def test_another_ledger(self) -> None:
        self.hold("other.yaml", range="<1.5")
        self.assertEqual(0, self.run_it().status)
        done = self.run_it("--holds", "other.yaml")
        self.assertEqual(1, done.status)
        self.assertIn("other.yaml:3: Foo is held at", done.out)
        table = '[tool.openstack_requirements]\nholds = "other.yaml"\n'
        self.write("pyproject.toml", table)
        self.assertEqual(done, self.run_it())
        self.assertEqual(
            (2, "", "--holds does not go with --no-holds\n"),
            self.run_it("--holds", "other.yaml", "--no-holds"),
        )
        done = self.run_it("--holds", "none.yaml")
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertIn("none.yaml: ", done.err)

    def test_the_grace_of_the_settings(self) -> None:
        since = self.today - timedelta(30)
        hold = HOLD._replace(since=since, until=self.today - timedelta(20))
        self.write("holds.yaml", hold_edits.added("", [hold]))
        self.assertIn("[hold-overdue]", self.run_it().out)
        table = "[tool.openstack_requirements]\nhold-grace = 30\n"
        self.write("pyproject.toml", table)
        done = self.run_it()
        self.assertEqual(0, done.status)
        self.assertIn("[hold-expired]", done.out)

    def test_what_cannot_be_read(self) -> None:
        self.write("holds.yaml", "- name: foo\n  range: '<1,>2'\n")
        done = self.run_it()
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertEqual(
            [
                "holds.yaml:1:3: without reason, since, until: add what is "
                "missing: - name: foo",
                "holds.yaml:2:10: no version is in the range <1,>2: write one "
                "that can be met: range: '<1,>2'",
            ],
            done.err.splitlines(),
        )
