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
"""A Gerrit on loopback: stock git, and the REST answers that we use.

Changes are made by pushing, as with Gerrit: git serves the projects with
``git http-backend``, and hands what is pushed to ``refs/for/BRANCH`` to
:mod:`.gerrit_hook`. So clients of Gerrit work with it, and the tests drive
some, to keep it honest.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import fixtures

from openstack_requirements.tests import gerrit_hook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

#: The account of the tests' own runs, which owns what they propose.
BOT = "bot"
#: A person who may do everything.
PERSON = "person"
#: No secret of anybody; searched for in all that is written.
BOT_PASSWORD = "bot-http-password-2c8e"
PERSON_PASSWORD = "person-http-password-71ad"

_PREFIX = b")]}'\n"
_TERM = re.compile(r'(-?)(?:(\w+):)?("[^"]*"|\S+)')
_STATUSES = {
    "open": {"NEW"},
    "new": {"NEW"},
    "closed": {"MERGED", "ABANDONED"},
    "merged": {"MERGED"},
    "abandoned": {"ABANDONED"},
}


class Request(NamedTuple):
    """A request as the log has it.

    :param user: the one that was authenticated, or empty.
    """

    method: str
    path: str
    user: str


class Fault(NamedTuple):
    """What goes wrong, and with which requests."""

    pattern: str
    status: int = 0
    headers: Mapping[str, str] = {}
    body: bytes | None = None
    hangs: bool = False
    loses: bool = False


class Refused(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text


class GerritServer(fixtures.Fixture):
    """A Gerrit with the accounts ``bot`` and ``person``.

    ``url`` is its address, ``log`` what it was asked.

    :param page: how many changes it gives at once.
    """

    def __init__(self, page: int = 500) -> None:
        super().__init__()
        self.page = page

    def _setUp(self) -> None:  # noqa: N802 - fixtures looks for it
        folder = Path(self.useFixture(fixtures.TempDir()).path)
        #: Where the bare repositories are, by project.
        self.root = folder / "projects"
        self.root.mkdir()
        self._state = str(folder / "state")
        with contextlib.closing(sqlite3.connect(self._state)) as connection:
            connection.executescript(gerrit_hook.SCHEMA)
        self.log: list[Request] = []
        #: Is told of each request before something is done, and behind that
        #: (True); so a test can kill the client in the middle.
        self.watch: Callable[[Request, bool], object] = lambda *_: None
        self._lock = threading.Lock()
        self._faults: list[tuple[Fault, list[int]]] = []
        #: Requests that hang end with the test.
        self.over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.gerrit = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self._server.server_close)
        self.addCleanup(self._server.shutdown)
        self.addCleanup(self.over.set)
        self.account(BOT, BOT_PASSWORD, "A Bot", "bot@example.org")
        self.account(
            PERSON,
            PERSON_PASSWORD,
            "A Person",
            "person@example.org",
            core=True,
        )

    # What tests set up and look at

    def account(
        self,
        username: str,
        password: str,
        name: str,
        email: str,
        *,
        core: bool = False,
    ) -> None:
        """Make an account; a core reviewer may abandon and submit."""
        with self.state() as state:
            state.execute(
                "INSERT INTO accounts VALUES (NULL, ?, ?, ?, ?, ?)",
                [username, password, name, email, core],
            )

    def project(
        self,
        name: str,
        files: Mapping[str, str] | None = None,
        branch: str = "main",
    ) -> Path:
        """Make a project; its bare repository.

        :param files: what its first commit has; an empty project has none.
        """
        bare = self.root / name
        _git("init", "-q", "--bare", f"--initial-branch={branch}", str(bare))
        for key, value in (
            ("receive.procReceiveRefs", "refs/for"),
            ("http.receivepack", "true"),
            ("gc.auto", "0"),
        ):
            _git("config", key, value, folder=bare)
        hooks = bare / "hooks"
        shutil.rmtree(hooks, ignore_errors=True)
        hooks.mkdir()
        for hook, text in (
            (
                "proc-receive",
                f"exec '{sys.executable}' -I -S '{gerrit_hook.__file__}'\n",
            ),
            ("update", "echo prohibited by Gerrit >&2\nexit 1\n"),
        ):
            path = hooks / hook
            path.write_text(f"#!/bin/sh\n{text}")
            path.chmod(0o755)
        if files is not None:
            self.commit(name, files, branch)
        return bare

    def commit(
        self, project: str, files: Mapping[str, str], branch: str = "main"
    ) -> str:
        """Commit files to a branch, past review; the id of the commit."""
        bare = self.root / project
        reference = f"refs/heads/{branch}"
        tip = _git(
            "for-each-ref", "--format=%(objectname)", reference, folder=bare
        )
        commit = _commit(bare, tip, files, f"Change {', '.join(files)}")
        _git("update-ref", reference, commit, folder=bare)
        return commit

    def state(self) -> AbstractContextManager[sqlite3.Connection]:
        """The state, locked: see :mod:`.gerrit_hook`."""
        return gerrit_hook.state(self._state)

    def changes(self, query: str = "") -> list[dict[str, Any]]:
        """The changes that a query has, oldest first, with all there is."""
        with self.state() as state:
            rows = _matching(state, query, None)
            result = [
                _change_info(
                    state,
                    row,
                    {
                        "ALL_REVISIONS",
                        "CURRENT_REVISION",
                        "DETAILED_ACCOUNTS",
                        "MESSAGES",
                    },
                )
                for row in rows
            ]
        return sorted(result, key=lambda change: int(change["_number"]))

    def show(self, project: str, revision: str, path: str = "") -> str:
        """The message of a commit, or a file of it."""
        bare = self.root / project
        if path:
            return _git("show", f"{revision}:{path}", folder=bare)
        return _git("log", "-1", "--format=%B", revision, folder=bare)

    def requests(self, *methods: str) -> list[Request]:
        """What was asked with these methods, or with any."""
        with self._lock:
            return [
                request
                for request in self.log
                if not methods or request.method in methods
            ]

    def changing(self) -> list[Request]:
        """The requests that change something."""
        return [
            request
            for request in self.requests()
            if request.method != "GET"
            and not request.path.endswith("/git-upload-pack")
        ]

    def forget(self) -> None:
        """Begin a new log."""
        with self._lock:
            self.log.clear()

    # What persons do

    def rest(
        self,
        method: str,
        path: str,
        data: object = None,
        user: str = PERSON,
    ) -> Any:
        """Do what REST has, as a person, beside the log."""
        with self.state() as state:
            account = state.execute(
                "SELECT * FROM accounts WHERE username = ?", [user]
            ).fetchone()
            return _answer(self, state, method, path, data or {}, account)

    def abandon(self, number: int, user: str = PERSON) -> None:
        """Abandon a change."""
        self.rest("POST", f"/changes/{number}/abandon", user=user)

    def merge(self, number: int) -> None:
        """Submit a change; it is merged at once."""
        self.rest("POST", f"/changes/{number}/submit")

    def amend(
        self, number: int, files: Mapping[str, str], user: str = PERSON
    ) -> None:
        """Push a patch set of a change, as a person does."""
        (change,) = self.changes(str(number))
        revision = change["current_revision"]
        bare = self.root / change["project"]
        with self.state() as state:
            account = state.execute(
                "SELECT * FROM accounts WHERE username = ?", [user]
            ).fetchone()
        message = self.show(change["project"], revision)
        parent = _git("rev-parse", f"{revision}^", folder=bare)
        commit = _commit(
            bare,
            parent,
            files,
            message,
            tree=revision,
            who=(account["name"], account["email"]),
        )
        host = self.url.removeprefix("http://")
        login = f"{user}:{account['password']}"
        _git(
            *("push", "-q", f"http://{login}@{host}/a/{change['project']}"),
            f"{commit}:refs/for/{change['branch']}",
            folder=bare,
        )

    # Faults

    def fail(
        self,
        pattern: str,
        status: int = 0,
        *,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        hangs: bool = False,
        loses: bool = False,
    ) -> None:
        """Let requests fail.

        :param pattern: is searched for in ``METHOD PATH``.
        :param times: how many of them fail.
        :param body: is answered in place of what there is.
        :param hangs: there is no answer until the end of the test.
        :param loses: it is done, and the connection closed without a word.
        """
        fault = Fault(pattern, status, headers or {}, body, hangs, loses)
        with self._lock:
            self._faults.append((fault, [times]))

    def repair(self) -> None:
        """Let nothing fail any more."""
        with self._lock:
            self._faults.clear()

    def note(self, request: Request) -> Fault | None:
        """Log a request; what goes wrong with it."""
        with self._lock:
            self.log.append(request)
            for fault, left in self._faults:
                what = f"{request.method} {request.path}"
                if left[0] and re.search(fault.pattern, what):
                    left[0] -= 1
                    return fault
        return None

    def git_environment(self, user: str) -> dict[str, str]:
        """What git and the hook are told."""
        return {
            gerrit_hook.STATE: self._state,
            gerrit_hook.ROOT: str(self.root),
            gerrit_hook.URL: self.url,
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "PATH": os.environ["PATH"],
            **({"REMOTE_USER": user} if user else {}),
        }


class _Server(http.server.ThreadingHTTPServer):
    # server_close() waits for what is under way.
    daemon_threads = False
    gerrit: GerritServer

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that went away."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(*_)  # type: ignore[arg-type]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        gerrit = self.server.gerrit
        body = self._body()
        account = self._account()
        user = account["username"] if account else ""
        request = Request(self.command, self.path, user)
        fault = gerrit.note(request)
        gerrit.watch(request, False)
        if fault is not None:
            if fault.hangs:
                gerrit.over.wait()
                return
            if fault.status or fault.body is not None:
                self._send(
                    fault.status or 200,
                    fault.body if fault.body is not None else b"out of order",
                    "application/json" if fault.body else "text/plain",
                    fault.headers,
                )
                return
        path, _, query = self.path.partition("?")
        signed_in = path.startswith("/a/")
        if (signed_in or "git-receive-pack" in self.path) and account is None:
            answer = (
                401,
                b"Unauthorized",
                "text/plain",
                {"WWW-Authenticate": 'Basic realm="Gerrit Code Review"'},
            )
        elif re.search(r"/(?:info/refs|git-(?:upload|receive)-pack)$", path):
            answer = self._run_git(path.removeprefix("/a"), query, body, user)
        else:
            answer = self._rest(path, query, body, account)
        gerrit.watch(request, True)
        if fault is None or not fault.loses:
            self._send(*answer)

    def _account(self) -> sqlite3.Row | None:
        """Who sends the request."""
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind != "Basic":
            return None
        user, _, password = base64.b64decode(value).decode().partition(":")
        with self.server.gerrit.state() as state:
            row: sqlite3.Row | None = state.execute(
                "SELECT * FROM accounts WHERE username = ? AND password = ?",
                [user, password],
            ).fetchone()
        return row

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _send(
        self,
        status: int,
        body: bytes,
        kind: str,
        headers: Mapping[str, str],
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _run_git(
        self, path: str, query: str, body: bytes, user: str
    ) -> tuple[int, bytes, str, dict[str, str]]:
        """What git answers, run as CGI (RFC 3875)."""
        headers = self.headers
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            env={
                **self.server.gerrit.git_environment(user),
                "REQUEST_METHOD": self.command,
                "PATH_INFO": urllib.parse.unquote(path),
                "QUERY_STRING": query,
                "CONTENT_TYPE": headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
                "REMOTE_ADDR": "127.0.0.1",
            },
            capture_output=True,
            check=False,
        )
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        given = dict(
            line.split(": ", 1) for line in head.decode().splitlines()
        )
        status = int(given.pop("Status", "200").split()[0])
        kind = given.pop("Content-Type", "text/plain")
        return status, answer, kind, given

    def _rest(
        self,
        path: str,
        query: str,
        body: bytes,
        account: sqlite3.Row | None,
    ) -> tuple[int, bytes, str, dict[str, str]]:
        signed_in = path.startswith("/a/")
        target = path.removeprefix("/a") if signed_in else path
        data = json.loads(body) if body else {}
        try:
            with self.server.gerrit.state() as state:
                answer = _answer(
                    self.server.gerrit,
                    state,
                    self.command,
                    target + (f"?{query}" if query else ""),
                    data,
                    account if signed_in else None,
                )
        except Refused as failure:
            return failure.status, failure.text.encode(), "text/plain", {}
        text = _PREFIX + json.dumps(answer).encode()
        return 200, text, "application/json; charset=UTF-8", {}


def _answer(
    gerrit: GerritServer,
    state: sqlite3.Connection,
    method: str,
    target: str,
    data: Any,
    account: sqlite3.Row | None,
) -> Any:
    """What REST answers, and does."""
    path, _, query = target.partition("?")
    given = urllib.parse.parse_qs(query)
    words = [urllib.parse.unquote(word) for word in path.split("/")[1:]]
    words = [word for word in words if word]
    options = {
        option for value in given.get("o", ()) for option in value.split(",")
    }
    if method != "GET" and account is None:
        raise Refused(403, "Authentication required")
    if words == ["config", "server", "version"]:
        return "3.10.0"
    if words == ["accounts", "self"]:
        if account is None:
            raise Refused(403, "Authentication required")
        return _account_info(account, {"DETAILED_ACCOUNTS"})
    if words == ["changes"] and method == "GET":
        rows = _matching(state, given.get("q", [""])[0], account)
        skip = int(given.get("S", ["0"])[0])
        size = min(gerrit.page, int(given.get("n", [str(gerrit.page)])[0]))
        result = [
            _change_info(state, row, options)
            for row in rows[skip : skip + size]
        ]
        if len(rows) > skip + size:
            result[-1]["_more_changes"] = True
        return result
    if words[:1] == ["changes"] and len(words) > 1:
        row = _change(state, words[1])
        if method == "GET" and len(words) == 2:
            return _change_info(state, row, options)
        if method == "GET" and words[2:] == ["detail"]:
            more = {"DETAILED_ACCOUNTS", "MESSAGES"}
            return _change_info(state, row, options | more)
        action = (method, "/".join(words[2:]))
        deed = _DEEDS.get((method, words[-1]))
        assert account is not None or method == "GET"
        if deed is not None and account is not None:
            deed(gerrit, state, row, data, account)
            return _change_info(state, _change(state, words[1]), options)
        raise Refused(404, f"Not found: {action}")
    raise Refused(404, "Not found")


def _change(state: sqlite3.Connection, name: str) -> sqlite3.Row:
    """The change that a path names: a number, or parts with ``~``."""
    parts = name.split("~")
    names: tuple[str, ...] = ()
    if len(parts) == 2:
        names = ("project", "number")
    elif len(parts) == 3:
        names = ("project", "branch", "change_id")
    elif len(parts) == 1:
        names = ("number",) if name.isdigit() else ("change_id",)
    where = " AND ".join(f"{field} = ?" for field in names)
    rows = state.execute(
        f"SELECT * FROM changes WHERE {where}",
        parts,
    ).fetchall()
    if len(rows) != 1:
        raise Refused(404, f"Not found: {name}")
    row: sqlite3.Row = rows[0]
    return row


def _matching(
    state: sqlite3.Connection, query: str, account: sqlite3.Row | None
) -> list[sqlite3.Row]:
    """The changes that a query has, updated last first."""
    rows = state.execute(
        "SELECT changes.*, username FROM changes "
        "JOIN accounts ON accounts.id = owner ORDER BY updated DESC"
    ).fetchall()
    for minus, field, value in _TERM.findall(query):
        term = _term(field, value.strip('"'), account)
        rows = [row for row in rows if term(row) != bool(minus)]
    return rows


def _term(
    field: str, value: str, account: sqlite3.Row | None
) -> Callable[[sqlite3.Row], bool]:
    """Whether a change is one that a term of a query means."""
    if field in {"status", "is"} and value in _STATUSES:
        return lambda row: row["status"] in _STATUSES[value]
    if field == "owner":
        if value == "self":
            if account is None:
                raise Refused(400, "Must be signed-in to use owner:self")
            value = account["username"]
        return lambda row: row["username"] == value
    if field in {"project", "branch", "topic"}:
        if not value:
            raise Refused(400, f"line 1:{len(field)} no viable alternative")
        return lambda row: row[field] == value
    if field in {"", "change"}:
        return lambda row: value in {str(row["number"]), row["change_id"]}
    raise Refused(400, f"Unsupported operator {field}:{value}")


def _account_info(row: sqlite3.Row, options: set[str]) -> dict[str, Any]:
    info = {"_account_id": row["id"]}
    if "DETAILED_ACCOUNTS" in options:
        info |= {key: row[key] for key in ("name", "email", "username")}
    return info


def _change_info(
    state: sqlite3.Connection, row: sqlite3.Row, options: set[str]
) -> dict[str, Any]:
    """A change as Gerrit's entity ChangeInfo."""

    def account(number: int) -> dict[str, Any]:
        found = state.execute(
            "SELECT * FROM accounts WHERE id = ?", [number]
        ).fetchone()
        return _account_info(found, options)

    number = row["number"]
    patch_sets = state.execute(
        "SELECT * FROM patch_sets WHERE change = ? ORDER BY number", [number]
    ).fetchall()
    info: dict[str, Any] = {
        "id": urllib.parse.quote(row["project"], safe="") + f"~{number}",
        "project": row["project"],
        "branch": row["branch"],
        "change_id": row["change_id"],
        "subject": patch_sets[-1]["subject"],
        "status": row["status"],
        "updated": f"2026-01-01 00:00:00.{row['updated']:09d}",
        "owner": account(row["owner"]),
        "_number": number,
    }
    if row["topic"]:
        info["topic"] = row["topic"]
    if row["submitter"]:
        info["submitter"] = account(row["submitter"])
    if options & {"CURRENT_REVISION", "ALL_REVISIONS"}:
        info["current_revision"] = patch_sets[-1]["revision"]
        info["revisions"] = {
            patch_set["revision"]: {
                "_number": patch_set["number"],
                "ref": (
                    reference := gerrit_hook.change_reference(
                        number, patch_set["number"]
                    )
                ),
                "fetch": {"anonymous http": {"ref": reference}},
                "uploader": account(patch_set["uploader"]),
            }
            for patch_set in (
                patch_sets if "ALL_REVISIONS" in options else patch_sets[-1:]
            )
        }
    if "MESSAGES" in options:
        info["messages"] = [
            {
                "id": str(place),
                "author": account(message["author"]),
                "message": message["text"],
                **({"tag": message["tag"]} if message["tag"] else {}),
            }
            for place, message in enumerate(
                state.execute(
                    "SELECT * FROM messages WHERE change = ? ORDER BY rowid",
                    [number],
                ).fetchall()
            )
        ]
    return info


