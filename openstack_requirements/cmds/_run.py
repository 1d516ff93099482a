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
"""Helpers that every console script needs, without slow imports.

Only this module turns an error into a message on stderr and an exit status:
0 fine; 1 findings; 2 wrong usage or unusable input; 3 the network, the disk
or another program failed; 128 plus the number of a signal that stopped the
command. All messages on stderr go through :func:`say`.

``argparse``, ``signal``, ``functools``, ``contextlib`` and ``typing`` cost
more to import than a short command needs to do its work.
"""

from __future__ import annotations

import os
import sys

from openstack_requirements.errors import (
    OUTSIDE,
    Interrupted,
    RequirementsError,
    printable,
)
from openstack_requirements.system import signals

#: The help of ``--lock-timeout``, without its default.
LOCK_TIMEOUT = (
    "how long to wait while another process has the lock of FILE; 0: not at "
    "all"
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

    Main = Callable[[Sequence[str] | None], int]


def command(main: Main) -> Main:
    """Turn the errors of a ``main`` into messages and statuses."""

    def wrapped(argv: Sequence[str] | None = None) -> int:
        try:
            status = main(argv)
            write("")
        except RequirementsError as error:
            return fail(error)
        except Interrupted as interrupt:
            signals.heard()
            note = "; nothing was written" if interrupt.nothing_written else ""
            say(f"interrupted{note}")
            return 128 + interrupt.signal_number
        except KeyboardInterrupt:
            say("interrupted")
            return 128 + 2  # SIGINT
        except OSError as error:
            name = f"{error.filename}: " if error.filename else ""
            say(printable(f"{name}{error.strerror or error}"))
            return OUTSIDE
        return status

    wrapped.__doc__ = main.__doc__
    return wrapped


def fail(error: RequirementsError) -> int:
    """Show an error; return the exit status that belongs to it."""
    # The text starts with the place, if any, and editors jump to it.
    say(str(error), "1;31")
    return error.status


def say(text: str, colour: str = "") -> None:
    """Print to stderr, without control characters and secrets.

    :param text: one or more lines.
    :param colour: the code of the colour (ECMA-48) that a terminal shows the
        lines in; not those that are indented, which are details.
    """
    text = printable(text, keep_lines=True)
    if colour and shows_colours(sys.stderr):
        text = "\n".join(
            line if line[:1] in {"", " "} else f"\x1b[{colour}m{line}\x1b[0m"
            for line in text.split("\n")
        )
    write_error(f"{text}\n")


def shows_colours(stream: TextIO) -> bool:
    """Whether to use colours: a terminal has them, and NO_COLOR is not set."""
    return (
        stream.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "dumb") != "dumb"
    )


def write_error(text: str, stream: TextIO | None = None) -> None:
    """Write a text to stderr, or to another stream, as it is.

    Where that fails nobody can be told, and the exit status has to do.
    """
    try:
        print(text, end="", file=stream or sys.stderr, flush=True)
    except OSError:
        _discard(2)


def write(text: str) -> None:
    """Write a result to stdout, with its line ends as they are.

    Nothing is escaped here: whoever renders a report does that, and the new
    content of a file is data that must not change.

    :raises OSError: where that fails; it names stdout.
    """
    try:
        # Without a buffer (PYTHONUNBUFFERED) a call may write only a part.
        sys.stdout.flush()
        data = memoryview(text.encode())
        while data:
            data = data[sys.stdout.buffer.write(data) :]
        sys.stdout.buffer.flush()
    except OSError as error:
        _discard(1)
        raise OSError(error.errno, error.strerror, "stdout") from error


def _discard(descriptor: int) -> None:
    """Write nothing more to a stream that cannot be written.

    Python flushes the streams when it exits, and would fail again.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def open_closed_streams() -> None:
    """Open the null device in place of the standard streams that are closed.

    Otherwise the next file that is opened gets the number of such a stream,
    and what a command or its children print ends up in that file. Reading
    stdin and writing to stdout fail as they would without this.
    """
    for descriptor, flags in enumerate(
        (os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)
    ):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, flags)  # gets the lowest number
            os.set_inheritable(descriptor, True)  # noqa: FBT003 - its signature
    # They stay open until Python exits.
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def warn(text: str) -> None:
    """Show a problem that does not stop the command."""
    say(f"warning: {printable(text)}", "33")


def seconds(text: str) -> int:
    """Parse a whole number of seconds, 0 or more; a type for argparse.

    :raises ValueError: for anything else, or more than six digits.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise ValueError
    return int(text)


def edit(file: str, change: Callable[[str], str], longest_wait: int) -> None:
    """Edit a file under its lock, and say so while waiting for the lock.

    :param change: makes the new content from the old.
    :param longest_wait: how long to wait for the lock, in seconds.
    :raises RequirementsError: as :func:`files.edit` does.
    """
    from openstack_requirements.system import files  # for commands that edit

    files.edit(
        file, change, longest_wait=longest_wait, waiting=waiting(longest_wait)
    )


def waiting(longest_wait: int) -> Callable[[str], None]:
    """A function that says that the command waits for a lock.

    :param longest_wait: how long it waits at most, in seconds.
    """

    def tell(lock: str) -> None:
        say(
            f"{lock}: another process has this lock; waiting for up to "
            f"{longest_wait} seconds"
        )

    return tell
