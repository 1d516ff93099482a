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
"""What is installed, read from the metadata of distributions (PEP 376, 566).

Never from the text of ``pip freeze``: that leaves out what an installer takes
for its own, and shows URLs where a name and a version are wanted. Nothing that
is installed is imported.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

from openstack_requirements.constraints.freeze import Distribution, Freeze
from openstack_requirements.errors import (
    CommandFailed,
    OutsideError,
    UnusableInput,
    printable,
)
from openstack_requirements.install.environments import python_of, site_folders
from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.text import is_name
from openstack_requirements.pep508.versions import long_number, parse_version
from openstack_requirements.system import files
from openstack_requirements.system.children import python_command

if TYPE_CHECKING:
    import importlib.metadata

    from openstack_requirements.system.children import Children


def running() -> Freeze:
    """What is installed where this very program runs."""
    from packaging.markers import default_environment

    environment = {k: str(v) for k, v in default_environment().items()}
    return Freeze(
        environment["python_version"],
        environment,
        imported_from([path for path in sys.path if os.path.isdir(path)]),
    )


def for_python(python: str, children: Children) -> Freeze:
    """What is installed for an interpreter, without importing any of it.

    :param python: the path of an interpreter, or of a virtualenv.
    :raises UnusableInput: where there is none.
    :raises OutsideError: where it cannot be run, or metadata is broken.
    """
    from openstack_requirements.install import interpreters

    path = os.path.abspath(
        python_of(python) if os.path.isdir(python) else python
    )
    if not os.path.isfile(path):
        raise UnusableInput(python, "is neither a virtualenv nor a Python")
    try:
        interpreter = interpreters.identify(path, children, without_site=True)
    except OutsideError as error:
        said = error.output if isinstance(error, CommandFailed) else str(error)
        reason = said.strip().partition("\n")[0] or "it failed"
        raise UnusableInput(
            python, f"is no Python that works here ({printable(reason)})"
        ) from error
    return Freeze(
        interpreter.version,
        interpreter.environment,
        imported_from(site_folders_of(path, children)),
    )


def site_folders_of(python: str, children: Children) -> list[str]:
    """Where an interpreter imports what is installed from.

    A module is imported from the first folder that has it. Nothing that lies
    in these folders is run.

    :param python: the path of an interpreter; a virtualenv's or not.
    :raises OutsideError: where it cannot be run.
    """
    folder = os.path.dirname(os.path.dirname(os.path.abspath(python)))
    try:
        settings = files.read_text(os.path.join(folder, "pyvenv.cfg"))
    except UnusableInput:
        return _own_folders(python, children)
    folders = site_folders(folder)
    if re.search(r"(?im)^include-system-site-packages\s*=\s*true", settings):
        home = re.search(r"(?im)^home\s*=\s*(.+)$", settings)
        # Beside it may be other Pythons, also one that is called python3.
        version = re.search(
            r"(?im)^version(?:_info)?\s*=\s*(\d+\.\d+)", settings
        )
        names = (
            *([f"python{version[1]}"] if version else []),
            *(os.path.basename(python), "python3", "python"),
        )
        base = os.path.join(home[1].strip() if home else "", "")
        paths = [f"{base}{name}" for name in names]
        folders += _own_folders(
            next(filter(os.path.isfile, paths), paths[0]), children
        )
    return list(dict.fromkeys(folders))


def _own_folders(python: str, children: Children) -> list[str]:
    """The site folders of an interpreter that is no virtualenv's."""
    from openstack_requirements.system.process import ANSWER_DEADLINE

    code = (
        "import sys; sys.path[:] = filter(None, sys.path); "
        "import site; print('\\n'.join(site.getsitepackages()))"
    )
    output = children.run(
        python_command(python, (), "-S", "-c", code),
        deadline=ANSWER_DEADLINE,
    )
    return [line for line in output.splitlines() if os.path.isdir(line)]


def imported_from(folders: list[str]) -> tuple[Distribution, ...]:
    """What is installed in these folders; the first that has it counts."""
    result: dict[str, Distribution] = {}
    for folder in folders:
        for distribution in in_folders([folder]):
            result.setdefault(canonical_name(distribution.name), distribution)
    return tuple(result[name] for name in sorted(result))


def in_virtualenv(folder: str) -> tuple[Distribution, ...]:
    """What is installed in a virtualenv; see :func:`in_folders`."""
    return in_folders(site_folders(folder))


