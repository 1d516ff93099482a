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
"""The only place that reads text files and replaces them.

A file is replaced in one durable step: a new file beside it is written,
flushed to the disk and moved over it. Whatever happens in between, the name
stands for the old content or for the new one, never for anything else.

Where several processes may edit one file, each in turn reads and replaces it
under a lock (:func:`edit`). A signal that asks to stop waits for the end of
that, so nothing is left behind; only while somebody else has the lock does it
arrive at once. What a killed process leaves behind stops nobody, and goes
with the next one.

Locks and replacing files are one thing, and so one module: what a lock
guards, what a killed process leaves and what removes it again have to be read
together.
"""

from __future__ import annotations

import _thread
import errno
import fcntl
import os
import stat
import sys
import time

from openstack_requirements.errors import (
    OutsideError,
    RequirementsError,
    UnusableInput,
    printable,
)
from openstack_requirements.system import signals

TYPE_CHECKING = False  # typing itself costs more to import than this module
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

#: The path that stands for stdin where a file is read.
STDIN = "-"
#: How long to wait for a lock that somebody else has, in seconds, and after
#: how many seconds to say so.
LONGEST_WAIT = 120
SILENT_WAIT = 1
#: The mode of a lock file: any user who may edit the file can lock it.
_LOCK_MODE = 0o666
#: What the disk is to blame for, rather than the one who named the file.
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EROFS}
#: How many hexadecimal digits make the name of a new file its own.
_TOKEN = 12
#: How many bytes of a file's name go into the names of its lock and of its
#: new content. With what is added to them they fit into the shortest limit of
#: the file systems in use (143, of encrypted folders; else 255).
_MOST_OF_A_NAME = 120
#: The most bytes of a file that people write, such as a list. A line costs
#: far more than its bytes: this many are still read in a second or two.
LARGEST_TEXT = 1 << 20
#: The most bytes of a file that programs write, such as a freeze. The same
#: as for a file at a git revision.
LARGEST_DATA = 8 << 20
_MOUNTED = (
    "is mounted as a single file, which cannot be replaced in one step; name "
    "the file that is mounted there, or mount its folder instead"
)
#: File systems that know no locks, or whose lock server is away.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


def read_text(path: str | Path, largest: int = LARGEST_TEXT) -> str:
    """The text of a file, its line ends as they are.

    Pipes and devices are read as well, so that a shell's process substitution
    can be named; what never ends is an error at the limit.

    :param path: ``-`` stands for stdin, which can be read once.
    :param largest: the most bytes that the file may have. No more than one
        byte beyond is read.
    :raises UnusableInput: where it cannot be read, is too large or is not
        UTF-8.
    """
    try:
        with _opened_stdin() if path == STDIN else open(path, "rb") as file:
            data = file.read(largest + 1)
    except (OSError, ValueError) as error:
        raise UnusableInput(
            os.fspath(path), f"cannot be read ({_reason(error)})"
        ) from error
    require_fair_size(len(data), os.fspath(path), largest)
    return decode(data, os.fspath(path))


def _opened_stdin() -> BinaryIO:
    """The bytes of stdin; closing them marks stdin as read.

    :raises UnusableInput: where it is closed, or was read before.
    """
    if sys.stdin is None:
        raise UnusableInput(STDIN, "cannot be read (stdin is closed)")
    if sys.stdin.closed:
        raise UnusableInput(STDIN, "stdin is named twice: name it once")
    return sys.stdin.buffer


def require_fair_size(
    size: int, source: str, largest: int = LARGEST_TEXT
) -> None:
    """Refuse what is larger than a file of its kind may be.

    :param source: the name of the file, for errors.
    :raises UnusableInput: where it is.
    """
    if size > largest:
        raise UnusableInput(source, f"is larger than {largest >> 20} MiB")


def names_in(folder: str) -> list[str]:
    """What a folder holds, in order.

    :raises UnusableInput: for one that is missing or may not be read.
    """
    try:
        return sorted(os.listdir(folder))
    except (OSError, ValueError) as error:
        raise UnusableInput(
            folder, f"cannot be read ({_reason(error)})"
        ) from error


