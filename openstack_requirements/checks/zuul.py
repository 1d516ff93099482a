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

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

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
#: Repositories that need not have it, in any organisation: they are what it
#: is made with.
EXEMPT = frozenset({"hacking", "pbr", "requirements"})
#: The pipelines that judge a change before it is merged.
PIPELINES = ("check", "gate")
#: A configuration that is nested deeper, has more characters or has more
#: nodes (lists, mappings and texts) is an error. OpenStack's has not a tenth.
DEEPEST = 100
LARGEST = 4 << 20
MOST_NODES = 200_000
#: A project, a template or a job with a longer name is left out.
LONGEST_NAME = 500

#: What is false in YAML 1.1.
_FALSE = frozenset({"false", "no", "off"})
_Names: TypeAlias = frozenset[str]


#: The names in this repository (``zuul.d``), by which projects of all years
#: have the check.
TEMPLATES = frozenset({TEMPLATE})
JOBS = frozenset(
    {"check-requirements", "requirements-check", "requirements-check-self"}
)


class CheckNames(NamedTuple):
    """What runs the requirements check: names of templates and of jobs."""

    templates: _Names = TEMPLATES
    jobs: _Names = JOBS


class Uses(NamedTuple):
    """What a project has by one of its stanzas.

    :param templates: the names of its templates.
    :param jobs: the names of its own jobs that vote, by pipeline.
    """

    templates: _Names
    jobs: tuple[_Names, ...]


class ZuulFile(NamedTuple):
    """What one file of a configuration says.

    :param projects: what each project has, by its name without a host; the
        empty name stands for the repository that the file is in.
    :param templates: the jobs of each template that is defined here.
    :param parents: the jobs that are defined here, each with its parent.
    """

    projects: Mapping[str, Sequence[Uses]]
    templates: Mapping[str, Sequence[_Names]]
    parents: Sequence[tuple[str, str]]


class Repository(NamedTuple):
    """A line of projects.txt."""

    name: str
    file: str
    number: int

    @property
    def is_exempt(self) -> bool:
        """Whether nobody expects it to run the check."""
        return self.name.rpartition("/")[2] in EXEMPT


class Projects(NamedTuple):
    """What ``validate-projects`` judges.

    ``tested`` has the projects of the configuration ``source``, and whether
    they run the check; see :func:`running`. ``missing`` has the repositories
    that ought to have a checkout and have none, ``unusable`` those whose own
    configuration cannot be read, with the reason.
    """

    repositories: Sequence[Repository]
    tested: Mapping[str, bool]
    source: str
    missing: frozenset[str]
    unusable: Mapping[str, str]

    def doubtful(self) -> Iterator[Repository]:
        """The repositories of which nothing says that they run the check."""
        for repository in self.repositories:
            is_tested = self.tested.get(repository.name, False)
            if not is_tested and not repository.is_exempt:
                yield repository


class Rule(NamedTuple):
    """One row of the table."""

    id: str
    severity: Severity
    find: Callable[[Projects], Iterator[Problem]]


def judge(subject: Projects) -> list[Finding]:
    """What the rules find."""
    return found_by(RULES, subject)


def without_checkout(subject: Projects) -> Iterator[Problem]:
    """Repositories whose own configuration is not there to be read."""
    for repository in subject.doubtful():
        if repository.name in subject.missing:
            yield _problem(
                repository,
                f"there is no checkout of {repository.name}, and by the "
                "configuration that is there it runs no requirements check",
                "add the checkout, and judge again",
            )


def unreadable(subject: Projects) -> Iterator[Problem]:
    """Repositories whose own configuration cannot be read."""
    for repository in subject.doubtful():
        reason = subject.unusable.get(repository.name)
        if reason is not None:
            yield _problem(repository, reason, "repair the file")


