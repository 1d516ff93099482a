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
import sys
from functools import partial
from typing import TYPE_CHECKING

import measure
from packaging.requirements import Requirement

from openstack_requirements.pep508 import entries

if TYPE_CHECKING:
    from collections.abc import Callable

LINES = [
    f"package-{number}>=1.{number},!=1.{number}.1"
    + (";python_version<'3.11'" if number % 7 == 0 else "")
    for number in range(500)
]


def scripts() -> list[str]:
    """The console scripts of the package."""
    parser = configparser.ConfigParser()
    parser.read(measure.ROOT / "setup.cfg")
    lines = parser["entry_points"]["console_scripts"].split("\n")
    return sorted(line.split(" = ")[0] for line in lines if line)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure start-up.")
    parser.add_argument("-n", "--runs", type=int, default=15)
    options = parser.parse_args()
    python = sys.executable
    commands = {
        "bare": [python, "-c", "pass"],
        "packaging": [python, "-c", "import packaging.requirements"],
        **{name: [measure.script(name), "-h"] for name in scripts()},
    }
    found = measure.medians(
        measure.rounds(
            {
                name: partial(measure.timed, each)
                for name, each in commands.items()
            },
            options.runs,
        )
    )
    base = found["packaging"] - found["bare"]
    print(f"start-up, {options.runs} runs; packaging: {base * 1000:.0f} ms")
    for name in scripts():
        over = found[name] - found["bare"]
        print(f"{name:24} {over * 1000:6.1f} ms  {over / base:5.2f}")
    text = "".join(f"{line}\n" for line in LINES)
    calls: dict[str, Callable[[], object]] = {
        "packaging": lambda: [Requirement(line) for line in LINES],
        "parse": lambda: entries.parse(text),
        "normalise": lambda: entries.normalize(text),
    }
    found = measure.medians(
        measure.rounds(
            {
                name: partial(measure.timed_call, each)
                for name, each in calls.items()
            },
            options.runs,
        )
    )
    print(f"500 lines; packaging: {found['packaging'] * 1000:.1f} ms")
    for name in ("parse", "normalise"):
        ratio = found[name] / found["packaging"]
        print(f"{name:24} {found[name] * 1000:6.1f} ms  {ratio:5.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