def decode(data: bytes, source: str) -> str:
    """The text that a file's bytes are.

    :param source: the name of the file, for errors.
    :raises UnusableInput: where they are not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnusableInput(
            f"{source}:{line}",
            f"is not UTF-8 text (byte 0x{data[error.start]:02x})",
        ) from error


def require_replaceable(path: str | Path) -> None:
    """Fail now where :func:`replace` would surely fail later.

    For jobs that run for an hour before they write.

    :raises UnusableInput: where the folder is missing or not writable, or
        the path is a folder.
    """
    target = _resolved(path)
    folder = os.path.dirname(target)
    if os.path.isdir(target):
        raise UnusableInput(os.fspath(path), "is a folder")
    if not os.path.isdir(folder):
        raise UnusableInput(os.fspath(path), "its folder does not exist")
    if _is_mounted(target):
        raise UnusableInput(os.fspath(path), _MOUNTED)
    special = os.path.exists(target) and not os.path.isfile(target)
    if not os.access(target if special else folder, os.W_OK):
        raise UnusableInput(os.fspath(path), "cannot be written")


def require_folder(path: str | Path) -> None:
    """Make a folder for files that are written later, where there is none.

    :raises UnusableInput: where it cannot be made or written.
    """
    try:
        os.makedirs(path, exist_ok=True)
    except (OSError, ValueError) as error:
        raise UnusableInput(
            os.fspath(path), f"cannot be made a folder ({_reason(error)})"
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise UnusableInput(os.fspath(path), "cannot be written")


def _resolved(path: str | Path) -> str:
    """The path that symbolic links lead to.

    :raises UnusableInput: for what cannot be a path at all.
    """
    try:
        return os.path.realpath(path)
    except ValueError as error:
        raise UnusableInput(os.fspath(path), _reason(error)) from error


def _reason(error: OSError | ValueError) -> str:
    """What is wrong with a path, in the system's words where it has some."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "no file can have such a name"


def edit(
    path: str | Path,
    change: Callable[[str], str],
    *,
    longest_wait: int = LONGEST_WAIT,
    waiting: Callable[[str], object] | None = None,
) -> bool:
    """Replace a file's text by what a function makes of it.

    Any number of processes may do so at the same moment, as different users:
    one after the other reads, computes and replaces, so no edit is lost.

    :param change: gets the text and gives the new one. It is called once
        more when the file is locked, so it must depend on nothing else.
    :param longest_wait: how long to wait for the lock, in seconds.
    :param waiting: is told once of the lock's file where that takes long.
    :returns: whether the content changed.
    :raises UnusableInput: where the file cannot be read, locked or written.
    :raises OutsideError: where the disk is to blame, or somebody else has
        the lock for longer than that.
    """
    if path == STDIN:
        raise UnusableInput(STDIN, "stdin cannot be changed in place")
    if os.path.exists(path) and not os.path.isfile(path):
        raise UnusableInput(os.fspath(path), "is not a regular file")
    content = read_text(path)
    if change(content) == content:
        # Nothing to do needs no lock, and no folder that can be written.
        return False
    with Lock(path, longest_wait=longest_wait, waiting=waiting):
        return replace(path, change(read_text(path)))


