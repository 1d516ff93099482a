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
"""How an installation failed: as a value, as an error, as a table.

Installers report failures as text. Which words mean which failure is a table
for each installer (``installers.uv_failures``, ``installers.pip_failures``),
held to recordings by the tests; :func:`first_sign` reads such a table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import (
    OUTSIDE,
    UNUSABLE,
    RequirementsError,
    printable,
)
from openstack_requirements.pep508.parser import name_in
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openstack_requirements.pep508.requirement import CanonicalName

#: What requires an entry of the list, where it is not known which.
_LIST = "the list"
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
    that failed, ``required_by`` what requires it, the nearest first; ``what``
    a sentence, and ``output`` the words of the installer or of a build.
    ``rivals`` are incompatible requirements, each with what requires it.
    """

    kind: str
    culprit: str
    required_by: tuple[str, ...]
    what: str
    output: str
    rivals: tuple[str, ...] = ()


#: The exit status of each kind of failure. A requirement that does not exist
#: or cannot be satisfied is the list's fault; the rest is not.
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
    """An installer failed: for which Python, with which culprit, and why.

    :param interpreter: the version of the interpreter, ``3.12``.
    :param reason: what the installer's output says.
    :param command: the command, as a line of text.
    :param output: all that it printed.

    ``log`` is the path at which the caller has kept that output, or empty;
    ``entries`` has the entries of the list as they stand, by name, each as
    ``FILE:LINE: TEXT``, where the caller knows them. ``packages`` are the
    system packages that a build lacks, as far as the caller knows, and
    ``installed`` those that it needs and that are there.
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
        self.entries: Mapping[CanonicalName, str] = {}
        self.packages: tuple[str, ...] = ()
        self.installed: tuple[str, ...] = ()

    @property
    def status(self) -> int:  # type: ignore[override]
        """The exit status that the kind of the failure asks for."""
        return KINDS[self.reason.kind]

    def sentence(self) -> str:
        """Which Python, what failed, what requires it, and the output."""
        reason = self.reason
        head = printable(f"Python {self.interpreter}: {reason.what}")
        if reason.rivals:
            rivals = map(self._rival, reason.rivals)
            head += f"\n  required: {printable(', '.join(rivals))}"
        elif reason.culprit:
            names = [*reversed(reason.required_by), reason.culprit]
            entry = self._entry(names[0])
            if entry != _LIST and "==" not in names[0]:
                del names[0]  # the entry says it
            chain = [entry, *names]
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
            tail = f"  {printable(self._advice())}\n{tail}"
        return "\n".join(part for part in (head, text, tail) if part.strip())

    def _advice(self) -> str:
        """What to install where a build failed."""
        if self.packages:
            return f"what to install: {', '.join(self.packages)}"
        if self.installed:
            return (
                "what bindep.txt lists for it is installed: "
                f"{', '.join(self.installed)}"
            )
        return (
            "Where a system library or a compiler is missing, bindep.txt "
            "lists what to install."
        )

    def _entry(self, requirement: str) -> str:
        """The entry of the list for a requirement, as it stands there."""
        name = canonical_name(name_in(requirement))
        return self.entries.get(name, _LIST)

    def _rival(self, rival: str) -> str:
        """One of the incompatible requirements, with its entry in the list."""
        requirement, by, owner = rival.rpartition(" by ")
        if owner == _LIST:
            owner = self._entry(requirement)
        return f"{requirement}{by}{owner}"


class Sign(NamedTuple):
    """What an installer prints for one kind of failure.

    :param kind: one of the keys of :data:`KINDS`.
    :param what: the sentence about it; ``{detail}`` stands for the detail.
    :param says: regular expressions, all of which match in the output.
    :param culprit: expressions, of which the first that matches tells the
        culprit: its first group that matches. A group named ``file`` is the
        name of a file, one named ``url`` an address.
    :param unless: an expression that does not match in the output.
    :param warns: one that matches in the warnings, in which the others are
        not searched.
    :param detail: an expression whose first group is the detail.
    :param alone: whether nothing but ``culprit`` says which distribution is
        at fault. Otherwise the installer's own order of events does.
    :param named: whether this is the failure only where a culprit is found.
    """

    kind: str
    what: str
    says: tuple[str, ...]
    culprit: tuple[str, ...] = ()
    unless: str = ""
    warns: str = ""
    detail: str = ""
    alone: bool = False
    named: bool = False


class Recognised(NamedTuple):
    """A sign that matches, its culprit (or nothing) and its sentence."""

    sign: Sign
    culprit: str
    what: str


def first_sign(
    signs: Iterable[Sign], text: str, warnings: str = ""
) -> Recognised | None:
    """The first row of a table that matches an output; None without one.

    :param text: what is left of the output by :func:`readable`.
    :param warnings: the output with its warnings.
    """
    for sign in signs:
        if (
            not all(re.search(says, text) for says in sign.says)
            or (sign.unless and re.search(sign.unless, text))
            or (sign.warns and not re.search(sign.warns, warnings))
        ):
            continue
        culprit = ""
        for pattern in sign.culprit:
            culprit = culprit or _culprit(pattern, text)
        if sign.named and not culprit:
            continue
        detail = re.search(sign.detail, text) if sign.detail else None
        what = sign.what.format(detail=detail[1] if detail else "an error")
        return Recognised(sign, culprit, what)
    return None


def _culprit(pattern: str, text: str) -> str:
    """What the first group that matches stands for."""
    match = re.search(pattern, text)
    if match is None:
        return ""
    groups = match.groupdict()
    if groups.get("url"):
        parts = groups["url"].split("?")[0].split("/")
        return _of_file(next(filter(None, reversed(parts)), ""))
    if groups.get("file"):
        return _of_file(groups["file"])
    return next(filter(None, match.groups()), "")


def _of_file(name: str) -> str:
    """``name==version`` of a wheel's or an sdist's file name."""
    name = name.removesuffix(".metadata")
    match = re.match(
        r"(?P<name>[^-]+)-(?P<version>[^-]+)-.*\.whl\Z"
        r"|(?P<name2>.+)-(?P<version2>[^-]+)\.(?:tar\.\w+|zip|tgz)\Z",
        name,
    )
    if match is None:
        return name
    parts = [part for part in match.groups() if part]
    return f"{parts[0].replace('_', '-')}=={parts[1]}"


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
