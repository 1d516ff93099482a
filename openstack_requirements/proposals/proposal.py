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
"""A change of a project that is proposed, as a value."""

from __future__ import annotations

import difflib
import hashlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Key(NamedTuple):
    """What makes two proposals the same one, whatever they change.

    :param project: what ``projects.txt`` and the forge call it, ``org/name``.
    :param branch: the branch that the change is for.
    :param topic: what it is about, a word.
    """

    project: str
    branch: str
    topic: str

    def __str__(self) -> str:
        return f"{self.project} ({self.branch})"


class Edit(NamedTuple):
    """A file of a project, before and after a change.

    Empty where there is no such file.
    """

    path: str
    old: str
    new: str


class Proposal(NamedTuple):
    """A change of a project.

    :param base: the id of the commit that it changes.
    :param commit: the id of the commit that it is.
    :param tree: the id of the tree of that commit.
    :param message: the message of that commit.
    :param patch: what :func:`patch_id` says of its edits.
    """

    key: Key
    base: str
    commit: str
    tree: str
    message: str
    patch: str

    @property
    def title(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]

    @property
    def body(self) -> str:
        """The rest of the message."""
        return self.message.partition("\n")[2].strip()


def patch_id(edits: Iterable[Edit]) -> str:
    """The identity of a patch: which lines it takes out and puts in.

    Where they stand, and what stands around them, does not count. So a patch
    stays the same while the branch that it is for moves on.
    """
    digest = hashlib.sha256()
    for edit in sorted(edits):
        changes = list(_changes(edit))
        if not changes:
            continue
        for part in ("file", edit.path, *changes):
            data = part.encode("utf-8", "surrogateescape")
            digest.update(b"%d:%s" % (len(data), data))
    return digest.hexdigest()


def _changes(edit: Edit) -> Iterable[str]:
    """The lines that go and those that come, each with its sign."""
    old, new = _lines(edit.old), _lines(edit.new)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind != "equal":
            yield from (f"-{line}" for line in old[start:end])
            yield from (f"+{line}" for line in new[other_start:other_end])


def _lines(text: str) -> list[str]:
    return text.split("\n")


def still_applies(edits: Iterable[Edit], texts: Mapping[str, str]) -> bool:
    """Whether a patch can be applied to a branch that has moved on.

    It can where what it changes is unchanged, with a line around it, as a
    merge has it.

    :param edits: the patch, against the commit that it was made for.
    :param texts: the files of the branch now, by path.
    """
    return all(_applies(edit, texts.get(edit.path, "")) for edit in edits)


def _applies(edit: Edit, now: str) -> bool:
    if now in (edit.old, edit.new):
        return True
    proposed = _touched(edit.old, edit.new)
    merged = _touched(edit.old, now)
    # Changes that touch each other conflict.
    return all(
        end < other_start or other_end < start
        for start, end in proposed
        for other_start, other_end in merged
    )


def _touched(old: str, new: str) -> list[tuple[int, int]]:
    """The ranges of lines that a change touches."""
    matcher = difflib.SequenceMatcher(
        None, _lines(old), _lines(new), autojunk=False
    )
    return [
        (start, end)
        for kind, start, end, _, _ in matcher.get_opcodes()
        if kind != "equal"
    ]
