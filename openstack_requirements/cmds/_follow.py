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
"""How projects follow a list: what several commands do the same way."""

from __future__ import annotations

import datetime
import os
from typing import TYPE_CHECKING

from openstack_requirements.cmds import _options

if TYPE_CHECKING:
    import argparse

    from openstack_requirements.checks.verdicts import CheckRequest
    from openstack_requirements.repository import lists, update


def add_options(parser: argparse._ActionsContainer) -> None:
    """Add what becomes of packages that follow no list, or another one."""
    parser.add_argument(
        "-s",
        "--soft",
        "--soft-update",
        action="store_true",
        help=_options.help_of(
            "--soft",
            "; otherwise they are an error, or with NON_STANDARD_REQS=1 in "
            "the environment dropped with a warning",
        ),
    )
    parser.add_argument(
        "-H",
        "--hacking",
        action="store_true",
        help=_options.help_of("--hacking"),
    )


def unknown(options: argparse.Namespace) -> update.Unknown:
    """What to do with packages that the global list lacks."""
    if options.soft:
        return "keep"
    dropped = os.environ.get("NON_STANDARD_REQS") == "1"
    return "drop" if dropped else "refuse"


def gate(loaded: lists.Lists) -> CheckRequest:
    """What says which changes are due."""
    # Judging imports what an update does not need.
    from openstack_requirements.checks import loader, verdicts

    return verdicts.CheckRequest(
        loader.criteria_of(loaded),
        "master",
        local=True,
        revision="",
        today=datetime.datetime.now(datetime.timezone.utc).date(),
        names={},
    )
