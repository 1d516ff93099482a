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
"""Asks uv what a package index has."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from typing import TYPE_CHECKING

from openstack_requirements.constraints.freeze import Distribution
from openstack_requirements.constraints.newer import Release
from openstack_requirements.errors import CommandFailed
from openstack_requirements.install import fallbacks
from openstack_requirements.install.installers import answers
from openstack_requirements.install.installers.uv_command import UvCommand
from openstack_requirements.install.pages import Link, link_to
from openstack_requirements.pep508.parser import name_in
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openstack_requirements.install.failures import Reason
    from openstack_requirements.pep508.requirement import CanonicalName


class UvIndex(UvCommand):
    """What uv says of a package index, without installing any of it."""

    def newest(
        self,
        python_version: str,
        names: Iterable[CanonicalName],
        folder: str,
        before: str = "",
    ) -> tuple[dict[CanonicalName, str], list[Reason]]:
        """The newest version of each distribution that suits a Python.

        :param python_version: ``3.12``; the interpreter need not be at hand.
        :param folder: an existing one, for what uv writes.
        :param before: only what was uploaded before this moment, or empty.
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
                    *(("--exclude-newer", before) if before else ()),
                    *("--no-annotate", "--output-file", answer, asked),
                )
            except CommandFailed as error:
                reason = self.reason(error.output)
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

    def requirements(
        self,
        python_version: str,
        name: CanonicalName,
        version: str,
        pins: Sequence[str],
        folder: str,
    ) -> Release | None:
        """What uv says that a version requires on a Python.

        uv resolves the version together with pins, and its log tells what it
        requires. So this is what kept the version away, wherever uv has it
        from: it builds an sdist, unless it believes the PKG-INFO.

        :param folder: an existing one, for what uv writes, for this alone.
        :returns: None where uv does not say it.
        """
        wanted = _written(folder, "wanted.in", [f"{name}=={version}"])
        constraints = _written(folder, "pins.txt", pins)
        # It fails where the version does not agree with the pins.
        try:
            output = self._run(
                *("pip", "compile", "--verbose", "--color", "never"),
                *("--python", sys.executable, "--no-header", "--no-annotate"),
                *("--python-version", python_version),
                *("--constraint", constraints),
                *("--output-file", os.path.join(folder, "answer.txt"), wanted),
            )
        except CommandFailed as error:
            output = error.output
        return _release(output, name, version, pins)

    def files(
        self, python_version: str, pins: Sequence[str], folder: str
    ) -> dict[CanonicalName, list[Link]]:
        """The files of versions that suit a Python. Nothing is built.

        :param pins: requirements, ``name==version``.
        :param folder: an existing one, for what uv writes, for this alone.
        :raises CommandFailed: where one of them is unavailable.
        """
        path = os.path.join(folder, "pylock.toml")
        self._run(
            *("pip", "compile", "--quiet", "--no-deps", "--no-header"),
            *("--python", sys.executable, "--python-version", python_version),
            *("--format", "pylock.toml", "--output-file", path),
            _written(folder, "wanted.in", pins),
        )
        return {
            canonical_name(package["name"]): [
                Link(
                    file.get("name") or link_to(place).filename,
                    place,
                    file.get("hashes", {}).get("sha256", ""),
                )
                for file in (*package.get("wheels", ()), package.get("sdist"))
                if file and (place := file.get("url") or file.get("path"))
            ]
            for package in answers.toml_table(path).get("packages", [])
        }


def _written(folder: str, name: str, lines: Iterable[str]) -> str:
    """The path of a new file with some lines."""
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    return path


def _release(
    output: str, name: str, version: str, pins: Iterable[str]
) -> Release | None:
    """A version, as uv's log describes it; None where it does not.

    :param pins: what it was resolved with.
    """
    subject = f"{name}=={version}"
    said = [
        line.strip().removeprefix("DEBUG ") for line in output.splitlines()
    ]
    start = f"Adding transitive dependency for {subject}: "
    requires = tuple(
        _as_written(line.removeprefix(start))
        for line in said
        if line.startswith(start)
    )
    if not requires:
        return None
    return Release(
        Distribution(name, version, _without_pins(requires, pins)),
        "PKG-INFO"
        if f"Found static `PKG-INFO` for: {subject}" in said
        else "METADATA",
        binding=True,
    )


def _without_pins(
    requires: Sequence[str], pins: Iterable[str]
) -> tuple[str, ...]:
    """What a version requires, without the pins that uv lists among it.

    uv lists a constraint behind the requirement that it is applied to.
    """
    echoes = set(pins)
    names = Counter(map(name_in, requires))
    result = []
    for requirement in reversed(requires):
        if requirement in echoes and names[name_in(requirement)] > 1:
            echoes.remove(requirement)
        else:
            result.append(requirement)
    return tuple(reversed(result))


def _as_written(requirement: str) -> str:
    """A requirement of uv's log as a person writes it.

    For ``==1.0`` uv says ``>=1.0, <1.0+``, which PEP 440 does not know.
    """
    lower, _, upper = requirement.partition(", <")
    name, _, version = lower.partition(">=")
    if version and upper == f"{version}+":
        return f"{name}=={version}"
    return requirement
