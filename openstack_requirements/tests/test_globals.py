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
"""Modules hold no state: what changes is a value that is passed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from openstack_requirements.tests import base
from openstack_requirements.tests.test_architecture import modules

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Calls that give a value which cannot be changed.
IMMUTABLE = {
    "CanonicalName",
    "MappingProxyType",
    "NewType",
    "TypeVar",
    "frozenset",
    "get_args",
    "re.compile",
    # Named tuples and frozen values of our own.
    "Axis",
    "Environments",
    "Joined",
    "Policy",
    "Upgrades",
    "VersionSet",
    "_between",
    "culprits.start",
    "datetime.datetime",
    # What each new value of a class begins with.
    "dataclasses.field",
}
#: Tables that are made by a call, and as constant as a display.
TABLES = {"dict.fromkeys"}
#: What changes its argument.
CHANGING = {
    "add",
    "append",
    "clear",
    "discard",
    "extend",
    "insert",
    "pop",
    "popitem",
    "remove",
    "reverse",
    "setdefault",
    "sort",
    "update",
}
#: Classes whose own attributes change, and why that is not to be avoided.
STATE = {
    # What a signal does is the business of the whole process, and its
    # handler gets no argument of ours.
    "system.signals._Request": {
        "heard",
        "held",
        "on_alarm",
        "signal_number",
        "since",
        "thread",
        "watching",
    },
    # A process of a pool is told once what it judges by; with each task it
    # would take longer than judging.
    "checks.gate._Worker": {"leaving", "request"},
}


def assigned(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The names of a module and of its classes, with their values."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield ast.unparse(target), node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield ast.unparse(node.target), node.value
        elif not isinstance(node, ast.FunctionDef):
            # Below "if" and "try" as well.
            yield from assigned(node)


def tables(tree: ast.Module) -> set[str]:
    """The names whose values could be changed, if anybody did."""
    kinds = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp)
    return {
        name
        for name, value in assigned(tree)
        if isinstance(value, (*kinds, ast.SetComp))
        or (isinstance(value, ast.Call) and ast.unparse(value.func) in TABLES)
    }


def made(tree: ast.Module) -> set[str]:
    """What is called for the value of a name, and may give anything."""
    return {
        ast.unparse(value.func)
        for _, value in assigned(tree)
        if isinstance(value, ast.Call)
    } - (IMMUTABLE | TABLES)


def declared(tree: ast.Module) -> list[str]:
    """The names that a function declares to be those of the module."""
    return [
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Global)
        for name in node.names
    ]


def changed(tree: ast.AST) -> set[str]:
    """The last parts of the names that something changes in place."""
    expressions: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in CHANGING:
                expressions.append(node.func.value)
        elif isinstance(node, (ast.Assign, ast.Delete)):
            expressions += [
                target.value
                for target in node.targets
                if isinstance(target, ast.Subscript)
            ]
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            target = node.target
            if isinstance(target, ast.Subscript):
                expressions.append(target.value)
            elif isinstance(node, ast.AugAssign):
                expressions.append(target)
    return {
        ast.unparse(each).rpartition(".")[2]
        for each in expressions
        if isinstance(each, (ast.Name, ast.Attribute))
    }


def class_state(name: str, tree: ast.Module) -> dict[str, set[str]]:
    """The attributes of classes that code changes, by class."""
    result: dict[str, set[str]] = {}
    classes = [n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)]
    owners = {node.name: node.name for node in classes}
    for scope, here in (
        (tree, owners),
        *((node, {"cls": node.name}) for node in classes),
    ):
        for node in ast.walk(scope):
            targets: list[ast.expr] = []
            if isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
                targets = [node.target]
            for target in targets:
                if not isinstance(target, ast.Attribute):
                    continue
                owner = here.get(ast.unparse(target.value))
                if owner is not None:
                    result.setdefault(f"{name}.{owner}", set()).add(
                        target.attr
                    )
    return result


class TestState(base.TestCase):
    def test_no_function_changes_a_name_of_its_module(self) -> None:
        for name, tree in modules().items():
            self.assertEqual([], declared(tree), name)

    def test_tables_are_constant(self) -> None:
        seen = 0
        written = set().union(*map(changed, modules().values()))
        for name, tree in modules().items():
            constants = tables(tree) - {"__all__"}
            seen += len(constants)
            self.assertEqual(set(), constants & written, name)
            for table in constants:
                self.assertEqual(table.upper(), table, name)
        self.assertGreater(seen, 20)

    def test_nothing_else_is_made_when_a_module_is_imported(self) -> None:
        for name, tree in modules().items():
            self.assertEqual(set(), made(tree), name)

    def test_classes_hold_no_state(self) -> None:
        found: dict[str, set[str]] = {}
        for name, tree in modules().items():
            found.update(class_state(name, tree))
        self.assertEqual(STATE, found)

    def test_it_is_noticed(self) -> None:
        tree = ast.parse(
            "seen = {}\n"
            "if True:\n"
            "    LINES: list[str] = []\n"
            "lock = threading.Lock()\n"
            "class Cache:\n"
            "    known = 3\n"
            "    @classmethod\n"
            "    def grow(cls):\n"
            "        cls.known += 1\n"
            "def f(x):\n"
            "    global count\n"
            "    local = []\n"
            "    seen[x] = 1\n"
            "    module.LINES.append(x)\n"
            "    Cache.last = x\n"
        )
        self.assertEqual(["count"], declared(tree))
        self.assertEqual({"seen", "LINES"}, tables(tree))
        self.assertEqual({"seen", "LINES", "known"}, changed(tree))
        self.assertEqual({"threading.Lock"}, made(tree))
        self.assertEqual(
            {"m.Cache": {"known", "last"}}, class_state("m", tree)
        )
        for text, name in (
            ("del TABLE[1]", "TABLE"),
            ("TABLE |= {1}", "TABLE"),
            ("TABLE[1] += 1", "TABLE"),
            ("TABLE[1]: int = 1", "TABLE"),
            ("a.TABLE.setdefault(1, 2)", "TABLE"),
        ):
            self.assertEqual({name}, changed(ast.parse(text)), text)
