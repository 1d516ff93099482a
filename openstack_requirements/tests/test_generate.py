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
"""generate-constraints on an index of the tests' own."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from openstack_requirements.cmds import generate_constraints
from openstack_requirements.constraints import merging
from openstack_requirements.errors import UnusableInput
from openstack_requirements.install import interpreters
from openstack_requirements.system import children
from openstack_requirements.tests import base
from openstack_requirements.tests.loopback import Index

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


@functools.cache
def pythons() -> tuple[str, ...]:
    """Versions of Python 3 that are at hand, this one among them."""
    found = {VERSION}
    with children.of_job("pythons") as started:
        for minor in range(9, 15):
            try:
                found.add(interpreters.find(f"3.{minor}", started).version)
            except UnusableInput:
                continue
    return tuple(sorted(found, key=lambda each: int(each.split(".")[1])))


class GenerateTestCase(base.TestCase):
    """A test with an index and the command."""

    json = True
    metadata = True

    def setUp(self) -> None:
        super().setUp()
        self.index = self.useFixture(
            Index(json=self.json, metadata=self.metadata)
        )
        self.index.use()
        self.before = set(os.listdir(self.temporary))
        # Where no repository lies about.
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.temporary)
        # A failing request is repeated by default, for many seconds.
        os.environ["UV_HTTP_RETRIES"] = "0"
        self.addCleanup(os.environ.pop, "UV_HTTP_RETRIES", None)

    def generate(self, *argv: str) -> base.Outcome:
        return self.run_main(generate_constraints.main, "-q", *argv)

    def good(self, *argv: str) -> list[str]:
        """The lines that a run prints."""
        done = self.generate(*argv)
        self.assertEqual((0, ""), (done.status, done.err))
        self.assert_nothing_left()
        self.assertEqual([], self.leftovers())
        return done.out.splitlines()

    def requirements(self, *lines: str) -> str:
        return self.write("list.txt", "".join(f"{line}\n" for line in lines))


class TestGenerate(GenerateTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.index.wheel("Top.Level", "1.0", requires=["under_score>=1"])
        self.index.wheel("under_score", "1.0")
        self.index.wheel("under_score", "10.0")
        self.index.wheel("under_score", "9.0")
        self.list = self.requirements("# a comment", "top-level>=1  # MIT")

    def test_versions_and_spelling_are_those_of_the_metadata(self) -> None:
        self.assertEqual(
            ["Top.Level===1.0", "under_score===10.0"],
            self.good("-p", sys.executable, "-r", self.list, "--sort", "name"),
        )

    def test_an_empty_list(self) -> None:
        path = self.requirements("# nothing yet", "")
        for more in ((), ("--no-install",)):
            done = self.generate("-p", sys.executable, "-r", path, *more)
            self.assertEqual(
                (
                    2,
                    "",
                    f"{path}: has no requirement: there is nothing to "
                    "install\n",
                ),
                done,
            )

    def test_order_is_that_of_the_hash(self) -> None:
        found = self.good("-p", sys.executable, "-r", self.list)
        self.assertEqual(["Top.Level===1.0", "under_score===10.0"], found)
        self.assertEqual(sorted(found, key=merging.order_key), found)

    def test_never_constrained(self) -> None:
        never = self.write("never", "# x\nUnder.Score>=5  # why\n")
        for option in ("-b", "-d", "--blacklist", "--denylist"):
            found = self.good(
                "-p", sys.executable, "-r", self.list, option, never
            )
            self.assertEqual(["Top.Level===1.0"], found)

    def test_what_the_installer_needs_is_left_out(self) -> None:
        self.index.wheel("setuptools", "80.0", requires=["wheel"])
        self.index.wheel("wheel", "1.0")
        path = self.requirements("setuptools", "under_score")
        for installer in ("uv", "pip"):
            argv = ("-p", sys.executable, "-r", path, "--installer", installer)
            self.assertEqual(["under_score===10.0"], self.good(*argv))
            self.assertEqual(
                ["setuptools===80.0", "under_score===10.0", "wheel===1.0"],
                self.good(*argv, "--all", "--sort", "name"),
            )

    def test_output_file(self) -> None:
        path = self.write("uc.txt", "old===1\n")
        os.chmod(path, 0o640)
        argv = ("-p", sys.executable, "-r", self.list, "-o", path)
        self.assertEqual([], self.good(*argv))
        with open(path) as file:
            self.assertEqual(
                "Top.Level===1.0\nunder_score===10.0\n", file.read()
            )
        self.assertEqual(0o640, os.stat(path).st_mode & 0o777)

    def test_the_end_says_what_was_written(self) -> None:
        output, freezes = self.folder / "uc.txt", self.folder / "freezes"
        self.write("uc.txt", "# by hand\n")
        done = self.run_main(
            generate_constraints.main,
            *("-p", sys.executable, "-r", self.list, "-o", str(output)),
            *("--freeze-dir", str(freezes), "--no-install"),
        )
        version = ".".join(map(str, sys.version_info[:2]))
        self.assertEqual((0, ""), (done.status, done.out))
        self.assertEqual(
            [
                f"{output}: written, 2 pins for Python {version}",
                f"{freezes}: written, 1 freeze of Python {version}",
            ],
            done.err.splitlines()[-2:],
        )

    def test_which_never_constrain_list_was_found(self) -> None:
        self.write("denylist.txt", "x\n")
        frozen = self.write("frozen.txt", "x==1\ny==2\n")
        argv = ("--from-freezes", f"3.12:{frozen}")
        for more, said in (((), True), (("-q",), False)):
            done = self.run_main(
                generate_constraints.main,
                *(*argv, "--reqs", str(self.folder), *more),
            )
            self.assertEqual((0, "y===2\n"), (done.status, done.out))
            self.assertEqual(said, "never constrained: what " in done.err)

    def test_both_installers_agree(self) -> None:
        argv = ("-p", sys.executable, "-r", self.list)
        self.assertEqual(
            self.good(*argv, "--installer", "uv"),
            self.good(*argv, "--installer", "pip"),
        )

    def test_version_map(self) -> None:
        argv = ("-p", sys.executable, "-r", self.list)
        self.assertEqual(
            self.good(*argv),
            self.good(*argv, "--version-map", f"{VERSION}:3.99"),
        )
        done = self.generate(*argv, "--version-map", "3.1:3.99")
        self.assertEqual(0, done.status)
        self.assertIn("warning: --version-map 3.1:3.99", done.err)

    def test_a_package_that_only_another_python_needs(self) -> None:
        path = self.requirements("under_score;python_version<'3'")
        self.assertEqual([], self.good("-p", sys.executable, "-r", path))

    def test_freeze(self) -> None:
        self.index.wheel(
            "full",
            "1",
            license_expression="MIT",
            requires_python=">=3.6",
            classifiers=["A :: B"],
            requires=["under_score>=2"],
        )
        path = self.requirements("full>=1 # x")
        folder = str(self.folder / "freezes")
        self.good("-p", sys.executable, "-r", path, "--freeze-dir", folder)
        with open(f"{folder}/python{VERSION}.json") as file:
            data = json.load(file)
        self.assertEqual(["full>=1"], data["requested"])
        self.assertEqual("install", data["method"])
        self.assertTrue(data["installer"].startswith("uv "))
        self.assertEqual(VERSION, data["environment"]["python_version"])
        full = data["distributions"][0]
        self.assertEqual(
            ("full", "1", ["under_score>=2"], ">=3.6", "MIT", ["A :: B"]),
            (
                full["name"],
                full["version"],
                full["requires"],
                full["requires_python"],
                full["license_expression"],
                full["classifiers"],
            ),
        )

    def test_progress_is_a_line_a_phase(self) -> None:
        done = self.run_main(
            generate_constraints.main, "-p", sys.executable, "-r", self.list
        )
        self.assertIn(f"Python {VERSION}: making a virtualenv\n", done.err)
        self.assertIn("resolved 2 packages in", done.err)
        self.assertIn(f"Python {VERSION}: 2 distributions\n", done.err)
        self.assertEqual(2, len(done.out.splitlines()))

    def test_options_that_do_not_go_together(self) -> None:
        python = ("-p", sys.executable)
        for argv, word in (
            ((), "-p"),
            (python, "-r"),
            ((*python, *python, "-r", self.list), "so is -p"),
            ((*python, "--from-freezes", "x"), "--python does not go"),
            (("--from-freezes", "x", "--freeze-dir", "y"), "--freeze-dir"),
            ((*python, "-r", self.list, "-b", "x", "-d", "y"), "once"),
            (("--version-map", "3.9"), "FROM:TO"),
            (("--jobs", "0"), "--jobs"),
            (("--timeout", "0"), "--timeout"),
            (("--installer", "conda"), "--installer"),
        ):
            done = self.generate(*argv)
            self.assertEqual((2, ""), done[:2], str(argv))
            self.assertIn(word, done.err)


class TestSeveralPythons(GenerateTestCase):
    """What differs between interpreters, in one run and in several."""

    def setUp(self) -> None:
        super().setUp()
        if len(pythons()) < 2:
            self.skipTest("there is only one Python here")
        self.old, self.new = pythons()[0], pythons()[-1]
        self.index.wheel("same", "1.0")
        self.index.wheel("moves", "9.0")
        self.index.wheel("moves", "10.0", requires_python=f">={self.new}")
        self.index.wheel("backport", "1.0")
        self.list = self.requirements(
            "same", "moves", f"backport;python_version<='{self.old}'"
        )
        self.both = ("-p", self.new, "-p", self.old, "-r", self.list)

    def test_exact(self) -> None:
        old, new = self.old, self.new
        expected = [
            f"backport===1.0;python_version=='{old}'",
            f"moves===9.0;python_version=='{old}'",
            f"moves===10.0;python_version=='{new}'",
            "same===1.0",
        ]
        found = self.good(*self.both, "--sort", "name")
        self.assertEqual(expected, found)
        self.assertEqual(
            found, self.good(*self.both, "--sort", "name", "--jobs", "1")
        )

    def test_range(self) -> None:
        old, new = self.old, self.new
        self.assertEqual(
            [
                f"backport===1.0;python_version<='{old}'",
                f"moves===9.0;python_version<='{old}'",
                f"moves===10.0;python_version>='{new}'",
                "same===1.0",
            ],
            self.good(*self.both, "--sort", "name", "--markers", "range"),
        )

    def test_freezes_of_separate_runs_give_the_same_bytes(self) -> None:
        together = self.good(*self.both)
        paths = []
        for version in (self.old, self.new):
            folder = str(self.folder / f"on-{version}")
            self.good("-p", version, "-r", self.list, "--freeze-dir", folder)
            paths.append(f"{folder}/python{version}.json")
        asked = len(self.index.requests)
        self.assertEqual(together, self.good("--from-freezes", *paths))
        self.assertEqual(
            together, self.good("--from-freezes", *reversed(paths))
        )
        self.assertEqual(asked, len(self.index.requests))
        copy = self.folder / "copy.json"
        shutil.copy(paths[0], copy)
        done = self.generate("--from-freezes", *paths, str(copy))
        self.assertEqual(2, done.status)
        self.assertIn(f"{copy}: is a freeze of Python", done.err)
        self.assertIn(f"and so is {paths[0]}", done.err)

    def test_the_first_failure_ends_the_others(self) -> None:
        self.index.sdist("slow", "1.0", sleep=60)
        path = self.requirements(
            f"slow;python_version=='{self.new}'",
            f"nosuch;python_version=='{self.old}'",
        )
        done = self.generate(
            "-p", self.old, "-p", self.new, "-r", path, "--jobs", "2"
        )
        self.assertEqual(2, done.status)
        self.assertIn(f"Python {self.old}: nosuch: ", done.err)
        self.assert_nothing_left()


class TestNoInstall(GenerateTestCase):
    """Resolving gives the same file as installing."""

    def setUp(self) -> None:
        super().setUp()
        self.index.wheel("Top.Level", "1.0", requires=["Odd_Name", "Src.Dist"])
        self.index.wheel("Odd_Name", "2.0")
        self.index.sdist("Src.Dist", "3.0", requires=["Late-R"])
        self.index.wheel("Late-R", "4.0")
        self.list = self.requirements("top_level")
        self.argv = ("-p", sys.executable, "-r", self.list)

    def test_same_bytes_and_metadata(self) -> None:
        freezes = []
        for more in ((), ("--no-install",)):
            folder = str(self.folder / f"freeze{len(more)}")
            found = self.good(*self.argv, *more, "--freeze-dir", folder)
            self.assertEqual(
                [
                    "Late-R===4.0",
                    "Odd_Name===2.0",
                    "Src.Dist===3.0",
                    "Top.Level===1.0",
                ],
                sorted(found),
            )
            with open(f"{folder}/python{VERSION}.json") as file:
                freezes.append(json.load(file))
        self.assertEqual(
            ["install", "resolve"], [each.pop("method") for each in freezes]
        )
        self.assertEqual(*freezes)

    def test_with_pip(self) -> None:
        argv = (*self.argv, "--installer", "pip")
        self.assertEqual(self.good(*argv), self.good(*argv, "--no-install"))

    def test_what_cannot_be_built_is_not_noticed(self) -> None:
        self.index.sdist("broken", "1.0", fail="no luck", late=True)
        path = self.requirements("broken")
        argv = ("-p", sys.executable, "-r", path)
        self.assertEqual(["broken===1.0"], self.good(*argv, "--no-install"))
        self.assertEqual(3, self.generate(*argv).status)


class TestNoInstallWithoutSomeMetadata(GenerateTestCase):
    """What cannot be described costs no other distribution its spelling."""

    def setUp(self) -> None:
        super().setUp()
        self.index.wheel("Top.Level", "1.0", requires=["Odd_Name"])
        self.index.sdist("Odd_Name", "2.0")
        self.index.sdist("Src.Dist", "3.0")
        # uv resolves with their PKG-INFO, and pip runs their backends.
        self.index.sdist("Un.Buildable", "4.0", fail="no cc", static=True)
        self.index.sdist("Neither_One", "5.0", fail="no cc", static=True)

    def resolve(self, *lines: str, more: Sequence[str] = ()) -> base.Outcome:
        path = self.requirements(*lines)
        argv = ("-p", sys.executable, "-r", path, "--sort", "name")
        done = self.generate(*argv, "--no-install", *more)
        self.assertEqual(0, done.status, done.err)
        self.assert_nothing_left()
        return done

    def test_an_sdist_that_cannot_be_built(self) -> None:
        for fields in (
            ("un_buildable", "top-level", "src-dist"),
            (*("top-level", "un_buildable", "neither-One", "src-dist"),),
        ):
            done = self.resolve(*fields)
            expected = [
                "neither-One===5.0",
                "Odd_Name===2.0",
                "Src.Dist===3.0",
                "Top.Level===1.0",
                "un_buildable===4.0",
            ][0 if "neither-One" in fields else 1 :]
            self.assertEqual(expected, done.out.splitlines())
            self.assertIn(
                f"warning: Python {VERSION}: un-buildable 4.0: its metadata "
                "is unavailable (it could not be built",
                done.err,
            )
            self.assertEqual(
                "neither-One" in fields, "neither-one 5.0" in done.err
            )

    def test_the_previous_spelling_comes_before_that_of_the_list(self) -> None:
        previous = self.write("uc.txt", "UN.buildable===4.0\nsrc.dist===3.0\n")
        done = self.resolve(
            *("un_buildable", "src-dist"), more=["--previous", previous]
        )
        self.assertEqual("Src.Dist===3.0\nUN.buildable===4.0\n", done.out)
        self.assertEqual(1, len(done.err.splitlines()), done.err)

    def test_the_wheels_are_for_other_platforms(self) -> None:
        self.index.sdist("Here.Sdist", "1.0")
        self.index.wheel("Here.Sdist", "1.0", tag="py3-none-win_amd64")
        done = self.resolve("here-sdist", "top-level")
        self.assertIn("Here.Sdist===1.0\n", done.out)


class TestNoInstallFromAPlainIndex(TestNoInstall):
    """The same, where the index offers HTML pages and nothing else."""

    json = False
    metadata = False


class TestHead(GenerateTestCase):
    """The comments at the head of the list are in each of its versions."""

    def setUp(self) -> None:
        super().setUp()
        self.index.wheel("lib", "2.0")
        self.list = self.requirements("lib")
        self.head = "# Not for installing.\n\n# Ask us: a security warning.\n"
        self.argv = ("-p", sys.executable, "-r", self.list, "--no-install")
        self.previous = self.write(
            "uc.txt", f"{self.head}lib===2.0\nold===1\n"
        )

    def test_of_previous(self) -> None:
        expected = f"{self.head}lib===2.0\n".splitlines()
        argv = (*self.argv, "--previous", self.previous)
        self.assertEqual(expected, self.good(*argv))
        self.assertEqual(expected, self.good(*argv, "--upgrade"))
        path = self.write("other.txt", "# of -o\nlib===1\n")
        self.good(*argv, "-o", path)
        self.assertEqual(expected, Path(path).read_text().splitlines())

    def test_of_the_file_at_output(self) -> None:
        for _ in range(2):
            self.good(*self.argv, "-o", self.previous)
            self.assertEqual(
                f"{self.head}lib===2.0\n", Path(self.previous).read_text()
            )
        path = str(self.folder / "new.txt")
        self.good(*self.argv, "-o", path)
        self.assertEqual("lib===2.0\n", Path(path).read_text())
        # There is nothing to read where stdout goes.
        self.assertEqual(["lib===2.0"], self.good(*self.argv))

    def test_what_reads_the_result(self) -> None:
        folder = str(self.folder / "freezes")
        done = self.generate(
            *self.argv[:-1],
            *("--previous", self.previous, "--freeze-dir", folder),
            *("--verify", "--diff"),
        )
        self.assertEqual(0, done.status, done.err)
        self.assertEqual(f"{self.head}lib===2.0\n", done.out)
        self.assertIn("old", done.err)
        self.assertNotIn("security", done.err)
        again = self.generate(
            "--from-freezes", folder, "--previous", self.previous
        )
        self.assertEqual((0, done.out, ""), again)

    def test_of_a_pipe(self) -> None:
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        os.write(writing, Path(self.previous).read_bytes())
        os.close(writing)
        done = self.generate(
            *self.argv, "--previous", f"/dev/fd/{reading}", "--diff"
        )
        self.assertEqual((0, f"{self.head}lib===2.0\n"), done[:2])
        self.assertIn("old", done.err)

    def test_stdout_is_no_place_for_what_is_read(self) -> None:
        code = (
            "import sys\n"
            "from openstack_requirements.cmds import generate_constraints\n"
            "sys.exit(generate_constraints.main())"
        )
        argv = (*self.argv, "--previous", self.previous)
        for mode in ("w", "a"):
            with open(self.previous, mode) as file:
                done = subprocess.run(
                    [sys.executable, "-c", code, *argv],
                    stdout=file,
                    stderr=subprocess.PIPE,
                    encoding="utf-8",
                    check=False,
                )
            self.assertEqual(2, done.returncode)
            self.assertEqual(
                f"{self.previous}: stdout goes to it as well, which a shell "
                "empties first; write to it with -o\n",
                done.stderr,
            )


class TestKeepPythons(GenerateTestCase):
    """A run on one Python keeps the lines of the others."""

    def setUp(self) -> None:
        super().setUp()
        self.index.wheel("Moved", "2.0")
        self.index.wheel("same", "1.0")
        self.list = self.requirements("moved", "same")
        self.previous = self.write(
            "uc.txt",
            "Moved===1.0;python_version<='3.8'  # the last for it\n"
            f"Moved===1.5;python_version=='{VERSION}'\n"
            "backport===1.0;python_version=='2.7'\n"
            "gone===1.0\n"
            "later===1.0;python_version=='3.98'\n"
            "same===0.9\n",
        )
        self.argv = (
            *("-p", sys.executable, "-r", self.list, "--sort", "name"),
            *("--no-install", "--previous", self.previous, "--upgrade"),
        )
        self.kept = [
            "backport===1.0;python_version=='2.7'",
            "later===1.0;python_version=='3.98'",
            "Moved===1.0;python_version<='3.8'  # the last for it",
            f"Moved===2.0;python_version=='{VERSION}'",
            "same===1.0",
        ]

    def test_a_run_and_another_one(self) -> None:
        note = (
            f"--keep-pythons: lines of {self.previous} that stay: 3, for "
            "Python 2.7, 3.8, 3.98\n"
        )
        for _ in range(2):
            done = self.generate(*self.argv, "--keep-pythons")
            self.assertEqual((0, note), (done.status, done.err))
            self.assertEqual(self.kept, done.out.splitlines())
            self.write("uc.txt", done.out)
        self.assertEqual(["Moved===2.0", "same===1.0"], self.good(*self.argv))

    def test_the_other_ways_to_the_same_lines(self) -> None:
        folder = str(self.folder / "freezes")
        for more in (
            ("--verify", "--freeze-dir", folder),
            ("--markers", "range"),
        ):
            argv = [word for word in self.argv if word != "--no-install"]
            done = self.generate(*argv, "--keep-pythons", *more)
            self.assertEqual(0, done.status, done.err)
            self.assertEqual(self.kept, done.out.splitlines())
        done = self.generate(
            *("--from-freezes", folder, "--sort", "name"),
            *("--previous", self.previous, "--keep-pythons"),
        )
        self.assertEqual(self.kept, done.out.splitlines())

    def test_a_mapped_python_is_asked_for(self) -> None:
        done = self.generate(
            *self.argv, "--keep-pythons", "--version-map", f"{VERSION}:3.98"
        )
        self.assertEqual(0, done.status, done.err)
        self.assertEqual(
            [
                "backport===1.0;python_version=='2.7'",
                "Moved===1.0;python_version<='3.8'  # the last for it",
                f"Moved===2.0;python_version=='{VERSION}'",
                "Moved===2.0;python_version=='3.98'",
                "same===1.0",
            ],
            done.out.splitlines(),
        )

    def test_what_changed(self) -> None:
        done = self.generate(*self.argv, "--keep-pythons", "--diff", "json")
        self.assertEqual(self.kept, done.out.splitlines())
        text = done.err[done.err.index("{") :]
        self.assertEqual(
            [
                ("removed", "gone", ["2.7", "3.8", VERSION, "3.98"]),
                ("raised", "Moved", [VERSION]),
                ("raised", "same", ["2.7", "3.8", VERSION, "3.98"]),
            ],
            [
                (change["kind"], change["name"], change["pythons"])
                for change in json.loads(text)["changes"]
            ],
        )

    def test_all_that_a_list_must_not_lose(self) -> None:
        """Head, spellings and lines, with and without installing."""
        self.index.sdist("Un.Buildable", "1.0", fail="no cc", static=True)
        self.index.sdist("Odd_Sdist", "1.0", requires=["Late.Sdist"])
        self.index.sdist("Late.Sdist", "1.0")
        path = self.requirements("moved", "un-buildable", "odd-sdist", "same")
        head = "# Not for installing: versions here have known holes.\n#\n\n"
        previous = (
            f"{head}Late.Sdist===1.0\n"
            "Moved===1.0;python_version<='3.8'  # the last for it\n"
            f"Moved===2.0;python_version=='{VERSION}'\n"
            "Odd_Sdist===1.0\n"
            "same===1.0\n"
            "Un.Buildable===1.0\n"
        )
        self.write("uc.txt", previous)
        for more in (
            ("--no-install",),
            ("--no-install", "--upgrade"),
            ("--keep-going", "--allow-missing"),
            ("--keep-going", "--allow-missing", "--upgrade"),
            ("--keep-going", "--no-install"),
        ):
            done = self.generate(
                *("-p", sys.executable, "-r", path, "--sort", "name"),
                *("--previous", self.previous, "--keep-pythons", *more),
            )
            self.assertEqual((0, previous), done[:2], done.err)
            self.assertIn("un-buildable", done.err)
            self.assert_nothing_left()

    def test_it_needs_previous(self) -> None:
        done = self.generate(
            "-p", sys.executable, "-r", self.list, "--keep-pythons"
        )
        self.assertEqual(2, done.status)
        self.assertIn("--keep-pythons needs --previous", done.err)


class TestSpellingWithoutMetadata(GenerateTestCase):
    """What no metadata spells is spelled by the lists."""

    def test_previous_then_the_list(self) -> None:
        self.index.sdist("Foo.Bar", "1.0", requires=["Baz.Qux"])
        self.index.sdist("Baz.Qux", "1.0")
        # Stand in for a place where pip cannot describe what uv resolved.
        path = self.requirements("FOO.bar", "BAZ.qux")
        previous = self.write("uc.txt", "Baz.Qux===0.1\n")
        argv = (
            "-p",
            sys.executable,
            "-r",
            path,
            "--no-install",
            "--sort",
            "name",
        )
        code = (
            "import sys\n"
            "from openstack_requirements.install.installers import "
            "pip_metadata\n"
            "pip_metadata.describe_sdists = "
            "lambda *_: pip_metadata.SdistMetadata()\n"
            "from openstack_requirements.cmds import generate_constraints\n"
            "sys.exit(generate_constraints.main())"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *argv, "--previous", previous],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        self.assertEqual("Baz.Qux===1.0\nFOO.bar===1.0\n", done.stdout)


class TestOldPythons(GenerateTestCase):
    """Python 2.7 gets a virtualenv with the last pip that supports it."""

    def test_three_that_markers_tell_apart(self) -> None:
        found = []
        for version in ("2.7", "3.6"):
            try:
                found.append(
                    interpreters.find(version, self.children()).version
                )
            except UnusableInput:
                self.skipTest(f"there is no Python {version} here")
        self.index.wheel("lib", "1.0")
        self.index.wheel("lib", "2.0", requires_python=">=3.6")
        self.index.wheel("lib", "3.0", requires_python=">=3.7")
        self.index.wheel("Enum.34", "1.1")
        path = self.requirements("lib", "enum-34;python_version<'3'")
        argv = (
            "-p",
            "python2.7",
            "-p",
            "python3.6",
            "-p",
            VERSION,
            "-r",
            path,
        )
        expected = [
            "Enum.34===1.1;python_version=='2.7'",
            "lib===1.0;python_version=='2.7'",
            "lib===2.0;python_version=='3.6'",
            f"lib===3.0;python_version=='{VERSION}'",
        ]
        self.assertEqual(expected, self.good(*argv, "--sort", "name"))
        # Its pip cannot resolve without installing, and so it installs.
        self.assertEqual(
            expected, self.good(*argv, "--sort", "name", "--no-install")
        )
        done = self.generate("-p", "2.7", "-r", path, "--installer", "uv")
        self.assertEqual(2, done.status)
        self.assertIn("Python 3.6 and newer", done.err)
        path = self.requirements("lib>=2")
        done = self.generate("-p", "2.7", "-r", path)
        self.assertEqual(2, done.status)
        self.assertIn(
            "Python 2.7: lib>=2: the package index has no such", done.err
        )
