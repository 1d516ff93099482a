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
"""Proposals as pull requests, which several forges have.

The commit of a proposal is on a branch of the project itself,
``proposals/TOPIC/BRANCH``. A forge says in a few methods how it lists, opens
and closes pull requests, which GitLab calls merge requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from openstack_requirements.errors import (
    OutsideError,
    UnusableInput,
    printable,
)
from openstack_requirements.proposals.forges import (
    ClosedProposal,
    OpenProposal,
    Outdated,
    Standing,
    has_moved,
)
from openstack_requirements.system.fetch_targets import SCHEMES
from openstack_requirements.system.git_scratch import (
    Access,
    RefUpdate,
    Remote,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from openstack_requirements.proposals.forges import Push
    from openstack_requirements.proposals.forges.asking import Asking
    from openstack_requirements.proposals.forges.credentials import (
        Credentials,
    )
    from openstack_requirements.proposals.proposal import Key, Proposal

#: What the branches of all proposals start with.
BRANCHES = "proposals/"
#: What a comment ends with by which a proposal is closed: where a forge does
#: not say who closed it, this does.
CLOSED = "The program that proposed this closes it."

_BRANCH_REFS = "refs/heads/"


class PullRequest(NamedTuple):
    """A pull request as a forge has it.

    :param commit: the id of the last commit.
    :param ref: the reference that git fetches it from, also once its branch
        is gone.
    :param head: the branch with the commit; in the project itself.
    :param base: the branch that it is for.
    :param state: ``open``, ``closed`` or ``merged``.
    :param closed_at: when it was closed or merged, so that texts sort.
    """

    number: str
    url: str
    commit: str
    ref: str
    head: str
    base: str
    state: str
    title: str
    body: str
    closed_at: str = ""


class PullRequestForge:
    """What forges with pull requests have in common.

    It is for several threads at once.

    :param url: the address of the forge, without any password.
    :param credentials: None to read what everybody may read.
    :raises UnusableInput: where the address is none.
    """

    name = ""
    #: The user that git names to the server along with a token.
    git_user = ""

    def __init__(self, url: str, credentials: Credentials | None) -> None:
        _require_address(url)
        self.url = url.rstrip("/")
        self.credentials = credentials
        self.asking = self._asking()

    # What a forge says of itself. All but the first raise OutsideError.

    def _asking(self) -> Asking:
        """How it is asked."""
        raise NotImplementedError

    def _account(self) -> str:
        """The name of the account; empty where a token has none."""
        raise NotImplementedError

    def _listed(self, key: Key, head: str) -> Iterable[PullRequest]:
        """The pull requests for a branch, open or not; maybe others too."""
        raise NotImplementedError

    def _ours(
        self, projects: Collection[str]
    ) -> Iterable[tuple[str, str, str]] | None:
        """Project, head and base of all that our account has open."""
        raise NotImplementedError

    def _tip(self, project: str, branch: str) -> str:
        """The id of the last commit of a branch; empty where it is none."""
        raise NotImplementedError

    def _current_name(self, project: str) -> str:
        """What the forge calls a project, which may have been renamed."""
        raise NotImplementedError

    def _open(
        self, key: Key, head: str, title: str, body: str
    ) -> PullRequest | None:
        """Open one; None where there is one already."""
        raise NotImplementedError

    def _edit(self, project: str, number: str, title: str, body: str) -> None:
        """Give it another title and body."""
        raise NotImplementedError

    def _close(self, project: str, number: str) -> None:
        """Close it unmerged."""
        raise NotImplementedError

    def _closer(self, project: str, request: PullRequest) -> str:
        """Who closed it; empty where the forge does not say it."""
        raise NotImplementedError

    def _comments(self, project: str, number: str) -> list[str]:
        """What was said by our account, or by all where that has no name."""
        raise NotImplementedError

    def _say(self, project: str, number: str, text: str) -> None:
        """Add a comment."""
        raise NotImplementedError

    # What follows from it.

    def remote(self, project: str) -> Remote:
        """Where git reaches a project."""
        access = None
        if self.credentials is not None:
            parts = urlsplit(self.url)
            access = Access(
                f"{parts.scheme}://{parts.netloc}/",
                self.credentials.basic(self.git_user),
            )
        return Remote(f"{self.url}/{project}.git", access)

    def overview(
        self, topic: str, projects: Collection[str]
    ) -> Collection[tuple[str, str]] | None:
        """The projects and branches that have something open of ours."""
        if self.credentials is None:
            return None
        names = {project.casefold(): project for project in projects}
        ours = self._ours(projects)
        if ours is None:
            return None
        return {
            (names[project.casefold()], base)
            for project, head, base in ours
            if project.casefold() in names
            and head == f"{BRANCHES}{topic}/{base}"
        }

    def standing(self, key: Key, references: dict[str, str]) -> Standing:
        """What stands there."""
        head = head_of(key)
        requests = [
            request
            for request in self._listed(key, head)
            if (request.head, request.base) == (head, key.branch)
        ]
        # What git lists is newer than what the forge made of a push.
        tip = references.get(_BRANCH_REFS + head, "")
        open_ones = tuple(
            self._proposal(request, tip)
            if tip
            else self._proposal(request, request.commit)._replace(
                ref=request.ref
            )
            for request in sorted(requests, key=_number)
            if request.state == "open"
        )
        done = [request for request in requests if request.state != "open"]
        if open_ones or not done:
            return Standing(open_ones)
        last = max(done, key=_when)
        merged = last.state == "merged"
        return Standing(
            (),
            ClosedProposal(
                last.number,
                last.url,
                last.commit,
                last.ref,
                merged,
                not merged and self._closed_by_us(key, last),
            ),
        )

    def message(self, message: str, key: Key, standing: Standing) -> str:  # noqa: ARG002 - the protocol
        """The message of the commit, which needs nothing more."""
        return message

    def put(
        self, proposal: Proposal, standing: Standing, push: Push
    ) -> OpenProposal:
        """Propose, or put a new patch set of what is open."""
        key = proposal.key
        self._require_name(key.project)
        head = head_of(key)
        text = (proposal.title, proposal.body)
        if standing.open:
            there = standing.open[0].commit
            # The push comes last: until it is done, there is another patch,
            # and so a run that was ended before it is completed by the next.
            request = self._retitled(key, self._open_one(key, head), text)
            self._push(proposal, head, there, push)
        else:
            # A run may have ended before it opened the pull request, and what
            # was merged may have left its branch.
            there = self._tip(key.project, head)
            if there != proposal.commit:
                self._push(proposal, head, there, push)
            request = self._open(key, head, *text) or self._retitled(
                key, self._open_one(key, head), text
            )
        return self._proposal(request, proposal.commit)

    def close(
        self, key: Key, proposal: OpenProposal, reason: str, push: Push
    ) -> None:
        """Close a proposal unmerged, say why, and delete its branch."""
        project, head = key.project, head_of(key)
        self._require_name(project)
        self._say_once(
            project,
            proposal.number,
            f"{reason[:1].upper()}{reason[1:].rstrip('.')}. {CLOSED}",
        )
        # Once it is closed, no run looks at its branch again. Where that is
        # gone, some forges have closed it already.
        if self._tip(project, head):
            self._update(
                project,
                RefUpdate(_BRANCH_REFS + head, "", expected=proposal.commit),
                push,
            )
        self._close(project, proposal.number)

    def comment(self, key: Key, proposal: OpenProposal, text: str) -> None:
        """Say something to those who read a proposal, once."""
        self._require_name(key.project)
        self._say_once(key.project, proposal.number, text)

    def _say_once(self, project: str, number: str, text: str) -> None:
        """Add a comment, unless an earlier run did so and was ended."""
        said = map(_plain, self._comments(project, number))
        if _plain(text) not in said:
            self._say(project, number, text)

    def _closed_by_us(self, key: Key, request: PullRequest) -> bool:
        """Whether it was this program, not only its account.

        A person may run it with an account that is theirs, and close
        something with that account.
        """
        closer = self._closer(key.project, request)
        if closer and closer != self._account():
            return False
        comments = self._comments(key.project, request.number)
        return any(_plain(text).endswith(CLOSED) for text in comments)

    def _require_name(self, project: str) -> None:
        """Refuse to write to a project under a name that it had once.

        :raises OutsideError: with its name now.
        """
        name = self._current_name(project)
        if name.casefold() != project.casefold():
            raise OutsideError(
                f"{printable(self.url)}/{printable(project)}: is called "
                f"{printable(name)} now: name it so in the list of projects"
            )

    def _push(
        self, proposal: Proposal, head: str, there: str, push: Push
    ) -> None:
        """Put the commit on its branch."""
        ref = _BRANCH_REFS + head
        update = RefUpdate(ref, proposal.commit, expected=there)
        self._update(proposal.key.project, update, push)

    def _update(self, project: str, update: RefUpdate, push: Push) -> None:
        """Update a branch.

        :raises Outdated: where the branch is not what it was.
        :raises OutsideError: where that is rejected, and no other run did it.
        """
        head = update.ref.removeprefix(_BRANCH_REFS)
        for outcome in push([update]):
            if (
                outcome.outcome == "rejected"
                and self._tip(project, head) != update.commit
            ):
                reason = self.asking.masked(outcome.reason)
                error = Outdated if has_moved(reason) else OutsideError
                raise error(
                    f"{printable(self.url)}/{printable(project)}: the branch "
                    f"{printable(head)} cannot be pushed: {reason}"
                )

    def _retitled(
        self, key: Key, request: PullRequest, text: tuple[str, str]
    ) -> PullRequest:
        """A pull request with this title and body."""
        if (request.title, _plain(request.body)) != text:
            self._edit(key.project, request.number, *text)
        return request._replace(title=text[0], body=text[1])

    def _open_one(self, key: Key, head: str) -> PullRequest:
        """The pull request that is open.

        :raises OutsideError: where there is none.
        """
        for request in sorted(self._listed(key, head), key=_number):
            place = (request.head, request.base, request.state)
            if place == (head, key.branch, "open"):
                return request
        raise OutsideError(
            f"{printable(self.url)}/{printable(key.project)}: the pull "
            f"request of {printable(head)} is there, and is not listed; try "
            "again"
        )

    def _proposal(self, request: PullRequest, commit: str) -> OpenProposal:
        return OpenProposal(
            request.number,
            request.url,
            commit,
            _BRANCH_REFS + request.head,
            request.title,
        )


def _require_address(url: str) -> None:
    """Refuse what is no address, or what would be in all command lines.

    :raises UnusableInput: with the reason.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise UnusableInput("--forge-url", f"{url} is no http or https URL")
    # A password may have a slash.
    if "@" in url or parts.query or parts.fragment:
        raise UnusableInput(
            "--forge-url",
            f"{url} has more than host and path; a token goes into a variable",
        )


def head_of(key: Key) -> str:
    """The branch that the commit of a proposal is on."""
    return f"{BRANCHES}{key.topic}/{key.branch}"


def _number(request: PullRequest) -> int:
    return int(request.number)


def _when(request: PullRequest) -> tuple[str, int]:
    return request.closed_at, int(request.number)


def _plain(text: str) -> str:
    """A text without what forges do to line ends."""
    return text.replace("\r\n", "\n").strip()
