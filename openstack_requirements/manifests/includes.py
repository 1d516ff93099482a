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
"""The lines of requirements files that include another one (``-r FILE``).

Where projects are judged nothing is included: each requirements file is read
by itself, so files that include each other do no harm. It is only told what a
line brings in, and whether that is read anyway. Nothing here opens a file.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from openstack_requirements.manifests import declarations

if TYPE_CHECKING:
    from collections.abc import Container

    from openstack_requirements.manifests.declarations import Declared

#: One option and one path, as pip reads them, without blanks in the path.
_INCLUDE = re.compile(
    r"(?:-r[ \t]*|--requirement(?:[ \t]+|=))"
    r"""(?P<quote>["']?)(?P<path>[^\s"'#]+)(?P=quote)"""
    r"(?:[ \t]+#.*)?"
)


def included_file(entry: Declared) -> str:
    """The file that an entry includes, by its path inside the project.

    pip takes it relative to the file with the entry. Empty where the entry
    includes no file of the project.
    """
    if entry.kind != "file" or entry.problem is None:
        return ""
    match = _INCLUDE.fullmatch(entry.text)
    if match is None or not declarations.is_single_line(entry.text):
        return ""
    if posixpath.isabs(match["path"]):
        return ""
    folder = posixpath.dirname(entry.file)
    path = posixpath.normpath(posixpath.join(folder, match["path"]))
    return "" if path.startswith("../") else path


def includes_what_is_read(entry: Declared, files: Container[str]) -> bool:
    """Whether an entry includes another requirements file that is read.

    Its entries are then judged where they stand, so that the line brings in
    nothing that has not been reviewed.

    :param files: the project's files by their path inside the project.
    """
    path = included_file(entry)
    return (
        path != entry.file
        and path in declarations.REQUIREMENTS_FILES
        and path in files
    )
