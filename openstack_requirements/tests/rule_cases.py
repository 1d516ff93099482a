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
"""A case for each rule: the smallest input of which it finds one thing.

The documentation shows what each of them prints.
"""

from __future__ import annotations

from typing import NamedTuple

from openstack_requirements.checks import (
    findings,
    judgement,
    list_lines,
    list_rules,
)
from openstack_requirements.checks.findings import Verdict
from openstack_requirements.manifests import declarations
from openstack_requirements.pep508.entries import Entry, names_in, read_entries
from openstack_requirements.repository import policy

LISTS = {
    "classic": """\
Babel>=2.3.4,!=2.4.0  # BSD
enum34>=1.0.4;python_version=='2.7'  # BSD
oslo.config>=5.1.0  # Apache-2.0
requests>=2.14.2,<2.20  # Apache-2.0
sphinx>=1.6.2,<1.7;python_version<'3'  # BSD
sphinx>=1.6.2;python_version>='3'  # BSD
""",
    "current": """\
oslo.config  # Apache-2.0
pbr  # Apache-2.0
requests!=2.31.0  # Apache-2.0
pillow<11;python_version<'3.12'  # HPND
pillow;python_version>='3.12'  # HPND
""",
}
PINS = "oslo.config===9.7.1\npbr===7.0.0\nrequests===2.32.5\n"
PBR = """\
[build-system]
requires = ["pbr>=6.1.1"]
build-backend = "pbr.build"
"""


class Project(NamedTuple):
    """A project's files, judged by a policy."""

    policy: str
    files: dict[str, str]


class Lists(NamedTuple):
    """The files of a repository under the classic policy."""

    required: str
    pinned: str
    never: str = ""


def _requirements(text: str, lower: str | None = None) -> Project:
    files = {"requirements.txt": text}
    if lower is not None:
        files["lower-constraints.txt"] = lower
    return Project("classic", files)


def _groups(text: str) -> Project:
    file = f"{PBR}\n[dependency-groups]\n{text}"
    return Project("current", {"pyproject.toml": file})


CASES: dict[str, Project | Lists] = {
    "unreviewed-line": _requirements(
        "-e git+https://git.example.org/foo#egg=foo\n"
    ),
    "unreadable-entry": _requirements("requests => 2.14.2\n"),
    "unknown-requirement": _requirements("left-pad>=1.3  # MIT\n"),
    "marker-mismatch": _requirements("enum34>=1.0.4 # BSD\n"),
    "comment-mismatch": _requirements("oslo.config>=5.1.0\n"),
    "exclusion-not-global": _requirements(
        "Babel>=2.3.4,!=2.4.0,!=2.5.1 # BSD\n"
    ),
    "no-common-version": _requirements("requests>=2.21 # Apache-2.0\n"),
    "no-lower-bound": Project(
        "current",
        {"requirements.txt": "requests!=2.31.0\n", "pyproject.toml": PBR},
    ),
    "duplicate-entry": _requirements(
        "Babel>=2.3.4,!=2.4.0 # BSD\nbabel!=2.4.0,>=2.3.4 # BSD\n"
    ),
    "entry-count": _requirements("sphinx>=1.6.2;python_version>='3' # BSD\n"),
    "lower-constraint-unreadable": _requirements("", "Babel>=2.3.4\n"),
    "lower-constraint-missing": _requirements(
        "oslo.config>=5.1.0 # Apache-2.0\n", "Babel==2.3.4\n"
    ),
    "lower-constraint-incompatible": _requirements(
        "Babel>=2.3.4,!=2.4.0 # BSD\n", "Babel==2.4.0\n"
    ),
    "lower-constraint-mismatch": _requirements(
        "oslo.config>=5.1.0 # Apache-2.0\n", "oslo.config==5.2.0\n"
    ),
    "lower-constraint-no-bound": _requirements(
        "oslo.config # Apache-2.0\n", "oslo.config==5.2.0\n"
    ),
    "obsolete-file": Project(
        "classic", {"tools/pip-requires": "oslo.config # Apache-2.0\n"}
    ),
    "build-system": Project(
        "current",
        {"pyproject.toml": PBR.replace("pbr.build", "setuptools.build_meta")},
    ),
    "unknown-group": _groups('test = [{include-group = "unit"}]\ndocs = []\n'),
    "group-cycle": _groups('test = [{include-group = "test"}]\n'),
    "unreviewed-url": Lists(
        "Babel>=2.3.4  # BSD\n",
        "Babel===2.9.1\nhttps://example.org/foo-1.0.tar.gz#egg=foo\n",
    ),
    "inexact-constraint": Lists("Babel>=2.3.4  # BSD\n", "Babel==2.9.1\n"),
    "incompatible-constraint": Lists(
        "Babel>=2.3.4,!=2.9.1  # BSD\n", "Babel===2.9.1\n"
    ),
    "overlapping-constraints": Lists(
        "Babel>=2.3.4  # BSD\n",
        "Babel===2.9.1\nBabel===2.12.0;python_version>='3.9'\n",
    ),
    "doubled-global-entry": Lists(
        "Babel>=2.3.4  # BSD\nbabel>=2.9  # BSD\n", "Babel===2.9.1\n"
    ),
    "global-bounds": Lists("Babel!=2.4.0  # BSD\n", "Babel===2.9.1\n"),
    "not-normal-form": Lists(
        "Babel!=2.4.0,>=2.3.4 # BSD\n", "Babel===2.9.1\n"
    ),
    "unconstrained-requirement": Lists(
        "Babel>=2.3.4  # BSD\nflake8>=3.0  # MIT\n", "Babel===2.9.1\n"
    ),
    "never-constrained": Lists(
        "flake8>=3.0  # MIT\n", "flake8===3.9.2\n", "flake8  # a linter\n"
    ),
}


def replaced(case: Project | Lists, old: str, new: str) -> Project | Lists:
    """The case with another text in place of one."""
    if isinstance(case, Lists):
        return Lists(*(text.replace(old, new) for text in case))
    return case._replace(
        files={
            name: text.replace(old, new) for name, text in case.files.items()
        }
    )


def judge(case: Project | Lists) -> Verdict:
    """What all the rules of the command find in a case."""
    if isinstance(case, Lists):
        listed = list_rules.JudgedLists(
            policy.CLASSIC,
            list_lines.listed("global-requirements.txt", _read(case.required)),
            list_lines.listed("upper-constraints.txt", _read(case.pinned)),
            "blacklist.txt",
            names_in(case.never),
        )
        return findings.verdict("the lists", list_rules.judge(listed))
    against = judgement.against(
        policy.CLASSIC if case.policy == "classic" else policy.CURRENT,
        "global-requirements.txt",
        _read(LISTS[case.policy]),
        constraints=[
            entry.requirement
            for entry in _read(PINS)
            if entry.requirement is not None
        ],
        build_backend="pbr.build",
    )
    declared = declarations.read(
        {
            name: text
            for name, text in case.files.items()
            if name != declarations.LOWER_CONSTRAINTS
        }
    )
    found = judgement.judge(judgement.subject(against, case.files, declared))
    return findings.verdict("project", [each.finding for each in found])


def _read(text: str) -> list[Entry]:
    return list(read_entries(text, permit_urls=True))
