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
"""Run the fuzz targets of the tests for any time, with new inputs each time.

    python3 tools/run.py --tests python tools/fuzz.py [--seconds N]
        [--target NAME ...] [--jobs N] [--seed N] [--corpus DIR] [--save DIR]

What an input must hold is in ``openstack_requirements/tests/fuzz.py``. Each
target runs in a process of its own, so that an input that ends Python itself
is known as well. A failing input is made as small as can be and saved; the
exit status is 1 where there is one, and 2 for wrong usage. The same seed on
the same machine does not give the same inputs where time decides.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisWarning

# The tests' modules are beside the package that is fuzzed: of this checkout.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from openstack_requirements.tests import fuzz, fuzzing
from openstack_requirements.tests.fuzz_inputs import bulky, mutate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: How many bytes of address space a process may take: beyond, and long before
#: the machine suffers, there is a MemoryError.
ADDRESS_SPACE = 2 << 30
#: A process that has been at one input for as long as this, in seconds, does
#: not hear the clock any more.
STUCK = 60.0
#: How often each input of a grammar, or real file, is broken.
BROKEN = 10
#: How many seconds the search for a smaller input may take.
SHRINKING = 20.0
#: Real files that are larger teach little and cost much.
LARGEST_SEED = 200_000


class _Over(BaseException):
    """The time of a process is over. Hypothesis must not swallow it."""


def parser() -> argparse.ArgumentParser:
    """What the tool takes."""
    result = argparse.ArgumentParser(
        prog="tools/fuzz.py",
        description="Run the fuzz targets for a time.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    result.add_argument(
        "--seconds",
        metavar="N",
        type=float,
        default=60.0,
        help="how long all targets may take together",
    )
    result.add_argument(
        "--target",
        metavar="NAME",
        action="append",
        choices=sorted(fuzz.TARGETS),
        default=argparse.SUPPRESS,
        help="a target, in place of all; repeat for several: "
        f"{', '.join(fuzz.TARGETS)}",
    )
    result.add_argument(
        "--jobs",
        metavar="N",
        type=int,
        default=os.cpu_count() or 1,
        help="how many targets to run at once",
    )
    result.add_argument(
        "--seed",
        metavar="N",
        type=int,
        default=argparse.SUPPRESS,
        help="what randomness starts from (default: the time)",
    )
    result.add_argument(
        "--corpus",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="a folder with real files, to be broken as well",
    )
    result.add_argument(
        "--save",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="where failing inputs go (default: a new temporary folder)",
    )
    result.add_argument(
        "--largest",
        metavar="N",
        type=int,
        default=1 << 20,
        help="how many characters an input may have",
    )
    result.add_argument(
        "--limit",
        metavar="SECONDS",
        type=float,
        default=fuzzing.Limits().seconds,
        help="how much processor time an input may take",
    )
    return result


class Worker:
    """One target in a process of its own.

    It writes what it is at into ``NAME.now``, and at its end what it has seen
    into ``NAME.json``.
    """

    def __init__(
        self,
        target: fuzzing.Target,
        options: argparse.Namespace,
        seeds: Sequence[str],
        folder: Path,
    ) -> None:
        self.target = target
        self.limits = fuzzing.Limits(options.limit)
        self.folder = folder
        self.now = folder / f"{target.name}.now"
        self.bases = target.bases(seeds)
        self.largest = options.largest
        self.failures: dict[str, str] = {}
        self.times: Counter[str] = Counter()
        self.inputs = 0
        self.slowest = 0.0
        self.end = 0.0

    def run(self, seconds: float, start: int) -> None:
        """Try inputs until the time is over."""
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        warnings.simplefilter("ignore", HypothesisWarning)
        # Warnings of Python's parser, about somebody's setup.py.
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        sys.unraisablehook = lambda _: None  # the clock, in a callback
        for sample in self.target.samples:
            self.target.check(sample)  # what is imported once is paid once
        random = Random(start)  # noqa: S311 - nothing is kept secret
        bulk = bulky(random, self.target.samples, self.largest)
        begin = time.monotonic()
        self.end = begin + seconds
        number = start
        try:
            while True:
                number += 1
                self._batch(number)
                # One at a time: each of them takes as long as a batch.
                text = next(bulk, None)
                if text is not None:
                    self._try(text)
        except _Over:
            pass
        finally:
            self.now.unlink(missing_ok=True)
            result = {
                "inputs": self.inputs,
                "seconds": time.monotonic() - begin,
                "slowest": self.slowest,
                "met": dict(fuzzing.met),
                "failures": self.failures,
                "times": dict(self.times),
            }
            path = self.folder / f"{self.target.name}.json"
            path.write_text(json.dumps(result), encoding="utf-8")

    def _batch(self, number: int) -> None:
        """Some inputs from one seed, and what becomes of each.

        A grammar takes its time; breaking what it has made takes none.
        """
        random = Random(number)  # noqa: S311 - nothing is kept secret
        recent = list(self.target.samples) or [""]

        @seed(number)
        @settings(
            max_examples=300,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(self.bases)
        def one(text: str) -> None:
            self._try(text)
            for _ in range(BROKEN):
                other = random.choice(recent)
                self._try(mutate(random, text, other, self.largest))
            recent[-9:] = [*recent[-8:], text]

        one()

    def _try(self, text: str) -> None:
        if time.monotonic() > self.end:
            raise _Over
        self.now.write_bytes(text.encode("utf-8", "surrogatepass"))
        self.inputs += 1
        begin = time.process_time()
        signature, trace = self._failure(text)
        self.slowest = max(self.slowest, time.process_time() - begin)
        if not signature:
            return
        self.times[signature] += 1
        if signature not in self.failures:
            self.failures[signature] = ""
            small = shrink(
                text, lambda other: self._failure(other)[0] == signature
            )
            # What the smaller one says is what its reader will see.
            trace = self._failure(small)[1] or trace
            self.failures[signature] = save(
                self.folder, self.target.name, signature, small, trace
            )

    def _failure(self, text: str) -> tuple[str, str]:
        """What tells one failure from another, and its traceback."""
        try:
            fuzzing.run(self.target, text, self.limits)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            return signature_of(error), traceback.format_exc()
        return "", ""


def signature_of(error: Exception) -> str:
    """The class of an error and the code that raised it.

    What costs too much is told apart by what the check had called.
    """
    cause: BaseException = error
    costs = isinstance(error, fuzzing.Broken) and error.__cause__ is not None
    if costs and error.__cause__ is not None:
        cause = error.__cause__
    frames = [
        frame
        for frame in traceback.extract_tb(cause.__traceback__)
        if "openstack_requirements" in frame.filename
    ]
    checks = [each for each in frames if "/tests/" in each.filename]
    ours = [each for each in frames if "/tests/" not in each.filename]
    place = (ours[0] if costs else ours[-1]) if ours else checks[-1]
    where = f"{Path(place.filename).name}:{place.name}"
    if ours and costs:
        return f"too slow in {where}"
    if isinstance(error, fuzzing.Broken):
        return error.kind
    return f"{type(error).__name__} in {where}"


def shrink(text: str, fails: Callable[[str], bool]) -> str:
    """The text without all that it fails without, as far as time allows."""
    end = time.monotonic() + SHRINKING
    size = max(1, len(text) // 2)
    while size:
        start = 0
        while start < len(text):
            if time.monotonic() > end:
                return text
            smaller = text[:start] + text[start + size :]
            if fails(smaller):
                text = smaller
            else:
                start += size
        size //= 2
    return text


def save(
    folder: Path, name: str, signature: str, text: str, trace: str
) -> str:
    """Keep a failing input, with what it does; its path."""
    digest = hashlib.sha256(f"{name} {signature}".encode()).hexdigest()[:8]
    path = folder / f"{name}-{digest}"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    path.with_suffix(".txt").write_text(
        f"{signature}\n\n{ascii(text)[:2000]}\n\n{trace}", encoding="utf-8"
    )
    return str(path)


def seeds_of(target: fuzzing.Target, corpus: str) -> list[str]:
    """The real files that a target reads."""
    found: dict[str, None] = {}
    if not corpus:
        return []
    for path in sorted(Path(corpus).rglob("*")):
        if (
            any(fnmatch.fnmatch(path.name, each) for each in target.files)
            and path.is_file()
            and path.stat().st_size <= LARGEST_SEED
        ):
            text = path.read_bytes().decode("utf-8", "replace")
            found[text] = None
    return list(found)


def work(
    target: fuzzing.Target,
    options: argparse.Namespace,
    folder: Path,
    seconds: float,
    start: int,
) -> None:
    """What a process does; it ends without a traceback when it is told to."""
    seeds = seeds_of(target, getattr(options, "corpus", ""))
    Worker(target, options, seeds, folder).run(seconds, start)


class Run:
    """All targets, some at once."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.folder = folder
        names = getattr(options, "target", None) or list(fuzz.TARGETS)
        self.waiting = [fuzz.TARGETS[name] for name in dict.fromkeys(names)]
        self.share = options.seconds * min(options.jobs, len(self.waiting))
        self.share /= len(self.waiting)
        self.start = getattr(options, "seed", time.time_ns() % (1 << 30))
        self.failed = 0

    def run(self) -> int:
        """Run them; how many failures there were."""
        print(
            f"seed {self.start}, {self.share:.0f} s a target; failing inputs "
            f"go to {self.folder}"
        )
        running: list[tuple[fuzzing.Target, Any, float]] = []
        context = multiprocessing.get_context("fork")
        try:
            while self.waiting or running:
                while self.waiting and len(running) < self.options.jobs:
                    target = self.waiting.pop(0)
                    more = (self.options, self.folder, self.share, self.start)
                    child = context.Process(target=work, args=(target, *more))
                    child.start()
                    running.append((target, child, time.monotonic()))
                running = [each for each in running if self._goes_on(*each)]
                time.sleep(0.1)
        finally:
            for _, child, _ in running:
                child.kill()
        return self.failed

    def _goes_on(
        self, target: fuzzing.Target, child: Any, begin: float
    ) -> bool:
        """Whether a process is at work still; what it found, if not."""
        now = self.folder / f"{target.name}.now"
        if child.is_alive():
            try:
                silent = time.time() - now.stat().st_mtime
            except FileNotFoundError:
                silent = time.monotonic() - begin - self.share
            if silent < STUCK + SHRINKING:
                return True
            child.kill()
        child.join()
        path = self.folder / f"{target.name}.json"
        if path.exists():
            self._show(target, json.loads(path.read_text(encoding="utf-8")))
            path.unlink()
        else:
            code = child.exitcode
            how = (
                f"was ended by {signal.Signals(-code).name}"
                if code < 0
                else f"ended with status {code}"
            )
            kept = self.folder / f"{target.name}-ended"
            if now.exists():
                now.replace(kept)
            self.failed += 1
            print(f"{target.name}: Python {how} at {kept}", flush=True)
        return False

    def _show(self, target: fuzzing.Target, result: dict[str, Any]) -> None:
        rate = result["inputs"] / max(result["seconds"], 0.001)
        met = ", ".join(
            f"{name} {number}"
            for name, number in sorted(result["met"].items())
        )
        print(
            f"{target.name}: {result['inputs']} inputs, {rate:.0f}/s, slowest "
            f"{result['slowest'] * 1000:.0f} ms; refused: {met or 'none'}",
            flush=True,
        )
        for signature, path in sorted(result["failures"].items()):
            self.failed += 1
            number = result["times"][signature]
            print(f"    {signature} ({number} times): {path}", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; its exit status."""
    options = parser().parse_args(argv)
    if options.jobs < 1 or options.seconds <= 0:
        parser().error("--jobs and --seconds are more than nothing")
    if "corpus" in options and not Path(options.corpus).is_dir():
        parser().error(f"{options.corpus} is no folder")
    folder = Path(
        getattr(options, "save", None) or tempfile.mkdtemp(prefix="fuzz-")
    )
    folder.mkdir(parents=True, exist_ok=True)
    failed = Run(options, folder).run()
    print(f"{failed} failures" if failed else "nothing found")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
