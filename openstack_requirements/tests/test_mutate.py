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
"""The tool that mutates modules: what it mutates, and which tests it runs."""

from __future__ import annotations

import ast
import importlib.util
import sys
from typing import TYPE_CHECKING

from openstack_requirements.tests import base

if TYPE_CHECKING:
    from types import ModuleType


def load() -> ModuleType:
    """The tool, which is in no package."""
    path = base.ROOT / "tools" / "mutate.py"
    spec = importlib.util.spec_from_file_location("mutate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # What a dataclass or a NamedTuple of it looks its annotations up in.
    sys.modules["mutate"] = module
    spec.loader.exec_module(module)
    return module


class TestTables(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.tool = load()
        self.addCleanup(sys.modules.pop, "mutate")

    def test_every_module_is_there_and_has_tests(self) -> None:
        for module in self.tool.MODULES:
            self.assertTrue(self.tool.path_of(module).is_file(), module)
            self.assertNotEqual([], self.tool.tests_of(module), module)

    def test_every_neighbour_is_there(self) -> None:
        names = {name.rpartition(".")[2] for name in self.tool.MODULES}
        folder = base.ROOT / "openstack_requirements" / "tests"
        for name, neighbours in self.tool.NEIGHBOURS.items():
            self.assertIn(name, names)
            for neighbour in neighbours:
                path = folder / f"test_{neighbour}.py"
                self.assertTrue(path.is_file(), str(path))


class TestMutants(base.TestCase):
    SOURCE = """\
def f(a: int = 1) -> list[bool]:
    if TYPE_CHECKING:
        x = 1
    total = 0
    for _ in zip([], [], strict=True):
        total += 1
    call()
    return a < 2 and not a
"""
    #: What stands in the changed line of each mutant.
    CHANGES = (
        "total = 1",
        "pass",
        "total += 2",
        "pass",
        "return None",
        "or",
        "a <= 2",
        "a < 3",
        "and a",
    )

    def test_each_changes_one_thing(self) -> None:
        tool = load()
        self.addCleanup(sys.modules.pop, "mutate")
        tree = ast.parse(self.SOURCE)
        counter = tool.Mutator()
        counter.visit(tree)
        before = ast.unparse(ast.parse(self.SOURCE)).splitlines()
        self.assertEqual(before, ast.unparse(tree).splitlines())
        changed = []
        for number, (line, _) in enumerate(counter.changes):
            tree = ast.parse(self.SOURCE)
            mutant = tool.Mutator(number).visit(tree)
            after = ast.unparse(ast.fix_missing_locations(mutant)).splitlines()
            (place,) = [
                n for n, text in enumerate(after, 1) if text != before[n - 1]
            ]
            self.assertEqual(line, place)
            changed.append(after[place - 1].strip())
        self.assertEqual(len(self.CHANGES), len(changed), str(changed))
        for expected, text in zip(self.CHANGES, changed, strict=True):
            self.assertIn(expected, text)
