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
"""Loads what judging needs: the lists, and a project before and after.

A project is in a folder, and what it was before a change is in git's objects.
The values that come out are those of :mod:`.verdicts`, which decides.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks import judgement
from openstack_requirements.checks.verdicts import (
    Checkout,
    Criteria,
    Snapshot,
)
from openstack_requirements.errors import (
    BadLine,
    OutsideError,
    UnusableInput,
)
from openstack_requirements.manifests import declarations, loader
from openstack_requirements.repository import lists
from openstack_requirements.system import git

if TYPE_CHECKING:
    from openstack_requirements.checks.verdicts import CheckRequest
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.repository.lists import Lists

#: What to do where there is no earlier commit to compare with.
_ADVICE = "; or judge all that there is: --local"


class FoundCheckouts(NamedTuple):
    """The checkouts of the projects that a list names.

    ``roots`` has the name of each project by its folder, ``missing`` an error
    for each project without a checkout.
    """

    roots: dict[str, str]
    missing: tuple[UnusableInput, ...]


def criteria(
    folder: str, policy_name: str | None = None, build_backend: str = ""
) -> Criteria:
    """The lists of a requirements repository, and the waivers it grants.

    :param build_backend: the build backend that projects must have, where
        that is not the one of the settings.
    :raises UnusableInput: where a list cannot be read.
    :raises BadContent: with all the lines that cannot be read.
    """
    return criteria_of(lists.load(folder, policy_name), build_backend)


def criteria_of(loaded: Lists, build_backend: str = "") -> Criteria:
    """The same for lists that are loaded; the waivers are read.

    :raises UnusableInput: where the waivers cannot be read.
    :raises BadContent: with all the waivers that cannot be read.
    """
    repository = loaded.repository
    against = judgement.against(
        loaded.policy,
        os.path.normpath(repository.required),
        loaded.global_requirements,
        loaded.never,
        loaded.backports,
        [
            entry.requirement
            for entry in loaded.upper_constraints
            if entry.requirement is not None
        ],
        build_backend or repository.settings.build_backend,
    )
    return Criteria(
        against, lists.read_waivers(repository.folder), loaded.warnings
    )


def checkouts(listed: str, folder: str) -> FoundCheckouts:
    """The folders of the projects in a list, each with its name.

    A checkout that is missing keeps no other from being judged.

    :param listed: the path of the list, org/name in a line.
    :param folder: where the checkouts are, as org/name or name.
    :raises UnusableInput: where the list cannot be read.
    :raises BadContent: with the lines of the list that name none.
    """
    roots, missing = {}, []
    for number, name in lists.projects(listed):
        root = loader.checkout_in(folder, name)
        if root is not None:
            roots[root] = name
            continue
        missing.append(
            UnusableInput(
                f"{listed}:{number}",
                f"there is no checkout of {name} in {folder}",
            )
        )
    return FoundCheckouts(roots, tuple(missing))


def checkout(request: CheckRequest, root: str) -> Checkout:
    """The project in a folder, with what the request compares it with.

    :raises UnusableInput: where there is no such project or revision.
    :raises UnusableProject: with what is wrong with its files.
    :raises OutsideError: where git cannot be asked.
    """
    parent = baseline = None
    if request.revision:
        baseline = _snapshot(root, request.revision)
    elif request.criteria.against.policy.judges_changes and not request.local:
        parent = _parent(root)
    project = loader.read(root)
    before = parent or baseline
    if not project.texts and (before is None or not before.texts):
        raise loader.without_manifests(root)
    return Checkout(
        root,
        name_of(request, root),
        project.texts,
        project.declared,
        parent,
        baseline,
    )


def name_of(request: CheckRequest, root: str) -> str:
    """What waivers call the project in a folder."""
    return request.names.get(root) or os.path.basename(os.path.realpath(root))


def _parent(root: str) -> Snapshot:
    """The project in the first parent of HEAD."""
    loader.folder(root)  # it must be there
    try:
        revision = git.first_parent(root)
    except UnusableInput as error:
        raise UnusableInput(error.what, f"{error.reason}{_ADVICE}") from error
    except OutsideError as error:
        raise OutsideError(f"{error}{_ADVICE}") from error
    # In the first commit of all, everything is new.
    return Snapshot({}, ()) if revision is None else _snapshot(root, revision)


def _snapshot(root: str, revision: str) -> Snapshot:
    """The project at a revision, without the files that cannot be read.

    The change is judged, not what was wrong before it.
    """
    texts: dict[str, str] = {}
    declared: list[Declared] = []
    files = git.read_all(root, revision, loader.MANIFESTS)
    for path, file in files.items():
        if file is None or file.kind != "file":
            continue
        try:
            text = loader.decode(file.content, path)
            declared += declarations.read({path: text})
        except (BadLine, UnusableInput):
            continue
        texts[path] = text
    return Snapshot(texts, declared)
