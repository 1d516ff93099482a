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
"""Mutate modules one small change at a time, and see whether tests notice.

    python3 tools/run.py --tests python tools/mutate.py [MODULE ...]

A mutant that the neighbouring tests do not notice survives: a test is
missing, or the change means the same. The neighbours of ``package.module``
are ``tests/test_module.py`` and what ``NEIGHBOURS`` names. Each mutant lives
in a fork of a process that has imported the libraries, but nothing of this
toolkit; nothing is written to the checkout. Tests that are quick on the
unchanged module run first, and property tests try the same examples each
time.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import io
import json
import os
import random
import signal
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "openstack_requirements"
#: What is mutated where nothing is named.
MODULES = (
    "pep508.requirement",
    "pep508.parser",
    "pep508.entries",
    "pep508.tally",
    "pep508.marker_syntax",
    "pep508.versions",
    "pep508.specifiers",
    "pep508.version_sets",
    "pep508.ranges",
    "pep508.truth_tables",
    "pep508.python_versions",
    "pep508.text",
    "pep508.markers.tree",
    "pep508.markers.evaluation",
    "pep508.markers.algebra",
    "pep508.markers.environments",
    "pep508.markers.candidates",
    "pep508.markers.cases",
    "pep508.markers.partial",
    "pep508.markers.pythons",
    "pep508.markers.requires_python",
    "pep508.markers.splitting",
    "constraints.editing",
    "constraints.pinning",
    "constraints.freeze",
    "constraints.freeze_json",
    "constraints.freeze_text",
    "constraints.merging",
    "constraints.earlier",
    "constraints.states",
    "constraints.changes",
    "constraints.reasons",
    "constraints.history",
    "constraints.closure",
    "constraints.revisions",
    "constraints.newer",
    "constraints.graph",
    "constraints.explain",
    "constraints.held_back",
    "constraints.lower_constraints",
    "constraints.patch",
    "constraints.threeway",
    "constraints.merge_items",
    "constraints.merge_order",
    "constraints.merge_pins",
    "constraints.merge_proof",
    "constraints.conflict_markers",
    "checks.findings",
    "checks.list_lines",
    "checks.list_rules",
    "checks.hold_rules",
    "checks.upkeep_rules",
    "checks.subjects",
    "checks.project_findings",
    "checks.entry_rules",
    "checks.package_rules",
    "checks.project_rules",
    "checks.lower_rules",
    "checks.install_rules",
    "checks.judgement",
    "checks.fixes",
    "checks.verdicts",
    "checks.due_changes",
    "checks.conflicts",
    "checks.support",
    "checks.zuul",
    "checks.registry",
    "checks.gate",
    "checks.impact",
    "checks.waiving",
    "proposals.proposal",
    "proposals.reconcile",
    "proposals.messages",
    "proposals.constraints_change",
    "proposals.messages_constraints",
    "repository.holds",
    "repository.hold_edits",
    "repository.settings",
    "repository.waivers",
)
#: Tests beside the one of the module's own name.
NEIGHBOURS = {
    "requirement": ["limits"],
    "parser": ["requirement", "limits"],
    "entries": ["requirement", "limits"],
    "tally": ["requirement", "limits"],
    "marker_syntax": ["requirement", "markers", "limits"],
    "versions": ["specifiers", "requirement", "freeze", "limits"],
    "specifiers": ["requirement", "ranges", "limits"],
    "ranges": ["version_sets", "check", "limits"],
    "tree": ["markers", "limits"],
    "evaluation": ["markers", "limits"],
    "algebra": ["markers", "limits"],
    "environments": ["markers"],
    "candidates": ["markers"],
    "cases": ["markers", "limits"],
    "partial": ["markers"],
    "pythons": ["markers", "limits"],
    "requires_python": ["pinning"],
    "splitting": ["pinning"],
    "truth_tables": ["markers", "limits"],
    "python_versions": ["markers", "limits"],
    "editing": ["constraints", "edit_constraints", "edit_command", "edits"],
    "pinning": ["constraints", "edit_command", "edit_constraints"],
    "freeze": ["limits"],
    "freeze_json": ["freeze", "limits"],
    "merging": ["freeze", "limits"],
    "states": ["changes"],
    "reasons": ["changes"],
    "revisions": ["history", "diff_constraints"],
    "graph": ["explain", "conflicts", "limits"],
    "explain": ["changes", "limits"],
    "lower_constraints": ["limits"],
    "patch": ["proposal"],
    "merge_items": ["threeway"],
    "merge_order": ["threeway"],
    "merge_pins": ["threeway"],
    "merge_proof": ["threeway"],
    "conflict_markers": ["threeway"],
    "findings": ["rules", "rulebook", "report"],
    "list_lines": ["rules", "validate", "check", "limits"],
    "list_rules": ["rules", "validate", "limits"],
    "subjects": ["check", "rulebook", "limits"],
    "project_findings": ["check"],
    "entry_rules": ["check", "rulebook", "sync", "limits"],
    "package_rules": ["check", "rulebook", "limits"],
    "project_rules": ["check", "rulebook", "limits"],
    "lower_rules": ["check", "rulebook", "limits"],
    "install_rules": ["check_constraints"],
    "judgement": ["check", "rulebook"],
    "fixes": ["check", "check_requirements"],
    "verdicts": ["check_requirements"],
    "due_changes": ["update_requirements"],
    "conflicts": ["limits"],
    "support": ["python2_support"],
    "zuul": ["projects"],
    "registry": ["rulebook"],
    "gate": ["check_requirements"],
    "impact": ["rehearsal", "check_requirements"],
    "waiving": ["waivers"],
    "hold_edits": ["holds"],
    "proposal": ["reconcile"],
    "reconcile": ["updates"],
    "messages": ["updates"],
}
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


class Mutant(NamedTuple):
    """A module with one change: that of the node with a number.

    ``what`` says which, for a person.
    """

    module: str
    number: int
    line: int
    what: str

    def tree(self) -> ast.Module:
        """The syntax tree of the changed module."""
        tree = Mutator(self.number).visit(parsed(self.module))
        assert isinstance(tree, ast.Module)
        return ast.fix_missing_locations(tree)


class Mutator(ast.NodeTransformer):
    """Changes the node of a given number.

    ``changes`` has the line of each node that could be changed, and how.
    """

    def __init__(self, wanted: int = -1) -> None:
        self.wanted = wanted
        self.changes: list[tuple[int, str]] = []

    def _is_it(self, node: ast.AST, what: str) -> bool:
        self.changes.append((getattr(node, "lineno", 0), what))
        return len(self.changes) == self.wanted + 1

    def visit(self, node: ast.AST) -> ast.AST:
        """Change a node, or what is below it."""
        if isinstance(node, ast.If) and (
            isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        ):
            return node
        if isinstance(node, ast.keyword) and node.arg == "strict":
            return node  # it asserts something of zip(), and is no behaviour
        if isinstance(node, ast.FunctionDef):
            # Decorators and annotations are no behaviour.
            node.body = [self.visit(each) for each in node.body]  # type: ignore[misc]
            return node
        if isinstance(node, ast.AnnAssign):
            if node.value is not None:
                node.value = self.visit(node.value)  # type: ignore[assignment]
            return node
        changed = self._changed(node)
        return changed if changed is not None else self.generic_visit(node)

    def _changed(  # noqa: PLR0912 - a branch for each kind of node
        self, node: ast.AST
    ) -> ast.AST | None:
        """The node with the wanted change, if it is this one."""
        if isinstance(node, ast.Compare):
            for number, operator in enumerate(node.ops):
                other = _COMPARISONS[type(operator)]
                name = f"{type(operator).__name__} -> {other.__name__}"
                if self._is_it(node, name):
                    node.ops[number] = other()
                    return node
        elif isinstance(node, ast.BoolOp):
            is_and = isinstance(node.op, ast.And)
            if self._is_it(node, "and -> or" if is_and else "or -> and"):
                node.op = ast.Or() if is_and else ast.And()
                return node
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            if self._is_it(node, "without not"):
                return node.operand
        elif isinstance(node, (ast.If, ast.IfExp, ast.While)):
            if self._is_it(node, "condition negated"):
                node.test = ast.UnaryOp(ast.Not(), node.test)
                return node
        elif isinstance(node, ast.BinOp) and isinstance(
            node.op, (ast.Add, ast.Sub)
        ):
            is_add = isinstance(node.op, ast.Add)
            if self._is_it(node, "+ -> -" if is_add else "- -> +"):
                node.op = ast.Sub() if is_add else ast.Add()
                return node
        elif isinstance(node, ast.Constant):
            return self._changed_constant(node)
        elif isinstance(node, (ast.Break, ast.Continue)):
            if self._is_it(node, "break <-> continue"):
                is_break = isinstance(node, ast.Break)
                return ast.Continue() if is_break else ast.Break()
        elif isinstance(node, ast.Return) and node.value is not None:
            is_none = (
                isinstance(node.value, ast.Constant)
                and node.value.value is None
            )
            if not is_none and self._is_it(node, "returns None"):
                return ast.Return(ast.Constant(None))
        elif (
            isinstance(node, (ast.AugAssign, ast.Raise))
            or (
                isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
            )
        ) and self._is_it(node, "statement left out"):
            return ast.Pass()
        return None

    def _changed_constant(self, node: ast.Constant) -> ast.AST | None:
        value = node.value
        if isinstance(value, bool):
            if self._is_it(node, f"{value} -> {not value}"):
                return ast.Constant(not value)
        elif isinstance(value, int) and self._is_it(
            node, f"{value} -> {value + 1}"
        ):
            return ast.Constant(value + 1)
        return None


def path_of(module: str) -> Path:
    """The file of a module of the package."""
    return ROOT.joinpath(PACKAGE, *module.split(".")).with_suffix(".py")


def parsed(module: str) -> ast.Module:
    """The syntax tree of a module as it is."""
    return ast.parse(path_of(module).read_text(encoding="utf-8"))


def mutants(module: str) -> list[Mutant]:
    """Every mutant of a module."""
    mutator = Mutator()
    mutator.visit(parsed(module))
    return [
        Mutant(module, number, line, what)
        for number, (line, what) in enumerate(mutator.changes)
    ]


class Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the mutant in place of the module."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = f"{PACKAGE}.{mutant.module}"
        self._mutant = mutant

    def find_spec(
        self, fullname: str, _path: object = None, _target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The mutant, for its own name."""
        if fullname != self._name:
            return None
        return importlib.machinery.ModuleSpec(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant's code."""
        path = str(path_of(self._mutant.module))
        module.__file__ = path
        code = compile(self._mutant.tree(), path, "exec")
        exec(code, module.__dict__)  # noqa: S102 - it is our own


def tests_of(module: str) -> list[str]:
    """The neighbouring tests of a module."""
    name = module.rpartition(".")[2]
    names = [name, *NEIGHBOURS.get(name, [])]
    folder = ROOT / PACKAGE / "tests"
    return [
        f"{PACKAGE}.tests.test_{each}"
        for each in names
        if (folder / f"test_{each}.py").exists()
    ]


class Times(unittest.TextTestResult):
    """The outcome of tests, and how many seconds each of them took."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.seconds: dict[str, float] = {}

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's
        """Note when a test begins."""
        self.seconds[test.id()] = -time.monotonic()
        super().startTest(test)

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's
        """Note how long it took."""
        super().stopTest(test)
        self.seconds[test.id()] += time.monotonic()


def tests_in(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """The single tests of a suite."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_in(test)
        else:
            yield test


class Runner(NamedTuple):
    """Runs neighbouring tests in forks.

    ``folder`` takes the times of the tests and their temporary files. Tests
    that took longer than ``slowest`` seconds are left out.
    """

    folder: Path
    slowest: float

    def start(self, module: str, mutant: Mutant | None) -> int:
        """Run tests in a fork; its process id."""
        pid = os.fork()
        if pid:
            return pid
        status = 1
        # A mutant may do anything, but it must not come back here.
        with contextlib.suppress(BaseException):
            os.setpgid(0, 0)
            status = self._run(module, mutant)
        os._exit(status)

    def _run(self, module: str, mutant: Mutant | None) -> int:
        """Run the tests to the first failure; 0 where all pass."""
        from hypothesis import settings

        # What the tests' own profile is derived from.
        settings.register_profile("same", derandomize=True, database=None)
        settings.load_profile("same")
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.folder)
        sys.path.insert(0, str(ROOT))
        if mutant is not None:
            sys.meta_path.insert(0, Loader(mutant))
        quiet = io.StringIO()
        with (
            contextlib.redirect_stdout(quiet),
            contextlib.redirect_stderr(quiet),
        ):
            suite = unittest.defaultTestLoader.loadTestsFromNames(
                tests_of(module)
            )
            times = self.folder / f"{module}.json"
            if mutant is not None:
                seconds = json.loads(times.read_text(encoding="utf-8"))
                suite = self._quickest_first(suite, seconds)
            runner = unittest.TextTestRunner(
                quiet, failfast=True, resultclass=Times
            )
            result = runner.run(suite)
        if mutant is None and isinstance(result, Times):
            times.write_text(json.dumps(result.seconds), encoding="utf-8")
        return 0 if result.wasSuccessful() else 1

    def _quickest_first(
        self, suite: unittest.TestSuite, seconds: dict[str, float]
    ) -> unittest.TestSuite:
        """The tests that are quick enough, in the order of their times.

        What has no time stands for a file that cannot be imported.
        """
        tests = [
            test
            for test in tests_in(suite)
            if seconds.get(test.id(), 0) <= self.slowest
        ]
        tests.sort(key=lambda test: seconds.get(test.id(), 0))
        return unittest.TestSuite(tests)


