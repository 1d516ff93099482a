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
"""The tables of poetry in pyproject.toml, as core metadata would say them.

Poetry has a constraint language of its own (``^1.2``, ``~1.2``), which becomes
specifiers here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from openstack_requirements.manifests.core_metadata import (
    Metadata,
    MetadataRequirement,
)
from openstack_requirements.manifests.pyproject import FILE as PYPROJECT
from openstack_requirements.manifests.toml import strings, table_at
from openstack_requirements.pep508 import limits
from openstack_requirements.pep508.versions import long_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def read_poetry(poetry: Mapping[str, Any]) -> Metadata:
    """The metadata in ``[tool.poetry]``.

    Dependency groups are optional requirements without an extra.
    """
    result: list[MetadataRequirement] = []
    python = ""
    for name, value in table_at(poetry, "dependencies").items():
        if name.lower() == "python":
            python = "".join(map(_specifiers, strings(value)))
        else:
            result += _requirements(name, value)
    groups = {"dev": table_at(poetry, "dev-dependencies")}
    for group in table_at(poetry, "group"):
        groups[group] = table_at(poetry, "group", group, "dependencies")
    for table in groups.values():
        for name, value in table.items():
            result += [
                requirement._replace(optional=True)
                for requirement in _requirements(name, value)
            ]
    return Metadata(
        tuple(result),
        requires_python=python,
        name="".join(strings(poetry.get("name"))),
    )


def _requirements(name: str, value: object) -> Iterator[MetadataRequirement]:
    """The requirements that a key of a dependency table stands for.

    A list has several, one for each set of environments.
    """
    if isinstance(value, list):
        for item in value:
            yield from _requirements(name, item)
        return
    table = value if isinstance(value, dict) else {"version": value}
    extras = ",".join(strings(table.get("extras")))
    text = f"{name}[{extras}]" if extras else name
    url = table.get("git") or table.get("url")
    if isinstance(url, str):
        text += f" @ {url} "
    else:
        text += _specifiers(str(table.get("version", "*")))
    markers = strings(table.get("markers"))
    for python in strings(table.get("python")):
        clauses = _specifiers(python)
        for operator, version in re.findall(r"([<>=!~]+)([^,]+)", clauses):
            variable = (
                "python_full_version"
                if version.count(".") > 1
                else "python_version"
            )
            markers.append(f"{variable} {operator} '{version}'")
    if markers:
        text += f";{' and '.join(f'({marker})' for marker in markers)}"
    yield MetadataRequirement(
        PYPROJECT, text, "", table.get("optional") is True
    )


def _specifiers(text: str) -> str:
    """A version constraint of poetry as specifiers (PEP 440).

    What specifiers cannot say (``||``) stays as it is: reading it as a
    requirement reports it.
    """
    if len(text) > limits.LONGEST_LINE or long_number(text) is not None:
        return f" {text}"
    clauses = []
    # Runs of blanks become single ones first: a pattern that matches runs
    # takes quadratic time.
    single = " ".join(text.split())
    for part in re.split(r" ?, ?|(?<=[\w*]) (?=[<>=!~^])", single):
        match = re.fullmatch(r"(\^|~(?!=)|[<>=!~]=|[<>]|=)?\s*(\S+)", part)
        if match is None:
            return f" {text}"
        operator, version = match[1] or "=", match[2]
        release = re.match(r"\d+(?:\.\d+)*", version)
        if operator in {"^", "~"} and release:
            parts = release[0].split(".")
            if max(map(len, parts)) > limits.MOST_DIGITS:
                return f" {text}"
            numbers = [int(number) for number in parts]
            clauses += [f">={version}", f"<{_upper_bound(operator, numbers)}"]
        elif version != "*":
            clauses.append(f"{'==' if operator == '=' else operator}{version}")
    return ",".join(clauses)


def _upper_bound(operator: str, numbers: list[int]) -> str:
    """The upper bound of ``^1.2.3`` or ``~1.2.3``, itself excluded."""
    if operator == "~":
        keep = min(2, len(numbers))
    else:
        # The first number that is not 0 must not change.
        nonzero = [index for index, number in enumerate(numbers) if number]
        keep = (nonzero[0] if nonzero else len(numbers) - 1) + 1
    kept = numbers[:keep]
    return ".".join(map(str, (*kept[:-1], kept[-1] + 1)))
