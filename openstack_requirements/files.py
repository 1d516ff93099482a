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
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING

from openstack_requirements.errors import OutsideError, UnusableInput

if TYPE_CHECKING:
    from pathlib import Path

#: What the disk is to blame for, rather than the one who named the file.
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EROFS}


def read_text(path: str | Path) -> str:
    """The text of a file, its line ends as they are.

    :raises UnusableInput: where it cannot be read or is not UTF-8.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise UnusableInput(
            os.fspath(path), f"cannot be read ({error.strerror})"
        ) from error
    return decode(data, os.fspath(path))


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
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    if os.path.isdir(target):
        raise UnusableInput(os.fspath(path), "is a folder")
    if not os.path.isdir(folder):
        raise UnusableInput(os.fspath(path), "its folder does not exist")
    special = os.path.exists(target) and not os.path.isfile(target)
    if not os.access(target if special else folder, os.W_OK):
        raise UnusableInput(os.fspath(path), "cannot be written")


def require_folder(path: str | Path) -> None:
    """Make a folder for files that are written later, where there is none.

    :raises UnusableInput: where it cannot be made or written.
    """
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise UnusableInput(
            os.fspath(path), f"cannot be made a folder ({error.strerror})"
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise UnusableInput(os.fspath(path), "cannot be written")


def replace(path: str | Path, content: str) -> bool:
    """Make the content of a file this text, in one durable step.

    A symbolic link stays one, and an existing file's mode and (where
    permitted) owner stay. A device or a pipe is written to as it is.

    :returns: whether the content changed; a file that has it is left alone.
    :raises UnusableInput: where the file cannot be written.
    :raises OutsideError: where the disk is to blame.
    """
    data = content.encode("utf-8")
    target = os.path.realpath(path)
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
        _replace(target, data, old)
    except OSError as error:
        kind = OutsideError if error.errno in _DISK else UnusableInput
        reason = f"cannot be written ({error.strerror}); nothing was changed"
        if kind is OutsideError:
            raise OutsideError(f"{os.fspath(path)}: {reason}") from error
        raise UnusableInput(os.fspath(path), reason) from error
    return True


def _replace(target: str, data: bytes, old: os.stat_result | None) -> None:
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.new")
    # Private until the mode is known; a new file gets what the umask leaves.
    mode = 0o666 if old is None else 0o600
    descriptor = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode
    )
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            if old is not None:
                with contextlib.suppress(PermissionError):
                    os.fchown(descriptor, old.st_uid, old.st_gid)
                os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


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
        os.close(descriptor)
