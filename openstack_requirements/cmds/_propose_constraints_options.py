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
"""The options of propose-constraints, in the groups of its help.

Those of a generation are :mod:`._generate_options`'s. What they name in the
requirements repository is meant as it is at the tip of the branch.
"""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from openstack_requirements.cmds import (
    _console,
    _generate_options,
    _generate_request,
    _options,
    _proposal_names,
)
from openstack_requirements.errors import (
    ConflictingOptions,
    UnusableInput,
    printable,
)
from openstack_requirements.repository import pins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.proposals.branch_tip import BranchTip
    from openstack_requirements.repository.pins import PinRequest

NAME = "propose-constraints"
#: The topic of what is proposed every night.
TOPIC = "constraints"

_FORGES = ("git", "gerrit", "github", "gitlab", "forgejo")
_FORMATS = ("text", "json", "markdown", "junit")
_UNSET = dict.fromkeys(
    (
        *("branch", "topic", "forge", "clone", "project", "release", "wait"),
        *("depends_on", "projects", "root", "forge_url"),
    )
)
#: Options of a generation that a bump has a use for, too.
_OF_BOTH = frozenset({"reqs", "output"})
#: Options that name files which may be of the requirements repository.
_FILES = ("requirements", "previous", "never")
_WITH_RELEASE = ("wait", "depends_on", "projects", "root")

_EPILOG = """\
exit status: 0 all is done; 1 something waits for a person: somebody amended
the proposal, or what was merged meanwhile cannot be merged with it; 2 wrong
usage, unusable input, or a release that the lists or the holds refuse; 3 an
install, the package index, the forge or git failed, or the release did not
come in time.
"""


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog=NAME,
        description="Propose new constraints, or the pin of one release, to "
        "their repository.",
        epilog=_EPILOG,
    )
    _add_proposal_options(result.add_argument_group("the proposal"))
    _add_release_options(result.add_argument_group("one release"))
    result.add_argument(
        "--format",
        choices=_FORMATS,
        default=_FORMATS[0],
        help=_options.help_of(
            "--format",
            ": text for people, json for programs, markdown for a page, junit "
            "for dashboards",
        ),
    )
    _generate_options.add_options(result, proposes=True)
    return result


def _add_proposal_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--branch",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--branch",
            " of the requirements repository whose lists are read and "
            "changed (default: the one that its HEAD leads to)",
        ),
    )
    group.add_argument(
        "--push",
        action="store_true",
        help=_options.help_of("--push"),
    )
    group.add_argument(
        "--topic",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--topic", f" (default: {TOPIC}; release-NAME with --release)"
        ),
    )
    group.add_argument(
        "--forge",
        choices=_FORGES,
        default=argparse.SUPPRESS,
        help=_options.help_of(
            "--forge", " (default: git, where branches are proposals)"
        ),
    )
    group.add_argument(
        "--forge-url",
        default=argparse.SUPPRESS,
        **_options.shown("--forge-url"),
    )
    group.add_argument(
        "--project",
        metavar="ORG/NAME",
        default=argparse.SUPPRESS,
        help=_options.help_of(
            "--project",
            ", here what the forge calls the requirements repository "
            "(default: the end of the address that its checkout calls origin)",
        ),
    )
    group.add_argument(
        "--clone",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--clone",
            ", here the requirements repository; {project} stands for "
            "ORG/NAME (default: what the checkout calls origin, or what the "
            "forge says)",
        ),
    )


