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
"""No command shows or keeps a secret or a raw control character.

Hostile lines are planted in each file that a command reads, and each command
runs in each format.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import fixtures

from openstack_requirements.cmds import (
    bootstrap_requirements,
    build_lower_constraints,
    check_conflicts,
    check_constraints,
    check_python2_support,
    check_requirements,
    diff_constraints,
    edit_constraints,
    explain_constraint,
    generate_constraints,
    normalize_requirements,
    update_requirements,
    validate_constraints,
    validate_projects,
)
from openstack_requirements.cmds.report import FORMATS
from openstack_requirements.tests import base
from openstack_requirements.tests.loopback import Index
from openstack_requirements.tests.test_generate import GenerateTestCase
from openstack_requirements.tests.test_output import is_clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Main = Callable[[Sequence[str] | None], int]

SECRET = "s3cr3tT0k3n"
URL = f"https://user:{SECRET}@h.example/x?token={SECRET}"
#: What no file should hold, but TOML and YAML say it with escapes.
CONTROL = "\x1b[31m\x07\x9b\u202e\u2066\x7f"
ESCAPED = r"\u001b[31m\u0007\u009b\u202e\u2066\u007f\r"

GLOBAL = "good>=1  # MIT\nother>=2  # MIT\n"
PINS = "good===1.5\nother===2.5\n"
FREEZE = (
    '{"format": 1, "python_version": "3.12", "installer": "uv", "method": '
    '"install", "environment": '
    f'{json.dumps(base.environment("3.12"))}, "requested": ["good"], '
    '"kept": [], '
    '"distributions": [{"name": "good", "version": "1.5", "requires": [%s]}, '
    '{"name": "other", "version": "2.5"}]}'
)
#: The files of a folder in which all is well.
FILES = {
    "global-requirements.txt": GLOBAL,
    "upper-constraints.txt": PINS,
    "old.txt": PINS.replace("2.5", "2.4"),
    "blacklist.txt": "lint  # why\n",
    "projects.txt": "org/good\n",
    "expected.txt": "",
    "zuul.yaml": "- project: {name: org/good, templates: "
    "check-requirements}\n",
    "waivers.yaml": "",
    "freezes/python3.12.json": FREEZE % '"other>=2"',
    "root/org/good/requirements.txt": "good>=1 # MIT\n",
    "root/org/good/test-requirements.txt": "other>=2 # MIT\n",
    "root/org/good/setup.cfg": "[metadata]\nname = good\n",
    "root/org/good/setup.py": "import setuptools\n"
    "setuptools.setup(setup_requires=['pbr>=2.0.0'], pbr=True)\n",
    "root/org/good/pyproject.toml": '[project]\nname = "good"\n'
    'version = "1"\n',
}
LINES = (
    f"good @ {URL}",
    f"good@{URL} ; python_version=='3.9'",
    f"-e git+{URL}#egg=good",
    f"--index-url {URL}",
    f"-f {URL}",
    URL,
    f"good>=1  # {URL}",
    f"good>=1;sys_platform=='{URL}'",
    f"good=={URL}",
    f"user:{SECRET}@h.example/x",
    f"{CONTROL}",
    f"good>=1  # {CONTROL}",
    f"good>=1;sys_platform=='{CONTROL}'",
    f"good>=1{CONTROL}",
    f"-e {URL}{CONTROL}",
)
PLAIN = (
    "global-requirements.txt",
    "upper-constraints.txt",
    "old.txt",
    "blacklist.txt",
    "projects.txt",
    "expected.txt",
    "root/org/good/requirements.txt",
    "root/org/good/test-requirements.txt",
)
PROJECT = "root/org/good"


def planted() -> Iterator[tuple[str, str]]:
    """Files, and what hostile people write into them."""
    for name in PLAIN:
        for line in LINES:
            # At the end too: what comes first need not be all.
            yield name, f"{FILES[name]}{line}\n{line}\r\n"
    for line in LINES:
        text = line.replace("'", '"').replace('"', "'")
        yield (
            f"{PROJECT}/setup.cfg",
            "[metadata]\nname = good\n[options]\ninstall_requires =\n"
            f"    {text}\n[extras]\nx =\n    {text}\n",
        )
        toml = text.replace(CONTROL, ESCAPED)
        yield (
            f"{PROJECT}/pyproject.toml",
            f'[project]\nname = "good"\ndependencies = ["{toml}"]\n'
            f'[project.optional-dependencies]\n"x{toml}" = ["{toml}"]\n'
            f'[dependency-groups]\ny = ["{toml}", {{include-group = '
            f'"{toml}"}}]\n[build-system]\nrequires = ["{toml}"]\n',
        )
    for key in ("rule", "package", "file", "reason", "until", "x"):
        for value in (URL, ESCAPED):
            row = {
                "rule": "unknown-requirement",
                "reason": "why",
                "until": "2999-01-01",
                key: value,
            }
            items = ", ".join(f'"{k}": "{v}"' for k, v in row.items())
            yield "waivers.yaml", f"- {{{items}}}\n"
            yield f"{PROJECT}/waivers.yaml", f"- {{{items}}}\n"
    for value in (URL, CONTROL):
        yield (
            f"{PROJECT}/requirements.txt",
            f"nosuch>=1  # waive: unknown-requirement until {value} {value}\n",
        )
        yield "zuul.yaml", f'- project: {{name: "{value}", x: [}}\n'
        yield "zuul.yaml", f"{value}: [\n"
        yield "freezes/python3.12.json", FREEZE % f'"{value}"'
    for value in (URL, ESCAPED):
        for text in (
            f'"other @ {value}"',
            f'"other>=2", "other>={value}"',
            f"\"other>=9;sys_platform=='{value}' or extra=='x'\"",
        ):
            yield "freezes/python3.12.json", FREEZE % text
        yield (
            "freezes/python3.12.json",
            (FREEZE % "").replace("2.5", value.replace(" ", "")),
        )
        yield (
            "freezes/python3.12.json",
            (FREEZE % "").replace('"3.12"', f'"{value}"'),
        )
        yield (
            "freezes/python3.12.json",
            (FREEZE % "").replace('"good"', f'"{value}"'),
        )


def commands(report: str) -> Iterator[tuple[Main, list[str]]]:
    """Each command on those files."""
    listed = ["global-requirements.txt", "upper-constraints.txt"]
    pins = "upper-constraints.txt"
    shape = "json" if report not in {"text", "markdown"} else report
    judge = ["--format", report]
    yield validate_constraints.main, [*listed, "blacklist.txt", *judge]
    yield check_constraints.main, [PROJECT, *judge]
    yield check_requirements.main, [PROJECT, "--local", *judge]
    yield check_requirements.main, [PROJECT, "--local", "--diff", *judge]
    yield (
        validate_projects.main,
        ["projects.txt", "--zuul-projects", "zuul.yaml", *judge],
    )
    freezes = ["--freeze", "freezes/python3.12.json"]
    yield (
        check_conflicts.main,
        ["upper-constraints.txt", "expected.txt", *freezes, *judge],
    )
    yield (
        check_python2_support.main,
        [*freezes, "--python", "3.12", "--requirements", pins, *judge],
    )
    yield (
        explain_constraint.main,
        ["other", "--freezes", "freezes", "--format", "json"],
    )
    if report == "text":
        yield explain_constraint.main, ["other", "--freezes", "freezes"]
        for form in ("text", "markdown"):
            yield (
                diff_constraints.main,
                [
                    *("old.txt", "upper-constraints.txt", "--format", form),
                    *("--freezes", "freezes"),
                ],
            )
        yield update_requirements.main, [PROJECT, "--diff"]
        yield update_requirements.main, [PROJECT, "--check", "-v"]
        yield (
            generate_constraints.main,
            ["--from-freezes", "freezes", "-o", "made.txt"],
        )
    yield (
        diff_constraints.main,
        ["old.txt", "upper-constraints.txt", "--format", shape],
    )
    if report in {"text", "json"}:
        yield (
            check_requirements.main,
            [
                *("--rehearse", "--baseline", ".", "--projects"),
                *("projects.txt", "--root", "root", *judge),
            ],
        )


#: Their stdout is the new content of a file: only what they say counts.
DATA: tuple[tuple[Main, list[str]], ...] = (
    (normalize_requirements.main, ["global-requirements.txt"]),
    (normalize_requirements.main, [f"{PROJECT}/requirements.txt"]),
    (build_lower_constraints.main, ["upper-constraints.txt", "old.txt"]),
    (
        bootstrap_requirements.main,
        ["-q", "--root", "root", "--extend", "global-requirements.txt"],
    ),
    (edit_constraints.main, ["upper-constraints.txt", "new", "new===1"]),
    (edit_constraints.main, ["upper-constraints.txt", "--pin", "good==1.6"]),
    (
        edit_constraints.main,
        ["upper-constraints.txt", "--from-source", PROJECT, "good===2"],
    ),
    (update_requirements.main, [PROJECT]),
)


class SecretsTestCase(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        for name, text in FILES.items():
            self.write(name, text)

    def assert_safe(self, text: str, what: object) -> None:
        self.assertNotIn(SECRET, text, str(what))
        self.assertTrue(is_clean(text), f"{what}: {text!a}")
        self.assertNotIn("Traceback", text, str(what))


class TestFiles(SecretsTestCase):
    def test_all_is_well_otherwise(self) -> None:
        """So that what is planted is the only thing that is wrong."""
        for report in FORMATS:
            for main, argv in commands(report):
                done = self.run_main(main, *argv)
                self.assertIn(done.status, {0, 1}, f"{argv}: {done}")
                if "-v" not in argv:
                    said = done.err.replace(
                        "never constrained: what blacklist.txt lists\n", ""
                    )
                    self.assertEqual("", said, str(argv))
                self.assert_safe(done.out, argv)

    def check(self, reports: Sequence[str], step: int = 1) -> None:
        shown = 0
        for name, text in [*planted()][::step]:
            self.write(name, text)
            for report in reports:
                for main, argv in commands(report):
                    done = self.run_main(main, *argv)
                    what = f"{argv} of {name}: {text!a}: {done}"
                    # A diff of lines that end so says so.
                    ends = "\r\n" if "--diff" in argv else "\n"
                    self.assert_safe(done.out.replace(ends, "\n"), what)
                    self.assert_safe(done.err.replace(ends, "\n"), what)
                    shown += "****" in done.out + done.err
            if name in FILES:
                self.write(name, FILES[name])
            else:
                os.unlink(name)
        self.assertGreater(shown, 20)

    def test_text(self) -> None:
        self.check(["text"])

    def test_other_formats(self) -> None:
        self.check([each for each in FORMATS if each != "text"], 5)

    def test_commands_that_write_data(self) -> None:
        # Each run waits for the disk, so a few of them have to do.
        for name, text in [*planted()][::5]:
            for main, argv in DATA:
                if name.endswith(".json"):
                    continue
                self.write(name, text)
                done = self.run_main(main, *argv)
                self.assert_safe(done.err, f"{argv} of {name}: {text!a}")
                for each, good in FILES.items():
                    self.write(each, good)

    def test_what_is_written_stays_as_it_is(self) -> None:
        line = f"-e git+{URL}#egg=kept"
        self.write("upper-constraints.txt", f"{line}\n{PINS}")
        done = self.run_main(
            edit_constraints.main, "upper-constraints.txt", "good", "good===2"
        )
        self.assertEqual((0, "", ""), done)
        with open("upper-constraints.txt") as file:
            self.assertIn(f"{line}\n", file.read())
        comment = f"good>=1  # see {URL}\n"
        self.write("list.txt", comment)
        done = self.run_main(normalize_requirements.main, "list.txt")
        self.assertEqual((0, comment, ""), done)

    def test_a_diff_is_masked_and_says_so(self) -> None:
        path = f"{PROJECT}/requirements.txt"
        self.write(path, f"good>=0.5  # {URL} \x1b\r\nother>=1\r\n")
        done = self.run_main(update_requirements.main, PROJECT, "--diff")
        self.assertEqual(0, done.status, done.err)
        self.assertIn("https://****@h.example/x?token=****", done.out)
        self.assertNotIn(SECRET, done.out)
        self.assertNotIn("\x1b", done.out)
        self.assertIn("\r\n", done.out)
        self.assertIn("cannot be applied", done.err)
        self.assert_safe(done.err, path)
        self.write(path, "good>=0.5\r\n")
        done = self.run_main(update_requirements.main, PROJECT, "--diff")
        self.assertIn("-good>=0.5\r\n", done.out)
        self.assertEqual("", done.err)


class TestArguments(SecretsTestCase):
    def test_each_argument(self) -> None:
        mains = dict([*commands("text"), *DATA])
        for main, argv in mains.items():
            for value in (URL, f"{CONTROL}\r\nx", f"--{URL}", f"-{CONTROL}"):
                tries = [[*argv, value], [value], [*argv, "--format", value]]
                tries += [[*argv, "--output", value, value]]
                tries += [[*argv, "--explain", value]]
                tries += [
                    [*argv[:place], value, *argv[place + 1 :]]
                    for place in range(len(argv))
                ]
                for each in tries:
                    done = self.run_main(main, *each)
                    self.assert_safe(done.err, each)

    def test_the_url_of_a_configuration(self) -> None:
        for name in list(os.environ):
            if name.lower().endswith("_proxy"):
                self.useFixture(fixtures.EnvironmentVariable(name))
        for url in (
            f"http://user:{SECRET}@127.0.0.1:1/x?token={SECRET}",
            f"http://{SECRET}@127.0.0.1:1/{CONTROL}",
            f"ftp://user:{SECRET}@h/x",
            f"http://user:{SECRET}/@h/x",
        ):
            for report in FORMATS:
                done = self.run_main(
                    *(validate_projects.main, "projects.txt"),
                    *("--zuul-projects", url, "--format", report),
                )
                self.assertIn(done.status, {2, 3})
                self.assertEqual("", done.out)
                self.assert_safe(done.err, url)
                self.assertIn("****", done.err)

    def test_findings_that_name_the_url(self) -> None:
        index = self.useFixture(Index())
        self.useFixture(fixtures.EnvironmentVariable("NO_PROXY", "*"))
        index.offer("x", "z-1.zip", b"[]")
        host = index.url.removeprefix("http://").removesuffix("/simple/")
        url = f"http://user:{SECRET}@{host}/files/z-1.zip?token={SECRET}"
        for report in FORMATS:
            done = self.run_main(
                *(validate_projects.main, "projects.txt"),
                *("--zuul-projects", url, "--format", report),
            )
            self.assertEqual((1, ""), (done.status, done.err))
            self.assert_safe(done.out, report)
            self.assertIn("****", done.out)


class TestInstallers(GenerateTestCase):
    """What uv and pip say of an index whose URL has a secret in it."""

    def setUp(self) -> None:
        super().setUp()
        self.list = self.requirements("broken", "good")
        self.index.wheel("good", "1.0")
        for name in ("PIP_RETRIES", "UV_HTTP_RETRIES"):
            self.useFixture(fixtures.EnvironmentVariable(name, "0"))

    def use(self, url: str) -> None:
        for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
            self.useFixture(fixtures.EnvironmentVariable(name, url))

    def with_secret(self) -> str:
        url = self.index.url.replace("//", f"//user:{SECRET}@")
        return f"{url.removesuffix('/')}/?token={SECRET}"

    def assert_safe(self, done: base.Outcome) -> None:
        text = done.out + done.err
        logs = []
        for name in self.leftovers():
            path = os.path.join(self.temporary, name)
            with open(path, newline="") as file:
                logs.append(file.read())
            os.unlink(path)
        for each in (text, *logs):
            self.assertNotIn(SECRET, each)
            self.assertTrue(is_clean(each), ascii(each))
        self.assertNotEqual(0, done.status, text)

    def test_generate_constraints(self) -> None:
        for url in (
            self.with_secret(),
            f"http://user:{SECRET}@127.0.0.1:1/simple/?token={SECRET}",
            f"http://{SECRET}@127.0.0.1:1/simple/",
        ):
            self.use(url)
            for installer in ("uv", "pip"):
                for more in ((), ("--keep-going",), ("--no-install",)):
                    done = self.generate(
                        *("-p", sys.executable, "-r", self.list),
                        *("--installer", installer, *more),
                    )
                    self.assert_safe(done)

    def test_words_of_builds(self) -> None:
        failure = f"see {URL} \x1b[31mred\x9b\u202e"
        self.index.sdist("broken", "1.0", fail=failure)
        for installer in ("uv", "pip"):
            done = self.generate(
                *("-p", sys.executable, "-r", self.list),
                *("--installer", installer),
            )
            self.assertIn("https://****@h.example/x?token=****", done.err)
            self.assert_safe(done)
            freezes = self.folder / f"freezes-{installer}"
            done = self.generate(
                *("-p", sys.executable, "-r", self.list, "--keep-going"),
                *("--installer", installer, "--freeze-dir", str(freezes)),
            )
            self.assert_safe(done)

    def test_a_freeze(self) -> None:
        url = f"https://user:{SECRET}@h.example/x-1.zip"
        self.index.wheel("broken", "1.0", requires=[f"x @ {url} ; extra=='x'"])
        freezes = self.folder / "freezes"
        for installer in ("uv", "pip"):
            done = self.generate(
                *("-p", sys.executable, "-r", self.list),
                *("--installer", installer, "--freeze-dir", str(freezes)),
            )
            self.assertEqual(0, done.status, done.err)
            for path in freezes.iterdir():
                text = path.read_text()
                self.assertIn("https://****@h.example", text)
                self.assertNotIn(SECRET, text)

    def test_bootstrap_requirements(self) -> None:
        for url in (
            self.with_secret(),
            f"http://user:{SECRET}@127.0.0.1:1/simple/?token={SECRET}",
        ):
            self.use(url)
            done = self.run_main(
                *(bootstrap_requirements.main, "-p", sys.executable),
                "broken",
            )
            self.assert_safe(done)
