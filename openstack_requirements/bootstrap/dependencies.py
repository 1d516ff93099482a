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
"""What projects require, put together by distribution.

A *dependency* is one requirement and the project that has it. All the
dependencies on one distribution, together, are a
:class:`RequiredDistribution`: the lower bounds, exclusions, caps and markers
that a list has to suit. Nothing here opens a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.bootstrap.bounds import (
    is_version,
    tightest_cap,
    version_of,
)
from openstack_requirements.bootstrap.decisions import Decision
from openstack_requirements.errors import BadLine
from openstack_requirements.pep508 import markers
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    Requirement,
    canonical_name,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from packaging.version import Version

    from openstack_requirements.pep508.specifiers import Clause


class Dependency(NamedTuple):
    """One requirement and who has it.

    :param owner: the project, so that one project counts once.
    :param by: who requires it, for people: ``nova 34.0.0``, ``flask[async]``.
    :param requirement: the requirement, ``extra`` taken out of its marker.
    :param text: the requirement as a line.
    :param pythons: the Python versions that it is required on.
    """

    owner: CanonicalName
    by: str
    requirement: Requirement
    text: str
    pythons: tuple[str, ...]

    @property
    def name(self) -> CanonicalName:
        """The distribution that is required."""
        return canonical_name(self.requirement.package)


class RequiredDistribution(NamedTuple):
    """All the dependencies on a distribution, and what follows from them.

    ``bounds`` are the lower bounds, the highest first; ``cap`` is the
    tightest cap, for where there is no lower bound: the one to look for must
    suit all. ``marker`` is None where the requirements do not agree on one.
    """

    name: CanonicalName
    dependencies: tuple[Dependency, ...]
    bounds: tuple[str, ...]
    exclusions: tuple[str, ...]
    cap: str
    marker: str | None

    @property
    def candidates(self) -> list[str]:
        """Specifiers to look for, the strictest first."""
        candidates: list[Sequence[str]] = [
            [f">={bound}", *self.excluded(bound)] for bound in self.bounds
        ]
        candidates.append([*self.exclusions, *filter(None, [self.cap])])
        # Where no release suits all the requirements, any release will do.
        candidates.append(self.exclusions)
        return [",".join(specifiers) for specifiers in candidates]

    def excluded(self, bound: str | None) -> list[str]:
        """The exclusions of versions that a lower bound admits."""
        return [
            exclusion
            for exclusion in self.exclusions
            if bound is None or base_of(exclusion) >= version_of(bound)
        ]


def read(
    texts: Iterable[tuple[str, str]],
    owner: str,
    pythons: Sequence[str],
    extras: Collection[str] | None = None,
) -> tuple[list[Dependency], list[Decision]]:
    """The dependencies of one project.

    :param texts: who requires something, for people, and the requirement as
        core metadata has it (``Requires-Dist``), with extras as markers.
    :param owner: the project's name.
    :param pythons: the Python versions that these are required on.
    :param extras: the extras whose requirements count; None for all.
    """
    dependencies, decisions = [], []
    project = canonical_name(owner)
    for by, text in texts:
        try:
            parsed = parse_line(text, permit_urls=True)._replace(comment="")
            parts = _without_extra(parsed.markers, extras)
        except (BadLine, markers.BadMarker) as error:
            message = f"one of its requirements is left out: {error}"
            requirements = ((by, text.strip()),)
            decisions.append(
                Decision(owner, "not-read", message, requirements)
            )
            continue
        if not parsed.package or canonical_name(parsed.package) == project:
            continue  # an extra may name further extras of the same project
        for extra, marker in parts.items():
            who, blank, rest = by.partition(" ")
            who += f"[{extra}]{blank}{rest}" if extra else f"{blank}{rest}"
            requirement = parsed._replace(markers=marker)
            shown = requirement.to_line(sort_specifiers=True).strip()
            dependencies.append(
                Dependency(project, who, requirement, shown, (*pythons,))
            )
    return dependencies, decisions


def _without_extra(
    marker: str, extras: Collection[str] | None
) -> dict[str, str]:
    """The marker that is left without any extra, and with each that counts.

    Keys are the extras, the empty text for none. Extras that change nothing
    are left out, and so is what never applies.
    """
    named = {
        canonical_name(comparison.literal): None
        for comparison in markers.comparisons(markers.parse(marker))
        if comparison.variable == "extra" and comparison.literal
    }
    counting = None if extras is None else set(map(canonical_name, extras))
    result = {}
    bare = markers.given(marker, "extra", "")
    if bare is not None:
        result[""] = bare
    for extra in named:
        if counting is None or extra in counting:
            left = markers.given(marker, "extra", extra)
            if left not in {None, bare}:
                assert left is not None
                result[str(extra)] = left
    return result


def combine(
    dependencies: Iterable[Dependency],
) -> dict[CanonicalName, RequiredDistribution]:
    """What each distribution has to be like, by name and in its order."""
    by_name: dict[CanonicalName, list[Dependency]] = {}
    for dependency in sorted(set(dependencies)):
        by_name.setdefault(dependency.name, []).append(dependency)
    return {name: _combined(name, by_name[name]) for name in sorted(by_name)}


def _combined(
    name: CanonicalName, dependencies: Sequence[Dependency]
) -> RequiredDistribution:
    # What applies nowhere does not count, unless there is nothing else.
    counting = list(filter(applies, dependencies)) or dependencies
    bounds: dict[Version, str] = {}
    exclusions: dict[tuple[Version, bool], str] = {}
    for operator, text in clauses_of(counting):
        version = version_of(text)
        if operator in {"!=", ">"}:
            key = version, operator == "!=" and text.endswith(".*")
            shown = f"!={version}{'.*' * key[1]}"
            exclusions[key] = min(exclusions.get(key, shown), shown, key=len)
        if operator in {">=", ">", "~=", "==", "==="}:
            # Only what names one version may have a local part.
            shown, version = version.public, version_of(version.public)
            bounds[version] = min(bounds.get(version, shown), shown, key=len)
    requirements = [dependency.requirement for dependency in counting]
    caps = [
        cap
        for requirement in requirements
        if (cap := tightest_cap(requirement.clauses)) is not None
    ]
    return RequiredDistribution(
        name,
        (*dependencies,),
        tuple(bounds[version] for version in sorted(bounds, reverse=True)),
        tuple(exclusions[key] for key in sorted(exclusions)),
        str(min(caps, default="")),
        _agreed([requirement.markers for requirement in requirements]),
    )


def applies(dependency: Dependency) -> bool:
    """Whether there is a platform where this is required."""
    marker = dependency.requirement.markers
    if not marker:
        return True
    where = markers.Environments.on_pythons(dependency.pythons)
    try:
        return markers.overlap([marker], where) is not None
    except markers.BadMarker:
        return True


def _agreed(texts: Sequence[str]) -> str | None:
    """The marker that all of these are in meaning; None where there is none.

    Of several ways to write it, the shortest that starts with a variable.
    """
    shortest, *longer = sorted(
        set(texts), key=lambda text: (text[:1] == "'", len(text), text)
    )
    try:
        same = all(markers.equivalent(shortest, text) for text in longer)
    except markers.BadMarker:
        return None
    return shortest if same else None


def clauses_of(dependencies: Iterable[Dependency]) -> Iterable[Clause]:
    """The clauses of all specifiers that name a version."""
    for dependency in dependencies:
        for clause in dependency.requirement.clauses:
            if is_version(clause.version):
                yield clause


def base_of(exclusion: str) -> Version:
    """The version that an exclusion names."""
    return version_of(exclusion.removeprefix("!="))


def pythons_needed(
    required: RequiredDistribution, pythons: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """The Pythons that an entry for a distribution is installed on.

    :param pythons: the PEP 508 variables of each, by version.
    """
    marker = required.marker
    return [
        version
        for version, environment in pythons.items()
        if not marker
        or markers.overlap([marker], markers.Environments.of([environment]))
    ]
