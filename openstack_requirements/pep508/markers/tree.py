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
"""The parse tree of a marker (PEP 508).

A marker is comparisons, joined by ``and`` and ``or``. Every module of this
package works on this tree; none looks at the text of a marker again.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from openstack_requirements.errors import RequirementsError, printable
from openstack_requirements.pep508.marker_syntax import marker_problem
from openstack_requirements.pep508.specifiers import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The reason where working out what a marker means would take too long.
TOO_COMPLEX = "it is too complex"
#: A word of a marker.
TOKEN = re.compile(
    r"\s*(?:(?P<string>'[^']*'|\"[^\"]*\")|(?P<paren>[()])"
    rf"|(?P<op>{OPERATOR}|not\s+in\b|in\b)"
    r"|(?P<bool>and\b|or\b)|(?P<name>[A-Za-z_][A-Za-z0-9_.]*))"
)
# The names of PEP 345, which packaging still reads.
_OLD_NAMES = {
    "os.name": "os_name",
    "sys.platform": "sys_platform",
    "platform.version": "platform_version",
    "platform.machine": "platform_machine",
    "platform.python_implementation": "platform_python_implementation",
    "python_implementation": "platform_python_implementation",
}


class BadMarker(RequirementsError, ValueError):
    """A marker that cannot be read, has no meaning or is too complex.

    :param marker: the marker's text.
    :param reason: what is wrong with it.
    """

    def __init__(self, marker: str, reason: str) -> None:
        super().__init__(marker, reason)
        self.marker = marker
        self.reason = reason

    def sentence(self) -> str:
        """The reason and the marker, in one line."""
        return printable(f"invalid marker ({self.reason}): {self.marker}")


class Comparison(NamedTuple):
    """One comparison: ``text``, of a ``variable`` with a ``literal``."""

    variable: str
    text: str
    literal: str


class Joined(NamedTuple):
    """Parts joined by ``and`` or ``or``, which is the ``operator``."""

    operator: str
    parts: tuple[Tree, ...]


Tree: TypeAlias = Comparison | Joined
#: The marker that always holds: "and" without parts.
ALWAYS = Joined("and", ())


@lru_cache(maxsize=4096)
def parse(marker: str) -> Tree:
    """The tree of a marker; ``ALWAYS`` for the empty text.

    :raises BadMarker: where the text is not a marker (PEP 508), or compares
        two strings.
    """
    marker = marker.strip()
    if not marker:
        return ALWAYS
    problem = marker_problem(marker)
    if problem is not None:
        raise BadMarker(marker, problem[0])
    tokens = list(TOKEN.finditer(marker))
    try:
        tree, rest = _parse_joined(marker, tokens, ("or", "and"))
    except RecursionError as error:
        raise BadMarker(marker[:40], "it is nested too deep") from error
    assert not rest, marker
    return tree


def _parse_joined(
    marker: str,
    tokens: list[re.Match[str]],
    operators: tuple[str, ...],
) -> tuple[Tree, list[re.Match[str]]]:
    """The tree at the start of the tokens, and the tokens behind it.

    :param operators: those that may join its parts, the weakest first.
    """
    if not operators:
        return _parse_part(marker, tokens)
    operator, *stronger = operators
    tree, tokens = _parse_joined(marker, tokens, tuple(stronger))
    parts = [tree]
    while tokens and tokens[0]["bool"] == operator:
        tree, tokens = _parse_joined(marker, tokens[1:], tuple(stronger))
        parts.append(tree)
    if len(parts) == 1:
        return tree, tokens
    return Joined(operator, tuple(parts)), tokens


def _parse_part(
    marker: str, tokens: list[re.Match[str]]
) -> tuple[Tree, list[re.Match[str]]]:
    """A comparison or a tree in parentheses, and the tokens behind it."""
    if tokens[0]["paren"]:
        tree, tokens = _parse_joined(marker, tokens[1:], ("or", "and"))
        return tree, tokens[1:]
    left, operator, right = tokens[:3]
    operation = " ".join(operator["op"].split())
    name = left["name"] or right["name"]
    if not name:
        raise BadMarker(marker, "it compares two strings")
    variable = _OLD_NAMES.get(name, name)
    if left["name"]:
        # Of two variables, packaging takes the name of the right one as text.
        literal = right["string"] or f'"{right["name"]}"'
        text = f"{variable} {operation} {literal}"
    else:
        literal = left["string"]
        text = f"{literal} {operation} {variable}"
    return Comparison(variable, text, literal[1:-1]), tokens[3:]


def comparisons(tree: Tree) -> Iterator[Comparison]:
    """All comparisons in a tree, in their order."""
    if isinstance(tree, Comparison):
        yield tree
    else:
        for part in tree.parts:
            yield from comparisons(part)
