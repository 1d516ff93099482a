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
"""What continuous integration takes from here: hooks, a workflow, a role."""

from __future__ import annotations

import importlib
import itertools
import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jinja2
import yaml
from pre_commit import clientlib  # type: ignore[import-untyped]

from openstack_requirements.manifests import loader
from openstack_requirements.tests import base
from openstack_requirements.tests.test_repository import scripts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

HOOKS = base.ROOT / ".pre-commit-hooks.yaml"
WORKFLOW = base.ROOT / ".github/workflows/check-requirements.yaml"
ROLE = base.ROOT / "roles/check-requirements"
PAGE = base.ROOT / "doc/source/ci.rst"

#: Files that nobody is asked to judge when they change.
OTHER_FILES = (
    *("README.rst", "setup.py", "requirements.txt.orig", "x-requirements.txt"),
    *("sub/requirements.txt", "doc/source/requirements.txt", "setup_cfg"),
    *("requirements-py4.txt", "global-requirements.txt", "pyproject_toml"),
)
LISTS = (
    *("global-requirements.txt", "upper-constraints.txt"),
    *("denylist.txt", "blacklist.txt"),
)
#: What each job of the workflow may use: others' code, by major version.
ACTIONS = {
    "actions/checkout@v5",
    "actions/download-artifact@v5",
    "actions/setup-python@v6",
    "actions/upload-artifact@v4",
    "github/codeql-action/upload-sarif@v4",
}
#: What Zuul and Ansible give to a role.
GIVEN: Mapping[str, Any] = {
    "ansible_user_dir": "/home/zuul",
    "zuul": {
        "branch": "stable/x",
        "project": {"src_dir": "src/opendev.org/openstack/nova"},
        "projects": {
            "opendev.org/openstack/requirements": {
                "src_dir": "src/opendev.org/openstack/requirements"
            }
        },
    },
}
#: Stands for the command: writes down how it was called, and fails as told.
STUB = """\
#!/bin/sh
for each; do printf '%s\\0' "$each"; done >> "$CALLS"
exit "$STATUS"
"""


def load(path: object) -> Any:
    with open(str(path), encoding="utf-8") as file:
        return yaml.safe_load(file)


def run_steps(workflow: Any) -> list[Any]:
    """The steps of the workflow that run the command."""
    steps = workflow["jobs"]["check"]["steps"]
    return [
        each for each in steps if "check-requirements" in each.get("run", "")
    ]


class TestCase(base.TestCase):
    def parse(self, name: str, argv: Sequence[str]) -> argparse.Namespace:
        """What a command's own parser makes of arguments."""
        module = importlib.import_module(scripts()[name].partition(":")[0])
        found: argparse.Namespace = module.parser().parse_args(argv)
        return found


class TestHooks(TestCase):
    """The manifest of the hooks for pre-commit."""

    def setUp(self) -> None:
        super().setUp()
        self.hooks = {
            each["id"]: each for each in clientlib.load_manifest(str(HOOKS))
        }

    def test_names(self) -> None:
        self.assertEqual(
            {
                "check-requirements",
                "normalize-requirements",
                "validate-constraints",
            },
            set(self.hooks),
        )
        page = PAGE.read_text(encoding="utf-8")
        for name, hook in self.hooks.items():
            self.assertEqual(
                (name, "python"), (hook["name"], hook["language"])
            )
            self.assertIn(f"``{name}``", page)

    def test_a_manifest_can_be_wrong(self) -> None:
        text = HOOKS.read_text(encoding="utf-8")
        path = self.write("hooks.yaml", text.replace("entry:", "enter:"))
        self.assertRaises(
            clientlib.InvalidManifestError, clientlib.load_manifest, path
        )

    def files(self, name: str, *some: str) -> list[str]:
        pattern = re.compile(self.hooks[name]["files"])
        return [each for each in some if pattern.search(each)]

    def test_files(self) -> None:
        for name, files in (
            ("check-requirements", loader.MANIFESTS),
            ("validate-constraints", LISTS),
            # More than one at a time is more than the command takes.
            ("normalize-requirements", ("global-requirements.txt",)),
        ):
            others = {*OTHER_FILES, *loader.MANIFESTS, *LISTS} - {*files}
            self.assertEqual(list(files), self.files(name, *files))
            self.assertEqual([], self.files(name, *sorted(others)))

    def test_commands_take_what_they_get(self) -> None:
        for name, hook in self.hooks.items():
            entry = shlex.split(hook["entry"])
            self.assertEqual(name, entry[0])
            files = ["x"] if hook["pass_filenames"] else []
            self.parse(name, [*entry[1:], *hook["args"], *files])


