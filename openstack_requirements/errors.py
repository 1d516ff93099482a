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
"""The errors that a person can act on.

Each carries what it knows as fields and computes its sentence from them. One
place, ``cmds/_run.py``, turns them into a line on stderr and a status.

What an error holds comes from anywhere. Its ``str()`` is safe to show: it has
neither control characters nor secrets (see ``output``).
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself costs more to import than this module
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "BadContent",
    "BadLine",
    "CommandFailed",
    "CommandTimedOut",
    "ConflictingOptions",
    "Interrupted",
    "OutsideError",
    "ProofFailed",
    "RequirementsError",
    "TooMuchOutput",
    "UnusableInput",
    "UnusableProject",
    "printable",
]

#: Exit statuses: findings, wrong usage or unusable input, the outside world.
FINDINGS, UNUSABLE, OUTSIDE = 1, 2, 3

#: Of the errors of one input, these many are shown, and how many more there
#: are: a file of another kind may have one in each of its lines.
MOST_SHOWN = 100
_LONGEST_COMMAND = 200  # characters of it that are shown


class RequirementsError(Exception):
    """The base of every error that this package raises on purpose.

    ``status`` is the exit status that a command ends with. A class with
    fields of its own says in :meth:`sentence` what went wrong.
    """

    status = UNUSABLE

    def __reduce__(self) -> tuple[object, ...]:
        # As an error is by itself, it is made again by calling its class with
        # its args, which few of ours can be. But what one of many processes
        # finds has to come back from there.
        return _again, (type(self), self.args), self.__dict__

    def __str__(self) -> str:
        """The sentence, safe to show. No subclass overrides this."""
        return printable(self.sentence(), keep_lines=True)

    def sentence(self) -> str:
        """What went wrong, in one line or several.

        Line ends that are not the sentence's own are made visible here: what
        a file holds must not forge a line.
        """
        return printable(super().__str__())


def _again(
    kind: type[RequirementsError], args: tuple[object, ...]
) -> RequirementsError:
    """An error without the fields that it had."""
    return kind.__new__(kind, *args)


class BadLine(RequirementsError, ValueError):
    """A line that is not what its file may hold.

    :param reason: what is wrong, without the place.
    :param line: the line as it stands in the file.
    :param source: the file's name as the user gave it, or empty.
    :param number: the line's number, from 1; 0 where it is not known.
    :param column: the column where the trouble starts, from 1; 0 where it
        is not known.
    """

    def __init__(
        self,
        reason: str,
        line: str,
        *,
        source: str = "",
        number: int = 0,
        column: int = 0,
    ) -> None:
        super().__init__(reason, line)
        self.reason = reason
        self.line = line.rstrip("\r\n")
        self.source = source
        self.number = number
        self.column = column

    def at(self, source: str, number: int) -> BadLine:
        """The same error, with the place filled in."""
        return BadLine(
            self.reason,
            self.line,
            source=source,
            number=number,
            column=self.column,
        )

    def sentence(self) -> str:
        """``FILE:LINE:COLUMN: reason: line``, as far as it is known."""
        if self.number:
            numbers = (self.number, self.column)
            parts = [self.source, *map(str, filter(None, numbers))]
            where = f"{':'.join(filter(None, parts))}: "
        else:
            where = f"column {self.column}: " if self.column else ""
        return printable(f"{where}{self.reason}: {self.line.strip()}")


class BadContent(RequirementsError, ValueError):
    """Several bad lines of one file, so that it is mended in one go."""

    def __init__(self, errors: Sequence[BadLine]) -> None:
        super().__init__(*errors)
        self.errors = tuple(errors)

    def sentence(self) -> str:
        """The errors, each in lines of its own."""
        return _several(self.errors)


class UnusableInput(RequirementsError):
    """A file or a value that cannot be used at all.

    :param what: the file or the option, as the user named it.
    :param reason: what is wrong with it, and what to do.
    """

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, reason)
        self.what = what
        self.reason = reason

    def sentence(self) -> str:
        """``FILE: reason``."""
        return printable(f"{self.what}: {self.reason}")


class UnusableProject(RequirementsError):
    """A project with files that cannot be used.

    :param root: the project, as the user named it.
    :param errors: what is wrong, an error a file.
    """

    def __init__(self, root: str, errors: Sequence[RequirementsError]) -> None:
        super().__init__(root, errors)
        self.root = root
        self.errors = tuple(errors)

    def sentence(self) -> str:
        """The errors, each in lines of its own."""
        return _several(self.errors)


def _several(errors: Sequence[RequirementsError]) -> str:
    """Errors line by line; of very many, the first ones and how many more."""
    lines = [str(error) for error in errors[:MOST_SHOWN]]
    if len(errors) > MOST_SHOWN:
        lines.append(f"and {len(errors) - MOST_SHOWN} more errors")
    return "\n".join(lines)


class ConflictingOptions(RequirementsError):
    """Options that do not go together."""


class ProofFailed(RequirementsError):
    """The computed constraints do not select what was installed.

    :param examples: one sentence for each counter-example.
    """

    def __init__(self, examples: Sequence[str]) -> None:
        super().__init__(*examples)
        self.examples = tuple(examples)

    def sentence(self) -> str:
        """The counter-examples, each in a line."""
        return (
            "the constraints would not be right, so none were written:\n"
            + ("\n".join(f"  {printable(each)}" for each in self.examples))
        )


class OutsideError(RequirementsError):
    """The world outside failed: an install, an index, a disk."""

    status = OUTSIDE


class CommandFailed(OutsideError):
    """A command that ended with a failure.

    :param command: the command as a list of words.
    :param status: its exit status; negative for the signal that ended it.
    :param output: what it printed, both streams in order.
    """

    def __init__(
        self, command: Sequence[str], exit_status: int, output: str
    ) -> None:
        super().__init__(command, exit_status)
        self.command = tuple(command)
        self.exit_status = exit_status
        self.output = output

    def sentence(self) -> str:
        """The command, how it ended, and the end of its output."""
        how = (
            f"was ended by signal {-self.exit_status}"
            if self.exit_status < 0
            else f"failed with status {self.exit_status}"
        )
        tail = "\n".join(self.output.rstrip().splitlines()[-20:])
        text = f"{printable(' '.join(self.command))} {how}"
        return f"{text}:\n{tail}" if tail else text


class CommandTimedOut(OutsideError):
    """A command that did not end in time, and was ended.

    :param command: the command as a list of words.
    :param seconds: how long it was given.
    """

    def __init__(self, command: Sequence[str], seconds: float) -> None:
        super().__init__(command, seconds)
        self.command = tuple(command)
        self.seconds = seconds

    def sentence(self) -> str:
        """What did not end, and how long it had."""
        seconds = f"{self.seconds:g} seconds"
        return f"{_shown(self.command)}: did not end within {seconds}"


class TooMuchOutput(OutsideError):
    """A command that printed more than it may, and was ended.

    :param command: the command as a list of words.
    :param most: how many bytes it may print.
    """

    def __init__(self, command: Sequence[str], most: int) -> None:
        super().__init__(command, most)
        self.command = tuple(command)
        self.most = most

    def sentence(self) -> str:
        """What prints too much, and the limit."""
        return f"{_shown(self.command)}: prints more than {self.most} bytes"


def _shown(command: Sequence[str]) -> str:
    """A command, or its start."""
    text = printable(" ".join(command))
    if len(text) > _LONGEST_COMMAND:
        text = f"{text[:_LONGEST_COMMAND]} ..."
    return text


class Interrupted(BaseException):
    """Somebody asked the program to stop (SIGINT, SIGTERM or SIGHUP).

    Not an :class:`Exception`, for the reason that ``KeyboardInterrupt`` is
    none: code that recovers from failures must not swallow it.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number
        #: Whether that came before the command has written anything.
        self.nothing_written = False


def printable(text: str, *, keep_lines: bool = False) -> str:
    r"""The text as it may be shown: see :func:`output.shown`.

    Control characters are escapes (``\x1b``) then, and secrets are masked.
    """
    # Most runs have nothing to show, and should not pay for it.
    from openstack_requirements.output import shown

    return shown(text, keep_lines=keep_lines)
