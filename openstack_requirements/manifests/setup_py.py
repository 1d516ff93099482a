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
"""The setup.py of a project that leaves the work to pbr.

The code of a project is parsed here, and never run. Some texts crash Python's
own parser, so that they are measured first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from openstack_requirements.pep508.text import without_bom

if TYPE_CHECKING:
    import ast

FILE = "setup.py"

#: A setup.py of more characters is not parsed: it would take more memory than
#: a check may have.
LARGEST_SETUP_PY = 1 << 17
#: Nor one with a statement of more operators, dots and brackets: a chain of
#: them is as deep a tree, which overflows the stack of Python 3.10.
MOST_OPERATORS = 5000

# A string matches in one way only, so that an unclosed one takes linear
# time.
_TOKEN = re.compile(
    r"""
    (?P<string>(?P<prefix>[A-Za-z]{0,2})(?:
        \"{3}[^"\\]*(?:(?:\\.|"{1,2}(?!"))[^"\\]*)*\"{3}
        |'{3}[^'\\]*(?:(?:\\.|'{1,2}(?!'))[^'\\]*)*'{3}
        |"(?!"")[^"\\\n]*(?:\\.[^"\\\n]*)*"
        |'(?!'')[^'\\\n]*(?:\\.[^'\\\n]*)*'
    ))
    |(?P<blank>\#[^\n]*|\\\n)
    |(?P<newline>\n)
    |(?P<open>[\[({])
    |(?P<close>[\])}])
    |(?P<operator>[.+*/%@&|^~<>-])
    |(?P<quote>['"])
    |\w+
    """,
    re.DOTALL | re.VERBOSE,
)
_OPERATORS = ".([+-*/%@&|^~<>"

#: The whole setup.py that such a project needs.
SHORT = """\
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

import setuptools

setuptools.setup(setup_requires=['pbr>=2.0.0'], pbr=True)
"""


def uses_pbr(text: str) -> bool:
    """Whether a setup.py leaves the work to pbr. It is parsed, never run.

    :raises ValueError: where it cannot be read, see :func:`parse`.
    """
    import ast

    tree = parse(text)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else None
        name = called.id if isinstance(called, ast.Name) else name
        if name != "setup":
            continue
        for keyword in node.keywords:
            try:
                value = ast.literal_eval(keyword.value)
            except (ValueError, TypeError, RecursionError, MemoryError):
                value = None  # not a literal, or an impossible one
            if keyword.arg == "pbr" and value:
                return True
            if keyword.arg == "setup_requires" and _names_pbr(value):
                return True
    return False


def parse(text: str) -> ast.Module:
    """The syntax tree of a setup.py, which is not run.

    :raises TooLarge: (a ValueError) where it exceeds the limits.
    :raises ValueError: where it is not Python of this version.
    """
    import ast
    import warnings

    text = without_bom(text).replace("\r\n", "\n").replace("\r", "\n")
    _require_small(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise ValueError(f"line {error.lineno}: {error.msg}") from error
    except (RecursionError, MemoryError) as error:
        # The parser raises these for code that is nested too deep.
        raise ValueError("it is nested too deep") from error


class TooLarge(ValueError):
    """A setup.py that exceeds the limits of this module."""


def _require_small(text: str) -> None:
    """Refuse what could crash this process, or take all memory.

    Invalid Python may be measured wrongly: the parser refuses it before it
    makes a tree.
    """
    if len(text) > LARGEST_SETUP_PY:
        raise TooLarge(f"it has more than {LARGEST_SETUP_PY} characters")
    line = 1
    depth = operators = 0
    for token in _TOKEN.finditer(text):
        kind, word = token.lastgroup, token[0]
        if kind == "quote":
            return  # an unclosed string, which the parser refuses
        if kind == "newline" and depth <= 0:
            operators = 0
        elif kind in {"operator", "open"}:
            operators += 1
            depth += kind == "open"
        elif kind == "close":
            depth -= 1
        elif kind == "string" and "f" in token["prefix"].lower():
            operators += sum(map(word.count, _OPERATORS))
        line += word.count("\n")
        if operators > MOST_OPERATORS:
            raise TooLarge(
                f"line {line}: a statement of more than {MOST_OPERATORS} "
                "operators"
            )


def _names_pbr(value: object) -> bool:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list | tuple):
        return False
    return any(
        re.match(r"\s*pbr\b(?![-_.]\w)", word, re.IGNORECASE)
        for word in words
        if isinstance(word, str)
    )
