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
"""The Containerfile: a linter is content, and it installs what bindep says.

Where OPENSTACK_REQUIREMENTS_LIVE is set, the image is built, if there is what
builds it: OPENSTACK_REQUIREMENTS_IMAGE may name another base, which has the
configuration of a package index, for example.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig

from openstack_requirements.repository import bindep
from openstack_requirements.tests import base
from openstack_requirements.tests.test_live import VARIABLE
from openstack_requirements.tests.test_repository import scripts

CONTAINERFILE = base.ROOT / "Containerfile"
HADOLINT = os.path.join(sysconfig.get_path("scripts"), "hadolint")
IMAGE = "OPENSTACK_REQUIREMENTS_IMAGE"
#: Programs that build images, and options of theirs.
BUILDERS = {
    "podman": ("build", "--quiet"),
    "buildah": ("build", "--quiet", "--isolation", "chroot"),
    "docker": ("build", "--quiet"),
}


def instructions() -> list[tuple[str, str]]:
    """The instructions, each with its arguments in one line."""
    text = re.sub(r"^#.*\n", "", CONTAINERFILE.read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n *", "", text).splitlines()
    words = [line.partition(" ") for line in lines if line]
    return [(name, rest) for name, _space, rest in words]


def installed(argument: str) -> list[str]:
    """The packages that an instruction installs with apt-get."""
    match = re.search(r"apt-get install ((?:[^&\s]+ )+)&&", argument)
    assert match is not None
    return [word for word in match[1].split() if not word.startswith("-")]


def required() -> set[str]:
    """What bindep.txt names for Debian without the profile "compile"."""
    lines = [
        line
        for line in (base.ROOT / "bindep.txt").read_text().splitlines()
        if line and not line.startswith("#")
        if not re.search(r"\[.*\bcompile\b.*\]", line)
    ]
    return set(bindep.for_platform(lines, {"debian", "dpkg"}))


class TestContainerfile(base.TestCase):
    def lint(self, path: str) -> tuple[int, str]:
        """What hadolint says, without its own configuration files."""
        config = self.write("hadolint.yaml", "failure-threshold: style\n")
        done = subprocess.run(
            [HADOLINT, "--no-color", "-c", config, path],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def test_lint(self) -> None:
        self.assertEqual((0, ""), self.lint(str(CONTAINERFILE)))
        text = CONTAINERFILE.read_text(encoding="utf-8")
        wrong = self.write("Containerfile", text.replace("CMD [", "CMDS ["))
        self.assertEqual(1, self.lint(wrong)[0])
        wrong = self.write("Containerfile", text.replace("# hadolint", "#"))
        self.assertIn("DL3008", self.lint(wrong)[1])

    def test_it_installs_what_bindep_names(self) -> None:
        of_build, of_image = (
            installed(argument)
            for name, argument in instructions()
            if name == "RUN" and "apt-get" in argument
        )
        self.assertEqual(sorted(required()), of_image)
        self.assertEqual(set(), set(of_build) - required())

    def test_no_registry_is_named(self) -> None:
        for name, argument in instructions():
            if name == "FROM":
                self.assertEqual("${BASE}", argument.split()[0])
            if name == "ARG":
                self.assertRegex(argument, r"^BASE=[a-z]+:[\w.-]+$")

    def test_it_starts_a_command(self) -> None:
        last = dict(instructions())
        self.assertEqual('["openstack-requirements"]', last["ENTRYPOINT"])
        self.assertIn("openstack-requirements", scripts())
        self.assertNotIn("root", last["USER"])

    def test_what_is_left_out(self) -> None:
        """Files that nobody commits, which Git knows."""
        left_out = {
            line.removeprefix("**/").strip("/")
            for line in (base.ROOT / ".dockerignore").read_text().splitlines()
            if not line.startswith("#")
        }
        self.assertNotIn(".git", left_out)
        for name in left_out:
            path = "/".join(("x", name)) if "*" in name else name
            done = subprocess.run(
                ["git", "check-ignore", "-q", "--no-index", f"{path}/x.pyc"],
                cwd=base.ROOT,
                check=False,
            )
            self.assertEqual(0, done.returncode, name)


class TestImage(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if not os.environ.get(VARIABLE):
            self.skipTest(f"{VARIABLE} is not set")

    def run_builder(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv, capture_output=True, encoding="utf-8", check=False
        )

    def test_build(self) -> None:
        base_image = os.environ.get(IMAGE, "debian:12-slim")
        source = str(self.folder / "source")
        for program, build in BUILDERS.items():
            if shutil.which(program) is None:
                continue
            pulled = self.run_builder(program, "pull", base_image)
            if pulled.returncode:
                continue
            clone = ["git", "clone", "-q", str(base.ROOT), source]
            subprocess.run(clone, check=True)
            command = [program, *build, "--build-arg", f"BASE={base_image}"]
            done = self.run_builder(
                *(*command, "-f", f"{source}/Containerfile", source)
            )
            self.assertEqual(0, done.returncode, done.stderr)
            return
        self.skipTest(f"nothing here builds images from {base_image}")
