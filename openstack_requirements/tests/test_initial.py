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
"""A new repository is valid, and its jobs do what they say."""

from __future__ import annotations

import configparser
import importlib
import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from openstack_requirements.bootstrap import repository_files
from openstack_requirements.bootstrap.repository_files import (
    SYSTEMS,
    RepositoryDraft,
)
from openstack_requirements.cmds import bootstrap_requirements
from openstack_requirements.pep508 import python_versions
from openstack_requirements.pep508.requirement import CanonicalName
from openstack_requirements.repository import settings
from openstack_requirements.tests import base
from openstack_requirements.tests.test_bootstrap_requirements import (
    BootstrapTestCase,
)
from openstack_requirements.tests.test_generate import VERSION, pythons
from openstack_requirements.tests.test_repository import scripts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DRAFT = RepositoryDraft(
    policy="classic",
    pythons=("3.9", "3.11", "3.13"),
    required="a>=1  # MIT\nb>=2;os_name=='nt'  # MIT\n",
    pinned="a===1.5\n",
    never="linter  # of each project's own\n",
    unpinned={CanonicalName("b"): "is installed on no Python here"},
    toolkit="the-toolkit @ git+https://git.example.org/toolkit@1",
    systems=SYSTEMS,
)
#: Stands for the programs of GitHub, and for uv where it fetches Pythons.
STUB = """\
#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
"""


def scripts_of(job: Mapping[str, Any]) -> Iterator[str]:
    """What the steps of a job run: of a workflow, or of GitLab."""
    for step in job.get("steps", ()):
        if "run" in step:
            yield step["run"]
    yield from job.get("before_script", ())
    yield from job.get("script", ())


def gitlab_jobs(text: str) -> dict[str, dict[str, Any]]:
    """The jobs of GitLab, with what they extend."""
    document = yaml.safe_load(text)
    return {
        name: {**document.get(job.get("extends"), {}), **job}
        for name, job in document.items()
        if "script" in job
    }


def all_scripts(files: Mapping[str, str]) -> list[str]:
    """All that the files run, or tell people to run."""
    result: list[str] = []
    for path, text in files.items():
        if path.startswith(".github/"):
            for job in yaml.safe_load(text)["jobs"].values():
                result += scripts_of(job)
        elif path == ".gitlab-ci.yml":
            for job in gitlab_jobs(text).values():
                result += scripts_of(job)
        elif path == "tox.ini":
            config = configparser.ConfigParser(interpolation=None)
            config.read_string(text)
            for section in config.values():
                result += section.get("commands", "").strip().splitlines()
        elif path == "README.md":
            result += re.findall(r"^(?: {4}| {7})(\S.*)$", text, re.MULTILINE)
    return result


def known_to_pip() -> list[str]:
    """The other Pythons that are at hand, without those too old for pip."""
    return [
        python
        for python in pythons()
        if python != VERSION and python_versions.python_key(python) >= (3, 10)
    ]


