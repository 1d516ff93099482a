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
"""Installs a list for one interpreter, as far as it can be installed.

A single run of the installer is enough as a rule. Resolving and installing are
two steps where earlier pins are preferred, where what is broken must not stop
the rest, or where the environment of an earlier run is used. A failure of
either names one distribution; ``fallbacks`` decides whether that is held,
skipped or excluded, and the rest is tried again.
"""

from __future__ import annotations

import os
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints.freeze import Distribution, Kept
from openstack_requirements.constraints.merging import applies, pins_for
from openstack_requirements.errors import CommandFailed
from openstack_requirements.install import (
    environments,
    fallbacks,
    installed,
)
from openstack_requirements.install.cache import Store
from openstack_requirements.install.failures import InstallFailed
from openstack_requirements.install.installers import (
    InstallRequest,
    Resolved,
    locking,
)
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Mapping,
        Sequence,
    )

    from openstack_requirements.install.installers import (
        Installer,
        Lockfile,
        LockingInstaller,
    )
    from openstack_requirements.install.interpreters import Interpreter
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )

    #: Is told of a phase, and how to count distributions so far.
    Say = Callable[[str, Callable[[], int] | None], None]


class Order(NamedTuple):
    """What to install, for any interpreter.

    :param lines: the lines of the list, for an installer.
    :param constraints: lines that limit every version.
    :param previous: an earlier constraints file, whose pins are kept where
        they still resolve.
    :param earlier: the fallback pins.
    :param keep_going: hold, skip or exclude what fails, and go on with the
        rest.
    :param before: only what was uploaded before this moment, or empty.
    :param resolve_only: do not install where that can be avoided.
    :param cache: the folder that keeps environments, or empty.
    :param check: look for conflicts in what is installed.
    :param holds: what the hold ledger limits: names, specifiers and markers.
        They count beside ``constraints``, and before earlier pins.
    """

    lines: Sequence[str]
    constraints: Sequence[str] = ()
    previous: Sequence[Requirement] = ()
    earlier: Sequence[Requirement] = ()
    keep_going: bool = False
    before: str = ""
    resolve_only: bool = False
    cache: str = ""
    check: bool = False
    holds: Sequence[Requirement] = ()


class InstallResult(NamedTuple):
    """What is installed for one interpreter.

    :param method: ``install`` or ``resolve``, as a freeze records it.
    :param kept: what failed and was held, skipped or excluded.
    :param failures: how it failed, in the same order.
    :param conflicts: what is incompatible, where the order says to check.
    :param unknown: why the metadata of some is unavailable.
    """

    distributions: tuple[Distribution, ...]
    method: str
    kept: tuple[Kept, ...] = ()
    failures: tuple[InstallFailed, ...] = ()
    conflicts: str = ""
    unknown: Mapping[CanonicalName, str] = MappingProxyType({})


