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
"""One option, one name, one meaning: the audit of all parsers."""

from __future__ import annotations

from collections import defaultdict

from openstack_requirements.cmds import _options, openstack_requirements
from openstack_requirements.tests import base, option_audit

#: Where the value of an option differs, with the reason.
OTHER_VALUE = {
    ("generate-constraints", "--diff"): "has a format, which may be left out",
    ("propose-constraints", "--diff"): "has a format, which may be left out",
    ("propose-constraints", "--project"): "the name that a forge knows",
}
#: Short options that mean something else in a command, with the reason.
OTHER_SHORT = {
    ("update-requirements", "-o"): "a suffix, as in calls of the older tool",
    ("normalize-requirements", "-s"): "saves, as in calls of the older tool",
}


class TestAudit(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.by_name: dict[str, list[option_audit.OptionRow]] = defaultdict(
            list
        )
        for row in option_audit.rows():
            self.by_name[row.name].append(row)

    def test_what_several_commands_have_is_in_the_table(self) -> None:
        names = {name for name in self.by_name if len(self.by_name[name]) > 1}
        self.assertEqual(set(), names - set(_options.MEANINGS))
        spellings = {
            name
            for rows in self.by_name.values()
            for row in rows
            for name in row.names
        }
        self.assertEqual(set(), set(_options.MEANINGS) - spellings)

    def test_one_meaning_and_one_value(self) -> None:
        for name, known in _options.MEANINGS.items():
            for row in self.by_name[name]:
                self.assertTrue(
                    row.text.startswith(known.text),
                    f"{row.command} {name}: {row.text}",
                )
                if (row.command, name) not in OTHER_VALUE:
                    self.assertEqual(known.metavar, row.metavar, row.command)

    def test_a_short_name_stands_for_one_option(self) -> None:
        meant: dict[str, set[str]] = defaultdict(set)
        for row in option_audit.rows():
            for short in row.names:
                if short[:2] != "--" and (
                    (row.command, short) not in OTHER_SHORT
                ):
                    meant[short].add(row.name)
        self.assertEqual({}, {x: y for x, y in meant.items() if len(y) > 1})

    def test_exceptions_are_there(self) -> None:
        found = {
            (row.command, name)
            for row in option_audit.rows()
            for name in (*row.names, *row.older)
        }
        for exceptions in (OTHER_VALUE, OTHER_SHORT, option_audit.OLDER):
            self.assertEqual(set(), set(exceptions) - found)

    def test_the_table_in_the_documentation(self) -> None:
        self.assertEqual(
            option_audit.page(),
            option_audit.PAGE.read_text(encoding="utf-8"),
            "run tools/options.py --update",
        )

    def test_every_help(self) -> None:
        for command in openstack_requirements.COMMANDS:
            parser = openstack_requirements._module(command).parser()
            with self.subTest(command=command):
                text = parser.format_help()
                for default in ("False", "None", "[]"):
                    self.assertNotIn(f"(default: {default})", text)
                description = parser.description
                self.assertRegex(description, r"^[A-Z].*\.$")
                self.assertLess(len(description), 80)
                self.assertNotIn("\n", description)
                self.assertRegex(parser.epilog, r"^exit status: 0 ")
                for status in "0", "2", "3":
                    self.assertRegex(parser.epilog, rf"\b{status}\s")
