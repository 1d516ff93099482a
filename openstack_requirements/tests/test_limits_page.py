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
"""The table of limits in the documentation is what the code has.

A number in the code is in the table of doc/source/reference/limits.rst, or in
:data:`NO_LIMITS` with the reason why it bounds no input.
"""

from __future__ import annotations

import ast
import configparser
import importlib
import re
from typing import NamedTuple

from docutils import nodes
from docutils.core import publish_doctree

from openstack_requirements.tests import base
from openstack_requirements.tests.test_architecture import NAME, modules

PAGE = base.ROOT / "doc" / "source" / "reference" / "limits.rst"
HEADINGS = (
    *("Input", "Who may have written it", "Limit", "Value", "Beyond it"),
)
#: Module-level numbers that bound no input.
NO_LIMITS = {
    "proposals.forges.forgejo.PAGE": "how many rows are asked for at once",
    "proposals.forges.github.BETWEEN_WRITES": "how long GitHub is left alone",
    "install.awaited_release.FIRST_PAUSE": "how long a pause is at first",
    "install.awaited_release.LONGEST_PAUSE": "how long a pause gets",
    "proposals.constraints_job._TRIES": (
        "how often a proposal is made anew that changes meanwhile"
    ),
    "proposals.messages_constraints.WIDTH": "how long the lines are",
    "install.cache.FORMAT": "the version of a file that this toolkit writes",
    "cmds.report.render_changes.OPEN_ROWS": (
        "longer tables are folded, and are whole"
    ),
    "cmds.merge_constraints._GIVE_UP": "an exit status",
    "constraints.conflict_markers.MARKER_SIZE": (
        "how long git's conflict markers are"
    ),
    "constraints.threeway._MOST_MATCHED": (
        "longer changes of a comment are compared as one"
    ),
    "constraints.editing._LONG": "where the fast path gives way to the parser",
    "install.environments._REMOVERS": "how many threads remove files",
    "repository.hold_effects.SHOWN": "how many names a sentence has",
    "checks.hold_rules.GRACE": "when a warning becomes an error",
    "errors.FINDINGS": "an exit status",
    "manifests.loader._NAMED": "how many folders an error names",
    "errors.MOST_SHOWN": "how many errors of an input are shown",
    "errors.OUTSIDE": "an exit status",
    "errors.UNUSABLE": "an exit status",
    "errors._LONGEST_COMMAND": "how much of a command an error shows",
    "install.failures.SHOWN_LINES": "how much of a log an error shows",
    "system.fetch._PART": "how much is read at once",
    "system.fetch._SHOWN": "how much of a server's words an error shows",
    "proposals.forges.gerrit._PAGE": (
        "how many changes are asked for at once; all are asked"
    ),
    "proposals.forges.gerrit._MOST_CLOSED": (
        "how many closed changes are looked at for the last one"
    ),
    "system.files.SILENT_WAIT": (
        "when a message says that a lock is waited for"
    ),
    "system.files._LOCK_MODE": "the mode of a lock file",
    "system.files._TOKEN": "how long the name of a new file is",
    "constraints.freeze_json.FORMAT": (
        "the version of a file that this toolkit writes"
    ),
    "checks.gate.WORTH_SHARING": "from where on processes share the work",
    "constraints.history.MANY": "from where on a commit is a regeneration",
    "constraints.history._FEW": "from where on a commit is a regeneration",
    "constraints.history.LOOK_BACK": "how far back a commit's kind depends on",
    "constraints.history_loader.SHORT": "how much of an id an error shows",
    "cmds.report.render_changes.SHORT": "how much of an id is shown",
    "cmds.report.render_changes.SHOWN_COMMITS": (
        "JSON has all, and the text says how many more there are"
    ),
    "cmds._upkeep.SHOWN": "how many names a warning has",
    "system.git_history.BATCH": "how much is read at once; all is read",
    "system.git_command._MOST_WARNINGS": (
        "how many of git's warnings are shown"
    ),
    "system.git_command._LONGEST_COMPLAINT": (
        "how much of git's words an error shows"
    ),
    "system.git_command._MIB": "a unit",
    "system.git_repository._MIB": "a unit",
    "install.index.BATCH": (
        "how many questions are asked at once; all are asked"
    ),
    "install.installers.uv_command.REQUESTS": "how many downloads run at once",
    "install.installers.uv_pages.KEPT": "what uv is told",
    "install.installers.uv_pages.MOST_TRIED": (
        "how many pages are tried; without an answer uv decides"
    ),
    "install.installers.uv_pages.PATIENCE": (
        "how long a try waits; without an answer uv decides"
    ),
    "manifests.pyproject._SHOWN": "how much of an item an error shows",
    "cmds.check_python2_support.JOBS": "how many look-ups run at once",
    "install.archives._PART": "how much is unpacked at once",
    "install.installers.pip_settings.RETRIES": (
        "how often a request is repeated"
    ),
    "install.newer_versions._JOBS": "how many look-ups run at once",
    "install.remote.MOST_SENT": "the two limits of fetch together",
    "install.remote._FIRST": "how much is asked for at once",
    "install.remote._IN_MEMORY": "from where on a file is on the disk",
    "system.pipes._PART": "how much is read at once",
    "cmds.report.explain._WIDTH": "where lines are wrapped",
    "system.signals._AGAIN": "when what was lost is raised again",
    "pep508.markers.pythons._LAST_MINOR": "stands for the last minor version",
    "pep508.truth_tables._TOGETHER": "how the memory of a table is laid out",
    "repository.waivers.ANYWHERE": "the line of what is not in a line",
    "repository.yaml_rows._SHOWN": "how much of a line an error shows",
}
_UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class Row(NamedTuple):
    """A row of the table."""

    what: str
    writer: str
    limit: str
    value: str
    beyond: str


