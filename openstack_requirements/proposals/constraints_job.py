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
"""Proposes a change of the constraints, which a repository has one of.

A regeneration takes an hour. So :meth:`ConstraintsJob.regenerated` fetches the
branch again when it is done, and :func:`.constraints_change.merged` puts the
result on top of what is there by then. :meth:`ConstraintsJob.released` raises
the pin of one distribution.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import changes
from openstack_requirements.constraints.states import ConstraintsState
from openstack_requirements.errors import (
    BadContent,
    RequirementsError,
    UnusableInput,
)
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.versions import version_key
from openstack_requirements.proposals import (
    branch_tip,
    constraints_change,
    messages_constraints,
    propose,
)
from openstack_requirements.proposals.constraints_change import (
    RegeneratedTexts,
    pins_in,
)
from openstack_requirements.proposals.forges import Outdated
from openstack_requirements.proposals.proposal import Edit, Key
from openstack_requirements.proposals.propose import Change
from openstack_requirements.repository import pins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from openstack_requirements.constraints.changes import Changes
    from openstack_requirements.proposals.branch_tip import BranchTip
    from openstack_requirements.proposals.constraints_change import Pinned
    from openstack_requirements.proposals.propose import (
        Assessment,
        Desk,
        Settled,
    )
    from openstack_requirements.repository.generation import Result
    from openstack_requirements.repository.pins import PinRequest

#: How often a proposal is made anew that somebody else changes meanwhile.
_TRIES = 2


class ConstraintsProposal(NamedTuple):
    """What became of a change of the constraints, or would.

    :param place: the path of the constraints in the repository.
    :param tip: the branch that the change is for.
    :param changes: what changes, where constraints were generated.
    :param kept: the pins that a bump decides, and not the regeneration.
    :param supersedes: the version that the open bump had before; or empty.
    """

    change: Change
    settled: Settled
    place: str
    tip: BranchTip
    changes: Changes | None = None
    kept: tuple[Pinned, ...] = ()
    supersedes: str = ""


class _Made(NamedTuple):
    """A change for a tip, and what else is to be said about it."""

    change: Change
    changes: Changes | None = None
    kept: tuple[Pinned, ...] = ()


class BumpRequest(NamedTuple):
    """The one-line bump.

    :param pin: the distribution and the version, with the Pythons that it is
        for as far as they are known.
    :param depends_on: the change that has to merge first; or empty.
    :param broken: gives the projects that the constraints before and after
        it tell apart, by name.
    """

    pin: PinRequest
    depends_on: str = ""
    broken: Callable[[BranchTip, str, str], Sequence[str]] | None = None


class ConstraintsJob:
    """Proposes changes of the constraints of a requirements repository.

    :param desk: what it takes to reconcile a proposal.
    :param project: what the forge calls the repository, ``org/name``.
    :param branch: the branch to change; empty for the default one.
    :param folder: a folder of the job.
    :param shown: what the user calls the repository, for errors.
    """

    def __init__(
        self,
        desk: Desk,
        project: str,
        branch: str,
        folder: str,
        shown: str,
    ) -> None:
        self._desk = desk
        self._project = project
        self._branch = branch
        self._folder = folder
        self._shown = shown
        self._count = 0

    def tip(self, more: Iterable[str] = ()) -> BranchTip:
        """The branch as it is now.

        :param more: the places of files that are wanted beside the lists.
        :raises RequirementsError: as :func:`.branch_tip.fetch` does.
        """
        self._count += 1
        tip = branch_tip.fetch(
            self._desk.repository,
            self._desk.remote,
            self._branch,
            os.path.join(self._folder, f"tip{self._count}"),
            self._shown,
            more,
        )
        # Should the default change meanwhile, the branch does not.
        self._branch = tip.branch
        return tip

    def regenerated(
        self, start: BranchTip, place: str, result: Result, topic: str
    ) -> ConstraintsProposal:
        """Propose constraints that were generated from the lists of a tip.

        :param start: the tip that the regeneration has started from.
        :param place: the path of the constraints in the repository.
        :param result: what the regeneration gave.
        :raises RequirementsError: where the lists cannot be read.
        :raises OutsideError: where the forge or git fails.
        """

        def made(tip: BranchTip) -> _Made:
            return self._regenerated(start, tip, place, result, topic)

        return self._settled(place, made)

    def _regenerated(
        self,
        start: BranchTip,
        tip: BranchTip,
        place: str,
        result: Result,
        topic: str,
    ) -> _Made:
        source = tip.named(tip.path(place))
        commits = branch_tip.history(self._desk.repository, tip, place)
        now = tip.text(place)
        key = Key(self._project, tip.branch, topic)
        try:
            merged = constraints_change.merged(
                RegeneratedTexts(
                    start.text(place),
                    result.content,
                    now,
                    constraints_change.before_bumps(commits),
                ),
                tip.admitted(),
                source,
            )
        except BadContent as error:
            problems = tuple(str(tip.explained(error)).splitlines())
            return _Made(Change(key, tip.commit, problems=problems))
        if merged.problems:
            return _Made(Change(key, tip.commit, problems=merged.problems))
        if merged.text == now:
            return _Made(Change(key, tip.commit), kept=merged.kept)
        changed = _changed(now, merged.text, result)
        message = messages_constraints.regeneration(
            place,
            changed,
            kept=merged.kept,
            failed=[str(failed.kept) for failed in result.failed],
        )
        edits = (Edit(place, now, merged.text),)
        return _Made(
            Change(key, tip.commit, edits, message), changed, merged.kept
        )

    def require_bump(self, bump: BumpRequest) -> None:
        """Refuse a bump that the lists refuse, before anything is waited for.

        :raises UnusableInput: where the constraints lack the distribution.
        :raises BadContent: with the lines that refuse the version.
        """
        tip = self.tip()
        source = tip.named(tip.repository.pinned)
        admitted = tip.admitted()
        name = bump.pin.name
        pinned = pins_in(tip.text(tip.pinned), source).get(
            canonical_name(name), []
        )
        if not pinned:
            raise UnusableInput(source, f"has no line for {name}")
        reasons = [
            [
                *admitted.refusing(name, bump.pin.version, pin.marker),
                *constraints_change.higher([pin], bump.pin, source),
            ]
            for pin in pinned
        ]
        # Nobody knows yet which lines the release is for.
        if all(reasons):
            lines = {
                (line.source, line.number): line
                for refusing in reasons
                for line in refusing
            }
            raise BadContent(list(lines.values()))

    def released(self, bump: BumpRequest) -> ConstraintsProposal:
        """Propose the pin of one release.

        :raises UnusableInput: where the constraints lack the distribution, or
            a bump to a newer version is open.
        :raises BadContent: with the lines that refuse the version.
        :raises OutsideError: where the forge or git fails.
        """
        pin = bump.pin
        topic = f"release-{canonical_name(pin.name)}"

        def made(tip: BranchTip) -> _Made:
            place = tip.pinned
            source = tip.named(tip.repository.pinned)
            key = Key(self._project, tip.branch, topic)
            before = tip.text(place)
            oldest = pins.oldest(tip.repository.settings.pythons)
            after = constraints_change.bumped(
                before,
                pin._replace(oldest_python=oldest),
                tip.admitted(),
                source,
            )
            if after == before:
                return _Made(Change(key, tip.commit))
            name = canonical_name(pin.name)
            message = messages_constraints.bump(
                pin.name,
                pin.version,
                pins_in(before).get(name, ()),
                pins_in(after).get(name, ()),
                requires_python=pin.requires_python,
                broken=bump.broken(tip, before, after) if bump.broken else (),
                depends_on=bump.depends_on,
            )
            edits = (Edit(place, before, after),)
            return _Made(Change(key, tip.commit, edits, message))

        return self._settled("", made, pin)

    def _settled(
        self,
        place: str,
        made: Callable[[BranchTip], _Made],
        pin: PinRequest | None = None,
    ) -> ConstraintsProposal:
        """Make a change for the tip as it is now, and reconcile it.

        :param place: the path of the constraints; empty for the usual one.
        :param pin: the bump that it is.
        """
        for left in reversed(range(_TRIES)):
            tip = self.tip([place] if place else [])
            path = place or tip.pinned
            change, changed, kept = made(tip)
            references = dict(tip.references)
            try:
                assessed = propose.look(self._desk, change, references)
                old = ""
                if pin is not None and assessed.proposal is not None:
                    old = self._open_version(assessed, path, pin)
                    _require_newer(assessed, pin, old)
                settled = propose.act(self._desk, change, assessed)
            except Outdated:
                if not left:
                    raise
                continue
            supersedes = ""
            if pin is not None and settled.decision.action == "update":
                supersedes = self._supersede(change, settled, pin, old)
            return ConstraintsProposal(
                change,
                settled,
                path,
                tip,
                changed,
                kept,
                supersedes,
            )
        raise AssertionError  # the last try returns or raises

    def _open_version(
        self, assessed: Assessment, place: str, pin: PinRequest
    ) -> str:
        """The version that an open bump pins; empty where it pins none."""
        proposal = assessed.proposal
        assert proposal is not None
        repository = self._desk.repository
        name = canonical_name(pin.name)
        parents = repository.facts(proposal.commit).parents[:1]
        before, after = (
            {
                row.version
                for commit in commits
                for row in _pins_of(
                    repository.contents(commit, [place])[place], name
                )
            }
            for commits in (parents, [proposal.commit])
        )
        return max(after - before, key=version_key, default="")

    def _supersede(
        self, change: Change, settled: Settled, pin: PinRequest, old: str
    ) -> str:
        """Say to those who follow a bump that it is another one now."""
        if not old or version_key(old) >= version_key(pin.version):
            return ""
        if self._desk.writes and settled.proposal is not None:
            self._desk.forge.comment(
                change.key,
                settled.proposal,
                messages_constraints.superseded(pin.name, old, pin.version),
            )
        return old


def _pins_of(content: bytes | None, name: str) -> Sequence[Pinned]:
    """The pins of a distribution in a file that anybody may have changed."""
    try:
        pinned = pins_in((content or b"").decode("utf-8", "replace"))
    except RequirementsError:
        return ()
    return pinned.get(canonical_name(name), ())


def _require_newer(assessed: Assessment, pin: PinRequest, old: str) -> None:
    """Refuse a bump where one to a newer version is open.

    :raises UnusableInput: where there is one.
    """
    if not old or version_key(old) <= version_key(pin.version):
        return
    proposal = assessed.proposal
    assert proposal is not None
    raise UnusableInput(
        f"{pin.name} {pin.version}",
        f"a bump to {old}, which is newer, is open: "
        f"{proposal.url or proposal.number}",
    )


def _changed(before: str, after: str, result: Result) -> Changes:
    """What changes, with the reasons that the freezes have."""
    pythons = [frozen.python_version for frozen in result.freezes]
    old, new = (
        read_entries(text, permit_urls=True, keep_editable=False)
        for text in (before, after)
    )
    return changes.between(
        ConstraintsState.from_constraints(old),
        ConstraintsState.from_constraints(
            new, [*pythons, *result.kept_pythons]
        ).made_from(result.freezes),
    )
