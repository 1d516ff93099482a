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
import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements.children import own_module, python_command
from openstack_requirements.environments import normal_version, python_of
from openstack_requirements.errors import CommandFailed
from openstack_requirements.freeze import Configuration, Distribution
from openstack_requirements.installers import (
    Reason,
    configuration,
    could_not_be_built,
    credentials,
    readable,
)
from openstack_requirements.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from openstack_requirements.children import Children
    from openstack_requirements.installers import Lock, Wanted
    from openstack_requirements.interpreters import Interpreter
    from openstack_requirements.requirement import CanonicalName

_OPTIONS = (
    "--disable-pip-version-check",
    "--no-input",
    "--no-python-version-warning",
)


_HEAD = re.compile(r"\[\d{1,9} lines? of output\]\n")
_END = "[end of output]"
_OLDEST_WITH_DATES = (26, 0)


class Pip:
    """pip as an :class:`~openstack_requirements.installers.Installer`."""

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
        self._options = list(_OPTIONS)
        if timeout is not None:
            self._options += ["--timeout", str(timeout)]

    def version(self) -> str:
        """Name and version of the pip that came with this package."""
        import importlib.metadata

        return f"pip {importlib.metadata.version('pip')}"

    def configuration(self, interpreter: Interpreter) -> Configuration:
        """The configuration that counts, as a freeze records it."""
        if not _supports(interpreter):
            return configuration.of_pip(self._children)
        where = ("--python", interpreter.executable)
        return configuration.of_pip(self._children, where)

    def problem(self, interpreter: Interpreter) -> str | None:
        """Why it cannot be used: an old Python without ``legacy``."""
        if self._project:
            return "it has no configuration of a project (--project-config)"
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

    def cannot(self, interpreter: Interpreter, wanted: Wanted) -> str | None:
        """What it has no means for: upload dates, where it is too old."""
        if wanted.before and (
            not _supports(interpreter) or _own_version() < _OLDEST_WITH_DATES
        ):
            return "--before takes a pip that knows upload dates (26.0)"
        return None

    def install(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: Wanted,
        on_line: Callable[[str], None],
    ) -> None:
        """Resolve and install into a virtualenv, in one go."""
        python = python_of(folder)
        command = python_command(python, interpreter.key, "-m", "pip")
        if _supports(interpreter):
            command = own_module("pip", "--python", python)
        command += ["install", *self._options, "--progress-bar", "off"]
        self._with_preferences(command, wanted, on_line)

    def _with_preferences(
        self,
        command: Sequence[str],
        wanted: Wanted,
        on_line: Callable[[str], None] | None,
    ) -> None:
        """Run a command that takes a list, within what is wanted.

        pip knows limits, but no preferences. So what is preferred is a limit
        at first, and where that fails, what the failure mentions is lifted.
        """
        preferred = dict(wanted.preferred)
        while True:
            options = _limits(wanted, preferred)
            try:
                _run(self._children, [*command, *options], on_line=on_line)
            except CommandFailed as error:
                kind = explain(error.output).kind
                if kind not in {"missing", "unsatisfiable"} or not preferred:
                    raise
                mentioned = _mentioned(error.output)
                lifted = preferred.keys() & mentioned or preferred.keys()
                preferred = {
                    name: version
                    for name, version in preferred.items()
                    if name not in lifted
                }
            else:
                return

    def lock(
        self,
        interpreter: Interpreter,  # noqa: ARG002
        folder: str,  # noqa: ARG002
        wanted: Wanted,  # noqa: ARG002
        on_line: Callable[[str], None],  # noqa: ARG002
    ) -> Lock | None:
        """Nothing: it has no locks that it can install from."""
        return None

    def sync(
        self,
        folder: str,
        lock: Lock,
        skipped: Collection[CanonicalName],
        again: Collection[CanonicalName],
        on_line: Callable[[str], None],
    ) -> None:
        """Never called: there are no locks."""
        raise NotImplementedError

    def resolve(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: Wanted,
        on_line: Callable[[str], None],
    ) -> tuple[Distribution, ...] | None:
        """What would be installed, from pip's report; None for old Pythons.

        A pip before 22.2 cannot resolve without installing.
        """
        if not _supports(interpreter):
            return None
        path = os.path.join(folder, "report.json")
        where = ["--python", interpreter.executable]
        command = [*_report_command(where, path), *self._options]
        self._with_preferences(command, wanted, on_line)
        return _read_report(path)

    def describe(
        self, interpreter: Interpreter, folder: str, lock: Lock
    ) -> tuple[Distribution, ...]:
        """Never called: there are no locks."""
        raise NotImplementedError

    def conflicts(self, folder: str) -> str:
        """What ``pip check`` complains of."""
        python = python_of(folder)
        command = own_module("pip", "--python", python)
        if os.path.exists(os.path.join(folder, "bin", "pip")):
            # An old one has its own.
            command = python_command(python, (), "-m", "pip")
        try:
            _run(self._children, [*command, "check", *_OPTIONS])
        except CommandFailed as error:
            return error.output.strip()
        return ""

    def reason(self, output: str) -> Reason:
        """What pip's output says of a failure."""
        return explain(output)


