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
"""Proposals on a Gerrit."""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import fixtures
from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.errors import OutsideError, UnusableInput
from openstack_requirements.proposals import forges
from openstack_requirements.proposals.forges import Standing
from openstack_requirements.proposals.forges.credentials import Credentials
from openstack_requirements.proposals.forges.gerrit import (
    Gerrit,
    first_id,
    with_footers,
)
from openstack_requirements.proposals.proposal import Edit, Key
from openstack_requirements.proposals.propose import (
    Change,
    Desk,
    Settled,
    settle,
)
from openstack_requirements.system.git_scratch import (
    Identity,
    ScratchRepository,
)
from openstack_requirements.tests import base
from openstack_requirements.tests.gerrit_server import (
    BOT,
    BOT_PASSWORD,
    PERSON_PASSWORD,
    GerritServer,
    Request,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MODULE = "openstack_requirements.proposals.forges.gerrit"
GIT_WAITS = "openstack_requirements.system.git_scratch.WAITS"
BOT_IDENTITY = Identity("A Bot", "bot@example.org")
PATH = "requirements.txt"
TOPIC = "requirements"
OLD = "a>=1\nfoo>=1.0\nz>=1\n"
NEW = "a>=1\nfoo>=2.0\nz>=1\n"
NEWER = "a>=1\nfoo>=3.0\nz>=1\n"


def settled(
    folder: Path,
    forge: forges.Forge,
    key: Key,
    wanted: str,
    message: str = "Follow the list\n\nBecause.",
    problems: tuple[str, ...] = (),
    *,
    writes: bool = True,
) -> Settled:
    """Reconcile a project whose requirements should be as wanted."""
    folder.mkdir(parents=True)
    repository = ScratchRepository(str(folder))
    remote = forge.remote(key.project)
    assert remote is not None
    references = repository.references(remote)
    tip = f"refs/heads/{key.branch}"
    commit = repository.fetch(remote, [tip], depth=1)[tip]
    now = (repository.contents(commit, [PATH])[PATH] or b"").decode()
    edits = (Edit(PATH, now, wanted),) if now != wanted else ()
    return settle(
        Desk(forge, repository, remote, BOT_IDENTITY, writes),
        Change(key, commit, edits, message, problems),
        references,
    )


def main(folder: str, url: str, project: str, wanted: str) -> None:
    """Reconcile a project in a process of its own."""
    forge = Gerrit(url, Credentials(BOT, BOT_PASSWORD))
    settled(Path(folder), forge, Key(project, "main", TOPIC), wanted)


class GerritTestCase(base.TestCase):
    """A test with a Gerrit, and what settles the projects there."""

    def setUp(self) -> None:
        super().setUp()
        for name, value in (
            ("GIT_CONFIG_GLOBAL", os.devnull),
            ("GIT_CONFIG_NOSYSTEM", "1"),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        for proxy in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            self.useFixture(fixtures.EnvironmentVariable(proxy))
        # No test waits for a server to become well.
        self.useFixture(fixtures.MonkeyPatch(f"{MODULE}.WAITS", (0.0, 0.0)))
        self.useFixture(fixtures.MonkeyPatch(GIT_WAITS, ()))
        self.logger = self.useFixture(fixtures.FakeLogger(level=logging.DEBUG))
        self.server = self.useFixture(GerritServer())
        self.forge = self.account_of(BOT_PASSWORD)
        self.addCleanup(self.assert_no_secret_in_the_log)

    def account_of(self, password: str, user: str = BOT) -> Gerrit:
        return Gerrit(self.server.url, Credentials(user, password))

    def assert_no_secret_in_the_log(self) -> None:
        self.assert_no_secret(self.logger.output)

    def assert_no_secret(self, text: str) -> None:
        for secret in (BOT_PASSWORD, PERSON_PASSWORD, "Basic "):
            self.assertNotIn(secret, text)

    def settle(
        self,
        project: str,
        wanted: str,
        *,
        branch: str = "main",
        message: str = "Follow the list\n\nBecause.",
        problems: tuple[str, ...] = (),
        writes: bool = True,
        forge: forges.Forge | None = None,
    ) -> Settled:
        """Reconcile a project whose requirements should be as wanted."""
        return settled(
            self.folder / "job" / os.urandom(4).hex(),
            forge or self.forge,
            Key(project, branch, TOPIC),
            wanted,
            message,
            problems,
            writes=writes,
        )

    def action(self, project: str, wanted: str, **more: Any) -> str:
        return self.settle(project, wanted, **more).decision.action

    def only(self, query: str = "") -> dict[str, Any]:
        (change,) = self.server.changes(query)
        return change

    def proposed(self, change: Mapping[str, Any]) -> str:
        """The requirements of a change."""
        return self.server.show(
            str(change["project"]), str(change["current_revision"]), PATH
        )


class TestTable(GerritTestCase):
    """The rows of the table of ``propose-updates``."""

    def setUp(self) -> None:
        super().setUp()
        self.server.project("org/x", {PATH: OLD})

    def test_in_line_and_nothing_open(self) -> None:
        self.assertEqual("nothing", self.action("org/x", OLD))
        self.assertEqual([], self.server.changing())

    def test_in_line_and_ours_open(self) -> None:
        self.settle("org/x", NEW)
        self.server.commit("org/x", {PATH: NEW})
        self.assertEqual("close", self.action("org/x", NEW))
        change = self.only()
        self.assertEqual("ABANDONED", change["status"])
        self.assertEqual(
            "Abandoned\n\nthe project is in line",
            change["messages"][-1]["message"],
        )
        self.assert_nothing_is_done("nothing", NEW)

    def test_differs_and_nothing_open(self) -> None:
        settled = self.settle("org/x", NEW)
        change = self.only()
        self.assertEqual("propose", settled.decision.action)
        assert settled.proposal is not None
        self.assertEqual(
            (
                str(change["_number"]),
                f"{self.server.url}/c/org/x/+/{change['_number']}",
                change["current_revision"],
                f"refs/changes/01/{change['_number']}/1",
                "Follow the list",
            ),
            settled.proposal,
        )
        self.assertEqual(("NEW", TOPIC), (change["status"], change["topic"]))
        self.assertEqual(NEW.strip(), self.proposed(change))

    def test_same_patch(self) -> None:
        self.settle("org/x", NEW)
        self.assert_nothing_is_done("leave", NEW)

    def test_same_patch_where_the_base_moved(self) -> None:
        self.settle("org/x", NEW)
        self.server.commit("org/x", {PATH: OLD + "more\n"})
        self.assert_nothing_is_done("leave", NEW + "more\n")

    def test_no_longer_applies(self) -> None:
        self.settle("org/x", NEW)
        self.server.commit("org/x", {PATH: OLD.replace("a>=1", "a>=2")})
        wanted = NEW.replace("a>=1", "a>=2")
        self.assertEqual("update", self.action("org/x", wanted))
        change = self.only()
        self.assertEqual(wanted.strip(), self.proposed(change))
        self.assert_nothing_is_done("leave", wanted)

    def test_other_patch(self) -> None:
        self.settle("org/x", NEW)
        before = self.only()
        self.assertEqual("update", self.action("org/x", NEWER))
        change = self.only()
        self.assertEqual(before["change_id"], change["change_id"])
        self.assertEqual(2, len(change["revisions"]))
        self.assertEqual(NEWER.strip(), self.proposed(change))
        self.assert_nothing_is_done("leave", NEWER)

    def test_an_earlier_patch_again(self) -> None:
        for wanted in (NEW, NEWER, NEW, NEWER, NEW):
            self.settle("org/x", wanted)
            self.assertEqual(wanted.strip(), self.proposed(self.only()))
        self.assertEqual(5, len(self.only()["revisions"]))
        self.assert_nothing_is_done("leave", NEW)

    def test_a_person_amended_it(self) -> None:
        self.settle("org/x", NEW)
        self.server.amend(self.only()["_number"], {PATH: NEWER})
        for wanted in (OLD, NEW, NEWER):
            self.assert_nothing_is_done("wait", wanted)
        self.assertIn(
            "A Person <person@example.org> amended it",
            self.settle("org/x", NEW).decision.reason,
        )

    def test_a_person_closed_the_same(self) -> None:
        self.settle("org/x", NEW)
        self.server.abandon(self.only()["_number"])
        self.assert_nothing_is_done("nothing", NEW)
        self.assertEqual("propose", self.action("org/x", NEWER))
        self.assertEqual(2, len(self.server.changes()))
        self.assert_nothing_is_done("leave", NEWER)

    def test_we_closed_the_same(self) -> None:
        self.settle("org/x", NEW)
        self.server.commit("org/x", {PATH: NEW})
        self.settle("org/x", NEW)
        self.server.commit("org/x", {PATH: OLD})
        self.assertEqual("propose", self.action("org/x", NEW))
        self.assertEqual(1, len(self.server.changes("status:open")))
        self.assert_nothing_is_done("leave", NEW)

    def test_it_was_merged(self) -> None:
        self.settle("org/x", NEW)
        self.server.merge(self.only()["_number"])
        self.assert_nothing_is_done("nothing", NEW)
        self.assertEqual("propose", self.action("org/x", NEWER))
        self.assertEqual(2, len(self.server.changes()))
        # Somebody brings back the old line, and the update is as before.
        self.server.abandon(self.only("status:open")["_number"], BOT)
        self.server.commit("org/x", {PATH: OLD})
        self.assertEqual("propose", self.action("org/x", NEW))

    def test_an_error(self) -> None:
        self.settle("org/x", NEW)
        problems = ("requirements.txt:2: is no requirement",)
        self.assert_nothing_is_done("wait", OLD, problems=problems)

    def test_a_dry_run(self) -> None:
        self.assert_nothing_is_done("propose", NEW, writes=False)
        self.settle("org/x", NEW)
        self.assert_nothing_is_done("update", NEWER, writes=False)

    def test_a_dry_run_without_an_account(self) -> None:
        nobody = Gerrit(self.server.url, None)
        self.assert_nothing_is_done("propose", NEW, writes=False, forge=nobody)
        self.settle("org/x", NEW)
        self.assert_nothing_is_done("leave", NEW, writes=False, forge=nobody)
        self.assertEqual(
            {("org/x", "main")}, set(nobody.overview(TOPIC, ["org/x"]))
        )
        error = self.assertRaises(
            OutsideError, self.settle, "org/x", NEWER, forge=nobody
        )
        self.assertIn("GERRIT_USERNAME and GERRIT_PASSWORD", str(error))

    def assert_nothing_is_done(
        self, action: str, wanted: str, **more: Any
    ) -> None:
        before = self.server.changes()
        self.server.forget()
        self.assertEqual(action, self.action("org/x", wanted, **more))
        self.assertEqual([], self.server.changing())
        self.assertNotEqual([], self.server.requests("GET"))
        self.assertEqual(before, self.server.changes())


class TestRuns(GerritTestCase):
    """Many projects, run after run."""

    def setUp(self) -> None:
        super().setUp()
        self.names = [f"org/p{number}" for number in range(3)]
        for name in self.names:
            self.server.project(name, {PATH: OLD})

    def run_all(self, wanted: str, names: Iterable[str] = ()) -> list[str]:
        return [self.action(name, wanted) for name in names or self.names]

    def test_a_list_changes_again_and_again(self) -> None:
        self.assertEqual(["propose"] * 3, self.run_all(NEW))
        self.server.forget()
        self.assertEqual(["leave"] * 3, self.run_all(NEW))
        self.assertEqual([], self.server.changing())
        self.assertEqual(["update"] * 3, self.run_all(NEWER))
        self.assertEqual(3, len(self.server.changes()))
        self.server.commit(self.names[0], {PATH: NEWER})
        self.server.merge(self.server.changes()[1]["_number"])
        self.assertEqual(["close", "nothing", "leave"], self.run_all(NEWER))
        self.assertEqual(1, len(self.server.changes("status:open")))

    def test_overview(self) -> None:
        self.assertEqual(set(), set(self.forge.overview(TOPIC, self.names)))
        self.run_all(NEW)
        self.server.page = 2
        self.server.forget()
        self.assertEqual(
            {(name, "main") for name in self.names},
            set(self.forge.overview(TOPIC, self.names)),
        )
        self.assertEqual(2, len(self.server.requests()))
        self.server.abandon(1)
        # Another topic, or another owner, does not count.
        self.server.rest("PUT", "/changes/2/topic", {"topic": "other"})
        self.assertEqual(
            {("org/p2", "main")},
            set(self.forge.overview(TOPIC, self.names)),
        )
        with self.server.state() as state:
            state.execute("UPDATE changes SET owner = 2")
        self.assertEqual(set(), set(self.forge.overview(TOPIC, self.names)))

    def test_two_runs_at_once(self) -> None:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            futures = [
                pool.submit(self.run_all, NEW, names)
                for names in (self.names, self.names[::-1], self.names)
            ]
            results = [future.result() for future in futures]
        actions = {action for result in results for action in result}
        self.assertLessEqual(actions, {"propose", "leave"})
        self.assertEqual(
            [1] * 3,
            [len(change["revisions"]) for change in self.server.changes()],
        )

    def test_the_other_run_is_quicker(self) -> None:
        # Between looking and pushing, which is where it matters.
        quicker = self.account_of(BOT_PASSWORD)

        def late(step: str, wanted: str) -> Settled:
            plain = getattr(Gerrit, step)

            def do(forge: Gerrit, *arguments: Any) -> Any:
                if forge is not quicker:
                    self.settle("org/p0", wanted, forge=quicker)
                return plain(forge, *arguments)

            with mock.patch.object(Gerrit, step, do):
                return self.settle("org/p0", wanted)

        for number in range(1, 7):
            step = "put" if number % 2 else "message"
            done = late(step, OLD + f"more>={number}\n")
            change = self.only()
            self.assertEqual(number, len(change["revisions"]))
            assert done.proposal is not None
            self.assertEqual(change["current_revision"], done.proposal.commit)

    def test_a_run_that_died_behind_the_push(self) -> None:
        class Killed(BaseException):
            """Nothing catches it, as nothing does a SIGKILL."""

        def push(*arguments: Any, **more: Any) -> Any:
            plain(*arguments, **more)
            raise Killed

        plain = ScratchRepository.push
        with (
            mock.patch.object(ScratchRepository, "push", push),
            contextlib.suppress(Killed),
        ):
            self.settle("org/p0", NEW)
        self.assertEqual(1, len(self.server.changes()))
        self.server.forget()
        self.assertEqual("leave", self.action("org/p0", NEW))
        self.assertEqual([], self.server.changing())

    def test_a_server_that_died_behind_the_push(self) -> None:
        self.server.fail("POST .*git-receive-pack", loses=True)
        self.assertRaises(OutsideError, self.settle, "org/p0", NEW)
        self.assertEqual(1, len(self.server.changes()))
        self.assertEqual("leave", self.action("org/p0", NEW))

    def test_a_server_that_died_behind_an_abandonment(self) -> None:
        self.settle("org/p0", NEW)
        self.server.commit("org/p0", {PATH: NEW})
        self.server.fail("POST .*abandon", loses=True)
        self.assertRaises(OutsideError, self.settle, "org/p0", NEW)
        self.assertEqual("nothing", self.action("org/p0", NEW))


class TestKilled(GerritTestCase):
    """SIGKILL at each moment that the server sees, then another run."""

    def setUp(self) -> None:
        super().setUp()
        self.server.project("org/x", {PATH: OLD})

    def killed(self, moment: int, wanted: str) -> bool:
        """Run, and end the run at a moment; whether it came to that."""
        code = f"import sys; from {__name__} import main; main(*sys.argv[1:])"
        folder = self.folder / "killed" / os.urandom(4).hex()
        child = subprocess.Popen(
            [
                *(sys.executable, "-c", code, str(folder)),
                *(self.server.url, "org/x", wanted),
            ],
            start_new_session=True,
        )
        moments = 0

        def watch(request: Request, _: bool) -> None:
            nonlocal moments
            # What only reads the project is behind no deed.
            if "upload-pack" not in request.path:
                moments += 1
                if moments == moment:
                    os.killpg(child.pid, signal.SIGKILL)

        self.server.watch = watch
        status = child.wait(60)
        self.server.watch = lambda *_: None
        self.assertIn(status, {0, -signal.SIGKILL})
        return status != 0

    def test_at_each_moment(self) -> None:
        moment = 0
        while True:
            moment += 1
            # A change is proposed by the first run, and updated by others.
            wanted = OLD + f"more>={moment}\n"
            if not self.killed(moment, wanted):
                break
            self.settle("org/x", wanted)
            change = self.only()
            self.assertEqual(wanted.strip(), self.proposed(change))
            self.assertEqual(moment, len(change["revisions"]))
            # The git of the killed run may still be pushing, the same.
            self.assertEqual("leave", self.action("org/x", wanted))
            self.assertEqual([change], self.server.changes())
        # A look, the id, the two parts of a push, what became of it.
        self.assertGreaterEqual(moment, 2 * 5)

    def test_while_it_is_closed(self) -> None:
        for moment in (1, 2, 3, 4):
            number = len(self.server.changes()) + 1
            wanted = OLD + f"more>={moment}\n"
            self.settle("org/x", wanted)
            self.assertTrue(self.killed(moment, OLD))
            self.assertIn(self.action("org/x", OLD), {"close", "nothing"})
            self.assertEqual(number, len(self.server.changes()))
            self.assertEqual([], self.server.changes("status:open"))


class TestChangeId(GerritTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.server.project("org/x", {PATH: OLD})

    def test_the_topic_of_an_open_change_was_changed(self) -> None:
        self.settle("org/x", NEW)
        self.server.rest("PUT", "/changes/1/topic", {"topic": "other"})
        self.settle("org/x", NEWER)
        change = self.only()
        self.assertEqual(
            (TOPIC, 2), (change["topic"], len(change["revisions"]))
        )

    def test_the_topic_of_closed_changes_was_changed(self) -> None:
        for wanted in (NEW, NEWER):
            self.settle("org/x", wanted)
            number = self.server.changes()[-1]["_number"]
            self.server.abandon(number)
            self.server.rest(
                "PUT", f"/changes/{number}/topic", {"topic": "other"}
            )
        self.settle("org/x", NEW)
        self.assertEqual(
            ["ABANDONED", "ABANDONED", "NEW"],
            [change["status"] for change in self.server.changes()],
        )

    def test_a_comment_on_an_old_change(self) -> None:
        for wanted in (NEW, NEWER):
            self.settle("org/x", wanted)
            self.server.abandon(self.server.changes()[-1]["_number"])
        review = {"message": "Still a pity."}
        self.server.rest("POST", "/changes/1/revisions/current/review", review)
        # The last one that was closed is still the other.
        self.assertEqual("nothing", self.action("org/x", NEWER))
        self.assertEqual("propose", self.action("org/x", NEW))

    def test_footers_stay_together(self) -> None:
        message = (
            "Follow the list\n\nBecause: it says so.\nSo.\n\n"
            "Depends-On: https://review.example/1\n"
        )
        self.settle("org/x", NEW, message=message)
        self.settle("org/x", NEWER, message=message)
        self.settle("org/x", NEW, message=message)
        change = self.only()
        self.assertEqual(
            message + f"Patch-Set: 3\nChange-Id: {change['change_id']}",
            self.server.show("org/x", change["current_revision"]),
        )

    def test_ids(self) -> None:
        key = Key("org/x", "main", TOPIC)
        self.assertRegex(first_id(key, ""), r"\AI[0-9a-f]{40}\Z")
        self.assertEqual(
            4,
            len(
                {
                    first_id(key, ""),
                    first_id(key, "1"),
                    first_id(key._replace(branch="x"), ""),
                    first_id(Key("org/xmain", "", TOPIC), ""),
                }
            ),
        )


_WORDS = st.text("abc:-XT .\n", max_size=30)
_NAMES = st.sampled_from(["Depends-On", "Signed-off-by", "Needed-By"])
_MESSAGES = st.builds(
    lambda title, paragraphs, footers: "\n\n".join(
        [title, *paragraphs, *(["\n".join(footers)] if footers else [])]
    ),
    st.text("abcT:- ", min_size=1, max_size=20).map(lambda t: f"Fix{t}."),
    st.lists(_WORDS, max_size=3),
    st.lists(st.builds("{}: x{}".format, _NAMES, st.integers()), max_size=3),
)


class TestLaws(base.TestCase):
    @given(_MESSAGES, st.integers(0, 3))
    def test_footers_are_one_block(self, message: str, last: int) -> None:
        key = Key("org/x", "main", TOPIC)
        ours = [("Change-Id", first_id(key, str(last)))]
        result = with_footers(message, ours)
        # Twice is once, and a new id replaces the old one.
        self.assertEqual(result, with_footers(result, ours))
        other = [("Change-Id", first_id(key, "4"))]
        self.assertEqual(
            with_footers(message, other), with_footers(result, other)
        )
        self.assertEqual(1, result.count(f"Change-Id: {ours[0][1]}"))
        self.assertTrue(result.endswith(f"\nChange-Id: {ours[0][1]}\n"))
        self.assertTrue(result.startswith(message.partition("\n")[0].rstrip()))
        self.assertEqual(self.trailers(result)[-1], ": ".join(ours[0]))

    @given(st.lists(st.builds("{}: x{}".format, _NAMES, st.integers())))
    def test_footers_as_git_reads_them(self, footers: list[str]) -> None:
        message = "Fix it\n\nBecause.\n\n" + "\n".join(footers)
        result = with_footers(message, [("Change-Id", "I1")])
        self.assertEqual([*footers, "Change-Id: I1"], self.trailers(result))

    def trailers(self, message: str) -> list[str]:
        done = subprocess.run(
            ["git", "interpret-trailers", "--parse", "--no-divider"],
            input=message,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return done.stdout.splitlines()

    @given(*[st.text(min_size=1, max_size=5)] * 3, st.integers(0, 9))
    def test_the_key_gives_the_id(
        self, project: str, branch: str, topic: str, last: int
    ) -> None:
        key = Key(project, branch, topic)
        self.assertEqual(first_id(key, str(last)), first_id(key, str(last)))
        self.assertNotEqual(first_id(key, ""), first_id(key, str(last)))
        for place in range(3):
            parts = list(key)
            parts[place] += "x"
            self.assertNotEqual(first_id(key, ""), first_id(Key(*parts), ""))


class TestAddresses(GerritTestCase):
    def test_what_is_none(self) -> None:
        for url in (
            "",
            "review.example",
            "ssh://bot@review.example:29418",
            "ftp://review.example",
            "https://",
            "https://[",
            "https://bot:secret-77@review.example",
            "https://review.example/q/?x",
        ):
            error = self.assertRaises(UnusableInput, Gerrit, url, None)
            self.assertNotIn("secret-77", str(error))

    def test_remotes(self) -> None:
        credentials = Credentials("bot", "secret-77")
        remote = Gerrit("https://review.example/r/", credentials).remote(
            "a b/c"
        )
        self.assertEqual("https://review.example/r/a/a%20b/c", remote.url)
        assert remote.access is not None
        self.assertEqual("https://review.example/r/", remote.access.prefix)
        nobody = Gerrit("https://review.example/r", None).remote("x/y")
        self.assertEqual(("https://review.example/r/x/y", None), nobody)

    def test_topics_and_branches(self) -> None:
        for topic in (
            "",
            "a b",
            "a,r=x",
            "a%b",
            "a..b",
            'a"b',
            "-x",
            "a//b",
            "a.lock",
            "a/",
            "x" * 201,
        ):
            error = self.assertRaises(
                UnusableInput, self.forge.overview, topic, []
            )
            self.assertIn("is no topic for Gerrit", str(error))
        for topic in ("a", "A/b-c_d+1.2", "x" * 200):
            self.assertEqual(set(), set(self.forge.overview(topic, [])))
        for key in (Key('a"b', "main", TOPIC), Key("^a", "main", TOPIC)):
            self.assertRaises(OutsideError, self.forge.standing, key, {})
        self.server.project("org/x", {PATH: OLD}, "a%b")
        refused = self.assertRaises(
            OutsideError, self.settle, "org/x", NEW, branch="a%b"
        )
        self.assertIn("takes what follows a % for an option", str(refused))
        self.assertEqual([], self.server.changing())

    def test_without_the_library(self) -> None:
        with mock.patch.dict("sys.modules", {"gerrit": None}):
            error = self.assertRaises(
                UnusableInput,
                self.forge.standing,
                Key("org/x", "main", TOPIC),
                {},
            )
        self.assertIn("openstack_requirements[forges]", str(error))


class TestSecrets(GerritTestCase):
    def test_no_process_is_told(self) -> None:
        log = self.folder / "commands"
        path = self.write("bin/git", "")
        plain = subprocess.run(
            ["sh", "-c", "command -v git"],
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout.strip()
        self.write(
            "bin/git",
            textwrap.dedent(
                f"""\
                #!/bin/sh
                echo "$@" >> {log}
                exec {plain} "$@"
                """
            ),
        )
        os.chmod(path, 0o755)
        self.server.project("org/x", {PATH: OLD})
        search = f"{self.folder}/bin:{os.environ['PATH']}"
        self.useFixture(fixtures.EnvironmentVariable("PATH", search))
        self.settle("org/x", NEW)
        commands = log.read_text()
        self.assertIn("refs/for/main%topic=requirements", commands)
        self.assert_no_secret(commands)
        self.assertNotIn("Authorization", commands)
        # Nor anything that is kept.
        for file in (self.folder / "job").rglob("*"):
            if file.is_file():
                self.assertNotIn(BOT_PASSWORD.encode(), file.read_bytes())

    def test_no_address_has_it(self) -> None:
        self.server.project("org/x", {PATH: OLD})
        settled = self.settle("org/x", NEW)
        self.assert_no_secret(f"{settled} {self.forge.remote('org/x').url}")
        self.assert_no_secret(str(self.server.requests()))
        self.assert_no_secret(str(self.server.changes()))
        self.assertTrue(re.search("GET ", self.logger.output))
        self.assertEqual(
            {BOT}, {request.user for request in self.server.requests()}
        )
        self.assertIsInstance(
            self.forge.standing(Key("org/x", "main", TOPIC), {}), Standing
        )
