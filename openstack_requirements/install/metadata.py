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
"""Finds the metadata of released versions.

What freezes and environments have is taken from them; the index is asked for
the rest. Asking is pip's business: it knows where the index is, who may read
it and which of a version's files fit here. It is asked for many versions at
once, and several times side by side.
"""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import freeze
from openstack_requirements.errors import CommandFailed
from openstack_requirements.install.failures import InstallFailed
from openstack_requirements.install.installers import pip_metadata
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.specifiers import parse_version
from openstack_requirements.system import children as child_processes
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from openstack_requirements.constraints.freeze import Distribution
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.system.children import Children

    Key = tuple[CanonicalName, str]

#: As many versions as one pip is asked for.
BATCH = 20
# Failures that are not about one version.
_ALL = frozenset({"index", "disk"})


class Found(NamedTuple):
    """The metadata that could be had, and why the rest could not."""

    described: dict[Key, Distribution]
    missing: dict[Key, str]


def key(name: str, version: str) -> Key:
    """What a released version is found by: 2.0 is 2."""
    from packaging.utils import canonicalize_version

    return canonical_name(name), canonicalize_version(version)


def known(distributions: Iterable[Distribution]) -> dict[Key, Distribution]:
    """The metadata among these; of what is there twice, the first."""
    found: dict[Key, Distribution] = {}
    for one in distributions:
        if one.described:
            found.setdefault(key(one.name, one.version), one)
    return found


def at_hand(
    freezes: Iterable[str], pythons: Sequence[str]
) -> list[Distribution]:
    """What freezes and environments have, and where this runs.

    :param freezes: their paths.
    :param pythons: virtualenvs or interpreters.
    :raises UnusableInput: where one of them is none.
    :raises OutsideError: where an environment cannot be read.
    """
    from openstack_requirements.install import installed

    taken = [
        freeze.from_json(files.read_text(path, files.LARGEST_DATA), path)
        for path in freezes
    ]
    if pythons:
        with child_processes.of_job("check-python2-support") as started:
            taken += [
                installed.for_python(path, started) for path in pythons
            ]
    taken.append(installed.running())
    return [
        distribution
        for frozen in taken
        for distribution in frozen.distributions
    ]


def from_index(
    keys: Sequence[Key],
    announce: Callable[[str, str, Callable[[], int] | None], None],
    jobs: int,
) -> Found:
    """The metadata of these versions, from the index.

    :param announce: told of progress.
    :param jobs: how many times pip may run at once.
    :raises InstallFailed: where the index or the disk fails.
    """
    found = Found({}, {})
    with child_processes.of_job("metadata") as children:
        who = "the package index"
        announce(
            who,
            f"asking for the metadata of {len(keys)} versions",
            lambda: len(found.described),
        )
        pool = ThreadPoolExecutor(jobs)
        try:
            futures = [
                pool.submit(_ask, children, batch, found)
                for batch in (
                    keys[start : start + BATCH]
                    for start in range(0, len(keys), BATCH)
                )
            ]
            wait(futures, return_when=FIRST_EXCEPTION)
            for future in futures:
                if future.done():
                    future.result()
        except BaseException:
            children.stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
    return found


def _ask(children: Children, batch: Sequence[Key], found: Found) -> None:
    """Ask for a batch, and where that fails for ever smaller ones."""
    mine = tempfile.mkdtemp(dir=children.work)
    try:
        described = pip_metadata.describe_pins(
            children, mine, list(map(_pin, batch))
        )
    except CommandFailed as error:
        reason = pip_metadata.reason(error.output)
        if reason.kind in _ALL:
            raise InstallFailed(
                _version(), reason, " ".join(error.command), error.output
            ) from error
        if len(batch) == 1:
            # Who is asked about is known.
            _, _, what = reason.what.rpartition(f"{reason.culprit}: ")
            found.missing[batch[0]] = what
            return
        for part in _split(batch, reason.culprit):
            _ask(children, part, found)
        return
    finally:
        shutil.rmtree(mine, ignore_errors=True)
    found.described.update(known(described))
    for each in batch:
        if each not in found.described:
            found.missing[each] = "the package index has another version"


def _pin(one: Key) -> str:
    """A released version as pip takes it."""
    name, version = one
    operator = "===" if parse_version(version) is None else "=="
    return f"{name}{operator}{version}"


def _split(batch: Sequence[Key], culprit: str) -> list[Sequence[Key]]:
    """The one that is to blame and the others, or two halves."""
    name = canonical_name(culprit.partition("=")[0])
    blamed = [each for each in batch if each[0] == name]
    if blamed and len(blamed) < len(batch):
        return [blamed, [each for each in batch if each[0] != name]]
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]


def _version() -> str:
    import platform

    return platform.python_version()
