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
"""The account on a forge."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Credentials(NamedTuple):
    """An account, and the secret that it is entered with."""

    user: str
    secret: str

    def __repr__(self) -> str:
        return f"Credentials(user={self.user!r}, secret=...)"


def find(
    forge_name: str,
    url: str,  # noqa: ARG001 - a stand-in
    environ: Mapping[str, str],
) -> Credentials | None:
    """The account that the environment names; None where it names none."""
    if forge_name == "gerrit":
        user = environ.get("GERRIT_USERNAME", "")
        secret = environ.get("GERRIT_PASSWORD", "")
    else:
        user, secret = "", environ.get(f"{forge_name.upper()}_TOKEN", "")
    return Credentials(user, secret) if secret else None
