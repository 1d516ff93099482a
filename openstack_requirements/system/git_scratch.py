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
"""A git repository of a job's own, in which commits are made and pushed.

Whoever's checkout the commits are for, its work tree, its index, its HEAD and
its references are neither read nor written, and its configuration counts for
nothing: no hook, filter or signing program of it runs. Its objects alone are
borrowed, so that what is there is not fetched.

The configuration of the person who starts the job counts: their name, their
credential helpers and what they say of ssh and proxies.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from openstack_requirements.errors import (
    CommandFailed,
    CommandTimedOut,
    OutsideError,
    UnusableInput,
    printable,
)
from openstack_requirements.output import MASK, masked
from openstack_requirements.system import git_command, git_repository
from openstack_requirements.system.git_command import Git
from openstack_requirements.system.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_Answer = TypeVar("_Answer")

#: How long a request to another machine may take, in seconds.
PATIENCE = 300.0
#: The protocols that reach another repository. Others start a program that
#: the address names.
PROTOCOLS = ("file", "git", "http", "https", "ssh")

#: How long to wait before it is repeated, in seconds, where it is to no avail
#: for now.
WAITS = (1.0, 4.0, 15.0)

_OPTIONS = (
    "--no-pager",
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "push.gpgSign=false"),
    *("-c", "fetch.bundleURI="),
    *("-c", "gc.auto=0"),
    # It would start git in the repository whose objects are borrowed.
    *("-c", "core.alternateRefsCommand=true"),
)
# What git says where the other side may be well again in a moment.
_PASSING = re.compile(
    r"returned error: (?:429|5\d\d)|early EOF|Connection reset"
    r"|unexpected disconnect|Connection timed out|Could not resolve host"
)
_MOST_REFS = 64 * 1024 * 1024  # bytes of a listing
_EMPTY_FOLDER = "empty"
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REPORTED = re.compile(
    r"(?P<flag>[ +*=!-])\t[^\t]*:(?P<ref>[^\t]+)\t"
    r"\[?(?P<summary>[^\]\t(]*?)\]?(?: \((?P<reason>.*)\))?"
)
_OUTCOMES = {"*": "new", " ": "moved", "+": "moved", "-": "deleted", "=": ""}

# What of our environment a connection to another machine needs, beside what
# git itself does. It is of the person who starts the job.
_KEPT = re.compile(
    r"SSH_AUTH_SOCK|SSH_AGENT_PID|GIT_SSH|GIT_SSH_COMMAND|GIT_SSH_VARIANT"
    r"|(?i:https?_proxy|all_proxy|no_proxy)"
    r"|GIT_SSL_\w+|SSL_CERT_(?:FILE|DIR)|CURL_CA_BUNDLE"
    r"|GIT_(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL)|EMAIL"
)


class Identity(NamedTuple):
    """Who makes a commit."""

    name: str
    email: str


class Access(NamedTuple):
    """What a server is told so that it lets us in.

    It goes through variables: a command line can be read by anybody.

    :param prefix: the addresses that it is for, ``https://forge.example/``.
    :param header: an HTTP header, ``Authorization: Basic ...``.
    """

    prefix: str
    header: str

    def __repr__(self) -> str:
        return f"Access(prefix={self.prefix!r}, header=...)"

    def masked(self, text: str) -> str:
        """A text of the server, which may repeat what it was sent."""
        encoded = self.header.rpartition(" ")[2]
        secrets = [encoded]
        with contextlib.suppress(ValueError):
            decoded = base64.b64decode(encoded, validate=True)
            secrets.append(
                decoded.partition(b":")[2].decode("utf-8", "replace")
            )
        for secret in filter(None, secrets):
            text = text.replace(secret, MASK)
        return text


class Remote(NamedTuple):
    """Another repository.

    :param url: its address, without any password.
    :param access: how to get in, where the person's own configuration does
        not know it.
    """

    url: str
    access: Access | None = None


class RefUpdate(NamedTuple):
    """A reference of another repository, and the commit that it gets.

    :param ref: its full name.
    :param commit: the commit's id; empty to delete the reference.
    :param expected: the id that it has; empty where there must be none; None
        where that is the other side's business.
    """

    ref: str
    commit: str
    expected: str | None = None


class RefOutcome(NamedTuple):
    """What became of an update.

    ``outcome`` is ``new``, ``moved``, ``deleted``, ``rejected``, or empty
    where the reference has that commit already; ``reason`` says why it was
    rejected.
    """

    ref: str
    outcome: str
    reason: str = ""


class CommitFacts(NamedTuple):
    """A commit without its files."""

    tree: str
    parents: tuple[str, ...]
    author: Identity
    committer: Identity
    seconds: int
    message: str


class ScratchRepository:
    """A bare repository in a folder of a job's own.

    :param folder: a new or an empty one.
    :param borrowed: a folder in a work tree, or a bare repository, whose
        objects are used; or empty.
    :raises OutsideError: where git cannot be used.
    """

    def __init__(
        self,
        folder: str,
        borrowed: str = "",
        processes: Processes | None = None,
    ) -> None:
        self._processes = processes or Processes()
        empty = os.path.join(folder, _EMPTY_FOLDER)
        os.makedirs(empty, exist_ok=True)
        self.folder = os.path.join(folder, "objects.git")
        sha256 = False
        if borrowed:
            objects, sha256 = _objects(borrowed)
        command = [
            *("git", "init", "--quiet", "--bare", f"--template={empty}"),
            f"--object-format={'sha256' if sha256 else 'sha1'}",
            self.folder,
        ]
        self._processes.read(
            command,
            folder=folder,
            environment={"PATH": os.environ.get("PATH", "")},
            inherit=False,
        )
        if borrowed:
            info = os.path.join(self.folder, "objects", "info")
            os.makedirs(info, exist_ok=True)
            path = os.path.join(info, "alternates")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"{_quoted(objects)}\n")
        self._git = Git(self.folder, self._processes)

    def has(self, commit: str) -> bool:
        """Whether a commit is here, or in what is borrowed."""
        try:
            self._git.run("cat-file", "-e", f"{commit}^{{commit}}")
        except CommandFailed:
            return False
        return True

    def keep(self, commit: str) -> None:
        """Tell the other side of a fetch that a commit is here."""
        self._git.ask("update-ref", f"refs/known/{commit}", commit)

    def references(self, remote: Remote) -> dict[str, str]:
        """The references of another repository, and where each leads.

        ``HEAD`` is among them where it leads to a branch, with the name of
        that branch in place of an id.

        :raises OutsideError: where it cannot be asked.
        """
        words = ["ls-remote", "--symref", "--end-of-options", remote.url]
        listing = self._tried(remote, lambda: self._outside(remote, words))
        result = {}
        for line in listing.decode("utf-8", "replace").splitlines():
            value, _, name = line.partition("\t")
            if value.startswith("ref: "):
                result[name] = value.removeprefix("ref: ")
            elif _ID.fullmatch(value) and name not in result:
                result[name] = value
        return result

    def fetch(
        self, remote: Remote, references: Sequence[str], *, depth: int = 0
    ) -> dict[str, str]:
        """Fetch what references of another repository lead to.

        :param references: full names; the other side has all of them.
        :param depth: how many commits of each; 0 for all that is not here.
        :returns: the id of each.
        :raises OutsideError: where one cannot be fetched.
        """
        fetched = [
            f"refs/fetched/{number}" for number in range(len(references))
        ]
        words = [
            *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head"),
            *("--no-recurse-submodules", "--no-auto-maintenance"),
            *([f"--depth={depth}"] if depth else []),
            *("--force", "--end-of-options", remote.url),
            *(
                f"{name}:{place}"
                for name, place in zip(references, fetched, strict=True)
            ),
        ]
        self._tried(remote, lambda: self._outside(remote, words))
        ids = self._git.ask("rev-parse", *fetched).decode("ascii").split()
        return dict(zip(references, ids, strict=True))

    def facts(self, commit: str) -> CommitFacts:
        """What a commit says of itself.

        :raises OutsideError: where it is not here.
        """
        raw = self._git.ask(
            "cat-file", "commit", commit, most=git_command.LARGEST_OBJECT
        ).decode("utf-8", "replace")
        head, _, message = raw.partition("\n\n")
        parents: list[str] = []
        values: dict[str, str] = {}
        for line in head.splitlines():
            name, _, value = line.partition(" ")
            if name == "parent":
                parents.append(value)
            elif name:
                values.setdefault(name, value)
        author = _identity(values.get("author", ""))
        committer = _identity(values.get("committer", ""))
        date = values.get("committer", "").rpartition("> ")[2].split()
        seconds = int(date[0]) if date and date[0].isdigit() else 0
        return CommitFacts(
            values.get("tree", ""),
            tuple(parents),
            author,
            committer,
            seconds,
            message,
        )

    def contents(
        self, commit: str, paths: Iterable[str]
    ) -> dict[str, bytes | None]:
        """The regular files of a commit, by path; None where there is none.

        :raises OutsideError: where the commit is not here.
        """
        wanted = list(paths)
        entries = self._git.entries(commit, sorted(set(wanted)))
        plain = {
            path: entry
            for path, entry in entries.items()
            if entry.kind == "file" and path in wanted
        }
        contents = self._git.contents(plain.values())
        return {
            path: contents[plain[path].object] if path in plain else None
            for path in wanted
        }

    def changed(self, before: str, after: str) -> tuple[str, ...]:
        """The paths whose files differ between two commits."""
        listing = self._git.ask(
            *("diff-tree", "-r", "-z", "--no-renames", "--name-only"),
            *("--no-ext-diff", before, after),
            most=_MOST_REFS,
            # It opens an index, which need not be there.
            environment={"GIT_INDEX_FILE": f"{self.folder}/index-none"},
        )
        return tuple(
            os.fsdecode(path) for path in listing.split(b"\0") if path
        )

    def commit(
        self,
        base: str,
        contents: Mapping[str, bytes],
        message: str,
        who: Identity,
    ) -> str:
        """A commit that changes files of another commit.

        The same input makes the same commit: it has the date of its base. So
        a run that is repeated proposes what is there already.

        :param contents: the new contents of files, by path.
        :returns: its id.
        :raises OutsideError: where the base is not here.
        """
        index = f"{self.folder}/index-{os.urandom(8).hex()}"
        alone = {"GIT_INDEX_FILE": index}
        try:
            self._git.ask("read-tree", base, environment=alone)
            modes = self._modes(base, contents)
            rows = b""
            for path, content in sorted(contents.items()):
                blob = self._git.ask(
                    "hash-object", "-w", "--stdin", given=content
                ).strip()
                mode = modes.get(path, "100644").encode("ascii")
                rows += mode + b" " + blob + b"\t" + os.fsencode(path) + b"\0"
            self._git.ask(
                *("update-index", "-z", "--index-info"),
                given=rows,
                environment=alone,
            )
            tree = self._git.ask("write-tree", environment=alone)
        finally:
            for path in (index, f"{index}.lock"):
                if os.path.exists(path):
                    os.unlink(path)
        date = f"@{self.facts(base).seconds} +0000"
        names = {
            f"GIT_{role}_{field}": value
            for role in ("AUTHOR", "COMMITTER")
            for field, value in (
                ("NAME", who.name),
                ("EMAIL", who.email),
                ("DATE", date),
            )
        }
        answer = self._git.ask(
            *("commit-tree", tree.decode("ascii").strip(), "-p", base),
            given=f"{message.rstrip()}\n".encode(),
            environment=names,
        )
        return answer.decode("ascii").strip()

    def push(
        self,
        remote: Remote,
        updates: Sequence[RefUpdate],
        *,
        atomic: bool = False,
    ) -> tuple[RefOutcome, ...]:
        """Update references of another repository.

        :param atomic: all of them or none.
        :raises OutsideError: where the other side cannot be reached, or does
            not say what became of them.
        """
        leases = [
            f"--force-with-lease={update.ref}:{update.expected}"
            for update in updates
            if update.expected is not None
        ]
        words = [
            *("push", "--porcelain", "--no-verify", "--no-signed"),
            *("--no-recurse-submodules", "--no-follow-tags"),
            *(["--atomic"] if atomic else []),
            *leases,
            "--end-of-options",
            remote.url,
            *(f"{update.commit}:{update.ref}" for update in updates),
        ]
        said = self._tried(remote, lambda: self._push(remote, words))
        return tuple(
            RefOutcome(row["ref"], outcome, _why(row, outcome))
            for line in said.splitlines()
            if (row := _REPORTED.fullmatch(line)) is not None
            for outcome in (_OUTCOMES.get(row["flag"], "rejected"),)
        )

    def _push(self, remote: Remote, words: Sequence[str]) -> str:
        """What git prints of a push, whose updates may be rejected."""
        wanted = self._outside_environment(remote)
        unwanted = dict.fromkeys(os.environ.keys() - wanted.keys())
        try:
            return self._processes.run(
                ["git", *_OPTIONS, *words],
                folder=self.folder,
                environment={**unwanted, **wanted},
                deadline=PATIENCE,
            )
        except CommandFailed as error:
            if any(map(_REPORTED.fullmatch, error.output.splitlines())):
                return error.output
            raise

    def _outside(self, remote: Remote, words: Sequence[str]) -> bytes:
        """What git prints that talks to another repository."""
        return self._processes.read(
            ["git", *_OPTIONS, *words],
            folder=self.folder,
            environment=self._outside_environment(remote),
            inherit=False,
            deadline=PATIENCE,
            most=_MOST_REFS,
        )

    def _tried(self, remote: Remote, action: Callable[[], _Answer]) -> _Answer:
        """What an action answers; it is repeated where that may help.

        :raises OutsideError: where it fails at last, in words that help.
        """
        for wait in (*WAITS, None):
            try:
                return action()
            except CommandTimedOut as error:
                raise OutsideError(
                    f"{_shown(remote)}: git is not done within "
                    f"{error.seconds:g} seconds"
                ) from error
            except CommandFailed as error:
                if wait is None or not _PASSING.search(error.output):
                    raise _explained(remote, error) from error
            time.sleep(wait)
        raise AssertionError  # the last one raises

    def _outside_environment(self, remote: Remote) -> dict[str, str]:
        """The variables of a git that talks to another repository."""
        environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if _KEPT.fullmatch(name)
            },
            **self._git.environment,
            "GIT_ALLOW_PROTOCOL": ":".join(PROTOCOLS),
        }
        if remote.access is not None:
            count = environment.get("GIT_CONFIG_COUNT", "0")
            number = int(count) if count.isdigit() else 0
            key = f"http.{remote.access.prefix}.extraHeader"
            environment[f"GIT_CONFIG_KEY_{number}"] = key
            environment[f"GIT_CONFIG_VALUE_{number}"] = remote.access.header
            environment["GIT_CONFIG_COUNT"] = str(number + 1)
        return environment

    def _modes(self, base: str, paths: Iterable[str]) -> dict[str, str]:
        """The modes of files of a commit, so that they stay."""
        listing = self._git.ask(
            *("ls-tree", "-z", "--full-tree", base, "--"), *sorted(paths)
        )
        rows = (row.partition(b"\t") for row in listing.split(b"\0") if row)
        return {
            os.fsdecode(path): mode[:6].decode("ascii")
            for mode, _, path in rows
            if mode.startswith(b"100")
        }


def identity(processes: Processes | None = None) -> Identity:
    """Who this job's commits are by, as git's configuration says.

    The variables ``GIT_COMMITTER_NAME`` and ``GIT_COMMITTER_EMAIL`` count
    before the configuration of the person; that of no repository counts.

    :raises UnusableInput: where neither says it.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if git_command.KEPT.fullmatch(name) or _KEPT.fullmatch(name)
    }
    command = ["git", "-c", "user.useConfigOnly=true"]
    try:
        answer = (processes or Processes()).read(
            [*command, "var", "GIT_COMMITTER_IDENT"],
            folder="/",
            environment={**environment, "GIT_CEILING_DIRECTORIES": "/"},
            inherit=False,
        )
    except CommandFailed as error:
        raise UnusableInput(
            "git",
            "does not know who you are: set GIT_COMMITTER_NAME and "
            "GIT_COMMITTER_EMAIL, or user.name and user.email (git config "
            "--global)",
        ) from error
    return _identity(answer.decode("utf-8", "replace").strip())


