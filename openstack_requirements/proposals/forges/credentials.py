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
"""Where the password or the token for a forge comes from.

It comes from the environment, a netrc file, or git's credential helpers, in
this order. It is never an option, because everybody can read a command line.
"""

from __future__ import annotations

import base64
import netrc
import os
import stat
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, quote_plus, urlsplit

from openstack_requirements.errors import UnusableInput
from openstack_requirements.output import MASK
from openstack_requirements.system import git_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The variables of each forge: for the user, which may be none, and for the
#: secret.
VARIABLES = {
    "gerrit": ("GERRIT_USERNAME", "GERRIT_PASSWORD"),
    "github": ("", "GITHUB_TOKEN"),
    "gitlab": ("", "GITLAB_TOKEN"),
    "forgejo": ("", "FORGEJO_TOKEN"),
}


class Credentials(NamedTuple):
    """What lets us in.

    No representation shows the secret.

    :param user: may be empty, where the secret is a token.
    """

    user: str
    secret: str

    def __repr__(self) -> str:
        return f"Credentials(user={self.user!r}, secret=...)"

    def basic(self, user: str = "") -> str:
        """The header that git sends to a server (RFC 7617).

        :param user: the one that stands for a token.
        """
        return f"Authorization: Basic {_basic(self.user or user, self.secret)}"

    def masked(self, text: str) -> str:
        """A text of the other side without the secret, however it spells it.

        A server may repeat in an error what it was sent.
        """
        if not self.secret:
            return text
        spellings = {self.secret, quote(self.secret), quote_plus(self.secret)}
        for user in {self.user, "x-access-token", "oauth2", "token"}:
            spellings.add(_basic(user, self.secret))
        for spelling in sorted(spellings, key=len, reverse=True):
            text = text.replace(spelling, MASK)
        return text


def find(
    forge_name: str, url: str, environ: Mapping[str, str]
) -> Credentials | None:
    """The credentials for a forge; None where nobody knows any.

    :param forge_name: what the option ``--forge`` calls it.
    :param url: its address.
    :raises UnusableInput: where one variable of two is set, or the netrc file
        cannot be used or can be read by others.
    """
    return (
        _from_environment(forge_name, environ)
        or _from_netrc(url, environ)
        or _from_helpers(url, environ)
    )


def _from_environment(
    forge_name: str, environ: Mapping[str, str]
) -> Credentials | None:
    names = VARIABLES.get(forge_name, ("", ""))
    user, secret = (environ.get(name, "").strip() for name in names)
    if names[0] and bool(user) != bool(secret):
        unset, given = names if secret else names[::-1]
        raise UnusableInput(unset, f"is not set, but {given} is")
    if any(not char.isprintable() for char in user + secret):
        raise UnusableInput(
            names[1], "holds a line end or a control character"
        )
    return Credentials(user, secret) if secret else None


def _from_netrc(url: str, environ: Mapping[str, str]) -> Credentials | None:
    host = urlsplit(url).hostname or ""
    home = environ.get("HOME", "")
    path = environ.get("NETRC") or (home and os.path.join(home, ".netrc"))
    if not path or not host:
        return None
    try:
        mode = os.stat(path).st_mode
        entry = netrc.netrc(path).authenticators(host)
    except FileNotFoundError:
        return None
    except netrc.NetrcParseError as error:
        # Its words quote the file, in which the passwords are.
        raise UnusableInput(
            f"{path}:{error.lineno or 1}", "is no line of a netrc file"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise UnusableInput(path, f"cannot be read ({why})") from None
    if entry is None or not entry[2]:
        return None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UnusableInput(
            path, "holds a password, and others can use it: chmod go= it"
        )
    return Credentials(entry[0] or "", entry[2])


def _from_helpers(url: str, environ: Mapping[str, str]) -> Credentials | None:
    login = git_credentials.fill(url, environ)
    return Credentials(login.user, login.password) if login else None


def _basic(user: str, secret: str) -> str:
    return base64.b64encode(f"{user}:{secret}".encode()).decode("ascii")
