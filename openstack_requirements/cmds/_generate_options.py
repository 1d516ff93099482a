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
"""The options of generate-constraints, in the groups of its help."""

from __future__ import annotations

import argparse
import datetime
import os
import re

from openstack_requirements.cmds import _console, _lists, _options
from openstack_requirements.cmds.report import render_changes
from openstack_requirements.constraints import freeze, merging
from openstack_requirements.install import installers

_EPILOG = """\
exit status: 0 the constraints were written; 2 wrong usage, unusable input, or
a requirement that does not exist or cannot be satisfied; 3 an install, the
package index or the disk failed (with --keep-going all else is still
written); 128 and more: a signal asked to stop.
"""


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog="generate-constraints",
        description="Install a list of requirements and write what is then "
        "installed as constraints.",
        epilog=_EPILOG,
    )
    add_options(result)
    return result


def add_options(
    parser: argparse.ArgumentParser, *, proposes: bool = False
) -> None:
    """Add all options of a generation, in groups.

    :param proposes: the constraints are proposed to their repository, and not
        written; then ``-o`` and ``--diff`` are about the report, and there is
        no ``--propose``, because all changes are against the branch.

    A namespace that :func:`._generate_request.unset` gives has to be passed
    when the command line is parsed.
    """
    _add_subject_options(
        parser.add_argument_group(
            "what to install, and for which interpreters"
        )
    )
    _add_installation_options(parser.add_argument_group("how to install"))
    _add_version_options(parser.add_argument_group("which versions"))
    _add_failure_options(parser.add_argument_group("when something is broken"))
    _add_output_options(
        parser.add_argument_group("what to write"), proposes=proposes
    )


def _add_subject_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-p",
        "--python",
        action="append",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--python",
            ": a path, a name on PATH or a version (3, 3.12, 3.12.1); repeat "
            "for several (default: those of the settings)",
        ),
    )
    group.add_argument(
        "-r",
        "--requirements",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="the list to install (default: with --reqs or settings, their "
        "global list)",
    )
    _lists.add_reqs_option(group)
    group.add_argument(
        "--freezes",
        "--from-freezes",
        dest="from_freezes",
        nargs="+",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--freezes",
            ", to merge, and install nothing; 3.12:FILE is the text of pip "
            "freeze on Python 3.12",
        ),
    )
    group.add_argument(
        "--version-map",
        metavar="FROM:TO",
        action="append",
        type=_version_map,
        default=argparse.SUPPRESS,
        help="copy what FROM (3.11) installs to TO (3.14), an interpreter "
        "that is not available; repeat for several",
    )


def _add_installation_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--installer",
        choices=installers.CHOICES,
        default=argparse.SUPPRESS,
        help="auto is uv, and pip for interpreters that uv cannot use "
        "(default: that of the settings, or auto)",
    )
    group.add_argument(
        "--no-install",
        action="store_true",
        help="only resolve: quicker where much must be built, but failing "
        "builds are not noticed",
    )
    group.add_argument(
        "--jobs",
        type=_console.positive,
        # An installer waits for the index about as long as it computes.
        default=(os.cpu_count() or 1) + 1,
        **_options.shown("--jobs", ": so many interpreters"),
    )
    group.add_argument(
        "--project-config",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="let uv also read DIR/uv.toml, or [tool.uv] of "
        "DIR/pyproject.toml; without this option it reads only the "
        "configuration of the user and of the system",
    )
    _console.add_timeout_option(group)
    group.add_argument(
        "--cache-dir",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--cache-dir",
            ": the environments, where only what differs is then installed "
            "and removed",
        ),
    )


def _add_version_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--previous",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="keep the pins of these constraints wherever they still resolve; "
        "without it everything moves to the newest version",
    )
    group.add_argument(
        "--upgrade-package",
        metavar="NAME",
        action="append",
        default=argparse.SUPPRESS,
        help="let NAME move to its newest version all the same; repeat for "
        "several",
    )
    group.add_argument(
        "--upgrade",
        action="store_true",
        help="let everything move; the pins of --previous are then only the "
        "fallback of --keep-going and --bisect, and what --diff compares with",
    )
    group.add_argument(
        "--keep-pythons",
        action="store_true",
        help="lines of --previous whose marker selects only Pythons that this "
        "run was not asked for stay as they are",
    )
    group.add_argument(
        "--before",
        metavar="DATE",
        type=_moment,
        default=argparse.SUPPRESS,
        help="the index as it stood at the start of DATE (2026-01-31, UTC) or "
        "at a moment (2026-01-31T12:00:00Z)",
    )
    _lists.add_holds_options(group)


