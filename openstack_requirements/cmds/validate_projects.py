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

import argparse
import os
from typing import TYPE_CHECKING

from openstack_requirements.checks import findings, zuul, zuul_loader
from openstack_requirements.cmds import _console, _judge, _lists, _options
from openstack_requirements.errors import ConflictingOptions, UnusableInput
from openstack_requirements.output import counted
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
        description="Judge whether projects run the requirements check.",
        epilog="exit status: 0 nothing is wrong; 1 there are findings; 2 "
        "wrong usage or unusable input; 3 the URL cannot be fetched, or the "
        "disk failed.",
    )
    result.add_argument(
        "projects",
        metavar="PROJECTS",
        nargs="?",
        default=argparse.SUPPRESS,
        help="the list of repositories, one org/name per line (default: that "
        "of the settings)",
    )
    _lists.add_reqs_option(result)
    result.add_argument(
        "--zuul-projects",
        metavar="FILE|URL",
        action="append",
        default=argparse.SUPPRESS,
        help="the central project configuration, a YAML file or its URL; "
        f"repeat for several (default: {_DEFAULT}, which need not be there "
        "with --root)",
    )
    result.add_argument(
        "--root",
        nargs="?",
        const="",
        default=argparse.SUPPRESS,
        **_options.shown(
            "--root",
            ", as DIR/org/name or DIR/name, whose own Zuul files count too; "
            "without DIR, checkouts of the settings",
        ),
    )
    result.add_argument(
        "--template",
        metavar="NAME",
        action="append",
        default=[],
        help="another template that runs the check; repeat for several "
        f"(known: {', '.join(sorted(zuul.TEMPLATES))})",
    )
    result.add_argument(
        "--job",
        metavar="NAME",
        action="append",
        default=[],
        help="another job that runs the check; repeat for several (known: "
        f"{', '.join(sorted(zuul.JOBS))})",
    )
    _judge.add_report_options(result)
    return result


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv)
    _fill_in(options)
    repositories = [
        zuul.Repository(name, options.projects, number)
        for number, name in lists.projects(options.projects)
    ]
    if not repositories:
        raise UnusableInput(
            options.projects, "names no repository: there is nothing to judge"
        )
    sources, central = _central(options)
    checkouts = zuul_loader.Checkouts({}, frozenset(), {})
    if hasattr(options, "root"):
        checkouts = zuul_loader.read_all(
            options.root, [repository.name for repository in repositories]
        )
        sources.append("its own Zuul files")
    templates = zuul.TEMPLATES.union(options.template)
    names = zuul.CheckNames(templates, zuul.JOBS.union(options.job))
    subject = zuul.Projects(
        repositories,
        zuul.running(central, checkouts.own, names),
        " or ".join(sources),
        checkouts.missing,
        checkouts.unusable,
    )
    return _judge.report(
        NAME,
        options,
        [
            findings.verdict(
                counted(len(repositories), "repository", "repositories")
                + f" in {options.projects}",
                zuul.judge(subject),
            )
        ],
    )


def _fill_in(options: argparse.Namespace) -> None:
    """Take from the settings what the options leave to them.

    :raises ConflictingOptions: where the settings do not say it.
    """
    root = getattr(options, "root", None)
    if hasattr(options, "projects") and root != "":
        return
    settings = lists.configured(getattr(options, "reqs", ""))
    if not hasattr(options, "projects"):
        if not settings.projects:
            raise ConflictingOptions("name the list of projects")
        options.projects = settings.projects
    if root == "":
        if not settings.checkouts:
            raise ConflictingOptions("name the checkouts: --root DIR")
        options.root = settings.checkouts


def _central(
    options: argparse.Namespace,
) -> tuple[list[str], list[zuul.ZuulFile]]:
    """The names of the central configurations, and what they say."""
    sources = list(getattr(options, "zuul_projects", []))
    if not sources and os.path.exists(_DEFAULT):
        sources.append(_DEFAULT)
    elif not sources and not hasattr(options, "root"):
        raise UnusableInput(
            _DEFAULT,
            "does not exist; name another file with --zuul-projects, or "
            "checkouts with --root",
        )
    return sources, [zuul.read(_text(source), source) for source in sources]


def _text(source: str) -> str:
    """The text of a project configuration, from a file or a URL."""
    if fetch.is_url(source):
        with _console.interruptible():
            return fetch.text(source)
    return files.read_text(source, files.LARGEST_DATA)
