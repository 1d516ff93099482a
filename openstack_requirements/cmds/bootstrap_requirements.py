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
"""bootstrap-requirements: a first global list, from what projects require."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from openstack_requirements.cmds import _console
from openstack_requirements.errors import (
    BadContent,
    BadLine,
    ConflictingOptions,
    RequirementsError,
    UnusableInput,
    UnusableProject,
)
from openstack_requirements.pep508.requirement import (
    canonical_name,
    parse_line,
    read_entries,
)
from openstack_requirements.repository import lists, policy
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openstack_requirements.bootstrap import survey
    from openstack_requirements.bootstrap.draft import Decision
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )

_EPILOG = """\
exit status: 0 the list was written, with or without things to decide; 2 wrong
usage, unusable input, or a name that the index does not know; 3 the package
index, a build or the disk failed; 128 and more: a signal asked to stop.
"""


def parser() -> _console.Parser:
    """What the command takes."""
    result = _console.Parser(
        prog="bootstrap-requirements",
        description="Collect what projects require and propose a global list "
        "from it. What a person has to decide is said on stderr.",
        epilog=_EPILOG,
    )
    what = result.add_argument_group("whose requirements to collect")
    what.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        default=argparse.SUPPRESS,
        help="a distribution on the index; a specifier says which release "
        "(nova>=30)",
    )
    what.add_argument(
        "--names",
        metavar="FILE",
        dest="names_file",
        default=argparse.SUPPRESS,
        help="more of them, one a line",
    )
    what.add_argument(
        "--root",
        metavar="DIR",
        action="append",
        default=argparse.SUPPRESS,
        help="a folder of checkouts, or one checkout; repeat for several",
    )
    what.add_argument(
        "--no-extras",
        action="store_true",
        help="leave out what only extras and dependency groups require",
    )
    what.add_argument(
        "--transitive",
        action="store_true",
        help="list the requirements of requirements too",
    )
    what.add_argument(
        "--include-given",
        action="store_true",
        help="list each NAME itself, even if no other project requires it",
    )
    how = result.add_argument_group("how to ask the index")
    how.add_argument(
        "-p",
        "--python",
        metavar="PYTHON",
        action="append",
        default=argparse.SUPPRESS,
        help="an interpreter that the list is for: a path, a name on PATH or "
        "a version; repeat for several (default: the one that runs this)",
    )
    how.add_argument(
        "--jobs",
        metavar="N",
        type=_console.positive,
        default=2 * (os.cpu_count() or 1),
        help="how many installers may run at once",
    )
    _console.add_timeout_option(how)
    out = result.add_argument_group("what to write")
    out.add_argument(
        "--policy",
        choices=policy.NAMES,
        default=argparse.SUPPRESS,
        help="classic: one lower bound for each entry; current: none "
        "(default: that of --extend, else classic)",
    )
    out.add_argument(
        "--extend",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="a global list whose lines stay as they are; what it lacks is "
        "added at its end",
    )
    _console.add_never_option(
        out, "names that are never constrained, and not listed"
    )
    out.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="where to write the list (default: stdout)",
    )
    out.add_argument(
        "--decisions",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="also write what is to be decided, as JSON",
    )
    _console.add_quiet_option(out)
    return result


# Options without a default that the help could show.
_UNSET = dict.fromkeys(
    (
        "names_file",
        "root",
        "python",
        "timeout",
        "policy",
        "extend",
        "never",
        "output",
        "decisions",
    )
)


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(argv, argparse.Namespace(names=[], **_UNSET))
    names = _names(options)
    if not names and not options.root:
        raise ConflictingOptions(
            "name distributions, or a folder of checkouts with --root"
        )
    for path in (options.output, options.decisions):
        if path is not None:
            files.require_replaceable(path)
    base, known, rules = _base(options)
    never = lists.never_constrained(options.never)

    from openstack_requirements.bootstrap import draft, survey
    from openstack_requirements.cmds import progress

    request = survey.Request(
        options.python or [sys.executable],
        names,
        _projects(options),
        rules,
        never,
        base,
        not options.no_extras,
        options.include_given,
        options.transitive,
        options.jobs,
        options.timeout,
    )
    with (
        _console.interruptible(),
        progress.for_stderr(quiet=options.quiet) as shown,
    ):
        proposal = survey.make(request, known, shown.phase)
    content = draft.to_content(proposal.entries, base)
    _tell(proposal.decisions)
    if options.decisions is not None:
        files.replace(options.decisions, draft.to_json(proposal.decisions))
    if options.output is None:
        _console.write(content)
    else:
        files.replace(options.output, content)
    return 0


def _names(options: argparse.Namespace) -> list[Requirement]:
    """The distributions to ask the index for.

    :raises BadContent: for what is no requirement.
    """
    found: dict[CanonicalName, Requirement] = {}
    errors = []
    for text in options.names:
        try:
            _add(found, parse_line(text), text)
        except BadLine as error:
            bad = error
            if os.path.isdir(text) or text.startswith((".", os.sep)):
                what = "a folder of checkouts is given with --root"
                bad = BadLine(f"not a name ({what})", text)
            errors.append(bad)
    if errors:
        raise BadContent(errors)
    path = options.names_file
    if path is not None:
        for entry in lists.read(path):
            if entry.requirement is None:
                bad = BadLine("not a requirement", entry.line)
                errors.append(bad.at(path, entry.number))
            elif entry.requirement.package:
                _add(found, entry.requirement, f"{path}:{entry.number}")
    if errors:
        raise BadContent(errors)
    return list(found.values())


def _add(
    found: dict[CanonicalName, Requirement], each: Requirement, what: str
) -> None:
    if not each.package:
        raise UnusableInput(
            what or "NAME", "is not the name of a distribution"
        )
    if each.markers:
        raise UnusableInput(what, "a marker says nothing here")
    other = found.setdefault(canonical_name(each.package), each)
    if other.specifiers != each.specifiers:
        raise UnusableInput(
            what,
            f"{each.package} is given twice, also as "
            f"{other.package}{other.specifiers}",
        )


def _base(
    options: argparse.Namespace,
) -> tuple[str, frozenset[CanonicalName], policy.Policy]:
    """The list to continue, the names in it, and the rules to follow."""
    if options.extend is None:
        name = options.policy or policy.CLASSIC.name
        return "", frozenset(), policy.find((), denylist=False, name=name)
    base = files.read_text(options.extend)
    # As an installer will get it with what is added, and will not take it.
    lists.installable(options.extend)
    entries = [
        each.requirement
        for each in read_entries(base, options.extend)
        if each.requirement is not None and each.requirement.package
    ]
    return (
        base,
        frozenset(canonical_name(each.package) for each in entries),
        policy.find(entries, denylist=False, name=options.policy),
    )


def _projects(options: argparse.Namespace) -> list[survey.Project]:
    """The checkouts in the folders that the user names.

    :raises UnusableProject: with what is wrong with each of them.
    """
    from openstack_requirements.bootstrap import checkouts

    found = []
    errors: list[RequirementsError] = []
    for root in options.root or ():
        for folder in checkouts.find(root):
            try:
                found.append(
                    checkouts.read(folder, extras=not options.no_extras)
                )
            except UnusableProject as error:
                errors += error.errors
    if errors:
        raise UnusableProject("", errors)
    return found


def _tell(decisions: Iterable[Decision]) -> None:
    """Say what a person has to decide."""
    found = list(decisions)
    for each in found:
        _console.say(str(each))
    if found:
        _console.say(f"{len(found)} to decide")
