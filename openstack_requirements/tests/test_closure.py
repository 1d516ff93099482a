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
"""What a project pulls in, and the changes that concern it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from openstack_requirements.constraints import closure
from openstack_requirements.constraints.changes import between
from openstack_requirements.constraints.states import ConstraintsState
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.tests import base
from openstack_requirements.tests.test_diff_constraints import DiffMixin
from openstack_requirements.tests.test_explain import make

if TYPE_CHECKING:
    from openstack_requirements.constraints.closure import PulledIn
    from openstack_requirements.constraints.freeze import Freeze


def shown(result: PulledIn) -> dict[str, str]:
    return {
        python: " ".join(sorted(names))
        for python, names in result.names.items()
    }


class TestWalk(base.TestCase):
    def of(self, project: str, *freezes: Freeze) -> dict[str, str]:
        name = canonical_name(project)
        return shown(closure.of_distribution(freezes, name))

    def test_transitive(self) -> None:
        freeze = make("Top 1 | a_a>=1", "A.a 1 | b", "b 2", "c 3 | b")
        self.assertEqual({"3.12": "a-a b"}, self.of("top", freeze))
        self.assertEqual({"3.12": ""}, self.of("b", freeze))
        self.assertEqual({}, self.of("none", freeze))

    def test_a_circle(self) -> None:
        freeze = make("a 1 | b", "b 1 | a")
        self.assertEqual({"3.12": "a b"}, self.of("a", freeze))

    def test_what_is_not_installed(self) -> None:
        self.assertEqual({"3.12": ""}, self.of("a", make("a 1 | gone")))

    def test_markers_count(self) -> None:
        old, new = (
            make(
                "a 1 | b; python_version<'3.11' | c; sys_platform=='win32'",
                *("b 1", "c 1"),
                python=python,
            )
            for python in ("3.10", "3.12")
        )
        self.assertEqual({"3.10": "b", "3.12": ""}, self.of("a", old, new))

    def test_extras_that_the_walk_meets(self) -> None:
        freeze = make(
            "a 1 | b[X_y]",
            # It names further extras of itself.
            "b 1 | b[z]; extra=='x-y' | d; extra=='z' | e; extra=='w'",
            *("d 1", "e 1", "f 1 | b[w]"),
        )
        self.assertEqual({"3.12": "b d"}, self.of("a", freeze))
        self.assertEqual({"3.12": "b e"}, self.of("f", freeze))

    def test_an_extra_that_comes_late(self) -> None:
        freeze = make(
            "a 1 | b | c", "b 1 | d; extra=='x'", "c 1 | b[x]", "d 1"
        )
        self.assertEqual({"3.12": "b c d"}, self.of("a", freeze))

    def test_requirements_of_a_checkout(self) -> None:
        freeze = make("a 1 | b", "b 1", "c 1", "d 1 | e; extra=='x'", "e 1")
        result = closure.of_requirements(
            [freeze], ["A>=1  # why", "c; extra=='test'", "d[x]", "gone"]
        )
        self.assertEqual({"3.12": "a b c d e"}, shown(result))
        result = closure.of_requirements(
            [freeze], ["c;extra=='x' and python_version<'3'"]
        )
        self.assertEqual({"3.12": ""}, shown(result))

    def test_what_cannot_be_read(self) -> None:
        freeze = make("a 1 | ;; | b; nope=='x' | c", "c 1")
        result = closure.of_distribution([freeze], canonical_name("a"))
        self.assertEqual({"3.12": "c"}, shown(result))
        self.assertEqual(2, len(result.unreadable), str(result.unreadable))


class TestRestrict(base.TestCase):
    def test_by_python(self) -> None:
        old = [
            make("a 1", "b 1", "Gone 1", "kept 1", python="3.10"),
            make("a 1", "b 1", "Gone 1", "kept 1", python="3.12"),
        ]
        new = [
            make("A 2 | kept<2", "b 2", "kept 1", "new 1", python="3.10"),
            make("A 2 | kept<2", "b 3", "kept 1", python="3.12"),
        ]
        changed = between(
            ConstraintsState.from_freezes(old),
            ConstraintsState.from_freezes(new),
        )

        def names(*of_new: str) -> list[str]:
            only = closure.restrict(
                changed,
                {"3.12": {canonical_name("gone")}},
                {"3.12": set(map(canonical_name, of_new)), "3.10": set()},
            )
            return [
                *(f"{x.name} {x.new}" for x in only.changes),
                *(f"= {x.new}" for x in only.respelled),
                *(f"< {x.name}" for x in only.held),
            ]

        self.assertEqual(["Gone "], names())
        self.assertEqual(["Gone ", "A 2", "= A"], names("a"))
        self.assertEqual(["Gone ", "b 3"], names("b"))
        self.assertEqual(["Gone ", "< kept"], names("kept"))
        # It is new on the other Python alone.
        self.assertEqual(["Gone "], names("new"))


class TestCommand(DiffMixin):
    def setUp(self) -> None:
        super().setUp()
        self.old = self.freezes(
            "old",
            make(
                *("nova 1 | a | old", "a 1", "b 1", "old 1", "c 1"),
                requested=("nova",),
            ),
        )
        self.new = self.freezes(
            "new",
            make(
                *("nova 2 | a | new", "a 2", "b 2", "new 1", "c 2"),
                requested=("nova",),
            ),
        )

    def rows(self, *argv: str) -> list[str]:
        lines = self.good(self.old, self.new, *argv)
        return [
            line.strip()
            for line in lines
            if line.startswith("  ") and not line.startswith("   ")
        ]

    def test_a_distribution(self) -> None:
        self.assertEqual(
            ["new 1", "old 1", "a 1 -> 2 (major)"],
            self.rows("--needed-by", "Nova"),
        )
        self.assertEqual([], self.rows("--needed-by", "c"))
        done = self.diff(*(self.old, self.new, "--check", "--needed-by", "c"))
        self.assertEqual(0, done.status)

    def test_a_checkout(self) -> None:
        self.write("nova/requirements.txt", "a>=1 # Apache-2.0\n")
        self.write(
            "nova/setup.cfg",
            "[metadata]\nname = nova\n[extras]\ntest =\n  b>=1\n",
        )
        self.write("nova/pyproject.toml", "[build-system]\nrequires = ['c']\n")
        folder = str(self.folder / "nova")
        self.assertEqual(
            ["a 1 -> 2 (major)", "b 1 -> 2 (major)"],
            self.rows("--needed-by", folder),
        )
        self.write("nova/setup.py", "setup(install_requires=compute())\n")
        done = self.diff(self.old, self.new, "--needed-by", folder)
        self.assertEqual(0, done.status)
        self.assertIn("what it requires is computed by setup.py", done.err)
        self.write("nova/pyproject.toml", "[[[\n")
        self.bad(
            "nova/pyproject.toml:1:", self.old, self.new, "--needed-by", folder
        )

    def test_neither(self) -> None:
        self.bad(
            "nove: is not in the freezes (of Python 3.12); did you mean nova?"
            "; nor is there such a folder",
            *(self.old, self.new, "--needed-by", "nove"),
        )
        self.bad(
            "./nova: there is no such folder",
            *(self.old, self.new, "--needed-by", "./nova"),
        )

    def test_without_freezes(self) -> None:
        old = self.write("old.txt", "a===1\nold===1\n")
        new = self.write("new.txt", "a===2\nb===2\nnew===1\nc===2\nnova===2\n")
        self.bad("--needed-by needs freezes", old, new, "--needed-by", "nova")
        done = self.diff(
            *(old, new, "--freezes", self.new, "--needed-by", "nova")
        )
        self.assertIn("  a 1 -> 2", done.out)
        self.assertNotIn("  old", done.out)
        self.assertIn("warning: 1 removed distributions are left", done.err)

    def test_requirements_without_meaning(self) -> None:
        new = self.freezes("odd", make("nova 2 | a | ;;", "a 2"))
        done = self.diff(self.old, new, "--needed-by", "nova")
        self.assertIn("warning: a requirement that cannot be read", done.err)

    def test_without(self) -> None:
        rows = self.rows("--without", "NOVA", "b", "--without", "c")
        self.assertEqual(["new 1", "old 1", "a 1 -> 2 (major)"], rows)
        argv = ("--needed-by", "Nova", "--without", "a", "c", "--format")
        self.assertEqual(
            ["left out: a, c", "only what Nova pulls in"],
            self.good(self.old, self.new, *argv, "text")[1:3],
        )
        lines = self.good(self.old, self.new, *argv, "markdown")
        self.assertIn("only what `Nova` pulls in", lines)
        data = json.loads(self.diff(self.old, self.new, *argv, "json").out)
        self.assertEqual(
            ("Nova", ["a", "c"]), (data["needed_by"], data["without"])
        )
        # What is left out still says what it requires.
        lines = self.good(self.old, self.new, "--without", "nova")
        self.assertIn("      needed by: the list -> nova 2 -> new", lines)
        rows = self.rows("--needed-by", "nova", "--without", "a")
        self.assertEqual(["new 1", "old 1"], rows)
        done = self.diff(
            *(self.old, self.new, "--check"),
            *("--without", "nova", "a", "b", "c", "old", "new"),
        )
        self.assertEqual(0, done.status)
