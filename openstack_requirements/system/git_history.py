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
"""The history of a git repository: dates, and the commits that change a file.

However long the history is, git is started a few times: it lists the commits,
compares each with its first parent, and reads the objects in batches. As in
:mod:`.git`, commits are read and nothing else.
"""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.system import git_command
from openstack_requirements.system.git_command import Git

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from openstack_requirements.system.process import Processes

#: The most bytes of a list of commits; a commit has some hundred.
LARGEST_LISTING = 64 * 1024 * 1024
#: The most bytes of a file or a commit in the history; larger ones are left
#: out.
LARGEST_VERSION = 1024 * 1024
#: How many bytes are read at once; all are read.
BATCH = 16 * 1024 * 1024


class FirstCommit(NamedTuple):
    """The first commit of a history, and whether more may be elsewhere."""

    commit: str
    seconds: int
    shallow: bool


class CommitText(NamedTuple):
    """What a commit says of itself; ``seconds`` is its date, since 1970."""

    author: str
    seconds: int
    message: str


class FileChange(NamedTuple):
    """A commit, and the file before and after it.

    ``merge`` is the commit of the branch's own history that brought it there
    (itself, where it is one); ``in_new`` says that only the new side has it,
    otherwise only the old side, and ``earlier`` that the range does not have
    it. A file is empty where there is none.
    """

    commit: str
    text: CommitText
    merge: str
    merge_text: CommitText
    in_new: bool
    before: bytes
    after: bytes
    earlier: bool = False

    @property
    def merged(self) -> bool:
        """Whether a merge brought it."""
        return self.commit != self.merge


def last_until(
    root: str, commit: str, latest: int, processes: Processes | None = None
) -> str | FirstCommit:
    """The last commit until a moment, in the first-parent history of another.

    :param commit: the full id of the commit that the history leads to.
    :param latest: the moment, in seconds since 1970; commit dates count.
    :returns: the commit; or the first one of all, where that is younger.
    :raises OutsideError: where git cannot be asked.
    """
    git = Git(root, processes)
    listing = ("rev-list", "--first-parent")
    if latest >= 0:
        answer = git.ask(
            *(*listing, "--max-count=1", f"--min-age={latest}", commit, "--")
        )
        if answer.strip():
            return git.object_id(answer.strip())
    answer = git.ask(
        *(*listing, "--timestamp", commit, "--"), most=LARGEST_LISTING
    )
    seconds, _, first = answer.splitlines()[-1].partition(b" ")
    return FirstCommit(
        git.object_id(first), int(seconds), is_shallow(root, processes)
    )


def is_shallow(root: str, processes: Processes | None = None) -> bool:
    """Whether the repository is a clone without all of the history."""
    answer = Git(root, processes).ask("rev-parse", "--is-shallow-repository")
    return answer.strip() == b"true"


def commit_date(
    root: str, commit: str, processes: Processes | None = None
) -> int:
    """The commit date of a commit, in seconds since 1970.

    :raises OutsideError: where git cannot be asked.
    """
    git = Git(root, processes)
    raw = git.ask(
        "cat-file", "commit", commit, most=git_command.LARGEST_OBJECT
    )
    return _commit_text(raw).seconds


def place_of(root: str, path: str) -> str | None:
    """The path of a file of the work tree, from its top on.

    :param root: a folder in the work tree.
    :param path: the file, from the current folder on.
    :returns: None where it is not in the work tree.
    :raises OutsideError: where there is no repository.
    """
    folder, name = os.path.split(os.path.abspath(path))
    place = os.path.relpath(
        os.path.join(os.path.realpath(folder), name), Git(root, None).top
    )
    outside = place == os.pardir or place.startswith(f"{os.pardir}{os.sep}")
    return None if outside else place


def place_in(root: str, path: str) -> str:
    """The path of a file of a revision, from the top of the repository on.

    :param path: the file, from ``root`` on, or from the top of the repository
        on where it starts with ``/``.
    :raises OutsideError: where there is no repository.
    """
    if path.startswith("/"):
        return posixpath.normpath(path.lstrip("/"))
    return posixpath.normpath(posixpath.join(Git(root, None).inside, path))


def changes_of(
    root: str,
    old: str,
    new: str,
    place: str,
    more: int = 0,
    processes: Processes | None = None,
) -> Iterator[FileChange]:
    """The commits between two commits that change a file, the newest first.

    A commit is compared with its first parent. After a merge, the commits
    come that it brought and that change the file themselves. What git does
    not have, in a shallow clone, is not there.

    :param old: the full id of a commit, and ``new`` that of another; where
        neither has all of the other's history, the commits come that only
        one has.
    :param place: the file, from the top of the repository on.
    :param more: how many earlier commits to give that change the file, of the
        history of first parents.
    :raises OutsideError: where git cannot be asked, or lacks an object.
    """
    git = Git(root, processes)
    parents, in_new = _graph(git, old, new)
    merge_of = _merges(parents, in_new, (new, old))
    earlier = _earlier(git, _start(parents, new, old), place, more)
    merge_of.update((commit, commit) for commit in earlier)
    parents.update(earlier)
    differences = _differences(git, place, parents)
    commits = [
        commit
        for commit in parents
        if commit in differences
        and merge_of.get(commit) in differences
        and (len(parents[commit]) < 2 or merge_of[commit] == commit)
    ]
    sizes = _sizes(
        git,
        {
            name
            for commit in commits
            for name in (commit, merge_of[commit], *differences[commit])
            if name
        },
    )
    for batch in _batches(commits, merge_of, differences, sizes):
        wanted = {
            name
            for commit in batch
            for name in (commit, merge_of[commit], *differences[commit])
            if name and sizes[name] <= LARGEST_VERSION
        }
        contents = git.contents(
            git_command.TreeEntry("file", name, sizes[name]) for name in wanted
        )
        for commit in batch:
            before, after = differences[commit]
            if any(name and name not in contents for name in (before, after)):
                continue
            merge = merge_of[commit]
            yield FileChange(
                commit,
                _commit_text(contents.get(commit, b"")),
                merge,
                _commit_text(contents.get(merge, b"")),
                commit in in_new,
                contents.get(before, b""),
                contents.get(after, b""),
                commit in earlier,
            )


