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
"""What a change of the lists does to projects.

Each project is judged twice, with the lists as they are and as they would be;
here the two are compared.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.checks.findings import Finding, Verdict
    from openstack_requirements.checks.judgement import Against
    from openstack_requirements.errors import RequirementsError
    from openstack_requirements.pep508.requirement import CanonicalName


class Outcome(NamedTuple):
    """The outcome for one project: a verdict, or the error instead."""

    root: str
    verdict: Verdict | None = None
    error: RequirementsError | None = None


class ProjectImpact(NamedTuple):
    """What a change of the lists does to one project.

    :param broken: the findings with the new lists that the old ones have not.
    :param fixed: the findings with the old lists that the new ones have not.
    :param passed: whether it passes with the old lists.
    :param passes: whether it passes with the new lists.
    """

    root: str
    broken: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    passed: bool = True
    passes: bool = True
    error: RequirementsError | None = None

    @property
    def breaks(self) -> bool:
        """Whether something is an error with the new lists alone."""
        return any(finding.severity == "error" for finding in self.broken)


def compare_all(
    old: Sequence[Outcome], new: Sequence[Outcome]
) -> list[ProjectImpact]:
    """The outcomes of all projects with the old and the new lists."""
    return [compare(*pair) for pair in zip(old, new, strict=True)]


def compare(old: Outcome, new: Outcome) -> ProjectImpact:
    """One project's outcomes with the old and the new lists, compared."""
    if old.verdict is None or new.verdict is None:
        return ProjectImpact(old.root, error=old.error or new.error)
    old_findings, new_findings = old.verdict.findings, new.verdict.findings
    return ProjectImpact(
        old.root,
        _only(new_findings, old_findings),
        _only(old_findings, new_findings),
        passed=_passes(old.verdict),
        passes=_passes(new.verdict),
    )


def changed_lines(
    old: Against, new: Against
) -> dict[CanonicalName, list[str]]:
    """What a change of the lists changes for packages, as lines of a diff."""
    result: dict[CanonicalName, list[str]] = {}
    for name in sorted({*old.listed, *new.listed}):
        lines = []
        for sign, left, right in (("-", old, new), ("+", new, old)):
            kept = {line.text.strip() for line in right.listed.get(name, ())}
            lines += [
                f"{sign} {left.file}:{line.number}: {line.text.strip()}"
                for line in left.listed.get(name, ())
                if line.text.strip() not in kept
            ]
        if lines:
            result[name] = lines
    for file, before, after in (
        ("the never-constrain list", set(old.never), set(new.never)),
        ("backports.txt", set(old.backports), set(new.backports)),
    ):
        for sign, names in (("-", before - after), ("+", after - before)):
            for name in sorted(names):
                result.setdefault(name, []).append(f"{sign} {file}: {name}")
    return result


def _identity(finding: Finding) -> tuple[object, ...]:
    """What makes a finding the same as one with other lists.

    The message and the fix name the lists' lines, so they do not count.
    """
    return finding[:2] + finding[3:7]


def _only(
    left: Sequence[Finding], right: Sequence[Finding]
) -> tuple[Finding, ...]:
    """The findings on the left that are not on the right."""
    counts = Counter(map(_identity, right))
    result = []
    for finding in left:
        if counts[_identity(finding)]:
            counts[_identity(finding)] -= 1
        else:
            result.append(finding)
    return tuple(result)


def _passes(verdict: Verdict) -> bool:
    return not any(finding.severity == "error" for finding in verdict.findings)
