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
"""The samples of the manuals, made by the commands that they show.

A comment before a block of a page says where it comes from. Of a block with
commands it names the folder in which they run; what is not a command in the
block is their output::

    .. sample: gate/nova

    .. code-block:: console

       $ check-requirements --reqs ../requirements
       .: 1 error

The first part of the folder is a scenario of ``doc/samples.yaml``, which says
what is in it. Of any other block the comment has the command as well, and all
of the block is its output::

    .. sample: lists $ validate-constraints --format json

A scenario may have a package index. What its commands print then depends on
the machine in a few places: the Python, the name of a log and the words of the
installer are replaced, and lines that are too long for the page are folded.

``.. sample: none, REASON`` stands where no test can make the output.
``tools/samples.py --update`` writes what the commands print today.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from openstack_requirements.constraints import freeze, freeze_json
from openstack_requirements.tests import base, loopback
from openstack_requirements.tests.test_repository import scripts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SOURCE = base.ROOT / "doc" / "source"
SCENARIOS = base.ROOT / "doc" / "samples.yaml"
#: A comment, if there is one, and a block with its options.
_BLOCK = re.compile(
    r"""
    (?:^(?P<margin>[ ]*)\.\.[ ]sample:[ ](?P<sample>.*)\n\n)?
    ^(?P<indent>[ ]*)\.\.[ ]code-block::[ ](?P<language>\S+)\n
    (?:(?P=indent)[ ]+:.*\n)*
    \n+
    (?P<body>(?:(?P=indent)[ ]{3}.*\n|[ ]*\n)+)
    """,
    re.MULTILINE | re.VERBOSE,
)
#: What stands for a log in the temporary folder.
LOG = "/tmp/generate-constraints-python3.12-ntl4hp85.log"
#: How long a line of a page may be, without the indentation of a block.
WIDTH = 76
#: Stands between the outputs of two commands.
_END = "\x01"
#: Whoever commits in a scenario, and when: a revision has the same id always.
_GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (
            ("NAME", "Jane Doe"),
            ("EMAIL", "jane@example.org"),
            ("DATE", "2026-01-31T04:00:00+00:00"),
        )
    },
}


class Block(NamedTuple):
    """A literal block of a page."""

    line: int
    language: str
    #: What the comment before it says, or nothing.
    sample: str
    #: The lines, without their indentation.
    lines: list[str]
    #: Where the lines begin and end in the page, and how they are indented.
    begin: int
    end: int
    indent: str

    @property
    def has_output(self) -> bool:
        """Whether the block shows commands and what they print."""
        return self.language == "console" and any(
            output for _command, output in sessions(self.lines)
        )


class SampleError(Exception):
    """A sample that cannot be made, with the reason."""


def blocks(text: str) -> Iterator[Block]:
    """The literal blocks of a page."""
    for match in _BLOCK.finditer(text):
        indent = match["indent"] + "   "
        body = match["body"]
        kept = body.rstrip("\n ")
        yield Block(
            text.count("\n", 0, match.start("body")) + 1,
            match["language"],
            (match["sample"] or "").strip(),
            [line[len(indent) :] for line in kept.split("\n")],
            match.start("body"),
            match.start("body") + len(kept),
            indent,
        )


def sessions(lines: Sequence[str]) -> list[tuple[list[str], list[str]]]:
    """Each command of a block, as its lines, and the lines of its output."""
    result: list[tuple[list[str], list[str]]] = []
    for line in lines:
        if line.startswith("$ "):
            result.append(([line], []))
        elif not result:
            raise SampleError(f"there is no command before {line!r}")
        elif result[-1][0][-1].endswith("\\"):
            result[-1][0].append(line)
        else:
            result[-1][1].append(line)
    return result


def commands(lines: Sequence[str]) -> list[str]:
    """The commands of a block, each as it is typed."""
    return ["\n".join(typed)[2:] for typed, _output in sessions(lines)]


def updated(text: str) -> str:
    """A page with the output that its commands have today.

    :raises SampleError: where a sample cannot be made.
    """
    parts = []
    end = 0
    for block in blocks(text):
        if not block.sample or block.sample.startswith("none, "):
            continue
        try:
            lines = made(block)
        except SampleError as error:
            raise SampleError(f"line {block.line}: {error}") from error
        parts += [text[end : block.begin], indented(lines, block.indent)]
        end = block.end
    return "".join([*parts, text[end:]])


def indented(lines: Sequence[str], indent: str) -> str:
    """The lines of a block as they are in the page."""
    return "\n".join(f"{indent}{line}" if line else "" for line in lines)


def made(block: Block) -> list[str]:
    """The lines of a block, with the output of its commands."""
    folder, separator, command = block.sample.partition(" $ ")
    if separator:
        (output,) = run(folder, [command])
        return output
    typed = sessions(block.lines)
    if not typed:
        raise SampleError("there is no command")
    outputs = run(folder, commands(block.lines))
    return [
        line
        for (words, _old), output in zip(typed, outputs, strict=True)
        for line in (*words, *output)
    ]


def run(folder: str, typed: Sequence[str]) -> list[list[str]]:
    """What commands print in a folder of a scenario, all in one shell.

    :param folder: the name of the scenario, and a folder in it.
    :raises SampleError: where there is no such scenario or folder.
    """
    name, _, rest = folder.partition("/")
    scenarios = yaml.safe_load(SCENARIOS.read_text(encoding="utf-8"))
    if name not in scenarios:
        raise SampleError(f"{SCENARIOS.name} has no scenario {name!r}")
    with (
        tempfile.TemporaryDirectory() as temporary,
        contextlib.ExitStack() as stack,
    ):
        top = Path(temporary, "scenario")
        environment = _environment(Path(temporary))
        prepare(scenarios[name], top, environment)
        index = scenarios[name].get("index")
        if index is not None:
            environment.update(stack.enter_context(offered(index)))
        if not (top / rest).is_dir():
            raise SampleError(f"the scenario {name} has no folder {rest!r}")
        script = "".join(
            # The next command may ask for the status of this one.
            f"{command}\nstatus=$?; printf '\\001'; (exit $status)\n"
            for command in typed
        )
        done = subprocess.run(
            ["/bin/sh", "-c", script],
            cwd=top / rest,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
    printed = done.stdout if index is None else anywhere(done.stdout)
    *outputs, last = printed.split(_END)
    if len(outputs) != len(typed) or last:
        raise SampleError(f"the shell ended early: {last}")
    return [
        output.rstrip("\n").split("\n") if output else [] for output in outputs
    ]


@contextlib.contextmanager
def offered(
    wheels: Mapping[str, Mapping[str, Any]],
) -> Iterator[dict[str, str]]:
    """An index with these wheels: the variables that lead to it.

    :param wheels: the metadata of each, by name and version.
    """
    with loopback.Index() as index:
        for wheel, metadata in wheels.items():
            name, version = wheel.split()
            index.wheel(name, version, **metadata)
        yield {
            **index.environment(),
            "UV_OFFLINE": "0",
            "PYTHON": sys.executable,
        }


def anywhere(output: str) -> str:
    """The output of commands that install, as it is on any machine."""
    version = ".".join(map(str, sys.version_info[:2]))
    for pattern, text in (
        (rf"\bPython {re.escape(version)}\b", "Python 3.12"),
        (r"/\S*-python[\d.]+-\w+\.log", LOG),
        (r"(?m)^(  \| ).*\n(?:  \| .*\n)*", r"\1...\n"),
    ):
        output = re.sub(pattern, text, output)
    return "\n".join(
        folded
        for line in output.split("\n")
        for folded in textwrap.wrap(
            line,
            WIDTH,
            subsequent_indent=re.match(" *", line)[0],  # type: ignore[index]
            break_long_words=False,
            break_on_hyphens=False,
        )
        or [line]
    )


def prepare(
    scenario: Mapping[str, Any], top: Path, environment: Mapping[str, str]
) -> None:
    """Make the folder of a scenario."""
    top.mkdir()
    for name in scenario.get("folders", ()):
        (top / name).mkdir(parents=True)
    for commit in scenario.get("commits", ()):
        write(commit["files"], top)
        repository = top / commit.get("folder", ".")
        for argv in (
            ("init", "-q", "-b", "main"),
            ("add", "-A"),
            ("commit", "-q", "-m", commit["message"]),
        ):
            subprocess.run(
                ["git", *argv], cwd=repository, env=environment, check=True
            )
    write(scenario.get("files", {}), top)
    for python, content in scenario.get("freezes", {}).items():
        text = freeze_json.to_json(freeze_of(str(python), content))
        write({f"freezes/python{python}.json": text}, top)


def write(files: Mapping[str, str], top: Path) -> None:
    """Write files, each by its path below a folder."""
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def freeze_of(python: str, content: Mapping[str, Any]) -> freeze.Freeze:
    """A freeze, of the list and of what is installed with what it requires."""
    pairs = (
        (*installed.split(), metadata)
        for installed, metadata in content["installed"].items()
    )
    return freeze.Freeze(
        python,
        base.environment(python),
        tuple(
            freeze.Distribution(
                name,
                version,
                requires=tuple(metadata.get("requires", ())),
                requires_python=metadata.get("requires_python", ""),
                classifiers=tuple(metadata.get("classifiers", ())),
            )
            for name, version, metadata in pairs
        ),
        tuple(content["list"]),
    )


def _environment(folder: Path) -> dict[str, str]:
    """No network, no configuration, the commands of this checkout."""
    scripts_folder, home = folder / "bin", folder / "home"
    scripts_folder.mkdir()
    home.mkdir()
    for name in scripts():
        program, *argv = base.script(name)
        words = " ".join(f"'{word}'" for word in (program, *argv))
        path = scripts_folder / name
        path.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "PIP_", "UV_", "XDG_"))
    }
    return {
        **kept,
        **_GIT,
        "COLUMNS": "80",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PATH": f"{scripts_folder}{os.pathsep}{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "TMPDIR": str(folder),
        "UV_OFFLINE": "1",
    }
