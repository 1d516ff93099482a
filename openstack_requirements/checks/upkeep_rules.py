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
"""Rules for the upkeep of lists, which reviewers apply now and then.

They need more than the lists: what projects require, freezes, the metadata of
pins. What is not known (None) is not judged. Nothing here opens a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks.findings import Finding, Problem, found_by
from openstack_requirements.checks.list_lines import meet
from openstack_requirements.pep508 import ranges
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from openstack_requirements.checks.findings import Severity
    from openstack_requirements.checks.list_lines import Listed, ListLine
    from openstack_requirements.constraints.graph import Demand
    from openstack_requirements.constraints.reasons import Hold
    from openstack_requirements.pep508.requirement import CanonicalName


class RequiredNames(NamedTuple):
    """What projects require, and what is installed needs.

    ``installed`` is None where no freezes were read.
    """

    projects: Collection[CanonicalName]
    installed: Collection[CanonicalName] | None


class PinLicense(NamedTuple):
    """The license of a pin, empty where its metadata names none.

    ``before`` has the licenses of the versions that were pinned before, by
    version, where these are others. It is empty where the pin did not move.
    """

    license: str
    before: Mapping[str, str]


class Upkeep(NamedTuple):
    """What the rules judge.

    ``licenses`` has those that are known, by name and version as pinned;
    ``holds`` what holds distributions back, by the freezes; ``since`` is the
    state before, as the user named it.
    """

    required: Listed
    pinned: Listed
    used: RequiredNames | None = None
    licenses: Mapping[tuple[CanonicalName, str], PinLicense] | None = None
    since: str = ""
    holds: Collection[Hold] | None = None


class UpkeepRule(NamedTuple):
    """One row of the table; see :class:`.list_rules.Rule`."""

    id: str
    severity: Severity
    find: Callable[[Upkeep], Iterator[Problem]]


def judge(subject: Upkeep) -> list[Finding]:
    """What all the rules find.

    :raises BadLine: at a line whose marker cannot be judged.
    """
    return found_by(RULES, subject)


def unused(subject: Upkeep) -> Iterator[Problem]:
    """Names of the global list that nothing requires."""
    if subject.used is None:
        return
    projects, installed = subject.used
    nothing = "" if installed is None else ", and nothing installed needs it"
    for name, entries in subject.required.by_name.items():
        if name in projects or name in (installed or ()):
            continue
        yield entries[0].problem(
            f"{entries[0].requirement.package}: no project requires it"
            f"{nothing}",
            hint=f"remove it from {subject.required.file}",
        )


def unlicensed(subject: Upkeep) -> Iterator[Problem]:
    """Pins whose metadata names no license."""
    for pin, version, license_of_pin in _licensed(subject):
        if not license_of_pin.license:
            yield pin.problem(
                f"the metadata of {pin.requirement.package} {version} names "
                "no license"
            )


def relicensed(subject: Upkeep) -> Iterator[Problem]:
    """Pins whose license is another than that of the pins before."""
    for pin, version, license_of_pin in _licensed(subject):
        if not license_of_pin.license:
            continue  # that is a finding of its own
        for before, license_before in license_of_pin.before.items():
            yield pin.problem(
                f"{pin.requirement.package} {version} has the license "
                f"{license_of_pin.license}; {before}, the pin of "
                f"{subject.since}, "
                + (f"had {license_before}" if license_before else "named none")
            )


def _licensed(subject: Upkeep) -> Iterator[tuple[ListLine, str, PinLicense]]:
    """The pins whose metadata is known; of equal pins, the first."""
    for name, pins in subject.pinned.by_name.items():
        seen = set()
        for pin in pins:
            version = pin.requirement.pin
            if version is None or version in seen:
                continue
            seen.add(version)
            known = (subject.licenses or {}).get((name, version))
            if known is not None:
                yield pin, version, known


def capped(subject: Upkeep) -> Iterator[Problem]:
    """Pins that requirements hold below the newest version that is known."""
    for hold in subject.holds or ():
        if not hold.newest:
            continue
        name = canonical_name(hold.name)
        pin = next(
            (
                line
                for line in subject.pinned.by_name.get(name, ())
                if line.requirement.pin == hold.version
            ),
            None,
        )
        if pin is None:
            continue  # the freezes are not of these constraints
        entries = [
            entry
            for entry in subject.required.by_name.get(name, ())
            if not ranges.admits(entry.requirement.specifiers, hold.newest)
            and meet(pin, entry)
        ]
        owners = [
            f"{entry.requirement.package}{entry.requirement.specifiers} of "
            f"{entry.file}:{entry.number}"
            for entry in entries
        ]
        # Freezes have the lines of the list as well.
        owners += [
            f"{_line(demand)} of {demand.who}"
            for demand in hold.by
            if demand.owner or not entries
        ]
        if owners:
            yield pin.problem(
                f"{hold.name} is pinned to {hold.version}, and {hold.newest} "
                f"is released (Python {', '.join(hold.pythons)}): kept away "
                f"by {', '.join(owners)}",
                hint="lift the cap where its reason is gone",
            )


def _line(demand: Demand) -> str:
    """A requirement as written, without a comment."""
    return demand.text.partition("#")[0].strip()


RULES = (
    UpkeepRule("unused-requirement", "error", unused),
    UpkeepRule("missing-license", "error", unlicensed),
    UpkeepRule("changed-license", "error", relicensed),
    UpkeepRule("capped-pin", "warning", capped),
)
