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
"""Loads what checkouts say of themselves in their own Zuul files.

A checkout may be anybody's: nothing is read outside of it, whatever links it
has, and there is a limit to what is read.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks import zuul
from openstack_requirements.errors import UnusableInput
from openstack_requirements.manifests import loader
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: Where Zuul looks for the configuration of a project, in this order. It
#: reads the first file or folder that is there, a folder with all in it.
PLACES = ("zuul.yaml", "zuul.d", ".zuul.yaml", ".zuul.d")
#: A folder with a file of this name is not read by Zuul.
IGNORE = ".zuul.ignore"
#: A checkout with more files and folders in ``zuul.d`` is an error. Real ones
#: have up to about twenty.
MOST_FILES = 1000


class Checkouts(NamedTuple):
    """What the checkouts of repositories say of themselves.

    :param own: the configurations in each repository, by its name.
    :param missing: the repositories without a checkout.
    :param unusable: those whose Zuul files cannot be read, with the reason.
    """

    own: Mapping[str, Sequence[zuul.ZuulFile]]
    missing: frozenset[str]
    unusable: Mapping[str, str]


def read_all(folder: str, names: Iterable[str]) -> Checkouts:
    """What the checkouts in a folder say of themselves.

    A checkout that is missing, or whose files cannot be used, leaves the
    others as they are.

    :param folder: holds them, as org/name or name.
    :raises UnusableInput: where there is no such folder.
    """
    files.names_in(folder)
    own: dict[str, Sequence[zuul.ZuulFile]] = {}
    missing: set[str] = set()
    unusable: dict[str, str] = {}
    for name in names:
        root = loader.checkout_in(folder, name)
        if root is None:
            missing.add(name)
            continue
        try:
            own[name] = read(root)
        except UnusableInput as error:
            unusable[name] = str(error)
    return Checkouts(own, frozenset(missing), unusable)


def read(root: str) -> list[zuul.ZuulFile]:
    """What the Zuul files of a checkout say, in the order of their names.

    :raises UnusableInput: where there is no such folder; where a file cannot
        be read, is no YAML or leads out of the checkout; or where there is
        too much.
    """
    source = loader.folder(root)
    configurations = []
    characters = 0
    for path in _paths(root):
        place = os.path.join(root, path)
        try:
            text = source(path)
        except UnusableInput as error:
            raise UnusableInput(place, error.reason) from error
        if text is None:
            continue
        characters += len(text)
        if characters > zuul.LARGEST:
            raise UnusableInput(
                root,
                f"has Zuul files of more than {zuul.LARGEST} characters",
            )
        configurations.append(zuul.read(text, place))
    return configurations


def _paths(root: str) -> list[str]:
    """The paths of the Zuul files inside a checkout."""
    for place in PLACES:
        path = os.path.join(root, place)
        if place.endswith(".yaml"):
            paths = [place] if os.path.lexists(path) else []
        else:
            paths = sorted(_in_folder(root, place))
        if paths:
            return paths
    return []


def _in_folder(root: str, place: str) -> Iterator[str]:
    """The YAML files in a folder of a checkout and in its folders."""
    pending = [place]
    seen = 0
    while pending:
        folder = pending.pop()
        path = os.path.join(root, folder)
        # A link may lead anywhere, or to a folder around it.
        if os.path.islink(path) or not os.path.isdir(path):
            continue
        names = files.names_in(path)
        seen += len(names)
        if seen > MOST_FILES:
            raise UnusableInput(
                os.path.join(root, place),
                f"has more than {MOST_FILES} files and folders",
            )
        if IGNORE in names:
            continue
        for name in names:
            if name.endswith(".yaml"):
                yield os.path.join(folder, name)
            else:
                pending.append(os.path.join(folder, name))
