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
"""How uv words its failures.

:data:`SIGNS` is tested against recordings of every minor version that
requirements.txt admits (``tests/uv-failures``). Text that it does not
recognise is shown whole.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.install.failures import (
    Reason,
    Sign,
    could_not_be_built,
    first_sign,
    readable,
)
from openstack_requirements.pep508.requirement import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

# No version holds an operator: where one could, there were as many ways to
# read ">6>6>6" as there are subsets of its operators, and all were tried.
_SPECIFIERS = r"(?:(?:===|~=|==|!=|<=|>=|<|>)[^\s,<>=~]+(?:,\s?(?=[<>=!~]))?)*"
# Where a name may begin. A pattern that starts with a name would otherwise be
# tried from each character of a long word, which takes time without bound.
_START = r"(?<![A-Za-z0-9._-])"
_REQUIREMENT = rf"{NAME}(?:\[[^\]]*\])?{_SPECIFIERS}"
# What draws the tree of causes: up to 0.11 with lines, from 0.12 in words.
_DRAWING = re.compile(
    r"\s*(?:×|├─▶|╰─▶|│|error:|cause:|Caused by:|hint:|help:)?\s?"
)

_FETCHED = r"Failed to fetch: `?(?P<url>\S+?)`?(?: |$)"
_NOT_FETCHED = (
    r"Failed to (?:download(?: and build)?|build) `([^`]+)`",
    _FETCHED,
)
_FETCH = r"Failed to fetch|Request failed after"
_STATUS = r"HTTP status \w+ error \((\d+ [^)]*)\)"
_ARCHIVE = (
    (
        r"Failed to unzip wheel: (?P<file>\S+)",
        "its file is broken or truncated",
    ),
    (r"Failed to extract archive: (?P<file>\S+)", "its file is broken"),
    (
        rf"{_START}(?P<file>{NAME}(?:==[^\s,`]+)?) has invalid metadata",
        "its metadata is invalid",
    ),
    (
        r"Package metadata name `[^`]*` does not match given name "
        r"`(?P<file>[^`]+)`",
        "its metadata has another name",
    ),
    (r"Failed to download `(?P<file>[^`]+)`", "its file cannot be used"),
    (r"Failed to install: (?P<file>\S+)", "it could not be installed"),
)
_UNRESOLVED = "No solution found when resolving"

#: What uv prints for which failure; the first row that suits is the one. In
#: what is searched each run of blanks is one blank, and neither the lines of
#: the drawn tree nor the markers of requirements are there.
SIGNS = (
    Sign(
        "disk",
        "the disk is full",
        ("No space left on device",),
        (r"Failed to (?:install: \S+ \(([^)]+)\)|download `([^`]+)`)",),
    ),
    *(
        Sign(
            "index",
            f"the package index refuses access ({status})",
            (status,),
            (rf"{_START}({NAME}) was not found in", _FETCHED),
        )
        for status in ("403 Forbidden", "401 Unauthorized")
    ),
    Sign(
        "index",
        "the package index gives no upload dates, so what was there "
        "before is unknown",
        ("exclude-newer",),
        (rf"`({NAME})` was filtered by",),
        warns="is missing an upload date",
    ),
    Sign(
        "build",
        "it could not be built",
        (),
        (r"Failed to (?:download and )?build `([^`]+)`",),
        unless="Failed to fetch",
        named=True,
    ),
    *(
        Sign("index", what, (_FETCH, says), _NOT_FETCHED, detail=_STATUS)
        for says, what in (
            (_STATUS, "the package index answered {detail}"),
            ("timed out", "the package index did not answer in time"),
            (
                "certificate",
                "the certificate of the package index is not trusted",
            ),
            (
                r"error \(Connect\)|connect error",
                "the package index cannot be reached",
            ),
            ("", "the package index did not answer as it should"),
        )
    ),
    Sign(
        "archive",
        "its file is not what was published",
        ("Hash mismatch|Bad CRC",),
        tuple(pattern for pattern, _what in _ARCHIVE),
        named=True,
    ),
    *(
        Sign("archive", what, (), (pattern,), named=True)
        for pattern, what in _ARCHIVE
    ),
    *(
        Sign(kind, what, (_UNRESOLVED,), (pattern,), named=True)
        for kind, pattern, what in (
            (
                "unsatisfiable",
                rf"`({NAME})` was filtered by `exclude-newer",
                "there was no such release then",
            ),
            (
                "missing",
                rf"(?:Because|because|and) ({NAME}) was not found in"
                rf"|there are no versions of ({NAME}) and",
                "the package index does not have it",
            ),
            (
                "unsatisfiable",
                rf"does not satisfy Python\S* and (?:all versions of )?"
                rf"({_REQUIREMENT}) depends? on Python",
                "it has no release for this Python",
            ),
            (
                "unsatisfiable",
                rf"(?:Because|and) ({_REQUIREMENT}) has no (?:\S+ )?wheels "
                r"with",
                "it has no file for this platform and Python",
            ),
            (
                "unsatisfiable",
                rf"(?:Because|and) ({_REQUIREMENT}) was yanked",
                "it was withdrawn (yanked) from the package index",
            ),
        )
    ),
)


class _Demand(NamedTuple):
    """A requirement, and what has it; empty for the list itself."""

    name: str
    requirement: str
    by: str


def explain(output: str) -> Reason:
    """What went wrong, from uv's output; never fails."""
    lines = [line for line in output.splitlines() if _says_something(line)]
    words = [
        _DRAWING.sub("", line, count=1)
        for line in readable("\n".join(lines)).splitlines()
    ]
    text = re.sub(r"\s+", " ", " ".join(words))
    # A requirement of the list that has a marker: name{marker}>=1
    text = re.sub(r"(?<=[\w\]])\{[^{}]*\}", "", text)
    shown = "\n".join(lines)
    recognised = first_sign(SIGNS, text, output)
    if recognised is None:
        if _UNRESOLVED in text:
            return _conflict(text, shown)
        return Reason("other", "", (), "uv failed", shown)
    kind, what = recognised.sign.kind, recognised.what
    if kind == "build":
        what = could_not_be_built(text)
        shown = _own_output(lines) or shown
    return _reason(kind, recognised.culprit, text, what, shown)


