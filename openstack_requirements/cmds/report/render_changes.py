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
"""What changed, for people and for programs: text, Markdown and JSON."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any, Literal, get_args

from openstack_requirements.cmds.report.render_explanation import demand_data
from openstack_requirements.constraints.changes import KINDS, OTHERS
from openstack_requirements.errors import printable
from openstack_requirements.output import json_text
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from openstack_requirements.constraints.changes import (
        Changes,
        Kind,
        PinChange,
    )
    from openstack_requirements.constraints.graph import Demand
    from openstack_requirements.constraints.reasons import Hold

#: The formats that :func:`render` knows.
Format = Literal["text", "json", "markdown"]
FORMATS: tuple[Format, ...] = get_args(Format)
#: A table with more rows is folded away in a review comment.
OPEN_ROWS = 25


def render(changes: Changes, old: str, new: str, form: Format) -> str:
    """The changes in one of the formats.

    :param old: what the two sides are called.
    """
    formats: dict[Format, Callable[[Changes, str, str], str]] = {
        "text": to_text,
        "json": to_json,
        "markdown": to_markdown,
    }
    return formats[form](changes, old, new)


def to_text(changes: Changes, old: str, new: str) -> str:
    """The changes for a terminal or a log."""
    lines = [f"{old} -> {new}: {_summary(changes)}"]
    lines += _notes(changes)
    for kind in KINDS:
        found = changes.of(kind)
        if found:
            lines += ["", f"{kind}:"]
        for each in found:
            where = _where(each)
            lines.append(f"  {each.name} {_versions(each, '->')}{_in(where)}")
            lines += [f"      {why}" for why in _why(each, changes, str)]
    lines += _section(
        "spelled in another way",
        [f"{each.old} -> {each.new}" for each in changes.respelled],
    )
    held, needing, capped = _sorted_out(changes)
    for title, holds in (
        ("held below a newer version", held),
        ("under an upper bound, which may keep newer versions away", capped),
    ):
        lines += _section(
            title,
            [
                f"{each.name} {each.version}{_in(_pythons(each, changes))}: "
                f"{_because(each, str)}"
                for each in holds
            ],
        )
    for (python, where), names in needing.items():
        lines += ["", f"newer versions need Python {python}{_in(where)}:"]
        lines += textwrap.wrap(
            ", ".join(names),
            77,
            initial_indent="  ",
            subsequent_indent="  ",
            break_on_hyphens=False,
        )
    return "".join(f"{printable(line)}\n" for line in lines)


def to_markdown(changes: Changes, old: str, new: str) -> str:
    """The changes as a review comment: tables, the long ones folded."""
    parts = [f"**{_summary(changes)}**: {_code(old)} → {_code(new)}"]
    parts += _notes(changes)
    for kind in KINDS:
        rows = [
            [
                _code(each.name),
                _versions(each, "→", _plain),
                _where(each, _code),
                "<br>".join(_why(each, changes, _code)),
            ]
            for each in changes.of(kind)
        ]
        header = ["Distribution", "Version", "Where", "Why"]
        if rows:
            parts.append(_table(_count(changes, kind), header, rows))
    if changes.respelled:
        parts.append(
            _table(
                f"{len(changes.respelled)} spelled in another way",
                ["Old", "New"],
                [[_code(x.old), _code(x.new)] for x in changes.respelled],
            )
        )
    if changes.held:
        held, needing, capped = _sorted_out(changes)
        rows = [
            [
                _code(x.name),
                _plain(x.version),
                _pythons(x, changes),
                _because(x, _code),
            ]
            for x in [*held, *capped]
        ]
        rows += [
            [
                ", ".join(map(_code, names)),
                "",
                where,
                f"newer versions need Python {_code(python)}",
            ]
            for (python, where), names in needing.items()
        ]
        parts.append(
            _table(
                f"{len(changes.held)} unchanged, and held or under an upper "
                "bound",
                ["Distribution", "Version", "Where", "Why"],
                rows,
                folded=True,
            )
        )
    return "\n\n".join(parts) + "\n"


def to_json(changes: Changes, old: str, new: str) -> str:
    """The changes for programs: one object."""
    return json_text(
        {
            "old": old,
            "new": new,
            "only_old": list(changes.only_old),
            "only_new": list(changes.only_new),
            "changes": [
                {
                    "kind": each.kind,
                    "name": each.name,
                    "old": each.old or None,
                    "new": each.new or None,
                    "pythons": list(each.pythons),
                    "everywhere": each.everywhere,
                    "condition": each.condition or None,
                    "needed_by": [demand_data(x) for x in each.needed_by],
                    "holds": [_hold_data(x) for x in each.holds],
                }
                for each in changes.changes
            ],
            "respelled": [each._asdict() for each in changes.respelled],
            "held": [_hold_data(each) for each in changes.held],
        }
    )


def _hold_data(hold: Hold) -> dict[str, Any]:
    return {
        "name": hold.name,
        "version": hold.version,
        "newest": hold.newest or None,
        "by": [demand_data(each) for each in hold.by],
        "requires_python": hold.requires_python or None,
        "pythons": list(hold.pythons),
    }


def _summary(changes: Changes) -> str:
    counts = [_count(changes, kind) for kind in KINDS]
    return ", ".join(x for x in counts if x[:2] != "0 ") or "no changes"


def _count(changes: Changes, kind: Kind) -> str:
    """How many distributions; one may have changed in several ways."""
    return f"{len({each.name for each in changes.of(kind)})} {kind}"


def _notes(changes: Changes) -> list[str]:
    return [
        f"Python {', '.join(pythons)}: on the {side} side only"
        for side, pythons in (
            ("old", changes.only_old),
            ("new", changes.only_new),
        )
        if pythons
    ]


def _section(title: str, lines: Iterable[str]) -> list[str]:
    rows = [f"  {line}" for line in lines]
    return ["", f"{title}:", *rows] if rows else []


def _versions(
    change: PinChange, arrow: str, show: Callable[[str], str] = str
) -> str:
    shown = [show(each) for each in (change.old, change.new) if each]
    return f" {arrow} ".join(shown)


def _where(change: PinChange, show: Callable[[str], str] = str) -> str:
    """Where a change is; empty for everywhere."""
    parts = []
    if not change.everywhere:
        named = [each for each in change.pythons if each != OTHERS]
        if named:
            parts.append(f"Python {', '.join(named)}")
        if OTHERS in change.pythons:
            parts.append("other Pythons")
    if change.condition:
        parts.append(show(change.condition))
    return "; ".join(parts)


def _in(where: str) -> str:
    return f" ({where})" if where else ""


def _pythons(hold: Hold, changes: Changes) -> str:
    """Where something is held; empty for everywhere that is known."""
    if hold.pythons == changes.explained:
        return ""
    return f"Python {', '.join(hold.pythons)}"


def _why(
    change: PinChange, changes: Changes, show: Callable[[str], str]
) -> list[str]:
    """What the freezes say of a change, a line each."""
    lines = []
    if change.needed_by:
        word = "was needed by" if change.kind == "removed" else "needed by"
        way = _chain(change.needed_by, changes, show)
        lines.append(f"{word}: {way}")
    for hold in change.holds:
        where = _in(_pythons(hold, changes)) if len(change.holds) > 1 else ""
        bound = "" if hold.newest else "under the upper bound "
        lines.append(f"{bound}{_because(hold, show)}{where}")
    return lines


def _chain(
    chain: Sequence[Demand], changes: Changes, show: Callable[[str], str]
) -> str:
    """A way to a distribution: who, who, and what the last one asks for."""
    first = chain[0]
    moved = [
        each
        for each in changes.changes
        if first.owner
        and each.old
        and each.new
        and canonical_name(each.name) == canonical_name(first.owner)
    ]
    names = [show(each.who) if each.owner else each.who for each in chain]
    if moved:
        names[0] += f" ({moved[-1].kind} from {show(moved[-1].old)})"
    return " -> ".join([*names, show(chain[-1].text)])


def _because(hold: Hold, show: Callable[[str], str]) -> str:
    """What holds a distribution."""
    owners = ", ".join(
        f"{show(each.text)} of {show(each.who) if each.owner else each.who}"
        for each in hold.by
    )
    if not hold.newest:
        return owners
    reasons = [f"kept away by {owners}"] if owners else []
    if hold.requires_python:
        reasons.append(f"needs Python {show(hold.requires_python)}")
    if not reasons:
        reasons = ["nothing in the freezes says why not"]
    return f"{show(hold.newest)} is newer: {' and '.join(reasons)}"


def _sorted_out(
    changes: Changes,
) -> tuple[list[Hold], dict[tuple[str, str], list[str]], list[Hold]]:
    """Who is held: by demands, for want of another Python, or perhaps.

    Those in the middle are many as a rule, and all say the same.
    """
    held: list[Hold] = []
    capped: list[Hold] = []
    needing: dict[tuple[str, str], list[str]] = {}
    for each in changes.held:
        if each.requires_python and not each.by:
            key = each.requires_python, _pythons(each, changes)
            needing.setdefault(key, []).append(f"{each.name} {each.newest}")
        else:
            (held if each.newest else capped).append(each)
    return held, needing, capped


def _table(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    folded: bool = False,
) -> str:
    """A table under its title; columns without content are left out."""
    used = [n for n in range(len(header)) if any(row[n] for row in rows)]
    lines = [
        f"| {' | '.join(row[n] for n in used)} |"
        for row in (header, ["---"] * len(header), *rows)
    ]
    table = "\n".join(lines)
    if folded or len(rows) > OPEN_ROWS:
        return f"<details><summary>{title}</summary>\n\n{table}\n\n</details>"
    return f"{title}:\n\n{table}"


def _plain(text: str) -> str:
    """Text that Markdown takes as it is, or else as code."""
    return text if re.fullmatch(r"[\w.+!-]+", text) else _code(text)


def _code(text: str) -> str:
    """Text as code, which stays what it is within a table's cell."""
    text = printable(text).replace("\t", " ").replace("|", "\\|")
    longest = max(map(len, re.findall("`+", text)), default=0)
    if not longest:
        return f"`{text}`"
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}"
