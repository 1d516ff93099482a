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
"""generate-constraints: the exact versions that a list installs today."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.cmds import _console
from openstack_requirements.cmds._generate_options import parse, parser
from openstack_requirements.constraints import freeze, loader
from openstack_requirements.errors import OUTSIDE, UnusableInput
from openstack_requirements.pep508.requirement import (
    canonical_name,
    parse_line,
    read_entries,
)
from openstack_requirements.repository import bindep, lists
from openstack_requirements.system import files

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from openstack_requirements.cmds.progress import Progress
    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.constraints.states import State
    from openstack_requirements.install.bisection import Say
    from openstack_requirements.install.failures import InstallFailed
    from openstack_requirements.install.freezer import Made
    from openstack_requirements.install.installation import Order
    from openstack_requirements.pep508.requirement import (
        CanonicalName,
        Requirement,
    )

__all__ = ["main", "parser"]


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parse(argv)
    never = _never(options)
    # What would fail after an hour of work fails now.
    if options.output is not None:
        files.require_replaceable(options.output)
    if options.freeze_dir is not None:
        files.require_folder(options.freeze_dir)
    if options.project_config is not None:
        _say_what_counts(options.project_config)
    before = _before(options)
    if options.from_freezes is not None:
        done = _merged(options, never)
    elif options.propose is not None:
        done = _propose(options, never, before or "")
    else:
        done = _generate(options, never)
    difference = _difference(options, never, before, done)
    _write_freezes(options.freeze_dir, done.freezes)
    if options.output is None:
        _console.write(done.content)
    else:
        files.replace(options.output, done.content)
        _console.write(difference)
    for line in done.report:
        _console.say(line)
    if options.output is None and difference:
        _console.say(difference.rstrip())
    return OUTSIDE if done.broken and not options.allow_missing else 0


def _say_what_counts(project: str) -> None:
    """Say that the configuration of a project has been let in.

    :raises UnusableInput: where it has none.
    """
    from openstack_requirements.install.installers import configuration

    path = configuration.project_file(project)
    _console.say(
        f"{path}: decides with the configuration of the user and of the "
        "system which versions are chosen, and from where (--project-config)"
    )


class _Done(NamedTuple):
    """What there is to write and to say.

    :param content: the constraints.
    :param broken: whether something could not be installed.
    :param report: what a person must know.
    :param baseline: of a proposal, what it is compared with.
    """

    freezes: list[Freeze]
    content: str
    broken: bool = False
    report: Sequence[str] = ()
    baseline: State | None = None


def _merged(
    options: argparse.Namespace, never: frozenset[CanonicalName]
) -> _Done:
    """Constraints from freezes that were made elsewhere."""
    freezes = loader.freezes(options.from_freezes)
    previous = _previous(options)
    return _Done(freezes, _constraints(options, freezes, never, previous))


def _generate(
    options: argparse.Namespace, never: frozenset[CanonicalName]
) -> _Done:
    """Freezes and constraints, made now."""
    from openstack_requirements.install import bisection

    previous = _previous(options)
    order = _order(options, previous)
    with _running(options) as (run, shown):
        report: list[str] = []
        if options.bisect is None:
            made = run(order)
        else:
            bisected = bisection.Bisection(
                run, order, previous, never, options.bisect, _say(shown)
            ).search()
            made = bisected.made
            report += bisected.sentences()
        content = _constraints(options, made.freezes, never, previous)
        if options.verify:
            bisection.verify(run, order, content, made, never)
    broken = any(each.kept for each in made.freezes)
    report += _kept(options, made)
    return _Done(made.freezes, content, broken, report)


def _propose(
    options: argparse.Namespace, never: frozenset[CanonicalName], before: str
) -> _Done:
    """What the change of the list alone does to the constraints.

    :param before: the constraints in the work tree.
    """
    from openstack_requirements.constraints import patch
    from openstack_requirements.install import bisection
    from openstack_requirements.install.installation import Order
    from openstack_requirements.system import git

    def at_revision(path: str) -> str | None:
        folder, name = os.path.split(path)
        return git.read(folder or ".", options.propose, name)

    old_list = at_revision(options.requirements)
    if old_list is None:
        raise UnusableInput(
            f"{options.propose}:{options.requirements}",
            "there is no such file",
        )
    pins = read_entries(
        at_revision(options.output) or "",
        f"{options.propose}:{options.output}",
        permit_urls=True,
        keep_editable=False,
    )
    previous = [each.requirement for each in pins if each.requirement]
    source = f"{options.propose}:{options.requirements}"
    order = Order(
        lists.installable_lines(old_list, source),
        previous=previous,
        earlier=previous,
        keep_going=options.keep_going,
        before=options.before or "",
        resolve_only=True,
    )
    with _running(options) as (run, shown):
        say = _say(shown, "propose")
        say(f"the list as it is in {options.propose}")
        old = run(order)
        old_content = _constraints(options, old.freezes, never, previous)
        say("the list as it is here")
        kept = [parse_line(line) for line in old_content.splitlines()]
        order = order._replace(
            lines=lists.installable(options.requirements),
            previous=kept,
            earlier=kept,
            resolve_only=options.no_install,
            cache=options.cache_dir or "",
        )
        made = run(order)
        content = _constraints(options, made.freezes, never, kept)
        if options.verify:
            bisection.verify(run, order, content, made, never)
    return _Done(
        made.freezes,
        patch.apply(before, old_content, content, options.output),
        any(each.kept for each in made.freezes),
        _kept(options, made),
        _state(old_content, old.freezes),
    )


@contextlib.contextmanager
def _running(
    options: argparse.Namespace,
) -> Iterator[tuple[Callable[[Order], Made], Progress]]:
    """What makes freezes, and the progress that it shows."""
    from openstack_requirements.cmds import progress
    from openstack_requirements.install import freezer

    def run(order: Order) -> Made:
        return freezer.make(
            freezer.Request(
                options.python,
                order,
                options.installer,
                options.jobs,
                options.timeout,
                options.project_config or "",
            ),
            shown.phase,
        )

    with (
        _console.interruptible(),
        progress.for_stderr(quiet=options.quiet) as shown,
    ):
        yield run, shown


def _before(options: argparse.Namespace) -> str | None:
    """The constraints that there are now, where they matter."""
    if options.diff is None and options.propose is None:
        return None
    path = options.previous or options.output
    if path == options.output and not os.path.exists(path):
        return ""
    return files.read_text(path)


def _difference(
    options: argparse.Namespace,
    never: frozenset[CanonicalName],
    before: str | None,
    done: _Done,
) -> str:
    """What changed, for a person or a program; nothing where not asked."""
    if before is None:
        return ""
    from openstack_requirements.cmds.report import render_changes
    from openstack_requirements.constraints import changes
    from openstack_requirements.constraints.states import State

    path = options.previous or options.output
    if done.baseline is None:
        entries = read_entries(
            before, path, permit_urls=True, keep_editable=False
        )
        old = State.from_constraints(entries, None, never)
        new = _state(done.content, done.freezes)
    else:
        path = f"{options.propose}:{options.requirements}"
        old = done.baseline
        content = _constraints(options, done.freezes, never, ())
        new = _state(content, done.freezes)
    return render_changes.render(
        changes.between(old, new),
        path,
        options.requirements or "the freezes",
        options.diff or "text",
    )


def _state(content: str, freezes: Sequence[Freeze]) -> State:
    """Constraints that were just computed, and from what."""
    from openstack_requirements.constraints.states import State

    entries = read_entries(content)
    pythons = [each.python_version for each in freezes]
    return State.from_constraints(entries, pythons).made_from(freezes)


def _say(shown: Progress, who: str = "bisect") -> Say:
    def say(what: str) -> None:
        shown.phase(who, what)

    return say


def _order(
    options: argparse.Namespace, previous: Sequence[Requirement]
) -> Order:
    """What to install, from the options."""
    from openstack_requirements.install.installation import Order

    upgraded = set(map(canonical_name, options.upgrade_package or ()))
    known = {canonical_name(each.package) for each in previous}
    for name in sorted(upgraded - known):
        _console.warn(
            f"--upgrade-package {name}: {options.previous} does not have it"
        )
    everything = options.upgrade or (
        options.bisect is not None and not upgraded
    )
    return Order(
        lists.installable(options.requirements),
        previous=()
        if everything
        else [
            each
            for each in previous
            if canonical_name(each.package) not in upgraded
        ],
        earlier=previous,
        keep_going=options.keep_going,
        before=options.before or "",
        resolve_only=options.no_install,
        cache=options.cache_dir or "",
    )


def _constraints(
    options: argparse.Namespace,
    freezes: Sequence[Freeze],
    never: frozenset[CanonicalName],
    previous: Sequence[Requirement],
) -> str:
    """The constraints that freezes give, proved right."""
    copied, warnings = freeze.clone(freezes, options.version_map or ())
    for warning in warnings:
        _console.warn(warning)
    copied = freeze.respell(copied, _spelling(options, copied, previous))
    pins = freeze.merge(copied, never, options.markers)
    content = freeze.to_content(pins, options.sort)
    freeze.prove(content, copied, never)
    return content


def _never(options: argparse.Namespace) -> frozenset[CanonicalName]:
    """The names that belong in no result."""
    names = lists.never_constrained(options.never)
    return names if options.all else names | freeze.INSTALLER_NEEDS


def _previous(options: argparse.Namespace) -> list[Requirement]:
    """The earlier constraints; none without ``--previous``."""
    if options.previous is None:
        return []
    return lists.requirements(options.previous)


def _spelling(
    options: argparse.Namespace,
    freezes: Iterable[Freeze],
    previous: Iterable[Requirement],
) -> dict[CanonicalName, str]:
    """How to spell a name that no metadata spells."""
    if all(each.described for one in freezes for each in one.distributions):
        return {}
    spelling = {}
    if options.requirements is not None:
        for each in lists.requirements(options.requirements):
            spelling[canonical_name(each.package)] = each.package
    for each in previous:
        spelling[canonical_name(each.package)] = each.package
    for one in sorted(freezes, key=lambda each: each.python_key):
        for name, found in one.by_name().items():
            if found.described:
                spelling[name] = found.name
    return spelling


def _write_freezes(folder: str | None, freezes: Iterable[Freeze]) -> None:
    if folder is None:
        return
    files.require_folder(folder)
    for each in freezes:
        path = os.path.join(folder, f"python{each.python_version}.json")
        files.replace(path, freeze.to_json(each))


def _kept(options: argparse.Namespace, made: Made) -> list[str]:
    """What could not be installed, and what to do about it."""
    packages = bindep.system_packages(
        os.path.join(os.path.dirname(options.requirements), "bindep.txt")
    )
    pythons: dict[str, list[str]] = {}
    found: dict[str, tuple[freeze.Kept, InstallFailed]] = {}
    failures = iter(made.failures)
    for one in made.freezes:
        for kept in one.kept:
            failure = next(failures)
            pythons.setdefault(str(kept), []).append(one.python_version)
            found.setdefault(str(kept), (kept, failure))
    result = []
    platforms = bindep.platforms()
    for text in sorted(found):
        kept, failure = found[text]
        result.append(f"Python {', '.join(pythons[text])}: {text}")
        listed = packages.get(canonical_name(kept.name), [])
        needed = bindep.for_platform(listed, platforms)
        if needed:
            result.append(f"  what to install: {', '.join(needed)}")
        elif failure.reason.kind == "build":
            result.append(
                "  where a system library is missing: see bindep.txt"
            )
        result.append(f"  the whole output: {failure.log}")
    return result
