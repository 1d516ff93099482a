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
"""Nothing that a repository plants runs, whichever command reads it.

Each plant is a program that leaves a mark. For each there is a call of plain
git that does run it, so that a plant which could not run is no proof.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import fixtures
import tomlkit

from openstack_requirements.constraints import freeze_json
from openstack_requirements.errors import (
    CommandFailed,
    OutsideError,
    UnusableInput,
)
from openstack_requirements.install import interpreters
from openstack_requirements.system import (
    children,
    git,
    git_command,
    git_history,
)
from openstack_requirements.tests import base
from openstack_requirements.tests.test_explain import make
from openstack_requirements.tests.test_git import GitTestCase
from openstack_requirements.tests.test_repository import scripts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIST = "foo>=1.0 # MIT\n"
CONSTRAINTS = "foo===1.0\n"
CONFLICT = "<<<<<<< a\nfoo===1\n=======\nfoo===2\n>>>>>>> b\n"
#: The files that a partial clone does not have, of the earlier commit.
MISSING = (
    "requirements.txt",
    "global-requirements.txt",
    "upper-constraints.txt",
)

#: A header of a commit that is signed.
SIGNED = "gpgsig -----BEGIN PGP SIGNATURE-----\n -----END PGP SIGNATURE-----"
#: What stands for tomli.
TOMLI = """
import tomlkit
from tomlkit.exceptions import ParseError as TOMLDecodeError

def loads(text):
    return tomlkit.parse(text).unwrap()
