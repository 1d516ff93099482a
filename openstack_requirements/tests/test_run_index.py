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
"""All steps of a run ask the same index; see installers.run_index."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import fixtures

from openstack_requirements.cmds import (
    bootstrap_requirements,
    check_python2_support,
    diff_constraints,
)
from openstack_requirements.install.installers import run_index
from openstack_requirements.install.installers.run_index import IndexSources
from openstack_requirements.system import children
from openstack_requirements.tests import base
from openstack_requirements.tests.loopback import Index
from openstack_requirements.tests.test_generate import (
    VERSION,
    GenerateTestCase,
)

#: What undoes the index of the tests' variables for one of the installers.
UNSET = {
    "uv": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "pip": ("PIP_INDEX_URL",),
}
A = IndexSources("https://a.example/simple")
B = IndexSources("https://b.example/simple")


class TestChoice(base.TestCase):
    def test_what_counts(self) -> None:
        nothing = IndexSources()
        links = IndexSources(find_links=("/wheels",))
        for uv, pip, preferred, tool, sources, warns in (
            (nothing, nothing, "uv", "uv", nothing, False),
            (A, nothing, "uv", "uv", A, False),
            (nothing, B, "uv", "pip", B, False),
            (A, nothing, "pip", "uv", A, False),
            (nothing, B, "pip", "pip", B, False),
            (A, B, "uv", "uv", A, True),
            (A, B, "pip", "pip", B, True),
            (A, A, "uv", "uv", A, False),
            (links, B, "uv", "uv", links._replace(default=B[0]), True),
            (A, links, "pip", "pip", links._replace(default=A[0]), True),
            (links, nothing, "pip", "uv", links, False),
        ):
            choice = run_index.choose(uv, pip, preferred)
            self.assertEqual(
                (tool, sources, warns),
                (choice.tool, choice.sources, bool(choice.warning)),
                f"{uv}, {pip}, {preferred}",
            )

    def test_the_same_place(self) -> None:
        account = IndexSources("https://me:secret@a.example/simple/")
        self.assertTrue(A.same_as(account))
        self.assertFalse(A.same_as(B))
        self.assertFalse(A.same_as(A._replace(extra=(B.default,))))
        self.assertTrue(
            A._replace(no_index=True).same_as(B._replace(no_index=True))
        )

    def test_no_secret_is_shown(self) -> None:
        for tool in ("uv", "pip"):
            text = run_index.choose(
                IndexSources("https://me:secret@a.example/simple/"),
                IndexSources("https://b.example/", ("https://x:secret@c/",)),
                tool,
            ).warning
            self.assertNotIn("secret", text)
            self.assertIn("a.example/simple", text)
            self.assertIn("b.example", text)


class TestFiles(base.TestCase):
    """What the files of uv's configuration say."""

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(Index()).use()
        for name in UNSET["uv"]:
            self.variable(name, None)
        self.variable("UV_NO_CONFIG", None)

    def variable(self, name: str, value: str | None) -> None:
        self.useFixture(fixtures.EnvironmentVariable(name, value))

    def sources(self, text: str) -> IndexSources:
        path = self.write("uv.toml", text)
        self.variable("UV_CONFIG_FILE", path)
        with children.of_job("test") as started:
            return run_index.sources_of_uv(started)

    def test_indexes(self) -> None:
        self.variable("UV_INDEX_ONE_USERNAME", "me")
        self.variable("UV_INDEX_ONE_PASSWORD", "se/cret")
        self.assertEqual(
            IndexSources(
                "https://default.example/simple",
                ("https://me:se%2Fcret@one.example/simple",),
            ),
            self.sources("""\
[[index]]
name = "one"
url = "https://one.example/simple"
[[index]]
url = "https://hidden.example/simple"
explicit = true
[[index]]
url = "https://default.example/simple"
default = true
"""),
        )

    def test_urls(self) -> None:
        self.assertEqual(
            IndexSources(
                "https://pip.example",
                ("https://more.example",),
                (str(self.folder / "wheels"), "https://links.example"),
            ),
            self.sources("""\
index-url = "https://all.example"
find-links = ["https://links.example"]
[pip]
index-url = "https://pip.example"
extra-index-url = ["https://more.example"]
find-links = ["wheels"]
"""),
        )

    def test_variables_win(self) -> None:
        self.variable("UV_DEFAULT_INDEX", "named=https://variable.example")
        self.variable("UV_INDEX", "https://x.example two=https://y.example")
        self.assertEqual(
            IndexSources(
                "https://variable.example",
                ("https://x.example", "https://y.example"),
                no_index=True,
            ),
            self.sources("no-index = true\nindex-url = 'https://file'\n"),
        )


