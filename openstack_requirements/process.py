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
"""The only place that starts a subprocess.

Every child leads a session of its own: an interrupt at the terminal reaches
this program alone, which then ends its children and all that they started. A
failure becomes an error that holds the command and what it printed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import deque
from typing import IO, TYPE_CHECKING, Any

from openstack_requirements.errors import CommandFailed, OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

#: How many lines of a child's output are kept: its end says what went wrong.
KEPT_LINES = 20_000
#: How long a child may take to end by itself once it is asked to, in seconds.
PATIENCE = 3.0
# Variables that would make another environment out of the one we name.
_DISTURBING = (
    "PYTHONHOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "UV_PROJECT_ENVIRONMENT",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
    "PIP_REQUIRE_VIRTUALENV",
    "__PYVENV_LAUNCHER__",
)


@contextlib.contextmanager
def work_folder(job: str) -> Iterator[str]:
    """A folder for what a job's processes make; it goes whatever happens.

    :param job: what its name starts with.
    :raises OutsideError: where there is no place for one.
    """
    import shutil
    import tempfile

    try:
        folder = tempfile.mkdtemp(prefix=f"{job}-")
    except OSError as error:
        raise OutsideError(
            f"no temporary folder can be made ({error.strerror})"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Processes:
    """The children of one job, so that they can be ended together.

    :param temporary: the folder for their temporary files. A child that is
        ended leaves them behind, and then they go with the folder.
    """

    def __init__(self, temporary: str | None = None) -> None:
        self._environment = {} if temporary is None else {"TMPDIR": temporary}
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[Any]] = set()
        self._stopped = False

    def run(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        folder: str | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> str:
        """Run a command to its end; what it printed, both streams in order.

        :param environment: variables to set beside those of this program.
        :param folder: where it runs.
        :param on_line: is called with each line as it is printed, from
            another thread.
        :raises CommandFailed: where it ends with a failure.
        :raises OutsideError: where it cannot be started.
        """
        child = self._start(
            command,
            environment or {},
            folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        lines: deque[str] = deque(maxlen=KEPT_LINES)
        reader = threading.Thread(
            target=_read, args=(child, lines, on_line), daemon=True
        )
        status = self._finish(child, [reader])
        output = "".join(lines)
        if status:
            raise CommandFailed(command, status, output)
        return output

    def read(
        self,
        command: Sequence[str],
        *,
        given: bytes = b"",
        environment: Mapping[str, str | None] | None = None,
        folder: str | None = None,
    ) -> bytes:
        """Run a command to its end; its standard output, byte for byte.

        :param given: what it is given on its standard input.
        :param environment: variables to set beside those of this program;
            one that is None is taken away.
        :param folder: where it runs.
        :raises CommandFailed: where it ends with a failure, with what it
            wrote to its standard error.
        :raises OutsideError: where it cannot be started, or has left a
            process behind that holds its output open.
        """
        child = self._start(
            command,
            environment or {},
            folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        out: list[bytes] = []
        complaints: list[bytes] = []
        threads = [
            threading.Thread(target=work, args=args, daemon=True)
            for work, args in (
                (_feed, (child.stdin, given)),
                (_drain, (child.stdout, out)),
                (_drain, (child.stderr, complaints)),
            )
        ]
        status = self._finish(child, threads)
        if status:
            text = b"".join(complaints).decode("utf-8", "replace")
            raise CommandFailed(command, status, text)
        if not out:
            raise OutsideError(f"{command[0]}: its output does not end")
        return out[0]

    def _start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str | None],
        folder: str | None,
        **streams: Any,
    ) -> subprocess.Popen[Any]:
        """Start a child, unless all have been stopped."""
        with self._lock:
            if self._stopped:
                raise CommandFailed(command, -signal.SIGTERM, "")
            try:
                child = subprocess.Popen(
                    list(command),
                    env=_environment({**self._environment, **environment}),
                    cwd=folder,
                    start_new_session=True,
                    **streams,
                )
            except OSError as error:
                raise OutsideError(
                    f"{command[0]}: cannot be started ({error.strerror})"
                ) from error
            self._running.add(child)
        return child

    def _finish(
        self,
        child: subprocess.Popen[Any],
        threads: Sequence[threading.Thread],
    ) -> int:
        """Wait for a child while threads serve its pipes; its status."""
        for thread in threads:
            thread.start()
        try:
            _wait_unreaped(child)
        finally:
            # Whatever it left behind is ended too, and lets go of the pipe.
            _signal_group(child, signal.SIGKILL)
            status = child.wait()
            for thread in threads:
                thread.join(PATIENCE)
            with self._lock:
                self._running.discard(child)
        return status

    def stop(self) -> None:
        """End all that runs, and start nothing more."""
        with self._lock:
            self._stopped = True
        self._signal(signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        while self._signal(0) and time.monotonic() < end:
            time.sleep(0.02)
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> bool:
        """Send a signal to all that run; whether anything does."""
        with self._lock:
            for child in self._running:
                _signal_group(child, number)
            return bool(self._running)


def _environment(more: Mapping[str, str | None]) -> dict[str, str]:
    """This program's variables without those that would mislead a child."""
    mine = {k: v for k, v in os.environ.items() if k not in _DISTURBING}
    merged = {**mine, "NO_COLOR": "1", **more}
    return {k: v for k, v in merged.items() if v is not None}


def _read(
    child: subprocess.Popen[str],
    lines: deque[str],
    on_line: Callable[[str], None] | None,
) -> None:
    assert child.stdout is not None
    with child.stdout:
        for line in child.stdout:
            lines.append(line)
            if on_line is not None:
                on_line(line)


def _feed(pipe: IO[bytes], data: bytes) -> None:
    # A child need not read what it is given.
    with contextlib.suppress(BrokenPipeError), pipe:
        pipe.write(data)


def _drain(pipe: IO[bytes], into: list[bytes]) -> None:
    with pipe:
        into.append(pipe.read())


def _wait_unreaped(child: subprocess.Popen[Any]) -> None:
    """Wait for the end of a child, but keep its number taken.

    Its group can then be signalled without a chance of meeting another.
    """
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)


def _signal_group(child: subprocess.Popen[Any], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
