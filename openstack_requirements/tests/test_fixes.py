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
"""The change that a finding promises: it passes, and --fix makes the same."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.checks import fixes, judgement, verdicts
from openstack_requirements.errors import UnusableInput
from openstack_requirements.manifests import declarations, edits
from openstack_requirements.pep508.entries import read_entries
from openstack_requirements.pep508.parser import parse_line
from openstack_requirements.repository import policy
from openstack_requirements.tests import base, corpus_laws

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openstack_requirements.checks.subjects import Against
    from openstack_requirements.manifests.declarations import Declared

CLASSIC, CURRENT = policy.CLASSIC, policy.CURRENT
BOTH = (CLASSIC, CURRENT)
REQ, TEST = "requirements.txt", "test-requirements.txt"
LOW, CFG, TOML = "lower-constraints.txt", "setup.cfg", "pyproject.toml"


class Case(NamedTuple):
    """The list, a project, the fix of all findings, and what --fix writes.

    ``fix`` is None where no fix is known; ``after`` is None where nothing
    changes.
    """

    policies: tuple[policy.Policy, ...]
    listed: str
    files: Mapping[str, str]
    fix: str | None
    after: Mapping[str, str] | None = None


def requirements(text: str) -> dict[str, str]:
    return {REQ: text}


#: Several findings of one cause have one fix, and it passes.
CASES = {
    "an exact version below the bound of the list": Case(
        BOTH,
        "WebOb>=1.2.3",
        requirements("WebOb==1.0.8\n"),
        "write WebOb>=1.2.3",
        requirements("WebOb>=1.2.3\n"),
    ),
    "a count and a marker, classic": Case(
        (CLASSIC,),
        "foo>=1;os_name=='nt'\nfoo>=2;os_name!='nt'",
        requirements("foo>=2\n"),
        "write foo>=1;os_name=='nt' and foo>=2;os_name!='nt'",
        requirements("foo>=1;os_name=='nt'\nfoo>=2;os_name!='nt'\n"),
    ),
    "a count and a marker, current": Case(
        (CURRENT,),
        "foo<3;os_name=='nt'\nfoo!=4;os_name!='nt'",
        requirements("foo>=2\n"),
        "write foo>=2,<3;os_name=='nt' and foo>=2,!=4;os_name!='nt'",
        requirements("foo>=2,<3;os_name=='nt'\nfoo>=2,!=4;os_name!='nt'\n"),
    ),
    "a marker, and a cap that only counts without it": Case(
        BOTH,
        "mock!=4.0.0",
        requirements("mock>=2.0.0,<4.0.0;python_version=='2.7'\n"),
        "write mock>=2.0.0",
        requirements("mock>=2.0.0\n"),
    ),
    "an entry that is superfluous": Case(
        BOTH,
        "foo>=1",
        requirements("foo>=1\nfoo>=1;python_version=='2.7'\n"),
        "remove it",
        requirements("foo>=1\n"),
    ),
    "one that is superfluous, with another bound": Case(
        (CURRENT,),
        "foo",
        requirements("foo>=1\nfoo>=2;os_name=='nt'\n"),
        "remove it, and write foo>=2 in line 1",
        requirements("foo>=2\n"),
    ),
    "twice": Case(
        BOTH,
        "foo>=1",
        requirements("# a\nfoo>=1\n\nFoo>=1.0\n"),
        "remove it",
        requirements("# a\nfoo>=1\n\n"),
    ),
    "another one is missing, and this one has a higher bound": Case(
        (CURRENT,),
        "foo>=1;os_name=='nt'\nfoo>=2;os_name!='nt'",
        requirements("foo>=1.5;os_name=='nt'\n"),
        "add foo>=2;os_name!='nt'",
        requirements("foo>=1.5;os_name=='nt'\nfoo>=2;os_name!='nt'\n"),
    ),
    "another one is missing": Case(
        BOTH,
        "foo>=1;os_name=='nt'\nfoo>=2;os_name!='nt'",
        requirements("foo>=1;os_name=='nt'\n"),
        "add foo>=2;os_name!='nt'",
        requirements("foo>=1;os_name=='nt'\nfoo>=2;os_name!='nt'\n"),
    ),
    "extras of setup.cfg": Case(
        (CLASSIC,),
        "foo>=1;os_name=='nt' # A",
        {CFG: "[extras]\nx =\n  foo>=1,!=2:os_name=='posix' # B\n  # c\n"},
        "write foo>=1:os_name=='nt' # A",
        {CFG: "[extras]\nx =\n  foo>=1:os_name=='nt' # A\n  # c\n"},
    ),
    "options of setup.cfg have no comments": Case(
        (CLASSIC,),
        "foo>=1;os_name=='nt' # A\nfoo>=2;os_name!='nt' # A",
        {CFG: "[options]\ninstall_requires =\n  foo>=1\n"},
        "write foo>=1;os_name=='nt' and foo>=2;os_name!='nt'",
        {
            CFG: "[options]\ninstall_requires =\n  foo>=1;os_name=='nt'\n"
            "  foo>=2;os_name!='nt'\n"
        },
    ),
    "pyproject.toml": Case(
        (CLASSIC,),
        "foo>=1;os_name=='nt' # A\nfoo>=2;os_name!='nt'",
        {TOML: '[project]\ndependencies = [\n  "foo>=2",  # why\n]\n'},
        "write foo>=1;os_name=='nt' and foo>=2;os_name!='nt'",
        {
            TOML: "[project]\ndependencies = [\n"
            "  \"foo>=1;os_name=='nt'\",\n"
            "  \"foo>=2;os_name!='nt'\",  # why\n]\n"
        },
    ),
    "a dependency group": Case(
        (CURRENT,),
        "foo!=4",
        {TOML: '[dependency-groups]\nx = ["foo~=1.4"]\n'},
        "write foo>=1.4",
        {TOML: '[dependency-groups]\nx = ["foo>=1.4"]\n'},
    ),
    "a group that is included twice": Case(
        (CURRENT,),
        "foo",
        {
            TOML: '[dependency-groups]\na = ["foo>=1"]\n'
            'b = [{include-group = "a"}, {include-group = "a"}]\n'
        },
        "remove it",
        {
            TOML: '[dependency-groups]\na = ["foo>=1"]\n'
            'b = [{include-group = "a"}]\n'
        },
    ),
    "a bound that the list does not admit": Case(
        (CURRENT,), "foo<2", requirements("foo>=2\n"), None
    ),
    "extras that overlap": Case(
        BOTH, "foo>=1", requirements("foo[a]>=1\nfoo[a,b]>=2\n"), None
    ),
    "no bound, and no constraint to go by": Case(
        (CURRENT,), "bar", requirements("bar\n"), None
    ),
    "an unknown package": Case(BOTH, "foo>=1", requirements("bar>=1\n"), None),
    "a lower constraint follows": Case(
        (CLASSIC,),
        "foo>=2",
        {REQ: "foo==1.5\n", LOW: "# pins\nfoo==1.5;os_name=='nt' # c\n"},
        "write foo>=2, and write foo==2;os_name=='nt' # c in "
        "lower-constraints.txt:2",
        {REQ: "foo>=2\n", LOW: "# pins\nfoo==2;os_name=='nt' # c\n"},
    ),
    "a lower constraint keeps its marker and operator": Case(
        (CLASSIC,),
        "foo>=1;os_name=='nt'",
        {REQ: "foo>=1;os_name=='nt'\n", LOW: "foo===1.5;os_name=='nt'\r\n"},
        "write foo===1;os_name=='nt'",
        {REQ: "foo>=1;os_name=='nt'\n", LOW: "foo===1;os_name=='nt'\r\n"},
    ),
    "a lower constraint for each environment": Case(
        (CLASSIC,),
        "foo>=1;os_name=='nt'\nfoo>=2;os_name!='nt'",
        {
            REQ: "foo>=1;os_name=='nt'\nfoo>=2;os_name!='nt'\n",
            LOW: "foo==1;os_name=='nt'",
        },
        "add foo==2;os_name!='nt' to lower-constraints.txt",
        {
            REQ: "foo>=1;os_name=='nt'\nfoo>=2;os_name!='nt'\n",
            LOW: "foo==1;os_name=='nt'\nfoo==2;os_name!='nt'\n",
        },
    ),
    "a pin for two bounds": Case(
        (CLASSIC,),
        "foo>=1",
        {REQ: "foo>=1\n", TEST: "foo>=2\n", LOW: "foo==1\n"},
        None,
    ),
    "a range in place of a pin, which the requirement does not have": Case(
        (CLASSIC,),
        "foo>=1",
        {REQ: "foo>=1\n", LOW: "foo>=2\n"},
        "write foo==1",
        {REQ: "foo>=1\n", LOW: "foo==1\n"},
    ),
}


def against(rules: policy.Policy, listed: str, pin: str = "") -> Against:
    pins = [parse_line(f"foo==={pin}")] if pin else []
    return judgement.against(
        rules, "list", read_entries(listed), (), (), pins, "pbr.build"
    )


def subject(
    lists: Against, texts: Mapping[str, str], branch: str = "stable/x"
) -> judgement.Subject:
    return judgement.subject(lists, texts, declarations.read(texts), branch)


def fixed(
    lists: Against, texts: Mapping[str, str], branch: str = "stable/x"
) -> dict[str, str]:
    """What ``--fix`` leaves."""
    request = verdicts.CheckRequest(
        verdicts.Criteria(lists, ()),
        branch,
        local=True,
        revision="",
        today=datetime.date(2026, 1, 1),
        names={},
    )
    checkout = verdicts.Checkout(".", "proj", texts, declarations.read(texts))
    changed = verdicts.fix(request, checkout)
    return {**texts, **{file: new for file, (_, new) in changed.items()}}


class TestCases(base.TestCase):
    #: No build system is asked for, but duplicates are found.
    BRANCH = "feature/x"

    def test_table(self) -> None:
        for name, case in CASES.items():
            for rules in case.policies:
                lists = against(rules, case.listed)
                findings = judgement.judge(
                    subject(lists, case.files, self.BRANCH)
                )
                self.assertNotEqual([], findings, name)
                self.assertEqual(
                    {case.fix}, {row.finding.fix for row in findings}, name
                )
                after = fixed(lists, case.files, self.BRANCH)
                self.assertEqual(case.after or case.files, after, name)
                left = judgement.judge(subject(lists, after, self.BRANCH))
                self.assertEqual(case.fix is None, bool(left), name)

    def test_a_hint_stands_for_a_fix(self) -> None:
        for name, case in CASES.items():
            for rules in case.policies:
                lists = against(rules, case.listed)
                for row in judgement.judge(subject(lists, case.files)):
                    known = row.finding.fix, row.finding.hint
                    self.assertEqual(1, known.count(None), name)

    def test_superfluous_entries_go_on_stable_branches_too(self) -> None:
        case = CASES["an entry that is superfluous"]
        for rules in BOTH:
            after = fixed(against(rules, case.listed), case.files)
            self.assertEqual(case.after, after)

    def test_a_part_of_the_findings(self) -> None:
        """What cannot be fixed does not keep the rest from it."""
        lists = against(CURRENT, "bar")
        texts = requirements("bar!=3\n")
        told = {
            row.finding.rule: row.finding.fix
            for row in judgement.judge(subject(lists, texts))
        }
        self.assertEqual(
            {"exclusion-not-global": "write bar", "no-lower-bound": None},
            told,
        )
        self.assertEqual(requirements("bar\n"), fixed(lists, texts))

    def test_the_bound_of_a_constraint(self) -> None:
        lists = against(CURRENT, "foo;os_name=='nt'", pin="1.5")
        texts = requirements("foo!=3\n")
        self.assertEqual(
            requirements("foo>=1.5;os_name=='nt'\n"), fixed(lists, texts)
        )

    def test_all_places_of_a_package_may_have_to_change(self) -> None:
        lists = against(CLASSIC, "foo>=2")
        texts = {REQ: "foo==1\n", TEST: "foo==1\n", LOW: "foo==1\n"}
        told = [
            row.finding.fix for row in judgement.judge(subject(lists, texts))
        ]
        self.assertEqual(
            "write foo>=2, and write foo>=2 in test-requirements.txt:1, and "
            "write foo==2 in lower-constraints.txt:1",
            told[0],
        )
        self.assertEqual(
            {REQ: "foo>=2\n", TEST: "foo>=2\n", LOW: "foo==2\n"},
            fixed(lists, texts),
        )

    def test_what_stood_in_the_target_revision(self) -> None:
        """A changed entry is judged, so that its fix has to pass."""
        lists = against(CLASSIC, "foo>=1")
        before = requirements("foo>=1\n")
        after = requirements("foo>=1\nfoo>=1;os_name=='nt'\n")
        findings = judgement.judge(
            judgement.subject(
                lists,
                after,
                declarations.read(after),
                target=declarations.read(before),
            )
        )
        self.assertEqual({"remove it"}, {row.finding.fix for row in findings})

    def test_a_file_that_cannot_be_edited(self) -> None:
        """Nothing is promised that --fix could not write."""
        lists = against(CLASSIC, "foo>=1\nbar>=1")
        texts = {REQ: "foo>=1,!=2\n", TEST: "bar>=1,!=2\n"}
        project = subject(lists, texts)

        real = edits.apply

        def apply(
            content: str,
            entries: Sequence[Declared],
            new: Mapping[Declared, Sequence[str]],
        ) -> str:
            if entries[0].file == REQ:
                raise UnusableInput(REQ, "cannot be edited")
            return real(content, entries, new)

        with mock.patch.object(edits, "apply", apply):
            told = [row.finding.fix for row in judgement.judge(project)]
        self.assertEqual([None, "write bar>=1"], told)

    def test_a_package_with_too_many_entries(self) -> None:
        lists = against(CLASSIC, "foo>=1")
        most = fixes.MOST_TRIED
        for number, known in ((most, True), (most + 1, False)):
            text = "".join(f"foo>={n}\n" for n in range(1, number + 1))
            (row,) = judgement.judge(subject(lists, requirements(text)))
            self.assertIs(known, row.change is not None)


#: Entries that have several things wrong with them.
NAMES = st.sampled_from(["foo", "Foo", "bar", "foo[a]", "foo[a,b]"])
SPECIFIERS = st.sampled_from(
    [
        *("", ">=1", ">=1,!=1.5", ">=1,<2", "~=1.4", "==1.4", "==1.*"),
        *("!=1.5", "<2", ">=3", "===1.0", ">1,<=1.5"),
    ]
)
MARKERS = st.sampled_from(
    [
        *("", ";os_name=='nt'", ";os_name!='nt'"),
        *(";python_version<'3.8'", ";python_version>='3.8'"),
    ]
)
COMMENTS = st.sampled_from(["", "", " # A", " # B"])
LINES = st.lists(
    st.builds("{}{}{}{}\n".format, NAMES, SPECIFIERS, MARKERS, COMMENTS),
    max_size=4,
).map("".join)
PINS = st.lists(
    st.builds(
        "foo{}{}\n".format,
        st.sampled_from(["==1", "==1.4", "==3", ">=1", "===1.0"]),
        MARKERS,
    ),
    max_size=2,
).map("".join)


@st.composite
def projects(draw: st.DrawFn) -> dict[str, str]:
    texts = requirements(draw(LINES))
    if draw(st.booleans()):
        texts[TEST] = draw(LINES)
    if draw(st.booleans()):
        texts[LOW] = draw(PINS)
    if draw(st.booleans()):
        items = [
            repr(line.partition(" #")[0].replace("'", '"'))
            for line in draw(LINES).splitlines()
        ]
        texts[TOML] = (
            f"[dependency-groups]\na = [{', '.join(items)}]\n"
            "b = ['foo>=1', {include-group = 'a'}]\n"
        )
    return texts


class TestLaws(base.TestCase):
    @given(
        st.sampled_from(BOTH),
        LINES,
        projects(),
        st.sampled_from(["master", "stable/x"]),
        st.sampled_from(["", "1.4"]),
    )
    def test_what_is_promised_passes(
        self,
        rules: policy.Policy,
        listed: str,
        texts: dict[str, str],
        branch: str,
        pin: str,
    ) -> None:
        lists = against(rules, listed, pin)
        broken = corpus_laws.broken_promises(
            lists, texts, branch, datetime.date(2026, 1, 1)
        )
        self.assertEqual([], broken)
