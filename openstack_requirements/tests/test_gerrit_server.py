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
"""The Gerrit of the tests does what clients of Gerrit expect.

What drives it here has nothing of ours: git-review, python-gerrit-api, git.
"""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fixtures
from gerrit import GerritClient
from gerrit.utils.exceptions import AuthError, ConflictError, ValidationError

from openstack_requirements.tests import base
from openstack_requirements.tests.gerrit_server import (
    BOT,
    BOT_PASSWORD,
    PERSON,
    PERSON_PASSWORD,
    GerritServer,
    Refused,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_ID = "Change-Id: I0123456789012345678901234567890123456789"


class ServerTestCase(base.TestCase):
    """A test with a Gerrit, a project on it, and a clone."""

    def setUp(self) -> None:
        super().setUp()
        for name, value in (
            ("GIT_CONFIG_GLOBAL", os.devnull),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("HOME", str(self.folder)),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_AUTHOR_NAME", "A Bot"),
            ("GIT_AUTHOR_EMAIL", "bot@example.org"),
            ("GIT_COMMITTER_NAME", "A Bot"),
            ("GIT_COMMITTER_EMAIL", "bot@example.org"),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        for proxy in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            self.useFixture(fixtures.EnvironmentVariable(proxy))
        self.server = self.useFixture(GerritServer())
        host = self.server.url.removeprefix("http://")
        port = host.rpartition(":")[2]
        self.server.project(
            "org/x",
            {
                "a": "1\n",
                ".gitreview": "[gerrit]\nscheme=http\nhost=127.0.0.1\n"
                f"port={port}\nproject=org/x\ndefaultbranch=main\n",
            },
        )
        self.address = f"http://{BOT}:{BOT_PASSWORD}@{host}/a/org/x"
        self.clone = self.folder / "clone"
        # git-review derives the address of REST from that of the project.
        address = self.address.replace("/a/", "/")
        self.git("clone", "-q", "-o", "gerrit", address, "clone")

    def run_in(
        self, command: Sequence[str], *, fails: bool = False
    ) -> subprocess.CompletedProcess[str]:
        folder = self.clone if self.clone.exists() else self.folder
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        said = done.stdout + done.stderr
        self.assertEqual(fails, done.returncode != 0, said)
        return done

    def git(self, *words: str, fails: bool = False) -> str:
        done = self.run_in(["git", *words], fails=fails)
        return done.stdout.strip() + (done.stderr if fails else "")

    def commit(self, content: str, message: str, *words: str) -> str:
        (self.clone / "a").write_text(content)
        self.git("commit", "-q", "-a", "-m", message, *words)
        return self.git("rev-parse", "HEAD")

    def push(self, reference: str = "main", *, fails: bool = False) -> str:
        target = f"HEAD:refs/for/{reference}"
        return self.git("push", self.address, target, fails=fails)


class TestPush(ServerTestCase):
    def test_patch_sets(self) -> None:
        first = self.commit("2\n", f"Two\n\n{_ID}")
        self.push("main%topic=t,wip")
        second = self.commit("3\n", f"Three\n\n{_ID}", "--amend")
        self.push()
        (change,) = self.server.changes()
        self.assertEqual(
            (1, "t", "Three", second),
            (
                change["_number"],
                change["topic"],
                change["subject"],
                change["current_revision"],
            ),
        )
        self.assertEqual([first, second], list(change["revisions"]))
        listing = self.git("ls-remote", self.address, "refs/changes/*")
        self.assertEqual(
            [
                f"{first}\trefs/changes/01/1/1",
                f"{second}\trefs/changes/01/1/2",
            ],
            listing.splitlines(),
        )

    def test_what_is_refused(self) -> None:
        self.assertIn("no new changes", self.push(fails=True))
        self.commit("2\n", "Two")
        self.assertIn("missing Change-Id", self.push(fails=True))
        self.commit("2\n", f"Two\n\n{_ID}\n{_ID}", "--amend")
        self.assertIn("multiple Change-Id", self.push(fails=True))
        self.commit("2\n", "Two\n\nChange-Id: I1", "--amend")
        self.assertIn("invalid Change-Id", self.push(fails=True))
        self.commit("2\n", f"Two\n\n{_ID}", "--amend")
        self.assertIn("branch x not found", self.push("x", fails=True))
        self.assertIn("not a valid option", self.push("main%x=y", fails=True))
        self.push()
        self.assertIn("no new changes", self.push(fails=True))
        self.server.abandon(1)
        self.commit("3\n", f"Three\n\n{_ID}", "--amend")
        self.assertIn(
            f"change {self.server.url}/c/org/x/+/1 closed",
            self.push(fails=True),
        )
        self.git("push", self.address, "HEAD:refs/heads/main", fails=True)
        email = "--author=A Bot <bot@example.org>"
        name = "GIT_COMMITTER_EMAIL"
        self.useFixture(fixtures.EnvironmentVariable(name, "e@example.org"))
        self.commit("4\n", f"Four\n\n{_ID}"[:-1] + "8", "--amend", email)
        self.assertIn("invalid committer", self.push(fails=True))
        self.assertEqual(1, len(self.server.changes()))

    def test_several_at_once(self) -> None:
        self.commit("2\n", f"Two\n\n{_ID}")
        self.commit("3\n", f"Three\n\n{_ID}")
        self.assertIn("same Change-Id", self.push(fails=True))
        self.commit("3\n", f"Three\n\n{_ID[:-1]}8", "--amend")
        self.push()
        self.assertEqual(
            ["Two", "Three"],
            [change["subject"] for change in self.server.changes()],
        )

    def test_merges(self) -> None:
        self.commit("2\n", f"Two\n\n{_ID}")
        self.push()
        self.server.commit("org/x", {"b": "b\n"})
        self.server.merge(1)
        self.assertEqual("2", self.server.show("org/x", "main", "a"))
        self.assertEqual("b", self.server.show("org/x", "main", "b"))
        self.git("reset", "-q", "--hard", "HEAD^")
        self.commit("3\n", f"Three\n\n{_ID[:-1]}8")
        self.push()
        error = self.assertRaises(Refused, self.server.merge, 2)
        self.assertEqual((409, "merge conflict"), (error.status, error.text))

    def test_who_may(self) -> None:
        address = f"{self.server.url}/a/org/x"
        self.git("ls-remote", address, fails=True)
        self.git("ls-remote", address.replace("/a/", "/"))
        self.commit("2\n", f"Two\n\n{_ID}")
        for path in ("/org/x", "/a/org/x", "/a/org/none"):
            self.git(
                *("push", f"{self.server.url}{path}", "HEAD:refs/for/main"),
                fails=True,
            )
        self.assertEqual([], self.server.changes())
        self.push()
        self.assertEqual(BOT, self.server.changing()[-1].user)


class TestGitReview(ServerTestCase):
    def review(self, *words: str) -> str:
        code = "from git_review.cmd import main; main()"
        done = self.run_in([sys.executable, "-c", code, *words])
        return done.stdout

    def test_a_review(self) -> None:
        self.git("config", "gitreview.username", BOT)
        self.review("-s")
        self.commit("2\n", "Two")
        self.assertRegex(
            self.git("log", "-1", "--format=%B"), r"\nChange-Id: I[0-9a-f]{40}"
        )
        self.review("-y", "-t", "a-topic", "main")
        (change,) = self.server.changes()
        self.assertEqual(
            ("a-topic", "Two", "org/x", "main"),
            tuple(
                change[key]
                for key in ("topic", "subject", "project", "branch")
            ),
        )
        (self.clone / "a").write_text("3\n")
        self.git("commit", "-q", "-a", "--amend", "--no-edit")
        self.review("-y", "main")
        (change,) = self.server.changes()
        self.assertEqual(2, len(change["revisions"]))

    def test_a_change_is_listed_and_fetched(self) -> None:
        commit = self.commit("2\n", f"Two\n\n{_ID}")
        self.push("main%topic=t")
        self.git("config", "gitreview.username", BOT)
        self.git("reset", "-q", "--hard", "HEAD^")
        self.assertIn("Two", self.review("-l"))
        self.review("-d", "1")
        self.assertEqual(commit, self.git("rev-parse", "HEAD"))


class TestRest(ServerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.commit("2\n", f"Two\n\n{_ID}")
        self.push("main%topic=t")

    def client(self, user: str = BOT, password: str = BOT_PASSWORD) -> Any:
        client = GerritClient(self.server.url, user, password)
        self.addCleanup(client.session.close)
        return client

    def test_library(self) -> None:
        client = self.client()
        self.assertEqual("3.10.0", client.version)
        account = client.get("/accounts/self")
        self.assertEqual("bot@example.org", account["email"])
        (row,) = client.changes.search(
            "owner:self status:open topic:t", options=["CURRENT_REVISION"]
        )
        self.assertEqual(1, row["_number"])
        self.assertNotIn("messages", row)
        change = client.changes.get(row["id"])
        revision = change.get_revision()
        revision.set_review({"message": "Well."})
        change.set_topic("u")
        detail = change.get_detail()
        self.assertEqual("u", detail["topic"])
        self.assertEqual("Well.", detail["messages"][-1]["message"])
        self.assertEqual(BOT, detail["owner"]["username"])
        change.abandon()
        self.assertRaises(ConflictError, change.abandon)
        self.assertEqual(
            [], client.changes.search("status:open project:org/x")
        )
        change.restore()
        self.assertRaises(AuthError, change.submit)
        self.client(PERSON, PERSON_PASSWORD).changes.get(row["id"]).submit()
        self.assertEqual("MERGED", change.get_detail()["status"])
        self.assertEqual("2", self.server.show("org/x", "main", "a"))

    def test_queries(self) -> None:
        client = self.client()
        for query, number in (
            ("", 1),
            ("1", 1),
            (_ID.partition(" ")[2], 1),
            (f"change:{_ID.partition(' ')[2]}", 1),
            (f"owner:{BOT} is:open -topic:x branch:main", 1),
            (f"owner:{PERSON}", 0),
            ("-project:org/x", 0),
            ("status:merged", 0),
        ):
            rows = client.changes.search(query)
            self.assertEqual(number, len(rows), query)
        self.assertRaises(ValidationError, client.changes.search, "x:y")

    def test_pages(self) -> None:
        for number in range(1, 4):
            self.git("reset", "-q", "--hard", "gerrit/main")
            self.commit(f"{number}9\n", f"More\n\n{_ID[:-1]}{number}")
            self.push()
        self.server.page = 3
        changes = self.client().changes
        first = changes.search("status:open", limit=500)
        self.assertEqual(
            [None, None, True], [row.get("_more_changes") for row in first]
        )
        second = changes.search("status:open", skip=3)
        self.assertEqual([1], [row["_number"] for row in second])
        self.assertNotIn("_more_changes", second[0])

    def test_nobody(self) -> None:
        def read(path: str) -> bytes:
            with urllib.request.urlopen(self.server.url + path) as answer:
                content: bytes = answer.read()
            return content

        self.assertTrue(read("/changes/?q=status:open").startswith(b")]}'\n"))
        for path, status in (
            ("/a/changes/?q=status:open", 401),
            ("/changes/?q=owner:self", 400),
            ("/accounts/self", 403),
            ("/changes/none", 404),
            ("/else", 404),
        ):
            error = self.assertRaises(urllib.error.HTTPError, read, path)
            with error:
                self.assertEqual(status, error.code)

    def test_log(self) -> None:
        self.server.forget()
        client = self.client()
        client.changes.search("1")
        self.assertEqual([], self.server.changing())
        client.changes.get("1").abandon()
        (request,) = self.server.changing()
        self.assertEqual(("POST", BOT), (request.method, request.user))
        self.assertTrue(request.path.endswith("/abandon"))
        self.assertTrue(Path(self.server.root / "org/x").is_dir())
