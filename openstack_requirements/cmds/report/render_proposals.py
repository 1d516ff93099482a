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
"""What became of changes of projects, in all formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.errors import printable
from openstack_requirements.output import counted, json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from xml.etree.ElementTree import Element

    from openstack_requirements.proposals.updates import ProjectUpdate

    #: The diff of a file: its path, and its text before and after.
    Diff = Callable[[str, str, str], str]

#: The values of ``--format``; the first is the default.
FORMATS = ("text", "json", "markdown", "junit")

#: What is said of each outcome: before it is done, and after.
_WORDS = {
    "propose": ("to propose", "proposed"),
    "update": ("to update", "updated"),
    "close": ("to close", "closed"),
    "leave": ("left as it is", "left as it is"),
    "wait": ("waits for a person", "waits for a person"),
    "later": ("left to a later run", "left to a later run"),
    "fail": ("failed", "failed"),
    "nothing": ("nothing to do", "nothing to do"),
}


def render(
    updates: Sequence[ProjectUpdate],
    form: str,
    *,
    done: bool,
    diff: Diff | None = None,
    command: str = "propose-updates",
) -> str:
    """Render what became of changes; equal input gives equal text.

    :param form: one of :data:`FORMATS`.
    :param done: whether it was done, or would be.
    :param diff: shows how a file changes, where that is to be shown.
    :param command: whose report it is.
    """
    if form == "json":
        return to_json(updates, done=done, diff=diff, command=command)
    if form == "markdown":
        return to_markdown(updates, done=done, diff=diff)
    if form == "junit":
        return to_junit(updates, done=done, command=command)
    return to_text(updates, done=done, diff=diff)


def summary(updates: Sequence[ProjectUpdate], *, done: bool) -> str:
    """How many projects there are, and how much is done, in a line."""
    counts = _counts(updates)
    parts = [
        f"{number} {_WORDS[outcome][done]}"
        for outcome, number in counts.items()
        if number
    ]
    projects = len({update.project for update in updates})
    return f"{counted(projects, 'project')}: {', '.join(parts)}"


def _counts(updates: Sequence[ProjectUpdate]) -> dict[str, int]:
    counts = dict.fromkeys(_WORDS, 0)
    for update in updates:
        counts[update.outcome] += 1
    return counts


def to_text(
    updates: Sequence[ProjectUpdate], *, done: bool, diff: Diff | None = None
) -> str:
    """A table of what is not as it should be, and the sum."""
    rows = [
        (
            update.project,
            update.branch,
            _WORDS[update.outcome][done],
            _line(update),
        )
        for update in updates
        if _tells(update)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:3]
    shown = iter(rows)
    lines = []
    for update in updates:
        if not _tells(update):
            continue
        row = next(shown)
        cells = [
            text.ljust(width)
            for text, width in zip(row[:3], widths, strict=True)
        ]
        lines.append("  ".join((*cells, row[3])).rstrip())
        lines += [f"  {problem}" for problem in _details(update)]
    text = "".join(f"{printable(line)}\n" for line in lines)
    if diff is not None:
        text += "".join(_diffs(updates, diff))
    return f"{text}{summary(updates, done=done)}\n"


def _tells(update: ProjectUpdate) -> bool:
    """Whether there is more to say than that a project is in line."""
    return update.outcome != "nothing" or update.reason != "in line"


def _line(update: ProjectUpdate) -> str:
    """Why, and where it is to be read."""
    reason = update.reason.partition("\n")[0]
    if update.proposal is not None and update.proposal.url:
        return f"{reason} ({update.proposal.url})"
    return reason


def _details(update: ProjectUpdate) -> Iterator[str]:
    """Problems with file and line, and the rest of an error."""
    yield from update.reason.split("\n")[1:]
    for problem in update.problems:
        yield from problem.split("\n")
    for warning in update.warnings:
        yield f"warning: {warning}"


def _diffs(updates: Sequence[ProjectUpdate], diff: Diff) -> Iterator[str]:
    for update in updates:
        if update.change is not None and _changes(update):
            for edit in update.change.edits:
                path = f"{update.project}/{edit.path}"
                yield diff(path, edit.old, edit.new)


def _changes(update: ProjectUpdate) -> bool:
    return update.outcome in {"propose", "update", "later"}


def to_json(
    updates: Sequence[ProjectUpdate],
    *,
    done: bool,
    diff: Diff | None = None,
    command: str = "propose-updates",
) -> str:
    """All there is to say, for programs."""
    return json_text(
        {
            "command": command,
            "done": done,
            "counts": _counts(updates),
            "projects": [_row(update, diff) for update in updates],
        }
    )


def _row(update: ProjectUpdate, diff: Diff | None) -> dict[str, object]:
    change, proposal = update.change, update.proposal
    row: dict[str, object] = {
        "project": update.project,
        "branch": update.branch,
        "outcome": update.outcome,
        "reason": update.reason,
        "base": change.base if change is not None else "",
        "number": proposal.number if proposal is not None else "",
        "url": proposal.url if proposal is not None else "",
        "commit": proposal.commit if proposal is not None else "",
        "problems": list(update.problems),
        "warnings": list(update.warnings),
        "files": [edit.path for edit in change.edits] if change else [],
    }
    if diff is not None:
        row["diff"] = "".join(_diffs([update], diff))
    return row


def to_markdown(
    updates: Sequence[ProjectUpdate], *, done: bool, diff: Diff | None = None
) -> str:
    """A table for a page that shows Markdown."""
    lines = [summary(updates, done=done), ""]
    told = [update for update in updates if _tells(update)]
    if told:
        lines += [
            "| project | branch | what | why |",
            "| --- |" + " --- |" * 3,
        ]
    for update in told:
        why = "<br>".join(map(_cell, (_reason(update), *_details(update))))
        cells = (
            _cell(update.project),
            _cell(update.branch),
            _WORDS[update.outcome][done],
            why,
        )
        lines.append(f"| {' | '.join(cells)} |")
    text = "".join(f"{printable(line)}\n" for line in lines)
    shown = "" if diff is None else "".join(_diffs(updates, diff))
    if shown:
        fence = "`" * 3
        while fence in shown:
            fence += "`"
        text += f"\n{fence}diff\n{shown}{fence}\n"
    return text


def _reason(update: ProjectUpdate) -> str:
    return update.reason.partition("\n")[0]


def _cell(text: str) -> str:
    """A text in a cell of a table, all of it as it stands."""
    for character in "\\`*_[]<>|&~":
        text = text.replace(character, f"\\{character}")
    return text


def to_junit(
    updates: Sequence[ProjectUpdate],
    *,
    done: bool,
    command: str = "propose-updates",
) -> str:
    """A test case for each branch; it fails where a person has to act."""
    from xml.etree import ElementTree as ET

    cases = [_case(update, done=done) for update in updates]
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": 0,
    }
    numbers = {name: str(number) for name, number in counts.items()}
    root = ET.Element("testsuites", {"name": command, **numbers})
    suite = ET.SubElement(root, "testsuite", {"name": command, **numbers})
    suite.extend(cases)
    ET.indent(root, " ")
    data: bytes = ET.tostring(root, "utf-8", xml_declaration=True)
    return data.decode() + "\n"


def _case(update: ProjectUpdate, *, done: bool) -> Element:
    from xml.etree import ElementTree as ET

    case = ET.Element(
        "testcase",
        {
            "classname": printable(update.project),
            "name": printable(update.branch or "default branch"),
        },
    )
    texts = [_line(update), *_details(update)]
    kinds = {"wait": "failure", "fail": "error"}
    if update.outcome in kinds:
        element = ET.SubElement(case, kinds[update.outcome])
        element.set("type", update.outcome)
        element.set("message", printable(texts[0]))
        element.text = "\n".join(map(printable, texts))
    else:
        said = f"{_WORDS[update.outcome][done]}: {texts[0]}"
        ET.SubElement(case, "system-out").text = "\n".join(
            map(printable, (said, *texts[1:]))
        )
    return case
