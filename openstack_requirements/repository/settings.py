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
"""What a requirements repository says about itself in its pyproject.toml.

The table ``[tool.openstack_requirements]`` holds what every run of a command
would otherwise be told by options: the policy, the interpreters, the names of
the lists. An option wins over it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements.errors import BadContent, BadLine
from openstack_requirements.manifests import toml
from openstack_requirements.pep508.text import split_lines, without_bom
from openstack_requirements.repository import policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from openstack_requirements.manifests.toml_positions import Position

FILE = "pyproject.toml"
#: The name of the table below ``tool``.
TABLE = "openstack_requirements"
#: How many days of grace there can be for expired holds.
MOST_GRACE = 366


class Settings(NamedTuple):
    """The settings of a repository; each is empty where it says nothing.

    Paths of files and folders are those that a command can open: relative
    ones start at the folder of the file, and ``~`` is a home.

    :param policy: ``classic`` or ``current``.
    :param pythons: the interpreters that the constraints are for.
    :param global_requirements: the path of the global list.
    :param upper_constraints: the path of the constraints.
    :param never_constrain: the path of the never-constrain list.
    :param holds: the path of the hold ledger.
    :param hold_grace: how many days after its last day a hold is only a
        warning; None where that is not said.
    :param projects: the path of the list of projects.
    :param checkouts: the folder that has the checkouts of the projects.
    :param build_backend: the build backend that projects must have.
    :param installer: ``auto``, ``uv`` or ``pip``.
    """

    policy: str = ""
    pythons: tuple[str, ...] = ()
    global_requirements: str = ""
    upper_constraints: str = ""
    never_constrain: str = ""
    projects: str = ""
    checkouts: str = ""
    build_backend: str = ""
    installer: str = ""
    holds: str = ""
    hold_grace: int | None = None


def parse(content: str, source: str) -> Settings:
    """The settings in the text of a ``pyproject.toml``.

    :param source: the path of the file, for errors and relative paths.
    :raises BadLine: where it is not TOML.
    :raises BadContent: with all that is wrong with single settings: an
        unknown name, a value of another type, an empty or unknown value.
    """
    content = without_bom(content)
    if TABLE not in content:
        # So that a repository without settings needs no TOML reader, which is
        # slow to import.
        return Settings()
    document = toml.load(content, source)
    table = toml.table_at(document.table, "tool", TABLE)
    errors = []
    values: dict[str, Any] = {}
    for key, value in table.items():
        problem = _problem(key, value)
        if problem:
            place = document.positions.get(("tool", TABLE, key), (1, 1))
            errors.append(_error(problem, place, content, source))
        else:
            values[key.replace("-", "_")] = _converted(key, value, source)
    if errors:
        raise BadContent(errors)
    return Settings(**values)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _text(value: object) -> str:
    return "" if _is_text(value) else "is a text that is not empty"


def _choice(*choices: str) -> Callable[[object], str]:
    """What requires a value to be one of these."""

    def problem(value: object) -> str:
        return "" if value in choices else f"is one of {', '.join(choices)}"

    return problem


def _texts(value: object) -> str:
    if isinstance(value, list) and value and all(map(_is_text, value)):
        return ""
    return "is an array of texts that are not empty"


def _days(value: object) -> str:
    if type(value) is int and 0 <= value <= MOST_GRACE:
        return ""
    return f"is a number of days from 0 to {MOST_GRACE}"


#: What is wrong with the value of each setting, if anything.
_SETTINGS: Mapping[str, Callable[[object], str]] = {
    "policy": _choice(*policy.NAMES),
    "pythons": _texts,
    "global-requirements": _text,
    "upper-constraints": _text,
    "never-constrain": _text,
    "holds": _text,
    "hold-grace": _days,
    "projects": _text,
    "checkouts": _text,
    "build-backend": _text,
    "installer": _choice("auto", "uv", "pip"),
}
_PATHS = {
    "global-requirements",
    "upper-constraints",
    "never-constrain",
    "holds",
    "projects",
    "checkouts",
}


def _problem(key: str, value: object) -> str:
    """What is wrong with a setting, or nothing."""
    check = _SETTINGS.get(key)
    if check is not None:
        problem = check(value)
        return f"{key} {problem}" if problem else ""
    import difflib  # for mistakes only

    near = difflib.get_close_matches(key.replace("_", "-"), _SETTINGS, 1)
    names = ", ".join(_SETTINGS)
    hint = f"did you mean {near[0]}?" if near else f"there are {names}"
    return f"there is no setting {key}; {hint}"


def _converted(key: str, value: Any, source: str) -> object:
    """A value as it stands in the settings."""
    if key in _PATHS:
        return os.path.join(os.path.dirname(source), os.path.expanduser(value))
    return tuple(value) if isinstance(value, list) else value


def _error(
    problem: str, place: Position, content: str, source: str
) -> BadLine:
    number, column = place
    line = list(split_lines(content))[number - 1]
    return BadLine(problem, line, source=source, number=number, column=column)
