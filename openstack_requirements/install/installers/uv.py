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
"""uv as an installer that locks.

This module, ``uv_command``, ``uv_pages``, ``uv_lock`` and ``uv_index`` are the
only places that know uv's command line and files. What its failures mean is in
``uv_failures``.
"""

from __future__ import annotations

import contextlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from openstack_requirements.constraints.freeze import (
    Configuration,
    Distribution,
)
from openstack_requirements.errors import CommandFailed, OutsideError
from openstack_requirements.install import installed
from openstack_requirements.install.environments import python_of
from openstack_requirements.install.installers import (
    Locked,
    Lockfile,
    Resolved,
    answers,
    configuration,
    pip_metadata,
    uv_lock,
)
from openstack_requirements.install.installers.uv_command import (
    OLDEST,
    UvCommand,
)
from openstack_requirements.manifests import toml
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterator,
        Mapping,
        Sequence,
    )

    from openstack_requirements.install.installers import InstallRequest
    from openstack_requirements.install.interpreters import Interpreter
    from openstack_requirements.pep508.requirement import CanonicalName


class Uv(UvCommand):
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
        wanted: InstallRequest,  # noqa: ARG002
    ) -> str | None:
        """What it cannot do of what is wanted: nothing."""
        return None

    def install(
        self,
        interpreter: Interpreter,  # noqa: ARG002 - the environment has it
        folder: str,
        wanted: InstallRequest,
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
        wanted: InstallRequest,
        on_line: Callable[[str], None],
    ) -> Lockfile:
        """Resolve into a lock file (PEP 751).

        uv prefers the versions that the file has before.
        """
        return self._lock(interpreter, folder, wanted, (), on_line)

    def _lock(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: InstallRequest,
        options: Sequence[str],
        on_line: Callable[[str], None] | None = None,
    ) -> Lockfile:
        """Resolve into a lock file, with further options."""
        path = os.path.join(folder, "pylock.toml")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        if wanted.preferred:
            with open(path, "w", encoding="utf-8") as file:
                file.write(uv_lock.preferences(wanted.preferred))
        self._run(
            *("pip", "compile", "--python", interpreter.executable),
            *options,
            *_limits(wanted, os.path.join(folder, "excluded.txt")),
            *("--no-header", "--output-file", path, wanted.requirements),
            on_line=on_line,
        )
        document = answers.toml_table(path)
        return Lockfile(
            path,
            tuple(
                Locked(
                    canonical_name(package["name"]),
                    installed.normal_version(str(package["version"])),
                    uv_lock.files_of(package),
                )
                for package in uv_lock.packages_with_version(document)
            ),
            document,
        )

    def sync(
        self,
        folder: str,
        lock: Lockfile,
        skipped: Collection[CanonicalName],
        again: Collection[CanonicalName],
        on_line: Callable[[str], None],
    ) -> None:
        """Make a virtualenv hold what a lock file holds, no more, no less."""
        path = os.path.join(os.path.dirname(lock.path), "pylock.install.toml")
        document = uv_lock.to_install(
            lock.document, self._indexes(python_of(folder), lock), skipped
        )
        with open(path, "w", encoding="utf-8") as file:
            file.write(toml.dumps(document))
        self._run(
            *("pip", "sync", "--python", python_of(folder)),
            *("--allow-empty-requirements", path),
            *(f"--reinstall-package={name}" for name in sorted(again)),
            on_line=on_line,
        )

    def _indexes(
        self, python: str, lock: Lockfile
    ) -> dict[CanonicalName, str]:
        """The index that each distribution of a lock comes from.

        Only uv knows, and says it of requirements alone. It has just read all
        of their pages, so that it is asked without the network. Empty where
        it does not say it; then everything is downloaded.

        :param python: the path of an interpreter.
        """
        path = os.path.join(os.path.dirname(lock.path), "pins.in")
        answer = os.path.join(os.path.dirname(lock.path), "pins.txt")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(answer)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(
                f"{package['name']}=={package['version']}\n"
                for package in uv_lock.packages_with_version(lock.document)
            )
        try:
            self._run(
                *("pip", "compile", "--quiet", "--offline", "--no-deps"),
                *("--python", python, "--no-header"),
                *("--no-annotate", "--emit-index-annotation"),
                *("--output-file", answer, path),
            )
            return uv_lock.indexes_of(answers.text(answer))
        except (CommandFailed, OutsideError):
            return {}

    def failed_builds(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: InstallRequest,
        lock: Lockfile | None,
        known: Collection[CanonicalName],
    ) -> list[CommandFailed]:
        """How builds fail, of all that has to be built.

        uv stops all builds where one fails. So it is started once for each
        distribution without a wheel.
        """
        if lock is None:
            try:
                lock = self._lock(
                    interpreter, folder, wanted, ("--quiet", "--no-deps")
                )
            except CommandFailed:
                return []
        indexed = uv_lock.to_install(
            lock.document, self._indexes(interpreter.executable, lock)
        )

        def build(number: int, document: Mapping[str, Any]) -> None:
            path = os.path.join(folder, f"pylock.build-{number}.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(toml.dumps(document))
            target = os.path.join(folder, f"built-{number}")
            self._run(
                *("pip", "install", "--python", interpreter.executable),
                *("--no-deps", "--target", target, "-r", path),
            )

        failed = []
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            futures = [
                pool.submit(build, number, document)
                for number, (_, document) in enumerate(
                    sorted(uv_lock.to_build(indexed, known).items())
                )
            ]
            for future in futures:
                try:
                    future.result()
                except CommandFailed as error:
                    failed.append(error)
        return failed

    def resolve(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: InstallRequest,
        on_line: Callable[[str], None],
    ) -> Resolved | None:
        """What would be installed."""
        lock = self.lock(interpreter, folder, wanted, on_line)
        return self.describe(interpreter, folder, lock)

    def describe(
        self, interpreter: Interpreter, folder: str, lock: Lockfile
    ) -> Resolved:
        """The metadata of what a lock file holds.

        The file says which versions, but not how their metadata spells the
        names. So the wheels are unpacked for their metadata, which takes a
        second or two; pip is asked for the metadata of sdists. One
        that cannot be described costs no other its metadata; its name is
        canonical.
        """
        packages = uv_lock.packages_with_version(lock.document)
        wheels = [package for package in packages if package.get("wheels")]
        described = self._unpacked(interpreter, folder, wheels)
        urls = {
            canonical_name(package["name"]): package["sdist"]["url"]
            for package in packages
            if package.get("sdist")
            and canonical_name(package["name"]) not in described
        }
        answer = pip_metadata.describe_sdists(
            self._children, interpreter, folder, list(urls.values())
        )
        for distribution in answer.described:
            described[canonical_name(distribution.name)] = distribution
        distributions = tuple(
            described.get(canonical_name(package["name"]))
            or Distribution(
                package["name"],
                installed.normal_version(str(package["version"])),
                described=False,
            )
            for package in packages
        )
        return Resolved(
            distributions,
            {
                name: answer.missing.get(
                    urls.get(name, ""), "no file of it describes it"
                )
                for name in (
                    canonical_name(distribution.name)
                    for distribution in distributions
                    if not distribution.described
                )
            },
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
                f"{package['name']}=={package['version']}\n"
                for package in packages
            )
        if packages:
            self._run(
                *("pip", "install", "--python", interpreter.executable),
                *("--no-deps", "--only-binary", ":all:"),
                *("--target", target, "-r", pins),
            )
        return {
            canonical_name(distribution.name): distribution
            for distribution in installed.in_folders([target])
        }

    def conflicts(self, folder: str) -> str:
        """The conflicts that ``uv pip check`` reports."""
        try:
            self._run("pip", "check", "--python", python_of(folder))
        except CommandFailed as error:
            lines = error.output.splitlines()
            conflicts = [
                line
                for line in lines
                if not re.match(r"(Using Python|Checked|Found) ", line)
            ]
            return "\n".join(conflicts or lines)
        return ""


def _limits(wanted: InstallRequest, excluded: str) -> Iterator[str]:
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
