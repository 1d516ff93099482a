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
"""bootstrap-requirements on an index and on checkouts of the tests' own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

from openstack_requirements.bootstrap import checkouts
from openstack_requirements.cmds import bootstrap_requirements
from openstack_requirements.errors import UnusableProject
from openstack_requirements.pep508 import python_versions
from openstack_requirements.pep508.entries import normalize
from openstack_requirements.repository import lists, policy
from openstack_requirements.tests import base
from openstack_requirements.tests.test_generate import (
    GenerateTestCase,
    pythons,
)

OLD = "kept>=1\n"

#: Five projects, each declared in another way: checkouts of one team.
CHECKOUTS = {
    "plain/setup.cfg": """\
[metadata]
name = plain
[options]
python_requires = >=3.6
install_requires =
    http-client>=2.1
    retry.ing
[options.extras_require]
fast =
    speedups>=1,<3; sys_platform != 'win32'
""",
    "plain/setup.py": "import setuptools\nsetuptools.setup()\n",
    "hatched/pyproject.toml": """\
[build-system]
requires = ["hatchling>=1"]
build-backend = "hatchling.build"
[project]
name = "hatched"
requires-python = ">=3.8"
dependencies = ["http_client>=2.0,!=2.3", "plain"]
[project.optional-dependencies]
all = ["hatched[cli]"]
cli = ["colours>=0.4; sys_platform == 'win32'"]
[dependency-groups]
test = ["checker>=7", {include-group = "lint"}]
lint = ["linter"]
""",
    "flitted/pyproject.toml": """\
[build-system]
requires = ["flit_core>=3"]
build-backend = "flit_core.buildapi"
[project]
name = "flitted"
dependencies = ["http-client~=2.2", "old-backport>=1; python_version < '3'"]
""",
    "poem/pyproject.toml": """\
[tool.poetry]
name = "poem"
[tool.poetry.dependencies]
python = "^3.6"
http-client = {version = "^2.0", extras = ["socks"]}
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
""",
    "filed/pyproject.toml": """\
[project]
name = "filed"
dynamic = ["dependencies"]
[tool.setuptools.dynamic]
dependencies = {file = ["requirements/base.txt"]}
""",
    "filed/requirements/base.txt": "# ours\nspeedups>=2,<3  # fast\n",
    "notes/README": "no checkout",
    ".hidden/requirements.txt": "hidden\n",
}


def is_old(version: str) -> bool:
    """Whether the oldest pip that is admitted may not know a Python."""
    return python_versions.python_key(version) < (3, 10)


class BootstrapTestCase(GenerateTestCase):
    """A test with an index and the command."""

    def setUp(self) -> None:
        super().setUp()
        os.environ["PIP_RETRIES"] = "0"
        self.addCleanup(os.environ.pop, "PIP_RETRIES", None)
        self.output = self.write("list.out", OLD)

    def bootstrap(self, *argv: str) -> base.Outcome:
        return self.run_main(
            bootstrap_requirements.main, "-q", "-p", sys.executable, *argv
        )

    def proposed(self, *argv: str) -> tuple[list[str], list[str]]:
        """The lines that a run prints, and those of its decisions."""
        done = self.bootstrap(*argv)
        self.assertEqual(0, done.status, done.err)
        self.assert_nothing_left()
        self.assertEqual(done.out, normalize(done.out))
        return done.out.splitlines(), done.err.splitlines()

    def fails(self, status: int, *argv: str) -> list[str]:
        """The lines of a failing run's complaint; nothing is written."""
        done = self.bootstrap(*argv, "-o", self.output)
        self.assertEqual((status, ""), (done.status, done.out), done.err)
        with open(self.output) as file:
            self.assertEqual(OLD, file.read())
        self.assert_nothing_left()
        return done.err.splitlines()


