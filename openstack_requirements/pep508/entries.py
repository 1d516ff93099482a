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
"""A whole requirements file as entries: each line with its requirement.

A file is text here, and nothing opens one. Lines of old lists that are not
requirements are passed through unread. What a file may hold is limited, see
:mod:`~openstack_requirements.pep508.tally`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.pep508.parser import BLANKS, name_in, parse_line
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    LineKind,
    Requirement,
    canonical_name,
)
from openstack_requirements.pep508.tally import Tally, TooMuch
from openstack_requirements.pep508.text import is_path, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: The kinds of all lines, those that are passed through included.
EntryKind: TypeAlias = Literal[LineKind, "path", "option"]
#: Heads every requirements file that is written under the classic policy.
HEADING = (
    "# The order of packages is significant, because pip processes them in "
    "the order",
    "# of appearance. Changing the order has an impact on the overall "
    "integration",
    "# process, which may cause wedges in the gate later.",
)
_PASSED_THROUGH = ("-f", "http://tarballs.openstack.org/")


class Requirements(NamedTuple):
    """The requirements of one file, in its order."""

    reqs: Sequence[Requirement]


class Entry(NamedTuple):
    """A line of a file, and the requirement in it.

    ``requirement`` is None for a line that is passed through unread; ``line``
    is the line as it stands, its line end included.
    """

    number: int
    line: str
    requirement: Requirement | None

    @property
    def kind(self) -> EntryKind:
        """The kind of the line, be it read or passed through."""
        if self.requirement is not None:
            return self.requirement.kind
        text = self.line.strip()
        if text.startswith("-e"):
            return "editable"
        if is_path(text):
            return "path"
        return "option" if text.startswith("-") else "url"


def to_reqs(
    content: str, permit_urls: bool = False
) -> Iterator[tuple[Requirement | None, str]]:
    """The requirement and the line (with its line end) for each line.

    Legacy lines that are not requirements (``-f``, the former tarball host
    and, without ``permit_urls``, ``-e``) have None for a requirement. So have
    paths, with ``permit_urls``: a path does not name its package.

    :raises BadLine: at the first line that cannot be read, with its number.
    """
    tally = Tally()
    lines = split_lines(content)
    tally.lines(lines)
    for number, line in enumerate(lines, 1):
        requirement = _read(
            line,
            number,
            tally,
            permit_urls=permit_urls,
            keep_editable=not permit_urls,
        )
        yield requirement, line


def parse(
    content: str, permit_urls: bool = False
) -> dict[CanonicalName, list[tuple[Requirement, str]]]:
    """The requirements of a file by canonical name, in the file's order.

    Blank and comment lines are under the empty name.

    :raises BadLine: at the first line that cannot be read.
    """
    return to_dict(to_reqs(content, permit_urls))


def to_dict(
    sequence: Iterable[tuple[Requirement | None, str]],
) -> dict[CanonicalName, list[tuple[Requirement, str]]]:
    """The result of :func:`to_reqs` by canonical name."""
    result: dict[CanonicalName, list[tuple[Requirement, str]]] = {}
    for requirement, line in sequence:
        if requirement is not None:
            name = canonical_name(requirement.package)
            result.setdefault(name, []).append((requirement, line))
    return result


def to_content(
    requirements: Requirements | Iterable[Requirement],
    marker_sep: str = ";",
    line_prefix: str = "",
    prefix: bool = True,
) -> str:
    """The text of a file that holds these requirements.

    :param prefix: put the :data:`HEADING` first. Where the requirements hold
        it already, it is not repeated.
    """
    if isinstance(requirements, Requirements):
        requirements = requirements.reqs
    lines = []
    if prefix:
        lines = [f"{line}\n" for line in HEADING]
        requirements = [
            requirement
            for requirement in requirements
            if requirement.package or requirement.comment not in HEADING
        ]
    lines += [
        requirement.to_line(marker_sep, line_prefix)
        for requirement in requirements
    ]
    return "".join(lines)


def read_entries(
    content: str,
    source: str = "",
    *,
    permit_urls: bool = False,
    keep_editable: bool = True,
) -> list[Entry]:
    """The entries of a file: all of its lines, each with its requirement.

    :param source: the name of the file, for errors.
    :param keep_editable: pass ``-e`` lines through unread, as the tools
        that rewrite files do.
    :raises BadContent: with all the lines that cannot be read.
    """
    entries: list[Entry] = []
    errors: list[BadLine] = []
    tally = Tally(source)
    lines = split_lines(content)
    try:
        tally.lines(lines)
        for number, line in enumerate(lines, 1):
            try:
                requirement = _read(
                    line,
                    number,
                    tally,
                    permit_urls=permit_urls,
                    keep_editable=keep_editable,
                )
            except TooMuch:
                raise
            except BadLine as error:
                errors.append(error)
            else:
                entries.append(Entry(number, line, requirement))
        tally.packages(entries)
    except TooMuch as error:
        raise BadContent([*errors, error]) from error
    if errors:
        raise BadContent(errors)
    return entries


def is_passed_through(line: str, *, keep_editable: bool = True) -> bool:
    """Whether a line is a legacy one that is passed through unread.

    Such lines start with ``-f``, the former tarball host or, with
    ``keep_editable``, ``-e``.
    """
    text = line.strip()
    if keep_editable and text.startswith("-e"):
        return True
    return text.startswith(_PASSED_THROUGH)


def names_in(content: str, source: str = "") -> frozenset[CanonicalName]:
    """The names of a never-constrain list; the rest of a line is ignored.

    :raises BadContent: with the lines that have no name.
    """
    names, errors = set(), []
    for number, line in enumerate(split_lines(content), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name = name_in(text)
        if name:
            names.add(canonical_name(name))
        else:
            error = BadLine("not the name of a package", line, column=1)
            errors.append(error.at(source, number))
    if errors:
        raise BadContent(errors)
    return frozenset(names)


def normalize(content: str, source: str = "") -> str:
    """The normal form of a file's text.

    Legacy lines that are passed through stay as they are, and every line
    keeps its kind of line end. A byte order mark is removed. Normalising a
    second time changes nothing.

    :raises BadContent: with all the lines that cannot be read.
    """
    lines = []
    for entry in read_entries(content, source, permit_urls=True):
        line = entry.line
        if entry.requirement is not None:
            line = entry.requirement.to_line(
                comment_prefix="  ", sort_specifiers=True
            )
            if entry.line.endswith("\r\n"):
                line = f"{line[:-1]}\r\n"
        elif not line.endswith("\n"):
            line = f"{line}\n"
        lines.append(line)
    if not content.endswith("\n") and lines and lines[0].endswith("\r\n"):
        # The last line had no line end, so it gets that of the first line.
        lines[-1] = f"{lines[-1].rstrip()}\r\n"
    return "".join(lines)


def _read(
    line: str,
    number: int,
    tally: Tally,
    *,
    permit_urls: bool,
    keep_editable: bool,
) -> Requirement | None:
    """The requirement of one line; None for one that is passed through.

    :raises BadLine: with the place filled in.
    """
    if is_passed_through(line, keep_editable=keep_editable) or (
        permit_urls and is_path(line.strip())
    ):
        tally.unread(line, number)
        return None
    try:
        # Only the end is cut: columns count from the start of the line.
        requirement = parse_line(line.rstrip(f"{BLANKS}\r\n"), permit_urls)
    except BadLine as error:
        tally.unread(line, number)
        raise error.at(tally.source, number) from error.__cause__
    if requirement.comment[-1:].isspace():
        # PEP 508 has no comments, so any kind of white space is cut here.
        comment = requirement.comment.rstrip()
        requirement = requirement._replace(comment=comment)
    tally.read(requirement, line, number)
    return requirement
