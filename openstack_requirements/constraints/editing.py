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

Every other line stays as it is, whatever it holds: who takes a library out of
a file need not mend the rest of it. An edit is made dozens of times in a row,
so it reads with :mod:`openstack_requirements.pep508.text` alone where that is
enough, and imports the parser only for what it does not recognise; a test
holds the two equal.
"""

from __future__ import annotations

from openstack_requirements.errors import BadContent, BadLine, UnusableInput
from openstack_requirements.pep508.text import (
    NAME_CHARACTERS,
    canonical,
    is_name,
    is_path,
    split_lines,
    without_bom,
)

TYPE_CHECKING = False  # typing costs more to import than an edit takes
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openstack_requirements.pep508.requirement import Entry, Requirement

#: What may come after the name in a line that is about it.
_AFTER_NAME = ("[", "(", "@", ";", ":", "#", "\\", "--", *"=<>!~")
_VERSION_CHARACTERS = NAME_CHARACTERS + "+!"
#: Longer than any line that is worth a quick look.
_LONG = 1000


def edit(
    content: str, name: str, replacement: str = "", source: str = ""
) -> str:
    """The text with a distribution's lines replaced, or removed.

    The first of them becomes the replacement, the others go; where there is
    none the replacement goes to the end. Doing it twice changes nothing more.

    :param name: the distribution, in any spelling (PEP 503).
    :param replacement: a line as it is to stand there; empty to remove.
    :param source: the name of the file, for errors.
    :raises UnusableInput: for a name or a replacement that is none.
    :raises BadLine: where the line to edit, or the one to add to, is
        continued in the next.
    """
    if not is_name(name):
        raise UnusableInput(name, "is not the name of a distribution")
    lines = split_lines(content)
    found = _find(lines, name, source)
    if not replacement.strip():
        _delete(lines, found)
    else:
        require_constraint(replacement)
        if found:
            lines[found[0]] = replacement + _line_end(lines[found[0]])
            _delete(lines, found[1:])
        elif replacement.strip() not in map(str.strip, lines):
            _append(lines, replacement, source)
    return _bom(content) + "".join(lines)


def edit_all(
    content: str, edits: Iterable[tuple[str, str]], source: str = ""
) -> str:
    """The text after several edits, one after the other.

    :param edits: a name and its replacement each, as :func:`edit` takes them.
    :raises UnusableInput: as :func:`edit` does, and ``BadLine``.
    """
    for name, replacement in edits:
        content = edit(content, name, replacement, source)
    return content


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

    A requirement, a URL that names its package (``#egg=NAME``), either of
    them with ``-e``, ``NAME @ URL``, a path, or a comment.

    :raises UnusableInput: with the reason.
    """
    reason = _problem(text)
    if reason is not None:
        raise UnusableInput(text, f"is no line for constraints: {reason}")


def name_of(line: str) -> str:
    """The canonical name of the distribution that a line is about.

    Empty for a line that is about none. What the line says of it need not be
    valid: ``foo==`` is about ``foo``. A path is about what its last part is
    named after.
    """
    text = line.strip()
    editable = False
    for option in ("--editable", "-e"):
        if text.startswith(option):
            text = text[len(option) :].lstrip(" \t=")
            editable = True
            break
    if text.startswith("-"):
        return ""  # another option
    if _is_url(text):
        return _name_in_url(text)
    name = _name_at_start(text)
    after = text[len(name) :].lstrip()
    ends = not after or after.startswith(_AFTER_NAME)
    # packaging takes a name that ends with "_", though PEP 508 does not.
    if not editable and ends and is_name(name.rstrip("_")):
        return canonical(name)
    if editable or "/" in text:
        return _name_in_path(text)
    return ""


