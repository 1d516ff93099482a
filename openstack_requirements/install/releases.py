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
"""The metadata of released versions, read from the files of an index.

Of a wheel its metadata file (PEP 658) is read where the index has one, else
its METADATA, by range requests; of an sdist its PKG-INFO. Nothing is built,
nothing runs, and no file of an archive is written. The index is where pip's
configuration says. pip itself would build an sdist for its metadata, and uv
tells no classifiers; so the few requests that this takes are made here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import threading
from typing import IO, TYPE_CHECKING, NamedTuple, cast
from urllib.parse import quote, unquote, urlsplit

from openstack_requirements.constraints.newer import Release
from openstack_requirements.errors import OutsideError, UnusableInput
from openstack_requirements.install import archives, installed, pages
from openstack_requirements.install.archives import Unreadable
from openstack_requirements.install.installers import (
    pip_settings,
    run_index,
)
from openstack_requirements.install.pages import Link
from openstack_requirements.install.remote import (
    MOST_SENT,
    PLAIN,
    NotThere,
    RemoteFile,
    refuse,
)
from openstack_requirements.output import counted
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.versions import parse_version
from openstack_requirements.system import children as child_processes
from openstack_requirements.system import fetch, files
from openstack_requirements.system.fetch_targets import (
    SCHEMES,
    Target,
    first_target,
    moved_target,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from openstack_requirements.install.installers.pip_settings import (
        IndexSettings,
    )
    from openstack_requirements.install.metadata_cache import MetadataCache
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.system.fetch import Client

    #: A name and a version, both in the form in which they are compared.
    Key = tuple[CanonicalName, str]
    _Answered = tuple[Key, "Release | str | Exception"]


#: What is said of a version where no source offers a file of it.
NO_SUCH_VERSION = "the package index has no such version"


class _Offer(NamedTuple):
    """A file, and the page that offers it; None where that is no server's."""

    link: Link
    page: Target | None


