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
"""What every fuzz target promises, and the limits of what an input costs.

A check hands an input to a reader through :func:`attempt`, which lets nothing
pass but the errors that the reader documents, and holds their words and all
reports to what may be shown. :func:`run` holds the whole to :class:`Limits`.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import tempfile
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

from hypothesis import strategies as st

from openstack_requirements.checks import findings
from openstack_requirements.cmds import report
from openstack_requirements.errors import (
    MOST_SHOWN,
    BadContent,
    CommandFailed,
    ProofFailed,
    UnusableInput,
    UnusableProject,
)
from openstack_requirements.manifests import loader
from openstack_requirements.system import files
from openstack_requirements.tests import fuzz_inputs as inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

    from hypothesis.strategies import SearchStrategy

#: A text of as many characters may be more than what its reader takes.
LARGE = 100_000
#: How many documented errors of each class the checks have met.
met: Counter[str] = Counter()


class Broken(AssertionError):
    """A promise that an input breaks.

    ``kind`` is the same for all inputs that break it in this way.
    """

    def __init__(self, kind: str, details: str = "") -> None:
        super().__init__(f"{kind}: {details}" if details else kind)
        self.kind = kind


class _TooSlow(BaseException):
    """The processor time is over. No ``except Exception`` may swallow it."""


class Limits(NamedTuple):
    """What one input may cost.

    :param seconds: of processor time, for each thing that is made of it.
    :param megabytes: by which the memory of the process may grow.
    """

    seconds: float = 2.0
    megabytes: int = 300


class Target(NamedTuple):
    """A reader under test.

    :param samples: inputs as people write them.
    :param files: the names of files in a corpus of real ones that it reads.
    """

    name: str
    check: Callable[[str], object]
    grammar: SearchStrategy[str]
    samples: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def bases(self, seeds: Sequence[str] = ()) -> SearchStrategy[str]:
        """Inputs by the grammar, and real ones.

        :param seeds: real files.
        """
        if not self.samples and not seeds:
            return self.grammar
        real = st.sampled_from((*self.samples, *seeds))
        return st.one_of(self.grammar, self.grammar, real)

    def inputs(self) -> SearchStrategy[str]:
        """Inputs by the grammar, and broken ones."""
        return st.one_of(self.grammar, inputs.mutated(self.bases()))


class _Clock:
    """Ends what takes too much processor time."""

    def __init__(self) -> None:
        self._seconds = 0.0

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Raise :class:`_TooSlow` where a step takes longer."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            raise _TooSlow

        old = signal.signal(signal.SIGPROF, stop)
        self._seconds = seconds
        self.step()
        try:
            yield
        finally:
            self._seconds = 0.0
            self.step()
            signal.signal(signal.SIGPROF, old)

    def step(self) -> None:
        """Begin to count anew."""
        # It strikes again and again: an error in a callback is lost.
        signal.setitimer(signal.ITIMER_PROF, self._seconds, 0.2)


clock = _Clock()


def run(target: Target, given: str, limits: Limits) -> None:
    """Check one input.

    :raises Broken: where it costs more than it may.
    :raises Exception: whatever the check finds.
    """
    before = peak()
    try:
        with clock.limit(limits.seconds):
            target.check(given)
    except _TooSlow as error:
        raise Broken(
            f"it takes more than {limits.seconds:g} s of processor time"
        ) from error
    grown = (peak() - before) // 1024
    if grown > limits.megabytes:
        raise Broken(
            f"it takes more than {limits.megabytes} MB", f"{grown} MB"
        )


def peak() -> int:
    """The most memory that this process has had so far, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


# What is promised.


def attempt(
    errors: type[Exception] | tuple[type[Exception], ...],
    call: Callable[..., Any],
    *args: Any,
    **more: Any,
) -> Any:
    """What a call returns; None where it raises a documented error."""
    clock.step()
    try:
        return call(*args, **more)
    except errors as error:
        met[type(error).__name__] += 1
        require_fit(error)
        return None


def require_fit(error: Exception) -> None:
    """An error is a line for each problem, and nothing drives a terminal."""
    shown = str(error)
    require_printable(type(error).__name__, shown)
    if isinstance(error, (BadContent, UnusableProject)):
        told = error.errors[:MOST_SHOWN]
        expected = sum(len(str(e).split("\n")) for e in told)
        expected += len(error.errors) > len(told)  # how many more there are
        for each in told:
            require_fit(each)
    elif isinstance(error, (CommandFailed, ProofFailed)):
        return  # a command's own words below it, or an example a line
    else:
        expected = 1
    number = len(shown.split("\n"))
    if number != expected:
        raise Broken(
            f"{type(error).__name__} of several lines", f"{shown!r:.300}"
        )
    if not shown.strip():
        raise Broken(f"{type(error).__name__} says nothing")


def require_printable(what: str, shown: str) -> None:
    if shown.isprintable():
        return
    bad = {c for c in shown if not c.isprintable() and c not in "\n\t"}
    if bad:
        raise Broken(
            f"control characters in {what}",
            f"{sorted(bad)!r:.100} in {shown!r:.300}",
        )


def require_equal(what: str, one: object, other: object) -> None:
    if one != other:
        raise Broken(
            f"not the same: {what}", f"{one!r:.400} != {other!r:.400}"
        )


def require_reports(verdict: findings.Verdict) -> None:
    """Every format can show it, and no other reader stumbles."""
    for name, render in report.FORMATS.items():
        clock.step()
        shown = render("check-requirements", [verdict])
        require_printable(f"the {name} report", shown)
        shown.encode()
        if name in {"json", "sarif"}:
            json.loads(shown)
        elif name == "junit":
            ET.fromstring(shown)
        elif name == "github":
            # Whatever a finding says, it is one command, or the summary.
            wanted = len(verdict.findings) + len(verdict.waived) + 1
            require_equal("commands", len(shown.splitlines()), wanted)


@contextlib.contextmanager
def file_of(content: str) -> Iterator[str]:
    descriptor, path = tempfile.mkstemp()
    try:
        with open(descriptor, "wb") as file:
            file.write(content.encode("utf-8", "surrogatepass"))
        yield path
    finally:
        os.unlink(path)


def from_disk(given: str) -> str | None:
    """A file's text as commands get it; None where it is refused.

    Only a large one need be written for that.
    """
    if len(given) < LARGE:
        return given
    with file_of(given) as path:
        found: str | None = attempt(UnusableInput, files.read_text, path)
    return found


def from_project(texts: Mapping[str, str]) -> dict[str, str]:
    """A project's files as a loader gives them, without those it refuses."""
    found = {
        path: attempt(UnusableInput, loader.decode, content.encode(), path)
        for path, content in texts.items()
    }
    return {path: content for path, content in found.items() if content}
