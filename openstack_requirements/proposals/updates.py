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
"""What projects need so that they follow the lists, and what is done.

A project is looked at in its checkout first, which costs no request. What may
need something is looked at where it really is: a checkout may be old. Then
all that is to be done is known, and is done.
"""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from openstack_requirements.checks.due_changes import due_changes
from openstack_requirements.errors import (
    OutsideError,
    RequirementsError,
    UnusableInput,
    UnusableProject,
)
from openstack_requirements.proposals import (
    messages,
    propose,
    reconcile,
    sources,
)
from openstack_requirements.proposals.forges import Outdated
from openstack_requirements.proposals.proposal import Edit, Key
from openstack_requirements.proposals.propose import Assessment, Change, Desk
from openstack_requirements.repository import apply_update
from openstack_requirements.system import temporary
from openstack_requirements.system.git_command import Git
from openstack_requirements.system.git_scratch import ScratchRepository
from openstack_requirements.system.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from openstack_requirements.checks.verdicts import CheckRequest
    from openstack_requirements.manifests.loader import Source
    from openstack_requirements.proposals.forges import Forge, OpenProposal
    from openstack_requirements.proposals.sources import Sources
    from openstack_requirements.repository.update import FollowedList, Unknown
    from openstack_requirements.system.git_scratch import Identity, Remote

_Given = TypeVar("_Given")
_Result = TypeVar("_Result")

#: What became of a change, or would; ``later`` is behind the limit of a run,
#: ``fail`` where the reason is an error.
Outcome = Literal[
    "nothing", "propose", "update", "leave", "close", "wait", "later", "fail"
]

#: Why nothing is done where a project does not have a branch.
NO_BRANCH = "the project has no such branch"


class ListedProject(NamedTuple):
    """A project of a list.

    :param name: ``org/name``.
    :param place: where the list names it, ``FILE:LINE``.
    """

    name: str
    place: str


class UpdateRequest(NamedTuple):
    """What to propose to whom.

    :param gate: what says which changes are due.
    :param branches: those of each project; its default one where empty.
    :param forge: None to look at checkouts alone.
    :param who: who the commits are by; nobody, without a forge.
    :param writes: whether anything may be changed outside.
    :param most: how many proposals may be opened; None for all.
    """

    follow: FollowedList
    gate: CheckRequest
    unknown: Unknown
    sources: Sources
    branches: tuple[str, ...]
    topic: str
    forge: Forge | None = None
    who: Identity | None = None
    writes: bool = False
    most: int | None = None


