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
"""Dependency groups of a project, and what they include (PEP 735).

Groups are lists of entries of pyproject.toml; their names compare in
canonical form. Nothing here opens a file.

``packaging.dependency_groups`` resolves groups too, in the newest releases of
packaging only. It returns texts, without the places that findings name, raises
an error at the first cycle, where here every cycle is reported and the rest is
judged, and does not bound what a project may include. Where it is installed, a
test holds the two to the same answers.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import BadLine
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from openstack_requirements.manifests.declared import Declared
    from openstack_requirements.pep508.requirement import CanonicalName

    #: The entries of each group, in order.
    Groups = Mapping[CanonicalName, Sequence[Declared]]

#: Entries that all include-group items of a project may include; one that
#: several items include counts for each. The first item above it is an error.
MOST_INCLUDED = 20_000
#: A cycle of more groups is not shown group by group.
MOST_IN_CYCLE = 10


class Included(NamedTuple):
    """A requirement that a group includes.

    ``item`` is the group's include-group item, ``entry`` the requirement,
    included directly or through further groups.
    """

    item: Declared
    entry: Declared


def groups_of(
    declared: Iterable[Declared],
) -> dict[CanonicalName, list[Declared]]:
    """The entries of each dependency group, under its normalised name."""
    result: dict[CanonicalName, list[Declared]] = {}
    for entry in declared:
        if entry.kind == "group":
            name = canonical_name(entry.section)
            result.setdefault(name, []).append(entry)
    return result


def included(groups: Groups) -> list[Included]:
    """What all groups include, item by item.

    An item includes a requirement once, however many paths lead there. An
    item that closes a cycle of groups includes nothing: PEP 735 gives it no
    meaning.

    :raises BadLine: at the item that exceeds :data:`MOST_INCLUDED`.
    """
    result: list[Included] = []
    remaining = MOST_INCLUDED
    inside = cycles(groups)
    for group, entries in groups.items():
        for item in entries:
            name = canonical_name(item.include)
            if not item.include or name in inside.get(group, ()):
                continue
            for entry in _reached(groups, item, remaining):
                remaining -= 1
                if entry.requirement is not None:
                    result.append(Included(item, entry))
            if remaining < 0:
                raise BadLine(
                    "the dependency groups include more than "
                    f"{MOST_INCLUDED} entries",
                    f'{{include-group = "{item.include}"}}',
                    source=item.file,
                    number=item.line,
                    column=item.column,
                )
    return result


def _reached(groups: Groups, item: Declared, most: int) -> list[Declared]:
    """All entries that an item includes, depth first.

    :param most: stop after one entry more.
    """
    result: list[Declared] = []
    seen: set[CanonicalName] = set()
    waiting: list[Declared] = [item]
    while waiting and len(result) <= most:
        entry = waiting.pop()
        if entry is not item:
            result.append(entry)
        name = canonical_name(entry.include)
        if entry.include and name not in seen:
            seen.add(name)
            waiting += reversed(groups.get(name, ()))
    return result


def cycles(groups: Groups) -> dict[CanonicalName, frozenset[CanonicalName]]:
    """The groups that include themselves, each with all groups of its cycle.

    Two groups are in one cycle where each includes the other, directly or
    through further groups.
    """
    edges = {
        name: list(
            dict.fromkeys(
                canonical_name(entry.include)
                for entry in entries
                if entry.include
            )
        )
        for name, entries in groups.items()
    }
    result: dict[CanonicalName, frozenset[CanonicalName]] = {}
    for component in _components(edges):
        if len(component) > 1 or component[0] in edges[component[0]]:
            cycle = frozenset(component)
            result.update(dict.fromkeys(component, cycle))
    return result


def _components(
    edges: Mapping[CanonicalName, Sequence[CanonicalName]],
) -> list[list[CanonicalName]]:
    """The strongly connected components of a graph (Tarjan's algorithm).

    Without recursion: a chain of groups may be as long as a file.
    """
    result: list[list[CanonicalName]] = []
    number: dict[CanonicalName, int] = {}  # in the order of discovery
    lowest: dict[CanonicalName, int] = {}  # that can be reached
    stack: list[CanonicalName] = []
    on_stack: set[CanonicalName] = set()
    for root in edges:
        if root in number:
            continue
        path = [(root, iter(edges[root]))]
        number[root] = lowest[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while path:
            name, targets = path[-1]
            for target in targets:
                if target not in edges:
                    continue
                if target not in number:
                    number[target] = lowest[target] = len(number)
                    stack.append(target)
                    on_stack.add(target)
                    path.append((target, iter(edges[target])))
                    break
                if target in on_stack:
                    lowest[name] = min(lowest[name], number[target])
            else:
                path.pop()
                if path:
                    parent = path[-1][0]
                    lowest[parent] = min(lowest[parent], lowest[name])
                if lowest[name] == number[name]:
                    component = [stack.pop()]
                    while component[-1] != name:
                        component.append(stack.pop())
                    on_stack.difference_update(component)
                    result.append(component)
    return result


def shortest_path(
    groups: Groups,
    cycle: frozenset[CanonicalName],
    start: CanonicalName,
    goal: CanonicalName,
) -> list[CanonicalName]:
    """The shortest path of includes within a cycle, both ends included.

    :param cycle: what :func:`cycles` returns for both ends; a small one.
    """
    before: dict[CanonicalName, CanonicalName] = {}
    waiting = deque([start])
    while waiting and goal not in before and start != goal:
        name = waiting.popleft()
        for entry in groups[name]:
            target = canonical_name(entry.include)
            if target in cycle and target not in before and target != start:
                before[target] = name
                waiting.append(target)
    result = [goal]
    while result[-1] != start:
        result.append(before[result[-1]])
    return result[::-1]
