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

from __future__ import annotations

from typing import TYPE_CHECKING

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
from openstack_requirements.pep508.specifiers import clause_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "CanonicalName",
    "Entry",
    "Requirement",
    "Requirements",
    "canonical_name",
    "check_reqs_bounds_policy",
    "key_specifier",
    "normalize",
    "parse",
    "parse_line",
    "parse_lines",
    "read_entries",
    "to_content",
    "to_dict",
    "to_req",
    "to_reqs",
]


def to_req(
    line: str, permit_urls: bool = False
) -> tuple[Requirement | None, str]:
    """One step of :func:`to_reqs`: the requirement of a line, and the line.

    :raises BadLine: where it cannot be read.
    """
    ((requirement, text),) = to_reqs(line or "\n", permit_urls)
    return requirement, line if not line else text


def parse_lines(
    lines: Iterable[str], permit_urls: bool = False
) -> dict[CanonicalName, list[tuple[Requirement, str]]]:
    """What :func:`parse` gives, of lines with or without their ends.

    :raises BadLine: at the first line that cannot be read.
    """
    return to_dict(to_req(line, permit_urls) for line in lines)


def key_specifier(specifier: object) -> tuple[object, ...]:
    """The key by which the normal form sorts the clauses of a specifier set.

    :param specifier: a clause such as ``>=1.0``, as text or as one of
        ``packaging``'s objects.
    :raises BadLine: where it is no clause.
    """
    (clause,) = parse_line(f"name{specifier}").clauses
    return clause_key(clause)


def check_reqs_bounds_policy(
    global_reqs: Mapping[
        CanonicalName, Iterable[Requirement | tuple[Requirement, str]]
    ],
) -> Iterator[str]:
    """The entries of a global list whose bounds its policy does not allow.

    :param global_reqs: what :func:`parse` gives, or
        :func:`openstack_requirements.check.get_global_reqs`.
    """
    # It needs much more than reading lines does.
    from openstack_requirements.checks import published_job

    yield from published_job.bounds_problems(
        {
            name: [
                entry if isinstance(entry, Requirement) else entry[0]
                for entry in group
            ]
            for name, group in global_reqs.items()
            if name
        }
    )
