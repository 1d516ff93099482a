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
"""What a nightly run with ``--cache-dir`` costs over resolving, as ratios.

    python3 tools/run.py python benchmarks/nightly.py [-n RUNS]

The named list is the repository's own ``global-requirements.txt``, for one
interpreter. uv gets a cache of its own, which is warmed first. Each round
measures, one after the other:

* ``compile``: ``uv pip compile LIST``, which resolves and no more;
* ``same``: ``generate-constraints --cache-dir`` where nothing has changed;
* ``five``: the same where five pins have changed since the run before, as
  two lists take turns, one of which excludes the newest version of five
  distributions.

Nothing here passes or fails: a figure is only as good as the quiet of the
machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from itertools import cycle
from pathlib import Path

import measure
import uv

from openstack_requirements.install import interpreters
from openstack_requirements.system import children

LIST = measure.ROOT / "global-requirements.txt"
#: Distributions without extension modules that few others limit.
FIVE = (
    "oslo.config",
    "oslo.utils",
    "stevedore",
    "cliff",
    "oslo.serialization",
)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure nightly runs.")
    parser.add_argument("-n", "--runs", type=int, default=5)
    parser.add_argument("-r", "--requirements", type=Path, default=LIST)
    parser.add_argument("-p", "--python", default="3.12")
    parser.add_argument(
        "--folder",
        default=measure.MEMORY,
        help="where the caches and the environments are made",
    )
    options = parser.parse_args()
    with children.of_job("nightly") as started:
        python = interpreters.find(options.python, started).executable
    script = measure.script("generate-constraints")
    with tempfile.TemporaryDirectory(dir=options.folder) as path:
        folder = Path(path)
        os.environ["TMPDIR"] = path
        os.environ["UV_CACHE_DIR"] = str(folder / "cache")
        result = folder / "constraints.txt"
        lists = [folder / "newest.txt", folder / "held.txt"]
        lists[0].write_text(options.requirements.read_text())

        def generate(requirements: Path) -> float:
            return measure.timed(
                [
                    *(script, "-p", python, "-r", str(requirements)),
                    *("-o", str(result), "--cache-dir", str(folder / "kept")),
                ]
            )

        def resolve() -> float:
            return measure.timed(
                [
                    *(uv.find_uv_bin(), "pip", "compile", "--python", python),
                    *("-q", "-o", str(folder / "lock.txt"), "--upgrade"),
                    str(options.requirements),
                ]
            )

        generate(lists[0])
        newest = dict(
            line.partition(";")[0].split("===")
            for line in result.read_text().splitlines()
        )
        caps = "".join(f"{name}!={newest[name]}\n" for name in FIVE)
        lists[1].write_text(lists[0].read_text() + caps)
        turns = cycle(reversed(lists))
        generate(next(turns))  # warms uv's cache
        now = [next(turns)]

        def five() -> float:
            now[0] = next(turns)
            return generate(now[0])

        spent = measure.rounds(
            {
                "compile": resolve,
                "five": five,
                "same": lambda: generate(now[0]),
            },
            options.runs,
        )
    print(
        f"list: {options.requirements.name}, {len(newest)} distributions, "
        f"{options.runs} runs each, in "
        f"{options.folder or tempfile.gettempdir()}"
    )
    median = measure.show(spent)
    for name in ("same", "five"):
        print(f"{name}/compile  {median[name] / median['compile']:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
