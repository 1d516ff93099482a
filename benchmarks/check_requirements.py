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
"""What one call of check-requirements saves over one process a project.

    python3 tools/run.py python benchmarks/check_requirements.py CORPUS [-n N]

``CORPUS`` is a folder with ``lists/DATE`` and ``projects/NAME@DATE``, see
doc/source/contributor/corpus.rst; its projects are copied until there are
200. Each round measures, one after the other:

* ``one call``: ``check-requirements --local`` with all the projects;
* ``start``: the command with ``-h``, which does nothing;
* ``each``: the same command once for each of twenty projects, and from that
  the time for all of them.

The ratio each/one call is of the medians. Nothing here passes or fails: a
figure is only as good as the quiet of the machine.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import sys
import tempfile
from pathlib import Path

import measure

PROJECTS = 200
SAMPLE = 20


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the saving.")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("-n", "--runs", type=int, default=5)
    parser.add_argument("--list", default="2026-08-20")
    options = parser.parse_args()
    script = measure.script("check-requirements")
    reqs = str(options.corpus / "lists" / options.list)
    command = [script, "--local", "--reqs", reqs]
    with tempfile.TemporaryDirectory() as path:
        root = Path(path)
        sources = itertools.cycle(
            sorted((options.corpus / "projects").iterdir())
        )
        names = [f"org/project{number}" for number in range(PROJECTS)]
        for name, source in zip(names, sources, strict=False):
            shutil.copytree(source, root / name)
        listed = root / "projects.txt"
        listed.write_text("".join(f"{name}\n" for name in names))
        many = [*command, "--projects", str(listed), "--root", path]
        sample = [[*command, str(root / name)] for name in names[:SAMPLE]]
        share = PROJECTS / SAMPLE
        cases = {
            "one call": lambda: measure.timed(many, good=(0, 1)),
            "start": lambda: measure.timed([script, "-h"]),
            "each": lambda: (
                share
                * sum(measure.timed(each, good=(0, 1)) for each in sample)
            ),
        }
        spent = measure.rounds(cases, options.runs)
    print(f"{PROJECTS} projects, {options.runs} runs each")
    median = measure.show(spent)
    print(f"each/one call  {median['each'] / median['one call']:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
