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

Only the entries that are named change. Comments, order, indentation and line
ends stay byte for byte. What comes out is read back: it must say what was
meant, or nobody gets it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.errors import UnusableInput
from openstack_requirements.manifests import declarations, toml
from openstack_requirements.manifests.declarations import PYPROJECT, Declared
from openstack_requirements.pep508.text import split_lines, without_bom

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_INDENT = "    "


def apply(
    content: str,
    entries: Sequence[Declared],
    edits: Mapping[Declared, Sequence[str]],
) -> str:
    """The text of one file in which entries are replaced.

    :param content: the text as it stands.
    :param entries: all that was read from it, in order.
    :param edits: for some of the entries, the texts that come instead: one,
        none or several.
    :raises UnusableInput: where the result would not say that.
    """
    if not edits:
        return content
    file = entries[0].file
    if len(set(entries)) < len(entries):  # places that are not known
        raise UnusableInput(file, toml.UNEDITABLE)
    body = without_bom(content)
    bom = content[: len(content) - len(body)]
    if file == PYPROJECT:
        changed = _in_toml(body, entries, edits)
    else:
        changed = _in_lines(body, entries, edits)
    again = declarations.read({file: changed})
    new = {_meaning(text) for texts in edits.values() for text in texts}
    expected = [
        (each.kind, each.section, _meaning(text))
        for each in entries
        for text in edits.get(each, [each.text])
    ]
    found = [(each.kind, each.section, _meaning(each.text)) for each in again]
    bad = any(each.problem for each in again if _meaning(each.text) in new)
    if found != expected or bad:
        raise UnusableInput(file, toml.UNEDITABLE)
    return bom + changed


def _meaning(text: str) -> str:
    """An entry's text, whatever the quotes of its marker: TOML has its own."""
    return text.replace('"', "'")


def _in_toml(
    content: str,
    entries: Sequence[Declared],
    edits: Mapping[Declared, Sequence[str]],
) -> str:
    arrays: dict[toml.Path, list[Declared]] = {}
    for each in entries:
        arrays.setdefault(declarations.array_of(each), []).append(each)
    found = {
        path: {
            index: edits[each]
            for index, each in enumerate(items)
            if each in edits
        }
        for path, items in arrays.items()
    }
    found = {path: items for path, items in found.items() if items}
    return toml.edit(content, found, PYPROJECT)


def _in_lines(
    content: str,
    entries: Sequence[Declared],
    edits: Mapping[Declared, Sequence[str]],
) -> str:
    lines = split_lines(content)
    by_line: dict[int, list[Declared]] = {}
    for each in entries:
        by_line.setdefault(each.line, []).append(each)
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    for number, mine in by_line.items():
        if any(each in edits for each in mine):
            texts = [edits.get(each, [each.text]) for each in mine]
            lines[number - 1] = _line(lines, mine, texts, newline)
    return "".join(lines)


def _line(
    lines: Sequence[str],
    mine: Sequence[Declared],
    texts: Sequence[Sequence[str]],
    newline: str,
) -> str:
    """What comes instead of one line, which may be several or none."""
    number = mine[0].line
    line = lines[number - 1]
    start = mine[0].column - 1
    before = line[:start]
    last = mine[-1]
    body = line.rstrip("\r\n")
    tail = body[last.column - 1 + len(last.text) :] + line[len(body) :]
    newline = line[len(body) :] or newline
    wanted = [text for each in texts for text in each]
    if not before.strip():
        # A line of its own.
        if not wanted:
            return ""
        return before + f"{newline}{before}".join(wanted) + tail
    if all(len(each) == 1 for each in texts) and not any(
        ";" in new and ";" not in old.text
        for old, (new,) in zip(mine, texts, strict=True)
    ):
        # Beside the name of an option, perhaps several between semicolons.
        for old, (new,) in reversed(list(zip(mine, texts, strict=True))):
            end = old.column - 1 + len(old.text)
            line = line[: old.column - 1] + new + line[end:]
        return line
    # setuptools takes a semicolon there for the end of an entry: only on
    # lines of their own can entries have markers.
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
