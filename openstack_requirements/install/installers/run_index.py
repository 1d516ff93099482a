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
"""One package index for all steps of a run.

pip and uv have a configuration each, and some commands start both. What one of
them is told of indexes counts for both: uv's configuration where it names any,
or else pip's; the other way round where pip is the installer that a person
chose. So an index that is named in one place only is asked in all steps, and
no step asks the public index in its place.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

from openstack_requirements.install.installers import (
    configuration,
    pip_settings,
)
from openstack_requirements.output import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.system.children import Children

# Whom uv trusts, where a person says it.
_TRUST = (
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
)
_TRUE = frozenset(("1", "true", "t", "yes", "y", "on"))


class IndexSources(NamedTuple):
    """Where an installer is told to look for distributions.

    :param default: the address of the package index; empty where it is the
        installer's own.
    :param extra: the addresses of further indexes.
    :param find_links: folders, files and pages of links.
    :param no_index: whether only ``find_links`` count.
    """

    default: str = ""
    extra: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False

    def same_as(self, sources: IndexSources) -> bool:
        """Whether both name the same places, whoever asks there."""
        return self._comparable() == sources._comparable()

    def _comparable(self) -> tuple[object, ...]:
        if self.no_index:
            return (set(map(_bare, self.find_links)),)
        return (
            _bare(self.default),
            set(map(_bare, self.extra)),
            set(map(_bare, self.find_links)),
        )

    def __str__(self) -> str:
        """For a person, without passwords."""
        places = [self.default or "its own default index", *self.extra]
        if self.no_index:
            places = ["no index"]
        return masked(", ".join([*places, *self.find_links]))


class Choice(NamedTuple):
    """What counts in a run.

    :param sources: for all steps.
    :param tool: whose configuration that is, ``uv`` or ``pip``.
    :param warning: what the other one is told, where that differs; or empty.
    """

    sources: IndexSources
    tool: str
    warning: str = ""


def choose(uv: IndexSources, pip: IndexSources, preferred: str) -> Choice:
    """What counts for uv and pip.

    :param preferred: whose configuration wins where both name indexes.
    """
    sources = {"uv": uv, "pip": pip}
    second = "pip" if preferred == "uv" else "uv"
    named = [tool for tool in (preferred, second) if any(sources[tool])]
    if not named:
        return Choice(IndexSources(), preferred)
    tool = named[0]
    chosen = sources[tool]
    rest = sources[second]
    if tool == preferred and not (chosen.default or chosen.no_index):
        # Nothing that one of them is told becomes the public index.
        chosen = chosen._replace(default=rest.default, no_index=rest.no_index)
    if len(named) < 2 or chosen.same_as(rest):
        return Choice(chosen, tool)
    return Choice(
        chosen,
        tool,
        f"{preferred} and {second} are configured for different indexes; "
        f"{preferred}'s count in all steps: {chosen} "
        f"({second} is told: {rest})",
    )


def settle(
    children: Children,
    warn: Callable[[str], object] | None = None,
    preferred: str = "uv",
    project: str = "",
) -> None:
    """Let uv and pip ask the same indexes in a job.

    :param warn: is told where their configurations differ; None where that
        was said before.
    :param preferred: ``pip`` where that is the installer a person chose.
    :param project: a folder whose configuration of uv counts too, or empty.
    :raises UnusableInput: where a configuration cannot be read.
    :raises OutsideError: where pip does not say where its index is.
    """
    uv = sources_of_uv(children, project)
    pip = sources_of_pip(children)
    choice = choose(uv, pip, preferred)
    if choice.warning and warn is not None:
        warn(choice.warning)
    if not uv.same_as(choice.sources):
        told = uv if choice.tool == "uv" else None
        children.give(_for_uv(children, choice.sources, told))
        if told is None and any(uv):
            # Of the indexes in uv's files nothing else keeps it away.
            children.give(
                {"UV_NO_CONFIG": "1", "UV_CONFIG_FILE": "", "UV_INDEX": ""}
            )
    elif pip.same_as(choice.sources):
        children.give(_reached(children, project))
    if not pip.same_as(choice.sources):
        children.give(_for_pip(children, choice.sources))


def of_freezes(freezes: Sequence[Freeze]) -> str:
    """Whose configuration wins for constraints: that of who installed them.

    :returns: ``pip`` where pip made all the freezes, or else ``uv``.
    """
    installers = [freeze.installer.partition(" ")[0] for freeze in freezes]
    return "pip" if {*installers} == {"pip"} else "uv"


def sources_of_pip(children: Children) -> IndexSources:
    """What pip is told, by its variables and its files."""

    def setting(option: str) -> str:
        return configuration.pip_setting(children, option)

    return IndexSources(
        setting("index-url"),
        tuple(setting("extra-index-url").split()),
        tuple(setting("find-links").split()),
        setting("no-index").lower() in _TRUE,
    )


def sources_of_uv(children: Children, project: str = "") -> IndexSources:
    """What uv is told, by its variables and its files.

    Indexes that only packages may use which name them (``explicit``) are left
    out, as a list names none.

    :raises UnusableInput: where a file cannot be read.
    """
    variable = children.variable
    defaults = [variable("UV_DEFAULT_INDEX"), variable("UV_INDEX_URL")]
    extra = [*variable("UV_INDEX").split()]
    extra += variable("UV_EXTRA_INDEX_URL").split()
    links = variable("UV_FIND_LINKS").split(",")
    no_index = False
    for path in configuration.uv_files(os.environ, variable, project):
        settings = configuration.uv_settings(path)
        pip = settings.get("pip")
        for table in (pip if isinstance(pip, dict) else {}, settings):
            named = [
                index
                for index in _list(table.get("index"))
                if isinstance(index, dict) and not index.get("explicit")
            ]
            for index in named:
                address = _with_account(index, variable)
                (defaults if index.get("default") else extra).append(address)
            defaults.append(str(table.get("index-url") or ""))
            extra += map(str, _list(table.get("extra-index-url")))
            links += [
                _from(path, str(link))
                for link in _list(table.get("find-links"))
            ]
            no_index = no_index or table.get("no-index") is True
    return IndexSources(
        next(filter(None, map(_unnamed, defaults)), ""),
        tuple(dict.fromkeys(filter(None, map(_unnamed, extra)))),
        tuple(dict.fromkeys(filter(None, links))),
        no_index,
    )


def _for_uv(
    children: Children, sources: IndexSources, told: IndexSources | None
) -> dict[str, str]:
    """The variables that make uv ask where pip does.

    uv has no variable for ``no-index``, so it gets an index without anything.

    :param told: what uv is told itself and keeps, but for its default index;
        None where pip's configuration takes the place of all of it.
    """
    default = sources.default
    if sources.no_index:
        default = f"file://{children.empty}"
    given = {"UV_DEFAULT_INDEX": default}
    if told is None:
        extra = () if sources.no_index else sources.extra
        given["UV_INDEX_URL"] = ""
        given["UV_EXTRA_INDEX_URL"] = " ".join(extra)
        given["UV_FIND_LINKS"] = ",".join(sources.find_links)
        if extra and not children.variable("UV_INDEX_STRATEGY"):
            # To pip all indexes are equal; uv would stop at the first.
            given["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    # How that index is reached is a part of where it is.
    given.update(_reached(children))
    return given


def _reached(children: Children, project: str = "") -> dict[str, str]:
    """The variables that make uv trust whom pip trusts.

    pip alone reads what a machine is told of certificates in its files. What
    uv is told counts first.

    :param project: a folder whose configuration of uv counts too, or empty.
    """
    variable = children.variable
    if any(variable(name) for name in _TRUST) or any(
        configuration.uv_settings(path).get(name) is not None
        for path in configuration.uv_files(os.environ, variable, project)
        for name in ("native-tls", "system-certs")
    ):
        bundles = {"SSL_CERT_FILE": ""}
    else:
        bundles = {
            "SSL_CERT_FILE": configuration.pip_setting(children, "cert")
            or variable("REQUESTS_CA_BUNDLE")
            or variable("CURL_CA_BUNDLE")
        }
    given = {
        **bundles,
        "SSL_CLIENT_CERT": configuration.pip_setting(children, "client-cert"),
        "UV_INSECURE_HOST": configuration.pip_setting(
            children, "trusted-host"
        ),
    }
    return {
        name: value
        for name, value in given.items()
        if value and not variable(name)
    }


def _for_pip(children: Children, sources: IndexSources) -> dict[str, str]:
    """The variables that make pip ask where uv does.

    pip takes an empty variable for none and goes on to its files. So what is
    empty gets a value that adds nothing.
    """
    default = sources.default or pip_settings.default_index(children)
    given = {
        "PIP_INDEX_URL": default,
        "PIP_NO_INDEX": "1" if sources.no_index else "0",
    }
    for name, option, values, nothing in (
        ("PIP_EXTRA_INDEX_URL", "extra-index-url", sources.extra, default),
        ("PIP_FIND_LINKS", "find-links", sources.find_links, children.empty),
    ):
        if values or configuration.pip_setting(children, option):
            given[name] = " ".join(values) or nothing
    certificate = children.variable("SSL_CERT_FILE")
    if certificate and not configuration.pip_setting(children, "cert"):
        given["PIP_CERT"] = certificate
    return given


def _with_account(
    index: Mapping[str, Any], variable: Callable[[str], str]
) -> str:
    """The address of an index of uv, with the account that it has."""
    address = str(index.get("url") or "")
    name = re.sub(r"\W", "_", str(index.get("name") or "")).upper()
    user = variable(f"UV_INDEX_{name}_USERNAME") if name else ""
    password = variable(f"UV_INDEX_{name}_PASSWORD") if name else ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    if not (user or password) or "@" in parts.netloc:
        return address
    account = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{account}@{parts.netloc}"))


def _unnamed(index: str) -> str:
    """The address of an index that may have a name before it."""
    name, equals, address = index.partition("=")
    named = equals and not set(name) & {"/", ":", "?"}
    return address if named else index


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _from(path: str, link: str) -> str:
    """A link of a configuration file; a path is relative to the file."""
    if "://" in link:
        return link
    return os.path.join(os.path.dirname(path), os.path.expanduser(link))


def _bare(address: str) -> str:
    """An address without its account and the slash at its end."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    netloc = parts.netloc.rpartition("@")[2]
    path = parts.path.rstrip("/")
    return urlunsplit(parts._replace(netloc=netloc, path=path))
