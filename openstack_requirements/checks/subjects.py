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
"""A project as the rules see it: its entries by place and package.

The entries for one package in one place count together; a dependency group
holds what it includes as well. Nothing here opens a file.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks.list_lines import ListLine, listed
from openstack_requirements.manifests import declarations, groups
from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.parser import is_direct
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.version_sets import version_set
from openstack_requirements.repository import waivers

if TYPE_CHECKING:
    from collections.abc import (
        Collection,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )
    from openstack_requirements.repository.policy import Policy


#: The names of the main line of development.
MASTER = frozenset({"master", "main"})


class Against(NamedTuple):
    """What projects are judged against; make it with :func:`against`.

    ``listed`` has the entries of the global list by name, none of them twice;
    ``file`` is that list's name, for messages; ``pins`` has the constraints,
    for proposals; ``build_backend`` is what has to build projects (PEP 517),
    empty for anything.
    """

    policy: Policy
    file: str
    listed: Mapping[CanonicalName, Sequence[ListLine]]
    never: Collection[CanonicalName]
    backports: Collection[CanonicalName]
    pins: Mapping[CanonicalName, str]
    build_backend: str = ""


class Place(NamedTuple):
    """Where entries count together: a file, an extra or a group."""

    file: str
    kind: declarations.Kind
    section: str

    def __str__(self) -> str:
        words = {
            "extra": "extra",
            "optional": "extra",
            "group": "dependency group",
        }
        if self.kind in words:
            return f"the {words[self.kind]} {self.section} of {self.file}"
        if self.kind == "file":
            return self.file
        key = {
            "dependencies": "project.dependencies",
            "build": "build-system.requires",
        }.get(self.kind, self.kind)
        return f"{key} of {self.file}"


class Package(NamedTuple):
    """All that one place declares for one package.

    ``entries`` are those that stand there, ``judged`` those of them that are
    judged one by one; ``included`` come from other groups (PEP 735), each
    with the item that includes it.
    """

    place: Place
    name: CanonicalName
    entries: tuple[Declared, ...]
    included: tuple[tuple[Declared, Declared], ...]
    judged: tuple[Declared, ...]

    def everything(self) -> Iterator[tuple[Declared, Requirement]]:
        """All requirements, each with what brings it to this place."""
        own = ((entry, entry) for entry in self.entries)
        for item, entry in (*self.included, *own):
            if entry.requirement is not None:
                yield item, entry.requirement


class Subject(NamedTuple):
    """What is judged; make it with :func:`subject`.

    ``declared`` and ``packages`` leave out what stands unchanged in the
    target revision, where there is one; ``everything`` is all that the
    project declares. ``master`` and ``stable`` say what kind of branch the
    change is for; ``main`` is ``master`` by another name. ``branch`` and
    ``target`` are what it was made with.
    """

    against: Against
    texts: Mapping[str, str]
    everything: Sequence[Declared]
    declared: Sequence[Declared]
    packages: Sequence[Package]
    master: bool
    stable: bool
    branch: str = "master"
    target: Sequence[Declared] | None = None


def against(
    policy: Policy,
    file: str,
    entries: Sequence[Entry],
    never: Collection[CanonicalName] = (),
    backports: Collection[CanonicalName] = (),
    constraints: Iterable[Requirement] = (),
    build_backend: str = "",
) -> Against:
    """What a repository's lists require of projects.

    :param file: the name of the global list.
    :param entries: what it holds.
    :param build_backend: the build backend that projects must have, if any.
    """
    by_name = {
        name: list(
            {meaning(line.requirement): line for line in lines}.values()
        )
        for name, lines in listed(file, entries).by_name.items()
    }
    pins = {
        canonical_name(constraint.package): version
        for constraint in constraints
        if (version := constraint.pin) is not None
    }
    return Against(
        policy, file, by_name, never, backports, pins, build_backend
    )


def subject(
    lists: Against,
    texts: Mapping[str, str],
    declared: Sequence[Declared],
    branch: str = "master",
    target: Sequence[Declared] | None = None,
) -> Subject:
    """A project, ready to be judged.

    :param texts: its files by their path inside of it.
    :param declared: what they declare.
    :param branch: the branch that it is, or is to become a part of.
    :param target: what the project declared before the change, where only
        the change is to be judged.
    """
    own = canonical_name(declarations.project_name(texts))
    declared = [entry for entry in declared if not _is_own(entry, own)]
    packages = list(_packages(declared))
    changed = list(declared)
    if target is not None:
        meanings = Meanings(lists.policy)
        before = set(map(meanings.of, target))
        changed = [
            entry for entry in declared if meanings.of(entry) not in before
        ]
        packages = _changed(packages, list(_packages(target)), changed)
    return Subject(
        lists,
        texts,
        declared,
        changed,
        packages,
        branch in MASTER,
        branch.startswith("stable/"),
        branch,
        target,
    )


def _is_own(entry: Declared, name: CanonicalName) -> bool:
    """Whether an entry names further extras of the project itself.

    ``proj[a,b]`` in an extra of ``proj`` requires nothing from elsewhere.
    """
    requirement = entry.requirement
    return (
        requirement is not None
        and entry.kind != "file"
        and bool(requirement.extras)
        and canonical_name(requirement.package) == name
    )


def _changed(
    packages: Iterable[Package],
    before: Iterable[Package],
    changed: Collection[Declared],
) -> list[Package]:
    """The packages with a change, and only their changed entries to judge.

    Where entries came or went, all that are left count together anew, and so
    the package stays.
    """
    changed = set(changed)
    counts = {
        (package.place, package.name): len(list(package.everything()))
        for package in before
    }
    result = []
    for package in packages:
        judged = tuple(entry for entry in package.entries if entry in changed)
        count = len(list(package.everything()))
        count_before = counts.get((package.place, package.name), count)
        if judged or count_before != count:
            result.append(package._replace(judged=judged))
    return result


class Meanings:
    """What entries say, however written, and wherever they stand.

    Name, extras, specifier set and marker count, and under the classic policy
    the comment. Two entries say the same where :meth:`of` gives equal values.
    """

    def __init__(self, policy: Policy) -> None:
        self._comments = policy.comments_match
        # By the rest of an entry: what stands for each marker.
        self._markers: dict[object, dict[object, str]] = {}
        self._left = limits.MOST_COMPARED_TEXT

    def of(self, entry: Declared) -> tuple[object, ...]:
        """What an entry says. What cannot be read has only its text."""
        requirement = entry.requirement
        if requirement is None:
            if entry.include:
                return ("include-group", canonical_name(entry.include))
            return (entry.text,)
        comment = requirement.comment
        if not self._comments:  # a waiver counts all the same
            comment = comment.removeprefix(comment_of(requirement)).strip()
        *most, marker = meaning(requirement)
        rest = (canonical_name(requirement.package), *most, comment)
        return (*rest, self._marker(rest, marker, requirement.markers))

    def _marker(self, rest: object, marker: object, text: str) -> str:
        """What stands for all markers that hold in the same environments.

        Beyond the limit for text that is compared, markers that are not
        obviously equal count as different, so that their entries are judged.

        :param rest: what the marker's entry says beside it.
        :param marker: the marker's meaning as far as it can be told alone.
        """
        known = self._markers.setdefault(rest, {})
        if marker not in known:
            known[marker] = next(
                (
                    representative
                    for representative in dict.fromkeys(known.values())
                    if self._equivalent(representative, text)
                ),
                text,
            )
        return known[marker]

    def _equivalent(self, first: str, second: str) -> bool:
        """Whether two markers mean the same, within the limit."""
        if not first or not second:
            return False  # without importing what compares markers
        self._left -= len(first) + len(second)
        if self._left < 0:
            return False
        from openstack_requirements.repository.equality import same_marker

        return same_marker(first, second)


def _packages(declared: Sequence[Declared]) -> Iterator[Package]:
    """The entries by place and package, groups with what they include."""
    own: dict[tuple[Place, CanonicalName], list[Declared]] = {}
    for entry in declared:
        if entry.requirement is not None:
            name = canonical_name(entry.requirement.package)
            place = Place(entry.file, entry.kind, entry.section)
            own.setdefault((place, name), []).append(entry)
    included: dict[
        tuple[Place, CanonicalName], list[tuple[Declared, Declared]]
    ] = {}
    for item, entry in groups.included(groups.groups_of(declared)):
        assert entry.requirement is not None
        place = Place(item.file, "group", item.section)
        name = canonical_name(entry.requirement.package)
        included.setdefault((place, name), []).append((item, entry))
    for key in {**own, **included}:
        entries = tuple(own.get(key, ()))
        yield Package(*key, entries, tuple(included.get(key, ())), entries)


def judged(project: Subject) -> Iterator[Package]:
    """The packages that are judged by the list.

    What builds a project is none of them: the list is about what is installed
    together, and a build has an environment of its own (PEP 517).
    """
    for package in project.packages:
        if package.place.kind == "build":
            continue
        if package.name not in project.against.never:
            yield package


def single_entries(
    project: Subject,
) -> Iterator[tuple[Package, Declared, Requirement]]:
    """The entries that are judged one by one."""
    for package in judged(project):
        for entry in package.judged:
            if entry.requirement is not None:
                yield package, entry, entry.requirement


def fitting(
    project: Subject, package: Package, requirement: Requirement
) -> list[ListLine]:
    """The lines of the global list that suit a requirement's marker."""
    return [
        line
        for line in project.against.listed.get(package.name, ())
        if _fits(
            project.against.policy,
            requirement.markers,
            line.requirement.markers,
            backport=package.name in project.against.backports,
        )
    ]


