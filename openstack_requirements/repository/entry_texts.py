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
"""How entries of a project are written when they follow the global list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.manifests import declarations
from openstack_requirements.pep508.entries import HEADING
from openstack_requirements.pep508.text import split_lines, without_bom
from openstack_requirements.repository import waivers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.pep508.requirement import Requirement


def comment_with_waiver(new: str, old: str) -> str:
    """The comment of a global entry, with the waivers of the old comment."""
    waiver = old.removeprefix(waivers.without(old)).strip()
    if not waiver:
        return new
    return f"{new}  {waiver}" if new else waiver


def standard_form(
    text: str,
    entries: Iterable[Declared],
    replacements: Mapping[Declared, Sequence[str]],
) -> str:
    """A whole requirements file in the form of the classic policy.

    The heading moves to the top, and blanks become uniform.
    """
    body = without_bom(text)
    by_line = {entry.line: entry for entry in entries}
    newline = newline_of(body)
    lines = [f"{line}{newline}" for line in HEADING]
    for number, line in enumerate(split_lines(body), 1):
        end = newline if not line.endswith("\n") else "\n"
        end = "\r\n" if line.endswith("\r\n") else end
        entry = by_line.get(number)
        if entry is None:
            comment = line.strip()
            news = [] if comment in HEADING else [comment]
        elif entry in replacements:
            news = list(replacements[entry])
        elif entry.requirement is None:  # a legacy line, passed through
            news = [line.rstrip()]
        else:
            news = [entry.requirement.to_line().rstrip("\n")]
        lines += [f"{new}{end}" for new in news]
    return text[: len(text) - len(body)] + "".join(lines)


def newline_of(text: str) -> str:
    """The line end of a text: that of its first line."""
    return "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"


def entry_text(
    entry: Declared, old: Requirement, new: Requirement, *, sort: bool
) -> str:
    """An entry's new text, spaced like the old one.

    :param sort: sort the specifiers.
    """
    separator = declarations.separator(entry.text, old)
    if not separator:
        # pbr documents a colon; setuptools and PEP 508 know the semicolon.
        separator = ":" if entry.table == "extras" else ";"
    comment_prefix = " "
    if old.comment:
        before = entry.text.removesuffix(old.comment)
        comment_prefix = before[len(before.rstrip()) :]
    line = new.to_line(
        marker_sep=separator,
        comment_prefix=comment_prefix,
        sort_specifiers=sort,
    )
    return line.rstrip("\n")
