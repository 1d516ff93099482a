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
"""Names and lines as text, before anything is parsed.

This uses no regular expressions: importing ``re`` alone takes longer than a
whole edit of a constraints file.
"""

from __future__ import annotations

#: The characters of a name (PEP 508). It neither starts nor ends with a
#: separator.
NAME_CHARACTERS = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
)
_SEPARATORS = "._-"


def canonical(name: str) -> str:
    """The canonical form of a distribution's name (PEP 503).

    Works for all names in a longer text at once. Never fails.
    """
    name = name.lower().replace("_", "-").replace(".", "-")
    while "--" in name:
        name = name.replace("--", "-")
    return name


def is_name(text: str) -> bool:
    """Whether a whole text is the name of a distribution (PEP 508)."""
    return (
        text != ""
        and text[0] not in _SEPARATORS
        and text[-1] not in _SEPARATORS
        and not text.strip(NAME_CHARACTERS)
    )


def is_path(line: str) -> bool:
    """Whether a line is a path, with ``-e`` before it or not.

    A path starts with ``/``, ``./`` or ``../`` and has no blank in it. Only
    a marker or a comment may follow.
    """
    words = line.split(None, 2)
    if words[:1] == ["-e"]:
        words = line.split(None, 3)[1:]
    if not words or line.endswith("\\"):
        return False
    path, rest = words[0], words[1:]
    return path.startswith(("/", "./", "../")) and (
        not rest or rest[0].startswith((";", "#"))
    )


def split_lines(content: str) -> list[str]:
    r"""The lines of a file with their line ends, without a byte order mark.

    Only ``\n`` ends a line (with or without a ``\r``): a form feed in the
    middle of one is an error to be shown, not a line break.
    """
    *lines, last = without_bom(content).split("\n")
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def without_bom(content: str) -> str:
    """The text without the byte order mark that it may start with."""
    return content.removeprefix("\ufeff")
