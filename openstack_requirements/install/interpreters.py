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
"""Finds and identifies Python interpreters.

A path, a name on PATH or a version says where to look; the interpreter is run
to learn what it is. Shims that fail, as those of pyenv do for versions that
are not activated, are skipped, and pyenv's own folder is searched.
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import (
    CommandFailed,
    OutsideError,
    UnusableInput,
)
from openstack_requirements.system.children import python_command, search_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from openstack_requirements.system.children import Children

    #: Says what to do without a Python that was asked for, from its name and
    #: the versions that are here.
    Advise = Callable[[str, Sequence[str]], str]

_VERSION = re.compile(r"\d+(?:\.\d+){0,2}\Z")

# Runs on every Python since 2.6. Prints the PEP 508 variables and the real
# executable, one each line. Of a virtualenv, the interpreter behind it.
_PROBE = r"""
import sys
sys.path[:] = [folder for folder in sys.path if folder]
import os, platform
def base():
    real = getattr(sys, "real_prefix", None) or getattr(
        sys, "base_prefix", sys.prefix)
    if real != sys.prefix:
        name = "python%d.%d" % sys.version_info[:2]
        for folder in ("bin", "Scripts"):
            path = os.path.join(real, folder, name)
            if os.path.exists(path):
                return path
    return sys.executable
def full(info):
    text = "%d.%d.%d" % info[:3]
    if info[3] != "final":
        text += info[3][0] + str(info[4])
    return text
implementation = getattr(sys, "implementation", None)
for name, value in (
    ("executable", base()),
    ("implementation_name", implementation and implementation.name or
     platform.python_implementation().lower()),
    ("implementation_version", implementation and
     full(implementation.version) or platform.python_version()),
    ("os_name", os.name),
    ("platform_machine", platform.machine()),
    ("platform_python_implementation", platform.python_implementation()),
    ("platform_release", platform.release()),
    ("platform_system", platform.system()),
    ("platform_version", platform.version()),
    ("python_full_version", platform.python_version()),
    ("python_version", "%d.%d" % sys.version_info[:2]),
    ("sys_platform", sys.platform),
):
    print("%s=%s" % (name, value))
