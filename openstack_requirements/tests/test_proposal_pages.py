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
"""The commands of the pages about proposals, by the letter, on loopback.

Replaced are addresses, Pythons, and the token that a person types.
"""

from __future__ import annotations

import importlib
import os
import shlex
import subprocess
import sys

import fixtures

from openstack_requirements.install.installers import configuration
from openstack_requirements.proposals.forges import github
from openstack_requirements.tests import any_forge, samples
from openstack_requirements.tests.test_generate import GenerateTestCase

PROJECTS = ("org/a", "org/b")
REQUIREMENTS = "org/requirements"
LISTS = {
    "global-requirements.txt": "oslo.config>=9.0,!=9.1\n",
    "upper-constraints.txt": "oslo.config===9.5.0\n",
    "denylist.txt": "",
    "projects.txt": "org/a\norg/b\n",
}
_ADDRESSES = (
    "https://review.example.org",
    "https://github.com",
    "https://forgejo.example.org",
)


class TestPages(GenerateTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.patch(github, "BETWEEN_WRITES", 0)
        self.patch(configuration, "pip_files", lambda _: ())
        for version in ("9.5.0", "9.6.0"):
            self.index.wheel("oslo.config", version)

    def start(self, name: str) -> any_forge.AnyForge:
        """A forge, and a checkout of the lists, where commands run."""
        forge: any_forge.AnyForge = self.useFixture(any_forge.FORGES[name]())
        variables = any_forge.environment(forge, str(self.folder))
        # The page says who commits.
        del variables["GIT_COMMITTER_NAME"], variables["GIT_COMMITTER_EMAIL"]
        for variable, value in (*variables.items(), ("PIP_RETRIES", "0")):
            self.useFixture(fixtures.EnvironmentVariable(variable, value))
        for variable in ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
            self.useFixture(fixtures.EnvironmentVariable(variable))
        settings = (
            "[tool.openstack_requirements]\n"
            f'pythons = ["{sys.executable}"]\nprojects = "projects.txt"\n'
        )
        forge.add(REQUIREMENTS, {**LISTS, "pyproject.toml": settings})
        for project in PROJECTS:
            forge.add(
                project, {"requirements.txt": "oslo.config>=9.0,!=9.2\n"}
            )
            self.check_out(forge, project, f"checkouts/{project}")
        self.check_out(forge, REQUIREMENTS, "requirements")
        os.chdir(self.folder / "requirements")
        return forge

    def check_out(
        self, forge: any_forge.AnyForge, project: str, folder: str
    ) -> None:
        place = self.folder / folder
        for words in (
            ("clone", "-q", str(forge.bare(project)), str(place)),
            (
                *("-C", str(place), "remote", "set-url", "origin"),
                f"{forge.url}/{project}.git",
            ),
        ):
            subprocess.run(["git", *words], check=True)

    def commands(self, page: str, title: str) -> list[str]:
        """The commands of a page from a title to the next of its level."""
        lines = (samples.SOURCE / "user" / page).read_text().splitlines()
        start = lines.index(title) + 2
        line = lines[start - 1]
        ends = [
            number
            for number in range(start, len(lines))
            if lines[number] and not lines[number].strip(f"={line[0]}")
        ]
        text = "\n".join(lines[start : ends[0] - 1 if ends else None])
        return [
            command
            for block in samples.blocks(text)
            if block.language == "console"
            for command in samples.commands(block.lines)
        ]

    def type(self, forge: any_forge.AnyForge, command: str) -> str:
        """Do what a command of the page does; what it prints."""
        for address in _ADDRESSES:
            command = command.replace(address, forge.url)
        command = command.replace("-p 3.11 -p 3.12", f"-p {sys.executable}")
        # The one that the account has.
        command = command.replace("proposal-bot@", "bot@")
        command = command.replace("\\\n", "")
        if command.startswith("read -rs "):
            variable = command.split()[2]
            self.assertEqual(
                f"read -rs {variable} && export {variable}", command
            )
            self.assertIn(variable, forge.credentials)
            return ""
        words = [os.path.expanduser(word) for word in shlex.split(command)]
        if words[0] == "export":
            for word in words[1:]:
                variable, _, value = word.partition("=")
                if variable not in forge.credentials:
                    self.useFixture(
                        fixtures.EnvironmentVariable(variable, value)
                    )
            return ""
        name = words[0].replace("-", "_")
        module = importlib.import_module(f"openstack_requirements.cmds.{name}")
        done = self.run_main(module.main, *words[1:])
        self.assertEqual(0, done.status, f"{command}\n{done}")
        return done.out

    def type_all(
        self, forge: any_forge.AnyForge, page: str, title: str
    ) -> str:
        commands = self.commands(page, title)
        self.assertNotEqual([], commands)
        return "".join(self.type(forge, command) for command in commands)

    def test_proposals_on_gerrit(self) -> None:
        forge = self.start("gerrit")
        out = self.type_all(forge, "proposals.rst", "Gerrit")
        self.assertIn("2 to propose", out)
        self.assertIn("2 proposed", out)
        self.assertEqual(set(PROJECTS), set(forge.all()))

    def test_proposals_on_github(self) -> None:
        forge = self.start("github")
        title = "GitHub, GitLab and Forgejo"
        out = self.type_all(forge, "proposals.rst", title)
        self.assertIn("2 to propose", out)
        self.assertIn("2 proposed", out)
        self.assertEqual(set(PROJECTS), set(forge.all()))

    def test_run_by_hand(self) -> None:
        forge = self.start("gerrit")
        out = self.type_all(forge, "nightly-bot.rst", "3. A run by hand")
        self.assertIn("org/requirements  main  to propose", out)
        self.assertIn("2 to propose", out)
        self.assertEqual({}, forge.all())

    def test_job_on_forgejo(self) -> None:
        forge = self.start("forgejo")
        self.type(
            forge,
            "export GIT_COMMITTER_NAME=Bot GIT_COMMITTER_EMAIL=b@example.org",
        )
        title = "On Forgejo, and anywhere else"
        out = self.type_all(forge, "nightly-bot.rst", title)
        self.assertIn("org/requirements  main  proposed", out)
        self.assertEqual({*PROJECTS, REQUIREMENTS}, set(forge.all()))

    def test_after_a_release(self) -> None:
        forge = self.start("gerrit")
        self.type(
            forge,
            "export GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=bot@example.org",
        )
        os.chdir(self.folder)
        out = self.type_all(forge, "nightly-bot.rst", "5. After a release")
        self.assertIn("org/requirements  main  proposed", out)
        ((proposed,),) = forge.open().values()
        path = f"{proposed.commit}:upper-constraints.txt"
        self.assertEqual(
            "oslo.config===9.6.0", forge.git(REQUIREMENTS, "show", path)
        )
