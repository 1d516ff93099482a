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
"""propose-updates: propose to each project what the lists ask of it."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from openstack_requirements.cmds import (
    _console,
    _follow,
    _lists,
    _options,
    _proposal_names,
)
from openstack_requirements.errors import (
    FINDINGS,
    ConflictingOptions,
    UnusableInput,
)
from openstack_requirements.repository import lists

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.proposals.updates import (
        ListedProject,
        ProjectUpdate,
        UpdateRequest,
    )

NAME = "propose-updates"
#: The formats of the report, and the forges: what they need is imported late.
_FORMATS = ("text", "json", "markdown", "junit")
_FORGES = ("git", "gerrit", "github", "gitlab", "forgejo")
_EPILOG = """\
exit status: 0 all is done; 1 something waits for a person: a proposal that
somebody amended, or a project whose files or entries are an error; 2 wrong
usage or unusable input; 3 a project, a forge or git failed. What fails for a
project stops no other one.
"""


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog=NAME,
        description="Propose to each project what brings it in line with the "
        "lists.",
        epilog=_EPILOG,
    )
    what = result.add_argument_group("the lists to follow")
    _lists.add_reqs_option(what)
    _lists.add_policy_option(what)
    _lists.add_never_option(what)
    _follow.add_options(what)
    _add_projects(result)
    _add_proposals(result)
    report = result.add_argument_group("the report")
    report.add_argument(
        "--diff",
        action="store_true",
        help=_options.help_of("--diff", " that are to be proposed"),
    )
    report.add_argument(
        "--format",
        choices=_FORMATS,
        default=_FORMATS[0],
        help=_options.help_of(
            "--format",
            ": text for people, json for programs, markdown for a page, junit "
            "for dashboards",
        ),
    )
    report.add_argument(
        "-o",
        "--output",
        default=argparse.SUPPRESS,
        **_options.shown("--output", " (default: stdout)"),
    )
    _console.add_quiet_option(result)
    return result


def _add_projects(result: _console.Parser) -> None:
    """Add where the projects are."""
    group = result.add_argument_group("the projects")
    group.add_argument(
        "--projects",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--projects",
            ", org/name in a line (default: those of the settings)",
        ),
    )
    group.add_argument(
        "--root",
        nargs="?",
        const="",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--root",
            ", as DIR/org/name or DIR/name, which are not changed (default: "
            "checkouts of the settings, without --clone)",
        ),
    )
    group.add_argument(
        "--clone",
        metavar="URL-TEMPLATE",
        default=argparse.SUPPRESS,
        help="where git reaches a project; {project} stands for the line of "
        "the list of projects (default: what the checkout calls origin, or "
        "what the forge says)",
    )
    group.add_argument(
        "--branch",
        metavar="BRANCH",
        action="append",
        default=argparse.SUPPRESS,
        help="the branch that is to follow the lists; repeat for several "
        "(default: the one that HEAD of the project leads to)",
    )
    group.add_argument(
        "--jobs",
        type=_console.positive,
        default=8,
        **_options.shown("--jobs", ": so many projects"),
    )


def _add_proposals(result: _console.Parser) -> None:
    """Add where and how changes are proposed."""
    group = result.add_argument_group("the proposals")
    group.add_argument(
        "--push",
        action="store_true",
        help="propose, update and close; otherwise nothing is changed, and "
        "the report says what would be done",
    )
    group.add_argument(
        "--topic",
        metavar="TOPIC",
        default="requirements",
        help="the word that proposals of this kind have in common; there is "
        "one for each project, branch and topic",
    )
    group.add_argument(
        "--forge",
        choices=_FORGES,
        default=argparse.SUPPRESS,
        help="where changes are reviewed (default: git, where branches are "
        "proposals; without --push and --clone nothing is asked)",
    )
    group.add_argument(
        "--forge-url",
        metavar="URL",
        default=argparse.SUPPRESS,
        help="the address of the forge",
    )
    group.add_argument(
        "--max-new",
        metavar="N",
        type=_console.positive,
        default=argparse.SUPPRESS,
        help="open at most N proposals in this run; projects take turns "
        "(default: no limit)",
    )


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(argv)
    projects = _listed(options.projects)
    request = _request(options)
    from openstack_requirements.cmds import progress
    from openstack_requirements.proposals import updates

    finished = 0

    def done() -> None:
        nonlocal finished
        finished += 1
        shown.share("projects", finished, len(projects))

    with progress.bar_for_stderr(quiet=options.quiet) as shown:
        result = updates.run(request, projects, options.jobs, done)
    return _report(options, result)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line, and fill in what the settings say.

    :raises RequirementsError: for options that cannot be used.
    """
    unset = dict.fromkeys(
        ("policy", "never", "projects", "root", "clone", "branch", "output")
    )
    unset |= dict.fromkeys(("forge", "max_new"))
    options = parser().parse_args(
        argv, argparse.Namespace(reqs="", forge_url="", **unset)
    )
    lists.require_repository(options.reqs, "--reqs")
    settings = lists.configured(options.reqs)
    options.projects = options.projects or settings.projects
    if not options.projects:
        raise ConflictingOptions("name the list of projects: --projects FILE")
    if options.root == "" or (options.root is None and not options.clone):
        options.root = settings.checkouts
    if options.forge is None and (options.push or options.clone):
        options.forge = "git"
    asked = options.forge not in {None, "git"}
    if not (options.root or options.clone or asked):
        raise ConflictingOptions(
            "name the checkouts (--root DIR) or the addresses of the projects "
            "(--clone URL-TEMPLATE)"
        )
    if bool(options.forge_url) != asked:
        needs = "does not go with" if options.forge_url else "needs"
        name = options.forge or "git"
        raise ConflictingOptions(f"--forge {name} {needs} --forge-url")
    _proposal_names.require_topic(options.topic)
    for branch in options.branch or ():
        _proposal_names.require_branch(branch)
    return options


