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
"""What a requirements repository needs to run a bot: workflows and jobs."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jinja2
import yaml
from jinja2.nativetypes import NativeEnvironment

from openstack_requirements.tests import base
from openstack_requirements.tests.test_ci import ACTIONS, GIVEN, STUB, load
from openstack_requirements.tests.test_repository import scripts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

WORKFLOW = base.ROOT / ".github/workflows/propose.yaml"
TEMPLATE = base.ROOT / "templates/propose.yml"
PAGE = base.ROOT / "doc/source/user/nightly-bot.rst"
ROLES = ("propose-constraints", "propose-updates")
COMMANDS = (*ROLES, "generate-constraints")


class TestCase(base.TestCase):
    def parse(self, name: str, argv: Sequence[str]) -> argparse.Namespace:
        """What a command's own parser makes of arguments."""
        module = importlib.import_module(
            f"openstack_requirements.cmds.{name.replace('-', '_')}"
        )
        self.assertIn(name, scripts())
        options: argparse.Namespace = module.parser().parse_args(argv)
        return options

    def validate(self, schema: str, path: str) -> int:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "check_jsonschema"),
                *("--builtin-schema", schema, path),
            ],
            capture_output=True,
            check=False,
        )
        return done.returncode

    def run_script(
        self, script: str, status: int, environment: Mapping[str, str]
    ) -> tuple[int, list[str]]:
        """Run a script with stand-ins for the commands; how the last one was
        called."""
        for name in COMMANDS:
            stub = self.write(f"bin/{name}", STUB)
            os.chmod(stub, 0o755)
        calls = self.write("calls", "")
        self.write("report.md", "a report\n")
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.folder,
            env={
                "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.defpath}",
                "CALLS": calls,
                "STATUS": str(status),
                **environment,
            },
            check=False,
        )
        with open(calls, encoding="utf-8") as file:
            return done.returncode, file.read().split("\0")[:-1]


class TestWorkflow(TestCase):
    """The reusable workflow for GitHub."""

    def setUp(self) -> None:
        super().setUp()
        self.workflow = load(WORKFLOW)
        # YAML 1.1 takes the key "on" for true.
        self.call = self.workflow[True]["workflow_call"]
        self.jobs = self.workflow["jobs"]

    def test_schemas(self) -> None:
        for schema in (
            "vendor.github-workflows",
            "custom.github-workflows-require-timeout",
        ):
            self.assertEqual(0, self.validate(schema, str(WORKFLOW)))

    def test_inputs_are_documented(self) -> None:
        page = PAGE.read_text(encoding="utf-8")
        text = WORKFLOW.read_text(encoding="utf-8")
        for name, given in self.call["inputs"].items():
            self.assertIn(f"\n``{name}``\n   ", page)
            self.assertTrue(given["description"].endswith("."), name)
            self.assertEqual("required" in given, "default" not in given)
            self.assertIn(f"inputs.{name}", text)

    def test_what_downloads_has_no_token(self) -> None:
        for name, job in self.jobs.items():
            self.assertEqual({"contents": "read"}, job["permissions"])
            text = json.dumps(job)
            installs = "generate-constraints" in text
            self.assertEqual(name == "freezes", installs)
            self.assertEqual(not installs, "secrets." in text)
            for step in job["steps"]:
                # Of those that have it, only the step that proposes gets it.
                self.assertEqual(
                    "--push" in step.get("run", ""),
                    "secrets." in json.dumps(step),
                )
                self.assertNotIn("${{", step.get("run", ""))
                uses = step.get("uses", "")
                if uses:
                    self.assertIn(uses, ACTIONS)
                if "actions/checkout" in uses:
                    self.assertIs(False, step["with"]["persist-credentials"])

    def test_the_commands_take_what_they_get(self) -> None:
        given = {
            "BRANCH": "stable/x",
            "PYTHONS": "3.11\n3.12\n",
            "MAX_NEW": "20",
            "GITHUB_SERVER_URL": "https://forge.example",
            "GITHUB_REPOSITORY": "org/reqs",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        }
        called = {}
        for job in self.jobs.values():
            (step,) = (
                step
                for step in job["steps"]
                if re.search("^ *(set|propose)", step.get("run", ""))
            )
            status, argv = self.run_script(step["run"], 0, given)
            self.assertEqual(0, status)
            name = next(x for x in COMMANDS if x in step["run"])
            called[name] = self.parse(name, argv)
            if "--push" in argv:
                for status in (1, 2, 3, 127):
                    done = self.run_script(step["run"], status, given)
                    self.assertEqual(status > 1, done[0] != 0)
        self.assertEqual({*COMMANDS}, set(called))
        self.assertEqual(
            ["3.11", "3.12"], called["generate-constraints"].python
        )
        options = called["propose-constraints"]
        self.assertEqual(
            ("org/reqs", "stable/x", ["freezes"]),
            (options.project, options.branch, options.from_freezes),
        )
        self.assertEqual(
            "https://forge.example/{project}.git",
            called["propose-updates"].clone,
        )

    def test_the_page_calls_it(self) -> None:
        text = PAGE.read_text(encoding="utf-8")
        block = text.partition("   name: nightly\n")[2].partition("\n\n")[0]
        lines = [line[3:] for line in block.splitlines()]
        calling = yaml.safe_load("\n".join(lines))["jobs"]["propose"]
        self.assertIn(WORKFLOW.name, calling["uses"])
        self.assertEqual(
            set(), set(calling["with"]) - set(self.call["inputs"])
        )
        required = {
            name
            for name, given in self.call["inputs"].items()
            if given.get("required")
        }
        self.assertEqual(set(), required - set(calling["with"]))
        self.assertEqual(set(self.call["secrets"]), set(calling["secrets"]))


