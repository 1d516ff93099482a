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
"""Lower bounds and caps: versions as specifiers name them, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

    from openstack_requirements.pep508.specifiers import Clause


def version_of(text: str) -> Version:
    """The version that a clause names; ``2.1`` of ``2.1.*``.

    :raises InvalidVersion: where it is not a version (packaging's).
    """
    from packaging.version import Version as Parsed  # slow to import

    return Parsed(text.strip().removesuffix(".*"))


def is_version(text: str) -> bool:
    """Whether a clause names a version; ``===`` takes any text."""
    from packaging.version import InvalidVersion

    try:
        version_of(text)
    except InvalidVersion:
        return False
    return True


def lower(first: str, second: str) -> str:
    """The lower of two versions."""
    return min(first, second, key=version_of)


class Cap(NamedTuple):
    """The upper end of a specifier set; a tighter one is less."""

    version: Version
    inclusive: bool

    def admits(self, version: str) -> bool:
        """Whether a version lies below it."""
        return (version_of(version), True) <= self

    def __str__(self) -> str:
        return f"<{'=' if self.inclusive else ''}{self.version}"


def tightest_cap(clauses: Iterable[Clause]) -> Cap | None:
    """The tightest cap of some clauses; None where there is none."""
    caps = []
    for operator, text in clauses:
        if operator in {"!=", ">=", ">"} or not is_version(text):
            continue
        version = version_of(text)
        if operator == "~=":
            caps.append(
                Cap(_next(version, version.release[:-1]), inclusive=False)
            )
        elif text.endswith(".*"):
            caps.append(Cap(_next(version, version.release), inclusive=False))
        else:
            caps.append(Cap(version, inclusive=operator != "<"))
    return min(caps, default=None)


def _next(version: Version, release: tuple[int, ...]) -> Version:
    """The first version that does not start with these numbers."""
    numbers = ".".join(map(str, (*release[:-1], release[-1] + 1)))
    return version_of(f"{version.epoch}!{numbers}")
