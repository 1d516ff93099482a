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
"""Laws over the corpus: what commands write passes check-requirements.

Each project of the corpus is brought in line with each list that it is
recorded with, under both policies, and what update-requirements would write
is judged as check-requirements judges it. No outcome is recorded for that:
the two commands have to agree with each other. Packages that the list lacks
are dropped, and hacking follows the list, so that as few errors as possible
end an update and as many entries as possible are judged.

The same projects are judged, and each change that a finding promises is made:
alone, it leaves that finding behind and brings no other; all of them, as
``--fix`` makes them, leave only findings without a known fix.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements.checks import fixes, judgement, verdicts
from openstack_requirements.errors import RequirementsError
from openstack_requirements.manifests import declarations, loader
from openstack_requirements.pep508 import ranges
from openstack_requirements.pep508.entries import names_in, read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository import policy, update

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )
    from pathlib import Path

    from openstack_requirements.checks.findings import Finding
    from openstack_requirements.checks.project_findings import ProjectFinding
    from openstack_requirements.checks.subjects import Against
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


#: Waivers are judged by it; those of the corpus have no date.
TODAY = datetime.date(2026, 1, 1)


class Outcome(NamedTuple):
    """How many cases of a law there are, and what breaks it."""

    cases: int
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
    return _checked(folder, judge_update)


def check_fixes(folder: Path) -> Outcome:
    """Judge each project of the corpus, and make the promised changes."""
    return _checked(folder, judge_fixes)


def _checked(
    folder: Path, judge: Callable[[Pair, policy.Policy], list[str] | None]
) -> Outcome:
    """The outcome of a law for each project and list, by both policies.

    :param judge: says what breaks it; None where there is no case.
    """
    cases = 0
    broken: list[str] = []
    for pair in pairs(folder):
        for rules in POLICIES:
            problems = judge(pair, rules)
            if problems is None:
                continue
            cases += 1
            if problems:
                lines = "".join(f"\n    {line}" for line in problems)
                broken.append(f"{pair.name}, {rules.name}:{lines}")
    return Outcome(cases, tuple(broken))


def judge_fixes(pair: Pair, rules: policy.Policy) -> list[str] | None:
    """The promises about a project that are not kept; None without a case."""
    try:
        pins = read_entries(
            pair.lists.get("upper-constraints.txt", ""), permit_urls=True
        )
    except RequirementsError:
        pins = []
    try:
        lists = judgement.against(
            rules,
            "global-requirements.txt",
            read_entries(pair.lists["global-requirements.txt"]),
            _never(pair),
            names_in(pair.lists.get("backports.txt", "")),
            [entry.requirement for entry in pins if entry.requirement],
            "pbr.build",
        )
        project = loader.load("proj", pair.project.get)
        return broken_promises(lists, project.texts, "master", TODAY)
    except (RequirementsError, KeyError):
        return None


def broken_promises(
    lists: Against,
    texts: Mapping[str, str],
    branch: str,
    today: datetime.date,
) -> list[str]:
    """The findings about a project whose fix does not do what it says.

    :param texts: the project's files.
    """
    request = verdicts.CheckRequest(
        verdicts.Criteria(lists, ()), branch, True, "", today, {}
    )

    def judged(files: Mapping[str, str]) -> list[ProjectFinding]:
        return judgement.judge(
            judgement.subject(lists, files, declarations.read(files), branch)
        )

    findings = judged(texts)
    before = Counter(map(_kind, findings))
    broken = []
    promises = {
        (row.change, _kind(row)): row
        for row in findings
        if row.finding.fix is not None
    }
    for (change, kind), row in promises.items():
        assert change is not None
        after = Counter(map(_kind, judged(fixes.make(texts, [change]))))
        if after[kind] >= before[kind]:
            broken.append(f"{_told(row)} stays")
        broken += [f"{_told(row)} brings {new}" for new in after - before]
    checkout = verdicts.Checkout(".", "proj", texts, declarations.read(texts))
    changed = verdicts.fix(request, checkout)
    written = {file: new for file, (_, new) in changed.items()}
    broken += [
        f"{_told(row)} is left by --fix"
        for row in judged({**texts, **written})
        if row.finding.fix is not None
    ]
    return broken


def _kind(row: ProjectFinding) -> tuple[str | None, ...]:
    """What tells the findings about a project apart, but for their lines."""
    finding, entry = row.finding, row.entry
    section = None if entry is None else entry.section
    name = None
    if finding.package is not None:
        name = canonical_name(finding.package)
    return (finding.rule, finding.file, section, name)


def _told(row: ProjectFinding) -> str:
    finding = row.finding
    return (
        f"{finding.file}:{finding.line}: {finding.rule}: {finding.text}: the "
        f"finding with the fix {finding.fix!r}"
    )


def judge_update(pair: Pair, rules: policy.Policy) -> list[str] | None:
    """What is wrong with an updated project; None where there is no update."""
    never = _never(pair)
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
            build_backend="pbr.build",
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


def _never(pair: Pair) -> frozenset[CanonicalName]:
    """The names of a repository's never-constrain list."""
    return names_in(
        pair.lists.get("denylist.txt", pair.lists.get("blacklist.txt", ""))
    )


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
