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
"""Judges projects where they are: in folders, and at revisions of them.

What is wrong is found by ``check``, and what may stay is said by ``waivers``.
Here is where the two, the project's files and what they were before the
change come together, for one project or for many of them side by side.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.checks import findings, judgement, waiving
from openstack_requirements.checks.impact import Outcome
from openstack_requirements.errors import (
    BadLine,
    Interrupted,
    OutsideError,
    RequirementsError,
    UnusableInput,
)
from openstack_requirements.manifests import declarations, edits, loader
from openstack_requirements.repository import lists, waivers
from openstack_requirements.system import git, signals

if TYPE_CHECKING:
    import datetime
    from collections.abc import (
        Callable,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from openstack_requirements.checks.findings import Finding, Verdict
    from openstack_requirements.checks.judgement import Against, Found
    from openstack_requirements.manifests.declarations import Declared
    from openstack_requirements.repository.waivers import Waiver

#: From this number of projects on, several are judged at once.
WORTH_SHARING = 12
#: A fix may bring another finding to light, but not for ever.
MOST_ROUNDS = 10
#: What to do where there is no earlier commit to compare with.
_ADVICE = "; or judge all that there is: --local"
#: The ids of the rules that can be waived.
_RULES = frozenset(rule.id for rule in judgement.RULES)


class Standard(NamedTuple):
    """What projects are judged by; make it with :func:`standard`."""

    against: Against
    waivers: Sequence[Waiver]
    warnings: tuple[str, ...] = ()


class Request(NamedTuple):
    """How to judge.

    :param branch: the branch that the projects' changes are for.
    :param local: judge all that there is, under the classic policy too.
    :param revision: judge what is new since this revision, under any policy.
    :param today: the day that waivers are judged on.
    :param names: what projects are called (org/name), by folder, where that
        is known; otherwise a folder's own name counts.
    """

    standard: Standard
    branch: str
    local: bool
    revision: str
    today: datetime.date
    names: Mapping[str, str]


class _Before(NamedTuple):
    """A project as it was before the change."""

    texts: Mapping[str, str]
    declared: Sequence[Declared]


def standard(folder: str, policy_name: str | None = None) -> Standard:
    """The lists of a repository, and the waivers that it grants.

    :raises UnusableInput: where a list cannot be read.
    :raises BadContent: with all the lines that cannot be read.
    """
    found = lists.load(folder, policy_name)
    against = judgement.against(
        found.policy,
        os.path.normpath(os.path.join(folder, lists.GLOBAL)),
        found.global_requirements,
        found.never,
        found.backports,
        [
            each.requirement
            for each in found.upper_constraints
            if each.requirement is not None
        ],
    )
    return Standard(against, lists.read_waivers(folder), found.warnings)


def checkouts(listed: str, folder: str) -> dict[str, str]:
    """The folders of the projects in a list, each with its name.

    :param listed: the path of the list, org/name in a line.
    :param folder: where the checkouts are, as org/name or name.
    :raises UnusableInput: where the list cannot be read, or a checkout is
        missing.
    :raises BadContent: with the lines of the list that name none.
    """
    roots = {}
    for number, name in lists.projects(listed):
        places = [
            os.path.join(folder, path)
            for path in (name, name.rpartition("/")[2])
        ]
        root = next(filter(os.path.isdir, places), None)
        if root is None:
            raise UnusableInput(
                f"{listed}:{number}",
                f"there is no checkout of {name} in {folder}",
            )
        roots[root] = name
    return roots


def judge(request: Request, root: str) -> Verdict:
    """The verdict on the project in a folder.

    :raises UnusableInput: where there is no such project or revision.
    :raises UnusableProject: with what is wrong with its files.
    :raises OutsideError: where git cannot be asked.
    """
    return _verdict(request, root, _before(request, root))[0]


def judge_all(
    request: Request,
    roots: Sequence[str],
    jobs: int,
    done: Callable[[str], object],
) -> Iterator[Outcome]:
    """The outcome for each project, in order.

    :param jobs: how many to judge at once.
    :param done: is told of each that is finished.
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
    others = multiprocessing.active_children()
    deferred = signals.Deferred()
    pool = ProcessPoolExecutor(
        jobs,
        mp_context=context,
        initializer=_Shared.start,
        initargs=(request, deferred),
    )
    share = max(1, len(roots) // (jobs * 8))
    try:
        # Until a worker has its own handlers, no signal may reach it.
        with deferred:
            futures = [
                pool.submit(_shared, roots[start : start + share])
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
            if process not in others:
                process.terminate()
        raise
    finally:
        # Without its processes it is broken, and has no more work: older
        # Pythons trip over futures that are cancelled meanwhile.
        pool.shutdown()


class _Shared:
    """What a process of a pool knows.

    The process that started it tells it when to stop (SIGTERM). It leaves
    without a word then, and takes along whatever git it has started. What
    the terminal tells all processes at once is not for it.
    """

    request: Request
    leaving = False

    @classmethod
    def start(cls, request: Request, deferred: signals.Deferred) -> None:
        cls.request = request
        signals.forget()
        for number in signals.STOPPING:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, cls.leave)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        deferred.lift()

    @classmethod
    def leave(cls, *_: object) -> None:
        """Leave between two projects: soon, for it may be sending outcomes.

        Who reads them would wait for ever for the rest.
        """
        cls.leaving = True
        signal.setitimer(signal.ITIMER_REAL, 0.2)  # whose alarm ends it


def _shared(roots: Sequence[str]) -> list[Outcome]:
    try:
        with signals.Watched():
            if _Shared.leaving:
                os._exit(0)
            return [_outcome(_Shared.request, root) for root in roots]
    except Interrupted:
        os._exit(0)


def _outcome(request: Request, root: str) -> Outcome:
    try:
        return Outcome(root, judge(request, root))
    except RequirementsError as error:
        return Outcome(root, error=error)


def fix(request: Request, root: str) -> dict[str, tuple[str, str]]:
    """The files that the smallest changes would change: before and after.

    Nothing is written. What nobody knows a change for stays, and so does
    what is waived.

    :raises RequirementsError: as :func:`judge` does.
    """
    before = _before(request, root)
    door = loader.folder(root)
    texts = dict(loader.load(root, door).texts)
    result = dict(texts)
    for _ in range(MOST_ROUNDS):
        changes: dict[str, dict[Declared, tuple[str, ...]]] = {}
        for found in _verdict(request, root, before, result)[1]:
            entry = found.entry
            if entry is not None and found.replacement is not None:
                changes.setdefault(entry.file, {}).setdefault(
                    entry, found.replacement
                )
        if not changes:
            break
        for file, replaced in changes.items():
            entries = declarations.read({file: result[file]})
            result[file] = edits.apply(result[file], entries, replaced)
    return {
        file: (texts[file], text)
        for file, text in result.items()
        if text != texts[file]
    }


class Fixed(NamedTuple):
    """What was changed in the folder of a project.

    ``changed`` has the files, before and after; ``error`` says why they could
    not be written.
    """

    root: str
    changed: Mapping[str, tuple[str, str]]
    error: RequirementsError | None = None


def fix_all(
    request: Request,
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
            while not loader.write(
                root,
                {file: new for file, (_, new) in changed.items()},
                texts={file: old for file, (old, _) in changed.items()},
                waiting=waiting,
            ):
                changed = fix(request, root)
        except RequirementsError as error:
            yield Fixed(root, {}, error)
        else:
            yield Fixed(root, changed)


def _verdict(
    request: Request,
    root: str,
    before: _Before | None,
    changed: Mapping[str, str] | None = None,
) -> tuple[Verdict, list[Found]]:
    """The verdict, and those of the findings that count, unwaived.

    :param changed: other texts of the project's files.
    """
    door = loader.folder(root) if changed is None else changed.get
    mine = loader.load(root, door)
    target = None
    if before is not None and not request.revision:
        target = before.declared
    against = request.standard.against
    subject = judgement.subject(
        against, mine.texts, mine.declared, request.branch, target
    )
    found = judgement.judge(subject)
    known = 0
    if before is not None and request.revision:
        old = judgement.judge(
            judgement.subject(
                against, before.texts, before.declared, request.branch
            )
        )
        everything = len(found)
        found = _new(found, old)
        known = everything - len(found)
    judged = None
    if before is not None:
        judged = {(e.file, e.line) for e in subject.declared}
    left, waived = waiving.apply(
        [each.finding for each in found],
        [*request.standard.waivers, *waivers.inline(mine.texts)],
        request.names.get(root) or os.path.basename(os.path.realpath(root)),
        request.today,
        rules=_RULES,
        judged=judged,
    )
    remaining = Counter(left)
    counting = []
    for each in found:
        if remaining[each.finding]:
            remaining[each.finding] -= 1
            counting.append(each)
    verdict = findings.verdict(
        os.path.normpath(root),
        [_placed(each, root) for each in left],
        [
            each._replace(finding=_placed(each.finding, root))
            for each in waived
        ],
        known,
    )
    return verdict, counting


def _before(request: Request, root: str) -> _Before | None:
    """What the project was before the change; None where all is judged."""
    if request.revision:
        return _at(root, request.revision)
    if request.local or not request.standard.against.policy.judges_changes:
        return None
    loader.folder(root)  # it must be there
    try:
        parent = git.first_parent(root)
    except UnusableInput as error:
        raise UnusableInput(error.what, f"{error.reason}{_ADVICE}") from error
    except OutsideError as error:
        raise OutsideError(f"{error}{_ADVICE}") from error
    # Of the first commit of all, everything is new.
    return _Before({}, ()) if parent is None else _at(root, parent)


def _at(root: str, revision: str) -> _Before:
    """What a project was at a revision. What could not be read is not there.

    The change is judged, not what was wrong before it.
    """
    texts: dict[str, str] = {}
    declared: list[Declared] = []
    found = git.read_all(root, revision, loader.MANIFESTS)
    for path, file in found.items():
        if file is None or file.kind != "file":
            continue
        try:
            text = loader.decode(file.content, path)
            declared += declarations.read({path: text})
        except (BadLine, UnusableInput):
            continue
        texts[path] = text
    return _Before(texts, declared)


def _new(found: Sequence[Found], old: Sequence[Found]) -> list[Found]:
    """The findings that were not there before."""
    counts = Counter(map(_key, old))
    result = []
    for each in found:
        if counts[_key(each)]:
            counts[_key(each)] -= 1
        else:
            result.append(each)
    return result


def _key(found: Found) -> tuple[object, ...]:
    """What makes a finding the same as one of another revision."""
    entry = found.entry
    return (
        found.finding.rule,
        found.finding.file,
        found.finding.package,
        None if entry is None else (entry.kind, entry.section, entry.text),
    )


def _placed(finding: Finding, root: str) -> Finding:
    """A finding with the path from here, where the project is elsewhere."""
    if finding.file is None or os.path.normpath(root) == ".":
        return finding
    if finding.file.endswith(waivers.FILE):
        return finding  # that is the repository's, not the project's
    return finding._replace(
        file=os.path.normpath(os.path.join(root, finding.file))
    )
