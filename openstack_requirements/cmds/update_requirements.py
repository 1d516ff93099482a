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
"""update-requirements: bring projects in line with the global list."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from openstack_requirements.cmds import (
    _console,
    _follow,
    _lists,
    _options,
    _run,
)
from openstack_requirements.errors import (
    FINDINGS,
    RequirementsError,
    UnusableInput,
    printable,
)
from openstack_requirements.manifests import loader
from openstack_requirements.output import counted
from openstack_requirements.repository import apply_update, lists
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from openstack_requirements.checks.due_changes import DueChanges
    from openstack_requirements.checks.verdicts import CheckRequest
    from openstack_requirements.repository import update

_EPILOG = """\
exit status: 0 every project follows the global list, or does so now; 1 with
--check, a change is due (under the current policy: a project would not pass
check-requirements without it); 2 wrong usage, an unusable file or a package
that the global list lacks; 3 the disk failed, or another process has a lock
for too long. A project with an error stays as it is; all the rest are still
updated.
"""


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog="update-requirements",
        description="Bring what projects require in line with a global list.",
        epilog=_EPILOG,
    )
    result.add_argument(
        "project", metavar="PROJECT", nargs="+", help="a project's folder"
    )
    what = result.add_argument_group("the lists to follow")
    _lists.add_reqs_option(what, "--source")
    _lists.add_policy_option(what)
    _lists.add_never_option(what)
    _follow.add_options(what)
    out = result.add_argument_group("what to do")
    out.add_argument(
        "-o",
        "--suffix",
        "--output-suffix",
        metavar="SUFFIX",
        default=argparse.SUPPRESS,
        help="write requirements.txt.SUFFIX and so on, and change no original",
    )
    out.add_argument(
        "--check",
        action="store_true",
        help=_options.help_of(
            "--check",
            ", which under the current policy is what check-requirements asks "
            "for; write nothing",
        ),
    )
    out.add_argument(
        "--diff",
        action="store_true",
        help=_options.help_of("--diff", " as a unified diff; write nothing"),
    )
    out.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help=_options.help_of("--verbose", ": name each file that is read"),
    )
    return result


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    unset = argparse.Namespace(reqs="", policy=None, never=None, suffix=None)
    options = parser().parse_args(argv, unset)
    if options.suffix is not None and (
        not options.suffix
        or os.path.basename(options.suffix) != options.suffix
    ):
        raise UnusableInput("-o", "a suffix is a part of a file's name")
    lists.require_repository(options.reqs, "--reqs")
    loaded = lists.load(
        options.reqs,
        options.policy,
        never=options.never,
        with_constraints=False,
    )
    for warning in loaded.warnings:
        _console.warn(warning)
    follow = apply_update.followed_list(loaded, hacking=options.hacking)
    gate = None
    if options.check and not loaded.policy.bounds_in_list:
        gate = _follow.gate(loaded)
    status = 0
    for root in options.project:
        try:
            status = max(status, _update(root, follow, gate, options))
        except RequirementsError as error:
            status = max(status, _console.fail(error))
    return status


def _due(gate: CheckRequest, root: str, plan: update.Plan) -> DueChanges:
    from openstack_requirements.checks.due_changes import due_changes
    from openstack_requirements.checks.loader import name_of

    return due_changes(gate, name_of(gate, root), plan)


def _update(
    root: str,
    follow: update.FollowedList,
    gate: CheckRequest | None,
    options: argparse.Namespace,
) -> int:
    """Update a project, or show its changes; return the exit status."""
    if options.check or options.diff:
        plan = apply_update.plan(
            root,
            follow,
            _follow.unknown(options),
            judge_setup_py=options.suffix is None,
        )
    else:
        plan = apply_update.carry_out(
            root,
            follow,
            _follow.unknown(options),
            suffix=options.suffix,
            waiting=_run.waiting(files.LONGEST_WAIT),
        )
    if options.verbose:
        for file in plan.files:
            _console.say(printable(f"looking at {plan.root}/{file.path}"))
    for warning in plan.warnings:
        _console.warn(warning)
    for error in plan.errors:
        _console.fail(error)
    if plan.errors:
        return max(error.status for error in plan.errors)
    if not plan.files:
        raise loader.without_manifests(root)
    due, further = plan.due, 0
    if gate is not None:
        due, further = _due(gate, root, plan)
    if not options.diff and options.check and (further or not due):
        _console.say(printable(_not_due(plan, further)))
    shown = _diff(plan) if options.diff else _told(plan.root, due)
    _console.write("".join(shown))
    if not (options.check or options.diff):
        _say_what_was_written(plan, options.suffix)
    return FINDINGS if options.check and due else 0


def _not_due(plan: update.Plan, further: int) -> str:
    """That no change is due in the files that were read, or not all are.

    :param further: how many changes are not due.
    """
    if not further:
        # Silence would look the same where nothing is read.
        files = counted(len(plan.files), "file")
        return f"{plan.root}: {files}: no change is due"
    more = counted(further, "more change is", "more changes are")
    return (
        f"{plan.root}: {more} not due: check-requirements passes "
        "these entries, and without --check they become those of the list"
    )


def _say_what_was_written(plan: update.Plan, suffix: str | None) -> None:
    """Name the files that were written, and how much changed."""
    for file in plan.due if suffix is None else plan.files:
        path = os.path.join(plan.root, file.path)
        _console.say_written(
            path if suffix is None else f"{path}.{suffix}",
            counted(len(file.changes), "change"),
        )


def _told(root: str, files: Iterable[update.FilePlan]) -> Iterator[str]:
    """The changes, a line for each entry."""
    for file in files:
        path = os.path.join(root, file.path)
        if not file.changes:
            yield printable(f"{path}: in standard form") + "\n"
        for change in file.changes:
            place = f"{path}:{change.line}: " if change.line else f"{path}: "
            extra = f"[{change.section}] " if change.section else ""
            if change.old and change.new:
                what = f"{change.old} -> {change.new}"
            elif change.old:
                what = f"{change.old} is removed"
            else:
                what = f"{change.new} is added"
            yield printable(f"{place}{extra}{what}") + "\n"


def _diff(plan: update.Plan) -> Iterator[str]:
    """The changes as a unified diff, which patch understands."""
    for file in plan.due:
        path = os.path.join(plan.root, file.path)
        yield _console.unified(path, file.old, file.new, sys.stdout)
