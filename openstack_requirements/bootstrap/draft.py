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
"""A first global list, from what projects require.

All the dependencies on one distribution make one entry of the list: the
highest lower bound that any of them has, the exclusions of all, and a marker
or a cap only where all agree. What no program can know becomes a decision.
Nothing here opens a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.bootstrap import licenses
from openstack_requirements.bootstrap.bounds import (
    Cap,
    tightest_cap,
    version_of,
)
from openstack_requirements.bootstrap.decisions import Decision
from openstack_requirements.bootstrap.dependencies import (
    applies,
    base_of,
    clauses_of,
)
from openstack_requirements.pep508 import python_versions
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    Requirement,
    canonical_name,
)
from openstack_requirements.pep508.specifiers import admits

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from openstack_requirements.bootstrap.dependencies import (
        RequiredDistribution,
    )
    from openstack_requirements.install.availability import Availability
    from openstack_requirements.repository.policy import Policy


class ListEntry(NamedTuple):
    """A line of the proposed list, with the comment lines above it."""

    requirement: Requirement
    comments: tuple[str, ...] = ()

    def to_text(self) -> str:
        """The lines in normal form."""
        line = self.requirement.to_line(
            comment_prefix="  ", sort_specifiers=True
        )
        return "".join([*(f"# {text}\n" for text in self.comments), line])


def propose(
    required: RequiredDistribution,
    answers: Mapping[str, Availability],
    needed: Collection[str],
    pythons: Sequence[str],
    policy: Policy,
    resolved: str | None = None,
) -> tuple[ListEntry | None, list[Decision]]:
    """The entry for a distribution, and what is to be decided about it.

    :param answers: what the index has for each Python. Those that are not
        needed say how the name is spelled, and what the license is.
    :param needed: the Pythons that the entry is installed on.
    :param pythons: all Pythons that the list is for, the oldest first.
    :param resolved: the version that the whole list resolves to, for the
        case that no requirement has a lower bound.
    :returns: no entry where a list with it could not be installed.
    """
    draft = _Draft(required, answers, needed, pythons)
    if any(
        dependency.requirement.location for dependency in required.dependencies
    ):
        draft.decide("url", "a list holds no URLs, so the entry has none")
    if needed and not draft.is_available:
        trouble = answers[draft.missing[0]].trouble
        draft.decide("left-out", f"left out: {trouble}")
        return None, draft.decisions
    marker = draft.marker()
    bound = draft.bound()
    clauses = []
    if policy.bounds_in_list:
        bound = bound or draft.own_bound(resolved)
        clauses = [f">={bound}"]
    exclusions = required.excluded(bound if policy.bounds_in_list else None)
    clauses += [*exclusions, *draft.caps(bound)]
    draft.look_for_covered(bound)
    requirement = Requirement(
        draft.name,
        "",
        ",".join(sorted(clauses)),
        marker,
        draft.license_comment(),
    )
    comments = _reasons(required, exclusions)
    return ListEntry(requirement, comments), draft.decisions


def without_bound(
    required: RequiredDistribution,
    entry: ListEntry,
    answers: Iterable[Availability],
) -> ListEntry:
    """The entry with the exclusions of all requirements and no lower bound.

    Where no release suits all requirements, caps do not count.
    """
    number = max(answer.candidate for answer in answers if answer.distribution)
    specifiers = required.candidates[number]
    return ListEntry(entry.requirement._replace(specifiers=specifiers))


class _Draft:
    """An entry in the making, and the decisions that it leads to."""

    def __init__(
        self,
        required: RequiredDistribution,
        answers: Mapping[str, Availability],
        needed: Collection[str],
        pythons: Sequence[str],
    ) -> None:
        self.required = required
        self.answers = answers
        self.pythons = pythons
        self.decisions: list[Decision] = []
        self.described = [
            distribution
            for python in pythons
            if python in answers
            and (distribution := answers[python].distribution)
        ]
        self.missing = [
            python for python in needed if answers[python].distribution is None
        ]
        self.is_available = len(self.missing) < len(needed)
        self.name = (
            self.described[-1].name
            if self.described
            else required.dependencies[0].requirement.package
        )

    def decide(self, kind: str, message: str) -> None:
        requirements = dict.fromkeys(
            (dependency.by, dependency.text)
            for dependency in self.required.dependencies
        )
        self.decisions.append(
            Decision(self.name, kind, message, tuple(requirements))
        )

    def marker(self) -> str:
        """The marker that all have; but never a Python without a release."""
        marker = self.required.marker or ""
        if self.required.marker is None:
            self.decide(
                "marker-conflict",
                "the requirements have different markers, so the entry has "
                "none",
            )
        if self.missing:
            have = [
                python for python in self.pythons if python not in self.missing
            ]
            selected = python_versions.selecting(have, self.pythons)
            self.decide(
                "no-release",
                f"there is no release for Python {_listing(self.missing)}, so "
                f"the entry is for {selected}",
            )
            marker = _conjunction(marker, selected)
        return marker

    def bound(self) -> str | None:
        """The highest lower bound that can be met on every Python."""
        bounds = self.required.bounds
        met = {
            python: answer.candidate
            for python, answer in self.answers.items()
            if answer.distribution
        }
        number = max(met.values(), default=0)
        bound = bounds[number] if number < len(bounds) else None
        if number and bounds:
            where = _listing(
                [python for python, candidate in met.items() if candidate]
            )
            instead = f"it is >={bound}" if bound else "it does not count"
            self.decide(
                "no-release",
                f"no release for Python {where} meets the highest lower "
                f"bound, >={bounds[0]}, so {instead}",
            )
        return bound

    def own_bound(self, resolved: str | None) -> str:
        """A lower bound where no requirement has one that counts."""
        versions = [distribution.version for distribution in self.described]
        bound = resolved or min(versions, key=version_of, default="0")
        why = "any release"
        if resolved:
            why = "what the list resolves to today"
        elif versions:
            why = "the newest release"
        which = "another" if self.required.bounds else "a"
        self.decide(
            "no-lower-bound",
            f"no requirement has {which} lower bound; >={bound} is {why}",
        )
        return bound

    def caps(self, bound: str | None) -> list[str]:
        """The cap that all have, if they all have one: the loosest."""
        by_owner: dict[CanonicalName, list[Cap | None]] = {}
        for dependency in self.required.dependencies:
            if applies(dependency):
                cap = tightest_cap(dependency.requirement.clauses)
                by_owner.setdefault(dependency.owner, []).append(cap)
        loosest = {
            owner: max(cap for cap in caps if cap)
            for owner, caps in by_owner.items()
            if None not in caps
        }
        if not loosest:
            return []
        shared = max(loosest.values())
        agreed = 1 < len(by_owner) == len(loosest)
        if bound and not shared.admits(bound):
            agreed = False
        tighter = [
            f"{cap} by {owner}"
            for owner, cap in sorted(loosest.items())
            if not agreed or cap < shared
        ]
        if tighter:
            who = (
                "the only project that requires it has a cap"
                if len(by_owner) == 1
                else "not all that require it have the same cap"
            )
            has = shared if agreed else "no cap"
            self.decide(
                "cap", f"{who} ({_listing(tighter)}); the entry has {has}"
            )
        return [str(shared)] if agreed else []

    def look_for_covered(self, bound: str | None) -> None:
        """Note exclusions like ``!=2.1.*`` that the bound lies in."""
        for exclusion in self.required.exclusions:
            covers = exclusion.replace("!=", "==", 1)
            if (
                bound
                and base_of(exclusion) < version_of(bound)
                and admits(covers, bound, prereleases=True)
            ):
                self.decide(
                    "exclusion",
                    f"{exclusion} covers the lower bound >={bound}, and is "
                    "not in the entry",
                )

    def license_comment(self) -> str:
        """The comment; empty where the license is not known."""
        for distribution in reversed(self.described):
            name = licenses.of(distribution)
            if name:
                return f"# {name}"
        self.decide(
            "no-license",
            "its metadata names no license"
            if self.described
            else "its metadata is unavailable here, and so is its license",
        )
        return ""


def _reasons(
    required: RequiredDistribution, exclusions: Collection[str]
) -> tuple[str, ...]:
    """Who has the exclusions of an entry, as comment lines."""
    lines = []
    for exclusion in exclusions:
        version = exclusion.removeprefix("!=")
        owners = {
            dependency.owner
            for dependency in required.dependencies
            for operator, text in clauses_of([dependency])
            if operator in {"!=", ">"}
            and version_of(text) == version_of(version)
            and text.endswith(".*") == version.endswith(".*")
        }
        lines.append(f"{version}: excluded by {', '.join(sorted(owners))}.")
    return tuple(lines)


def _conjunction(first: str, second: str) -> str:
    """A marker that holds where both of these do."""
    parts = [
        f"({marker})" if " or " in marker else marker
        for marker in (first, second)
        if marker
    ]
    return " and ".join(parts)


def _listing(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def to_content(entries: Iterable[ListEntry], base: str = "") -> str:
    """The text of the list, in normal form and sorted by canonical name.

    :param base: a list that it continues, which stays as it is.
    """
    ordered = sorted(
        entries, key=lambda entry: canonical_name(entry.requirement.package)
    )
    text = "".join(entry.to_text() for entry in ordered)
    if not base.strip() or not text:
        return base or text
    return f"{base.rstrip()}\n\n{text}"
