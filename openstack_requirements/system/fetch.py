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
"""The only module that sends requests: fetches a URL.

Projects are judged by what is fetched, so an answer is complete and within
limits, or an error. requests knows proxies, certificates and netrc. This
module adds limits: for the time of the whole answer, its headers included, and
for the bytes that are read, before and after they are unpacked.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from openstack_requirements.errors import OutsideError, UnusableInput
from openstack_requirements.system.fetch_targets import (
    SCHEMES,
    Refused,
    Target,
    first_target,
    moved_target,
)
from openstack_requirements.system.files import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import requests

#: How long a server may be silent, and how long all may take, in seconds.
SILENCE = 30.0
PATIENCE = 120.0
#: The most that a text may have, in bytes.
LARGEST = 16 << 20
#: The most that is read from servers for it, with headers and the rest.
MOST_READ = 2 * LARGEST
#: How many redirects are followed.
MOST_REDIRECTS = 10

_PART = 1 << 16


def is_url(name: str) -> bool:
    """Whether a name is a URL rather than a file."""
    return "://" in name


def text(url: str) -> str:
    """The text at a URL, in UTF-8.

    User name and password may stand in the URL or in the user's netrc file;
    they go to that host alone. Proxies and certificates are those of the
    environment (``HTTPS_PROXY``, ``NO_PROXY``, ``REQUESTS_CA_BUNDLE``).

    :raises UnusableInput: where it is no URL that can be fetched, or what is
        there is no text or too large.
    :raises OutsideError: where it cannot be fetched, whole and in time.
    """
    # Not in the thread: an interrupt has to reach the import.
    import requests  # noqa: F401

    if not url.lower().startswith(tuple(f"{scheme}://" for scheme in SCHEMES)):
        raise UnusableInput(url, "only http and https URLs are fetched")
    fetching = _Fetching(url, time.monotonic() + PATIENCE)
    # Neither the look-up of a host nor the TLS handshake takes a deadline, so
    # they happen in a daemon thread.
    thread = threading.Thread(target=fetching.run, daemon=True)
    thread.start()
    try:
        thread.join(PATIENCE)
    finally:
        fetching.stopped = True
    if thread.is_alive():
        raise _failed(url, f"no end after {PATIENCE:g} seconds")
    if fetching.error is not None:
        raise fetching.error
    return decode(fetching.data, url)


class _Fetching:
    """One URL, fetched in a thread: its data, or the error."""

    def __init__(self, url: str, end: float) -> None:
        self.url = url
        self.end = end
        self.read = 0
        self.stopped = False
        self.data = b""
        self.error: Exception | None = None

    def run(self) -> None:
        """Fetch it. Never fails."""
        import requests
        import urllib3

        try:
            self.data = self._fetch()
        except (OutsideError, UnusableInput) as error:
            self.error = error
        except (
            OSError,
            ValueError,
            requests.RequestException,
            urllib3.exceptions.HTTPError,
        ) as error:
            self.error = _failed(self.url, _why(error))
            self.error.__cause__ = error
        except Exception as error:  # noqa: BLE001 - it would be lost here
            self.error = error

    def count(self, size: int) -> None:
        """Count bytes that were read.

        :raises Refused: where they are too many, or it takes too long.
        """
        self.read += size
        if self.read > MOST_READ:
            raise Refused(f"more than {MOST_READ} bytes were sent")
        if self.stopped or time.monotonic() > self.end:
            raise Refused(f"no end after {PATIENCE:g} seconds")

    def _fetch(self) -> bytes:
        """The body, unpacked, after all redirects."""
        with _session(self) as session:
            target = first_target(self.url)
            for _ in range(MOST_REDIRECTS + 1):
                answer = self._ask(session, target)
                try:
                    moved = session.get_redirect_target(answer)
                    if moved is None:
                        return self._body(answer)
                finally:
                    answer.close()
                    # The server may be about to close the connection.
                    session.close()
                target = moved_target(target, moved)
        raise _failed(self.url, f"more than {MOST_REDIRECTS} redirects")

    def _ask(
        self, session: requests.Session, target: Target
    ) -> requests.Response:
        """The answer to one request; its body is not read."""
        import requests

        request = requests.Request(
            "GET",
            target.url,
            # Other encodings cannot be unpacked up to a limit.
            headers={"Accept-Encoding": "gzip"},
            auth=target.auth,
        )
        prepared = session.prepare_request(request)
        url = prepared.url or ""
        settings: dict[str, Any] = dict(
            session.merge_environment_settings(
                url, proxies={}, stream=True, verify=None, cert=None
            )
        )
        # The session itself would read the body of a redirect, all of it.
        answer = session.get_adapter(url).send(
            prepared, timeout=SILENCE, **settings
        )
        requests.cookies.extract_cookies_to_jar(
            session.cookies, prepared, answer.raw
        )
        return answer

    def _body(self, answer: requests.Response) -> bytes:
        """The body of the last answer."""
        # The other 2xx stand for an empty or a partial answer.
        if answer.status_code not in {200, 203}:
            status = f"HTTP {answer.status_code} {answer.reason or ''}"
            raise _failed(self.url, status.strip())
        encoding = answer.headers.get("Content-Encoding", "identity").lower()
        parts = _raw(answer)
        if encoding in {"gzip", "x-gzip"}:
            parts = _unpacked(parts)
        elif encoding not in {"", "identity"}:
            raise _failed(
                self.url,
                f"its encoding is {encoding}, which was not requested",
            )
        data = bytearray()
        for part in parts:
            data += part
            if len(data) > LARGEST:
                raise UnusableInput(
                    self.url, f"is larger than {LARGEST} bytes"
                )
        return bytes(data)


def _session(fetching: _Fetching) -> requests.Session:
    """A session whose connections count what they read."""
    import requests
    from requests.adapters import HTTPAdapter

    class Adapter(HTTPAdapter):
        """Makes connections that count what they read.

        It changes the manager of pools, which all versions of requests get
        their pools from.
        """

        def init_poolmanager(self, *args: Any, **more: Any) -> None:
            """Make the manager for servers."""
            super().init_poolmanager(*args, **more)
            _count_in(self.poolmanager, fetching)

        def proxy_manager_for(self, *args: Any, **more: Any) -> Any:
            """The manager for a proxy."""
            manager = super().proxy_manager_for(*args, **more)
            _count_in(manager, fetching)
            return manager

    session = requests.Session()
    session.adapters.clear()
    for scheme in SCHEMES:
        session.mount(f"{scheme}://", Adapter())
    return session


def _count_in(manager: Any, fetching: _Fetching) -> None:
    """Make the connections in all pools of a manager count what they read."""
    manager.pool_classes_by_scheme = {
        scheme: pool
        if hasattr(pool.ConnectionCls, "counts")
        else type(
            pool.__name__,
            (pool,),
            {"ConnectionCls": _counting(pool.ConnectionCls, fetching)},
        )
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }


def _counting(connection: type[Any], fetching: _Fetching) -> type[Any]:
    """A class of connections whose answers count what they read.

    Only a socket sees the lines with the lengths of chunks and those behind
    the last chunk; there may be any number of them, of any length.
    """
    import http.client
    import io

    class Counting(io.RawIOBase):
        """A socket's stream that counts its bytes."""

        def __init__(self, raw: io.RawIOBase) -> None:
            self._raw = raw

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int | None:
            size = self._raw.readinto(buffer)
            fetching.count(size or 0)
            return size

        def fileno(self) -> int:
            return self._raw.fileno()

        def close(self) -> None:
            self._raw.close()
            super().close()

    class Answer(http.client.HTTPResponse):
        """An answer that is read through this stream."""

        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self.fp: Any = io.BufferedReader(Counting(self.fp.detach()))

    class Connection(connection):  # type: ignore[misc]
        counts = True
        response_class = Answer

    return Connection


