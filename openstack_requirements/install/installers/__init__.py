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
"""What an installer must do, and which ones there are.

An installer knows the command line of a tool and reads its failures. It owns
no folder and keeps no state: the caller says where.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from openstack_requirements.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from openstack_requirements.constraints.freeze import (
        Configuration,
        Distribution,
    )
    from openstack_requirements.errors import CommandFailed
    from openstack_requirements.install.failures import Reason
    from openstack_requirements.install.interpreters import Interpreter
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.system.children import Children


class InstallRequest(NamedTuple):
    """What to install.

    :param requirements: the path of a requirements file.
    :param constraints: the path of a constraints file, or empty.
    :param preferred: versions to choose wherever they still resolve.
    :param excluded: names that are not in the list and must not be installed
        though a distribution requires them, where the installer can do that.
    :param before: only what was uploaded before this moment (RFC 3339), or
        empty.
    """

    requirements: str
    constraints: str = ""
    preferred: Mapping[CanonicalName, str] = MappingProxyType({})
    excluded: frozenset[CanonicalName] = frozenset()
    before: str = ""


class Locked(NamedTuple):
    """A distribution that a resolution has chosen, and from which files.

    ``files`` is a text that differs for other files of the same version.
    """

    name: CanonicalName
    version: str
    files: str


class Lockfile(NamedTuple):
    """A resolution: what to install, all of it, and nothing else.

    :param path: the installer's own file.
    :param document: what that file says, for the installer alone.
    """

    path: str
    packages: tuple[Locked, ...]
    document: Mapping[str, Any] = MappingProxyType({})

    def by_name(self) -> dict[CanonicalName, Locked]:
        """The distributions by name."""
        return {package.name: package for package in self.packages}


class Resolved(NamedTuple):
    """What would be installed, and of what of it the metadata is unavailable.

    :param unknown: why it is, for each such distribution; its name is
        canonical.
    """

    distributions: tuple[Distribution, ...]
    unknown: Mapping[CanonicalName, str] = MappingProxyType({})


class Installer(Protocol):
    """What every installer can do.

    All but :meth:`reason` raise :class:`CommandFailed`, whose output
    :meth:`reason` explains.
    """

    #: The name that ``--installer`` takes.
    name: str

    def version(self) -> str:
        """Name and version, as a freeze records it."""

    def configuration(self, interpreter: Interpreter) -> Configuration:
        """The configuration that counts, as a freeze records it.

        :raises UnusableInput: where it cannot be read.
        """

    def problem(self, interpreter: Interpreter) -> str | None:
        """Why it cannot be used with an interpreter; None where it can."""

    def create(self, interpreter: Interpreter, folder: str) -> None:
        """Make a virtualenv in a folder that does not exist yet."""

    def cannot(
        self, interpreter: Interpreter, wanted: InstallRequest
    ) -> str | None:
        """What it cannot do of what is wanted; None where it can do all."""

    def install(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: InstallRequest,
        on_line: Callable[[str], None],
    ) -> None:
        """Resolve and install into a virtualenv, in one go."""

    def resolve(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: InstallRequest,
        on_line: Callable[[str], None],
    ) -> Resolved | None:
        """What would be installed, without installing it.

        Uses the (existing, empty) folder for what it writes. None where the
        installer cannot tell for this interpreter.
        """

    def conflicts(self, folder: str) -> str:
        """The conflicts in a virtualenv; empty where there are none."""

    def reason(self, output: str) -> Reason:
        """What the output of a failed command says."""


@runtime_checkable
class LockingInstaller(Installer, Protocol):
    """An installer that can resolve first, and install from the result.

    Only with such an installer can a distribution be skipped, an environment
    be kept between runs, and what is not in the list be excluded. Ask
    :func:`locking` for it.
    """

    def lock(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: InstallRequest,
        on_line: Callable[[str], None],
    ) -> Lockfile:
        """Resolve, and install nothing.

        Uses the (existing) folder for what it writes.
        """

    def sync(
        self,
        folder: str,
        lock: Lockfile,
        skipped: Collection[CanonicalName],
        again: Collection[CanonicalName],
        on_line: Callable[[str], None],
    ) -> None:
        """Make a virtualenv hold what a lock holds, and nothing else.

        :param skipped: what to leave out.
        :param again: what to install again even where it is there.
        """

    def failed_builds(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: InstallRequest,
        lock: Lockfile | None,
        known: Collection[CanonicalName],
    ) -> list[CommandFailed]:
        """How builds fail, of all that has to be built.

        What can be built is kept for the installation.

        :param folder: an existing one, for what the installer writes.
        :param lock: what is to be installed; None where it could not be
            resolved. Then the newest versions of the list are built.
        :param known: what is not to be built.
        """

    def describe(
        self, interpreter: Interpreter, folder: str, lock: Lockfile
    ) -> Resolved:
        """The metadata of what a lock holds, without installing it.

        One distribution whose metadata is unavailable costs no other its
        own.
        """


def locking(installer: Installer) -> LockingInstaller | None:
    """The installer itself where it locks; None where it does not."""
    return installer if isinstance(installer, LockingInstaller) else None


def _makers() -> dict[
    str, Callable[[Children, int | None, int, str], Installer]
]:
    from openstack_requirements.install.installers.pip import Pip
    from openstack_requirements.install.installers.uv import Uv

    return {"uv": Uv, "pip": Pip}


#: What ``--installer`` offers; ``auto`` is the first that can be used.
CHOICES = ("auto", "uv", "pip")


def choose(
    name: str,
    interpreter: Interpreter,
    children: Children,
    timeout: int | None,
    share: int = 1,
    project: str = "",
) -> Installer:
    """The installer for an interpreter.

    :param name: one of :data:`CHOICES`.
    :param timeout: how long a request to the index may take, in seconds.
    :param share: how many installers will be at work at once.
    :param project: a folder whose configuration counts too, or empty.
    :raises UnusableInput: where none can be used, with the reasons.
    """
    reasons = []
    for tool, make in _makers().items():
        if name in {tool, "auto"}:
            installer = make(children, timeout, share, project)
            problem = installer.problem(interpreter)
            if problem is None:
                return installer
            reasons.append(f"{tool}: {problem}")
    raise UnusableInput(
        f"Python {interpreter.full_version}",
        f"no installer can be used with it ({'; '.join(reasons)})",
    )