"""

#: A repository's configuration, and the call of git that runs what it plants.
#: ``{}`` is the program.
FETCHED: dict[str, dict[str, str]] = {
    "ssh": {
        "remote.origin.url": "ssh://example.org/x",
        "core.sshCommand": "{}",
    },
    "ext": {
        "remote.origin.url": "ext::{} x",
        "protocol.ext.allow": "always",
    },
    "uploadpack": {
        "remote.origin.url": ".",
        "remote.origin.uploadpack": "{}",
    },
    "file": {
        "remote.origin.url": "file:///",
        "remote.origin.uploadpack": "{}",
    },
    "proxy": {
        "remote.origin.url": "git://example.org/x",
        "core.gitProxy": "{}",
    },
}
CONFIGURED: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "fsmonitor": ({"core.fsmonitor": "{}"}, ("status",)),
    "hook": ({"core.hooksPath": "{}-hooks"}, ("checkout", "-q", "-b", "new")),
    "smudge": (
        {"filter.x.smudge": "{}"},
        ("cat-file", "--filters", "HEAD:a.txt"),
    ),
    "textconv": ({"diff.x.textconv": "{}"}, ("show", "HEAD", "--", "a.txt")),
    "diff": ({"diff.x.command": "{}"}, ("show", "--ext-diff", "HEAD")),
    "gpg": ({"gpg.program": "{}"}, ("verify-commit", "signed")),
    "credential": ({"credential.helper": "{}"}, ("credential", "fill")),
}


def pythons() -> list[str]:
    """The oldest and the newest Python of those that this package is for.

    Where one is not there, this one stands for it.
    """
    with open(base.ROOT / "setup.cfg", encoding="utf-8") as file:
        versions = re.findall(
            r":: Python :: (3\.\d+)$", file.read(), re.MULTILINE
        )
    found = []
    with children.of_job("pythons") as job:
        for version in versions:
            with contextlib.suppress(UnusableInput):
                found.append(interpreters.find(version, job).executable)
    return sorted({*found[:1], *found[-1:]}) or [sys.executable]


class HostileTestCase(GitTestCase):
    """A test with programs that leave marks."""

    def setUp(self) -> None:
        super().setUp()
        self.marks = self.folder / "marks"
        self.marks.mkdir()

    def plant(self, name: str) -> str:
        """A program, and a folder with hooks that are this program."""
        path = self.folder / f"plant-{name}"
        mark = self.marks / name
        path.write_text(f"#!/bin/sh\n: >'{mark}'\nexit 1\n")
        path.chmod(0o755)
        hooks = self.folder / f"plant-{name}-hooks"
        hooks.mkdir(exist_ok=True)
        for hook in ("post-checkout", "reference-transaction"):
            (hooks / hook).unlink(missing_ok=True)
            (hooks / hook).symlink_to(path)
        return str(path)

    def configure(
        self, name: str, settings: Mapping[str, str], folder: Path
    ) -> None:
        program = self.plant(name)
        for key, value in settings.items():
            self.git(
                *("config", "--local", key, value.format(program)),
                folder=folder,
            )

    def promise(self, folder: Path, *paths: str) -> None:
        """Make a partial clone of it, without the objects of these files."""
        for key, value in (
            ("core.repositoryFormatVersion", "1"),
            ("extensions.partialClone", "origin"),
            ("remote.origin.promisor", "true"),
        ):
            self.git("config", "--local", key, value, folder=folder)
        objects = self.git(
            *("rev-parse", "--path-format=absolute"),
            *("--git-path", "objects"),
            folder=folder,
        )
        for path in paths:
            blob = self.git("rev-parse", f"HEAD~1:{path}", folder=folder)
            file = Path(objects, blob[:2], blob[2:])
            file.unlink(missing_ok=True)

    def runs(self, name: str, *words: str, folder: Path | None = None) -> None:
        """Plain git does run it; then its mark goes."""
        subprocess.run(
            ["git", *words],
            cwd=folder or self.root,
            input="protocol=https\nhost=example.org\n",
            encoding="utf-8",
            capture_output=True,
            check=False,
            timeout=60,
        )
        self.assertEqual(
            {name}, {*os.listdir(self.marks)} & {name}, str(words)
        )
        for each in self.marks.iterdir():
            each.unlink()

    def assert_nothing_ran(self, what: object) -> None:
        self.assertEqual([], os.listdir(self.marks), str(what))

    def bare_inside(self, folder: Path, *names: str) -> None:
        """A folder that looks like a bare repository, with two commits."""
        other = self.folder / "other"
        other.mkdir()
        self.git("init", "--quiet", "--initial-branch=main", folder=other)
        for text in ("planted one\n", "planted two\n"):
            for name in names:
                (other / name).write_text(text)
            self.git("add", "--all", folder=other)
            self.git("commit", "--quiet", "-m", "x", folder=other)
        self.git(
            *("clone", "--quiet", "--bare", "--no-hardlinks"),
            *(str(other), str(folder)),
            folder=self.folder,
        )


class TestFetching(HostileTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.commit(a_txt="one\n")
        self.commit(a_txt="two\n")

    def assert_not_fetched(self, folder: Path) -> None:
        ids = self.git("rev-list", "HEAD").split()
        for ask in (
            lambda: [
                *git_history.changes_of(str(folder), ids[1], ids[0], "a.txt")
            ],
            lambda: git.read(str(folder), "HEAD~1", "a.txt"),
            lambda: git.read_all(str(folder), "HEAD~1", ["a.txt", "b.txt"]),
        ):
            error = self.assertRaises(OutsideError, ask)
            self.assertIn("is a partial clone without", str(error))
            self.assertIn("nothing is fetched here", str(error))
            self.assertEqual(1, len(str(error).splitlines()))

    def test_a_missing_object_is_not_fetched(self) -> None:
        self.promise(self.root, "a.txt")
        for name, settings in FETCHED.items():
            self.configure(name, settings, self.root)
            self.runs(name, "cat-file", "-p", "HEAD~1:a.txt", folder=self.root)
            self.assert_not_fetched(self.root)
            self.assert_nothing_ran(name)

    def test_each_wording_of_a_missing_object(self) -> None:
        """Newer git does not say that it would have fetched it."""
        self.promise(self.root)
        other = self.folder / "other"
        other.mkdir()
        self.git("init", "--quiet", folder=other)
        for said in (
            "fatal: not a tree object",
            f"fatal: not a tree object: {'1' * 40}",
            f"fatal: Not a valid object name {'1' * 40}",
            "fatal: Not a valid object name HEAD:a.txt",
            f"error: unable to read tree {'1' * 40}",
            f"fatal: unable to read tree ({'1' * 40})",
            f"error: unable to read sha1 file of a.txt ({'1' * 40})",
            f"fatal: bad object {'1' * 40}",
            f"fatal: git cat-file {'1' * 40}: bad file",
            f"error: missing object {'1' * 40}",
            f"error: object {'1' * 40} is missing",
            f"error: Could not read {'1' * 40}",
        ):
            failure = CommandFailed(["git"], 128, f"{said}\n")
            whole = git_command.Git(str(other), None)
            self.assertIn("cannot read it", str(whole.explained(failure)))
            partial = git_command.Git(str(self.root), None)
            self.assertIn(
                "is a partial clone without",
                str(partial.explained(failure)),
                said,
            )

    def test_other_failures_of_a_partial_clone(self) -> None:
        self.promise(self.root)
        for said in ("fatal: bad config line 1", "fatal: out of memory"):
            failure = CommandFailed(["git"], 128, said)
            partial = git_command.Git(str(self.root), None)
            self.assertIn("cannot read it", str(partial.explained(failure)))

    def test_a_treeless_clone(self) -> None:
        self.git("config", "uploadpack.allowFilter", "true")
        clone = self.folder / "clone"
        self.git(
            *("clone", "--quiet", "--no-checkout", "--filter=tree:0"),
            *(f"file://{self.root}", str(clone)),
            folder=self.folder,
        )
        error = self.assertRaises(
            OutsideError, git.read, str(clone), "HEAD~1", "a.txt"
        )
        self.assertIn("is a partial clone without", str(error))

    def test_each_barrier_holds_alone(self) -> None:
        """An older git knows one of them, the other is its protocols."""
        self.promise(self.root, "a.txt")
        for name, settings in FETCHED.items():
            self.configure(name, settings, self.root)
            for left in ("GIT_NO_LAZY_FETCH", "GIT_ALLOW_PROTOCOL"):
                with fixtures.MonkeyPatch(
                    f"{git_command.__name__}._ENVIRONMENT",
                    {
                        key: value
                        for key, value in git_command._ENVIRONMENT.items()
                        if key != left
                    },
                ):
                    self.assert_not_fetched(self.root)
                self.assert_nothing_ran((name, left))

    def test_a_remote_helper(self) -> None:
        """What a remote names can be a program on the path."""
        self.promise(self.root, "a.txt")
        program = Path(self.plant("helper"))
        program.rename(self.folder / "git-remote-planted")
        self.useFixture(
            fixtures.EnvironmentVariable(
                "PATH", f"{self.folder}:{os.environ['PATH']}"
            )
        )
        self.git("config", "remote.origin.url", "x")
        self.git("config", "remote.origin.vcs", "planted")
        self.runs("helper", "cat-file", "-p", "HEAD~1:a.txt", folder=self.root)
        self.assert_not_fetched(self.root)
        self.assert_nothing_ran("vcs")

    def test_without_trees(self) -> None:
        self.git("config", "uploadpack.allowFilter", "true")
        clone = self.folder / "treeless"
        self.git(
            *("clone", "--quiet", "--no-checkout", "--filter=tree:0"),
            *(f"file://{self.root}", str(clone)),
        )
        self.configure("file", FETCHED["file"], clone)
        self.runs("file", "ls-tree", "HEAD~1", folder=clone)
        self.assert_not_fetched(clone)
        self.assert_nothing_ran("treeless")

    def test_the_advice_helps(self) -> None:
        self.git("config", "uploadpack.allowFilter", "true")
        clone = self.folder / "blobless"
        self.git(
            *("clone", "--quiet", "--filter=blob:none"),
            *(f"file://{self.root}", str(clone)),
        )
        self.assert_not_fetched(clone)
        self.git("fetch", "--quiet", "--refetch", "--no-filter", folder=clone)
        self.assertEqual("one\n", git.read(str(clone), "HEAD~1", "a.txt"))


class TestConfigured(HostileTestCase):
    def test_nothing_that_is_configured_runs(self) -> None:
        self.commit(_gitattributes="a.txt filter=x diff=x\n", a_txt="one\n")
        self.commit(a_txt="two\n")
        head = self.git("cat-file", "commit", "HEAD")
        self.write("commit", head.replace("\n\n", f"\n{SIGNED}\n\n", 1))
        commit = self.git(
            *("hash-object", "-t", "commit", "-w", "--literally"),
            str(self.folder / "commit"),
        )
        self.git("update-ref", "refs/heads/signed", commit)
        self.git("update-ref", "refs/heads/main", commit)
        for name, (settings, control) in CONFIGURED.items():
            self.configure(name, settings, self.root)
            self.runs(name, *control, folder=self.root)
        for revision in ("HEAD", "signed", "HEAD@{0}", "HEAD^{/x}"):
            read = git.read(str(self.root), revision, "a.txt")
            self.assertEqual("two\n", read)
        git.first_parent(str(self.root))
        tip, *_, first = self.git("rev-list", "main").split()
        (change,) = git_history.changes_of(str(self.root), first, tip, "a.txt")
        self.assertEqual(b"two\n", change.after)
        git_history.last_until(str(self.root), tip, 0)
        # What is in the index is no commit, and the index is not read.
        for revision in (":a.txt", ":0:a.txt", "nope", "HEAD:a.txt"):
            self.assertRaises(UnusableInput, self.read, revision, "a.txt")
        self.assert_nothing_ran("a read")


class TestEnvironment(HostileTestCase):
    """What git has of ours is what it needs."""

    def setUp(self) -> None:
        super().setUp()
        self.commit(a_txt="one\n")

    def test_only_what_is_known_reaches_git(self) -> None:
        real = subprocess.run(
            ["sh", "-c", "command -v git"], capture_output=True, check=True
        ).stdout.decode()
        seen = self.folder / "seen"
        path = self.folder / "bin"
        path.mkdir()
        (path / "git").write_text(
            f'#!/bin/sh\nenv >>{seen}\nexec {real.strip()} "$@"\n'
        )
        (path / "git").chmod(0o755)
        for name, value in (
            ("PATH", f"{path}:{os.environ['PATH']}"),
            ("A_SECRET", "x"),
            ("GIT_SSH_COMMAND", "x"),
            ("GIT_TRACE", "1"),
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_KEY_0", "user.name"),
            ("GIT_CONFIG_VALUE_0", "x"),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        self.assertEqual("one\n", self.read("HEAD", "a.txt"))
        names = {
            line.partition("=")[0] for line in seen.read_text().splitlines()
        }
        # What the shell that shows them adds.
        names -= {"PWD", "OLDPWD", "SHLVL", "_"}
        allowed = {
            name for name in os.environ if git_command.KEPT.fullmatch(name)
        }
        self.assertIn("GIT_CONFIG_VALUE_0", names)
        self.assertEqual(
            {
                *allowed,
                *git_command._ENVIRONMENT,
                *("GIT_ALLOC_LIMIT", "GIT_CEILING_DIRECTORIES", "NO_COLOR"),
            },
            names,
        )
        self.assertNotIn("A_SECRET", allowed)

    def test_what_makes_git_write_or_run(self) -> None:
        trace = self.folder / "trace"
        program = self.plant("environment")
        for name, value in (
            ("GIT_TRACE", str(trace)),
            ("GIT_TRACE2", str(trace)),
            ("GIT_TRACE_SETUP", str(trace)),
            ("GIT_SSH_COMMAND", program),
            ("GIT_EXTERNAL_DIFF", program),
            ("GIT_ASKPASS", program),
            ("GIT_ALLOW_PROTOCOL", "ssh"),
            ("GIT_NO_LAZY_FETCH", "0"),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        self.git("rev-parse", "HEAD")
        self.assertTrue(trace.exists())  # it does write where git is let
        trace.unlink()
        self.commit(a_txt="two\n")
        self.promise(self.root, "a.txt")
        self.git("config", "remote.origin.url", "ssh://example.org/x")
        self.git("config", "remote.origin.promisor", "true")
        self.assertEqual("two\n", self.read("HEAD", "a.txt"))
        trace.unlink()
        os.environ.pop("GIT_NO_LAZY_FETCH")
        self.runs(
            *("environment", "cat-file", "-p", "HEAD~1:a.txt"),
            folder=self.root,
        )
        trace.unlink()
        self.assertRaises(OutsideError, self.read, "HEAD~1", "a.txt")
        self.assert_nothing_ran("a read")
        self.assertFalse(trace.exists())


class TestBareInside(HostileTestCase):
    """Files that make a folder look like a bare repository."""

    def setUp(self) -> None:
        super().setUp()
        self.sub = self.root / "sub"
        self.bare_inside(self.sub, "a.txt")
        for text in ("one\n", "two\n"):
            (self.sub / "a.txt").write_text(text)
            self.commit()

    def test_it_is_a_folder_of_the_work_tree(self) -> None:
        # git itself would take what was planted.
        self.assertEqual(
            "planted two",
            self.git("cat-file", "-p", "HEAD:a.txt", folder=self.sub),
        )
        below = self.sub / "below" / "it"
        below.mkdir(parents=True)
        for root, path in ((self.sub, "a.txt"), (below, "../../a.txt")):
            for revision, text in (("HEAD", "two\n"), ("HEAD~1", "one\n")):
                found = git.read(str(root), revision, path)
                self.assertEqual(text, found)
            self.assertEqual(
                self.git("rev-parse", "HEAD~1"), git.first_parent(str(root))
            )

    def test_nothing_of_it_runs(self) -> None:
        self.promise(self.sub, "a.txt")
        for name, settings in FETCHED.items():
            self.configure(name, settings, self.sub)
            self.runs(name, "cat-file", "-p", "HEAD~1:a.txt", folder=self.sub)
            found = git.read(str(self.sub), "HEAD~1", "a.txt")
            self.assertEqual("one\n", found)
            self.assert_nothing_ran(name)

    def test_one_that_is_named(self) -> None:
        """Outside of any work tree it is what it looks like."""
        bare = self.folder / "bare"
        self.sub.rename(bare)
        self.assertEqual("planted two\n", git.read(str(bare), "HEAD", "a.txt"))
        self.assertRaises(
            OutsideError, git.read, str(bare / "refs"), "HEAD", "a.txt"
        )

    def test_one_of_its_own_below_another_work_tree(self) -> None:
        """Somebody's home may be a work tree: there a ceiling tells."""
        self.useFixture(
            fixtures.EnvironmentVariable(
                "GIT_CEILING_DIRECTORIES", f"/nonexistent:{self.root}"
            )
        )
        found = git.read(str(self.sub), "HEAD", "a.txt")
        self.assertEqual("planted two\n", found)


