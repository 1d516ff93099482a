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
"""The messages of the commits that are proposed.

Equal changes have equal messages, so that a run that is repeated makes the
commit that is there already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from openstack_requirements.repository.update import FilePlan

_TITLE = "Update requirements"
_REASON = """\
The global requirements list has changed, or this project has. These are
the requirements that projects have in common now."""


def of_update(files: Iterable[FilePlan]) -> str:
    """The message of the commit that brings a project in line.

    :param files: those that change.
    """
    return "\n".join([_TITLE, "", _REASON, *_told(files)]) + "\n"


def _told(files: Iterable[FilePlan]) -> Iterator[str]:
    """Each file, and what it gets."""
    for file in files:
        yield ""
        if not file.changes:
            yield f"{file.path}: in standard form"
            continue
        yield f"{file.path}:"
        for change in file.changes:
            section = f"[{change.section}] " if change.section else ""
            if change.old and change.new:
                what = f"{change.old} -> {change.new}"
            elif change.old:
                what = f"{change.old} is removed"
            else:
                what = f"{change.new} is added"
            yield printable(f"- {section}{what}")
