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
"""What changes after a failed installation, so that the rest can go on.

A distribution that fails is first held at its fallback pin. Where that fails
too, or is what failed, the distribution is skipped: resolved, but not
installed. Where not even its metadata is available, it is excluded from the
resolution. :func:`after` decides; it starts nothing and changes nothing.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openstack_requirements.install.failures import Reason
    from openstack_requirements.pep508.requirement import CanonicalName

#: With more broken distributions than this, the index or the machine is.
MOST_BROKEN = 100
#: The kinds of failure that can be the fault of one distribution.
_OWN_FAULT = frozenset({"missing", "unsatisfiable", "build", "archive"})


class FirstFailure(NamedTuple):
    """How a distribution failed first.

    ``version`` is the version that failed, empty where it is not known.
    """

    version: str
    reason: Reason


class FallbackState(NamedTuple):
    """What was held, skipped and excluded after the attempts so far.

    :param held: the fallback pins of distributions that are held at them, in
        the order in which they were.
    :param skipped: what is resolved at its fallback pin, but not installed.
    :param excluded: what is left out of the resolution.
    :param failed: how each of these failed first.
    """

    held: Mapping[CanonicalName, str] = MappingProxyType({})
    skipped: frozenset[CanonicalName] = frozenset()
    excluded: frozenset[CanonicalName] = frozenset()
    failed: Mapping[CanonicalName, FirstFailure] = MappingProxyType({})


class Facts(NamedTuple):
    """What is known of an attempt that failed, besides the reason.

    :param fallback: the fallback pins.
    :param locked: the version that the lock has of each distribution; None
        where the failure came before there was a lock.
    :param locks: whether the installer can exclude what is not in the list.
        One without locks cannot.
    """

    fallback: Mapping[CanonicalName, str] = MappingProxyType({})
    locked: Mapping[CanonicalName, str] | None = None
    locks: bool = True


def after(
    state: FallbackState, reason: Reason, facts: Facts
) -> FallbackState | None:
    """The state of the next attempt; None where there is to be none.

    There is none where the failure is no distribution's fault, where its
    culprit is not known, where the culprit was skipped or excluded already,
    and where :data:`MOST_BROKEN` distributions have failed before.
    """
    name = _culprit(state, reason)
    if (
        not name
        or reason.kind not in _OWN_FAULT
        or name in state.excluded
        or name in state.skipped
        or len(state.failed) >= MOST_BROKEN
    ):
        return None
    locked = facts.locked or {}
    version = locked.get(name, pinned_version(reason.culprit))
    first = state.failed.get(name, FirstFailure(version, reason))
    failed = {**state.failed, name: first}
    fallback = facts.fallback.get(name)
    if (
        fallback is not None
        and fallback != version
        and name not in state.held
        and reason.kind != "missing"
    ):
        return state._replace(
            held=MappingProxyType({**state.held, name: fallback}),
            failed=MappingProxyType(failed),
        )
    held = {
        held_name: pin
        for held_name, pin in state.held.items()
        if held_name != name
    }
    if facts.locked is not None and fallback is not None:
        return state._replace(
            held=MappingProxyType(held),
            skipped=state.skipped | {name},
            failed=MappingProxyType(failed),
        )
    excluded = state.excluded | {name}
    if not facts.locks and first.reason.required_by:
        # What is not in the list is required by an entry of the list.
        listed = name_of(first.reason.required_by[-1])
        excluded |= {listed}
        held.pop(listed, None)
        failed[listed] = FirstFailure("", reason)
    return FallbackState(
        MappingProxyType(held),
        state.skipped,
        excluded,
        MappingProxyType(failed),
    )


def _culprit(state: FallbackState, reason: Reason) -> CanonicalName:
    """The distribution that has to change; empty where none is known."""
    if reason.kind == "unsatisfiable" and state.held:
        # What was held last is not compatible with the rest.
        return [*state.held][-1]
    if reason.rivals:
        return canonical_name("")
    return name_of(reason.culprit)


def name_of(requirement: str) -> CanonicalName:
    """The name of a requirement as installers write it."""
    return canonical_name(re.split(r"[=<>!~\[ @;\n]", requirement)[0])


def pinned_version(requirement: str) -> str:
    """The version that a requirement pins; empty where it pins none."""
    return requirement.partition("==")[2].removeprefix("=")
