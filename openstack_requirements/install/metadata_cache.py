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
"""Core metadata of files of an index, kept in a folder between runs.

What a file says never changes, and the index says the file's digest: that is
the name under which its metadata is kept. Nothing else is needed to know that
it is still right, and several runs may use a folder at once.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile

from openstack_requirements.system.files import LARGEST_DATA

#: How many files' metadata is kept; then the oldest goes.
MOST_KEPT = 20_000

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class MetadataCache:
    """The metadata of files, by their SHA-256.

    A folder that cannot be used is no error: then nothing is kept.

    :param folder: where it is kept; empty for a cache that keeps nothing.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._added = False

    def get(self, digest: str) -> bytes | None:
        """The metadata of a file; None where it is not known."""
        path = self._path(digest)
        if not path:
            return None
        try:
            with open(path, "rb") as file:
                data = file.read(LARGEST_DATA + 1)
        except OSError:
            return None
        # The first line tells what was interrupted or damaged.
        check, _, content = data.partition(b"\n")
        return content if check == _check(content) else None

    def put(self, digest: str, content: bytes) -> None:
        """Keep the metadata of a file."""
        path = self._path(digest)
        if not path:
            return
        folder = os.path.dirname(path)
        with contextlib.suppress(OSError):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            # A process that reads at the same moment gets all or nothing.
            descriptor, new = tempfile.mkstemp(dir=folder)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(_check(content) + b"\n" + content)
                os.replace(new, path)
            except BaseException:
                os.unlink(new)
                raise
            self._added = True

    def prune(self, most: int = MOST_KEPT) -> None:
        """Remove the oldest of what is too many, where something was added."""
        if not self._added:
            return
        with contextlib.suppress(OSError):
            entries = [
                (entry.stat().st_mtime, entry.path)
                for folder in os.scandir(self._folder)
                if folder.is_dir(follow_symlinks=False)
                for entry in os.scandir(folder.path)
            ]
            for _, path in sorted(entries, reverse=True)[most:]:
                os.unlink(path)

    def _path(self, digest: str) -> str:
        """Where the metadata of a file is; empty where it is not kept."""
        # The index says the digest, so it may be anything.
        if not self._folder or not _DIGEST.match(digest):
            return ""
        return os.path.join(self._folder, digest[:2], digest[2:])


def default_folder() -> str:
    """The folder in the user's cache; empty where the user has none."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(cache):
        cache = os.path.join(os.path.expanduser("~"), ".cache")
    if not os.path.isabs(cache):
        return ""
    return os.path.join(cache, "openstack-requirements", "metadata")


def _check(content: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(content).hexdigest().encode()
