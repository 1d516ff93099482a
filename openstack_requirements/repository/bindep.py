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

#: So many lines of a bindep file are noted for distributions, counted anew for
#: each of them: a comment of a thousand words names a thousand. What comes
#: behind that is left out. It is advice for a person.
MOST_NOTES = 100_000

#: What bindep calls the systems whose ``os-release`` says this, or says that
#: they are like it: the kind of their packages, and their family.
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
    """Which system packages a bindep file lists for which distributions.

    The comment above a block of lines names the distributions that cannot be
    built without them; a blank line ends the block.

    :returns: the lines of each distribution, in their order; nothing where
        there is no file.
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
    """What a person on one platform is to install.

    :param platforms: its names in bindep; where it is not known there are
        none, and then all lines are given, with their selectors.
    """
    if not platforms:
        return lines
    result = []
    for line in lines:
        selectors = re.findall(r"(!?)platform:([\w.-]+)", line)
        wanted = {name for but, name in selectors if not but}
        unwanted = {name for but, name in selectors if but}
        if wanted and wanted.isdisjoint(platforms):
            continue
        if unwanted.isdisjoint(platforms):
            # Of a line with selectors alone, there is nothing to install.
            result += line.split("[")[0].split()[:1]
    return list(dict.fromkeys(result))


def platforms() -> frozenset[str]:
    """What bindep calls the system that this runs on; empty if not known."""
    import platform

    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return frozenset()
    system = release.get("ID", "")
    names = [system, *release.get("ID_LIKE", "").split()]
    found = {each for name in names for each in _PLATFORMS.get(name, ())}
    return frozenset({system, *found} if found else ())
