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

Text goes in; :class:`Declared` comes out, one for each entry, with its place.
An entry that cannot be read is data as well, with what is wrong with it: who
judges a project wants all of it. Only a file that makes no sense as a whole
is an error. Nothing here opens a file or runs a project's code.

``setup.cfg`` is read as ``configparser`` reads it, which pbr and setuptools
both use, with interpolation off. ``configparser`` itself does not tell lines,
and drops comments.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from openstack_requirements.errors import BadLine, UnusableInput
from openstack_requirements.manifests import groups, toml
from openstack_requirements.pep508.requirement import (
    LONGEST_LINE,
    Requirement,
    Tally,
    parse_line,
)
from openstack_requirements.pep508.text import split_lines, without_bom

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
SETUP_CFG = "setup.cfg"
PYPROJECT = "pyproject.toml"
LOWER_CONSTRAINTS = "lower-constraints.txt"

#: How much is shown of an item of pyproject.toml that is no string.
_SHOWN = 80

_SECTION = re.compile(r"\[(?P<name>.+)\]", re.DOTALL)
_EXTRAS = ("extras", "options.extras_require")
#: Where a comment belongs to an entry. A string of TOML has none, and the
#: options that setuptools itself reads have never had their licenses there.
COMMENTED: frozenset[Kind] = frozenset({"file", "extra"})
_OPTIONS: tuple[Kind, ...] = ("install_requires", "setup_requires")


class Declared(NamedTuple):
    """One entry of a project's manifests, and where it stands.

    ``file`` is the path inside the project, ``line`` and ``column`` count
    from 1 (0 where not known). ``section`` is the extra's or the group's name
    as written, else empty. ``text`` is the entry as written, of TOML the
    string's value. ``requirement`` is what it says; ``problem`` is what is
    wrong with it where it cannot be read. Of the two one is None, and both
    are for a group's ``include-group`` (PEP 735), whose group ``include``
    names as written. ``table`` is the section of ``setup.cfg``.
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


class _Value(NamedTuple):
    """A line of an option's value."""

    line: int
    column: int
    text: str


class _Option(NamedTuple):
    """An option of setup.cfg, and the line that names it."""

    name: str
    line: int
    values: list[_Value]


def read_requirements(content: str, file: str) -> list[Declared]:
    """The entries of a requirements file.

    Blank lines and comments are none; a line that is no requirement (an
    option, a URL, an include, a continuation) is an entry with a problem.

    :raises BadLine: where the file holds more than is read.
    """
    found: list[Declared] = []
    tally = Tally(file)
    lines = split_lines(content)
    tally.lines(lines)
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or (text[0] == "#" and _one_line(text)):
            continue
        column = line.index(text) + 1
        found.append(_declared(tally, number, column, "file", "", text))
    return found


