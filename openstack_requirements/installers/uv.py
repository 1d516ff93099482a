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
"""The only place that knows uv's command line and reads uv's failures.

uv's failures are text, not data. What is recognised here is tested against
recordings of every minor version that requirements.txt admits; text that is
not recognised is shown whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple

from openstack_requirements import environments
from openstack_requirements.children import search_path
from openstack_requirements.environments import normal_version, python_of
from openstack_requirements.errors import CommandFailed, OutsideError
from openstack_requirements.freeze import Configuration, Distribution
from openstack_requirements.installers import (
    Lock,
    Locked,
    Reason,
    configuration,
    could_not_be_built,
    readable,
)
from openstack_requirements.installers.pip import describe_sdists
from openstack_requirements.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Iterator,
        Mapping,
    )

    from openstack_requirements.children import Children
    from openstack_requirements.installers import Wanted
    from openstack_requirements.interpreters import Interpreter
    from openstack_requirements.requirement import CanonicalName

#: The oldest Python that uv works with.
OLDEST = (3, 6)
#: How many requests several uv may have under way together. One has 50 by
#: default; an index may let three times as many wait for seconds.
REQUESTS = 36

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_SPECIFIERS = r"(?:(?:===|~=|==|!=|<=|>=|<|>)[^\s,]+(?:,\s?(?=[<>=!~]))?)*"
# Where a name may begin. A pattern that starts with a name would otherwise be
# tried from each character of a long word, which takes time without bound.
_START = r"(?<![A-Za-z0-9._-])"
_REQUIREMENT = rf"{_NAME}(?:\[[^\]]*\])?{_SPECIFIERS}"
# What draws the tree of causes: up to 0.11 with lines, from 0.12 in words.
_DRAWING = re.compile(
    r"\s*(?:×|├─▶|╰─▶|│|error:|cause:|Caused by:|hint:|help:)?\s?"
)


class Uv:
    """uv as an :class:`~openstack_requirements.installers.Installer`."""

    name = "uv"

    def __init__(
        self,
        children: Children,
        timeout: int | None,
        share: int = 1,
        project: str = "",
    ) -> None:
        self._children = children
        self._project = os.path.abspath(project) if project else ""
        self._command = [_executable()]
        if project:
            configuration.project_file(project)
            # uv looks for configuration there, but runs where it is.
            self._command += ["--project", self._project]
        self._environment = {
            # Never another interpreter than the one that was asked for.
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_PROGRESS": "1",
            # Up to 0.11 names and URLs are broken across lines without it.
            "UV_NO_WRAP": "1",
            # Several of them wait for one to build what they all need, which
            # may take longer than the five minutes that they have for it.
            "UV_LOCK_TIMEOUT": os.environ.get("UV_LOCK_TIMEOUT", "7200"),
        }
        if share > 1:
            # uv takes the whole machine for itself. Several of them would
            # stand in each other's way: at the locks of the file system,
            # and at an index that does not like so many requests at once.
            cores = max(1, (os.cpu_count() or 1) // share)
            for name, value in (
                ("UV_CONCURRENT_INSTALLS", cores),
                ("UV_CONCURRENT_BUILDS", cores),
                ("UV_CONCURRENT_DOWNLOADS", max(8, REQUESTS // share)),
            ):
                if name not in os.environ:
                    self._environment[name] = str(value)
        if timeout is not None:
            self._environment["UV_HTTP_TIMEOUT"] = str(timeout)

    def _run(
        self, *words: str, on_line: Callable[[str], None] | None = None
    ) -> str:
        return self._children.run(
            [*self._command, *words],
            environment=self._environment,
            on_line=on_line,
        )

    def version(self) -> str:
        """Name and version, as uv prints them."""
        return " ".join(self._run("--version").split()[:2])

    def configuration(self, interpreter: Interpreter) -> Configuration:  # noqa: ARG002 - it is the same for all
        """The configuration that counts, as a freeze records it."""
        return configuration.of_uv(self._children, self._project)

    def problem(self, interpreter: Interpreter) -> str | None:
        """Why it cannot be used: Pythons older than 3.6."""
        if interpreter.key < OLDEST:
            return "it works with Python 3.6 and newer"
        return None

    def create(self, interpreter: Interpreter, folder: str) -> None:
        """Make a virtualenv that holds nothing."""
        self._run(
            "venv",
            "--quiet",
            "--no-project",
            "--python",
            interpreter.executable,
            folder,
        )

    def cannot(
        self,
        interpreter: Interpreter,  # noqa: ARG002
        wanted: Wanted,  # noqa: ARG002
    ) -> str | None:
        """What it has no means for: nothing."""
        return None

    def install(
        self,
        interpreter: Interpreter,  # noqa: ARG002 - the environment has it
        folder: str,
        wanted: Wanted,
        on_line: Callable[[str], None],
    ) -> None:
        """Resolve and install into a virtualenv, in one go."""
        self._run(
            *("pip", "install", "--python", python_of(folder)),
            *_limits(wanted, f"{folder}.excluded"),
            *("-r", wanted.requirements),
            on_line=on_line,
        )

    def lock(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: Wanted,
        on_line: Callable[[str], None],
    ) -> Lock | None:
        """Resolve into a lock file (PEP 751).

        uv prefers the versions that the file has before.
        """
        path = os.path.join(folder, "pylock.toml")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        if wanted.preferred:
            with open(path, "w", encoding="utf-8") as file:
                file.write(_preferences(wanted.preferred))
        self._run(
            *("pip", "compile", "--python", interpreter.executable),
            *_limits(wanted, os.path.join(folder, "excluded.txt")),
            *("--no-header", "--output-file", path, wanted.requirements),
            on_line=on_line,
        )
        return Lock(
            path,
            tuple(
                Locked(
                    canonical_name(each["name"]),
                    normal_version(str(each["version"])),
                    _files(each),
                )
                for each in _packages(path)
            ),
        )

    def sync(
        self,
        folder: str,
        lock: Lock,
        skipped: Collection[CanonicalName],
        again: Collection[CanonicalName],
        on_line: Callable[[str], None],
    ) -> None:
        """Make a virtualenv hold what a lock file holds, no more, no less."""
        path = lock.path
        if skipped:
            path = os.path.join(os.path.dirname(path), "pylock.part.toml")
            _leave_out(lock.path, path, skipped)
        self._run(
            *("pip", "sync", "--python", python_of(folder)),
            *("--allow-empty-requirements", path),
            *(f"--reinstall-package={name}" for name in sorted(again)),
            on_line=on_line,
        )

    def resolve(
        self,
        interpreter: Interpreter,
        folder: str,
        wanted: Wanted,
        on_line: Callable[[str], None],
    ) -> tuple[Distribution, ...] | None:
        """What would be installed."""
        lock = self.lock(interpreter, folder, wanted, on_line)
        assert lock is not None
        return self.describe(interpreter, folder, lock)

    def describe(
        self, interpreter: Interpreter, folder: str, lock: Lock
    ) -> tuple[Distribution, ...]:
        """The metadata of what a lock file holds.

        The file says which versions, but not how their metadata spells the
        names. So the wheels are unpacked for their metadata, which takes a
        second or two, and pip is asked for that of what has none. A name
        whose metadata cannot be had is canonical.
        """
        packages = _packages(lock.path)
        wheels = [each for each in packages if each.get("wheels")]
        found = self._unpacked(interpreter, folder, wheels)
        rest = [
            each
            for each in packages
            if canonical_name(each["name"]) not in found
        ]
        urls = [each["sdist"]["url"] for each in rest if each.get("sdist")]
        for each in describe_sdists(self._children, interpreter, folder, urls):
            found[canonical_name(each.name)] = each
        return tuple(
            found.get(canonical_name(each["name"]))
            or Distribution(
                each["name"],
                normal_version(str(each["version"])),
                described=False,
            )
            for each in packages
        )

    def _unpacked(
        self,
        interpreter: Interpreter,
        folder: str,
        packages: list[dict[str, Any]],
    ) -> dict[CanonicalName, Distribution]:
        """The metadata of wheels. Nothing is built."""
        pins = os.path.join(folder, "wheels.txt")
        target = os.path.join(folder, "wheels")
        with open(pins, "w", encoding="utf-8") as file:
            file.writelines(
                f"{each['name']}=={each['version']}\n" for each in packages
            )
        if packages:
            self._run(
                *("pip", "install", "--python", interpreter.executable),
                *("--no-deps", "--only-binary", ":all:"),
                *("--target", target, "-r", pins),
            )
        return {
            canonical_name(each.name): each
            for each in environments.installed_in([target])
        }

    def conflicts(self, folder: str) -> str:
        """What ``uv pip check`` complains of."""
        try:
            self._run("pip", "check", "--python", python_of(folder))
        except CommandFailed as error:
            lines = error.output.splitlines()
            found = [
                each
                for each in lines
                if not re.match(r"(Using Python|Checked|Found) ", each)
            ]
            return "\n".join(found or lines)
        return ""

    def reason(self, output: str) -> Reason:
        """What uv's output says of a failure."""
        return explain(output)

    def newest(
        self, python_version: str, names: Iterable[CanonicalName], folder: str
    ) -> tuple[dict[CanonicalName, str], list[Reason]]:
        """The newest version of each distribution that suits a Python.

        :param python_version: ``3.12``; the interpreter need not be at hand.
        :param folder: an existing one, for what uv writes.
        :returns: the versions, and why some names are not among them.
        :raises CommandFailed: where uv fails for another reason than a name.
        """
        asked = os.path.join(folder, "newest.in")
        answer = os.path.join(folder, f"newest-{python_version}.txt")
        wanted = set(names)
        reasons = []
        while wanted:
            with open(asked, "w", encoding="utf-8") as file:
                file.writelines(f"{name}\n" for name in sorted(wanted))
            try:
                self._run(
                    *("pip", "compile", "--quiet", "--no-deps"),
                    *("--python", sys.executable),
                    *("--python-version", python_version),
                    *("--resolution", "highest", "--no-header"),
                    *("--no-annotate", "--output-file", answer, asked),
                )
            except CommandFailed as error:
                reason = self.reason(error.output)
                culprit = re.match(_NAME, reason.culprit)
                name = canonical_name(culprit[0]) if culprit else ""
                if name not in wanted or reason.kind in {"index", "disk"}:
                    raise
                reasons.append(reason)
                wanted -= {name}
            else:
                break
        if not wanted:
            return {}, reasons
        with open(answer, encoding="utf-8") as file:
            found = re.findall(
                rf"^({_NAME})==(\S+)", file.read(), re.MULTILINE
            )
        return {canonical_name(name): pin for name, pin in found}, reasons


