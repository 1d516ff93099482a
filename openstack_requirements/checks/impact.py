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
    """What came of one project: a verdict, or why there is none."""

    root: str
    verdict: Verdict | None = None
    error: RequirementsError | None = None


class Rehearsal(NamedTuple):
    """What a change of the lists does to one project.

    :param broken: what is found with the new lists, and was not before.
    :param mended: what was found with the old lists, and is no more.
    :param passed: whether it passed before.
    :param passes: whether it passes with the new lists.
    """

    root: str
    broken: tuple[Finding, ...] = ()
    mended: tuple[Finding, ...] = ()
    passed: bool = True
    passes: bool = True
    error: RequirementsError | None = None

    @property
    def breaks(self) -> bool:
        """Whether something is an error with the new lists alone."""
        return any(finding.severity == "error" for finding in self.broken)


def compare_all(
    old: Sequence[Outcome], new: Sequence[Outcome]
) -> list[Rehearsal]:
    """The outcomes of all projects with the old and the new lists."""
    return [compare(*pair) for pair in zip(old, new, strict=True)]


def compare(old: Outcome, new: Outcome) -> Rehearsal:
    """One project's outcomes with the old and the new lists, compared."""
    if old.verdict is None or new.verdict is None:
        return Rehearsal(old.root, error=old.error or new.error)
    before = Counter(map(_what, old.verdict.findings))
    after = Counter(map(_what, new.verdict.findings))
    return Rehearsal(
        old.root,
        _only(new.verdict.findings, before),
        _only(old.verdict.findings, after),
        passed=_passes(old.verdict),
        passes=_passes(new.verdict),
    )


def changed_lines(
    old: Against, new: Against
) -> dict[CanonicalName, list[str]]:
    """What a change of the lists says of each package, as lines of a diff."""
    result: dict[CanonicalName, list[str]] = {}
    for name in sorted({*old.listed, *new.listed}):
        lines = []
        for sign, mine, other in (("-", old, new), ("+", new, old)):
            theirs = {e.text.strip() for e in other.listed.get(name, ())}
            lines += [
                f"{sign} {mine.file}:{each.number}: {each.text.strip()}"
                for each in mine.listed.get(name, ())
                if each.text.strip() not in theirs
            ]
        if lines:
            result[name] = lines
    for what, before, after in (
        ("the never-constrain list", old.never, new.never),
        ("backports.txt", old.backports, new.backports),
    ):
        for sign, names in (
            ("-", set(before) - set(after)),
            ("+", set(after) - set(before)),
        ):
            for name in sorted(names):
                result.setdefault(name, []).append(f"{sign} {what}: {name}")
    return result


def _what(finding: Finding) -> tuple[object, ...]:
    return finding[:2] + finding[3:7]


def _only(
    found: Sequence[Finding], others: Counter[tuple[object, ...]]
) -> tuple[Finding, ...]:
    left = Counter(others)
    result = []
    for each in found:
        if left[_what(each)]:
            left[_what(each)] -= 1
        else:
            result.append(each)
    return tuple(result)


def _passes(verdict: Verdict) -> bool:
    return not any(each.severity == "error" for each in verdict.findings)
