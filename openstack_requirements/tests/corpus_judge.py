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
"""The sections of the corpus about commands that judge.

Of a record counts what was found wrong with which package, and whether the run
failed; wording and order do not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.version import Version

from openstack_requirements.checks import install_rules, list_lines, list_rules
from openstack_requirements.errors import RequirementsError
from openstack_requirements.manifests import declarations, loader
from openstack_requirements.pep508.entries import names_in, read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository import policy
from openstack_requirements.tests.corpus import Case, Json, load, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openstack_requirements.checks.findings import Finding, Problem
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.pep508.specifiers import Clause

    Found = set[tuple[str, str]]

POLICIES = {"classic": policy.CLASSIC, "current": policy.CURRENT}

# -- validate --------------------------------------------------------------

# What the originals printed, and the rule that it stands for.
_VALIDATE = [
    (r"Invalid constraint for (\S*) does not have 3", "inexact-constraint"),
    (r"Constraint for (\S+?)==.* does not match", "incompatible-constraint"),
    (r"Constraint .* for (\S+) does not match", "incompatible-constraint"),
    (r"Requirement (\S+) (?:needs|has|should not)", "global-bounds"),
    (r"'(\S+)' appears in \S+ but not", "unconstrained-requirement"),
    (r"'(\S+)' appears in both", "never-constrained"),
]


def validate_cases(folder: Path) -> Iterator[Case]:
    """Each list with its constraints, and with those of another date."""
    for path in sorted((folder / "expected/validate").glob("*.json")):
        record = load(path)
        pins = record.get("constraints_list", record["list"])
        dates = (record["list"], pins, record["list"])
        runs = record["runs"]
        for run in runs:
            twins = [each["label"] for each in runs].count(run["label"])
            if run["error"] and twins > 1:
                continue  # it ended early; the same run follows, whole
            files = zip(dates, run["args"], strict=True)
            texts = [read(folder / "lists" / d / file) for d, file in files]
            name = f"{path.stem}, {run['label']}"
            yield _validate_case(name, record["vintage"], run, texts)
    for case in load(folder / "expected/micro/validate.json")["cases"]:
        texts = [case["lists"][file] for file in case["args"]]
        for vintage in POLICIES:
            run = case.get(f"{vintage}_with_packaging_25", case[vintage])
            name = f"{case['name']}, {vintage}"
            yield _validate_case(name, vintage, run, texts)


def _validate_case(
    name: str, vintage: str, run: Json, texts: list[str]
) -> Case:
    actual = _validate(vintage, texts)
    expected, dropped = _recorded(run["stdout"])
    failed = bool(run["exit"]) and bool(expected or not dropped)
    if run.get("error") or actual is None:
        # Where one of the two ended early, whether it failed is left.
        return Case("validate", name, failed, actual is None or bool(actual))
    return Case(
        "validate",
        name,
        [failed, *map(" ".join, sorted(expected - actual))],
        [bool(actual), *map(" ".join, sorted(actual - expected))],
    )


def _validate(vintage: str, texts: list[str]) -> Found | None:
    required, pinned, never = texts
    try:
        found = list_rules.judge(
            list_rules.JudgedLists(
                POLICIES[vintage],
                list_lines.listed("g", read_entries(required)),
                list_lines.listed(
                    "c",
                    read_entries(
                        pinned, permit_urls=True, keep_editable=False
                    ),
                ),
                "n",
                names_in(never),
            )
        )
    except RequirementsError:
        return None
    return _rows(found)


def _rows(found: list[Finding]) -> Found:
    return {(each.rule, canonical_name(each.package or "")) for each in found}


def _printed(patterns: list[tuple[str, str]], lines: list[str]) -> Found:
    """The lines that stand for a rule."""
    return {
        (rule, canonical_name(match[1]))
        for pattern, rule in patterns
        for line in lines
        if (match := re.match(pattern, line))
    }


def _recorded(lines: list[str]) -> tuple[Found, bool]:
    """What a run printed; and whether some of it is no fault to us.

    That is where the normal form would only spell a name otherwise.
    """
    found = _printed(_VALIDATE, lines)
    old = [line[1:] for line in lines if line.startswith("-")]
    new = {_spelled(line[1:]) for line in lines if line.startswith("+")}
    kept = [line for line in old if _spelled(line) not in new]
    names = (re.match(r"\s*([\w.-]*)", line) for line in kept)
    found |= {
        ("not-normal-form", canonical_name(match[1]))
        for match in names
        if match
    }
    return found, len(kept) < len(old)


def _spelled(line: str) -> str:
    """A line with its name in canonical form."""
    return re.sub(r"^[\w.-]+", lambda match: canonical_name(match[0]), line)


# -- check-constraints ------------------------------------------------------

_CHECK = [
    (r"(\S+) from \S+ not found in global-", "unknown-requirement"),
    (r"(\S+) from \S+ not found in upper-", "unconstrained-requirement"),
    (r"(\S+) must be <= ", "incompatible-constraint"),
    (r"Specifier \S+ from (\S+) is failing", "bound-not-global"),
]


_INSTALLERS = {
    ("unconstrained-requirement", name) for name in policy.INSTALLERS
}


def check_constraints_cases(folder: Path) -> Iterator[Case]:
    """Each project with the lists of a date, without and with -G."""
    for path in sorted((folder / "expected/check-constraints").glob("*.json")):
        record = load(path)
        texts = {
            name: read(folder / "projects" / record["project"] / name)
            for name in loader.MANIFESTS
            if (folder / "projects" / record["project"] / name).is_file()
        }
        for run in record["runs"]:
            names = [run["args"][number].split("/")[1] for number in (1, 3, 5)]
            listed = [
                read(folder / "lists" / record["list"] / name)
                for name in names
            ]
            name = f"{path.stem}{', -G' if '-G' in run['args'] else ''}"
            yield _check_case(name, record["vintage"], run, texts, listed)
    path = folder / "expected/micro/check-constraints.json"
    for case in load(path)["cases"]:
        listed = [case["lists"][name] for name in _NAMES]
        for vintage in POLICIES:
            run = case.get("both") or case[vintage]
            if run["exit"] == 2 or case["args"][-1] != "proj":
                continue  # usage, which the tests of the command cover
            run = {**run, "args": case["args"]}
            name = f"{case['name']}, {vintage}"
            yield _check_case(name, vintage, run, case["project"], listed)


_NAMES = ("upper-constraints.txt", "global-requirements.txt", "denylist.txt")


def _check_case(
    name: str,
    vintage: str,
    run: Json,
    texts: dict[str, str],
    listed: list[str],
) -> Case:
    found = _check(vintage, run["args"], texts, listed)
    expected = _printed(_CHECK, run["stdout"])
    # Nothing constrains what installs; the original asked for that.
    exempt = {pair for pair in expected if pair in _INSTALLERS}
    if exempt and exempt == expected:
        return Case("check-constraints", name, [], sorted(found or ()))
    expected -= exempt
    crashed = run["exit"] and not expected
    if crashed or found is None:
        actual = found is None or bool(found)
        return Case("check-constraints", name, bool(run["exit"]), actual)
    failed = bool(run["exit"])
    points = {
        row
        for row in expected - found
        if row[0] == "bound-not-global"
        and _ends_are_within(row[1], vintage, texts, listed[1])
    }
    if points:
        # The original compared the versions of bounds as points.
        expected -= points
        failed = bool(expected)
    return Case(
        "check-constraints",
        name,
        [failed, *map(" ".join, sorted(expected - found))],
        [bool(found), *map(" ".join, sorted(found - expected))],
    )


def _ends_are_within(
    name: str, vintage: str, texts: dict[str, str], required: str
) -> bool:
    """Whether no bound of a project is beyond one of the global list.

    That is: none of its lower bounds is below one of the list, and none of
    its caps above one. Pins are not excused.
    """
    by_name = list_lines.listed("g", read_entries(required)).by_name
    clauses = [
        clause
        for judged in _wanted(vintage, texts, frozenset())[0]
        if judged.name == name
        for clause in judged.line.requirement.clauses
        if clause.operator != "!="
    ]
    return any(
        all(
            _is_not_beyond(clause, bound)
            for clause in clauses
            for bound in line.requirement.clauses
        )
        for line in by_name[canonical_name(name)]
    )


def _is_not_beyond(clause: Clause, bound: Clause) -> bool:
    """Whether a clause of a project is not beyond one of the global list."""
    declared, allowed = _end(clause), _end(bound)
    if declared is None or allowed is None:
        return declared is not None and bound.operator == "!="
    if clause.operator[0] != bound.operator[0]:
        return True
    if clause.operator[0] == ">":
        return declared >= allowed
    return declared <= allowed


def _end(clause: Clause) -> tuple[Version, bool] | None:
    """A place to compare bounds by; None for what is no plain bound."""
    if clause.operator in {">=", ">", "<", "<="}:
        # ">1" starts behind ">=1", and "<=1" stops behind "<1".
        return Version(clause.version), clause.operator in {">", "<="}
    return None


def _wanted(
    vintage: str, texts: dict[str, str], never: frozenset[CanonicalName]
) -> tuple[list[install_rules.JudgedRequirement], list[Problem]]:
    """What the originals read of a project.

    None of them read extras or groups, and the classic one no
    pyproject.toml.
    """
    if vintage == "classic":
        texts = {k: v for k, v in texts.items() if k != declarations.PYPROJECT}
    return install_rules.judged_requirements(
        [
            entry
            for entry in loader.load("p", texts.get).declared
            if entry.kind in {"file", "dependencies"}
        ],
        never,
        str,
    )


def _check(
    vintage: str, args: list[str], texts: dict[str, str], listed: list[str]
) -> Found | None:
    """What is found in what the originals read."""
    pinned, required, never = listed
    try:
        wanted, unread = _wanted(vintage, texts, names_in(never))
        entries = read_entries(pinned, permit_urls=True, keep_editable=False)
        found = install_rules.judge(
            install_rules.ProjectAndLists(
                POLICIES[vintage],
                list_lines.listed("g", read_entries(required)),
                list_lines.listed("c", entries),
                wanted,
                unread,
            ),
            bounds=bool({"-G", "--gr-check"} & set(args)),
        )
    except RequirementsError:
        return None
    return _rows(found)


SECTIONS = (validate_cases, check_constraints_cases)
