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
"""What ``propose-constraints`` does: nightly constraints, one-line bumps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import fixtures

from openstack_requirements.cmds import propose_constraints
from openstack_requirements.install import awaited_release
from openstack_requirements.install.installers import configuration
from openstack_requirements.proposals.forges import Outdated
from openstack_requirements.proposals.forges.git_branches import GitBranches
from openstack_requirements.repository import generation
from openstack_requirements.tests.test_generate import GenerateTestCase

if TYPE_CHECKING:
    from pathlib import Path

    from openstack_requirements.repository.generation import (
        Listener,
        Request,
        Result,
    )
    from openstack_requirements.tests.base import Outcome

UC = "upper-constraints.txt"
NIGHTLY = "refs/heads/proposals/constraints/main"
HOLD = (
    "- name: a\n  range: '<2'\n  owner: org/p\n  bug: '7'\n"
    "  reason: it breaks p\n  since: 2026-01-01\n  until: 2026-02-01\n"
)
_PERSON = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A. Developer",
    "GIT_AUTHOR_EMAIL": "developer@example.org",
    "GIT_COMMITTER_NAME": "A. Developer",
    "GIT_COMMITTER_EMAIL": "developer@example.org",
    "GIT_AUTHOR_DATE": "2024-05-06T07:08:09Z",
    "GIT_COMMITTER_DATE": "2024-05-06T07:08:09Z",
}


class ConstraintsTestCase(GenerateTestCase):
    """A test with an index, and a requirements repository on a server.

    What a person does is done in a clone of their own. The checkout that the
    command gets is older, and its work tree is of no use.
    """

    def setUp(self) -> None:
        super().setUp()
        for name, value in (
            ("GIT_CONFIG_GLOBAL", os.devnull),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CEILING_DIRECTORIES", str(self.folder)),
            ("GIT_COMMITTER_NAME", "A Bot"),
            ("GIT_COMMITTER_EMAIL", "bot@example.org"),
            ("PIP_RETRIES", "0"),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        # Without the half of a second that pip takes to say it.
        self.patch(configuration, "pip_files", lambda _: ())
        for version in ("1.0", "2.0"):
            self.index.wheel("a", version, requires=["b"])
            self.index.wheel("b", version)
        self.server = self.folder / "server"
        self.origin = self.server / "org" / "reqs.git"
        self.origin.mkdir(parents=True)
        self.git(self.origin, "init", "-q", "--bare", "-b", "main")
        self.person_clone = self.folder / "person"
        self.git(self.folder, "clone", "-q", str(self.origin), "person")
        self.person(
            "Start",
            {
                "global-requirements.txt": "a\n",
                UC: "# why\na===1.0\nb===1.0\n",
                "denylist.txt": "",
            },
        )
        self.reqs = self.folder / "reqs"
        self.git(self.folder, "clone", "-q", str(self.origin), "reqs")
        (self.reqs / "global-requirements.txt").write_text("a==1.0\n")

    def git(self, folder: Path, *words: str) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=folder,
            env={**os.environ, **_PERSON},
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return done.stdout.strip()

    def person(
        self, subject: str, files: dict[str, str], branch: str = "main"
    ) -> None:
        """A person pushes a commit with files."""
        clone = self.person_clone
        if branch == "main" and (clone / UC).exists():
            self.git(clone, "checkout", "-q", "main")
            self.git(clone, "pull", "-q", "--rebase", "origin", "main")
        for path, text in files.items():
            (clone / path).write_text(text)
        self.git(clone, "add", "--all")
        self.git(clone, "commit", "-q", "-m", subject)
        self.git(clone, "push", "-q", "origin", f"HEAD:{branch}")

    def merge(self, branch: str) -> None:
        """A person merges a proposal."""
        clone = self.person_clone
        self.git(clone, "fetch", "-q", "origin")
        self.git(clone, "checkout", "-q", "main")
        self.git(clone, "reset", "-q", "--hard", "origin/main")
        self.git(clone, "merge", "-q", "--ff-only", f"origin/{branch}")
        self.git(clone, "push", "-q", "origin", "main", f":{branch}")

    def propose(self, *argv: str) -> Outcome:
        return self.run_main(
            propose_constraints.main,
            *("-q", "--reqs", str(self.reqs), "--project", "org/reqs"),
            *("--clone", f"{self.server}/{{project}}.git", *argv),
        )

    def proposals(self) -> dict[str, str]:
        """The branches that are proposals, and the commit of each."""
        listing = self.git(
            self.origin,
            "for-each-ref",
            "--format=%(refname) %(objectname)",
            "refs/heads/proposals",
        )
        rows = (line.split(" ") for line in listing.splitlines())
        return {row[0]: row[1] for row in rows}

    def text(self, branch: str, path: str = UC) -> str:
        return self.git(self.origin, "show", f"{branch}:{path}") + "\n"

    def message(self, branch: str) -> str:
        return self.git(self.origin, "show", "-s", "--format=%B", branch)


class TestNightly(ConstraintsTestCase):
    def nightly(self, *argv: str) -> Outcome:
        return self.propose("-p", sys.executable, "--sort", "name", *argv)

    def good(self, *argv: str) -> str:  # type: ignore[override]
        done = self.nightly("--push", *argv)
        self.assertEqual((0, ""), (done.status, done.err))
        self.assert_nothing_left()
        return done.out

    def meanwhile(self, action: Any) -> None:
        """Do something while constraints are generated."""
        real = generation.generate

        def generate(request: Request, listener: Listener) -> Result:
            result = real(request, listener)
            action()
            return result

        self.patch(generation, "generate", generate)

    def test_first_proposal_and_the_same_again(self) -> None:
        out = self.good()
        self.assertIn("org/reqs  main  proposed  it differs", out)
        self.assertEqual("# why\na===2.0\nb===2.0\n", self.text(NIGHTLY))
        self.assertEqual(
            "Regenerate upper-constraints.txt\n\n2 distributions: 2 raised.\n"
            "\nraised to another major version:\n  a 1.0 -> 2.0\n"
            "  b 1.0 -> 2.0",
            self.message(NIGHTLY),
        )
        before = self.proposals()
        out = self.good()
        self.assertIn("left as it is", out)
        self.assertEqual(before, self.proposals())

    def test_without_push(self) -> None:
        done = self.nightly()
        self.assertEqual((0, ""), (done.status, done.err))
        self.assertIn("org/reqs  main  to propose  it differs", done.out)
        self.assertIn("-a===1.0\n-b===1.0\n+a===2.0\n+b===2.0\n", done.out)
        self.assertEqual({}, self.proposals())

    def test_nothing_to_do(self) -> None:
        self.person("x", {UC: "# why\na===2.0\nb===2.0\n"})
        self.assertIn("nothing to do", self.good())
        self.assertEqual({}, self.proposals())

    def test_in_line_closes_ours(self) -> None:
        self.good()
        self.merge("proposals/constraints/main")
        self.assertIn("nothing to do", self.good())
        self.good("--upgrade-package", "a")
        self.person("x", {UC: "# why\na===1.0\nb===2.0\n"})
        self.good()
        self.person("y", {UC: "# why\na===2.0\nb===2.0\n"})
        self.assertIn("closed  the project is in line", self.good())
        self.assertEqual({}, self.proposals())

    def test_bump_merged_while_generating(self) -> None:
        self.index.wheel("b", "3.0")
        # As an index that is a moment behind.
        self.person("x", {"global-requirements.txt": "a\nb<3\n"})

        def bump() -> None:
            self.person("Allow", {"global-requirements.txt": "a\n"})
            self.person("Raise b", {UC: "# why\na===1.0\nb===3.0\n"})

        self.meanwhile(bump)
        out = self.good()
        self.assertIn("stays at its bump: b 3.0\n", out)
        self.assertEqual("# why\na===2.0\nb===3.0\n", self.text(NIGHTLY))
        self.assertEqual(
            self.git(self.origin, "rev-parse", "main"),
            self.git(self.origin, "rev-parse", f"{NIGHTLY}^"),
        )
        self.assertIn(
            "at the version of a bump, which is newer:\n  b 3.0",
            self.message(NIGHTLY),
        )

    def test_bump_merged_while_open(self) -> None:
        self.person("x", {"global-requirements.txt": "a\nb<3\n"})
        self.good()
        self.index.wheel("b", "3.0")
        # The bump came first; the list does not limit what a person pins.
        self.person("Raise b", {UC: "# why\na===1.0\nb===3.0\n"})
        self.person("y", {"global-requirements.txt": "a\nb!=3.1\n"})
        self.index.wheel("a", "3.0", requires=["b<3"])
        before = self.proposals()
        out = self.good()
        self.assertIn("updated", out)
        self.assertEqual("# why\na===3.0\nb===3.0\n", self.text(NIGHTLY))
        self.assertEqual(1, len(self.proposals()))
        self.assertNotEqual(before, self.proposals())
        # It is stable, and the list has the last word.
        self.assertIn("left as it is", self.good())
        self.person("z", {"global-requirements.txt": "a\nb<3\n"})
        self.good()
        self.assertEqual("# why\na===3.0\nb===2.0\n", self.text(NIGHTLY))

    def test_person_amended(self) -> None:
        self.good()
        clone = self.person_clone
        self.git(clone, "fetch", "-q", "origin")
        branch = "proposals/constraints/main"
        self.git(clone, "checkout", "-q", branch)
        self.person("Better", {UC: "a===1.0\nb===2.0\n"}, branch)
        self.index.wheel("a", "3.0", requires=["b"])
        before = self.proposals()
        done = self.nightly("--push")
        self.assertEqual(1, done.status)
        self.assertIn("waits for a person", done.out)
        self.assertIn("developer@example.org", done.out)
        self.assertEqual(before, self.proposals())

    def test_somebody_is_quicker(self) -> None:
        """What another run has just proposed is looked at again."""
        put = GitBranches.put
        tries: list[int] = []

        def late(*words: Any) -> Any:
            tries.append(1)
            if len(tries) == 1:
                put(*words)
                raise Outdated("somebody else has changed the proposal")
            return put(*words)

        self.patch(GitBranches, "put", late)
        self.assertIn("left as it is", self.good())
        self.assertEqual(1, len(tries))
        self.assertEqual(1, len(self.proposals()))

    def test_somebody_is_always_quicker(self) -> None:
        def late(*_: Any) -> Any:
            raise Outdated("somebody else has changed the proposal")

        self.patch(GitBranches, "put", late)
        done = self.nightly("--push")
        self.assertEqual((3, ""), (done.status, done.out))
        self.assertIn("somebody else", done.err)

    def test_freezes_of_another_job(self) -> None:
        freezes = str(self.folder / "freezes")
        self.generate(
            *("-p", sys.executable, "--freeze-dir", freezes),
            *("-r", self.write("list.txt", "a\n"), "-o", "new.txt"),
        )
        # Merged after that job had read the lists.
        self.index.wheel("b", "3.0")
        self.person("Raise b", {UC: "# why\na===1.0\nb===3.0\n"})
        done = self.propose("--freezes", freezes, "--sort", "name", "--push")
        self.assertEqual(0, done.status, done.err)
        self.assertIn("stays at its bump: b 3.0", done.out)
        self.assertEqual("# why\na===2.0\nb===3.0\n", self.text(NIGHTLY))

    def test_what_cannot_be_merged(self) -> None:
        self.meanwhile(lambda: self.person("Drop a", {UC: "# why\nb===1.0\n"}))
        done = self.nightly("--push", "--keep-pythons")
        self.assertEqual(1, done.status, done.err)
        self.assertIn("waits for a person", done.out)
        self.assertIn(f"{self.reqs}/{UC}: a: ", done.out)
        self.assertEqual({}, self.proposals())

    def test_options_of_a_generation(self) -> None:
        done = self.nightly("--push", "--upgrade-package", "b", "--diff")
        self.assertEqual(0, done.status)
        self.assertEqual("# why\na===1.0\nb===2.0\n", self.text(NIGHTLY))
        self.assertIn("raised:\n  b 1.0 -> 2.0 (major)\n", done.err)
        self.assertIn(f"main:{UC} -> ", done.err)

    def test_a_distribution_that_fails(self) -> None:
        self.index.sdist("a", "3.0", fail="no compiler")
        done = self.nightly("--push", "--keep-going")
        self.assertEqual(3, done.status, done.err)
        self.assertIn("a", done.err)
        self.assertEqual("# why\na===1.0\nb===2.0\n", self.text(NIGHTLY))
        self.assertIn("could not be installed:\n  a", self.message(NIGHTLY))
        done = self.nightly("--push", "--keep-going", "--allow-missing")
        self.assertEqual(0, done.status, done.err)

    def test_errors_have_the_names_of_the_repository(self) -> None:
        self.person("x", {"global-requirements.txt": "a\nb>=\n"})
        done = self.nightly("--push")
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertIn(f"{self.reqs}/global-requirements.txt:2:2: ", done.err)
        self.person("x", {"global-requirements.txt": "a\nb>=7\n"})
        done = self.nightly("--push")
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertNotIn("tip1", done.err)

    def test_formats(self) -> None:
        done = self.nightly("--format", "json")
        document = json.loads(done.out)
        self.assertEqual("propose-constraints", document["command"])
        self.assertTrue(document["message"].startswith("Regenerate "))
        (row,) = document["projects"]
        self.assertEqual(("propose", "main"), (row["outcome"], row["branch"]))
        done = self.nightly("--format", "junit")
        self.assertEqual(
            "propose-constraints", ET.fromstring(done.out).get("name")
        )
        done = self.nightly("--format", "markdown")
        self.assertIn("| org/reqs | main | to propose |", done.out)
        path = str(self.folder / "report")
        done = self.nightly("-o", path)
        self.assertEqual("", done.out)
        self.assertIn("1 to propose", done.err)

    def test_a_shallow_checkout(self) -> None:
        self.person("Raise b", {UC: "# why\na===1.0\nb===2.0\n"})
        self.git(
            self.folder,
            *("clone", "-q", "--depth=1", f"file://{self.origin}", "shallow"),
        )
        self.reqs = self.folder / "shallow"
        self.index.wheel("a", "3.0", requires=["b<2"])
        self.assertIn("stays at its bump: b 2.0", self.good())

    def test_misuse(self) -> None:
        for argv, words in (
            (("--wait", "3"), "--wait needs --release"),
            (("--release", "a==2", "-p", "3"), "--python does not go with it"),
            (("--release", "a==2", "--topic", "x"), "--topic"),
            (("--release", "a"), "not NAME==VERSION"),
            (
                ("--release", "a==2", "--root", "x"),
                "--projects goes with --root",
            ),
            (("--release", "a==2", "--depends-on", " "), "--depends-on"),
            (("--topic", "a b"), "--topic"),
            (("--branch", "-x"), "--branch"),
            (("--branch", "none", "-p", "3"), "has no branch none"),
            (("--project", "x"), "is not ORG/NAME"),
            (("--forge-url", "http://x"), "--forge git does not go with"),
            (("--clone", "http://x"), "{project}"),
        ):
            done = self.propose(*argv)
            self.assertEqual((2, ""), (done.status, done.out), done.err)
            self.assertIn(words, done.err)
        done = self.run_main(
            propose_constraints.main, "--reqs", str(self.reqs)
        )
        self.assertEqual(2, done.status)
        self.assertIn("--project ORG/NAME", done.err)


class TestRelease(ConstraintsTestCase):
    BRANCH = "refs/heads/proposals/release-a/main"

    def setUp(self) -> None:
        super().setUp()
        self.pauses: list[float] = []
        self.after_pause: dict[int, Any] = {}
        self.time = 0.0
        self.comments: list[str] = []

        def pause(_: object, seconds: float) -> None:
            self.pauses.append(seconds)
            self.time += seconds
            self.after_pause.get(len(self.pauses), lambda: None)()

        self.patch(awaited_release.Clock, "pause", pause)
        self.patch(awaited_release.Clock, "now", lambda _: self.time)
        self.patch(
            GitBranches,
            "comment",
            lambda *words: self.comments.append(words[-1]),
        )

    def release(self, version: str, *argv: str) -> Outcome:
        return self.propose("--release", f"A=={version}", "--push", *argv)

    def good(self, version: str, *argv: str) -> str:  # type: ignore[override]
        done = self.release(version, *argv)
        self.assertEqual((0, ""), (done.status, done.err))
        self.assert_nothing_left()
        return done.out

    def refused(self, version: str, *argv: str) -> str:
        done = self.release(version, *argv)
        self.assertEqual((2, ""), (done.status, done.out))
        return done.err

    def test_one_line(self) -> None:
        self.assertIn("proposed", self.good("2.0", "--depends-on", "I123"))
        self.assertEqual("# why\na===2.0\nb===1.0\n", self.text(self.BRANCH))
        self.assertEqual(
            "Raise A to 2.0\n\nPins:\n  was 1.0\n  is 2.0\n\nDepends-On: I123",
            self.message(self.BRANCH),
        )
        before = self.proposals()
        self.good("2.0", "--depends-on", "I123")
        self.assertEqual(before, self.proposals())
        self.merge("proposals/release-a/main")
        self.assertIn("nothing to do", self.good("2.0"))

    def test_only_some_pythons(self) -> None:
        self.index.wheel("a", "3.0", requires_python=">=3.11")
        self.person("x", {UC: "a===1.0\nb===1.0;python_version>='3.10'\n"})
        self.good("3.0")
        self.assertEqual(
            "a===1.0;python_version<'3.11'\na===3.0;python_version>='3.11'\n"
            "b===1.0;python_version>='3.10'\n",
            self.text(self.BRANCH),
        )
        self.assertIn("requires Python >=3.11", self.message(self.BRANCH))

    def test_appears_after_a_while(self) -> None:
        self.after_pause[3] = lambda: self.index.wheel("a", "3.0")
        done = self.propose("--release", "a==3.0", "--push")
        self.assertEqual(0, done.status, done.err)
        self.assertEqual([2, 4, 8], self.pauses)
        self.assertEqual("# why\na===3.0\nb===1.0\n", self.text(self.BRANCH))

    def test_says_what_it_waits_for(self) -> None:
        done = self.run_main(
            propose_constraints.main,
            *("--reqs", str(self.reqs), "--project", "org/reqs", "--clone"),
            *(f"{self.server}/{{project}}.git", "--release", "a==3.0"),
            *("--wait", "20"),
        )
        self.assertEqual((3, ""), (done.status, done.out))
        self.assertEqual(
            "waiting up to 20 seconds for a 3.0 on the package index\n"
            "a 3.0: the package index does not have it after 20 seconds "
            "(--wait)\n",
            done.err,
        )
        self.assertEqual([2, 4, 8, 6], self.pauses)
        self.assertEqual({}, self.proposals())

    def test_the_list_refuses_it(self) -> None:
        self.person("x", {"global-requirements.txt": "# x\na<3\n"})
        err = self.refused("3.0")
        self.assertEqual(
            f"{self.reqs}/global-requirements.txt:2: does not admit A 3.0: "
            "a<3\n",
            err,
        )
        # Nobody waits for what is refused.
        self.assertEqual([], self.pauses)

    def test_held(self) -> None:
        self.person("x", {"holds.yaml": f"# why\n{HOLD}"})
        err = self.refused("2.0")
        self.assertIn(f"{self.reqs}/holds.yaml:2: holds a at <2", err)
        self.assertIn("org/p, bug 7: it breaks p", err)
        self.assertEqual({}, self.proposals())

    def test_lower_than_the_pin(self) -> None:
        self.person("x", {UC: "# why\na===2.0\nb===1.0\n"})
        err = self.refused("1.0")
        self.assertIn(f"{self.reqs}/{UC}:2: pins 2.0, which is newer", err)

    def test_refused_while_waiting(self) -> None:
        def refuse() -> None:
            self.index.wheel("a", "3.0")
            self.person("x", {"global-requirements.txt": "a<3\n"})

        self.after_pause[1] = refuse
        self.assertIn("global-requirements.txt:1: ", self.refused("3.0"))

    def test_not_in_the_constraints(self) -> None:
        done = self.propose("--release", "c==1.0")
        self.assertEqual(
            (2, "", f"{self.reqs}/{UC}: has no line for c\n"), done
        )

    def test_supersedes_an_open_bump(self) -> None:
        self.good("2.0")
        self.index.wheel("a", "3.0")
        out = self.good("3.0")
        self.assertIn("updated", out)
        self.assertIn("supersedes the bump to 2.0\n", out)
        self.assertEqual("# why\na===3.0\nb===1.0\n", self.text(self.BRANCH))
        self.assertEqual([self.BRANCH], list(self.proposals()))
        self.assertEqual(
            ["A 3.0 is released; this no longer pins 2.0, but 3.0."],
            self.comments,
        )
        # A run without --push says the same, and does nothing.
        self.index.wheel("a", "4.0")
        before = self.proposals()
        done = self.propose("--release", "a==4.0")
        self.assertIn("supersedes the bump to 3.0\n", done.out)
        self.assertEqual(before, self.proposals())
        self.assertEqual(1, len(self.comments))

    def test_a_higher_bump_is_open(self) -> None:
        self.index.wheel("a", "3.0")
        self.good("3.0")
        before = self.proposals()
        self.assertEqual(
            "A 2.0: a bump to 3.0, which is newer, is open: "
            "proposals/release-a/main\n",
            self.refused("2.0"),
        )
        self.assertEqual((before, []), (self.proposals(), self.comments))

    def test_person_amended_the_bump(self) -> None:
        self.good("2.0")
        clone = self.person_clone
        self.git(clone, "fetch", "-q", "origin")
        branch = "proposals/release-a/main"
        self.git(clone, "checkout", "-q", branch)
        self.person("Better", {"denylist.txt": "c\n"}, branch)
        self.index.wheel("a", "3.0")
        done = self.release("3.0")
        self.assertEqual(1, done.status, done.err)
        self.assertIn("waits for a person", done.out)
        self.assertEqual([], self.comments)

    def test_beside_the_nightly_proposal(self) -> None:
        """Each has its own topic, and the later one gives way."""
        self.propose("-p", sys.executable, "--sort", "name", "--push")
        self.index.wheel("a", "3.0", requires=["b"])
        self.good("3.0")
        self.assertEqual(2, len(self.proposals()))
        self.merge("proposals/release-a/main")
        self.index.wheel("b", "3.0")
        done = self.propose("-p", sys.executable, "--sort", "name", "--push")
        self.assertEqual(0, done.status)
        self.assertIn("updated", done.out)
        self.assertEqual("# why\na===3.0\nb===3.0\n", self.text(NIGHTLY))

    def test_impact(self) -> None:
        self.write("projects.txt", "org/p\norg/q\norg/none\n")
        self.write("root/org/p/requirements.txt", "a>=1,<2\n")
        self.write("root/q/requirements.txt", "a>=1\n")
        more = (
            *("--projects", str(self.folder / "projects.txt")),
            *("--root", str(self.folder / "root")),
        )
        done = self.release("2.0", *more)
        self.assertEqual(0, done.status, done.err)
        self.assertIn("projects.txt:3: there is no checkout", done.err)
        self.assertIn("would fail, and pass now:\n", done.out)
        self.assertIn("root/org/p/requirements.txt:1: a: ", done.out)
        self.assertIn("2 projects: 1 would fail, and pass now; 1 as", done.out)
        self.assertIn(f"{self.reqs}/{UC}:2: a===2.0", done.out)
        self.assertIn(
            "It is not what these projects require:\n  org/p",
            self.message(self.BRANCH),
        )
        done = self.release("2.0", *more, "--format", "json")
        document = json.loads(done.out)
        self.assertEqual(
            [False, True], [row["passes"] for row in document["impact"]]
        )
