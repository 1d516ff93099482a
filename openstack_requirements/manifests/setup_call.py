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
"""The requirements that the call of ``setup()`` in a setup.py states.

The file is parsed, never run. What is not a literal there is
:class:`~openstack_requirements.manifests.literals.Computed`.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from openstack_requirements.manifests import setup_py
from openstack_requirements.manifests.core_metadata import (
    Metadata,
    MetadataRequirement,
)
from openstack_requirements.manifests.literals import (
    Computed,
    Literals,
    constants,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_call(text: str) -> Metadata:
    """The metadata that the call of ``setup()`` in a setup.py states.

    :raises Computed: where only running it would tell.
    :raises ValueError: where it cannot be parsed, see
        :func:`~openstack_requirements.manifests.setup_py.parse`.
    """
    tree = setup_py.parse(text)
    call = _setup_call(tree)
    literals = Literals(constants(tree, call))
    arguments: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise Computed
        arguments[keyword.arg] = keyword.value

    def value_of(name: str) -> Any:
        return literals.value(arguments[name]) if name in arguments else None

    def text_of(name: str) -> str:
        try:
            value = value_of(name)
        except Computed:
            return ""
        return value if isinstance(value, str) else ""

    name, python = text_of("name"), text_of("python_requires")
    if value_of("pbr"):
        return Metadata(name=name)
    place = f"{setup_py.FILE}:{call.lineno}"
    requirements = [
        MetadataRequirement(place, line)
        for line in _lines(value_of("install_requires"))
    ]
    requirements += _of_extras(value_of("extras_require"), place)
    return Metadata(tuple(requirements), requires_python=python, name=name)


def _setup_call(tree: ast.Module) -> ast.Call:
    """The only call of something named ``setup``.

    :raises Computed: where there are several, or none.
    """
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and "setup"
        in {getattr(node.func, "id", ""), getattr(node.func, "attr", "")}
    ]
    if len(calls) != 1:
        raise Computed
    return calls[0]


def _of_extras(extras: object, place: str) -> Iterator[MetadataRequirement]:
    """The requirements of ``extras_require``."""
    extras = extras or {}
    if not isinstance(extras, dict):
        raise Computed
    for key, value in extras.items():
        # setuptools takes "name:marker" for an extra with a marker.
        extra, _, marker = str(key).partition(":")
        for line in _lines(value):
            text = f"{line};{marker}" if marker else line
            yield MetadataRequirement(place, text, extra, bool(extra))


def _lines(value: object) -> list[str]:
    """Requirements as setuptools takes them: a list, or lines of text."""
    if value is None:
        return []
    if not isinstance(value, (str, list)):
        raise Computed
    texts = value if isinstance(value, list) else [value]
    lines = [
        line.strip()
        for text in texts
        if isinstance(text, str)
        for line in text.splitlines()
    ]
    return [line for line in lines if line and not line.startswith("#")]