def _graph(
    git: Git, old: str, new: str
) -> tuple[dict[str, list[str]], set[str]]:
    """The commits of only one side with their parents, the newest first.

    :returns: these, and which of them are of the new side.
    """
    answer = git.ask(
        *("rev-list", "--topo-order", "--parents", "--left-right"),
        *(f"{old}...{new}", "--"),
        most=LARGEST_LISTING,
    )
    parents = {}
    in_new = set()
    for line in answer.decode("ascii", "replace").splitlines():
        commit, *above = line[1:].split()
        parents[commit] = above
        if line[0] == ">":
            in_new.add(commit)
    return parents, in_new


def _start(parents: Mapping[str, Sequence[str]], new: str, old: str) -> str:
    """Where the own history of the new side leaves the range."""
    commit = new
    while parents.get(commit):
        commit = parents[commit][0]
    return old if commit in parents else commit


def _earlier(
    git: Git, start: str, place: str, most: int
) -> dict[str, list[str]]:
    """The last commits that change a file, with their first parents."""
    if not most:
        return {}
    answer = git.ask(
        *("rev-list", "--first-parent", f"--max-count={most}", start),
        *("--", place),
        most=LARGEST_LISTING,
    )
    return {
        commit: [f"{commit}^"]
        for commit in answer.decode("ascii", "replace").split()
    }


def _merges(
    parents: Mapping[str, Sequence[str]],
    in_new: set[str],
    ends: Iterable[str],
) -> dict[str, str]:
    """The commit of each side's own history that brought each commit."""
    merge_of: dict[str, str] = {}
    for end in ends:
        own = []
        commit = end
        while commit in parents and commit not in merge_of:
            if (commit in in_new) != (end in in_new):
                break
            merge_of[commit] = commit
            own.append(commit)
            if not parents[commit]:
                break
            commit = parents[commit][0]
        # What an older merge brought, a newer one did not bring again.
        for merge in reversed(own):
            waiting = list(parents[merge][1:])
            while waiting:
                commit = waiting.pop()
                if commit in parents and commit not in merge_of:
                    merge_of[commit] = merge
                    waiting += parents[commit]
    return merge_of


def _differences(
    git: Git, place: str, parents: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, str]]:
    """The commits that change a file, with its ids before and after.

    An id is empty where there is no file. A commit whose parents are not
    known is left out.
    """
    if "\n" in place:
        return {}  # git reads one name a line
    commits = dict.fromkeys(
        name
        for commit, above in parents.items()
        if above
        for name in (commit, above[0])
    )
    answers = _answers(git, [f"{commit}:{place}" for commit in commits])
    ids = {
        commit: answer[0] if answer[1:2] == ["blob"] else ""
        for commit, answer in zip(commits, answers, strict=True)
    }
    if not all(ids.values()):
        git.require_whole(f"all versions of {place}")
    return {
        commit: (ids[above[0]], ids[commit])
        for commit, above in parents.items()
        if above and ids[above[0]] != ids[commit]
    }


def _sizes(git: Git, names: Iterable[str]) -> dict[str, int]:
    """The sizes of objects.

    :raises OutsideError: where git does not have one of them.
    """
    wanted = sorted(names)
    sizes = {}
    for name, answer in zip(wanted, _answers(git, wanted), strict=True):
        if len(answer) != 3 or not answer[2].isdigit():
            raise git.lost(name)
        sizes[name] = int(answer[2])
    return sizes


def _answers(git: Git, names: Sequence[str]) -> list[list[str]]:
    """The id, the kind and the size of each object; fewer words for none.

    Nothing is compared, so that no program that shows differences could run.
    """
    if not names:
        return []
    given = os.fsencode("".join(f"{name}\n" for name in names))
    answer = git.ask(
        "cat-file", "--batch-check", given=given, most=LARGEST_LISTING
    )
    lines = os.fsdecode(answer).split("\n")[:-1]
    if len(lines) != len(names):
        raise git.not_understood(answer)
    return [
        [] if line.endswith(" missing") else line.split() for line in lines
    ]


def _batches(
    commits: Iterable[str],
    merge_of: Mapping[str, str],
    differences: Mapping[str, tuple[str, str]],
    sizes: Mapping[str, int],
) -> Iterator[list[str]]:
    """The commits, some at a time: no batch takes too much memory."""
    batch: list[str] = []
    total = 0
    for commit in commits:
        names = (commit, merge_of[commit], *differences[commit])
        size = sum(
            sizes[name]
            for name in names
            if name and sizes[name] <= LARGEST_VERSION
        )
        if batch and total + size > BATCH:
            yield batch
            batch, total = [], 0
        batch.append(commit)
        total += size
    if batch:
        yield batch


def _commit_text(raw: bytes) -> CommitText:
    """What a commit says of itself, from its object."""
    headers, _, message = raw.decode("utf-8", "replace").partition("\n\n")
    author, seconds = "", 0
    for line in headers.splitlines():
        key, _, value = line.partition(" ")
        name, _, rest = value.partition("<")
        if key == "author":
            author = name.strip()
        elif key == "committer":
            date = rest.rpartition(">")[2].partition(" ")[2].partition(" ")[0]
            seconds = int(date) if date.isdecimal() and len(date) < 19 else 0
    return CommitText(author, seconds, message)
