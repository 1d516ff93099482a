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
"""No control character and no secret in what is shown or kept."""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import json
import pkgutil
import re
import time
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

import openstack_requirements
from openstack_requirements.checks.findings import Finding, Waived, verdict
from openstack_requirements.cmds import progress
from openstack_requirements.cmds.report import FORMATS
from openstack_requirements.constraints import freeze, freeze_json
from openstack_requirements.errors import (
    BadLine,
    OutsideError,
    RequirementsError,
    UnusableInput,
    printable,
)
from openstack_requirements.install.failures import (
    KINDS,
    InstallFailed,
    Reason,
)
from openstack_requirements.output import MASK, json_text, masked, shown
from openstack_requirements.tests import base, test_architecture

if TYPE_CHECKING:
    from collections.abc import Iterator

#: In the texts below it stands where a secret does.
SECRET = "s3cr3tT0k3n"
#: A colour, a bell, C1, a change of direction, a lone surrogate, line ends.
CONTROL = "\x1b[31m\x07\x9b\u202e\u2066\ud800\x85\u2028\r\x00\x7f\x0b"
URLS = (
    "https://user:$@h/x",
    "https://$@h/x",
    "HTTP://$:@h",
    "http://$:x@127.0.0.1:8080/simple/?x=y#z",
    "git+https://user:$@h/org/repo@v1.0#egg=x",
    "git+ssh://user:$@h/org/repo",
    "ssh://user%3A$@h/x",
    "https://user:a@$@h/x",
    "https://user:$@a@h/x",
    "https://user:a/$@h/x",
    "https://user:a#$@h/x",
    "https://user:a?$@h/x",
    "https://user:it's-$@h/x",
    "https://user:$",
    "https://user:$\u2026",
    "https:/user:$@h/x",
    "https:\\\\user:$@h\\x",
    "user:$@h:org/repo",
    "git+user:$@h:org/repo",
    "user:$@proxy.example.org:3128",
    "https://us\u202eer:$\x1b@h/x",
    "https://user:\x85$@h/x",
    "https://h/?token=$",
    "https://h/?a=b&ACCESS_TOKEN=$&c=d",
    "https://h/?password=$",
    "https://h/x;passwd=$",
    "https://h/?api-key=$",
    "https://h/?key=$",
    "https://h/?X-Amz-Signature=$&X-Amz-Expires=9",
    "https://h/?X-Goog-Credential=$",
    "https://h/?sv=1&sig=$",
    "https://h/?auth=$",
    "https://h/x#access_token=$",
    "https://h/?next=/y?private_token=$",
    "/simple/x/?token=$",
    "https://h/?u=https%3A%2F%2Fuser%3A$%40h%2Fx",
    "https://h/?u=h%3Ftoken%3D$%26x%3Dy",
    "x+unknown://$@h",
    "https://$@[::1]:80/x",
    "https://h:80/https://user:$@h/x",
)
#: Where a URL stands in a text.
SENTENCES = (
    "{}",
    "-e {}",
    "name @ {} ; x",
    "(see {}).",
    '"{}"',
    "'{}','https://h'",
    "<{}>",
    "https://other {} https://u:$@h",
    "FILE:3: {}: cannot be fetched",
    "a{}",
)
#: What stays as it is.
HARMLESS = (
    "https://h:8080/x: cannot be fetched (y)",
    "(https://h:8080), https://h:80:3: not YAML",
    "-e git+https://h/org/repo@v1.0#egg=x&subdirectory=y",
    "git+ssh://git@h/org/repo@v1",
    "git@h:org/repo.git",
    "https://[::1]:80/x 'https://h' <https://h>",
    "foo @ file:///x@1.0#sha256=abc",
    "foo>=1,<2;python_version=='3.9'  # why? a=b",
    "https://h/?page=2&sort=name",
    "google-auth: it could not be built",
    "authorization==1.0 monkey=1 #egg=x",
    "FILE:3: name@1.0: x; a@b.example",
    "HEAD@{1}:file @{u}",
    "\u00e4 \u4e2d \U0001f600\ttab",
)
#: Texts for which a careless expression takes for ever.
LONG = (
    "a:" * 300_000 + "@",
    "://" * 300_000,
    "://a:b" * 100_000,
    "://a:b@" * 100_000,
    "@" * 600_000,
    "?token" * 100_000,
    "?" + "a" * 600_000 + "=",
    "?" * 600_000 + "token=",
    "x-" * 300_000 + "token:",
    "x-key" * 100_000,
    "%3a%2f%2f" * 60_000 + "%40",
    "%3ftoken%3d" * 60_000,
    " " * 600_000 + "=",
    "authorization: " * 40_000,
    "\x1b" * 600_000,
)


def is_clean(text: str) -> bool:
    """Whether a text has no control character but line ends and tabs."""
    return re.sub("[\n\t]", "", text).isprintable()


