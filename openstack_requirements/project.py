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
"""Projects and what they declare, for other programs.

``read`` loads a checkout without running any of it: its requirements files,
``setup.cfg`` and ``pyproject.toml`` (PEP 518, 621, 735) become entries with
their places. ``edit`` changes entries in place, and ``write`` replaces the
files.
"""

from __future__ import annotations

from openstack_requirements.checks import published_job
from openstack_requirements.manifests.declarations import Declared
from openstack_requirements.manifests.edits import apply as edit
from openstack_requirements.manifests.loader import Project, read, write

__all__ = [
    "Declared",
    "Project",
    "edit",
    "read",
    "verify_pyproject_toml",
    "write",
]


def verify_pyproject_toml(root: str) -> bool:
    """Whether ``pyproject.toml`` says how the project is built (PEP 517).

    What is wrong is printed.

    :raises UnusableInput: where there is no such folder.
    :raises UnusableProject: with what is wrong with each of its files.
    """
    problems = published_job.build_problems(read(root))
    for problem in problems:
        print(problem)
    return not problems
