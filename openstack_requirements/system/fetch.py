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
"""The only module that sends requests itself: fetches a URL.

Projects are judged by what is fetched, so an answer is complete and within
limits, or an error. requests knows proxies, certificates and netrc. This
module adds limits: for the time of the whole answer, its headers included, and
for the bytes that are read, before and after they are unpacked.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from openstack_requirements.errors import (
    OutsideError,
    UnusableInput,
    printable,
)
from openstack_requirements.system.fetch_targets import (
    SCHEMES,
    Refused,
    Target,
    first_target,
    moved_target,
)
from openstack_requirements.system.files import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
#: The most that is read of a file of a package index.
LARGEST_FILE = 512 << 20

_PART = 1 << 16
_SHOWN = 200  # characters of what a server says of an error


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
            self.error = _failed(self.url, why(error))
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
        return _send(
            session,
            target,
            # Other encodings cannot be unpacked up to a limit.
            {"Accept-Encoding": "gzip"},
            timeout=SILENCE,
            proxies={},
            verify=None,
            cert=None,
        )

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


class ClientSettings(NamedTuple):
    """How a server is reached, beside what the environment says of that.

    ``certificates`` is the path of a bundle, ``client_certificate`` that of a
    client's own; ``trusted_hosts``, with or without a port, need no
    certificate. Empty texts leave the environment to decide. ``retries`` says
    how often a request is repeated after a failure that may pass.
    """

    certificates: str = ""
    client_certificate: str = ""
    proxy: str = ""
    trusted_hosts: frozenset[str] = frozenset()
    timeout: float = SILENCE
    retries: int = 0


class Client:
    """Fetches many URLs over connections that stay open.

    It is for one thread at a time. Another thread may set ``stopped``: what
    is being read then ends with an error.
    """

    def __init__(self, settings: ClientSettings) -> None:
        import requests
        import urllib3

        self.stopped = False
        self._settings = settings
        self._read = 0
        self._most = MOST_READ
        self._end = 0.0
        self._session = _session(
            self,
            urllib3.Retry(
                settings.retries,
                # requests follows none, and neither does the pool.
                redirect=False,
                status_forcelist=(429, 500, 502, 503, 504),
                backoff_factor=0.25,
                raise_on_status=False,
                # A server could make everybody wait.
                respect_retry_after_header=False,
            ),
        )
        self._errors = (
            OSError,
            ValueError,
            requests.RequestException,
            urllib3.exceptions.HTTPError,
        )
        if settings.trusted_hosts:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def close(self) -> None:
        """Close its connections."""
        self._session.close()

    def count(self, size: int) -> None:
        """Count bytes that were read of the present answer.

        :raises Refused: where they are too many, or it takes too long.
        """
        self._read += size
        if self._read > self._most:
            raise Refused(f"more than {self._most} bytes were sent")
        if self.stopped or time.monotonic() > self._end:
            raise Refused(f"no end after {PATIENCE:g} seconds")

    @contextlib.contextmanager
    def get(
        self, target: Target, headers: Mapping[str, str], most: int = MOST_READ
    ) -> Iterator[Answer]:
        """The answer for a target, after all redirects.

        :param most: how many bytes may be sent for it.
        :raises OutsideError: where there is none; its status is not judged.
        """
        self._read = 0
        self._most = most
        self._end = time.monotonic() + PATIENCE
        with self.failures(target.url):
            answer = self._ask(target, headers)
        try:
            yield answer
        finally:
            # The connection can serve again only if all of it was read.
            answer.close()

    @contextlib.contextmanager
    def send(
        self,
        method: str,
        target: Target,
        headers: Mapping[str, str],
        body: bytes = b"",
    ) -> Iterator[Answer]:
        """The answer to one request of any kind; no redirect is followed.

        :param headers: what lets us in is among them: no netrc is read.
        :raises OSError: where there is none, as the libraries say it: see
            :func:`why`. So does reading it, but for :meth:`Answer.data`.
        """
        self._read = 0
        self._most = MOST_READ
        self._end = time.monotonic() + PATIENCE
        answer = Answer(
            self, target, self._send(target, headers, method, body)
        )
        try:
            yield answer
        finally:
            answer.close()

    @contextlib.contextmanager
    def failures(self, url: str) -> Iterator[None]:
        """Turn the errors of libraries into one of ours.

        :raises OutsideError: in the place of these errors.
        """
        try:
            yield
        except self._errors as error:
            raise _failed(url, why(error)) from error

    def _ask(self, target: Target, headers: Mapping[str, str]) -> Answer:
        for _ in range(MOST_REDIRECTS + 1):
            response = self._send(target, headers)
            moved = self._session.get_redirect_target(response)
            if moved is None:
                return Answer(self, target, response)
            response.close()
            target = moved_target(target, moved)
        raise _failed(target.url, f"more than {MOST_REDIRECTS} redirects")

    def _send(
        self,
        target: Target,
        headers: Mapping[str, str],
        method: str = "GET",
        body: bytes = b"",
    ) -> requests.Response:
        from urllib.parse import urlsplit

        settings = self._settings
        parts = urlsplit(target.url)
        trusted = {parts.hostname or "", parts.netloc}
        return _send(
            self._session,
            target,
            headers,
            method=method,
            body=body,
            timeout=settings.timeout,
            proxies=dict.fromkeys(SCHEMES, settings.proxy)
            if settings.proxy
            else {},
            verify=False
            if trusted & settings.trusted_hosts
            else settings.certificates or None,
            cert=settings.client_certificate or None,
        )


class Answer:
    """What a server answers; its body is read once."""

    def __init__(
        self, client: Client, target: Target, response: requests.Response
    ) -> None:
        #: Where it came from, after all redirects.
        self.target = target
        self.status = int(response.status_code)
        self.headers: Mapping[str, str] = response.headers
        self._client = client
        self._response = response

    def close(self) -> None:
        """Release its connection."""
        self._response.close()

    def failure(self) -> OutsideError:
        """The error to raise for its status."""
        status = f"HTTP {self.status} {self._response.reason or ''}"
        return _failed(self.target.url, status.strip())

    def parts(self) -> Iterator[bytes]:
        """The body as it was sent, all of it.

        :raises OutsideError: where it does not come whole and in time.
        """
        with self._client.failures(self.target.url):
            yield from _raw(self._response)

    def data(self, largest: int = LARGEST) -> bytes:
        """The whole body, unpacked.

        :raises OutsideError: where it does not come whole and in time, or is
            too large.
        """
        encoding = self.headers.get("Content-Encoding", "identity").lower()
        parts = self.parts()
        if encoding in {"gzip", "x-gzip"}:
            parts = _unpacked(parts)
        data = bytearray()
        with self._client.failures(self.target.url):
            for part in parts:
                data += part
                if len(data) > largest:
                    raise Refused(f"it is larger than {largest} bytes")
        return bytes(data)


class RequestRefused(OutsideError):
    """A server answered with something else than success.

    :param server: what messages call the server.
    :param http_status: the status of the answer.
    :param retry_after: how many seconds to wait; 0 where nothing says it.
    :param text: the first line of its body, where it is plain text.
    """

    def __init__(
        self,
        server: str,
        http_status: int,
        retry_after: float = 0.0,
        text: str = "",
    ) -> None:
        super().__init__(server, http_status, retry_after, text)
        self.server = server
        self.http_status = http_status
        self.retry_after = retry_after
        self.text = text

    def sentence(self) -> str:
        """The status, and the server's words."""
        said = f": {printable(self.text)}" if self.text else ""
        server = printable(self.server)
        return f"{server}: answers HTTP {self.http_status}{said}"


