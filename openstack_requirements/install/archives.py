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
"""Reads core metadata out of wheels and sdists, which are not trusted.

Nothing is extracted and nothing is run: an archive is read as a stream, up to
limits, and of all its members only the one with the metadata is looked at.
"""

from __future__ import annotations

import contextlib
import io
import posixpath
from typing import IO, TYPE_CHECKING

from openstack_requirements.system.files import LARGEST_DATA

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The most of an sdist that is unpacked before its PKG-INFO comes.
MOST_UNPACKED = 512 << 20
#: The most members of an archive.
MOST_MEMBERS = 100_000
#: The most that a header of a tar archive may have, its long names included.
LARGEST_HEADER = 1 << 20

_PART = 1 << 16


class Unreadable(Exception):
    """An archive without metadata that can be read; the text says why."""


def of_wheel(file: IO[bytes]) -> bytes:
    """The METADATA of a wheel (PEP 427), its headers and its description.

    :param file: a file that can be read anywhere.
    :raises Unreadable: where it is no wheel with metadata.
    """
    return _member(file, ".dist-info", "METADATA")


def of_zip(file: IO[bytes]) -> bytes:
    """The PKG-INFO of an sdist that is a zip archive.

    :param file: a file that can be read anywhere.
    :raises Unreadable: where it has none.
    """
    return _member(file, "", "PKG-INFO")


def of_tar(parts: Iterator[bytes], *, bzip2: bool = False) -> bytes:
    """The PKG-INFO of an sdist that is a compressed tar archive.

    :param parts: the archive. No more of it is taken than is needed.
    :raises Unreadable: where it has none.
    """
    import tarfile

    stream = _Stream(_bunzipped(parts) if bzip2 else _gunzipped(parts))
    try:
        archive = tarfile.TarFile(fileobj=stream)
        for _ in range(MOST_MEMBERS):
            member = archive.next()
            if member is None:
                raise Unreadable("there is no PKG-INFO in it")
            if member.isreg() and _is_wanted(member.name, "", "PKG-INFO"):
                return stream.content(member.offset_data, member.size)
            # It would remember them all.
            archive.members = []  # type: ignore[attr-defined]
    except (
        tarfile.TarError,
        ValueError,
        OverflowError,
        RecursionError,  # headers of headers of headers
    ) as error:
        raise Unreadable("it is no tar archive, or damaged") from error
    raise Unreadable(f"it has more than {MOST_MEMBERS} members")


def _is_wanted(path: str, end: str, name: str) -> bool:
    """Whether a member is a file of this name in a folder at the top."""
    parts = path.removeprefix("./").split("/")
    return (
        len(parts) == 2
        and parts[1] == name
        and parts[0].endswith(end)
        and parts[0] not in {"", posixpath.curdir, posixpath.pardir}
    )


def _member(file: IO[bytes], end: str, name: str) -> bytes:
    """A file in a folder at the top of a zip archive."""
    import struct
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise Unreadable(f"it has more than {MOST_MEMBERS} members")
            wanted = [
                member
                for member in members
                if _is_wanted(member.filename, end, name)
            ]
            if not wanted:
                raise Unreadable(f"there is no {name} in it")
            if wanted[0].compress_type not in {
                zipfile.ZIP_STORED,
                zipfile.ZIP_DEFLATED,
            }:
                raise Unreadable(f"its {name} is compressed in another way")
            if wanted[0].file_size > LARGEST_DATA:
                raise Unreadable(_too_large(name))
            with archive.open(wanted[0]) as content:
                # The archive may say less than there is.
                data = content.read(LARGEST_DATA + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        OSError,  # it leads to where no file is
        RuntimeError,  # a password, or a version that Python does not know
        ValueError,
        OverflowError,
    ) as error:
        raise Unreadable("it is no zip archive, or damaged") from error
    if len(data) > LARGEST_DATA:
        raise Unreadable(_too_large(name))
    return data


def _too_large(name: str) -> str:
    return f"its {name} is larger than {LARGEST_DATA} bytes"


class _Stream(io.RawIOBase):
    """A file that can be read once, forward, and never much at a time.

    tarfile reads a header of any size whole. It asks for what it wants with
    seek and read, of which seek leads forward only.
    """

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._unpacked = b""
        self._position = 0
        self._most = LARGEST_HEADER

    def content(self, start: int, size: int) -> bytes:
        """The content of a member."""
        if size > LARGEST_DATA:
            raise Unreadable(_too_large("PKG-INFO"))
        self.seek(start)
        self._most = LARGEST_DATA
        data = self.read(size)
        if len(data) < size:
            raise Unreadable("it ends within its PKG-INFO")
        return data

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or offset < self._position:
            raise Unreadable("it is no tar archive, or damaged")
        while self._position < offset and self._fill():
            self._take(offset - self._position)
        return self._position

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self._most:
            raise Unreadable("it is no tar archive, or damaged")
        data = bytearray()
        while len(data) < size and self._fill():
            data += self._take(size - len(data))
        return bytes(data)

    def _fill(self) -> bool:
        """Whether there is something to take."""
        while not self._unpacked:
            part = next(self._parts, None)
            if part is None:
                return False
            self._unpacked = part
        return True

    def _take(self, size: int) -> bytes:
        taken, self._unpacked = self._unpacked[:size], self._unpacked[size:]
        self._position += len(taken)
        if self._position > MOST_UNPACKED:
            raise Unreadable(
                f"there is no PKG-INFO in its first {MOST_UNPACKED} bytes"
            )
        return taken


def _gunzipped(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The content of a gzip file, in parts of limited size."""
    import zlib

    unpacker = zlib.decompressobj(wbits=31)
    with _as_damaged(zlib.error):
        for part in parts:
            data = part
            while data:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(wbits=31)
                yield unpacker.decompress(data, _PART)
                data = unpacker.unconsumed_tail or unpacker.unused_data
        while not unpacker.eof and (more := unpacker.decompress(b"", _PART)):
            yield more
    if not unpacker.eof:
        raise Unreadable("it ends too early")


def _bunzipped(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The content of a bzip2 file, in parts of limited size."""
    import bz2

    unpacker = bz2.BZ2Decompressor()
    with _as_damaged(OSError, EOFError):
        for part in parts:
            data = part
            while data or not (unpacker.needs_input or unpacker.eof):
                yield unpacker.decompress(data, _PART)
                data = b""
                if unpacker.eof and unpacker.unused_data:
                    data = unpacker.unused_data
                    unpacker = bz2.BZ2Decompressor()
    if not unpacker.eof:
        raise Unreadable("it ends too early")


@contextlib.contextmanager
def _as_damaged(*errors: type[Exception]) -> Iterator[None]:
    """Say of an archive that it is damaged, in place of such an error."""
    try:
        yield
    except errors as error:
        raise Unreadable("it is damaged") from error
