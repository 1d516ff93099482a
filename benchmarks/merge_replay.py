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
"""How the history of a list would have merged, had its changes been at once.

    python3 tools/run.py python benchmarks/merge_replay.py REPOSITORY FILE ...
    python3 tools/run.py python benchmarks/merge_replay.py --synthetic COMMITS

Two changes of a file that follow each other in a history become a pair of
concurrent ones: both start from the file before them, and either changes what
it changed in truth. Each pair is merged by git, line by line, and by
``merge-constraints``. Pairs without a change of entries are left out.

A merge is *wrong* where it has no conflict, and a distribution has not the
lines that the side which changed it gave it; or, where both sides changed it,
a Python has not the version that either gave it, or two. That is judged here
by means of its own, which know nothing of merges.

``--synthetic`` makes a history: a file with ``--pins`` pins, in the order of
``--sort``, and commits as jobs and people make them. The times are those of a
process for one merge (median), and the ratio is merge-constraints/git; the
library alone stands behind it. Nothing here passes or fails, but for wrong
merges: then the status is 1.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import measure

from openstack_requirements.constraints.merging import applies
from openstack_requirements.constraints.threeway import merge_lists
from openstack_requirements.errors import RequirementsError
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.system import children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from openstack_requirements.pep508.entries import Entry

PYTHONS = [f"3.{minor}" for minor in range(6, 16)]
OLD, NEW = ";python_version<'3.11'", ";python_version>='3.11'"
#: A list by distribution: the lines of each.
Lines = dict[str, tuple[str, ...]]


class Pair(NamedTuple):
    """Two changes of one text; ``clashes`` are the names that both change."""

    base: str
    ours: str
    theirs: str
    clashes: frozenset[str]


def git(folder: Path, *words: str, given: bytes = b"") -> bytes:
    """What git prints."""
    return subprocess.run(
        ["git", *words],
        cwd=folder,
        input=given,
        check=True,
        capture_output=True,
    ).stdout


def versions(repository: Path, file: str) -> Iterator[str]:
    """The texts that a file had, the first one first."""
    listing = git(
        repository, "rev-list", "--first-parent", "--reverse", "HEAD", "--",
        file,
    )  # fmt: skip
    for commit in listing.decode().split():
        try:
            content = git(repository, "cat-file", "blob", f"{commit}:{file}")
        except subprocess.CalledProcessError:
            continue  # it was removed
        yield content.decode("utf-8", "replace")


def entries(text: str) -> list[Entry]:
    """The entries of a list; none where it is no list."""
    try:
        return read_entries(text, permit_urls=True, keep_editable=False)
    except RequirementsError:
        return []


def name_of(entry: Entry) -> str:
    """The distribution of an entry; empty for comments."""
    requirement = entry.requirement
    return canonical_name(requirement.package) if requirement else ""


def by_name(listed: Iterable[Entry]) -> Lines:
    """The lines of each distribution."""
    result: Lines = {}
    for entry in listed:
        name = name_of(entry)
        if name:
            line = entry.line.rstrip("\r\n")
            result[name] = (*result.get(name, ()), line)
    return result


def changed(old: Lines, new: Lines) -> frozenset[str]:
    """The distributions whose lines differ."""
    return frozenset(
        name for name in {*old, *new} if old.get(name) != new.get(name)
    )


def pair(first: str, second: str, third: str) -> Pair | None:
    """Two changes that followed each other as concurrent ones.

    The second change is made to the first text: it is given the lines that
    the third has of each distribution which the second change is about.
    """
    texts = [entries(text) for text in (first, second, third)]
    before, between, after = map(by_name, texts)
    ours, theirs = changed(before, between), changed(between, after)
    if not ours or not theirs:
        return None
    behind: dict[str, str] = {}
    previous = ""
    for entry in texts[2]:
        name = name_of(entry)
        if name and name not in behind:
            behind[name] = previous
            previous = name
    result: list[str] = []
    places: dict[str, int] = {}
    written = set()
    for entry in texts[0]:
        name = name_of(entry)
        if name not in theirs:
            result.append(entry.line)
        elif name not in written:
            result += [f"{line}\n" for line in after.get(name, ())]
            written.add(name)
        if name:
            places[name] = len(result)
    for name in [x for x in behind if x in theirs and x not in written]:
        anchor = behind[name]
        while anchor and anchor not in places:
            anchor = behind.get(anchor, "")
        place = places.get(anchor, 0)
        lines = [f"{line}\n" for line in after[name]]
        result[place:place] = lines
        places = {
            x: number + len(lines) if number >= place else number
            for x, number in places.items()
        }
        places[name] = place + len(lines)
    made = "".join(result)
    clashes = ours & changed(before, by_name(entries(made)))
    return Pair(first, second, made, clashes)


def wrong(changes: Pair, merged: str) -> list[str]:
    """The distributions that a merge without conflicts has wrong."""
    base, ours, theirs, result = (
        by_name(entries(text))
        for text in (changes.base, changes.ours, changes.theirs, merged)
    )
    names = []
    for name in sorted({*base, *ours, *theirs, *result}):
        before, first, second, actual = (
            lines.get(name, ()) for lines in (base, ours, theirs, result)
        )
        if before in (first, second) or first == second:
            expected = second if first == before else first
            right = sorted(expected) == sorted(actual)
        else:
            right = all(
                one_version(python, before, first, second, actual)
                for python in PYTHONS
            )
        if not right:
            names.append(name)
    return names


def one_version(
    python: str,
    before: Sequence[str],
    first: Sequence[str],
    second: Sequence[str],
    actual: Sequence[str],
) -> bool:
    """Whether a Python has the version that the side which changed it gave."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
    }
    old, ours, theirs, new = (
        [
            entry.requirement.specifiers
            for line in lines
            for entry in entries(line)
            if entry.requirement and applies(entry.requirement, environment)
        ]
        for lines in (before, first, second, actual)
    )
    if old in (ours, theirs) or ours == theirs:
        return new == (theirs if ours == old else ours)
    return False


