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
"""Forgejo, and Gitea, whose interface it shares.

No client of theirs is for all Pythons that the toolkit is for, so the few
requests are sent as they are.
"""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin

from openstack_requirements.proposals.forges import asking
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
from openstack_requirements.system.fetch_targets import first_target

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from openstack_requirements.proposals.forges.credentials import (
        Credentials,
    )
    from openstack_requirements.proposals.proposal import Key

#: How many pages of pull requests of a project are read.
MOST_PAGES = 20
#: How many rows the default settings of a server admit on a page.
PAGE = 50


class _ForgejoAnswered(Exception):
    """An answer with a status that is no success."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.status)
        self.failure = failure


class Forgejo(PullRequestForge):
    """See :class:`.Forge`."""

    name = "forgejo"
    git_user = "token"

    def __init__(self, url: str, credentials: Credentials | None) -> None:
        super().__init__(url, credentials)
        self._threads = threading.local()
        self._login: str | None = None

    def _asking(self) -> Asking:
        return Asking(self.name, self.url, self.credentials, _failure)

    def _send(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        query: dict[str, object] | None = None,
    ) -> Any:
        """What the forge answers to one request.

        :param path: what stands behind ``/api/v1``; its parts are quoted.
        """
        client: fetch.Client | None = getattr(self._threads, "client", None)
        if client is None:
            client = fetch.Client(fetch.ClientSettings(timeout=fetch.SILENCE))
            self._threads.client = client
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        if self.credentials is not None:
            headers["Authorization"] = f"token {self.credentials.secret}"
        given = b""
        if body is not None:
            headers["Content-Type"] = "application/json"
            given = json.dumps(body).encode()
        url = f"{self.url}/api/v1{path}"
        if query:
            url += f"?{urlencode(query)}"
        # A project that was renamed leads to its new name.
        for _ in range(3 if method == "GET" else 1):
            with client.send(
                method, first_target(url), headers, given
            ) as answer:
                data = answer.data()
                status = answer.status
                said = answer.headers
            moved = urljoin(url, said.get("Location", ""))
            # The token goes to no other host.
            if status not in {301, 302, 307, 308} or not moved.startswith(
                f"{self.url}/"
            ):
                break
            url = moved
        if not 200 <= status < 300:
            raise _ForgejoAnswered(_failed(status, dict(said), data))
        return json.loads(data) if data else None

    def _pages(
        self, path: str, most: int = MOST_PAGES, **query: object
    ) -> Iterator[Any]:
        """The rows of a listing."""
        for page in range(1, most + 1):
            query |= {"page": page, "limit": PAGE}
            rows = self._send("GET", path, query=query)
            yield from rows
            # A server may admit fewer of them than we want.
            if not rows:
                return

    def _account(self) -> str:
        if self._login is None:
            self._login = self.asking.ask(
                "", lambda: str(self._send("GET", "/user")["login"])
            )
        return self._login

    def _listed(self, key: Key, head: str) -> Iterable[PullRequest]:
        def listed(state: str) -> list[PullRequest]:
            return [
                request
                for request in self._pulls(key.project, state)
                if (request.head, request.base) == (head, key.branch)
            ]

        return self.asking.ask(
            key.project, lambda: listed("open") or listed("closed")
        )

    def _pulls(self, project: str, state: str) -> Iterator[PullRequest]:
        """Pull requests from branches of a project, the latest first."""
        rows = self._pages(
            f"/repos/{quote(project)}/pulls", state=state, sort="recentupdate"
        )
        for row in rows:
            if row["head"]["repo_id"] in {-1, row["base"]["repo_id"]}:
                yield _read(row)

    def _ours(
        self, projects: Collection[str]
    ) -> Iterable[tuple[str, str, str]] | None:
        names = {project.casefold() for project in projects}
        concerned = self.asking.ask(
            "",
            lambda: {
                str(row["repository"]["full_name"])
                for row in self._pages(
                    "/repos/issues/search",
                    most=10 * MOST_PAGES,
                    type="pulls",
                    state="open",
                    created="true",
                )
            },
        )
        return [
            (project, request.head, request.base)
            for project in sorted(concerned)
            if project.casefold() in names
            for request in self._all_open(project)
        ]

    def _all_open(self, project: str) -> list[PullRequest]:
        return self.asking.ask(
            project,
            lambda: [
                request
                for request in self._pulls(project, "open")
                if request.head.startswith(BRANCHES)
            ],
        )

    def _tip(self, project: str, branch: str) -> str:
        path = f"/repos/{quote(project)}/branches/{quote(branch)}"
        try:
            return self.asking.ask(
                project, lambda: str(self._send("GET", path)["commit"]["id"])
            )
        except ForgeRefused as error:
            if error.answered == 404:
                return ""
            raise

    def _current_name(self, project: str) -> str:
        path = f"/repos/{quote(project)}"
        return self.asking.ask(
            project, lambda: str(self._send("GET", path)["full_name"])
        )

    def _open(
        self, key: Key, head: str, title: str, body: str
    ) -> PullRequest | None:
        path = f"/repos/{quote(key.project)}/pulls"
        given = {
            "head": head,
            "base": key.branch,
            "title": title,
            "body": body,
        }
        try:
            return self.asking.ask(
                key.project, lambda: _read(self._send("POST", path, given))
            )
        except ForgeRefused as error:
            if error.answered == 409:
                return None
            raise

    def _edit(self, project: str, number: str, title: str, body: str) -> None:
        self._change(project, number, {"title": title, "body": body})

    def _close(self, project: str, number: str) -> None:
        self._change(project, number, {"state": "closed"})

    def _change(
        self, project: str, number: str, fields: dict[str, Any]
    ) -> None:
        path = f"/repos/{quote(project)}/pulls/{quote(number)}"
        self.asking.ask(project, lambda: self._send("PATCH", path, fields))

    def _closer(self, project: str, request: PullRequest) -> str:  # noqa: ARG002 - it is never said
        return ""

    def _comments(self, project: str, number: str) -> list[str]:
        account = self._account()
        path = f"/repos/{quote(project)}/issues/{quote(number)}/comments"
        return self.asking.ask(
            project,
            lambda: [
                str(row["body"])
                for row in self._send("GET", path)
                if row["user"]["login"] == account
            ],
        )

    def _say(self, project: str, number: str, text: str) -> None:
        path = f"/repos/{quote(project)}/issues/{quote(number)}/comments"
        self.asking.ask(
            project, lambda: self._send("POST", path, {"body": text})
        )


def _failure(error: Exception) -> Failure | None:
    """What an error of a request stands for."""
    if isinstance(error, _ForgejoAnswered):
        return error.failure
    return asking.network_failure(error)


def _failed(status: int, headers: dict[str, str], data: bytes) -> Failure:
    said = ""
    with contextlib.suppress(ValueError, AttributeError):
        said = str(json.loads(data).get("message") or "")
    return Failure(
        status, {name.lower(): value for name, value in headers.items()}, said
    )


def _read(row: Any) -> PullRequest:
    state = "merged" if row["merged"] else str(row["state"])
    return PullRequest(
        number=str(int(row["number"])),
        url=str(row["html_url"]),
        commit=str(row["head"]["sha"]),
        ref=f"refs/pull/{int(row['number'])}/head",
        # Its ref is another one once the branch is gone.
        head=str(row["head"]["label"]),
        base=str(row["base"]["ref"]),
        state=state,
        title=str(row["title"]),
        body=str(row["body"] or ""),
        closed_at=str(row["merged_at"] or row["closed_at"] or ""),
    )
