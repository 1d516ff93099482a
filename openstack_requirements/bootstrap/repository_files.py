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
"""The files of a new requirements repository, as text.

Lists, settings, the configuration of tox and of continuous integration, and a
README for the people who will work with them. What the commands are told is
in the settings alone (``pyproject.toml``), so that the Pythons, the policy and
the names of the lists are in one place. Nothing here opens a file.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.pep508.python_versions import python_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openstack_requirements.pep508.requirement import CanonicalName

#: The names of what is in the repository.
LIST = "global-requirements.txt"
CONSTRAINTS = "upper-constraints.txt"
NEVER = "denylist.txt"
TOOLKIT = "tool-requirements.txt"
#: What runs the toolkit where none of the Pythons can, and what can.
_TOOLKIT_PYTHON = "3.12"
_OLDEST_PYTHON = (3, 10)

_NIGHTLY = (
    f"generate-constraints --previous {CONSTRAINTS} --upgrade --keep-going "
    f"--allow-missing -o {CONSTRAINTS}"
)

_SETTINGS = """\
# What the commands are told where no option says otherwise.
[tool.openstack_requirements]
policy = "@POLICY@"
pythons = [@QUOTED_PYTHONS@]
global-requirements = "global-requirements.txt"
upper-constraints = "upper-constraints.txt"
never-constrain = "denylist.txt"
"""

_NEVER_HEAD = """\
# Names that are never constrained, each with the reason: what every project
# chooses its own version of, such as linters.
"""

_TOOLKIT_HEAD = """\
# What pip installs to have the commands: here, in tox.ini and in the jobs.
"""

_GITIGNORE = """\
.tox/
/changes.md
/message.txt
/proposed.txt
"""

_TOX = """\
[tox]
min_version = 4.0
env_list = validate
no_package = true

[testenv]
deps = -r{toxinidir}/tool-requirements.txt
pass_env =
    PIP_*
    UV_*

[testenv:validate]
# Do the lists agree with each other, and follow the policy?
commands =
    validate-constraints {posargs}

[testenv:propose]
# The pins that the change of the list since the last commit moves.
commands =
    generate-constraints -o upper-constraints.txt --propose --keep-going \
--allow-missing {posargs}

[testenv:nightly]
# Everything to its newest version. The environments stay for the next night.
commands =
    @NIGHTLY@ --cache-dir {toxworkdir}/environments --diff {posargs}
"""

_GITHUB_VALIDATE = """\
# Judges each proposed change of the lists, and installs them.
name: validate

on:
  pull_request:
  push:
    branches-ignore:
      - nightly-constraints

permissions:
  contents: read

jobs:
  validate:
    runs-on: ubuntu-latest
    timeout-minutes: 120
    steps:
      - uses: actions/checkout@v5
        with:
          persist-credentials: false

      - name: Get the Pythons
        uses: actions/setup-python@v6
        with:
          # The last one runs the toolkit.
          python-version: |
@PYTHON_LINES@

      # Where a distribution is built from source, install the system packages
      # that it needs here.
      - name: Install the toolkit
        run: python -m pip install -r tool-requirements.txt

      - name: Judge the lists
        run: validate-constraints --format github

      - name: Install the list, and show which pins would move
        run: |
          generate-constraints --previous upper-constraints.txt \\
              -o proposed.txt --diff
"""

_GITHUB_NIGHTLY = """\
# Upgrades the constraints every night, and proposes the result. To be allowed
# to do that, turn on "Allow GitHub Actions to create and approve pull
# requests" in the settings of the repository, under Actions.
name: nightly

on:
  schedule:
    - cron: "17 3 * * *"
  workflow_dispatch:

permissions:
  contents: read

jobs:
  upgrade:
    runs-on: ubuntu-latest
    timeout-minutes: 300
    steps:
      - uses: actions/checkout@v5
        with:
          persist-credentials: false

      - name: Get the Pythons
        uses: actions/setup-python@v6
        with:
          # The last one runs the toolkit.
          python-version: |
