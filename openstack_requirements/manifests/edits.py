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
"""Changes entries of manifests in place: text in, text out.

Only the given entries change. Comments, order, indentation and line ends stay
byte for byte. The result is read back: one that does not say what was meant is
an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.errors import UnusableInput
from openstack_requirements.manifests import declarations, toml_edits
from openstack_requirements.manifests.declarations import PYPROJECT, Declared
from openstack_requirements.pep508.text import split_lines, without_bom

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openstack_requirements.manifests.toml_positions import KeyPath

_INDENT = "    "


def apply(
    content: str,
    entries: Sequence[Declared],
    edits: Mapping[Declared, Sequence[str]],
) -> str:
    """The text of one file in which entries are replaced.

    :param content: the text as it stands.
    :param entries: all entries of the file, in order.
    :param edits: for some of the entries, the texts that replace them, any
        number for each.
    :raises UnusableInput: where the result would not say that.
    """
    if not edits:
        return content
    file = entries[0].file
    if len(set(entries)) < len(entries):  # their positions are not known
        raise UnusableInput(file, toml_edits.UNEDITABLE)
    body = without_bom(content)
    bom = content[: len(content) - len(body)]
    if file == PYPROJECT:
        changed = _in_toml(body, entries, edits)
    else:
        changed = _in_lines(body, entries, edits)
    again = declarations.read({file: changed})
    new = {_meaning(text) for texts in edits.values() for text in texts}
    expected = [
        (entry.kind, entry.section, _meaning(text))
        for entry in entries
        for text in edits.get(entry, [entry.text])
    ]
    actual = [
        (entry.kind, entry.section, _meaning(entry.text)) for entry in again
    ]
    is_bad = any(
        entry.problem for entry in again if _meaning(entry.text) in new
    )
    if actual != expected or is_bad:
        raise UnusableInput(file, toml_edits.UNEDITABLE)
    return bom + changed


def _meaning(text: str) -> str:
    """An entry's text with one kind of quotes, which TOML may change."""
    return text.replace('"', "'")


def _in_toml(
    content: str,
    entries: Sequence[Declared],
    edits: Mapping[Declared, Sequence[str]],
) -> str:
    arrays: dict[KeyPath, list[Declared]] = {}
    for entry in entries:
        arrays.setdefault(declarations.array_of(entry), []).append(entry)
    changes = {
        path: {
            index: edits[entry]
            for index, entry in enumerate(items)
            if entry in edits
        }
        for path, items in arrays.items()
    }
    changes = {path: items for path, items in changes.items() if items}
    return toml_edits.edit(content, changes, PYPROJECT)


def _in_lines(
    content: str,
    entries: Sequence[Declared],
    edits: Mapping[Declared, Sequence[str]],
) -> str:
    lines = split_lines(content)
    by_line: dict[int, list[Declared]] = {}
    for entry in entries:
        by_line.setdefault(entry.line, []).append(entry)
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    for number, on_line in by_line.items():
        if any(entry in edits for entry in on_line):
            texts = [edits.get(entry, [entry.text]) for entry in on_line]
            lines[number - 1] = _line(lines, on_line, texts, newline)
    return "".join(lines)


def _line(
    lines: Sequence[str],
    entries: Sequence[Declared],
    texts: Sequence[Sequence[str]],
    newline: str,
) -> str:
    """The text that replaces a line: any number of lines.

    :param entries: those on the line.
    :param texts: for each of them, the texts that replace it.
    """
    number = entries[0].line
    line = lines[number - 1]
    start = entries[0].column - 1
    before = line[:start]
    last = entries[-1]
    body = line.rstrip("\r\n")
    tail = body[last.column - 1 + len(last.text) :] + line[len(body) :]
    newline = line[len(body) :] or newline
    wanted = [text for replacing in texts for text in replacing]
    if not before.strip():
        # The entry has the line to itself.
        if not wanted:
            return ""
        return before + f"{newline}{before}".join(wanted) + tail
    if all(len(replacing) == 1 for replacing in texts) and not any(
        ";" in new and ";" not in old.text
        for old, (new,) in zip(entries, texts, strict=True)
    ):
        # On the line of the option's name, with semicolons between several.
        for old, (new,) in reversed(list(zip(entries, texts, strict=True))):
            end = old.column - 1 + len(old.text)
            line = line[: old.column - 1] + new + line[end:]
        return line
    # There, setuptools ends an entry at a semicolon: an entry with a marker
    # needs a line of its own.
    indent = _indent(lines, number)
    rest = "".join(f"{newline}{indent}{text}" for text in wanted)
    return before.rstrip() + rest + tail


def _indent(lines: Sequence[str], number: int) -> str:
    """The indentation of the values below an option's line."""
    own = _blanks(lines[number - 1])
    for line in lines[number:]:
        text = line.strip()
        if text and text[0] not in "#;":
            if len(_blanks(line)) > len(own):
                return _blanks(line)
            break
    return own + _INDENT


def _blanks(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
