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
"""Which configuration of uv and pip counts, and what it says.

uv and pip read their configuration themselves. A freeze records which files
they read, and what these and the variables say of where versions come from and
which are chosen. What may be a secret is masked.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements.constraints.freeze import Configuration
from openstack_requirements.errors import CommandFailed, UnusableInput
from openstack_requirements.output import MASK, masked
from openstack_requirements.system import files
from openstack_requirements.system.children import own_module

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from openstack_requirements.system.children import Children

#: The settings that decide where versions come from and which are chosen;
#: what they are called in uv's files and, with dashes, in pip's.
DECISIVE = frozenset(
    (
        "all-releases",
        "build-constraint",
        "build-constraint-dependencies",
        "constraint",
        "constraint-dependencies",
        "dependency-metadata",
        "environments",
        "exclude-dependencies",
        "exclude-newer",
        "exclude-newer-package",
        "extra-index-url",
        "find-links",
        "fork-strategy",
        "index",
        "index-strategy",
        "index-url",
        "no-binary",
        "no-binary-package",
        "no-build",
        "no-build-package",
        "no-index",
        "no-sources",
        "no-sources-package",
        "offline",
        "only-binary",
        "only-final",
        "override-dependencies",
        "pre",
        "prefer-binary",
        "prerelease",
        "prerelease-package",
        "requirement",
        "required-environments",
        "resolution",
        "sources",
        "torch-backend",
        "uploaded-prior-to",
    )
)
# Variables that decide nothing of that, but differ from machine to machine.
_ASIDE = re.compile(
    r"(?:UV|PIP)_(?:.*CACHE.*|.*TIMEOUT|.*RETRIES|CONCURRENT_.*|.*PROGRESS.*"
    r"|LOG|LOCK_.*|LINK_MODE|NO_WRAP|NO_INPUT|QUIET|VERBOSE|NO_COLOR|COLOR"
    r"|DISABLE_PIP_VERSION_CHECK|NO_PYTHON_VERSION_WARNING|PROJECT.*"
    r"|WORKING_DIR.*|PYTHON|SYSTEM_PYTHON|TARGET|PREFIX|USER"
    r"|REQUIRE_VIRTUALENV)\Z"
)
_SECRET = re.compile(
    r"(?i)PASSWORD|PASSWD|TOKEN|SECRET|USERNAME|CREDENTIAL|_KEY|PROXY|AUTH"
)
_TRUE = frozenset(("1", "true", "t", "yes", "y", "on"))


class PipFile(NamedTuple):
    """A configuration file of pip: ``global.index-url`` and so on."""

    path: str
    settings: Mapping[str, str]


def variables(environ: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The variables of an installer that may decide what is chosen.

    :param prefix: ``UV_`` or ``PIP_``.
    """
    return {
        name: MASK if _SECRET.search(name) else _shown(value)
        for name, value in sorted(environ.items())
        if name.startswith(prefix) and value and not _ASIDE.match(name)
    }


def of_uv(children: Children, project: str) -> Configuration:
    """The configuration that uv obeys.

    :param project: the folder of a project whose configuration counts too,
        or empty.
    :raises UnusableInput: where a file cannot be read.
    """
    return Configuration(
        {
            _shown(path): _decisive(uv_settings(path))
            for path in uv_files(os.environ, children.variable, project)
        },
        variables({**os.environ, **children.told}, "UV_"),
    )


def uv_files(
    environ: Mapping[str, str], variable: Any, project: str
) -> Iterator[str]:
    """The configuration files that uv reads, the decisive first.

    :param environ: the variables of this program.
    :param variable: the value of a variable that uv gets.
    """
    if environ.get("UV_CONFIG_FILE"):
        yield variable("UV_CONFIG_FILE")
        return
    if environ.get("UV_NO_CONFIG", "").lower() in _TRUE:
        return
    if project:
        yield project_file(project)
    home = os.path.expanduser("~")
    own = environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(own):
        own = os.path.join(home, ".config")
    path = os.path.join(own, "uv", "uv.toml")
    if os.path.isfile(path):
        yield path
    folders = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    for folder in [*folders.split(os.pathsep), "/etc"]:
        path = os.path.join(folder, "uv", "uv.toml")
        if os.path.isabs(path) and os.path.isfile(path):
            yield path
            return


