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
"""The only place that knows git's command line: files at a revision.

Commits are read and nothing else: the work tree, the index and HEAD are
neither looked at nor touched, and nothing that a repository could configure
(hooks, filters, text conversion, a pager) is run. What is read is what was
committed, byte for byte: replacements and grafts do not count.
"""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from openstack_requirements import files
from openstack_requirements.errors import (
    CommandFailed,
    OutsideError,
    UnusableInput,
    printable,
)
from openstack_requirements.process import Processes

if TYPE_CHECKING:
    from collections.abc import Iterable

#: No honest requirements file is larger, in bytes.
LARGEST_FILE = 8 * 1024 * 1024

#: What a name in a commit can stand for.
Kind = Literal["file", "link", "folder", "submodule"]

# The folder decides which repository it is: a hook, for one, runs with
# variables that say otherwise. git takes the same ones away when it turns to
# another repository; those with configuration stay, as safe.directory may be
# in them.
_ENVIRONMENT: dict[str, str | None] = {
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": None,
    "GIT_COMMON_DIR": None,
    "GIT_CONFIG": None,
    "GIT_DIR": None,
    "GIT_GLOB_PATHSPECS": None,
    "GIT_ICASE_PATHSPECS": None,
    "GIT_IMPLICIT_WORK_TREE": None,
    "GIT_INDEX_FILE": None,
    "GIT_NAMESPACE": None,
    "GIT_NOGLOB_PATHSPECS": None,
    "GIT_OBJECT_DIRECTORY": None,
    "GIT_PREFIX": None,
    "GIT_REPLACE_REF_BASE": None,
    "GIT_SHALLOW_FILE": None,
    "GIT_WORK_TREE": None,
    # A name is a name: no pattern, no magic.
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # Its failures are read below.
    "LC_ALL": "C",
}
_ROW = re.compile(
    rb"(?P<mode>\d{6}) \w+ (?P<object>[0-9a-f]+) +(?P<size>\S+)\t"
    rb"(?P<path>.*)",
    re.DOTALL,
)
_KINDS: dict[bytes, Kind] = {
    b"04": "folder",
    b"10": "file",
    b"12": "link",
    b"16": "submodule",
}


class File(NamedTuple):
    """What a name stands for in a commit.

    ``content`` is that of a file; of a link, where it leads; empty for a
    folder and a submodule.
    """

    kind: Kind
    content: bytes = b""


class _Row(NamedTuple):
    kind: Kind
    object: str
    size: int


def resolve(
    root: str, revision: str, processes: Processes | None = None
) -> str:
    """The commit that a revision names, as its full id.

    :param root: a folder in a work tree, or a bare repository.
    :param revision: whatever git takes for one (gitrevisions).
    :raises UnusableInput: where it names no commit.
    :raises OutsideError: where git cannot be asked.
    """
    # git never lets a name start with "-": it would be taken for an option.
    if not revision or revision.startswith("-") or not _plain(revision):
        raise UnusableInput(revision or "''", "is not a git revision")
    git = _Git(root, processes)
    try:
        found = git.run(
            *("rev-parse", "--verify", "--quiet", "--end-of-options"),
            f"{revision}^{{commit}}",
        )
    except CommandFailed as error:
        # Where this fails too, the repository is to blame.
        shallow = git.ask("rev-parse", "--is-shallow-repository")
        reason = f"git finds no such commit in {printable(root)}"
        if shallow.strip() == b"true":
            reason += (
                ", which is a shallow clone: fetch more of its history "
                "(git fetch --deepen=100, or --unshallow)"
            )
        raise UnusableInput(revision, reason) from error
    return found.decode("ascii").strip()


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
    git = _Git(root, processes)
    commit = resolve(root, revision, processes)
    # As it was committed: in a shallow clone git itself shows no parent.
    raw = git.ask("cat-file", "commit", commit)
    headers = raw.partition(b"\n\n")[0].decode("utf-8", "replace")
    parents = re.findall(r"^parent (\S+)$", headers, re.MULTILINE)
    return resolve(root, parents[0], processes) if parents else None


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
    found = read_all(root, revision, [path], processes)[path]
    if found is None:
        return None
    what = f"{revision}:{path}"
    if found.kind == "link":
        target = printable(os.fsdecode(found.content))
        raise UnusableInput(what, f"is a link to {target}: name that file")
    if found.kind != "file":
        raise UnusableInput(what, f"is a {found.kind}")
    return files.decode(found.content, what)


