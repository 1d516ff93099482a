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
"""The options of check-requirements, and which contradict each other."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from openstack_requirements.cmds import _console, _judge, _lists, _options
from openstack_requirements.errors import ConflictingOptions
from openstack_requirements.repository import lists

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\
exit status: 0 there are no errors (there may be warnings and waived findings);
1 there are errors; 2 wrong usage, or a project or a list that cannot be read;
3 git failed.
"""


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog="check-requirements",
        description="Judge what a project requires against the lists of a "
        "repository.",
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
        help="the branch that the change is for",
    )
    group = result.add_argument_group("what to judge by")
    _lists.add_reqs_option(group)
    _lists.add_policy_option(group)
    group.add_argument(
        "--build-backend",
        metavar="NAME",
        default=argparse.SUPPRESS,
        help="the build backend that projects must have under the current "
        "policy, such as pbr.build (default: that of the settings; without "
        "one, any)",
    )
    what = result.add_argument_group("what to judge")
    what.add_argument(
        "--local",
        action="store_true",
        help="judge every line, committed or not; otherwise, under the "
        "classic policy, lines that are the same in the first parent of HEAD "
        "are not judged",
    )
    what.add_argument(
        "--against",
        metavar="REV",
        default=argparse.SUPPRESS,
        help="under any policy, report only findings that are new since "
        "this revision, and count those from before",
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
        nargs="?",
        const="",
        default=argparse.SUPPRESS,
        help="the projects that FILE lists (org/name), in place of SRC_DIR "
        "(default, with --root or without FILE: those of the settings)",
    )
    what.add_argument(
        "--root",
        nargs="?",
        const="",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--root",
            ", those of --projects, as DIR/org/name or DIR/name (default: "
            "checkouts of the settings)",
        ),
    )
    what.add_argument(
        "--jobs",
        type=_console.positive,
        default=os.cpu_count() or 1,
        **_options.shown("--jobs", ": so many projects"),
    )
    change = result.add_argument_group("what to change")
    change.add_argument(
        "--fix",
        action="store_true",
        help="make the smallest changes that pass, where they are known, and "
        "report the findings that are left",
    )
    change.add_argument(
        "--diff",
        action="store_true",
        help=_options.help_of("--diff", "; without --fix they are not made"),
    )
    impact = result.add_argument_group("before the lists change")
    impact.add_argument(
        "--rehearse",
        action="store_true",
        help="show the impact of a list change: which projects pass with "
        "the lists of --baseline and would fail with those of --reqs, which "
        "would be fixed, and by which lines; the status is 1 if anything "
        "would break",
    )
    impact.add_argument(
        "--baseline",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="the repository with the lists before the change",
    )
    _judge.add_report_options(result)
    _console.add_quiet_option(result)
    return result


_UNSET = dict.fromkeys(
    (
        "policy",
        "against",
        "project",
        "projects",
        "root",
        "baseline",
        "build_backend",
        "reqs",
    )
)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line.

    :raises ConflictingOptions: for options that contradict each other, or
        that lack another option.
    """
    options = parser().parse_args(argv, argparse.Namespace(**_UNSET))
    options.reqs = options.reqs or os.curdir
    if options.projects is not None or options.root is not None:
        settings = lists.configured(options.reqs)
        options.projects = options.projects or settings.projects or None
        options.root = options.root or settings.checkouts or None
        if options.projects is None:
            raise ConflictingOptions("--root needs --projects")
        if options.root is None:
            raise ConflictingOptions("--projects needs --root")
    _check(options)
    return options


def _check(options: argparse.Namespace) -> None:
    """Refuse options that contradict each other."""
    for first, second in (
        ("local", "against"),
        ("project", "projects"),
        ("rehearse", "fix"),
        ("rehearse", "diff"),
        ("rehearse", "against"),
    ):
        if getattr(options, first) and getattr(options, second):
            raise ConflictingOptions(f"--{first} does not go with --{second}")
    for name, needed in (
        ("projects", "root"),
        ("root", "projects"),
        ("rehearse", "baseline"),
        ("baseline", "rehearse"),
    ):
        if getattr(options, name) and not getattr(options, needed):
            raise ConflictingOptions(f"--{name} needs --{needed}")
    if options.source != "." and (options.project or options.projects):
        raise ConflictingOptions(
            "SRC_DIR does not go with --project and --projects"
        )
