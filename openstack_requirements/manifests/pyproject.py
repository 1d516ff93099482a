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
"""What pyproject.toml declares (PEP 518, 621 and 735)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from openstack_requirements.errors import UnusableInput
from openstack_requirements.manifests import groups, toml
from openstack_requirements.manifests.declared import (
    Declared,
    Kind,
    declare,
)
from openstack_requirements.pep508.tally import Tally
from openstack_requirements.pep508.text import without_bom

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openstack_requirements.manifests.toml_positions import KeyPath

FILE = "pyproject.toml"

#: How many characters an error shows of an item that is not a string.
_SHOWN = 80


def read_pyproject(content: str, file: str = FILE) -> list[Declared]:
    """The entries of pyproject.toml.

    Those are ``dependencies`` and ``optional-dependencies`` (PEP 621),
    ``dependency-groups`` (PEP 735) and ``build-system.requires`` (PEP 518).

    :raises BadLine: where it is not TOML, nested too deep, or holds more than
        is read.
    :raises UnusableInput: where a table or an array is something else.
    """
    document = _toml(content, file)
    project = _table(document.table, "project", file)
    lists: list[tuple[Kind, dict[str, Any], KeyPath]] = [
        ("dependencies", project, ("project", "dependencies"))
    ]
    build = _table(document.table, "build-system", file)
    lists.append(("build", build, ("build-system", "requires")))
    extras = _table(project, "optional-dependencies", file)
    lists += [
        ("optional", extras, ("project", "optional-dependencies", name))
        for name in extras
    ]
    table = _table(document.table, "dependency-groups", file)
    lists += [("group", table, ("dependency-groups", name)) for name in table]
    tally = Tally(file)
    arrays = [_items(document, *array, tally) for array in lists]
    # In the order of the file. Items without a known position keep their
    # place in the array.
    arrays.sort(
        key=lambda items: max(
            ((entry.line, entry.column) for entry in items), default=(0, 0)
        )
    )
    declared = [entry for items in arrays for entry in items]
    if any(entry.include for entry in declared):
        groups.included(groups.groups_of(declared))
    return declared


def build_backend(content: str, file: str = FILE) -> str:
    """The build backend (PEP 517) that pyproject.toml names, or nothing.

    :raises BadLine: where it is not TOML, or nested too deep.
    :raises UnusableInput: where ``build-system`` is no table.
    """
    document = _toml(content, file)
    table = _table(document.table, "build-system", file)
    backend = table.get("build-backend")
    return backend if isinstance(backend, str) else ""


def group_names(content: str, file: str = FILE) -> list[str]:
    """The names of the dependency groups (PEP 735) as written.

    :raises BadLine: where it is not TOML, or nested too deep.
    :raises UnusableInput: where ``dependency-groups`` is no table.
    """
    document = _toml(content, file)
    return list(_table(document.table, "dependency-groups", file))


def document_of(content: str) -> Mapping[str, Any]:
    """The whole document, not only its entries.

    :raises BadLine: where it is not TOML, or nested too deep.
    """
    return _toml(content, FILE).table


def name_of(content: str) -> str | None:
    """The name in the ``project`` table as written, None if not there.

    :raises BadLine: where it is not TOML, or nested too deep.
    :raises UnusableInput: where the name is not a string.
    """
    name = _table(_toml(content, FILE).table, "project", FILE).get("name")
    if name is not None and not isinstance(name, str):
        raise UnusableInput(FILE, "project.name is not a string")
    return name


def array_of(entry: Declared) -> KeyPath:
    """The path of the array of pyproject.toml that an entry is an item of."""
    if entry.kind == "build":
        return ("build-system", "requires")
    if entry.kind == "group":
        return ("dependency-groups", entry.section)
    if entry.kind == "optional":
        return ("project", "optional-dependencies", entry.section)
    return ("project", "dependencies")


@lru_cache(maxsize=2)
def _toml(content: str, file: str) -> toml.TomlDocument:
    return toml.load(without_bom(content), file)


def _table(table: dict[str, Any], key: str, file: str) -> dict[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise UnusableInput(file, f"{key} is not a table")
    return value


def _items(
    document: toml.TomlDocument,
    kind: Kind,
    table: dict[str, Any],
    path: KeyPath,
    tally: Tally,
) -> list[Declared]:
    """The items of an array of requirements."""
    section = str(path[-1]) if kind in {"optional", "group"} else ""
    items = table.get(str(path[-1]), [])
    if not isinstance(items, list):
        where = ".".join(map(str, path))
        raise UnusableInput(tally.source, f"{where} is not an array")
    declared = []
    for index, item in enumerate(items):
        line, column = document.positions.get((*path, index), (0, 0))
        if isinstance(item, str):
            declared.append(declare(tally, line, column, kind, section, item))
            continue
        tally.unread(_shown(item), line)
        include = _include(item) if kind == "group" else ""
        problem = None if include else "it is not a string"
        declared.append(
            Declared(
                tally.source,
                line,
                column,
                kind,
                section,
                _shown(item),
                None,
                problem,
                include,
            )
        )
    return declared


def _include(item: object) -> str:
    """The group that an item includes (PEP 735); empty where it does not."""
    if isinstance(item, dict) and list(item) == ["include-group"]:
        name = item["include-group"]
        return name if isinstance(name, str) else ""
    return ""


def _shown(item: object) -> str:
    """An item that is not a string, shortened."""
    text = str(item)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
