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

Each error carries its facts as fields and computes its sentence from them.
``cmds/_run.py`` alone turns it into a line on stderr and an exit status.

The facts come from any input. ``str()`` of an error is safe to show: it has
neither control characters nor secrets (see ``output``).
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing takes longer than this module
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

#: Exit statuses: findings; wrong usage or unusable input; an outside failure.
FINDINGS, UNUSABLE, OUTSIDE = 1, 2, 3

#: How many errors of one input are shown: a file of another kind may have an
#: error in each of its lines.
MOST_SHOWN = 100
_LONGEST_COMMAND = 200  # characters that are shown


class RequirementsError(Exception):
    """The base of every error that this package raises on purpose.

    ``status`` is the exit status that a command ends with. A class with
    fields of its own says in :meth:`sentence` what went wrong.
    """

    status = UNUSABLE

    def __reduce__(self) -> tuple[object, ...]:
        # An exception is unpickled by calling its class with its args, which
        # does not fit the parameters of these classes. Errors are pickled
        # when another process raises them.
        return _again, (type(self), self.args), self.__dict__

    def __str__(self) -> str:
        """The sentence, safe to show. No subclass overrides this."""
        return printable(self.sentence(), keep_lines=True)

    def sentence(self) -> str:
        """What went wrong, in one line or several.

        A subclass that has text of an input in its sentence makes the line
        ends in it visible: no file may forge a line of output.
        """
        return printable(super().__str__())


def _again(
    kind: type[RequirementsError], args: tuple[object, ...]
) -> RequirementsError:
    """An error of this class, before its fields are restored."""
    return kind.__new__(kind, *args)


class BadLine(RequirementsError, ValueError):
    """A line that its file may not hold.

    :param reason: what is wrong, without the place.
    :param line: the line as it stands in the file.
    :param source: the file's name as the user gave it, or empty.
    :param number: the line's number, from 1; 0 where it is not known.
    :param column: the column where it goes wrong, from 1; 0 where it is not
        known.
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
        """The same error with file and line filled in."""
        return BadLine(
            self.reason,
            self.line,
            source=source,
            number=number,
            column=self.column,
        )

    def sentence(self) -> str:
        """``FILE:LINE:COLUMN: reason: line``, without what is not known."""
        if self.number:
            numbers = (self.number, self.column)
            parts = [self.source, *map(str, filter(None, numbers))]
            where = f"{':'.join(filter(None, parts))}: "
        else:
            where = f"column {self.column}: " if self.column else ""
        return printable(f"{where}{self.reason}: {self.line.strip()}")


class BadContent(RequirementsError, ValueError):
    """All bad lines of one file, so that they are fixed at once."""

    def __init__(self, errors: Sequence[BadLine]) -> None:
        super().__init__(*errors)
        self.errors = tuple(errors)

    def sentence(self) -> str:
        """The errors, each in lines of its own."""
        return _several(self.errors)


class UnusableInput(RequirementsError):
    """A file or an option that cannot be used.

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
    :param errors: an error for each such file.
    """

    def __init__(self, root: str, errors: Sequence[RequirementsError]) -> None:
        super().__init__(root, errors)
        self.root = root
        self.errors = tuple(errors)

    def sentence(self) -> str:
        """The errors, each in lines of its own."""
        return _several(self.errors)


def _several(errors: Sequence[RequirementsError]) -> str:
    """Errors line by line; of very many, the first and how many more."""
    lines = [str(error) for error in errors[:MOST_SHOWN]]
    if len(errors) > MOST_SHOWN:
        lines.append(f"and {len(errors) - MOST_SHOWN} more errors")
    return "\n".join(lines)


class ConflictingOptions(RequirementsError):
    """Options that cannot be used together."""


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
            + (
                "\n".join(
                    f"  {printable(example)}" for example in self.examples
                )
            )
        )


class OutsideError(RequirementsError):
    """Something outside failed: an install, an index, a disk."""

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
    """A command that was ended because it took too long.

    :param command: the command as a list of words.
    :param seconds: how long it was allowed to take.
    """

    def __init__(self, command: Sequence[str], seconds: float) -> None:
        super().__init__(command, seconds)
        self.command = tuple(command)
        self.seconds = seconds

    def sentence(self) -> str:
        """The command, and how long it was allowed to take."""
        seconds = f"{self.seconds:g} seconds"
        return f"{_shown(self.command)}: did not end within {seconds}"


class TooMuchOutput(OutsideError):
    """A command that was ended because it printed too much.

    :param command: the command as a list of words.
    :param most: how many bytes it may print.
    """

    def __init__(self, command: Sequence[str], most: int) -> None:
        super().__init__(command, most)
        self.command = tuple(command)
        self.most = most

    def sentence(self) -> str:
        """The command, and the limit."""
        return f"{_shown(self.command)}: prints more than {self.most} bytes"


def _shown(command: Sequence[str]) -> str:
    """A command, or its start."""
    text = printable(" ".join(command))
    if len(text) > _LONGEST_COMMAND:
        text = f"{text[:_LONGEST_COMMAND]} ..."
    return text


class Interrupted(BaseException):
    """A signal told the program to stop (SIGINT, SIGTERM or SIGHUP).

    Like ``KeyboardInterrupt``, it is not an :class:`Exception`: code that
    recovers from failures must not swallow it.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number
        #: Whether the command had not written anything yet.
        self.nothing_written = False


def printable(text: str, *, keep_lines: bool = False) -> str:
    r"""The text as it may be shown: see :func:`output.shown`.

    Control characters become escapes (``\x1b``), and secrets are masked.
    """
    # Most runs show no error, and do not need this import.
    from openstack_requirements.output import shown

    return shown(text, keep_lines=keep_lines)
