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
"""check-python2-support: which pins do not claim Python 2, or another."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from openstack_requirements.checks import findings, support
from openstack_requirements.cmds import _console, _judge
from openstack_requirements.errors import printable
from openstack_requirements.repository import lists
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.checks.support import Key
    from openstack_requirements.install.metadata import LookupResult

NAME = "check-python2-support"


def parser() -> _console.Parser:
    """What the command takes."""
    result = _console.Parser(
        prog=NAME,
        description="Name each pin whose metadata (classifiers and "
        "Requires-Python) does not claim Python 2, or the Python that is "
        "asked for. Metadata is taken from freezes and environments; the "
        "package index is asked for what they do not have.",
        epilog="exit status: 0 all claim it; 1 there are findings; 2 wrong "
        "usage or unusable input; 3 the package index, an environment or the "
        "disk failed.",
    )
    result.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="also say on stderr which pins do claim it, and how far the "
        "package index is",
    )
    result.add_argument(
        "--requirements",
        metavar="FILE",
        default="upper-constraints.txt",
        help="the pins",
    )
    result.add_argument(
        "--python",
        metavar="VERSION",
        type=_python,
        default="2",
        help="the Python that is asked for, such as 2, 2.7 or 3.13",
    )
    where = result.add_argument_group("where to find metadata")
    where.add_argument(
        "--freeze",
        metavar="FILE",
        nargs="+",
        action="extend",
        default=argparse.SUPPRESS,
        help="freezes that generate-constraints has written",
    )
    where.add_argument(
        "--environment",
        metavar="PATH",
        action="append",
        default=argparse.SUPPRESS,
        help="a virtualenv or an interpreter; repeat for several",
    )
    where.add_argument(
        "--jobs",
        metavar="N",
        type=_console.positive,
        # pip waits for the index about as long as it computes.
        default=(os.cpu_count() or 1) + 1,
        help="how many times to ask the package index at once",
    )
    _judge.add_report_options(result)
    return result


def _python(text: str) -> support.Python:
    try:
        return support.parse_python(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(argv)
    if hasattr(options, "output"):
        files.require_replaceable(options.output)
    from openstack_requirements.install import metadata

    entries = lists.read(options.requirements, permit_urls=True)
    wanted, others = support.pins(
        entries, options.requirements, options.python, metadata.key
    )
    with _console.interruptible():
        known = _metadata({key for key, _ in wanted}, options)
    pins = support.Pins(
        options.python, wanted, known.described, known.missing, others
    )
    if options.verbose:
        for claims in support.claiming(pins):
            _console.say(
                printable(
                    f"{claims.name} {claims.version} claims Python "
                    f"{pins.python}"
                )
            )
    subject = (
        f"{len(wanted)} pins in {options.requirements}, Python "
        f"{options.python}"
    )
    verdict = findings.verdict(subject, support.judge(pins))
    return _judge.report(NAME, options, [verdict])


def _metadata(wanted: set[Key], options: argparse.Namespace) -> LookupResult:
    """The metadata of some versions: what is at hand, and then the index."""
    from openstack_requirements.install import metadata

    described = metadata.known(
        metadata.at_hand(
            getattr(options, "freeze", ()), getattr(options, "environment", ())
        )
    )
    keys = sorted(wanted - set(described))
    if not keys:
        return metadata.LookupResult(described, {})
    from openstack_requirements.cmds import progress

    with progress.for_stderr(quiet=not options.verbose) as shown:
        asked = metadata.from_index(keys, shown.phase, options.jobs)
    return metadata.LookupResult(described | asked.described, asked.missing)
