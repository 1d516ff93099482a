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
"""How git is started, and what its answers and failures mean.

Nothing that a repository could configure runs: no hook, filter, text
conversion or pager; and nothing is fetched, by whatever protocol, also where
an object is missing that a partial clone would fetch. git takes neither for
ever nor all of the memory: see :data:`DEADLINE` and :data:`LARGEST_OBJECT`.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from openstack_requirements.errors import (
    CommandFailed,
    CommandTimedOut,
    OutsideError,
    TooMuchOutput,
    UnusableInput,
    printable,
)
from openstack_requirements.system import git_repository
from openstack_requirements.system.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

#: git loads nothing larger: commits, trees, tags, and what files are kept as
#: differences to, in bytes.
LARGEST_OBJECT = 64 * 1024 * 1024
#: How long git may take for one answer, in seconds.
DEADLINE = 60.0

#: What a name in a commit can stand for.
Kind = Literal["file", "link", "folder", "submodule"]

# All that git needs of our environment. Everything else stays away from it:
# what would say which repository it is (a hook, for one, runs with GIT_DIR),
# where to write what it does (GIT_TRACE), or which programs to run
# (GIT_SSH_COMMAND, GIT_ASKPASS).
#
# What configures it stays. safe.directory is given in this way where jobs run
# in containers, and it is of the person or the job that runs us, as is
# ~/.gitconfig; a project cannot set our environment.
KEPT = re.compile(
    r"PATH|HOME|XDG_CONFIG_HOME|TMPDIR|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH"
    # git, run by root, trusts repositories of the user that SUDO_UID names.
    r"|SUDO_UID"
    r"|GIT_CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM|PARAMETERS)"
    r"|GIT_CONFIG_(?:COUNT|KEY_\d+|VALUE_\d+)"
)
_ENVIRONMENT = {
    # A partial clone fetches a missing object as soon as it is needed, with
    # the program that its configuration names. git 2.39.4, 2.45 and later can
    # be told not to; the others fail, as no protocol is allowed, which no
    # configuration can undo.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    # A name is a name: no pattern, no magic.
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    # There is no index: to read one may start a file system monitor.
    "GIT_INDEX_FILE": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # Its failures are read below.
    "LC_ALL": "C",
}
_OPTIONS: tuple[str, ...] = (
    "--no-pager",
    # For what takes no program: each would be one.
    *("-c", "core.fsmonitor="),
    *("-c", f"core.hooksPath={os.devnull}"),
    # It would be fetched from before a protocol is looked at.
    *("-c", "fetch.bundleURI="),
)
# For a folder in a work tree. git 2.38 and later know it; whatever git it is,
# it starts where the work tree does, and so finds that one's ".git" first.
_IN_WORK_TREE = ("-c", "safe.bareRepository=explicit")
_MIB = 1024 * 1024
_LONGEST_COMPLAINT = 400  # characters of what git says
_MOST_WARNINGS = 20  # lines, of one answer
_ROW = re.compile(
    rb"(?P<mode>\d{6}) \w+ (?P<object>[0-9a-f]+) +(?P<size>\S+)\t"
    rb"(?P<path>.*)",
    re.DOTALL,
)
# How git says, in English, what it cannot give.
TOO_LARGE = "attempting to allocate"
_NOT_FETCHED = re.compile(
    r"lazy fetching disabled|transport '.*' not allowed"
    r"|could not fetch \w+ from promisor remote"
)
# How git, of whichever version, says that an object is not there. A partial
# clone is where that is no damage.
_MISSING = re.compile(
    r"not a (?:valid |known )?(?:tree|blob|commit|object)\b"
    r"|unable to (?:read|find|parse) |could not read |bad (?:object|file)\b"
    r"|missing (?:tree|blob|commit|object)\b|\bis missing\b",
    re.IGNORECASE,
)
_OBJECT_ID = re.compile(rb"[0-9a-f]{4,64}")
_SIZE = re.compile(rb"[0-9]{1,18}")
_KINDS: dict[bytes, Kind] = {
    b"04": "folder",
    b"10": "file",
    b"12": "link",
    b"16": "submodule",
}


class TreeEntry(NamedTuple):
    """What a commit has in a place, without its content."""

    kind: Kind
    object: str
    size: int


class Git:
    """git in a folder: reads objects, and explains failures.

    ``top`` is the top of the work tree, or the bare repository; ``inside``
    the folder's path from there on.

    :param warn: is told of each warning that git prints.
    """

    def __init__(
        self,
        root: str,
        processes: Processes | None,
        warn: Callable[[str], object] | None = None,
    ) -> None:
        if not os.path.isdir(root):
            raise UnusableInput(root, "is not a folder")
        self.root = root
        self._warn = warn
        self._processes = processes or Processes()
        start = os.path.realpath(root)
        repository = git_repository.find(start)
        if repository is None:
            raise _no_repository(root)
        git_repository.require_files(repository.folder)
        self.inside = os.path.relpath(start, repository.top)
        self.top = repository.top
        self._options = (
            _OPTIONS if repository.bare else _OPTIONS + _IN_WORK_TREE
        )
        self.environment: Mapping[str, str] = {
            **{
                name: value
                for name, value in os.environ.items()
                if KEPT.fullmatch(name)
            },
            **_ENVIRONMENT,
            # git uses this repository or none.
            "GIT_CEILING_DIRECTORIES": os.path.dirname(repository.top),
            # git's own limit for the size of one allocation.
            "GIT_ALLOC_LIMIT": str(LARGEST_OBJECT),
        }

    def run(
        self,
        *words: str,
        given: bytes = b"",
        most: int = _MIB,
        environment: Mapping[str, str | None] | None = None,
    ) -> bytes:
        """What git prints.

        :param most: how many bytes that may be.
        :param environment: variables that this command needs beside those of
            every command; one that is None is removed.
        :raises CommandFailed: where it fails.
        :raises OutsideError: where it does not end in time, or has more to
            print.
        """
        try:
            return self._processes.read(
                ["git", *self._options, *words],
                given=given,
                environment={**self.environment, **(environment or {})},
                inherit=False,
                folder=self.top,
                deadline=DEADLINE,
                most=most,
                on_complaints=self._pass_on,
            )
        except (CommandTimedOut, TooMuchOutput) as error:
            what = (
                f"did not end within {error.seconds:g} seconds"
                if isinstance(error, CommandTimedOut)
                else f"prints more than {error.most} bytes"
            )
            root = printable(os.path.abspath(self.root))
            raise OutsideError(f"{root}: git {words[0]} {what}") from error

    def configure_driver(
        self, driver: str, settings: Mapping[str, str]
    ) -> None:
        """Write the settings of a merge driver for this repository.

        Nothing else is ever written into its configuration.

        :param driver: its name.
        :param settings: by the last part of their names.
        :raises OutsideError: where that fails.
        """
        for name, value in settings.items():
            key = f"merge.{driver}.{name}"
            self.ask("config", "--local", "--replace-all", key, value)

    def forget_driver(self, driver: str) -> bool:
        """Remove the settings of a merge driver from this repository.

        :returns: whether there were any.
        :raises OutsideError: where that fails.
        """
        section = f"merge.{driver}"
        pattern = rf"^{re.escape(section)}\."
        try:
            self.run("config", "--local", "--get-regexp", pattern)
        except CommandFailed as error:
            if error.exit_status == 1:
                return False
            raise self.explained(error) from error
        self.ask("config", "--local", "--remove-section", section)
        return True

    def own_file(self, name: str) -> str:
        """The path of a file of the repository itself, ``info/attributes``."""
        answer = self.ask("rev-parse", "--git-path", name)
        return os.path.join(self.top, os.fsdecode(answer).removesuffix("\n"))

    def merge_base(self, path: str) -> bytes | None:
        """The base of a file with a conflict, as the index has it.

        :param path: from the folder on.
        :returns: None where the index has no base of it.
        """
        place = os.path.normpath(os.path.join(self.inside, path))
        try:
            return self.run(
                *("cat-file", "blob", f":1:{place}"),
                most=LARGEST_OBJECT,
                environment={"GIT_INDEX_FILE": None},
            )
        except CommandFailed:
            return None

    def merge_as_text(
        self, base: str, ours: str, theirs: str, marker_size: int
    ) -> bool:
        """Merge three files line by line, into the second one.

        :returns: whether git can merge them: not what is no text. Then the
            file stays as it is.
        """
        names = (
            x for name in ("ours", "base", "theirs") for x in ("-L", name)
        )
        paths = (os.path.abspath(path) for path in (ours, base, theirs))
        try:
            self.run(
                *("merge-file", f"--marker-size={marker_size}", *names),
                *paths,
            )
        except CommandFailed as error:
            return 0 < error.exit_status < 128  # so many conflicts
        return True

    def _pass_on(self, said: str) -> None:
        """Tell of what git warns of, without what it advises."""
        if self._warn is None:
            return
        for line in said.splitlines()[:_MOST_WARNINGS]:
            if line.startswith("warning: "):
                warning = line.removeprefix("warning: ")
                self._warn(f"git: {warning[:_LONGEST_COMPLAINT]}")

    def ask(
        self,
        *words: str,
        given: bytes = b"",
        most: int = _MIB,
        environment: Mapping[str, str | None] | None = None,
    ) -> bytes:
        """What git prints; see :meth:`run`.

        :raises OutsideError: where it fails, in words that help.
        """
        try:
            return self.run(
                *words, given=given, most=most, environment=environment
            )
        except CommandFailed as error:
            raise self.explained(error) from error

    def explained(self, error: CommandFailed) -> OutsideError:
        """A failure of git as an error in one line that helps."""
        root = printable(os.path.abspath(self.root))
        said = error.output
        if "not a git repository" in said:
            return _no_repository(self.root)
        if "dubious ownership" in said:
            return OutsideError(
                f"{root}: git does not trust the repository there, because it "
                "belongs to another user. If you do: git config --global "
                f"--add safe.directory {printable(self.top)}"
            )
        if TOO_LARGE in said:
            return OutsideError(
                f"{root}: an object of the git repository there is larger "
                f"than {LARGEST_OBJECT} bytes"
            )
        if _NOT_FETCHED.search(said) or (
            _MISSING.search(said) and self._is_partial()
        ):
            return self._not_fetched("all that is needed")
        return OutsideError(f"{root}: git cannot read it: {one_line(error)}")

    def _is_partial(self) -> bool:
        """Whether objects may be missing that can be fetched."""
        try:
            keys = r"^(remote\..*\.promisor|extensions\.partialclone)$"
            return bool(self.run("config", "--get-regexp", keys))
        except (CommandFailed, OutsideError):
            return False

    def _not_fetched(self, what: str) -> OutsideError:
        return OutsideError(
            f"{printable(os.path.abspath(self.root))}: is a partial clone "
            f"without {what}, and nothing is fetched here. If you trust where "
            "it comes from: git fetch --refetch --no-filter"
        )

    def entries(self, commit: str, places: list[str]) -> dict[str, TreeEntry]:
        """What a commit has at these places, by place."""
        if not places:
            return {}
        # There is a line for each place and for the folders above it. A tree
        # that has the same name many times has more, and is refused.
        most = sum(
            (place.count("/") + 1) * (len(os.fsencode(place)) + 200)
            for place in places
        )
        listing = self.ask(
            *("ls-tree", "-z", "-l", "-t", "--full-tree", commit, "--"),
            *places,
            most=most,
        )
        entries = {}
        for line in listing.split(b"\0"):
            match = _ROW.match(line)
            if match is None:
                continue  # behind the last one
            name, size = self.object_id(match["object"]), match["size"]
            kind = _KINDS.get(match["mode"][:2])
            if kind is None:
                raise self.not_understood(line)
            if size != b"-" and not _SIZE.fullmatch(size):
                raise self.lost(name)
            entries[os.fsdecode(match["path"])] = TreeEntry(
                kind, name, 0 if size == b"-" else int(size)
            )
        return entries

    def object_id(self, answer: bytes) -> str:
        """The id of an object that git has answered.

        :raises OutsideError: where the answer is no id.
        """
        if not _OBJECT_ID.fullmatch(answer):
            raise self.not_understood(answer)
        return answer.decode("ascii")

    def not_understood(self, answer: bytes) -> OutsideError:
        """The error for an answer that git never gives."""
        root = printable(os.path.abspath(self.root))
        said = printable(answer[:80].decode("utf-8", "replace"))
        return OutsideError(f"{root}: git answers what is no answer: {said}")

    def require_whole(self, what: str) -> None:
        """Refuse a partial clone, where something is not there.

        :raises OutsideError: where it is one.
        """
        if self._is_partial():
            raise self._not_fetched(what)

    def lost(self, name: str) -> OutsideError:
        """The error for an object that git does not have."""
        if self._is_partial():
            return self._not_fetched(f"the object {name}")
        root = printable(os.path.abspath(self.root))
        return OutsideError(f"{root}: git has lost the object {name}")

    def contents(self, entries: Iterable[TreeEntry]) -> dict[str, bytes]:
        """The contents of objects, by id. One process reads them all."""
        sizes = {entry.object: entry.size for entry in entries}
        wanted = sorted(sizes)
        if not wanted:
            return {}
        given = "".join(f"{name}\n" for name in wanted).encode("ascii")
        # Before each there is a line with its name, kind and size.
        most = sum(sizes.values()) + 200 * len(wanted)
        data = self.ask("cat-file", "--batch", given=given, most=most)
        contents = {}
        start = 0
        for name in wanted:
            end = data.find(b"\n", start)
            words = data[start:end].split()
            if len(words) != 3 or not _SIZE.fullmatch(words[2]):
                raise self.lost(name)
            start = end + 1 + int(words[2])
            contents[name] = data[end + 1 : start]
            start += 1
        return contents


def _no_repository(root: str) -> OutsideError:
    return OutsideError(
        f"{printable(os.path.abspath(root))}: is not in a git repository"
    )


def one_line(error: CommandFailed) -> str:
    """What git said of a failure, without what it advises."""
    lines = [
        printable(re.sub(r"^(?:fatal|error|warning): ", "", line.strip()))
        for line in error.output.splitlines()
        if line.strip() and not line.startswith("hint:")
    ]
    if not lines:
        return str(error)
    said = "; ".join(lines)
    if len(said) > _LONGEST_COMPLAINT:
        said = f"{said[:_LONGEST_COMPLAINT]} ..."
    return said
