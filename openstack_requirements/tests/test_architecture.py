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
import graphlib
import itertools
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import docutils.core
import docutils.nodes

from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PACKAGE = Path(__file__).resolve().parent.parent
NAME = "openstack_requirements"
CONTRIBUTOR = PACKAGE.parent / "doc" / "source" / "contributor"
#: Thin modules for other programs; the toolkit itself imports none of them.
PUBLIC = {"requirement", "project", "check", "generation"}
#: Packages in which what decides touches nothing outside, and their loaders.
DECIDING = {"pep508", "manifests", "constraints", "checks"}
LOADERS = {
    "manifests.loader",
    "constraints.loader",
    "constraints.history_loader",
    "checks.loader",
    "checks.zuul_loader",
}
#: The module there that loads, then decides, many projects side by side.
CONNECTING = {"checks.gate"}
#: Modules elsewhere that touch nothing outside either.
PURE = {
    "output",
    "errors",
    "install.availability",
    "install.batches",
    "install.culprits",
    "install.failures",
    "install.fallbacks",
    "install.pages",
    "install.upgrades",
    "install.installers.pip_failures",
    "install.installers.uv_failures",
    "repository.hold_edits",
    "repository.holds",
    "repository.policy",
    "repository.update",
    "repository.waivers",
    "repository.yaml_rows",
    "proposals.messages",
    "proposals.constraints_change",
    "proposals.messages_constraints",
    "proposals.proposal",
    "proposals.reconcile",
    "bootstrap.bounds",
    "bootstrap.decisions",
    "bootstrap.dependencies",
    "bootstrap.draft",
    "bootstrap.licenses",
    "bootstrap.repository_files",
}
#: What a pure module must not touch.
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
    """The modules of the package, but for its tests and ``__main__``.

    That one is a console script in all but its place.
    """
    result = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] in {"tests", "__main__"}:
            continue
        if parts[-1] == "__init__":
            parts = parts[:-1]
        result[".".join(parts)] = ast.parse(path.read_text(encoding="utf-8"))
    return result


