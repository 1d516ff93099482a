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
"""What became of a change of the constraints, in all formats.

It is the report of ``propose-updates`` for one project, with more to say: the
message, the pins that stay at a bump, and the impact on projects.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from openstack_requirements.cmds.report import render_impact, render_proposals
from openstack_requirements.errors import printable
from openstack_requirements.output import json_text
from openstack_requirements.proposals.updates import ProjectUpdate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openstack_requirements.cmds._release_bump import BumpImpact
    from openstack_requirements.cmds.report.render_proposals import Diff
    from openstack_requirements.proposals.constraints_job import (
        ConstraintsProposal,
    )

_COMMAND = "propose-constraints"


def render(
    proposal: ConstraintsProposal,
    form: str,
    *,
    done: bool,
    diff: Diff,
    impact: BumpImpact | None = None,
) -> str:
    """Render what became of it; equal input gives equal text.

    :param form: one of :data:`.render_proposals.FORMATS`.
    :param done: whether it was done, or would be.
    :param diff: shows how a file changes.
    :param impact: what a bump does to projects, where that was asked.
    """
    text = render_proposals.render(
        [_update(proposal)],
        form,
        done=done,
        # What was done is to be read on the forge.
        diff=None if done and form != "json" else diff,
        command=_COMMAND,
    )
    if form == "json":
        return _json(text, proposal, impact)
    if form == "junit":
        return text
    more = [printable(line) for line in _more(proposal)]
    if impact is not None:
        shown = render_impact.to_text(impact.projects, impact.lines)
        more += ["", *shown.rstrip("\n").split("\n")]
    if not more:
        return text
    if form == "markdown":
        return f"{text}\n```text\n{_lines(more)}```\n"
    return f"{text}{_lines(more)}"


def summary(proposal: ConstraintsProposal, *, done: bool) -> str:
    """What became of it, in a line."""
    return render_proposals.summary([_update(proposal)], done=done)


def _update(proposal: ConstraintsProposal) -> ProjectUpdate:
    key, settled = proposal.change.key, proposal.settled
    return ProjectUpdate(
        key.project,
        key.branch,
        settled.decision.action,
        settled.decision.reason,
        proposal.change,
        settled.proposal,
    )


def _more(proposal: ConstraintsProposal) -> Iterator[str]:
    if proposal.supersedes:
        yield f"supersedes the bump to {proposal.supersedes}"
    for pin in proposal.kept:
        where = f" where {pin.marker}" if pin.marker else ""
        yield f"stays at its bump: {pin.name} {pin.version}{where}"


def _lines(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines).lstrip("\n")


def _json(
    text: str, proposal: ConstraintsProposal, impact: BumpImpact | None
) -> str:
    document = json.loads(text)
    document["message"] = proposal.change.message
    document["supersedes"] = proposal.supersedes or None
    document["kept"] = [
        {"name": pin.name, "version": pin.version, "marker": pin.marker}
        for pin in proposal.kept
    ]
    if impact is not None:
        document["impact"] = json.loads(
            render_impact.to_json(impact.projects, impact.lines)
        )["projects"]
    return json_text(document)
