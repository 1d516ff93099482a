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
"""The tour names functions that there are, in the order of their calls."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.core import publish_doctree

from openstack_requirements.cmds import check_requirements
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from types import CodeType, FrameType

PAGE = base.ROOT / "doc" / "source" / "contributor" / "tour.rst"
PACKAGE = "openstack_requirements."


def resolve(name: str) -> Any:
    """The object that a page names: ``package.module.function``."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


class TestTour(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        text = PAGE.read_text(encoding="utf-8")
        page = publish_doctree(
            # What Sphinx adds is of no interest.
            text.replace(".. code-block::", ".. code::"),
            settings_overrides={"report_level": 5, "halt_level": 6},
        )
        self.names = [
            literal.astext()
            for item in page.findall(nodes.list_item)
            for literal in item.findall(nodes.literal)
            if literal.astext().startswith(PACKAGE)
        ]
        self.listed, self.line = (
            block.astext() for block in page.findall(nodes.literal_block)
        )
        self.assertEqual(text.count(f"``{PACKAGE}"), len(self.names))
        self.assertGreater(len(self.names), 15)

    def test_every_name_is_there(self) -> None:
        for name in self.names:
            self.assertTrue(callable(resolve(name)), name)

    def test_the_example_goes_that_way(self) -> None:
        """Each is called behind the one that the page names before it."""
        wanted: dict[CodeType, str] = {}
        for name in self.names:
            function = resolve(name)
            if hasattr(function, "cache_clear"):
                function.cache_clear()
            wanted[inspect.unwrap(function).__code__] = name
        self.assertEqual(len(self.names), len(wanted))
        called: list[str] = []

        def note(frame: FrameType, event: str, _argument: object) -> None:
            if event == "call" and frame.f_code in wanted:
                called.append(wanted[frame.f_code])

        self.write("reqs/global-requirements.txt", f"{self.listed}\n")
        self.write("reqs/denylist.txt", "pbr\n")
        path = self.write("project/requirements.txt", f"{self.line}\n")
        self.write(
            "project/pyproject.toml",
            '[build-system]\nrequires = ["pbr>=6"]\n'
            'build-backend = "pbr.build"\n',
        )
        argv = ("--reqs", str(self.folder / "reqs"), "--format", "sarif")
        sys.setprofile(note)
        try:
            done = self.run_main(
                check_requirements.main, *argv, str(self.folder / "project")
            )
        finally:
            sys.setprofile(None)
        self.assertEqual((1, ""), (done.status, done.err))
        (result,) = json.loads(done.out)["runs"][0]["results"]
        self.assertEqual("exclusion-not-global", result["ruleId"])
        place = result["locations"][0]["physicalLocation"]
        self.assertTrue(
            place["artifactLocation"]["uri"].endswith(path.lstrip("/"))
        )
        calls = iter(called)
        for name in self.names:
            self.assertIn(name, calls)  # which goes on behind it

    def test_the_rule_has_its_name_on_the_page(self) -> None:
        text = re.sub(r"\s+", " ", PAGE.read_text(encoding="utf-8"))
        self.assertIn("``exclusion-not-global``", text)
