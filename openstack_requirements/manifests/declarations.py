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

from typing import TYPE_CHECKING

from openstack_requirements.manifests import pyproject, setup_cfg
from openstack_requirements.manifests.declared import (
    COMMENTED,
    Declared,
    Kind,
    declare,
    is_single_line,
    separator,
)
from openstack_requirements.manifests.pyproject import (
    array_of,
    build_backend,
    group_names,
    read_pyproject,
)
from openstack_requirements.pep508.tally import Tally
from openstack_requirements.pep508.text import split_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "COMMENTED",
    "LOWER_CONSTRAINTS",
    "PYPROJECT",
    "REQUIREMENTS_FILES",
    "SETUP_CFG",
    "Declared",
    "Kind",
    "array_of",
    "build_backend",
    "group_names",
    "is_single_line",
    "project_name",
    "read",
    "read_pyproject",
    "read_requirements",
    "read_setup_cfg",
    "separator",
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
PYPROJECT = pyproject.FILE
LOWER_CONSTRAINTS = "lower-constraints.txt"

_EXTRAS = ("extras", "options.extras_require")
_OPTIONS: tuple[Kind, ...] = ("install_requires", "setup_requires")


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
        if not text or (text[0] == "#" and is_single_line(text)):
            continue
        column = line.index(text) + 1
        declared.append(declare(tally, number, column, "file", "", text))
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
                entry = declare(tally, line, column, kind, extra, text)
                entry = entry._replace(table=section)
                declared.setdefault((line, column), entry)
    return [declared[position] for position in sorted(declared)]


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


def project_name(texts: Mapping[str, str]) -> str:
    """The name of a project's distribution as written, empty if not known.

    :param texts: its files by their path inside the project.
    :raises BadLine: where a file that might have it cannot be read.
    :raises UnusableInput: where the name is no text.
    """
    if PYPROJECT in texts:
        name = pyproject.name_of(texts[PYPROJECT])
        if name is not None:
            return name
    if SETUP_CFG in texts:
        sections = setup_cfg.sections_of(texts[SETUP_CFG], SETUP_CFG)
        option = sections.get("metadata", {}).get("name")
        if option is not None:
            return " ".join(value.text for value in option.values)
    return ""