def read_setup_cfg(content: str, file: str = SETUP_CFG) -> list[Declared]:
    """The entries of setup.cfg.

    Those are the extras (pbr's ``[extras]`` and setuptools'
    ``[options.extras_require]``), ``install_requires`` and
    ``setup_requires``.

    :raises BadLine: where ``configparser`` could not read it either, or the
        file holds more than is read.
    """
    sections = _sections(content, file)
    tally = Tally(file)
    found: dict[tuple[int, int], Declared] = {}
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
            for line, column, text in _entries(
                option, setuptools=section != _EXTRAS[0]
            ):
                entry = _declared(tally, line, column, kind, extra, text)
                entry = entry._replace(table=section)
                found.setdefault((line, column), entry)
    return [found[place] for place in sorted(found)]


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
    lists: list[tuple[Kind, dict[str, Any], toml.Path]] = [
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
    found = [_items(document, *each, tally) for each in lists]
    # In the order of the arrays; an item whose place is not known stays
    # where it is in its array.
    found.sort(
        key=lambda items: max((each[1:3] for each in items), default=(0, 0))
    )
    declared = [each for items in found for each in items]
    if any(each.include for each in declared):
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
        sections = _sections(texts[SETUP_CFG], SETUP_CFG)
        option = sections.get("metadata", {}).get("name")
        if option is not None:
            return " ".join(each.text for each in option.values)
    return ""


def build_backend(content: str, file: str = PYPROJECT) -> str:
    """The build backend (PEP 517) that pyproject.toml names, or nothing.

    :raises BadLine: where it is not TOML, or nested too deep.
    :raises UnusableInput: where ``build-system`` is no table.
    """
    document = _toml(content, file)
    found = _table(document.table, "build-system", file).get("build-backend")
    return found if isinstance(found, str) else ""


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
    found = []
    for file, content in texts.items():
        if file in REQUIREMENTS_FILES:
            found += read_requirements(content, file)
        elif file == SETUP_CFG:
            found += read_setup_cfg(content)
        elif file == PYPROJECT:
            found += read_pyproject(content)
        elif file == LOWER_CONSTRAINTS:
            Tally(file).lines(split_lines(content))
    return found


def pyproject(content: str) -> Mapping[str, Any]:
    """What pyproject.toml says, for who needs more of it than its entries.

    :raises BadLine: where it is not TOML, or nested too deep.
    """
    return _toml(content, PYPROJECT).table


def options(content: str, section: str) -> dict[str, str]:
    """The options of one section of setup.cfg, their names in lower case.

    The lines of a value are joined with line feeds. What ``[DEFAULT]`` says
    is in every section that is there.

    :raises BadLine: where ``configparser`` could not read it either.
    """
    sections = _sections(content, SETUP_CFG)
    if section not in sections:
        return {}
    found = {**sections.get("DEFAULT", {}), **sections[section]}
    return {
        name: "\n".join(value.text for value in option.values)
        for name, option in found.items()
    }


def array_of(entry: Declared) -> toml.Path:
    """The array of pyproject.toml that an entry of it is an item of."""
    if entry.kind == "build":
        return ("build-system", "requires")
    if entry.kind == "group":
        return ("dependency-groups", entry.section)
    if entry.kind == "optional":
        return ("project", "optional-dependencies", entry.section)
    return ("project", "dependencies")


def separator(text: str, requirement: Requirement) -> str:
    """What stands before an entry's marker: ``;`` or ``:``, blanks around.

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
    """What is wrong with an entry that reads as a requirement."""
    if not _one_line(text):
        # pip and pbr would read on behind it, where we see a comment.
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


def _one_line(text: str) -> bool:
    return len(text.splitlines()) <= 1


@lru_cache(maxsize=2)  # who asks for the entries asks for the name next
def _sections(content: str, file: str) -> dict[str, dict[str, _Option]]:
    """The options of setup.cfg by section and lower-case name."""
    sections: dict[str, dict[str, _Option]] = {}
    options: dict[str, _Option] | None = None
    option: _Option | None = None
    indent = 0
    for number, line in enumerate(split_lines(content), 1):
        text = line.strip()
        if "\r" in line.rstrip("\r\n"):
            # The line would end there for configparser.
            raise _bad("a carriage return within a line", line, number, file)
        if not text or text[0] in "#;":
            continue
        column = len(line) - len(line.lstrip())
        if option is not None and column > indent:
            option.values.append(_Value(number, column + 1, text))
            continue
        indent = column
        heading = _SECTION.match(text)
        if heading:
            name = heading["name"]
            if name in sections and name != "DEFAULT":
                raise _bad("the section is there twice", line, number, file)
            options, option = sections.setdefault(name, {}), None
        elif options is None:
            raise _bad("it belongs to no section", line, number, file)
        else:
            option = _option(line, number, file)
            if options.setdefault(option.name.lower(), option) is not option:
                raise _bad("the option is there twice", line, number, file)
    return sections


def _option(line: str, number: int, file: str) -> _Option:
    """The option that a line names, with the value beside its name."""
    delimiter = re.search("[=:]", line)
    name = line[: delimiter.start()].strip() if delimiter else ""
    if delimiter is None or not name:
        raise _bad(
            "neither a section nor an option nor the next line of a value",
            line,
            number,
            file,
        )
    option = _Option(name, number, [])
    rest = line[delimiter.end() :]
    value = rest.strip()
    if value:
        column = delimiter.end() + rest.index(value) + 1
        option.values.append(_Value(number, column, value))
    return option


def _bad(reason: str, line: str, number: int, file: str) -> BadLine:
    return BadLine(reason, line[:LONGEST_LINE], source=file, number=number)


def _entries(option: _Option, *, setuptools: bool) -> Iterator[_Value]:
    """The entries of an option's value.

    setuptools takes a value that stands on the option's own line for a list
    with semicolons.
    """
    values = option.values
    if not setuptools or len(values) != 1 or values[0].line != option.line:
        yield from values
        return
    line, column, text = values[0]
    for part in text.split(";"):
        stripped = part.strip()
        if stripped:
            yield _Value(line, column + part.index(stripped), stripped)
        column += len(part) + 1


@lru_cache(maxsize=2)
def _toml(content: str, file: str) -> toml.Document:
    return toml.load(without_bom(content), file)


def _table(table: dict[str, Any], key: str, file: str) -> dict[str, Any]:
    found = table.get(key, {})
    if not isinstance(found, dict):
        raise UnusableInput(file, f"{key} is not a table")
    return found


def _items(
    document: toml.Document,
    kind: Kind,
    table: dict[str, Any],
    path: toml.Path,
    tally: Tally,
) -> list[Declared]:
    """The items of one array of requirements."""
    section = str(path[-1]) if kind in {"optional", "group"} else ""
    items = table.get(str(path[-1]), [])
    if not isinstance(items, list):
        where = ".".join(map(str, path))
        raise UnusableInput(tally.source, f"{where} is not an array")
    found = []
    for index, item in enumerate(items):
        line, column = document.places.get((*path, index), (0, 0))
        if isinstance(item, str):
            found.append(_declared(tally, line, column, kind, section, item))
            continue
        tally.unread(_shown(item), line)
        include = _include(item) if kind == "group" else ""
        problem = None if include else "it is not a string"
        found.append(
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
    return found


def _include(item: object) -> str:
    """The group that an item includes (PEP 735); empty where it does not."""
    if isinstance(item, dict) and list(item) == ["include-group"]:
        name = item["include-group"]
        return name if isinstance(name, str) else ""
    return ""


def _shown(item: object) -> str:
    """An item that is no string, or its beginning."""
    text = str(item)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
