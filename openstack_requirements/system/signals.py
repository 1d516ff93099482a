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
"""The signals that ask a program to stop, none of which is lost.

:class:`Watched` turns them into :class:`Interrupted`. Python raises what a
signal handler raises wherever the program happens to be, and drops it where
that is a callback, as there is one at the end of each import; a library may
swallow it as well. So the request is also noted, and the exception is raised
again until it gets through. While it does, that is while ``finally`` blocks
clean up, no further signal disturbs them.

:class:`Deferred` lets signals wait while something is done that must not be
left half done, such as a file that is replaced. :func:`hold` does the same
where children are started, which would inherit that.

Importing ``signal`` itself takes longer than an edit of a list: it makes
enumerations of what ``_signal`` has.
"""

from __future__ import annotations

import _thread
import sys
import time

from openstack_requirements.errors import Interrupted

TYPE_CHECKING = False  # typing costs more to import than this module
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable
    from types import FrameType
    from typing import Any
else:
    import _signal

#: The signals that ask to stop.
STOPPING = (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP)
#: How long to wait before what was lost is raised again, in seconds.
_AGAIN = 0.1
#: How long cleaning up may take, in seconds, until another signal ends it.
PATIENCE = 10.0


class Deferred:
    """While it is entered, signals that ask to stop wait for its end.

    So do signals without a handler, which would end the program at once. For
    a few calls only: until its end, no signal can stop them.
    Only the thread that enters it is protected.
    """

    def __enter__(self) -> Deferred:
        self._before = _signal.pthread_sigmask(_signal.SIG_BLOCK, ())
        try:
            self.defer()
        except BaseException:  # of a signal that has just come
            self.lift()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.lift()

    def defer(self) -> None:
        """Let signals wait (again)."""
        _signal.pthread_sigmask(
            _signal.SIG_BLOCK, (*STOPPING, _signal.SIGALRM)
        )

    def lift(self) -> None:
        """Have signals arrive as before; those that waited do so now."""
        _signal.pthread_sigmask(_signal.SIG_SETMASK, self._before)


class _Request:
    """The state of the request to stop."""

    #: Whether signals are watched at all.
    watching = False
    #: The signal that asked first; 0 while none has.
    signal_number = 0
    #: When that was.
    since = 0.0
    #: Whether the exception waits, and for which thread (:func:`hold`).
    held = False
    thread = 0
    #: Whether the program has noticed it, and is about to end.
    heard = False
    #: What an alarm did before.
    on_alarm: Any = _signal.SIG_DFL


class Watched:
    """While it is entered, signals that ask to stop raise Interrupted.

    A signal that was ignored when the program started stays ignored. Within
    another Watched, and in another thread than the first, it watches nothing.

    :raises Interrupted: at its end too, where the exception was lost until
        then.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._hook: Callable[[Any], object] = sys.unraisablehook

    def __enter__(self) -> None:
        if _Request.watching:
            return
        try:
            for number in STOPPING:
                before = _signal.getsignal(number)
                if before not in {_signal.SIG_IGN, None}:
                    _signal.signal(number, _stop)
                    self._before[number] = before
                    _Request.watching = True
                    _Request.thread = _thread.get_ident()
        except ValueError:
            return  # only the first thread may say what a signal does
        except BaseException:
            self._end()
            raise

    def __exit__(self, kind: object, *_: object) -> None:
        number = _Request.signal_number
        if self._before:
            self._end()
        if number and kind is None:
            raise Interrupted(number)

    def _end(self) -> None:
        if _Request.signal_number:
            _signal.setitimer(_signal.ITIMER_REAL, 0)
            _signal.signal(_signal.SIGALRM, _Request.on_alarm)
        for number, handler in self._before.items():
            _signal.signal(number, handler)
        sys.unraisablehook = self._hook
        forget()


def forget() -> None:
    """Forget the request, as a forked copy of the process has to."""
    _Request.watching = _Request.heard = _Request.held = False
    _Request.signal_number = 0


def hold() -> None:
    """Have the exception wait until :func:`release` (in the thread watched).

    A child that was just started must be registered before anything is
    raised, or it would never be ended.
    """
    if _thread.get_ident() == _Request.thread:
        _Request.held = True


def release() -> None:
    """Let the exception come; if a signal came meanwhile, it does so soon."""
    if _thread.get_ident() == _Request.thread:
        _Request.held = False


def heard() -> None:
    """Note that the program has got the request and is about to end.

    Nothing is raised any more, unless that takes too long.
    """
    if _Request.watching and _Request.signal_number:
        _Request.heard = True
        _signal.setitimer(_signal.ITIMER_REAL, 0)


def leave() -> None:
    """Let signals end the program at once: all of its work is done.

    After a request to stop, which the exit status is to tell, they do so
    only where the end is long in coming.
    """
    if not _Request.heard:
        for number in STOPPING:
            if _signal.getsignal(number) is _stop:
                _signal.signal(number, _signal.SIG_DFL)


def _stop(number: int, _frame: FrameType | None) -> None:
    """Handle a signal, or the alarm that was set by the one before it."""
    by_alarm = number == _signal.SIGALRM
    if not _Request.signal_number:
        if by_alarm:
            return  # it was pending when the program stopped watching
        _Request.signal_number = number
        _Request.since = time.monotonic()
        sys.unraisablehook = _not_of_interrupts
        _Request.on_alarm = _signal.signal(_signal.SIGALRM, _stop)
    impatient = not by_alarm and time.monotonic() - _Request.since > PATIENCE
    if _Request.heard and not impatient:
        return
    # Again and again: an alarm may go to a thread that does not handle it.
    _signal.setitimer(_signal.ITIMER_REAL, _AGAIN, _AGAIN)
    if impatient or not (_Request.held or _is_cleaning_up()):
        raise Interrupted(_Request.signal_number)


def _is_cleaning_up() -> bool:
    """Whether the exception is on its way, and what handles it runs now."""
    error = sys.exc_info()[1]
    while error is not None and not isinstance(error, Interrupted):
        error = error.__context__
    return error is not None


def _not_of_interrupts(unraisable: Any) -> None:
    """Show an exception that Python drops, unless it is an interrupt."""
    if not issubclass(unraisable.exc_type, (Interrupted, KeyboardInterrupt)):
        sys.__unraisablehook__(unraisable)
