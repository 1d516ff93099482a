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
"""What changed between two states of constraints, where, and why.

A :class:`State` is what a constraints file says, or what freezes installed.
:func:`between` compares two of them Python by Python: by what the lines mean
there, not by their text. Where freezes are at hand it says why, too.
"""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Literal,
    NamedTuple,
    TypeAlias,
    get_args,
)

from openstack_requirements.constraints import explain, freeze
from openstack_requirements.constraints.graph import Graph
from openstack_requirements.constraints.states import in_order, named_pythons
from openstack_requirements.pep508 import markers, python_versions, ranges
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    canonical_name,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from openstack_requirements.constraints.graph import Demand
    from openstack_requirements.constraints.states import Line, State

#: What can happen to a distribution. ``changed`` is what is neither up nor
#: down, as one of the two sides is no version: a URL, or a range.
Kind = Literal["added", "removed", "raised", "lowered", "changed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: Stands for the Pythons that no line names.
OTHERS = "others"
#: Stands for the environments that none of a name's markers select.
ELSEWHERE = "elsewhere"


class Hold(NamedTuple):
    """What holds a distribution at its version, or may do so.

    ``newest`` is the newest version known, empty where none above
    ``version`` is: then ``by`` are the demands with the deciding upper bound.
    Otherwise they are those that do not admit it; ``requires_python`` is its
    own, where that is what keeps it away. ``pythons`` is where.
    """

    name: str
    version: str
    newest: str
    by: tuple[Demand, ...]
    requires_python: str
    pythons: tuple[str, ...]


class Change(NamedTuple):
    """What happened to one distribution.

    ``pythons`` are those concerned (:data:`OTHERS` for any that no line
    names); ``everywhere`` where that is all of them. ``condition`` is what
    beyond the Python decides, as a marker, or :data:`ELSEWHERE`.
    ``needed_by`` leads to what was added, or led to what was removed, see
    :func:`openstack_requirements.constraints.explain.cause`.
    """

    kind: Kind
    name: str
    old: str
    new: str
    pythons: tuple[str, ...]
    everywhere: bool
    condition: str = ""
    needed_by: tuple[Demand, ...] = ()
    holds: tuple[Hold, ...] = ()


class Respelled(NamedTuple):
    """A pin that is written in another way and means the same."""

    old: str
    new: str


class Changes(NamedTuple):
    """All that changed; empty (false) where nothing did.

    ``only_old`` and ``only_new`` are the Pythons that one side alone knows:
    for them, only distributions that the other side lacks altogether are
    compared. ``held`` are the distributions that did not change and that
    something holds, on the Pythons of ``explained``: those with a freeze.
    """

    changes: tuple[Change, ...] = ()
    respelled: tuple[Respelled, ...] = ()
    only_old: tuple[str, ...] = ()
    only_new: tuple[str, ...] = ()
    held: tuple[Hold, ...] = ()
    explained: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)

    def of(self, kind: Kind) -> list[Change]:
        """The changes of one kind, by name."""
        return [each for each in self.changes if each.kind == kind]


#: What is pinned in one kind of environment: one pin, as a rule, each with
#: whether it is an exact version.
_Pins: TypeAlias = frozenset[tuple[str, bool]]


class _Cell(NamedTuple):
    """What both sides pin in one kind of environment."""

    old: _Pins
    new: _Pins
    condition: str


def between(
    old: State,
    new: State,
    newest: Mapping[str, Mapping[CanonicalName, str]] | None = None,
) -> Changes:
    """What changed from one state to another.

    With the freezes of the new state: what asked for each addition, and what
    holds a version down. With those of the old state: what asked for each
    removal.

    :param newest: for each Python the newest versions on the index, by name.
        Where it has none, a version is known to be old only if another
        Python, or the other state, has a newer one.
    :returns: the changes by kind, name and Python.
    """
    pythons = _pythons(old, new)
    changes: list[Change] = []
    respelled: dict[Respelled, None] = {}
    for name in sorted({*old.lines, *new.lines}):
        found, rewritten = _changes_of(name, old, new, pythons)
        changes += found
        respelled.update(dict.fromkeys(rewritten))
        one, other = old.spelling.get(name), new.spelling.get(name)
        if one is not None and other is not None and one != other:
            respelled[Respelled(one, other)] = None
    changes.sort(key=lambda each: KINDS.index(each.kind))
    known = {*old.pythons, *new.pythons}
    result = Changes(
        tuple(changes),
        tuple(respelled),
        in_order(known - {*new.pythons}) if new.pythons else (),
        in_order(known - {*old.pythons}) if old.pythons else (),
    )
    return _with_reasons(result, old, new, newest)


