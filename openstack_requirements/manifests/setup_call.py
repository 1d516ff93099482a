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
"""The requirements that the call of ``setup()`` in a setup.py states.

The file is parsed, never run. Literals count, sums of them, and names that are
bound to such a value once; everything else is :class:`Computed`.
"""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING, Any

from openstack_requirements.manifests import setup_py
from openstack_requirements.manifests.core_metadata import (
    Metadata,
    MetadataRequirement,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Expressions, characters and items that are looked at to find the values of
#: one setup.py. Where there are more (``b = a + a; c = b + b; ...``), it
#: counts as one that computes them.
MOST_VALUES = 100_000

#: Functions through which code can bind any name.
_BINDS_ANY_NAME = frozenset({"globals", "locals", "vars", "exec", "eval"})


class Computed(Exception):
    """A value that only running the code would tell."""


def read_call(text: str) -> Metadata:
    """The metadata that the call of ``setup()`` in a setup.py states.

    :raises Computed: where only running it would tell.
    :raises ValueError: where it cannot be parsed, see
        :func:`~openstack_requirements.manifests.setup_py.parse`.
    """
    tree = setup_py.parse(text)
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and "setup"
        in {getattr(node.func, "id", ""), getattr(node.func, "attr", "")}
    ]
    if len(calls) != 1:
        raise Computed
    literals = _Literals(_constants(tree, calls[0]))
    given: dict[str, ast.expr] = {}
    for keyword in calls[0].keywords:
        if keyword.arg is None:
            raise Computed
        given[keyword.arg] = keyword.value

    def value_of(name: str) -> Any:
        return literals.value(given[name]) if name in given else None

    def text_of(name: str) -> str:
        try:
            value = value_of(name)
        except Computed:
            return ""
        return value if isinstance(value, str) else ""

    name, python = text_of("name"), text_of("python_requires")
    if value_of("pbr"):
        return Metadata(name=name)
    place = f"{setup_py.FILE}:{calls[0].lineno}"
    result = [
        MetadataRequirement(place, requirement)
        for requirement in _lines(value_of("install_requires"))
    ]
    extras = value_of("extras_require") or {}
    if not isinstance(extras, dict):
        raise Computed
    for key, requirements in extras.items():
        # setuptools takes "name:marker" for an extra with a marker.
        extra, _, marker = str(key).partition(":")
        for requirement in _lines(requirements):
            text = f"{requirement};{marker}" if marker else requirement
            result.append(MetadataRequirement(place, text, extra, bool(extra)))
    return Metadata(tuple(result), requires_python=python, name=name)


def _constants(tree: ast.Module, call: ast.Call) -> dict[str, ast.expr]:
    """The names of a module that are bound to one constant value.

    A name counts that is bound once, by a plain assignment on the top level,
    and whose value nothing changes (``names += [...]``,
    ``names.append(...)``), neither by this name nor by another one for the
    same object. So a mutable value counts only where it is used in the call of
    ``setup`` and in other plain values alone.

    :param call: the call of ``setup``.
    """
    values: dict[str, ast.expr] = {}
    # Names that may be bound to the same list.
    sharing: dict[str, set[str]] = {}
    harmless: set[ast.AST] = set()
    for keyword in call.keywords:
        harmless.update(_names_in(keyword.value))
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        inside = _names_in(node.value)
        targets = [
            target for target in node.targets if isinstance(target, ast.Name)
        ]
        if len(targets) != len(node.targets):
            continue
        harmless.update(inside)
        for target in targets:
            values[target.id] = node.value
        # All names share with the first one only, so that the cost is linear.
        first = targets[0].id
        for name in (*targets, *inside):
            sharing.setdefault(first, set()).add(name.id)
            sharing.setdefault(name.id, set()).add(first)
    bound = Counter(_bound(tree))
    used = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and node not in harmless
    }
    if "*" in bound or not used.isdisjoint(_BINDS_ANY_NAME):
        return {}
    waiting = [variable for variable, count in bound.items() if count > 1]
    waiting += [
        variable
        for variable in used
        if not isinstance(values.get(variable), ast.Constant)
    ]
    changed: set[str] = set()
    while waiting:
        variable = waiting.pop()
        if variable not in changed:
            changed.add(variable)
            waiting += sharing.get(variable, set())
    return {
        variable: value
        for variable, value in values.items()
        if variable not in changed
    }


