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
"""The options of edit-constraints, parsed without argparse.

devstack runs this command dozens of times in a row, so an edit may cost a
fifth of importing ``packaging.requirements`` at most. Measured
(``benchmarks/edit_constraints.py``, in processor time), it costs 0.08 of that
as it is, and 0.5 with argparse: importing argparse and building a parser
takes several times longer than the edit. argparse would also take a
REPLACEMENT that starts with ``-e`` for options. So :func:`parse` reads the
arguments, and :func:`parser` is for the help and for usage errors alone.
"""

from __future__ import annotations

from openstack_requirements.cmds import _run
from openstack_requirements.errors import printable
from openstack_requirements.pep508.text import is_name
from openstack_requirements.system import files

TYPE_CHECKING = False  # typing costs more to import than an edit takes
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import NoReturn

    from openstack_requirements.cmds._console import Parser
    from openstack_requirements.repository.pins import PinRequest

#: Each option: the name of its value, empty for a flag, and its help.
_OPTIONS = {
    "--remove": ("NAME", "remove NAME; repeat for several"),
    "--from-source": (
        "DIR",
        "take NAME, or with --pin the Pythons that VERSION is for, from the "
        "metadata of the project in DIR (pyproject.toml, setup.cfg); its "
        "code is not run",
    ),
    "--pin": (
        "NAME==VERSION",
        "change the version in the lines of NAME, for the Pythons that "
        "VERSION is for; the others keep their pin, in a line of their own "
        "where need be",
    ),
    "--for-python": (
        "PYTHON",
        "the Python that versions are for: with --pin, the Pythons of VERSION "
        "(>=3.10); or X.Y: only the lines that can apply to this Python "
        "change, as wholes",
    ),
    "--oldest-python": (
        "X.Y",
        "with --pin: the oldest Python that FILE is for (default: the oldest "
        "of the settings beside FILE, or else that its markers name)",
    ),
    "--force": (
        "",
        "with --pin: even where the global list beside FILE does not admit "
        "the version",
    ),
    "--lock-timeout": (
        "SECONDS",
        f"{_run.LOCK_TIMEOUT} (default: {files.LONGEST_WAIT})",
    ),
}
#: Those that only mean something with a pin.
_WITH_PIN = ("--for-python", "--oldest-python", "--force")
#: Older names of options.
_OLDER = {"--python": "--for-python"}
#: Those that show something and do nothing else.
_SHOWING = ("-h", "--help", "--version")


class EditRequest:
    """The edits to make, or the pin to change.

    :param file: the file to edit.
    :param longest_wait: how long to wait for its lock, in seconds.
    :param edits: names with their new lines; an empty line removes a name.
    :param source: the folder of a project whose name is edited too, or whose
        Pythons the pin is for; or empty.
    :param replacement: the line for that project.
    :param pin: the version to change to.
    :param force: pin it even if the global list does not admit it.
    """

    def __init__(
        self,
        file: str,
        longest_wait: int,
        *,
        edits: Sequence[tuple[str, str]] = (),
        source: str = "",
        replacement: str = "",
        pin: PinRequest | None = None,
        force: bool = False,
    ) -> None:
        self.file = file
        self.longest_wait = longest_wait
        self.edits = edits
        self.source = source
        self.replacement = replacement
        self.pin = pin
        self.force = force


def parser() -> Parser:
    """An argparse parser, for the help and for usage errors."""
    import argparse

    from openstack_requirements.cmds import _console

    result = _console.Parser(
        prog="edit-constraints",
        usage="%(prog)s [-h] [--version] FILE [--] NAME [[--] REPLACEMENT]\n"
        "       %(prog)s FILE --from-source DIR [REPLACEMENT]\n"
        "       %(prog)s FILE --remove NAME [--remove NAME ...]\n"
        "       %(prog)s FILE --pin NAME==VERSION\n"
        "           [--for-python PYTHON | --from-source DIR] "
        "[--oldest-python X.Y] [--force]\n"
        "       all of them: [--lock-timeout SECONDS]",
        description="Replace or remove a line of a constraints file.",
        epilog="exit status: 0 done; 2 wrong usage or unusable input; 3 the "
        "disk failed, or another process has the lock for too long.",
    )
    result.add_argument("file", metavar="FILE", help="the file to edit")
    result.add_argument(
        "name", metavar="NAME", help="the distribution, in any spelling"
    )
    result.add_argument(
        "replacement",
        metavar="REPLACEMENT",
        nargs="?",
        default=argparse.SUPPRESS,
        help="the line for it: a pin, NAME @ URL, -e URL#egg=NAME or a path; "
        "left out or empty, NAME is removed",
    )
    for option, (metavar, text) in _OPTIONS.items():
        if metavar:
            result.add_argument(
                *(option, *(old for old in _OLDER if _OLDER[old] == option)),
                metavar=metavar,
                default=argparse.SUPPRESS,
                help=text,
            )
        else:
            result.add_argument(option, action="store_true", help=text)
    return result


