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
"""The pin of a release, proposed on a Gerrit and on GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import fixtures

from openstack_requirements.cmds import propose_constraints
from openstack_requirements.install.installers import configuration
from openstack_requirements.proposals.forges import github
from openstack_requirements.tests import any_forge
from openstack_requirements.tests.test_generate import GenerateTestCase

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECT = "org/reqs"
UC = "upper-constraints.txt"


class ReleaseTestCase(GenerateTestCase):
    """An index with releases, and a requirements repository on a forge."""

    forge_name = "gerrit"

    def setUp(self) -> None:
        super().setUp()
        self.forge = self.useFixture(any_forge.FORGES[self.forge_name]())
        variables = any_forge.environment(self.forge, str(self.folder))
        for name, value in (*variables.items(), ("PIP_RETRIES", "0")):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        self.patch(github, "BETWEEN_WRITES", 0)
        self.patch(configuration, "pip_files", lambda _: ())
        for version in ("1.0", "2.0", "3.0"):
            self.index.wheel("a", version)
        lists = {
            "global-requirements.txt": "a\n",
            UC: "# why\na===1.0\n",
            "denylist.txt": "",
        }
        self.forge.add(PROJECT, lists)
        for path, text in lists.items():
            self.write(f"reqs/{path}", text)

    def release(self, version: str, *more: str) -> str:
        """What the command prints."""
        done = self.run_main(
            propose_constraints.main,
            *("-q", "--reqs", str(self.folder / "reqs"), "--push"),
            *("--project", PROJECT, *self.forge.options),
            *("--release", f"a=={version}", *more),
        )
        self.assertEqual((0, ""), (done.status, done.err), done.out)
        for secret in self.forge.secrets:
            self.assertNotIn(secret, done.out)
        return done.out

    def only(self) -> any_forge.Proposed:
        """The only proposal that there is, or was."""
        ((proposed,),) = self.forge.open().values()
        self.assertEqual({PROJECT: [proposed.number]}, self.forge.all())
        return proposed

    def git(self, *words: str) -> str:
        return self.forge.git(PROJECT, *words)


class Bumps(ReleaseTestCase):
    #: The first two footers of a message, with Depends-On.
    footers: Sequence[str] = ()

    def test_bump_and_a_higher_one(self) -> None:
        self.assertIn("proposed", self.release("2.0"))
        first = self.only()
        self.assertEqual(
            "# why\na===2.0", self.git("show", f"{first.commit}:{UC}")
        )
        # Again, and nothing is written.
        self.forge.forget()
        self.assertIn("left as it is", self.release("2.0"))
        self.assertEqual([], self.forge.writes())
        # A higher one takes its place, and says so there, once.
        self.assertIn("supersedes the bump to 2.0\n", self.release("3.0"))
        second = self.only()
        self.assertEqual(first.number, second.number)
        self.assertEqual(
            "# why\na===3.0", self.git("show", f"{second.commit}:{UC}")
        )
        self.forge.forget()
        self.assertIn("left as it is", self.release("3.0"))
        self.assertEqual([], self.forge.writes())
        said = "a 3.0 is released; this no longer pins 2.0, but 3.0."
        comments = [
            text for text in self.forge.comments(PROJECT) if said in text
        ]
        self.assertEqual(1, len(comments), str(comments))

    def test_what_it_depends_on(self) -> None:
        for version in ("2.0", "3.0"):
            self.release(version, "--depends-on", "I8b3c")
            footers = self.git(
                *("log", "-1", "--format=%(trailers:only,unfold)"),
                self.only().commit,
            )
            names = [line.partition(":")[0] for line in footers.splitlines()]
            self.assertIn("Depends-On: I8b3c", footers)
            # One block, as git reads it.
            self.assertEqual(list(self.footers), names[:2])
            message = self.git("log", "-1", "--format=%B", self.only().commit)
            self.assertEqual(footers, message.rpartition("\n\n")[2])


class TestGerritBumps(Bumps):
    footers = ("Depends-On", "Change-Id")


class TestGitHubBumps(Bumps):
    forge_name = "github"
    footers = ("Depends-On",)


# Only what is of a forge runs.
del Bumps
