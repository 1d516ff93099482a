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
"""What the benchmarks share: how a command is timed, and how it is shown.

Cases are measured in rounds, each of which has every case once: what makes
the machine slower for a while makes all of them slower.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import uv

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    #: What is measured, by name; a call gives the seconds that it took.
    Cases = Mapping[str, Callable[[], float]]
    #: The seconds of each case, round by round.
    Spent = Mapping[str, list[float]]

ROOT = Path(__file__).resolve().parent.parent
_MEMORY = "/dev/shm"
#: A folder in memory, where there is one.
MEMORY = _MEMORY if os.access(_MEMORY, os.W_OK) else None

# The byte code of a command is part of an installed package.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def script(name: str) -> str:
    """The path of one of our commands, beside the Python that runs this."""
    return str(Path(sys.executable).with_name(name))


def install(folder: Path) -> Path:
    """A virtualenv with this checkout, as users have it; its scripts."""
    # A build leaves files behind, which a checkout should not have.
    copy = folder / "source"
    ignored = shutil.ignore_patterns(".venv*", ".tox", "build", "*.egg-info")
    shutil.copytree(ROOT, copy, ignore=ignored)
    environment = str(folder / "environment")
    binary = uv.find_uv_bin()
    for command in (
        [binary, "venv", "-q", "--python", sys.executable, environment],
        [
            *(binary, "pip", "install", "-q", "--compile-bytecode"),
            *("--python", environment, str(copy)),
        ],
    ):
        subprocess.run(command, check=True)
    return Path(environment) / "bin"


def timed(
    command: list[str],
    folder: Path | None = None,
    good: Collection[int] = (0,),
) -> float:
    """The wall time of a command, which has to end well.

    :param folder: where it runs.
    :param good: the statuses that are fine.
    """
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        done = subprocess.run(
            command,
            check=False,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        spent = time.perf_counter() - start
        if done.returncode not in good:
            said.seek(0)
            text = said.read().decode(errors="replace")
            raise SystemExit(f"{text}{command}: status {done.returncode}")
    return spent


def timed_call(call: Callable[[], object]) -> float:
    """The wall time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def rounds(cases: Cases, runs: int) -> dict[str, list[float]]:
    """Measure all cases so many times, after a round that does not count."""
    for case in cases.values():
        case()
    spent: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(runs):
        for name, case in cases.items():
            spent[name].append(case())
    return spent


def medians(spent: Spent) -> dict[str, float]:
    """The median of each case."""
    return {name: statistics.median(each) for name, each in spent.items()}


def show(spent: Spent, unit: str = "s") -> dict[str, float]:
    """Print each case; the medians.

    :param unit: ``s`` or ``ms``.
    """
    factor, digits = (1000, 1) if unit == "ms" else (1, 3)
    found = medians(spent)
    for name, each in spent.items():
        median, low, high = (
            f"{value * factor:.{digits}f}"
            for value in (found[name], min(each), max(each))
        )
        print(f"{name:10} median {median:>7} {unit}  ({low} to {high})")
    return found
