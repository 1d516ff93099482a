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
"""Requirement lines (PEP 508), for other programs.

``parse`` reads a whole file into requirements by canonical name,
``parse_line`` one line into a :class:`Requirement`, and ``to_content`` writes
them again. Lists keep the original line beside each requirement.
"""

from openstack_requirements.pep508.entries import (
    Entry,
    Requirements,
    normalize,
    parse,
    read_entries,
    to_content,
    to_dict,
    to_reqs,
)
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    Requirement,
    canonical_name,
)

__all__ = [
    "CanonicalName",
    "Entry",
    "Requirement",
    "Requirements",
    "canonical_name",
    "normalize",
    "parse",
    "parse_line",
    "read_entries",
    "to_content",
    "to_dict",
    "to_reqs",
]
