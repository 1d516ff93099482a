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
"""What the second run of a nightly job costs, as a ratio of the first.

    python3 tools/run.py python benchmarks/second_run.py [-n RUNS]

The job is that of README: ``generate-constraints --previous --keep-going``,
for the list of ``-r``. The first run begins with an empty cache of uv, the
second has what the first left there. Both are measured in seconds of wall time
and in bytes that the machine received meanwhile, on all interfaces but
loopback: so nothing else should use the network. The pages of the index count
as well. Where it does not say how long they are good, uv keeps them for ten
minutes, which is for the second run if the first takes no longer.
``--index loopback`` asks an index of the tests' own, with wheels of ``--size``
bytes, and counts what that one sent; it needs no network. That index does not
say how long anything is good, as many mirrors do not.

The ratios second/first are of the medians. Nothing here passes or fails: a
figure is only as good as the quiet of the machine.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import measure

from openstack_requirements.tests import loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIST = Path(__file__).resolve().parent / "libraries.txt"
RUNS = ("first", "second")


def received() -> int:
    """The bytes that all interfaces but loopback received so far."""
    lines = Path("/proc/net/dev").read_text(encoding="utf-8").splitlines()
    interfaces = [line.partition(":") for line in lines[2:]]
    return sum(
        int(figures.split()[0])
        for name, _, figures in interfaces
        if name.strip() != "lo"
    )


@contextlib.contextmanager
def own_index(
    size: int, folder: Path
) -> Iterator[tuple[Path, loopback.Index]]:
    """A list, and an index that has all of it."""
    index = loopback.Index()
    index.setUp()
    try:
        index.use()
        index.freshness = {}
        # uv is told what is kept by a configuration.
        os.environ.pop("UV_NO_CONFIG", None)
        names = [f"made-{number}" for number in range(50)]
        for name in names:
            index.wheel(name, "1.0", files={"heavy.txt": "x" * size})
        requirements = folder / "list.txt"
        requirements.write_text("".join(f"{name}\n" for name in names))
        yield requirements, index
    finally:
        index.cleanUp()


def night(
    options: argparse.Namespace,
    requirements: Path,
    counted: Callable[[], int],
    folder: Path,
) -> Iterator[tuple[float, int]]:
    """Seconds and bytes of the first run, and of the second."""
    os.environ["UV_CACHE_DIR"] = str(folder / "cache")
    os.environ["TMPDIR"] = str(folder)
    result = folder / "constraints.txt"
    result.touch()
    for _ in RUNS:
        before = counted()
        seconds = measure.timed(
            [
                *(measure.script("generate-constraints"), "-p"),
                *(options.python, "-r", str(requirements), "-o", str(result)),
                *("--previous", str(result), "--keep-going"),
                "--allow-missing",
            ]
        )
        yield seconds, counted() - before


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure a second run.")
    parser.add_argument("-n", "--runs", type=int, default=1)
    parser.add_argument("-r", "--requirements", type=Path, default=LIST)
    parser.add_argument("-p", "--python", default=sys.executable)
    parser.add_argument(
        "--index", choices=("configured", "loopback"), default="configured"
    )
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--folder", help="where the cache is made")
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in RUNS}
    sizes: dict[str, list[int]] = {name: [] for name in RUNS}
    with contextlib.ExitStack() as stack:
        requirements, counted = options.requirements, received
        if options.index == "loopback":
            path = stack.enter_context(tempfile.TemporaryDirectory())
            requirements, index = stack.enter_context(
                own_index(options.size, Path(path))
            )
            counted = index.sent.total
        for _ in range(options.runs):
            with tempfile.TemporaryDirectory(dir=options.folder) as path:
                for name, (spent, size) in zip(
                    RUNS,
                    night(options, requirements, counted, Path(path)),
                    strict=True,
                ):
                    seconds[name].append(spent)
                    sizes[name].append(size)
    median = measure.show(seconds)
    megabytes = {
        name: statistics.median(values) / 1e6 for name, values in sizes.items()
    }
    for name, value in megabytes.items():
        print(f"{name:10} median {value:7.1f} MB")
    print(f"seconds second/first  {median['second'] / median['first']:.2f}")
    print(
        "bytes   second/first  "
        f"{megabytes['second'] / max(megabytes['first'], 1e-6):.3f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
