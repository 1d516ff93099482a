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
"""Reads a folder of checkouts: what each of them requires.

Everything comes from the checkout's own files, and none of its code is run.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from openstack_requirements.bootstrap.draft import Decision
from openstack_requirements.bootstrap.survey import Project
from openstack_requirements.errors import (
    BadLine,
    UnusableInput,
    UnusableProject,
)
from openstack_requirements.manifests import declarations, dynamic, loader
from openstack_requirements.system import files

if TYPE_CHECKING:
    from openstack_requirements.manifests.declarations import Declared

#: What only a build needs is installed apart from everything else (PEP 518).
_BUILD = ("build", "setup_requires")
_OPTIONAL = ("extra", "optional", "group")
#: What all files of one checkout may require together; more is an error.
MOST_REQUIREMENTS = 10_000
_SIGNS = (*loader.MANIFESTS, dynamic.SETUP_PY)


def find(root: str) -> list[str]:
    """The checkouts in a folder, by name; or the folder, if it is one.

    :raises UnusableInput: where there is none.
    """
    if _is_checkout(root):
        return [root]
    found = [
        os.path.join(root, name)
        for name in files.names_in(root)
        if name[0] != "." and _is_checkout(os.path.join(root, name))
    ]
    if not found:
        raise UnusableInput(
            root,
            "holds no checkout: no folder in it has a pyproject.toml, a "
            "setup.cfg, a setup.py or a requirements file",
        )
    return found


def _is_checkout(folder: str) -> bool:
    return any(os.path.isfile(os.path.join(folder, each)) for each in _SIGNS)


def read(root: str, *, extras: bool = True) -> Project:
    """What one checkout requires.

    :param extras: count what only extras and dependency groups require.
    :raises UnusableProject: where one of its files makes no sense, or there is
        too much of it.
    """
    found = loader.read(root)
    door = loader.folder(root)
    texts = dict(found.texts)
    for path in dynamic.MORE_FILES:
        text = _try(root, door, path)
        if text is not None:
            texts[path] = text
    try:
        hidden = dynamic.look(texts)
    except UnusableInput as error:
        raise _unusable(root, error) from error
    name = found.name or hidden.name or os.path.basename(os.path.abspath(root))
    asked = [
        (_who(name, each), each.text)
        for each in found.declared
        if each.kind not in _BUILD
        and (extras or each.kind not in _OPTIONAL)
        and not each.include
        and not each.text.startswith("file:")
    ]
    asked += [
        (_by(name, each.extra, each.place), each.text)
        for each in hidden.found
        if extras or not each.optional
    ]
    decisions = []
    if hidden.computed:
        what = f"is computed by {hidden.computed}, which is not run"
        if hidden.problem:
            what = f"is in {hidden.computed}, and that cannot be read "
            what += f"({hidden.problem})"
        decisions.append(
            Decision(
                name,
                "not-read",
                f"what it requires {what}; the rest of it was read",
            )
        )
    for path, extra in hidden.files:
        if (extra and not extras) or path in found.texts:
            continue
        text = _try(root, door, path)
        if text is None:
            decisions.append(
                Decision(name, "not-read", f"{path} is not there")
            )
            continue
        try:
            declared = declarations.read_requirements(text, path)
        except BadLine as error:
            place = os.path.join(root, error.source)
            raise UnusableProject(
                root, [error.at(place, error.number)]
            ) from error
        asked += [
            (_by(name, extra, f"{path}:{each.line}"), each.text)
            for each in declared
        ]
        if len(asked) > MOST_REQUIREMENTS:
            break
    if len(asked) > MOST_REQUIREMENTS:
        reason = f"requires more than {MOST_REQUIREMENTS} distributions"
        raise UnusableProject(root, [UnusableInput(root, reason)])
    return Project(
        name, tuple(asked), hidden.requires_python, tuple(decisions)
    )


def _try(root: str, door: loader.Door, path: str) -> str | None:
    try:
        return door(path)
    except UnusableInput as error:
        raise _unusable(root, error) from error


def _unusable(root: str, error: UnusableInput) -> UnusableProject:
    """An error about a file of a project, with the place of the project."""
    place = os.path.join(root, error.what)
    return UnusableProject(root, [UnusableInput(place, error.reason)])


def _who(name: str, each: Declared) -> str:
    extra = each.section if each.kind in {"extra", "optional"} else ""
    return _by(name, extra, f"{each.file}:{each.line}")


def _by(name: str, extra: str, place: str) -> str:
    return f"{name}[{extra}] ({place})" if extra else f"{name} ({place})"
