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
"""Brings projects in line with a global list: reads, plans and writes.

What a project's files must become is decided by ``update``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from openstack_requirements.errors import UnusableInput
from openstack_requirements.manifests import loader, setup_py
from openstack_requirements.repository import update
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from openstack_requirements.manifests.loader import Source
    from openstack_requirements.repository.lists import Lists


def followed_list(
    lists: Lists, *, hacking: bool = False
) -> update.FollowedList:
    """What projects follow: the lists of a repository.

    :param hacking: bring ``hacking`` in line as well.
    """
    return update.followed_list(
        lists.policy,
        [
            entry.requirement
            for entry in lists.global_requirements
            if entry.requirement
        ],
        lists.never,
        hacking=hacking,
    )


def plan(
    root: str,
    follow: update.FollowedList,
    unknown: update.Unknown = "refuse",
    *,
    judge_setup_py: bool = True,
) -> update.Plan:
    """What the files of the project in a folder must become.

    :param unknown: what to do with packages that the list lacks.
    :param judge_setup_py: bring ``setup.py`` in line, where the policy asks
        for that.
    :raises UnusableInput: where there is no such folder.
    :raises UnusableProject: with what is wrong with each of its files.
    """
    planned, _ = _plan(
        root,
        loader.folder(root),
        follow,
        unknown,
        judge_setup_py=judge_setup_py,
    )
    return planned


def plan_of(
    root: str,
    source: Source,
    follow: update.FollowedList,
    unknown: update.Unknown = "refuse",
) -> update.Plan:
    """What the files that a source gives must become.

    It is the plan of :func:`plan` for a folder with these files.

    :param root: what messages call the project.
    :param unknown: what to do with packages that the list lacks.
    :raises UnusableProject: with what is wrong with each of its files.
    """
    planned, _ = _plan(root, source, follow, unknown, judge_setup_py=True)
    return planned


def carry_out(
    root: str,
    follow: update.FollowedList,
    unknown: update.Unknown = "refuse",
    *,
    suffix: str | None = None,
    waiting: Callable[[str], object] | None = None,
) -> update.Plan:
    """Plan what the files of a project must become, and write them.

    Where another process changes the project in between, it is planned
    again. A plan with errors writes nothing.

    :param suffix: write every file of the plan beside the original, which is
        not touched, under a name with this suffix.
    :param waiting: is told once of a lock's file where waiting takes long.
    :raises UnusableInput: where there is no such folder, or a file cannot be
        locked or written.
    :raises UnusableProject: with what is wrong with each of its files.
    :raises OutsideError: where the disk is to blame, or another process has
        a lock for too long.
    """
    while True:
        planned, texts = _plan(
            root,
            loader.folder(root),
            follow,
            unknown,
            judge_setup_py=suffix is None,
        )
        if suffix is None:
            contents = {file.path: file.new for file in planned.due}
        else:
            contents = {
                f"{file.path}.{suffix}": file.new for file in planned.files
            }
        if planned.errors or loader.write(
            root,
            contents,
            texts=texts,
            longest_wait=files.LONGEST_WAIT,
            waiting=waiting,
        ):
            return planned


def _plan(
    root: str,
    source: Source,
    follow: update.FollowedList,
    unknown: update.Unknown,
    *,
    judge_setup_py: bool,
) -> tuple[update.Plan, Mapping[str, str]]:
    """The plan, and the texts that it was made from."""
    project = loader.load(root, source)
    texts = dict(project.texts)
    warnings: tuple[str, ...] = ()
    if follow.policy.bounds_in_list and judge_setup_py:
        try:
            text = source(setup_py.FILE)
        except UnusableInput as error:
            warnings = (f"{os.path.join(root, str(error))}; it is left alone",)
        else:
            if text is not None:
                texts[setup_py.FILE] = text
    planned = update.plan(
        follow, root, project.name, texts, project.declared, unknown
    )
    return planned._replace(warnings=warnings + planned.warnings), texts