class Lock:
    """Lets one process at a time into a ``with`` block, for each file.

    The lock is held (``flock``) on a file of its own beside the file that a
    path leads to, so that all links to it share one. It is not held on that
    file itself, which gets replaced. It ends with its holder, however that
    ends.

    The lock's file is removed at the end, because the file that it is for
    is likely to be in a git checkout, which would not be clean any more. So
    a process that has waited may hold what nobody else will find: then it
    tries again. A file that was left behind is one like any other.

    With several paths the locks are taken one after the other, in the same
    order by every process, so that no two wait for each other.

    Signals that ask to stop wait for the end of the block, so it is to be
    short, and to start no process.

    Parameters and errors are those of :func:`edit`. A path need not lead to
    a file that exists.
    """

    def __init__(
        self,
        *paths: str | Path,
        longest_wait: int = LONGEST_WAIT,
        waiting: Callable[[str], object] | None = None,
    ) -> None:
        self._longest_wait = longest_wait
        self._waiting = waiting
        self._end = 0.0
        self._deferred = signals.Deferred()
        self._targets: dict[str, tuple[str, str]] = {}
        for path in paths:
            target = _resolved(path)
            self._targets[_lock_name(target)] = os.fspath(path), target
        self._held: list[tuple[str, int]] = []

    def __enter__(self) -> None:
        self._end = time.monotonic() + self._longest_wait
        self._deferred.__enter__()
        try:
            for lock in sorted(self._targets):
                self._take(lock)
        except BaseException:
            self._release()
            raise

    def __exit__(self, *_: object) -> None:
        self._release()

    def _release(self) -> None:
        """Let go of all locks, and have signals arrive again."""
        if not self._held:
            self._deferred.lift()
            return
        lock, descriptor = self._held.pop()
        try:
            # Somebody may have cleaned up by hand, and others moved on.
            if _is(lock, descriptor):
                os.unlink(lock)
        except OSError:
            pass  # it is of no harm, and goes another time
        finally:
            try:
                _close(descriptor)
            finally:
                self._release()

    def _take(self, lock: str) -> None:
        """Take a lock, however often its file is removed meanwhile."""
        path, target = self._targets[lock]
        descriptor = -1
        try:
            while descriptor < 0:
                descriptor = self._try(lock, path, target)
        except OSError as error:
            kind = OutsideError if error.errno in _NO_LOCKS else None
            raise _failure(
                path,
                f"cannot be locked by {lock} ({error.strerror})",
                error,
                kind,
            ) from error
        self._held.append((lock, descriptor))
        if not os.path.lexists(target):
            _remove_abandoned(target)  # nobody replaces it, which does so

    def _try(self, lock: str, path: str, target: str) -> int:
        """The lock's descriptor, or -1 where its file was removed since."""
        descriptor = _open_lock(target)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._wait(descriptor, lock, path)
            if _is(lock, descriptor):
                return descriptor
        except BaseException:
            _close(descriptor)
            raise
        _close(descriptor)
        return -1

    def _wait(self, descriptor: int, lock: str, path: str) -> None:
        """Wait until nobody else has the lock, as far as the time goes.

        A thread waits for it, in the system's own queue: asking again and
        again would let those who come later go first. It has a descriptor of
        its own, so that it does no harm if it gets the lock when nobody wants
        it any more.
        """
        problems: list[OSError] = []
        done = _thread.allocate_lock()
        done.acquire()
        duplicate = os.dup(descriptor)

        def wait() -> None:
            try:
                fcntl.flock(duplicate, fcntl.LOCK_EX)
            except OSError as error:
                problems.append(error)
            finally:
                _close(duplicate)
                done.release()

        _thread.start_new_thread(wait, ())
        self._deferred.lift()
        try:
            # The time is that for all locks together, and counts from the
            # start: a process that comes too late again and again gives up.
            left = max(0, self._end - time.monotonic())
            silent = max(0, left - (self._longest_wait - SILENT_WAIT))
            if not done.acquire(timeout=min(silent, left)):
                if self._waiting is not None and self._longest_wait:
                    self._waiting(lock)
                    self._waiting = None
                left = max(0, self._end - time.monotonic())
                if not done.acquire(timeout=left):
                    raise OutsideError(
                        f"{printable(path)}: another process has the "
                        f"lock {printable(lock)}, and had it for "
                        f"{self._longest_wait} seconds; nothing was changed"
                    )
        finally:
            self._deferred.defer()
        if problems:
            raise problems[0]


