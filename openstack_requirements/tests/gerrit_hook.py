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
"""What a push to ``refs/for/BRANCH`` does to the Gerrit of the tests.

git runs this file as the proc-receive hook of each project: see
githooks(5). It stands alone, so that it starts quickly. What it knows is in
an SQLite file, because pushes run side by side. The refusals have the words
of Gerrit's manual ("Error Messages").
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The variables that the server tells the hook by.
STATE = "GERRIT_TEST_STATE"
ROOT = "GERRIT_TEST_ROOT"
URL = "GERRIT_TEST_URL"
USER = "REMOTE_USER"

SCHEMA = """\
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    username TEXT UNIQUE, password TEXT, name TEXT, email TEXT,
    core INTEGER
);
CREATE TABLE changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT, branch TEXT, change_id TEXT, topic TEXT, status TEXT,
    owner INTEGER, submitter INTEGER, updated INTEGER,
    UNIQUE (project, branch, change_id)
);
CREATE TABLE patch_sets (
    change INTEGER, number INTEGER, revision TEXT, uploader INTEGER,
    subject TEXT,
    UNIQUE (change, number)
);
CREATE TABLE messages (
    change INTEGER, author INTEGER, tag TEXT, text TEXT
);
"""
_OPTIONS = {"topic", "wip", "ready", "private", "notify", "r", "cc", "t"}
_FOOTER = re.compile(r"[A-Za-z0-9-]+:[ \t]")
_CHANGE_ID = re.compile(r"I[0-9a-f]{40}")


class Refusal(Exception):
    """Why a push is refused."""


class Uploaded(NamedTuple):
    """A commit of a push."""

    revision: str
    change_id: str
    subject: str


@contextlib.contextmanager
def state(path: str) -> Iterator[sqlite3.Connection]:
    """The state, for us alone; it is kept unless there is an error."""
    connection = sqlite3.connect(path, timeout=60, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.close()


def touch(connection: sqlite3.Connection, number: int) -> None:
    """Make a change the one that was updated last."""
    connection.execute(
        "UPDATE changes SET updated = 1 + (SELECT max(updated) FROM changes) "
        "WHERE number = ?",
        [number],
    )


def add_message(
    connection: sqlite3.Connection,
    number: int,
    author: int,
    tag: str,
    text: str,
) -> None:
    """Add a message to a change."""
    connection.execute(
        "INSERT INTO messages VALUES (?, ?, ?, ?)", [number, author, tag, text]
    )
    touch(connection, number)


def change_reference(number: int, patch_set: int) -> str:
    """The reference of a patch set."""
    return f"refs/changes/{number % 100:02d}/{number}/{patch_set}"


def git(*words: str) -> str:
    """What git says, in the repository that the hook is for."""
    return subprocess.run(
        ["git", *words], capture_output=True, encoding="utf-8", check=True
    ).stdout


def footers(message: str) -> list[str]:
    """The lines of the last paragraph, if it is one of footers."""
    paragraphs = re.split(r"\n[ \t]*\n", message.strip())
    if len(paragraphs) < 2:
        return []
    lines = paragraphs[-1].splitlines()
    return lines if all(map(_FOOTER.match, lines)) else []


def uploaded(revision: str, account: sqlite3.Row) -> Uploaded:
    """A commit as the server reads it.

    :raises Refusal: where the server does not take such a commit.
    """
    raw = git("cat-file", "commit", revision)
    head, _, message = raw.partition("\n\n")
    short = revision[:7]
    committer = re.search(r"^committer .* <(.*?)> ", head, re.MULTILINE)
    if committer is None or committer[1] != account["email"]:
        raise Refusal(
            f"commit {short}: invalid committer: not registered in your "
            "account, and you lack 'forge committer' permission."
        )
    ids = [
        line.partition(":")[2].strip()
        for line in footers(message)
        if line.startswith("Change-Id:")
    ]
    if not ids:
        raise Refusal(f"commit {short}: missing Change-Id in message footer")
    if len(ids) > 1:
        raise Refusal(
            f"commit {short}: multiple Change-Id lines in message footer"
        )
    if not _CHANGE_ID.fullmatch(ids[0]):
        raise Refusal(
            f"commit {short}: invalid Change-Id line format in message footer"
        )
    return Uploaded(revision, ids[0], message.partition("\n")[0])


def receive(reference: str, tip: str) -> list[str]:
    """Make changes or patch sets of a push; their addresses.

    :raises Refusal: where it is refused.
    """
    place, _, options = reference.partition("%")
    branch = place.removeprefix("refs/for/")
    given = dict(
        option.partition("=")[::2] for option in options.split(",") if option
    )
    unknown = given.keys() - _OPTIONS
    if unknown:
        raise Refusal(f'"{min(unknown)}" is not a valid option')
    if not git("for-each-ref", f"refs/heads/{branch}"):
        raise Refusal(f"branch {branch} not found")
    if set(tip) == {"0"}:
        raise Refusal("cannot delete a change")
    new = git("rev-list", "--reverse", tip, f"^refs/heads/{branch}").split()
    with state(os.environ[STATE]) as connection:
        account = connection.execute(
            "SELECT * FROM accounts WHERE username = ?",
            [os.environ.get(USER, "")],
        ).fetchone()
        if account is None:
            raise Refusal("Upload denied")
        commits = [uploaded(revision, account) for revision in new]
        if len({commit.change_id for commit in commits}) < len(commits):
            raise Refusal("same Change-Id in multiple changes")
        addresses = [
            address
            for commit in commits
            for address in _upload(connection, account, branch, given, commit)
        ]
        if not addresses:
            raise Refusal("no new changes")
    return addresses


def _upload(
    connection: sqlite3.Connection,
    account: sqlite3.Row,
    branch: str,
    given: dict[str, str],
    commit: Uploaded,
) -> Iterator[str]:
    """Take a commit as a patch set, unless it is one already."""
    project = os.path.relpath(os.getcwd(), os.environ[ROOT])
    row = connection.execute(
        "SELECT * FROM changes WHERE project = ? AND branch = ? "
        "AND change_id = ?",
        [project, branch, commit.change_id],
    ).fetchone()
    if row is None:
        cursor = connection.execute(
            "INSERT INTO changes VALUES (NULL, ?, ?, ?, '', 'NEW', ?, NULL, "
            "0)",
            [project, branch, commit.change_id, account["id"]],
        )
        number = int(cursor.lastrowid or 0)
    else:
        number = row["number"]
    address = f"{os.environ[URL]}/c/{project}/+/{number}"
    known = connection.execute(
        "SELECT number FROM patch_sets WHERE change = ? AND revision = ?",
        [number, commit.revision],
    ).fetchone()
    if known is not None:
        return
    if row is not None and row["status"] != "NEW":
        raise Refusal(f"change {address} closed")
    patch_set = (
        1
        + connection.execute(
            "SELECT count(*) FROM patch_sets WHERE change = ?", [number]
        ).fetchone()[0]
    )
    git(
        "update-ref",
        change_reference(number, patch_set),
        commit.revision,
        "0" * len(commit.revision),
    )
    connection.execute(
        "INSERT INTO patch_sets VALUES (?, ?, ?, ?, ?)",
        [number, patch_set, commit.revision, account["id"], commit.subject],
    )
    if "topic" in given:
        connection.execute(
            "UPDATE changes SET topic = ? WHERE number = ?",
            [given["topic"], number],
        )
    add_message(
        connection,
        number,
        account["id"],
        "autogenerated:gerrit:newPatchSet",
        f"Uploaded patch set {patch_set}.",
    )
    yield f"{address} {commit.subject}"


def packets(stream: BinaryIO) -> Iterator[bytes]:
    """The packets up to the next flush."""
    while size := int(stream.read(4), 16):
        yield stream.read(size - 4)


def send(stream: BinaryIO, *lines: str) -> None:
    """Send packets and a flush."""
    for line in lines:
        data = line.encode()
        stream.write(b"%04x%s" % (len(data) + 4, data))
    stream.write(b"0000")
    stream.flush()


def main() -> None:
    """Speak with git: version, commands, and what became of them."""
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    list(packets(stdin))
    send(stdout, "version=1")
    results = []
    for command in list(packets(stdin)):
        _, tip, reference = command.decode().rstrip("\n").split(" ", 2)
        try:
            addresses = receive(reference, tip)
        except Refusal as refusal:
            results.append(f"ng {reference} {refusal}")
        else:
            results.append(f"ok {reference}")
            for address in addresses:
                print(f"  {address}", file=sys.stderr)
    send(stdout, *results)


if __name__ == "__main__":
    main()
