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
"""Truth tables: in which of many cases a statement holds.

Each column has some rows, and a case is one row from each of the columns. All
cases are numbered, so that a set of cases is an integer with a bit for each
case, and "and" and "or" of statements are those of integers: thousands of
cases at a time.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A block, which is filled up to whole bytes, has at least so many cases
#: where there are as many: little is wasted then.
_TOGETHER = 64


class TruthTable:
    """All the cases that columns have, and sets of them.

    ``everything`` is the set of all cases; ``bits`` is how many bits a set
    has, somewhat more than there are cases.

    :param sizes: how many rows each column has.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        # Cases that differ in the last columns only are neighbours. Such a
        # block is filled up to whole bytes, as repeating bytes is the fastest
        # way to make a large set.
        split = len(sizes)
        while split and prod(sizes[split:]) < _TOGETHER:
            split -= 1
        self._split = split
        self._near = prod(sizes[split:])
        self._near_bytes = -(-self._near // 8)
        self.bits = self._near_bytes * 8 * prod(sizes[:split])
        # For each of the first columns, all cases of the columns behind it.
        whole = ((1 << self._near) - 1).to_bytes(self._near_bytes, "little")
        self._behind: list[bytes] = []
        for size in reversed(sizes[:split]):
            self._behind.insert(0, whole)
            whole *= size
        self.everything = int.from_bytes(whole, "little")

    def where(self, column: int, rows: int) -> int:
        """The cases in which a column has one of these rows.

        :param rows: a set as well, with a bit for each row.
        """
        if not self.everything:
            return 0  # a column without rows: there are no cases
        places = range(self.sizes[column])
        if column < self._split:
            all_cases = self._behind[column]
            no_cases = bytes(len(all_cases))
            period = b"".join(
                all_cases if rows >> row & 1 else no_cases for row in places
            )
        else:
            with_row = prod(self.sizes[column + 1 :])
            text = "".join(
                ("1" if rows >> row & 1 else "0") * with_row for row in places
            )
            text *= self._near // len(text)
            period = int(text[::-1], 2).to_bytes(self._near_bytes, "little")
        repeated = period * (self.bits // 8 // len(period))
        return int.from_bytes(repeated, "little")

    def first(self, cases: int) -> tuple[int, ...]:
        """The row of each column in the first of some cases.

        Cases are in the order of their rows, those of the first column first.
        """
        number = (cases & -cases).bit_length() - 1
        block, near = divmod(number, self._near_bytes * 8)
        rows: list[int] = []
        for column in reversed(range(len(self.sizes))):
            if column >= self._split:
                near, row = divmod(near, self.sizes[column])
            else:
                block, row = divmod(block, self.sizes[column])
            rows.insert(0, row)
        return tuple(rows)
