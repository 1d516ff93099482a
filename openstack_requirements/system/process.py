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
failure becomes an error that holds the command and what it printed. No child
runs for ever, and none can fill our memory with what it prints: each has a
deadline, and what is kept of its output has a limit.
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

from openstack_requirements.errors import (
    CommandFailed,
    CommandTimedOut,
    OutsideError,
    TooMuchOutput,
)
from openstack_requirements.system import signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

#: How long a child may take that only answers a question (git about a commit,
#: an interpreter about itself), in seconds.
ANSWER_DEADLINE = 60.0
#: How long a child may take that downloads, builds and installs, or that runs
#: what the user names, in seconds. To build a whole list from source takes
#: hours, so this one is for what would not end at all.
WORK_DEADLINE = 12 * 60 * 60.0
#: How many lines of a child's output are kept: its end says what went wrong.
KEPT_LINES = 20_000
#: How many characters these may have together.
KEPT_CHARACTERS = 16 * 1024 * 1024
#: What is longer than this many characters counts as several lines.
LONGEST_LINE = 64 * 1024
#: How many bytes a child may answer with, where nothing else is said.
MOST_BYTES = 64 * 1024 * 1024
#: How many bytes are kept of what it complains about.
KEPT_COMPLAINTS = 64 * 1024
#: How long a child may take to end by itself once it is asked to, in seconds.
PATIENCE = 3.0
_PART = 64 * 1024  # bytes that are read at once
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
        if _is_last_resort(tempfile.gettempdir()):
            raise OutsideError(
                "no temporary folder can be made but in the current folder, "
                "which may be a checkout; name another with TMPDIR"
            )
        folder = tempfile.mkdtemp(prefix=f"{job}-")
    except OSError as error:
        raise OutsideError(
            f"no temporary folder can be made ({error.strerror})"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_last_resort(folder: str) -> bool:
    """Whether a temporary folder is the current one, and nobody named it.

    That is what is left where no other can be written to.
    """
    try:
        current = os.getcwd()
    except OSError:
        return False
    named = {os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")}
    usual = {"/tmp", "/var/tmp", "/usr/tmp"}  # noqa: S108 - only compared
    return folder == current and folder not in named | usual


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
        folder: str,
        environment: Mapping[str, str | None] | None = None,
        on_line: Callable[[str], None] | None = None,
        deadline: float = WORK_DEADLINE,
    ) -> str:
        """Run a command to its end; what it printed, both streams in order.

        Of more than :data:`KEPT_LINES` or :data:`KEPT_CHARACTERS` the end is
        kept.

        :param folder: where it runs. An installer or a Python does not run
            in the user's current folder: see :mod:`.children`.
        :param environment: variables to set beside those of this program;
            one that is None is taken away.
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
        tail = _Tail()
        reader = threading.Thread(
            target=_read, args=(child, tail, on_line), daemon=True
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
    ) -> bytes:
        """Run a command to its end; its standard output, byte for byte.

        :param folder: where it runs.
        :param given: what it is given on its standard input.
        :param environment: variables to set beside those of this program;
            one that is None is taken away.
        :param inherit: whether it has the variables of this program too.
        :param deadline: how many seconds it may take.
        :param most: how many bytes it may print.
        :raises CommandFailed: where it ends with a failure, with what it
            wrote to its standard error.
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
        answer = _Bytes(child.stdout, most)
        complaints = _Bytes(child.stderr, KEPT_COMPLAINTS, drop_the_rest=True)
        threads = [
            threading.Thread(
                target=_feed, args=(child.stdin, given), daemon=True
            ),
            threading.Thread(target=answer.read, daemon=True),
            threading.Thread(target=complaints.read, daemon=True),
        ]
        status = self._finish(command, child, threads, deadline)
        if answer.too_many:
            raise TooMuchOutput(command, most)
        if status:
            text = complaints.value().decode("utf-8", "replace")
            raise CommandFailed(command, status, text)
        if not answer.complete:
            raise OutsideError(f"{command[0]}: its output does not end")
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
            # It must not go off once the child's number is free.
            alarm.cancel()
            alarm.join()
            # Whatever it left behind is ended too, and lets go of the pipe.
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
    """This program's variables without those that would mislead a child.

    :param more: further variables; one that is None is taken away.
    :param inherit: whether there are others at all.
    """
    mine = {k: v for k, v in os.environ.items() if k not in _DISTURBING}
    merged = {**(mine if inherit else {}), "NO_COLOR": "1", **more}
    return {k: v for k, v in merged.items() if v is not None}


class _Tail:
    """The last lines that a child printed."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._characters = 0

    def append(self, line: str) -> None:
        self._lines.append(line)
        self._characters += len(line)
        while (
            len(self._lines) > KEPT_LINES or self._characters > KEPT_CHARACTERS
        ):
            self._characters -= len(self._lines.popleft())

    def text(self) -> str:
        return "".join(self._lines)


class _Bytes:
    """What comes out of a pipe, up to so many bytes.

    Of more, either the rest is read and dropped, or nothing further is read
    and the pipe is closed: who goes on writing to it ends by that.
    """

    def __init__(
        self, pipe: IO[bytes], most: int, *, drop_the_rest: bool = False
    ) -> None:
        self._pipe = pipe
        self._left = most
        self._drop_the_rest = drop_the_rest
        self._parts: list[bytes] = []
        self.too_many = False
        self.complete = False

    def read(self) -> None:
        with self._pipe:
            while part := self._pipe.read(_PART):
                if len(part) > self._left:
                    if not self._drop_the_rest:
                        self.too_many = True
                        return
                    part = part[: self._left]
                if part:
                    self._parts.append(part)
                    self._left -= len(part)
        self.complete = True

    def value(self) -> bytes:
        return b"".join(self._parts)


def _read(
    child: subprocess.Popen[str],
    tail: _Tail,
    on_line: Callable[[str], None] | None,
) -> None:
    assert child.stdout is not None
    with child.stdout:
        while line := child.stdout.readline(LONGEST_LINE):
            tail.append(line)
            if on_line is not None:
                on_line(line)


def _feed(pipe: IO[bytes], data: bytes) -> None:
    # A child need not read what it is given.
    with contextlib.suppress(BrokenPipeError), pipe:
        pipe.write(data)


def _wait_unreaped(child: subprocess.Popen[Any]) -> None:
    """Wait for the end of a child, but keep its number taken.

    Its group can then be signalled without a chance of meeting another.
    """
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    else:  # then there is no way to keep it
        child.wait()


def _signal_group(child: subprocess.Popen[Any], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