class TestFiles(base.TestCase):
    """The texts, without an index."""

    def setUp(self) -> None:
        super().setUp()
        self.files = repository_files.render(DRAFT)

    def test_names(self) -> None:
        common = {
            *(".gitignore", "README.md", "denylist.txt", "pyproject.toml"),
            *("global-requirements.txt", "tool-requirements.txt", "tox.ini"),
            "upper-constraints.txt",
        }
        jobs = {
            "github": {
                ".github/workflows/nightly.yaml",
                ".github/workflows/validate.yaml",
            },
            "gitlab": {".gitlab-ci.yml"},
            "zuul": {".zuul.yaml"},
        }
        self.assertEqual([*SYSTEMS], [*jobs])
        for system, names in jobs.items():
            files = repository_files.render(DRAFT._replace(systems=[system]))
            self.assertEqual(common | names, set(files), system)
            self.assertEqual(sorted(files), list(files))
        self.assertEqual(common.union(*jobs.values()), set(self.files))

    def test_nothing_is_left_of_the_templates(self) -> None:
        for path, text in self.files.items():
            self.assertIsNone(re.search(r"@[A-Z_]+@", text), path)
            self.assertTrue(text.endswith("\n"), path)
            self.assertFalse(text.endswith("\n\n"), path)

    def test_nothing_is_of_one_organisation(self) -> None:
        for path, text in self.files.items():
            told = text.replace("[tool.openstack_requirements]", "")
            for word in ("openstack", "opendev", "oslo", "pbr", "blacklist"):
                self.assertNotIn(word, told.lower(), path)

    def test_settings(self) -> None:
        found = settings.parse(self.files["pyproject.toml"], "pyproject.toml")
        self.assertEqual(
            settings.Settings(
                policy="classic",
                pythons=("3.9", "3.11", "3.13"),
                global_requirements="global-requirements.txt",
                upper_constraints="upper-constraints.txt",
                never_constrain="denylist.txt",
            ),
            found,
        )

    def test_the_never_constrain_list_has_reasons(self) -> None:
        self.assertEqual(
            "linter  # of each project's own\n"
            "b  # is installed on no Python here\n",
            self.files["denylist.txt"],
        )
        head = repository_files.never_list(" \n", {})
        self.assertTrue(head.startswith("# "))
        self.assertEqual("a\n", repository_files.never_list("a", {}))

    def test_a_python_for_the_toolkit(self) -> None:
        for versions, listed, image, installed in (
            (("3.11", "3.13"), "3.11 3.13", "3.13", "3.11"),
            (("3.10",), "3.10", "3.10", ""),
            (("3.8", "3.9"), "3.8 3.9 3.12", "3.12", "3.8 3.9"),
        ):
            files = repository_files.render(DRAFT._replace(pythons=versions))
            for name in ("nightly", "validate"):
                workflow = yaml.safe_load(
                    files[f".github/workflows/{name}.yaml"]
                )
                given = [
                    step["with"]["python-version"].split()
                    for job in workflow["jobs"].values()
                    for step in job["steps"]
                    if "setup-python" in step.get("uses", "")
                ]
                self.assertEqual([listed.split()], given)
            text = files[".gitlab-ci.yml"]
            document = yaml.safe_load(text)
            self.assertEqual(f"python:{image}", document["default"]["image"])
            lines = document[".toolkit"]["before_script"][1:]
            wanted = [f"uv python install {installed}"] if installed else []
            self.assertEqual(wanted, lines)

    def test_jobs_are_what_the_systems_read(self) -> None:
        for path, text in self.files.items():
            if path.startswith(".github/"):
                schema = "vendor.github-workflows"
            elif path == ".gitlab-ci.yml":
                schema = "vendor.gitlab-ci"
            else:
                continue
            for content, valid in (
                (text, True),
                (text.replace("script:", "scripts:").replace("on:", "no:", 1),
                 False),
            ):  # fmt: skip
                done = subprocess.run(
                    [
                        *(sys.executable, "-m", "check_jsonschema"),
                        *("--builtin-schema", schema),
                        self.write(path, content),
                    ],
                    capture_output=True,
                    encoding="utf-8",
                    check=False,
                )
                self.assertEqual(valid, done.returncode == 0, done.stdout)

    def test_zuul_runs_environments_of_tox(self) -> None:
        rows = yaml.safe_load(self.files[".zuul.yaml"])
        jobs = {
            row["job"]["name"]: row["job"]["vars"]["tox_envlist"]
            for row in rows
            if "job" in row
        }
        for name in jobs.values():
            self.assertIn(f"[testenv:{name}]", self.files["tox.ini"])
        (project,) = [row["project"] for row in rows if "project" in row]
        listed = [job for each in project.values() for job in each["jobs"]]
        self.assertEqual(set(jobs), set(listed))

    def test_the_job_that_may_write_runs_nothing_of_the_index(self) -> None:
        nightly = yaml.safe_load(self.files[".github/workflows/nightly.yaml"])
        gitlab = gitlab_jobs(self.files[".gitlab-ci.yml"])
        self.assertEqual({"contents": "read"}, nightly["permissions"])
        self.assertNotIn("permissions", nightly["jobs"]["upgrade"])
        for job in (nightly["jobs"]["propose"], gitlab["propose"]):
            for script in scripts_of(job):
                self.assertNotIn("generate-constraints", script)
                self.assertNotIn("pip", script.split())

    def test_every_command_can_be_typed(self) -> None:
        parsed = 0
        for script in all_scripts(self.files):
            for line in script.replace("\\\n", " ").splitlines():
                words = shlex.split(line.partition(" > ")[0], comments=True)
                if not words or words[0] not in scripts():
                    continue
                argv = [
                    word
                    for word in words[1:]
                    if word != "{posargs}"  # what a person adds
                ]
                module = importlib.import_module(
                    scripts()[words[0]].partition(":")[0]
                )
                module.parser().parse_args(argv)
                parsed += 1
        # 4 of GitHub, 4 of GitLab, 3 of tox, 4 of the README.
        self.assertEqual(15, parsed)

    def test_the_nightly_command_upgrades(self) -> None:
        nightly = [
            script
            for script in all_scripts(self.files)
            if "--upgrade" in script
        ]
        self.assertEqual(4, len(nightly))
        for script in nightly:
            for option in ("--previous", "--keep-going", "--allow-missing"):
                self.assertIn(option, script)


