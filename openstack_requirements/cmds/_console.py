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
"""What all console scripts share.

The one place where an error becomes a message on stderr and an exit status:
0 fine, 1 findings, 2 wrong usage or unusable input, 3 the outside world
failed, and 128 plus the signal's number where one asked to stop.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, TextIO

from openstack_requirements.errors import (
    OUTSIDE,
    Interrupted,
    RequirementsError,
    printable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Main = Callable[[Sequence[str] | None], int]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Parser(argparse.ArgumentParser):
    """A parser whose help shows every option with its default."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
            allow_abbrev=False,
            **more,
        )
        self.add_argument(
            "--version",
            action=_Version,
            nargs=0,
            default=argparse.SUPPRESS,
            help="show the version of the toolkit and exit",
        )


class _Version(argparse.Action):
    """Prints the version. Looking it up is slow, so only when asked."""

    def __call__(
        self, parser: argparse.ArgumentParser, *_: object, **__: object
    ) -> None:
        import importlib.metadata

        version = importlib.metadata.version("openstack_requirements")
        print(f"{parser.prog} {version}")
        parser.exit()


def command(main: Main) -> Main:
    """Turn the errors of a ``main`` into messages and statuses."""

    @functools.wraps(main)
    def wrapped(argv: Sequence[str] | None = None) -> int:
        try:
            status = main(argv)
            sys.stdout.flush()
        except RequirementsError as error:
            return fail(error)
        except Interrupted as interrupt:
            print("interrupted; nothing was written", file=sys.stderr)
            return 128 + interrupt.signal_number
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            return 128 + signal.SIGINT
        except BrokenPipeError:
            # Who read our output has gone. Python would complain once more
            # when it flushes stdout at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return OUTSIDE
        except OSError as error:
            name = f"{error.filename}: " if error.filename else ""
            print(f"{name}{error.strerror or error}", file=sys.stderr)
            return OUTSIDE
        return status

    return wrapped


def fail(error: RequirementsError) -> int:
    """Show an error; the exit status that it asks for."""
    # The place comes first where there is one: editors jump to it.
    print(error, file=sys.stderr)
    return error.status


def write(text: str) -> None:
    """Write a result to stdout: all of it, its line ends as they are.

    Where Python's streams have no buffer (PYTHONUNBUFFERED), one call may
    write a part and say nothing of the rest.
    """
    sys.stdout.flush()
    data = memoryview(text.encode())
    while data:
        data = data[sys.stdout.buffer.write(data) :]
    sys.stdout.buffer.flush()


def unified(path: str, old: str, new: str, stream: TextIO) -> str:
    """The change of a file as a unified diff, which patch understands.

    :param stream: where it will go. A terminal gets no control characters; a
        file or a program gets the text as it is, so that it can be applied.
    """
    import difflib
    import re

    result = []
    for line in difflib.unified_diff(
        re.findall(r"[^\n]*\n|[^\n]+", old),
        re.findall(r"[^\n]*\n|[^\n]+", new),
        printable(path),
        printable(path),
    ):
        safe = printable(line, keep_lines=True) if stream.isatty() else line
        result.append(safe)
        if not safe.endswith("\n"):
            result.append("\n\\ No newline at end of file\n")
    return "".join(result)


def warn(text: str) -> None:
    """Something that is not right, but does not stop the command."""
    print(f"warning: {text}", file=sys.stderr)


def complain(text: str) -> None:
    """A line about what went wrong, though there is a result."""
    print(printable(text, keep_lines=True), file=sys.stderr)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Turn the signals that ask to stop into :class:`Interrupted`.

    Once one has come, no other interrupts the cleaning up.
    """

    def stop(number: int, _frame: object) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number)

    old = {each: signal.getsignal(each) for each in _SIGNALS}
    try:
        for each, handler in old.items():
            # Who started us in the background may have had it ignored.
            if handler is not signal.SIG_IGN:
                signal.signal(each, stop)
        yield
    finally:
        for each, handler in old.items():
            signal.signal(each, handler)


def positive(text: str) -> int:
    """A whole number from 1 on, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number
