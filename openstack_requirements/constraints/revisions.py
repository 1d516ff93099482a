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
"""Revisions as a command line names them: ``REV:FILE``, and dates.

A date is a revision too: the last commit of a branch that was there then. A
reflog says where a branch was in one clone, so nothing here is about it.
Nothing here opens a file or asks git.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from openstack_requirements.errors import UnusableInput

_DATE = (
    r"\d{4}-\d\d-\d\d"
    r"(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_DATED = re.compile(
    rf"(?P<date>{_DATE})|(?P<branch>.*)@\{{(?P<of_branch>{_DATE})\}}"
)
_DATE_AND_FILE = re.compile(rf"({_DATE}):")


class DatedRevision(NamedTuple):
    """The last commit of a branch at a moment.

    ``latest`` is that moment, in seconds since 1970: the end of the day, in
    UTC, where ``date`` is no more than a day.
    """

    branch: str
    date: str
    latest: int


def split(argument: str) -> tuple[str, str]:
    """The revision and the file of ``REV:FILE``, both empty for other texts.

    A colon within braces or within a date belongs to the revision:
    ``main@{10:00}``, ``2026-05-25T14:00``.
    """
    match = _DATE_AND_FILE.match(argument)
    if match is not None:
        return match[1], argument[match.end() :]
    depth = 0
    for number, char in enumerate(argument):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == ":" and depth == 0 and number:
            return argument[:number], argument[number + 1 :]
    return "", ""


def dated(revision: str) -> DatedRevision | None:
    """The date that a revision is; None for every other revision.

    ``2026-05-25`` is about ``HEAD``, ``BRANCH@{2026-05-25}`` about a branch.
    A time may follow (``2026-05-25T14:00``), in UTC where it has no zone.

    :raises UnusableInput: where there is no such day or time.
    """
    match = _DATED.fullmatch(revision)
    if match is None:
        return None
    text = match["date"] or match["of_branch"]
    day, time = text[:10], text[11:]
    # Python 3.10 knows neither "Z" nor a zone without a colon.
    time = re.sub(r"([+-]\d\d):?(\d\d)\Z", r"\1:\2", time.replace("Z", ""))
    try:
        moment = datetime.fromisoformat(f"{day}T{time}" if time else day)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        if not time:
            moment += timedelta(days=1, seconds=-1)
        latest = int(moment.timestamp())
    except (OverflowError, ValueError) as error:
        raise UnusableInput(revision, f"is no date ({error})") from error
    return DatedRevision(match["branch"] or "HEAD", text, latest)


def shown_date(seconds: int) -> str:
    """A moment since 1970 as text, in UTC: ``2026-05-25T14:00:00Z``.

    Empty for what is no date: anybody can write anything into a commit.
    """
    try:
        moment = datetime.fromtimestamp(seconds, timezone.utc)
    except (OSError, OverflowError, ValueError):
        return ""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
