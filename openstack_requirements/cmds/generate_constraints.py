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
"""generate-constraints: the exact versions that a list installs today."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements import (
    environments,
    files,
    freeze,
    installers,
    interpreters,
    lists,
    progress,
)
from openstack_requirements.cmds import _console
from openstack_requirements.errors import (
    CommandFailed,
    ConflictingOptions,
    OutsideError,
    UnusableInput,
)
from openstack_requirements.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from openstack_requirements.freeze import Distribution, Freeze
    from openstack_requirements.installers import Installer
    from openstack_requirements.interpreters import Interpreter
    from openstack_requirements.requirement import CanonicalName

_EPILOG = """\
exit status: 0 the constraints were written; 2 wrong usage, unusable input, or
a requirement that does not exist or cannot be satisfied; 3 an install, the
package index or the disk failed; 128 and more: a signal asked to stop.
"""


class Job(NamedTuple):
    """What is the same for every interpreter."""

    requirements: str
    requested: tuple[str, ...]
    folder: str
    resolve_only: bool
    processes: Processes
    progress: progress.Progress


def parser() -> _console.Parser:
    """What the command takes."""
    result = _console.Parser(
        prog="generate-constraints",
        description="Install a list of requirements into a fresh virtualenv "
        "for each interpreter and write the versions that are then installed "
        "as constraints.",
        epilog=_EPILOG,
    )
    what = result.add_argument_group("what to install, and for whom")
    what.add_argument(
        "-p",
        "--python",
        metavar="PYTHON",
        action="append",
        default=argparse.SUPPRESS,
        help="an interpreter: a path, a name on PATH or a version (3, 3.12, "
        "3.12.1); repeat for several",
    )
    what.add_argument(
        "-r",
        "--requirements",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="the list to install",
    )
    what.add_argument(
        "--from-freezes",
        metavar="FILE",
        nargs="+",
        default=argparse.SUPPRESS,
        help="merge these freezes instead; install nothing",
    )
    what.add_argument(
        "--version-map",
        metavar="FROM:TO",
        action="append",
        type=_version_map,
        default=argparse.SUPPRESS,
        help="copy what FROM (3.11) installs to TO (3.14), an interpreter "
        "that is not at hand; repeat for several",
    )
    how = result.add_argument_group("how to install")
    how.add_argument(
        "--installer",
        choices=installers.CHOICES,
        default="auto",
        help="auto is uv, and pip for interpreters that uv cannot use",
    )
    how.add_argument(
        "--no-install",
        action="store_true",
        help="only resolve: quicker, but what cannot be built is not noticed",
    )
    how.add_argument(
        "--jobs",
        metavar="N",
        type=_console.positive,
        default=os.cpu_count() or 1,
        help="how many interpreters to work on at once",
    )
    how.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_console.positive,
        default=argparse.SUPPRESS,
        help="how long one request to the package index may take (default: "
        "the installer's own)",
    )
    out = result.add_argument_group("what to write")
    out.add_argument(
        "-b",
        "--blacklist",
        "-d",
        "--denylist",
        metavar="FILE",
        dest="never",
        action="append",
        default=argparse.SUPPRESS,
        help="names that are never constrained",
    )
    out.add_argument(
        "--all",
        action="store_true",
        help="keep what installers need for themselves: "
        + ", ".join(sorted(freeze.INSTALLER_NEEDS)),
    )
    out.add_argument(
        "--markers",
        choices=freeze.MARKER_STYLES,
        default="exact",
        help="one line for each interpreter where they differ, or one for "
        "each range of neighbours",
    )
    out.add_argument(
        "--sort",
        choices=freeze.ORDERS,
        default="hash",
        help="hash keeps simultaneous changes apart; name is for people",
    )
    out.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="where to write the constraints (default: stdout)",
    )
    out.add_argument(
        "--previous",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="an earlier constraints file: its spelling of a name is kept "
        "where --no-install finds no metadata",
    )
    out.add_argument(
        "--freeze-dir",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="also write what each interpreter installed, as DIR/python3.12."
        "json and so on",
    )
    out.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        help="show no progress",
    )
    return result


def _version_map(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"(\d+\.\d+):(\d+\.\d+)", text)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not FROM:TO, two versions such as 3.11:3.14"
        )
    return match[1], match[2]


@_console.command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(argv, argparse.Namespace(**_UNSET))
    _check(options)
    never = _never(options)
    # What would fail after an hour of work fails now.
    if options.output is not None:
        files.require_replaceable(options.output)
    if options.freeze_dir is not None:
        files.require_folder(options.freeze_dir)
    previous = (
        {} if options.previous is None else lists.spelling(options.previous)
    )
    if options.from_freezes is not None:
        freezes = _read_freezes(options.from_freezes)
    else:
        with _console.interruptible():
            freezes = _make_freezes(options)
    _write_freezes(options.freeze_dir, freezes)
    copied, warnings = freeze.clone(freezes, options.version_map or ())
    for warning in warnings:
        _console.warn(warning)
    copied = freeze.respell(copied, _spelling(options, copied, previous))
    pins = freeze.merge(copied, never, options.markers)
    content = freeze.to_content(pins, options.sort)
    freeze.prove(content, copied, never)
    if options.output is None:
        _console.write(content)
    else:
        files.replace(options.output, content)
    return 0


# Options without a default that the help could show.
_UNSET = dict.fromkeys(
    (
        "python",
        "requirements",
        "from_freezes",
        "version_map",
        "timeout",
        "never",
        "output",
        "previous",
        "freeze_dir",
    )
)


def _check(options: argparse.Namespace) -> None:
    """Refuse options that do not go together."""
    if options.from_freezes is not None:
        for name in ("python", "requirements", "freeze_dir"):
            if getattr(options, name) is not None:
                raise ConflictingOptions(
                    f"--from-freezes installs nothing: "
                    f"--{name.replace('_', '-')} does not go with it"
                )
        return
    if not options.python:
        raise ConflictingOptions(
            "name an interpreter with -p, or freezes with --from-freezes"
        )
    if options.requirements is None:
        raise ConflictingOptions("name the list to install with -r")


def _never(options: argparse.Namespace) -> frozenset[CanonicalName]:
    """The names that belong in no result."""
    if options.never and len(options.never) > 1:
        raise ConflictingOptions(
            "there is one never-constrain list: give -b or -d once"
        )
    names = lists.never_constrained(
        options.never[0] if options.never else None
    )
    return names if options.all else names | freeze.INSTALLER_NEEDS


def _read_freezes(paths: Iterable[str]) -> list[Freeze]:
    found: dict[str, tuple[str, Freeze]] = {}
    for path in paths:
        each = freeze.from_json(files.read_text(path), path)
        other, first = found.setdefault(each.python_version, (path, each))
        if first is not each:
            raise UnusableInput(
                path,
                f"is a freeze of Python {each.python_version}, and so is "
                f"{other}",
            )
    return [each for _, each in found.values()]


def _spelling(
    options: argparse.Namespace,
    freezes: Iterable[Freeze],
    previous: Mapping[CanonicalName, str],
) -> dict[CanonicalName, str]:
    """How to spell a name that no metadata spells."""
    if all(each.described for one in freezes for each in one.distributions):
        return {}
    spelling = {}
    if options.requirements is not None:
        spelling.update(lists.spelling(options.requirements))
    spelling.update(previous)
    for one in sorted(freezes, key=lambda each: each.python_key):
        for name, each in one.by_name().items():
            if each.described:
                spelling[name] = each.name
    return spelling


def _write_freezes(folder: str | None, freezes: Iterable[Freeze]) -> None:
    if folder is None:
        return
    files.require_folder(folder)
    for each in freezes:
        path = os.path.join(folder, f"python{each.python_version}.json")
        files.replace(path, freeze.to_json(each))


def _make_freezes(options: argparse.Namespace) -> list[Freeze]:
    """A freeze for each interpreter, made side by side."""
    from concurrent.futures import (
        FIRST_EXCEPTION,
        ThreadPoolExecutor,
        wait,
    )

    entries = lists.installable(options.requirements)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(_work_folder())
        scratch = os.path.join(folder, "tmp")
        os.mkdir(scratch)
        processes = Processes(scratch)
        found = interpreters.find_all(options.python, processes)
        chosen = [
            (
                each,
                installers.choose(
                    options.installer, each, processes, options.timeout
                ),
            )
            for each in found
        ]
        requirements = os.path.join(folder, "requirements.txt")
        with open(requirements, "w", encoding="utf-8") as file:
            # As many lines as FILE has, so that an installer's line numbers
            # are FILE's.
            file.writelines(entries)
        shown = progress.for_stderr(quiet=options.quiet)
        stack.enter_context(shown)
        job = Job(
            requirements,
            tuple(line.strip() for line in entries if line.strip()),
            folder,
            options.no_install,
            processes,
            shown,
        )
        pool = ThreadPoolExecutor(options.jobs)
        try:
            futures = [pool.submit(_freeze, job, *pair) for pair in chosen]
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
        return [future.result() for future in futures]


@contextlib.contextmanager
def _work_folder() -> Iterator[str]:
    """A folder for all that is made, removed whatever happens."""
    import tempfile

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
    job: Job, interpreter: Interpreter, installer: Installer
) -> Freeze:
    """What the list installs for one interpreter."""
    who = f"Python {interpreter.version}"
    folder = os.path.join(job.folder, f"python{interpreter.version}")
    method = "install"
    try:
        try:
            distributions = None
            if job.resolve_only:
                method = "resolve"
                distributions = _resolve(job, who, interpreter, installer)
            if distributions is None:
                method = "install"
                distributions = _install(
                    job, who, interpreter, installer, folder
                )
        except CommandFailed as error:
            raise installers.InstallFailed(
                interpreter.version,
                installer.reason(error.output),
                " ".join(error.command),
                error.output,
            ) from error
    finally:
        environments.remove(folder)
    job.progress.phase(who, f"{len(distributions)} distributions")
    return freeze.Freeze(
        interpreter.version,
        interpreter.environment,
        distributions,
        job.requested,
        installer.version(),
        method,
    )


def _install(
    job: Job,
    who: str,
    interpreter: Interpreter,
    installer: Installer,
    folder: str,
) -> tuple[Distribution, ...]:
    def count() -> int:
        return environments.count(folder)

    job.progress.phase(who, "making a virtualenv")
    installer.create(interpreter, folder)
    job.progress.phase(who, f"installing with {installer.name}", count)
    installer.install(
        interpreter, folder, job.requirements, _announcer(job, who, count)
    )
    job.progress.phase(who, "reading what is installed")
    return environments.installed(folder)


def _resolve(
    job: Job, who: str, interpreter: Interpreter, installer: Installer
) -> tuple[Distribution, ...] | None:
    folder = os.path.join(job.folder, f"resolve{interpreter.version}")
    os.mkdir(folder)
    job.progress.phase(who, f"resolving with {installer.name}")
    found = installer.resolve(
        interpreter, folder, job.requirements, _announcer(job, who, None)
    )
    if found is None:
        job.progress.phase(
            who, f"its {installer.name} cannot resolve only; installing"
        )
    return found


def _announcer(
    job: Job, who: str, count: Callable[[], int] | None
) -> Callable[[str], None]:
    """Announces what an installer's output says of its progress."""

    def announce(line: str) -> None:
        if re.match(r"(?:Resolved|Prepared) \d+ packages? in ", line):
            job.progress.phase(who, line.strip().lower(), count)

    return announce


def _keep_log(error: installers.InstallFailed) -> str:
    """Keep the output of a failed command; where, or why not."""
    import tempfile

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


__all__ = ["UnusableInput", "main", "parser"]
