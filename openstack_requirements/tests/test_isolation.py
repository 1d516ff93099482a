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
"""Nothing that lies in a checkout runs or chooses what is installed.

The commands run as a user runs them, in a subfolder of a checkout, even with
their temporary folder in it. Each thing that is planted there has a positive
control, which shows that it works where nobody keeps it out.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import threading
import uuid
from pathlib import Path

from openstack_requirements.install.installers import credentials
from openstack_requirements.pep508.python_versions import python_key
from openstack_requirements.tests import base
from openstack_requirements.tests.loopback import Index
from openstack_requirements.tests.test_generate import pythons

# The plants leave a mark with nothing but what is built in.
PLANT = """\
import posix
posix.close(posix.open({mark!r}, posix.O_WRONLY | posix.O_CREAT, 0o600))
"""
#: What children import, first of all and later on.
PLANTED = (
    "argparse.py",
    "collections/__init__.py",
    "email/__init__.py",
    "encodings/__init__.py",
    "json/__init__.py",
    "logging.py",
    "os.py",
    "pip/__init__.py",
    "pip/__main__.py",
    "platform.py",
    "re.py",
    "runpy.py",
    "site.py",
    "sitecustomize.py",
    "usercustomize.py",
    "uv.py",
    "venv/__init__.py",
    "virtualenv/__init__.py",
)


@functools.cache
def ends() -> tuple[str, ...]:
    """Python 3.10, or the oldest one since, and the newest one."""
    found = [each for each in pythons() if python_key(each) >= (3, 10)]
    return tuple(dict.fromkeys((found[0], found[-1])))


class CheckoutTestCase(base.TestCase):
    """A checkout, a subfolder of it to work in, and a user's own folder."""

    def setUp(self) -> None:
        super().setUp()
        self.index = self.useFixture(Index())
        self.checkout = self.folder / "checkout"
        self.current = self.checkout / "sub"
        self.current.mkdir(parents=True)
        (self.checkout / "tmp").mkdir()
        self.home = self.folder / "home"
        old = self.index.wheel("lib", "1.0")
        self.index.uploaded(old, "2018-01-01T00:00:00Z")
        self.index.wheel("lib", "2.0")
        self.list = self.write("list.txt", "lib\n")
        self.pins = self.write("uc.txt", "lib===2.0\n")
        self.configure("uv/uv.toml", f'index-url = "{self.index.url}"\n')
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("UV_", "PIP_"))
        }
        for name, value in self.index.environment().items():
            if not name.startswith("UV_") or name.endswith("CACHE_DIR"):
                self.environment[name] = value
        self.environment.update(
            HOME=str(self.home),
            XDG_CONFIG_HOME=str(self.home / "config"),
            XDG_CONFIG_DIRS=str(self.home / "system"),
            UV_PYTHON_DOWNLOADS="never",
            UV_HTTP_RETRIES="0",
            PIP_RETRIES="0",
            PYENV_ROOT=os.environ.get("PYENV_ROOT")
            or os.path.expanduser("~/.pyenv"),
            # The user may well keep temporary files in the checkout.
            TMPDIR=str(self.checkout / "tmp"),
        )

    def configure(self, name: str, text: str) -> None:
        """A configuration file of the user."""
        self.write(f"home/config/{name}", text)

    def plant(self, name: str, text: str) -> Path:
        """A file in the checkout."""
        return Path(self.write(f"checkout/{name}", text))

    def run_it(self, *command: str) -> base.Outcome:
        """Run something in the subfolder of the checkout."""
        done = subprocess.run(
            command,
            cwd=self.current,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return base.Outcome(done.returncode, done.stdout, done.stderr)

    def run_script(self, name: str, *argv: str) -> base.Outcome:
        return self.run_it(*self.script(name, *argv))

    def script(self, name: str, *argv: str) -> list[str]:
        """A console script, which looks for modules where it lies."""
        module = f"openstack_requirements.cmds.{name.replace('-', '_')}"
        code = (
            f"import sys; sys.path.insert(0, {str(base.ROOT)!r}); "
            f"from {module} import main; sys.exit(main())"
        )
        return [sys.executable, "-I", "-c", code, *argv]

    def generate(self, *argv: str) -> base.Outcome:
        return self.run_script(
            "generate-constraints", "-q", "-r", self.list, *argv
        )

    def freezes(self) -> str:
        """A folder with the freeze of an older state."""
        text = json.dumps(
            {
                "format": 1,
                "python_version": "3.12",
                "environment": base.environment("3.12"),
                "distributions": [{"name": "lib", "version": "1.0"}],
            }
        )
        self.write("freezes/python3.12.json", text)
        return str(self.folder / "freezes")


class TestModules(CheckoutTestCase):
    """Modules in the current folder are never imported."""

    def setUp(self) -> None:
        super().setUp()
        self.marks = self.folder / "marks"
        self.marks.mkdir()
        for name in PLANTED:
            mark = str(self.marks / name.replace("/", "."))
            for folder in ("", "sub/"):
                self.plant(f"{folder}{name}", PLANT.format(mark=mark))
        mark = str(self.marks / "sitecustomize.py")
        self.plant("path/sitecustomize.py", PLANT.format(mark=mark))
        self.environment["PYTHONPATH"] = str(self.checkout / "path")

    def planted(self) -> list[str]:
        """What ran of the plants."""
        return sorted(os.listdir(self.marks))

    def test_they_work(self) -> None:
        # A Python that nobody isolates imports them.
        self.run_it(sys.executable, "-m", "pip", "--version")
        # Python 3.10 imports what runs modules from there already.
        self.assertTrue({"pip.__init__.py", "runpy.py"} & {*self.planted()})
        self.run_it(sys.executable, "-c", "import logging")
        self.assertIn("logging.py", self.planted())
        self.run_it(sys.executable, "-c", "pass")
        self.assertIn("sitecustomize.py", self.planted())

    def good(self, name: str, *argv: str, status: int = 0) -> base.Outcome:
        done = self.run_script(name, *argv)
        self.assertEqual(status, done.status, done.err)
        self.assertEqual([], self.planted())
        return done

    def test_generate_constraints(self) -> None:
        self.index.sdist("built", "1.0")
        self.write("list.txt", "lib\nbuilt\n")
        for python in ends():
            for installer in ("uv", "pip"):
                for more in ([], ["--no-install"]):
                    done = self.good(
                        *("generate-constraints", "-q", "-r", self.list),
                        *("-p", python, "--installer", installer, *more),
                    )
                    found = sorted(done.out.splitlines())
                    self.assertEqual(["built===1.0", "lib===2.0"], found)

    def test_generate_constraints_that_verify_and_bisect(self) -> None:
        old = self.write("old.txt", "lib===1.0\n")
        for installer in ("uv", "pip"):
            done = self.good(
                *("generate-constraints", "-q", "-r", self.list),
                *("-p", ends()[-1], "--installer", installer, "--verify"),
                *("--previous", old, "--bisect"),
            )
            self.assertEqual("lib===2.0\n", done.out)

    def test_an_old_python(self) -> None:
        self.index.wheel("lib", "1.5", tag="py2.py3-none-any")
        if self.run_script(
            *("generate-constraints", "-q", "-r", self.list, "-p", "2.7")
        ).status:
            self.skipTest("there is no Python 2.7 here, or no virtualenv")
        self.assertEqual([], self.planted())

    def test_bootstrap_requirements(self) -> None:
        self.index.wheel("top", "1.0", requires=["lib"])
        # A list without a lower bound is resolved, which takes an installer.
        for python in ends():
            done = self.good("bootstrap-requirements", "-p", python, "top")
            self.assertIn("lib>=2.0", done.out)

    def test_check_python2_support(self) -> None:
        for more in ([], ["--environment", sys.prefix]):
            self.good(
                *("check-python2-support", "--strict"),
                *("--requirements", self.pins),
                *more,
                status=1,
            )

    def test_check_conflicts(self) -> None:
        # Without any of what is pinned, an environment is not judged.
        pins = self.write("here.txt", "pip===1.0\n")
        for python in (sys.executable, sys.prefix):
            done = self.run_script("check-conflicts", pins, "--python", python)
            self.assertIn(done.status, (0, 1), done.err)
            self.assertEqual([], self.planted())

    def test_diff_constraints(self) -> None:
        freezes = self.freezes()
        done = self.good("diff-constraints", freezes, freezes, "--newest")
        self.assertEqual("", done.err)


class TestPrograms(CheckoutTestCase):
    def test_a_search_path_that_begins_here(self) -> None:
        # An empty or relative entry of PATH is the current folder.
        mark = self.folder / "mark"
        for name in ("uv", "rm", "python3", f"python{ends()[-1]}"):
            path = self.plant(f"sub/{name}", f"#!/bin/sh\ntouch {mark}\n")
            path.chmod(0o755)
        self.environment["PATH"] = f":.:{os.environ['PATH']}"
        self.run_it("rm", "-f", "x")
        self.assertTrue(mark.exists())
        mark.unlink()
        for installer in ("uv", "pip"):
            done = self.generate("-p", ends()[-1], "--installer", installer)
            self.assertEqual((0, "lib===2.0\n"), (done.status, done.out))
        self.assertFalse(mark.exists())


class TestUvConfiguration(CheckoutTestCase):
    """uv obeys the user and the system, and no checkout."""

    def setUp(self) -> None:
        super().setUp()
        self.other = self.useFixture(Index())
        self.other.wheel("lib", "9.0")
        #: What would choose other versions, as a uv.toml.
        self.texts = (
            '[pip]\nresolution = "lowest"\n',
            'resolution = "lowest"\n',
            'exclude-newer = "2019-01-01T00:00:00Z"\n',
            'override-dependencies = ["lib==1.0"]\n',
            'constraint-dependencies = ["lib<2"]\n',
            f'index-url = "{self.other.url}"\n',
            f'[[index]]\nurl = "{self.other.url}"\n',
        )

    def plain_uv(self) -> str:
        """The line that uv itself gives here."""
        import uv

        done = self.run_it(
            *(uv.find_uv_bin(), "pip", "compile", "--no-header", "-q"),
            *("--no-annotate", "--python", sys.executable, self.list),
        )
        return done.out

    def assert_kept_out(self, *argv: str) -> None:
        done = self.generate("-p", ends()[-1], "--installer", "uv", *argv)
        self.assertEqual(
            (0, "", "lib===2.0\n"), (done.status, done.err, done.out)
        )

    def plants(self, text: str) -> list[Path]:
        """Put configuration into the parent, the folder, and both."""
        tool = "".join(
            line.replace("[[", "[[tool.uv.").replace("[pip", "[tool.uv.pip")
            + "\n"
            for line in ("[tool.uv]\n" * (text[0] != "[") + text).splitlines()
        )
        project = f'[project]\nname = "x"\nversion = "1"\n{tool}'
        return [
            self.plant("sub/uv.toml", text),
            self.plant("uv.toml", text),
            self.plant("sub/pyproject.toml", tool),
            self.plant("pyproject.toml", project),
        ]

    def test_nothing_in_the_way(self) -> None:
        self.assertEqual("lib==2.0\n", self.plain_uv())
        self.assert_kept_out()

    def one(self, text: str, place: int) -> Path:
        """Put configuration into one of the places alone."""
        for path in self.plants(text):
            path.unlink()
        found = self.plants(text)
        for path in found[:place] + found[place + 1 :]:
            path.unlink()
        return found[place]

    def test_every_text_and_every_place(self) -> None:
        cases = [(text, number % 4) for number, text in enumerate(self.texts)]
        for text, place in [*cases, *((self.texts[0], n) for n in (1, 2, 3))]:
            path = self.one(text, place)
            self.assertNotEqual(
                "lib==2.0\n", self.plain_uv(), f"{path}: {text}"
            )
            self.assert_kept_out(*(["--no-install"] * (place % 2)))
            path.unlink()

    def test_the_others_that_run_uv(self) -> None:
        self.plants(self.texts[-2])
        freezes = self.freezes()
        done = self.run_script(
            *("diff-constraints", freezes, freezes, "--newest", "--check"),
        )
        self.assertEqual((0, ""), (done.status, done.err))
        self.index.wheel("top", "1.0", requires=["lib"])
        done = self.run_script(
            "bootstrap-requirements", "-q", "-p", sys.executable, "top"
        )
        self.assertEqual(0, done.status, done.err)
        self.assertIn("lib>=2.0", done.out)
        self.assertFalse(self.other.requests)

    def test_the_user_and_the_system_count(self) -> None:
        self.write("home/system/uv/uv.toml", 'resolution = "lowest"\n')
        done = self.generate("-p", sys.executable)
        self.assertEqual("lib===1.0\n", done.out, done.err)
        self.configure(
            "uv/uv.toml",
            f'index-url = "{self.index.url}"\nresolution = "highest"\n',
        )
        self.assert_kept_out()

    def test_a_variable_that_names_a_file_here(self) -> None:
        self.plant("sub/mine.toml", f'index-url = "{self.other.url}"\n')
        self.environment["UV_CONFIG_FILE"] = "mine.toml"
        done = self.generate("-p", sys.executable)
        self.assertEqual("lib===9.0\n", done.out, done.err)

    def test_a_projects_own_counts_when_it_is_asked_for(self) -> None:
        for number, text in enumerate(self.texts):
            path = self.one(text, number % 4)
            expected = self.plain_uv().replace("==", "===")
            asked = os.path.relpath(path.parent, self.current)
            done = self.generate(
                *("-p", sys.executable, "--project-config", asked),
                *("--freeze-dir", str(self.folder / "out")),
            )
            self.assertEqual(expected, done.out, done.err)
            self.assertIn(
                f"{os.path.join(asked, path.name)}: decides", done.err
            )
            (frozen,) = (self.folder / "out").iterdir()
            record = json.loads(frozen.read_text())["configuration"]
            self.assertIn(str(path), record["files"])
            shutil.rmtree(self.folder / "out")
            path.unlink()

    def test_what_cannot_be_asked_for(self) -> None:
        text = 'resolution = "lowest"\n'

        def refused(word: str, *argv: str) -> None:
            done = self.generate(
                "-p", sys.executable, "--project-config", ".", *argv
            )
            self.assertEqual(2, done.status, done.out)
            self.assertIn(word, done.err)

        refused("has neither a uv.toml nor a [tool.uv]")
        self.plant("sub/pyproject.toml", "[tool]\n")
        refused("has neither a uv.toml nor a [tool.uv]")
        self.plant("sub/pyproject.toml", "[tool\n")
        refused("is no TOML")
        (self.current / "pyproject.toml").unlink()
        self.plant("sub/uv.toml", text)
        refused("it has no configuration of a project", "--installer", "pip")
        # uv would take that of the parent.
        self.plant("pyproject.toml", '[project]\nname = "x"\n')
        refused(f"uv may take the configuration in {self.checkout}")
        (self.checkout / "pyproject.toml").unlink()
        self.environment["UV_NO_CONFIG"] = "1"
        refused("UV_NO_CONFIG is set")


class TestRecord(CheckoutTestCase):
    """A freeze says what was in force."""

    def record(self, *argv: str) -> dict[str, dict[str, object]]:
        folder = self.folder / "out"
        texts = []
        for _ in range(2):
            done = self.generate(
                *("-p", sys.executable, "--freeze-dir", str(folder), *argv)
            )
            self.assertEqual(0, done.status, done.err)
            (path,) = folder.iterdir()
            texts.append(path.read_text())
            shutil.rmtree(folder)
        self.assertEqual(texts[0], texts[1])
        self.assertNotIn("SECRET", texts[0])
        found: dict[str, dict[str, object]] = json.loads(texts[0])[
            "configuration"
        ]
        return found

    def test_uv(self) -> None:
        host = self.index.url.removeprefix("http://")
        self.configure(
            "uv/uv.toml",
            f'index-url = "http://user:SECRET@{host}"\n'
            '[pip]\nresolution = "highest"\n',
        )
        self.write("home/system/uv/uv.toml", 'prerelease = "allow"\n')
        self.environment["UV_PRERELEASE"] = "disallow"
        self.environment["UV_INDEX_X_PASSWORD"] = "SECRET"
        self.assertEqual(
            {
                "files": {
                    "~/config/uv/uv.toml": {
                        "index-url": f'"http://****@{host}"',
                        "pip.resolution": '"highest"',
                    },
                    "~/system/uv/uv.toml": {"prerelease": '"allow"'},
                },
                "variables": {
                    "UV_INDEX_X_PASSWORD": "****",
                    "UV_PRERELEASE": "disallow",
                    "UV_PYTHON_DOWNLOADS": "never",
                },
                "options": {"before": "2026-01-31T00:00:00Z"},
            },
            self.record("--before", "2026-01-31"),
        )

    def test_pip(self) -> None:
        host = self.index.url.removeprefix("http://")
        for name in ("PIP_CONFIG_FILE", "PIP_INDEX_URL"):
            del self.environment[name]
        self.configure(
            "pip/pip.conf",
            f"[global]\nindex-url = http://user:SECRET@{host}\ntimeout = 9\n",
        )
        self.environment["PIP_PRE"] = "0"
        found = self.record("--installer", "pip")
        self.assertEqual(
            {"global.index-url": f"http://****@{host}"},
            found["files"]["~/config/pip/pip.conf"],
        )
        self.assertEqual({"PIP_PRE": "0"}, found["variables"])


class TestCredentials(CheckoutTestCase):
    """No command line of any process shows the password of an index."""

    def setUp(self) -> None:
        super().setUp()
        # pip hands its options over to the pip that fills the environment
        # in which this is built.
        self.index.sdist("built", "1.0", build_requires=["lib"])
        self.list = self.write("list.txt", "built\n")
        self.secret = f"p@{uuid.uuid4().hex}"
        self.index.account = ("user", self.secret)
        quoted = self.secret.replace("@", "%40")
        self.url = self.index.url.replace("://", f"://user:{quoted}@")
        self.environment["PIP_INDEX_URL"] = self.url
        self.configure("uv/uv.toml", f'index-url = "{self.url}"\n')

    def seen(self, *command: str) -> tuple[base.Outcome, list[str]]:
        """What a command does, and the command lines with the password."""
        found: set[str] = set()
        done = threading.Event()

        def watch() -> None:
            mark = self.secret.partition("@")[2].encode()
            while not done.wait(0.005):
                for path in Path("/proc").glob("[0-9]*/cmdline"):
                    with contextlib.suppress(OSError):
                        line = path.read_bytes()
                        if mark in line:
                            found.add(line.replace(b"\0", b" ").decode())

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            outcome = self.run_it(*command)
        finally:
            done.set()
            thread.join()
        return outcome, sorted(found)

    def assert_hidden(self, name: str, *argv: str) -> base.Outcome:
        done, seen = self.seen(*self.script(name, *argv))
        self.assertEqual(0, done.status, done.err)
        self.assertEqual([], seen)
        return done

    def generate_hidden(self, *argv: str) -> None:
        done = self.assert_hidden(
            *("generate-constraints", "-q", "-r", self.list),
            *("-p", sys.executable, *argv),
        )
        self.assertEqual("built===1.0\n", done.out)

    def test_pip_alone_shows_it(self) -> None:
        done, seen = self.seen(
            *(sys.executable, "-I", "-m", "pip", "install", "--dry-run"),
            *("--ignore-installed", "built"),
        )
        self.assertEqual(0, done.status, done.err)
        self.assertTrue(seen)

    def test_of_a_variable(self) -> None:
        for installer in ("uv", "pip"):
            for more in ([], ["--no-install"]):
                self.generate_hidden("--installer", installer, *more)

    def test_of_a_file_of_pip(self) -> None:
        self.configure("pip/pip.conf", f"[global]\nindex-url = {self.url}\n")
        for name in ("PIP_CONFIG_FILE", "PIP_INDEX_URL"):
            del self.environment[name]
        self.generate_hidden("--installer", "pip")

    def test_the_netrc_file_of_the_user(self) -> None:
        self.environment["PIP_INDEX_URL"] = self.index.url
        self.write(
            "home/.netrc",
            f"machine 127.0.0.1 login user password {self.secret}\n",
        )
        (self.home / ".netrc").chmod(0o600)
        self.generate_hidden("--installer", "pip")

    def test_bootstrap_requirements(self) -> None:
        self.assert_hidden(
            *("bootstrap-requirements", "-q", "-p", sys.executable),
            *("built", "--include-given"),
        )


#: URLs by option, what they become, and for which hosts there is an account.
PASSWORDS: tuple[
    tuple[dict[str, str], dict[str, str], dict[str, tuple[str, str]]], ...
] = (
    (
        {"index-url": "https://u:p%40w@h:8/s"},
        {"index-url": "https://h:8/s"},
        {"h": ("u", "p@w")},
    ),
    (
        {"extra-index-url": "https://u:p@a/s https://b/s\nfile:///c"},
        {"extra-index-url": "https://a/s https://b/s file:///c"},
        {"a": ("u", "p")},
    ),
    ({"index-url": "https://token@h/s"}, {}, {}),
    ({"index-url": "https://u:a%20b@h/s"}, {}, {}),
    ({"index-url": "https://u:a%0ab@h/s"}, {}, {}),
    ({"index-url": "https://u:@h/s"}, {}, {}),
    ({"index-url": "https://u:p@[h/s"}, {}, {}),
    (
        {"index-url": "https://u:p@h/s", "find-links": "https://v:q@h/f"},
        {},
        {},
    ),
    (
        {"index-url": "https://u:p@h/s", "find-links": "https://v:q@i/f /x"},
        {"index-url": "https://h/s", "find-links": "https://i/f /x"},
        {"h": ("u", "p"), "i": ("v", "q")},
    ),
    ({"index-url": ""}, {}, {}),
)


class TestValues(base.TestCase):
    def test_passwords(self) -> None:
        for values, expected, accounts in PASSWORDS:
            changed, found = credentials.without_passwords(values)
            self.assertEqual(
                (expected, accounts),
                (changed, {host: tuple(who) for host, who in found.items()}),
                str(values),
            )
