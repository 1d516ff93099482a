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
"""A project as the rules see it, and what they share.

What stands for one package in one place counts together; a dependency group
holds what it includes as well. Nothing here opens a file.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks.findings import Finding, Problem
from openstack_requirements.checks.list_lines import Line, listed, shown
from openstack_requirements.manifests import declarations, groups
from openstack_requirements.pep508.requirement import canonical_name, is_direct
from openstack_requirements.pep508.version_sets import version_set
from openstack_requirements.repository import waivers
from openstack_requirements.repository.policy import EXEMPT

if TYPE_CHECKING:
    from collections.abc import (
        Collection,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from openstack_requirements.checks.findings import Severity
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Entry,
        Requirement,
    )
    from openstack_requirements.repository.policy import Policy


class Against(NamedTuple):
    """What projects are judged against; make it with :func:`against`.

    ``listed`` has the entries of the global list by name, none of them twice;
    ``file`` is that list's name, for messages; ``pins`` has the constraints,
    for proposals.
    """

    policy: Policy
    file: str
    listed: Mapping[CanonicalName, Sequence[Line]]
    never: Collection[CanonicalName]
    backports: Collection[CanonicalName]
    pins: Mapping[CanonicalName, str]


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
        for item, each in (
            *self.included,
            *zip(self.entries, self.entries, strict=True),
        ):
            if each.requirement is not None:
                yield item, each.requirement


class Subject(NamedTuple):
    """What is judged; make it with :func:`subject`.

    ``declared`` and ``packages`` leave out what stands unchanged in the
    target revision, where there is one; ``everything`` is all that the
    project declares. ``master`` and ``stable`` say what kind of branch the
    change is for.
    """

    against: Against
    texts: Mapping[str, str]
    everything: Sequence[Declared]
    declared: Sequence[Declared]
    packages: Sequence[Package]
    master: bool
    stable: bool


class Found(NamedTuple):
    """A finding, and the smallest change that would pass.

    ``entry`` is what it is about, and ``replacement`` what should stand there
    instead: entries, or none of them. Both are None where not known.
    """

    finding: Finding
    entry: Declared | None = None
    replacement: tuple[str, ...] | None = None


class ProjectProblem(NamedTuple):
    """What a rule's function finds in a project: the same but for the rule."""

    problem: Problem
    entry: Declared | None = None
    replacement: tuple[str, ...] | None = None

    def by(self, rule: str, severity: Severity) -> Found:
        """The finding of a rule."""
        finding = self.problem.by(rule, severity)
        return Found(finding, self.entry, self.replacement)


def against(
    policy: Policy,
    file: str,
    entries: Sequence[Entry],
    never: Collection[CanonicalName] = (),
    backports: Collection[CanonicalName] = (),
    constraints: Iterable[Requirement] = (),
) -> Against:
    """What a repository's lists ask of projects.

    :param file: the name of the global list.
    :param entries: what it holds.
    """
    by_name = {
        name: list(
            {meaning(each.requirement): each for each in lines}.values()
        )
        for name, lines in listed(file, entries).by_name.items()
    }
    pins = {
        canonical_name(each.package): version
        for each in constraints
        if (version := each.pin) is not None
    }
    return Against(policy, file, by_name, never, backports, pins)


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
    declared = [each for each in declared if not _is_own(each, own)]
    packages = list(_packages(declared))
    changed = list(declared)
    if target is not None:
        before = {_key(each) for each in target}
        changed = [each for each in declared if _key(each) not in before]
        packages = _changed(packages, list(_packages(target)), changed)
    return Subject(
        lists,
        texts,
        declared,
        changed,
        packages,
        master=branch == "master",
        stable=branch.startswith("stable/"),
    )


