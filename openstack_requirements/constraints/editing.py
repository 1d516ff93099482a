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
"""The edit of one distribution's lines in the text of a constraints file.

Every other line stays as it is, whatever it holds: removing a library from a
file does not require a file without errors. An edit is made dozens of times
in a row, so the fast path uses :mod:`openstack_requirements.pep508.text`
alone; lines that it does not recognise fall back to the parser, which is
imported only then. A test holds the two equal.
"""

from __future__ import annotations

from openstack_requirements.errors import BadLine, UnusableInput
from openstack_requirements.pep508.text import (
    NAME_CHARACTERS,
    canonical,
    is_name,
    is_path,
    split_lines,
    without_bom,
)

TYPE_CHECKING = False  # importing typing takes longer than an edit
if TYPE_CHECKING:
    from collections.abc import Sequence

#: What may follow the name in the line of a distribution.
_AFTER_NAME = ("[", "(", "@", ";", ":", "#", "\\", "--", *"=<>!~")
_VERSION_CHARACTERS = NAME_CHARACTERS + "+!"
#: Characters of the longest line that the fast path recognises.
_LONG = 1000


def edit(
    content: str, name: str, replacement: str = "", source: str = ""
) -> str:
    """The text with a distribution's lines replaced, or removed.

    The replacement takes the place of the first line, and the others are
    removed; without such a line it is appended. Editing a second time changes
    nothing.

    :param name: the distribution, in any spelling (PEP 503).
    :param replacement: the line to write; empty to remove the distribution.
    :param source: the name of the file, for errors.
    :raises UnusableInput: where the name is not a name, or the replacement
        not a line for constraints.
    :raises BadLine: where the line to edit, or the one to add to, is
        continued in the next.
    """
    if not is_name(name):
        raise UnusableInput(name, "is not the name of a distribution")
    lines = split_lines(content)
    indexes = find_lines(lines, name, source)
    if not replacement.strip():
        _delete(lines, indexes)
    else:
        require_constraint(replacement)
        if indexes:
            first, *repeated = indexes
            lines[first] = replacement + _line_end(lines[first])
            _delete(lines, repeated)
        elif replacement.strip() not in map(str.strip, lines):
            _append(lines, replacement, source)
    return byte_order_mark(content) + "".join(lines)


def lines_of(content: str, name: str, source: str = "") -> list[str]:
    """The lines of a distribution in a text, without their line ends.

    :raises BadLine: as :func:`edit` does.
    """
    lines = split_lines(content)
    return [
        lines[index].rstrip("\r\n")
        for index in find_lines(lines, name, source)
    ]


def names_another(name: str, replacement: str) -> bool:
    """Whether a line does not say that it is about a distribution.

    Another edit of that name would not find it. A comment is about none.
    """
    text = replacement.strip()
    return (
        bool(text)
        and not text.startswith("#")
        and name_of(text) != canonical(name)
    )


def require_constraint(text: str) -> None:
    """Fail for a text that cannot be a line of a constraints file.

    Such a line is a requirement, a URL that names its package
    (``#egg=NAME``), either of these with ``-e``, ``NAME @ URL``, a path, or a
    comment.

    :raises UnusableInput: with the reason.
    """
    reason = _problem(text)
    if reason is not None:
        raise UnusableInput(text, f"is no line for constraints: {reason}")


def name_of(line: str) -> str:
    """The canonical name of the distribution in a line; empty without one.

    The rest of the line need not be valid: the name in ``foo==`` is ``foo``.
    The name in a path is that of its last part.
    """
    text = line.strip()
    editable = False
    for option in ("--editable", "-e"):
        if text.startswith(option):
            text = text[len(option) :].lstrip(" \t=")
            editable = True
            break
    if text.startswith("-"):
        return ""  # any other option
    if _is_url(text):
        return _name_in_url(text)
    name = _name_at_start(text)
    after = text[len(name) :].lstrip()
    ends = not after or after.startswith(_AFTER_NAME)
    # packaging accepts a name that ends with "_", PEP 508 does not.
    if not editable and ends and is_name(name.rstrip("_")):
        return canonical(name)
    if editable or "/" in text:
        return _name_in_path(text)
    return ""


