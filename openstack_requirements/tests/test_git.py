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
"""Files at a revision, from repositories of every kind."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import zlib
from typing import TYPE_CHECKING, Any

import fixtures

from openstack_requirements.errors import OutsideError, UnusableInput
from openstack_requirements.system import git, git_command, git_repository
from openstack_requirements.system.process import Processes
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from pathlib import Path

#: Names that a program could take for something else.
HOSTILE = [
    " ",
    "*.txt",
    "-r",
    "--",
    ":(top)x",
    ":!x",
    "a\nb",
    "a\tb",
    'quo"te',
    "quo'te",
    "back\\slash",
    "HEAD",
    "$(touch x)",
    "ünïcode",
    os.fsdecode(b"\xff\xfe"),
    "[ab].txt",
    "x:y",
]


class GitTestCase(base.TestCase):
    """A test with a repository of its own."""

    def setUp(self) -> None:
        super().setUp()
        # Whatever the one who runs the tests has configured.
        for name, value in (
            ("GIT_CONFIG_GLOBAL", os.devnull),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CEILING_DIRECTORIES", str(self.folder.parent)),
            ("GIT_AUTHOR_NAME", "A. Developer"),
            ("GIT_AUTHOR_EMAIL", "developer@example.org"),
            ("GIT_COMMITTER_NAME", "A. Developer"),
            ("GIT_COMMITTER_EMAIL", "developer@example.org"),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        self.root = self.folder / "repository"
        self.root.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str, folder: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=folder or self.root,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        """A commit with these files more; its id. ``_`` stands for a dot."""
        for name, content in files.items():
            path = self.root / name.replace("_", ".")
            path.write_text(content, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def read(self, revision: str, path: str) -> str | None:
        return git.read(str(self.root), revision, path)


class TestRead(GitTestCase):
    def test_what_was_committed_then(self) -> None:
        first = self.commit(a_txt="one\n")
        self.commit(a_txt="two\r\n")
        (self.root / "a.txt").write_text("three\n")
        self.assertEqual("two\r\n", self.read("HEAD", "a.txt"))
        self.assertEqual("one\n", self.read("HEAD~1", "a.txt"))
        self.assertEqual("one\n", self.read(first[:10], "a.txt"))
        self.assertEqual("two\r\n", self.read("main@{0}", "a.txt"))
        self.assertIsNone(self.read("HEAD", "b.txt"))
        self.assertIsNone(self.read("HEAD", "a.txt/b"))
        self.assertIsNone(self.read("HEAD", ""))

    def test_tags_are_peeled(self) -> None:
        self.commit(a_txt="one\n")
        self.git("tag", "-a", "-m", "x", "1.0")
        self.commit(a_txt="two\n")
        self.assertEqual("one\n", self.read("1.0", "a.txt"))

    def test_names_count_from_the_folder_on(self) -> None:
        inside = self.root / "sub" / "deep"
        inside.mkdir(parents=True)
        (inside / "b.txt").write_text("deep\n")
        self.commit(a_txt="top\n")
        for path, expected in (
            ("b.txt", "deep\n"),
            ("./b.txt", "deep\n"),
            ("../../a.txt", "top\n"),
            ("/a.txt", "top\n"),
            ("/sub/deep//b.txt", "deep\n"),
            ("a.txt", None),
            ("../../../a.txt", None),
            ("/../a.txt", None),
        ):
            found = git.read(str(inside), "HEAD", path)
            self.assertEqual(expected, found, path)

    def test_hostile_names(self) -> None:
        for number, name in enumerate(HOSTILE):
            (self.root / name).write_text(f"{number}\n")
        self.commit(a_txt="one\n")
        found = git.read_all(str(self.root), "HEAD", [*HOSTILE, "*"])
        self.assertIsNone(found.pop("*"))
        for number, name in enumerate(HOSTILE):
            self.assertEqual(
                git.File("file", b"%d\n" % number), found[name], name
            )

    def test_what_is_no_file(self) -> None:
        (self.root / "folder").mkdir()
        (self.root / "folder" / "x").write_text("x\n")
        (self.root / "link").symlink_to("a\x1b.txt")
        (self.root / "way").symlink_to("folder")
        self.commit(a_txt="one\n")
        self.git(
            *("update-index", "--add", "--cacheinfo"),
            f"160000,{'1' * 40},module",
        )
        self.git("commit", "--quiet", "-m", "x")
        names = ("a.txt", "folder", "folder/x", "link", "module", "way/x", ".")
        self.assertEqual(
            {
                "a.txt": git.File("file", b"one\n"),
                "folder": git.File("folder"),
                "folder/x": git.File("file", b"x\n"),
                "link": git.File("link", b"a\x1b.txt"),
                "module": git.File("submodule"),
                "way/x": None,
                ".": git.File("folder"),
            },
            git.read_all(str(self.root), "HEAD", names),
        )
        for name, reason in (
            ("folder", "HEAD:folder: is a folder"),
            (".", "HEAD:.: is a folder"),
            ("module", "HEAD:module: is a submodule"),
            ("link", r"HEAD:link: is a link to a\x1b.txt: name that file"),
        ):
            error = self.assertRaises(UnusableInput, self.read, "HEAD", name)
            self.assertEqual(reason, str(error))

    def test_not_utf8(self) -> None:
        (self.root / "a.txt").write_bytes(b"one\ntw\xff\n")
        self.commit()
        error = self.assertRaises(UnusableInput, self.read, "HEAD", "a.txt")
        self.assertIn("HEAD:a.txt:2: is not UTF-8 text", str(error))

    def test_too_large_is_not_read(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(f"{git.__name__}.LARGEST_FILE", 3)
        )
        self.commit(a_txt="123", b_txt="1234")
        self.assertEqual("123", self.read("HEAD", "a.txt"))
        error = self.assertRaises(UnusableInput, self.read, "HEAD", "b.txt")
        self.assertIn("HEAD:b.txt: is larger than", str(error))

    def test_many_files_take_few_processes(self) -> None:
        class Counting(Processes):
            runs = 0

            def read(self, *words: Any, **more: Any) -> bytes:
                self.runs += 1
                return super().read(*words, **more)

        names = [f"{number}.txt" for number in range(300)]
        for name in names:
            (self.root / name).write_text(name * 50)
        (self.root / "empty").write_text("")
        self.commit()
        processes = Counting()
        found = git.read_all(
            str(self.root), "HEAD", [*names, "empty", "none"], processes
        )
        self.assertLessEqual(processes.runs, 4)
        self.assertEqual(git.File("file"), found["empty"])
        self.assertIsNone(found["none"])
        for name in names:
            self.assertEqual(
                git.File("file", (name * 50).encode()), found[name]
            )


class TestLeftAlone(GitTestCase):
    def test_nothing_is_touched(self) -> None:
        self.commit(a_txt="one\n")
        (self.root / "a.txt").write_text("changed\n")
        (self.root / "new.txt").write_text("new\n")
        self.git("add", "new.txt")
        # A stat that the index does not have: a refresh would write it.
        os.utime(self.root / "a.txt", (1, 1))

        def state() -> dict[str, tuple[int, bytes]]:
            return {
                str(path.relative_to(self.root)): (
                    path.stat().st_mtime_ns,
                    path.read_bytes(),
                )
                for path in sorted(self.root.rglob("*"))
                if path.is_file()
            }

        before = state()
        self.read("HEAD", "a.txt")
        git.first_parent(str(self.root))
        self.assertRaises(UnusableInput, self.read, "nope", "a.txt")
        self.assertEqual(before, state())

    def test_nothing_that_is_configured_runs(self) -> None:
        mark = self.folder / "it-ran"
        self.git("config", "core.autocrlf", "true")
        for key in (
            "filter.x.smudge",
            "filter.x.clean",
            "diff.x.textconv",
            "core.fsmonitor",
            "core.pager",
            "alias.rev-parse",
            "core.sshCommand",
        ):
            self.git("config", key, f"!: >{mark}; cat")
        hooks = self.root / ".git" / "hooks"
        hooks.mkdir(exist_ok=True)
        for hook in ("post-checkout", "post-index-change", "pre-auto-gc"):
            (hooks / hook).write_text(f"#!/bin/sh\n: >{mark}\n")
            (hooks / hook).chmod(0o755)
        self.commit(_gitattributes="*.txt filter=x diff=x\n", a_txt="one\n")
        mark.unlink()  # it does run where git is let
        self.assertEqual("one\n", self.read("HEAD", "a.txt"))
        self.assertFalse(mark.exists())

    def test_replacements_and_grafts_do_not_count(self) -> None:
        first = self.commit(a_txt="one\n")
        second = self.commit(a_txt="two\n")
        third = self.commit(a_txt="three\n")
        self.git("replace", second, third)
        self.assertEqual("two\n", self.read(second, "a.txt"))
        info = self.root / ".git" / "info"
        info.mkdir(exist_ok=True)
        (info / "grafts").write_text(f"{third} {first}\n")
        self.assertEqual(second, git.resolve(str(self.root), "HEAD~1"))
        self.assertEqual(second, git.first_parent(str(self.root)))

    def test_the_folder_decides_not_the_environment(self) -> None:
        self.commit(a_txt="one\n")
        other = self.folder / "other"
        other.mkdir()
        self.git("init", "--quiet", folder=other)
        for name, value in (
            ("GIT_DIR", str(other / ".git")),
            ("GIT_WORK_TREE", str(other)),
            ("GIT_INDEX_FILE", str(other / "index")),
            ("GIT_OBJECT_DIRECTORY", str(other / ".git/objects")),
            ("GIT_COMMON_DIR", str(other / ".git")),
            ("GIT_NAMESPACE", "x"),
            ("GIT_PREFIX", "x/"),
            ("GIT_GLOB_PATHSPECS", "1"),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        self.assertEqual("one\n", self.read("HEAD", "a.txt"))


class TestRevisions(GitTestCase):
    def test_none_such(self) -> None:
        self.commit(a_txt="one\n")
        self.git("tag", "a-file", "HEAD:a.txt")
        for revision in (
            "nope",
            "HEAD~7",
            "main@{99}",
            "a-file",
            "1" * 40,
            "HEAD^{",
            "a b",
            "HEAD..main",
        ):
            error = self.assertRaises(
                UnusableInput, self.read, revision, "a.txt"
            )
            self.assertIn(f"{revision}: git finds no such commit", str(error))
            self.assertEqual(2, error.status)

    def test_no_revisions(self) -> None:
        self.commit(a_txt="one\n")
        for revision in (
            *("", "-1", "--help", "--output=x", "a\0b", "a\nb"),
            # All that these do not lead to.
            *("^HEAD", "^main", "^"),
        ):
            error = self.assertRaises(
                UnusableInput, self.read, revision, "a.txt"
            )
            self.assertIn("is not a git revision", str(error))

    def test_parents(self) -> None:
        root = str(self.root)
        first = self.commit(a_txt="one\n")
        self.assertIsNone(git.first_parent(root))
        second = self.commit(a_txt="two\n")
        self.git("checkout", "--quiet", "-b", "side", first)
        third = self.commit(b_txt="side\n")
        self.git("checkout", "--quiet", "main")
        self.git("merge", "--quiet", "--no-ff", "-m", "x", "side")
        self.assertEqual(second, git.first_parent(root))
        self.assertEqual(first, git.first_parent(root, "HEAD~1"))
        self.git("checkout", "--quiet", "--detach", third)
        self.assertEqual(first, git.first_parent(root))

    def test_a_message_that_looks_like_a_parent(self) -> None:
        self.git(
            "commit", "--quiet", "--allow-empty", "-m", f"x\n\nparent {1}"
        )
        self.assertIsNone(git.first_parent(str(self.root)))

    def test_no_commit_yet(self) -> None:
        error = self.assertRaises(UnusableInput, self.read, "HEAD", "a.txt")
        self.assertIn("HEAD: git finds no such commit", str(error))

    def test_shallow_clone(self) -> None:
        self.commit(a_txt="one\n")
        self.commit(a_txt="two\n")
        shallow = self.folder / "shallow"
        self.git(
            *("clone", "--quiet", "--depth=1"),
            *(f"file://{self.root}", str(shallow)),
        )
        self.assertEqual("two\n", git.read(str(shallow), "HEAD", "a.txt"))
        for ask in (
            lambda: git.resolve(str(shallow), "HEAD~1"),
            lambda: git.first_parent(str(shallow)),
        ):
            error = self.assertRaises(UnusableInput, ask)
            self.assertIn("shallow clone: fetch more", str(error))

    def test_sha256(self) -> None:
        other = self.folder / "sha256"
        other.mkdir()
        self.git("init", "--quiet", "--object-format=sha256", folder=other)
        (other / "a.txt").write_text("one\n")
        self.git("add", "a.txt", folder=other)
        self.git("commit", "--quiet", "-m", "x", folder=other)
        self.git("commit", "--quiet", "--allow-empty", "-m", "y", folder=other)
        self.assertEqual("one\n", git.read(str(other), "HEAD", "a.txt"))
        parent = git.first_parent(str(other))
        self.assertEqual(64, len(parent or ""))


class TestRepositories(GitTestCase):
    def test_bare(self) -> None:
        self.commit(a_txt="one\n")
        bare = self.folder / "bare"
        self.git("clone", "--quiet", "--bare", str(self.root), str(bare))
        self.assertEqual("one\n", git.read(str(bare), "main", "a.txt"))

    def test_worktree(self) -> None:
        self.commit(a_txt="one\n")
        other = self.folder / "worktree"
        self.git("worktree", "add", "--quiet", str(other))
        self.assertEqual("one\n", git.read(str(other), "HEAD", "a.txt"))

    def test_none(self) -> None:
        folder = self.folder / "plain"
        folder.mkdir()
        error = self.assertRaises(
            OutsideError, git.read, str(folder), "HEAD", "a.txt"
        )
        self.assertEqual(f"{folder}: is not in a git repository", str(error))
        self.assertEqual(3, error.status)

    def test_no_folder(self) -> None:
        path = self.write("file", "")
        for root in (path, str(self.folder / "none")):
            error = self.assertRaises(
                UnusableInput, git.read, root, "HEAD", "a.txt"
            )
            self.assertIn("is not a folder", str(error))

    def test_of_somebody_else(self) -> None:
        self.commit(a_txt="one\n")
        # git's own tests have a way to say so.
        known = f"{git_command.KEPT.pattern}|GIT_TEST_ASSUME_DIFFERENT_OWNER"
        self.useFixture(
            fixtures.MonkeyPatch(
                f"{git_command.__name__}.KEPT", re.compile(known)
            )
        )
        self.useFixture(
            fixtures.EnvironmentVariable(
                "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1"
            )
        )
        error = self.assertRaises(OutsideError, self.read, "HEAD", "a.txt")
        self.assertIn("safe.directory", str(error))
        # The same variables with which a job says that it does trust it.
        for name, value in (
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_KEY_0", "safe.directory"),
            ("GIT_CONFIG_VALUE_0", "*"),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        self.assertEqual("one\n", self.read("HEAD", "a.txt"))

    def test_broken(self) -> None:
        self.commit(a_txt="one\n")
        blob = self.git("rev-parse", "HEAD:a.txt")
        path = self.root / ".git" / "objects" / blob[:2] / blob[2:]
        path.chmod(0o600)
        path.unlink()
        error = self.assertRaises(OutsideError, self.read, "HEAD", "a.txt")
        self.assertIn(f"git has lost the object {blob}", str(error))

    def test_a_broken_configuration(self) -> None:
        self.commit(a_txt="one\n")
        config = self.root / ".git" / "config"
        for text in (
            "[core\n",
            "[core]\n\trepositoryformatversion = 99\n",
            "[core]\n\tbare = perhaps\n",
            "[extensions]\n\tno-such = 1\n"
            "[core]\n\trepositoryformatversion = 1\n",
            "\0" * 100,
        ):
            config.write_text(text)
            for ask in (
                lambda: self.read("HEAD", "a.txt"),
                lambda: git.first_parent(str(self.root)),
            ):
                error = self.assertRaises(OutsideError, ask)
                said = str(error)
                self.assertIn(f"{self.root}: git cannot read it: ", said)
                self.assertEqual(1, len(said.splitlines()), said)
                self.assertTrue(said.isprintable(), said)
                self.assertNotIn("fatal:", said)

    def test_more_places_for_a_repository(self) -> None:
        """Work trees of a bare repository, and a submodule."""
        self.commit(a_txt="one\n")
        bare = self.folder / "project.git"
        self.git("clone", "--quiet", "--bare", str(self.root), str(bare))
        for place in (bare / "inside", self.folder / "beside"):
            self.git(
                *("worktree", "add", "--quiet", "--detach", str(place)),
                folder=bare,
            )
            self.assertEqual("one\n", git.read(str(place), "HEAD", "a.txt"))
        other = self.folder / "super"
        other.mkdir()
        self.git("init", "--quiet", folder=other)
        self.git(
            *("-c", "protocol.file.allow=always"),
            *("submodule", "--quiet", "add", str(self.root), "sub"),
            folder=other,
        )
        self.assertTrue((other / "sub" / ".git").is_file())
        found = git.read(str(other / "sub"), "HEAD", "a.txt")
        self.assertEqual("one\n", found)

    def test_what_is_no_repository_is_passed_by(self) -> None:
        inside = self.root / "sub"
        (inside / ".git").mkdir(parents=True)
        (inside / "a.txt").write_text("one\n")
        self.commit()
        self.assertEqual("one\n", git.read(str(inside), "HEAD", "a.txt"))
        (inside / ".git").rmdir()
        (inside / ".git").write_text("gitdir: /no/such\n")
        error = self.assertRaises(
            OutsideError, git.read, str(inside), "HEAD", "a.txt"
        )
        self.assertEqual(f"{inside}: is not in a git repository", str(error))

    def test_without_git(self) -> None:
        self.commit(a_txt="one\n")
        self.useFixture(fixtures.EnvironmentVariable("PATH", str(self.folder)))
        error = self.assertRaises(OutsideError, self.read, "HEAD", "a.txt")
        self.assertIn("git: cannot be started", str(error))


class TestLimits(GitTestCase):
    """git neither waits for ever nor takes all of the memory."""

    def bad(self, words: str, revision: str = "HEAD") -> None:
        error = self.assertRaises(OutsideError, self.read, revision, "a.txt")
        self.assertIn(words, str(error))
        self.assertEqual(1, len(str(error).splitlines()))
        self.assertRaises(OutsideError, git.first_parent, str(self.root))

    def test_a_pipe_in_the_place_of_a_file(self) -> None:
        """Those that git reads first are looked at before it starts."""
        self.commit(a_txt="one\n")
        folder = self.root / ".git"
        for name in (
            *git_repository._FILES,
            *git_repository._COMMON_FILES,
        ):
            path = folder / name
            old = path.read_bytes() if path.exists() else None
            path.unlink(missing_ok=True)
            path.parent.mkdir(exist_ok=True)
            os.mkfifo(path)
            self.bad(f"{path}: is not a regular file, so git is not asked")
            path.unlink()
            if old is not None:
                path.write_bytes(old)
        self.assertEqual("one\n", self.read("HEAD", "a.txt"))

    def test_a_pipe_for_what_is_read_later(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(f"{git_command.__name__}.DEADLINE", 1.0)
        )
        self.commit(a_txt="one\n")
        self.commit(a_txt="two\n")
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        commit = self.git("rev-parse", "HEAD")
        object_ = self.root / ".git" / "objects" / commit[:2] / commit[2:]
        branch = self.root / ".git" / "refs" / "heads" / "main"
        for path in (branch, object_):
            aside = path.rename(self.folder / "aside")
            os.mkfifo(path)
            self.bad("git rev-parse did not end within 1 seconds")
            path.unlink()
            aside.rename(path)
        self.git("config", "include.path", str(pipe))
        self.bad("did not end within 1 seconds")

    def test_a_work_tree_of_several(self) -> None:
        self.commit(a_txt="one\n")
        other = self.folder / "worktree"
        self.git("worktree", "add", "--quiet", str(other))
        config = self.root / ".git" / "config"
        config.unlink()
        os.mkfifo(config)
        error = self.assertRaises(
            OutsideError, git.read, str(other), "HEAD", "a.txt"
        )
        self.assertIn(f"{config}: is not a regular file", str(error))

    def test_files_without_bound(self) -> None:
        """Nobody reads through three gigabytes of nothing."""
        self.commit(a_txt="one\n")
        for name in (
            *git_repository._FILES,
            *git_repository._COMMON_FILES,
        ):
            path = self.root / ".git" / name
            if path.exists():
                old = path.read_bytes()
                os.truncate(path, 3 << 30)
                self.bad(f"{path}: is larger than")
                path.write_bytes(old)
        branch = self.root / ".git" / "refs" / "heads" / "main"
        os.truncate(branch, 3 << 30)
        self.bad(f"is larger than {git_command.LARGEST_OBJECT} bytes")

    def loose(self, kind: str, content: bytes, size: int | None = None) -> str:
        """An object that git itself would not write; its id."""
        head = f"{kind} {len(content) if size is None else size}\0".encode()
        name = hashlib.sha1(head + content).hexdigest()
        path = self.root / ".git" / "objects" / name[:2] / name[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(head + content))
        return name

    def test_a_huge_commit(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                f"{git_command.__name__}.LARGEST_OBJECT", 1 << 20
            )
        )
        first = self.commit(a_txt="one\n")
        tree = self.git("rev-parse", "HEAD^{tree}")
        for size, fits in ((1 << 19, True), (1 << 21, False)):
            self.write("message", "x" * size)
            commit = self.git(
                *("commit-tree", "-p", first, tree),
                *("-F", str(self.folder / "message")),
            )
            self.git("update-ref", "refs/heads/main", commit)
            if fits:
                self.assertEqual("one\n", self.read("HEAD", "a.txt"))
                self.assertEqual(first, git.first_parent(str(self.root)))
            else:
                self.bad("is larger than 1048576 bytes")
                self.bad("is larger than 1048576 bytes", "HEAD~1")

    def test_objects_that_claim_to_be_huge(self) -> None:
        """git makes room for what an object says that it has."""
        self.commit(a_txt="one\n")
        tree = self.git("rev-parse", "HEAD^{tree}")
        for kind in ("commit", "tag"):
            huge = self.loose(kind, f"tree {tree}\n".encode(), 1_500_000_000)
            (self.root / ".git/refs/heads/main").write_text(f"{huge}\n")
            self.bad(f"is larger than {git_command.LARGEST_OBJECT} bytes")
        huge = self.loose("tree", b"x", 1_500_000_000)
        commit = self.loose(
            "commit",
            f"tree {huge}\nauthor x <x> 1 +0000\n"
            "committer x <x> 1 +0000\n\nx\n".encode(),
        )
        error = self.assertRaises(OutsideError, self.read, commit, "a.txt")
        self.assertIn("is larger than", str(error))

    def test_a_listing_without_bound(self) -> None:
        """A tree may say the same name again and again."""
        self.commit(a_txt="one\n")
        blob = bytes.fromhex(self.git("rev-parse", "HEAD:a.txt"))
        tree = self.loose("tree", (b"100644 a.txt\0" + blob) * 10_000)
        commit = self.loose(
            "commit",
            f"tree {tree}\nauthor x <x> 1 +0000\n"
            "committer x <x> 1 +0000\n\nx\n".encode(),
        )
        error = self.assertRaises(OutsideError, self.read, commit, "a.txt")
        self.assertIn(f"{self.root}: git ls-tree prints more", str(error))