def unknown(subject: Projects) -> Iterator[Problem]:
    """Repositories that the configuration does not have."""
    for repository in _judgeable(subject):
        if repository.name not in subject.tested:
            yield _problem(
                repository,
                f"{repository.name} is no project in {subject.source}",
                f"add a project with the template {TEMPLATE} there, or take "
                "the repository out of the list",
            )


def untested(subject: Projects) -> Iterator[Problem]:
    """Projects with neither the template nor a job."""
    for repository in _judgeable(subject):
        if repository.name in subject.tested:
            yield _problem(
                repository,
                f"{repository.name} has neither the template {TEMPLATE} nor a "
                f"voting job for it in {subject.source}",
                f"add {TEMPLATE} to its templates there",
            )


def _judgeable(subject: Projects) -> Iterator[Repository]:
    """Those in doubt although all of their configuration is known."""
    for repository in subject.doubtful():
        if repository.name not in {*subject.missing, *subject.unusable}:
            yield repository


RULES = (
    Rule("unknown-project", "error", unknown),
    Rule("missing-template", "error", untested),
    Rule("missing-checkout", "error", without_checkout),
    Rule("unusable-zuul-file", "error", unreadable),
)


def _problem(repository: Repository, message: str, hint: str) -> Problem:
    return Problem(
        message,
        repository.file,
        repository.number,
        package=repository.name,
        hint=hint,
    )


def check_names(
    configurations: Iterable[ZuulFile], names: CheckNames | None = None
) -> CheckNames:
    """All names that run the check, by what configurations define.

    A job whose parent runs it does so as well, and so does a template with
    such a job.

    :param names: those that are known already; None for this repository's.
    """
    names = names or CheckNames()
    configurations = list(configurations)
    children: dict[str, list[str]] = {}
    for configuration in configurations:
        for job, parent in configuration.parents:
            children.setdefault(parent, []).append(job)
    jobs = set(names.jobs)
    pending = list(jobs)
    while pending:
        for job in children.get(pending.pop(), ()):
            if job not in jobs:
                jobs.add(job)
                pending.append(job)
    has_job = _Intersecting(jobs)
    templates = {
        name
        for configuration in configurations
        for name, pipelines in configuration.templates.items()
        if any(map(has_job, pipelines))
    }
    return CheckNames(names.templates | templates, frozenset(jobs))


def running(
    central: Iterable[ZuulFile],
    own: Mapping[str, Iterable[ZuulFile]] | None = None,
    names: CheckNames | None = None,
) -> dict[str, bool]:
    """The projects of a configuration, and whether they run the check.

    A project may be there several times; then it is enough that one of them
    has it. What one file defines counts in all the others.

    :param central: the configurations that name any project.
    :param own: those in the repository of a project, by its name. They are
        only believed about that project, which they need not name.
    :param names: what runs the check, beside what is defined; None for this
        repository's.
    """
    owned: list[tuple[str | None, ZuulFile]]
    owned = [(None, configuration) for configuration in central]
    for name, configurations in (own or {}).items():
        owned += [(name, configuration) for configuration in configurations]
    every = check_names([configuration for _, configuration in owned], names)
    has_template = _Intersecting(every.templates)
    has_job = _Intersecting(every.jobs)
    result: dict[str, bool] = {}
    for owner, configuration in owned:
        for stated, stanzas in configuration.projects.items():
            if owner is not None and stated not in {"", owner}:
                continue
            project = owner or stated
            result[project] = result.get(project, False) or any(
                has_template(uses.templates) or any(map(has_job, uses.jobs))
                for uses in stanzas
            )
    return result


class _Intersecting:
    """Whether a set of names has one that is wanted.

    Thousands of projects may share a set of thousands, which is compared
    once.
    """

    def __init__(self, wanted: Iterable[str]) -> None:
        self._wanted = frozenset(wanted)
        self._known: dict[int, tuple[_Names, bool]] = {}

    def __call__(self, names: _Names) -> bool:
        # The set is kept, so that no other set can get its identity.
        known = self._known.get(id(names))
        if known is None:
            known = (names, not names.isdisjoint(self._wanted))
            self._known[id(names)] = known
        return known[1]


