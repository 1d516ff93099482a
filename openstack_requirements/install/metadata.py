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

Freezes and environments have the metadata of what they hold; the index is
asked for the rest, through pip. A run of pip is asked for many versions, and
several runs work side by side.
"""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.constraints import freeze_json
from openstack_requirements.errors import CommandFailed
from openstack_requirements.install.failures import InstallFailed
from openstack_requirements.install.installers import pip_metadata
from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.pep508.versions import parse_version
from openstack_requirements.system import children as child_processes
from openstack_requirements.system import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from openstack_requirements.constraints.freeze import Distribution
    from openstack_requirements.pep508.requirement import CanonicalName
    from openstack_requirements.system.children import Children

    Key = tuple[CanonicalName, str]

#: How many versions a run of pip is asked for.
BATCH = 20
# Failures that are not about one version.
_GENERAL = frozenset({"index", "disk"})


class LookupResult(NamedTuple):
    """The metadata of versions, and why that of some is missing."""

    described: dict[Key, Distribution]
    missing: dict[Key, str]


def key(name: str, version: str) -> Key:
    """The key of a released version; that of 2.0 is that of 2."""
    from packaging.utils import canonicalize_version

    return canonical_name(name), canonicalize_version(version)


def known(distributions: Iterable[Distribution]) -> dict[Key, Distribution]:
    """The distributions with metadata; of a version, the first."""
    result: dict[Key, Distribution] = {}
    for distribution in distributions:
        if distribution.described:
            result.setdefault(
                key(distribution.name, distribution.version), distribution
            )
    return result


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
        freeze_json.from_json(files.read_text(path, files.LARGEST_DATA), path)
        for path in freezes
    ]
    if pythons:
        with child_processes.of_job("check-python2-support") as started:
            taken += [installed.for_python(path, started) for path in pythons]
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
) -> LookupResult:
    """The metadata of these versions, from the index.

    :param announce: is told of progress.
    :param jobs: how many times pip may run at once.
    :raises InstallFailed: where the index or the disk fails.
    """
    result = LookupResult({}, {})
    with child_processes.of_job("metadata") as children:
        announce(
            "the package index",
            f"asking for the metadata of {len(keys)} versions",
            lambda: len(result.described),
        )
        pool = ThreadPoolExecutor(jobs)
        try:
            futures = [
                pool.submit(_ask, children, batch, result)
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
    return result


def _ask(
    children: Children, batch: Sequence[Key], result: LookupResult
) -> None:
    """Ask for a batch, and where that fails for ever smaller ones."""
    folder = tempfile.mkdtemp(dir=children.work)
    try:
        described = pip_metadata.describe_pins(
            children, folder, list(map(_pin, batch))
        )
    except CommandFailed as error:
        reason = pip_metadata.reason(error.output)
        if reason.kind in _GENERAL:
            raise InstallFailed(
                _version(), reason, " ".join(error.command), error.output
            ) from error
        if len(batch) == 1:
            # The version is named beside it.
            _, _, what = reason.what.rpartition(f"{reason.culprit}: ")
            result.missing[batch[0]] = what
            return
        for part in _split(batch, reason.culprit):
            _ask(children, part, result)
        return
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result.described.update(known(described))
    for version_key in batch:
        if version_key not in result.described:
            result.missing[version_key] = (
                "the package index has another version"
            )


def _pin(version_key: Key) -> str:
    """A released version as a requirement."""
    name, version = version_key
    operator = "===" if parse_version(version) is None else "=="
    return f"{name}{operator}{version}"


def _split(batch: Sequence[Key], culprit: str) -> list[Sequence[Key]]:
    """The culprit and the rest; two halves where the culprit is unknown."""
    name = canonical_name(culprit.partition("=")[0])
    culprits = [entry for entry in batch if entry[0] == name]
    if culprits and len(culprits) < len(batch):
        return [culprits, [entry for entry in batch if entry[0] != name]]
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]


def _version() -> str:
    import platform

    return platform.python_version()
