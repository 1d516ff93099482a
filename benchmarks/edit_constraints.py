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
"""What edit-constraints costs over a bare interpreter, as ratios.

    python3 tools/run.py python benchmarks/edit_constraints.py [-n RUNS]

The named baseline is what ``import packaging.requirements`` costs over a bare
interpreter. The toolkit is installed for it into a virtualenv of its own: the
editable install of a checkout adds a finder to every start, which nobody has
who uses the command. The file has 600 lines, and is written anew outside of
the measurement. Each round measures, one after the other:

* ``bare``: ``python -c pass``;
* ``baseline``: ``python -c 'import packaging.requirements'``;
* ``absent``: the command removes a name that is not there;
* ``remove``: it removes one that is;
* ``replace``: it replaces one by ``-e file://...#egg=NAME``, as devstack does;
* ``marker``: it replaces one by a pin with a marker, which takes the parser.

The ratios are of medians, each without that of ``bare``. The command flushes
file and folder to the disk, which costs what the disk costs: so the file is
on a file system in memory, where there is one. Nothing here passes or fails:
a figure is only as good as the quiet of the machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uv

ROOT = Path(__file__).resolve().parent.parent
MEMORY = "/dev/shm"
CONTENT = "".join(
    f"some-library-{number}===1.{number}.0\n" for number in range(600)
)
NAME = "some-library-300"
EDITS = {
    "absent": ["no-such-library"],
    "remove": [NAME],
    "replace": [NAME, f"-e file:///opt/stack/{NAME}#egg={NAME}"],
    "marker": [NAME, f"{NAME}===2.0;python_version>='3.12'"],
}


def timed(command: list[str]) -> float:
    """The wall time of a command, which must succeed."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return time.perf_counter() - start


def install(folder: Path) -> Path:
    """The scripts of a virtualenv with the toolkit in it."""
    # A build leaves files behind, which a checkout should not have.
    copy = folder / "copy"
    ignored = shutil.ignore_patterns(".venv", ".tox", "build", "*.egg-info")
    shutil.copytree(ROOT, copy, ignore=ignored)
    environment = folder / "environment"
    command = [uv.find_uv_bin(), "venv", "-q", "--python", sys.executable]
    subprocess.run([*command, str(environment)], check=True)
    command = [uv.find_uv_bin(), "pip", "install", "-q", "--python"]
    command += [str(environment), "--compile-bytecode", str(copy)]
    subprocess.run(command, check=True)
    return environment / "bin"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the start.")
    parser.add_argument("-n", "--runs", type=int, default=40)
    parser.add_argument(
        "--folder",
        default=MEMORY if os.access(MEMORY, os.W_OK) else None,
        help="where the file is edited",
    )
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with (
        tempfile.TemporaryDirectory() as work,
        tempfile.TemporaryDirectory(dir=options.folder) as path,
    ):
        scripts = install(Path(work))
        file = Path(path) / "upper-constraints.txt"
        python = str(scripts / "python")
        cases = {
            "bare": [python, "-c", "pass"],
            "baseline": [python, "-c", "import packaging.requirements"],
            **{
                name: [
                    *(str(scripts / "edit-constraints"), str(file), "--"),
                    *words,
                ]
                for name, words in EDITS.items()
            },
        }
        spent: dict[str, list[float]] = {name: [] for name in cases}
        for number in range(options.runs + 1):
            for name, command in cases.items():
                file.write_text(CONTENT, encoding="utf-8")
                seconds = timed(command)
                if number:  # the first round warms the caches
                    spent[name].append(seconds)
    median = {name: statistics.median(each) for name, each in spent.items()}
    print(f"{options.runs} runs each, in {options.folder or 'a temporary'}")
    for name, each in spent.items():
        print(
            f"{name:8} median {median[name] * 1000:6.1f} ms"
            f"  ({min(each) * 1000:.1f} to {max(each) * 1000:.1f})"
        )
    baseline = median["baseline"] - median["bare"]
    for name in EDITS:
        ratio = (median[name] - median["bare"]) / baseline
        print(f"{name}/baseline".ljust(18) + f"{ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
