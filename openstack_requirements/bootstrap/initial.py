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
"""Makes a new requirements repository from a proposed list.

The list is resolved and then installed for each Python. What can be resolved
but not installed here keeps the resolved pin, and a person is told.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.bootstrap import repository_files
from openstack_requirements.bootstrap.decisions import Decision
from openstack_requirements.bootstrap.repository_files import RepositoryDraft
from openstack_requirements.checks import list_rules
from openstack_requirements.checks.list_lines import listed
from openstack_requirements.errors import UnusableInput
from openstack_requirements.install import interpreters
from openstack_requirements.pep508.entries import names_in, read_entries
from openstack_requirements.repository import generation, policy
from openstack_requirements.system import children

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openstack_requirements.checks.findings import Finding
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.repository.generation import (
        Failed,
        Listener,
        Result,
    )
    from openstack_requirements.repository.policy import Policy


class InitialRequest(NamedTuple):
    """What a new repository is to be, beside the list.

    :param pythons: interpreters as the user names them.
    :param never: the text of the never-constrain list.
    :param toolkit: what pip installs to have the toolkit.
    :param systems: those of ``repository_files.SYSTEMS`` to write jobs for.
    :param timeout: how long a request to the index may take, in seconds.
    """

    pythons: Sequence[str]
    policy: Policy
    never: str
    toolkit: str
    systems: Sequence[str]
    timeout: int | None


class InitialRepository(NamedTuple):
    """The files of a new repository, by path, and what is left to do.

    :param decisions: about what could not be installed here.
    :param findings: what its own validation finds: only what a list that was
        given brings in.
    """

    files: dict[str, str]
    decisions: list[Decision]
    findings: list[Finding]


def make(
    request: InitialRequest, content: str, listener: Listener
) -> InitialRepository:
    """A new repository for a list.

    :param content: the text of the list.
    :raises UnusableInput: where nothing is listed, or an interpreter cannot
        be used.
    :raises InstallFailed: where the list cannot be resolved or installed.
    :raises OutsideError: where an environment cannot be made.
    """
    required = listed(
        repository_files.LIST, read_entries(content, repository_files.LIST)
    )
    if not required.by_name:
        raise UnusableInput(
            "--init", "the projects require nothing that can be listed"
        )
    with children.of_job("bootstrap-requirements") as started:
        pythons = interpreters.find_all(request.pythons, started)
        versions = [interpreter.version for interpreter in pythons]
        result = _generated(request, content, started.work, listener)
    pinned = listed(
        repository_files.CONSTRAINTS,
        read_entries(result.content, repository_files.CONSTRAINTS),
    )
    never = names_in(request.never, repository_files.NEVER)
    skipped = {name.lower() for name in result.skipped}
    unpinned: dict[CanonicalName, str] = {}
    for name, entries in required.by_name.items():
        if name in pinned.by_name or name in never | policy.EXEMPT:
            continue
        markers = entries[0].requirement.markers
        unpinned[name] = (
            "it cannot be installed here; see whether it can be constrained"
            if name in skipped or not markers
            else f"is installed on no Python here: {markers}"
        )
    findings = list_rules.judge(
        list_rules.JudgedLists(
            request.policy,
            required,
            pinned,
            repository_files.NEVER,
            never | unpinned.keys(),
        )
    )
    draft = RepositoryDraft(
        request.policy.name,
        versions,
        content,
        result.content,
        request.never,
        unpinned,
        request.toolkit,
        request.systems,
    )
    return InitialRepository(
        repository_files.render(draft),
        list(map(_decision, result.failed)),
        findings,
    )


def _generated(
    request: InitialRequest, content: str, folder: str, listener: Listener
) -> Result:
    """The constraints: resolved first, then installed.

    :param folder: for files of this job.
    """
    required, never, resolved = (
        os.path.join(folder, name)
        for name in (
            repository_files.LIST,
            repository_files.NEVER,
            repository_files.CONSTRAINTS,
        )
    )
    _write(required, content)
    _write(never, request.never)
    order = generation.Request(
        pythons=request.pythons,
        requirements=required,
        never=never,
        timeout=request.timeout,
        keep_going=True,
        resolve_only=True,
    )
    _write(resolved, generation.generate(order, listener).content)
    return generation.generate(
        generation.Request(
            pythons=request.pythons,
            requirements=required,
            never=never,
            timeout=request.timeout,
            keep_going=True,
            previous=resolved,
        ),
        listener,
    )


def _write(path: str, content: str) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(content)


def _decision(failed: Failed) -> Decision:
    """What a person should know of a distribution that failed."""
    return Decision(
        failed.kept.name, "not-installed", "; ".join(_sentences(failed))
    )


def _sentences(failed: Failed) -> Iterator[str]:
    fate = str(failed.kept).partition(": ")[2]
    yield f"on Python {', '.join(failed.pythons)}: {fate}"
    if failed.packages:
        yield f"install {', '.join(failed.packages)}"
    yield f"the whole output: {failed.failure.log}"
