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

"""Proof, with the real uv and the real pip, that the index is an index."""

from __future__ import annotations

import concurrent.futures
import hashlib
import importlib.util
import io
import itertools
import json
import os
import pathlib
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request
import zipfile
from typing import ClassVar

import fixtures
import testtools
import uv

from openstack_requirements.tests import loopback

_COMBINATIONS = list(itertools.product((True, False), repeat=2))
_JSON = "application/vnd.pypi.simple.v1+json"

# With less patience than by default, or the faults would take many seconds.
_IMPATIENT = {
    "UV_HTTP_RETRIES": "0",
    "UV_HTTP_TIMEOUT": "1",
    "PIP_RETRIES": "0",
    "PIP_TIMEOUT": "1",
}

_NEEDS_PIP = unittest.skipIf(
    importlib.util.find_spec("pip") is None,
    "the running environment has no pip",
)


class TestCase(testtools.TestCase):
    """Has an environment to install into, and the means to ask an index."""

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(fixtures.EnvironmentVariable("VIRTUAL_ENV"))
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def index(
        self, *, as_json: bool = True, metadata: bool = True
    ) -> loopback.Index:
        """Return a running index that the environment points at."""
        index = self.useFixture(
            loopback.Index(json=as_json, metadata=metadata)
        )
        index.use()
        for variable, value in _IMPATIENT.items():
            self.useFixture(fixtures.EnvironmentVariable(variable, value))
        return index

    def environment(self, name: str = "env") -> pathlib.Path:
        """Return the interpreter of a new virtual environment."""
        folder = self.folder / name
        self.run_(
            uv.find_uv_bin(), "venv", "--python", sys.executable, str(folder)
        )
        return folder / "bin" / "python"

    def run_(self, *command: str, status: int | None = 0) -> str:
        """Run a command and return all that it prints.

        :param status: the exit status it must have, None for any but 0
        """
        completed = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=30,
        )
        if status is None:
            self.assertNotEqual(0, completed.returncode, completed.stdout)
        else:
            self.assertEqual(status, completed.returncode, completed.stdout)
        return completed.stdout

    def uv(
        self,
        python: pathlib.Path,
        *requirements: str,
        status: int | None = 0,
    ) -> str:
        """Install with uv and return what it prints."""
        command = [uv.find_uv_bin(), "pip", "install", "--python", str(python)]
        return self.run_(*command, *requirements, status=status)

    def pip(
        self,
        python: pathlib.Path,
        *requirements: str,
        status: int | None = 0,
    ) -> str:
        """Install with pip and return what it prints."""
        command = [sys.executable, "-m", "pip", "--python", str(python)]
        return self.run_(*command, "install", *requirements, status=status)

    def versions(self, python: pathlib.Path) -> dict[str, str]:
        """Return the distributions of an environment and their versions."""
        code = (
            "import importlib.metadata as m, json; print(json.dumps("
            "{d.metadata['Name']: d.version for d in m.distributions()}))"
        )
        found: dict[str, str] = json.loads(
            self.run_(str(python), "-I", "-c", code)
        )
        found.pop("pip", None)
        return found


def _get(
    url: str, accept: str = "text/html", **headers: str
) -> tuple[int, str, bytes]:
    """Return status, type and body of what a server answers."""
    request = urllib.request.Request(
        url, headers={"Accept": accept, **headers}
    )
    # Whatever proxies the environment names are not for loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        response = opener.open(request, timeout=10)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        return (
            response.status,
            response.headers.get_content_type(),
            response.read(),
        )


