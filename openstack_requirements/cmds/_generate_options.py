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
"""What generate-constraints takes: its options, and which go together."""

from __future__ import annotations

import argparse
import datetime
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.cmds import _console
from openstack_requirements.cmds.report import render_changes
from openstack_requirements.constraints import freeze, merging
from openstack_requirements.errors import ConflictingOptions
from openstack_requirements.install import installers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.cmds.report.render_changes import Format
    from openstack_requirements.repository.generation import Request

_EPILOG = """\
exit status: 0 the constraints were written; 2 wrong usage, unusable input, or
a requirement that does not exist or cannot be satisfied; 3 an install, the
package index or the disk failed (with --keep-going the rest is written all the
same); 128 and more: a signal asked to stop.
"""


def parser() -> _console.Parser:
    """What the command takes."""
    result = _console.Parser(
        prog="generate-constraints",
        description="Install a list of requirements into a fresh virtualenv "
        "for each interpreter and write the versions that are then installed "
        "as constraints.",
        epilog=_EPILOG,
    )
    what = result.add_argument_group("what to install, and for whom")
    what.add_argument(
        "-p",
        "--python",
        metavar="PYTHON",
        action="append",
        default=argparse.SUPPRESS,
        help="an interpreter: a path, a name on PATH or a version (3, 3.12, "
        "3.12.1); repeat for several",
    )
    what.add_argument(
        "-r",
        "--requirements",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="the list to install",
    )
    what.add_argument(
        "--from-freezes",
        metavar="FILE",
        nargs="+",
        default=argparse.SUPPRESS,
        help="merge these freezes, files or folders of them, and install "
        "nothing",
    )
    what.add_argument(
        "--version-map",
        metavar="FROM:TO",
        action="append",
        type=_version_map,
        default=argparse.SUPPRESS,
        help="copy what FROM (3.11) installs to TO (3.14), an interpreter "
        "that is not at hand; repeat for several",
    )
    how = result.add_argument_group("how to install")
    how.add_argument(
        "--installer",
        choices=installers.CHOICES,
        default="auto",
        help="auto is uv, and pip for interpreters that uv cannot use",
    )
    how.add_argument(
        "--no-install",
        action="store_true",
        help="only resolve: quicker where much must be built, but what cannot "
        "be built is not noticed",
    )
    how.add_argument(
        "--jobs",
        metavar="N",
        type=_console.positive,
        # An installer waits for the index about as long as it computes.
        default=(os.cpu_count() or 1) + 1,
        help="how many interpreters to work on at once",
    )
    how.add_argument(
        "--project-config",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="let uv obey the uv.toml, or [tool.uv] of the pyproject.toml, in "
        "DIR too; without it only the configuration of the user and of the "
        "system counts",
    )
    _console.add_timeout_option(how)
    how.add_argument(
        "--cache-dir",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="keep the environments in DIR, and next time install and remove "
        "only what differs",
    )
    which = result.add_argument_group("which versions")
    which.add_argument(
        "--previous",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="keep the pins of these constraints wherever they still resolve; "
        "without it everything moves to the newest version",
    )
    which.add_argument(
        "--upgrade-package",
        metavar="NAME",
        action="append",
        default=argparse.SUPPRESS,
        help="let NAME move to its newest version all the same; repeat for "
        "several",
    )
    which.add_argument(
        "--upgrade",
        action="store_true",
        help="let everything move: --previous is then only what --keep-going "
        "and --bisect fall back to, and what --diff compares with",
    )
    which.add_argument(
        "--before",
        metavar="DATE",
        type=_moment,
        default=argparse.SUPPRESS,
        help="the index as it stood at the start of DATE (2026-01-31, UTC) or "
        "at a moment (2026-01-31T12:00:00Z)",
    )
    broken = result.add_argument_group("when something is broken")
    broken.add_argument(
        "--keep-going",
        action="store_true",
        help="what cannot be built or installed keeps its pin of --previous, "
        "or is left out; the rest is written, and the exit status is 3",
    )
    broken.add_argument(
        "--allow-missing",
        action="store_true",
        help="with --keep-going: exit with 0 nevertheless",
    )
    broken.add_argument(
        "--bisect",
        metavar="CMD",
        nargs="?",
        const="",
        default=argparse.SUPPRESS,
        help="when the upgrades do not work together, find those that are to "
        "blame and hold them at their pins of --previous; a shell command "
        "that finds the constraints in $UPPER_CONSTRAINTS_FILE, or in place "
        "of {}, decides; without CMD: install and look for conflicts",
    )
    broken.add_argument(
        "--verify",
        action="store_true",
        help="install once more under the new constraints, and look for "
        "conflicts, before they are written",
    )
    out = result.add_argument_group("what to write")
    _console.add_never_option(out, "names that are never constrained")
    out.add_argument(
        "--all",
        action="store_true",
        help="keep what installers need for themselves: "
        + ", ".join(sorted(freeze.INSTALLER_NEEDS)),
    )
    out.add_argument(
        "--markers",
        choices=merging.MARKER_STYLES,
        default="exact",
        help="one line for each interpreter where they differ, or one for "
        "each range of neighbours",
    )
    out.add_argument(
        "--sort",
        choices=merging.ORDERS,
        default="hash",
        help="hash keeps simultaneous changes apart; name is for people",
    )
    out.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="where to write the constraints (default: stdout)",
    )
    out.add_argument(
        "--diff",
        metavar="FORMAT",
        nargs="?",
        const="text",
        choices=render_changes.FORMATS,
        default=argparse.SUPPRESS,
        help="at the end, show what was added, removed, raised and lowered "
        "against --previous, or the file at -o, and why; to stdout with -o, "
        f"to stderr without; {', '.join(render_changes.FORMATS)}",
    )
    out.add_argument(
        "--propose",
        metavar="REV",
        nargs="?",
        const="HEAD",
        default=argparse.SUPPRESS,
        help="take the list and the constraints of a git revision (HEAD) as "
        "they are, and change only the pins that the change of the list in "
        "the work tree moves; implies --diff",
    )
    out.add_argument(
        "--freeze-dir",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="also write what each interpreter installed, as DIR/python3.12."
        "json and so on",
    )
    _console.add_quiet_option(out)
    return result


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
    """A date or a moment, in the form that installers take (RFC 3339)."""
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
            f"{text!r} is no moment of the years 1 to 9998 (UTC)"
        )
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


