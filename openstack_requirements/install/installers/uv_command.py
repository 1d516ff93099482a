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
"""How uv is started: its options and variables, whatever it is asked."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

from openstack_requirements.errors import OutsideError
from openstack_requirements.install.installers import (
    configuration,
    uv_failures,
)
from openstack_requirements.system.children import search_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from openstack_requirements.install.failures import Reason
    from openstack_requirements.system.children import Children

#: The oldest Python that uv works with.
OLDEST = (3, 6)
#: How many requests several uv may have under way together. One has 50 by
#: default; an index may let three times as many wait for seconds.
REQUESTS = 36


class UvCommand:
    """uv, with the options and variables of every run.

    :param timeout: how long a request to the index may take, in seconds.
    :param share: how many uv are at work at once.
    :param project: a folder whose configuration counts too, or empty.
    """

    def __init__(
        self,
        children: Children,
        timeout: int | None,
        share: int = 1,
        project: str = "",
    ) -> None:
        self._children = children
        self._project = os.path.abspath(project) if project else ""
        self._command = [_executable()]
        if project:
            configuration.project_file(project)
            # uv looks for configuration there, but runs where it is.
            self._command += ["--project", self._project]
        self._environment = {
            # No other interpreter than the one that is named.
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_PROGRESS": "1",
            # Up to 0.11 names and URLs are broken across lines without it.
            "UV_NO_WRAP": "1",
            # Several of them wait for one to build what they all need, which
            # may take longer than the five minutes that they have for it.
            "UV_LOCK_TIMEOUT": os.environ.get("UV_LOCK_TIMEOUT", "7200"),
        }
        if share > 1:
            # uv takes the whole machine for itself. Several of them would
            # stand in each other's way: at the locks of the file system,
            # and at an index that does not like so many requests at once.
            cores = max(1, (os.cpu_count() or 1) // share)
            for name, value in (
                ("UV_CONCURRENT_INSTALLS", cores),
                ("UV_CONCURRENT_BUILDS", cores),
                ("UV_CONCURRENT_DOWNLOADS", max(8, REQUESTS // share)),
            ):
                if name not in os.environ:
                    self._environment[name] = str(value)
        if timeout is not None:
            self._environment["UV_HTTP_TIMEOUT"] = str(timeout)

    def reason(self, output: str) -> Reason:
        """What uv's output says of a failure."""
        return uv_failures.explain(output)

    def _run(
        self, *words: str, on_line: Callable[[str], None] | None = None
    ) -> str:
        """Run uv; what it prints.

        :raises CommandFailed: where it fails.
        """
        return self._children.run(
            [*self._command, *words],
            environment=self._environment,
            on_line=on_line,
        )


def default_index(children: Children) -> str:
    """The index that uv asks where nobody names one.

    uv alone knows it, and only its help says it.

    :raises OutsideError: where it does not.
    """
    text = children.run([_executable(), "pip", "compile", "--help"])
    match = re.search(r"by\s+default:\s+<(https?://[^\s>]+)>", text)
    if match is None:
        raise OutsideError("uv: does not say where its index is")
    return match[1]


def _executable() -> str:
    """The uv that was installed with this package, or the one on PATH."""
    import uv  # costs a start-up that other commands lack

    try:
        return str(uv.find_uv_bin())
    except FileNotFoundError:
        path = shutil.which("uv", path=search_path(os.environ))
        if path is None:
            raise OutsideError("uv: is not installed here") from None
        return path
