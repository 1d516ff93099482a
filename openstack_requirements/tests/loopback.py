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

"""A package index on loopback, and builders of tiny distributions.

Tests of what installers do need an index that holds exactly what the test
says and that fails exactly as the test says. :class:`Index` is one: it
listens on 127.0.0.1, speaks the simple repository API, and can be told to
misbehave for one project or one file.
"""

from __future__ import annotations

import base64
import collections
import contextlib
import csv
import dataclasses
import functools
import gzip
import hashlib
import html
import http
import http.server
import io
import itertools
import json as jsonlib
import os
import pathlib
import re
import socket
import socketserver
import sys
import tarfile
import threading
import urllib.parse
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import fixtures

_HTML = "text/html; charset=utf-8"
_JSON = "application/vnd.pypi.simple.v1+json"
_BYTES = "application/octet-stream"

# The oldest moment that a zip archive can express; any fixed one would do.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)

_UPLOADED = "2020-01-01T00:00:00Z"

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")

_PYPROJECT = """\
[build-system]
requires = []
build-backend = "loopback_backend"
backend-path = ["."]
"""

# The wheel travels inside the sdist and building is copying it out, so the
# backend needs nothing but the standard library of any Python 3.
_BACKEND = '''\
"""The build backend (PEP 517) of an sdist made by loopback.py."""

import json
import os
import shutil
import sys
import time
import zipfile


def _plan(hook):
    with open("loopback.json", encoding="utf-8") as stream:
        plan = json.load(stream)
    if plan["late"] and hook == "metadata":
        return plan
    if plan["sleep"] is not None:
        pidfile = os.environ.get("LOOPBACK_PIDFILE")
        if pidfile:
            # Renamed into place: who waits for the file to appear must not
            # find it empty.
            partial = "%s.%d" % (pidfile, os.getpid())
            with open(partial, "w", encoding="ascii") as stream:
                stream.write("%d\\n" % os.getpid())
            os.replace(partial, pidfile)
        time.sleep(plan["sleep"])
    if plan["fail"] is not None:
        sys.stderr.write(plan["fail"] + "\\n")
        sys.stderr.flush()
        raise RuntimeError("the build backend was told to fail")
    return plan


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(
    metadata_directory, config_settings=None
):
    plan = _plan("metadata")
    with zipfile.ZipFile(plan["wheel"]) as wheel:
        for name in wheel.namelist():
            folder = name.split("/")[0]
            if folder.endswith(".dist-info"):
                dist_info = folder
                if not name.endswith("/RECORD"):
                    wheel.extract(name, metadata_directory)
    return dist_info


def build_wheel(
    wheel_directory, config_settings=None, metadata_directory=None
):
    plan = _plan("wheel")
    shutil.copy(plan["wheel"], wheel_directory)
    return plan["wheel"]
'''