class TestTemplate(TestCase):
    """The template for GitLab."""

    def setUp(self) -> None:
        super().setUp()
        text = TEMPLATE.read_text(encoding="utf-8")
        self.spec, _ = yaml.safe_load_all(text)
        self.inputs = self.spec["spec"]["inputs"]
        body = text.partition("\n---\n")[2]
        self.body = body
        for name in self.inputs:
            value = {"pythons": "3.11 3.12", "max-new": "20"}.get(name, "x")
            body = body.replace(f"$[[ inputs.{name} ]]", value)
        self.assertNotIn("$[[", body)
        self.jobs = yaml.safe_load(body)

    def test_schema(self) -> None:
        path = self.write("ci.json", json.dumps(self.jobs))
        self.assertEqual(0, self.validate("vendor.gitlab-ci", path))

    def test_inputs(self) -> None:
        page = PAGE.read_text(encoding="utf-8")
        for name in self.inputs:
            self.assertIn(f"inputs.{name} ]]", self.body)
            self.assertIn(f"``{name}``", page)
        block = page.partition("       inputs:\n")[2].partition("\n\n")[0]
        given = yaml.safe_load(block)
        required = {
            name for name, row in self.inputs.items() if "default" not in row
        }
        self.assertEqual(set(), required - set(given))
        self.assertEqual(set(), set(given) - set(self.inputs))

    def test_no_script_holds_an_input(self) -> None:
        for job in self.jobs.values():
            for line in job.get("script", []):
                self.assertNotIn("$[[", line)

    def test_what_downloads_has_no_token(self) -> None:
        shared = self.jobs[".requirements-propose"]
        self.assertEqual("proposals", shared["environment"])
        self.assertNotIn("environment", self.jobs["requirements-freezes"])
        for name, job in self.jobs.items():
            if "--push" in str(job):
                self.assertEqual(".requirements-propose", job["extends"], name)

    def test_the_commands_take_what_they_get(self) -> None:
        given = {
            "PYTHONS": "3.11 3.12",
            "MAX_NEW": "20",
            "CI_SERVER_URL": "https://forge.example",
            "CI_PROJECT_PATH": "org/group/reqs",
            "CI_COMMIT_BRANCH": "main",
        }
        called = {}
        for job in self.jobs.values():
            for line in job.get("script", []):
                name = next((x for x in COMMANDS if x in line), "")
                if name:
                    status, argv = self.run_script(line, 0, given)
                    self.assertEqual(0, status)
                    called[name] = self.parse(name, argv)
        self.assertEqual({*COMMANDS}, set(called))
        self.assertEqual(
            "org/group/reqs", called["propose-constraints"].project
        )


