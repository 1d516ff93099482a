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
"""check-conflicts: whether installed distributions are compatible."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from openstack_requirements.checks import conflicts, findings
from openstack_requirements.checks.list_lines import listed
from openstack_requirements.cmds import _console, _judge, _lists, _options
from openstack_requirements.constraints import freeze_json, loader
from openstack_requirements.errors import (
    ConflictingOptions,
    UnusableInput,
    printable,
)
from openstack_requirements.repository import lists
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.constraints.freeze import Freeze

NAME = "check-conflicts"


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog=NAME,
        description="Judge whether installed distributions are compatible.",
        epilog="exit status: 0 there are no conflicts, or only expected ones; "
        "1 there are findings; 2 wrong usage or unusable input; 3 "
        "an interpreter, its metadata or the disk is broken.",
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
        "expected",
        metavar="XFAILS",
        nargs="?",
        default=argparse.SUPPRESS,
        help="the expected conflicts, one per line: "
        "DEPENDENCY==VERSION;AFFECTED,...",
    )
    _lists.add_reqs_option(result)
    where = result.add_argument_group("where to look")
    where.add_argument(
        "--environment",
        "--python",
        dest="python",
        default=argparse.SUPPRESS,
        **_options.shown("--environment", " (default: the active virtualenv)"),
    )
    where.add_argument(
        "--freezes",
        "--freeze",
        nargs="+",
        action="extend",
        default=argparse.SUPPRESS,
        **_options.shown("--freezes", ", in place of an environment"),
    )
    _judge.add_report_options(result)
    return result


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv)
    path = _lists.located(
        options, pinned=getattr(options, "pinned", None)
    ).pinned
    pinned = listed(path, lists.read(path, permit_urls=True))
    expected = []
    if hasattr(options, "expected"):
        text = files.read_text(options.expected)
        expected = conflicts.read_expected(text, options.expected)
    freezes = []
    for source, freeze in _freezes(options):
        freezes.append(conflicts.judged_freeze(freeze, pinned))
        if not freezes[-1].constrained:
            raise UnusableInput(
                source,
                f"has none of the {len(pinned.by_name)} distributions in "
                f"{printable(path)}: name the environment that was "
                "installed under these constraints",
            )
    conflicting, waived = conflicts.judge(freezes, expected)
    subject = "; ".join(
        f"Python {judged.freeze.python_version}, {len(judged.constrained)} of "
        f"{len(pinned.by_name)} constrained distributions"
        for judged in freezes
    )
    return _judge.report(
        NAME, options, [findings.verdict(subject, conflicting, waived)]
    )


def _freezes(options: argparse.Namespace) -> list[tuple[str, Freeze]]:
    """The installed distributions, from freezes or an environment.

    Each with the path of the freeze or the environment.

    :raises ConflictingOptions: where both are named, or nothing is.
    """
    paths = getattr(options, "freezes", None)
    python = getattr(options, "python", None)
    if paths is not None and python is not None:
        raise ConflictingOptions("--freezes does not go with --environment")
    if paths is not None:
        return [
            (
                path,
                freeze_json.from_json(
                    files.read_text(path, files.LARGEST_DATA), path
                ),
            )
            for path in loader.files_of(paths)
        ]
    # The environment of the command itself is hardly ever the one meant.
    python = python or os.environ.get("VIRTUAL_ENV")
    if not python:
        raise ConflictingOptions(
            "name an environment with --environment, or activate it, or name "
            "freezes with --freezes"
        )
    from openstack_requirements.install import installed
    from openstack_requirements.system import children

    with _console.interruptible(), children.of_job(NAME) as started:
        return [(python, installed.for_python(python, started))]
