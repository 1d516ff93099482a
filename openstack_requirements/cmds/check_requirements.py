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
"""check-requirements: what projects declare, judged against the lists."""

from __future__ import annotations

import argparse
import datetime
import os
from typing import TYPE_CHECKING

from openstack_requirements.checks import gate
from openstack_requirements.cmds import _console, _judge, _run
from openstack_requirements.errors import (
    FINDINGS,
    ConflictingOptions,
    RequirementsError,
    UnusableInput,
)
from openstack_requirements.manifests import loader
from openstack_requirements.repository import lists
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from openstack_requirements.checks.gate import Request, Standard
    from openstack_requirements.checks.impact import Outcome, Rehearsal

_EPILOG = """\
exit status: 0 nothing is wrong (warnings and waived findings may be there); 1
something is; 2 wrong usage, or a project or a list that cannot be read; 3 git
failed.
"""


def parser() -> _console.Parser:
    """What the command takes."""
    result = _console.Parser(
        prog="check-requirements",
        description="Judge what a project declares against the lists of a "
        "requirements repository. Nothing of the project is run, and its work "
        "tree, index and HEAD are not touched.",
        epilog=_EPILOG,
    )
    result.add_argument(
        "source",
        metavar="SRC_DIR",
        nargs="?",
        default=".",
        help="the project's folder",
    )
    result.add_argument(
        "branch",
        metavar="BRANCH",
        nargs="?",
        default="master",
        help="the branch that its change is for",
    )
    by = result.add_argument_group("what to judge by")
    by.add_argument(
        "--reqs",
        metavar="DIR",
        default=".",
        help="the requirements repository",
    )
    _judge.add_policy_option(by)
    what = result.add_argument_group("what to judge")
    what.add_argument(
        "--local",
        action="store_true",
        help="judge all that there is, committed or not; otherwise, under "
        "the classic policy, what stands unchanged in the first parent of "
        "HEAD is not judged",
    )
    what.add_argument(
        "--against",
        metavar="REV",
        default=argparse.SUPPRESS,
        help="judge, under any policy, only what is wrong since this "
        "revision, and count what was wrong before",
    )
    what.add_argument(
        "--project",
        metavar="DIR",
        action="append",
        default=argparse.SUPPRESS,
        help="a project's folder, in place of SRC_DIR; repeat for several",
    )
    what.add_argument(
        "--projects",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="the projects that FILE names (org/name), in place of SRC_DIR",
    )
    what.add_argument(
        "--root",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="where the checkouts of --projects are, as DIR/org/name or "
        "DIR/name",
    )
    what.add_argument(
        "--jobs",
        metavar="N",
        type=_console.positive,
        default=os.cpu_count() or 1,
        help="how many projects to judge at once",
    )
    change = result.add_argument_group("what to change")
    change.add_argument(
        "--fix",
        action="store_true",
        help="make the smallest changes that pass, where they are known, and "
        "judge what is then left",
    )
    change.add_argument(
        "--diff",
        action="store_true",
        help="show these changes; without --fix they are not made",
    )
    rehearsal = result.add_argument_group("before the lists change")
    rehearsal.add_argument(
        "--rehearse",
        action="store_true",
        help="say which projects pass with the lists of --baseline and would "
        "not with those of --reqs, which would be mended, and through which "
        "line; the status is 1 where something would be broken",
    )
    rehearsal.add_argument(
        "--baseline",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="the repository with the lists as they are",
    )
    _judge.add_report_options(result)
    _console.add_quiet_option(result)
    return result


_UNSET = dict.fromkeys(
    ("policy", "against", "project", "projects", "root", "baseline")
)


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(argv, argparse.Namespace(**_UNSET))
    _check(options)
    roots = _roots(options)
    standard = _standard(options.reqs, options)
    if options.rehearse:
        return _rehearse(options, standard, roots)
    request = _request(options, standard, roots)
    status = 0
    if options.fix or options.diff:
        status = _change(options, request, roots)
    return max(
        status, _report(options, _judged(options, request, list(roots)))
    )


def _check(options: argparse.Namespace) -> None:
    """Refuse options that do not go together."""
    for one, other in (
        ("local", "against"),
        ("project", "projects"),
        ("rehearse", "fix"),
        ("rehearse", "diff"),
        ("rehearse", "against"),
    ):
        if getattr(options, one) and getattr(options, other):
            raise ConflictingOptions(
                f"--{one} and --{other} do not go together"
            )
    for one, other in (
        ("projects", "root"),
        ("root", "projects"),
        ("rehearse", "baseline"),
        ("baseline", "rehearse"),
    ):
        if getattr(options, one) and not getattr(options, other):
            raise ConflictingOptions(f"--{one} needs --{other}")
    if options.source != "." and (options.project or options.projects):
        raise ConflictingOptions(
            "SRC_DIR does not go with --project and --projects"
        )