def pin(
    content: str,
    name: str,
    version: str,
    *,
    python: str = "",
    source: str = "",
    entries: Iterable[Entry] = (),
    listed_in: str = "",
    prereleases: bool = True,
) -> str:
    """The text with a distribution pinned to another version.

    Only the version changes, in each line of the distribution: operator,
    marker, spaces and comment stay.

    :param version: a version (PEP 440); it is written in normal form.
    :param python: change only the lines that can apply to this Python
        (``3.12``).
    :param source: the name of the file, for errors.
    :param entries: those of the global list, which has to admit the version:
        for each line at least one of them whose marker can apply where the
        line's does. None admit everything.
    :param listed_in: the name of the global list, for errors.
    :param prereleases: whether an entry admits a pre-release that it does
        not mention.
    :raises UnusableInput: where there is no line to change.
    :raises BadLine: for a line that is not a pin.
    :raises BadContent: with the entries that do not admit the version.
    :raises BadMarker: for a marker that means nothing.
    """
    lines = split_lines(content)
    listed = [
        each
        for each in entries
        if each.requirement is not None
        and canonical(each.requirement.package) == canonical(name)
    ]
    changed = 0
    for index in _find(lines, name, source):
        line = lines[index]
        found = _read(line, index + 1, source)
        if not _can_apply(python, found.markers):
            continue
        start, end = _version_in(line, index + 1, source)
        refusing = _refusing(
            version, found.markers, listed, prereleases=prereleases
        )
        if refusing:
            raise BadContent(
                [
                    BadLine(
                        f"does not admit {name} {version} (--force pins it "
                        "all the same)",
                        each.line,
                        source=listed_in,
                        number=each.number,
                    )
                    for each in refusing
                ]
            )
        lines[index] = line[:start] + version + line[end:]
        changed += 1
    if not changed:
        there = f" that applies to Python {python}" if python else ""
        raise UnusableInput(source, f"has no line for {name}{there}")
    return _bom(content) + "".join(lines)


# -- lines -----------------------------------------------------------------


def _find(lines: Sequence[str], name: str, source: str) -> list[int]:
    """The indexes of the lines that are about a distribution."""
    wanted = canonical(name)
    found = []
    # In canonical form all at once, nearly all lines are told apart at once.
    for index, text in enumerate(canonical("".join(lines)).split("\n")):
        if wanted in text and name_of(lines[index]) == wanted:
            if index and _is_continued(lines[index - 1]):
                continue
            _require_whole(lines[index], index + 1, source)
            found.append(index)
    return found


def _is_continued(line: str) -> bool:
    """Whether the next line belongs to this one, as pip reads it."""
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


def _bom(content: str) -> str:
    return content[: len(content) - len(without_bom(content))]


# -- names -----------------------------------------------------------------


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


# -- replacements ----------------------------------------------------------


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
    from openstack_requirements.pep508.requirement import parse_line

    try:
        found = parse_line(text, permit_urls=True)
    except BadLine as error:
        return error.reason
    if found.markers and ";" not in text:
        return "a marker starts with a ;"  # the ":" is for setup.cfg alone
    return None


def _is_plain(text: str) -> bool:
    """Whether a text is a line of one of the most common forms.

    Such a text is valid; others may be valid too.
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
        and not any(each in rest for each in " \t;#")
    )


# -- pins ------------------------------------------------------------------


def _read(line: str, number: int, source: str) -> Requirement:
    from openstack_requirements.pep508.requirement import parse_line

    try:
        return parse_line(line.rstrip(" \t\r\n"), permit_urls=True)
    except BadLine as error:
        raise error.at(source, number) from error.__cause__


def _version_in(line: str, number: int, source: str) -> tuple[int, int]:
    """From where to where the version of a pin stands in its line."""
    import re

    # Blanks are never matched twice in a row, which would take long to fail.
    match = re.match(
        r"\s*[A-Za-z0-9._-]+[ \t]*(?:\[[^\]]*\][ \t]*)?(?:\([ \t]*)?"
        r"={2,3}[ \t]*([A-Za-z0-9.+!_-]+)[ \t)]*(?:[;:#\r\n]|\Z)",
        line,
    )
    if match is None:
        raise BadLine(
            "not a pin (NAME===VERSION)", line, source=source, number=number
        )
    return match.span(1)


def _can_apply(python: str, *more: str) -> bool:
    """Whether some environment with this Python is selected by all markers."""
    from openstack_requirements.pep508 import markers

    mine = [f"python_version=='{python}'"] if python else []
    return markers.overlap([*mine, *more]) is not None


def _refusing(
    version: str, marker: str, entries: Iterable[Entry], *, prereleases: bool
) -> list[Entry]:
    """The entries that do not admit a pin, where none admits it."""
    from packaging.specifiers import SpecifierSet

    refusing = []
    for each in entries:
        assert each.requirement is not None
        if not _can_apply("", marker, each.requirement.markers):
            continue
        specifiers = SpecifierSet(each.requirement.specifiers)
        if specifiers.contains(
            version, prereleases=prereleases or bool(specifiers.prereleases)
        ):
            return []
        refusing.append(each)
    return refusing