class ProjectUpdate(NamedTuple):
    """What a branch of a project needs, and what became of that.

    :param branch: empty where it is not known.
    :param reason: in a few words.
    :param change: None where the branch was not read.
    :param proposal: what is open now, if that is known.
    :param error: what failed.
    """

    project: str
    branch: str
    outcome: Outcome
    reason: str
    change: Change | None = None
    proposal: OpenProposal | None = None
    error: RequirementsError | None = None
    warnings: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Why there is no plan, each with file and line."""
        return self.change.problems if self.change is not None else ()


class Planned(NamedTuple):
    """A change, and what else is to be said about it."""

    change: Change
    warnings: tuple[str, ...] = ()


def plan_at(
    request: UpdateRequest, key: Key, git: Git, commit: str
) -> Planned:
    """What the files of a commit must become; see :func:`plan_of`.

    :raises OutsideError: where the commit cannot be read.
    """
    return plan_of(request, key, sources.files_at(git, commit), commit)


def plan_of(
    request: UpdateRequest, key: Key, source: Source, commit: str
) -> Planned:
    """What the files that a source gives must become.

    A project is in line where ``update-requirements --check`` finds no change
    due. Where one is due, the change is the whole plan.

    :param source: the files of the commit.
    """
    try:
        plan = apply_update.plan_of(
            key.project, source, request.follow, request.unknown
        )
    except UnusableProject as error:
        problems = tuple(map(str, error.errors))
        return Planned(Change(key, commit, problems=problems))
    if plan.errors:
        problems = tuple(map(str, plan.errors))
        return Planned(Change(key, commit, problems=problems), plan.warnings)
    if not plan.due or not due_changes(request.gate, key.project, plan).files:
        return Planned(Change(key, commit), plan.warnings)
    edits = tuple(Edit(file.path, file.old, file.new) for file in plan.due)
    message = messages.of_update(plan.due)
    return Planned(Change(key, commit, edits, message), plan.warnings)


def run(
    request: UpdateRequest,
    projects: Sequence[ListedProject],
    jobs: int,
    done: Callable[[], object] = lambda: None,
) -> list[ProjectUpdate]:
    """Look at projects side by side, and do what is to be done.

    What fails for a project stops no other one.

    :param jobs: how many projects at once.
    :param done: is told whenever a project is looked at.
    :returns: for each branch of each project, in the order of the list, what
        became of it.
    :raises OutsideError: where the forge cannot be asked for what is open, or
        there is no place for temporary files.
    """
    with temporary.work_folder("proposals") as folder:
        processes = Processes(folder)
        jobs_folder = os.path.join(folder, "projects")
        os.mkdir(jobs_folder)
        overview = None
        if request.forge is not None:
            names = [project.name for project in projects]
            overview = request.forge.overview(request.topic, names)
        listing = ScratchRepository(
            os.path.join(folder, "listing"), processes=processes
        )
        job = _UpdateJob(request, processes, jobs_folder, listing, overview)
        with contextlib.ExitStack() as stack:
            pool = ThreadPoolExecutor(jobs)
            stack.callback(pool.shutdown, cancel_futures=True)
            try:
                units = _all(pool, job.looked_at, projects, done)
                if request.writes:
                    may = _opened(units, request.most)
                    acting = [(project, may) for project in units]
                    return [
                        update
                        for updates in _all(pool, job.acted, acting)
                        for update in updates
                    ]
                may = _opened(units, request.most)
                return [
                    _told(unit, may) for project in units for unit in project
                ]
            except BaseException:
                processes.stop()
                raise


def _all(
    pool: ThreadPoolExecutor,
    work: Callable[[_Given], _Result],
    given: Iterable[_Given],
    done: Callable[[], object] = lambda: None,
) -> list[_Result]:
    """What many jobs give that are done side by side, in order."""
    results = []
    for future in [pool.submit(work, item) for item in given]:
        results.append(future.result())
        done()
    return results


class _Unit(NamedTuple):
    """A branch of a project, looked at.

    :param assessed: what stands on the forge; None where that was not asked.
    :param desk: what it takes to act.
    """

    update: ProjectUpdate
    assessed: Assessment | None = None
    desk: Desk | None = None


class _KnownProject(NamedTuple):
    """A project: its checkout, and where it really is."""

    listed: ListedProject
    git: Git | None
    planned: dict[str, Planned]
    wanted: tuple[str, ...]


def _opened(
    projects: Iterable[Iterable[_Unit]], most: int | None
) -> frozenset[Key]:
    """Which of the changes that are to be proposed may be."""
    units = [unit for project in projects for unit in project]
    having = [unit.update.project for unit in units if unit.update.proposal]
    wanted = {
        change.key: f"{change.base} {change.patch}"
        for unit in units
        if unit.update.outcome == "propose"
        and (change := unit.update.change) is not None
    }
    return reconcile.first_of(wanted, having, most)


def _told(unit: _Unit, may: Collection[Key]) -> ProjectUpdate:
    """What is told of a branch, after the limit of the run."""
    update = unit.update
    if update.outcome != "propose" or update.change is None:
        return update
    if update.change.key in may:
        return update
    reason = "as many are opened as one run may open"
    return update._replace(outcome="later", reason=reason)


class _UpdateJob:
    """Looks at projects and acts, for one run."""

    def __init__(
        self,
        request: UpdateRequest,
        processes: Processes,
        folder: str,
        listing: ScratchRepository,
        overview: Collection[tuple[str, str]] | None,
    ) -> None:
        self._request = request
        self._processes = processes
        self._folder = folder
        self._listing = listing
        self._overview = overview

    def looked_at(self, listed: ListedProject) -> list[_Unit]:
        """The branches of a project, and what is to be done for each."""
        known: tuple[str, ...] = self._request.branches or ("",)
        try:
            place = self._local(listed)
            known = place.wanted or known
            if self._is_quiet(place):
                return [
                    _Unit(_decided(listed, branch, place.planned.get(branch)))
                    for branch in place.wanted
                ]
            return self._outside(place)
        except (RequirementsError, OSError) as error:
            failure = _failure(error)
            return [
                _Unit(_failed(listed.name, branch, failure))
                for branch in known
            ]

    def acted(
        self, given: tuple[Sequence[_Unit], Collection[Key]]
    ) -> list[ProjectUpdate]:
        """Do what is to be done for a project."""
        units, may = given
        result = []
        for unit in units:
            update = _told(unit, may)
            if unit.assessed is not None and update.outcome not in {
                "later",
                "fail",
            }:
                try:
                    update = self._act(unit)
                except (RequirementsError, OSError) as error:
                    update = _failed(
                        update.project, update.branch, _failure(error)
                    )
            result.append(update)
        return result

    def _act(self, unit: _Unit) -> ProjectUpdate:
        update, desk, assessed = unit.update, unit.desk, unit.assessed
        assert update.change is not None
        assert desk is not None
        assert assessed is not None
        try:
            settled = propose.act(desk, update.change, assessed)
        except Outdated:
            # Another run, or a person, was there first: look again, once.
            references = self._listing.references(desk.remote)
            commit = sources.tips_in(references).commits.get(update.branch)
            if commit is None:
                return _gone(update.project, update.branch)
            planned = self._planned(update.change.key, desk, commit)
            assessed = propose.look(desk, planned.change, references)
            settled = propose.act(desk, planned.change, assessed)
            update = update._replace(change=planned.change)
        return update._replace(
            outcome=settled.decision.action,
            reason=settled.decision.reason,
            proposal=settled.proposal,
        )

    def _local(self, listed: ListedProject) -> _KnownProject:
        """A project as its checkout has it.

        :raises UnusableInput: where there is neither a checkout nor an
            address.
        :raises OutsideError: where git cannot read the checkout.
        """
        request = self._request
        folder = sources.checkout_of(request.sources, listed.name)
        reaches = request.sources.template or (
            request.forge is not None
            and request.forge.remote(listed.name) is not None
        )
        if folder is None:
            if not reaches:
                raise UnusableInput(
                    listed.place,
                    f"there is no checkout of {listed.name} in "
                    f"{request.sources.root}",
                )
            return _KnownProject(listed, None, {}, request.branches)
        git = sources.opened(folder, self._processes)
        tips = sources.tips_of(git, request.branches)
        planned = {
            branch: plan_at(
                request, self._key(listed, branch), git, tips.commits[branch]
            )
            for branch in tips.wanted(request.branches)
            if branch in tips.commits
        }
        return _KnownProject(
            listed, git, planned, tips.wanted(request.branches)
        )

    def _key(self, listed: ListedProject, branch: str) -> Key:
        return Key(listed.name, branch, self._request.topic)

    def _is_quiet(self, place: _KnownProject) -> bool:
        """Whether nothing outside has to be asked about a project.

        :raises UnusableInput: where the checkout does not say which branch.
        """
        if self._request.forge is None:
            if not place.wanted:
                raise UnusableInput(
                    place.listed.name,
                    "its checkout does not say which branch is the default "
                    "one (git remote set-head origin --auto): name it with "
                    "--branch",
                )
            return True
        return (
            self._overview is not None
            and bool(place.wanted)
            and all(
                branch in place.planned
                and not place.planned[branch].change.edits
                and not place.planned[branch].change.problems
                and (place.listed.name, branch) not in self._overview
                for branch in place.wanted
            )
        )

    def _outside(self, place: _KnownProject) -> list[_Unit]:
        """The branches of a project, as it really is."""
        listed, forge = place.listed, self._request.forge
        assert forge is not None
        remote = forge.remote(listed.name) or sources.remote_of(
            self._request.sources, listed.name, place.git
        )
        references = self._listing.references(remote)
        tips = sources.tips_in(references)
        wanted = tips.wanted(self._request.branches)
        if not wanted:
            reason = "the repository is empty"
            if tips.commits:
                reason = "HEAD of the repository leads to no branch"
            return [_Unit(ProjectUpdate(listed.name, "", "nothing", reason))]
        desk: Desk | None = None
        units = []
        for branch in wanted:
            commit = tips.commits.get(branch)
            if commit is None:
                units.append(_Unit(_gone(listed.name, branch)))
                continue
            planned = place.planned.get(branch)
            moved = planned is None or planned.change.base != commit
            if (
                planned is not None
                and not moved
                and self._has_nothing(forge, planned.change, references)
            ):
                units.append(_Unit(_decided(listed, branch, planned)))
                continue
            try:
                if desk is None:
                    desk = self._desk(forge, remote, place)
                units.append(
                    self._assessed(
                        desk, planned, branch, commit, references, listed
                    )
                )
            except RequirementsError as error:
                units.append(_Unit(_failed(listed.name, branch, error)))
        return units

    def _has_nothing(
        self, forge: Forge, change: Change, references: dict[str, str]
    ) -> bool:
        """Whether a project is in line and has nothing open."""
        if change.edits or change.problems:
            return False
        return not forge.standing(change.key, references).open

    def _desk(
        self, forge: Forge, remote: Remote, place: _KnownProject
    ) -> Desk:
        """What it takes to reconcile the branches of a project."""
        assert self._request.who is not None
        name = place.listed.name.replace("/", "%")
        repository = ScratchRepository(
            os.path.join(self._folder, name),
            "" if place.git is None else place.git.root,
            self._processes,
        )
        return Desk(
            forge,
            repository,
            remote,
            self._request.who,
            self._request.writes,
        )

    def _assessed(
        self,
        desk: Desk,
        planned: Planned | None,
        branch: str,
        commit: str,
        references: dict[str, str],
        listed: ListedProject,
    ) -> _Unit:
        """What stands there for a branch, and what is to be done."""
        if planned is None or planned.change.base != commit:
            key = self._key(listed, branch)
            planned = self._planned(key, desk, commit)
        assessed = propose.look(desk, planned.change, references)
        update = ProjectUpdate(
            listed.name,
            branch,
            assessed.decision.action,
            assessed.decision.reason,
            planned.change,
            assessed.proposal,
            warnings=planned.warnings,
        )
        return _Unit(update, assessed, desk)

    def _planned(self, key: Key, desk: Desk, commit: str) -> Planned:
        """The plan for the tip of a branch, which is fetched."""
        repository = desk.repository
        if not repository.has(commit):
            ref = f"refs/heads/{key.branch}"
            commit = repository.fetch(desk.remote, [ref], depth=1)[ref]
        git = Git(repository.folder, self._processes)
        return plan_at(self._request, key, git, commit)


def _decided(
    listed: ListedProject, branch: str, planned: Planned | None
) -> ProjectUpdate:
    """What is to be done for a branch that has nothing open."""
    if planned is None:
        return _gone(listed.name, branch)
    change = planned.change
    step = reconcile.decide(
        reconcile.Wanted(change.patch, change.problems), None
    )
    return ProjectUpdate(
        listed.name,
        branch,
        step.action,
        step.reason,
        change,
        warnings=planned.warnings,
    )


def _gone(project: str, branch: str) -> ProjectUpdate:
    return ProjectUpdate(project, branch, "nothing", NO_BRANCH)


def _failed(
    project: str, branch: str, error: RequirementsError
) -> ProjectUpdate:
    return ProjectUpdate(project, branch, "fail", str(error), error=error)


def _failure(error: RequirementsError | OSError) -> RequirementsError:
    if isinstance(error, RequirementsError):
        return error
    name = f"{error.filename}: " if error.filename else ""
    return OutsideError(f"{name}{error.strerror or error}")
