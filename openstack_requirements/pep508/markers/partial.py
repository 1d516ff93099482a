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
"""Partial evaluation: the rest of a marker where some variables are known."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.markers.evaluation import compare
from openstack_requirements.pep508.markers.tree import (
    TOKEN,
    TOO_COMPLEX,
    BadMarker,
    Comparison,
    Joined,
    Tree,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@lru_cache(maxsize=8192)
def on_python(marker: str, version: str) -> str | None:
    """The rest of a marker on one Python (``3.12``).

    Comparisons of Python versions are decided, unless patch releases of that
    Python differ in them.

    :returns: the text of the rest; empty where the marker always applies on
        that Python, None where it never does.
    :raises BadMarker: where the marker has no meaning.
    """
    rest = _simplified(
        parse(marker),
        lambda comparison: values_on_python(comparison, version),
    )
    if isinstance(rest, bool):
        return "" if rest else None
    return _text(rest, "or")


def given(marker: str, variable: str, value: str) -> str | None:
    """The rest of a marker where the value of one variable is known.

    ``extra=='x' and python_version<'3'`` is ``python_version<'3'`` where
    ``extra`` is ``x``. Empty where the marker then always holds; None where
    it never does.

    :raises BadMarker: where the marker has no meaning.
    """
    rest = _simplified(
        parse(marker),
        lambda comparison: [value] if comparison.variable == variable else [],
    )
    if isinstance(rest, bool):
        return "" if rest else None
    return compact(rest)


def _simplified(
    tree: Tree, values: Callable[[Comparison], Sequence[str]]
) -> Tree | bool:
    """A tree without the comparisons that are decided.

    :param values: the values that the variable of a comparison can have;
        empty where nothing is known of them.
    """
    if isinstance(tree, Comparison):
        results = {compare(tree, value) for value in values(tree)}
        return results.pop() if len(results) == 1 else tree
    # One part with this value decides the whole.
    decisive = tree.operator == "or"
    parts = []
    for part in tree.parts:
        rest = _simplified(part, values)
        if rest is decisive:
            return decisive
        if not isinstance(rest, bool):
            parts.append(rest)
    if len(parts) < 2:
        return parts[0] if parts else not decisive
    return Joined(tree.operator, tuple(parts))


def values_on_python(comparison: Comparison, version: str) -> list[str]:
    """The values of a comparison's variable that one Python can have.

    Empty for a variable that the Python does not decide.
    """
    if comparison.variable == "python_version":
        return [version]
    if comparison.variable != "python_full_version":
        return []
    patches = {0, 1, 9999}
    mentioned = re.findall(r"\d+\.\d+\.(\d{1,4})", comparison.literal)
    if len(mentioned) > limits.MOST_PYTHONS:
        raise BadMarker(comparison.text, TOO_COMPLEX)
    for patch in mentioned:
        patches |= {max(0, int(patch) + step) for step in (-1, 0, 1)}
    return [f"{version}.{patch}" for patch in sorted(patches)]


def _text(tree: Tree, around: str) -> str:
    """A tree as a marker.

    :param around: the operator that joins it with others.
    """
    if isinstance(tree, Comparison):
        return tree.text
    text = f" {tree.operator} ".join(
        _text(part, tree.operator) for part in tree.parts
    )
    return f"({text})" if tree.operator == "or" and around == "and" else text


def compact(tree: Tree) -> str:
    """A tree as a marker (PEP 508) with as few blanks as possible."""
    if isinstance(tree, Joined):
        return f" {tree.operator} ".join(
            f"({compact(part)})"
            if isinstance(part, Joined) and part.operator != tree.operator
            else compact(part)
            for part in tree.parts
        )
    words = []
    for token in TOKEN.finditer(tree.text):
        word = token[0].strip()
        if token["string"] and "'" not in word[1:-1]:
            word = f"'{word[1:-1]}'"
        is_word = token["op"] and word.endswith("in")
        words.append(f" {word} " if is_word else word)
    return "".join(words)
