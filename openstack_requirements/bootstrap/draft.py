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

A *demand* is one requirement and who has it. All the demands for one
distribution make one entry of the list: the highest lower bound that any of
them has, the exclusions of all, and a marker or a cap only where all agree.
What no program can know is a *decision*: it names the distribution, what has
to be decided and who asks for what. Nothing here opens a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.bootstrap import licenses
from openstack_requirements.errors import BadLine, printable
from openstack_requirements.output import json_text
from openstack_requirements.pep508 import markers, python_versions
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    Requirement,
    canonical_name,
    parse_line,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from packaging.version import Version

    from openstack_requirements.install.availability import Availability
    from openstack_requirements.pep508.specifiers import Clause
    from openstack_requirements.repository.policy import Policy

#: What a person may have to decide, and what it means.
KINDS = {
    "cap": "some who ask have a cap, others have none or a higher one",
    "exclusion": "an exclusion covers the lower bound",
    "left-out": "nothing that could be listed can be had here",
    "marker-conflict": "those who ask have different markers",
    "no-license": "the metadata names no license",
    "no-lower-bound": "nobody who asks has a lower bound",
    "no-release": "no release meets the highest lower bound everywhere",
    "not-together": "the proposed list cannot be installed as it is",
    "not-read": "what a project requires cannot be read",
    "url": "somebody asks for a URL, which no index has",
}


class Demand(NamedTuple):
    """One requirement and who has it.

    :param owner: the project, so that one project counts once.
    :param by: who asks, for people: ``nova 34.0.0``, ``flask[async]``.
    :param requirement: what is asked for, ``extra`` taken out of its marker.
    :param text: the requirement as a line.
    :param pythons: the Python versions that this is asked on.
    """

    owner: CanonicalName
    by: str
    requirement: Requirement
    text: str
    pythons: tuple[str, ...]

    @property
    def name(self) -> CanonicalName:
        """What is asked for."""
        return canonical_name(self.requirement.package)


class Decision(NamedTuple):
    """Something that a person has to decide.

    :param kind: one of :data:`KINDS`.
    :param package: what it is about.
    :param message: what is so, and what was done for now.
    :param asked: who asks, and for what.
    """

    package: str
    kind: str
    message: str
    asked: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.package}: {self.message} [{self.kind}]"]
        lines += [f"  {by} asks for {text}" for by, text in self.asked]
        return "\n".join(map(printable, lines))


class Entry(NamedTuple):
    """A line of the proposed list, with the comment lines above it."""

    requirement: Requirement
    comments: tuple[str, ...] = ()

    def to_text(self) -> str:
        """The lines in normal form."""
        line = self.requirement.to_line(
            comment_prefix="  ", sort_specifiers=True
        )
        return "".join([*(f"# {each}\n" for each in self.comments), line])


class Wanted(NamedTuple):
    """All the demands for one distribution, and what follows from them.

    ``bounds`` are the lower bounds, the highest first; ``cap`` is the
    tightest cap, for where nobody has a lower bound: the one to find must
    suit all. ``marker`` is None where those who ask do not agree on one.
    """

    name: CanonicalName
    demands: tuple[Demand, ...]
    bounds: tuple[str, ...]
    exclusions: tuple[str, ...]
    cap: str
    marker: str | None

    @property
    def candidates(self) -> list[str]:
        """Specifiers to look for, the strictest first."""
        found = [
            [f">={bound}", *self.excluded(bound)] for bound in self.bounds
        ]
        found.append([*self.exclusions, *filter(None, [self.cap])])
        # Where nothing suits all who ask, any release will do.
        return [",".join(each) for each in [*found, self.exclusions]]

    def excluded(self, bound: str | None) -> list[str]:
        """The exclusions that a lower bound leaves something to do for."""
        return [
            each
            for each in self.exclusions
            if bound is None or _base(each) >= _version(bound)
        ]


def read(
    texts: Iterable[tuple[str, str]],
    owner: str,
    pythons: Sequence[str],
    extras: Collection[str] | None = None,
) -> tuple[list[Demand], list[Decision]]:
    """The demands of one project.

    :param texts: who asks, for people, and for what: requirements as core
        metadata has them (``Requires-Dist``), with their extras as markers.
    :param owner: the project's name.
    :param pythons: the Python versions that this is asked on.
    :param extras: the extras whose requirements count; None for all.
    """
    demands, decisions = [], []
    project = canonical_name(owner)
    for by, text in texts:
        try:
            parsed = parse_line(text, permit_urls=True)._replace(comment="")
            parts = _without_extra(parsed.markers, extras)
        except (BadLine, markers.BadMarker) as error:
            message = f"one of its requirements is left out: {error}"
            asked = ((by, text.strip()),)
            decisions.append(Decision(owner, "not-read", message, asked))
            continue
        if not parsed.package or canonical_name(parsed.package) == project:
            continue  # an extra may ask for other extras of the same project
        for extra, marker in parts.items():
            who, blank, rest = by.partition(" ")
            who += f"[{extra}]{blank}{rest}" if extra else f"{blank}{rest}"
            one = parsed._replace(markers=marker)
            shown = one.to_line(sort_specifiers=True).strip()
            demands.append(Demand(project, who, one, shown, (*pythons,)))
    return demands, decisions


