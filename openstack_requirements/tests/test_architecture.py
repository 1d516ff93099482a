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
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import docutils.core
import docutils.nodes

from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

PACKAGE = Path(__file__).resolve().parent.parent
NAME = "openstack_requirements"
#: Text and values in, values out.
PURE = {
    "ranges",
    "version_sets",
    "culprits",
    "failures",
    "fallbacks",
    "installers.uv_failures",
    "installers.pip_failures",
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
    "installers.pip_metadata",
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


@cache
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


#: What the page says of each floor, by the heading there.
HEADINGS = {
    "Text and values": PURE,
    "The world": WORLD,
    "The edge": EDGE | COMMANDS,
}
CONTRIBUTOR = PACKAGE.parent / "doc" / "source" / "contributor"


class Described(NamedTuple):
    """What a page describes below one heading."""

    modules: list[str]
    #: The literals of each entry, by the modules that it is about.
    literals: dict[str, set[str]]


def described(text: str) -> dict[str, Described]:
    """The entries of the definition lists below each heading of a page."""
    # Sphinx's own roles are unknown to docutils, which is of no interest.
    page = docutils.core.publish_doctree(
        text, settings_overrides={"report_level": 5, "halt_level": 6}
    )
    result = {}
    for section in page.findall(docutils.nodes.section):
        found = Described([], {})
        for item in section.findall(docutils.nodes.definition_list_item):
            if item.parent.parent is not section:
                continue
            term = item.next_node(docutils.nodes.term)
            names = [
                literal.astext()
                for literal in term.findall(docutils.nodes.literal)
            ]
            # In the page's own sections a term may be words.
            found.modules.extend(names)
            literals = {
                literal.astext()
                for literal in item.findall(docutils.nodes.literal)
            }
            found.literals.update(dict.fromkeys(names, literals))
        result[section.next_node(docutils.nodes.title).astext()] = found
    return result


def entry_of(module: str, floor_modules: Collection[str]) -> str:
    """The entry that describes a module: that of its package, or its own.

    A package is on the floor of its doors, and so may be some of its modules
    on another one.
    """
    package = module.partition(".")[0]
    return package if package in floor_modules else module


def page_problems(text: str) -> list[str]:
    """Where the page of the architecture and the code differ."""
    problems = []
    found = described(text)
    for heading, floor_modules in HEADINGS.items():
        if heading not in found:
            problems.append(f"{heading}: no such section")
            continue
        entries = Counter(found[heading].modules)
        wanted = Counter(
            {entry_of(each, floor_modules) for each in floor_modules}
        )
        problems += [
            f"{heading}: no entry for {each}" for each in wanted - entries
        ]
        problems += [
            f"{heading}: {each} is no module of this floor, or is there twice"
            for each in entries - wanted
        ]
        for module in sorted(floor_modules):
            package, _, name = module.partition(".")
            # A format is a row of a table, and not spoken of by name.
            if not name or name.startswith("as_") or module in wanted:
                continue
            literals = found[heading].literals.get(package, set())
            paths = {f"{package}/{name}", f"{package}/{name}.py"}
            if not paths & literals:
                problems.append(f"{heading}: {package} without {name}")
    return sorted(problems)


class TestPage(base.TestCase):
    """The page of the architecture and its drawing show what is there."""

    def setUp(self) -> None:
        super().setUp()
        path = CONTRIBUTOR / "architecture.rst"
        whole = path.read_text(encoding="utf-8")
        # The rest of the page says nothing of single modules.
        self.text = whole.partition("\nFrom a list to constraints\n=")[0]

    def test_the_page_has_every_module_and_nothing_else(self) -> None:
        self.assertEqual([], page_problems(self.text))

    def test_an_entry_that_is_missing(self) -> None:
        for module in sorted(PURE | WORLD | EDGE | COMMANDS):
            if "." in module:
                continue
            # Its own line, or its part of a line with others.
            text, count = re.subn(
                rf"(?m)^((?:``\w+``, )*)``{module}``(?=(?:, ``\w+``)*$)",
                r"\1*gone*",
                self.text,
            )
            self.assertEqual(1, count, module)
            self.assertIn(
                f"no entry for {module}", " ".join(page_problems(text))
            )

    def test_a_module_of_a_package_that_is_missing(self) -> None:
        for name in ("uv", "pip", "configuration", "credentials"):
            text = self.text.replace(f"installers/{name}.py", "gone")
            self.assertEqual(
                [f"The world: installers without {name}"], page_problems(text)
            )

    def test_an_entry_that_is_no_module(self) -> None:
        for heading in HEADINGS:
            for name in ("nosuch", "cmds._entry", "errors", "files"):
                text = re.sub(
                    rf"(?s)(\n{heading}\n-+\n.*?\n)(``)",
                    rf"\1``{name}``\n   Nothing.\n\n\2",
                    self.text,
                    count=1,
                )
                self.assertEqual(
                    [
                        f"{heading}: {name} is no module of this floor, or "
                        "is there twice"
                    ],
                    page_problems(text),
                )

    def test_a_section_that_is_missing(self) -> None:
        text = self.text.replace("\nThe edge\n--------\n", "\n")
        self.assertIn("The edge: no such section", page_problems(text))

    def test_the_drawing_has_every_module(self) -> None:
        text = (CONTRIBUTOR / "rooms.svg").read_text(encoding="utf-8")
        places = sorted(
            (text.index(f"<!-- {heading} -->"), heading)
            for heading in HEADINGS
        )
        ends = [*(place for place, _ in places[1:]), len(text)]
        for (start, heading), end in zip(places, ends, strict=True):
            words = set(re.findall(r"\w+", text[start:end]))
            names = {
                module.rpartition(".")[2]
                for module in HEADINGS[heading] - COMMANDS
            }
            self.assertEqual(set(), names - words, heading)


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


#: Where names, clauses and markers are read. All others ask these.
PEP_508 = {"requirement", "specifiers", "version_sets", "ranges", "markers"}
#: These read what pip and uv print, and are to ask PEP_508 as well.
_OPERATOR = r"(?:===|~=|[=!<>]=|<|>)"
#: A regular expression that looks for operators: some of them in a row, a
#: class of their characters, or a number of equals signs.
OPERATORS = re.compile(
    rf"{_OPERATOR}\)?\|(?:\((?:\?:)?)?{_OPERATOR}|\[[<>=!~^]{{2,}}\]|=\{{\d|=\+"
)
#: One that looks for names: a class of letters, digits and separators.
NAMES = re.compile(r"\[(?=[^\]]*(?:0-9|\\w))(?=[^\]]*\.)[^\]]*\]")
#: What looks like one of these and is none, or has its reason, by module.
ALLOWED_OPERATORS = {
    # Where the version of a pin stands in the very text of a line.
    "constraints": 1,
    # Poetry's constraints, which are a language of their own (^1.2).
    "dynamic": 3,
    # Requirements within the sentences of uv.
    "installers.uv_failures": 2,
}
ALLOWED_NAMES = {
    "bindep": 1,  # a platform
    "changes_report": 1,  # text that needs no escapes
    "children": 2,  # a scheme, and an environment variable
    "constraints": 1,  # see above
    "failures": 1,  # a C header
    "installers.pip": 2,  # names within a sentence of pip
    "installers.uv": 1,  # a line of uv's answer
    "installers.uv_failures": 1,  # where a name begins in a sentence
    "lists": 1,  # a repository, org/name
    "output": 2,  # the name of a secret
}
#: Texts with commas that are no specifiers.
ALLOWED_SPLITS = {
    "conflicts": ["match['affected'].split(',')"],
    "dynamic": ["paths.split(',')"],
    "waivers": ["inside.split(',')"],
}
#: An option's equals sign.
ALLOWED_STRIPS = {"constraints": ["text[len(option):].lstrip(' \\t=')"]}


def literals(tree: ast.Module) -> list[str]:
    """All strings of a module, and parts of strings, but for docstrings."""
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documentation
    ]


