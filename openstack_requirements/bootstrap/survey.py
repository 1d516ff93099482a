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
"""Surveys what projects require, and proposes a list from it.

Projects are distributions on the index or checkouts; the metadata of what
they require comes from the index. Where nobody has a lower bound, the list is
resolved as a whole, to learn one that goes together with the rest.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.bootstrap import draft
from openstack_requirements.bootstrap.draft import Decision, Demand
from openstack_requirements.install import freezer, interpreters
from openstack_requirements.install.availability import Availability
from openstack_requirements.install.failures import InstallFailed
from openstack_requirements.install.index import Index
from openstack_requirements.install.installation import Order
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    Requirement,
    canonical_name,
)
from openstack_requirements.pep508.specifiers import parse_set
from openstack_requirements.repository import lists
from openstack_requirements.system import children

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from openstack_requirements.bootstrap.draft import Entry, Wanted
    from openstack_requirements.constraints.freeze import Distribution
    from openstack_requirements.install.index import Announce
    from openstack_requirements.repository.policy import Policy

#: Requirements of requirements are followed this far. Most end after ten.
MOST_ROUNDS = 100


class Project(NamedTuple):
    """A checkout and what it requires.

    :param texts: who asks (with file and line), and for what.
    :param requires_python: the Pythons that it is for, a specifier set.
    :param decisions: what cannot be read of it.
    """

    name: str
    texts: tuple[tuple[str, str], ...]
    requires_python: str = ""
    decisions: tuple[Decision, ...] = ()


class Request(NamedTuple):
    """What to survey, and what list to make of it.

    :param pythons: interpreters as the user names them.
    :param names: distributions on the index, as requirements.
    :param projects: checkouts.
    :param never: names that do not belong in the list.
    :param base: a list that the new one continues, as text.
    :param extras: count what only extras require.
    :param include_given: list the distributions of ``names`` themselves.
    :param transitive: list the requirements of requirements, too.
    :param jobs: how many installers may run at once.
    :param timeout: how long a request to the index may take, in seconds.
    """

    pythons: Sequence[str]
    names: Sequence[Requirement]
    projects: Sequence[Project]
    policy: Policy
    never: Collection[CanonicalName]
    base: str
    extras: bool
    include_given: bool
    transitive: bool
    jobs: int
    timeout: int | None


class Proposal(NamedTuple):
    """The entries of a list, and what a person has to decide about them."""

    entries: list[Entry]
    decisions: list[Decision]


def make(
    request: Request, known: Collection[CanonicalName], announce: Announce
) -> Proposal:
    """Survey, and propose.

    :param known: the names that ``request.base`` lists.
    :raises UnusableInput: where an interpreter is missing or not usable.
    :raises NotDescribed: where the index fails, or a given name is unknown.
    """
    with children.of_job("bootstrap-requirements") as started:
        found = interpreters.find_all(request.pythons, started)
        index = Index(found, started, request.jobs, request.timeout, announce)
        job = _Job(request, known, index, started.work, announce)
        try:
            return job.run()
        except BaseException:
            started.stop()
            raise


class _Job:
    """One survey."""

    def __init__(
        self,
        request: Request,
        known: Collection[CanonicalName],
        index: Index,
        folder: str,
        announce: Announce,
    ) -> None:
        self.request = request
        self.known = known
        self.index = index
        self.folder = folder
        self.announce = announce
        self.pythons = {
            version: each.environment
            for version, each in index.pythons.items()
        }

    def run(self) -> Proposal:
        """The proposal."""
        demands, decisions = self._of_projects()
        more, problems = self._of_names()
        demands += more
        decisions += problems
        wanted, answers, problems = self._follow(demands)
        decisions += problems
        resolved: dict[CanonicalName, str] = {}
        if self.request.policy.bounds_in_list:
            resolved, problems = self._resolve(wanted, answers)
            decisions += problems
        entries = []
        for name, each in wanted.items():
            entry, problems = self._propose(each, answers, resolved.get(name))
            decisions += problems
            if entry is not None:
                entries.append(entry)
        ordered = sorted(
            set(decisions),
            key=lambda each: (canonical_name(each.package), each),
        )
        return Proposal(entries, ordered)

    def _of_projects(self) -> tuple[list[Demand], list[Decision]]:
        """What the checkouts ask for."""
        demands: list[Demand] = []
        decisions: list[Decision] = []
        for project in self.request.projects:
            decisions += project.decisions
            pythons = [
                version
                for version, each in self.index.pythons.items()
                if _suits(project.requires_python, each.full_version)
            ]
            if not pythons:
                decisions.append(
                    Decision(
                        project.name,
                        "not-read",
                        f"it is for Python {project.requires_python}, so "
                        "what it requires is left out",
                    )
                )
                continue
            found, problems = draft.read(
                project.texts,
                project.name,
                pythons,
                None if self.request.extras else (),
            )
            demands += found
            decisions += problems
        return demands, decisions

    def _of_names(self) -> tuple[list[Demand], list[Decision]]:
        """What the given distributions ask for."""
        given = {
            canonical_name(each.package): each for each in self.request.names
        }
        answers = self.index.require(
            {
                name: f"{each.package}{each.specifiers}"
                for name, each in given.items()
            }
        )
        demands, decisions = self._of_distributions(
            answers,
            {
                name: None if self.request.extras else each.extras
                for name, each in given.items()
            },
        )
        if self.request.include_given:
            demands += [
                Demand(
                    CanonicalName(""),
                    "you",
                    each._replace(markers="", comment="", extras=frozenset()),
                    each.to_line().strip(),
                    (*self.pythons,),
                )
                for each in given.values()
            ]
        return demands, decisions

    def _of_distributions(
        self,
        answers: Mapping[str, Mapping[CanonicalName, Availability]],
        extras: Mapping[CanonicalName, Collection[str] | None],
    ) -> tuple[list[Demand], list[Decision]]:
        """What distributions ask for, which may differ between Pythons.

        :param extras: the distributions that count, each with the extras of
            it that do.
        """
        found: dict[Distribution, list[str]] = {}
        for version, by_name in answers.items():
            for each in by_name.values():
                if each.distribution is not None:
                    found.setdefault(each.distribution, []).append(version)
        demands, decisions = [], []
        for distribution, pythons in found.items():
            name = canonical_name(distribution.name)
            if name not in extras:
                continue
            by = f"{distribution.name} {distribution.version}"
            more, problems = draft.read(
                [(by, text) for text in distribution.requires],
                distribution.name,
                pythons,
                extras[name],
            )
            demands += more
            decisions += problems
        return demands, decisions

    def _follow(
        self, demands: list[Demand]
    ) -> tuple[
        dict[CanonicalName, Wanted],
        dict[str, dict[CanonicalName, Availability]],
        list[Decision],
    ]:
        """What is asked for in the end, and what the index has of it."""
        wanted = self._wanted(demands)
        decisions: list[Decision] = []
        for _ in range(MOST_ROUNDS):
            answers = self._answers(wanted)
            if not self.request.transitive:
                break
            more, decisions = self._of_distributions(
                answers,
                {
                    name: {
                        extra
                        for demand in each.demands
                        for extra in demand.requirement.extras
                    }
                    for name, each in wanted.items()
                },
            )
            # What is asked for nowhere is no project's business either.
            more = [each for each in more if draft.applies(each)]
            before, wanted = wanted, self._wanted([*demands, *more])
            if wanted == before:
                break
        return wanted, answers, decisions

    def _wanted(
        self, demands: Iterable[Demand]
    ) -> dict[CanonicalName, Wanted]:
        left_out = {*self.known, *self.request.never}
        return draft.wanted(
            each for each in demands if each.name not in left_out
        )

    def _answers(
        self, wanted: Mapping[CanonicalName, Wanted]
    ) -> dict[str, dict[CanonicalName, Availability]]:
        questions: dict[str, dict[CanonicalName, list[str]]] = {
            version: {} for version in self.pythons
        }
        newest = [*self.pythons][-1:]
        for name, each in wanted.items():
            package = each.demands[0].requirement.package
            texts = [f"{package}{text}" for text in each.candidates]
            for version in draft.needed(each, self.pythons) or newest:
                questions[version][name] = texts
        return self.index.first(questions)

    def _propose(
        self,
        wanted: Wanted,
        answers: Mapping[str, Mapping[CanonicalName, Availability]],
        resolved: str | None,
    ) -> tuple[Entry | None, list[Decision]]:
        return draft.propose(
            wanted,
            {
                version: by_name[wanted.name]
                for version, by_name in answers.items()
                if wanted.name in by_name
            },
            draft.needed(wanted, self.pythons),
            [*self.pythons],
            self.request.policy,
            resolved,
        )

    def _resolve(
        self,
        wanted: Mapping[CanonicalName, Wanted],
        answers: Mapping[str, Mapping[CanonicalName, Availability]],
    ) -> tuple[dict[CanonicalName, str], list[Decision]]:
        """Versions for what has no lower bound: what the list resolves to.

        The lowest among the Pythons, so that all of them can have it, and one
        that suits all who ask.
        """
        entries = []
        unbound: dict[CanonicalName, list[str]] = {}
        for name, each in wanted.items():
            entry, decisions = self._propose(each, answers, "0")
            if entry is None:
                continue
            kinds = {decision.kind for decision in decisions}
            needed = draft.needed(each, self.pythons)
            if "no-lower-bound" in kinds and needed:
                unbound[name] = needed
                entry = draft.without_bound(
                    each, entry, [answers[version][name] for version in needed]
                )
            entries.append(entry)
        if not unbound:
            return {}, []
        path = os.path.join(self.folder, "proposed.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(draft.to_content(entries, self.request.base))
        request = freezer.Request(
            self.request.pythons,
            Order(lists.installable(path), resolve_only=True),
            "auto",
            self.request.jobs,
            self.request.timeout,
        )
        try:
            freezes = freezer.make(request, self.announce).freezes
        except InstallFailed as error:
            if error.reason.kind in {"index", "disk"}:
                raise
            return {}, [
                Decision(
                    "the list",
                    "not-together",
                    f"Python {error.interpreter}: {error.reason.what} "
                    f"(see {error.log})",
                    tuple(_rival(each) for each in error.reason.rivals),
                )
            ]
        lowest: dict[CanonicalName, str] = {}
        for one in freezes:
            for name, found in one.by_name().items():
                if one.python_version in unbound.get(name, ()):
                    other = lowest.setdefault(name, found.version)
                    lowest[name] = draft.lower(other, found.version)
        return lowest, []


def _suits(wanted: str, version: str) -> bool:
    """Whether a Python suits what a project says; nonsense says nothing."""
    try:
        return parse_set(wanted).contains(version, prereleases=True)
    except ValueError:
        return True


def _rival(text: str) -> tuple[str, str]:
    """Who asks, and for what, of ``foo<2 by bar``."""
    asked, _, by = text.partition(" by ")
    return by, asked
