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
"""What one call of update-requirements saves over one process a project.

    python3 tools/run.py python benchmarks/update_requirements.py CORPUS [-n N]

``CORPUS`` is a folder with ``lists/DATE`` and ``projects/NAME@DATE``, see
doc/source/contributor/corpus.rst. Each round measures, one after the other:

* ``one call``: ``update-requirements --check --soft`` with all the projects;
* ``each``: the same command once for each project, and the sum of that;
* ``start``: the command with ``--help``, which does nothing.

The ratio each/one call is of the medians. Nothing here passes or fails: a
figure is only as good as the quiet of the machine.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import measure


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the saving.")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("-n", "--runs", type=int, default=5)
    parser.add_argument("--list", default="2018-04-01")
    options = parser.parse_args()
    script = measure.script("update-requirements")
    source = str(options.corpus / "lists" / options.list)
    command = [script, "--check", "--soft", "--source", source]
    projects = sorted(map(str, (options.corpus / "projects").iterdir()))
    cases = {
        "one call": lambda: measure.timed([*command, *projects], good=(0, 1)),
        "each": lambda: sum(
            measure.timed([*command, each], good=(0, 1)) for each in projects
        ),
        "start": lambda: measure.timed([script, "--help"]),
    }
    spent = measure.rounds(cases, options.runs)
    print(f"{len(projects)} projects, {options.runs} runs each")
    median = measure.show(spent)
    print(f"each/one call  {median['each'] / median['one call']:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