def parse(argv: Sequence[str]) -> EditRequest:
    """Parse the command line; a usage error ends the program."""
    given, operands = _split(argv)
    if not operands:
        _misused("name the file to edit")
    file, *words = operands
    wait = _longest_wait(given)
    if "--pin" in given:
        return _pin_request(given, file, words, wait)
    if given.keys() & _WITH_PIN:
        _misused(f"{', '.join(_WITH_PIN)} go with --pin")
    source = replacement = ""
    edits = [(name, "") for name in given.get("--remove", ())]
    if "--from-source" in given:
        source = _only(given, "--from-source")
        words.insert(0, source)
    if len(words) > 2:
        _misused(f"one argument too many: {words[2]}")
    if source:
        replacement = "".join(words[1:])
    elif words:
        edits.append((words[0], "".join(words[1:])))
    if not edits and not source:
        _misused("name a distribution")
    for name, _ in edits:
        if not is_name(name):
            _misused(f"not the name of a distribution: {name!r}")
    return EditRequest(
        file, wait, edits=edits, source=source, replacement=replacement
    )


def _pin_request(
    given: dict[str, list[str]], file: str, words: list[str], wait: int
) -> EditRequest:
    """The request for a pin."""
    if words or given.keys() - {"--pin", "--from-source", *_WITH_PIN}:
        _misused(
            f"--pin goes with nothing but {', '.join(_WITH_PIN)} and "
            "--from-source"
        )
    if given.keys() >= {"--for-python", "--from-source"}:
        _misused("--for-python does not go with --from-source")
    source, pin, python, oldest = (
        _only(given, option) if option in given else ""
        for option in (
            "--from-source",
            "--pin",
            "--for-python",
            "--oldest-python",
        )
    )
    from openstack_requirements.repository import pins

    try:
        request = pins.parse(pin, python, oldest)
    except ValueError as error:
        _misused(str(error))
    return EditRequest(
        file, wait, source=source, pin=request, force="--force" in given
    )


def _split(argv: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Split the arguments into options with their values, and operands.

    An argument that starts with ``-e`` is not an option: it is a REPLACEMENT.
    """
    given: dict[str, list[str]] = {}
    operands: list[str] = []
    words = iter(argv)
    for word in words:
        option, equals, value = word.partition("=")
        if word == "--":
            operands += words
            continue
        if option[:2] == "--":
            option = _whole(option)
        if option in _OPTIONS:
            text = _value(option, value if equals else None, words)
            given.setdefault(option, []).append(text)
        elif option in _SHOWING and not equals:
            parser().parse_args([option])
        elif word[:1] == "-" and not word.startswith(("-e", "--editable")):
            _misused(f"no such option: {word}")
        else:
            operands.append(word)
    return given, operands


def _whole(option: str) -> str:
    """The option that a text stands for: it may be the start of one."""
    if option in _OPTIONS:
        return option
    whole = [
        name
        for name in (*_OPTIONS, *_OLDER, *_SHOWING)
        if name.startswith(option)
    ]
    if len(whole) > 1:
        # What is newer than calls with an abbreviation is not meant.
        whole = [name for name in whole if name not in _OLDER.values()]
    if len(whole) > 1:
        _misused(f"{option} could be {' or '.join(whole)}")
    name = whole[0] if whole else option
    return _OLDER.get(name, name)


def _value(option: str, text: str | None, words: Iterator[str]) -> str:
    """The value of an option: the text after ``=``, or the next argument."""
    if not _OPTIONS[option][0]:
        if text is not None:
            _misused(f"{option} takes no value")
        return ""
    text = next(words, "") if text is None else text
    if not text:
        _misused(f"{option} takes a value")
    return text


def _longest_wait(given: dict[str, list[str]]) -> int:
    """Remove the option for the lock, and return its seconds."""
    option = "--lock-timeout"
    if option not in given:
        return files.LONGEST_WAIT
    text = _only(given, option)
    del given[option]
    try:
        return _run.seconds(text)
    except ValueError:
        _misused(f"not a number of seconds: {text!r}")


def _only(given: dict[str, list[str]], option: str) -> str:
    """The value of an option that may be given once."""
    if len(given[option]) > 1:
        _misused(f"give {option} once")
    return given[option][0]


def _misused(problem: str) -> NoReturn:
    parser().error(printable(problem))
