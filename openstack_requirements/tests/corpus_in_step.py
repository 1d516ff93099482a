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
"""A law over the corpus: what passes the gate is in step, and vice versa.

Each project of the corpus, at each of its dates, meets each list of the
current policy. Where check-requirements passes it, update-requirements finds
nothing due; where nothing is due, check-requirements finds nothing that
update-requirements could cure. And no proposal adds an exclusion of what lies
below the project's own lower bound.

What update-requirements changes in a project that passes is what the global
list has and the gate does not ask for; :data:`FURTHER` says what that may be.
"""

from __future__ import annotations

import datetime
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks import judgement, verdicts
from openstack_requirements.checks.due_changes import due_changes
from openstack_requirements.errors import RequirementsError
from openstack_requirements.manifests import loader
from openstack_requirements.pep508 import ranges
from openstack_requirements.pep508.entries import names_in, read_entries
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.version_sets import version_set
from openstack_requirements.repository import policy, update
from openstack_requirements.repository.lists import GLOBAL
from openstack_requirements.tests import corpus_laws

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from openstack_requirements.repository.update import EntryChange

#: What an update changes in a project that passes, and why the gate does not
#: ask for it. Any other change breaks the law.
FURTHER = {
    "exclusion": "a project need not exclude all that the list excludes",
    "cap": "a project need not have the caps of the list",
    "marker": "a project may choose some of its markers",
    "bound": "~= and == are a lower bound and a cap; caps come from the list",
    "dropped": "what lies below its own bound, or is excluded by the list as "
    "well, a project may exclude in its own words",
}
#: What builds a project is for the project to say: it is not updated.
_NOT_UPDATED = frozenset({"build-system"})
_DAY = datetime.date(2030, 1, 1)


class InStep(NamedTuple):
    """What the law counts over many projects and lists.

    ``passing`` has the pairs that pass the gate, ``kept`` those of them that
    are in step as well; ``proposals`` the changed entries, ``pointless`` those
    that add an exclusion below the own bound. ``further`` counts the changes
    of passing projects by kind.
    """

    passing: int
    kept: int
    proposals: int
    pointless: int
    further: Mapping[str, int]
    broken: tuple[str, ...]


class Judged(NamedTuple):
    """A project and a list: what is wrong, and what an update would do."""

    passes: bool
    curable: tuple[str, ...]
    errors: tuple[str, ...]
    due: tuple[str, ...]
    changes: tuple[EntryChange, ...]


def check_in_step(folder: Path) -> InStep:
    """Hold the law against each project with each list of the corpus."""
    passing = kept = proposals = pointless = 0
    further: Counter[str] = Counter()
    broken: list[str] = []
    for pair in pairs(folder):
        judged = judge(pair)
        if judged is None:
            continue
        problems = problems_of(judged)
        broken += [f"{pair.name}: {problem}" for problem in problems]
        proposals += len(judged.changes)
        pointless += sum(map(adds_pointless, judged.changes))
        if judged.passes:
            passing += 1
            kept += not judged.due and not judged.errors
            further.update(
                kind for change in judged.changes for kind in kinds(change)
            )
    return InStep(passing, kept, proposals, pointless, further, tuple(broken))


def problems_of(judged: Judged) -> Iterator[str]:
    """How a project breaks the law."""
    if judged.passes:
        yield from (f"passes, but: {error}" for error in judged.errors)
        yield from (f"passes, but is due: {text}" for text in judged.due)
        for change in judged.changes:
            unknown = kinds(change) - FURTHER.keys()
            if unknown:
                yield f"passes, but {', '.join(unknown)}: {change}"
    if not judged.errors and not judged.due:
        yield from (f"is in step, but: {text}" for text in judged.curable)
    for change in judged.changes:
        if adds_pointless(change):
            yield f"excludes what lies below the bound: {change.new}"


def judge(pair: corpus_laws.Pair) -> Judged | None:
    """A project and a list under the current policy.

    None where the project cannot be read. Packages that the list lacks stay.
    """
    try:
        project = loader.load("proj", pair.project.get)
    except RequirementsError:
        return None
    never = names_in(
        pair.lists.get("denylist.txt", pair.lists.get("blacklist.txt", ""))
    )
    entries = read_entries(pair.lists[GLOBAL])
    against = judgement.against(
        policy.CURRENT,
        GLOBAL,
        entries,
        never,
        names_in(pair.lists.get("backports.txt", "")),
        build_backend="pbr.build",
    )
    follow = update.followed_list(
        policy.CURRENT,
        [entry.requirement for entry in entries if entry.requirement],
        never,
        hacking=True,
    )
    plan = update.plan(
        follow, "proj", project.name, project.texts, project.declared, "keep"
    )
    findings = [
        finding
        for finding in judgement.judge(
            judgement.subject(against, project.texts, project.declared)
        )
        if finding.finding.severity == "error"
        and finding.finding.rule not in _NOT_UPDATED
    ]
    request = verdicts.CheckRequest(
        verdicts.Criteria(against, ()),
        "master",
        local=True,
        revision="",
        today=_DAY,
        names={},
    )
    due = due_changes(request, "proj", plan)
    return Judged(
        not findings,
        tuple(
            f"{finding.file}:{finding.line}: {finding.rule}"
            for finding in corpus_laws.uncured(findings, project.declared)
            if canonical_name(finding.package or "") in against.listed
        ),
        tuple(map(str, plan.errors)),
        tuple(change.new for file in due.files for change in file.changes),
        tuple(change for file in plan.due for change in file.changes),
    )


def kinds(change: EntryChange) -> set[str]:
    """What a change does to an entry: keys of FURTHER, or else ``entry``."""
    if not change.old or not change.new:
        return {"entry"}
    old, new = parse_line(change.old), parse_line(change.new)
    result = {"marker"} if old.markers != new.markers else set()
    before, after = set(map(str, old.clauses)), set(map(str, new.clauses))
    if before - after:
        result.add("dropped")
    for clause in after - before:
        lower = clause.startswith(">")
        result.add(
            "exclusion"
            if clause.startswith("!=")
            else ("bound" if lower else "cap")
        )
    return result


def adds_pointless(change: EntryChange) -> bool:
    """Whether a change adds an exclusion that the lower bound makes empty."""
    if not change.new:
        return False
    new = parse_line(change.new)
    known = set(map(str, parse_line(change.old).clauses if change.old else ()))
    bounds = ranges.lower_side(new.specifiers)
    above = version_set(bounds)
    return bool(bounds) and any(
        above.issubset(version_set(str(clause)))
        for clause in new.clauses
        if clause.operator == "!=" and str(clause) not in known
    )


def pairs(folder: Path) -> Iterator[corpus_laws.Pair]:
    """Each project of the corpus with each list of the current policy."""
    texts_of = corpus_laws.texts_of
    projects = [
        (path.name, texts_of(path))
        for path in sorted((folder / "projects").glob("*"))
    ]
    for path in sorted((folder / "lists").glob(f"*/{GLOBAL}")):
        lists = texts_of(path.parent)
        entries = read_entries(lists[GLOBAL])
        found = policy.find(
            [entry.requirement for entry in entries if entry.requirement],
            denylist="denylist.txt" in lists,
        )
        if found is policy.CURRENT:
            for name, texts in projects:
                yield corpus_laws.Pair(
                    f"{name} with {path.parent.name}", lists, texts
                )
