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
"""Requirements that stand in no plain manifest, read without running code."""

from __future__ import annotations

import functools
import subprocess

from openstack_requirements.errors import BadLine, UnusableInput
from openstack_requirements.install import interpreters
from openstack_requirements.manifests import core_metadata, dynamic
from openstack_requirements.tests import base, bounded

#: A setup.py, and what it asks for; None where only running it would tell.
SETUP_PY: list[tuple[str, list[tuple[str, str]] | None]] = [
    ("from setuptools import setup\nsetup(name='x')\n", []),
    ("import setuptools\nsetuptools.setup(pbr=True)\n", []),
    ("setup(install_requires=['a>=1', 'b'])", [("a>=1", ""), ("b", "")]),
    ("setup(install_requires='a>=1\\n# c\\nb\\n')", [("a>=1", ""), ("b", "")]),
    ("R = ['a']\nsetup(install_requires=R + ['b'])", [("a", ""), ("b", "")]),
    ("setup(install_requires=('a' '>=1',))", [("a>=1", "")]),
    (
        "E = {'x': ['a'], ':os_name==\"nt\"': ['b'],"
        " 'y:os_name==\"a\"': 'c'}\nsetup(extras_require=E)",
        [("a", "x"), ('b;os_name=="nt"', ""), ('c;os_name=="a"', "y")],
    ),
    ("setup(install_requires=open('x').readlines())", None),
    ("setup(install_requires=[f'a=={V}'])", None),
    ("setup(install_requires=R)", None),
    ("R = R\nsetup(install_requires=R)", None),
    # What is changed after it was assigned is computed.
    ("R = ['a']\nR += ['b']\nsetup(install_requires=R)", None),
    ("R = ['a']\nR = ['b']\nsetup(install_requires=R)", None),
    ("R = ['a']\nif x:\n R = ['b']\nsetup(install_requires=R)", None),
    ("R = ['a']\nif x:\n R += ['b']\nsetup(install_requires=R)", None),
    ("R = ['a']\nfor R in x: pass\nsetup(install_requires=R)", None),
    ("R = ['a']\nR: list = ['b']\nsetup(install_requires=R)", None),
    ("R = ['a']\nR.append('b')\nsetup(install_requires=R)", None),
    ("R = ['a']\nR[:] = x\nsetup(install_requires=R)", None),
    ("R = ['a']\nR[0] += 'b'\nsetup(install_requires=R)", None),
    ("R = ['a']\nR, S = x\nsetup(install_requires=R)", None),
    ("R = ['a']\ndel R\nsetup(install_requires=R)", None),
    ("R = ['a']\nchange(R)\nsetup(install_requires=R)", None),
    ("R = ['a']\nimport x as R\nsetup(install_requires=R)", None),
    ("R = ['a']\nimport R.x\nsetup(install_requires=R)", None),
    ("R = ['a']\nfrom x import *\nsetup(install_requires=R)", None),
    ("R = ['a']\ndef R(): pass\nsetup(install_requires=R)", None),
    ("R = ['a']\ndef f(R):\n setup(install_requires=R)", None),
    ("R = ['a']\nclass R: pass\nsetup(install_requires=R)", None),
    (
        "R = ['a']\ntry: x\nexcept E as R: pass\nsetup(install_requires=R)",
        None,
    ),
    ("R = ['a']\nS = R\nS += ['b']\nsetup(install_requires=R)", None),
    ("R = S = ['a']\nS += ['b']\nsetup(install_requires=R)", None),
    (
        "R = ['a']\nE = {'x': R}\nE['x'] += 'b'\nsetup(install_requires=R)",
        None,
    ),
    ("E = {'x': ['a']}\nE['y'] = ['b']\nsetup(extras_require=E)", None),
    ("R = ['a']\nglobals()['R'] = 1\nsetup(install_requires=R)", None),
    # A text stays as it is, whoever looks at it.
    ("V = 'a'\nprint(V)\nV.strip()\nsetup(install_requires=V)", [("a", "")]),
    ("V = 'a'\nV += 'b'\nsetup(install_requires=V)", None),
    ("R = S = ['a']\nsetup(install_requires=R)", [("a", "")]),
    (
        "R = ['a']\nS = R + ['b']\nx = 1\nx += 1\nsetup(install_requires=S)",
        [("a", ""), ("b", "")],
    ),
    ("setup(extras_require=[])", []),
    ("setup(extras_require=['a'])", None),
    ("setup(install_requires=7)", None),
    ("setup(extras_require={**x})", None),
    ("setup(**data)", None),
    ("setup()\nsetup()", None),
    ("print 'of Python 2'", None),
    ("x = 1", None),
    ("\0", None),
    ("(" * 5000, None),
    ("setup(install_requires=" + "-" * 5000 + "1)", None),
    ("setup(install_requires=" + "[]+" * 900 + "[])", []),
    ("setup(install_requires=['a'] + 'b')", None),
    ("setup(install_requires=['a'] - ['b'])", None),
    ("setup(extras_require={[]: 1})", None),
    ("setup(a={[]: 1}, pbr=True)", []),
    ("setup(pbr={[]: 1})", None),
    ("setup(extras_require={0x" + "f" * 5000 + ": ['a']})", None),
]

