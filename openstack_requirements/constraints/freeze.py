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
"""A freeze: what one interpreter installed; and many freezes as constraints.

A freeze is data. It has a JSON form, so that it can be made on one machine and
merged on another, and so that explaining and comparing constraints needs
neither network nor environments. Nothing here opens a file.

Constraints are computed in three steps, each a function: :func:`clone` copies
freezes to Pythons that are not at hand, :func:`merge` computes the lines, and
:func:`prove` shows from the lines' own text that they select, for each
environment, exactly what was installed there.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from openstack_requirements.errors import (
    ProofFailed,
    RequirementsError,
    UnusableInput,
)
from openstack_requirements.output import json_text
from openstack_requirements.pep508 import limits, markers, python_versions
from openstack_requirements.pep508.requirement import (
    CanonicalName,
    Requirement,
    canonical_name,
    parse_line,
)
from openstack_requirements.pep508.specifiers import (
    LONG_NUMBER,
    long_number,
    parse_version,
)
from openstack_requirements.pep508.text import is_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from packaging.version import Version

#: The version of the JSON form; raised when an older reader would go wrong.
FORMAT = 1
#: What an installer needs for itself, so that it is in no result.
INSTALLER_NEEDS = frozenset(
    map(canonical_name, ("pip", "setuptools", "wheel", "distribute"))
)

#: How lines tell interpreters apart: one line each, or one for neighbours.
MarkerStyle = Literal["exact", "range"]
MARKER_STYLES: tuple[MarkerStyle, ...] = get_args(MarkerStyle)
#: The orders of a constraints file.
Order = Literal["hash", "name"]
ORDERS: tuple[Order, ...] = get_args(Order)

_PYTHON_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}\Z")


class FreezeError(RequirementsError):
    """Freezes that cannot be merged."""


class Distribution(NamedTuple):
    """One installed distribution, from its own metadata (PEP 566, 639).

    ``requires`` holds ``Requires-Dist`` as written; ``license`` is the free
    text field, ``license_expression`` the SPDX one. ``described`` is false
    where only name and version are known, the name in canonical form.
    """

    name: str
    version: str
    requires: tuple[str, ...] = ()
    requires_python: str = ""
    license_expression: str = ""
    license: str = ""
    classifiers: tuple[str, ...] = ()
    described: bool = True


class Kept(NamedTuple):
    """A distribution that failed, and what became of it.

    ``failed`` is the version that failed, where it is known; ``version`` the
    earlier pin that stands instead, empty where the distribution is left
    out; ``installed`` whether that earlier version could be installed.
    """

    name: str
    failed: str
    version: str
    installed: bool
    reason: str

    def __str__(self) -> str:
        which = f"{self.name} {self.failed}".strip()
        if not self.version:
            fate = "it is left out"
        elif self.installed:
            fate = f"it is held at {self.version}"
        else:
            fate = f"it keeps its pin {self.version}, which is not tested"
        return f"{which}: {self.reason}; {fate}"


class Configuration(NamedTuple):
    """What decided, beside the list, which versions were chosen.

    ``files`` are the configuration files of the installer that counted, each
    with those of its settings that can decide that; ``variables`` the
    installer's environment variables, ``options`` those of the command. What
    may be a secret is masked in all of them.
    """

    files: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    variables: Mapping[str, str] = MappingProxyType({})
    options: Mapping[str, str] = MappingProxyType({})


class Freeze(NamedTuple):
    """One interpreter and what was installed for it.

    ``environment`` states every variable of PEP 508; ``requested`` has the
    lines of the list; ``installer`` and ``method`` (``install`` or
    ``resolve``) say how the freeze was made. ``kept`` says what could not be
    installed: what keeps an earlier pin is among the distributions all the
    same. ``configuration`` is None in freezes of a toolkit that did not record
    it.
    """

    python_version: str
    environment: Mapping[str, str]
    distributions: tuple[Distribution, ...]
    requested: tuple[str, ...] = ()
    installer: str = ""
    method: str = "install"
    kept: tuple[Kept, ...] = ()
    configuration: Configuration | None = None

    @property
    def python_key(self) -> tuple[int, ...]:
        """The order of freezes: 3.9 before 3.10."""
        return python_versions.python_key(self.python_version)

    def by_name(self) -> dict[CanonicalName, Distribution]:
        """The distributions by canonical name.

        :raises FreezeError: where a name is there in two versions.
        """
        result: dict[CanonicalName, Distribution] = {}
        for each in sorted(self.distributions):
            name = canonical_name(each.name)
            other = result.setdefault(name, each)
            if other.version != each.version:
                raise FreezeError(
                    f"Python {self.python_version} has two versions of "
                    f"{each.name}: {other.version} and {each.version}"
                )
        return result


class Pin(NamedTuple):
    """A line of a constraints file: one version, and where it applies."""

    name: str
    version: str
    marker: str

    def to_line(self) -> str:
        """The line, its newline included."""
        marker = f";{self.marker}" if self.marker else ""
        return f"{self.name}==={self.version}{marker}\n"


def clone(
    freezes: Sequence[Freeze], version_map: Sequence[tuple[str, str]]
) -> tuple[list[Freeze], list[str]]:
    """The freezes with copies for Pythons that are not at hand.

    :param version_map: source and target versions. They are followed in
        order, so that a target can be the source of a later one. A target
        that was frozen itself is left alone.
    :returns: the freezes, and a warning for each source that is unknown.
    """
    result = list(freezes)
    warnings = []
    frozen = {freeze.python_version for freeze in freezes}
    for source, target in version_map:
        if target in frozen:
            continue
        found = [each for each in result if each.python_version == source]
        if not found:
            warnings.append(
                f"--version-map {source}:{target}: there is no freeze of "
                f"Python {source}, so nothing is copied"
            )
            continue
        environment = {
            **found[0].environment,
            "python_version": target,
            "python_full_version": f"{target}.0",
            "implementation_version": f"{target}.0",
        }
        result.append(
            found[0]._replace(python_version=target, environment=environment)
        )
        frozen.add(target)
    return result, warnings


def merge(
    freezes: Sequence[Freeze],
    never: Collection[CanonicalName] = (),
    style: MarkerStyle = "exact",
) -> list[Pin]:
    """The pins that give each interpreter what was installed for it.

    :param never: canonical names that belong in no result.
    :returns: the pins by name, version and Python version. A name is spelled
        as the metadata on the newest Python that has it spells it.
    :raises FreezeError: where two freezes are of the same Python version, or
        one of them has a name in two versions.
    """
    ordered = sorted(freezes, key=lambda each: each.python_key)
    pythons = [freeze.python_version for freeze in ordered]
    for version in pythons:
        if pythons.count(version) > 1:
            raise FreezeError(f"there are two freezes of Python {version}")
    spelling: dict[CanonicalName, str] = {}
    found: dict[CanonicalName, dict[str, list[str]]] = {}
    for freeze in ordered:
        for name, each in freeze.by_name().items():
            if name not in never:
                if each.described or name not in spelling:
                    spelling[name] = each.name
                found.setdefault(name, {}).setdefault(each.version, []).append(
                    freeze.python_version
                )
    return [
        Pin(spelling[name], version, marker)
        for name in sorted(found)
        for version in sorted(found[name], key=version_key)
        for marker in _markers(found[name][version], pythons, style)
    ]


def pins_for(
    requirements: Iterable[Requirement], environment: Mapping[str, str]
) -> dict[CanonicalName, str]:
    """The versions that a constraints file pins in one environment.

    Lines that are no exact pins (``===``, ``==``) say nothing. Where two
    apply, the first counts.
    """
    result: dict[CanonicalName, str] = {}
    for each in requirements:
        if each.pin is not None and applies(each, environment):
            result.setdefault(canonical_name(each.package), each.pin)
    return result


def respell(
    freezes: Iterable[Freeze], spelling: Mapping[CanonicalName, str]
) -> list[Freeze]:
    """The freezes with other spellings where metadata gave none."""
    return [
        freeze._replace(
            distributions=tuple(
                each
                if each.described
                else each._replace(
                    name=spelling.get(canonical_name(each.name), each.name)
                )
                for each in freeze.distributions
            )
        )
        for freeze in freezes
    ]


def _markers(
    wanted: Sequence[str], pythons: Sequence[str], style: MarkerStyle
) -> list[str]:
    if len(wanted) == len(pythons):
        return [""]
    if style == "exact":
        return [f"python_version=='{version}'" for version in wanted]
    return [
        python_versions.selecting(run, pythons)
        for run in python_versions.runs(wanted, pythons)
    ]


@lru_cache(maxsize=8192)
def version_key(version: str) -> tuple[bool, Version | str]:
    """The order of versions (PEP 440): 9.0 before 10.0.

    What is no version comes last, as text: very old Pythons admit it.
    """
    parsed = parse_version(version)
    return (True, version) if parsed is None else (False, parsed)


def order_key(line: str) -> str:
    """The order of constraint files: the SHA-1 of the name as written.

    Related packages end up far apart, so that simultaneous one-line changes
    seldom meet in a merge. Lines of one name keep their order.
    """
    name = line.partition("=")[0]
    return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()


def to_content(pins: Iterable[Pin], order: Order = "hash") -> str:
    """The text of a constraints file."""
    lines = [pin.to_line() for pin in pins]
    if order == "hash":
        lines.sort(key=order_key)
    else:
        lines.sort(key=lambda line: canonical_name(line.partition("=")[0]))
    return "".join(lines)


def prove(
    content: str,
    freezes: Iterable[Freeze],
    never: Collection[CanonicalName] = (),
) -> None:
    """Show that the constraints select what was installed, and nothing else.

    The text is read back and its markers are evaluated for each freeze's own
    environment, which is stated in full: the proof is the same on every
    machine. Every distribution that was installed there
    and is not in ``never`` has exactly one line that applies, with its
    version; every other name has none.

    :raises ProofFailed: with the counter-examples.
    """
    lines: dict[CanonicalName, list[Requirement]] = {}
    for line in content.splitlines():
        requirement = parse_line(line)
        name = canonical_name(requirement.package)
        lines.setdefault(name, []).append(requirement)
    examples = []
    for freeze in freezes:
        installed = {
            name: each.version
            for name, each in freeze.by_name().items()
            if name not in never
        }
        for name in sorted({*installed, *lines}):
            expected = [f"==={installed[name]}"] if name in installed else []
            actual = [
                requirement.specifiers
                for requirement in lines.get(name, ())
                if applies(requirement, freeze.environment)
            ]
            if actual != expected:
                examples.append(
                    f"for Python {freeze.python_version}, {name} is pinned "
                    f"to {' and '.join(actual) or 'nothing'}, but "
                    f"{' and '.join(expected) or 'nothing'} was installed"
                )
    if examples:
        raise ProofFailed(examples)


def applies(requirement: Requirement, environment: Mapping[str, str]) -> bool:
    """Whether a requirement's marker selects an environment.

    :raises BadMarker: where the marker has no meaning, or compares a variable
        that the environment does not state.
    """
    return not requirement.markers or markers.evaluate(
        requirement.markers, environment
    )


def to_json(freeze: Freeze) -> str:
    """The JSON form of a freeze: the same freeze gives the same bytes.

    It is kept and handed on, so URLs lose the secrets in them.
    """
    distributions = sorted(
        freeze.distributions,
        key=lambda each: (canonical_name(each.name), each),
    )
    made_with: dict[str, Any] = {}
    if freeze.configuration is not None:
        made_with["configuration"] = {
            # The order of files says which counts more.
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
            **made_with,
            "environment": dict(sorted(freeze.environment.items())),
            "requested": list(freeze.requested),
            "kept": [each._asdict() for each in freeze.kept],
            "distributions": [each._asdict() for each in distributions],
        },
        ascii_only=False,
    )


def from_json(text: str, source: str) -> Freeze:
    """The freeze that a JSON text holds.

    :param source: the name of the file, for errors.
    :raises UnusableInput: where the text is no freeze, with what is wrong.
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
    except _Misshapen as error:
        raise UnusableInput(source, f"not a freeze: {error}") from error


