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
"""Tries constraints out before anybody else does.

What makes freezes is handed in, so that the steps can be tested alone.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import freeze
from openstack_requirements.errors import (
    CommandFailed,
    OutsideError,
    ProofFailed,
    RequirementsError,
    UnusableInput,
)
from openstack_requirements.install import culprits
from openstack_requirements.install.failures import InstallFailed
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.system.process import Processes, work_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from openstack_requirements.install.freezer import Made
    from openstack_requirements.install.installation import Order
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )

    #: Makes freezes of an order.
    Run = Callable[[Order], Made]
    #: Told what is tried.
    Say = Callable[[str], object]

#: The variable in which a command finds the constraints that it tries.
VARIABLE = "UPPER_CONSTRAINTS_FILE"
# What a shell says where the command itself is at fault, not what it tried.
_NOT_RUN = {126: "cannot be executed", 127: "is not found"}
# Failures that no distribution is to blame for.
_WORLD = frozenset({"index", "disk"})


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
        installed does not go together.
    :raises InstallFailed: where they cannot be installed.
    """
    kept = {canonical_name(k.name) for f in made.freezes for k in f.kept}
    again = run(
        order._replace(
            constraints=content.splitlines(),
            previous=(),
            keep_going=bool(kept),
            resolve_only=False,
            cache="",
            check=True,
        )
    )
    freeze.prove(content, again.freezes, never)
    found = [
        f"for Python {version}, {line.strip()}"
        for version, text in again.conflicts.items()
        for line in text.splitlines()
        if not kept or not any(name in line.lower() for name in kept)
    ]
    if found:
        raise ProofFailed(found)


class Bisected(NamedTuple):
    """What is left when the culprits are held.

    :param held: the earlier pins of the culprits, by name.
    """

    made: Made
    verdict: culprits.Verdict
    held: dict[CanonicalName, list[str]]

    def sentences(self) -> list[str]:
        """What was found, for a person."""
        accepted = len(self.verdict.accepted)
        everything = accepted + len(self.held)
        result = [
            f"bisect: {accepted} of {everything} upgrades pass, after "
            f"{self.verdict.trials} trials"
        ]
        for each in self.verdict.culprits:
            names = ", ".join(each.batch)
            pins = " ".join(pin for n in each.batch for pin in self.held[n])
            result.append(
                f"{names}: held at {pins}, because the upgrade fails"
            )
            result += [f"  {line}" for line in each.reason.splitlines()]
        return result


