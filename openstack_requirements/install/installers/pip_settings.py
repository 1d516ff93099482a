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
"""Where pip is told to look for distributions, and how to reach that.

pip reads its configuration itself. What asks an index without pip is to look
where pip would: at the same indexes and folders, with the same certificates.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import CommandFailed, OutsideError
from openstack_requirements.install.installers.configuration import (
    pip_setting,
)
from openstack_requirements.system.children import own_module
from openstack_requirements.system.fetch import SILENCE, ClientSettings

if TYPE_CHECKING:
    from openstack_requirements.system.children import Children

#: How often a request is repeated where pip's configuration does not say it.
RETRIES = 2
_TRUE = frozenset(("1", "true", "t", "yes", "y", "on"))


class IndexSettings(NamedTuple):
    """Where distributions are, and how servers are reached.

    ``indexes`` are the addresses of package indexes, in the order in which
    they are asked, and ``find_links`` folders, files and pages of links: URLs
    or paths. They may hold passwords.
    """

    indexes: tuple[str, ...]
    find_links: tuple[str, ...]
    client: ClientSettings


def read(children: Children) -> IndexSettings:
    """What pip is told, by its variables and its files.

    :raises OutsideError: where pip does not say where its index is.
    """

    def setting(option: str) -> str:
        return pip_setting(children, option)

    indexes: list[str] = []
    if setting("no-index").lower() not in _TRUE:
        indexes = [
            setting("index-url") or default_index(children),
            *setting("extra-index-url").split(),
        ]
    return IndexSettings(
        tuple(dict.fromkeys(indexes)),
        tuple(dict.fromkeys(setting("find-links").split())),
        ClientSettings(
            certificates=setting("cert"),
            client_certificate=setting("client-cert"),
            proxy=setting("proxy"),
            trusted_hosts=frozenset(setting("trusted-host").split()),
            timeout=_number(
                setting("timeout") or setting("default-timeout"), SILENCE
            )
            or SILENCE,
            retries=int(_number(setting("retries"), RETRIES)),
        ),
    )


def default_index(children: Children) -> str:
    """The index that pip asks where nobody names one.

    pip alone knows it, and only its help says it.

    :raises OutsideError: where it does not.
    """
    try:
        text = children.run(
            own_module("pip", "install", "--help"),
            environment={"COLUMNS": "1000"},
        )
    except CommandFailed as error:
        raise OutsideError(
            f"pip: does not say where its index is ({error.output.strip()})"
        ) from error
    match = re.search(r"--index-url\b.*?\(default (https?://[^\s)]+)\)", text)
    if match is None:
        raise OutsideError(
            "pip: does not say where its index is; name one with PIP_INDEX_URL"
        )
    return match[1]


def _number(text: str, default: float) -> float:
    """A number of a configuration; the default for what is none."""
    try:
        number = float(text)
    except ValueError:
        return default
    return number if 0 <= number < 1e6 else default
