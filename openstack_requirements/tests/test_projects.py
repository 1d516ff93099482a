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

from openstack_requirements.checks import zuul, zuul_loader
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
- {project: {name: org/mapping, templates: [{check-requirements: {}}]}}
- project:
    name: org/job
    check: {queue: q, jobs: [noop, requirements-check]}
- project:
    name: org/settings
    gate:
      jobs: [requirements-check: {branches: master}]
- project: {name: org/one, gate: {jobs: check-requirements}}
- project:
    name: org/voteless
    check: {jobs: [requirements-check: {voting: false}]}
    gate: {jobs: [requirements-check: {voting: No}]}
- project:
    name: org/late
    periodic: {jobs: [requirements-check]}
- project-template:
    name: all-jobs
    check: {jobs: [x, mine: {voting: true}]}
- job: {name: mine, parent: between}
- job: {name: between, parent: requirements-check}
- project: {name: org/template, templates: [all-jobs]}
- project: {name: org/child, check: {jobs: [between]}}
- project-template:
    name: nothing
    post: {jobs: [requirements-check]}
- project: {name: org/nothing, templates: [nothing]}
"""
READ = {
    "org/good": True,
    "org/host": True,
    "org/without": False,
    "org/twice": True,
    "org/mapping": True,
    "org/job": True,
    "org/settings": True,
    "org/one": True,
    "org/voteless": False,
    "org/late": False,
    "org/template": True,
    "org/child": True,
    "org/nothing": False,
    "": False,
}
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
    # Large nodes that aliases lead to from everywhere.
    f"- &h {{{''.join(f'k{n}: 1,' for n in range(40_000))}}}\n"
    "- project:\n    check: {jobs: [" + "x: *h," * 30_000 + "]}\n",
    f"- &h {{{''.join(f'k{n}: 1,' for n in range(40_000))}}}\n"
    + "- project: {check: *h, gate: {jobs: [*h]}}\n" * 10_000,
    f"- &j [{'x,' * 60_000}]\n"
    + "- project-template: {name: t, check: {jobs: *j}}\n" * 5_000
    + "- project: {name: a/b, gate: {jobs: *j}}\n" * 5_000,
    "".join(
        f"- job: {{name: j{n}, parent: j{n + 1}}}\n" for n in range(20_000)
    ),
    "- &n " + "n" * 300_000 + "\n" + "- project: {name: *n}\n" * 20_000,
    "- {1:1:1: 2, ? {a: b} : c, !!timestamp x: !!set {y}, .inf: !!binary z}",
]
#: What is more than may be read, and what is said of it.
TOO_MUCH = (
    ("# x\n" * (zuul.LARGEST // 4 + 1), "x: is longer than 4194304 char"),
    ("- x\n" * (zuul.MOST_NODES + 1), "x: has more than 200000 nodes"),
    (f"[{'x,' * 1_000_000}]", "x: has more than 200000 nodes"),
)


def running(text: str) -> dict[str, bool]:
    """The projects of a configuration, and whether they run the check."""
    return zuul.running([zuul.read(text, "x")])


class TestRead(base.TestCase):
    def test_good(self) -> None:
        self.assertEqual(READ, running(GOOD))
        self.assertEqual({}, running(""))
        self.assertEqual({}, running("[]"))

    def test_names_that_are_given(self) -> None:
        text = (
            "- project: {name: a/b, templates: [t]}\n"
            "- project: {name: a/c, check: {jobs: [j]}}\n"
            "- project: {name: a/d, check: {jobs: [t]}}\n"
        )
        names = zuul.CheckNames(frozenset("t"), frozenset("j"))
        self.assertEqual(
            {"a/b": True, "a/c": True, "a/d": False},
            zuul.running([zuul.read(text, "x")], names=names),
        )

    def test_what_one_file_defines_counts_in_the_others(self) -> None:
        central = [
            "- project: {name: a/b, templates: [t]}",
            "- project-template: {name: t, gate: {jobs: [j]}}",
            "- project: {name: a/e}\n- project: {name: a/f}",
        ]
        own = {
            "a/c": ["- job: {name: j, parent: requirements-check}"],
            "a/d": ["- project: {templates: t}", "- project: {name: a/d}"],
            "a/e": ["- project: {name: git.example.org/a/e, templates: t}"],
            # Nobody believes a repository about another one.
            "a/g": ["- project: {name: a/f, templates: t}"],
        }
        self.assertEqual(
            {"a/b": True, "a/d": True, "a/e": True, "a/f": False},
            zuul.running(
                [zuul.read(text, "x") for text in central],
                {
                    name: [zuul.read(text, "x") for text in texts]
                    for name, texts in own.items()
                },
            ),
        )

    def test_a_circle_of_parents(self) -> None:
        text = (
            "- job: {name: a, parent: b}\n- job: {name: b, parent: a}\n"
            "- job: {name: requirements-check, parent: requirements-check}\n"
            "- project: {name: o/p, check: {jobs: [a]}}\n"
        )
        self.assertEqual({"o/p": False}, running(text))

    def test_bad(self) -> None:
        for text, word in BAD:
            error = self.assertRaises(UnusableInput, zuul.read, text, "x")
            self.assertIn(word, str(error), text[:20])

    def test_bombs_do_not_go_off(self) -> None:
        for text in BOMBS:
            start = time.process_time()
            running(text)
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
                self.assertEqual({}, running(good))
                self.assertRaises(UnusableInput, zuul.read, bad, "x")
        text = "- project: {name: a/bc}\n- project: {name: a/bcd}\n"
        with mock.patch.object(zuul, "LONGEST_NAME", 4):
            self.assertEqual({"a/bc": False}, running(text))
        text = (
            "- project-template: {name: t, check: {jobs: requirements-check}}"
            "\n- job: {name: j, parent: requirements-check}\n"
            "- project: {name: a/b, templates: t}\n"
            "- project: {name: a/c, gate: {jobs: j}}\n"
        )
        with mock.patch.object(zuul, "LONGEST_NAME", 17):
            self.assertEqual({"a/b": True, "a/c": False}, running(text))

    def test_nothing_takes_long(self) -> None:
        texts = [*BOMBS, *(text for text, _ in TOO_MUCH)]
        texts.append("- x\n" * (zuul.MOST_NODES - 2))

        def read(text: str) -> None:
            with contextlib.suppress(UnusableInput):
                running(text)

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
        self.assertEqual(READ, running(GOOD))
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
            ("openstack/pbr", []),
            ("x/hacking", []),
            ("opendev.example.org/openstack/hacking", []),
            ("openstack/requirements", []),
            ("openstack/pbr-more", ["unknown-project"]),
            ("org/gone", ["missing-checkout"]),
            ("org/bad", ["unusable-zuul-file"]),
        ):
            repository = zuul.Repository(name, "projects.txt", 3)
            found = zuul.judge(
                zuul.Projects(
                    [repository],
                    READ,
                    "z",
                    frozenset({"org/gone", "org/good"}),
                    {"org/bad": "x:1: not YAML", "org/job": "y: not YAML"},
                )
            )
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

    def test_nothing_to_judge(self) -> None:
        path = self.write("none.txt", "# nothing yet\n")
        self.assertEqual(
            (
                2,
                "",
                f"{path}: names no repository: there is nothing to judge\n",
            ),
            self.run_it(path, "--zuul-projects", self.zuul),
        )

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
                f"{self.list}:4: org/without has neither the template "
                "check-requirements nor a voting job for it in "
                f"{self.zuul} [missing-template]",
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
        os.makedirs("empty")
        self.assertEqual(0, self.run_it(self.list, "--root", "empty").status)
        self.write("projects.txt", "org/new\n")
        self.assertEqual(1, self.run_it(self.list, "--root", "empty").status)

    def test_several_configurations(self) -> None:
        more = self.write(
            "more.yaml",
            "- project: {name: org/new, templates: [other]}\n"
            "- project-template: {name: other, gate: {jobs: my-check}}\n",
        )
        both = ("--zuul-projects", self.zuul, "--zuul-projects", more)
        done = self.run_it(self.list, *both)
        self.assertEqual((1, ""), (done.status, done.err))
        self.assertIn("org/new has neither the template", done.out)
        self.assertIn(f" in {self.zuul} or {more} [", done.out)
        done = self.run_it(self.list, *both, "--job", "my-check")
        self.assertEqual((0, ""), (done.status, done.err))
        done = self.run_it(self.list, *both, "--template", "other")
        self.assertEqual((0, ""), (done.status, done.err))

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


class TestOwnFiles(base.TestCase):
    def test_the_names_are_those_that_this_repository_defines(self) -> None:
        configurations = zuul_loader.read(str(base.ROOT))
        defined = {name for file in configurations for name in file.templates}
        jobs = {
            job
            for file in configurations
            for pair in file.parents
            for job in pair
        }
        self.assertEqual(set(), zuul.TEMPLATES - defined)
        self.assertEqual(set(), zuul.JOBS - jobs)


class TestCheckouts(base.TestCase):
    """The Zuul files in the repositories themselves."""

    def setUp(self) -> None:
        super().setUp()
        self.list = self.write("projects.txt", "org/a\n")
        self.root = self.folder / "root"
        self.root.mkdir()
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)

    def rules(self, *argv: str) -> list[str]:
        done = self.run_main(
            validate_projects.main,
            *(self.list, "--root", "root", "--format", "json", *argv),
        )
        self.assertEqual("", done.err)
        found = json.loads(done.out)["findings"]
        self.assertEqual(1 if found else 0, done.status)
        return [finding["rule"] for finding in found]

    def test_where_the_files_are(self) -> None:
        stanza = "- project: {templates: [check-requirements]}\n"
        named = "- project: {name: org/a, gate: {jobs: requirements-check}}\n"
        for number, (path, text) in enumerate(
            (
                ("org/a/zuul.yaml", stanza),
                ("org/a/.zuul.yaml", named),
                ("a/.zuul.yaml", stanza),
                ("org/a/zuul.d/project.yaml", stanza),
                ("org/a/.zuul.d/deep/er/x.yaml", named),
            )
        ):
            root = f"root{number}"
            self.write(f"{root}/{path}", text)
            self.write(f"{root}/org/a/README", "")
            if path.startswith("a/"):
                (self.folder / root / "org/a/README").unlink()
                (self.folder / root / "org/a").rmdir()
            self.assertEqual([], self.rules("--root", root), path)

    def test_what_zuul_does_not_read(self) -> None:
        stanza = "- project: {templates: [check-requirements]}\n"
        self.write("root/org/a/zuul.d/x.yml", stanza)
        self.write("root/org/a/zuul.d/ignored/x.yaml", stanza)
        self.write("root/org/a/zuul.d/ignored/.zuul.ignore", "")
        self.write("root/org/a/zuul/x.yaml", stanza)
        self.assertEqual(["unknown-project"], self.rules())
        self.write("root/org/a/zuul.d/y.yaml", "- project: {}\n")
        self.assertEqual(["missing-template"], self.rules())
        # Only the first place counts.
        self.write("root/org/a/.zuul.yaml", stanza)
        self.assertEqual(["missing-template"], self.rules())
        self.write("root/org/a/zuul.yaml", stanza)
        self.assertEqual([], self.rules())

    def test_a_checkout_that_is_missing_stops_nothing(self) -> None:
        self.write("projects.txt", "org/gone\norg/bad\norg/ok\norg/c\n")
        self.write("root/ok/.zuul.yaml", "- project: {templates: [t]}\n")
        self.write("root/bad/.zuul.yaml", "- project: [\n")
        central = self.write(
            "z.yaml",
            "- project: {name: org/c, templates: [t]}\n"
            "- project-template: {name: t, check: {jobs: "
            "requirements-check}}\n",
        )
        done = self.run_main(
            validate_projects.main,
            *(self.list, "--root", "root", "--zuul-projects", central),
        )
        self.assertEqual((1, ""), (done.status, done.err))
        self.assertEqual(
            [
                f"{self.list}:1: there is no checkout of org/gone, and by the "
                "configuration that is there it runs no requirements check "
                "[missing-checkout]",
                f"{self.list}:2: root/bad/.zuul.yaml:2: not YAML (did not "
                "find expected node content) [unusable-zuul-file]",
                f"4 repositories in {self.list}: 2 errors",
            ],
            done.out.splitlines()[::2],
        )

    def test_links(self) -> None:
        stanza = "- project: {templates: [check-requirements]}\n"
        outside = self.write("outside/x.yaml", stanza)
        checkout = self.root / "org" / "a"
        (checkout / "zuul.d").mkdir(parents=True)
        (checkout / "zuul.d" / "more").symlink_to(self.folder / "outside")
        (checkout / "zuul.d" / "round").symlink_to(checkout / "zuul.d")
        self.assertEqual(["unknown-project"], self.rules())
        link = checkout / "zuul.d" / "link.yaml"
        link.symlink_to(outside)
        self.assertEqual(["unusable-zuul-file"], self.rules())
        link.unlink()
        link.symlink_to("/dev/zero")
        self.assertEqual(["unusable-zuul-file"], self.rules())
        link.unlink()
        self.write("root/org/a/inside.txt", stanza)
        link.symlink_to("../inside.txt")
        self.assertEqual([], self.rules())
        (checkout / ".zuul.yaml").symlink_to("nowhere")
        self.assertEqual([], self.rules())

    def test_limits(self) -> None:
        stanza = "- project: {templates: [check-requirements]}\n"
        self.write("root/org/a/zuul.d/a.yaml", stanza)
        self.write("root/org/a/zuul.d/b/c", "")
        for name, limit, module in (
            ("MOST_FILES", 3, zuul_loader),
            ("LARGEST", len(stanza), zuul),
        ):
            with mock.patch.object(module, name, limit):
                self.assertEqual([], self.rules(), name)
            with mock.patch.object(module, name, limit - 1):
                self.assertEqual(["unusable-zuul-file"], self.rules(), name)

    def test_no_such_folder(self) -> None:
        for root in ("nowhere", self.list):
            done = self.run_main(
                validate_projects.main, self.list, "--root", root
            )
            self.assertEqual((2, ""), (done.status, done.out))
            self.assertIn(f"{root}: cannot be read", done.err)
        self.assertFalse(os.path.exists("nowhere"))
