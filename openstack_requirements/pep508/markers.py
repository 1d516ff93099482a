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
"""What environment markers (PEP 508) mean.

Two markers are equal when no environment tells them apart, whatever their
text. To decide that, a *stated set of environments* is needed: the open world
has Pythons and platforms that nobody has seen. :class:`Environments` is such a
set, and every question here is asked over one.

A set is a product of axes. An axis is a few variables that move together
(``sys_platform``, ``os_name`` and ``platform_system``, say) and the rows of
values that they take. On an *open* axis, what a marker mentions is a possible
value too, and so is something that it does not mention: then
``sys_platform != 'plan9'`` is not taken for "always".

Single comparisons mean what ``packaging`` says, which is asked wherever they
are not among the plainest; what is ours is the algebra around them. On each
axis only the rows that the comparisons tell apart count, so that the product
stays small, and it is a truth table, which answers all cases at once. What a
question may cost is bounded all the same: beyond the limits in
:mod:`~openstack_requirements.pep508.limits` a marker is too complex to be
judged.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import product
from math import prod
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from openstack_requirements.errors import RequirementsError, printable
from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.requirement import marker_problem
from openstack_requirements.pep508.specifiers import OPERATOR, admits, release
from openstack_requirements.pep508.text import canonical
from openstack_requirements.pep508.truth_tables import TruthTable

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from packaging.markers import Marker

#: What is wrong with a marker whose meaning would take too long to work out.
TOO_COMPLEX = "it is too complex"

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'[^']*'|\"[^\"]*\")|(?P<paren>[()])"
    rf"|(?P<op>{OPERATOR}|not\s+in\b|in\b)"
    r"|(?P<bool>and\b|or\b)|(?P<name>[A-Za-z_][A-Za-z0-9_.]*))"
)
# Names that PEP 345 had, which packaging still reads.
_OLD_NAMES = {
    "os.name": "os_name",
    "sys.platform": "sys_platform",
    "platform.version": "platform_version",
    "platform.machine": "platform_machine",
    "platform.python_implementation": "platform_python_implementation",
    "python_implementation": "platform_python_implementation",
}
_OTHER = "other"
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class BadMarker(RequirementsError, ValueError):
    """A marker that cannot be read or has no meaning.

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
    """One comparison: a variable, and the comparison as text."""

    variable: str
    text: str
    literal: str


class Joined(NamedTuple):
    """All the parts hold (``and``), or one of them does (``or``)."""

    operator: str
    parts: tuple[Tree, ...]


Tree: TypeAlias = Comparison | Joined
#: Without parts, "and" always holds.
ALWAYS = Joined("and", ())


@lru_cache(maxsize=4096)
def parse(marker: str) -> Tree:
    """The structure of a marker; of the empty text, ``ALWAYS``.

    :raises BadMarker: where it is no marker, or compares two strings.
    """
    marker = marker.strip()
    if not marker:
        return ALWAYS
    problem = marker_problem(marker)
    if problem is not None:
        raise BadMarker(marker, problem[0])
    tokens = list(_TOKEN.finditer(marker))
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
    """Parts joined by the first operator, which binds the least."""
    if not operators:
        return _parse_part(marker, tokens)
    operator, *others = operators
    tree, tokens = _parse_joined(marker, tokens, tuple(others))
    parts = [tree]
    while tokens and tokens[0]["bool"] == operator:
        tree, tokens = _parse_joined(marker, tokens[1:], tuple(others))
        parts.append(tree)
    if len(parts) == 1:
        return tree, tokens
    return Joined(operator, tuple(parts)), tokens


def _parse_part(
    marker: str, tokens: list[re.Match[str]]
) -> tuple[Tree, list[re.Match[str]]]:
    if tokens[0]["paren"]:
        tree, tokens = _parse_joined(marker, tokens[1:], ("or", "and"))
        return tree, tokens[1:]
    left, operator, right = tokens[:3]
    operation = " ".join(operator["op"].split())
    name = left["name"] or right["name"]
    if not name:
        raise BadMarker(marker, "it compares two strings")
    variable = _OLD_NAMES.get(name, name)
    # packaging compares a variable on the right of another one as text.
    words = [
        variable if side is (left if left["name"] else right) else text
        for side, text in (
            (left, left["string"]),
            (right, right["string"] or f'"{right["name"]}"'),
        )
    ]
    literal = words[1] if left["name"] else words[0]
    text = f"{words[0]} {operation} {words[1]}"
    return Comparison(variable, text, literal[1:-1]), tokens[3:]


