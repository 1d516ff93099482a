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
"""Which changes of an update are due, and which a project may do without.

Under the classic policy a project has what the global list has, and each
change is due. Under the current policy a project may exclude less than the
list and choose some of its markers: what ``check-requirements`` passes is in
step, and only changes where it finds an error are due. Nothing here opens a
file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks import verdicts
from openstack_requirements.manifests import declarations
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openstack_requirements.checks.project_findings import ProjectFinding
    from openstack_requirements.checks.verdicts import CheckRequest
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.repository.update import (
        EntryChange,
        FilePlan,
        Plan,
    )


class DueChanges(NamedTuple):
    """The changes of an update that are due.

    ``files`` has the files with such changes, each with those alone;
    ``further`` is how many other changes the update would make.
    """

    files: tuple[FilePlan, ...]
    further: int


def due_changes(request: CheckRequest, name: str, plan: Plan) -> DueChanges:
    """The changes of an update without which the project would not pass.

    :param name: what waivers call the project.
    """
    if request.criteria.against.policy.bounds_in_list:
        return DueChanges(plan.due, 0)
    texts = {file.path: file.old for file in plan.files}
    declared = declarations.read(texts)
    checkout = verdicts.Checkout(plan.root, name, texts, declared)
    faulty = _faulty(verdicts.reported(request, checkout), declared)
    files, further = [], 0
    for file in plan.due:
        changes = tuple(
            change
            for change in file.changes
            if (file.path, *_place(change)) in faulty
        )
        further += len(file.changes) - len(changes)
        if changes:
            files.append(file._replace(changes=changes))
    return DueChanges(tuple(files), further)


def _faulty(
    findings: Iterable[ProjectFinding], declared: Iterable[Declared]
) -> set[tuple[str, int, str, CanonicalName]]:
    """The entries of all packages that are wrong where they stand.

    The entries for a package in one place are right or wrong together.
    """
    wrong = {
        (
            entry.file,
            entry.kind,
            entry.section,
            canonical_name(row.finding.package or ""),
        )
        for row in findings
        if row.finding.severity == "error" and (entry := row.entry) is not None
    }
    faulty = set()
    for entry in declared:
        if entry.requirement is None:
            continue
        name = canonical_name(entry.requirement.package)
        place = (entry.file, entry.kind, entry.section)
        # An item that includes a group stands for any package of it.
        if {(*place, name), (*place, canonical_name(""))} & wrong:
            faulty.add((entry.file, entry.line, entry.section, name))
    return faulty


def _place(change: EntryChange) -> tuple[int, str, CanonicalName]:
    requirement = parse_line(change.old or change.new)
    return change.line, change.section, canonical_name(requirement.package)
