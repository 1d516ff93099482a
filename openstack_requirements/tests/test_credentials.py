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
"""Where the credentials of a forge come from, and that nothing shows them."""

from __future__ import annotations

import os
from pathlib import Path

import fixtures

from openstack_requirements.errors import UnusableInput
from openstack_requirements.proposals.forges import credentials
from openstack_requirements.proposals.forges.credentials import (
    VARIABLES,
    Credentials,
)
from openstack_requirements.system import git_credentials
from openstack_requirements.tests import base

SECRET = "s3cr3t/of+a bot"
URL = "https://forge.example:8443/"


class CredentialsTestCase(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.home = self.folder / "home"
        self.home.mkdir()
        self.environ = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(self.home / ".gitconfig"),
        }

    def find(self, forge: str = "github", **more: str) -> Credentials | None:
        return credentials.find(forge, URL, {**self.environ, **more})

    def netrc(self, text: str, mode: int = 0o600) -> Path:
        path = self.home / ".netrc"
        path.write_text(text)
        path.chmod(mode)
        return path

    def helper(self, text: str) -> None:
        path = self.home / "helper"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        (self.home / ".gitconfig").write_text(
            f'[credential]\n\thelper = "{path}"\n'
        )


class TestFind(CredentialsTestCase):
    def test_nobody_knows_any(self) -> None:
        for forge in VARIABLES:
            self.assertIsNone(self.find(forge))

    def test_environment_comes_first(self) -> None:
        self.netrc("machine forge.example login a password b\n")
        self.assertEqual(
            Credentials("", SECRET), self.find(GITHUB_TOKEN=SECRET)
        )
        self.assertEqual(
            Credentials("", SECRET), self.find("gitlab", GITLAB_TOKEN=SECRET)
        )
        self.assertEqual(
            Credentials("", SECRET), self.find("forgejo", FORGEJO_TOKEN=SECRET)
        )
        self.assertEqual(
            Credentials("bot", SECRET),
            self.find("gerrit", GERRIT_USERNAME="bot", GERRIT_PASSWORD=SECRET),
        )

    def test_token_of_another_forge_is_not_sent(self) -> None:
        self.assertIsNone(self.find("gitlab", GITHUB_TOKEN=SECRET))

    def test_half_of_it(self) -> None:
        for name, unset in (
            ("GERRIT_USERNAME", "GERRIT_PASSWORD"),
            ("GERRIT_PASSWORD", "GERRIT_USERNAME"),
        ):
            error = self.assertRaises(
                UnusableInput, self.find, "gerrit", **{name: SECRET}
            )
            self.assertEqual(f"{unset}: is not set, but {name} is", str(error))

    def test_line_end_in_a_token(self) -> None:
        error = self.assertRaises(
            UnusableInput, self.find, GITHUB_TOKEN=f"{SECRET}\nX-Other: 1"
        )
        self.assertNotIn(SECRET, str(error))
        self.assertEqual(
            Credentials("", SECRET), self.find(GITHUB_TOKEN=f"{SECRET}\n")
        )

    def test_netrc(self) -> None:
        self.netrc("machine forge.example login bot password pass\n")
        self.assertEqual(Credentials("bot", "pass"), self.find())

    def test_netrc_that_a_variable_names(self) -> None:
        path = self.netrc("machine forge.example login bot password pass\n")
        path.rename(self.folder / "other")
        self.assertIsNone(self.find())
        self.assertEqual(
            Credentials("bot", "pass"),
            self.find(NETRC=str(self.folder / "other")),
        )

    def test_netrc_of_another_host(self) -> None:
        self.netrc("machine other.example login bot password pass\n")
        self.assertIsNone(self.find())

    def test_netrc_that_others_can_read(self) -> None:
        path = self.netrc(
            "machine forge.example login bot password pass\n", 0o644
        )
        error = self.assertRaises(UnusableInput, self.find)
        self.assertEqual(
            f"{path}: holds a password, and others can use it: chmod go= it",
            str(error),
        )

    def test_netrc_with_a_mistake(self) -> None:
        path = self.netrc(f"machine forge.example\n{SECRET} x\n")
        error = self.assertRaises(UnusableInput, self.find)
        self.assertIn(str(path), str(error))
        self.assertIn("is no line of a netrc file", str(error))
        self.assertNotIn(SECRET.split(maxsplit=1)[0], str(error))

    def test_netrc_that_is_no_file(self) -> None:
        (self.home / ".netrc").mkdir()
        error = self.assertRaises(UnusableInput, self.find)
        self.assertIn("cannot be read", str(error))

    def test_helper(self) -> None:
        self.helper(
            f"cat >{self.home}/asked\necho username=bot\necho password=pass"
        )
        self.assertEqual(Credentials("bot", "pass"), self.find())
        asked = (self.home / "asked").read_text()
        self.assertIn("protocol=https\n", asked)
        self.assertIn("host=forge.example:8443\n", asked)

    def test_helper_that_fails_or_knows_nothing(self) -> None:
        for text in ("exit 3", "true", "echo quit=1", "echo username=bot"):
            self.helper(text)
            self.assertIsNone(self.find())

    def test_helper_that_does_not_end(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_requirements.system.git_credentials.PATIENCE", 0.2
            )
        )
        self.helper("sleep 60")
        self.assertIsNone(self.find())

    def test_nobody_is_asked(self) -> None:
        program = self.home / "ask"
        program.write_text(f"#!/bin/sh\ntouch {self.home}/asked\necho x\n")
        program.chmod(0o755)
        (self.home / ".gitconfig").write_text(
            f'[core]\n\taskPass = "{program}"\n'
        )
        for name in ("GIT_ASKPASS", "SSH_ASKPASS"):
            self.useFixture(fixtures.EnvironmentVariable(name, str(program)))
        self.assertIsNone(self.find(GIT_ASKPASS=str(program)))
        self.assertFalse((self.home / "asked").exists())

    def test_configuration_of_a_repository_does_not_count(self) -> None:
        mark = self.folder / "ran"
        git = self.temporary / ".git"
        (git / "objects").mkdir(parents=True)
        (git / "refs").mkdir()
        (git / "HEAD").write_text("ref: refs/heads/main\n")
        (git / "config").write_text(
            f'[credential]\n\thelper = "!touch {mark}; echo password=x"\n'
        )
        self.useFixture(fixtures.EnvironmentVariable("GIT_DIR", str(git)))
        self.assertIsNone(self.find(GIT_DIR=str(git)))
        self.assertFalse(mark.exists())


class TestSecrets(base.TestCase):
    def test_no_representation_shows_it(self) -> None:
        for value in (
            Credentials("bot", SECRET),
            git_credentials.Login("bot", SECRET),
        ):
            for text in (repr(value), str(value), f"{value}", repr([value])):
                self.assertNotIn(SECRET, text)
                self.assertIn("bot", text)

    def test_text_of_a_server_is_masked(self) -> None:
        value = Credentials("", SECRET)
        header = value.basic("oauth2")
        self.assertTrue(header.startswith("Authorization: Basic "))
        encoded = header.rpartition(" ")[2]
        for text in (
            f"bad token {SECRET}!",
            f"bad token {encoded}!",
            "bad token s3cr3t/of%2Ba%20bot!",
            "bad token s3cr3t%2Fof%2Ba+bot!",
        ):
            self.assertEqual("bad token ****!", value.masked(text))

    def test_nothing_is_masked_without_a_secret(self) -> None:
        self.assertEqual("abc", Credentials("x", "").masked("abc"))