def in_folders(folders: list[str]) -> tuple[Distribution, ...]:
    """What is installed in these folders, sorted by canonical name.

    :raises OutsideError: where metadata is broken, or a name is there in two
        versions; with the paths.
    """
    import importlib.metadata  # slow, and only needed here

    result: dict[str, tuple[Distribution, str]] = {}
    for entry in importlib.metadata.distributions(path=folders):
        path = str(getattr(entry, "_path", folders))
        distribution = _distribution(entry, path)
        present, present_path = result.setdefault(
            canonical_name(distribution.name), (distribution, path)
        )
        if present.version != distribution.version:
            raise OutsideError(
                f"{distribution.name} is installed twice, as "
                f"{present.version} in {present_path} and as "
                f"{distribution.version} in {path}"
            )
    return tuple(result[name][0] for name in sorted(result))


def _distribution(
    entry: importlib.metadata.Distribution, path: str
) -> Distribution:
    """The metadata of a distribution.

    :param path: where it is, for errors.
    """
    data = _read(entry, "METADATA") or _read(entry, "PKG-INFO")
    modern = bool(data) and not path.endswith(".egg-info")
    # An egg-info may be a file, which is read under no name.
    data = data or _read(entry, "")
    if not data:
        raise OutsideError(f"{path}: there is no metadata in it")
    distribution = from_metadata(data, path)
    if modern:
        return distribution
    return distribution._replace(requires=_egg_requires(entry))


def from_metadata(data: bytes, path: str) -> Distribution:
    """What core metadata says of a distribution (PEP 566, 639, 643).

    :param data: the text of METADATA or PKG-INFO, with newlines alone at the
        ends of its lines.
    :param path: where it is, for errors.
    :raises OutsideError: where it has no proper name or version.
    """
    from packaging.metadata import parse_email  # slow, only needed here

    # The description behind the first blank line may be long. A field that
    # is not UTF-8 is among the unparsed, read as Latin-1.
    metadata, unparsed = parse_email(data.partition(b"\n\n")[0])

    def known(value: str | None, field: str) -> str:
        """A value; of a field that is there several times, the first."""
        if value is None:
            value = next(iter(unparsed.get(field, ())), "")
        value = value.strip()
        return "" if value == "UNKNOWN" else value

    name = known(metadata.get("name"), "name")
    version = known(metadata.get("version"), "version")
    if not is_name(name):
        raise OutsideError(f"{path}: its metadata has no proper Name")
    if (
        not version
        or re.search(r"[\s;,#]", version)
        or len(version) > limits.LONGEST_VERSION
        or long_number(version) is not None
    ):
        raise OutsideError(f"{path}: its metadata has no proper Version")
    # What cannot be decoded is no reason to leave a requirement out.
    unreadable = unparsed.get("requires-dist", [])
    return Distribution(
        name,
        normal_version(version),
        tuple(metadata.get("requires_dist") or unreadable),
        known(metadata.get("requires_python"), "requires-python"),
        known(metadata.get("license_expression"), "license-expression"),
        known(metadata.get("license"), "license"),
        tuple(metadata.get("classifiers", ())),
    )


def _egg_requires(
    entry: importlib.metadata.Distribution,
) -> tuple[str, ...]:
    """The requirements of an egg-info, which has a file of its own for them.

    ``importlib.metadata`` knows the form of that file, and would read it and
    the rest as UTF-8 only.
    """
    import importlib.metadata

    class Lenient(importlib.metadata.Distribution):
        def read_text(self, filename: str) -> str:
            return _read(entry, filename).decode("utf-8", "replace")

        def locate_file(self, path: str | os.PathLike[str]) -> Any:
            return entry.locate_file(path)

    return tuple(Lenient().requires or ())


def _read(entry: importlib.metadata.Distribution, name: str) -> bytes:
    """A file of a distribution's metadata; empty where there is none.

    :raises OutsideError: where it is larger than a file that a program
        writes may be.
    """
    folder: Any = getattr(entry, "_path", None)
    if folder is None:
        return (entry.read_text(name) or "").encode()
    path = folder.joinpath(name)
    try:
        with path.open("rb") as file:
            data: bytes = file.read(files.LARGEST_DATA + 1)
    except (
        FileNotFoundError,
        IsADirectoryError,
        KeyError,
        NotADirectoryError,
        PermissionError,
    ):
        return b""
    try:
        files.require_fair_size(len(data), str(path), files.LARGEST_DATA)
    except UnusableInput as error:
        raise OutsideError(str(error)) from error
    return with_newlines(data)


def with_newlines(data: bytes) -> bytes:
    """A text with newlines alone at the ends of its lines."""
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def normal_version(version: str) -> str:
    """The normal form of a version (PEP 440); other text as it is.

    ``===`` compares text, and installers compare with the normal form.
    """
    parsed = parse_version(version)
    return version if parsed is None else str(parsed)
