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
"""Which upgrades are made together, and in which order they are tested.

Some upgrades only work together, and none of them is a culprit because it
fails alone. What they require of each other tells which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.install.culprits import Batch
    from openstack_requirements.pep508.requirement import CanonicalName


def ordered(
    names: Collection[CanonicalName],
    needs: Mapping[CanonicalName, Collection[CanonicalName]],
) -> list[Batch]:
    """Upgrades in an order in which they can be tested one after the other.

    :param needs: for each upgrade, which others it cannot do without. Those
        that need each other become one batch.
    """
    reached = {name: _reached(name, names, needs) for name in names}
    result = {
        tuple(
            sorted(
                {
                    name,
                    *(
                        needed
                        for needed in reached[name]
                        if name in reached[needed]
                    ),
                }
            )
        )
        for name in names
    }
    # What an upgrade needs reaches less than it does itself.
    return sorted(
        result, key=lambda batch: (len(reached[batch[0]] | {*batch}), batch)
    )


def _reached(
    name: CanonicalName,
    names: Collection[CanonicalName],
    needs: Mapping[CanonicalName, Collection[CanonicalName]],
) -> set[CanonicalName]:
    """The names that a name needs, directly or through others."""
    reached: set[CanonicalName] = set()
    waiting = [name]
    while waiting:
        for needed in needs.get(waiting.pop(), ()):
            if needed in names and needed not in reached:
                reached.add(needed)
                waiting.append(needed)
    return reached


def demands(
    freeze: Freeze,
    names: Collection[CanonicalName],
    versions: Mapping[CanonicalName, str],
) -> Iterator[tuple[CanonicalName, CanonicalName]]:
    """Which of the names require which others in another version.

    :param versions: the version that each would have.
    :returns: pairs of what requires and what does not satisfy it. Markers
        are not looked at: a pair too many only makes a batch larger.
    """
    from openstack_requirements.constraints import graph
    from openstack_requirements.pep508 import ranges  # not for all searches

    for name, distribution in freeze.by_name().items():
        if name not in names:
            continue
        for text in distribution.requires:
            requirement = graph.read(text).requirement
            if requirement is None:
                continue
            required = canonical_name(requirement.package)
            if (
                required != name
                and required in names
                and required in versions
                and not ranges.admits(
                    requirement.specifiers, versions[required]
                )
            ):
                yield name, required
