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
"""build-lower-constraints: merge the lower constraints of projects."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from openstack_requirements.cmds import _console, _options
from openstack_requirements.constraints import lower_constraints
from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.output import counted
from openstack_requirements.repository import lists

if TYPE_CHECKING:
    from collections.abc import Sequence


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog="build-lower-constraints",
        description="Merge lower-constraints files to the highest versions.",
        epilog="exit status: 0 done; 2 wrong usage or unusable input; 3 the "
        "disk failed.",
    )
    result.add_argument(
        "files", metavar="FILE", nargs="+", help="a file to merge"
    )
    result.add_argument(
        "-o",
        "--output",
        default=argparse.SUPPRESS,
        **_options.shown("--output", " (default: stdout)"),
    )
    return result


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv)
    pins = []
    errors: list[BadLine] = []
    for path in options.files:
        try:
            pins += lower_constraints.read(lists.read(path), path)
        except BadContent as error:
            errors += error.errors
    if errors:
        raise BadContent(errors)
    content = lower_constraints.merge(pins)
    output = getattr(options, "output", None)
    _console.write_to(output, content)
    _console.say_written(
        output, counted(len(content.splitlines()), "lower constraint")
    )
    return 0
