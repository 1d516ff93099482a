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
"""What options that several commands have in common mean in all of them."""

from __future__ import annotations

import importlib

import fixtures

from openstack_requirements.cmds import (
    bootstrap_requirements,
    build_lower_constraints,
    check_conflicts,
    check_constraints,
    check_python2_support,
    check_requirements,
    diff_constraints,
    generate_constraints,
    normalize_requirements,
    update_requirements,
    validate_constraints,
    validate_projects,
)
from openstack_requirements.tests import base
from openstack_requirements.tests.test_repository import scripts

#: Each command that takes a never-constrain list, and what it needs to start.
WITH_NEVER = (
    (bootstrap_requirements.main, ("name",)),
    (check_constraints.main, (".",)),
    (diff_constraints.main, ("a.txt", "b.txt")),
    (generate_constraints.main, ("-p", "3.11", "-r", "list.txt")),
    (update_requirements.main, (".",)),
    (validate_constraints.main, ()),
)


class TestNeverConstrained(base.TestCase):
    def test_there_is_one_list(self) -> None:
        for main, needed in WITH_NEVER:
            for again in ("-b", "--blacklist", "-d", "--denylist"):
                done = self.run_main(main, *needed, "-b", "x", again, "x")
                self.assertEqual(
                    (
                        2,
                        "",
                        "the never-constrain list is named twice: name "
                        "it once\n",
                    ),
                    done,
                )


#: The calls of the older toolkit's commands: with short options where there
#: are any, with long ones and with abbreviated ones, all of the same meaning.
CALLS = (
    (
        update_requirements,
        "--source r -o new -s -H -v project",
        "--source r --output-suffix new --soft-update --hacking --verbose "
        "project",
        "--sou r --out new --soft-up --hack --verb project",
        "--source=r --suffix=new --soft --hacking --verbose project",
        "--sour=r --suf=new --sof --ha --verbo project",
    ),
    (
        generate_constraints,
        "-p 3.11 -p 3.12 -r g.txt -b never.txt --version-map 3.11:3.14",
        "--python 3.11 --python 3.12 --requirements g.txt --blacklist "
        "never.txt --version-map 3.11:3.14",
        "--pyt 3.11 --pyt 3.12 --req g.txt --bla never.txt --version-m "
        "3.11:3.14",
        "-p 3.11 -p 3.12 -r g.txt --denylist never.txt --version-map "
        "3.11:3.14",
        "-p 3.11 -p 3.12 -r g.txt -d never.txt --version-map=3.11:3.14",
    ),
    (
        check_requirements,
        "--local --reqs lists project master",
        "--loc --req lists project master",
        "project master --req=lists --lo",
    ),
    (normalize_requirements, "-s f.txt", "--save f.txt", "--sa f.txt"),
    (
        check_constraints,
        "project -u u -g g -b b -G",
        "project --upper-constraints u --global-requirements g --blacklist b "
        "--gr-check",
        "project --upper u --global g --black b --gr",
        "project -u u -g g -d b --gr-check",
        "project -u u -g g --deny b -G",
    ),
    (
        check_python2_support,
        "-v --requirements u.txt",
        "--verbose --requirements u.txt",
        "--verb --req u.txt",
    ),
    (
        validate_projects,
        "projects.txt --zuul-projects z.yaml",
        "projects.txt --zuul z.yaml",
    ),
    (validate_constraints, "g u b"),
    (check_conflicts, "u.txt xfails.txt"),
    (build_lower_constraints, "a.txt b.txt"),
)


class TestAbbreviations(base.TestCase):
    def test_the_calls_of_the_older_toolkit(self) -> None:
        for module, short, *spellings in CALLS:
            parser = module.parser()
            meant = vars(parser.parse_args(short.split()))
            for words in spellings:
                self.assertEqual(
                    meant, vars(parser.parse_args(words.split())), words
                )

    def test_each_long_option_may_be_abbreviated(self) -> None:
        """By whatever no other option starts with."""
        for name, target in scripts().items():
            if name == "edit-constraints":
                continue  # which parses its options itself
            module = importlib.import_module(target.partition(":")[0])
            parser = module.parser()
            actions = {
                option: action
                for action in parser._actions
                for option in action.option_strings
                if option.startswith("--")
            }
            self.assertIn("--version", actions)
            for option, action in actions.items():
                for length in range(3, len(option)):
                    start = option[:length]
                    meant = {
                        id(actions[whole])
                        for whole in actions
                        if whole.startswith(start)
                    }
                    if {"--reqs", "--requirements"} <= {
                        whole for whole in actions if whole.startswith(start)
                    }:
                        meant.discard(id(actions["--reqs"]))
                    rows = parser._get_option_tuples(start)
                    self.assertEqual(
                        meant, {id(row[0]) for row in rows}, f"{name} {start}"
                    )
                    self.assertEqual(len(meant), len(rows))
                    if option != "--reqs":
                        self.assertIn(id(action), meant)

    def test_a_start_of_several_options_is_refused(self) -> None:
        for module, words in (
            (check_requirements, "--re lists"),
            (update_requirements, "--s project"),
            (update_requirements, "--ver project"),
            (generate_constraints, "--vers 3.11"),
        ):
            done = self.run_main(module.main, *words.split())
            self.assertEqual((2, ""), (done.status, done.out), words)
            self.assertIn(f"{words.split()[0]} could match", done.err)


class TestColours(base.TestCase):
    """Python 3.14 colours what its parsers write."""

    def test_help_and_errors_have_none(self) -> None:
        self.useFixture(fixtures.EnvironmentVariable("FORCE_COLOR", "1"))
        for name, function in scripts().items():
            module = importlib.import_module(function.partition(":")[0])
            for argv in (["-h"], ["--no-such-option"]):
                done = self.run_main(module.main, *argv)
                text = done.out + done.err
                self.assertIn("usage: ", text, name)
                self.assertNotIn("\x1b", text, name)
                self.assertNotIn("\\x1b", text, name)
