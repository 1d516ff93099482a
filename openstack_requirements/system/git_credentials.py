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
"""Asks git's credential helpers for a password.

They are those of the person who starts the job. No repository is asked which
helper to run, and nobody is asked for a password.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from openstack_requirements.errors import (
    CommandFailed,
    CommandTimedOut,
    OutsideError,
    TooMuchOutput,
)
from openstack_requirements.system import git_command
from openstack_requirements.system.process import Processes
from openstack_requirements.system.temporary import work_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How long the helpers may take, in seconds. One that shows a window would
#: wait for somebody who is not there.
PATIENCE = 30.0

_MOST_BYTES = 64 * 1024
_SILENT = {
    "GIT_TERMINAL_PROMPT": "0",
    # Empty is a program that is not run, and none is looked for elsewhere.
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    # The helper that git ships for several systems.
    "GCM_INTERACTIVE": "never",
    "LC_ALL": "C",
}


class Login(NamedTuple):
    """A name and its password, which no representation shows."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login(user={self.user!r}, password=...)"


def fill(url: str, environ: Mapping[str, str]) -> Login | None:
    """What the helpers know of a server; None where they know nothing.

    :param url: its address, ``https://forge.example/``.
    :param environ: the variables of the person: where the configuration of
        git is, and what the helpers need.
    """
    parts = urlsplit(url)
    question = {"protocol": parts.scheme, "host": parts.netloc}
    question["path"] = parts.path.strip("/")
    if any("\n" in value or "\0" in value for value in question.values()):
        return None
    with work_folder("credentials") as folder:
        environment: dict[str, str | None] = dict.fromkeys(
            name
            for name in os.environ
            if name.startswith("GIT_") and not git_command.KEPT.fullmatch(name)
        )
        environment.update(environ)
        environment.update(
            (name, None)
            for name in environ
            if name.startswith("GIT_") and not git_command.KEPT.fullmatch(name)
        )
        above = os.path.dirname(os.path.realpath(folder))
        environment.update(_SILENT, GIT_CEILING_DIRECTORIES=above)
        try:
            answer = Processes().read(
                ["git", "credential", "fill"],
                folder=folder,
                given=_lines(question),
                environment=environment,
                deadline=PATIENCE,
                most=_MOST_BYTES,
            )
        except (CommandFailed, CommandTimedOut, TooMuchOutput, OutsideError):
            # Its words may hold what a helper said, so they are not passed on.
            return None
    values = dict(
        line.split("=", 1)
        for line in answer.decode("utf-8", "replace").splitlines()
        if "=" in line
    )
    password = values.get("password", "")
    return Login(values.get("username", ""), password) if password else None


def _lines(question: Mapping[str, str]) -> bytes:
    rows = [f"{name}={value}\n" for name, value in question.items() if value]
    return "".join([*rows, "\n"]).encode()
