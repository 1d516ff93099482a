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
"""The tutorial and the README are followed to the end, command by command.

By somebody with a fresh account: an empty home, nothing on PATH but what the
pages say is there, and an index that has what the checkouts require.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

from openstack_requirements.install import interpreters
from openstack_requirements.pep508.python_versions import in_order
from openstack_requirements.tests import base, samples
from openstack_requirements.tests.test_generate import (
    VERSION,
    GenerateTestCase,
)
from openstack_requirements.tests.test_initial import known_to_pip
from openstack_requirements.tests.test_repository import scripts

if TYPE_CHECKING:
    from collections.abc import Mapping

TUTORIAL = samples.SOURCE / "user/first-list.rst"
README = base.ROOT / "README.rst"
#: Who commits: that of the page has told git who they are.
IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "Jane Doe"), ("EMAIL", "jane@example.org"))
}


class FreshAccount(GenerateTestCase):
    """An account that has just been made, with an index of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.home = self.folder / "home"
        self.home.mkdir()
        self.current = str(self.home)
        self.programs = self.folder / "bin"
        self.programs.mkdir()
        for name in scripts():
            self.program(name, f"exec {shlex.join(base.script(name))}")
        children = self.children()
        self.versions = in_order([VERSION, *known_to_pip()[-1:]])
        for version in self.versions:
            found = interpreters.find(version, children).executable
            self.program(f"python{version}", f"exec {shlex.quote(found)}")
        self.program(
            "pip",
            f"exec {shlex.quote(found)} -m pip --quiet",
            f"--target {shlex.quote(str(self.folder / 'site'))}",
        )
        git = shutil.which("git")
        assert git is not None
        self.program("git", f"exec {shlex.quote(git)}")

    def program(self, name: str, call: str, after: str = "") -> None:
        path = self.programs / name
        path.write_text(f'#!/bin/sh\n{call} "$@" {after}\n', encoding="utf-8")
        path.chmod(0o755)

    def environment(self) -> Mapping[str, str]:
        return {
            **self.index.environment(),
            **IDENTITY,
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "TMPDIR": str(self.temporary),
            "UV_HTTP_RETRIES": "0",
        }

    def for_these_pythons(self, text: str) -> str:
        """A text with the Pythons that are here, in place of the page's."""
        options = " ".join(f"-p {version}" for version in self.versions)
        quoted = ", ".join(f'"{version}"' for version in self.versions)
        for old, new in (
            ("-p 3.11 -p 3.13", options),
            ("-p 3.11 -p 3.12", options),
            ("-p python3 ", f"-p {VERSION} "),
            ('"3.11", "3.13"', quoted),
        ):
            text = text.replace(old, new)
        return text

    def type(self, command: str) -> str:
        """Type a command where the last one left the shell; the output."""
        place = self.folder / "place"
        done = subprocess.run(
            [
                *("/bin/sh", "-e", "-c"),
                f"cd '{self.current}'\n{command}\npwd > '{place}'",
            ],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        self.assertEqual(0, done.returncode, f"{command}\n{done.stdout}")
        self.current = place.read_text(encoding="utf-8").strip()
        return done.stdout

    def checkout(self, name: str, *requires: str) -> str:
        """An unpacked sdist that can be built without an index; its path."""
        filename = self.index.sdist(
            name, "1.0", requires=requires, static=True
        )
        data = self.index._files[filename].content
        path = self.write(f"sdists/{filename}", data)
        self.index.remove(filename)
        with tarfile.open(path) as archive:
            for member in archive.getmembers():
                # extractall asks for a filter that old patch levels lack.
                if member.isfile():
                    content = archive.extractfile(member)
                    assert content is not None
                    self.write(f"home/checkouts/{member.name}", content.read())
        unpacked = self.home / "checkouts" / filename[: -len(".tar.gz")]
        listed = ", ".join(f'"{text}"' for text in requires)
        with open(unpacked / "pyproject.toml", "a") as file:
            file.write(
                f'\n[project]\nname = "{name}"\nversion = "1.0"\n'
                f"dependencies = [{listed}]\n"
            )
        return str(unpacked.rename(self.home / "checkouts" / name))


class TestTutorial(FreshAccount):
    def setUp(self) -> None:
        super().setUp()
        for version in ("1.0", "1.1"):
            self.index.wheel("library", version, license="MIT")
        for name in ("ruff", "added", "Sphinx"):
            self.index.wheel(name, "8.2", license="MIT")
        (self.home / "checkouts").mkdir()
        self.project = self.checkout("one", "library>=1.0", "ruff>=1")
        self.checkout("two", "library>=0.9", "Sphinx>=8.1.3,<9")

    def prepared(self, command: str) -> str:
        """What a person does before a command; the command they type."""
        repository = self.home / "requirements"
        if "new-project" in command and "--extend" in command:
            # What was decided by hand in step 2.
            path = repository / "global-requirements.txt"
            text = path.read_text(encoding="utf-8")
            decided = text.replace("Sphinx>=", "# Why.\nSphinx>=")
            self.assertNotEqual(text, decided)
            path.write_text(decided, encoding="utf-8")
            self.checkout("new-project", "added>=1", "Sphinx>=8")
        elif "--upgrade" in command:
            self.index.wheel("library", "1.2", license="MIT")
        elif "smoke-test.sh" in command:
            self.index.wheel("library", "1.3", license="MIT")
            self.write(
                "home/requirements/smoke-test.sh",
                '#!/bin/sh\n! grep -q "library===1.3" '
                '"$UPPER_CONSTRAINTS_FILE"\n',
            )
            (repository / "smoke-test.sh").chmod(0o755)
        for placeholder, value in (
            ("PATH/TO/PROJECT", self.project),
            ("https://git.example.org/requirements", str(repository)),
        ):
            command = command.replace(placeholder, value)
        return self.for_these_pythons(command)

    def pins(self, folder: str = "requirements") -> list[str]:
        path = self.home / folder / "upper-constraints.txt"
        return sorted(path.read_text(encoding="utf-8").splitlines())

    def test_every_command(self) -> None:
        typed = 0
        for block in samples.blocks(TUTORIAL.read_text(encoding="utf-8")):
            if block.language == "toml":
                with open(f"{self.current}/pyproject.toml", "w") as file:
                    file.write(self.for_these_pythons("\n".join(block.lines)))
                continue
            if block.language != "console":
                continue
            for command in samples.commands(block.lines):
                self.type(self.prepared(command))
                typed += 1
        self.assertGreaterEqual(typed, 20)
        self.assertEqual(
            ["Sphinx===8.2", "added===8.2", "library===1.2"], self.pins()
        )
        self.assertEqual(
            ["Sphinx===8.2", "added===8.2", "library===1.3"],
            self.pins("by-hand"),
        )
        path = self.home / "requirements/global-requirements.txt"
        text = path.read_text(encoding="utf-8")
        self.assertIn("# Why.\nSphinx>=8.1.3", text)
        self.assertIn("\nadded>=1", text)
        site = self.folder / "site"
        self.assertTrue((site / "library-1.1.dist-info").is_dir())
        changes = self.home / "requirements/changes.md"
        self.assertIn("1.1 \u2192 1.2", changes.read_text(encoding="utf-8"))


class TestReadme(FreshAccount):
    """The commands of the README, on small lists."""

    def commands(self) -> list[str]:
        """All commands of literal blocks, in order."""
        text = README.read_text(encoding="utf-8")
        result = []
        for block in re.findall(r"::\n\n((?:(?: {4}| {7}).*\n|\n)+)", text):
            command = ""
            for line in block.splitlines():
                command += line.strip().removesuffix("\\")
                if line.strip() and not line.endswith("\\"):
                    result.append(command)
                    command = ""
        return result

    def test_every_command_is_known(self) -> None:
        run = "python3 tools/run.py "
        names = []
        for command in self.commands():
            words = shlex.split(command.removeprefix(run))
            if words[0].startswith("--"):
                self.assertIn(words[0], {"--tests", "--docs"})
                del words[0]
            names.append(words[0])
            self.assertIn(
                words[0],
                {*scripts(), "stestr", "sphinx-build", "reno", "uv", "pipx"},
            )
        self.assertEqual(3, names.count("generate-constraints"))

    def test_generating(self) -> None:
        # What the machine of the README lacks: a system library.
        for version in ("1.0", "1.1"):
            self.index.sdist(
                "bindings", version, native_missing="lib.h", late=True
            )
            self.index.wheel("library", version)
        self.index.wheel("added", "1.0")
        for path, text in (
            ("global-requirements.txt", "bindings>=1\nlibrary>=1\n"),
            ("upper-constraints.txt", "bindings===1.0\nlibrary===1.0\n"),
            ("blacklist.txt", "linter  # of each project's own\n"),
            ("our-list.txt", "library>=1\n"),
        ):
            self.write(f"home/{path}", text)
        self.type("git init -q && git add . && git commit -qm first")
        results = {}
        for command in self.commands():
            if "generate-constraints" not in command:
                continue
            if "--propose" in command:
                with open(self.home / "global-requirements.txt", "a") as file:
                    file.write("added>=1\n")
            self.type(
                self.for_these_pythons(
                    command.removeprefix("python3 tools/run.py ")
                )
            )
            match = re.search(r" -o (\S+)", command)
            assert match is not None
            written = (self.home / match[1]).read_text(encoding="utf-8")
            results[match[1]] = sorted(written.splitlines())
        self.assertEqual(
            {
                "local-constraints.txt": ["bindings===1.0", "library===1.0"],
                "our-constraints.txt": ["library===1.1"],
                "upper-constraints.txt": [
                    "added===1.0",
                    "bindings===1.0",
                    "library===1.0",
                ],
            },
            results,
        )