def comparisons(tree: Tree) -> Iterator[Comparison]:
    """Every comparison of a marker's structure, in its order."""
    if isinstance(tree, Comparison):
        yield tree
    else:
        for part in tree.parts:
            yield from comparisons(part)


def python_comparison(marker: str) -> tuple[str, str] | None:
    """The operator and the version of a marker that only asks for a Python.

    ``python_version>='3.8'`` → ``>=`` and ``3.8``, whichever side the
    variable is on; None for any other marker.

    :raises BadMarker: where the marker has no meaning.
    """
    tree = parse(marker)
    if not isinstance(tree, Comparison) or tree.variable != "python_version":
        return None
    left, _, rest = tree.text.partition(" ")
    if left == tree.variable:
        return rest.partition(" ")[0], tree.literal
    operator = rest.rpartition(" ")[0]
    return _MIRRORED.get(operator, operator), tree.literal


def _holds(tree: Tree, truth: Mapping[Comparison, bool]) -> bool:
    if isinstance(tree, Comparison):
        return truth[tree]
    results = (_holds(part, truth) for part in tree.parts)
    return all(results) if tree.operator == "and" else any(results)


@lru_cache(maxsize=4096)
def _marker(text: str) -> Marker:
    from packaging.markers import Marker as Parsed  # slow to import

    return Parsed(text)


@lru_cache(maxsize=65536)
def _compare(comparison: Comparison, value: str) -> bool:
    answer = _quickly(comparison, value)
    return _slowly(comparison, value) if answer is None else answer


def _quickly(comparison: Comparison, value: str) -> bool | None:
    """The answer for what nearly every marker has; None for the rest."""
    variable, text, literal = comparison
    if not text.startswith(f"{variable} "):
        return None  # it stands on the right
    operator = text.split(" ", 2)[1]
    if variable in _TEXTS and operator in {"==", "!="}:
        return (operator == "==") == (value == literal)
    if variable == "extra" and operator in {"==", "!="}:
        same = canonical(value) == canonical(literal)
        return (operator == "==") == same
    if (
        variable in _PYTHON.variables
        and operator in {"==", "!=", "<", "<=", ">", ">="}
        and release(literal)
        and release(value)
    ):
        return admits(f"{operator}{literal}", value, prereleases=True)
    return None


def _slowly(comparison: Comparison, value: str) -> bool:
    from packaging.markers import InvalidMarker, UndefinedComparison
    from packaging.version import InvalidVersion

    environment: dict[str, str | frozenset[str]]
    environment = {comparison.variable: value}
    if comparison.variable in {"extras", "dependency_groups"}:  # PEP 751
        environment = {comparison.variable: frozenset(value.split())}
    try:
        return _marker(comparison.text).evaluate(environment)
    except (InvalidMarker, UndefinedComparison, InvalidVersion) as error:
        raise BadMarker(comparison.text, str(error)) from error


class Axis(NamedTuple):
    """Variables that move together, and the values that they take.

    ``open``: what a marker mentions is a value too, and so is one that it
    does not mention.
    """

    variables: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    open: bool = False


class Environments:
    """A stated set of environments: one row from each axis, in every way.

    Use :data:`ANY`, :meth:`of` or :meth:`on_pythons`.
    """

    def __init__(self, axes: Iterable[Axis]) -> None:
        self.axes = tuple(axes)

    def __repr__(self) -> str:
        names = (name for axis in self.axes for name in axis.variables)
        return f"<Environments of {', '.join(names)}>"

    @classmethod
    def of(cls, environments: Iterable[Mapping[str, str]]) -> Environments:
        """Exactly these environments, each with all that markers ask for.

        :raises ValueError: where they do not have the same variables.
        """
        found = [dict(sorted(each.items())) for each in environments]
        variables = tuple(found[0]) if found else ()
        if any(tuple(each) != variables for each in found):
            raise ValueError("environments with different variables")
        rows = tuple(tuple(each.values()) for each in found)
        return cls([Axis(variables, rows)])

    @classmethod
    def on_pythons(cls, versions: Iterable[str]) -> Environments:
        """Any environment whose ``python_version`` is one of these."""
        rows = tuple((version, f"{version}.0") for version in versions)
        pythons = Axis(_PYTHON.variables, rows)
        return cls([pythons, *(axis for axis in _AXES if axis != _PYTHON)])

    def cases(self, markers: Sequence[str]) -> Cases:
        """The kinds of environments that some markers tell apart.

        :raises BadMarker: where one has no meaning, compares a variable that
            the set says nothing of, or is too complex.
        """
        return Cases(self.axes, markers)


