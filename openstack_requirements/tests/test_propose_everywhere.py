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
"""The command propose-updates, from nothing to the end, on each forge."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import fixtures

from openstack_requirements.cmds import check_requirements, propose_updates
from openstack_requirements.proposals.forges import github
from openstack_requirements.proposals.forges.credentials import Credentials
from openstack_requirements.system import git_scratch
from openstack_requirements.tests import any_forge, base

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from openstack_requirements.tests.base import Outcome

DIFFERS = "foo>=1.0,!=1.4\n"
IN_LINE = "foo>=1.0,!=2.0\n"
LATER = "foo>=1.0,!=2.5\n"
UNKNOWN = "foo>=1.0,!=1.4\nbaz\n"
PATH = "requirements.txt"
#: A process that runs the command without the seconds that GitHub asks for.
_CODE = (
    "import sys\n"
    "from openstack_requirements.cmds import propose_updates\n"
    "from openstack_requirements.proposals.forges import github\n"
    "github.BETWEEN_WRITES = 0\n"
    "sys.exit(propose_updates.main(sys.argv[1:]))\n"
)
_WRAPPER = """\
#!/bin/sh
PATH={path}
echo "git $*" >> {calls}
exec git "$@"
"""


class EverywhereTestCase(base.TestCase):
    """A forge with projects, and all that is said is kept."""

    forge_name = "git"

    def setUp(self) -> None:
        super().setUp()
        self.forge = self.useFixture(any_forge.FORGES[self.forge_name]())
        home = self.folder / "home"
        home.mkdir()
        variables = any_forge.environment(self.forge, str(home))
        for name, value in (
            *variables.items(),
            ("PATH", self.wrapped_git()),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        for proxy in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            self.useFixture(fixtures.EnvironmentVariable(proxy))
        self.patch(github, "BETWEEN_WRITES", 0)
        #: What runs printed.
        self.said: list[str] = []
        self.lists(IN_LINE)
        self.addCleanup(self.assert_no_secret)

    def wrapped_git(self) -> str:
        """A search path whose git notes how it is called."""
        folder = self.folder / "bin"
        folder.mkdir()
        self.calls = self.folder / "command-lines"
        path = os.environ["PATH"]
        program = folder / "git"
        program.write_text(_WRAPPER.format(path=path, calls=self.calls))
        program.chmod(0o755)
        return f"{folder}{os.pathsep}{path}"

    def lists(self, text: str) -> None:
        """The global list; and the other lists, which are empty."""
        self.write("reqs/global-requirements.txt", f"{text}bar>=1.0\n")
        self.write("reqs/upper-constraints.txt", "")
        self.write("reqs/denylist.txt", "")

    def projects(self, **texts: str) -> None:
        """Make projects, and list them."""
        for name, text in texts.items():
            self.forge.add(f"org/{name}", {PATH: text, "README": "\n"})
        self.listed(texts)

    def listed(self, names: Collection[str]) -> None:
        self.write("projects.txt", "".join(f"org/{name}\n" for name in names))

    def arguments(self, *more: str) -> list[str]:
        return [
            *("--reqs", str(self.folder / "reqs")),
            *("--projects", str(self.folder / "projects.txt")),
            *(*self.forge.options, *more),
        ]

    def run_it(self, *more: str, status: int = 0) -> Outcome:
        """What the command does; it ends with a status."""
        outcome = self.run_main(propose_updates.main, *self.arguments(*more))
        self.said += outcome.out, outcome.err
        self.assertEqual(status, outcome.status, f"{outcome}")
        return outcome

    def outcomes(self, *more: str, status: int = 0) -> dict[str, str]:
        """What becomes of each project, by its short name."""
        done = self.run_it(*more, "--format", "json", status=status)
        return {
            row["project"].removeprefix("org/"): row["outcome"]
            for row in json.loads(done.out)["projects"]
        }

    def push(self, *more: str, status: int = 0) -> dict[str, str]:
        return self.outcomes("--push", *more, status=status)

    def quiet(self, *more: str, status: int = 0) -> dict[str, str]:
        """The same where nothing is written."""
        self.forge.forget()
        before = self.forge.open()
        outcomes = self.outcomes(*more, status=status)
        self.assertEqual([], self.forge.writes())
        self.assertEqual(before, self.forge.open())
        return outcomes

    def numbers(self) -> dict[str, list[str]]:
        """The numbers of what is open, by project."""
        return {
            project.removeprefix("org/"): [row.number for row in proposals]
            for project, proposals in self.forge.open().items()
        }

    def commit(self, name: str) -> str:
        """The commit of the only proposal for a project."""
        (proposed,) = self.forge.open()[f"org/{name}"]
        return proposed.commit

    def proposed(self, name: str) -> str:
        """The requirements that are proposed to a project."""
        show = f"{self.commit(name)}:{PATH}"
        return self.forge.git(f"org/{name}", "show", show) + "\n"

    def assert_passes(self, name: str) -> None:
        """check-requirements passes the proposal for a project."""
        commit = self.commit(name)
        folder = self.folder / "judged" / f"{name}-{commit}"
        any_forge.check_out(self.forge.bare(f"org/{name}"), commit, folder)
        done = self.run_main(
            check_requirements.main,
            *("--local", "--reqs", str(self.folder / "reqs")),
            *("--project", str(folder)),
        )
        self.assertEqual(0, done.status, f"{done}")

    def assert_no_secret(self) -> None:
        """Nothing that was said, sent, committed or started has a secret."""
        calls = self.calls.read_text()
        self.assertIn("git", calls)
        # Else it would be no proof.
        self.assertIn("org/", self.forge.sent())
        texts = [*self.said, calls, self.forge.sent()]
        for project in self.forge.all():
            told = self.forge.git(
                project, "log", "--all", "--format=raw", "-p"
            )
            texts += [told]
        user = self.forge.credentials.get("GERRIT_USERNAME", "")
        for secret in self.forge.secrets:
            credentials = Credentials(user, secret)
            for text in texts:
                self.assertEqual(text, credentials.masked(text))


class Everywhere(EverywhereTestCase):
    def test_from_nothing_to_the_end(self) -> None:
        self.projects(
            a=DIFFERS, b=DIFFERS, line=IN_LINE, bad=UNKNOWN, taken=DIFFERS
        )
        # The project with an error waits for a person in each run.
        expected = dict.fromkeys(("a", "b", "taken"), "propose")
        expected |= {"line": "nothing", "bad": "wait"}
        self.assertEqual(expected, self.quiet(status=1))
        self.assertEqual({}, self.forge.all())
        # Only what is wanted is opened, and it passes.
        self.assertEqual(expected, self.push(status=1))
        numbers = self.numbers()
        self.assertEqual({"a", "b", "taken"}, set(numbers))
        for name in numbers:
            self.assertEqual(IN_LINE, self.proposed(name))
            self.assert_passes(name)
        # A second run does nothing.
        expected |= dict.fromkeys(numbers, "leave")
        self.assertEqual(expected, self.quiet("--push", status=1))
        # The same proposals follow the list.
        before = self.forge.open()
        self.lists(LATER)
        expected |= dict.fromkeys(numbers, "update")
        expected["line"] = "propose"
        self.assertEqual(expected, self.push(status=1))
        for name in numbers:
            self.assertEqual(LATER, self.proposed(name))
            self.assertNotEqual(
                before[f"org/{name}"][0].commit, self.commit(name)
            )
            self.assert_passes(name)
        self.assertEqual(
            numbers,
            {name: self.numbers()[name] for name in numbers},
        )
        # What a person amended is left to them.
        self.forge.amend("org/taken", {PATH: "foo>=3.0\n"})
        # What a person brought in line needs no proposal.
        self.forge.commit("org/a", {PATH: LATER})
        self.forge.commit("org/line", {PATH: LATER})
        self.forge.commit("org/bad", {PATH: LATER})
        expected = dict.fromkeys(("a", "line"), "close")
        expected |= {"b": "leave", "bad": "nothing", "taken": "wait"}
        self.assertEqual(expected, self.push(status=1))
        self.assertEqual({"b", "taken"}, set(self.numbers()))
        self.assertEqual("foo>=3.0\n", self.proposed("taken"))
        expected |= dict.fromkeys(("a", "line"), "nothing")
        self.assertEqual(expected, self.quiet("--push", status=1))
        for format_name in ("text", "markdown", "junit"):
            done = self.run_it("--diff", "--format", format_name, status=1)
            self.assertIn("org/taken", done.out)
            self.assertIn("amended it", done.out)


class Killed(EverywhereTestCase):
    """SIGKILL at moments of a run, then another run."""

    #: When a run is ended: before and behind the push, and with pull requests
    #: behind the request as well.
    moments: tuple[int, ...] = (1, 2)

    def killed(self, moment: int) -> None:
        """Run, and end the run at a moment.

        :param moment: odd before a request that writes, and even behind it.
        """
        child = subprocess.Popen(
            [
                *(sys.executable, "-c", _CODE),
                *self.arguments("--push", "--jobs", "1", "-q"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )
        moments = 0

        def watch(request: str, _: bool) -> None:
            nonlocal moments
            if any_forge.is_write(request) and not request.startswith("GET "):
                moments += 1
                if moments >= moment:
                    child.kill()
                    raise ConnectionAbortedError

        self.forge.watch(watch)
        said, _ = child.communicate(timeout=60)
        self.forge.watch(lambda *_: None)
        self.said.append(said)
        self.assertEqual(-signal.SIGKILL, child.returncode, said)

    def test_while_it_is_proposed(self) -> None:
        for moment in self.moments:
            names = [f"p{moment}a", f"p{moment}b"]
            self.projects(**dict.fromkeys(names, DIFFERS))
            self.killed(moment)
            self.push()
            for name in names:
                self.assertEqual(IN_LINE, self.proposed(name))
            outcomes = self.quiet("--push")
            self.assertEqual(dict.fromkeys(names, "leave"), outcomes)
        numbers = self.forge.all()
        self.assertEqual(2 * len(self.moments), len(numbers))
        for project, proposals in numbers.items():
            self.assertEqual(1, len(proposals), project)

    def test_while_it_is_updated_and_closed(self) -> None:
        self.projects(a=DIFFERS, b=DIFFERS)
        self.push()
        numbers = self.forge.all()
        self.lists(LATER)
        self.killed(2)
        self.push()
        for name in ("a", "b"):
            self.assertEqual(LATER, self.proposed(name))
            self.assert_passes(name)
        self.assertEqual(numbers, self.forge.all())
        self.assertEqual({"a": "leave", "b": "leave"}, self.quiet("--push"))
        self.forge.commit("org/a", {PATH: LATER})
        self.killed(self.moments[-1])
        self.push()
        self.assertEqual({"b"}, set(self.numbers()))
        outcomes = self.quiet("--push")
        self.assertEqual({"a": "nothing", "b": "leave"}, outcomes)


class TestGit(Everywhere):
    forge_name = "git"


class TestGitKilled(Killed):
    forge_name = "git"


class TestGerrit(Everywhere):
    forge_name = "gerrit"


class TestGerritKilled(Killed):
    forge_name = "gerrit"


class TestGitHub(Everywhere):
    forge_name = "github"


class TestGitHubKilled(Killed):
    forge_name = "github"
    moments = (1, 2, 4)


class TestGitLab(Everywhere):
    forge_name = "gitlab"


class TestGitLabKilled(Killed):
    forge_name = "gitlab"
    moments = (1, 2, 4)


class TestForgejo(Everywhere):
    forge_name = "forgejo"


class TestForgejoKilled(Killed):
    forge_name = "forgejo"
    moments = (1, 2, 4)


class Raced(EverywhereTestCase):
    def person_is_first(self) -> list[int]:
        """A person amends a proposal just before it is pushed to."""
        real = git_scratch.ScratchRepository.push
        pushes: list[int] = []

        def late(
            repository: git_scratch.ScratchRepository,
            remote: git_scratch.Remote,
            updates: Sequence[git_scratch.RefUpdate],
            *,
            atomic: bool = False,
        ) -> tuple[git_scratch.RefOutcome, ...]:
            pushes.append(1)
            if len(pushes) == 1:
                self.forge.amend("org/a", {PATH: "foo>=3.0\n"})
            return real(repository, remote, updates, atomic=atomic)

        self.patch(git_scratch.ScratchRepository, "push", late)
        return pushes

    def test_person_is_first_where_it_is_updated(self) -> None:
        self.projects(a=DIFFERS)
        self.push()
        numbers = self.numbers()
        self.lists(LATER)
        pushes = self.person_is_first()
        self.assertEqual({"a": "wait"}, self.push(status=1))
        self.assertEqual([1], pushes)
        self.assertEqual("foo>=3.0\n", self.proposed("a"))
        self.assertEqual(numbers, self.numbers())

    def test_person_is_first_where_it_is_closed(self) -> None:
        self.projects(a=DIFFERS)
        self.push()
        numbers = self.numbers()
        self.forge.commit("org/a", {PATH: IN_LINE})
        self.person_is_first()
        self.assertEqual({"a": "wait"}, self.push(status=1))
        self.assertEqual("foo>=3.0\n", self.proposed("a"))
        self.assertEqual(numbers, self.numbers())


class TestGitRaced(Raced):
    forge_name = "git"


class TestGitHubRaced(Raced):
    forge_name = "github"


class TestGitLabRaced(Raced):
    forge_name = "gitlab"


class TestForgejoRaced(Raced):
    forge_name = "forgejo"


# Only what is of a forge runs.
del Everywhere, Killed, Raced
