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

Beside the name of a file, a command line may name a file in a revision, a
folder of freezes, or with its Python the text of ``pip freeze``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import (
    freeze_json,
    freeze_text,
    revisions,
)
from openstack_requirements.constraints.freeze import INSTALLER_NEEDS
from openstack_requirements.constraints.states import ConstraintsState
from openstack_requirements.errors import UnusableInput, printable
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.text import without_bom
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.pep508.requirement import CanonicalName


class LoadedState(NamedTuple):
    """A state, and where it comes from.

    ``commit`` is the full id of the commit and ``place`` the file in it, from
    the top of the repository on; both are empty for what is not from a
    revision. ``text`` is the constraints file, empty for freezes.
    """

    state: ConstraintsState
    commit: str = ""
    place: str = ""
    text: str = ""


def state(
    argument: str, never: Collection[CanonicalName] = (), root: str = "."
) -> ConstraintsState:
    """The state that an argument of a command names; see :func:`load`."""
    return load(argument, never, root).state


def load(
    argument: str,
    never: Collection[CanonicalName] = (),
    root: str = ".",
    warn: Callable[[str], object] | None = None,
) -> LoadedState:
    """The state that an argument of a command names, and its origin.

    :param argument: a constraints file; a freeze, or a folder of freezes; or
        ``REV:FILE``, a file in a git revision, which may be a date (see
        :mod:`.revisions`). Where a file of that very name exists, it is that
        file.
    :param never: names to leave out.
    :param root: the folder that the path of a file in a revision starts at.
    :param warn: is told of what git warns of.
    :raises UnusableInput: where there is no such file, or it cannot be used.
    :raises BadContent: with all the lines that cannot be read.
    :raises OutsideError: where git fails.
    """
    unlisted = {*never, *INSTALLER_NEEDS}  # as in a constraints file
    if os.path.isdir(argument):
        return LoadedState(
            ConstraintsState.from_freezes(freezes([argument]), unlisted)
        )
    revision, path = revisions.split(argument)
    commit = place = ""
    if os.path.lexists(argument) or not path:
        text = files.read_text(argument, files.LARGEST_DATA)
    else:
        from openstack_requirements.constraints import history_loader

        commit, place, text = history_loader.at_revision(
            root, revision, path, argument, warn
        )
    if _is_freeze(argument, text):
        freeze = freeze_json.from_json(without_bom(text), argument)
        return LoadedState(ConstraintsState.from_freezes([freeze], unlisted))
    files.require_fair_size(len(text), argument)
    entries = read_entries(
        text, argument, permit_urls=True, keep_editable=False
    )
    loaded = ConstraintsState.from_constraints(entries, never=never)
    return LoadedState(loaded, commit, place, text)


def freezes(paths: Iterable[str]) -> list[Freeze]:
    """The freezes in files, or in folders of such files.

    :raises UnusableInput: where a file is not a freeze, a folder has no
        freezes, or two freezes are of the same Python.
    """
    return _in_order(
        (path, freeze_json.from_json(without_bom(text), path))
        for path, text in (
            (path, files.read_text(path, files.LARGEST_DATA))
            for path in files_of(paths)
        )
    )


class NamedFreezes(NamedTuple):
    """The freezes that arguments of a command name.

    :param freezes: the oldest Python first.
    :param texts: the Pythons of those that are the text of ``pip freeze``,
        each with its file.
    :param skipped: what is left out of these texts.
    """

    freezes: Sequence[Freeze]
    texts: Mapping[str, str]
    skipped: Sequence[str]


def named_freezes(arguments: Iterable[str]) -> NamedFreezes:
    """The freezes that arguments of a command name.

    :param arguments: see :func:`freezes`; or ``3.12:FILE``, where ``FILE`` is
        the text of ``pip freeze`` on that Python, or a freeze of it. Where a
        file of that very name exists, it is that file.
    :raises UnusableInput: as :func:`freezes` does, and where a freeze is of
        another Python.
    :raises BadContent: with all the lines of a text that cannot be read.
    """
    loaded: list[tuple[str, Freeze]] = []
    texts: dict[str, str] = {}
    skipped: list[str] = []
    for argument in arguments:
        python, path = _split_python(argument)
        if not python:
            if not os.path.lexists(path) and ":" in path:
                raise UnusableInput(
                    path, f"there is no such file; {_TEXT_FORM}"
                )
            for file in files_of([path]):
                text = files.read_text(file, files.LARGEST_DATA)
                if not _is_freeze(file, text):
                    raise UnusableInput(
                        file, f"is not a freeze in JSON; {_TEXT_FORM}"
                    )
                freeze = freeze_json.from_json(without_bom(text), file)
                loaded.append((file, freeze))
            continue
        text = files.read_text(path, files.LARGEST_DATA)
        if _is_freeze(path, text):
            freeze = freeze_json.from_json(without_bom(text), path)
            if freeze.python_version != python:
                raise UnusableInput(
                    argument, f"is a freeze of Python {freeze.python_version}"
                )
        else:
            files.require_fair_size(len(text), path)
            freeze, left_out = freeze_text.from_text(text, python, path)
            texts[python] = path
            skipped += left_out
        loaded.append((path, freeze))
    return NamedFreezes(_in_order(loaded), texts, skipped)


_TEXT_FORM = (
    "the text of pip freeze takes its Python before a colon, as in 3.12:FILE"
)


def _split_python(argument: str) -> tuple[str, str]:
    """The Python and the file of ``3.12:FILE``; the Python may be empty."""
    python, colon, path = argument.partition(":")
    parts = python.split(".")
    if (
        not (colon and path)
        or len(parts) != 2
        or not all(
            part.isascii() and part.isdigit() and len(part) < 5
            for part in parts
        )
        or os.path.lexists(argument)
    ):
        return "", argument
    return ".".join(str(int(part)) for part in parts), path


def _in_order(loaded: Iterable[tuple[str, Freeze]]) -> list[Freeze]:
    """Freezes with the oldest Python first.

    :param loaded: each after its path.
    :raises UnusableInput: where two are of the same Python.
    """
    by_python: dict[str, Freeze] = {}
    path_of: dict[str, str] = {}
    for path, freeze in loaded:
        python = freeze.python_version
        if python in by_python:
            raise UnusableInput(
                path,
                f"is a freeze of Python {python}, and so is "
                f"{printable(path_of[python])}",
            )
        by_python[python], path_of[python] = freeze, path
    return sorted(by_python.values(), key=lambda freeze: freeze.python_key)


def files_of(paths: Iterable[str]) -> Iterator[str]:
    """The files of freezes, those in folders included.

    :raises UnusableInput: for a folder without freezes.
    """
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
