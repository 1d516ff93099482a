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
"""GitHub, GitLab and Forgejo, each on loopback, driven as a run drives them.

Every test here is for each of the three: what a project needs, what stands
there, and what is done about it.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fixtures

from openstack_requirements.errors import OutsideError, UnusableInput
from openstack_requirements.proposals import propose
from openstack_requirements.proposals.forges import Outdated
from openstack_requirements.proposals.forges.credentials import Credentials
from openstack_requirements.proposals.forges.forgejo import Forgejo
from openstack_requirements.proposals.forges.github import GitHub
from openstack_requirements.proposals.forges.gitlab import GitLab
from openstack_requirements.proposals.proposal import Edit, Key
from openstack_requirements.proposals.propose import Change, Desk, Settled
from openstack_requirements.system.git_scratch import (
    Identity,
    ScratchRepository,
)
from openstack_requirements.tests import base
from openstack_requirements.tests.forge_interfaces import (
    ForgejoServer,
    GitHubServer,
    GitLabServer,
)
from openstack_requirements.tests.forge_servers import (
    BOT,
    BOT_TOKEN,
    FAILED,
    PERSON,
    Answer,
    Fault,
    ForgeServer,
)

if TYPE_CHECKING:
    from openstack_requirements.proposals.forges import Forge
    from openstack_requirements.proposals.forges.pull_requests import (
        PullRequestForge,
    )

ME = Identity("A Bot", "bot@example.org")
PROJECT = "org/demo"
KEY = Key(PROJECT, "main", "requirements")
HEAD = "proposals/requirements/main"
OLD, NEW, NEWER = "foo>=1.0\n", "foo>=2.0\n", "foo>=3.0\n"
CALLS = "command-lines"
#: The paths of requests that change something.
_CHANGES = r"/api/|/git-receive-pack$"

_WRAPPER = """\
#!/bin/sh
PATH={path}
echo "git $*" >> {calls}
exec git "$@"
"""


class ForgeTestCase(base.TestCase):
    """A forge with a project, and all that is said is kept."""

    server_class: type[ForgeServer] = GitHubServer
    forge_class: type[PullRequestForge] = GitHub

    def setUp(self) -> None:
        super().setUp()
        home = self.folder / "home"
        home.mkdir()
        for name, value in (
            ("HOME", str(home)),
            ("NETRC", str(home / "none")),
            ("GIT_CONFIG_GLOBAL", os.devnull),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("PATH", self.wrapped_git()),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        for name, seconds in (
            ("proposals.forges.asking.WAITS", (0.0, 0.0, 0.0)),
            ("proposals.forges.github.BETWEEN_WRITES", 0),
            ("system.git_scratch.WAITS", (0.0, 0.0, 0.0)),
        ):
            self.useFixture(
                fixtures.MonkeyPatch(f"openstack_requirements.{name}", seconds)
            )
        self.logged = self.useFixture(fixtures.FakeLogger(level=logging.DEBUG))
        folder = self.folder / "forge"
        folder.mkdir()
        self.server = self.useFixture(self.server_class(folder))
        self.project = self.server.add(PROJECT, requirements_txt=OLD, a="a\n")
        #: What was raised, in words, and what was made.
        self.said: list[str] = []
        self.addCleanup(self.assert_no_secret)

    def wrapped_git(self) -> str:
        """A search path whose git notes how it is called."""
        path = os.environ["PATH"]
        folder = self.folder / "bin"
        folder.mkdir()
        program = folder / "git"
        calls = self.folder / CALLS
        program.write_text(_WRAPPER.format(path=path, calls=calls))
        program.chmod(0o755)
        return f"{folder}{os.pathsep}{path}"

    def assert_no_secret(self) -> None:
        """Nothing that was said, logged, sent or started has the token."""
        credentials = Credentials("", BOT_TOKEN)
        calls = (self.folder / CALLS).read_text()
        self.assertIn("git", calls)
        for text in (
            calls,
            self.logged.output,
            "\n".join(self.said),
            "\n".join(self.server.sent),
            "\n".join(logged.path for logged in self.server.log),
            "\n".join(
                project.git("log", "--all", "--format=raw")
                for project in self.server.projects.values()
            ),
        ):
            self.assertEqual(text, credentials.masked(text))

    def forge(self, token: str = BOT_TOKEN) -> Any:
        forge: Forge = self.forge_class(
            self.server.url, Credentials("", token) if token else None
        )
        self.said.append(f"{forge!r} {vars(forge)!r}")
        return forge

    def change(self, new: str = NEW, key: Key = KEY, **more: Any) -> Change:
        """What is wanted: these requirements, on what the branch has now."""
        project = self.server.projects[key.project]
        tip = project.tip(key.branch)
        old = project.file(tip, "requirements.txt")
        edits = () if old == new else (Edit("requirements.txt", old, new),)
        fields: dict[str, Any] = {
            "message": "Follow the list\n\nIt says so.\n\n- >=2\n",
            "edits": edits,
            **more,
        }
        return Change(key, tip, **fields)

    def settle(
        self,
        change: Change,
        forge: Any = None,
        *,
        writes: bool = True,
        name: str = "",
    ) -> Settled:
        """What a run does for a project, in a process of its own."""
        forge = forge or self.forge()
        folder = Path(self.folder, "job", os.urandom(4).hex())
        folder.mkdir(parents=True)
        repository = ScratchRepository(str(folder))
        remote = forge.remote(name or change.key.project)
        try:
            references = repository.references(remote)
            repository.fetch(remote, [f"refs/heads/{change.key.branch}"])
            settled = propose.settle(
                Desk(forge, repository, remote, ME, writes),
                change,
                references,
            )
        except OutsideError as error:
            self.said.append(str(error))
            raise
        self.said.append(repr(settled))
        return settled

    def action(self, *arguments: Any, **more: Any) -> str:
        return self.settle(*arguments, **more).decision.action

    def quiet(self, change: Change) -> str:
        """What a run does that must not change anything."""
        before = list(self.server.writes)
        action = self.action(change)
        self.assertEqual(before, self.server.writes)
        return action

    def refused(self, *arguments: Any, **more: Any) -> str:
        error = self.assertRaises(
            OutsideError, self.settle, *arguments, **more
        )
        return str(error)

    def fault(self, method: str, path: str, **more: Any) -> Fault:
        fault = Fault(method, path, **more)
        self.server.faults.append(fault)
        return fault

    @property
    def opens(self) -> str:
        """The path of requests that open a pull request."""
        return r"/(?:pulls|merge_requests)$"


class RowsOfTheTable(ForgeTestCase):
    def test_in_line_and_nothing_open(self) -> None:
        self.assertEqual("nothing", self.quiet(self.change(OLD)))

    def test_in_line_and_ours_open(self) -> None:
        self.settle(self.change())
        self.project.commit("main", PERSON, requirements_txt=NEW)
        self.assertEqual("close", self.action(self.change(NEW)))
        [pull] = self.server.pulls(PROJECT, "closed")
        self.assertEqual(BOT, pull.closed_by)
        self.assertEqual(
            [
                "The project is in line. The program that proposed this "
                "closes it."
            ],
            [comment.text for comment in pull.comments],
        )
        self.assertEqual("", self.project.tip(HEAD))
        self.assertEqual("nothing", self.quiet(self.change(NEW)))

    def test_differs_and_nothing_open(self) -> None:
        settled = self.settle(self.change())
        self.assertEqual("propose", settled.decision.action)
        [pull] = self.server.pulls(PROJECT)
        self.assertEqual((HEAD, "main"), (pull.head, pull.base))
        self.assertEqual("Follow the list", pull.title)
        self.assertEqual(
            "It says so.\n\n- >=2", pull.body.replace("\r\n", "\n")
        )
        self.assertEqual(BOT, pull.author)
        tip = self.project.tip(HEAD)
        self.assertEqual(NEW, self.project.file(tip, "requirements.txt"))
        assert settled.proposal is not None
        self.assertEqual(
            (str(pull.number), tip),
            (settled.proposal.number, settled.proposal.commit),
        )
        self.assertIn(PROJECT, settled.proposal.url)

    def test_without_push_nothing_is_changed(self) -> None:
        settled = self.settle(self.change(), writes=False)
        self.assertEqual("propose", settled.decision.action)
        self.assertEqual([], self.server.writes)

    def test_same_patch_is_left(self) -> None:
        self.settle(self.change())
        self.assertEqual("leave", self.quiet(self.change()))

    def test_same_patch_is_left_where_the_base_moved(self) -> None:
        self.settle(self.change())
        self.project.commit("main", PERSON, a="b\n")
        self.assertEqual("leave", self.quiet(self.change()))

    def test_same_patch_that_no_longer_applies(self) -> None:
        self.settle(self.change())
        self.project.commit("main", PERSON, requirements_txt="foo>=1.5\n")
        self.assertEqual("update", self.action(self.change()))
        [pull] = self.server.pulls(PROJECT)
        parents = self.project.git("log", "-1", "--format=%P", pull.commit)
        self.assertEqual(self.project.tip("main"), parents)
        self.assertEqual("leave", self.quiet(self.change()))

    def test_another_patch_is_a_new_patch_set(self) -> None:
        self.settle(self.change())
        other = self.change(NEWER, message="Follow the newer list\n\nBy it.")
        self.assertEqual("update", self.action(other))
        [pull] = self.server.pulls(PROJECT)
        self.assertEqual(
            NEWER, self.project.file(pull.commit, "requirements.txt")
        )
        self.assertEqual(
            ("Follow the newer list", "By it."), (pull.title, pull.body)
        )
        self.assertEqual("leave", self.quiet(other))

    def test_amended_by_a_person(self) -> None:
        self.settle(self.change())
        self.server.amend(PROJECT, 1, requirements_txt="foo>=2.1\n")
        for wanted in (NEW, NEWER, OLD):
            settled = self.settle(self.change(wanted))
            self.assertEqual("wait", settled.decision.action)
            self.assertIn(f"{PERSON}@example.org", settled.decision.reason)
        self.assertEqual(1, len(self.server.pulls(PROJECT)))

    def test_closed_unmerged_by_a_person(self) -> None:
        self.settle(self.change())
        self.server.close(PROJECT, 1)
        self.assertEqual("nothing", self.quiet(self.change()))
        self.assertEqual("propose", self.action(self.change(NEWER)))
        self.assertEqual(1, len(self.server.pulls(PROJECT)))
        self.assertEqual("leave", self.quiet(self.change(NEWER)))

    def test_closed_by_a_person_who_deletes_the_branch(self) -> None:
        self.settle(self.change())
        self.server.close(PROJECT, 1)
        self.project.git("update-ref", "-d", f"refs/heads/{HEAD}")
        self.assertEqual("nothing", self.quiet(self.change()))

    def test_closed_by_us_is_opened_again(self) -> None:
        self.settle(self.change())
        base_of_it = self.project.tip("main")
        self.project.commit("main", PERSON, requirements_txt=NEW)
        self.settle(self.change(NEW))
        self.project.git("update-ref", "refs/heads/main", base_of_it)
        self.assertEqual("propose", self.action(self.change()))
        self.assertEqual(1, len(self.server.pulls(PROJECT)))

    def test_merged_then_another_patch(self) -> None:
        self.settle(self.change())
        self.server.merge(PROJECT, 1)
        self.assertEqual("nothing", self.quiet(self.change()))
        self.assertEqual("propose", self.action(self.change(NEWER)))
        self.assertEqual("leave", self.quiet(self.change(NEWER)))

    def test_plan_with_an_error_closes_nothing(self) -> None:
        self.settle(self.change())
        change = self.change(problems=("requirements.txt:1: what",), edits=())
        self.assertEqual("wait", self.quiet(change))
        self.assertEqual(1, len(self.server.pulls(PROJECT)))


class Runs(ForgeTestCase):
    def test_branches_and_topics_are_apart(self) -> None:
        self.project.commit("stable/1", PERSON, requirements_txt=OLD)
        for key in (
            KEY,
            KEY._replace(branch="stable/1"),
            KEY._replace(topic="python"),
        ):
            self.assertEqual("propose", self.action(self.change(key=key)))
            self.assertEqual("leave", self.quiet(self.change(key=key)))
        self.assertEqual(3, len(self.server.pulls(PROJECT)))

    def test_overview(self) -> None:
        forge = self.forge()
        projects = ["Org/Demo", "org/two", "org/none"]
        self.assertEqual(set(), set(forge.overview("requirements", projects)))
        self.settle(self.change())
        self.settle(self.change(key=KEY._replace(topic="python")))
        for name in ("org/two", "org/other"):
            self.server.add(name, "trunk", requirements_txt=OLD)
            self.settle(self.change(key=Key(name, "trunk", "requirements")))
        # What is not ours, and what is not open.
        self.server.open(
            self.project,
            PERSON,
            {"head": "main", "base": HEAD, "title": "x", "body": ""},
        )
        self.assertEqual(
            {("Org/Demo", "main"), ("org/two", "trunk")},
            set(forge.overview("requirements", projects)),
        )
        self.server.merge("org/two", 1)
        self.assertEqual(
            {("Org/Demo", "main")},
            set(forge.overview("requirements", projects)),
        )

    def test_overview_of_many_pages(self) -> None:
        self.server.most_rows = 2
        names = [f"org/p{number}" for number in range(5)]
        for name in names:
            project = self.server.add(name, requirements_txt=OLD)
            project.git("branch", HEAD, "main")
            fields = {"head": HEAD, "base": "main", "title": "", "body": ""}
            self.server.open(project, BOT, fields)
        self.assertEqual(
            {(name, "main") for name in names},
            set(self.forge().overview("requirements", names)),
        )

    def test_nobody_has_an_overview(self) -> None:
        self.assertIsNone(self.forge("").overview("requirements", [PROJECT]))

    def test_reads_without_credentials(self) -> None:
        settled = self.settle(self.change(), self.forge(""), writes=False)
        self.assertEqual("propose", settled.decision.action)

    def test_comment_is_said_once(self) -> None:
        settled = self.settle(self.change())
        for _ in range(2):
            self.forge().comment(KEY, settled.proposal, "Another one is\nup.")
        [pull] = self.server.pulls(PROJECT)
        self.assertEqual(
            ["Another one is\nup."], [said.text for said in pull.comments]
        )

    def test_two_runs_at_once(self) -> None:
        barrier = threading.Barrier(2, timeout=30)
        forges = [self.forge(), self.forge()]
        for forge in forges:
            standing = forge.standing

            def together(*arguments: Any, standing: Any = standing) -> Any:
                result = standing(*arguments)
                barrier.wait()
                return result

            forge.standing = together
        change = self.change()
        outcomes: list[Settled] = []
        threads = [
            threading.Thread(
                target=lambda forge=forge: outcomes.append(
                    self.settle(change, forge)
                )
            )
            for forge in forges
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(2, len(outcomes))
        [pull] = self.server.pulls(PROJECT)
        for settled in outcomes:
            assert settled.proposal is not None
            self.assertEqual(str(pull.number), settled.proposal.number)
        self.assertEqual("leave", self.quiet(change))

    def test_default_branch_named_otherwise(self) -> None:
        self.server.add("org/trunk", "trunk", requirements_txt=OLD)
        key = Key("org/trunk", "trunk", "requirements")
        self.assertEqual("propose", self.action(self.change(key=key)))
        self.assertEqual("leave", self.quiet(self.change(key=key)))

    def test_threads_share_a_forge(self) -> None:
        forge = self.forge()
        names = [f"org/p{number}" for number in range(6)]
        for name in names:
            self.server.add(name, requirements_txt=OLD)
        threads = [
            threading.Thread(
                target=self.settle,
                args=(self.change(key=KEY._replace(project=name)), forge),
            )
            for name in names
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for name in names:
            self.assertEqual(1, len(self.server.pulls(name)))


class Faults(ForgeTestCase):
    def test_died_between_push_and_request(self) -> None:
        fault = self.fault("POST", self.opens, kind="drop")
        self.refused(self.change())
        self.assertNotEqual("", self.project.tip(HEAD))
        self.assertEqual([], self.server.pulls(PROJECT))
        fault.times = 0
        pushes = [row for row in self.server.log if "receive-pack" in row.path]
        self.assertEqual("propose", self.action(self.change()))
        self.assertEqual(
            pushes,
            [row for row in self.server.log if "receive-pack" in row.path],
        )
        self.assertEqual(1, len(self.server.pulls(PROJECT)))
        self.assertEqual("leave", self.quiet(self.change()))

    def test_answer_to_the_request_is_lost(self) -> None:
        self.fault("POST", self.opens, kind="lose", times=1)
        self.assertEqual("propose", self.action(self.change()))
        self.assertEqual(1, len(self.server.pulls(PROJECT)))

    def test_died_at_any_change(self) -> None:
        """Whatever was done, the next run comes to the same end."""
        other = "Another\n\nBody"
        for number, (start, wanted, message, steps) in enumerate(
            (
                (OLD, NEW, "Title\n\nBody", 2),
                (NEW, NEWER, other, 2),
                (NEW, OLD, other, 3),
            )
        ):
            ends = set()
            for after in range(steps + 1):
                name = f"org/p{number}-{after}"
                project = self.server.add(name, requirements_txt=OLD)
                key = KEY._replace(project=name)
                self.settle(self.change(start, key))
                change = self.change(wanted, key, message=message)
                fault = Fault("P.*", _CHANGES, kind="drop", after=after)
                self.server.faults[:] = [fault]
                if after < steps:
                    self.refused(change)
                self.server.faults.clear()
                self.settle(change)
                self.quiet(change)
                ends.add(
                    (
                        project.git("for-each-ref", "refs/heads"),
                        *(
                            (pull.title, pull.state, len(pull.comments))
                            for pull in project.pulls
                        ),
                    )
                )
            self.assertEqual(1, len(ends), str(ends))

    def test_fails_for_a_moment(self) -> None:
        for status in (500, 502, 503):
            answer = Answer(status, {"message": "it hurts"})
            self.fault("GET", "/api/", answer=answer, times=1)
        self.fault("POST", self.opens, answer=FAILED, times=1)
        self.fault("GET", "info/refs", answer=FAILED, times=1)
        self.assertEqual("propose", self.action(self.change()))
        self.assertEqual(1, len(self.server.pulls(PROJECT)))

    def test_fails_for_ever(self) -> None:
        self.fault("GET", "/api/", answer=FAILED)
        said = self.refused(self.change())
        self.assertEqual(
            f"{self.server.url}/{PROJECT}: fails (HTTP 500: it hurts)", said
        )
        count = sum("/api/" in row.path for row in self.server.log)
        self.assertEqual(4, count)

    def test_too_many_requests(self) -> None:
        for headers in (
            {"Retry-After": "0"},
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"},
            {},
        ):
            slow = Answer(429, {"message": "slow down"}, headers)
            self.fault("GET", "/api/", answer=slow, times=1)
        self.assertEqual("propose", self.action(self.change()))

    def test_too_many_requests_for_hours(self) -> None:
        slow = Answer(429, {"message": "slow down"}, {"Retry-After": "7200"})
        self.fault("GET", "/api/", answer=slow)
        self.assertIn(
            "no more requests are allowed for 7200 seconds",
            self.refused(self.change()),
        )

    def test_credentials_are_wrong(self) -> None:
        forge = self.forge(f"{BOT_TOKEN}-not")
        error = self.assertRaises(
            OutsideError, forge.overview, "requirements", [PROJECT]
        )
        variable = f"{self.server.name.upper()}_TOKEN"
        self.assertIn("does not accept the credentials", str(error))
        self.assertIn(variable, str(error))
        self.assertNotIn(BOT_TOKEN, str(error))

    def test_no_credentials_where_they_are_needed(self) -> None:
        forge = self.forge("")
        self.server.private = True
        error = self.assertRaises(OutsideError, forge.standing, KEY, {})
        variable = f"{self.server.name.upper()}_TOKEN"
        self.assertIn(f"set {variable}", str(error))

    def test_forbidden(self) -> None:
        no = Answer(403, {"message": f"not with {BOT_TOKEN}"})
        self.fault("POST", self.opens, answer=no)
        said = self.refused(self.change())
        self.assertIn("may not do this", said)
        self.assertIn(f"{self.server.name.upper()}_TOKEN", said)
        self.assertIn("not with ****", said)

    def test_git_is_forbidden(self) -> None:
        no = Answer(403, f"not {BOT_TOKEN}", {"Content-Type": "text/plain"})
        self.fault("GET", "info/refs", answer=no)
        said = self.refused(self.change())
        self.assertIn(f"{self.server.url}/{PROJECT}.git: git cannot use", said)
        self.assertIn("****", said)

    def test_leads_to_another_host(self) -> None:
        folder = self.folder / "elsewhere"
        folder.mkdir()
        elsewhere = self.useFixture(self.server_class(folder))
        elsewhere.add(PROJECT, requirements_txt=OLD)
        for status in (301, 302, 307):
            self.server.faults.clear()
            location = f"{elsewhere.url}{self.server.interface}repos/{PROJECT}"
            moved = Answer(status, None, {"Location": location})
            self.fault("GET", "/api/", answer=moved)
            self.assertIn(self.server.url, self.refused(self.change()))
        self.assertEqual([], elsewhere.log)

    def test_address_of_a_forge(self) -> None:
        for url in (
            "forge.example",
            "ssh://forge.example",
            f"https://bot:{BOT_TOKEN}@forge.example",
            "https://forge.example/?a=b",
        ):
            error = self.assertRaises(
                UnusableInput, self.forge_class, url, None
            )
            self.said.append(str(error))
            self.assertIn("--forge-url: ", str(error))

    def test_hangs(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_requirements.system.fetch.SILENCE", 1.0
            )
        )
        self.fault("GET", "/api/", kind="hang")
        said = self.refused(self.change())
        self.assertIn("cannot be reached (timed out", said)

    def test_is_not_there(self) -> None:
        self.settle(self.change())
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.server.url = f"http://127.0.0.1:{unused.getsockname()[1]}"
            error = self.assertRaises(
                OutsideError, self.forge().standing, KEY, {}
            )
        self.assertIn("cannot be reached", str(error))

    def test_answers_of_another_shape(self) -> None:
        for data in ([{"number": 1}], {"a": 1}, "text", [1], 7):
            self.server.faults.clear()
            self.fault("GET", "/api/", answer=Answer(200, data))
            said = self.refused(self.change())
            self.assertIn(self.server.url, said)
            self.assertEqual(1, len(said.splitlines()))

    def test_project_is_deleted(self) -> None:
        change = self.change()
        self.server.delete(PROJECT)
        error = self.assertRaises(OutsideError, self.forge().standing, KEY, {})
        self.said.append(str(error))
        self.assertIn(f"{PROJECT}: does not exist, was deleted", str(error))
        self.assertIn("git cannot use it", self.refused(change))

    def test_project_is_renamed(self) -> None:
        change = self.change()
        self.server.rename(PROJECT, "org/new")
        settled = self.settle(change, writes=False)
        self.assertEqual("propose", settled.decision.action)
        said = self.refused(change)
        self.assertEqual(
            f"{self.server.url}/{PROJECT}: is called org/new now: name it so "
            "in the list of projects",
            said,
        )
        self.assertEqual([], self.server.pulls("org/new"))

    def test_project_is_empty(self) -> None:
        self.server.add("org/empty")
        key = KEY._replace(project="org/empty")
        standing = self.forge().standing(key, {})
        self.assertEqual((), standing.open)
        self.assertIsNone(standing.closed)
        change = self.change()._replace(key=key)
        self.assertIn("org/empty", self.refused(change))

    def test_branch_is_protected(self) -> None:
        self.server.protect(PROJECT, HEAD)
        error = self.assertRaises(OutsideError, self.settle, self.change())
        self.assertNotIsInstance(error, Outdated)
        self.assertIn(f"the branch {HEAD} cannot be pushed", str(error))
        self.assertEqual([], self.server.pulls(PROJECT))

    def test_person_pushes_while_we_close(self) -> None:
        settled = self.settle(self.change())
        assert settled.proposal is not None
        self.project.commit(HEAD, PERSON, a="c\n")
        change = self.change(OLD)
        folder = self.folder / "late"
        folder.mkdir()
        repository = ScratchRepository(str(folder))
        forge = self.forge()
        desk = Desk(forge, repository, forge.remote(PROJECT), ME, writes=True)
        error = self.assertRaises(
            Outdated,
            forge.close,
            *(change.key, settled.proposal, "over"),
            propose._pusher(desk),
        )
        self.assertIn("cannot be pushed", str(error))
        self.assertEqual(1, len(self.server.pulls(PROJECT)))
        self.assertEqual("wait", self.action(change))


class TestGitHub(RowsOfTheTable):
    def test_limits_of_github(self) -> None:
        for headers in (
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"},
            {"Retry-After": "0"},
            {},
        ):
            said = "You have exceeded a secondary rate limit."
            slow = Answer(403, {"message": said}, headers)
            self.fault("GET", "/api/", answer=slow, times=1)
        self.assertEqual("propose", self.action(self.change()))

    def test_client_prints_nothing(self) -> None:
        self.forge()
        self.assertEqual([], logging.getLogger("github").handlers)

    def test_token_of_an_app_has_no_user(self) -> None:
        no = Answer(403, {"message": "Resource not accessible by integration"})
        self.fault("GET", "/user$", answer=no)
        forge = self.forge()
        self.assertIsNone(forge.overview("requirements", [PROJECT]))
        self.settle(self.change(), forge)
        base_of_it = self.project.tip("main")
        self.project.commit("main", PERSON, requirements_txt=NEW)
        self.assertEqual("close", self.action(self.change(NEW), forge))
        self.project.git("update-ref", "refs/heads/main", base_of_it)
        self.server.projects[PROJECT].pulls[0].closed_by = ""
        self.assertEqual("propose", self.action(self.change(), forge))


class TestGitHubRuns(Runs):
    pass


class TestGitHubFaults(Faults):
    pass


class TestGitLab(RowsOfTheTable):
    server_class = GitLabServer
    forge_class = GitLab


class TestGitLabRuns(Runs):
    server_class = GitLabServer
    forge_class = GitLab


class TestGitLabFaults(Faults):
    server_class = GitLabServer
    forge_class = GitLab


class TestForgejo(RowsOfTheTable):
    server_class = ForgejoServer
    forge_class = Forgejo


class TestForgejoRuns(Runs):
    server_class = ForgejoServer
    forge_class = Forgejo


class TestForgejoFaults(Faults):
    server_class = ForgejoServer
    forge_class = Forgejo


# Only what is of a forge runs.
del RowsOfTheTable, Runs, Faults