def canonical(name: str) -> str:
    """Return a project name normalised as PEP 503 says."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _escaped(name: str) -> str:
    """Return a project name as the names of its files spell it.

    That is the rule of the binary distribution format, which PEP 625 applies
    to sdists too.
    """
    return canonical(name).replace("-", "_")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _with_extra(requirement: str, extra: str) -> str:
    """Return a requirement (PEP 508) that holds only for an extra."""
    asked, _, marker = requirement.partition(";")
    condition = f'extra == "{extra}"'
    if marker.strip():
        condition = f"({marker.strip()}) and {condition}"
    return f"{asked.strip()} ; {condition}"


def _core_metadata(
    name: str,
    version: str,
    *,
    metadata_version: str = "2.1",
    requires: Iterable[str] = (),
    requires_python: str | None = None,
    extras: Mapping[str, Iterable[str]] | None = None,
    license: str | None = None,  # noqa: A002 - the field's name
    license_expression: str | None = None,
    classifiers: Iterable[str] = (),
    dynamic: Iterable[str] = (),
) -> str:
    """Return core metadata: the text of a METADATA or PKG-INFO file."""
    if license_expression is not None:
        # PEP 639 brought the field, with this version of the metadata.
        metadata_version = "2.4"
    lines = [
        f"Metadata-Version: {metadata_version}",
        f"Name: {name}",
        f"Version: {version}",
        f"Summary: {name}, made for a test",
    ]
    lines += [f"Dynamic: {field}" for field in dynamic]
    if license is not None:
        lines.append(f"License: {license}")
    if license_expression is not None:
        lines.append(f"License-Expression: {license_expression}")
    lines += [f"Classifier: {classifier}" for classifier in classifiers]
    if requires_python is not None:
        lines.append(f"Requires-Python: {requires_python}")
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    for extra, requirements in (extras or {}).items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [
            f"Requires-Dist: {_with_extra(requirement, extra)}"
            for requirement in requirements
        ]
    return "\n".join(lines) + "\n"


def _wheel_file(tag: str) -> str:
    """Return the text of the file WHEEL for a (compressed) tag (PEP 425)."""
    pythons, abis, platforms = (part.split(".") for part in tag.split("-"))
    pure = abis == ["none"] and platforms == ["any"]
    lines = [
        "Wheel-Version: 1.0",
        "Generator: loopback",
        f"Root-Is-Purelib: {'true' if pure else 'false'}",
    ]
    lines += [
        f"Tag: {'-'.join(single)}"
        for single in itertools.product(pythons, abis, platforms)
    ]
    return "\n".join(lines) + "\n"


def _record(contents: Mapping[str, bytes], record: str) -> bytes:
    """Return the file RECORD (PEP 376, PEP 427) for the files of a wheel."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for path, content in contents.items():
        digest = hashlib.sha256(content).digest()
        encoded = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        writer.writerow([path, f"sha256={encoded}", len(content)])
    # The record cannot hold a digest of itself.
    writer.writerow([record, "", ""])
    return stream.getvalue().encode()


