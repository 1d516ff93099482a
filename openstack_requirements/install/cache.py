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
"""Environments that are kept between runs.

What is read from one must equal what a fresh one would give. So an environment
is made anew where its interpreter or installer has changed, where its metadata
is not what it was when the last run ended, and where a run was interrupted in
it. A version whose files on the index have changed is installed again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements.errors import OutsideError, UnusableInput
from openstack_requirements.install import environments, installed
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from openstack_requirements.constraints.freeze import Distribution
    from openstack_requirements.install.installers import (
        Locked,
        Lockfile,
        LockingInstaller,
    )
    from openstack_requirements.install.interpreters import Interpreter
    from openstack_requirements.pep508.requirement import CanonicalName

#: The version of the form of ``state.json``; no other is read.
FORMAT = 1


class _Present(NamedTuple):
    """What an environment holds, and from which files it came."""

    distributions: tuple[Distribution, ...]
    origins: Mapping[CanonicalName, str]


class Store:
    """The environment of one interpreter in a cache folder.

    :param folder: the cache folder.
    """

    def __init__(
        self,
        folder: str,
        interpreter: Interpreter,
        installer: LockingInstaller,
    ) -> None:
        self._interpreter = interpreter
        self._installer = installer
        self._folder = os.path.join(
            os.path.abspath(folder), f"python{interpreter.version}"
        )
        self._environment = os.path.join(self._folder, "environment")
        self._memory = os.path.join(self._folder, "state.json")

    def update(
        self,
        lock: Lockfile,
        skipped: Collection[CanonicalName],
        on_line: Callable[[str], None],
    ) -> tuple[Distribution, ...]:
        """Make the environment hold what is locked, and read it.

        :param skipped: what to leave out.
        :raises CommandFailed: where that fails; then the next run begins
            with a fresh environment.
        """
        wanted = {
            name: locked
            for name, locked in lock.by_name().items()
            if name not in skipped
        }
        origins = {
            name: _origin(locked) for name, locked in sorted(wanted.items())
        }
        present = self._present()
        if present is not None and present.origins == origins:
            return present.distributions
        files.require_folder(self._folder)
        # From here on an interrupted run leaves no memory behind.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._memory)
        if present is None:
            self._make_anew()
        again = (
            [
                name
                for name, origin in origins.items()
                if present.origins.get(name, origin) != origin
            ]
            if present is not None
            else []
        )
        self._installer.sync(self._environment, lock, skipped, again, on_line)
        distributions = installed.in_virtualenv(self._environment)
        if present is not None and _versions(distributions) != {
            name: locked.version for name, locked in wanted.items()
        }:
            self._make_anew()
            self._installer.sync(self._environment, lock, skipped, (), on_line)
            distributions = installed.in_virtualenv(self._environment)
        self._remember(origins, distributions)
        return distributions

    def _make_anew(self) -> None:
        environments.discard(self._environment)
        self._installer.create(self._interpreter, self._environment)

    def _present(self) -> _Present | None:
        """What the environment holds; None where it cannot be relied on."""
        if not os.access(environments.python_of(self._environment), os.X_OK):
            return None
        try:
            memory = json.loads(
                files.read_text(self._memory, files.LARGEST_DATA)
            )
            distributions = installed.in_virtualenv(self._environment)
        except (OutsideError, UnusableInput, ValueError, RecursionError):
            return None
        if not isinstance(memory, dict) or not isinstance(
            memory.get("origins"), dict
        ):
            return None
        expected = {**self._identity(), "digest": _digest(distributions)}
        if any(memory.get(key) != expected[key] for key in expected):
            return None
        return _Present(distributions, memory["origins"])

    def _identity(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "executable": self._interpreter.executable,
            "environment": dict(self._interpreter.environment),
            "installer": self._installer.version(),
        }

    def _remember(
        self,
        origins: Mapping[CanonicalName, str],
        distributions: tuple[Distribution, ...],
    ) -> None:
        memory = {**self._identity(), "digest": _digest(distributions)}
        memory["origins"] = dict(origins)
        files.replace(self._memory, f"{json.dumps(memory, indent=1)}\n")


@contextlib.contextmanager
def in_use(folder: str) -> Iterator[None]:
    """Keep a cache folder for one run alone.

    :raises UnusableInput: where another run has it, or it cannot be made.
    """
    files.require_folder(folder)
    path = os.path.join(folder, "lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    except OSError as error:
        raise UnusableInput(
            path, f"cannot be written ({error.strerror})"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnusableInput(
                folder, "another run is using this cache folder"
            ) from error
        yield
    finally:
        os.close(descriptor)


def _versions(
    distributions: tuple[Distribution, ...],
) -> dict[CanonicalName, str]:
    return {
        canonical_name(distribution.name): distribution.version
        for distribution in distributions
    }


def _origin(locked: Locked) -> str:
    """The version and the files that it can be installed from."""
    digest = hashlib.sha256(locked.files.encode()).hexdigest()
    return f"{locked.version} {digest}"


def _digest(distributions: tuple[Distribution, ...]) -> str:
    text = json.dumps([list(fields) for fields in distributions])
    return hashlib.sha256(text.encode()).hexdigest()
