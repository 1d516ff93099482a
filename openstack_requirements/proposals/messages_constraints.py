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
"""The messages of what is proposed for the constraints.

Values in, text out; equal input gives equal text. The subject of a proposal
of generated constraints tells :mod:`~openstack_requirements.constraints.\
history` that it is a regeneration.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from openstack_requirements.constraints.changes import OTHER_PYTHONS
from openstack_requirements.errors import printable
from openstack_requirements.output import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openstack_requirements.constraints.changes import Changes, PinChange
    from openstack_requirements.proposals.constraints_change import Pinned

#: How many columns a line of a message takes.
WIDTH = 72
#: How many distributions one part of a message names; then it counts them.
MOST_NAMED = 200

_MAJOR = "raised to another major version"


def regeneration(
    place: str,
    changes: Changes,
    *,
    kept: Sequence[Pinned] = (),
    failed: Sequence[str] = (),
) -> str:
    """The message of a commit that regenerates the constraints.

    What a reviewer has to look at comes first: other major versions, what
    goes down and what goes away, then what is new, and at last what is merely
    newer.

    :param place: the path of the constraints in the repository.
    :param changes: against the tip of the branch.
    :param kept: the pins that a bump decides, and not the regeneration.
    :param failed: what could not be installed, a sentence for each.
    """
    parts = [f"Regenerate {place}", _summary(changes)]
    for title, members in _by_importance(changes):
        lines = [
            line for change in members[:MOST_NAMED] for line in _line(change)
        ]
        if len(members) > MOST_NAMED:
            lines.append(f"  and {len(members) - MOST_NAMED} more")
        parts.append("\n".join([f"{title}:", *lines]))
    if kept:
        lines = [
            line
            for pin in kept[:MOST_NAMED]
            for line in _wrapped(f"{pin.name} {pin.version}{_where(pin)}")
        ]
        if len(kept) > MOST_NAMED:
            lines.append(f"  and {len(kept) - MOST_NAMED} more")
        parts.append(
            "\n".join(["at the version of a bump, which is newer:", *lines])
        )
    if failed:
        lines = [line for text in failed for line in _wrapped(text)]
        parts.append("\n".join(["could not be installed:", *lines]))
    return "\n\n".join(filter(None, parts)) + "\n"


def bump(
    name: str,
    version: str,
    before: Sequence[Pinned],
    after: Sequence[Pinned],
    *,
    requires_python: str = "",
    broken: Sequence[str] = (),
    depends_on: str = "",
) -> str:
    """The message of a commit that pins a release of one distribution.

    :param before: the pins of the distribution, and ``after`` what they
        become.
    :param requires_python: the Pythons that the release is for, if known.
    :param broken: the projects whose requirements the version does not meet.
    :param depends_on: the change that has to merge first; or empty.
    """
    lines = []
    for title, pins in (("was", before), ("is", after)):
        lines += [
            f"  {title} {printable(pin.version)}{_where(pin)}" for pin in pins
        ]
    text = "\n".join(["Pins:", *lines])
    if requires_python:
        text += (
            f"\n\nThe release requires Python {printable(requires_python)}."
        )
    parts = [f"Raise {name} to {version}", text]
    if broken:
        names = ", ".join(broken[:MOST_NAMED])
        if len(broken) > MOST_NAMED:
            names += f", and {len(broken) - MOST_NAMED} more"
        title = "It is not what these projects require:"
        parts.append("\n".join([title, *_wrapped(names)]))
    if depends_on:
        parts.append(f"Depends-On: {printable(depends_on)}")
    return "\n\n".join(parts) + "\n"


def superseded(name: str, old: str, new: str) -> str:
    """What those read who follow a bump that becomes a newer one."""
    return f"{name} {new} is released; this no longer pins {old}, but {new}."


def _summary(changes: Changes) -> str:
    counts: dict[str, set[str]] = {}
    for change in changes.changes:
        counts.setdefault(change.kind, set()).add(change.name)
    if not counts:
        return "No version changes; lines are spelled in another way."
    texts = [f"{len(names)} {kind}" for kind, names in counts.items()]
    total = counted(len(set().union(*counts.values())), "distribution")
    return f"{total}: {', '.join(texts)}."


def _by_importance(
    changes: Changes,
) -> Iterator[tuple[str, list[PinChange]]]:
    """The changes in parts, each with its title; no part is empty."""
    raised = changes.of("raised")
    for title, members in (
        (_MAJOR, [change for change in raised if change.is_major]),
        ("lowered", changes.of("lowered")),
        ("removed", changes.of("removed")),
        ("changed", changes.of("changed")),
        ("added", changes.of("added")),
        ("raised", [change for change in raised if not change.is_major]),
    ):
        if members:
            yield title, members


def _line(change: PinChange) -> list[str]:
    versions = " -> ".join(filter(None, (change.old, change.new)))
    text = f"{change.name} {versions}"
    if not change.everywhere:
        pythons = [
            "others" if python == OTHER_PYTHONS else python
            for python in change.pythons
        ]
        text += f" (Python {', '.join(pythons)})"
    if change.condition:
        text += f" ({change.condition})"
    reasons = []
    if change.kind in {"added", "removed"} and change.needed_by:
        demand = change.needed_by[-1]
        verb = "requires" if change.kind == "added" else "required"
        reasons.append(f"{demand.who} {verb} it")
    reasons += [
        f"{demand.who} requires {demand.text}"
        for hold in change.holds
        for demand in hold.by
    ]
    if reasons:
        text += f": {'; '.join(dict.fromkeys(reasons))}"
    return _wrapped(text)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        printable(text),
        WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _where(pin: Pinned) -> str:
    return f" where {printable(pin.marker)}" if pin.marker else ""