def _add_release_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--release",
        metavar="NAME==VERSION",
        default=argparse.SUPPRESS,
        help="generate nothing: raise the pin of NAME, which was just "
        "released",
    )
    group.add_argument(
        "--wait",
        metavar="SECONDS",
        type=_seconds,
        default=argparse.SUPPRESS,
        help="how long to wait until the package index has the release; 0 to "
        f"ask once (default: {pins.LONGEST_WAIT})",
    )
    group.add_argument(
        "--depends-on",
        metavar="ID",
        default=argparse.SUPPRESS,
        help="the change that has to merge first: a Depends-On footer",
    )
    group.add_argument(
        "--projects",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--projects",
            ", org/name in a line; with --root, the report says which of "
            "their requirements the release does not meet",
        ),
    )
    group.add_argument(
        "--root",
        default=argparse.SUPPRESS,
        **_options.shown("--root", ", as DIR/org/name or DIR/name"),
    )


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line.

    ``release`` is the pin that is asked for, or None.

    :raises RequirementsError: for options that contradict each other.
    """
    options = _generate_request.unset()
    for name, value in _UNSET.items():
        setattr(options, name, value)
    options = parser().parse_args(argv, options)
    if options.reqs is None:
        options.reqs = ""
    if not os.path.isdir(options.reqs or os.curdir):
        raise UnusableInput(options.reqs, "is not a folder")
    if options.release is None:
        for name in _WITH_RELEASE:
            if getattr(options, name) is not None:
                raise ConflictingOptions(f"{_flag(name)} needs --release")
    else:
        _check_release(options)
    if options.forge is None:
        options.forge = "git"
    if bool(options.forge_url) != (options.forge != "git"):
        needs = "does not go with" if options.forge_url else "needs"
        raise ConflictingOptions(
            f"--forge {options.forge} {needs} --forge-url"
        )
    _check_names(options)
    return options


def _check_release(options: argparse.Namespace) -> None:
    """Read the release, and refuse what does not go with it."""
    for name, value in vars(_generate_request.unset()).items():
        if name not in _OF_BOTH and getattr(options, name) != value:
            raise ConflictingOptions(
                f"--release generates nothing: {_flag(name)} does not go "
                "with it"
            )
    if options.topic is not None:
        raise ConflictingOptions(
            "--release does not go with --topic: a distribution has one topic"
        )
    if (options.projects is None) != (options.root is None):
        raise ConflictingOptions("--projects goes with --root")
    if options.wait is None:
        options.wait = pins.LONGEST_WAIT
    if options.depends_on is not None:
        text = options.depends_on.strip()
        if not text or not text.isprintable():
            raise UnusableInput("--depends-on", "is not the ID of a change")
        options.depends_on = text
    try:
        options.release = pins.parse(options.release)
    except ValueError as error:
        raise UnusableInput("--release", str(error)) from error


def _check_names(options: argparse.Namespace) -> None:
    """Refuse what cannot be a part of a reference."""
    if options.topic is None:
        options.topic = TOPIC
    _proposal_names.require_topic(options.topic)
    if options.branch is not None:
        _proposal_names.require_branch(options.branch)
    if options.project is not None:
        org, _, name = options.project.rpartition("/")
        if not org or not name or not options.project.isprintable():
            raise UnusableInput(
                "--project", f"{printable(options.project)} is not ORG/NAME"
            )


def places(options: argparse.Namespace) -> list[str]:
    """The files of the requirements repository that options name."""
    named = [getattr(options, name) for name in _FILES]
    return [
        place
        for path in named
        if path is not None and (place := _place(path, options.reqs))
    ]


def _place(path: str, reqs: str) -> str:
    """The place of a file in the requirements repository; empty outside."""
    top = os.path.realpath(reqs or os.curdir)
    place = os.path.relpath(
        os.path.join(
            os.path.realpath(os.path.dirname(path) or os.curdir),
            os.path.basename(path),
        ),
        top,
    )
    return "" if place.startswith(os.pardir) else place


def generation(
    options: argparse.Namespace, tip: BranchTip
) -> tuple[_generate_request.Options, str]:
    """What to generate from the lists of a tip, and for which file.

    Where no option says that pins stay, all of them move, and the pins of the
    tip are the fallback.

    :returns: the options of the generation, and the place of the constraints.
    :raises RequirementsError: for options that contradict each other.
    """
    values = argparse.Namespace(**vars(options))
    for name in _FILES:
        path = getattr(values, name)
        place = "" if path is None else _place(path, options.reqs)
        if place:
            setattr(values, name, tip.path(place))
    values.reqs = tip.folder
    repository = tip.repository
    values.output = repository.pinned
    # Changes are found out once it is known what is proposed.
    values.diff = None
    values.never = values.never or repository.never
    if values.previous is None and os.path.lexists(values.output):
        values.previous = values.output
        if values.upgrade_package is None and values.from_freezes is None:
            values.upgrade = True
    return _generate_request.options_in(values), tip.place(values.output)


def release(options: argparse.Namespace) -> PinRequest:
    """The release that is asked for."""
    pin: PinRequest = options.release
    return pin


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _seconds(text: str) -> int:
    """A whole number from 0 on, for argparse."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than 0")
    return number
