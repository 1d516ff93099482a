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
"""Reads a folder of checkouts: what each of them requires.

Everything comes from the checkout's own files, and none of its code is run.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.bootstrap.decisions import Decision
from openstack_requirements.errors import (
    BadLine,
    UnusableInput,
    UnusableProject,
)
from openstack_requirements.manifests import (
    declarations,
    dynamic,
    includes,
    loader,
)
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from openstack_requirements.manifests.core_metadata import Metadata
    from openstack_requirements.manifests.declarations import Declared

#: What only a build needs is installed apart from everything else (PEP 518).
_BUILD = ("build", "setup_requires")
_OPTIONAL = ("extra", "optional", "group")
#: What all files of one checkout may require together; more is an error.
MOST_REQUIREMENTS = 10_000
_SIGNS = (*loader.MANIFESTS, dynamic.SETUP_PY)


class SurveyedCheckout(NamedTuple):
    """A checkout and what it requires.

    :param texts: who requires something (with file and line), and what.
    :param requires_python: the Pythons that it is for, a specifier set.
    :param decisions: what cannot be read of it.
    """

    name: str
    texts: tuple[tuple[str, str], ...]
    requires_python: str = ""
    decisions: tuple[Decision, ...] = ()


def find(root: str) -> list[str]:
    """The checkouts in a folder, by name; or the folder, if it is one.

    :raises UnusableInput: where there is none.
    """
    if _is_checkout(root):
        return [root]
    checkouts = [
        os.path.join(root, name)
        for name in files.names_in(root)
        if name[0] != "." and _is_checkout(os.path.join(root, name))
    ]
    if not checkouts:
        raise UnusableInput(
            root,
            "holds no checkout: no folder in it has a pyproject.toml, a "
            "setup.cfg, a setup.py or a requirements file",
        )
    return checkouts


def find_all(root: str) -> list[str]:
    """The checkouts in a folder, as ``name`` or ``org/name``, in order.

    :raises UnusableInput: where there is none.
    """
    if _is_checkout(root):
        return [root]
    checkouts: list[str] = []
    for name in files.names_in(root):
        folder = os.path.join(root, name)
        if name[0] == "." or not os.path.isdir(folder):
            continue
        if _is_checkout(folder):
            checkouts.append(folder)
            continue
        inside = [
            os.path.join(folder, project)
            for project in files.names_in(folder)
            if project[0] != "."
        ]
        checkouts += filter(_is_checkout, inside)
    return checkouts or find(root)


def _is_checkout(folder: str) -> bool:
    return any(os.path.isfile(os.path.join(folder, name)) for name in _SIGNS)


def read(root: str, *, extras: bool = True) -> SurveyedCheckout:
    """What one checkout requires.

    :param extras: count what only extras and dependency groups require.
    :raises UnusableProject: where one of its files makes no sense, or there is
        too much of it.
    """
    project = loader.read(root)
    source = loader.folder(root)
    texts = dict(project.texts)
    for path in dynamic.MORE_FILES:
        text = _text(root, source, path)
        if text is not None:
            texts[path] = text
    try:
        metadata = dynamic.read(texts)
    except UnusableInput as error:
        raise _unusable(root, error) from error
    folder = os.path.basename(os.path.abspath(root))
    name = project.name or metadata.name or folder
    files_read = {*project.texts} & {*declarations.REQUIREMENTS_FILES}
    required = [
        (_entry_by(name, entry), entry.text)
        for entry in _followed(root, source, project.declared, files_read)
        if entry.kind not in _BUILD
        and (extras or entry.kind not in _OPTIONAL)
        and not entry.include
        and not entry.text.startswith("file:")
    ]
    required += [
        (_by(name, entry.extra, entry.place), entry.text)
        for entry in metadata.requirements
        if extras or not entry.optional
    ]
    decisions = _computed(name, metadata)
    for path, extra in metadata.files:
        if (extra and not extras) or path in {*project.texts, *files_read}:
            continue
        text = _text(root, source, path)
        if text is None:
            message = f"{path} is not there"
            decisions.append(Decision(name, "not-read", message))
            continue
        files_read.add(path)
        entries = _declared(root, path, text)
        required += [
            (_by(name, extra, f"{entry.file}:{entry.line}"), entry.text)
            for entry in _followed(root, source, entries, files_read)
        ]
        if len(required) > MOST_REQUIREMENTS:
            break
    if len(required) > MOST_REQUIREMENTS:
        raise _too_many(root)
    return SurveyedCheckout(
        name, tuple(required), metadata.requires_python, tuple(decisions)
    )


def _followed(
    root: str,
    source: loader.Source,
    entries: Iterable[Declared],
    files_read: set[str],
) -> Iterator[Declared]:
    """The entries, and those of the files that they include.

    A file is read once, so that files may include each other. What is not in
    the checkout stays an entry: a line that is no requirement.

    :param files_read: the requirements files that were read; the ones that are
        read here are added.
    :raises UnusableProject: where a file makes no sense, or there is too much.
    """
    ahead = [iter(entries)]
    left = MOST_REQUIREMENTS
    while ahead:
        entry = next(ahead[-1], None)
        if entry is None:
            ahead.pop()
            continue
        path = includes.included_file(entry)
        if path in files_read:
            continue
        text = None
        if path:
            with contextlib.suppress(UnusableInput):  # it leads out of it
                text = source(path)
        if text is None:
            left -= 1
            if left < 0:
                raise _too_many(root)
            yield entry
        else:
            files_read.add(path)
            ahead.append(iter(_declared(root, path, text)))


def _computed(name: str, metadata: Metadata) -> list[Decision]:
    """A decision where code computes what the checkout requires."""
    if not metadata.computed:
        return []
    what = f"is computed by {metadata.computed}, which is not run"
    if metadata.problem:
        what = (
            f"is in {metadata.computed}, and that cannot be read "
            f"({metadata.problem})"
        )
    message = f"what it requires {what}; the rest of it was read"
    return [Decision(name, "not-read", message)]


def _declared(root: str, path: str, text: str) -> list[Declared]:
    """The entries of a requirements file that metadata names."""
    try:
        return declarations.read_requirements(text, path)
    except BadLine as error:
        place = os.path.join(root, error.source)
        raise UnusableProject(root, [error.at(place, error.number)]) from error


def _too_many(root: str) -> UnusableProject:
    reason = f"requires more than {MOST_REQUIREMENTS} distributions"
    return UnusableProject(root, [UnusableInput(root, reason)])


def _text(root: str, source: loader.Source, path: str) -> str | None:
    try:
        return source(path)
    except UnusableInput as error:
        raise _unusable(root, error) from error


def _unusable(root: str, error: UnusableInput) -> UnusableProject:
    """An error about a file of a project, with the place of the project."""
    place = os.path.join(root, error.what)
    return UnusableProject(root, [UnusableInput(place, error.reason)])


def _entry_by(name: str, entry: Declared) -> str:
    extra = entry.section if entry.kind in {"extra", "optional"} else ""
    return _by(name, extra, f"{entry.file}:{entry.line}")


def _by(name: str, extra: str, place: str) -> str:
    """Who requires something, for people: ``name[extra] (place)``."""
    return f"{name}[{extra}] ({place})" if extra else f"{name} ({place})"