class TestWorkflow(TestCase):
    """The reusable workflow for GitHub."""

    def setUp(self) -> None:
        super().setUp()
        self.workflow = load(WORKFLOW)
        # YAML 1.1 takes the key "on" for true.
        self.inputs = self.workflow[True]["workflow_call"]["inputs"]

    def test_schemas(self) -> None:
        for schema in (
            "vendor.github-workflows",
            "custom.github-workflows-require-timeout",
        ):
            self.assertEqual(0, self.validate(schema, str(WORKFLOW)))
        text = WORKFLOW.read_text(encoding="utf-8")
        wrong = self.write("wrong.yaml", text.replace("needs:", "neds:"))
        self.assertEqual(1, self.validate("vendor.github-workflows", wrong))

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

    def test_only_others_call_it(self) -> None:
        self.assertEqual({"workflow_call"}, set(self.workflow[True]))

    def test_inputs_are_documented(self) -> None:
        page = PAGE.read_text(encoding="utf-8")
        for name, each in self.inputs.items():
            self.assertIn(f"\n``{name}``\n   ", page)
            self.assertTrue(each["description"].endswith("."), name)
            self.assertEqual("required" in each, "default" not in each)
            self.assertIn(f"inputs.{name}", WORKFLOW.read_text())

    def test_least_permissions(self) -> None:
        jobs = self.workflow["jobs"]
        self.assertEqual({"contents": "read"}, jobs["check"]["permissions"])
        # It takes what its caller grants, so it must run nothing.
        writer = jobs["code-scanning"]
        self.assertNotIn("permissions", writer)
        self.assertNotIn("permissions", self.workflow)
        self.assertEqual([], [s for s in writer["steps"] if "run" in s])
        self.assertEqual({"check", "code-scanning"}, set(jobs))

    def test_actions(self) -> None:
        steps = [
            step
            for job in self.workflow["jobs"].values()
            for step in job["steps"]
        ]
        used = {step["uses"] for step in steps if "uses" in step}
        self.assertEqual(ACTIONS, used)
        for step in steps:
            if "actions/checkout" in step.get("uses", ""):
                self.assertIs(False, step["with"]["persist-credentials"])

    def test_actions_of_the_pages(self) -> None:
        pages = sorted((base.ROOT / "doc/source").glob("**/*.rst"))
        text = "".join(page.read_text(encoding="utf-8") for page in pages)
        used = re.findall(r"uses: ((?:actions|github)/\S+)", text)
        self.assertIn("actions/checkout@v5", used)
        self.assertEqual(set(), set(used) - ACTIONS)

    def test_no_shell_reads_an_expression(self) -> None:
        # Who names a branch would choose what is run.
        for job in self.workflow["jobs"].values():
            for step in job["steps"]:
                self.assertNotIn("${{", step.get("run", ""))

    def call(
        self, step: Any, status: int, **environment: str
    ) -> tuple[int, list[str]]:
        """Run a step with a stand-in for the command; how it was called."""
        stub = self.write("bin/check-requirements", STUB)
        os.chmod(stub, 0o755)
        calls = self.write("calls", "")
        known = {"BRANCH": "stable/$(x) y", "POLICY": ""}
        declared = {**self.workflow["jobs"]["check"]["env"]}
        declared |= step.get("env", {})
        self.assertEqual(set(known), set(declared))
        done = subprocess.run(
            # As GitHub starts it where a step names no shell.
            ["bash", "-e", "-c", step["run"]],
            env={
                "PATH": f"{os.path.dirname(stub)}{os.pathsep}{os.defpath}",
                "GITHUB_WORKSPACE": "/w s",
                "CALLS": calls,
                "STATUS": str(status),
                **known,
                **environment,
            },
            check=False,
        )
        with open(calls, encoding="utf-8") as file:
            return done.returncode, file.read().split("\0")[:-1]

    def test_the_command_takes_what_it_gets(self) -> None:
        steps = run_steps(self.workflow)
        formats = []
        for step in steps:
            for policy in ("", "classic"):
                status, argv = self.call(step, 0, POLICY=policy)
                self.assertEqual(0, status)
                self.assertEqual(policy, "".join(argv[3:4] * bool(policy)))
                self.assertEqual([".", "stable/$(x) y"], argv[-2:])
                self.assertEqual(["--reqs", "/w s/requirements"], argv[:2])
                found = dict(itertools.pairwise(argv))
                formats.append((found["--format"], found.get("--output")))
                options = self.parse("check-requirements", argv)
                self.assertEqual(found["--format"], options.format)
        report = ("sarif", "/w s/requirements.sarif")
        self.assertEqual([("github", None)] * 2 + [report] * 2, formats)

    def test_statuses(self) -> None:
        judge, report = run_steps(self.workflow)
        for status, of_judge, of_report in ((0, 0, 0), (1, 1, 0)):
            self.assertEqual(of_judge, self.call(judge, status)[0])
            self.assertEqual(of_report, self.call(report, status)[0])
        for status in (2, 3, 127):
            self.assertEqual(status, self.call(judge, status)[0])
            self.assertNotEqual(0, self.call(report, status)[0])


