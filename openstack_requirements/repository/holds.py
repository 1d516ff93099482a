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
"""The hold ledger: which versions the constraints may have, why, until when.

A release that breaks a project is held back: its hold says which range of
versions the constraints may have instead, who is affected, which bug it waits
for and when somebody looks again. Holds are the rows of the file :data:`FILE`
of a requirements repository. :func:`parse` reads them,
:mod:`.hold_edits` changes the file in place. Nothing here opens a file or
reads the clock.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.pep508 import limits, markers
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.version_sets import version_set
from openstack_requirements.repository import yaml_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )
    from openstack_requirements.repository.yaml_rows import (
        Row,
        Scalar,
        YamlDocument,
    )

#: The file of a requirements repository that lists holds.
FILE = "holds.yaml"
#: When retry-holds tries whether a hold can be lifted.
Retry = Literal["always", "weekly", "never"]
RETRIES: tuple[Retry, ...] = get_args(Retry)
#: The keys of a row, in the order in which they are written.
KEYS = (
    "name",
    "range",
    "python",
    "owner",
    "bug",
    "reason",
    "since",
    "until",
    "evidence",
    "retry",
)
#: What every row has. One without an owner or a bug is read, so that its
#: range is honoured, and validate-constraints reports it.
REQUIRED = ("name", "range", "reason", "since", "until")

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# A range that YAML takes for a block text or a tag.
_UNQUOTED = re.compile(r"""(?:^|[\s{,])['"]?range['"]?[ \t]*:[ \t]*[>!|]""")


class HoldEntry(NamedTuple):
    """A row of the ledger: a distribution is held within a range.

    :param name: the distribution, as the row spells it.
    :param range: the specifier set (PEP 440) that its versions are held to.
    :param owner: who is affected, and removes the hold: a project or a team.
    :param bug: the bug that the hold waits for.
    :param since: the day on which it was added.
    :param until: the last day before somebody has to look at it again. It
        is honoured until it is removed.
    :param python: the marker (PEP 508) of the environments that it is for;
        empty for all.
    :param evidence: a log, or the URL of one.
    :param retry: when it is tried without the hold.
    :param file: the ledger, as the user named it.
    :param line: where the row starts there, from 1.
    """

    name: str
    range: str
    owner: str
    bug: str
    reason: str
    since: date
    until: date
    python: str = ""
    evidence: str = ""
    retry: Retry = "always"
    file: str = FILE
    line: int = 0
    column: int = 0

    @property
    def canonical_name(self) -> CanonicalName:
        """The distribution, as names compare (PEP 503)."""
        return canonical_name(self.name)

    @property
    def place(self) -> str:
        """``holds.yaml:3``."""
        return f"{self.file}:{self.line}"

    @property
    def whose(self) -> str:
        """The owner and the bug, as far as there are any: ``nova, bug 12``."""
        bug = self.bug
        if bug and bug.isdigit():
            bug = f"bug {bug}"
        return ", ".join(filter(None, (self.owner or "no owner", bug)))

    @property
    def requirement(self) -> Requirement:
        """The limit that it sets: ``foo<2;python_version<'3.12'``."""
        return parse_line(
            f"{self.name}{self.range}"
            + (f";{self.python}" if self.python else "")
        )

    def admits(self, version: str) -> bool:
        """Whether a version is in the range."""
        return version_set(self.range).admits(version)

    def selects(self, environment: Mapping[str, str]) -> bool:
        """Whether it is for an environment.

        An environment that is not stated in full (the text of ``pip freeze``
        has only the Python) is selected where the hold can be for it.
        """
        if not self.python:
            return True
        try:
            return markers.evaluate(self.python, environment)
        except markers.BadMarker:
            return self.on_python(environment["python_version"])

    def on_python(self, python: str) -> bool:
        """Whether there is an environment of a Python that it is for.

        :param python: ``3.12``.
        """
        return not self.python or (
            markers.on_python(self.python, python) is not None
        )

    def is_expired(self, today: date) -> bool:
        """Whether its last day has passed."""
        return self.until < today

    def same(self, row: HoldEntry) -> bool:
        """Whether another row says the same, wherever it stands."""
        return self[:-3] == row[:-3]

    def ended(self) -> str:
        """When it ended and whose it is, for a person."""
        return (
            f"{self.place}: the hold of {self.name} ended on {self.until} "
            f"({self.whose})"
        )

    def sentence(self) -> str:
        """What it says, for a person."""
        where = f" where {self.python}" if self.python else ""
        return (
            f"{self.place}: {self.name} is held at {self.range}{where} until "
            f"{self.until} ({self.whose}): {self.reason}"
        )


class HoldLedger(NamedTuple):
    """The holds of a repository, in the order of the file.

    :param file: the path of the file; empty where there is none.
    """

    file: str = ""
    holds: Sequence[HoldEntry] = ()

    def of(self, name: str) -> list[HoldEntry]:
        """The holds of a distribution."""
        wanted = canonical_name(name)
        return [hold for hold in self.holds if hold.canonical_name == wanted]

    def selecting(self, environment: Mapping[str, str]) -> list[HoldEntry]:
        """The holds that are for an environment."""
        return [hold for hold in self.holds if hold.selects(environment)]

    def expired(self, today: date) -> list[HoldEntry]:
        """The holds whose last day has passed; they are honoured still."""
        return [hold for hold in self.holds if hold.is_expired(today)]

    def limits(self) -> list[Requirement]:
        """What the holds limit, for an installer."""
        return [hold.requirement for hold in self.holds]

    def admitted(self, pins: Iterable[Requirement]) -> list[Requirement]:
        """The pins that no hold excludes in any environment.

        A bisection takes earlier constraints for such as work, and those
        that a hold excludes cannot be installed.
        """
        return [
            pin
            for pin in pins
            if pin.pin is None
            or not any(
                not hold.admits(pin.pin)
                and markers.can_meet(hold.python, pin.markers)
                for hold in self.of(pin.package)
            )
        ]


def excluding(
    ledger: HoldLedger,
    name: str,
    version: str,
    environment: Mapping[str, str] | None = None,
) -> HoldEntry | None:
    """The first hold that refuses a version of a distribution, or None.

    :attr:`HoldEntry.place` says in which line it stands,
    :attr:`HoldEntry.python` for which environments it is, and
    :meth:`HoldEntry.on_python` whether that includes a Python.

    :param environment: where the version is to be installed, with at least
        its ``python_version``; None for a hold that refuses it anywhere.
    """
    for hold in ledger.of(name):
        if environment is not None and not hold.selects(environment):
            continue
        if not hold.admits(version):
            return hold
    return None


def parse(content: str, source: str = FILE) -> HoldLedger:
    """The ledger in the text of a file.

    It is YAML 1.1: a list of mappings with the keys :data:`KEYS`, of which
    :data:`REQUIRED` are in each. Anchors, aliases, tags and deeper nesting
    are refused.

    :param source: the file's name, for errors and findings.
    :raises UnusableInput: where it is larger than
        :data:`~openstack_requirements.repository.yaml_rows.LARGEST`.
    :raises BadLine: where it is not YAML, or another kind of document.
    :raises BadContent: with all that is wrong with single holds: a range that
        no version can be in, a distribution held twice in the same
        environments, a date that is none.
    """
    holds: list[HoldEntry] = []
    errors: list[BadLine] = []
    document = yaml_rows.YamlDocument(content, source)
    compared = 0
    for row in _rows(document):
        try:
            hold = _from_row(document, row, source)
        except BadContent as error:
            errors += error.errors
            continue
        doubled = None
        for first in holds:
            if first.canonical_name == hold.canonical_name:
                compared += len(first.python) + len(hold.python)
                doubled = doubled or _doubled(first, hold, compared)
        if doubled is not None:
            errors.append(document.bad(doubled, row.at))
        holds.append(hold)
    if errors:
        raise BadContent(errors)
    return HoldLedger(source, tuple(holds))


def _rows(document: YamlDocument) -> Iterator[Row]:
    """The rows; an error of a range without quotes says to quote it."""
    try:
        yield from document.rows()
    except BadLine as error:
        if _UNQUOTED.search(error.line):
            raise BadLine(
                "YAML takes this range for something else: put it in quotes",
                error.line,
                source=error.source,
                number=error.number,
                column=error.column,
            ) from error
        raise


def _doubled(first: HoldEntry, second: HoldEntry, compared: int) -> str | None:
    """What is wrong with two holds of one distribution, if anything."""
    hint = (
        "keep one of the holds, or give them markers (python) that exclude "
        "each other"
    )
    if not first.python or not second.python:
        return f"line {first.line} holds {first.name} as well; {hint}"
    if compared > limits.MOST_COMPARED_TEXT:
        return f"{first.name} has too many holds to compare their markers"
    try:
        overlaps = markers.overlap([first.python, second.python]) is not None
    except markers.BadMarker as error:
        return f"the marker cannot be compared ({error.reason})"
    if not overlaps:
        return None
    return (
        f"line {first.line} holds {first.name} in the same environments; "
        f"{hint}"
    )


def _from_row(document: YamlDocument, row: Row, source: str) -> HoldEntry:
    """The hold that a row states.

    :raises BadContent: with all that is wrong with it.
    """
    values: dict[str, Scalar] = {}
    errors: list[BadLine] = []
    for key, value in row.pairs:
        name = key.text or ""
        if name not in KEYS:
            errors.append(document.bad(_unknown(name), key.at))
        elif name in values:
            errors.append(document.bad(f"{name} is there twice", key.at))
        else:
            values[name] = value
    texts = {
        name: " ".join((value.text or "").split())
        for name, value in values.items()
    }
    for name, text in texts.items():
        problem = _problem(name, text)
        # The number of a bug is as good as its URL.
        if not problem and text and not values[name].is_text and name != "bug":
            problem = f"{name} is no text: put it in quotes"
        if problem:
            errors.append(document.bad(problem, values[name].at))
    missing = [name for name in REQUIRED if name not in texts]
    # A key that is misspelled is said once.
    if missing and all((key.text or "") in KEYS for key, _ in row.pairs):
        problem = f"without {', '.join(missing)}: add what is missing"
        errors.append(document.bad(problem, row.at))
    if errors:
        raise BadContent(sorted(errors, key=lambda error: error.number or 0))
    since, until = day(texts["since"]), day(texts["until"])
    assert since is not None  # it is no problem
    assert until is not None
    if until < since:
        problem = f"until {until} is before since {since}: change one of them"
        raise BadContent([document.bad(problem, values["until"].at)])
    return HoldEntry(
        texts["name"],
        texts["range"].replace(" ", ""),
        texts.get("owner", ""),
        texts.get("bug", ""),
        texts["reason"],
        since,
        until,
        texts.get("python", ""),
        texts.get("evidence", ""),
        _retry(texts.get("retry", "")),
        source,
        *document.place(row.at),
    )


def _unknown(key: str) -> str:
    """What is wrong with a key that no row has."""
    import difflib  # for mistakes only

    near = difflib.get_close_matches(key, KEYS, 1)
    hint = (
        f"did you mean {near[0]}?" if near else f"there are {', '.join(KEYS)}"
    )
    return f"there is no key {key}; {hint}"


def _retry(text: str) -> Retry:
    """A text that is no problem, as what it says."""
    return next((retry for retry in RETRIES if retry == text), RETRIES[0])


def day(text: str) -> date | None:
    """The day that a text names (RFC 3339, full-date); None for others."""
    # Python 3.11 and later accept other forms of ISO 8601 as well.
    if _DATE.fullmatch(text):
        from datetime import date

        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    return None


def _problem(key: str, text: str) -> str:
    """What is wrong with the text of a key, or nothing."""
    if key in REQUIRED and not text:
        return f"{key} is empty"
    if key in {"since", "until"} and day(text) is None:
        return f"{text} is no date: write YYYY-MM-DD"
    if key == "retry" and text and text not in RETRIES:
        return f"retry is one of {', '.join(RETRIES)}"
    if key == "name" and _read(text) != (text, ""):
        return f"{text} is not the name of a distribution"
    if key == "range":
        return _range_problem(text)
    return _marker_problem(text) if key == "python" and text else ""


def _range_problem(text: str) -> str:
    """What is wrong with a range, or nothing."""
    if text[0] not in "<>=!~" or set(text) & set(";#"):
        return f"{text} is no range: write one such as <2, and nothing else"
    try:
        requirement = parse_line(f"name{text}")
    except BadLine as error:
        return f"{text} is no range ({error.reason}): write one such as <2"
    if version_set(requirement.specifiers).is_empty:
        return f"no version is in the range {text}: write one that can be met"
    return ""


def _marker_problem(text: str) -> str:
    """What is wrong with a marker, or nothing."""
    hint = "write one such as python_version<'3.12'"
    try:
        if parse_line(f"name;{text}").markers != text:
            return f"{text} is no marker: {hint}"
        markers.require_known(text)
        compared = markers.comparisons(markers.parse(text))
        if any(comparison.variable == "extra" for comparison in compared):
            return f"a hold is for no extra: {hint}"
        if markers.overlap([text]) is None:
            return f"no environment has {text}: {hint}"
    except (BadLine, markers.BadMarker) as error:
        return f"{text} is no marker ({error.reason}): {hint}"
    return ""


def _read(text: str) -> tuple[str, str]:
    """The name in a line and what else is there."""
    try:
        requirement = parse_line(text)
    except BadLine:
        return "", text
    return requirement.package, text.removeprefix(requirement.package)