class TestShown(base.TestCase):
    def test_secrets(self) -> None:
        for url in URLS:
            for sentence in SENTENCES:
                text = sentence.format(url).replace("$", SECRET)
                for found in (shown(text), masked(text)):
                    self.assertNotIn(SECRET, found, ascii(text))
                    self.assertIn(MASK, found, ascii(text))
                data = json.loads(json_text({"a": [text], text: 1}))
                self.assertNotIn(SECRET, str(data), ascii(text))

    def test_headers(self) -> None:
        for text in (
            "Authorization: Basic $",
            "> proxy-authorization: Digest u='x', response='$'",
            "{'Authorization': 'Bearer $'}",
            "PRIVATE-TOKEN: $",
            "X-Auth-Token=$",
        ):
            found = shown(text.replace("$", SECRET))
            self.assertNotIn(SECRET, found)
            self.assertEqual("a\nb", shown("a\nb", keep_lines=True))
        text = f"Authorization: {SECRET}\nnext"
        self.assertEqual(
            f"Authorization: {MASK}\nnext", shown(text, keep_lines=True)
        )

    def test_what_is_no_secret(self) -> None:
        for text in HARMLESS:
            self.assertEqual(text, shown(text))
        for url, expected in (
            ("https://u:S@h:80/x?a=b", "https://****@h:80/x?a=b"),
            ("(https://h/?token=S).", "(https://h/?token=****)."),
            ("h/?sig=S&x=y#z", "h/?sig=****&x=y#z"),
        ):
            self.assertEqual(expected, shown(url))

    def test_control_characters(self) -> None:
        self.assertEqual(
            r"\x1b[31m\x07\x9b\u202e\u2066\ud800\x85\u2028\r\x00\x7f\x0b",
            shown(CONTROL),
        )
        self.assertEqual("a\\nb\tc", shown("a\nb\tc"))
        self.assertEqual("a\nb\\rc", shown("a\nb\rc", keep_lines=True))

    @given(st.text(st.characters()) | st.from_regex(r"\w*://\w*[:@/?#%]\w*@"))
    def test_it_never_fails_and_once_is_enough(self, text: str) -> None:
        for keep in (False, True):
            found = shown(text, keep_lines=keep)
            self.assertTrue(is_clean(found))
            self.assertEqual(found, shown(found, keep_lines=keep))
        data = json_text([text])
        self.assertTrue(is_clean(data))
        data.encode()
        self.assertEqual([masked(text)], json.loads(data))
        wide = json_text([text], ascii_only=False)
        self.assertTrue(is_clean(wide))
        wide.encode()
        self.assertEqual([masked(text)], json.loads(wide))

    def test_long_texts(self) -> None:
        for text in LONG:
            start = time.monotonic()
            shown(text, keep_lines=True)
            self.assertLess(time.monotonic() - start, 30, text[:20])


def classes() -> set[type[RequirementsError]]:
    """Every error class of the package."""
    for module in pkgutil.walk_packages(
        openstack_requirements.__path__, "openstack_requirements."
    ):
        if ".tests" not in module.name:
            importlib.import_module(module.name)

    def below(
        kind: type[RequirementsError],
    ) -> Iterator[type[RequirementsError]]:
        for each in kind.__subclasses__():
            yield each
            yield from below(each)

    found: set[type[RequirementsError]] = set(below(RequirementsError))
    found.add(RequirementsError)
    return {kind for kind in found if ".tests." not in kind.__module__}


HOSTILE = f"{CONTROL} https://user:{SECRET}@h/x?token={SECRET} {CONTROL}"
FORGED = f"{HOSTILE}\nFILE:1: forged"


def reason(kind: str) -> Reason:
    return Reason(kind, FORGED, (FORGED,), FORGED, HOSTILE, (FORGED,))


#: Hostile values, by the type that a constructor says.
VALUES: dict[str, list[Any]] = {
    "str": [FORGED],
    "int": [3],
    "float": [1.5],
    "Reason": [reason(kind) for kind in KINDS],
    "Sequence[str]": [[FORGED, FORGED]],
    "Sequence[BadLine]": [[BadLine(FORGED, FORGED, source=FORGED, number=1)]],
    "Sequence[RequirementsError]": [
        [UnusableInput(FORGED, FORGED), OutsideError(FORGED)]
    ],
    "Sequence[tuple[str, Reason]]": [[(FORGED, reason(k))] for k in KINDS],
}
#: Parameters that are several lines by their nature, such as an output.
LINES = {"output", "reason of NothingPasses"}


def examples(kind: type[RequirementsError]) -> Iterator[RequirementsError]:
    """Errors of a class that say the most hostile things."""
    if kind.__init__ is RequirementsError.__init__:
        yield kind(FORGED)
        return
    parameters = list(inspect.signature(kind).parameters.values())
    kinds = max(len(VALUES[str(each.annotation)]) for each in parameters)
    for number in range(kinds):
        given: list[Any] = []
        named = {}
        for each in parameters:
            values = VALUES[str(each.annotation)]
            value = values[number % len(values)]
            if {each.name, f"{each.name} of {kind.__name__}"} & LINES:
                value = HOSTILE
            if each.kind is each.KEYWORD_ONLY:
                named[each.name] = value
            else:
                given.append(value)
        yield kind(*given, **named)


