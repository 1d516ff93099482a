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
"""The only place that fetches a URL."""

from __future__ import annotations

import time

from openstack_requirements.errors import (
    OutsideError,
    UnusableInput,
    printable,
)
from openstack_requirements.files import decode

#: How long a server may be silent, and how long all may take, in seconds.
SILENCE = 30.0
PATIENCE = 120.0
#: The most that is read.
LARGEST = 16 << 20


def is_url(name: str) -> bool:
    """Whether a name is a URL rather than a file."""
    return "://" in name


def text(url: str) -> str:
    """The text at a URL.

    :raises UnusableInput: where it is no URL that can be fetched, or what is
        there is no text.
    :raises OutsideError: where it cannot be had.
    """
    import http.client
    import urllib.error
    import urllib.request

    if not url.lower().startswith(("http://", "https://")):
        raise UnusableInput(url, "only http and https URLs are fetched")
    end = time.monotonic() + PATIENCE
    parts = []
    left = LARGEST + 1
    try:
        # It is one of the two above, and no redirection leads to a file.
        with urllib.request.urlopen(url, timeout=SILENCE) as answer:  # noqa: S310
            while left > 0:
                part = answer.read1(min(left, 1 << 16))
                if not part:
                    break
                parts.append(part)
                left -= len(part)
                if time.monotonic() > end:
                    raise TimeoutError(f"no end after {PATIENCE:.0f} seconds")
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = str(error)
        if isinstance(error, urllib.error.URLError) and not reason.startswith(
            "HTTP"
        ):
            reason = str(error.reason)
        reason = printable(reason or type(error).__name__)
        raise OutsideError(
            f"{printable(url)}: cannot be fetched ({reason})"
        ) from error
    data = b"".join(parts)
    if len(data) > LARGEST:
        raise UnusableInput(url, f"is larger than {LARGEST} bytes")
    return decode(data, url)
