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
"""What generate-constraints costs over uv alone, as ratios.

    python3 tools/run.py python benchmarks/generate_constraints.py [-n RUNS]

The named list is ``libraries.txt`` beside this file, or that of ``-r``. uv
gets a cache of its own, which is warmed first, and all environments are on the
file system of that cache, so that files are linked. Where there is a file
system in memory it is used: on a disk, one and the same install may take three
times as long from one minute to the next.

A warm cache still leaves uv questions to the index, unless the index said how
long its answers are good, and what it could not keep it builds again. With
``--offline`` the cache is all there is, and what is left of ``bare`` is the
linking of files. Each round measures, one after the other:

* ``bare``: ``uv venv`` and ``uv pip install -r LIST`` for one interpreter;
  the environment is removed afterwards, outside of the measurement;
* ``one``: ``generate-constraints`` for that interpreter, which also reads the
  environment, proves the constraints, writes them and removes it;
* ``three``: the same for three interpreters.

The ratios one/bare and three/one are of the medians. Nothing here passes or
fails: a figure is only as good as the quiet of the machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import measure
import uv

from openstack_requirements.errors import UnusableInput
from openstack_requirements.install import interpreters
from openstack_requirements.system import children

if TYPE_CHECKING:
    from collections.abc import Callable

LIST = Path(__file__).resolve().parent / "libraries.txt"


def bare(python: str, folder: Path, requirements: Path) -> float:
    """``uv venv`` and ``uv pip install``, as a person would type them."""
    binary = uv.find_uv_bin()
    environment = str(folder / "bare")
    spent = measure.timed(
        [binary, "venv", "-q", "--python", python, environment]
    )
    spent += measure.timed(
        [
            *(binary, "pip", "install", "-q", "--python", environment),
            *("-r", str(requirements)),
        ]
    )
    shutil.rmtree(environment)
    return spent


def generate(pythons: list[str], folder: Path, requirements: Path) -> float:
    """``generate-constraints`` for these interpreters."""
    command = [measure.script("generate-constraints"), "-r", str(requirements)]
    command += ["-o", str(folder / "constraints.txt")]
    for python in pythons:
        command += ["-p", python]
    return measure.timed(command)


def tidied(case: Callable[[], float]) -> float:
    """Measure without what was built again, which leaves the older behind."""
    prune = [uv.find_uv_bin(), "cache", "prune", "-q"]
    subprocess.run(prune, check=True)
    return case()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the overhead.")
    parser.add_argument("-n", "--runs", type=int, default=5)
    parser.add_argument("-r", "--requirements", type=Path, default=LIST)
    parser.add_argument(
        "--folder",
        default=measure.MEMORY,
        help="where the cache and the environments are made",
    )
    parser.add_argument("-p", "--python", action="append", default=[])
    parser.add_argument(
        "--offline", action="store_true", help="the cache is all there is"
    )
    options = parser.parse_args()
    found = []
    with children.of_job("pythons") as started:
        for wanted in options.python or ("3.12", "3.11", "3.13"):
            try:
                found.append(interpreters.find(wanted, started).executable)
            except UnusableInput as error:
                print(f"without Python {wanted}: {error}", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=options.folder) as path:
        folder = Path(path)
        os.environ["TMPDIR"] = path
        os.environ["UV_CACHE_DIR"] = str(folder / "cache")
        cases: dict[str, Callable[[], float]] = {
            "bare": lambda: bare(found[0], folder, options.requirements),
            "one": lambda: generate(found[:1], folder, options.requirements),
        }
        if len(found) > 2:
            cases["three"] = lambda: generate(
                found[:3], folder, options.requirements
            )
        for case in cases.values():
            case()  # warms uv's cache
        if options.offline:
            os.environ["UV_OFFLINE"] = "1"
        spent = measure.rounds(
            {name: partial(tidied, case) for name, case in cases.items()},
            options.runs,
        )
    print(
        f"list: {options.requirements.name}, {options.runs} runs each"
        f"{', offline' if options.offline else ''}, "
        f"in {options.folder or tempfile.gettempdir()}"
    )
    median = measure.show(spent)
    print(f"one/bare   {median['one'] / median['bare']:.2f}")
    if "three" in median:
        print(f"three/one  {median['three'] / median['one']:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
