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
"""What an installer must do, and which ones there are.

An installer knows one tool's command line and reads that tool's failures. It
owns no folder and keeps no state: the caller says where.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from openstack_requirements.errors import (
    OUTSIDE,
    UNUSABLE,
    RequirementsError,
    UnusableInput,
    printable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from openstack_requirements.children import Children
    from openstack_requirements.freeze import Configuration, Distribution
    from openstack_requirements.interpreters import Interpreter
    from openstack_requirements.requirement import CanonicalName

#: How many lines of a build's own output an error shows.
SHOWN_LINES = 30
#: Characters of an installer's output that are searched for reasons; of more,
#: the first quarter and the last three. All of it is in the log.
LARGEST_OUTPUT = 1 << 16
#: Characters of a word that are searched, and of a run of blanks.
LONGEST_WORD = 500


class Reason(NamedTuple):
    """What an installer's output says of a failure.

    ``kind`` is one of the keys of :data:`KINDS`; ``culprit`` the requirement
    that failed, ``asked_by`` what asked for it, the nearest first; ``what``
    a sentence, and ``output`` the tool's own words, whole or a build's.
    ``rivals`` are requirements that do not go together, each with who asks.
    """

    kind: str
    culprit: str
    asked_by: tuple[str, ...]
    what: str
    output: str
    rivals: tuple[str, ...] = ()


#: The exit status of each kind of failure. A requirement that does not exist
#: or cannot be satisfied is the list's fault; the rest is the world's.
KINDS = {
    "missing": UNUSABLE,
    "unsatisfiable": UNUSABLE,
    "build": OUTSIDE,
    "index": OUTSIDE,
    "archive": OUTSIDE,
    "disk": OUTSIDE,
    "other": OUTSIDE,
}


class InstallFailed(RequirementsError):
    """An installer failed; names the culprit, who asked and which Python.

    :param interpreter: the version of the interpreter, ``3.12``.
    :param reason: what the installer's output says.
    :param command: the command, as a line of text.
    :param output: all that it printed.

    ``log`` is for whoever keeps that output to say where.
    """

    def __init__(
        self, interpreter: str, reason: Reason, command: str, output: str
    ) -> None:
        super().__init__(interpreter, reason, command, output)
        self.interpreter = interpreter
        self.reason = reason
        self.command = command
        self.output = output
        self.log = ""

    @property
    def status(self) -> int:  # type: ignore[override]
        """The exit status that the kind of the failure asks for."""
        return KINDS[self.reason.kind]

    def sentence(self) -> str:
        """Which Python, what failed, who needs it, and the tool's words."""
        reason = self.reason
        head = printable(f"Python {self.interpreter}: {reason.what}")
        if reason.rivals:
            head += f"\n  asked for: {printable(', '.join(reason.rivals))}"
        elif reason.culprit:
            chain = ["the list", *reversed(reason.asked_by), reason.culprit]
            head += f"\n  needed by: {printable(' -> '.join(chain))}"
        lines = reason.output.rstrip().splitlines()
        shown = lines[-SHOWN_LINES:]
        if len(shown) < len(lines):
            shown.insert(0, f"... ({len(lines) - len(shown)} lines before)")
        text = "\n".join(f"  | {line}" for line in shown)
        tail = ""
        if self.log:
            tail = f"  the whole output: {printable(self.log)}"
        if reason.kind == "build":
            tail = (
                "  Where a system library or a compiler is missing, "
                f"bindep.txt lists what to install.\n{tail}"
            )
        return "\n".join(part for part in (head, text, tail) if part.strip())


class Wanted(NamedTuple):
    """What to install.

    :param requirements: the path of a requirements file.
    :param constraints: the path of a constraints file, or empty.
    :param preferred: versions to choose wherever they still resolve.
    :param excluded: names that are not in the list and must not come in
        through what others ask for, where the installer can do that.
    :param before: only what was uploaded before this moment (RFC 3339), or
        empty.
    """

    requirements: str
    constraints: str = ""
    preferred: Mapping[CanonicalName, str] = {}
    excluded: frozenset[CanonicalName] = frozenset()
    before: str = ""


class Locked(NamedTuple):
    """A distribution that a resolution has chosen, and from which files.

    ``files`` tells two files of one name and version apart; what it holds is
    the installer's own affair.
    """

    name: CanonicalName
    version: str
    files: str


class Lock(NamedTuple):
    """A resolution: what to install, all of it, and nothing else.

    :param path: the installer's own file.
    """

    path: str
    packages: tuple[Locked, ...]

    def by_name(self) -> dict[CanonicalName, Locked]:
        """The distributions by name."""
        return {each.name: each for each in self.packages}