class LibrarySession:
    """A session of requests for a library that talks to one server.

    Libraries read whatever comes, for as long as it comes, and follow
    redirects with what they send. In this session an answer is within the
    limits of this module, and a redirect is an error. It is for one thread.

    :param server: what messages call the server.
    :param auth: user and password; without, it is nobody's.
    """

    def __init__(
        self, server: str, auth: tuple[str, str] | None = None
    ) -> None:
        self._server = server
        self._read = 0
        self._end = 0.0
        #: For the library.
        self.session = _session(self)
        # Other encodings cannot be unpacked up to a limit.
        self.session.headers["Accept-Encoding"] = "identity"
        if auth is not None:
            # requests encodes it as Latin-1.
            user, password = (part.encode().decode("latin-1") for part in auth)
            self.session.auth = (user, password)
        self._plain_send: Any = self.session.send
        # Every request goes through it, whatever the library calls.
        self.session.send = self._send  # type: ignore[method-assign]

    def __enter__(self) -> LibrarySession:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def count(self, size: int) -> None:
        """Count bytes that were read of the present answer.

        :raises Refused: where they are too many, or it takes too long.
        """
        self._read += size
        if self._read > LARGEST:
            raise Refused(f"more than {LARGEST} bytes were sent")
        if time.monotonic() > self._end:
            raise Refused(f"no end after {PATIENCE:g} seconds")

    def _send(
        self, request: requests.PreparedRequest, **more: Any
    ) -> requests.Response:
        """The answer to a request, all of it.

        :raises RequestRefused: where it is no success.
        :raises OutsideError: where there is none, whole and in time.
        """
        import requests
        import urllib3

        self._read = 0
        self._end = time.monotonic() + PATIENCE
        more |= {"allow_redirects": False, "timeout": SILENCE, "stream": True}
        try:
            answer: requests.Response = self._plain_send(request, **more)
            with contextlib.closing(answer):
                self._require_plain(answer)
                text = answer.content
        except (
            OSError,
            ValueError,
            requests.RequestException,
            urllib3.exceptions.HTTPError,
        ) as error:
            raise OutsideError(f"{self._server}: {why(error)}") from error
        # What the server calls it may be no encoding.
        answer.encoding = "utf-8"
        if not 200 <= answer.status_code < 300:
            kind = answer.headers.get("Content-Type", "")
            lines = text[:_PART].decode("utf-8", "replace").splitlines()
            raise RequestRefused(
                self._server,
                answer.status_code,
                _seconds(answer.headers.get("Retry-After", "")),
                lines[0][:_SHOWN].strip()
                if lines and kind.startswith("text/plain")
                else "",
            )
        return answer

    def _require_plain(self, answer: requests.Response) -> None:
        """Refuse what would be read without a limit, or elsewhere."""
        if answer.is_redirect:
            location = answer.headers.get("Location", "")
            raise Refused(f"it is redirected to {location}; name that instead")
        encoding = answer.headers.get("Content-Encoding", "identity").lower()
        if encoding not in {"", "identity"}:
            raise Refused(
                f"its encoding is {encoding}, which was not requested"
            )


