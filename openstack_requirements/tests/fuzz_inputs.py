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
"""What the fuzz targets are given: grammars, mutations, hostile tokens.

A grammar makes inputs that are nearly right, as those are the ones that get
past the first check. :func:`mutated` then breaks them, or real files, in the
ways that have broken readers before: what is nested, repeated, cut, escaped
or spelled in another script. Everything is a Hypothesis strategy, so that a
failing input shrinks.
"""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hypothesis.strategies import DrawFn, SearchStrategy

#: Between the parts of an input that consists of several files or words.
SEPARATOR = "\x1e"

#: Characters that end a line for some readers, drive a terminal, look like
#: nothing, or are not what they look like.
_CHARACTERS = (
    *"\0\x07\x08\t\x0b\x0c\r\x1b\x1c\x7f\x85\xa0\xad",
    *"\u200b\u2028\u2029\u202e\u2066\ufeff\ufffd\U000e0041",
    *"é１Ａⅷß世",
    *"'\"\\#;:,[]{}()<>=!~@&|*?%$/-_.+^ ",
)
#: What readers have stumbled over, longer than a character.
_TOKENS = (
    "\r\n",
    "\x1b[31m",
    "\x9b2J",
    "://",
    " @ https://user:s3cret@example.org/x#egg=a&x=1",
    "-e git+https://token@example.org/x#egg=foo",
    "-r other.txt",
    "--hash=sha256:00",
    "# requirements: ignore[marker-mismatch] x until 2999-01-01",
    "# requirements: ignore[",
    " until 2024-02-30",
    "===",
    "!=1.*",
    "1.5+cuda",
    "1!0",
    "9" * 20,
    "9" * 5000,
    "1." * 300,
    "0x10",
    "1e999",
    "\\x6c",
    "\\u0000",
    "\\N{NULL}",
    "''' \"\"\"",
    "and",
    "or",
    "not in",
    "python_version",
    "extra",
    "*a",
    "&a ",
    "!!python/object:os.system ",
    "<<: *a",
    "- - - ",
    "{include-group = 'a'}",
    "../../etc/passwd",
    "::error::",
    "##[error]",
    "]]>",
    "&lt;",
    "None",
    "lambda: 0",
)
#: Opened again and again and never closed; or one long run.
_RUNS = (
    *("(", "[", "{", '"', "'", "\\", " ", "\t", "-", "a", "9", "#", ";"),
    *("[[", "a+", "a.", "a and ", "a=", "!=1,", "x or ", "- ", "\n", "a\n"),
)


def pieces(*tokens: str, most: int = 12) -> SearchStrategy[str]:
    """Any of the tokens, one after the other, hostile ones among them."""
    return st.lists(
        st.one_of(st.sampled_from(tokens), junk()), max_size=most
    ).map("".join)


def junk() -> SearchStrategy[str]:
    """A hostile token, or any text that a UTF-8 file can hold."""
    return st.one_of(
        st.sampled_from(_CHARACTERS),
        st.sampled_from(_TOKENS),
        st.text(st.characters(codec="utf-8"), max_size=8),
    )


def mutate(
    random: Random, text: str, other: str, largest: int = 20_000
) -> str:
    """A text after a few changes of the kinds that break readers.

    :param other: what a piece may come from.
    :param largest: how many characters the result may have.
    """
    for _ in range(random.choice((1, 1, 1, 1, 2, 4))):
        start = random.randint(0, len(text))
        end = min(len(text), start + random.choice((0, 1, 4, 30, 300)))
        part = text[start:end]
        run = random.choice(_RUNS)
        kind = random.randrange(7)
        if kind == 0:
            part = _hostile(random)
        elif kind == 1:
            part = _hostile(random) + part
        elif kind == 2:
            part = ""
        elif kind == 3:
            part *= _times(random, part)
        elif kind == 4:
            part = run * _times(random, run) + part
        elif kind == 5:
            text = text[:start] + text[end:]
            start = end = random.randint(0, len(text))
        else:
            start = random.randint(0, len(other))
            part = other[start : start + random.choice((4, 30, 300, largest))]
            start = end = random.randint(0, len(text))
        text = (text[:start] + part + text[end:])[:largest]
    return text


