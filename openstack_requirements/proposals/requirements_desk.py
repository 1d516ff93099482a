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
"""What it takes to propose changes of a requirements repository."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import ConflictingOptions, UnusableInput
from openstack_requirements.proposals import sources
from openstack_requirements.proposals.constraints_job import ConstraintsJob
from openstack_requirements.proposals.forges import registry
from openstack_requirements.proposals.propose import Desk
from openstack_requirements.proposals.sources import Sources
from openstack_requirements.system import git_repository, git_scratch
from openstack_requirements.system.git_command import Git
from openstack_requirements.system.git_scratch import ScratchRepository
from openstack_requirements.system.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class DeskRequest(NamedTuple):
    """Where the repository and its forge are.

    :param reqs: the folder of the repository; its work tree is not read.
    :param project: what the forge calls it, ``org/name``; empty for the end
        of the address that its checkout calls origin.
    :param clone: where git reaches it, a template; or empty.
    :param branch: the branch to change; empty for the default one.
    :param push: whether anything may be changed outside.
    """

    reqs: str
    forge: str
    forge_url: str
    project: str
    clone: str
    branch: str
    push: bool


def job(
    request: DeskRequest,
    folder: str,
    environ: Mapping[str, str],
    warn: Callable[[str], object],
) -> ConstraintsJob:
    """What proposes changes of the constraints.

    :param folder: a folder of the job.
    :param environ: the variables that may have credentials.
    :param warn: is told what is unusual.
    :raises RequirementsError: where the repository, its forge or its name is
        not known.
    """
    clone = request.clone
    if clone:
        sources.require_template(clone)
        clone = sources.absolute(clone)
    processes = Processes(folder)
    forge = registry.make(request.forge, request.forge_url, environ, warn)
    git = _git(request.reqs or os.curdir, processes)
    project = request.project or _project(git)
    remote = forge.remote(project) or sources.remote_of(
        Sources("", clone), project, git
    )
    repository = ScratchRepository(
        os.path.join(folder, "scratch"),
        git.top if git is not None else "",
        processes,
    )
    desk = Desk(
        forge, repository, remote, git_scratch.identity(), request.push
    )
    return ConstraintsJob(desk, project, request.branch, folder, request.reqs)


def _git(folder: str, processes: Processes) -> Git | None:
    """Git in a checkout; None where there is none.

    :raises OutsideError: where the folder is not the top of one.
    """
    if git_repository.find(os.path.realpath(folder)) is None:
        return None
    return sources.opened(folder, processes)


def _project(git: Git | None) -> str:
    """What the forge calls the repository of a checkout.

    :raises ConflictingOptions: where the checkout does not say it.
    """
    url = ""
    if git is not None:
        with contextlib.suppress(UnusableInput):
            url = sources.remote_of(Sources(), "", git).url
    parts = url.rstrip("/").removesuffix(".git").replace(":", "/").split("/")
    if len(parts) < 2 or not all(parts[-2:]):
        raise ConflictingOptions(
            "name what the forge calls the requirements repository: --project "
            "ORG/NAME"
        )
    return "/".join(parts[-2:])
