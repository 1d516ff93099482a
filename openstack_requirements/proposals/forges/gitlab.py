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
"""GitLab, through python-gitlab: merge requests from branches of the project.

A project is ``group/subgroup/name``; groups nest.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from openstack_requirements.proposals.forges import asking, not_installed
from openstack_requirements.proposals.forges.asking import (
    Asking,
    Failure,
    ForgeRefused,
)
from openstack_requirements.proposals.forges.pull_requests import (
    PullRequest,
    PullRequestForge,
)
from openstack_requirements.system import fetch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import gitlab
    from gitlab.v4.objects import Project

    from openstack_requirements.proposals.forges.credentials import (
        Credentials,
    )
    from openstack_requirements.proposals.proposal import Key


class _GitLabAnswered(Exception):
    """An answer with a status that is no success."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.status)
        self.failure = failure


class GitLab(PullRequestForge):
    """See :class:`.Forge`.

    :raises UnusableInput: where python-gitlab is not installed.
    """

    name = "gitlab"
    git_user = "oauth2"

    def __init__(self, url: str, credentials: Credentials | None) -> None:
        super().__init__(url, credentials)
        try:
            import gitlab
        except ImportError as error:
            raise not_installed(self.name, "python-gitlab") from error
        self._gitlab = gitlab
        self._threads = threading.local()
        self._username: str | None = None

    def _asking(self) -> Asking:
        return Asking(self.name, self.url, self.credentials, self._failure)

    def _failure(self, error: Exception) -> Failure | None:
        """What an error of the client stands for."""
        if isinstance(error, _GitLabAnswered):
            return error.failure
        return asking.network_failure(error)

    @property
    def _client(self) -> gitlab.Gitlab:
        """The client of this thread."""
        client: gitlab.Gitlab | None = getattr(self._threads, "client", None)
        if client is None:
            client = self._gitlab.Gitlab(
                self.url,
                private_token=self.credentials.secret
                if self.credentials
                else None,
                timeout=fetch.SILENCE,
                per_page=asking.PAGE,
                # The address that people use, whatever the server thinks.
                keep_base_url=True,
            )
            # The errors of the client have no headers, and it would wait as
            # long as a server says.
            client.session.hooks["response"].append(_require_success)
            self._threads.client = client
        return client

    def _project(self, project: str) -> Project:
        return self._client.projects.get(project, lazy=True)

    def _account(self) -> str:
        if self._username is None:

            def username() -> str:
                answer: Any = self._client.http_get("/user")
                return str(answer["username"])

            self._username = self.asking.ask("", username)
        return self._username

    def _listed(self, key: Key, head: str) -> Iterable[PullRequest]:
        return self.asking.ask(
            key.project,
            lambda: [
                _read(request)
                for request in self._project(key.project).mergerequests.list(
                    state="all",
                    source_branch=head,
                    target_branch=key.branch,
                    iterator=True,
                )
                if request.source_project_id == request.target_project_id
            ],
        )

    def _ours(
        self,
        projects: Collection[str],  # noqa: ARG002 - the answer has all
    ) -> Iterable[tuple[str, str, str]] | None:
        return self.asking.ask(
            "",
            lambda: [
                (
                    str(request.references["full"]).rpartition("!")[0],
                    str(request.source_branch),
                    str(request.target_branch),
                )
                for request in self._client.mergerequests.list(
                    scope="created_by_me", state="opened", iterator=True
                )
            ],
        )

    def _tip(self, project: str, branch: str) -> str:
        try:
            return self.asking.ask(
                project,
                lambda: str(
                    self._project(project).branches.get(branch).commit["id"]
                ),
            )
        except ForgeRefused as error:
            if error.answered == 404:
                return ""
            raise

    def _current_name(self, project: str) -> str:
        return self.asking.ask(
            project,
            lambda: str(
                self._client.projects.get(project).path_with_namespace
            ),
        )

    def _open(
        self, key: Key, head: str, title: str, body: str
    ) -> PullRequest | None:
        try:
            return self.asking.ask(
                key.project,
                lambda: _read(
                    self._project(key.project).mergerequests.create(
                        {
                            "source_branch": head,
                            "target_branch": key.branch,
                            "title": title,
                            "description": body,
                        }
                    )
                ),
            )
        except ForgeRefused as error:
            if error.answered == 409:
                return None
            raise

    def _edit(self, project: str, number: str, title: str, body: str) -> None:
        self._change(project, number, {"title": title, "description": body})

    def _close(self, project: str, number: str) -> None:
        # To close what is closed is an error.
        if self._request(project, number).state == "opened":
            self._change(project, number, {"state_event": "close"})

    def _closer(self, project: str, request: PullRequest) -> str:
        closer = self._request(project, request.number).closed_by
        return str(closer["username"]) if closer else ""

    def _comments(self, project: str, number: str) -> list[str]:
        account = self._account()
        return self.asking.ask(
            project,
            lambda: [
                str(note.body)
                for note in self._project(project)
                .mergerequests.get(int(number), lazy=True)
                .notes.list(iterator=True)
                if note.author["username"] == account
            ],
        )

    def _say(self, project: str, number: str, text: str) -> None:
        self.asking.ask(
            project,
            lambda: (
                self._project(project)
                .mergerequests.get(int(number), lazy=True)
                .notes.create({"body": text})
            ),
        )

    def _request(self, project: str, number: str) -> Any:
        return self.asking.ask(
            project,
            lambda: self._project(project).mergerequests.get(int(number)),
        )

    def _change(
        self, project: str, number: str, fields: dict[str, Any]
    ) -> None:
        self.asking.ask(
            project,
            lambda: self._project(project).mergerequests.update(
                int(number), fields
            ),
        )


def _read(request: Any) -> PullRequest:
    return PullRequest(
        number=str(int(request.iid)),
        url=str(request.web_url),
        commit=str(request.sha or ""),
        ref=f"refs/merge-requests/{request.iid}/head",
        head=str(request.source_branch),
        base=str(request.target_branch),
        state={"opened": "open", "locked": "open"}.get(
            request.state, str(request.state)
        ),
        title=str(request.title),
        body=str(request.description or ""),
        closed_at=str(request.merged_at or request.closed_at or ""),
    )


def _require_success(
    response: Any, *_arguments: object, **_more: object
) -> None:
    """Raise what an answer says where it is no success.

    requests would follow it to another host and send the token along.
    """
    status = response.status_code
    moved = urljoin(response.url, response.headers.get("Location", ""))
    elsewhere = status >= 300 and _origin(moved) != _origin(response.url)
    if status < 400 and not elsewhere:
        return
    said = "it leads to another host" if elsewhere else ""
    with contextlib.suppress(ValueError, AttributeError):
        data = response.json()
        said = str(data.get("message") or data.get("error") or "")
    headers = {name.lower(): value for name, value in response.headers.items()}
    raise _GitLabAnswered(Failure(status, headers, said))


def _origin(url: str) -> tuple[str, str]:
    return urlsplit(url)[:2]