# uv knows no later one.
_LAST = datetime.datetime(9999, 1, 1, tzinfo=datetime.timezone.utc)

# Options without a default that the help could show.
_UNSET = dict.fromkeys(
    (
        "python",
        "requirements",
        "from_freezes",
        "version_map",
        "timeout",
        "cache_dir",
        "project_config",
        "never",
        "output",
        "previous",
        "upgrade_package",
        "before",
        "bisect",
        "freeze_dir",
        "diff",
        "propose",
    )
)
# What asks for an installation.
_INSTALLING = (
    "python",
    "requirements",
    "freeze_dir",
    "no_install",
    "cache_dir",
    "project_config",
    "upgrade_package",
    "upgrade",
    "before",
    "keep_going",
    "bisect",
    "verify",
    "propose",
)
# Options that mean nothing without another one.
_NEEDED = {
    "upgrade_package": "previous",
    "upgrade": "previous",
    "bisect": "previous",
    "allow_missing": "keep_going",
}
_EXCLUSIVE = (
    ("upgrade", "upgrade_package"),
    ("no_install", "verify"),
    ("no_install", "cache_dir"),
    ("no_install", "bisect"),
    ("propose", "upgrade"),
    ("propose", "upgrade_package"),
    ("propose", "bisect"),
    ("propose", "previous"),
    ("propose", "version_map"),
)


class Options(NamedTuple):
    """What is asked for: the job, and what to do with its result.

    :param diff: the format of the changes.
    :param allow_missing: what could not be installed is no failure.
    :param quiet: show no progress.
    """

    request: Request
    diff: Format
    allow_missing: bool
    quiet: bool


def parse(argv: Sequence[str] | None) -> Options:
    """The options, where they go together.

    :raises ConflictingOptions: where they do not.
    """
    options = parser().parse_args(argv, argparse.Namespace(**_UNSET))
    _check(options)
    # It comes with all that installs, which the help does not need.
    from openstack_requirements.repository.generation import Request

    request = Request(
        pythons=options.python or (),
        requirements=options.requirements,
        freezes=options.from_freezes or (),
        version_map=options.version_map or (),
        installer=options.installer,
        resolve_only=options.no_install,
        jobs=options.jobs,
        project=options.project_config,
        timeout=options.timeout,
        cache=options.cache_dir or "",
        previous=options.previous,
        upgrade=options.upgrade,
        upgrade_packages=options.upgrade_package or (),
        before=options.before or "",
        keep_going=options.keep_going,
        bisect=options.bisect,
        verify=options.verify,
        never=options.never,
        installer_needs=options.all,
        markers=options.markers,
        sort=options.sort,
        output=options.output,
        freeze_dir=options.freeze_dir,
        compare=options.diff is not None,
        propose=options.propose,
    )
    return Options(
        request,
        options.diff or "text",
        allow_missing=options.allow_missing,
        quiet=options.quiet,
    )


def _check(options: argparse.Namespace) -> None:
    """Refuse options that do not go together."""
    given = {
        name
        for name, value in vars(options).items()
        if value is not None and value is not False
    }
    if "from_freezes" in given:
        for name in _INSTALLING:
            if name in given:
                raise ConflictingOptions(
                    f"--from-freezes installs nothing: {_flag(name)} does "
                    "not go with it"
                )
    elif "python" not in given:
        raise ConflictingOptions(
            "name an interpreter with -p, or freezes with --from-freezes"
        )
    elif "requirements" not in given:
        raise ConflictingOptions("name the list to install with -r")
    for name, other in _NEEDED.items():
        if name in given and other not in given:
            raise ConflictingOptions(f"{_flag(name)} needs {_flag(other)}")
    for name, other in _EXCLUSIVE:
        if {name, other} <= given:
            raise ConflictingOptions(
                f"{_flag(name)} does not go with {_flag(other)}"
            )
    for name in ("diff", "propose"):
        if name in given and not {"previous", "output"} & given:
            raise ConflictingOptions(
                f"{_flag(name)} needs -o: the constraints to compare with"
            )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