class TestCommands(HostileTestCase):
    """For every command, at the oldest and the newest Python."""

    def setUp(self) -> None:
        super().setUp()
        # Python 3.10 has no tomllib, and what stands for it may not be here.
        self.write("path/tomli.py", TOMLI)
        self.reqs = self.folder / "reqs"
        self.write("reqs/global-requirements.txt", LIST)
        self.write("reqs/upper-constraints.txt", CONSTRAINTS)
        freeze = freeze_json.to_json(make("foo 2.0"))
        self.write("freezes/python3.12.json", freeze)
        # Where a change of the lists would be proposed.
        self.clean = self.folder / "clean"
        self.git("init", "--quiet", "--bare", str(self.clean / "org" / "x"))

    def project(self, folder: Path) -> None:
        """Two commits that differ in what commands read."""
        for text in ("1.0", "2.0"):
            for name, content in (
                ("requirements.txt", f"foo>={text} # MIT\n"),
                ("global-requirements.txt", f"foo>={text} # MIT\n"),
                ("upper-constraints.txt", f"foo==={text}\n"),
                ("setup.cfg", "[metadata]\nname = x\n"),
                ("projects.txt", "org/x\n"),
                ("conflict.txt", CONFLICT),
                ("no-list.txt", "foo bar\n"),
                ("zuul.yaml", "- project:\n    name: org/x\n"),
            ):
                (folder / name).write_text(content)
            self.commit()

    def reading_revisions(self, project: Path) -> Iterator[tuple[str, ...]]:
        """What reads a revision of a project, run inside of it."""
        reqs, here = str(self.reqs), str(project)
        check = ("check-requirements", "--reqs", reqs)
        yield (*check, here)
        yield (*check, "--against", "HEAD~1")
        yield (*check, "--fix", "--diff", "--against", "HEAD~1", here)
        yield "diff-constraints", f"HEAD~1:{MISSING[2]}", MISSING[2]
        yield (
            *("validate-constraints", "--licenses", "--since", "HEAD~1"),
            *("--freezes", str(self.folder / "freezes")),
        )
        yield (
            *("generate-constraints", "-p", sys.executable, "-q"),
            *("-r", "global-requirements.txt", "-o", "upper-constraints.txt"),
            *("--propose", "HEAD~1"),
        )

    def reading_files(self, project: Path) -> Iterator[tuple[str, ...]]:
        """What reads the files that are there alone."""
        reqs, here = str(self.reqs), str(project)
        listed, pinned = "global-requirements.txt", "upper-constraints.txt"
        check = ("check-requirements", "--reqs", reqs)
        yield (*check, "--local", ".")
        yield (*check, "--rehearse", "--baseline", reqs, here)
        yield "update-requirements", "--source", reqs, "--check", here
        yield "check-constraints", "-u", pinned, "-g", listed, here
        # What is listed already is not asked for: there is no index.
        yield "bootstrap-requirements", "--root", here, "--extend", listed
        yield "build-lower-constraints", "requirements.txt"
        yield "check-conflicts", pinned
        yield "check-python2-support", "--requirements", listed
        yield "edit-constraints", pinned, "--from-source", here
        yield "explain-constraint", "foo", "--freezes", here
        merge = "merge-constraints"
        yield merge, "--resolve", "conflict.txt", "-o", "-"
        yield merge, "--install"
        yield merge, "--uninstall"
        # What cannot be read is left to git.
        yield merge, "no-list.txt", "no-list.txt", listed, "7", "list.txt"
        yield "normalize-requirements", listed
        yield "openstack-requirements", "normalize-requirements", listed
        names = self.write("listed.txt", f"org/{project.name}\n")
        proposed = ("--projects", names, "--root", str(project.parent))
        yield "propose-updates", "--reqs", reqs, *proposed
        yield (
            *(
                "propose-constraints",
                "--freezes",
                str(self.folder / "freezes"),
            ),
            *("--project", "org/x", "--clone", f"{self.clean}/{{project}}"),
        )
        yield "validate-constraints", listed, pinned
        zuul = ("--zuul-projects", "zuul.yaml")
        yield "validate-projects", "projects.txt", *zuul

    def test_every_command_is_here(self) -> None:
        commands = [
            *self.reading_revisions(self.root),
            *self.reading_files(self.root),
        ]
        self.assertEqual(set(scripts()), {each[0] for each in commands})

    def test_a_partial_clone(self) -> None:
        self.project(self.root)
        self.promise(self.root, *MISSING)
        for name, (settings, _) in CONFIGURED.items():
            self.configure(name, settings, self.root)
        self.configure("ssh", FETCHED["ssh"], self.root)
        self.runs("ssh", "cat-file", "-p", f"HEAD~1:{MISSING[0]}")
        for python in pythons():
            for command in self.reading_revisions(self.root):
                done = self.run_in(self.root, python, *command)
                self.assertIn("is a partial clone", done.err, str(command))
                self.assertEqual(3, done.status)
                self.assert_nothing_ran((python, command))
            for command in self.reading_files(self.root):
                done = self.run_in(self.root, python, *command)
                self.assertNotIn("Traceback", done.err, str(command))
                self.assert_nothing_ran((python, command))

    def test_a_bare_repository_inside(self) -> None:
        sub = self.root / "sub"
        self.bare_inside(sub, *MISSING)
        self.project(sub)
        self.promise(sub, MISSING[0])
        self.configure("ssh", FETCHED["ssh"], sub)
        self.runs("ssh", "cat-file", "-p", f"HEAD~1:{MISSING[0]}", folder=sub)
        for python in pythons():
            for command in self.reading_revisions(sub):
                done = self.run_in(sub, python, *command)
                self.assertNotIn("partial clone", done.err, str(command))
                if command[0] == "check-requirements":
                    self.assertIn(done.status, {0, 1}, str(done))
                if command[0] == "diff-constraints":
                    self.assertIn("foo 1.0 -> 2.0", done.out)
                self.assertNotIn("planted", done.out + done.err)
                self.assert_nothing_ran((python, command))
            for command in self.reading_files(sub):
                done = self.run_in(sub, python, *command)
                self.assertNotIn("Traceback", done.err, str(command))
                self.assert_nothing_ran((python, command))

    def run_in(self, folder: Path, python: str, *argv: str) -> base.Outcome:
        """Run a command in a folder, under another Python."""
        words = base.script(*argv)
        done = subprocess.run(
            [python, *words[1:]],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(
                    [
                        str(base.ROOT),
                        str(Path(tomlkit.__file__).parents[1]),
                        str(self.folder / "path"),
                    ]
                ),
                "PYTHONDONTWRITEBYTECODE": "1",
                # No index is asked.
                "UV_OFFLINE": "1",
                "PIP_NO_INDEX": "1",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return base.Outcome(done.returncode, done.stdout, done.stderr)
