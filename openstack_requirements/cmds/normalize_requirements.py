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
"""normalize-requirements: the normal form of a requirements file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.cmds import _console, _run
from openstack_requirements.pep508 import entries
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Sequence


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog="normalize-requirements",
        description="Print the normal form of a requirements file: sorted "
        "extras and specifiers, uniform spacing. Comments, blank lines "
        "and the order of lines stay.",
    )
    result.add_argument("file", metavar="FILE", help="the file to read")
    result.add_argument(
        "-s",
        "--save",
        action="store_true",
        help="change FILE in place instead of printing",
    )
    result.add_argument(
        "--lock-timeout",
        metavar="SECONDS",
        type=_run.seconds,
        default=files.LONGEST_WAIT,
        help=f"with -s: {_run.LOCK_TIMEOUT}",
    )
    return result


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv)

    def normal(content: str) -> str:
        return entries.normalize(content, options.file)

    if options.save:
        _run.edit(options.file, normal, options.lock_timeout)
    else:
        _console.write(normal(files.read_text(options.file)))
    return 0
