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
"""What a page of an index offers, as HTML and as JSON."""

from __future__ import annotations

import json

from openstack_requirements.install import pages
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.tests import base

BASE = "https://index/simple/a/"
DIGEST = "0" * 64
OTHER = "1" * 64
HTML = f"""<!DOCTYPE html><html><head><title>a</title></head><body>
<a href="../../f/a-1.tar.gz#sha256={DIGEST}"
  data-requires-python="&gt;=3">x</a>
<a href="a-1-py3-none-any.whl" data-core-metadata="sha256={OTHER}">y</a>
<A HREF="b%2B.whl" data-dist-info-metadata="true">z</A>
<a name="none">w</a> <a href="http://[">v</a> <a href="">u</a>
"""
JSON = {
    "meta": {"api-version": "1.1"},
    "files": [
        {
            "filename": "a-1.tar.gz",
            "url": "../../f/a-1.tar.gz",
            "hashes": {"sha256": DIGEST},
            "requires-python": ">=3",
        },
        {
            "filename": "a-1-py3-none-any.whl",
            "url": f"{BASE}a-1-py3-none-any.whl",
            "core-metadata": {"sha256": OTHER},
            "hashes": {"md5": "x"},
        },
        {
            "filename": "b+.whl",
            "url": "b%2B.whl",
            "dist-info-metadata": True,
        },
        *("x", {}, {"url": 3}, {"url": "http://["}),
    ],
}
LINKS = [
    pages.Link(
        "a-1.tar.gz",
        "https://index/f/a-1.tar.gz",
        DIGEST,
        requires_python=">=3",
    ),
    pages.Link(
        "a-1-py3-none-any.whl",
        f"{BASE}a-1-py3-none-any.whl",
        has_metadata=True,
        metadata_digest=OTHER,
    ),
    pages.Link("b+.whl", f"{BASE}b%2B.whl", has_metadata=True),
]


class TestPages(base.TestCase):
    def test_html(self) -> None:
        self.assertEqual(LINKS, pages.links(HTML, is_json=False, base=BASE))

    def test_json(self) -> None:
        content = json.dumps(JSON)
        self.assertEqual(LINKS, pages.links(content, is_json=True, base=BASE))

    def test_base(self) -> None:
        content = '<base href="/b/"><base href="http://["><a href="c.whl">'
        (link,) = pages.links(content, is_json=False, base=BASE)
        self.assertEqual("https://index/b/c.whl", link.url)

    def test_no_pages(self) -> None:
        for content in ("", "[]", "{}", '{"files": 1}', "[" * 100_000):
            self.assertRaises(
                ValueError, pages.links, content, is_json=True, base=BASE
            )
        for content in ("", "<a", "<a href=", "\0", "<" * 1000):
            self.assertEqual(
                [], pages.links(content, is_json=False, base=BASE)
            )

    def test_digests_are_digests(self) -> None:
        for digest in ("../../x", DIGEST.upper()[:-1] + "A", DIGEST + "0"):
            content = f'<a href="a#sha256={digest}">'
            (link,) = pages.links(content, is_json=False, base=BASE)
            self.assertEqual("", link.digest)


class TestOfVersion(base.TestCase):
    def of_version(self, name: str, version: str, *offered: str) -> list[str]:
        return [
            link.filename
            for link in pages.of_version(
                map(pages.link_to, offered),
                canonical_name(name),
                pages.normal(version),
            )
        ]

    def test_names_of_files(self) -> None:
        for name, version, filename in (
            ("a", "1.0", "a-1.0.tar.gz"),
            ("a", "1", "A-1.0.0-py2-none-any.whl"),
            ("a-b.c", "1", "a_b_c-1-1build-cp312-abi3-linux_x86_64.whl"),
            ("a-b.c", "1", "a-b.c-1.zip"),
            ("a", "1.post1", "a-1-1.tar.gz"),
            ("a", "1.0+b.1", "a-1.0+b.1-py3-none-any.whl"),
            ("a", "1.0+b.1", "a-1.0+b_1-py3-none-any.whl"),
            ("a", "2004d", "a-2004d.tar.bz2"),
            ("a", "1rc1", "a-1.0-rc1.tgz"),
        ):
            self.assertEqual(
                [filename], self.of_version(name, version, filename), filename
            )

    def test_names_of_others(self) -> None:
        for filename in (
            "a-1.1.tar.gz",
            "b-1.tar.gz",
            "a-1-2.tar.gz",
            "a-b-1.tar.gz",
            "a-1.egg",
            "a-1.exe",
            "a-1.whl",
            "a-1-py3-none.whl",
            "a_b-1-py3-none-any.whl",
            "1.tar.gz",
            "-1.tar.gz",
            "",
        ):
            self.assertEqual([], self.of_version("a", "1", filename), filename)

    def test_order(self) -> None:
        offered = [
            pages.Link("a-1.zip", "u"),
            pages.Link("a-1.tar.gz", "u"),
            pages.Link("a-1-cp39-cp39-linux_x86_64.whl", "u"),
            pages.Link("a-1-py3-none-any.whl", "u"),
            pages.Link("a-1-cp38-cp38-linux_x86_64.whl", "u", "", True),
        ]
        self.assertEqual(
            [offered[place] for place in (4, 3, 2, 1, 0)],
            pages.of_version(offered, canonical_name("a"), "1"),
        )
