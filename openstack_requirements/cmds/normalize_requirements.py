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
"""normalize-requirements: the normal form of a requirements file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.cmds import _console, _options, _run
from openstack_requirements.errors import (
    FINDINGS,
    BadContent,
    BadLine,
    ConflictingOptions,
)
from openstack_requirements.pep508 import entries
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Sequence


class Normalized(NamedTuple):
    """A file whose text is not its normal form."""

    path: str
    old: str
    new: str


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog="normalize-requirements",
        description="Print the normal form of requirements files.",
        epilog="exit status: 0 done; 1 with --check: a file is not in normal "
        "form; 2 wrong usage or unusable input; 3 the disk failed, or another "
        "process has a lock for too long.",
    )
    result.add_argument(
        "files", metavar="FILE", nargs="+", help="a file to read"
    )
    result.add_argument(
        "-s",
        "--save",
        action="store_true",
        help="change the files in place instead of printing",
    )
    result.add_argument(
        "--check",
        action="store_true",
        help=_options.help_of("--check", "; write nothing"),
    )
    result.add_argument(
        "--diff",
        action="store_true",
        help=_options.help_of(
            "--diff", " as a unified diff; without -s write nothing"
        ),
    )
    result.add_argument(
        "--lock-timeout",
        metavar="SECONDS",
        type=_run.seconds,
        default=files.LONGEST_WAIT,
        help=f"{_run.LOCK_TIMEOUT}; counts with -s",
    )
    return result


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv)
    if options.save and options.check:
        raise ConflictingOptions("--check does not go with --save")
    errors: list[BadLine] = []
    changed: list[Normalized] = []
    shown = []
    for path in dict.fromkeys(options.files):
        old = files.read_text(path)
        try:
            new = entries.normalize(old, path)
        except BadContent as error:
            errors += error.errors
            continue
        shown.append(new)
        if new != old:
            changed.append(Normalized(path, old, new))
    if errors:
        raise BadContent(errors)
    if options.save:
        for normalized in changed:
            _save(normalized.path, options.lock_timeout)
            _console.say_written(normalized.path, "in normal form")
    if options.diff:
        shown = [
            _console.unified(*normalized, sys.stdout) for normalized in changed
        ]
    elif options.check:
        shown = [f"{x.path}: not in normal form\n" for x in changed]
    if not options.save or options.diff:
        _console.write("".join(shown))
    return FINDINGS if options.check and changed else 0


def _save(path: str, longest_wait: int) -> None:
    """Bring a file into normal form, as it is once its lock is taken."""

    def normal(content: str) -> str:
        return entries.normalize(content, path)

    _run.edit(path, normal, longest_wait)
