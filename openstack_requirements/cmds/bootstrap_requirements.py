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
"""bootstrap-requirements: propose a first global list for projects."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from openstack_requirements.bootstrap import survey_input
from openstack_requirements.cmds import _console, _initial, _lists, _options
from openstack_requirements.errors import ConflictingOptions
from openstack_requirements.output import counted
from openstack_requirements.repository import lists, policy
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.bootstrap.survey import SurveyRequest
    from openstack_requirements.bootstrap.survey_input import Base
    from openstack_requirements.pep508.requirement import Requirement

_EPILOG = """\
exit status: 0 the list was written, with or without decisions left; 1 the
repository of --init was written, but its lists have findings; 2 wrong usage,
unusable input, or a name that the index does not know; 3 the package index, a
build or the disk failed; 128 and more: a signal asked to stop.
"""


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog="bootstrap-requirements",
        description="Propose a global list from what projects require.",
        epilog=_EPILOG,
    )
    what = result.add_argument_group("projects whose requirements to collect")
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
        help="a file with more of them, one per line",
    )
    what.add_argument(
        "--root",
        action="append",
        default=argparse.SUPPRESS,
        **_options.shown("--root", ", or one checkout; repeat for several"),
    )
    what.add_argument(
        "--no-extras",
        action="store_true",
        help="leave out the requirements of extras and dependency groups",
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
    how = result.add_argument_group("how to query the index")
    how.add_argument(
        "-p",
        "--python",
        action="append",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--python",
            ": a path, a name on PATH or a version; repeat for several "
            "(default: those of the settings, or the interpreter that runs "
            "this command)",
        ),
    )
    how.add_argument(
        "--jobs",
        type=_console.positive,
        default=2 * (os.cpu_count() or 1),
        **_options.shown("--jobs", ": so many installers"),
    )
    _console.add_timeout_option(how)
    out = result.add_argument_group("what to write")
    out.add_argument(
        "--policy",
        choices=policy.NAMES,
        default=argparse.SUPPRESS,
        help=_options.help_of(
            "--policy",
            "; classic: each entry gets a lower bound; current: none does "
            "(default: that of the settings or of --extend, else classic)",
        ),
    )
    out.add_argument(
        "--extend",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="a global list to extend: its lines stay as they are, and new "
        "entries are added at its end",
    )
    _lists.add_reqs_option(out)
    _lists.add_never_option(out)
    out.add_argument(
        "-o",
        "--output",
        default=argparse.SUPPRESS,
        **_options.shown("--output", ", the list (default: stdout)"),
    )
    out.add_argument(
        "--decisions",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="also write the decisions that are left, as JSON",
    )
    _console.add_quiet_option(out)
    _initial.add_options(result)
    return result


# Options without a default that the help could show.
_UNSET = dict.fromkeys(
    (
        "names_file",
        "root",
        "python",
        "timeout",
        "policy",
        "reqs",
        "extend",
        "never",
        "output",
        "decisions",
        "init",
        "ci",
        "toolkit",
    )
)


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv, argparse.Namespace(names=[], **_UNSET))
    names = survey_input.names(options.names, options.names_file)
    if not names and not options.root:
        raise ConflictingOptions(
            "name distributions, or a folder of checkouts with --root"
        )
    for path in (options.output, options.decisions):
        if path is not None:
            files.require_replaceable(path)
    _initial.check(options)
    _fill_in(options)
    base = survey_input.base(options.extend, options.policy)
    request = _request(options, names, base)

    from openstack_requirements.bootstrap import decisions, draft, survey
    from openstack_requirements.cmds import progress

    with (
        _console.interruptible(),
        progress.for_stderr(quiet=options.quiet) as shown,
    ):
        proposal = survey.make(request, base.known, shown.phase)
        content = draft.to_content(proposal.entries, base.content)
        initial = _initial.make(options, request, content, shown)
    left = [*proposal.decisions, *(initial.decisions if initial else ())]
    for line in decisions.report(left):
        _console.say(line)
    if options.decisions is not None:
        files.replace(options.decisions, decisions.to_json(left))
    status = 0
    if initial is not None:
        status = _initial.write(options.init, initial, quiet=options.quiet)
    else:
        _console.write_to(options.output, content)
    if not options.quiet:
        _say_written(options, len(proposal.entries), len(left))
    return status


def _say_written(
    options: argparse.Namespace, entries: int, decisions: int
) -> None:
    """Say what was written where."""
    new = counted(entries, "new entry", "new entries")
    _console.say_written(options.output, new)
    _console.say_written(options.decisions, counted(decisions, "decision"))


def _fill_in(options: argparse.Namespace) -> None:
    """Take from the requirements repository what no option says."""
    repository = _lists.located(
        options, required=options.extend or options.output
    )
    settings = repository.settings
    options.python = options.python or list(settings.pythons)
    options.policy = options.policy or settings.policy or None
    if options.never is None and repository.never is not None:
        options.never = repository.never
        if not options.quiet:
            _console.say(f"never constrained: what {repository.never} lists")


def _request(
    options: argparse.Namespace, names: Sequence[Requirement], base: Base
) -> SurveyRequest:
    """The survey that the options describe."""
    never = lists.never_constrained(options.never)
    from openstack_requirements.bootstrap import survey

    extras = not options.no_extras
    return survey.SurveyRequest(
        pythons=options.python or [sys.executable],
        names=names,
        projects=survey_input.projects(options.root or (), extras=extras),
        policy=base.policy,
        never=never,
        base=base.content,
        extras=extras,
        include_given=options.include_given,
        transitive=options.transitive,
        jobs=options.jobs,
        timeout=options.timeout,
        warn=_console.warn,
    )
