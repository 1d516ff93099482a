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
"""The text of pip freeze as a freeze."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.cmds import generate_constraints
from openstack_requirements.constraints import freeze_json, merging
from openstack_requirements.constraints.freeze import Distribution, Freeze
from openstack_requirements.constraints.freeze_text import (
    FreezeFromText,
    from_text,
)
from openstack_requirements.errors import BadContent, ConflictingOptions
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository import generation
from openstack_requirements.tests import base

TEXT = """\
# Editable install with no version control (local==1.0)
-e /src/local
-e git+https://git.invalid/x@0a1b#egg=x&subdirectory=y
oslo.config==9.6.0

Odd_Name===2004d
from-url @ https://user:hunter2@files.invalid/from_url-1.0.tar.gz
from-disk @ file:///src/from-disk
local-version==1.0+cpu
normal==1.0.0RC1
normal==1.0rc1  # the same in another form
"""


def read(text: str) -> FreezeFromText:
    return from_text(text, "3.12", "freeze.txt")


class TestFromText(base.TestCase):
    def test_names_and_versions(self) -> None:
        freeze, _ = read(TEXT)
        self.assertEqual("3.12", freeze.python_version)
        self.assertEqual({"python_version": "3.12"}, freeze.environment)
        self.assertEqual(
            [
                ("Odd_Name", "2004d"),
                ("local-version", "1.0+cpu"),
                ("normal", "1.0.0rc1"),
                ("oslo.config", "9.6.0"),
            ],
            sorted(distribution[:2] for distribution in freeze.distributions),
        )
        self.assertEqual(
            {False},
            {distribution.described for distribution in freeze.distributions},
        )

    def test_what_has_no_version_is_named(self) -> None:
        editable = "an editable installation has no version here, so it is"
        url = "installed from a URL has no version here, so it is left out"
        _, skipped = read(TEXT)
        self.assertEqual(
            (
                f"freeze.txt:2: {editable} left out: -e /src/local",
                f"freeze.txt:3: {editable} left out: -e "
                "git+https://git.invalid/x@0a1b#egg=x&subdirectory=y",
                f"freeze.txt:7: {url}: from-url @ "
                "https://****@files.invalid/from_url-1.0.tar.gz",
                f"freeze.txt:8: {url}: from-disk @ file:///src/from-disk",
            ),
            skipped,
        )

    def test_what_pip_freeze_does_not_print(self) -> None:
        lines = (
            "a>=1",
            "a",
            "a==1,!=2",
            "a==1.*",
            "a[x]==1",
            "a==1;python_version<'3'",
            "-r other.txt",
            "-f https://x.invalid",
            "--index-url=https://x.invalid",
            "./path",
            "a=1=py312_0",
            "{}",
        )
        error = self.assertRaises(BadContent, read, "\n".join(lines))
        for number, line in enumerate(lines, 1):
            self.assertIn(f"freeze.txt:{number}:", str(error), line)

    def test_two_versions(self) -> None:
        error = self.assertRaises(BadContent, read, "A.b==1\nx==1\na-b==2\n")
        self.assertEqual(
            "freeze.txt:3: A.b 1 is there as well: a-b==2", str(error)
        )

    def test_what_pip_prints_here(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "freeze", "--all"],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        freeze, _ = read(done.stdout)
        names = freeze.by_name()
        self.assertIn("pip", names)
        for name, distribution in names.items():
            self.assertEqual(
                importlib.metadata.version(name), distribution.version
            )

    @given(
        st.dictionaries(
            st.from_regex(r"[A-Za-z][A-Za-z._-]{0,4}[a-z]", fullmatch=True),
            st.sampled_from(["1", "1.0", "2.0rc1", "3!1.0.post1+x.1"]),
        )
    )
    def test_the_pins_of_a_freeze(self, pins: dict[str, str]) -> None:
        """A freeze and its text pin the same versions, but for spelling."""
        pins = {canonical_name(name): pins[name] for name in pins}
        freeze = Freeze(
            "3.12",
            base.environment("3.12"),
            tuple(Distribution(*pin) for pin in pins.items()),
        )
        text = "".join(f"{name}=={pin}\n" for name, pin in pins.items())
        self.assertEqual(
            merging.merge([freeze]), merging.merge([read(text)[0]])
        )


class TestFromFreezes(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.text = self.write("freeze.txt", "oslo-config==9\nA==1\npip==1\n")
        self.json = self.write(
            "python3.11.json",
            freeze_json.to_json(
                Freeze(
                    "3.11",
                    base.environment("3.11"),
                    (
                        Distribution("Oslo.Config", "8"),
                        Distribution("a", "1", described=False),
                    ),
                )
            ),
        )

    def merge(self, *argv: str) -> base.Outcome:
        return self.run_main(
            generate_constraints.main,
            "--sort",
            "name",
            "--from-freezes",
            *argv,
        )

    def failure(self, *argv: str) -> str:
        done = self.merge(*argv)
        self.assertEqual((2, ""), done[:2])
        self.assertEqual(1, len(done.err.splitlines()), done.err)
        return done.err

    def note(self, path: str, python: str = "3.12") -> str:
        return (
            f"{path}: pip freeze does not say how metadata spells a name, "
            "what requires what, and on which platform it ran. Names are "
            "spelled as in other freezes or --previous, and otherwise as "
            f"here; --diff has no reasons for Python {python}\n"
        )

    def test_a_text(self) -> None:
        self.assertEqual(
            (0, "A===1\noslo-config===9\n", self.note(self.text)),
            self.merge(f"3.12:{self.text}"),
        )

    def test_the_spelling_of_previous(self) -> None:
        previous = self.write("uc.txt", "# head\noslo.config===7\na===0\n")
        self.assertEqual(
            (0, "# head\na===1\noslo.config===9\n", self.note(self.text)),
            self.merge(f"3.12:{self.text}", "--previous", previous),
        )

    def test_beside_a_freeze(self) -> None:
        for arguments in (
            (f"3.12:{self.text}", self.json),
            (f"3.11:{self.json}", f"3.12:{self.text}"),
            (str(self.folder), f"3.12:{self.text}"),
        ):
            self.assertEqual(
                (
                    0,
                    "a===1\n"
                    "Oslo.Config===8;python_version=='3.11'\n"
                    "Oslo.Config===9;python_version=='3.12'\n",
                    self.note(self.text),
                ),
                self.merge(*arguments),
            )

    def test_options_of_a_merge(self) -> None:
        previous = self.write(
            "uc.txt",
            "oslo.config===7\n"
            "old===1;python_version=='3.9' and sys_platform=='linux'\n",
        )
        done = self.merge(
            *(f"3.12:{self.text}", "--version-map", "3.12:3.13"),
            *("--previous", previous, "--keep-pythons", "--diff"),
        )
        self.assertEqual(
            (
                0,
                "A===1\n"
                "old===1;python_version=='3.9' and sys_platform=='linux'\n"
                "oslo.config===9\n",
            ),
            done[:2],
            done.err,
        )
        self.assertIn("oslo.config 7 -> 9", done.err)

    def test_what_is_left_out_is_a_warning(self) -> None:
        path = self.write("e.txt", "-e /src\nb==1\n")
        done = self.merge(f"3.12:{path}")
        self.assertEqual((0, "b===1\n"), done[:2])
        self.assertIn(f"warning: {path}:1: an editable installation", done.err)

    def test_a_name_with_a_colon(self) -> None:
        for name in ("3.12:freeze.json", "a:b.json"):
            path = self.folder / name
            path.write_bytes(Path(self.json).read_bytes())
            done = self.merge(str(path))
            self.assertEqual((0, ""), (done.status, done.err))
        path = self.folder / "3.12:x:y.txt"
        path.write_text("b==1\n")
        self.assertEqual(
            (0, "b===1\n", self.note(str(path))), self.merge(f"3.12:{path}")
        )

    def test_a_text_is_no_freeze_to_write(self) -> None:
        request = generation.Request(
            freezes=[f"3.12:{self.text}"],
            freeze_dir=str(self.folder / "freezes"),
        )
        error = self.assertRaises(
            ConflictingOptions, generation.generate, request
        )
        self.assertIn("freeze_dir", str(error))

    def test_errors(self) -> None:
        form = (
            "the text of pip freeze takes its Python before a colon, as in "
            "3.12:FILE\n"
        )
        for argument, words in (
            (self.text, f"{self.text}: is not a freeze in JSON; {form}"),
            (f"3.12.1:{self.text}", f"there is no such file; {form}"),
            (f"python3.12:{self.text}", f"there is no such file; {form}"),
            (f"3:{self.text}", f"there is no such file; {form}"),
            (f"3.12:{self.json}", f"3.12:{self.json}: is a freeze of Python "),
            (f"3.12:{self.folder}", f"{self.folder}: "),
            ("3.12:/nowhere", "/nowhere: "),
            (self.write("b.txt", "{"), "b.txt:1: not JSON"),
            (f"3.12:{self.write('c.txt', 'a>1')}", "c.txt:1: pip freeze "),
        ):
            self.assertIn(words, self.failure(argument))
        self.assertIn(
            f"{self.text}: is a freeze of Python 3.12, and so is {self.text}",
            self.failure(f"3.12:{self.text}", f"03.12:{self.text}"),
        )