def _packages(lock: str) -> list[dict[str, Any]]:
    """The packages of a lock file (PEP 751) that are not left out."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    with open(lock, "rb") as file:
        found: list[dict[str, Any]] = tomllib.load(file).get("packages", [])
    return [each for each in found if "version" in each]


def _limits(wanted: Wanted, excluded: str) -> Iterator[str]:
    """The options for all that limits a resolution.

    :param excluded: where to write the names that are left out.
    """
    if wanted.constraints:
        yield from ("--constraints", wanted.constraints)
    if wanted.before:
        yield from ("--exclude-newer", wanted.before)
    if wanted.excluded:
        with open(excluded, "w", encoding="utf-8") as file:
            file.writelines(f"{name}\n" for name in sorted(wanted.excluded))
        yield from ("--excludes", excluded)


def _preferences(preferred: Mapping[CanonicalName, str]) -> str:
    """A lock file that says no more than names and versions."""
    lines = ['lock-version = "1.0"', 'created-by = "generate-constraints"']
    for name, version in sorted(preferred.items()):
        lines += ["[[packages]]", f'name = "{name}"']
        lines += [f"version = {json.dumps(version)}"]
    return "\n".join([*lines, ""])


def _files(package: Mapping[str, Any]) -> str:
    """The files of a package as one line of text."""
    files = [package.get("sdist"), *package.get("wheels", ())]
    return json.dumps(
        [[each.get("url"), each.get("hashes")] for each in files if each],
        sort_keys=True,
    )


def _leave_out(
    source: str, target: str, skipped: Collection[CanonicalName]
) -> None:
    """Copy a lock file without some of its packages."""
    with open(source, encoding="utf-8") as file:
        head, *tables = re.split(r"(?m)^(?=\[\[packages\]\]$)", file.read())
    kept = [
        each
        for each in tables
        if canonical_name(_first(r'(?m)^name = "([^"]*)"$', each))
        not in skipped
    ]
    with open(target, "w", encoding="utf-8") as file:
        file.write("".join([head, *kept]))


def _executable() -> str:
    """The uv that was installed with this package, or the one on PATH."""
    import uv  # costs a start-up that other commands lack

    try:
        return str(uv.find_uv_bin())
    except FileNotFoundError:
        found = shutil.which("uv", path=search_path(os.environ))
        if found is None:
            raise OutsideError("uv: is not installed here") from None
        return found


class _Demand(NamedTuple):
    """A requirement and who asks for it; empty for the list itself."""

    name: str
    requirement: str
    by: str


def explain(output: str) -> Reason:
    """What went wrong, from uv's output; never fails."""
    lines = [line for line in output.splitlines() if _says_something(line)]
    words = [
        _DRAWING.sub("", line, count=1)
        for line in readable("\n".join(lines)).splitlines()
    ]
    text = re.sub(r"\s+", " ", " ".join(words))
    # A requirement of the list that has a marker: name{marker}>=1
    text = re.sub(r"(?<=[\w\]])\{[^{}]*\}", "", text)
    shown = "\n".join(lines)
    if "No space left on device" in text:
        culprit = _first(
            r"Failed to (?:install: \S+ \(([^)]+)\)|download `([^`]+)`)", text
        )
        return _reason("disk", culprit, text, "the disk is full", shown)
    if "403 Forbidden" in text or "401 Unauthorized" in text:
        status = "403 Forbidden" if "403" in text else "401 Unauthorized"
        return _reason(
            "index",
            _first(rf"{_START}({_NAME}) was not found in", text)
            or _fetched(text),
            text,
            f"the package index refuses access ({status})",
            shown,
        )
    if "is missing an upload date" in output and "exclude-newer" in text:
        return _reason(
            "index",
            _first(rf"`({_NAME})` was filtered by", text),
            text,
            "the package index gives no upload dates, so nobody can say what "
            "was there before",
            shown,
        )
    for recognise in (_build, _fetch, _archive, _resolution):
        reason = recognise(text, shown, lines)
        if reason is not None:
            return reason
    return Reason("other", "", (), "uv failed", shown)


