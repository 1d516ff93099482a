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
"""Changes the version of one distribution in a constraints file.

Where the file has a global list beside it, the version has to be one that
the list admits. The Pythons that it is for may stand in the project's own
metadata. The edit of the lines is in ``constraints``.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import pinning
from openstack_requirements.errors import BadLine, UnusableInput
from openstack_requirements.manifests import (
    core_metadata,
    declarations,
    dynamic,
    loader,
)
from openstack_requirements.pep508 import markers
from openstack_requirements.pep508.text import canonical, is_name
from openstack_requirements.pep508.versions import parse_version
from openstack_requirements.repository import lists

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from openstack_requirements.pep508.entries import Entry

#: How long to wait for a release, in seconds, where nobody says it.
LONGEST_WAIT = 600

#: The files of a project that say its name and its Pythons.
_METADATA = (
    declarations.PYPROJECT,
    declarations.SETUP_CFG,
    *dynamic.MORE_FILES,
)

#: The series in the name of an interpreter, or its version.
_SERIES = re.compile(r"(?:^|[a-z])([0-9]{1,3})\.([0-9]{1,3})(?:\.[0-9]+)?$")


class PinRequest(NamedTuple):
    """A version for a distribution.

    :param version: in normal form (PEP 440).
    :param python: the Python (``3.12``) whose lines change; empty for all.
    :param requires_python: the Pythons that the version is for, a specifier
        set; empty where that is not known.
    :param oldest_python: the oldest Python that the file is for; empty for
        what its markers say.
    """

    name: str
    version: str
    python: str = ""
    requires_python: str = ""
    oldest_python: str = ""


class ListedRange(NamedTuple):
    """The global list that a version has to suit; empty where none is there.

    :param prereleases: whether the policy admits pre-releases that no entry
        mentions.
    """

    path: str = ""
    entries: Sequence[Entry] = ()
    prereleases: bool = True


def with_settings(pin: PinRequest, file: str) -> PinRequest:
    """The pin, with the oldest Python of the settings beside a file.

    That is the oldest of their interpreters, where the names of all of them
    have a version (``3.12``, ``python3.12``).

    :raises RequirementsError: where the settings cannot be used.
    """
    if pin.oldest_python:
        return pin
    pythons = lists.locate(pinned=file).settings.pythons
    return pin._replace(oldest_python=oldest(pythons))


def oldest(pythons: Iterable[str]) -> str:
    """The series of the oldest of some interpreters; empty if not known."""
    matches = [_SERIES.search(python) for python in pythons]
    series = [(int(x[1]), int(x[2])) for x in matches if x is not None]
    if not series or len(series) < len(matches):
        return ""
    return ".".join(map(str, min(series)))


def parse(text: str, python: str = "", oldest_python: str = "") -> PinRequest:
    """The pin that ``NAME==VERSION`` says.

    :param python: a Python (``3.12``), or the Pythons that the version is for
        (``>=3.10``).
    :raises ValueError: with what is wrong with it, or with the Pythons.
    """
    name, equals, number = text.partition("===" if "===" in text else "==")
    name, number = name.strip(), number.strip()
    if not equals or not is_name(name):
        raise ValueError(f"not NAME==VERSION: {text!r}")
    version = parse_version(number)
    if version is None:
        raise ValueError(f"not a version: {number!r}")
    if oldest_python and not _is_python(oldest_python):
        raise ValueError(
            f"not a Python version such as 3.12: {oldest_python!r}"
        )
    pin = PinRequest(name, str(version), oldest_python=oldest_python)
    if not python or _is_python(python):
        return pin._replace(python=python)
    try:
        has_conditions = bool(markers.conditions(python))
    except ValueError:
        has_conditions = False
    if not has_conditions:
        raise ValueError(
            "not a Python version such as 3.12, nor a specifier such as "
            f">=3.10: {python!r}"
        )
    return pin._replace(requires_python=python)


def _is_python(text: str) -> bool:
    """Whether a text is the version of a Python series."""
    major, dot, minor = text.partition(".")
    return (
        text.isascii()
        and bool(dot)
        and major.isdigit()
        and minor.isdigit()
        and len(text) < len("1000.10000")
    )


def for_pythons_of(pin: PinRequest, root: str) -> PinRequest:
    """The pin, for the Pythons that the metadata of a project names.

    Only files are read; nothing of the project runs. Metadata that a build
    would compute is not known.

    :param root: the folder of the project whose release it is.
    :raises UnusableInput: where there is no such project, it has another
        name, or its Requires-Python is no specifier set.
    :raises BadLine: where a file is no TOML.
    """
    name, pythons = _metadata_in(root)
    if name and canonical(name) != canonical(pin.name):
        raise UnusableInput(root, f"is {name}, and not {pin.name}")
    try:
        markers.conditions(pythons)
    except ValueError as error:
        raise UnusableInput(
            root, f"has a Requires-Python that cannot be used ({error})"
        ) from error
    return pin._replace(requires_python=pythons)


def _metadata_in(root: str) -> tuple[str, str]:
    """The name and the Requires-Python of a project; empty if not known."""
    source = loader.folder(root)
    texts = {}
    try:
        for path in _METADATA:
            text = source(path)
            if text is not None:
                texts[path] = text
        metadata = dynamic.read(texts)
        name = declarations.project_name(texts) or metadata.name
    except BadLine as error:
        place = os.path.join(root, error.source)
        raise error.at(place, error.number) from error
    except UnusableInput as error:
        place = os.path.join(root, error.what)
        raise UnusableInput(place, error.reason) from error
    pythons = metadata.requires_python
    if not pythons and core_metadata.PKG_INFO in texts:
        pkg_info = core_metadata.read_pkg_info(texts[core_metadata.PKG_INFO])
        pythons = pkg_info.requires_python
    return name, pythons.strip()


def beside(file: str) -> ListedRange:
    """The global list beside a file, if there is one.

    A link is beside the lists as well as what it leads to.

    :raises UnusableInput: where the list cannot be read.
    :raises BadContent: with all the lines of it that cannot be read.
    """
    for place in (file, os.path.realpath(file)):
        folder = os.path.dirname(place)
        repository = lists.locate(folder)
        if os.path.exists(repository.required):
            entries = lists.read(repository.required)
            policy = repository.policy(entries)
            return ListedRange(
                repository.required, entries, policy.prereleases_pinned
            )
    return ListedRange()


def change(
    pin: PinRequest, source: str, listed: ListedRange | None = None
) -> Callable[[str], str]:
    """What makes the pin in the text of a constraints file.

    :param source: the name of the file, for errors.
    :param listed: the list that has to admit the version; None for no such
        condition.
    """
    path, entries, prereleases = listed or ListedRange()

    def changed(content: str) -> str:
        return pinning.pin(
            content,
            pin.name,
            pin.version,
            python=pin.python,
            requires_python=pin.requires_python,
            oldest_python=pin.oldest_python,
            source=source,
            entries=entries,
            listed_in=path,
            prereleases=prereleases,
        )

    return changed
