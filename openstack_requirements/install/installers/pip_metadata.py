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
"""Asks pip what a package index has, without installing any of it.

A run is asked for many names. pip knows where the index is, its credentials
and which files suit a Python, and its report of a dry run has the whole
metadata.
"""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements.constraints.freeze import Distribution
from openstack_requirements.errors import CommandFailed, OutsideError
from openstack_requirements.install.failures import Reason
from openstack_requirements.install.installed import normal_version
from openstack_requirements.install.installers import (
    answers,
    credentials,
    pip_failures,
)
from openstack_requirements.pep508.specifiers import admits
from openstack_requirements.system.children import own_module

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from openstack_requirements.install.interpreters import Interpreter
    from openstack_requirements.system.children import Children

#: What every run of pip is told.
OPTIONS = (
    "--disable-pip-version-check",
    "--no-input",
    "--no-python-version-warning",
)


def run(
    children: Children,
    command: Sequence[str],
    on_line: Callable[[str], None] | None = None,
) -> None:
    """Run pip, with the passwords of indexes kept off command lines."""
    given = credentials.for_pip(children)
    children.run(command, environment=given, on_line=on_line)


def reason(output: str) -> Reason:
    """What the output of a run that failed says."""
    return pip_failures.explain(output)


def supports(interpreter: Interpreter) -> bool:
    """Whether the pip that came with this package runs on a Python."""
    import importlib.metadata

    wanted = importlib.metadata.metadata("pip")["Requires-Python"] or ""
    return admits(wanted, interpreter.full_version, prereleases=True)


class SdistMetadata(NamedTuple):
    """The metadata of sdists, and by URL why that of some is unavailable."""

    described: tuple[Distribution, ...] = ()
    missing: Mapping[str, str] = MappingProxyType({})


def describe_sdists(
    children: Children,
    interpreter: Interpreter,
    folder: str,
    urls: Sequence[str],
) -> SdistMetadata:
    """The metadata of source distributions, without building them whole.

    They are described in one run. Where it fails, each gets a run of its own,
    so that one that fails costs no other its metadata.

    :param folder: for what pip writes.
    :param urls: where they are.
    """
    if not urls:
        return SdistMetadata()
    problem = why_not(interpreter)
    if problem is not None:
        return SdistMetadata((), dict.fromkeys(urls, problem))
    try:
        return SdistMetadata(
            _describe_urls(children, interpreter, folder, urls)
        )
    except CommandFailed as error:
        if len(urls) == 1:
            return SdistMetadata((), {urls[0]: _why_unavailable(error)})

    def describe_one(url: str) -> tuple[Distribution, ...] | str:
        try:
            return _describe_urls(
                children, interpreter, tempfile.mkdtemp(dir=folder), [url]
            )
        except CommandFailed as error:
            return _why_unavailable(error)

    described: list[Distribution] = []
    missing = {}
    # pip waits for backends and the index.
    pool = ThreadPoolExecutor((os.cpu_count() or 1) + 1)
    try:
        for url, answer in zip(
            urls, pool.map(describe_one, urls), strict=True
        ):
            if isinstance(answer, str):
                missing[url] = answer
            else:
                described += answer
    finally:
        pool.shutdown(cancel_futures=True)
    return SdistMetadata(tuple(described), missing)


def _why_unavailable(error: CommandFailed) -> str:
    """Why a run for one distribution failed."""
    failure = reason(error.output)
    return failure.what.removeprefix(f"{failure.culprit}: ")


def _describe_urls(
    children: Children,
    interpreter: Interpreter,
    folder: str,
    urls: Sequence[str],
) -> tuple[Distribution, ...]:
    """The metadata of sdists in one run.

    :raises CommandFailed: where that of one of them is unavailable.
    """
    path = os.path.join(folder, "report.json")
    where = ["--python", interpreter.executable]
    command = [*report_command(where, path), "--no-deps", *OPTIONS]
    # Not on the command line: an address may have a password.
    listed = os.path.join(folder, "sdists.txt")
    with open(listed, "w", encoding="utf-8") as file:
        file.writelines(f"{url}\n" for url in urls)
    run(children, [*command, "-r", listed])
    return read_report(path)


def why_not(interpreter: Interpreter) -> str | None:
    """Why :func:`describe` cannot work for an interpreter."""
    if supports(interpreter):
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
    """What pip would install for these requirements, without dependencies.

    Nothing is installed. The build backend of an sdist runs for its metadata.

    :param folder: for the report; not used by anything else meanwhile.
    :param requirements: of different names.
    :raises CommandFailed: where one of them fails; :func:`reason` says
        which.
    """
    more = ["--no-deps", *OPTIONS, "--progress-bar", "off"]
    if timeout is not None:
        more += ["--timeout", str(timeout)]
    path = os.path.join(folder, "report.json")
    command = own_module(
        *("pip", "--python", interpreter.executable),
        *("install", "--dry-run", "--ignore-installed", "--report", path),
    )
    run(children, [*command, *more, *requirements])
    return tuple(
        Described(
            _distribution(entry["metadata"]),
            os.path.basename(entry["download_info"]["url"].split("#")[0]),
        )
        for entry in _report(path)
    )


def could_not_fetch(
    children: Children,
    interpreter: Interpreter,
    requirement: str,
    timeout: int | None = None,
) -> Reason | None:
    """Why the index has nothing of a name: None where it does not know it.

    pip treats a page that it cannot fetch as one that does not exist, and says
    so only with ``-vv``.
    """
    command = own_module(
        *("pip", "--python", interpreter.executable),
        *("install", "--dry-run", "--ignore-installed", "--no-deps"),
        # Without a report it will not look at a Python that its system
        # manages (PEP 668), not even to install nothing.
        *("--report", os.devnull, "-vv", *OPTIONS),
    )
    if timeout is not None:
        command += ["--timeout", str(timeout)]
    try:
        run(children, [*command, requirement])
    except CommandFailed as error:
        lines = [
            line
            for line in error.output.splitlines()
            if "Could not fetch URL" in line and "404 Client Error" not in line
        ]
        if lines:
            reason = pip_failures.explain("\n".join(lines))
            what = (
                f"{requirement}: the package index did not answer as it should"
            )
            if reason.kind == "index":
                what = f"{requirement}: {reason.what}"
            return Reason("index", requirement, (), what, reason.output)
    return None


def report_command(where: Sequence[str], path: str) -> list[str]:
    """A dry run of pip that writes its report to a path."""
    return own_module(
        *("pip", *where, "install"),
        *("--dry-run", "--ignore-installed", "--quiet", "--report", path),
    )


def read_report(path: str) -> tuple[Distribution, ...]:
    """The metadata in an installation report."""
    return tuple(_distribution(entry["metadata"]) for entry in _report(path))


def _report(path: str) -> list[dict[str, Any]]:
    """What a dry run would install, as pip reports it."""
    report = answers.json_table(path).get("install")
    if not isinstance(report, list):
        raise OutsideError(f"{path}: is no report of an installation")
    return report


def _distribution(metadata: dict[str, Any]) -> Distribution:
    """A distribution, from the JSON form of core metadata (PEP 566)."""

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