"""


class Interpreter(NamedTuple):
    """A Python interpreter that was run and said what it is.

    ``environment`` holds its PEP 508 variables.
    """

    executable: str
    environment: Mapping[str, str]

    @property
    def version(self) -> str:
        """Major and minor version, ``3.12``."""
        return self.environment["python_version"]

    @property
    def full_version(self) -> str:
        """The whole version, ``3.12.1``."""
        return self.environment["python_full_version"]

    @property
    def key(self) -> tuple[int, ...]:
        """The order of interpreters: 3.9 before 3.10."""
        return tuple(int(part) for part in self.version.split("."))


def find(
    wanted: str, children: Children, advise: Advise | None = None
) -> Interpreter:
    """The interpreter that the user means.

    :param wanted: a path, a name on PATH or a version (``3``, ``3.12``,
        ``3.12.1``).
    :param advise: says what to do without it.
    :raises UnusableInput: where there is none, with what was tried.
    """
    tried = []
    for path in _candidates(wanted):
        try:
            interpreter = identify(path, children)
        except OutsideError as error:
            lines = str(error).splitlines()
            if isinstance(error, CommandFailed):
                lines = error.output.split("\n\n")[0].splitlines()
            tried.append(f"{path} ({lines[0] if lines else 'it failed'})")
            continue
        if _VERSION.match(wanted) and not _is_version(interpreter, wanted):
            tried.append(f"{path} (it is Python {interpreter.full_version})")
            continue
        return interpreter
    if os.sep in wanted:
        parts = ["is no Python that works"]
    else:
        parts = [f"is neither in PATH nor in {_pyenv_versions()}"]
        if tried:
            parts = ["no Python of this name or version works"]
    if tried:
        parts.append(f"tried {'; '.join(tried)}")
    known = [python.version for python in _known(children)]
    parts.append(
        f"found are Python {_series(known)}"
        if known
        else "no other one is found either"
    )
    if _VERSION.match(wanted):
        parts.append(
            f"install it, with the system's packages or with pyenv install "
            f"{wanted}"
        )
    advice = advise(wanted, known) if advise is not None else ""
    raise UnusableInput(
        f"-p {wanted}", "; ".join(filter(None, [*parts, advice]))
    )


def generation_advice(wanted: str, known: Sequence[str]) -> str:
    """What to do where constraints are to be made for a missing Python.

    :param wanted: it, as the user named it.
    :param known: the versions that are there, the oldest first.
    :returns: nothing where that version is there, from another patch release.
    """
    match = re.search(r"(\d+\.\d+)(?:\.\d+)?\Z", wanted)
    version = match[1] if match else ""
    if version in known:
        return ""
    lines = "--keep-pythons keeps the lines of --previous for "
    lines += f"Python {version}" if version else "it"
    if not known:
        return lines
    source = known[-1]
    copy = f"{source}:{version}" if version else "FROM:TO"
    copied = f"Python {source}" if version else "another one"
    return f"--version-map {copy} copies what {copied} installs, and {lines}"


def find_all(
    wanted: Sequence[str], children: Children, advise: Advise | None = None
) -> list[Interpreter]:
    """The interpreters that the user means, the oldest first.

    :param advise: says what to do without one of them.
    :raises UnusableInput: where one is missing, or two have one version.
    """
    result: dict[str, tuple[str, Interpreter]] = {}
    for name in wanted:
        interpreter = find(name, children, advise)
        first_name, first = result.setdefault(
            interpreter.version, (name, interpreter)
        )
        if first is not interpreter:
            raise UnusableInput(
                f"-p {name}",
                f"is Python {interpreter.version}, and so is -p {first_name}",
            )
    return sorted((first for _, first in result.values()), key=_key)


def _key(interpreter: Interpreter) -> tuple[int, ...]:
    return interpreter.key


def identify(
    path: str, children: Children, *, without_site: bool = False
) -> Interpreter:
    """Run an interpreter and learn what it is.

    :param without_site: run nothing that lies in its site folders, not even
        what their ``.pth`` files ask for. Of a virtualenv that is older than
        Python 3.11 the executable is then its own.
    :raises OutsideError: where it cannot be run or is no Python.
    """
    from openstack_requirements.system.process import ANSWER_DEADLINE

    more = ["-S"] if without_site else []
    output = children.run(
        python_command(path, (), *more, "-c", _PROBE),
        deadline=ANSWER_DEADLINE,
    )
    values = dict(
        line.split("=", 1) for line in output.splitlines() if "=" in line
    )
    executable = values.pop("executable", "")
    if not executable or "python_version" not in values:
        raise OutsideError(f"{path}: is not a Python interpreter")
    return Interpreter(executable, values)


def _is_version(interpreter: Interpreter, wanted: str) -> bool:
    parts = wanted.split(".")
    return interpreter.full_version.split(".")[: len(parts)] == parts


def _candidates(wanted: str) -> Iterator[str]:
    if os.sep in wanted:
        yield os.path.abspath(os.path.expanduser(wanted))
        return
    name = wanted
    if _VERSION.match(wanted):
        name = f"python{'.'.join(wanted.split('.')[:2])}"
    for folder in filter(None, search_path(os.environ).split(os.pathsep)):
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            yield path
    yield from _in_pyenv(name)


def _known(children: Children) -> list[Interpreter]:
    """The Pythons that are here, one of each version, the oldest first."""
    paths = []
    for folder in filter(None, search_path(os.environ).split(os.pathsep)):
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        paths += [os.path.join(folder, name) for name in names]
    root = _pyenv_versions()
    with contextlib.suppress(OSError):
        for version in sorted(os.listdir(root)):
            folder = os.path.join(root, version, "bin")
            name = f"python{'.'.join(version.split('.')[:2])}"
            paths.append(os.path.join(folder, name))
    result: dict[str, Interpreter] = {}
    for path in _different(paths):
        try:
            interpreter = identify(path, children)
        except OutsideError:
            continue  # a shim
        result.setdefault(interpreter.version, interpreter)
    return sorted(result.values(), key=_key)


def _different(paths: Sequence[str]) -> Iterator[str]:
    """The paths of different executables that may be a Python."""
    seen = set()
    for path in paths:
        real = os.path.realpath(path)
        if (
            re.fullmatch(r"python(?:\d+(?:\.\d+)?)?", os.path.basename(path))
            and real not in seen
            and os.access(path, os.X_OK)
            and not os.path.isdir(path)
        ):
            seen.add(real)
            yield path


def _series(words: Sequence[str]) -> str:
    """Words as a series: ``3.9, 3.10 and 3.11``."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _pyenv_versions() -> str:
    """The folder of pyenv that has the interpreters."""
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    return os.path.join(root, "versions")


def _in_pyenv(name: str) -> Iterator[str]:
    """Interpreters of this name in pyenv's folder, the newest first."""
    versions = _pyenv_versions()
    try:
        names = os.listdir(versions)
    except OSError:
        return
    for version in sorted(names, key=_numbers, reverse=True):
        path = os.path.join(versions, version, "bin", name)
        if os.access(path, os.X_OK):
            yield path


def _numbers(version: str) -> tuple[list[int], str]:
    return [int(part) for part in re.findall(r"\d+", version)], version
