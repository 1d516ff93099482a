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
"""Two hundred edits of one file at once, some of them killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from openstack_requirements.cmds import edit_constraints
from openstack_requirements.constraints import editing
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.system import files
from openstack_requirements.tests import base, forks

MANY = 200
#: What each process can do: half of them remove, half of them replace.
OLD = {number: f"some-library-{number}===1.{number}" for number in range(600)}
NEW = {
    number: f"-e file:///opt/some_library_{number}#egg=some_library_{number}"
    if number % 2
    else ""
    for number in range(MANY)
}
HEAD = "# what works together\n\n"


def words(number: int) -> list[str]:
    return ["--", f"Some_Library.{number}", NEW[number]]


class TestCase(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        content = HEAD + "".join(f"{line}\n" for line in OLD.values())
        self.file = self.write("f/upper-constraints.txt", content)
        self.random = random.Random(4)  # when who is killed, not what happens

    def edit(self, number: int) -> int:
        return edit_constraints.main([self.file, *words(number)])

    def assert_right(self, finished: set[int], killed: set[int]) -> None:
        """What is finished is there, and what was killed is whole."""
        content = files.read_text(self.file)
        read_entries(content, self.file, permit_urls=True)
        self.assertTrue(content.startswith(HEAD))
        lines: dict[str, list[str]] = {}
        for line in content.removeprefix(HEAD).splitlines():
            lines.setdefault(editing.name_of(line), []).append(line)
        for number, old in OLD.items():
            found = lines.pop(f"some-library-{number}", [])
            new = [NEW[number]] if NEW.get(number) else []
            if number in finished:
                self.assertEqual(new, found)
            elif number in killed:
                self.assertIn(found, [[old], new])
            else:
                self.assertEqual([old], found)
        self.assertEqual({}, lines)

    def assert_clean(self) -> None:
        """One more edit, and nothing is left of all the others."""
        self.assertEqual(0, edit_constraints.main([self.file, "new", "new"]))
        self.assertEqual(
            ["upper-constraints.txt"],
            os.listdir(os.path.dirname(self.file)),
        )


class TestMany(TestCase):
    def test_as_a_pool_of_commands(self) -> None:
        """As devstack starts them; every tenth is killed at some moment."""

        def run(number: int) -> tuple[int, int]:
            with subprocess.Popen(
                base.script("edit-constraints", self.file, *words(number)),
                stdin=subprocess.DEVNULL,
            ) as child:
                if number % 10 == 3:
                    time.sleep(delays[number])
                    child.kill()
                return number, child.wait()

        delays = [self.random.uniform(0.02, 0.5) for _ in range(MANY)]
        with ThreadPoolExecutor(16) as pool:
            statuses = dict(pool.map(run, range(MANY)))
        finished = {each for each in statuses if statuses[each] == 0}
        killed = {
            each for each in statuses if statuses[each] == -signal.SIGKILL
        }
        self.assertEqual(set(statuses), finished | killed)
        self.assertGreaterEqual(len(finished), MANY * 9 // 10)
        self.assert_right(finished, killed)
        self.assert_clean()

    def test_at_the_same_moment(self) -> None:
        """All are there before the first may start; a quarter is killed."""
        gate, opened = os.pipe()

        def work(number: int) -> int:
            os.close(opened)
            os.read(gate, 1)  # until the other end is closed
            return self.edit(number)

        children = {
            forks.start(partial(work, number)): number
            for number in range(MANY)
        }
        os.close(opened)
        for child in self.random.sample(sorted(children), MANY // 4):
            time.sleep(self.random.uniform(0, 0.02))
            os.kill(child, signal.SIGKILL)
        statuses = {
            number: forks.wait(child) for child, number in children.items()
        }
        os.close(gate)
        finished = {each for each in statuses if statuses[each] == 0}
        killed = {
            each for each in statuses if statuses[each] == -signal.SIGKILL
        }
        self.assertEqual(set(statuses), finished | killed)
        self.assertTrue(killed)
        self.assert_right(finished, killed)
        self.assert_clean()


class TestKilled(TestCase):
    def test_at_any_moment(self) -> None:
        """One after the other; each finds what the one before it left."""
        start = time.monotonic()
        forks.wait(forks.start(partial(self.edit, 0)))
        usual = time.monotonic() - start
        finished, killed = {0}, set()
        for number in range(1, MANY):
            child = forks.start(partial(self.edit, number))
            time.sleep(self.random.uniform(0, usual * 1.2))
            os.kill(child, signal.SIGKILL)
            if forks.wait(child):
                killed.add(number)
            else:
                finished.add(number)
            self.assert_right(finished, killed)
        self.assertTrue(killed)
        self.assert_clean()
