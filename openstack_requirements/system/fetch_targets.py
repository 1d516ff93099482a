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
"""What to request for a URL and after a redirect, and with which password."""

from __future__ import annotations

from typing import NamedTuple

#: The schemes that are fetched.
SCHEMES = ("http", "https")


class Refused(OSError):
    """Why a fetch does not go on, though the server would."""


class Target(NamedTuple):
    """A URL without userinfo, and the user and password for it."""

    url: str
    auth: tuple[str, str] | None


def first_target(url: str) -> Target:
    """The target of a URL.

    :raises ValueError: where it is no URL. The message may hold the secrets
        of the URL.
    :raises Refused: where it is of another scheme.
    """
    from urllib.parse import unquote_to_bytes, urlsplit

    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise Refused(
            f"it leads to {parts.scheme}:, and only http and https are fetched"
        )
    userinfo, _, host = parts.netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    # A token may stand alone, and requests would not send it then. requests
    # encodes as Latin-1, so that these bytes are sent as they are.
    auth = (
        unquote_to_bytes(user).decode("latin-1"),
        unquote_to_bytes(password).decode("latin-1"),
    )
    return Target(
        parts._replace(netloc=host, fragment="").geturl(),
        auth if any(auth) else None,
    )


def moved_target(target: Target, location: str) -> Target:
    """The target of a redirect.

    User and password go along to the same host only, and never from https
    back to http.

    :raises ValueError: where it leads to no URL.
    :raises Refused: where it leads to another scheme.
    """
    from urllib.parse import urljoin, urlsplit

    new = first_target(urljoin(target.url, location))
    if new.auth is not None:
        return new
    old_parts, parts = urlsplit(target.url), urlsplit(new.url)
    ports = {"http": 80, "https": 443}
    old_origin, origin = (
        (split.scheme, split.hostname, split.port or ports[split.scheme])
        for split in (old_parts, parts)
    )
    upgraded = ("https", old_origin[1], 443)
    same = origin == old_origin or (
        old_origin[::2] == ("http", 80) and origin == upgraded
    )
    return new._replace(auth=target.auth) if same else new