#: What doubles with each line: sixty lines of it have no end.
DOUBLED = "".join(f"a{n} = a{n - 1} + a{n - 1}\n" for n in range(1, 60))
NESTED = "".join(f"a{n} = [a{n - 1}, a{n - 1}]\n" for n in range(1, 60))
#: A setup.py that costs much, and what is wrong with it where it is not
#: parsed at all.
COSTLY = {
    "text": (f"a0 = 'x'\n{DOUBLED}setup(install_requires=a59)", ""),
    "lists": (f"a0 = ['x']\n{DOUBLED}setup(install_requires=a59)", ""),
    "nothing": (f"a0 = []\n{DOUBLED}setup(install_requires=a59)", ""),
    "names": ("a0 = [" + "a," * 60_000 + "]\nsetup(install_requires=a0)", ""),
    "different names": (
        "a0 = ["
        + ",".join(f"b{n}" for n in range(19_000))
        + "]\na0 += 1\nsetup(install_requires=a0)",
        "",
    ),
    "nested": (f"a0 = []\n{NESTED}setup(install_requires=a59)", ""),
    "size": ("x=1;" * 300_000, "it has more than 131072 characters"),
    "sum": (
        "\nsetup(install_requires=" + "[]+\n" * 6000 + "[])",
        "line 2501: a statement of more than 5000 operators",
    ),
    "calls": ("a" + "()" * 6000, "line 1: a statement of more than 5000"),
    "dots": ("a" + ".b" * 6000, "line 1: a statement of more than 5000"),
    "items": ("a" + "[0]" * 6000, "line 1: a statement of more than 5000"),
    "in f": ("f'{a" + "+a" * 6000 + "}'", "line 1: a statement of more"),
    "continued": ("a" + "+\\\na" * 6000, "line 5001: a statement of more"),
    # The parser takes a carriage return for the end of a comment.
    "return": ("#\ra" + "+a" * 6000, "line 2: a statement of more"),
    "no end": ('x = """ ' + '\\""" ' * 24_000, ""),
}

#: A value of poetry's table, and the requirement that it is.
POETRY = [
    ("'*'", "foo"),
    ("'^1.2.3'", "foo>=1.2.3,<2"),
    ("'^1'", "foo>=1,<2"),
    ("'^0.2.3'", "foo>=0.2.3,<0.3"),
    ("'^0.0.3'", "foo>=0.0.3,<0.0.4"),
    ("'^0.0'", "foo>=0.0,<0.1"),
    ("'^2.0.0b1'", "foo>=2.0.0b1,<3"),
    ("'~1.2.3'", "foo>=1.2.3,<1.3"),
    ("'~1'", "foo>=1,<2"),
    ("'~=1.2'", "foo~=1.2"),
    ("'1.2.3'", "foo==1.2.3"),
    ("'= 1.2'", "foo==1.2"),
    ("'1.2.*'", "foo==1.2.*"),
    ("'>=1.2, <2'", "foo>=1.2,<2"),
    ("'>=1.2 <2'", "foo>=1.2,<2"),
    ("'>= 1.2 , != 1.3'", "foo>=1.2,!=1.3"),
    ("{version='^1', extras=['x', 'y']}", "foo[x,y]>=1,<2"),
    (
        "{version='>=1', python='^3.8'}",
        "foo>=1;(python_version >= '3.8') and (python_version < '4')",
    ),
    (
        "{version='>=1', python='>=3.8.1'}",
        "foo>=1;(python_full_version >= '3.8.1')",
    ),
    ("{version='*', markers=\"os_name=='nt'\"}", "foo;(os_name=='nt')"),
    ("{git='https://example.org/x'}", "foo @ https://example.org/x "),
    ("{path='../foo'}", "foo"),
    ("'^1 || ^2'", "foo ^1 || ^2"),
    ("''", "foo "),
    ("7", "foo==7"),
]


