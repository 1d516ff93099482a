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
"""Proposals to projects, kept as branches of their repositories."""

from __future__ import annotations

import json
import shutil
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock
from xml.etree import ElementTree as ET

import fixtures

from openstack_requirements.cmds import propose_updates, update_requirements
from openstack_requirements.cmds.report import render_proposals
from openstack_requirements.errors import UnusableInput
from openstack_requirements.proposals.forges import git_branches, registry
from openstack_requirements.system import git_scratch
from openstack_requirements.tests import base
from openstack_requirements.tests.loopback_git import GitServer
from openstack_requirements.tests.proposal_projects import (
    BRANCH,
    DIFFERS,
    IN_LINE,
    RECORD,
    UNKNOWN,
    ProposalsTestCase,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from openstack_requirements.tests.base import Outcome


class TestTable(ProposalsTestCase):
    """Each row of the table in the manual."""

    def test_in_line(self) -> None:
        self.project("org/a", IN_LINE)
        self.assertEqual("1 project: 1 nothing to do\n", self.push())
        self.assertEqual([], self.pushes())

    def test_differs(self) -> None:
        self.project("org/a")
        said = self.push()
        self.assertIn("org/a  main  proposed  it differs from the list", said)
        self.assertEqual([BRANCH, RECORD], self.pushes())
        self.assertEqual(IN_LINE, self.proposed("org/a"))
        told = self.git(
            self.origin("org/a"), "log", "-1", "--format=%an %B", BRANCH
        )
        self.assertTrue(told.startswith("A Bot Update requirements\n\n"), told)
        self.assertIn(
            "\nrequirements.txt:\n- foo>=1.0,!=1.4 -> foo>=1.0,!=2.0", told
        )
        parent = self.git(self.origin("org/a"), "rev-parse", f"{BRANCH}^")
        self.assertEqual(self.references("org/a")["refs/heads/main"], parent)

    def test_in_line_and_ours_open(self) -> None:
        self.project("org/a")
        self.push()
        self.person("org/a", {"requirements.txt": IN_LINE})
        said = self.push()
        self.assertIn("closed  the project is in line", said)
        self.assertEqual({"refs/heads/main"}, set(self.references("org/a")))

    def test_same_patch(self) -> None:
        self.project("org/a")
        self.push()
        before = self.references("org/a")[BRANCH]
        self.person("org/a", {"README": "moved on\n"})
        said = self.push()
        self.assertIn("left as it is  it is the same update", said)
        self.assertEqual([], self.pushes())
        self.assertEqual(before, self.references("org/a")[BRANCH])

    def test_no_longer_applies(self) -> None:
        self.project("org/a")
        self.push()
        tip = self.person(
            "org/a", {"requirements.txt": "foo>=1.0,!=1.4\nbar>=1.0\n"}
        )
        said = self.push()
        self.assertIn("updated  it no longer applies", said)
        self.assertEqual("foo>=1.0,!=2.0\nbar>=1.0\n", self.proposed("org/a"))
        parent = self.git(self.origin("org/a"), "rev-parse", f"{BRANCH}^")
        self.assertEqual(tip, parent)
        self.push()
        self.assertEqual([BRANCH, RECORD], self.pushes())

    def test_other_patch(self) -> None:
        self.project("org/a")
        self.push()
        self.lists("foo>=1.0,!=2.5")
        said = self.push()
        self.assertIn("updated  the update is another one now", said)
        self.assertEqual("foo>=1.0,!=2.5\n", self.proposed("org/a"))
        self.assertEqual(
            {BRANCH, RECORD, "refs/heads/main"}, set(self.references("org/a"))
        )

    def test_amended(self) -> None:
        self.project("org/a")
        self.push()
        self.amend("org/a")
        for text in (DIFFERS, IN_LINE):
            self.person("org/a", {"requirements.txt": text})
            said = self.push(status=1)
            self.assertIn("waits for a person", said)
            self.assertIn("A. Developer <developer@example.org> amended", said)
            self.assertEqual([], self.pushes())
        self.assertEqual("foo>=3.0\n", self.proposed("org/a"))

    def test_closed_by_a_person(self) -> None:
        self.project("org/a")
        self.push()
        self.git(self.origin("org/a"), "update-ref", "-d", BRANCH)
        self.log.write_text("")
        for _ in range(2):
            said = self.push()
            self.assertIn("a person closed the same update unmerged", said)
            self.assertEqual([], self.pushes())
        self.lists("foo>=1.0,!=2.5")
        self.assertIn("1 proposed", self.push())
        self.assertEqual("foo>=1.0,!=2.5\n", self.proposed("org/a"))

    def test_closed_by_us(self) -> None:
        self.project("org/a")
        self.push()
        self.person("org/a", {"requirements.txt": IN_LINE})
        self.push()
        self.person("org/a", {"requirements.txt": DIFFERS})
        self.assertIn("1 proposed", self.push())

    def test_plan_with_an_error(self) -> None:
        self.project("org/a")
        self.push()
        self.person("org/a", {"requirements.txt": UNKNOWN})
        said = self.push(status=1)
        self.assertIn("waits for a person  the update has an error", said)
        self.assertIn("\n  org/a/requirements.txt:2:1: baz is not in", said)
        self.assertEqual([], self.pushes())
        self.assertIn(BRANCH, self.references("org/a"))
        self.assertIn("1 updated", self.push("-s"))
        self.assertEqual("foo>=1.0,!=2.0\nbaz\n", self.proposed("org/a"))

    def test_file_with_an_error(self) -> None:
        self.project("org/a")
        self.person("org/a", {"setup.cfg": "[a]\n[a\n"})
        said = self.push(status=1)
        self.assertIn("\n  org/a/setup.cfg:2: ", said)

    def test_second_run_does_nothing(self) -> None:
        for number in range(4):
            self.project(f"org/p{number}", (DIFFERS, IN_LINE)[number % 2])
        self.assertIn("2 proposed", self.push())
        before = [self.references(name) for name in self.names]
        self.log.write_text("")
        self.assertIn("2 left as it is", self.push())
        self.assertEqual([], self.pushes())
        self.assertEqual(
            before, [self.references(name) for name in self.names]
        )

    def test_without_push_nothing_changes(self) -> None:
        self.project("org/a")
        before = self.everything(self.server)
        said = self.run_it()
        self.assertIn("org/a  main  to propose  it differs", said)
        self.assertEqual(before, self.everything(self.server))


class TestTableOverHttp(TestTable):
    """The same where a server is between."""

    def setUp(self) -> None:
        super().setUp()
        self.server.mkdir(exist_ok=True)
        git_server = self.useFixture(GitServer(self.server))
        self.template = f"{git_server.url}/{{project}}.git"


class TestProjects(ProposalsTestCase):
    """Projects that are not as projects should be."""

    def test_failure_stops_no_other(self) -> None:
        for name in ("org/a", "org/b", "org/c"):
            self.project(name)
        shutil.rmtree(self.origin("org/b"))
        said = self.push(status=3)
        self.assertIn("2 proposed, 1 failed", said)
        self.assertIn("git cannot use it", said)
        self.assertNotIn("Traceback", said)

    def test_no_checkout(self) -> None:
        self.project("org/a")
        self.write("projects.txt", "org/a\norg/b\n")
        words = self.arguments()
        words = words[: words.index("--clone")]
        outcome = self.run_main(propose_updates.main, *words)
        self.assertEqual(2, outcome.status)
        self.assertIn("projects.txt:2: there is no checkout", outcome.out)
        self.assertIn("1 to propose, 1 failed", outcome.out)

    def test_empty(self) -> None:
        self.project("org/a")
        empty = self.origin("org/b")
        empty.mkdir()
        self.git(empty, "init", "-q", "--bare")
        self.write("projects.txt", "org/a\norg/b\n")
        self.assertIn("the repository is empty", self.push())

    def test_protected(self) -> None:
        self.project("org/a")
        hook = self.origin("org/a") / "hooks" / "pre-receive"
        hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
        hook.chmod(0o755)
        said = self.push(status=3)
        self.assertIn("server refuses the branch: pre-receive hook", said)
        self.assertEqual({"refs/heads/main"}, set(self.references("org/a")))

    def test_server_without_memory(self) -> None:
        for name in ("org/a", "org/b"):
            self.project(name)
            hook = self.origin(name) / "hooks" / "update"
            hook.write_text(
                "#!/bin/sh\ncase $1 in refs/proposed/*) exit 1;; esac\n"
            )
            hook.chmod(0o755)
        said = self.push()
        self.assertIn("2 proposed", said)
        self.assertEqual(1, said.count("the server does not take"), said)
        self.assertEqual([BRANCH] * 2, self.pushes())
        self.assertIn("2 left as it is", self.push())
        self.lists("foo>=1.0,!=2.5")
        self.assertIn("2 updated", self.push())
        self.person("org/a", {"requirements.txt": "foo>=1.0,!=2.5\n"})
        self.assertIn("1 closed", self.push())
        self.assertEqual({"refs/heads/main"}, set(self.references("org/a")))

    def test_server_without_atomic_pushes(self) -> None:
        self.project("org/a")
        self.git(
            self.origin("org/a"), "config", "receive.advertiseAtomic", "false"
        )
        self.assertIn("1 proposed", self.push())
        self.assertEqual([BRANCH], self.pushes())

    def test_default_branch_named_otherwise(self) -> None:
        self.project("org/a", branch="trunk")
        self.project("org/b", branch="main")
        said = self.push()
        self.assertIn("org/a  trunk  proposed", said)
        self.assertIn(
            "refs/heads/proposals/requirements/trunk", self.references("org/a")
        )

    def test_branches(self) -> None:
        self.project("org/a")
        self.project("org/b")
        self.git(self.origin("org/b"), "branch", "stable/1", "main")
        said = self.push("--branch", "main", "--branch", "stable/1")
        self.assertIn("org/a  stable/1  nothing to do  the project has", said)
        self.assertIn("org/b  stable/1  proposed", said)
        self.assertIn("3 proposed", said)
        said = self.push("--branch", "mian", status=2)
        self.assertIn("--branch: no project has a branch mian", said)

    def test_stale_checkout(self) -> None:
        """What the checkout has may be neither proposed nor closed."""
        self.project("org/a")
        self.project("org/b", IN_LINE)
        for name, text in (("org/a", IN_LINE), ("org/b", DIFFERS)):
            checkout = self.checkouts / name
            stale = self.folder / "stale" / name
            shutil.copytree(checkout, stale, symlinks=True)
            self.person(name, {"requirements.txt": text})
            shutil.rmtree(checkout)
            shutil.copytree(stale, checkout, symlinks=True)
        said = self.push()
        self.assertIn("org/b  main  proposed", said)
        self.assertNotIn("org/a", said)
        self.assertEqual({"refs/heads/main"}, set(self.references("org/a")))

    def test_no_checkouts_at_all(self) -> None:
        self.project("org/a")
        shutil.rmtree(self.checkouts)
        self.checkouts.mkdir()
        self.assertIn("1 proposed", self.push())

    def test_shallow_checkout(self) -> None:
        """Its objects are borrowed, and not all are there."""
        for name in ("org/a", "org/b"):
            self.project(name)
            for number in range(3):
                self.person(name, {"README": f"{number}\n"})
            checkout = self.checkouts / name
            shutil.rmtree(checkout)
            origin = f"file://{self.origin(name)}"
            self.git(
                self.folder, "clone", "-q", "--depth=1", origin, str(checkout)
            )
        # One of them is older than what the server has.
        clone = self.folder / "clone"
        self.git(
            self.folder, "clone", "-q", str(self.origin("org/b")), "clone"
        )
        (clone / "README").write_text("new\n")
        self.git(clone, "commit", "-q", "--all", "-m", "x")
        self.git(clone, "push", "-q", "origin", "main")
        self.assertIn("2 proposed", self.push())
        for name in ("org/a", "org/b"):
            parent = self.git(self.origin(name), "rev-parse", f"{BRANCH}^")
            self.assertEqual(self.references(name)["refs/heads/main"], parent)
            self.git(self.origin(name), "fsck", "--strict")
        self.assertIn("2 left as it is", self.push())
        self.lists("foo>=1.0,!=2.5")
        self.assertIn("2 updated", self.push())

    def test_long_history_without_checkouts(self) -> None:
        self.project("org/a")
        for number in range(3):
            self.person("org/a", {"README": f"{number}\n"})
        shutil.rmtree(self.checkouts)
        self.checkouts.mkdir()
        self.assertIn("1 proposed", self.push())
        self.assertIn("1 left as it is", self.push())
        self.lists("foo>=1.0,!=2.5")
        self.assertIn("1 updated", self.push())
        self.git(self.origin("org/a"), "fsck", "--strict")

    def test_branch_in_the_way(self) -> None:
        self.project("org/a")
        self.git(self.origin("org/a"), "branch", "proposals", "main")
        said = self.push(status=3)
        self.assertIn("the branch proposals is in the way of proposals/", said)

    def test_folder_in_another_repository(self) -> None:
        self.project("org/a")
        shutil.rmtree(self.checkouts / "org" / "a" / ".git")
        self.git(self.checkouts, "init", "-q")
        said = self.push(status=3)
        self.assertIn("is not a git repository, but a folder in", said)

    def test_origin_of_the_checkout(self) -> None:
        """It counts where it leads to another machine."""
        checkout = self.project("org/a")
        git_server = self.useFixture(GitServer(self.server))
        words = self.arguments("--push")
        place = words.index("--clone")
        del words[place : place + 2]
        mark = self.folder / "ran"
        for url in (
            str(self.origin("org/a")),
            f"file://{self.origin('org/a')}",
            f"ext::sh -c 'touch {mark}'",
            "-u",
        ):
            self.git(checkout, "config", "remote.origin.url", url)
            outcome = self.run_main(propose_updates.main, *words)
            self.assertEqual(2, outcome.status, f"{outcome}")
            self.assertIn("name it with --clone", outcome.out)
        url = f"http://a:geheim@{git_server.url[7:]}/org/a.git"
        self.git(checkout, "config", "remote.origin.url", url)
        outcome = self.run_main(propose_updates.main, *words)
        self.assertIn("1 proposed", outcome.out)
        self.assertNotIn("geheim", f"{outcome}")
        self.assertFalse(mark.exists())

    def test_nothing_of_the_checkout_runs_or_changes(self) -> None:
        checkout = self.project("org/a")
        mark = self.folder / "ran"
        program = self.folder / "program"
        program.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
        program.chmod(0o755)
        for name in ("pre-push", "post-commit", "reference-transaction"):
            hook = checkout / ".git" / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            shutil.copy(program, hook)
        for name, value in (
            ("filter.x.clean", program),
            ("filter.x.smudge", program),
            ("commit.gpgSign", "true"),
            ("gpg.program", program),
            ("push.gpgSign", "true"),
            ("core.sshCommand", program),
            ("core.fsmonitor", program),
            ("core.alternateRefsCommand", program),
            ("credential.helper", program),
            ("core.hooksPath", checkout / ".git" / "hooks"),
            ("diff.external", program),
            (f"url.ext::{program}.insteadOf", str(self.server)),
        ):
            self.git(checkout, "config", name, str(value))
        (checkout / ".git" / "info").mkdir(exist_ok=True)
        (checkout / ".git" / "info" / "attributes").write_text("* filter=x\n")
        (checkout / "requirements.txt").write_text("edited\n")
        before = self.everything(checkout)
        self.assertIn("1 proposed", self.push())
        self.assertEqual(before, self.everything(checkout))
        self.assertFalse(mark.exists())
        self.assertEqual(IN_LINE, self.proposed("org/a"))
        self.assertEqual([], self.leftovers())

    def test_link(self) -> None:
        checkout = self.project("org/a")
        (checkout / "requirements.txt").unlink()
        (checkout / "requirements.txt").symlink_to("/etc/passwd")
        self.person("org/a", {})
        said = self.push(status=1)
        self.assertIn("org/a/requirements.txt: is a link, not a file", said)

    def test_modes_stay(self) -> None:
        checkout = self.project("org/a")
        (checkout / "requirements.txt").chmod(0o755)
        self.person("org/a", {})
        self.push()
        tree = self.git(self.origin("org/a"), "ls-tree", BRANCH)
        self.assertIn("100755 blob", tree)


class TestCommand(ProposalsTestCase):
    """What the command shows, and what it asks of its options."""

    def offline(self, *more: str) -> Outcome:
        words = self.arguments()
        place = words.index("--clone")
        del words[place : place + 2]
        return self.run_main(propose_updates.main, *words, *more)

    def test_offline(self) -> None:
        """Without a forge the checkouts are enough."""
        self.project("org/a")
        self.project("org/b", IN_LINE)
        shutil.rmtree(self.server)
        outcome = self.offline()
        self.assertEqual(0, outcome.status, f"{outcome}")
        self.assertIn("1 to propose, 1 nothing to do", outcome.out)

    def test_plan_is_that_of_update_requirements(self) -> None:
        checkout = self.project("org/a")
        text = "# x\nbar>=0.1\nfoo>=1.0,!=1.4 # why\n"
        self.person("org/a", {"requirements.txt": text})
        shown = self.offline("--diff").out
        reqs = str(self.folder / "reqs")
        diff = self.run_main(
            update_requirements.main, "--reqs", reqs, "--diff", str(checkout)
        ).out.replace(str(checkout), "org/a")
        self.assertIn(diff, shown)
        self.push()
        self.run_main(update_requirements.main, "--reqs", reqs, str(checkout))
        self.assertEqual(
            (checkout / "requirements.txt").read_text(), self.proposed("org/a")
        )

    def test_formats(self) -> None:
        self.project("org/a")
        self.project("org/b", UNKNOWN)
        data = json.loads(self.offline("--format", "json", "--diff").out)
        self.assertEqual(1, data["counts"]["propose"])
        first, second = data["projects"]
        self.assertEqual(["requirements.txt"], first["files"])
        self.assertIn("+foo>=1.0,!=2.0", first["diff"])
        self.assertEqual("wait", second["outcome"])
        self.assertIn("requirements.txt:2:1: baz", second["problems"][0])
        text = self.offline("--format", "markdown", "--diff").out
        self.assertIn("| org/a | main | to propose | it differs", text)
        self.assertIn("\n```diff\n--- org/a/requirements.txt", text)
        suite = ET.fromstring(self.offline("--format", "junit").out)
        self.assertEqual(
            ("2", "1"), (suite.get("tests"), suite.get("failures"))
        )

    def test_options(self) -> None:
        self.project("org/a")
        for words, said in (
            (["--topic", "a/b"], "--topic: a topic is a word"),
            (["--topic", "a..b"], "--topic: a topic is a word"),
            (["--branch", "a b"], "--branch: a b is not"),
            (["--branch=-a"], "-a is not a branch's name"),
            (["--forge", "github"], "--forge github needs --forge-url"),
            (["--forge-url", "x"], "--forge git does not go with"),
            (["--clone", "x"], "--clone: has no {project}"),
            (
                ["--clone", "https://a:b@c/{project}"],
                "--clone: has a password",
            ),
        ):
            outcome = self.outcome(*words)
            self.assertEqual(2, outcome.status, f"{words}")
            self.assertIn(said, outcome.err)
        self.write("projects.txt", "# none\n")
        self.assertIn("names no project", self.outcome().err)

    def test_nobody(self) -> None:
        self.project("org/a")
        for name in ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
            self.useFixture(fixtures.EnvironmentVariable(name))
        self.useFixture(
            fixtures.EnvironmentVariable("HOME", str(self.temporary))
        )
        outcome = self.outcome("--push")
        self.assertEqual(2, outcome.status)
        self.assertIn("git: does not know who you are", outcome.err)

    def test_max_new(self) -> None:
        for number in range(5):
            self.project(f"org/p{number}")
        seen: set[str] = set()
        for expected in (2, 2, 1):
            self.log.write_text("")
            said = self.push("--max-new", "2")
            self.assertIn(f"{expected} proposed", said)
            self.assertEqual(expected * 2, len(self.pushes()))
            now = {
                name for name in self.names if BRANCH in self.references(name)
            }
            self.assertEqual(expected, len(now - seen))
            seen = now


class Overview(git_branches.GitBranches):
    """A forge that says in one request what is open, and where it is."""

    name = "overview"

    def __init__(self, template: str, origins: dict[str, Path]) -> None:
        super().__init__()
        self._template = template
        self._origins = origins

    def remote(self, project: str) -> git_scratch.Remote:
        return git_scratch.Remote(self._template.format(project=project))

    def overview(  # type: ignore[override]
        self,
        topic: str,
        projects: Collection[str],
    ) -> Collection[tuple[str, str]]:
        branch = f"proposals/{topic}/main"
        return {
            (project, "main")
            for project in projects
            if (self._origins[project] / "refs" / "heads" / branch).exists()
        }


class TestOverview(ProposalsTestCase):
    """A forge that says what is open spares requests."""

    def setUp(self) -> None:
        super().setUp()
        self.asked: list[str] = []
        real = git_scratch.ScratchRepository.references

        def references(
            repository: git_scratch.ScratchRepository,
            remote: git_scratch.Remote,
        ) -> dict[str, str]:
            self.asked.append(Path(remote.url).stem)
            return real(repository, remote)

        name = "openstack_requirements.system.git_scratch.ScratchRepository"
        self.useFixture(fixtures.MonkeyPatch(f"{name}.references", references))
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_requirements.proposals.forges.registry.make",
                lambda *_: Overview(
                    self.template,
                    {name: self.origin(name) for name in self.names},
                ),
            )
        )

    def push(self, *more: str, status: int = 0) -> str:
        words = self.arguments("--push", *more)
        place = words.index("--clone")
        del words[place : place + 2]
        outcome = self.run_main(propose_updates.main, *words)
        self.assertEqual(status, outcome.status, f"{outcome}")
        return outcome.out

    def test_only_who_may_need_something_is_asked(self) -> None:
        self.project("org/line", IN_LINE)
        self.project("org/new")
        self.project("org/error", UNKNOWN)
        self.project("org/open")
        self.write("projects.txt", "org/open\n")
        self.push()
        self.person("org/open", {"requirements.txt": IN_LINE})
        self.write("projects.txt", "".join(f"{name}\n" for name in self.names))
        self.asked.clear()
        said = self.push(status=1)
        self.assertIn("1 proposed, 1 closed, 1 waits", said)
        self.assertEqual(["error", "new", "open"], sorted(self.asked))

    def test_without_a_checkout_it_is_asked(self) -> None:
        self.project("org/line", IN_LINE)
        shutil.rmtree(self.checkouts / "org")
        self.assertIn("1 nothing to do", self.push())
        self.assertEqual(["line"], self.asked)


