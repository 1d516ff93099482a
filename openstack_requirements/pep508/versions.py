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
"""Versions (PEP 440): their order, and plain releases without ``packaging``.

Importing ``packaging`` takes longer than reading a whole list. Plain releases
(``1.2.3``) are nearly all versions of a list, and comparing their numbers is
enough.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from openstack_requirements.pep508 import limits

if TYPE_CHECKING:
    from packaging.version import Version

#: The numbers of a release, without zeros at the end: those of 1.0 are 1.
Release = tuple[int, ...]
#: The release of a version, as a regular expression that others embed.
NUMBERS = r"[0-9]{1,20}(?:\.[0-9]{1,20})*"
#: What may follow the release, in the most common spelling.
SUFFIX = (
    r"(?P<pre>(?:a|b|rc)[0-9]+)?(?P<post>\.post[0-9]+)?(?P<dev>\.dev[0-9]+)?"
)
#: A version without epoch and local part, in the most common spelling.
SIMPLE_VERSION = re.compile(rf"(?P<release>{NUMBERS})(?P<suffix>{SUFFIX})\Z")
_RELEASE = re.compile(rf"{NUMBERS}\Z")
_LONG_NUMBER = re.compile(rf"[0-9]{{{limits.MOST_DIGITS + 1}}}")
#: The reason where a text has too long a number in it.
LONG_NUMBER = f"a number of more than {limits.MOST_DIGITS} digits"


def release(version: str) -> Release | None:
    """The numbers of a plain release; None for any other version."""
    return numbers(version) if _RELEASE.match(version) else None


@lru_cache(maxsize=8192)
def numbers(text: str) -> Release:
    """The numbers of a text that is a plain release: 1 and 2 of 1.2.0."""
    parts = [int(part) for part in text.split(".")]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return tuple(parts)


def is_prerelease(version: str) -> bool:
    """Whether a text is a version, and a pre-release."""
    match = SIMPLE_VERSION.match(version)
    if match is not None:
        return bool(match["pre"] or match["dev"])
    parsed = parse_version(version)
    return parsed is not None and parsed.is_prerelease


def long_number(text: str) -> int | None:
    """Where a number with too many digits starts; None without one."""
    if len(text) <= limits.MOST_DIGITS:
        return None
    match = _LONG_NUMBER.search(text)
    return None if match is None else match.start()


@lru_cache(maxsize=8192)
def parse_version(text: str) -> Version | None:
    """The version (PEP 440) that a text is; None for any other text.

    A version that is too long, or has a number with too many digits, is
    treated like any other text.
    """
    from packaging.version import InvalidVersion
    from packaging.version import Version as Parsed  # slow to import

    if len(text) > limits.LONGEST_VERSION or long_number(text) is not None:
        return None
    if not text.strip().isascii():
        return None  # before 26.0, packaging took "\u017f" for an "s"
    try:
        return Parsed(text)
    except InvalidVersion:
        return None


def is_major(old: str, new: str) -> bool:
    """Whether two versions differ in their first number or their epoch.

    A text that is no version differs from none in this way.
    """
    left, right = parse_version(old), parse_version(new)
    if left is None or right is None:
        return False
    return (left.epoch, left.major) != (right.epoch, right.major)


@lru_cache(maxsize=8192)
def version_key(version: str) -> tuple[bool, Version | str]:
    """The order of versions (PEP 440): 9.0 before 10.0.

    Text that is not a version, which very old Pythons admit, comes last and
    is in the order of text.
    """
    parsed = parse_version(version)
    return (True, version) if parsed is None else (False, parsed)