def look(**texts: str) -> core_metadata.Metadata:
    names = {
        "pyproject": "pyproject.toml",
        "config": "setup.cfg",
        "code": "setup.py",
        "info": "PKG-INFO",
    }
    return dynamic.read({names[key]: text for key, text in texts.items()})


class TestSetupPy(base.TestCase):
    def test_plain_data_is_read_and_nothing_is_run(self) -> None:
        for code, expected in SETUP_PY:
            found = look(code=code)
            if expected is None:
                self.assertEqual("setup.py", found.computed, code[:60])
                self.assertEqual((), found.requirements)
            else:
                pairs = [
                    (each.text, each.extra) for each in found.requirements
                ]
                self.assertEqual(("", expected), (found.computed, pairs))

    def test_place_name_and_python(self) -> None:
        code = "\nsetup(name='x', python_requires='>=3.9',"
        found = look(code=f"{code}install_requires=['a'])")
        self.assertEqual("setup.py:2", found.requirements[0].place)
        self.assertEqual(("x", ">=3.9"), (found.name, found.requires_python))
        found = look(code="setup(name=N, python_requires=P)")
        self.assertEqual(("", "", ""), (*found[2:4], found.name))

    def test_not_asked_where_others_say_it(self) -> None:
        code = "setup(install_requires=f())"
        for texts in (
            {"pyproject": "[project]\nname = 'x'\n"},
            {"config": "[options]\ninstall_requires =\n  a\n"},
            {"pyproject": "[build-system]\nbuild-backend = 'pbr.build'\n"},
        ):
            self.assertEqual("", look(code=code, **texts).computed)
        dynamic = "[project]\nname='x'\ndynamic = ['dependencies']\n"
        found = look(code=code, pyproject=dynamic)
        self.assertEqual("setup.py", found.computed)

    def test_what_costs_too_much_is_not_looked_at(self) -> None:
        costly = {
            name: functools.partial(look, code=code)
            for name, (code, _) in COSTLY.items()
        }
        self.assertEqual([], bounded.failures(costly))
        for name, (_, problem) in COSTLY.items():
            found = costly[name]()
            self.assertEqual("setup.py", found.computed, name)
            self.assertEqual(problem, found.problem[: len(problem)], name)
            self.assertEqual(not problem, not found.problem, name)

    def test_statements_count_alone(self) -> None:
        dots = "a" + ".b" * 2000
        for code in (
            f"{dots}\n{dots}\n{dots}\nsetup(install_requires=['x'])",
            "'" + "." * 6000 + "'\nsetup(install_requires=['x'])",
            "# " + "." * 6000 + "\nsetup(install_requires=['x'])",
        ):
            self.assertEqual("x", look(code=code).requirements[0].text)

    def test_a_chain_does_not_end_an_old_python(self) -> None:
        try:
            python = interpreters.find("3.10", self.children()).executable
        except UnusableInput as error:
            self.skipTest(str(error))
        child = (
            "import sys; from openstack_requirements.manifests "
            "import dynamic; "
            "text = 'a' + sys.argv[1] * 400_000; "
            "found = dynamic.read({'setup.py': text}); "
            "print(found.computed, found.problem[:6])"
        )
        for link in ("+a", ".a", "()", "[0]"):
            done = subprocess.run(
                [python, "-c", child, link],
                env={"PYTHONPATH": str(base.ROOT)},
                capture_output=True,
                encoding="utf-8",
                timeout=120,
                check=False,
            )
            self.assertEqual(
                (0, "setup.py it has\n"), (done.returncode, done.stdout), link
            )


