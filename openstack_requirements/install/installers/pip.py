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
"""The only place that knows pip's command line and reads pip's failures.

For the Pythons that it supports, the pip that was installed with this package
works on an environment which has none (``pip --python``). An older Python
gets a virtualenv with the last pip that supported it, from the wheels that
the ``legacy`` extra brings.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from openstack_requirements.errors import CommandFailed
from openstack_requirements.install.environments import python_of
from openstack_requirements.install.installers import (
    Resolved,
    configuration,
    pip_failures,
    pip_metadata,
)
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.system.children import own_module, python_command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from openstack_requirements.constraints.freeze import Configuration
    from openstack_requirements.install.failures import Reason
    from openstack_requirements.install.installers import InstallRequest
    from openstack_requirements.install.interpreters import Interpreter
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.system.children import Children

_OLDEST_WITH_DATES = (26, 0)


class Pip:
    """pip, an :class:`.Installer`."""

    name = "pip"

    def __init__(
        self,
        children: Children,
        timeout: int | None,
        share: int = 1,  # noqa: ARG002 - it does one thing at a time
        project: str = "",
    ) -> None:
        self._children = children
        self._project = project
        self._options = list(pip_metadata.OPTIONS)
        if timeout is not None:
            self._options += ["--timeout", str(timeout)]

    def version(self) -> str:
        """Name and version of the pip that came with this package."""
        import importlib.metadata

        return f"pip {importlib.metadata.version('pip')}"

    def configuration(self, interpreter: Interpreter) -> Configuration:
        """The configuration that counts, as a freeze records it."""
        if not pip_metadata.supports(interpreter):
            return configuration.of_pip(self._children)
        where = ("--python", interpreter.executable)
        return configuration.of_pip(self._children, where)

    def problem(self, interpreter: Interpreter) -> str | None:
        """Why it cannot be used: an old Python without ``legacy``."""
        if self._project:
            return "it has no configuration of a project (--project-config)"
        if pip_metadata.supports(interpreter):
            return None
        import importlib.util

        if importlib.util.find_spec("virtualenv") is None:
            return (
                f"Python {interpreter.version} needs the extra "
                "openstack_requirements[legacy]"
            )
        return None

    def create(self, interpreter: Interpreter, folder: str) -> None:
        """Make a virtualenv; only an old one gets a pip of its own."""
        if pip_metadata.supports(interpreter):
            command = python_command(
                interpreter.executable,
                interpreter.key,
                *("-m", "venv", "--without-pip"),
            )
        else:
            command = own_module(
                *("virtualenv", "--quiet"),
                # What comes with virtualenv is all that is needed.
                *("--no-download", "--no-periodic-update"),
                *("--python", interpreter.executable),
            )
        self._children.run([*command, folder])

    def cannot(
        self, interpreter: Interpreter, wanted: InstallRequest
    ) -> str | None:
        """What it cannot do: upload dates, where pip is too old."""
        if wanted.before and (
            not pip_metadata.supports(interpreter)
            or _own_version() < _OLDEST_WITH_DATES
        ):
            return "--before takes a pip that knows upload dates (26.0)"
        return None

    def install(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: InstallRequest,
        on_line: Callable[[str], None],
    ) -> None:
        """Resolve and install into a virtualenv, in one go."""
        python = python_of(folder)
        command = python_command(python, interpreter.key, "-m", "pip")
        if pip_metadata.supports(interpreter):
            command = own_module("pip", "--python", python)
        command += ["install", *self._options, "--progress-bar", "off"]
        self._with_preferences(command, wanted, on_line)

    def _with_preferences(
        self,
        command: Sequence[str],
        wanted: InstallRequest,
        on_line: Callable[[str], None] | None,
    ) -> None:
        """Run a command that takes a list, within what is wanted.

        pip knows constraints, but no preferences. So preferred versions are
        constraints at first, and those that a failure mentions are dropped.
        """
        preferred = dict(wanted.preferred)
        while True:
            options = _limits(wanted, preferred)
            try:
                pip_metadata.run(
                    self._children, [*command, *options], on_line=on_line
                )
            except CommandFailed as error:
                kind = pip_failures.explain(error.output).kind
                if kind not in {"missing", "unsatisfiable"} or not preferred:
                    raise
                mentioned = _mentioned(error.output)
                dropped = preferred.keys() & mentioned or preferred.keys()
                preferred = {
                    name: version
                    for name, version in preferred.items()
                    if name not in dropped
                }
            else:
                return

    def resolve(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: InstallRequest,
        on_line: Callable[[str], None],
    ) -> Resolved | None:
        """What would be installed, from pip's report; None for old Pythons.

        A pip before 22.2 cannot resolve without installing.
        """
        if not pip_metadata.supports(interpreter):
            return None
        path = os.path.join(folder, "report.json")
        where = ["--python", interpreter.executable]
        command = [*pip_metadata.report_command(where, path), *self._options]
        self._with_preferences(command, wanted, on_line)
        return Resolved(pip_metadata.read_report(path))

    def conflicts(self, folder: str) -> str:
        """The conflicts that ``pip check`` reports."""
        python = python_of(folder)
        command = own_module("pip", "--python", python)
        if os.path.exists(os.path.join(folder, "bin", "pip")):
            # An old one has its own.
            command = python_command(python, (), "-m", "pip")
        try:
            pip_metadata.run(
                self._children, [*command, "check", *pip_metadata.OPTIONS]
            )
        except CommandFailed as error:
            return error.output.strip()
        return ""

    def reason(self, output: str) -> Reason:
        """What pip's output says of a failure."""
        return pip_failures.explain(output)


def _limits(
    wanted: InstallRequest, preferred: Mapping[CanonicalName, str]
) -> list[str]:
    """The options for what is wanted and all that limits it."""
    options = ["-r", wanted.requirements]
    if wanted.constraints:
        options += ["-c", wanted.constraints]
    if preferred:
        path = f"{wanted.requirements}.preferred"
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{n}=={v}\n" for n, v in preferred.items())
        options += ["-c", path]
    if wanted.before:
        options += ["--uploaded-prior-to", wanted.before]
    return options


def _mentioned(output: str) -> set[CanonicalName]:
    """Every word of a failure that could be a name."""
    complaint = output[max(output.find("ERROR: "), 0) :]
    limits = re.findall(r"\(constraint\) ([A-Za-z0-9._-]+)", complaint)
    if limits:
        return set(map(canonical_name, limits))
    words = re.findall(
        r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", complaint
    )
    return set(map(canonical_name, words))


def _own_version() -> tuple[int, ...]:
    """The release of the pip that came with this package."""
    import importlib.metadata

    from packaging.version import Version

    return Version(importlib.metadata.version("pip")).release
