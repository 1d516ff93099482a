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
"""Plans how a project's files change to match the global list.

A plan is complete before the first byte is written; one with an error writes
nothing. A plan for files that match already changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from openstack_requirements.errors import BadLine, UnusableInput
from openstack_requirements.manifests import declarations, edits, setup_py
from openstack_requirements.manifests.includes import includes_what_is_read
from openstack_requirements.pep508.entries import is_passed_through
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    Requirement,
    canonical_name,
)
from openstack_requirements.repository.entry_texts import (
    newline_of,
    standard_form,
)
from openstack_requirements.repository.equality import (
    extras_of,
    same_requirement,
)
from openstack_requirements.repository.replacements import replace_package

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from openstack_requirements.errors import RequirementsError
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.repository.policy import Policy

#: What to do with a package that the global list lacks.
Unknown = Literal["refuse", "keep", "drop"]

#: The kinds of entries that follow the global list. Build requirements do not.
FOLLOWING = frozenset({"file", "extra", "dependencies", "optional", "group"})
#: The files that are planned beside setup.py.
_FILES = frozenset(
    {
        *declarations.REQUIREMENTS_FILES,
        declarations.SETUP_CFG,
        declarations.PYPROJECT,
    }
)


class FollowedList(NamedTuple):
    """The lists that projects follow; make it with :func:`followed_list`.

    ``entries`` has the entries of the global list by name, ``never`` the names
    that are left alone.
    """

    policy: Policy
    entries: Mapping[CanonicalName, Sequence[Requirement]]
    never: frozenset[CanonicalName]


class EntryChange(NamedTuple):
    """The change of an entry.

    ``old`` is empty for an entry that is added, ``new`` for one that is
    removed. ``section`` is the extra's or the group's name.
    """

    line: int
    section: str
    old: str
    new: str


class FilePlan(NamedTuple):
    """How a file of the project changes: its text before and after."""

    path: str
    old: str
    new: str
    changes: tuple[EntryChange, ...]


class Plan(NamedTuple):
    """How a project changes.

    ``files`` has every file that follows the list, changed or not; where
    there are ``errors``, none.
    """

    root: str
    files: tuple[FilePlan, ...]
    warnings: tuple[str, ...]
    errors: tuple[RequirementsError, ...]

    @property
    def due(self) -> tuple[FilePlan, ...]:
        """The files that change."""
        return tuple(file for file in self.files if file.old != file.new)


def followed_list(
    policy: Policy,
    requirements: Iterable[Requirement],
    never: frozenset[CanonicalName],
    *,
    hacking: bool = False,
) -> FollowedList:
    """The lists of a repository, ready for :func:`plan`.

    :param requirements: those of its global list.
    :param never: the names of its never-constrain list.
    :param hacking: whether projects follow the list for ``hacking`` too; as a
        rule they choose its version themselves.
    """
    entries: dict[CanonicalName, list[Requirement]] = {}
    for requirement in requirements:
        if requirement.package:
            name = canonical_name(requirement.package)
            known = entries.setdefault(name, [])
            if not any(same_requirement(requirement, old) for old in known):
                known.append(requirement)
    if not hacking:
        never |= {canonical_name("hacking")}
    return FollowedList(policy, entries, never)


def plan(
    follow: FollowedList,
    root: str,
    name: str,
    texts: Mapping[str, str],
    declared: Iterable[Declared],
    unknown: Unknown = "refuse",
) -> Plan:
    """How a project's files change to match the global list.

    :param root: the project as the user named it, for messages.
    :param name: the project's distribution.
    :param texts: the project's files by their path inside the project;
        ``setup.py`` among them where it is to become the short form.
    :param declared: the entries of these files.
    :param unknown: what to do with a package that the global list lacks.
    """
    entries: dict[str, list[Declared]] = {}
    for entry in declared:
        entries.setdefault(entry.file, []).append(entry)
    planner = _Planner(follow, root, canonical_name(name), texts, unknown)
    files = [
        planner.file(path, text, entries.get(path, []))
        for path, text in texts.items()
        if path in _FILES
    ]
    if setup_py.FILE in texts and follow.policy.bounds_in_list:
        files.append(planner.setup_py(texts[setup_py.FILE]))
    if planner.errors:
        files = []
    return Plan(
        root, tuple(files), tuple(planner.warnings), tuple(planner.errors)
    )


class _Planner:
    """Plans the files of a project, and collects errors and warnings."""

    def __init__(
        self,
        follow: FollowedList,
        root: str,
        name: CanonicalName,
        files: Container[str],
        unknown: Unknown,
    ) -> None:
        self.follow = follow
        self.classic = follow.policy.bounds_in_list
        self.root = root.rstrip("/") or root
        self.name = name
        self.files = files
        self.unknown = unknown
        self.errors: list[RequirementsError] = []
        self.warnings: list[str] = []

    def file(
        self, path: str, text: str, entries: Sequence[Declared]
    ) -> FilePlan:
        """The plan for a requirements file, setup.cfg or pyproject.toml."""
        whole = self.classic and path in declarations.REQUIREMENTS_FILES
        replacements = self._replacements(entries, whole=whole)
        if self.errors:
            return FilePlan(path, text, text, ())
        changes = [
            change
            for entry, news in replacements.items()
            for change in _changes(entry, news)
        ]
        try:
            content = (
                standard_form(text, entries, replacements)
                if whole
                else edits.apply(text, entries, replacements)
            )
        except UnusableInput as error:
            place = f"{self.root}/{error.what}"
            self.errors.append(UnusableInput(place, error.reason))
            content = text
        return FilePlan(path, text, content, tuple(changes))

    def setup_py(self, text: str) -> FilePlan:
        """The plan for setup.py."""
        try:
            shorten = self.name != "pbr" and setup_py.uses_pbr(text)
        except ValueError as error:
            self.warnings.append(
                f"{self.root}/{setup_py.FILE}: is left alone, because it "
                f"cannot be read as Python ({error})"
            )
            shorten = False
        new = text
        if shorten:
            new = setup_py.SHORT.replace("\n", newline_of(text))
        return FilePlan(setup_py.FILE, text, new, ())

    def _replacements(
        self, entries: Sequence[Declared], *, whole: bool
    ) -> dict[Declared, list[str]]:
        """The texts that replace the entries that change.

        :param whole: the file is written anew, so that entries in step take
            the wording of the list as well.
        """
        groups: dict[object, list[tuple[Declared, Requirement]]] = {}
        for entry in entries:
            requirement = self._following(entry)
            if requirement is not None:
                name = canonical_name(requirement.package)
                extras = extras_of(requirement)
                key = (entry.kind, entry.section, name, extras)
                groups.setdefault(key, []).append((entry, requirement))
        result: dict[Declared, list[str]] = {}
        for pairs in groups.values():
            name = canonical_name(pairs[0][1].package)
            if name in self.follow.entries:
                replaced = replace_package(
                    self.follow.policy,
                    self.follow.entries[name],
                    pairs,
                    whole=whole,
                )
                result |= replaced.texts
                for entry, reason in replaced.refused:
                    self._error(entry, reason)
            else:
                for entry, requirement in pairs:
                    self._lacking(entry, requirement, result)
        return result

    def _following(self, entry: Declared) -> Requirement | None:
        """The requirement of an entry that follows the global list."""
        if entry.kind not in FOLLOWING or entry.include:
            return None
        if includes_what_is_read(entry, self.files):
            return None  # its entries follow the list where they stand
        if entry.problem is not None:
            if entry.kind != "file" or not is_passed_through(entry.text):
                self._error(entry, entry.problem)
            return None
        requirement = entry.requirement
        assert requirement is not None
        name = canonical_name(requirement.package)
        # Extras that are made of a project's other extras: foo[a,b].
        own = name == self.name and requirement.extras and entry.kind != "file"
        return None if own or name in self.follow.never else requirement

    def _lacking(
        self,
        entry: Declared,
        requirement: Requirement,
        result: dict[Declared, list[str]],
    ) -> None:
        """Handle an entry whose package the global list lacks."""
        reason = f"{requirement.package} is not in the global list"
        if self.unknown == "refuse":
            self._error(entry, f"{reason} (-s keeps it)")
        elif self.unknown == "drop":
            self.warnings.append(
                str(self._bad(entry, f"{reason}, and is dropped"))
            )
            result[entry] = []

    def _error(self, entry: Declared, reason: str) -> None:
        self.errors.append(self._bad(entry, reason))

    def _bad(self, entry: Declared, reason: str) -> BadLine:
        return BadLine(
            reason,
            entry.text,
            source=f"{self.root}/{entry.file}",
            number=entry.line,
            column=entry.column,
        )


def _changes(entry: Declared, news: Sequence[str]) -> list[EntryChange]:
    """The changes of an entry: replaced, removed, or with new ones beside."""
    if entry.text in news:
        added = [text for text in news if text != entry.text]
        return [
            EntryChange(entry.line, entry.section, "", text) for text in added
        ]
    if not news:
        return [EntryChange(entry.line, entry.section, entry.text, "")]
    return [
        EntryChange(
            entry.line, entry.section, "" if number else entry.text, text
        )
        for number, text in enumerate(news)
    ]
