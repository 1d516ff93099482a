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
"""Keeps passwords of package indexes off command lines.

All users of a machine can read the command lines of all processes. This
program writes no URL of an index on one, but pip does: for the environment in
which it builds an sdist it starts itself again, with the URLs of indexes as
options. So the URLs that pip gets have no passwords, which it finds in a netrc
file in the work folder of the job.
"""

from __future__ import annotations

import contextlib
import netrc
import os
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from openstack_requirements.install.installers.configuration import pip_setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openstack_requirements.system.children import Children

#: The options of pip that it hands over with their URLs.
OPTIONS = ("index-url", "extra-index-url", "find-links")
# What the netrc modules of all Pythons can read.
_PLAIN = re.compile(r"[^\s\"'\\#]+\Z")


class _Account(NamedTuple):
    name: str
    password: str


def for_pip(children: Children) -> dict[str, str]:
    """The variables that pip is given so that its URLs have no passwords."""
    return children.once("credentials", lambda: _for_pip(children))


def _for_pip(children: Children) -> dict[str, str]:
    values = {name: pip_setting(children, name) for name in OPTIONS}
    changed, accounts = without_passwords(values)
    if not accounts:
        return {}
    path = os.path.join(children.work, "netrc")
    given = children.variable("NETRC")
    own = given or next(
        filter(
            os.path.exists,
            (os.path.expanduser(f"~/{name}") for name in (".netrc", "_netrc")),
        ),
        "",
    )
    lines = [
        f"machine {host} login {account.name} password {account.password}\n"
        for host, account in accounts.items()
    ]
    _write(path, [_netrc(own), *lines])
    return {
        **{
            f"PIP_{name.upper().replace('-', '_')}": value
            for name, value in changed.items()
        },
        "NETRC": path,
    }


def without_passwords(
    values: Mapping[str, str],
) -> tuple[dict[str, str], dict[str, _Account]]:
    """The values that change, and the accounts that are removed from them.

    An account stays where a netrc file cannot hold it: a host with two of
    them, a name without a password (a keyring may have it), blanks, quotes.

    :param values: URLs by option, with blanks between them.
    """
    accounts: dict[str, _Account] = {}
    refused: set[str] = set()
    for url in _urls(values.values()):
        host, account = _account(url)
        if account is None:
            continue
        if (
            not (_PLAIN.match(account.name) and _PLAIN.match(account.password))
            or accounts.setdefault(host, account) != account
        ):
            refused.add(host)
    for host in refused:
        accounts.pop(host, None)
    changed = {
        name: " ".join(
            _bare(url) if _account(url)[0] in accounts else url
            for url in value.split()
        )
        for name, value in values.items()
        if any(_account(url)[0] in accounts for url in value.split())
    }
    return changed, accounts


def _urls(values: Iterable[str]) -> list[str]:
    return [url for value in values for url in value.split()]


def _account(url: str) -> tuple[str, _Account | None]:
    """The host and the account of a URL; empty where it has no password."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "", None
    if parts.scheme not in {"http", "https"} or parts.password is None:
        return "", None
    return host, _Account(
        unquote(parts.username or ""), unquote(parts.password)
    )


def _bare(url: str) -> str:
    """A URL without its userinfo."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _netrc(path: str) -> str:
    """The text of the user's own netrc file, where it can be used."""
    if not path:
        return ""
    try:
        netrc.netrc(path)
        with open(path, encoding="utf-8") as file:
            return f"{file.read()}\n"
    except (OSError, ValueError, netrc.NetrcParseError):
        return ""


def _write(path: str, texts: Iterable[str]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with contextlib.closing(
        os.fdopen(descriptor, "w", encoding="utf-8")
    ) as file:
        file.writelines(texts)
