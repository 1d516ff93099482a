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
"""What a project's files must become, under both policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import fixtures
import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.checks import judgement
from openstack_requirements.manifests import declarations, setup_py
from openstack_requirements.pep508.entries import (
    HEADING,
    names_in,
    read_entries,
)
from openstack_requirements.pep508.requirement import (
    canonical_name,
)
from openstack_requirements.pep508.version_sets import version_set
from openstack_requirements.repository import equality, policy, update
from openstack_requirements.tests import base, corpus_laws

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = "".join(f"{line}\n" for line in HEADING)

# The global list, a requirements file, and what becomes of it.
CLASSIC = (
    ("foo>=2 # MIT\n", "foo>=1 # BSD\n", "foo>=2 # MIT\n"),
    ("foo!=1.5,>=1\n", "foo>=1,!=1.5.0\n", "foo!=1.5,>=1\n"),
    ("foo>=2 # MIT\n", "# a\n\n  foo[b,a]\n", "# a\n\nfoo[a,b]>=2 # MIT\n"),
    ("Foo_bar>=1\n", "foo-bar>=1\n", "Foo_bar>=1\n"),
    ("foo>=2\n", "never>=1   # c\n", "never>=1 # c\n"),
    ("foo>=2\n", "NEVER>=1\nHacking<1\n", "NEVER>=1\nHacking<1\n"),
    ("foo>=2\n", "-e x://y#egg=y\n -f z \n", "-e x://y#egg=y\n -f z\n"),
    ("foo>=2\n", "foo", "foo>=2\n"),
    # Entries pair by marker, and only then by position.
    (
        "foo<2;python_version=='2.7'\nfoo>=2;python_version>='3.0'\n",
        "foo;python_version >= \"3\"\n# c\nfoo;python_version=='2.7'\n",
        "foo>=2;python_version>='3.0'\n# c\nfoo<2;python_version=='2.7'\n",
    ),
    (
        "foo<2;python_version=='2.7'\nfoo>=2;python_version>='3.0'\n",
        "# a\nfoo;python_version>='3.0'\n# b\n",
        "# a\nfoo<2;python_version=='2.7'\nfoo>=2;python_version>='3.0'\n"
        "# b\n",
    ),
    (
        "foo<2;python_version=='2.7'\nfoo>=2;python_version>='3.0'\n",
        "foo>=1\nbar\n",
        "foo<2;python_version=='2.7'\nfoo>=2;python_version>='3.0'\nbar>=3\n",
    ),
    ("foo>=2\n", "foo;os_name=='nt'\nbar\nfoo\n", "bar>=3\nfoo>=2\n"),
    ("foo>=2\n", "foo;os_name=='nt'\nfoo;os_name=='x'\n", "foo>=2\n"),
    # Each set of extras is a package of its own here.
    ("foo>=2\n", "foo\nfoo[a]\nFoo[A]\n", "foo>=2\nfoo[a]>=2\n"),
    ("foo>=2\nfoo[a]>=3\n", "foo[a]\nfoo\n", "foo[a]>=3\nfoo>=2\n"),
    ("foo[a]>=3\n", "foo\n", "foo>=3\n"),
)

# The same under the current policy, where projects have the lower bounds.
CURRENT = (
    ("foo!=1.5\n", "foo>=1\n", "foo>=1,!=1.5\n"),
    ("foo!=1.5,<3\n", "foo>=1,<2 # mine\n", "foo>=1,!=1.5,<3 # mine\n"),
    ("foo!=1.5\n", "foo >= 1, !=1.5.0\t# mine\n", None),
    ("foo\n", "foo~=1.4\n", "foo>=1.4\n"),
    ("foo\n", "foo==1.*\n", "foo>=1\n"),
    ("foo<3\n", "foo==1.0+local\n", "foo>=1.0,<3\n"),
    ("foo\n", "foo===2004d-x\n", "foo\n"),
    ("foo~=1.4\n", "foo~=1.4\n", None),
    ("foo==1\n", "foo>=1\n", "foo>=1,==1\n"),
    ("foo\n", "foo\n", None),
    ("foo\n", "foo>1\n", None),
    ("foo\n", "# a \n  foo>=1\n\n", None),
    ("FOO # c\n", "foo>=1\n", None),
    ("Foo<2\n", "foo>=1\n", "Foo>=1,<2\n"),
    (
        "foo<2;python_version<'3'\nfoo;python_version>='3'\n",
        "  foo>=1 # c\r\n",
        "  foo>=1,<2;python_version<'3' # c\r\n"
        "  foo>=1;python_version>='3' # c\r\n",
    ),
    ("foo;python_version>='3'\n", "foo>=1 ; python_version >= '3'\n", None),
    (
        "foo<2;python_version>='3'\n",
        "foo>=1 ; python_version >= '3'  # c\n",
        "foo>=1,<2 ; python_version >= '3'  # c\n",
    ),
)

# The list and a project's lower bound that it has no place for.
BOUNDS_REFUSED = (
    (
        "foo<2\n",
        "foo>=2",
        "1:1: no version is in both >=2 and <2, which the global list has: "
        "foo>=2",
    ),
    (
        "foo<2\n",
        "foo==2",
        "1:1: no version is in both >=2 and <2, which the global list has: "
        "foo==2",
    ),
    (
        "foo~=1.4\n",
        "# c\nfoo>=2.0",
        "2:1: no version is in both >=2.0 and ~=1.4, which the global list "
        "has: foo>=2.0",
    ),
    (
        "Django<2;python_version<'3.0'\nDjango<2.1;python_version>='3.0'\n",
        "Django>=2.2,<3.0",
        "1:1: no version is in both >=2.2 and <2 or <2.1, which the global "
        "list has: Django>=2.2,<3.0",
    ),
    (
        "foo<1.20\n",
        "foo>=1.14;python_version<'3.10'\nfoo>=1.22;python_version>='3.10'\n",
        "2:1: no version is in both >=1.22 and <1.20, which the global list "
        "has: foo>=1.22;python_version>='3.10'",
    ),
)
# The list, a project's entries, and where their lower bounds go.
BOUNDS_PLACED = (
    (
        "reno<3;python_version<'3.6'\nreno;python_version>='3.6'\n",
        "reno>=3.1.0\n",
        "reno<3;python_version<'3.6'\nreno>=3.1.0;python_version>='3.6'\n",
    ),
    (
        "numpy\n",
        "numpy>=1.14.0;python_version<'3.10'\n"
        "numpy>=1.22.0;python_version>='3.10'\n",
        "numpy>=1.22.0\n",
    ),
    (
        "numpy\n",
        "numpy>=1.22.0;python_version>='3.10'\n"
        "numpy>1.22.0;python_version<'3.10'\nnumpy;os_name=='nt'\n",
        "numpy>1.22.0\n",
    ),
    # What lies below the bound need not be excluded.
    ("foo!=4.3.0,!=9.4\n", "foo>=9.3.0\n", "foo>=9.3.0,!=9.4\n"),
    ("foo!=4.3.0\n", "foo>=9.3.0\n", "foo>=9.3.0\n"),
    ("foo!=4.3.0\n", "foo!=4.3.0,>=9.3.0\n", "foo!=4.3.0,>=9.3.0\n"),
    ("foo!=4.*\n", "foo>=5\n", "foo>=5\n"),
    ("foo!=4.3.0\n", "foo\n", "foo!=4.3.0\n"),
)

# File, before, after, under the classic policy and with this list.
LISTED = (
    "foo>=2 # MIT\nbar>=3;python_version<'3'\nbar>=4;python_version>='3'\n"
)
IN_PLACE = (
    (
        "setup.cfg",
        "[extras]\na =\n    foo>=1  # MIT\n  # c\nb=\n  foo>=2.0 # MIT\n",
        "[extras]\na =\n    foo>=2  # MIT\n  # c\nb=\n  foo>=2.0 # MIT\n",
    ),
    (
        "setup.cfg",
        "[extras]\na =\n  bar:(python_version<'3')\n  never # 100%\n",
        "[extras]\na =\n  bar>=3:(python_version<'3')\n"
        "  bar>=4:python_version>='3'\n  never # 100%\n",
    ),
    (
        "setup.cfg",
        "[options]\ninstall_requires =\n  unknown\nsetup_requires = bad bad\n"
        "[options.extras_require]\na = bar\n",
        "[options]\ninstall_requires =\n  unknown\nsetup_requires = bad bad\n"
        "[options.extras_require]\na =\n    bar>=3;python_version<'3'\n"
        "    bar>=4;python_version>='3'\n",
    ),
    (
        "setup.cfg",
        "[metadata]\nname = proj\n[extras]\nall =\n  Proj[a,b]\n",
        "[metadata]\nname = proj\n[extras]\nall =\n  Proj[a,b]\n",
    ),
    (
        "pyproject.toml",
        "[build-system]\nrequires = ['unknown']\n[project]\nname = 'proj'\n"
        "dependencies = [\n  'foo>1', # mine\n  \"foo[x]>=2\"\n]\n",
        "[build-system]\nrequires = ['unknown']\n[project]\nname = 'proj'\n"
        "dependencies = [\n  'foo>=2', # mine\n  \"foo[x]>=2\"\n]\n",
    ),
    (
        "pyproject.toml",
        "[project.optional-dependencies]\nall = ['proj[a]']\n"
        "[dependency-groups]\na = ['bar ; python_version>=\"3\"']\n"
        "b = [{include-group='a'}]\n[project]\nname = 'proj'\n",
        "[project.optional-dependencies]\nall = ['proj[a]']\n"
        "[dependency-groups]\na = ['bar>=3 ; python_version<\"3\"', "
        "'bar>=4 ; python_version>=\"3\"']\n"
        "b = [{include-group='a'}]\n[project]\nname = 'proj'\n",
    ),
)

# Each has an entry that the list lacks.
SEVERAL = {
    "requirements.txt": "foo\nbar # c\n",
    "setup.cfg": "[extras]\na =\n  baz\n  foo\n",
    "pyproject.toml": "[dependency-groups]\na = ['qux', 'foo']\n",
}

SETUP_PYS = (
    ("import setuptools\nsetuptools.setup(pbr=True)\n", True),
    ("from setuptools import setup as s, setup\nsetup(pbr=True)", True),
    ("setup(setup_requires=['pbr'])", True),
    ("setup(setup_requires=('x', ' PBR>=1.8'))", True),
    ("setup(a={[]: 1}, pbr=True)", True),
    ("setup(pbr={[]: 1})", False),
    ("setup(setup_requires='pbr')", True),
    ("setup(pbr=False)", False),
    ("setup(setup_requires=['pbr-x', 'xpbr'])", False),
    ("setup(name='x', **more)  # pbr=True", False),
    ("other(pbr=True)", False),
    ("", False),
)


def standard(
    listed: str, rules: policy.Policy, *, hacking: bool = False
) -> update.FollowedList:
    entries = read_entries(listed)
    return update.followed_list(
        rules,
        [each.requirement for each in entries if each.requirement],
        names_in("Never\n"),
        hacking=hacking,
    )


def plan(
    listed: str,
    texts: Mapping[str, str],
    rules: policy.Policy,
    unknown: update.Unknown = "refuse",
) -> update.Plan:
    return update.plan(
        standard(listed, rules),
        "p",
        declarations.project_name(texts),
        texts,
        declarations.read(texts),
        unknown,
    )


def planned(
    listed: str,
    text: str,
    rules: policy.Policy,
    file: str = "requirements.txt",
    unknown: update.Unknown = "refuse",
) -> str:
    found = plan(listed, {file: text}, rules, unknown)
    assert not found.errors, found.errors
    return found.files[0].new


class TestPlan(base.TestCase):
    def test_classic(self) -> None:
        for listed, before, after in CLASSIC:
            found = planned(f"{listed}bar>=3\n", before, policy.CLASSIC)
            self.assertEqual(HEAD + after, found, before)
            again = planned(f"{listed}bar>=3\n", found, policy.CLASSIC)
            self.assertEqual(HEAD + after, again, before)

    def test_current(self) -> None:
        for listed, before, after in CURRENT:
            expected = before if after is None else after
            found = planned(listed, before, policy.CURRENT)
            self.assertEqual(expected, found, before)
            again = planned(listed, found, policy.CURRENT)
            self.assertEqual(expected, again, before)

    def test_in_place(self) -> None:
        for file, before, after in IN_PLACE:
            found = planned(LISTED, before, policy.CLASSIC, file)
            self.assertEqual(after, found)
            again = planned(LISTED, found, policy.CLASSIC, file)
            self.assertEqual(after, again)

    def test_hacking(self) -> None:
        for hacking, version in ((False, 1), (True, 2)):
            found = update.plan(
                standard("hacking>=2\n", policy.CLASSIC, hacking=hacking),
                "p",
                "",
                {"requirements.txt": "hacking>=1\n"},
                declarations.read({"requirements.txt": "hacking>=1\n"}),
            )
            self.assertEqual(f"{HEAD}hacking>={version}\n", found.files[0].new)

    def test_heading(self) -> None:
        one, two, three = HEADING
        for before in (
            f"{one}\n{two}\n{three}\n# c\nfoo>=2\n",
            f"# c\n{one}\n{two}\n{three}\nfoo>=2\n",
            f"  {one}\n# c\n{three}\nfoo>=2\n",
        ):
            self.assertEqual(
                f"{HEAD}# c\nfoo>=2\n",
                planned("foo>=2\n", before, policy.CLASSIC),
            )

    def test_line_ends_and_byte_order_mark(self) -> None:
        found = planned("foo>=2\n", "\ufefffoo\r\n# c\r\n", policy.CLASSIC)
        head = HEAD.replace("\n", "\r\n")
        self.assertEqual(f"\ufeff{head}foo>=2\r\n# c\r\n", found)

    def test_changes_are_told(self) -> None:
        found = plan(
            "foo>=2\nbar;os_name=='a'\nbar;os_name=='b'\n",
            {
                "requirements.txt": "foo>=1\n# c\nfoo\nbar;os_name=='b'\n",
                "setup.cfg": "[extras]\nx =\n  foo\n",
                "pyproject.toml": "[build-system]\n",
            },
            policy.CLASSIC,
        )
        self.assertEqual(
            ["requirements.txt", "setup.cfg"],
            [each.path for each in found.due],
        )
        self.assertEqual(
            (
                update.EntryChange(1, "", "foo>=1", "foo>=2"),
                update.EntryChange(3, "", "foo", ""),
                update.EntryChange(4, "", "", "bar;os_name=='a'"),
            ),
            found.files[0].changes,
        )
        self.assertEqual(
            (update.EntryChange(3, "x", "foo", "foo>=2"),),
            found.files[1].changes,
        )

    def test_a_bound_that_no_entry_admits(self) -> None:
        for listed, text, reason in BOUNDS_REFUSED:
            found = plan(listed, {"requirements.txt": text}, policy.CURRENT)
            self.assertEqual(
                [f"p/requirements.txt:{reason}"],
                list(map(str, found.errors)),
                text,
            )
            self.assertEqual((), found.files)
        for listed, text in (("foo<2\n", "foo>1.9"), ("foo<=2\n", "foo>=2")):
            found = plan(listed, {"requirements.txt": text}, policy.CURRENT)
            self.assertEqual((), found.errors, text)

    def test_a_bound_goes_where_it_is_admitted(self) -> None:
        for listed, before, after in BOUNDS_PLACED:
            found = planned(listed, before, policy.CURRENT)
            self.assertEqual(after, found, before)
            self.assertEqual(after, planned(listed, found, policy.CURRENT))


class TestUnknown(base.TestCase):
    def test_refused(self) -> None:
        found = plan("foo>=2\n", SEVERAL, policy.CLASSIC)
        self.assertEqual(
            [
                "p/requirements.txt:2:1: bar is not in the global list "
                "(-s keeps it): bar # c",
                "p/setup.cfg:3:3: baz is not in the global list "
                "(-s keeps it): baz",
                "p/pyproject.toml:2:6: qux is not in the global list "
                "(-s keeps it): qux",
            ],
            list(map(str, found.errors)),
        )
        self.assertEqual((), found.files)

    def test_kept(self) -> None:
        found = plan("foo>=2\n", SEVERAL, policy.CLASSIC, "keep")
        self.assertEqual(
            [
                f"{HEAD}foo>=2\nbar # c\n",
                "[extras]\na =\n  baz\n  foo>=2\n",
                "[dependency-groups]\na = ['qux', 'foo>=2']\n",
            ],
            [each.new for each in found.files],
        )
        self.assertEqual((), found.warnings)

    def test_dropped(self) -> None:
        found = plan("foo>=2\n", SEVERAL, policy.CLASSIC, "drop")
        self.assertEqual(
            [
                f"{HEAD}foo>=2\n",
                "[extras]\na =\n  foo>=2\n",
                "[dependency-groups]\na = ['foo>=2']\n",
            ],
            [each.new for each in found.files],
        )
        self.assertEqual(3, len(found.warnings))
        self.assertIn("setup.cfg:3:3: baz is not", found.warnings[1])

    def test_lines_that_cannot_be_read(self) -> None:
        found = plan(
            "foo>=2\n",
            {
                "requirements.txt": "-e x\nfoo bar\n-r y\n",
                "setup.cfg": "[extras]\na =\n  -e x\n",
                "pyproject.toml": "[dependency-groups]\na = ['foo #', 1]\n",
            },
            policy.CLASSIC,
            "keep",
        )
        self.assertEqual(
            [
                "p/requirements.txt:2",
                "p/requirements.txt:3",
                "p/setup.cfg:3",
                "p/pyproject.toml:2",
                "p/pyproject.toml:2",
            ],
            [
                f"{each.source}:{each.number}"  # type: ignore[attr-defined]
                for each in found.errors
            ],
        )

    def test_a_file_that_includes_another(self) -> None:
        texts = {
            "requirements.txt": "foo\n",
            "test-requirements.txt": "-r requirements.txt # c\nfoo\n",
        }
        for rules in (policy.CLASSIC, policy.CURRENT):
            found = plan("foo\n", texts, rules)
            self.assertEqual((), found.errors)
            self.assertIn("-r requirements.txt # c\nfoo", found.files[1].new)

    def test_what_cannot_be_edited(self) -> None:
        text = "project.dependencies = [ 'a' # c\n, 'foo' # d\n]"
        listed = "foo;os_name=='a'\nfoo;os_name=='b'\n"
        texts = {"pyproject.toml": text}
        # Older versions of tomlkit could change it.
        self.useFixture(fixtures.MonkeyPatch("tomlkit.dumps", lambda _: "="))
        found = plan(listed, texts, policy.CLASSIC, "keep")
        (error,) = found.errors
        self.assertTrue(str(error).startswith("p/pyproject.toml: is written"))


class TestSetupPy(base.TestCase):
    def test_uses_pbr(self) -> None:
        for text, expected in SETUP_PYS:
            self.assertIs(expected, setup_py.uses_pbr(text), text)
        self.assertTrue(setup_py.uses_pbr(setup_py.SHORT))

    def test_not_python(self) -> None:
        for text in (
            "print 'x'",
            "\0",
            "(" * 5000,
            "x = 1\n  y = 2\n",
            "x = '" + "x" * setup_py.LARGEST_SETUP_PY + "'",
            "x = a" + "+a" * setup_py.MOST_OPERATORS,
        ):
            self.assertRaises(ValueError, setup_py.uses_pbr, text)

    def test_plan(self) -> None:
        long = "#!/usr/bin/env python\r\nimport x\r\nx.setup(pbr=1)\r\n"
        texts = {"setup.py": long, "setup.cfg": "[metadata]\nname=x\n"}
        found = plan("", texts, policy.CLASSIC)
        self.assertEqual(
            setup_py.SHORT.replace("\n", "\r\n"), found.files[1].new
        )
        self.assertEqual((), plan("", texts, policy.CURRENT).due)
        texts["setup.cfg"] = "[metadata]\nname = PBR\n"
        self.assertEqual((), plan("", texts, policy.CLASSIC).due)
        texts = {"setup.py": "print 'x'\n"}
        found = plan("", texts, policy.CLASSIC)
        self.assertEqual((), found.due)
        self.assertIn("p/setup.py: is left alone", found.warnings[0])


PACKAGES = st.sampled_from(["a", "A", "b.c", "b_c", "d", "never", "hacking"])
SPECIFIERS = st.sampled_from(
    ["", ">=1", ">=1.0", ">=2,!=2.1", "<3,>=1", "~=1.4", "==1.*", "!=1.5,<9"]
)
MARKERS = st.sampled_from(
    [
        "",
        "python_version<'3'",
        'python_version < "3"',
        "python_version>='3'",
        "os_name=='nt' or (python_version=='2.7')",
    ]
)
EXTRAS = st.sampled_from(["", "", "[x]", "[X]", "[y,x]"])
COMMENTS = st.sampled_from(["", " # MIT", "  # BSD; x:y"])


def _line(parts: tuple[str, str, str, str, str]) -> str:
    name, extras, specifiers, marker, comment = parts
    return (
        f"{name}{extras}{specifiers}{';' if marker else ''}{marker}{comment}"
    )


ENTRIES = st.tuples(PACKAGES, EXTRAS, SPECIFIERS, MARKERS, COMMENTS).map(_line)
LISTS = st.lists(ENTRIES | st.just("# c") | st.just(""), max_size=8).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)
PLAIN = st.tuples(PACKAGES, EXTRAS, SPECIFIERS, MARKERS, st.just("")).map(
    _line
)
POLICIES = st.sampled_from([policy.CLASSIC, policy.CURRENT])
UNKNOWN: st.SearchStrategy[update.Unknown] = st.sampled_from(["keep", "drop"])


@st.composite
def projects(draw: st.DrawFn) -> dict[str, str]:
    end = draw(st.sampled_from(["\n", "\r\n"]))
    texts = {}
    for file in ("requirements.txt", "doc/requirements.txt"):
        lines = draw(
            st.lists(
                ENTRIES | st.sampled_from(["", "# c", "-e x", HEADING[1]]),
                max_size=6,
            )
        )
        bom = draw(st.sampled_from(["", "\ufeff"]))
        last = draw(st.sampled_from(["", end]))
        texts[file] = bom + end.join(lines) + (last if lines else "")
    rows = ["[metadata]", "name = b-c", draw(st.sampled_from(CFG_SECTIONS))]
    for name in ("one", "Two"):
        rows.append(f"{name} =")
        values = ENTRIES | st.sampled_from(["# c", ""])
        rows += [f"  {row}" for row in draw(st.lists(values, max_size=4))]
    texts["setup.cfg"] = end.join([*rows, "[x]", "y = 1", ""])
    items = draw(st.lists(PLAIN, max_size=4))
    strings = [
        f'"{item}"' if '"' not in item else f"'{item}'"
        for item in items
        if not ('"' in item and "'" in item)
    ]
    style = draw(st.sampled_from([", ", f",{end}  ", f", # c{end}    "]))
    start = end if end in style else ""
    texts["pyproject.toml"] = (
        f"[project] # c{end}name = 'b-c'{end}"
        f"dependencies = [{start}{style.join(strings)}{end}]{end}"
    )
    return texts


# Lists in which the entries of a package are for different environments.
SOUND_LISTS = st.lists(
    st.tuples(
        st.sampled_from(["", "", "os_name=='nt'", "python_version>='3'"]).map(
            lambda marker: (
                (marker, "python_version<'3'")
                if "python" in marker
                else (marker,)
            )
        ),
        st.lists(
            st.sampled_from(["", "!=1.5", "<3", "~=1.4", "!=1.5,<9", "<2"]),
            min_size=2,
            max_size=2,
        ),
        COMMENTS,
    ),
    min_size=4,
    max_size=4,
).map(
    lambda packages: "".join(
        f"{_line((name, '', specifiers, marker, comment))}\n"
        for name, (markers, texts, comment) in zip(
            ["A", "b.c", "d", "hacking"], packages, strict=True
        )
        for marker, specifiers in zip(markers, texts, strict=False)
    )
)

# Entries of one package.
MANY = st.lists(
    st.tuples(SPECIFIERS, MARKERS).map(lambda two: _line(("a", "", *two, ""))),
    min_size=1,
    max_size=4,
)
CFG_SECTIONS = ["[extras]", "[options.extras_require]"]


class TestLaws(base.TestCase):
    @given(LISTS, projects(), POLICIES, UNKNOWN)
    def test_twice_is_once(
        self,
        listed: str,
        texts: dict[str, str],
        rules: policy.Policy,
        unknown: update.Unknown,
    ) -> None:
        once = plan(listed, texts, rules, unknown)
        hypothesis.assume(not once.errors)  # bounds that the list refuses
        after = {each.path: each.new for each in once.files}
        twice = plan(listed, after, rules, unknown)
        self.assertEqual((), twice.due)
        self.assertEqual((), twice.errors)

    @given(MANY, MANY, st.sampled_from(["requirements.txt", "setup.cfg"]))
    def test_twice_is_once_for_many_entries_of_a_package(
        self, listed: list[str], lines: list[str], file: str
    ) -> None:
        head = "[extras]\na =\n" if file == "setup.cfg" else ""
        text = head + "".join(f"  {line}\n" for line in lines)
        content = "".join(f"{line}\n" for line in listed)
        for rules in (policy.CLASSIC, policy.CURRENT):
            hypothesis.assume(not plan(content, {file: text}, rules).errors)
            once = planned(content, text, rules, file)
            self.assertEqual(once, planned(content, once, rules, file))
            found = declarations.read({file: once})
            wanted = standard(content, rules).entries
            self.assertEqual(sum(map(len, wanted.values())), len(found))

    @given(LISTS, projects(), POLICIES)
    def test_what_is_written_is_what_was_meant(
        self, listed: str, texts: dict[str, str], rules: policy.Policy
    ) -> None:
        follow = standard(listed, rules)
        found = plan(listed, texts, rules, "keep")
        after = {each.path: each.new for each in found.files}
        for entry in declarations.read(after):
            requirement = entry.requirement
            if requirement is None:
                self.assertEqual("-e x", entry.text)
                continue
            name = canonical_name(requirement.package)
            own = name == "b-c" and requirement.extras and entry.kind != "file"
            if name in follow.never or name not in follow.entries or own:
                continue
            # It asks for nothing that no global entry admits.
            self.assertTrue(
                any(
                    version_set(requirement.specifiers).issubset(
                        version_set(each.specifiers)
                    )
                    for each in follow.entries[name]
                    if equality.same_marker(each.markers, requirement.markers)
                ),
                entry,
            )

    @given(LISTS, projects(), POLICIES)
    def test_what_does_not_follow_is_left_alone(
        self, listed: str, texts: dict[str, str], rules: policy.Policy
    ) -> None:
        follow = standard(listed, rules)

        def others(texts: Mapping[str, str]) -> list[object]:
            return [
                (each.file, each.section, each.requirement)
                for each in declarations.read(texts)
                if each.requirement is None
                or (name := canonical_name(each.requirement.package))
                in follow.never
                or name not in follow.entries
            ]

        found = plan(listed, texts, rules, "keep")
        hypothesis.assume(not found.errors)
        after = {each.path: each.new for each in found.files}
        self.assertEqual(others(texts), others(after))
        # Comments stay, but for those of an item that goes.
        removed = any(not each.new for each in found.files[3].changes)
        for path in ("setup.cfg", "pyproject.toml"):
            before, now = (
                [line for line in each[path].split("\n") if "# c" in line]
                for each in (texts, after)
            )
            self.assertLessEqual(len(now), len(before), path)
            if path == "setup.cfg" or not removed:
                self.assertEqual(len(before), len(now), path)

    @given(SOUND_LISTS, projects(), POLICIES)
    def test_what_is_written_passes_the_gate(
        self, listed: str, texts: dict[str, str], rules: policy.Policy
    ) -> None:
        before = declarations.read(texts)
        found = plan(listed, texts, rules, "drop")
        hypothesis.assume(not found.errors)
        after = {each.path: each.new for each in found.files}
        against = judgement.against(
            rules, "list", read_entries(listed), names_in("never")
        )
        judged = judgement.judge(
            judgement.subject(against, after, declarations.read(after))
        )
        for finding in corpus_laws.uncured(judged, before):
            if canonical_name(finding.package or "") != "hacking":
                self.fail(f"{finding}\n{after}")

    @given(ENTRIES)
    def test_an_entry_of_the_list_is_in_step(self, line: str) -> None:
        text = f"[extras]\na =\n  {line}\n"
        for rules in (policy.CLASSIC, policy.CURRENT):
            found = planned(f"{line}\n", text, rules, "setup.cfg")
            self.assertEqual(text, found)
