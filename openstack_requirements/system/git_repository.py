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
"""Which repository a folder belongs to, decided before git starts.

A folder in a work tree belongs to the repository of that work tree, even where
committed files make it look like a bare repository.
"""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from openstack_requirements.errors import OutsideError, printable

_MIB = 1024 * 1024
# The files that git reads whatever it is asked, and the bytes that they may
# have. Of a pipe git would wait for ever.
_FILES = {
    "HEAD": _MIB,
    "commondir": _MIB,
    "config.worktree": 8 * _MIB,
}
_COMMON_FILES = {
    "HEAD": _MIB,
    "config": 8 * _MIB,
    "packed-refs": 128 * _MIB,
    "shallow": 8 * _MIB,
    "objects/info/alternates": 8 * _MIB,
}


class GitRepository(NamedTuple):
    """A repository on disk.

    :param top: the folder of the work tree, or the bare repository itself.
    :param folder: the repository's own, ``.git`` as a rule.
    :param bare: whether there is no work tree.
    """

    top: str
    folder: str
    bare: bool


def find(start: str) -> GitRepository | None:
    """The repository that a folder belongs to, as git looks for it.

    There is one difference: a bare repository counts only where the folder
    is one and no folder above it is the top of a work tree. git takes the
    first that it meets on its way up, and files of a project can look like
    one.
    """
    across = os.environ.get("GIT_DISCOVERY_ACROSS_FILESYSTEM", "").lower()
    one_device = across in {"", "0", "false", "no", "off"}
    ceilings = {
        os.path.realpath(path)
        for path in os.environ.get("GIT_CEILING_DIRECTORIES", "").split(":")
        if os.path.isabs(path)
    }
    top = start
    while True:
        folder = _git_folder(top)
        if folder is not None:
            return GitRepository(top, folder, bare=False)
        above = os.path.dirname(top)
        if above in ceilings or above == top:
            break
        if one_device and _device(above) != _device(top):
            break
        top = above
    if _is_git_folder(start):
        return GitRepository(start, start, bare=True)
    return None


def _device(folder: str) -> int | None:
    try:
        return os.stat(folder).st_dev
    except OSError:
        return None


def _git_folder(top: str) -> str | None:
    """The repository's own folder, of the top of a work tree."""
    path = os.path.join(top, ".git")
    if _is_git_folder(path):
        return path
    # Of a submodule, or one of several work trees, it says where that is.
    text = _small(path)
    if text is None:
        return None
    return os.path.join(top, text.partition("gitdir: ")[2])


def _is_git_folder(path: str) -> bool:
    def has(name: str) -> bool:
        return os.path.lexists(os.path.join(path, name))

    return has("HEAD") and (
        has("commondir") or (has("objects") and has("refs"))
    )


def _small(path: str) -> str | None:
    """What a small file says; None where there is no such file."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb") as file:
            return os.fsdecode(file.read(_MIB)).rstrip("\r\n")
    except (OSError, ValueError):  # NUL, in a name
        return None


def objects_of(folder: str) -> str:
    """The folder of the objects of a repository.

    :param folder: the repository's own.
    """
    # Of one of several work trees, it is where the first has it.
    common = os.path.join(folder, _small(f"{folder}/commondir") or "")
    return os.path.realpath(os.path.join(common, "objects"))


def require_files(folder: str) -> None:
    """Refuse a repository whose first files are no files, or too large.

    git reads these whatever it is asked.

    :raises OutsideError: where one is not. For what it reads later there is
        the deadline.
    """
    # Of one of several work trees, most is where the first has it.
    common = os.path.join(folder, _small(f"{folder}/commondir") or "")
    for where, sizes in ((folder, _FILES), (common, _COMMON_FILES)):
        for name, most in sizes.items():
            path = os.path.join(where, name)
            try:
                status = os.stat(path)
            except (OSError, ValueError):
                continue  # git says what it misses
            if not stat.S_ISREG(status.st_mode):
                reason = "is not a regular file"
            elif status.st_size > most:
                reason = f"is larger than {most} bytes"
            else:
                continue
            raise OutsideError(
                f"{printable(os.path.normpath(path))}: {reason}, so git is "
                "not asked"
            )
