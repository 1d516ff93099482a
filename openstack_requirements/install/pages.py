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
"""What a page of a package index says of files, and which are of a version.

A page comes as HTML (PEP 503) or as JSON (PEP 691), and may advertise a
metadata file for a wheel (PEP 658, PEP 714). Nothing here opens a file.
"""

from __future__ import annotations

import html.parser
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from openstack_requirements.pep508.requirement import CanonicalName

#: The forms of a page that are understood, the best first.
ACCEPTED = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
)
#: What every index understands.
ONLY_HTML = "text/html"
#: The ends of the names of sdists whose metadata can be read.
SDISTS = (".tar.gz", ".zip", ".tgz", ".tar.bz2")

_DIGEST = re.compile(r"sha256=([0-9a-f]{64})\Z")


class Link(NamedTuple):
    """A file that a page offers.

    ``digest`` is its SHA-256, ``metadata_digest`` that of its metadata file;
    they are empty where the page does not say them. ``has_metadata`` tells
    whether there is a metadata file.
    """

    filename: str
    url: str
    digest: str = ""
    has_metadata: bool = False
    metadata_digest: str = ""
    requires_python: str = ""

    @property
    def is_wheel(self) -> bool:
        """Whether it is a wheel, by its name."""
        return self.filename.endswith(".whl")


def links(content: str, *, is_json: bool, base: str) -> list[Link]:
    """The files that a page offers, in its order.

    :param base: the URL of the page.
    :raises ValueError: where it is no such page.
    """
    if is_json:
        return list(_of_json(content, base))
    reader = _Anchors(base)
    reader.feed(content)
    reader.close()
    return reader.links


def link_to(url: str) -> Link:
    """The link to a file that stands alone."""
    return Link(_filename(url), url)


def of_version(
    offered: Iterable[Link], name: CanonicalName, version: str
) -> list[Link]:
    """The files of a version, the best source of its metadata first.

    Wheels come before sdists, as a build may change what an sdist says; of
    wheels those with a metadata file, then those for every platform.

    :param version: in its :func:`normal` form.
    """
    result = [
        link
        for link in dict.fromkeys(offered)
        if version in _versions(link, name)
    ]

    def key(link: Link) -> tuple[bool, bool, bool, str]:
        return (
            not link.is_wheel,
            not link.has_metadata,
            not link.filename.endswith("-none-any.whl"),
            link.filename,
        )

    return sorted(result, key=key)


def normal(version: str) -> str:
    """A version in the form in which versions are compared."""
    from packaging.utils import canonicalize_version

    return canonicalize_version(version)


def _versions(link: Link, name: CanonicalName) -> Iterator[str]:
    """What the version of a file may be, by its name.

    In the name of an sdist a dash may be of the name, of the version or
    between them.
    """
    if link.is_wheel:
        parts = link.filename.split("-")
        if len(parts) in {5, 6} and canonical_name(parts[0]) == name:
            yield normal(parts[1].replace("_", "-"))
            yield normal(parts[1])
        return
    suffix = next(filter(link.filename.endswith, SDISTS), "")
    if not suffix:
        return
    stem = link.filename.removesuffix(suffix)
    for position, char in enumerate(stem):
        if char == "-" and canonical_name(stem[:position]) == name:
            yield normal(stem[position + 1 :])


def _of_json(content: str, base: str) -> Iterator[Link]:
    try:
        page = json.loads(content)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    files = page.get("files") if isinstance(page, dict) else None
    if not isinstance(files, list):
        raise ValueError("it has no list of files")
    for file in files:
        if not isinstance(file, dict):
            continue
        url = _joined(base, _text(file.get("url")))
        if not url:
            continue
        metadata = file.get("core-metadata", file.get("dist-info-metadata"))
        yield Link(
            _text(file.get("filename")) or _filename(url),
            url,
            _sha256(file.get("hashes")),
            bool(metadata),
            _sha256(metadata),
            _text(file.get("requires-python")),
        )


def _sha256(hashes: Any) -> str:
    """The SHA-256 among hashes; empty without one."""
    text = hashes.get("sha256") if isinstance(hashes, dict) else ""
    return _digest(f"sha256={text}")


def _digest(text: str) -> str:
    match = _DIGEST.match(text)
    return match[1] if match else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


class _Anchors(html.parser.HTMLParser):
    """The links of a page of HTML."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.links: list[Link] = []
        self._base = base

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        """Take what a tag says."""
        values = {name: value or "" for name, value in attrs}
        if tag == "base" and values.get("href"):
            self._base = _joined(self._base, values["href"]) or self._base
        if tag != "a" or not values.get("href"):
            return
        url = _joined(self._base, values["href"])
        if not url:
            return
        metadata = values.get(
            "data-core-metadata", values.get("data-dist-info-metadata")
        )
        self.links.append(
            Link(
                _filename(url),
                url.partition("#")[0],
                _digest(url.partition("#")[2]),
                metadata is not None,
                _digest(metadata or ""),
                values.get("data-requires-python", ""),
            )
        )


def _joined(base: str, url: str) -> str:
    """A URL as seen from a page; empty where it is none."""
    try:
        return urljoin(base, url) if url else ""
    except ValueError:
        return ""


def _filename(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return unquote(path.rpartition("/")[2])
