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
"""What installers print when they fail, and what is read from it.

``uv-failures`` holds what each minor version of uv that requirements.txt
admits printed for each case, on an index like the one in ``loopback.py``.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

from openstack_requirements.install.failures import (
    LARGEST_OUTPUT,
    LONGEST_WORD,
    InstallFailed,
    Reason,
    readable,
)
from openstack_requirements.install.installers import pip_failures as pip
from openstack_requirements.install.installers import uv_failures as uv
from openstack_requirements.tests import base, bounded

DATA = Path(__file__).with_name("uv-failures")
MIDDLE = ("middle", "top")

# case: kind, culprit, names that ask (nearest first), a phrase of the sentence
UV = {
    "before-nothing": ("unsatisfiable", "a", (), "no such release then"),
    "before-undated": ("index", "a", (), "no upload dates"),
    "missing": ("missing", "nosuch", (), "does not have it"),
    "missing-compile": ("missing", "nosuch", (), "does not have it"),
    "missing-transitive": ("missing", "nosuch", MIDDLE, "does not have it"),
    "unsatisfiable": ("unsatisfiable", "left>=999", (), "no such version"),
    "unsatisfiable-transitive": (
        "unsatisfiable",
        "left>=999",
        MIDDLE,
        "no such version",
    ),
    "conflict": ("unsatisfiable", "shared", (), "no version satisfies"),
    "missing-marked": ("missing", "nosuch", (), "does not have it"),
    "unsatisfiable-marked": (
        "unsatisfiable",
        "left>=999",
        (),
        "no such version",
    ),
    "conflict-marked": ("unsatisfiable", "shared", (), "no version satisfies"),
    "conflict-extra": ("unsatisfiable", "shared", (), "no version satisfies"),
    "conflict-range": ("unsatisfiable", "shared", (), "no version satisfies"),
    "conflict-direct": ("unsatisfiable", "shared", (), "no version satisfies"),
    "requires-python": ("unsatisfiable", "future", (), "for this Python"),
    "requires-python-transitive": (
        "unsatisfiable",
        "future==1.0",
        ("top",),
        "for this Python",
    ),
    "no-wheel-for-platform": (
        "unsatisfiable",
        "foreign==1.0",
        (),
        "for this platform",
    ),
    "no-wheel-for-platform-transitive": (
        "unsatisfiable",
        "foreign==1.0",
        ("top",),
        "for this platform",
    ),
    "yanked": ("unsatisfiable", "withdrawn==1.0", (), "yanked"),
    "build-fails": (
        "build",
        "native==1.0",
        (),
        "libvirt/libvirt.h is missing",
    ),
    "build-fails-transitive": (
        "build",
        "native==1.0",
        MIDDLE,
        "could not be built",
    ),
    "build-fails-native": (
        "build",
        "native==1.0",
        (),
        "libvirt/libvirt.h is missing",
    ),
    "build-fails-native-transitive": (
        "build",
        "native==1.0",
        MIDDLE,
        "libvirt/libvirt.h is missing",
    ),
    "build-fails-late": (
        "build",
        "native==1.0",
        (),
        "libvirt/libvirt.h is missing",
    ),
    "build-fails-late-transitive": (
        "build",
        "native==1.0",
        MIDDLE,
        "libvirt/libvirt.h is missing",
    ),
    "build-fails-library": ("build", "linked==1.0", (), "could not be built"),
    "build-fails-module": ("build", "legacy==1.0", (), "could not be built"),
    "build-fails-other": ("build", "plain==1.0", (), "could not be built"),
    "build-requires-missing": (
        "build",
        "needy==1.0",
        (),
        "could not be built",
    ),
    "index-500": ("index", "broken", (), "answered 500"),
    "index-500-transitive": ("index", "broken", (), "answered 500"),
    "index-403": ("index", "secret", (), "refuses access (403"),
    "file-500": ("index", "whole==1.0", (), "answered 500"),
    "file-404": ("index", "whole==1.0", (), "answered 404"),
    "file-404-transitive": ("index", "whole==1.0", MIDDLE, "answered 404"),
    "metadata-500": ("index", "whole==1.0", (), "answered 500"),
    "index-refused": ("index", "any", (), "cannot be reached"),
    "index-unknown-host": ("index", "any", (), "cannot be reached"),
    "hang": ("index", "slow", (), "in time"),
    "file-hang": ("index", "slow==1.0", (), "in time"),
    "truncated": ("archive", "short==1.0", (), "truncated"),
    "truncated-transitive": ("archive", "short==1.0", (), "truncated"),
    "bad-zip": ("archive", "garbage==1.0", (), "broken"),
    "bad-zip-late": ("archive", "garbage==1.0", (), "broken"),
    "bad-crc": ("archive", "altered==1.0", (), "not what was published"),
    "hash-mismatch": ("archive", "altered==1.0", (), "not what was published"),
    "bad-metadata": ("archive", "mangled==1.0", (), "metadata is invalid"),
    "bad-metadata-no-version": (
        "archive",
        "mangled==1.0",
        (),
        "metadata is invalid",
    ),
    "bad-metadata-transitive": (
        "archive",
        "mangled==1.0",
        ("top",),
        "metadata is invalid",
    ),
    "wrong-name": ("archive", "alias", (), "another name"),
    "disk-full": ("disk", "large==1.0", (), "disk is full"),
    "disk-full-cache": ("disk", "large==1.0", (), "disk is full"),
    "bad-list": ("other", "", (), "uv failed"),
    "missing-list": ("other", "", (), "uv failed"),
    "invalid-interpreter": ("other", "", (), "uv failed"),
    "no-environment": ("other", "", (), "uv failed"),
}

PIP = {
    "missing": (
        "ERROR: Could not find a version that satisfies the requirement "
        "nosuch (from middle) (from versions: none)\n"
        "ERROR: No matching distribution found for nosuch\n",
        ("missing", "nosuch", ("middle",), "nothing of it"),
    ),
    "missing in the list": (
        "ERROR: Could not find a version that satisfies the requirement "
        "nosuch (from versions: none)\n",
        ("missing", "nosuch", (), "nothing of it"),
    ),
    "no version": (
        "Collecting left>=999 (from -r /tmp/r.txt (line 1))\n"
        "  ERROR: Could not find a version that satisfies the requirement "
        "left>=999 (from -r /tmp/r.txt (line 1)) (from versions: 1.0, 2.0)\n"
        "ERROR: No matching distribution found for left>=999\n",
        ("unsatisfiable", "left>=999", (), "no such version"),
    ),
    "another Python": (
        "Processing /opt/files/new-2.0-py3-none-any.whl\n"
        "ERROR: Package 'new' requires a different Python: 3.10.1 not in "
        "'>=3.11'\n",
        ("unsatisfiable", "new", (), "no release for this Python"),
    ),
    "index gave up": (
        "Could not fetch URL http://h/x/: HTTPConnectionPool(host='h'): Max "
        "retries exceeded with url: /x/ (Caused by ResponseError('too many "
        "502 error responses')) - skipping\n",
        ("index", "", (), "answered 502"),
    ),
    "conflict": (
        "ERROR: Cannot install -r r.txt (line 1) and b because these package "
        "versions have conflicting dependencies.\n"
        "ERROR: ResolutionImpossible: for help visit\n",
        ("unsatisfiable", "-r r.txt (line 1) and b", (), "together"),
    ),
    "build": (
        "Collecting native (from middle->-r /tmp/r.txt (line 2))\n"
        "  error: subprocess-exited-with-error\n"
        "  fatal error: x.h: No such file or directory\n",
        ("build", "native", ("middle",), "could not be built"),
    ),
    "build of a local file": (
        "Processing /opt/files/native-1.0.tar.gz (from top->-r r.txt)\n"
        "  error: subprocess-exited-with-error\n"
        "  native.c:1:10: fatal error: x/y.h: No such file or directory\n",
        ("build", "native-1.0.tar.gz", ("top",), "x/y.h is missing"),
    ),
    "time": (
        "ReadTimeoutError: Read timed out. (read timeout=1)\n",
        ("index", "", (), "in time"),
    ),
    "500": (
        "Collecting x\nERROR: HTTP error 500 while getting http://h/x.whl\n",
        ("index", "x", (), "answered 500"),
    ),
    "disk": (
        "ERROR: Could not install packages due to an OSError: [Errno 28] No "
        "space left on device\n",
        ("disk", "", (), "disk is full"),
    ),
    "archive": (
        "Collecting x\nERROR: Wheel 'x' located at /tmp/x.whl is invalid.\n",
        ("archive", "x", (), "broken"),
    ),
    "an index that keeps failing": (
        "ERROR: Could not install packages due to an OSError: "
        "HTTPConnectionPool(host='h', port=80): Max retries exceeded with "
        "url: /x.whl (Caused by ResponseError('too many 503 error "
        "responses'))\n",
        ("index", "", (), "the package index answered 503"),
    ),
    "unknown": ("gibberish\n", ("other", "", (), "pip failed")),
}


def recordings() -> dict[str, dict[str, str]]:
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in DATA.glob("*.json")
    }


def named(required_by: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(each.partition("==")[0] for each in required_by)


class TestUv(base.TestCase):
    def test_every_version_and_case(self) -> None:
        found = recordings()
        self.assertGreaterEqual(len(found), 4)
        for version, cases in found.items():
            for case, (kind, culprit, required_by, phrase) in UV.items():
                reason = uv.explain(cases[case])
                self.assertEqual(
                    (kind, culprit, required_by),
                    (reason.kind, reason.culprit, named(reason.required_by)),
                    f"{case} of uv {version}",
                )
                self.assertIn(phrase, reason.what, f"{case} of uv {version}")
                self.assertNotEqual("", reason.output)

    def test_a_build_shows_its_own_words_alone(self) -> None:
        for version, cases in recordings().items():
            lines = uv.explain(cases["build-fails"]).output.splitlines()
            self.assertEqual(
                [
                    "[stderr]",
                    "fatal error: libvirt/libvirt.h: No such file or "
                    "directory",
                    " compilation terminated.",
                ],
                lines[:3],
                version,
            )
            self.assertIn("told to fail", lines[-1])

    def test_rivals_are_named_with_who_asks(self) -> None:
        for version, cases in recordings().items():
            rivals = uv.explain(cases["conflict"]).rivals
            self.assertEqual(2, len(rivals), version)
            self.assertRegex(rivals[0], r"^shared<2 by a(==1.0)?$")
            self.assertRegex(rivals[1], r"^shared>=2 by b(==1.0)?$")
            rivals = uv.explain(cases["conflict-direct"]).rivals
            self.assertIn("shared<2 by the list", rivals)

    def test_a_certificate_that_is_not_trusted(self) -> None:
        reason = uv.explain(
            "error: Failed to fetch: https://index/simple/x/\n"
            "  cause: client error (Connect)\n"
            "  cause: invalid peer certificate: UnknownIssuer\n"
        )
        self.assertEqual(("index", "x"), (reason.kind, reason.culprit))
        self.assertIn("certificate", reason.what)

    def test_what_is_not_recognised_is_shown_whole(self) -> None:
        reason = uv.explain("error: something new\n  cause: and strange\n")
        self.assertEqual("other", reason.kind)
        self.assertIn("something new\n  cause: and strange", reason.output)
        self.assertEqual("other", uv.explain("").kind)


class TestPip(base.TestCase):
    def test_table(self) -> None:
        for case, (output, expected) in PIP.items():
            kind, culprit, required_by, phrase = expected
            reason = pip.explain(output)
            self.assertEqual(
                (kind, culprit, required_by),
                (reason.kind, reason.culprit, reason.required_by),
                case,
            )
            self.assertIn(phrase, reason.what, case)

    def test_the_last_build_shows_its_own_words_alone(self) -> None:
        output = (
            "  error: subprocess-exited-with-error\n"
            "  [1 line of output]\n    first\n  [end of output]\n"
            "  [2 lines of output]\n    second\n      third\n\n"
            "  [end of output]\n  [9 lines of output]\n"
        )
        self.assertEqual("second\n  third", pip.explain(output).output)


#: What a build may print, over and over, behind what an installer says.
PRINTED = {
    "a": "",
    "\n": "",
    " ": "",
    ".tar.": "",
    "{": "",
    "a-": "No solution found when resolving ",
    "a depends on b and ": "No solution found when resolving ",
    "you require a, and ": "No solution found when resolving ",
    "Failed to fetch: `a-": "Failed to fetch ",
    "`x` (v1) was included because ": "Failed to build `x`",
    "fatal error: a.h.h ": "Failed to build `x`",
    "Collecting a (from ": "",
    "Collecting a (from b) (from versions: ": "",
    "Cannot install ": "conflicting dependencies ",
    "Could not find a version that satisfies the requirement a ": "",
    "[1 lines of output]\n": "subprocess-exited-with-error\n",
}


class TestCostly(base.TestCase):
    def test_whatever_is_printed(self) -> None:
        def explain(output: str) -> None:
            uv.explain(output)
            pip.explain(output)

        cases = {
            unit: functools.partial(
                explain, start + unit * ((1 << 20) // len(unit))
            )
            for unit, start in PRINTED.items()
        }
        self.assertEqual([], bounded.failures(cases))

    def test_what_is_searched(self) -> None:
        words = "  one\n\n two\t"
        self.assertEqual(words, readable(words))
        self.assertEqual(
            f"{'a' * LONGEST_WORD}\n{'b' * LONGEST_WORD}",
            readable("a" * LARGEST_OUTPUT + "b" * LARGEST_OUTPUT),
        )


class TestMessage(base.TestCase):
    def failed(self, reason: Reason) -> InstallFailed:
        error = InstallFailed("3.9", reason, "uv pip install", "whole output")
        error.log = "/tmp/x.log"
        return error

    def test_a_build(self) -> None:
        output = "\n".join(f"line {n}" for n in range(100)) + "\n\x1b[31mred"
        error = self.failed(
            Reason(
                "build",
                "native==1",
                ("middle", "top"),
                "native==1: bad",
                output,
            )
        )
        self.assertEqual(3, error.status)
        text = str(error)
        self.assertTrue(text.startswith("Python 3.9: native==1: bad\n"))
        self.assertIn("the list -> top -> middle -> native==1", text)
        self.assertIn("| line 99\n", text)
        self.assertNotIn("| line 9\n", text)
        self.assertIn("bindep.txt", text)
        error.packages, error.installed = ("libx-dev",), ("gcc",)
        self.assertIn("\n  what to install: libx-dev\n", str(error))
        error.packages = ()
        self.assertIn(
            "\n  what bindep.txt lists for it is installed: gcc\n",
            str(error),
        )
        self.assertIn("/tmp/x.log", text)
        self.assertNotIn("\x1b", text)

    def test_a_list_that_is_wrong(self) -> None:
        rivals = ("x<2 by a", "x>=2 by b")
        reason = Reason("unsatisfiable", "x", (), "x: bad", "words", rivals)
        error = self.failed(reason)
        self.assertEqual(2, error.status)
        self.assertIn("required: x<2 by a, x>=2 by b", str(error))
        self.assertNotIn("bindep", str(error))
