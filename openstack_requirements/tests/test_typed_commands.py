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
"""The commands in README.rst and CONTRIBUTING.rst exist, as they are typed.

They are parsed and not run: what they name has to be there, and what takes
options takes those. The pages below ``doc/source`` have test_samples.
"""

from __future__ import annotations

import configparser
import importlib
import importlib.util
import re
import shlex
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.core import publish_doctree

from openstack_requirements.tests import base, test_tox
from openstack_requirements.tests.test_repository import scripts

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGES = ("README.rst", "CONTRIBUTING.rst")
#: What tools/run.py takes, and what it stands in front of.
RUN = ["python3", "tools/run.py"]
#: Tools whose options are not ours, and where they come from. A word that
#: ends in a slash, or in a suffix, is a path in this repository.
OTHERS = {
    "coverage": "test-requirements.txt",
    "hadolint": "test-requirements.txt",
    "mypy": "test-requirements.txt",
    "reno": "doc/requirements.txt",
    "ruff": "test-requirements.txt",
    "sphinx-build": "doc/requirements.txt",
}
#: Options of tools/run.py that install the requirements of a file.
INSTALLING = {
    "doc/requirements.txt": "--docs",
    "test-requirements.txt": "--tests",
}
#: Installers of others, which a test of the installation runs.
INSTALLERS = {"uv", "pipx"}
#: What stands for anything that is typed there.
PLACEHOLDER = re.compile(r"[A-Z]+")


def blocks(name: str) -> list[str]:
    """The literal blocks of a page."""
    page = publish_doctree(
        (base.ROOT / name).read_text(encoding="utf-8"),
        settings_overrides={"report_level": 5},
    )
    return [block.astext() for block in page.findall(nodes.literal_block)]


def commands(name: str) -> list[list[str]]:
    """The commands of a page, each as its words."""
    lines = "\n".join(blocks(name)).replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in lines]
    return [
        # A variable of the environment may stand before the command.
        [word for word in line if not re.match(r"[A-Z_]+=", word)]
        for line in words
        if line
    ]


class BadCommand(Exception):
    """A command that cannot be typed, with the reason."""


def check(words: Sequence[str]) -> None:
    """Find out whether a command can be typed.

    :raises BadCommand: if not.
    """
    options: list[str] = []
    if [*words[:2]] == RUN:
        words = [*words[2:]]
        while words and words[0].startswith("--"):
            options.append(words[0])
            words = words[1:]
        if not set(options) <= {"--lowest", "--tests", "--docs"}:
            raise BadCommand(f"tools/run.py has no {options}")
    command, arguments = words[0], [*words[1:]]
    if command in scripts():
        _parse(scripts()[command].partition(":")[0], arguments)
    elif command in OTHERS:
        if INSTALLING[OTHERS[command]] not in options:
            raise BadCommand(f"{options} do not install {command}")
        _require_files(arguments)
    elif command == "stestr":
        _require_tests(arguments, options)
    elif command == "python":
        _check_program(arguments)
    elif command == "tox":
        _check_tox(arguments)
    elif command not in INSTALLERS and not PLACEHOLDER.fullmatch(command):
        raise BadCommand(f"nobody knows {command}")


def _parse(module: str, arguments: list[str]) -> None:
    try:
        importlib.import_module(module).parser().parse_args(arguments)
    except SystemExit as error:
        if error.code:
            raise BadCommand(f"{module} refuses {arguments}") from error


def _require_files(arguments: list[str]) -> None:
    for argument in arguments:
        if (
            re.search(r"^doc/source|\.\w+$|file$", argument)
            and not (base.ROOT / argument).exists()
        ):
            raise BadCommand(f"there is no {argument}")


def _require_tests(arguments: list[str], options: list[str]) -> None:
    if "--tests" not in options or arguments[0] != "run":
        raise BadCommand(f"{options} do not install stestr run")
    names = [path.name for path in base.ROOT.glob("openstack_*/tests/*.py")]
    for pattern in arguments[1:]:
        if not any(re.search(pattern, name) for name in names):
            raise BadCommand(f"no test is called {pattern}")


def _check_program(arguments: list[str]) -> None:
    if arguments[0] == "-m":
        if importlib.util.find_spec(arguments[1]) is None:
            raise BadCommand(f"there is no module {arguments[1]}")
        return
    path = base.ROOT / arguments[0]
    if not path.is_file():
        raise BadCommand(f"there is no {arguments[0]}")
    known = set(re.findall(r'"(--[\w-]+)"', path.read_text(encoding="utf-8")))
    for argument in arguments[1:]:
        if argument.startswith("-") and argument not in known:
            raise BadCommand(f"{arguments[0]} has no {argument}")


def _check_tox(arguments: list[str]) -> None:
    if not arguments:
        return
    config = configparser.ConfigParser(interpolation=None)
    config.read(base.ROOT / "tox.ini")
    name = arguments[arguments.index("-e") + 1]
    environments = config["tox"]["env_list"].split(",")
    if f"testenv:{name}" not in config and name not in environments:
        raise BadCommand(f"tox.ini has no environment {name}")
    if "--" in arguments:
        given = tuple(arguments[arguments.index("--") + 1 :])
        for command in test_tox.commands(name, given):
            check(command)


class TestPages(base.TestCase):
    def test_every_command_can_be_typed(self) -> None:
        for name in PAGES:
            typed = commands(name)
            self.assertGreater(len(typed), 4, name)
            for words in typed:
                try:
                    check(words)
                except BadCommand as error:
                    self.fail(f"{name}: {shlex.join(words)}: {error}")

    def test_mistakes_are_seen(self) -> None:
        cases: Any = (
            "python3 tools/run.py --test stestr run",
            "python3 tools/run.py stestr run",
            "python3 tools/run.py --tests stestr run test_nothing_like_it",
            "python3 tools/run.py --tests sphinx-build -b html a b",
            "python3 tools/run.py --docs sphinx-build -b html doc/sources x",
            "python3 tools/run.py --tests hadolint Dockerfile",
            "python3 tools/run.py --tests python tools/fuzz.py --second 1",
            "python3 tools/run.py --tests python tools/fuzzer.py",
            "python3 tools/run.py --tests python -m nosuch_module",
            "python3 tools/run.py generate-constraints --nosuch",
            "generate-constraint -p 3.11",
            "tox -e nosuch",
            "tox -e generate -- --nosuch",
        )
        for text in cases:
            with self.subTest(command=text):
                self.assertRaises(BadCommand, self.run_main, check_typed, text)


def check_typed(argv: Sequence[str]) -> int:
    """Check a command that is given as one text."""
    check(shlex.split(argv[0]))
    return 0