class _Misshapen(Exception):
    """What is wrong with a freeze's JSON form."""


def _require_characters(data: object) -> None:
    r"""Refuse text that has half a character (``\ud800``): no file can.

    :raises _Misshapen: with the text.
    """
    left = [data]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += [*value, *value.values()]
        elif isinstance(value, list):
            left += value
        elif isinstance(value, str) and re.search("[\ud800-\udfff]", value):
            raise _Misshapen(
                f"{value[:60]!a} has a lone surrogate, which is no character"
            )


def _freeze(data: object) -> Freeze:
    if not isinstance(data, dict):
        raise _Misshapen("it is not an object")
    if data.get("format") != FORMAT:
        raise _Misshapen(
            f"its format is {data.get('format')!r}, not {FORMAT}; it was "
            "written by another version of this toolkit"
        )
    python_version = _text(data, "python_version")
    if not _PYTHON_VERSION.match(python_version):
        raise _Misshapen(f"python_version is {python_version!r}")
    environment = data.get("environment")
    if not isinstance(environment, dict) or not all(
        isinstance(value, str) for value in environment.values()
    ):
        raise _Misshapen("environment is not an object of strings")
    if environment.get("python_version") != python_version:
        raise _Misshapen("python_version and environment do not agree")
    missing = [name for name in markers.VARIABLES if name not in environment]
    if missing:
        raise _Misshapen(
            f"its environment does not state {', '.join(missing)}"
        )
    distributions = data.get("distributions")
    if not isinstance(distributions, list):
        raise _Misshapen("distributions is not a list")
    kept = data.get("kept", [])
    if not isinstance(kept, list):
        raise _Misshapen("kept is not a list")
    return Freeze(
        python_version,
        environment,
        tuple(_distribution(each) for each in distributions),
        _texts(data, "requested"),
        _text(data, "installer", ""),
        _text(data, "method", "install"),
        tuple(_kept(each) for each in kept),
        _configuration(data.get("configuration")),
    )