class Cases:
    """The kinds of environments that markers tell apart, and sets of them.

    ``all`` is the set of all cases, ``selected`` has for each marker the set
    of those that it selects. Sets are integers: ``&``, ``|`` and ``&~`` join
    them.

    :raises BadMarker: as :meth:`Environments.cases` says.
    """

    def __init__(self, axes: Sequence[Axis], markers: Sequence[str]) -> None:
        trees = [parse(marker) for marker in markers]
        self._longest = max(markers, key=len, default="")
        self._columns: dict[Comparison, tuple[int, int]] = {}
        self._examples: list[list[dict[str, str]]] = []
        self.all = 0
        self.selected = [0 for _ in trees]
        if any(not axis.rows for axis in axes):
            return  # there is no environment in this set
        leaves = [each for tree in trees for each in comparisons(tree)]
        self._read(axes, list(dict.fromkeys(leaves)))
        sizes = [len(examples) for examples in self._examples]
        if prod(sizes) > limits.MOST_CASES:
            raise BadMarker(self._longest, TOO_COMPLEX)
        self._table = TruthTable(sizes)
        self._require_little(len(leaves))
        self.all = self._table.everything
        self.selected = [self._select(tree) for tree in trees]

    def _read(
        self, axes: Sequence[Axis], wanted: Sequence[Comparison]
    ) -> None:
        """Find a column's rows, and in which of them each comparison holds."""
        known = {name for axis in axes for name in axis.variables}
        for comparison in wanted:
            if comparison.variable not in known:
                raise BadMarker(
                    comparison.text,
                    f"{comparison.variable} is not known here",
                )
        for column, axis in enumerate(axes):
            mine = [
                comparison
                for variable in axis.variables
                for comparison in wanted
                if comparison.variable == variable
            ]
            try:
                rows = _distinct(axis, mine)
            except _TooComplex as error:
                raise BadMarker(self._longest, TOO_COMPLEX) from error
            self._examples.append(list(rows.values()))
            for place, comparison in enumerate(mine):
                holds = sum(
                    truth[place] << row for row, truth in enumerate(rows)
                )
                self._columns[comparison] = (column, holds)

    def _select(self, tree: Tree) -> int:
        """The cases that a structure selects."""
        if isinstance(tree, Comparison):
            return self._table.where(*self._columns[tree])
        every = tree.operator == "and"
        selected = self.all if every else 0
        for part in tree.parts:
            if every:
                selected &= self._select(part)
            else:
                selected |= self._select(part)
        return selected

    def _require_little(self, sets: int) -> None:
        """Fail where so many sets are too much work."""
        if sets * self._table.bits > limits.MOST_MARKER_WORK:
            raise BadMarker(self._longest, TOO_COMPLEX)

    def example(self, cases: int) -> dict[str, str] | None:
        """An environment of these cases, or None where they are none."""
        if not cases:
            return None
        result: dict[str, str] = {}
        rows = self._table.first(cases)
        for examples, row in zip(self._examples, rows, strict=True):
            result.update(examples[row])
        return result

    def combinations(self) -> list[tuple[bool, ...]]:
        """Which of the markers hold together, in the order of the cases.

        :raises BadMarker: where there are too many ways.
        """
        ways: dict[tuple[bool, ...], int] = {(): self.all} if self.all else {}
        for selected in self.selected:
            parts = [
                ((*way, holds), part)
                for way, cases in ways.items()
                for holds, part in (
                    (True, cases & selected),
                    (False, cases & ~selected),
                )
            ]
            ways = {way: part for way, part in parts if part}
            self._require_little(len(ways) * len(self.selected))
        return sorted(ways, key=lambda way: ways[way] & -ways[way])


class _TooComplex(Exception):
    """The comparisons of one axis would take too long to evaluate."""


