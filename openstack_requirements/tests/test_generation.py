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
"""What generate-constraints does, called from Python."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.core import publish_doctree

from openstack_requirements.constraints import freeze_json
from openstack_requirements.errors import ConflictingOptions, UnusableInput
from openstack_requirements.repository import generation
from openstack_requirements.tests import base
from openstack_requirements.tests.test_generate import (
    VERSION,
    GenerateTestCase,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = base.ROOT / "doc" / "source" / "reference" / "library.rst"


class Heard:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.phases: list[tuple[str, str]] = []
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def phase(
        self, who: str, phase: str, _count: Callable[[], int] | None = None
    ) -> None:
        self.phases.append((who, phase))

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


class TestRequest(base.TestCase):
    def test_it_cannot_be_changed(self) -> None:
        request = generation.Request(["3.12"], "list.txt")
        with self.assertRaises(dataclasses.FrozenInstanceError):
            request.jobs = 3  # type: ignore[misc]

    def test_values_that_do_not_go_together(self) -> None:
        def install(**more: Any) -> generation.Request:
            return generation.Request(["3.12"], "list.txt", **more)

        for make, words in (
            (generation.Request, "name interpreters"),
            (lambda: generation.Request(["3"]), "name the list"),
            (lambda: install(freezes=["x"]), "freezes are merged"),
            (
                lambda: generation.Request(freezes=["x"], propose="HEAD"),
                "propose installs",
            ),
            (lambda: install(upgrade=True), "need previous"),
            (lambda: install(upgrade_packages=["a"]), "need previous"),
            (lambda: install(bisect=""), "need previous"),
            (
                lambda: install(
                    previous="x", upgrade=True, upgrade_packages=["a"]
                ),
                "upgrade does not go with upgrade_packages",
            ),
            (
                lambda: install(resolve_only=True, verify=True),
                "resolve_only does not go with them",
            ),
            (
                lambda: install(previous="x", resolve_only=True, bisect=""),
                "resolve_only does not go with them",
            ),
            (lambda: install(keep_pythons=True), "keep_pythons and"),
            (lambda: install(propose="HEAD"), "propose needs output"),
            (
                lambda: install(propose="HEAD", output="x", previous="x"),
                "propose goes neither with previous",
            ),
            (
                lambda: install(
                    propose="HEAD", output="x", version_map=[("3.1", "3.2")]
                ),
                "nor with version_map",
            ),
            (lambda: install(compare=True), "compare needs previous or"),
        ):
            error = self.assertRaises(ConflictingOptions, make)
            self.assertIn(words, str(error))
        install(compare=True, previous="x", bisect="", verify=True)
        install(propose="HEAD", output="x", resolve_only=True)
        generation.Request(freezes=["x"], compare=True, output="x")


class TestGeneration(GenerateTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.index.wheel("top", "2.0", requires=["deep"])
        self.index.wheel("deep", "1.0")
        self.list = self.requirements("top", "bad")
        self.output = self.write("uc.txt", "top===1.0\ngone===1\n")

    def request(self, **more: Any) -> generation.Request:
        return generation.Request(
            [sys.executable], self.list, sort="name", **more
        )

    def test_the_example_of_the_documentation(self) -> None:
        page = publish_doctree(
            PAGE.read_text(encoding="utf-8").replace(
                ".. code-block::", ".. code::"
            ),
            settings_overrides={"report_level": 5, "halt_level": 6},
        )
        (code,) = (
            block.astext()
            for block in page.findall(nodes.literal_block)
            if "generate(request)" in block.astext()
        )
        path = self.requirements("top")
        self.assertEqual(1, code.count('"3.12"'))
        code = code.replace('"3.12"', repr(sys.executable))
        code = code.replace('"global-requirements.txt"', repr(path))
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, str(PAGE), "exec"), {})
        self.assertEqual(
            {"deep===1.0", "top===2.0"}, set(out.getvalue().splitlines())
        )
        self.assert_nothing_left()

    def test_everything_is_in_the_result(self) -> None:
        self.index.sdist("bad", "2.0", fail="no compiler")
        self.write("bindep.txt", "# bad\nlibbad-dev\n")
        previous = self.write("previous.txt", "bad===1.0\ntop===1.0\n")
        heard = Heard()
        err = io.StringIO()
        with contextlib.redirect_stderr(err), contextlib.redirect_stdout(err):
            result = generation.generate(
                self.request(
                    keep_going=True,
                    previous=previous,
                    upgrade_packages=["top", "bad", "typo"],
                    compare=True,
                    output=self.output,
                ),
                heard,
            )
        self.assertEqual("", err.getvalue())  # the library prints nothing
        self.assertEqual("bad===1.0\ndeep===1.0\ntop===2.0\n", result.content)
        (frozen,) = result.freezes
        self.assertEqual(VERSION, frozen.python_version)
        self.assertEqual({"bad", "deep", "top"}, set(frozen.by_name()))
        self.assertEqual(("bad",), result.held)
        self.assertEqual((), result.skipped)
        (failed,) = result.failed
        self.assertEqual((VERSION,), failed.pythons)
        self.assertEqual("build", failed.failure.reason.kind)
        self.assertEqual(("libbad-dev",), failed.packages)
        self.assertTrue(os.path.isfile(failed.failure.log))
        assert result.changes is not None
        self.assertEqual(
            [("added", "deep"), ("raised", "top")],
            [(c.kind, c.name) for c in result.changes.changes],
        )
        self.assertEqual(
            (previous, f"what {self.list} gives"), result.compared
        )
        self.assertEqual(
            (f"--upgrade-package typo: {previous} does not have it",),
            result.warnings,
        )
        self.assertEqual(heard.warnings, list(result.warnings))
        self.assertIn(f"Python {VERSION}", dict(heard.phases))
        # Until somebody asks for it, nothing is written.
        self.assertIn("gone", Path(self.output).read_text())

    def test_what_is_left_out(self) -> None:
        result = generation.generate(
            self.request(keep_going=True, resolve_only=True)
        )
        self.assertEqual("deep===1.0\ntop===2.0\n", result.content)
        self.assertEqual(("bad",), result.skipped)
        self.assertEqual((), result.held)
        self.assertIsNone(result.changes)

    def test_writing_the_result(self) -> None:
        folder = str(self.folder / "freezes")
        request = generation.Request(
            [sys.executable],
            self.requirements("top"),
            output=self.output,
            freeze_dir=folder,
            compare=True,
        )
        result = generation.generate(request)
        self.assertEqual(self.output, result.compared[0])
        generation.write_result(result, request)
        self.assertEqual(result.content, Path(self.output).read_text())
        path = os.path.join(folder, f"python{VERSION}.json")
        self.assertEqual(
            list(result.freezes),
            [freeze_json.from_json(Path(path).read_text(), path)],
        )
        # And what was written is a request's freezes again.
        merged = generation.generate(generation.Request(freezes=[folder]))
        self.assertEqual(result.content, merged.content)
        nowhere = dataclasses.replace(
            request, output=None, freeze_dir=None, compare=False
        )
        os.unlink(path)
        generation.write_result(result, nowhere)
        self.assertEqual([], os.listdir(folder))

    def test_a_result_that_could_not_be_written_is_not_worked_for(
        self,
    ) -> None:
        for more in (
            {"output": str(self.folder / "no" / "uc.txt")},
            {"freeze_dir": self.output},
        ):
            self.assertRaises(
                UnusableInput, generation.generate, self.request(**more)
            )
        self.assertEqual([], self.index.requests)

    def test_constraints_without_a_name_to_compare_with(self) -> None:
        done = self.generate(
            *("-p", sys.executable, "-r", self.list),
            *("--previous", "", "--diff"),
        )
        self.assertEqual((2, ""), (done.status, done.out))
        self.assertEqual(1, len(done.err.splitlines()), done.err)
