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
"""A server with projects, to which changes are proposed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import fixtures

from openstack_requirements.cmds import propose_updates
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from openstack_requirements.tests.base import Outcome

BRANCH = "refs/heads/proposals/requirements/main"
RECORD = "refs/proposed/requirements/main"
DIFFERS = "foo>=1.0,!=1.4\n"
IN_LINE = "foo>=1.0,!=2.0\n"
UNKNOWN = "foo>=1.0,!=1.4\nbaz\n"
_SERVER = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A. Developer",
    "GIT_AUTHOR_EMAIL": "developer@example.org",
    "GIT_COMMITTER_NAME": "A. Developer",
    "GIT_COMMITTER_EMAIL": "developer@example.org",
    "GIT_AUTHOR_DATE": "2024-05-06T07:08:09Z",
    "GIT_COMMITTER_DATE": "2024-05-06T07:08:09Z",
}


class ProposalsTestCase(base.TestCase):
    """A test with a requirements repository and a server with projects."""

    def setUp(self) -> None:
        super().setUp()
        for name, value in (
            ("GIT_CONFIG_GLOBAL", os.devnull),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CEILING_DIRECTORIES", str(self.folder)),
            ("GIT_COMMITTER_NAME", "A Bot"),
            ("GIT_COMMITTER_EMAIL", "bot@example.org"),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        self.server = self.folder / "server"
        self.checkouts = self.folder / "checkouts"
        self.checkouts.mkdir()
        self.log = self.folder / "pushes"
        self.names: list[str] = []
        self.lists("foo>=1.0,!=2.0", "bar>=1.0")
        self.template = f"{self.server}/{{project}}.git"

    def lists(self, *lines: str) -> None:
        """The global list; and the other lists, which are empty."""
        self.write("reqs/global-requirements.txt", "\n".join(lines) + "\n")
        self.write("reqs/upper-constraints.txt", "")
        self.write("reqs/denylist.txt", "")

    def git(self, folder: Path | str, *words: str) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=folder,
            env={**os.environ, **_SERVER},
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return done.stdout.strip()

    def project(
        self, name: str, text: str = DIFFERS, branch: str = "main"
    ) -> Path:
        """A project on the server, and its checkout, which is returned."""
        origin, checkout = self.origin(name), self.checkouts / name
        origin.mkdir(parents=True)
        self.git(origin, "init", "-q", "--bare", f"--initial-branch={branch}")
        hook = origin / "hooks" / "post-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ncat >> {self.log}\n")
        hook.chmod(0o755)
        self.git(origin, "config", "http.receivepack", "true")
        checkout.mkdir(parents=True)
        self.git(checkout, "init", "-q", f"--initial-branch={branch}")
        self.git(checkout, "remote", "add", "origin", str(origin))
        self.names.append(name)
        self.write("projects.txt", "".join(f"{name}\n" for name in self.names))
        self.person(name, {"requirements.txt": text}, branch=branch)
        self.git(checkout, "remote", "set-head", "origin", "--auto")
        self.log.write_text("")
        return checkout

    def origin(self, name: str) -> Path:
        return self.server / f"{name}.git"

    def person(
        self, name: str, files: dict[str, str], branch: str = "main"
    ) -> str:
        """A person pushes a commit with files; its id."""
        checkout = self.checkouts / name
        for path, text in files.items():
            (checkout / path).write_text(text)
        self.git(checkout, "add", "--all")
        self.git(checkout, "commit", "-q", "--allow-empty", "-m", "x")
        self.git(checkout, "push", "-q", "origin", f"HEAD:{branch}")
        self.log.write_text("")
        return self.git(checkout, "rev-parse", "HEAD")

    def amend(self, name: str) -> None:
        """A person changes the proposal for a project."""
        clone = self.folder / "clone" / name
        self.git(
            self.folder, "clone", "-q", str(self.origin(name)), str(clone)
        )
        self.git(clone, "checkout", "-q", "proposals/requirements/main")
        (clone / "requirements.txt").write_text("foo>=3.0\n")
        self.git(clone, "commit", "-q", "--all", "-m", "Better")
        self.git(clone, "push", "-q", "origin", "HEAD")
        self.log.write_text("")

    def references(self, name: str) -> dict[str, str]:
        listing = self.git(
            self.origin(name),
            "for-each-ref",
            "--format=%(refname) %(objectname)",
        )
        pairs = (line.split(" ") for line in listing.splitlines())
        return {pair[0]: pair[1] for pair in pairs}

    def proposed(self, name: str, path: str = "requirements.txt") -> str:
        return self.git(self.origin(name), "show", f"{BRANCH}:{path}") + "\n"

    def pushes(self) -> list[str]:
        """The references that were pushed since."""
        lines = self.log.read_text().splitlines()
        return sorted(line.split(" ")[2] for line in lines)

    def arguments(self, *more: str) -> list[str]:
        return [
            *("--reqs", str(self.folder / "reqs")),
            *("--projects", str(self.folder / "projects.txt")),
            *("--root", str(self.checkouts)),
            *("--clone", self.template),
            *more,
        ]

    def run_it(self, *more: str, status: int = 0) -> str:
        """What the command prints; it ends with a status."""
        outcome = self.outcome(*more)
        said = f"{outcome.out}{outcome.err}"
        self.assertEqual(status, outcome.status, said)
        return said

    def outcome(self, *more: str) -> Outcome:
        return self.run_main(propose_updates.main, *self.arguments(*more))

    def push(self, *more: str, status: int = 0) -> str:
        return self.run_it("--push", *more, status=status)

    def everything(self, folder: Path) -> dict[str, bytes]:
        return {
            str(path): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