def _says_something(line: str) -> bool:
    """Whether a line is about the failure, not about what went well."""
    return not re.match(
        r"(?:Using Python |Resolved \d|Prepared \d|Audited \d| +Building "
        r"| +Built |Downloading |Downloaded | Downloading | Downloaded "
        r"|warning: )",
        line,
    )


def _reason(
    kind: str, culprit: str, text: str, what: str, output: str
) -> Reason:
    """A reason whose culprit was asked for by whom uv's hint says."""
    name = re.split(r"[=<>!~\[ @]", culprit, maxsplit=1)[0]
    chain: tuple[str, ...] = ()
    hint = re.search(
        rf"`{re.escape(name)}` \(v[^)]*\) was included because "
        r"(?P<chain>.*? depends on `[^`]*`(?!\s*\())",
        text,
    )
    if name and hint:
        chain = tuple(
            f"{each}=={version}"
            for each, version in reversed(
                re.findall(r"`([^`]+)` \(v([^)]*)\)", hint["chain"])
            )
            if each != name
        )
    elif name:
        chain = _asked_by(name, list(_demands(text)))
    where = f": {what}" if culprit else what
    return Reason(kind, culprit, chain, f"{culprit}{where}", output)


def _build(text: str, shown: str, lines: list[str]) -> Reason | None:
    culprit = _first(r"Failed to (?:download and )?build `([^`]+)`", text)
    if not culprit or "Failed to fetch" in text:
        return None
    return _reason(
        "build",
        culprit,
        text,
        could_not_be_built(text),
        _own_output(lines) or shown,
    )


