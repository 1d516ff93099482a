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
"""What a console script needs at every start, and nothing that is slow.

The one place where an error becomes a message on stderr and an exit status:
0 fine, 1 findings, 2 wrong usage or unusable input, 3 the outside world
failed, and 128 plus the signal's number where one asked to stop. All that a
command says on stderr goes through :func:`say`.

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

#: The help of ``--lock-timeout``, but for its default.
LOCK_TIMEOUT = (
    "how long to wait while another process has the lock of FILE; 0: not at "
    "all"
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Main = Callable[[Sequence[str] | None], int]


def command(main: Main) -> Main:
    """Turn the errors of a ``main`` into messages and statuses."""

    def wrapped(argv: Sequence[str] | None = None) -> int:
        try:
            status = main(argv)
            sys.stdout.flush()
        except RequirementsError as error:
            return fail(error)
        except Interrupted as interrupt:
            signals.heard()
            more = "; nothing was written" if interrupt.nothing_written else ""
            say(f"interrupted{more}")
            return 128 + interrupt.signal_number
        except KeyboardInterrupt:
            say("interrupted")
            return 128 + 2  # SIGINT
        except BrokenPipeError:
            # Who read our output has gone. Python would complain once more
            # when it flushes stdout at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return OUTSIDE
        except OSError as error:
            name = f"{error.filename}: " if error.filename else ""
            say(printable(f"{name}{error.strerror or error}"))
            return OUTSIDE
        return status

    wrapped.__doc__ = main.__doc__
    return wrapped


def fail(error: RequirementsError) -> int:
    """Show an error; the exit status that it asks for."""
    # The place comes first where there is one: editors jump to it.
    say(str(error))
    return error.status


def say(text: str) -> None:
    """Print to stderr, without control characters and secrets.

    :param text: a line, or several.
    """
    print(printable(text, keep_lines=True), file=sys.stderr)


def write(text: str) -> None:
    """Write a result to stdout: all of it, its line ends as they are.

    A report has been made safe to show by who made it. A file's new content
    is data, and stays what it is.

    Where Python's streams have no buffer (PYTHONUNBUFFERED), one call may
    write a part and say nothing of the rest.
    """
    sys.stdout.flush()
    data = memoryview(text.encode())
    while data:
        data = data[sys.stdout.buffer.write(data) :]
    sys.stdout.buffer.flush()


def warn(text: str) -> None:
    """Something that is not right, but does not stop the command."""
    say(f"warning: {printable(text)}")


def seconds(text: str) -> int:
    """A whole number of seconds from 0 on, for argparse as well.

    :raises ValueError: where it is none, or longer than anybody waits.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise ValueError
    return int(text)


def edit(file: str, change: Callable[[str], str], longest_wait: int) -> None:
    """Edit a file under its lock, and say so where that has to be waited for.

    :raises RequirementsError: as :func:`files.edit` does.
    """
    from openstack_requirements.system import files  # for commands that edit

    files.edit(
        file, change, longest_wait=longest_wait, waiting=waiting(longest_wait)
    )


def waiting(longest_wait: int) -> Callable[[str], None]:
    """What says that a lock has to be waited for.

    :param longest_wait: how long that may take, in seconds.
    """

    def tell(lock: str) -> None:
        say(
            f"{lock}: another process has this lock; waiting for up to "
            f"{longest_wait} seconds"
        )

    return tell
