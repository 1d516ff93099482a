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
"""Commits that are made and pushed without touching a checkout."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from pathlib import Path

import fixtures
import testtools

from openstack_requirements.errors import OutsideError, UnusableInput
from openstack_requirements.system import git_scratch
from openstack_requirements.system.git_scratch import (
    Access,
    Identity,
    RefUpdate,
    Remote,
    ScratchRepository,
)
from openstack_requirements.tests.test_git import GitTestCase

WAITS = "openstack_requirements.system.git_scratch.WAITS"
BOT = Identity("A Bot", "bot@example.org")


class ScratchTestCase(GitTestCase):
    """A test with a checkout, and the repository that it was cloned from."""

    def setUp(self) -> None:
        super().setUp()
        self.tip = self.commit(requirements_txt="foo>=1.0\n", b="b\n")
        self.origin = self.folder / "origin.git"
        self.git("clone", "-q", "--bare", str(self.root), str(self.origin))
        self.remote = Remote(str(self.origin))

    def scratch(self, *, borrowed: bool = True) -> ScratchRepository:
        folder = Path(self.folder, "job", os.urandom(4).hex())
        folder.mkdir(parents=True)
        return ScratchRepository(
            str(folder), str(self.root) if borrowed else ""
        )

    def change(self, repository: ScratchRepository, text: str) -> str:
        return repository.commit(
            self.tip,
            {"requirements.txt": text.encode()},
            "Follow the list\n\nBecause.",
            BOT,
        )


class TestCommit(ScratchTestCase):
    def test_changes_files_and_nothing_else(self) -> None:
        repository = self.scratch()
        commit = self.change(repository, "foo>=2.0\n")
        facts = repository.facts(commit)
        self.assertEqual((self.tip,), facts.parents)
        self.assertEqual((BOT, BOT), (facts.author, facts.committer))
        self.assertEqual("Follow the list\n\nBecause.\n", facts.message)
        self.assertEqual(
            ("requirements.txt",), repository.changed(self.tip, commit)
        )
        self.assertEqual(
            {"requirements.txt": b"foo>=2.0\n", "b": b"b\n", "none": None},
            repository.contents(commit, ["requirements.txt", "b", "none"]),
        )

    def test_same_input_same_commit(self) -> None:
        made = {self.change(self.scratch(), "foo>=2.0\n") for _ in range(2)}
        self.assertEqual(1, len(made))

    def test_modes_stay(self) -> None:
        self.git("update-index", "--chmod=+x", "requirements.txt")
        self.git("commit", "-q", "-m", "x")
        self.tip = self.git("rev-parse", "HEAD")
        repository = self.scratch()
        self.change(repository, "foo>=2.0\n")
        listing = subprocess.run(
            ["git", "ls-tree", self.change(repository, "foo>=2.0\n")],
            cwd=repository.folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        self.assertIn("100755 blob", listing)

    def test_checkout_is_not_touched(self) -> None:
        (self.root / "requirements.txt").write_text("edited\n")
        before = self.everything()
        repository = self.scratch()
        commit = self.change(repository, "foo>=2.0\n")
        repository.push(
            self.remote, [RefUpdate("refs/heads/x", commit, expected="")]
        )
        self.assertEqual(before, self.everything())

    def everything(self) -> dict[str, bytes]:
        return {
            str(path): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file()
        }

    def test_nothing_that_the_checkout_configures_runs(self) -> None:
        mark = self.folder / "ran"
        program = self.folder / "program"
        program.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
        program.chmod(0o755)
        hooks = self.root / ".git" / "hooks"
        hooks.mkdir(exist_ok=True)
        for name in ("pre-push", "post-commit", "reference-transaction"):
            hook = hooks / name
            hook.write_text(program.read_text())
            hook.chmod(0o755)
        for name, value in (
            ("filter.x.clean", program),
            ("commit.gpgSign", "true"),
            ("gpg.program", program),
            ("push.gpgSign", "true"),
            ("core.sshCommand", program),
            ("core.fsmonitor", program),
            ("core.alternateRefsCommand", program),
            ("credential.helper", program),
            ("core.hooksPath", hooks),
        ):
            self.git("config", name, str(value))
        (self.root / ".gitattributes").write_text("* filter=x\n")
        repository = self.scratch()
        commit = self.change(repository, "foo>=2.0\n")
        repository.push(self.remote, [RefUpdate("refs/heads/x", commit)])
        repository.fetch(self.remote, ["refs/heads/x"])
        self.assertFalse(mark.exists())


class TestPush(ScratchTestCase):
    def test_outcomes(self) -> None:
        repository = self.scratch()
        first = self.change(repository, "foo>=2.0\n")
        second = self.change(repository, "foo>=3.0\n")
        ref = "refs/heads/proposals/requirements/main"

        def push(commit: str, expected: str | None) -> tuple[str, bool]:
            (outcome,) = repository.push(
                self.remote, [RefUpdate(ref, commit, expected)]
            )
            self.assertEqual(ref, outcome.ref)
            return outcome.outcome, bool(outcome.reason)

        self.assertEqual(("new", False), push(first, ""))
        self.assertEqual(("", False), push(first, first))
        self.assertEqual(("rejected", True), push(second, ""))
        self.assertEqual(("rejected", True), push(second, second))
        self.assertEqual(("moved", False), push(second, first))
        self.assertEqual(second, repository.references(self.remote)[ref])
        self.assertEqual(("deleted", False), push("", second))
        self.assertNotIn(ref, repository.references(self.remote))

    def test_the_other_side_refuses(self) -> None:
        hook = self.origin / "hooks" / "update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho no such luck >&2\nexit 1\n")
        hook.chmod(0o755)
        repository = self.scratch()
        commit = self.change(repository, "foo>=2.0\n")
        (outcome,) = repository.push(
            self.remote, [RefUpdate("refs/heads/x", commit)]
        )
        self.assertEqual(("rejected", "hook declined"), outcome[1:])

    def test_all_or_none(self) -> None:
        repository = self.scratch()
        commit = self.change(repository, "foo>=2.0\n")
        outcomes = repository.push(
            self.remote,
            [
                RefUpdate("refs/heads/x", commit, ""),
                RefUpdate("refs/heads/main", commit, commit),
            ],
            atomic=True,
        )
        self.assertEqual(
            {"rejected"}, {outcome.outcome for outcome in outcomes}
        )
        self.assertNotIn("refs/heads/x", repository.references(self.remote))

    def test_nothing_there(self) -> None:
        repository = self.scratch()
        gone = Remote(str(self.folder / "gone.git"))
        error = self.assertRaises(OutsideError, repository.references, gone)
        self.assertIn("gone.git: git cannot use it: ", str(error))
        self.assertRaises(OutsideError, repository.push, gone, [])

    def test_an_address_that_names_a_program(self) -> None:
        mark = self.folder / "ran"
        repository = self.scratch()
        for url in (f"ext::touch {mark}", "--upload-pack=touch x"):
            self.assertRaises(OutsideError, repository.references, Remote(url))
        self.assertFalse(mark.exists())


class TestFetch(ScratchTestCase):
    def test_without_a_checkout(self) -> None:
        repository = self.scratch(borrowed=False)
        references = repository.references(self.remote)
        self.assertEqual("refs/heads/main", references["HEAD"])
        self.assertFalse(repository.has(self.tip))
        fetched = repository.fetch(
            Remote(f"file://{self.origin}"), ["refs/heads/main"], depth=1
        )
        self.assertEqual({"refs/heads/main": self.tip}, fetched)
        self.assertTrue(repository.has(self.tip))
        commit = self.change(repository, "foo>=2.0\n")
        (outcome,) = repository.push(
            self.remote, [RefUpdate("refs/heads/x", commit, "")]
        )
        self.assertEqual("new", outcome.outcome)

    def test_what_is_not_there(self) -> None:
        repository = self.scratch()
        self.assertRaises(
            OutsideError,
            repository.fetch,
            self.remote,
            ["refs/heads/none"],
        )

    def test_what_is_borrowed_is_not_fetched(self) -> None:
        repository = self.scratch()
        self.assertTrue(repository.has(self.tip))
        self.assertEqual(
            {"refs/heads/main": self.tip},
            repository.fetch(self.remote, ["refs/heads/main"]),
        )

    def test_access_is_on_no_command_line(self) -> None:
        log = self.folder / "log"
        wrapper = self.folder / "bin" / "git"
        wrapper.parent.mkdir()
        wrapper.write_text(
            f'#!/bin/sh\necho "$@" >> {log}\nexec {shutil.which("git")} "$@"\n'
        )
        wrapper.chmod(0o755)
        path = f"{wrapper.parent}:{os.environ['PATH']}"
        self.useFixture(fixtures.EnvironmentVariable("PATH", path))
        self.useFixture(fixtures.MonkeyPatch(WAITS, ()))
        remote = Remote(
            "https://forge.invalid/x",
            Access("https://forge.invalid/", "Authorization: Basic c2VjcmV0"),
        )
        error = self.assertRaises(
            OutsideError, self.scratch().references, remote
        )
        self.assertNotIn("c2VjcmV0", f"{error}{log.read_text()}")
        self.assertIn("ls-remote", log.read_text())

    def test_a_failure_that_passes_is_tried_again(self) -> None:
        said = "fatal: unable to access: The requested URL returned error: 503"
        wrapper = self.folder / "bin" / "git"
        wrapper.parent.mkdir()
        tried = self.folder / "tried"
        wrapper.write_text(
            f'#!/bin/sh\ncase "$*" in *ls-remote*) if [ ! -e {tried} ]; then\n'
            f"touch {tried}; echo '{said}' >&2; exit 128; fi;; esac\n"
            f'exec {shutil.which("git")} "$@"\n'
        )
        wrapper.chmod(0o755)
        path = f"{wrapper.parent}:{os.environ['PATH']}"
        self.useFixture(fixtures.EnvironmentVariable("PATH", path))
        self.useFixture(fixtures.MonkeyPatch(WAITS, (0.0,)))
        references = self.scratch().references(self.remote)
        self.assertEqual(self.tip, references["refs/heads/main"])
        self.assertTrue(tried.exists())


class TestIdentity(ScratchTestCase):
    def test_of_variables(self) -> None:
        self.assertEqual(
            Identity("A. Developer", "developer@example.org"),
            git_scratch.identity(),
        )

    def test_nobody(self) -> None:
        for name in ("NAME", "EMAIL"):
            for role in ("AUTHOR", "COMMITTER"):
                self.useFixture(
                    fixtures.EnvironmentVariable(f"GIT_{role}_{name}")
                )
        self.useFixture(fixtures.EnvironmentVariable("EMAIL"))
        error = self.assertRaises(UnusableInput, git_scratch.identity)
        self.assertIn("GIT_COMMITTER_EMAIL", str(error))


class TestAccess(testtools.TestCase):
    def test_nothing_shows_it(self) -> None:
        encoded = base64.b64encode(b"bot:s3cret").decode()
        access = Access("https://x/", f"Authorization: Basic {encoded}")
        for text in (repr(access), repr(Remote("https://x/a", access))):
            self.assertNotIn(encoded, text)
            self.assertIn("https://x/", text)
        self.assertEqual(
            "no **** and no ****", access.masked(f"no s3cret and no {encoded}")
        )

    def test_header_of_another_kind(self) -> None:
        access = Access("https://x/", "Authorization: Bearer s3~cret")
        self.assertEqual("no ****", access.masked("no s3~cret"))