def _hostile(random: Random) -> str:
    kind = random.randrange(3)
    if kind == 2:
        code = random.choice((random.randrange(256), random.randrange(65536)))
        return "x" if 0xD800 <= code < 0xE000 else chr(code)
    tokens: tuple[str, ...] = (_CHARACTERS, _TOKENS)[kind]
    return random.choice(tokens)


def _times(random: Random, part: str) -> int:
    times = random.choice((2, 2, 3, 3, 40, 400, 5_000, 400_000))
    # A limit is worth nothing if a few characters less get around it.
    return min(times, 1 + 500_000 // max(1, len(part)))


def bulky(random: Random, texts: Iterable[str], largest: int) -> Iterator[str]:
    """As much as fits of one thing: of a line, or of a run behind a text.

    :param texts: inputs as people write them.
    :param largest: how many characters a result has.
    """
    rows = dict.fromkeys(
        line for text in texts for line in text.splitlines(keepends=True)
    )
    # A line again and again; or no two alike, where remembering is no help.
    kinds = [("", row) for row in rows] + [("x", row) for row in rows]
    kinds += [(text, run) for text in texts for run in _RUNS]
    random.shuffle(kinds)
    for before, part in kinds:
        if before == "x":
            count = largest // (len(part) + 7)
            yield "".join(f"x{number:06}{part}" for number in range(count))
        else:
            yield f"{before}{part * (largest // len(part))}"[:largest]


def mutated(
    bases: SearchStrategy[str], largest: int = 20_000
) -> SearchStrategy[str]:
    """Bases after a few changes; see :func:`mutate`."""
    return st.builds(
        lambda seed, text, other: mutate(Random(seed), text, other, largest),
        st.integers(0, 1 << 32),
        bases,
        bases,
    )


def joined(*parts: SearchStrategy[str]) -> SearchStrategy[str]:
    """Several inputs in one, for :func:`split`."""
    return st.tuples(*parts).map(SEPARATOR.join)


def split(text: str, number: int) -> list[str]:
    """The parts of an input that :func:`joined` made, whatever is left."""
    parts = text.split(SEPARATOR, number - 1)
    return [*parts, *[""] * (number - len(parts))]


def lines(line: SearchStrategy[str], most: int = 12) -> SearchStrategy[str]:
    """A file of such lines, with one kind of line end or several."""
    ends = st.sampled_from(("\n", "\n", "\n", "\r\n", "\n\n", ""))
    body = st.lists(st.tuples(line, ends).map("".join), max_size=most)
    return st.tuples(
        st.sampled_from(("", "", "", "\ufeff")), body.map("".join)
    ).map("".join)


def _mostly(
    good: SearchStrategy[str], bad: SearchStrategy[str]
) -> SearchStrategy[str]:
    """What is refused at once finds nothing further on."""
    return st.one_of(good, good, good, good, good, bad)


def _either(tokens: Iterable[str]) -> SearchStrategy[str]:
    return st.sampled_from(tuple(tokens))


NAMES = _mostly(
    _either(("foo", "bar", "Oslo.Config", "requests", "enum34", "pbr")),
    _either(("a-_.b", "foo_", "-x", "é", "a" * 240, "0", "Foo", "")),
)
VERSIONS = _mostly(
    st.one_of(
        _either(("1.0", "2", "1.2.3", "3.8", "0", "10", "1.0rc1", "2.0.dev3")),
        _either(("1.5+cuda", "1!2.0", "1.0.*", "1.0.post1", "v1.0", "2.dev0")),
        st.lists(st.integers(0, 30), min_size=1, max_size=4).map(
            lambda numbers: ".".join(map(str, numbers))
        ),
    ),
    _either(
        (
            *("9" * 5000, "1-1", "01.0", "1.0c1", "1..0", "*", "１.0", ""),
            "latest",
        )
    ),
)
CLAUSES = st.tuples(
    _mostly(
        _either((">=", "<=", "==", "!=", "<", ">")),
        _either(("~=", "===", "=", "=>")),
    ),
    _mostly(st.just(""), _either((" ", "\t", "\xa0"))),
    VERSIONS,
).map("".join)
SPECIFIERS = st.lists(CLAUSES, max_size=5).map(",".join)
_VARIABLES = _mostly(
    _either(
        (
            *("python_version", "python_version", "python_full_version"),
            *("sys_platform", "os_name", "platform_system", "extra"),
            *("implementation_name", "platform_machine"),
            *("platform_python_implementation", "platform_release"),
        )
    ),
    _either(
        (
            *("platform_version", "implementation_version", "os.name"),
            *("extras", "dependency_groups", "python_implementation"),
            "bogus",
        )
    ),
)
_OPERATORS = _mostly(
    _either(("==", "!=", "<", "<=", ">", ">=", "in", "not in")),
    _either(("~=", "===", "not  in", "=", "is")),
)
_WORDS = (
    *("linux", "win32", "posix", "nt", "CPython", "a", "a_b", "A.B", "", "#"),
    *("linux darwin", "\\x6cinux", "\\", "\\'", "3.8 3.9", "\xa0", "é", "a;b"),
)
LITERALS = st.tuples(
    _either("'\""), _mostly(st.one_of(_either(_WORDS), VERSIONS), junk())
).map(lambda both: f"{both[0]}{both[1]}{both[0]}")
COMPARISONS = _mostly(
    st.tuples(_VARIABLES, _OPERATORS, LITERALS).map(" ".join),
    st.one_of(
        st.tuples(LITERALS, _OPERATORS, _VARIABLES).map(" ".join),
        st.tuples(LITERALS, _OPERATORS, LITERALS).map(" ".join),
    ),
)
MARKERS = st.one_of(
    st.recursive(
        COMPARISONS,
        lambda inner: st.one_of(
            st.tuples(inner, _either((" and ", " or ")), inner).map("".join),
            inner.map(lambda text: f"({text})"),
        ),
        max_leaves=8,
    ),
    # Many over few variables: what the algebra has to multiply.
    st.lists(COMPARISONS, min_size=10, max_size=60).map(" or ".join),
    st.lists(
        st.lists(COMPARISONS, min_size=1, max_size=3).map(" and ".join),
        min_size=5,
        max_size=40,
    ).map(" or ".join),
)
_COMMENTS = st.one_of(
    _either(("", "# MIT", " # Apache-2.0", "#", "  # a # b")),
    st.tuples(
        _either(("# requirements: ignore[", "#requirements:ignore [")),
        _either(("marker-mismatch", "unknown-requirement,x", "", ",", "]")),
        _either(("]", "] reason", "", "] until", "] waits for it")),
        _either(("", " until 2999-12-31", " until 2024-02-30", " until 1")),
    ).map("".join),
)
LINES = st.one_of(
    st.tuples(
        NAMES,
        _mostly(st.just(""), _either(("[x]", "[x, y_z]", "[]", "[", " [a]"))),
        _mostly(SPECIFIERS, SPECIFIERS.map(lambda text: f" ({text})")),
        _mostly(
            st.just(""),
            st.tuples(_either((";", " ; ", ":")), MARKERS).map("".join),
        ),
        _COMMENTS,
    ).map("".join),
    st.tuples(
        NAMES,
        _either((" @ ", "@", " @", "_ @ ")),
        _either(("https://example.org/a-1.tar.gz", "git+https://u:T@h/x")),
        _either(("", "#egg=foo", "#sha256=0", " ; os_name=='nt'", " # c")),
    ).map("".join),
    st.tuples(
        _either(("", "-e ", "-e\t")),
        _either(("git+https://u:T@h/x", "https://example.org/a?token=T")),
        _either(("#egg=foo", "#egg=foo[x]&y=z", "#egg=", "", "#y&egg=a")),
        _either(("", ";os_name=='nt'", " # c", " ; bogus")),
    ).map("".join),
    _either(
        ("-e .", "-f x", "-r a.txt", "./a", "../a # c", "/a;os_name=='nt'")
    ),
    pieces("foo", ">=1.0", ";", "python_version", "'3'", "#", " ", "[x]"),
)
FILES = lines(LINES)
NAME_LISTS = lines(
    st.tuples(NAMES, _either(("", " # why", "#", "==1", " x"))).map("".join)
)
REPOSITORIES = lines(
    pieces("openstack", "/", "nova", "#", " ", "-", ".", most=5)
)


def _options(*options: SearchStrategy[str]) -> SearchStrategy[str]:
    """Some of the options, each at most once."""
    return st.tuples(*(st.one_of(st.just(""), each) for each in options)).map(
        "".join
    )


_VALUES = st.lists(
    st.one_of(LINES.map(lambda line: f"    {line}"), _either(("", "    # c"))),
    max_size=4,
).map("\n".join)
SETUP_CFG = _mostly(
    st.tuples(
        _options(
            st.just("[metadata]\nname = foo\n"),
            st.just("[DEFAULT]\nx = foo\n"),
            st.just("[metadata]\nname =\n  a\n  b\n\n[x]\n"),
        ),
        _options(
            _VALUES.map(lambda text: f"[extras]\ntest =\n{text}\n"),
            _VALUES.map(lambda text: f"other:\n{text}\n"),
        ),
        _options(
            _VALUES.map(
                lambda text: f"[options]\ninstall_requires =\n{text}\n"
            ),
            LINES.map(lambda text: f"setup-requires = {text}\n"),
            _either(("python_requires = >=3.8\n", "x = file: a.txt\n")),
            _VALUES.map(
                lambda text: f"[options.extras_require]\nt =\n{text}\n"
            ),
            LINES.map(lambda text: f"a = {text}; {text}\n"),
            st.just("b = file: a.txt, ../b.txt\n"),
        ),
    ).map("".join),
    lines(
        st.one_of(
            _either(
                (
                    "[metadata]",
                    "[extras]",
                    "[options]",
                    "[options.extras_require]",
                    "[DEFAULT]",
                    "install_requires = file: reqs.txt",
                    "test =",
                    "x:y =",
                    "; a comment",
                )
            ),
            LINES.map(lambda line: f"    {line}"),
            LINES,
        )
    ),
)


def _toml_string(text: str) -> str:
    return json.dumps(text)


_ENTRIES = st.lists(
    _mostly(
        LINES.map(_toml_string),
        st.one_of(
            LINES.map(lambda line: f"'{line}'"),
            _either(("1", "[]", "{a = 1}", "1979-05-27", "nan", "# c\n")),
        ),
    ),
    max_size=5,
).map(lambda items: f"[{', '.join(items)}]")
_GROUPS = st.lists(
    st.one_of(
        LINES.map(_toml_string),
        _either(("a", "A_", "b", "c", "d")).map(
            lambda name: f'{{include-group = "{name}"}}'
        ),
    ),
    max_size=5,
).map(lambda items: f"[\n  {','.join(items)}\n]")


def _key(key: str, value: SearchStrategy[str]) -> SearchStrategy[str]:
    return value.map(lambda text: f"{key} = {text}\n")


_POETRY = st.one_of(
    _either(
        (
            '"^1.2.3"',
            '{version = "~1", python = ">=3.8 <4", extras = ["x"]}',
            '{git = "https://u:T@h/x", optional = true}',
            '{version = "^0.0", markers = "os_name == \'nt\'"}',
            '[{version = "1"}, "2"]',
            '"||"',
            "{}",
            "1",
        )
    ),
    SPECIFIERS.map(_toml_string),
    VERSIONS.map(lambda text: _toml_string(f"^{text}")),
)
PYPROJECT = _mostly(
    st.tuples(
        _options(
            st.just('[project]\nname = "foo"\n'),
            _key("dependencies", _ENTRIES),
            _key("requires-python", SPECIFIERS.map(_toml_string)),
            st.just('dynamic = ["dependencies"]\n'),
            _key("[project.optional-dependencies]\nx", _ENTRIES),
            _key('"\\u0000"', _ENTRIES),
        ),
        _options(
            _key("[dependency-groups]\na", _GROUPS),
            _key("b", _GROUPS),
            _key("'A.b'", _GROUPS),
            _key("c", _GROUPS),
            _key("d", _GROUPS),
        ),
        _options(
            _key("[build-system]\nrequires", _ENTRIES),
            _either(('build-backend = "pbr.build"\n', "build-backend = 1\n")),
        ),
        _options(
            _key("[tool.poetry.dependencies]\nfoo", _POETRY),
            _key("python", _POETRY),
            _key("[tool.poetry.group.dev.dependencies]\nbar", _POETRY),
            _key("[tool.flit.metadata]\nrequires", _ENTRIES),
            st.just("[tool.setuptools.dynamic]\ndependencies = {file=['a']}"),
        ),
    ).map("".join),
    lines(
        st.one_of(
            _key("dependencies", _ENTRIES),
            _key("requires", _ENTRIES),
            _either(
                (
                    "[project]",
                    "[dependency-groups]",
                    "[build-system]",
                    "[[project]]",
                    "x = 1" + "0" * 5000,
                    "a." * 40 + "b = 1",
                )
            ),
        ),
        most=16,
    ),
)
_KEY_WORDS = ("project", "package", "rule", "reason", "until", "x", "1")
_YAML_TEXTS = _mostly(
    st.one_of(NAMES, _either(("openstack/nova", "'*'", "marker-mismatch"))),
    st.one_of(
        _either(
            (
                *("2999-12-31", "1_000", "~", "0x1F", "yes", "[]", "|", "*a"),
                *("2024-02-30", "!!str a", "&a b", "190:20:30", "''"),
                *("2001-12-14t21:59:43.10-05:00", "'a\n\n  b'"),
                *('"\\u0085"', '"\\x1b[31m"', '"\\ud800"', '"\\U00110000"'),
            )
        ),
        junk(),
    ),
)


def _key_of(key: str) -> SearchStrategy[str]:
    return _YAML_TEXTS.map(lambda text: f"{key}: {text}")


WAIVERS = _mostly(
    st.lists(
        st.tuples(
            _key_of("project"),
            _key_of("package"),
            _key_of("rule"),
            _key_of("reason"),
            _either(("", "until: 2999-12-31", "until: 2024-02-30")),
        ).map(lambda pairs: "- " + "\n  ".join(filter(None, pairs))),
        max_size=5,
    ).map("\n".join),
    st.one_of(
        st.lists(
            st.lists(
                st.tuples(_either(_KEY_WORDS), st.just(": "), _YAML_TEXTS).map(
                    "".join
                ),
                min_size=1,
                max_size=6,
            ).map(lambda pairs: "- " + "\n  ".join(pairs)),
            max_size=5,
        ).map("\n".join),
        pieces(
            "- ", "project: ", "a", "\n", "  ", "{", "}", "[", "? ", "--- "
        ),
    ),
)
HOLDS = _mostly(
    st.lists(
        st.tuples(
            _key_of("name"),
            _either(("range: <2", 'range: ">=1,<3"', "range: '==1.*'")),
            st.one_of(
                _either(("", "python: python_version<'3.12'")), _key_of("bug")
            ),
            _key_of("reason"),
            _either(("since: 2026-11-01", "since: 2999-11-01", "")),
            _either(("until: 2027-12-31", "until: 2024-02-30  # soon")),
        ).map(lambda pairs: "- " + "\n  ".join(filter(None, pairs))),
        max_size=5,
    ).map("\n\n# why\n".join),
    WAIVERS,
)
ZUUL = st.one_of(
    st.lists(
        st.one_of(
            st.tuples(
                st.just("- project:\n    name: "),
                st.one_of(_either(("openstack/nova", "a/b/c", "''")), junk()),
                st.just("\n    templates:"),
                _either(
                    (
                        "\n      - check-requirements",
                        " check-requirements",
                        " &t [check-requirements]",
                        " *t",
                        " []",
                        " {check-requirements: 1}",
                        "",
                    )
                ),
            ).map("".join),
            _either(("- project: {}", "- job: {name: x}", "- *t", "- 1")),
        ),
        max_size=6,
    ).map("\n".join),
    pieces(
        "- ", "project:", "\n", "  ", "{", "}", "[", "]", "&a ", "*a", ": "
    ),
)
_JSON_TEXTS = st.one_of(
    NAMES, VERSIONS, LINES, junk(), st.text(max_size=4), _either(("\ud800",))
)
_ANY_JSON: SearchStrategy[object] = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.floats(), st.integers()),
        st.sampled_from((10**400, -1)),
        _JSON_TEXTS,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(_JSON_TEXTS, inner, max_size=3),
    ),
    max_leaves=6,
)
_PYTHONS = _mostly(
    _either(("3.8", "3.12", "2.7", "3.10")),
    _either(("3.008", "9" * 5000 + ".1", "３.8")),
)
_DISTRIBUTION_NAMES = _either(
    (*("foo", "bar", "Oslo.Config", "requests", "a-_.b", "a" * 240, "0"),)
)
_DISTRIBUTIONS = st.lists(
    st.fixed_dictionaries(
        {"name": _DISTRIBUTION_NAMES, "version": VERSIONS},
        optional={
            "requires": st.lists(LINES, max_size=4),
            "requires_python": SPECIFIERS,
            "license": _JSON_TEXTS,
            "license_expression": _JSON_TEXTS,
            "classifiers": st.lists(
                _either(
                    (
                        "Programming Language :: Python :: 3.8",
                        "Programming Language :: Python :: 2 :: Only",
                        "License :: OSI Approved :: MIT License",
                        "License :: \x1b[31m",
                    )
                ),
                max_size=3,
            ),
            "described": st.booleans(),
        },
    ),
    max_size=6,
)