@cache
def imports(tree: ast.Module) -> frozenset[str]:
    """All that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
            names.add(str(node.module))
    return frozenset(names)


def package_of(module: str) -> str:
    """The package of a module; a module beside the packages is its own."""
    return module.partition(".")[0]


def package_imports(
    trees: Mapping[str, ast.Module],
) -> dict[str, dict[str, set[str]]]:
    """Which packages each package imports, and in which modules.

    The public modules and the package itself are left out: nothing in here
    may import them.
    """
    result: dict[str, dict[str, set[str]]] = {}
    for module, tree in trees.items():
        package = package_of(module)
        if not module or package in PUBLIC:
            continue
        imported = result.setdefault(package, {})
        for name in imports(tree):
            target = name.removeprefix(f"{NAME}.")
            if target == name or not target:
                continue
            if package_of(target) != package:
                imported.setdefault(package_of(target), set()).add(module)
    return result


def order(trees: Mapping[str, ast.Module]) -> list[str]:
    """The packages, each behind all that it imports.

    :raises graphlib.CycleError: where there is no such order.
    """
    graph = {
        package: set(imported)
        for package, imported in package_imports(trees).items()
    }
    sorter = graphlib.TopologicalSorter(graph)
    return list(sorter.static_order())


class Described(NamedTuple):
    """What the page says: its table of packages, and their modules."""

    packages: list[str]
    modules: dict[str, list[str]]


def described(text: str) -> Described:
    """The packages and modules that the page describes."""
    # Sphinx's own roles are unknown to docutils, which is of no interest.
    page = docutils.core.publish_doctree(
        text, settings_overrides={"report_level": 5, "halt_level": 6}
    )
    table = page.next_node(docutils.nodes.tbody)
    packages = [
        row.next_node(docutils.nodes.literal).astext()
        for row in table.findall(docutils.nodes.row)
    ]
    entries: dict[str, list[str]] = {}
    for section in page.findall(docutils.nodes.section):
        title = section.next_node(docutils.nodes.title).astext()
        entries[title] = [
            literal.astext()
            for item in section.findall(docutils.nodes.definition_list_item)
            if item.parent.parent is section
            for literal in item.next_node(docutils.nodes.term).findall(
                docutils.nodes.literal
            )
        ]
    return Described(packages, entries)


def entry_of(module: str) -> tuple[str, str] | None:
    """The section and the term of the entry that describes a module.

    None for a package's own docstring, a console script and a format of
    reports, which are rows of tables elsewhere.
    """
    if module in PUBLIC:
        return "The public modules", module
    package, _, name = module.partition(".")
    if not name:
        has_modules = any(
            other.startswith(f"{package}.") for other in modules()
        )
        if has_modules and package != "cmds":
            return None
        return package, package
    first, _, last = name.partition(".")
    if package == "cmds":
        if first not in {"progress", "report"}:
            return None
        if last and not last.startswith("render_"):
            return None
    return package, name


def page_problems(text: str) -> list[str]:
    """Where the page of the architecture and the code differ."""
    page = described(text)
    problems = []
    wanted: dict[str, list[str]] = {}
    for module in modules():
        entry = entry_of(module) if module else None
        if entry is not None:
            wanted.setdefault(entry[0], []).append(entry[1])
    for section, terms in wanted.items():
        if section not in page.modules:
            problems.append(f"{section}: no such section")
            continue
        entries = Counter(page.modules[section])
        problems += [
            f"{section}: no entry for {term}"
            for term in Counter(terms) - entries
        ]
        problems += [
            f"{section}: {term} is no module, or is there twice"
            for term in entries - Counter(terms)
        ]
    if sorted(page.packages) != sorted(wanted.keys() - {"The public modules"}):
        problems.append(f"the table has {', '.join(page.packages)}")
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
        entries = [
            entry
            for module in sorted(modules())
            if module and (entry := entry_of(module)) is not None
        ]
        self.assertGreater(len(entries), 60)
        sections: dict[str, list[str]] = {}
        for section, term in entries:
            sections.setdefault(section, []).append(term)
        # One entry of each section at a time.
        for terms in itertools.zip_longest(*sections.values()):
            text = self.text
            gone = [
                (section, term)
                for section, term in zip(sections, terms, strict=True)
                if term is not None
            ]
            for section, term in gone:
                start = text.index(f"\n{section}\n-")
                text = text[:start] + text[start:].replace(
                    f"\n``{term}``\n", "\n*gone*\n", 1
                )
            self.assertEqual(
                sorted(
                    f"{section}: no entry for {term}" for section, term in gone
                ),
                page_problems(text),
            )

    def test_an_entry_that_is_no_module(self) -> None:
        for section in described(self.text).packages:
            text = re.sub(
                rf"(\n{section}\n-+\n.*?\n)(``)",
                r"\1``nosuch``\n   Nothing.\n\n\2",
                self.text,
                count=1,
                flags=re.DOTALL,
            )
            self.assertEqual(
                [f"{section}: nosuch is no module, or is there twice"],
                page_problems(text),
            )

    def test_a_section_or_a_row_that_is_missing(self) -> None:
        text = self.text.replace("\npep508\n------\n", "\n")
        self.assertIn("pep508: no such section", page_problems(text))
        text = self.text.replace("* - ``system``", "* - gone")
        self.assertIn("the table has", " ".join(page_problems(text)))

    def test_the_drawing_has_every_package_in_order(self) -> None:
        text = (CONTRIBUTOR / "packages.svg").read_text(encoding="utf-8")
        names = re.findall(r'class="name"[^>]*>([^<]+)<', text)
        drawn = [name for row in names for name in row.split(", ")]
        self.assertEqual(described(self.text).packages[::-1], drawn)


class TestPackages(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.modules = modules()

    def page(self) -> list[str]:
        text = (CONTRIBUTOR / "architecture.rst").read_text(encoding="utf-8")
        return described(text).packages

    def test_the_imports_have_an_order_and_it_is_the_page_s(self) -> None:
        computed = order(self.modules)
        place = {package: at for at, package in enumerate(self.page())}
        self.assertEqual(set(computed), set(place))
        upward = [
            f"{package} imports {target} in {', '.join(sorted(where))}"
            for package, imported in package_imports(self.modules).items()
            for target, where in imported.items()
            if place[target] >= place[package]
        ]
        self.assertEqual([], upward)

    def test_an_import_upward_is_noticed(self) -> None:
        for text in (
            f"from {NAME}.checks import findings",
            f"def f():\n    from {NAME}.checks.findings import Finding",
            f"if TYPE_CHECKING:\n    import {NAME}.checks.findings",
        ):
            trees = {**self.modules, "pep508.text": ast.parse(text)}
            self.assertRaises(graphlib.CycleError, order, trees)

    def test_every_package_says_what_it_is_for(self) -> None:
        for package in package_imports(self.modules):
            if package in {"output", "errors"}:
                continue
            text = ast.get_docstring(self.modules[package]) or ""
            self.assertGreater(len(text.splitlines()), 2, package)
            self.assertIn("import", text, package)

    def test_nobody_in_here_imports_what_is_for_others(self) -> None:
        for module, tree in self.modules.items():
            targets = {name.removeprefix(f"{NAME}.") for name in imports(tree)}
            self.assertEqual(set(), targets & PUBLIC, module)

    def test_classes_of_two_packages_have_two_names(self) -> None:
        packages: dict[str, set[str]] = {}
        for module, tree in self.modules.items():
            if package_of(module) in PUBLIC:
                continue  # it names what it takes from a package
            for node in tree.body:
                if isinstance(node, ast.ClassDef):
                    packages.setdefault(node.name, set()).add(
                        package_of(module)
                    )
        shared = {
            name: where for name, where in packages.items() if len(where) > 1
        }
        self.assertEqual({}, shared)

    def test_what_decides_touches_nothing_outside(self) -> None:
        deciding = {
            module
            for module in self.modules
            if module in PURE
            or (
                package_of(module) in DECIDING
                and module not in LOADERS | CONNECTING
            )
        }
        self.assertGreater(len(deciding), 50)
        for module in sorted(deciding):
            tree = self.modules[module]
            names = imports(tree)
            roots = {name.split(".")[0] for name in names}
            self.assertEqual(set(), roots & FORBIDDEN_IMPORTS, module)
            system = {n for n in names if n.startswith(f"{NAME}.system")}
            self.assertEqual(set(), system, module)
            called = {
                node.func.id
                for node in ast.walk(tree)
                if isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
            }
            self.assertEqual(set(), called & FORBIDDEN_CALLS, module)

    def importers(self, names: set[str]) -> set[str]:
        """The modules that import one of some libraries."""
        return {
            module
            for module, tree in self.modules.items()
            if any(
                name in names or name.split(".")[0] in names
                for name in imports(tree)
            )
        }

    def test_one_module_starts_processes(self) -> None:
        self.assertEqual({"system.process"}, self.importers({"subprocess"}))

    def test_one_module_uses_the_network(self) -> None:
        libraries = {"requests", "urllib3", "http", "socket", "urllib.request"}
        self.assertEqual({"system.fetch"}, self.importers(libraries))

    def test_only_commands_print(self) -> None:
        for module, tree in self.modules.items():
            prints = any(
                isinstance(node, ast.Name) and node.id == "print"
                for node in ast.walk(tree)
            )
            # Scripts written for the older toolkit expect two to print.
            if prints and module not in {"check", "project"}:
                self.assertEqual("cmds", package_of(module), module)


#: Where names, clauses and markers are read. All others ask these.
PEP_508 = {
    f"pep508.{module}"
    for module in (
        *("requirement", "parser", "entries", "tally", "marker_syntax"),
        *("versions", "specifiers", "version_sets", "ranges"),
        *("markers.tree", "markers.partial", "markers.pythons"),
    )
}
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
    "constraints.pinning": 1,
    "constraints.merge_pins": 1,
    # Poetry's constraints, which are a language of their own (^1.2).
    "manifests.poetry": 3,
    # Requirements within the sentences of uv.
    "install.installers.uv_failures": 2,
}
ALLOWED_NAMES = {
    "repository.bindep": 1,  # a platform
    "cmds.report.render_changes": 1,  # text that needs no escapes
    "system.children": 2,  # a scheme, and an environment variable
    "constraints.pinning": 1,  # see above
    "install.failures": 1,  # a C header
    "install.installers.pip": 2,  # names within a sentence of pip
    "install.installers.uv_index": 1,  # a line of uv's answer
    "install.installers.uv_lock": 1,  # two lines of uv's answer
    "install.installers.uv_failures": 1,  # where a name begins in a sentence
    "repository.hold_edits": 1,  # a text that needs no quotes in YAML
    "repository.lists": 1,  # a repository, org/name
    "output": 2,  # the name of a secret
}
#: Texts with commas that are no specifiers.
ALLOWED_SPLITS = {
    "checks.conflicts": ["match['affected'].split(',')"],
    "install.installers.run_index": ["variable('UV_FIND_LINKS').split(',')"],
    "manifests.dynamic": ["paths.split(',')"],
    "repository.waivers": ["inside.split(',')"],
}
#: An option's equals sign.
ALLOWED_STRIPS = {
    "constraints.editing": ["text[len(option):].lstrip(' \\t=')"]
}


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


#: The lines of a screen, or thereabouts.
SCREEN = 40


class TestScripts(base.TestCase):
    """A console script parses, calls the library and renders."""

    def test_a_main_fits_on_a_screen(self) -> None:
        seen = 0
        for name, tree in modules().items():
            for node in tree.body if name.startswith("cmds.") else ():
                if isinstance(node, ast.FunctionDef) and node.name == "main":
                    seen += 1
                    assert node.end_lineno is not None
                    lines = node.end_lineno - node.lineno + 1
                    self.assertLessEqual(lines, SCREEN, name)
        self.assertGreater(seen, 10)

    def test_the_library_shows_no_progress_itself(self) -> None:
        users = {
            name
            for name, tree in modules().items()
            if any(target.split(".")[0] == "rich" for target in imports(tree))
        }
        self.assertEqual({"cmds.progress"}, users)


class TestFindings(base.TestCase):
    """A finding is complete when it is made."""

    def test_nobody_fills_in_the_rule(self) -> None:
        for name, tree in modules().items():
            for node in ast.walk(tree):
                if not isinstance(node, ast.Call):
                    continue
                called = ast.unparse(node.func).rpartition(".")[2]
                keywords = {keyword.arg for keyword in node.keywords}
                if called == "_replace":
                    filled = keywords & {"rule", "severity"}
                    self.assertEqual(set(), filled, name)
                if called == "Finding":
                    first = [*map(ast.unparse, node.args), ""][0]
                    self.assertNotIn(first, {"''", "None"}, name)
