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
"""generate-constraints: the exact versions that a list installs today."""

from __future__ import annotations

import argparse
import os
import re
from typing import TYPE_CHECKING

from openstack_requirements import files, freeze, installers, lists
from openstack_requirements.cmds import _console
from openstack_requirements.errors import ConflictingOptions, UnusableInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from openstack_requirements.freeze import Freeze
    from openstack_requirements.requirement import CanonicalName

_EPILOG = """\
exit status: 0 the constraints were written; 2 wrong usage, unusable input, or
a requirement that does not exist or cannot be satisfied; 3 an install, the
package index or the disk failed; 128 and more: a signal asked to stop.
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
        help="merge these freezes instead; install nothing",
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
        "--timeout",
        metavar="SECONDS",
        type=_console.positive,
        default=argparse.SUPPRESS,
        help="how long one request to the package index may take (default: "
        "the installer's own)",
    )
    out = result.add_argument_group("what to write")
    out.add_argument(
        "-b",
        "--blacklist",
        "-d",
        "--denylist",
        metavar="FILE",
        dest="never",
        action="append",
        default=argparse.SUPPRESS,
        help="names that are never constrained",
    )
    out.add_argument(
        "--all",
        action="store_true",
        help="keep what installers need for themselves: "
        + ", ".join(sorted(freeze.INSTALLER_NEEDS)),
    )
    out.add_argument(
        "--markers",
        choices=freeze.MARKER_STYLES,
        default="exact",
        help="one line for each interpreter where they differ, or one for "
        "each range of neighbours",
    )
    out.add_argument(
        "--sort",
        choices=freeze.ORDERS,
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
        "--previous",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="an earlier constraints file: its spelling of a name is kept "
        "where --no-install finds no metadata",
    )
    out.add_argument(
        "--freeze-dir",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="also write what each interpreter installed, as DIR/python3.12."
        "json and so on",
    )
    out.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        help="show no progress",
    )
    return result


def _version_map(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"(\d+\.\d+):(\d+\.\d+)", text)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not FROM:TO, two versions such as 3.11:3.14"
        )
    return match[1], match[2]


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(argv, argparse.Namespace(**_UNSET))
    _check(options)
    never = _never(options)
    # What would fail after an hour of work fails now.
    if options.output is not None:
        files.require_replaceable(options.output)
    if options.freeze_dir is not None:
        files.require_folder(options.freeze_dir)
    previous = (
        {} if options.previous is None else lists.spelling(options.previous)
    )
    if options.from_freezes is not None:
        freezes = _read_freezes(options.from_freezes)
    else:
        freezes = _make_freezes(options)
    _write_freezes(options.freeze_dir, freezes)
    copied, warnings = freeze.clone(freezes, options.version_map or ())
    for warning in warnings:
        _console.warn(warning)
    copied = freeze.respell(copied, _spelling(options, copied, previous))
    pins = freeze.merge(copied, never, options.markers)
    content = freeze.to_content(pins, options.sort)
    freeze.prove(content, copied, never)
    if options.output is None:
        _console.write(content)
    else:
        files.replace(options.output, content)
    return 0


# Options without a default that the help could show.
_UNSET = dict.fromkeys(
    (
        "python",
        "requirements",
        "from_freezes",
        "version_map",
        "timeout",
        "never",
        "output",
        "previous",
        "freeze_dir",
    )
)


def _check(options: argparse.Namespace) -> None:
    """Refuse options that do not go together."""
    if options.from_freezes is not None:
        for name in ("python", "requirements", "freeze_dir"):
            if getattr(options, name) is not None:
                raise ConflictingOptions(
                    f"--from-freezes installs nothing: "
                    f"--{name.replace('_', '-')} does not go with it"
                )
        return
    if not options.python:
        raise ConflictingOptions(
            "name an interpreter with -p, or freezes with --from-freezes"
        )
    if options.requirements is None:
        raise ConflictingOptions("name the list to install with -r")


def _never(options: argparse.Namespace) -> frozenset[CanonicalName]:
    """The names that belong in no result."""
    if options.never and len(options.never) > 1:
        raise ConflictingOptions(
            "there is one never-constrain list: give -b or -d once"
        )
    names = lists.never_constrained(
        options.never[0] if options.never else None
    )
    return names if options.all else names | freeze.INSTALLER_NEEDS


def _read_freezes(paths: Iterable[str]) -> list[Freeze]:
    found: dict[str, tuple[str, Freeze]] = {}
    for path in paths:
        each = freeze.from_json(files.read_text(path), path)
        other, first = found.setdefault(each.python_version, (path, each))
        if first is not each:
            raise UnusableInput(
                path,
                f"is a freeze of Python {each.python_version}, and so is "
                f"{other}",
            )
    return [each for _, each in found.values()]


def _spelling(
    options: argparse.Namespace,
    freezes: Iterable[Freeze],
    previous: Mapping[CanonicalName, str],
) -> dict[CanonicalName, str]:
    """How to spell a name that no metadata spells."""
    if all(each.described for one in freezes for each in one.distributions):
        return {}
    spelling = {}
    if options.requirements is not None:
        spelling.update(lists.spelling(options.requirements))
    spelling.update(previous)
    for one in sorted(freezes, key=lambda each: each.python_key):
        for name, each in one.by_name().items():
            if each.described:
                spelling[name] = each.name
    return spelling


def _write_freezes(folder: str | None, freezes: Iterable[Freeze]) -> None:
    if folder is None:
        return
    files.require_folder(folder)
    for each in freezes:
        path = os.path.join(folder, f"python{each.python_version}.json")
        files.replace(path, freeze.to_json(each))


def _make_freezes(options: argparse.Namespace) -> list[Freeze]:
    """A freeze for each interpreter, made now."""
    from openstack_requirements import freezer, progress

    request = freezer.Request(
        options.python,
        lists.installable(options.requirements),
        options.installer,
        options.jobs,
        options.timeout,
        options.no_install,
    )
    with (
        _console.interruptible(),
        progress.for_stderr(quiet=options.quiet) as shown,
    ):
        return freezer.make(request, shown.phase)
