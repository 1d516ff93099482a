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
"""Helpers that console scripts share.

A command that must start faster than argparse loads uses ``_run`` alone.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from openstack_requirements.cmds._run import (
    command,
    fail,
    say,
    shows_colours,
    warn,
    write,
    write_error,
)
from openstack_requirements.errors import (
    UNUSABLE,
    ConflictingOptions,
    Interrupted,
    printable,
)
from openstack_requirements.system import signals

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "NAMED_TWICE",
    "Parser",
    "add_never_option",
    "add_quiet_option",
    "add_timeout_option",
    "command",
    "fail",
    "has_colours",
    "interruptible",
    "positive",
    "say",
    "say_written",
    "show_beside",
    "show_diff",
    "shows_colours",
    "unified",
    "warn",
    "write",
    "write_error",
    "write_to",
]

#: The codes of a terminal's colours (ECMA-48) for the lines of a diff.
_DIFF_CODES = {"+": "32", "-": "31", "@": "36"}
NAMED_TWICE = "the never-constrain list is named twice: name it once"


class _Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Shows defaults that say something: not those of flags."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.nargs == 0 or action.default in (None, []):
            return action.help
        return super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """A parser whose help shows every option with its default.

    Long options may be abbreviated, as those of the older toolkit could be.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            formatter_class=_Formatter,
            **settings,
        )
        # Python 3.14 would colour usage errors, too, and by what stdout is.
        self.color = False
        self.add_argument(
            "--version",
            action=_Version,
            nargs=0,
            default=argparse.SUPPRESS,
            help="show the version of the toolkit and exit",
        )

    def _get_option_tuples(self, option_string: str) -> list[Any]:
        """What an abbreviation may stand for.

        Two spellings of one option (``--soft``, ``--soft-update``) do not
        make it ambiguous, as they do for argparse; nor does an option that is
        newer than the calls of another one.
        """
        rows: list[Any] = super()._get_option_tuples(option_string)
        # The first part of a row is the option, the second its spelling.
        spellings = {row[1] for row in rows}
        if "--requirements" in spellings:
            # Older calls abbreviate it, where --reqs was not there yet.
            rows = [row for row in rows if row[1] != "--reqs"]
        return list({id(row[0]): row for row in reversed(rows)}.values())

    def print_help(self, file: Any = None) -> None:
        """Write the help to a file, or to stdout."""
        if file is None:
            write(self.format_help())
        else:
            super().print_help(file)

    def error(self, message: str) -> NoReturn:
        """Show the usage and what is wrong, and exit."""
        say(f"{self.format_usage()}{self.prog}: error: {printable(message)}")
        self.exit(UNUSABLE)


class _Version(argparse.Action):
    """Prints the version, which is slow to look up and so not a constant."""

    def __call__(
        self, parser: argparse.ArgumentParser, *_: object, **__: object
    ) -> None:
        import importlib.metadata

        version = importlib.metadata.version("openstack_requirements")
        write(f"{parser.prog} {version}\n")
        parser.exit()


def write_to(path: str | None, text: str) -> None:
    """Write a result to a file, in one durable step, or to stdout.

    :param path: the file; None or ``-`` for stdout.
    :raises RequirementsError: as :func:`files.replace` does.
    """
    if path is None or path == "-":
        write(text)
        return
    from openstack_requirements.system import (
        files,  # most results go to stdout
    )

    files.replace(path, text)


def say_written(path: str | None, what: str = "") -> None:
    """Say that a file was written; nothing of what went to stdout.

    :param path: the file, or the folder of several; None or ``-`` for stdout.
    :param what: what is in it.
    """
    if path not in {None, "-"}:
        say(f"{path}: written, {what}" if what else f"{path}: written")


def unified(path: str, old: str, new: str, stream: TextIO) -> str:
    """The change of a file as a unified diff, which patch understands.

    Secrets are masked and control characters are escaped, as the diff may
    end up in a log. A diff that differs for that reason cannot be applied,
    and a warning says so.

    :param stream: where the diff will go. Carriage returns at the ends of
        lines are escaped on a terminal only, which also gets colours.
    """
    import difflib
    import re

    result: list[str] = []
    applies = True
    colours = shows_colours(stream)
    for line in difflib.unified_diff(
        re.findall(r"[^\n]*\n|[^\n]+", old),
        re.findall(r"[^\n]*\n|[^\n]+", new),
        printable(path),
        printable(path),
    ):
        text = line.removesuffix("\n")
        end = line[len(text) :]
        if not stream.isatty() and text.endswith("\r"):
            text, end = text[:-1], f"\r{end}"
        safe = printable(text)
        applies = applies and safe == text
        if colours:
            start = min(len(result), 2)  # its first two lines name the file
            code = _DIFF_CODES.get(safe[:1], "") if start == 2 else "1"
            safe = f"\x1b[{code}m{safe}\x1b[0m" if code else safe
        result.append(f"{safe}{end}")
        if not end.endswith("\n"):
            result.append("\n\\ No newline at end of file\n")
    if not applies and not stream.isatty():
        warn(
            f"{path}: the diff does not show its secrets and control "
            "characters, so it cannot be applied"
        )
    return "".join(result)


def show_diff(path: str, old: str, new: str) -> None:
    """Show the change of a file on stderr, beside the result."""
    write_error(unified(path, old, new, sys.stderr))


def has_colours(*, of_result: bool) -> bool:
    """Whether to use colours on stdout, or else on stderr."""
    return shows_colours(sys.stdout if of_result else sys.stderr)


def show_beside(text: str, *, coloured: bool) -> None:
    """Show a rendered report on stderr, beside the result.

    :param coloured: it has the control characters of colours, which are kept;
        whoever rendered it has escaped all others.
    """
    if coloured:
        write_error(text)
    else:
        say(text.rstrip())


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Stop for signals during slow work that has not written anything yet.

    :raises Interrupted: on a signal; ``nothing_written`` is then set.
    """
    try:
        with signals.Watched():
            yield
    except Interrupted as error:
        error.nothing_written = True
        raise


class _Never(argparse.Action):
    """Stores the never-constrain list, which may be given once."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        value: object,
        _option: object = None,
    ) -> None:
        if getattr(namespace, self.dest, None) is not None:
            raise ConflictingOptions(NAMED_TWICE)
        setattr(namespace, self.dest, value)


def add_never_option(parser: argparse._ActionsContainer, what: str) -> None:
    """Add the never-constrain list, under its old and new names, as ``never``.

    :param what: the help: what the list is for.
    """
    parser.add_argument(
        "-b",
        "--blacklist",
        "-d",
        "--denylist",
        metavar="FILE",
        dest="never",
        action=_Never,
        default=argparse.SUPPRESS,
        help=what,
    )


def add_timeout_option(parser: argparse._ActionsContainer) -> None:
    """Add the longest time that a request to the index may take."""
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=positive,
        default=argparse.SUPPRESS,
        help="how long one request to the package index may take (default: "
        "the installer's own)",
    )


def add_quiet_option(parser: argparse._ActionsContainer) -> None:
    """Add the option that turns progress off."""
    parser.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        help="show no progress",
    )


def positive(text: str) -> int:
    """A whole number from 1 on, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number