def calls(tree: ast.Module, methods: set[str], argument: str) -> list[str]:
    """Calls of methods whose first argument is a string of this form."""
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in methods
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
        and re.fullmatch(argument, node.args[0].value)
    ]


def splits(tree: ast.Module) -> list[str]:
    """Where a text is taken apart at its commas."""
    methods = {"split", "rsplit", "partition", "rpartition"}
    return calls(tree, methods, r"(?:\s|\\s|[*+ ?])*,(?:\s|\\s|[*+ ?])*")


def strips(tree: ast.Module) -> list[str]:
    """Where an operator is taken off a text by its characters."""
    return calls(tree, {"strip", "lstrip"}, r"[\s\S]*[=~!][\s\S]*")


class TestParsedOnce(base.TestCase):
    """Requirements are taken apart in one place, and others ask it."""

    def setUp(self) -> None:
        super().setUp()
        self.modules = {
            name: tree
            for name, tree in modules().items()
            if name not in PEP_508
        }

    def assert_only(
        self,
        allowed: dict[str, list[str]],
        look: Callable[[ast.Module], list[str]],
    ) -> None:
        found = {name: look(tree) for name, tree in self.modules.items()}
        self.assertEqual(
            allowed, {name: each for name, each in found.items() if each}
        )

    def assert_no_more(
        self, allowed: dict[str, int], pattern: re.Pattern[str]
    ) -> None:
        for name, tree in self.modules.items():
            found = [text for text in literals(tree) if pattern.search(text)]
            self.assertEqual(
                allowed.get(name, 0), len(found), f"{name} {found}"
            )

    def test_nobody_else_splits_specifiers(self) -> None:
        self.assert_only(ALLOWED_SPLITS, splits)

    def test_nobody_else_takes_operators_off(self) -> None:
        self.assert_only(ALLOWED_STRIPS, strips)

    def test_nobody_else_has_an_expression_for_operators(self) -> None:
        self.assert_no_more(ALLOWED_OPERATORS, OPERATORS)

    def test_nobody_else_has_an_expression_for_names(self) -> None:
        self.assert_no_more(ALLOWED_NAMES, NAMES)

    def test_one_more_is_noticed(self) -> None:
        for text in (
            r"(===|~=|==|!=|<=|>=|<|>)(.*)",
            r"(?:>=)|(?:<=)",
            r"={2,3}([^,*]+)",
            r"=+(.*)",
            r"[<>=!~]+",
        ):
            self.assertTrue(OPERATORS.search(text), text)
        for text in (
            r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?",
            r"[A-Z0-9][-._A-Z0-9]*",
            r"[\w.-]+",
        ):
            self.assertTrue(NAMES.search(text), text)
        for text in (
            'each.specifiers.split(",")',
            're.split(r"\\s*,\\s*", text)',
            'text.partition(", ")',
        ):
            self.assertEqual(1, len(splits(ast.parse(text))), text)
        for text in ('text.lstrip("=")', 'text.lstrip("<>=~")'):
            self.assertEqual(1, len(strips(ast.parse(text))), text)
        self.assertEqual(["=="], literals(ast.parse('"""~=|=="""\na = "=="')))
