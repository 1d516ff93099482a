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
"""Gerrits that fail, hang or answer what they should not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from unittest import mock

import fixtures

from openstack_requirements.errors import OutsideError
from openstack_requirements.proposals.forges.gerrit import (
    Gerrit,
)
from openstack_requirements.proposals.proposal import Key
from openstack_requirements.system.git_scratch import (
    Identity,
)
from openstack_requirements.tests import test_gerrit
from openstack_requirements.tests.gerrit_server import (
    BOT_PASSWORD,
)

if TYPE_CHECKING:
    pass

from openstack_requirements.tests.test_gerrit import (
    MODULE,
    NEW,
    NEWER,
    OLD,
    PATH,
    TOPIC,
    GerritTestCase,
)


class TestFaults(GerritTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.server.project("org/x", {PATH: OLD})
        self.key = Key("org/x", "main", TOPIC)

    def error(self, pattern: str, **fault: Any) -> str:
        """What is said where requests fail for good."""
        self.server.repair()
        self.server.fail(pattern, times=100, **fault)
        error = self.assertRaises(OutsideError, self.settle, "org/x", NEW)
        self.server.repair()
        text = str(error)
        self.assertEqual([text], text.splitlines())
        self.assert_no_secret(text)
        self.assertIn(self.server.url, text)
        return text

    def test_statuses(self) -> None:
        for status, said in (
            (401, "see GERRIT_USERNAME and GERRIT_PASSWORD"),
            (403, "see whose GERRIT_USERNAME is"),
            (404, "no Gerrit answers there"),
            (429, "answers HTTP 429: out of order"),
            (500, "answers HTTP 500: out of order"),
            (503, "answers HTTP 503: out of order"),
        ):
            self.server.forget()
            self.assertIn(said, self.error("GET /a/changes", status=status))
            asked = [
                request
                for request in self.server.requests()
                if request.path.startswith("/a/changes/")
            ]
            again = status == 429 or status >= 500
            self.assertEqual(3 if again else 1, len(asked))
        self.assertEqual([], self.server.changes())

    def test_what_passes(self) -> None:
        for status in (429, 500, 502, 503, 504):
            self.server.fail("GET /a/changes", status, times=2)
            self.settle("org/x", NEW)
        self.assertEqual(1, len(self.server.changes()))
        self.server.commit("org/x", {PATH: NEW})
        self.server.fail("POST .*abandon", 500, times=2)
        self.assertEqual("close", self.action("org/x", NEW))

    def test_how_long_to_wait(self) -> None:
        waits: list[float] = []
        self.useFixture(
            fixtures.MonkeyPatch(f"{MODULE}.time.sleep", waits.append)
        )
        self.useFixture(fixtures.MonkeyPatch(f"{MODULE}.WAITS", (1.0, 4.0)))
        past = "Fri, 31 Dec 1999 23:59:59 GMT"
        future = "Fri, 31 Dec 9999 23:59:59 GMT"
        for header in ("7", "9999999999999999", "soon", past, future, ""):
            self.server.fail(
                "GET", 429, headers={"Retry-After": header}, times=1
            )
            self.forge.standing(self.key, {})
        self.assertEqual([7.0, 60.0, 1.0, 1.0, 60.0, 1.0], waits)

    def test_not_for_ever(self) -> None:
        self.useFixture(fixtures.MonkeyPatch(f"{MODULE}.PATIENCE", 5.0))
        self.assertIn(
            "HTTP 429",
            self.error("GET /a/ch", status=429, headers={"Retry-After": "60"}),
        )

    def test_a_server_that_hangs(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_requirements.system.fetch.SILENCE", 0.3
            )
        )
        self.assertIn(
            "timed out after 0.3 seconds",
            self.error("GET /a/changes", hangs=True),
        )

    def test_a_push_that_hangs(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_requirements.system.git_scratch.PATIENCE", 2.0
            )
        )
        self.assertIn("git is not done", self.error("POST .*pack", hangs=True))

    def test_a_push_that_is_refused(self) -> None:
        for status, said in (
            (401, "see GERRIT_USERNAME and GERRIT_PASSWORD"),
            (403, "grant it the right to push to refs/for/*"),
            (500, "returned error: 500"),
        ):
            text = self.error("GET .*service=git-receive-pack", status=status)
            self.assertIn(said, text)

    def test_another_password(self) -> None:
        wrong = "wrong-password-91c3"
        error = self.assertRaises(
            OutsideError, self.account_of(wrong).overview, TOPIC, []
        )
        self.assertIn("GERRIT_PASSWORD", str(error))
        self.assertNotIn(wrong, str(error) + self.logger.output)

    def test_answers_of_another_shape(self) -> None:
        self.settle("org/x", NEW)
        change = {
            "_number": 1,
            "change_id": "I" + "0" * 40,
            "project": "org/x",
            "branch": "main",
            "owner": {"_account_id": 1},
        }
        revision = "0" * 40
        whole = {
            **change,
            "current_revision": revision,
            "revisions": {revision: {"_number": 1}},
        }
        bodies: list[object] = [
            {},
            [None],
            ["x"],
            "x",
            None,
            [[]],
            [change],
            [{**whole, "_number": "1"}],
            [{**whole, "_number": True}],
            [{**whole, "_number": 1 << 40}],
            [{**whole, "change_id": "x"}],
            [{**whole, "project": 1}],
            [{**whole, "owner": []}],
            [{**whole, "revisions": []}],
            [{**whole, "current_revision": "--upload-pack=x"}],
        ]
        texts = [json.dumps(body).encode() for body in bodies]
        texts += [b"{", b"\xff", b"[" * 100_000, b")]}'\n"]
        for text in texts:
            self.server.repair()
            self.server.fail("GET /a/changes", body=text)
            error = self.assertRaises(
                OutsideError, self.forge.standing, self.key, {}
            )
            self.assertIn("answers what Gerrit does not: ", str(error))
            self.assertNotIn("\n", str(error))

    def test_an_answer_without_end(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_requirements.system.fetch.LARGEST", 1000
            )
        )
        said = self.error("GET /a/changes", body=b"[" + b" " * 100_000)
        self.assertIn("more than 1000 bytes were sent", said)

    def test_a_redirect(self) -> None:
        said = self.error(
            "GET /a/changes",
            status=302,
            headers={"Location": "https://login.example/"},
        )
        self.assertIn("redirected to https://login.example/", said)

    def test_a_packed_answer(self) -> None:
        said = self.error(
            "GET /a/changes",
            body=b"x",
            headers={"Content-Encoding": "gzip"},
        )
        self.assertIn("its encoding is gzip", said)

    def test_a_secret_that_comes_back(self) -> None:
        said = self.error(
            "GET /a/changes",
            status=400,
            body=f"no {BOT_PASSWORD} for you".encode(),
        )
        self.assertIn("HTTP 400", said)

    def test_a_project_that_is_gone(self) -> None:
        remote = self.server.root / "org" / "x"
        remote.rename(remote.with_name("y"))
        error = self.assertRaises(OutsideError, self.settle, "org/x", NEW)
        self.assertIn("not found", str(error))
        self.assert_no_secret(str(error))

    def test_a_committer_that_the_account_is_not(self) -> None:
        somebody = Identity("Else", "else@example.org")
        with mock.patch(f"{test_gerrit.__name__}.BOT_IDENTITY", somebody):
            error = self.assertRaises(OutsideError, self.settle, "org/x", NEW)
        self.assertIn("email addresses", str(error))

    def test_nobody_may_push_there(self) -> None:
        with self.server.state() as state:
            state.execute("UPDATE accounts SET core = 0")
        self.server.commit("org/x", {PATH: OLD}, "stable/1")
        self.settle("org/x", NEW, branch="stable/1")
        self.assertEqual("stable/1", self.only()["branch"])

    def test_a_change_that_is_closed_between(self) -> None:
        self.settle("org/x", NEW)
        plain = Gerrit.put

        def put(*arguments: Any) -> Any:
            self.server.abandon(1)
            return plain(*arguments)

        with mock.patch.object(Gerrit, "put", put):
            error = self.assertRaises(
                OutsideError, self.settle, "org/x", NEWER
            )
        self.assertRegex(str(error), r"refuses the push: change .* closed")
        self.assertEqual("propose", self.action("org/x", NEWER))

    def test_a_server_that_is_no_gerrit_behind_the_push(self) -> None:
        for status, said in ((404, "no such change"), (403, "may not do")):
            self.server.repair()
            self.server.project(f"org/x{status}", {PATH: OLD})
            details = f"GET /a/changes/org%2Fx{status}~"
            # The first one looks whether the id is free.
            self.server.fail(details, 404)
            self.server.fail(details, status)
            error = self.assertRaises(
                OutsideError, self.settle, f"org/x{status}", NEW
            )
            self.assertIn(said, str(error))
            self.assertEqual("leave", self.action(f"org/x{status}", NEW))

    def test_an_open_change_that_is_gone(self) -> None:
        self.settle("org/x", NEW)
        self.server.fail("GET /a/changes/org%2Fx~1/", 404)
        error = self.assertRaises(OutsideError, self.settle, "org/x", NEWER)
        self.assertIn("/c/org/x/+/1: is not there any more", str(error))

    def test_it_may_not_be_abandoned(self) -> None:
        self.settle("org/x", NEW)
        self.server.commit("org/x", {PATH: NEW})
        for status in (403, 409):
            self.server.fail("POST .*abandon", status)
            error = self.assertRaises(OutsideError, self.settle, "org/x", NEW)
            self.assertIn("out of order", str(error))
        self.assertEqual("close", self.action("org/x", NEW))

    def test_too_many_changes(self) -> None:
        self.server.page = 1
        for branch in ("a", "b", "c"):
            self.server.commit("org/x", {PATH: OLD}, branch)
            self.settle("org/x", NEW, branch=branch)
        self.useFixture(fixtures.MonkeyPatch(f"{MODULE}.MOST_CHANGES", 1))
        error = self.assertRaises(OutsideError, self.forge.overview, TOPIC, [])
        self.assertIn("more than 2 open changes", str(error))

    def test_too_many_closed_changes(self) -> None:
        self.useFixture(fixtures.MonkeyPatch(f"{MODULE}._MOST_IDS", 1))
        self.settle("org/x", NEW)
        self.server.abandon(1)
        self.server.rest("PUT", "/changes/1/topic", {"topic": "other"})
        error = self.assertRaises(OutsideError, self.settle, "org/x", NEW)
        self.assertIn("more than 1 closed changes of org/x", str(error))

    def test_a_server_that_says_little_at_a_time(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_requirements.system.fetch.PATIENCE", -1.0
            )
        )
        self.assertIn("no end after", self.error("no fault"))

    def test_somebody_abandons_first(self) -> None:
        self.settle("org/x", NEW)
        standing = self.forge.standing(self.key, {})
        self.server.abandon(1)
        self.forge.close(self.key, standing.open[0], "x", self.no_push)
        self.server.merge(self.proposed_again())
        (proposal,) = standing.open
        self.forge.close(
            self.key, proposal._replace(number="2"), "x", self.no_push
        )

    def proposed_again(self) -> int:
        self.settle("org/x", NEWER)
        return int(self.only("status:open")["_number"])

    def no_push(self, *_: Any, **__: Any) -> Any:
        raise AssertionError

    def test_comments(self) -> None:
        self.settle("org/x", NEW)
        (proposal,) = self.forge.standing(self.key, {}).open
        self.forge.comment(self.key, proposal, "A newer one: 2")
        message = self.only()["messages"][-1]
        self.assertEqual("A newer one: 2", message["message"])
        self.server.fail("POST .*review", 500)
        self.assertRaises(
            OutsideError, self.forge.comment, self.key, proposal, "x"
        )
        self.server.fail("POST .*review", 503)
        self.forge.comment(self.key, proposal, "y")
        self.assertEqual("y", self.only()["messages"][-1]["message"])
        gone = proposal._replace(number="99")
        self.assertRaises(
            OutsideError, self.forge.comment, self.key, gone, "x"
        )
