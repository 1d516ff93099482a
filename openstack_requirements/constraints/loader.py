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
"""Finds what a person names: constraints, in a file or a revision; freezes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from openstack_requirements.constraints import freeze
from openstack_requirements.constraints.states import State
from openstack_requirements.errors import (
    OutsideError,
    UnusableInput,
    printable,
)
from openstack_requirements.pep508.requirement import read_entries
from openstack_requirements.pep508.text import without_bom
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.pep508.requirement import CanonicalName


def state(
    what: str, never: Collection[CanonicalName] = (), root: str = "."
) -> State:
    """The state that is meant by a word on the command line.

    :param what: a constraints file; a freeze, or a folder of freezes; or
        ``REV:FILE``, one of the files in a git revision. What exists as a
        file is that file, whatever its name.
    :param never: names to leave out.
    :param root: the folder that a file in a revision is looked for from.
    :raises UnusableInput: where it is none of them, or cannot be read.
    :raises BadContent: with all the lines that cannot be read.
    :raises OutsideError: where git cannot be asked.
    """
    if os.path.isdir(what):
        return State.from_freezes(freezes([what]), _left_out(never))
    revision, path = _split(what)
    if os.path.lexists(what) or not path:
        text = files.read_text(what, files.LARGEST_DATA)
    else:
        text = _at_revision(revision, path, what, root)
    if _is_freeze(what, text):
        return State.from_freezes(
            [freeze.from_json(without_bom(text), what)], _left_out(never)
        )
    files.require_fair_size(len(text), what)
    entries = read_entries(text, what, permit_urls=True, keep_editable=False)
    return State.from_constraints(entries, never=never)


def freezes(paths: Iterable[str]) -> list[Freeze]:
    """The freezes in files, or in folders of such files.

    :raises UnusableInput: where one is no freeze, a folder has none, or two
        are of the same Python.
    """
    found: dict[str, tuple[str, Freeze]] = {}
    for path in _files(paths):
        text = files.read_text(path, files.LARGEST_DATA)
        each = freeze.from_json(without_bom(text), path)
        other, first = found.setdefault(each.python_version, (path, each))
        if first is not each:
            raise UnusableInput(
                path,
                f"is a freeze of Python {each.python_version}, and so is "
                f"{printable(other)}",
            )
    return sorted(
        (each for _, each in found.values()), key=lambda each: each.python_key
    )


def _files(paths: Iterable[str]) -> Iterable[str]:
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


def _left_out(never: Collection[CanonicalName]) -> set[CanonicalName]:
    """What a constraints file would not have, either."""
    return {*never, *freeze.INSTALLER_NEEDS}


def _is_freeze(name: str, text: str) -> bool:
    return name.endswith(".json") or without_bom(text).lstrip()[:1] == "{"


def _split(what: str) -> tuple[str, str]:
    """``REV:FILE`` as a revision and a file; the file is empty for others.

    A colon within braces belongs to the revision: ``main@{10:00}``.
    """
    depth = 0
    for number, char in enumerate(what):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == ":" and depth == 0 and number:
            return what[:number], what[number + 1 :]
    return "", ""


def _at_revision(revision: str, path: str, what: str, root: str) -> str:
    from openstack_requirements.system import git  # starts processes

    try:
        text = git.read(root, revision, path)
    except OutsideError as error:
        raise OutsideError(
            f"{printable(what)}: there is no such file, and git cannot be "
            f"asked for a revision: {error}"
        ) from error
    if text is None:
        reason = f"there is no such file at {printable(revision)}"
        if not path.startswith("/") and git.read(root, revision, f"/{path}"):
            reason += (
                "; there is one at the top of the repository: "
                f"{printable(revision)}:/{printable(path)}"
            )
        raise UnusableInput(what, reason)
    return text
