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
"""A freeze: the distributions that one interpreter installed, as a value.

Explaining and comparing constraints, and looking for conflicts, needs neither
network nor environments but freezes. Their JSON form is in
:mod:`~openstack_requirements.constraints.freeze_json`; what turns them into
constraints is in :mod:`~openstack_requirements.constraints.merging`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import RequirementsError
from openstack_requirements.pep508 import python_versions
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: What an installer needs for itself, and so is left out of constraints.
INSTALLER_NEEDS = frozenset(
    map(canonical_name, ("pip", "setuptools", "wheel", "distribute"))
)


class FreezeError(RequirementsError):
    """Freezes that cannot be merged."""


class Distribution(NamedTuple):
    """One installed distribution, from its own metadata (PEP 566, 639).

    ``requires`` holds ``Requires-Dist`` as written; ``license`` is the free
    text field, ``license_expression`` the SPDX one. ``described`` is false
    where only name and version are known, the name in canonical form or as
    the text of ``pip freeze`` has it.
    """

    name: str
    version: str
    requires: tuple[str, ...] = ()
    requires_python: str = ""
    license_expression: str = ""
    license: str = ""
    classifiers: tuple[str, ...] = ()
    described: bool = True


class Kept(NamedTuple):
    """A distribution whose installation failed, and its fallback pin.

    ``failed`` is the version that failed, where it is known; ``version`` the
    fallback pin, empty where the distribution is left out; ``installed``
    whether the version of the fallback pin was installed.
    """

    name: str
    failed: str
    version: str
    installed: bool
    reason: str

    def __str__(self) -> str:
        which = f"{self.name} {self.failed}".strip()
        if not self.version:
            fate = "it is left out"
        elif self.installed:
            fate = f"it is held at {self.version}"
        else:
            fate = f"it keeps its pin {self.version}, which is not tested"
        return f"{which}: {self.reason}; {fate}"


class Configuration(NamedTuple):
    """The configuration that decided, beside the list, which versions to use.

    ``files`` are the configuration files that the installer obeyed, each with
    those of its settings that can decide that; ``variables`` are the
    installer's environment variables, ``options`` those of the command.
    Secrets are masked in all of them.
    """

    files: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    variables: Mapping[str, str] = MappingProxyType({})
    options: Mapping[str, str] = MappingProxyType({})


class Freeze(NamedTuple):
    """One interpreter and what was installed for it.

    ``environment`` states every variable of PEP 508, or ``python_version``
    alone in a freeze from the text of ``pip freeze``; ``requested`` has the
    lines of the list; ``installer`` and ``method`` (``install`` or
    ``resolve``) say how the freeze was made. ``kept`` has the distributions
    that failed; one with a fallback pin is among the distributions as well.
    ``configuration`` is None in freezes of older toolkits, which did not
    record it.
    """

    python_version: str
    environment: Mapping[str, str]
    distributions: tuple[Distribution, ...]
    requested: tuple[str, ...] = ()
    installer: str = ""
    method: str = "install"
    kept: tuple[Kept, ...] = ()
    configuration: Configuration | None = None

    @property
    def python_key(self) -> tuple[int, ...]:
        """The order of freezes: 3.9 before 3.10."""
        return python_versions.python_key(self.python_version)

    def by_name(self) -> dict[CanonicalName, Distribution]:
        """The distributions by canonical name.

        :raises FreezeError: where it has two versions of a distribution.
        """
        result: dict[CanonicalName, Distribution] = {}
        for distribution in sorted(self.distributions):
            name = canonical_name(distribution.name)
            first = result.setdefault(name, distribution)
            if first.version != distribution.version:
                raise FreezeError(
                    f"Python {self.python_version} has two versions of "
                    f"{distribution.name}: {first.version} and "
                    f"{distribution.version}"
                )
        return result


def clone(
    freezes: Sequence[Freeze], version_map: Sequence[tuple[str, str]]
) -> tuple[list[Freeze], list[str]]:
    """The freezes with copies for Pythons that are not installed.

    :param version_map: source and target versions. They are followed in
        order, so that a target can be the source of a later one. A target
        that has a freeze of its own stays as it is.
    :returns: the freezes, and a warning for each source without a freeze.
    """
    by_python: dict[str, Freeze] = {}
    for freeze in freezes:
        by_python.setdefault(freeze.python_version, freeze)
    result = list(freezes)
    warnings = []
    for source, target in version_map:
        if target in by_python:
            continue
        original = by_python.get(source)
        if original is None:
            warnings.append(
                f"--version-map {source}:{target}: there is no freeze of "
                f"Python {source}, so nothing is copied"
            )
            continue
        environment = {
            **original.environment,
            "python_version": target,
            "python_full_version": f"{target}.0",
            "implementation_version": f"{target}.0",
        }
        copy = original._replace(
            python_version=target, environment=environment
        )
        result.append(copy)
        by_python[target] = copy
    return result, warnings


def respell(
    freezes: Iterable[Freeze], spelling: Mapping[CanonicalName, str]
) -> list[Freeze]:
    """The freezes with these spellings of names that metadata does not give.

    :param spelling: how to write names, by canonical name.
    """

    def respelled(distribution: Distribution) -> Distribution:
        if distribution.described:
            return distribution
        name = canonical_name(distribution.name)
        return distribution._replace(
            name=spelling.get(name, distribution.name)
        )

    return [
        freeze._replace(
            distributions=tuple(map(respelled, freeze.distributions))
        )
        for freeze in freezes
    ]