class TestZuul(TestCase):
    """The jobs and the roles for Zuul."""

    given: Mapping[str, Any] = {
        **GIVEN,
        "propose_credentials": {"GERRIT_USERNAME": "bot"},
    }

    def setUp(self) -> None:
        super().setUp()
        self.jobs = {
            row["job"]["name"]: row["job"]
            for row in load(base.ROOT / "zuul.d/propose-jobs.yaml")
        }

    def test_jobs(self) -> None:
        self.assertEqual({*ROLES}, set(self.jobs))
        for job in self.jobs.values():
            # A change that nobody has reviewed must not get the account.
            self.assertIs(True, job["post-review"])
            self.assertIs(True, job["abstract"])
            self.assertTrue(job["description"].strip())
            self.assertTrue((base.ROOT / job["run"]).is_file())

    def test_playbooks(self) -> None:
        (play,) = load(base.ROOT / self.jobs["propose-updates"]["run"])
        self.assertEqual(["propose-updates"], play["roles"])
        builder, proposer = load(
            base.ROOT / self.jobs["propose-constraints"]["run"]
        )
        self.assertEqual(
            ("builder", "proposer"), (builder["hosts"], proposer["hosts"])
        )
        self.assertEqual(["propose-constraints"], proposer["roles"])
        # What runs downloads is on the other node, and gets no account.
        (task,) = builder["tasks"]
        included = task["ansible.builtin.include_role"]
        tasks = self.tasks(included["name"], included["tasks_from"])
        self.assertNotIn("credentials", json.dumps(tasks))

    def tasks(self, role: str, file: str = "main.yaml") -> Any:
        return load(base.ROOT / "roles" / role / "tasks" / file)

    def rendered(self, role: str, value: Any) -> Any:
        """A value of a role, with the values of its variables."""
        environment = NativeEnvironment(undefined=jinja2.StrictUndefined)
        environment.filters["combine"] = lambda first, more: {**first, **more}
        environment.filters["product"] = lambda first, more: [
            [x, y] for x in first for y in more
        ]
        environment.filters["flatten"] = lambda rows: [
            x for row in rows for x in row
        ]
        defaults = load(base.ROOT / "roles" / role / "defaults/main.yaml")
        zuul = {
            **self.given["zuul"],
            "executor": {"work_root": "/work"},
        }
        zuul["project"] = {**zuul["project"], "name": "org/reqs"}
        values: dict[str, Any] = {**self.given, "zuul": zuul, **defaults}

        def render(item: Any) -> Any:
            if isinstance(item, list):
                return [render(x) for x in item]
            while isinstance(item, str) and "{{" in item:
                item = environment.from_string(item).render(values)
            return item.strip() if isinstance(item, str) else item

        # Ansible renders values that are templates when they are used.
        for _ in range(4):
            values = {name: render(item) for name, item in values.items()}
        return render(value)

    def test_the_commands_take_what_they_get(self) -> None:
        for role in ROLES:
            task = self.tasks(role)[-1]
            argv = self.rendered(role, task["ansible.builtin.command"]["argv"])
            argv = list(map(str, argv))
            self.assertEqual(role, os.path.basename(argv[0]))
            options = self.parse(role, argv[1:])
            self.assertIs(True, options.push)
            self.assertEqual("gerrit", options.forge)
            environment = self.rendered(role, task["environment"])
            self.assertEqual("bot", environment["GERRIT_USERNAME"])
            self.assertIn("GIT_COMMITTER_EMAIL", environment)
            self.assertIn("not in [0, 1]", task["failed_when"])

    def test_freezes(self) -> None:
        role = "propose-constraints"
        commands = [
            task["ansible.builtin.command"]["argv"]
            for task in self.tasks(role, "freeze.yaml")
            if "ansible.builtin.command" in task
        ]
        (argv,) = (self.rendered(role, command) for command in commands)
        self.assertTrue(argv[0].endswith("/bin/generate-constraints"))
        options = self.parse("generate-constraints", argv[1:])
        self.assertEqual(["python3"], options.python)
        self.assertEqual("/home/zuul/freezes", options.freeze_dir)

    def test_every_task_has_a_name(self) -> None:
        for role in ROLES:
            folder = base.ROOT / "roles" / role / "tasks"
            for path in sorted(folder.iterdir()):
                for task in load(path):
                    self.assertTrue(task["name"])

    def test_variables_are_documented(self) -> None:
        page = PAGE.read_text(encoding="utf-8")
        for role in ROLES:
            folder = base.ROOT / "roles" / role
            readme = (folder / "README.rst").read_text(encoding="utf-8")
            defaults = load(folder / "defaults/main.yaml")
            prefix = f"{role.replace('-', '_')}_"
            for name in defaults:
                self.assertTrue(name.startswith(prefix))
                self.assertIn(f".. zuul:rolevar:: {name}\n", readme)
            for name in set(re.findall(rf"\b{prefix}\w+", page)):
                self.assertIn(name, defaults)
            self.assertIn(f"roles/{role}/README.rst", page)
