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
"""Whether a text is a marker (PEP 508), without working out what it means.

Nearly all markers are simple, and the regular expression here recognises
them. All others are left to ``packaging``, which is imported only then. What
its versions read in different ways is refused or rewritten before. This is no
part of :mod:`~openstack_requirements.pep508.markers`, because reading
and writing lines needs nothing of what is there.
"""

from __future__ import annotations

import re
from functools import lru_cache

from openstack_requirements.pep508.versions import LONG_NUMBER, long_number

# packaging reads strings as Python literals, and would refuse the rest.
_SIMPLE_TEXT = r"[^'\"\\\x00-\x1f\ud800-\udfff]*"
_SIMPLE_COMPARISON = (
    r"(?:python_version|sys_platform|platform_system|os_name|extra"
    r"|platform_python_implementation|platform_machine|python_full_version)"
    r"[ \t]*(?:===|==|!=|<=|>=|<|>)[ \t]*"
    rf"(?:'{_SIMPLE_TEXT}'|\"{_SIMPLE_TEXT}\")"
)
_SIMPLE_MARKER = re.compile(
    rf"{_SIMPLE_COMPARISON}"
    rf"(?:[ \t]+(?:and|or)[ \t]+{_SIMPLE_COMPARISON})*"
)
#: How packaging says today what it said before 26.0.
_NEWER_WORDS = {
    "Expected end or semicolon (after name and no valid version specifier)": (
        "Expected semicolon (after name with no version specifier) or end"
    ),
    "Expected end or semicolon (after version specifier)": (
        "Expected comma (within version specifier), semicolon (after version "
        "specifier) or end"
    ),
    "Expected end or semicolon (after URL and whitespace)": (
        "Expected semicolon (after URL and whitespace) or end"
    ),
}
# It said of every suffix which operators it may follow.
_NEWER_SUFFIX = (
    ".* suffix cannot be used with pre-release, post-release, dev or local "
    "versions"
)
_STRING_OR_SET = re.compile(
    r"'[^']*'|\"[^\"]*\"|\b(?:extras|dependency_groups)\b"
)
_STAND_INS = {
    "extras": "extra ",
    "dependency_groups": "platform_version ",
}


@lru_cache(maxsize=1024)
def marker_problem(marker: str) -> tuple[str, int] | None:
    """What is wrong with a marker (PEP 508), and from which character on.

    None for a valid marker, and for an empty one, which always applies. A
    backslash is refused: within a string, ``packaging`` reads it as an escape
    like Python does, other tools read it as it is, and PEP 508 does not allow
    it.
    """
    start = long_number(marker)
    if start is not None:
        return LONG_NUMBER, start
    if not marker or _SIMPLE_MARKER.fullmatch(marker):
        return None
    backslash = marker.find("\\")
    if 0 <= backslash < len(marker) - 1:
        return "a backslash", backslash
    if marker.endswith("\n"):
        return "a line end", len(marker) - 1
    from packaging.markers import InvalidMarker, Marker

    try:
        Marker(_with_known_names(marker))
    except InvalidMarker as error:
        return refusal(error)
    except RecursionError:
        return "it is nested too deep", 0
    except (SyntaxError, ValueError):  # from packaging before 26.0
        return _invalid_string(marker)
    return None


def _with_known_names(marker: str) -> str:
    """A marker with variables that every ``packaging`` can read.

    Before 25.0, it does not know those of PEP 751. What stands for them is as
    long as they are, so that a place in the text stays the same.
    """
    if "extras" not in marker and "dependency_groups" not in marker:
        return marker
    return _STRING_OR_SET.sub(
        lambda match: _STAND_INS.get(match[0], match[0]), marker
    )


def _invalid_string(marker: str) -> tuple[str, int]:
    """The first string of a marker that is no Python literal."""
    import ast

    for match in _STRING_OR_SET.finditer(marker):
        if match[0] not in _STAND_INS:
            try:
                ast.literal_eval(match[0])
            except (SyntaxError, ValueError):
                return "invalid quoted string", match.start()
    raise AssertionError(marker)


def refusal(error: Exception) -> tuple[str, int]:
    """Why ``packaging`` refuses a text, and from which character on.

    The words are those of its newest version.

    :param error: what it raises; its first line says why, and its cause
        points to a character.
    """
    text = str(error).strip().partition("\n")[0]
    text = _NEWER_WORDS.get(text, text)
    span = getattr(error.__cause__, "span", None)
    if text.startswith(".* suffix") and span:
        source = getattr(error.__cause__, "source", "")
        if re.match("!=|==(?!=)", source[span[0] :]):
            text = _NEWER_SUFFIX
    return text[:1].lower() + text[1:], span[0] if span else 0
