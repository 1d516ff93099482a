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
"""Versions that a list resolves to, as lower bounds for a first list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.bootstrap.bounds import lower
from openstack_requirements.bootstrap.decisions import Decision
from openstack_requirements.install import freezer
from openstack_requirements.install.failures import InstallFailed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from openstack_requirements.install.index import Announce
    from openstack_requirements.pep508.requirement import CanonicalName


def lowest(
    request: freezer.FreezeRequest,
    unbound: Mapping[CanonicalName, Collection[str]],
    announce: Announce,
) -> tuple[dict[CanonicalName, str], list[Decision]]:
    """The version that a list resolves to for each of some distributions.

    The lowest among the Pythons, so that all of them can have it, and one
    that suits all requirements. A list that does not resolve is a decision.

    :param request: the list, and the interpreters to resolve it for.
    :param unbound: the distributions, each with the Pythons that count.
    :raises InstallFailed: where the index or the disk fails.
    """
    try:
        freezes = freezer.make(request, announce).freezes
    except InstallFailed as error:
        if error.reason.kind in {"index", "disk"}:
            raise
        return {}, [
            Decision(
                "the list",
                "not-together",
                f"Python {error.interpreter}: {error.reason.what} "
                f"(see {error.log})",
                tuple(map(_rival, error.reason.rivals)),
            )
        ]
    versions: dict[CanonicalName, str] = {}
    for freeze in freezes:
        for name, distribution in freeze.by_name().items():
            if freeze.python_version in unbound.get(name, ()):
                known = versions.setdefault(name, distribution.version)
                versions[name] = lower(known, distribution.version)
    return versions, []


def _rival(text: str) -> tuple[str, str]:
    """Who requires what, of ``foo<2 by bar``."""
    requirement, _, by = text.partition(" by ")
    return by, requirement
