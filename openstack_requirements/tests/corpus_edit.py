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
"""The section of the corpus about edit-constraints.

The originals sorted the file anew and lost some of its lines. So of a result
counts which requirements are in it, with their lines, in any order.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from typing import TYPE_CHECKING

from openstack_requirements.cmds import edit_constraints
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.tests.corpus import Case, Json, load, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAILS = "it fails, and the file stays"


def edit_cases(folder: Path) -> Iterator[Case]:
    """Each edit of each file."""
    base = folder / "expected/edit"
    for case in load(base / "index.json")["cases"]:
        yield from _cases(folder, base, case)


def _cases(folder: Path, base: Path, case: Json) -> Iterator[Case]:
    if case["constraints"] == "micro":
        content = read(base / "micro.constraints.txt")
    else:
        source = folder / "lists" / case["constraints"]
        content = read(source / "upper-constraints.txt")
    actual = _outcome(content, case["args"])
    for vintage in ("both", "classic", "current"):
        record = case.get(vintage)
        if record is None:
            continue
        name = f"{case['constraints']}, {case['case']}, {vintage}"
        if record["exit"]:
            yield Case("edit", name, FAILS, actual if actual == FAILS else [])
            continue
        expected = _requirements(read(base / record["result"]))
        if actual == FAILS:
            yield Case("edit", name, [], FAILS)
            continue
        # Of two long sets, what differs is what a reader wants to see.
        yield Case(
            "edit",
            name,
            sorted(set(expected) - set(actual)),
            sorted(set(actual) - set(expected)),
        )


def _outcome(content: str, argv: list[str]) -> Json:
    """What is in the file after an edit, or that it fails."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "constraints.txt")
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(content)
        here = [
            os.path.join(folder, word) if word.endswith(".txt") else word
            for word in argv
        ]
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                status = edit_constraints.main(here)
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 1
        with open(path, encoding="utf-8", newline="") as file:
            after = file.read()
    if status:
        return FAILS if after == content else "it fails and changes the file"
    return _requirements(after)


def _requirements(content: str) -> list[str]:
    """The requirements in a text, without their comments."""
    return sorted(
        canonical_name(each.requirement.package)
        + each.requirement._replace(comment="", package="x").to_line().rstrip()
        for each in read_entries(
            content, permit_urls=True, keep_editable=False
        )
        if each.requirement is not None and each.requirement.package
    )


SECTIONS = (edit_cases,)
