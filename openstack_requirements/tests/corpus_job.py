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
"""A law over the corpus: a job script has the verdicts of the command.

Scripts that were written for the older toolkit call its functions by name.
One that uses them all judges projects of the corpus, of each vintage of lists
some, and has to end as check-requirements does. No outcome is recorded for
that: the law needs none.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

from openstack_requirements.cmds import check_requirements
from openstack_requirements.tests.test_published_job import SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The vintages of lists, by whether they have a denylist.txt.
VINTAGES = (False, True)
#: How many projects of each vintage are judged.
PROJECTS = 10
#: Chooses them, always the same.
SEED = 5


class JobOutcome(NamedTuple):
    """How many projects were judged, and where the verdicts differ."""

    projects: int
    broken: tuple[str, ...]


def check_job(folder: Path) -> JobOutcome:
    """Judge projects of the corpus with the script and with the command."""
    projects = 0
    broken = []
    for vintage in VINTAGES:
        for project, lists in chosen(folder, vintage):
            projects += 1
            statuses = judge(
                str(folder / "projects" / project),
                str(folder / "lists" / lists),
            )
            if len(set(statuses)) != 1:
                broken.append(
                    f"{project} with {lists}: the script ends with "
                    f"{statuses[0]}, check-requirements with {statuses[1]}"
                )
    return JobOutcome(projects, tuple(broken))


def chosen(folder: Path, vintage: bool) -> Iterator[tuple[str, str]]:
    """Projects, each once, and lists of a vintage recorded with them."""
    paths = sorted((folder / "expected/check").glob("*.json"))
    random.Random(SEED).shuffle(paths)
    names: set[str] = set()
    for path in paths:
        record = json.loads(path.read_bytes())
        project, lists = record["project"], record["list"]
        name = project.partition("@")[0]
        denylist = folder / "lists" / lists / "denylist.txt"
        if (
            denylist.exists() == vintage
            and name not in names
            and len(names) < PROJECTS
        ):
            names.add(name)
            yield project, lists


def judge(root: str, reqs: str) -> tuple[int | None, int | None]:
    """The statuses of the script and of the command, for the main branch."""
    with tempfile.TemporaryDirectory() as work:
        copy = os.path.join(work, "project")
        shutil.copytree(root, copy)
        return (
            run_script(reqs, copy, "master"),
            quietly_run(
                [
                    *("--local", "--build-backend", "pbr.build"),
                    *("--reqs", reqs, copy, "master"),
                ]
            ),
        )


def run_script(*arguments: str) -> int | None:
    """The status of the script, run in this process."""
    code = compile(SCRIPT, "script.py", "exec")
    with (
        mock.patch.object(sys, "argv", ["script.py", *arguments]),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        try:
            exec(code, {"__name__": "__main__"})
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else None
    return 0


def quietly_run(argv: list[str]) -> int | None:
    """The status of check-requirements."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        return check_requirements.main(argv)