def _run(
    children: Children,
    command: Sequence[str],
    on_line: Callable[[str], None] | None = None,
) -> None:
    """Run pip, which finds passwords of indexes where nobody else does."""
    given = credentials.for_pip(children)
    children.run(command, environment=given, on_line=on_line)


def _limits(
    wanted: Wanted, preferred: Mapping[CanonicalName, str]
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
    """Every word of a complaint that could be a name."""
    complaint = output[max(output.find("ERROR: "), 0) :]
    limits = re.findall(r"\(constraint\) ([A-Za-z0-9._-]+)", complaint)
    if limits:
        return set(map(canonical_name, limits))
    words = re.findall(
        r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", complaint
    )
    return set(map(canonical_name, words))


def _name(line: str) -> CanonicalName:
    return canonical_name(re.split(r"[=<>!~\[ @;]", line.strip())[0])


def _own_version() -> tuple[int, ...]:
    """The release of the pip that came with this package."""
    import importlib.metadata

    from packaging.version import Version

    return Version(importlib.metadata.version("pip")).release


def _supports(interpreter: Interpreter) -> bool:
    """Whether the pip that came with this package runs on a Python."""
    import importlib.metadata

    from packaging.specifiers import SpecifierSet

    wanted = importlib.metadata.metadata("pip")["Requires-Python"] or ""
    return SpecifierSet(wanted).contains(
        interpreter.full_version, prereleases=True
    )


def describe_sdists(
    children: Children,
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
    path = os.path.join(folder, "report.json")
    where = ["--python", interpreter.executable]
    command = [*_report_command(where, path), "--no-deps", *_OPTIONS]
    # Not on the command line: an address may say who asks.
    listed = os.path.join(folder, "sdists.txt")
    with open(listed, "w", encoding="utf-8") as file:
        file.writelines(f"{url}\n" for url in urls)
    try:
        _run(children, [*command, "-r", listed])
    except CommandFailed:
        return ()
    return _read_report(path)


def why_not(interpreter: Interpreter) -> str | None:
    """Why :func:`describe` cannot work for an interpreter."""
    if _supports(interpreter):
        return None
    import importlib.metadata

    pip = importlib.metadata.metadata("pip")
    return (
        f"pip {pip['Version']} does not know it; "
        f"it needs Python {pip['Requires-Python']}"
    )


class Described(NamedTuple):
    """What pip would install for a requirement, and from which file."""

    distribution: Distribution
    file: str


def describe(
    children: Children,
    interpreter: Interpreter,
    folder: str,
    requirements: Sequence[str],
    timeout: int | None = None,
) -> tuple[Described, ...]:
    """What these requirements would bring, each by itself.

    Nothing is installed, and requirements of requirements are not looked at.
    An sdist has its build backend run for its metadata.

    :param folder: for the report; used by nobody else meanwhile.
    :param requirements: of different names.
    :raises CommandFailed: where one of them fails; :func:`explain` says
        which.
    """
    more = ["--no-deps", *_OPTIONS, "--progress-bar", "off"]
    if timeout is not None:
        more += ["--timeout", str(timeout)]
    path = os.path.join(folder, "report.json")
    command = own_module(
        *("pip", "--python", interpreter.executable),
        *("install", "--dry-run", "--ignore-installed", "--report", path),
    )
    _run(children, [*command, *more, *requirements])
    return tuple(
        Described(
            _distribution(each["metadata"]),
            os.path.basename(each["download_info"]["url"].split("#")[0]),
        )
        for each in _report(path)
    )


def could_not_fetch(
    children: Children,
    interpreter: Interpreter,
    requirement: str,
    timeout: int | None = None,
) -> Reason | None:
    """Why the index has nothing of a name: None where it does not know it.

    pip takes a page that it cannot get for one that is not there, and says
    so only when it is asked to say everything.
    """
    command = own_module(
        *("pip", "--python", interpreter.executable),
        *("install", "--dry-run", "--ignore-installed", "--no-deps"),
        # Without a report it will not look at a Python that its system
        # manages (PEP 668), not even to install nothing.
        *("--report", os.devnull, "-vv", *_OPTIONS),
    )
    if timeout is not None:
        command += ["--timeout", str(timeout)]
    try:
        _run(children, [*command, requirement])
    except CommandFailed as error:
        lines = [
            line
            for line in error.output.splitlines()
            if "Could not fetch URL" in line and "404 Client Error" not in line
        ]
        if lines:
            reason = explain("\n".join(lines))
            what = (
                f"{requirement}: the package index did not answer as it should"
            )
            if reason.kind == "index":
                what = f"{requirement}: {reason.what}"
            return Reason("index", requirement, (), what, reason.output)
    return None


def describe_pins(
    children: Children, folder: str, pins: Sequence[str]
) -> tuple[Distribution, ...]:
    """The metadata of released versions, from the index.

    It is asked for with the Python that runs this program, whichever Python a
    version is for.

    :param folder: an existing one, for what pip writes.
    :param pins: what is wanted, each as ``name==version``.
    :raises CommandFailed: where one of them cannot be had.
    """
    path = os.path.join(folder, "report.json")
    command = [*_report_command([], path), "--no-deps", *_OPTIONS]
    _run(children, [*command, "--ignore-requires-python", *pins])
    return _read_report(path)


def _report_command(where: Sequence[str], path: str) -> list[str]:
    return own_module(
        *("pip", *where, "install"),
        *("--dry-run", "--ignore-installed", "--quiet", "--report", path),
    )


def _read_report(path: str) -> tuple[Distribution, ...]:
    """The metadata in an installation report."""
    return tuple(_distribution(each["metadata"]) for each in _report(path))


def _report(path: str) -> list[dict[str, Any]]:
    """What a dry run would install, as pip reports it."""
    with open(path, encoding="utf-8") as file:
        report: dict[str, list[dict[str, Any]]] = json.load(file)
    return report["install"]


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
    everything, output = output, readable(output)
    if "No space left on device" in output:
        return Reason("disk", "", (), "the disk is full", shown)
    missing = re.search(
        r"Could not find a version that satisfies the requirement (\S+)"
        r"[^\n]*?\(from versions: (none)?",
        output,
    )
    culprit = _culprit(output, missing)
    chain = _chain(output, culprit)
    if "does not provide upload-time metadata" in output:
        what = (
            "the package index gives no upload dates, so nobody can say what "
            "was there before"
        )
        return Reason("index", "", (), what, shown)
    if re.search(
        r"HTTP error \d+|\b[45]\d\d (?:Server|Client) Error"
        r"|too many [45]\d\d error responses",
        output,
    ):
        status = re.search(r"\b([45]\d\d)\b", output)
        code = status[1] if status else "an error"
        what = f"the package index answered {code}"
        return _named("index", culprit, chain, what, shown)
    if re.search(r"Read timed out|ConnectTimeout|timed out", output):
        what = "the package index did not answer in time"
        return _named("index", culprit, chain, what, shown)
    if re.search(r"NewConnectionError|Failed to establish", output):
        what = "the package index cannot be reached"
        return _named("index", culprit, chain, what, shown)
    if missing:
        if missing[2]:
            what = "the package index has nothing of it for this Python"
            kind = "missing"
        else:
            what, kind = (
                "the package index has no such version",
                "unsatisfiable",
            )
        return _named(kind, culprit, chain, what, shown)
    other_python = re.search(
        r"Package '([^']+)' requires a different Python: ", output
    )
    if other_python:
        what = "it has no release for this Python"
        return _named("unsatisfiable", other_python[1], chain, what, shown)
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
            culprit,
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
            culprit,
            chain,
            could_not_be_built(everything),
            _own_output(everything) or shown,
        )
    return Reason("other", "", (), "pip failed", shown)


def _named(
    kind: str, culprit: str, chain: tuple[str, ...], what: str, shown: str
) -> Reason:
    where = f"{culprit}: " if culprit else ""
    return Reason(kind, culprit, chain, f"{where}{what}", shown)


def _own_output(output: str) -> str:
    """What the build itself printed: the last block that pip marks."""
    # Not by one pattern: it would look for the end from each beginning.
    found = ""
    head = _HEAD.search(output)
    while head is not None:
        end = output.find(_END, head.end())
        if end < 0:
            break
        found = output[head.end() : end] or found
        head = _HEAD.search(output, end)
    return textwrap.dedent(found.rstrip())


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
            return _with_version(match[1], output)
    found = re.findall(
        r"^\s*(?:Collecting|Processing) (\S+)", output, re.MULTILINE
    )
    return _with_version(os.path.basename(found[-1]), output) if found else ""


def _with_version(culprit: str, output: str) -> str:
    """The culprit with the version of its file, where that was named."""
    name = _name(culprit)
    for stem in reversed(
        re.findall(r"([^\s/]+)(?:\.tar\.\w+|\.zip|\.tgz)(?=[\s#]|$)", output)
    ):
        start, _, version = stem.rpartition("-")
        if canonical_name(start) == name:
            return f"{re.split(r'[=<>!~@;]', culprit)[0]}=={version}"
    return culprit


def _chain(output: str, culprit: str) -> tuple[str, ...]:
    """Who asked for the culprit, the nearest first.

    pip writes ``Collecting x (from y->-r list (line 1))``.
    """
    found = re.findall(
        r"^\s*(?:Collecting|Processing|ERROR: Could not find a version that "
        r"satisfies the requirement) (\S+)(?: \(from (?!versions: )(.+?)\))?"
        r"(?: \(from versions: .*)?$",
        output,
        re.MULTILINE,
    )
    for requirement, chain in reversed(found):
        if culprit.startswith(os.path.basename(requirement)) or (
            _name(requirement) == _name(culprit)
        ):
            names = chain.split("->") if chain else []
            return tuple(name for name in names if not name.startswith("-r "))
    return ()
