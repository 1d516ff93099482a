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
"""validate-constraints: whether a repository's lists are consistent."""

from __future__ import annotations

import argparse
import datetime
from typing import TYPE_CHECKING

from openstack_requirements.checks import (
    findings,
    hold_rules,
    list_lines,
    list_rules,
    upkeep_rules,
)
from openstack_requirements.cmds import _console, _judge, _lists, _upkeep
from openstack_requirements.errors import UnusableInput
from openstack_requirements.repository import lists

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.checks.list_lines import Listed

NAME = "validate-constraints"


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog=NAME,
        description="Judge whether the lists of a repository fit together.",
        epilog="exit status: 0 nothing is wrong; 1 there are findings; 2 "
        "wrong usage or unusable input; 3 the disk failed.",
    )
    result.add_argument(
        "required",
        metavar="GLOBAL",
        nargs="?",
        default=argparse.SUPPRESS,
        help="the global list (default: that of the settings, or "
        "global-requirements.txt)",
    )
    result.add_argument(
        "pinned",
        metavar="CONSTRAINTS",
        nargs="?",
        default=argparse.SUPPRESS,
        help="the constraints (default: those of the settings, or "
        "upper-constraints.txt)",
    )
    result.add_argument(
        "never_list",
        metavar="NEVER",
        nargs="?",
        default=argparse.SUPPRESS,
        help="the never-constrain list; also -b and -d",
    )
    _lists.add_reqs_option(result)
    _lists.add_never_option(result)
    _lists.add_holds_options(result)
    _lists.add_policy_option(result)
    _upkeep.add_options(result)
    _judge.add_report_options(result)
    return result


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv)
    repository = _lists.located(
        options,
        required=getattr(options, "required", None),
        pinned=getattr(options, "pinned", None),
    )
    subject = _subject(repository, getattr(options, "policy", None))
    upkeep = _upkeep.load(
        options,
        subject.required,
        subject.pinned,
        subject.never,
        repository.settings.checkouts,
    )
    entries, pins = _lines(subject.required), _lines(subject.pinned)
    if not entries and not pins:
        raise UnusableInput(
            subject.required.file,
            f"has no entry, and {subject.pinned.file} no pin: there is "
            "nothing to judge",
        )
    judged = list_rules.judge(subject)
    if upkeep is not None:
        judged += upkeep_rules.judge(upkeep)
    amounts = [
        findings.Amount(entries, "entry", "entries"),
        findings.Amount(pins, "pin"),
    ]
    if repository.holds is not None:
        holds = _holds(repository, subject)
        judged += hold_rules.judge(holds)
        amounts.append(findings.Amount(len(holds.ledger.holds), "hold"))
    what = f"{subject.required.file} and {subject.pinned.file}"
    verdict = findings.verdict(what, judged, judged=amounts)
    return _judge.report(NAME, options, [verdict])


def _subject(
    repository: lists.RequirementsRepository, policy_name: str | None
) -> list_rules.JudgedLists:
    """The lists of a repository, read."""
    required = lists.read(repository.required)
    pinned = lists.read(repository.pinned, permit_urls=True)
    return list_rules.JudgedLists(
        repository.policy(required, policy_name),
        list_lines.listed(repository.required, required),
        list_lines.listed(repository.pinned, pinned),
        repository.never or lists.NEVER[0],
        lists.never_constrained(repository.never),
    )


def _holds(
    repository: lists.RequirementsRepository, subject: list_rules.JudgedLists
) -> hold_rules.JudgedHolds:
    """The hold ledger of a repository, to be judged today."""
    grace = repository.settings.hold_grace
    return hold_rules.JudgedHolds(
        lists.read_holds(repository.holds),
        subject.required,
        subject.pinned,
        datetime.datetime.now(datetime.timezone.utc).date(),
        hold_rules.GRACE if grace is None else grace,
    )


def _lines(listed: Listed) -> int:
    """How many requirements a list has."""
    return sum(map(len, listed.by_name.values()))
