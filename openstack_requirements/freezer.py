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
"""Makes freezes: a throw-away environment for each interpreter, side by side.

Nothing that is made here outlives it, whatever happens: environments,
installers' temporary files and processes go with the work folder.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from concurrent.futures import (
    FIRST_EXCEPTION,
    Executor,
    ThreadPoolExecutor,
    wait,
)
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements import environments, installers, interpreters
from openstack_requirements.errors import CommandFailed, OutsideError
from openstack_requirements.freeze import Freeze
from openstack_requirements.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from openstack_requirements.freeze import Distribution
    from openstack_requirements.installers import Installer
    from openstack_requirements.interpreters import Interpreter

    #: Told who begins which phase, and how to count distributions so far.
    Announce = Callable[[str, str, Callable[[], int] | None], None]


class Request(NamedTuple):
    """What to make freezes of.

    :param pythons: interpreters as the user names them.
    :param requirements: the lines of the list, for an installer.
    :param installer: one of ``installers.CHOICES``.
    :param jobs: how many interpreters to work on at once.
    :param timeout: how long a request to the index may take, in seconds.
    :param resolve_only: do not install where that can be avoided.
    """

    pythons: Sequence[str]
    requirements: Sequence[str]
    installer: str
    jobs: int
    timeout: int | None
    resolve_only: bool


class _Job(NamedTuple):
    """What is the same for every interpreter."""

    request: Request
    folder: str
    requirements: str
    announce: Announce
    processes: Processes
    #: Removes what is done with, so that the next need not wait for it.
    cleaner: Executor


def make(request: Request, announce: Announce) -> list[Freeze]:
    """A freeze for each interpreter, the oldest first.

    :raises UnusableInput: where an interpreter or an installer for it is
        missing.
    :raises InstallFailed: for the oldest interpreter that failed by the time
        that one did; the others are stopped.
    :raises OutsideError: where what is installed cannot be read.
    """
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(_work_folder())
        scratch = os.path.join(folder, "tmp")
        os.mkdir(scratch)
        processes = Processes(scratch)
        found = interpreters.find_all(request.pythons, processes)
        chosen = [
            (
                each,
                installers.choose(
                    request.installer,
                    each,
                    processes,
                    request.timeout,
                    min(request.jobs, len(found)),
                ),
            )
            for each in found
        ]
        requirements = os.path.join(folder, "requirements.txt")
        with open(requirements, "w", encoding="utf-8") as file:
            # As many lines as the list has, so that an installer's line
            # numbers are the list's.
            file.writelines(request.requirements)
        cleaner = stack.enter_context(ThreadPoolExecutor(1))
        job = _Job(request, folder, requirements, announce, processes, cleaner)
        pool = ThreadPoolExecutor(request.jobs)
        try:
            futures = [pool.submit(_freeze, job, *pair) for pair in chosen]
            # While the installers are at work there is time for both.
            _import_what_reading_needs()
            versions = [installer.version() for _, installer in chosen]
            wait(futures, return_when=FIRST_EXCEPTION)
            for future in futures:
                if future.done():
                    future.result()
        except installers.InstallFailed as error:
            processes.stop()
            error.log = _keep_log(error)
            raise
        except BaseException:
            processes.stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        return [
            future.result()._replace(installer=version)
            for future, version in zip(futures, versions, strict=True)
        ]


def _import_what_reading_needs() -> None:
    """Import slow modules before they are needed in the threads."""
    import email.parser  # noqa: F401

    import packaging.version  # noqa: F401


@contextlib.contextmanager
def _work_folder() -> Iterator[str]:
    """A folder for all that is made, removed whatever happens."""
    try:
        folder = tempfile.mkdtemp(prefix="generate-constraints-")
    except OSError as error:
        raise OutsideError(
            f"no temporary folder can be made ({error.strerror})"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _freeze(
    job: _Job, interpreter: Interpreter, installer: Installer
) -> Freeze:
    """What the list installs for one interpreter."""
    who = f"Python {interpreter.version}"
    folder = os.path.join(job.folder, f"python{interpreter.version}")
    distributions = None
    method = "install"
    try:
        if job.request.resolve_only:
            distributions = _resolve(job, who, interpreter, installer)
        if distributions is not None:
            method = "resolve"
        else:
            distributions = _install(job, who, interpreter, installer, folder)
    except CommandFailed as error:
        raise installers.InstallFailed(
            interpreter.version,
            installer.reason(error.output),
            " ".join(error.command),
            error.output,
        ) from error
    finally:
        job.cleaner.submit(environments.remove, folder, job.processes)
    job.announce(who, f"{len(distributions)} distributions", None)
    return Freeze(
        interpreter.version,
        interpreter.environment,
        distributions,
        tuple(
            line.strip() for line in job.request.requirements if line.strip()
        ),
        method=method,
    )


def _install(
    job: _Job,
    who: str,
    interpreter: Interpreter,
    installer: Installer,
    folder: str,
) -> tuple[Distribution, ...]:
    def count() -> int:
        return environments.count(folder)

    job.announce(who, "making a virtualenv", None)
    installer.create(interpreter, folder)
    job.announce(who, f"installing with {installer.name}", count)
    installer.install(
        interpreter, folder, job.requirements, _announcer(job, who, count)
    )
    job.announce(who, "reading what is installed", count)
    job.cleaner.submit(environments.clear, folder, job.processes)
    return environments.installed(folder)


def _resolve(
    job: _Job, who: str, interpreter: Interpreter, installer: Installer
) -> tuple[Distribution, ...] | None:
    folder = os.path.join(job.folder, f"resolve{interpreter.version}")
    os.mkdir(folder)
    job.announce(who, f"resolving with {installer.name}", None)
    found = installer.resolve(
        interpreter, folder, job.requirements, _announcer(job, who, None)
    )
    if found is None:
        job.announce(
            who, f"its {installer.name} cannot resolve only; installing", None
        )
    return found


def _announcer(
    job: _Job, who: str, count: Callable[[], int] | None
) -> Callable[[str], None]:
    """Announces what an installer's output says of its progress."""

    def announce(line: str) -> None:
        if re.match(r"(?:Resolved|Prepared) \d+ packages? in ", line):
            job.announce(who, line.strip().lower(), count)

    return announce


def _keep_log(error: installers.InstallFailed) -> str:
    """Keep the output of a failed command; where, or why not."""
    name = f"generate-constraints-python{error.interpreter}-"
    try:
        descriptor, path = tempfile.mkstemp(".log", name)
    except OSError as problem:
        return f"could not be kept ({problem.strerror})"
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{error.command}\n{error.output}")
    except OSError as problem:
        with contextlib.suppress(OSError):
            os.unlink(path)
        return f"could not be kept ({problem.strerror})"
    return path
