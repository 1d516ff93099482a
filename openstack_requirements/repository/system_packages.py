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
"""Which system packages are installed, as the system's own tools say.

Advice that names what is there already sends a person the wrong way. Asking
runs ``dpkg-query`` or ``rpm`` and nothing else. Names come from a file, and
are never taken for options.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openstack_requirements.errors import CommandFailed, OutsideError
from openstack_requirements.system import children
from openstack_requirements.system.process import ANSWER_DEADLINE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from openstack_requirements.system.children import Children

#: What a line of ``dpkg-query`` has for a package that is installed.
_INSTALLED = "installed"


def not_installed(
    names: Iterable[str], platforms: Collection[str]
) -> frozenset[str]:
    """Those of some system packages that are not installed.

    :param names: the packages, as a bindep file has them.
    :param platforms: the names in bindep of the system; those of its package
        format say which tool to ask.
    :returns: all of them where that cannot be asked.
    """
    asked = frozenset(names)
    known = sorted(
        name
        for name in asked
        if name.isprintable() and not name.startswith("-")
    )
    if not known or not {"dpkg", "rpm"} & set(platforms):
        return asked
    ask = _by_dpkg if "dpkg" in platforms else _by_rpm
    try:
        with children.of_job("system-packages") as started:
            return asked - ask(known, started)
    except OutsideError:
        return asked  # without that tool, or on a full disk, nothing is known


def _by_dpkg(names: Sequence[str], started: Children) -> frozenset[str]:
    """Those that Debian's database has as installed."""
    form = "${db:Status-Status} ${Package}\\n"
    output = _output(["dpkg-query", "-W", f"-f={form}", "--", *names], started)
    rows = (line.split() for line in output.splitlines())
    return frozenset(
        row[1] for row in rows if len(row) == 2 and row[0] == _INSTALLED
    )


def _by_rpm(names: Sequence[str], started: Children) -> frozenset[str]:
    """Those that a database of RPM has."""
    form = "%{NAME}\\n"
    output = _output(
        ["rpm", "-q", "--queryformat", form, "--", *names], started
    )
    # For a package that is missing it prints a sentence.
    return frozenset(output.split("\n")) & frozenset(names)


def _output(command: Sequence[str], started: Children) -> str:
    """What a tool prints; it fails where a single package is missing."""
    try:
        return started.run(command, deadline=ANSWER_DEADLINE)
    except CommandFailed as error:
        return error.output