def _identity(text: str) -> Identity:
    """Name and address of ``Name <address> seconds zone``."""
    name, _, rest = text.partition(" <")
    return Identity(name, rest.partition(">")[0])


def _objects(borrowed: str) -> tuple[str, bool]:
    """The folder of a repository's objects, and whether ids are SHA-256.

    :raises OutsideError: where there is no repository.
    """
    start = os.path.realpath(borrowed)
    repository = git_repository.find(start)
    if repository is None:
        place = printable(os.path.abspath(borrowed))
        raise OutsideError(f"{place}: is not in a git repository")
    git_repository.require_files(repository.folder)
    git = Git(borrowed, None)
    answer = git.ask("rev-parse", "--show-object-format").strip()
    return git_repository.objects_of(repository.folder), answer == b"sha256"


def _why(row: re.Match[str], outcome: str) -> str:
    """Why a reference was rejected; empty where it was not."""
    reason = row["reason"] or row["summary"]
    return printable(reason) if outcome == "rejected" else ""


def _quoted(path: str) -> str:
    """A path for ``alternates``: quoted as in C where it needs to be."""
    if path.startswith('"') or "\n" in path:
        escaped = path.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + escaped.replace("\n", "\\n") + '"'
    return path


def _shown(remote: Remote) -> str:
    return printable(masked(remote.url))


def _explained(remote: Remote, error: CommandFailed) -> OutsideError:
    """A failure of git with another repository, in one line."""
    said = git_command.one_line(error)
    if remote.access is not None:
        said = remote.access.masked(said)
    return OutsideError(f"{_shown(remote)}: git cannot use it: {said}")
