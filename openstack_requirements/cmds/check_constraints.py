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
"""check-constraints: whether a project installs under the constraints."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from openstack_requirements.checks import findings, install_rules
from openstack_requirements.checks.list_lines import listed
from openstack_requirements.cmds import _console, _judge, _lists
from openstack_requirements.manifests import loader
from openstack_requirements.repository import lists

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "check-constraints"


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog=NAME,
        description="Judge whether a project can be installed under the "
        "constraints.",
        epilog="exit status: 0 nothing is wrong; 1 there are findings; 2 "
        "wrong usage or unusable input; 3 the disk failed.",
    )
    result.add_argument(
        "project", metavar="PROJECT", help="the project's folder"
    )
    result.add_argument(
        "-u",
        "--upper-constraints",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="the constraints (default: those of the settings, or "
        "upper-constraints.txt)",
    )
    result.add_argument(
        "-g",
        "--global-requirements",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="the global list (default: that of the settings, or "
        "global-requirements.txt)",
    )
    _lists.add_reqs_option(result)
    _lists.add_never_option(result)
    result.add_argument(
        "-G",
        "--gr-check",
        action="store_true",
        help="also judge the versions of bounds by the global list",
    )
    _lists.add_policy_option(result)
    _judge.add_report_options(result)
    return result


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv)
    repository = _lists.located(
        options,
        required=getattr(options, "global_requirements", None),
        pinned=getattr(options, "upper_constraints", None),
    )
    required = lists.read(repository.required)
    pinned = lists.read(repository.pinned, permit_urls=True)
    project = loader.read_manifests(options.project)
    wanted, unread = install_rules.judged_requirements(
        project.declared,
        lists.never_constrained(repository.never),
        lambda path: os.path.join(options.project, path),
        project.texts.keys(),
    )
    subject = install_rules.ProjectAndLists(
        repository.policy(required, getattr(options, "policy", None)),
        listed(repository.required, required),
        listed(repository.pinned, pinned),
        wanted,
        unread,
    )
    problems = install_rules.judge(subject, bounds=options.gr_check)
    return _judge.report(
        NAME,
        options,
        [
            findings.verdict(
                options.project,
                problems,
                judged=[
                    findings.Amount(len(project.texts), "file"),
                    findings.Amount(len(wanted) + len(unread), "requirement"),
                ],
            )
        ],
    )
