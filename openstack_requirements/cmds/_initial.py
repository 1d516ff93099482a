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
"""``bootstrap-requirements --init``: its options, and what it writes."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from openstack_requirements.bootstrap.repository_files import SYSTEMS
from openstack_requirements.cmds import _console
from openstack_requirements.errors import (
    FINDINGS,
    ConflictingOptions,
    UnusableInput,
)
from openstack_requirements.system import new_folder

if TYPE_CHECKING:
    from openstack_requirements.bootstrap.initial import InitialRepository
    from openstack_requirements.bootstrap.survey import SurveyRequest
    from openstack_requirements.cmds.progress import Progress

_NAME = "openstack_requirements"
#: What there are jobs for where no option says.
_SYSTEMS = ("github", "gitlab")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a whole repository."""
    group = parser.add_argument_group("a whole repository")
    group.add_argument(
        "--init",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="write a requirements repository to DIR, a new folder: the list, "
        "constraints for each PYTHON, settings, tox.ini, jobs and a README",
    )
    group.add_argument(
        "--ci",
        metavar="SYSTEM",
        choices=SYSTEMS,
        action="append",
        default=argparse.SUPPRESS,
        help="with --init: what to write jobs for, "
        f"{', '.join(SYSTEMS)}; repeat for several (default: "
        f"{' and '.join(_SYSTEMS)})",
    )
    group.add_argument(
        "--toolkit",
        metavar="REQUIREMENT",
        default=argparse.SUPPRESS,
        help="with --init: what pip installs in the jobs to have the toolkit "
        "(default: from where this one was installed, if that is a URL of "
        f"git; else {_NAME})",
    )


def check(options: argparse.Namespace) -> None:
    """Refuse now what could not be written after the work.

    :raises ConflictingOptions: for options that contradict each other.
    :raises UnusableInput: for a folder that is not new, or cannot be made.
    """
    if options.init is None:
        for name in ("ci", "toolkit"):
            if getattr(options, name) is not None:
                raise ConflictingOptions(f"--{name} needs --init")
        return
    if options.output is not None:
        raise ConflictingOptions("--init does not go with -o")
    toolkit = options.toolkit
    if toolkit is not None and (
        not toolkit.strip() or not toolkit.isprintable()
    ):
        raise UnusableInput("--toolkit", "is not a line for pip")
    new_folder.require_writable(options.init)


class _Shown:
    """Shows the work on stderr; a ``generation.Listener``."""

    def __init__(self, shown: Progress) -> None:
        self.phase = shown.phase
        self.note = _console.say
        self.warn = _console.warn


def make(
    options: argparse.Namespace,
    survey: SurveyRequest,
    content: str,
    shown: Progress,
) -> InitialRepository | None:
    """The repository for a list, where that is asked.

    :raises RequirementsError: where the list cannot be installed.
    """
    if options.init is None:
        return None
    from openstack_requirements.bootstrap import initial
    from openstack_requirements.system import files

    never = "" if options.never is None else files.read_text(options.never)
    toolkit = options.toolkit or _installed_from()
    if toolkit is None:
        toolkit = _NAME
        _console.warn(
            f"the jobs install {_NAME} from the package index; name what pip "
            "installs there with --toolkit, or in tool-requirements.txt"
        )
    request = initial.InitialRequest(
        survey.pythons,
        survey.policy,
        never,
        toolkit,
        options.ci or _SYSTEMS,
        options.timeout,
    )
    return initial.make(request, content, _Shown(shown))


def write(folder: str, repository: InitialRepository, *, quiet: bool) -> int:
    """Write a repository, and say what is there; return the exit status."""
    new_folder.write(folder, repository.files)
    for finding in repository.findings:
        _console.warn(
            f"{finding.file}:{finding.line}: {finding.message} "
            f"[{finding.rule}]"
        )
    if not quiet:
        _console.say_written(folder, ", ".join(repository.files))
    return FINDINGS if repository.findings else 0


def _installed_from() -> str | None:
    """The revision of git that this toolkit was installed from (PEP 610).

    :returns: None where it was not, or nobody wrote it down.
    """
    import importlib.metadata

    distribution = importlib.metadata.distribution(_NAME)
    text = distribution.read_text("direct_url.json")
    origin = json.loads(text) if text else {}
    revision = origin.get("vcs_info")
    if not revision or revision.get("vcs") != "git":
        return None
    return f"{_NAME} @ git+{origin['url']}@{revision['commit_id']}"
