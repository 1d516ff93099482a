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
"""Children of a test: copies of it, so that they start at once."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: Nobody's numbers, for children that change users.
USERS = (64_123, 64_124)


def start(do: Callable[[], object], user: int = 0) -> int:
    """Do something in a child; its process id.

    What is done should be imported before: as another user, the child might
    not be able to read the modules.

    :param user: who does it, where this process may choose.
    """
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        if user:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        done = do()
        status = done if isinstance(done, int) else 0
    except BaseException:  # noqa: BLE001 - nothing gets out of here
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def wait(child: int) -> int:
    """The exit status of a child; negative for the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextlib.contextmanager
def at_call(
    number: int,
    functions: list[tuple[object, str]],
    happens: Callable[[], object],
    *,
    after: bool = False,
) -> Iterator[list[str]]:
    """Let something happen at one of the calls of some functions.

    :param number: before which call of them, from 0.
    :param after: let it happen after that call instead.
    :returns: the names of the functions as they are called.
    """
    called: list[str] = []

    def wrapped(name: str, real: Callable[..., object]) -> object:
        def call(*arguments: object, **more: object) -> object:
            called.append(name)
            mine = len(called) == number + 1
            if mine and not after:
                happens()
            try:
                return real(*arguments, **more)
            finally:
                if mine and after:
                    happens()

        return call

    with contextlib.ExitStack() as stack:
        for owner, name in functions:
            double = wrapped(name, getattr(owner, name))
            stack.enter_context(mock.patch.object(owner, name, double))
        yield called


@contextlib.contextmanager
def locked(path: str | Path) -> Iterator[None]:
    """Hold the lock of a file, as another process would.

    The toolkit's own way keeps signals waiting, and so would children that
    are started meanwhile.
    """
    folder, name = os.path.split(path)
    lock = os.path.join(folder, f".{name}.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.unlink(lock)
    finally:
        os.close(descriptor)


def die() -> None:
    """What happens to a process that is killed."""
    os.kill(os.getpid(), signal.SIGKILL)
