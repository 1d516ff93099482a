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
"""Virtualenvs for a single run: where they keep what, and their removal."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
from typing import TYPE_CHECKING

from openstack_requirements.errors import OutsideError

if TYPE_CHECKING:
    from openstack_requirements.system.children import Children

#: Where a distribution keeps its metadata.
_METADATA = (".dist-info", ".egg-info")
#: How many processes remove files at once.
_REMOVERS = 3


def python_of(folder: str) -> str:
    """The interpreter of a virtualenv."""
    return os.path.join(folder, "bin", "python")


def site_folders(folder: str) -> list[str]:
    """Where a virtualenv keeps what is installed into it."""
    paths = glob.glob(os.path.join(folder, "lib*", "*", "site-packages"))
    # lib64 is often a link to lib.
    return sorted({os.path.realpath(path) for path in paths})


def count(folder: str) -> int:
    """How many distributions are installed by now: for progress only."""
    return sum(
        name.endswith(_METADATA)
        for site in site_folders(folder)
        for name in os.listdir(site)
    )


def clear(folder: str, children: Children) -> None:
    """Remove what is installed into a virtualenv, all but its metadata.

    That is tens of thousands of files, and each waits for the file system.
    A few processes at once take half the time of ``shutil.rmtree``, and
    leave this one free to read the metadata meanwhile. What they cannot
    remove is left to :func:`remove`.
    """
    from concurrent.futures import ThreadPoolExecutor

    paths = [
        os.path.join(site, name)
        for site in site_folders(folder)
        for name in sorted(os.listdir(site))
        if not name.endswith(_METADATA)
    ]
    # Not too many names for one command line.
    shares = max(_REMOVERS, len(paths) // 500)

    def remove(share: int) -> None:
        if paths[share::shares]:
            with contextlib.suppress(OutsideError):
                children.run(["rm", "-rf", "--", *paths[share::shares]])

    with ThreadPoolExecutor(_REMOVERS) as pool:
        list(pool.map(remove, range(shares)))


def remove(folder: str, children: Children) -> None:
    """Remove a virtualenv, or what is left of it."""
    clear(folder, children)
    discard(folder)


def discard(folder: str) -> None:
    """Remove a folder with all that is in it, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)