class Installation:
    """The installation of an order for one interpreter.

    :param folder: for all files; it must not exist yet.
    :param say: is told of each phase.
    :param clear: is called with an environment once only its metadata is
        needed.
    """

    def __init__(
        self,
        order: Order,
        interpreter: Interpreter,
        installer: Installer,
        folder: str,
        say: Say,
        clear: Callable[[str], object],
    ) -> None:
        self._order = order
        self._interpreter = interpreter
        self._installer = installer
        self._folder = folder
        self._say = say
        self._clear = clear
        #: The ephemeral virtualenv.
        self.environment = os.path.join(folder, "environment")
        self._holds = [
            hold
            for hold in order.holds
            if applies(hold, interpreter.environment)
        ]
        self._preferred = self._held_pins(order.previous)
        self._earlier = self._held_pins(order.earlier)
        self._state = fallbacks.FallbackState()
        self._failures: dict[CanonicalName, InstallFailed] = {}
        self._conflicts = ""

    def run(self) -> InstallResult:
        """Install, and read what is installed.

        :raises InstallFailed: where something fails and cannot be held,
            skipped or excluded.
        :raises OutsideError: where what is installed cannot be read.
        """
        os.makedirs(self._folder)
        order = self._order
        in_steps = order.keep_going or order.previous or order.cache
        locker = locking(self._installer) if in_steps else None
        while True:
            lock = None
            try:
                if locker is None:
                    return self._result(*self._at_once())
                lock = self._lock(locker)
                return self._result(*self._from(locker, lock))
            except CommandFailed as error:
                self._fall_back(error, lock)

    def _held_pins(
        self, requirements: Iterable[Requirement]
    ) -> dict[CanonicalName, str]:
        """Earlier pins, but for those that a hold excludes."""
        pins = pins_for(requirements, self._interpreter.environment)
        for hold in self._holds:
            name = canonical_name(hold.package)
            if name in pins and not hold.versions.admits(pins[name]):
                del pins[name]
        return pins

    def _wanted(self) -> InstallRequest:
        """What to install after the failures so far."""
        state = self._state
        requirements = os.path.join(self._folder, "requirements.txt")
        # As many lines as the list has, so that an installer's line numbers
        # are the list's.
        _write(
            requirements,
            (
                "" if fallbacks.name_of(line) in state.excluded else line
                for line in self._order.lines
            ),
        )
        limits = [f"{hold.package}{hold.specifiers}" for hold in self._holds]
        limits += self._order.constraints
        limits += [f"{name}=={held}" for name, held in state.held.items()]
        constraints = os.path.join(self._folder, "constraints.txt")
        _write(constraints, limits)
        preferred = self._preferred | {
            name: self._earlier[name] for name in state.skipped
        }
        return InstallRequest(
            requirements,
            constraints if limits else "",
            {
                name: version
                for name, version in preferred.items()
                if name not in state.held and name not in state.excluded
            },
            state.excluded,
            self._order.before,
        )

    def _lock(self, installer: LockingInstaller) -> Lockfile:
        self._say(f"resolving with {installer.name}", None)
        return installer.lock(
            self._interpreter, self._folder, self._wanted(), self._hear
        )

    def _at_once(self) -> tuple[Resolved, str]:
        """Resolve and install in one go, or only resolve."""
        name = self._installer.name
        if self._order.resolve_only:
            self._say(f"resolving with {name}", None)
            resolved = self._installer.resolve(
                self._interpreter, self._scratch(), self._wanted(), self._hear
            )
            if resolved is not None:
                return resolved, "resolve"
            self._say(f"its {name} cannot resolve only; installing", None)
        self._create()
        self._installer.install(
            self._interpreter, self.environment, self._wanted(), self._hear
        )
        return self._read(), "install"

    def _from(
        self, installer: LockingInstaller, lock: Lockfile
    ) -> tuple[Resolved, str]:
        """Install what is locked, or describe it."""
        skipped = self._state.skipped
        if self._order.resolve_only:
            described = installer.describe(
                self._interpreter, self._scratch(), lock
            )
            return described, "resolve"
        if self._order.cache:
            store = Store(self._order.cache, self._interpreter, installer)
            self._say("bringing its environment up to date", None)
            updated = store.update(lock, skipped, self._hear)
            return Resolved(updated), "install"
        self._create()
        installer.sync(self.environment, lock, skipped, (), self._hear)
        return self._read(), "install"

    def _scratch(self) -> str:
        folder = os.path.join(self._folder, "resolved")
        environments.discard(folder)
        os.mkdir(folder)
        return folder

    def _create(self) -> None:
        environments.discard(self.environment)
        self._say("making a virtualenv", None)
        self._installer.create(self._interpreter, self.environment)
        self._say(f"installing with {self._installer.name}", self._count)

    def _read(self) -> Resolved:
        if self._order.check:
            self._say("looking for conflicts", self._count)
            self._conflicts = self._installer.conflicts(self.environment)
        self._say("reading what is installed", self._count)
        self._clear(self.environment)
        return Resolved(installed.in_virtualenv(self.environment))

    def _count(self) -> int:
        return environments.count(self.environment)

    def _hear(self, line: str) -> None:
        """Announce a line of the installer that tells its progress."""
        if re.match(r"(?:Resolved|Prepared) \d+ packages? in ", line):
            self._say(line.strip().lower(), self._count)

    def _fall_back(self, error: CommandFailed, lock: Lockfile | None) -> None:
        """Decide how to go on after a failure.

        :raises InstallFailed: where it stops everything.
        """
        failure = self._failure(error)
        state = None
        if self._order.keep_going:
            state = self._after(failure, lock)
        if state is None:
            raise failure from error
        changed = state.held.keys() - self._state.held.keys()
        self._remember(state, failure)
        self._say(f"{failure.reason.what}; going on without it", None)
        if failure.reason.kind == "build":
            self._fall_back_from_builds(lock, changed)

    def _fall_back_from_builds(
        self, lock: Lockfile | None, changed: Collection[CanonicalName]
    ) -> None:
        """Look for all other builds that fail, after one has failed.

        :param changed: what the lock does not have at the version of the next
            attempt.
        """
        locker = locking(self._installer)
        if locker is None:
            return
        state = self._state
        # Without a lock a fallback pin whose build fails would be excluded,
        # where with one it is only skipped.
        left = state.held.keys() if lock is None else changed
        known = {*left, *state.skipped, *state.excluded}
        self._say("looking for more builds that fail", None)
        for error in locker.failed_builds(
            self._interpreter, self._scratch(), self._wanted(), lock, known
        ):
            failure = self._failure(error)
            if failure.reason.kind == "build":
                after = self._after(failure, lock)
                if after is not None:
                    self._remember(after, failure)

    def _failure(self, error: CommandFailed) -> InstallFailed:
        return InstallFailed(
            self._interpreter.version,
            self._installer.reason(error.output),
            " ".join(error.command),
            error.output,
        )

    def _after(
        self, failure: InstallFailed, lock: Lockfile | None
    ) -> fallbacks.FallbackState | None:
        """How to go on after a failure; None where it stops everything."""
        locked = None
        if lock is not None:
            locked = {
                package.name: package.version for package in lock.packages
            }
        return fallbacks.after(
            self._state,
            failure.reason,
            fallbacks.Facts(
                self._earlier,
                locked,
                locks=locking(self._installer) is not None,
            ),
        )

    def _remember(
        self, state: fallbacks.FallbackState, failure: InstallFailed
    ) -> None:
        """Go on with a state that a failure has brought."""
        for name, failed in state.failed.items():
            if self._state.failed.get(name) is not failed:
                self._failures[name] = failure
        self._state = state

    def _result(self, resolved: Resolved, method: str) -> InstallResult:
        """The result, with the pins of what could not be installed."""
        installed_or_held = list(resolved.distributions)
        present = {
            canonical_name(distribution.name)
            for distribution in installed_or_held
        }
        kept = []
        for name, failed in sorted(self._state.failed.items()):
            version = self._earlier.get(name, "")
            if version and name not in present:
                installed_or_held.append(
                    Distribution(name, version, described=False)
                )
            reason = self._failures[name].reason
            kept.append(
                Kept(
                    name,
                    failed.version,
                    version,
                    installed=name in self._state.held,
                    reason=reason.what.removeprefix(f"{reason.culprit}: "),
                )
            )
        return InstallResult(
            tuple(installed_or_held),
            method,
            tuple(kept),
            tuple(self._failures[name] for name in sorted(self._failures)),
            self._conflicts,
            resolved.unknown,
        )


def _write(path: str, lines: Iterable[str]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{line.rstrip()}\n" for line in lines)
