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
they require comes from the index. Where no requirement has a lower bound, the
list is resolved as a whole, to learn one that is compatible with the rest.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.bootstrap import draft, resolution
from openstack_requirements.bootstrap.decisions import Decision
from openstack_requirements.bootstrap.dependencies import (
    Dependency,
    applies,
    combine,
    pythons_needed,
)
from openstack_requirements.bootstrap.dependencies import read as read_texts
from openstack_requirements.install import freezer, interpreters
from openstack_requirements.install.availability import Availability
from openstack_requirements.install.index import Index
from openstack_requirements.install.installation import Order
from openstack_requirements.install.installers import run_index
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    Requirement,
    canonical_name,
)
from openstack_requirements.pep508.specifiers import admits, parse_set
from openstack_requirements.repository import lists
from openstack_requirements.system import children

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Mapping,
        Sequence,
    )

    from openstack_requirements.bootstrap.checkouts import SurveyedCheckout
    from openstack_requirements.bootstrap.dependencies import (
        RequiredDistribution,
    )
    from openstack_requirements.bootstrap.draft import ListEntry
    from openstack_requirements.constraints.freeze import Distribution
    from openstack_requirements.install.index import Announce
    from openstack_requirements.repository.policy import Policy

    #: The distributions of a list by name.
    Required = dict[CanonicalName, RequiredDistribution]
    #: What the index has, by Python version and name.
    Answers = Mapping[str, Mapping[CanonicalName, Availability]]

#: Requirements of requirements are followed this far. Most end after ten.
MOST_ROUNDS = 100


