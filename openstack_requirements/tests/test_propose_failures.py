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
"""Proposals where a server fails, a run is killed, or others work too."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import time
from typing import TYPE_CHECKING

import fixtures

from openstack_requirements.errors import OutsideError
from openstack_requirements.system import git_scratch
from openstack_requirements.tests import base
from openstack_requirements.tests.loopback_git import GitServer
from openstack_requirements.tests.proposal_projects import (
    BRANCH,
    ProposalsTestCase,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.system.git_scratch import RefOutcome, RefUpdate
    from openstack_requirements.tests.base import Outcome

PUSH = "openstack_requirements.system.git_scratch.ScratchRepository.push"


class TestServer(ProposalsTestCase):
    """A server that does not do what it should."""

    def setUp(self) -> None:
        super().setUp()
        self.server.mkdir(exist_ok=True)
        self.git_server = self.useFixture(GitServer(self.server))
        self.template = f"{self.git_server.url}/{{project}}.git"
        module = "openstack_requirements.system.git_scratch"
        for name, value in (("WAITS", (0.0, 0.0)), ("PATIENCE", 5.0)):
            self.useFixture(fixtures.MonkeyPatch(f"{module}.{name}", value))
        for name in ("org/a", "org/b"):
            self.project(name)

    def test_statuses(self) -> None:
        for status in (401, 403, 404, 429, 500, 503):
            self.git_server.statuses["org/a"] = [status] * 9
            said = self.push(status=3)
            self.assertIn("org/a.git: git cannot use it: ", said)
            self.assertIn("1 failed", said)
            self.assertNotIn(BRANCH, self.references("org/a"), f"{status}")
            tries = 9 - len(self.git_server.statuses["org/a"])
            self.assertEqual(3 if status in {429, 500, 503} else 1, tries)
        self.assertIn(BRANCH, self.references("org/b"))

    def test_well_again(self) -> None:
        self.git_server.statuses["org/a"] = [503, 429]
        self.assertIn("2 proposed", self.push())

    def test_hangs(self) -> None:
        self.git_server.hanging.add("org/a")
        said = self.push(status=3)
        self.assertIn("org/a.git: git is not done within 5 seconds", said)
        self.assertIn("1 proposed, 1 failed", said)

    def test_dies_in_the_middle(self) -> None:
        """The push arrives, and its answer does not."""
        real = git_scratch.ScratchRepository.push

        def lost(
            repository: git_scratch.ScratchRepository,
            remote: git_scratch.Remote,
            updates: Sequence[RefUpdate],
            *,
            atomic: bool = False,
        ) -> tuple[RefOutcome, ...]:
            real(repository, remote, updates, atomic=atomic)
            raise OutsideError("the server is gone")

        with fixtures.MonkeyPatch(PUSH, lost):
            self.assertIn("2 failed", self.push(status=3))
        self.log.write_text("")
        self.assertIn("2 left as it is", self.push())
        self.assertEqual([], self.pushes())


class TestRaces(ProposalsTestCase):
    """Somebody else is at work at the same time."""

    def test_person_is_first(self) -> None:
        self.project("org/a")
        self.push()
        self.lists("foo>=1.0,!=2.5")
        real = git_scratch.ScratchRepository.push
        calls: list[Sequence[RefUpdate]] = []

        def late(
            repository: git_scratch.ScratchRepository,
            remote: git_scratch.Remote,
            updates: Sequence[RefUpdate],
            *,
            atomic: bool = False,
        ) -> tuple[RefOutcome, ...]:
            if not calls:
                self.amend("org/a")
            calls.append(updates)
            return real(repository, remote, updates, atomic=atomic)

        self.useFixture(fixtures.MonkeyPatch(PUSH, late))
        said = self.push(status=1)
        self.assertIn("amended it", said)
        self.assertEqual(1, len(calls))
        self.assertEqual("foo>=3.0\n", self.proposed("org/a"))

    def test_again_and_again(self) -> None:
        self.project("org/a")
        calls: list[Sequence[RefUpdate]] = []

        def stale(
            repository: git_scratch.ScratchRepository,
            remote: git_scratch.Remote,
            updates: Sequence[RefUpdate],
            *,
            atomic: bool = False,
        ) -> tuple[RefOutcome, ...]:
            calls.append(updates)
            return tuple(
                git_scratch.RefOutcome(update.ref, "rejected", "stale info")
                for update in updates
            )

        self.useFixture(fixtures.MonkeyPatch(PUSH, stale))
        said = self.push(status=3)
        self.assertIn(
            "the proposal is not what it was a moment ago: stale", said
        )
        self.assertEqual(2, len(calls))


#: A git that, at the n-th call of a command, kills the program that started
#: it: in place of the command, before it, or after it. It does not get the
#: variables of that program.
_KILLING_GIT = """#!/bin/sh
folder={folder}
read -r command wanted when < $folder/moment
case " $* " in *" $command "*)
    number=1
    while ! mkdir $folder/calls/$number 2> /dev/null; do
        number=$((number + 1))
    done
    if [ $number = $wanted ]; then
        if [ $when = after ]; then
            {git} "$@"
        fi
        kill -KILL $PPID
        if [ $when != before ]; then
            exit 1
        fi
    fi
