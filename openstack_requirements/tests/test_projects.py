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
"""validate-projects: repositories and their project configuration."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import threading
import time
from unittest import mock

import fixtures
import yaml

from openstack_requirements.checks import zuul
from openstack_requirements.cmds import validate_projects
from openstack_requirements.errors import UnusableInput
from openstack_requirements.system import fetch
from openstack_requirements.tests import base, bounded

GOOD = """\
- job: {name: x, vars: !secret [a]}
- project:
    name: org/good
    templates: &some
      - other
      - check-requirements
- project:
    name: git.example.org/org/host
    templates: *some
- project:
    name: org/without
    templates: [other]
- project:
    name: org/twice
- project:
    name: org/twice
    templates: check-requirements
- project: {check: {jobs: []}}
- project
"""
READ = {
    "org/good": True,
    "org/host": True,
    "org/without": False,
    "org/twice": True,
}
# text, a word of the error
BAD = [
    ("a: [", "x:2: not YAML"),
    ("a: 1\nb: ]\n", "x:2: not YAML"),
    ("\x00", "x: not YAML"),
    ("- a\n--- b\n", "not YAML"),
    ("- *nobody\n", "x:1: not YAML"),
    ("project: {name: a}", "not a list"),
    ("text", "not a list"),
    ("[" * 5000 + "]" * 5000, "nested too deep"),
    ("{a: " * 5000 + "}" * 5000, "nested too deep"),
]
# Would take forever or fill the memory if anything were built from them.
BOMBS = [
    "- &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"- &{b} [{f'*{a},' * 9}]\n"
        for a, b in zip("abcdefghijk", "bcdefghijkl", strict=True)
    ),
    "- &a {x: 1}\n"
    + "".join(
        f"- &a{n} {{<<: [*a{n - 1 or ''},*a{n - 1 or ''}]}}\n"
        for n in range(1, 60)
    ),
    f"- &t [{'x,' * 50_000}]\n"
    + "".join(
        f"- project: {{name: o/{n}, templates: *t}}\n" for n in range(20_000)
    ),
    "- &p {name: " + "x/" * 100_000 + "}\n" + "- project: *p\n" * 20_000,
    f"- &p {{{''.join(f'k{n}: 1,' for n in range(50_000))}}}\n"
    + "- project: *p\n" * 20_000,
    "- &r {project: *r}\n- project: &q {name: a/b, templates: [*q]}\n",
    "- project: {name: 0x" + "f" * 5000 + ", templates: " + "9" * 5000 + "}",
    "- {1:1:1: 2, ? {a: b} : c, !!timestamp x: !!set {y}, .inf: !!binary z}",
]
#: What is more than may be read, and what is said of it.
TOO_MUCH = (
    ("# x\n" * (zuul.LARGEST // 4 + 1), "x: is longer than 4194304 char"),
    ("- x\n" * (zuul.MOST_NODES + 1), "x: has more than 200000 nodes"),
    (f"[{'x,' * 1_000_000}]", "x: has more than 200000 nodes"),
)


class TestRead(base.TestCase):
    def test_good(self) -> None:
        self.assertEqual(READ, zuul.read(GOOD, "x"))
        self.assertEqual({}, zuul.read("", "x"))
        self.assertEqual({}, zuul.read("[]", "x"))

    def test_bad(self) -> None:
        for text, word in BAD:
            error = self.assertRaises(UnusableInput, zuul.read, text, "x")
            self.assertIn(word, str(error), text[:20])

    def test_bombs_do_not_go_off(self) -> None:
        for text in BOMBS:
            start = time.process_time()
            zuul.read(text, "x")
            self.assertLess(time.process_time() - start, 20, text[:40])

    def test_too_large(self) -> None:
        for text, expected in TOO_MUCH:
            error = self.assertRaises(UnusableInput, zuul.read, text, "x")
            self.assertIn(expected, str(error))

    def test_at_the_limits(self) -> None:
        for name, limit, good, bad in (
            ("LARGEST", 4, "- a\n", "- ab\n"),
            ("DEEPEST", 3, "[[[]], {a: {}}]", "[[[]], {a: {b: {}}}]"),
            ("MOST_NODES", 5, "- {a: b}\n- c\n", "- {a: b}\n- c\n- d\n"),
        ):
            with mock.patch.object(zuul, name, limit):
                self.assertEqual({}, zuul.read(good, "x"))
                self.assertRaises(UnusableInput, zuul.read, bad, "x")
        text = "- project: {name: a/bc}\n- project: {name: a/bcd}\n"
        with mock.patch.object(zuul, "LONGEST_NAME", 4):
            self.assertEqual({"a/bc": False}, zuul.read(text, "x"))

    def test_nothing_takes_long(self) -> None:
        texts = [*BOMBS, *(text for text, _ in TOO_MUCH)]
        texts.append("- x\n" * (zuul.MOST_NODES - 2))

        def read(text: str) -> None:
            with contextlib.suppress(UnusableInput):
                zuul.read(text, "x")

        self.assertEqual(
            [],
            bounded.failures(
                {text[:60]: functools.partial(read, text) for text in texts}
            ),
        )

    def test_without_the_library_in_c(self) -> None:
        """PyYAML's own parser stumbles over what the other one refuses."""
        self.useFixture(
            fixtures.MonkeyPatch("yaml.CSafeLoader", yaml.SafeLoader)
        )
        self.assertEqual(READ, zuul.read(GOOD, "x"))
        for text in ('- "\\UFFFFFFFF"', f"%YAML 1.{'9' * 5000}\n---\n- x"):
            error = self.assertRaises(UnusableInput, zuul.read, text, "x")
            self.assertEqual("x: not YAML (a number too large)", str(error))