def _pythons(old: State, new: State) -> tuple[str, ...]:
    """The Pythons to compare on; OTHERS, the last, if it makes sense."""
    found = {*old.pythons, *new.pythons}
    # Two sets of bounds may leave a range that neither has a Python for.
    found.update(
        named_pythons(
            lines
            for state in (old, new)
            if not state.certain
            for lines in state.lines.values()
        )
    )
    pythons = in_order(found)
    return pythons if old.certain or new.certain else (*pythons, OTHERS)


def _changes_of(
    name: CanonicalName, old: State, new: State, pythons: Sequence[str]
) -> tuple[list[Change], list[Respelled]]:
    """What happened to one distribution, the same on several Pythons once."""
    if old.lines.get(name) == new.lines.get(name):
        return [], []
    found: dict[tuple[Kind, str, str, str], list[str]] = {}
    respelled = []
    unknown = []
    for python in pythons:
        real = _real(python, pythons)
        if not all(_speaks_of(x, name, python, real) for x in (old, new)):
            unknown.append(python)
            continue
        for cell in _cells(old.on(name, real), new.on(name, real)):
            kind = _kind(cell)
            texts = _text(cell.old), _text(cell.new)
            if kind is not None:
                found.setdefault((kind, *texts, cell.condition), []).append(
                    python
                )
            elif texts[0] != texts[1]:
                respelled.append(
                    Respelled(
                        f"{old.spelling.get(name, name)} {texts[0]}",
                        f"{new.spelling.get(name, name)} {texts[1]}",
                    )
                )
    # What shows on Pythons that are named need not be said of others.
    shown = any(each != [OTHERS] for each in found.values())
    name_shown = new.spelling.get(name) or old.spelling.get(name) or name
    changes = [
        Change(
            kind,
            name_shown,
            was,
            now,
            tuple(each for each in where if each != OTHERS or not shown),
            everywhere={*where, *unknown} == {*pythons},
            condition=condition,
        )
        for (kind, was, now, condition), where in found.items()
        if where != [OTHERS] or not shown
    ]
    return changes, respelled


def _speaks_of(
    state: State, name: CanonicalName, python: str, real: str
) -> bool:
    """Whether a state says what a distribution is on a Python.

    It does on those that it is for. On one that only the other side is for it
    does where it lacks the distribution altogether, or has a line that
    applies there. Of the Pythons that nobody names it does not where it has
    lines for those that are named because these differ.
    """
    if name not in state.lines or python in state.pythons:
        return True
    if python == OTHERS and len({x.pin for x in state.lines[name]}) == 1:
        return True
    return not state.certain and bool(state.on(name, real))


def _real(python: str, pythons: Sequence[str]) -> str:
    """A version for OTHERS: the one behind the newest that is named."""
    if python != OTHERS:
        return python
    newest = (
        python_versions.python_key(pythons[-2])
        if len(pythons) > 1
        else (3, 98)
    )
    return f"{newest[0]}.{newest[1] + 1}"


def _cells(
    before: Sequence[tuple[Line, str]],
    after: Sequence[tuple[Line, str]],
) -> list[_Cell]:
    """What both sides pin on a Python, in each kind of environment there.

    :param before: the lines of each side that can apply, with what is left
        of their markers.
    """
    conditions = sorted({left for _, left in [*before, *after] if left})
    rows = _rows(conditions)
    # Conditions that always fall alike mean the same: one is enough to say.
    columns = dict(zip(conditions, zip(*rows, strict=True), strict=True))
    told = {column: condition for condition, column in columns.items()}
    found: dict[tuple[_Pins, _Pins], set[str]] = {}
    for row in rows:
        holding = {
            condition
            for condition, holds in zip(conditions, row, strict=True)
            if holds
        }
        one, other = (
            frozenset(
                (line.pin, line.exact)
                for line, left in lines
                if not left or left in holding
            )
            for lines in (before, after)
        )
        label = " and ".join(sorted(holding & {*told.values()}))
        found.setdefault((one, other), set()).add(label or ELSEWHERE)
    return [
        _Cell(*key, " or ".join(sorted(labels)) if len(found) > 1 else "")
        for key, labels in found.items()
    ]


def _rows(conditions: list[str]) -> list[tuple[bool, ...]]:
    """The ways in which conditions hold together, once a Python is chosen."""
    if not conditions:
        return [()]
    try:
        return markers.combinations(conditions)
    except markers.BadMarker:
        # Without a meaning that we know of, each holds alone.
        return [
            tuple(each == other for other in conditions)
            for each in (*conditions, None)
        ]


def _text(pins: _Pins) -> str:
    return ", ".join(sorted(pin for pin, _ in pins))


def _kind(cell: _Cell) -> Kind | None:
    """What happened; None where nothing did."""
    if cell.old == cell.new:
        return None
    if not cell.old or not cell.new:
        return "removed" if cell.old else "added"
    if len(cell.old) == len(cell.new) == 1:
        ((one, exact),), ((other, other_exact),) = cell.old, cell.new
        before, after = freeze.version_key(one), freeze.version_key(other)
        # Only what is a version can be higher than another one.
        if exact and other_exact and not before[0] and not after[0]:
            if before == after:
                return None
            return "raised" if before < after else "lowered"
    return "changed"


