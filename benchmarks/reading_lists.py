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
#!/usr/bin/env python3
"""What the commands that read or edit lists cost, as ratios.

    python3 tools/run.py python benchmarks/reading_lists.py [-n RUNS]

The named baseline is ``import packaging.requirements``, which is what it takes
to read a single line the usual way. All figures are the time over that of an
interpreter which does nothing, as multiples of the baseline's. The commands
run from a regular (not editable) installation into a virtualenv of its own,
as the console scripts that people start.

The list is made here and always the same: 600 global entries of which many
have exclusions, a few pre-releases or markers, and 600 constraints. With
``--lists`` it is a folder's own lists. ``edit-constraints`` changes a pin in a
copy of the constraints, to another version in each round; that includes
writing it durably. Each round measures each case once, so
that a busy minute is fair to all. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import measure

if TYPE_CHECKING:
    from collections.abc import Callable


LINES = 600
MARKERS = ("python_version<'3.11'", "python_version>='3.11'")


def entry(number: int) -> tuple[str, str]:
    """The global entries and the pins of one package."""
    name = f"package{number}"
    if number % 20 == 0:
        entries = [
            f"{name}>=1.{number};{MARKERS[0]}  # MIT",
            f"{name}>=2.0;{MARKERS[1]} and sys_platform!='win32'  # MIT",
        ]
        pins = [
            f"{name}===1.{number}.1;python_version=='3.10'",
            f"{name}===2.1;python_version=='3.12'",
        ]
    elif number % 3 == 0:
        entries = [f"{name}>=1.0,!=1.1.0,!=1.2.0,!=1.10.0,<3  # Apache-2.0"]
        pins = [f"{name}===1.{number}"]
    elif number % 50 == 1:
        entries = [f"{name}>=1.0,!=1.1rc1,!=1.1.0  # BSD"]
        pins = [f"{name}===2.0.post{number}"]
    else:
        entries = [f"{name}>=0.{number}.1  # MIT"]
        pins = [f"{name}==={number}.{number % 7}"]
    return "\n".join(entries), "\n".join(pins)


def make_lists(folder: Path) -> None:
    """Lists of :data:`LINES` lines each."""
    pairs = [entry(number) for number in range(1, LINES + 1)]
    for name, column in (
        ("global-requirements.txt", 0),
        ("upper-constraints.txt", 1),
    ):
        lines = "\n".join(pair[column] for pair in pairs).splitlines()
        text = "\n".join(lines[:LINES] if column == 0 else lines)
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    (folder / "blacklist.txt").write_text("linter  # why\n", encoding="utf-8")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the overhead.")
    parser.add_argument("-n", "--runs", type=int, default=31)
    parser.add_argument("--lists", type=Path, help="a folder of lists")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        make_lists(folder)
        scripts = measure.install(folder)
        python = str(scripts / "python")
        commands = {
            "bare": [python, "-c", "pass"],
            "baseline": [python, "-c", "import packaging.requirements"],
            "normalize-requirements": [
                str(scripts / "normalize-requirements"),
                "global-requirements.txt",
            ],
            "validate-constraints": [str(scripts / "validate-constraints")],
        }
        lists = (options.lists or folder).resolve()
        edited = folder / "edited.txt"
        edited.write_bytes((lists / "upper-constraints.txt").read_bytes())
        edit = [str(scripts / "edit-constraints"), str(edited)]
        numbers = count()

        def edited_anew() -> float:
            pin = f"oslo.config===1.{next(numbers)}"
            return measure.timed([*edit, "oslo.config", pin], lists)

        cases: dict[str, Callable[[], float]] = {
            name: partial(measure.timed, each, lists, (0, 1))
            for name, each in commands.items()
        }
        cases["edit-constraints"] = edited_anew
        median = measure.medians(measure.rounds(cases, options.runs))
    print(f"{options.runs} runs each, over a bare interpreter, medians")
    baseline = median["baseline"] - median["bare"]
    for name, found in median.items():
        over = found - median["bare"]
        print(f"{name:24} {over * 1000:6.1f} ms  {over / baseline:5.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
