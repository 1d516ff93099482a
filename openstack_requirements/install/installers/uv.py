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
"""The only place that knows uv's command line.

What its failures mean is in ``uv_failures``.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
from typing import TYPE_CHECKING, Any

from openstack_requirements.constraints.freeze import (
    Configuration,
    Distribution,
)
from openstack_requirements.errors import CommandFailed, OutsideError
from openstack_requirements.install import fallbacks, installed
from openstack_requirements.install.environments import python_of
from openstack_requirements.install.installers import (
    Lock,
    Locked,
    answers,
    configuration,
    pip_metadata,
    uv_failures,
)
from openstack_requirements.manifests import toml
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.system.children import search_path

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Iterator,
        Mapping,
    )

    from openstack_requirements.install.failures import Reason
    from openstack_requirements.install.installers import Wanted
    from openstack_requirements.install.interpreters import Interpreter
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.system.children import Children

#: The oldest Python that uv works with.
OLDEST = (3, 6)
#: How many requests several uv may have under way together. One has 50 by
#: default; an index may let three times as many wait for seconds.
REQUESTS = 36


class _Command:
    """uv, and what it is always told."""

    def __init__(
        self,
        children: Children,
        timeout: int | None,
        share: int = 1,
        project: str = "",
    ) -> None:
        self._children = children
        self._project = os.path.abspath(project) if project else ""
        self._command = [_executable()]
        if project:
            configuration.project_file(project)
            # uv looks for configuration there, but runs where it is.
            self._command += ["--project", self._project]
        self._environment = {
            # Never another interpreter than the one that was asked for.
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_PROGRESS": "1",
            # Up to 0.11 names and URLs are broken across lines without it.
            "UV_NO_WRAP": "1",
            # Several of them wait for one to build what they all need, which
            # may take longer than the five minutes that they have for it.
            "UV_LOCK_TIMEOUT": os.environ.get("UV_LOCK_TIMEOUT", "7200"),
        }
        if share > 1:
            # uv takes the whole machine for itself. Several of them would
            # stand in each other's way: at the locks of the file system,
            # and at an index that does not like so many requests at once.
            cores = max(1, (os.cpu_count() or 1) // share)
            for name, value in (
                ("UV_CONCURRENT_INSTALLS", cores),
                ("UV_CONCURRENT_BUILDS", cores),
                ("UV_CONCURRENT_DOWNLOADS", max(8, REQUESTS // share)),
            ):
                if name not in os.environ:
                    self._environment[name] = str(value)
        if timeout is not None:
            self._environment["UV_HTTP_TIMEOUT"] = str(timeout)

    def _run(
        self, *words: str, on_line: Callable[[str], None] | None = None
    ) -> str:
        return self._children.run(
            [*self._command, *words],
            environment=self._environment,
            on_line=on_line,
        )


class Uv(_Command):
    """uv, a :class:`.LockingInstaller`."""

    name = "uv"

    def version(self) -> str:
        """Name and version, as uv prints them."""
        return " ".join(self._run("--version").split()[:2])

    def configuration(self, interpreter: Interpreter) -> Configuration:  # noqa: ARG002 - it is the same for all
        """The configuration that counts, as a freeze records it."""
        return configuration.of_uv(self._children, self._project)

    def problem(self, interpreter: Interpreter) -> str | None:
        """Why it cannot be used: Pythons older than 3.6."""
        if interpreter.key < OLDEST:
            return "it works with Python 3.6 and newer"
        return None

    def create(self, interpreter: Interpreter, folder: str) -> None:
        """Make a virtualenv that holds nothing."""
        self._run(
            "venv",
            "--quiet",
            "--no-project",
            "--python",
            interpreter.executable,
            folder,
        )

    def cannot(
        self,
        interpreter: Interpreter,  # noqa: ARG002
        wanted: Wanted,  # noqa: ARG002
    ) -> str | None:
        """What it has no means for: nothing."""
        return None

    def install(
        self,
        interpreter: Interpreter,  # noqa: ARG002 - the environment has it
        folder: str,
        wanted: Wanted,
        on_line: Callable[[str], None],
    ) -> None:
        """Resolve and install into a virtualenv, in one go."""
        self._run(
            *("pip", "install", "--python", python_of(folder)),
            *_limits(wanted, f"{folder}.excluded"),
            *("-r", wanted.requirements),
            on_line=on_line,
        )

    def lock(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: Wanted,
        on_line: Callable[[str], None],
    ) -> Lock:
        """Resolve into a lock file (PEP 751).

        uv prefers the versions that the file has before.
        """
        path = os.path.join(folder, "pylock.toml")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        if wanted.preferred:
            with open(path, "w", encoding="utf-8") as file:
                file.write(_preferences(wanted.preferred))
        self._run(
            *("pip", "compile", "--python", interpreter.executable),
            *_limits(wanted, os.path.join(folder, "excluded.txt")),
            *("--no-header", "--output-file", path, wanted.requirements),
            on_line=on_line,
        )
        document = answers.toml_table(path)
        return Lock(
            path,
            tuple(
                Locked(
                    canonical_name(each["name"]),
                    installed.normal_version(str(each["version"])),
                    _files(each),
                )
                for each in _packages(document)
            ),
            document,
        )

    def sync(
        self,
        folder: str,
        lock: Lock,
        skipped: Collection[CanonicalName],
        again: Collection[CanonicalName],
        on_line: Callable[[str], None],
    ) -> None:
        """Make a virtualenv hold what a lock file holds, no more, no less."""
        path = lock.path
        if skipped:
            path = os.path.join(os.path.dirname(path), "pylock.part.toml")
            packages = [
                each
                for each in lock.document.get("packages", [])
                if canonical_name(each["name"]) not in skipped
            ]
            with open(path, "w", encoding="utf-8") as file:
                file.write(toml.dumps({**lock.document, "packages": packages}))
        self._run(
            *("pip", "sync", "--python", python_of(folder)),
            *("--allow-empty-requirements", path),
            *(f"--reinstall-package={name}" for name in sorted(again)),
            on_line=on_line,
        )

    def resolve(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: Wanted,
        on_line: Callable[[str], None],
    ) -> tuple[Distribution, ...] | None:
        """What would be installed."""
        lock = self.lock(interpreter, folder, wanted, on_line)
        return self.describe(interpreter, folder, lock)

    def describe(
        self, interpreter: Interpreter, folder: str, lock: Lock
    ) -> tuple[Distribution, ...]:
        """The metadata of what a lock file holds.

        The file says which versions, but not how their metadata spells the
        names. So the wheels are unpacked for their metadata, which takes a
        second or two, and pip is asked for that of what has none. A name
        whose metadata cannot be had is canonical.
        """
        packages = _packages(lock.document)
        wheels = [each for each in packages if each.get("wheels")]
        found = self._unpacked(interpreter, folder, wheels)
        rest = [
            each
            for each in packages
            if canonical_name(each["name"]) not in found
        ]
        urls = [each["sdist"]["url"] for each in rest if each.get("sdist")]
        for each in pip_metadata.describe_sdists(
            self._children, interpreter, folder, urls
        ):
            found[canonical_name(each.name)] = each
        return tuple(
            found.get(canonical_name(each["name"]))
            or Distribution(
                each["name"],
                installed.normal_version(str(each["version"])),
                described=False,
            )
            for each in packages
        )

    def _unpacked(
        self,
        interpreter: Interpreter,
        folder: str,
        packages: list[dict[str, Any]],
    ) -> dict[CanonicalName, Distribution]:
        """The metadata of wheels. Nothing is built."""
        pins = os.path.join(folder, "wheels.txt")
        target = os.path.join(folder, "wheels")
        with open(pins, "w", encoding="utf-8") as file:
            file.writelines(
                f"{each['name']}=={each['version']}\n" for each in packages
            )
        if packages:
            self._run(
                *("pip", "install", "--python", interpreter.executable),
                *("--no-deps", "--only-binary", ":all:"),
                *("--target", target, "-r", pins),
            )
        return {
            canonical_name(each.name): each
            for each in installed.in_folders([target])
        }

    def conflicts(self, folder: str) -> str:
        """What ``uv pip check`` complains of."""
        try:
            self._run("pip", "check", "--python", python_of(folder))
        except CommandFailed as error:
            lines = error.output.splitlines()
            found = [
                each
                for each in lines
                if not re.match(r"(Using Python|Checked|Found) ", each)
            ]
            return "\n".join(found or lines)
        return ""

    def reason(self, output: str) -> Reason:
        """What uv's output says of a failure."""
        return uv_failures.explain(output)