class TestTrust(base.TestCase):
    """Whom uv trusts, where pip alone is told of a certificate."""

    def given(self, pip: str, uv: str = "", **variables: str) -> str:
        """The certificates that uv is told of."""
        for name in (*run_index._TRUST, "PIP_CERT", *UNSET["uv"]):
            self.useFixture(fixtures.EnvironmentVariable(name))
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", *UNSET["pip"]):
            self.useFixture(fixtures.EnvironmentVariable(name))
        # pip reads none of the machine's files where that is os.devnull.
        variables["PIP_CONFIG_FILE"] = (
            self.write("pip.conf", pip) if pip else os.devnull
        )
        variables["XDG_CONFIG_HOME"] = str(self.folder)
        self.write("uv/uv.toml", uv)
        for name, value in variables.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        job = self.children()
        run_index.settle(job)
        return job.variable("SSL_CERT_FILE")

    def test_of_pip(self) -> None:
        told = "[global]\ncert = /certificates.pem\n"
        self.assertEqual("/certificates.pem", self.given(told))

    def test_of_variables_that_pip_obeys(self) -> None:
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            self.assertEqual("/of.pem", self.given("", **{name: "/of.pem"}))

    def test_of_uv(self) -> None:
        told = "[global]\ncert = /certificates.pem\n"
        self.assertEqual("/u", self.given(told, SSL_CERT_FILE="/u"))
        self.assertEqual("", self.given(told, UV_NATIVE_TLS="1"))
        self.assertEqual("", self.given(told, "native-tls = true\n"))

    def test_of_another_index(self) -> None:
        told = "[global]\ncert = /certificates.pem\n"
        index = "https://a.example/simple"
        self.assertEqual("", self.given(told, f"index-url = '{index}'\n"))
        told += f"index-url = {index}\n"
        self.assertEqual("/certificates.pem", self.given(told))

    def test_of_nobody(self) -> None:
        self.assertEqual("", self.given(""))


