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
"""What environment markers (PEP 508) mean.

Other packages import everything from here. :mod:`.tree` parses a marker,
:mod:`.evaluation` tests it with one environment, and :mod:`.algebra` compares
markers with each other: start there.

Two markers are equal when no environment tells them apart, whatever their
text. Nobody knows all Pythons and platforms, so that question needs a stated
set of environments, which :mod:`.environments` has; :mod:`.axes` lists what
they vary in. :mod:`.cases` finds the few that the markers in question tell
apart, with the values that :mod:`.candidates` finds in the markers
themselves. :mod:`.partial` and :mod:`.pythons` are about markers and the
Pythons in them. :mod:`.requires_python` and :mod:`.splitting` divide what a
marker selects by the Pythons that a release is for.

It imports the rest of ``pep508`` and ``errors``.
"""

from openstack_requirements.pep508.markers.algebra import (
    can_meet,
    combinations,
    compared_text,
    counterexample,
    disjoint,
    equivalent,
    implies,
    overlap,
    uncovered,
)
from openstack_requirements.pep508.markers.environments import (
    ANY,
    Environments,
)
from openstack_requirements.pep508.markers.evaluation import (
    VARIABLES,
    evaluate,
    require_known,
)
from openstack_requirements.pep508.markers.partial import given, on_python
from openstack_requirements.pep508.markers.pythons import (
    python_comparison,
    pythons_in,
)
from openstack_requirements.pep508.markers.requires_python import (
    PythonCondition,
    conditions,
    oldest_pythons,
    pythons_from,
)
from openstack_requirements.pep508.markers.splitting import Parts, split
from openstack_requirements.pep508.markers.tree import (
    ALWAYS,
    TOO_COMPLEX,
    BadMarker,
    Comparison,
    Joined,
    Tree,
    comparisons,
    parse,
)

__all__ = [
    "ALWAYS",
    "ANY",
    "TOO_COMPLEX",
    "VARIABLES",
    "BadMarker",
    "Comparison",
    "Environments",
    "Joined",
    "Parts",
    "PythonCondition",
    "Tree",
    "can_meet",
    "combinations",
    "compared_text",
    "comparisons",
    "conditions",
    "counterexample",
    "disjoint",
    "equivalent",
    "evaluate",
    "given",
    "implies",
    "oldest_pythons",
    "on_python",
    "overlap",
    "parse",
    "python_comparison",
    "pythons_from",
    "pythons_in",
    "require_known",
    "split",
    "uncovered",
]
