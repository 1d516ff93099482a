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
"""Reports: a module for each format, and the table of formats.

A renderer gets the name of the command and the verdicts, and returns the
whole report. It imports slow modules when it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from openstack_requirements.cmds.report import (
    as_github,
    as_json,
    as_junit,
    as_sarif,
    as_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.checks.findings import Verdict


class Renderer(Protocol):
    """Renders verdicts; equal verdicts give equal text.

    ``colours`` says whether a terminal that has colours shows the report.
    """

    def __call__(
        self,
        command: str,
        verdicts: Sequence[Verdict],
        *,
        colours: bool = False,
    ) -> str:
        """Render the report, with all its line ends."""


#: The values of ``--format``; the first is the default.
FORMATS: dict[str, Renderer] = {
    "text": as_text.render,
    "json": as_json.render,
    "github": as_github.render,
    "sarif": as_sarif.render,
    "junit": as_junit.render,
}
