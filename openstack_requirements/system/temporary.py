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
"""Temporary folders that are removed whatever happens."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from openstack_requirements.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def work_folder(job: str) -> Iterator[str]:
    """A folder for the files of a job; it is removed whatever happens.

    :param job: what its name starts with.
    :raises OutsideError: where none can be made.
    """
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
    """Whether a temporary folder is the current folder, and nobody named it.

    Python falls back to that where no other can be written to.
    """
    try:
        current = os.getcwd()
    except OSError:
        return False
    named = {os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")}
    usual = {"/tmp", "/var/tmp", "/usr/tmp"}  # noqa: S108 - only compared
    return folder == current and folder not in named | usual