def _require(
    row: sqlite3.Row, account: sqlite3.Row, status: str, deed: str
) -> None:
    if not account["core"] and account["id"] != row["owner"]:
        raise Refused(403, f"{deed} not permitted")
    if row["status"] != status:
        raise Refused(409, f"change is {row['status'].lower()}")


def _abandon(
    _: GerritServer,
    state: sqlite3.Connection,
    row: sqlite3.Row,
    data: Any,
    account: sqlite3.Row,
) -> None:
    _require(row, account, "NEW", "abandon")
    _set_status(state, row, "ABANDONED")
    text = data.get("message", "")
    gerrit_hook.add_message(
        state,
        row["number"],
        account["id"],
        "autogenerated:gerrit:abandon",
        f"Abandoned\n\n{text}" if text else "Abandoned",
    )


def _restore(
    _: GerritServer,
    state: sqlite3.Connection,
    row: sqlite3.Row,
    data: Any,
    account: sqlite3.Row,
) -> None:
    _require(row, account, "ABANDONED", "restore")
    _set_status(state, row, "NEW")
    gerrit_hook.add_message(
        state,
        row["number"],
        account["id"],
        "autogenerated:gerrit:restore",
        f"Restored\n\n{data.get('message', '')}".strip(),
    )


def _submit(
    gerrit: GerritServer,
    state: sqlite3.Connection,
    row: sqlite3.Row,
    _: Any,
    account: sqlite3.Row,
) -> None:
    if not account["core"]:
        raise Refused(403, "submit not permitted")
    _require(row, account, "NEW", "submit")
    bare = gerrit.root / row["project"]
    branch = f"refs/heads/{row['branch']}"
    tip = _git("rev-parse", branch, folder=bare)
    revision = state.execute(
        "SELECT revision FROM patch_sets WHERE change = ? "
        "ORDER BY number DESC LIMIT 1",
        [row["number"]],
    ).fetchone()[0]
    if _git("merge-base", tip, revision, folder=bare) == tip:
        merged = revision
    else:
        try:
            tree = _git(
                "merge-tree", "--write-tree", tip, revision, folder=bare
            )
        except subprocess.CalledProcessError as error:
            raise Refused(409, "merge conflict") from error
        merged = _git(
            *("commit-tree", tree, "-p", tip, "-p", revision),
            *("-m", f"Merge change {row['number']}"),
            folder=bare,
            environment=_names("Gerrit", "gerrit@example.org"),
        )
    _git("update-ref", branch, merged, tip, folder=bare)
    _set_status(state, row, "MERGED")
    state.execute(
        "UPDATE changes SET submitter = ? WHERE number = ?",
        [account["id"], row["number"]],
    )
    gerrit_hook.touch(state, row["number"])


