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
"""The request that the options of generate-constraints make.

:mod:`._generate_options` says which options there are; this module refuses
those that contradict each other.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.cmds import _console, _lists
from openstack_requirements.cmds._generate_options import parser
from openstack_requirements.errors import ConflictingOptions
from openstack_requirements.repository.settings import Settings
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.cmds.report.render_changes import Format
    from openstack_requirements.repository.generation import Request

# Options without a default that the help could show.
_UNSET = dict.fromkeys(
    (
        "python",
        "requirements",
        "reqs",
        "from_freezes",
        "version_map",
        "installer",
        "timeout",
        "cache_dir",
        "project_config",
        "never",
        "holds",
        "output",
        "previous",
        "upgrade_package",
        "before",
        "bisect",
        "freeze_dir",
        "diff",
        "propose",
    )
)
# Options that only matter for an installation.
_INSTALLING = (
    "python",
    "requirements",
    "freeze_dir",
    "no_install",
    "cache_dir",
    "project_config",
    "upgrade_package",
    "upgrade",
    "before",
    "keep_going",
    "bisect",
    "verify",
    "propose",
)
# Options that have no meaning without another option.
_NEEDED = {
    "upgrade_package": "previous",
    "upgrade": "previous",
    "bisect": "previous",
    "keep_pythons": "previous",
    "allow_missing": "keep_going",
}
_EXCLUSIVE = (
    ("upgrade", "upgrade_package"),
    ("no_install", "verify"),
    ("no_install", "cache_dir"),
    ("no_install", "bisect"),
    ("propose", "upgrade"),
    ("propose", "upgrade_package"),
    ("propose", "bisect"),
    ("propose", "previous"),
    ("propose", "version_map"),
    ("holds", "no_holds"),
)


class Options(NamedTuple):
    """The generation to run, and what to do with its result.

    :param diff: the format in which to show the changes.
    :param allow_missing: packages that cannot be installed are no failure.
    :param quiet: show no progress.
    """

    request: Request
    diff: Format
    allow_missing: bool
    quiet: bool


def parse(argv: Sequence[str] | None) -> Options:
    """Parse the command line.

    :raises ConflictingOptions: for options that contradict each other, or
        that lack another option.
    """
    return options_in(parser().parse_args(argv, unset()))


def unset() -> argparse.Namespace:
    """The values of the options that nobody gives and that have no default."""
    return argparse.Namespace(**_UNSET)


def options_in(options: argparse.Namespace) -> Options:
    """The same for a command line that is parsed already.

    :param options: what :func:`._generate_options.add_options` adds, where
        :func:`unset` was there before.
    :raises ConflictingOptions: as :func:`parse` does.
    """
    if options.output == files.STDIN:  # "-" is stdout here
        options.output = None
    _fill_in(options)
    _check(options)
    # It imports the installers, which the help does not need.
    from openstack_requirements.repository.generation import Request

    request = Request(
        pythons=options.python or (),
        requirements=options.requirements,
        freezes=options.from_freezes or (),
        version_map=options.version_map or (),
        installer=options.installer,
        resolve_only=options.no_install,
        jobs=options.jobs,
        project=options.project_config,
        timeout=options.timeout,
        cache=options.cache_dir or "",
        previous=options.previous,
        upgrade=options.upgrade,
        upgrade_packages=options.upgrade_package or (),
        before=options.before or "",
        keep_pythons=options.keep_pythons,
        keep_going=options.keep_going,
        bisect=options.bisect,
        verify=options.verify,
        never=options.never,
        holds=options.holds,
        installer_needs=options.all,
        markers=options.markers,
        sort=options.sort,
        output=options.output,
        freeze_dir=options.freeze_dir,
        compare=options.diff is not None,
        propose=options.propose,
    )
    return Options(
        request,
        options.diff or "text",
        allow_missing=options.allow_missing,
        quiet=options.quiet,
    )


def _fill_in(options: argparse.Namespace) -> None:
    """Take from the requirements repository what no option says.

    Freezes are merged as they are where nothing names a repository.
    """
    written = options.output or options.previous
    merges = options.from_freezes is not None
    if merges and options.reqs is None and written is None:
        options.installer = options.installer or "auto"
        return
    repository = _lists.located(
        options, required=options.requirements, pinned=written
    )
    settings = repository.settings
    options.installer = options.installer or settings.installer or "auto"
    if options.never is None and repository.never is not None:
        options.never = repository.never
        if not options.quiet:
            _console.say(f"never constrained: what {repository.never} lists")
    options.holds = repository.holds
    if merges:
        return
    options.python = options.python or list(settings.pythons) or None
    if options.requirements is None and (
        options.reqs is not None or settings != Settings()
    ):
        options.requirements = repository.required


def _check(options: argparse.Namespace) -> None:
    """Refuse options that contradict each other."""
    given = {
        name
        for name, value in vars(options).items()
        if value is not None and value is not False
    }
    if "from_freezes" in given:
        for name in _INSTALLING:
            if name in given:
                raise ConflictingOptions(
                    f"--from-freezes installs nothing: {_flag(name)} does "
                    "not go with it"
                )
    elif "python" not in given:
        raise ConflictingOptions(
            "name an interpreter with -p or in the settings, or freezes with "
            "--from-freezes"
        )
    elif "requirements" not in given:
        raise ConflictingOptions("name the list to install with -r")
    for name, needed in _NEEDED.items():
        if name in given and needed not in given:
            raise ConflictingOptions(f"{_flag(name)} needs {_flag(needed)}")
    for first, second in _EXCLUSIVE:
        if {first, second} <= given:
            raise ConflictingOptions(
                f"{_flag(first)} does not go with {_flag(second)}"
            )
    for name in ("diff", "propose"):
        if name in given and not {"previous", "output"} & given:
            raise ConflictingOptions(
                f"{_flag(name)} needs -o: the constraints to compare with"
            )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
