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
"""What stays behind because a distribution is held, by graphs and values."""

from __future__ import annotations

from openstack_requirements.constraints import held_back
from openstack_requirements.constraints.graph import Graph
from openstack_requirements.constraints.newer import Release
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)
from openstack_requirements.tests import base
from openstack_requirements.tests.test_explain import make


def names(*texts: str) -> list[CanonicalName]:
    return list(map(canonical_name, texts))


class TestBehind(base.TestCase):
    FREEZE = make(
        "foo 1.9 | qux<2",
        "qux 1.0",
        "bar 1.0 | foo",
        "baz 1.0 | bar",
        "far 1.0",
        python="3.12",
    )

    def behind(
        self, newest: dict[str, str], requires: dict[str, tuple[str, ...]]
    ) -> list[str]:
        freeze = self.FREEZE
        releases = {
            ("3.12", canonical_name(name), newest[name]): Release(
                freeze.by_name()[canonical_name(name)]._replace(
                    version=newest[name], requires=lines
                ),
                "METADATA",
                binding=True,
            )
            for name, lines in requires.items()
        }
        late = held_back.behind(
            Graph(freeze),
            canonical_name("foo"),
            {canonical_name(name): newest[name] for name in newest},
            releases,
        )
        return [hold.name for hold in late]

    def test_candidates(self) -> None:
        self.assertEqual(
            set(names("qux", "bar", "baz")),
            held_back.candidates(Graph(self.FREEZE), canonical_name("foo")),
        )

    def test_table(self) -> None:
        all_newest = dict.fromkeys(("foo", "qux", "bar", "baz", "far"), "3.0")
        free: tuple[str, ...] = ()
        cases: tuple[tuple[dict[str, tuple[str, ...]], list[str]], ...] = (
            ({}, []),
            ({"foo": free}, ["qux"]),
            ({"foo": ("qux<2",)}, []),
            ({"bar": ("foo>=2",)}, ["bar"]),
            ({"bar": ("foo",)}, []),
            ({"bar": ("foo>=4",)}, []),  # no release has it
            ({"bar": ("foo>=2", "far>=2")}, []),
            ({"bar": ("foo>=2",), "baz": ("bar>=2",)}, ["bar", "baz"]),
            ({"baz": ("bar>=2",)}, []),
            ({"far": ("foo>=2",)}, []),  # it requires none of them yet
        )
        for requires, late in cases:
            with self.subTest(requires=requires):
                self.assertEqual(late, self.behind(all_newest, requires))

    def test_only_what_applies_and_is_installed(self) -> None:
        freeze = make(
            "foo 1.9 | gone",
            "bar 1.0 | foo; python_version<'3'",
            "far 1.0 | foo",
            "top 1.0 | far | low; python_version<'3'",
            "low 1.0",
            requested=("foo", "top"),
            python="3.12",
        )
        self.assertEqual(
            set(names("far", "top")),
            held_back.candidates(Graph(freeze), canonical_name("foo")),
        )

    def test_in_as_many_rounds_as_it_takes(self) -> None:
        freeze = make(
            "foo 1.0",
            "a 1.0 | foo",
            "b 1.0 | c",
            "c 1.0 | d",
            "d 1.0 | foo",
            python="3.12",
        )
        requires = {
            "a": ("foo>=2",),
            "b": ("c>=2",),
            "c": ("d>=2",),
            "d": ("foo>=2",),
        }
        graph = Graph(freeze)
        newest = {canonical_name(name): "2.0" for name in ("foo", *requires)}
        releases = {
            ("3.12", canonical_name(name), "2.0"): Release(
                freeze.by_name()[canonical_name(name)]._replace(
                    version="2.0", requires=lines
                ),
                "METADATA",
                binding=True,
            )
            for name, lines in requires.items()
        }
        foo = canonical_name("foo")
        self.assertEqual(
            [("3.12", name, "2.0") for name in ("foo", *requires)],
            held_back.to_look_up(graph, foo, newest),
        )
        self.assertEqual(
            list(requires),
            [
                late.name
                for late in held_back.behind(graph, foo, newest, releases)
            ],
        )
        # What is held itself has its own line, and keeps nothing else back.
        self.assertEqual(
            ["a"],
            [
                late.name
                for late in held_back.behind(
                    graph, foo, newest, releases, names("d")
                )
            ],
        )

    def test_only_unexplained_versions_are_looked_up(self) -> None:
        freeze = make("foo 1.0 | a<2", "a 1.0", "b 1.0 | foo", python="3.12")
        newest = dict.fromkeys(names("foo", "a"), "2.0")
        newest[canonical_name("b")] = "1.0"
        self.assertEqual(
            [("3.12", canonical_name("foo"), "2.0")],
            held_back.to_look_up(Graph(freeze), canonical_name("foo"), newest),
        )

    def test_what_is_the_newest_stays_out(self) -> None:
        newest = {"foo": "3.0", "bar": "1.0"}
        self.assertEqual([], self.behind(newest, {"bar": ("foo>=2",)}))
