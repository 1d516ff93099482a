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
"""The messages of what is proposed for the constraints."""

from __future__ import annotations

from openstack_requirements.constraints.changes import Changes, PinChange
from openstack_requirements.constraints.graph import Demand
from openstack_requirements.constraints.history import (
    CommittedTexts,
    with_commits,
)
from openstack_requirements.constraints.reasons import Hold
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.proposals import messages_constraints as messages
from openstack_requirements.proposals.constraints_change import Pinned
from openstack_requirements.tests import base

UC = "upper-constraints.txt"


def demand(owner: str, text: str) -> Demand:
    return Demand(
        owner, "1.0", text, canonical_name("x"), (), "", "", applies=True
    )


def change(kind: str, name: str, old: str, new: str) -> PinChange:
    return PinChange(
        kind,  # type: ignore[arg-type]
        name,
        old,
        new,
        ("3.12",),
        everywhere=True,
    )


def pinned(name: str, version: str, marker: str = "") -> Pinned:
    return Pinned(canonical_name(name), version, marker, "", 1)


class TestRegeneration(base.TestCase):
    def test_by_importance(self) -> None:
        lowered = change("lowered", "low", "2.0", "1.9")
        hold = Hold(
            "low", "1.9", "", (demand("owner", "low<2"),), "", ("3.12",)
        )
        text = messages.regeneration(
            UC,
            Changes(
                (
                    change("added", "new", "", "1.0")._replace(
                        needed_by=(demand("", "a"), demand("top", "new"))
                    ),
                    change("removed", "old", "1.0", ""),
                    change("raised", "minor", "1.0", "1.1"),
                    change("raised", "major", "1.0", "2.0"),
                    lowered._replace(holds=(hold,)),
                    change("changed", "url", "1.0", "https://h/x")._replace(
                        pythons=("3.12", "others"), everywhere=False
                    ),
                )
            ),
            kept=[pinned("b", "3.0"), pinned("c", "1", "os_name=='nt'")],
            failed=["d 2.0: it could not be built; it is held at 1.0"],
        )
        self.assertEqual(
            "Regenerate upper-constraints.txt\n\n"
            "6 distributions: 1 added, 1 removed, 2 raised, 1 lowered, "
            "1 changed.\n\n"
            "raised to another major version:\n  major 1.0 -> 2.0\n\n"
            "lowered:\n  low 2.0 -> 1.9: owner 1.0 requires low<2\n\n"
            "removed:\n  old 1.0\n\n"
            "changed:\n  url 1.0 -> https://h/x (Python 3.12, others)\n\n"
            "added:\n  new 1.0: top 1.0 requires it\n\n"
            "raised:\n  minor 1.0 -> 1.1\n\n"
            "at the version of a bump, which is newer:\n"
            "  b 3.0\n  c 1 where os_name=='nt'\n\n"
            "could not be installed:\n"
            "  d 2.0: it could not be built; it is held at 1.0\n",
            text,
        )

    def test_long_lists_and_strange_names(self) -> None:
        count = messages.MOST_NAMED + 3
        text = messages.regeneration(
            UC,
            Changes(
                tuple(
                    change("raised", f"n{number}\x1b", "1.0", "1.1")
                    for number in range(count)
                )
            ),
            kept=[pinned(f"k{number}", "1") for number in range(count)],
        )
        self.assertEqual(2, text.count("\n  and 3 more\n"))
        self.assertNotIn("\x1b", text)
        self.assertLess(max(map(len, text.splitlines())), messages.WIDTH)

    def test_only_spelling(self) -> None:
        self.assertEqual(
            f"Regenerate {UC}\n\nNo version changes; lines are spelled in "
            "another way.\n",
            messages.regeneration(UC, Changes()),
        )

    def test_the_history_knows_it_again(self) -> None:
        """One that moves a single pin is no bump."""
        message = messages.regeneration(
            UC, Changes((change("raised", "a", "1", "2"),))
        )
        commit = CommittedTexts("1", "", "", message, "a===1\n", "a===2\n")
        self.assertEqual(
            ["regeneration"],
            [row.kind for row in with_commits(Changes(), [commit]).commits],
        )
        message = messages.bump("a", "2", [], [])
        commit = commit._replace(message=message)
        self.assertEqual(
            ["release bump"],
            [row.kind for row in with_commits(Changes(), [commit]).commits],
        )


class TestBump(base.TestCase):
    def test_all_of_it(self) -> None:
        marker = "python_version<'3.11'"
        self.assertEqual(
            "Raise a to 2.0\n\nPins:\n  was 1.0\n"
            f"  is 1.0 where {marker}\n  is 2.0 where x\n\n"
            "The release requires Python >=3.11.\n\n"
            "It is not what these projects require:\n  org/p, org/q\n\n"
            "Depends-On: I12\n",
            messages.bump(
                "a",
                "2.0",
                [pinned("a", "1.0")],
                [pinned("a", "1.0", marker), pinned("a", "2.0", "x")],
                requires_python=">=3.11",
                broken=["org/p", "org/q"],
                depends_on="I12",
            ),
        )

    def test_many_projects(self) -> None:
        names = [f"org/p{number}" for number in range(202)]
        text = messages.bump("a", "2", [], [], broken=names)
        self.assertIn("and 2 more", text)
        self.assertNotIn("p200", text)
