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

:func:`between` compares two states Python by Python: by what the lines mean
there, not by their text. Where there are freezes,
:mod:`~openstack_requirements.constraints.reasons` says why, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

from openstack_requirements.constraints.reasons import with_reasons
from openstack_requirements.constraints.states import in_order, named_pythons
from openstack_requirements.pep508 import markers, python_versions
from openstack_requirements.pep508.versions import is_major, version_key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from openstack_requirements.constraints.graph import Demand
    from openstack_requirements.constraints.history import PinCommit
    from openstack_requirements.constraints.reasons import Hold
    from openstack_requirements.constraints.states import (
        ConstraintsState,
        PinnedLine,
    )
    from openstack_requirements.pep508.requirement import CanonicalName

#: What can happen to a distribution. It is ``changed`` where a side is not a
#: version but a URL or a range, so that it is neither raised nor lowered.
Kind = Literal["added", "removed", "raised", "lowered", "changed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: Stands for the Pythons that no line names.
OTHER_PYTHONS = "others"
#: Stands for the environments that no marker of a distribution selects.
ELSEWHERE = "elsewhere"


class PinChange(NamedTuple):
    """What happened to the pin of one distribution.

    ``pythons`` are those on which it did (:data:`OTHER_PYTHONS` for any that
    no line names), and ``everywhere`` says that these are all. ``condition``
    is the marker that decides beside the Python, or :data:`ELSEWHERE`.
    ``needed_by`` is the chain of demands that leads to what was added, or led
    to what was removed, see
    :func:`openstack_requirements.constraints.explain.cause`. ``commits`` are
    those behind it, the last one first, where the history is known: see
    :mod:`~openstack_requirements.constraints.history`.
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
    commits: tuple[PinCommit, ...] = ()

    @property
    def is_major(self) -> bool:
        """Whether another major version is pinned than before."""
        return is_major(self.old, self.new)


class Respelled(NamedTuple):
    """A pin that is written in another way and means the same."""

    old: str
    new: str


class Changes(NamedTuple):
    """All changes from one state to another; false where there are none.

    ``only_old`` and ``only_new`` are the Pythons of only one state: for them,
    only distributions that the other state does not have at all are
    compared. ``held`` are the unchanged distributions that are held back, on
    the Pythons of ``explained``, which are those with a freeze. ``commits``
    are those from one state to the other that change the file, the last one
    first, where both are in one history. Where ``project`` is not empty, only
    what it pulls in is there, and ``without`` are the names that are left out.
    """

    changes: tuple[PinChange, ...] = ()
    respelled: tuple[Respelled, ...] = ()
    only_old: tuple[str, ...] = ()
    only_new: tuple[str, ...] = ()
    held: tuple[Hold, ...] = ()
    explained: tuple[str, ...] = ()
    commits: tuple[PinCommit, ...] = ()
    project: str = ""
    without: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)

    def of(self, kind: Kind) -> list[PinChange]:
        """The changes of one kind, by name."""
        return [change for change in self.changes if change.kind == kind]


#: The pins in one kind of environment, usually one, each with whether it is
#: an exact version.
_Pins: TypeAlias = frozenset[tuple[str, bool]]


class _Cell(NamedTuple):
    """The pins of both states in one kind of environment."""

    old: _Pins
    new: _Pins
    condition: str


def between(
    old: ConstraintsState,
    new: ConstraintsState,
    newest: Mapping[str, Mapping[CanonicalName, str]] | None = None,
) -> Changes:
    """What changed from one state to another.

    The freezes of the new state say what requires each addition, and what
    holds versions back; those of the old state, what required each removal.

    :param newest: for each Python the newest versions on the index, by name.
        For other names, a version is known to be old only if another Python,
        or the other state, has a newer one.
    :returns: the changes by kind, name and Python.
    """
    pythons = _pythons(old, new)
    changes: list[PinChange] = []
    respelled: dict[Respelled, None] = {}
    for name in sorted({*old.lines, *new.lines}):
        of_name, rewritten = _changes_of(name, old, new, pythons)
        changes += of_name
        respelled.update(dict.fromkeys(rewritten))
        before, after = old.spelling.get(name), new.spelling.get(name)
        if before is not None and after is not None and before != after:
            respelled[Respelled(before, after)] = None
    changes.sort(key=lambda change: KINDS.index(change.kind))
    known = {*old.pythons, *new.pythons}
    result = Changes(
        tuple(changes),
        tuple(respelled),
        in_order(known - {*new.pythons}) if new.pythons else (),
        in_order(known - {*old.pythons}) if old.pythons else (),
    )
    return with_reasons(result, old, new, newest)


def _pythons(old: ConstraintsState, new: ConstraintsState) -> tuple[str, ...]:
    """The Pythons to compare on; OTHER_PYTHONS is the last, if it applies."""
    versions = {*old.pythons, *new.pythons}
    # The bounds of both states together may separate more ranges.
    versions.update(
        named_pythons(
            lines
            for state in (old, new)
            if not state.certain
            for lines in state.lines.values()
        )
    )
    pythons = in_order(versions)
    return pythons if old.certain or new.certain else (*pythons, OTHER_PYTHONS)


def _changes_of(
    name: CanonicalName,
    old: ConstraintsState,
    new: ConstraintsState,
    pythons: Sequence[str],
) -> tuple[list[PinChange], list[Respelled]]:
    """What happened to one distribution.

    The same change on several Pythons is one change.
    """
    if old.lines.get(name) == new.lines.get(name):
        return [], []
    where: dict[tuple[Kind, str, str, str], list[str]] = {}
    respelled = []
    unknown = []
    for python in pythons:
        version = _version_of(python, pythons)
        if not all(_covers(x, name, python, version) for x in (old, new)):
            unknown.append(python)
            continue
        for cell in _cells(old.on(name, version), new.on(name, version)):
            kind = _kind(cell)
            before, after = _text(cell.old), _text(cell.new)
            if kind is not None:
                key = (kind, before, after, cell.condition)
                where.setdefault(key, []).append(python)
            elif before != after:
                respelled.append(
                    Respelled(
                        f"{old.spelling.get(name, name)} {before}",
                        f"{new.spelling.get(name, name)} {after}",
                    )
                )
    # A change on Pythons that are named says it for the others as well.
    says_others = any(changed != [OTHER_PYTHONS] for changed in where.values())
    spelled = new.spelling.get(name) or old.spelling.get(name) or name
    changes = [
        PinChange(
            kind,
            spelled,
            before,
            after,
            tuple(x for x in changed if x != OTHER_PYTHONS or not says_others),
            everywhere={*changed, *unknown} == {*pythons},
            condition=condition,
        )
        for (kind, before, after, condition), changed in where.items()
        if changed != [OTHER_PYTHONS] or not says_others
    ]
    return changes, respelled


def _covers(
    state: ConstraintsState, name: CanonicalName, python: str, version: str
) -> bool:
    """Whether a state says what is pinned for a distribution on a Python.

    It does for each of its own Pythons. For a Python of the other state it
    does where it does not have the distribution at all, or has a line that
    applies there. For the Pythons that no line names it does not where its
    lines differ: they are for the Pythons that they name.

    :param version: the version that stands for the Python.
    """
    if name not in state.lines or python in state.pythons:
        return True
    pins = {line.pin for line in state.lines[name]}
    if python == OTHER_PYTHONS and len(pins) == 1:
        return True
    return not state.certain and bool(state.on(name, version))


def _version_of(python: str, pythons: Sequence[str]) -> str:
    """The version of a Python; for OTHER_PYTHONS, the one after the newest."""
    if python != OTHER_PYTHONS:
        return python
    newest = (
        python_versions.python_key(pythons[-2])
        if len(pythons) > 1
        else (3, 98)
    )
    return f"{newest[0]}.{newest[1] + 1}"


def _cells(
    before: Sequence[tuple[PinnedLine, str]],
    after: Sequence[tuple[PinnedLine, str]],
) -> list[_Cell]:
    """The pins on a Python, in each kind of environment there.

    :param before: the lines of the old state that can apply, with the rest of
        their markers; ``after`` has those of the new state.
    """
    conditions = sorted({rest for _, rest in [*before, *after] if rest})
    rows = _rows(conditions)
    # Conditions that hold in the same rows are equivalent: one of them is
    # enough to name them.
    columns = dict(zip(conditions, zip(*rows, strict=True), strict=True))
    named = {column: condition for condition, column in columns.items()}
    labels_of: dict[tuple[_Pins, _Pins], set[str]] = {}
    for row in rows:
        holding = {
            condition
            for condition, holds in zip(conditions, row, strict=True)
            if holds
        }
        pins = _pins(before, holding), _pins(after, holding)
        label = " and ".join(sorted(holding & {*named.values()}))
        labels_of.setdefault(pins, set()).add(label or ELSEWHERE)
    return [
        _Cell(*pins, " or ".join(sorted(labels)) if len(labels_of) > 1 else "")
        for pins, labels in labels_of.items()
    ]


def _pins(
    lines: Sequence[tuple[PinnedLine, str]], holding: Collection[str]
) -> _Pins:
    """The pins of the lines that apply where some conditions hold."""
    return frozenset(
        (line.pin, line.exact)
        for line, rest in lines
        if not rest or rest in holding
    )


def _rows(conditions: list[str]) -> list[tuple[bool, ...]]:
    """The combinations of conditions that hold together on a Python."""
    if not conditions:
        return [()]
    try:
        return markers.combinations(conditions)
    except markers.BadMarker:
        # Nothing is known of conditions without a meaning: each holds alone.
        return [
            tuple(condition == holding for condition in conditions)
            for holding in (*conditions, None)
        ]


def _text(pins: _Pins) -> str:
    return ", ".join(sorted(pin for pin, _ in pins))


def _kind(cell: _Cell) -> Kind | None:
    """What happened; None where both states pin the same."""
    if cell.old == cell.new:
        return None
    if not cell.old or not cell.new:
        return "removed" if cell.old else "added"
    if len(cell.old) == len(cell.new) == 1:
        ((old, old_exact),), ((new, new_exact),) = cell.old, cell.new
        before, after = version_key(old), version_key(new)
        # The first item says whether it is text and not a version.
        if old_exact and new_exact and not before[0] and not after[0]:
            if before == after:
                return None
            return "raised" if before < after else "lowered"
    return "changed"