@lru_cache(maxsize=16384)
def _fits(
    policy: Policy, declared: str, listed: str, *, backport: bool
) -> bool:
    from openstack_requirements.pep508.markers import BadMarker

    try:
        return policy.marker_fits(declared, listed, backport=backport)
    except BadMarker:
        return False  # a marker that cannot be judged does not pass


def can_meet(first: str, second: str) -> bool:
    """Whether two markers can hold together, as far as can be told."""
    if not first or not second:
        return True
    from openstack_requirements.pep508 import markers

    return markers.can_meet(first, second)


def meaning(requirement: Requirement) -> tuple[object, ...]:
    """What tells entries of a package apart. A comment does not.

    ``>=1.0`` is ``>=1``, and a marker is one with its parts in another order
    or its strings in other quotes.
    """
    return (
        frozenset(map(canonical_name, requirement.extras)),
        version_set(requirement.specifiers),
        requirement.location,
        marker_meaning(requirement.markers),
    )


@lru_cache(maxsize=4096)
def marker_meaning(marker: str) -> object:
    """A marker without the order of its parts and the quotes of strings."""
    if not marker:
        return ""
    from openstack_requirements.pep508 import markers

    def ordered(tree: markers.Tree) -> tuple[object, ...]:
        if isinstance(tree, markers.Comparison):
            literal = tree.literal
            text = tree.text.replace(f'"{literal}"', f"'{literal}'")
            return (tree.variable, text)
        return (tree.operator, frozenset(map(ordered, tree.parts)))

    try:
        return ordered(markers.parse(marker))
    except markers.BadMarker:
        return marker


def comment_of(requirement: Requirement) -> str:
    """An entry's comment, without a waiver at its end."""
    return waivers.without(requirement.comment)


def brings_in(text: str) -> bool:
    """Whether a text is an option, a URL or a path."""
    start = text.lstrip()
    return (
        start.startswith(("-", ".", "/"))
        or "://" in start.partition("#")[0]
        or is_direct(start)
    )
