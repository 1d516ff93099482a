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
import re
import shutil
import subprocess
import sys
import venv

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


class TestConstrained(base.TestCase):
    """It installs next to others, under the constraints of their series."""

    #: What series pin that are alive; newer ones pin newer versions.
    PINS = """\
packaging===24.2
PyYAML===6.0.1
requests===2.31.0
tomli===2.0.1
tomlkit===0.12.1
"""

    def setUp(self) -> None:
        super().setUp()
        if not os.environ.get(VARIABLE):
            self.skipTest(f"{VARIABLE} is not set")

    def test_a_wheel_installs_and_works(self) -> None:
        python = str(self.folder / "venv/bin/python")
        venv.create(self.folder / "venv", with_pip=True)
        pip = [python, "-m", "pip"]
        subprocess.run(
            [
                *(*pip, "wheel", "--quiet", "--no-deps"),
                *("--wheel-dir", str(self.folder), str(base.ROOT)),
            ],
            check=True,
        )
        (wheel,) = self.folder.glob("*.whl")
        constraints = self.write("upper-constraints.txt", self.PINS)
        subprocess.run(
            [*pip, "install", "--quiet", "-c", constraints, str(wheel)],
            check=True,
        )
        done = subprocess.run(
            [*pip, "freeze"], check=True, capture_output=True, text=True
        )
        self.assertIn("packaging==24.2\n", done.stdout)
        self.assertIn("requests==2.31.0\n", done.stdout)
        self.write("requirements.txt", "foo>=1,!=1.0.0,!=1\nbar>=1.0+x\n")
        self.write("reqs/global-requirements.txt", "foo>=1,!=1.0 # MIT\n")
        self.write("reqs/upper-constraints.txt", "foo===1.5\n")
        self.write("reqs/blacklist.txt", "")
        outputs = [
            subprocess.run(
                [
                    *(os.path.join(folder, "check-requirements"), "--local"),
                    *("--reqs", str(self.folder / "reqs")),
                    str(self.folder),
                ],
                check=False,
                capture_output=True,
                text=True,
            )
            for folder in (
                os.path.dirname(python),
                os.path.dirname(sys.executable),
            )
        ]
        self.assertEqual(1, outputs[0].returncode, outputs[0].stderr)
        self.assertEqual(outputs[1].stdout, outputs[0].stdout)


class TestInit(base.TestCase):
    """A repository for projects of another ecosystem, as they are released."""

    PROJECTS = ("flask", "httpx", "requests", "rich", "twine")

    def setUp(self) -> None:
        super().setUp()
        if not os.environ.get(VARIABLE):
            self.skipTest(f"{VARIABLE} is not set")

    def command(self, name: str, *argv: str) -> str:
        done = self.run_process(name, *argv, timeout=1200)
        self.assertEqual(0, done.status, done.err)
        return done.out

    def test_the_repository_is_valid_and_upgrades(self) -> None:
        sdists = self.folder / "sdists"
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet"),
                *("--no-binary", ":all:", "--no-deps", "-d", str(sdists)),
                *self.PROJECTS,
            ],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        checkouts = self.folder / "checkouts"
        for sdist in sdists.iterdir():
            shutil.unpack_archive(sdist, checkouts)
        repository = self.folder / "requirements"
        self.command(
            *("bootstrap-requirements", "-q", "--root", str(checkouts)),
            *("-p", sys.executable, "--init", str(repository)),
        )
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(repository)
        self.command("validate-constraints")
        constraints = repository / "upper-constraints.txt"
        today = constraints.read_text(encoding="utf-8")
        older = re.sub(r"(?m)^idna===.*$", "idna===3.4", today)
        self.assertNotEqual(today, older)
        constraints.write_text(older, encoding="utf-8")
        name = constraints.name
        shown = self.command(
            *("generate-constraints", "-q", "--previous", name, "-o", name),
            *("--upgrade", "--keep-going", "--allow-missing", "--diff"),
        )
        self.assertIn("idna", shown)
        self.assertNotIn("idna===3.4\n", constraints.read_text("utf-8"))
        self.command("validate-constraints")
