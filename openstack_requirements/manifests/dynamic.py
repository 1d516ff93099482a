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
"""What a project requires beside its plain manifests, without running it.

``manifests`` reads what stands in the standard places. Projects also have
their requirements in files that setuptools is told to read, in the tables of
poetry and flit, and in the call of ``setup()``: these are read here. What a
setup.py or a build backend computes can only be known by running it, which
never happens: then there is the metadata that an unpacked sdist carries
(PKG-INFO), or a sentence that says so. Nothing here opens a file.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements.errors import BadLine, UnusableInput
from openstack_requirements.manifests import declarations, setup_py
from openstack_requirements.manifests.declarations import PYPROJECT, SETUP_CFG
from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.specifiers import long_number
from openstack_requirements.pep508.text import without_bom

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SETUP_PY = setup_py.FILE
PKG_INFO = "PKG-INFO"
#: Files that are looked at here, those of ``manifests`` aside.
MORE_FILES = (SETUP_PY, PKG_INFO)
#: Expressions, characters and items that are looked at to find the values of
#: one setup.py. Where there are more (``b = a + a; c = b + b; ...``), it
#: counts as one that computes them.
MOST_VALUES = 100_000
#: Requirements files that a project has read for it beside the usual ones, by
#: ``file:`` and the like. One that names more is an error.
MOST_FILES = 100

#: Functions through which code can bind any name.
_ANY_NAME = frozenset({"globals", "locals", "vars", "exec", "eval"})


class Found(NamedTuple):
    """A requirement, as core metadata has it, and where it stands.

    :param place: the file, with a line where there is one.
    :param extra: the extra that it belongs to, empty for none.
    :param optional: whether an extra or a group asks for it.
    """

    place: str
    text: str
    extra: str = ""
    optional: bool = False


class Hidden(NamedTuple):
    """What the manifests of a project do not say by themselves.

    :param found: requirements.
    :param files: requirements files to be read, each with its extra.
    :param requires_python: the Pythons that it is for, a specifier set.
    :param computed: what computes requirements that nothing here says;
        empty where nothing does.
    :param name: the distribution, empty where that is not known.
    :param problem: why what computes requirements cannot even be parsed;
        empty where it can.
    """

    found: tuple[Found, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    requires_python: str = ""
    computed: str = ""
    name: str = ""
    problem: str = ""


def look(texts: Mapping[str, str]) -> Hidden:
    """What a project requires beside its plain manifests.

    :param texts: its files by their path inside the project, those of
        :data:`MORE_FILES` among them.
    :raises BadLine: where pyproject.toml is not TOML.
    :raises UnusableInput: where more than :data:`MOST_FILES` are to be read,
        or there are more requirements than a manifest may have entries.
    """
    document: Mapping[str, Any] = {}
    if PYPROJECT in texts:
        document = declarations.pyproject(texts[PYPROJECT])
    config = _config(texts.get(SETUP_CFG, ""))
    project = _table(document, "project")
    dynamic = project.get("dynamic")
    is_open = not project or (
        isinstance(dynamic, list) and "dependencies" in dynamic
    )
    tools = _table(document, "tool")
    files = [*_named_files(_table(tools, "setuptools", "dynamic"))]
    of_toml = len(files)
    files += _files_of_config(config)
    if len(files) > MOST_FILES:
        raise UnusableInput(
            PYPROJECT if of_toml > MOST_FILES else SETUP_CFG,
            f"names more than {MOST_FILES} requirements files",
        )
    said = Hidden()
    if is_open and all(extra for _, extra in files):
        if "poetry" in tools:
            said = _of_poetry(_table(tools, "poetry"))
        elif "flit" in tools:
            said = _of_flit(_table(tools, "flit", "metadata"))
        elif "install_requires" not in config:
            said = _of_code(texts, document)
    if PKG_INFO in texts:
        metadata = _of_metadata(texts[PKG_INFO])
        if said.computed:
            said = metadata
        said = said._replace(name=said.name or metadata.name)
    python = project.get("requires-python") or config.get("python_requires")
    if isinstance(python, str):
        said = said._replace(requires_python=python)
    if len(said.found) > limits.MOST_REQUIREMENTS:
        raise UnusableInput(
            said.found[-1].place,
            f"has more than {limits.MOST_REQUIREMENTS} requirements",
        )
    return said._replace(files=tuple(files))


def _table(document: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """A table in a document; empty where it is none."""
    found: Any = document
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _strings(value: object) -> list[str]:
    """A string, or the strings of a list; nothing else."""
    items = value if isinstance(value, list) else [value]
    return [each for each in items if isinstance(each, str)]


# setuptools


def _named_files(dynamic: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The files of ``[tool.setuptools.dynamic]``."""
    for path in _strings(_table(dynamic, "dependencies").get("file")):
        yield path, ""
    for extra in _table(dynamic, "optional-dependencies"):
        table = _table(dynamic, "optional-dependencies", extra)
        for path in _strings(table.get("file")):
            yield path, extra