def _zip(contents: Mapping[str, bytes]) -> bytes:
    """Return a zip archive whose bytes follow from its contents alone."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, content in contents.items():
            # Stored and not deflated, as implementations of deflate differ.
            entry = zipfile.ZipInfo(path, _ZIP_TIME)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    return stream.getvalue()


def _tar_gz(contents: Mapping[str, bytes]) -> bytes:
    """Return a compressed tar archive without a trace of time or user."""
    stream = io.BytesIO()
    with tarfile.open(
        fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT
    ) as archive:
        for path, content in contents.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(stream.getvalue(), mtime=0)


def _span(header: str, length: int) -> tuple[int, int] | None:
    """Return the first byte and the one after the last that a Range asks.

    None says that the range cannot be satisfied. Raises ValueError for a
    header that is not one range of bytes; HTTP lets a server ignore those.
    """
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if match is None or match[0].endswith("=-"):
        raise ValueError(header)
    first, last = match.groups()
    if not first:
        start, end = max(0, length - int(last)), length
    else:
        start = int(first)
        end = min(length, int(last) + 1) if last else length
    return (start, end) if start < end else None


@dataclasses.dataclass
class _File:
    """One file that the index offers."""

    project: str
    filename: str
    content: bytes
    metadata: bytes | None = None
    requires_python: str | None = None
    yanked: str | None = None
    truncated: bool = False
    uploaded: str | None = _UPLOADED


@dataclasses.dataclass(frozen=True)
class _Answer:
    """What to send for a path."""

    content: bytes
    type: str = "text/plain; charset=utf-8"
    status: int = 200


class _Server(http.server.ThreadingHTTPServer):
    """A server that ends its connections when it is closed."""

    daemon_threads = True
    # Installers open many connections at once; with the default backlog of
    # five some of those would wait for a retransmission.
    request_queue_size = 128

    def __init__(self, index: Index) -> None:
        self.index = index
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        # That of the parent asks the resolver for the name of the host,
        # which nothing needs and which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()[:2]

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away is what some tests are about.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        super().server_close()
        with self._lock:
            for connection in self._connections:
                # The client may have been quicker.
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(http.server.BaseHTTPRequestHandler):
    """Sends what the index answers, as HTTP/1.1."""

    server: _Server
    protocol_version = "HTTP/1.1"
    # Headers and body leave in one packet.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        index = self.server.index
        if index.admits(self.headers.get("Authorization", "")):
            answer = index._answer(path, self.headers.get("Accept", ""))
        else:
            answer = _Answer(_phrase(401), status=401)
        if answer is None:
            self.close_connection = True
            return
        content, status = answer.content, answer.status
        content_range = None
        if status == 200 and "Range" in self.headers and index.ranges:
            length = len(content)
            try:
                span = _span(self.headers["Range"], length)
            except ValueError:
                pass
            else:
                if span is None:
                    content, status = b"", 416
                    content_range = f"bytes */{length}"
                else:
                    content, status = content[slice(*span)], 206
                    content_range = f"bytes {span[0]}-{span[1] - 1}/{length}"
        self.send_response(status)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(content)))
        if index.ranges:
            self.send_header("Accept-Ranges", "bytes")
        lasting = index.lasting and path.startswith("/files/")
        forever = {"Cache-Control": "max-age=31536000, immutable"}
        for name, value in (forever if lasting else index.freshness).items():
            self.send_header(name, value)
        self.send_header("Vary", "Accept")
        if content_range is not None:
            self.send_header("Content-Range", content_range)
        self.end_headers()
        if self.command != "HEAD":
            index.sent[path] += len(content)
            self.wfile.write(content)

    do_HEAD = do_GET  # noqa: N815 - the parent looks for this name

    def log_message(
        self,
        format: str,  # noqa: A002 - as the parent calls it
        *args: Any,
    ) -> None:
        """Say nothing: the output of a test is the test's."""


