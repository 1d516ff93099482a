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
"""The options of validate-constraints for the upkeep of lists, and loading.

What projects require is read from their checkouts, and nothing of them runs.
"""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from openstack_requirements.checks.upkeep_rules import (
    PinLicense,
    RequiredNames,
    Upkeep,
)
from openstack_requirements.cmds import _console, _options
from openstack_requirements.errors import ConflictingOptions, RequirementsError
from openstack_requirements.output import counted
from openstack_requirements.pep508.parser import name_in
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from openstack_requirements.checks.list_lines import Listed
    from openstack_requirements.constraints.freeze import Distribution, Freeze
    from openstack_requirements.constraints.reasons import Hold
    from openstack_requirements.pep508.entries import Entry
    from openstack_requirements.pep508.requirement import CanonicalName

#: How many of the names that are not known a warning has.
SHOWN = 5
_UNSET = ("unused", "root", "licenses", "since", "caps", "freezes", "timeout")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the upkeep."""
    group = parser.add_argument_group("what else to judge")
    group.add_argument(
        "--unused",
        action="store_true",
        help="entries of the global list that no project in --root requires "
        "and nothing in --freezes needs",
    )
    group.add_argument(
        "--root",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--root",
            ", as DIR/name or DIR/org/name (default: checkouts of the "
            "settings)",
        ),
    )
    group.add_argument(
        "--licenses",
        action="store_true",
        help="pins whose metadata names no license, and with --since those "
        "that have another license than before",
    )
    group.add_argument(
        "--since",
        metavar="REVISION",
        default=argparse.SUPPRESS,
        help="the constraints before: a git revision or a date, another "
        "file, or freezes",
    )
    group.add_argument(
        "--caps",
        action="store_true",
        help="pins that the global list or the requirements of what is "
        "installed hold below a newer version",
    )
    group.add_argument(
        "--freezes",
        nargs="+",
        action="extend",
        default=argparse.SUPPRESS,
        **_options.shown("--freezes", ", with what CONSTRAINTS was made from"),
    )
    group.add_argument(
        "--index",
        action="store_true",
        help="ask the package index for the metadata that no freeze has, and "
        "for the newest versions",
    )
    _console.add_timeout_option(group)


def load(
    options: argparse.Namespace,
    required: Listed,
    pinned: Listed,
    never: Collection[CanonicalName],
    checkouts: str = "",
) -> Upkeep | None:
    """What the options ask to judge; None where they ask for nothing.

    :param never: the names that are never constrained.
    :param checkouts: the folder of checkouts that the settings name.
    :raises ConflictingOptions: for an option that lacks another one.
    :raises RequirementsError: where an input cannot be used, or the package
        index fails. A checkout that cannot be read is a warning.
    """
    options = argparse.Namespace(**{**dict.fromkeys(_UNSET), **vars(options)})
    if options.unused and options.root is None:
        options.root = checkouts or None
    _require(options)
    if not (options.unused or options.licenses or options.caps):
        return None
    from openstack_requirements.constraints import loader

    freezes = loader.freezes(options.freezes) if options.freezes else []
    upkeep = Upkeep(required, pinned, since=options.since or "")
    if options.unused:
        upkeep = upkeep._replace(used=_required_names(options.root, freezes))
    if options.licenses:
        upkeep = upkeep._replace(licenses=_licenses(options, pinned, freezes))
    if options.caps:
        holds = _holds(options, pinned.entries, freezes, never)
        upkeep = upkeep._replace(holds=holds)
    return upkeep


def _require(options: argparse.Namespace) -> None:
    """Refuse options that lack another one.

    :raises ConflictingOptions: for the first that does.
    """
    for name, needed in (
        ("unused", ("root",)),
        ("root", ("unused",)),
        ("licenses", ("freezes", "index")),
        ("since", ("licenses",)),
        ("caps", ("freezes",)),
        ("freezes", ("unused", "licenses", "caps")),
        ("index", ("licenses", "caps")),
        ("timeout", ("index",)),
    ):
        if getattr(options, name) and not any(
            getattr(options, option) for option in needed
        ):
            words = " or ".join(f"--{option}" for option in needed)
            raise ConflictingOptions(f"--{name} needs {words}")


def _required_names(root: str, freezes: Sequence[Freeze]) -> RequiredNames:
    """What the projects in a folder require, and what freezes need.

    Says on stderr what was read, and what could not be.
    """
    from openstack_requirements.bootstrap import checkouts
    from openstack_requirements.constraints.graph import Graph
    from openstack_requirements.manifests import loader

    names: set[CanonicalName] = set()
    roots = checkouts.find_all(root)
    read = 0
    for folder in roots:
        try:
            project = loader.read(folder)
            checkout = checkouts.read(folder)
        except RequirementsError as error:
            _console.warn(f"{folder} is not read: {error}")
            continue
        read += 1
        for decision in checkout.decisions:
            _console.warn(f"{folder}: {decision.message}")
        texts = [text for _, text in checkout.texts]
        texts += [entry.text for entry in project.declared]
        own = canonical_name(checkout.name)
        names.update(
            {canonical_name(name_in(text.strip())) for text in texts} - {own}
        )
    said = f"read: {read} of {counted(len(roots), 'checkout')} in {root}"
    if not freezes:
        _console.say(said)
        return RequiredNames(names, None)
    needed: set[CanonicalName] = set()
    for freeze in freezes:
        graph = Graph(freeze)
        if graph.gaps:
            _console.warn(
                f"the freeze of Python {freeze.python_version} does not know "
                f"what {graph.gaps} of its distributions require"
            )
        needed.update(
            demand.name
            for owner in graph.installed
            for demand in graph.requirements(owner)
            if demand.applies and demand.name != owner
        )
    pythons = ", ".join(freeze.python_version for freeze in freezes)
    _console.say(f"{said}; freezes of Python {pythons}")
    return RequiredNames(names, needed)


def _licenses(
    options: argparse.Namespace, pinned: Listed, freezes: Sequence[Freeze]
) -> dict[tuple[CanonicalName, str], PinLicense]:
    """The licenses of pins, and those of the versions before, where known."""
    from openstack_requirements.bootstrap import licenses
    from openstack_requirements.install import metadata

    pins = [
        (name, line.requirement.pin)
        for name, lines in pinned.by_name.items()
        for line in lines
    ]
    before, old_freezes = _before(options, pinned.file)
    wanted = {
        metadata.key(name, version): f"{name} {version}"
        for name, version in (
            *pins,
            *((name, text) for name in before for text in before[name]),
        )
        if version is not None
    }
    described = metadata.known(
        distribution
        for freeze in (*freezes, *old_freezes)
        for distribution in freeze.distributions
    )
    described |= _from_index(
        {key: wanted[key] for key in wanted if key not in described}, options
    )

    def of(name: CanonicalName, version: str) -> str | None:
        distribution = described.get(metadata.key(name, version))
        return None if distribution is None else licenses.of(distribution)

    result = {}
    for name, version in pins:
        if version is None or (known := of(name, version)) is None:
            continue
        old = {text: of(name, text) for text in sorted(before.get(name, ()))}
        if metadata.key(name, version) in {
            metadata.key(name, text) for text in old
        }:
            old = {}  # it was pinned before
        result[name, version] = PinLicense(
            known,
            {
                text: was
                for text, was in old.items()
                if was is not None and not licenses.same(was, known)
            },
        )
    return result


def _before(
    options: argparse.Namespace, file: str
) -> tuple[dict[CanonicalName, set[str]], Sequence[Freeze]]:
    """The exact pins before, by name, and the freezes with their metadata."""
    since = options.since
    if since is None:
        return {}, ()
    from openstack_requirements.constraints import loader

    folder, name = os.path.split(file)
    argument = since if os.path.lexists(since) else f"{since}:{name}"
    state = loader.load(
        argument, root=folder or os.curdir, warn=_console.warn
    ).state
    pins = {
        name: {line.pin for line in lines if line.exact}
        for name, lines in state.lines.items()
    }
    return pins, state.freezes


def _from_index(
    wanted: Mapping[tuple[CanonicalName, str], str],
    options: argparse.Namespace,
) -> dict[tuple[CanonicalName, str], Distribution]:
    """The metadata of versions, from the index; warns of what has none.

    :param wanted: the versions, each with its name for people.
    """
    described: dict[tuple[CanonicalName, str], Distribution] = {}
    if wanted and options.index:
        from openstack_requirements.cmds import progress
        from openstack_requirements.install import metadata, metadata_cache

        cache = metadata_cache.MetadataCache(metadata_cache.default_folder())
        with (
            _console.interruptible(),
            progress.for_stderr(quiet=False) as shown,
        ):
            jobs = (os.cpu_count() or 1) + 1
            described = metadata.from_index(
                sorted(wanted), shown.phase, jobs, cache, _console.warn
            ).described
    _warn_of(
        [text for key, text in wanted.items() if key not in described],
        "without known metadata, and so not judged by license"
        + ("" if options.index else " (--index asks the package index)"),
    )
    return described


def _holds(
    options: argparse.Namespace,
    entries: Iterable[Entry],
    freezes: Sequence[Freeze],
    never: Collection[CanonicalName],
) -> tuple[Hold, ...]:
    """What holds distributions back, by the freezes."""
    from openstack_requirements.constraints import changes
    from openstack_requirements.constraints.states import ConstraintsState

    state = ConstraintsState.from_constraints(entries, never=never)
    state = state.made_from(freezes)
    _warn_of(
        state.not_in_freezes(),
        "not as in the freezes, which do not say what holds them",
    )
    if not options.index:
        return changes.between(state, state).held
    from openstack_requirements.install import newest

    with _console.interruptible():
        versions = newest.versions(state, options.timeout, _console.warn)
    return changes.between(state, state, versions).held


def _warn_of(pins: Sequence[str], what: str) -> None:
    if not pins:
        return
    named = ", ".join(sorted(pins)[:SHOWN])
    more = f" and {len(pins) - SHOWN} more" if len(pins) > SHOWN else ""
    _console.warn(f"{counted(len(pins), 'pin')} {what}: {named}{more}")