@PYTHON_LINES@

      # Where a distribution is built from source, install the system packages
      # that it needs here.
      - name: Install the toolkit
        run: python -m pip install -r tool-requirements.txt

      - name: Upgrade the constraints
        run: |
          generate-constraints --previous upper-constraints.txt --upgrade \\
              --keep-going --allow-missing -o upper-constraints.txt \\
              --diff markdown > changes.md

      # A proposal of this workflow starts no other one.
      - name: Judge the lists
        run: validate-constraints --format github

      - uses: actions/upload-artifact@v4
        with:
          name: constraints
          path: |
            upper-constraints.txt
            changes.md

  # This job may write, so it runs nothing that comes from the package index.
  propose:
    needs: upgrade
    runs-on: ubuntu-latest
    timeout-minutes: 15
    permissions:
      contents: write
      pull-requests: write
    steps:
      - uses: actions/checkout@v5

      - uses: actions/download-artifact@v5
        with:
          name: constraints

      - name: Propose the upgrade
        env:
          GH_TOKEN: ${{ github.token }}
        run: |
          if git diff --quiet -- upper-constraints.txt; then
              exit 0
          fi
          printf 'Upgrade the constraints\\n\\n' > message.txt
          cat changes.md >> message.txt
          git config user.name nightly
          git config user.email nightly@users.noreply.github.com
          git commit --quiet -F message.txt -- upper-constraints.txt
          git push --force origin HEAD:refs/heads/nightly-constraints
          # A description may have 65536 characters.
          head -c 60000 changes.md > message.txt
          gh pr create --head nightly-constraints \\
              --title "Upgrade the constraints" --body-file message.txt ||
              gh pr edit nightly-constraints --body-file message.txt
"""

_GITLAB = """\
# Judges each proposed change of the lists. The pipelines of a schedule upgrade
# the constraints and propose the result: make one under Build > Pipeline
# schedules, and give the project a masked variable NIGHTLY_TOKEN, an access
# token of the project with the scope write_repository.
default:
  image: "python:@TOOLKIT_PYTHON@"

variables:
  UV_PYTHON_BIN_DIR: /usr/local/bin

# Where a distribution is built from source, install the system packages that
# it needs here.
.toolkit:
  before_script:
    - python -m pip install -r tool-requirements.txt
@INSTALL_PYTHONS@
validate:
  extends: .toolkit
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: >-
        $CI_PIPELINE_SOURCE == "push"
        && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  script:
    - validate-constraints
    - >-
      generate-constraints --previous upper-constraints.txt
      -o proposed.txt --diff

upgrade:
  extends: .toolkit
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
  script:
    - >-
      generate-constraints --previous upper-constraints.txt --upgrade
      --keep-going --allow-missing -o upper-constraints.txt
      --diff markdown > changes.md
    - validate-constraints
  artifacts:
    expire_in: 1 week
    paths:
      - upper-constraints.txt
      - changes.md

# This job has the token, so it runs nothing that comes from the package index.
propose:
  needs:
    - upgrade
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
  script:
    - |
      if git diff --quiet -- upper-constraints.txt; then
          exit 0
      fi
      printf 'Upgrade the constraints\\n\\n' > message.txt
      cat changes.md >> message.txt
      git config user.name nightly
      git config user.email "nightly@$CI_SERVER_HOST"
      git commit --quiet -F message.txt -- upper-constraints.txt
      place="$CI_SERVER_HOST/$CI_PROJECT_PATH.git"
      git push --force -o merge_request.create \\
          -o "merge_request.target=$CI_DEFAULT_BRANCH" \\
          "https://nightly:$NIGHTLY_TOKEN@$place" \\
          HEAD:refs/heads/nightly-constraints
"""

_ZUUL = """\
# The jobs use tox.ini; their parent is that of zuul-jobs.
- job:
    name: requirements-validate
    parent: tox
    vars:
      tox_envlist: validate

- job:
    name: requirements-nightly
    parent: tox
    timeout: 18000
    vars:
      tox_envlist: nightly

- project:
    check:
      jobs:
        - requirements-validate
    gate:
      jobs:
        - requirements-validate
    periodic:
      jobs:
        - requirements-nightly
"""

_README = """\
# Requirements

What our Python projects may depend on, and which versions work together.

| File | What it is | Written by |
| --- | --- | --- |
| `global-requirements.txt` | every distribution that a project may depend \
on, with its license | people, by review |
| `upper-constraints.txt` | the exact version of each, as they work together \
on Python @PYTHONS_AND@ | `generate-constraints` |
| `denylist.txt` | names that are never constrained, each with the reason | \
people |
| `pyproject.toml` | the settings: the policy, the Pythons, the names of the \
lists | people |
| `tool-requirements.txt` | what pip installs to have the commands | people |

## The commands

    python3 -m venv .venv
    .venv/bin/pip install -r tool-requirements.txt
    . .venv/bin/activate

## In a project

Install under the constraints, in its tests and where it is deployed:

    pip install -c URL/OF/upper-constraints.txt .

Whether what a project declares agrees with the list is checked, in a checkout
of this repository, by

    check-requirements --reqs . --local PATH/TO/PROJECT

## Changing the list

