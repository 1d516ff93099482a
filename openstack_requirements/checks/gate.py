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
"""Judges projects where they are: loads each one, then decides.

:mod:`.loader` reads a project and what it was before the change,
:mod:`.verdicts` decides, and a console script renders. Many projects are
judged side by side, in processes of their own.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks import loader, verdicts
from openstack_requirements.checks.impact import Outcome
from openstack_requirements.errors import (
    Interrupted,
    OutsideError,
    RequirementsError,
)
from openstack_requirements.manifests import loader as project_loader
from openstack_requirements.system import files, signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from openstack_requirements.checks.findings import Verdict
    from openstack_requirements.checks.verdicts import CheckRequest

#: From this number of projects on, several are judged at once.
WORTH_SHARING = 12


def judge(request: CheckRequest, root: str) -> Verdict:
    """The verdict on the project in a folder.

    :raises UnusableInput: where there is no such project or revision.
    :raises UnusableProject: with what is wrong with its files.
    :raises OutsideError: where git cannot be asked.
    """
    return verdicts.judge(request, loader.checkout(request, root))


def fix(request: CheckRequest, root: str) -> dict[str, tuple[str, str]]:
    """The files that the smallest changes would change: before and after.

    Nothing is written; see :func:`.verdicts.fix`.

    :raises RequirementsError: as :func:`judge` does.
    """
    return verdicts.fix(request, loader.checkout(request, root))


class Fixed(NamedTuple):
    """What was changed in the folder of a project.

    ``changed`` has the files, before and after; ``error`` says why they could
    not be written.
    """

    root: str
    changed: Mapping[str, tuple[str, str]]
    error: RequirementsError | None = None


def fix_all(
    request: CheckRequest,
    roots: Iterable[str],
    *,
    write: bool,
    waiting: Callable[[str], object] | None = None,
) -> Iterator[Fixed]:
    """What :func:`fix` gives for each folder of a project.

    What keeps a project from being judged is no error here: judging it says
    why.

    :param write: make the changes, before they are given.
    :param waiting: is told once of a lock's file where waiting takes long.
    """
    for root in roots:
        try:
            changed = fix(request, root)
        except RequirementsError:
            continue
        if not write:
            yield Fixed(root, changed)
            continue
        try:
            # Again, where another process has changed the project meanwhile.
            while not project_loader.write(
                root,
                {file: new for file, (_, new) in changed.items()},
                texts={file: old for file, (old, _) in changed.items()},
                longest_wait=files.LONGEST_WAIT,
                waiting=waiting,
            ):
                changed = fix(request, root)
        except RequirementsError as error:
            yield Fixed(root, {}, error)
        else:
            yield Fixed(root, changed)


def judge_all(
    request: CheckRequest,
    roots: Sequence[str],
    jobs: int,
    done: Callable[[str], object],
) -> Iterator[Outcome]:
    """The outcome for each project, in order.

    :param jobs: how many to judge at once.
    :param done: is told of each project that is judged.
    :raises OutsideError: where one of the processes that judge is killed.
    """
    if jobs < 2 or len(roots) < WORTH_SHARING:
        for root in roots:
            yield _outcome(request, root)
            done(root)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    # A fork has all that was imported and read before.
    context = multiprocessing.get_context("fork")
    running = multiprocessing.active_children()
    deferred = signals.Deferred()
    pool = ProcessPoolExecutor(
        jobs,
        mp_context=context,
        initializer=_Worker.start,
        initargs=(request, deferred),
    )
    share = max(1, len(roots) // (jobs * 8))
    try:
        # Until a worker has its own handlers, no signal may reach it.
        with deferred:
            futures = [
                pool.submit(_outcomes, roots[start : start + share])
                for start in range(0, len(roots), share)
            ]
        for future in futures:
            for outcome in future.result():
                yield outcome
                done(outcome.root)
    except BrokenProcessPool as error:
        raise OutsideError(
            "a process that judges projects was killed; where memory is "
            "short, --jobs 1 takes the least"
        ) from error
    except BaseException:
        for process in multiprocessing.active_children():
            if process not in running:
                process.terminate()
        raise
    finally:
        # Without its processes it is broken, and has no more work: older
        # Pythons trip over futures that are cancelled meanwhile.
        pool.shutdown()


class _Worker:
    """The state of a process of the pool.

    The process that started it stops it with SIGTERM: it exits without a
    message, and ends the git that it has started. The signals that a
    terminal sends to all processes at once are ignored.
    """

    request: CheckRequest
    leaving = False

    @classmethod
    def start(cls, request: CheckRequest, deferred: signals.Deferred) -> None:
        cls.request = request
        signals.forget()
        for number in signals.STOPPING:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, cls.leave)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        deferred.lift()

    @classmethod
    def leave(cls, *_: object) -> None:
        """Exit between two projects, or else when the alarm rings.

        It may be sending outcomes. The process that reads them would wait
        for ever for the rest, so the alarm rings soon, not at once.
        """
        cls.leaving = True
        signal.setitimer(signal.ITIMER_REAL, 0.2)


def _outcomes(roots: Sequence[str]) -> list[Outcome]:
    try:
        with signals.Watched():
            if _Worker.leaving:
                os._exit(0)
            return [_outcome(_Worker.request, root) for root in roots]
    except Interrupted:
        os._exit(0)


def _outcome(request: CheckRequest, root: str) -> Outcome:
    try:
        return Outcome(root, judge(request, root))
    except RequirementsError as error:
        return Outcome(root, error=error)
