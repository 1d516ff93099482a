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
"""The text of ``pip freeze`` as a freeze.

It has names and versions, and nothing else that a freeze says: neither how
metadata spells the names, nor what requires what, nor the platform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints.freeze import Distribution, Freeze
from openstack_requirements.errors import BadContent, BadLine, printable
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.text import split_lines
from openstack_requirements.pep508.versions import parse_version, version_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import CanonicalName


class FreezeFromText(NamedTuple):
    """A freeze with nothing but names and versions.

    :param freeze: its environment states ``python_version`` alone, and no
        distribution is described.
    :param skipped: for each line without a version, where it is and why it
        is left out.
    """

    freeze: Freeze
    skipped: tuple[str, ...] = ()


def from_text(text: str, python_version: str, source: str) -> FreezeFromText:
    """The freeze that the output of ``pip freeze`` describes.

    Editable installations and URLs have no version there, and are skipped.

    :param python_version: major and minor version, which the text lacks.
    :param source: the name of the file, for errors.
    :raises BadContent: with all the lines that ``pip freeze`` does not print,
        and those with a second version of a distribution.
    """
    skipped: dict[int, str] = {}
    lines = []
    for number, line in enumerate(split_lines(text), 1):
        if line.split(None, 1)[:1] in (["-e"], ["--editable"]):
            # pip prints paths that no constraints file can hold.
            skipped[number] = _skipped(
                source, number, line, "an editable installation"
            )
            lines.append("\n")
        else:
            lines.append(line)
    distributions: dict[CanonicalName, Distribution] = {}
    entries, errors = _readable(lines, source)
    for entry in entries:
        requirement = entry.requirement
        if requirement is not None and requirement.location:
            skipped[entry.number] = _skipped(
                source, entry.number, entry.line, "installed from a URL"
            )
        elif requirement is None or requirement.package:
            distribution = _distribution(entry)
            if distribution is None:
                reason = "pip freeze prints NAME==VERSION"
                errors.append(
                    BadLine(reason, entry.line).at(source, entry.number)
                )
                continue
            name = canonical_name(distribution.name)
            first = distributions.setdefault(name, distribution)
            if version_key(first.version) != version_key(distribution.version):
                reason = f"{first.name} {first.version} is there as well"
                errors.append(
                    BadLine(reason, entry.line).at(source, entry.number)
                )
    if errors:
        raise BadContent(sorted(errors, key=lambda error: error.number))
    return FreezeFromText(
        Freeze(
            python_version,
            {"python_version": python_version},
            tuple(distributions.values()),
            installer="pip freeze",
        ),
        tuple(skipped[number] for number in sorted(skipped)),
    )


def _readable(
    lines: Sequence[str], source: str
) -> tuple[list[Entry], list[BadLine]]:
    """The lines that can be read, and what is wrong with the others."""
    try:
        return _entries("".join(lines), source), []
    except BadContent as content:
        bad = {error.number for error in content.errors}
        rest = [
            "\n" if number in bad else line
            for number, line in enumerate(lines, 1)
        ]
        return _entries("".join(rest), source), [*content.errors]


def _entries(text: str, source: str) -> list[Entry]:
    return read_entries(text, source, permit_urls=True)


def _distribution(entry: Entry) -> Distribution | None:
    """The distribution of a line; None where it is not ``NAME==VERSION``."""
    requirement = entry.requirement
    if requirement is None or requirement.markers or requirement.extras:
        return None
    version = requirement.pin
    if version is None:
        return None
    parsed = parse_version(version)
    return Distribution(
        requirement.package,
        version if parsed is None else str(parsed),
        described=False,
    )


def _skipped(source: str, number: int, line: str, what: str) -> str:
    """What is to be said of a line that is left out."""
    return printable(
        f"{source}:{number}: {what} has no version here, so it is left out: "
        f"{line.strip()}"
    )