class SurveyRequest(NamedTuple):
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
    :param warn: is told where pip and uv are configured for different indexes.
    """

    pythons: Sequence[str]
    names: Sequence[Requirement]
    projects: Sequence[SurveyedCheckout]
    policy: Policy
    never: Collection[CanonicalName]
    base: str
    extras: bool
    include_given: bool
    transitive: bool
    jobs: int
    timeout: int | None
    warn: Callable[[str], object] | None = None


class ProposedList(NamedTuple):
    """The entries of a list, and what a person has to decide about them."""

    entries: list[ListEntry]
    decisions: list[Decision]


def make(
    request: SurveyRequest,
    known: Collection[CanonicalName],
    announce: Announce,
) -> ProposedList:
    """Survey, and propose.

    :param known: the names that ``request.base`` lists.
    :raises UnusableInput: where an interpreter is missing or not usable.
    :raises NotDescribed: where the index fails, or a given name is unknown.
    """
    with children.of_job("bootstrap-requirements") as started:
        pythons = interpreters.find_all(request.pythons, started)
        run_index.settle(started, request.warn)
        index = Index(
            pythons, started, request.jobs, request.timeout, announce
        )
        survey = _Survey(request, known, index, started.work, announce)
        try:
            return survey.run()
        except BaseException:
            started.stop()
            raise


class _Survey:
    """One survey."""

    def __init__(
        self,
        request: SurveyRequest,
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
            version: interpreter.environment
            for version, interpreter in index.pythons.items()
        }

    def run(self) -> ProposedList:
        """The proposal."""
        dependencies, decisions = self._of_projects()
        more, problems = self._of_names()
        dependencies += more
        decisions += problems
        required, answers, problems = self._follow(dependencies)
        decisions += problems
        resolved: dict[CanonicalName, str] = {}
        if self.request.policy.bounds_in_list:
            resolved, problems = self._resolve(required, answers)
            decisions += problems
        entries = []
        for name, distribution in required.items():
            entry, problems = self._propose(
                distribution, answers, resolved.get(name)
            )
            decisions += problems
            if entry is not None:
                entries.append(entry)
        ordered = sorted(
            set(decisions),
            key=lambda decision: (canonical_name(decision.package), decision),
        )
        return ProposedList(entries, ordered)

    def _of_projects(self) -> tuple[list[Dependency], list[Decision]]:
        """What the checkouts require."""
        dependencies: list[Dependency] = []
        decisions: list[Decision] = []
        for project in self.request.projects:
            decisions += project.decisions
            pythons = [
                version
                for version, interpreter in self.index.pythons.items()
                if _suits(project.requires_python, interpreter.full_version)
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
            more, problems = read_texts(
                project.texts,
                project.name,
                pythons,
                None if self.request.extras else (),
            )
            dependencies += more
            decisions += problems
        return dependencies, decisions

    def _of_names(self) -> tuple[list[Dependency], list[Decision]]:
        """What the given distributions require."""
        given = {
            canonical_name(requirement.package): requirement
            for requirement in self.request.names
        }
        answers = self.index.require(
            {
                name: f"{requirement.package}{requirement.specifiers}"
                for name, requirement in given.items()
            }
        )
        dependencies, decisions = self._of_distributions(
            answers,
            {
                name: None if self.request.extras else requirement.extras
                for name, requirement in given.items()
            },
        )
        if self.request.include_given:
            dependencies += [
                Dependency(
                    CanonicalName(""),
                    "you",
                    requirement._replace(
                        markers="", comment="", extras=frozenset()
                    ),
                    requirement.to_line().strip(),
                    (*self.pythons,),
                )
                for requirement in given.values()
            ]
        return dependencies, decisions

    def _of_distributions(
        self,
        answers: Answers,
        extras: Mapping[CanonicalName, Collection[str] | None],
    ) -> tuple[list[Dependency], list[Decision]]:
        """What distributions require, which may differ between Pythons.

        :param extras: the distributions that count, with those of their
            extras that do; None for all extras.
        """
        pythons_of: dict[Distribution, list[str]] = {}
        for version, by_name in answers.items():
            for answer in by_name.values():
                if answer.distribution is not None:
                    pythons_of.setdefault(answer.distribution, []).append(
                        version
                    )
        dependencies, decisions = [], []
        for distribution, pythons in pythons_of.items():
            name = canonical_name(distribution.name)
            if name not in extras:
                continue
            by = f"{distribution.name} {distribution.version}"
            more, problems = read_texts(
                [(by, text) for text in distribution.requires],
                distribution.name,
                pythons,
                extras[name],
            )
            dependencies += more
            decisions += problems
        return dependencies, decisions

    def _follow(
        self, dependencies: list[Dependency]
    ) -> tuple[Required, Answers, list[Decision]]:
        """What is required in the end, and what the index has of it."""
        required = self._required(dependencies)
        decisions: list[Decision] = []
        for _ in range(MOST_ROUNDS):
            answers = self._answers(required)
            if not self.request.transitive:
                break
            more, decisions = self._of_distributions(
                answers,
                {
                    name: {
                        extra
                        for dependency in distribution.dependencies
                        for extra in dependency.requirement.extras
                    }
                    for name, distribution in required.items()
                },
            )
            # What applies nowhere is not for the list either.
            more = list(filter(applies, more))
            before, required = required, self._required([*dependencies, *more])
            if required == before:
                break
        return required, answers, decisions

    def _required(self, dependencies: Iterable[Dependency]) -> Required:
        left_out = {*self.known, *self.request.never}
        return combine(
            dependency
            for dependency in dependencies
            if dependency.name not in left_out
        )

    def _answers(self, required: Required) -> Answers:
        questions: dict[str, dict[CanonicalName, list[str]]] = {
            version: {} for version in self.pythons
        }
        newest = [*self.pythons][-1:]
        for name, distribution in required.items():
            package = distribution.dependencies[0].requirement.package
            texts = [f"{package}{text}" for text in distribution.candidates]
            needed = pythons_needed(distribution, self.pythons)
            for version in needed or newest:
                questions[version][name] = texts
        return self.index.first(questions)

    def _propose(
        self,
        distribution: RequiredDistribution,
        answers: Answers,
        resolved: str | None,
    ) -> tuple[ListEntry | None, list[Decision]]:
        return draft.propose(
            distribution,
            {
                version: by_name[distribution.name]
                for version, by_name in answers.items()
                if distribution.name in by_name
            },
            pythons_needed(distribution, self.pythons),
            [*self.pythons],
            self.request.policy,
            resolved,
        )

    def _resolve(
        self, required: Required, answers: Answers
    ) -> tuple[dict[CanonicalName, str], list[Decision]]:
        """Versions for what has no lower bound: what the list resolves to."""
        entries = []
        unbound: dict[CanonicalName, list[str]] = {}
        for name, distribution in required.items():
            entry, decisions = self._propose(distribution, answers, "0")
            if entry is None:
                continue
            kinds = {decision.kind for decision in decisions}
            needed = pythons_needed(distribution, self.pythons)
            if "no-lower-bound" in kinds and needed:
                unbound[name] = needed
                entry = draft.without_bound(
                    distribution,
                    entry,
                    [answers[version][name] for version in needed],
                )
            entries.append(entry)
        if not unbound:
            return {}, []
        path = os.path.join(self.folder, "proposed.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(draft.to_content(entries, self.request.base))
        request = freezer.FreezeRequest(
            self.request.pythons,
            Order(lists.installable(path), resolve_only=True),
            "auto",
            self.request.jobs,
            self.request.timeout,
        )
        return resolution.lowest(request, unbound, self.announce)


def _suits(specifiers: str, version: str) -> bool:
    """Whether a project is for a Python; where it makes no sense, it is."""
    try:
        parse_set(specifiers)
    except ValueError:
        return True
    return admits(specifiers, version, prereleases=True)
