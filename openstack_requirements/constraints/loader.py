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
"""Loads constraints and freezes from files, folders and git revisions.

Beside the name of a file, a command line may name a file in a revision, or a
folder of freezes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from openstack_requirements.constraints import freeze_json
from openstack_requirements.constraints.freeze import INSTALLER_NEEDS
from openstack_requirements.constraints.states import ConstraintsState
from openstack_requirements.errors import (
    OutsideError,
    UnusableInput,
    printable,
)
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.text import without_bom
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.pep508.requirement import CanonicalName


def state(
    argument: str, never: Collection[CanonicalName] = (), root: str = "."
) -> ConstraintsState:
    """The state that an argument of a command names.

    :param argument: a constraints file; a freeze, or a folder of freezes; or
        ``REV:FILE``, a file in a git revision. Where a file of that very
        name exists, it is that file.
    :param never: names to leave out.
    :param root: the folder that the path of a file in a revision starts at.
    :raises UnusableInput: where there is no such file, or it cannot be used.
    :raises BadContent: with all the lines that cannot be read.
    :raises OutsideError: where git fails.
    """
    unlisted = {*never, *INSTALLER_NEEDS}  # as in a constraints file
    if os.path.isdir(argument):
        return ConstraintsState.from_freezes(freezes([argument]), unlisted)
    revision, path = _split_revision(argument)
    if os.path.lexists(argument) or not path:
        text = files.read_text(argument, files.LARGEST_DATA)
    else:
        text = _at_revision(revision, path, argument, root)
    if _is_freeze(argument, text):
        freeze = freeze_json.from_json(without_bom(text), argument)
        return ConstraintsState.from_freezes([freeze], unlisted)
    files.require_fair_size(len(text), argument)
    entries = read_entries(
        text, argument, permit_urls=True, keep_editable=False
    )
    return ConstraintsState.from_constraints(entries, never=never)


def freezes(paths: Iterable[str]) -> list[Freeze]:
    """The freezes in files, or in folders of such files.

    :raises UnusableInput: where a file is not a freeze, a folder has no
        freezes, or two freezes are of the same Python.
    """
    loaded: dict[str, Freeze] = {}
    path_of: dict[str, str] = {}
    for path in _files(paths):
        text = files.read_text(path, files.LARGEST_DATA)
        freeze = freeze_json.from_json(without_bom(text), path)
        python = freeze.python_version
        if python in loaded:
            raise UnusableInput(
                path,
                f"is a freeze of Python {python}, and so is "
                f"{printable(path_of[python])}",
            )
        loaded[python], path_of[python] = freeze, path
    return sorted(loaded.values(), key=lambda freeze: freeze.python_key)


def _files(paths: Iterable[str]) -> Iterator[str]:
    """The files of freezes, those in folders included."""
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        names = files.names_in(path)
        inside = [name for name in names if name.endswith(".json")]
        if not inside:
            raise UnusableInput(
                path, "is a folder without freezes (python3.12.json and so on)"
            )
        for name in inside:
            yield os.path.join(path, name)


def _is_freeze(name: str, text: str) -> bool:
    return name.endswith(".json") or without_bom(text).lstrip()[:1] == "{"


def _split_revision(argument: str) -> tuple[str, str]:
    """The revision and the file of ``REV:FILE``, both empty for other texts.

    A colon within braces belongs to the revision: ``main@{10:00}``.
    """
    depth = 0
    for number, char in enumerate(argument):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == ":" and depth == 0 and number:
            return argument[:number], argument[number + 1 :]
    return "", ""


def _at_revision(revision: str, path: str, argument: str, root: str) -> str:
    from openstack_requirements.system import git  # starts processes

    try:
        text = git.read(root, revision, path)
    except OutsideError as error:
        raise OutsideError(
            f"{printable(argument)}: there is no such file, and git cannot be "
            f"asked for a revision: {error}"
        ) from error
    if text is None:
        reason = f"there is no such file at {printable(revision)}"
        if not path.startswith("/") and git.read(root, revision, f"/{path}"):
            reason += (
                "; there is one at the top of the repository: "
                f"{printable(revision)}:/{printable(path)}"
            )
        raise UnusableInput(argument, reason)
    return text
