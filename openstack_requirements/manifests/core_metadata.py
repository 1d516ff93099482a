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
"""What core metadata says of a distribution, from whichever source.

:class:`Metadata` has the few fields that are needed here, and what is known of
how they are computed. An unpacked sdist carries them in PKG-INFO. Nothing here
opens a file.
"""

from __future__ import annotations

from typing import NamedTuple

from openstack_requirements.pep508.text import without_bom

PKG_INFO = "PKG-INFO"


class MetadataRequirement(NamedTuple):
    """A requirement as core metadata has it, and where it stands.

    :param place: the file, with a line where there is one.
    :param extra: the extra that it belongs to, empty for none.
    :param optional: whether only an extra or a group requires it.
    """

    place: str
    text: str
    extra: str = ""
    optional: bool = False


class Metadata(NamedTuple):
    """What a project requires, as far as it can be read without running it.

    :param requirements: what it requires.
    :param files: requirements files to read, each with its extra.
    :param requires_python: the Pythons that it supports, a specifier set.
    :param computed: what computes further requirements, such as setup.py;
        empty where nothing does.
    :param name: the distribution, empty where that is not known.
    :param problem: why what computes requirements cannot be parsed; empty
        where it can.
    """

    requirements: tuple[MetadataRequirement, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    requires_python: str = ""
    computed: str = ""
    name: str = ""
    problem: str = ""


def read_pkg_info(text: str) -> Metadata:
    """The metadata in the PKG-INFO of an unpacked sdist."""
    from packaging.metadata import parse_email  # few projects have it

    headers = without_bom(text).partition("\n\n")[0]
    metadata, unparsed = parse_email(headers)

    def first(value: str | None, field: str) -> str:
        """A value; of a field that is there several times, the first."""
        return value or next(iter(unparsed.get(field, ())), "")

    # Undecodable requirements are kept: reading them as requirements reports
    # what is wrong.
    unreadable = unparsed.get("requires-dist", [])
    return Metadata(
        tuple(
            MetadataRequirement(PKG_INFO, requirement)
            for requirement in metadata.get("requires_dist") or unreadable
        ),
        requires_python=first(
            metadata.get("requires_python"), "requires-python"
        ),
        name=first(metadata.get("name"), "name"),
    )