def _add_failure_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--keep-going",
        action="store_true",
        help="what cannot be built or installed keeps its pin of --previous, "
        "or is left out; all else is written, and the exit status is 3",
    )
    group.add_argument(
        "--allow-missing",
        action="store_true",
        help="with --keep-going: exit with 0, not 3",
    )
    group.add_argument(
        "--bisect",
        metavar="CMD",
        nargs="?",
        const="",
        default=argparse.SUPPRESS,
        help="when the upgrades do not work together, find the culprits and "
        "hold them at their pins of --previous; the shell command CMD decides "
        "and gets the path of the constraints in $UPPER_CONSTRAINTS_FILE, and "
        "in place of {}; without CMD: install and look for conflicts",
    )
    group.add_argument(
        "--verify",
        action="store_true",
        help="install once more under the new constraints, and look for "
        "conflicts, before they are written",
    )


def _add_output_options(
    group: argparse._ArgumentGroup, *, proposes: bool
) -> None:
    _lists.add_never_option(group)
    group.add_argument(
        "--all",
        action="store_true",
        help=_options.help_of(
            "--all",
            ": also keep what installers need for themselves: "
            + ", ".join(sorted(freeze.INSTALLER_NEEDS)),
        ),
    )
    group.add_argument(
        "--markers",
        choices=merging.MARKER_STYLES,
        default="exact",
        help="one line for each interpreter where they differ, or one for "
        "each range of neighbouring versions",
    )
    group.add_argument(
        "--sort",
        choices=merging.ORDERS,
        default="hash",
        help="hash: simultaneous changes rarely touch neighbouring lines; "
        "name: for people",
    )
    group.add_argument(
        "-o",
        "--output",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--output",
            f", the {'report' if proposes else 'constraints'} (default: "
            "stdout)",
        ),
    )
    group.add_argument(
        "--diff",
        metavar="FORMAT",
        nargs="?",
        const="text",
        choices=render_changes.FORMATS,
        default=argparse.SUPPRESS,
        help=_options.help_of(
            "--diff",
            (
                ", beside the report on stderr: "
                if proposes
                else " at the end: "
            )
            + "what was added, removed, raised and lowered against "
            + (
                "the tip of the branch, and why; "
                if proposes
                else "--previous, or the file at -o, and why; to stdout with "
                "-o, to stderr without; "
            )
            + ", ".join(render_changes.FORMATS),
        ),
    )
    if not proposes:
        group.add_argument(
            "--propose",
            metavar="REV",
            nargs="?",
            const="HEAD",
            default=argparse.SUPPRESS,
            help="start from the list and the constraints of a git revision "
            "(HEAD), and change only the pins that the change of the list in "
            "the work tree moves; implies --diff",
        )
    group.add_argument(
        "--freeze-dir",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="also write what each interpreter installed, as DIR/python3.12."
        "json and so on",
    )
    _console.add_quiet_option(group)


def _version_map(text: str) -> tuple[str, str]:
    match = re.fullmatch(
        r"([0-9]{1,4}\.[0-9]{1,4}):([0-9]{1,4}\.[0-9]{1,4})", text
    )
    if match is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not FROM:TO, two versions such as 3.11:3.14"
        )
    return match[1], match[2]


def _moment(text: str) -> str:
    """A date or a time in the form that installers read (RFC 3339)."""
    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a date such as 2026-01-31"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    try:
        moment = moment.astimezone(datetime.timezone.utc)
    except OverflowError:
        moment = _LAST
    if moment >= _LAST:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not in the years 1 to 9998 (UTC)"
        )
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


# uv reads no later time.
_LAST = datetime.datetime(9999, 1, 1, tzinfo=datetime.timezone.utc)