def merged_by_git(changes: Pair, folder: Path) -> tuple[bool, str, float]:
    """Whether git merges a pair, the text, and the seconds."""
    paths = [folder / name for name in ("ours", "base", "theirs")]
    for path, text in zip(
        paths, (changes.ours, changes.base, changes.theirs), strict=True
    ):
        path.write_bytes(text.encode())
    start = time.perf_counter()
    done = subprocess.run(
        ["git", "merge-file", "-p", *map(str, paths)],
        check=False,
        capture_output=True,
    )
    seconds = time.perf_counter() - start
    return not done.returncode, done.stdout.decode(), seconds


def merged_by_driver(folder: Path) -> float:
    """The seconds of the command, for the files of the same pair."""
    return measure.timed(
        [
            # As --install writes it.
            *children.own_module("openstack_requirements"),
            *("merge-constraints", "-o", "/dev/null"),
            *(str(folder / name) for name in ("base", "ours", "theirs")),
        ],
        good=(0, 1),
    )


def replay(texts: Iterable[str], most: int, folder: Path) -> int:
    """Merge all pairs of a history, and print how that went."""
    counts: Counter[str] = Counter()
    seconds: dict[str, list[float]] = {"git": [], "driver": [], "library": []}
    last: list[str] = []
    for text in texts:
        last = [*last[-2:], text]
        changes = pair(*last) if len(last) == 3 else None
        if changes is None:
            continue
        counts["pairs"] += 1
        counts["pairs that change the same distribution"] += bool(
            changes.clashes
        )
        clean, by_git, spent = merged_by_git(changes, folder)
        seconds["git"].append(spent)
        counts["git: conflicts"] += not clean
        counts["git: wrong"] += clean and bool(wrong(changes, by_git))
        start = time.perf_counter()
        try:
            merged = merge_lists(*changes[:3])
        except RequirementsError as error:
            counts["ours: unreadable"] += 1
            print(error, file=sys.stderr)
            continue
        seconds["library"].append(time.perf_counter() - start)
        counts["ours: conflicts"] += bool(merged.conflicts)
        counts["ours: conflicts where no distribution is changed twice"] += (
            bool(merged.conflicts) and not changes.clashes
        )
        names = [] if merged.conflicts else wrong(changes, merged.text)
        counts["ours: wrong"] += bool(names)
        if names:
            print(f"wrong: {' '.join(names)}", file=sys.stderr)
        if len(seconds["driver"]) < 20:
            seconds["driver"].append(merged_by_driver(folder))
        if counts["pairs"] == most:
            break
    for name, count in counts.items():
        print(f"{name:55} {count:6}")
    median = {
        name: statistics.median(values) * 1000
        for name, values in seconds.items()
        if values
    }
    for name, value in median.items():
        print(f"{name:55} {value:6.1f} ms")
    if len(median) == 3:
        print(f"{'driver/git':55} {median['driver'] / median['git']:6.1f}")
    return int(counts["ours: wrong"] > 0)


