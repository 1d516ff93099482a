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
"""Compare what the toolkit does with a corpus of recorded outcomes.

    python -m openstack_requirements.tests.corpus FOLDER [-v]

The corpus (its own README describes it) holds what two older toolkits said of
real lists; it is not part of this repository. A case passes when the outcome
is the recorded one, or when the rule for reading the corpus says otherwise,
or when ``corpus-deviations.json`` lists it, with a reason and with what comes
out instead: a listed case that changes is a failure like any other.

A rule is a predicate over the case's inputs, so that it holds for cases that
nobody has seen yet. Laws, which need no recorded outcome, are counted on a
line of their own. Exit status: 0 when every case passes and every law holds,
1 when not, 2 when there is no corpus.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements.constraints import freeze, merging
from openstack_requirements.errors import RequirementsError
from openstack_requirements.pep508.entries import names_in, normalize, to_reqs
from openstack_requirements.pep508.marker_syntax import marker_problem
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.tests import (
    base,
    corpus_in_step,
    corpus_job,
    corpus_laws,
    corpus_proposals,
    corpus_update,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEVIATIONS = Path(__file__).with_name("corpus-deviations.json")
Json = Any
RAISES = "an error"


class Case(NamedTuple):
    """One comparison: what was recorded, and what comes out now."""

    section: str
    name: str
    expected: Json
    actual: Json


def outcome(of: Callable[[], Json]) -> Json:
    """What a call returns, or that it raises an error of ours."""
    try:
        return of()
    except RequirementsError as error:
        # Callers of the library catch ValueError; it must be one.
        return RAISES if isinstance(error, ValueError) else str(error)


# -- parse -----------------------------------------------------------------


def parse_cases(folder: Path) -> Iterator[Case]:
    """Each line, with URLs permitted and without, field by field."""
    for row in load(folder / "expected/parse/lines.json")["rows"]:
        line = row["line"]
        records = [row["classic"]]
        newer = row["current"]
        records.append(row["classic"] if newer == "same as classic" else newer)
        if "current_with_packaging_25" in row:
            records.append(row["current_with_packaging_25"])
        for mode in ("plain", "urls"):
            expected = [
                record["plain" if record[mode] == "same as plain" else mode]
                for record in records
            ]
            fields = outcome(lambda: _fields(line, mode == "urls"))  # noqa: B023
            name = f"{line!r} ({mode})"
            yield Case("parse", name, _pick(line, expected, fields), fields)
            pairs = row.get("pass_through")
            if pairs:
                yield Case(
                    "parse",
                    f"{line!r} (passed through, {mode})",
                    pairs[mode],
                    _passed_through(line, mode == "urls"),
                )


def _fields(line: str, permit_urls: bool) -> Json:
    found = parse_line(line, permit_urls)
    return {
        **found._asdict(),
        "extras": sorted(found.extras),
        "key": canonical_name(found.package),
        "to_line": found.to_line(),
        "normalized": found.to_line(comment_prefix="  ", sort_specifiers=True),
        "setup_cfg": found.to_line(marker_sep=":", line_prefix="  "),
    }


def _passed_through(line: str, permit_urls: bool) -> bool:
    try:
        return [each for each, _ in to_reqs(line, permit_urls)] == [None]
    except ValueError:
        return False


def _pick(line: str, records: list[Json], actual: Json) -> Json:
    """The record to compare with: the newest, or one that says the same.

    Records of one line differ where a version of ``packaging`` does.
    """
    _, *newer = [_wanted(line, record, records[0]) for record in records]
    return actual if actual in newer else newer[0]


def _wanted(line: str, record: Json, classic: Json) -> Json:
    """A record as the rules for reading the corpus have it."""
    stripped = line.strip()
    if not stripped or stripped.startswith("#"):
        # The original failed at a line of blanks and an indented comment.
        text = f"{stripped}\n"
        return {
            **dict.fromkeys(("package", "location", "specifiers"), ""),
            "markers": "",
            "comment": stripped,
            "extras": [],
            "key": "",
            **dict.fromkeys(("to_line", "normalized", "setup_cfg"), text),
        }
    if "raises" in record:
        return RAISES
    if record["markers"] and (
        not record["package"] or marker_problem(record["markers"])
    ):
        # The original took any text for a marker, and a marker for a line.
        return RAISES
    record = {**record, "key": canonical_name(record["key"])}
    if isinstance(record["normalized"], dict):
        # The newer original could not sort "!=1.*" and "===abc".
        record["normalized"] = classic["normalized"]
    if record["location"]:
        # The original put the prefix of a line into the URL's fragment, and
        # a ":" behind it, which nothing could read again.
        record["setup_cfg"] = f"  {record['to_line']}"
    return record


# -- normalize -------------------------------------------------------------


def normalize_cases(folder: Path) -> Iterator[Case]:
    """Each list and each requirements file, byte for byte up to names."""
    base = folder / "expected/normalize"
    for run in load(base / "index.json")["runs"]:
        source = folder / "lists" / run["list"] / run["file"]
        content = read(source)
        expected = (
            content
            if run["stdout"] == "same as the input"
            else read(base / run["stdout"])
        )
        name = f"{run['file']}@{run['list']}.{run['vintage']}"
        yield _normalize_case(name, content, run["exit"], expected)
    for record in sorted((base / "projects").glob("*.json")):
        for file, vintages in load(record)["files"].items():
            content = read(folder / "projects" / record.stem / file)
            for vintage, run in vintages.items():
                expected = run.get("stdout", "")
                if expected == "same as the input":
                    expected = content
                name = f"{record.stem}/{file}.{vintage}"
                yield _normalize_case(name, content, run["exit"], expected)


def _normalize_case(
    name: str, content: str, status: int, expected: str
) -> Case:
    actual = outcome(lambda: normalize(content))
    if status == 0 and isinstance(actual, str) and actual != expected:
        actual, expected = _same_names(actual), _same_names(expected)
    if status != 0 and actual != RAISES and normalize(actual) == actual:
        # The original crashed on lines that are passed through or sorted.
        expected = actual
    if RAISES in {actual, expected}:
        return Case("normalize", name, expected, actual)
    # Of two long texts, what differs is what a reader wants to see.
    pairs = list(zip_longest(expected.splitlines(), actual.splitlines()))
    return Case(
        "normalize",
        name,
        [one for one, two in pairs if one != two],
        [two for one, two in pairs if one != two],
    )


def _same_names(content: str) -> str:
    """The text with names and extras in canonical form."""
    return re.sub(
        r"^[A-Za-z0-9._-]+(\[[^\]]*\])?",
        lambda match: canonical_name(match[0]),
        content,
        flags=re.MULTILINE,
    )


# -- combine ---------------------------------------------------------------


def combine_cases(folder: Path) -> Iterator[Case]:
    """Freezes in, constraint lines out, in the classic style."""
    for case in load(folder / "expected/combine/cases.json")["cases"]:
        if case["kind"] == "parse_freeze":
            continue  # freezes are read from metadata, never from text
        record = case["classic"]
        if case["kind"] == "sort_key":
            lines = sorted(case["lines"], key=merging.order_key)
            yield Case("combine", case["name"], record["sorted"], lines)
            continue
        expected = RAISES if "exception" in record else record["lines"]
        actual = _combine(case)
        yield Case("combine", case["name"], expected, actual)


def _combine(case: Json) -> Json:
    freezes = [
        freeze.Freeze(
            version,
            base.environment(version),
            tuple(freeze.Distribution(*pair) for pair in pairs),
        )
        for version, pairs in case["freezes"]
    ]
    version_map = [
        (pair.split(":")[0], pair.split(":")[1])
        for pair in case.get("version_map", ())
    ]
    never = names_in("\n".join(case.get("blacklist", ())))
    try:
        freezes, _ = freeze.clone(freezes, version_map)
        content = merging.to_content(merging.merge(freezes, never))
    except freeze.FreezeError:
        return RAISES
    merging.prove(content, freezes, never)
    return content.splitlines(keepends=True)


# -- update ----------------------------------------------------------------


def update_cases(folder: Path) -> Iterator[Case]:
    """Each run of update-requirements, by the files that it leaves."""
    for run in corpus_update.runs(folder):
        yield Case("update", run.name, *corpus_update.compared(run))


# -- the run ---------------------------------------------------------------

SECTIONS = (
    parse_cases,
    normalize_cases,
    combine_cases,
    update_cases,
)


def sections() -> tuple[Callable[[Path], Iterator[Case]], ...]:
    """All of them; each module of the corpus has its own."""
    from openstack_requirements.tests import (
        corpus_check,
        corpus_edit,
        corpus_judge,
    )

    return (
        *SECTIONS,
        *corpus_edit.SECTIONS,
        *corpus_judge.SECTIONS,
        *corpus_check.SECTIONS,
    )


def load(path: Path) -> Json:
    """A JSON file of the corpus."""
    return json.loads(path.read_text(encoding="utf-8"))


def read(path: Path) -> str:
    """A text of the corpus, its line ends as they are."""
    return path.read_bytes().decode("utf-8")


def judge(case: Case, listed: Json) -> str:
    """``same``, ``listed`` (another outcome, and the right one) or why not."""
    entry = listed.get(case.name)
    if case.actual == case.expected:
        return "it is listed as a deviation but is none" if entry else "same"
    if entry is None:
        return (
            f"expected {json.dumps(case.expected)}\n"
            f"     but got {json.dumps(case.actual)}"
        )
    if entry["ours"] != case.actual:
        return (
            f"listed as {json.dumps(entry['ours'])}\n"
            f"      but got {json.dumps(case.actual)}"
        )
    return "listed"


def deviations() -> dict[str, Json]:
    """The listed deviations: section → case → reason and outcome."""
    result: dict[str, Json] = {}
    for group in load(DEVIATIONS):
        for name, ours in group["cases"].items():
            result.setdefault(group["section"], {})[name] = {
                "reason": group["reason"],
                "ours": ours,
            }
    return result


def main(argv: list[str] | None = None) -> int:
    """Run every section and report cases passed out of all."""
    parser = argparse.ArgumentParser(
        prog="corpus", description="Compare outcomes with a corpus."
    )
    parser.add_argument("folder", type=Path, help="the corpus")
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="also show the listed deviations and their reasons",
    )
    options = parser.parse_args(argv)
    if not (options.folder / "expected").is_dir():
        print(f"{options.folder}: there is no corpus here", file=sys.stderr)
        return 2
    listed = deviations()
    passed = failed = deviating = 0
    for section in sections():
        cases = list(section(options.folder))
        name = section.__name__.removesuffix("_cases").replace("_", "-")
        verdicts = [judge(case, listed.get(name, {})) for case in cases]
        good = sum(verdict in {"same", "listed"} for verdict in verdicts)
        different = verdicts.count("listed")
        print(
            f"{name}: {good} of {len(cases)}"
            f" ({different} of them listed deviations)"
        )
        for case, verdict in zip(cases, verdicts, strict=True):
            if verdict not in {"same", "listed"}:
                print(f"  {case.name}:\n    {verdict}")
            elif options.verbose and verdict == "listed":
                reason = listed[name][case.name]["reason"]
                print(f"  differs: {case.name}: {reason}")
        passed += good
        failed += len(cases) - good
        deviating += different
    print(
        f"{passed} of {passed + failed} cases as expected, "
        f"{deviating} of them listed deviations"
    )
    print(f"{passed} passed, {failed} failed")
    for name, check in (
        ("update, then check", corpus_laws.check_updates),
        ("check, fix, check", corpus_laws.check_fixes),
        ("propose, then check", corpus_proposals.check_proposals),
    ):
        law = check(options.folder)
        print(f"laws: {name}: {law.cases - len(law.broken)} of {law.cases}")
        for text in law.broken:
            print(f"  {text}")
        failed += len(law.broken)
    in_step = corpus_in_step.check_in_step(options.folder)
    print(
        "laws: passes the gate, then in step: "
        f"{in_step.kept} of {in_step.passing}"
    )
    print(
        "laws: proposals that exclude what lies below the bound: "
        f"{in_step.pointless} of {in_step.proposals}"
    )
    job = corpus_job.check_job(options.folder)
    agreed = job.projects - len(job.broken)
    print(f"laws: published job: {agreed} of {job.projects}")
    broken = (*in_step.broken, *job.broken)
    for text in broken:
        print(f"  {text}")
    return 1 if failed or broken else 0


if __name__ == "__main__":
    sys.exit(main())
