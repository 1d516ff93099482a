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
"""merge-constraints: the three-way merge of lists by meaning."""

from __future__ import annotations

import argparse
import os
import shlex
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.cmds import _console, _lists, _options, _run
from openstack_requirements.constraints.conflict_markers import (
    CONFLICT_STYLES,
    MARKER_SIZE,
    marked_sides,
)
from openstack_requirements.constraints.merge_pins import MERGE_POLICIES
from openstack_requirements.constraints.merge_proof import admitted_by
from openstack_requirements.constraints.threeway import (
    MergeSources,
    merge_lists,
)
from openstack_requirements.errors import (
    FINDINGS,
    ConflictingOptions,
    OutsideError,
    RequirementsError,
    UnusableInput,
)
from openstack_requirements.repository import lists
from openstack_requirements.system import children, files, git_driver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.constraints.conflict_markers import (
        ConflictLabels,
        ConflictStyle,
    )
    from openstack_requirements.constraints.merge_proof import (
        AdmittedVersions,
    )
    from openstack_requirements.constraints.threeway import MergedList

NAME = "merge-constraints"
#: What git calls the driver, in attributes and configuration.
DRIVER = "constraints"
#: For a status above 128 git gives up the whole merge, and changes nothing. An
#: older git (2.39) takes it for a conflict, and keeps ours.
_GIVE_UP = 128


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog=NAME,
        usage="%(prog)s [option ...] BASE OURS THEIRS [SIZE [NAME]]\n"
        "       %(prog)s [option ...] --resolve FILE\n"
        "       %(prog)s [option ...] --install [PATTERN ...]\n"
        "       %(prog)s [--repository DIR] --uninstall",
        description="Merge constraints and lists by what their lines mean.",
        epilog="exit status: 0 merged; 1 conflicts remain, and are marked; 2 "
        "wrong usage or unusable input; 3 the disk or git failed. As git's "
        "merge driver it ends with 1 for what it cannot read, and with 131 "
        "where the disk or git failed, so that git gives up the merge.",
    )
    result.add_argument(
        "words",
        metavar="FILE",
        nargs="*",
        help="the base, ours and theirs, the length of conflict markers, and "
        "the name of the file for messages; with --install: the files that "
        "git merges in this way, as gitattributes names them (default: the "
        "global list and the constraints)",
    )
    how = result.add_mutually_exclusive_group()
    how.add_argument(
        "--resolve",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="merge the sides of a file that has conflict markers",
    )
    how.add_argument(
        "--install",
        action="store_true",
        help="have git merge lists in this way, in this clone alone",
    )
    how.add_argument(
        "--uninstall",
        action="store_true",
        help="remove what --install has written, and nothing else",
    )
    result.add_argument(
        "--repository",
        metavar="DIR",
        default=".",
        help="the clone for --install and --uninstall; it may be bare",
    )
    result.add_argument(
        "--policy",
        choices=MERGE_POLICIES,
        default="conflict",
        help=_options.help_of(
            "--policy",
            " where both sides changed the same entry: none, so that it is "
            "a conflict; the newest version of a pin; or one side",
        ),
    )
    result.add_argument(
        "--conflict-style",
        choices=CONFLICT_STYLES,
        default=argparse.SUPPRESS,
        help="whether conflicts show the base (default: merge, which does "
        "not; with --resolve, as the file has it)",
    )
    _lists.add_reqs_option(result)
    result.add_argument(
        "-o",
        "--output",
        default=argparse.SUPPRESS,
        **_options.shown("--output", ", - for stdout (default: OURS)"),
    )
    result.add_argument(
        "--lock-timeout",
        metavar="SECONDS",
        type=_run.seconds,
        default=files.LONGEST_WAIT,
        help=f"{_run.LOCK_TIMEOUT}; counts with --resolve",
    )
    return result


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv)
    if options.install:
        return _install(options)
    if hasattr(options, "resolve"):
        _require_no_words(options, "--resolve")
        return _resolve(options)
    if options.uninstall:
        _require_no_words(options, "--uninstall")
        if not git_driver.uninstall(options.repository, DRIVER):
            _console.say(f"{options.repository}: nothing was installed")
        return 0
    driver = _driver_call(options)
    if driver.name is None:
        return _merge(options, driver)
    try:
        return _merge(options, driver)
    except OutsideError as error:
        return _GIVE_UP + _console.fail(error)
    except RequirementsError as error:
        return _merge_as_text(driver, error)


def _require_no_words(options: argparse.Namespace, option: str) -> None:
    if options.words:
        raise ConflictingOptions(f"{option} takes no more files")


class _DriverCall(NamedTuple):
    """The arguments of git's merge drivers; ``name`` is None without git."""

    base: str
    ours: str
    theirs: str
    marker_size: int = MARKER_SIZE
    name: str | None = None


