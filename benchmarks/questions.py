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
"""What questions about constraints cost, as ratios over importing packaging.

    python3 tools/run.py python benchmarks/questions.py [-n RUNS] [-f FREEZES]

The named freezes are asked, or else freezes that are made for the purpose:
four Pythons with 500 distributions, each of which has ten requirements, most
of them for extras. Each round starts, one after the other:

* ``import``: Python, to import ``packaging.requirements`` and end;
* ``explain``: ``explain-constraint`` for the distribution that most others
  require;
* ``files``: ``diff-constraints`` of two constraints files, a third of whose
  lines differ;
* ``freezes``: the same of two folders of freezes, with all the reasons;
* ``why``: the same of a file in a git revision and a file with its freezes.

The ratios are those of the medians to that of ``import``. Nothing here passes
or fails: a figure is only as good as the quiet of the machine.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path

import measure

from openstack_requirements.constraints import (
    freeze,
    freeze_json,
    loader,
    merging,
)
from openstack_requirements.constraints.freeze import Distribution, Freeze
from openstack_requirements.constraints.graph import Graph
from openstack_requirements.pep508.markers import VARIABLES

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
DISTRIBUTIONS = 500
REQUIREMENTS = 10


def made() -> list[Freeze]:
    """Freezes of four Pythons, the same ones each time."""
    chance = random.Random(2013)
    names = [f"name-{number}" for number in range(DISTRIBUTIONS)]
    markers = (
        *("", "", "", ";python_version<'3.11'"),
        *(";extra == 'test'", ";extra == 'docs'", ';extra == "dev"'),
        ";sys_platform == 'win32' and extra == 'all'",
    )
    requires = {
        name: tuple(
            f"{chance.choice(names)}{chance.choice(('', '[dev]'))}"
            f">={chance.randrange(3)},<{chance.randrange(5, 9)}"
            f"{chance.choice(markers)}"
            for _ in range(REQUIREMENTS)
        )
        for name in names
    }
    return [
        Freeze(
            python,
            {
                **dict.fromkeys(VARIABLES, ""),
                "python_version": python,
                "python_full_version": f"{python}.1",
                "sys_platform": "linux",
            },
            tuple(
                Distribution(
                    name,
                    f"4.{chance.randrange(9) if not number % 5 else 0}",
                    requires[name],
                )
                for number, name in enumerate(names)
            ),
            tuple(f"{name}>=1" for name in names[::3]),
        )
        for python in PYTHONS
    ]


def changed(freezes: list[Freeze]) -> list[Freeze]:
    """The same freezes, every third distribution at another version."""
    return [
        each._replace(
            distributions=tuple(
                one if number % 3 else one._replace(version=f"{one.version}.1")
                for number, one in enumerate(each.distributions)
            )
        )
        for each in freezes
    ]


def write(folder: Path, name: str, freezes: list[Freeze]) -> None:
    """Freezes as a folder, and what is made of them as a file."""
    (folder / name).mkdir()
    for each in freezes:
        path = folder / name / f"python{each.python_version}.json"
        path.write_text(freeze_json.to_json(each), encoding="utf-8")
    content = merging.to_content(
        merging.merge(freezes, freeze.INSTALLER_NEEDS)
    )
    (folder / f"{name}.txt").write_text(content, encoding="utf-8")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the questions.")
    parser.add_argument("-n", "--runs", type=int, default=11)
    parser.add_argument("-f", "--freezes", nargs="+")
    options = parser.parse_args()
    old = loader.freezes(options.freezes) if options.freezes else made()
    graph = Graph(old[-1])
    asked = Counter(
        {name: len(graph.demands(name)) for name in graph.installed}
    )
    scripts = Path(sys.executable).parent
    diff = str(scripts / "diff-constraints")
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        write(folder, "old", old)
        write(folder, "new", changed(old))
        git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
        for words in (
            ["init", "--quiet"],
            ["add", "old.txt"],
            ["commit", "--quiet", "-m", "x"],
        ):
            measure.timed([*git, *words], folder)
        cases = {
            "import": [sys.executable, "-c", "import packaging.requirements"],
            "explain": [
                str(scripts / "explain-constraint"),
                asked.most_common(1)[0][0],
                *("--freezes", "old"),
            ],
            "files": [diff, "old.txt", "new.txt"],
            "freezes": [diff, "old", "new"],
            "why": [diff, "HEAD:old.txt", "new.txt", "--freezes", "new"],
        }
        spent = measure.rounds(
            {
                name: partial(measure.timed, case, folder)
                for name, case in cases.items()
            },
            options.runs,
        )
    print(
        f"{len(old)} freezes of up to "
        f"{max(len(each.distributions) for each in old)} distributions, "
        f"{options.runs} runs each"
    )
    median = measure.show(spent, "ms")
    for name, found in median.items():
        print(f"{name}/import".ljust(18) + f"{found / median['import']:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
