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
"""The options that say which lists a command reads.

The lists are those of one repository (``--reqs``), or are named one by one.
What the repository says about itself in its ``pyproject.toml`` counts where no
option says otherwise.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from openstack_requirements.cmds import _console, _options
from openstack_requirements.errors import ConflictingOptions
from openstack_requirements.repository import lists, policy

if TYPE_CHECKING:
    from openstack_requirements.repository.lists import RequirementsRepository


def add_reqs_option(parser: argparse._ActionsContainer, *aliases: str) -> None:
    """Add the requirements repository.

    :param aliases: older names of the option.
    """
    parser.add_argument(
        "--reqs",
        *aliases,
        default=argparse.SUPPRESS,
        **_options.shown(
            "--reqs",
            ", with its lists and its settings (default: the folder of a list "
            "that is named, or the current one)",
        ),
    )


def add_never_option(parser: argparse._ActionsContainer) -> None:
    """Add the never-constrain list."""
    _console.add_never_option(
        parser,
        "the never-constrain list (default: that of the settings, or "
        "denylist.txt or blacklist.txt beside the global list)",
    )


def add_holds_options(parser: argparse._ActionsContainer) -> None:
    """Add the hold ledger, and the option to do without it."""
    parser.add_argument(
        "--holds",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--holds",
            " (default: that of the settings, or holds.yaml beside the global "
            "list)",
        ),
    )
    parser.add_argument(
        "--no-holds",
        action="store_true",
        help=_options.help_of("--no-holds"),
    )


def add_policy_option(parser: argparse._ActionsContainer) -> None:
    """Add the option that names the policy."""
    parser.add_argument(
        "--policy",
        choices=policy.NAMES,
        default=argparse.SUPPRESS,
        help=_options.help_of(
            "--policy",
            " (default: those of the settings; else current for a repository "
            "with denylist.txt; else classic if half of the entries of the "
            "global list have a >=, and current if not)",
        ),
    )


def located(
    options: argparse.Namespace,
    *,
    required: str | None = None,
    pinned: str | None = None,
) -> RequirementsRepository:
    """Where the lists are that the options name; says what is unusual.

    :param required: the path of the global list, where one is named.
    :param pinned: that of the constraints.
    :raises ConflictingOptions: if two of them name the never-constrain list.
    :raises RequirementsError: where the settings cannot be used.
    """
    named = [
        path
        for name in ("never", "never_list")
        if (path := getattr(options, name, None)) is not None
    ]
    if len(named) > 1:
        raise ConflictingOptions(_console.NAMED_TWICE)
    ledger = getattr(options, "holds", None)
    if getattr(options, "no_holds", False):
        if ledger is not None:
            raise ConflictingOptions("--holds does not go with --no-holds")
        ledger = ""
    repository = lists.locate(
        getattr(options, "reqs", None),
        required=required,
        pinned=pinned,
        never=named[0] if named else None,
        holds=ledger,
    )
    for warning in repository.warnings:
        _console.warn(warning)
    return repository
