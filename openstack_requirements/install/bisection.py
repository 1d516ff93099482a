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
"""Tests constraints, by installing them or with a command of the user.

:func:`verify` installs those that came out once more. :class:`Bisection` tests
the constraints that :mod:`.upgrades` asks for. What makes freezes is handed
in.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints.merging import prove
from openstack_requirements.errors import (
    CommandFailed,
    OutsideError,
    ProofFailed,
    RequirementsError,
    UnusableInput,
)
from openstack_requirements.install import upgrades
from openstack_requirements.install.failures import InstallFailed
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.system.process import Processes
from openstack_requirements.system.temporary import work_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.install.culprits import Selection
    from openstack_requirements.install.freezer import Made
    from openstack_requirements.install.installation import Order
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )

    #: Makes freezes of an order.
    Run = Callable[[Order], Made]
    #: Told of each step.
    Say = Callable[[str], object]

#: The variable in which a command finds the constraints that it tests.
VARIABLE = "UPPER_CONSTRAINTS_FILE"
# What a shell says where it cannot run the command at all.
_NOT_RUN = {126: "cannot be executed", 127: "is not found"}
# Failures that are the fault of no distribution.
_NO_CULPRIT = frozenset({"index", "disk"})


def verify(
    run: Run,
    order: Order,
    content: str,
    made: Made,
    never: Collection[CanonicalName],
) -> None:
    """Install once more, under the constraints that came out.

    :param content: the constraints.
    :param made: what they were computed from.
    :raises ProofFailed: where something else is installed then, or what is
        installed is not compatible.
    :raises InstallFailed: where they cannot be installed.
    """
    missing = {
        canonical_name(kept.name)
        for freeze in made.freezes
        for kept in freeze.kept
    }
    again = run(
        order._replace(
            constraints=content.splitlines(),
            previous=(),
            keep_going=bool(missing),
            resolve_only=False,
            cache="",
            check=True,
        )
    )
    prove(content, again.freezes, never)
    conflicts = [
        f"for Python {version}, {line.strip()}"
        for version, text in again.conflicts.items()
        for line in text.splitlines()
        if not any(name in line.lower() for name in missing)
    ]
    if conflicts:
        raise ProofFailed(conflicts)


class Bisected(NamedTuple):
    """What is installed when the culprits are held.

    :param decision: the upgrades that are accepted, and the culprits.
    """

    made: Made
    decision: upgrades.InstallAccepted

    def sentences(self) -> list[str]:
        """The result, for a person."""
        return self.decision.sentences()


class Bisection:
    """The search for upgrades that do not work together.

    What to do next is decided in :mod:`.upgrades`; this class does it.

    :param run: makes freezes of an order.
    :param order: what to install.
    :param previous: the constraints that are known to work.
    :param never: names that are never constrained.
    :param command: what decides whether constraints work: a command for the
        shell, which finds their path in ``UPPER_CONSTRAINTS_FILE`` and in
        place of ``{}``. Empty: install, and look for conflicts.
    :param say: is told of each step.
    """

    def __init__(
        self,
        run: Run,
        order: Order,
        previous: Sequence[Requirement],
        never: Collection[CanonicalName],
        command: str,
        say: Say,
    ) -> None:
        self._run = run
        self._order = order
        self._command = command
        self._say = say
        self._state = upgrades.BisectionState(previous, never)
        #: What tests have installed.
        self._made: dict[Selection, Made] = {}

    def search(self) -> Bisected:
        """Find the culprits, and install the rest.

        :raises NothingPasses: where the earlier pins do not work either.
        :raises RequirementsError: where something fails that is the fault of
            no upgrade.
        """
        while True:
            state = self._state
            step = upgrades.step(state)
            if isinstance(step, upgrades.InstallAccepted):
                return Bisected(self._install(step), step)
            if isinstance(step, upgrades.ResolveNewest):
                freezes = self._resolve_newest()
                self._state = upgrades.newest_resolved(state, freezes)
            elif isinstance(step, upgrades.ResolveEarlier):
                freezes = self._resolve_earlier(step)
                self._state = upgrades.earlier_resolved(state, freezes)
            else:
                self._state = upgrades.tested(state, self._test(step))

    def _resolve_newest(self) -> list[Freeze]:
        self._say("resolving all upgrades")
        made = self._run(
            self._order._replace(
                resolve_only=True,
                keep_going=True,
                earlier=self._state.previous,
                cache="",
            )
        )
        if not self._order.keep_going:
            for failure, kept in zip(
                made.failures,
                (kept for freeze in made.freezes for kept in freeze.kept),
                strict=True,
            ):
                if not kept.installed:
                    raise failure
        return made.freezes

    def _resolve_earlier(self, step: upgrades.ResolveEarlier) -> list[Freeze]:
        self._say("resolving the earlier pins")
        order = self._limited(step.constraints)
        try:
            return self._run(
                order._replace(resolve_only=True, cache="")
            ).freezes
        except OutsideError:
            raise
        except RequirementsError:
            return []  # the tests say what is wrong with them

    def _install(self, step: upgrades.InstallAccepted) -> Made:
        made = self._made.get(step.result.accepted)
        if made is None:
            self._say("installing the upgrades that pass")
            made = self._run(self._limited(step.constraints))
        return made

    def _limited(self, constraints: list[str]) -> Order:
        return self._order._replace(
            constraints=constraints, previous=(), resolve_only=False
        )

    def _test(self, step: upgrades.TestSelections) -> dict[Selection, str]:
        """Why the selections fail; empty for each that passes."""
        outcomes: dict[Selection, str] = {}
        tests = len(self._state.search.outcomes)
        for selection, constraints in step.constraints.items():
            tests += 1
            self._say(
                f"test {tests}: {len(selection)} of "
                f"{len(self._state.upgrades.changed)} upgrades"
            )
            if self._command:
                outcomes[selection] = _run_command(self._command, constraints)
            else:
                outcomes[selection] = self._test_install(
                    selection, constraints
                )
        return outcomes

    def _test_install(
        self, selection: Selection, constraints: list[str]
    ) -> str:
        """Why constraints cannot be installed; empty where they can."""
        order = self._limited(constraints)
        try:
            made = self._run(
                order._replace(check=True, keep_going=False, cache="")
            )
        except InstallFailed as error:
            if error.reason.kind in _NO_CULPRIT:
                raise
            return str(error)
        conflicts = "\n".join(
            f"Python {version}: {text}"
            for version, text in made.conflicts.items()
            if text
        )
        if not conflicts:
            self._made[selection] = made
        return conflicts


def _run_command(command: str, constraints: Iterable[str]) -> str:
    """Why a command of the user fails with constraints; empty if it passes.

    :raises UnusableInput: where the shell cannot run it.
    """
    with work_folder("bisect") as folder:
        path = os.path.join(folder, "upper-constraints.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in constraints)
        try:
            # The user's own command, in the user's own folder.
            Processes().run(
                ["/bin/sh", "-c", command.replace("{}", shlex.quote(path))],
                folder=os.curdir,
                environment={VARIABLE: path},
            )
        except CommandFailed as error:
            problem = _NOT_RUN.get(error.exit_status)
            if problem:
                raise UnusableInput(
                    f"--bisect {command}", f"the command {problem}"
                ) from error
            return str(error)
    return ""