def judge(
    todo: Sequence[Mutant], jobs: int, limits: dict[str, float], runner: Runner
) -> list[Mutant]:
    """The mutants that survive their neighbouring tests."""
    waiting = list(reversed(todo))
    running: dict[int, tuple[Mutant, float]] = {}
    survivors = []
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            pid = runner.start(mutant.module, mutant)
            running[pid] = mutant, time.monotonic()
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid in running:
            mutant, _ = running.pop(pid)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            if status == 0:
                survivors.append(mutant)
                print(
                    f"survived: {mutant.module}:{mutant.line}: {mutant.what}",
                    flush=True,
                )
        now = time.monotonic()
        for late, (mutant, begun) in running.items():
            if now - begun > limits[mutant.module]:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(late, signal.SIGKILL)  # an endless loop
        time.sleep(0.01)
    return survivors


def main() -> int:
    """Mutate, and print the kill rate of each module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", nargs="*", default=list(MODULES))
    parser.add_argument(
        "--most",
        type=int,
        default=0,
        help="mutants of each module (default: all)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="which of them, where not all are tried",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--slowest",
        type=float,
        default=5,
        help="leave out tests that take more seconds (default: 5)",
    )
    options = parser.parse_args()
    for module in options.module:
        if not path_of(module).is_file():
            parser.error(f"there is no module {module}: {path_of(module)}")
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder:
        return run(options, Runner(Path(folder), options.slowest))


def run(options: argparse.Namespace, runner: Runner) -> int:
    """Judge the mutants of each module; 1 where some survive."""
    os.environ.setdefault("HYPOTHESIS_EXAMPLES", "40")
    for name in (
        "testtools",
        "fixtures",
        "hypothesis.strategies",
        "packaging.requirements",
        "packaging.metadata",
        "tomlkit",
    ):
        importlib.import_module(name)
    todo: list[Mutant] = []
    limits = {}
    for module in options.module:
        begun = time.monotonic()
        _, status = os.waitpid(runner.start(module, None), 0)
        if status:
            print(f"{module}: its tests fail as it is", file=sys.stderr)
            return 2
        limits[module] = 20 + 3 * (time.monotonic() - begun)
        every = mutants(module)
        if 0 < options.most < len(every):
            every = random.Random(options.seed).sample(every, options.most)  # noqa: S311
        todo += every
    survivors = judge(todo, options.jobs, limits, runner)
    for module in options.module:
        count = sum(each.module == module for each in todo)
        left = sum(each.module == module for each in survivors)
        rate = 100 * (count - left) / max(count, 1)
        print(f"{module}: {count - left} of {count} killed, {rate:.0f} %")
    killed = len(todo) - len(survivors)
    print(
        f"all: {killed} of {len(todo)} killed, "
        f"{100 * killed / max(len(todo), 1):.1f} %"
    )
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
