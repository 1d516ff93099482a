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

A rule is a row in the table of its command, with its texts. One that is in
several tables has one id and one meaning. Reports link to the section that the
documentation has for each rule.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openstack_requirements.findings import Severity

#: Where the documentation is.
DOCS = "https://docs.openstack.org/requirements/latest/"


class Texts(NamedTuple):
    """What a rule is for, and what satisfies it."""

    severity: Severity
    why: str
    how: str


@lru_cache(maxsize=1)
def texts() -> Mapping[str, Texts]:
    """The texts of every rule by its id, in the order of the ids."""
    # Few reports need them, and the tables come with all that judges.
    from openstack_requirements import check, rules

    found: dict[str, Texts] = {}
    for row in (*rules.RULES, *check.RULES):
        found.setdefault(row.id, Texts(row.severity, row.why, row.how))
    return dict(sorted(found.items()))


@lru_cache(maxsize=256)
def link(rule: str) -> str:
    """The address of a rule's section in the documentation."""
    from urllib.parse import quote

    return f"{DOCS}reference/rules.html#{quote(rule, errors='replace')}"
