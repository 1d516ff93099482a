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
"""A small real list, from the package index that the installers use.

Only where OPENSTACK_REQUIREMENTS_LIVE is set: these tests need the network,
and what they find changes with every release.
"""

from __future__ import annotations

import os
import subprocess
import sys

from openstack_requirements.errors import UnusableInput
from openstack_requirements.install import interpreters
from openstack_requirements.tests import base

VARIABLE = "OPENSTACK_REQUIREMENTS_LIVE"
LIST = """\
# a few libraries that are there for every Python
oslo.i18n>=2.1.0  # Apache-2.0
PyYAML>=3.10  # MIT
requests>=2.10.0  # Apache-2.0
zipp>=0.5;python_version<'3.11'  # MIT
"""


class TestLive(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if not os.environ.get(VARIABLE):
            self.skipTest(f"{VARIABLE} is not set")
        self.list = self.write("list.txt", LIST)

    def generate(self, *argv: str, **environment: str) -> list[str]:
        done = self.run_process(
            *("generate-constraints", "-r", self.list, "--sort", "name"),
            *argv,
            environment=environment,
            timeout=600,
        )
        self.assertEqual(0, done.status, done.err)
        self.assert_nothing_left()
        return done.out.splitlines()

    def test_installing_and_resolving_give_the_same_file(self) -> None:
        argv = ("-p", sys.executable)
        found = self.generate(*argv)
        names = [line.partition("===")[0] for line in found]
        self.assertIn("oslo.i18n", names)
        self.assertIn("PyYAML", names)
        self.assertEqual(found, self.generate(*argv, "--no-install"))
        # pip agrees that they go together.
        constraints = self.write("uc.txt", "\n".join(found) + "\n")
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--dry-run"),
                *("--ignore-installed", "--quiet"),
                *("-r", self.list, "-c", constraints),
            ],
            check=True,
            stderr=subprocess.DEVNULL,
        )

    def test_old_pythons(self) -> None:
        for version in ("2.7", "3.6"):
            try:
                interpreters.find(version, self.children())
            except UnusableInput:
                self.skipTest(f"there is no Python {version} here")
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        # A machine's own additions to the index may be nothing for them.
        found = self.generate(
            *("-p", "python2.7", "-p", "python3.6", "-p", version),
            PIP_CONFIG_FILE=os.devnull,
            PIP_FIND_LINKS="",
        )
        for each in ("2.7", "3.6", version):
            lines = [line for line in found if line.startswith("oslo.i18n=")]
            marker = f"python_version=='{each}'"
            self.assertEqual(1, sum(marker in line for line in lines))
