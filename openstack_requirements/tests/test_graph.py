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
"""The requirement graph of a freeze, held against a plain computation."""

from __future__ import annotations

import random
from typing import ClassVar

from packaging.markers import Marker
from packaging.requirements import Requirement

from openstack_requirements.checks import conflicts, list_lines
from openstack_requirements.constraints import explain, graph
from openstack_requirements.constraints.freeze import Distribution, Freeze
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.tests import base

NAMES = ("a", "b", "C_d", "e.f")
MARKERS = (
    "",
    "",
    "; extra == 'x'",
    "; extra == 'Y_z'",
    "; extra != 'x'",
    "; extra == 'x' and sys_platform == 'linux'",
    "; extra == 'x' or extra == 'y-z'",
    "; sys_platform == 'win32'",
    "; python_version < '3' or extra == 'x'",
    "; platform_machine != 'x86_64'",
)
EXTRAS = ("", "", "", "[x]", "[y-z]", "[X, y_Z]", "[none]")
SPECIFIERS = ("", "", "<2", ">=2")
PINS = list_lines.listed(
    "c", read_entries("".join(f"{name}===1\n" for name in NAMES))
)


def make(chance: random.Random) -> Freeze:
    """A small freeze of any kind."""

    def requirement() -> str:
        return (
            f"{chance.choice(NAMES)}{chance.choice(EXTRAS)}"
            f"{chance.choice(SPECIFIERS)}{chance.choice(MARKERS)}"
        )

    return Freeze(
        "3.12",
        base.environment(
            sys_platform=chance.choice(["linux", "win32"]),
            platform_machine=chance.choice(["x86_64", "aarch64"]),
        ),
        tuple(
            Distribution(
                name,
                "1",
                tuple(requirement() for _ in range(chance.randrange(4))),
            )
            for name in chance.sample(NAMES, chance.randrange(1, 5))
        ),
        tuple(requirement() for _ in range(chance.randrange(3))),
    )


def holds(marker: Marker | None, one: Freeze, extras: set[str]) -> bool:
    """Whether a marker holds, as packaging has it."""
    return marker is None or any(
        marker.evaluate({**one.environment, "extra": extra})
        for extra in ["", *extras]
    )


def active_extras(one: Freeze) -> dict[str, set[str]]:
    """The extras that are active, found by trying until nothing changes."""
    everything: dict[str, tuple[str, ...]] = {"": one.requested}
    for distribution in one.distributions:
        everything[canonical_name(distribution.name)] = distribution.requires
    active: dict[str, set[str]] = {}
    before = None
    while before != active:
        before = {name: set(extras) for name, extras in active.items()}
        for owner, texts in everything.items():
            for text in texts:
                wanted = Requirement(text)
                if holds(wanted.marker, one, active.get(owner, set())):
                    known = active.setdefault(
                        canonical_name(wanted.name), set()
                    )
                    known |= set(map(canonical_name, wanted.extras))
    return active


class TestLaw(base.TestCase):
    def test_explanations_and_conflicts_agree(self) -> None:
        chance = random.Random(20_000)
        several = 0
        for _ in range(20_000):
            one = make(chance)
            built = graph.Graph(one)
            expected = active_extras(one)
            for name in built.installed:
                self.assertEqual(
                    expected.get(name, set()),
                    set(built.extras(name)),
                    str(one),
                )
            several += len(expected) > 1
            # What is judged is what an explanation says applies.
            judged = [
                conflict.message
                for conflict in conflicts._conflicts(
                    conflicts.judged_freeze(one, PINS)
                )
            ]
            unmet = [
                demand
                for name in (canonical_name(name) for name in NAMES)
                for demand in explain.explain(built, name).bounds.unmet
                if demand.owner
            ]
            for demand in unmet:
                wanted = f"{demand.who} requires {demand.text}, but "
                self.assertTrue(
                    any(each.startswith(wanted) for each in judged), one
                )
        self.assertGreater(several, 5_000)


class TestRead(base.TestCase):
    TABLE: ClassVar = [
        ("Foo_bar (>=1,<2) ; extra == 'x'", "foo-bar", "<2,>=1", ""),
        ("foo @ https://h/foo.zip", "foo", "", ""),
        ("foo; os_name == '#'", "foo", "", ""),
        ("foo # c", "foo", "", "a comment is not part"),
        ("# c", "", "", "it names no distribution"),
        ("", "", "", "it names no distribution"),
        ("https://h/x#egg=foo", "https", "", "not a requirement (a URL?)"),
        ("foo>=dev", "foo", "", "not a requirement"),
        ("foo; 'a' == 'b'", "foo", "", "invalid marker"),
        ("!!!", "", "", "not a requirement"),
    ]

    def test_table(self) -> None:
        for text, name, specifiers, problem in self.TABLE:
            line = graph.read(text)
            self.assertEqual(name, line.name, text)
            self.assertIn(problem, line.problem, text)
            self.assertEqual(bool(problem), line.requirement is None, text)
            if line.requirement is not None:
                self.assertEqual(specifiers, line.requirement.specifiers)

    def test_options_of_the_list_are_passed_over(self) -> None:
        one = Freeze(
            "3.12",
            base.environment(),
            (Distribution("foo", "1"),),
            ("-e .", "--no-index", "foo[x]>=1  # c", "-c file"),
        )
        (demand,) = graph.Graph(one).demands(canonical_name("foo"))
        self.assertEqual("foo[x]>=1  # c", demand.text)
        self.assertEqual({"x"}, graph.Graph(one).extras(demand.name))
