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
"""The five forges on loopback, each used in the same way.

So one test, or one run over many projects, is for all of them.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import fixtures

from openstack_requirements.tests import (
    forge_interfaces,
    forge_servers,
    gerrit_server,
)
from openstack_requirements.tests.loopback_git import GitServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOPIC = "requirements"
HEAD = f"proposals/{TOPIC}/main"


class Proposed(NamedTuple):
    """A proposal that is open.

    :param number: what the forge calls it, as long as it lives.
    :param commit: the commit that a person would merge.
    """

    number: str
    commit: str


class AnyForge(fixtures.Fixture):
    """A forge on loopback, with projects whose branch is ``main``.

    :param name: what the option ``--forge`` calls it.
    """

    name = ""
    #: The variables that let a run in, and what nobody may see of them.
    credentials: Mapping[str, str] = {}

    def _setUp(self) -> None:  # noqa: N802 - as the parent calls it
        self.folder = Path(self.useFixture(fixtures.TempDir()).path)
        self.bares = self.folder / "bares"
        self.bares.mkdir()
        self.start()

    def start(self) -> None:
        """Start the server."""
        raise NotImplementedError

    @property
    def options(self) -> list[str]:
        """What names the forge to a command."""
        return ["--forge", self.name, "--forge-url", self.url]

    @property
    def secrets(self) -> list[str]:
        """What nobody may see."""
        return [
            value
            for variable, value in self.credentials.items()
            if not variable.endswith("_USERNAME")
        ]

    @property
    def url(self) -> str:
        """Its address."""
        raise NotImplementedError

    def bare(self, project: str) -> Path:
        """The repository of a project."""
        return self.bares / f"{project}.git"

    def add(self, project: str, files: Mapping[str, str]) -> None:
        """Make a project."""
        self._make(project)
        self.commit(project, files)

    def _make(self, project: str) -> None:
        """Make a project without a commit."""
        raise NotImplementedError

    def commit(
        self, project: str, files: Mapping[str, str], branch: str = "main"
    ) -> None:
        """A person commits to a branch of a project."""
        import_commit(self.bare(project), branch, files)

    def open(self) -> dict[str, list[Proposed]]:
        """What is open, by project."""
        raise NotImplementedError

    def all(self) -> dict[str, list[str]]:
        """The numbers of what is open or was closed, by project."""
        raise NotImplementedError

    def amend(self, project: str, files: Mapping[str, str]) -> None:
        """A person changes the proposal of a project."""
        raise NotImplementedError

    def comments(self, project: str) -> list[str]:
        """What was said to those who read the only proposal of a project."""
        raise NotImplementedError

    def forget(self) -> None:
        """Begin a new log."""
        raise NotImplementedError

    def requests(self) -> list[str]:
        """What was asked since, ``METHOD PATH``."""
        raise NotImplementedError

    def sent(self) -> str:
        """All that the server was told, but for the headers that let in."""
        return "\n".join(self.requests())

    def writes(self) -> list[str]:
        """What was asked since that changes something, or begins to."""
        return [row for row in self.requests() if is_write(row)]

    def watch(self, listener: Callable[[str, bool], object]) -> None:
        """Tell a listener of each request, before it is done and behind."""
        raise NotImplementedError

    def git(self, project: str, *words: str) -> str:
        """What git prints in the repository of a project."""
        return _git(self.bare(project), *words)


class AnyGit(AnyForge):
    """Any server for git, where branches are proposals."""

    name = "git"

    def start(self) -> None:
        self._server = self.useFixture(GitServer(self.bares))

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def options(self) -> list[str]:
        return ["--forge", "git", "--clone", f"{self.url}/{{project}}.git"]

    def _make(self, project: str) -> None:
        bare = self.bare(project)
        bare.mkdir(parents=True)
        _git(bare, "init", "-q", "--bare", "--initial-branch=main")
        _git(bare, "config", "http.receivepack", "true")

    def open(self) -> dict[str, list[Proposed]]:
        result = {}
        for bare in sorted(self.bares.glob("*/*.git")):
            reference = f"refs/heads/{HEAD}"
            commit = _git(
                bare, "for-each-ref", "--format=%(objectname)", reference
            )
            project = bare.relative_to(self.bares).with_suffix("").as_posix()
            if commit:
                result[project] = [Proposed(HEAD, commit)]
        return result

    def all(self) -> dict[str, list[str]]:
        return {
            project: [proposed.number for proposed in proposals]
            for project, proposals in self.open().items()
        }

    def amend(self, project: str, files: Mapping[str, str]) -> None:
        self.commit(project, files, HEAD)

    def comments(self, project: str) -> list[str]:
        return []

    def forget(self) -> None:
        self._server.requests.clear()

    def requests(self) -> list[str]:
        return list(self._server.requests)

    def watch(self, listener: Callable[[str, bool], object]) -> None:
        self._server.watch = listener


class AnyGerrit(AnyForge):
    """A Gerrit."""

    name = "gerrit"
    credentials = {  # noqa: RUF012 - nobody changes it
        "GERRIT_USERNAME": gerrit_server.BOT,
        "GERRIT_PASSWORD": gerrit_server.BOT_PASSWORD,
    }

    def start(self) -> None:
        self.server = self.useFixture(gerrit_server.GerritServer())

    @property
    def url(self) -> str:
        return self.server.url

    def bare(self, project: str) -> Path:
        return self.server.root / project

    def _make(self, project: str) -> None:
        self.server.project(project)

    def open(self) -> dict[str, list[Proposed]]:
        result: dict[str, list[Proposed]] = {}
        for change in self.server.changes("status:open"):
            proposed = Proposed(
                str(change["_number"]), change["current_revision"]
            )
            result.setdefault(change["project"], []).append(proposed)
        return result

    def all(self) -> dict[str, list[str]]:
        result: dict[str, list[str]] = {}
        for change in self.server.changes():
            numbers = result.setdefault(change["project"], [])
            numbers.append(str(change["_number"]))
        return result

    def amend(self, project: str, files: Mapping[str, str]) -> None:
        (proposed,) = self.open()[project]
        self.server.amend(int(proposed.number), files)

    def comments(self, project: str) -> list[str]:
        (change,) = self.server.changes(f"project:{project}")
        return [row["message"] for row in change["messages"]]

    def forget(self) -> None:
        self.server.forget()

    def requests(self) -> list[str]:
        return [
            f"{request.method} {request.path}"
            for request in self.server.requests()
        ]

    def watch(self, listener: Callable[[str, bool], object]) -> None:
        self.server.watch = lambda request, behind: listener(
            f"{request.method} {request.path}", behind
        )


class _AnyPullRequests(AnyForge):
    """A forge with pull requests."""

    server_class: type[forge_servers.ForgeServer]

    def start(self) -> None:
        self.server = self.useFixture(self.server_class(self.bares))

    @property
    def url(self) -> str:
        return self.server.url

    def _make(self, project: str) -> None:
        self.server.add(project)

    def open(self) -> dict[str, list[Proposed]]:
        return {
            project: [
                Proposed(str(pull.number), pull.commit) for pull in pulls
            ]
            for project in sorted(self.server.projects)
            if (pulls := self.server.pulls(project))
        }

    def all(self) -> dict[str, list[str]]:
        return {
            name: [str(pull.number) for pull in project.pulls]
            for name, project in sorted(self.server.projects.items())
            if project.pulls
        }

    def amend(self, project: str, files: Mapping[str, str]) -> None:
        (pull,) = self.server.pulls(project)
        self.commit(project, files, pull.head)
        with self.server.lock:
            self.server.follow(self.server.projects[project])

    def comments(self, project: str) -> list[str]:
        (pull,) = self.server.projects[project].pulls
        return [comment.text for comment in pull.comments]

    def forget(self) -> None:
        self.server.log.clear()

    def requests(self) -> list[str]:
        return [f"{row.method} {row.path}" for row in self.server.log]

    def sent(self) -> str:
        return "\n".join(self.server.sent)

    def watch(self, listener: Callable[[str, bool], object]) -> None:
        self.server.watch = listener


class AnyGitHub(_AnyPullRequests):
    """GitHub."""

    name = "github"
    server_class = forge_interfaces.GitHubServer
    credentials = {"GITHUB_TOKEN": forge_servers.BOT_TOKEN}  # noqa: RUF012


class AnyGitLab(_AnyPullRequests):
    """GitLab."""

    name = "gitlab"
    server_class = forge_interfaces.GitLabServer
    credentials = {"GITLAB_TOKEN": forge_servers.BOT_TOKEN}  # noqa: RUF012


class AnyForgejo(_AnyPullRequests):
    """Forgejo."""

    name = "forgejo"
    server_class = forge_interfaces.ForgejoServer
    credentials = {"FORGEJO_TOKEN": forge_servers.BOT_TOKEN}  # noqa: RUF012


FORGES = {
    forge.name: forge
    for forge in (AnyGit, AnyGerrit, AnyGitHub, AnyGitLab, AnyForgejo)
}


def is_write(request: str) -> bool:
    """Whether a request changes something, or begins to."""
    if "git-receive-pack" in request:
        return True
    return not request.startswith("GET ") and (
        "/git-upload-pack" not in request
    )


def environment(forge: AnyForge, home: str) -> dict[str, str]:
    """The variables of a run, which knows no other account."""
    return {
        **forge.credentials,
        "HOME": home,
        "NETRC": os.path.join(home, "none"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_COMMITTER_NAME": "A Bot",
        "GIT_COMMITTER_EMAIL": "bot@example.org",
    }


def import_commit(bare: Path, branch: str, files: Mapping[str, str]) -> None:
    """Put a person's commit with files on a branch, with one process."""
    reference = f"refs/heads/{branch}"
    there = (bare / reference).exists() or bool(
        _git(bare, "for-each-ref", reference)
    )
    lines = [
        f"commit {reference}\n".encode(),
        b"committer A. Developer <developer@example.org> 1700000000 +0000\n",
        b"data 2\nx\n",
        *([f"from {reference}^0\n".encode()] if there else []),
    ]
    for path, text in files.items():
        data = text.encode()
        head = f"M 100644 inline {path}\ndata {len(data)}\n"
        lines += [head.encode(), data, b"\n"]
    _git(bare, "fast-import", "--quiet", given=b"".join(lines))


def check_out(bare: Path, commit: str, folder: Path) -> None:
    """Write the files of a commit to a folder."""
    folder.mkdir(parents=True)
    _git(
        bare,
        *(f"--work-tree={folder}", "checkout", "-q", commit, "--", "."),
        GIT_INDEX_FILE=str(folder.parent / f"index-{folder.name}"),
    )


def _git(bare: Path, *words: str, given: bytes = b"", **variables: str) -> str:
    done = subprocess.run(
        ["git", f"--git-dir={bare}", *words],
        input=given,
        cwd=bare,
        env={
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **variables,
        },
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()