def _own_output(lines: list[str]) -> str:
    """What the build itself printed: the block behind ``[stderr]``."""
    starts = [
        number
        for number, line in enumerate(lines)
        if line.strip() in {"[stdout]", "[stderr]"}
    ]
    if not starts:
        return ""
    kept = []
    for line in lines[starts[0] :]:
        if re.match(r"\s*(?:hint|help): ", line):
            break
        kept.append(line.removeprefix("  │"))
    return textwrap.dedent("\n".join(kept)).rstrip()


def _fetch(text: str, shown: str, lines: list[str]) -> Reason | None:  # noqa: ARG001
    if not re.search(r"Failed to fetch|Request failed after", text):
        return None
    culprit = _first(
        r"Failed to (?:download(?: and build)?|build) `([^`]+)`", text
    ) or _fetched(text)
    status = _first(r"HTTP status \w+ error \((\d+ [^)]*)\)", text)
    if status:
        what = f"the package index answered {status}"
    elif "timed out" in text:
        what = "the package index did not answer in time"
    elif "certificate" in text:
        what = "the certificate of the package index is not trusted"
    elif "error (Connect)" in text or "connect error" in text:
        what = "the package index cannot be reached"
    else:
        what = "the package index did not answer as it should"
    return _reason("index", culprit, text, what, shown)