1. Edit `global-requirements.txt`. Add the license as a comment. For a cap or
   an exclusion write the reason above the entry.
2. Move the pins that follow from it:

       generate-constraints -o upper-constraints.txt --propose --keep-going \
--allow-missing

3. Judge the lists:

       validate-constraints

4. Commit both files, and propose the change for review.

## Every night

New releases are taken in by a job, and reviewed like any other change:

    @NIGHTLY@ --diff

A distribution that cannot be built keeps its pin, and the job says so.
@WHERE@"""

_WHERE: Mapping[str, str] = MappingProxyType(
    {
        "github": "On GitHub the job is in `.github/workflows/nightly.yaml`.",
        "gitlab": "On GitLab it is in `.gitlab-ci.yml`, for a pipeline "
        "schedule.",
        "zuul": "In Zuul it is in `.zuul.yaml`, in the pipeline `periodic`.",
    }
)
#: The files of each system of continuous integration.
_JOBS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "github": {
            ".github/workflows/nightly.yaml": _GITHUB_NIGHTLY,
            ".github/workflows/validate.yaml": _GITHUB_VALIDATE,
        },
        "gitlab": {".gitlab-ci.yml": _GITLAB},
        "zuul": {".zuul.yaml": _ZUUL},
    }
)
#: The systems that there are files for.
SYSTEMS = ("github", "gitlab", "zuul")


class RepositoryDraft(NamedTuple):
    """What a new repository is made of.

    :param policy: the name of the policy.
    :param pythons: the versions that the constraints are for, such as
        ``3.13``, the oldest first.
    :param required: the text of the global list.
    :param pinned: the text of the constraints.
    :param never: the text of the never-constrain list.
    :param unpinned: what the list has and the constraints have not, with the
        reason: it is never constrained.
    :param toolkit: what pip installs to have the toolkit, a line of a
        requirements file.
    :param systems: what continuous integration the jobs are for, of
        :data:`SYSTEMS`.
    """

    policy: str
    pythons: Sequence[str]
    required: str
    pinned: str
    never: str
    unpinned: Mapping[CanonicalName, str]
    toolkit: str
    systems: Sequence[str]


def render(draft: RepositoryDraft) -> dict[str, str]:
    """The files of a repository, by path; the same for the same draft."""
    files = {
        ".gitignore": _GITIGNORE,
        "README.md": _README,
        "pyproject.toml": _SETTINGS,
        "tox.ini": _TOX,
    }
    for system in SYSTEMS:
        if system in draft.systems:
            files.update(_JOBS[system])
    values = _values(draft)
    for path, text in files.items():
        for name, value in values.items():
            text = text.replace(f"@{name}@", value)  # noqa: PLW2901 - all of them
        files[path] = text
    files[LIST] = draft.required
    files[CONSTRAINTS] = draft.pinned
    files[NEVER] = never_list(draft.never, draft.unpinned)
    files[TOOLKIT] = f"{_TOOLKIT_HEAD}{draft.toolkit}\n"
    return dict(sorted(files.items()))


def never_list(given: str, unpinned: Mapping[CanonicalName, str]) -> str:
    """The never-constrain list: what is given, and what has no pin."""
    text = given if given.strip() else _NEVER_HEAD
    if not text.endswith("\n"):
        text += "\n"
    return text + "".join(
        f"{name}  # {reason}\n" for name, reason in sorted(unpinned.items())
    )


def _values(draft: RepositoryDraft) -> dict[str, str]:
    """What stands in the texts for each of their placeholders."""
    toolkit = _toolkit_python(draft.pythons)
    rest = [python for python in draft.pythons if python != toolkit]
    install = f"    - uv python install {' '.join(rest)}\n" if rest else ""
    where = [_WHERE[name] for name in SYSTEMS if name in draft.systems]
    *first, last = draft.pythons
    return {
        "INSTALL_PYTHONS": install,
        "NIGHTLY": _NIGHTLY,
        "POLICY": draft.policy,
        "PYTHONS_AND": f"{', '.join(first)} and {last}" if first else last,
        "PYTHON_LINES": "\n".join(
            f"            {python}" for python in (*rest, toolkit)
        ),
        "QUOTED_PYTHONS": ", ".join(f'"{python}"' for python in draft.pythons),
        "TOOLKIT_PYTHON": toolkit,
        "WHERE": "".join(f"{sentence}\n" for sentence in where),
    }


def _toolkit_python(pythons: Sequence[str]) -> str:
    """The Python that runs the toolkit: the newest, if it is new enough."""
    newest = pythons[-1]
    suits = python_key(newest) >= _OLDEST_PYTHON
    return newest if suits else _TOOLKIT_PYTHON