def _is_own(entry: Declared, name: CanonicalName) -> bool:
    """Whether an entry asks for other extras of the project itself.

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
    """The packages of which something changed, with what changed only.

    Where entries came or went, all that is left counts together anew, and so
    stays with the package.
    """
    changed = set(changed)
    counts = {
        (each.place, each.name): len(list(each.everything()))
        for each in before
    }
    result = []
    for each in packages:
        mine = tuple(entry for entry in each.entries if entry in changed)
        number = len(list(each.everything()))
        if mine or counts.get((each.place, each.name), number) != number:
            result.append(each._replace(judged=mine))
    return result


def _key(entry: Declared) -> tuple[object, ...]:
    """What an entry says, wherever it stands."""
    found = entry.requirement
    if found is None:
        return (entry.text, entry.include)
    return (canonical_name(found.package), *meaning(found), found.comment)


def _packages(declared: Sequence[Declared]) -> Iterator[Package]:
    """The entries by place and package, groups with what they include."""
    own: dict[tuple[Place, CanonicalName], list[Declared]] = {}
    for each in declared:
        if each.requirement is not None:
            name = canonical_name(each.requirement.package)
            place = Place(each.file, each.kind, each.section)
            own.setdefault((place, name), []).append(each)
    included: dict[
        tuple[Place, CanonicalName], list[tuple[Declared, Declared]]
    ] = {}
    for item, entry in groups.included(groups.groups_of(declared)):
        assert entry.requirement is not None
        place = Place(item.file, "group", item.section)
        name = canonical_name(entry.requirement.package)
        included.setdefault((place, name), []).append((item, entry))
    for key in {**own, **included}:
        mine = tuple(own.get(key, ()))
        yield Package(*key, mine, tuple(included.get(key, ())), mine)


def judged(project: Subject) -> Iterator[Package]:
    """The packages that are judged at all."""
    for package in project.packages:
        if package.name in project.against.never:
            continue
        if package.place.kind == "build" and package.name in EXEMPT:
            continue
        yield package


def single_entries(
    project: Subject,
) -> Iterator[tuple[Package, Declared, Requirement]]:
    """The entries that are judged one by one."""
    for package in judged(project):
        for each in package.judged:
            if each.requirement is not None:
                yield package, each, each.requirement


def fitting(
    project: Subject, package: Package, mine: Requirement
) -> list[Line]:
    """The global entries that a marker goes with."""
    return [
        each
        for each in project.against.listed.get(package.name, ())
        if _fits(
            project.against.policy,
            mine.markers,
            each.requirement.markers,
            backport=package.name in project.against.backports,
        )
    ]


@lru_cache(maxsize=16384)
def _fits(policy: Policy, mine: str, listed: str, *, backport: bool) -> bool:
    from openstack_requirements.pep508.markers import BadMarker

    try:
        return policy.marker_fits(mine, listed, backport=backport)
    except BadMarker:
        return False  # a marker that nobody can judge does not pass


def can_meet(one: str, other: str) -> bool:
    """Whether two markers can hold together, as far as anybody can tell."""
    if not one or not other:
        return True
    from openstack_requirements.pep508 import markers

    return markers.can_meet(one, other)


def meaning(requirement: Requirement) -> tuple[object, ...]:
    """What tells entries of a package apart. A comment does not.

    ``>=1.0`` is ``>=1``, and a marker is one with its parts in another order
    or its strings in other quotes.
    """
    return (
        frozenset(map(canonical_name, requirement.extras)),
        version_set(requirement.specifiers),
        requirement.location,
        _marker_meaning(requirement.markers),
    )


@lru_cache(maxsize=4096)
def _marker_meaning(marker: str) -> object:
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


def place_of(project: Subject, entries: Sequence[Line]) -> str:
    """The place of global entries, for a sentence."""
    numbers = ",".join(str(each.number) for each in entries)
    return f"{project.against.file}:{numbers}"


def named(requirement: Requirement) -> str:
    """A package and its versions, for a sentence."""
    return shown(requirement._replace(markers="", extras=frozenset()))


def texts_of(entries: Sequence[Line]) -> str:
    """What global entries say, for a sentence."""
    return " and ".join(each.text.strip() for each in entries)


def problem_at(
    entry: Declared,
    message: str,
    fix: str | None = None,
    replacement: tuple[str, ...] | None = None,
) -> ProjectProblem:
    """A problem of an entry."""
    text = entry.text.strip()
    if entry.include:
        text = f'{{include-group = "{entry.include}"}}'
    return ProjectProblem(
        Problem(
            message,
            entry.file,
            entry.line or None,
            entry.column or None,
            entry.requirement.package if entry.requirement else None,
            fix,
            text or None,
        ),
        entry,
        replacement,
    )


def propose(
    entry: Declared,
    message: str,
    right: Requirement | None,
    otherwise: str | None = None,
) -> ProjectProblem:
    """A problem with the entry that should stand there, where it is known."""
    if right is None:
        return problem_at(entry, message, otherwise)
    separator = ";"
    if right.markers and entry.requirement and entry.requirement.markers:
        separator = declarations.separator(entry.text, entry.requirement)
    comment = right.comment if entry.kind in declarations.COMMENTED else ""
    text = right._replace(comment=comment).to_line(
        marker_sep=separator, sort_specifiers=True
    )
    text = text.rstrip("\n")
    return problem_at(entry, message, f"write {text}", (text,))
