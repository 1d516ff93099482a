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
"""A law over the corpus: what update-requirements writes passes the gate.

Each project of the corpus is brought in line with each list that it is
recorded with, under both policies, and what update-requirements would write
is judged as check-requirements judges it. No outcome is recorded for that:
the two commands have to agree with each other.

Packages that the list lacks are dropped, and hacking follows the list, so
that as few errors as possible end an update and as many entries as possible
are judged.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements.checks import judgement
from openstack_requirements.errors import RequirementsError
from openstack_requirements.manifests import declarations, loader
from openstack_requirements.pep508 import ranges
from openstack_requirements.pep508.entries import names_in, read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository import policy, update

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from openstack_requirements.checks.findings import Finding
    from openstack_requirements.checks.project_findings import ProjectFinding
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )

POLICIES = (policy.CLASSIC, policy.CURRENT)

#: The rules whose findings update-requirements does not cure, and why not.
#: The findings of every other rule break the law.
NOT_CURED = {
    "unreviewed-line": "an option or a URL is handed through as it is",
    "unreadable-entry": "it cannot be told what was meant",
    "lower-constraint-unreadable": "lower-constraints.txt is not written",
    "lower-constraint-missing": "lower-constraints.txt is not written",
    "lower-constraint-incompatible": "lower-constraints.txt is not written",
    "lower-constraint-mismatch": "lower-constraints.txt is not written",
    "lower-constraint-no-bound": "lower-constraints.txt is not written",
    "obsolete-file": "files keep their names",
    "build-system": "no table is added to pyproject.toml",
    "unknown-group": "the includes of groups stay as they are",
    "group-cycle": "the includes of groups stay as they are",
}


class Outcome(NamedTuple):
    """How many updates were judged, and the findings that break the law."""

    updates: int
    broken: tuple[str, ...]


class Pair(NamedTuple):
    """A project and a requirements repository, by path and text."""

    name: str
    lists: Mapping[str, str]
    project: Mapping[str, str]


def uncured(
    findings: Iterable[ProjectFinding], before: Sequence[Declared]
) -> list[Finding]:
    """The findings that update-requirements should have left none of.

    :param findings: about the project as update-requirements wrote it.
    :param before: what the project declared until then.
    """
    return [
        finding.finding
        for finding in findings
        if finding.finding.rule not in NOT_CURED
        and (finding.entry is None or _follows(finding.entry))
        and not _is_left(finding, before)
    ]


def _follows(entry: Declared) -> bool:
    """Whether an entry is one that update-requirements writes.

    What builds a project does not follow the list, and which groups a group
    includes is for the project to say.
    """
    return entry.kind in update.FOLLOWING and not entry.include


def _is_left(finding: ProjectFinding, before: Iterable[Declared]) -> bool:
    """Whether update-requirements cannot know how to cure a finding."""
    entry = finding.entry
    if entry is None or entry.requirement is None:
        return False
    name = canonical_name(entry.requirement.package)
    there = [
        old.requirement
        for old in before
        if old.requirement is not None
        and (old.file, old.kind, old.section)
        == (entry.file, entry.kind, entry.section)
        and canonical_name(old.requirement.package) == name
    ]
    extras = _extras(entry.requirement)
    if finding.finding.rule == "no-lower-bound":
        # No bound is invented for an entry that had none.
        return any(
            not ranges.has_lower_bound(old.specifiers)
            for old in there
            if _extras(old) == extras
        )
    if finding.finding.rule == "entry-count":
        # Where foo[a] and foo[a,b] both stand, either may be the right one.
        sets = {_extras(old) for old in there}
        return extras in sets and any(
            extras & also for also in sets - {extras}
        )
    return False


def _extras(requirement: Requirement) -> frozenset[CanonicalName]:
    return frozenset(map(canonical_name, requirement.extras))


def check_updates(folder: Path) -> Outcome:
    """Update each project of the corpus, and judge what would be written."""
    updates = 0
    broken: list[str] = []
    for pair in pairs(folder):
        for rules in POLICIES:
            findings = judge_update(pair, rules)
            if findings is None:
                continue
            updates += 1
            if findings:
                lines = "".join(f"\n    {line}" for line in findings)
                broken.append(f"{pair.name}, {rules.name}:{lines}")
    return Outcome(updates, tuple(broken))


def judge_update(pair: Pair, rules: policy.Policy) -> list[str] | None:
    """What is wrong with an updated project; None where there is no update."""
    never = names_in(
        pair.lists.get("denylist.txt", pair.lists.get("blacklist.txt", ""))
    )
    try:
        entries = read_entries(pair.lists["global-requirements.txt"])
        project = loader.load("proj", pair.project.get)
        follow = update.followed_list(
            rules,
            [entry.requirement for entry in entries if entry.requirement],
            never,
            hacking=True,
        )
        plan = update.plan(
            follow,
            "proj",
            project.name,
            project.texts,
            project.declared,
            "drop",
        )
        if plan.errors:
            return None
        texts = {
            **project.texts,
            **{file.path: file.new for file in plan.files},
        }
        against = judgement.against(
            rules,
            "global-requirements.txt",
            entries,
            never,
            names_in(pair.lists.get("backports.txt", "")),
        )
        findings = judgement.judge(
            judgement.subject(against, texts, declarations.read(texts))
        )
    except (RequirementsError, KeyError):
        return None
    return [
        f"{finding.file}:{finding.line}: {finding.rule}: {finding.message}"
        for finding in uncured(findings, project.declared)
    ]


def pairs(folder: Path) -> Iterator[Pair]:
    """The projects of the corpus, each with the lists recorded for it."""
    expected = folder / "expected"
    recorded = {
        (record["project"], record["list"])
        for kind in ("update", "check")
        for path in (expected / kind).glob("*.json")
        for record in [_load(path)]
    }
    for project, listed in sorted(recorded):
        yield Pair(
            f"{project} with {listed}",
            texts_of(folder / "lists" / listed),
            texts_of(folder / "projects" / project),
        )
    for kind in ("update", "check"):
        path = expected / "micro" / f"{kind}.json"
        for case in _load(path)["cases"] if path.exists() else ():
            yield Pair(
                f"micro {kind}: {case['name']}", case["lists"], case["project"]
            )


def _load(path: Path) -> Any:
    return json.loads(path.read_bytes())


def texts_of(folder: Path) -> dict[str, str]:
    """The files in a folder by their path inside of it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