def _bound(tree: ast.Module) -> Iterator[str]:
    """Every name that is bound or deleted, once for each time.

    ``*`` stands for ``from module import *``, which may bind any name.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                yield node.id
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(
            node,
            (
                ast.FunctionDef,
                ast.AsyncFunctionDef,
                ast.ClassDef,
                ast.ExceptHandler,
                ast.MatchAs,
                ast.MatchStar,
            ),
        ):
            yield node.name or ""


def _names_in(value: ast.expr) -> list[ast.Name]:
    """The names in an expression of literals, containers and operators.

    Such an expression changes none of them.
    """
    waiting: list[ast.expr] = [value]
    result = []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            result.append(node)
        elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            waiting += node.elts
        elif isinstance(node, ast.Dict):
            waiting += [key for key in node.keys if key is not None]
            waiting += node.values
        elif isinstance(node, ast.BinOp):
            waiting += [node.left, node.right]
    return result


def _lines(value: object) -> list[str]:
    """Requirements as setuptools takes them: a list, or lines of text."""
    if value is None:
        return []
    if not isinstance(value, (str, list)):
        raise Computed
    texts = value if isinstance(value, list) else [value]
    lines = [
        line.strip()
        for text in texts
        if isinstance(text, str)
        for line in text.splitlines()
    ]
    return [line for line in lines if line and not line.startswith("#")]


class _Literals:
    """Evaluates literals of one module, containers and sums among them.

    :param names: the expressions that are assigned to names.
    """

    def __init__(self, names: Mapping[str, ast.expr]) -> None:
        self._names = names
        self._remaining = MOST_VALUES

    def value(self, node: ast.expr, seen: tuple[str, ...] = ()) -> Any:
        """The value of an expression.

        :param seen: the names whose values it is a part of.
        :raises Computed: where it is not a literal, or there is too much.
        """
        self._spend(1)
        if isinstance(node, ast.Name) and node.id in self._names:
            if node.id in seen:
                raise Computed
            return self.value(self._names[node.id], (*seen, node.id))
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return [self.value(item, seen) for item in node.elts]
        if isinstance(node, ast.Dict):
            return self._dict(node, seen)
        if isinstance(node, ast.BinOp):
            return self._sum(node, seen)
        if isinstance(node, ast.Constant):
            return node.value
        raise Computed

    def _dict(self, node: ast.Dict, seen: tuple[str, ...]) -> dict[Any, Any]:
        result = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:  # **mapping
                raise Computed
            try:
                result[self.value(key, seen)] = self.value(value, seen)
            except TypeError as error:  # an unhashable key
                raise Computed from error
        return result

    def _sum(self, node: ast.expr, seen: tuple[str, ...]) -> str | list[Any]:
        """The sum of texts or of lists, without recursion over its terms."""
        terms = []
        while isinstance(node, ast.BinOp):
            if not isinstance(node.op, ast.Add):
                raise Computed
            terms.append(self.value(node.right, seen))
            node = node.left
        terms.append(self.value(node, seen))
        terms.reverse()
        if all(isinstance(term, str) for term in terms):
            self._spend(sum(map(len, terms)))
            return "".join(terms)
        if all(isinstance(term, list) for term in terms):
            self._spend(sum(map(len, terms)))
            return [item for term in terms for item in term]
        raise Computed

    def _spend(self, amount: int) -> None:
        self._remaining -= amount
        if self._remaining < 0:
            raise Computed