class TestZuul(TestCase):
    """The job, the template and the role for Zuul."""

    def setUp(self) -> None:
        super().setUp()
        self.job, *self.others = load(base.ROOT / "zuul.d/jobs.yaml")
        (self.template,) = load(base.ROOT / "zuul.d/project-template.yaml")
        self.tasks = load(ROLE / "tasks/main.yaml")
        self.defaults = load(ROLE / "defaults/main.yaml")

    def test_job(self) -> None:
        job = self.job["job"]
        self.assertEqual(["job"], list(self.job))
        self.assertEqual("check-requirements", job["name"])
        self.assertEqual(["openstack/requirements"], job["required-projects"])
        self.assertLess(60, job["timeout"])
        self.assertTrue(job["description"].strip())
        (play,) = load(base.ROOT / job["run"])
        self.assertEqual(["check-requirements"], play["roles"])
        self.assertEqual("all", play["hosts"])

    def test_names_that_projects_know(self) -> None:
        jobs = {job["job"]["name"]: job["job"] for job in self.others}
        self.assertEqual(
            {"requirements-check", "requirements-check-self"}, set(jobs)
        )
        for job in jobs.values():
            self.assertEqual(self.job["job"]["name"], job["parent"])
            self.assertTrue(job["description"].strip())
            self.assertNotIn("run", job)
        given = jobs["requirements-check-self"]["vars"]
        self.assertEqual(
            "/home/zuul/src/opendev.org/openstack/nova",
            self.render(given["check_requirements_lists"]),
        )

    def test_template(self) -> None:
        template = self.template["project-template"]
        # The name that validate-projects looks for.
        self.assertEqual("check-requirements", template["name"])
        for pipeline in ("check", "gate"):
            self.assertEqual(
                [self.job["job"]["name"]], template[pipeline]["jobs"]
            )

    def test_files(self) -> None:
        patterns = list(map(re.compile, self.job["job"]["files"]))
        for name in loader.MANIFESTS:
            self.assertTrue(any(each.match(name) for each in patterns), name)
        for name in OTHER_FILES:
            self.assertFalse(any(each.match(name) for each in patterns), name)

    def render(self, text: str, **given: str) -> str:
        """A text of the role with the values of its variables."""
        environment = jinja2.Environment(
            autoescape=False,
            undefined=jinja2.StrictUndefined,
        )
        environment.filters["path_join"] = lambda parts: os.path.join(*parts)
        values = {**GIVEN, **self.defaults, **given}
        while "{{" in text:
            text = environment.from_string(text).render(values).strip()
            # Ansible renders values that are templates when they are used.
            values = {
                name: environment.from_string(value).render(values).strip()
                if isinstance(value, str)
                else value
                for name, value in values.items()
            }
        return text

    def test_tasks(self) -> None:
        for task in self.tasks:
            self.assertTrue(task["name"])
            command = task["ansible.builtin.command"]
            self.assertLessEqual(set(command), {"argv", "creates"})
            self.assertNotIn("{", "".join(map(self.render, command["argv"])))
        self.assertIs(False, self.tasks[-1]["changed_when"])

    def test_the_command_takes_what_it_gets(self) -> None:
        argv = [
            self.render(each)
            for each in self.tasks[-1]["ansible.builtin.command"]["argv"]
        ]
        source = "/home/zuul/src/opendev.org/openstack"
        self.assertEqual(
            [
                "/home/zuul/check-requirements/bin/check-requirements",
                *("--reqs", f"{source}/requirements", "--build-backend="),
                *(f"{source}/nova", "stable/x"),
            ],
            argv,
        )
        options = self.parse("check-requirements", argv[1:])
        self.assertEqual(
            (f"{source}/nova", "stable/x"), (options.source, options.branch)
        )

    def test_the_folder_and_the_branch_of_a_job(self) -> None:
        """What jobs of Zuul set for the roles of Zuul, and of the original."""
        words = self.tasks[-1]["ansible.builtin.command"]["argv"][-2:]
        for folder, wanted in (
            ("src/other", "/home/zuul/src/other"),
            ("/work/other", "/work/other"),
        ):
            given = {"zuul_work_dir": folder, "zuul_branch": "stable/y"}
            self.assertEqual(
                [wanted, "stable/y"],
                [self.render(word, **given) for word in words],
            )

    def test_variables_are_documented(self) -> None:
        readme = (ROLE / "README.rst").read_text(encoding="utf-8")
        page = PAGE.read_text(encoding="utf-8")
        for name in self.defaults:
            self.assertTrue(name.startswith("check_requirements_"))
            self.assertIn(f".. zuul:rolevar:: {name}\n", readme)
            self.assertIn(f"\n``{name}``\n   ", page)
