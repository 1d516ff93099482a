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
"""Lock files (PEP 751) as uv writes and reads them.

uv keeps what it downloads by the index that it comes from, and takes it from
there only for a package whose ``index`` the lock file names. ``uv pip
compile`` names none, so that ``uv pip sync`` downloads every file each time.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from openstack_requirements.pep508.requirement import CanonicalName


def packages_with_version(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The packages of a lock file that have a version."""
    return [
        package
        for package in document.get("packages", [])
        if "version" in package
    ]


def to_install(
    document: Mapping[str, Any],
    indexes: Mapping[CanonicalName, str],
    left_out: Collection[CanonicalName] = (),
) -> dict[str, Any]:
    """A lock file to install from.

    :param indexes: the indexes that are known, as :func:`indexes_of` reads
        them.
    :param left_out: the names of packages that are not to be installed.
    """
    packages = []
    for package in document.get("packages", []):
        name = canonical_name(package["name"])
        if name in left_out:
            continue
        index = indexes.get(name, "")
        packages.append(
            {**package, "index": index}
            if index and "version" in package and "index" not in package
            else package
        )
    return {**document, "packages": packages}


def to_build(
    document: Mapping[str, Any], left_out: Collection[CanonicalName]
) -> dict[CanonicalName, dict[str, Any]]:
    """A lock file for each package that has no wheel.

    :param left_out: the names of packages that are not to be built.
    """
    return {
        canonical_name(package["name"]): {**document, "packages": [package]}
        for package in packages_with_version(document)
        if package.get("sdist")
        and not package.get("wheels")
        and canonical_name(package["name"]) not in left_out
    }


def indexes_of(annotated: str) -> dict[CanonicalName, str]:
    """The index of each pin.

    Only what is reached over HTTP counts: what is in a folder is downloaded
    by nobody.

    :param annotated: what ``uv pip compile --emit-index-annotation`` writes.
    """
    return {
        canonical_name(name): index
        for name, index in re.findall(
            r"^([A-Za-z0-9._-]+)==.*\n[ ]+# from (https?://\S+)$",
            annotated,
            re.MULTILINE,
        )
    }


def preferences(preferred: Mapping[CanonicalName, str]) -> str:
    """A lock file that says no more than names and versions."""
    lines = ['lock-version = "1.0"', 'created-by = "generate-constraints"']
    for name, version in sorted(preferred.items()):
        lines += ["[[packages]]", f'name = "{name}"']
        lines += [f"version = {json.dumps(version)}"]
    return "\n".join([*lines, ""])


def files_of(package: Mapping[str, Any]) -> str:
    """The files of a package as one line of text."""
    files = [package.get("sdist"), *package.get("wheels", ())]
    return json.dumps(
        [[file.get("url"), file.get("hashes")] for file in files if file],
        sort_keys=True,
    )
