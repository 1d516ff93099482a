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
"""All commands under one name: ``openstack-requirements COMMAND``."""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from typing import TYPE_CHECKING

from openstack_requirements.cmds import _console
from openstack_requirements.errors import UnusableInput

if TYPE_CHECKING:
    import types
    from collections.abc import Sequence

#: The console scripts; each runs the module of its name in this package.
COMMANDS = (
    "bootstrap-requirements",
    "build-lower-constraints",
    "check-conflicts",
    "check-constraints",
    "check-python2-support",
    "check-requirements",
    "diff-constraints",
    "edit-constraints",
    "explain-constraint",
    "generate-constraints",
    "merge-constraints",
    "normalize-requirements",
    "propose-constraints",
    "propose-updates",
    "update-requirements",
    "validate-constraints",
    "validate-projects",
)
#: This command itself.
NAME = "openstack-requirements"
SHELLS = ("bash", "tcsh", "zsh")
#: What parsers call an argument that may be a file, or a folder of files.
FILES = (
    *("CONSTRAINTS", "FILE", "FILE|URL", "GLOBAL", "NEVER", "NEW", "OLD"),
    *("PATH", "PROJECTS", "XFAILS"),
)
#: And one that is a folder.
FOLDERS = ("CHECKOUTS", "DIR", "PROJECT", "SRC_DIR")


def parser() -> _console.Parser:
    """The parser of what stands before the command, or in place of it."""
    result = _console.Parser(
        prog=NAME,
        usage="%(prog)s COMMAND [ARGUMENT ...]\n"
        "       %(prog)s [-h] [--version] [--print-completion SHELL]",
        description="Run one of the commands of the toolkit, which are also "
        "scripts of their own. COMMAND -h shows the options of a command.",
        epilog="exit status: that of the command; 2 there is no such command.",
    )
    result.add_argument(
        "--print-completion",
        metavar="SHELL",
        choices=SHELLS,
        default=argparse.SUPPRESS,
        help="print a script that completes the names and options of all "
        f"commands in a shell: {', '.join(SHELLS)}",
    )
    return result


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that is named; return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and not arguments[0].startswith("-"):
        _require_command(arguments[0])
        status: int = _module(arguments[0]).main(arguments[1:])
        return status
    if not arguments or {"-h", "--help"} & set(arguments):
        _console.write(f"{parser().format_help()}\n{_summaries()}")
        return 0 if arguments else 2
    options = parser().parse_args(arguments)
    _console.write(_completion(options.print_completion))
    return 0


def _require_command(name: str) -> None:
    """Refuse a name that is not a command, and say which is meant."""
    if name in COMMANDS:
        return
    import difflib  # slow to import, and needed for mistakes only

    near = difflib.get_close_matches(name, COMMANDS, 1)
    hint = f"did you mean {near[0]}?" if near else f"see {NAME} -h"
    raise UnusableInput(name, f"there is no such command; {hint}")


def _module(command: str) -> types.ModuleType:
    """The module of a command."""
    return importlib.import_module(
        f"{__package__}.{command.replace('-', '_')}"
    )


def _summaries() -> str:
    """The commands, each with the start of its help."""
    import textwrap

    width = max(map(len, COMMANDS))
    lines = ["commands:"]
    for command in COMMANDS:
        lines += textwrap.wrap(
            _summary(_module(command).parser()),
            78,
            initial_indent=f"  {command:{width}}  ",
            subsequent_indent=" " * (width + 4),
        )
    return "".join(f"{line}\n" for line in lines)


def _summary(parser: argparse.ArgumentParser) -> str:
    """What a command is for: the start of its description."""
    assert parser.description is not None
    return re.split(r"[:.](?: |$)", parser.description, maxsplit=1)[0]


def _completion(shell: str) -> str:
    """A script that completes the names and options of all commands.

    :raises UnusableInput: where shtab is not installed.
    """
    try:
        import shtab
    except ImportError as error:
        raise UnusableInput(
            "--print-completion",
            "needs shtab: install openstack_requirements[completion]",
        ) from error
    paths = {
        **dict.fromkeys(FILES, shtab.FILE),
        **dict.fromkeys(FOLDERS, shtab.DIRECTORY),
    }
    scripts = []
    umbrella = parser()
    commands = umbrella.add_subparsers(
        metavar="COMMAND", parser_class=argparse.ArgumentParser
    )
    for command in COMMANDS:
        its_parser = _module(command).parser()
        for action in its_parser._actions:
            if action.metavar in paths:
                action.complete = paths[action.metavar]
        scripts.append(shtab.complete(its_parser, shell))
        # shtab leaves out what has no help.
        commands.add_parser(
            command,
            parents=[its_parser],
            add_help=False,
            help=_summary(its_parser),
        )
    scripts.append(shtab.complete(umbrella, shell))
    return _one_for_zsh(scripts) if shell == "zsh" else "\n".join(scripts)


def _one_for_zsh(scripts: Sequence[str]) -> str:
    """One script of those of several commands, which end in the same form.

    zsh takes the commands of a file on ``fpath`` from its first line alone,
    and runs all of the file for each of them. Anywhere else, in ``.zshrc``
    for example, the script says for which commands it is.
    """
    functions: dict[str, str] = {}
    bodies = []
    for script in scripts:
        body, _, end = script.rpartition("typeset -A opt_args\n")
        registered = re.search(
            r"^ *compdef (\S+) -N (\S+)$", end, re.MULTILINE
        )
        assert registered is not None, "shtab writes another form"
        functions[registered[2]] = registered[1]
        bodies.append(re.sub(r"\A#compdef .*\n", "", body))
    return "\n".join(
        [
            f"#compdef {' '.join(functions)}",
            *bodies,
            "typeset -A opt_args",
            "if (( ${+compstate} )); then  # zsh completes right now",
            "  case $service in",
            *(
                f'    {name}) {function} "$@" ;;'
                for name, function in functions.items()
            ),
            "  esac",
            "else",
            *(
                f"  compdef {function} -N {name}"
                for name, function in functions.items()
            ),
            "fi",
            "",
        ]
    )
