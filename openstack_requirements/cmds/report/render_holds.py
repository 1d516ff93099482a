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
"""Requirements, and what holds a version back, as text and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from openstack_requirements.constraints.graph import Demand
    from openstack_requirements.constraints.reasons import Hold


def demand_data(demand: Demand) -> dict[str, Any]:
    """A demand as JSON data; the owner is null where the list requires it."""
    return {
        "owner": demand.owner or None,
        "owner_version": demand.owner_version or None,
        "requirement": demand.text,
        "specifiers": demand.specifiers,
        "marker": demand.marker or None,
        "applies": demand.applies,
        "problem": demand.problem or None,
    }


def hold_data(hold: Hold) -> dict[str, Any]:
    """A hold as JSON data."""
    return {
        "name": hold.name,
        "version": hold.version,
        "newest": hold.newest or None,
        "by": list(map(demand_data, hold.by)),
        "requires_python": hold.requires_python or None,
        "pythons": list(hold.pythons),
        "requires": [
            {
                **demand_data(unmet.demand),
                "pinned": unmet.pinned,
                "built": unmet.built,
            }
            for unmet in hold.requires
        ],
        "source": hold.source or None,
        "binding": hold.binding,
        "recorded": [recorded._asdict() for recorded in hold.recorded],
    }


def because(hold: Hold, show: Callable[[str], str]) -> str:
    """What holds a distribution back.

    :param show: marks a requirement, or a version, as one.
    """
    owners = ", ".join(
        f"{show(demand.text)} of {owner(demand, show)}" for demand in hold.by
    )
    if not hold.newest:
        return owners
    reasons = [f"kept away by {owners}"] if owners else []
    reasons += [
        f"held at {show(recorded.text)} by {recorded.file}:{recorded.line}"
        for recorded in hold.recorded
    ]
    if hold.requires_python:
        reasons.append(f"needs Python {show(hold.requires_python)}")
    if hold.requires:
        reasons.append(_its_own(hold, show))
    if not reasons:
        reasons = ["nothing in the freezes says why not"]
    return f"{show(hold.newest)} is newer: {' and '.join(reasons)}"


def owner(demand: Demand, show: Callable[[str], str]) -> str:
    """Who requires it: a distribution, or the list, which is plain text."""
    return show(demand.who) if demand.owner else demand.who


def _its_own(hold: Hold, show: Callable[[str], str]) -> str:
    """The requirements of the newer version that the pins do not meet."""
    requirements = ", ".join(
        f"{show(unmet.demand.text)} ({show(unmet.pinned)} is pinned)"
        for unmet in hold.requires
    )
    text = f"it requires {requirements}"
    if hold.source == "PKG-INFO":
        text += " by its PKG-INFO"
        if not hold.binding:
            text += ", which a build may change"
    disagreeing = [
        show(unmet.built) if unmet.built else f"no {unmet.demand.name}"
        for unmet in hold.requires
        if unmet.built is not None and unmet.built != unmet.demand.text
    ]
    if disagreeing:
        text += f"; a wheel built from it requires {', '.join(disagreeing)}"
    return text
