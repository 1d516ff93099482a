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
"""What the tests share."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import fixtures
import testtools
from hypothesis import HealthCheck, settings
from hypothesis.errors import HypothesisWarning
from packaging.specifiers import SpecifierSet

from openstack_requirements.system.children import Children

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent.parent
#: Whether packaging is new enough (26.3) to say what is right. What it says
#: of some markers, local versions and sets of versions is new there; here it
#: has to be the same with every version, which is what those tests hold that
#: need no packaging to compare with.
JUDGING_PACKAGING = hasattr(SpecifierSet, "is_subset")

# A slow machine is no failure, and neither is a slow example.
settings.register_profile(
    "default",
    deadline=None,
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("default")


# A shell starts what runs in its background with interrupts ignored, nohup
# what it runs with hangups, and children inherit that: nothing would end them.
for _ended_by in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_ended_by) is signal.SIG_IGN:
        signal.signal(_ended_by, signal.SIG_DFL)


def warnings_are_errors() -> None:
    """Make every warning an error, of whatever kind, but for these."""
    warnings.simplefilter("error")
    # It costs Hypothesis time to describe the strategies of the fuzz targets,
    # and nothing else is wrong with them.
    warnings.filterwarnings(
        "ignore", "Generating overly large repr", HypothesisWarning
    )


# For what is imported before a test begins.
warnings_are_errors()


class Outcome(NamedTuple):
    """What a command did."""

    status: int
    out: str
    err: str


class TestCase(testtools.TestCase):
    """A test with a folder of its own."""

    def setUp(self) -> None:
        super().setUp()
        self._require_no_warnings()
        # What a test leaves behind goes with its folder.
        self.folder = Path(self.useFixture(fixtures.TempDir()).path)
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.useFixture(
            fixtures.EnvironmentVariable("TMPDIR", str(self.temporary))
        )
        self.useFixture(fixtures.MonkeyPatch("tempfile.tempdir", None))
        # Coverage would measure each Python that a test starts, pip as well,
        # which takes twice as long; and it has locks that a signal at the
        # wrong moment leaves locked for ever.
        self.useFixture(
            fixtures.EnvironmentVariable("COVERAGE_PROCESS_CONFIG")
        )
        self.before: set[str] = set()

    def _require_no_warnings(self) -> None:
        """Fail on a warning, even where Python has nobody to raise it to.

        A file that nobody closed is such a case: its ResourceWarning comes
        from a finalizer. Test runners set filters of their own, so those
        that count are set for each test.
        """
        caught = warnings.catch_warnings()
        caught.__enter__()
        self.addCleanup(caught.__exit__, None, None, None)
        warnings_are_errors()
        unraisable: list[str] = []
        self.addCleanup(self._fail_for, unraisable)

        def note(event: Any) -> None:
            if isinstance(event.exc_value, Warning):
                # As text: whoever keeps the object itself revives it.
                unraisable.append(f"{event.exc_value!r} ({event.object!r})")
            else:
                sys.__unraisablehook__(event)

        self.useFixture(fixtures.MonkeyPatch("sys.unraisablehook", note))

    def _fail_for(self, unraisable: list[str]) -> None:
        self.assertEqual([], unraisable)

    def children(self) -> Children:
        """What starts the children of a job, with a folder of its own."""
        return Children(tempfile.mkdtemp(prefix="job-", dir=self.folder))

    def write(self, name: str, content: str | bytes) -> str:
        """A file in the test's folder; its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return str(path)

    def run_main(
        self, main: Callable[[Sequence[str]], int], *argv: str
    ) -> Outcome:
        """Run a command's main in this process."""
        out = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="")
        err = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main(list(argv))
            except SystemExit as stop:
                status = stop.code if isinstance(stop.code, int) else 1
            out.flush()
        text = out.buffer.getvalue().decode()
        return Outcome(status, text, err.getvalue())

    def run_process(
        self,
        *argv: str,
        environment: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> Outcome:
        """Run a console script of this package as a process of its own."""
        done = subprocess.run(
            script(*argv),
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def assert_nothing_left(self) -> None:
        """No temporary file or folder but logs, and no process."""
        left = [name for name in self.leftovers() if name[-4:] != ".log"]
        self.assertEqual([], left)
        self.assertEqual([], self.processes())

    def leftovers(self) -> list[str]:
        """What is in the temporary folder, but for the test's own."""
        return sorted(set(os.listdir(self.temporary)) - self.before)

    def processes(self) -> list[str]:
        """The command lines of processes that this test started.

        All of them inherit the name of this test's own temporary folder.
        """
        mark = f"TMPDIR={self.temporary}".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (path / "environ").read_bytes():
                    command = (path / "cmdline").read_bytes()
                    found.append(command.replace(b"\0", b" ").decode())
        return found


def environment(version: str = "3.12", **others: str) -> dict[str, str]:
    """The environment of CPython on Linux, stated in full (PEP 508)."""
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{version}.0",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_release": "6.1.0",
        "platform_system": "Linux",
        "platform_version": "#1 SMP",
        "python_full_version": f"{version}.0",
        "python_version": version,
        "sys_platform": "linux",
        **others,
    }


#: What makes warnings errors in a child. What an interrupt left open in the
#: middle of an import is Python's, and no error of ours.
WARNINGS = ("-W", "error", "-W", "ignore::ResourceWarning")


def script(name: str, *argv: str) -> list[str]:
    """The command line that runs a console script, wherever it is."""
    code = (
        "import sys; from openstack_requirements.cmds._entry import "
        f"{name.replace('-', '_')} as main; sys.exit(main())"
    )
    return [sys.executable, *WARNINGS, "-c", code, *argv]
