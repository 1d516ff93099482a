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
"""How long uv keeps what an index sends without saying that.

Public indexes let clients keep the page of a project for ten minutes, and its
files for ever. Some mirrors and proxies say nothing: neither for how long an
answer is good, nor a tag or a date that a client could ask with whether it has
changed. Then newer uv reads all pages again in each run, and the metadata in
all wheels. uv has a setting for that, which only a configuration file can hold
and which counts whatever the index says. So the index is asked first, for one
page and one file.

What a person wrote for uv counts as it is: where files of uv's configuration
describe indexes, or none of them is read, nothing is added.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

from openstack_requirements.errors import CommandFailed, OutsideError
from openstack_requirements.install import pages
from openstack_requirements.install.installers import (
    configuration,
    run_index,
    uv_command,
)
from openstack_requirements.manifests import toml
from openstack_requirements.system import fetch
from openstack_requirements.system.fetch_targets import (
    SCHEMES,
    first_target,
    moved_target,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.system.children import Children

#: How long such an answer is good, in seconds.
KEPT = 600
#: How many names are tried until the index has a page for one.
MOST_TRIED = 3
#: How long the index may take to answer then, in seconds.
PATIENCE = 10

_SAY_HOW_LONG = ("Cache-Control", "ETag", "Expires", "Last-Modified", "Pragma")
#: What settles in a file of uv's which index is asked, and how.
_DESCRIBE = ("index", "index-url", "no-index", "offline")
_TRUE = frozenset(("1", "true", "t", "yes", "y", "on"))


class Silence(NamedTuple):
    """What of an index leaves open for how long it is good."""

    pages: bool = False
    files: bool = False


def to_toml(index: str, silence: Silence) -> str:
    """The content of a ``uv.toml``, which may hold a password.

    :param index: the address of the default index.
    """
    kept = f"max-age={KEPT}"
    lasting = {"api": silence.pages, "files": silence.files}
    entry = {
        "url": index,
        "default": True,
        "cache-control": {name: kept for name in lasting if lasting[name]},
    }
    return toml.dumps({"index": [entry]})


def keep(
    children: Children, names: Iterable[CanonicalName], project: str = ""
) -> Silence:
    """Let uv keep what the index sends in a job, where it says nothing.

    A caller that waits for a release leaves this out. Pages that an earlier
    run kept stay good until their time is over, or uv is told to refresh them.

    :param names: some that the job asks the index for.
    :param project: a folder whose configuration of uv counts too, or empty.
    :returns: what is kept.
    :raises UnusableInput: where a configuration cannot be read.
    """
    index = "" if project else _index(children)
    silence = _ask(children, index, names) if index else Silence()
    if any(silence):
        children.configure(to_toml(index, silence))
        # uv asks the first index with that address, and variables come first.
        # A freeze records what was configured before.
        children.give(
            {"UV_DEFAULT_INDEX": "", "UV_INDEX_URL": ""}, recorded=False
        )
    return silence


def says_nothing(headers: Mapping[str, str]) -> bool:
    """Whether an answer leaves open for how long it is good."""
    return not any(headers.get(name) for name in _SAY_HOW_LONG)


def _index(children: Children) -> str:
    """The address of the default index of uv, where a file may describe it.

    :returns: empty where a person described it, or it is no server's.
    """
    variable = children.variable
    if variable("UV_CONFIG_FILE") or any(
        variable(name).lower() in _TRUE
        for name in ("UV_NO_CONFIG", "UV_OFFLINE")
    ):
        return ""
    for path in configuration.uv_files(os.environ, variable, ""):
        settings = configuration.uv_settings(path)
        pip = settings.get("pip")
        for table in (settings, pip if isinstance(pip, dict) else {}):
            if any(name in table for name in _DESCRIBE):
                return ""
    index = run_index.sources_of_uv(children).default
    # An index with a name has more settings, by that name.
    if variable("UV_DEFAULT_INDEX") not in {"", index}:
        return ""
    try:
        index = index or uv_command.default_index(children)
        return index if urlsplit(index).scheme in SCHEMES else ""
    except (CommandFailed, OutsideError, ValueError):
        return ""


def _ask(
    children: Children, index: str, names: Iterable[CanonicalName]
) -> Silence:
    """What an index says of how long its answers are good.

    Where it cannot be asked, that is left to uv.
    """
    client = fetch.Client(
        fetch.ClientSettings(
            children.variable("SSL_CERT_FILE"),
            children.variable("SSL_CLIENT_CERT"),
            timeout=PATIENCE,
        )
    )
    with contextlib.closing(client):
        try:
            for name, _ in zip(names, range(MOST_TRIED), strict=False):
                page = first_target(f"{index.rstrip('/')}/{quote(name)}/")
                headers = {"Accept": pages.ACCEPTED, "Accept-Encoding": "gzip"}
                with client.get(page, headers) as answer:
                    if answer.status != 200:
                        continue
                    return Silence(
                        says_nothing(answer.headers),
                        _is_file_silent(client, answer),
                    )
        except (OutsideError, ValueError):
            pass
    return Silence()


def _is_file_silent(client: fetch.Client, page: fetch.Answer) -> bool:
    """Whether the answer for a file of a page leaves it open.

    A wheel, or its metadata file (PEP 658): what uv reads of most versions.

    :raises OutsideError: where the index fails.
    :raises ValueError: where it is no page.
    """
    links = pages.links(
        page.data().decode("utf-8", "replace"),
        is_json="json" in page.headers.get("Content-Type", ""),
        base=page.target.url,
    )
    link = max(links, key=lambda link: link.is_wheel, default=None)
    if link is None or "://" not in link.url:
        return False
    place = f"{link.url}.metadata" if link.has_metadata else link.url
    headers = {"Accept-Encoding": "identity", "Range": "bytes=0-0"}
    with client.get(moved_target(page.target, place), headers) as answer:
        return answer.status in {200, 206} and says_nothing(answer.headers)
