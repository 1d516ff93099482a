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
"""The pins that a change of the list moves, applied to given constraints.

Constraints are computed with the list as it was and as it is, and the pins
that differ are changed in the given constraints. Everything else in these
stays byte for byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.constraints.merging import order_key
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openstack_requirements.pep508.requirement import CanonicalName


def apply(content: str, before: str, after: str, source: str = "") -> str:
    """The content with those pins changed that differ in two other texts.

    :param content: the constraints to change.
    :param before: constraints without the change of the list.
    :param after: constraints with it.
    :param source: the name of the file of ``content``, for errors.
    :raises BadContent: with the lines of ``content`` that cannot be read.
    """
    old, new = _pins(before), _pins(after)
    moved = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    result: list[str] = []
    newline = "\r\n" if "\r\n" in content else "\n"
    for entry in read_entries(
        content, source, permit_urls=True, keep_editable=False
    ):
        requirement = entry.requirement
        name = canonical_name(requirement.package if requirement else "")
        if name in moved:
            # The first line is replaced, and all others are removed.
            result += [f"{line}{newline}" for line in new.get(name, ())]
            new.pop(name, None)
        else:
            result.append(entry.line)
    if result and not result[-1].endswith("\n"):
        result[-1] += newline
    key = _order(result)
    for name in sorted(moved & new.keys()):
        for line in new[name]:
            result.insert(_place(result, line, key), f"{line}{newline}")
    return "".join(result)


def _pins(content: str) -> dict[CanonicalName, list[str]]:
    """The lines of each name, without their line ends."""
    result: dict[CanonicalName, list[str]] = {}
    for entry in read_entries(content, permit_urls=True):
        requirement = entry.requirement
        if requirement is not None and requirement.package:
            name = canonical_name(requirement.package)
            result.setdefault(name, []).append(entry.line.rstrip())
    return result


def _by_name(line: str) -> str:
    return canonical_name(line.partition("=")[0])


def _order(lines: Sequence[str]) -> Callable[[str], str] | None:
    """The sort key of lines that are in a known order; otherwise None."""
    pins = [line for line in lines if _is_pin(line)]
    for key in (order_key, _by_name):
        keys = [key(line) for line in pins]
        if keys == sorted(keys):
            return key
    return None


def _place(
    lines: Sequence[str], line: str, key: Callable[[str], str] | None
) -> int:
    """The index at which to insert a line."""
    if key is not None:
        for index, present in enumerate(lines):
            if _is_pin(present) and key(present) > key(line):
                return index
    return len(lines)


def _is_pin(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
