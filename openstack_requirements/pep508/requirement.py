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
"""A requirement as a value, and the name of a distribution.

A :class:`Requirement` keeps the six texts of its line. What they mean is in
its properties: clauses, versions, exact pin, marker, kind of line.
:mod:`~openstack_requirements.pep508.parser` makes one of a line, and
:mod:`~openstack_requirements.pep508.entries` many of a file.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, NewType, TypeAlias

from openstack_requirements.pep508.specifiers import (
    Clause,
    clauses,
    exact_version,
    sorted_specifiers,
)
from openstack_requirements.pep508.text import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openstack_requirements.pep508.markers import Tree
    from openstack_requirements.pep508.version_sets import VersionSet

#: The kinds of lines that say a requirement, or nothing.
LineKind: TypeAlias = Literal["requirement", "url", "editable", "blank"]
#: A name in canonical form (PEP 503). A mapping keyed by this type cannot be
#: searched with a raw name by accident.
CanonicalName = NewType("CanonicalName", str)
#: The name of a distribution (PEP 508), as a regular expression that others
#: embed. ``text.is_name`` says whether a whole text is a name.
NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"


@lru_cache(maxsize=8192)
def canonical_name(name: str) -> CanonicalName:
    """The canonical form of a distribution's name (PEP 503).

    ``Oslo_Config`` → ``oslo-config``. Never fails.
    """
    return CanonicalName(canonical(name))


class _Fields(NamedTuple):
    package: str
    location: str
    specifiers: str
    markers: str
    comment: str
    extras: frozenset[str]


class Requirement(_Fields):
    """What one line says.

    ``package`` is the name as written, empty for a blank or comment line;
    ``location`` is empty, a URL without its egg item, or ``@ URL``;
    ``specifiers`` is the text that ``packaging`` gives for the set;
    ``markers`` and ``comment`` are as written, the comment from its ``#``.

    The parsed values are computed on first use, and once for all
    requirements with the same text.
    """

    __slots__ = ()

    def __new__(
        cls,
        package: str,
        location: str,
        specifiers: str,
        markers: str,
        comment: str,
        extras: Iterable[str] | None = None,
    ) -> Requirement:
        """The six fields; the extras become a frozen set."""
        return super().__new__(
            cls,
            package,
            location,
            specifiers,
            markers,
            comment,
            frozenset(extras or ()),
        )

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses of its specifiers, in their order."""
        return clauses(self.specifiers)

    @property
    def pin(self) -> str | None:
        """The exact version, that of a single ``===`` or ``==``.

        None for other operators, several clauses, ``==1.4.*`` and a URL.
        """
        return exact_version(self.specifiers)

    @property
    def versions(self) -> VersionSet:
        """The versions that its specifiers admit.

        :raises ValueError: where a clause cannot be read. A requirement
            that the parser made has no such clause.
        """
        from openstack_requirements.pep508.version_sets import version_set

        return version_set(self.specifiers)

    @property
    def marker(self) -> Tree:
        """The structure of its marker; ``markers.ALWAYS`` without one.

        :raises BadMarker: where it has no meaning.
        """
        from openstack_requirements.pep508 import markers

        return markers.parse(self.markers)

    @property
    def kind(self) -> LineKind:
        """The kind of line that says this."""
        if not self.package:
            return "blank"
        if not self.location:
            return "requirement"
        is_editable = self.location.lstrip().startswith("-e")
        return "editable" if is_editable else "url"

    def to_line(
        self,
        marker_sep: str = ";",
        line_prefix: str = "",
        comment_prefix: str = " ",
        sort_specifiers: bool = False,
    ) -> str:
        r"""The requirement as a line, its newline included.

        :param marker_sep: what stands before the marker; ``:`` is for the
            extras of ``setup.cfg``. After a URL it is always ``;``.
        :param line_prefix: what stands before the package.
        :param comment_prefix: what stands between package and comment.
        :param sort_specifiers: order specifiers as the normal form does,
            rather than as text.
        """
        if not self.package:
            return f"{self.comment}\n"
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        specifiers = self.specifiers
        if sort_specifiers:
            specifiers = sorted_specifiers(specifiers)
        if self.location:
            # Only ";" ends a URL, and PEP 508 requires a blank before it.
            marker_sep = " ;" if self.location.startswith("@ ") else ";"
        if self.location.startswith("@ "):
            text = f"{self.package}{extras} {self.location}"
        elif self.location:
            address, _, fragment = self.location.partition("#")
            text = f"{address}#egg={self.package}{extras}"
            text += f"&{fragment}" if fragment else ""
        else:
            text = f"{self.package}{extras}{specifiers}"
        marker = f"{marker_sep}{self.markers}" if self.markers else ""
        comment = f"{comment_prefix}{self.comment}" if self.comment else ""
        return f"{line_prefix}{text}{marker}{comment}\n"
