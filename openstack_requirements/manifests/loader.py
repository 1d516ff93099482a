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
"""Loads what a project declares, and writes its files.

``declarations`` says which files there are and what they mean. A
:class:`Source` gives their texts: :func:`folder` makes one for a work tree,
and ``git`` has another for a revision. A project may come from a stranger, so
a source opens regular files only, none larger than :data:`LARGEST`, and none
outside of the project.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, NamedTuple, Protocol

from openstack_requirements.errors import (
    BadLine,
    RequirementsError,
    UnusableInput,
    UnusableProject,
)
from openstack_requirements.manifests import declarations
from openstack_requirements.pep508.text import is_name
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from openstack_requirements.manifests.declarations import Declared

#: A file of a project with more bytes is an error. Real ones have less than a
#: quarter of that, and one of that size is judged within two seconds.
LARGEST = 1 << 18

#: The name of a project's own lock; there is no file of that name.
_LOCK = "openstack_requirements"
_OUTSIDE = "is a link to outside of the project"

#: How many folders of projects an error names.
_NAMED = 2

#: The files that are read, in the order of our output.
MANIFESTS = (
    *declarations.REQUIREMENTS_FILES,
    declarations.LOWER_CONSTRAINTS,
    declarations.SETUP_CFG,
    declarations.PYPROJECT,
)


class Source(Protocol):
    """Gives a project's files.

    Called with a path inside the project, it returns the text, or None where
    there is no such file, and raises :class:`UnusableInput` where there is
    one that cannot be read.
    """

    def __call__(self, path: str, /) -> str | None:
        """The text of a file."""


class Project(NamedTuple):
    """A project's manifests, read.

    ``root`` is the project as the user named it. ``texts`` has the files by
    their path inside the project, in the order of :data:`MANIFESTS`;
    ``lower-constraints.txt`` is among them, though it declares nothing.
    ``declared`` has the entries in the same order. ``name`` is that of the
    distribution, empty where not known.
    """

    root: str
    texts: Mapping[str, str]
    declared: tuple[Declared, ...]
    name: str


def read(root: str) -> Project:
    """The project in a folder.

    :raises UnusableInput: where there is no such folder.
    :raises UnusableProject: with what is wrong with each of its files.
    """
    return load(root, folder(root))


def read_manifests(root: str) -> Project:
    """The project in a folder, which has a file that is read.

    :raises UnusableInput: where there is no such folder, or none of
        :data:`MANIFESTS` in it: there is nothing to judge then.
    :raises UnusableProject: with what is wrong with each of its files.
    """
    project = read(root)
    if not project.texts:
        raise without_manifests(root)
    return project


def without_manifests(root: str) -> UnusableInput:
    """The error for a folder with none of :data:`MANIFESTS`.

    A person may have named the folder that has all checkouts: it names some
    of these.
    """
    reason = (
        "has no file that declares requirements (pyproject.toml, setup.cfg, "
        "requirements.txt, ...)"
    )
    below: list[str] = []
    for name in sorted(os.listdir(root)):
        folder = os.path.join(root, name)
        if len(below) < _NAMED and any(
            os.path.isfile(os.path.join(folder, path)) for path in MANIFESTS
        ):
            below.append(folder)
    advice = "name the folder of a project"
    if below:
        advice += f", such as {' or '.join(below)}"
    return UnusableInput(root, f"{reason}: {advice}")


def load(root: str, source: Source) -> Project:
    """The project that a source gives.

    :param root: its name, for errors.
    :raises UnusableProject: with what is wrong with each of its files.
    """
    texts: dict[str, str] = {}
    declared: list[Declared] = []
    errors: list[RequirementsError] = []
    for path in MANIFESTS:
        try:
            text = source(path)
            if text is not None:
                texts[path] = text
                declared += declarations.read({path: text})
        except BadLine as error:
            place = os.path.join(root, error.source)
            errors.append(error.at(place, error.number))
        except UnusableInput as error:
            place = os.path.join(root, error.what)
            errors.append(UnusableInput(place, error.reason))
    if errors:
        raise UnusableProject(root, errors)
    try:
        name = declarations.project_name(texts)
    except UnusableInput as error:
        place = os.path.join(root, error.what)
        raise UnusableProject(
            root, [UnusableInput(place, error.reason)]
        ) from error
    return Project(root, texts, tuple(declared), name)


def name_in(root: str) -> str:
    """The name of the project in a folder, from its metadata alone.

    :raises UnusableInput: where there is no such folder, a file cannot be
        read, or none says a name.
    :raises BadLine: where a file is no TOML.
    """
    source = folder(root)
    texts = {}
    try:
        for path in (declarations.PYPROJECT, declarations.SETUP_CFG):
            text = source(path)
            if text is not None:
                texts[path] = text
        name = declarations.project_name(texts)
    except BadLine as error:
        place = os.path.join(root, error.source)
        raise error.at(place, error.number) from error
    except UnusableInput as error:
        place = os.path.join(root, error.what)
        raise UnusableInput(place, error.reason) from error
    if not is_name(name):
        raise UnusableInput(
            root,
            f"says no name of a distribution in {declarations.PYPROJECT} or "
            f"{declarations.SETUP_CFG}",
        )
    return name


def write(
    root: str,
    contents: Mapping[str, str],
    *,
    texts: Mapping[str, str] | None = None,
    longest_wait: int = files.LONGEST_WAIT,
    waiting: Callable[[str], object] | None = None,
) -> bool:
    """Replace files of the project in a folder, each in one step.

    Processes that write files of a project take turns: they all take the lock
    of the project, and the lock of each file that they write, which also keeps
    out processes that edit one of these files alone.

    :param contents: the texts by their path inside the project. All paths
        are tested first: where one of them is not writable, none is written.
    :param texts: files of the project as they were read, by path; the contents
        were computed from them.
    :param longest_wait: how long to wait for the locks, in seconds.
    :param waiting: called once with the lock's file where that takes long.
    :returns: False where one of ``texts`` has changed since. Then nothing
        was written: read the project again.
    :raises UnusableInput: where a file cannot be locked or written, or a link
        leads out of the project.
    :raises OutsideError: where the disk fails, or another process keeps a
        lock for too long.
    """
    if not contents:
        return True
    base = os.path.realpath(root)
    for path in contents:
        full = os.path.join(root, path)
        if not _inside(base, os.path.realpath(full)):
            raise UnusableInput(full, _OUTSIDE)
        files.require_replaceable(full)
    paths = [os.path.join(root, path) for path in (_LOCK, *contents)]
    with files.Lock(*paths, longest_wait=longest_wait, waiting=waiting):
        if texts and not _is_unchanged(root, texts):
            return False
        for path, content in contents.items():
            files.replace(os.path.join(root, path), content)
    return True


def _is_unchanged(root: str, texts: Mapping[str, str]) -> bool:
    """Whether files of a project are as they were read."""
    source = folder(root)
    try:
        return all(source(path) == text for path, text in texts.items())
    except UnusableInput:
        return False  # reading it again reports why


def checkout_in(folder: str, name: str) -> str | None:
    """The checkout of a repository in a folder, as org/name or name.

    :returns: its path; None where there is none.
    """
    for path in (name, name.rpartition("/")[2]):
        place = os.path.join(folder, path)
        if os.path.isdir(place):
            return place
    return None


def folder(root: str) -> Source:
    """The source for the files of a folder.

    :raises UnusableInput: where there is no such folder.
    """
    if not os.path.isdir(root):
        reason = "does not exist"
        if os.path.exists(root):
            reason = "is a file, not the folder of a project"
        raise UnusableInput(root, reason)
    base = os.path.realpath(root)

    def text(path: str, /) -> str | None:
        try:
            return decode(_bytes(base, path), path)
        except OSError as error:
            # "doc" of "doc/requirements.txt" may be a file.
            missing = error.errno in {errno.ENOENT, errno.ENOTDIR}
            if missing and not os.path.islink(os.path.join(base, path)):
                return None
            raise UnusableInput(
                path, f"cannot be read ({error.strerror})"
            ) from error
        except ValueError as error:
            # A NUL, or a character that the file system cannot encode.
            raise UnusableInput(path, "no file can have such a name") from (
                error
            )

    return text


def decode(data: bytes, path: str) -> str:
    """The text of a file, its line ends as they are.

    :raises UnusableInput: where it is too large or not UTF-8.
    """
    if len(data) > LARGEST:
        raise UnusableInput(path, f"is larger than {LARGEST} bytes")
    return files.decode(data, path)


def _bytes(base: str, path: str) -> bytes:
    """The bytes of a file, at most one more than the limit."""
    full = os.path.join(base, path)
    os.lstat(full)  # most files do not exist, and this is fast
    resolved = os.path.realpath(full)
    if not _inside(base, resolved):
        raise UnusableInput(path, _OUTSIDE)
    # Opening a pipe must not block, and no link may replace the file now.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(resolved, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnusableInput(path, "is not a regular file")
        parts = []
        remaining = LARGEST + 1
        while remaining and (part := os.read(descriptor, remaining)):
            parts.append(part)
            remaining -= len(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _inside(base: str, resolved: str) -> bool:
    return os.path.commonpath([base, resolved]) == base
