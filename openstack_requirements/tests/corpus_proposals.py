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
"""A law over the corpus: check-requirements passes what is proposed.

A proposal is applied, and the project is judged before and after. The law:

- There is no error that was not there before. Under the classic policy, where
  projects take their bounds from the list, those of lower-constraints.txt are
  excepted: the update does not write that file.
- No error is left that an update can cure: what may be left are the rules of
  :data:`.corpus_laws.NOT_CURED`, bounds that the project never had, entries
  of which the project has two with extras in common, ``hacking`` without
  ``--hacking``, and with ``--soft`` packages that the list lacks. A project
  that had no such error passes with the proposal.
- Nothing is due again.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from openstack_requirements.checks import judgement, verdicts
from openstack_requirements.errors import RequirementsError
from openstack_requirements.manifests import declarations, loader
from openstack_requirements.pep508.entries import names_in, read_entries
from openstack_requirements.proposals import updates
from openstack_requirements.proposals.proposal import Key
from openstack_requirements.proposals.sources import Sources
from openstack_requirements.repository import update
from openstack_requirements.repository.lists import GLOBAL
from openstack_requirements.tests import corpus_laws

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from openstack_requirements.checks.project_findings import ProjectFinding
    from openstack_requirements.repository.policy import Policy
    from openstack_requirements.tests.corpus_laws import Pair


def check_proposals(folder: Path) -> corpus_laws.Outcome:
    """Propose to each project of the corpus, and judge the outcome."""
    return corpus_laws._checked(folder, judge)


def judge(pair: Pair, rules: Policy) -> list[str] | None:
    """How a proposal breaks the law; None where nothing is proposed."""
    try:
        request = request_of(pair.lists, rules)
    except (RequirementsError, KeyError):
        return None
    return broken(request, pair.project)


def request_of(
    lists: Mapping[str, str],
    rules: Policy,
    unknown: update.Unknown = "refuse",
) -> updates.UpdateRequest:
    """What propose-updates asks of projects with these lists.

    :raises RequirementsError: where a list cannot be read.
    """
    entries = read_entries(lists[GLOBAL])
    never = names_in(lists.get("denylist.txt", lists.get("blacklist.txt", "")))
    against = judgement.against(
        rules, GLOBAL, entries, never, names_in(lists.get("backports.txt", ""))
    )
    return updates.UpdateRequest(
        update.followed_list(
            rules,
            [entry.requirement for entry in entries if entry.requirement],
            never,
            hacking=True,
        ),
        verdicts.CheckRequest(
            verdicts.Criteria(against, ()),
            "master",
            local=True,
            revision="",
            today=corpus_laws.TODAY,
            names={},
        ),
        unknown,
        Sources(),
        (),
        "requirements",
    )


def broken(
    request: updates.UpdateRequest, texts: Mapping[str, str]
) -> list[str] | None:
    """How a proposal breaks the law; None where nothing is proposed.

    :param texts: the files of the project.
    """
    key = Key("proj", "main", request.topic)
    change = updates.plan_of(request, key, texts.get, "").change
    if not change.edits:
        return None
    after = {**texts, **{edit.path: edit.new for edit in change.edits}}
    before, errors = errors_of(request, texts), errors_of(request, after)
    known = Counter(map(_kind, before))
    declared = declarations.read(_read(texts))
    new = Counter(map(_kind, errors)) - known
    moves_bounds = request.follow.policy.bounds_in_list
    result = [
        f"is new: {' '.join(map(str, kind))}"
        for kind in new
        if not (moves_bounds and f"{kind[0]}".startswith("lower-constraint-"))
    ]
    result += [
        f"is left: {finding.file}:{finding.line}: {finding.rule}"
        for finding in corpus_laws.uncured(errors, declared)
        if finding.rule != "unknown-requirement" or request.unknown != "keep"
    ]
    again = updates.plan_of(request, key, after.get, "").change
    result += [f"is due again: {edit.path}" for edit in again.edits]
    return result


def errors_of(
    request: updates.UpdateRequest, texts: Mapping[str, str]
) -> list[ProjectFinding]:
    """The errors that check-requirements finds in a project."""
    texts = _read(texts)
    checkout = verdicts.Checkout(
        "proj", "proj", texts, declarations.read(texts)
    )
    return [
        row
        for row in verdicts.reported(request.gate, checkout)
        if row.finding.severity == "error"
    ]


def _read(texts: Mapping[str, str]) -> dict[str, str]:
    """The files of a project that are read."""
    return {
        path: text for path, text in texts.items() if path in loader.MANIFESTS
    }


def _kind(row: ProjectFinding) -> tuple[str | None, ...]:
    return (row.finding.rule, row.finding.file, row.finding.package)