def _hidden(target: str) -> str:
    """What the files beside a file start with: its name, after a dot.

    Only the start of a long name: files whose names start alike then share
    a lock, which does no harm.
    """
    folder, name = os.path.split(target)
    data = os.fsencode(name)
    if len(data) > _MOST_OF_A_NAME:
        # Some file systems take no half of a character.
        name = data[:_MOST_OF_A_NAME].decode("utf-8", "ignore")
    return os.path.join(folder, f".{name}")


def _lock_name(target: str) -> str:
    """The path of a file's lock file."""
    return f"{_hidden(target)}.lock"


def _open_lock(target: str) -> int:
    """The descriptor of a file's lock file, which any user can open."""
    lock = _lock_name(target)
    flags = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    while True:
        # In a folder like /tmp the kernel refuses O_CREAT for a file that
        # somebody else has made (protected_regular): so first without it.
        try:
            try:
                return os.open(lock, flags | os.O_RDWR)
            except PermissionError:
                return os.open(lock, flags | os.O_RDONLY)
        except FileNotFoundError:
            pass
        try:
            return _new_lock(target, lock)
        except FileExistsError:
            continue


def _new_lock(target: str, lock: str) -> int:
    """Make a lock file; its descriptor.

    The file gets its name when it has its mode: a process that is killed
    between two calls must not lock other users out. The process's umask
    stays as it is, because it holds for every thread: a file that another
    thread creates meanwhile would be open to everybody.

    :raises FileExistsError: where another process was faster.
    """
    temporary, descriptor = _new_file(target, 0o600)
    try:
        try:
            os.fchmod(descriptor, _LOCK_MODE)
            os.link(temporary, lock)
        finally:
            _unlink(temporary)
    except FileExistsError:
        _close(descriptor)
        raise
    except OSError:
        _close(descriptor)
        return _new_lock_without_links(lock)
    except BaseException:
        _close(descriptor)
        raise
    return descriptor


def _new_lock_without_links(lock: str) -> int:
    """Make a lock file where the file system has no hard links.

    Most of these file systems have no modes of their own either.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(lock, flags, _LOCK_MODE)
    try:
        os.fchmod(descriptor, _LOCK_MODE)
    except OSError:
        return descriptor  # it has the mode that every file has here
    except BaseException:
        _close(descriptor)
        raise
    return descriptor


def _is(path: str, descriptor: int) -> bool:
    """Whether a path still leads to the file that was opened there."""
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def replace(path: str | Path, content: str) -> bool:
    """Make the content of a file this text, in one durable step.

    A symbolic link stays one, and an existing file's mode and (where
    permitted) owner stay. A device or a pipe is written to as it is.

    :returns: whether the content changed; a file that has it is left alone.
    :raises UnusableInput: where the file cannot be written.
    :raises OutsideError: where the disk is to blame.
    """
    data = content.encode("utf-8")
    target = _resolved(path)
    try:
        try:
            old = os.stat(target)
        except FileNotFoundError:
            old = None
        if old is not None and not stat.S_ISREG(old.st_mode):
            with open(target, "wb") as file:
                file.write(data)
            return True
        if old is not None and old.st_size == len(data):
            with open(target, "rb") as file:
                if file.read() == data:
                    return False
        with signals.Deferred():
            _replace(target, data, old)
    except OSError as error:
        reason = f"cannot be written ({error.strerror}); nothing was changed"
        raise _failure(os.fspath(path), reason, error) from error
    try:
        _sync_folder(os.path.dirname(target))
    except OSError as error:
        raise OutsideError(
            f"{os.fspath(path)}: is written, but may be the old file again "
            f"after a crash of the machine ({error.strerror})"
        ) from error
    return True


def _failure(
    path: str,
    reason: str,
    error: OSError,
    kind: type[OutsideError] | None = None,
) -> RequirementsError:
    """The error of ours for one of the system's."""
    if error.errno == errno.EBUSY and _is_mounted(_resolved(path)):
        return UnusableInput(path, f"{_MOUNTED}; nothing was changed")
    if kind is OutsideError or error.errno in _DISK:
        return OutsideError(f"{path}: {reason}")
    return UnusableInput(path, reason)


