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
"""What a second run of generate-constraints downloads: next to nothing."""

from __future__ import annotations

import collections
import os
import sys

import fixtures

from openstack_requirements.install.installers import uv_lock
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.tests.loopback import Index
from openstack_requirements.tests.test_generate import GenerateTestCase

#: What makes a wheel heavier than all pages and metadata together.
HEAVY = {"heavy.txt": "x" * 300_000}

ANNOTATED = """\
Zope.Interface==1.0
    # from https://one.example/simple
two==2.0 ; python_version >= "3"
    # from http://two.example/simple/
folder==3.0
    # from file:///somewhere/simple
links==4.0
    # from /somewhere/wheels
nowhere==5.0
"""


class TestSecondRun(GenerateTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.more = self.useFixture(Index())
        self.before = set(os.listdir(self.temporary))
        for index in (self.index, self.more):
            index.lasting = True
        self.index.wheel("a", "1.0", requires=["b", "c"], files=HEAVY)
        self.index.wheel("b", "1.0", files=HEAVY)
        self.index.sdist("c", "1.0")
        self.list = self.requirements("a")

    def files(self, *argv: str) -> collections.Counter[str]:
        """How many bytes of each file a run downloads."""
        self.index.sent.clear()
        self.good("-p", sys.executable, "-r", self.list, *argv)
        return collections.Counter(
            {
                path: size
                for path, size in self.index.sent.items()
                if path.startswith("/files/")
            }
        )

    def assert_nothing_again(self, *argv: str) -> None:
        self.assertGreater(self.files(*argv).total(), 600_000)
        self.assertEqual({}, dict(self.files(*argv)))

    def test_in_one_step(self) -> None:
        self.assert_nothing_again("--installer", "uv")

    def test_in_two_steps(self) -> None:
        self.assert_nothing_again("--installer", "uv", "--keep-going")

    def test_where_nothing_says_how_long_files_are_good(self) -> None:
        for index in (self.index, self.more):
            index.lasting = False
        for more in (("--keep-going",), ("--no-install", "--keep-going")):
            self.files("--installer", "uv", *more)
            again = self.files("--installer", "uv", *more)
            self.assertEqual(
                [], [path for path in again if path.endswith(".whl")]
            )

    def test_with_earlier_pins(self) -> None:
        old = self.write("old.txt", "a===1.0\n")
        self.assert_nothing_again("--installer", "uv", "--previous", old)

    def test_each_of_several_indexes(self) -> None:
        self.more.wheel("b", "1.0", files=HEAVY)
        for name in ("UV_INDEX", "PIP_EXTRA_INDEX_URL"):
            self.useFixture(fixtures.EnvironmentVariable(name, self.more.url))
        self.assertGreater(self.files("--keep-going").total(), 300_000)
        self.more.sent.clear()
        self.assertEqual({}, dict(self.files("--keep-going")))
        self.assertEqual(
            [], [path for path in self.more.sent if path.startswith("/files/")]
        )

    def test_an_index_with_an_account(self) -> None:
        self.index.account = ("me", "secret")
        url = self.index.url.replace("//", "//me:secret@")
        os.environ["UV_DEFAULT_INDEX"] = url
        self.assert_nothing_again("--installer", "uv", "--keep-going")


class TestLock(GenerateTestCase):
    def test_the_index_of_each_pin(self) -> None:
        self.assertEqual(
            {
                "zope-interface": "https://one.example/simple",
                "two": "http://two.example/simple/",
            },
            uv_lock.indexes_of(ANNOTATED),
        )

    def test_only_what_is_from_an_index_has_one(self) -> None:
        document = {
            "lock-version": "1.0",
            "packages": [
                {"name": "Zope.Interface", "version": "1.0"},
                {"name": "two", "version": "2", "index": "as it is"},
                {"name": "folder", "version": "3.0"},
                {"name": "left-out", "version": "3.0"},
            ],
        }
        wanted = uv_lock.to_install(
            document,
            uv_lock.indexes_of(ANNOTATED),
            {canonical_name("left-out")},
        )
        self.assertEqual(
            ["https://one.example/simple", "as it is", None],
            [package.get("index") for package in wanted["packages"]],
        )
        self.assertEqual("1.0", wanted["lock-version"])
