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
"""explain-constraint: what requires a distribution at its version."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from openstack_requirements.cmds import _console
from openstack_requirements.cmds.report import render_explanation
from openstack_requirements.constraints import explain, loader, newer
from openstack_requirements.constraints.graph import Graph
from openstack_requirements.constraints.states import ConstraintsState
from openstack_requirements.errors import ConflictingOptions, UnusableInput
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.constraints.reasons import Hold
    from openstack_requirements.pep508.requirement import CanonicalName

#: The folder of freezes that are not named.
FREEZES = "freezes"


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog="explain-constraint",
        description="Say why a distribution is installed at its version: what "
        "requires it, within which ranges, and which of these decides. Reads "
        "freezes (generate-constraints --freeze-dir).",
    )
    result.add_argument(
        "name", metavar="NAME", help="the distribution, in any spelling"
    )
    result.add_argument(
        "--freezes",
        metavar="PATH",
        nargs="+",
        action="extend",
        default=argparse.SUPPRESS,
        help="freezes, or folders of them (default: the folder "
        f"{FREEZES} of the current one)",
    )
    result.add_argument(
        "--all",
        action="store_true",
        help="also show the requirements that only count for extras which "
        "nothing requires",
    )
    result.add_argument(
        "--newest",
        action="store_true",
        help="look up the newest version in the package index, with uv, and "
        "what it requires itself, and say what keeps it away",
    )
    _console.add_timeout_option(result)
    result.add_argument(
        "--format",
        choices=render_explanation.FORMATS,
        default="text",
        help="how to write the answer",
    )
    result.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="where to write it (default: stdout)",
    )
    return result


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    unset = argparse.Namespace(freezes=None, output=None, timeout=None)
    options = parser().parse_args(argv, unset)
    name = canonical_name(options.name.strip())
    graphs = [
        Graph(freeze) for freeze in loader.freezes(_freezes(options.freezes))
    ]
    for graph in graphs:
        if graph.gaps:
            _console.warn(
                f"the freeze of Python {graph.freeze.python_version} does not "
                f"know what {graph.gaps} of its distributions require"
            )
    if not any(name in graph.installed for graph in graphs):
        reason = explain.why_not_installed(name, graphs)
        raise UnusableInput(options.name, reason)
    text = render_explanation.render(
        [explain.explain(graph, name) for graph in graphs],
        options.format,
        everything=options.all,
        newer=_newer(graphs, name, options),
    )
    _console.write_to(options.output, text)
    return 0


def _newer(
    graphs: Sequence[Graph], name: CanonicalName, options: argparse.Namespace
) -> dict[str, Hold]:
    """What keeps a newer version away, by Python."""
    if not options.newest:
        return newer.holds(graphs, name, {}, {})
    from openstack_requirements.install import newer_versions, newest

    freezes = tuple(graph.freeze for graph in graphs)
    state = ConstraintsState({name: ()}, {}, (), certain=True, freezes=freezes)
    with _console.interruptible():
        by_python = {
            python: versions[name]
            for python, versions in newest.versions(
                state, options.timeout, _console.warn
            ).items()
            if name in versions
        }
        wanted = [
            (python, name, hold.newest)
            for python, hold in newer.holds(
                graphs, name, by_python, {}
            ).items()
            if newer.is_unexplained(hold)
        ]
        releases = newer_versions.look_up(
            wanted,
            freezes,
            _console.warn,
            build=False,
            timeout=options.timeout,
        )
    return newer.holds(graphs, name, by_python, releases)


def _freezes(named: Sequence[str] | None) -> Sequence[str]:
    """The freezes that are named, or those in the current folder."""
    if named is not None:
        return named
    if not os.path.isdir(FREEZES):
        raise ConflictingOptions(
            f"there is no folder {FREEZES} here: name freezes with --freezes; "
            "generate-constraints --freeze-dir writes them"
        )
    return [FREEZES]