class TestRun(GenerateTestCase):
    """Commands with two indexes: the test's own, and one of somebody else.

    The own one has version 1 of everything, the foreign one version 2.
    """

    def setUp(self) -> None:
        super().setUp()
        self.foreign = self.useFixture(Index())
        self.before = set(os.listdir(self.temporary))
        self.useFixture(
            fixtures.EnvironmentVariable(
                "XDG_CACHE_HOME", str(self.folder / "cache-home")
            )
        )
        for index, version in ((self.index, "1.0"), (self.foreign, "2.0")):
            index.wheel("a", version, requires=["b"])
            index.sdist("b", version)
        # A secret that no warning may show.
        self.account = ("me", "s3cret")
        self.foreign.account = self.account

    def tell(self, **urls: str) -> None:
        """Configure uv and pip, or leave one of them without an index."""
        for tool, names in UNSET.items():
            for name in names:
                self.useFixture(fixtures.EnvironmentVariable(name, None))
            if tool in urls:
                self.useFixture(
                    fixtures.EnvironmentVariable(names[0], urls[tool])
                )

    def foreign_url(self) -> str:
        account = ":".join(self.account)
        return self.foreign.url.replace("//", f"//{account}@")

    def assert_asked(self, index: Index) -> None:
        """Only this one was asked since the last time."""
        both = (self.index, self.foreign)
        asked = [each for each in both if each.requests]
        self.assertEqual([index.url], [each.url for each in asked])
        for each in both:
            each.requests.clear()

    def assert_one_index(self, run: str, *uv_first: bool) -> None:
        """What a command asks in all configurations.

        :param uv_first: whether uv's configuration wins; yes without it.
        """
        ours, theirs = self.index.url, self.foreign_url()
        wins = all(uv_first)
        for told, asked, warns in (
            ({"uv": ours}, self.index, False),
            ({"pip": ours}, self.index, False),
            ({"uv": theirs}, self.foreign, False),
            ({"pip": theirs}, self.foreign, False),
            ({"uv": ours, "pip": ours}, self.index, False),
            (
                {"uv": ours, "pip": theirs},
                self.index if wins else self.foreign,
                True,
            ),
            (
                {"uv": theirs, "pip": ours},
                self.foreign if wins else self.index,
                True,
            ),
        ):
            self.tell(**told)
            done = getattr(self, run)()
            self.assertIn(done.status, (0, 1), done.err)
            self.assert_asked(asked)
            self.assertEqual(
                int(warns), done.err.count("different indexes"), done.err
            )
            self.assertNotIn("s3cret", done.err + done.out)

    def generated(self, *argv: str) -> base.Outcome:
        return self.generate(
            *("-p", sys.executable, "-r", self.requirements("a"), *argv)
        )

    def in_steps(self) -> base.Outcome:
        return self.generated("--keep-going", "--no-install")

    def with_pip(self) -> base.Outcome:
        return self.generated("--installer", "pip")

    def bootstrapped(self) -> base.Outcome:
        return self.run_main(
            bootstrap_requirements.main, "-q", "-p", sys.executable, "a"
        )

    def python2(self) -> base.Outcome:
        path = self.write("constraints.txt", "a===1.0\na===2.0\n")
        return self.run_main(
            check_python2_support.main, "--no-cache", "--requirements", path
        )

    def compared(self) -> base.Outcome:
        freeze = str(self.folder / "freeze")
        path = str(self.folder / "made.txt")
        if not Path(freeze).exists():
            self.generated("--freeze-dir", freeze, "-o", path)
            self.assert_nothing_left()
            for index in (self.index, self.foreign):
                index.requests.clear()
        made = str(Path(freeze, f"python{VERSION}.json"))
        return self.run_main(
            diff_constraints.main,
            *("--newest", "--no-commits", "--freezes", made, "--"),
            *(path, path),
        )

    def test_generate(self) -> None:
        self.assert_one_index("in_steps")

    def test_generate_with_pip(self) -> None:
        self.assert_one_index("with_pip", False)

    def test_bootstrap(self) -> None:
        self.assert_one_index("bootstrapped")

    def test_check_python2_support(self) -> None:
        self.assert_one_index("python2")

    def test_diff_newest(self) -> None:
        self.assert_one_index("compared")

    def test_a_freeze_says_what_was_asked(self) -> None:
        self.tell(pip=self.foreign_url())
        folder = self.folder / "freeze"
        done = self.generated("--freeze-dir", str(folder))
        self.assertEqual(0, done.status, done.err)
        text = (folder / f"python{VERSION}.json").read_text()
        host = self.foreign.url.partition("//")[2]
        self.assertIn(f"****@{host}", text)
        self.assertNotIn("s3cret", text)

    def test_further_indexes_of_pip(self) -> None:
        self.foreign.account = None
        self.tell(pip=self.index.url)
        self.useFixture(
            fixtures.EnvironmentVariable(
                "PIP_EXTRA_INDEX_URL", self.foreign.url
            )
        )
        done = self.generated("--sort", "name")
        # To pip all indexes are equal, and so the newest version counts.
        self.assertEqual((0, "a===2.0\nb===2.0\n"), (done.status, done.out))

    def test_no_index(self) -> None:
        self.tell(pip=self.index.url)
        self.useFixture(fixtures.EnvironmentVariable("PIP_NO_INDEX", "1"))
        done = self.generated()
        self.assertEqual(2, done.status, done.err)
        self.assertEqual([], self.index.requests)