@st.composite
def _freeze(draw: DrawFn) -> str:
    python = draw(_PYTHONS)
    data: dict[str, object] = {
        "format": 1,
        "python_version": python,
        "environment": {
            **base.environment(python),
            draw(_JSON_TEXTS): draw(_JSON_TEXTS),
        },
        "requested": draw(st.lists(LINES, max_size=4)),
        "distributions": draw(_DISTRIBUTIONS),
        "kept": [
            {"name": "foo", "failed": draw(VERSIONS), "reason": draw(junk())}
        ],
    }
    for _ in range(draw(st.sampled_from((0, 0, 0, 1)))):
        data[draw(st.sampled_from(sorted(data)))] = draw(_ANY_JSON)
    return json.dumps(data, ensure_ascii=draw(st.booleans()))


#: JSON can name what UTF-8 cannot hold, and only there is it kept.
FREEZES = _freeze().map(
    lambda text: text.encode("utf-8", "backslashreplace").decode()
)
SETUP_PY = lines(
    st.one_of(
        st.tuples(
            _either(("setup", "setuptools.setup", "x.setup")),
            st.just("("),
            st.lists(
                st.tuples(
                    _either(
                        (
                            *("name=", "install_requires=", "pbr="),
                            *("extras_require=", "python_requires=", "**"),
                            *("setup_requires=", "a="),
                        )
                    ),
                    _either(
                        (
                            *("True", "'foo'", "['foo>=1', b]", "b", "b + b"),
                            *("{'x': ['foo']}", "{[]: 1}", "{**b}", "{1: 2}"),
                            *("open('x').read()", "'a' * 10**9", "f'{1}'"),
                            *("('a' 'b')", "'pbr>=1'", "b''", "...", "{b}"),
                            *("[b'\\x00']", "-1", "{'x:os_name==1': 'foo'}"),
                        )
                    ),
                ).map("".join),
                max_size=5,
            ).map(", ".join),
            st.just(")"),
        ).map("".join),
        _either(
            (
                "import setuptools",
                "b = ['bar']",
                "b = c = 'foo\\nbar # x'",
                "b = b + b",
                "c = b + b",
                "a0 = 'x' * 1",
                *(f"a{n} = a{n - 1} + a{n - 1}" for n in range(1, 40)),
                "def f(): return '\\d'",
                "if x:",
                "    b = 1",
                "'\\N{x}'",
                "# coding: latin-1",
                "match x:",
            )
        ),
    ),
    most=24,
)
METADATA = lines(
    st.one_of(
        st.tuples(
            _either(
                ("Name: ", "Requires-Dist: ", "Requires-Python: ", "X: ", " ")
            ),
            st.one_of(LINES, NAMES, SPECIFIERS, junk()),
        ).map("".join),
        _either(("Metadata-Version: 2.1", "Name", ":", "From x", "=?utf-8?q")),
    )
)
_OBJECT = "0123456789abcdef" * 2 + "01234567"
_GIT_TOKENS = (
    f"{_OBJECT}\n",
    f"100644 blob {_OBJECT}       3\trequirements.txt\0",
    f"100755 blob {_OBJECT}       9999999999\tsetup.cfg\0",
    f"040000 tree {_OBJECT}       -\tdoc\0",
    f"120000 blob {_OBJECT}       3\tpyproject.toml\0",
    f"160000 commit {_OBJECT}       -\tmodule\0",
    f"100644 blob {_OBJECT} missing\tx\0",
    f"999999 blob {_OBJECT}       1\ty\0",
    f"{_OBJECT} blob 3\nfoo\n",
    f"{_OBJECT} blob 99999999999999\nfoo\n",
    f"{_OBJECT} blob -1\nfoo\n",
    f"{_OBJECT} blob x\n",
    f"{_OBJECT} missing\n",
    f"tree {_OBJECT}\nparent {_OBJECT}\nauthor a\n\nparent x",
    "parent \x1b\n",
    "sub/dir/\n",
    "true\n",
    "false\n",
    "\n",
    "\0",
    "",
    "!fatal: not a git repository (or any of the parent directories): .git",
    "!fatal: detected dubious ownership in repository at '/x'\n\thint\n",
    "!fatal: bad config line 1 in file .git/config\n",
    "!error: \x1b[31m\nwarning: two\nfatal: three",
)
#: A character for a byte; what starts with "!" is a failure's words.
GIT = st.lists(
    st.one_of(
        st.lists(_either(_GIT_TOKENS), max_size=3).map("".join),
        _either(_GIT_TOKENS),
        st.binary(max_size=30).map(lambda data: data.decode("latin-1")),
    ),
    max_size=8,
).map(SEPARATOR.join)
BINDEP = lines(
    st.one_of(
        st.tuples(
            _either(("libfoo-dev", "", "gcc", "libé")),
            _either((" ", "", "\t")),
            _either(("[platform:rpm]", "[!platform:dpkg test]", "[", "]")),
        ).map("".join),
        st.tuples(_either(("# foo", "#", "# foo, Bar.Baz and")), junk()).map(
            "".join
        ),
        junk(),
    )
)
_UV_TOKENS = (
    "  × No solution found when resolving dependencies:\n",
    "  ╰─▶ Because foo==1 depends on bar>=2 and bar<2, we can conclude\n",
    "      that foo==1 cannot be used. And because you require foo==1,\n",
    "      we can conclude that your requirements are unsatisfiable.\n",
    "  × Failed to build `foo==1.0`\n",
    "  ├─▶ The build backend returned an error\n",
    "[stderr]\n",
    "fatal error: foo.h: No such file or directory\n",
    "  help: `foo` (v1.0) was included because `bar` depends on it\n",
    "  × Failed to fetch: `https://u:T@example.org/simple/foo/`\n",
    "error: Failed to download `foo==1.0`\n",
    "No space left on device (os error 28)\n",
    "Because foo was not found in the package registry and you require foo,",
    "HTTP status client error (403 Forbidden) for url (https://x/y)\n",
    "warning: x\n",
)
UV_WORDS = pieces(*_UV_TOKENS)
_PIP_TOKENS = (
    "ERROR: Could not find a version that satisfies the requirement foo>=9 ",
    "(from bar==1->-r x.txt (line 1)) (from versions: none)\n",
    "(from versions: 1.0, 2.0)\n",
    "ERROR: No matching distribution found for foo>=9\n",
    "ERROR: Cannot install foo==1 and bar==2 because these package versions ",
    "have conflicting dependencies.\nThe conflict is caused by:\n",
    "    foo 1 depends on bar<2\n    The user requested bar==2\n",
    "  × Building wheel for foo (pyproject.toml) did not run successfully.\n",
    "  error: subprocess-exited-with-error\n  │ exit code: 1\n",
    "  ╰─> [9 lines of output]\n      x\n      [end of output]\n",
    "Failed building wheel for foo\n",
    "Collecting foo>=1 (from bar)\n  Downloading foo-1.0.tar.gz (1 kB)\n",
    "WARNING: Retrying (Retry(total=4)) after connection broken\n",
    "[Errno 28] No space left on device\n",
    "HTTP error 404 while getting https://u:T@x/y#sha256=0\n",
)
PIP_WORDS = pieces(*_PIP_TOKENS)
