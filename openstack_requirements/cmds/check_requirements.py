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
"""check-requirements: judge what projects declare against the lists."""

from __future__ import annotations

import datetime
import os
from typing import TYPE_CHECKING

from openstack_requirements.cmds import _console, _judge, _run
from openstack_requirements.cmds._check_options import parse, parser
from openstack_requirements.errors import FINDINGS, UnusableInput
from openstack_requirements.repository import lists
from openstack_requirements.system import files

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

    from openstack_requirements.checks.impact import Outcome
    from openstack_requirements.checks.verdicts import CheckRequest, Criteria

__all__ = ["main", "parser"]


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse(argv)
    missing: Iterable[UnusableInput] = ()
    if options.projects is None:
        roots = dict.fromkeys(options.project or [options.source], "")
    else:
        # Judging imports what help and a wrong option do not need.
        from openstack_requirements.checks.loader import checkouts

        roots, missing = checkouts(options.projects, options.root)
        if not roots and not missing:
            raise UnusableInput(
                options.projects, "names no project: there is nothing to judge"
            )
    criteria = _criteria(options.reqs, options)
    status = 0
    if options.rehearse:
        status = _show_impact(options, criteria, roots)
    else:
        request = _request(options, criteria, roots)
        if options.fix or options.diff:
            status = _fix(options, request, roots)
        outcomes = _judged(options, request, list(roots))
        status = max(status, _report(options, outcomes))
    return max(status, *map(_console.fail, missing), 0)


def _criteria(folder: str, options: argparse.Namespace) -> Criteria:
    lists.require_repository(folder, "--reqs")
    from openstack_requirements.checks import loader

    criteria = loader.criteria(
        folder, options.policy, options.build_backend or ""
    )
    for warning in criteria.warnings:
        _console.warn(warning)
    return criteria


def _request(
    options: argparse.Namespace, criteria: Criteria, names: Mapping[str, str]
) -> CheckRequest:
    from openstack_requirements.checks.verdicts import CheckRequest

    return CheckRequest(
        criteria,
        options.branch,
        local=options.local or options.rehearse,
        revision=options.against or "",
        today=datetime.datetime.now(datetime.timezone.utc).date(),
        names=names,
    )


def _judged(
    options: argparse.Namespace, request: CheckRequest, roots: Sequence[str]
) -> list[Outcome]:
    """Judge each project, with progress where there are many."""
    from openstack_requirements.checks import gate
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
    """Report the verdicts and show the errors; return the exit status."""
    verdicts = [
        outcome.verdict for outcome in outcomes if outcome.verdict is not None
    ]
    status = 0
    if verdicts:
        status = _judge.report("check-requirements", options, verdicts)
    for outcome in outcomes:
        if outcome.error is not None:
            status = max(status, _console.fail(outcome.error))
    return status


def _fix(
    options: argparse.Namespace, request: CheckRequest, roots: Iterable[str]
) -> int:
    """Show or make the smallest changes that pass; return the status."""
    from openstack_requirements.checks import gate

    status = 0
    for root, changed, error in gate.fix_all(
        request,
        roots,
        write=options.fix,
        waiting=_run.waiting(files.LONGEST_WAIT),
    ):
        if error is not None:
            status = max(status, _console.fail(error))
        paths = {
            file: os.path.normpath(os.path.join(root, file))
            for file in changed
        }
        if options.diff:
            # The report is the result; this is beside it.
            for file, (old, new) in changed.items():
                _console.show_diff(paths[file], old, new)
        if options.fix and not options.quiet:
            for path in paths.values():
                _console.say_written(path)
    return status


def _show_impact(
    options: argparse.Namespace,
    criteria: Criteria,
    roots: Mapping[str, str],
) -> int:
    """Report the impact of a list change on projects; return the status."""
    from openstack_requirements.checks import impact
    from openstack_requirements.cmds.report import render_impact

    baseline = _criteria(options.baseline, options)
    old, new = baseline.against, criteria.against
    if old.policy.name != new.policy.name:
        _console.warn(
            f"the policy changes from {old.policy.name} to "
            f"{new.policy.name}, and with it the rules for projects"
        )
    before, after = (
        _judged(options, _request(options, judged_by, roots), list(roots))
        for judged_by in (baseline, criteria)
    )
    projects = impact.compare_all(before, after)
    lines = impact.changed_lines(old, new)
    text = render_impact.render(projects, lines, options.format)
    output = getattr(options, "output", None)
    _console.write_to(output, text)
    if not options.quiet:
        _console.say_written(output)
    status = FINDINGS if any(project.breaks for project in projects) else 0
    for project in projects:
        if project.error is not None:
            status = max(status, _console.fail(project.error))
    return status
