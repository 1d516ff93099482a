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
"""Git repositories on loopback, served by git itself over HTTP."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
import urllib.parse
from typing import TYPE_CHECKING, ClassVar

import fixtures

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class _Handler(http.server.BaseHTTPRequestHandler):
    """Passes requests on to ``git http-backend`` (CGI, RFC 3875)."""

    protocol_version = "HTTP/1.0"
    folder: ClassVar[str] = ""
    requests: ClassVar[list[str]] = []
    statuses: ClassVar[dict[str, list[int]]] = {}
    hanging: ClassVar[set[str]] = set()
    ended: ClassVar[threading.Event] = threading.Event()
    git_server: ClassVar[GitServer]

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.requests.append(f"{self.command} {self.path}")
        self.git_server.watch(self.requests[-1], False)
        project = path.partition(".git/")[0].strip("/")
        if project in self.hanging:
            self.ended.wait()
            return
        if self.statuses.get(project):
            self.send_response(self.statuses[project].pop(0))
            self.end_headers()
            return
        length = int(self.headers.get("Content-Length", 0))
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROJECT_ROOT": self.folder,
            "GIT_HTTP_EXPORT_ALL": "1",
            "REMOTE_USER": "somebody",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": urllib.parse.unquote(path),
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        answer = subprocess.run(
            ["git", "http-backend"],
            input=self.rfile.read(length),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            check=False,
        ).stdout
        self.git_server.watch(f"{self.command} {self.path}", True)
        head, _, body = answer.partition(b"\r\n\r\n")
        fields = dict(
            line.split(": ", 1) for line in head.decode().split("\r\n") if line
        )
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing: the requests are in a list."""


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that went away."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(*_)  # type: ignore[arg-type]


class GitServer(fixtures.Fixture):
    """Serves the bare repositories of a folder.

    ``requests`` has each request, its method and its path. The next requests
    for a project in ``statuses`` get these, and those for one in ``hanging``
    no answer. ``watch`` is told of each request before something is done, and
    behind that (True); what it raises ends the connection.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def _setUp(self) -> None:  # noqa: N802 - as the parent calls it
        self.requests: list[str] = []
        self.statuses: dict[str, list[int]] = {}
        self.hanging: set[str] = set()
        self.watch: Callable[[str, bool], object] = lambda *_: None
        ended = threading.Event()
        attributes = {
            "folder": str(self._folder),
            "requests": self.requests,
            "statuses": self.statuses,
            "hanging": self.hanging,
            "ended": ended,
            "git_server": self,
        }
        handler = type("_Handler", (_Handler,), attributes)
        server = _Server(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.addCleanup(ended.set)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