def synthetic(commits: int, pins: int, order: str) -> Iterator[str]:
    """The texts of a list that jobs and people change.

    Most commits bump one distribution, or some of one family; others add or
    remove one, divide one by Python, or bump a third of all.
    """
    chance = random.Random(0)
    state: dict[str, list[tuple[int, str]]] = {
        f"{family}.{number}": [(1, "")]
        for family in ("oslo", "python", "os", "zope", "tool")
        for number in range(pins // 5)
    }

    def key(name: str) -> str:
        if order == "name":
            return name
        return hashlib.sha1(name.encode()).hexdigest()

    def text() -> str:
        return "".join(
            f"{name}===1.{version}{marker}\n"
            for name in sorted(state, key=key)
            for version, marker in state[name]
        )

    def bump(name: str) -> None:
        state[name] = [
            (version + chance.randint(1, 3), marker)
            if marker != OLD
            else (version, marker)
            for version, marker in state[name]
        ]

    actions: list[Callable[[str], object]] = [
        state.pop,
        lambda name: state.update({f"{name}-{chance.random()}": [(1, "")]}),
        lambda name: state.update(
            {name: [(state[name][0][0], OLD), (state[name][-1][0] + 1, NEW)]}
        ),
        lambda name: state.update({name: [(state[name][-1][0] + 1, "")]}),
    ]
    yield text()
    for _ in range(commits):
        names = sorted(state, key=key)
        kind = chance.random()
        if kind < 0.55:
            bump(chance.choice(names))
        elif kind < 0.75:
            family = chance.choice(names).partition(".")[0]
            for name in names:
                if name.startswith(family) and chance.random() < 0.1:
                    bump(name)
        elif kind < 0.95:
            chance.choice(actions)(chance.choice(names))
        else:
            for name in names:
                if chance.random() < 0.3:
                    bump(name)
        yield text()


def main() -> int:
    """Replay and print."""
    parser = argparse.ArgumentParser(description="Replay a history.")
    parser.add_argument("repository", type=Path, nargs="?")
    parser.add_argument("files", nargs="*")
    parser.add_argument("-n", "--most", type=int, default=0, metavar="PAIRS")
    parser.add_argument("--synthetic", type=int, metavar="COMMITS")
    parser.add_argument("--pins", type=int, default=600)
    parser.add_argument("--sort", choices=("hash", "name"), default="hash")
    options = parser.parse_args()
    status = 0
    with tempfile.TemporaryDirectory(dir=measure.MEMORY) as path:
        if options.synthetic:
            made = synthetic(options.synthetic, options.pins, options.sort)
            return replay(made, options.most, Path(path))
        if options.repository is None or not options.files:
            parser.error("name a repository and its lists, or --synthetic")
        for file in options.files:
            print(f"{file}:")
            status |= replay(
                versions(options.repository, file), options.most, Path(path)
            )
    return status


if __name__ == "__main__":
    sys.exit(main())
