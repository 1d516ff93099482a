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
"""What check-requirements takes: its options, and which go together."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from openstack_requirements.cmds import _console, _judge
from openstack_requirements.errors import ConflictingOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\
exit status: 0 nothing is wrong (warnings and waived findings may be there); 1
something is; 2 wrong usage, or a project or a list that cannot be read; 3 git
failed.
"""


def parser() -> _console.Parser:
    """What the command takes."""
    result = _console.Parser(
        prog="check-requirements",
        description="Judge what a project declares against the lists of a "
        "requirements repository. Nothing of the project is run, and its work "
        "tree, index and HEAD are not touched.",
        epilog=_EPILOG,
    )
    result.add_argument(
        "source",
        metavar="SRC_DIR",
        nargs="?",
        default=".",
        help="the project's folder",
    )
    result.add_argument(
        "branch",
        metavar="BRANCH",
        nargs="?",
        default="master",
        help="the branch that its change is for",
    )
    by = result.add_argument_group("what to judge by")
    by.add_argument(
        "--reqs",
        metavar="DIR",
        default=".",
        help="the requirements repository",
    )
    _judge.add_policy_option(by)
    what = result.add_argument_group("what to judge")
    what.add_argument(
        "--local",
        action="store_true",
        help="judge all that there is, committed or not; otherwise, under "
        "the classic policy, what stands unchanged in the first parent of "
        "HEAD is not judged",
    )
    what.add_argument(
        "--against",
        metavar="REV",
        default=argparse.SUPPRESS,
        help="judge, under any policy, only what is wrong since this "
        "revision, and count what was wrong before",
    )
    what.add_argument(
        "--project",
        metavar="DIR",
        action="append",
        default=argparse.SUPPRESS,
        help="a project's folder, in place of SRC_DIR; repeat for several",
    )
    what.add_argument(
        "--projects",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="the projects that FILE names (org/name), in place of SRC_DIR",
    )
    what.add_argument(
        "--root",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="where the checkouts of --projects are, as DIR/org/name or "
        "DIR/name",
    )
    what.add_argument(
        "--jobs",
        metavar="N",
        type=_console.positive,
        default=os.cpu_count() or 1,
        help="how many projects to judge at once",
    )
    change = result.add_argument_group("what to change")
    change.add_argument(
        "--fix",
        action="store_true",
        help="make the smallest changes that pass, where they are known, and "
        "judge what is then left",
    )
    change.add_argument(
        "--diff",
        action="store_true",
        help="show these changes; without --fix they are not made",
    )
    rehearsal = result.add_argument_group("before the lists change")
    rehearsal.add_argument(
        "--rehearse",
        action="store_true",
        help="say which projects pass with the lists of --baseline and would "
        "not with those of --reqs, which would be mended, and through which "
        "line; the status is 1 where something would be broken",
    )
    rehearsal.add_argument(
        "--baseline",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="the repository with the lists as they are",
    )
    _judge.add_report_options(result)
    _console.add_quiet_option(result)
    return result


_UNSET = dict.fromkeys(
    ("policy", "against", "project", "projects", "root", "baseline")
)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options, where they go together.

    :raises ConflictingOptions: where they do not.
    """
    options = parser().parse_args(argv, argparse.Namespace(**_UNSET))
    _check(options)
    return options


def _check(options: argparse.Namespace) -> None:
    """Refuse options that do not go together."""
    for one, other in (
        ("local", "against"),
        ("project", "projects"),
        ("rehearse", "fix"),
        ("rehearse", "diff"),
        ("rehearse", "against"),
    ):
        if getattr(options, one) and getattr(options, other):
            raise ConflictingOptions(
                f"--{one} and --{other} do not go together"
            )
    for one, other in (
        ("projects", "root"),
        ("root", "projects"),
        ("rehearse", "baseline"),
        ("baseline", "rehearse"),
    ):
        if getattr(options, one) and not getattr(options, other):
            raise ConflictingOptions(f"--{one} needs --{other}")
    if options.source != "." and (options.project or options.projects):
        raise ConflictingOptions(
            "SRC_DIR does not go with --project and --projects"
        )
