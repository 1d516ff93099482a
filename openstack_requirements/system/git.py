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
neither looked at nor touched. What is read is what was committed, byte for
byte: replacements and grafts do not count.

A repository may be anybody's, with its configuration, and so nothing that it
could configure runs: no hook, filter, text conversion or pager; and nothing is
fetched, by whatever protocol, also where an object is missing that a partial
clone would fetch. Which repository it is, is decided here: a folder in a work
tree belongs to the repository of that work tree, though somebody may have
committed files to it that make it look like a bare repository.

git takes neither for ever nor all of the memory: see :data:`DEADLINE` and
:data:`LARGEST_OBJECT`.
"""

from __future__ import annotations

import os
import posixpath
import re
import stat
from typing import TYPE_CHECKING, Literal, NamedTuple

from openstack_requirements.errors import (
    CommandFailed,
    CommandTimedOut,
    OutsideError,
    TooMuchOutput,
    UnusableInput,
    printable,
)
from openstack_requirements.system import files
from openstack_requirements.system.process import Processes

if TYPE_CHECKING:
    from collections.abc import Iterable

#: No honest requirements file is larger, in bytes.
LARGEST_FILE = 8 * 1024 * 1024

#: git loads nothing larger: commits, trees, tags, and what files are kept as
#: differences to, in bytes.
LARGEST_OBJECT = 64 * 1024 * 1024
#: How long git may take for one answer, in seconds.
DEADLINE = 60.0

#: What a name in a commit can stand for.
Kind = Literal["file", "link", "folder", "submodule"]

# All that git needs of our environment. Everything else stays away from it:
# what would say which repository it is (a hook, for one, runs with GIT_DIR),
# where to write what it does (GIT_TRACE), or which programs to run
# (GIT_SSH_COMMAND, GIT_ASKPASS).
#
# What configures it stays. safe.directory is given in this way where jobs run
# in containers, and it is of the person or the job that runs us, as is
# ~/.gitconfig; a project cannot set our environment.
_KEPT = re.compile(
    r"PATH|HOME|XDG_CONFIG_HOME|TMPDIR|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH"
    # Who trusts what is theirs, where root asks for them.
    r"|SUDO_UID"
    r"|GIT_CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM|PARAMETERS)"
    r"|GIT_CONFIG_(?:COUNT|KEY_\d+|VALUE_\d+)"
)
_ENVIRONMENT = {
    # A partial clone fetches what it misses as soon as it is asked for, with
    # whatever program its configuration names. git 2.39.4, 2.45 and later can
    # do without; the others fail, as no protocol is allowed. That is more
    # than any configuration can allow again.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    # A name is a name: no pattern, no magic.
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    # There is no index: to read one may start a file system monitor.
    "GIT_INDEX_FILE": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # Its failures are read below.
    "LC_ALL": "C",
}
_OPTIONS = (
    "--no-pager",
    # For what takes no program: each would be one.
    *("-c", "core.fsmonitor="),
    *("-c", f"core.hooksPath={os.devnull}"),
    # It would be fetched from before a protocol is looked at.
    *("-c", "fetch.bundleURI="),
)
# For a folder in a work tree. git 2.38 and later know it; whatever git it is,
# it starts where the work tree does, and so finds that one's ".git" first.
_IN_WORK_TREE = ("-c", "safe.bareRepository=explicit")
# The files that git reads whatever it is asked, and the bytes that they may
# have. It would wait for ever for what a pipe has to say.
_MIB = 1024 * 1024
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
_LONGEST_COMPLAINT = 400  # characters of what git says
_ROW = re.compile(
    rb"(?P<mode>\d{6}) \w+ (?P<object>[0-9a-f]+) +(?P<size>\S+)\t"
    rb"(?P<path>.*)",
    re.DOTALL,
)
_PARENT = re.compile(rb"^parent ([0-9a-f]+)$", re.MULTILINE)
# What git says, in English, of what is asked for in vain.
_TOO_LARGE = "attempting to allocate"
_NOT_FETCHED = re.compile(
    r"lazy fetching disabled|transport '.*' not allowed"
    r"|could not fetch \w+ from promisor remote"
)
_OBJECT_ID = re.compile(rb"[0-9a-f]{4,64}")
_SIZE = re.compile(rb"[0-9]{1,18}")
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
    return _resolve(_Git(root, processes), revision)


def _resolve(git: _Git, revision: str) -> str:
    # git never lets a name start with "-": it would be taken for an option.
    # "^HEAD" is all that HEAD does not lead to.
    if not revision or revision.startswith(("-", "^")) or not _plain(revision):
        raise UnusableInput(revision or "''", "is not a git revision")
    try:
        found = git.run(
            *("rev-parse", "--verify", "--quiet", "--end-of-options"),
            f"{revision}^{{commit}}",
        )
    except CommandFailed as error:
        if _TOO_LARGE in error.output:
            raise git.explained(error) from error
        # Where this fails too, the repository is to blame.
        shallow = git.ask("rev-parse", "--is-shallow-repository")
        reason = f"git finds no such commit in {printable(git.root)}"
        if shallow.strip() == b"true":
            reason += (
                ", which is a shallow clone: fetch more of its history "
                "(git fetch --deepen=100, or --unshallow)"
            )
        raise UnusableInput(revision, reason) from error
    return git.object_id(found.strip())


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
    commit = _resolve(git, revision)
    # As it was committed: in a shallow clone git itself shows no parent.
    raw = git.ask("cat-file", "commit", commit, most=LARGEST_OBJECT)
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

    However many there are, git is started three times. A name behind a link
    to a folder is not there.

    :raises UnusableInput: where the revision names no commit, or a file is
        larger than :data:`LARGEST_FILE`.
    :raises OutsideError: where git cannot be asked.
    """
    git = _Git(root, processes)
    commit = _resolve(git, revision)
    places = {path: _place(git.inside, path) for path in paths}
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