def _config(text: str) -> dict[str, str]:
    """What setup.cfg says of requirements, by option; extras in brackets."""
    # Not by configparser: for a line with many blanks it takes for ever.
    try:
        sections = {
            name: declarations.options(text, name)
            for name in ("metadata", "options", "options.extras_require")
        }
    except BadLine:
        return {}  # who reads the manifests has complained by now
    extras = sections.pop("options.extras_require")
    found = {
        name.replace("-", "_"): value
        for options in sections.values()
        for name, value in options.items()
    }
    return found | {f"[{name}]": value for name, value in extras.items()}


def _files_of_config(config: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The files that ``file:`` names in setup.cfg."""
    for name, value in config.items():
        kind, _, paths = value.strip().partition(":")
        if kind == "file" and (
            name == "install_requires" or name.startswith("[")
        ):
            for path in paths.split(","):
                yield path.strip(), name[1:-1] if name[0] == "[" else ""


# setup.py, and backends


class _Computed(Exception):
    """A value that only running the code would tell."""


def _of_code(texts: Mapping[str, str], document: Mapping[str, Any]) -> Hidden:
    """What setup.py says plainly, or what computes it."""
    build = _table(document, "build-system")
    named = _strings(build.get("build-backend"))
    backend = "".join(named) or "setuptools.build_meta"
    if backend == "pbr.build":
        return Hidden()  # pbr reads requirements.txt, and so do we
    if SETUP_PY in texts:
        try:
            return _of_setup_py(texts[SETUP_PY])
        except setup_py.TooLarge as error:
            return Hidden(computed=SETUP_PY, problem=str(error))
        except (_Computed, ValueError, RecursionError):
            return Hidden(computed=SETUP_PY)
    if "dependencies" in _strings(_table(document, "project").get("dynamic")):
        return Hidden(computed=f"its build backend, {backend}")
    return Hidden()


def _of_setup_py(text: str) -> Hidden:
    tree = setup_py.parse(text)
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and "setup"
        in {getattr(node.func, "id", ""), getattr(node.func, "attr", "")}
    ]
    if len(calls) != 1:
        raise _Computed
    plain = _Plain(_constants(tree, calls[0]))
    given: dict[str, ast.expr] = {}
    for keyword in calls[0].keywords:
        if keyword.arg is None:
            raise _Computed
        given[keyword.arg] = keyword.value

    def value_of(name: str) -> Any:
        return plain.value(given[name]) if name in given else None

    def text_of(name: str) -> str:
        try:
            value = value_of(name)
        except _Computed:
            return ""
        return value if isinstance(value, str) else ""

    name, python = text_of("name"), text_of("python_requires")
    if value_of("pbr"):
        return Hidden(name=name)
    place = f"{SETUP_PY}:{calls[0].lineno}"
    found = [
        Found(place, each) for each in _lines(value_of("install_requires"))
    ]
    extras = value_of("extras_require") or {}
    if not isinstance(extras, dict):
        raise _Computed
    for key, requirements in extras.items():
        # setuptools takes "name:marker" for an extra with a marker.
        extra, _, marker = str(key).partition(":")
        for each in _lines(requirements):
            text = f"{each};{marker}" if marker else each
            found.append(Found(place, text, extra, optional=bool(extra)))
    return Hidden(tuple(found), requires_python=python, name=name)


def _constants(tree: ast.Module, call: ast.Call) -> dict[str, ast.expr]:
    """The names of a module that keep the value that they are given.

    A name counts that is bound once, by a plain assignment on the top level.
    Its value must not be changed either (``names += [...]``,
    ``names.append(...)``), by this name or by one that shares the value: so
    a value that can be changed counts only where nothing but other plain
    values and the call of ``setup`` names it.

    :param call: the call of ``setup``.
    """
    values: dict[str, ast.expr] = {}
    # Names that may stand for one and the same list.
    sharing: dict[str, set[str]] = {}
    harmless: set[ast.AST] = set()
    for keyword in call.keywords:
        harmless.update(_names_in(keyword.value))
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        inside = _names_in(node.value)
        targets = [each for each in node.targets if isinstance(each, ast.Name)]
        if len(targets) != len(node.targets):
            continue
        harmless.update(inside)
        for target in targets:
            values[target.id] = node.value
        # By way of the first, so that many names cost no more than that.
        first = targets[0].id
        for same in (*targets, *inside):
            sharing.setdefault(first, set()).add(same.id)
            sharing.setdefault(same.id, set()).add(first)
    bound = Counter(_bound(tree))
    used = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and node not in harmless
    }
    if "*" in bound or not used.isdisjoint(_ANY_NAME):
        return {}
    waiting = [name for name, count in bound.items() if count > 1]
    waiting += [
        name for name in used if not isinstance(values.get(name), ast.Constant)
    ]
    changed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in changed:
            changed.add(name)
            waiting += sharing.get(name, set())
    return {
        name: value for name, value in values.items() if name not in changed
    }


def _bound(tree: ast.Module) -> Iterator[str]:
    """What binds a name, or deletes it, wherever; ``*`` where that is open."""
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
    """The names in an expression of plain data, which changes nothing."""
    left: list[ast.expr] = [value]
    result = []
    while left:
        node = left.pop()
        if isinstance(node, ast.Name):
            result.append(node)
        elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            left += node.elts
        elif isinstance(node, ast.Dict):
            left += [key for key in node.keys if key is not None]
            left += node.values
        elif isinstance(node, ast.BinOp):
            left += [node.left, node.right]
    return result


def _lines(value: object) -> list[str]:
    """Requirements as setuptools takes them: a list, or lines of text."""
    if value is None:
        return []
    if not isinstance(value, (str, list)):
        raise _Computed
    lines = [
        line.strip() for each in _strings(value) for line in each.splitlines()
    ]
    return [line for line in lines if line and not line.startswith("#")]


class _Plain:
    """Reads plain data from the expressions of one module.

    :param names: the expressions that are assigned to names.
    """

    def __init__(self, names: Mapping[str, ast.expr]) -> None:
        self._names = names
        self._left = MOST_VALUES

    def value(self, node: ast.expr, seen: tuple[str, ...] = ()) -> Any:
        """The value of an expression.

        :param seen: the names whose values it is a part of.
        :raises _Computed: where it is no plain data, or there is too much.
        """
        self._spend(1)
        if isinstance(node, ast.Name) and node.id in self._names:
            if node.id in seen:
                raise _Computed
            return self.value(self._names[node.id], (*seen, node.id))
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return [self.value(item, seen) for item in node.elts]
        if isinstance(node, ast.Dict):
            return self._dict(node, seen)
        if isinstance(node, ast.BinOp):
            return self._sum(node, seen)
        if isinstance(node, ast.Constant):
            return node.value
        raise _Computed

    def _dict(self, node: ast.Dict, seen: tuple[str, ...]) -> dict[Any, Any]:
        result = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:  # **mapping
                raise _Computed
            try:
                result[self.value(key, seen)] = self.value(value, seen)
            except TypeError as error:  # a key that cannot be one
                raise _Computed from error
        return result

    def _sum(self, node: ast.expr, seen: tuple[str, ...]) -> str | list[Any]:
        """Texts or lists with ``+`` between them, however many."""
        terms = []
        while isinstance(node, ast.BinOp):
            if not isinstance(node.op, ast.Add):
                raise _Computed
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
        raise _Computed

    def _spend(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise _Computed


# PKG-INFO


def _of_metadata(text: str) -> Hidden:
    """What the metadata in an unpacked sdist says."""
    from packaging.metadata import parse_email  # few projects have it

    headers = without_bom(text).partition("\n\n")[0]
    metadata, unparsed = parse_email(headers)

    def first(value: str | None, field: str) -> str:
        """A value; of a field that is there several times, the first."""
        return value or next(iter(unparsed.get(field, ())), "")

    # What no encoding reads is an error of whoever reads requirements.
    unreadable = unparsed.get("requires-dist", [])
    return Hidden(
        tuple(
            Found(PKG_INFO, requirement)
            for requirement in metadata.get("requires_dist") or unreadable
        ),
        requires_python=first(
            metadata.get("requires_python"), "requires-python"
        ),
        name=first(metadata.get("name"), "name"),
    )


# flit


def _of_flit(flit: Mapping[str, Any]) -> Hidden:
    """What ``[tool.flit.metadata]`` asks for."""
    found = [Found(PYPROJECT, each) for each in _strings(flit.get("requires"))]
    extras = _table(flit, "requires-extra")
    found += [
        Found(PYPROJECT, text, extra, optional=True)
        for extra in extras
        for text in _strings(extras[extra])
    ]
    names = [*_strings(flit.get("dist-name")), *_strings(flit.get("module"))]
    return Hidden(
        tuple(found),
        requires_python="".join(_strings(flit.get("requires-python"))),
        name="".join(names[:1]),
    )


# poetry


def _of_poetry(poetry: Mapping[str, Any]) -> Hidden:
    """What poetry's own tables ask for, as core metadata would say it."""
    found: list[Found] = []
    python = ""
    for name, value in _table(poetry, "dependencies").items():
        if name.lower() == "python":
            python = "".join(map(_specifiers, _strings(value)))
        else:
            found += _of_poetry_value(name, value)
    groups = {"dev": _table(poetry, "dev-dependencies")}
    for group in _table(poetry, "group"):
        groups[group] = _table(poetry, "group", group, "dependencies")
    for table in groups.values():
        for name, value in table.items():
            found += [
                each._replace(optional=True)
                for each in _of_poetry_value(name, value)
            ]
    return Hidden(
        tuple(found),
        requires_python=python,
        name="".join(_strings(poetry.get("name"))),
    )


def _of_poetry_value(name: str, value: object) -> Iterator[Found]:
    """The requirement that one line of poetry's table stands for."""
    if isinstance(value, list):
        for each in value:
            yield from _of_poetry_value(name, each)
        return
    table = value if isinstance(value, dict) else {"version": value}
    extras = ",".join(_strings(table.get("extras")))
    text = f"{name}[{extras}]" if extras else name
    url = table.get("git") or table.get("url")
    if isinstance(url, str):
        text += f" @ {url} "
    else:
        text += _specifiers(str(table.get("version", "*")))
    parts = _strings(table.get("markers"))
    for python in _strings(table.get("python")):
        clauses = _specifiers(python)
        for operator, version in re.findall(r"([<>=!~]+)([^,]+)", clauses):
            variable = (
                "python_full_version"
                if version.count(".") > 1
                else "python_version"
            )
            parts.append(f"{variable} {operator} '{version}'")
    if parts:
        text += f";{' and '.join(f'({each})' for each in parts)}"
    yield Found(PYPROJECT, text, optional=table.get("optional") is True)


def _specifiers(text: str) -> str:
    """A constraint of poetry as specifiers (PEP 440).

    What these cannot say (``||``) comes out as it is, to be complained of.
    """
    if len(text) > limits.LONGEST_LINE or long_number(text) is not None:
        return f" {text}"
    clauses = []
    # A run of blanks is made one first: a pattern that matches runs would
    # look at each of them from every blank in it.
    for part in re.split(r" ?, ?|(?<=[\w*]) (?=[<>=!~^])", _one_blank(text)):
        match = re.fullmatch(r"(\^|~(?!=)|[<>=!~]=|[<>]|=)?\s*(\S+)", part)
        if match is None:
            return f" {text}"
        operator, version = match[1] or "=", match[2]
        release = re.match(r"\d+(?:\.\d+)*", version)
        if operator in {"^", "~"} and release:
            parts = release[0].split(".")
            if max(map(len, parts)) > limits.MOST_DIGITS:
                return f" {text}"
            numbers = [int(number) for number in parts]
            clauses += [f">={version}", f"<{_above(operator, numbers)}"]
        elif version != "*":
            clauses.append(f"{'==' if operator == '=' else operator}{version}")
    return ",".join(clauses)


def _one_blank(text: str) -> str:
    """The text with one blank where there are several, and none around."""
    return " ".join(text.split())


def _above(operator: str, numbers: list[int]) -> str:
    """The version that ``^1.2.3`` or ``~1.2.3`` stops below."""
    if operator == "~":
        keep = min(2, len(numbers))
    else:
        # The first number that is not 0 must not change.
        nonzero = [place for place, each in enumerate(numbers) if each]
        keep = (nonzero[0] if nonzero else len(numbers) - 1) + 1
    kept = numbers[:keep]
    return ".".join(map(str, (*kept[:-1], kept[-1] + 1)))