def read(text: str, source: str) -> ZuulFile:
    """What a configuration says of projects, templates and jobs.

    The name of a project may begin with the host that it is on.

    :param source: the name of the file, for errors.
    :raises UnusableInput: where it is no YAML, is nested too deep or does not
        have the form of a configuration.
    """
    projects: dict[str, list[Uses]] = {}
    templates: dict[str, list[_Names]] = {}
    parents: list[tuple[str, str]] = []
    reading = _Reading()
    items = list(_once(_items(text, source)))
    for name, project in reading.named(items, "project"):
        uses = Uses(
            reading.names(reading.get(project, "templates")),
            reading.jobs(project),
        )
        # There may be a host in front: git.example.org/org/name.
        name_here = "/".join(name.split("/")[-2:])
        projects.setdefault(name_here, []).append(uses)
    for name, template in reading.named(items, "project-template"):
        templates.setdefault(name, []).extend(reading.jobs(template))
    for name, job in reading.named(items, "job"):
        parent = _text(reading.get(job, "parent"))
        if parent and len(parent) <= LONGEST_NAME:
            parents.append((name, parent))
    return ZuulFile(projects, templates, parents)


def _items(text: str, source: str) -> Sequence[yaml.Node]:
    """The items of a configuration."""
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
        return []
    if not isinstance(root, yaml.SequenceNode):
        raise UnusableInput(source, "not a list of Zuul's configuration items")
    items: list[yaml.Node] = root.value
    return items


class _Reading:
    """What is looked up in the nodes of one file, each of them once.

    Aliases may lead to the same large node from everywhere.
    """

    def __init__(self) -> None:
        self._names: dict[int, _Names] = {}
        self._values: dict[tuple[int, str], yaml.Node | None] = {}

    def get(self, node: yaml.Node | None, key: str) -> yaml.Node | None:
        """The value of a key; None where the node has none."""
        if (id(node), key) not in self._values:
            self._values[id(node), key] = _get(node, key)
        return self._values[id(node), key]

    def named(
        self, items: Iterable[yaml.Node | None], kind: str
    ) -> Iterator[tuple[str, yaml.Node]]:
        """The items of a kind, each with its name; empty without one."""
        for node in _once(self.get(item, kind) for item in items):
            name = _text(self.get(node, "name"))
            if node is not None and len(name) <= LONGEST_NAME:
                yield name, node

    def names(self, node: yaml.Node | None) -> _Names:
        """The names that are a node, or are in its list.

        An item may be a mapping of one name to settings. Of jobs, those that
        do not vote are left out, as they keep no change from being merged.
        """
        if id(node) not in self._names:
            self._names[id(node)] = frozenset(self._voting(node))
        return self._names[id(node)]

    def jobs(self, node: yaml.Node) -> tuple[_Names, ...]:
        """The jobs of a project or a template, by pipeline."""
        return tuple(
            self.names(self.get(self.get(node, pipeline), "jobs"))
            for pipeline in PIPELINES
        )

    def _voting(self, node: yaml.Node | None) -> Iterator[str]:
        """The names in a list, without those that are set not to vote."""
        import yaml

        is_list = isinstance(node, yaml.SequenceNode)
        for item in _once(node.value if is_list and node else [node]):
            yield _text(item)
            rows = item.value if isinstance(item, yaml.MappingNode) else []
            if len(rows) == 1:  # Zuul has no use for any other
                ((name, settings),) = rows
                if _text(self.get(settings, "voting")).lower() not in _FALSE:
                    yield _text(name)


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


def _once(nodes: Iterable[yaml.Node | None]) -> Iterator[yaml.Node | None]:
    """The nodes without those that aliases repeat."""
    seen = set()
    for node in nodes:
        if id(node) not in seen:
            seen.add(id(node))
            yield node
