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
"""Files at a revision of a git repository.

Commits are read and nothing else: the work tree, the index and HEAD are
neither looked at nor touched. What is read is what was committed, byte for
byte: replacements and grafts do not count.

A repository and its configuration may come from a stranger: ``git_repository``
decides which one it is, and ``git_command``, the only module that knows git's
command line, runs nothing that it could configure.
"""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import (
    CommandFailed,
    UnusableInput,
    printable,
)
from openstack_requirements.system import files, git_command
from openstack_requirements.system.git_command import Git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from openstack_requirements.system.git_command import Kind
    from openstack_requirements.system.process import Processes

#: The most bytes of a file. No requirements file comes near it.
LARGEST_FILE = 8 * 1024 * 1024

_PARENT = re.compile(rb"^parent ([0-9a-f]+)$", re.MULTILINE)


class File(NamedTuple):
    """What a name stands for in a commit.

    ``content`` is that of a file; of a link, where it leads; empty for a
    folder and a submodule.
    """

    kind: Kind
    content: bytes = b""


def resolve(
    root: str,
    revision: str,
    processes: Processes | None = None,
    warn: Callable[[str], object] | None = None,
) -> str:
    """The commit that a revision names, as its full id.

    :param root: a folder in a work tree, or a bare repository.
    :param revision: whatever git takes for one (gitrevisions).
    :param warn: is told of each warning that git prints: that a reflog does
        not go back to a date, for one.
    :raises UnusableInput: where it names no commit.
    :raises OutsideError: where git cannot be asked.
    """
    return _resolve(Git(root, processes, warn), revision)


def _resolve(git: Git, revision: str) -> str:
    # git never lets a name start with "-": it would be taken for an option.
    # "^HEAD" is all that HEAD does not lead to.
    if not revision or revision.startswith(("-", "^")) or not _plain(revision):
        raise UnusableInput(revision or "''", "is not a git revision")
    try:
        # With --quiet it would not say that a reflog is too short.
        answer = git.run(
            *("rev-parse", "--verify", "--end-of-options"),
            f"{revision}^{{commit}}",
        )
    except CommandFailed as error:
        if git_command.TOO_LARGE in error.output:
            raise git.explained(error) from error
        # Where this fails too, something is wrong with the repository.
        shallow = git.ask("rev-parse", "--is-shallow-repository")
        reason = f"git finds no such commit in {printable(git.root)}"
        if shallow.strip() == b"true":
            reason += (
                ", which is a shallow clone: fetch more of its history "
                "(git fetch --deepen=100, or --unshallow)"
            )
        raise UnusableInput(revision, reason) from error
    return git.object_id(answer.strip())


def first_parent(
    root: str, revision: str = "HEAD", processes: Processes | None = None
) -> str | None:
    """The first parent of a commit, as its full id.

    For a merge that is the branch that it was merged into. None for the
    first commit of all.

    :raises UnusableInput: where the revision names no commit, or the clone
        is too shallow to have its parent.
    :raises OutsideError: where git cannot be asked.
    """
    git = Git(root, processes)
    commit = _resolve(git, revision)
    # As it was committed: in a shallow clone git itself shows no parent.
    raw = git.ask(
        "cat-file", "commit", commit, most=git_command.LARGEST_OBJECT
    )
    headers = raw.find(b"\n\n")
    parent = _PARENT.search(raw, 0, len(raw) if headers < 0 else headers)
    return _resolve(git, git.object_id(parent[1])) if parent else None


def read(
    root: str,
    revision: str,
    path: str,
    processes: Processes | None = None,
) -> str | None:
    """The text of a file at a revision; None where there is none.

    :param path: the file's name, from ``root`` on; from the top of the
        repository on where it starts with ``/``.
    :raises UnusableInput: where the revision names no commit, the name
        stands for something else than a file, or the file is no UTF-8 text
        or too large.
    :raises OutsideError: where git cannot be asked.
    """
    file = read_all(root, revision, [path], processes)[path]
    if file is None:
        return None
    source = f"{revision}:{path}"
    if file.kind == "link":
        target = printable(os.fsdecode(file.content))
        raise UnusableInput(source, f"is a link to {target}: name that file")
    if file.kind != "file":
        raise UnusableInput(source, f"is a {file.kind}")
    return files.decode(file.content, source)


def read_all(
    root: str,
    revision: str,
    paths: Iterable[str],
    processes: Processes | None = None,
) -> dict[str, File | None]:
    """What many names stand for at a revision, by name; see :func:`read`.

    However many there are, git is started three times. A name behind a link
    to a folder is not there.

    :raises UnusableInput: where the revision names no commit, or a file is
        larger than :data:`LARGEST_FILE`.
    :raises OutsideError: where git cannot be asked.
    """
    git = Git(root, processes)
    commit = _resolve(git, revision)
    places = {path: _place(git.inside, path) for path in paths}
    entries = git.entries(commit, sorted(set(filter(None, places.values()))))
    for path, place in places.items():
        entry = entries.get(place or "")
        if entry is not None and entry.size > LARGEST_FILE:
            raise UnusableInput(
                f"{revision}:{path}",
                f"is larger than {LARGEST_FILE // 1024**2} MiB",
            )
    contents = git.contents(
        [entry for entry in entries.values() if entry.kind in {"file", "link"}]
    )
    result: dict[str, File | None] = {}
    for path, place in places.items():
        entry = entries.get(place or "")
        if place == "":
            result[path] = File("folder")
        elif entry is None:
            result[path] = None
        else:
            result[path] = File(entry.kind, contents.get(entry.object, b""))
    return result


def _place(inside: str, path: str) -> str | None:
    """A name from the top of the repository on; None where outside."""
    if not path or "\0" in path:
        return None
    place = posixpath.normpath(
        path.lstrip("/") or "."
        if path.startswith("/")
        else posixpath.join(inside, path)
    )
    if place == ".." or place.startswith("../"):
        return None
    return "" if place == "." else place


def _plain(revision: str) -> bool:
    return revision.isprintable() and "\ufffd" not in revision
