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
"""The options and the report of all commands that judge."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from openstack_requirements.checks import findings
from openstack_requirements.cmds import _console, _options
from openstack_requirements.cmds.report import FORMATS, as_text
from openstack_requirements.errors import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.checks.findings import Verdict


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the report."""
    group = parser.add_argument_group("the report")
    group.add_argument(
        "--format",
        choices=list(FORMATS),
        default=next(iter(FORMATS)),
        help=_options.help_of(
            "--format",
            ": text for people, json for programs, github for annotations in "
            "a workflow, sarif and junit for dashboards",
        ),
    )
    group.add_argument(
        "-o",
        "--output",
        default=argparse.SUPPRESS,
        **_options.shown("--output", " (default: stdout)"),
    )
    group.add_argument(
        "--explain",
        metavar="RULE",
        action=_Explain,
        default=argparse.SUPPRESS,
        help="say why a rule is there and how to satisfy it, and exit",
    )


class _Explain(argparse.Action):
    """Prints the texts of a rule and exits; nothing is judged."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        _namespace: object,
        value: object,
        _option: object = None,
    ) -> None:
        from openstack_requirements.cmds.report import explain

        _console.write(explain.render(str(value)))
        parser.exit()


def report(
    command: str, options: argparse.Namespace, verdicts: Sequence[Verdict]
) -> int:
    """Write the report as the options say; return the exit status."""
    path = getattr(options, "output", None)
    text = FORMATS[options.format](
        command,
        verdicts,
        colours=path is None and _console.shows_colours(sys.stdout),
    )
    _console.write_to(path, text)
    if path is not None:
        # Silence on the terminal would look like success.
        summary = as_text.summary(verdicts)
        if path == "-" or getattr(options, "quiet", False):
            _console.say(summary)
        else:
            _console.say_written(path, summary)
    return FINDINGS if findings.counts(verdicts).errors else 0
