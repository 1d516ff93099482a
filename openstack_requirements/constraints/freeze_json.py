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
"""The JSON form of a freeze.

Freezes are made on one machine and merged on another. A freeze comes from
anywhere, so reading one checks everything that the toolkit relies on.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from openstack_requirements.constraints.freeze import (
    Configuration,
    Distribution,
    Freeze,
    Kept,
)
from openstack_requirements.errors import UnusableInput
from openstack_requirements.output import json_text
from openstack_requirements.pep508 import limits, markers
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.text import is_name
from openstack_requirements.pep508.versions import LONG_NUMBER, long_number

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The version of the JSON form; raised when an older reader would go wrong.
FORMAT = 1
_PYTHON_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}\Z")


def to_json(freeze: Freeze) -> str:
    """The JSON form of a freeze: the same freeze gives the same bytes.

    Secrets in URLs are masked, as freezes are archived and handed on.
    """
    distributions = sorted(
        freeze.distributions,
        key=lambda installed: (canonical_name(installed.name), installed),
    )
    recorded: dict[str, Any] = {}
    if freeze.configuration is not None:
        recorded["configuration"] = {
            # Files keep their order, which is that of precedence.
            "files": dict(freeze.configuration.files),
            "variables": dict(sorted(freeze.configuration.variables.items())),
            "options": dict(sorted(freeze.configuration.options.items())),
        }
    return json_text(
        {
            "format": FORMAT,
            "python_version": freeze.python_version,
            "installer": freeze.installer,
            "method": freeze.method,
            **recorded,
            "environment": dict(sorted(freeze.environment.items())),
            "requested": list(freeze.requested),
            "kept": [kept._asdict() for kept in freeze.kept],
            "distributions": [
                distribution._asdict() for distribution in distributions
            ],
        },
        ascii_only=False,
    )


def from_json(text: str, source: str) -> Freeze:
    """The freeze that a JSON text holds.

    :param source: the name of the file, for errors.
    :raises UnusableInput: where the text is not a freeze, with the reason.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        line = (
            f"{source}:{error.lineno}" if hasattr(error, "lineno") else source
        )
        raise UnusableInput(line, f"not JSON ({error})") from error
    except RecursionError as error:
        raise UnusableInput(
            source, "not a freeze (nested too deep)"
        ) from error
    try:
        if re.search(r"(?i)\\ud[89a-f]", text):
            _require_characters(data)
        return _freeze(data)
    except _BadForm as error:
        raise UnusableInput(source, f"not a freeze: {error}") from error


class _BadForm(Exception):
    """What is wrong with the JSON form of a freeze."""


def _require_characters(data: object) -> None:
    r"""Refuse a lone surrogate (``\ud800``), which no file can hold.

    :raises _BadForm: with the text.
    """
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and re.search("[\ud800-\udfff]", value):
            raise _BadForm(
                f"{value[:60]!a} has a lone surrogate, which is no character"
            )


def _freeze(data: object) -> Freeze:
    if not isinstance(data, dict):
        raise _BadForm("it is not an object")
    if "format" not in data:
        raise _BadForm(
            "it has no format; freezes are what generate-constraints writes "
            "with --freeze-dir, and what pip freeze prints is named as "
            "VERSION:FILE (--from-freezes 3.12:freeze.txt)"
        )
    if data["format"] != FORMAT:
        raise _BadForm(
            f"its format is {data['format']!r}, not {FORMAT}; it was "
            "written by another version of this toolkit"
        )
    python_version = _text(data, "python_version")
    if not _PYTHON_VERSION.match(python_version):
        raise _BadForm(f"python_version is {python_version!r}")
    environment = data.get("environment")
    if not isinstance(environment, dict) or not all(
        isinstance(value, str) for value in environment.values()
    ):
        raise _BadForm("environment is not an object of strings")
    if environment.get("python_version") != python_version:
        raise _BadForm("python_version and environment do not agree")
    missing = [name for name in markers.VARIABLES if name not in environment]
    if missing:
        raise _BadForm(f"its environment does not state {', '.join(missing)}")
    distributions = data.get("distributions")
    if not isinstance(distributions, list):
        raise _BadForm("distributions is not a list")
    kept = data.get("kept", [])
    if not isinstance(kept, list):
        raise _BadForm("kept is not a list")
    return Freeze(
        python_version,
        environment,
        tuple(map(_distribution, distributions)),
        _texts(data, "requested"),
        _text(data, "installer", ""),
        _text(data, "method", "install"),
        tuple(map(_kept, kept)),
        _configuration(data.get("configuration")),
    )


def _configuration(data: object) -> Configuration | None:
    if data is None:
        return None
    if not isinstance(data, dict):
        raise _BadForm("configuration is not an object")
    files = data.get("files", {})
    if not isinstance(files, dict):
        raise _BadForm("files is not an object")
    return Configuration(
        {path: _strings(settings, path) for path, settings in files.items()},
        _strings(data.get("variables", {}), "variables"),
        _strings(data.get("options", {}), "options"),
    )


def _kept(data: object) -> Kept:
    if not isinstance(data, dict):
        raise _BadForm("an entry of kept is not an object")
    return Kept(
        _text(data, "name"),
        _text(data, "failed", ""),
        _text(data, "version", ""),
        installed=data.get("installed") is True,
        reason=_text(data, "reason", ""),
    )


def _distribution(data: object) -> Distribution:
    if not isinstance(data, dict):
        raise _BadForm("a distribution is not an object")
    name, version = _text(data, "name"), _text(data, "version")
    # These become a line of a constraints file: a name and a version.
    if not is_name(name):
        raise _BadForm(f"{name!r} is not the name of a distribution")
    if not re.fullmatch(r"[^\s;,#]+", version):
        raise _BadForm(f"{version!r} is not a version (of {name})")
    if len(version) > limits.LONGEST_VERSION:
        raise _BadForm(f"the version of {name} is too long")
    if long_number(version) is not None:
        raise _BadForm(f"the version of {name} has {LONG_NUMBER}")
    return Distribution(
        name,
        version,
        _texts(data, "requires"),
        _text(data, "requires_python", ""),
        _text(data, "license_expression", ""),
        _text(data, "license", ""),
        _texts(data, "classifiers"),
        described=data.get("described", True) is not False,
    )


def _strings(data: object, name: str) -> Mapping[str, str]:
    """The data as an object of strings.

    :param name: what to call it in an error.
    """
    if not isinstance(data, dict) or not all(
        isinstance(value, str) for value in data.values()
    ):
        raise _BadForm(f"{name} is not an object of strings")
    return data


def _text(
    data: Mapping[str, Any], key: str, default: str | None = None
) -> str:
    """The string of a key; the default where the key is missing."""
    value = data.get(key, default)
    if not isinstance(value, str):
        raise _BadForm(f"{key} is not a string")
    return value


def _texts(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The list of strings of a key; empty where the key is missing."""
    value = data.get(key, [])
    if not isinstance(value, list) or not all(
        isinstance(text, str) for text in value
    ):
        raise _BadForm(f"{key} is not a list of strings")
    return tuple(value)
