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
"""edit-constraints: replace or remove a distribution in a constraints file."""

from __future__ import annotations

import sys

from openstack_requirements.cmds import _run
from openstack_requirements.cmds._edit_options import parse, parser
from openstack_requirements.constraints import editing
from openstack_requirements.errors import printable

TYPE_CHECKING = False  # typing costs more to import than an edit takes
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openstack_requirements.cmds._edit_options import EditRequest

__all__ = ["main", "parser"]


@_run.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    request = parse(sys.argv[1:] if argv is None else argv)
    edits = _edits(request)

    removed: list[str] = []

    def edit(content: str) -> str:
        removed.clear()
        for name, replacement in edits:
            new = editing.edit(content, name, replacement, request.file)
            if not replacement.strip():
                removed.extend(editing.lines_of(content, name, request.file))
            content = new
        return content

    change = edit if request.pin is None else _pinning(request)
    _run.edit(request.file, change, request.longest_wait)
    for line in removed:
        _tell(line)
    for name, replacement in edits:
        if editing.names_another(name, replacement):
            _run.warn(
                f"{printable(replacement.strip())} does not name {name}: "
                f"another edit of {name} will not find it"
            )
    return 0


def _tell(line: str) -> None:
    """Say that a line is removed.

    Only what may hold a secret or a control character needs a slow import.
    """
    rest = line.replace("file:///", "")
    plain = line.isascii() and line.isprintable()
    if plain and "//" not in rest and not {*"@?&"} & {*rest}:
        _run.write_error(f"removed: {line}\n")
    else:
        _run.say(f"removed: {line}")


def _edits(request: EditRequest) -> Sequence[tuple[str, str]]:
    """The names to edit with their lines; that of --from-source is last."""
    if not request.source or request.pin is not None:
        return request.edits
    from openstack_requirements.manifests import loader

    name = loader.name_in(request.source)
    return [*request.edits, (name, request.replacement)]


def _pinning(request: EditRequest) -> Callable[[str], str]:
    """A change of a file's content that pins another version."""
    from openstack_requirements.repository import pins

    pin = request.pin
    assert pin is not None
    if request.source:
        pin = pins.for_pythons_of(pin, request.source)
    pin = pins.with_settings(pin, request.file)
    listed = None if request.force else pins.beside(request.file)
    return pins.change(pin, request.file, listed)
