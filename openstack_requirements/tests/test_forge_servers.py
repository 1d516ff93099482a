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
"""The forges of the tests, driven by clients that others wrote.

They keep the servers honest: what they cannot read is not how the forge
answers. None of them is what the toolkit itself uses for that forge, but for
PyGithub and python-gitlab, which here read all that they know.
"""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import os
import subprocess
import warnings
from typing import TYPE_CHECKING

import fixtures

from openstack_requirements.tests import base
from openstack_requirements.tests.forge_interfaces import (
    ForgejoServer,
    GitHubServer,
    GitLabServer,
)
from openstack_requirements.tests.forge_servers import (
    BOT,
    BOT_TOKEN,
    PERSON,
    ForgeServer,
)

if TYPE_CHECKING:
    pass

PROJECT = "org/demo"
HEAD = "proposals/requirements/main"


class ServerTestCase(base.TestCase):
    """A forge with a project, on whose branch there is a commit to propose."""

    server_class: type[ForgeServer] = GitHubServer

    def setUp(self) -> None:
        super().setUp()
        for name, value in (
            ("HOME", str(self.folder)),
            ("NETRC", str(self.folder / "none")),
            ("GIT_CONFIG_GLOBAL", os.devnull),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("NO_PROXY", "127.0.0.1"),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        folder = self.folder / "forge"
        folder.mkdir()
        self.server = self.useFixture(self.server_class(folder))
        self.project = self.server.add(PROJECT, requirements_txt="foo\n")
        self.project.git("branch", HEAD, "main")
        self.tip = self.project.commit(HEAD, BOT, requirements_txt="foo>=2\n")

    def assert_closed(self, comment: str) -> None:
        """What all clients do here has come to this."""
        [pull] = self.server.pulls(PROJECT, "closed")
        self.assertEqual(
            (HEAD, "main", "A new title", BOT, self.tip),
            (pull.head, pull.base, pull.title, pull.author, pull.commit),
        )
        self.assertEqual([comment], [said.text for said in pull.comments])


class TestGitHubServer(ServerTestCase):
    def test_github3(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own
            self._drive_github3()

    def _drive_github3(self) -> None:
        import github3  # type: ignore[import-untyped]

        client = github3.enterprise_login(token=BOT_TOKEN, url=self.server.url)
        assert client is not None
        self.addCleanup(client.session.close)
        self.assertEqual(BOT, client.me().login)
        repository = client.repository(*PROJECT.split("/"))
        self.assertEqual(PROJECT, repository.full_name)
        opened = repository.create_pull("A title", "main", HEAD, "A body")
        self.assertEqual(self.tip, opened.head.sha)
        error = self.assertRaises(
            github3.exceptions.UnprocessableEntity,
            repository.create_pull,
            *("A title", "main", HEAD, "A body"),
        )
        self.assertIn("already exists", str(error.errors))
        [listed] = repository.pull_requests(
            state="open", head=f"org:{HEAD}", base="main"
        )
        self.assertEqual(opened.number, listed.number)
        [issue] = client.issues(filter="created", state="open")
        self.assertEqual(opened.number, issue.number)
        pull = repository.pull_request(opened.number)
        pull.create_comment("Over.")
        self.assertTrue(pull.update(title="A new title", state="closed"))
        [comment] = pull.issue_comments()
        self.assertEqual(BOT, comment.user.login)
        self.assertEqual([], list(repository.pull_requests(state="open")))
        self.assert_closed("Over.")

    def test_pygithub(self) -> None:
        import github

        client = github.Github(
            auth=github.Auth.Token(BOT_TOKEN),
            base_url=f"{self.server.url}/api/v3",
            retry=0,
            seconds_between_requests=0,
            seconds_between_writes=0,
        )
        self.addCleanup(client.close)
        repository = client.get_repo(PROJECT)
        self.assertEqual("main", repository.default_branch)
        pull = repository.create_pull(
            base="main", head=HEAD, title="A title", body="A body"
        )
        self.assertFalse(pull.is_merged() if pull.merged else False)
        self.assertEqual(
            self.tip, repository.get_git_ref(f"heads/{HEAD}").object.sha
        )
        pull.create_issue_comment("Over.")
        pull.edit(title="A new title", state="closed")
        issue = repository.get_issue(pull.number)
        self.assertEqual(BOT, issue.closed_by.login if issue.closed_by else "")
        self.assert_closed("Over.")


class TestGitLabServer(ServerTestCase):
    server_class = GitLabServer

    def test_gidgetlab(self) -> None:
        asyncio.run(self._drive_gidgetlab())

    async def _drive_gidgetlab(self) -> None:
        import httpx
        from gidgetlab.exceptions import HTTPException
        from gidgetlab.httpx import GitLabAPI

        async with httpx.AsyncClient() as connection:
            client = GitLabAPI(
                connection,
                "tests",
                access_token=BOT_TOKEN,
                url=self.server.url,
            )
            self.assertEqual(BOT, (await client.getitem("/user"))["username"])
            place = "/projects/org%2Fdemo/merge_requests"
            wanted = {
                "source_branch": HEAD,
                "target_branch": "main",
                "title": "A title",
            }
            opened = await client.post(place, data=wanted)
            self.assertEqual(self.tip, opened["sha"])
            try:
                await client.post(place, data=wanted)
            except HTTPException as error:
                self.assertEqual(409, int(error.status_code))
            else:
                self.fail("a second one was opened")
            listed = [
                row
                async for row in client.getiter(
                    "/merge_requests",
                    {"scope": "created_by_me", "state": "opened"},
                )
            ]
            self.assertEqual([opened["iid"]], [row["iid"] for row in listed])
            place += f"/{opened['iid']}"
            await client.post(f"{place}/notes", data={"body": "Over."})
            change = {"title": "A new title", "state_event": "close"}
            closed = await client.put(place, data=change)
            self.assertEqual(BOT, closed["closed_by"]["username"])
        self.assert_closed("Over.")

    def test_python_gitlab(self) -> None:
        import gitlab

        client = gitlab.Gitlab(self.server.url, private_token=BOT_TOKEN)
        self.addCleanup(client.session.close)
        client.auth()
        self.assertEqual(BOT, client.user.username if client.user else "")
        project = client.projects.get(PROJECT)
        request = project.mergerequests.create(
            {
                "source_branch": HEAD,
                "target_branch": "main",
                "title": "A title",
            }
        )
        self.assertEqual(self.tip, project.branches.get(HEAD).commit["id"])
        request.notes.create({"body": "Over."})
        request.title = "A new title"
        request.state_event = "close"
        request.save()
        self.assertEqual("closed", request.state)
        self.assert_closed("Over.")


class TestForgejoServer(ServerTestCase):
    server_class = ForgejoServer

    def test_pyforgejo(self) -> None:
        if importlib.util.find_spec("pyforgejo") is None:
            self.skipTest("pyforgejo is for Python 3.11 and later")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own
            self._drive_pyforgejo()

    def _drive_pyforgejo(self) -> None:
        import httpx
        import pyforgejo

        with httpx.Client() as connection:
            client = pyforgejo.PyforgejoApi(
                base_url=f"{self.server.url}/api/v1",
                api_key=f"token {BOT_TOKEN}",
                httpx_client=connection,
            )
            self.assertEqual(BOT, client.user.get_current().login)
            place = dict(
                zip(("owner", "repo"), PROJECT.split("/"), strict=True)
            )
            repository = client.repository
            self.assertEqual(PROJECT, repository.repo_get(**place).full_name)
            wanted = {"head": HEAD, "base": "main", "title": "A title"}
            opened = repository.repo_create_pull_request(**place, **wanted)
            self.assertEqual(self.tip, opened.head.sha)
            self.assertRaises(
                pyforgejo.core.api_error.ApiError,
                repository.repo_create_pull_request,
                **place,
                **wanted,
            )
            [listed] = repository.repo_list_pull_requests(
                **place, state="open"
            )
            self.assertEqual(opened.number, listed.number)
            [issue] = client.issue.search_issues(
                type="pulls", state="open", created=True
            )
            self.assertEqual(PROJECT, issue.repository.full_name)
            client.issue.create_comment(
                **place, index=opened.number, body="Over."
            )
            repository.repo_edit_pull_request(
                **place,
                index=opened.number,
                title="A new title",
                state="closed",
            )
        self.assert_closed("Over.")


class TestGitOverHttp(ServerTestCase):
    """Stock git clones from and pushes to every server in the same way."""

    def _git(self, *words: str, token: str = "") -> str:
        encoded = f"x:{token}".encode()
        header = base64.b64encode(encoded).decode()
        done = subprocess.run(
            [
                "git",
                *("-c", f"http.extraHeader=Authorization: Basic {header}"),
                *words,
            ],
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            check=False,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )
        return f"{done.returncode} {done.stdout}{done.stderr}"

    def test_everybody_reads_and_the_bot_pushes(self) -> None:
        url = f"{self.server.url}/{PROJECT}.git"
        self.assertIn(self.tip, self._git("ls-remote", url))
        self._git("clone", "-q", "--bare", url, "copy", token=BOT_TOKEN)
        push = ("-C", "copy", "push", url, f"{self.tip}:refs/heads/new")
        self.assertIn("could not read Username", self._git(*push))
        self.assertEqual("", self.project.tip("new"))
        self.assertIn("0 ", self._git(*push, token=BOT_TOKEN))
        self.assertEqual(self.tip, self.project.tip("new"))

    def test_requests_of_people(self) -> None:
        pull = self.server.open(
            self.project,
            PERSON,
            {"head": HEAD, "base": "main", "title": "x", "body": ""},
        )
        assert pull is not None
        self.server.merge(PROJECT, 1)
        tip = self.project.tip("main")
        self.assertEqual(
            "foo>=2\n", self.project.file(tip, "requirements.txt")
        )
