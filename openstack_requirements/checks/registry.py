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
"""All the rules of all commands that judge, by id: what each is for.

A rule is a row in the table of its command, with its texts. In several tables
it has the same id and meaning, but its findings may be errors for one command
and warnings for another. Reports link to the section of the documentation
about a rule.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.output import masked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openstack_requirements.checks.findings import Severity

#: The texts of rules of small tables, with the page that has their sections.
_ON_COMMAND_PAGES = {
    "bound-not-global": (
        "check-constraints",
        "Versions below the lower bound of the global list, or above its "
        "cap, are such as nobody can install with the rest.",
        "Let the project's range start and stop within that of the list, or "
        "propose to change the list. A project need not repeat exclusions.",
    ),
    "conflicting-requirement": (
        "check-conflicts",
        "What is pinned is installed together, and then a distribution runs "
        "with a version of another one that it excludes.",
        "Pin compatible versions; or, where the conflict is known and "
        "accepted, list it in upper-constraints-xfails.txt.",
    ),
    "differing-version": (
        "check-conflicts",
        "An environment with other versions than the constraints have says "
        "nothing about them.",
        "Install under the constraints; a library that is installed from "
        "source on purpose can be taken out of them with edit-constraints.",
    ),
    "missing-requirement": (
        "check-conflicts",
        "A distribution whose requirement is not installed fails where it "
        "imports it.",
        "Add the requirement to the list or to the environment.",
    ),
    "unreadable-requirement": (
        "check-conflicts",
        "Whether a requirement is met that PEP 508 does not allow, cannot "
        "be told.",
        "Report it to the authors of the distribution.",
    ),
    "unused-expectation": (
        "check-conflicts",
        "An expected conflict that no longer exists would hide the next one.",
        "Remove the line from upper-constraints-xfails.txt.",
    ),
    "python-not-claimed": (
        "check-python2-support",
        "A pin for a Python that its authors do not support may install, and "
        "fail later.",
        "Give the pin a marker, or choose a version that claims the Python.",
    ),
    "unknown-metadata": (
        "check-python2-support",
        "Without metadata nothing can be said about a distribution.",
        "Give freezes or an environment that have it.",
    ),
    "unused-requirement": (
        "validate-constraints",
        "Each entry of the global list costs reviews and a constraint; one "
        "that nothing requires costs them for nothing.",
        "Remove it from the global list.",
    ),
    "missing-license": (
        "validate-constraints",
        "What is pinned is shipped and used, and without a license nobody "
        "may.",
        "Find the license, and ask the authors to name it in the metadata.",
    ),
    "changed-license": (
        "validate-constraints",
        "A license is reviewed once, with the entry; a new version may have "
        "one that would not have been accepted.",
        "Review the license, and write it into the comment of the entry.",
    ),
    "capped-pin": (
        "validate-constraints",
        "A cap keeps what is broken away, and later what is fixed too, as "
        "long as nobody looks at it.",
        "Lift the cap of the global list, or ask the distribution that has "
        "it to do so.",
    ),
    "unknown-project": (
        "validate-projects",
        "A repository without a project configuration has no jobs.",
        "Add it to the configuration, or remove it from projects.txt.",
    ),
    "missing-template": (
        "validate-projects",
        "A project in projects.txt has promised that its requirements are "
        "checked on each change.",
        "Add the template check-requirements to the project's configuration.",
    ),
    "missing-checkout": (
        "validate-projects",
        "A repository may run the check by its own Zuul files, and they are "
        "not there to be read.",
        "Add a checkout of it, as DIR/org/name or DIR/name of --root.",
    ),
    "unusable-zuul-file": (
        "validate-projects",
        "Zuul does not run what it cannot read.",
        "Repair the file that the finding names.",
    ),
}
#: Where the documentation is.
DOCS = "https://docs.openstack.org/requirements/latest/"


class Texts(NamedTuple):
    """How bad a rule's findings are, what it is for, what satisfies it."""

    severities: tuple[Severity, ...]
    why: str
    how: str


@lru_cache(maxsize=1)
def texts() -> Mapping[str, Texts]:
    """The texts of every rule by its id, in the order of the ids."""
    # Few reports need them, and the tables come with all that judges.
    from openstack_requirements.checks import (
        conflicts,
        hold_rules,
        judgement,
        list_rules,
        upkeep_rules,
        waiving,
    )

    result: dict[str, Texts] = {}
    for row in (
        *(*list_rules.RULES, *hold_rules.RULES),
        *(*judgement.RULES, *waiving.RULES),
    ):
        before = result.get(row.id, Texts((), row.why, row.how))
        severities = {*before.severities, row.severity}
        result[row.id] = before._replace(severities=tuple(sorted(severities)))
    severities_of: dict[str, Severity] = {
        **conflicts.RULES,
        **{row.id: row.severity for row in upkeep_rules.RULES},
    }
    for rule, (_, why, how) in _ON_COMMAND_PAGES.items():
        severity = severities_of.get(rule, "error")
        result.setdefault(rule, Texts((severity,), why, how))
    return dict(sorted(result.items()))


@lru_cache(maxsize=256)
def link(rule: str) -> str:
    """The address of a rule's section in the documentation."""
    from urllib.parse import quote

    from openstack_requirements.checks import hold_rules, waiving

    page = "reference/rules"
    if rule in _ON_COMMAND_PAGES:
        # The page of the command has them in a list, which has no anchors.
        return f"{DOCS}cli/{_ON_COMMAND_PAGES[rule][0]}.html"
    if any(rule == row.id for row in waiving.RULES):
        page = "reference/waivers"
    elif any(rule == row.id for row in hold_rules.RULES):
        page = "reference/holds"
    return f"{DOCS}{page}.html#{quote(masked(rule), errors='replace')}"