def _standard(folder: str, options: argparse.Namespace) -> Standard:
    if not os.path.isfile(os.path.join(folder, lists.GLOBAL)):
        raise UnusableInput(
            os.path.join(folder, lists.GLOBAL),
            "there is no such file; name the requirements repository with "
            "--reqs",
        )
    standard = gate.standard(folder, options.policy)
    for warning in standard.warnings:
        _console.warn(warning)
    return standard


def _request(
    options: argparse.Namespace, standard: Standard, names: Mapping[str, str]
) -> Request:
    return gate.Request(
        standard,
        options.branch,
        options.local or options.rehearse,
        options.against or "",
        datetime.datetime.now(datetime.timezone.utc).date(),
        names,
    )


def _roots(options: argparse.Namespace) -> dict[str, str]:
    """The folders of the projects, and their names where they are known."""
    if options.projects is None:
        return dict.fromkeys(options.project or [options.source], "")
    roots = {}
    for number, name in lists.projects(options.projects):
        places = [
            os.path.join(options.root, each)
            for each in (name, name.rpartition("/")[2])
        ]
        found = [each for each in places if os.path.isdir(each)]
        if not found:
            raise UnusableInput(
                f"{options.projects}:{number}",
                f"there is no checkout of {name} in {options.root}",
            )
        roots[found[0]] = name
    return roots


def _judged(
    options: argparse.Namespace, request: Request, roots: Sequence[str]
) -> list[Outcome]:
    """The outcome for each project, with progress where it takes long."""
    from openstack_requirements.cmds import progress

    finished = 0

    def done(_root: str) -> None:
        nonlocal finished
        finished += 1
        shown.share("projects", finished, len(roots))

    quiet = options.quiet or len(roots) < gate.WORTH_SHARING
    with progress.bar_for_stderr(quiet=quiet) as shown:
        return list(gate.judge_all(request, roots, options.jobs, done))


def _report(options: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    """Show the verdicts, and what could not be judged; the status."""
    verdicts = [each.verdict for each in outcomes if each.verdict is not None]
    errors = [each.error for each in outcomes if each.error is not None]
    status = 0
    if verdicts:
        status = _judge.report("check-requirements", options, verdicts)
    for error in errors:
        status = max(status, _console.fail(error))
    return status


def _change(
    options: argparse.Namespace, request: Request, roots: Iterable[str]
) -> int:
    """Show the smallest changes that pass, and make them; the status."""
    status = 0
    for root in roots:
        changed, failed = _made(options, request, root)
        status = max(status, failed)
        if options.diff:
            # The report is the result; this is beside it.
            for file, (old, new) in changed.items():
                path = os.path.normpath(os.path.join(root, file))
                _console.show_diff(path, old, new)
        elif changed:
            names = ", ".join(
                os.path.normpath(os.path.join(root, file)) for file in changed
            )
            _console.say(f"changed: {names}")
    return status


def _made(
    options: argparse.Namespace, request: Request, root: str
) -> tuple[dict[str, tuple[str, str]], int]:
    """Make the smallest changes of a project where that is asked for.

    :returns: the files that change, before and after, and the exit status
        for what could not be written.
    """
    # Again, where another process has changed the project meanwhile.
    while True:
        try:
            changed = gate.fix(request, root)
        except RequirementsError:
            return {}, 0  # judging it says why
        if not options.fix:
            return changed, 0
        try:
            if loader.write(
                root,
                {file: new for file, (_, new) in changed.items()},
                texts={file: old for file, (old, _) in changed.items()},
                longest_wait=files.LONGEST_WAIT,
                waiting=_run.waiting(files.LONGEST_WAIT),
            ):
                return changed, 0
        except RequirementsError as error:
            return {}, _console.fail(error)


def _rehearse(
    options: argparse.Namespace,
    standard: Standard,
    roots: Mapping[str, str],
) -> int:
    """Compare what two states of the lists say of projects; the status."""
    from openstack_requirements.checks import impact
    from openstack_requirements.cmds.report import render_impact

    baseline = _standard(options.baseline, options)
    policies = [each.against.policy.name for each in (baseline, standard)]
    if policies[0] != policies[1]:
        _console.warn(
            f"the policy changes from {policies[0]} to {policies[1]}, and "
            "with it what is asked of projects"
        )
    old = _judged(options, _request(options, baseline, roots), list(roots))
    new = _judged(options, _request(options, standard, roots), list(roots))
    found = [impact.compare(*pair) for pair in zip(old, new, strict=True)]
    lines = impact.changed_lines(baseline.against, standard.against)
    text = render_impact.render(found, lines, options.format)
    path = getattr(options, "output", None)
    if path is None:
        _console.write(text)
    else:
        files.replace(path, text)
    status = FINDINGS if any(_breaks(each) for each in found) else 0
    for each in found:
        if each.error is not None:
            status = max(status, _console.fail(each.error))
    return status


def _breaks(found: Rehearsal) -> bool:
    return any(each.severity == "error" for each in found.broken)
