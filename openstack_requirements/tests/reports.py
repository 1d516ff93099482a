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
"""Verdicts with all that is awkward in them, and how each format shows them.

``python -m openstack_requirements.tests.reports`` writes the reports anew,
for somebody who has changed a format and then reads the difference.
"""

from __future__ import annotations

from pathlib import Path
from unittest import mock

from openstack_requirements.checks.findings import Finding, Waived, verdict
from openstack_requirements.cmds.report import FORMATS

GOLDEN = Path(__file__).resolve().parent / "golden-reports"
COMMAND = "check-requirements"

_UNKNOWN = Finding(
    "unknown-requirement",
    "error",
    "left-pad is not in global-requirements.txt",
    "nova/requirements.txt",
    5,
    1,
    "left-pad",
    text="left-pad>=1.3  # MIT",
    hint="remove it, or first propose left-pad for global-requirements.txt",
)
_HOSTILE = Finding(
    "unreviewed-line",
    "error",
    "nobody: 100%, \"quoted\" 'text' <b>&amp;]]></b>\r\n::error::x ##[error]y "
    "\x1b[31m \x00 \x85 \u2028 \u202e \ud800 \u00fc\u4e2d\U0001f600 [a](b)",
    "./nova/a b,c:d%\n\udcff/\u00fc.txt",
    7,
    3,
    "Foo\x07[bar]",
    "do\nthis: 50%, ::warning::z",
    "  -e ./x\t# \u2029",
)
_NOWHERE = Finding("build-system", "error", "there is no pyproject.toml")
_WARNING = Finding(
    "obsolete-file",
    "warning",
    "tools/pip-requires is a name that tools no longer look for",
    "/srv/nova/tools/pip-requires",
)
_ODD = Finding("of-another-tool", "error", "is odd", "nova/setup.cfg", None, 4)

VERDICTS = [
    verdict(
        "openstack/nova, 100%\n\x1b[31m",
        [
            _UNKNOWN,
            _UNKNOWN._replace(line=9),
            _HOSTILE,
            _NOWHERE,
            _WARNING,
            _ODD,
        ],
        [
            Waived(_UNKNOWN._replace(line=11), "known; until\n2027-01-31"),
            Waived(
                _UNKNOWN._replace(
                    package="waived", text="waived", hint=None, column=None
                ),
                "upstream, 50%: <see>",
            ),
        ],
    ),
    verdict("openstack/cinder"),
]


def render(name: str) -> str:
    """The report in a format, as version 1.2.3 makes it."""
    with mock.patch("importlib.metadata.version", return_value="1.2.3"):
        return FORMATS[name](COMMAND, VERDICTS)


if __name__ == "__main__":
    for each in FORMATS:
        path = GOLDEN / f"report.{each}"
        path.write_bytes(render(each).encode())