def _review(
    _: GerritServer,
    state: sqlite3.Connection,
    row: sqlite3.Row,
    data: Any,
    account: sqlite3.Row,
) -> None:
    gerrit_hook.add_message(
        state,
        row["number"],
        account["id"],
        data.get("tag", ""),
        data.get("message", ""),
    )


def _set_topic(
    _: GerritServer,
    state: sqlite3.Connection,
    row: sqlite3.Row,
    data: Any,
    __: sqlite3.Row,
) -> None:
    state.execute(
        "UPDATE changes SET topic = ? WHERE number = ?",
        [data.get("topic", ""), row["number"]],
    )
    gerrit_hook.touch(state, row["number"])


_DEEDS = {
    ("POST", "abandon"): _abandon,
    ("POST", "restore"): _restore,
    ("POST", "submit"): _submit,
    ("POST", "review"): _review,
    ("PUT", "topic"): _set_topic,
}


def _set_status(
    state: sqlite3.Connection, row: sqlite3.Row, status: str
) -> None:
    state.execute(
        "UPDATE changes SET status = ? WHERE number = ?",
        [status, row["number"]],
    )


def _names(name: str, email: str) -> dict[str, str]:
    """The variables that say who makes a commit."""
    return {
        f"GIT_{role}_{field}": value
        for role in ("AUTHOR", "COMMITTER")
        for field, value in (("NAME", name), ("EMAIL", email))
    }


def _commit(
    bare: Path,
    parent: str,
    files: Mapping[str, str],
    message: str,
    *,
    tree: str = "",
    who: tuple[str, str] = ("A. Developer", "developer@example.org"),
) -> str:
    """A commit with these files on top of others; its id."""
    file = bare / f"index-{os.urandom(8).hex()}"
    index = {"GIT_INDEX_FILE": str(file)}
    base = tree or parent
    if base:
        _git("read-tree", base, folder=bare, environment=index)
    for path, content in files.items():
        blob = _git("hash-object", "-w", "--stdin", folder=bare, given=content)
        _git(
            *("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}"),
            folder=bare,
            environment=index,
        )
    written = _git("write-tree", folder=bare, environment=index)
    file.unlink()
    return _git(
        *("commit-tree", written, *(["-p", parent] if parent else [])),
        folder=bare,
        given=message,
        environment=_names(*who),
    )


def _git(
    *words: str,
    folder: Path | None = None,
    given: str = "",
    environment: Mapping[str, str] | None = None,
) -> str:
    return subprocess.run(
        ["git", *words],
        cwd=folder,
        input=given,
        env={
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **(environment or {}),
        },
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout.strip()
