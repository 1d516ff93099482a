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
"""What options mean that several commands have.

An option has one meaning. The help of a command starts with it, and may say
more about what that is for this command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping


class Meaning(NamedTuple):
    """What an option takes, and what it means.

    :param metavar: the name of its value; None for a flag, or for one of a
        few choices.
    :param text: the start of its help.
    """

    metavar: str | None
    text: str


class _Shown(TypedDict):
    """What the help shows of an option that takes a value."""

    metavar: str | None
    help: str


#: The options that several commands have, by the name that they have now.
MEANINGS: Mapping[str, Meaning] = {
    "--all": Meaning(None, "leave nothing out"),
    "--allow-missing": Meaning(
        None,
        "with --keep-going: exit with 0, not 3",
    ),
    "--before": Meaning(
        "DATE",
        "the index as it stood at the start of DATE",
    ),
    "--bisect": Meaning(
        "CMD",
        "when the upgrades do not work together, find the culprits",
    ),
    "--blacklist": Meaning("FILE", "the never-constrain list"),
    "--branch": Meaning("BRANCH", "the branch"),
    "--cache-dir": Meaning("DIR", "keep in DIR what the next run can use"),
    "--check": Meaning(
        None, "end with status 1 where something changes or would change"
    ),
    "--clone": Meaning("URL-TEMPLATE", "where git reaches a project"),
    "--denylist": Meaning("FILE", "the never-constrain list"),
    "--diff": Meaning(None, "show the changes"),
    "--environment": Meaning("PATH", "a virtualenv or an interpreter"),
    "--explain": Meaning("RULE", "say why a rule is there"),
    "--for-python": Meaning("PYTHON", "the Python that versions are for"),
    "--forge": Meaning(None, "where changes are reviewed"),
    "--forge-url": Meaning("URL", "the address of the forge"),
    "--format": Meaning(None, "how to write the result"),
    "--freeze-dir": Meaning(
        "DIR",
        "also write what each interpreter installed",
    ),
    "--freezes": Meaning(
        "PATH",
        "freezes that generate-constraints has written, or folders of them",
    ),
    "--hacking": Meaning(None, "also update hacking"),
    "--holds": Meaning("FILE", "the hold ledger"),
    "--installer": Meaning(
        None,
        "auto is uv, and pip for interpreters that uv cannot use",
    ),
    "--jobs": Meaning("N", "how much to do at once"),
    "--keep-going": Meaning(
        None,
        "what cannot be built or installed keeps its pin of "
        "--previous, or is left out",
    ),
    "--keep-pythons": Meaning(
        None,
        "lines of --previous whose marker selects only Pythons that "
        "this run was not asked for stay as they are",
    ),
    "--lock-timeout": Meaning("SECONDS", "how long to wait"),
    "--markers": Meaning(
        None,
        "one line for each interpreter where they differ, or one for "
        "each range of neighbouring versions",
    ),
    "--newest": Meaning(
        None, "look up the newest versions in the package index, with uv"
    ),
    "--no-holds": Meaning(None, "read no hold ledger"),
    "--no-install": Meaning(
        None,
        "only resolve",
    ),
    "--output": Meaning("FILE", "where to write the result"),
    "--policy": Meaning(None, "which rules decide"),
    "--previous": Meaning(
        "FILE",
        "keep the pins of these constraints wherever they still resolve",
    ),
    "--project": Meaning(
        "DIR",
        "a project",
    ),
    "--project-config": Meaning(
        "DIR",
        "let uv also read DIR/uv.toml",
    ),
    "--projects": Meaning("FILE", "the projects that FILE lists"),
    "--push": Meaning(
        None,
        "propose, update and close; otherwise nothing is changed, and the "
        "report says what would be done",
    ),
    "--python": Meaning("PYTHON", "an interpreter to install for"),
    "--quiet": Meaning(None, "show no progress"),
    "--reqs": Meaning("DIR", "the requirements repository"),
    "--requirements": Meaning(
        "FILE",
        "the list to install",
    ),
    "--root": Meaning("DIR", "a folder with checkouts of projects"),
    "--soft": Meaning(None, "keep packages that the global list lacks"),
    "--sort": Meaning(
        None,
        "hash: simultaneous changes rarely touch neighbouring lines; "
        "name: for people",
    ),
    "--timeout": Meaning("SECONDS", "how long one request"),
    "--topic": Meaning(
        "TOPIC", "the word that proposals of this kind have in common"
    ),
    "--upgrade": Meaning(
        None,
        "let everything move",
    ),
    "--upgrade-package": Meaning(
        "NAME",
        "let NAME move to its newest version all the same",
    ),
    "--upper-constraints": Meaning("FILE", "the constraints"),
    "--verbose": Meaning(None, "say more on stderr"),
    "--verify": Meaning(
        None,
        "install once more under the new constraints",
    ),
    "--version-map": Meaning(
        "FROM:TO",
        "copy what FROM (3.11) installs to TO (3.14), an interpreter "
        "that is not available",
    ),
}


def help_of(option: str, more: str = "") -> str:
    """The help of an option that several commands have.

    :param more: what goes behind its meaning.
    """
    return f"{MEANINGS[option].text}{more}"


def shown(option: str, more: str = "") -> _Shown:
    """The same, with the name of the option's value."""
    return {
        "metavar": MEANINGS[option].metavar,
        "help": help_of(option, more),
    }
