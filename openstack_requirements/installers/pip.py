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

import json
import os
import re
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from openstack_requirements.environments import normal_version, python_of
from openstack_requirements.errors import CommandFailed
from openstack_requirements.freeze import Distribution
from openstack_requirements.installers import Reason, could_not_be_built

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openstack_requirements.interpreters import Interpreter
    from openstack_requirements.process import Processes

_OPTIONS = (
    "--disable-pip-version-check",
    "--no-input",
    "--no-python-version-warning",
)


class Pip:
    """pip as an :class:`~openstack_requirements.installers.Installer`."""

    name = "pip"

    def __init__(
        self,
        processes: Processes,
        timeout: int | None,
        share: int = 1,  # noqa: ARG002 - it does one thing at a time
    ) -> None:
        self._processes = processes
        self._options = list(_OPTIONS)
        if timeout is not None:
            self._options += ["--timeout", str(timeout)]

    def version(self) -> str:
        """Name and version of the pip that came with this package."""
        import importlib.metadata

        return f"pip {importlib.metadata.version('pip')}"

    def problem(self, interpreter: Interpreter) -> str | None:
        """Why it cannot be used: an old Python without ``legacy``."""
        if _supports(interpreter):
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
        if _supports(interpreter):
            command = [interpreter.executable, "-m", "venv", "--without-pip"]
        else:
            command = [sys.executable, "-m", "virtualenv", "--quiet"]
            # What comes with virtualenv is all that is needed.
            command += ["--no-download", "--no-periodic-update"]
            command += ["--python", interpreter.executable]
        self._processes.run([*command, folder])

    def install(
        self,
        interpreter: Interpreter,
        folder: str,
        requirements: str,
        on_line: Callable[[str], None],
    ) -> None:
        """Install a requirements file into a virtualenv."""
        python = python_of(folder)
        command = [python, "-m", "pip"]
        if _supports(interpreter):
            command = [sys.executable, "-m", "pip", "--python", python]
        command += ["install", *self._options, "--progress-bar", "off"]
        self._processes.run([*command, "-r", requirements], on_line=on_line)

    def resolve(
        self,
        interpreter: Interpreter,
        folder: str,
        requirements: str,
        on_line: Callable[[str], None],
    ) -> tuple[Distribution, ...] | None:
        """What would be installed, from pip's report; None for old Pythons.

        A pip before 22.2 cannot resolve without installing.
        """
        if not _supports(interpreter):
            return None
        return _report(
            self._processes,
            ["--python", interpreter.executable],
            [*self._options, "-r", requirements],
            folder,
            on_line,
        )

    def reason(self, output: str) -> Reason:
        """What pip's output says of a failure."""
        return explain(output)


def _supports(interpreter: Interpreter) -> bool:
    """Whether the pip that came with this package runs on a Python."""
    import importlib.metadata

    from packaging.specifiers import SpecifierSet

    wanted = importlib.metadata.metadata("pip")["Requires-Python"] or ""
    return SpecifierSet(wanted).contains(
        interpreter.full_version, prereleases=True
    )


def describe_sdists(
    processes: Processes,
    interpreter: Interpreter,
    folder: str,
    urls: Sequence[str],
) -> tuple[Distribution, ...]:
    """The metadata of source distributions, without building them whole.

    :param urls: where they are.
    :returns: nothing where it cannot be had.
    """
    if not urls or not _supports(interpreter):
        return ()
    where = ["--python", interpreter.executable]
    try:
        return _report(
            processes, where, ["--no-deps", *_OPTIONS, *urls], folder, None
        )
    except CommandFailed:
        return ()


def _report(
    processes: Processes,
    where: list[str],
    more: list[str],
    folder: str,
    on_line: Callable[[str], None] | None,
) -> tuple[Distribution, ...]:
    path = os.path.join(folder, "report.json")
    processes.run(
        [
            *(sys.executable, "-m", "pip", *where, "install"),
            *("--dry-run", "--ignore-installed", "--quiet"),
            *("--report", path, *more),
        ],
        on_line=on_line,
    )
    with open(path, encoding="utf-8") as file:
        report: dict[str, Any] = json.load(file)
    return tuple(_distribution(each["metadata"]) for each in report["install"])