def _is_mounted(target: str) -> bool:
    """Whether something is mounted at this very path, where that is told.

    A file that is mounted from the same file system looks like any other:
    only the list of mounts has it.
    """
    try:
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            points = [line.split(" ", 5)[4] for line in file]
    except (OSError, ValueError, IndexError):
        return False
    for char in "\\ \t\n":  # as the kernel writes them
        target = target.replace(char, f"\\{ord(char):03o}")
    return target in points


def _replace(target: str, data: bytes, old: os.stat_result | None) -> None:
    _remove_abandoned(target)
    # Private until the mode is known; a new file gets what the umask leaves.
    temporary, descriptor = _new_file(target, 0o666 if old is None else 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        if old is not None:
            _keep_owner_and_mode(descriptor, old)
        os.fsync(descriptor)
        os.replace(temporary, target)
    except BaseException:
        _unlink(temporary)
        raise
    finally:
        _close(descriptor)


def _keep_owner_and_mode(descriptor: int, old: os.stat_result) -> None:
    new = os.fstat(descriptor)
    # Not everybody may give a file away, but one's group may be kept.
    for owner, group in ((old.st_uid, old.st_gid), (-1, old.st_gid)):
        if (new.st_uid, new.st_gid) == (old.st_uid, old.st_gid):
            break
        try:
            os.fchown(descriptor, owner, group)
            break
        except OSError as error:
            # EINVAL: an owner that this container does not know.
            if error.errno not in {errno.EPERM, errno.EINVAL}:
                raise
    if stat.S_IMODE(new.st_mode) != stat.S_IMODE(old.st_mode):
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _new_file(target: str, mode: int) -> tuple[str, int]:
    """A file that nobody else has, beside the target: name, descriptor.

    It is locked while it is written, which tells it from one that a killed
    process has left behind.
    """
    start = _hidden(target)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    while True:
        token = os.urandom(_TOKEN // 2).hex()
        temporary = f"{start}.{token}.new"
        descriptor = os.open(temporary, flags, mode)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            locked = _is(temporary, descriptor)
        except BlockingIOError:
            locked = False
        except OSError:
            locked = True  # nothing can be locked here, so nobody removes it
        except BaseException:
            _unlink(temporary)
            _close(descriptor)
            raise
        if locked:
            return temporary, descriptor
        _close(descriptor)  # somebody took it for an abandoned one


def _remove_abandoned(target: str) -> None:
    """Remove new files that were never moved over the target."""
    folder, name = os.path.split(_hidden(target))
    start, end = f"{name}.", ".new"
    try:
        names = os.listdir(folder)
    except OSError:
        return  # a folder that may be written but not read
    for entry in names:
        token = entry.removeprefix(start).removesuffix(end)
        if (
            entry == f"{start}{token}{end}"
            and len(token) == _TOKEN
            and not token.strip("0123456789abcdef")
        ):
            _remove_if_abandoned(
                os.path.join(folder, entry), _lock_name(target)
            )


def _remove_if_abandoned(path: str, lock: str) -> None:
    """Remove a new file that no process is writing.

    :param lock: the path of the lock file. A process that was killed while
        it made that one has left a second name of it behind.
    """
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags)
    except OSError:
        return  # another user's, or gone already
    try:
        if not _is(lock, descriptor):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is(path, descriptor):
            os.unlink(path)
    except OSError:
        pass  # it is being written, or may not be removed
    finally:
        _close(descriptor)


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return  # the next one removes it


def _close(descriptor: int) -> None:
    """Close what is flushed, or was only looked at: no news can be bad."""
    try:
        os.close(descriptor)
    except OSError:
        return


def _sync_folder(folder: str) -> None:
    """Make the new name durable. The content already is."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return  # a folder that may be written but not read
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # file systems that cannot
            raise
    finally:
        _close(descriptor)
