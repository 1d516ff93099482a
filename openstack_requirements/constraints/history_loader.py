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
"""Loads what git knows of a constraints file: a revision, and its history.

A revision that is a date is resolved in the history of its branch: it is the
last commit of the first-parent history whose commit date is not later. What
decides is in :mod:`.revisions` and :mod:`.history`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.constraints import revisions
from openstack_requirements.constraints.history import (
    LOOK_BACK,
    CommittedTexts,
)
from openstack_requirements.errors import (
    OutsideError,
    UnusableInput,
    printable,
)
from openstack_requirements.system import git, git_history

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openstack_requirements.constraints.loader import LoadedState

#: How much of the id of a commit is shown.
SHORT = 10


def resolve(
    root: str,
    revision: str,
    warn: Callable[[str], object] | None = None,
) -> str:
    """The commit that a revision or a date names, as its full id.

    :param root: a folder in the work tree.
    :param warn: is told of what git warns of.
    :raises UnusableInput: where it names no commit, or the history does not
        go back to the date.
    :raises OutsideError: where git cannot be asked.
    """
    dated = revisions.dated(revision)
    if dated is None:
        return git.resolve(root, revision, warn=warn)
    tip = git.resolve(root, dated.branch, warn=warn)
    commit = git_history.last_until(root, tip, dated.latest)
    if isinstance(commit, str):
        return commit
    first = (
        f"{commit.commit[:SHORT]} of {revisions.shown_date(commit.seconds)}"
    )
    branch = printable(dated.branch)
    if commit.shallow:
        reason = (
            f"the history of {branch} ends at its commit {first} in this "
            "shallow clone: fetch more of it (git fetch --deepen=100, or "
            "--unshallow)"
        )
    else:
        reason = f"the first commit of {branch} is {first}"
    raise UnusableInput(revision, reason)


def at_revision(
    root: str,
    revision: str,
    path: str,
    argument: str,
    warn: Callable[[str], object] | None = None,
) -> tuple[str, str, str]:
    """A file at a revision: the commit, the file's place in it, its text.

    :param path: the file, from ``root`` on, or from the top of the repository
        on where it starts with ``/``.
    :param argument: what the user named, for errors.
    :raises UnusableInput: where there is no such revision or file.
    :raises OutsideError: where git cannot be asked.
    """
    try:
        commit = resolve(root, revision, warn)
        text, at_top = _texts(root, commit, path, argument)
    except OutsideError as error:
        raise OutsideError(
            f"{printable(argument)}: there is no such file, and git cannot be "
            f"asked for a revision: {error}"
        ) from error
    if text is None:
        shown = printable(revision)
        reason = f"there is no such file at {shown}"
        if revisions.dated(revision) is not None:
            seconds = git_history.commit_date(root, commit)
            reason += (
                f", which is the commit {commit[:SHORT]} of "
                f"{revisions.shown_date(seconds)}"
            )
        if at_top is not None:
            reason += (
                "; there is one at the top of the repository: "
                f"{shown}:/{printable(path)}"
            )
        raise UnusableInput(argument, reason)
    return commit, git_history.place_in(root, path), text


def _texts(
    root: str, commit: str, path: str, argument: str
) -> tuple[str | None, str | None]:
    """A file at a commit, and where there is none, that of the top folder."""
    try:
        text = git.read(root, commit, path)
        if text is not None or path.startswith("/"):
            return text, None
        return None, git.read(root, commit, f"/{path}")
    except UnusableInput as error:
        raise UnusableInput(argument, error.reason) from error


def is_shallow(root: str = ".") -> bool:
    """Whether the repository is a clone without all of the history."""
    return git_history.is_shallow(root)


def commits(
    sides: Sequence[LoadedState], paths: Sequence[str], root: str = "."
) -> list[CommittedTexts] | None:
    """The commits from one state to another that change the constraints.

    Some earlier ones come after them, which tell what a commit undoes.

    A side that is the file of the work tree stands for ``HEAD`` and what is
    not committed.

    :param sides: the old state and the new one.
    :param paths: their files, as the user named them.
    :returns: the commits, the newest first; None where the two sides are not
        one file of a repository, so that there is no history.
    :raises OutsideError: where git cannot be asked, or lacks an object.
    """
    places = {side.place for side in sides if side.commit}
    if len(places) != 1 or not all(side.text or side.commit for side in sides):
        return None
    place = places.pop()
    ends: list[str] = []
    uncommitted: list[CommittedTexts] = []
    for side, path, in_new in zip(sides, paths, (False, True), strict=True):
        if side.commit:
            ends.append(side.commit)
            continue
        if git_history.place_of(root, path) != place:
            return None
        head = git.resolve(root, "HEAD")
        text = git.read(root, head, f"/{place}") or ""
        ends.append(head)
        if text != side.text:
            uncommitted.append(
                CommittedTexts("", "", "", "", text, side.text, "", in_new)
            )
    from_commit, to_commit = ends
    return uncommitted + [
        CommittedTexts(
            change.commit,
            revisions.shown_date(change.merge_text.seconds),
            change.text.author,
            change.text.message,
            _text(change.before),
            _text(change.after),
            change.merge if change.merged else "",
            change.in_new,
            change.earlier,
        )
        for change in git_history.changes_of(
            root, from_commit, to_commit, place, LOOK_BACK
        )
    ]


def _text(content: bytes) -> str:
    """A file of the history; what is no text in it is in no line."""
    return content.decode("utf-8", "replace")