def _fetched(text: str) -> str:
    """The distribution that a URL which could not be fetched is of."""
    url = _first(r"Failed to fetch: `?(\S+?)`?(?: |$)", text)
    last = [part for part in url.split("?")[0].split("/") if part][-1:]
    return _of_file(last[0]) if last else ""


def _of_file(name: str) -> str:
    """``name==version`` of a wheel's or an sdist's file name."""
    name = name.removesuffix(".metadata")
    match = re.match(
        r"(?P<name>[^-]+)-(?P<version>[^-]+)-.*\.whl\Z"
        r"|(?P<name2>.+)-(?P<version2>[^-]+)\.(?:tar\.\w+|zip|tgz)\Z",
        name,
    )
    if match is None:
        return name
    parts = [part for part in match.groups() if part]
    return f"{parts[0].replace('_', '-')}=={parts[1]}"


def _archive(text: str, shown: str, lines: list[str]) -> Reason | None:  # noqa: ARG001
    for pattern, what in (
        (r"Failed to unzip wheel: (\S+)", "its file is broken or truncated"),
        (r"Failed to extract archive: (\S+)", "its file is broken"),
        (
            rf"{_START}({_NAME}(?:==[^\s,`]+)?) has invalid metadata",
            "its metadata is invalid",
        ),
        (
            r"Package metadata name `[^`]*` does not match given name "
            r"`([^`]+)`",
            "its metadata has another name",
        ),
        (r"Failed to download `([^`]+)`", "its file cannot be used"),
        (r"Failed to install: (\S+)", "it could not be installed"),
    ):
        culprit = _first(pattern, text)
        if culprit:
            wrong = "Hash mismatch" in text or "Bad CRC" in text
            return _reason(
                "archive",
                _of_file(culprit),
                text,
                "its file is not what was published" if wrong else what,
                shown,
            )
    return None


