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
"""The corpus, kind update: what the classic update-requirements wrote.

Each run of a record is run here on a copy of the same project, and the files
that are then there are compared: line for line, with names in
canonical form in requirements files. Where
the original failed it left files half written, and here nothing changes. Of
``setup.cfg`` neither indents nor blank lines nor the blanks before a comment
count, and of files with several lines for a package their order does not.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements.cmds import update_requirements
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json = Any
_NAME = r"^[A-Za-z0-9._-]+(\[[^\]]*\])?"
FAILED = "an error, and nothing is written"


class Run(NamedTuple):
    """One run: what is there, how it is called, what was recorded."""

    name: str
    lists: Mapping[str, str]
    project: Mapping[str, str]
    args: list[str]
    environment: Mapping[str, str]
    record: Json


def runs(folder: Path) -> Iterator[Run]:
    """Every run of the corpus, but those that the rules leave out."""
    loaded: dict[Path, dict[str, str]] = {}

    def tree(path: Path) -> dict[str, str]:
        if path not in loaded:
            loaded[path] = {
                each.relative_to(path).as_posix(): _read(each)
                for each in sorted(path.rglob("*"))
                if each.is_file()
            }
        return loaded[path]

    for path in sorted((folder / "expected/update").glob("*.json")):
        record = json.loads(_read(path))
        for run in record["runs"]:
            if "NON_STANDARD_REQS" in (run.get("env") or {}):
                continue  # it had no effect then
            yield Run(
                f"{path.stem} ({run['mode']})",
                tree(folder / "lists" / record["list"]),
                tree(folder / "projects" / record["project"]),
                run["args"],
                run.get("env") or {},
                run,
            )
    micro = folder / "expected/micro/update.json"
    for case in json.loads(_read(micro))["cases"] if micro.exists() else ():
        yield Run(
            f"micro: {case['name']}",
            case["lists"],
            case["project"],
            case["args"],
            case.get("env") or {},
            case["classic"],
        )


def compared(run: Run) -> tuple[Json, Json]:
    """What was recorded of a run and what comes out now: where they differ."""
    status, files = _outcome(run)
    failed = status and files == dict(run.project)
    actual: Json = FAILED if failed else _folded(run, files)
    if status and not failed:
        actual = {"exit": status, **actual}
    if run.record["exit"]:
        return FAILED, actual
    expected = _folded(run, {**run.project, **run.record["files"]})
    if failed:
        return expected, actual
    pairs = {
        path: _different(expected.get(path), actual.get(path))
        for path in sorted({*expected, *actual})
        if expected.get(path) != actual.get(path)
    }
    return (
        {path: one for path, (one, _) in pairs.items()},
        {path: two for path, (_, two) in pairs.items()},
    )


def _different(one: Json, two: Json) -> tuple[Json, Json]:
    """Two lists of lines without what they begin and end with alike."""
    if one is None or two is None:
        return one, two
    for _ in range(2):
        while one and two and one[-1] == two[-1]:
            one, two = one[:-1], two[:-1]
        one, two = one[::-1], two[::-1]
    return one, two


def _outcome(run: Run) -> tuple[int, dict[str, str]]:
    """The status, and the project's files afterwards."""
    with tempfile.TemporaryDirectory() as work:
        for name, texts in (("lists", run.lists), ("proj", run.project)):
            Path(work, name).mkdir()
            for path, text in texts.items():
                target = Path(work, name, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(text.encode())
        with (
            _inside(work, run.environment),
            contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            try:
                status = update_requirements.main(
                    ["--policy", "classic", *run.args]
                )
            except SystemExit as stop:
                status = stop.code if isinstance(stop.code, int) else 1
        root = Path(work, "proj")
        return status, {
            each.relative_to(root).as_posix(): _read(each)
            for each in sorted(root.rglob("*"))
            if each.is_file()
        }


@contextlib.contextmanager
def _inside(work: str, environment: Mapping[str, str]) -> Iterator[None]:
    """In the work folder, with these variables."""
    before, folder = dict(os.environ), Path.cwd()
    os.chdir(work)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)


def _folded(run: Run, files: Mapping[str, str]) -> dict[str, list[str]]:
    """The lines of files, as far as they are compared."""
    return {
        path: _lines(path, text, in_order=not _has_several(run.project, path))
        for path, text in files.items()
    }


def _lines(path: str, text: str, *, in_order: bool) -> list[str]:
    lines = text.replace("\r\n", "\n").splitlines()
    if path.startswith("setup.cfg"):
        # The original set all entries anew; here what is in step stays.
        stripped = (re.sub(r"\s+#", " #", line.strip()) for line in lines)
        return [line for line in stripped if line]
    if "require" not in path:
        return lines
    # Names are as they were, or as the global list has them.
    named = [
        re.sub(_NAME, lambda match: canonical_name(match[0]), line)
        for line in lines
    ]
    # Several lines of a package may stand in another order.
    return named if in_order else sorted(named)


def _has_several(project: Mapping[str, str], path: str) -> bool:
    """Whether a file has several lines for a package."""
    original = path if path in project else path.removesuffix(".global")
    names = [
        canonical_name(match[0])
        for line in project.get(original, "").splitlines()
        if (match := re.match(_NAME, line))
    ]
    return len(set(names)) < len(names)


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")
