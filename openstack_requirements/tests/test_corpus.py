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
"""The corpus runner finds what differs; the corpus itself passes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import fixtures

from openstack_requirements.tests import base, corpus

#: The folder of the corpus, which is not part of this repository.
VARIABLE = "OPENSTACK_REQUIREMENTS_CORPUS"


def record(**fields: object) -> dict[str, object]:
    found = corpus._fields("foo>=1.0", permit_urls=False)
    return {**found, **fields}


class TestRunner(base.TestCase):
    """On a corpus of one line, one file and one merge."""

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_requirements.tests.corpus.sections",
                lambda: corpus.SECTIONS,
            )
        )
        self.plain = record()
        self.merge = ["foo===1\n"]
        self.status = 0

    def corpus(self) -> base.Outcome:
        row = {
            "line": "foo>=1.0",
            "classic": {"plain": self.plain, "urls": "same as plain"},
            "current": "same as classic",
        }
        run = {
            "list": "d",
            "file": "l.txt",
            "vintage": "current",
            "exit": 0,
            "stdout": "same as the input",
        }
        case = {
            "name": "one",
            "kind": "combine",
            "freezes": [["3.9", [["foo", "1"]]]],
            "classic": {"lines": self.merge},
        }
        for name, data in (
            ("parse/lines.json", {"rows": [row]}),
            ("normalize/index.json", {"runs": [run]}),
            ("combine/cases.json", {"cases": [case]}),
        ):
            self.write(f"c/expected/{name}", json.dumps(data))
        self.write("c/lists/d/l.txt", "a>=1\n")
        return self.run_main(
            lambda argv: corpus.main(list(argv)), str(self.folder / "c")
        )

    def test_all_the_same(self) -> None:
        done = self.corpus()
        self.assertEqual(0, done.status, done.out)
        self.assertIn("\n4 passed, 0 failed\n", done.out)

    def test_what_differs_is_shown_and_fails(self) -> None:
        self.plain = record(key="bar")
        self.merge = ["foo===2\n"]
        done = self.corpus()
        self.assertEqual(1, done.status)
        self.assertIn("\n1 passed, 3 failed\n", done.out)
        self.assertIn("'foo>=1.0' (urls)", done.out)

    def test_no_corpus(self) -> None:
        done = self.run_main(
            lambda argv: corpus.main(list(argv)), str(self.folder)
        )
        self.assertEqual(2, done.status)

    def test_a_listed_deviation_has_one_right_outcome(self) -> None:
        listed = {"x": {"reason": "r", "ours": 2}}
        self.assertEqual(
            "listed", corpus.judge(corpus.Case("s", "x", 1, 2), listed)
        )
        for expected, actual in ((1, 3), (2, 2)):
            case = corpus.Case("s", "x", expected, actual)
            self.assertNotIn(corpus.judge(case, listed), {"listed", "same"})

    def test_every_listed_deviation_has_a_reason(self) -> None:
        for cases in corpus.deviations().values():
            for entry in cases.values():
                self.assertGreater(len(entry["reason"]), 15)


class TestCorpus(base.TestCase):
    def test_passes(self) -> None:
        folder = os.environ.get(VARIABLE)
        if not folder:
            self.skipTest(f"{VARIABLE} names no folder")
        names = [str(Path(folder).resolve())]
        done = self.run_main(lambda argv: corpus.main(list(argv)), *names)
        self.assertEqual(0, done.status, done.out)
