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
"""GitHub, through PyGithub: pull requests from branches of the project.

It is for ``github.com`` and for GitHub Enterprise Server.
"""

from __future__ import annotations

import itertools
import logging
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from openstack_requirements.proposals.forges import asking, not_installed
from openstack_requirements.proposals.forges.asking import (
    Asking,
    Failure,
    ForgeRefused,
)
from openstack_requirements.proposals.forges.pull_requests import (
    BRANCHES,
    PullRequest,
    PullRequestForge,
)
from openstack_requirements.system import fetch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import github
    from github.PullRequest import PullRequest as GitHubPullRequest
    from github.Repository import Repository

    from openstack_requirements.proposals.forges.credentials import (
        Credentials,
    )
    from openstack_requirements.proposals.proposal import Key

#: How long to wait between two changes, in seconds, as GitHub wants it.
BETWEEN_WRITES = 1.0


class GitHub(PullRequestForge):
    """See :class:`.Forge`.

    :raises UnusableInput: where PyGithub is not installed.
    """

    name = "github"
    git_user = "x-access-token"

    def __init__(self, url: str, credentials: Credentials | None) -> None:
        super().__init__(url, credentials)
        try:
            import github
        except ImportError as error:
            raise not_installed(self.name, "PyGithub") from error
        # It would print what it does to stderr.
        logging.getLogger(github.__name__).handlers.clear()
        self._github = github
        self._threads = threading.local()
        self._login: str | None = None

    def _asking(self) -> Asking:
        return Asking(self.name, self.url, self.credentials, self._failure)

    def _failure(self, error: Exception) -> Failure | None:
        """What an error of PyGithub stands for."""
        if isinstance(error, self._github.GithubException):
            data = error.data if isinstance(error.data, dict) else {}
            headers = {
                name.lower(): str(value)
                for name, value in (error.headers or {}).items()
            }
            return Failure(error.status, headers, _said(data))
        return asking.network_failure(error)

    @property
    def _client(self) -> github.Github:
        """The client of this thread."""
        client: github.Github | None = getattr(self._threads, "client", None)
        if client is None:
            secret = self.credentials.secret if self.credentials else ""
            client = self._github.Github(
                auth=self._github.Auth.Token(secret) if secret else None,
                base_url=_api(self.url),
                timeout=int(max(1.0, fetch.SILENCE)),
                per_page=asking.PAGE,
                retry=0,
                # Nothing is asked for before it is needed.
                lazy=True,
                seconds_between_requests=0,
                seconds_between_writes=BETWEEN_WRITES,
            )
            self._threads.client = client
        return client

    def _repository(self, project: str) -> Repository:
        return self._client.get_repo(quote(project))

    def _account(self) -> str:
        if self._login is None:
            try:
                self._login = self.asking.ask(
                    "", lambda: str(self._client.get_user().login)
                )
            except ForgeRefused as error:
                # The token of a GitHub App is of no user.
                if error.answered != 403:
                    raise
                self._login = ""
        return self._login

    def _listed(self, key: Key, head: str) -> Iterable[PullRequest]:
        owner = key.project.partition("/")[0]

        def listed() -> list[PullRequest]:
            pulls = self._repository(key.project).get_pulls(
                state="all", head=f"{owner}:{head}", base=key.branch
            )
            return [
                _read(pull)
                # The latest come first.
                for pull in itertools.islice(pulls, asking.PAGE)
                if _is_local(pull)
            ]

        return self.asking.ask(key.project, listed)

    def _ours(
        self, projects: Collection[str]
    ) -> Iterable[tuple[str, str, str]] | None:
        if not self._account():
            return None
        names = {project.casefold() for project in projects}
        concerned = self.asking.ask(
            "",
            lambda: {
                issue.repository.full_name
                for issue in self._client.get_user().get_issues(
                    filter="created", state="open"
                )
                if issue.pull_request is not None
            },
        )
        return [
            (project, pull.head, pull.base)
            for project in sorted(concerned)
            if project.casefold() in names
            for pull in self._all_open(project)
        ]

    def _all_open(self, project: str) -> list[PullRequest]:
        return self.asking.ask(
            project,
            lambda: [
                _read(pull)
                for pull in self._repository(project).get_pulls(state="open")
                if _is_local(pull) and pull.head.ref.startswith(BRANCHES)
            ],
        )

    def _tip(self, project: str, branch: str) -> str:
        try:
            return self.asking.ask(
                project,
                lambda: str(
                    self._repository(project)
                    .get_git_ref(f"heads/{branch}")
                    .object.sha
                ),
            )
        except ForgeRefused as error:
            # An empty repository is a conflict.
            if error.answered in {404, 409}:
                return ""
            raise

    def _current_name(self, project: str) -> str:
        def name() -> str:
            repository = self._repository(project)
            repository.complete()
            return str(repository.full_name)

        return self.asking.ask(project, name)

    def _open(
        self, key: Key, head: str, title: str, body: str
    ) -> PullRequest | None:
        try:
            return self.asking.ask(
                key.project,
                lambda: _read(
                    self._repository(key.project).create_pull(
                        base=key.branch, head=head, title=title, body=body
                    )
                ),
            )
        except ForgeRefused as error:
            if error.answered == 422 and "already exists" in str(error):
                return None
            raise

    def _edit(self, project: str, number: str, title: str, body: str) -> None:
        self.asking.ask(
            project,
            lambda: self._pull(project, number).edit(title=title, body=body),
        )

    def _close(self, project: str, number: str) -> None:
        self.asking.ask(
            project, lambda: self._pull(project, number).edit(state="closed")
        )

    def _closer(self, project: str, request: PullRequest) -> str:
        def closer() -> str:
            issue = self._repository(project).get_issue(int(request.number))
            return str(issue.closed_by.login) if issue.closed_by else ""

        return self.asking.ask(project, closer)

    def _comments(self, project: str, number: str) -> list[str]:
        account = self._account()
        return self.asking.ask(
            project,
            lambda: [
                comment.body or ""
                for comment in self._pull(project, number).get_issue_comments()
                if account in {"", comment.user.login if comment.user else ""}
            ],
        )

    def _say(self, project: str, number: str, text: str) -> None:
        self.asking.ask(
            project,
            lambda: self._pull(project, number).create_issue_comment(text),
        )

    def _pull(self, project: str, number: str) -> GitHubPullRequest:
        return self._repository(project).get_pull(int(number))


