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
"""What other pins do to projects: which requirements they no longer satisfy.

The projects are read from their checkouts, and nothing of them runs.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks import findings, impact, install_rules
from openstack_requirements.checks.impact import Outcome
from openstack_requirements.checks.install_rules import ProjectAndLists
from openstack_requirements.checks.list_lines import listed
from openstack_requirements.errors import RequirementsError
from openstack_requirements.manifests import loader
from openstack_requirements.pep508.entries import read_entries

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from openstack_requirements.checks.findings import Verdict
    from openstack_requirements.checks.impact import ProjectImpact
    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.repository.policy import Policy


class JudgingLists(NamedTuple):
    """The lists that projects are judged by.

    :param required: the path of the global list, and ``entries`` its entries.
    :param pinned: the path of the constraints.
    """

    policy: Policy
    required: str
    entries: Sequence[Entry]
    never: Collection[CanonicalName]
    pinned: str


def of_pins(
    roots: Iterable[str], lists: JudgingLists, before: str, after: str
) -> list[ProjectImpact]:
    """What other constraints do to each project.

    :param roots: the folders of the projects.
    :param before: the text of the constraints as they are.
    :param after: their text as they would be.
    :raises BadContent: with the lines of the constraints that cannot be read.
    """
    required = listed(lists.required, lists.entries)
    old, new = (
        listed(
            lists.pinned, read_entries(text, lists.pinned, permit_urls=True)
        )
        for text in (before, after)
    )
    result = []
    for root in roots:
        try:
            project = loader.read_manifests(root)
            wanted, unread = install_rules.judged_requirements(
                project.declared,
                lists.never,
                partial(os.path.join, root),
                project.texts.keys(),
            )
            outcomes = [
                Outcome(
                    root,
                    _verdict(
                        root,
                        ProjectAndLists(
                            lists.policy, required, pinned, wanted, unread
                        ),
                    ),
                )
                for pinned in (old, new)
            ]
        except RequirementsError as error:
            outcomes = [Outcome(root, error=error)] * 2
        result.append(impact.compare(*outcomes))
    return result


def _verdict(root: str, subject: ProjectAndLists) -> Verdict:
    return findings.verdict(
        root, install_rules.judge(subject, bounds=False), judged=[]
    )
