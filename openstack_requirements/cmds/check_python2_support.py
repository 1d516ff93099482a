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
"""check-python2-support: pins that do not claim to support a Python."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from openstack_requirements.checks import findings, support
from openstack_requirements.cmds import _console, _judge, _lists, _options
from openstack_requirements.errors import UnusableInput, printable
from openstack_requirements.output import counted
from openstack_requirements.repository import lists
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.checks.support import Key
    from openstack_requirements.install.metadata import LookupResult
    from openstack_requirements.install.metadata_cache import MetadataCache

NAME = "check-python2-support"
#: How many versions are looked up at once, where no option says it.
JOBS = 16


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog=NAME,
        description="Name each pin whose metadata does not claim a Python.",
        epilog="exit status: 0 the pins were judged; 1 with --strict: there "
        "are findings; 2 wrong usage or unusable input; 3 the package index, "
        "an environment or the disk failed.",
    )
    result.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help=_options.help_of(
            "--verbose",
            ": the pins that do claim it, and the progress of queries to the "
            "package index",
        ),
    )
    result.add_argument(
        "-u",
        "--upper-constraints",
        "--requirements",
        dest="requirements",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--upper-constraints",
            ", whose pins are judged (default: those of the settings, or "
            "upper-constraints.txt)",
        ),
    )
    result.add_argument(
        "--for-python",
        "--python",
        dest="python",
        type=_python,
        default="2",
        **_options.shown("--for-python", ", such as 2, 2.7 or 3.13"),
    )
    result.add_argument(
        "--strict",
        action="store_true",
        help="end with status 1 where a pin is named",
    )
    where = result.add_argument_group("where to find metadata")
    where.add_argument(
        "--freezes",
        "--freeze",
        nargs="+",
        action="extend",
        default=argparse.SUPPRESS,
        **_options.shown("--freezes"),
    )
    where.add_argument(
        "--environment",
        action="append",
        default=argparse.SUPPRESS,
        **_options.shown("--environment", "; repeat for several"),
    )
    where.add_argument(
        "--jobs",
        type=_console.positive,
        default=JOBS,
        **_options.shown("--jobs", ": so many queries to the package index"),
    )
    cache = where.add_mutually_exclusive_group()
    cache.add_argument(
        "--cache-dir",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--cache-dir",
            ": the metadata of files of the package index (default: a folder "
            "of the user's cache)",
        ),
    )
    cache.add_argument(
        "--no-cache",
        action="store_true",
        help="keep no metadata, and use none that was kept",
    )
    _lists.add_reqs_option(result)
    _judge.add_report_options(result)
    return result


def _python(text: str) -> support.Python:
    try:
        return support.parse_python(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv)
    if hasattr(options, "output"):
        files.require_replaceable(options.output)
    from openstack_requirements.install import metadata

    pinned = _lists.located(
        options, pinned=getattr(options, "requirements", None)
    ).pinned
    entries = lists.read(pinned, permit_urls=True)
    wanted, unjudged = support.pins(
        entries, pinned, options.python, metadata.key
    )
    if not wanted and not unjudged:
        raise UnusableInput(pinned, "has no pin: there is nothing to judge")
    with _console.interruptible():
        known = _metadata({key for key, _ in wanted}, options)
    pins = support.Pins(
        options.python, wanted, known.described, known.missing, unjudged
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
        f"{counted(len(wanted), 'pin')} in {pinned}, Python {options.python}"
    )
    verdict = findings.verdict(
        subject, support.judge(pins, strict=options.strict)
    )
    return _judge.report(NAME, options, [verdict])


def _metadata(wanted: set[Key], options: argparse.Namespace) -> LookupResult:
    """The metadata of versions, from freezes and environments or the index."""
    from openstack_requirements.install import metadata

    described = metadata.known(
        metadata.at_hand(
            _freeze_files(options), getattr(options, "environment", ())
        )
    )
    keys = sorted(wanted - set(described))
    if not keys:
        return metadata.LookupResult(described, {})
    from openstack_requirements.cmds import progress

    with progress.for_stderr(quiet=not options.verbose) as shown:
        fetched = metadata.from_index(
            keys,
            shown.phase,
            options.jobs,
            _cache(options),
            _console.warn,
        )
    return metadata.LookupResult(
        described | fetched.described, fetched.missing
    )


def _freeze_files(options: argparse.Namespace) -> list[str]:
    """The paths of the freezes, those in folders included."""
    from openstack_requirements.constraints import loader

    return list(loader.files_of(getattr(options, "freezes", ())))


def _cache(options: argparse.Namespace) -> MetadataCache:
    """The cache that the options name."""
    from openstack_requirements.install import metadata_cache

    folder = metadata_cache.default_folder()
    if options.no_cache:
        folder = ""
    elif hasattr(options, "cache_dir"):
        folder = options.cache_dir
        files.require_folder(folder)
    return metadata_cache.MetadataCache(folder)
