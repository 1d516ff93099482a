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
"""A merge driver of a clone: its configuration and its attributes.

git starts a driver for the files that an attribute names. Both are written
for one clone, bare or not: nothing that is committed changes.
"""

from __future__ import annotations

import os

from openstack_requirements.pep508.text import split_lines
from openstack_requirements.system import files
from openstack_requirements.system.git_command import Git

_ATTRIBUTES = "info/attributes"


def install(
    root: str, driver: str, settings: dict[str, str], patterns: list[str]
) -> str:
    """Have git start a merge driver for some files of a repository.

    What was installed before under the same name is replaced.

    :param root: a folder in the work tree, or a bare repository.
    :param driver: its name.
    :param settings: those of ``merge.DRIVER`` (git-config).
    :param patterns: the files, as gitattributes names them.
    :returns: the file with the attributes.
    :raises OutsideError: where git cannot be asked.
    :raises UnusableInput: where the file cannot be written.
    """
    git = Git(root, None)
    path = git.own_file(_ATTRIBUTES)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    text = _without(_read(path), driver)
    if text and not text.endswith("\n"):
        text += "\n"
    rows = "".join(f"{quoted(x)} merge={driver}\n" for x in patterns)
    start, end = _limits(driver)
    # An attribute that names no driver does no harm, so it comes first.
    files.replace(path, f"{text}{start}\n{rows}{end}\n")
    git.configure_driver(driver, settings)
    return path


def uninstall(root: str, driver: str) -> bool:
    """Remove what :func:`install` has written, and nothing else.

    :returns: whether there was anything.
    :raises RequirementsError: as :func:`install` does.
    """
    git = Git(root, None)
    path = git.own_file(_ATTRIBUTES)
    text = _read(path)
    rest = _without(text, driver)
    if not rest and text:
        os.unlink(path)
    elif rest != text:
        files.replace(path, rest)
    return git.forget_driver(driver) or rest != text


def merge_base(path: str) -> str | None:
    """The base of a file with a conflict; None where git has none.

    :raises OutsideError: where git does not answer.
    """
    folder, name = os.path.split(path)
    content = Git(folder or ".", None).merge_base(name)
    return None if content is None else files.decode(content, f":1:{path}")


def merge_as_text(base: str, ours: str, theirs: str, marker_size: int) -> bool:
    """Merge three files line by line, into the second one.

    :returns: whether git can do that: not with what is no text.
    :raises OutsideError: where git cannot be asked.
    """
    return Git(".", None).merge_as_text(base, ours, theirs, marker_size)


def quoted(pattern: str) -> str:
    """A pattern as gitattributes has it: blanks end one without quotes."""
    if not any(character in pattern for character in ' \t"\\#'):
        return pattern
    escaped = pattern.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _limits(driver: str) -> tuple[str, str]:
    """The comments around the attributes of a driver."""
    return f"# {driver}: written by --install", f"# {driver}: the end"


def _read(path: str) -> str:
    return files.read_text(path) if os.path.lexists(path) else ""


def _without(text: str, driver: str) -> str:
    """The attributes without those of a driver."""
    start, end = _limits(driver)
    kept = []
    inside = False
    for line in split_lines(text):
        row = line.rstrip("\r\n")
        inside = inside or row == start
        if not inside:
            kept.append(line)
        inside = inside and row != end
    return "".join(kept)
