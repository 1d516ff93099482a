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
"""The section of the corpus about check-requirements.

Of a record counts the verdict for each file and package, and whether the run
failed; of the kinds only that a missing package is found to be unknown. What
the records do not cover (``install_requires``, ``setup_requires``) is left out
on our side.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from openstack_requirements.checks import judgement
from openstack_requirements.errors import RequirementsError
from openstack_requirements.manifests import declarations
from openstack_requirements.pep508 import ranges
from openstack_requirements.pep508.entries import names_in, read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository import policy
from openstack_requirements.tests.corpus import Case, Json, load, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    Verdict = tuple[str, str, str]

    from openstack_requirements.checks.judgement import Against, ProjectFinding
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.pep508.requirement import Requirement

POLICIES = {"classic": policy.CLASSIC, "current": policy.CURRENT}
_UNCOVERED = frozenset({"install_requires", "setup_requires"})
_NOT_COVERED = frozenset(
    {"build-system", "unreviewed-line", "unreadable-entry", "duplicate-entry"}
)
UNKNOWN = "unknown-requirement"


def check_cases(folder: Path) -> Iterator[Case]:
    """Each project with each list, and the small made cases."""
    for path in sorted((folder / "expected/check").glob("*.json")):
        record = load(path)
        lists = _files(folder / "lists" / record["list"])
        texts = _files(folder / "projects" / record["project"])
        branch = None
        if "branch" in record:
            branch = _files(folder / "projects" / record["branch"])
        yield _case(path.stem, record["vintage"], record, lists, texts, branch)
    for case in load(folder / "expected/micro/check.json")["cases"]:
        for vintage in POLICIES:
            if vintage in case:
                record = case[vintage]
                name = f"{case['name']}, {vintage}"
                # A classic record without a branch is of all that there is.
                yield _case(
                    name,
                    vintage,
                    record,
                    case["lists"],
                    case["project"],
                    case.get("branch") if vintage == "classic" else None,
                    unstable=bool(case.get("unstable_verdict")),
                )


def _files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): read(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _case(
    name: str,
    vintage: str,
    record: Json,
    lists: Mapping[str, str],
    texts: Mapping[str, str],
    branch: Mapping[str, str] | None,
    *,
    unstable: bool = False,
) -> Case:
    try:
        found, declared, listed = _judge(vintage, lists, texts, branch)
    except RequirementsError:
        return Case("check", name, bool(record["exit"]), True)
    errors = [each for each in found if each.finding.severity == "error"]
    if unstable or "validate" not in record or _read_nothing(record):
        # It ended early; whether it failed is left.
        return Case("check", name, bool(record["exit"]), bool(errors))
    expected = _recorded(record)
    actual: dict[Verdict, list[ProjectFinding]] = {}
    for each in errors:
        if each.entry is not None and _is_covered(record, each.finding.rule):
            label = _label(vintage, each.entry)
            package = canonical_name(each.finding.package or "")
            part = "lower" if each.finding.rule[:6] == "lower-" else "check"
            actual.setdefault((part, label, package), []).append(each)
    for row in (record.get("lower") or {}).get("failures", ()):
        # An exception says nothing: the original could not compare.
        if "exception" in row:
            package = canonical_name(row["package"])
            actual.pop(("lower", row["file"], package), None)
    differ = expected.keys() ^ actual.keys()
    explained = {
        verdict
        for verdict in differ
        if _explained(
            expected.get(verdict),
            [
                each.finding.rule
                for each in found
                if each.entry is not None
                and _label(vintage, each.entry) == verdict[1]
                and (
                    each.finding.package is None
                    or canonical_name(each.finding.package) == verdict[2]
                )
            ],
            [
                each.requirement
                for each in declared
                if each.requirement is not None
                and _label(vintage, each) == verdict[1]
                and canonical_name(each.requirement.package) == verdict[2]
            ],
            [
                each.requirement
                for each in listed.listed.get(canonical_name(verdict[2]), ())
            ],
        )
    }
    differ -= explained
    differ |= {
        verdict
        for verdict in expected.keys() & actual.keys()
        if (expected[verdict] == ["missing"])
        != (UNKNOWN in {each.finding.rule for each in actual[verdict]})
    }
    status = []
    options = any(each.finding.rule == "unreviewed-line" for each in errors)
    if not explained and not options and not _could_not_compare(record):
        status = [bool(record["exit"]), bool(errors)]
    return Case(
        "check",
        name,
        [*status[:1], *_words(differ & expected.keys())],
        [*status[1:], *_words(differ & actual.keys())],
    )


def _words(verdicts: Iterable[Verdict]) -> list[str]:
    return sorted(" ".join(verdict) for verdict in verdicts)


def _could_not_compare(record: Json) -> bool:
    """Whether a lower constraint without a marker ended the comparison."""
    lower = record.get("lower") or {}
    return bool(lower.get("exception")) or any(
        "exception" in row for row in lower.get("failures", ())
    )


def _is_covered(record: Json, rule: str) -> bool:
    """Whether a record has verdicts of this kind."""
    if rule.startswith("lower-"):
        return "failures" in (record.get("lower") or {})
    return rule not in _NOT_COVERED


def _read_nothing(record: Json) -> bool:
    return bool(record["process"].get("exception")) or "read" in record


def _recorded(record: Json) -> dict[Verdict, list[str]]:
    """The verdicts that are failures, with their kinds."""
    rows = record.get("failures", record.get("entries", []))
    found: dict[Verdict, list[str]] = {
        ("check", row["file"], canonical_name(row["package"])): row["kinds"]
        for row in rows
        if row.get("kinds")
    }
    lower = record.get("lower") or {}
    for row in lower.get("failures", ()):
        if "exception" not in row:
            key = ("lower", row["file"], canonical_name(row["package"]))
            found[key] = ["lower"]
    return found


def _label(vintage: str, entry: Declared) -> str:
    """What the records call the place of an entry."""
    if vintage == "classic":
        return entry.section.lower() or entry.file
    if entry.kind in {"extra", "optional"}:
        name = entry.section
        name = name.lower() if entry.kind == "extra" else name
        return f"{entry.file} ('{name}' extra)"
    if entry.kind == "group":
        return f"{entry.file} ('{entry.section}' dependency group)"
    return f"{entry.file} (dependencies)"


def _explained(
    kinds: list[str] | None,
    rules: list[str],
    mine: list[Requirement],
    theirs: list[Requirement],
) -> bool:
    """Whether a verdict differs because we compare by meaning.

    :param kinds: what the record says is wrong; None where nothing is.
    :param rules: what we find there.
    :param mine: the project's entries for the package.
    :param theirs: those of the global list.
    """
    if kinds is None:
        # We also see the upper side of "~=" and "==", and ranges that share
        # nothing; the original took a marker's start for the whole.
        return all(
            rule == "no-common-version"
            or (
                rule == "exclusion-not-global"
                and any(re.search("~=|==", each.specifiers) for each in mine)
            )
            or (
                rule == "marker-mismatch"
                and any(" and " in each.markers for each in theirs)
            )
            for rule in rules
        )
    if rules:
        return True  # it fails on our side too, by another name
    if kinds == ["no-lower-bound"]:
        return all(ranges.has_lower_bound(each.specifiers) for each in mine)
    if "exclusion" in kinds:
        return all(
            any(
                not ranges.excludes(each.specifiers, other.specifiers)
                for other in theirs
            )
            for each in mine
        )
    spelled = {each.package for each in theirs}
    markers = {each.markers for each in theirs}
    return any(
        each.package not in spelled or each.markers not in markers
        for each in mine
    )


def _judge(
    vintage: str,
    lists: Mapping[str, str],
    texts: Mapping[str, str],
    branch: Mapping[str, str] | None,
) -> tuple[list[ProjectFinding], list[Declared], Against]:
    never = lists.get("denylist.txt", lists.get("blacklist.txt", ""))
    listed = judgement.against(
        POLICIES[vintage],
        "global-requirements.txt",
        read_entries(lists["global-requirements.txt"]),
        names_in(never),
        names_in(lists.get("backports.txt", "")),
        build_backend="pbr.build",
    )
    if vintage == "classic":
        # There was no pyproject.toml yet.
        texts = {k: v for k, v in texts.items() if k != declarations.PYPROJECT}
    declared = _declared(texts)
    target = None if branch is None else _declared(branch)
    project = judgement.subject(listed, texts, declared, target=target)
    return judgement.judge(project), declared, listed


def _declared(texts: Mapping[str, str]) -> list[Declared]:
    ordered = {
        name: texts[name]
        for name in (
            *declarations.REQUIREMENTS_FILES,
            declarations.SETUP_CFG,
            declarations.PYPROJECT,
        )
        if name in texts
    }
    return [
        each
        for each in declarations.read(ordered)
        if each.kind not in _UNCOVERED
    ]


SECTIONS = (check_cases,)