class _Repository(NamedTuple):
    """Where git has to start to find a repository.

    :param top: the folder of the work tree, or the bare repository itself.
    :param folder: the repository's own, ``.git`` as a rule.
    :param bare: whether there is no work tree.
    """

    top: str
    folder: str
    bare: bool


class _Git:
    """git in one folder.

    ``inside`` is the folder's path from the top of the work tree on.
    """

    def __init__(self, root: str, processes: Processes | None) -> None:
        if not os.path.isdir(root):
            raise UnusableInput(root, "is not a folder")
        self.root = root
        self._processes = processes or Processes()
        start = os.path.realpath(root)
        found = _repository(start)
        if found is None:
            raise _no_repository(root)
        _require_files(found.folder)
        self.inside = os.path.relpath(start, found.top)
        self._top = found.top
        self._options = _OPTIONS if found.bare else _OPTIONS + _IN_WORK_TREE
        self._environment = {
            **{k: v for k, v in os.environ.items() if _KEPT.fullmatch(k)},
            **_ENVIRONMENT,
            # What was found is what git uses, or nothing.
            "GIT_CEILING_DIRECTORIES": os.path.dirname(found.top),
            # git's own limit for what it asks the system for at once.
            "GIT_ALLOC_LIMIT": str(LARGEST_OBJECT),
        }

    def run(self, *words: str, given: bytes = b"", most: int = _MIB) -> bytes:
        """What git prints.

        :param most: how many bytes that may be.
        :raises CommandFailed: where it fails.
        :raises OutsideError: where it does not end in time, or has more to
            print.
        """
        try:
            return self._processes.read(
                ["git", *self._options, *words],
                given=given,
                environment=self._environment,
                inherit=False,
                folder=self._top,
                deadline=DEADLINE,
                most=most,
            )
        except (CommandTimedOut, TooMuchOutput) as error:
            what = (
                f"did not end within {error.seconds:g} seconds"
                if isinstance(error, CommandTimedOut)
                else f"prints more than {error.most} bytes"
            )
            root = printable(os.path.abspath(self.root))
            raise OutsideError(f"{root}: git {words[0]} {what}") from error

    def ask(self, *words: str, given: bytes = b"", most: int = _MIB) -> bytes:
        """What git prints.

        :raises OutsideError: where it fails, in words that help.
        """
        try:
            return self.run(*words, given=given, most=most)
        except CommandFailed as error:
            raise self.explained(error) from error

    def explained(self, error: CommandFailed) -> OutsideError:
        """What git's failure means for whoever ran us, in one line."""
        root = printable(os.path.abspath(self.root))
        said = error.output
        if "not a git repository" in said:
            return _no_repository(self.root)
        if "dubious ownership" in said:
            return OutsideError(
                f"{root}: git does not trust the repository there, because it "
                "belongs to another user. If you do: git config --global "
                f"--add safe.directory {printable(self._top)}"
            )
        if _TOO_LARGE in said:
            return OutsideError(
                f"{root}: an object of the git repository there is larger "
                f"than {LARGEST_OBJECT} bytes"
            )
        if _NOT_FETCHED.search(said):
            return self._not_fetched("all that it takes")
        return OutsideError(f"{root}: git cannot read it: {_one_line(error)}")

    def _is_partial(self) -> bool:
        """Whether objects may be missing that can be fetched."""
        try:
            keys = r"^(remote\..*\.promisor|extensions\.partialclone)$"
            return bool(self.run("config", "--get-regexp", keys))
        except (CommandFailed, OutsideError):
            return False

    def _not_fetched(self, what: str) -> OutsideError:
        return OutsideError(
            f"{printable(os.path.abspath(self.root))}: is a partial clone "
            f"without {what}, and nothing is fetched here. If you trust where "
            "it comes from: git fetch --refetch --no-filter"
        )

    def rows(self, commit: str, places: list[str]) -> dict[str, _Row]:
        """What a commit has at these places, by place."""
        if not places:
            return {}
        # There is a line for each and for the folders on its way. A tree that
        # has the same name again and again has more to say.
        most = sum(
            (each.count("/") + 1) * (len(os.fsencode(each)) + 200)
            for each in places
        )
        listing = self.ask(
            *("ls-tree", "-z", "-l", "-t", "--full-tree", commit, "--"),
            *places,
            most=most,
        )
        rows = {}
        for line in listing.split(b"\0"):
            match = _ROW.match(line)
            if match is None:
                continue  # behind the last one
            name, size = self.object_id(match["object"]), match["size"]
            kind = _KINDS.get(match["mode"][:2])
            if kind is None:
                raise self._not_understood(line)
            if size != b"-" and not _SIZE.fullmatch(size):
                raise self._lost(name)
            rows[os.fsdecode(match["path"])] = _Row(
                kind, name, 0 if size == b"-" else int(size)
            )
        return rows

    def object_id(self, answer: bytes) -> str:
        """The id of an object that git has answered.

        :raises OutsideError: where the answer is none.
        """
        if not _OBJECT_ID.fullmatch(answer):
            raise self._not_understood(answer)
        return answer.decode("ascii")

    def _not_understood(self, answer: bytes) -> OutsideError:
        root = printable(os.path.abspath(self.root))
        said = printable(answer[:80].decode("utf-8", "replace"))
        return OutsideError(f"{root}: git answers what is no answer: {said}")

    def _lost(self, name: str) -> OutsideError:
        if self._is_partial():
            return self._not_fetched(f"the object {name}")
        root = printable(os.path.abspath(self.root))
        return OutsideError(f"{root}: git has lost the object {name}")

    def contents(self, rows: Iterable[_Row]) -> dict[str, bytes]:
        """The contents of objects, by id. One process reads them all."""
        sizes = {row.object: row.size for row in rows}
        wanted = sorted(sizes)
        if not wanted:
            return {}
        given = "".join(f"{each}\n" for each in wanted).encode("ascii")
        # Beside each there is a line with its name, kind and size.
        most = sum(sizes.values()) + 200 * len(wanted)
        data = self.ask("cat-file", "--batch", given=given, most=most)
        found = {}
        start = 0
        for each in wanted:
            end = data.find(b"\n", start)
            words = data[start:end].split()
            if len(words) != 3 or not _SIZE.fullmatch(words[2]):
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


