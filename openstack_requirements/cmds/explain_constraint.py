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

from openstack_requirements.cmds import _console, _lists, _options
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
        description="Say why a distribution is installed at its version.",
        epilog="exit status: 0 the answer was given; 2 wrong usage, unusable "
        "input, or a distribution that no freeze has; 3 the package index or "
        "the disk failed.",
    )
    result.add_argument(
        "name", metavar="NAME", help="the distribution, in any spelling"
    )
    result.add_argument(
        "--freezes",
        nargs="+",
        action="extend",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--freezes",
            f" (default: the folder {FREEZES} of --reqs or of the current "
            "folder)",
        ),
    )
    result.add_argument(
        "--all",
        action="store_true",
        help=_options.help_of(
            "--all",
            ": also show the requirements that only count for extras which "
            "nothing requires",
        ),
    )
    result.add_argument(
        "--newest",
        action="store_true",
        help=_options.help_of(
            "--newest",
            ", and what the newest one requires itself, and say what keeps it "
            "away",
        ),
    )
    _console.add_timeout_option(result)
    _lists.add_reqs_option(result)
    result.add_argument(
        "--format",
        choices=render_explanation.FORMATS,
        default="text",
        help=_options.help_of("--format"),
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
    unset = argparse.Namespace(
        freezes=None, output=None, timeout=None, reqs=""
    )
    options = parser().parse_args(argv, unset)
    name = canonical_name(options.name.strip())
    graphs = [Graph(freeze) for freeze in loader.freezes(_freezes(options))]
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
    _console.say_written(options.output)
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


def _freezes(options: argparse.Namespace) -> Sequence[str]:
    """The freezes that are named, or those of the repository."""
    if options.freezes is not None:
        named: Sequence[str] = options.freezes
        return named
    folder = os.path.join(options.reqs, FREEZES)
    if not os.path.isdir(folder):
        raise ConflictingOptions(
            f"there is no folder {folder} here: name freezes with --freezes; "
            "generate-constraints --freeze-dir writes them"
        )
    return [folder]
