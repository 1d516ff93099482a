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
"""The floors of the house are kept apart."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from openstack_requirements.tests import base

PACKAGE = Path(__file__).resolve().parent.parent
NAME = "openstack_requirements"
#: Text and values in, values out.
PURE = {
    "ranges",
    "version_sets",
    "culprits",
    "proposal",
    "rehearsal",
    "changes",
    "errors",
    "limits",
    "specifiers",
    "text",
    "output",
    "constraints",
    "requirement",
    "markers",
    "truth_tables",
    "policy",
    "freeze",
    "findings",
    "rulebook",
    "rules",
    "subjects",
    "groups",
    "entry_rules",
    "project_rules",
    "install_rules",
    "check",
    "conflicts",
    "zuul",
    "lower_constraints",
    "support",
    "toml",
    "manifests",
    "explain",
    "graph",
    "python_versions",
    "states",
    "edits",
    "setup_py",
    "sync",
    "waivers",
    "yaml_rows",
    "dynamic",
    "licenses",
    "bootstrap",
}
#: Each is one door to the world.
WORLD = {
    "files",
    "signals",
    "git",
    "fetch",
    "metadata",
    "process",
    "children",
    "bindep",
    "lists",
    "project",
    "interpreters",
    "environments",
    "freezer",
    "installation",
    "cache",
    "trials",
    "gate",
    "installers",
    "installers.uv",
    "installers.pip",
    "installers.configuration",
    "installers.credentials",
    "sources",
    "checkouts",
    "survey",
    "index",
}
#: What a person meets.
EDGE = {
    "progress",
    "changes_report",
    "explain_report",
    "rehearsal_report",
    "report",
    "report.as_github",
    "report.as_json",
    "report.as_junit",
    "report.as_sarif",
    "report.as_text",
    "report.explain",
}
COMMANDS = {"cmds"}
#: What the pure floor must not touch.
FORBIDDEN_IMPORTS = {
    "io",
    "os",
    "pathlib",
    "shutil",
    "subprocess",
    "sys",
    "tempfile",
}
FORBIDDEN_CALLS = {"open", "print", "input", "exec", "eval"}


def modules() -> dict[str, ast.Module]:
    """The modules of the package, but for its tests."""
    result = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] == "tests":
            continue
        if parts[-1] == "__init__":
            parts = parts[:-1]
        result[".".join(parts)] = ast.parse(path.read_text(encoding="utf-8"))
    return result


def imports(tree: ast.Module) -> set[str]:
    """All that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
            found.add(str(node.module))
    return found


def floor(module: str) -> int:
    if module in PURE:
        return 0
    if module in WORLD:
        return 1
    if module in EDGE:
        return 2
    return 3


class TestPage(base.TestCase):
    """The page of the architecture and its drawing show what is there."""

    FLOORS = (
        ("Text and values", PURE),
        ("The world", WORLD),
        ("The edge", EDGE),
    )

    def shown(self, name: str, heading: str) -> dict[str, set[str]]:
        """The words below each floor's heading, as far as the next one."""
        folder = PACKAGE.parent / "doc" / "source" / "contributor"
        text = (folder / name).read_text(encoding="utf-8")
        places = sorted(
            (text.index(heading.format(title)), title)
            for title, _rooms in self.FLOORS
        )
        ends = [*(place for place, _title in places[1:]), len(text)]
        return {
            title: set(re.findall(r"\w+", text[start:end]))
            for (start, title), end in zip(places, ends, strict=True)
        }

    def test_each_room_is_on_its_floor(self) -> None:
        for name, heading in (
            ("architecture.rst", "\n{}\n---"),
            ("rooms.svg", "<!-- {} -->"),
        ):
            shown = self.shown(name, heading)
            for title, rooms in self.FLOORS:
                missing = {
                    room
                    for room in rooms
                    if room.rpartition(".")[2] not in shown[title]
                }
                # A format is a row of a table, and not spoken of by name.
                if name.endswith(".rst"):
                    missing -= {each for each in EDGE if ".as_" in each}
                self.assertEqual(set(), missing, f"{name}: {title}")


class TestFloors(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.modules = modules()

    def test_every_module_has_a_floor(self) -> None:
        placed = PURE | WORLD | EDGE
        others = {
            name
            for name in self.modules
            if name and name.split(".")[0] not in COMMANDS
        }
        self.assertEqual(placed, others)

    def test_imports_go_down(self) -> None:
        seen = 0
        for name, tree in self.modules.items():
            for imported in imports(tree):
                target = imported.removeprefix(f"{NAME}.")
                if target == imported or target not in self.modules:
                    continue
                seen += 1
                self.assertLessEqual(
                    floor(target), floor(name), f"{name} imports {target}"
                )
                if target.startswith("cmds"):
                    self.assertTrue(name.startswith("cmds"), name)
        self.assertGreater(seen, 30)

    def test_the_pure_floor_does_not_touch_the_world(self) -> None:
        for name in PURE:
            tree = self.modules[name]
            roots = {each.split(".")[0] for each in imports(tree)}
            self.assertEqual(set(), roots & FORBIDDEN_IMPORTS, name)
            called = {
                node.func.id
                for node in ast.walk(tree)
                if isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
            }
            self.assertEqual(set(), called & FORBIDDEN_CALLS, name)

    def test_one_door_to_subprocesses(self) -> None:
        users = {
            name
            for name, tree in self.modules.items()
            if any(
                each.split(".")[0] == "subprocess" for each in imports(tree)
            )
        }
        self.assertEqual({"process"}, users)

    def test_one_door_to_the_network(self) -> None:
        doors = {"requests", "urllib3", "http", "socket", "urllib.request"}
        users = {
            name
            for name, tree in self.modules.items()
            if any(
                each in doors or each.split(".")[0] in doors
                for each in imports(tree)
            )
        }
        self.assertEqual({"fetch"}, users)

    def test_only_the_edge_prints(self) -> None:
        for name, tree in self.modules.items():
            prints = any(
                isinstance(node, ast.Name) and node.id == "print"
                for node in ast.walk(tree)
            )
            if prints:
                self.assertGreaterEqual(floor(name), 2, name)
