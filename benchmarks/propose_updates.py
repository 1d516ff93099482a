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
"""What it costs to look after many projects with checkouts at hand.

    python3 tools/run.py python benchmarks/propose_updates.py [-n RUNS]

Projects are made, with a repository and a checkout each, and a list from
which one in twenty differs. Each round measures for 60 and for 600 projects,
one after the other:

* ``check``: ``update-requirements --check`` of all checkouts, the baseline;
* ``offline``: ``propose-updates`` with ``--root`` alone;
* ``dry``: with ``--clone`` as well, so that each server is asked;
* ``first``: with ``--push``, so that one in twenty is proposed;
* ``second``: the same again, which does nothing.

The ratios to ``check`` and those of 600 projects to 60 are of the medians. The
servers are bare repositories on this machine, in memory where there is such a
place: what a network adds is not in the figures. Nothing here passes or fails:
a figure is only as good as the quiet of the machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import measure

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (60, 600)
#: One project of so many differs from the list.
SHARE = 20
PACKAGES = 40


def make(folder: Path, number: int) -> None:
    """A list, and projects with their repositories and checkouts."""
    names = [f"package-{place}" for place in range(PACKAGES)]
    reqs = folder / "reqs"
    reqs.mkdir()
    for file, lines in (
        ("global-requirements.txt", [f"{name}!=1.5" for name in names]),
        ("upper-constraints.txt", [f"{name}===2.0" for name in names]),
        ("denylist.txt", []),
        ("projects.txt", [f"org/p{place}" for place in range(number)]),
    ):
        text = "".join(f"{line}\n" for line in lines)
        (reqs / file).write_text(text, encoding="utf-8")
    git = ("git", "-c", "user.name=A", "-c", "user.email=a@example.org")
    for place in range(number):
        checkout = folder / "checkouts" / "org" / f"p{place}"
        checkout.mkdir(parents=True)
        excluded = "1.4" if place % SHARE == 0 else "1.5"
        text = "".join(f"{name}>=1.0,!={excluded}\n" for name in names)
        (checkout / "requirements.txt").write_text(text, encoding="utf-8")
        text = f"[metadata]\nname = p{place}\n"
        (checkout / "setup.cfg").write_text(text, encoding="utf-8")
        origin = folder / "server" / "org" / f"p{place}.git"
        for command in (
            ("git", "init", "-q", "--initial-branch=main"),
            ("git", "add", "--all"),
            (*git, "commit", "-q", "-m", "x"),
            ("git", "clone", "-q", "--bare", ".", str(origin)),
            ("git", "remote", "add", "origin", str(origin)),
            ("git", "fetch", "-q", "origin"),
            ("git", "remote", "set-head", "origin", "--auto"),
        ):
            subprocess.run(
                command, cwd=checkout, check=True, stdout=subprocess.DEVNULL
            )


def cases(folder: Path, number: int) -> dict[str, Callable[[], float]]:
    """What is measured in a folder that :func:`make` has made."""
    reqs = str(folder / "reqs")
    check = [measure.script("update-requirements"), "--reqs", reqs, "--check"]
    checkouts = sorted(
        str(path) for path in (folder / "checkouts" / "org").iterdir()
    )
    offline = [
        *(measure.script("propose-updates"), "--reqs", reqs, "--quiet"),
        *("--projects", str(folder / "reqs" / "projects.txt")),
        *("--root", str(folder / "checkouts")),
    ]
    dry = [*offline, "--clone", f"{folder}/server/{{project}}.git"]

    def first() -> float:
        for origin in (folder / "server" / "org").iterdir():
            references = origin / "refs" / "heads" / "proposals"
            shutil.rmtree(references, ignore_errors=True)
            shutil.rmtree(origin / "refs" / "proposed", ignore_errors=True)
        return measure.timed([*dry, "--push"])

    return {
        f"check {number}": lambda: measure.timed(
            [*check, *checkouts], good=(1,)
        ),
        f"offline {number}": lambda: measure.timed(offline),
        f"dry {number}": lambda: measure.timed(dry),
        f"first {number}": first,
        f"second {number}": lambda: measure.timed([*dry, "--push"]),
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure many projects.")
    parser.add_argument("-n", "--runs", type=int, default=3)
    options = parser.parse_args()
    os.environ["GIT_COMMITTER_NAME"] = "A Bot"
    os.environ["GIT_COMMITTER_EMAIL"] = "bot@example.org"
    with tempfile.TemporaryDirectory(dir=measure.MEMORY) as folder:
        measured: dict[str, Callable[[], float]] = {}
        for number in SIZES:
            place = Path(folder, str(number))
            place.mkdir()
            make(place, number)
            measured |= cases(place, number)
        spent = measure.rounds(measured, options.runs)
    median = measure.show(spent)
    few, many = SIZES
    for name in ("offline", "dry", "first", "second"):
        ratio = median[f"{name} {many}"] / median[f"check {many}"]
        growth = median[f"{name} {many}"] / median[f"{name} {few}"]
        print(
            f"{name:8} {name}/check {ratio:5.2f}   {many}/{few} {growth:5.1f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
