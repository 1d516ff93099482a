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
"""The lower bounds that a project keeps when its entries follow the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.pep508 import ranges
from openstack_requirements.pep508.specifiers import clauses
from openstack_requirements.pep508.version_sets import version_set
from openstack_requirements.pep508.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Sequence


def admitted_bounds(old: str, new: str) -> tuple[str, ...]:
    """The lower bounds of a project's entry, if the global one admits them.

    :param old: the specifiers of the project's entry.
    :param new: those of the global entry.
    """
    bounds = lower_bounds(old, new)
    if bounds and ranges.share_versions(",".join(bounds), new):
        return bounds
    return ()


def lower_bounds(old: str, new: str) -> tuple[str, ...]:
    """The lower bounds of a project's entry that the global one lacks.

    ``~=`` and ``==`` are lower bounds as well; their upper side comes from
    the list.

    :param old: the specifiers of the project's entry.
    :param new: those of the global entry.
    """
    bounds = []
    known = clauses(new)
    for operator, version in clauses(old):
        if (operator, version) in known or operator in {"!=", "<", "<="}:
            continue
        if operator in {">", ">="}:
            bounds.append(f"{operator}{version}")
            continue
        lowest = version.removesuffix(".*").partition("+")[0]
        if parse_version(lowest) is not None:  # "===" takes any text
            bounds.append(f">={lowest}")
    return tuple(bounds)


def strength(bounds: Sequence[str]) -> tuple[object, ...]:
    """A sort key for lower bounds; the strongest is the greatest."""
    known = [bound for bound in map(ranges.lower_bound, bounds) if bound]
    return tuple(max(known)) if known else ()


def with_bounds(specifiers: str, bounds: Sequence[str]) -> str:
    """The global list's specifiers with a project's lower bounds.

    Exclusions of versions below the bounds are left out.
    """
    if not bounds:
        return specifiers
    above = version_set(",".join(bounds))
    kept = {
        f"{operator}{version}"
        for operator, version in clauses(specifiers)
        if operator != "!=" or not above.issubset(version_set(f"!={version}"))
    }
    return ",".join(sorted({*kept, *bounds}))