class Bisection:
    """The search for upgrades that do not work together.

    :param run: makes freezes of an order.
    :param order: what to install.
    :param previous: the constraints that are known to work.
    :param never: names that are never constrained.
    :param command: what decides whether constraints work: a command for the
        shell, which finds their path in ``UPPER_CONSTRAINTS_FILE`` and in
        place of ``{}``. Empty: install, and look for conflicts.
    :param say: is told of each trial.
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
        self._previous = previous
        self._never = never
        self._command = command
        self._say = say
        self._old = _lines(
            (each.package, each._replace(comment="").to_line().rstrip())
            for each in previous
            if each.package
        )
        self._upgrades = culprits.Upgrades(self._old, {}, ())
        self._tried: dict[tuple[CanonicalName, ...], str] = {}
        self._made: dict[tuple[CanonicalName, ...], Made] = {}

    def search(self) -> Bisected:
        """Find the culprits, and install what is left.

        :raises NothingPasses: where the earlier pins do not work either.
        :raises RequirementsError: where something fails that no upgrade is
            to blame for.
        """
        newest = self._newest()
        new = _lines(
            (pin.name, pin.to_line().rstrip())
            for pin in freeze.merge(newest.freezes, self._never)
        )
        changed = sorted(
            {
                name
                for each in newest.freezes
                for name, version in self._pins(each).items()
                if each.by_name()[name].version != version
            }
        )
        self._upgrades = culprits.Upgrades(self._old, new, changed)
        upgrades: list[culprits.Batch] = [(n,) for n in changed]
        if changed and self._trial(changed):
            upgrades = culprits.batches(changed, self._needs(newest))
        verdict = culprits.search(upgrades, self._trial)
        made = self._made.get(verdict.accepted)
        if made is None:
            self._say("installing what is left")
            made = self._run(self._limited(verdict.accepted))
        # What could not even be resolved is held without a trial.
        held = {
            canonical_name(kept.name): f"{kept.failed} {kept.reason}".strip()
            for each in newest.freezes
            for kept in each.kept
            if kept.installed
        }
        verdict = verdict._replace(
            culprits=(
                *(
                    culprits.Culprit((name,), held[name])
                    for name in sorted(held)
                ),
                *verdict.culprits,
            )
        )
        return Bisected(
            made,
            verdict,
            {
                name: self._old[name]
                for each in verdict.culprits
                for name in each.batch
            },
        )

    def _newest(self) -> Made:
        """What all upgrades together would be."""
        self._say("resolving all upgrades")
        made = self._run(
            self._order._replace(
                resolve_only=True,
                keep_going=True,
                earlier=self._previous,
                cache="",
            )
        )
        if not self._order.keep_going:
            for failure, kept in zip(
                made.failures,
                (kept for each in made.freezes for kept in each.kept),
                strict=True,
            ):
                if not kept.installed:
                    raise failure
        return made

    def _pins(self, each: freeze.Freeze) -> dict[CanonicalName, str]:
        """The earlier pins of what a freeze holds."""
        pins = freeze.pins_for(self._previous, each.environment)
        return {
            name: version
            for name, version in pins.items()
            if name in each.by_name() and name not in self._never
        }

    def _limited(self, upgrades: Collection[CanonicalName]) -> Order:
        return self._order._replace(
            constraints=self._upgrades.constraints(upgrades),
            previous=(),
            resolve_only=False,
        )

    def _trial(self, upgrades: Collection[CanonicalName]) -> str:
        """Why these upgrades do not work; empty where they do."""
        key = tuple(sorted(upgrades))
        if key not in self._tried:
            self._say(
                f"trial {len(self._tried) + 1}: {len(key)} of "
                f"{len(self._upgrades.changed)} upgrades"
            )
            self._tried[key] = (
                self._try_command(key)
                if self._command
                else self._try_install(key)
            )
        return self._tried[key]

    def _try_install(self, upgrades: tuple[CanonicalName, ...]) -> str:
        order = self._limited(upgrades)._replace(
            check=True, keep_going=False, cache=""
        )
        try:
            made = self._run(order)
        except InstallFailed as error:
            if error.reason.kind in _WORLD:
                raise
            return str(error)
        conflicts = "\n".join(
            f"Python {version}: {text}"
            for version, text in made.conflicts.items()
            if text
        )
        if not conflicts:
            self._made[upgrades] = made
        return conflicts

    def _try_command(self, upgrades: tuple[CanonicalName, ...]) -> str:
        with work_folder("bisect") as folder:
            path = os.path.join(folder, "upper-constraints.txt")
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(
                    f"{e}\n" for e in self._upgrades.constraints(upgrades)
                )
            command = self._command.replace("{}", shlex.quote(path))
            try:
                # The user's own command, in the user's own folder.
                Processes().run(
                    ["/bin/sh", "-c", command],
                    folder=os.curdir,
                    environment={VARIABLE: path},
                )
            except CommandFailed as error:
                problem = _NOT_RUN.get(error.exit_status)
                if problem:
                    raise UnusableInput(
                        f"--bisect {self._command}", f"the command {problem}"
                    ) from error
                return str(error)
        return ""

    def _needs(self, newest: Made) -> dict[CanonicalName, set[CanonicalName]]:
        """Which upgrades cannot do without which others."""
        found: dict[CanonicalName, set[CanonicalName]] = {}
        for each in newest.freezes:
            earlier = self._pins(each)
            for name, other in culprits.demands(
                each, self._upgrades.changed, earlier
            ):
                found.setdefault(name, set()).add(other)
        self._say("resolving the earlier pins")
        try:
            old = self._run(
                self._limited(())._replace(resolve_only=True, cache="")
            ).freezes
        except OutsideError:
            raise
        except RequirementsError:
            old = []  # then what they require stays unknown
        for before, after in zip(old, newest.freezes, strict=False):
            versions = {n: e.version for n, e in after.by_name().items()}
            for name, other in culprits.demands(
                before, self._upgrades.changed, versions
            ):
                found.setdefault(other, set()).add(name)
        return found


def _lines(
    pairs: Iterable[tuple[str, str]],
) -> dict[CanonicalName, list[str]]:
    result: dict[CanonicalName, list[str]] = {}
    for name, line in pairs:
        result.setdefault(canonical_name(name), []).append(line)
    return result
