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
"""Throw-away virtualenvs: made, filled, read and removed.

What is installed is read from the environment's own metadata (PEP 376, 566),
never from the text of ``pip freeze``: that leaves out what an installer takes
for its own, and shows URLs where a name and a version are wanted.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

from openstack_requirements.constraints.freeze import Distribution, Freeze
from openstack_requirements.errors import (
    CommandFailed,
    OutsideError,
    UnusableInput,
    printable,
)
from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.specifiers import long_number, parse_version
from openstack_requirements.pep508.text import is_name
from openstack_requirements.system import files
from openstack_requirements.system.children import python_command

if TYPE_CHECKING:
    import importlib.metadata

    from openstack_requirements.system.children import Children

#: Where a distribution keeps its metadata.
_METADATA = (".dist-info", ".egg-info")
#: How many processes remove files at once.
_REMOVERS = 3


def python_of(folder: str) -> str:
    """The interpreter of a virtualenv."""
    return os.path.join(folder, "bin", "python")


def site_folders(folder: str) -> list[str]:
    """Where a virtualenv keeps what is installed into it."""
    found = glob.glob(os.path.join(folder, "lib*", "*", "site-packages"))
    # lib64 is often a link to lib.
    return sorted({os.path.realpath(each) for each in found})


def site_folders_of(python: str, children: Children) -> list[str]:
    """Where an interpreter imports what is installed from.

    The first that has something is where it is imported from. Nothing is run
    that lies in these folders.

    :param python: the path of an interpreter; a virtualenv's or not.
    :raises OutsideError: where it cannot be run.
    """
    folder = os.path.dirname(os.path.dirname(os.path.abspath(python)))
    try:
        settings = files.read_text(os.path.join(folder, "pyvenv.cfg"))
    except UnusableInput:
        return _own_folders(python, children)
    found = site_folders(folder)
    if re.search(r"(?im)^include-system-site-packages\s*=\s*true", settings):
        home = re.search(r"(?im)^home\s*=\s*(.+)$", settings)
        names = (os.path.basename(python), "python3", "python")
        base = os.path.join(home[1].strip() if home else "", "")
        paths = [f"{base}{name}" for name in names]
        found += _own_folders(
            next(filter(os.path.isfile, paths), paths[0]), children
        )
    return list(dict.fromkeys(found))


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


def running() -> Freeze:
    """What is installed where this very program runs."""
    from packaging.markers import default_environment

    environment = {k: str(v) for k, v in default_environment().items()}
    return Freeze(
        environment["python_version"],
        environment,
        imported_from([each for each in sys.path if os.path.isdir(each)]),
    )


def of_python(python: str, children: Children) -> Freeze:
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
        found = interpreters.identify(path, children, without_site=True)
    except OutsideError as error:
        said = error.output if isinstance(error, CommandFailed) else str(error)
        reason = said.strip().partition("\n")[0] or "it failed"
        raise UnusableInput(
            python, f"is no Python that works here ({printable(reason)})"
        ) from error
    return Freeze(
        found.version,
        found.environment,
        imported_from(site_folders_of(path, children)),
    )


def imported_from(folders: list[str]) -> tuple[Distribution, ...]:
    """What is installed in these folders; the first that has it counts."""
    found: dict[str, Distribution] = {}
    for folder in folders:
        for each in installed_in([folder]):
            found.setdefault(canonical_name(each.name), each)
    return tuple(found[name] for name in sorted(found))


def count(folder: str) -> int:
    """How many distributions are installed by now: for progress only."""
    return sum(
        name.endswith(_METADATA)
        for each in site_folders(folder)
        for name in os.listdir(each)
    )


def installed(folder: str) -> tuple[Distribution, ...]:
    """What is installed in a virtualenv, from its own metadata.

    :raises OutsideError: where metadata is broken, or a name is there in two
        versions; with the paths.
    """
    return installed_in(site_folders(folder))


def installed_in(folders: list[str]) -> tuple[Distribution, ...]:
    """What is installed in these folders; see :func:`installed`."""
    import importlib.metadata  # slow, and only needed here

    found: dict[str, tuple[Distribution, str]] = {}
    for each in importlib.metadata.distributions(path=folders):
        path = str(getattr(each, "_path", folders))
        one = _distribution(each, path)
        other, other_path = found.setdefault(
            canonical_name(one.name), (one, path)
        )
        if other.version != one.version:
            raise OutsideError(
                f"{one.name} is installed twice, as {other.version} in "
                f"{other_path} and as {one.version} in {path}"
            )
    return tuple(found[name][0] for name in sorted(found))


def _distribution(
    found: importlib.metadata.Distribution, path: str
) -> Distribution:
    from packaging.metadata import parse_email  # slow, only needed here

    text = found.read_text("METADATA") or found.read_text("PKG-INFO")
    modern = bool(text) and not path.endswith(".egg-info")
    # An egg-info may be a file, which is read under no name.
    text = text or found.read_text("")
    if not text:
        raise OutsideError(f"{path}: there is no metadata in it")
    # The description behind the first blank line may be long.
    metadata, unparsed = parse_email(text.partition("\n\n")[0])

    def known(value: str | None, field: str) -> str:
        """A value; of a field that is there several times, the first."""
        if value is None:
            value = next(iter(unparsed.get(field, ())), "")
        value = value.strip()
        return "" if value == "UNKNOWN" else value

    # What no encoding reads is no reason to leave a requirement out.
    unreadable = unparsed.get("requires-dist", [])
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
    # An egg-info keeps its requirements in a file of its own.
    requires = (
        tuple(metadata.get("requires_dist") or unreadable)
        if modern
        else tuple(found.requires or ())
    )
    return Distribution(
        name,
        normal_version(version),
        requires,
        known(metadata.get("requires_python"), "requires-python"),
        known(metadata.get("license_expression"), "license-expression"),
        known(metadata.get("license"), "license"),
        tuple(metadata.get("classifiers", ())),
    )


def normal_version(version: str) -> str:
    """The normal form of a version (PEP 440); other text as it is.

    ``===`` compares text, and installers compare with the normal form.
    """
    parsed = parse_version(version)
    return version if parsed is None else str(parsed)


def clear(folder: str, children: Children) -> None:
    """Remove what is installed into a virtualenv, all but its metadata.

    That is tens of thousands of files, and each waits for the file system.
    A few processes at once take half the time of ``shutil.rmtree``, and
    leave this one free to read the metadata meanwhile. What they cannot
    remove is left to :func:`remove`.
    """
    from concurrent.futures import ThreadPoolExecutor

    paths = [
        os.path.join(each, name)
        for each in site_folders(folder)
        for name in sorted(os.listdir(each))
        if not name.endswith(_METADATA)
    ]
    # Not too many names for one command line.
    shares = max(_REMOVERS, len(paths) // 500)

    def remove(share: int) -> None:
        if paths[share::shares]:
            with contextlib.suppress(OutsideError):
                children.run(["rm", "-rf", "--", *paths[share::shares]])

    with ThreadPoolExecutor(_REMOVERS) as pool:
        list(pool.map(remove, range(shares)))


def remove(folder: str, children: Children) -> None:
    """Remove a virtualenv, whatever is left of it, quickly."""
    clear(folder, children)
    discard(folder)


def discard(folder: str) -> None:
    """Remove a folder with all that is in it, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)
