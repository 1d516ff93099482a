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
"""The verdict on a project, for other programs.

Scripts written for the older toolkit call :func:`get_global_reqs`,
:class:`RequirementsList` and :func:`validate`.

``against`` makes what to judge by from a repository's lists, ``subject``
what is judged from a project's entries, and ``judge`` the findings. Nothing
here opens a file: :mod:`openstack_requirements.project` reads a project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.checks import published_job
from openstack_requirements.checks.findings import Finding, Severity
from openstack_requirements.checks.judgement import RULES, Rule, judge
from openstack_requirements.checks.project_findings import ProjectFinding
from openstack_requirements.checks.published_job import get_global_reqs
from openstack_requirements.checks.subjects import (
    Against,
    Subject,
    against,
    subject,
)
from openstack_requirements.repository.policy import CLASSIC, CURRENT, Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )

__all__ = [
    "CLASSIC",
    "CURRENT",
    "RULES",
    "Against",
    "Finding",
    "Policy",
    "ProjectFinding",
    "RequirementsList",
    "Rule",
    "Severity",
    "Subject",
    "against",
    "get_global_reqs",
    "judge",
    "subject",
    "validate",
]


class RequirementsList(published_job.RequirementsList):
    """The requirements of a project, as scripts of the older toolkit have it.

    ``reqs_by_file`` has the requirements by file and canonical name once
    :meth:`process` was called, ``reqs`` those of all files, and ``failed``
    says whether something is wrong with how they are written.
    """

    def process(self, strict: bool = True) -> None:
        """Read the requirements, and print what is wrong with them.

        :param strict: whether an entry may stand there only once, as on any
            branch but a stable one; :func:`validate` judges that.
        """
        _print(self.problems(strict=strict))


def validate(
    head_reqs: RequirementsList,
    denylist: Iterable[str],
    global_reqs: Mapping[CanonicalName, Sequence[Requirement]],
    backports: Iterable[str],
) -> bool:
    """Judge a project's requirements by the lists; print what is wrong.

    :param head_reqs: the requirements, processed.
    :param denylist: the names that are never constrained.
    :param global_reqs: from :func:`get_global_reqs`.
    :param backports: the names of backports of the standard library.
    :returns: whether something is wrong.
    """
    return _print(
        published_job.problems(head_reqs, denylist, global_reqs, backports)
    )


def _print(problems: list[str]) -> bool:
    for problem in problems:
        print(problem)
    return bool(problems)
