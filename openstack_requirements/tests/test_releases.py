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
"""The metadata of releases, from the files of an index on loopback."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from typing import TYPE_CHECKING

import fixtures

from openstack_requirements.constraints.newer import Release
from openstack_requirements.errors import OutsideError
from openstack_requirements.install import (
    metadata,
    metadata_cache,
    releases,
    remote,
)
from openstack_requirements.install.installers import (
    configuration,
    pip_settings,
)
from openstack_requirements.system import children
from openstack_requirements.system.fetch import SILENCE, ClientSettings
from openstack_requirements.tests import base
from openstack_requirements.tests.loopback import Index

if TYPE_CHECKING:
    from openstack_requirements.install.installers.pip_settings import (
        IndexSettings,
    )

LARGE = {"large.txt": "x" * 300_000}
PKG_INFO = """\
Metadata-Version: {}
Name: a
Version: 1
{}Requires-Dist: b<2
Classifier: Programming Language :: Python :: 2

A description.
"""


class ReleasesTestCase(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.index = self.serve(Index())
        self.set("PIP_RETRIES", "0")
        if not isinstance(self, TestSettings):
            # Without the half of a second that pip takes to say it.
            self.patch(configuration, "pip_files", lambda _: ())
        self.before = set(os.listdir(self.temporary))

    def serve(self, index: Index) -> Index:
        self.useFixture(index).use()
        return index

    def set(self, name: str, value: str | None) -> None:
        self.useFixture(fixtures.EnvironmentVariable(name, value))

    def look_up(
        self, *pins: str, cache: str = "", jobs: int = 3
    ) -> list[Release | str]:
        keys = [metadata.key(*pin.split("==")) for pin in pins]
        answers = releases.look_up(
            keys,
            jobs,
            metadata_cache.MetadataCache(cache),
            lambda _who, _phase, _count: None,
        )
        return [answers[key] for key in keys]

    def one(self, pin: str) -> Release:
        (answer,) = self.look_up(pin)
        assert not isinstance(answer, str), answer
        return answer

    def why_not(self, pin: str) -> str:
        (answer,) = self.look_up(pin)
        assert isinstance(answer, str), answer
        return answer

    def fails(self, pin: str) -> str:
        return str(self.assertRaises(OutsideError, self.look_up, pin))

    def asked(self) -> list[str]:
        return [path for path in self.index.requests if "/files/" in path]


class TestWheels(ReleasesTestCase):
    def test_the_metadata_file(self) -> None:
        name = self.index.wheel(
            "A.b", "1.0", requires=["b"], requires_python=">=3"
        )
        answer = self.one("a-b==1")
        self.assertEqual(("METADATA", True), answer[1:])
        self.assertEqual(
            ("A.b", "1.0", ("b",), ">=3"), answer.distribution[:4]
        )
        self.assertEqual([f"/files/{name}.metadata"], self.asked())

    def test_ranges(self) -> None:
        self.index = self.serve(Index(metadata=False))
        name = self.index.wheel("a", "1", requires=["b"], files=LARGE)
        # Behind the metadata there is more than one request gets.
        self.index.wheel(
            "c",
            "1",
            files={"c-1.dist-info/METADATA": PKG_INFO, "x": "y" * 99_000},
        )
        self.assertEqual(("b",), self.one("a==1").distribution.requires)
        self.assertLess(self.index.sent[f"/files/{name}"], 70_000)
        self.index.requests.clear()
        self.assertIn("of another version", self.why_not("c==1"))
        self.assertEqual(2, len(self.asked()))

    def test_a_server_without_ranges(self) -> None:
        self.index = self.serve(Index(metadata=False, ranges=False))
        name = self.index.wheel("a", "1", requires=["b"], files=LARGE)
        self.assertEqual(("b",), self.one("a==1").distribution.requires)
        self.assertEqual([f"/files/{name}"], self.asked())
        self.patch(remote, "LARGEST_FILE", 200_000)
        self.assertIn("it is larger than 200000 bytes", self.why_not("a==1"))

    def test_ranges_are_limited(self) -> None:
        self.index = self.serve(Index(metadata=False))
        self.index.wheel("a", "1", files=LARGE)
        self.patch(remote, "MOST_OF_RANGES", 40_000)
        self.assertIn("its directory is larger", self.why_not("a==1"))

    def test_a_metadata_file_that_cannot_be_used(self) -> None:
        name = self.index.wheel("a", "1", requires=["b"])
        page = json.dumps(
            {
                "files": [
                    {
                        "filename": name,
                        "url": f"/files/{name}",
                        "core-metadata": {"sha256": "0" * 64},
                    }
                ]
            }
        ).encode()
        self.set("PIP_INDEX_URL", f"{self.index.url}../json")
        self.index.page("/json/a/", page, "application/json")
        self.assertEqual(("b",), self.one("a==1").distribution.requires)
        for status in (404, 403):
            self.index.error(f"{name}.metadata", status)
            self.assertEqual(("b",), self.one("a==1").distribution.requires)
        self.index.error(f"{name}.metadata", 500)
        self.assertIn("HTTP 500", self.fails("a==1"))

    def test_an_sdist_where_the_wheel_is_damaged(self) -> None:
        self.index.truncate(self.index.wheel("a", "1"))
        self.assertEqual(
            "a-1-py2.py3-none-any.whl: it is no zip archive, or damaged",
            self.why_not("a==1"),
        )
        self.index.sdist("a", "1", fail="it must not be built")
        self.assertEqual("PKG-INFO", self.one("a==1").source)

    def test_metadata_of_another_version(self) -> None:
        self.index.wheel("a", "1", metadata_name="b")
        self.assertIn("of another version", self.why_not("a==1"))
        self.index.offer("c", "c-1-py3-none-any.whl", b"", metadata=b"Name: c")
        self.assertIn("has no name or version", self.why_not("c==1"))


class TestSdists(ReleasesTestCase):
    def test_pkg_info(self) -> None:
        for version, dynamic, binding in (
            ("1.2", "", False),
            ("2.1", "", False),
            ("2.2", "", True),
            ("2.4", "Dynamic: License-File\n", True),
            ("2.2", "Dynamic: REQUIRES-DIST\n", False),
            ("x", "", False),
        ):
            name = self.index.sdist(
                "a",
                "1",
                fail="it must not be built",
                pkg_info=PKG_INFO.format(version, dynamic),
            )
            answer = self.one("a==1")
            self.assertEqual(("PKG-INFO", binding), answer[1:], version)
            self.assertEqual(("b<2",), answer.distribution.requires)
            self.index.remove(name)

    def test_zip(self) -> None:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("a-1/PKG-INFO", PKG_INFO.format("1.0", ""))
            archive.writestr("a-1/large", "x" * 300_000)
        name = self.index.offer("a", "a-1.zip", stream.getvalue())
        self.assertEqual(("b<2",), self.one("a==1").distribution.requires)
        self.assertLess(self.index.sent[f"/files/{name}"], 70_000)

    def test_bzip2(self) -> None:
        stream = io.BytesIO()
        text = PKG_INFO.format("1.0", "").encode()
        with tarfile.open(fileobj=stream, mode="w:bz2") as archive:
            entry = tarfile.TarInfo("a-1/PKG-INFO")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
        self.index.offer("a", "a-1.tar.bz2", stream.getvalue())
        self.assertEqual(("b<2",), self.one("a==1").distribution.requires)

    def test_requires_python_of_the_page(self) -> None:
        name = self.index.sdist("a", "1", pkg_info=PKG_INFO.format("1.1", ""))
        self.index._files[name].requires_python = ">=2.7"
        self.assertEqual(">=2.7", self.one("a==1").distribution[3])


class TestIndexes(ReleasesTestCase):
    def test_html_alone(self) -> None:
        self.index = self.serve(Index(json=False))
        self.index.wheel("a", "1")
        self.assertEqual("METADATA", self.one("a==1").source)

    def test_a_server_that_knows_no_json(self) -> None:
        name = self.index.wheel("a", "1")
        link = f'<a href="/files/{name}">a</a>'.encode()
        self.index.page("/old/a/", link, "text/html", only_html=True)
        self.set("PIP_INDEX_URL", f"{self.index.url}../old/")
        self.assertEqual("METADATA", self.one("a==1").source)

    def test_no_page(self) -> None:
        self.index.page("/simple/a/", b"[]", "application/json")
        self.assertIn("is no page of a package index", self.fails("a==1"))
        self.assertEqual(
            "the package index has no such version", self.why_not("b==1")
        )

    def test_a_page_leads_to_no_local_file(self) -> None:
        path = self.folder / "a-1.tar.gz"
        path.write_bytes(b"secret")
        for url in (path.as_uri(), "ftp://x/a-1.tar.gz"):
            content = f'<a href="{url}">a</a>'.encode()
            self.index.page("/simple/a/", content, "text/html")
            reason = self.why_not("a==1")
            self.assertIn("a server offers a local file", reason)
        content = b'<a href="//[/a-1.tar.gz">a</a>'
        self.index.page("/simple/a/", content, "text/html")
        self.assertIn("no such version", self.why_not("a==1"))

    def test_a_wheel_of_any_index_before_an_sdist(self) -> None:
        self.index.sdist("a", "1")
        self.index.sdist("b", "1")
        more = self.useFixture(Index())
        more.wheel("a", "1.0")
        self.set("UV_DEFAULT_INDEX", None)
        self.set("PIP_EXTRA_INDEX_URL", f"{more.url} {more.url}")
        answers = self.look_up("a==1", "b==1")
        self.assertEqual(
            ["METADATA", "PKG-INFO"], [answer[1] for answer in answers]
        )

    def test_folders(self) -> None:
        self.set("UV_DEFAULT_INDEX", None)
        wheel = self.index.wheel("a", "1")
        content = self.index._files[wheel].content
        for place, index in (("links", 0), ("page", 0), ("simple/a", 1)):
            folder = self.folder / place
            folder.mkdir(parents=True)
            (folder / wheel).write_bytes(content)
            if place != "links":
                page = f'<a href="{wheel}">a</a>'
                (folder / "index.html").write_text(page, encoding="utf-8")
            root = folder.parent if index else folder
            for text in (str(root), root.as_uri()):
                self.set("PIP_NO_INDEX", None if index else "1")
                name = "PIP_INDEX_URL" if index else "PIP_FIND_LINKS"
                self.set(name, text)
                self.assertEqual("METADATA", self.one("a==1").source, text)
        self.set("PIP_NO_INDEX", "true")
        for text in (
            f"{self.folder}/links/{wheel}",
            f"{self.index.url}a",
            f"{self.index.url}../files/{wheel}",
        ):
            self.set("PIP_FIND_LINKS", text)
            self.assertEqual("METADATA", self.one("a==1").source, text)
        self.set("PIP_FIND_LINKS", "/nonexistent")
        self.assertIn("no such version", self.why_not("a==1"))
        self.set("PIP_FIND_LINKS", "http://[")
        self.assertIn("is no URL of a package index", self.fails("a==1"))

    def test_credentials(self) -> None:
        self.index.wheel("a", "1")
        self.index.account = ("name", "p:w")
        self.assertIn("HTTP 401", self.fails("a==1"))
        self.set(
            "PIP_INDEX_URL", self.index.url.replace("//", "//name:p%3Aw@")
        )
        self.assertEqual("METADATA", self.one("a==1").source)

    def test_what_fails(self) -> None:
        name = self.index.wheel("a", "1")
        self.index.error("a", 500)
        self.assertIn("HTTP 500", self.fails("a==1"))
        self.set("PIP_RETRIES", "1")
        before = len(self.index.requests)
        self.fails("a==1")
        self.assertEqual(2, len(self.index.requests) - before)
        self.set("PIP_RETRIES", "0")
        self.set("PIP_TIMEOUT", "0.2")
        self.index.hang("b")
        self.assertIn("timed out", self.fails("b==1"))
        self.index.wheel("c", "1")
        self.index.error("c-1-py2.py3-none-any.whl.metadata", 404)
        self.index.error("c-1-py2.py3-none-any.whl", 410)
        self.assertIn("does not have the file", self.why_not("c==1"))
        self.assertNotIn(name, str(self.asked()))

    def test_all_at_once(self) -> None:
        names = [f"a{number}" for number in range(40)]
        for name in names:
            self.index.wheel(name, "1")
        pins = [f"{name}==1" for name in names]
        for jobs in (1, 8, 100):
            answers = self.look_up(*pins, "b==1", jobs=jobs)
            self.assertEqual(
                [*names, "the package index has no such version"],
                [
                    answer if isinstance(answer, str) else answer[0].name
                    for answer in answers
                ],
            )
        self.assert_nothing_left()


class TestCache(ReleasesTestCase):
    def test_what_is_kept(self) -> None:
        self.index.wheel("a", "1", requires=["b"])
        folder = str(self.folder / "cache")
        first = self.look_up("a==1", cache=folder)
        self.assertEqual(1, len(self.asked()))
        self.assertEqual(first, self.look_up("a==1", cache=folder))
        self.assertEqual(1, len(self.asked()))
        # What is damaged or cut off counts as absent.
        (path,) = (self.folder / "cache").rglob("??/*")
        for data in (path.read_bytes()[:-1], b"", b"x\ny"):
            path.write_bytes(data)
            before = len(self.asked())
            self.assertEqual(first, self.look_up("a==1", cache=folder))
            self.assertEqual(1, len(self.asked()) - before)

    def test_its_size(self) -> None:
        cache = metadata_cache.MetadataCache(str(self.folder / "cache"))
        digests = [f"{number:064x}" for number in range(5)]
        for number, digest in enumerate(digests):
            cache.put(digest, b"text")
            path = self.folder / "cache" / digest[:2] / digest[2:]
            os.utime(path, (number, number))
        cache.prune(2)
        kept = [digest for digest in digests if cache.get(digest) == b"text"]
        self.assertEqual(digests[3:], kept)

    def test_what_cannot_be_kept(self) -> None:
        for folder in ("", self.write("file", "x")):
            cache = metadata_cache.MetadataCache(folder)
            cache.put("0" * 64, b"x")
            self.assertIsNone(cache.get("0" * 64))
            cache.prune(0)
        cache = metadata_cache.MetadataCache(str(self.folder / "cache"))
        for digest in ("", "../" * 21 + "x", "A" * 64, "0" * 65):
            cache.put(digest, b"x")
            self.assertIsNone(cache.get(digest))
        self.assertFalse((self.folder / "cache").exists())

    def test_the_default_folder(self) -> None:
        self.set("HOME", "/home/a")
        for value, folder in (
            ("/b", "/b"),
            ("relative", "/home/a/.cache"),
            (None, "/home/a/.cache"),
        ):
            self.set("XDG_CACHE_HOME", value)
            self.assertEqual(
                f"{folder}/openstack-requirements/metadata",
                metadata_cache.default_folder(),
            )


class TestSettings(ReleasesTestCase):
    def read(self) -> IndexSettings:
        with children.of_job("test") as started:
            return pip_settings.read(started)

    def test_variables(self) -> None:
        self.set("PIP_EXTRA_INDEX_URL", "http://b/ http://c/\nhttp://b/")
        self.set("PIP_FIND_LINKS", "relative /absolute")
        self.set("PIP_TRUSTED_HOST", "b c:80")
        self.set("PIP_CERT", "/cert")
        self.set("PIP_CLIENT_CERT", "/client")
        self.set("PIP_PROXY", "http://p:1")
        self.set("PIP_DEFAULT_TIMEOUT", "7")
        self.set("PIP_RETRIES", "2")
        settings = self.read()
        self.assertEqual(
            (self.index.url, "http://b/", "http://c/"), settings.indexes
        )
        self.assertEqual(
            (f"{os.getcwd()}/relative", "/absolute"), settings.find_links
        )
        self.assertEqual(
            ClientSettings(
                "/cert",
                "/client",
                "http://p:1",
                frozenset(("b", "c:80")),
                7.0,
                2,
            ),
            settings.client,
        )

    def test_files(self) -> None:
        path = self.write(
            "pip.conf",
            "[global]\nindex-url = http://a/\ntimeout = 9\n"
            "[install]\nextra-index-url =\n  http://b/\n  http://c/\n",
        )
        self.set("PIP_CONFIG_FILE", path)
        self.set("PIP_INDEX_URL", None)
        self.set("PIP_RETRIES", "-1")
        settings = self.read()
        self.assertEqual(
            ("http://a/", "http://b/", "http://c/"), settings.indexes
        )
        self.assertEqual((9, pip_settings.RETRIES), settings.client[-2:])

    def test_no_numbers(self) -> None:
        for text in ("x", "-1", "nan", "inf", "", "1e99"):
            self.set("PIP_TIMEOUT", text)
            self.set("PIP_RETRIES", text)
            self.assertEqual(
                (SILENCE, pip_settings.RETRIES),
                self.read().client[-2:],
                text,
            )
        self.set("PIP_INDEX_URL", None)
        self.set("PIP_TIMEOUT", "x")
        self.set("PIP_RETRIES", "1")
        error = self.assertRaises(OutsideError, self.read)
        self.assertIn("option timeout: invalid", str(error))

    def test_the_default(self) -> None:
        self.set("PIP_INDEX_URL", None)
        (index,) = self.read().indexes
        self.assertTrue(index.startswith("https://"), index)
        self.assertTrue(index.endswith("/simple"), index)
        self.set("PIP_NO_INDEX", "1")
        self.assertEqual((), self.read().indexes)