class TestFiles(base.TestCase):
    def test_of_setuptools(self) -> None:
        found = look(
            pyproject="""
[project]
name = 'x'
dynamic = ['dependencies', 'optional-dependencies']
[tool.setuptools.dynamic]
dependencies = {file = ['a.txt', 'b.txt']}
optional-dependencies.test = {file = 'c.txt'}
"""
        )
        self.assertEqual(
            (("a.txt", ""), ("b.txt", ""), ("c.txt", "test")), found.files
        )
        self.assertEqual("", found.computed)

    def test_of_setup_cfg(self) -> None:
        found = look(
            config="[options]\npython_requires = >=3.8\n"
            "install_requires = file: a.txt, b.txt\n"
            "[options.extras_require]\ntest = file: c.txt\nother = x\n"
        )
        self.assertEqual(
            (("a.txt", ""), ("b.txt", ""), ("c.txt", "test")), found.files
        )
        self.assertEqual(">=3.8", found.requires_python)

    def test_files_of_extras_alone_do_not_say_it_all(self) -> None:
        found = look(
            pyproject="[project]\nname = 'x'\ndynamic = ['dependencies']\n"
            "[tool.setuptools.dynamic]\n"
            "optional-dependencies.test = {file = 'c.txt'}\n"
        )
        self.assertIn("setuptools", found.computed)
        self.assertEqual((("c.txt", "test"),), found.files)


class TestBackends(base.TestCase):
    def test_poetry(self) -> None:
        for value, expected in POETRY:
            (found,) = look(
                pyproject=f"[tool.poetry.dependencies]\nfoo = {value}\n"
            ).requirements
            self.assertEqual(expected, found.text, value)

    def test_poetry_whole(self) -> None:
        found = look(
            pyproject="""
[tool.poetry]
name = 'x'
[tool.poetry.dependencies]
python = '^3.9'
a = {version = '1.0', optional = true}
b = [{version = '^1', python = '<3.10'}, {version = '^2', python = '>=3.10'}]
[tool.poetry.dev-dependencies]
c = '*'
[tool.poetry.group.docs.dependencies]
d = '*'
"""
        )
        self.assertEqual(("x", ">=3.9,<4"), (found.name, found[2]))
        self.assertEqual(
            [
                ("a==1.0", True),
                ("b>=1,<2;(python_version < '3.10')", False),
                ("b>=2,<3;(python_version >= '3.10')", False),
                ("c", True),
                ("d", True),
            ],
            [(each.text, each.optional) for each in found.requirements],
        )

    def test_flit(self) -> None:
        found = look(
            pyproject="[tool.flit.metadata]\nmodule = 'x'\n"
            "requires = ['a>=1']\nrequires-python = '>=3'\n"
            "[tool.flit.metadata.requires-extra]\ntest = ['b']\n"
        )
        self.assertEqual(("x", ">=3"), (found.name, found.requires_python))
        self.assertEqual(
            [("a>=1", "", False), ("b", "test", True)],
            [each[1:] for each in found.requirements],
        )

    def test_a_backend_that_computes(self) -> None:
        found = look(
            pyproject="[build-system]\nbuild-backend = 'hatchling.build'\n"
            "[project]\nname = 'x'\ndynamic = ['dependencies']\n"
        )
        self.assertEqual("its build backend, hatchling.build", found.computed)

    def test_an_sdist_says_what_was_computed(self) -> None:
        info = (
            "Metadata-Version: 2.2\nName: X\nRequires-Python: >=3.9\n"
            "Requires-Dist: a>=1\nRequires-Dist: b ; extra == 'test'\n"
            "\nRequires-Dist: in-the-description\n"
        )
        found = look(code="setup(**data)", info=info)
        self.assertEqual(
            ["a>=1", "b ; extra == 'test'"],
            [each.text for each in found.requirements],
        )
        self.assertEqual(("", "X"), (found.computed, found.name))
        self.assertEqual(">=3.9", found.requires_python)
        # It has no say where the project's own files have one.
        found = look(code="setup(install_requires=['c'])", info=info)
        self.assertEqual(["c"], [each.text for each in found.requirements])

    def test_tables_that_are_none(self) -> None:
        for text in (
            "project = 1",
            "tool = 1",
            "[tool]\npoetry = 1",
            "[tool.poetry]\nname = 1\ndependencies = 1\ngroup = {x = 1}",
            "[tool.poetry.dependencies]\npython = 1",
            "[tool.flit]\nmetadata = 1",
            "[tool.flit.metadata]\nrequires = 1\nrequires-extra = 1",
            "[project]\ndynamic = 1\nrequires-python = 1",
            "[project]\ndynamic = ['dependencies']\n"
            "[tool.setuptools]\ndynamic = {dependencies = 1}",
            "build-system = 1",
        ):
            self.assertEqual((), look(pyproject=text).requirements, text)
            self.assertEqual("", look(pyproject=text).requires_python, text)

    def test_no_toml(self) -> None:
        self.assertRaises(BadLine, look, pyproject="[")