class TestRules(base.TestCase):
    def test_table(self) -> None:
        for name, expected in (
            ("org/good", []),
            ("org/without", ["missing-template"]),
            ("org/other", ["unknown-project"]),
            ("openstack-dev/pbr", []),
            ("openstack/requirements", []),
        ):
            repository = zuul.Repository(name, "projects.txt", 3)
            found = zuul.judge(zuul.Projects([repository], READ, "z"))
            self.assertEqual(expected, [each.rule for each in found], name)
            for each in found:
                self.assertEqual(("projects.txt", 3), (each.file, each.line))


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by what the path says."""

    def do_GET(self) -> None:
        what = self.path.strip("/")
        if what == "moved":
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
            self.end_headers()
            return
        self.send_response(404 if what == "gone" else 200)
        self.end_headers()
        with contextlib.suppress(OSError):
            if what == "good":
                self.wfile.write(GOOD.encode())
            elif what == "binary":
                self.wfile.write(b"\xff")
            elif what == "endless":
                while True:
                    self.wfile.write(b"x" * 65536)
            elif what == "silent":
                time.sleep(3)
            elif what == "slow":
                for _ in range(100):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.05)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class TestCommand(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.list = self.write(
            "projects.txt", "# c\n\norg/good  # c\norg/without\norg/new\n"
        )
        self.zuul = self.write("z.yaml", GOOD)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)

    def run_it(self, *argv: str) -> base.Outcome:
        return self.run_main(validate_projects.main, *argv)

    def serve(self) -> str:
        for name in ("no_proxy", "NO_PROXY"):
            self.useFixture(fixtures.EnvironmentVariable(name, "*"))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def test_findings(self) -> None:
        done = self.run_it(self.list, "--zuul-projects", self.zuul)
        self.assertEqual((1, ""), (done.status, done.err))
        lines = done.out.splitlines()
        self.assertEqual(
            [
                f"{self.list}:4: org/without does not have the template "
                f"check-requirements in {self.zuul} [missing-template]",
                f"{self.list}:5: org/new is no project in {self.zuul} "
                "[unknown-project]",
                f"3 repositories in {self.list}: 2 errors",
            ],
            lines[::2],
        )

    def test_default(self) -> None:
        done = self.run_it(self.list)
        self.assertEqual(2, done.status)
        self.assertIn("name another file with --zuul-projects", done.err)
        self.write("zuul.d/projects.yaml", GOOD)
        self.write("projects.txt", "org/good\n")
        self.assertEqual(0, self.run_it(self.list).status)

    def test_json(self) -> None:
        done = self.run_it(
            self.list, "--zuul-projects", self.zuul, "--format", "json"
        )
        found = json.loads(done.out)["findings"]
        self.assertEqual(
            [("missing-template", 4), ("unknown-project", 5)],
            [(each["rule"], each["line"]) for each in found],
        )

    def test_from_a_url(self) -> None:
        url = self.serve()
        done = self.run_it(self.list, "--zuul-projects", f"{url}/good")
        self.assertEqual((1, ""), (done.status, done.err))

    def test_a_world_that_fails(self) -> None:
        url = self.serve()
        self.useFixture(fixtures.MonkeyPatch(f"{fetch.__name__}.SILENCE", 0.2))
        self.useFixture(
            fixtures.MonkeyPatch(f"{fetch.__name__}.PATIENCE", 0.5)
        )
        for what, word in (
            (f"{url}/gone", "404"),
            (f"{url}/moved", "file:"),
            (f"{url}/silent", "timed out"),
            (f"{url}/slow", "no end after"),
            ("http://127.0.0.1:1/", "refused"),
            ("http://[/", "cannot be fetched"),
        ):
            done = self.run_it(self.list, "--zuul-projects", what)
            self.assertEqual((3, ""), (done.status, done.out), what)
            self.assertIn(word, done.err)
            self.assertTrue(done.err.startswith(f"{what}: cannot be fetched"))

    def test_what_cannot_be_used(self) -> None:
        url = self.serve()
        bad = self.write("bad.txt", "org/a\nfoo\na/b/c\n")
        yaml = self.write("bad.yaml", "a: [\n")
        for argv, word in (
            (("nowhere",), "nowhere: cannot be read"),
            ((bad, "--zuul-projects", self.zuul), f"{bad}:3: not the name"),
            ((self.list, "--zuul-projects", "nowhere"), "cannot be read"),
            ((self.list, "--zuul-projects", yaml), "not YAML"),
            ((self.list, "--zuul-projects", f"{url}/binary"), "not UTF-8"),
            ((self.list, "--zuul-projects", f"{url}/endless"), "larger than"),
            ((self.list, "--zuul-projects", "file:///etc/passwd"), "only"),
        ):
            done = self.run_it(*argv)
            self.assertEqual((2, ""), (done.status, done.out), word)
            self.assertIn(word, done.err)