def _configuration(data: object) -> Configuration | None:
    if data is None:
        return None
    if not isinstance(data, dict):
        raise _Misshapen("configuration is not an object")
    files = data.get("files", {})
    if not isinstance(files, dict):
        raise _Misshapen("files is not an object")
    return Configuration(
        {path: _strings(settings, path) for path, settings in files.items()},
        _strings(data.get("variables", {}), "variables"),
        _strings(data.get("options", {}), "options"),
    )


def _strings(data: object, name: str) -> Mapping[str, str]:
    if not isinstance(data, dict) or not all(
        isinstance(value, str) for value in data.values()
    ):
        raise _Misshapen(f"{name} is not an object of strings")
    return data


def _kept(data: object) -> Kept:
    if not isinstance(data, dict):
        raise _Misshapen("an entry of kept is not an object")
    return Kept(
        _text(data, "name"),
        _text(data, "failed", ""),
        _text(data, "version", ""),
        installed=data.get("installed") is True,
        reason=_text(data, "reason", ""),
    )


def _distribution(data: object) -> Distribution:
    if not isinstance(data, dict):
        raise _Misshapen("a distribution is not an object")
    name, version = _text(data, "name"), _text(data, "version")
    # They become a line of a constraints file: one name, one version.
    if not is_name(name):
        raise _Misshapen(f"{name!r} is not the name of a distribution")
    if not re.fullmatch(r"[^\s;,#]+", version):
        raise _Misshapen(f"{version!r} is not a version (of {name})")
    if len(version) > limits.LONGEST_VERSION:
        raise _Misshapen(f"the version of {name} is too long")
    if long_number(version) is not None:
        raise _Misshapen(f"the version of {name} has {LONG_NUMBER}")
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


def _text(
    data: Mapping[str, Any], key: str, default: str | None = None
) -> str:
    value = data.get(key, default)
    if not isinstance(value, str):
        raise _Misshapen(f"{key} is not a string")
    return value


def _texts(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(
        isinstance(each, str) for each in value
    ):
        raise _Misshapen(f"{key} is not a list of strings")
    return tuple(value)
