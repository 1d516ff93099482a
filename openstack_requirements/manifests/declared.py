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
"""An entry of a project's manifests, with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from openstack_requirements.errors import BadLine
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import Requirement

if TYPE_CHECKING:
    from openstack_requirements.pep508.tally import Tally

Kind = Literal[
    "file",
    "extra",
    "install_requires",
    "setup_requires",
    "dependencies",
    "optional",
    "group",
    "build",
]

#: The kinds of entries that have comments. A string of TOML has none, and the
#: options that setuptools itself reads never had licenses as comments.
COMMENTED: frozenset[Kind] = frozenset({"file", "extra"})


class Declared(NamedTuple):
    """An entry of a project's manifests, and where it stands.

    ``file`` is the path inside the project, ``line`` and ``column`` count
    from 1 (0 where not known). ``section`` is the extra's or the group's name
    as written, else empty. ``text`` is the entry as written; for TOML, the
    value of the string. An entry has either a ``requirement`` or a
    ``problem``, which says why it cannot be read. An ``include-group`` item
    (PEP 735) has neither: ``include`` is the name of its group as written.
    ``table`` is the section of ``setup.cfg``.
    """

    file: str
    line: int
    column: int
    kind: Kind
    section: str
    text: str
    requirement: Requirement | None
    problem: str | None
    include: str = ""
    table: str = ""


def separator(text: str, requirement: Requirement) -> str:
    """The ``;`` or ``:`` before an entry's marker, with the blanks around it.

    Empty where there is no marker.
    """
    if not requirement.markers:
        return ""
    before = text[: text.rindex(requirement.markers)]
    return before[len(before.rstrip().rstrip(";:").rstrip()) :]


def declare(
    tally: Tally, line: int, column: int, kind: Kind, section: str, text: str
) -> Declared:
    """The entry that a text states, or that it cannot be read.

    :param tally: counts what the file holds.
    :raises BadLine: where the file holds more than is read.
    """
    requirement, problem = None, None
    try:
        requirement = parse_line(text)
    except BadLine as error:
        tally.unread(text, line)
        problem = error.reason
    else:
        tally.read(requirement, text, line)
        if not requirement.package:
            tally.unread(text, line)
        problem = _problem(text, kind, requirement)
    return Declared(
        tally.source,
        line,
        column,
        kind,
        section,
        text,
        requirement if problem is None else None,
        problem,
    )


def _problem(text: str, kind: Kind, requirement: Requirement) -> str | None:
    """What is wrong with an entry that parses as a requirement."""
    if not is_single_line(text):
        # pip and pbr would start a new line there; here it is a comment.
        return "it holds a character that other tools end a line at"
    if text.endswith("\\"):
        return "line continuations are not supported"
    if not requirement.package:
        return "it names no package"
    if kind in {"dependencies", "optional", "group", "build"}:
        if requirement.comment:
            return "a comment is not part of a requirement (PEP 508)"
        if ":" in separator(text, requirement):
            return "a marker must follow a semicolon (PEP 508)"
    return None


def is_single_line(text: str) -> bool:
    """Whether all tools take a text for a single line."""
    return len(text.splitlines()) <= 1
