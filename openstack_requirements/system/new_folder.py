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
"""Writes a folder of files in one step: all of them, or none.

The files are written to a hidden folder beside the new one, which is then
moved into its place. A killed process leaves only the hidden folder.
"""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

from openstack_requirements.errors import OutsideError, UnusableInput

if TYPE_CHECKING:
    from collections.abc import Mapping


def require_writable(path: str) -> None:
    """Refuse what :func:`write` would refuse, before the work begins.

    :raises UnusableInput: for a folder with something in it, what is no
        folder, the current folder, and where there is no folder to make it
        in, or that cannot be written.
    """
    target = _target(path)
    parent = os.path.dirname(target)
    if os.path.lexists(target) and not os.path.isdir(target):
        raise UnusableInput(path, "is there, and is not a folder")
    if os.path.isdir(target):
        if os.path.samefile(target, os.curdir):
            raise UnusableInput(
                path, "is the current folder; name one that is new"
            )
        try:
            names = os.listdir(target)
        except OSError as error:
            raise UnusableInput(
                path, f"cannot be read ({error.strerror})"
            ) from error
        if names:
            raise UnusableInput(path, "is not empty; name a new folder")
    if not os.path.isdir(parent):
        raise UnusableInput(path, f"there is no folder {parent} to make it in")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UnusableInput(path, f"{parent} cannot be written")


def write(path: str, contents: Mapping[str, str]) -> None:
    """Make a folder with files.

    :param contents: the texts of the files by their paths in the folder.
    :raises UnusableInput: as :func:`require_writable` does.
    :raises OutsideError: where the disk is to blame. Nothing is left then.
    """
    require_writable(path)
    target = _target(path)
    parent, name = os.path.split(target)
    hidden = os.path.join(parent, f".{name[:80]}.{os.urandom(6).hex()}.new")
    try:
        os.mkdir(hidden)
        for file, text in contents.items():
            _write(os.path.join(hidden, file), text)
        os.rename(hidden, target)
    except BaseException as error:
        shutil.rmtree(hidden, ignore_errors=True)
        if not isinstance(error, OSError):
            raise
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
            raise UnusableInput(path, "is not empty any more") from error
        raise OutsideError(
            f"{path}: cannot be written ({error.strerror}); nothing is there"
        ) from error


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _target(path: str) -> str:
    """The path that links lead to.

    :raises UnusableInput: for what cannot be a path.
    """
    try:
        return os.path.realpath(path)
    except ValueError as error:
        raise UnusableInput(path, "no folder can have such a name") from error
