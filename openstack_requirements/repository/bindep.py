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
"""The system packages that builds need, as a ``bindep.txt`` lists them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from openstack_requirements.pep508.requirement import NAME, canonical_name
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Collection

    from openstack_requirements.pep508.requirement import CanonicalName

#: The lines of a bindep file that are kept, counted once for each distribution
#: that the comment above names. The rest is left out: it is advice for a
#: person.
MOST_NOTES = 100_000

#: The platforms of bindep by the ``ID`` or ``ID_LIKE`` of ``os-release``: the
#: package format, and the family.
_PLATFORMS = {
    "alpine": ("apk",),
    "arch": ("pacman",),
    "debian": ("dpkg", "debian"),
    "fedora": ("rpm", "redhat", "fedora"),
    "gentoo": ("emerge",),
    "rhel": ("rpm", "redhat", "rhel"),
    "suse": ("rpm", "suse"),
    "ubuntu": ("dpkg", "ubuntu"),
}


def system_packages(path: str) -> dict[CanonicalName, list[str]]:
    """The system packages that a bindep file lists, by distribution.

    The comment above a block of lines names the distributions that need them
    to build; a blank line ends the block.

    :returns: the lines for each distribution, in order; empty where there is
        no file.
    """
    if not os.path.exists(path):
        return {}
    result: dict[CanonicalName, list[str]] = {}
    notes = 0
    names: list[str] = []
    in_comment = False
    for line in map(str.strip, files.read_text(path).splitlines()):
        if line.startswith("#"):
            names = names if in_comment else []
            names += re.findall(NAME, line)
        elif not line:
            names = []
        else:
            notes += len(names)
            if notes > MOST_NOTES:
                break
            for name in set(map(canonical_name, names)):
                result.setdefault(name, []).append(line)
        in_comment = line.startswith("#")
    return result


def for_platform(lines: list[str], platforms: Collection[str]) -> list[str]:
    """The system packages to install on a platform.

    :param platforms: its names in bindep. Where none is known, all lines are
        returned, with their selectors.
    """
    if not platforms:
        return lines
    result = []
    for line in lines:
        selectors = re.findall(r"(!?)platform:([\w.-]+)", line)
        wanted = {name for negation, name in selectors if not negation}
        unwanted = {name for negation, name in selectors if negation}
        if wanted and wanted.isdisjoint(platforms):
            continue
        if unwanted.isdisjoint(platforms):
            # A line with selectors alone has nothing to install.
            result += line.split("[")[0].split()[:1]
    return list(dict.fromkeys(result))


def platforms() -> frozenset[str]:
    """The names in bindep of the system that this runs on, if known."""
    import platform

    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return frozenset()
    system = release.get("ID", "")
    names = [system, *release.get("ID_LIKE", "").split()]
    known = {
        platform_name
        for name in names
        for platform_name in _PLATFORMS.get(name, ())
    }
    return frozenset({system, *known} if known else ())