class UvIndex(_Command):
    """What uv says of a package index, without installing any of it."""

    def reason(self, output: str) -> Reason:
        """What uv's output says of a failure."""
        return uv_failures.explain(output)

    def newest(
        self, python_version: str, names: Iterable[CanonicalName], folder: str
    ) -> tuple[dict[CanonicalName, str], list[Reason]]:
        """The newest version of each distribution that suits a Python.

        :param python_version: ``3.12``; the interpreter need not be at hand.
        :param folder: an existing one, for what uv writes.
        :returns: the versions, and why some names are not among them.
        :raises CommandFailed: where uv fails for another reason than a name.
        """
        asked = os.path.join(folder, "newest.in")
        answer = os.path.join(folder, f"newest-{python_version}.txt")
        wanted = set(names)
        reasons = []
        while wanted:
            with open(asked, "w", encoding="utf-8") as file:
                file.writelines(f"{name}\n" for name in sorted(wanted))
            try:
                self._run(
                    *("pip", "compile", "--quiet", "--no-deps"),
                    *("--python", sys.executable),
                    *("--python-version", python_version),
                    *("--resolution", "highest", "--no-header"),
                    *("--no-annotate", "--output-file", answer, asked),
                )
            except CommandFailed as error:
                reason = uv_failures.explain(error.output)
                name = fallbacks.name_of(reason.culprit)
                if name not in wanted or reason.kind in {"index", "disk"}:
                    raise
                reasons.append(reason)
                wanted -= {name}
            else:
                break
        if not wanted:
            return {}, reasons
        pins = re.findall(
            r"^([A-Za-z0-9._-]+)==(\S+)", answers.text(answer), re.MULTILINE
        )
        return {canonical_name(name): pin for name, pin in pins}, reasons


