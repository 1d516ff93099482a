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
"""The verdict on a project, decided from values alone.

A :class:`Checkout` has everything that deciding needs: the project's files
and, where only a change is judged, what they were before. The rules find
what is wrong (:mod:`.judgement`), and waivers say what may stay
(:mod:`.waiving`). :mod:`.loader` makes the values. Nothing here opens a file,
starts git or looks at the clock.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks import (
    findings,
    fixes,
    judgement,
    waiving,
)
from openstack_requirements.manifests import declarations
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository import waivers

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence

    from openstack_requirements.checks.findings import Finding, Verdict, Waived
    from openstack_requirements.checks.judgement import (
        Against,
        Meanings,
        ProjectFinding,
    )
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.repository.waivers import Waiver

#: A fix may bring another finding to light, but not for ever.
MOST_ROUNDS = 10
#: The ids of the rules that can be waived.
_RULES = frozenset(rule.id for rule in judgement.RULES)


class Criteria(NamedTuple):
    """What projects are judged by: the lists, and the waivers granted."""

    against: Against
    waivers: Sequence[Waiver]
    warnings: tuple[str, ...] = ()


class CheckRequest(NamedTuple):
    """How to judge projects.

    :param branch: the branch that the projects' changes are for.
    :param local: judge all that there is, under the classic policy too.
    :param revision: report what is new since this revision, under any policy.
    :param today: the day that waivers are judged on.
    :param names: what projects are called (org/name), by root, where that
        is known; otherwise a folder's own name counts.
    """

    criteria: Criteria
    branch: str
    local: bool
    revision: str
    today: datetime.date
    names: Mapping[str, str]


class Snapshot(NamedTuple):
    """What a project declared at a revision."""

    texts: Mapping[str, str]
    declared: Sequence[Declared]


class Checkout(NamedTuple):
    """A project, with everything that deciding needs.

    :param root: the project's folder, as the user names it.
    :param name: what waivers call the project.
    :param texts: its files by their path inside of it.
    :param declared: what they declare.
    :param parent: the project before the change. An entry that stands
        unchanged there is not judged.
    :param baseline: the project at the revision that the user names. A
        finding that was there is counted, and not reported.
    """

    root: str
    name: str
    texts: Mapping[str, str]
    declared: Sequence[Declared]
    parent: Snapshot | None = None
    baseline: Snapshot | None = None


class _Decided(NamedTuple):
    """What is decided about the findings of a project.

    :param reported: the findings of the rules that are new and not waived.
    :param findings: the findings that count: of the rules and of waivers.
    :param waived: the findings that a waiver keeps from counting.
    :param known: how many findings the baseline has as well.
    :param entries: how many entries were judged.
    """

    reported: Sequence[ProjectFinding]
    findings: Sequence[Finding]
    waived: Sequence[Waived]
    known: int
    entries: int


def judge(request: CheckRequest, checkout: Checkout) -> Verdict:
    """The verdict on a project, its files named by path from here."""
    decided = _decide(request, checkout)
    root = posixpath.normpath(checkout.root)
    return findings.verdict(
        root,
        [_placed(finding, root) for finding in decided.findings],
        [
            waived._replace(finding=_placed(waived.finding, root))
            for waived in decided.waived
        ],
        decided.known,
        (
            findings.Amount(len(checkout.texts), "file"),
            _judged(checkout, decided.entries),
        ),
    )


def _judged(checkout: Checkout, entries: int) -> findings.Amount:
    """How many entries were judged: all, or those that a change touches."""
    if checkout.parent is None:
        return findings.Amount(entries, "entry", "entries")
    return findings.Amount(entries, "changed entry", "changed entries")


def reported(
    request: CheckRequest, checkout: Checkout
) -> Sequence[ProjectFinding]:
    """The findings of the rules that are new and not waived."""
    return _decide(request, checkout).reported


def fix(
    request: CheckRequest, checkout: Checkout
) -> dict[str, tuple[str, str]]:
    """The files that the smallest changes would change: before and after.

    A finding without a known change stays, and so does one that is waived.

    :raises RequirementsError: where a changed file cannot be read.
    """
    texts = dict(checkout.texts)
    for _ in range(MOST_ROUNDS):
        declared = declarations.read(texts)
        changed = checkout._replace(texts=texts, declared=declared)
        changes = [
            row.change
            for row in _decide(request, changed).reported
            if row.change is not None
        ]
        if not changes:
            break
        texts = fixes.make(texts, changes)
    return {
        path: (checkout.texts[path], text)
        for path, text in texts.items()
        if text != checkout.texts[path]
    }


def _decide(request: CheckRequest, checkout: Checkout) -> _Decided:
    """Which findings count, which are waived, and how many are known."""
    against = request.criteria.against
    parent, baseline = checkout.parent, checkout.baseline
    subject = judgement.subject(
        against,
        checkout.texts,
        checkout.declared,
        request.branch,
        None if parent is None else parent.declared,
    )
    judged = judgement.find(subject)
    new = judged
    if baseline is not None:
        known = judgement.find(
            judgement.subject(
                against, baseline.texts, baseline.declared, request.branch
            )
        )
        new = _new(judged, known, judgement.Meanings(against.policy))
    lines = None
    if parent is not None or baseline is not None:
        lines = {(entry.file, entry.line) for entry in subject.declared}
    known_waivers = [
        *request.criteria.waivers,
        *waivers.inline(checkout.texts),
    ]
    counting, waived = waiving.apply(
        [row.finding for row in new],
        known_waivers,
        checkout.name,
        request.today,
        rules=_RULES,
        judged=lines,
    )
    among = _among(new, counting)
    reported = fixes.promised(
        subject,
        among,
        judgement.find,
        waiving.is_waived(known_waivers, checkout.name, request.today),
    )
    promised = {
        row.finding: with_fix.finding
        for row, with_fix in zip(among, reported, strict=True)
    }
    return _Decided(
        reported,
        [promised.get(finding, finding) for finding in counting],
        waived,
        len(judged) - len(new),
        len(subject.declared),
    )


def _among(
    new: Sequence[ProjectFinding], counting: Sequence[Finding]
) -> list[ProjectFinding]:
    """Those whose finding counts, each as often as it does."""
    left = Counter(counting)
    result = []
    for judged in new:
        if left[judged.finding]:
            left[judged.finding] -= 1
            result.append(judged)
    return result


def _new(
    judged: Sequence[ProjectFinding],
    known: Sequence[ProjectFinding],
    meanings: Meanings,
) -> list[ProjectFinding]:
    """The findings that were not there before."""
    left = Counter(_identity(finding, meanings) for finding in known)
    result = []
    for finding in judged:
        identity = _identity(finding, meanings)
        if left[identity]:
            left[identity] -= 1
        else:
            result.append(finding)
    return result


def _identity(
    judged: ProjectFinding, meanings: Meanings
) -> tuple[object, ...]:
    """What makes a finding the same as one of another revision.

    Its entry counts by what it says, not by how that is written.
    """
    finding, entry = judged.finding, judged.entry
    return (
        finding.rule,
        finding.file,
        finding.package and canonical_name(finding.package),
        None
        if entry is None
        else (
            entry.kind,
            canonical_name(entry.section),
            *meanings.of(entry),
        ),
    )


def _placed(finding: Finding, root: str) -> Finding:
    """A finding with the path from here, where the project is elsewhere."""
    if finding.file is None or root == ".":
        return finding
    if finding.file.endswith(waivers.FILE):
        return finding  # a file of the requirements repository
    path = posixpath.normpath(posixpath.join(root, finding.file))
    return finding._replace(file=path)
