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
"""edit-constraints: replace or remove a distribution in a constraints file."""

from __future__ import annotations

import os
import sys

from openstack_requirements.cmds import _run
from openstack_requirements.constraints import editing
from openstack_requirements.errors import BadLine, UnusableInput, printable
from openstack_requirements.pep508.text import canonical, is_name
from openstack_requirements.system import files

TYPE_CHECKING = False  # typing costs more to import than an edit takes
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import NoReturn

    from openstack_requirements.cmds._console import Parser
    from openstack_requirements.pep508.requirement import Entry

#: Each option: what it takes, if anything, and what it is for.
_OPTIONS = {
    "--remove": ("NAME", "remove NAME; repeat for several"),
    "--from-source": (
        "DIR",
        "take NAME from the metadata of the project in DIR (pyproject.toml, "
        "setup.cfg); its code is not run",
    ),
    "--pin": (
        "NAME==VERSION",
        "change the version in each line of NAME, and nothing else",
    ),
    "--python": (
        "X.Y",
        "with --pin: only in the lines that apply to this Python",
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
_GLOBAL = "global-requirements.txt"
_NO_LIST: tuple[str, Sequence[Entry], bool] = ("", (), True)


def parser() -> Parser:
    """What the command takes, for the help and for usage errors.

    Arguments are read by :func:`_split`. argparse would take a REPLACEMENT
    that starts with ``-e`` for options, and it costs more than the edit.
    """
    import argparse

    from openstack_requirements.cmds import _console

    result = _console.Parser(
        prog="edit-constraints",
        usage="%(prog)s [-h] [--version] FILE [--] NAME [[--] REPLACEMENT]\n"
        "       %(prog)s FILE --from-source DIR [REPLACEMENT]\n"
        "       %(prog)s FILE --remove NAME [--remove NAME ...]\n"
        "       %(prog)s FILE --pin NAME==VERSION [--python X.Y] [--force]\n"
        "       all of them: [--lock-timeout SECONDS]",
        description="Replace the lines of NAME in a constraints file by "
        "REPLACEMENT, or remove them. Everything else stays as it is. Any "
        "number of these commands may edit one file at the same moment.",
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
                option,
                metavar=metavar,
                default=argparse.SUPPRESS,
                help=text,
            )
        else:
            result.add_argument(option, action="store_true", help=text)
    return result


@_run.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    given, operands = _split(sys.argv[1:] if argv is None else argv)
    if not operands:
        _misused("name the file to edit")
    file, *words = operands
    wait = _longest_wait(given)
    if "--pin" in given:
        if words or given.keys() - {"--pin", "--python", "--force"}:
            _misused("--pin goes with nothing but --python and --force")
        _run.edit(file, _pinning(file, given), wait)
        return 0
    if given.keys() & {"--python", "--force"}:
        _misused("--python and --force go with --pin")
    if "--from-source" in given:
        words.insert(0, _name_in(_only(given, "--from-source")))
    if len(words) > 2:
        _misused(f"one argument too many: {words[2]}")
    edits = [(name, "") for name in given.get("--remove", ())]
    if words:
        edits.append((words[0], "".join(words[1:])))
    if not edits:
        _misused("name a distribution")
    for name, _ in edits:
        if not is_name(name):
            _misused(f"not the name of a distribution: {name!r}")
    _run.edit(file, _editing(file, edits), wait)
    for name, replacement in edits:
        _warn_of_other_name(name, replacement)
    return 0


def _editing(
    file: str, edits: Sequence[tuple[str, str]]
) -> Callable[[str], str]:
    """The change that makes several edits of a file's text."""

    def change(content: str) -> str:
        for name, replacement in edits:
            content = editing.edit(content, name, replacement, file)
        return content

    return change


def _warn_of_other_name(name: str, replacement: str) -> None:
    text = replacement.strip()
    if text and text[0] != "#" and editing.name_of(text) != canonical(name):
        _run.warn(
            f"{printable(text)} does not say that it is {name}: "
            f"another edit of {name} will not find it"
        )


def _name_in(folder: str) -> str:
    """The name of the project in a folder.

    :raises UnusableInput: where it does not say it.
    """
    from openstack_requirements.manifests import declarations, loader

    door = loader.folder(folder)
    texts = {}
    try:
        for path in (declarations.PYPROJECT, declarations.SETUP_CFG):
            text = door(path)
            if text is not None:
                texts[path] = text
        name = declarations.project_name(texts)
    except BadLine as error:
        place = os.path.join(folder, error.source)
        raise error.at(place, error.number) from error
    except UnusableInput as error:
        place = os.path.join(folder, error.what)
        raise UnusableInput(place, error.reason) from error
    if not is_name(name):
        raise UnusableInput(
            folder,
            f"says no name of a distribution in {declarations.PYPROJECT} or "
            f"{declarations.SETUP_CFG}",
        )
    return name


def _pinning(file: str, given: dict[str, list[str]]) -> Callable[[str], str]:
    """The change that pins a distribution to another version."""
    from openstack_requirements.pep508.specifiers import parse_version

    text = _only(given, "--pin")
    name, equals, number = text.partition("===" if "===" in text else "==")
    name, number = name.strip(), number.strip()
    if not equals or not is_name(name):
        _misused(f"not NAME==VERSION: {text!r}")
    parsed = parse_version(number)
    if parsed is None:
        _misused(f"not a version: {number!r}")
    version = str(parsed)
    python = _only(given, "--python") if "--python" in given else ""
    major, dot, minor = python.partition(".")
    if python and not (
        python.isascii()
        and dot
        and major.isdigit()
        and minor.isdigit()
        and len(python) < len("1000.10000")
    ):
        _misused(f"not a Python version such as 3.12: {python!r}")
    listed_in, entries, prereleases = (
        _NO_LIST if "--force" in given else _global_list(file)
    )

    def change(content: str) -> str:
        return editing.pin(
            content,
            name,
            version,
            python=python,
            source=file,
            entries=entries,
            listed_in=listed_in,
            prereleases=prereleases,
        )

    return change


def _global_list(file: str) -> tuple[str, Sequence[Entry], bool]:
    """The global list beside a file, if there is one.

    Its path, its entries, and whether its policy admits pre-releases that no
    entry mentions. A link is beside the lists as well as what it leads to.
    """
    from openstack_requirements.repository import lists, policy

    for place in (file, os.path.realpath(file)):
        folder = os.path.dirname(place)
        path = os.path.join(folder, _GLOBAL)
        if os.path.exists(path):
            entries = lists.read(path)
            rules = policy.find(
                [each.requirement for each in entries if each.requirement],
                denylist=os.path.exists(os.path.join(folder, lists.NEVER[0])),
            )
            return path, entries, rules.prereleases_pinned
    return _NO_LIST


def _split(argv: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The options that are given, with their values, and the operands.

    A word that starts with ``-e`` is no option of ours: it is a REPLACEMENT.
    """
    given: dict[str, list[str]] = {}
    operands: list[str] = []
    words = iter(argv)
    for word in words:
        option, equals, value = word.partition("=")
        if word == "--":
            operands += words
        elif option in _OPTIONS:
            text = _value(option, value if equals else None, words)
            given.setdefault(option, []).append(text)
        elif word in {"-h", "--help", "--version"}:
            parser().parse_args([word])
        elif word[:1] == "-" and not word.startswith(("-e", "--editable")):
            _misused(f"no such option: {word}")
        else:
            operands.append(word)
    return given, operands


def _value(option: str, text: str | None, words: Iterator[str]) -> str:
    """The value of an option: what follows its ``=``, or the next word."""
    if not _OPTIONS[option][0]:
        if text is not None:
            _misused(f"{option} takes no value")
        return ""
    text = next(words, "") if text is None else text
    if not text:
        _misused(f"{option} takes a value")
    return text


def _longest_wait(given: dict[str, list[str]]) -> int:
    """Take out how long to wait for the lock, in seconds."""
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
    """The value of an option that is given once."""
    if len(given[option]) > 1:
        _misused(f"give {option} once")
    return given[option][0]


def _misused(problem: str) -> NoReturn:
    parser().error(printable(problem))
