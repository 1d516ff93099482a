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
"""How long pages of an index are kept; see installers.uv_pages."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import fixtures

from openstack_requirements.install import freezer
from openstack_requirements.install.installation import Order
from openstack_requirements.install.installers import uv_command, uv_pages
from openstack_requirements.install.installers.uv_pages import Silence
from openstack_requirements.manifests.toml_positions import loads
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.system import children
from openstack_requirements.tests import base
from openstack_requirements.tests.loopback import Index
from openstack_requirements.tests.test_generate import (
    GenerateTestCase,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMES = [canonical_name("a")]
METADATA = "/files/a-1.0-py2.py3-none-any.whl.metadata"
ALL = Silence(pages=True, files=True)
NOTHING = Silence()


class KeptPagesTestCase(GenerateTestCase):
    """uv reads its configuration here, and the index says nothing."""

    def setUp(self) -> None:
        super().setUp()
        self.variable("UV_NO_CONFIG", None)
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"):
            self.variable(name, str(self.folder / "nothing"))
        self.index.freshness = {}
        self.index.wheel("a", "1.0", requires=["b"])
        self.index.wheel("b", "1.0")

    def variable(self, name: str, value: str | None) -> None:
        self.useFixture(fixtures.EnvironmentVariable(name, value))

    def config(self, content: str) -> str:
        """Make uv read a configuration of the user."""
        path = Path(os.environ["XDG_CONFIG_HOME"], "uv", "uv.toml")
        path.parent.mkdir(parents=True)
        path.write_text(content)
        return str(path)

    def kept(self, project: str = "") -> Silence:
        with children.of_job("test") as started:
            empty = Path(started.empty, "uv.toml")
            result = uv_pages.keep(started, NAMES, project)
            self.assertEqual(any(result), bool(empty.read_text()))
            self.assertEqual({}, started.told)
            return result


class TestSecondRun(KeptPagesTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.list = self.requirements("a", "b")

    def asked(self, *argv: str) -> list[str]:
        """What a run asks the index for."""
        self.index.requests.clear()
        self.good("-p", sys.executable, "-r", self.list, *argv)
        return sorted(self.index.requests)

    def test_where_the_index_says_nothing(self) -> None:
        for number, option in enumerate(("", "--keep-going", "--no-install")):
            folder = str(self.folder / f"cache{number}")
            self.variable("UV_CACHE_DIR", folder)
            more = [option] if option else []
            first = self.asked(*more)
            self.assertIn("/simple/b/", first, option)
            self.assertIn(METADATA.replace("a-", "b-"), first, option)
            # What tells whether the index says something.
            self.assertEqual([METADATA, "/simple/a/"], self.asked(*more))

    def test_where_it_says_something(self) -> None:
        for number, headers in enumerate(
            (
                {"Cache-Control": "no-cache"},
                {"Cache-Control": "no-cache", "ETag": '"1"'},
            )
        ):
            self.index.freshness = headers
            self.variable("UV_CACHE_DIR", str(self.folder / f"cache{number}"))
            self.assertIn("/simple/b/", self.asked())
            self.assertIn("/simple/b/", self.asked())

    def test_the_result_and_the_freeze_are_the_same(self) -> None:
        results: list[tuple[list[str], str]] = []
        for headers in ({}, {"Cache-Control": "no-cache"}):
            self.index.freshness = headers
            folder = self.folder / f"freezes{len(results)}"
            lines = self.good(
                *("-p", sys.executable, "-r", self.list),
                *("--keep-going", "--freeze-dir", str(folder)),
            )
            (path,) = folder.glob("*.json")
            results.append((lines, path.read_text()))
        self.assertEqual(results[0], results[1])

    def test_an_account_stays_secret(self) -> None:
        self.index.account = ("me", "secret")
        url = self.index.url.replace("//", "//me:secret@")
        self.variable("UV_DEFAULT_INDEX", url)
        folder = self.folder / "freezes"
        more = ("--freeze-dir", str(folder))
        self.asked(*more)
        self.assertEqual([METADATA, "/simple/a/"], self.asked(*more))
        (path,) = folder.glob("*.json")
        self.assertNotIn("secret", path.read_text())
        self.assertIn("UV_DEFAULT_INDEX", path.read_text())


class TestKeep(KeptPagesTestCase):
    def test_one_page_and_one_file_decide(self) -> None:
        self.assertEqual(ALL, self.kept())
        self.assertEqual(["/simple/a/", METADATA], self.index.requests)
        for header in ("Cache-Control", "ETag", "Expires", "Last-Modified"):
            self.index.freshness = {header: "something"}
            self.assertEqual(NOTHING, self.kept(), header)

    def test_pages_and_files_may_differ(self) -> None:
        self.index.lasting = True
        self.assertEqual(Silence(pages=True), self.kept())

    def test_an_index_without_metadata_files(self) -> None:
        index = self.useFixture(Index(metadata=False, json=False))
        index.freshness = {}
        index.sdist("a", "1.0")
        index.wheel("a", "0.9")
        self.variable("UV_DEFAULT_INDEX", index.url)
        self.assertEqual(ALL, self.kept())
        self.assertEqual(
            METADATA[:-9].replace("1.0", "0.9"), index.requests[1]
        )
        # Of the file one byte is sent.
        self.assertEqual(1, index.sent[index.requests[1]])

    def test_an_index_that_fails_or_has_none_of_the_names(self) -> None:
        self.index.error("a")
        self.assertEqual(NOTHING, self.kept())
        self.index.remove("a-1.0-py2.py3-none-any.whl")
        self.assertEqual(NOTHING, self.kept())

    def test_what_is_no_page(self) -> None:
        self.index.page(
            "/simple/a/", b"no", "application/vnd.pypi.simple.v1+json"
        )
        self.assertEqual(NOTHING, self.kept())

    def test_the_next_name_where_the_index_lacks_one(self) -> None:
        with children.of_job("test") as started:
            names = map(canonical_name, ("gone", "lost", "a"))
            self.assertEqual(ALL, uv_pages.keep(started, names))

    def test_what_uv_is_told(self) -> None:
        expected = [
            {
                "url": "https://a.example",
                "default": True,
                "cache-control": {"files": "max-age=600"},
            }
        ]
        text = uv_pages.to_toml("https://a.example", Silence(files=True))
        self.assertEqual(expected, loads(text)["index"])

    def test_only_the_user_can_read_it(self) -> None:
        url = self.index.url.replace("//", "//me:secret@")
        self.variable("UV_DEFAULT_INDEX", url)
        with children.of_job("test") as started:
            self.assertEqual(ALL, uv_pages.keep(started, NAMES))
            path = Path(started.empty, "uv.toml")
            self.assertIn("secret", path.read_text())
            self.assertEqual(0o600, path.stat().st_mode & 0o777)
            self.assertEqual("", started.variable("UV_DEFAULT_INDEX"))

    def test_what_a_person_configured_counts(self) -> None:
        self.assertEqual(ALL, self.kept())
        for name, value in (
            ("UV_NO_CONFIG", "1"),
            ("UV_OFFLINE", "1"),
            ("UV_CONFIG_FILE", self.write("some.toml", "")),
            ("UV_DEFAULT_INDEX", f"named={self.index.url}"),
            ("UV_DEFAULT_INDEX", f"file://{self.folder}"),
        ):
            with fixtures.EnvironmentVariable(name, value):
                self.assertEqual(NOTHING, self.kept(), name)
        self.assertEqual(NOTHING, self.kept(str(self.folder)))

    def test_files_that_describe_no_index(self) -> None:
        self.config('[pip]\nprerelease = "allow"\n')
        self.assertEqual(ALL, self.kept())

    def test_files_that_describe_an_index(self) -> None:
        path = self.config("")
        for content in (
            f'index-url = "{self.index.url}"\n',
            f'[pip]\nindex-url = "{self.index.url}"\n',
            f'[[index]]\nurl = "{self.index.url}"\n',
            "no-index = true\n",
            "offline = true\n",
        ):
            Path(path).write_text(content)
            self.assertEqual(NOTHING, self.kept(), content)

    def test_it_can_be_left_out(self) -> None:
        request = freezer.FreezeRequest(
            [sys.executable],
            Order(["a\n"], resolve_only=True),
            *("uv", 1, None),
        )
        asked: list[list[str]] = []

        def keep(_: object, names: Iterable[str], project: str) -> None:
            asked.append([*names, project])

        self.patch(uv_pages, "keep", keep)
        for wanted in (False, True):
            freezer.make(
                request._replace(keep_pages=wanted),
                lambda *_: None,
            )
        self.assertEqual([["a", ""]], asked)


class TestDefaultIndex(base.TestCase):
    def test_uv_says_it(self) -> None:
        with children.of_job("test") as started:
            self.assertRegex(
                uv_command.default_index(started), r"\Ahttps://[^<>]+\Z"
            )
