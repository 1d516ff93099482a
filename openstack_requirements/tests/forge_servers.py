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
"""Forges on loopback: git over HTTP, and pull requests.

:class:`ForgeServer` has what all of them share: projects, which git itself
serves (``git http-backend``), accounts, pull requests, a log of requests, what
people do there, and faults. The interface that programs use is in
``forge_interfaces``, a class for each forge.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import gzip
import http.server
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple

import fixtures

#: The account of the program, a person, and their tokens.
BOT, PERSON = "proposal-bot", "alice"
BOT_TOKEN = "tOp-s3cret/of+the-bot"
PERSON_TOKEN = "tOp-s3cret/of+alice"

_EPOCH = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
_UPDATE_HOOK = """\
#!/bin/sh
if grep -qxF "$1" "$GIT_DIR/protected"; then
    echo "$1 is protected" >&2
    exit 1
fi
"""


class Logged(NamedTuple):
    """A request, and the status that it got."""

    method: str
    path: str
    status: int

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        if "/git-upload-pack" in self.path:
            return False
        return self.method != "GET"


class Answer(NamedTuple):
    """What a forge answers; ``data`` becomes JSON."""

    status: int
    data: Any = None
    headers: Mapping[str, str] = {}


FAILED = Answer(500, {"message": "it hurts"})


@dataclasses.dataclass
class Fault:
    """What goes wrong with some requests.

    :param method: of which, a regular expression.
    :param path: what their path and query match, a regular expression.
    :param kind: ``answer``, ``hang``, ``drop`` (the request is not seen) or
        ``lose`` (it is done, and its answer is lost).
    :param times: how often; None for always.
    :param after: how many of these requests go well before that.
    """

    method: str
    path: str
    kind: str = "answer"
    answer: Answer = FAILED
    times: int | None = None
    after: int = 0


@dataclasses.dataclass
class Comment:
    number: int
    author: str
    text: str
    at: str


@dataclasses.dataclass
class Pull:
    """A pull request or a merge request."""

    number: int
    head: str
    base: str
    title: str
    body: str
    author: str
    commit: str
    created: str
    updated: str
    state: str = "open"
    closed: str = ""
    merged: str = ""
    closed_by: str = ""
    comments: list[Comment] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Project:
    """A project; its repository is in ``folder``."""

    number: int
    name: str
    folder: Path
    default: str
    pulls: list[Pull] = dataclasses.field(default_factory=list)

    def git(self, *words: str, given: str = "", **environment: str) -> str:
        """What git prints in the repository."""
        done = subprocess.run(
            ["git", *words],
            cwd=self.folder,
            input=given,
            capture_output=True,
            encoding="utf-8",
            check=True,
            env={
                "PATH": os.environ["PATH"],
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                **environment,
            },
        )
        return done.stdout.strip()

    def tip(self, branch: str) -> str:
        """The last commit of a branch; empty where there is none."""
        return self.git(
            "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}"
        )

    def commit(self, branch: str, who: str, **files: str) -> str:
        """A commit more on a branch; ``_`` in a name stands for a dot."""
        tip = self.tip(branch)
        index = self.folder / "index-of-the-test"
        alone = {"GIT_INDEX_FILE": str(index)}
        if tip:
            self.git("read-tree", tip, **alone)
        for name, text in files.items():
            blob = self.git("hash-object", "-w", "--stdin", given=text)
            path = name.replace("_", ".")
            self.git(
                *("update-index", "--add", "--cacheinfo"),
                f"100644,{blob},{path}",
                **alone,
            )
        tree = self.git("write-tree", **alone)
        index.unlink(missing_ok=True)
        commit = self.git(
            *("commit-tree", tree, "-m", f"By {who}"),
            *(["-p", tip] if tip else []),
            **{
                f"GIT_{role}_{field}": value
                for role in ("AUTHOR", "COMMITTER")
                for field, value in (
                    ("NAME", who),
                    ("EMAIL", f"{who}@example.org"),
                    ("DATE", "@1700000000 +0000"),
                )
            },
        )
        self.git("update-ref", f"refs/heads/{branch}", commit)
        return commit

    def file(self, revision: str, path: str) -> str:
        return self.git("cat-file", "blob", f"{revision}:{path}") + "\n"


class ForgeServer(fixtures.Fixture):
    """A forge; ``url`` is its address.

    :param folder: for its repositories.
    """

    #: What the option ``--forge`` calls it.
    name = ""
    #: What the references of pull requests are called.
    pull_refs = "refs/pull"
    #: Whether a pull request is closed when its branch is deleted.
    closes_with_branch = True
    #: What the path of the interface starts with.
    interface = "/api/"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.projects: dict[str, Project] = {}
        self.moved: dict[str, str] = {}
        self.accounts = {BOT_TOKEN: BOT, PERSON_TOKEN: PERSON}
        self.log: list[Logged] = []
        self.faults: list[Fault] = []
        #: Is told of each request before something is done, and behind that
        #: (True); what it raises ends the connection.
        self.watch: Callable[[str, bool], object] = lambda *_: None
        #: All that was sent, but for the headers that let in.
        self.sent: list[str] = []
        #: What the interface answered: method, path, status and data.
        self.answered: list[tuple[str, str, int, Any]] = []
        #: How many rows a page has, at most.
        self.most_rows = 100
        self.private = False
        self.lock = threading.RLock()
        self.over = threading.Event()
        self._ticks = itertools.count()
        self._numbers = itertools.count(1)

    def _setUp(self) -> None:  # noqa: N802 - as the parent calls it
        server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(
            target=server.serve_forever, args=(0.05,), daemon=True
        )
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(self.over.set)

    # What people do.

    def add(self, name: str, default: str = "main", **files: str) -> Project:
        """A project with a commit, or an empty one without files."""
        number = next(self._numbers)
        folder = self.folder / f"{name}.git"
        folder.mkdir(parents=True)
        project = Project(number, name, folder, default)
        project.git("init", "-q", "--bare", f"--initial-branch={default}")
        (folder / "protected").write_text("")
        hook = folder / "hooks" / "update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(_UPDATE_HOOK)
        hook.chmod(0o755)
        self.projects[name] = project
        if files:
            project.commit(default, PERSON, **files)
        return project

    def delete(self, name: str) -> None:
        with self.lock:
            shutil.rmtree(self.projects.pop(name).folder)

    def rename(self, name: str, new: str) -> None:
        with self.lock:
            project = self.projects.pop(name)
            folder = self.folder / f"{new}.git"
            folder.parent.mkdir(exist_ok=True)
            project.folder.rename(folder)
            project.folder, project.name = folder, new
            self.projects[new] = project
            self.moved[name] = new

    def protect(self, name: str, branch: str) -> None:
        path = self.projects[name].folder / "protected"
        path.write_text(f"{path.read_text()}refs/heads/{branch}\n")

    def merge(self, name: str, number: int) -> None:
        """Merge a pull request, and leave its branch."""
        with self.lock:
            project, pull = self._pull(name, number)
            base = project.tip(pull.base)
            tree = project.git("merge-tree", "--write-tree", base, pull.commit)
            who = {
                f"GIT_{role}_{field}": PERSON
                for role in ("AUTHOR", "COMMITTER")
                for field in ("NAME", "EMAIL")
            }
            commit = project.git(
                *("commit-tree", tree, "-p", base, "-p", pull.commit),
                *("-m", "Merge"),
                **who,
            )
            project.git("update-ref", f"refs/heads/{pull.base}", commit)
            pull.state, pull.merged = "merged", self.now()
            pull.closed, pull.closed_by = pull.merged, PERSON

    def close(self, name: str, number: int, who: str = PERSON) -> None:
        """Close a pull request unmerged, and leave its branch."""
        with self.lock:
            pull = self._pull(name, number)[1]
            pull.state, pull.closed = "closed", self.now()
            pull.closed_by = who
            pull.updated = pull.closed

    def amend(self, name: str, number: int, **files: str) -> None:
        """A person's commit on the branch of a pull request."""
        with self.lock:
            project, pull = self._pull(name, number)
            project.commit(pull.head, PERSON, **files)
            self.follow(project)

    # What tests look at.

    def pulls(self, name: str, state: str = "open") -> list[Pull]:
        with self.lock:
            return [
                pull
                for pull in self.projects[name].pulls
                if pull.state == state
            ]

    @property
    def writes(self) -> list[Logged]:
        """The requests that change something."""
        return [logged for logged in self.log if logged.writes]

    # What the interfaces need.

    def now(self) -> str:
        later = datetime.timedelta(seconds=next(self._ticks))
        return (_EPOCH + later).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _pull(self, name: str, number: int) -> tuple[Project, Pull]:
        project = self.projects[name]
        return project, project.pulls[number - 1]

    def open(
        self, project: Project, author: str, fields: Mapping[str, str]
    ) -> Pull | None:
        """Open a pull request; None where there is one."""
        if any(
            (pull.head, pull.base, pull.state)
            == (fields["head"], fields["base"], "open")
            for pull in project.pulls
        ):
            return None
        now = self.now()
        pull = Pull(
            len(project.pulls) + 1,
            fields["head"],
            fields["base"],
            fields["title"],
            # As a form of a browser sends it.
            fields["body"].replace("\n", "\r\n"),
            author,
            project.tip(fields["head"]),
            now,
            now,
        )
        project.pulls.append(pull)
        self.follow(project)
        return pull

    def say(self, pull: Pull, author: str, text: str) -> Comment:
        comment = Comment(next(self._numbers), author, text, self.now())
        pull.comments.append(comment)
        return comment

    def follow(self, project: Project) -> None:
        """Let pull requests follow their branches."""
        for pull in project.pulls:
            if pull.state != "open":
                continue
            tip = project.tip(pull.head)
            if tip:
                pull.commit = tip
                project.git(
                    "update-ref", f"{self.pull_refs}/{pull.number}/head", tip
                )
            elif self.closes_with_branch:
                self.close(project.name, pull.number, BOT)

    def answer(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        body: dict[str, Any],
        account: str,
    ) -> Answer:
        """What the interface answers; see the subclasses."""
        raise NotImplementedError

    def token(self, headers: Message) -> str | None:
        """The token that a request of a program has; None without any."""
        raise NotImplementedError

    def page(
        self, rows: list[Any], query: dict[str, str], path: str, size: str
    ) -> Answer:
        """A page of rows, and where the next one is (RFC 8288).

        :param size: the parameter that says how many rows there are.
        """
        wanted = min(int(query.get(size, 30)), self.most_rows)
        number = int(query.get("page", 1))
        start = (number - 1) * wanted
        headers = {}
        if start + wanted < len(rows):
            more = urllib.parse.urlencode({**query, "page": str(number + 1)})
            headers["Link"] = f'<{self.url}{path}?{more}>; rel="next"'
        return Answer(200, rows[start : start + wanted], headers)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nothing to print."""


def _handler(forge: ForgeServer) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self._body()
            forge.watch(f"{self.command} {self.path}", False)
            fault = self._fault()
            if fault is not None and fault.kind == "hang":
                forge.over.wait(60)
                return
            if fault is not None and fault.kind == "drop":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, headers, data = (
                self._encoded(fault.answer)
                if fault is not None and fault.kind == "answer"
                else self._answer(body)
            )
            forge.log.append(Logged(self.command, self.path, status))
            forge.sent.append(f"{self.path} {body!r}")
            forge.watch(f"{self.command} {self.path}", True)
            if fault is not None and fault.kind == "lose":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            pass

        def _body(self) -> bytes:
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            else:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            return body

        def _fault(self) -> Fault | None:
            with forge.lock:
                for fault in forge.faults:
                    if (
                        fault.times != 0
                        and re.fullmatch(fault.method, self.command)
                        and re.search(fault.path, self.path)
                    ):
                        fault.after -= 1
                        if fault.after >= 0:
                            continue
                        if fault.times is not None:
                            fault.times -= 1
                        return fault
            return None

        def _encoded(
            self, answer: Answer
        ) -> tuple[int, dict[str, str], bytes]:
            data = b""
            if answer.data is not None:
                data = json.dumps(answer.data).encode()
            headers = {"Content-Type": "application/json", **answer.headers}
            return answer.status, headers, data

        def _answer(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            path, _, query = self.path.partition("?")
            if not path.startswith(forge.interface):
                return self._git(path, query, body)
            token = forge.token(self.headers)
            account = forge.accounts.get(token or "", "")
            if (token and not account) or (forge.private and not account):
                said = f"Bad credentials {token}"
                return self._encoded(Answer(401, {"message": said}))
            path = path.removeprefix(forge.interface.rstrip("/"))
            with forge.lock:
                answer = forge.answer(
                    self.command,
                    path,
                    dict(urllib.parse.parse_qsl(query)),
                    json.loads(body) if body else {},
                    account,
                )
                row = (self.command, path, answer.status, answer.data)
                forge.answered.append(row)
            return self._encoded(answer)

        def _git(
            self, path: str, query: str, body: bytes
        ) -> tuple[int, dict[str, str], bytes]:
            match = re.fullmatch(r"/(.+?)\.git(/.*)", path)
            name = match[1] if match else ""
            if match and name in forge.moved:
                new = f"{forge.url}/{forge.moved[name]}.git{match[2]}"
                location = f"{new}?{query}" if query else new
                return 301, {"Location": location}, b""
            if name not in forge.projects:
                return 404, {}, b""
            user = self._basic()
            if not user and (forge.private or "receive-pack" in self.path):
                return 401, {"WWW-Authenticate": 'Basic realm="x"'}, b""
            done = subprocess.run(
                ["git", "http-backend"],
                input=body,
                capture_output=True,
                check=True,
                env={
                    "PATH": os.environ["PATH"],
                    "GIT_CONFIG_NOSYSTEM": "1",
                    "GIT_CONFIG_GLOBAL": os.devnull,
                    "GIT_PROJECT_ROOT": str(forge.folder),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "REQUEST_METHOD": self.command,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "CONTENT_LENGTH": str(len(body)),
                    "REMOTE_USER": user,
                    "REMOTE_ADDR": "127.0.0.1",
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                },
            )
            if path.endswith("/git-receive-pack"):
                with forge.lock:
                    forge.follow(forge.projects[name])
            head, _, data = done.stdout.partition(b"\r\n\r\n")
            headers = dict(_headers(head.decode("ascii")))
            status = int(headers.pop("Status", "200").partition(" ")[0])
            return status, headers, data

        def _basic(self) -> str:
            """The account that git has let itself in with."""
            given = self.headers.get("Authorization", "")
            kind, _, encoded = given.partition(" ")
            if kind != "Basic":
                return ""
            token = base64.b64decode(encoded).decode().partition(":")[2]
            return forge.accounts.get(token, "")

    return Handler


def _headers(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, _, value = line.partition(": ")
        yield name, value
