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
"""Verdicts are decided from values: no folder, no git, no clock."""

from __future__ import annotations

import ast
import datetime
import inspect
from typing import TYPE_CHECKING, Any

from openstack_requirements.checks import judgement, verdicts
from openstack_requirements.checks import loader as checks_loader
from openstack_requirements.checks.verdicts import (
    Checkout,
    CheckRequest,
    Criteria,
    Snapshot,
)
from openstack_requirements.errors import RequirementsError
from openstack_requirements.manifests import declarations, loader
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.repository import policy
from openstack_requirements.system import git
from openstack_requirements.tests import base
from openstack_requirements.tests.test_architecture import modules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE = "requirements.txt"
TODAY = datetime.date(2030, 1, 2)
#: The functions that a project's root is given to, on its way down.
TAKE_ROOT: dict[str, Callable[..., Any]] = {
    "loader.checkout": checks_loader.checkout,
    "_parent": checks_loader._parent,
    "_snapshot": checks_loader._snapshot,
    "loader.folder": loader.folder,
    "loader.read": loader.read,
    "git.read_all": git.read_all,
    "git.first_parent": git.first_parent,
    "Checkout": Checkout,
}


def request(**changes: object) -> CheckRequest:
    """A request under the classic policy, with one entry in the list."""
    against = judgement.against(
        policy.CLASSIC, "global", read_entries("foo>=1.0\n", "global")
    )
    whole = CheckRequest(
        Criteria(against, ()), "stable/x", False, "", TODAY, {}
    )
    return whole._replace(**changes)  # type: ignore[arg-type]


def snapshot(texts: Mapping[str, str]) -> Snapshot:
    """What a project with these files declares."""
    return Snapshot(texts, declarations.read(texts))


def checkout(
    *lines: str,
    root: str = "p",
    parent: str | None = None,
    baseline: str | None = None,
) -> Checkout:
    """A project with these lines in its requirements.txt."""
    texts = {FILE: "".join(f"{line}\n" for line in lines)}
    return Checkout(
        root,
        "org/p",
        *snapshot(texts),
        None if parent is None else snapshot({FILE: parent}),
        None if baseline is None else snapshot({FILE: baseline}),
    )


class TestJudge(base.TestCase):
    def found(self, project: Checkout) -> list[tuple[str, str | None]]:
        verdict = verdicts.judge(request(), project)
        return [(f"{f.file}:{f.line}", f.package) for f in verdict.findings]

    def test_everything_counts_where_nothing_was_before(self) -> None:
        self.assertEqual(
            [(f"p/{FILE}:1", "bar"), (f"p/{FILE}:2", "baz")],
            self.found(checkout("bar", "baz")),
        )

    def test_what_the_parent_has_is_not_judged(self) -> None:
        project = checkout("bar", "baz", parent="bar\n")
        self.assertEqual([(f"p/{FILE}:2", "baz")], self.found(project))
        self.assertEqual(0, verdicts.judge(request(), project).before)

    def test_what_the_baseline_has_is_counted(self) -> None:
        project = checkout("bar", "baz", baseline="bar\n")
        self.assertEqual([(f"p/{FILE}:2", "baz")], self.found(project))
        self.assertEqual(1, verdicts.judge(request(), project).before)

    def test_the_baseline_in_other_words(self) -> None:
        for before, after, known in (
            ("Bar>=1.0  # x", "bar>=1 # x", 1),
            ("bar;python_version>='3'", 'bar ; "3.0" <= python_version', 1),
            ("bar>=1 # x", "bar>=1 # y", 0),
            ("bar>=1", "bar>=2", 0),
        ):
            project = checkout(after, baseline=f"{before}\n")
            verdict = verdicts.judge(request(), project)
            self.assertEqual(known, verdict.before, after)
            self.assertEqual(1 - known, len(verdict.findings), after)

    def test_a_waiver_of_the_line(self) -> None:
        waiver = "# requirements: ignore[unknown-requirement] new until "
        for day, waived in (("2030-01-02", 1), ("2030-01-01", 0)):
            verdict = verdicts.judge(
                request(), checkout(f"bar  {waiver}{day}")
            )
            self.assertEqual(waived, len(verdict.waived))
            self.assertEqual(bool(waived), not verdict.findings)

    def test_paths_are_from_here(self) -> None:
        for root, place in ((".", FILE), ("./a/../b/", f"b/{FILE}")):
            project = checkout("bar", root=root)
            self.assertEqual([(f"{place}:1", "bar")], self.found(project))
            verdict = verdicts.judge(request(), project)
            self.assertEqual(root.strip("./a") or ".", verdict.subject)


class TestFix(base.TestCase):
    def test_the_smallest_change(self) -> None:
        project = checkout("foo>=1.0;os_name=='nt'", "bar")
        self.assertEqual(
            {
                FILE: (
                    "foo>=1.0;os_name=='nt'\nbar\n",
                    "foo>=1.0\nbar\n",
                )
            },
            verdicts.fix(request(), project),
        )

    def test_what_was_there_before_stays(self) -> None:
        line = "foo>=1.0;os_name=='nt'"
        for before in ({"parent": f"{line}\n"}, {"baseline": f"{line}\n"}):
            project = checkout(line, **before)
            self.assertEqual({}, verdicts.fix(request(), project))

    def test_what_is_waived_stays(self) -> None:
        waiver = "# requirements: ignore[marker-mismatch] a reason"
        project = checkout(f"foo>=1.0;os_name=='nt'  {waiver}")
        self.assertEqual({}, verdicts.fix(request(), project))

    def test_a_file_that_cannot_be_read(self) -> None:
        project = checkout("foo")._replace(texts={"pyproject.toml": "["})
        self.assertRaises(RequirementsError, verdicts.fix, request(), project)


class TestRoot(base.TestCase):
    """A project's root keeps its name from function to function."""

    def test_it_is_called_root_on_its_way(self) -> None:
        noticed = set()
        for module in ("checks.gate", "checks.loader"):
            for call in ast.walk(modules()[module]):
                if not isinstance(call, ast.Call):
                    continue
                name = ast.unparse(call.func)
                if name not in TAKE_ROOT:
                    continue
                parameters = [*inspect.signature(TAKE_ROOT[name]).parameters]
                argument = call.args[parameters.index("root")]
                self.assertIsInstance(argument, ast.Name, ast.dump(call))
                assert isinstance(argument, ast.Name)
                self.assertEqual("root", argument.id, name)
                noticed.add(name)
        self.assertEqual(set(TAKE_ROOT), noticed)

    def test_only_the_loaders_get_it(self) -> None:
        for module in ("judgement", "subjects", "waiving", "entry_rules"):
            names = {
                node.arg
                for node in ast.walk(modules()[f"checks.{module}"])
                if isinstance(node, ast.arg)
            }
            self.assertNotIn("root", names, module)
