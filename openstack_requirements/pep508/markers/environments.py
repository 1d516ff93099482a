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
"""Stated sets of environments, over which markers are compared.

Nobody knows every Python and platform, so each question about markers is
asked over a stated set. A set is the product of its axes, see
:mod:`~openstack_requirements.pep508.markers.axes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.pep508.markers.axes import AXES, PYTHON, Axis
from openstack_requirements.pep508.markers.cases import Cases

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Environments:
    """A stated set of environments: all combinations of rows of its axes.

    Use :data:`ANY`, :meth:`of` or :meth:`on_pythons`.
    """

    def __init__(self, axes: Iterable[Axis]) -> None:
        self.axes = tuple(axes)

    def __repr__(self) -> str:
        names = (name for axis in self.axes for name in axis.variables)
        return f"<Environments of {', '.join(names)}>"

    @classmethod
    def of(cls, environments: Iterable[Mapping[str, str]]) -> Environments:
        """Exactly these environments, each with a value for each variable.

        :raises ValueError: where they do not have the same variables.
        """
        stated = [dict(sorted(values.items())) for values in environments]
        variables = tuple(stated[0]) if stated else ()
        if any(tuple(values) != variables for values in stated):
            raise ValueError("environments with different variables")
        rows = tuple(tuple(values.values()) for values in stated)
        return cls([Axis(variables, rows)])

    @classmethod
    def on_pythons(cls, versions: Iterable[str]) -> Environments:
        """Any environment whose ``python_version`` is one of these."""
        return cls.on_rows((version, f"{version}.0") for version in versions)

    @classmethod
    def on_rows(cls, pythons: Iterable[tuple[str, ...]]) -> Environments:
        """Any environment with one of these Pythons.

        :param pythons: ``python_version`` and ``python_full_version`` of each.
        """
        axis = Axis(PYTHON.variables, tuple(pythons))
        return cls([axis, *(axis for axis in AXES if axis != PYTHON)])

    def cases(self, markers: Sequence[str]) -> Cases:
        """The kinds of environments that markers tell apart.

        :raises BadMarker: where a marker has no meaning, compares a variable
            that the environments do not have, or is too complex.
        """
        return Cases(self.axes, markers)


#: All environments that there are, as far as is known, and those that
#: markers mention.
ANY = Environments(AXES)
