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
"""What comes out of a child's pipes, within limits.

These run in threads beside the one that waits for the child.
"""

from __future__ import annotations

import contextlib
from collections import deque
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: How many lines of a child's output are kept, the last ones.
KEPT_LINES = 20_000
#: How many characters these lines may have together.
KEPT_CHARACTERS = 16 * 1024 * 1024
#: A line of more characters counts as several.
LONGEST_LINE = 64 * 1024
_PART = 64 * 1024  # bytes that are read at once


class Tail:
    """The last lines that a child printed."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._characters = 0

    def append(self, line: str) -> None:
        """Add a line; the first ones are dropped where there are too many."""
        self._lines.append(line)
        self._characters += len(line)
        while (
            len(self._lines) > KEPT_LINES or self._characters > KEPT_CHARACTERS
        ):
            self._characters -= len(self._lines.popleft())

    def text(self) -> str:
        """The lines, as they were printed."""
        return "".join(self._lines)


class Bytes:
    """What comes out of a pipe, up to a number of bytes.

    Of more, either the rest is read and dropped, or nothing further is read
    and the pipe is closed, which ends a child that goes on writing.

    ``too_many`` says that there was more, ``complete`` that the end was read.
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
        """Read the pipe to its end, or to its limit."""
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
        """What was read."""
        return b"".join(self._parts)


def read_lines(
    pipe: IO[str], tail: Tail, on_line: Callable[[str], None] | None
) -> None:
    """Read a pipe to its end.

    :param on_line: is called with each line.
    """
    with pipe:
        while line := pipe.readline(LONGEST_LINE):
            tail.append(line)
            if on_line is not None:
                on_line(line)


def feed(pipe: IO[bytes], data: bytes) -> None:
    """Write to a pipe and close it; a child need not read it."""
    with contextlib.suppress(BrokenPipeError), pipe:
        pipe.write(data)
