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
"""A file of a server that is read in parts, by HTTP range requests.

A wheel is a zip archive, with its directory at the end, so two or three small
requests get its METADATA however large it is. Where a server ignores ranges,
the file is fetched whole, up to a limit.
"""

from __future__ import annotations

import hashlib
import io
import re
import tempfile
from typing import IO, TYPE_CHECKING

from openstack_requirements.install.archives import Unreadable
from openstack_requirements.system.fetch import LARGEST_FILE, MOST_READ

if TYPE_CHECKING:
    from openstack_requirements.system.fetch import Answer, Client
    from openstack_requirements.system.fetch_targets import Target

#: The most of a file that is read by ranges: the directory of a large archive.
MOST_OF_RANGES = 32 << 20

# With it come the directory and the metadata of most wheels.
_FIRST = 1 << 15
_IN_MEMORY = 1 << 22
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})\Z")
#: Beyond it a server is at fault, and not the file.
MOST_SENT = LARGEST_FILE + MOST_READ
#: What is asked of a file: the bytes as they are.
PLAIN = {"Accept-Encoding": "identity"}


class NotThere(Unreadable):
    """A file that a page offers and the server does not have."""


class RemoteFile(io.RawIOBase):
    """A file of a server, to be read anywhere.

    :param digest: its SHA-256, or empty; only a whole file is compared.
    :param folder: for the file, where it comes whole.
    :raises NotThere: where the server has none.
    :raises OutsideError: where the server fails.
    """

    def __init__(
        self, client: Client, target: Target, digest: str, folder: str
    ) -> None:
        self._client = client
        self._target = target
        self._digest = digest
        self._folder = folder
        self._position = 0
        self._whole: IO[bytes] | None = None
        self._size = 0
        self._read = 0
        # The parts that are here, each from a position on.
        self._parts: list[tuple[int, bytes]] = []
        self._ask(f"bytes=-{_FIRST}")

    def close(self) -> None:
        """Forget what was read."""
        if self._whole is not None:
            self._whole.close()
        super().close()

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def seekable(self) -> bool:
        """Whether it can be read anywhere."""
        return True

    def tell(self) -> int:
        """The position of the next read."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position, which may be behind the end."""
        start = {io.SEEK_CUR: self._position, io.SEEK_END: self._size}
        position = start.get(whence, 0) + offset
        if position < 0:
            raise ValueError(f"{position} is before the start of the file")
        self._position = position
        return position

    def read(self, size: int = -1) -> bytes:
        """Read from the position on, and fetch what is not here.

        :raises Unreadable: where the server sends another part.
        :raises OutsideError: where the server fails.
        """
        start = self._position
        end = self._size if size < 0 else min(self._size, start + size)
        if start >= end:
            return b""
        data = self._between(start, end)
        self._position += len(data)
        return data

    def _between(self, start: int, end: int) -> bytes:
        part = self._known(start, end)
        if part is None:
            # The local header of a member is read before its content.
            self._ask(f"bytes={start}-{max(end, start + _FIRST) - 1}")
            part = self._known(start, end)
        if part is None:
            raise Unreadable("the server answers with another part of it")
        return part

    def _known(self, start: int, end: int) -> bytes | None:
        """What is here of a part; None where it is to be asked for."""
        if self._whole is not None:
            self._whole.seek(start)
            return self._whole.read(end - start)
        for position, part in self._parts:
            if position <= start and end <= position + len(part):
                return part[start - position : end - position]
        return None

    def _ask(self, span: str) -> None:
        """Read a part, or all of it where the server does not do ranges."""
        with self._client.get(
            self._target, {**PLAIN, "Range": span}, MOST_SENT
        ) as answer:
            if answer.status == 206:
                self._take_part(answer)
                return
            if answer.status == 200:
                self._take_whole(answer)
                return
            if answer.status != 416:
                refuse(answer)
        # Some servers know no range that counts from the end.
        with self._client.get(self._target, PLAIN, MOST_SENT) as answer:
            refuse(answer)
            self._take_whole(answer)

    def _take_part(self, answer: Answer) -> None:
        match = _RANGE.match(answer.headers.get("Content-Range", ""))
        if match is None:
            raise Unreadable("the server does not say which part it sends")
        start, end, self._size = map(int, match.groups())
        self._read += end + 1 - start
        if self._read > MOST_OF_RANGES:
            raise Unreadable(
                f"its directory is larger than {MOST_OF_RANGES} bytes"
            )
        data = bytearray()
        for part in answer.parts():
            data += part
            if len(data) > end + 1 - start:
                break
        if len(data) != end + 1 - start:
            raise Unreadable("the server sends another part than it says")
        self._parts.append((start, bytes(data)))

    def _take_whole(self, answer: Answer) -> None:
        whole = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - close() does
            _IN_MEMORY, dir=self._folder
        )
        self._whole = whole
        digest = hashlib.sha256()
        for part in answer.parts():
            whole.write(part)
            digest.update(part)
            if whole.tell() > LARGEST_FILE:
                raise Unreadable(
                    f"the server sends no part of it, and it is larger than "
                    f"{LARGEST_FILE} bytes"
                )
        self._size = whole.tell()
        if self._digest and digest.hexdigest() != self._digest:
            raise Unreadable("it is not the file that the index describes")


def refuse(answer: Answer) -> None:
    """Refuse an answer that is no file.

    :raises NotThere: where there is none.
    :raises OutsideError: where the server fails.
    """
    if answer.status in {404, 410}:
        raise NotThere("the package index does not have the file")
    if answer.status not in {200, 203}:
        raise answer.failure()