def _listed(path: str) -> list[ListedProject]:
    """The projects of a list, each once.

    :raises UnusableInput: where it cannot be read, or names none.
    """
    from openstack_requirements.proposals.updates import ListedProject

    places: dict[str, str] = {}
    for number, name in lists.projects(path):
        places.setdefault(name, f"{path}:{number}")
    if not places:
        raise UnusableInput(
            path, "names no project: there is nothing to propose"
        )
    return [ListedProject(name, place) for name, place in places.items()]


def _request(options: argparse.Namespace) -> UpdateRequest:
    """What the options ask for.

    :raises RequirementsError: for lists and options that cannot be used.
    """
    from openstack_requirements.proposals import sources, updates
    from openstack_requirements.proposals.forges import registry
    from openstack_requirements.repository import apply_update
    from openstack_requirements.system import git_scratch

    if options.clone:
        sources.require_template(options.clone)
        options.clone = sources.absolute(options.clone)
    loaded = lists.load(
        options.reqs,
        options.policy,
        never=options.never,
        with_constraints=False,
    )
    for warning in loaded.warnings:
        _console.warn(warning)
    forge = who = None
    if options.forge is not None:
        forge = registry.make(
            options.forge, options.forge_url, os.environ, _console.warn
        )
        who = git_scratch.identity()
    return updates.UpdateRequest(
        apply_update.followed_list(loaded, hacking=options.hacking),
        _follow.gate(loaded),
        _follow.unknown(options),
        sources.Sources(options.root or "", options.clone or ""),
        tuple(dict.fromkeys(options.branch or ())),
        options.topic,
        forge,
        who,
        options.push,
        options.max_new,
    )


def _report(
    options: argparse.Namespace, updates: Sequence[ProjectUpdate]
) -> int:
    """Write the report; return the exit status."""
    from openstack_requirements.cmds.report import render_proposals

    def diff(path: str, old: str, new: str) -> str:
        return _console.unified(path, old, new, sys.stdout)

    text = render_proposals.render(
        updates,
        options.format,
        done=options.push,
        diff=diff if options.diff else None,
    )
    _console.write_to(options.output, text)
    if options.output is not None:
        _console.say(render_proposals.summary(updates, done=options.push))
    status = max(_status(update) for update in updates)
    for branch in _nowhere(updates):
        error = UnusableInput("--branch", f"no project has a branch {branch}")
        status = max(status, _console.fail(error))
    return status


def _nowhere(updates: Sequence[ProjectUpdate]) -> list[str]:
    """The branches that no project has: their names are likely wrong."""
    from openstack_requirements.proposals.updates import NO_BRANCH

    somewhere = {
        update.branch for update in updates if update.reason != NO_BRANCH
    }
    branches = dict.fromkeys(update.branch for update in updates)
    return [branch for branch in branches if branch not in somewhere]


def _status(update: ProjectUpdate) -> int:
    if update.error is not None:
        return update.error.status
    return FINDINGS if update.outcome == "wait" else 0
