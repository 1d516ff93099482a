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
"""The toolkit as a tool of a user's own: ``uv tool install``.

Only where OPENSTACK_REQUIREMENTS_LIVE is set: the toolkit is built and
installed with what it requires from the package index.
"""

from __future__ import annotations

import os
import subprocess
import sys

from openstack_requirements.tests import base
from openstack_requirements.tests.test_live import VARIABLE
from openstack_requirements.tests.test_repository import entries


class TestUvTool(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if not os.environ.get(VARIABLE):
            self.skipTest(f"{VARIABLE} is not set")
        self.home = self.folder / "home"
        self.home.mkdir()
        cache = self.output(sys.executable, "-m", "uv", "cache", "dir")
        kept = {
            name: value
            for name, value in os.environ.items()
            # Where tools are is the business of this test.
            if not name.startswith(("UV_TOOL_", "XDG_"))
        }
        self.environment = {
            **kept,
            "HOME": str(self.home),
            "UV_CACHE_DIR": cache.strip(),
        }

    def output(self, *command: str, **settings: dict[str, str]) -> str:
        done = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            check=False,
            cwd=self.folder,
            env=settings.get("env"),
        )
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def test_install(self) -> None:
        # A build leaves files where its source is, and asks git for it.
        source = str(self.folder / "source")
        self.output("git", "clone", "-q", str(base.ROOT), source)
        self.output(
            *(sys.executable, "-m", "uv", "tool", "install", "--quiet"),
            *("--python", sys.executable, f"{source}[completion]"),
            env=self.environment,
        )
        scripts = self.home / ".local/bin"
        self.assertEqual(set(entries()), set(os.listdir(scripts)))
        path = self.write("list.txt", "alpha  >=1\n")
        (tool,) = (self.home / ".local/share/uv/tools").glob("*/bin")
        for command in (
            [str(scripts / "normalize-requirements")],
            [
                str(scripts / "openstack-requirements"),
                "normalize-requirements",
            ],
            [
                *(str(tool / "python"), "-m", "openstack_requirements"),
                "normalize-requirements",
            ],
        ):
            text = self.output(*command, path, env=self.environment)
            self.assertEqual("alpha>=1\n", text)
        completion = self.output(
            *(str(scripts / "openstack-requirements"), "--print-completion"),
            "bash",
            env=self.environment,
        )
        self.assertIn("normalize-requirements", completion)
