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
"""Zuul's project configuration: which projects run check-requirements.

A configuration may be anybody's, so no object is built from it: the YAML is
parsed into nodes, where an alias is the node that it stands for, and the few
nodes that matter are each looked at once. Nothing here opens a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements.checks.findings import Finding, Problem, found_by
from openstack_requirements.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    import yaml

    from openstack_requirements.checks.findings import Severity

#: The template that runs check-requirements.
TEMPLATE = "check-requirements"
#: Repositories that need not have it: they are what it is made with.
EXEMPT = frozenset(
    {"openstack-dev/hacking", "openstack-dev/pbr", "openstack/requirements"}
)
#: A configuration that is nested deeper, has more characters or has more
#: nodes (lists, mappings and texts) is an error. OpenStack's has not a tenth.
DEEPEST = 100
LARGEST = 4 << 20
MOST_NODES = 200_000
#: A project with a longer name is left out.
LONGEST_NAME = 500


class Repository(NamedTuple):
    """A line of projects.txt."""

    name: str
    file: str
    number: int


class Projects(NamedTuple):
    """What ``validate-projects`` judges.

    ``tested`` has the projects of the configuration ``source``, and whether
    they have the template.
    """

    repositories: Sequence[Repository]
    tested: Mapping[str, bool]
    source: str


class Rule(NamedTuple):
    """One row of the table."""

    id: str
    severity: Severity
    find: Callable[[Projects], Iterator[Problem]]


def judge(subject: Projects) -> list[Finding]:
    """What the rules find."""
    return found_by(RULES, subject)


def unknown(subject: Projects) -> Iterator[Problem]:
    """Repositories that the configuration does not have."""
    for repository in subject.repositories:
        name = repository.name
        if name not in subject.tested and name not in EXEMPT:
            yield _problem(
                repository,
                f"{name} is no project in {subject.source}",
                f"add a project with the template {TEMPLATE} there, or take "
                "the repository out of the list",
            )


def untested(subject: Projects) -> Iterator[Problem]:
    """Projects without the template."""
    for repository in subject.repositories:
        name = repository.name
        if not subject.tested.get(name, True) and name not in EXEMPT:
            yield _problem(
                repository,
                f"{name} does not have the template {TEMPLATE} in "
                f"{subject.source}",
                f"add {TEMPLATE} to its templates there",
            )


RULES = (
    Rule("unknown-project", "error", unknown),
    Rule("missing-template", "error", untested),
)


def _problem(repository: Repository, message: str, fix: str) -> Problem:
    return Problem(
        message,
        repository.file,
        repository.number,
        package=repository.name,
        fix=fix,
    )


def read(text: str, source: str) -> dict[str, bool]:
    """The projects of a configuration, and whether they have the template.

    A project may be there several times; then it is enough that one of them
    has it. A name may begin with the host that the project is on.

    :param source: the name of the file, for errors.
    :raises UnusableInput: where it is no YAML, is nested too deep or does not
        have the form of a configuration.
    """
    import yaml

    if len(text) > LARGEST:
        raise UnusableInput(source, f"is longer than {LARGEST} characters")
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _require_small(yaml.parse(text, loader), source)
        root = yaml.compose(text, loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = source if mark is None else f"{source}:{mark.line + 1}"
        reason = getattr(error, "problem", None) or "it cannot be read"
        raise UnusableInput(place, f"not YAML ({reason})") from error
    except (ValueError, OverflowError) as error:
        # PyYAML turns digits into numbers, and numbers into characters.
        reason = "not YAML (a number too large)"
        raise UnusableInput(source, reason) from error
    if root is None:
        return {}
    if not isinstance(root, yaml.SequenceNode):
        raise UnusableInput(source, "not a list of Zuul's configuration items")
    result: dict[str, bool] = {}
    known: dict[int, bool] = {}  # of each list of templates
    for project in _once(_get(item, "project") for item in _once(root.value)):
        name = _text(_get(project, "name"))
        if not name or len(name) > LONGEST_NAME:
            continue
        # There may be a host in front: git.example.org/org/name.
        name = "/".join(name.split("/")[-2:])
        templates = _get(project, "templates")
        if id(templates) not in known:
            known[id(templates)] = _has_template(templates)
        result[name] = result.get(name, False) or known[id(templates)]
    return result


def _require_small(events: Iterator[yaml.Event], source: str) -> None:
    """Refuse what is so deep or so much that reading it is dangerous."""
    import yaml

    depth = nodes = 0
    for event in events:
        nodes += isinstance(event, yaml.NodeEvent)
        if nodes > MOST_NODES:
            raise UnusableInput(source, f"has more than {MOST_NODES} nodes")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise UnusableInput(source, "is nested too deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _get(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """The value of a key; None where the node has none."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if _text(name) == key:
                result: yaml.Node = value
                return result
    return None


def _text(node: yaml.Node | None) -> str:
    import yaml

    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _has_template(node: yaml.Node | None) -> bool:
    """Whether the template is what a node says, or is in its list."""
    import yaml

    if isinstance(node, yaml.SequenceNode):
        return any(_text(item) == TEMPLATE for item in node.value)
    return _text(node) == TEMPLATE


def _once(nodes: Iterable[yaml.Node | None]) -> Iterator[yaml.Node | None]:
    """The nodes without those that aliases repeat."""
    seen = set()
    for node in nodes:
        if id(node) not in seen:
            seen.add(id(node))
            yield node