def _driver_call(options: argparse.Namespace) -> _DriverCall:
    words = options.words
    if not 3 <= len(words) <= 5:
        raise ConflictingOptions(
            "name the base, ours and theirs; or use --install, --uninstall or "
            "--resolve"
        )
    size = words[3] if len(words) > 3 else str(MARKER_SIZE)
    if not (size.isascii() and size.isdigit() and 0 < int(size) < 1000):
        raise UnusableInput(size, "is not the length of conflict markers")
    name = words[4] if len(words) > 4 else None
    base, ours, theirs = words[:3]
    return _DriverCall(base, ours, theirs, int(size), name)


def _admitted(options: argparse.Namespace) -> AdmittedVersions | None:
    """What the global list admits, if the repository is named."""
    if not hasattr(options, "reqs"):
        return None
    repository = _lists.located(options)
    entries = lists.read(repository.required)
    return admitted_by(
        entries,
        os.path.basename(repository.required),
        prereleases=repository.policy(entries).prereleases_pinned,
    )


def _merge(options: argparse.Namespace, call: _DriverCall) -> int:
    """Merge three files into the second one."""
    name = call.name or call.ours
    texts = [
        files.read_text(path) for path in (call.base, call.ours, call.theirs)
    ]
    merged = merge_lists(
        *texts,
        policy=options.policy,
        admitted=_admitted(options),
        style=getattr(options, "conflict_style", "merge"),
        marker_size=call.marker_size,
        sources=MergeSources(call.base, call.ours, call.theirs)
        if call.name is None
        else MergeSources(*(f"{name} ({side})" for side in MergeSources())),
    )
    _console.write_to(getattr(options, "output", call.ours), merged.text)
    return _report(name, merged)


def _merge_as_text(call: _DriverCall, error: RequirementsError) -> int:
    """Do what git does without a driver, and leave it to a person."""
    _console.fail(error)
    try:
        merged = git_driver.merge_as_text(
            call.base, call.ours, call.theirs, call.marker_size
        )
    except OutsideError as failure:
        return _GIVE_UP + _console.fail(failure)
    how = "merged as text" if merged else "not merged"
    _console.say(f"{call.name}: {how}: see what is right, and add it")
    return FINDINGS


def _report(name: str, merged: MergedList) -> int:
    """Say what is left to a person; return the exit status."""
    for note in merged.notes:
        _console.warn(f"{name}: {note}")
    for conflict in merged.conflicts:
        about = f"{conflict.name}: " if conflict.name else ""
        _console.say(f"{name}:{conflict.number}: {about}{conflict.reason}")
    return FINDINGS if merged.conflicts else 0


def _resolve(options: argparse.Namespace) -> int:
    """Merge the sides of a file that has conflict markers."""
    path = options.resolve
    admitted = _admitted(options)
    results: list[MergedList] = []

    def resolved(content: str) -> str:
        sides = marked_sides(content, path)
        if not sides.conflicts:
            raise UnusableInput(path, "has no conflict markers")
        base = sides.base
        style: ConflictStyle = "merge" if base is None else "diff3"
        if base is None:
            base = _base_in_index(path)
        merged = merge_lists(
            base,
            sides.ours,
            sides.theirs,
            policy=options.policy,
            admitted=admitted,
            labels=sides.labels,
            style=getattr(options, "conflict_style", style),
            sources=MergeSources(
                *(f"{path} ({label})" for label in _sources(sides.labels))
            ),
        )
        results.append(merged)
        return merged.text

    output = getattr(options, "output", None)
    if output is None:
        _run.edit(path, resolved, options.lock_timeout)
    else:
        _console.write_to(output, resolved(files.read_text(path)))
    return _report(path if output is None else output, results[-1])


def _sources(labels: ConflictLabels) -> tuple[str, str, str]:
    return labels.base, labels.ours, labels.theirs


def _base_in_index(path: str) -> str | None:
    """The base of a file as git knows it; None where it does not."""
    try:
        return git_driver.merge_base(path)
    except OutsideError:
        return None  # it is in no repository


def _install(options: argparse.Namespace) -> int:
    """Have git start this command for the lists of a clone."""
    words = (
        ["--policy", options.policy] if options.policy != "conflict" else []
    )
    if hasattr(options, "conflict_style"):
        words += ["--conflict-style", options.conflict_style]
    if hasattr(options, "reqs"):
        lists.require_repository(options.reqs, "--reqs")
        words += ["--reqs", os.path.abspath(options.reqs)]
    command = children.own_module("openstack_requirements", NAME, *words)
    # git replaces what a "%" starts, and gives the rest to a shell.
    driver = shlex.join(command).replace("%", "%%")
    path = git_driver.install(
        options.repository,
        DRIVER,
        {
            "name": "lists of requirements, by what their lines mean",
            "driver": f"{driver} -- %O %A %B %L %P",
        },
        options.words or _patterns(options),
    )
    shown = (
        path if os.path.isabs(options.repository) else os.path.relpath(path)
    )
    _console.say(f"{shown}: git merges these files with {NAME} from now on")
    return 0


def _patterns(options: argparse.Namespace) -> list[str]:
    """The global list and the constraints of the repository."""
    repository = lists.locate(options.repository)
    return [
        os.path.basename(path)
        for path in (repository.required, repository.pinned)
    ]
