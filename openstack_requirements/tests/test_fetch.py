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
"""Fetching a URL: all of it, in time, and no password to anybody else."""

from __future__ import annotations

import base64
import contextlib
import gzip
import itertools
import os
import socket
import threading
import time
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Any

import fixtures

from openstack_requirements.errors import (
    OutsideError,
    RequirementsError,
    UnusableInput,
)
from openstack_requirements.system import fetch
from openstack_requirements.system.fetch_targets import first_target
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SECRET = "s3cr3t-t0k3n"
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class Server(fixtures.Fixture):
    """Answers each request with what a path says, byte for byte."""

    def __init__(self, answers: dict[str, bytes | Iterable[bytes]]) -> None:
        super().__init__()
        self.answers = answers
        #: What was asked: path and headers.
        self.requests: list[tuple[str, dict[str, str]]] = []

    def _setUp(self) -> None:  # noqa: N802 - fixtures looks for it
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.url = f"http://{self.host}"
        self._open: list[socket.socket] = []
        self._closed = False
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()
        self.addCleanup(self._close)

    def _close(self) -> None:
        self._closed = True
        # Nobody may hold the number of a socket that somebody else gets.
        for each in (self._socket, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(
                target=self._answer, args=(connection,), daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            data = b""
            while b"\r\n\r\n" not in data:
                data += connection.recv(65536) or b"\r\n\r\n"
            line, *headers = data.decode("latin-1").split("\r\n")
            path = line.split(" ")[1]
            self.requests.append(
                (path, dict(h.split(": ", 1) for h in headers if ": " in h))
            )
            answer = self.answers[path.partition("?")[0]]
            if isinstance(answer, bytes):
                answer = [answer]
            for part in answer:
                if self._closed:
                    break
                connection.sendall(part)

    def sent_to(self, path: str) -> str | None:
        """The name and password that came with a request."""
        (headers,) = [h for p, h in self.requests if p == path]
        word = headers.get("Authorization")
        if word is None:
            return None
        return base64.b64decode(word.removeprefix("Basic ")).decode()


def body(data: bytes, *headers: str, length: int | None = None) -> bytes:
    """An answer with a body and its length."""
    lines = [*headers, f"Content-Length: {length or len(data)}"]
    return OK + "".join(f"{e}\r\n" for e in lines).encode() + b"\r\n" + data


def moved(location: str) -> bytes:
    return (
        f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def drip(start: bytes, part: bytes) -> Iterator[bytes]:
    """A start, and then a little for ever."""
    yield start
    while True:
        yield part
        time.sleep(0.02)


def flood(start: bytes, part: bytes) -> Iterable[bytes]:
    return itertools.chain([start], itertools.repeat(part))


class FetchTestCase(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        for name in list(os.environ):
            if name.lower().endswith("_proxy"):
                self.useFixture(fixtures.EnvironmentVariable(name))
        self.useFixture(
            fixtures.EnvironmentVariable("NETRC", self.write("netrc", ""))
        )

    def limit(self, name: str, value: float) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(f"{fetch.__name__}.{name}", value)
        )

    def serve(self, **answers: bytes | Iterable[bytes]) -> Server:
        server = Server({f"/{name}": each for name, each in answers.items()})
        self.useFixture(server)
        return server

    def refused(
        self, url: str, word: str, kind: type[RequirementsError] = OutsideError
    ) -> str:
        """The error, which has no secret in it and names no object."""
        error = self.assertRaises(kind, fetch.text, url)
        self.assertIn(word, str(error))
        self.assertNotIn(SECRET, str(error))
        self.assertNotIn(" at 0x", str(error))
        self.assertNotIn("\n", str(error))
        return str(error)


class TestFetch(FetchTestCase):
    def test_whole_answers(self) -> None:
        data = "- ä\n".encode() * 40_000
        packed = gzip.compress(data)
        chunks = b"".join(
            b"%x;x=y\r\n%s\r\n" % (len(e), e) for e in (data[:9], data[9:])
        )
        server = self.serve(
            plain=body(data),
            packed=body(packed, "Content-Encoding: gzip"),
            members=body(
                gzip.compress(data[:99]) + gzip.compress(data[99:]),
                "Content-Encoding: x-gzip",
            ),
            chunks=CHUNKED + chunks + b"0\r\nX: y\r\n\r\n",
            closed=OK + b"\r\n" + data,
            empty=body(b"", "Content-Encoding: gzip", length=0),
        )
        for name in ("plain", "packed", "members", "chunks", "closed"):
            found = fetch.text(f"{server.url}/{name}")
            self.assertEqual(data.decode(), found, name)
        self.assertEqual("", fetch.text(f"{server.url}/empty"))

    def test_half_answers(self) -> None:
        packed = gzip.compress(os.urandom(9999))
        server = self.serve(
            short=body(b"- a\n", length=99),
            chunk=CHUNKED + b"10\r\nabc",
            more=CHUNKED + b"4\r\n- a\n\r\n",
            packed=body(packed[:-20], "Content-Encoding: gzip"),
            damaged=body(
                packed[:50] + b"x" * 50 + packed[100:],
                "Content-Encoding: gzip",
            ),
            header=b"HTTP/1.1 200 OK\r\nContent-Len",
            nothing=b"",
            part=b"HTTP/1.1 206 Partial\r\nContent-Length: 1\r\n\r\na",
            none=b"HTTP/1.1 204 None\r\n\r\n",
            gone=b"HTTP/1.1 404 \x1b[31mX\r\nContent-Length: 0\r\n\r\n",
            same=b"HTTP/1.1 304 Same\r\n\r\n",
            other=body(b"x", "Content-Encoding: br"),
            twice=body(packed, "Content-Encoding: gzip, gzip"),
        )
        for name in server.answers:
            if name == "/header":
                continue  # the headers end early, and an empty text follows
            message = self.refused(f"{server.url}{name}", "cannot be fetched")
            self.assertTrue(message.isprintable(), name)
        self.refused(f"{server.url}/gone", "HTTP 404 \\x1b[31mX")

    def test_the_length_counts_with_any_urllib3(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                "urllib3.response.HTTPResponse._error_catcher",
                lambda _self: contextlib.nullcontext(),
            )
        )
        self.useFixture(
            fixtures.MonkeyPatch(
                "urllib3.response.HTTPResponse._init_length",
                lambda _self, _method: None,
            )
        )
        server = self.serve(short=body(b"- a\n", length=99))
        self.refused(f"{server.url}/short", "4 of 99 bytes")

    def test_it_ends_in_time(self) -> None:
        self.limit("PATIENCE", 0.5)
        server = self.serve(
            status=drip(b"", b"H"),
            headers=drip(OK, b"X: y\r\n"),
            header=drip(OK + b"X: ", b"y"),
            body=drip(OK + b"\r\n", b"x"),
            extension=drip(CHUNKED + b"4;", b"x"),
            trailers=drip(CHUNKED + b"0\r\n", b"X: y\r\n"),
            chunks=drip(CHUNKED, b"1\r\nx\r\n"),
            interim=drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            silent=drip(b"", b""),
        )
        for name in server.answers:
            if name in {"/trailers", "/headers"}:
                continue  # they may also be too many
            self.refused(f"{server.url}{name}", "no end after 0.5 seconds")
        for name in ("/trailers", "/headers"):
            self.refused(f"{server.url}{name}", "cannot be fetched")

    def test_its_thread_ends_with_what_it_reads(self) -> None:
        self.limit("PATIENCE", 0.2)
        before = set(threading.enumerate())
        server = self.serve(header=drip(OK + b"X: ", b"y"))
        self.refused(f"{server.url}/header", "no end")
        fetching = [
            each
            for each in set(threading.enumerate()) - before
            if "run" in each.name
        ]
        for each in fetching:
            self.assertTrue(each.daemon)
            each.join(20)
            self.assertFalse(each.is_alive())

    def test_silence(self) -> None:
        self.limit("SILENCE", 0.2)
        server = self.serve(
            headers=drip(b"", b""), body=drip(OK + b"\r\n", b"")
        )
        for name in server.answers:
            self.refused(f"{server.url}{name}", "timed out after 0.2 seconds")

    def test_too_large(self) -> None:
        part = b"x" * 65536
        zeros = zlib.compressobj(9, wbits=31)
        bomb = b"".join(zeros.compress(b"\0" * (1 << 20)) for _ in range(300))
        server = self.serve(
            endless=flood(OK + b"\r\n", part),
            chunks=flood(CHUNKED, b"10000\r\n" + part + b"\r\n"),
            bomb=body(bomb + zeros.flush(), "Content-Encoding: gzip"),
        )
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        for name in server.answers:
            self.refused(f"{server.url}{name}", "larger than", UnusableInput)
        _, peak = tracemalloc.get_traced_memory()
        self.assertLess(peak, 6 * fetch.LARGEST)

    def test_what_is_no_body_is_bounded_too(self) -> None:
        self.limit("MOST_READ", 1 << 20)
        part = b"x" * 65536
        server = self.serve(
            extension=flood(CHUNKED + b"4;", part),
            trailer=flood(CHUNKED + b"0\r\nX: ", part),
            trailers=flood(CHUNKED + b"0\r\n", b"X: y\r\n" * 9999),
            header=flood(OK + b"X: ", part),
            headers=flood(OK, b"X: y\r\n" * 9999),
            interim=flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 999),
            moved=flood(
                b"HTTP/1.1 302 Found\r\nLocation: /good\r\n\r\n", part
            ),
            good=body(b"x"),
        )
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        for name in server.answers:
            if name in {"/moved", "/good"}:
                self.assertEqual("x", fetch.text(f"{server.url}{name}"))
            else:
                self.refused(f"{server.url}{name}", "cannot be fetched")
        _, peak = tracemalloc.get_traced_memory()
        self.assertLess(peak, 16 << 20)

    def test_redirects(self) -> None:
        secret = self.write("secret", SECRET)
        server = self.serve(
            good=body(b"x"),
            near=moved("good"),
            far=moved("near"),
            around=moved("around"),
            file=moved(f"file://{secret}"),
            ftp=moved("ftp://127.0.0.1/x"),
            data=moved("data:,x"),
            bad=moved("http://[/"),
            secret=moved(f"ftp://u:{SECRET}@h/"),
        )
        self.assertEqual("x", fetch.text(f"{server.url}/far"))
        self.refused(f"{server.url}/around", "more than 10 redirects")
        asked = [path for path, _ in server.requests if path == "/around"]
        self.assertEqual(11, len(asked))
        for name in ("file", "ftp", "data", "secret"):
            self.refused(f"{server.url}/{name}", "only http and https")
        self.refused(f"{server.url}/bad", "cannot be fetched")

    def test_only_http(self) -> None:
        for url in ("file:///etc/passwd", "ftp://h/x", "gopher://h", "x://y"):
            self.refused(url, "only http and https", UnusableInput)

    def test_userinfo(self) -> None:
        server = self.serve(good=body(b"x"), moved=moved("good"))
        for userinfo, sent in (
            ("user:p%40ss", "user:p@ss"),
            (f"{SECRET}", f"{SECRET}:"),
            (f"user:a@b{SECRET}", f"user:a@b{SECRET}"),
            ("%C3%A4:%C3%B6", "ä:ö"),
            (":x", ":x"),
        ):
            server.requests.clear()
            url = f"http://{userinfo}@{server.host}/moved"
            self.assertEqual("x", fetch.text(url))
            self.assertEqual(sent, server.sent_to("/moved"))
            self.assertEqual(sent, server.sent_to("/good"))
        self.refused(
            f"http://u:{SECRET}@127.0.0.1:1/x?token={SECRET}", "refused"
        )
        self.refused(f"ftp://u:{SECRET}@h/x", "only", UnusableInput)
        for url in (
            f"http://u:{SECRET}/x@h/",
            f"http://u:{SECRET}#@h/",
            f"http://u\u2100:{SECRET}@h/",
            f"http://h:{SECRET}/",
            f"http://u:[{SECRET}@h/",
        ):
            self.refused(url, "not a valid URL")

    def test_nobody_else_gets_the_password(self) -> None:
        other = self.serve(good=body(b"x"))
        server = self.serve(moved=moved(f"{other.url}/good"))
        fetch.text(f"http://u:{SECRET}@{server.host}/moved")
        self.assertEqual(f"u:{SECRET}", server.sent_to("/moved"))
        self.assertIsNone(other.sent_to("/good"))

    def test_netrc(self) -> None:
        server = self.serve(good=body(b"x"))
        self.write("netrc", f"machine 127.0.0.1 login u password {SECRET}\n")
        fetch.text(f"{server.url}/good")
        self.assertEqual(f"u:{SECRET}", server.sent_to("/good"))
        server.requests.clear()
        # What somebody has typed counts for more.
        fetch.text(f"http://v:w@{server.host}/good")
        self.assertEqual("v:w", server.sent_to("/good"))

    def test_only_the_host_itself_gets_its_password_of_netrc(self) -> None:
        """Before 2.32.4, requests takes the userinfo for the host."""
        server = self.serve(good=body(b"x"))
        self.write(
            "netrc", f"machine victim.invalid login u password {SECRET}\n"
        )
        port = server.host.partition(":")[2]
        for userinfo in (
            "victim.invalid:",
            "victim.invalid:@",
            f"victim.invalid:{port}",
            "victim.invalid",
            "%76ictim.invalid:",
        ):
            moving = self.serve(
                moved=moved(f"http://{userinfo}@{server.host}/good")
            )
            for url in (
                f"http://{userinfo}@{server.host}/good",
                f"{moving.url}/moved",
            ):
                server.requests.clear()
                self.assertEqual("x", fetch.text(url))
                self.assertNotIn(
                    SECRET, server.sent_to("/good") or "", userinfo
                )

    def test_proxy(self) -> None:
        url = "http://nowhere.invalid/good"
        server = Server({url: body(b"x")})
        self.useFixture(server)
        proxy = f"http://p:{SECRET}@{server.host}"
        self.useFixture(fixtures.EnvironmentVariable("http_proxy", proxy))
        self.assertEqual("x", fetch.text(url))
        ((asked, headers),) = server.requests
        self.assertEqual(url, asked)
        self.assertIn("Proxy-Authorization", headers)
        proxy = f"http://p:{SECRET}@127.0.0.1:1"
        self.useFixture(fixtures.EnvironmentVariable("http_proxy", proxy))
        self.refused(url, "refused")


class TestClient(FetchTestCase):
    """Many files of one server, in parts and up to limits."""

    def get(
        self,
        url: str,
        settings: fetch.ClientSettings = fetch.ClientSettings(),  # noqa: B008 - it is immutable
        most: int = fetch.MOST_READ,
    ) -> bytes:
        with (
            contextlib.closing(fetch.Client(settings)) as client,
            client.get(first_target(url), {}, most) as answer,
        ):
            return answer.data(100)

    def fails(self, *arguments: Any) -> str:
        return str(self.assertRaises(OutsideError, self.get, *arguments))

    def test_data(self) -> None:
        packed = body(gzip.compress(b"x" * 9), "Content-Encoding: gzip")
        server = self.serve(
            good=body(b"x"),
            packed=packed,
            short=body(b"x", length=2),
            large=body(b"x" * 101),
            moved=moved("/good"),
            around=moved("/around"),
            away=moved("file:///etc/passwd"),
        )
        for path, data in (("good", 1), ("packed", 9), ("moved", 1)):
            self.assertEqual(b"x" * data, self.get(f"{server.url}/{path}"))
        for path, word in (
            ("short", "cannot be fetched ("),
            ("large", "larger than 100 bytes"),
            ("around", "more than 10 redirects"),
            ("away", "only http and https"),
        ):
            self.assertIn(word, self.fails(f"{server.url}/{path}"))

    def test_all_that_is_sent_counts(self) -> None:
        server = self.serve(good=body(b"x" * 90))
        settings = fetch.ClientSettings()
        self.assertIn(
            "more than 50 bytes were sent",
            self.fails(f"{server.url}/good", settings, 50),
        )

    def test_it_can_be_stopped(self) -> None:
        server = self.serve(good=body(b"x"))
        with contextlib.closing(
            fetch.Client(fetch.ClientSettings())
        ) as client:
            client.stopped = True
            error = self.assertRaises(
                OutsideError,
                client.get(first_target(f"{server.url}/good"), {}).__enter__,
            )
        self.assertIn("no end after", str(error))

    def test_how_servers_are_reached(self) -> None:
        settings = fetch.ClientSettings(
            "/bundle", "/own", "http://proxy:1", frozenset(("a", "b:8"))
        )
        given: list[dict[str, Any]] = []

        def send(*_: object, **more: Any) -> None:
            given.append(more)
            raise OSError("enough")

        self.patch(fetch, "_send", send)
        for host in ("a", "a:1", "b:8", "b", "c"):
            self.fails(f"https://{host}/x", settings)
        self.fails("https://a/x")
        self.assertEqual(
            [False, False, False, "/bundle", "/bundle", None],
            [more["verify"] for more in given],
        )
        self.assertEqual(("/own", None), (given[0]["cert"], given[-1]["cert"]))
        self.assertEqual(
            ({"http": "http://proxy:1", "https": "http://proxy:1"}, {}),
            (given[0]["proxies"], given[-1]["proxies"]),
        )
