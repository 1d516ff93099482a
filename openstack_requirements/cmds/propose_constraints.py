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
"""propose-constraints: propose new constraints, or the pin of a release."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from openstack_requirements.cmds import _console
from openstack_requirements.cmds._propose_constraints_options import (
    NAME,
    generation,
    parse,
    parser,
    places,
)
from openstack_requirements.errors import FINDINGS, OUTSIDE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from openstack_requirements.cmds._release_bump import BumpImpact
    from openstack_requirements.cmds.progress import Progress
    from openstack_requirements.proposals.branch_tip import BranchTip
    from openstack_requirements.proposals.constraints_job import (
        ConstraintsJob,
        ConstraintsProposal,
    )
    from openstack_requirements.repository.generation import Request, Result

__all__ = ["main", "parser"]


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse(argv)
    from openstack_requirements.system import temporary

    with temporary.work_folder(NAME) as folder:
        job = _job(options, folder)
        if options.release is None:
            return _regenerate(options, job)
        from openstack_requirements.cmds import _release_bump

        proposal, impact = _release_bump.propose(options, job)
    return _report(options, proposal, impact=impact)


def _job(options: argparse.Namespace, folder: str) -> ConstraintsJob:
    """What proposes, with the forge and the account of the options.

    :raises RequirementsError: where they cannot be used.
    """
    from openstack_requirements.proposals import requirements_desk

    return requirements_desk.job(
        requirements_desk.DeskRequest(
            options.reqs,
            options.forge,
            options.forge_url or "",
            options.project or "",
            options.clone or "",
            options.branch or "",
            options.push,
        ),
        folder,
        os.environ,
        _console.warn,
    )


def _regenerate(options: argparse.Namespace, job: ConstraintsJob) -> int:
    """Generate constraints from the branch, and propose them."""
    from openstack_requirements.cmds import progress

    start = job.tip(places(options))
    wanted, place = generation(options, start)
    quiet = options.quiet or bool(wanted.request.freezes)
    with (
        _console.interruptible(),
        progress.for_stderr(quiet=quiet) as shown,
    ):
        result = _generated(wanted.request, start, shown)
    proposal = job.regenerated(start, place, result, options.topic)
    for failed in result.failed:
        pythons = ", ".join(failed.pythons)
        _console.say(f"Python {pythons}: {failed.kept}")
        _console.say(f"  the whole output: {failed.failure.log}")
    if result.bisected is not None:
        for sentence in result.bisected.sentences():
            _console.say(sentence)
    status = _report(options, proposal)
    missing = result.failed and not wanted.allow_missing
    return OUTSIDE if missing else status


def _generated(request: Request, start: BranchTip, shown: Progress) -> Result:
    """What the lists of a tip give; messages have the names that they have.

    :raises RequirementsError: as :func:`.generation.generate` does.
    """
    import dataclasses

    from openstack_requirements.errors import RequirementsError
    from openstack_requirements.install.failures import InstallFailed
    from openstack_requirements.repository import generation

    try:
        result = generation.generate(request, _Shown(shown, start))
    except InstallFailed as error:
        error.entries = {
            name: start.renamed(text) for name, text in error.entries.items()
        }
        raise
    except RequirementsError as error:
        raise start.explained(error) from error
    generation.write_result(
        result, dataclasses.replace(request, output=None, compare=False)
    )
    return result


class _Shown:
    """Shows a generation on stderr; a ``generation.Listener``."""

    def __init__(self, shown: Progress, tip: BranchTip) -> None:
        self.phase = shown.phase
        self._tip = tip

    def note(self, sentence: str) -> None:
        """Something that a person should know."""
        _console.say(self._tip.renamed(sentence))

    def warn(self, sentence: str) -> None:
        """Something is not right."""
        _console.warn(self._tip.renamed(sentence))


def _report(
    options: argparse.Namespace,
    proposal: ConstraintsProposal,
    impact: BumpImpact | None = None,
) -> int:
    """Write the report; return the exit status."""
    from openstack_requirements.cmds.report import render_constraints_proposal

    def diff(path: str, old: str, new: str) -> str:
        return _console.unified(path, old, new, sys.stdout)

    text = render_constraints_proposal.render(
        proposal, options.format, done=options.push, diff=diff, impact=impact
    )
    _console.write_to(options.output, text)
    if options.output is not None:
        _console.say(
            render_constraints_proposal.summary(proposal, done=options.push)
        )
    if options.diff is not None and proposal.changes is not None:
        from openstack_requirements.cmds.report import render_changes

        colours = options.diff == "text" and _console.has_colours(
            of_result=False
        )
        _console.show_beside(
            render_changes.render(
                proposal.changes,
                f"{proposal.tip.branch}:{proposal.place}",
                "what is proposed",
                options.diff,
                colours=colours,
            ),
            coloured=colours,
        )
    return FINDINGS if proposal.settled.decision.action == "wait" else 0