class TestRegistry(base.TestCase):
    """Forges are made by name."""

    def make(self, name: str, **environ: str) -> object:
        # No helper and no file of the one who runs the tests.
        environ = {"HOME": str(self.folder), "PATH": "", **environ}
        url = "https://forge.example.org"
        return registry.make(name, url, environ, self.fail)

    def module(self, name: str, module: object) -> None:
        path = f"openstack_requirements.proposals.forges.{name}"
        modules = {**sys.modules, path: module}
        self.useFixture(fixtures.MonkeyPatch("sys.modules", modules))

    def test_git(self) -> None:
        self.assertIsInstance(self.make("git"), git_branches.GitBranches)

    def test_what_is_not_installed(self) -> None:
        for name, client, variables in (
            ("github", "PyGithub", {"GITHUB_TOKEN": "x"}),
            ("gitlab", "python-gitlab", {"GITLAB_TOKEN": "x"}),
            (
                "gerrit",
                "python-gerrit-api",
                {"GERRIT_USERNAME": "x", "GERRIT_PASSWORD": "x"},
            ),
        ):
            # The modules of the clients have the names of the forges.
            with mock.patch.dict("sys.modules", {name: None}):
                error = self.assertRaises(
                    UnusableInput, self.make, name, **variables
                )
            self.assertEqual(
                f"--forge {name}: needs {client}: python -m pip install "
                "'openstack_requirements[forges]'",
                str(error),
            )

    def test_the_account(self) -> None:
        self.module("github", types.SimpleNamespace(GitHub=lambda *a: a))
        made = self.make("github", GITHUB_TOKEN="s3cret")
        self.assertEqual(("https://forge.example.org", ("", "s3cret")), made)
        self.assertNotIn("s3cret", f"{made}")

    def test_no_account(self) -> None:
        self.module("gerrit", types.SimpleNamespace(Gerrit=lambda *a: a))
        error = self.assertRaises(UnusableInput, self.make, "gerrit")
        self.assertIn("set GERRIT_USERNAME and GERRIT_PASSWORD", str(error))

    def test_names(self) -> None:
        self.assertEqual(registry.NAMES, propose_updates._FORGES)
        self.assertEqual(render_proposals.FORMATS, propose_updates._FORMATS)
