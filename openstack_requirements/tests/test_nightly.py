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
"""Every night something is broken: what generate-constraints does then."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from pathlib import Path

import fixtures

from openstack_requirements.constraints import freeze_json
from openstack_requirements.install import environments
from openstack_requirements.tests import base
from openstack_requirements.tests.test_generate import (
    VERSION,
    GenerateTestCase,
)

INSTALLERS = ("uv", "pip")
#: Those that know upload dates; older versions of pip do not.
DATED = (
    INSTALLERS
    if int(importlib.metadata.version("pip").partition(".")[0]) >= 26
    else ("uv",)
)


class NightlyTestCase(GenerateTestCase):
    def run_with(
        self, installer: str, *argv: str, lines: tuple[str, ...] = ("a",)
    ) -> base.Outcome:
        """Run on a list for this Python; nothing may be left but logs."""
        done = self.generate(
            *("-p", sys.executable, "-r", self.requirements(*lines)),
            *("--installer", installer, "--sort", "name", *argv),
        )
        self.assert_nothing_left()
        return done

    def pins(
        self, installer: str, *argv: str, lines: tuple[str, ...] = ("a",)
    ) -> str:
        """The pins of a run in which nothing is wrong."""
        done = self.run_with(installer, *argv, lines=lines)
        self.assertEqual((0, ""), (done.status, done.err))
        return done.out.replace("===", " ").replace("\n", ", ")[:-2]

    def previous(self, *pins: str) -> str:
        return self.write("previous.txt", "".join(f"{p}\n" for p in pins))


class TestPrevious(NightlyTestCase):
    def setUp(self) -> None:
        super().setUp()
        for name in ("a", "b", "c"):
            for version in ("1.0", "2.0", "10.0"):
                requires = ["b", "c"] if name == "a" else []
                self.index.wheel(name, version, requires=requires)

    def test_pins_stay(self) -> None:
        old = self.previous("a===2.0", "b===1.0", "c===10.0")
        for installer in INSTALLERS:
            for more in ((), ("--no-install",)):
                self.assertEqual(
                    "a 2.0, b 1.0, c 10.0",
                    self.pins(installer, "--previous", old, *more),
                )
            self.assertEqual("a 10.0, b 10.0, c 10.0", self.pins(installer))

    def test_a_pin_that_no_longer_resolves_moves(self) -> None:
        old = self.previous("a===2.0", "b===1.0", "gone===3")
        for installer in INSTALLERS:
            self.assertEqual(
                "a 2.0, b 10.0, c 10.0",
                self.pins(
                    installer, "--previous", old, lines=("a", "b>=2,!=2.0")
                ),
            )

    def test_a_version_that_is_gone_moves(self) -> None:
        old = self.previous("a===2.0", "b===1.5", "c===1.0")
        for installer in INSTALLERS:
            self.assertEqual(
                "a 2.0, b 10.0, c 1.0",
                self.pins(installer, "--previous", old),
            )

    def test_only_what_applies_here(self) -> None:
        old = self.previous(
            f"a===1.0;python_version!='{VERSION}'",
            f"a===2.0;python_version=='{VERSION}'",
            "b>=1",
            "c==1.0",
        )
        self.assertEqual(
            "a 2.0, b 10.0, c 1.0", self.pins("uv", "--previous", old)
        )

    def test_upgrade_package(self) -> None:
        old = self.previous("A===1.0", "b===1.0", "c===1.0")
        for installer in INSTALLERS:
            self.assertEqual(
                "A 10.0, b 1.0, c 1.0".lower(),
                self.pins(
                    installer, "--previous", old, "--upgrade-package", "A"
                ),
            )
        done = self.run_with(
            "uv", "--previous", old, "--upgrade-package", "typo"
        )
        self.assertEqual(0, done.status)
        self.assertIn("--upgrade-package typo: ", done.err)

    def test_upgrade(self) -> None:
        old = self.previous("a===1.0", "b===1.0", "c===1.0")
        self.assertEqual(
            "a 10.0, b 10.0, c 10.0",
            self.pins("uv", "--previous", old, "--upgrade"),
        )

    def test_options_that_do_not_go_together(self) -> None:
        for argv, words in (
            (("--upgrade",), "--upgrade needs --previous"),
            (("--bisect",), "--bisect needs --previous"),
            (("--allow-missing",), "--allow-missing needs --keep-going"),
            (("--verify", "--no-install"), "--no-install does not go with"),
        ):
            done = self.run_with("uv", *argv)
            self.assertEqual((2, ""), (done.status, done.out))
            self.assertIn(words, done.err)
        done = self.generate("--from-freezes", "x", "--keep-going")
        self.assertIn("--keep-going does not go with it", done.err)


class TestKeepGoing(NightlyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.index.wheel("good", "1.0", requires=["deep"])
        self.index.wheel("deep", "1.0")

    def keeps_going(
        self,
        installer: str,
        previous: str | None,
        *lines: str,
        more: tuple[str, ...] = (),
    ) -> tuple[str, str]:
        """The pins, and what is said of what is broken."""
        argv = ("--keep-going", *more)
        if previous is not None:
            argv += ("--previous", previous, "--upgrade")
        done = self.run_with(installer, *argv, lines=lines)
        self.assertEqual(3, done.status, done.err)
        pins = done.out.replace("===", " ").replace("\n", ", ")[:-2]
        allowed = self.run_with(
            installer, *argv, "--allow-missing", lines=lines
        )
        self.assertEqual((0, done.out), (allowed.status, allowed.out))
        return pins, done.err

    def test_a_new_release_that_does_not_build(self) -> None:
        for late in (False, True):
            self.index.wheel("bad", "1.0", requires=["deep"])
            self.index.sdist("bad", "2.0", fail="no compiler", late=late)
            old = self.previous("bad===1.0", "deep===0.9")
            for installer in INSTALLERS:
                pins, err = self.keeps_going(
                    installer, old, "good", "bad", "more"
                )
                self.assertEqual("bad 1.0, deep 1.0, good 1.0", pins)
                self.assertIn("it could not be built", err)
                self.assertIn("it is held at 1.0\n", err)
            self.assertIn(f"Python {VERSION}: bad 2.0: ", err)

    def test_the_pinned_release_does_not_build(self) -> None:
        self.index.sdist("bad", "2.0", native_missing="x/y.h", late=True)
        self.write(
            "bindep.txt",
            "# bad, worse\nlibx-dev [platform:dpkg]\nlibx [platform:rpm]\n\n"
            "# x\nlibother\n",
        )
        release = {"ID": "debian"}
        self.useFixture(
            fixtures.MonkeyPatch(
                "platform.freedesktop_os_release", lambda: release
            )
        )
        old = self.previous("BAD===2.0")
        for installer in INSTALLERS:
            pins, err = self.keeps_going(installer, old, "good", "bad")
            self.assertEqual("BAD 2.0, deep 1.0, good 1.0", pins)
            self.assertIn("(x/y.h is missing)", err)
            self.assertIn("it keeps its pin 2.0, which is not tested", err)
            self.assertIn("what to install: libx-dev\n", err)
            path = err.split("the whole output: ")[1].splitlines()[0]
            self.assertIn("x/y.h", Path(path).read_text())
        # What is installed is not asked for.
        tool = self.write(
            "tools/dpkg-query", "#!/bin/sh\necho installed libx-dev\n"
        )
        os.chmod(tool, 0o755)
        self.useFixture(
            fixtures.EnvironmentVariable(
                "PATH", f"{self.folder}/tools{os.pathsep}{os.environ['PATH']}"
            )
        )
        _, err = self.keeps_going("uv", old, "good", "bad")
        self.assertNotIn("what to install", err)
        self.assertIn(
            "  what bindep.txt lists for it is installed: libx-dev\n", err
        )

    def test_without_an_earlier_pin(self) -> None:
        self.index.sdist("bad", "2.0", fail="no", requires=["lonely"])
        self.index.wheel("lonely", "1.0")
        for installer in INSTALLERS:
            pins, err = self.keeps_going(installer, None, "good", "bad")
            self.assertEqual("deep 1.0, good 1.0", pins)
            self.assertIn("it is left out", err)

    def test_what_others_need(self) -> None:
        self.index.sdist("bad", "2.0", fail="no")
        self.index.wheel("top", "1.0", requires=["middle"])
        self.index.wheel("middle", "1.0", requires=["bad"])
        old = self.previous("bad===1.9", "top===0.5")
        pins, _ = self.keeps_going("uv", old, "good", "top")
        self.assertEqual(
            "bad 1.9, deep 1.0, good 1.0, middle 1.0, top 1.0", pins
        )
        # pip cannot leave out what is not in the list.
        pins, _ = self.keeps_going("pip", old, "good", "top")
        self.assertEqual("bad 1.9, deep 1.0, good 1.0, top 0.5", pins)

    def test_a_distribution_that_is_gone(self) -> None:
        old = self.previous("gone===1.0")
        for installer in INSTALLERS:
            pins, _ = self.keeps_going(installer, old, "good", "gone>=1")
            self.assertEqual("deep 1.0, gone 1.0, good 1.0", pins)

    def test_a_broken_wheel(self) -> None:
        self.index.wheel("bad", "1.0")
        self.index.truncate(self.index.wheel("bad", "2.0"))
        old = self.previous("bad===1.0")
        pins, _ = self.keeps_going("uv", old, "good", "bad")
        self.assertEqual("bad 1.0, deep 1.0, good 1.0", pins)

    def test_several_are_broken(self) -> None:
        lines = ["good"]
        for number in range(6):
            self.index.wheel(f"bad{number}", "1.0")
            self.index.sdist(f"bad{number}", "2.0", fail="no")
            lines.append(f"bad{number}")
        old = self.previous(*(f"bad{number}===1.0" for number in range(5)))
        pins, err = self.keeps_going("uv", old, *lines)
        self.assertEqual(
            "bad0 1.0, bad1 1.0, bad2 1.0, bad3 1.0, bad4 1.0, "
            "deep 1.0, good 1.0",
            pins,
        )
        self.assertEqual(6, err.count("the whole output"))

    def test_the_earlier_pin_does_not_go_with_the_rest(self) -> None:
        self.index.wheel("bad", "1.0", requires=["deep<1"])
        self.index.sdist("bad", "2.0", fail="no")
        old = self.previous("bad===1.0")
        pins, _ = self.keeps_going("uv", old, "good", "bad", "deep>=1")
        self.assertEqual("bad 1.0, deep 1.0, good 1.0", pins)

    def test_without_anything_broken(self) -> None:
        for installer in INSTALLERS:
            self.assertEqual(
                "deep 1.0, good 1.0",
                self.pins(installer, "--keep-going", lines=("good",)),
            )

    def test_what_is_nobodys_own_fault_still_fails(self) -> None:
        self.index.wheel("left", "1.0", requires=["deep<1"])
        done = self.run_with(
            "uv", "--keep-going", lines=("left", "deep>=1", "good")
        )
        self.assertEqual((2, ""), (done.status, done.out))
        self.index.error("good")
        done = self.run_with("uv", "--keep-going", lines=("good",))
        self.assertEqual((3, ""), (done.status, done.out))

    def test_freezes_remember(self) -> None:
        self.index.sdist("bad", "2.0", fail="no")
        old = self.previous("bad===1.0")
        folder = str(self.folder / "freezes")
        done = self.run_with(
            *("uv", "--keep-going", "--previous", old),
            *("--freeze-dir", folder),
            lines=("good", "bad"),
        )
        path = os.path.join(folder, f"python{VERSION}.json")
        one = freeze_json.from_json(Path(path).read_text(), path)
        self.assertEqual(
            [("bad", "1.0", False)],
            [(each.name, each.version, each.installed) for each in one.kept],
        )
        again = self.generate("--from-freezes", path, "--sort", "name")
        self.assertEqual(done.out, again.out)


class TestBefore(NightlyTestCase):
    def test_only_what_was_there(self) -> None:
        for version, moment in (
            ("1.0", "2020-01-01T00:00:00Z"),
            ("2.0", "2021-06-01T10:00:00Z"),
            ("3.0", "2021-06-02T00:00:00Z"),
        ):
            self.index.uploaded(self.index.wheel("a", version), moment)
        for installer in DATED:
            for before, expected in (
                ("2021-06-01", "a 1.0"),
                ("2021-06-02", "a 2.0"),
                ("2021-06-01T12:00:00+02:00", "a 1.0"),
                ("2021-06-01T12:00:01+02:00", "a 2.0"),
                ("2021-06-02T00:00:01Z", "a 3.0"),
            ):
                found = self.pins(installer, "--before", before)
                self.assertEqual(expected, found)

    def test_no_date(self) -> None:
        done = self.run_with("uv", "--before", "yesterday")
        self.assertEqual(2, done.status)
        self.assertIn("'yesterday' is not a date", done.err)

    def test_the_ends_of_time(self) -> None:
        self.index.wheel("a", "1.0")
        for installer in DATED:
            for early in ("0001-01-01", "0001-01-01T00:00:00Z"):
                done = self.run_with(installer, "--before", early)
                self.assertEqual((2, ""), (done.status, done.out), done.err)
                self.assertIn("Python", done.err)
            self.assertEqual(
                "a 1.0", self.pins(installer, "--before", "9998-12-31")
            )
        for never in (
            "0001-01-01T00:00:00+01:00",
            "9999-12-31",
            "9999-12-31T23:59:59-12:00",
        ):
            done = self.run_with("uv", "--before", never)
            self.assertEqual((2, ""), (done.status, done.out), done.err)
            self.assertIn(f"'{never}' is not in the years", done.err)


class TestBeforeWithoutDates(NightlyTestCase):
    json = False

    def test_it_says_so(self) -> None:
        self.index.wheel("a", "1.0")
        for installer in DATED:
            done = self.run_with(installer, "--before", "2021-06-01")
            self.assertEqual((3, ""), (done.status, done.out), done.err)
            self.assertIn("upload date", done.err.splitlines()[0])


class TestVerify(NightlyTestCase):
    def test_all_is_well(self) -> None:
        self.index.wheel("a", "1.0", requires=["b"])
        self.index.wheel("b", "1.0")
        for installer in INSTALLERS:
            self.assertEqual("a 1.0, b 1.0", self.pins(installer, "--verify"))

    def test_with_what_could_not_be_built(self) -> None:
        self.index.wheel("good", "1.0", requires=["bad"])
        self.index.sdist("bad", "2.0", fail="no", late=True)
        old = self.previous("bad===2.0")
        done = self.run_with(
            *("uv", "--verify", "--keep-going", "--previous", old),
            lines=("good",),
        )
        self.assertEqual("bad===2.0\ngood===1.0\n", done.out, done.err)
        self.assertEqual(3, done.status)
        done = self.run_with("uv", "--verify", lines=("good",))
        self.assertEqual((3, ""), (done.status, done.out))


class TestBisect(NightlyTestCase):
    """A list of thirty, twelve upgrades, two bad ones among them."""

    def setUp(self) -> None:
        super().setUp()
        self.names = [f"n{number:02}" for number in range(30)]
        self.upgrades = self.names[3:27:2]
        for name in self.names:
            self.index.wheel(name, "1.0")
        self.old = self.previous(*(f"{name}===1.0" for name in self.names))

    def bisect(self, *argv: str) -> tuple[base.Outcome, list[str]]:
        """What was done, and what was not upgraded."""
        output = str(self.folder / "uc.txt")
        done = self.run_with(
            *("uv", "--previous", self.old, "--bisect", *argv),
            *("-o", output, "--jobs", "1"),
            lines=tuple(self.names),
        )
        if done.status:
            return done, []
        lines = Path(output).read_text().splitlines()
        self.assertEqual(30, len(lines))
        held = set(self.upgrades) - {
            line.partition("===")[0] for line in lines if "===2" in line
        }
        return done, sorted(held)

    def trials(self, done: base.Outcome) -> int:
        return int(done.err.split("after ")[1].split(" tests")[0])

    def upgrade(self, *bad: str) -> None:
        for name in self.upgrades:
            if name not in bad:
                self.index.wheel(name, "2.0")

    def test_two_that_do_not_build(self) -> None:
        bad = [self.upgrades[4], self.upgrades[9]]
        self.upgrade(*bad)
        for name in bad:
            self.index.sdist(name, "2.0", fail=f"{name} breaks", late=True)
        done, held = self.bisect()
        self.assertEqual((0, bad), (done.status, held), done.err)
        self.assertIn("bisect: 10 of 12 upgrades pass", done.err)
        for name in bad:
            self.assertIn(f"held at {name}===1.0, because", done.err)
            self.assertIn(f"| {name} breaks", done.err)
        self.assertLessEqual(self.trials(done), 12)

    def test_two_that_a_command_does_not_like(self) -> None:
        self.upgrade()
        bad = [self.upgrades[0], self.upgrades[11]]
        pattern = "|".join(f"^{name}===2" for name in bad)
        for command in (
            f"! grep -E '{pattern}' $UPPER_CONSTRAINTS_FILE",
            f"! grep -E '{pattern}' {{}}",
        ):
            done, held = self.bisect(command)
            self.assertEqual((0, bad), (done.status, held), done.err)
            self.assertLessEqual(self.trials(done), 12)

    def test_upgrades_that_only_work_together(self) -> None:
        first, second = self.upgrades[2], self.upgrades[7]
        bad = self.upgrades[5]
        self.upgrade(first, second, bad)
        self.index.wheel(first, "2.0", requires=[f"{second}>=2"])
        self.index.wheel(second, "2.0", requires=[f"{first}>=2"])
        self.index.sdist(bad, "2.0", fail="no", late=True)
        done, held = self.bisect()
        self.assertEqual((0, [bad]), (done.status, held), done.err)

    def test_one_whose_metadata_cannot_be_had(self) -> None:
        bad = self.upgrades[5]
        self.upgrade(bad)
        self.index.sdist(bad, "2.0", fail="no")
        done, held = self.bisect()
        self.assertEqual((0, [bad]), (done.status, held), done.err)
        self.assertIn("bisect: 11 of 12 upgrades pass", done.err)
        self.assertIn(f"held at {bad}===1.0", done.err)

    def test_nothing_to_blame(self) -> None:
        self.upgrade()
        done, held = self.bisect()
        self.assertEqual((0, []), (done.status, held))
        self.assertIn("12 of 12 upgrades pass, after 1 tests", done.err)

    def test_the_earlier_pins_fail_as_well(self) -> None:
        self.upgrade()
        done, _ = self.bisect("exit 1")
        self.assertEqual(2, done.status)
        self.assertIn("no upgrade is the culprit", done.err)

    def test_a_command_that_does_not_exist(self) -> None:
        self.upgrade()
        done, _ = self.bisect("no-such-command-here")
        self.assertEqual(2, done.status)
        self.assertIn("is not found", done.err)

    def test_only_one_package_is_upgraded(self) -> None:
        self.upgrade()
        done, held = self.bisect("--upgrade-package", self.upgrades[1])
        self.assertEqual(
            sorted(set(self.upgrades) - {self.upgrades[1]}), held, done.err
        )


class TestCache(NightlyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cache = str(self.folder / "cache")
        self.index.wheel("a", "1.0", requires=["b"])
        self.index.wheel("b", "1.0", requires=["c"])
        self.index.wheel("c", "1.0")

    def same(self, *lines: str, more: tuple[str, ...] = ()) -> str:
        """The pins, which are those of a fresh run; so are the freezes."""
        texts = []
        for name, argv in (("warm", ("--cache-dir", self.cache)), ("new", ())):
            folder = str(self.folder / name)
            done = self.run_with(
                *("uv", "--freeze-dir", folder, *argv, *more), lines=lines
            )
            self.assertIn(done.status, (0, 3), done.err)
            path = Path(folder, f"python{VERSION}.json")
            texts.append(done.out + path.read_text())
        self.assertEqual(*texts)
        return done.out.replace("===", " ").replace("\n", ", ")[:-2]

    def environment(self) -> Path:
        return Path(self.cache, f"python{VERSION}", "environment")

    def site(self) -> Path:
        return Path(environments.site_folders(str(self.environment()))[0])

    def rewrite_metadata(self) -> None:
        path = self.site() / "c-1.0.dist-info/METADATA"
        path.unlink()  # uv's cache may have the same file
        path.write_text("Metadata-Version: 2.1\nName: c\nVersion: 7\n")

    def test_nights(self) -> None:
        self.assertEqual("a 1.0, b 1.0, c 1.0", self.same("a"))
        self.assertEqual("a 1.0, b 1.0, c 1.0", self.same("a"))
        self.index.wheel("b", "2.0", requires=["d"])
        self.index.wheel("d", "1.0")
        self.assertEqual("a 1.0, b 2.0, d 1.0", self.same("a"))
        self.index.wheel("c", "3.0")
        self.assertEqual("a 1.0, b 1.0, c 3.0", self.same("a", "b<2"))
        self.assertEqual("c 3.0", self.same("c"))
        self.assertEqual("", self.same("c;python_version<'3'"))

    def test_what_is_there_is_not_installed_again(self) -> None:
        self.same("a")
        mark = self.site() / "mark"
        mark.touch()
        self.index.wheel("c", "2.0")
        self.same("a")
        self.assertTrue(mark.exists())

    def test_the_same_version_from_another_file(self) -> None:
        self.same("a")
        self.index.remove("c-1.0-py2.py3-none-any.whl")
        self.index.wheel("c", "1.0", license="changed", tag="py3-none-any")
        self.same("a")

    def test_damage_is_noticed(self) -> None:
        for damage in (
            lambda: os.unlink(self.site() / "c-1.0.dist-info/METADATA"),
            self.rewrite_metadata,
            lambda: (self.site() / "x.egg-info").write_text(
                "Metadata-Version: 2.1\nName: x\nVersion: 7\n"
            ),
            lambda: environments.remove(
                str(self.environment() / "bin"), self.children()
            ),
            lambda: environments.discard(str(self.environment())),
            lambda: (self.environment().parent / "state.json").write_text("["),
            lambda: os.unlink(self.environment().parent / "state.json"),
        ):
            self.same("a")
            damage()
            self.same("a")
            damage()
            self.same("b")

    def test_another_interpreter_of_the_version(self) -> None:
        self.same("a")
        path = self.environment().parent / "state.json"
        memory = json.loads(path.read_text())
        memory["environment"]["python_full_version"] = "3.0.0"
        path.write_text(json.dumps(memory))
        mark = self.site() / "mark"
        mark.touch()
        self.same("a")
        self.assertFalse(mark.exists())

    def test_something_is_broken(self) -> None:
        old = self.previous("c===1.0")
        more = ("--keep-going", "--previous", old, "--upgrade")
        self.same("a", more=more)
        self.index.sdist("c", "2.0", fail="no", late=True)
        self.assertEqual("a 1.0, b 1.0, c 1.0", self.same("a", more=more))
        done = self.run_with("uv", "--cache-dir", self.cache, lines=("a",))
        self.assertEqual((3, ""), (done.status, done.out))
        self.assertEqual("a 1.0, b 1.0, c 1.0", self.same("a", "c<2"))

    def test_one_run_at_a_time(self) -> None:
        from openstack_requirements.install import cache

        with cache.in_use(self.cache):
            done = self.run_with("uv", "--cache-dir", self.cache)
        self.assertEqual(2, done.status)
        self.assertIn("another run is using", done.err)
        self.same("a")


class TestHtmlCache(TestCache):
    json = False
    metadata = False
