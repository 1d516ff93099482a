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
"""Reconciles one key: looks at what stands there, decides, acts.

It is the same for all kinds of changes: updates of projects, constraints,
release bumps. What differs is where the files of the change come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import OutsideError
from openstack_requirements.proposals import reconcile
from openstack_requirements.proposals.proposal import (
    Edit,
    Proposal,
    patch_id,
    still_applies,
)
from openstack_requirements.system import git_scratch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.proposals.forges import (
        ClosedProposal,
        Forge,
        OpenProposal,
        Push,
        Standing,
    )
    from openstack_requirements.proposals.proposal import Key
    from openstack_requirements.system.git_scratch import (
        Identity,
        Remote,
        ScratchRepository,
    )

#: More files than that are in no proposal of ours.
_MOST_FILES = 100


class Change(NamedTuple):
    """What is wanted for a key.

    :param base: the id of the commit that the edits are for.
    :param edits: empty where the project is in line.
    :param message: the commit's, without what a forge adds.
    :param problems: why there is no plan, each with file and line.
    """

    key: Key
    base: str
    edits: tuple[Edit, ...] = ()
    message: str = ""
    problems: tuple[str, ...] = ()

    @property
    def patch(self) -> str:
        """The identity of the patch; empty without edits."""
        return patch_id(self.edits) if self.edits else ""


class Desk(NamedTuple):
    """What it takes to reconcile a key.

    :param repository: has the base of the change, or can fetch it.
    :param remote: the project.
    :param writes: whether anything may be changed outside.
    """

    forge: Forge
    repository: ScratchRepository
    remote: Remote
    who: Identity
    writes: bool


class Settled(NamedTuple):
    """What was done, or would be.

    :param proposal: what is open now, if that is known.
    """

    decision: reconcile.Step
    proposal: OpenProposal | None = None


class Assessment(NamedTuple):
    """What stands on the forge for a change, and what is to be done."""

    standing: Standing
    decision: reconcile.Step

    @property
    def proposal(self) -> OpenProposal | None:
        """The proposal that is open."""
        return self.standing.open[0] if self.standing.open else None


def settle(desk: Desk, change: Change, references: dict[str, str]) -> Settled:
    """Reconcile what is wanted with what stands there.

    :param references: those of the project, as it has them now.
    :raises Outdated: where somebody else has just changed what stands there.
    :raises OutsideError: where the forge or git fails.
    """
    return act(desk, change, look(desk, change, references))


def look(desk: Desk, change: Change, references: dict[str, str]) -> Assessment:
    """What stands there, and what is to be done. Nothing is changed.

    :param references: those of the project, as it has them now.
    :raises OutsideError: where the forge or git fails.
    """
    standing = desk.forge.standing(change.key, references)
    ours = standing.open[0] if standing.open else None
    decision = reconcile.decide(
        reconcile.Wanted(change.patch, change.problems),
        _looked_at(desk, change, ours) if ours else None,
        "" if ours or not change.edits else _declined(desk, standing.closed),
    )
    return Assessment(standing, decision)


def act(desk: Desk, change: Change, assessed: Assessment) -> Settled:
    """Do what is to be done, where the desk writes.

    :raises Outdated: where somebody else has just changed what stands there.
    :raises OutsideError: where the forge or git fails.
    """
    decision, ours = assessed.decision, assessed.proposal
    if not desk.writes or decision.action not in {
        "propose",
        "update",
        "close",
    }:
        return Settled(decision, ours)
    push = _pusher(desk)
    if decision.action == "close":
        for proposal in assessed.standing.open:
            desk.forge.close(change.key, proposal, decision.reason, push)
        return Settled(decision, ours)
    return Settled(decision, _put(desk, change, assessed.standing, push))


def _put(
    desk: Desk, change: Change, standing: Standing, push: Push
) -> OpenProposal:
    """Propose a change, or put a new patch set of it."""
    message = desk.forge.message(change.message, change.key, standing)
    contents = {
        edit.path: edit.new.encode("utf-8", "surrogateescape")
        for edit in change.edits
    }
    commit = desk.repository.commit(change.base, contents, message, desk.who)
    proposal = Proposal(
        change.key,
        change.base,
        commit,
        desk.repository.facts(commit).tree,
        message,
        change.patch,
    )
    return desk.forge.put(proposal, standing, push)


def _pusher(desk: Desk) -> Push:
    def push(
        updates: Sequence[git_scratch.RefUpdate], /, *, atomic: bool = False
    ) -> tuple[git_scratch.RefOutcome, ...]:
        return desk.repository.push(desk.remote, updates, atomic=atomic)

    return push


def _looked_at(
    desk: Desk, change: Change, proposal: OpenProposal
) -> reconcile.Open:
    """A proposal that is open, as the decision needs it."""
    edits = _edits(desk, proposal)
    facts = desk.repository.facts(proposal.commit)
    people = [
        person
        for person in (facts.committer, facts.author)
        if person.email.casefold() != desk.who.email.casefold()
    ]
    paths = [edit.path for edit in edits]
    contents = desk.repository.contents(change.base, paths)
    texts = {path: _text(content) for path, content in contents.items()}
    return reconcile.Open(
        patch_id(edits),
        f"{people[0].name} <{people[0].email}>" if people else "",
        still_applies(edits, texts),
    )


def _declined(desk: Desk, closed: ClosedProposal | None) -> str:
    """The identity of what a person closed unmerged last; or empty."""
    if closed is None or closed.merged or closed.by_us:
        return ""
    try:
        return patch_id(_edits(desk, closed))
    except OutsideError:
        # A forge may have removed what was closed.
        return ""


def _edits(
    desk: Desk, proposal: OpenProposal | ClosedProposal
) -> tuple[Edit, ...]:
    """What the commit of a proposal changes."""
    repository = desk.repository
    if not repository.has(proposal.commit):
        # Its parent is needed, too.
        repository.fetch(desk.remote, [proposal.ref], depth=2)
    facts = repository.facts(proposal.commit)
    if not facts.parents:
        return ()
    parent = facts.parents[0]
    paths = repository.changed(parent, proposal.commit)[:_MOST_FILES]
    before = repository.contents(parent, paths)
    after = repository.contents(proposal.commit, paths)
    return tuple(
        Edit(path, _text(before[path]), _text(after[path])) for path in paths
    )


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "surrogateescape")
