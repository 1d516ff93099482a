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
"""Names and texts of the toolkit use the words of the field."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

PACKAGE = Path(__file__).resolve().parent.parent

#: No name is one of these: it says what it is, such as requirement, entry,
#: line, version, finding; two of a pair are first and second, or old and new.
BANNED = frozenset(
    {
        "both",
        "each",
        "found",
        "here",
        "mine",
        "one",
        "ones",
        "other",
        "others",
        "theirs",
        "yours",
    }
)
#: No name has one of these among its words; what to say in place of it.
BANNED_PARTS = {
    "door": "loader, source",
    "doors": "loaders, sources",
    "floor": "layer",
    "floors": "layers",
    "honest": "limit",
    "house": "layer",
    "mended": "fixed",
    "quickly": "fast path",
    "rehearsal": "impact",
    "rehearse": "impact",
    "room": "package, module",
    "rooms": "packages, modules",
    "rulebook": "registry",
    "slowly": "fallback",
    "thing": "the noun that it is",
    "things": "the noun that they are",
    "trial": "test",
    "trials": "tests",
    "world": "environment, source",
    "worlds": "environments, sources",
}
#: Names that may stay where they are, by module and name, and why.
ALLOWED = {
    ("cmds.check_requirements", "rehearse"): (
        "argparse names it after --rehearse, an option that users have"
    ),
    **{
        (module, "theirs"): "git's word for the second side of a merge"
        for module in (
            "cmds.merge_constraints",
            "constraints.conflict_markers",
            "constraints.merge_pins",
            "constraints.threeway",
            "constraints.merge_order",
            "system.git_command",
            "system.git_driver",
        )
    },
}
#: No docstring, comment or message says this; what to say in place of it.
BANNED_PHRASES = {
    r"can not be had": "cannot be fetched",
    r"doors?": "loader, source",
    r"floors?": "layer",
    r"gives? way": "is held, is excluded",
    r"(go|goes) together": "is compatible",
    r"houses?": "layer",
    r"mend(s|ed)?": "fix",
    r"rehearsals?": "impact of a list change",
    r"rooms?": "package, module",
    r"rulebook": "rule registry",
    r"throw-?away": "ephemeral",
    r"trials?": "test of a bisection",
    r"who asks": "what requires it",
    r"worlds?": "network, disk, environment",
}
#: Texts that may stay, by module and phrase, and why.
ALLOWED_TEXTS = {
    ("cmds.report.render_impact", "mended"): "a JSON key that programs know",
}


class Use(NamedTuple):
    """A name or a text that is used, where, and what to say in its place."""

    line: int
    word: str
    better: str = "the noun that it is"


@cache
def sources() -> dict[str, str]:
    """The modules of the toolkit but its tests, as text."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): text
        for path in sorted(PACKAGE.rglob("*.py"))
        if "tests" not in path.relative_to(PACKAGE).parts
        for text in [path.read_text(encoding="utf-8")]
    }


def names(source: str) -> Iterator[Use]:
    """All names that a module gives, and all attributes that it uses."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield Use(node.lineno, name)
            case ast.arg(arg=name) | ast.Attribute(attr=name):
                yield Use(node.lineno, name)
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                yield Use(node.lineno, name)
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
                | ast.alias(asname=str(name))
                | ast.keyword(arg=str(name))
            ):
                yield Use(node.lineno, name)


def banned_names(source: str) -> list[Use]:
    """The names of a module that are words of the tables."""
    result = []
    for use in names(source):
        if use.word.strip("_").lower() in BANNED:
            result.append(use)
        parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", use.word)
        result += [
            use._replace(better=BANNED_PARTS[part.lower()])
            for part in parts
            if part.lower() in BANNED_PARTS
        ]
    return result


def texts(source: str) -> Iterator[Use]:
    """The strings and comments of a module, on one line each."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield Use(node.lineno, " ".join(node.value.split()))
    start, block = 0, ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            start = start or token.start[0]
            block += f" {token.string.lstrip('#:').strip()}"
        elif token.type != tokenize.NL and block:
            yield Use(start, block)
            start, block = 0, ""


