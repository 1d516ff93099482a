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
"""The documentation as a site: what a browser shows of it, and its pages.

The browser is the distribution's Chromium, without a window. Only where
OPENSTACK_REQUIREMENTS_LIVE is set, and where the browser and Sphinx are.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import importlib.util
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from openstack_requirements.tests import base
from openstack_requirements.tests.test_live import VARIABLE
from openstack_requirements.tests.test_repository import scripts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SOURCE = base.ROOT / "doc" / "source"
CHECK = Path(__file__).with_name("site-check.html")
#: A desk and a telephone.
WIDTHS = (1280, 390)
#: What the browser is called in distributions.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
#: A word, and a page that has to be among those that the search finds.
WORDS = {
    "fingerprint": "cli/index.html",
    "pyenv": "cli/generate-constraints.html",
}
#: What the header of another site said.
FOREIGN = ("Log in", "Marketplace", "OpenInfra")
#: Pages that Sphinx makes for itself.
GENERATED = ("genindex.html", "py-modindex.html", "search.html")
#: A page with all that is looked for.
BROKEN = """\
<!DOCTYPE html>
<title>Broken</title>
<script src="https://cdn.example.org/x.js" type="text/plain"></script>
<h1>Broken</h1><h1>Broken again</h1>
<div class="toc-tree">Contents</div><nav class="contents">Contents</nav>
<p style="width: 2000px; background: red">Marketplace</p>
<p style="width: 9em; overflow: hidden; white-space: nowrap">long</p>
<p style="width: 9em; overflow: hidden; white-space: nowrap">{}</p>
<article>
<p style="width: 9em; overflow: auto; white-space: nowrap">{}</p>
</article>
<p style="width: 9em; position: absolute; left: -4em; top: 9em">{}</p>
""".format("hidden " * 20, "scrolls " * 20, "to the left")


def pages() -> list[str]:
    """The pages of the documentation, as paths without a suffix."""
    return sorted(
        str(path.relative_to(SOURCE).with_suffix(""))
        for path in SOURCE.glob("**/*.rst")
    )


class TestPages(base.TestCase):
    """What can be seen without a browser."""

    def text(self, name: str) -> str:
        return (SOURCE / f"{name}.rst").read_text(encoding="utf-8")

    def test_the_navigation_folds_nothing_away(self) -> None:
        """The theme shows what the first page lists, and no deeper level."""
        with_lists = [
            name for name in pages() if ".. toctree::" in self.text(name)
        ]
        self.assertEqual(["index"], with_lists)

    def test_one_table_of_contents(self) -> None:
        """The theme makes one for each page."""
        for name in pages():
            self.assertNotIn(".. contents::", self.text(name), name)

    def test_a_sentence_for_each_command(self) -> None:
        sentences = re.findall(
            r"^ +:doc:`([\w-]+)`\n +((?:.+\n)+)",
            self.text("cli/index"),
            re.MULTILINE,
        )
        self.assertEqual(
            sorted(scripts()), sorted(name for name, _sentence in sentences)
        )
        for name, sentence in sentences:
            self.assertTrue(sentence.endswith(".\n"), name)

    def test_a_question_for_each_command(self) -> None:
        text = self.text("which-command")
        for name in scripts():
            self.assertIn(f"$ {name} ", text)
            self.assertIn(f":doc:`cli/{name}`", text)
        for person in ("look after", "develop", "devstack", "CI", "review"):
            self.assertRegex(text, rf"\nYou .*{person}.*\n===")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a site and the page that checks it, and takes its result."""

    results: ClassVar[queue.Queue[Any]] = queue.Queue()

    def do_GET(self) -> None:
        """Serve a file of the site, or one that is not part of it."""
        address = urllib.parse.urlsplit(self.path).path
        if address == "/site-check.html":
            self._send(CHECK.read_bytes())
        elif address == "/broken.html":
            self._send(BROKEN.encode())
        else:
            # A page that is left while it loads is no error.
            with contextlib.suppress(ConnectionError):
                super().do_GET()

    def do_POST(self) -> None:
        """Take the result."""
        length = int(self.headers["Content-Length"])
        self.results.put(json.loads(self.rfile.read(length)))
        self._send(b"")

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: the result says it."""

    def _send(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextlib.contextmanager
def served(folder: str) -> Iterator[str]:
    """Serve a folder on the loopback device; the address."""
    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def browser(program: str, address: str, folder: str) -> Iterator[None]:
    """Open an address in a browser without a window, and end it."""
    command = [
        program,
        *("--headless", "--disable-gpu", "--hide-scrollbars"),
        *("--no-first-run", "--disable-dev-shm-usage"),
        *("--disable-background-networking", "--disable-component-update"),
        f"--user-data-dir={folder}",
        f"--window-size={max(WIDTHS)},1000",
    ]
    if os.geteuid() == 0:
        command.append("--no-sandbox")  # which does not work for root
    with (
        open(f"{folder}/log", "wb") as log,
        subprocess.Popen(
            # A headless browser ends at once unless something may ask it.
            [*command, "--remote-debugging-port=0", address],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield
        finally:
            # Asked, it ends its children itself, and leaves none behind.
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


class TestSite(base.TestCase):
    """What a browser shows."""

    def setUp(self) -> None:
        super().setUp()
        if not os.environ.get(VARIABLE):
            self.skipTest(f"{VARIABLE} is not set")
        found = [path for path in map(shutil.which, BROWSERS) if path]
        if not found:
            self.skipTest("there is no Chromium: apt install chromium")
        for name in ("furo", "sphinx"):
            if importlib.util.find_spec(name) is None:
                self.skipTest(f"{name} is not installed: tools/run.py --docs")
        self.program = found[0]
        self.site = str(self.folder / "site")

    def build(self) -> None:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "sphinx", "-q", "-b", "html"),
                *("-d", str(self.folder / "doctrees")),
                *(str(SOURCE), self.site),
            ],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def inspect(self, addresses: Sequence[str], words: Sequence[str]) -> Any:
        """What the browser says of pages at each width, and finds."""
        query = urllib.parse.urlencode(
            [
                *(("page", address) for address in addresses),
                *(("width", width) for width in WIDTHS),
                *(("word", word) for word in words),
            ]
        )
        profile = tempfile.mkdtemp(prefix="browser-", dir=self.folder)
        with served(self.site) as address:
            check = f"{address}/site-check.html?{query}"
            with browser(self.program, check, profile):
                try:
                    result = Handler.results.get(timeout=300)
                except queue.Empty:
                    log = Path(profile, "log").read_text(errors="replace")
                    self.fail(f"the browser said nothing: {log}")
        self.assertNotIn("error", result)
        return result

    def test_pages(self) -> None:
        self.build()
        wanted = {f"{name}.html" for name in pages()}
        result = self.inspect([*sorted(wanted), *GENERATED], list(WORDS))
        self.assertEqual(
            (len(wanted) + len(GENERATED)) * len(WIDTHS), len(result["pages"])
        )
        problems = []
        for page in result["pages"]:
            problems += problems_of(page, wanted)
        self.assertEqual([], problems)
        for names, wanted_page in zip(
            result["found"], [*WORDS.values()] * len(WIDTHS), strict=True
        ):
            self.assertIn(wanted_page, names)

    def test_a_broken_page(self) -> None:
        """Each of the problems that are looked for is seen."""
        os.mkdir(self.site)
        wide, narrow = self.inspect(["broken.html"], [])["pages"]
        for page in (wide, narrow):
            text = "\n".join(problems_of(page, {"a.html", "index.html"}))
            for problem in (
                f"broken.html at {page['width']}: the page is 20",
                'over the edge: <p class=""> Marketplace',
                'over the edge: <p class=""> to the left',
                'cut: <p class=""> hidden hidden',
                "not in the navigation: a.html",
                "0 search boxes",
                "2 titles",
                "2 tables of contents",
                "says Marketplace",
                "loads https://cdn.example.org/x.js",
            ):
                self.assertIn(problem, text)
            scrolls = 'scrolls: <p class=""> scrolls scrolls'
            self.assertEqual(page is wide, scrolls in text)
            self.assertNotIn('cut: <p class=""> scrolls', text)
            self.assertNotIn("long", text)


def problems_of(page: Any, wanted: set[str]) -> list[str]:
    """What is wrong with a page of a site that has these pages."""
    problems = list(page["cut"])
    missing = wanted - set(page["navigation"]) - {"index.html"}
    problems += [f"not in the navigation: {name}" for name in sorted(missing)]
    if page["width"] == max(WIDTHS):
        problems += [f"scrolls: {name}" for name in page["scrolling"]]
    if page["search"] < 1:
        problems.append("0 search boxes")
    if page["contents"] > 1:
        problems.append(f"{page['contents']} tables of contents")
    if page["titles"] > 1:
        problems.append(f"{page['titles']} titles")
    problems += [f"says {text}" for text in FOREIGN if text in page["text"]]
    problems += [f"loads {address}" for address in page["foreign"]]
    place = f"{page['page']} at {page['width']}"
    return [f"{place}: {problem}" for problem in problems]