class TestNames(BootstrapTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.index.wheel(
            "Top.Level",
            "1.0",
            requires=["under_score>=1,!=1.5", "other>=1"],
            extras={"more": ["extra.one>=3"]},
            license_expression="MIT",
        )
        self.index.wheel("second", "2.0", requires=["Under-Score>=1.2"])
        self.index.wheel("under_score", "1.7", license="BSD")
        self.index.wheel("other", "1.1", requires=["below>=0.1"], license="x")
        self.index.wheel("extra_one", "3.0", license="MIT")
        self.index.wheel("below", "0.2", license="ISC")

    def test_what_they_require(self) -> None:
        lines, decisions = self.proposed("top-level", "second")
        self.assertEqual(
            [
                "extra_one>=3  # MIT",
                "other>=1  # x",
                "# 1.5: excluded by top-level.",
                "under_score>=1.2,!=1.5  # BSD",
            ],
            lines,
        )
        self.assertEqual([], decisions)

    def test_which_never_constrain_list_was_found(self) -> None:
        self.write("denylist.txt", "nothing\n")
        argv = ("-p", sys.executable, "second", "--reqs", str(self.folder))
        done = self.run_main(bootstrap_requirements.main, *argv)
        self.assertIn("never constrained: what ", done.err)
        self.assertEqual("", self.bootstrap(*argv[2:]).err)

    def test_what_was_written_where(self) -> None:
        decisions = str(self.folder / "decisions.json")
        argv = ("second", "-o", self.output, "--decisions", decisions)
        self.assertEqual([], self.bootstrap(*argv).err.splitlines())
        done = self.run_main(
            bootstrap_requirements.main, "-p", sys.executable, *argv
        )
        self.assertEqual(
            [
                f"{self.output}: written, 1 new entry",
                f"{decisions}: written, 0 decisions",
            ],
            done.err.splitlines()[-2:],
        )

    def test_names_from_a_file_and_an_older_release(self) -> None:
        self.index.wheel("top.level", "0.9", requires=["other>=0.5"])
        path = self.write("names", "# ours\ntop.level<1\n\n")
        self.assertEqual(
            ["other>=0.5  # x"], self.proposed("--names", path)[0]
        )
        self.assertEqual(["other>=0.5  # x"], self.proposed("top.level<1")[0])

    def test_options_that_choose(self) -> None:
        for argv, names in (
            (("--no-extras",), ["other", "under_score"]),
            (("-b", self.write("never", "Other  # why\n")),
             ["extra_one", "under_score"]),
            (("--include-given",),
             ["extra_one", "other", "Top.Level", "under_score"]),
            (("--transitive",),
             ["below", "extra_one", "other", "under_score"]),
        ):  # fmt: skip
            lines, _ = self.proposed("top-level", *argv)
            found = [each.split(">=")[0] for each in lines if each[0] != "#"]
            self.assertEqual(names, found, argv[0])

    def test_a_given_name_that_another_asks_for(self) -> None:
        lines, _ = self.proposed("top-level", "other", "--no-extras")
        self.assertEqual("below>=0.1  # ISC", lines[0])
        self.assertEqual("other>=1  # x", lines[1])

    def test_extras_that_are_asked_for_are_followed(self) -> None:
        self.index.wheel(
            "wide",
            "1.0",
            requires=["narrow>=1"],
            extras={"a": ["in-a>=1"], "b": ["in-b>=1"]},
            license="MIT",
        )
        for name in ("narrow", "in-a", "in-b"):
            self.index.wheel(name, "1.0", license="MIT")
        self.index.wheel("asks", "1.0", requires=["wide[A]>=1"])
        lines, _ = self.proposed("asks", "--transitive")
        self.assertEqual(
            ["in-a>=1  # MIT", "narrow>=1  # MIT", "wide>=1  # MIT"], lines
        )

    def test_extras_that_are_named_count(self) -> None:
        for given, count in (("top-level", 2), ("top-level[more]", 3)):
            lines, _ = self.proposed(given, "--no-extras")
            found = [each for each in lines if each[0] != "#"]
            self.assertEqual(count, len(found), given)

    def test_a_circle(self) -> None:
        self.index.wheel("round", "1.0", requires=["about>=1"])
        self.index.wheel("about", "1.0", requires=["round>=0.5"])
        lines, _ = self.proposed("round", "--transitive")
        self.assertEqual(["about>=1", "round>=0.5"], lines)

    def test_current_policy(self) -> None:
        lines, _ = self.proposed(
            "top-level", "second", "--policy", "current", "--no-extras"
        )
        self.assertEqual(
            [
                "other  # x",
                "# 1.5: excluded by top-level.",
                "under_score!=1.5  # BSD",
            ],
            lines,
        )

    def test_extending_a_list(self) -> None:
        known = "# ours\nOther>=7  # y\nzlib>=2\n"
        path = self.write("global.txt", known)
        lines, decisions = self.proposed(
            "top-level", "--no-extras", "--extend", path
        )
        self.assertEqual(
            [
                *known.splitlines(),
                "",
                "# 1.5: excluded by top-level.",
                "under_score>=1,!=1.5  # BSD",
            ],
            lines,
        )
        self.assertEqual([], decisions)
        current = self.write("current.txt", "other\n")
        lines, _ = self.proposed("second", "--extend", current)
        self.assertEqual(["other", "", "under_score  # BSD"], lines)

    def test_nobody_has_a_lower_bound(self) -> None:
        self.index.wheel("asks", "1.0", requires=["free", "capping>=1"])
        self.index.wheel("capping", "1.0", requires=["free<2"], license="MIT")
        for version in ("1.0", "1.9", "2.0"):
            self.index.wheel("free", version, license="MIT")
        lines, decisions = self.proposed("asks")
        # 2.0 is newer, but does not go together with the rest.
        self.assertEqual(["capping>=1  # MIT", "free>=1.9  # MIT"], lines)
        self.assertEqual(
            "no-lower-bound (1): no requirement has a lower bound",
            decisions[0],
        )
        self.assertIn("[no-lower-bound]", decisions[1])
        self.assertEqual("  asks 1.0 requires free", decisions[2])
        self.assertEqual(
            "1 to decide: 1 no-lower-bound with an answer that works",
            decisions[-1],
        )

    def test_a_lower_bound_suits_all_who_ask(self) -> None:
        self.index.wheel(
            "asks",
            "1.0",
            requires=[
                "free<2,!=1.9",
                "below<0.2",
                "far<2;python_version<'3'",
                "never<1",
            ],
        )
        for version in ("1.0", "1.8", "1.9", "2.0"):
            for name in ("free", "far", "never"):
                self.index.wheel(name, version, license="MIT")
        # Another brings a newer one, which says nothing of Python 2.
        # No release of the last one suits who asks, so any will do.
        self.index.wheel("below", "0.1", requires=["far>=2"], license="MIT")
        lines, decisions = self.proposed("asks")
        self.assertEqual(
            [
                "below>=0.1  # MIT",
                "far>=1.9;python_version<'3'  # MIT",
                "free>=1.8,!=1.9  # MIT",
                "never>=2.0  # MIT",
            ],
            [each for each in lines if each[0] != "#"],
        )
        self.assertNotIn("[not-together]", "\n".join(decisions))

    def test_what_cannot_be_installed_together(self) -> None:
        self.index.wheel("a", "1.0", requires=["shared<2"], license="MIT")
        self.index.wheel("shared", "2.0", license="MIT")
        self.index.wheel("asks", "1.0", requires=["a>=1", "shared>=2", "free"])
        self.index.wheel("free", "1.0", license="MIT")
        lines, decisions = self.proposed("asks")
        self.assertEqual(
            ["a>=1  # MIT", "free>=1.0  # MIT", "shared>=2  # MIT"], lines
        )
        (first,) = [each for each in decisions if "[not-together]" in each]
        self.assertIn("shared", first)
        # Older versions of uv name the version.
        self.assertTrue(
            {"  a requires shared<2", "  a==1.0 requires shared<2"}
            & {*decisions},
            decisions,
        )

    def test_decisions_as_json(self) -> None:
        path = str(self.folder / "decisions.json")
        self.index.wheel("asks", "1.0", requires=["other>=1,<2", "nolicense"])
        self.index.wheel("nolicense", "1.0")
        self.proposed("asks", "--decisions", path)
        with open(path) as file:
            found = json.load(file)["decisions"]
        self.assertEqual(
            [
                ("nolicense", "no-license"),
                ("nolicense", "no-lower-bound"),
                ("other", "cap"),
            ],
            [(each["package"], each["kind"]) for each in found],
        )
        self.assertEqual(
            [{"by": "asks 1.0", "requirement": "other>=1,<2"}],
            found[-1]["asked"],
        )

    def test_what_cannot_be_had_is_left_out(self) -> None:
        self.index.wheel(
            "asks", "1.0", requires=["nosuch", "broken>=1", "other"]
        )
        self.index.sdist("broken", "1.0", native_missing="broken.h")
        lines, decisions = self.proposed("asks")
        self.assertEqual(["other>=1.1  # x"], lines)
        shown = "\n".join(decisions)
        self.assertIn("nosuch: left out", shown)
        self.assertIn("broken: left out", shown)
        self.assertIn("broken.h is missing", shown)

    def test_a_bound_that_no_release_meets(self) -> None:
        self.index.wheel("asks", "1.0", requires=["other>=1"])
        self.index.wheel("wants", "1.0", requires=["other>=5"])
        lines, decisions = self.proposed("asks", "wants")
        self.assertEqual(["other>=1  # x"], lines)
        self.assertIn("[no-release]", decisions[1])
        self.assertIn("  wants 1.0 requires other>=5", decisions)

    def test_many_names_and_some_bad_ones(self) -> None:
        names = [f"name{number}" for number in range(40)]
        for name in names:
            self.index.wheel(name, "1.0", license="MIT")
        for name in ("name7", "name8", "name30"):
            self.index.error(name, 404)
        self.index.wheel("asks", "1.0", requires=[f"{n}>=1" for n in names])
        lines, decisions = self.proposed("asks")
        self.assertEqual(37, len(lines))
        left_out = [each for each in decisions if "[left-out]" in each]
        self.assertEqual(3, len(left_out))

    def test_several_pythons(self) -> None:
        versions = [each for each in pythons() if not is_old(each)]
        if len(versions) < 2:
            self.skipTest("there is one Python here")
        old, new = versions[0], versions[-1]
        self.index.wheel(
            "asks", "1.0", requires=["grown>=1", "later>=1", "early>=1"]
        )
        self.index.wheel(
            "asks",
            "2.0",
            requires=["grown>=2", "later>=1"],
            requires_python=f">={new}",
        )
        self.index.wheel("grown", "1.5", license="MIT")
        self.index.wheel(
            "grown", "2.0", license="MIT", requires_python=f">={new}"
        )
        self.index.wheel(
            "later", "1.0", license="MIT", requires_python=f">={new}"
        )
        self.index.wheel("early", "1.0", license="MIT")
        done = self.run_main(
            bootstrap_requirements.main,
            *("-q", "-p", new, "-p", old, "asks"),
        )
        self.assertEqual(0, done.status, done.err)
        self.assertEqual(
            "early>=1  # MIT\n"
            "grown>=1  # MIT\n"
            f"later>=1;python_version>='{new}'  # MIT\n",
            done.out,
        )
        self.assertIn("asks 2.0 requires grown>=2", done.err)

    def test_an_index_that_does_not_say_for_which_pythons(self) -> None:
        self.index.wheel("asks", "1.0", requires=["grown>=2"])
        self.index.wheel("other-asks", "1.0", requires=["grown>=1"])
        self.index.wheel("grown", "1.5", license="MIT")
        name = self.index.wheel("grown", "2.0", requires_python="<3")
        self.index._files[name].requires_python = None
        lines, decisions = self.proposed("asks", "other-asks")
        self.assertEqual(["grown>=1  # MIT"], lines)
        self.assertIn("[no-release]", decisions[1])


class TestCheckouts(BootstrapTestCase):
    def setUp(self) -> None:
        super().setUp()
        for path, content in CHECKOUTS.items():
            self.write(f"root/{path}", content)
        self.root = str(self.folder / "root")
        for version in ("2.2", "2.3", "2.4"):
            self.index.wheel(
                "HTTP_Client",
                version,
                license="Apache-2.0",
                classifiers=[
                    "License :: OSI Approved :: Apache Software License"
                ],
            )
        self.index.wheel("retry.ing", "1.3", license="MIT License")
        self.index.wheel("speedups", "2.5", license_expression="MIT")
        self.index.wheel("colours", "0.5", license="BSD")
        self.index.wheel("checker", "7.1", license="MIT")
        self.index.wheel("linter", "0.1", license="MIT")

    def test_the_list_can_be_used_as_it_is(self) -> None:
        lines, decisions = self.proposed("--root", self.root)
        self.assertEqual(
            [
                "checker>=7  # MIT",
                "colours>=0.4;sys_platform=='win32'  # BSD",
                "# 2.3: excluded by hatched.",
                "HTTP_Client>=2.2,!=2.3  # Apache-2.0",
                "linter>=0.1  # MIT",
                "old-backport>=1;python_version<'3'",
                "retry.ing>=1.3  # MIT",
                "speedups>=2,<3  # MIT",
            ],
            lines,
        )
        kinds = [each for each in decisions if each[0] != " "]
        self.assertEqual(
            [
                "left-out (1): nothing that could be listed is available here",
                "plain: left out: the package index has nothing of it "
                "for this Python [left-out]",
                "no-license (1): the metadata names no license",
                "old-backport: its metadata is unavailable here, and so is "
                "its license [no-license]",
                "marker-conflict (1): the requirements have different markers",
                "speedups: the requirements have different markers, so the "
                "entry has none [marker-conflict]",
                "cap (1): some requirements have a cap, others have none or a "
                "higher one",
                "HTTP_Client: not all that require it have the same cap (<3 "
                "by flitted and <3 by poem); the entry has no cap [cap]",
                "no-lower-bound (2): no requirement has a lower bound",
                "linter: no requirement has a lower bound; >=0.1 is what "
                "the list resolves to today [no-lower-bound]",
                "retry.ing: no requirement has a lower bound; >=1.3 is what "
                "the list resolves to today [no-lower-bound]",
                "6 to decide: 1 left-out, 1 no-license without an answer; "
                "1 marker-conflict, 1 cap, 2 no-lower-bound with an answer "
                "that works",
            ],
            kinds,
        )
        self.assertIn("  hatched (pyproject.toml:7) requires plain", decisions)
        path = self.write("list.txt", "\n".join(lines) + "\n")
        for entry in lists.read(path):
            assert entry.requirement is not None
            if entry.requirement.package:
                self.assertIsNone(
                    policy.CLASSIC.bound_problem(entry.requirement)
                )
        self.assertEqual(
            [
                "checker===7.1",
                "HTTP_Client===2.4",
                "linter===0.1",
                "retry.ing===1.3",
                "speedups===2.5",
            ],
            self.good("-p", sys.executable, "-r", path, "--sort", "name"),
        )

    def test_one_checkout_without_extras(self) -> None:
        root = os.path.join(self.root, "hatched")
        lines, _ = self.proposed("--root", root, "--no-extras")
        self.assertEqual(
            [
                "# 2.3: excluded by hatched.",
                "HTTP_Client>=2.0,!=2.3  # Apache-2.0",
            ],
            lines,
        )

    def test_nothing_is_run(self) -> None:
        trap = self.folder / "trap"
        for name in ("setup.py", "conftest.py", "plain.py"):
            self.write(f"root/plain/{name}", f"open({str(trap)!r}, 'w')\n")
        self.proposed("--root", self.root)
        self.assertFalse(trap.exists())

    def test_what_only_code_could_tell(self) -> None:
        self.write("one/setup.py", "setup(name='n', install_requires=f())")
        lines, decisions = self.proposed("--root", str(self.folder / "one"))
        self.assertEqual([], lines)
        self.assertIn("computed by setup.py", decisions[1])
        self.assertIn("[not-read]", decisions[1])

    def test_lines_that_are_no_requirements(self) -> None:
        self.write("one/requirements.txt", "-r base.txt\nlinter>=0.1\n-e .\n")
        lines, decisions = self.proposed("--root", str(self.folder / "one"))
        self.assertEqual(["linter>=0.1  # MIT"], lines)
        self.assertIn(
            "  one (requirements.txt:1) requires -r base.txt", decisions
        )
        self.assertEqual(
            "2 to decide: 2 not-read without an answer", decisions[-1]
        )

    def test_included_files(self) -> None:
        """Each of a checkout is read once, wherever it is included."""
        one = str(self.folder / "one")
        self.write(
            "one/requirements.txt",
            "-r reqs/base.txt\n-r test-requirements.txt\n",
        )
        self.write(
            "one/test-requirements.txt",
            "--requirement=requirements.txt\n-r reqs/base.txt\ncolours>=0.1\n",
        )
        self.write("one/reqs/base.txt", "-r more.txt\nlinter>=0.1\n")
        self.write(
            "one/reqs/more.txt",
            "-r base.txt\n-r more.txt\n-r ../requirements.txt\nchecker>=6\n",
        )
        lines, decisions = self.proposed("--root", one, "--policy", "current")
        self.assertEqual(
            ["checker  # MIT", "colours  # BSD", "linter  # MIT"], lines
        )
        self.assertEqual([], decisions)

    def test_many_files_that_include_the_next(self) -> None:
        for number in range(1500):
            self.write(f"one/r{number}.txt", f"-r r{number + 1}.txt\n")
        self.write("one/requirements.txt", "-r r0.txt\n")
        self.write("one/r1500.txt", "linter>=0.1\n")
        read = checkouts.read(str(self.folder / "one"))
        self.assertEqual((("one (r1500.txt:1)", "linter>=0.1"),), read.texts)

    def test_too_much_in_included_files(self) -> None:
        content = "".join(f"d{number}\n" for number in range(4_000))
        lines = "-r a.txt\n-r b.txt\n-r c.txt\n"
        for name, text in (
            ("requirements", lines),
            ("a", content),
            ("b", content),
            ("c", content),
        ):
            self.write(f"one/{name}.txt", text)
        error = self.assertRaises(
            UnusableProject, checkouts.read, str(self.folder / "one")
        )
        self.assertIn("requires more than 10000 distributions", str(error))

    def test_included_files_that_are_not_followed(self) -> None:
        self.write("outside.txt", "linter>=0.1\n")
        os.mkdir(self.folder / "one")
        os.symlink(self.folder / "outside.txt", self.folder / "one/link.txt")
        for path in ("../outside.txt", "link.txt", "gone.txt", "/etc/hosts"):
            self.write("one/requirements.txt", f"-r {path}\n")
            read = checkouts.read(str(self.folder / "one"))
            self.assertEqual(
                (("one (requirements.txt:1)", f"-r {path}"),), read.texts
            )

    def test_a_file_that_is_not_there(self) -> None:
        os.unlink(os.path.join(self.root, "filed/requirements/base.txt"))
        _, decisions = self.proposed("--root", self.root)
        self.assertIn(
            "filed: requirements/base.txt is not there [not-read]", decisions
        )

    def test_a_checkout_for_another_python(self) -> None:
        self.write(
            "one/pyproject.toml",
            "[project]\nname='one'\nrequires-python='<3'\n"
            "dependencies=['linter']\n",
        )
        lines, decisions = self.proposed("--root", str(self.folder / "one"))
        self.assertEqual([], lines)
        self.assertIn("it is for Python <3", decisions[1])

    def test_a_checkout_for_nonsense(self) -> None:
        for python in (f">={'9' * 5000}", "x", ">=3," * 9000, ">=3," * 100):
            self.write(
                "one/pyproject.toml",
                f"[project]\nname='one'\nrequires-python='{python}'\n"
                "dependencies=['linter>=0.1']\n",
            )
            root = str(self.folder / "one")
            lines, decisions = self.proposed("--root", root)
            self.assertEqual(["linter>=0.1  # MIT"], lines, python[:9])
            self.assertEqual([], decisions, python[:9])

    def test_a_setup_py_that_is_not_parsed(self) -> None:
        self.write("one/setup.py", "\nx = a" + "+a" * 6000)
        _, decisions = self.proposed("--root", str(self.folder / "one"))
        self.assertEqual(
            "one: what it requires is in setup.py, and that cannot be read "
            "(line 2: a statement of more than 5000 operators); the rest of "
            "it was read [not-read]",
            decisions[1],
        )

    def test_checkouts_that_make_no_sense(self) -> None:
        self.write("root/plain/setup.cfg", "bogus\n")
        self.write("root/poem/pyproject.toml", "[tool\n")
        self.write("root/bytes/requirements.txt", b"a\n\xff\n")
        found = self.fails(2, "--root", self.root)
        self.assertEqual(3, len(found), "\n".join(found))
        for line, start in zip(
            found,
            (
                "bytes/requirements.txt:2: ",
                "plain/setup.cfg:1: ",
                "poem/pyproject.toml:1:",
            ),
            strict=True,
        ):
            self.assertTrue(
                line.startswith(os.path.join(self.root, start)), line
            )
        self.assertEqual([], self.index.requests)


class TestFailures(BootstrapTestCase):
    def test_usage(self) -> None:
        missing = str(self.folder / "missing")
        for argv, start in (
            ((), "name distributions, or a folder"),
            (("--names", missing), f"{missing}: cannot be read"),
            (("--names", str(self.folder)), f"{self.folder}: cannot be read"),
            (("--names", self.write("b", b"a\n\xff")), f"{self.folder}/b:2: "),
            (("--names", self.write("c", "a\n-r x\n")), f"{self.folder}/c:2:"),
            (("--names", self.write("d", "a>=x\n")), f"{self.folder}/d:1:"),
            (("--root", missing), f"{missing}: cannot be read"),
            (("--root", self.output), f"{self.output}: cannot be read"),
            (("--root", str(self.temporary)), f"{self.temporary}: holds no"),
            (("x", "--extend", missing), f"{missing}: cannot be read"),
            (("x", "-b", missing), f"{missing}: cannot be read"),
            (("x", "--decisions", "/no/such"), "/no/such: "),
            (
                ("x", "--extend", self.write("e", "-e .\n")),
                f"{self.folder}/e:1",
            ),
            (("-p", "9.9", "x"), "-p 9.9: is neither in PATH nor in "),
            (("x>=nothing",), "column 2: "),
            (("https://example.org/x",), "column 6: "),
            (("",), "NAME: is not the name"),
            (("# x",), "# x: is not the name"),
            (("x", "X>=2"), "X>=2: X is given twice"),
            (("x;os_name=='a'",), "x;os_name=='a': a marker"),
        ):
            found = self.fails(2, *argv)
            self.assertTrue(found[0].startswith(start), (argv, found))
            self.assertEqual(1, len(found), "\n".join(found))
        self.assertEqual([], self.index.requests)
        # A file without names is no reason to write an empty list.
        found = self.fails(2, "--names", self.write("f", "# none\n"))
        self.assertTrue(found[0].startswith("name distributions"))

    def test_old_pythons(self) -> None:
        old = [each for each in pythons() if is_old(each)]
        if not old:
            self.skipTest("there is no Python here that pip does not know")
        self.index.wheel("x", "1.0")
        done = self.run_main(
            bootstrap_requirements.main, "-q", "-p", old[0], "x"
        )
        self.assertIn(done.status, {0, 2})
        if done.status:
            self.assertIn("does not know it", done.err)

    def test_a_folder_for_a_name(self) -> None:
        found = self.fails(2, str(self.folder), "x>=!", "./src")
        where = "not a name (a folder of checkouts is given with --root)"
        self.assertEqual(f"{where}: {self.folder}", found[0])
        self.assertIn("not a requirement", found[1])
        self.assertEqual(f"{where}: ./src", found[2])

    def test_unknown_names(self) -> None:
        self.index.wheel("good", "1.0")
        self.index.wheel("old", "1.0")
        found = self.fails(2, "nosuch1", "good", "nosuch2", "old>=5")
        self.assertEqual(3, len(found), "\n".join(found))
        self.assertIn("nosuch1: the package index has nothing", found[0])
        self.assertIn("old>=5: the package index has no such", found[2])

    def test_an_index_that_fails(self) -> None:
        self.index.wheel("good", "1.0", requires=["bad>=1", "fine>=1"])
        self.index.wheel("fine", "1.0")
        self.index.wheel("bad", "1.0")
        self.index.error("bad", 500)
        for name in ("good", "bad"):
            found = self.fails(3, name)
            self.assertIn("the package index answered 500", found[0])

    def test_an_index_that_is_not_there(self) -> None:
        for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
            os.environ[name] = "http://127.0.0.1:1/simple/"
        found = self.fails(3, "good")
        self.assertIn("the package index", found[0])

    def test_an_index_that_hangs(self) -> None:
        self.index.hang("slow")
        found = self.fails(3, "slow", "--timeout", "1")
        self.assertIn("the package index", found[0])

    def test_a_given_name_that_cannot_be_built(self) -> None:
        self.index.sdist("bad", "1.0", native_missing="bad/bad.h")
        self.index.wheel("good", "1.0")
        found = self.fails(3, "good", "bad")
        self.assertIn("bad==1.0: it could not be built (bad/bad.h", found[0])
        self.assertIn("fatal error", "\n".join(found))

    def test_interrupts(self) -> None:
        self.index.sdist("slow", "1.0", sleep=120)
        pidfile = self.folder / "pid"
        for number in (signal.SIGINT, signal.SIGTERM):
            child = subprocess.Popen(
                base.script(
                    "bootstrap-requirements",
                    *("-p", sys.executable, "slow", "-o", self.output),
                ),
                env={**os.environ, "LOOPBACK_PIDFILE": str(pidfile)},
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
            end = time.monotonic() + 60
            while not pidfile.exists() and time.monotonic() < end:
                time.sleep(0.02)
            child.send_signal(number)
            _, err = child.communicate(timeout=30)
            self.assertEqual(128 + number, child.returncode, err)
            self.assertEqual(
                "interrupted; nothing was written", err.splitlines()[-1]
            )
            pidfile.unlink()
            self.assert_nothing_left()
            with open(self.output) as file:
                self.assertEqual(OLD, file.read())
