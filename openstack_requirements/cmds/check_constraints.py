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

import os
from typing import TYPE_CHECKING

from openstack_requirements.checks import findings, install_rules
from openstack_requirements.checks.list_lines import listed
from openstack_requirements.cmds import _console, _judge
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
        "constraints: every requirement that it declares is in the global "
        "list and in the constraints, and the pin that applies satisfies it.",
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
        default="upper-constraints.txt",
        help="the constraints",
    )
    result.add_argument(
        "-g",
        "--global-requirements",
        metavar="FILE",
        default="global-requirements.txt",
        help="the global list",
    )
    _judge.add_never_option(result)
    result.add_argument(
        "-G",
        "--gr-check",
        action="store_true",
        help="also judge the versions of bounds by the global list",
    )
    _judge.add_policy_option(result)
    _judge.add_report_options(result)
    return result


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv)
    never = _judge.never_list(options)
    required = lists.read(options.global_requirements)
    pinned = lists.read(options.upper_constraints, permit_urls=True)
    project = loader.read_manifests(options.project)
    wanted, unread = install_rules.judged_requirements(
        project.declared,
        lists.never_constrained(never),
        lambda path: os.path.join(options.project, path),
        project.texts.keys(),
    )
    subject = install_rules.ProjectAndLists(
        lists.find_policy(required, never, getattr(options, "policy", None)),
        listed(options.global_requirements, required),
        listed(options.upper_constraints, pinned),
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
