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
"""Each fuzz target for a moment, and what the fuzzer has to notice."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import signal
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import fixtures
from hypothesis import given, settings
from hypothesis import strategies as st

from openstack_requirements import errors
from openstack_requirements.pep508 import markers
from openstack_requirements.tests import base, fuzz, fuzzing
from openstack_requirements.tests.fuzz_inputs import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Callable

#: A machine may be slow, and this is no benchmark.
LIMITS = fuzzing.Limits(seconds=10.0)
_DIGITS = "9" * 5000
_FREEZE = '{"format":1,"python_version":"3.8","environment":' + json.dumps(
    base.environment("3.8")
)
#: What has broken a promise once, as small as it can be.
FOUND = {
    "lines": (
        f"foo<{_DIGITS},<1",
        f"foo[]<{_DIGITS}",
        "foo(==1+a)",
        "foo:os_name=='#'",
        "foo_ @ https://example.org/a#b",
        "foo (===1!1.:)",
        "foo@#",
        "foo_@a::",
    ),
    "versions": (f"{SEPARATOR}{_DIGITS}", f"<1!2,<{_DIGITS}{SEPARATOR}1"),
    # Each entry was compared with each other.
    "requirements-files": ("a\n" * 2445,),
    "waivers": ("- project: p\n  package: g\n  rule: r].",),
    "markers": (
        "os_name=='\x1b'",
        "sys_platform=='\\x6cinux'",
        "os_name=='\\x'",
        f"python_version<'{_DIGITS}'",
    ),
    "pyproject": (
        '[project.optional-dependencies]\n"\\u0000"=""\n',
        f"a={_DIGITS}\n",
    ),
    "setup-py": ("s.setup(name={[]:1})", "setup(a={[]:1}, pbr=True)"),
    "names": ("# foo\n[", "# foo\n[platform:dpkg]"),
    "freezes": (
        f'{_FREEZE},"distributions":[{{"name":"foo","version":"1","requires":'
        '["bar; \'a\'==\'b\'"]},{"name":"bar","version":"1"}]}',
        f'{_FREEZE},"distributions":[{{"name":"foo","version":"1","license":'
        '"\\ud800"}]}',
    ),
    "installers": (
        "a." * 25_000,
        # Ways to read operators, twice as many with each.
        "cU>6" * 26
        + "cUse you require foo==1,\n\\x6c))  × Failed to fetch: `https://u:T@example.org/simple/foo/`\no\x1da=>6cU>6cU>6cU>6",
        # Beginnings of a sentence, each of which looked for the end.
        "OR: Could not find a version that satisfies the requirement foo>=9 "
        * 930,
        "Failed to build `foo\x16==1.0`",
        "Failed to build \x16",
    ),
    "setup-cfg": (f"[metadata]\nname{' ' * 100_000}x",),
    "git": (
        "\xb2",
        f"{SEPARATOR * 2}999999 b 1 1\t",
        f"{SEPARATOR * 2}100644 b 0 3\t{SEPARATOR}7 b x\n",
    ),
}


class TestTargets(base.TestCase):
    """A test for each target; see the end of this module."""


def _test_of(target: fuzzing.Target) -> Callable[[TestTargets], None]:
    def test(_self: TestTargets) -> None:
        for text in (*target.samples, *FOUND.get(target.name, ())):
            fuzzing.run(target, text, LIMITS)

        # The same inputs each time: tools/fuzz.py is for new ones.
        @settings(derandomize=True, database=None)
        @given(target.inputs())
        def holds(text: str) -> None:
            fuzzing.run(target, text, LIMITS)

        holds()

    return test


for _name, _target in fuzz.TARGETS.items():
    setattr(TestTargets, f"test_{_name.replace('-', '_')}", _test_of(_target))


class _Careless(errors.RequirementsError):
    """An error that shows what it has as it is."""

    def __str__(self) -> str:
        return str(self.args[0])


class TestChecks(base.TestCase):
    """What breaks a promise is noticed."""

    def run_target(self, check: Callable[[str], object]) -> str:
        """What is said of a check's only input."""

        target = fuzzing.Target("x", check, st.just("x"))
        error = self.assertRaises(
            fuzzing.Broken, fuzzing.run, target, "x", fuzzing.Limits(0.2, 50)
        )
        return error.kind

    def test_time(self) -> None:
        def endless(_text: str) -> None:
            while True:
                try:
                    sum(range(1000))
                except Exception:  # noqa: BLE001 - as careless code does
                    continue

        self.assertEqual(
            "it takes more than 0.2 s of processor time",
            self.run_target(endless),
        )

    def test_each_step_has_its_own_time(self) -> None:
        def step() -> None:
            end = os.times().user + 0.15
            while os.times().user < end:
                pass

        def steps(_text: str) -> None:
            for _ in range(3):
                fuzzing.attempt((), step)

        target = fuzzing.Target("x", steps, st.just("x"))
        fuzzing.run(target, "x", fuzzing.Limits(2.0))
        self.assertEqual(
            signal.getsignal(signal.SIGPROF), signal.Handlers.SIG_DFL
        )

    def test_memory(self) -> None:
        peaks = iter((100 << 10, 100 << 10, 100 << 10, 151 << 10))
        self.useFixture(
            fixtures.MonkeyPatch(
                f"{fuzzing.__name__}.peak", lambda: next(peaks)
            )
        )
        target = fuzzing.Target("x", lambda _text: None, st.just("x"))
        fuzzing.run(target, "x", fuzzing.Limits(10, 50))
        self.assertEqual(
            "it takes more than 50 MB", self.run_target(lambda _text: None)
        )

    def test_errors(self) -> None:
        def check(error: Exception) -> Callable[[str], object]:
            def fail() -> None:
                raise error

            return lambda _text: fuzzing.attempt(
                errors.RequirementsError, fail
            )

        line = errors.BadLine("wrong", "x")
        for shown, expected in (
            ("\x1b", "control characters in "),
            ("x\x85", "control characters in "),
            ("a\nb", "several lines"),
            ("", "says nothing"),
        ):
            error = _Careless(shown)
            self.assertIn(expected, self.run_target(check(error)))
        target = fuzzing.Target(
            "x", check(errors.BadContent([line, line])), st.just("x")
        )
        fuzzing.run(target, "x", LIMITS)
        # What is not documented goes through as it is.
        target = target._replace(check=check(KeyError("x")))
        self.assertRaises(KeyError, fuzzing.run, target, "x", LIMITS)


