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
"""Which commit is behind a change of a pin, and what kind of commit it is.

The kind follows from the effect of a commit on the constraints:

revert
   its message says that it is one, as git writes it, or it undoes all that one
   of the last hundred commits did to pins, and nothing else;
regeneration
   it raises or adds many pins, or its subject says that it is one;
release bump
   it raises or adds the pins of one distribution, and changes nothing else;
hand edit
   everything else.

Nothing here opens a file or asks git: texts go in.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

from openstack_requirements.constraints import changes
from openstack_requirements.constraints.states import (
    ConstraintsState,
    in_order,
    named_pythons,
    pinned_line,
)
from openstack_requirements.errors import BadLine
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.text import split_lines, without_bom

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from openstack_requirements.constraints.changes import Changes, PinChange
    from openstack_requirements.constraints.states import PinnedLine
    from openstack_requirements.pep508.requirement import CanonicalName

#: What a commit can be.
CommitKind = Literal["regeneration", "release bump", "hand edit", "revert"]
COMMIT_KINDS: tuple[CommitKind, ...] = get_args(CommitKind)
#: From this number of distributions on that it raises or adds, a commit is a
#: regeneration; of a short list, from a quarter of it on, but not below three.
MANY = 10
_FEW = 3
#: Among how many earlier commits is looked for one that a commit undoes. So
#: its kind does not depend on the range that somebody looks at.
LOOK_BACK = 100
# How whoever commits a generated list says so.
_GENERATED = re.compile(
    r"(?:updated?|generated?|regenerated?) (?:from|by|with) "
    r"generate-constraints\b|re-?generate",
    re.IGNORECASE,
)
_REVERTS = re.compile(
    r"\s*Revert \"|.*^This reverts commit [0-9a-f]{7,64}\b",
    re.DOTALL | re.MULTILINE,
)


class PinCommit(NamedTuple):
    """A commit that changed pins.

    ``date`` is when it came to the branch, in UTC, and ``merge`` the merge
    that brought it there, if one did. ``id`` is empty for what is not
    committed. ``in_new`` says that the new side has it, and the old side does
    not; otherwise it is the other way round.
    """

    id: str
    date: str
    author: str
    subject: str
    kind: CommitKind
    merge: str = ""
    in_new: bool = True


class CommittedTexts(NamedTuple):
    """A commit, and the constraints before and after it, as texts.

    The fields are those of :class:`PinCommit`; ``message`` is the whole. An
    ``earlier`` one is older than the range that is looked at.
    """

    id: str
    date: str
    author: str
    message: str
    before: str
    after: str
    merge: str = ""
    in_new: bool = True
    earlier: bool = False


_EffectKey: TypeAlias = (
    "frozenset[tuple[CanonicalName, frozenset[PinnedLine], "
    "frozenset[PinnedLine]]]"
)


class _Effect(NamedTuple):
    """The lines of each distribution that differ, before and after.

    ``rest`` says that something else changed too: a comment, an option.
    """

    lines: Mapping[
        CanonicalName, tuple[frozenset[PinnedLine], frozenset[PinnedLine]]
    ]
    rest: bool
    total: int

    def key(self, *, undone: bool = False) -> _EffectKey:
        """What tells it from other effects; or from what undoes it."""
        return frozenset(
            (name, after, before) if undone else (name, before, after)
            for name, (before, after) in self.lines.items()
        )


class _Reader:
    """Reads texts that are much alike, each line of them once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[CanonicalName, PinnedLine] | None] = {}

    def effect(self, before: str, after: str) -> _Effect:
        """What a commit did."""
        old, new = _lines(before), _lines(after)
        differing = set(old).symmetric_difference(new)
        parsed = [self._read(line) for line in differing]
        names = {pin[0] for pin in parsed if pin is not None}
        pins_before = self._pins(old, names)
        pins_after = self._pins(new, names)
        lines = {
            name: (was, now)
            for name in sorted(names)
            if (was := pins_before.get(name, frozenset()))
            != (now := pins_after.get(name, frozenset()))
        }
        return _Effect(lines, None in parsed, len(new))

    def _pins(
        self, lines: Iterable[str], names: set[CanonicalName]
    ) -> dict[CanonicalName, frozenset[PinnedLine]]:
        """The pins of some names."""
        pins: dict[CanonicalName, frozenset[PinnedLine]] = {}
        for line in lines:
            parsed = self._read(line)
            if parsed is not None and parsed[0] in names:
                name, pin = parsed
                pins[name] = pins.get(name, frozenset()) | {pin}
        return pins

    def _read(self, line: str) -> tuple[CanonicalName, PinnedLine] | None:
        """The pin in a line; None for what is none or cannot be read."""
        if line not in self._known:
            self._known[line] = _pin_in(line)
        return self._known[line]


