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
"""The only module that starts subprocesses.

Every child leads a session of its own: an interrupt at the terminal reaches
this program alone, which then ends its children and all that they started. A
failure becomes an error that holds the command and what it printed. Each child
has a deadline, and what is kept of its output has a limit.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

from openstack_requirements.errors import (
    CommandFailed,
    CommandTimedOut,
    OutsideError,
    TooMuchOutput,
)
from openstack_requirements.system import pipes, signals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: How long a child may take that only answers a question, such as git, in
#: seconds.
ANSWER_DEADLINE = 60.0
#: How long a child may take that downloads, builds and installs, or that runs
#: a command of the user, in seconds. To build a whole list from source takes
#: hours, so this deadline is for what would never end.
WORK_DEADLINE = 12 * 60 * 60.0
#: How many bytes a child may answer with by default.
MOST_BYTES = 64 * 1024 * 1024
#: How many bytes are kept of its standard error.
KEPT_COMPLAINTS = 64 * 1024
#: How long a child may take to end by itself once it is asked to, in seconds.
PATIENCE = 3.0
# Variables that would point a child at another environment than the named.
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


class Processes:
    """The children of a job, which can be ended together.

    :param temporary: the folder for their temporary files, which a child that
        is ended leaves behind.
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
        folder: str,
        environment: Mapping[str, str | None] | None = None,
        on_line: Callable[[str], None] | None = None,
        deadline: float = WORK_DEADLINE,
    ) -> str:
        """Run a command to its end; its output, both streams in order.

        Of more than :data:`.pipes.KEPT_LINES` or
        :data:`.pipes.KEPT_CHARACTERS` the end is kept.

        :param folder: where it runs. An installer or a Python does not run
            in the user's current folder: see :mod:`.children`.
        :param environment: variables to set beside those of this program;
            one that is None is removed.
        :param on_line: is called with each line as it is printed, from
            another thread.
        :param deadline: how many seconds it may take.
        :raises CommandFailed: where it ends with a failure.
        :raises CommandTimedOut: where it does not end in time.
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
        assert child.stdout is not None
        tail = pipes.Tail()
        reader = threading.Thread(
            target=pipes.read_lines,
            args=(child.stdout, tail, on_line),
            daemon=True,
        )
        status = self._finish(command, child, [reader], deadline)
        output = tail.text()
        if status:
            raise CommandFailed(command, status, output)
        return output

    def read(
        self,
        command: Sequence[str],
        *,
        folder: str,
        given: bytes = b"",
        environment: Mapping[str, str | None] | None = None,
        inherit: bool = True,
        deadline: float = ANSWER_DEADLINE,
        most: int = MOST_BYTES,
        on_complaints: Callable[[str], object] | None = None,
    ) -> bytes:
        """Run a command to its end; its standard output, byte for byte.

        :param folder: where it runs.
        :param given: its standard input.
        :param environment: variables to set beside those of this program;
            one that is None is removed.
        :param inherit: whether it gets the variables of this program too.
        :param deadline: how many seconds it may take.
        :param most: how many bytes it may print.
        :param on_complaints: is called with what a command that succeeds has
            written to its standard error.
        :raises CommandFailed: where it ends with a failure, with its
            standard error.
        :raises CommandTimedOut: where it does not end in time.
        :raises TooMuchOutput: where it prints more than it may.
        :raises OutsideError: where it cannot be started, or has left a
            process behind that holds its output open.
        """
        child = self._start(
            command,
            environment or {},
            folder,
            inherit=inherit,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        answer = pipes.Bytes(child.stdout, most)
        complaints = pipes.Bytes(
            child.stderr, KEPT_COMPLAINTS, drop_the_rest=True
        )
        threads = [
            threading.Thread(
                target=pipes.feed, args=(child.stdin, given), daemon=True
            ),
            threading.Thread(target=answer.read, daemon=True),
            threading.Thread(target=complaints.read, daemon=True),
        ]
        status = self._finish(command, child, threads, deadline)
        if answer.too_many:
            raise TooMuchOutput(command, most)
        text = complaints.value().decode("utf-8", "replace")
        if status:
            raise CommandFailed(command, status, text)
        if not answer.complete:
            raise OutsideError(f"{command[0]}: its output does not end")
        if text and on_complaints is not None:
            on_complaints(text)
        return answer.value()

    def _start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str | None],
        folder: str,
        *,
        inherit: bool = True,
        **streams: Any,
    ) -> subprocess.Popen[Any]:
        """Start a child, unless all have been stopped."""
        with self._lock:
            if self._stopped:
                raise CommandFailed(command, -signal.SIGTERM, "")
            signals.hold()  # until _finish() sees to the child
            try:
                child = subprocess.Popen(
                    list(command),
                    env=_environment(
                        {**self._environment, **environment}, inherit=inherit
                    ),
                    cwd=folder,
                    start_new_session=True,
                    **streams,
                )
            except BaseException as error:
                signals.release()
                if not isinstance(error, OSError):
                    raise
                raise OutsideError(
                    f"{command[0]}: cannot be started ({error.strerror})"
                ) from error
            self._running.add(child)
        return child

    def _finish(
        self,
        command: Sequence[str],
        child: subprocess.Popen[Any],
        threads: Sequence[threading.Thread],
        deadline: float,
    ) -> int:
        """Wait for a child while threads serve its pipes; its status.

        :raises CommandTimedOut: where it does not end in time.
        """
        late = threading.Event()

        def end() -> None:
            late.set()
            _signal_group(child, signal.SIGKILL)

        alarm = threading.Timer(deadline, end)
        alarm.daemon = True
        try:
            # A signal that the system gave to one of them would not wake up
            # the thread that waits here, the only one that handles signals.
            with signals.Deferred():
                for thread in (alarm, *threads):
                    thread.start()
            signals.release()
            _wait_unreaped(child)
        finally:
            # It must not go off once the child's process id is free.
            alarm.cancel()
            alarm.join()
            # What it left behind is ended too, and closes the pipe.
            _signal_group(child, signal.SIGKILL)
            status = child.wait()
            for thread in threads:
                thread.join(PATIENCE)
            with self._lock:
                self._running.discard(child)
        if late.is_set():
            raise CommandTimedOut(command, deadline)
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


def _environment(
    more: Mapping[str, str | None], *, inherit: bool
) -> dict[str, str]:
    """The variables of a child, without those that would mislead it.

    :param more: variables to set; one that is None is removed.
    :param inherit: whether it gets the variables of this program too.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if inherit and name not in _DISTURBING
    }
    merged = {**inherited, "NO_COLOR": "1", **more}
    return {name: value for name, value in merged.items() if value is not None}


def _wait_unreaped(child: subprocess.Popen[Any]) -> None:
    """Wait for the end of a child, but keep its process id taken.

    A signal to its group can then not reach the group of another process.
    """
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    else:  # there is no way to keep it
        child.wait()


def _signal_group(child: subprocess.Popen[Any], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
