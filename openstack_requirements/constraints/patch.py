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
"""What one change of the lists does to the constraints, and nothing else.

The pins that the change moves are found by computing constraints twice, with
the list as it was and as it is. They are then made in the constraints that
are there. Everything else in these stays byte for byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.constraints.freeze import order_key
from openstack_requirements.pep508.requirement import (
    canonical_name,
    read_entries,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openstack_requirements.pep508.requirement import CanonicalName


def apply(content: str, before: str, after: str, source: str = "") -> str:
    """Constraints with the pins that differ between two others.

    :param content: the constraints that are there.
    :param before: constraints without the change.
    :param after: constraints with it.
    :param source: the name of the first, for errors.
    :raises BadContent: with the lines of it that cannot be read.
    """
    old, new = _pins(before), _pins(after)
    moved = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    result: list[str] = []
    newline = "\r\n" if "\r\n" in content else "\n"
    for entry in read_entries(
        content, source, permit_urls=True, keep_editable=False
    ):
        found = entry.requirement
        name = canonical_name(found.package if found is not None else "")
        if name in moved:
            # In the place of the first line; the others go.
            result += [f"{each}{newline}" for each in new.get(name, ())]
            new.pop(name, None)
        else:
            result.append(entry.line)
    if result and not result[-1].endswith("\n"):
        result[-1] += newline
    key = _order(result)
    for name in sorted(moved & new.keys()):
        for each in new[name]:
            result.insert(_place(result, each, key), f"{each}{newline}")
    return "".join(result)


def _pins(content: str) -> dict[CanonicalName, list[str]]:
    """The lines of each name, without their line ends."""
    result: dict[CanonicalName, list[str]] = {}
    for entry in read_entries(content, permit_urls=True):
        found = entry.requirement
        if found is not None and found.package:
            name = canonical_name(found.package)
            result.setdefault(name, []).append(entry.line.rstrip())
    return result


def _by_name(line: str) -> str:
    return canonical_name(line.partition("=")[0])


def _order(lines: Sequence[str]) -> Callable[[str], str] | None:
    """The order that lines are in; None for no order that is known."""
    pins = [line for line in lines if _is_pin(line)]
    for key in (order_key, _by_name):
        keys = [key(line) for line in pins]
        if keys == sorted(keys):
            return key
    return None


def _place(
    lines: Sequence[str], line: str, key: Callable[[str], str] | None
) -> int:
    """Where a line belongs among others."""
    if key is not None:
        for number, each in enumerate(lines):
            if _is_pin(each) and key(each) > key(line):
                return number
    return len(lines)


def _is_pin(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
