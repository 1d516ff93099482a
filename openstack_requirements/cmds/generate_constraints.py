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
"""generate-constraints: pin the versions that a list installs today."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from openstack_requirements.cmds import _console
from openstack_requirements.cmds._generate_options import parser
from openstack_requirements.cmds._generate_request import parse
from openstack_requirements.errors import OUTSIDE, UnusableInput
from openstack_requirements.output import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openstack_requirements.cmds.progress import Progress
    from openstack_requirements.repository.generation import (
        Failed,
        Request,
        Result,
    )

__all__ = ["main", "parser"]


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    request, form, allow_missing, quiet = parse(argv)
    _require_other_than_stdout(request.previous)
    from openstack_requirements.cmds import progress
    from openstack_requirements.cmds.report import render_changes
    from openstack_requirements.repository import generation

    # Merging freezes is too fast for progress.
    quiet = quiet or bool(request.freezes)
    with (
        _console.interruptible(),
        progress.for_stderr(quiet=quiet) as shown,
    ):
        result = generation.generate(request, _Shown(shown))
    difference = ""
    colours = form == "text" and _console.has_colours(
        of_result=request.output is not None
    )
    if result.changes is not None:
        difference = render_changes.render(
            result.changes,
            *result.compared,
            form,
            colours=colours,
        )
    generation.write_result(result, request)
    if not quiet:
        _say_what_was_written(result, request)
    _console.write(result.content if request.output is None else difference)
    for line in _report(result):
        _console.say(line)
    if request.output is None and difference:
        _console.show_beside(difference, coloured=colours)
    return OUTSIDE if result.failed and not allow_missing else 0


def _say_what_was_written(result: Result, request: Request) -> None:
    """Name the files that were written, and what is in them."""
    pythons = ", ".join(frozen.python_version for frozen in result.freezes)
    if request.output is not None:
        lines = result.content.splitlines()
        pins = counted(
            sum(1 for line in lines if line and not line.startswith("#")),
            "pin",
        )
        _console.say_written(request.output, f"{pins} for Python {pythons}")
    if request.freeze_dir is not None:
        freezes = counted(len(result.freezes), "freeze")
        _console.say_written(
            request.freeze_dir, f"{freezes} of Python {pythons}"
        )


def _require_other_than_stdout(previous: str | None) -> None:
    """Refuse to read earlier pins from where the new ones are written to.

    :raises UnusableInput: where a shell has emptied the file by now.
    """
    if previous is None:
        return
    try:
        there, stdout = os.stat(previous), os.fstat(1)
    except (OSError, ValueError):
        return
    if stat.S_ISREG(there.st_mode) and os.path.samestat(there, stdout):
        raise UnusableInput(
            previous,
            "stdout goes to it as well, which a shell empties first; write to "
            "it with -o",
        )


class _Shown:
    """Shows a generation on stderr; a ``generation.Listener``."""

    def __init__(self, shown: Progress) -> None:
        self.phase = shown.phase
        self.note = _console.say
        self.warn = _console.warn


def _report(result: Result) -> Iterator[str]:
    """The lines for a person: what is held back, and what failed."""
    for effect in result.holds:
        yield effect.sentence()
    if result.bisected is not None:
        yield from result.bisected.sentences()
    for failed in result.failed:
        yield from _fate(failed)


def _fate(failed: Failed) -> Iterator[str]:
    """What could not be installed, and what to do about it."""
    yield f"Python {', '.join(failed.pythons)}: {failed.kept}"
    if failed.packages:
        yield f"  what to install: {', '.join(failed.packages)}"
    elif failed.installed:
        yield (
            "  what bindep.txt lists for it is installed: "
            f"{', '.join(failed.installed)}"
        )
    elif failed.failure.reason.kind == "build":
        yield "  where a system library is missing: see bindep.txt"
    yield f"  the whole output: {failed.failure.log}"
