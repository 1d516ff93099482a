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
"""Loads the files of a requirements repository."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import BadContent, BadLine, UnusableInput
from openstack_requirements.pep508.entries import Entry, names_in, read_entries
from openstack_requirements.pep508.requirement import CanonicalName
from openstack_requirements.pep508.text import split_lines
from openstack_requirements.repository import policy, settings
from openstack_requirements.repository.settings import Settings
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openstack_requirements.pep508.requirement import Requirement
    from openstack_requirements.repository.holds import HoldLedger
    from openstack_requirements.repository.waivers import Waiver

#: The names of the never-constrain list, the newer one first.
NEVER = ("denylist.txt", "blacklist.txt")
GLOBAL = "global-requirements.txt"
CONSTRAINTS = "upper-constraints.txt"
BACKPORTS = "backports.txt"
#: The hold ledger; :mod:`.holds` reads it.
HOLDS = "holds.yaml"


def configured(folder: str) -> Settings:
    """What a repository says about itself; nothing without pyproject.toml.

    :raises UnusableInput: where the file cannot be read.
    :raises BadLine: where it is not TOML.
    :raises BadContent: with all that is wrong with single settings.
    """
    path = os.path.join(folder, settings.FILE)
    if not os.path.exists(path):
        return Settings()
    return settings.parse(files.read_text(path), path)


class RequirementsRepository(NamedTuple):
    """Where the lists of a requirements repository are.

    :param folder: the repository; empty for the current folder.
    :param settings: what it says about itself.
    :param required: the path of the global list.
    :param pinned: the path of the constraints.
    :param never: the path of the never-constrain list; None without one.
    :param warnings: what is unusual about them and stops no command.
    :param holds: the path of the hold ledger; None without one.
    """

    folder: str
    settings: Settings
    required: str
    pinned: str
    never: str | None
    warnings: tuple[str, ...] = ()
    holds: str | None = None

    def policy(
        self, entries: Sequence[Entry], name: str | None = None
    ) -> policy.Policy:
        """The policy: of a name, of the settings, or what the lists show.

        :param entries: those of the global list.
        :param name: the policy that the user asks for, if any.
        """
        return find_policy(entries, self.never, name or self.settings.policy)


def locate(
    folder: str | None = None,
    *,
    required: str | None = None,
    pinned: str | None = None,
    never: str | None = None,
    holds: str | None = None,
) -> RequirementsRepository:
    """Where the lists of a repository are, by names, settings and habit.

    :param folder: the repository; None for the folder of a list that is
        named, of the global list first, or else the current folder.
    :param required: the path of the global list, where it is named.
    :param pinned: that of the constraints.
    :param never: that of the never-constrain list.
    :param holds: that of the hold ledger; empty to do without one.
    :raises RequirementsError: as :func:`configured` does.
    """
    if folder is None:
        folder = os.path.dirname(required or pinned or "")
    settings = configured(folder)
    warnings: tuple[str, ...] = ()
    never = never or settings.never_constrain or None
    if never is None:
        never, warnings = find_never(folder)
    if holds is None:
        path = os.path.join(folder, HOLDS)
        holds = settings.holds or (path if os.path.lexists(path) else "")
    return RequirementsRepository(
        folder,
        settings,
        required
        or settings.global_requirements
        or os.path.join(folder, GLOBAL),
        pinned
        or settings.upper_constraints
        or os.path.join(folder, CONSTRAINTS),
        never,
        warnings,
        holds or None,
    )


class Lists(NamedTuple):
    """The lists of one repository.

    ``warnings`` says what is unusual about them and stops no command.
    """

    repository: RequirementsRepository
    policy: policy.Policy
    global_requirements: Sequence[Entry]
    upper_constraints: Sequence[Entry]
    never: frozenset[CanonicalName]
    backports: frozenset[CanonicalName]
    warnings: tuple[str, ...]


def load(
    folder: str,
    policy_name: str | None = None,
    *,
    never: str | None = None,
    with_constraints: bool = True,
) -> Lists:
    """The lists in a folder.

    :param policy_name: ``classic`` or ``current``; None for that of the
        settings, or what the lists show.
    :param never: the never-constrain list, where it is not the folder's own.
    :param with_constraints: read the constraints, which not all commands
        need.
    :raises UnusableInput: where the global list is missing or unreadable.
    :raises BadContent: with all the lines that cannot be read.
    """
    repository = locate(folder)
    entries = read(repository.required)
    return Lists(
        repository,
        repository.policy(entries, policy_name),
        entries,
        read(repository.pinned, permit_urls=True)
        if with_constraints and os.path.exists(repository.pinned)
        else [],
        never_constrained(never or repository.never),
        names(os.path.join(folder, BACKPORTS)),
        repository.warnings if never is None else (),
    )


def require_repository(folder: str, option: str) -> None:
    """Fail where a folder is no requirements repository.

    :param option: the option that names another one.
    :raises UnusableInput: where it has no global list.
    """
    path = locate(folder).required
    if not os.path.isfile(path):
        raise UnusableInput(
            path,
            "there is no such file; name the requirements repository with "
            f"{option}",
        )


def find_never(folder: str) -> tuple[str | None, tuple[str, ...]]:
    """The never-constrain list in a folder, if any, and warnings about it."""
    paths = (os.path.join(folder, name) for name in NEVER)
    existing = [path for path in paths if os.path.exists(path)]
    if len(existing) < 2:
        return existing[0] if existing else None, ()
    newer, older = existing
    return newer, (f"{older} is not read, because {newer} is there",)


def find_policy(
    entries: Sequence[Entry], never: str | None, name: str | None = None
) -> policy.Policy:
    """The policy of a repository.

    :param entries: those of its global list.
    :param never: the path of its never-constrain list.
    :param name: the policy that the user or the settings ask for, if any.
    """
    return policy.find(
        [entry.requirement for entry in entries if entry.requirement],
        denylist=never is not None and os.path.basename(never) == NEVER[0],
        name=name or None,
    )


def read(path: str, *, permit_urls: bool = False) -> list[Entry]:
    """The entries of a list.

    :raises UnusableInput: where it cannot be read.
    :raises BadContent: with all the lines that cannot be read.
    """
    if path in {GLOBAL, CONSTRAINTS} and not os.path.lexists(path):
        # Most likely nobody named it: it is the default of an option.
        raise UnusableInput(
            path,
            "there is no such file here; start in the requirements "
            "repository, or name the lists",
        )
    return read_entries(
        files.read_text(path),
        path,
        permit_urls=permit_urls,
        keep_editable=not permit_urls,
    )


def names(path: str) -> frozenset[CanonicalName]:
    """The names in a list, where there is one."""
    if not os.path.exists(path):
        return frozenset()
    return names_in(files.read_text(path), path)


def never_constrained(path: str | None) -> frozenset[CanonicalName]:
    """The names of a never-constrain list; none without a list."""
    if path is None:
        return frozenset()
    return names_in(files.read_text(path), path)


def projects(path: str) -> list[tuple[int, str]]:
    """The repositories that a list names, each with its line number.

    :raises UnusableInput: where it cannot be read.
    :raises BadContent: with all lines that are not the name of a repository.
    """
    repositories, errors = [], []
    for number, line in enumerate(split_lines(files.read_text(path)), 1):
        text = line.partition("#")[0].strip()
        if re.fullmatch(r"[\w.-]+/[\w.-]+", text):
            repositories.append((number, text))
        elif text:
            error = BadLine("not the name of a repository (org/name)", line)
            errors.append(error.at(path, number))
    if errors:
        raise BadContent(errors)
    return repositories


def read_waivers(folder: str) -> list[Waiver]:
    """The waivers that a repository lists; none without the file.

    :raises UnusableInput: where it cannot be read.
    :raises BadLine: where it is not a list of waivers.
    :raises BadContent: with all that is wrong with single waivers.
    """
    from openstack_requirements.repository import (
        waivers,  # few commands ask for them
    )

    path = os.path.join(folder, waivers.FILE)
    if not os.path.lexists(path):
        return []
    return waivers.listed(files.read_text(path), path)


def read_holds(path: str | None) -> HoldLedger:
    """The hold ledger at a path; an empty one without a path.

    :raises UnusableInput: where it cannot be read.
    :raises BadLine: where it is not a list of holds.
    :raises BadContent: with all that is wrong with single holds.
    """
    # Few commands need it.
    from openstack_requirements.repository.holds import HoldLedger, parse

    if path is None:
        return HoldLedger()
    return parse(files.read_text(path), path)


def edit_holds(path: str, change: Callable[[str], str]) -> bool:
    """Change the hold ledger in one durable step, one process at a time.

    :param change: gets the text, empty where there is no file yet, and gives
        the new one; see
        :mod:`~openstack_requirements.repository.hold_edits`.
    :returns: whether the content changed.
    :raises UnusableInput: where the file cannot be read, locked or written.
    :raises OutsideError: where the disk is to blame, or somebody else has
        the lock for too long.
    """
    if os.path.lexists(path):
        return files.edit(path, change)
    with files.Lock(path):
        # Somebody may have made it meanwhile.
        before = files.read_text(path) if os.path.lexists(path) else ""
        after = change(before)
        return after != before and files.replace(path, after)


def requirements(path: str) -> list[Requirement]:
    """The requirements of a list, without its blank and comment lines.

    :raises UnusableInput: where it cannot be read.
    :raises BadContent: with all the lines that cannot be read.
    """
    return [
        entry.requirement
        for entry in read(path, permit_urls=True)
        if entry.requirement is not None and entry.requirement.package
    ]


def installable(path: str) -> list[str]:
    """A list as lines for an installer, line for line.

    Comments become blank lines.

    :raises BadContent: for lines that are not requirements: an option could
        install what nobody has reviewed.
    """
    return installable_lines(files.read_text(path), path)


def installable_lines(content: str, source: str) -> list[str]:
    """The same for the text of a list; see :func:`installable`."""
    lines, errors = [], []
    for entry in read_entries(content, source):
        if entry.requirement is None:
            errors.append(
                BadLine(
                    "only requirements can be installed from a list",
                    entry.line,
                    source=source,
                    number=entry.number,
                    column=1,
                )
            )
        elif entry.requirement.package:
            lines.append(entry.requirement._replace(comment="").to_line())
        else:
            lines.append("\n")
    if errors:
        raise BadContent(errors)
    return lines