def _resolution(text: str, shown: str, lines: list[str]) -> Reason | None:  # noqa: ARG001
    if not re.search(r"No solution found when resolving", text):
        return None
    filtered = _first(rf"`({_NAME})` was filtered by `exclude-newer`", text)
    if filtered:
        return _reason(
            "unsatisfiable",
            filtered,
            text,
            "there was no such release then",
            shown,
        )
    missing = _first(
        rf"(?:Because|because|and) ({_NAME}) was not found in"
        rf"|there are no versions of ({_NAME}) and",
        text,
    )
    if missing:
        return _reason(
            "missing",
            missing,
            text,
            "the package index does not have it",
            shown,
        )
    for pattern, what in (
        (
            rf"does not satisfy Python\S* and (?:all versions of )?"
            rf"({_REQUIREMENT}) depends? on Python",
            "it has no release for this Python",
        ),
        (
            rf"(?:Because|and) ({_REQUIREMENT}) has no (?:\S+ )?wheels with",
            "it has no file for this platform and Python",
        ),
        (
            rf"(?:Because|and) ({_REQUIREMENT}) was yanked",
            "it was withdrawn (yanked) from the package index",
        ),
    ):
        culprit = _first(pattern, text)
        if culprit:
            return _reason("unsatisfiable", culprit, text, what, shown)
    return _conflict(text, shown)


def _conflict(text: str, shown: str) -> Reason:
    demands = list(_demands(text))
    asked: dict[str, dict[str, str]] = {}
    for demand in demands:
        if demand.requirement != demand.name:
            asked.setdefault(demand.name, {}).setdefault(
                demand.requirement, demand.by
            )
    for name, requirements in asked.items():
        if len(requirements) > 1:
            rivals = tuple(
                f"{requirement} by {by or 'the list'}"
                for requirement, by in sorted(requirements.items())
            )
            what = f"{name}: no version satisfies all that is asked of it"
            return Reason("unsatisfiable", name, (), what, shown, rivals)
    for name, requirements in asked.items():
        if re.search(rf"only {re.escape(name)}\S* is available", text) or (
            re.search(
                rf"there (?:is|are) no versions? of {re.escape(name)}", text
            )
        ):
            culprit = next(iter(requirements))
            return _reason(
                "unsatisfiable",
                culprit,
                text,
                "the package index has no such version",
                shown,
            )
    return Reason(
        "unsatisfiable",
        "",
        (),
        "the requirements cannot be satisfied together",
        shown,
    )


def _demands(text: str) -> Iterator[_Demand]:
    """What the sentences of a failed resolution say of who needs what."""
    for match in re.finditer(
        rf"(?:all versions of )?(?P<by>{_REQUIREMENT}) depends? on "
        rf"(?P<what>{_REQUIREMENT}(?: and {_REQUIREMENT}(?= |,|$))*?)"
        r"(?=,? |,|$)",
        text,
    ):
        for each in match["what"].split(" and "):
            yield _demand(each, match["by"])
    for match in re.finditer(
        rf"you require (?P<what>{_REQUIREMENT}"
        rf"(?:(?:, and |, | and ){_REQUIREMENT}(?=[ ,]))*)",
        text,
    ):
        for each in re.split(r", and |, (?![<>=!~])| and ", match["what"]):
            yield _demand(each, "")


def _demand(requirement: str, by: str) -> _Demand:
    requirement = requirement.rstrip(",.")
    name = re.match(_NAME, requirement)
    return _Demand(name[0] if name else requirement, requirement, by)


def _asked_by(name: str, demands: list[_Demand]) -> tuple[str, ...]:
    """Who asks for a name, and who for them, the nearest first."""
    chain: list[str] = []
    seen = {name}
    while True:
        found = [each.by for each in demands if each.name == name]
        if not found or "" in found:
            return tuple(chain)
        chain.append(found[0])
        name = re.split(r"[=<>!~\[]", found[0], maxsplit=1)[0]
        if name in seen:
            return tuple(chain)
        seen.add(name)


def _first(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return (
        next((group for group in match.groups() if group), "")
        if (match)
        else ""
    )