def rows() -> list[Row]:
    """The rows of all tables of the page."""
    found = []
    document = publish_doctree(
        PAGE.read_text(encoding="utf-8"),
        # Roles that only Sphinx knows are no matter here.
        settings_overrides={"report_level": 5, "halt_level": 5},
    )
    for table in document.findall(nodes.table):
        for row in table.findall(nodes.row):
            cells = [
                " ".join(cell.astext().split())
                for cell in row.findall(nodes.entry)
            ]
            found.append(Row(*cells))
    return [row for row in found if row != HEADINGS]


def number(text: str) -> float:
    """The number that a value says: ``8,192 characters``, ``1 MiB``."""
    match = re.match(r"([0-9][0-9,.]*) ([A-Za-z]+)", text)
    assert match is not None, f"not a number and a unit: {text}"
    return float(match[1].replace(",", "")) * _UNITS.get(match[2], 1)


def in_code() -> dict[str, float]:
    """The numbers that the modules of the package name, by their names."""
    found = {}
    for module, tree in modules().items():
        targets = [
            target
            for node in tree.body
            if isinstance(node, (ast.Assign, ast.AnnAssign))
            for target in (
                node.targets if isinstance(node, ast.Assign) else [node.target]
            )
        ]
        names = {
            name.id
            for target in targets
            for name in ast.walk(target)
            if isinstance(name, ast.Name)
        }
        loaded = importlib.import_module(f"{NAME}.{module}".rstrip("."))
        for name in names:
            value = getattr(loaded, name, None)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                found[f"{module}.{name}"] = value
    return found


class TestSecurity(base.TestCase):
    def test_reports_go_where_the_project_is(self) -> None:
        config = configparser.ConfigParser()
        config.read(base.ROOT / "setup.cfg", encoding="utf-8")
        page = (base.ROOT / "SECURITY.rst").read_text(encoding="utf-8")
        self.assertIn(config["metadata"]["author_email"], page)
        # No other address, and nothing that is not the project's own.
        found = set(re.findall(r"\S+@\S+", page))
        self.assertEqual(1, len(found), str(found))


class TestLimits(base.TestCase):
    def test_the_page_has_the_values_of_the_code(self) -> None:
        there = in_code()
        for row in rows():
            self.assertIn(row.limit, there)
            self.assertEqual(there[row.limit], number(row.value), row.limit)

    def test_the_page_has_every_limit(self) -> None:
        there = set(in_code())
        shown = {row.limit for row in rows()}
        missing = there - shown - set(NO_LIMITS)
        self.assertEqual(
            set(), missing, f"add a row to {PAGE}, or a reason here"
        )
        self.assertEqual(set(), set(NO_LIMITS) - there, "they are gone")
        self.assertEqual(set(), set(NO_LIMITS) & shown, "they are limits")

    def test_every_cell_says_something(self) -> None:
        found = rows()
        self.assertGreater(len(found), 10)
        for row in found:
            self.assertNotIn("", row)
        self.assertEqual(len(found), len({row.limit for row in found}))

    def test_numbers(self) -> None:
        for text, expected in (
            ("8,192 characters", 8192),
            ("16 MiB", 16 << 20),
            ("0.5 seconds", 0.5),
            ("2 KiB of text", 2048),
        ):
            self.assertEqual(expected, number(text))
        self.assertRaises(AssertionError, number, "many")
