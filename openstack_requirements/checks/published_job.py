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
"""The steps of the published requirements job, one call each.

The job's script, and others like it, import these steps by name: read a
project's requirements, judge their style, judge them by the lists. They are
the rules of :mod:`.judgement`, in the parts that such a script calls one
after the other, so that its verdict is that of ``check-requirements``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.checks import judgement, project_rules
from openstack_requirements.errors import printable
from openstack_requirements.pep508.entries import Entry, read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository import policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from openstack_requirements.checks.findings import Finding
    from openstack_requirements.checks.subjects import Against
    from openstack_requirements.manifests.loader import Project
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )
    from openstack_requirements.repository.policy import Policy

#: The rules that need no list. Duplicates are not among them: the packages of
#: the never-constrain list may be there twice.
STYLE = frozenset(("unreadable-entry", "unreviewed-line"))
#: The rules about how a project is built.
BUILD = frozenset(("build-system",))


def get_global_reqs(content: str) -> dict[CanonicalName, list[Requirement]]:
    """The requirements of a global list's text, by canonical name.

    :raises BadContent: with all the lines that cannot be read.
    """
    requirements: dict[CanonicalName, list[Requirement]] = {}
    for entry in read_entries(content):
        requirement = entry.requirement
        if requirement is not None and requirement.package:
            name = canonical_name(requirement.package)
            requirements.setdefault(name, []).append(requirement)
    return requirements


class RequirementsList:
    """The requirements of a project, as the published job handles them.

    :param name: what messages call it, for example ``HEAD``.
    :param project: from :func:`openstack_requirements.project.read`.
    """

    def __init__(self, name: str, project: Project) -> None:
        self.name = name
        self.project = project
        #: Whether :meth:`process` met something that is wrong.
        self.failed = False
        #: The requirements by file (or extra, or group) and canonical name.
        self.reqs_by_file: dict[
            str, dict[CanonicalName, set[Requirement]]
        ] = {}
        self.strict = True

    @property
    def reqs(self) -> dict[CanonicalName, set[Requirement]]:
        """The requirements of all files by canonical name."""
        merged: dict[CanonicalName, set[Requirement]] = {}
        for requirements in self.reqs_by_file.values():
            for name, group in requirements.items():
                merged.setdefault(name, set()).update(group)
        return merged

    def problems(self, *, strict: bool) -> list[str]:
        """Fill in the requirements, and judge their style.

        :param strict: whether an entry may stand there only once, as on any
            branch but a stable one; :func:`problems` judges that.
        """
        self.strict = strict
        self.reqs_by_file = {}
        for entry in self.project.declared:
            requirement = entry.requirement
            if requirement is None or not requirement.package:
                continue
            place = entry.file
            if entry.section:
                place = f"{place} [{entry.section}]"
            self.reqs_by_file.setdefault(place, {}).setdefault(
                canonical_name(requirement.package), set()
            ).add(requirement)
        lists = judgement.against(policy.CURRENT, "", ())
        errors = list(_errors(self, lists, STYLE))
        self.failed = bool(errors)
        return errors


def problems(
    requirements: RequirementsList,
    denylist: Iterable[str],
    global_reqs: Mapping[CanonicalName, Sequence[Requirement]],
    backports: Iterable[str],
) -> list[str]:
    """What is wrong with a project's requirements, by the lists.

    :param denylist: the names that are never constrained, for example the
        keys of what :func:`~openstack_requirements.requirement.parse` gives.
    :param global_reqs: from :func:`get_global_reqs`. Which policy counts is
        read off it: it is classic where most entries have a ``>=``.
    :param backports: the names of backports of the standard library.
    """
    entries = [
        Entry(number, requirement.to_line(), requirement)
        for number, requirement in enumerate(
            (entry for group in global_reqs.values() for entry in group), 1
        )
    ]
    lists = judgement.against(
        policy_of(global_reqs),
        "global-requirements.txt",
        entries,
        frozenset(map(canonical_name, denylist)),
        frozenset(map(canonical_name, backports)),
    )
    judged = {rule.id for rule in judgement.RULES} - STYLE - BUILD
    return list(_errors(requirements, lists, judged))


def build_problems(project: Project) -> list[str]:
    """What is wrong with how pbr builds a project, as PEP 517 has it."""
    lists = judgement.against(
        policy.CURRENT, "", (), build_backend=project_rules.PBR
    )
    return list(_errors(RequirementsList("", project), lists, BUILD))


def policy_of(
    global_reqs: Mapping[CanonicalName, Iterable[Requirement]],
) -> Policy:
    """The policy that a global list keeps, by its bounds."""
    return policy.find(
        [entry for group in global_reqs.values() for entry in group],
        denylist=False,
    )


def bounds_problems(
    global_reqs: Mapping[CanonicalName, Iterable[Requirement]],
) -> Iterator[str]:
    """The entries of a global list whose bounds its policy does not allow."""
    kept = policy_of(global_reqs)
    for group in global_reqs.values():
        for requirement in group:
            problem = kept.bound_problem(requirement)
            if problem is not None:
                yield printable(f"{requirement.package}: {problem}")


def _errors(
    requirements: RequirementsList, lists: Against, rules: Iterable[str]
) -> Iterator[str]:
    project = requirements.project
    subject = judgement.subject(
        lists,
        project.texts,
        project.declared,
        "master" if requirements.strict else "stable/",
    )
    kept = frozenset(rules)
    for result in judgement.find(subject):
        if result.finding.severity == "error" and result.finding.rule in kept:
            yield printable(_sentence(result.finding))


def _sentence(finding: Finding) -> str:
    place = ":".join(str(part) for part in finding[3:5] if part is not None)
    return f"{place}: {finding.message} [{finding.rule}]"
