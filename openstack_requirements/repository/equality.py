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
"""Whether requirements of a package mean the same, however written."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from openstack_requirements.pep508 import markers
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)
from openstack_requirements.pep508.version_sets import version_set

if TYPE_CHECKING:
    from openstack_requirements.pep508.requirement import Requirement


def extras_of(requirement: Requirement) -> frozenset[CanonicalName]:
    """The extras of a requirement, by canonical name."""
    return frozenset(map(canonical_name, requirement.extras))


def same_requirement(first: Requirement, second: Requirement) -> bool:
    """Whether two requirements of a package mean the same."""
    return (
        extras_of(first) == extras_of(second)
        and first.location == second.location
        and same_marker(first.markers, second.markers)
        and same_specifiers(first.specifiers, second.specifiers)
    )


def same_specifiers(first: str, second: str) -> bool:
    """Whether two specifier sets admit the same versions."""
    return first == second or version_set(first) == version_set(second)


@lru_cache(maxsize=4096)
def same_marker(first: str, second: str) -> bool:
    """Whether two markers hold in the same environments."""
    if first == second:
        return True
    if not first or not second:
        # A marker that always holds is too rare for a slow import.
        return False
    try:
        return markers.equivalent(first, second)
    except markers.BadMarker:
        return False
