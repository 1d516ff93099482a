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
"""Metadata is read out of archives that nobody trusts."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
import zipfile
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.install import archives
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

TEXT = b"Metadata-Version: 2.1\nName: a\nVersion: 1\n"
FILLER = b"x" * 200_000


def tar(members: Iterable[tuple[str, bytes | str]], form: int = 1) -> bytes:
    """A tar archive; a member whose content is text is a link to that."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for path, content in members:
            entry = tarfile.TarInfo(path)
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                archive.addfile(entry)
            else:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def zipped(
    members: Iterable[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED
) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for path, content in members:
            archive.writestr(path, content)
    return stream.getvalue()


def parts(data: bytes, size: int = 1000) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


#: What an archive has, and whether the text is found in it.
MEMBERS: list[tuple[list[tuple[str, bytes]], bool]] = [
    ([("a-1/PKG-INFO", TEXT)], True),
    ([("./a-1/PKG-INFO", TEXT)], True),
    ([("a-1/setup.py", FILLER), ("a-1/PKG-INFO", TEXT)], True),
    ([("a-1/PKG-INFO", TEXT), ("b-1/PKG-INFO", b"Name: b\n")], True),
    ([("a-1/a.egg-info/PKG-INFO", b"no"), ("a-1/PKG-INFO", TEXT)], True),
    ([("../PKG-INFO", TEXT)], False),
    ([("/PKG-INFO", TEXT)], False),
    ([("./PKG-INFO", TEXT)], False),
    ([("PKG-INFO", TEXT)], False),
    ([("a-1/a.egg-info/PKG-INFO", TEXT)], False),
    ([("a-1/../PKG-INFO", TEXT)], False),
    ([("a-1/pkg-info", TEXT)], False),
    ([], False),
]


class TestSdists(base.TestCase):
    def assert_unreadable(self, data: bytes, word: str) -> None:
        error = self.assertRaises(
            archives.Unreadable, archives.of_tar, parts(data)
        )
        self.assertIn(word, str(error))

    def test_what_is_taken(self) -> None:
        for members, is_there in MEMBERS:
            packed = tar(members)
            deflated = zipped(members, zipfile.ZIP_DEFLATED)
            readers: list[Callable[[], bytes]] = [
                partial(archives.of_tar, parts(gzip.compress(packed))),
                partial(
                    archives.of_tar, parts(bz2.compress(packed)), bzip2=True
                ),
                partial(archives.of_zip, io.BytesIO(deflated)),
            ]
            for read in readers:
                if is_there:
                    self.assertEqual(TEXT, read(), str(members))
                else:
                    error = self.assertRaises(archives.Unreadable, read)
                    self.assertIn("there is no PKG-INFO in it", str(error))

    def test_every_form_of_tar(self) -> None:
        long = f"a-1/{'folder/' * 40}file"
        for form in (
            tarfile.USTAR_FORMAT,
            tarfile.GNU_FORMAT,
            tarfile.PAX_FORMAT,
        ):
            members = [("a-1/PKG-INFO", TEXT)]
            if form != tarfile.USTAR_FORMAT:
                members.insert(0, (long, FILLER))
            data = gzip.compress(tar(members, form))
            self.assertEqual(TEXT, archives.of_tar(parts(data)))

    def test_a_link_is_not_followed(self) -> None:
        self.assert_unreadable(
            gzip.compress(tar([("a-1/PKG-INFO", "/etc/passwd")])),
            "there is no PKG-INFO",
        )

    def test_no_more_is_taken_than_is_needed(self) -> None:
        data = gzip.compress(
            tar([("a-1/PKG-INFO", TEXT), ("a-1/b", FILLER * 50)]), 0
        )
        taken = []

        def counted() -> Iterator[bytes]:
            for part in parts(data):
                taken.append(part)
                yield part

        self.assertEqual(TEXT, archives.of_tar(counted()))
        self.assertLess(len(taken), 10)

    def test_two_gzip_files_in_one(self) -> None:
        data = tar([("a-1/b", FILLER), ("a-1/PKG-INFO", TEXT)])
        half = len(data) // 2
        for compress, bzip2 in ((gzip.compress, False), (bz2.compress, True)):
            packed = compress(data[:half]) + compress(data[half:])
            self.assertEqual(TEXT, archives.of_tar(parts(packed), bzip2=bzip2))

    def test_what_is_damaged(self) -> None:
        packed = gzip.compress(
            tar([("a-1/b", FILLER), ("a-1/PKG-INFO", TEXT)])
        )
        self.assert_unreadable(packed[:100], "it ends too early")
        self.assert_unreadable(b"<html></html>", "it is damaged")
        self.assert_unreadable(b"", "it ends too early")
        self.assert_unreadable(gzip.compress(b"no tar" * 200), "no tar")
        cut = tar([("a-1/PKG-INFO", TEXT)])[:520]
        self.assert_unreadable(gzip.compress(cut), "ends within")

    def test_limits(self) -> None:
        self.patch(archives, "MOST_UNPACKED", 100_000)
        late = tar([("a-1/b", FILLER), ("a-1/PKG-INFO", TEXT)])
        self.assert_unreadable(gzip.compress(late), "first 100000 bytes")
        self.patch(archives, "MOST_MEMBERS", 3)
        many = [(f"a-1/{number}", b"") for number in range(5)]
        self.assert_unreadable(gzip.compress(tar(many)), "more than 3 members")
        error = self.assertRaises(
            archives.Unreadable, archives.of_zip, io.BytesIO(zipped(many))
        )
        self.assertIn("more than 3 members", str(error))
        self.patch(archives, "LARGEST_DATA", 1000)
        large = [("a-1/PKG-INFO", b"x" * 1001)]
        self.assert_unreadable(gzip.compress(tar(large)), "larger than 1000")
        error = self.assertRaises(
            archives.Unreadable, archives.of_zip, io.BytesIO(zipped(large))
        )
        self.assertIn("larger than 1000", str(error))

    def test_headers_are_limited(self) -> None:
        header = tarfile.TarInfo("././@PaxHeader")
        header.type, header.size = tarfile.XHDTYPE, 1 << 30
        block = header.tobuf(tarfile.USTAR_FORMAT)
        self.assert_unreadable(gzip.compress(block), "no tar archive")
        header.size = 0
        block = header.tobuf(tarfile.USTAR_FORMAT) * 5000
        self.assert_unreadable(gzip.compress(block), "no tar archive")


class TestWheels(base.TestCase):
    def of_wheel(self, data: bytes) -> bytes:
        return archives.of_wheel(io.BytesIO(data))

    def test_what_is_taken(self) -> None:
        members = [
            ("a/METADATA", b"no"),
            ("a/b.dist-info/METADATA", b"no"),
            ("a-1.dist-info/METADATA", TEXT),
        ]
        self.assertEqual(TEXT, self.of_wheel(zipped(members)))

    def test_what_is_not(self) -> None:
        path = "a-1.dist-info/METADATA"
        good = zipped([(path, TEXT)])
        locked = bytearray(good)
        for start in (6, good.index(b"PK\x01\x02") + 8):
            locked[start] |= 1  # says that a password is needed
        for data, word in (
            (zipped([("a/METADATA", TEXT)]), "there is no METADATA"),
            (zipped([(path, TEXT)], zipfile.ZIP_LZMA), "in another way"),
            (good[:-30], "no zip archive"),
            (good.replace(b"Name", b"name", 1), "damaged"),
            (bytes(locked), "damaged"),
            (b"", "no zip archive"),
        ):
            error = self.assertRaises(archives.Unreadable, self.of_wheel, data)
            self.assertIn(word, str(error))


class TestAnyBytes(base.TestCase):
    """Whatever the bytes are, there is metadata or this one error."""

    SEEDS = (
        gzip.compress(tar([("a-1/b", b"b"), ("a-1/PKG-INFO", TEXT)], 2)),
        tar([("a-1/" + "b" * 120, b"b"), ("a-1/PKG-INFO", TEXT)], 2),
        zipped([("a-1.dist-info/METADATA", TEXT), ("a-1/PKG-INFO", TEXT)]),
    )

    @given(
        st.sampled_from(SEEDS),
        st.lists(
            st.tuples(st.integers(0, 4000), st.binary(min_size=1, max_size=4)),
            max_size=5,
        ),
        st.integers(0, 4000),
    )
    def test_mutations(
        self, seed: bytes, edits: list[tuple[int, bytes]], cut: int
    ) -> None:
        data = bytearray(seed)
        for start, patch in edits:
            data[start : start + len(patch)] = patch
        changed = bytes(data[: max(cut, 10)])
        readers: list[Callable[[], bytes]] = [
            partial(archives.of_tar, parts(changed)),
            partial(archives.of_tar, parts(gzip.compress(changed, 0))),
            partial(archives.of_tar, parts(changed), bzip2=True),
            partial(archives.of_wheel, io.BytesIO(changed)),
            partial(archives.of_zip, io.BytesIO(changed)),
        ]
        for read in readers:
            try:
                self.assertIsInstance(read(), bytes)
            except archives.Unreadable as error:
                self.assertNotEqual("", str(error))