class Installer(Protocol):
    """What every installer can do.

    All but :meth:`reason` raise :class:`CommandFailed`, whose output
    :meth:`reason` explains.
    """

    #: The name that ``--installer`` takes.
    name: str

    def version(self) -> str:
        """Name and version, as a freeze records it."""

    def configuration(self, interpreter: Interpreter) -> Configuration:
        """The configuration that counts, as a freeze records it.

        :raises UnusableInput: where it cannot be read.
        """

    def problem(self, interpreter: Interpreter) -> str | None:
        """Why it cannot be used with an interpreter; None where it can."""

    def create(self, interpreter: Interpreter, folder: str) -> None:
        """Make a virtualenv in a folder that does not exist yet."""

    def cannot(self, interpreter: Interpreter, wanted: Wanted) -> str | None:
        """What of the wanted it has no means for; None where it has all."""

    def install(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: Wanted,
        on_line: Callable[[str], None],
    ) -> None:
        """Resolve and install into a virtualenv, in one go."""

    def lock(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: Wanted,
        on_line: Callable[[str], None],
    ) -> Lock | None:
        """Resolve, and install nothing.

        Uses the (existing) folder for what it writes. None where it has no
        such thing as a lock: then :meth:`install` takes no preferences.
        """

    def sync(
        self,
        folder: str,
        lock: Lock,
        skipped: Collection[CanonicalName],
        again: Collection[CanonicalName],
        on_line: Callable[[str], None],
    ) -> None:
        """Make a virtualenv hold what a lock holds, and nothing else.

        :param skipped: what to leave out.
        :param again: what to install again even where it is there.
        """

    def resolve(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: Wanted,
        on_line: Callable[[str], None],
    ) -> tuple[Distribution, ...] | None:
        """What would be installed, without installing it.

        Uses the (existing, empty) folder for what it writes. None where the
        installer cannot tell for this interpreter.
        """

    def describe(
        self, interpreter: Interpreter, folder: str, lock: Lock
    ) -> tuple[Distribution, ...]:
        """The metadata of what a lock holds, without installing it."""

    def conflicts(self, folder: str) -> str:
        """What in a virtualenv does not go together; empty where all does."""

    def reason(self, output: str) -> Reason:
        """What the output of a failed command says."""


def _makers() -> dict[
    str, Callable[[Children, int | None, int, str], Installer]
]:
    from openstack_requirements.installers.pip import Pip
    from openstack_requirements.installers.uv import Uv

    return {"uv": Uv, "pip": Pip}


#: What ``--installer`` offers; ``auto`` is the first that can be used.
CHOICES = ("auto", "uv", "pip")


def choose(
    name: str,
    interpreter: Interpreter,
    children: Children,
    timeout: int | None,
    share: int = 1,
    project: str = "",
) -> Installer:
    """The installer for an interpreter.

    :param name: one of :data:`CHOICES`.
    :param timeout: how long a request to the index may take, in seconds.
    :param share: how many installers will be at work at once.
    :param project: a folder whose configuration counts too, or empty.
    :raises UnusableInput: where none can be used, with the reasons.
    """
    reasons = []
    for each, make in _makers().items():
        if name in {each, "auto"}:
            installer = make(children, timeout, share, project)
            problem = installer.problem(interpreter)
            if problem is None:
                return installer
            reasons.append(f"{each}: {problem}")
    raise UnusableInput(
        f"Python {interpreter.full_version}",
        f"no installer can be used with it ({'; '.join(reasons)})",
    )


def readable(output: str) -> str:
    """What the tables of failures read of an installer's output.

    The code of a build may print anything. The tables search, and what they
    search in must not be long, nor have long words or runs of blanks: of more
    than :data:`LARGEST_OUTPUT` characters these are the beginning and the end,
    and of a longer word than :data:`LONGEST_WORD` its beginning.
    """
    if len(output) > LARGEST_OUTPUT:
        start = LARGEST_OUTPUT // 4
        end = len(output) - (LARGEST_OUTPUT - start)
        output = f"{output[:start]}\n{output[end:]}"
    return "".join(part[:LONGEST_WORD] for part in re.split(r"(\s+)", output))


def could_not_be_built(output: str) -> str:
    """The sentence for a build that failed; names a missing C header."""
    missing = re.search(
        r"fatal error: [`'\"]?([\w./+-]+\.h(?:pp)?)['`\"]?(?: file not found"
        r"|: No such file)",
        output,
    )
    more = f" ({missing[1]} is missing)" if missing else ""
    return f"it could not be built{more}"