def read_all(
    root: str,
    revision: str,
    paths: Iterable[str],
    processes: Processes | None = None,
) -> dict[str, File | None]:
    """What many names stand for at a revision, by name; see :func:`read`.

    However many there are, git is started four times. A name behind a link
    to a folder is not there.

    :raises UnusableInput: where the revision names no commit, or a file is
        larger than :data:`LARGEST_FILE`.
    :raises OutsideError: where git cannot be asked.
    """
    git = _Git(root, processes)
    commit = resolve(root, revision, processes)
    inside = os.fsdecode(git.ask("rev-parse", "--show-prefix")[:-1])
    places = {path: _place(inside, path) for path in paths}
    rows = git.rows(commit, sorted({p for p in places.values() if p}))
    for path, place in places.items():
        row = rows.get(place or "")
        if row is not None and row.size > LARGEST_FILE:
            raise UnusableInput(
                f"{revision}:{path}",
                f"is larger than {LARGEST_FILE // 1024**2} MiB",
            )
    contents = git.contents(
        [each for each in rows.values() if each.kind in {"file", "link"}]
    )
    result: dict[str, File | None] = {}
    for path, place in places.items():
        row = rows.get(place or "")
        if place == "":
            result[path] = File("folder")
        elif row is None:
            result[path] = None
        else:
            result[path] = File(row.kind, contents.get(row.object, b""))
    return result


class _Git:
    """git in one folder."""

    def __init__(self, root: str, processes: Processes | None) -> None:
        if not os.path.isdir(root):
            raise UnusableInput(root, "is not a folder")
        self._root = root
        self._processes = processes or Processes()

    def run(self, *words: str, given: bytes = b"") -> bytes:
        """What git prints.

        :raises CommandFailed: where it fails.
        """
        return self._processes.read(
            ["git", "--no-pager", *words],
            given=given,
            environment=_ENVIRONMENT,
            folder=self._root,
        )

    def ask(self, *words: str, given: bytes = b"") -> bytes:
        """What git prints.

        :raises OutsideError: where it fails, in words that help.
        """
        try:
            return self.run(*words, given=given)
        except CommandFailed as error:
            raise _explained(self._root, error) from error

    def rows(self, commit: str, places: list[str]) -> dict[str, _Row]:
        """What a commit has at these places, by place."""
        if not places:
            return {}
        listing = self.ask(
            *("ls-tree", "-z", "-l", "-t", "--full-tree", commit, "--"),
            *places,
        )
        rows = {}
        for line in listing.split(b"\0"):
            match = _ROW.match(line)
            if match is None:
                continue  # behind the last one
            name, size = match["object"].decode("ascii"), match["size"]
            if not size.isdigit() and size != b"-":
                raise self._lost(name)
            rows[os.fsdecode(match["path"])] = _Row(
                _KINDS[match["mode"][:2]],
                name,
                int(size) if size.isdigit() else 0,
            )
        return rows

    def _lost(self, name: str) -> OutsideError:
        return OutsideError(
            f"{printable(self._root)}: git has lost the object {name}"
        )

    def contents(self, rows: Iterable[_Row]) -> dict[str, bytes]:
        """The contents of objects, by id. One process reads them all."""
        wanted = sorted({row.object for row in rows})
        if not wanted:
            return {}
        given = "".join(f"{each}\n" for each in wanted).encode("ascii")
        data = self.ask("cat-file", "--batch", given=given)
        found = {}
        start = 0
        for each in wanted:
            end = data.find(b"\n", start)
            words = data[start:end].split()
            if len(words) != 3:
                raise self._lost(each)
            start = end + 1 + int(words[2])
            found[each] = data[end + 1 : start]
            start += 1
        return found


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


def _explained(root: str, error: CommandFailed) -> OutsideError:
    """What git's failure means for whoever ran us."""
    root = printable(os.path.abspath(root))
    if "not a git repository" in error.output:
        return OutsideError(f"{root}: is not in a git repository")
    if "dubious ownership" in error.output:
        return OutsideError(
            f"{root}: git does not trust the repository there, because it "
            "belongs to another user. If you do: git config --global --add "
            f"safe.directory {root}"
        )
    return error