def _distribution(metadata: dict[str, Any]) -> Distribution:
    """Of the JSON form of core metadata (PEP 566)."""

    def text(name: str) -> str:
        value = str(metadata.get(name) or "").strip()
        return "" if value == "UNKNOWN" else value

    return Distribution(
        text("name"),
        normal_version(text("version")),
        tuple(metadata.get("requires_dist") or ()),
        text("requires_python"),
        text("license_expression"),
        text("license"),
        tuple(metadata.get("classifier") or ()),
    )


def explain(output: str) -> Reason:
    """What went wrong, from pip's output; never fails."""
    shown = "\n".join(
        line
        for line in output.splitlines()
        if not re.match(r"WARNING: |DEPRECATION: |\[notice\]", line)
    )
    if "No space left on device" in output:
        return Reason("disk", "", (), "the disk is full", shown)
    chain = _chain(output)
    missing = re.search(
        r"Could not find a version that satisfies the requirement (\S+)"
        r"[^\n]*?\(from versions: (none)?",
        output,
    )
    if re.search(r"HTTP error \d+|\b[45]\d\d (?:Server|Client) Error", output):
        status = re.search(r"\b([45]\d\d)\b", output)
        code = status[1] if status else "an error"
        what = f"the package index answered {code}"
        return _named("index", _culprit(output, missing), chain, what, shown)
    if re.search(r"Read timed out|ConnectTimeout|timed out", output):
        what = "the package index did not answer in time"
        return _named("index", _culprit(output, missing), chain, what, shown)
    if re.search(r"NewConnectionError|Failed to establish", output):
        what = "the package index cannot be reached"
        return _named("index", _culprit(output, missing), chain, what, shown)
    if missing:
        if missing[2]:
            what = "the package index has nothing of it for this Python"
            kind = "missing"
        else:
            what, kind = (
                "the package index has no such version",
                "unsatisfiable",
            )
        return _named(kind, missing[1], chain, what, shown)
    if (
        "ResolutionImpossible" in output
        or "conflicting dependencies" in output
    ):
        conflict = re.search(r"Cannot install (.+?) because", output)
        culprit = conflict[1] if conflict else ""
        what = "they cannot be installed together"
        return _named("unsatisfiable", culprit, (), what, shown)
    if re.search(r"BadZipFile|is invalid\.|Wheel .* is invalid", output):
        return _named(
            "archive",
            _culprit(output, None),
            chain,
            "its file is broken",
            shown,
        )
    if re.search(
        r"metadata-generation-failed|Failed building wheel"
        r"|Failed to build|subprocess-exited-with-error"
        r"|Command errored out",
        output,
    ):
        return _named(
            "build",
            _culprit(output, None),
            chain,
            could_not_be_built(output),
            _own_output(output) or shown,
        )
    return Reason("other", "", (), "pip failed", shown)


def _named(
    kind: str, culprit: str, chain: tuple[str, ...], what: str, shown: str
) -> Reason:
    where = f"{culprit}: " if culprit else ""
    return Reason(kind, culprit, chain, f"{where}{what}", shown)


def _own_output(output: str) -> str:
    """What the build itself printed: the last block that pip marks."""
    blocks = re.findall(
        r"\[\d+ lines? of output\]\n(.*?)\n\s*\[end of output\]",
        output,
        re.DOTALL,
    )
    return textwrap.dedent(blocks[-1]) if blocks else ""


def _culprit(output: str, missing: re.Match[str] | None) -> str:
    """The distribution that pip was at when it failed."""
    if missing:
        return missing[1]
    for pattern in (
        r"Failed building wheel for (\S+)",
        r"Failed to build '?([^\s']+)'?",
        r"Wheel '([^']+)'",
    ):
        match = re.search(pattern, output)
        if match:
            return match[1]
    found = re.findall(
        r"^\s*(?:Collecting|Processing) (\S+)", output, re.MULTILINE
    )
    return os.path.basename(found[-1]) if found else ""


def _chain(output: str) -> tuple[str, ...]:
    """Who asked for the last thing that was collected.

    pip writes ``Collecting x (from y->-r list (line 1))``, nearest first.
    """
    found = re.findall(
        r"^\s*(?:Collecting|Processing|ERROR: Could not find a version that "
        r"satisfies the requirement) \S+(?: \(from (?!versions: )(.+?)\))?"
        r"(?: \(from versions: .*)?$",
        output,
        re.MULTILINE,
    )
    if not found or not found[-1]:
        return ()
    names = found[-1].split("->")
    return tuple(name for name in names if not name.startswith("-r "))
