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
"""The hooks and the role at work: with pre-commit and with Ansible.

Only where OPENSTACK_REQUIREMENTS_LIVE is set: both install this toolkit, and
what it needs, from the package index. They take the last commit of this
checkout; what has not been committed is not tested.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from openstack_requirements.tests import base
from openstack_requirements.tests.test_live import VARIABLE

LISTS = {
    "global-requirements.txt": "bar!=1.1,>=1.0 # MIT\nfoo>=1.0  # MIT\n",
    "upper-constraints.txt": "bar===1.2\nfoo===1.0\n",
    "blacklist.txt": "",
}
REQUIREMENTS = "foo>=1.0 # MIT\n"
UNKNOWN = "[unknown-requirement]"


class TestCase(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if not os.environ.get(VARIABLE):
            self.skipTest(f"{VARIABLE} is not set")

    def repository(self, name: str, content: dict[str, str]) -> str:
        """A git repository with one commit; its folder."""
        for path, text in content.items():
            self.write(f"{name}/{path}", text)
        folder = str(self.folder / name)
        self.git(folder, "init", "-q")
        self.commit(folder)
        return folder

    def commit(self, folder: str) -> None:
        self.git(folder, "add", "-A")
        user = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        self.git(folder, *user, "commit", "-q", "-m", "x")

    def git(self, folder: str, *argv: str) -> str:
        done = subprocess.run(
            ["git", *argv],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return done.stdout.strip()

    def run_module(
        self, folder: str, *argv: str, **environment: str
    ) -> tuple[int, str]:
        """Run a program that came with the tests; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", *argv],
            cwd=folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
        return done.returncode, done.stdout


class TestPreCommit(TestCase):
    def test_hooks(self) -> None:
        lists = self.repository(
            "lists",
            {
                **LISTS,
                ".pre-commit-config.yaml": self.config(
                    {"id": "normalize-requirements"},
                    {"id": "validate-constraints"},
                ),
            },
        )
        status, out = self.run_hooks(lists)
        # The first hook mends what the second would have complained of.
        self.assertEqual(1, status, out)
        self.assertIn("files were modified by this hook", out)
        with open(f"{lists}/global-requirements.txt") as file:
            self.assertEqual("bar>=1.0,!=1.1  # MIT\n", file.readline())
        self.commit(lists)
        self.assertEqual(0, self.run_hooks(lists)[0])
        self.write("lists/upper-constraints.txt", "bar===1.1\nfoo===1.0\n")
        status, out = self.run_hooks(lists)
        self.assertEqual(1, status, out)
        self.assertIn("[incompatible-constraint]", out)

        check = {
            "id": "check-requirements",
            "args": ["--local", "--reqs", "../lists"],
        }
        project = self.repository(
            "project",
            {
                "requirements.txt": REQUIREMENTS,
                ".pre-commit-config.yaml": self.config(check),
            },
        )
        status, out = self.run_hooks(project)
        self.assertEqual(0, status, out)
        self.write("project/requirements.txt", f"{REQUIREMENTS}baz>=1\n")
        status, out = self.run_hooks(project)
        self.assertEqual(1, status, out)
        self.assertIn(UNKNOWN, out)

    def config(self, *hooks: object) -> str:
        """The configuration of pre-commit, as JSON, which is YAML."""
        revision = self.git(str(base.ROOT), "rev-parse", "HEAD")
        source = {"repo": str(base.ROOT), "rev": revision, "hooks": hooks}
        return json.dumps({"repos": [source]})

    def run_hooks(self, folder: str) -> tuple[int, str]:
        return self.run_module(
            folder,
            *("pre_commit", "run", "--all-files", "--color", "never"),
            PRE_COMMIT_HOME=str(self.folder / "pre-commit"),
        )


class TestRole(TestCase):
    def test_role(self) -> None:
        # Where Zuul puts repositories.
        source = "src/opendev.org/openstack"
        lists = f"{source}/requirements"
        self.git(
            str(self.folder),
            *("clone", "-q", str(base.ROOT), str(self.folder / lists)),
        )
        for name, content in LISTS.items():
            self.write(f"{lists}/{name}", content)
        project = self.repository(
            f"{source}/nova", {"requirements.txt": REQUIREMENTS}
        )
        status, out = self.play(lists, f"{source}/nova")
        self.assertEqual(0, status, out)
        self.write(f"{source}/nova/requirements.txt", f"{REQUIREMENTS}baz\n")
        self.commit(project)
        status, out = self.play(lists, f"{source}/nova")
        self.assertNotEqual(0, status, out)
        self.assertIn(UNKNOWN, out)
        self.assertEqual("", self.git(project, "status", "--porcelain"))

    def play(self, lists: str, project: str) -> tuple[int, str]:
        """Run the playbook with the variables that Zuul would give."""
        name = "opendev.org/openstack/requirements"
        given = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "ansible_user_dir": str(self.folder),
            "check_requirements_python": sys.executable,
            "zuul": {
                "branch": "master",
                "project": {"src_dir": project},
                "projects": {name: {"src_dir": lists}},
            },
        }
        root = self.folder / lists
        return self.run_module(
            str(self.folder),
            *("uv", "tool", "run", "--python", sys.executable),
            *("--from", "ansible-core", "ansible-playbook"),
            *("--inventory", "localhost,", "--extra-vars", json.dumps(given)),
            str(root / "playbooks/check-requirements.yaml"),
            ANSIBLE_ROLES_PATH=str(root / "roles"),
            ANSIBLE_HOME=str(self.folder / "ansible"),
            ANSIBLE_NOCOLOR="1",
        )
