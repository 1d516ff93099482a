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
"""What a project declares, judged against a repository's lists.

A rule is one function, in ``entry_rules``, ``package_rules``,
``project_rules`` or ``lower_rules``, and one row in :data:`RULES`: a stable
id, a severity, and the words that ``--explain`` prints. What depends on the
policy is in :mod:`~openstack_requirements.repository.policy`. Entries compare
by meaning: names in canonical form (PEP 503), markers over all environments,
specifiers as sets of versions. Nothing here opens a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks import (
    entry_rules,
    fixes,
    lower_rules,
    package_rules,
    project_rules,
)
from openstack_requirements.checks.project_findings import ProjectFinding
from openstack_requirements.checks.subjects import (
    Against,
    Meanings,
    Subject,
    against,
    subject,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openstack_requirements.checks.findings import Severity
    from openstack_requirements.checks.project_findings import ProjectProblem

__all__ = [
    "RULES",
    "Against",
    "Meanings",
    "ProjectFinding",
    "Rule",
    "Subject",
    "against",
    "find",
    "judge",
    "subject",
]


class Rule(NamedTuple):
    """One row of the table.

    ``why`` says what the rule is for, ``how`` what satisfies it.
    """

    id: str
    severity: Severity
    find: Callable[[Subject], Iterator[ProjectProblem]]
    why: str
    how: str


def judge(project: Subject) -> list[ProjectFinding]:
    """What all the rules find, each with the change that is known to pass."""
    return fixes.promised(project, find(project), find)


def find(project: Subject) -> list[ProjectFinding]:
    """What all the rules find, in the order of the table.

    The changes are what the rules propose; they have not been judged.
    """
    return [
        problem.by(rule.id, rule.severity)
        for rule in RULES
        for problem in rule.find(project)
    ]


RULES = (
    Rule(
        "unreviewed-line",
        "error",
        entry_rules.unreviewed,
        "An option (-e, -f, -r, --hash), a URL or a path can bring in code "
        "that nobody has reviewed, from a place that may be gone tomorrow.",
        "Name a distribution of the global list, with versions that are "
        "released. -r is fine for another requirements file of the project "
        "that is judged itself.",
    ),
    Rule(
        "unreadable-entry",
        "error",
        entry_rules.unreadable,
        "What one tool skips, another one reads in its own way. An entry must "
        "be a requirement as PEP 508 has it, on one line.",
        "Correct the entry at the place that the finding names.",
    ),
    Rule(
        "unknown-requirement",
        "error",
        entry_rules.unknown,
        "What is not in the global list has had no review: of its license, "
        "of whether it is maintained, of whether it installs together with "
        "everything else. And it has no constraint, so that any release of "
        "it can break the tests of the project.",
        "Do without it, or use what the list has for the purpose. Otherwise "
        "propose it for the global list first, and depend on that change.",
    ),
    Rule(
        "marker-mismatch",
        "error",
        entry_rules.wrong_markers,
        "The marker says for which environments the list has reviewed and "
        "constrained a requirement. With another one, a project requires it "
        "where it has not been reviewed.",
        "Take the marker of the global list; how it is written does not "
        "matter, only what it means. Under the current policy a project may "
        "also limit a requirement to some Pythons 3 by one comparison of "
        "python_version where the list has no marker, leave such a "
        "comparison (==, >, >=) of the list out, and choose its own (<, <=, "
        "==) for a backport of the standard library.",
    ),
    Rule(
        "comment-mismatch",
        "error",
        entry_rules.wrong_comments,
        "Under the classic policy the comment is the license that was "
        "reviewed, and it is synced into projects.",
        "Copy the comment of the global list. update-requirements does it.",
    ),
    Rule(
        "exclusion-not-global",
        "error",
        entry_rules.excluded,
        "A version that one project excludes and the list allows may become "
        "everybody's constraint tomorrow, and then the project cannot be "
        "installed with the others. Exclusions are !=, the caps < and <=, "
        "and the upper side of ~= and ==. They compare as sets of versions: "
        "what the list excludes too is fine, however it is written, and what "
        "lies below the entry's own lower bound does not count.",
        "Leave the exclusion out, or propose it for the global list: what is "
        "broken for one project is broken for others.",
    ),
    Rule(
        "no-common-version",
        "error",
        entry_rules.nothing_in_common,
        "No version can satisfy both the project and the global list, so "
        "the two can never be installed together.",
        "Choose a range that shares versions with that of the list, or "
        "propose to change the list.",
    ),
    Rule(
        "no-lower-bound",
        "error",
        entry_rules.unbounded,
        "Under the current policy lower bounds belong to the projects. "
        "Without one, an installer may pick a release from years ago that "
        "the project never worked with. Where the list has several entries "
        "for a package, and one does not admit the bound that stands with "
        "another, that one is as the list has it.",
        "Add the lowest version that is known to work; >=, >, ~= and == all "
        "count.",
    ),
    Rule(
        "duplicate-entry",
        "error",
        package_rules.duplicates,
        "One of two equal entries will be forgotten when the other is "
        "changed. What they mean counts: >=1.0 is >=1. On stable branches "
        "they are left alone.",
        "Remove one of them.",
    ),
    Rule(
        "entry-count",
        "error",
        package_rules.wrong_count,
        "Where the global list has several entries for a package, one for "
        "each marker, a project that has fewer leaves an environment out, "
        "and one that has more requires the same twice.",
        "Have the entries that the list has, in each place that names the "
        "package. Each extra counts for itself.",
    ),
    Rule(
        "lower-constraint-unreadable",
        "error",
        lower_rules.unreadable,
        "lower-constraints.txt says which versions the tests of the lowest "
        "versions install. That takes exact pins.",
        "Write one ==VERSION for each package.",
    ),
    Rule(
        "lower-constraint-missing",
        "error",
        lower_rules.missing,
        "A requirement without a pin in lower-constraints.txt is tested with "
        "its newest version only, and its lower bound with none.",
        "Add the package there, pinned to the requirement's lower bound, "
        "with a marker that can hold where the requirement's does.",
    ),
    Rule(
        "lower-constraint-incompatible",
        "error",
        lower_rules.incompatible,
        "The pin in lower-constraints.txt and the requirement cannot be "
        "installed together.",
        "Pin a version that the requirement admits; a pre-release only where "
        "the requirement names one.",
    ),
    Rule(
        "lower-constraint-mismatch",
        "error",
        lower_rules.mismatch,
        "The lower bound of a requirement is a promise, and the tests with "
        "lower-constraints.txt keep it only where the two are equal.",
        "Pin the lower bound, or raise the bound to the pin.",
    ),
    Rule(
        "lower-constraint-no-bound",
        "error",
        lower_rules.unbounded,
        "A pin in lower-constraints.txt shows that a lower bound is right. "
        "The requirement has none.",
        "Give the requirement a lower bound: >=, ~= or ==.",
    ),
    Rule(
        "obsolete-file",
        "warning",
        project_rules.obsolete,
        "These names of requirements files are from before pbr and before "
        "markers. Tools will stop reading them.",
        "Move the entries to requirements.txt or test-requirements.txt, and "
        "give those that are for some Pythons only a marker.",
    ),
    Rule(
        "build-system",
        "error",
        project_rules.build_system,
        "Installers build projects as PEP 517 says. Without a build system "
        "in pyproject.toml they fall back to running setup.py, which is "
        "going away. Asked where the requirements repository names a build "
        "backend, under the current policy, for master (or main).",
        "Name that build backend in pyproject.toml, and what has it in the "
        "build requirements.",
    ),
    Rule(
        "unknown-group",
        "error",
        project_rules.unknown_groups,
        "A dependency group that includes one which is not there cannot be "
        "installed (PEP 735).",
        "Name a group that is there; names compare in canonical form.",
    ),
    Rule(
        "group-cycle",
        "error",
        project_rules.group_cycles,
        "Dependency groups that include each other in a circle cannot be "
        "installed (PEP 735).",
        "Move what both need to a group that includes neither.",
    ),
)