class TestPages(TestCase):
    """What the server answers, seen without an installer."""

    def test_unknown_is_404(self) -> None:
        index = self.index()
        index.wheel("known", "1.0")
        self.assertEqual(404, _get(f"{index.url}unknown/")[0])
        self.assertEqual(200, _get(f"{index.url}known/")[0])
        self.assertEqual(
            ["/simple/unknown/", "/simple/known/"], index.requests
        )

    def test_name_is_normalised(self) -> None:
        index = self.index()
        filename = index.wheel("Some.Thing_Else", "1.0")
        self.assertEqual("some_thing_else-1.0-py2.py3-none-any.whl", filename)
        for spelling in ("some-thing-else", "SOME_thing.else"):
            self.assertEqual(200, _get(f"{index.url}{spelling}/")[0])

    def test_json_if_preferred_and_on(self) -> None:
        for as_json, wanted in ((True, _JSON), (False, "text/html")):
            index = self.index(as_json=as_json)
            index.wheel("known", "1.0")
            url = f"{index.url}known/"
            self.assertEqual(wanted, _get(url, _JSON)[1])
            self.assertEqual("text/html", _get(url)[1])

    def test_metadata_and_hashes_fit(self) -> None:
        index = self.index()
        filename = index.wheel("known", "1.0", requires_python=">=3")
        page = json.loads(_get(f"{index.url}known/", _JSON)[2])
        (entry,) = page["files"]
        self.assertEqual(["1.0"], page["versions"])
        self.assertEqual(filename, entry["filename"])
        self.assertEqual(">=3", entry["requires-python"])
        origin = index.url.removesuffix("/simple/")
        content = _get(origin + entry["url"])[2]
        metadata = _get(origin + entry["url"] + ".metadata")[2]
        self.assertEqual(
            entry["hashes"]["sha256"], hashlib.sha256(content).hexdigest()
        )
        self.assertEqual(
            entry["core-metadata"]["sha256"],
            hashlib.sha256(metadata).hexdigest(),
        )
        with zipfile.ZipFile(io.BytesIO(content)) as wheel:
            self.assertEqual(
                metadata, wheel.read("known-1.0.dist-info/METADATA")
            )

    def test_ranges(self) -> None:
        index = self.index()
        filename = index.offer("raw", "raw-1.0.tar.gz", b"0123456789")
        url = f"{index.url.removesuffix('simple/')}files/{filename}"
        for asked, status, content in (
            ("bytes=2-4", 206, b"234"),
            ("bytes=7-", 206, b"789"),
            ("bytes=-3", 206, b"789"),
            ("bytes=-30", 206, b"0123456789"),
            ("bytes=10-", 416, b""),
            ("lines=1-2", 200, b"0123456789"),
        ):
            answer = _get(url, Range=asked)
            self.assertEqual(
                (asked, status, content), (asked, answer[0], answer[2])
            )

    def test_same_bytes_every_time(self) -> None:
        contents = []
        for _ in range(2):
            index = self.index()
            names = [index.wheel("a", "1.0"), index.sdist("a", "1.0")]
            base = index.url.removesuffix("simple/") + "files/"
            contents.append([_get(base + name)[2] for name in names])
        self.assertEqual(contents[0], contents[1])

    def test_removed_is_gone(self) -> None:
        index = self.index()
        filename = index.wheel("fleeting", "1.0")
        self.assertEqual(200, _get(f"{index.url}fleeting/")[0])
        index.remove(filename)
        self.assertEqual(404, _get(f"{index.url}fleeting/")[0])

    def test_cleanup_does_not_wait_for_who_hangs(self) -> None:
        with loopback.Index() as index:
            index.hang("stuck")
            command = (
                "import sys, urllib.request as r;"
                "r.build_opener(r.ProxyHandler({})).open(sys.argv[1])"
            )
            client = subprocess.Popen(
                [sys.executable, "-c", command, f"{index.url}stuck/"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            deadline = time.monotonic() + 10
            while not index.requests and time.monotonic() < deadline:
                time.sleep(0.01)
            self.assertEqual(["/simple/stuck/"], index.requests)
            self.assertIsNone(client.poll())
            start = time.monotonic()
        self.assertLess(time.monotonic() - start, 1)
        # Its connection ended without an answer.
        self.assertNotEqual(0, client.wait(10))


class TestEnvironment(TestCase):
    def test_use_takes_away_and_gives_back(self) -> None:
        disturbing = {
            "PIP_EXTRA_INDEX_URL": "http://index.invalid/simple/",
            "PIP_CONSTRAINT": "/nonexistent",
            "UV_INDEX": "http://index.invalid/simple/",
            "UV_OFFLINE": "1",
            "http_proxy": "http://proxy.invalid:1",
        }
        for variable, value in disturbing.items():
            self.useFixture(fixtures.EnvironmentVariable(variable, value))
        before = dict(os.environ)
        with loopback.Index() as index:
            index.use()
            self.assertEqual(index.url, os.environ["PIP_INDEX_URL"])
            self.assertEqual(index.url, os.environ["UV_DEFAULT_INDEX"])
            for variable in disturbing:
                self.assertNotIn(variable, os.environ)
        self.assertEqual(before, dict(os.environ))

    def test_environment_outweighs_what_it_is_added_to(self) -> None:
        extra = "http://127.0.0.1:9/simple/"
        for variable in (
            "PIP_EXTRA_INDEX_URL",
            "UV_EXTRA_INDEX_URL",
            "UV_INDEX",
            "UV_INDEX_URL",
        ):
            self.useFixture(fixtures.EnvironmentVariable(variable, extra))
        index = self.useFixture(loopback.Index())
        index.wheel("only", "1.0")
        for variable, value in index.environment().items():
            self.useFixture(fixtures.EnvironmentVariable(variable, value))
        python = self.environment()
        self.uv(python, "only")
        self.assertEqual({"only": "1.0"}, self.versions(python))


class TestInstall(TestCase):
    """What can be installed is, with either installer."""

    def populate(self, index: loopback.Index) -> None:
        index.wheel(
            "Top.Level",
            "1.0",
            requires=["shared>=1", 'never; python_version < "3"'],
            extras={"more": ['built ; python_version >= "3"']},
        )
        index.wheel("shared", "1.0", files={"shared_data/a.txt": "a"})
        index.wheel("shared", "2.0", requires_python=">=3.99")
        index.yank(index.wheel("shared", "3.0"), 'a "bad" <one>')
        index.sdist("built", "0.5", requires=["deep"])
        index.wheel("deep", "7")

    expected: ClassVar[dict[str, str]] = {
        "Top.Level": "1.0",
        "shared": "1.0",
        "built": "0.5",
        "deep": "7",
    }

    def check_requests(self, index: loopback.Index, *, metadata: bool) -> None:
        filename = "/files/shared-1.0-py2.py3-none-any.whl"
        self.assertIn(filename, index.requests)
        self.assertEqual(metadata, f"{filename}.metadata" in index.requests)

    def test_uv(self) -> None:
        for as_json, metadata in _COMBINATIONS:
            index = self.index(as_json=as_json, metadata=metadata)
            self.populate(index)
            python = self.environment(f"env-{as_json}-{metadata}")
            self.uv(python, "top-level[more]")
            self.assertEqual(self.expected, self.versions(python))
            self.check_requests(index, metadata=metadata)

    @_NEEDS_PIP
    def test_pip(self) -> None:
        for same in (True, False):
            index = self.index(as_json=same, metadata=same)
            self.populate(index)
            python = self.environment(f"env-{same}")
            self.pip(python, "top-level[more]")
            self.assertEqual(self.expected, self.versions(python))
            self.check_requests(index, metadata=same)

    def test_contents_and_record(self) -> None:
        index = self.index()
        index.wheel("holder", "1.0", files={"holder_data.txt": "text\n"})
        python = self.environment()
        self.uv(python, "holder")
        code = (
            "import base64, hashlib, importlib.metadata as m, holder\n"
            "for f in m.files('holder'):\n"
            "    if f.hash and f.name != 'direct_url.json':\n"
            "        d = hashlib.sha256(f.locate().read_bytes()).digest()\n"
            "        e = base64.urlsafe_b64encode(d).decode().rstrip('=')\n"
            "        assert e == f.hash.value, f\n"
            "        print(f)\n"
            "print(holder.VERSION)\n"
        )
        printed = self.run_(str(python), "-I", "-c", code).split()
        self.assertIn("holder_data.txt", printed)
        self.assertEqual("1.0", printed[-1])

    def test_index_may_change_between_runs(self) -> None:
        index = self.index()
        index.wheel("moving", "1.0")
        python = self.environment()
        self.uv(python, "moving")
        index.wheel("moving", "2.0")
        self.uv(python, "--upgrade", "moving")
        self.assertEqual({"moving": "2.0"}, self.versions(python))


class TestFailingBuild(TestCase):
    text = "first line of the failure\nsecond line of the failure"

    def test_uv_shows_stderr(self) -> None:
        index = self.index()
        index.sdist("bad", "1.0", fail=self.text)
        output = self.uv(self.environment(), "bad", status=1)
        self.assertIn("Failed to build `bad==1.0`", output)
        self.assertIn("prepare_metadata_for_build_wheel", output)
        for line in self.text.splitlines():
            self.assertIn(line, output)

    @_NEEDS_PIP
    def test_pip_shows_stderr(self) -> None:
        index = self.index()
        index.sdist("bad", "1.0", fail=self.text)
        output = self.pip(self.environment(), "bad", status=1)
        for line in self.text.splitlines():
            self.assertIn(line, output)

    def test_late(self) -> None:
        index = self.index()
        index.sdist("bad", "1.0", native_missing="some/header.h", late=True)
        output = self.uv(self.environment(), "bad", status=1)
        self.assertIn("Resolved 1 package", output)
        self.assertIn("`loopback_backend.build_wheel` failed", output)
        self.assertIn(
            "bad.c:1:10: fatal error: some/header.h: "
            "No such file or directory",
            output,
        )

    def test_sleep_says_who_sleeps(self) -> None:
        index = self.index()
        index.sdist("sleepy", "1.0", sleep=0.1)
        pidfile = self.folder / "pid"
        self.useFixture(
            fixtures.EnvironmentVariable("LOOPBACK_PIDFILE", str(pidfile))
        )
        python = self.environment()
        self.uv(python, "sleepy")
        self.assertGreater(int(pidfile.read_text()), 1)
        self.assertEqual({"sleepy": "1.0"}, self.versions(python))


class TestFaults(TestCase):
    def test_error_of_a_page(self) -> None:
        index = self.index()
        index.wheel("Broken.Page", "1.0")
        index.error("Broken.Page", 503)
        output = self.uv(self.environment(), "broken-page", status=2)
        self.assertIn("503 Service Unavailable", output)

    def test_error_of_a_file(self) -> None:
        for metadata in (True, False):
            index = self.index(metadata=metadata)
            index.error(index.wheel("whole", "1.0"))
            python = self.environment(f"env-{metadata}")
            output = self.uv(python, "whole", status=None)
            self.assertIn("500 Internal Server Error", output)

    def test_hang(self) -> None:
        index = self.index()
        index.hang("page")
        index.hang(index.wheel("file", "1.0"))

        def install(name: str) -> str:
            # One environment each, as uv locks the one it installs into.
            return self.uv(self.environment(name), name, status=None)

        # At once, so that the test waits for one timeout and not for two.
        with concurrent.futures.ThreadPoolExecutor() as executor:
            for output in executor.map(install, ("page", "file")):
                self.assertIn("operation timed out", output)

    def test_truncate(self) -> None:
        for as_json, metadata in _COMBINATIONS:
            index = self.index(as_json=as_json, metadata=metadata)
            filename = index.wheel("short", "1.0")
            index.truncate(filename)
            python = self.environment(f"env-{as_json}-{metadata}")
            output = self.uv(python, "short", status=None)
            self.assertIn("end of central directory", output)
            self.assertNotIn(f"/files/{filename}.metadata", index.requests)

    @_NEEDS_PIP
    def test_pip_truncate(self) -> None:
        index = self.index()
        index.truncate(index.wheel("short", "1.0"))
        output = self.pip(self.environment(), "short", status=None)
        self.assertIn("is invalid", output)

    @_NEEDS_PIP
    def test_pip_error_and_hang(self) -> None:
        index = self.index()
        index.error(index.wheel("whole", "1.0"))
        index.hang(index.wheel("file", "1.0"))
        python = self.environment()
        output = self.pip(python, "whole", status=None)
        self.assertIn("500", output)
        output = self.pip(python, "file", status=None)
        self.assertRegex(output, "timed out|timeout")