class TestTool(base.TestCase):
    """tools/fuzz.py."""

    def setUp(self) -> None:
        super().setUp()
        path = base.ROOT / "tools" / "fuzz.py"
        spec = importlib.util.spec_from_file_location("fuzz_tool", path)
        assert spec is not None
        assert spec.loader is not None
        self.useFixture(fixtures.MonkeyPatch("sys.path", [*sys.path]))
        self.tool: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.tool)

    def fuzz(
        self,
        check: Callable[[str], object],
        *more: str,
        seconds: float = 0.5,
    ) -> tuple[int, str]:
        """Status and output of a run with one target."""
        target = fuzzing.Target(
            "x", check, st.text(max_size=9), ("some sample",), ("*.txt",)
        )
        self.useFixture(
            fixtures.MonkeyPatch(f"{fuzz.__name__}.TARGETS", {"x": target})
        )
        out = io.StringIO()
        with redirect_stdout(out):
            status = self.tool.main(
                [
                    *("--seconds", str(seconds), "--jobs", "1", "--seed", "1"),
                    *("--save", str(self.folder / "found"), *more),
                ]
            )
        return status, out.getvalue()

    def failing(
        self, check: Callable[[str], object], *more: str
    ) -> tuple[int, str]:
        """The same with a target that fails, however slow the machine is."""
        for seconds in (0.5, 5, 60):
            status, out = self.fuzz(check, *more, seconds=seconds)
            if status:
                break
        return status, out

    def test_nothing_found(self) -> None:
        status, out = self.fuzz(lambda text: None)
        self.assertEqual(0, status, out)
        self.assertRegex(out, r"x: \d+ inputs, \d+/s, slowest \d+ ms")
        self.assertIn("nothing found", out)

    def test_a_failure_is_made_small_and_kept(self) -> None:
        def check(text: str) -> None:
            if "m" in text and "p" in text and text != "some sample":
                raise fuzzing.Broken("too much", text)

        self.write("corpus/a.txt", "a long file\n" * 9 + "mop\n")
        status, out = self.failing(
            check, "--corpus", str(self.folder / "corpus")
        )
        self.assertEqual(1, status, out)
        self.assertIn("too much (", out)
        (kept,) = (self.folder / "found").glob("x-????????")
        self.assertEqual({"m", "p"}, set(kept.read_text()))
        self.assertIn("Broken", kept.with_suffix(".txt").read_text())

    def test_an_input_that_ends_python(self) -> None:
        def check(text: str) -> None:
            if text != "some sample":
                os.kill(os.getpid(), signal.SIGKILL)

        status, out = self.failing(check)
        self.assertEqual(1, status, out)
        self.assertIn("x: Python was ended by SIGKILL", out)
        self.assertTrue((self.folder / "found" / "x-ended").exists())

    def test_one_signature_for_one_fault(self) -> None:
        def signature(marker: str) -> str:
            try:
                markers.parse(marker)
            except errors.RequirementsError as error:
                return str(self.tool.signature_of(error))
            return ""

        self.assertEqual("BadMarker in tree.py:parse", signature("a"))
        self.assertEqual(signature("a"), signature("b c"))