def _pin_in(line: str) -> tuple[CanonicalName, PinnedLine] | None:
    try:
        requirement = parse_line(line, permit_urls=True)
    except BadLine:
        return None
    if not requirement.package:
        return None
    return canonical_name(requirement.package), pinned_line(requirement)


def _lines(text: str) -> dict[str, None]:
    lines = split_lines(without_bom(text))
    return {line.strip(): None for line in lines if line.strip()}


def with_commits(
    changed: Changes, commits: Iterable[CommittedTexts]
) -> Changes:
    """The changes, each with the commits that are behind it.

    :param commits: those that change the constraints, the newest first, and
        a merge before those that it brought.
    """
    judged = _judged(list(commits))
    brought = {commit.merge for commit, _ in judged}
    return changed._replace(
        commits=tuple(
            commit
            for commit, _ in judged
            if not commit.id or commit.id not in brought
        ),
        changes=tuple(
            change._replace(commits=tuple(_behind(change, judged)))
            for change in changed.changes
        ),
    )


def _judged(
    commits: Sequence[CommittedTexts],
) -> list[tuple[PinCommit, _Effect]]:
    """The commits with their kinds and effects, in the same order."""
    reader = _Reader()
    undoing: deque[_EffectKey] = deque(maxlen=LOOK_BACK)
    judged = []
    for commit in reversed(commits):
        effect = reader.effect(commit.before, commit.after)
        kind = _kind(commit, effect, undoing)
        # What a merge brought is in the effect of the merge.
        if kind != "revert" and effect.lines and not commit.merge:
            undoing.append(effect.key(undone=True))
        if commit.earlier:
            continue
        judged.append(
            (
                PinCommit(
                    commit.id,
                    commit.date,
                    commit.author,
                    subject_of(commit.message),
                    kind,
                    commit.merge,
                    commit.in_new,
                ),
                effect,
            )
        )
    return judged[::-1]


def subject_of(message: str) -> str:
    """The first paragraph of a message, as one line."""
    return " ".join(message.strip().partition("\n\n")[0].split())


def _kind(
    commit: CommittedTexts, effect: _Effect, undoing: Iterable[_EffectKey]
) -> CommitKind:
    """What kind of commit it is.

    :param undoing: the effects that would undo those of earlier commits.
    """
    if _REVERTS.match(commit.message) or effect.key() in undoing:
        return "revert"
    if _GENERATED.match(subject_of(commit.message)):
        return "regeneration"
    up = {
        name
        for name, (before, after) in effect.lines.items()
        if _only_up(name, before, after)
    }
    if len(up) >= min(MANY, max(_FEW, -(-effect.total // 4))):
        return "regeneration"
    if len(up) == len(effect.lines) == 1 and not effect.rest:
        return "release bump"
    return "hand edit"


def _only_up(
    name: CanonicalName,
    before: frozenset[PinnedLine],
    after: frozenset[PinnedLine],
) -> bool:
    """Whether pins of a distribution are raised or added, and nothing else."""
    old, new = (
        ConstraintsState(
            {name: tuple(sorted(lines))} if lines else {},
            {},
            in_order(named_pythons([[*lines]])),
            certain=False,
        )
        for lines in (before, after)
    )
    moved = changes.between(old, new).changes
    return bool(moved) and {change.kind for change in moved} <= {
        "raised",
        "added",
    }


def _behind(
    change: PinChange, judged: Iterable[tuple[PinCommit, _Effect]]
) -> list[PinCommit]:
    """The commits behind a change, the last one first.

    What a merge brought counts in place of the merge, where both changed this
    pin. What only the old side has counts where the new side has nothing.
    """
    name = canonical_name(change.name)
    touching = [
        commit
        for commit, effect in judged
        if name in effect.lines and _touches(change, *effect.lines[name])
    ]
    own = {commit.id for commit in touching if not commit.merge}
    brought = {commit.merge for commit in touching} - {""}
    commits = [
        commit
        for commit in touching
        if (commit.merge or commit.id) in own and commit.id not in brought
    ]
    return [commit for commit in commits if commit.in_new] or commits


def _touches(
    change: PinChange,
    before: frozenset[PinnedLine],
    after: frozenset[PinnedLine],
) -> bool:
    """Whether lines differ on one of the Pythons of a change."""
    name = canonical_name(change.name)
    if change.everywhere or changes.OTHER_PYTHONS in change.pythons:
        return True
    states = [
        ConstraintsState({name: tuple(sorted(lines))}, {}, (), certain=False)
        for lines in (before, after)
    ]
    return any(
        len({frozenset(state.on(name, python)) for state in states}) > 1
        for python in change.pythons
    )
