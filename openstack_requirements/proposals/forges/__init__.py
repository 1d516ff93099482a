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
"""Forges: where changes are proposed, reviewed and merged.

:class:`Forge` is the protocol of all of them. A module of this package knows
one forge, and nothing else knows it: :mod:`.git_branches`, :mod:`.gerrit`,
:mod:`.github`, :mod:`.gitlab`, :mod:`.forgejo`. What a module imports to talk
to its forge is imported by nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from openstack_requirements.errors import OutsideError, UnusableInput

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from openstack_requirements.proposals.proposal import Key, Proposal
    from openstack_requirements.system.git_scratch import (
        RefOutcome,
        RefUpdate,
        Remote,
    )


# How a server, or git for it, says that a reference is not what was expected.
_MOVED = re.compile(
    r"stale info|fetch first|non-fast-forward|failed to update ref"
    r"|cannot lock ref|reference already exists|remote ref .* changed"
    r"|incorrect old value"
)


class Outdated(OutsideError):
    """What stands on a forge is not what it was when it was looked at.

    Somebody else has changed it in between: it is looked at again, once.
    """


class OpenProposal(NamedTuple):
    """A proposal of ours that is open.

    :param number: what the forge calls it.
    :param url: where a person reads it; may be empty.
    :param commit: the id of its commit.
    :param ref: the reference that git fetches it from.
    :param title: the first line that a person reads.
    """

    number: str
    url: str
    commit: str
    ref: str
    title: str = ""


class ClosedProposal(NamedTuple):
    """The last proposal of ours that was closed.

    :param merged: whether it was merged.
    :param by_us: whether we closed it.
    """

    number: str
    url: str
    commit: str
    ref: str
    merged: bool
    by_us: bool


class Standing(NamedTuple):
    """What stands on a forge for a key.

    :param open: what is open; more than one only where somebody meddled.
    :param closed: what was closed last.
    """

    open: tuple[OpenProposal, ...] = ()
    closed: ClosedProposal | None = None


class Push(Protocol):
    """Pushes commits of a job to a project."""

    def __call__(
        self, updates: Sequence[RefUpdate], /, *, atomic: bool = False
    ) -> tuple[RefOutcome, ...]:
        """See :meth:`.ScratchRepository.push`."""


class Forge(Protocol):
    """A forge, for one account. Its methods are called from any thread.

    Every method raises :class:`.OutsideError` where the forge cannot be
    asked or refuses, in words that help, without any secret. A request that
    fails for a moment, or that comes too often, is repeated within limits.
    """

    #: What the option ``--forge`` calls it.
    name: str

    def remote(self, project: str) -> Remote | None:
        """Where git reaches a project; None where only the caller knows."""

    def overview(
        self, topic: str, projects: Collection[str]
    ) -> Collection[tuple[str, str]] | None:
        """The projects and branches that have something open of ours.

        It takes few requests, however many projects there are. None where
        the forge cannot say it; then each project is asked about.
        """

    def standing(self, key: Key, references: dict[str, str]) -> Standing:
        """What stands there.

        :param references: those of the project, as git lists them.
        """

    def message(self, message: str, key: Key, standing: Standing) -> str:
        """The message of the commit, with what the forge needs in it."""

    def put(
        self, proposal: Proposal, standing: Standing, push: Push
    ) -> OpenProposal:
        """Propose, or put a new patch set of what is open.

        It is safe to repeat: a run that was ended in the middle is completed
        by the next one.
        """

    def close(
        self, key: Key, proposal: OpenProposal, reason: str, push: Push
    ) -> None:
        """Close a proposal unmerged, and say why."""

    def comment(self, key: Key, proposal: OpenProposal, text: str) -> None:
        """Say something to those who read a proposal."""


def not_installed(forge: str, client: str) -> UnusableInput:
    """The error where the client of a forge is not installed.

    :param client: the distribution that has it.
    """
    return UnusableInput(
        f"--forge {forge}",
        f"needs {client}: "
        "python -m pip install 'openstack_requirements[forges]'",
    )


def has_moved(reason: str) -> bool:
    """Whether a push was rejected because somebody else was first.

    :param reason: what git says of a reference that was rejected.
    """
    return bool(_MOVED.search(reason))