class InitTestCase(BootstrapTestCase):
    """A test with an index and two checkouts."""

    def setUp(self) -> None:
        super().setUp()
        self.root = str(self.folder / "checkouts")
        self.write(
            "checkouts/one/pyproject.toml",
            '[project]\nname = "one"\ndependencies = ["a>=1", "free"]\n'
            "[project.optional-dependencies]\n"
            "win = [\"b>=2; sys_platform=='win32'\"]\n",
        )
        self.write("checkouts/two/requirements.txt", "a>=1.1,<3\nsetuptools\n")
        self.index.wheel("a", "1.2", requires=["below"], license="MIT")
        for name, version in (
            ("b", "2.0"),
            ("below", "1.0"),
            ("free", "0.5"),
            ("setuptools", "80.0"),
        ):
            self.index.wheel(name, version, license="MIT")
        self.repository = self.folder / "requirements"

    def init(self, *argv: str, quiet: bool = True) -> base.Outcome:
        """Make a repository for up to two Pythons."""
        named = [word for python in self.wanted() for word in ("-p", python)]
        return self.run_main(
            bootstrap_requirements.main,
            *(*(["-q"] if quiet else []), "--root", self.root, *named),
            *("--init", str(self.repository), *argv),
        )

    def wanted(self) -> list[str]:
        """This Python, and one more where there is one."""
        return python_versions.in_order([*known_to_pip()[-1:], VERSION])

    def files(self) -> dict[str, str]:
        """The files of the repository."""
        return {
            str(path.relative_to(self.repository)): path.read_text("utf-8")
            for path in sorted(self.repository.rglob("*"))
            if path.is_file() and ".git" not in path.parts
        }

    def programs(self) -> dict[str, str]:
        """The variables of a shell that finds the commands."""
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        texts = dict.fromkeys(("gh", "uv", "pip"), STUB)
        for name in scripts():
            words = shlex.join(base.script(name))
            texts[name] = f'#!/bin/sh\nexec {words} "$@"\n'
        texts["python"] = texts["pip"]
        for name, text in texts.items():
            path = folder / name
            path.write_text(text, encoding="utf-8")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return {
            **os.environ,
            "CALLS": str(self.folder / "calls"),
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "CI_SERVER_HOST": "git.example.org",
            "CI_PROJECT_PATH": "org/requirements",
            "CI_DEFAULT_BRANCH": "main",
            "NIGHTLY_TOKEN": "t0k3n",
        }

    def run_script(self, script: str, status: int = 0) -> str:
        """Run a script as a job does; what it prints."""
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", script],
            cwd=self.repository,
            env=self.programs(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        self.assertEqual(status, done.returncode, f"{script}\n{done.stdout}")
        return done.stdout

    def published(self) -> Path:
        """Commit the repository, and give it a remote one; its path."""
        remote = self.folder / "remote.git"
        self.write(
            "gitconfig",
            "[user]\nname = Jane Doe\nemail = jane@example.org\n"
            "[init]\ndefaultBranch = main\n"
            "[receive]\nadvertisePushOptions = true\n"
            f'[url "{remote}"]\n'
            "insteadOf = https://nightly:t0k3n@git.example.org/org/"
            "requirements.git\n",
        )
        self.run_script(
            f"git init -q --bare '{remote}'; git init -q; git add -A; "
            f"git commit -qm first; git remote add origin '{remote}'; "
            "git push -q origin main"
        )
        return remote


class TestInit(InitTestCase):
    def test_the_repository_is_valid(self) -> None:
        done = self.init("--toolkit", "the-toolkit>=1")
        self.assertEqual(0, done.status, done.err)
        self.assert_nothing_left()
        files = self.files()
        self.assertEqual(
            "a>=1.1  # MIT\nb>=2;sys_platform=='win32'  # MIT\n"
            "free>=0.5  # MIT\nsetuptools>=80.0  # MIT\n",
            files["global-requirements.txt"],
        )
        self.assertEqual(
            ["a===1.2", "below===1.0", "free===0.5"],
            sorted(files["upper-constraints.txt"].splitlines()),
        )
        self.assertIn(
            "\nb  # is installed on no Python here: sys_platform=='win32'\n",
            files["denylist.txt"],
        )
        self.assertTrue(
            files["tool-requirements.txt"].endswith("\nthe-toolkit>=1\n")
        )
        versions = ", ".join(f'"{version}"' for version in self.wanted())
        self.assertIn(f"pythons = [{versions}]\n", files["pyproject.toml"])
        self.assertNotIn("written", done.err)
        # Once more, for the same bytes.
        os.rename(self.repository, self.folder / "first")
        done = self.init("--toolkit", "the-toolkit>=1", quiet=False)
        self.assertEqual(0, done.status)
        self.assertIn(f"{self.repository}: written, ", done.err)
        for name in files:
            self.assertIn(name, done.err.splitlines()[-1])
        self.assertEqual(files, self.files())

    def test_every_step_of_every_job_runs(self) -> None:
        self.assertEqual(0, self.init("--toolkit", "x").status)
        files = self.files()
        # There is something new the next day.
        self.index.wheel("a", "1.3", requires=["below"], license="MIT")
        remote = self.published()
        for path in (
            ".github/workflows/validate.yaml",
            ".github/workflows/nightly.yaml",
            ".gitlab-ci.yml",
        ):
            jobs = (
                gitlab_jobs(files[path])
                if path.startswith(".gitlab")
                else yaml.safe_load(files[path])["jobs"]
            )
            for job in jobs.values():
                for script in scripts_of(job):
                    self.run_script(script)
            if path.endswith("validate.yaml"):
                status = self.run_script("git status --short")
                self.assertEqual("", status)
                continue
            branch = "nightly-constraints"
            pinned = self.run_script(
                f"git --git-dir '{remote}' show {branch}:upper-constraints.txt"
            )
            self.assertIn("a===1.3\n", pinned, path)
            message = self.run_script(
                f"git --git-dir '{remote}' log -1 --format=%B {branch}"
            )
            self.assertTrue(message.startswith("Upgrade the constraints\n\n"))
            self.assertIn("1.2 \u2192 1.3", message)
            # A night without anything new proposes nothing.
            self.run_script(f"git --git-dir '{remote}' branch -D {branch}")
            for script in scripts_of(jobs["propose"]):
                self.run_script(script)
            self.assertEqual(
                "main",
                self.run_script(
                    f"git --git-dir '{remote}' branch --format="
                    "'%(refname:short)'"
                ).strip(),
            )
            self.run_script("git reset -q --hard HEAD~1")
        calls = (self.folder / "calls").read_text(encoding="utf-8")
        self.assertIn("gh pr create --head nightly-constraints", calls)
        self.assertIn("python -m pip install -r tool-requirements", calls)

    def test_what_is_not_built_here_keeps_its_resolved_pin(self) -> None:
        self.index.sdist("free", "0.6", fail="no header", late=True)
        done = self.init("--toolkit", "x")
        self.assertEqual(0, done.status, done.err)
        self.assertIn("free===0.6\n", self.files()["upper-constraints.txt"])
        self.assertIn("1 not-installed", done.err.splitlines()[-1])
        self.assertIn("free: on Python ", done.err)

    def test_a_given_list_is_judged(self) -> None:
        given = self.write("given.txt", "below\n")
        done = self.init(
            "--toolkit", "x", "--extend", given, "--policy", "classic"
        )
        self.assertEqual(1, done.status, done.err)
        self.assertIn("warning: global-requirements.txt:1: below: ", done.err)
        self.assertIn("[global-bounds]", done.err)

    def test_where_the_toolkit_comes_from(self) -> None:
        done = self.init("--ci", "zuul")
        self.assertEqual(0, done.status, done.err)
        files = self.files()
        self.assertIn(".zuul.yaml", files)
        self.assertNotIn(".gitlab-ci.yml", files)
        line = files["tool-requirements.txt"].splitlines()[-1]
        self.assertEqual("openstack_requirements", line)
        self.assertIn("--toolkit", done.err)

    def refused(self, words: str, *argv: str) -> None:
        done = self.init(*argv)
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertIn(words, done.err)
        self.assertEqual(1, len(done.err.splitlines()), done.err)
        self.assertEqual([], self.index.requests)

    def test_what_is_refused_before_the_work(self) -> None:
        self.refused("--init does not go with -o", "-o", "x.txt")
        self.refused("--toolkit: is not a line", "--toolkit", "a\nb")
        self.repository.mkdir()
        (self.repository / "kept").write_text("theirs", encoding="utf-8")
        self.refused("is not empty")
        self.assertEqual({"kept": "theirs"}, self.files())
        done = self.bootstrap("a", "--ci", "github")
        self.assertEqual(2, done.status)
        self.assertIn("--ci needs --init", done.err)

    def test_nothing_to_list(self) -> None:
        self.write("empty/setup.cfg", "[metadata]\nname = empty\n")
        self.root = str(self.folder / "empty")
        done = self.init()
        self.assertEqual(2, done.status, done.err)
        self.assertIn("nothing that can be listed", done.err)
        self.assertFalse(self.repository.exists())