def banned_phrases(source: str) -> list[Use]:
    """The phrases of the table in the strings and comments of a module."""
    all_texts = list(texts(source))
    return [
        Use(use.line, match[0].lower(), better)
        for phrase, better in BANNED_PHRASES.items()
        for use in all_texts
        for match in re.finditer(rf"\b{phrase}\b", use.word, re.IGNORECASE)
    ]


def problems(
    module: str,
    uses: list[Use],
    allowed: Collection[tuple[str, str]],
) -> list[str]:
    """The uses that are not allowed, a message for each."""
    return [
        f"{module}:{use.line}: {use.word} (better: {use.better})"
        for use in uses
        if (module, use.word) not in allowed
    ]


class TestNames(base.TestCase):
    """A name says what it is: a requirement, a version, a finding."""

    def test_no_module_has_a_banned_name(self) -> None:
        self.assertGreater(len(sources()), 100)
        for module, source in sources().items():
            uses = banned_names(source)
            self.assertEqual([], problems(module, uses, ALLOWED))

    def test_every_exception_is_used(self) -> None:
        for module, name in ALLOWED:
            words = {use.word for use in banned_names(sources()[module])}
            self.assertIn(name, words, module)

    def test_a_banned_name_is_noticed(self) -> None:
        for source in (
            "each = 1",
            "mine: int = 1",
            "_found += 1",
            "a, *others = b",
            "if (one := a): pass",
            "for each in a: pass",
            "[a for each in b]",
            "with a as thing: pass",
            "lambda other: 1",
            "def a(*, both): pass",
            "def a(*others): pass",
            "def quickly(): pass",
            "async def _slowly(): pass",
            "class HonestLimit: pass",
            "class House: pass",
            "a.world",
            "a.is_mended = 1",
            "a(rehearsal=1)",
            "import a as door",
            "from a import b as found",
            "try: pass\nexcept a as other: pass",
            "match a:\n case [b, *others]: pass",
            "match a:\n case {**others}: pass",
            "match a:\n case b as found: pass",
            "WORLDS = []",
        ):
            uses = banned_names(source)
            self.assertEqual(1, len(uses), source)
            self.assertEqual(1, len(problems("a", uses, ALLOWED)), source)

    def test_a_name_that_is_fine(self) -> None:
        for source in (
            "for requirement in entries: pass",
            "a.found_by(not_found)",
            "one_line = 1",
            "household = outdoor = 1",
            "print('each')",
        ):
            self.assertEqual([], banned_names(source), source)


class TestTexts(base.TestCase):
    """Docstrings, comments and messages say it in the words of the field."""

    def test_no_module_has_a_banned_phrase(self) -> None:
        for module, source in sources().items():
            uses = banned_phrases(source)
            self.assertEqual([], problems(module, uses, ALLOWED_TEXTS))

    def test_every_exception_is_used(self) -> None:
        for module, phrase in ALLOWED_TEXTS:
            words = {use.word for use in banned_phrases(sources()[module])}
            self.assertIn(phrase, words, module)

    def test_a_banned_phrase_is_noticed(self) -> None:
        for source in (
            '"""The floors of the house."""',
            'def a():\n    """It can not\n    be had."""',
            "a = 1  # a throw-away environment",
            "# the pin gives\n# way\na = 1",
            "#: a room",
            'say("does not go " "together")',
            'say(f"{a} is mended")',
        ):
            uses = banned_phrases(source)
            self.assertNotEqual([], uses, source)
            self.assertEqual(
                len(uses), len(problems("a", uses, ALLOWED_TEXTS)), source
            )

    def test_a_text_that_is_fine(self) -> None:
        for source in (
            '"""The layers of the household."""',
            "# recommended\ntrial = 1",
            "# it gives\na = 1\n# way\n",
        ):
            self.assertEqual([], banned_phrases(source), source)