def _without_extra(
    marker: str, extras: Collection[str] | None
) -> dict[str, str]:
    """The marker that is left without any extra, and with each that counts.

    Keys are the extras, the empty text for none. Extras that change nothing
    are left out, and so is what never applies.
    """
    named = {
        canonical_name(each.literal): None
        for each in markers.comparisons(markers.parse(marker))
        if each.variable == "extra" and each.literal
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


def wanted(demands: Iterable[Demand]) -> dict[CanonicalName, Wanted]:
    """What is asked of each distribution, by name and in its order."""
    by_name: dict[CanonicalName, list[Demand]] = {}
    for each in sorted(set(demands)):
        by_name.setdefault(each.name, []).append(each)
    return {name: _wanted(name, by_name[name]) for name in sorted(by_name)}


def _wanted(name: CanonicalName, demands: Sequence[Demand]) -> Wanted:
    # What applies nowhere has no say, unless nothing else is there.
    counting = [each for each in demands if applies(each)] or demands
    bounds: dict[Version, str] = {}
    exclusions: dict[tuple[Version, bool], str] = {}
    for operator, text in _clauses(counting):
        version = _version(text)
        if operator in {"!=", ">"}:
            key = version, operator == "!=" and text.endswith(".*")
            shown = f"!={version}{'.*' * key[1]}"
            exclusions[key] = min(exclusions.get(key, shown), shown, key=len)
        if operator in {">=", ">", "~=", "==", "==="}:
            # Only what names one version may have a local part.
            shown, version = version.public, _version(version.public)
            bounds[version] = min(bounds.get(version, shown), shown, key=len)
    caps = [_cap(each.requirement.clauses) for each in counting]
    return Wanted(
        name,
        (*demands,),
        tuple(bounds[each] for each in sorted(bounds, reverse=True)),
        tuple(exclusions[each] for each in sorted(exclusions)),
        str(min((each for each in caps if each), default="")),
        _agreed([each.requirement.markers for each in counting]),
    )


def applies(demand: Demand) -> bool:
    """Whether there is a platform where this is asked for."""
    marker = demand.requirement.markers
    if not marker:
        return True
    where = markers.Environments.on_pythons(demand.pythons)
    try:
        return markers.overlap([marker], where) is not None
    except markers.BadMarker:
        return True


def _agreed(texts: Sequence[str]) -> str | None:
    """The marker that all of these are in meaning; None where there is none.

    Of several ways to write it, the shortest that starts with a variable.
    """
    shortest, *others = sorted(
        set(texts), key=lambda each: (each[:1] == "'", len(each), each)
    )
    try:
        same = all(markers.equivalent(shortest, each) for each in others)
    except markers.BadMarker:
        return None
    return shortest if same else None


def _clauses(demands: Iterable[Demand]) -> Iterable[Clause]:
    """The operators and versions of all specifiers; not of what is none."""
    for each in demands:
        for clause in each.requirement.clauses:
            if _is_version(clause.version):
                yield clause


def _is_version(text: str) -> bool:
    from packaging.version import InvalidVersion

    try:
        _version(text)
    except InvalidVersion:
        return False
    return True


def _version(text: str) -> Version:
    from packaging.version import Version as Parsed  # slow to import

    return Parsed(text.strip().removesuffix(".*"))


def lower(first: str, second: str) -> str:
    """The lower of two versions."""
    return min(first, second, key=_version)


def _base(exclusion: str) -> Version:
    return _version(exclusion.removeprefix("!="))


def needed(
    found: Wanted, pythons: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """The Pythons that an entry for this would be installed on.

    :param pythons: the PEP 508 variables of each, by version.
    """
    marker = found.marker
    return [
        version
        for version, environment in pythons.items()
        if not marker
        or markers.overlap([marker], markers.Environments.of([environment]))
    ]


def propose(
    found: Wanted,
    answers: Mapping[str, Availability],
    needed: Collection[str],
    pythons: Sequence[str],
    policy: Policy,
    resolved: str | None = None,
) -> tuple[Entry | None, list[Decision]]:
    """The entry for a distribution, and what is to be decided about it.

    :param answers: what the index has for each Python. Those that are not
        needed say how the name is spelled, and what the license is.
    :param needed: the Pythons that the entry would be installed on.
    :param pythons: all Pythons that the list is for, the oldest first.
    :param resolved: the version that the whole list resolves to, for the
        case that nobody asks for a lower bound.
    :returns: no entry where a list with it could not be installed.
    """
    draft = _Draft(found, answers, needed, pythons)
    if any(each.requirement.location for each in found.demands):
        draft.decide("url", "a list holds no URLs, so the entry has none")
    if needed and not draft.can_be_had:
        trouble = answers[draft.missing[0]].trouble
        draft.decide("left-out", f"left out: {trouble}")
        return None, draft.decisions
    marker = draft.marker()
    bound = draft.bound()
    clauses = []
    if policy.bounds_in_list:
        bound = bound or draft.own_bound(resolved)
        clauses = [f">={bound}"]
    exclusions = found.excluded(bound if policy.bounds_in_list else None)
    clauses += [*exclusions, *draft.caps(bound)]
    draft.look_for_covered(bound)
    entry = Requirement(
        draft.name,
        "",
        ",".join(sorted(clauses)),
        marker,
        draft.license_comment(),
    )
    return Entry(entry, _why(found, exclusions)), draft.decisions


def without_bound(
    found: Wanted, entry: Entry, answers: Iterable[Availability]
) -> Entry:
    """The entry with what those who ask exclude, and no lower bound.

    Where no release suits all of them, caps do not count.
    """
    number = max(each.candidate for each in answers if each.distribution)
    specifiers = found.candidates[number]
    return Entry(entry.requirement._replace(specifiers=specifiers))


class _Draft:
    """An entry on its way, and the decisions that it leads to."""

    def __init__(
        self,
        found: Wanted,
        answers: Mapping[str, Availability],
        needed: Collection[str],
        pythons: Sequence[str],
    ) -> None:
        self.wanted = found
        self.answers = answers
        self.pythons = pythons
        self.decisions: list[Decision] = []
        self.described = [
            answers[each].distribution
            for each in pythons
            if each in answers and answers[each].distribution
        ]
        self.missing = [
            each for each in needed if answers[each].distribution is None
        ]
        self.can_be_had = len(self.missing) < len(needed)
        newest = self.described[-1] if self.described else None
        self.name = (
            newest.name if newest else found.demands[0].requirement.package
        )

    def decide(self, kind: str, message: str) -> None:
        asked = dict.fromkeys(
            (each.by, each.text) for each in self.wanted.demands
        )
        self.decisions.append(Decision(self.name, kind, message, tuple(asked)))

    def marker(self) -> str:
        """The marker that all have; but never a Python without a release."""
        marker = self.wanted.marker or ""
        if self.wanted.marker is None:
            self.decide(
                "marker-conflict",
                "those who ask have different markers, so the entry has none",
            )
        if self.missing:
            have = [each for each in self.pythons if each not in self.missing]
            selected = python_versions.selecting(have, self.pythons)
            self.decide(
                "no-release",
                f"there is no release for Python {_and(self.missing)}, so "
                f"the entry is for {selected}",
            )
            marker = _both(marker, selected)
        return marker

    def bound(self) -> str | None:
        """The highest lower bound that can be met on every Python."""
        bounds = self.wanted.bounds
        met = {
            version: each.candidate
            for version, each in self.answers.items()
            if each.distribution
        }
        number = max(met.values(), default=0)
        bound = bounds[number] if number < len(bounds) else None
        if number and bounds:
            where = _and([each for each, first in met.items() if first])
            instead = f"it is >={bound}" if bound else "it does not count"
            self.decide(
                "no-release",
                f"no release for Python {where} meets the highest lower "
                f"bound, >={bounds[0]}, so {instead}",
            )
        return bound

    def own_bound(self, resolved: str | None) -> str:
        """A lower bound where nobody who asks has one that counts."""
        have = [each.version for each in self.described if each]
        bound = resolved or min(have, key=_version, default="0")
        why = (
            "what the list resolves to today"
            if resolved
            else "the newest release"
            if have
            else "any release"
        )
        who = "who asks has a" if not self.wanted.bounds else "has another"
        self.decide(
            "no-lower-bound",
            f"nobody {who} lower bound; >={bound} is {why}",
        )
        return bound

    def caps(self, bound: str | None) -> list[str]:
        """The cap that all have, if they all have one: the loosest."""
        by_owner: dict[CanonicalName, list[_Cap | None]] = {}
        for each in self.wanted.demands:
            if applies(each):
                cap = _cap(each.requirement.clauses)
                by_owner.setdefault(each.owner, []).append(cap)
        loosest = {
            owner: max(cap for cap in caps if cap)
            for owner, caps in by_owner.items()
            if None not in caps
        }
        if not loosest:
            return []
        shared = max(loosest.values())
        together = 1 < len(by_owner) == len(loosest)
        if bound and not shared.admits(bound):
            together = False
        tighter = [
            f"{each} by {owner}"
            for owner, each in sorted(loosest.items())
            if not together or each < shared
        ]
        if tighter:
            who = (
                "the only one who asks has a cap"
                if len(by_owner) == 1
                else "not all who ask have the same cap"
            )
            has = shared if together else "no cap"
            self.decide("cap", f"{who} ({_and(tighter)}); the entry has {has}")
        return [str(shared)] if together else []

    def look_for_covered(self, bound: str | None) -> None:
        """Note exclusions like ``!=2.1.*`` that the bound lies in."""
        from packaging.specifiers import SpecifierSet

        for each in self.wanted.exclusions:
            covers = SpecifierSet(each.replace("!=", "==", 1))
            if (
                bound
                and _base(each) < _version(bound)
                and covers.contains(bound, prereleases=True)
            ):
                self.decide(
                    "exclusion",
                    f"{each} covers the lower bound >={bound}, and is not in "
                    "the entry",
                )

    def license_comment(self) -> str:
        """The comment; empty where the license is not known."""
        for each in reversed(self.described):
            name = licenses.of(each) if each else ""
            if name:
                return f"# {name}"
        self.decide(
            "no-license",
            "its metadata names no license"
            if self.described
            else "its metadata cannot be had here, and so no license",
        )
        return ""


class _Cap(NamedTuple):
    """The upper end of a specifier set; a tighter one is less."""

    version: Version
    inclusive: bool

    def admits(self, version: str) -> bool:
        """Whether a version lies below it."""
        return (_version(version), True) <= self

    def __str__(self) -> str:
        return f"<{'=' if self.inclusive else ''}{self.version}"


def _cap(clauses: Iterable[Clause]) -> _Cap | None:
    """The tightest cap of some clauses; None where none caps anything."""
    found = []
    for operator, text in clauses:
        if operator in {"!=", ">=", ">"} or not _is_version(text):
            continue
        version = _version(text)
        if operator == "~=":
            found.append(
                _Cap(_next(version, version.release[:-1]), inclusive=False)
            )
        elif text.endswith(".*"):
            found.append(
                _Cap(_next(version, version.release), inclusive=False)
            )
        else:
            found.append(_Cap(version, inclusive=operator != "<"))
    return min(found, default=None)


def _next(version: Version, release: tuple[int, ...]) -> Version:
    """The first version that does not start with these numbers."""
    numbers = ".".join(map(str, (*release[:-1], release[-1] + 1)))
    return _version(f"{version.epoch}!{numbers}")


def _why(found: Wanted, exclusions: Collection[str]) -> tuple[str, ...]:
    """Who has the exclusions of an entry, as comment lines."""
    lines = []
    for exclusion in exclusions:
        version = exclusion.removeprefix("!=")
        who = {
            each.owner
            for each in found.demands
            for operator, text in _clauses([each])
            if operator in {"!=", ">"}
            and _version(text) == _version(version)
            and text.endswith(".*") == version.endswith(".*")
        }
        lines.append(f"{version}: excluded by {', '.join(sorted(who))}.")
    return tuple(lines)


def _both(first: str, second: str) -> str:
    """A marker that holds where both do."""
    parts = [
        f"({each})" if " or " in each else each
        for each in (first, second)
        if each
    ]
    return " and ".join(parts)


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def to_content(entries: Iterable[Entry], base: str = "") -> str:
    """The text of the list, in normal form and sorted by canonical name.

    :param base: a list that it continues, which stays as it is.
    """
    ordered = sorted(
        entries, key=lambda each: canonical_name(each.requirement.package)
    )
    text = "".join(each.to_text() for each in ordered)
    if not base.strip() or not text:
        return base or text
    return f"{base.rstrip()}\n\n{text}"


def to_json(decisions: Iterable[Decision]) -> str:
    """The decisions as one JSON object, for programs."""
    found = [
        {
            "package": each.package,
            "kind": each.kind,
            "message": each.message,
            "asked": [
                {"by": by, "requirement": text} for by, text in each.asked
            ],
        }
        for each in decisions
    ]
    return json_text({"decisions": found})
