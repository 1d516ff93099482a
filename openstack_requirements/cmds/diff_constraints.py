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
"""diff-constraints: what changed between constraints, where and why."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from openstack_requirements.cmds import _console, _lists, _needed, _options
from openstack_requirements.cmds.report import render_changes
from openstack_requirements.constraints import (
    changes,
    loader,
    newer,
    revisions,
)
from openstack_requirements.errors import (
    FINDINGS,
    ConflictingOptions,
    OutsideError,
)
from openstack_requirements.output import counted
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository import lists

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openstack_requirements.constraints.changes import Changes
    from openstack_requirements.constraints.loader import LoadedState
    from openstack_requirements.constraints.states import ConstraintsState
    from openstack_requirements.pep508.requirement import CanonicalName

#: What two dates without a file are about.
_CONSTRAINTS = "upper-constraints.txt"
_EPILOG = """\
exit status: 0 the changes were shown, if any; 1 with --check: something was
added, removed, raised, lowered or changed; 2 wrong usage or unusable input;
3 git or the package index failed.
"""


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog="diff-constraints",
        description="Show what changed between two constraints, and why.",
        epilog=_EPILOG,
    )
    for name in ("old", "new"):
        result.add_argument(
            name,
            metavar=name.upper(),
            help="a constraints file; REV:FILE, that file in a git revision, "
            "which may be a date (2026-05-25); a freeze, or a folder of "
            "freezes",
        )
    why = result.add_argument_group("what to explain")
    why.add_argument(
        "--freezes",
        nargs="+",
        action="extend",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--freezes", ", with what NEW was made from: they give the reasons"
        ),
    )
    why.add_argument(
        "--newest",
        action="store_true",
        help=_options.help_of(
            "--newest",
            ", and show all distributions that are held below them",
        ),
    )
    _console.add_timeout_option(why)
    _lists.add_reqs_option(why)
    _console.add_never_option(
        why,
        _options.help_of(
            "--denylist",
            ", whose names freezes have (default: that of --reqs, if given)",
        ),
    )
    why.add_argument(
        "--no-commits",
        action="store_true",
        help="do not look in the history for the commit behind each change",
    )
    what = result.add_argument_group("what to show")
    what.add_argument(
        "--needed-by",
        metavar="PROJECT",
        default=argparse.SUPPRESS,
        help="only what PROJECT pulls in, by the freezes: a distribution in "
        "them, or the folder of a checkout",
    )
    what.add_argument(
        "--without",
        metavar="NAME",
        nargs="+",
        action="extend",
        default=argparse.SUPPRESS,
        help="leave these distributions out, such as those that a job "
        "installs from source",
    )
    out = result.add_argument_group("how to show it")
    out.add_argument(
        "--format",
        choices=render_changes.FORMATS,
        default="text",
        help=_options.help_of(
            "--format", "; markdown is for a review comment"
        ),
    )
    out.add_argument(
        "-o",
        "--output",
        default=argparse.SUPPRESS,
        **_options.shown("--output", " (default: stdout)"),
    )
    out.add_argument(
        "--check",
        action="store_true",
        help=_options.help_of("--check"),
    )
    return result


# Options without a default that the help could show.
_UNSET = dict.fromkeys(
    (
        "freezes",
        "timeout",
        "never",
        "output",
        "needed_by",
        "without",
        "reqs",
    )
)


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv, argparse.Namespace(**_UNSET))
    unlisted, arguments = _subject(options)
    sides = [
        loader.load(argument, unlisted, warn=_console.warn)
        for argument in arguments
    ]
    old, new = (side.state for side in sides)
    if options.freezes is not None:
        new = _made_from(new, options)
    if options.needed_by is not None and not new.freezes:
        raise ConflictingOptions(
            "--needed-by needs freezes, which have what requires what"
        )
    versions = _newest(new, options.timeout) if options.newest else None
    changed = changes.between(old, new, versions)._replace(
        project=options.needed_by or "", without=tuple(options.without or ())
    )
    if options.needed_by is not None:
        changed = _needed.restrict(options.needed_by, changed, old, new)
    changed = _explained(changed, old, new, options)
    if not options.no_commits and any(side.commit for side in sides):
        changed = _with_commits(changed, sides, arguments)
    _show(changed, arguments, options)
    return FINDINGS if options.check and changed else 0


def _subject(
    options: argparse.Namespace,
) -> tuple[set[CanonicalName], tuple[str, str]]:
    """The names to leave out, and the two arguments in full."""
    constraints, never = _CONSTRAINTS, options.never
    if options.reqs is not None:
        repository = _lists.located(options)
        constraints, never = repository.pinned, repository.never
    unlisted = {
        *lists.never_constrained(never),
        *map(canonical_name, options.without or ()),
    }
    arguments = _files(options.old, options.new, constraints)
    return unlisted, arguments


def _made_from(
    new: ConstraintsState, options: argparse.Namespace
) -> ConstraintsState:
    """The new constraints, with the freezes that they were made from.

    :raises ConflictingOptions: where they are freezes themselves.
    """
    if new.freezes:
        raise ConflictingOptions(
            f"{options.new} is a freeze or a folder of freezes: "
            "--freezes does not go with it"
        )
    new = new.made_from(loader.freezes(options.freezes))
    _warn_of_mismatches(new)
    return new


def _show(
    changed: Changes, arguments: tuple[str, str], options: argparse.Namespace
) -> None:
    """Write the changes where the options say."""
    text = render_changes.render(
        changed,
        *arguments,
        options.format,
        colours=options.output is None and _console.shows_colours(sys.stdout),
    )
    _console.write_to(options.output, text)
    if options.output not in {None, "-"}:
        # Silence on the terminal would look like no change.
        summary = render_changes.heading(changed, *arguments)
        _console.say_written(options.output, summary)


def _files(old: str, new: str, constraints: str) -> tuple[str, str]:
    """The arguments; a date alone is that of the other side's file.

    :param constraints: the file where that is a date as well.
    """
    dates = [
        revisions.dated(argument) is not None and not os.path.lexists(argument)
        for argument in (old, new)
    ]
    if all(dates):
        return f"{old}:{constraints}", f"{new}:{constraints}"
    if dates[0]:
        old = f"{old}:{_file_of(new)}"
    elif dates[1]:
        new = f"{new}:{_file_of(old)}"
    return old, new


def _file_of(argument: str) -> str:
    """The file that an argument names, as one of a revision."""
    path = revisions.split(argument)[1]
    if path and not os.path.lexists(argument):
        return path
    # Of a revision, "/" is the top of the repository.
    return os.path.relpath(argument) if os.path.isabs(argument) else argument


def _with_commits(
    changed: Changes, sides: Sequence[LoadedState], arguments: Sequence[str]
) -> Changes:
    """The changes with the commits behind them, as far as git has these."""
    from openstack_requirements.constraints import history, history_loader

    try:
        commits = history_loader.commits(sides, arguments)
    except OutsideError as error:
        # What changed is known without the history.
        _console.warn(f"the commits behind the changes are not known: {error}")
        return changed
    if commits is None:
        return changed
    changed = history.with_commits(changed, commits)
    unknown = [x.name for x in changed.changes if not x.commits]
    if unknown and history_loader.is_shallow():
        _console.warn(
            f"the commits behind {counted(len(unknown), 'change')} "
            f"({unknown[0]}, for example) are not in this shallow clone: "
            "fetch more of its history (git fetch --deepen=100, or "
            "--unshallow)"
        )
    return changed


def _explained(
    changed: Changes,
    old: ConstraintsState,
    new: ConstraintsState,
    options: argparse.Namespace,
) -> Changes:
    """The changes, with what versions require that were not installed."""
    wanted = newer.unexplained(changed)
    releases = {}
    if wanted and options.newest:
        from openstack_requirements.install import newer_versions

        with _console.interruptible():
            releases = newer_versions.look_up(
                wanted,
                new.freezes,
                _console.warn,
                build=False,
                timeout=options.timeout,
            )
    return newer.explained(changed, new.freezes, old.freezes, releases)


def _warn_of_mismatches(new: ConstraintsState) -> None:
    """Warn of pins that freezes do not have, and so cannot explain."""
    pins = new.not_in_freezes()
    if pins:
        _console.warn(
            f"not the same as in the freezes, which cannot give their "
            f"reasons: {counted(len(pins), 'pin')} ({pins[0]}, for example)"
        )


def _newest(
    new: ConstraintsState, timeout: int | None
) -> Mapping[str, Mapping[CanonicalName, str]]:
    """The newest versions, for each Python."""
    if not new.freezes:
        raise ConflictingOptions(
            "--newest needs freezes, which have the Pythons and the reasons"
        )
    from openstack_requirements.install import newest

    with _console.interruptible():
        return newest.versions(new, timeout, _console.warn)
