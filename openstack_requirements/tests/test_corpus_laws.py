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
"""The law over the corpus: what it counts, and that it can be broken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from unittest import mock

import fixtures

from openstack_requirements.checks import fixes, judgement
from openstack_requirements.manifests import declarations
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.repository import policy, update
from openstack_requirements.tests import base, corpus, corpus_job, corpus_laws

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openstack_requirements.checks.project_findings import ProjectChange

LISTS = {"global-requirements.txt": "foo!=1.5\nbar\n"}
PROJECT = {"requirements.txt": "foo>=1,<3\n"}
PAIR = corpus_laws.Pair("p", LISTS, PROJECT)

#: What an updated project may be found to have, whether it breaks the law,
#: and the project before the update.
COUNTED = (
    ("requirements.txt", "foo<3\n", "foo>=1\n", True),
    ("requirements.txt", "foo>=1\n", "foo\n", False),
    ("requirements.txt", "foo\n", "foo\n", False),
    ("requirements.txt", "foo\n", "foo[a]\nfoo>=1\n", True),
    ("requirements.txt", "foo[a]>=1\nfoo[a,b]>=1\n", "foo[a]>=1\n", True),
    (
        "requirements.txt",
        "foo[a]>=1\nfoo[a,b]>=1\n",
        "foo[a]>=1\nfoo[a,b]>=1\n",
        False,
    ),
    ("requirements.txt", "-e x\n", "-e x\n", False),
    ("requirements.txt", "qux>=1\n", "qux>=1\n", True),
    (
        "pyproject.toml",
        "[build-system]\nrequires = ['qux']\n",
        "[build-system]\nrequires = ['qux']\n",
        False,
    ),
    (
        "pyproject.toml",
        "[dependency-groups]\na = ['foo>=1']\n"
        "b = [{include-group='a'}, {include-group='a'}]\n",
        "",
        False,
    ),
)


class TestUncured(base.TestCase):
    def test_counts(self) -> None:
        against = judgement.against(
            policy.CURRENT,
            "list",
            read_entries(LISTS["global-requirements.txt"]),
        )
        for file, after, before, broken in COUNTED:
            texts = {file: after}
            findings = judgement.judge(
                judgement.subject(against, texts, declarations.read(texts))
            )
            uncured = corpus_laws.uncured(
                findings, declarations.read({file: before})
            )
            self.assertEqual(broken, bool(uncured), f"{after}{before}")

    def test_exceptions_are_rules(self) -> None:
        rules = {rule.id for rule in judgement.RULES}
        self.assertLess(corpus_laws.NOT_CURED.keys(), rules)


class TestJudgeUpdate(base.TestCase):
    def test_holds(self) -> None:
        for rules in corpus_laws.POLICIES:
            self.assertEqual([], corpus_laws.judge_update(PAIR, rules))

    def test_a_refused_update_does_not_count(self) -> None:
        pair = PAIR._replace(project={"requirements.txt": "foo bar\n"})
        self.assertIsNone(corpus_laws.judge_update(pair, policy.CURRENT))


class TestJudgeFixes(base.TestCase):
    def test_holds(self) -> None:
        for rules in corpus_laws.POLICIES:
            self.assertEqual([], corpus_laws.judge_fixes(PAIR, rules))

    def test_an_unreadable_list_does_not_count(self) -> None:
        pair = PAIR._replace(lists={"global-requirements.txt": "foo bar\n"})
        self.assertIsNone(corpus_laws.judge_fixes(pair, policy.CURRENT))

    def test_a_fix_that_does_not_fix(self) -> None:
        """The promise is what is judged, not the proposal."""
        real = fixes.make
        for old, new in (
            ("foo>=1\n", "foo>=1,<3\n"),
            ("foo>=1\n", "foo;os_name=='x'\n"),
        ):

            def wrong(
                texts: Mapping[str, str],
                changes: Iterable[ProjectChange],
                old: str = old,
                new: str = new,
            ) -> dict[str, str]:
                made = real(texts, changes)
                return {
                    file: text.replace(old, new) for file, text in made.items()
                }

            with mock.patch.object(fixes, "make", wrong):
                broken = corpus_laws.judge_fixes(PAIR, policy.CURRENT)
            self.assertTrue(broken, new)


class TestRunner(base.TestCase):
    """On a corpus of one project."""

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_requirements.tests.corpus.sections", lambda: ()
            )
        )
        record = {"project": "p", "list": "d"}
        self.write("c/expected/update/p.json", json.dumps(record))
        for file, text in LISTS.items():
            self.write(f"c/lists/d/{file}", text)
        for file, text in PROJECT.items():
            self.write(f"c/projects/p/{file}", text)

    def outcome(self) -> base.Outcome:
        return self.run_main(
            lambda argv: corpus.main(list(argv)), str(self.folder / "c")
        )

    def test_the_law_holds(self) -> None:
        done = self.outcome()
        self.assertEqual(0, done.status, done.out)
        self.assertIn("laws: update, then check: 2 of 2\n", done.out)
        self.assertIn("laws: check, fix, check: 2 of 2\n", done.out)

    def test_a_fix_that_changes_nothing_breaks_it(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_requirements.checks.fixes.make",
                lambda texts, _: dict(texts),
            )
        )
        done = self.outcome()
        self.assertEqual(1, done.status)
        self.assertIn("laws: check, fix, check: 0 of 2\n", done.out)
        self.assertIn("p with d, current:\n", done.out)
        self.assertIn("the fix 'write foo>=1' stays", done.out)
        self.assertIn("is left by --fix", done.out)

    def test_an_update_that_changes_nothing_breaks_it(self) -> None:
        nothing = update.Plan("proj", (), (), ())
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_requirements.repository.update.plan",
                lambda *_: nothing,
            )
        )
        done = self.outcome()
        self.assertEqual(1, done.status)
        self.assertIn("laws: update, then check: 0 of 2\n", done.out)
        self.assertIn("p with d, current:", done.out)
        self.assertIn("requirements.txt:1: exclusion-not-global: ", done.out)


class TestJob(base.TestCase):
    """The law of the published job, over a corpus of three projects."""

    def setUp(self) -> None:
        super().setUp()
        old = "foo>=1.0 # MIT\n"
        self.write("lists/old/global-requirements.txt", old)
        self.write("lists/old/blacklist.txt", "flake8\n")
        self.write("lists/new/global-requirements.txt", "foo\n")
        self.write("lists/new/denylist.txt", "flake8\n")
        for number, (project, lists) in enumerate(
            (("a@1", "old"), ("a@2", "old"), ("b@1", "old"), ("c@1", "new"))
        ):
            text = "nosuch>=1\n" if project == "b@1" else old
            self.write(f"projects/{project}/requirements.txt", text)
            self.write(
                f"expected/check/{number}.json",
                json.dumps({"project": project, "list": lists}),
            )

    def test_the_same_projects_each_time(self) -> None:
        for vintage, names in ((False, ["a", "b"]), (True, ["c"])):
            pairs = [
                list(corpus_job.chosen(self.folder, vintage)) for _ in range(2)
            ]
            self.assertEqual(pairs[0], pairs[1])
            self.assertEqual(names, sorted(name[0] for name, _ in pairs[0]))

    def test_holds(self) -> None:
        self.assertEqual((3, ()), corpus_job.check_job(self.folder))
        statuses = [
            corpus_job.judge(
                str(self.folder / "projects" / project),
                str(self.folder / "lists/old"),
            )
            for project in ("a@1", "b@1")
        ]
        self.assertEqual([(0, 0), (1, 1)], statuses)

    def test_is_broken(self) -> None:
        for name, status in (("quietly_run", 2), ("run_script", None)):
            with fixtures.MonkeyPatch(
                f"{corpus_job.__name__}.{name}",
                lambda *_: status,  # noqa: B023
            ):
                outcome = corpus_job.check_job(self.folder)
            self.assertEqual((3, 3), (outcome.projects, len(outcome.broken)))
