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
"""Makes freezes: an ephemeral virtualenv for each interpreter, side by side.

Environments, temporary files and processes of installers are removed with the
work folder, whatever happens.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from concurrent.futures import (
    FIRST_EXCEPTION,
    Executor,
    ThreadPoolExecutor,
    wait,
)
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints.freeze import Freeze
from openstack_requirements.errors import UnusableInput, printable
from openstack_requirements.install import (
    cache,
    environments,
    installers,
    interpreters,
)
from openstack_requirements.install.failures import InstallFailed
from openstack_requirements.install.installation import Installation
from openstack_requirements.install.installers import run_index, uv_pages
from openstack_requirements.output import counted
from openstack_requirements.pep508 import parser
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.system import children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from openstack_requirements.constraints.freeze import Configuration
    from openstack_requirements.install.installation import (
        InstallResult,
        Order,
    )
    from openstack_requirements.install.installers import Installer
    from openstack_requirements.install.interpreters import Interpreter
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.system.children import Children

    #: Is told of a Python, its phase, and how to count distributions so far.
    Announce = Callable[[str, str, Callable[[], int] | None], None]


class FreezeRequest(NamedTuple):
    """What to make freezes of.

    :param pythons: interpreters as the user names them.
    :param order: what to install for each.
    :param installer: one of ``installers.CHOICES``.
    :param jobs: how many interpreters to work on at once.
    :param timeout: how long a request to the index may take, in seconds.
    :param project: a folder whose configuration of uv counts too, or empty.
    :param warn: is told where pip and uv are configured for different indexes;
        None where that was said before.
    :param keep_pages: whether uv may take pages of a silent index for good
        for some minutes; see :mod:`.uv_pages`.
    """

    pythons: Sequence[str]
    order: Order
    installer: str
    jobs: int
    timeout: int | None
    project: str = ""
    warn: Callable[[str], object] | None = None
    keep_pages: bool = True


class Made(NamedTuple):
    """The freezes that were made, and what failed.

    :param freezes: one for each interpreter, the oldest first.
    :param failures: how what was held, skipped or excluded failed; each with
        the path of its log.
    :param conflicts: what is incompatible, by interpreter, where the order
        says to check.
    :param unknown: why the metadata of some is unavailable, by interpreter.
    """

    freezes: list[Freeze]
    failures: list[InstallFailed]
    conflicts: dict[str, str]
    unknown: Mapping[str, Mapping[CanonicalName, str]] = MappingProxyType({})


class _FreezeJob(NamedTuple):
    """What the interpreters share."""

    order: Order
    announce: Announce
    started: Children
    #: Removes environments that were read, while others are installed.
    cleaner: Executor


def make(request: FreezeRequest, announce: Announce) -> Made:
    """A freeze for each interpreter.

    :raises UnusableInput: where an interpreter or an installer for it is
        missing.
    :raises InstallFailed: for the oldest interpreter that failed by the time
        that one did; the others are stopped.
    :raises OutsideError: where what is installed cannot be read.
    """
    order = request.order
    with contextlib.ExitStack() as stack:
        started = stack.enter_context(children.of_job("generate-constraints"))
        if order.cache:
            stack.enter_context(cache.in_use(order.cache))
        pythons = interpreters.find_all(
            request.pythons, started, interpreters.generation_advice
        )
        run_index.settle(
            started,
            request.warn,
            "pip" if request.installer == "pip" else "uv",
            request.project,
        )
        chosen = [
            (python, _choose(python, request, started, len(pythons)))
            for python in pythons
        ]
        if request.keep_pages and any(
            installer.name == "uv" for _, installer in chosen
        ):
            uv_pages.keep(started, _names(order), request.project)
        cleaner = stack.enter_context(ThreadPoolExecutor(1))
        job = _FreezeJob(order, announce, started, cleaner)
        pool = ThreadPoolExecutor(request.jobs)
        try:
            futures = [pool.submit(_install, job, *pair) for pair in chosen]
            # There is time for these while the installers are at work.
            _import_what_reading_needs()
            versions = [installer.version() for _, installer in chosen]
            configurations = [
                installer.configuration(python) for python, installer in chosen
            ]
            wait(futures, return_when=FIRST_EXCEPTION)
            for future in futures:
                if future.done():
                    future.result()
        except InstallFailed as error:
            started.stop()
            error.log = _keep_log(error)
            raise
        except BaseException:
            started.stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        unknown: dict[str, Mapping[CanonicalName, str]] = {}
        made = Made([], [], {}, unknown)
        for future, (python, _), version, configuration in zip(
            futures, chosen, versions, configurations, strict=True
        ):
            result = future.result()
            made.freezes.append(
                _freeze(python, result, order, version, configuration)
            )
            made.failures.extend(result.failures)
            made.conflicts[python.version] = result.conflicts
            unknown[python.version] = result.unknown
    for failure in made.failures:
        failure.log = _keep_log(failure)
    return made


def _names(order: Order) -> Iterator[CanonicalName]:
    """The names that an order asks the index for."""
    for line in order.lines:
        name = parser.name_in(line)
        if name and not parser.is_direct(line):
            yield canonical_name(name)


def _choose(
    interpreter: Interpreter,
    request: FreezeRequest,
    started: Children,
    interpreters_in_all: int,
) -> Installer:
    installer = installers.choose(
        request.installer,
        interpreter,
        started,
        request.timeout,
        min(request.jobs, interpreters_in_all),
        request.project,
    )
    wanted = installers.InstallRequest("", before=request.order.before)
    problem = installer.cannot(interpreter, wanted)
    if problem is not None:
        raise UnusableInput(f"Python {interpreter.full_version}", problem)
    return installer


def _freeze(
    interpreter: Interpreter,
    result: InstallResult,
    order: Order,
    version: str,
    configuration: Configuration,
) -> Freeze:
    options = {"before": order.before} if order.before else {}
    return Freeze(
        interpreter.version,
        interpreter.environment,
        result.distributions,
        tuple(line.strip() for line in order.lines if line.strip()),
        version,
        result.method,
        result.kept,
        configuration._replace(options=options),
    )


def _import_what_reading_needs() -> None:
    """Import slow modules before they are needed in the threads."""
    import email.parser  # noqa: F401

    import packaging.version  # noqa: F401


def _install(
    job: _FreezeJob, interpreter: Interpreter, installer: Installer
) -> InstallResult:
    """What the order installs for one interpreter."""
    python = f"Python {interpreter.version}"

    def say(phase: str, count: Callable[[], int] | None) -> None:
        job.announce(python, phase, count)

    def clear(environment: str) -> None:
        job.cleaner.submit(environments.clear, environment, job.started)

    installation = Installation(
        job.order,
        interpreter,
        installer,
        os.path.join(job.started.work, f"python{interpreter.version}"),
        say,
        clear,
    )
    try:
        result = installation.run()
    finally:
        job.cleaner.submit(
            environments.remove, installation.environment, job.started
        )
    say(counted(len(result.distributions), "distribution"), None)
    return result


def _keep_log(error: InstallFailed) -> str:
    """Keep the output of a failed command; where, or why not."""
    name = f"generate-constraints-python{error.interpreter}-"
    try:
        descriptor, path = tempfile.mkstemp(".log", name)
    except OSError as problem:
        return f"could not be kept ({problem.strerror})"
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            text = f"{error.command}\n{error.output}"
            file.write(printable(text, keep_lines=True))
    except OSError as problem:
        with contextlib.suppress(OSError):
            os.unlink(path)
        return f"could not be kept ({problem.strerror})"
    return path
