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
"""System packages that are installed are not asked for."""

from __future__ import annotations

import os

import fixtures

from openstack_requirements.repository import system_packages
from openstack_requirements.tests import base

#: What dpkg-query prints, status 1, where a package is unknown to it.
DPKG = """\
installed libx-dev
config-files libold-dev
dpkg-query: no packages found matching libz-dev
"""
#: What rpm prints, status 1, where a package is missing.
RPM = """\
libx-devel
package libz-devel is not installed
"""


class TestNotInstalled(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        self.useFixture(fixtures.EnvironmentVariable("PATH", str(self.bin)))

    def tool(self, name: str, output: str, status: int = 1) -> None:
        """A tool that says this, and keeps the words it is started with."""
        self.write("words", "")
        self.write(f"{name}.out", output)
        path = self.write(
            f"bin/{name}",
            "#!/bin/sh\n"
            f'for word; do echo "$word" >> {self.folder}/words; done\n'
            f'while read -r line; do echo "$line"; done < '
            f"{self.folder}/{name}.out\n"
            f"exit {status}\n",
        )
        os.chmod(path, 0o755)

    def lacking(self, platform: str, *names: str) -> list[str]:
        return sorted(system_packages.not_installed(names, {platform}))

    def test_debian(self) -> None:
        self.tool("dpkg-query", DPKG)
        self.assertEqual(
            ["libold-dev", "libz-dev"],
            self.lacking("dpkg", "libx-dev", "libold-dev", "libz-dev"),
        )

    def test_rpm(self) -> None:
        self.tool("rpm", RPM)
        self.assertEqual(
            ["libz-devel"], self.lacking("rpm", "libx-devel", "libz-devel")
        )

    def test_all_are_installed(self) -> None:
        self.tool("dpkg-query", "installed gcc\n", 0)
        self.assertEqual([], self.lacking("dpkg", "gcc"))

    def test_names_are_no_options(self) -> None:
        self.tool("dpkg-query", "installed gcc\n", 0)
        names = ("gcc", "--admindir=/x", "-f=x", "a\0", "a\x1b")
        self.assertEqual(sorted(names[1:]), self.lacking("dpkg", *names))
        words = (self.folder / "words").read_text().splitlines()
        self.assertEqual(["--", "gcc"], words[-2:])
        self.assertNotIn("--admindir=/x", words)

    def test_what_cannot_be_asked(self) -> None:
        self.assertEqual(["gcc"], self.lacking("dpkg", "gcc"))
        self.tool("dpkg-query", "dpkg-query: error: no database\n", 2)
        self.assertEqual(["gcc"], self.lacking("dpkg", "gcc"))
        self.assertEqual(["gcc"], self.lacking("apk", "gcc"))
        self.assertEqual([], self.lacking("dpkg"))
        self.assert_nothing_left()
