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
"""The values of literals in Python code, which is parsed and never run.

Constants, containers, sums and names count, where the name is bound once to
such a value; everything else is :class:`Computed`.
"""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: Expressions, characters and items that are looked at to find the values of
#: one setup.py. Where there are more (``b = a + a; c = b + b; ...``), it
#: counts as one that computes them.
MOST_VALUES = 100_000

#: Functions through which code can bind any name.
_BINDS_ANY_NAME = frozenset({"globals", "locals", "vars", "exec", "eval"})


class Computed(Exception):
    """A value that only running the code would tell."""


def constants(tree: ast.Module, call: ast.Call) -> dict[str, ast.expr]:
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
    changed = [variable for variable, count in bound.items() if count > 1]
    changed += [
        variable
        for variable in used
        if not isinstance(values.get(variable), ast.Constant)
    ]
    for variable in _connected(changed, sharing):
        values.pop(variable, None)
    return values


def _connected(
    variables: Iterable[str], sharing: Mapping[str, Iterable[str]]
) -> set[str]:
    """The names, and all that may be bound to the same object as one."""
    result: set[str] = set()
    waiting = list(variables)
    while waiting:
        variable = waiting.pop()
        if variable not in result:
            result.add(variable)
            waiting += sharing.get(variable, ())
    return result


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


class Literals:
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