class TestErrors(base.TestCase):
    def test_every_error_is_safe_to_show(self) -> None:
        found = classes()
        self.assertGreater(len(found), 12)
        for kind in found:
            for error in examples(kind):
                text = str(error)
                self.assertTrue(is_clean(text), f"{kind}: {text!a}")
                self.assertNotIn(SECRET, text, str(kind))
                self.assertNotIn("\nFILE:1: forged", text, str(kind))
                self.assertIn(MASK, text, str(kind))

    def test_a_log_beside_it(self) -> None:
        error = InstallFailed("3.12", reason("build"), "", "")
        error.log = FORGED
        self.assertTrue(is_clean(str(error)))
        self.assertNotIn(SECRET, str(error))

    def test_they_are_safe_by_construction(self) -> None:
        for kind in classes() - {RequirementsError}:
            self.assertIs(RequirementsError.__str__, kind.__str__, str(kind))


class TestReports(base.TestCase):
    def test_every_format(self) -> None:
        finding = Finding(
            *(FORGED, "error", FORGED, FORGED, 3, 4, FORGED, FORGED, FORGED)
        )
        verdicts = [
            verdict(FORGED, [finding], [Waived(finding, FORGED)]),
            verdict(FORGED),
        ]
        for name, render in FORMATS.items():
            text = render("check-requirements", verdicts)
            self.assertTrue(is_clean(text), name)
            self.assertNotIn(SECRET, text, name)
            self.assertNotIn("\nFILE:1: forged", text, name)
            text.encode()

    def test_a_fingerprint_does_not_depend_on_a_secret(self) -> None:
        found = {
            FORMATS["sarif"](
                "x",
                [
                    verdict(
                        "s",
                        [
                            Finding(
                                "unreviewed-line",
                                "error",
                                "m",
                                text=f"-e https://u:{password}@h",
                            )
                        ],
                    )
                ],
            )
            for password in ("one", "two")
        }
        self.assertEqual(1, len(found))

    def test_a_freeze(self) -> None:
        # A freeze with half a character would be refused.
        hostile = HOSTILE.replace("\ud800", "")
        made = freeze.Freeze(
            "3.12",
            base.environment("3.12", platform_version=hostile),
            (
                freeze.Distribution(
                    "a",
                    "1",
                    (f"b @ https://u:{SECRET}@h/b ; extra == 'x'",),
                    license=f"\u00e4{hostile}",
                ),
            ),
            (f"-e {hostile}",),
            kept=(freeze.Kept("c", "1", "", False, hostile),),
        )
        text = freeze_json.to_json(made)
        self.assertNotIn(SECRET, text)
        self.assertTrue(is_clean(text))
        self.assertIn("\u00e4", text)
        text.encode()
        read = freeze_json.from_json(text, "x")
        self.assertEqual(
            ("b @ https://****@h/b ; extra == 'x'",),
            read.distributions[0].requires,
        )
        self.assertEqual(text, freeze_json.to_json(read))

    def test_progress(self) -> None:
        stream = io.StringIO()
        lines = progress.Lines(stream)
        lines.phase(FORGED, FORGED)
        self.assertTrue(is_clean(stream.getvalue()))
        self.assertEqual(1, stream.getvalue().count("\n"))
        self.assertNotIn(SECRET, stream.getvalue())
        from rich.console import Console

        table = progress.Table()
        table.phase(FORGED, f"[bold]{FORGED}")
        stream = io.StringIO()
        Console(file=stream, width=999).print(table._render())
        self.assertTrue(is_clean(stream.getvalue()))
        self.assertIn("[bold]", stream.getvalue())
        self.assertNotIn(SECRET, stream.getvalue())


class TestTheOnePlace(base.TestCase):
    def test_nobody_else_writes_to_stderr(self) -> None:
        """Everything goes through ``say``, and diffs are made safe."""
        users = set()
        for name, tree in test_architecture.modules().items():
            for node in ast.walk(tree):
                prints = isinstance(node, ast.Name) and node.id == "print"
                streams = (
                    isinstance(node, ast.Attribute) and node.attr == "stderr"
                )
                if prints or streams:
                    users.add(name)
        # Beside the place itself: what asks whether stderr is a terminal, or
        # hands it to a child, and the one word of an interrupted start. And
        # what programs of the older toolkit expect to be printed, to stdout.
        self.assertLessEqual(
            users,
            {
                *("cmds._run", "cmds._console", "cmds._entry"),
                *("cmds.progress", "system.process"),
                *("check", "project"),
            },
        )

    def test_one_function_with_two_names(self) -> None:
        self.assertEqual(shown(HOSTILE), printable(HOSTILE))