class Index(fixtures.Fixture):
    """A package index of a test's own, on 127.0.0.1.

    It serves the simple repository API: HTML pages (PEP 503) with yanked
    files (PEP 592) and metadata files (PEP 658, with the names of the
    attribute that PEP 714 settled), and the same as JSON (PEP 691) with the
    fields of PEP 700. A project exists if a file of it is offered; all else
    answers 404.

    Files may be offered before and while the server runs, which is from
    setUp to cleanUp.

    :param json: whether to answer in JSON those that prefer it
    :param metadata: whether to offer the metadata of wheels as files
    :param ranges: whether to answer requests for a part of a file with it
    """

    #: The address of the index, with a slash at its end.
    url: str
    #: Who may ask, and the password; everybody where it is empty.
    account: tuple[str, str] | None = None
    #: The paths that were asked, in order.
    requests: list[str]
    #: Whether clients may keep files for ever, as those of most indexes.
    lasting: bool = False
    #: The headers that say how long an answer is good, and what it is. A test
    #: may change the index between two runs of an installer.
    freshness: Mapping[str, str]
    #: How many bytes of content were sent for each path.
    sent: collections.Counter[str]

    # Whatever these say, it must not reach an installer that a test runs.
    _DISTURBING: ClassVar[tuple[str, ...]] = ("PIP_", "UV_")

    def __init__(
        self, *, json: bool = True, metadata: bool = True, ranges: bool = True
    ) -> None:
        super().__init__()
        self.ranges = ranges
        self.freshness = {"Cache-Control": "no-cache"}
        self._json = json
        self._metadata = metadata
        self._files: dict[str, _File] = {}
        self._statuses: dict[str, int] = {}
        self._hanging: set[str] = set()
        self._truncated: dict[str, float] = {}
        self._own_pages: dict[str, tuple[_Answer, bool]] = {}

    def _setUp(self) -> None:  # noqa: N802 - as the parent calls it
        self.requests = []
        self.sent = collections.Counter()
        self._closing = threading.Event()
        self._folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        server = _Server(self)
        # Cleanups run last first: wake who hangs, then stop, then close.
        self.addCleanup(server.server_close)
        self.url = f"http://127.0.0.1:{server.server_port}/simple/"
        thread = threading.Thread(
            target=functools.partial(server.serve_forever, 0.02), daemon=True
        )
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.addCleanup(self._closing.set)

    # -- what is offered

    def wheel(
        self,
        name: str,
        version: str,
        *,
        requires: Iterable[str] = (),
        requires_python: str | None = None,
        extras: Mapping[str, Iterable[str]] | None = None,
        license: str | None = None,  # noqa: A002 - the field's name
        license_expression: str | None = None,
        classifiers: Iterable[str] = (),
        tag: str = "py2.py3-none-any",
        files: Mapping[str, str] | None = None,
        metadata_name: str | None = None,
    ) -> str:
        """Build a wheel (PEP 427), offer it and return its file name.

        The wheel holds one module, named as the project but with
        underscores. A version must be given in normal form (PEP 440).

        :param extras: what each extra requires, by the name of the extra
        :param license: the text of the field License
        :param license_expression: that of License-Expression (PEP 639)
        :param files: the text of more files, by their path in the wheel; a
            file that the wheel would hold anyway is replaced, so that
            broken wheels can be made too
        :param metadata_name: the name that METADATA says, if not `name`
        """
        filename, content, metadata = self._build_wheel(
            name,
            version,
            _core_metadata(
                metadata_name or name,
                version,
                requires=requires,
                requires_python=requires_python,
                extras=extras,
                license=license,
                license_expression=license_expression,
                classifiers=classifiers,
            ),
            tag,
            files or {},
        )
        return self.offer(
            name,
            filename,
            content,
            metadata=metadata,
            requires_python=requires_python,
        )

    @staticmethod
    def _build_wheel(
        name: str,
        version: str,
        metadata: str,
        tag: str,
        files: Mapping[str, str],
    ) -> tuple[str, bytes, bytes]:
        """Return file name, content and METADATA of a wheel."""
        stem = f"{_escaped(name)}-{version.replace('-', '_')}"
        dist_info = f"{stem}.dist-info"
        texts = {
            f"{_escaped(name)}.py": f'VERSION = "{version}"\n',
            f"{dist_info}/METADATA": metadata,
            f"{dist_info}/WHEEL": _wheel_file(tag),
            **files,
        }
        record = f"{dist_info}/RECORD"
        given = texts.pop(record, None)
        contents = {path: text.encode() for path, text in texts.items()}
        contents[record] = (
            _record(contents, record) if given is None else given.encode()
        )
        return (
            f"{stem}-{tag}.whl",
            _zip(contents),
            contents[f"{dist_info}/METADATA"],
        )

    def sdist(
        self,
        name: str,
        version: str,
        *,
        requires: Iterable[str] = (),
        fail: str | None = None,
        sleep: float | None = None,
        native_missing: str | None = None,
        late: bool = False,
        static: bool = False,
        build_requires: Iterable[str] = (),
        pkg_info: str | None = None,
    ) -> str:
        """Build an sdist (PEP 517, PEP 625), offer it, return its file name.

        Its build backend lies in its own tree (PEP 517, backend-path) and
        requires nothing else. What the project requires is Dynamic
        (PEP 643) unless `static`, so an installer has to run the backend to
        know it.

        :param fail: what the backend writes to stderr before it fails,
            both for the metadata and for the wheel
        :param sleep: the seconds that the backend sleeps first, in each of
            the two; before that it writes its process id to the file that
            the environment variable LOOPBACK_PIDFILE names, if it is set
        :param native_missing: a header of a native library; the backend
            fails as a compiler that does not find it, after `fail` if both
            are given
        :param late: that the backend fails or sleeps for the wheel alone,
            as real ones do that compile; the metadata can be had
        :param static: that PKG-INFO says what the project requires, so that
            an installer can resolve it without the backend
        :param build_requires: what the build system requires
        :param pkg_info: the text of PKG-INFO, where it does not just say
            that what the project requires is Dynamic
        """
        stem = f"{_escaped(name)}-{version.replace('-', '_')}"
        wheel, content, _ = self._build_wheel(
            name,
            version,
            _core_metadata(name, version, requires=requires),
            "py2.py3-none-any",
            {},
        )
        failure = [] if fail is None else [fail]
        if native_missing is not None:
            failure += [
                (
                    f"{_escaped(name)}.c:1:10: fatal error: "
                    f"{native_missing}: No such file or directory"
                ),
                "compilation terminated.",
            ]
        plan = {
            "wheel": wheel,
            "fail": "\n".join(failure) if failure else None,
            "sleep": sleep,
            "late": late,
        }
        information = _core_metadata(
            name,
            version,
            metadata_version="2.2",
            requires=requires if static else (),
            dynamic=() if static else ["Requires-Dist"],
        )
        contents = {
            "PKG-INFO": (pkg_info or information).encode(),
            "pyproject.toml": _PYPROJECT.replace(
                "requires = []",
                f"requires = {jsonlib.dumps(list(build_requires))}",
            ).encode(),
            "loopback_backend.py": _BACKEND.encode(),
            "loopback.json": jsonlib.dumps(plan).encode(),
            wheel: content,
        }
        return self.offer(
            name,
            f"{stem}.tar.gz",
            _tar_gz(
                {f"{stem}/{path}": data for path, data in contents.items()}
            ),
        )

    def offer(
        self,
        name: str,
        filename: str,
        content: bytes,
        *,
        metadata: bytes | None = None,
        requires_python: str | None = None,
    ) -> str:
        """Offer a file as it is, whatever its bytes, and return its name.

        :param name: the project that the file is of
        :param metadata: the metadata file (PEP 658) to offer with it
        :param requires_python: what the page says of Requires-Python
        """
        self._files[filename] = _File(
            project=canonical(name),
            filename=filename,
            content=content,
            metadata=metadata,
            requires_python=requires_python,
        )
        return filename

    def yank(self, filename: str, reason: str = "") -> None:
        """Mark a file as yanked (PEP 592)."""
        self._files[filename].yanked = reason

    def uploaded(self, filename: str, moment: str | None) -> None:
        """Say when a file was uploaded (PEP 700), or say nothing of it."""
        self._files[filename].uploaded = moment

    def remove(self, filename: str) -> None:
        """Offer a file no longer; a project without files is gone."""
        del self._files[filename]

    def page(
        self, path: str, content: bytes, form: str, *, only_html: bool = False
    ) -> None:
        """Answer with a page of the test's own.

        :param form: its media type
        :param only_html: refuse those that would also take JSON (406)
        """
        self._own_pages[path] = _Answer(content, form), only_html

    # -- faults

    def error(self, name_or_file: str, status: int = 500) -> None:
        """Answer a status for the page of a project, or for a file.

        The metadata file of a wheel (PEP 658) is a file of its own, which
        the fault of the wheel leaves alone.
        """
        self._statuses[self._key(name_or_file)] = status

    def hang(self, name_or_file: str) -> None:
        """Answer nothing for the page of a project, or for a file.

        The connection is accepted and stays open until cleanUp.
        """
        self._hanging.add(self._key(name_or_file))

    def truncate(self, filename: str, keep: float = 0.5) -> None:
        """Serve a file as if it ended early.

        Length and pages fit the part that is served. There is neither a
        hash nor a metadata file, lest an installer stop at those before it
        sees the broken archive.

        :param keep: the part of the bytes that is served
        """
        self._truncated[self._files[filename].filename] = keep

    @staticmethod
    def _key(name_or_file: str) -> str:
        """Return what a fault is filed under: a file's or a page's path."""
        if name_or_file.endswith((".whl", ".tar.gz", ".zip", ".metadata")):
            return f"/files/{name_or_file}"
        return f"/simple/{canonical(name_or_file)}/"

    # -- what installers are told

    def environment(self) -> dict[str, str]:
        """Return variables that point pip and uv at this index alone.

        Both ignore an empty value, so the variables that are empty here
        undo what the environment they are added to may say.
        """
        hosts = "127.0.0.1,localhost"
        return {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": self.url,
            "PIP_EXTRA_INDEX_URL": "",
            "PIP_FIND_LINKS": "",
            "PIP_NO_INDEX": "",
            "PIP_CONSTRAINT": "",
            "PIP_NO_INPUT": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_CACHE_DIR": str(self._folder / "pip"),
            "XDG_CACHE_HOME": str(self._folder / "cache"),
            "UV_NO_CONFIG": "1",
            "UV_DEFAULT_INDEX": self.url,
            "UV_INDEX": "",
            "UV_INDEX_URL": "",
            "UV_EXTRA_INDEX_URL": "",
            "UV_FIND_LINKS": "",
            "UV_CONSTRAINT": "",
            "UV_CACHE_DIR": str(self._folder / "uv"),
            "UV_PYTHON_DOWNLOADS": "never",
            "NO_PROXY": hosts,
            "no_proxy": hosts,
        }

    def use(self) -> None:
        """Put :meth:`environment` into os.environ until cleanUp.

        Every other variable of pip, of uv and of proxies is taken away, so
        a test sets those it wants after this.
        """
        wanted: dict[str, str | None] = dict(self.environment())
        for variable in os.environ:
            if (
                variable.startswith(self._DISTURBING)
                or variable.upper() in _PROXIES
            ):
                wanted.setdefault(variable)
        for variable, value in wanted.items():
            # An empty value has nothing to undo here.
            self.useFixture(
                fixtures.EnvironmentVariable(variable, value or None)
            )

    # -- answers

    def admits(self, authorization: str) -> bool:
        """Whether a request with this header may see anything."""
        if self.account is None:
            return True
        given = base64.b64encode(":".join(self.account).encode()).decode()
        return authorization == f"Basic {given}"

    def _answer(self, path: str, accept: str) -> _Answer | None:
        """Return what to send for a path, None for the end of silence.

        Called from the threads of the server.
        """
        self.requests.append(path)
        parts = path.strip("/").split("/")
        is_page = len(parts) == 2 and parts[0] == "simple"
        key = f"/simple/{canonical(parts[1])}/" if is_page else path
        if key in self._hanging:
            self._closing.wait()
            return None
        if key in self._statuses:
            status = self._statuses[key]
            return _Answer(_phrase(status), status=status)
        if path in self._own_pages:
            answer, only_html = self._own_pages[path]
            if only_html and _JSON in accept:
                return _Answer(_phrase(406), status=406)
            return answer
        # A snapshot, as tests change the files while the server runs.
        offered = {
            name: self._served(file)
            for name, file in sorted(self._files.copy().items())
        }
        as_json = self._json and _JSON in accept
        if parts == ["simple"]:
            projects = sorted({file.project for file in offered.values()})
            return _root(projects, as_json)
        if is_page:
            project = canonical(parts[1])
            files = [
                file for file in offered.values() if file.project == project
            ]
            if files:
                return _page(project, files, as_json)
        elif len(parts) == 2 and parts[0] == "files":
            if parts[1] in offered:
                return _Answer(offered[parts[1]].content, _BYTES)
            found = offered.get(parts[1].removesuffix(".metadata"))
            if found is not None and found.metadata is not None:
                return _Answer(found.metadata, _BYTES)
        return _Answer(_phrase(404), status=404)

    def _served(self, file: _File) -> _File:
        """Return a file as the outside sees it."""
        if file.filename in self._truncated:
            length = int(len(file.content) * self._truncated[file.filename])
            return dataclasses.replace(
                file,
                content=file.content[:length],
                metadata=None,
                truncated=True,
            )
        if not self._metadata:
            return dataclasses.replace(file, metadata=None)
        return file


