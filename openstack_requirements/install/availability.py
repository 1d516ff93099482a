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
"""What the package index has of a distribution, as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from openstack_requirements.constraints.freeze import Distribution


class Availability(NamedTuple):
    """What an index has of a distribution for one Python.

    :param candidate: the number of the first candidate that is met, or how
        many there are where none is.
    :param distribution: what meets it; None where nothing does.
    :param trouble: why nothing does.
    """

    candidate: int
    distribution: Distribution | None
    trouble: str = ""
