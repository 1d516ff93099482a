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
"""What a person has to decide about a first list.

A decision names the distribution, what has to be decided, and which
requirements lead to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import printable
from openstack_requirements.output import json_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

#: What a person may have to decide, and what it means: first what lacks
#: something that only a person can supply.
KINDS = {
    "not-together": "the proposed list cannot be installed as it is",
    "not-read": "what a project requires cannot be read",
    "left-out": "nothing that could be listed is available here",
    "not-installed": "it cannot be installed here",
    "url": "a project requires a URL, which no index has",
    "no-license": "the metadata names no license",
    "no-release": "no release meets the highest lower bound everywhere",
    "marker-conflict": "the requirements have different markers",
    "exclusion": "an exclusion covers the lower bound",
    "cap": "some requirements have a cap, others have none or a higher one",
    "no-lower-bound": "no requirement has a lower bound",
}
#: The kinds that have an answer which works; a person may choose another.
ANSWERED = frozenset(
    ("no-release", "marker-conflict", "exclusion", "cap", "no-lower-bound")
)


class Decision(NamedTuple):
    """Something that a person has to decide.

    :param package: what it is about.
    :param kind: one of :data:`KINDS`.
    :param message: what is so, and what was done for now.
    :param requirements: the requirements that lead to it: by whom (a project
        or a distribution), and the requirement as text.
    """

    package: str
    kind: str
    message: str
    requirements: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.package}: {self.message} [{self.kind}]"]
        lines += [f"  {by} requires {text}" for by, text in self.requirements]
        return "\n".join(map(printable, lines))


def report(decisions: Iterable[Decision]) -> Iterator[str]:
    """The decisions for a person, kind by kind, and a tally at the end.

    What needs a person comes first. Nothing at all without decisions.
    """
    by_kind: dict[str, list[Decision]] = {kind: [] for kind in KINDS}
    for decision in decisions:
        by_kind[decision.kind].append(decision)
    groups = {kind: group for kind, group in by_kind.items() if group}
    for kind, group in groups.items():
        yield f"{kind} ({len(group)}): {KINDS[kind]}"
        yield from map(str, group)
    if groups:
        total = sum(map(len, groups.values()))
        yield f"{total} to decide: {_tally(groups)}"


def _tally(groups: Mapping[str, Collection[Decision]]) -> str:
    """How many decisions of which kind there are, in words."""
    parts = []
    for answered, words in (
        (False, "without an answer"),
        (True, "with an answer that works"),
    ):
        counts = [
            f"{len(group)} {kind}"
            for kind, group in groups.items()
            if (kind in ANSWERED) == answered
        ]
        if counts:
            parts.append(f"{', '.join(counts)} {words}")
    return "; ".join(parts)


def to_json(decisions: Iterable[Decision]) -> str:
    """The decisions as one JSON object, for programs."""
    rows = [
        {
            "package": decision.package,
            "kind": decision.kind,
            "message": decision.message,
            "asked": [
                {"by": by, "requirement": text}
                for by, text in decision.requirements
            ],
        }
        for decision in decisions
    ]
    return json_text({"decisions": rows})
