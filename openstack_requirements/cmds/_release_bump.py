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
"""The one-line bump of propose-constraints (``--release``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks import loader
from openstack_requirements.cmds import _console
from openstack_requirements.cmds._propose_constraints_options import release
from openstack_requirements.install import awaited_release
from openstack_requirements.pep508 import markers
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.proposals import pin_impact
from openstack_requirements.proposals.constraints_change import pins_in
from openstack_requirements.proposals.constraints_job import BumpRequest
from openstack_requirements.repository import lists

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from openstack_requirements.checks.impact import ProjectImpact
    from openstack_requirements.checks.loader import FoundCheckouts
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.proposals.branch_tip import BranchTip
    from openstack_requirements.proposals.constraints_job import (
        ConstraintsJob,
        ConstraintsProposal,
    )
    from openstack_requirements.repository.pins import PinRequest


class BumpImpact(NamedTuple):
    """What a bump does to projects.

    :param lines: the change of the constraints, as lines of a diff by name.
    """

    projects: tuple[ProjectImpact, ...]
    lines: Mapping[CanonicalName, Sequence[str]]


def propose(
    options: argparse.Namespace, job: ConstraintsJob
) -> tuple[ConstraintsProposal, BumpImpact | None]:
    """Wait for a release, and propose its pin.

    :returns: the proposal, and the impact on projects where that is asked.
    :raises UnusableInput: where the constraints lack the distribution, or a
        bump to a newer version is open.
    :raises BadContent: with the lines that refuse the version.
    :raises OutsideError: where the release does not come in time, or the
        forge or git fails.
    """
    pin = release(options)
    judged = _JudgedProjects(pin, _checkouts(options))
    # What the lists refuse is not waited for.
    job.require_bump(BumpRequest(pin))
    with _console.interruptible():
        described = awaited_release.wait_for(
            pin.name, pin.version, options.wait, _say(options)
        )
    if described is not None:
        pythons = described.distribution.requires_python
        try:
            markers.conditions(pythons)
        except ValueError:
            _console.warn(
                f"{pin.name} {pin.version}: its Requires-Python is no "
                "specifier set, and does not count"
            )
        else:
            pin = pin._replace(requires_python=pythons)
    proposal = job.released(
        BumpRequest(
            pin,
            options.depends_on or "",
            judged.broken if judged.roots else None,
        )
    )
    return proposal, judged.impact


def _say(options: argparse.Namespace) -> Callable[[str], object]:
    return (lambda _: None) if options.quiet else _console.say


def _checkouts(options: argparse.Namespace) -> FoundCheckouts | None:
    """The checkouts of the projects; None where none are named."""
    if options.projects is None:
        return None
    checkouts = loader.checkouts(options.projects, options.root)
    for missing in checkouts.missing:
        _console.warn(str(missing))
    return checkouts


class _JudgedProjects:
    """Judges projects by the constraints before and after a bump."""

    def __init__(
        self, pin: PinRequest, checkouts: FoundCheckouts | None
    ) -> None:
        self._pin = pin
        self.roots = checkouts.roots if checkouts is not None else {}
        self.impact = BumpImpact((), {}) if checkouts is not None else None

    def broken(self, tip: BranchTip, before: str, after: str) -> list[str]:
        """The projects whose requirements the release does not meet."""
        loaded = lists.load(tip.folder, with_constraints=False)
        repository = loaded.repository
        pinned = tip.named(repository.pinned)
        projects = pin_impact.of_pins(
            self.roots,
            pin_impact.JudgingLists(
                loaded.policy,
                tip.named(repository.required),
                loaded.global_requirements,
                loaded.never,
                pinned,
            ),
            before,
            after,
        )
        name = canonical_name(self._pin.name)
        old, new = (
            pins_in(text, pinned).get(name, []) for text in (before, after)
        )
        lines = [
            f"{sign} {pinned}:{pin.number}: {pin.line.strip()}"
            for sign, left, right in (("-", old, new), ("+", new, old))
            for pin in left
            if pin.line not in {kept.line for kept in right}
        ]
        self.impact = BumpImpact(tuple(projects), {name: lines})
        return sorted(
            self.roots[project.root] for project in projects if project.breaks
        )
