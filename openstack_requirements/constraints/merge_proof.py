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
"""What must be true of merged constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints.merge_pins import overlapping
from openstack_requirements.pep508 import markers
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.specifiers import admits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from openstack_requirements.constraints.merge_items import ListItem
    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import CanonicalName


class AdmittedVersions(NamedTuple):
    """The global list that every pin has to be within.

    :param file: its name, for reasons.
    :param prereleases: whether an entry admits a pre-release that it does
        not mention.
    """

    file: str
    entries: Mapping[CanonicalName, Sequence[Entry]]
    prereleases: bool = True


def admitted_by(
    entries: Iterable[Entry], file: str, *, prereleases: bool = True
) -> AdmittedVersions:
    """What a global list admits.

    :param entries: its entries, as ``read_entries`` gives them.
    """
    by_name: dict[CanonicalName, list[Entry]] = {}
    for entry in entries:
        if entry.requirement is not None and entry.requirement.package:
            name = canonical_name(entry.requirement.package)
            by_name.setdefault(name, []).append(entry)
    return AdmittedVersions(file, by_name, prereleases)


class PinProblem(NamedTuple):
    """What is wrong with lines of one distribution, the last one first."""

    items: tuple[ListItem, ...]
    reason: str


def wrong_pins(
    items: Sequence[ListItem], admitted: AdmittedVersions | None
) -> Iterator[PinProblem]:
    """What is wrong with the pins of one distribution.

    :param items: its lines.
    :param admitted: the global list, if there is one.
    """
    for index, item in enumerate(items):
        for first in items[:index]:
            reason = overlapping([first.marker, item.marker])
            if reason:
                yield PinProblem((item, first), reason)
        requirement = item.requirement
        if requirement is None or requirement.location:
            continue
        if item.pin is None:
            yield PinProblem((item,), "not an exact version")
            continue
        reason = _not_admitted(item, item.pin, admitted)
        if reason:
            yield PinProblem((item,), reason)


def _not_admitted(
    item: ListItem, version: str, admitted: AdmittedVersions | None
) -> str:
    """Why the global list does not admit a pin; empty where it does.

    Where no entry applies, the list requires nothing.
    """
    if admitted is None:
        return ""
    refusing = []
    for entry in admitted.entries.get(item.name, ()):
        requirement = entry.requirement
        assert requirement is not None
        if not markers.can_meet(item.marker, requirement.markers):
            continue
        if admits(
            requirement.specifiers, version, prereleases=admitted.prereleases
        ):
            return ""
        refusing.append(requirement.specifiers or "no pre-release")
    if not refusing:
        return ""
    return f"{admitted.file} admits {' or '.join(refusing)}"
