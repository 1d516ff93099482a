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
"""The forge ``git``: a proposal is a branch of the project's repository.

The branch ``proposals/TOPIC/BRANCH`` is the proposal for ``BRANCH``, and the
reference ``refs/proposed/TOPIC/BRANCH`` remembers what we pushed there last.
Both are pushed together, and both are deleted where we close a proposal. So a
reference without its branch tells that a person has deleted the branch.

The two names differ in their first word, or ``proposals/TOPIC/BRANCH`` alone
would name both for git. Where a server refuses such references, only the
memory is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.errors import OutsideError
from openstack_requirements.output import masked
from openstack_requirements.proposals.forges import (
    ClosedProposal,
    OpenProposal,
    Outdated,
    Standing,
    has_moved,
)
from openstack_requirements.system.git_scratch import RefUpdate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from openstack_requirements.proposals.forges import Push
    from openstack_requirements.proposals.proposal import Key, Proposal
    from openstack_requirements.system.git_scratch import RefOutcome, Remote

_NOT_ATOMIC = "does not support --atomic"


class GitBranches:
    """Any git server as a forge.

    :param warn: is told, once, of a server that keeps no memory.
    """

    name = "git"

    def __init__(self, warn: Callable[[str], object] | None = None) -> None:
        self._warn = warn
        # What each key's record led to when it was looked at last.
        self._records: dict[Key, str] = {}
        # The branch that keeps the one of a key from being made.
        self._in_the_way: dict[Key, str] = {}

    def remote(self, project: str) -> Remote | None:  # noqa: ARG002 - any
        """None: only who calls knows where a project is."""
        return None

    def overview(
        self,
        topic: str,  # noqa: ARG002 - one server cannot be asked for all
        projects: Collection[str],  # noqa: ARG002
    ) -> None:
        """None: each project is asked about."""
        return

    def standing(self, key: Key, references: dict[str, str]) -> Standing:
        """The branch that is the proposal, or the record of one deleted."""
        branch, record = (
            references.get(_branch(key)),
            references.get(_record(key)),
        )
        self._records[key] = record or ""
        self._in_the_way[key] = _in_the_way(_branch(key), references)
        name = _name(key)
        if branch:
            return Standing((OpenProposal(name, "", branch, _branch(key)),))
        if record:
            closed = ClosedProposal(
                name, "", record, _record(key), merged=False, by_us=False
            )
            return Standing((), closed)
        return Standing()

    def message(
        self,
        message: str,
        key: Key,  # noqa: ARG002 - the branch says it
        standing: Standing,  # noqa: ARG002
    ) -> str:
        """The message as it is."""
        return message

    def put(
        self, proposal: Proposal, standing: Standing, push: Push
    ) -> OpenProposal:
        """Push the branch and its record; nothing where both are there.

        :raises Outdated: where the branch is not what it was.
        :raises OutsideError: where the server refuses it.
        """
        key, commit = proposal.key, proposal.commit
        if self._in_the_way.get(key):
            raise OutsideError(
                f"{key}: the branch {self._in_the_way[key]} is in the way of "
                f"{_name(key)}, which git takes for a folder or a file in one"
            )
        before = standing.open[0].commit if standing.open else ""
        known = self._records.get(key, "")
        branch = RefUpdate(_branch(key), commit, before)
        record = RefUpdate(_record(key), commit, known)
        if before != commit or known != commit:
            self._push(key, branch, record, push)
        name = _name(key)
        return OpenProposal(name, "", commit, branch.ref, proposal.title)

    def close(
        self,
        key: Key,
        proposal: OpenProposal,
        reason: str,  # noqa: ARG002 - a branch has no place to say it
        push: Push,
    ) -> None:
        """Delete the branch and its record.

        :raises Outdated: where the branch is not what it was.
        :raises OutsideError: where the server refuses it.
        """
        branch = RefUpdate(proposal.ref, "", proposal.commit)
        known = self._records.get(key, "")
        if known:
            self._push(key, branch, RefUpdate(_record(key), "", known), push)
        else:
            _require(key, push([branch]))
        self._records[key] = ""

    def comment(self, key: Key, proposal: OpenProposal, text: str) -> None:
        """Nothing: a branch has no place for comments."""

    def _push(
        self, key: Key, branch: RefUpdate, record: RefUpdate, push: Push
    ) -> None:
        """Update a branch and its record, both or neither.

        Where the server does not have that, the branch alone is updated: a
        record that is wrong would stop a proposal for ever.
        """
        try:
            outcomes = push([branch, record], atomic=True)
        except OutsideError as error:
            if _NOT_ATOMIC not in str(error):
                raise
            outcomes = ()
        if len(outcomes) == 2 and not _rejected(outcomes):
            self._records[key] = record.commit
            return
        _require_current(key, outcomes)
        _require(key, push([branch]))
        if self._warn is not None:
            self._warn(
                f"{key.project}: the server does not take {record.ref}: a "
                "proposal whose branch a person deletes is proposed again"
            )
            self._warn = None


def _name(key: Key) -> str:
    return f"proposals/{key.topic}/{key.branch}"


def _branch(key: Key) -> str:
    return f"refs/heads/{_name(key)}"


def _record(key: Key) -> str:
    return f"refs/proposed/{key.topic}/{key.branch}"


def _in_the_way(branch: str, references: Iterable[str]) -> str:
    """A branch that cannot be beside another one; empty without one."""
    for name in references:
        if name.startswith(f"{branch}/") or branch.startswith(f"{name}/"):
            return name.removeprefix("refs/heads/")
    return ""


def _rejected(outcomes: Sequence[RefOutcome]) -> list[str]:
    return [
        outcome.reason for outcome in outcomes if outcome.outcome == "rejected"
    ]


def _require_current(key: Key, outcomes: Sequence[RefOutcome]) -> None:
    """Refuse a push that was made for what is not there any more.

    :raises Outdated: where it was.
    """
    for reason in _rejected(outcomes):
        if has_moved(reason):
            raise Outdated(
                f"{key}: the proposal is not what it was a moment ago: "
                f"{masked(reason)}"
            )


def _require(key: Key, outcomes: Sequence[RefOutcome]) -> None:
    """Refuse a push that did not succeed.

    :raises OutsideError: with the reason that the server gives.
    """
    _require_current(key, outcomes)
    reasons = _rejected(outcomes)
    if reasons or not outcomes:
        said = masked("; ".join(reasons)) or "it does not say why"
        raise OutsideError(f"{key}: the server refuses the branch: {said}")