def _phrase(status: int) -> bytes:
    """Return a body for a status that is not 200."""
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    return f"{status} {phrase}\n".encode()


def _json_answer(body: Mapping[str, Any]) -> _Answer:
    meta = {"meta": {"api-version": "1.1"}}
    return _Answer(jsonlib.dumps({**meta, **body}).encode(), _JSON)


def _html_answer(title: str, links: Iterable[str]) -> _Answer:
    lines = [
        "<!DOCTYPE html>",
        "<html><head>",
        '<meta name="pypi:repository-version" content="1.1">',
        f"<title>{html.escape(title)}</title>",
        "</head><body>",
        *(f"{link}<br>" for link in links),
        "</body></html>",
    ]
    return _Answer(("\n".join(lines) + "\n").encode(), _HTML)


def _root(projects: Iterable[str], as_json: bool) -> _Answer:
    """Return the page that lists the projects (PEP 503, PEP 691)."""
    if as_json:
        return _json_answer(
            {"projects": [{"name": project} for project in projects]}
        )
    return _html_answer(
        "Simple index",
        (f'<a href="/simple/{name}/">{name}</a>' for name in projects),
    )


def _page(project: str, files: Iterable[_File], as_json: bool) -> _Answer:
    """Return the page of a project (PEP 503, PEP 691)."""
    if not as_json:
        return _html_answer(project, map(_link, files))
    files = list(files)
    return _json_answer(
        {
            "name": project,
            "versions": sorted({_version(file) for file in files}),
            "files": [_json_file(file) for file in files],
        }
    )