def _api(url: str) -> str:
    """Where requests of programs go."""
    parts = urlsplit(url)
    if parts.hostname in {"github.com", "www.github.com"}:
        return f"{parts.scheme}://api.github.com"
    return f"{url}/api/v3"


def _is_local(pull: GitHubPullRequest) -> bool:
    """Whether it comes from a branch of the project itself."""
    # What it came from may be gone.
    source = pull.head.repo
    return source is not None and source.full_name == pull.base.repo.full_name


def _read(pull: GitHubPullRequest) -> PullRequest:
    closed = pull.closed_at
    state = "merged" if pull.merged_at else pull.state
    return PullRequest(
        number=str(pull.number),
        url=pull.html_url,
        commit=pull.head.sha,
        ref=f"refs/pull/{pull.number}/head",
        head=pull.head.ref,
        base=pull.base.ref,
        state=state,
        title=pull.title,
        body=pull.body or "",
        closed_at=closed.isoformat() if closed else "",
    )


def _said(data: dict[str, Any]) -> str:
    """What GitHub says of a failure."""
    errors = data.get("errors")
    parts = [
        error.get("message") if isinstance(error, dict) else error
        for error in (errors if isinstance(errors, list) else [])
    ]
    return "; ".join(
        str(part) for part in [data.get("message"), *parts] if part
    )