def _packages(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The packages of a lock file that have a version."""
    return [each for each in document.get("packages", []) if "version" in each]


def _limits(wanted: Wanted, excluded: str) -> Iterator[str]:
    """The options for all that limits a resolution.

    :param excluded: where to write the names that are left out.
    """
    if wanted.constraints:
        yield from ("--constraints", wanted.constraints)
    if wanted.before:
        yield from ("--exclude-newer", wanted.before)
    if wanted.excluded:
        with open(excluded, "w", encoding="utf-8") as file:
            file.writelines(f"{name}\n" for name in sorted(wanted.excluded))
        yield from ("--excludes", excluded)


def _preferences(preferred: Mapping[CanonicalName, str]) -> str:
    """A lock file that says no more than names and versions."""
    lines = ['lock-version = "1.0"', 'created-by = "generate-constraints"']
    for name, version in sorted(preferred.items()):
        lines += ["[[packages]]", f'name = "{name}"']
        lines += [f"version = {json.dumps(version)}"]
    return "\n".join([*lines, ""])


def _files(package: Mapping[str, Any]) -> str:
    """The files of a package as one line of text."""
    files = [package.get("sdist"), *package.get("wheels", ())]
    return json.dumps(
        [[each.get("url"), each.get("hashes")] for each in files if each],
        sort_keys=True,
    )


def _executable() -> str:
    """The uv that was installed with this package, or the one on PATH."""
    import uv  # costs a start-up that other commands lack

    try:
        return str(uv.find_uv_bin())
    except FileNotFoundError:
        found = shutil.which("uv", path=search_path(os.environ))
        if found is None:
            raise OutsideError("uv: is not installed here") from None
        return found
