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
"""Licenses of distributions, in a few words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openstack_requirements.bootstrap import licenses
from openstack_requirements.constraints.freeze import Distribution
from openstack_requirements.pep508.entries import normalize
from openstack_requirements.tests import base, bounded

OSI = "License :: OSI Approved :: "
APACHE = f"{OSI}Apache Software License"
BSD = f"{OSI}BSD License"
MIT = f"{OSI}MIT License"

#: The expression, the free text, the classifiers; and what is made of them.
CASES: list[tuple[str, str, tuple[str, ...], str]] = [
    # an expression counts alone
    ("MIT", "BSD", (APACHE,), "MIT"),
    ("mit or apache-2.0", "", (), "MIT OR Apache-2.0"),
    ("no expression", "", (), "no expression"),
    # classifiers
    ("", "", (MIT,), "MIT"),
    ("", "", (APACHE,), "Apache"),
    ("", "", ("License :: OSI Approved", APACHE), "Apache"),
    ("", "", ("License :: OSI Approved",), ""),
    ("", "", ("Framework :: Django",), ""),
    ("", "", ("License :: Public Domain",), "Public-Domain"),
    ("", "", (MIT, APACHE, MIT), "MIT, Apache"),
    ("", "", (f"{OSI}Repoze Public License",), "Repoze Public License"),
    ("", "Apache 2.0", (MIT,), "MIT"),
    # the text is a member of the family
    ("", "Apache-2.0", (APACHE,), "Apache-2.0"),
    ("", "Apache License, Version 2.0", (APACHE,), "Apache-2.0"),
    ("", "BSD-3-Clause", (BSD,), "BSD-3-Clause"),
    ("", "3-clause BSD", (BSD,), "BSD-3-Clause"),
    ("", "Apache-2.0 or BSD", (APACHE, BSD), "Apache-2.0 OR BSD"),
    ("", "Apache-2.0", (APACHE, BSD), "Apache, BSD"),
    ("", "BSDish", (BSD,), "BSD"),
    # the text alone
    ("", "MIT", (), "MIT"),
    ("", "MIT License", (), "MIT"),
    ("", "The MIT License (MIT)", (), "MIT"),
    ("", "apache-2.0", (), "Apache-2.0"),
    ("", "Apache License 2.0", (), "Apache-2.0"),
    ("", "ASL 2.0", (), "Apache-2.0"),
    ("", "LGPLv3+", (), "LGPL-3.0-or-later"),
    ("", "GNU General Public License (GPLv3)", (), "GPL-3.0"),
    ("", "Apache-2.0 AND Beerware or so", (), "Apache-2.0 AND Beerware or so"),
    ("", "as is", (), "as is"),
    # a text that is the license itself, or none
    ("", "MIT License\n\nCopyright (c) 2020 A. Person\n", (), "MIT"),
    ("", "Copyright (c) 2020 A. Person", (), ""),
    ("", "Permission is hereby granted\nto anybody", (), ""),
    ("", "x" * 61, (), ""),
    ("", "See LICENSE.txt", (), ""),
    ("", "LICENSE.txt", (), ""),
    ("", "https://example.org/license", (), ""),
    ("", "(same as jQuery)", (), ""),
    ("", "", (), ""),
    ("", " \n ", (), ""),
    ("", "The  MIT" + " " * 200 + "License", (), "MIT"),
    ("", "MIT" + " " * 600 + "License", (), ""),
    # nothing may break the line, or drive a terminal
    ("", "evil\x1b[31m license", (), "evil [31m license"),
    ("odd\rtext\n# more", "", (), "odd text # more"),
    ("# odd", "", (), "odd"),
]


class TestOf(base.TestCase):
    def test_cases(self) -> None:
        for expression, text, classifiers, expected in CASES:
            found = licenses.of(
                Distribution(
                    "foo",
                    "1",
                    license_expression=expression,
                    license=text,
                    classifiers=classifiers,
                )
            )
            self.assertEqual(
                expected, found, f"{expression} {text} {classifiers}"
            )

    def test_no_text_takes_long(self) -> None:
        texts = (
            "a" + " " * 300_000 + "b",
            "a " + "(" * 300_000,
            "(" + "a" * 300_000,
            "\n" * 300_000,
            "a and " * 50_000,
        )

        def read() -> None:
            for text in texts:
                licenses.of(Distribution("foo", "1", license=text))
                classifier = f"License :: {text}"
                licenses.of(
                    Distribution("foo", "1", classifiers=(classifier,))
                )

        self.assertEqual(0, bounded.run(read))

    @given(
        st.text(max_size=80),
        st.text(max_size=80),
        st.lists(st.text(max_size=80).map(lambda each: OSI + each)),
    )
    def test_it_is_a_comment(
        self, expression: str, text: str, classifiers: list[str]
    ) -> None:
        found = licenses.of(
            Distribution(
                "foo",
                "1",
                license_expression=expression,
                license=text,
                classifiers=tuple(classifiers),
            )
        )
        self.assertLessEqual(len(found), licenses.LONGEST)
        self.assertTrue(found.isprintable())
        if found:
            line = f"foo  # {found}\n"
            self.assertEqual(line, normalize(line))
