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
"""Progress on stderr: a live table on a terminal, else lines.

Jobs report their phases to a :class:`Progress`; they never print.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

from openstack_requirements.cmds._run import write_error
from openstack_requirements.errors import printable
from openstack_requirements.output import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import TextIO

    from rich.progress import TaskID
    from rich.table import Table as Grid
    from typing_extensions import Self


class Progress:
    """Shows nothing; the base of the classes that show something.

    A context manager around the job. All methods may be called from any
    thread.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def phase(
        self,
        who: str,
        phase: str,
        count: Callable[[], int] | None = None,
    ) -> None:
        """Report the start of a phase.

        :param who: the part of the job, such as ``Python 3.12``.
        :param phase: the phase, such as ``installing``.
        :param count: returns the number of distributions so far.
        """

    def share(self, what: str, done: int, total: int) -> None:
        """Report how many of the ``total`` are done."""


class Bar(Progress):
    """A bar on a terminal, for many parts of the same kind.

    It has no thread: the processes that do the work are forked while it is
    shown, and a fork copies locks that a thread holds, but not the thread
    that would release them. So the bar is drawn when a part is done.
    """

    #: Seconds between two drawings.
    _PAUSE = 0.1

    def __init__(self) -> None:
        # Slow to import, and needed on terminals only.
        from rich.console import Console
        from rich.progress import Progress as Bars

        self._bars = Bars(
            console=Console(stderr=True), transient=True, auto_refresh=False
        )
        self._task: TaskID | None = None
        self._drawn = float("-inf")

    def __enter__(self) -> Self:
        self._bars.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.__exit__(kind, error, trace)

    def share(self, what: str, done: int, total: int) -> None:
        """Move the bar."""
        if self._task is None:
            self._task = self._bars.add_task(what, total=total)
        now = time.monotonic()
        due = done == total or now - self._drawn >= self._PAUSE
        if due:
            self._drawn = now
        self._bars.update(self._task, completed=done, refresh=due)


class Lines(Progress):
    """A line for each phase, for logs."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._start = time.monotonic()

    def phase(
        self,
        who: str,
        phase: str,
        count: Callable[[], int] | None = None,  # noqa: ARG002
    ) -> None:
        """Print the phase, and the seconds since the start."""
        seconds = time.monotonic() - self._start
        with self._lock:
            write_error(
                printable(f"[{seconds:6.1f}s] {who}: {phase}") + "\n",
                self._stream,
            )


class Table(Progress):
    """A table on a terminal: part, phase, distributions so far, seconds."""

    def __init__(self) -> None:
        # Slow to import, and needed on terminals only.
        from rich.console import Console
        from rich.live import Live

        self._rows: dict[str, tuple[str, Callable[[], int] | None, float]] = {}
        self._lock = threading.Lock()
        self._live = Live(
            console=Console(stderr=True),
            get_renderable=self._render,
            refresh_per_second=4,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def phase(
        self,
        who: str,
        phase: str,
        count: Callable[[], int] | None = None,
    ) -> None:
        """Change the row of ``who``."""
        with self._lock:
            _, _, start = self._rows.get(who, ("", None, time.monotonic()))
            self._rows[who] = (phase, count, start)

    def _render(self) -> Grid:
        from rich.table import Table as Grid
        from rich.text import Text

        grid = Grid.grid(padding=(0, 2))
        with self._lock:
            rows = list(self._rows.items())
        for who, (phase, count, start) in rows:
            number = count() if count is not None else 0
            grid.add_row(
                # Text, as square brackets in a string are markup.
                Text(printable(who)),
                Text(printable(phase)),
                counted(number, "distribution") if number else "",
                f"{time.monotonic() - start:.0f}s",
            )
        return grid


def for_stderr(*, quiet: bool = False) -> Progress:
    """A table where stderr is a terminal, else lines; nothing if quiet."""
    if quiet:
        return Progress()
    return Table() if sys.stderr.isatty() else Lines()


def bar_for_stderr(*, quiet: bool = False) -> Progress:
    """A bar where stderr is a terminal; else nothing."""
    if quiet or not sys.stderr.isatty():
        return Progress()
    return Bar()
