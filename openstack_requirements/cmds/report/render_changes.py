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
"""Changes of constraints as text, Markdown and JSON."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal, get_args

from openstack_requirements.cmds.report.render_holds import (
    because,
    demand_data,
    hold_data,
    owner,
)
from openstack_requirements.constraints.changes import KINDS, OTHER_PYTHONS
from openstack_requirements.constraints.history import COMMIT_KINDS
from openstack_requirements.errors import printable
from openstack_requirements.output import counted, json_text
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from openstack_requirements.constraints.changes import (
        Changes,
        Kind,
        PinChange,
    )
    from openstack_requirements.constraints.graph import Demand
    from openstack_requirements.constraints.history import PinCommit
    from openstack_requirements.constraints.reasons import Hold

#: What marks a change to another major version.
_MAJOR = "major"
#: The codes of a terminal's colours (ECMA-48), by kind of change.
_CODES = {
    "added": "32",
    "removed": "31",
    "raised": "36",
    "lowered": "33",
    "changed": "35",
}
#: The formats that :func:`render` knows.
Format = Literal["text", "json", "markdown"]
FORMATS: tuple[Format, ...] = get_args(Format)
#: A table with more rows is folded away in a review comment.
OPEN_ROWS = 25
#: How many commits behind one change are shown; JSON has all.
SHOWN_COMMITS = 3
#: How much of the id of a commit is shown; JSON has all of it.
SHORT = 10


def render(
    changes: Changes,
    old: str,
    new: str,
    form: Format,
    *,
    colours: bool = False,
) -> str:
    """Render the changes in a format.

    :param old: the name of the old side, as the user gave it.
    :param new: the name of the new side.
    :param colours: use the colours of a terminal, in text alone.
    """
    if form == "text" and colours:
        return _coloured(to_text(changes, old, new))
    formats: dict[Format, Callable[[Changes, str, str], str]] = {
        "text": to_text,
        "json": to_json,
        "markdown": to_markdown,
    }
    return formats[form](changes, old, new)


def heading(changes: Changes, old: str, new: str) -> str:
    """What is compared with what, and how many changed, in one line."""
    return f"{old} -> {new}: {_summary(changes)}"


def to_text(changes: Changes, old: str, new: str) -> str:
    """Render the changes for a terminal or a log."""
    lines = [heading(changes, old, new)]
    lines += _notes(changes, str)
    for kind in KINDS:
        of_kind = changes.of(kind)
        if of_kind:
            lines += ["", f"{kind}:"]
        for change in of_kind:
            lines.append(
                f"  {change.name} {_versions(change, '->')}"
                f"{_in(_major_and_where(change))}"
            )
            lines += [f"      {by}" for by in _commits(change, str)]
            lines += [f"      {why}" for why in _why(change, changes, str)]
    lines += _section(
        "spelled in another way",
        [
            f"{spelling.old} -> {spelling.new}"
            for spelling in changes.respelled
        ],
    )
    held, needing, capped = _grouped_holds(changes)
    for title, holds in (
        ("held below a newer version", held),
        ("under an upper bound, which may keep newer versions away", capped),
    ):
        lines += _section(
            title,
            [
                f"{hold.name} {hold.version}{_in(_pythons(hold, changes))}: "
                f"{because(hold, str)}"
                for hold in holds
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


def _coloured(text: str) -> str:
    """The text form in the colours of a terminal, line by line."""
    lines = text.splitlines()
    code = ""
    for number, line in enumerate(lines):
        if not number:
            lines[0] = _paint("1", line)
        elif line and line[0] != " ":
            code = _CODES.get(line.removesuffix(":"), "")
            lines[number] = _paint(f"1;{code}" if code else "1", line)
        elif code and line[:3].strip():
            before, major, after = line.partition(f"({_MAJOR}")
            mark = f"({_paint('1;33', _MAJOR)}" if major else ""
            lines[number] = f"{_paint(code, before)}{mark}{after}"
    return "".join(f"{line}\n" for line in lines)


def _paint(code: str, text: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def to_markdown(changes: Changes, old: str, new: str) -> str:
    """Render the changes for a review comment: tables, long ones folded."""
    parts = [f"**{_summary(changes)}**: {_code(old)} → {_code(new)}"]
    parts += _notes(changes, _code)
    for kind in KINDS:
        rows = [
            [
                _code(change.name),
                _versions(change, "→", _plain)
                + _in(_MAJOR if change.is_major else ""),
                _where(change, _code),
                "<br>".join(_commits(change, _code)),
                "<br>".join(_why(change, changes, _code)),
            ]
            for change in changes.of(kind)
        ]
        header = ["Distribution", "Version", "Where", "Commit", "Why"]
        if rows:
            parts.append(_table(_count(changes, kind), header, rows))
    if changes.respelled:
        parts.append(
            _table(
                f"{len(changes.respelled)} spelled in another way",
                ["Old", "New"],
                [
                    [_code(spelling.old), _code(spelling.new)]
                    for spelling in changes.respelled
                ],
            )
        )
    if changes.held:
        held, needing, capped = _grouped_holds(changes)
        rows = [
            [
                _code(hold.name),
                _plain(hold.version),
                _pythons(hold, changes),
                because(hold, _code),
            ]
            for hold in [*held, *capped]
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
    """Render the changes for programs: one JSON object."""
    return json_text(
        {
            "old": old,
            "new": new,
            "needed_by": changes.project or None,
            "without": list(changes.without),
            "only_old": list(changes.only_old),
            "only_new": list(changes.only_new),
            "changes": [
                {
                    "kind": change.kind,
                    "name": change.name,
                    "old": change.old or None,
                    "new": change.new or None,
                    "major": change.is_major,
                    "pythons": list(change.pythons),
                    "everywhere": change.everywhere,
                    "condition": change.condition or None,
                    "needed_by": list(map(demand_data, change.needed_by)),
                    "holds": list(map(hold_data, change.holds)),
                    "commits": list(map(_commit_data, change.commits)),
                }
                for change in changes.changes
            ],
            "respelled": [
                spelling._asdict() for spelling in changes.respelled
            ],
            "held": list(map(hold_data, changes.held)),
            "commits": list(map(_commit_data, changes.commits)),
        }
    )


def _commit_data(commit: PinCommit) -> dict[str, Any]:
    return {
        "commit": commit.id or None,
        "kind": commit.kind,
        "date": commit.date or None,
        "author": commit.author or None,
        "subject": commit.subject or None,
        "merge": commit.merge or None,
        "side": "new" if commit.in_new else "old",
    }


def _summary(changes: Changes) -> str:
    counts = [_count(changes, kind) for kind in KINDS]
    changed = [count for count in counts if not count.startswith("0 ")]
    if changed:
        return ", ".join(changed)
    # More lines follow all the same, and this says what they are about.
    notes = [
        f"{count} {what}"
        for count, what in (
            (len(changes.respelled), "spelled in another way"),
            (
                len({hold.name for hold in changes.held}),
                "held or under an upper bound",
            ),
        )
        if count
    ]
    return (
        f"no version changed ({'; '.join(notes)})" if notes else "no changes"
    )


def _count(changes: Changes, kind: Kind) -> str:
    """How many distributions changed in this way, each counted once."""
    return f"{len({change.name for change in changes.of(kind)})} {kind}"


def _notes(changes: Changes, show: Callable[[str], str]) -> list[str]:
    notes = []
    if changes.without:
        notes.append(f"left out: {', '.join(map(show, changes.without))}")
    if changes.project:
        notes.append(f"only what {show(changes.project)} pulls in")
    kinds = Counter(commit.kind for commit in changes.commits)
    counts = [
        counted(kinds[kind], kind) for kind in COMMIT_KINDS if kinds[kind]
    ]
    if counts:
        notes.append(f"commits: {', '.join(counts)}")
    for side, pythons in (
        ("old", changes.only_old),
        ("new", changes.only_new),
    ):
        if pythons:
            notes.append(
                f"Python {', '.join(pythons)}: on the {side} side only"
            )
    return notes


def _section(title: str, lines: Iterable[str]) -> list[str]:
    rows = [f"  {line}" for line in lines]
    return ["", f"{title}:", *rows] if rows else []


def _versions(
    change: PinChange, arrow: str, show: Callable[[str], str] = str
) -> str:
    versions = (change.old, change.new)
    shown = [show(version) for version in versions if version]
    return f" {arrow} ".join(shown)


def _where(change: PinChange, show: Callable[[str], str] = str) -> str:
    """The Pythons and the marker of a change; empty where it is everywhere."""
    parts = []
    if not change.everywhere:
        named = [
            python for python in change.pythons if python != OTHER_PYTHONS
        ]
        if named:
            parts.append(f"Python {', '.join(named)}")
        if OTHER_PYTHONS in change.pythons:
            parts.append("other Pythons")
    if change.condition:
        parts.append(show(change.condition))
    return "; ".join(parts)


def _major_and_where(change: PinChange) -> str:
    """Whether another major version is pinned, and where that is so."""
    parts = [_MAJOR] if change.is_major else []
    return "; ".join(filter(None, [*parts, _where(change)]))


def _in(where: str) -> str:
    return f" ({where})" if where else ""


def _pythons(hold: Hold, changes: Changes) -> str:
    """The Pythons of a hold; empty where it is all that have freezes."""
    if hold.pythons == changes.explained:
        return ""
    return f"Python {', '.join(hold.pythons)}"


def _commits(change: PinChange, show: Callable[[str], str]) -> list[str]:
    """The commits behind a change, a line for each, the last one first."""
    lines = []
    for commit in change.commits[:SHOWN_COMMITS]:
        where = "" if commit.in_new else "only on the old side: "
        if not commit.id:
            lines.append(f"{where}not committed ({commit.kind})")
            continue
        author = f" ({show(commit.author)})" if commit.author else ""
        lines.append(
            f"{where}{show(commit.id[:SHORT])} of {commit.date[:10]}, "
            f"{commit.kind}: {show(commit.subject)}{author}"
        )
    more = len(change.commits) - SHOWN_COMMITS
    return lines + ([f"and {more} more before"] if more > 0 else [])


def _why(
    change: PinChange, changes: Changes, show: Callable[[str], str]
) -> list[str]:
    """The reasons of a change that freezes give, a line for each."""
    lines = []
    if change.needed_by:
        word = "was needed by" if change.kind == "removed" else "needed by"
        chain = _chain(change.needed_by, changes, show)
        lines.append(f"{word}: {chain}")
    for hold in change.holds:
        where = _in(_pythons(hold, changes)) if len(change.holds) > 1 else ""
        bound = "" if hold.newest else "under the upper bound "
        lines.append(f"{bound}{because(hold, show)}{where}")
    return lines


def _chain(
    chain: Sequence[Demand], changes: Changes, show: Callable[[str], str]
) -> str:
    """A chain of owners, and the requirement of the last."""
    first = chain[0]
    moved = [
        change
        for change in changes.changes
        if first.owner
        and change.old
        and change.new
        and canonical_name(change.name) == canonical_name(first.owner)
    ]
    names = [owner(demand, show) for demand in chain]
    if moved:
        names[0] += f" ({moved[-1].kind} from {show(moved[-1].old)})"
    return " -> ".join([*names, show(chain[-1].text)])


def _grouped_holds(
    changes: Changes,
) -> tuple[list[Hold], dict[tuple[str, str], list[str]], list[Hold]]:
    """Group the holds by their reason, as each group is shown differently.

    :return: the holds below a newer version; the names that only need a
        newer Python, by that Python and the Pythons that hold them, since
        these are many as a rule; and those that are under an upper bound.
    """
    held: list[Hold] = []
    capped: list[Hold] = []
    needing: dict[tuple[str, str], list[str]] = {}
    for hold in changes.held:
        if hold.requires_python and not hold.by:
            key = hold.requires_python, _pythons(hold, changes)
            needing.setdefault(key, []).append(f"{hold.name} {hold.newest}")
        elif hold.newest:
            held.append(hold)
        else:
            capped.append(hold)
    return held, needing, capped


def _table(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    folded: bool = False,
) -> str:
    """A table under its title; columns without content are left out."""
    used = [
        column
        for column in range(len(header))
        if any(row[column] for row in rows)
    ]
    lines = [
        f"| {' | '.join(row[column] for column in used)} |"
        for row in (header, ["---"] * len(header), *rows)
    ]
    table = "\n".join(lines)
    if folded or len(rows) > OPEN_ROWS:
        return f"<details><summary>{title}</summary>\n\n{table}\n\n</details>"
    return f"{title}:\n\n{table}"


def _plain(text: str) -> str:
    """Text as it is where nothing in it is Markdown; else as code."""
    return text if re.fullmatch(r"[\w.+!-]+", text) else _code(text)


def _code(text: str) -> str:
    """Text as inline code that also works in the cell of a table."""
    text = printable(text).replace("\t", " ").replace("|", "\\|")
    longest = max(map(len, re.findall("`+", text)), default=0)
    if not longest:
        return f"`{text}`"
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}"
