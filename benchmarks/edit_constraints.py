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
import sys
import tempfile
from functools import partial
from pathlib import Path

import measure

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


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the start.")
    parser.add_argument("-n", "--runs", type=int, default=40)
    parser.add_argument(
        "--folder",
        default=measure.MEMORY,
        help="where the file is edited",
    )
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as work,
        tempfile.TemporaryDirectory(dir=options.folder) as path,
    ):
        scripts = measure.install(Path(work))
        file = Path(path) / "upper-constraints.txt"
        python = str(scripts / "python")
        commands = {
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

        def edit(command: list[str]) -> float:
            file.write_text(CONTENT, encoding="utf-8")
            return measure.timed(command)

        spent = measure.rounds(
            {name: partial(edit, each) for name, each in commands.items()},
            options.runs,
        )
    print(f"{options.runs} runs each, in {options.folder or 'a temporary'}")
    median = measure.show(spent, "ms")
    baseline = median["baseline"] - median["bare"]
    for name in EDITS:
        ratio = (median[name] - median["bare"]) / baseline
        print(f"{name}/baseline".ljust(18) + f"{ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
