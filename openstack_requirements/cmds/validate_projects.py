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
"""validate-projects: whether the repositories run check-requirements."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from openstack_requirements.checks import findings, zuul
from openstack_requirements.cmds import _console, _judge
from openstack_requirements.errors import UnusableInput
from openstack_requirements.repository import lists
from openstack_requirements.system import fetch, files

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "validate-projects"
_DEFAULT = "zuul.d/projects.yaml"


def parser() -> _console.Parser:
    """The parser of the command line."""
    result = _console.Parser(
        prog=NAME,
        description="Judge whether every repository in projects.txt has the "
        f"template {zuul.TEMPLATE} in the Zuul project configuration. Exempt: "
        f"{', '.join(sorted(zuul.EXEMPT))}.",
        epilog="exit status: 0 nothing is wrong; 1 there are findings; 2 "
        "wrong usage or unusable input; 3 the URL cannot be fetched, or the "
        "disk failed.",
    )
    result.add_argument(
        "projects",
        metavar="PROJECTS",
        help="the list of repositories, one org/name per line",
    )
    result.add_argument(
        "--zuul-projects",
        metavar="FILE|URL",
        default=_DEFAULT,
        help="the project configuration, a YAML file or its URL",
    )
    _judge.add_report_options(result)
    return result


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv)
    repositories = [
        zuul.Repository(name, options.projects, number)
        for number, name in lists.projects(options.projects)
    ]
    source = options.zuul_projects
    tested = zuul.read(_configuration(source), source)
    problems = zuul.judge(zuul.Projects(repositories, tested, source))
    subject = f"{len(repositories)} repositories in {options.projects}"
    return _judge.report(NAME, options, [findings.verdict(subject, problems)])


def _configuration(source: str) -> str:
    """The text of the project configuration, from a file or a URL."""
    if fetch.is_url(source):
        with _console.interruptible():
            return fetch.text(source)
    if source == _DEFAULT and not os.path.exists(source):
        raise UnusableInput(
            source, "does not exist; name another file with --zuul-projects"
        )
    return files.read_text(source, files.LARGEST_DATA)
