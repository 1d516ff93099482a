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
"""What a project declares: requirements files, setup.cfg, pyproject.toml.

Text goes in; a :class:`Declared` for each entry comes out, with its place. An
entry that cannot be read is data as well, with what is wrong with it, so that
a project is judged as a whole. Only a file that cannot be read at all is an
error. Nothing here opens a file or runs a project's code.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from openstack_requirements.errors import BadLine, UnusableInput
from openstack_requirements.manifests import groups, setup_cfg, toml
from openstack_requirements.pep508.requirement import (
    Requirement,
    Tally,
    parse_line,
)
from openstack_requirements.pep508.text import split_lines, without_bom

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openstack_requirements.manifests.toml_positions import KeyPath

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

#: Files that hold one requirement a line, in the order of our output.
REQUIREMENTS_FILES = (
    "requirements.txt",
    "requirements-py2.txt",
    "requirements-py3.txt",
    "test-requirements.txt",
    "test-requirements-py2.txt",
    "test-requirements-py3.txt",
    "doc/requirements.txt",
    "tools/pip-requires",
    "tools/test-requires",
)
SETUP_CFG = setup_cfg.FILE
PYPROJECT = "pyproject.toml"
LOWER_CONSTRAINTS = "lower-constraints.txt"

#: How many characters an error shows of an item that is not a string.
_SHOWN = 80

_EXTRAS = ("extras", "options.extras_require")
#: The kinds of entries that have comments. A string of TOML has none, and the
#: options that setuptools itself reads never had licenses as comments.
COMMENTED: frozenset[Kind] = frozenset({"file", "extra"})
_OPTIONS: tuple[Kind, ...] = ("install_requires", "setup_requires")


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


def read_requirements(content: str, file: str) -> list[Declared]:
    """The entries of a requirements file.

    Blank lines and comments are not entries. A line that is not a requirement
    (an option, a URL, an include, a continuation) is an entry with a problem.

    :raises BadLine: where the file holds more than is read.
    """
    declared: list[Declared] = []
    tally = Tally(file)
    lines = split_lines(content)
    tally.lines(lines)
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or (text[0] == "#" and _is_single_line(text)):
            continue
        column = line.index(text) + 1
        declared.append(_declared(tally, number, column, "file", "", text))
    return declared


def read_setup_cfg(content: str, file: str = SETUP_CFG) -> list[Declared]:
    """The entries of setup.cfg.

    Those are the extras (pbr's ``[extras]`` and setuptools'
    ``[options.extras_require]``), ``install_requires`` and
    ``setup_requires``.

    :raises BadLine: where ``configparser`` could not read it either, or the
        file holds more than is read.
    """
    sections = setup_cfg.sections_of(content, file)
    tally = Tally(file)
    # By line and column: each section has the entries of [DEFAULT].
    declared: dict[tuple[int, int], Declared] = {}
    for section, options in sections.items():
        if section not in {*_EXTRAS, "options"}:
            continue
        for option in {**sections.get("DEFAULT", {}), **options}.values():
            kind: Kind = "extra"
            extra = option.name
            if section == "options":
                name = option.name.lower().replace("-", "_")
                if name not in _OPTIONS:
                    continue
                kind, extra = _OPTIONS[_OPTIONS.index(name)], ""
            for line, column, text in setup_cfg.entries_of(
                option, setuptools=section != _EXTRAS[0]
            ):
                entry = _declared(tally, line, column, kind, extra, text)
                entry = entry._replace(table=section)
                declared.setdefault((line, column), entry)
    return [declared[position] for position in sorted(declared)]


def read_pyproject(content: str, file: str = PYPROJECT) -> list[Declared]:
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


def project_name(texts: Mapping[str, str]) -> str:
    """The name of a project's distribution as written, empty if not known.

    :param texts: its files by their path inside the project.
    :raises BadLine: where a file that might have it cannot be read.
    :raises UnusableInput: where the name is no text.
    """
    if PYPROJECT in texts:
        document = _toml(texts[PYPROJECT], PYPROJECT)
        name = _table(document.table, "project", PYPROJECT).get("name")
        if isinstance(name, str):
            return name
        if name is not None:
            raise UnusableInput(PYPROJECT, "project.name is not a string")
    if SETUP_CFG in texts:
        sections = setup_cfg.sections_of(texts[SETUP_CFG], SETUP_CFG)
        option = sections.get("metadata", {}).get("name")
        if option is not None:
            return " ".join(value.text for value in option.values)
    return ""


def build_backend(content: str, file: str = PYPROJECT) -> str:
    """The build backend (PEP 517) that pyproject.toml names, or nothing.

    :raises BadLine: where it is not TOML, or nested too deep.
    :raises UnusableInput: where ``build-system`` is no table.
    """
    document = _toml(content, file)
    table = _table(document.table, "build-system", file)
    backend = table.get("build-backend")
    return backend if isinstance(backend, str) else ""


def group_names(content: str, file: str = PYPROJECT) -> list[str]:
    """The names of the dependency groups (PEP 735) as written.

    :raises BadLine: where it is not TOML, or nested too deep.
    :raises UnusableInput: where ``dependency-groups`` is no table.
    """
    document = _toml(content, file)
    return list(_table(document.table, "dependency-groups", file))


def read(texts: Mapping[str, str]) -> list[Declared]:
    """The entries of all manifests, file by file.

    :param texts: the files by their path inside the project.
    :raises BadLine: as the readers of single files do.
    :raises UnusableInput: likewise.
    """
    declared = []
    for file, content in texts.items():
        if file in REQUIREMENTS_FILES:
            declared += read_requirements(content, file)
        elif file == SETUP_CFG:
            declared += read_setup_cfg(content)
        elif file == PYPROJECT:
            declared += read_pyproject(content)
        elif file == LOWER_CONSTRAINTS:
            Tally(file).lines(split_lines(content))
    return declared


def pyproject(content: str) -> Mapping[str, Any]:
    """The whole document of pyproject.toml, not only its entries.

    :raises BadLine: where it is not TOML, or nested too deep.
    """
    return _toml(content, PYPROJECT).table


def array_of(entry: Declared) -> KeyPath:
    """The path of the array of pyproject.toml that an entry is an item of."""
    if entry.kind == "build":
        return ("build-system", "requires")
    if entry.kind == "group":
        return ("dependency-groups", entry.section)
    if entry.kind == "optional":
        return ("project", "optional-dependencies", entry.section)
    return ("project", "dependencies")


def separator(text: str, requirement: Requirement) -> str:
    """The ``;`` or ``:`` before an entry's marker, with the blanks around it.

    Empty where there is no marker.
    """
    if not requirement.markers:
        return ""
    before = text[: text.rindex(requirement.markers)]
    return before[len(before.rstrip().rstrip(";:").rstrip()) :]


def _declared(
    tally: Tally, line: int, column: int, kind: Kind, section: str, text: str
) -> Declared:
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
    if not _is_single_line(text):
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


def _is_single_line(text: str) -> bool:
    return len(text.splitlines()) <= 1


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
            declared.append(
                _declared(tally, line, column, kind, section, item)
            )
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