def _version(file: _File) -> str:
    """Return the version that the name of a file says."""
    if file.filename.endswith(".whl"):
        return file.filename.split("-")[1]
    stem = file.filename.removesuffix(".tar.gz").removesuffix(".zip")
    return stem.rpartition("-")[2]


def _url(file: _File) -> str:
    return "/files/" + urllib.parse.quote(file.filename)


def _json_file(file: _File) -> dict[str, Any]:
    """Return one file of a JSON page (PEP 691, PEP 700, PEP 714)."""
    entry: dict[str, Any] = {
        "filename": file.filename,
        "url": _url(file),
        "size": len(file.content),
        "hashes": {},
        # An empty reason is no reason, and true says that (PEP 592).
        "yanked": False if file.yanked is None else file.yanked or True,
    }
    if file.uploaded is not None:
        entry["upload-time"] = file.uploaded
    if not file.truncated:
        entry["hashes"] = {"sha256": _sha256(file.content)}
    if file.requires_python is not None:
        entry["requires-python"] = file.requires_python
    if file.metadata is not None:
        digest = {"sha256": _sha256(file.metadata)}
        entry["core-metadata"] = digest
        entry["dist-info-metadata"] = digest
    return entry


def _link(file: _File) -> str:
    """Return one file of an HTML page (PEP 503, PEP 592, PEP 714)."""
    href = _url(file)
    if not file.truncated:
        href += f"#sha256={_sha256(file.content)}"
    attributes = {"href": href}
    if file.requires_python is not None:
        attributes["data-requires-python"] = file.requires_python
    if file.yanked is not None:
        attributes["data-yanked"] = file.yanked
    if file.metadata is not None:
        digest = f"sha256={_sha256(file.metadata)}"
        attributes["data-core-metadata"] = digest
        attributes["data-dist-info-metadata"] = digest
    text = " ".join(
        f'{name}="{html.escape(value)}"' for name, value in attributes.items()
    )
    return f"<a {text}>{html.escape(file.filename)}</a>"