def _says_something(line: str) -> bool:
    """Whether a line is about the failure, not about what went well."""
    return not re.match(
        r"(?:Using Python |Resolved \d|Prepared \d|Audited \d| +Building "
        r"| +Built |Downloading |Downloaded | Downloading | Downloaded "
        r"|warning: )",
        line,
    )


def _reason(
    kind: str, culprit: str, text: str, what: str, output: str
) -> Reason:
    """A reason, with what requires its culprit by uv's hint."""
    name = re.split(r"[=<>!~\[ @]", culprit, maxsplit=1)[0]
    chain: tuple[str, ...] = ()
    hint = re.search(
        rf"`{re.escape(name)}` \(v[^)]*\) was included because "
        r"(?P<chain>.*? depends on `[^`]*`(?!\s*\())",
        text,
    )
    if name and hint:
        chain = tuple(
            f"{required_by}=={version}"
            for required_by, version in reversed(
                re.findall(r"`([^`]+)` \(v([^)]*)\)", hint["chain"])
            )
            if required_by != name
        )
    elif name:
        chain = _required_by(name, list(_demands(text)))
    where = f": {what}" if culprit else what
    return Reason(kind, culprit, chain, f"{culprit}{where}", output)


def _own_output(lines: list[str]) -> str:
    """The output of the build itself: the block behind ``[stderr]``."""
    starts = [
        number
        for number, line in enumerate(lines)
        if line.strip() in {"[stdout]", "[stderr]"}
    ]
    if not starts:
        return ""
    kept = []
    for line in lines[starts[0] :]:
        if re.match(r"\s*(?:hint|help): ", line):
            break
        kept.append(line.removeprefix("  │"))
    return textwrap.dedent("\n".join(kept)).rstrip()


def _conflict(text: str, shown: str) -> Reason:
    demands = list(_demands(text))
    by_name: dict[str, dict[str, str]] = {}
    for demand in demands:
        if demand.requirement != demand.name:
            by_name.setdefault(demand.name, {}).setdefault(
                demand.requirement, demand.by
            )
    for name, requirements in by_name.items():
        if len(requirements) > 1:
            rivals = tuple(
                f"{requirement} by {by or 'the list'}"
                for requirement, by in sorted(requirements.items())
            )
            what = f"{name}: no version satisfies all requirements"
            return Reason("unsatisfiable", name, (), what, shown, rivals)
    for name, requirements in by_name.items():
        if re.search(rf"only {re.escape(name)}\S* is available", text) or (
            re.search(
                rf"there (?:is|are) no versions? of {re.escape(name)}", text
            )
        ):
            culprit = next(iter(requirements))
            return _reason(
                "unsatisfiable",
                culprit,
                text,
                "the package index has no such version",
                shown,
            )
    return Reason(
        "unsatisfiable",
        "",
        (),
        "the requirements cannot be satisfied together",
        shown,
    )


def _demands(text: str) -> Iterator[_Demand]:
    """The requirements in the sentences of a failed resolution."""
    for match in re.finditer(
        rf"(?:all versions of )?(?P<by>{_REQUIREMENT}) depends? on "
        rf"(?P<what>{_REQUIREMENT}(?: and {_REQUIREMENT}(?= |,|$))*?)"
        r"(?=,? |,|$)",
        text,
    ):
        for requirement in match["what"].split(" and "):
            yield _demand(requirement, match["by"])
    for match in re.finditer(
        rf"you require (?P<what>{_REQUIREMENT}"
        rf"(?:(?:, and |, | and ){_REQUIREMENT}(?=[ ,]))*)",
        text,
    ):
        for requirement in re.split(
            r", and |, (?![<>=!~])| and ", match["what"]
        ):
            yield _demand(requirement, "")


def _demand(requirement: str, by: str) -> _Demand:
    requirement = requirement.rstrip(",.")
    name = re.match(NAME, requirement)
    return _Demand(name[0] if name else requirement, requirement, by)


def _required_by(name: str, demands: list[_Demand]) -> tuple[str, ...]:
    """What requires a name, and what requires that, the nearest first."""
    chain: list[str] = []
    seen = {name}
    while True:
        parents = [demand.by for demand in demands if demand.name == name]
        if not parents or "" in parents:
            return tuple(chain)
        chain.append(parents[0])
        name = re.split(r"[=<>!~\[]", parents[0], maxsplit=1)[0]
        if name in seen:
            return tuple(chain)
        seen.add(name)