class ReleaseIndex:
    """The indexes and folders of a configuration, for several threads.

    :param folder: an existing one, for files that come whole.
    :param fresh: ask for pages that no cache on the way has kept.
    """

    def __init__(
        self,
        settings: IndexSettings,
        cache: MetadataCache,
        folder: str,
        *,
        fresh: bool = False,
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._folder = folder
        self._fresh = fresh
        self._lock = threading.Lock()
        self._linked: list[_Offer] | None = None
        self._clients: list[Client] = []
        self._stopped = False

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        """A client for one thread."""
        client = fetch.Client(self._settings.client)
        with self._lock:
            self._clients.append(client)
            client.stopped = self._stopped
        with contextlib.closing(client):
            yield client

    def stop(self) -> None:
        """Let all clients fail at the next bytes that they read."""
        with self._lock:
            self._stopped = True
            for client in self._clients:
                client.stopped = True

    def describe(self, client: Client, key: Key) -> Release:
        """The metadata of a version.

        :raises Unreadable: where it is unavailable.
        :raises OutsideError: where the index fails.
        """
        return self._first(client, self._files(client, *key), key)

    def describe_files(
        self, client: Client, key: Key, links: Sequence[Link]
    ) -> Release:
        """The metadata of a version whose files are known.

        :raises Unreadable: where it is unavailable.
        :raises OutsideError: where the index fails.
        """
        offers = [_Offer(link, None) for link in pages.of_version(links, *key)]
        return self._first(client, offers, key)

    def _first(
        self, client: Client, offers: Sequence[_Offer], key: Key
    ) -> Release:
        """The metadata in the first file in which it can be read."""
        reason = ""
        for offer in offers:
            try:
                return self._release(client, offer, key)
            except Unreadable as error:
                reason = reason or f"{offer.link.filename}: {error}"
        raise Unreadable(reason or NO_SUCH_VERSION)

    def _files(
        self, client: Client, name: CanonicalName, version: str
    ) -> list[_Offer]:
        """The files of a version; a wheel of any index before an sdist."""
        result: list[_Offer] = []
        for offers in self._offers(client, name):
            by_link = {offer.link: offer for offer in reversed(offers)}
            result += [
                by_link[link]
                for link in pages.of_version(by_link, name, version)
            ]
            if any(offer.link.is_wheel for offer in result):
                break
        return sorted(result, key=lambda offer: not offer.link.is_wheel)

    def _offers(
        self, client: Client, name: CanonicalName
    ) -> Iterator[list[_Offer]]:
        """What each source offers, which is asked only where it is needed."""
        if self._settings.find_links:
            with self._lock:
                if self._linked is None:
                    self._linked = [
                        offer
                        for place in self._settings.find_links
                        for offer in _linked(client, place)
                    ]
            yield self._linked
        for index in self._settings.indexes:
            if _is_local(index):
                yield _in_folder(os.path.join(_path(index), name))
            else:
                url = f"{index.rstrip('/')}/{quote(name)}/"
                yield _on_page(client, _target(url), fresh=self._fresh)

    def _release(self, client: Client, offer: _Offer, key: Key) -> Release:
        """What a file says of itself.

        :raises Unreadable: where that is not read, or is of another version.
        """
        link = offer.link
        content = self._cache.get(link.digest)
        known = content is not None
        if content is None:
            content = installed.with_newlines(self._read(client, offer))
            # The description is long, and nobody reads it.
            content = content.partition(b"\n\n")[0] + b"\n"
        try:
            distribution = installed.from_metadata(content, link.filename)
        except OutsideError as error:
            raise Unreadable("its metadata has no name or version") from error
        if key != (
            canonical_name(distribution.name),
            pages.normal(distribution.version),
        ):
            raise Unreadable("its metadata is of another version")
        if not known:
            self._cache.put(link.digest, content)
        if not distribution.requires_python and link.requires_python:
            # Older sdists say it in their setup.py alone.
            distribution = distribution._replace(
                requires_python=link.requires_python
            )
        if link.is_wheel:
            return Release(distribution, "METADATA", binding=True)
        return Release(distribution, "PKG-INFO", _is_binding(content))

    def _read(self, client: Client, offer: _Offer) -> bytes:
        """The metadata in a file."""
        link = offer.link
        if _is_local(link.url):
            if offer.page is not None:
                raise Unreadable("a server offers a local file")
            return _read_local(_path(link.url), link.filename)
        try:
            target = (
                first_target(link.url)
                if offer.page is None
                else moved_target(offer.page, link.url)
            )
        except (OSError, ValueError) as error:
            raise Unreadable("it has no URL that can be fetched") from error
        if link.has_metadata:
            data = _metadata_file(client, target, link.metadata_digest)
            if data is not None:
                return data
        if link.filename.endswith((".whl", ".zip")):
            with contextlib.closing(
                RemoteFile(client, target, link.digest, self._folder)
            ) as file:
                return _read_archive(cast("IO[bytes]", file), link.filename)
        with client.get(target, PLAIN, MOST_SENT) as answer:
            refuse(answer)
            return archives.of_tar(
                answer.parts(), bzip2=link.filename.endswith(".bz2")
            )


def look_up(
    keys: Sequence[Key],
    jobs: int,
    cache: MetadataCache,
    announce: Callable[[str, str, Callable[[], int] | None], None],
    warn: Callable[[str], object] | None = None,
    *,
    preferred: str = "uv",
    fresh: bool = False,
) -> dict[Key, Release | str]:
    """The metadata of these versions, or why it is unavailable.

    :param jobs: how many are looked up at once.
    :param announce: is told of progress.
    :param warn: is told where pip and uv are configured for different indexes;
        None where that was said before.
    :param preferred: whose indexes are asked then.
    :param fresh: ask for pages that no cache on the way has kept.
    :raises OutsideError: where an index fails.
    """
    answers: dict[Key, Release | str] = {}
    announce(
        "the package index",
        f"asking for the metadata of {counted(len(keys), 'version')}",
        lambda: len(answers),
    )
    with child_processes.of_job("metadata") as children:
        run_index.settle(children, warn, preferred)
        index = ReleaseIndex(
            pip_settings.read(children), cache, children.work, fresh=fresh
        )
        waiting: queue.SimpleQueue[Key] = queue.SimpleQueue()
        for key in keys:
            waiting.put(key)
        answered: queue.SimpleQueue[_Answered] = queue.SimpleQueue()
        # The look-up of a host takes no deadline: nobody waits for daemons.
        threads = [
            threading.Thread(
                target=_work, args=(index, waiting, answered), daemon=True
            )
            for _ in range(min(jobs, len(keys)))
        ]
        try:
            for thread in threads:
                thread.start()
            for _ in keys:
                key, answer = answered.get()
                if isinstance(answer, Exception):
                    raise answer
                answers[key] = answer
        except BaseException:
            index.stop()
            raise
        for thread in threads:
            thread.join()
    cache.prune()
    return answers


def _work(
    index: ReleaseIndex,
    waiting: queue.SimpleQueue[Key],
    answered: queue.SimpleQueue[_Answered],
) -> None:
    """Look up versions until none waits, or one fails. Never fails."""
    with index.client() as client:
        while not client.stopped:
            try:
                key = waiting.get_nowait()
            except queue.Empty:
                return
            answer: Release | str | Exception
            try:
                answer = index.describe(client, key)
            except Unreadable as error:
                answer = str(error)
            except Exception as error:  # noqa: BLE001 - raised where it counts
                answer = error
            answered.put((key, answer))


def _on_page(
    client: Client, page: Target, *, fresh: bool = False
) -> list[_Offer]:
    """What a page of a server offers; nothing where there is no page."""
    for accepted in (pages.ACCEPTED, pages.ONLY_HTML):
        headers = {"Accept": accepted, "Accept-Encoding": "gzip"}
        if fresh:
            headers["Cache-Control"] = "no-cache"
        with client.get(page, headers) as answer:
            # An older server may know nothing of JSON.
            if answer.status == 406 and accepted != pages.ONLY_HTML:
                continue
            try:
                refuse(answer)
            except NotThere:
                return []
            content = answer.data().decode("utf-8", "replace")
            try:
                links = pages.links(
                    content,
                    is_json="json" in answer.headers.get("Content-Type", ""),
                    base=answer.target.url,
                )
            except ValueError as error:
                raise OutsideError(
                    f"{answer.target.url}: is no page of a package index "
                    f"({error})"
                ) from error
            return [_Offer(link, answer.target) for link in links]
    return []


def _linked(client: Client, place: str) -> list[_Offer]:
    """What a place of ``find-links`` offers."""
    link = pages.link_to(place)
    if link.filename.endswith((".whl", *pages.SDISTS)):
        return [_Offer(link, None)]
    if _is_local(place):
        return _in_folder(_path(place))
    return _on_page(client, _target(place))


def _target(url: str) -> Target:
    """The target of a URL of the configuration."""
    try:
        return first_target(url)
    except (OSError, ValueError) as error:
        raise OutsideError(f"{url}: is no URL of a package index") from error


def _in_folder(path: str) -> list[_Offer]:
    """What a folder offers by its page, or holds; or what a page offers."""
    page = os.path.join(path, "index.html") if os.path.isdir(path) else path
    if os.path.isfile(page):
        try:
            content = files.read_text(page, fetch.LARGEST)
        except UnusableInput as error:
            raise OutsideError(str(error)) from error
        links = pages.links(content, is_json=False, base=_url(page))
        return [_Offer(link, None) for link in links]
    try:
        names = sorted(os.listdir(path))
    except OSError:
        return []  # pip does without it, too
    return [
        _Offer(Link(name, _url(os.path.join(path, name))), None)
        for name in names
    ]


def _metadata_file(
    client: Client, target: Target, digest: str
) -> bytes | None:
    """The metadata file of a wheel; None where it cannot be relied on."""
    metadata = target._replace(url=f"{target.url}.metadata")
    with client.get(metadata, {"Accept-Encoding": "gzip"}) as answer:
        if answer.status in {403, 404, 410}:
            return None
        refuse(answer)
        data = answer.data(files.LARGEST_DATA)
    if digest and hashlib.sha256(data).hexdigest() != digest:
        return None
    return data


def _read_local(path: str, name: str) -> bytes:
    """The metadata in a file that is here."""
    try:
        with open(path, "rb") as file:
            return _read_archive(file, name)
    except OSError as error:
        raise Unreadable(
            f"it cannot be read ({error.strerror or error})"
        ) from error


def _read_archive(file: IO[bytes], name: str) -> bytes:
    """The metadata in a file that can be read anywhere."""
    if name.endswith(".whl"):
        return archives.of_wheel(file)
    if name.endswith(".zip"):
        return archives.of_zip(file)
    return archives.of_tar(
        iter(lambda: file.read(1 << 16), b""), bzip2=name.endswith(".bz2")
    )


def _is_binding(content: bytes) -> bool:
    """Whether a wheel that is built requires what a PKG-INFO says (PEP 643).

    It does from version 2.2 of core metadata on, but for what is Dynamic.
    """
    from packaging.metadata import parse_email

    metadata, _ = parse_email(content)
    version = parse_version(metadata.get("metadata_version", ""))
    if version is None or version.release < (2, 2):
        return False
    dynamic = {field.lower() for field in metadata.get("dynamic", ())}
    return "requires-dist" not in dynamic


def _is_local(place: str) -> bool:
    """Whether a URL, or a path, is not of a server."""
    scheme, separator, _ = place.partition("://")
    return not separator or scheme.lower() not in SCHEMES


def _path(place: str) -> str:
    """The path of a local place."""
    if place.lower().startswith("file:"):
        return unquote(urlsplit(place).path)
    return os.path.expanduser(place)


def _url(path: str) -> str:
    return f"file://{quote(os.path.abspath(path))}"