def project_file(folder: str) -> str:
    """The file that uv takes the configuration of a project from.

    :raises UnusableInput: where the folder itself has none, or uv would take
        another file.
    """
    option = f"--project-config {folder}"
    for name in ("UV_CONFIG_FILE", "UV_NO_CONFIG"):
        value = os.environ.get(name, "")
        if value and (name != "UV_NO_CONFIG" or value.lower() in _TRUE):
            raise UnusableInput(
                option, f"{name} is set, so that uv reads none of a project"
            )
    path = os.path.join(folder, "uv.toml")
    manifest = os.path.join(folder, "pyproject.toml")
    if not os.path.isfile(path):
        path = manifest
        if not os.path.isfile(path) or not _tool(path):
            raise UnusableInput(
                option, "has neither a uv.toml nor a [tool.uv] of its own"
            )
    # uv looks for a workspace first, from the nearest pyproject.toml on.
    above = os.path.abspath(folder)
    nearest = not os.path.isfile(manifest)
    if not nearest and "workspace" in _tool(manifest):
        return path
    while (parent := os.path.dirname(above)) != above:
        above = parent
        manifest = os.path.join(above, "pyproject.toml")
        if os.path.isfile(manifest) and (
            nearest or "workspace" in _tool(manifest)
        ):
            raise UnusableInput(
                option,
                f"uv may take the configuration in {above} in its place; "
                "name that folder",
            )
    return path


def uv_settings(path: str) -> dict[str, Any]:
    """The settings in a configuration file of uv.

    :raises UnusableInput: where it cannot be read.
    """
    if os.path.basename(path) == "pyproject.toml":
        return _tool(path)
    return _toml(path)


def _tool(path: str) -> dict[str, Any]:
    """``[tool.uv]`` of a pyproject.toml; empty without one."""
    tool = _toml(path).get("tool")
    table = tool.get("uv") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else {}


def _toml(path: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    content = files.read_text(path)
    try:
        document: dict[str, Any] = tomllib.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnusableInput(path, f"is no TOML ({error})") from error
    return document


def _decisive(settings: Mapping[str, Any]) -> dict[str, str]:
    """The decisive settings of uv, as JSON text; ``pip.`` is a table."""
    pip = settings.get("pip")
    every = {
        **settings,
        **{
            f"pip.{name}": value
            for name, value in (pip if isinstance(pip, dict) else {}).items()
        },
    }
    return {
        name: _shown(json.dumps(value, sort_keys=True, default=str))
        for name, value in sorted(every.items())
        if name.removeprefix("pip.") in DECISIVE
    }


def of_pip(children: Children, where: Sequence[str] = ()) -> Configuration:
    """The configuration that pip obeys.

    :param where: the options that name the Python that it works on.
    """
    return Configuration(
        {
            _shown(file.path): {
                name: _shown(value)
                for name, value in sorted(file.settings.items())
                if name.partition(".")[2] in DECISIVE
            }
            for file in pip_files(children, where)
        },
        variables({**os.environ, **children.told}, "PIP_"),
    )


def pip_setting(children: Children, option: str) -> str:
    """What pip is told of an option, by its variable or its files.

    As pip reads them: the variable before the files, and there what is said
    for ``install`` before what is said for all commands.

    :param option: its long name without the dashes, ``index-url``.
    """
    value = children.variable(f"PIP_{option.upper().replace('-', '_')}")
    if value:
        return value
    for section in ("install", "global"):
        for file in reversed(pip_files(children)):
            value = file.settings.get(f"{section}.{option}", "")
            if value:
                return value
    return ""


def pip_files(
    children: Children, where: Sequence[str] = ()
) -> tuple[PipFile, ...]:
    """The configuration files that pip reads, the decisive last."""
    return children.once(
        ("pip_files", *where), lambda: tuple(_pip_files(children, where))
    )


def _pip_files(children: Children, where: Sequence[str]) -> Iterator[PipFile]:
    if children.variable("PIP_CONFIG_FILE") == os.devnull:
        return  # pip reads no file then, though it lists them
    command = own_module("pip", *where, "config", "debug")
    try:
        lines = children.run(command).splitlines()
    except CommandFailed:
        return  # pip fails at its work as well, and says why
    paths: dict[str, list[str]] = {}
    level: list[str] = []
    for line in lines:
        if re.match(r"\w+:$", line):
            level = paths.setdefault(line[:-1], [])
        match = re.match(r"  (/.*), exists: True$", line)
        if match and os.path.isfile(match[1]):
            level.append(match[1])
    # In the order in which a later one counts more.
    for name in ("global", "user", "site", "env"):
        for path in paths.get(name, ()):
            yield PipFile(path, _read_pip(path))


def _read_pip(path: str) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(files.read_text(path))
    except (configparser.Error, UnusableInput):
        return {}  # pip itself refuses it
    return {
        f"{section}.{name.lower().replace('_', '-').lstrip('-')}": value
        for section in parser.sections()
        for name, value in parser.items(section)
        if value
    }


def _shown(text: str) -> str:
    """Masked, and without the name of the user's home folder."""
    home = os.path.expanduser("~")
    shown = masked(text)
    if home in ("", "/", "~"):
        return shown
    return re.sub(rf"{re.escape(home)}(?=/)", "~", shown)
