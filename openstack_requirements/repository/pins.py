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
the list admits. The edit of the lines is in ``constraints``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import pinning
from openstack_requirements.pep508.text import is_name
from openstack_requirements.pep508.versions import parse_version
from openstack_requirements.repository import lists

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openstack_requirements.pep508.entries import Entry


class PinRequest(NamedTuple):
    """A version for a distribution.

    :param version: in normal form (PEP 440).
    :param python: the Python (``3.12``) whose lines change; empty for all.
    """

    name: str
    version: str
    python: str = ""


class ListedRange(NamedTuple):
    """The global list that a version has to suit; empty where none is there.

    :param prereleases: whether the policy admits pre-releases that no entry
        mentions.
    """

    path: str = ""
    entries: Sequence[Entry] = ()
    prereleases: bool = True


def parse(text: str, python: str = "") -> PinRequest:
    """The pin that ``NAME==VERSION`` says.

    :raises ValueError: with what is wrong with it, or with the Python.
    """
    name, equals, number = text.partition("===" if "===" in text else "==")
    name, number = name.strip(), number.strip()
    if not equals or not is_name(name):
        raise ValueError(f"not NAME==VERSION: {text!r}")
    version = parse_version(number)
    if version is None:
        raise ValueError(f"not a version: {number!r}")
    major, dot, minor = python.partition(".")
    if python and not (
        python.isascii()
        and dot
        and major.isdigit()
        and minor.isdigit()
        and len(python) < len("1000.10000")
    ):
        raise ValueError(f"not a Python version such as 3.12: {python!r}")
    return PinRequest(name, str(version), python)


def beside(file: str) -> ListedRange:
    """The global list beside a file, if there is one.

    A link is beside the lists as well as what it leads to.

    :raises UnusableInput: where the list cannot be read.
    :raises BadContent: with all the lines of it that cannot be read.
    """
    for place in (file, os.path.realpath(file)):
        folder = os.path.dirname(place)
        path = os.path.join(folder, lists.GLOBAL)
        if os.path.exists(path):
            entries = lists.read(path)
            policy = lists.find_policy(entries, lists.find_never(folder)[0])
            return ListedRange(path, entries, policy.prereleases_pinned)
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
            source=source,
            entries=entries,
            listed_in=path,
            prereleases=prereleases,
        )

    return changed