class _Values:
    """How the comparisons of one variable fall for its values.

    :raises _TooComplex: where that would take too long.
    """

    def __init__(self, variable: str, wanted: Sequence[Comparison]) -> None:
        self.wanted = [each for each in wanted if each.variable == variable]
        self._known: dict[str, tuple[bool, ...]] = {}
        # What packaging has to evaluate takes longer, and so does long text.
        self._cost = sum(
            (8 if _quickly(each, "0") is None else 1)
            * (1 + len(each.text) // 64)
            for each in self.wanted
        )
        self._spent = 0

    def _require_little(self, values: int) -> None:
        """Fail where so many more values are too much work."""
        if self._spent + values * self._cost > limits.MOST_EVALUATIONS:
            raise _TooComplex

    def truth(self, value: str) -> tuple[bool, ...]:
        """Whether each of the comparisons holds for a value."""
        if value not in self._known:
            self._require_little(1)
            self._spent += self._cost
            self._known[value] = tuple(
                _compare(each, value) for each in self.wanted
            )
        return self._known[value]

    def distinct(self, values: Iterable[str]) -> list[str]:
        """One of these values for each way in which the comparisons fall."""
        values = dict.fromkeys(values)
        self._require_little(len(values.keys() - self._known.keys()))
        seen: dict[tuple[bool, ...], str] = {}
        for value in values:
            seen.setdefault(self.truth(value), value)
        return list(seen.values())


def _distinct(
    axis: Axis, wanted: Sequence[Comparison]
) -> dict[tuple[bool, ...], dict[str, str]]:
    """One row of the axis for each way in which the comparisons can fall.

    :param wanted: the comparisons, in the order of the axis' variables.
    :returns: how they fall, and the values of the variables.
    """
    found = [_Values(variable, wanted) for variable in axis.variables]
    seen: dict[tuple[bool, ...], dict[str, str]] = {}
    for row in _rows(axis, found):
        truth: tuple[bool, ...] = ()
        for values, value in zip(found, row, strict=True):
            truth += values.truth(value)
        if truth not in seen:
            seen[truth] = dict(zip(axis.variables, row, strict=True))
        if not wanted:
            break  # one row is needed all the same, for the example
    return seen


def _rows(axis: Axis, found: Sequence[_Values]) -> Iterator[tuple[str, ...]]:
    yield from axis.rows
    if not axis.open or not any(values.wanted for values in found):
        return
    if axis.variables == _PYTHON.variables:
        yield from _more_pythons(
            each.literal for values in found for each in values.wanted
        )
        return
    choices = []
    for number, (variable, values) in enumerate(
        zip(axis.variables, found, strict=True)
    ):
        known = Counter(row[number] for row in axis.rows)
        words = dict.fromkeys(
            word
            for each in values.wanted
            for word in _near(variable, each.literal)
        )
        # A value that one row alone has belongs to that row: "win32" comes
        # with "nt". One that several have may come with what is new, too.
        new = [word for word in words if known[word] != 1]
        choices.append(values.distinct([*new, _OTHER]))
    if prod(map(len, choices)) > limits.MOST_EVALUATIONS:
        raise _TooComplex
    yield from product(*choices)


def _near(variable: str, literal: str) -> Iterator[str]:
    """Values that a comparison with the literal can tell apart."""
    yield literal
    yield from re.split(r"[\s,;|]+", literal)  # sys_platform in 'linux darwin'
    yield f"{literal}-{_OTHER}"
    if variable in _VERSIONS:
        numbers = re.findall(r"\d+", literal)[:4]
        yield from _around([int(number[:9]) for number in numbers])


def _around(numbers: Sequence[int]) -> Iterator[str]:
    """Release numbers just below, at and just above the given ones."""
    yield "0"
    for length in range(1, len(numbers) + 1):
        head = list(numbers[:length])
        for step in (-1, 0, 1):
            if head[-1] + step >= 0:
                text = ".".join(map(str, [*head[:-1], head[-1] + step]))
                yield text
                yield f"{text}.1"


def _more_pythons(literals: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pythons around those that the markers mention."""
    found: dict[tuple[int, int, int], None] = {}
    for literal in literals:
        for text in re.findall(r"\d+(?:\.\d+)*", literal):
            parts = [int(part[:6]) for part in text.split(".")[:3]]
            major, minor, micro = [*parts, 0, 0][:3]
            for minor_step in (-1, 0, 1):
                for micro_step in (-1, 0, 1):
                    found[
                        major,
                        max(minor + minor_step, 0),
                        max(micro + micro_step, 0),
                    ] = None
            found[major + 1, 0, 0] = None
    for major, minor, micro in found:
        if major == 2 and minor > 7:
            continue  # there was none, and never will be
        yield f"{major}.{minor}", f"{major}.{minor}.{micro}"


_PYTHON = Axis(
    ("python_version", "python_full_version"),
    tuple(
        (f"{major}.{minor}", f"{major}.{minor}.{micro}")
        for major, minors in ((2, (6, 7)), (3, range(31)))
        for minor in minors
        for micro in (0, 10)
    ),
    open=True,
)
#: What is compared as text, whatever it looks like.
_TEXTS = frozenset(
    {
        "os_name",
        "platform_machine",
        "platform_python_implementation",
        "platform_system",
        "sys_platform",
    }
)
_VERSIONS = frozenset(
    {"implementation_version", "platform_release", "platform_version"}
)
_AXES = (
    _PYTHON,
    Axis(
        ("os_name", "sys_platform", "platform_system"),
        (
            ("posix", "linux", "Linux"),
            ("posix", "linux2", "Linux"),
            ("posix", "darwin", "Darwin"),
            ("nt", "win32", "Windows"),
            ("posix", "cygwin", "CYGWIN_NT-10.0"),
            ("posix", "freebsd14", "FreeBSD"),
            ("posix", "sunos5", "SunOS"),
            ("posix", "aix", "AIX"),
            ("java", "java", "Java"),
            ("posix", "android", "Android"),
            ("posix", "ios", "iOS"),
            ("posix", "emscripten", "Emscripten"),
        ),
        open=True,
    ),
    Axis(
        ("platform_python_implementation", "implementation_name"),
        (
            ("CPython", "cpython"),
            ("PyPy", "pypy"),
            ("Jython", "jython"),
            ("IronPython", "ironpython"),
            ("GraalVM", "graalpy"),
        ),
        open=True,
    ),
    Axis(
        ("platform_machine",),
        (
            ("x86_64",),
            ("AMD64",),
            ("aarch64",),
            ("arm64",),
            ("i686",),
            ("ppc64le",),
            ("s390x",),
            ("riscv64",),
        ),
        open=True,
    ),
    Axis(("implementation_version",), (("3.12.1",),), open=True),
    Axis(("platform_release",), (("6.1.0",),), open=True),
    Axis(("platform_version",), (("#1 SMP",),), open=True),
    Axis(("extra",), (("",),), open=True),
    Axis(("extras",), (("",),), open=True),
    Axis(("dependency_groups",), (("",),), open=True),
)

#: Released Pythons from 2.6 on, the platforms and implementations that
#: CPython and PyPy know of, and on each of these what a marker mentions.
#: ``python_version`` is always the start of ``python_full_version``.
ANY = Environments(_AXES)


def counterexample(
    first: str, second: str, environments: Environments = ANY
) -> dict[str, str] | None:
    """An environment that tells two markers apart, or None.

    :raises BadMarker: where one of them has no meaning.
    """
    if parse(first) == parse(second):
        return None
    cases = environments.cases([first, second])
    one, two = cases.selected
    return cases.example(one ^ two)


def equivalent(
    first: str, second: str, environments: Environments = ANY
) -> bool:
    """Whether two markers select the same environments.

    :raises BadMarker: where one of them has no meaning.
    """
    return counterexample(first, second, environments) is None


def overlap(
    markers: Sequence[str], environments: Environments = ANY
) -> dict[str, str] | None:
    """An environment that every one of the markers selects, or None.

    :raises BadMarker: where one of them has no meaning.
    """
    cases = environments.cases(markers)
    together = cases.all
    for selected in cases.selected:
        together &= selected
    return cases.example(together)


@lru_cache(maxsize=4096)
def can_meet(first: str, second: str) -> bool:
    """Whether two markers can hold together; true where nobody can tell."""
    if not first or not second:
        return True
    try:
        return overlap([first, second]) is not None
    except BadMarker:
        return True


def disjoint(
    first: str, second: str, environments: Environments = ANY
) -> bool:
    """Whether no environment is selected by both markers.

    :raises BadMarker: where one of them has no meaning.
    """
    return overlap([first, second], environments) is None


def uncovered(
    markers: Sequence[str], environments: Environments = ANY
) -> dict[str, str] | None:
    """An environment that none of the markers selects, or None.

    :raises BadMarker: where one of them has no meaning.
    """
    cases = environments.cases(markers)
    left = cases.all
    for selected in cases.selected:
        left &= ~selected
    return cases.example(left)


def implies(first: str, second: str, environments: Environments = ANY) -> bool:
    """Whether all that the first marker selects, the second selects too.

    :raises BadMarker: where one of them has no meaning.
    """
    one, two = environments.cases([first, second]).selected
    return not one & ~two


def combinations(
    markers: Sequence[str], environments: Environments = ANY
) -> list[tuple[bool, ...]]:
    """Which of the markers hold together.

    :returns: a row for each way in which they fall in some environment.
    :raises BadMarker: where one of them has no meaning.
    """
    return environments.cases(markers).combinations()


#: The variables that every environment has (PEP 508).
VARIABLES = (
    "implementation_name",
    "implementation_version",
    "os_name",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_full_version",
    "python_version",
    "sys_platform",
)


def evaluate(
    marker: str, environment: Mapping[str, str], extras: Iterable[str] = ()
) -> bool:
    """Whether a marker selects an environment.

    The environment is stated in full, so that the answer never depends on the
    Python that gives it. Extras are no part of an environment: a requirement
    applies where no extra is asked for as well as with each extra that is,
    as installers have it.

    :param environment: a value for each of :data:`VARIABLES` that the marker
        compares.
    :param extras: the extras that are active.
    :raises BadMarker: where the marker has no meaning, or compares a variable
        that the environment does not state.
    """
    tree = parse(marker)
    wanted = list(comparisons(tree))
    values = {}
    for comparison in wanted:
        variable = comparison.variable
        if variable != "extra" and variable not in environment:
            raise BadMarker(comparison.text, f"{variable} is not stated")
        values[variable] = environment.get(variable, "")
    for extra in ("", *extras) if "extra" in values else ("",):
        values["extra"] = extra
        truth = {
            each: _compare(each, values[each.variable]) for each in wanted
        }
        if _holds(tree, truth):
            return True
    return False


def require_known(marker: str) -> None:
    """Fail for a marker that no environment can be held against.

    :raises BadMarker: where it has no meaning, or compares a variable that
        environments do not have.
    """
    for comparison in comparisons(parse(marker)):
        variable = comparison.variable
        if variable != "extra" and variable not in VARIABLES:
            raise BadMarker(
                comparison.text, f"{variable} is nothing that metadata has"
            )


@lru_cache(maxsize=8192)
def on_python(marker: str, version: str) -> str | None:
    """What is left of a marker on one Python (``3.12``).

    Comparisons of Python versions are decided, unless patch releases of that
    Python differ in them.

    :returns: the text of what is left; empty where the marker always applies
        there, None where it never does.
    :raises BadMarker: where it has no meaning.
    """
    left = _decided(parse(marker), lambda each: _values(each, version))
    if isinstance(left, bool):
        return "" if left else None
    return _text(left, "or")


def _decided(
    tree: Tree, values: Callable[[Comparison], Sequence[str]]
) -> Tree | bool:
    """A structure without what is decided.

    :param values: those that a comparison's variable can have; none where
        nothing is known of them.
    """
    if isinstance(tree, Comparison):
        found = {_compare(tree, each) for each in values(tree)}
        return found.pop() if len(found) == 1 else tree
    # A part that is this decides the whole.
    decisive = tree.operator == "or"
    parts = []
    for part in tree.parts:
        left = _decided(part, values)
        if left is decisive:
            return decisive
        if not isinstance(left, bool):
            parts.append(left)
    if len(parts) < 2:
        return parts[0] if parts else not decisive
    return Joined(tree.operator, tuple(parts))


def _values(comparison: Comparison, version: str) -> list[str]:
    """The values of a comparison's variable that one Python can have."""
    if comparison.variable == "python_version":
        return [version]
    if comparison.variable != "python_full_version":
        return []
    patches = {0, 1, 9999}
    found = re.findall(r"\d+\.\d+\.(\d{1,4})", comparison.literal)
    if len(found) > limits.MOST_PYTHONS:
        raise BadMarker(comparison.text, TOO_COMPLEX)
    for patch in found:
        patches |= {max(0, int(patch) + step) for step in (-1, 0, 1)}
    return [f"{version}.{patch}" for patch in sorted(patches)]


def _text(tree: Tree, around: str) -> str:
    if isinstance(tree, Comparison):
        return tree.text
    text = f" {tree.operator} ".join(
        _text(part, tree.operator) for part in tree.parts
    )
    return f"({text})" if tree.operator == "or" and around == "and" else text


def pythons_in(markers: Iterable[str]) -> list[str]:
    """Python versions that stand for all that the markers tell apart.

    Those that ``==`` and ``!=`` name, and one for each range between the
    bounds that other comparisons set, where none of the former is in it.

    :raises BadMarker: where one of the markers has no meaning, or they name
        too many Pythons.
    """
    named: set[tuple[int, ...]] = set()
    bounds: set[tuple[tuple[int, ...], tuple[int, ...]]] = set()
    for marker in dict.fromkeys(markers):
        for each in comparisons(parse(marker)):
            if each.variable not in _PYTHON.variables:
                continue
            for text in re.findall(r"\d+(?:\.\d+)*", each.literal)[:8]:
                parts = [int(part[:6]) for part in text.split(".")[:2]]
                major, minor = [*parts, 0][:2]
                _sort_in(each, (major, minor), named, bounds)
            if len(named) + len(bounds) > limits.MOST_PYTHONS:
                raise BadMarker(marker, TOO_COMPLEX)
    # Each range reaches from behind one bound to the next one.
    ends = [(low, high) for low, high in sorted(bounds)]
    starts = [(0, 0), *(high for _, high in ends)]
    stops = [*(low for low, _ in ends), (9999, 0)]
    for start, stop in zip(starts, stops, strict=True):
        if ends and not any(start <= each <= stop for each in named):
            named.add(stop if start == (0, 0) else start)
    return [".".join(map(str, each)) for each in sorted(named)]


def _sort_in(
    comparison: Comparison,
    python: tuple[int, int],
    named: set[tuple[int, ...]],
    bounds: set[tuple[tuple[int, ...], tuple[int, ...]]],
) -> None:
    """A Python that is named, or between which and the next a bound lies."""
    major, minor = python
    before = (2, 7) if python == (3, 0) else (major, max(minor - 1, 0))
    after = (3, 0) if python == (2, 7) else (major, minor + 1)
    below, at, above = (
        [
            _compare(comparison, value)
            for value in _values(comparison, f"{version[0]}.{version[1]}")
        ]
        for version in (before, python, after)
    )
    if below != at and at == above:
        bounds.add((before, python))
    elif below == at and at != above:
        bounds.add((python, after))
    else:
        named.add(python)
        if below[-1] != above[0]:  # the bound is within this Python
            bounds.update([(before, python), (python, after)])


def given(marker: str, variable: str, value: str) -> str | None:
    """What is left of a marker where one variable is known.

    ``extra=='x' and python_version<'3'`` is ``python_version<'3'`` where
    ``extra`` is ``x``. Empty where it then always holds; None where it never
    does.

    :raises BadMarker: where it has no meaning.
    """
    left = _decided(
        parse(marker),
        lambda each: [value] if each.variable == variable else [],
    )
    if isinstance(left, bool):
        return "" if left else None
    return _compact(left)


def _compact(tree: Tree) -> str:
    """A structure as a marker, without blanks that need not be."""
    if isinstance(tree, Joined):
        return f" {tree.operator} ".join(
            f"({_compact(part)})"
            if isinstance(part, Joined) and part.operator != tree.operator
            else _compact(part)
            for part in tree.parts
        )
    words = []
    for token in _TOKEN.finditer(tree.text):
        word = token[0].strip()
        if token["string"] and "'" not in word[1:-1]:
            word = f"'{word[1:-1]}'"
        is_word = token["op"] and word.endswith("in")
        words.append(f" {word} " if is_word else word)
    return "".join(words)


def compared_text(one: Iterable[str], other: Iterable[str]) -> int:
    """How much text it is to compare markers with others, each with each.

    That is about proportional to the time that it takes, which
    :data:`~openstack_requirements.pep508.limits.MOST_COMPARED_TEXT` bounds.
    """
    first, second = set(one) - {""}, set(other) - {""}
    return len(second) * sum(map(len, first)) + (
        len(first) * sum(map(len, second))
    )