def _repository(start: str) -> _Repository | None:
    """The repository that a folder belongs to, as git looks for it.

    There is one difference: a bare repository counts only where the folder
    is one and no folder above it is the top of a work tree. git takes the
    first that it meets on its way up, and files of a project can look like
    one.
    """
    across = os.environ.get("GIT_DISCOVERY_ACROSS_FILESYSTEM", "").lower()
    one_device = across in {"", "0", "false", "no", "off"}
    ceilings = {
        os.path.realpath(each)
        for each in os.environ.get("GIT_CEILING_DIRECTORIES", "").split(":")
        if os.path.isabs(each)
    }
    top = start
    while True:
        folder = _git_folder(top)
        if folder is not None:
            return _Repository(top, folder, bare=False)
        above = os.path.dirname(top)
        if above in ceilings or above == top:
            break
        if one_device and _device(above) != _device(top):
            break
        top = above
    if _is_git_folder(start):
        return _Repository(start, start, bare=True)
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
    words = _small(path)
    if words is None:
        return None
    return os.path.join(top, words.partition("gitdir: ")[2])


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


def _require_files(folder: str) -> None:
    """See that what git reads first are files, and no endless ones.

    :raises OutsideError: where one is not. For what it reads later there is
        the deadline.
    """
    # Of one of several work trees, most is where the first has it.
    common = os.path.join(folder, _small(f"{folder}/commondir") or "")
    for where, sizes in ((folder, _FILES), (common, _COMMON_FILES)):
        for name, most in sizes.items():
            path = os.path.join(where, name)
            try:
                found = os.stat(path)
            except (OSError, ValueError):
                continue  # git says what it misses
            if not stat.S_ISREG(found.st_mode):
                reason = "is not a regular file"
            elif found.st_size > most:
                reason = f"is larger than {most} bytes"
            else:
                continue
            raise OutsideError(
                f"{printable(os.path.normpath(path))}: {reason}, so git is "
                "not asked"
            )


def _no_repository(root: str) -> OutsideError:
    return OutsideError(
        f"{printable(os.path.abspath(root))}: is not in a git repository"
    )


def _one_line(error: CommandFailed) -> str:
    """What git said of a failure, without what it advises."""
    lines = [
        printable(re.sub(r"^(?:fatal|error|warning): ", "", line.strip()))
        for line in error.output.splitlines()
        if line.strip() and not line.startswith("hint:")
    ]
    if not lines:
        return str(error)
    said = "; ".join(lines)
    if len(said) > _LONGEST_COMPLAINT:
        said = f"{said[:_LONGEST_COMPLAINT]} ..."
    return said