esac
exec {git} "$@"
"""
MOMENTS = (
    ("ls-remote", 2, "instead"),
    ("commit-tree", 1, "instead"),
    ("push", 1, "instead"),
    ("push", 1, "before"),
    ("push", 2, "after"),
    ("push", 4, "after"),
)


class TestKilled(ProposalsTestCase):
    """A run that died is completed by the next."""

    def setUp(self) -> None:
        super().setUp()
        for name in ("org/new", "org/other", "org/update", "org/close"):
            self.project(name)
        self.write("projects.txt", "org/update\norg/close\n")
        self.push()
        self.write("projects.txt", "".join(f"{name}\n" for name in self.names))
        self.person("org/close", {"requirements.txt": "foo>=1.0,!=2.5\n"})
        self.lists("foo>=1.0,!=2.5")
        self.untouched = self.folder / "untouched"
        shutil.copytree(self.server, self.untouched)
        self.git_folder = self.folder / "bin"
        self.git_folder.mkdir()
        program = self.git_folder / "git"
        real = shutil.which("git")
        program.write_text(
            _KILLING_GIT.format(folder=self.git_folder, git=real)
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def all_references(self) -> list[dict[str, str]]:
        return [self.references(name) for name in self.names]

    def process(self, command: str, number: int, when: str) -> Outcome:
        calls = self.git_folder / "calls"
        shutil.rmtree(calls, ignore_errors=True)
        calls.mkdir()
        moment = f"{command} {number} {when}\n"
        (self.git_folder / "moment").write_text(moment)
        path = f"{self.git_folder}:{os.environ['PATH']}"
        return self.run_process(
            "propose-updates",
            *self.arguments("--push", "--jobs", "2"),
            environment={"PATH": path},
        )

    def restored(self) -> None:
        shutil.rmtree(self.server)
        shutil.copytree(self.untouched, self.server)

    def test_next_run_completes_it(self) -> None:
        self.assertIn("2 proposed, 1 updated, 1 closed", self.push())
        expected = self.all_references()
        for moment in MOMENTS:
            self.restored()
            outcome = self.process(*moment)
            self.assertEqual(-9, outcome.status, f"{moment} {outcome}")
            self.wait_for_children()
            self.push()
            self.assertEqual(expected, self.all_references(), f"{moment}")
            self.log.write_text("")
            self.push()
            self.assertEqual([], self.pushes(), f"{moment}")

    def wait_for_children(self) -> None:
        """What a killed run has started goes on, and ends."""
        for _ in range(600):
            if not self.processes():
                return
            time.sleep(0.05)
        self.fail(f"still there: {self.processes()}")

    def test_interrupted(self) -> None:
        """It ends what it has started, and leaves nothing behind."""
        started = self.git_folder / "started"
        real = shutil.which("git")
        (self.git_folder / "git").write_text(
            f'#!/bin/sh\ncase " $* " in *" ls-remote "*)\n'
            f'    touch {started}; sleep 60;;\nesac\nexec {real} "$@"\n'
        )
        path = f"{self.git_folder}:{os.environ['PATH']}"
        with subprocess.Popen(
            base.script("propose-updates", *self.arguments("--push")),
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as run:
            for _ in range(600):
                if started.exists():
                    break
                time.sleep(0.05)
            run.send_signal(signal.SIGINT)
            said = run.communicate(timeout=60)
        self.assertEqual(130, run.returncode, f"{said}")
        self.assertEqual(("", "interrupted\n"), said)
        self.assert_nothing_left()

    def test_two_runs_at_once(self) -> None:
        runs = [
            subprocess.Popen(
                base.script("propose-updates", *self.arguments("--push")),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
            for _ in range(2)
        ]
        said = [run.communicate(timeout=120) for run in runs]
        self.assertEqual([0, 0], [run.returncode for run in runs], f"{said}")
        self.log.write_text("")
        seen = self.all_references()
        self.assertIn("3 left as it is", self.push())
        self.assertEqual([], self.pushes())
        self.restored()
        self.push()
        self.assertEqual(self.all_references(), seen)