def _seconds(retry_after: str) -> float:
    """The seconds of a header ``Retry-After`` (RFC 9110); 0 for nonsense."""
    import email.utils

    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        moment = email.utils.parsedate_to_datetime(retry_after).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return max(0.0, moment - time.time())


class _Counter(Protocol):
    """Counts bytes that connections read."""

    def count(self, size: int) -> None:
        """Count some more; an error ends the reading."""


def _send(
    session: requests.Session,
    target: Target,
    headers: Mapping[str, str],
    *,
    method: str = "GET",
    body: bytes = b"",
    **more: Any,
) -> requests.Response:
    """The answer to one request; its body is not read.

    :param more: the proxies and so on; None leaves it to the environment.
    """
    import requests

    # A netrc file would replace a header that lets us in.
    auth: Any = target.auth
    if auth is None and "Authorization" in headers:
        auth = _unchanged
    request = requests.Request(
        method, target.url, headers=dict(headers), data=body, auth=auth
    )
    prepared = session.prepare_request(request)
    url = prepared.url or ""
    timeout = more.pop("timeout")
    settings: dict[str, Any] = dict(
        session.merge_environment_settings(url, stream=True, **more)
    )
    # The session itself would read the body of a redirect, all of it.
    answer = session.get_adapter(url).send(
        prepared, timeout=timeout, **settings
    )
    requests.cookies.extract_cookies_to_jar(
        session.cookies, prepared, answer.raw
    )
    return answer


def _unchanged(request: Any) -> Any:
    """A request whose headers let us in."""
    return request


def _session(counter: _Counter, retries: Any = 0) -> requests.Session:
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
            _count_in(self.poolmanager, counter)

        def proxy_manager_for(self, *args: Any, **more: Any) -> Any:
            """The manager for a proxy."""
            manager = super().proxy_manager_for(*args, **more)
            _count_in(manager, counter)
            return manager

    session = requests.Session()
    session.adapters.clear()
    for scheme in SCHEMES:
        session.mount(f"{scheme}://", Adapter(max_retries=retries))
    return session


def _count_in(manager: Any, counter: _Counter) -> None:
    """Make the connections in all pools of a manager count what they read."""
    manager.pool_classes_by_scheme = {
        scheme: pool
        if hasattr(pool.ConnectionCls, "counts")
        else type(
            pool.__name__,
            (pool,),
            {"ConnectionCls": _counting(pool.ConnectionCls, counter)},
        )
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }


def _counting(connection: type[Any], counter: _Counter) -> type[Any]:
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
            counter.count(size or 0)
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


def why(error: BaseException) -> str:
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
