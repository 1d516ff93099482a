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
"""Dynamic metadata: what a project requires beside its plain manifests.

``declarations`` reads the standard places. Projects also have their
requirements in files that setuptools is told to read, in the tables of poetry
and flit, and in the call of ``setup()``: these are read here. What a setup.py
or a build backend computes is only known by running it, which never happens;
the metadata of an unpacked sdist (PKG-INFO) stands in for it where there is
some. Nothing here opens a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openstack_requirements.errors import BadLine, UnusableInput
from openstack_requirements.manifests import (
    pyproject,
    setup_cfg,
    setup_py,
)
from openstack_requirements.manifests.core_metadata import (
    PKG_INFO,
    Metadata,
    MetadataRequirement,
    read_pkg_info,
)
from openstack_requirements.manifests.declarations import PYPROJECT, SETUP_CFG
from openstack_requirements.manifests.literals import Computed
from openstack_requirements.manifests.poetry import read_poetry
from openstack_requirements.manifests.setup_call import read_call
from openstack_requirements.manifests.toml import strings, table_at
from openstack_requirements.pep508 import limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SETUP_PY = setup_py.FILE
#: The files that are read here, beside those of ``declarations``.
MORE_FILES = (SETUP_PY, PKG_INFO)
#: Requirements files that a project names beside the usual ones, by ``file:``
#: and the like. One that names more is an error.
MOST_FILES = 100


def read(texts: Mapping[str, str]) -> Metadata:
    """What a project requires beside its plain manifests.

    :param texts: its files by their path inside the project, those of
        :data:`MORE_FILES` among them.
    :raises BadLine: where pyproject.toml is not TOML.
    :raises UnusableInput: where it names more than :data:`MOST_FILES` files,
        or there are more requirements than a manifest may have entries.
    """
    document: Mapping[str, Any] = {}
    if PYPROJECT in texts:
        document = pyproject.document_of(texts[PYPROJECT])
    config = _setup_cfg(texts.get(SETUP_CFG, ""))
    files = _files(document, config)
    project = table_at(document, "project")
    dynamic = project.get("dynamic")
    is_dynamic = not project or (
        isinstance(dynamic, list) and "dependencies" in dynamic
    )
    metadata = Metadata()
    if is_dynamic and all(extra for _, extra in files):
        metadata = _computed(texts, document, config)
    if PKG_INFO in texts:
        pkg_info = read_pkg_info(texts[PKG_INFO])
        if metadata.computed:
            metadata = pkg_info
        metadata = metadata._replace(name=metadata.name or pkg_info.name)
    python = project.get("requires-python") or config.get("python_requires")
    if isinstance(python, str):
        metadata = metadata._replace(requires_python=python)
    if len(metadata.requirements) > limits.MOST_REQUIREMENTS:
        raise UnusableInput(
            metadata.requirements[-1].place,
            f"has more than {limits.MOST_REQUIREMENTS} requirements",
        )
    return metadata._replace(files=tuple(files))


def _computed(
    texts: Mapping[str, str],
    document: Mapping[str, Any],
    config: Mapping[str, str],
) -> Metadata:
    """The requirements that a tool of the project provides at build time."""
    tools = table_at(document, "tool")
    if "poetry" in tools:
        return read_poetry(table_at(tools, "poetry"))
    if "flit" in tools:
        return _read_flit(table_at(tools, "flit", "metadata"))
    if "install_requires" in config:
        return Metadata()
    return _read_backend(texts, document)


# The files that setuptools is told to read


def _files(
    document: Mapping[str, Any], config: Mapping[str, str]
) -> list[tuple[str, str]]:
    """The requirements files that a project names, each with its extra."""
    dynamic = table_at(document, "tool", "setuptools", "dynamic")
    of_pyproject = list(_files_of_pyproject(dynamic))
    files = [*of_pyproject, *_files_of_setup_cfg(config)]
    if len(files) > MOST_FILES:
        raise UnusableInput(
            PYPROJECT if len(of_pyproject) > MOST_FILES else SETUP_CFG,
            f"names more than {MOST_FILES} requirements files",
        )
    return files


def _files_of_pyproject(
    dynamic: Mapping[str, Any],
) -> Iterator[tuple[str, str]]:
    """The files of ``[tool.setuptools.dynamic]``."""
    for path in strings(table_at(dynamic, "dependencies").get("file")):
        yield path, ""
    for extra in table_at(dynamic, "optional-dependencies"):
        table = table_at(dynamic, "optional-dependencies", extra)
        for path in strings(table.get("file")):
            yield path, extra


def _setup_cfg(text: str) -> dict[str, str]:
    """What setup.cfg says of requirements, by option; extras in brackets."""
    # configparser would take quadratic time for a line with many blanks.
    try:
        sections = {
            name: setup_cfg.options(text, name)
            for name in ("metadata", "options", "options.extras_require")
        }
    except BadLine:
        return {}  # reading the manifests reports it
    extras = sections.pop("options.extras_require")
    result = {
        name.replace("-", "_"): value
        for options in sections.values()
        for name, value in options.items()
    }
    return result | {f"[{name}]": value for name, value in extras.items()}


def _files_of_setup_cfg(
    config: Mapping[str, str],
) -> Iterator[tuple[str, str]]:
    """The files that ``file:`` names in setup.cfg."""
    for name, value in config.items():
        kind, _, paths = value.strip().partition(":")
        if kind == "file" and (
            name == "install_requires" or name.startswith("[")
        ):
            for path in paths.split(","):
                yield path.strip(), name[1:-1] if name[0] == "[" else ""


# setup.py, and backends


def _read_backend(
    texts: Mapping[str, str], document: Mapping[str, Any]
) -> Metadata:
    """What setup.py states, or which program computes the requirements."""
    build = table_at(document, "build-system")
    named = strings(build.get("build-backend"))
    backend = "".join(named) or "setuptools.build_meta"
    if backend == "pbr.build":
        return Metadata()  # pbr reads requirements.txt, and so do we
    if SETUP_PY in texts:
        try:
            return read_call(texts[SETUP_PY])
        except setup_py.TooLarge as error:
            return Metadata(computed=SETUP_PY, problem=str(error))
        except (Computed, ValueError, RecursionError):
            return Metadata(computed=SETUP_PY)
    dynamic = strings(table_at(document, "project").get("dynamic"))
    if "dependencies" in dynamic:
        return Metadata(computed=f"its build backend, {backend}")
    return Metadata()


# flit


def _read_flit(flit: Mapping[str, Any]) -> Metadata:
    """The metadata in ``[tool.flit.metadata]``."""
    requirements = [
        MetadataRequirement(PYPROJECT, text)
        for text in strings(flit.get("requires"))
    ]
    extras = table_at(flit, "requires-extra")
    requirements += [
        MetadataRequirement(PYPROJECT, text, extra, optional=True)
        for extra in extras
        for text in strings(extras[extra])
    ]
    names = [*strings(flit.get("dist-name")), *strings(flit.get("module"))]
    return Metadata(
        tuple(requirements),
        requires_python="".join(strings(flit.get("requires-python"))),
        name="".join(names[:1]),
    )