def find_lines(lines: Sequence[str], name: str, source: str) -> list[int]:
    """The indexes of the lines of a distribution.

    :param source: the name of the file, for errors.
    :raises BadLine: at such a line that is continued in the next.
    """
    wanted = canonical(name)
    indexes = []
    # A whole file in canonical form shows most other lines at little cost.
    for index, text in enumerate(canonical("".join(lines)).split("\n")):
        if wanted in text and name_of(lines[index]) == wanted:
            if index and _is_continued(lines[index - 1]):
                continue
            _require_whole(lines[index], index + 1, source)
            indexes.append(index)
    return indexes


def _is_continued(line: str) -> bool:
    """Whether pip reads the next line as a part of this one."""
    text = line.rstrip("\r\n")
    return text.endswith("\\") and not text.lstrip().startswith("#")


def _require_whole(line: str, number: int, source: str) -> None:
    if _is_continued(line):
        raise BadLine(
            "line continuations are not supported",
            line,
            source=source,
            number=number,
        )


def _append(lines: list[str], line: str, source: str) -> None:
    end = "\n"
    if lines:
        _require_whole(lines[-1], len(lines), source)
        end = _line_end(lines[0]) or end
        if not _line_end(lines[-1]):
            lines[-1] += end
    lines.append(line + end)


def _delete(lines: list[str], indexes: Sequence[int]) -> None:
    for index in reversed(indexes):
        del lines[index]


def _line_end(line: str) -> str:
    for end in ("\r\n", "\n"):
        if line.endswith(end):
            return end
    return ""


def byte_order_mark(content: str) -> str:
    """The byte order mark that a text starts with, or nothing."""
    return content[: len(content) - len(without_bom(content))]


def _name_at_start(text: str) -> str:
    return text[: len(text) - len(text.lstrip(NAME_CHARACTERS))]


def _is_url(text: str) -> bool:
    scheme, mark, _ = text.partition("://")
    return bool(mark and scheme) and not scheme.strip(NAME_CHARACTERS + "+")


def _name_in_url(text: str) -> str:
    url = text.split(";", 1)[0].split(None, 1)[0]
    address, _, fragment = url.partition("#")
    for item in fragment.split("&"):
        if item.startswith("egg="):
            return canonical(_name_at_start(item.removeprefix("egg=")))
    return _name_of_wheel(address.rpartition("/")[2])


def _name_in_path(text: str) -> str:
    path, _, fragment = text.split(";", 1)[0].partition("#")
    if fragment.startswith("egg="):
        return canonical(_name_at_start(fragment.removeprefix("egg=")))
    last = path.split("[")[0].rstrip(" \t/").rpartition("/")[2]
    for end in (".tar.gz", ".zip"):
        if last.endswith(end):
            return canonical(last.removesuffix(end).rpartition("-")[0])
    return _name_of_wheel(last) or (canonical(last) if is_name(last) else "")


def _name_of_wheel(file: str) -> str:
    """The name in a wheel's file name (PEP 427); empty for another file."""
    if not file.endswith(".whl"):
        return ""
    return canonical(file.partition("-")[0])


def _problem(text: str) -> str | None:
    """Why a text cannot be a line of a constraints file."""
    if not text.replace("\t", " ").isprintable():
        return "it has line ends or control characters"
    text = text.strip()
    if text.startswith("#"):
        return None
    if text.endswith("\\"):
        return "line continuations are not supported"
    if text.startswith("--editable"):
        return "write -e for --editable"
    if is_path(text) or _is_plain(text):
        return None
    from openstack_requirements.pep508.parser import parse_line

    try:
        requirement = parse_line(text, permit_urls=True)
    except BadLine as error:
        return error.reason
    if requirement.markers and ";" not in text:
        return "a marker starts with a ;"  # ":" is for setup.cfg alone
    return None


def _is_plain(text: str) -> bool:
    """Whether a text is a valid line in one of the most common forms.

    Any other text may be valid as well.
    """
    if len(text) > _LONG:
        return False
    name, mark, version = text.partition("===")
    if mark:
        plain = version != "" and not version.strip(_VERSION_CHARACTERS)
        return plain and is_name(name)
    name, mark, address = text.partition(" @ ")
    if not mark:
        address, mark, name = text.removeprefix("-e ").partition("#egg=")
    return mark != "" and is_name(name) and _is_plain_url(address)


def _is_plain_url(text: str) -> bool:
    scheme, colon, rest = text.partition("://")
    return (
        colon != ""
        and rest != ""
        and all(
            part.isascii() and part.isalpha() and part.islower()
            for part in scheme.split("+", 1)
        )
        and not any(character in rest for character in " \t;#")
    )
