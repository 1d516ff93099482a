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

``against`` makes what to judge by from a repository's lists, ``subject``
what is judged from a project's entries, and ``judge`` the findings. Nothing
here opens a file: :mod:`openstack_requirements.project` reads a project.
"""

from openstack_requirements.checks.findings import Finding, Severity
from openstack_requirements.checks.judgement import RULES, Rule, judge
from openstack_requirements.checks.project_findings import ProjectFinding
from openstack_requirements.checks.subjects import (
    Against,
    Subject,
    against,
    subject,
)
from openstack_requirements.repository.policy import CLASSIC, CURRENT, Policy

__all__ = [
    "CLASSIC",
    "CURRENT",
    "RULES",
    "Against",
    "Finding",
    "Policy",
    "ProjectFinding",
    "Rule",
    "Severity",
    "Subject",
    "against",
    "judge",
    "subject",
]
