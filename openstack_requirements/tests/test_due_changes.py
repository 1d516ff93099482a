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
"""Which changes of an update are due."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from hypothesis import given

from openstack_requirements.checks import judgement, verdicts
from openstack_requirements.checks.due_changes import due_changes
from openstack_requirements.manifests import declarations
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.repository import policy, update
from openstack_requirements.tests import base, corpus_in_step
from openstack_requirements.tests.corpus_laws import Pair
from openstack_requirements.tests.test_sync import (
    MANY,
    SOUND_LISTS,
    projects,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openstack_requirements.checks.due_changes import DueChanges

LISTED = (
    "foo!=1.5\nbar<3\nreno<3;python_version<'3.6'\n"
    "reno;python_version>='3.6'\n"
)
GROUPS = "[dependency-groups]\na = ['%s']\n"

#: A file, and the new texts of the changes that are due, and of all the rest.
CASES: tuple[tuple[str, str, list[str], int], ...] = (
    ("requirements.txt", "foo>=1\n", [], 1),
    ("requirements.txt", "foo>=2\n", [], 0),
    ("requirements.txt", "foo>=1,!=1.6\nbar>=2\n", ["foo>=1,!=1.5"], 1),
    ("requirements.txt", "bar>=2,<2.5\n", ["bar>=2,<3"], 0),
    ("requirements.txt", "foo>=2;os_name=='x'\n", ["foo>=2"], 0),
    ("requirements.txt", "foo>=2;python_version<'3.9'\n", [], 1),
    ("requirements.txt", "foo>=2\nfoo>=2.0\n", [""], 0),
    (
        "requirements.txt",
        "reno>=2\n",
        [
            "reno>=2,<3;python_version<'3.6'",
            "reno>=2;python_version>='3.6'",
        ],
        0,
    ),
    (
        "setup.cfg",
        "[extras]\na =\n  foo>=1,!=9\nb =\n  foo>=1\n",
        ["foo>=1,!=1.5"],
        1,
    ),
    ("pyproject.toml", GROUPS % "foo>=1', 'bar>=1,<2", ["bar>=1,<3"], 1),
    ("pyproject.toml", GROUPS % "foo>=1,!=9', 'bar>=1", ["foo>=1,!=1.5"], 1),
    # The same name for an extra and for a group.
    (
        "pyproject.toml",
        (GROUPS % "foo>=1,!=9")
        + "[project.optional-dependencies]\na = ['foo>=1']\n",
        ["foo>=1,!=1.5"],
        1,
    ),
    # With what it includes, the second group has one entry too many.
    (
        "pyproject.toml",
        (GROUPS % "foo>=1") + "b = ['foo>=1.2', {include-group='a'}]\n",
        ["foo>=1.2,!=1.5"],
        1,
    ),
    (
        "pyproject.toml",
        (GROUPS % "foo>=1")
        + "b = ['foo>=1.1', {include-group='a'}, {include-group='a'}]\n",
        ["foo>=1.1,!=1.5"],
        1,
    ),
)


def due(
    texts: Mapping[str, str],
    rules: policy.Policy = policy.CURRENT,
    listed: str = LISTED,
) -> DueChanges:
    entries = read_entries(listed)
    plan = update.plan(
        update.followed_list(
            rules,
            [entry.requirement for entry in entries if entry.requirement],
            frozenset(),
        ),
        "p",
        "",
        texts,
        declarations.read(texts),
        "keep",
    )
    assert not plan.errors, plan.errors
    criteria = verdicts.Criteria(judgement.against(rules, "g", entries), ())
    request = verdicts.CheckRequest(
        criteria, "master", True, "", datetime.date(2030, 1, 2), {}
    )
    return due_changes(request, "p", plan)


class TestDue(base.TestCase):
    def test_table(self) -> None:
        for file, text, expected, further in CASES:
            found = due({file: text})
            texts = [
                change.new for plan in found.files for change in plan.changes
            ]
            self.assertEqual((expected, further), (texts, found.further), text)

    def test_classic(self) -> None:
        found = due({"requirements.txt": "foo>=2\n"}, policy.CLASSIC)
        self.assertEqual(0, found.further)
        (file,) = found.files
        self.assertEqual("foo!=1.5", file.changes[0].new)


class TestLaw(base.TestCase):
    """The law over the corpus, with generated lists and projects."""

    def holds(self, listed: str, texts: Mapping[str, str]) -> None:
        lists = {"global-requirements.txt": listed, "denylist.txt": "never\n"}
        judged = corpus_in_step.judge(Pair("p", lists, texts))
        assert judged is not None
        self.assertEqual([], list(corpus_in_step.problems_of(judged)))

    @given(SOUND_LISTS, projects())
    def test_projects(self, listed: str, texts: dict[str, str]) -> None:
        self.holds(listed, texts)

    @given(SOUND_LISTS, MANY)
    def test_one_package(self, listed: str, lines: list[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        self.holds(listed, {"requirements.txt": text})
