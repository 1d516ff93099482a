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
"""The lists of a requirements repository at the tip of a branch.

They are read from git's objects and written to a folder of the job, where
everything that works on lists finds them. The work tree that a person named
is not read: its lists may be those of another commit.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints.history import (
    LOOK_BACK,
    CommittedTexts,
)
from openstack_requirements.errors import (
    BadContent,
    BadLine,
    OutsideError,
    RequirementsError,
    UnusableInput,
)
from openstack_requirements.proposals.constraints_change import AdmittedPins
from openstack_requirements.repository import (
    lists,
    settings,
    waivers,
)
from openstack_requirements.system import files, git_history

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openstack_requirements.repository.lists import RequirementsRepository
    from openstack_requirements.system.git_scratch import (
        Remote,
        ScratchRepository,
    )

#: How many commits of the branch are fetched: as many as the kind of a commit
#: depends on, and one for what the first of them changes.
DEPTH = LOOK_BACK + 1

_HEADS = "refs/heads/"
#: The files at the top of a requirements repository that count.
_FILES = (
    settings.FILE,
    lists.GLOBAL,
    lists.CONSTRAINTS,
    *lists.NEVER,
    lists.BACKPORTS,
    lists.HOLDS,
    waivers.FILE,
    "bindep.txt",
)


class BranchTip(NamedTuple):
    """A branch of a requirements repository, as it is now.

    :param branch: its name.
    :param commit: the id of its last commit.
    :param folder: a folder of the job with its lists.
    :param shown: what the user calls the repository, for errors.
    :param references: those of the repository.
    """

    branch: str
    commit: str
    folder: str
    shown: str
    references: Mapping[str, str]

    @property
    def repository(self) -> RequirementsRepository:
        """Where its lists are."""
        return lists.locate(self.folder)

    @property
    def pinned(self) -> str:
        """The path of the constraints in the repository."""
        return self.place(self.repository.pinned)

    def place(self, path: str) -> str:
        """The path of a file in the repository.

        :raises UnusableInput: for one that is not of the repository.
        """
        place = os.path.relpath(path, self.folder)
        if place.startswith(os.pardir):
            raise UnusableInput(path, "is not in the requirements repository")
        return place

    def path(self, place: str) -> str:
        """Where a file of the repository is in the folder."""
        return os.path.join(self.folder, place)

    def named(self, path: str) -> str:
        """What the user calls a file in the folder."""
        start = os.path.join(self.folder, "")
        if not path.startswith(start):
            return path
        return os.path.join(self.shown, path.removeprefix(start))

    def renamed(self, sentence: str) -> str:
        """A sentence about files in the folder, with the names they have."""
        return sentence.replace(
            os.path.join(self.folder, ""),
            os.path.join(self.shown, "") if self.shown else "",
        )

    def text(self, place: str) -> str:
        """The text of a file; empty where there is none.

        :raises UnusableInput: where it is no text.
        """
        path = self.path(place)
        try:
            return files.read_text(path) if os.path.lexists(path) else ""
        except RequirementsError as error:
            raise self.explained(error) from error

    def admitted(self) -> AdmittedPins:
        """What its lists say about pins.

        :raises RequirementsError: where they cannot be read.
        """
        try:
            repository = self.repository
            entries = lists.read(repository.required)
            ledger = lists.read_holds(repository.holds)
        except RequirementsError as error:
            raise self.explained(error) from error
        return AdmittedPins(
            self.named(repository.required),
            entries,
            repository.policy(entries).prereleases_pinned,
            ledger._replace(
                holds=tuple(
                    hold._replace(file=self.named(hold.file))
                    for hold in ledger.holds
                )
            ),
        )

    def explained(self, error: RequirementsError) -> RequirementsError:
        """An error about files in the folder, with the names that they have.

        :returns: the same kind of error where that is possible.
        """
        if isinstance(error, BadContent):
            return BadContent(
                [
                    line.at(self.named(line.source), line.number)
                    for line in error.errors
                ]
            )
        if isinstance(error, BadLine):
            return error.at(self.named(error.source), error.number)
        if type(error) is UnusableInput:
            return UnusableInput(self.named(error.what), error.reason)
        return error


def head_branch(references: Mapping[str, str], shown: str) -> str:
    """The branch that a repository gives who names none.

    :param shown: what the user calls it, for errors.
    :raises OutsideError: where it says no branch.
    """
    head = references.get("HEAD", "")
    if not head.startswith(_HEADS):
        raise OutsideError(
            f"{shown}: does not say which branch is its default: name one "
            "with --branch"
        )
    return head.removeprefix(_HEADS)


def fetch(
    repository: ScratchRepository,
    remote: Remote,
    branch: str,
    folder: str,
    shown: str,
    more: Iterable[str] = (),
) -> BranchTip:
    """The tip of a branch, with its lists in a folder.

    :param branch: its name; empty for the default of the repository.
    :param folder: one that is not there yet.
    :param shown: what the user calls the repository, for errors.
    :param more: the places of more files to write, as far as they are there.
    :raises RequirementsError: where there is no such branch, or its settings
        cannot be used.
    :raises OutsideError: where the repository cannot be reached.
    """
    references = repository.references(remote)
    if not branch:
        branch = head_branch(references, shown)
    reference = f"{_HEADS}{branch}"
    commit = references.get(reference, "")
    if not commit:
        raise UnusableInput(shown, f"has no branch {branch}")
    # What is borrowed may be a shallow clone.
    commit = repository.fetch(remote, [reference], depth=DEPTH)[reference]
    os.makedirs(folder)
    tip = BranchTip(branch, commit, folder, shown, references)
    _write(repository, tip, [settings.FILE])
    try:
        named = lists.configured(folder)
    except RequirementsError as error:
        raise tip.explained(error) from error
    paths = (
        named.global_requirements,
        named.upper_constraints,
        named.never_constrain,
        named.holds,
    )
    start = os.path.join(folder, "")
    inside = [
        path.removeprefix(start)
        for path in map(os.path.normpath, filter(None, paths))
        if path.startswith(start)
    ]
    beside = [
        os.path.join(os.path.dirname(place), "bindep.txt") for place in inside
    ]
    _write(repository, tip, [*_FILES, *inside, *beside, *more])
    return tip


def _write(
    repository: ScratchRepository, tip: BranchTip, places: Iterable[str]
) -> None:
    """Write files of a commit to the folder."""
    wanted = sorted(set(places))
    for place, content in repository.contents(tip.commit, wanted).items():
        if content is None:
            continue
        path = tip.path(place)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


def history(
    repository: ScratchRepository, tip: BranchTip, place: str
) -> list[CommittedTexts]:
    """The last commits of the branch that change a file, the newest first.

    :raises OutsideError: where git fails.
    """
    return [
        CommittedTexts(
            change.commit,
            "",
            change.text.author,
            change.text.message,
            change.before.decode("utf-8", "replace"),
            change.after.decode("utf-8", "replace"),
        )
        for change in git_history.changes_of(
            repository.folder, tip.commit, tip.commit, place, LOOK_BACK
        )
    ]
