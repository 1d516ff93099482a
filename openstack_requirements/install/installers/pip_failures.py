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
"""How pip words its failures.

Text that :data:`SIGNS` does not recognise is shown whole.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from openstack_requirements.install.failures import (
    Reason,
    Sign,
    could_not_be_built,
    first_sign,
    readable,
)
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from openstack_requirements.pep508.requirement import CanonicalName

_HEAD = re.compile(r"\[\d{1,9} lines? of output\]\n")
_END = "[end of output]"
# With a bound: on a line of many such beginnings, the end would be looked for
# from each of them.
_NOT_FOUND = (
    r"Could not find a version that satisfies the requirement (\S+)"
    r"[^\n]{0,2000}?\(from versions: "
)

#: What pip prints for which failure; the first row that suits is the one.
#: Where a row finds no culprit, it is what pip was at, but for
#: failures that stand alone.
SIGNS = (
    Sign("disk", "the disk is full", ("No space left on device",), alone=True),
    Sign(
        "index",
        "the package index gives no upload dates, so what was there "
        "before is unknown",
        ("does not provide upload-time metadata",),
        alone=True,
    ),
    Sign(
        "index",
        "the package index answered {detail}",
        (
            r"HTTP error \d+|\b[45]\d\d (?:Server|Client) Error"
            r"|too many [45]\d\d error responses",
        ),
        detail=r"\b([45]\d\d)\b",
    ),
    Sign(
        "index",
        "the package index did not answer in time",
        ("Read timed out|ConnectTimeout|timed out",),
    ),
    Sign(
        "index",
        "the package index cannot be reached",
        ("NewConnectionError|Failed to establish",),
    ),
    Sign(
        "missing",
        "the package index has nothing of it for this Python",
        (),
        (rf"{_NOT_FOUND}none",),
        named=True,
    ),
    Sign(
        "unsatisfiable",
        "the package index has no such version",
        (),
        (_NOT_FOUND,),
        named=True,
    ),
    Sign(
        "unsatisfiable",
        "it has no release for this Python",
        (),
        (r"Package '([^']+)' requires a different Python: ",),
        named=True,
    ),
    Sign(
        "unsatisfiable",
        "they cannot be installed together",
        ("ResolutionImpossible|conflicting dependencies",),
        (r"Cannot install (.{1,4000}?) because",),
        alone=True,
    ),
    Sign(
        "archive",
        "its file is broken",
        (r"BadZipFile|is invalid\.",),
    ),
    Sign(
        "build",
        "it could not be built",
        (
            r"metadata-generation-failed|Failed building wheel"
            r"|Failed to build|subprocess-exited-with-error"
            r"|Command errored out",
        ),
    ),
)


def explain(output: str) -> Reason:
    """What went wrong, from pip's output; never fails."""
    shown = "\n".join(
        line
        for line in output.splitlines()
        if not re.match(r"WARNING: |DEPRECATION: |\[notice\]", line)
    )
    everything, output = output, readable(output)
    recognised = first_sign(SIGNS, output)
    if recognised is None:
        return Reason("other", "", (), "pip failed", shown)
    kind, what = recognised.sign.kind, recognised.what
    culprit = recognised.culprit
    chain: tuple[str, ...] = ()
    if not recognised.sign.alone:
        culprit = culprit or _current(output)
        chain = _chain(output, culprit)
    if kind == "build":
        what = could_not_be_built(everything)
        shown = _own_output(everything) or shown
    where = f"{culprit}: " if culprit else ""
    return Reason(kind, culprit, chain, f"{where}{what}", shown)


def _own_output(output: str) -> str:
    """The output of the build itself: the last block that pip marks."""
    # Not by one pattern: it would look for the end from each beginning.
    block = ""
    head = _HEAD.search(output)
    while head is not None:
        end = output.find(_END, head.end())
        if end < 0:
            break
        block = output[head.end() : end] or block
        head = _HEAD.search(output, end)
    return textwrap.dedent(block.rstrip())


def _current(output: str) -> str:
    """The distribution that pip was at when it failed."""
    not_found = re.search(_NOT_FOUND, output)
    if not_found:
        return not_found[1]
    for pattern in (
        r"Failed building wheel for (\S+)",
        r"Failed to build '?([^\s']+)'?",
        r"Wheel '([^']+)'",
    ):
        match = re.search(pattern, output)
        if match:
            return _with_version(match[1], output)
    begun = re.findall(
        r"^\s*(?:Collecting|Processing) (\S+)", output, re.MULTILINE
    )
    if not begun:
        return ""
    return _with_version(begun[-1].rpartition("/")[2], output)


def _with_version(culprit: str, output: str) -> str:
    """The culprit with the version of its file, where that was named."""
    name = _name(culprit)
    for stem in reversed(
        re.findall(r"([^\s/]+)(?:\.tar\.\w+|\.zip|\.tgz)(?=[\s#]|$)", output)
    ):
        start, _, version = stem.rpartition("-")
        if canonical_name(start) == name:
            return f"{re.split(r'[=<>!~@;]', culprit)[0]}=={version}"
    return culprit


def _chain(output: str, culprit: str) -> tuple[str, ...]:
    """What requires the culprit, the nearest first.

    pip writes ``Collecting x (from y->-r list (line 1))``.
    """
    collected = re.findall(
        r"^\s*(?:Collecting|Processing|ERROR: Could not find a version that "
        r"satisfies the requirement) (\S+)(?: \(from (?!versions: )(.+?)\))?"
        r"(?: \(from versions: .*)?$",
        output,
        re.MULTILINE,
    )
    for requirement, chain in reversed(collected):
        if culprit.startswith(requirement.rpartition("/")[2]) or (
            _name(requirement) == _name(culprit)
        ):
            names = chain.split("->") if chain else []
            return tuple(name for name in names if not name.startswith("-r "))
    return ()


def _name(line: str) -> CanonicalName:
    return canonical_name(re.split(r"[=<>!~\[ @;]", line.strip())[0])
