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
"""Reads TOML documents, with the position of each value.

Python's own ``tomllib`` reads the values; ``toml_positions`` finds where they
stand.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements.errors import BadLine
from openstack_requirements.manifests import toml_positions
from openstack_requirements.manifests.toml_positions import loads
from openstack_requirements.pep508.limits import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openstack_requirements.manifests.toml_positions import (
        KeyPath,
        Position,
    )


class TomlDocument(NamedTuple):
    """A document's table, and where its values start.

    ``positions`` has the line and the column (both from 1) of each value of a
    key and of each item of an array.
    """

    table: dict[str, Any]
    positions: Mapping[KeyPath, Position]


def load(content: str, source: str = "") -> TomlDocument:
    """Read a document.

    :param content: its text, without a byte order mark.
    :param source: the file's name, for errors.
    :raises BadLine: where it is not TOML 1.0, is nested too deep, or has a
        number with too many digits.
    """
    positions = toml_positions.positions(content, source)
    try:
        table = loads(content)
    except ValueError as error:
        # TOMLDecodeError is a ValueError; an impossible date is a plain one.
        raise _bad(error, content, source) from error
    except RecursionError as error:
        raise BadLine(
            "it is nested too deep", "", source=source, number=1
        ) from error
    return TomlDocument(table, positions)


def table_at(document: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The table at these keys; empty where there is none."""
    value: Any = document
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def strings(value: object) -> list[str]:
    """A string, or the strings of a list; nothing else."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def dumps(table: Mapping[str, Any]) -> str:
    """A table as text, its arrays of tables in sections of their own.

    :param table: what ``tomllib`` reads: text, numbers, dates, arrays and
        tables. What is read back is equal to it.
    """
    values, sections = [], []
    for key, value in table.items():
        if isinstance(value, list) and value and _are_tables(value):
            for item in value:
                sections.append(f"\n[[{_dumps(key)}]]\n")
                sections += [
                    f"{_dumps(name)} = {_dumps(part)}\n"
                    for name, part in item.items()
                ]
        else:
            values.append(f"{_dumps(key)} = {_dumps(value)}\n")
    return "".join(values + sections)


def _are_tables(values: Sequence[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)


def _dumps(value: object) -> str:
    """A value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A string of JSON is one of TOML, but for DEL.
        text = json.dumps(value, ensure_ascii=False)
        return text.replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(map(_dumps, value))}]"
    if isinstance(value, dict):
        pairs = (f"{_dumps(key)} = {_dumps(value[key])}" for key in value)
        return f"{{ {', '.join(pairs)} }}"
    # Dates and times have an ISO format; the rest are numbers.
    return value.isoformat() if hasattr(value, "isoformat") else repr(value)


def _bad(error: ValueError, content: str, source: str) -> BadLine:
    reason = str(error)
    match = re.search(r" \(at line (\d+), column (\d+)\)\Z", reason)
    lines = content.split("\n")
    if match:
        reason = reason[: match.start()]
        number, column = int(match[1]), int(match[2])
    else:
        reason = reason.removesuffix(" (at end of document)")
        number, column = max(len(lines) - content.endswith("\n"), 1), 0
    return BadLine(
        f"not TOML ({reason[:1].lower()}{reason[1:]})",
        lines[number - 1][:LONGEST_LINE],
        source=source,
        number=number,
        column=column,
    )