def _raw(answer: requests.Response) -> Iterator[bytes]:
    """The body as it was sent, all of it.

    :raises Refused: where it is shorter than the server says.
    """
    size = 0
    for part in answer.raw.stream(_PART, decode_content=False):
        size += len(part)
        yield part
    length = answer.headers.get("Content-Length", "")
    # Older versions of urllib3 do not check it.
    if (
        "Transfer-Encoding" not in answer.headers
        and length.isascii()
        and length.isdigit()
        and size < int(length[:20])
    ):
        raise Refused(f"it ends after {size} of {length[:20]} bytes")


def _unpacked(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The parts of a compressed body (RFC 1952), each of limited size.

    :raises Refused: where it is damaged, or ends too early.
    """
    import zlib

    member = zlib.decompressobj(wbits=31)
    begun = False
    try:
        for part in parts:
            data = part
            while data:
                begun = True
                if member.eof:
                    member = zlib.decompressobj(wbits=31)
                yield member.decompress(data, _PART)
                data = member.unconsumed_tail or member.unused_data
        while not member.eof and (more := member.decompress(b"", _PART)):
            yield more
    except zlib.error as error:
        raise Refused("its compressed body is damaged") from error
    if begun and not member.eof:
        raise Refused("its compressed body is not complete")


def _failed(url: str, reason: str) -> OutsideError:
    return OutsideError(f"{url}: cannot be fetched ({reason})")


def _why(error: BaseException) -> str:
    """What went wrong, in the words of the innermost error.

    The errors around it show addresses of objects, and the URL or parts of it,
    in which a secret may be.
    """
    import ssl

    import requests
    import urllib3.exceptions

    chain: list[BaseException] = []
    following: list[object] = [error]
    for cause in following:
        if isinstance(cause, BaseException) and cause not in chain:
            chain.append(cause)
            following += [getattr(cause, "reason", None), *cause.args]
            following += [cause.__cause__, cause.__context__]
    for cause in reversed(chain):
        if isinstance(cause, (Refused, urllib3.exceptions.IncompleteRead)):
            return str(cause)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
    if any(
        isinstance(cause, (TimeoutError, requests.Timeout)) for cause in chain
    ):
        return f"timed out after {SILENCE:g} seconds"
    for cause in reversed(chain):
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    if any(isinstance(cause, ValueError) for cause in chain):
        return "it, or the URL of a proxy, is not a valid URL"
    last = chain[-1]
    return str(last) or type(last).__name__