def _with_reasons(
    result: Changes,
    old: State,
    new: State,
    newest: Mapping[str, Mapping[CanonicalName, str]] | None,
) -> Changes:
    """The changes with what the freezes say of them."""
    if not (old.freezes or new.freezes):
        return result
    graphs = [
        {each.python_version: Graph(each) for each in state.freezes}
        for state in (old, new)
    ]
    moved = {
        canonical_name(each.name)
        for each in result.changes
        if each.old and each.new
    }
    known = _Known(old, new, graphs, newest)
    changes = []
    for each in result.changes:
        name = canonical_name(each.name)
        needed_by: tuple[Demand, ...] = ()
        holds: tuple[Hold, ...] = ()
        if each.kind in {"added", "removed"}:
            there, here = graphs if each.kind == "added" else graphs[::-1]
            beside = {canonical_name(x.name) for x in result.of(each.kind)}
            needed_by = _cause(each, here, there, beside, moved)
        if each.kind != "removed":
            holds = known.holds(name, each)
        changes.append(each._replace(needed_by=needed_by, holds=holds))
    changed = {canonical_name(each.name) for each in changes}
    held = [
        hold
        for name in sorted(new.lines)
        if name not in changed
        for hold in known.holds(name)
    ]
    return result._replace(
        changes=tuple(changes),
        held=tuple(held),
        explained=tuple(graphs[1]),
    )


class _Known:
    """What is known of newer versions, and of what keeps them away."""

    def __init__(
        self,
        old: State,
        new: State,
        graphs: Sequence[Mapping[str, Graph]],
        newest: Mapping[str, Mapping[CanonicalName, str]] | None,
    ) -> None:
        self._states = (old, new)
        self._graphs = graphs
        self._newest = newest

    def holds(
        self, name: CanonicalName, change: Change | None = None
    ) -> tuple[Hold, ...]:
        """What holds a distribution, the same on several Pythons once."""
        found: dict[Hold, list[str]] = {}
        for python, graph in self._graphs[1].items():
            if change is None or change.everywhere or python in change.pythons:
                hold = self._hold(name, python, graph)
                if hold is not None:
                    found.setdefault(hold, []).append(python)
        return tuple(
            hold._replace(pythons=tuple(where))
            for hold, where in found.items()
        )

    def _hold(
        self, name: CanonicalName, python: str, graph: Graph
    ) -> Hold | None:
        installed = graph.installed.get(name)
        if installed is None or not self._states[1].pins(
            name, installed.version, python
        ):
            return None  # these freezes are of something else
        version = installed.version
        newest = self._newest_of(name, python)
        if newest and freeze.version_key(newest) > freeze.version_key(version):
            against = tuple(
                each
                for each in graph.demands(name)
                if each.applies and not explain.admits(each, newest)
            )
            needs = self._unfit_python(name, newest, graph)
            return Hold(installed.name, version, newest, against, needs, ())
        if newest and self._newest and name in self._newest.get(python, {}):
            return None  # nothing is newer
        deciding = explain.capping(graph, name)
        if not deciding:
            return None
        return Hold(installed.name, version, "", deciding, "", ())

    def _newest_of(self, name: CanonicalName, python: str) -> str:
        """The newest version that is known, or the empty text."""
        found = (self._newest or {}).get(python, {}).get(name)
        if found:
            return found
        pins = [
            line.pin
            for state in self._states
            for line in state.lines.get(name, ())
            if line.exact and not freeze.version_key(line.pin)[0]
        ]
        return max(pins, key=freeze.version_key, default="")

    def _unfit_python(
        self, name: CanonicalName, version: str, graph: Graph
    ) -> str:
        """What a version asks of Python, where this one is not fit."""
        for each in [*self._graphs[0].values(), *self._graphs[1].values()]:
            found = each.installed.get(name)
            if found is not None and found.version == version:
                python = graph.freeze.environment.get(
                    "python_full_version", graph.freeze.python_version
                )
                needs = found.requires_python
                if ranges.readable(needs) and not ranges.admits(needs, python):
                    return needs
        return ""


def _cause(
    change: Change,
    here: Mapping[str, Graph],
    there: Mapping[str, Graph],
    beside: Collection[CanonicalName],
    moved: Collection[CanonicalName],
) -> tuple[Demand, ...]:
    """The chain to what was added, on the newest Python that has one."""
    for python in reversed(change.pythons):
        if python in here:
            chain = explain.cause(
                here[python],
                canonical_name(change.name),
                beside,
                moved,
                there.get(python),
            )
            if chain:
                return chain
    return ()
