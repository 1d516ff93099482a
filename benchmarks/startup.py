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
"""What starting each command costs, and reading a list, as ratios.

    python3 tools/run.py python benchmarks/startup.py [-n RUNS]

Start-up: each console script with ``-h``, over a bare interpreter, as a
multiple of what ``import packaging.requirements`` takes over one. The scripts
run from where this Python has them; an editable installation adds some ten
milliseconds to every start, the baseline's included.

Reading: a list of 500 lines, made here and always the same, is parsed and
normalised in this process. The baseline is ``packaging`` parsing the same 500
requirements.

Nothing here passes or fails: a figure is only as good as the quiet of the
machine.
"""

from __future__ import annotations

import argparse
import configparser
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from openstack_requirements import requirement

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
LINES = [
    f"package-{number}>=1.{number},!=1.{number}.1"
    + (";python_version<'3.11'" if number % 7 == 0 else "")
    for number in range(500)
]


def timed(call: Callable[[], object]) -> float:
    """The wall time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def run(*command: str) -> None:
    """Run a command and throw its output away."""
    subprocess.run(
        command,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def scripts() -> list[str]:
    """The console scripts of the package."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    lines = parser["entry_points"]["console_scripts"].split("\n")
    return sorted(line.split(" = ")[0] for line in lines if line)


def medians(
    cases: dict[str, Callable[[], object]], runs: int
) -> dict[str, float]:
    """The median of each case; each round has all of them once."""
    spent: dict[str, list[float]] = {name: [] for name in cases}
    for call in cases.values():
        call()  # byte code and the disk's cache
    for _ in range(runs):
        for name, call in cases.items():
            spent[name].append(timed(call))
    return {name: statistics.median(each) for name, each in spent.items()}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure start-up.")
    parser.add_argument("-n", "--runs", type=int, default=15)
    options = parser.parse_args()
    # The commands' own byte code is part of an installed package.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    folder = Path(sys.executable).parent
    python = sys.executable
    cases: dict[str, Callable[[], object]] = {
        "bare": lambda: run(python, "-c", "pass"),
        "packaging": lambda: run(
            python, "-c", "import packaging.requirements"
        ),
    }
    for name in scripts():
        path = str(folder / name)
        cases[name] = lambda path=path: run(path, "-h")  # type: ignore[misc]
    found = medians(cases, options.runs)
    base = found["packaging"] - found["bare"]
    print(f"start-up, {options.runs} runs; packaging: {base * 1000:.0f} ms")
    for name in scripts():
        over = found[name] - found["bare"]
        print(f"{name:24} {over * 1000:6.1f} ms  {over / base:5.2f}")
    text = "".join(f"{line}\n" for line in LINES)
    found = medians(
        {
            "packaging": lambda: [Requirement(line) for line in LINES],
            "parse": lambda: requirement.parse(text),
            "normalise": lambda: requirement.normalize(text),
        },
        options.runs,
    )
    print(f"500 lines; packaging: {found['packaging'] * 1000:.1f} ms")
    for name in ("parse", "normalise"):
        ratio = found[name] / found["packaging"]
        print(f"{name:24} {found[name] * 1000:6.1f} ms  {ratio:5.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
